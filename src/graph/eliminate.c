// Vertex elimination on linked lists of edges, with a hash table from (source, target) to the edge.
#include "graph/eliminate.h"

#include <stdlib.h>
#include <string.h>

#include "base/large.h"
#include "base/task.h"

enum { NIL = UINT32_MAX, LOOK_EVERY = 1 << 12 };

enum role { ABSENT, INPUT, INNER, FINAL, GONE }; // FINAL: an output without successors

struct edge {
    vertex source, target; // source is VERTEX_NONE in the free list, which goes on in next_out
    uint32_t next_out, previous_out, next_in, previous_in;
    double value;
};

struct node {
    uint32_t first_out, first_in, out, in; // edges: the lists' heads, and how many there are
    uint32_t place;                        // in the heap of what can still be eliminated
    uint8_t role;
    bool output;
};

struct eliminate {
    struct graph *graph; // held
    struct node *node;
    uint32_t count;
    struct edge *edge;
    size_t edge_capacity;
    uint32_t edge_used, edge_free, alive;
    uint32_t *slot; // edge + 1, or 0
    size_t slots;   // a power of two, more than twice `alive`
    vertex *heap;   // least cost first, then largest index
    uint32_t heap_count;
    struct eliminate_edge *changed;
    size_t changed_capacity;
    uint32_t changed_count;
    double multiplications, most_edges;
};

// ---- the hash table -----------------------------------------------------------------------------------------------

static size_t edge_hash(vertex source, vertex target) {
    uint64_t key = ((uint64_t)source << 32 | target) * 0x9E3779B97F4A7C15u;
    return (size_t)(key ^ key >> 32);
}

static size_t slot_of(const struct eliminate *eliminate, vertex source, vertex target) {
    size_t i = edge_hash(source, target) & (eliminate->slots - 1);
    for (; eliminate->slot[i]; i = (i + 1) & (eliminate->slots - 1)) {
        const struct edge *edge = &eliminate->edge[eliminate->slot[i] - 1];
        if (edge->source == source && edge->target == target) break;
    }
    return i;
}

static uint32_t find(const struct eliminate *eliminate, vertex source, vertex target) {
    return eliminate->slot[slot_of(eliminate, source, target)] - 1; // NIL when free
}

// Linear probing without tombstones: what follows in the cluster moves up if the gap is between its home and it.
static void slot_remove(struct eliminate *eliminate, size_t gap) {
    size_t mask = eliminate->slots - 1;
    for (size_t i = (gap + 1) & mask; eliminate->slot[i]; i = (i + 1) & mask) {
        const struct edge *edge = &eliminate->edge[eliminate->slot[i] - 1];
        size_t home = edge_hash(edge->source, edge->target) & mask;
        if (((i - home) & mask) < ((i - gap) & mask)) continue;
        eliminate->slot[gap] = eliminate->slot[i];
        gap = i;
    }
    eliminate->slot[gap] = 0;
}

static bool reserve_slots(struct eliminate *eliminate, size_t edges) {
    size_t slots = eliminate->slots;
    while (slots < 2 * edges + 2) slots *= 2;
    if (slots == eliminate->slots) return true;
    uint32_t *slot = large_zero(slots, sizeof *slot);
    if (!slot) return false;
    mem_free(eliminate->slot);
    eliminate->slot = slot;
    eliminate->slots = slots;
    for (uint32_t i = 0; i < eliminate->edge_used; i++) {
        const struct edge *edge = &eliminate->edge[i];
        if (edge->source != VERTEX_NONE) slot[slot_of(eliminate, edge->source, edge->target)] = i + 1;
    }
    return true;
}

// ---- edges --------------------------------------------------------------------------------------------------------

static bool reserve_edges(struct eliminate *eliminate, size_t more) {
    if (more > NIL - 1 - (size_t)eliminate->edge_used) return false;
    return mem_grow(&eliminate->edge, &eliminate->edge_capacity, eliminate->edge_used + more,
                    sizeof *eliminate->edge) &&
           reserve_slots(eliminate, eliminate->alive + more);
}

static uint32_t take_edge(struct eliminate *eliminate) {
    uint32_t e = eliminate->edge_free;
    if (e == NIL) return eliminate->edge_used++;
    eliminate->edge_free = eliminate->edge[e].next_out;
    return e;
}

// The caller has reserved its place.
static void add_edge(struct eliminate *eliminate, vertex source, vertex target, double value) {
    size_t slot = slot_of(eliminate, source, target);
    uint32_t e = take_edge(eliminate);
    struct node *from = &eliminate->node[source], *to = &eliminate->node[target];
    eliminate->edge[e] = (struct edge){source, target, from->first_out, NIL, to->first_in, NIL, value};
    if (from->first_out != NIL) eliminate->edge[from->first_out].previous_out = e;
    if (to->first_in != NIL) eliminate->edge[to->first_in].previous_in = e;
    from->first_out = to->first_in = e;
    from->out++;
    to->in++;
    eliminate->alive++;
    eliminate->slot[slot] = e + 1;
}

static void unlink_edge(struct eliminate *eliminate, const struct edge *edge) {
    struct edge *all = eliminate->edge;
    struct node *from = &eliminate->node[edge->source], *to = &eliminate->node[edge->target];
    *(edge->previous_out == NIL ? &from->first_out : &all[edge->previous_out].next_out) = edge->next_out;
    *(edge->previous_in == NIL ? &to->first_in : &all[edge->previous_in].next_in) = edge->next_in;
    if (edge->next_out != NIL) all[edge->next_out].previous_out = edge->previous_out;
    if (edge->next_in != NIL) all[edge->next_in].previous_in = edge->previous_in;
    from->out--;
    to->in--;
}

static void remove_edge(struct eliminate *eliminate, uint32_t e) {
    struct edge *edge = &eliminate->edge[e];
    slot_remove(eliminate, slot_of(eliminate, edge->source, edge->target));
    unlink_edge(eliminate, edge);
    edge->source = VERTEX_NONE;
    edge->next_out = eliminate->edge_free;
    eliminate->edge_free = e;
    eliminate->alive--;
}

// ---- the heap of candidates ---------------------------------------------------------------------------------------

double eliminate_cost(const struct eliminate *eliminate, vertex v) {
    return (double)eliminate->node[v].in * (double)eliminate->node[v].out;
}

static bool before(const struct eliminate *eliminate, vertex a, vertex b) {
    double cost_a = eliminate_cost(eliminate, a), cost_b = eliminate_cost(eliminate, b);
    return cost_a < cost_b || (cost_a == cost_b && a > b);
}

static void heap_put(struct eliminate *eliminate, uint32_t place, vertex v) {
    eliminate->heap[place] = v;
    eliminate->node[v].place = place;
}

static uint32_t rise(struct eliminate *eliminate, uint32_t place, vertex v) {
    while (place > 0 && before(eliminate, v, eliminate->heap[(place - 1) / 2])) {
        heap_put(eliminate, place, eliminate->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    heap_put(eliminate, place, v);
    return place;
}

static void sink(struct eliminate *eliminate, uint32_t place, vertex v) {
    for (uint32_t child; (child = 2 * place + 1) < eliminate->heap_count; place = child) {
        if (child + 1 < eliminate->heap_count && before(eliminate, eliminate->heap[child + 1], eliminate->heap[child]))
            child++;
        if (!before(eliminate, eliminate->heap[child], v)) break;
        heap_put(eliminate, place, eliminate->heap[child]);
    }
    heap_put(eliminate, place, v);
}

static void heap_update(struct eliminate *eliminate, vertex v) {
    if (eliminate->node[v].role != INNER) return;
    sink(eliminate, rise(eliminate, eliminate->node[v].place, v), v);
}

static void heap_remove(struct eliminate *eliminate, vertex v) {
    uint32_t place = eliminate->node[v].place;
    vertex last = eliminate->heap[--eliminate->heap_count];
    if (last != v) sink(eliminate, rise(eliminate, place, last), last);
}

static bool heap_new(struct eliminate *eliminate, struct error *error) {
    uint32_t count = 0;
    for (vertex v = 0; v < eliminate->count; v++) count += eliminate->node[v].role == INNER;
    eliminate->heap = large_alloc((size_t)count + 1, sizeof *eliminate->heap);
    if (!eliminate->heap) return error_memory(error);
    for (vertex v = 0; v < eliminate->count; v++)
        if (eliminate->node[v].role == INNER) heap_put(eliminate, eliminate->heap_count++, v);
    for (uint32_t i = count / 2; i-- > 0;) {
        if (i % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        sink(eliminate, i, eliminate->heap[i]);
    }
    return true;
}

// ---- starting -----------------------------------------------------------------------------------------------------

void eliminate_free(struct eliminate *eliminate) {
    if (!eliminate) return;
    graph_drop(eliminate->graph);
    mem_free(eliminate->node);
    mem_free(eliminate->edge);
    mem_free(eliminate->slot);
    mem_free(eliminate->heap);
    mem_free(eliminate->changed);
    mem_free(eliminate);
}

static bool add_vertex_edges(struct eliminate *eliminate, const struct lcg *lcg, const uint8_t *active, vertex v) {
    if (!reserve_edges(eliminate, lcg->offset[v + 1] - lcg->offset[v])) return false;
    for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
        if (!active[lcg->source[e]]) continue;
        uint32_t parallel = find(eliminate, lcg->source[e], v);
        if (parallel == NIL)
            add_edge(eliminate, lcg->source[e], v, lcg->partial[e]);
        else
            eliminate->edge[parallel].value += lcg->partial[e];
    }
    return true;
}

static bool add_edges(struct eliminate *eliminate, const struct lcg *lcg, const uint8_t *active, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        eliminate->node[v] = (struct node){.first_out = NIL, .first_in = NIL};
        if (active[v] && !add_vertex_edges(eliminate, lcg, active, v)) return error_memory(error);
    }
    return true;
}

static void set_roles(struct eliminate *eliminate, const struct graph *graph, const uint8_t *active) {
    for (uint32_t i = 0; i < graph->output_count; i++) eliminate->node[graph->output[i]].output = true;
    for (vertex v = 0; v < eliminate->count; v++)
        if (active[v]) eliminate->node[v].role = eliminate->node[v].out == 0 ? FINAL : INNER;
    for (uint32_t i = 0; i < graph->input_count; i++) eliminate->node[graph->input[i]].role = INPUT;
}

static bool build(struct eliminate *eliminate, const struct lcg *lcg, uint8_t *active, struct error *error) {
    const struct graph *graph = lcg->graph;
    if (!lcg_active(lcg, graph->input, graph->input_count, graph->output, graph->output_count, active, error))
        return false;
    if (!reserve_edges(eliminate, lcg->offset[lcg->count])) return error_memory(error); // moving them later takes long
    large_pages(eliminate->edge, eliminate->edge_capacity * sizeof *eliminate->edge);
    if (!add_edges(eliminate, lcg, active, error)) return false;
    set_roles(eliminate, graph, active);
    eliminate->most_edges = eliminate->alive;
    return heap_new(eliminate, error);
}

struct eliminate *eliminate_new(const struct lcg *lcg, struct error *error) {
    struct eliminate *eliminate = mem_zero(1, sizeof *eliminate);
    uint8_t *active = mem_alloc((size_t)lcg->count + 1, 1);
    if (!eliminate || !active) {
        mem_free(eliminate);
        mem_free(active);
        return error_memory(error), NULL;
    }
    eliminate->graph = graph_hold(lcg->graph);
    eliminate->count = lcg->count;
    eliminate->edge_free = NIL;
    eliminate->slots = 64;
    eliminate->slot = mem_zero(eliminate->slots, sizeof *eliminate->slot);
    eliminate->node = large_zero((size_t)lcg->count + 1, sizeof *eliminate->node);
    bool built = (eliminate->slot && eliminate->node) ? build(eliminate, lcg, active, error) : error_memory(error);
    mem_free(active);
    if (built) return eliminate;
    eliminate_free(eliminate);
    return NULL;
}

// ---- one step -----------------------------------------------------------------------------------------------------

static bool refuse(const struct eliminate *eliminate, vertex v, struct error *error) {
    static const char *const why[] = {
        [ABSENT] = "no derivative passes through it",
        [INPUT] = "it is an input, and inputs stay",
        [FINAL] = "it is an output, and outputs stay",
        [GONE] = "it is eliminated already",
    };
    char label[64];
    error_set(error, ERROR_USAGE, SPAN_NONE, "%s cannot be eliminated: %s", graph_label(eliminate->graph, v, label),
              why[eliminate->node[v].role]);
    if (eliminate->heap_count > 0)
        error_hint(error, "the cheapest to eliminate now is %s",
                   graph_label(eliminate->graph, eliminate->heap[0], label));
    return false;
}

static bool reserve_step(struct eliminate *eliminate, vertex v) {
    const struct node *node = &eliminate->node[v];
    if (node->in > 0 && node->out > (NIL - 1) / node->in) return false;
    size_t pairs = (size_t)node->in * node->out;
    return reserve_edges(eliminate, pairs) &&
           mem_grow(&eliminate->changed, &eliminate->changed_capacity, pairs + 1, sizeof *eliminate->changed);
}

// c(u, w) += c(v, w) * c(u, v)
static void join(struct eliminate *eliminate, const struct edge *in, const struct edge *out) {
    struct eliminate_edge *changed = &eliminate->changed[eliminate->changed_count++];
    double product = out->value * in->value;
    uint32_t e = find(eliminate, in->source, out->target);
    *changed = (struct eliminate_edge){in->source, out->target, 0, product, e == NIL};
    if (e == NIL) {
        add_edge(eliminate, changed->source, changed->target, product);
    } else {
        changed->before = eliminate->edge[e].value;
        changed->value = eliminate->edge[e].value += product;
    }
}

static bool join_all(struct eliminate *eliminate, vertex v) {
    const struct node *node = &eliminate->node[v];
    for (uint32_t i = node->first_in; i != NIL; i = eliminate->edge[i].next_in)
        for (uint32_t o = node->first_out; o != NIL; o = eliminate->edge[o].next_out) {
            join(eliminate, &eliminate->edge[i], &eliminate->edge[o]);
            if (eliminate->changed_count % LOOK_EVERY == 0 && task_interrupted()) return false;
        }
    return true;
}

static void take_back(struct eliminate *eliminate) {
    while (eliminate->changed_count > 0) {
        const struct eliminate_edge *changed = &eliminate->changed[--eliminate->changed_count];
        uint32_t e = find(eliminate, changed->source, changed->target);
        if (changed->fill)
            remove_edge(eliminate, e);
        else
            eliminate->edge[e].value = changed->before;
    }
}

// Each neighbour's cost is final once its edge to v is dealt with.
static void drop_in_edges(struct eliminate *eliminate, vertex v) {
    bool keep = eliminate->node[v].output;
    for (uint32_t i = eliminate->node[v].first_in, next; i != NIL; i = next) {
        next = eliminate->edge[i].next_in;
        vertex source = eliminate->edge[i].source;
        if (!keep) remove_edge(eliminate, i);
        heap_update(eliminate, source);
    }
}

static void drop_out_edges(struct eliminate *eliminate, vertex v) {
    for (uint32_t o = eliminate->node[v].first_out, next; o != NIL; o = next) {
        next = eliminate->edge[o].next_out;
        vertex target = eliminate->edge[o].target;
        remove_edge(eliminate, o);
        heap_update(eliminate, target);
    }
}

static void finish_step(struct eliminate *eliminate, vertex v) {
    eliminate->multiplications += eliminate_cost(eliminate, v);
    heap_remove(eliminate, v);
    eliminate->node[v].role = GONE;
    drop_in_edges(eliminate, v);
    drop_out_edges(eliminate, v);
    if (eliminate->alive > eliminate->most_edges) eliminate->most_edges = eliminate->alive;
}

bool eliminate_vertex(struct eliminate *eliminate, vertex v, const struct eliminate_edge **changed,
                      uint32_t *changed_count, struct error *error) {
    if (!eliminate_alive(eliminate, v)) return refuse(eliminate, v, error);
    eliminate->changed_count = 0;
    if (!reserve_step(eliminate, v)) return error_memory(error);
    if (!join_all(eliminate, v)) {
        take_back(eliminate);
        return error_interrupt(error);
    }
    finish_step(eliminate, v);
    if (changed) *changed = eliminate->changed;
    if (changed_count) *changed_count = eliminate->changed_count;
    return true;
}

// ---- reading ------------------------------------------------------------------------------------------------------

bool eliminate_alive(const struct eliminate *eliminate, vertex v) {
    return v < eliminate->count && eliminate->node[v].role == INNER;
}

vertex eliminate_cheapest(const struct eliminate *eliminate) {
    return eliminate->heap_count > 0 ? eliminate->heap[0] : VERTEX_NONE;
}

double eliminate_multiplications(const struct eliminate *eliminate) { return eliminate->multiplications; }
double eliminate_most_edges(const struct eliminate *eliminate) { return eliminate->most_edges; }
uint32_t eliminate_remaining(const struct eliminate *eliminate) { return eliminate->heap_count; }

static int by_target(const void *left, const void *right) {
    const struct eliminate_edge *a = left, *b = right;
    if (a->target != b->target) return a->target < b->target ? -1 : 1;
    return (a->source > b->source) - (a->source < b->source);
}

struct eliminate_edge *eliminate_edges(const struct eliminate *eliminate, uint32_t *count, struct error *error) {
    struct eliminate_edge *edges = mem_alloc((size_t)eliminate->alive + 1, sizeof *edges);
    if (!edges) return error_memory(error), NULL;
    *count = 0;
    for (uint32_t i = 0; i < eliminate->edge_used; i++) {
        const struct edge *edge = &eliminate->edge[i];
        if (edge->source != VERTEX_NONE)
            edges[(*count)++] = (struct eliminate_edge){edge->source, edge->target, edge->value, edge->value, false};
    }
    qsort(edges, *count, sizeof *edges, by_target);
    return edges;
}

double eliminate_value(const struct eliminate *eliminate, vertex source, vertex target) {
    uint32_t e = find(eliminate, source, target);
    return e == NIL ? 0 : eliminate->edge[e].value;
}
