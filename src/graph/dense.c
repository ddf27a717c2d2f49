#include "graph/dense.h"

#include <string.h>

#include "graph/tape.h"

struct dense {
    const struct graph *graph;
    struct tape *tape;
};

struct dense *dense_new(const struct graph *graph, struct error *error) {
    struct dense *dense = mem_zero(1, sizeof *dense);
    vertex *all = mem_alloc((size_t)graph->count + 1, sizeof *all);
    bool ok = (dense && all) || error_memory(error);
    for (vertex v = 0; ok && v < graph->count; v++) all[v] = v;
    if (ok) dense->graph = graph, dense->tape = tape_new(graph, all, graph->count, NUMBER_DOUBLE, NULL, error);
    ok = ok && dense->tape && tape_fill(dense->tape, 0, error) && tape_forward(dense->tape, 0, error);
    mem_free(all);
    if (ok) return dense;
    dense_free(dense);
    return NULL;
}

void dense_free(struct dense *dense) {
    if (dense) tape_free(dense->tape);
    mem_free(dense);
}

const double *dense_value(const struct dense *dense, vertex v) { return tape_output(dense->tape, v); }

// An input or, for the operand that is not asked about, a constant with what the operand holds.
static vertex operand(const struct dense *d, struct graph *alone, vertex v, bool input, struct error *error) {
    const struct graph_tensor *tensor = graph_tensor(d->graph, v);
    struct shape shape = graph_shape(d->graph, v);
    struct tensor_source source = {.kind = SOURCE_GIVEN};
    if (graph_is_labels(d->graph, v)) {
        source = tensor->source;
    } else {
        source.data = (double *)(uintptr_t)dense_value(d, v);
        source.parameter = input;
    }
    return graph_tensor_input(alone, 0, shape, &source, !input, 0, error);
}

// The operation alone, with the operand as its only parameter: each row by one backward.
double *dense_jacobian(const struct dense *d, uint32_t edge, struct error *error) {
    const struct graph *g = d->graph;
    vertex v = graph_edge_target(g, edge), a = g->operand[g->offset[v]], b = g->operand[g->offset[v + 1] - 1];
    bool first = edge == g->offset[v], two = graph_arity(g, v) == 2;
    size_t rows = (size_t)shape_count(graph_shape(g, v)),
           columns = (size_t)shape_count(graph_shape(g, g->operand[edge]));
    struct graph *alone = graph_new(g->symbols, 16, error);
    double *out = mem_zero(rows * columns + 1, sizeof *out), *weight = mem_zero(rows + 1, sizeof *weight);
    bool ok = alone && ((out && weight) || error_memory(error));
    vertex left = ok ? operand(d, alone, a, first, error) : VERTEX_NONE;
    vertex right = ok && two ? operand(d, alone, b, !first, error) : VERTEX_NONE;
    ok = ok && left != VERTEX_NONE && (!two || right != VERTEX_NONE);
    const struct graph_tensor *tensor = graph_tensor(g, v);
    vertex result =
        ok ? graph_add_tensor(alone, (enum op)g->op[v], left, right, tensor ? &tensor->setting : NULL, 0, error)
           : VERTEX_NONE;
    struct tape *tape = result == VERTEX_NONE ? NULL : tape_new(alone, &result, 1, NUMBER_DOUBLE, NULL, error);
    ok = ok && tape && tape_fill(tape, 0, error);
    for (size_t i = 0; ok && i < rows; i++) {
        weight[i] = 1;
        ok = tape_forward(tape, 0, error) && tape_backward_from(tape, weight, error);
        const double *row = ok ? tape_gradient(tape, first ? left : right) : NULL;
        if (row) memcpy(out + i * columns, row, columns * sizeof *out);
        weight[i] = 0;
    }
    tape_free(tape);
    graph_drop(alone);
    mem_free(weight);
    if (ok) return out;
    mem_free(out);
    return NULL;
}
