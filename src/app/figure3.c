// Figure 3: a network of two layers for three data, and the paths of one of them: the mini-batch of one. Below, the
// factors of these paths with what backward remembers for each, and where a sample takes its place.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/figure.h"
#include "app/memory.h"
#include "show/drawing.h"
#include "show/panel.h"

enum { DATA = 3, FACTORS = 5, MOST_EDGES = 8, D = 784, H1 = 300, H2 = 10 };
#define FRACTION 0.1
#define GAP 30.0
#define PANEL 640.0 // points, the widest

struct factor {
    const char *name, *map, *held; // markup, as the table shows them
    uint32_t rows, columns;
    bool sampled;
    double exact, tenth; // bytes
};

struct kept {
    struct symbols *symbols;
    struct graph *graph;
    struct lcg *lcg;
    vertex x[DATA], w[2], h1[DATA], a1[DATA], h2[DATA], y;
    uint32_t edge[2][MOST_EDGES]; // of the paths of datum 1, from W_1 and from W_2
    struct lit_path path[2];
    uint32_t frame; // the loss: drawn as one vertex
    struct factor factor[FACTORS];
};

static void free_kept(void *data) {
    struct kept *k = data;
    if (!k) return;
    lcg_free(k->lcg);
    graph_drop(k->graph);
    symbols_free(k->symbols);
    mem_free(k);
}

// ---- the graph ----------------------------------------------------------------------------------------------------

static symbol word(struct kept *k, const char *text) { return symbol_of(k->symbols, text, strlen(text)); }

static vertex input(struct kept *k, const char *name, uint32_t rows, uint32_t columns, bool parameter, uint64_t draw,
                    struct error *error) {
    struct tensor_source source = {.kind = parameter ? SOURCE_UNIFORM : SOURCE_NORMAL,
                                   .scale = parameter ? 1 / sqrt(rows) : 1,
                                   .draw = draw,
                                   .parameter = parameter};
    return graph_tensor_input(k->graph, word(k, name), (struct shape){2, {rows, columns}}, &source, false, 0, error);
}

static vertex apply(struct kept *k, const char *name, int index, enum op op, vertex a, vertex b, struct error *error) {
    char text[16];
    struct op_setting setting = {.axis = OP_ALL_AXES};
    if (a == VERTEX_NONE || b == VERTEX_NONE) return VERTEX_NONE;
    vertex v = graph_add_tensor(k->graph, op, a, b, &setting, 0, error);
    snprintf(text, sizeof text, "%s_%d", name ? name : "", index);
    return v == VERTEX_NONE || !name || graph_name(k->graph, v, word(k, text), error) ? v : VERTEX_NONE;
}

// The loss of a datum; its label is a constant and not drawn.
static vertex loss(struct kept *k, int i, struct error *error) {
    double label = i;
    struct tensor_source source = {.kind = SOURCE_LABELS, .scale = H2, .data = &label};
    vertex y = graph_tensor_input(k->graph, 0, (struct shape){1, {1}}, &source, true, 0, error);
    vertex p = apply(k, NULL, 0, OP_LOG_SOFTMAX, k->h2[i], 0, error);
    return apply(k, NULL, 0, OP_NLL, p, y, error);
}

static bool make_graph(struct kept *k, struct error *error) {
    static const char *const names[DATA] = {"x_1", "x_2", "x_3"};
    k->symbols = symbols_new();
    k->graph = k->symbols ? graph_new(k->symbols, 100, error) : NULL;
    if (!k->graph) return k->symbols ? false : error_memory(error);
    k->w[0] = input(k, "W_1", D, H1, true, 0, error);
    for (int i = 0; i < DATA; i++) k->x[i] = input(k, names[i], 1, D, false, (uint64_t)i + 1, error);
    k->w[1] = input(k, "W_2", H1, H2, true, DATA + 1, error);
    for (int i = 0; i < DATA; i++) {
        k->h1[i] = apply(k, "h1", i + 1, OP_MATMUL, k->x[i], k->w[0], error);
        k->a1[i] = apply(k, "a1", i + 1, OP_RELU, k->h1[i], 0, error);
        k->h2[i] = apply(k, "h2", i + 1, OP_MATMUL, k->a1[i], k->w[1], error);
    }
    k->frame = graph_enter(k->graph, FRAME_LAYER, word(k, "y"), 0, 0, error);
    vertex each[DATA];
    double weight[DATA] = {1.0 / DATA, 1.0 / DATA, 1.0 / DATA};
    for (int i = 0; i < DATA; i++)
        if ((each[i] = loss(k, i, error)) == VERTEX_NONE) return false;
    k->y = k->frame ? graph_add_linear(k->graph, each, weight, DATA, 0, error) : VERTEX_NONE;
    graph_leave(k->graph);
    if (k->y == VERTEX_NONE || !graph_output(k->graph, k->y, 0, error)) return false;
    k->lcg = lcg_new(k->graph, error);
    return k->lcg;
}

static uint32_t edge_between(const struct graph *graph, vertex u, vertex v) {
    uint32_t e = graph->offset[v];
    while (graph->operand[e] != u) e++;
    return e;
}

// Through the vertices given, then through the loss.
static void find_path(struct kept *k, int which, const vertex *through, uint32_t count) {
    struct lit_path *path = &k->path[which];
    *path = (struct lit_path){.input = through[0], .output = k->y, .edge = k->edge[which], .product = NAN};
    for (uint32_t i = 0; i + 1 < count; i++)
        k->edge[which][path->length++] = edge_between(k->graph, through[i], through[i + 1]);
    for (vertex at = through[count - 1]; at != k->y;) { // the only user of each
        vertex next = at + 1;
        uint32_t e = UINT32_MAX;
        for (; next < k->graph->count && e == UINT32_MAX; next++)
            for (uint32_t i = k->graph->offset[next]; i < k->graph->offset[next + 1]; i++)
                if (k->graph->operand[i] == at) e = i;
        k->edge[which][path->length++] = e;
        at = graph_edge_target(k->graph, e);
    }
}

// ---- what is remembered -------------------------------------------------------------------------------------------

// The same net for one datum, since a batch is what is remembered.
static bool held_on(const struct kept *k, const struct keep *keep, double *by_factor, struct error *error) {
    struct keep_plan plan;
    if (!keep_plan_make(k->graph, &k->y, 1, NUMBER_FLOAT, keep, &plan, error)) return false;
    const uint32_t factor_edge[4] = {0, edge_between(k->graph, k->a1[0], k->h2[0]),
                                     edge_between(k->graph, k->h1[0], k->a1[0]),
                                     edge_between(k->graph, k->w[0], k->h1[0])};
    uint32_t own = edge_between(k->graph, k->w[1], k->h2[0]);
    memset(by_factor, 0, FACTORS * sizeof *by_factor);
    for (uint32_t i = 0; i < plan.count; i++) {
        uint32_t e = memory_edge(k->graph, &plan.held[i]);
        double bytes = (double)plan.held[i].bytes;
        vertex at = plan.held[i].at;
        bool first_loss = at > k->h2[0] && k->graph->frame[at] == k->frame;
        vertex p = first_loss ? k->graph->operand[k->graph->offset[at]] : 0; // log-softmax's operand, or the loss's
        if (first_loss && k->graph->frame[p] == k->frame) p = k->graph->operand[k->graph->offset[p]];
        if (first_loss && p == k->h2[0]) by_factor[0] += bytes;
        for (int f = 1; f < 4; f++) by_factor[f] += e == factor_edge[f] ? bytes : 0;
        by_factor[4] += e == own ? bytes : 0;
    }
    keep_plan_free(&plan);
    return true;
}

static bool count_factors(struct kept *k, struct error *error) {
    static const struct factor factors[FACTORS] = {
        {"∂*y*/∂*h*_{2,1}", "(softmax − label) / 3", "the log-probabilities", 1, H2, false, 0, 0},
        {"∂*h*_{2,1}/∂*a*_{1,1}", "· *W*_{2}^{T}", "nothing: a parameter", H2, H1, false, 0, 0},
        {"∂*a*_{1,1}/∂*h*_{1,1}", "1 where *a*_{1,1} > 0, else 0", "one bit an entry, if *a*_{1,1} is not held", H1, H1,
         false, 0, 0},
        {"∂*h*_{1,1}/∂*W*_{1}", "*x*_{1}^{T} ·", "the datum *x*_{1}, or a sample of it", H1, D * H1, true, 0, 0},
        {"∂*h*_{2,1}/∂*W*_{2}", "*a*_{1,1}^{T} ·", "*a*_{1,1}, or a sample of it", H2, H1 * H2, true, 0, 0},
    };
    const struct keep exact = {.method = KEEP_EXACT, .fraction = 1},
                      tenth = {.method = KEEP_DIFFERENT, .fraction = FRACTION};
    double bytes[2][FACTORS];
    memcpy(k->factor, factors, sizeof factors);
    if (!held_on(k, &exact, bytes[0], error) || !held_on(k, &tenth, bytes[1], error)) return false;
    for (int f = 0; f < FACTORS; f++) k->factor[f].exact = bytes[0][f], k->factor[f].tenth = bytes[1][f];
    return true;
}

// ---- drawing ------------------------------------------------------------------------------------------------------

static void words(struct scene *scene, const struct style *style, double x, double y, const char *text, double size,
                  colour ink) {
    (void)style;
    scene_text(scene, x, y, text, size, ink, ANCHOR_START, FONT_SANS);
}

// ---- places -------------------------------------------------------------------------------------------------------

// As the paper draws it, which no layout finds: each datum a column, the weights beside them.
enum { ROW_Y, ROW_H2, ROW_A1, ROW_H1, ROW_X, ROWS };
static const double rows[ROWS] = {0, 100, 230, 330, 460}, columns[DATA] = {170, 340, 510};
static const double first_column = 0, last_column = 680;

static struct layout_node *node_of(const struct sketch *sketch, struct layout *layout, vertex v) {
    return &layout->node[sketch->node_of[v]];
}

static void place_vertices(const struct kept *k, const struct sketch *sketch, double unit, struct layout *layout) {
    double left = INFINITY, top = INFINITY;
    node_of(sketch, layout, k->w[0])->at = (struct point){first_column, rows[ROW_X]};
    node_of(sketch, layout, k->w[1])->at = (struct point){last_column, rows[ROW_A1]};
    node_of(sketch, layout, k->y)->at = (struct point){columns[DATA / 2], rows[ROW_Y]};
    for (int i = 0; i < DATA; i++) {
        node_of(sketch, layout, k->x[i])->at = (struct point){columns[i], rows[ROW_X]};
        node_of(sketch, layout, k->h1[i])->at = (struct point){columns[i], rows[ROW_H1]};
        node_of(sketch, layout, k->a1[i])->at = (struct point){columns[i], rows[ROW_A1]};
        node_of(sketch, layout, k->h2[i])->at = (struct point){columns[i], rows[ROW_H2]};
    }
    for (uint32_t n = 0; n < layout->node_count; n++) {
        struct layout_node *node = &layout->node[n];
        node->at.x *= unit, node->at.y *= unit;
        left = fmin(left, node->at.x - node->width / 2), top = fmin(top, node->at.y - node->height / 2);
    }
    layout->width = layout->height = 0;
    for (uint32_t n = 0; n < layout->node_count; n++) {
        struct layout_node *node = &layout->node[n];
        node->at.x -= left, node->at.y -= top;
        layout->width = fmax(layout->width, node->at.x + node->width / 2);
        layout->height = fmax(layout->height, node->at.y + node->height / 2);
    }
}

// Straight from centre to centre, before they are cut at the borders.
static bool place_edges(struct layout *layout) {
    for (uint32_t e = 0; e < layout->edge_count; e++) {
        struct layout_edge *edge = &layout->edge[e];
        struct point a = layout->node[edge->from].at, b = layout->node[edge->to].at, *p = mem_alloc(4, sizeof *p);
        if (!p) return false;
        for (int i = 0; i < 4; i++) p[i] = (struct point){a.x + (b.x - a.x) * i / 3, a.y + (b.y - a.y) * i / 3};
        mem_free(edge->point);
        edge->point = p;
        edge->point_count = 4;
    }
    layout_clip(layout);
    return true;
}

struct edge_place {
    struct layout_edge *edge;
    struct point from, to; // centres of its vertices
};

// At this share of the way: right of a vertical edge (side 1) or left of it (-1), above any other.
static void label_at(struct edge_place place, double share, double side) {
    struct layout_edge *edge = place.edge;
    double width = edge->label_width / 2, height = 0.4 * edge->label_height;
    double dx = place.to.x - place.from.x, dy = place.to.y - place.from.y;
    struct point at = {place.from.x + dx * share, place.from.y + dy * share};
    if (fabs(dx) < 1)
        at.x += side * width;
    else
        at.y -= height + width * fabs(dy / dx);
    edge->label = at;
}

// Labels of the weights' edges between two columns, of the others where none of those cross.
static void place_labels(const struct kept *k, const struct sketch *sketch, struct layout *layout) {
    static const double first[DATA] = {0.735, 0.4, 0.5}, second[DATA] = {0.5, 0.45, 0.72};
    for (uint32_t e = 0; e < layout->edge_count; e++) {
        struct layout_edge *edge = &layout->edge[e];
        struct edge_place place = {edge, layout->node[edge->from].at, layout->node[edge->to].at};
        label_at(place, 0.5, 1);
        for (int i = 0; i < DATA; i++) {
            if (edge->to == sketch->node_of[k->h1[i]] && edge->from == sketch->node_of[k->w[0]])
                label_at(place, (i + 0.5) / (i + 1), 1);
            else if (edge->to == sketch->node_of[k->h1[i]])
                label_at(place, first[i], 1);
            if (edge->to == sketch->node_of[k->h2[i]] && edge->from == sketch->node_of[k->w[1]])
                label_at(place, (DATA - i - 0.5) / (DATA - i), 1);
            else if (edge->to == sketch->node_of[k->h2[i]])
                label_at(place, second[i], -1);
        }
    }
}

static bool place(const struct kept *k, const struct sketch *sketch, struct layout *layout, struct error *error) {
    place_vertices(k, sketch, node_of(sketch, layout, k->x[0])->height / 44, layout);
    if (!place_edges(layout)) return error_memory(error);
    place_labels(k, sketch, layout);
    layout->message[0] = '\0'; // the layout that was asked for first does not matter
    return true;
}

// Both panels from one layout: what is lit is all that differs. Returns the height.
static bool draw_graphs(const struct kept *k, enum theme theme, double top, struct scene *scene, double *width,
                        double *height, char message[256], struct error *error) {
    struct view view = {.kind = VIEW_LCG,
                        .graph = k->graph,
                        .lcg = k->lcg,
                        .theme = theme,
                        .direction = DIRECTION_UP,
                        .values = true, // for tensors: their shapes
                        .collapsed = &k->frame,
                        .collapsed_count = 1};
    struct sketch sketch;
    struct drawing drawing;
    if (!sketch_make(&view, &sketch, error)) return false;
    bool ok = drawing_make(&view, &sketch, LABELS_NUMBERS, false, 1, &drawing, error);
    if (ok && !(ok = place(k, &sketch, &drawing.layout, error))) drawing_free(&drawing);
    *width = *height = 0;
    for (int panel = 0; ok && panel < 2; panel++) {
        struct scene part;
        scene_init(&part);
        drawing.second = panel ? &k->path[1] : NULL;
        drawing_paint(&drawing, panel ? &k->path[0] : NULL, panel, &part);
        double x0, y0, x1, y1;
        scene_bounds(&part, &x0, &y0, &x1, &y1);
        double scale = fmin(1, PANEL / (x1 - x0));
        scene_group(scene, TAG_PANEL, (uint32_t)panel, panel ? "the paths of one datum" : "three data");
        struct extent size = panel_place(scene, &part, GAP + panel * (*width + 2 * GAP), top, scale);
        scene_end(scene);
        *width = size.width, *height = size.height;
    }
    if (ok) snprintf(message, 256, "%s", drawing.layout.message);
    if (ok) drawing_free(&drawing);
    sketch_free(&sketch);
    return ok;
}

static void draw_table(const struct kept *k, const struct style *style, double top, struct scene *scene) {
    static const double column[] = {0, 150, 370, 500, 760, 860};
    static const char *const heads[] = {"factor", "the map",     "its shape", "what backward needs",
                                        "exact",  "a tenth kept"};
    double size = style->label_size * 1.15, line = 1.75 * size;
    char text[96];
    for (int c = 0; c < 6; c++) words(scene, style, GAP + column[c], top, heads[c], size, style->muted);
    for (int f = 0; f < FACTORS; f++) {
        const struct factor *factor = &k->factor[f];
        double y = top + (f + 1) * line;
        colour ink = !factor->sampled ? style->text : f == 3 ? style->accent_text : style->second_text;
        snprintf(text, sizeof text, factor->sampled ? "S_{*P*}[%s]" : "%s", factor->name);
        words(scene, style, GAP + column[0], y, text, size, ink);
        words(scene, style, GAP + column[1], y, factor->map, size, ink);
        snprintf(text, sizeof text, "%u × %u", factor->rows, factor->columns);
        words(scene, style, GAP + column[2], y, text, size, ink);
        words(scene, style, GAP + column[3], y, factor->held, size, ink);
        snprintf(text, sizeof text, "%.0f bytes", factor->exact);
        words(scene, style, GAP + column[4], y, text, size, ink);
        snprintf(text, sizeof text, "%.0f bytes", factor->tenth);
        words(scene, style, GAP + column[5], y, text, size, ink);
    }
}

static bool draw(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error) {
    const struct kept *k = chart->kept;
    const struct style *style = style_of(theme);
    double width, height, top = GAP + 2.6 * style->title_size, x0, y0, x1, y1;
    scene_init(scene);
    message[0] = '\0';
    bool ok = draw_graphs(k, theme, top, scene, &width, &height, message, error);
    const char *const titles[] = {"**(a)** **Two layers and a ReLU, for three data**",
                                  "**(b)** **The paths of a mini-batch: datum 1**"};
    const char *const captions[] = {"on each edge the shape of its map; all data share *W*_{1} and *W*_{2}",
                                    "orange: *W*_{1} – *h*_{1,1} – *a*_{1,1} – *h*_{2,1} – *y*; blue: *W*_{2} – "
                                    "*h*_{2,1} – *y*; both share the last edge"};
    for (int panel = 0; ok && panel < 2; panel++) {
        double x = GAP + panel * (width + 2 * GAP);
        words(scene, style, x, GAP, titles[panel], style->title_size, style->text);
        words(scene, style, x, GAP + 1.6 * style->label_size, captions[panel], style->label_size, style->muted);
    }
    top += (ok ? height : 0) + 1.6 * GAP;
    words(scene, style, GAP, top,
          "**The factors of these two paths, and what is held of datum 1 from forward to backward**", style->title_size,
          style->text);
    draw_table(k, style, top + 2 * style->label_size, scene);
    scene_bounds(scene, &x0, &y0, &x1, &y1);
    chart_draw_note(chart, style, GAP, y1 + GAP, scene);
    scene_bounds(scene, &x0, &y0, &x1, &y1);
    return chart_finish_page(chart, style, x1 + GAP, y1 + GAP, ok, scene, error);
}

// ---- the figure ---------------------------------------------------------------------------------------------------

static json_t *path_json(const struct kept *k, int which) {
    const struct lit_path *path = &k->path[which];
    json_t *list = json_array();
    char label[64];
    json_array_append_new(list, json_string(graph_label(k->graph, path->input, label)));
    for (uint32_t i = 0; i < path->length; i++) {
        vertex v = graph_edge_target(k->graph, path->edge[i]);
        if (k->graph->frame[v] != k->frame) json_array_append_new(list, json_string(graph_label(k->graph, v, label)));
    }
    json_array_append_new(list, json_string("y"));
    return list;
}

static bool add_data(struct chart *chart, const struct kept *k, uint64_t seed) {
    static const char *const names[FACTORS] = {"dy/dh2_1", "dh2_1/da1_1", "da1_1/dh1_1", "dh1_1/dW_1", "dh2_1/dW_2"};
    struct buffer csv = {0};
    json_t *factors = json_array();
    buffer_text(&csv, "factor,rows,columns,sampled,exact_bytes,tenth_bytes\n");
    for (int f = 0; f < FACTORS; f++) {
        const struct factor *factor = &k->factor[f];
        buffer_printf(&csv, "%s,%u,%u,%d,%.0f,%.0f\n", names[f], factor->rows, factor->columns, factor->sampled,
                      factor->exact, factor->tenth);
        json_array_append_new(factors,
                              json_pack("{s:s, s:i, s:i, s:b, s:I, s:I}", "factor", names[f], "rows", (int)factor->rows,
                                        "columns", (int)factor->columns, "sampled", factor->sampled, "exact",
                                        (json_int_t)factor->exact, "tenth", (json_int_t)factor->tenth));
    }
    json_t *record =
        json_pack("{s:s, s:i, s:I, s:i, s:[i,i,i], s:f, s:s, s:[o,o], s:o}", "kind", "figure", "figure", 3, "seed",
                  (json_int_t)seed, "data", DATA, "sizes", D, H1, H2, "keep", FRACTION, "method",
                  keep_names[KEEP_DIFFERENT], "paths", path_json(k, 0), path_json(k, 1), "factors", factors);
    chart->json = record ? json_dumps(record, JSON_COMPACT) : NULL;
    json_decref(record);
    chart->csv = csv.failed ? NULL : mem_text(buffer_string(&csv), csv.size);
    chart->state = mem_text(":figure 3\n", 10);
    buffer_free(&csv);
    return chart->json && chart->csv && chart->state;
}

struct chart *figure_3(struct session *session, int number, const struct figure_options *options, struct error *error) {
    (void)number, (void)options;
    char note[300];
    struct kept *k = mem_zero(1, sizeof *k);
    bool ok = (k || error_memory(error)) && make_graph(k, error);
    if (ok) {
        find_path(k, 0, (vertex[]){k->w[0], k->h1[0], k->a1[0], k->h2[0]}, 4);
        find_path(k, 1, (vertex[]){k->w[1], k->h2[0]}, 2);
        ok = count_factors(k, error);
    }
    snprintf(
        note, sizeof note,
        "D = %d, H₁ = %d, H₂ = %d; y is the mean of the losses (log-softmax and negative log-likelihood). Only the "
        "last factor of a path is sampled (S_P), once on each path: the others are exact.",
        D, H1, H2);
    struct chart *chart = ok ? chart_new("Figure 3: a network is a graph of matrices", note, error) : NULL;
    if (!chart) return free_kept(k), NULL;
    chart->draw = draw;
    chart->kept = k;
    chart->free_kept = free_kept;
    if (add_data(chart, k, session->settings.seed)) return chart;
    chart_free(chart);
    error_memory(error);
    return NULL;
}
