#include "show/sketch.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"

enum { USUAL_LIMIT = 2000, USUAL_DIGITS = 3 };

void sketch_free(struct sketch *sketch) {
    mem_free(sketch->node);
    mem_free(sketch->edge);
    mem_free(sketch->node_of);
    mem_free(sketch->edge_of);
    *sketch = (struct sketch){0};
}

// ---- nodes --------------------------------------------------------------------------------------------------------

struct maker {
    const struct view *view;
    const struct graph *graph;
    struct sketch *sketch;
    uint32_t *box;      // by frame: the outermost collapsed frame it lies in, or SKETCH_NONE
    uint32_t *box_node; // by frame: the node of that box
    uint8_t *wanted;    // by vertex, or NULL: all
    uint32_t limit;
};

// A frame's parent comes before it, so one sweep finds the outermost collapsed frame around each.
static bool find_boxes(struct maker *maker) {
    const struct graph *graph = maker->graph;
    maker->box = mem_alloc((size_t)graph->frame_count + 1, sizeof *maker->box);
    maker->box_node = mem_alloc((size_t)graph->frame_count + 1, sizeof *maker->box_node);
    if (!maker->box || !maker->box_node) return false;
    for (uint32_t f = 0; f <= graph->frame_count; f++) maker->box[f] = maker->box_node[f] = SKETCH_NONE;
    for (uint32_t i = 0; i < maker->view->collapsed_count; i++)
        if (maker->view->collapsed[i] < graph->frame_count)
            maker->box[maker->view->collapsed[i]] = maker->view->collapsed[i];
    for (uint32_t f = 1; f < graph->frame_count; f++) {
        uint32_t around = maker->box[graph->frames[f].parent];
        if (around != SKETCH_NONE) maker->box[f] = around;
    }
    return true;
}

static uint32_t add_node(struct maker *maker, struct sketch_node node) {
    struct sketch *sketch = maker->sketch;
    if (!mem_grow(&sketch->node, &sketch->node_capacity, sketch->node_count + 1, sizeof *sketch->node))
        return SKETCH_NONE;
    sketch->node[sketch->node_count] = node;
    return (uint32_t)sketch->node_count++;
}

static bool is_input(const struct graph *graph, vertex v) { return graph->op[v] == OP_INPUT; }

static bool place_vertex(struct maker *maker, vertex v) {
    const struct graph *graph = maker->graph;
    uint32_t frame = graph->frame_count && !is_input(graph, v) ? graph->frame[v] : 0;
    uint32_t box = is_input(graph, v) ? SKETCH_NONE : maker->box[frame];
    uint32_t *node = &maker->sketch->node_of[v];
    if (box == SKETCH_NONE) {
        *node = add_node(maker, (struct sketch_node){.v = v, .members = 1, .input = is_input(graph, v)});
        return *node != SKETCH_NONE;
    }
    if (maker->box_node[box] == SKETCH_NONE)
        maker->box_node[box] = add_node(maker, (struct sketch_node){.v = VERTEX_NONE, .frame = box});
    *node = maker->box_node[box];
    if (*node == SKETCH_NONE) return false;
    maker->sketch->node[*node].members++;
    return true;
}

// False only when out of memory; stops early when there are too many.
static bool place_vertices(struct maker *maker) {
    struct sketch *sketch = maker->sketch;
    for (vertex v = 0; v < maker->graph->count; v++) sketch->node_of[v] = SKETCH_NONE;
    for (vertex v = 0; v < maker->graph->count && sketch->node_count <= maker->limit; v++) {
        if (graph_hidden(maker->graph, v)) continue;
        if (maker->wanted && !maker->wanted[v]) {
            sketch->left_out++;
            continue;
        }
        if (!place_vertex(maker, v)) return false;
    }
    return true;
}

static void mark_outputs(struct maker *maker) {
    for (uint32_t i = 0; i < maker->graph->output_count; i++) {
        uint32_t node = maker->sketch->node_of[maker->graph->output[i]];
        if (node != SKETCH_NONE) maker->sketch->node[node].output = true;
    }
}

// ---- cutting down to the paths shown ------------------------------------------------------------------------------

static void want_path(struct maker *maker, const struct lit_path *path) {
    maker->wanted[path->input] = maker->wanted[path->output] = 1;
    for (uint32_t i = 0; i < path->length; i++) maker->wanted[graph_edge_target(maker->graph, path->edge[i])] = 1;
}

static bool too_many(const struct maker *maker, struct error *error) {
    error_set(error, ERROR_LIMIT, SPAN_NONE, "this graph has %u vertices: more than the %u that can be laid out",
              graph_visible_count(maker->graph), maker->limit);
    error_hint(error,
               "show one path or the largest few (:paths top 5), collapse calls and loops (:set collapse all), or "
               "raise the limit (:set layout_vertices %u)",
               graph_visible_count(maker->graph));
    return false;
}

static bool cut_down(struct maker *maker, struct error *error) {
    const struct view *view = maker->view;
    bool has_paths = (view->kind == VIEW_PATHS || view->kind == VIEW_FIGURE) && view->path_count;
    if (!view->lit && !has_paths) return too_many(maker, error);
    maker->wanted = mem_zero((size_t)maker->graph->count + 1, 1);
    if (!maker->wanted) return error_memory(error);
    if (view->lit) want_path(maker, view->lit);
    for (uint32_t i = 0; has_paths && i < view->path_count; i++) want_path(maker, &view->paths[i]);
    for (uint32_t f = 0; f <= maker->graph->frame_count; f++) maker->box_node[f] = SKETCH_NONE;
    maker->sketch->node_count = 0;
    if (!place_vertices(maker)) return error_memory(error);
    return maker->sketch->node_count <= maker->limit || too_many(maker, error);
}

// ---- edges --------------------------------------------------------------------------------------------------------

// Finds an earlier edge between two nodes of which one is a box: an open-addressed table of edge numbers + 1.
struct pairs {
    uint32_t *slot;
    size_t size; // a power of two
};

static size_t pair_slot(const struct pairs *pairs, const struct sketch *sketch, uint32_t from, uint32_t to) {
    size_t i = (size_t)(((uint64_t)from << 32 | to) * 0x9E3779B97F4A7C15u >> 20) & (pairs->size - 1);
    while (pairs->slot[i]) {
        const struct sketch_edge *edge = &sketch->edge[pairs->slot[i] - 1];
        if (edge->from == from && edge->to == to) return i;
        i = (i + 1) & (pairs->size - 1);
    }
    return i;
}

static bool pairs_grow(struct pairs *pairs, const struct sketch *sketch) {
    if (pairs->slot && 2 * sketch->edge_count < pairs->size) return true;
    struct pairs larger = {.size = pairs->size ? 4 * pairs->size : 256};
    if (!(larger.slot = mem_zero(larger.size, sizeof *larger.slot))) return false;
    for (size_t i = 0; pairs->slot && i < pairs->size; i++) {
        if (!pairs->slot[i]) continue;
        const struct sketch_edge *edge = &sketch->edge[pairs->slot[i] - 1];
        larger.slot[pair_slot(&larger, sketch, edge->from, edge->to)] = pairs->slot[i];
    }
    mem_free(pairs->slot);
    *pairs = larger;
    return true;
}

static bool add_edge(struct sketch *sketch, struct pairs *pairs, struct sketch_edge edge) {
    bool boxed = sketch->node[edge.from].v == VERTEX_NONE || sketch->node[edge.to].v == VERTEX_NONE;
    if (!mem_grow(&sketch->edge, &sketch->edge_capacity, sketch->edge_count + 1, sizeof *sketch->edge)) return false;
    if (boxed) {
        if (!pairs_grow(pairs, sketch)) return false;
        size_t slot = pair_slot(pairs, sketch, edge.from, edge.to);
        if (pairs->slot[slot]) {
            struct sketch_edge *merged = &sketch->edge[pairs->slot[slot] - 1];
            merged->count++;
            if (edge.state < merged->state) merged->state = edge.state;
            merged->fresh |= edge.fresh;
            if (edge.edge != SKETCH_NONE) sketch->edge_of[edge.edge] = pairs->slot[slot] - 1;
            return true;
        }
        pairs->slot[slot] = (uint32_t)sketch->edge_count + 1;
    }
    if (edge.edge != SKETCH_NONE) sketch->edge_of[edge.edge] = (uint32_t)sketch->edge_count;
    sketch->edge[sketch->edge_count++] = edge;
    sketch->node[edge.from].feeds = true;
    return true;
}

// The first edge from u to v, or SKETCH_NONE.
static uint32_t first_edge(const struct graph *graph, vertex u, vertex v) {
    for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++)
        if (graph->operand[e] == u) return e;
    return SKETCH_NONE;
}

static bool place_edges_of(struct maker *maker, struct pairs *pairs, vertex v) {
    const struct graph *graph = maker->graph;
    struct sketch *sketch = maker->sketch;
    for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++) {
        uint32_t from = sketch->node_of[graph->operand[e]], to = sketch->node_of[v];
        sketch->edge_of[e] = SKETCH_NONE;
        if (from == SKETCH_NONE || to == SKETCH_NONE || from == to) continue;
        struct sketch_edge edge = {.from = from, .to = to, .edge = e, .count = 1};
        uint32_t first = maker->view->rest ? first_edge(graph, graph->operand[e], v) : e;
        if (first < e) {
            sketch->edge_of[e] = sketch->edge_of[first];
            continue;
        }
        if (maker->view->rest) edge.state = EDGE_GONE;
        if (!add_edge(sketch, pairs, edge)) return false;
    }
    return true;
}

static double sum_of_partials(const struct view *view, vertex u, vertex v) {
    double sum = 0;
    for (uint32_t e = view->graph->offset[v]; e < view->graph->offset[v + 1]; e++)
        if (view->graph->operand[e] == u && view->lcg) sum += view->lcg->partial[e];
    return sum;
}

static bool place_rest_edge(struct maker *maker, struct pairs *pairs, const struct eliminate_edge *rest) {
    struct sketch *sketch = maker->sketch;
    uint32_t e = first_edge(maker->graph, rest->source, rest->target);
    bool fresh = rest->fill || rest->before != rest->value;
    uint32_t from = sketch->node_of[rest->source], to = sketch->node_of[rest->target];
    if (from == SKETCH_NONE || to == SKETCH_NONE || from == to) return true;
    sketch->node[from].gone = sketch->node[to].gone = false;
    if (e == SKETCH_NONE)
        return add_edge(sketch, pairs,
                        (struct sketch_edge){.from = from,
                                             .to = to,
                                             .edge = SKETCH_NONE,
                                             .count = 1,
                                             .state = EDGE_FILL,
                                             .fresh = fresh,
                                             .value = rest->value,
                                             .source = rest->source,
                                             .target = rest->target});
    struct sketch_edge *edge = &sketch->edge[sketch->edge_of[e]];
    bool same = rest->value == sum_of_partials(maker->view, rest->source, rest->target);
    edge->state = same ? EDGE_PLAIN : EDGE_CHANGED;
    edge->value = rest->value;
    edge->fresh = fresh;
    return true;
}

// What an elimination has left: an inner vertex without edges is gone.
static bool place_rest(struct maker *maker, struct pairs *pairs, struct error *error) {
    const struct view *view = maker->view;
    struct sketch *sketch = maker->sketch;
    if (!view->rest) return true;
    for (size_t n = 0; n < sketch->node_count; n++)
        sketch->node[n].gone = !sketch->node[n].input && !sketch->node[n].output;
    for (uint32_t i = 0; i < view->rest_count; i++) {
        if (!place_rest_edge(maker, pairs, &view->rest[i])) return error_memory(error);
        if (i % 65536 == 0 && task_interrupted()) return error_interrupt(error);
    }
    return true;
}

static bool place_edges(struct maker *maker, struct error *error) {
    struct pairs pairs = {0};
    bool ok = true;
    for (vertex v = 0; ok && v < maker->graph->count; v++) {
        if (!place_edges_of(maker, &pairs, v)) ok = error_memory(error);
        if (v % 65536 == 0 && task_interrupted()) ok = error_interrupt(error);
    }
    ok = ok && place_rest(maker, &pairs, error);
    mem_free(pairs.slot);
    return ok;
}

// ---- the whole ----------------------------------------------------------------------------------------------------

static bool make(struct maker *maker, struct error *error) {
    const struct graph *graph = maker->graph;
    struct sketch *sketch = maker->sketch;
    sketch->node_of = mem_alloc((size_t)graph->count + 1, sizeof *sketch->node_of);
    sketch->edge_of = mem_alloc((size_t)graph_edge_count(graph) + 1, sizeof *sketch->edge_of);
    if (!sketch->node_of || !sketch->edge_of || !find_boxes(maker) || !place_vertices(maker))
        return error_memory(error);
    if (sketch->node_count > maker->limit && !cut_down(maker, error)) return false;
    mark_outputs(maker);
    return place_edges(maker, error);
}

bool sketch_make(const struct view *view, struct sketch *sketch, struct error *error) {
    *sketch = (struct sketch){0};
    struct maker maker = {.view = view,
                          .graph = view->graph,
                          .sketch = sketch,
                          .limit = view->layout_limit ? view->layout_limit : USUAL_LIMIT};
    bool ok = make(&maker, error);
    mem_free(maker.box);
    mem_free(maker.box_node);
    mem_free(maker.wanted);
    if (!ok) sketch_free(sketch);
    return ok;
}

// ---- words --------------------------------------------------------------------------------------------------------

bool sketch_partial(const struct view *view, uint32_t edge, double *partial) {
    *partial = view->lcg ? view->lcg->partial[edge] : NAN;
    return view->lcg != NULL;
}

bool sketch_edge_number(const struct view *view, const struct sketch_edge *edge, double *number) {
    if (!view->rest) return sketch_partial(view, edge->edge, number);
    *number = edge->value;
    return edge->state != EDGE_GONE;
}

bool sketch_value_known(const struct view *view, vertex v) {
    return !view->known || view->known_words || !isnan(view->known[v]);
}

static bool on_tensors(const struct graph *graph, uint32_t edge) {
    return graph_has_tensors(graph) &&
           (graph_is_tensor(graph, graph->operand[edge]) || graph_is_tensor(graph, graph_edge_target(graph, edge)));
}

// Rows are the numbers of the result, columns those of the operand.
static void map_text(const struct graph *graph, uint32_t edge, struct buffer *out) {
    if (graph_is_labels(graph, graph->operand[edge])) return; // whole numbers: no derivative
    buffer_printf(out, "%llu×%llu", (unsigned long long)shape_count(graph_shape(graph, graph_edge_target(graph, edge))),
                  (unsigned long long)shape_count(graph_shape(graph, graph->operand[edge])));
}

void sketch_bytes(double bytes, struct buffer *out) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    while (bytes >= 999.5 && unit < 4) bytes /= 1000, unit++;
    buffer_printf(out, "%.*f %s", unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2, bytes, units[unit]);
}

void sketch_edge_text(const struct view *view, const struct sketch_edge *edge, struct buffer *out) {
    double number;
    if (edge->edge != SKETCH_NONE && on_tensors(view->graph, edge->edge))
        map_text(view->graph, edge->edge, out);
    else if (sketch_edge_number(view, edge, &number))
        sketch_number(view, number, out);
    else
        buffer_text(out, "–");
}

void sketch_vertex_number(const struct view *view, vertex v, struct buffer *out) {
    char shape[64];
    if (graph_is_tensor(view->graph, v))
        buffer_text(out, (shape_text(graph_shape(view->graph, v), shape), shape));
    else if (!view->known)
        sketch_number(view, view->graph->value[v], out);
    else if (isnan(view->known[v]))
        buffer_text(out, "–");
    else
        sketch_number(view, view->known[v], out);
}

void sketch_number(const struct view *view, double value, struct buffer *out) {
    char text[48];
    text_label_number(text, value, view->digits > 0 ? view->digits : USUAL_DIGITS);
    buffer_text(out, text);
}

void sketch_frame_name(const struct graph *graph, uint32_t frame, struct buffer *out) {
    const struct frame *f = &graph->frames[frame];
    const char *name = symbol_text(graph->symbols, f->name);
    if (f->kind == FRAME_LAYER)
        buffer_text(out, name);
    else if (f->kind == FRAME_CALL)
        buffer_printf(out, "%s(…)", name);
    else if (f->kind == FRAME_ITERATION && *name && !isnan(f->value))
        buffer_printf(out, "%s = %s%.6g", name, f->value < 0 ? "−" : "", fabs(f->value));
    else if (f->kind == FRAME_ITERATION)
        buffer_printf(out, "%s%spass %.0f", name, *name ? ", " : "", f->index + 1);
    else
        buffer_text(out, "the program");
}

void sketch_node_title(const struct view *view, const struct sketch_node *node, struct buffer *out) {
    const struct graph *graph = view->graph;
    if (node->v == VERTEX_NONE) {
        sketch_frame_name(graph, node->frame, out);
        buffer_printf(out, ": %u %s", node->members, node->members == 1 ? "vertex" : "vertices");
        return;
    }
    char label[64];
    buffer_printf(out, "%s = ", graph_label(graph, node->v, label));
    if (graph->op[node->v] != OP_INPUT && graph->op[node->v] != OP_CONST) {
        graph_formula(graph, node->v, out);
        buffer_text(out, " = ");
    }
    if (graph_is_tensor(graph, node->v))
        sketch_vertex_number(view, node->v, out);
    else if (sketch_value_known(view, node->v))
        sketch_number(view, graph->value[node->v], out);
    else
        buffer_text(out, "–");
    if (!view->known || !view->known_words) return;
    buffer_printf(out, "; %s: ", view->known_words);
    sketch_vertex_number(view, node->v, out);
}

static void add_ends(const struct graph *graph, const struct sketch_edge *edge, struct buffer *out) {
    char to[64], from[64];
    bool fill = edge->edge == SKETCH_NONE;
    buffer_printf(out, "∂%s/∂%s = ", graph_label(graph, fill ? edge->target : graph_edge_target(graph, edge->edge), to),
                  graph_label(graph, fill ? edge->source : graph->operand[edge->edge], from));
}

// Of an elimination: the number now, and what became of the edge.
static void rest_title(const struct view *view, const struct sketch_edge *edge, struct buffer *out) {
    static const char *const words[] = {"", " (changed)", " (fill-in)", "– (eliminated)"};
    double number;
    if (sketch_edge_number(view, edge, &number)) sketch_number(view, number, out);
    buffer_text(out, words[edge->state]);
}

void sketch_partial_words(const struct view *view, uint32_t edge, struct buffer *out) {
    struct buffer formula = {0};
    double partial, number;
    graph_partial_formula(view->graph, edge, &formula);
    if (on_tensors(view->graph, edge)) {
        buffer_printf(out, "%s, a map ", buffer_string(&formula));
        map_text(view->graph, edge, out);
        buffer_free(&formula);
        return;
    }
    bool known = sketch_partial(view, edge, &partial), plain = text_parse_number(buffer_string(&formula), &number);
    if (!plain || !known) buffer_text(out, buffer_string(&formula));
    if (!plain && known) buffer_text(out, " = ");
    if (known) sketch_number(view, partial, out);
    if (formula.failed) out->failed = true;
    buffer_free(&formula);
}

void sketch_edge_title(const struct view *view, const struct sketch *sketch, uint32_t edge, struct buffer *out) {
    const struct sketch_edge *e = &sketch->edge[edge];
    if (e->count > 1) {
        buffer_printf(out, "%u edges", e->count);
        return;
    }
    add_ends(view->graph, e, out);
    if (view->rest)
        rest_title(view, e, out);
    else
        sketch_partial_words(view, e->edge, out);
    if (view->held && e->edge != SKETCH_NONE) {
        buffer_text(out, view->held[e->edge] > 0 ? "; backward holds " : "; backward holds nothing for it");
        if (view->held[e->edge] > 0) sketch_bytes(view->held[e->edge], out);
    }
}
