#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/lesson.h"
#include "app/train_command.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/task.h"

static const char *folder_of_all;

const char *training_folder(const char *given) { return given ? given : folder_of_all; }
void training_set_folder(const char *folder) { folder_of_all = folder; }

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
        const char *file = json_string_value(json_object_get(said, "file"));
        char place[200] = "";
        if (file && strcmp(file, "<train>") != 0)
            snprintf(place, sizeof place, " (%.150s:%d)", file, (int)json_integer_value(json_object_get(said, "line")));
        error_set(error, ERROR_TYPE, SPAN_NONE, "%s: %s%s", function, message ? message : "it cannot be traced", place);
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
    if (access(folder, R_OK) == 0)
        error_hint(error, "define it, or name one of fully_connected, convolutional and recurrent");
    else
        error_hint(error, "define it; the lessons' networks are not found: see `:doctor`");
    return false;
}

uint32_t network_evaluation(const struct dataset *data) { return data->item.rank == 3 ? 100 : 500; }

struct graph *network_trace(struct session *session, const char *function, const struct dataset *data, uint32_t batch,
                            struct error *error) {
    if (!defined(session, function, error)) return NULL;
    struct session_mark *mark = session_mark(session);
    if (!mark) return error_memory(error), NULL;
    struct graph *graph = traced(session, function, data, batch, error);
    if (!session_return(session, mark, error) && graph) graph_drop(graph), graph = NULL;
    session_mark_free(mark);
    return graph;
}

bool network_make(struct session *session, const char *function, const struct dataset *data, uint32_t batch,
                  struct network *network, struct error *error) {
    *network = (struct network){.evaluate_batch = network_evaluation(data)};
    network->evaluate = network_trace(session, function, data, network->evaluate_batch, error);
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

// ---- how much they need -------------------------------------------------------------------------------------------

bool training_need(struct graph *const small[2], double images, const struct training *run, uint32_t count,
                   double *bytes, struct error *error) {
    double two[2];
    for (int i = 0; i < 2; i++)
        if (!train_need(small[i], NULL, &two[i], error)) return false;
    *bytes = count * (two[0] + (two[1] - two[0]) * (images - 1));
    for (uint32_t r = 0; r < count; r++) {
        for (int i = 0; i < 2; i++)
            if (!train_need(small[i], &run[r].options, &two[i], error)) return false;
        *bytes += two[0] + (two[1] - two[0]) * (run[r].options.batch - 1.0);
    }
    return true;
}

bool training_fits(double bytes, const char *hint, struct error *error) {
    double there = memory_available();
    if (bytes <= there) return true;
    error_set(error, ERROR_LIMIT, SPAN_NONE, "this would need about %.3g GB of memory, and %.3g GB are free",
              bytes / 1e9, there / 1e9);
    error_hint(error, "%s", hint);
    return false;
}

// ---- running ------------------------------------------------------------------------------------------------------

bool training_news(struct training *run, struct error *error) {
    if (run->state == RUN_FAILED && !run->explained) {
        run->explained = true;
        if (run->error.kind == ERROR_DOMAIN && run->train) train_find_nan(run->train, &run->error);
        *error = run->error;
        return true;
    }
    if (!run->unsaved || run->told_unsaved) return false;
    run->told_unsaved = true;
    *error = run->unsaved_error;
    error_hint(error, "training goes on, and tries again to save%s",
               access(run->checkpoint, F_OK) == 0 ? "; the last whole checkpoint is kept" : "");
    return true;
}

bool training_run(struct training *run, uint32_t count, void (*told)(void *context), void *context,
                  struct error *error) {
    struct crew *crew = crew_new(run, count, error);
    if (!crew) return false;
    double done, total, left;
    while (crew_busy(crew) && !task_interrupted()) {
        crew_wait(crew, 0.1);
        crew_progress(crew, &done, &total, &left);
        task_progress(count && run->reactor ? "steering, iterations" : "training, iterations", done, total);
        if (told) told(context);
    }
    crew_free(crew);
    for (uint32_t i = 0; i < count; i++) {
        struct error news = {0};
        if (training_news(&run[i], &news) && run[i].error.kind == ERROR_NONE) run[i].error = news;
    }
    if (told) told(context);
    return task_interrupted() ? error_interrupt(error) : true;
}

// ---- what came of it ----------------------------------------------------------------------------------------------

// Seconds: of a report that has another before it.
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
        return 400 * r->seconds / (double)(r->iteration - r[-1].iteration);
    }
}

bool training_panel(struct chart *chart, const struct training *run, uint32_t count, enum training_curve what,
                    struct error *error) {
    static const char *const titles[] = {"training loss", "training accuracy, %", "test loss", "test accuracy, %",
                                         "processor seconds per 400 iterations"};
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
        size_t skip = what == CURVE_SECONDS && reports; // nothing came before the first
        struct chart_curve *curve = chart_curve(panel, first ? run[i].name : NULL, reports - skip, false);
        if (!curve) return error_memory(error);
        curve->colour = group;
        curve->marks = PLOT_LINE;
        for (size_t k = skip; k < reports; k++) {
            curve->x[k - skip] = (double)report[k].iteration;
            curve->y[k - skip] = number_of(&report[k], what);
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
