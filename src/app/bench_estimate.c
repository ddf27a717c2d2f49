// What estimates cost: paths and edges drawn a second by one core, and exact variances.
#include "app/bench_estimate.h"

#include <math.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "estimate/estimate.h"
#include "estimate/pattern.h"
#include "estimate/sweep.h"

struct subject {
    struct symbols *symbols;
    struct graph *graph;
    struct lcg *lcg;
    struct subgraph *subgraph;
};

static bool subject_new(struct subject *s, uint32_t width, uint32_t depth) {
    struct pattern pattern = {PATTERN_INTERLEAVED, width, depth, WEIGHTS_UNIFORM, 0.5, 1.5, false, 1};
    *s = (struct subject){.symbols = symbols_new()};
    s->graph = s->symbols ? pattern_graph(&pattern, s->symbols, 1000000, NULL) : NULL;
    s->lcg = s->graph ? lcg_new(s->graph, NULL) : NULL;
    s->subgraph = s->lcg ? subgraph_new(s->lcg, s->graph->input[0], s->graph->output[0], NULL) : NULL;
    return s->subgraph;
}

static void subject_free(struct subject *s) {
    subgraph_free(s->subgraph);
    lcg_free(s->lcg);
    graph_drop(s->graph);
    symbols_free(s->symbols);
}

// Seconds for `samples` samples on one thread.
static double draw(const struct subgraph *subgraph, const char *name, uint64_t samples) {
    struct method method = {.estimator = sampler_find(name, NULL)};
    struct sampler *sampler = sampler_new(subgraph, &method, NULL);
    struct estimate estimate;
    unsigned threads = parallel_wanted();
    parallel_set_threads(1);
    bool ok = sampler && estimate_begin(&estimate, sampler, rng_key(1, 1), 0, NULL);
    double start = clock_now();
    ok = ok && estimate_until(&estimate, samples, NULL);
    double seconds = clock_now() - start;
    parallel_set_threads(threads);
    sampler_free(sampler);
    return ok ? seconds : NAN;
}

enum { BENCH_WIDTH = 8, BENCH_DEPTH = 20, BENCH_SAMPLES = 1 << 22 };

bool measure_walks(double *value, double *peer) {
    struct subject s;
    double seconds = 0;
    bool ok = subject_new(&s, BENCH_WIDTH, BENCH_DEPTH);
    if (ok) seconds = fmax(draw(s.subgraph, "uniform", BENCH_SAMPLES), draw(s.subgraph, "walk", BENCH_SAMPLES));
    subject_free(&s);
    *value = BENCH_SAMPLES / seconds / 1e6;
    *peer = 0;
    return ok && isfinite(seconds);
}

bool measure_steps(double *value, double *peer) {
    struct subject s;
    double seconds = 0;
    bool ok = subject_new(&s, BENCH_WIDTH, BENCH_DEPTH);
    if (ok) seconds = draw(s.subgraph, "importance", BENCH_SAMPLES / 4);
    subject_free(&s);
    *value = BENCH_SAMPLES / 4.0 * (BENCH_DEPTH + 1.0) / seconds / 1e6;
    *peer = 0;
    return ok && isfinite(seconds);
}

bool measure_variance(double *value, double *peer) {
    struct subject s;
    struct scaled variance;
    bool ok = subject_new(&s, 100, 101);
    double *probability = ok ? mem_alloc(s.subgraph->edge_count, sizeof *probability) : NULL;
    ok = probability;
    *value = *peer = 0;
    for (int kind = WALK_OUTGOING; ok && kind <= WALK_IMPORTANCE; kind++) {
        double start = clock_now();
        ok = walk_probabilities(s.subgraph, (enum walk_kind)kind, probability, NULL) &&
             variance_walk(s.subgraph, probability, &variance, NULL);
        *value = fmax(*value, (clock_now() - start) * 1e3);
    }
    mem_free(probability);
    subject_free(&s);
    return ok;
}

// Seconds for a sweep over these depths and widths 2, 4, 8.
static double sweep_seconds(uint32_t depths, uint64_t estimates) {
    static const char *const names[] = {"uniform", "walk", "importance"};
    struct sweep sweep = {.seed = 1, .vertex_limit = 1000000};
    bool ok = true;
    for (uint32_t width = 2; width <= 8; width *= 2)
        for (int i = 0; i < 3; i++)
            for (uint32_t depth = 1; depth <= depths; depth++) {
                struct sweep_cell cell = {.average = 1, .estimates = estimates, .graphs = 1};
                cell.method.estimator = sampler_find(names[i], NULL);
                cell.pattern = (struct pattern){PATTERN_INTERLEAVED, width, depth, WEIGHTS_UNIFORM, 0.5, 1.5, false, 1};
                ok = ok && sweep_add(&sweep, &cell, NULL);
            }
    double start = clock_now();
    ok = ok && sweep_run(&sweep, NULL, NULL, NULL);
    double seconds = clock_now() - start;
    sweep_clear(&sweep);
    return ok ? seconds : NAN;
}

bool measure_lab(double *value, double *peer) {
    *peer = 0;
    *value = sweep_seconds(32, 100000);
    return isfinite(*value);
}

bool measure_threads(double *value, double *peer) {
    unsigned threads = parallel_wanted();
    *value = sweep_seconds(16, 100000);
    parallel_set_threads(1);
    *peer = sweep_seconds(16, 100000);
    parallel_set_threads(threads);
    return isfinite(*value) && isfinite(*peer);
}
