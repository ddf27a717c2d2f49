// Figure 2: independent paths, interleaved paths, and the interleaved ones as vectors, each with the variance of
// sampling it below.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/figure.h"
#include "app/variance.h"
#include "base/task.h"
#include "show/panel.h"

enum { PANELS = 3, GRAPHS = 100 };
#define COLUMN 470.0     // points
#define PLOT_WIDTH 400.0 // without the labels at its right
#define PLOT_HEIGHT 330.0
#define GAP 26.0

static const char *const titles[PANELS] = {"Independent paths", "Interleaved paths", "The same, as vectors"};
static const char *const captions[PANELS] = {"K of 10 paths: the variance does not grow with the depth *L*",
                                             "K of 10^{*L*} paths: it grows as 10^{*L*} / K",
                                             "K of 10 entries at every layer: it grows as (1 + 9/K)^{*L*}"};
// The same weights everywhere: random signs over the root of the width, so that every path has the same size. Means
// over graphs, since one derivative may happen to be almost 0.
static const char *const recipes[PANELS] = {
    "independent depth 1..16 width 10 keep 1,3,5 samples %d graphs %d weights rademacher relative uniform",
    "interleaved depth 1..16 width 10 keep 1,3,5 samples %d graphs %d weights rademacher relative uniform",
    "vector depth 1..16 width 10 keep 1,3,5 samples %d graphs %d weights rademacher relative vertices",
};

struct kept {
    struct symbols *symbols;
    struct graph *graph[PANELS]; // three wide, three deep, as the paper draws them
};

static void free_kept(void *data) {
    struct kept *kept = data;
    for (int i = 0; kept && i < PANELS; i++) graph_drop(kept->graph[i]);
    if (kept) symbols_free(kept->symbols);
    mem_free(kept);
}

static struct kept *make_graphs(struct error *error) {
    struct kept *kept = mem_zero(1, sizeof *kept);
    if (kept) kept->symbols = symbols_new();
    if (!kept || !kept->symbols) return free_kept(kept), error_memory(error), NULL;
    for (int i = 0; i < PANELS; i++) {
        struct pattern pattern = {.kind = (enum pattern_kind)i, .width = 3, .depth = 3, .weights = WEIGHTS_ONES};
        kept->graph[i] = pattern_graph(&pattern, kept->symbols, 1000, error);
        if (!kept->graph[i]) return free_kept(kept), NULL;
    }
    return kept;
}

// ---- drawing ------------------------------------------------------------------------------------------------------

static bool graph_scene(const struct kept *kept, int i, enum theme theme, struct scene *scene, struct error *error) {
    uint32_t layers[64], count = 0;
    const struct graph *graph = kept->graph[i];
    for (uint32_t f = 1; i == PATTERN_VECTOR && f < graph->frame_count && count < 64; f++)
        if (graph->frames[f].kind == FRAME_LAYER) layers[count++] = f;
    struct view view = {.kind = VIEW_PRIMAL,
                        .graph = graph,
                        .theme = theme,
                        .direction = DIRECTION_RIGHT,
                        .names_only = true,
                        .collapsed = layers,
                        .collapsed_count = count};
    char message[256];
    return diagram_scene(&view, scene, message, error);
}

// The three graphs in one scale, each above its plot.
struct graphs {
    struct scene part[PANELS];
    double scale, height;
};

static bool draw_graphs(const struct kept *kept, enum theme theme, struct graphs *graphs, struct error *error) {
    double widest = 1, tallest = 1;
    for (int i = 0; i < PANELS; i++) scene_init(&graphs->part[i]);
    for (int i = 0; i < PANELS; i++) {
        if (!graph_scene(kept, i, theme, &graphs->part[i], error)) return false;
        widest = fmax(widest, graphs->part[i].width);
        tallest = fmax(tallest, graphs->part[i].height);
    }
    graphs->scale = fmin(1, PLOT_WIDTH / widest);
    graphs->height = graphs->scale * tallest;
    return true;
}

static void free_graphs(struct graphs *graphs) {
    for (int i = 0; i < PANELS; i++) scene_clear(&graphs->part[i]);
}

static void place_graph(struct graphs *graphs, int i, double x, double y, struct scene *scene) {
    double left = x + GAP + (PLOT_WIDTH - graphs->scale * graphs->part[i].width) / 2;
    panel_place(scene, &graphs->part[i], left, y + (graphs->height - graphs->scale * graphs->part[i].height) / 2,
                graphs->scale);
}

static void draw_words(const struct style *style, int i, double x, double y, struct scene *scene) {
    char text[160];
    snprintf(text, sizeof text, "**(%c)** **%s**", 'a' + i, titles[i]);
    scene_text(scene, x + GAP, y, text, style->title_size, style->text, ANCHOR_START, FONT_SANS);
    scene_text(scene, x + GAP, y + 1.5 * style->label_size + 4, captions[i], style->label_size, style->muted,
               ANCHOR_START, FONT_SANS);
}

static bool draw(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error) {
    const struct style *style = style_of(theme);
    double head = GAP + style->title_size, words = 2.4 * style->title_size;
    struct graphs graphs;
    scene_init(scene);
    message[0] = '\0';
    bool ok = draw_graphs(chart->kept, theme, &graphs, error);
    for (int i = 0; ok && i < PANELS; i++) {
        struct scene plot;
        double x = i * COLUMN, y = head + words;
        scene_group(scene, TAG_PANEL, (uint32_t)i, titles[i]);
        draw_words(style, i, x, head, scene);
        place_graph(&graphs, i, x, y, scene);
        y += graphs.height;
        ok = chart_panel_scene(chart, (size_t)i, theme, COLUMN, PLOT_HEIGHT, &plot, message, error);
        if (ok) scene_place(scene, &plot, x, y, 1);
        scene_end(scene);
    }
    free_graphs(&graphs);
    double bottom = head + words + graphs.height + PLOT_HEIGHT + GAP;
    chart_draw_note(chart, style, GAP, bottom, scene);
    return chart_finish_page(chart, style, PANELS * COLUMN, bottom + GAP, ok, scene, error);
}

// ---- measuring ----------------------------------------------------------------------------------------------------

// How far the sweeps are: after Ctrl-C in one, those behind it are not begun.
struct cells {
    size_t done, all;
    bool stopped;
};

static bool run_sweep(struct variance *v, struct cells *cells, struct error *error) {
    struct error failed = {0};
    bool ok = cells->stopped || variance_run(v, &failed);
    if (!ok && failed.kind == ERROR_INTERRUPT && cells->done) { // the panels before have something
        task_begin();
        ok = true;
    }
    size_t done = 0;
    for (size_t c = 0; c < v->sweep.cell_count; c++) done += v->sweep.cell[c].done;
    cells->done += done;
    cells->all += v->sweep.cell_count;
    cells->stopped |= done < v->sweep.cell_count;
    if (!ok) *error = failed;
    return ok;
}

static bool add_sweep(struct session *session, struct chart *chart, int i, bool full, struct cells *cells,
                      struct buffer *csv, json_t *sweeps, struct error *error) {
    char recipe[240];
    struct words *words = mem_zero(1, sizeof *words);
    struct variance *v = words ? mem_zero(1, sizeof *v) : NULL;
    snprintf(recipe, sizeof recipe, recipes[i], full ? 20000 : 200, GRAPHS);
    char *copy = v ? command_words(recipe, words, error) : NULL;
    bool ok = v ? copy != NULL : error_memory(error);
    ok = ok && variance_read(v, session, words, error) && run_sweep(v, cells, error) &&
         variance_panels(v, chart, "", error) && (variance_csv(v, csv) || error_memory(error)) &&
         (json_array_append_new(sweeps, variance_json(v)) == 0 || error_memory(error));
    if (v) variance_free(v);
    mem_free(v);
    mem_free(copy);
    mem_free(words);
    return ok;
}

// All plots show the same part of the plane, so that they can be compared.
static void same_axes(struct chart *chart) {
    double low = INFINITY, high = 0;
    for (size_t p = 0; p < chart->panel_count; p++)
        for (size_t c = 0; c < chart->panel[p].curve_count; c++)
            for (size_t i = 0; i < chart->panel[p].curve[c].count; i++) {
                double y = chart->panel[p].curve[c].y[i];
                if (y > 0 && isfinite(y)) low = fmin(low, y), high = fmax(high, y);
            }
    for (size_t p = 0; p < chart->panel_count; p++)
        chart->panel[p].window = (struct plot_window){0, 17, low / 2, high * 2}, chart->panel[p].fixed = true;
}

static bool tell_stopped(struct chart *chart, const struct cells *cells, struct buffer *note, struct error *error) {
    buffer_printf(note, " Stopped: %zu of %zu cells are done.", cells->done, cells->all);
    char *text = mem_text(buffer_string(note), note->size);
    if (!text || note->failed) return mem_free(text), error_memory(error);
    mem_free(chart->note);
    chart->note = text;
    return true;
}

struct chart *figure_2(struct session *session, int number, const struct figure_options *options, struct error *error) {
    bool full = options->full;
    (void)number;
    struct buffer csv = {0}, note = {0};
    json_t *sweeps = json_array();
    buffer_printf(&note,
                  "Width 10. Lines: exact, the mean over %d graphs with weights ±1/√10. Points: measured from %s "
                  "estimates. Seed %llu%s.",
                  GRAPHS, full ? "2,000,000" : "20,000", (unsigned long long)session->settings.seed,
                  full ? "" : " (quick; :figure 2 full measures 100 times as many)");
    struct chart *chart = chart_new("Figure 2: paths, and the variance of sampling them", buffer_string(&note), error);
    bool ok = chart && sweeps;
    struct cells cells = {0};
    for (int i = 0; ok && i < PANELS; i++) ok = add_sweep(session, chart, i, full, &cells, &csv, sweeps, error);
    if (ok && cells.stopped) ok = tell_stopped(chart, &cells, &note, error);
    if (ok) same_axes(chart);
    if (ok) ok = (chart->kept = make_graphs(error)) != NULL;
    json_t *record = json_pack("{s:s, s:i, s:b, s:I, s:O}", "kind", "figure", "figure", 2, "full", full, "seed",
                               (json_int_t)session->settings.seed, "sweeps", sweeps);
    if (record && cells.stopped) json_object_set_new(record, "interrupted_of", json_integer((json_int_t)cells.all));
    if (ok) {
        chart->draw = draw;
        chart->free_kept = free_kept;
        chart->json = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
        chart->csv = csv.failed ? NULL : mem_text(buffer_string(&csv), csv.size);
        buffer_clear(&note);
        buffer_printf(&note, ":set seed %llu\n:figure 2 %s\n", (unsigned long long)session->settings.seed,
                      full ? "full" : "quick");
        chart->state = mem_text(buffer_string(&note), note.size);
        ok = (chart->json && chart->csv && chart->state) || error_memory(error);
    }
    json_decref(record);
    json_decref(sweeps);
    buffer_free(&csv);
    buffer_free(&note);
    if (ok) return chart;
    chart_free(chart);
    return NULL;
}
