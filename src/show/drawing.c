#include "show/drawing.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "show/notation.h"
#include "show/paint.h"

#define CLOSE_RANKS 38.0      // points between the ranks of a small drawing
#define LONGEST_FORMULA 110.0 // points: a longer formula gives way to its number where both would do

static struct scene_item *put(struct scene *scene, double x, double y, const char *markup, double size, colour ink) {
    return scene_text(scene, x, y, markup, size, ink, ANCHOR_MIDDLE, FONT_SANS);
}

// Width of a markup text as it will be drawn.
static double markup_width(const char *markup, double size) {
    struct scene scene;
    scene_init(&scene);
    struct scene_item *item = put(&scene, 0, 0, markup, size, 0);
    double width = item ? item->text_width : 0;
    scene_clear(&scene);
    return width;
}

// ---- what stands in a node ----------------------------------------------------------------------------------------

static void name_markup(const struct drawing *drawing, const struct sketch_node *node, struct buffer *out) {
    const struct graph *graph = drawing->view->graph;
    if (node->v != VERTEX_NONE) {
        char label[64];
        scene_name(out, graph_label(graph, node->v, label));
        return;
    }
    struct buffer name = {0};
    sketch_frame_name(graph, node->frame, &name);
    scene_escape(out, buffer_string(&name));
    buffer_free(&name);
}

static void add_operation(const struct graph *graph, vertex v, struct buffer *out) {
    const struct op_info *info = &op_table[graph->op[v]];
    static const char *const sign[][2] = {{"*", "×"}, {"-", "−"}, {"/", "÷"}, {"**", "\\^"}};
    const char *text = info->infix ? info->infix : info->name;
    for (size_t i = 0; i < sizeof sign / sizeof *sign; i++)
        if (info->infix && strcmp(text, sign[i][0]) == 0) text = sign[i][1];
    if (graph->op[v] == OP_LINEAR) text = "∑";
    if (graph->op[v] != OP_INPUT && graph->op[v] != OP_CONST) buffer_text(out, text);
}

// The vector of a layer's vertices: drawn as a vertex, with the shapes of Jacobians on its edges.
static bool is_vector(const struct drawing *drawing, const struct sketch_node *node) {
    return node->v == VERTEX_NONE && drawing->view->graph->frames[node->frame].kind == FRAME_LAYER;
}

static void second_markup(const struct drawing *drawing, const struct sketch_node *node, struct buffer *out) {
    if (is_vector(drawing, node)) return;
    if (node->v == VERTEX_NONE)
        buffer_printf(out, "%u %s", node->members, node->members == 1 ? "vertex" : "vertices");
    else if (drawing->values)
        sketch_vertex_number(drawing->view, node->v, out);
    else if (drawing->operations)
        add_operation(drawing->view->graph, node->v, out);
}

static double second_size(const struct style *style) { return style->label_size * 0.95; }

// How much narrower a circle, or a box with its ends round, is at `away` from its middle than at its middle.
static double narrowing(double height, double away) {
    double half = height / 2;
    return 2 * (half - sqrt(fmax(0, half * half - away * away)));
}

// A name that fits stands in a circle; a wide one draws the circle out into a box with round ends. Collapsed frames are
// boxes with corners. The texts keep off the border at their own heights: the round ends are narrower there.
static void shape_node(const struct style *style, bool frame, double name, double below, struct layout_node *out) {
    double margin = 0.3 * style->name_size, size = style->vertex_size;
    double name_room = name + 2 * margin + (frame ? 0 : narrowing(size, (below > 0 ? 0.75 : 0.4) * style->name_size));
    double below_room = below + 2 * margin + (frame ? 0 : narrowing(size, 0.76 * style->name_size));
    out->height = size;
    out->width = fmax(size, fmax(name_room, below_room));
    out->box = frame || out->width > size;
    out->radius = frame ? 0.2 * size : size / 2;
}

static void size_node(const struct drawing *drawing, const struct sketch_node *node, struct layout_node *out) {
    const struct style *style = drawing->style;
    struct buffer name = {0}, second = {0};
    name_markup(drawing, node, &name);
    second_markup(drawing, node, &second);
    shape_node(style, node->v == VERTEX_NONE && !is_vector(drawing, node),
               markup_width(buffer_string(&name), style->name_size),
               markup_width(buffer_string(&second), second_size(style)), out);
    out->rank = node->input ? 0 : -1;
    buffer_free(&name);
    buffer_free(&second);
}

static void paint_node_text(const struct drawing *drawing, uint32_t n, colour ink, colour muted, struct scene *scene) {
    const struct style *style = drawing->style;
    const struct sketch_node *node = &drawing->sketch->node[n];
    struct point at = drawing->layout.node[n].at;
    struct buffer name = {0}, second = {0};
    name_markup(drawing, node, &name);
    second_markup(drawing, node, &second);
    double lift = second.size ? 0.2 * style->name_size : -0.28 * style->name_size;
    put(scene, at.x, at.y - lift, buffer_string(&name), style->name_size, ink);
    if (second.size)
        put(scene, at.x, at.y + 0.76 * style->name_size, buffer_string(&second), second_size(style), muted);
    if (name.failed || second.failed) scene->failed = true;
    buffer_free(&name);
    buffer_free(&second);
}

// ---- what stands on an edge ---------------------------------------------------------------------------------------

static void number_markup(const struct drawing *drawing, const struct sketch_edge *edge, struct buffer *out) {
    sketch_edge_text(drawing->view, edge, out);
}

static void formula_markup(const struct drawing *drawing, uint32_t edge, struct buffer *out) {
    struct buffer formula = {0};
    graph_partial_formula(drawing->view->graph, edge, &formula);
    notation_formula(out, buffer_string(&formula));
    if (formula.failed) out->failed = true;
    buffer_free(&formula);
}

// A partial such as 0.1629 by a constant: shown as other numbers are.
static bool is_number(const struct drawing *drawing, uint32_t edge) {
    struct buffer formula = {0};
    double value;
    graph_partial_formula(drawing->view->graph, edge, &formula);
    bool number = text_parse_number(buffer_string(&formula), &value);
    buffer_free(&formula);
    return number;
}

// The shape of the map from what enters a layer of tensors to what the layer ends in.
static void frame_map(const struct drawing *drawing, const struct sketch_edge *edge, uint32_t frame,
                      struct buffer *out) {
    const struct graph *graph = drawing->view->graph;
    vertex last = graph->count;
    while (last-- > 0 && graph->frame[last] != frame) {
    }
    buffer_printf(out, "%llu×%llu", (unsigned long long)shape_count(graph_shape(graph, last)),
                  (unsigned long long)shape_count(graph_shape(graph, graph->operand[edge->edge])));
}

static void label_markup(const struct drawing *drawing, const struct sketch_edge *edge, struct buffer *out) {
    if (drawing->held) {
        double bytes = drawing->held[edge - drawing->sketch->edge];
        if (bytes > 0) sketch_bytes(bytes, out);
        return;
    }
    const struct sketch_node *from = &drawing->sketch->node[edge->from], *to = &drawing->sketch->node[edge->to];
    if (edge->count > 1 && (is_vector(drawing, from) || is_vector(drawing, to))) {
        buffer_printf(out, "%u × %u", to->members, from->members);
        return;
    }
    if (is_vector(drawing, to) && graph_has_tensors(drawing->view->graph)) {
        frame_map(drawing, edge, to->frame, out);
        return;
    }
    if (edge->count > 1) {
        buffer_printf(out, "×%u", edge->count);
        return;
    }
    if (drawing->labels == LABELS_FORMULAS && !drawing->view->rest && !is_number(drawing, edge->edge)) {
        formula_markup(drawing, edge->edge, out);
        if (markup_width(buffer_string(out), drawing->label_size) <= LONGEST_FORMULA) return;
        buffer_clear(out);
    }
    number_markup(drawing, edge, out);
}

static bool sparse(const struct drawing *drawing) {
    return (drawing->held ? drawing->held_count : drawing->sketch->edge_count) <= DRAWING_SPARSE;
}

// Of an edge, where its label stands if it stands on it: before the first crossing, which in full layers of w nodes is
// at 1/w.
static double label_share(const struct drawing *drawing) {
    return drawing->view->graph->layered ? fmin(0.2, 1.0 / (drawing->fan + 1)) : 0.2;
}

static bool dense(const struct drawing *drawing) {
    return 2 * drawing->sketch->edge_count > 3 * drawing->sketch->node_count;
}

// Layers that are joined completely: room for every label would tear them apart, so labels stand on their edges.
static bool crowded(const struct drawing *drawing) {
    return sparse(drawing) && drawing->labels != LABELS_NONE && !drawing->close && dense(drawing);
}

static double rank_gap(const struct drawing *drawing) {
    if (drawing->close) return CLOSE_RANKS;
    return dense(drawing) ? drawing->style->layer_gap : drawing->style->rank_gap;
}

// Gaps in label sizes, so that labels at 0.2 of their edges do not meet: they are wide, not tall.
struct gaps {
    double rank, node;
};
static const struct gaps upright_gaps = {10.5, 16.7}, sideways_gaps = {11, 7};

static bool is_upright(const struct view *view) {
    return view->direction == DIRECTION_UP || view->direction == DIRECTION_DOWN;
}

#define NODE_SIZE 43.0     // points, about
#define NODE_DISTANCE 71.0 // ... with the usual gap
#define CLEAR 27.0         // by which a straight edge must pass beside its source's neighbour
#define LONGEST_SHAPE 2.2  // a layered graph is not drawn out longer than that, of its width

// Between the ranks of a layered graph: so far apart that its edges can be straight, if that does not take too much
// room.
static double layered_gap(const struct drawing *drawing) {
    const struct graph *graph = drawing->view->graph;
    uint32_t layers = graph->frame_count - 1;
    if (!graph->layered || drawing->view->collapsed_count || layers < 1) return 0;
    double width = (graph->count - 2.0) / layers, distance = CLEAR * (width - 1);
    return (layers + 1) * distance <= LONGEST_SHAPE * NODE_DISTANCE * width ? distance - NODE_SIZE : 0;
}

static void set_gaps(struct drawing *drawing) {
    if (drawing->close) {
        drawing->layout.rank_gap = rank_gap(drawing);
    } else if (crowded(drawing)) {
        struct gaps gaps = is_upright(drawing->view) ? upright_gaps : sideways_gaps;
        double size = drawing->label_size * 0.2 / label_share(drawing);
        drawing->layout.rank_gap = gaps.rank * size;
        drawing->layout.node_gap = gaps.node * size;
    } else {
        drawing->layout.rank_gap = fmax(rank_gap(drawing), layered_gap(drawing));
    }
}

static bool make_label(struct drawing *drawing, size_t e) {
    const struct sketch_edge *edge = &drawing->sketch->edge[e];
    if ((drawing->labels == LABELS_NONE && edge->count == 1) || edge->state == EDGE_GONE) return true;
    struct buffer out = {0};
    label_markup(drawing, edge, &out);
    drawing->label[e] = out.data;
    if (sparse(drawing) && !crowded(drawing) && out.data) {
        double size = drawing->label_size;
        drawing->layout.edge[e].label_width = markup_width(out.data, size) + 0.9 * size;
        drawing->layout.edge[e].label_height = 1.5 * size;
    }
    return !out.failed;
}

// ---- laying out ---------------------------------------------------------------------------------------------------

// Several outputs that nothing else uses share the last rank; a single one finds its place alone.
static void rank_outputs(struct drawing *drawing) {
    uint32_t last = 0;
    for (size_t i = 0; i < drawing->sketch->node_count; i++)
        last += drawing->sketch->node[i].output && !drawing->sketch->node[i].feeds;
    for (size_t i = 0; last > 1 && i < drawing->sketch->node_count; i++) {
        const struct sketch_node *node = &drawing->sketch->node[i];
        if (node->output && !node->feeds && !node->input) drawing->layout.node[i].rank = INT32_MAX;
    }
}

// What merged edges hold is what is told and drawn.
static bool add_held(struct drawing *drawing) {
    const struct sketch *sketch = drawing->sketch;
    const struct view *view = drawing->view;
    if (!view->held || view->kind == VIEW_PRIMAL) return true;
    drawing->held = mem_zero(sketch->edge_count + 1, sizeof *drawing->held);
    if (!drawing->held) return false;
    for (uint32_t e = 0; e < graph_edge_count(view->graph); e++)
        if (sketch->edge_of[e] != SKETCH_NONE) drawing->held[sketch->edge_of[e]] += view->held[e];
    for (size_t i = 0; i < sketch->edge_count; i++) drawing->held_count += drawing->held[i] > 0;
    return true;
}

static uint32_t widest_fan(const struct sketch *sketch) {
    uint32_t *out = mem_zero(sketch->node_count + 1, sizeof *out), widest = 0;
    for (size_t e = 0; out && e < sketch->edge_count; e++)
        if (++out[sketch->edge[e].from] > widest) widest = out[sketch->edge[e].from];
    mem_free(out);
    return widest;
}

static bool prepare(struct drawing *drawing) {
    const struct sketch *sketch = drawing->sketch;
    if (!add_held(drawing)) return false;
    drawing->label = mem_zero(sketch->edge_count + 1, sizeof *drawing->label);
    if (!drawing->label || !layout_init(&drawing->layout, (uint32_t)sketch->node_count, (uint32_t)sketch->edge_count))
        return false;
    drawing->layout.direction = drawing->view->direction;
    drawing->layout.keep = drawing->view->live;
    set_gaps(drawing);
    for (size_t i = 0; i < sketch->node_count; i++) size_node(drawing, &sketch->node[i], &drawing->layout.node[i]);
    rank_outputs(drawing);
    for (size_t i = 0; i < sketch->edge_count; i++) {
        drawing->layout.edge[i].from = sketch->edge[i].from;
        drawing->layout.edge[i].to = sketch->edge[i].to;
        if (!make_label(drawing, i)) return false;
    }
    return true;
}

bool drawing_make(const struct view *view, const struct sketch *sketch, enum drawing_labels labels, bool operations,
                  double scale, struct drawing *drawing, struct error *error) {
    *drawing = (struct drawing){.view = view,
                                .style = style_of(view->theme),
                                .sketch = sketch,
                                .labels = labels,
                                .operations = operations,
                                .values = (view->values || view->known) && scale == 1};
    drawing->label_size = drawing->style->label_size * (0.92 + 0.08 * scale) / fmax(scale, 0.5);
    drawing->close = scale < 1;
    drawing->fan = widest_fan(sketch);
    bool ok = prepare(drawing) || error_memory(error);
    ok = ok && layout_run(&drawing->layout, view->layout_seconds, error);
    if (!ok) drawing_free(drawing);
    return ok;
}

void drawing_free(struct drawing *drawing) {
    for (size_t i = 0; drawing->label && i < drawing->sketch->edge_count; i++) mem_free(drawing->label[i]);
    mem_free(drawing->label);
    mem_free(drawing->held);
    layout_free(&drawing->layout);
    *drawing = (struct drawing){0};
}

// ---- painting -----------------------------------------------------------------------------------------------------

enum { LIT = 1, LIT_SECOND = 2 };
struct light {
    uint8_t *node, *edge; // LIT and LIT_SECOND
    bool dim;             // what is not lit recedes
};

static void light_node(struct light *light, const struct sketch *sketch, vertex v, uint8_t how) {
    if (sketch->node_of[v] != SKETCH_NONE) light->node[sketch->node_of[v]] |= how;
}

static void light_path(const struct drawing *drawing, const struct lit_path *lit, uint8_t how, struct light *light) {
    const struct sketch *sketch = drawing->sketch;
    light_node(light, sketch, lit->input, how);
    light_node(light, sketch, lit->output, how);
    for (uint32_t i = 0; i < lit->length && !drawing->view->rest; i++) {
        light_node(light, sketch, drawing->view->graph->operand[lit->edge[i]], how);
        light_node(light, sketch, graph_edge_target(drawing->view->graph, lit->edge[i]), how);
        uint32_t e = sketch->edge_of[lit->edge[i]];
        if (e != SKETCH_NONE) light->edge[e] |= how;
    }
}

static bool light_up(const struct drawing *drawing, const struct lit_path *lit, bool dim, struct light *light) {
    const struct sketch *sketch = drawing->sketch;
    *light = (struct light){.dim = lit && dim};
    light->node = mem_zero(sketch->node_count + 1, 1);
    light->edge = mem_zero(sketch->edge_count + 1, 1);
    if (!light->node || !light->edge) return false;
    if (!lit) return true;
    light_path(drawing, lit, LIT, light);
    if (drawing->second) light_path(drawing, drawing->second, LIT_SECOND, light);
    // The edges around an eliminated vertex are gone: what they made of others is lit.
    for (size_t e = 0; drawing->view->rest && e < sketch->edge_count; e++) light->edge[e] = sketch->edge[e].fresh;
    return true;
}

// On dense graphs the eye finds only the lit path's labels, so they say whose partials they are.
static void long_label(const struct drawing *drawing, uint32_t e, struct buffer *out) {
    const struct graph *graph = drawing->view->graph;
    const struct sketch_edge *edge = &drawing->sketch->edge[e];
    bool fill = edge->edge == SKETCH_NONE;
    char label[64];
    buffer_text(out, "∂");
    scene_name(out, graph_label(graph, fill ? edge->target : graph_edge_target(graph, edge->edge), label));
    buffer_text(out, "/∂");
    scene_name(out, graph_label(graph, fill ? edge->source : graph->operand[edge->edge], label));
    buffer_printf(out, " = %s", drawing->label[e]);
}

static bool shows_label(const struct drawing *drawing, uint32_t e, const struct light *light) {
    return drawing->label[e] && !drawing->hide_labels && (light->edge[e] || (!light->dim && sparse(drawing)));
}

static colour label_colour(const struct style *style, const struct sketch_edge *edge, uint8_t lit) {
    if (lit) return lit == LIT_SECOND ? style->second_text : style->accent_text;
    return edge->state == EDGE_PLAIN ? style->edge_label : style->fill_in;
}

// A place on the edge, `share` of its control points from its beginning: near the source edges that cross later are
// still apart.
static struct point on_edge(const struct layout_edge *edge, double share) {
    double at = share * (edge->point_count - 1) / 3;
    uint32_t piece = (uint32_t)at;
    if (3 * piece + 3 >= edge->point_count) return edge->label;
    const struct point *p = edge->point + (size_t)3 * piece;
    double t = at - piece, s = 1 - t;
    double a = s * s * s, b = 3 * s * s * t, c = 3 * s * t * t, d = t * t * t;
    return (struct point){a * p[0].x + b * p[1].x + c * p[2].x + d * p[3].x,
                          a * p[0].y + b * p[1].y + c * p[2].y + d * p[3].y};
}

// The area of a stroke is seen: thickness grows with the root, so that a mask beside an activation is still a line.
#define HELD_WIDTH 8.0

static double held_width(const struct drawing *drawing, uint32_t e) {
    double most = drawing->view->held_most, bytes = drawing->held[e];
    return drawing->style->edge_width + (bytes > 0 && most > 0 ? HELD_WIDTH * sqrt(fmin(bytes / most, 1)) : 0);
}

static void paint_label(const struct drawing *drawing, uint32_t e, const struct light *light, struct scene *scene) {
    const struct style *style = drawing->style;
    const struct layout_edge *edge = &drawing->layout.edge[e];
    uint8_t lit = light->edge[e];
    struct point at = crowded(drawing) ? on_edge(edge, label_share(drawing)) : edge->label;
    struct buffer text = {0};
    if (!sparse(drawing) && !light->dim && drawing->sketch->edge[e].count == 1)
        long_label(drawing, e, &text);
    else
        buffer_text(&text, drawing->label[e]);
    colour ink = drawing->held && !lit ? style->second_text : label_colour(style, &drawing->sketch->edge[e], lit);
    double right = drawing->held ? held_width(drawing, e) / 2 : 0;
    struct scene_item *item =
        put(scene, at.x + right, at.y + 0.3 * drawing->label_size, buffer_string(&text), drawing->label_size, ink);
    // Where the layout left room beside the edge, a halo would only bite into the line.
    if (item)
        item->halo = !sparse(drawing) || crowded(drawing), item->halo_colour = lit ? style->accent_halo : style->halo;
    if (text.failed) scene->failed = true;
    buffer_free(&text);
}

// New edges have numbers after all of the graph's.
static uint32_t edge_id(const struct drawing *drawing, uint32_t e) {
    uint32_t edge = drawing->sketch->edge[e].edge;
    return edge != SKETCH_NONE ? edge : graph_edge_count(drawing->view->graph) + e;
}

static colour line_colour(const struct style *style, enum sketch_state state, uint8_t lit, bool dim) {
    if (lit) return lit == LIT_SECOND ? style->second : style->accent;
    if (dim || state == EDGE_GONE) return style->dim;
    return state == EDGE_PLAIN ? style->edge : style->fill_in;
}

static void paint_edge(const struct drawing *drawing, uint32_t e, const struct light *light, struct scene *scene) {
    const struct style *style = drawing->style;
    const struct layout_edge *edge = &drawing->layout.edge[e];
    enum sketch_state state = drawing->sketch->edge[e].state;
    uint8_t lit = light->edge[e];
    struct buffer title = {0};
    sketch_edge_title(drawing->view, drawing->sketch, e, &title);
    scene_group(scene, TAG_EDGE, edge_id(drawing, e), buffer_string(&title));
    buffer_free(&title);
    scene_path(scene, edge->point, edge->point_count, line_colour(style, state, lit, light->dim),
               lit ? style->accent_width : style->edge_width, true);
    if (!scene->failed) scene->item[scene->count - 1].dashed = state == EDGE_FILL;
    if (!scene->failed && drawing->held && !lit) {
        struct scene_item *line = &scene->item[scene->count - 1];
        line->stroke_width = held_width(drawing, e);
        if (drawing->held[e] > 0) line->stroke = style->second;
    }
    if (lit == (LIT | LIT_SECOND)) { // both: the second colour in dashes on the first
        scene_path(scene, edge->point, edge->point_count, style->second, style->accent_width, false);
        if (!scene->failed) scene->item[scene->count - 1].dashed = true;
    }
    if (shows_label(drawing, e, light) && !lit) paint_label(drawing, e, light, scene);
    scene_end(scene);
}

static colour ring(const struct drawing *drawing, const struct sketch_node *node) {
    const struct style *style = drawing->style;
    if (is_vector(drawing, node)) return style->vertex_stroke;
    if (node->v == VERTEX_NONE) return style->frame_stroke;
    return node->output ? style->output_stroke : node->input ? style->input_stroke : style->vertex_stroke;
}

static void paint_shape(const struct drawing *drawing, uint32_t n, uint8_t lit, bool dim, struct scene *scene) {
    const struct style *style = drawing->style;
    const struct layout_node *at = &drawing->layout.node[n];
    colour fill = lit == LIT_SECOND                           ? style->second_fill
                  : lit                                       ? style->accent_fill
                  : drawing->sketch->node[n].v == VERTEX_NONE ? style->frame_fill
                                                              : style->vertex_fill;
    colour stroke = lit == LIT_SECOND ? style->second
                    : lit             ? style->accent
                    : dim             ? style->dim
                                      : ring(drawing, &drawing->sketch->node[n]);
    double width = lit ? style->accent_width : style->vertex_stroke_width;
    if (is_vector(drawing, &drawing->sketch->node[n])) width *= 2;
    if (at->box)
        scene_rect(scene, at->at.x - at->width / 2, at->at.y - at->height / 2, at->width, at->height, at->radius, fill,
                   stroke, width);
    else
        scene_ellipse(scene, at->at.x, at->at.y, at->width, at->height, fill, stroke, width);
}

static void paint_node(const struct drawing *drawing, uint32_t n, const struct light *light, struct scene *scene) {
    const struct style *style = drawing->style;
    const struct sketch_node *node = &drawing->sketch->node[n];
    uint8_t lit = light->node[n];
    bool box = node->v == VERTEX_NONE, dim = (light->dim || node->gone) && !lit;
    struct buffer title = {0};
    sketch_node_title(drawing->view, node, &title);
    scene_group(scene, box ? TAG_FRAME : TAG_VERTEX, box ? node->frame : graph_id(drawing->view->graph, node->v),
                buffer_string(&title));
    buffer_free(&title);
    paint_shape(drawing, n, lit, dim, scene);
    paint_node_text(drawing, n,
                    lit   ? style->text
                    : dim ? style->dim_text
                          : style->text,
                    lit == LIT_SECOND            ? style->second_text
                    : lit                        ? style->accent_text
                    : dim                        ? style->dim_text
                    : drawing->view->known_words ? style->second_text
                                                 : style->muted,
                    scene);
    scene_end(scene);
}

void drawing_paint(const struct drawing *drawing, const struct lit_path *lit, bool dim, struct scene *scene) {
    struct light light;
    if (!light_up(drawing, lit, dim, &light)) scene->failed = true;
    for (int pass = 0; !scene->failed && pass < 2; pass++)
        for (uint32_t e = 0; e < drawing->sketch->edge_count; e++)
            if ((light.edge[e] != 0) == pass) paint_edge(drawing, e, &light, scene);
    for (uint32_t n = 0; !scene->failed && n < drawing->sketch->node_count; n++) paint_node(drawing, n, &light, scene);
    // Labels of the lit path lie above everything: on a dense graph they may have to cover a part of a neighbour.
    for (uint32_t e = 0; !scene->failed && e < drawing->sketch->edge_count; e++)
        if (light.edge[e] && shows_label(drawing, e, &light)) paint_label(drawing, e, &light, scene);
    mem_free(light.node);
    mem_free(light.edge);
}
