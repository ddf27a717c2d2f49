#include "app/sample.h"

#include <stdio.h>
#include <string.h>

#include "app/report.h"
#include "base/clock.h"
#include "base/task.h"

enum { PILOT = 256 };

// ---- drawing ------------------------------------------------------------------------------------------------------

// Names what is drawn, so that the same command draws the same numbers, whatever was done before.
static uint64_t experiment(const struct graph *graph, const struct method *method) {
    char name[64];
    sampler_name(method, name);
    uint64_t hash = rng_hash(name, strlen(name), 0);
    hash = rng_hash(graph->op, graph->count * sizeof *graph->op, hash);
    return rng_hash(graph->operand, graph_edge_count(graph) * sizeof *graph->operand, hash);
}

static uint32_t stream_of(vertex from, vertex to) {
    vertex ends[2] = {from, to};
    return (uint32_t)rng_hash(ends, sizeof ends, 0);
}

// Four standard deviations on both sides; measured from a few samples where no exact one is known.
static bool set_histogram(struct estimate *e, struct error *error) {
    double variance = estimate_exact_variance(e), exact = scaled_double(e->exact);
    if (!e->variance_known && !e->distinct) {
        struct estimate pilot = *e;
        if (!estimate_until(&pilot, PILOT, error)) return false;
        variance = estimate_variance(&pilot);
    }
    double half = variance > 0 ? 4 * sqrt(variance) : 0.5 * fmax(fabs(exact), 1e-9);
    if (!isfinite(half) || !isfinite(exact)) return true;
    e->histogram.low = exact - half;
    e->histogram.high = exact + half;
    return true;
}

static bool begin_entry(struct sample *sample, const struct lcg *lcg, struct sample_entry *entry, vertex from,
                        vertex to, struct error *error) {
    struct rng_key key = rng_key(sample->seed, experiment(lcg->graph, &sample->method));
    entry->from = from, entry->to = to;
    entry->subgraph = subgraph_new(lcg, from, to, error);
    entry->sampler = entry->subgraph ? sampler_new(entry->subgraph, &sample->method, error) : NULL;
    return entry->sampler && estimate_begin(&entry->estimate, entry->sampler, key, stream_of(from, to), error) &&
           set_histogram(&entry->estimate, error);
}

bool sample_begin(struct sample *sample, struct session *session, const struct method *method, uint64_t seed,
                  vertex from, vertex to, struct error *error) {
    *sample = (struct sample){.method = *method, .seed = seed, .from = from, .to = to};
    const struct lcg *lcg = session_lcg(session, error);
    if (!lcg) return false;
    const struct graph *graph = lcg->graph;
    sample->rows = to == VERTEX_NONE ? graph->output_count : 1;
    sample->columns = from == VERTEX_NONE ? graph->input_count : 1;
    size_t count = (size_t)sample->rows * sample->columns;
    sample->entry = mem_zero(count ? count : 1, sizeof *sample->entry);
    bool ok = sample->entry || error_memory(error);
    for (size_t i = 0; ok && i < count; i++) {
        vertex source = from == VERTEX_NONE ? graph->input[i % sample->columns] : from;
        vertex target = to == VERTEX_NONE ? graph->output[i / sample->columns] : to;
        task_progress("making ready", (double)i, (double)count);
        ok = begin_entry(sample, lcg, &sample->entry[i], source, target, error);
    }
    if (!ok) sample_free(sample);
    return ok;
}

void sample_free(struct sample *sample) {
    for (size_t i = 0; sample->entry && i < (size_t)sample->rows * sample->columns; i++) {
        estimate_end(&sample->entry[i].estimate);
        sampler_free(sample->entry[i].sampler);
        subgraph_free(sample->entry[i].subgraph);
    }
    mem_free(sample->entry);
    *sample = (struct sample){0};
}

double sample_variance(const struct estimate *e) {
    double variance = estimate_variance(e), mean = estimate_mean(e);
    return variance < 0x1p-92 * mean * mean ? 0 : variance;
}

double sample_error(const struct estimate *e) { return sample_variance(e) == 0 ? 0 : estimate_error(e); }

static void tell_progress(const struct sample *sample) {
    char what[120];
    const struct estimate *first = &sample->entry[0].estimate;
    snprintf(what, sizeof what, "sampling: %.6g ± %.2g", estimate_mean(first), sample_error(first));
    task_progress(what, (double)sample->count, (double)sample->wanted);
}

// All entries in rounds, so that after an interrupt all have the same number of samples.
static bool round_until(struct sample *sample, uint64_t until, struct error *error) {
    for (size_t i = 0; i < (size_t)sample->rows * sample->columns; i++)
        if (!estimate_until(&sample->entry[i].estimate, until, error)) return false;
    sample->count = until;
    return true;
}

static void rewind_to(struct sample *sample, const struct estimate *before) {
    for (size_t i = 0; i < (size_t)sample->rows * sample->columns; i++) sample->entry[i].estimate = before[i];
}

static uint64_t longest_task(const struct sample *sample) {
    uint64_t longest = 1;
    for (size_t i = 0; i < (size_t)sample->rows * sample->columns; i++) {
        uint32_t task = estimate_task(sample->entry[i].sampler);
        if (task > longest) longest = task; // powers of two: a multiple of all others
    }
    return longest;
}

// Rounds double until one takes about a quarter of a second.
// Without replacement no entry can have more samples than paths.
static uint64_t most_samples(const struct sample *sample) {
    uint64_t most = sample->wanted;
    for (size_t i = 0; i < (size_t)sample->rows * sample->columns; i++) {
        uint64_t paths = estimate_most(&sample->entry[i].estimate);
        if (paths < most) most = paths;
    }
    return most;
}

static bool run_rounds(struct sample *sample, struct estimate *before, struct error *error) {
    size_t entries = (size_t)sample->rows * sample->columns;
    uint64_t round = longest_task(sample), most = most_samples(sample);
    while (sample->count < most) {
        uint64_t left = most - sample->count;
        double start = clock_now();
        for (size_t i = 0; i < entries; i++) before[i] = sample->entry[i].estimate;
        struct error stopped = {0};
        if (!round_until(sample, sample->count + (round < left ? round : left), &stopped)) {
            rewind_to(sample, before);
            if (stopped.kind == ERROR_INTERRUPT && sample->count) return true;
            if (error && error->kind == ERROR_NONE) *error = stopped;
            return false;
        }
        tell_progress(sample);
        if (sample->look) sample->look(sample->context, sample);
        if (clock_now() - start < 0.1) round *= 2;
    }
    return true;
}

bool sample_run(struct sample *sample, struct error *error) {
    size_t entries = (size_t)sample->rows * sample->columns;
    struct estimate *before = mem_alloc(entries ? entries : 1, sizeof *before);
    if (!before) return error_memory(error);
    bool ok = entries == 0 || run_rounds(sample, before, error);
    mem_free(before);
    return ok;
}

// ---- telling ------------------------------------------------------------------------------------------------------

static json_t *number(double value) {
    if (isfinite(value)) return json_real(value);
    return isnan(value) ? json_null() : json_string(value > 0 ? "Infinity" : "-Infinity");
}

typedef double entry_number(const struct sample_entry *entry);

static double mean_of(const struct sample_entry *e) { return estimate_mean(&e->estimate); }
static double exact_of(const struct sample_entry *e) { return scaled_double(e->estimate.exact); }
static double exact_variance_of(const struct sample_entry *e) { return estimate_exact_variance(&e->estimate); }
static double variance_of(const struct sample_entry *e) { return sample_variance(&e->estimate); }
static double error_of(const struct sample_entry *e) { return sample_error(&e->estimate); }

static json_t *matrix(const struct sample *sample, entry_number *of) {
    json_t *rows = json_array();
    for (uint32_t r = 0; r < sample->rows; r++) {
        json_t *row = json_array();
        for (uint32_t c = 0; c < sample->columns; c++)
            json_array_append_new(row, number(of(&sample->entry[(size_t)r * sample->columns + c])));
        json_array_append_new(rows, row);
    }
    return rows;
}

// Numbers that all entries together remember, per sample.
static double remembered(const struct sample *sample) {
    double sum = 0;
    for (size_t i = 0; i < (size_t)sample->rows * sample->columns; i++)
        sum += estimate_remembered(&sample->entry[i].estimate);
    return sum;
}

static const char *end_label(const struct graph *graph, bool output, uint32_t index, vertex one, char out[64]) {
    if (one != VERTEX_NONE) return graph_label(graph, one, out);
    return output ? graph_output_label(graph, index, out) : graph_input_label(graph, index, out);
}

static json_t *labels(const struct graph *graph, const struct sample *sample, bool output) {
    json_t *list = json_array();
    char label[64];
    uint32_t count = output ? sample->rows : sample->columns;
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(list,
                              json_string(end_label(graph, output, i, output ? sample->to : sample->from, label)));
    return list;
}

static void report_as_json(struct session *session, const struct graph *graph, const struct sample *sample) {
    char name[64];
    sampler_name(&sample->method, name);
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:f}", "kind", "estimate", "estimator", name,
                  "samples", (json_int_t)sample->count, "seed", (json_int_t)sample->seed, "outputs",
                  labels(graph, sample, true), "inputs", labels(graph, sample, false), "mean", matrix(sample, mean_of),
                  "standard_error", matrix(sample, error_of), "exact", matrix(sample, exact_of), "variance_exact",
                  matrix(sample, exact_variance_of), "variance_measured", matrix(sample, variance_of), "remembered",
                  remembered(sample));
    if (object && sample->count < sample->wanted)
        json_object_set_new(object, "interrupted_of", json_integer((json_int_t)sample->wanted));
    report_json(session, object);
}

static void short_number(char out[48], double value) {
    if (isnan(value))
        snprintf(out, 48, "—");
    else
        text_label_number(out, value, 6);
}

// A variance beyond the doubles, as a power of ten.
static void variance_text(char out[48], const struct estimate *e) {
    double value = estimate_exact_variance(e);
    if (!e->variance_known)
        snprintf(out, 48, "measured only");
    else if (isinf(value) || (value == 0 && e->variance.m != 0))
        snprintf(out, 48, "10^%.0f", round(scaled_log10(e->variance)));
    else
        short_number(out, value);
}

static bool holds(const struct estimate *e, double *low, double *high) {
    double half = moments_t95(e->moments.count) * sample_error(e), mean = estimate_mean(e);
    double exact = scaled_double(e->exact), rounding = 1e-12 * fabs(exact);
    *low = mean - half, *high = mean + half;
    return exact >= *low - rounding && exact <= *high + rounding;
}

static void entry_row(struct session *session, const struct graph *graph, const struct sample *sample, size_t i,
                      struct report_table *table) {
    const struct sample_entry *entry = &sample->entry[i];
    const struct estimate *e = &entry->estimate;
    char to[64], from[64], n[5][48], variance[48];
    double low, high;
    bool inside = holds(e, &low, &high), none = e->moments.count < 2 || !isfinite(low + high);
    end_label(graph, true, (uint32_t)(i / sample->columns), sample->to, to);
    end_label(graph, false, (uint32_t)(i % sample->columns), sample->from, from);
    double numbers[5] = {estimate_mean(e), sample_error(e), low, high, scaled_double(e->exact)};
    for (int k = 0; k < 5; k++) short_number(n[k], numbers[k]);
    variance_text(variance, e);
    report_table_cell(table, "d%s/d%s", to, from);
    report_table_cell(table, "%s%s%s ± %s", report_accent(session), n[0], report_plain(session), none ? "—" : n[1]);
    report_table_cell(table, none ? "—" : "%s … %s", n[2], n[3]);
    report_table_cell(table, "%s", n[4]);
    report_table_cell(table, "%s", none ? "—" : inside ? "inside" : "outside");
    report_table_cell(table, "%s", variance);
    short_number(n[0], variance_of(entry));
    report_table_cell(table, "%s", n[0]);
    report_table_cell(table, "%.4g of %u", estimate_remembered(e), entry->subgraph->edge_count);
}

// All samples are equal, but not the exact value: what carries it was never drawn.
static bool missed(const struct estimate *e) {
    double exact = scaled_double(e->exact), mean = estimate_mean(e);
    return e->moments.count > 1 && sample_variance(e) == 0 && fabs(mean - exact) > 1e-9 * fabs(exact);
}

// What a person should know before believing the estimate and the measured variance.
static void tell_overflow(struct session *session, const struct sample *sample) {
    for (size_t i = 0; i < (size_t)sample->rows * sample->columns; i++)
        if (!isfinite(estimate_mean(&sample->entry[i].estimate))) {
            report_text(session, "samples exceed the largest double, 1.8×10³⁰⁸: they have no mean\n");
            return;
        }
}

static void tell_tails(struct session *session, const struct sample *sample) {
    double fewest = INFINITY;
    bool low = true;
    for (size_t i = 0; i < (size_t)sample->rows * sample->columns; i++) {
        const struct estimate *e = &sample->entry[i].estimate;
        double effective = missed(e) ? 0 : moments_effective(&e->moments);
        if (!((missed(e) || e->moments.m2 > 0) && effective < fewest)) continue;
        fewest = effective;
        low = !(sample_variance(e) >= estimate_exact_variance(e)); // or nothing exact is known
    }
    if (moments_heavy(fewest, sample->count))
        report_text(session, "heavy tails: %s here (effective sample size %.0f)\n",
                    low ? "the measured variance underestimates" : "few samples carry the measured variance",
                    floor(fewest));
}

void sample_report(struct session *session, const struct sample *sample) {
    const struct graph *graph = session->lcg->graph;
    if (session->output.json) {
        report_as_json(session, graph, sample);
        return;
    }
    char name[64];
    static const char *const heading[] = {"", "estimate",        "95 % interval", "exact",
                                          "", "variance: exact", "measured",      "remembered"};
    sampler_name(&sample->method, name);
    if (sample->count < sample->wanted && sample->count == most_samples(sample))
        report_text(session, "there are no more paths to draw: %llu instead of %.15g samples\n",
                    (unsigned long long)sample->count, (double)sample->wanted);
    else if (sample->count < sample->wanted)
        report_text(session, "stopped after %llu of %.15g samples\n", (unsigned long long)sample->count,
                    (double)sample->wanted);
    report_text(session, "%s%llu sample%s of %s, seed %llu%s\n", report_muted(session),
                (unsigned long long)sample->count, sample->count == 1 ? "" : "s", name,
                (unsigned long long)sample->seed, report_plain(session));
    struct report_table *table = report_table_new(8);
    for (size_t i = 0; i < sizeof heading / sizeof *heading; i++) report_table_cell(table, "%s", heading[i]);
    for (size_t i = 0; i < (size_t)sample->rows * sample->columns; i++) entry_row(session, graph, sample, i, table);
    report_table_print(session, table, true);
    tell_overflow(session, sample);
    tell_tails(session, sample);
}
