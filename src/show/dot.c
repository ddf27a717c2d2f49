// A view as Graphviz's language: names quoted so that nothing in them is read as an escape.
#include <string.h>

#include "show/replay.h"
#include "show/sketch.h"

// In a quoted label a backslash begins an escape ("\N" is the node's name), so it is doubled.
static void quoted(struct buffer *out, const char *text) {
    struct buffer clean = {0};
    replay_xml_text(&clean, text);
    buffer_char(out, '"');
    for (const char *at = buffer_string(&clean); *at; at++) {
        if (*at == '"' || *at == '\\') buffer_char(out, '\\');
        if (*at == '\n')
            buffer_text(out, "\\n");
        else
            buffer_char(out, *at);
    }
    buffer_char(out, '"');
    if (clean.failed) out->failed = true;
    buffer_free(&clean);
}

static void quoted_buffer(struct buffer *out, struct buffer *text) {
    quoted(out, buffer_string(text));
    if (text->failed) out->failed = true;
    buffer_free(text);
}

// Every line of the script as a comment.
static void comment(struct buffer *out, const char *text) {
    while (*text) {
        size_t size = strcspn(text, "\n");
        buffer_text(out, "// ");
        struct buffer line = {0}, clean = {0};
        buffer_add(&line, text, size);
        replay_xml_text(&clean, buffer_string(&line));
        buffer_text(out, buffer_string(&clean));
        buffer_char(out, '\n');
        buffer_free(&line);
        buffer_free(&clean);
        text += size + (text[size] == '\n');
    }
}

static void write_colour(struct buffer *out, const char *name, colour value) {
    buffer_printf(out, "%s=\"#%06x\"", name, value >> 8);
}

static void node_label(const struct view *view, const struct sketch_node *node, struct buffer *out) {
    char label[64];
    if (node->v == VERTEX_NONE) {
        sketch_frame_name(view->graph, node->frame, out);
        buffer_printf(out, "\n%u %s", node->members, node->members == 1 ? "vertex" : "vertices");
        return;
    }
    buffer_text(out, graph_label(view->graph, node->v, label));
    if (!view->values && !view->known) return;
    buffer_char(out, '\n');
    sketch_vertex_number(view, node->v, out);
}

static void write_node(const struct view *view, const struct sketch_node *node, size_t n, bool lit,
                       struct buffer *out) {
    const struct style *style = style_of(view->theme);
    struct buffer label = {0}, title = {0};
    node_label(view, node, &label);
    sketch_node_title(view, node, &title);
    buffer_printf(out, "    n%zu [label=", n);
    quoted_buffer(out, &label);
    buffer_text(out, ", tooltip=");
    quoted_buffer(out, &title);
    if (node->v == VERTEX_NONE) buffer_text(out, ", shape=box, style=\"rounded,filled\"");
    if (node->gone && !lit) {
        write_colour(out, ", color", style->dim);
        write_colour(out, ", fontcolor", style->dim_text);
    }
    if (lit) {
        write_colour(out, ", color", style->accent);
        write_colour(out, ", fillcolor", style->accent_fill);
        buffer_text(out, ", penwidth=2");
    }
    buffer_text(out, "];\n");
}

static void edge_label(const struct view *view, const struct sketch_edge *edge, struct buffer *out) {
    if (edge->count > 1)
        buffer_printf(out, "×%u", edge->count);
    else if (view->kind == VIEW_LCG_SYMBOLIC && !view->rest)
        graph_partial_formula(view->graph, edge->edge, out);
    else if (view->kind != VIEW_PRIMAL)
        sketch_edge_text(view, edge, out);
}

static void write_state(const struct style *style, enum sketch_state state, struct buffer *out) {
    if (state == EDGE_PLAIN) return;
    write_colour(out, ", color", state == EDGE_GONE ? style->dim : style->fill_in);
    if (state != EDGE_GONE) write_colour(out, ", fontcolor", style->fill_in);
    if (state == EDGE_FILL) buffer_text(out, ", style=dashed");
}

static void write_edge(const struct view *view, const struct sketch *sketch, uint32_t e, bool lit, struct buffer *out) {
    const struct style *style = style_of(view->theme);
    const struct sketch_edge *edge = &sketch->edge[e];
    struct buffer label = {0}, title = {0};
    edge_label(view, edge, &label);
    sketch_edge_title(view, sketch, e, &title);
    buffer_printf(out, "    n%u -> n%u [tooltip=", edge->from, edge->to);
    quoted_buffer(out, &title);
    buffer_text(out, ", label=");
    quoted_buffer(out, &label);
    if (lit) {
        write_colour(out, ", color", style->accent);
        write_colour(out, ", fontcolor", style->accent_text);
        buffer_text(out, ", penwidth=2");
        if (edge->state == EDGE_FILL) buffer_text(out, ", style=dashed");
    } else {
        write_state(style, edge->state, out);
    }
    buffer_text(out, "];\n");
}

static void write_defaults(const struct view *view, struct buffer *out) {
    static const char *const rankdir[] = {"BT", "TB", "LR", "RL"};
    const struct style *style = style_of(view->theme);
    buffer_printf(out, "digraph bauer {\n    graph [rankdir=%s, ", rankdir[view->direction]);
    write_colour(out, "bgcolor", style->background);
    buffer_text(out, "];\n    node [shape=circle, style=filled, fontname=\"Lato\", ");
    write_colour(out, "fillcolor", style->vertex_fill);
    write_colour(out, ", color", style->vertex_stroke);
    write_colour(out, ", fontcolor", style->text);
    buffer_text(out, "];\n    edge [fontname=\"Lato\", fontsize=9, ");
    write_colour(out, "color", style->edge);
    write_colour(out, ", fontcolor", style->edge_label);
    buffer_text(out, "];\n");
}

static bool is_lit_edge(const struct view *view, const struct sketch *sketch, uint32_t e) {
    if (view->rest) return view->lit && sketch->edge[e].fresh;
    for (uint32_t i = 0; view->lit && i < view->lit->length; i++)
        if (sketch->edge_of[view->lit->edge[i]] == e) return true;
    return false;
}

static bool is_lit_node(const struct view *view, const struct sketch *sketch, uint32_t n) {
    if (!view->lit) return false;
    if (sketch->node_of[view->lit->input] == n || sketch->node_of[view->lit->output] == n) return true;
    for (uint32_t i = 0; !view->rest && i < view->lit->length; i++)
        if (sketch->node_of[view->graph->operand[view->lit->edge[i]]] == n ||
            sketch->node_of[graph_edge_target(view->graph, view->lit->edge[i])] == n)
            return true;
    return false;
}

static void write_inputs(const struct sketch *sketch, struct buffer *out) {
    buffer_text(out, "    { rank=same;");
    for (size_t n = 0; n < sketch->node_count; n++)
        if (sketch->node[n].input) buffer_printf(out, " n%zu;", n);
    buffer_text(out, " }\n");
}

bool dot_write(const struct view *view, const struct export_options *options, struct buffer *out, char message[256],
               struct error *error) {
    struct sketch sketch;
    message[0] = '\0';
    if (!sketch_make(view, &sketch, error)) return false;
    if (options->version) comment(out, options->version);
    if (options->state) comment(out, options->state);
    write_defaults(view, out);
    for (uint32_t n = 0; n < sketch.node_count; n++)
        write_node(view, &sketch.node[n], n, is_lit_node(view, &sketch, n), out);
    write_inputs(&sketch, out);
    for (uint32_t e = 0; e < sketch.edge_count; e++) write_edge(view, &sketch, e, is_lit_edge(view, &sketch, e), out);
    buffer_text(out, "}\n");
    sketch_free(&sketch);
    return !out->failed || error_memory(error);
}
