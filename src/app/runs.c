#include "app/runs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/report.h"
#include "app/window.h"
#include "base/task.h"
#include "show/record.h"

enum { LOOK_MILLISECONDS = 400, CURVE = 8, MOST_RUNS = 64 };

// ---- a job --------------------------------------------------------------------------------------------------------

struct job *job_new(struct error *error) {
    struct job *job = mem_zero(1, sizeof *job);
    if (!job) error_memory(error);
    return job;
}

struct training *job_add(struct job *job, struct error *error) {
    if (job->count == MOST_RUNS)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "at most %d runs at once", MOST_RUNS), NULL;
    struct training *more = mem_resize(job->run, (size_t)job->count + 1, sizeof *more); // jobs stay listed: no reserve
    if (!more) return error_memory(error), NULL;
    job->run = more;
    more[job->count] = (struct training){0};
    return &more[job->count];
}

// What only training needs: reports stay. Most of it lies in the heaps of the crew's threads.
static void end_work(struct job *job) {
    bool kept = mem_keep(false);
    crew_free(job->crew);
    job->crew = NULL;
    for (uint32_t i = 0; i < job->count; i++)
        if (job->run[i].reactor)
            reactor_settle(job->run[i].reactor);
        else
            train_settle(job->run[i].train);
    for (uint32_t i = 0; i < job->count; i++) job->run[i].network = (struct network){0};
    network_free(&job->network);
    data_free(&job->data);
    data_free(&job->test);
    mem_keep(kept);
    mem_trim();
}

void job_free(struct job *job) {
    if (!job) return;
    bool kept = mem_keep(false);
    crew_free(job->crew);
    for (uint32_t i = 0; i < job->count; i++) train_free(job->run[i].train), reactor_free(job->run[i].reactor);
    network_free(&job->network);
    data_free(&job->data);
    data_free(&job->test);
    mem_keep(kept);
    mem_free(job->run);
    mem_free(job->layer);
    mem_free(job->title);
    mem_free(job);
}

// How many losses are known of a run, and which: at reports, or, of a reactor, at all iterations.
static size_t losses_of(const struct training *run) {
    size_t count;
    if (run->reactor) return reactor_iteration(run->reactor);
    return train_reports(run->train, &count), count;
}

static double loss_of(const struct training *run, size_t i) {
    size_t count;
    return run->reactor ? reactor_losses(run->reactor)[i] : train_reports(run->train, &count)[i].loss;
}

static struct train_report last_report(const struct training *run, size_t *count) {
    if (run->reactor) {
        *count = losses_of(run);
        return (struct train_report){.iteration = *count, .loss = *count ? loss_of(run, *count - 1) : (double)NAN};
    }
    const struct train_report *all = train_reports(run->train, count);
    return *count ? all[*count - 1] : (struct train_report){.loss = (double)NAN};
}

static size_t reports_of(const struct job *job) {
    size_t all = 0;
    for (uint32_t i = 0; i < job->count; i++) all += losses_of(&job->run[i]);
    return all;
}

static struct chart *make_chart(const struct job *job, struct error *error) {
    char title[160];
    struct buffer line = {0};
    buffer_printf(&line, ":train %s", job->title);
    snprintf(title, sizeof title, "Training %.*s on %s", (int)strcspn(job->title, " "), job->title, job->images);
    if (!strstr(job->title, " seed ")) buffer_printf(&line, " seed %llu", (unsigned long long)job->run[0].options.seed);
    struct chart *chart = chart_new(title, buffer_string(&line), error);
    buffer_free(&line);
    bool ok = chart && training_panel(chart, job->run, job->count, CURVE_LOSS, error) &&
              training_panel(chart, job->run, job->count, CURVE_TEST_ACCURACY, error);
    struct buffer csv = {0};
    ok = ok && (training_table(job->run, job->count, &csv) || error_memory(error));
    if (ok) chart->csv = mem_text(buffer_string(&csv), csv.size);
    buffer_free(&csv);
    if (ok) return chart;
    chart_free(chart);
    return NULL;
}

void job_show(struct session *session, struct job *job) {
    struct error ignored = {0};
    size_t reports = reports_of(job);
    struct chart *chart = job->kind ? job->kind->chart(job, &ignored) : make_chart(job, &ignored);
    if (!chart) return;
    chart_show(session, chart);
    job->chart = chart->serial;
    job->charted = reports;
}

// ---- what is said -------------------------------------------------------------------------------------------------

static const char *state_of(const struct job *job, const struct training *run) {
    if (run->state == RUN_FAILED) return "failed";
    if (run->state == RUN_DONE) return "done";
    if (!job->crew) return "stopped";
    return crew_paused(job->crew) ? "paused" : "going";
}

// The losses so far in a few columns, on a scale of logarithms from the smallest to the largest.
static void sparkline(const struct training *run, char out[4 * CURVE]) {
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t count = losses_of(run);
    double low = INFINITY, high = -INFINITY;
    char *end = out;
    *end = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!(loss_of(run, i) > 0) || !isfinite(loss_of(run, i))) continue;
        low = fmin(low, log(loss_of(run, i)));
        high = fmax(high, log(loss_of(run, i)));
    }
    size_t columns = count < CURVE ? count : CURVE;
    for (size_t c = 0; c < columns; c++) {
        double loss = loss_of(run, columns > 1 ? c * (count - 1) / (columns - 1) : 0);
        double part = high > low && loss > 0 ? (log(loss) - low) / (high - low) : 0;
        end = stpcpy(end, bars[isfinite(part) ? (int)(7 * fmin(fmax(part, 0), 1) + 0.5) : 7]);
    }
}

static void time_text(double seconds, char out[40]) {
    if (!isfinite(seconds))
        snprintf(out, 40, "?");
    else if (seconds < 120)
        snprintf(out, 40, "%.0f s", seconds);
    else if (seconds < 7200)
        snprintf(out, 40, "%.0f min", seconds / 60);
    else
        snprintf(out, 40, "%.1f h", seconds / 3600);
}

// Where they stand, in 80 columns.
static void tell_standings(const struct job *job, struct report_table *table) {
    for (uint32_t i = 0; i < job->count; i++) {
        const struct training *run = &job->run[i];
        size_t reports;
        struct train_report r = last_report(run, &reports);
        char curve[4 * CURVE];
        sparkline(run, curve);
        report_table_cell(table, "%u", job->number);
        report_table_cell(table, "%s", run->name);
        report_table_cell(table, "%llu", (unsigned long long)run->options.seed);
        report_table_cell(table, "%llu", (unsigned long long)run_iteration(run));
        report_table_cell(table, "%s", curve);
        report_table_cell(table, reports ? "%.4f" : "", r.loss);
        report_table_cell(table, reports && !run->reactor ? "%.2f %%" : "", 100 * r.test_accuracy);
        report_table_cell(table, "%s", state_of(job, run));
    }
}

static struct report_table *table_of(const char *const *head, uint32_t columns) {
    struct report_table *table = report_table_new(columns);
    for (uint32_t i = 0; i < columns; i++) report_table_cell(table, "%s", head[i]);
    return table;
}

static void tell_results(struct session *session, const struct job *job) {
    if (job->kind) {
        job->kind->tell(session, job);
        return;
    }
    static const char *const head[] = {"method",   "seed",      "iterations",    "loss",
                                       "accuracy", "test loss", "test accuracy", "held MB"};
    struct report_table *table = table_of(head, sizeof head / sizeof *head);
    for (uint32_t i = 0; i < job->count; i++) {
        const struct training *run = &job->run[i];
        size_t reports;
        struct train_report r = last_report(run, &reports);
        report_table_cell(table, "%s", run->name);
        report_table_cell(table, "%llu", (unsigned long long)run->options.seed);
        report_table_cell(table, "%llu", (unsigned long long)r.iteration);
        report_table_cell(table, reports ? "%.4f" : "", r.loss);
        report_table_cell(table, reports ? "%.2f %%" : "", 100 * r.accuracy);
        report_table_cell(table, reports ? "%.4f" : "", r.test_loss);
        report_table_cell(table, reports ? "%.2f %%" : "", 100 * r.test_accuracy);
        report_table_cell(table, train_held(run->train) ? "%.3f" : "", (double)train_held(run->train) / 1e6);
    }
    report_table_print(session, table, true);
}

static void tell_errors(struct session *session, const struct job *job) {
    for (uint32_t i = 0; i < job->count && job->count > 1; i++) { // of one alone the command itself fails
        const struct training *run = &job->run[i];
        if (run->error.kind == ERROR_NONE) continue;
        report_text(session, "%s, seed %llu: %s\n", run->name, (unsigned long long)run->options.seed,
                    run->error.message);
        if (run->error.hint[0]) report_text(session, "hint: %s\n", run->error.hint);
    }
}

void job_tell(struct session *session, const struct job *job) {
    tell_results(session, job);
    tell_errors(session, job);
}

static void tell_report(struct session *session, const struct training *run, const struct train_report *r) {
    report_json(session, json_pack("{s:s, s:s, s:f, s:I, s:I, s:o, s:o, s:o, s:o, s:f}", "kind", "train", "method",
                                   keep_names[run->options.keep.method], "keep", run->options.keep.fraction, "seed",
                                   (json_int_t)run->options.seed, "iteration", (json_int_t)r->iteration, "loss",
                                   record_number(r->loss), "train_accuracy", record_number(r->accuracy), "test_loss",
                                   record_number(r->test_loss), "accuracy", record_number(r->test_accuracy), "seconds",
                                   r->seconds));
}

void job_tell_run(struct session *session, const struct training *run, size_t *told) {
    size_t reports;
    const struct train_report *r = train_reports(run->train, &reports);
    while (*told < reports) tell_report(session, run, &r[(*told)++]);
}

void job_tell_reports(struct session *session, const struct job *job, size_t *told) {
    for (uint32_t i = 0; i < job->count; i++) {
        const struct training *run = &job->run[i];
        enum run_state state = run->state; // before its reports are looked at
        job_tell_run(session, run, &told[i]);
        if (state == RUN_WAITS || state == RUN_GOES) return; // the next runs come when this one is through
    }
}

// ---- the list -----------------------------------------------------------------------------------------------------

bool runs_add(struct session *session, struct job *job, struct error *error) {
    job->crew = crew_new(job->run, job->count, error);
    if (!job->crew) return false;
    job->number = session->jobs ? session->jobs->number + 1 : 1;
    job->next = session->jobs; // the newest first
    session->jobs = job;
    return true;
}

bool runs_busy(const struct session *session) {
    for (const struct job *job = session->jobs; job; job = job->next)
        if (job->crew) return true;
    return false;
}

int runs_timeout(const struct session *session) { return runs_busy(session) ? LOOK_MILLISECONDS : -1; }

static bool tell_news(struct session *session, struct job *job) {
    bool told = false;
    for (uint32_t i = 0; i < job->count; i++) {
        struct error news = {0};
        if (!training_news(&job->run[i], &news)) continue;
        report_text(session, "run %u, %s, seed %llu: %s\n", job->number, job->run[i].name,
                    (unsigned long long)job->run[i].options.seed, news.message);
        bool goes_on = job->crew || job->run[i].state == RUN_FAILED; // what a failure hints at holds in any case
        if (news.hint[0] && goes_on) report_text(session, "hint: %s\n", news.hint);
        told = true;
    }
    return told;
}

static void tell_end(struct session *session, struct job *job) {
    report_text(session, "run %u is done: %s\n", job->number, job->title);
    tell_results(session, job);
}

static void follow(struct session *session, struct job *job) {
    bool shown = session->shown.chart && session->chart && session->chart->serial == job->chart;
    if (shown && reports_of(job) > job->charted) job_show(session, job);
}

bool runs_attend(struct session *session) {
    bool told = false;
    for (struct job *job = session->jobs; job; job = job->next) {
        if (!job->crew) continue;
        bool busy = crew_busy(job->crew); // before what is new is looked at
        told |= tell_news(session, job);
        follow(session, job);
        if (busy) continue;
        tell_end(session, job);
        end_work(job);
        told = true;
    }
    window_refresh(session, false);
    return told;
}

void runs_prompt(const struct session *session, char out[160]) {
    const struct job *job = session->jobs;
    while (job && !job->crew) job = job->next;
    out[0] = '\0';
    if (!job) return;
    double done, total, left;
    char curve[4 * CURVE], time[40], loss[40] = "";
    size_t reports;
    crew_progress(job->crew, &done, &total, &left);
    time_text(left, time);
    sparkline(&job->run[0], curve);
    struct train_report r = last_report(&job->run[0], &reports);
    if (reports) snprintf(loss, sizeof loss, " %.3g", r.loss);
    if (crew_paused(job->crew)) snprintf(time, sizeof time, "paused");
    bool wide = session->output.columns >= 60;
    snprintf(out, 160, "[%.0f %%%s%s%s, %s] ", total > 0 ? floor(100 * done / total) : 100, wide && *curve ? " " : "",
             wide ? curve : "", wide ? loss : "", time);
}

void runs_close(struct session *session) {
    while (session->jobs) {
        struct job *job = session->jobs;
        session->jobs = job->next;
        bool going = job->crew && crew_busy(job->crew);
        crew_free(job->crew);
        job->crew = NULL;
        for (uint32_t i = 0; going && i < job->count && !session->output.json; i++)
            if (job->run[i].state == RUN_WAITS)
                fprintf(stderr, "run %u, %s, seed %llu stopped at iteration %llu of %llu; %s%s\n", job->number,
                        job->run[i].name, (unsigned long long)job->run[i].options.seed,
                        (unsigned long long)run_iteration(&job->run[i]),
                        (unsigned long long)job->run[i].options.iterations,
                        job->run[i].behind          ? "it could not be saved as "
                        : job->run[i].checkpoint[0] ? "the same line goes on from "
                                                    : "with `resume FILE` it could go on",
                        job->run[i].checkpoint);
        job_free(job);
    }
}

// ---- commands -----------------------------------------------------------------------------------------------------

// The job that a command names, or the newest one that goes on.
static struct job *find_job(struct session *session, const struct words *words, bool going, struct error *error) {
    double number = 0;
    struct job *job = session->jobs;
    if (words->count > 1) return command_usage_error(words, 1, error, "one number is taken"), NULL;
    if (words->count && !text_parse_number(words->word[0], &number))
        return command_usage_error(words, 0, error, "`%.40s` is no run's number", words->word[0]), NULL;
    while (job && (words->count ? job->number != number : going && !job->crew)) job = job->next;
    if (!job) {
        error_set(error, ERROR_NAME, words->count ? words->span[0] : words->all,
                  words->count ? "there is no run %g" : "no training is going on", number);
        error_hint(error, words->count ? ":runs lists them" : ":train begins one");
    } else if (going && !job->crew) {
        error_set(error, ERROR_OTHER, words->all, "run %u has ended", job->number);
        return NULL;
    }
    return job;
}

static bool has_checkpoint(const struct training *run) { return access(run->checkpoint, F_OK) == 0; }

// Of a run that rests: not all that it has done is in its checkpoint.
static bool is_unsaved(const struct training *run) {
    return run->behind || (run->state != RUN_FAILED && run_iteration(run) && !has_checkpoint(run));
}

void job_prospect(const struct job *job, char out[160]) {
    uint32_t unsaved = 0;
    bool there = true;
    for (uint32_t i = 0; i < job->count; i++) {
        if (!is_unsaved(&job->run[i])) continue;
        unsaved++;
        there &= has_checkpoint(&job->run[i]);
    }
    const char *from = there ? "goes on from the checkpoint before" : "begins anew";
    if (!unsaved)
        snprintf(out, 160, "the same line goes on from its checkpoint");
    else if (job->count == 1)
        snprintf(out, 160, "%s: the same line %s", there ? "it could not be saved" : "there is no checkpoint", from);
    else
        snprintf(out, 160, "%u of its %u runs could not be saved: the same line %s with %s", unsaved, job->count, from,
                 unsaved == 1 ? "that one" : "those");
}

void job_tell_stopped(struct session *session, const struct job *job) {
    char prospect[160] = "with `resume FILE` it could go on";
    if (job->keeps) job_prospect(job, prospect);
    report_text(session, "stopped; %s\n", prospect);
}

static void tell_json(struct session *session, const struct job *job) {
    for (uint32_t i = 0; i < job->count; i++) {
        const struct training *run = &job->run[i];
        size_t reports;
        struct train_report r = last_report(run, &reports);
        report_json(session, json_pack("{s:s, s:I, s:s, s:f, s:I, s:s, s:I, s:I, s:o}", "kind", "run", "run",
                                       (json_int_t)job->number, "method", keep_names[run->options.keep.method], "keep",
                                       run->options.keep.fraction, "seed", (json_int_t)run->options.seed, "state",
                                       state_of(job, run), "iteration", (json_int_t)run_iteration(run), "iterations",
                                       (json_int_t)run->options.iterations, "loss", record_number(r.loss)));
    }
}

static void tell_left(struct session *session, const struct job *job) {
    double done, total, left;
    char time[40];
    if (!job->crew) return;
    crew_progress(job->crew, &done, &total, &left);
    time_text(left, time);
    report_text(session, "%srun %u: %s: %.0f of %.0f iterations, %s left%s\n", report_muted(session), job->number,
                job->title, done, total, time, report_plain(session));
}

static void tell_jobs(struct session *session, const struct job *job, struct report_table *table) {
    if (!job) return;
    tell_jobs(session, job->next, table); // the oldest first
    if (session->output.json)
        tell_json(session, job);
    else
        tell_standings(job, table);
}

bool command_runs(struct session *session, const struct words *words, struct error *error) {
    struct job *one = session->jobs;
    if (words->count && !(one = find_job(session, words, false, error))) return false;
    if (!session->jobs) {
        if (!session->output.json) report_text(session, "no run has been started at this prompt; :train begins one\n");
        return true;
    }
    runs_attend(session);
    static const char *const head[] = {"run", "method", "seed", "at", "curve", "loss", "test", "state"};
    struct report_table *table = session->output.json ? NULL : table_of(head, sizeof head / sizeof *head);
    tell_jobs(session, session->jobs, table);
    if (table) report_table_print(session, table, true);
    for (struct job *job = session->jobs; job && table; job = job->next) tell_left(session, job);
    job_show(session, one);
    session->show = true;
    return true;
}

bool command_pause(struct session *session, const struct words *words, struct error *error) {
    struct job *job = find_job(session, words, true, error);
    if (!job) return false;
    crew_pause(job->crew, true);
    bool saved = job->keeps; // what fails from now on is told as news
    for (uint32_t i = 0; i < job->count; i++) saved &= !job->run[i].behind;
    report_text(session, "run %u is paused%s; :resume goes on, :stop ends it\n", job->number,
                saved ? " and saved" : "");
    return true;
}

bool command_resume(struct session *session, const struct words *words, struct error *error) {
    struct job *job = find_job(session, words, true, error);
    if (!job) return false;
    crew_pause(job->crew, false);
    report_text(session, "run %u goes on\n", job->number);
    return true;
}

bool command_stop(struct session *session, const struct words *words, struct error *error) {
    struct job *job = find_job(session, words, true, error);
    if (!job) return false;
    crew_free(job->crew);
    job->crew = NULL;
    tell_news(session, job);
    end_work(job);
    follow(session, job);
    job_tell(session, job);
    char prospect[160] = "";
    if (job->keeps) job_prospect(job, prospect);
    report_text(session, "run %u is stopped%s%s\n", job->number, *prospect ? "; " : "", prospect);
    return true;
}
