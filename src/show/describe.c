#include "show/describe.h"

#include <inttypes.h>
#include <string.h>

#include "show/sketch.h"

enum { LONG_PATH = 1000, PATH_ENDS = 20, MOST_VERTICES = 40, MOST_PATHS = 20, MOST_NAMES = 12 };

static void count_of(struct buffer *out, uint64_t n, const char *one, const char *many) {
    buffer_printf(out, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

static const char *function_name(const struct graph *graph) {
    const char *name = symbol_text(graph->symbols, graph->function);
    return *name ? name : NULL;
}

static void at_point(const struct view *view, struct buffer *out) {
    const char *name = function_name(view->graph);
    if (view->point)
        buffer_printf(out, "%s", view->point);
    else
        buffer_text(out, name ? name : "the expression");
}

static uint32_t visible_edges(const struct graph *graph) {
    uint32_t count = 0;
    for (uint32_t e = 0; e < graph_edge_count(graph); e++) count += !graph_hidden(graph, graph->operand[e]);
    return count;
}

// ---- the title ----------------------------------------------------------------------------------------------------

static void paths_title(const struct view *view, struct buffer *out) {
    if (view->path_total)
        buffer_printf(out, "%s", view->path_total);
    else
        buffer_printf(out, "%" PRIu32, view->path_count);
    buffer_text(out, view->path_count == 1 && (!view->path_total || strcmp(view->path_total, "1") == 0) ? " path"
                                                                                                        : " paths");
}

void describe_title(const struct view *view, struct buffer *out) {
    switch (view->kind) {
    case VIEW_PRIMAL:
        buffer_text(out, "The primal graph of ");
        break;
    case VIEW_LCG:
        buffer_text(out, "The linearized computational graph of ");
        break;
    case VIEW_LCG_SYMBOLIC:
        buffer_text(out, "The linearized computational graph, in formulas, of ");
        break;
    case VIEW_PATHS:
        buffer_text(out, "The ");
        paths_title(view, out);
        buffer_text(out, " from inputs to outputs of ");
        break;
    case VIEW_FIGURE:
        buffer_text(out, "Program, primal graph, linearized graph and paths of ");
        break;
    }
    at_point(view, out);
    buffer_char(out, '.');
}

// ---- sentences ----------------------------------------------------------------------------------------------------

static void list_sign(struct buffer *out, uint32_t i, uint32_t count) {
    if (i) buffer_text(out, i + 1 == count ? " and " : ", ");
}

static void list_inputs(const struct graph *graph, struct buffer *out) {
    uint32_t count = graph->input_count, most = count < MOST_NAMES ? count : MOST_NAMES;
    char label[64];
    buffer_text(out, count == 1 ? "The input is " : "The inputs are ");
    for (uint32_t i = 0; i < most; i++) {
        list_sign(out, i, count);
        buffer_text(out, graph_input_label(graph, i, label));
    }
    if (count > most) buffer_printf(out, " and %" PRIu32 " more", count - most);
    buffer_text(out, ". ");
}

static void list_outputs(const struct graph *graph, struct buffer *out) {
    uint32_t count = graph->output_count, most = count < MOST_NAMES ? count : MOST_NAMES;
    char label[64];
    buffer_text(out, count == 1 ? "The output is " : "The outputs are ");
    for (uint32_t i = 0; i < most; i++) {
        list_sign(out, i, count);
        const char *name = graph_output_label(graph, i, label);
        buffer_text(out, name[0] == '_' && !graph->function ? graph_label(graph, graph->output[i], label) : name);
    }
    if (count > most) buffer_printf(out, " and %" PRIu32 " more", count - most);
    buffer_text(out, ". ");
}

static void describe_size(const struct view *view, struct buffer *out) {
    const struct graph *graph = view->graph;
    buffer_text(out, "The graph has ");
    count_of(out, graph_visible_count(graph), "vertex", "vertices");
    buffer_text(out, " and ");
    count_of(out, visible_edges(graph), "edge", "edges");
    buffer_text(out, ". ");
    if (graph->input_count)
        list_inputs(graph, out);
    else
        buffer_text(out, "There are no inputs. ");
    if (graph->output_count)
        list_outputs(graph, out);
    else
        buffer_text(out, "There are no outputs. ");
}

static void describe_partials(const struct view *view, vertex v, struct buffer *out) {
    const struct graph *graph = view->graph;
    bool first = true;
    char from[64], to[64];
    for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++) {
        if (graph_hidden(graph, graph->operand[e])) continue;
        buffer_printf(out, "%s∂%s/∂%s = ", first ? ", with " : " and ", graph_label(graph, v, to),
                      graph_label(graph, graph->operand[e], from));
        sketch_partial_words(view, e, out);
        first = false;
    }
}

static void describe_vertex(const struct view *view, vertex v, struct buffer *out) {
    struct sketch_node node = {.v = v};
    sketch_node_title(view, &node, out);
    if (view->kind != VIEW_PRIMAL && view->lcg && !view->rest) describe_partials(view, v, out);
    buffer_text(out, ". ");
}

static void describe_vertices(const struct view *view, struct buffer *out) {
    uint32_t told = 0, visible = graph_visible_count(view->graph);
    for (vertex v = 0; v < view->graph->count && told < MOST_VERTICES; v++) {
        if (graph_hidden(view->graph, v)) continue;
        describe_vertex(view, v, out);
        told++;
    }
    if (visible <= told) return;
    buffer_text(out, "And ");
    count_of(out, visible - told, "more vertex", "more vertices");
    buffer_text(out, ". ");
}

// What an elimination has left, instead of each vertex's partials.
static void describe_rest(const struct view *view, struct buffer *out) {
    char from[64], to[64];
    uint32_t most = view->rest_count < MOST_VERTICES ? view->rest_count : MOST_VERTICES;
    if (!view->rest) return;
    buffer_text(out, "Of the elimination ");
    count_of(out, view->rest_count, "edge is left", "edges are left");
    for (uint32_t i = 0; i < most; i++) {
        const struct eliminate_edge *edge = &view->rest[i];
        buffer_printf(out, "%s∂%s/∂%s = ", i ? ", " : ": ", graph_label(view->graph, edge->target, to),
                      graph_label(view->graph, edge->source, from));
        sketch_number(view, edge->value, out);
    }
    if (view->rest_count > most) buffer_printf(out, " and %" PRIu32 " more", view->rest_count - most);
    buffer_text(out, ". ");
}

static void describe_collapsed(const struct view *view, struct buffer *out) {
    if (!view->collapsed_count) return;
    buffer_text(out, "Drawn as one box each: ");
    uint32_t most = view->collapsed_count < MOST_NAMES ? view->collapsed_count : MOST_NAMES;
    for (uint32_t i = 0; i < most; i++) {
        list_sign(out, i, view->collapsed_count);
        if (view->collapsed[i] < view->graph->frame_count) sketch_frame_name(view->graph, view->collapsed[i], out);
    }
    if (view->collapsed_count > most) buffer_printf(out, " and %" PRIu32 " more", view->collapsed_count - most);
    buffer_text(out, ". ");
}

// Of a path of thousands of edges the first and last are told.
static uint32_t skip_middle(uint32_t i, uint32_t count, struct buffer *out) {
    if (count <= LONG_PATH || i != PATH_ENDS) return i;
    buffer_printf(out, " … %" PRIu32 " more …", count - 2 * PATH_ENDS);
    return count - PATH_ENDS;
}

static void path_words(const struct view *view, const struct lit_path *path, struct buffer *out) {
    const struct graph *graph = view->graph;
    char label[64];
    buffer_text(out, graph_label(graph, path->input, label));
    for (uint32_t i = 0; i < path->length; i++) {
        i = skip_middle(i, path->length, out);
        buffer_printf(out, " → %s", graph_label(graph, graph_edge_target(graph, path->edge[i]), label));
    }
    buffer_text(out, ": ");
    for (uint32_t i = 0; view->lcg && i < path->length; i++) {
        i = skip_middle(i, path->length, out);
        if (i) buffer_text(out, " × ");
        sketch_number(view, view->lcg->partial[path->edge[i]], out);
    }
    if (path->length && view->lcg) buffer_text(out, " = ");
    sketch_number(view, path->product, out);
}

void describe_path(const struct graph *graph, const struct lcg *lcg, const struct lit_path *path, struct buffer *out) {
    struct view view = {.graph = graph, .lcg = lcg};
    path_words(&view, path, out);
}

// Paths may have been asked for between two other vertices.
static void add_ends(const struct view *view, struct buffer *out) {
    const struct graph *graph = view->graph;
    const struct lit_path *first = view->paths;
    char from[64], to[64];
    bool usual = !view->path_count || (graph->op[first->input] == OP_INPUT && graph_is_output(graph, first->output));
    if (usual)
        buffer_text(out, " from an input to an output");
    else
        buffer_printf(out, " from %s to %s", graph_label(graph, first->input, from),
                      graph_label(graph, first->output, to));
}

static void describe_paths(const struct view *view, struct buffer *out) {
    bool one = view->path_total ? strcmp(view->path_total, "1") == 0 : view->path_count == 1;
    bool none = view->path_total ? strcmp(view->path_total, "0") == 0 : view->path_count == 0;
    if (none) {
        buffer_text(out, "No path leads from an input to an output, so every derivative is 0. ");
        return;
    }
    buffer_text(out, one ? "There is " : "There are ");
    paths_title(view, out);
    add_ends(view, out);
    buffer_text(out, "; the derivative is the sum of their products. ");
    uint32_t most = view->path_count < MOST_PATHS ? view->path_count : MOST_PATHS;
    for (uint32_t i = 0; i < most; i++) {
        path_words(view, &view->paths[i], out);
        buffer_text(out, ". ");
    }
    if (most < view->path_count) buffer_printf(out, "And %" PRIu32 " more are listed. ", view->path_count - most);
}

void describe_view(const struct view *view, struct buffer *out) {
    size_t start = out->size;
    describe_size(view, out);
    describe_vertices(view, out);
    describe_rest(view, out);
    describe_collapsed(view, out);
    if (view->kind == VIEW_PATHS || view->kind == VIEW_FIGURE) describe_paths(view, out);
    if (view->lit) {
        buffer_text(out, view->lit_words ? "In hand is " : "The path in hand is ");
        if (view->lit_words)
            buffer_text(out, view->lit_words);
        else
            path_words(view, view->lit, out);
        buffer_text(out, ". ");
    }
    if (out->size > start && out->data[out->size - 1] == ' ') buffer_cut(out, out->size - 1);
}
