// :reactor
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/keep_words.h"
#include "app/report.h"
#include "app/steering.h"
#include "app/window.h"

enum { MOST_SEEDS = 16 };

struct request {
    struct reactor_options options;
    double fraction[KEEP_FRACTIONS], seed[MOST_SEEDS];
    uint32_t fractions, seeds;
    bool estimator[REACTOR_ESTIMATORS];
    const char *resume;
};

static bool number_word(const struct words *words, uint32_t at, double low, double high, bool whole, double *value,
                        struct error *error) {
    uint32_t count;
    return keep_numbers(words, at, low, high, whole, value, 1, &count, error);
}

static bool option_word(const struct words *words, uint32_t *at, struct request *r, struct error *error) {
    struct reactor_options *o = &r->options;
    const char *word = words->word[(*at)++];
    double value;
    for (int i = 0; i < REACTOR_ESTIMATORS; i++)
        if (strcmp(word, reactor_estimators[i]) == 0) return r->estimator[i] = true;
    if (strcmp(word, "estimator") == 0 && *at < words->count) return true; // `estimator unbiased` is `unbiased`
    if (strcmp(word, "exact") == 0) return r->fractions = 1, r->fraction[0] = 1, true;
    if (strcmp(word, "double") == 0) return o->type = NUMBER_DOUBLE, true;
    if (strcmp(word, "float") == 0) return o->type = NUMBER_FLOAT, true;
    if (strcmp(word, "resume") == 0 && *at < words->count) return r->resume = words->word[(*at)++], true;
    if (strcmp(word, "keep") == 0)
        return keep_numbers(words, (*at)++, 0, 1, false, r->fraction, KEEP_FRACTIONS, &r->fractions, error);
    if (strcmp(word, "seed") == 0)
        return keep_numbers(words, (*at)++, -1, 1e15, true, r->seed, MOST_SEEDS, &r->seeds, error);
    static const struct {
        const char *word;
        double low, high;
        bool whole;
    } numbers[] = {{"iterations", 0, REACTOR_ITERATIONS, true},
                   {"side", GRID_SIDE_MIN - 1, GRID_SIDE_MAX, true},
                   {"horizon", 0, 1e6, false},
                   {"lr", 0, 1e3, false},
                   {"dt", 0, 1, false},
                   {"diffusion", 0, 1e6, false}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(word, numbers[i].word) != 0) continue;
        if (!number_word(words, (*at)++, numbers[i].low, numbers[i].high, numbers[i].whole, &value, error))
            return false;
        if (i == 0) o->iterations = (uint64_t)value;
        if (i == 1) o->side = (uint32_t)value;
        double *const where[] = {&o->horizon, &o->rate, &o->dt, &o->diffusion};
        if (i > 1) *where[i - 2] = value;
        return true;
    }
    return command_usage_error(words, *at - 1, error, "`%.40s` was not expected here", word);
}

static bool read_request(struct session *session, const struct words *words, struct request *r, struct error *error) {
    r->options = reactor_recipe;
    for (uint32_t i = 0; i < words->count;)
        if (!option_word(words, &i, r, error)) return false;
    if (!r->fractions) r->fraction[r->fractions++] = 1, r->fraction[r->fractions++] = 0.01;
    if (!r->seeds) r->seed[r->seeds++] = (double)session->settings.seed;
    if (!r->estimator[REACTOR_PUBLISHED]) r->estimator[REACTOR_UNBIASED] = true;
    return true;
}

static bool add_runs(struct job *job, const struct request *r, struct error *error) {
    for (uint32_t f = 0; f < r->fractions; f++)
        for (int e = 0; e < REACTOR_ESTIMATORS; e++)
            for (uint32_t s = 0; s < r->seeds; s++) {
                struct reactor_options o = r->options;
                bool exact = r->fraction[f] >= 1;
                if (exact ? e || s : !r->estimator[e]) continue; // the exact one has no use for a seed
                o.fraction = r->fraction[f];
                o.estimator = (enum reactor_estimator)e;
                o.seed = (uint64_t)r->seed[s];
                if (!steering_add(job, &o, error)) return false;
            }
    return true;
}

static bool take_up(struct session *session, struct job *job, const char *file, struct error *error) {
    for (uint32_t i = 0; i < job->count; i++) {
        char name[4200];
        snprintf(name, sizeof name, i ? "%.4000s.%u" : "%.4000s", file, i + 1);
        if (!steering_take_up(session, &job->run[i], name, true, error)) return false;
    }
    job->keeps = true;
    return true;
}

struct waiting {
    struct session *session;
    struct job *job;
};

static void look(void *context) {
    struct waiting *w = context;
    if (!window_is_open()) return;
    job_show(w->session, w->job);
    window_refresh(w->session, true);
    window_attend(w->session);
}

static bool wait_for(struct session *session, struct job *job, struct error *error) {
    struct waiting waiting = {session, job};
    struct error stopped = {0};
    job_show(session, job);
    window_refresh(session, true);
    bool done = training_run(job->run, job->count, look, &waiting, &stopped);
    job_show(session, job);
    for (uint32_t i = 0; session->output.json && i < job->count; i++)
        report_json(session, steering_record(&job->run[i]));
    if (!session->output.json) job_tell(session, job);
    if (!done && stopped.kind != ERROR_INTERRUPT) return *error = stopped, false;
    if (!done && !session->output.json) job_tell_stopped(session, job);
    for (uint32_t i = 0; i < job->count; i++)
        if (job->run[i].error.kind != ERROR_NONE) return *error = job->run[i].error, false;
    return true;
}

bool command_reactor(struct session *session, const struct words *words, struct error *error) {
    struct request *r = mem_zero(1, sizeof *r);
    struct job *job = job_new(error);
    if (!r || !job) return mem_free(r), job_free(job), error_memory(error);
    job->title = mem_text(words->rest, strcspn(words->rest, "\r\n"));
    bool ok = (job->title || error_memory(error)) && read_request(session, words, r, error) &&
              add_runs(job, r, error) && (!r->resume || take_up(session, job, r->resume, error));
    if (ok && training_goes_on_behind(session)) {
        ok = runs_add(session, job, error);
        if (ok) {
            job_show(session, job);
            session->show = true;
            report_text(session, "run %u goes on in the background: :runs, :pause, :resume, :stop\n", job->number);
            job = NULL;
        }
    } else if (ok) {
        ok = wait_for(session, job, error);
    }
    job_free(job);
    mem_free(r);
    return ok;
}
