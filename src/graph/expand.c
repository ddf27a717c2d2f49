#include "graph/expand.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/tape.h"

struct expander {
    const struct graph *from;
    struct graph *to;
    struct tape *tape; // for what inputs hold
    vertex **element;  // by vertex: its elements in `to`
    vertex *term;      // operands of a weighted sum
    double *weight;
    size_t room;
    uint32_t most;
    struct error *error;
};

static size_t count_of(const struct expander *x, vertex v) { return (size_t)shape_count(graph_shape(x->from, v)); }

static bool room(struct expander *x, size_t terms) {
    if (terms <= x->room) return true;
    mem_free(x->term);
    mem_free(x->weight);
    x->term = mem_alloc(terms, sizeof *x->term);
    x->weight = mem_alloc(terms, sizeof *x->weight);
    x->room = x->term && x->weight ? terms : 0;
    return x->room || error_memory(x->error);
}

// "W[0][1]"
static symbol name_of(const struct expander *x, vertex v, size_t i) {
    struct shape shape = graph_shape(x->from, v);
    char text[160], part[16];
    size_t step = (size_t)shape_count(shape);
    if (!x->from->name[v]) return 0;
    snprintf(text, sizeof text, "%.80s", symbol_text(x->from->symbols, x->from->name[v]));
    for (uint32_t axis = 0; axis < shape.rank; axis++) {
        step /= shape.size[axis];
        snprintf(part, sizeof part, "[%zu]", i / step % shape.size[axis]);
        strncat(text, part, sizeof text - strlen(text) - 1);
    }
    return symbol_of(x->to->symbols, text, strlen(text));
}

static bool too_large(struct expander *x) {
    if (x->to->count <= x->most) return false;
    error_set(x->error, ERROR_LIMIT, SPAN_NONE, "behind this graph are over %u numbers", x->most);
    error_hint(x->error, "expand a smaller one: fewer rows and columns");
    return true;
}

static bool leaf(struct expander *x, vertex v) {
    const void *data = tape_input(x->tape, v);
    bool labels = graph_is_labels(x->from, v), tensor = graph_is_tensor(x->from, v);
    for (size_t i = 0; i < count_of(x, v); i++) {
        double value = !tensor  ? x->from->value[v]
                       : !data  ? 0
                       : labels ? ((const int32_t *)data)[i]
                                : ((const double *)data)[i];
        bool input = x->from->op[v] == OP_INPUT && !labels;
        symbol name = tensor ? name_of(x, v, i) : x->from->name[v];
        x->element[v][i] = input ? graph_input(x->to, name, value, x->from->site[v], x->error)
                                 : graph_constant(x->to, labels ? 0 : name, value, x->from->site[v], x->error);
        if (x->element[v][i] == VERTEX_NONE || too_large(x)) return false;
    }
    return true;
}

static vertex add(struct expander *x, enum op op, vertex a, vertex b, vertex v) {
    vertex made = graph_add(x->to, op, a, b, x->from->site[v], x->error);
    return made == VERTEX_NONE || too_large(x) ? VERTEX_NONE : made;
}

// The first `terms` of x->term with their weights, as one vertex.
static vertex sum(struct expander *x, uint32_t terms, vertex v) {
    if (terms == 1 && x->weight[0] == 1) return x->term[0];
    if (too_large(x)) return VERTEX_NONE;
    return graph_add_linear(x->to, x->term, x->weight, terms, x->from->site[v], x->error);
}

static bool is_given(const struct expander *x, vertex v) { return x->from->op[v] == OP_CONST; }

// Puts element i of a times element j of b into the terms: as a weight if b is given.
static bool term(struct expander *x, uint32_t at, vertex a, size_t i, vertex b, size_t j, vertex v) {
    vertex left = x->element[a][i], right = x->element[b][j];
    x->weight[at] = 1;
    if (is_given(x, b))
        x->term[at] = left, x->weight[at] = x->to->value[right];
    else if (is_given(x, a))
        x->term[at] = right, x->weight[at] = x->to->value[left];
    else
        x->term[at] = add(x, OP_MUL, left, right, v);
    return x->term[at] != VERTEX_NONE;
}

static bool product(struct expander *x, vertex v, vertex a, vertex b) {
    struct op_product p = op_product(graph_shape(x->from, a), graph_shape(x->from, b));
    if (!room(x, p.k)) return false;
    for (size_t i = 0; i < p.m; i++)
        for (size_t j = 0; j < p.n; j++) {
            for (size_t l = 0; l < p.k; l++)
                if (!term(x, (uint32_t)l, a, i * p.k + l, b, l * p.n + j, v)) return false;
            if ((x->element[v][i * p.n + j] = sum(x, (uint32_t)p.k, v)) == VERTEX_NONE) return false;
        }
    return true;
}

static bool convolution(struct expander *x, vertex v, vertex a, vertex b) {
    struct shape in = graph_shape(x->from, a), w = graph_shape(x->from, b), out = graph_shape(x->from, v);
    uint32_t pad = graph_tensor(x->from, v)->setting.pad, side = w.size[2];
    size_t at = 0;
    if (!room(x, (size_t)w.size[1] * side * side)) return false;
    for (uint32_t image = 0; image < out.size[0]; image++)
        for (uint32_t f = 0; f < out.size[1]; f++)
            for (uint32_t i = 0; i < out.size[2]; i++)
                for (uint32_t j = 0; j < out.size[3]; j++) {
                    uint32_t terms = 0;
                    for (uint32_t c = 0; c < w.size[1]; c++)
                        for (uint32_t u = 0; u < side; u++)
                            for (uint32_t t = 0; t < side; t++) {
                                int64_t y = (int64_t)i + u - pad, z = (int64_t)j + t - pad;
                                if (y < 0 || z < 0 || y >= in.size[2] || z >= in.size[3]) continue;
                                size_t from = (((size_t)image * in.size[1] + c) * in.size[2] + (size_t)y) * in.size[3] +
                                              (size_t)z;
                                size_t by = (((size_t)f * w.size[1] + c) * side + u) * side + t;
                                if (!term(x, terms++, a, from, b, by, v)) return false;
                            }
                    if ((x->element[v][at++] = sum(x, terms, v)) == VERTEX_NONE) return false;
                }
    return true;
}

static void split(struct shape shape, uint32_t axis, size_t *outer, size_t *middle, size_t *inner) {
    *outer = *middle = *inner = 1;
    if (axis == OP_ALL_AXES) *middle = (size_t)shape_count(shape);
    for (uint32_t i = 0; axis != OP_ALL_AXES && i < shape.rank; i++)
        *(i < axis ? outer : i == axis ? middle : inner) *= shape.size[i];
}

static bool reduction(struct expander *x, vertex v, vertex a) {
    size_t outer, middle, inner;
    split(graph_shape(x->from, a), graph_tensor(x->from, v)->setting.axis, &outer, &middle, &inner);
    if (!room(x, middle)) return false;
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < inner; i++) {
            for (size_t m = 0; m < middle; m++) {
                x->term[m] = x->element[a][(o * middle + m) * inner + i];
                x->weight[m] = x->from->op[v] == OP_MEAN ? 1.0 / (double)middle : 1;
            }
            if ((x->element[v][o * inner + i] = sum(x, (uint32_t)middle, v)) == VERTEX_NONE) return false;
        }
    return true;
}

static bool pool(struct expander *x, vertex v, vertex a) {
    struct shape in = graph_shape(x->from, a), out = graph_shape(x->from, v);
    uint32_t side = graph_tensor(x->from, v)->setting.side;
    size_t at = 0;
    if (!room(x, (size_t)side * side)) return false;
    for (size_t plane = 0; plane < (size_t)in.size[0] * in.size[1]; plane++)
        for (uint32_t i = 0; i < out.size[2]; i++)
            for (uint32_t j = 0; j < out.size[3]; j++) {
                uint32_t terms = 0;
                for (uint32_t u = 0; u < side; u++)
                    for (uint32_t t = 0; t < side; t++) {
                        size_t row = plane * in.size[2] + (size_t)i * side + u;
                        x->term[terms] = x->element[a][row * in.size[3] + (size_t)j * side + t];
                        x->weight[terms++] = 1.0 / (side * side);
                    }
                if ((x->element[v][at++] = sum(x, terms, v)) == VERTEX_NONE) return false;
            }
    return true;
}

static bool log_softmax(struct expander *x, vertex v, vertex a) {
    struct shape shape = graph_shape(x->from, a);
    uint32_t n = shape.size[shape.rank - 1];
    if (!room(x, n)) return false;
    for (size_t i = 0; i < count_of(x, v) / n; i++) {
        for (uint32_t j = 0; j < n; j++) {
            x->term[j] = add(x, OP_EXP, x->element[a][i * n + j], 0, v);
            x->weight[j] = 1;
            if (x->term[j] == VERTEX_NONE) return false;
        }
        vertex total = sum(x, n, v);
        vertex log = total == VERTEX_NONE ? total : add(x, OP_LOG, total, 0, v);
        for (uint32_t j = 0; j < n; j++) {
            if (log == VERTEX_NONE) return false;
            x->element[v][i * n + j] = add(x, OP_SUB, x->element[a][i * n + j], log, v);
            if (x->element[v][i * n + j] == VERTEX_NONE) return false;
        }
    }
    return true;
}

static bool loss(struct expander *x, vertex v, vertex a, vertex b) {
    struct shape shape = graph_shape(x->from, a);
    if (!room(x, shape.size[0])) return false;
    for (uint32_t i = 0; i < shape.size[0]; i++) {
        double label = x->to->value[x->element[b][i]];
        if (!(label >= 0 && label < shape.size[1]))
            return error_set(x->error, ERROR_TYPE, SPAN_NONE, "label %g is not among %u classes", label, shape.size[1]);
        x->term[i] = x->element[a][(size_t)i * shape.size[1] + (size_t)label];
        x->weight[i] = -1.0 / shape.size[0];
    }
    return (x->element[v][0] = sum(x, shape.size[0], v)) != VERTEX_NONE;
}

// The place of element i of v in an operand that is broadcast.
static size_t broadcast_place(struct shape result, struct shape operand, size_t i) {
    size_t place = 0, stride = 1;
    for (uint32_t back = 1; back <= result.rank; back++) {
        size_t at = i % result.size[result.rank - back];
        i /= result.size[result.rank - back];
        if (back > operand.rank) continue;
        uint32_t size = operand.size[operand.rank - back];
        place += size == 1 ? 0 : at * stride;
        stride *= size;
    }
    return place;
}

static bool elementwise(struct expander *x, vertex v, vertex a, vertex b) {
    struct shape shape = graph_shape(x->from, v), left = graph_shape(x->from, a), right = graph_shape(x->from, b);
    for (size_t i = 0; i < count_of(x, v); i++) {
        vertex made = add(x, (enum op)x->from->op[v], x->element[a][broadcast_place(shape, left, i)],
                          x->element[b][broadcast_place(shape, right, i)], v);
        if ((x->element[v][i] = made) == VERTEX_NONE) return false;
    }
    return true;
}

static bool moved(struct expander *x, vertex v, vertex a) {
    enum op op = (enum op)x->from->op[v];
    if (op == OP_RESHAPE) return memcpy(x->element[v], x->element[a], count_of(x, v) * sizeof(vertex)), true;
    struct op_view view = op_view(op, graph_shape(x->from, a), &graph_tensor(x->from, v)->setting);
    size_t runs = op_view_runs(&view), at = 0;
    for (size_t i = 0; i < runs; i++)
        for (uint32_t j = 0; j < view.size[SHAPE_RANK_MAX - 1]; j++)
            x->element[v][at++] = x->element[a][op_view_run(&view, i) + j * view.step[SHAPE_RANK_MAX - 1]];
    return true;
}

static bool joined(struct expander *x, vertex v, vertex a, vertex b) {
    size_t outer, middle, inner, at = 0;
    split(graph_shape(x->from, a), graph_tensor(x->from, v)->setting.axis, &outer, &middle, &inner);
    size_t first = middle * inner, last = count_of(x, b) / outer;
    for (size_t o = 0; o < outer; o++, at += first + last) {
        memcpy(x->element[v] + at, x->element[a] + o * first, first * sizeof(vertex));
        memcpy(x->element[v] + at + first, x->element[b] + o * last, last * sizeof(vertex));
    }
    return true;
}

static bool expand_vertex(struct expander *x, vertex v) {
    if (graph_arity(x->from, v) == 0) return leaf(x, v);
    vertex a = x->from->operand[x->from->offset[v]], b = x->from->operand[x->from->offset[v + 1] - 1];
    switch ((int)x->from->op[v]) {
    case OP_MATMUL:
        return product(x, v, a, b);
    case OP_CONV2D:
        return convolution(x, v, a, b);
    case OP_SUM:
    case OP_MEAN:
        return reduction(x, v, a);
    case OP_AVG_POOL2D:
        return pool(x, v, a);
    case OP_LOG_SOFTMAX:
        return log_softmax(x, v, a);
    case OP_NLL:
        return loss(x, v, a, b);
    case OP_REACT:
    case OP_MISFIT:
        error_set(x->error, ERROR_TYPE, SPAN_NONE, "%s is not written out in numbers", op_table[x->from->op[v]].name);
        error_hint(x->error, ":graph shows it as one vertex, :check compares it with finite differences");
        return false;
    case OP_RESHAPE:
    case OP_TRANSPOSE:
    case OP_SLICE:
        return moved(x, v, a);
    case OP_JOIN:
        return joined(x, v, a, b);
    default:
        return elementwise(x, v, a, b);
    }
}

static bool name_elements(struct expander *x, vertex v) {
    bool tensor = graph_is_tensor(x->from, v);
    for (size_t i = 0; graph_arity(x->from, v) && x->from->name[v] && i < count_of(x, v); i++) {
        vertex made = x->element[v][i];
        symbol name = tensor ? name_of(x, v, i) : x->from->name[v];
        if (x->to->op[made] != OP_INPUT && !x->to->name[made] && !graph_name(x->to, made, name, x->error)) return false;
    }
    return true;
}

static bool expand_all(struct expander *x) {
    for (vertex v = 0; v < x->from->count; v++) {
        if (count_of(x, v) > x->most) return x->to->count = x->most + 1, !too_large(x);
        x->element[v] = mem_alloc(count_of(x, v) + 1, sizeof(vertex));
        if (!x->element[v]) return error_memory(x->error);
        if (!expand_vertex(x, v) || !name_elements(x, v)) return false;
    }
    for (uint32_t i = 0; i < x->from->output_count; i++)
        for (size_t j = 0; j < count_of(x, x->from->output[i]); j++)
            if (!graph_output(x->to, x->element[x->from->output[i]][j], 0, x->error)) return false;
    x->to->function = x->from->function;
    return true;
}

// The sites of the new graph are those of the old one, with the same numbers.
static bool copy_sites(struct expander *x) {
    for (uint32_t i = 1; i < x->from->site_count; i++)
        if (graph_site_new(x->to, x->from->sites[i].span, x->error) != i) return error_memory(x->error);
    return true;
}

struct graph *graph_expand(const struct graph *graph, uint32_t most, struct error *error) {
    struct expander x = {.from = graph, .most = most, .error = error};
    x.to = graph_new(graph->symbols, graph->limit, error);
    x.element = mem_zero((size_t)graph->count + 1, sizeof *x.element);
    bool ok = x.to && (x.element || error_memory(error));
    for (vertex v = 0; ok && v < graph->count; v++)
        if (count_of(&x, v) > most) x.to->count = most + 1, ok = !too_large(&x), x.to->count = 0;
    if (ok) x.tape = tape_new(graph, graph->output, graph->output_count, NUMBER_DOUBLE, NULL, error);
    ok = ok && x.tape && tape_fill(x.tape, 0, error) && copy_sites(&x) && expand_all(&x);
    for (vertex v = 0; x.element && v < graph->count; v++) mem_free(x.element[v]);
    mem_free(x.element);
    mem_free(x.term);
    mem_free(x.weight);
    tape_free(x.tape);
    if (ok) return x.to;
    graph_drop(x.to);
    return NULL;
}
