// Linearizing: one sweep over the graph, each partial into its edge's place.
#include "graph/lcg.h"

#include <string.h>

#include "base/large.h"
#include "base/task.h"
#include "op/op_inline.h"

enum { LOOK_EVERY = 1 << 14 };

static double linearize_sum(const struct lcg *lcg, vertex v, const double *value) {
    double sum = 0;
    lcg->depends[v] = 0;
    for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
        lcg->partial[e] = lcg->graph->weight[e];
        sum += lcg->partial[e] * value[lcg->source[e]];
        lcg->depends[v] |= lcg->depends[lcg->source[e]];
    }
    return sum;
}

// Writes both partials; the second of a unary operation falls on the next vertex's place, which is written later.
static inline double linearize_vertex(const struct lcg *lcg, vertex v, const double *value) {
    const uint32_t first = lcg->offset[v], last = lcg->offset[v + 1] - 1;
    const vertex a = lcg->source[first], b = lcg->source[last];
    double partial[OP_ARITY_MAX];
    if (__builtin_expect(lcg->graph->op[v] == OP_LINEAR, 0)) return linearize_sum(lcg, v, value);
    double y = op_inline_linearize((enum op)lcg->graph->op[v], value[a], value[b], partial);
    lcg->partial[first] = partial[0];
    lcg->partial[first + 1] = partial[1];
    lcg->depends[v] = lcg->depends[a] | lcg->depends[b];
    return y;
}

static bool linearize(const struct lcg *lcg, const double *value, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (lcg->offset[v] == lcg->offset[v + 1])
            lcg->depends[v] = lcg->graph->op[v] == OP_INPUT;
        else
            linearize_vertex(lcg, v, value);
    }
    return true;
}

static struct lcg *alloc(struct graph *graph) {
    struct lcg *lcg = mem_zero(1, sizeof *lcg);
    if (!lcg) return NULL;
    lcg->graph = graph_hold(graph);
    lcg->count = graph->count;
    lcg->partial = large_alloc((size_t)graph_edge_count(graph) + 1, sizeof *lcg->partial);
    lcg->depends = large_alloc((size_t)graph->count + 1, sizeof *lcg->depends);
    if (lcg->partial && lcg->depends) return lcg;
    lcg_free(lcg);
    return NULL;
}

struct lcg *lcg_new(struct graph *graph, struct error *error) {
    struct lcg *lcg = alloc(graph);
    if (!lcg) return error_memory(error), NULL;
    lcg->offset = graph->offset;
    lcg->source = graph->operand;
    if (linearize(lcg, graph->value, error)) return lcg;
    lcg_free(lcg);
    return NULL;
}

void lcg_free(struct lcg *lcg) {
    if (!lcg) return;
    graph_drop(lcg->graph);
    mem_free(lcg->partial);
    mem_free(lcg->depends);
    mem_free(lcg);
}

size_t lcg_bytes(const struct lcg *lcg) {
    return lcg->offset[lcg->count] * sizeof *lcg->partial + lcg->count * sizeof *lcg->depends;
}

bool lcg_evaluate(struct lcg *lcg, const double *input, double *value, struct error *error) {
    const struct graph *graph = lcg->graph;
    for (uint32_t i = 0; i < graph->input_count; i++) value[graph->input[i]] = input[i];
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (lcg->offset[v] != lcg->offset[v + 1])
            value[v] = linearize_vertex(lcg, v, value);
        else if (graph->op[v] == OP_CONST)
            value[v] = graph->value[v];
    }
    return true;
}

// ---- what matters for a derivative --------------------------------------------------------------------------------

enum { ABOVE = 1, BELOW = 2 }; // depends on `from`; `to` depends on it

static bool mark_above(const struct lcg *lcg, uint8_t *mark, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        uint8_t above = mark[v];
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) above |= mark[lcg->source[e]];
        mark[v] = above;
    }
    return true;
}

static bool mark_below(const struct lcg *lcg, uint8_t *mark, struct error *error) {
    for (vertex v = lcg->count; v-- > 0;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (mark[v] & BELOW)
            for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) mark[lcg->source[e]] |= BELOW;
        mark[v] = mark[v] == (ABOVE | BELOW);
    }
    return true;
}

bool lcg_active(const struct lcg *lcg, const vertex *from, uint32_t from_count, const vertex *to, uint32_t to_count,
                uint8_t *active, struct error *error) {
    memset(active, 0, lcg->count);
    for (uint32_t i = 0; i < from_count; i++) active[from[i]] = ABOVE;
    if (!mark_above(lcg, active, error)) return false;
    for (uint32_t i = 0; i < to_count; i++) active[to[i]] |= BELOW;
    return mark_below(lcg, active, error);
}

// ---- outgoing edges -----------------------------------------------------------------------------------------------

// offset[u + 1] = number of active edges out of u or of vertices before it.
static bool count_out(const struct lcg *lcg, const uint8_t *active, uint32_t *offset, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        for (uint32_t e = lcg->offset[v]; active[v] && e < lcg->offset[v + 1]; e++)
            offset[lcg->source[e] + 1] += active[lcg->source[e]];
    }
    for (vertex v = 0; v < lcg->count; v++) offset[v + 1] += offset[v];
    return true;
}

// Filling moves each offset to the end of its range, which is the next one's start: then they are moved up by one.
static bool fill_out(const struct lcg *lcg, const uint8_t *active, struct lcg_out *out, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        for (uint32_t e = lcg->offset[v]; active[v] && e < lcg->offset[v + 1]; e++) {
            if (!active[lcg->source[e]]) continue;
            uint32_t place = out->offset[lcg->source[e]]++;
            out->edge[place] = e;
            out->target[place] = v;
        }
    }
    memmove(out->offset + 1, out->offset, lcg->count * sizeof *out->offset);
    out->offset[0] = 0;
    return true;
}

static bool alloc_out(const struct lcg *lcg, struct lcg_out *out) {
    size_t edges = out->offset[lcg->count];
    out->edge = large_alloc(edges + 1, sizeof *out->edge);
    out->target = large_alloc(edges + 1, sizeof *out->target);
    return out->edge && out->target;
}

bool lcg_out_new(const struct lcg *lcg, const uint8_t *active, struct lcg_out *out, struct error *error) {
    *out = (struct lcg_out){.offset = large_zero((size_t)lcg->count + 1, sizeof *out->offset)};
    if (!out->offset) return error_memory(error);
    bool ok = count_out(lcg, active, out->offset, error) && (alloc_out(lcg, out) || error_memory(error)) &&
              fill_out(lcg, active, out, error);
    if (!ok) lcg_out_free(out);
    return ok;
}

void lcg_out_free(struct lcg_out *out) {
    mem_free(out->offset);
    mem_free(out->edge);
    mem_free(out->target);
    *out = (struct lcg_out){0};
}
