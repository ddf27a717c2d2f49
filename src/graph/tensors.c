#include "graph/tensors.h"

#include <math.h>
#include <string.h>

#include "base/task.h"
#include "graph/graph_private.h"
#include "graph/tape.h"

// ---- sources ------------------------------------------------------------------------------------------------------

static double drawn(const struct tensor_source *s, struct rng *rng, size_t i, uint32_t columns) {
    switch (s->kind) {
    case SOURCE_GIVEN:
        return s->data[i];
    case SOURCE_NORMAL:
        return s->scale * rng_gaussian(rng);
    case SOURCE_UNIFORM:
        return s->scale * (2 * rng_uniform(rng) - 1);
    case SOURCE_EYE:
        return i / columns == i % columns;
    case SOURCE_LABELS:
        return s->data ? s->data[i] : (double)rng_below(rng, (uint64_t)s->scale);
    default:
        return s->scale;
    }
}

void tensor_fill(const struct tensor_source *s, struct shape shape, uint64_t seed, enum number_type type, void *out) {
    static const char name[] = "tensor";
    struct rng rng = rng_at(rng_key(seed, rng_hash(name, sizeof name, 0)), s->draw, 0);
    size_t count = (size_t)shape_count(shape);
    uint32_t columns = shape.rank ? shape.size[shape.rank - 1] : 1;
    for (size_t i = 0; i < count; i++) {
        if ((i & 0xFFFFF) == 0xFFFFF && task_interrupted()) return;
        double value = drawn(s, &rng, i, columns);
        if (s->kind == SOURCE_LABELS)
            ((int32_t *)out)[i] = (int32_t)value;
        else if (type == NUMBER_FLOAT)
            ((float *)out)[i] = (float)value;
        else
            ((double *)out)[i] = value;
    }
}

// ---- reading ------------------------------------------------------------------------------------------------------

const struct graph_tensor *graph_tensor(const struct graph *graph, vertex v) {
    return graph->tensors && v < graph->tensors->count ? &graph->tensors->at[v] : NULL;
}

struct shape graph_shape(const struct graph *graph, vertex v) {
    const struct graph_tensor *tensor = graph_tensor(graph, v);
    return tensor ? tensor->shape : shape_scalar;
}

bool graph_has_tensors(const struct graph *graph) { return graph && graph->tensors && graph->tensors->count; }
bool graph_is_tensor(const struct graph *graph, vertex v) { return graph_shape(graph, v).rank > 0; }

bool graph_is_labels(const struct graph *graph, vertex v) {
    const struct graph_tensor *tensor = graph_tensor(graph, v);
    return tensor && graph_arity(graph, v) == 0 && tensor->source.kind == SOURCE_LABELS;
}

bool graph_waits(const struct graph *graph, vertex v) {
    return graph_has_tensors(graph) && isnan(graph->value[v]) && graph_arity(graph, v) && !graph_is_tensor(graph, v);
}

bool graph_is_parameter(const struct graph *graph, vertex v) {
    const struct graph_tensor *tensor = graph_tensor(graph, v);
    return tensor && graph->op[v] == OP_INPUT && tensor->source.parameter;
}

// ---- building -----------------------------------------------------------------------------------------------------

// Those between the last tensor and this one are numbers.
static struct graph_tensor *place(struct graph *graph, vertex v) {
    if (!graph->tensors) graph->tensors = mem_zero(1, sizeof *graph->tensors);
    struct graph_tensors *t = graph->tensors;
    if (!t || !mem_grow(&t->at, &t->capacity, (size_t)v + 1, sizeof *t->at)) return NULL;
    if (t->count <= v) memset(t->at + t->count, 0, (v + 1 - t->count) * sizeof *t->at);
    t->count = v + 1;
    return &t->at[v];
}

void graph_tensors_truncate(struct graph *graph, uint32_t count) {
    struct graph_tensors *t = graph->tensors;
    for (; t && t->count > count; t->count--) mem_free(t->at[t->count - 1].source.data);
}

void graph_tensors_free(struct graph *graph) {
    if (!graph->tensors) return;
    graph_tensors_truncate(graph, 0);
    mem_free(graph->tensors->at);
    mem_free(graph->tensors);
}

vertex graph_tensor_input(struct graph *graph, symbol name, struct shape shape, const struct tensor_source *source,
                          bool constant, uint32_t site, struct error *error) {
    double *data = NULL;
    if (source->data) {
        size_t count = (size_t)shape_count(shape);
        data = mem_alloc(count, sizeof *data);
        if (!data) return error_memory(error), VERTEX_NONE;
        memcpy(data, source->data, count * sizeof *data);
    }
    vertex v = constant ? graph_constant(graph, name, NAN, site, error) : graph_input(graph, name, NAN, site, error);
    struct graph_tensor *tensor = v == VERTEX_NONE ? NULL : place(graph, v);
    if (!tensor) {
        mem_free(data);
        return v == VERTEX_NONE ? v : (error_memory(error), VERTEX_NONE);
    }
    tensor->shape = shape;
    tensor->source = *source;
    tensor->source.data = data;
    return v;
}

vertex graph_add_tensor(struct graph *graph, enum op op, vertex a, vertex b, const struct op_setting *setting,
                        uint32_t site, struct error *error) {
    static const struct op_setting none = {.axis = OP_ALL_AXES};
    struct shape shape;
    if (!setting) setting = &none;
    struct shape second = b == VERTEX_NONE ? shape_scalar : graph_shape(graph, b);
    if (!op_tensor_shape(op, graph_shape(graph, a), second, *setting, &shape, error)) return VERTEX_NONE;
    if (shape_count(shape) > (uint64_t)1 << 40) {
        char text[64];
        error_set(error, ERROR_LIMIT, SPAN_NONE, "a tensor of shape %s is too large", (shape_text(shape, text), text));
        return VERTEX_NONE;
    }
    vertex v = graph_add(graph, op, a, b == VERTEX_NONE ? a : b, site, error);
    struct graph_tensor *tensor = v == VERTEX_NONE ? NULL : place(graph, v);
    if (!tensor) return v == VERTEX_NONE ? v : (error_memory(error), VERTEX_NONE);
    graph->value[v] = NAN;
    tensor->shape = shape;
    tensor->setting = *setting;
    return v;
}

bool graph_tensors_copy(struct graph *to, vertex copy, const struct graph *from, vertex v, struct error *error) {
    const struct graph_tensor *tensor = graph_tensor(from, v);
    if (!tensor) return true;
    struct graph_tensor *out = place(to, copy);
    if (!out) return error_memory(error);
    *out = *tensor;
    to->value[copy] = from->value[v];
    if (!tensor->source.data) return true;
    size_t count = (size_t)shape_count(tensor->shape);
    out->source.data = mem_alloc(count, sizeof(double));
    if (!out->source.data) return error_memory(error);
    memcpy(out->source.data, tensor->source.data, count * sizeof(double));
    return true;
}

// ---- numbers that depend on tensors -------------------------------------------------------------------------------

bool graph_fill_values(struct graph *graph, struct error *error) {
    vertex *wanted = mem_alloc((size_t)graph->count + 1, sizeof *wanted);
    uint32_t count = 0;
    if (!wanted) return error_memory(error);
    for (vertex v = 0; graph_has_tensors(graph) && v < graph->count; v++)
        if (graph_waits(graph, v)) wanted[count++] = v;
    bool ok = true;
    if (count) {
        struct tape *tape = tape_new(graph, wanted, count, NUMBER_DOUBLE, NULL, error);
        ok = tape && tape_fill(tape, 0, error) && tape_forward(tape, 0, error);
        for (uint32_t i = 0; ok && i < count; i++) graph->value[wanted[i]] = tape_number(tape, i);
        tape_free(tape);
    }
    mem_free(wanted);
    return ok;
}
