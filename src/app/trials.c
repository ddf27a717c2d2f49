#include "app/trials.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chart.h"
#include "app/commands.h"
#include "app/method.h"
#include "app/report.h"
#include "app/sample.h"
#include "app/variance.h"
#include "base/file.h"

#define ROUNDING 1e-13 // of the exact value: errors below are those of the arithmetic

enum { SAMPLES, COST, REMEMBERED, ESTIMATE, EXACT, ERROR, VARIANCE, NUMBERS };
static const char *const number_names[NUMBERS] = {"samples", "cost",  "remembered", "estimate",
                                                  "exact",   "error", "variance"};

struct trial {
    uint32_t number; // from 1, in the order made
    char *of;        // "da/dx2", "interleaved 3 x 4"
    char *method;
    char *command;       // that makes it again
    struct graph *graph; // on which; NULL: the command says itself
    uint64_t seed;
    double value[NUMBERS];
};

struct trials {
    struct trial *row;
    size_t count, capacity;
    uint32_t made;
};

static void trial_free(struct trial *trial) {
    mem_free(trial->of);
    mem_free(trial->method);
    mem_free(trial->command);
    graph_drop(trial->graph);
}

void trials_free(struct trials *trials) {
    if (!trials) return;
    for (size_t i = 0; i < trials->count; i++) trial_free(&trials->row[i]);
    mem_free(trials->row);
    mem_free(trials);
}

uint32_t trials_made(const struct trials *trials) { return trials ? trials->made : 0; }

void trials_cut(struct trials *trials, uint32_t made) {
    size_t kept = 0;
    for (size_t i = 0; trials && i < trials->count; i++)
        if (trials->row[i].number > made)
            trial_free(&trials->row[i]);
        else
            trials->row[kept++] = trials->row[i];
    if (trials) trials->count = kept, trials->made = trials->made < made ? trials->made : made;
}

// ---- adding -------------------------------------------------------------------------------------------------------

static struct trial *add(struct session *session, const char *of, const char *method, const char *command,
                         struct graph *graph, uint64_t seed) {
    if (!session->trials) session->trials = mem_zero(1, sizeof *session->trials);
    struct trials *t = session->trials;
    struct trial trial = {.of = mem_text(of, strlen(of)),
                          .method = mem_text(method, strlen(method)),
                          .command = mem_text(command, strlen(command)),
                          .seed = seed};
    if (t && trial.of && trial.method && trial.command && mem_grow(&t->row, &t->capacity, t->count + 1, sizeof trial)) {
        trial.graph = graph ? graph_hold(graph) : NULL;
        trial.number = ++t->made;
        t->row[t->count] = trial;
        return &t->row[t->count++];
    }
    trial_free(&trial);
    const char *text = "out of memory: this run is not among :trials";
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:s}", "kind", "note", "text", text));
    else
        report_text(session, "%s\n", text);
    return NULL;
}

// The command with its seed, for `:set seed` may change.
static void name_command(const struct sample *sample, const struct words *words, struct buffer *out) {
    bool seed = false;
    buffer_printf(out, ":sample");
    for (uint32_t i = 0; i < words->count; i++) {
        buffer_printf(out, " %s", words->word[i]);
        seed |= method_word(words, i, "seed");
    }
    if (!seed) buffer_printf(out, " seed %llu", (unsigned long long)sample->seed);
}

void trials_add_sample(struct session *session, const struct sample *sample, const struct words *words) {
    struct graph *graph = session_graph(session, NULL);
    struct buffer command = {0};
    char method[64], of[140], to[64], from[64];
    if (!graph) return;
    sampler_name(&sample->method, method);
    name_command(sample, words, &command);
    for (size_t i = 0; i < (size_t)sample->rows * sample->columns; i++) {
        const struct sample_entry *entry = &sample->entry[i];
        const struct estimate *e = &entry->estimate;
        graph_label(graph, entry->to, to), graph_label(graph, entry->from, from);
        snprintf(of, sizeof of, "d%s/d%s", to, from);
        struct trial *row = add(session, of, method, buffer_string(&command), graph, sample->seed);
        if (!row) break;
        const double value[NUMBERS] = {
            [SAMPLES] = (double)sample->count,     [COST] = (double)sample->count * sampler_cost(entry->sampler),
            [REMEMBERED] = estimate_remembered(e), [ESTIMATE] = estimate_mean(e),
            [EXACT] = scaled_double(e->exact),     [ERROR] = sample_error(e),
            [VARIANCE] = sample_variance(e)};
        memcpy(row->value, value, sizeof value);
    }
    buffer_free(&command);
}

// A sweep keeps the derivative's square; its sign is known on a graph at hand, and where no weight is negative.
static double sweep_exact(const struct variance *v, const struct sweep_cell *cell) {
    struct scaled derivative;
    if (!v->has_pattern) return subgraph_derivative(v->subgraph, &derivative, NULL) ? scaled_double(derivative) : NAN;
    const struct pattern *p = &cell->pattern;
    bool positive = p->weights == WEIGHTS_ONES || (p->weights == WEIGHTS_UNIFORM && p->low >= 0);
    return positive && cell->graphs == 1 ? sqrt(cell->result.square) : NAN;
}

void trials_add_variance(struct session *session, const struct variance *v) {
    char method[64], of[140];
    struct graph *graph = v->has_pattern ? NULL : session_graph(session, NULL);
    for (size_t i = 0; i < v->sweep.cell_count; i++) {
        const struct sweep_cell *cell = &v->sweep.cell[i];
        if (!cell->done) continue;
        sampler_name(&cell->method, method);
        if (v->has_pattern)
            snprintf(of, sizeof of, "%s %u %u", pattern_names[cell->pattern.kind], cell->pattern.width,
                     cell->pattern.depth);
        else
            snprintf(of, sizeof of, "mean of %llu", (unsigned long long)cell->average);
        struct trial *row = add(session, of, method, v->command, graph, v->seed);
        if (!row) return;
        const double value[NUMBERS] = {[SAMPLES] = (double)cell->estimates * (double)cell->average * cell->graphs,
                                       [COST] = sweep_cost(&v->sweep, cell),
                                       [REMEMBERED] = cell->result.remembered,
                                       [ESTIMATE] = NAN,
                                       [EXACT] = sweep_exact(v, cell),
                                       [ERROR] = NAN,
                                       [VARIANCE] = cell->result.measured};
        memcpy(row->value, value, sizeof value);
    }
}

// ---- listing ------------------------------------------------------------------------------------------------------

static void short_number(char out[48], double value) {
    if (isnan(value))
        snprintf(out, 48, "—");
    else
        text_label_number(out, value, 4);
}

static void print_rows(struct session *session, const struct trial *const *row, size_t count) {
    struct report_table *table = report_table_new(4 + NUMBERS);
    static const char *const words[] = {"", "of", "method", "seed"};
    for (int i = 0; i < 4; i++) report_table_cell(table, "%s", words[i]);
    for (int i = 0; i < NUMBERS; i++) report_table_cell(table, "%s", number_names[i]);
    for (size_t i = 0; i < count; i++) {
        report_table_cell(table, "%u", row[i]->number);
        report_table_cell(table, "%s", row[i]->of);
        report_table_cell(table, "%s", row[i]->method);
        report_table_cell(table, "%llu", (unsigned long long)row[i]->seed);
        for (int k = 0; k < NUMBERS; k++) {
            char number[48];
            short_number(number, row[i]->value[k]);
            report_table_cell(table, "%s", number);
        }
    }
    report_table_print(session, table, true);
}

static json_t *number_json(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *rows_json(const struct trial *const *row, size_t count) {
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object =
            json_pack("{s:i, s:s, s:s, s:I, s:s}", "number", (int)row[i]->number, "of", row[i]->of, "method",
                      row[i]->method, "seed", (json_int_t)row[i]->seed, "command", row[i]->command);
        for (int k = 0; k < NUMBERS; k++) json_object_set_new(object, number_names[k], number_json(row[i]->value[k]));
        json_array_append_new(rows, object);
    }
    return json_pack("{s:s, s:o}", "kind", "trials", "rows", rows);
}

// What rows are sorted by: a number, or a text.
struct order {
    int number; // of NUMBERS, or -1
    const char *text;
};

static const struct order *sorting;

static int compare(const void *a, const void *b) {
    const struct trial *x = *(const struct trial *const *)a, *y = *(const struct trial *const *)b;
    int by = 0;
    if (sorting->number >= 0) {
        double p = x->value[sorting->number], q = y->value[sorting->number];
        by = isnan(p) || isnan(q) ? isnan(p) - isnan(q) : (p > q) - (p < q);
    } else if (sorting->text) {
        by = strcmp(sorting->text, "seed") == 0 ? (x->seed > y->seed) - (x->seed < y->seed)
             : strcmp(sorting->text, "of") == 0 ? strcmp(x->of, y->of)
                                                : strcmp(x->method, y->method);
    }
    return by ? by : (x->number > y->number) - (x->number < y->number);
}

// All rows in this order; mem_free.
static const struct trial **ordered(const struct trials *t, const struct order *order, struct error *error) {
    const struct trial **row = mem_alloc(t->count + 1, sizeof *row);
    if (!row) return error_memory(error), NULL;
    for (size_t i = 0; i < t->count; i++) row[i] = &t->row[i];
    sorting = order;
    qsort(row, t->count, sizeof *row, compare);
    return row;
}

static int find_number(const char *name) {
    for (int i = 0; i < NUMBERS; i++)
        if (strcmp(number_names[i], name) == 0) return i;
    return -1;
}

static bool read_order(const struct words *words, uint32_t at, struct order *order, struct error *error) {
    if (at >= words->count) return command_usage_error(words, at - 1, error, "`sort` needs a column, as variance");
    const char *name = words->word[at];
    order->number = find_number(name);
    order->text = name;
    if (order->number >= 0 || strcmp(name, "method") == 0 || strcmp(name, "seed") == 0 || strcmp(name, "of") == 0)
        return true;
    return command_usage_error(words, at, error,
                               "columns are of, method, seed, samples, cost, remembered, estimate, exact, error and "
                               "variance, not `%s`",
                               name);
}

static bool list(struct session *session, const struct words *words, struct error *error) {
    struct order order = {.number = -1};
    if (words->count && !read_order(words, 1, &order, error)) return false;
    const struct trial **row = ordered(session->trials, &order, error);
    if (!row) return false;
    if (session->output.json)
        report_json(session, rows_json(row, session->trials->count));
    else
        print_rows(session, row, session->trials->count);
    mem_free(row);
    return true;
}

// ---- the file -----------------------------------------------------------------------------------------------------

static void put_text(struct buffer *out, const char *text) {
    if (!strpbrk(text, ",\"\n")) {
        buffer_text(out, text);
        return;
    }
    buffer_char(out, '"');
    for (; *text; text++) {
        if (*text == '"') buffer_char(out, '"');
        buffer_char(out, *text);
    }
    buffer_char(out, '"');
}

static void put_rows(const struct trials *t, struct buffer *out) {
    buffer_text(out, "number,of,method,seed");
    for (int k = 0; k < NUMBERS; k++) buffer_printf(out, ",%s", number_names[k]);
    buffer_text(out, ",command\n");
    for (size_t i = 0; i < t->count; i++) {
        const struct trial *row = &t->row[i];
        buffer_printf(out, "%u,", row->number);
        put_text(out, row->of);
        buffer_char(out, ',');
        put_text(out, row->method);
        buffer_printf(out, ",%llu", (unsigned long long)row->seed);
        for (int k = 0; k < NUMBERS; k++)
            if (isfinite(row->value[k]))
                buffer_printf(out, ",%.17g", row->value[k]);
            else
                buffer_text(out, isnan(row->value[k]) ? ",NaN" : row->value[k] > 0 ? ",Infinity" : ",-Infinity");
        buffer_char(out, ',');
        put_text(out, row->command);
        buffer_char(out, '\n');
    }
}

static bool write_file(struct session *session, const struct words *words, struct error *error) {
    if (words->count != 2) return command_usage_error(words, 0, error, "`file` needs one name, as trials.csv");
    struct buffer out = {0};
    put_rows(session->trials, &out);
    bool ok = out.failed ? error_memory(error) : file_write(words->word[1], out.data, out.size, error);
    size_t count = session->trials->count;
    if (ok && session->output.json)
        report_json(session, json_pack("{s:s, s:s, s:s, s:s, s:I}", "kind", "export", "file", words->word[1], "format",
                                       "csv", "view", "trials", "bytes", (json_int_t)out.size));
    else if (ok)
        report_text(session, "%s: %zu trial%s\n", words->word[1], count, count == 1 ? "" : "s");
    buffer_free(&out);
    return ok;
}

// ---- the plot -----------------------------------------------------------------------------------------------------

// A variance or an error that is nothing but rounding: the estimate is exact. It would stretch a logarithmic axis.
static bool is_rounding(const struct trial *row, int number) {
    double unit = ROUNDING * fabs(row->value[EXACT]);
    if (number == VARIANCE) return row->value[VARIANCE] < unit * unit;
    return number == ERROR && row->value[ERROR] < unit;
}

static double drawn(const struct trial *row, int number) { return is_rounding(row, number) ? 0 : row->value[number]; }

// Names the methods that are exact all the time.
static void tell_exact(const struct trial *const *row, size_t count, int y, struct buffer *out) {
    for (size_t i = 0, end; i < count; i = end) {
        bool exact = true;
        for (end = i; end < count && strcmp(row[end]->method, row[i]->method) == 0; end++)
            exact &= is_rounding(row[end], y) || row[end]->value[y] == 0;
        if (exact) buffer_printf(out, "%s%s: %s 0", out->size ? "; " : "", row[i]->method, number_names[y]);
    }
}

// Points that rise along x are joined.
static enum plot_marks marks_of(const struct chart_curve *curve) {
    for (size_t i = 1; i < curve->count; i++)
        if (!(curve->x[i] > curve->x[i - 1])) return PLOT_POINTS;
    return PLOT_BOTH;
}

// Estimates of different derivatives are different curves; the cells of a sweep differ in what they are of along one.
static int by_curve(const struct trial *x, const struct trial *y) {
    int by = strcmp(x->method, y->method);
    if (!by) by = (x->graph != NULL) - (y->graph != NULL);
    return by || !x->graph ? by : strcmp(x->of, y->of);
}

static void curve_name(const struct trials *t, const struct trial *trial, struct buffer *out) {
    bool alone = true;
    for (size_t i = 0; i < t->count; i++)
        alone &= strcmp(t->row[i].method, trial->method) != 0 || by_curve(&t->row[i], trial) == 0;
    buffer_printf(out, "%s%s%s", trial->method, alone ? "" : ", ", alone ? "" : trial->graph ? trial->of : "sweeps");
}

static bool has_point(const struct trial *trial, int x, int y) {
    return !isnan(trial->value[x]) && !isnan(trial->value[y]);
}

// The rows have a place in the plot, some of them.
static bool add_curve(const struct trials *t, struct chart_panel *panel, const struct trial *const *row, size_t count,
                      int x, int y) {
    struct buffer name = {0};
    curve_name(t, row[0], &name);
    struct chart_curve *curve = name.failed ? NULL : chart_curve(panel, buffer_string(&name), count, false);
    buffer_free(&name);
    if (!curve) return false;
    curve->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!has_point(row[i], x, y)) continue;
        curve->x[curve->count] = drawn(row[i], x);
        curve->y[curve->count++] = drawn(row[i], y);
    }
    curve->marks = marks_of(curve);
    return true;
}

// A curve for each run of rows that belong together; rows are sorted so, then by x.
static bool add_curves(const struct trials *t, struct chart_panel *panel, const struct trial *const *row, size_t count,
                       int x, int y) {
    for (size_t i = 0, end; i < count; i = end) {
        bool any = false;
        for (end = i; end < count && by_curve(row[end], row[i]) == 0; end++) any |= has_point(row[end], x, y);
        if (any && !add_curve(t, panel, row + i, end - i, x, y)) return false;
    }
    return true;
}

static int by_curve_and_x(const void *a, const void *b) {
    int by = by_curve(*(const struct trial *const *)a, *(const struct trial *const *)b);
    return by ? by : compare(a, b);
}

// "seed 3", "seeds 1, 4", "11 seeds".
static void seeds_text(const struct trials *t, char out[128]) {
    uint64_t seed[4] = {0};
    size_t seeds = 0, length = 0;
    for (size_t i = 0; i < t->count; i++) {
        size_t k = 0;
        while (k < i && t->row[k].seed != t->row[i].seed) k++;
        if (k == i && seeds++ < 4) seed[seeds - 1] = t->row[i].seed;
    }
    if (seeds > 4) {
        snprintf(out, 128, "%zu seeds", seeds);
        return;
    }
    for (size_t k = 0; k < seeds; k++)
        length += (size_t)snprintf(out + length, 128 - length, "%s %llu",
                                   k           ? ","
                                   : seeds > 1 ? "seeds"
                                               : "seed",
                                   (unsigned long long)seed[k]);
}

static bool spans(const struct trials *t, int number) {
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < t->count; i++) {
        double value = drawn(&t->row[i], number);
        if (isnan(value)) continue;
        if (value < 0) return false;
        if (value > 0) low = fmin(low, value), high = fmax(high, value);
    }
    return high > 20 * low;
}

static bool plot(struct session *session, const struct words *words, struct error *error) {
    int x = COST, y = VARIANCE;
    struct trials *t = session->trials;
    if (words->count != 1 && words->count != 3)
        return command_usage_error(words, 0, error, "`plot` takes two columns, as plot samples error");
    for (uint32_t i = 1; i < words->count; i++)
        if ((*(i == 1 ? &x : &y) = find_number(words->word[i])) < 0)
            return command_usage_error(words, i, error, "`%s` is no column of numbers", words->word[i]);
    struct order order = {.number = x};
    const struct trial **row = ordered(t, &order, error);
    char seeds[128];
    struct buffer note = {0};
    seeds_text(t, seeds);
    buffer_text(&note, seeds);
    json_t *rows = row ? rows_json(row, t->count) : NULL;
    if (row) qsort(row, t->count, sizeof *row, by_curve_and_x);
    if (row) tell_exact(row, t->count, y, &note);
    struct chart *chart = row ? chart_new("Trials", buffer_string(&note), error) : NULL;
    buffer_free(&note);
    struct chart_panel *panel = chart ? chart_panel(chart, "", number_names[x], number_names[y]) : NULL;
    struct buffer csv = {0};
    put_rows(t, &csv);
    bool ok = chart && panel && add_curves(t, panel, row, t->count, x, y) && !csv.failed &&
              (chart->csv = mem_text(csv.data, csv.size)) &&
              (chart->json = json_dumps(rows, JSON_COMPACT | JSON_REAL_PRECISION(17)));
    json_decref(rows);
    if (ok) panel->log_x = spans(t, x), panel->log_y = spans(t, y);
    buffer_free(&csv);
    mem_free(row);
    if (!ok) return chart_free(chart), error_memory(error);
    chart_show(session, chart);
    struct buffer text = {0};
    chart_describe(chart, &text);
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:o}", "kind", "plot", "plot", chart_panel_json(panel)));
    else
        report_text(session, "%s over %s\n%s", number_names[y], number_names[x], buffer_string(&text));
    buffer_free(&text);
    return true;
}

// ---- again --------------------------------------------------------------------------------------------------------

static bool again(struct session *session, const struct words *words, struct error *error) {
    double number;
    struct trials *t = session->trials;
    if (!method_number(words, 1, "the number of a trial", 1, t->made, &number, error)) return false;
    for (size_t i = 0; i < t->count; i++) {
        if (t->row[i].number != (uint32_t)number) continue;
        struct graph *graph = t->row[i].graph;
        if (graph && !graph_same(graph, session_graph(session, NULL))) {
            if (!session_adopt(session, graph, error)) return false;
            if (!session->output.json)
                report_text(session, "its graph is the current one again, which :save does not know how to make\n");
        }
        char *command = mem_text(t->row[i].command, strlen(t->row[i].command)); // rows may move
        bool ok = command ? command_run(session, command, SPAN_NONE, error) : error_memory(error);
        mem_free(command);
        return ok;
    }
    return command_usage_error(words, 1, error, "there is no trial %g", number);
}

static bool clear(struct session *session) {
    size_t count = session->trials->count;
    trials_free(session->trials);
    session->trials = NULL;
    if (!session->output.json) report_text(session, "%zu trial%s forgotten\n", count, count == 1 ? "" : "s");
    return true;
}

bool command_trials(struct session *session, const struct words *words, struct error *error) {
    if (!session->trials || !session->trials->count) {
        error_set(error, ERROR_OTHER, SPAN_NONE, "nothing was estimated yet");
        error_hint(error, ":sample 1000 walk, or :variance, makes the first rows");
        return false;
    }
    if (!words->count || method_word(words, 0, "sort")) return list(session, words, error);
    if (method_word(words, 0, "again")) return again(session, words, error);
    if (method_word(words, 0, "plot")) return plot(session, words, error);
    if (method_word(words, 0, "file")) return write_file(session, words, error);
    if (method_word(words, 0, "clear") && words->count == 1) return clear(session);
    return command_usage_error(words, 0, error, "`%s` was not expected here", words->word[0]);
}
