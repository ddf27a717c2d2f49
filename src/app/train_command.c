// :train
#include "app/train_command.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/keep_words.h"
#include "app/report.h"
#include "app/runs.h"
#include "app/window.h"

enum { MOST_SEEDS = 16 };

struct request {
    const char *function, *data, *folder, *resume;
    struct keep_words keep;
    struct train_options options;
    double seed[MOST_SEEDS];
    uint32_t seeds;
};

// ---- words --------------------------------------------------------------------------------------------------------

static bool number_word(const struct words *words, uint32_t *at, double low, double high, bool whole, double *value,
                        struct error *error) {
    uint32_t count;
    return keep_numbers(words, (*at)++, low, high, whole, value, 1, &count, error);
}

static bool option_word(const struct words *words, uint32_t *at, struct request *r, struct error *error) {
    static const struct {
        const char *word;
        double low, high;
        bool whole;
    } numbers[] = {{"batch", 0, 1e5, true},        {"iterations", 0, 1e9, true}, {"lr", 0, 1e3, false},
                   {"decay", -1e-300, 1e3, false}, {"gamma", 0, 1, false},       {"drop", 0, 1e9, true},
                   {"clip", 0, 1e6, false},        {"report", 0, 1e9, true},     {"train-images", 0, 1e9, true},
                   {"test-images", 0, 1e9, true}};
    struct train_options *o = &r->options;
    const char *word = words->word[(*at)++];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double value;
        if (strcmp(word, numbers[i].word) != 0) continue;
        if (!number_word(words, at, numbers[i].low, numbers[i].high, numbers[i].whole, &value, error)) return false;
        switch (i) {
        case 0:
            return o->batch = (uint32_t)value, true;
        case 1:
            return o->iterations = (uint64_t)value, true;
        case 2:
            return o->rate = value, true;
        case 3:
            return o->decay = value, true;
        case 4:
            return o->gamma = value, true;
        case 5:
            return o->drop = (uint64_t)value, true;
        case 6:
            return o->clip = value, true;
        case 7:
            return o->report = (uint64_t)value, true;
        case 8:
            return o->train_images = (uint32_t)value, true;
        default:
            return o->test_images = (uint32_t)value, true;
        }
    }
    bool more = *at < words->count;
    if (strcmp(word, "seed") == 0)
        return keep_numbers(words, (*at)++, -1, 1e15, true, r->seed, MOST_SEEDS, &r->seeds, error);
    if (strcmp(word, "bootstrap") == 0) return o->bootstrap = true;
    if (strcmp(word, "data") == 0 && more) return r->data = words->word[(*at)++], true;
    if (strcmp(word, "dir") == 0 && more) return r->folder = words->word[(*at)++], true;
    if (strcmp(word, "resume") == 0 && more) return r->resume = words->word[(*at)++], true;
    if (strcmp(word, "method") == 0 && more) return true; // `method same` is `same`
    if (strcmp(word, "optimizer") == 0 && more) {
        for (int i = 0; i < OPTIMIZERS; i++)
            if (strcmp(words->word[*at], optimizer_names[i]) == 0) return o->optimizer = (enum optimizer)i, ++*at, true;
        return command_usage_error(words, *at, error, "the optimizers are adam and sgd");
    }
    return command_usage_error(words, *at - 1, error, "`%s` was not expected here", word);
}

static bool read_request(struct session *session, const struct words *words, struct request *r, struct error *error) {
    if (!words->count) return command_usage_error(words, 0, error, "a function is missing");
    r->function = words->word[0];
    for (uint32_t i = 1; i < words->count;) {
        bool taken;
        if (!keep_word(session, words, &i, &r->keep, &taken, error)) return false;
        if (!taken && !option_word(words, &i, r, error)) return false;
    }
    bool all_exact = r->keep.methods == 1 && r->keep.method[0] == KEEP_EXACT;
    if (all_exact && (r->keep.fractions || r->keep.layers))
        return command_usage_error(words, 0, error, "`exact` keeps all, so there is nothing for `keep` to say");
    if (!r->keep.methods)
        r->keep.method[r->keep.methods++] = r->keep.fractions || r->keep.layers ? KEEP_DIFFERENT : KEEP_EXACT;
    if (!r->keep.fractions) r->keep.fraction[r->keep.fractions++] = 0.1;
    if (!r->seeds) r->seed[r->seeds++] = (double)session->settings.seed;
    return true;
}

// ---- the runs -----------------------------------------------------------------------------------------------------

// A layer's fraction is for a parameter of the network.
static bool check_layers(struct session *session, const struct request *r, const struct graph *graph,
                         struct error *error) {
    for (uint32_t l = 0; l < r->keep.layers; l++) {
        bool found = false;
        for (uint32_t i = 0; i < graph->input_count && !found; i++)
            found = graph_is_parameter(graph, graph->input[i]) &&
                    graph->name[graph->input[i]] == r->keep.layer[l].parameter;
        if (!found)
            return error_set(error, ERROR_NAME, SPAN_NONE, "%s has no parameter `%s`", r->function,
                             symbol_text(session->symbols, r->keep.layer[l].parameter));
    }
    return true;
}

static bool add_run(struct job *job, const struct request *r, enum keep_method method, double fraction, double seed,
                    struct error *error) {
    struct training *t = job_add(job, error);
    if (!t) return false;
    job->count++;
    t->options = r->options;
    t->options.seed = (uint64_t)seed;
    t->options.keep = (struct keep){.method = method,
                                    .fraction = fraction,
                                    .layer = job->layer,
                                    .layer_count = method == KEEP_EXACT ? 0 : r->keep.layers,
                                    .distinct = r->keep.distinct,
                                    .same_steps = r->keep.same_steps};
    snprintf(t->name, sizeof t->name, fraction < 1 ? "%s %g" : "%s", keep_names[method], fraction);
    return true;
}

static bool add_runs(struct job *job, const struct request *r, struct error *error) {
    for (uint32_t m = 0; m < r->keep.methods; m++)
        for (uint32_t f = 0; f < (r->keep.method[m] == KEEP_EXACT ? 1 : r->keep.fractions); f++)
            for (uint32_t s = 0; s < r->seeds; s++)
                if (!add_run(job, r, r->keep.method[m], r->keep.method[m] == KEEP_EXACT ? 1 : r->keep.fraction[f],
                             r->seed[s], error))
                    return false;
    return true;
}

static bool check_memory(const struct job *job, struct graph *const small[2], struct error *error) {
    double need;
    return training_need(small, network_evaluation(&job->data), job->run, job->count, &need, error) &&
           training_fits(need,
                         job->count > 1 ? "fewer runs at once, a smaller batch, or keep less"
                                        : "a smaller batch, or keep less: :memory tells what is remembered",
                         error);
}

// The shapes that an error names should be those of the batch that was asked for. (A shape that does not fit is found
// before anything is computed, however large.)
static bool tell_as_asked(struct session *session, const struct request *r, const struct job *job,
                          struct error *error) {
    struct error asked = {0};
    struct graph *graph = network_trace(session, r->function, &job->data, r->options.batch, &asked);
    if (!graph && asked.kind == ERROR_TYPE) *error = asked;
    graph_drop(graph);
    return false;
}

static bool check(struct session *session, const struct request *r, const struct job *job, struct error *error) {
    struct graph *small[2] = {NULL, NULL};
    bool ok = true;
    for (uint32_t i = 0; ok && i < 2; i++)
        ok = (small[i] = network_trace(session, r->function, &job->data, i + 1, error)) != NULL;
    if (!ok && error->kind == ERROR_TYPE) tell_as_asked(session, r, job, error);
    ok = ok && check_layers(session, r, small[0], error) && check_memory(job, small, error);
    for (int i = 0; i < 2; i++) graph_drop(small[i]);
    return ok;
}

static bool take_up(struct session *session, struct job *job, uint32_t i, const char *file, struct error *error) {
    struct training *t = &job->run[i];
    char number[16] = "";
    if (i) snprintf(number, sizeof number, ".%u", i + 1);
    if (snprintf(t->checkpoint, sizeof t->checkpoint, "%s%s", file, number) >= (int)sizeof t->checkpoint)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "the checkpoint's name is too long");
    if (access(t->checkpoint, F_OK) != 0) {
        char *slash = strrchr(t->checkpoint, '/');
        if (slash) *slash = '\0';
        bool writable = access(slash ? *t->checkpoint ? t->checkpoint : "/" : ".", W_OK) == 0;
        if (slash) *slash = '/';
        if (writable) return true;
        error_set(error, ERROR_FILE, SPAN_NONE, "a checkpoint %s cannot be written", t->checkpoint);
        error_hint(error, "its folder must be there, and one that you may write to");
        return false;
    }
    if (!train_load(t->train, t->checkpoint, error)) return false;
    if (session->output.json) return true;
    report_text(session, "%s goes on at iteration %llu\n", t->checkpoint,
                (unsigned long long)train_iteration(t->train));
    if (*train_note(t->train)) report_text(session, "note: %s\n", train_note(t->train));
    return true;
}

static bool make_runs(struct session *session, const struct request *r, struct job *job, struct error *error) {
    job->keeps = r->resume;
    snprintf(job->images, sizeof job->images, "%s", job->data.name);
    job->layer = mem_zero(r->keep.layers + 1, sizeof *job->layer);
    if (!job->layer) return error_memory(error);
    memcpy(job->layer, r->keep.layer, r->keep.layers * sizeof *job->layer);
    bool ok = add_runs(job, r, error) && check(session, r, job, error) &&
              network_make(session, r->function, &job->data, r->options.batch, &job->network, error);
    for (uint32_t i = 0; ok && i < job->count; i++) {
        struct training *t = &job->run[i];
        t->network = job->network;
        t->train = train_new(&t->network, &job->data, &job->test, &t->options, error);
        ok = t->train && (!r->resume || take_up(session, job, i, r->resume, error));
    }
    return ok;
}

// ---- waiting ------------------------------------------------------------------------------------------------------

struct waiting {
    struct session *session;
    struct job *job;
    size_t *told; // by run: reports written as JSON
};

static void look(void *context) {
    struct waiting *w = context;
    if (w->session->output.json) {
        job_tell_reports(w->session, w->job, w->told);
        if (w->session->output.text.size) report_flush(w->session);
    }
    if (!window_is_open()) return;
    job_show(w->session, w->job);
    window_refresh(w->session, true);
    window_attend(w->session);
}

static bool wait_for(struct session *session, struct job *job, struct error *error) {
    struct waiting waiting = {session, job, mem_zero(job->count + 1, sizeof(size_t))};
    if (!waiting.told) return error_memory(error);
    job_show(session, job);
    window_refresh(session, true);
    struct error stopped = {0};
    bool done = training_run(job->run, job->count, look, &waiting, &stopped), failed = false;
    job_show(session, job);
    for (uint32_t i = 0; i < job->count; i++) {
        const struct training *run = &job->run[i];
        failed |= run->error.kind != ERROR_NONE;
        size_t *told = waiting.told;
        if (session->output.json) job_tell_run(session, run, &told[i]);
    }
    mem_free(waiting.told);
    if (!session->output.json) job_tell(session, job);
    if (!done && stopped.kind != ERROR_INTERRUPT) return *error = stopped, false;
    if (!done && !session->output.json) job_tell_stopped(session, job);
    if (!failed) return true;
    for (uint32_t i = 0; i < job->count && error->kind == ERROR_NONE; i++) *error = job->run[i].error;
    return false;
}

// At the prompt training goes on in the background; whatever has lines after it waits.
bool training_goes_on_behind(const struct session *session) {
    return session->output.interactive && session->running == 1 && !session->output.json && !session->output.capture &&
           !session->from_window && !session->lesson;
}

static bool begin(struct session *session, const struct request *r, struct job *job, struct error *error) {
    const char *folder = training_folder(r->folder);
    return data_load(r->data, folder, false, &job->data, error) &&
           data_load(r->data, folder, true, &job->test, error) && make_runs(session, r, job, error);
}

bool command_train(struct session *session, const struct words *words, struct error *error) {
    struct request *r = mem_zero(1, sizeof *r);
    struct job *job = job_new(error);
    if (!r || !job) return mem_free(r), job_free(job), error_memory(error);
    r->data = "fashion-mnist";
    r->options = (struct train_options){
        .batch = 150, .iterations = 2000, .rate = 1e-3, .gamma = 1, .report = 400, .train_images = 10000};
    job->title = mem_text(words->rest, strcspn(words->rest, "\r\n"));
    bool ok =
        (job->title || error_memory(error)) && read_request(session, words, r, error) && begin(session, r, job, error);
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
