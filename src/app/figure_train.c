// Figures 6, 8, 9 and 10: training with less remembered, by the paper's recipes (rates and decays as its authors tuned
// them for each method).
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/figure.h"
#include "app/lesson.h"
#include "app/train_command.h"
#include "app/window.h"
#include "base/task.h"

enum { MOST_RUNS = 64 };

struct method {
    const char *name;
    enum keep_method method;
    double fraction;
    uint32_t batch;
    double rate, decay;
};

// One network on its data: what a figure repeats for every method and seed.
struct recipe {
    const char *network, *data;
    bool needs_folder;
    const struct method *method;
    uint32_t methods;
    enum optimizer optimizer;
    double gamma, clip;
    bool bootstrap;
    uint64_t full, quick; // iterations
    uint64_t drop;        // of the full length: the rate falls; shortened in proportion
    uint32_t full_seeds, quick_seeds;
    uint32_t quick_images; // of the training set at a report; full: all
};

static const struct method fashion_methods[] = {
    {"baseline", KEEP_EXACT, 1, 150, .001350, 4.066478e-07},
    {"reduced batch", KEEP_EXACT, 1, 20, .000645, 5.687505e-05},
    {"same sample", KEEP_SAME, .1, 150, .000452, 4.058855e-06},
    {"different sample", KEEP_DIFFERENT, .1, 150, .000934, 1.254031e-06},
    {"project", KEEP_PROJECT, .1, 150, .000527, 1.009799e-03},
};
static const struct method cifar_methods[] = {
    {"baseline", KEEP_EXACT, 1, 150, .001240, 4.340514e-05},
    {"reduced batch", KEEP_EXACT, 1, 22, .000430, 1.962288e-06},
    {"same sample", KEEP_SAME, .1, 150, .001159, 9.990263e-04},
    {"different sample", KEEP_DIFFERENT, .1, 150, .002139, 7.453841e-04},
    {"project", KEEP_PROJECT, .1, 150, .000435, 5.485464e-05},
};
static const struct method recurrent_methods[] = {
    {"baseline", KEEP_EXACT, 1, 150, 1e-4, 0},    {"reduced batch", KEEP_EXACT, 1, 21, 1e-4, 0},
    {"same sample", KEEP_SAME, .1, 150, 1e-4, 0}, {"different sample", KEEP_DIFFERENT, .1, 150, 1e-4, 0},
    {"project", KEEP_PROJECT, .1, 150, 1e-4, 0},  {"different project", KEEP_PROJECT_DIFFERENT, .1, 150, 1e-4, 0},
};
// The fraction is the only difference: the rate and decay of a tenth for all of them.
#define FRACTIONS(RATE, DECAY)                                                                                         \
    {"fraction 0.05", KEEP_DIFFERENT, .05, 150, RATE, DECAY}, {"0.1", KEEP_DIFFERENT, .1, 150, RATE, DECAY},           \
        {"0.3", KEEP_DIFFERENT, .3, 150, RATE, DECAY}, {"0.5", KEEP_DIFFERENT, .5, 150, RATE, DECAY}, {                \
        "0.8", KEEP_DIFFERENT, .8, 150, RATE, DECAY                                                                    \
    }
static const struct method fashion_fractions[] = {{"baseline", KEEP_EXACT, 1, 150, .001350, 4.066478e-07},
                                                  FRACTIONS(.000934, 1.254031e-06)};
static const struct method cifar_fractions[] = {{"baseline", KEEP_EXACT, 1, 150, .001240, 4.340514e-05},
                                                FRACTIONS(.002139, 7.453841e-04)};

#define FASHION(METHODS, COUNT)                                                                                        \
    {                                                                                                                  \
        .network = "fully_connected", .data = "fashion-mnist", .method = METHODS, .methods = COUNT, .gamma = .6,       \
        .bootstrap = true, .full = 20000, .quick = 4000, .drop = 2000, .full_seeds = 5, .quick_seeds = 5               \
    }
#define CIFAR(METHODS, COUNT, QUICK, SEEDS)                                                                            \
    {                                                                                                                  \
        .network = "convolutional", .data = "cifar10", .needs_folder = true, .method = METHODS, .methods = COUNT,      \
        .gamma = .6, .bootstrap = true, .full = 100000, .quick = QUICK, .drop = 10000, .full_seeds = 5,                \
        .quick_seeds = SEEDS, .quick_images = 2000                                                                     \
    }
#define RECURRENT(COUNT, QUICK, SEEDS)                                                                                 \
    {                                                                                                                  \
        .network = "recurrent", .data = "fashion-mnist", .method = recurrent_methods, .methods = COUNT,                \
        .optimizer = OPTIMIZER_SGD, .gamma = 1, .clip = 1, .full = 200000, .quick = QUICK, .full_seeds = 3,            \
        .quick_seeds = SEEDS, .quick_images = 2000                                                                     \
    }

struct part { // of a figure: a column of panels
    const char *title;
    struct recipe recipe;
};

struct plan {
    int number;
    const char *title;
    const struct part *part;
    uint32_t parts;
    bool all_panels; // five; else the training loss alone
};

static const struct part parts6[] = {{"convolutional, CIFAR-10", CIFAR(cifar_methods, 4, 1000, 3)},
                                     {"fully connected, Fashion-MNIST", FASHION(fashion_methods, 4)},
                                     {"recurrent, one pixel at a time", RECURRENT(4, 300, 3)}};
static const struct part parts8[] = {{"CIFAR-10", CIFAR(cifar_methods, 5, 800, 2)},
                                     {"Fashion-MNIST", FASHION(fashion_methods, 5)}};
static const struct part parts9[] = {{"one pixel at a time", RECURRENT(6, 300, 2)}};
static const struct part parts10[] = {{"CIFAR-10", CIFAR(cifar_fractions, 6, 600, 2)},
                                      {"Fashion-MNIST", FASHION(fashion_fractions, 6)}};
static const struct plan plans[] = {
    {6, "Figure 6: training loss with a tenth remembered", parts6, 3, false},
    {8, "Figure 8: five methods", parts8, 2, true},
    {9, "Figure 9: six methods for the recurrent network", parts9, 1, true},
    {10, "Figure 10: how much to keep", parts10, 2, true},
};

// ---- the runs of a part -------------------------------------------------------------------------------------------

struct made { // of a part, while the figure is made
    struct dataset data, test;
    struct network network[8]; // one for each size of batch
    uint32_t networks;
    struct training run[MOST_RUNS];
    uint32_t runs;
};

static struct network *network_for(struct session *session, struct made *made, const struct recipe *r, uint32_t batch,
                                   uint32_t *sizes, struct error *error) {
    for (uint32_t i = 0; i < made->networks; i++)
        if (sizes[i] == batch) return &made->network[i];
    if (made->networks == 8 ||
        !network_make(session, r->network, &made->data, batch, &made->network[made->networks], error))
        return NULL;
    sizes[made->networks] = batch;
    return &made->network[made->networks++];
}

static struct train_options options_of(const struct recipe *r, const struct method *m, bool full, uint64_t seed) {
    uint64_t iterations = full ? r->full : r->quick;
    return (struct train_options){.batch = m->batch,
                                  .iterations = iterations,
                                  .optimizer = r->optimizer,
                                  .rate = m->rate,
                                  .decay = m->decay,
                                  .gamma = r->gamma,
                                  .drop = r->drop * iterations / r->full,
                                  .clip = r->clip,
                                  .bootstrap = r->bootstrap,
                                  .report = full ? 4000 : iterations / 10,
                                  .train_images = full ? 0 : r->quick_images,
                                  .test_images = full ? 0 : r->quick_images,
                                  .seed = seed,
                                  .keep = {.method = m->method, .fraction = m->fraction}};
}

static bool make_runs(struct session *session, int number, uint32_t part, const struct recipe *r, bool full,
                      const char *folder, struct made *made, struct error *error) {
    uint32_t sizes[8] = {0}, seeds = full ? r->full_seeds : r->quick_seeds;
    const char *where = r->needs_folder ? folder : NULL;
    if (!data_load(r->data, where, false, &made->data, error) || !data_load(r->data, where, true, &made->test, error))
        return false;
    for (uint32_t m = 0; m < r->methods; m++)
        for (uint32_t s = 0; s < seeds; s++) {
            struct training *t = &made->run[made->runs];
            struct network *network = network_for(session, made, r, r->method[m].batch, sizes, error);
            if (!network) return false;
            t->options = options_of(r, &r->method[m], full, session->settings.seed + s + 1);
            snprintf(t->name, sizeof t->name, "%s", r->method[m].name);
            snprintf(t->checkpoint, sizeof t->checkpoint, "figure-%d.runs/%s-%c%u-%u.run", number,
                     full ? "full" : "quick", (char)('a' + part), m + 1, s + 1);
            t->network = *network;
            t->train = train_new(&t->network, &made->data, &made->test, &t->options, error);
            if (!t->train) return false;
            made->runs++;
            struct error missing = {0};
            struct stat status;
            if (stat(t->checkpoint, &status) == 0 && !train_load(t->train, t->checkpoint, &missing))
                error_clear(&missing);
        }
    return true;
}

static void free_made(struct made *made) {
    for (uint32_t i = 0; made && i < made->runs; i++) train_free(made->run[i].train);
    for (uint32_t i = 0; made && i < made->networks; i++) network_free(&made->network[i]);
    if (made) data_free(&made->data), data_free(&made->test);
    mem_free(made);
}

// ---- the page -----------------------------------------------------------------------------------------------------

static json_t *record_of(const struct training *run) {
    size_t reports;
    const struct train_options *o = &run->options;
    const struct train_report *r = train_reports(run->train, &reports);
    json_t *list = json_array();
    for (size_t i = 0; i < reports; i++)
        json_array_append_new(list, json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "iteration", (json_int_t)r[i].iteration,
                                              "loss", r[i].loss, "train_accuracy", r[i].accuracy, "test_loss",
                                              r[i].test_loss, "accuracy", r[i].test_accuracy, "seconds", r[i].seconds));
    return json_pack("{s:s, s:s, s:f, s:i, s:s, s:f, s:f, s:f, s:I, s:f, s:b, s:I, s:I, s:I, s:o}", "name", run->name,
                     "method", keep_names[o->keep.method], "keep", o->keep.fraction, "batch", (int)o->batch,
                     "optimizer", optimizer_names[o->optimizer], "rate", o->rate, "decay", o->decay, "gamma", o->gamma,
                     "drop", (json_int_t)o->drop, "clip", o->clip, "bootstrap", o->bootstrap, "iterations",
                     (json_int_t)o->iterations, "seed", (json_int_t)o->seed, "held", (json_int_t)train_held(run->train),
                     "reports", list);
}

static bool add_part(const struct plan *plan, const struct part *part, const struct made *made, struct chart *chart,
                     struct buffer *csv, json_t *record, struct error *error) {
    for (int what = CURVE_LOSS; what <= (plan->all_panels ? CURVE_SECONDS : CURVE_LOSS); what++) {
        if (!training_panel(chart, made->run, made->runs, (enum training_curve)what, error)) return false;
        struct chart_panel *panel = &chart->panel[chart->panel_count - 1];
        char title[160];
        snprintf(title, sizeof title, "%s: %s", part->title, panel->y_label);
        mem_free(panel->title);
        panel->title = mem_text(title, strlen(title));
        if (!panel->title) return error_memory(error);
    }
    buffer_printf(csv, "# %s\n", part->title);
    if (!training_table(made->run, made->runs, csv)) return error_memory(error);
    json_t *runs = json_array();
    for (uint32_t i = 0; i < made->runs; i++) json_array_append_new(runs, record_of(&made->run[i]));
    json_array_append_new(record, json_pack("{s:s, s:s, s:s, s:o}", "part", part->title, "network",
                                            part->recipe.network, "data", part->recipe.data, "runs", runs));
    return true;
}

static void note_of(const struct plan *plan, bool full, const char *folder, struct buffer *note) {
    bool missing = false;
    for (uint32_t p = 0; p < plan->parts; p++) {
        const struct recipe *r = &plan->part[p].recipe;
        if (r->needs_folder && !folder) {
            missing = true;
            continue;
        }
        uint64_t length = full ? r->full : r->quick;
        buffer_printf(note, "%s: %llu iterations", plan->part[p].title, (unsigned long long)length);
        if (!full && r->quick < r->full)
            buffer_printf(note, " of the paper's %llu%s", (unsigned long long)r->full,
                          r->drop ? ", rates falling in proportion" : "");
        buffer_printf(note, ", %u seeds. ", full ? r->full_seeds : r->quick_seeds);
    }
    if (missing) buffer_text(note, "CIFAR-10 is left out: `dir FOLDER` names its files.");
}

static bool train_part(struct session *session, const struct plan *plan, uint32_t p, bool full, const char *folder,
                       struct made *made, struct error *error) {
    if (!make_runs(session, plan->number, p, &plan->part[p].recipe, full, folder, made, error)) return false;
    if (!training_run(made->run, made->runs, NULL, NULL, error)) {
        error_hint(error, "the runs are kept in figure-%d.runs; the same line goes on from there", plan->number);
        return false;
    }
    for (uint32_t i = 0; i < made->runs; i++)
        if (made->run[i].error.kind != ERROR_NONE) return *error = made->run[i].error, false;
    return true;
}

static bool fill(struct session *session, const struct plan *plan, bool full, const char *folder, struct chart *chart,
                 struct error *error) {
    struct buffer csv = {0}, text = {0};
    json_t *parts = json_array();
    char runs[40];
    bool ok = true;
    snprintf(runs, sizeof runs, "figure-%d.runs", plan->number);
    mkdir(runs, 0777);
    for (uint32_t p = 0; ok && p < plan->parts; p++) {
        if (plan->part[p].recipe.needs_folder && !folder) continue;
        struct made *made = mem_zero(1, sizeof *made);
        ok = (made || error_memory(error)) && train_part(session, plan, p, full, folder, made, error) &&
             add_part(plan, &plan->part[p], made, chart, &csv, parts, error);
        free_made(made);
    }
    json_t *record = json_pack("{s:s, s:i, s:b, s:I, s:s, s:O}", "kind", "figure", "figure", plan->number, "full", full,
                               "seed", (json_int_t)session->settings.seed, "note", chart->note, "parts", parts);
    if (ok) {
        chart->json = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
        chart->csv = csv.failed ? NULL : mem_text(buffer_string(&csv), csv.size);
        buffer_printf(&text, ":set seed %llu\n:figure %d %s%s%s\n", (unsigned long long)session->settings.seed,
                      plan->number, full ? "full" : "quick", folder ? " dir " : "", folder ? folder : "");
        chart->state = mem_text(buffer_string(&text), text.size);
        ok = (chart->json && chart->csv && chart->state) || error_memory(error);
    }
    json_decref(record);
    json_decref(parts);
    buffer_free(&csv);
    buffer_free(&text);
    return ok;
}

struct chart *figure_train(struct session *session, int number, bool full, const char *folder, struct error *error) {
    const struct plan *plan = plans;
    while (plan->number != number) plan++;
    struct buffer note = {0};
    note_of(plan, full, folder, &note);
    struct chart *chart = chart_new(plan->title, buffer_string(&note), error);
    buffer_free(&note);
    if (chart && fill(session, plan, full, folder, chart, error)) return chart;
    chart_free(chart);
    return NULL;
}
