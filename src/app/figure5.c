// Figure 5: how far each layer's gradient is from that of all data, by method, at several moments of training; beside
// it what each method remembers.
//
// The convolutional network is trained as the baseline is. At each checkpoint its parameters stay fixed: the gradient
// over all images is taken exactly, then every method estimates it as often as wanted, from batches drawn from the same
// images. What is done is kept in figure-5.runs, estimator by estimator.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/figure.h"
#include "app/train_command.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/task.h"

enum { LAYERS = 5, ESTIMATORS = 5, SIZES = 3, BATCH = 150, MOST_CHECKPOINTS = 5 };
static const uint32_t sizes[SIZES] = {150, 22, 300};
static const struct estimator {
    const char *name;
    enum keep_method method;
    double fraction;
    uint32_t batch;
} estimators[ESTIMATORS] = {
    {"baseline, batch 150", KEEP_EXACT, 1, 150},
    {"reduced batch, 22", KEEP_EXACT, 1, 22},
    {"same sample 0.1, 150", KEEP_SAME, .1, 150},
    {"different sample 0.1, 150", KEEP_DIFFERENT, .1, 150},
    {"different sample 0.1, 300", KEEP_DIFFERENT, .1, 300},
};

struct plan {
    bool full;
    uint64_t checkpoint[MOST_CHECKPOINTS], report;
    int checkpoints;
    uint32_t images; // of the full gradient, 0: all
    uint32_t draws;
};
static const struct plan quick_plan = {false, {0, 40, 200}, 20, 3, 3000, 16},
                         full_plan = {true, {0, 1000, 10000, 50000, 100000}, 1000, 5, 0, 200};

struct noise { // of one estimator at one checkpoint
    bool done;
    double mean[LAYERS], error[LAYERS]; // of the squared distance of an entry, and its standard error
    size_t held, planned;
};
struct checkpoint {
    bool done;                   // the full gradient's numbers below
    double loss, square[LAYERS]; // mean squared entry of the full gradient
    struct noise noise[ESTIMATORS];
};

struct work {
    const struct plan *plan;
    struct session *session;
    const char *folder;
    uint64_t seed;
    struct dataset data, test;
    struct network network[SIZES];
    struct train *train;
    struct train_options options;
    vertex image[SIZES], label[SIZES];
    vertex layer[SIZES][LAYERS];
    size_t count[LAYERS];
    double *exact[LAYERS]; // of the checkpoint in hand; NULL: not made
    uint32_t images, *index;
    struct checkpoint checkpoint[MOST_CHECKPOINTS];
    double done, total; // images that went forwards and backwards
    char state[80], results[80];
};

static void forget_exact(struct work *w) {
    for (int l = 0; l < LAYERS; l++) mem_free(w->exact[l]), w->exact[l] = NULL;
}

static void free_work(struct work *w) {
    if (!w) return;
    forget_exact(w);
    train_free(w->train);
    for (int s = 0; s < SIZES; s++) network_free(&w->network[s]);
    data_free(&w->data);
    data_free(&w->test);
    mem_free(w->index);
    mem_free(w);
}

// ---- results so far -----------------------------------------------------------------------------------------------

// What must be the same for the numbers to belong together.
static void identity(const struct work *w, char out[200]) {
    snprintf(out, 200, "figure 5, %s, %s of %u images, seed %" PRIu64 ", %u images, %u draws, %s",
             w->plan->full ? "full" : "quick", w->data.name, w->data.count, w->seed, w->images, w->plan->draws,
             kernels_blas_name());
}

static json_t *numbers(const double *value) {
    json_t *list = json_array();
    for (int l = 0; l < LAYERS; l++) json_array_append_new(list, json_real(value[l]));
    return list;
}

static bool read_numbers(const json_t *list, double *value) {
    for (size_t l = 0; l < LAYERS; l++) {
        const json_t *number = json_array_get(list, l);
        if (!json_is_number(number)) return false;
        value[l] = json_number_value(number);
    }
    return json_array_size(list) == LAYERS;
}

static json_t *noise_json(const struct noise *n, int e) {
    return json_pack("{s:s, s:s, s:f, s:i, s:o, s:o, s:I, s:I}", "name", estimators[e].name, "method",
                     keep_names[estimators[e].method], "keep", estimators[e].fraction, "batch",
                     (int)estimators[e].batch, "noise", numbers(n->mean), "standard_error", numbers(n->error), "held",
                     (json_int_t)n->held, "predicted", (json_int_t)n->planned);
}

// Every checkpoint of which anything is known.
static json_t *checkpoints_json(const struct work *w) {
    json_t *list = json_array();
    for (int c = 0; c < w->plan->checkpoints; c++) {
        const struct checkpoint *p = &w->checkpoint[c];
        json_t *done = json_array();
        if (!p->done) break;
        for (int e = 0; e < ESTIMATORS; e++)
            if (p->noise[e].done) json_array_append_new(done, noise_json(&p->noise[e], e));
        json_array_append_new(list, json_pack("{s:I, s:f, s:o, s:o}", "iteration", (json_int_t)w->plan->checkpoint[c],
                                              "loss", p->loss, "mean_square", numbers(p->square), "estimators", done));
    }
    return list;
}

static bool save_results(const struct work *w, struct error *error) {
    char id[200];
    identity(w, id);
    json_t *root = json_pack("{s:s, s:o}", "identity", id, "checkpoints", checkpoints_json(w));
    char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    bool ok = text ? file_write(w->results, text, strlen(text), error) : error_memory(error);
    free(text);
    json_decref(root);
    return ok;
}

static bool read_noise(const json_t *from, struct checkpoint *p) {
    const char *name = json_string_value(json_object_get(from, "name"));
    for (int e = 0; name && e < ESTIMATORS; e++) {
        struct noise *n = &p->noise[e];
        if (strcmp(estimators[e].name, name) != 0) continue;
        n->held = (size_t)json_integer_value(json_object_get(from, "held"));
        n->planned = (size_t)json_integer_value(json_object_get(from, "predicted"));
        return n->done = read_numbers(json_object_get(from, "noise"), n->mean) &&
                         read_numbers(json_object_get(from, "standard_error"), n->error);
    }
    return false;
}

// What cannot be read, or is of other data, another seed or another length, is measured again.
static void load_results(struct work *w) {
    char id[200];
    size_t size, at;
    struct error none = {0};
    char *text = file_read(w->results, &size, &none);
    json_t *root = text ? json_loadb(text, size, 0, NULL) : NULL, *item, *noise;
    const char *was = json_string_value(json_object_get(root, "identity"));
    identity(w, id);
    if (was && strcmp(was, id) == 0) json_array_foreach(json_object_get(root, "checkpoints"), at, item) {
            size_t k;
            if ((int)at >= w->plan->checkpoints) break;
            struct checkpoint *p = &w->checkpoint[at];
            p->loss = json_number_value(json_object_get(item, "loss"));
            p->done = read_numbers(json_object_get(item, "mean_square"), p->square);
            json_array_foreach(json_object_get(item, "estimators"), k, noise) read_noise(noise, p);
        }
    error_clear(&none);
    mem_free(text);
    json_decref(root);
}

// ---- the network --------------------------------------------------------------------------------------------------

static bool find_layers(struct work *w, int s, struct error *error) {
    const struct graph *g = w->network[s].train;
    w->image[s] = w->label[s] = VERTEX_NONE;
    for (int l = 0; l < LAYERS; l++) w->layer[s][l] = VERTEX_NONE;
    for (uint32_t i = 0; i < g->input_count; i++) {
        vertex v = g->input[i];
        const char *name = g->name[v] ? symbol_text(g->symbols, g->name[v]) : "";
        if (graph_is_labels(g, v)) w->label[s] = v;
        if (!graph_is_labels(g, v) && !graph_is_parameter(g, v)) w->image[s] = v;
        for (int l = 0; l < LAYERS; l++)
            if (name[0] == 'W' && name[1] == '1' + l && !name[2]) w->layer[s][l] = v;
    }
    for (int l = 0; l < LAYERS; l++) {
        if (w->layer[s][l] == VERTEX_NONE)
            return error_set(error, ERROR_NAME, SPAN_NONE, "the network has no parameter W%d", l + 1);
        w->count[l] = (size_t)shape_count(graph_shape(g, w->layer[s][l]));
    }
    return true;
}

// As :train makes it, for each size of batch; the session then is as it was.
static bool make_networks(struct work *w, struct error *error) {
    const char *name = w->folder ? "convolutional" : "convolutional_grey";
    struct session_mark *mark = session_mark(w->session);
    bool ok = mark || error_memory(error);
    for (int s = 0; ok && s < SIZES; s++)
        ok = network_make(w->session, name, &w->data, sizes[s], &w->network[s], error) && find_layers(w, s, error);
    if (mark && !session_return(w->session, mark, error)) ok = false;
    session_mark_free(mark);
    return ok;
}

static bool make_training(struct work *w, struct error *error) {
    w->options = (struct train_options){.batch = BATCH,
                                        .iterations = w->plan->checkpoint[w->plan->checkpoints - 1],
                                        .optimizer = OPTIMIZER_ADAM,
                                        .rate = .001240,
                                        .decay = 4.340514e-05,
                                        .gamma = .6,
                                        .drop = 10000,
                                        .report = w->plan->report,
                                        .train_images = 100,
                                        .test_images = 100,
                                        .seed = w->seed,
                                        .keep = {.method = KEEP_EXACT, .fraction = 1}};
    train_free(w->train);
    w->train = train_new(&w->network[0], &w->data, &w->test, &w->options, error);
    return w->train;
}

static bool open_work(struct work *w, struct error *error) {
    const char *name = w->folder ? "cifar10" : "fashion-mnist";
    if (!data_load(name, w->folder, false, &w->data, error) || !data_load(name, w->folder, true, &w->test, error))
        return false;
    w->images = w->plan->images && w->plan->images < w->data.count ? w->plan->images : w->data.count;
    w->images -= w->images % BATCH; // whole batches
    w->index = mem_alloc(sizes[2], sizeof *w->index);
    if (!w->index) return error_memory(error);
    mkdir("figure-5.runs", 0777);
    snprintf(w->state, sizeof w->state, "figure-5.runs/%s.run", w->plan->full ? "full" : "quick");
    snprintf(w->results, sizeof w->results, "figure-5.runs/%s.json", w->plan->full ? "full" : "quick");
    load_results(w);
    if (!make_networks(w, error) || !make_training(w, error)) return false;
    struct error missing = {0};
    struct stat status;
    if (stat(w->state, &status) == 0 && !train_load(w->train, w->state, &missing)) error_clear(&missing);
    return true;
}

// ---- measuring ----------------------------------------------------------------------------------------------------

static bool went_on(struct work *w, double images, struct error *error) {
    w->done += images;
    task_progress("measuring the noise of gradients", w->done, w->total);
    return !task_interrupted() || error_interrupt(error);
}

// The checkpoint's parameters into a tape for batches of size s.
static struct tape *tape_for(struct work *w, int s, const struct keep *keep, struct error *error) {
    const struct graph *from = w->network[0].train, *to = w->network[s].train;
    struct tape *tape = tape_new(to, to->output, 1, NUMBER_FLOAT, keep, error);
    if (!tape || !tape_fill(tape, w->seed, error)) return tape_free(tape), NULL;
    for (uint32_t i = 0; i < to->input_count; i++) { // the inputs of all of them come in the same order
        const float *value = train_parameter(w->train, from->input[i]);
        size_t size = (size_t)shape_count(graph_shape(to, to->input[i])) * sizeof(float);
        if (value) memcpy(tape_input(tape, to->input[i]), value, size);
    }
    return tape;
}

static bool run_batch(struct work *w, struct tape *tape, int s, uint64_t run, double *loss, struct error *error) {
    data_batch(&w->data, w->index, sizes[s], tape_input(tape, w->image[s]), tape_input(tape, w->label[s]));
    if (!tape_forward(tape, run, error)) return false;
    *loss = tape_number(tape, 0); // backward uses it up
    return tape_backward(tape, error);
}

// The gradient over all images, batch by batch.
static bool take_exact(struct work *w, struct checkpoint *p, struct error *error) {
    struct keep keep = {.method = KEEP_EXACT, .fraction = 1};
    struct tape *tape = tape_for(w, 0, &keep, error);
    uint32_t batches = w->images / BATCH;
    bool ok = tape != NULL;
    p->loss = 0;
    for (int l = 0; ok && l < LAYERS; l++)
        if (!(w->exact[l] = mem_zero(w->count[l], sizeof(double)))) ok = error_memory(error);
    for (uint32_t b = 0; ok && b < batches; b++) {
        for (uint32_t i = 0; i < BATCH; i++) w->index[i] = b * BATCH + i;
        double loss = 0;
        ok = run_batch(w, tape, 0, b, &loss, error);
        p->loss += loss / batches;
        for (int l = 0; ok && l < LAYERS; l++) {
            const float *g = tape_gradient(tape, w->layer[0][l]);
            for (size_t i = 0; i < w->count[l]; i++) w->exact[l][i] += (double)g[i] / batches;
        }
        ok = ok && went_on(w, BATCH, error);
    }
    for (int l = 0; ok && l < LAYERS; l++) {
        p->square[l] = 0;
        for (size_t i = 0; i < w->count[l]; i++) p->square[l] += w->exact[l][i] * w->exact[l][i] / (double)w->count[l];
    }
    tape_free(tape);
    if (!ok) forget_exact(w);
    return ok;
}

static bool estimate(struct work *w, int c, int e, struct noise *n, struct error *error) {
    static const char name[] = "figure 5";
    const struct estimator *how = &estimators[e];
    int s = how->batch == sizes[0] ? 0 : how->batch == sizes[1] ? 1 : 2;
    struct keep keep = {.method = how->method, .fraction = how->fraction, .seed = w->seed};
    struct tape *tape = tape_for(w, s, &keep, error);
    double sum[LAYERS] = {0}, square[LAYERS] = {0};
    bool ok = tape != NULL;
    for (uint32_t d = 0; ok && d < w->plan->draws; d++) {
        struct rng rng = rng_at(rng_key(w->seed, rng_hash(name, sizeof name, 0)), d, (uint32_t)(c * ESTIMATORS + e));
        for (uint32_t i = 0; i < how->batch; i++) w->index[i] = (uint32_t)rng_below(&rng, w->images);
        double loss;
        ok = run_batch(w, tape, s, (uint64_t)c * w->plan->draws + d, &loss, error);
        for (int l = 0; ok && l < LAYERS; l++) {
            const float *g = tape_gradient(tape, w->layer[s][l]);
            double mean = 0;
            for (size_t i = 0; i < w->count[l]; i++)
                mean += ((double)g[i] - w->exact[l][i]) * ((double)g[i] - w->exact[l][i]) / (double)w->count[l];
            sum[l] += mean;
            square[l] += mean * mean;
        }
        ok = ok && went_on(w, how->batch, error);
    }
    double draws = w->plan->draws;
    for (int l = 0; ok && l < LAYERS; l++) {
        n->mean[l] = sum[l] / draws;
        n->error[l] = sqrt(fmax(0, square[l] / draws - n->mean[l] * n->mean[l]) / (draws - 1));
    }
    if (ok) n->held = tape_held(tape), n->planned = tape_planned(tape), n->done = true;
    tape_free(tape);
    return ok;
}

static bool train_to(struct work *w, uint64_t iteration, struct error *error) {
    // Measured results were lost, or the state is ahead of them: from the start again.
    if (train_iteration(w->train) > iteration && !make_training(w, error)) return false;
    while (train_iteration(w->train) < iteration) {
        uint64_t before = train_iteration(w->train);
        bool ok =
            train_on(w->train, 0.5, error) && went_on(w, BATCH * (double)(train_iteration(w->train) - before), error);
        if (!ok && error->kind == ERROR_INTERRUPT) {
            struct error lost = {0};
            if (!train_save(w->train, w->state, &lost)) error_clear(&lost);
        }
        if (!ok) return false;
        if (train_iteration(w->train) % w->plan->report == 0 && !train_save(w->train, w->state, error)) return false;
    }
    return true;
}

static bool is_done(const struct checkpoint *p) {
    bool done = p->done;
    for (int e = 0; e < ESTIMATORS; e++) done &= p->noise[e].done;
    return done;
}

static bool measure(struct work *w, int c, struct error *error) {
    struct checkpoint *p = &w->checkpoint[c];
    if (is_done(p)) return true;
    if (!train_to(w, w->plan->checkpoint[c], error) || !take_exact(w, p, error)) return false;
    p->done = true;
    bool ok = save_results(w, error);
    for (int e = 0; ok && e < ESTIMATORS; e++)
        if (!p->noise[e].done) ok = estimate(w, c, e, &p->noise[e], error) && save_results(w, error);
    forget_exact(w);
    return ok;
}

// What is left, in images, for the progress.
static void count_work(struct work *w) {
    uint64_t reached = train_iteration(w->train), from = reached;
    for (int c = 0; c < w->plan->checkpoints; c++) {
        if (is_done(&w->checkpoint[c])) continue;
        uint64_t to = w->plan->checkpoint[c];
        if (from > to) from = 0;
        w->total += (double)(to - from) * BATCH + w->images;
        from = to;
        for (int e = 0; e < ESTIMATORS; e++)
            w->total += w->checkpoint[c].noise[e].done ? 0 : (double)w->plan->draws * estimators[e].batch;
    }
}

// ---- the page -----------------------------------------------------------------------------------------------------

struct kept {
    int checkpoints;
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
    scene_group(scene, TAG_PANEL, (uint32_t)k->checkpoints, "memory");
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
    for (int c = 0; ok && c < k->checkpoints; c++, x += PANEL + GAP / 2) {
        struct scene plot;
        scene_group(scene, TAG_PANEL, (uint32_t)c, chart->panel[c].title);
        ok = chart_panel_scene(chart, (size_t)c, theme, PANEL, HEIGHT, &plot, message, error);
        if (ok) scene_place(scene, &plot, x, head + GAP / 2, 1);
        scene_end(scene);
    }
    draw_bars(k, style, x + GAP, head + GAP / 2, scene);
    // The note in as many lines as it has.
    double y = head + GAP / 2 + HEIGHT + GAP;
    for (const char *line = chart->note; *line; y += 1.5 * style->label_size) {
        size_t size = strcspn(line, "\n");
        char part[600];
        snprintf(part, sizeof part, "%.*s", (int)size, line);
        buffer_clear(&text);
        scene_escape(&text, part);
        scene_text(scene, GAP, y, buffer_string(&text), style->label_size, style->muted, ANCHOR_START, FONT_SANS);
        line += size + (line[size] == '\n');
    }
    scene->failed |= text.failed;
    buffer_free(&text);
    scene->width = x + BARS + 2 * GAP;
    scene->height = y + GAP / 2;
    scene->background = style->background;
    scene->title = mem_text(chart->title, strlen(chart->title));
    scene->description = mem_text(chart->note, strlen(chart->note));
    ok = ok && (!scene->failed && scene->title && scene->description ? true : error_memory(error));
    if (!ok) scene_clear(scene);
    return ok;
}

static bool add_panel(struct chart *chart, const struct work *w, int c) {
    const struct checkpoint *p = &w->checkpoint[c];
    char title[80];
    snprintf(title, sizeof title, "after %" PRIu64 " iterations, loss %.3g", w->plan->checkpoint[c], p->loss);
    struct chart_panel *panel = chart_panel(chart, title, "layer (1 to 4: convolutions, 5: fully connected)",
                                            c == 0 ? "mean squared distance from the gradient of all data" : "");
    for (int e = 0; panel && e < ESTIMATORS; e++) {
        struct chart_curve *curve = chart_curve(panel, estimators[e].name, LAYERS, true);
        if (!curve) return false;
        curve->marks = PLOT_BOTH;
        curve->colour = (uint32_t)e;
        for (int l = 0; l < LAYERS; l++) {
            const struct noise *n = &p->noise[e];
            curve->x[l] = l + 1;
            curve->y[l] = n->mean[l];
            curve->low[l] = fmax(n->mean[l] - 2 * n->error[l], n->mean[l] / 10);
            curve->high[l] = n->mean[l] + 2 * n->error[l];
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
            for (size_t i = 0; i < LAYERS; i++) {
                low = fmin(low, chart->panel[p].curve[c].low[i]);
                high = fmax(high, chart->panel[p].curve[c].high[i]);
            }
    for (size_t p = 0; p < chart->panel_count; p++)
        chart->panel[p].window = (struct plot_window){0.8, 5.2, low / 1.5, high * 1.5}, chart->panel[p].fixed = true;
}

static void write_csv(const struct work *w, struct buffer *csv) {
    static const char *const names[LAYERS] = {"conv1", "conv2", "conv3", "conv4", "fc5"};
    buffer_text(csv,
                "iteration,loss,estimator,method,keep,batch,layer,noise,standard_error,gradient_square,draws,held\n");
    for (int c = 0; c < w->plan->checkpoints; c++)
        for (int e = 0; e < ESTIMATORS; e++)
            for (int l = 0; l < LAYERS; l++) {
                const struct checkpoint *p = &w->checkpoint[c];
                const struct noise *n = &p->noise[e];
                buffer_printf(csv, "%" PRIu64 ",%.9g,\"%s\",%s,%g,%u,%s,%.9g,%.9g,%.9g,%u,%zu\n",
                              w->plan->checkpoint[c], p->loss, estimators[e].name, keep_names[estimators[e].method],
                              estimators[e].fraction, estimators[e].batch, names[l], n->mean[l], n->error[l],
                              p->square[l], w->plan->draws, n->held);
            }
}

static void write_note(const struct work *w, struct buffer *note) {
    buffer_printf(
        note,
        "%s, the paper's convolutional network%s, trained as the baseline (Adam, rate 0.00124, batch %d, seed "
        "%" PRIu64 "). Points: mean over %u batches of the mean squared distance of a layer's weights' "
        "gradient; bars: twice its standard error.\n",
        w->data.name, w->folder ? "" : " for one channel", BATCH, w->seed, w->plan->draws);
    buffer_printf(
        note,
        "The gradient of all data is that of %u of %u training images; batches are drawn from the same ones%s. "
        "Samples are with replacement, other ones in each batch.",
        w->images, w->data.count,
        w->plan->full ? "" : " (quick: `full` takes all of them, 200 batches, and up to 100,000 iterations)");
}

static bool finish(struct work *w, struct chart *chart, struct error *error) {
    struct buffer csv = {0}, state = {0};
    struct kept *k = mem_zero(1, sizeof *k);
    bool ok = k || error_memory(error);
    for (int c = 0; ok && c < w->plan->checkpoints; c++) ok = add_panel(chart, w, c) || error_memory(error);
    if (ok) same_axes(chart);
    chart->kept = k;
    chart->free_kept = mem_free;
    chart->draw = draw;
    if (k) k->checkpoints = w->plan->checkpoints;
    for (int e = 0; k && e < ESTIMATORS; e++) k->held[e] = (double)w->checkpoint[0].noise[e].held;
    write_csv(w, &csv);
    buffer_printf(&state, ":set seed %" PRIu64 "\n:figure 5 %s%s%s\n", w->seed, w->plan->full ? "full" : "quick",
                  w->folder ? " dir " : "", w->folder ? w->folder : "");
    json_t *record = json_pack("{s:s, s:i, s:b, s:I, s:s, s:s, s:I, s:I, s:I, s:s, s:f, s:f, s:f, s:i, s:s, s:o}",
                               "kind", "figure", "figure", 5, "full", w->plan->full, "seed", (json_int_t)w->seed,
                               "network", w->folder ? "convolutional" : "convolutional_grey", "data", w->data.name,
                               "training_images", (json_int_t)w->data.count, "images", (json_int_t)w->images, "draws",
                               (json_int_t)w->plan->draws, "optimizer", optimizer_names[w->options.optimizer], "rate",
                               w->options.rate, "decay", w->options.decay, "gamma", w->options.gamma, "drop",
                               (int)w->options.drop, "note", chart->note, "checkpoints", checkpoints_json(w));
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
    w->plan = options->full ? &full_plan : &quick_plan;
    w->session = session;
    w->folder = options->folder;
    w->seed = session->settings.seed;
    bool ok = open_work(w, error);
    if (ok) count_work(w);
    for (int c = 0; ok && c < w->plan->checkpoints; c++) ok = measure(w, c, error);
    if (!ok && error && error->kind == ERROR_INTERRUPT)
        error_hint(error, "what is done is kept in figure-5.runs; the same line goes on from there");
    if (ok) write_note(w, &note);
    if (ok) chart = chart_new("Figure 5: noise of the gradient, by layer", buffer_string(&note), error);
    buffer_free(&note);
    if (chart && !finish(w, chart, error)) chart_free(chart), chart = NULL;
    free_work(w);
    return chart;
}
