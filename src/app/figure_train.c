// Figures 6, 8, 9 and 10: training with less remembered, by the recipes of recipe.c.
//
// Every run has its checkpoint in figure.runs, so that Ctrl-C costs nothing: the figure is made of what is there, and
// the same line goes on. Figures that need the same run share it: Figure 8 takes what Figure 6 has trained.
#include "app/figure_train.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/report.h"
#include "app/window.h"
#include "base/task.h"

void made_tell(struct made *made, const char *format, ...) {
    char line[700];
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    buffer_printf(&made->told, "%s\n", line);
    if (made->session->output.json) return;
    report_text(made->session, "note: %s\n", line);
    report_flush(made->session);
}

// ---- the data -----------------------------------------------------------------------------------------------------

// All parts' data are looked for before anything is trained: what is damaged is an error, what is not there is left
// out.
static const char *folder_for(const struct made *made, const char *data) {
    return strcmp(data, "fashion-mnist") != 0 || made->options->data ? made->options->folder : NULL;
}

static bool find_data(struct made *made, struct made_part *part, struct error *error) {
    const struct figure_options *o = made->options;
    const char *name = recipe_data(part->recipe, o);
    bool cifar = strcmp(name, "cifar10") == 0;
    struct error missing = {0};
    part->there = data_there(name, folder_for(made, name), &missing);
    snprintf(part->missing, sizeof part->missing, "%s", missing.message);
    if (!part->there && cifar && !o->folder)
        snprintf(part->missing, sizeof part->missing, "`dir FOLDER` names the folder of CIFAR-10's files");
    // By name: who asks for it must not find out later.
    bool asked = o->network || (cifar ? o->folder_named && !o->data : o->data != NULL);
    if (part->there || !asked) return true;
    return error_set(error, ERROR_FILE, SPAN_NONE, "%s: %s", part->recipe->title, part->missing);
}

static bool load_data(const struct made *made, struct made_part *part, struct error *error) {
    const char *name = recipe_data(part->recipe, made->options), *folder = folder_for(made, name);
    if (!data_load(name, folder, false, &part->data, error) || !data_load(name, folder, true, &part->test, error))
        return false;
    part->images = part->data.count;
    return true;
}

// ---- checkpoints --------------------------------------------------------------------------------------------------

// "figure.runs/quick-convolutional-cifar10-same-0.1-150-1500-seed-2.run": all that runs of figures differ by.
static void name_checkpoint(const struct made *made, const struct made_part *part, struct training *t) {
    const struct train_options *o = &t->options;
    snprintf(t->checkpoint, sizeof t->checkpoint, "figure.runs/%s-%s-%s-%s-%g%s-%u-%" PRIu64 "-seed-%" PRIu64 ".run",
             made->options->full ? "full" : "quick", part->recipe->network, part->data.name, keep_names[o->keep.method],
             o->keep.fraction, o->keep.distinct ? "-noreplace" : "", o->batch, o->iterations, o->seed);
}

// Never overwritten: what one cannot go on from may be what another version can.
static bool put_aside(struct made *made, struct training *t, const struct error *why, struct error *error) {
    char aside[4200];
    int number = 1;
    do snprintf(aside, sizeof aside, "%s.old%d", t->checkpoint, number++);
    while (access(aside, F_OK) == 0);
    if (rename(t->checkpoint, aside) != 0)
        return error_set(error, ERROR_FILE, SPAN_NONE, "%s cannot be renamed: %s", t->checkpoint, strerror(errno));
    made_tell(made, "%s; it is kept as %s, and the run begins anew", why->message, aside);
    return true;
}

static bool take_up(struct made *made, struct training *t, struct error *error) {
    struct error wrong = {0};
    struct stat status;
    if (stat(t->checkpoint, &status) != 0) return true;
    if (train_load(t->train, t->checkpoint, &wrong)) {
        if (*train_note(t->train)) made_tell(made, "%s: %s", t->checkpoint, train_note(t->train));
        return true;
    }
    if (wrong.kind == ERROR_MEMORY || wrong.kind == ERROR_INTERRUPT) return *error = wrong, false;
    return put_aside(made, t, &wrong, error);
}

// ---- the runs of a part -------------------------------------------------------------------------------------------

static struct network *network_for(struct session *session, struct made_part *part, uint32_t batch,
                                   struct error *error) {
    for (uint32_t i = 0; i < part->networks; i++)
        if (part->size[i] == batch) return &part->network[i];
    struct network *network = &part->network[part->networks];
    if (part->networks == FIGURE_SIZES ||
        !network_make(session, part->recipe->network, &part->data, batch, network, error))
        return NULL;
    part->size[part->networks++] = batch;
    return network;
}

static void list_runs(struct made *made, struct made_part *part) {
    const struct recipe *r = part->recipe;
    uint32_t seeds = recipe_seeds(r, made->options);
    part->runs = 0;
    for (uint32_t m = 0; m < r->methods; m++)
        for (uint32_t s = 0; s < seeds && (!r->method[m].distinct || made->options->distinct); s++) {
            struct training *t = &part->run[part->runs];
            part->method[part->runs++] = &r->method[m];
            t->options = recipe_options(r, &r->method[m], made->options, made->session->settings.seed + s + 1);
            snprintf(t->name, sizeof t->name, "%s", r->method[m].name);
            name_checkpoint(made, part, t);
        }
}

static bool make_runs(struct made *made, struct made_part *part, struct error *error) {
    part->run = mem_zero(FIGURE_RUNS, sizeof *part->run);
    part->method = mem_zero(FIGURE_RUNS, sizeof *part->method);
    if (!part->run || !part->method) return error_memory(error);
    if (!load_data(made, part, error)) return false;
    list_runs(made, part);
    for (uint32_t i = 0; i < part->runs; i++) {
        struct training *t = &part->run[i];
        struct network *network = network_for(made->session, part, t->options.batch, error);
        if (!network) return false;
        t->network = *network;
        t->train = train_new(&t->network, &part->data, &part->test, &t->options, error);
        if (!t->train || !take_up(made, t, error)) return false;
    }
    return true;
}

// What only training needs.
static void settle(struct made_part *part) {
    for (uint32_t i = 0; i < part->runs; i++)
        if (part->run[i].train) train_settle(part->run[i].train);
    for (uint32_t i = 0; i < part->networks; i++) network_free(&part->network[i]);
    part->networks = 0;
    data_free(&part->data);
    data_free(&part->test);
}

static void free_part(struct made_part *part) {
    for (uint32_t i = 0; i < part->runs; i++) train_free(part->run[i].train);
    part->runs = 0;
    settle(part);
    mem_free(part->run);
    mem_free(part->method);
    part->run = NULL;
    part->method = NULL;
}

static void made_free(struct made *made) {
    for (uint32_t p = 0; made && p < made->plan->parts; p++) free_part(&made->part[p]);
    if (made) buffer_free(&made->told);
    mem_free(made);
}

// ---- before anything is trained -----------------------------------------------------------------------------------

static double cost_left(const struct made_part *part) {
    double left = 0;
    for (uint32_t i = 0; i < part->runs; i++) {
        double all = (double)part->run[i].options.iterations;
        double done = part->run[i].train ? (double)run_iteration(&part->run[i]) : 0;
        if (part->run[i].train && part->run[i].state != RUN_FAILED)
            left += (all > done ? all - done : 0) * recipe_cost(part->recipe, &part->run[i].options);
    }
    return left;
}

static bool check_memory(struct made *made, struct made_part *part, struct error *error) {
    struct graph *small[2] = {NULL, NULL};
    bool ok = true;
    for (uint32_t i = 0; ok && i < 2; i++)
        ok = (small[i] = network_trace(made->session, part->recipe->network, &part->data, i + 1, error)) != NULL;
    ok = ok && training_need(small, network_evaluation(&part->data), part->run, part->runs, &part->planned, error) &&
         training_fits(part->planned, "fewer `seeds`, or `only` one of the networks", error);
    for (int i = 0; i < 2; i++) graph_drop(small[i]);
    return ok;
}

// Finds what is to be done, in all parts: missing data, damaged files, checkpoints, memory.
static bool survey(struct made *made, double *left, struct error *error) {
    bool any = false;
    const char *missing = "";
    for (uint32_t p = 0; p < made->plan->parts; p++) {
        struct made_part *part = &made->part[p];
        part->recipe = &made->plan->part[p];
        part->wanted = recipe_wants(part->recipe, made->options);
        if (!part->wanted) continue;
        if (!find_data(made, part, error)) return false;
        if (!part->there) missing = part->missing;
        if (!part->there) continue;
        any = true;
        bool ok = make_runs(made, part, error) && check_memory(made, part, error);
        *left += ok ? cost_left(part) : 0;
        free_part(part);
        if (!ok) return false;
    }
    if (any) return true;
    if (*missing) return error_set(error, ERROR_FILE, SPAN_NONE, "%s", missing);
    return error_set(error, ERROR_USAGE, SPAN_NONE, "figure %d has no %s network", made->plan->number,
                     made->options->network);
}

// ---- training -----------------------------------------------------------------------------------------------------

// The window follows; it opens at the first report.
static void look(struct made *made) {
    size_t reports = made_reports(made);
    struct error ignored = {0};
    if (reports == made->reports || !window_is_wanted(made->session)) return;
    struct chart *chart = made_chart(made, &ignored);
    made->reports = reports;
    if (!chart) return;
    chart_show(made->session, chart);
    window_refresh(made->session, true);
}

static void tell_news(struct made *made, struct made_part *part) {
    for (uint32_t i = 0; i < part->runs; i++) {
        struct error news = {0};
        if (training_news(&part->run[i], &news))
            made_tell(made, "%s, %s, seed %" PRIu64 ": %s", part->recipe->title, part->run[i].name,
                      part->run[i].options.seed, news.message);
    }
}

// `before`: of the parts that are done; `total`: of all that was left in the beginning.
static bool train(struct made *made, struct made_part *part, double before, double total, struct error *error) {
    double all = cost_left(part);
    struct crew *crew = crew_new(part->run, part->runs, error);
    if (!crew) return false;
    while (crew_busy(crew) && !task_interrupted()) {
        crew_wait(crew, 0.1);
        task_progress("training, all runs", before + all - cost_left(part), total);
        tell_news(made, part);
        look(made);
        if (window_is_open()) window_attend(made->session);
    }
    crew_free(crew);
    tell_news(made, part);
    return !task_interrupted() || error_interrupt(error);
}

// After Ctrl-C the parts to come show what they had before, and so does one that was being taken up.
static bool take_up_part(struct made *made, struct made_part *part, struct error *error) {
    struct error stopped = {0};
    if (make_runs(made, part, &stopped)) return true;
    if (stopped.kind != ERROR_INTERRUPT || made->stopped) return *error = stopped, false;
    error_clear(&stopped);
    made->stopped = true;
    task_begin();
    free_part(part);
    return make_runs(made, part, error);
}

static bool work(struct made *made, double total, struct error *error) {
    double before = 0;
    for (uint32_t p = 0; p < made->plan->parts; p++) {
        struct made_part *part = &made->part[p];
        struct error stopped = {0};
        if (!part->wanted || !part->there) continue;
        bool ok = take_up_part(made, part, &stopped);
        double left = cost_left(part);
        ok = ok && (made->stopped || train(made, part, before, total, &stopped));
        before += left;
        settle(part);
        if (!ok && stopped.kind != ERROR_INTERRUPT) return *error = stopped, false;
        if (!ok) made->stopped = true, task_begin(); // so that the figure can be drawn
    }
    return true;
}

static bool make_folder(struct error *error) {
    static const char folder[] = "figure.runs";
    if (mkdir(folder, 0777) == 0 || errno == EEXIST) return true;
    error_set(error, ERROR_FILE, SPAN_NONE, "no folder %s can be made: %s", folder, strerror(errno));
    return error_hint(error, "the runs' checkpoints go there, and the figure beside it"), false;
}

struct chart *figure_train(struct session *session, int number, const struct figure_options *options,
                           struct error *error) {
    struct made *made = mem_zero(1, sizeof *made);
    struct chart *chart = NULL;
    double left = 0;
    if (!made) return error_memory(error), NULL;
    made->plan = recipe_plan(number);
    made->options = options;
    made->session = session;
    if (make_folder(error) && survey(made, &left, error) && work(made, left, error)) chart = made_chart(made, error);
    if (chart) made_table(made);
    if (chart) chart->unfinished = made->stopped;
    made_free(made);
    return chart;
}
