#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/lesson.h"
#include "app/train_command.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/task.h"

// ---- a network ----------------------------------------------------------------------------------------------------

// A line in the session, silently; the graph it leaves is held.
static struct graph *traced(struct session *session, const char *function, const struct dataset *data, uint32_t batch,
                            struct error *error) {
    char line[300];
    struct buffer out = {0}, *capture = session->output.capture, pending = session->output.text;
    bool quiet = session->quiet, json = session->output.json, window = session->from_window;
    const uint32_t *size = data->item.size;
    if (data->item.rank == 3)
        snprintf(line, sizeof line, "%.100s(randn(%u, %u, %u, %u), labels(%u, %u))\n", function, batch, size[0],
                 size[1], size[2], batch, data->classes);
    else
        snprintf(line, sizeof line, "%.100s(randn(%u, %u), labels(%u, %u))\n", function, batch, size[0], batch,
                 data->classes);
    session->output.text = (struct buffer){0};
    session->output.capture = &out;
    session->output.json = true;
    session->from_window = true;
    int failed = session_run(session, "<train>", line, strlen(line), 1);
    buffer_free(&session->output.text);
    session->output.text = pending;
    session->output.capture = capture;
    session->output.json = json;
    session->quiet = quiet;
    session->from_window = window;
    struct graph *graph = failed ? NULL : environment_graph(session->environment);
    if (failed) {
        json_t *said = json_loadb(buffer_string(&out), strcspn(buffer_string(&out), "\n"), 0, NULL);
        const char *message = json_string_value(json_object_get(said, "message"));
        const char *hint = json_string_value(json_object_get(said, "hint"));
        error_set(error, ERROR_TYPE, SPAN_NONE, "%s: %s", function, message ? message : "it cannot be traced");
        if (hint) error_hint(error, "%s", hint);
        json_decref(said);
    }
    buffer_free(&out);
    return graph ? graph_hold(graph) : NULL;
}

static bool defined(struct session *session, const char *function, struct error *error) {
    char path[4200], folder[4000];
    int failed = 0;
    if (environment_bound(session->environment, function)) return true;
    lesson_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/nets/%.100s.py", folder, function);
    struct error missing = {0};
    if (!strchr(function, '/') && session_load(session, path, &failed, &missing) && !failed &&
        environment_bound(session->environment, function))
        return true;
    error_clear(&missing);
    error_set(error, ERROR_NAME, SPAN_NONE, "there is no function `%.80s`", function);
    error_hint(error, "define it, or name one of fully_connected, convolutional and recurrent");
    return false;
}

bool network_make(struct session *session, const char *function, const struct dataset *data, uint32_t batch,
                  struct network *network, struct error *error) {
    *network = (struct network){.evaluate_batch = data->item.rank == 3 ? 100 : 500};
    if (!defined(session, function, error)) return false;
    network->evaluate = traced(session, function, data, network->evaluate_batch, error);
    if (network->evaluate) network->train = traced(session, function, data, batch, error);
    if (network->train) return true;
    network_free(network);
    return false;
}

void network_free(struct network *network) {
    graph_drop(network->train);
    graph_drop(network->evaluate);
    *network = (struct network){0};
}

// ---- running ------------------------------------------------------------------------------------------------------

struct rounds {
    struct training *run;
    uint32_t *list; // those that are not done
};

static bool run_one(void *context, uint64_t task, struct error *error) {
    struct rounds *r = context;
    struct training *run = &r->run[r->list[task]];
    (void)error;
    struct error own = {0};
    if (train_on(run->train, &own)) {
        if (*run->checkpoint && !train_save(run->train, run->checkpoint, &own)) run->error = own;
        return true;
    }
    if (own.kind == ERROR_INTERRUPT) {
        if (*run->checkpoint) train_save(run->train, run->checkpoint, &own);
        return true;
    }
    run->error = own;
    run->stopped = true;
    return true;
}

bool training_run(struct training *run, uint32_t count, void (*told)(void *context), void *context,
                  struct error *error) {
    struct rounds r = {run, mem_alloc((size_t)count + 1, sizeof(uint32_t))};
    if (!r.list) return error_memory(error);
    for (bool ok = true; ok;) {
        uint32_t left = 0;
        double done = 0, total = 0;
        for (uint32_t i = 0; i < count; i++) {
            done += (double)train_iteration(run[i].train);
            total += (double)run[i].options.iterations;
            if (!run[i].stopped && !train_done(run[i].train)) r.list[left++] = i;
        }
        task_progress("training, iterations", done, total);
        if (!left) break;
        ok = parallel_run(left, run_one, NULL, &r, error);
        if (task_interrupted()) ok = error_interrupt(error);
        if (told) told(context);
    }
    mem_free(r.list);
    return !task_interrupted();
}

// ---- what came of it ----------------------------------------------------------------------------------------------

static double number_of(const struct train_report *r, enum training_curve what) {
    switch (what) {
    case CURVE_LOSS:
        return r->loss;
    case CURVE_ACCURACY:
        return 100 * r->accuracy;
    case CURVE_TEST_LOSS:
        return r->test_loss;
    case CURVE_TEST_ACCURACY:
        return 100 * r->test_accuracy;
    default:
        return r->iteration ? r->seconds : (double)NAN;
    }
}

bool training_panel(struct chart *chart, const struct training *run, uint32_t count, enum training_curve what,
                    struct error *error) {
    static const char *const titles[] = {"training loss", "training accuracy, %", "test loss", "test accuracy, %",
                                         "seconds since the last report"};
    struct chart_panel *panel = chart_panel(chart, titles[what], "iterations", titles[what]);
    if (!panel) return error_memory(error);
    panel->log_y = what == CURVE_LOSS || what == CURVE_TEST_LOSS;
    uint32_t group = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t reports;
        const struct train_report *report = train_reports(run[i].train, &reports);
        bool first = true;
        for (uint32_t j = 0; j < i && first; j++) first = strcmp(run[j].name, run[i].name) != 0;
        if (first && i) group++;
        struct chart_curve *curve = chart_curve(panel, first ? run[i].name : NULL, reports, false);
        if (!curve) return error_memory(error);
        curve->colour = group;
        curve->marks = PLOT_LINE;
        for (size_t k = 0; k < reports; k++) {
            curve->x[k] = (double)report[k].iteration;
            curve->y[k] = number_of(&report[k], what);
        }
    }
    return true;
}

bool training_table(const struct training *run, uint32_t count, struct buffer *csv) {
    buffer_text(csv, "run,method,keep,batch,seed,iteration,batch_loss,loss,accuracy,test_loss,test_accuracy,seconds\n");
    for (uint32_t i = 0; i < count; i++) {
        size_t reports;
        const struct train_report *r = train_reports(run[i].train, &reports);
        for (size_t k = 0; k < reports; k++)
            buffer_printf(csv, "%u,%s,%.17g,%u,%llu,%llu,%.9g,%.9g,%.9g,%.9g,%.9g,%.6g\n", i + 1,
                          keep_names[run[i].options.keep.method], run[i].options.keep.fraction, run[i].options.batch,
                          (unsigned long long)run[i].options.seed, (unsigned long long)r[k].iteration, r[k].batch_loss,
                          r[k].loss, r[k].accuracy, r[k].test_loss, r[k].test_accuracy, r[k].seconds);
    }
    return !csv->failed;
}
