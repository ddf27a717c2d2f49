// :train
#include "app/train_command.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/keep_words.h"
#include "app/progress.h"
#include "app/report.h"
#include "app/window.h"
#include "base/clock.h"

enum { MOST_RUNS = 64, MOST_SEEDS = 16 };

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
    if (!r->keep.methods) r->keep.method[r->keep.methods++] = r->keep.fractions ? KEEP_DIFFERENT : KEEP_EXACT;
    if (!r->keep.fractions) r->keep.fraction[r->keep.fractions++] = 0.1;
    if (!r->seeds) r->seed[r->seeds++] = (double)session->settings.seed;
    return true;
}

// ---- the runs -----------------------------------------------------------------------------------------------------

struct show {
    struct session *session;
    struct training *run;
    uint32_t count;
    const char *line;
};

static struct chart *make_chart(const struct show *s, struct error *error) {
    char title[160];
    snprintf(title, sizeof title, "Training %.100s", s->line);
    struct chart *chart = chart_new(title, "", error);
    bool ok = chart && training_panel(chart, s->run, s->count, CURVE_LOSS, error) &&
              training_panel(chart, s->run, s->count, CURVE_TEST_ACCURACY, error);
    struct buffer csv = {0};
    ok = ok && (training_table(s->run, s->count, &csv) || error_memory(error));
    if (ok) chart->csv = mem_text(buffer_string(&csv), csv.size);
    buffer_free(&csv);
    if (ok) return chart;
    chart_free(chart);
    return NULL;
}

static void show_round(void *context) {
    const struct show *s = context;
    struct error ignored = {0};
    struct chart *chart = make_chart(s, &ignored);
    if (chart) chart_show(s->session, chart);
    window_refresh(s->session, true);
    window_attend(s->session);
}

static bool make_runs(struct session *session, const struct request *r, const struct dataset *data,
                      const struct dataset *test, const struct network *network, struct training *run, uint32_t *count,
                      struct error *error) {
    for (uint32_t m = 0; m < r->keep.methods; m++)
        for (uint32_t f = 0; f < (r->keep.method[m] == KEEP_EXACT ? 1 : r->keep.fractions); f++)
            for (uint32_t s = 0; s < r->seeds; s++) {
                struct training *t = &run[*count];
                if (*count == MOST_RUNS)
                    return error_set(error, ERROR_USAGE, SPAN_NONE, "at most %d runs at once", MOST_RUNS);
                double fraction = r->keep.method[m] == KEEP_EXACT ? 1 : r->keep.fraction[f];
                t->options = r->options;
                t->options.seed = (uint64_t)r->seed[s];
                t->options.keep = (struct keep){.method = r->keep.method[m],
                                                .fraction = fraction,
                                                .layer = r->keep.layer,
                                                .layer_count = r->keep.layers,
                                                .distinct = r->keep.distinct,
                                                .same_steps = r->keep.same_steps};
                snprintf(t->name, sizeof t->name, fraction < 1 ? "%s %g" : "%s", keep_names[r->keep.method[m]],
                         fraction);
                t->network = *network;
                t->train = train_new(&t->network, data, test, &t->options, error);
                if (!t->train) return false;
                ++*count;
                if (!r->resume) continue;
                snprintf(t->checkpoint, sizeof t->checkpoint, "%.280s%s%.0u", r->resume, *count > 1 ? "." : "",
                         *count > 1 ? *count : 0);
                FILE *file = fopen(t->checkpoint, "rb");
                if (!file) continue;
                fclose(file);
                if (!train_load(t->train, t->checkpoint, error)) return false;
                report_text(session, "%s goes on at iteration %llu\n", t->checkpoint,
                            (unsigned long long)train_iteration(t->train));
            }
    return true;
}

static void tell_runs(struct session *session, const struct training *run, uint32_t count) {
    struct report_table *table = report_table_new(8);
    static const char *const head[] = {"method",   "seed",      "iterations",    "loss",
                                       "accuracy", "test loss", "test accuracy", "held MB"};
    for (int i = 0; i < 8; i++) report_table_cell(table, "%s", head[i]);
    for (uint32_t i = 0; i < count; i++) {
        size_t reports;
        const struct train_report *all = train_reports(run[i].train, &reports);
        struct train_report r = reports ? all[reports - 1] : (struct train_report){0};
        report_table_cell(table, "%s", run[i].name);
        report_table_cell(table, "%llu", (unsigned long long)run[i].options.seed);
        report_table_cell(table, "%llu", (unsigned long long)r.iteration);
        report_table_cell(table, "%.4f", r.loss);
        report_table_cell(table, "%.2f %%", 100 * r.accuracy);
        report_table_cell(table, "%.4f", r.test_loss);
        report_table_cell(table, "%.2f %%", 100 * r.test_accuracy);
        report_table_cell(table, "%.3f", (double)train_held(run[i].train) / 1e6);
    }
    report_table_print(session, table, true);
    for (uint32_t i = 0; i < count; i++)
        if (run[i].error.kind != ERROR_NONE)
            report_text(session, "%s, seed %llu: %s\n", run[i].name, (unsigned long long)run[i].options.seed,
                        run[i].error.message);
}

static void tell_json(struct session *session, const struct training *run, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        size_t reports;
        const struct train_report *r = train_reports(run[i].train, &reports);
        for (size_t k = 0; k < reports; k++)
            report_json(session,
                        json_pack("{s:s, s:s, s:f, s:I, s:I, s:f, s:f, s:f, s:f, s:f}", "kind", "train", "method",
                                  keep_names[run[i].options.keep.method], "keep", run[i].options.keep.fraction, "seed",
                                  (json_int_t)run[i].options.seed, "iteration", (json_int_t)r[k].iteration, "loss",
                                  r[k].loss, "train_accuracy", r[k].accuracy, "test_loss", r[k].test_loss, "accuracy",
                                  r[k].test_accuracy, "seconds", r[k].seconds));
    }
}

bool command_train(struct session *session, const struct words *words, struct error *error) {
    struct request *r = mem_zero(1, sizeof *r);
    struct training *run = mem_zero(MOST_RUNS + 1, sizeof *run);
    struct dataset data = {.count = 0}, test = {.count = 0};
    struct network network = {0};
    uint32_t count = 0;
    if (!r || !run) return mem_free(r), mem_free(run), error_memory(error);
    r->data = "fashion-mnist";
    r->options = (struct train_options){
        .batch = 150, .iterations = 2000, .rate = 1e-3, .gamma = 1, .report = 400, .train_images = 10000};
    bool ok = read_request(session, words, r, error) && data_load(r->data, r->folder, false, &data, error) &&
              data_load(r->data, r->folder, true, &test, error) &&
              network_make(session, r->function, &data, r->options.batch, &network, error) &&
              make_runs(session, r, &data, &test, &network, run, &count, error);
    if (ok) {
        struct show show = {session, run, count, r->function};
        struct error stopped = {0};
        bool done = training_run(run, count, show_round, &show, &stopped);
        if (session->output.json)
            tell_json(session, run, count);
        else
            tell_runs(session, run, count);
        if (!done && !session->output.json)
            report_text(session, "stopped%s\n",
                        r->resume ? "; the same line goes on from there" : "; with `resume FILE` it could go on");
    }
    for (uint32_t i = 0; i < count; i++) train_free(run[i].train);
    network_free(&network);
    data_free(&data);
    data_free(&test);
    mem_free(run);
    mem_free(r);
    return ok;
}
