// Figure 5: how far each layer's gradient is from that of all data, by method, at several moments of training; beside
// it what each method remembers.
//
// The convolutional network is trained as the baseline is. What is measured is kept in figure-5.runs (lab/noise).
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/figure.h"
#include "app/train_command.h"
#include "lab/noise.h"

enum { LAYERS = 5, ESTIMATORS = 5, SIZES = 3, BATCH = 150 };
static const uint32_t sizes[SIZES] = {150, 22, 300};
static const struct estimator {
    const char *name;
    enum keep_method method;
    double fraction;
    int size;
} estimators[ESTIMATORS] = {
    {"baseline, batch 150", KEEP_EXACT, 1, 0},
    {"reduced batch, 22", KEEP_EXACT, 1, 1},
    {"same sample 0.1, 150", KEEP_SAME, .1, 0},
    {"different sample 0.1, 150", KEEP_DIFFERENT, .1, 0},
    {"different sample 0.1, 300", KEEP_DIFFERENT, .1, 2},
};

struct length {
    bool full;
    uint64_t checkpoint[NOISE_CHECKPOINTS], report;
    uint32_t checkpoints;
    uint32_t images; // of the full gradient, 0: all
    uint32_t draws;
};
static const struct length quick = {false, {0, 40, 200}, 20, 3, 3000, 16},
                           full = {true, {0, 1000, 10000, 50000, 100000}, 1000, 5, 0, 200};

struct work {
    const struct length *length;
    struct session *session;
    const char *folder;
    uint64_t seed;
    struct dataset data, test;
    struct network network[SIZES];
    struct noise_plan plan;
    struct noise_run *run;
};

static void free_work(struct work *w) {
    if (!w) return;
    noise_free(w->run);
    for (int s = 0; s < SIZES; s++) network_free(&w->network[s]);
    data_free(&w->data);
    data_free(&w->test);
    mem_free(w);
}

// ---- measuring ----------------------------------------------------------------------------------------------------

static const char *network_name(const struct work *w) { return w->folder ? "convolutional" : "convolutional_grey"; }

// As :train makes it, for each size of batch; the session then is as it was.
static bool make_networks(struct work *w, struct error *error) {
    struct session_mark *mark = session_mark(w->session);
    bool ok = mark || error_memory(error);
    for (int s = 0; ok && s < SIZES; s++)
        ok = network_make(w->session, network_name(w), &w->data, sizes[s], &w->network[s], error);
    if (mark && !session_return(w->session, mark, error)) ok = false;
    session_mark_free(mark);
    return ok;
}

static void make_plan(struct work *w) {
    const struct length *length = w->length;
    struct noise_plan *p = &w->plan;
    uint32_t images = length->images && length->images < w->data.count ? length->images : w->data.count;
    *p = (struct noise_plan){.train = {.batch = BATCH,
                                       .iterations = length->checkpoint[length->checkpoints - 1],
                                       .optimizer = OPTIMIZER_ADAM,
                                       .rate = .001240,
                                       .decay = 4.340514e-05,
                                       .gamma = .6,
                                       .drop = 10000,
                                       .report = length->report,
                                       .train_images = 100,
                                       .test_images = 100,
                                       .seed = w->seed,
                                       .keep = {.method = KEEP_EXACT, .fraction = 1}},
                             .network = &w->network[0],
                             .checkpoints = length->checkpoints,
                             .methods = ESTIMATORS,
                             .images = images - images % BATCH,
                             .draws = length->draws,
                             .seed = w->seed};
    memcpy(p->checkpoint, length->checkpoint, sizeof p->checkpoint);
    for (int e = 0; e < ESTIMATORS; e++)
        p->method[e] = (struct noise_method){{.method = estimators[e].method, .fraction = estimators[e].fraction},
                                             sizes[estimators[e].size],
                                             &w->network[estimators[e].size]};
}

static bool measure(struct work *w, struct error *error) {
    const char *name = w->folder ? "cifar10" : "fashion-mnist";
    if (!data_load(name, w->folder, false, &w->data, error) || !data_load(name, w->folder, true, &w->test, error) ||
        !make_networks(w, error))
        return false;
    make_plan(w);
    mkdir("figure-5.runs", 0777);
    w->run =
        noise_new(&w->plan, &w->data, &w->test, w->length->full ? "figure-5.runs/full" : "figure-5.runs/quick", error);
    if (w->run && noise_layers(w->run) != LAYERS)
        return error_set(error, ERROR_NAME, SPAN_NONE, "`%s` has %u layers W1, W2, ...; Figure 5 is of %d",
                         network_name(w), noise_layers(w->run), LAYERS);
    if (w->run && noise_go(w->run, error)) return true;
    if (error && error->kind == ERROR_INTERRUPT)
        error_hint(error, "what is done is kept in figure-5.runs; the same line goes on from there");
    return false;
}

// ---- the page -----------------------------------------------------------------------------------------------------

struct kept {
    uint32_t checkpoints;
    double held[ESTIMATORS]; // bytes
};

#define GAP 24.0
#define PANEL 440.0
#define HEIGHT 400.0
#define BARS 330.0

static void draw_bars(const struct kept *k, const struct style *style, double x, double y, struct scene *scene) {
    double most = 0, step = (HEIGHT - 90) / ESTIMATORS;
    char text[120];
    for (int e = 0; e < ESTIMATORS; e++) most = fmax(most, k->held[e]);
    scene_group(scene, TAG_PANEL, k->checkpoints, "memory");
    scene_text(scene, x, y + style->title_size + 5, "**held between forward and backward**", style->title_size,
               style->text, ANCHOR_START, FONT_SANS);
    for (int e = 0; e < ESTIMATORS; e++) {
        double top = y + 56 + e * step, width = most > 0 ? (BARS - 70) * k->held[e] / most : 0;
        colour ink = style->series[e % 8];
        scene_text(scene, x, top, estimators[e].name, style->label_size, ink, ANCHOR_START, FONT_SANS);
        scene_rect(scene, x, top + 5, width, step - 28, 1.5, ink, 0, 0);
        snprintf(text, sizeof text, "%.2f MB", k->held[e] / 1e6);
        scene_text(scene, x + width + 6, top + 5 + (step - 28) / 2 + 0.36 * style->label_size, text, style->label_size,
                   style->text, ANCHOR_START, FONT_SANS);
    }
    scene_end(scene);
}

static bool draw(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error) {
    const struct kept *k = chart->kept;
    const struct style *style = style_of(theme);
    bool ok = true;
    double x = GAP, head = GAP + 1.4 * style->title_size;
    scene_init(scene);
    message[0] = '\0';
    struct buffer text = {0};
    buffer_printf(&text, "**%s**", chart->title);
    scene_text(scene, x, head - 0.4 * style->title_size, buffer_string(&text), 1.2 * style->title_size, style->text,
               ANCHOR_START, FONT_SANS);
    for (uint32_t c = 0; ok && c < k->checkpoints; c++, x += PANEL + GAP / 2) {
        struct scene plot;
        scene_group(scene, TAG_PANEL, c, chart->panel[c].title);
        ok = chart_panel_scene(chart, c, theme, PANEL, HEIGHT, &plot, message, error);
        if (ok) scene_place(scene, &plot, x, head + GAP / 2, 1);
        scene_end(scene);
    }
    draw_bars(k, style, x + GAP, head + GAP / 2, scene);
    double y = chart_draw_note(chart, style, GAP, head + GAP / 2 + HEIGHT + GAP, scene);
    scene->failed |= text.failed;
    buffer_free(&text);
    return chart_finish_page(chart, style, x + BARS + 2 * GAP, y + GAP / 2, ok, scene, error);
}

static bool add_panel(struct chart *chart, const struct work *w, uint32_t c) {
    const struct noise_checkpoint *p = noise_at(w->run, c);
    char title[80];
    snprintf(title, sizeof title, "after %" PRIu64 " iterations, loss %.3g", w->plan.checkpoint[c], p->loss);
    struct chart_panel *panel = chart_panel(chart, title, "layer (1 to 4: convolutions, 5: fully connected)",
                                            c == 0 ? "mean squared distance from the gradient of all data" : "");
    for (int e = 0; panel && e < ESTIMATORS; e++) {
        struct chart_curve *curve = chart_curve(panel, estimators[e].name, LAYERS, true);
        if (!curve) return false;
        curve->marks = PLOT_BOTH;
        curve->colour = (uint32_t)e;
        for (uint32_t l = 0; l < LAYERS; l++) {
            double mean = noise_mean(&p->noise[e], l), bar = 2 * noise_error(&p->noise[e], l);
            curve->x[l] = l + 1;
            curve->y[l] = mean;
            curve->low[l] = fmax(mean - bar, mean / 10);
            curve->high[l] = mean + bar;
        }
    }
    if (panel) panel->log_y = true;
    return panel;
}

// The same plane for every checkpoint.
static void same_axes(struct chart *chart) {
    double low = INFINITY, high = 0;
    for (size_t p = 0; p < chart->panel_count; p++)
        for (size_t c = 0; c < chart->panel[p].curve_count; c++)
            for (size_t i = 0; i < chart->panel[p].curve[c].count; i++) {
                low = fmin(low, chart->panel[p].curve[c].low[i]);
                high = fmax(high, chart->panel[p].curve[c].high[i]);
            }
    for (size_t p = 0; p < chart->panel_count; p++)
        chart->panel[p].window = (struct plot_window){0.8, 5.2, low / 1.5, high * 1.5}, chart->panel[p].fixed = true;
}

static const char *const layer_names[LAYERS] = {"conv1", "conv2", "conv3", "conv4", "fc5"};

static void csv_checkpoint(const struct work *w, uint32_t c, struct buffer *csv) {
    const struct noise_checkpoint *p = noise_at(w->run, c);
    for (int e = 0; e < ESTIMATORS; e++)
        for (uint32_t l = 0; l < LAYERS; l++) {
            const struct noise *n = &p->noise[e];
            buffer_printf(csv, "%" PRIu64 ",%.9g,\"%s\",%s,%g,%u,%s,%.9g,%.9g,%.9g,%u,%" PRIu64 "\n",
                          w->plan.checkpoint[c], p->loss, estimators[e].name, keep_names[estimators[e].method],
                          estimators[e].fraction, sizes[estimators[e].size], layer_names[l], noise_mean(n, l),
                          noise_error(n, l), p->mean_square[l], n->draws, n->held);
        }
}

static void write_csv(const struct work *w, struct buffer *csv) {
    buffer_text(csv,
                "iteration,loss,estimator,method,keep,batch,layer,noise,standard_error,gradient_square,draws,held\n");
    for (uint32_t c = 0; c < w->plan.checkpoints; c++) csv_checkpoint(w, c, csv);
}

static json_t *noise_json(const struct noise *n, int e) {
    json_t *mean = json_array(), *error = json_array();
    for (uint32_t l = 0; l < LAYERS; l++) {
        json_array_append_new(mean, json_real(noise_mean(n, l)));
        json_array_append_new(error, json_real(noise_error(n, l)));
    }
    return json_pack("{s:s, s:s, s:f, s:i, s:I, s:o, s:o, s:I, s:I}", "name", estimators[e].name, "method",
                     keep_names[estimators[e].method], "keep", estimators[e].fraction, "batch",
                     (int)sizes[estimators[e].size], "draws", (json_int_t)n->draws, "noise", mean, "standard_error",
                     error, "held", (json_int_t)n->held, "predicted", (json_int_t)n->planned);
}

static json_t *checkpoint_json(const struct work *w, uint32_t c) {
    const struct noise_checkpoint *p = noise_at(w->run, c);
    json_t *square = json_array(), *list = json_array();
    for (uint32_t l = 0; l < LAYERS; l++) json_array_append_new(square, json_real(p->mean_square[l]));
    for (int e = 0; e < ESTIMATORS; e++) json_array_append_new(list, noise_json(&p->noise[e], e));
    return json_pack("{s:I, s:f, s:o, s:o}", "iteration", (json_int_t)w->plan.checkpoint[c], "loss", p->loss,
                     "mean_square", square, "estimators", list);
}

static json_t *record_of(const struct work *w, const char *note) {
    const struct train_options *o = &w->plan.train;
    json_t *list = json_array();
    for (uint32_t c = 0; c < w->plan.checkpoints; c++) json_array_append_new(list, checkpoint_json(w, c));
    return json_pack("{s:s, s:i, s:b, s:I, s:s, s:s, s:I, s:I, s:I, s:s, s:f, s:f, s:f, s:i, s:s, s:s, s:o}", "kind",
                     "figure", "figure", 5, "full", w->length->full, "seed", (json_int_t)w->seed, "network",
                     network_name(w), "data", w->data.name, "training_images", (json_int_t)w->data.count, "images",
                     (json_int_t)w->plan.images, "draws", (json_int_t)w->plan.draws, "optimizer",
                     optimizer_names[o->optimizer], "rate", o->rate, "decay", o->decay, "gamma", o->gamma, "drop",
                     (int)o->drop, "kernels", kernels_blas_name(), "note", note, "checkpoints", list);
}

static void write_note(const struct work *w, struct buffer *note) {
    buffer_printf(
        note,
        "%s, the paper's convolutional network%s, trained as the baseline (Adam, rate 0.00124, batch %d, seed "
        "%" PRIu64 "). Points: mean over %u batches of the mean squared distance of a layer's weights' "
        "gradient; bars: twice its standard error.\n",
        w->data.name, w->folder ? "" : " for one channel", BATCH, w->seed, w->plan.draws);
    buffer_printf(
        note,
        "The gradient of all data is that of %u of %u training images; batches are drawn from the same ones, the same "
        "for all methods of one size%s. Samples are with replacement, other ones in each batch.",
        w->plan.images, w->data.count,
        w->length->full ? "" : " (quick: `full` takes all of them, 200 batches, and up to 100,000 iterations)");
}

static bool finish(struct work *w, struct chart *chart, struct error *error) {
    struct buffer csv = {0}, state = {0};
    struct kept *k = mem_zero(1, sizeof *k);
    bool ok = k || error_memory(error);
    for (uint32_t c = 0; ok && c < w->plan.checkpoints; c++) ok = add_panel(chart, w, c) || error_memory(error);
    if (ok) same_axes(chart);
    chart->kept = k;
    chart->free_kept = mem_free;
    chart->draw = draw;
    if (k) k->checkpoints = w->plan.checkpoints;
    for (int e = 0; k && e < ESTIMATORS; e++) k->held[e] = (double)noise_at(w->run, 0)->noise[e].held;
    write_csv(w, &csv);
    buffer_printf(&state, ":set seed %" PRIu64 "\n:figure 5 %s%s%s\n", w->seed, w->length->full ? "full" : "quick",
                  w->folder ? " dir " : "", w->folder ? w->folder : "");
    json_t *record = record_of(w, chart->note);
    chart->json = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    chart->csv = csv.failed ? NULL : mem_text(buffer_string(&csv), csv.size);
    chart->state = state.failed ? NULL : mem_text(buffer_string(&state), state.size);
    json_decref(record);
    buffer_free(&csv);
    buffer_free(&state);
    return ok && ((chart->json && chart->csv && chart->state) || error_memory(error));
}

struct chart *figure_5(struct session *session, int number, const struct figure_options *options, struct error *error) {
    (void)number;
    struct work *w = mem_zero(1, sizeof *w);
    struct buffer note = {0};
    struct chart *chart = NULL;
    if (!w) return error_memory(error), NULL;
    w->length = options->full ? &full : &quick;
    w->session = session;
    w->folder = options->folder;
    w->seed = session->settings.seed;
    if (measure(w, error)) {
        write_note(w, &note);
        chart = chart_new("Figure 5: noise of the gradient, by layer", buffer_string(&note), error);
    }
    buffer_free(&note);
    if (chart && !finish(w, chart, error)) chart_free(chart), chart = NULL;
    free_work(w);
    return chart;
}
