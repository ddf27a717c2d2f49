// A graph without the vertices that nobody can reach any more.
#include <string.h>

#include "graph/graph_private.h"

static vertex copy_linear(struct graph *to, const struct graph *from, vertex v, const vertex *at, struct error *error) {
    uint32_t first = from->offset[v], count = from->offset[v + 1] - first;
    vertex *operand = mem_alloc(count, sizeof *operand);
    if (!operand) return error_memory(error), VERTEX_NONE;
    for (uint32_t i = 0; i < count; i++) operand[i] = at[from->operand[first + i]];
    vertex copy = graph_add_linear(to, operand, from->weight + first, count, from->site[v], error);
    mem_free(operand);
    return copy != VERTEX_NONE && graph_name(to, copy, from->name[v], error) ? copy : VERTEX_NONE;
}

static vertex copy_vertex(struct graph *to, const struct graph *from, vertex v, const vertex *at, struct error *error) {
    uint32_t first = from->offset[v];
    to->private->frame = from->frame[v];
    if (from->op[v] == OP_INPUT) return graph_input(to, from->name[v], from->value[v], from->site[v], error);
    if (from->op[v] == OP_CONST) return graph_constant(to, from->name[v], from->value[v], from->site[v], error);
    if (from->op[v] == OP_LINEAR) return copy_linear(to, from, v, at, error);
    vertex a = at[from->operand[first]], b = at[from->operand[from->offset[v + 1] - 1]];
    vertex copy = graph_add(to, (enum op)from->op[v], a, b, from->site[v], error);
    if (copy == VERTEX_NONE || !graph_name(to, copy, from->name[v], error)) return VERTEX_NONE;
    return copy;
}

static bool copy_places(struct graph *to, const struct graph *from) {
    struct graph_private *own = to->private;
    if (!mem_grow(&to->sites, &own->site_capacity, from->site_count, sizeof *to->sites) ||
        !mem_grow(&to->frames, &own->frame_capacity, from->frame_count, sizeof *to->frames) ||
        !mem_grow(&own->source, &own->source_capacity, from->private->source_count, sizeof *own->source))
        return false;
    memcpy(to->sites, from->sites, from->site_count * sizeof *to->sites);
    memcpy(to->frames, from->frames, from->frame_count * sizeof *to->frames);
    to->site_count = from->site_count;
    to->frame_count = from->frame_count;
    for (size_t i = 0; i < from->private->source_count; i++)
        own->source[own->source_count++] = source_hold(from->private->source[i]);
    return true;
}

static bool copy_rest(struct graph *to, const struct graph *from, const vertex *at, struct error *error) {
    const struct graph_private *private = from->private;
    for (size_t i = 0; i < private->alias_count; i++) {
        vertex v = at[private->alias[i].v];
        if (v != VERTEX_NONE && !graph_name(to, v, private->alias[i].name, error)) return false;
    }
    for (uint32_t i = 0; i < from->output_count; i++)
        if (!graph_output(to, at[from->output[i]], from->output_name[i], error)) return false;
    to->private->frame = 0;
    to->function = from->function;
    to->layered = from->layered;
    return true;
}

struct graph *graph_prune(const struct graph *graph, const uint8_t *keep, struct error *error) {
    struct graph *copy = graph_new(graph->symbols, graph->limit, error);
    vertex *at = copy ? mem_alloc((size_t)graph->count + 1, sizeof *at) : NULL;
    bool ok = at && copy_places(copy, graph);
    if (copy && !ok) error_memory(error);
    for (vertex v = 0; ok && v < graph->count; v++) {
        at[v] = VERTEX_NONE;
        if (keep[v]) ok = (at[v] = copy_vertex(copy, graph, v, at, error)) != VERTEX_NONE;
        if (keep[v]) ok = ok && graph_tensors_copy(copy, at[v], graph, v, error);
    }
    ok = ok && copy_rest(copy, graph, at, error);
    mem_free(at);
    if (ok) return copy;
    graph_drop(copy);
    return NULL;
}
