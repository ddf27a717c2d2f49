#include "estimate/subgraph.h"

#include <string.h>

#include "base/large.h"
#include "base/task.h"

enum { LOOK_EVERY = 1 << 14 };

static bool look(uint32_t i, struct error *error) {
    return i % LOOK_EVERY != 0 || !task_interrupted() || error_interrupt(error);
}

static bool alloc_vertices(struct subgraph *sub) {
    size_t count = (size_t)sub->count + 1;
    sub->layer = large_alloc(count, sizeof *sub->layer);
    sub->offset = large_zero(count, sizeof *sub->offset);
    sub->in_offset = large_zero(count, sizeof *sub->in_offset);
    sub->vertex = large_alloc(count, sizeof *sub->vertex);
    return sub->layer && sub->offset && sub->in_offset && sub->vertex;
}

static bool alloc_edges(struct subgraph *sub) {
    size_t count = (size_t)sub->edge_count + 1;
    sub->source = large_alloc(count, sizeof *sub->source);
    sub->target = large_alloc(count, sizeof *sub->target);
    sub->partial = large_alloc(count, sizeof *sub->partial);
    sub->in_edge = large_alloc(count, sizeof *sub->in_edge);
    sub->edge = large_alloc(count, sizeof *sub->edge);
    return sub->source && sub->target && sub->partial && sub->in_edge && sub->edge;
}

void subgraph_free(struct subgraph *sub) {
    if (!sub) return;
    void *all[] = {sub->layer_start, sub->layer,   sub->offset, sub->source, sub->target,
                   sub->partial,     sub->in_edge, sub->vertex, sub->edge,   sub->in_offset};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mem_free(all[i]);
    mem_free(sub);
}

// ---- building -----------------------------------------------------------------------------------------------------

// What the numbering needs of each vertex of the LCG while a subgraph is made.
struct numbering {
    uint8_t *active;
    uint32_t *layer, *number;
};

static void numbering_free(struct numbering *n) {
    mem_free(n->active);
    mem_free(n->layer);
    mem_free(n->number);
}

static bool numbering_new(struct numbering *n, uint32_t count) {
    *n = (struct numbering){.active = large_alloc((size_t)count + 1, 1),
                            .layer = large_zero((size_t)count + 1, sizeof *n->layer),
                            .number = large_alloc((size_t)count + 1, sizeof *n->number)};
    if (n->active && n->layer && n->number) return true;
    numbering_free(n);
    return false;
}

static bool bad_partial(const struct lcg *lcg, uint32_t e, vertex target, struct error *error) {
    char from[64], to[64], number[32];
    graph_label(lcg->graph, lcg->source[e], from);
    graph_label(lcg->graph, target, to);
    text_number(number, lcg->partial[e]);
    error_set(error, ERROR_DOMAIN, graph_span(lcg->graph, target),
              "the derivative on the edge %s -> %s is %s here: nothing can be estimated from it", from, to, number);
    error_hint(error, "move to another point with :at, or choose ends that avoid it: :sample N ESTIMATOR FROM -> TO");
    return false;
}

// Layers by longest distance; counts vertices and edges.
static bool find_layers(const struct lcg *lcg, struct numbering *n, struct subgraph *sub, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (!look(v, error)) return false;
        if (!n->active[v]) continue;
        uint32_t layer = 0;
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
            if (!n->active[lcg->source[e]]) continue;
            if (!isfinite(lcg->partial[e])) return bad_partial(lcg, e, v, error);
            if (n->layer[lcg->source[e]] >= layer) layer = n->layer[lcg->source[e]] + 1;
            sub->edge_count++;
        }
        n->layer[v] = layer;
        sub->count++;
        if (layer >= sub->layer_count) sub->layer_count = layer + 1;
    }
    return true;
}

// Numbers the vertices layer by layer: a counting sort.
static bool number_vertices(const struct lcg *lcg, struct numbering *n, struct subgraph *sub) {
    sub->layer_start = mem_zero((size_t)sub->layer_count + 2, sizeof *sub->layer_start);
    if (!sub->layer_start || !alloc_vertices(sub)) return false;
    for (vertex v = 0; v < lcg->count; v++)
        if (n->active[v]) sub->layer_start[n->layer[v] + 2]++;
    for (uint32_t l = 0; l < sub->layer_count; l++) sub->layer_start[l + 2] += sub->layer_start[l + 1];
    for (vertex v = 0; v < lcg->count; v++) {
        if (!n->active[v]) continue;
        uint32_t number = sub->layer_start[n->layer[v] + 1]++;
        n->number[v] = number;
        sub->vertex[number] = v;
        sub->layer[number] = n->layer[v];
    }
    return true;
}

// Edges arrive by target in increasing order and are put with their source; then they are listed by target again.
static bool fill_edges(const struct lcg *lcg, const struct numbering *n, struct subgraph *sub) {
    if (!alloc_edges(sub)) return false;
    for (uint32_t t = 0; t < sub->count; t++)
        for (uint32_t v = sub->vertex[t], e = lcg->offset[v]; e < lcg->offset[v + 1]; e++)
            if (n->active[lcg->source[e]]) sub->offset[n->number[lcg->source[e]] + 1]++;
    for (uint32_t v = 0; v < sub->count; v++) sub->offset[v + 1] += sub->offset[v];
    for (uint32_t t = 0; t < sub->count; t++)
        for (uint32_t v = sub->vertex[t], e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
            if (!n->active[lcg->source[e]]) continue;
            uint32_t s = n->number[lcg->source[e]], at = sub->offset[s]++;
            sub->source[at] = s, sub->target[at] = t, sub->partial[at] = lcg->partial[e], sub->edge[at] = e;
        }
    memmove(sub->offset + 1, sub->offset, sub->count * sizeof *sub->offset);
    sub->offset[0] = 0;
    return true;
}

static void list_in_edges(struct subgraph *sub) {
    for (uint32_t e = 0; e < sub->edge_count; e++) sub->in_offset[sub->target[e] + 1]++;
    for (uint32_t v = 0; v < sub->count; v++) sub->in_offset[v + 1] += sub->in_offset[v];
    for (uint32_t e = 0; e < sub->edge_count; e++) sub->in_edge[sub->in_offset[sub->target[e]]++] = e;
    memmove(sub->in_offset + 1, sub->in_offset, sub->count * sizeof *sub->in_offset);
    sub->in_offset[0] = 0;
}

static bool build(const struct lcg *lcg, struct numbering *n, struct subgraph *sub, struct error *error) {
    if (!find_layers(lcg, n, sub, error)) return false;
    if (!number_vertices(lcg, n, sub) || !fill_edges(lcg, n, sub)) return error_memory(error);
    list_in_edges(sub);
    return true;
}

struct subgraph *subgraph_new(const struct lcg *lcg, vertex from, vertex to, struct error *error) {
    struct numbering n;
    struct subgraph *sub = mem_zero(1, sizeof *sub);
    if (!sub || !numbering_new(&n, lcg->count)) {
        subgraph_free(sub);
        error_memory(error);
        return NULL;
    }
    bool ok = lcg_active(lcg, &from, 1, &to, 1, n.active, error) && build(lcg, &n, sub, error);
    numbering_free(&n);
    if (ok) return sub;
    subgraph_free(sub);
    return NULL;
}

// ---- turning round ------------------------------------------------------------------------------------------------

static void reverse_vertices(const struct subgraph *sub, struct subgraph *back) {
    uint32_t last = sub->count - 1, edges = sub->edge_count;
    for (uint32_t v = 0; v <= sub->count; v++) back->offset[v] = edges - sub->in_offset[sub->count - v];
    for (uint32_t v = 0; v < sub->count; v++) back->vertex[v] = sub->vertex[last - v];
    for (uint32_t i = 0; i < edges; i++) {
        uint32_t e = sub->in_edge[edges - 1 - i];
        back->source[i] = last - sub->target[e];
        back->target[i] = last - sub->source[e];
        back->partial[i] = sub->partial[e];
        back->edge[i] = sub->edge[e];
    }
}

// Numbered from the output by the forward layers, a vertex can come before one of a lower reverse layer; nothing that
// uses the reverse needs more than topological order, so only `layer` is computed anew and layer_start is left out.
static void reverse_layers(struct subgraph *back) {
    memset(back->layer, 0, back->count * sizeof *back->layer);
    for (uint32_t e = 0; e < back->edge_count; e++) {
        uint32_t next = back->layer[back->source[e]] + 1;
        if (back->layer[back->target[e]] < next) back->layer[back->target[e]] = next;
    }
    back->layer_count = back->count ? back->layer[back->count - 1] + 1 : 0;
}

struct subgraph *subgraph_reverse(const struct subgraph *sub, struct error *error) {
    struct subgraph *back = mem_zero(1, sizeof *back);
    if (back) back->count = sub->count, back->edge_count = sub->edge_count;
    if (!back || !alloc_vertices(back) || !alloc_edges(back)) {
        subgraph_free(back);
        error_memory(error);
        return NULL;
    }
    if (sub->count) reverse_vertices(sub, back);
    reverse_layers(back);
    list_in_edges(back);
    return back;
}

// ---- sweeps -------------------------------------------------------------------------------------------------------

// total[v] = sum over edges v -> u of partial * total[u] (partials taken as 1 when `count`), 1 at the output.
static bool sweep(const struct subgraph *sub, bool count, struct scaled *total, struct error *error) {
    for (uint32_t v = sub->count; v-- > 0;) {
        if (!look(v, error)) return false;
        struct scaled sum = v + 1 == sub->count ? SCALED_ONE : SCALED_ZERO;
        for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++) {
            struct scaled way = total[sub->target[e]];
            sum = scaled_add(sum, count ? way : scaled_mul(scaled_from(sub->partial[e]), way));
        }
        total[v] = sum;
    }
    return true;
}

bool subgraph_paths(const struct subgraph *sub, struct scaled *paths, struct error *error) {
    return sweep(sub, true, paths, error);
}

bool subgraph_derivative(const struct subgraph *sub, struct scaled *derivative, struct error *error) {
    struct scaled *total = large_alloc((size_t)sub->count + 1, sizeof *total);
    if (!total) return error_memory(error);
    bool ok = sweep(sub, false, total, error);
    *derivative = sub->count ? total[0] : SCALED_ZERO;
    mem_free(total);
    return ok;
}
