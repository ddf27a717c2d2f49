#include "estimate/sweep.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/parallel.h"
#include "base/ranks.h"
#include "base/task.h"
#include "estimate/distinct.h"

// CHUNK_...: of each rank. A unit is a cell with the weights of one of its graphs. Tasks are its batches of estimates.
enum {
    TASK_MOST = 1 << 16,
    TASK_COST = 1 << 22,
    CHUNK_FIRST = 4,
    CHUNK_TASKS = 256,
    CHUNK_EDGES = 1 << 22,
    CHUNK_WORK = 1 << 26,
    STREAM_PATHS = 0x50A7
};

bool sweep_add(struct sweep *sweep, const struct sweep_cell *cell, struct error *error) {
    if (!mem_grow(&sweep->cell, &sweep->cell_capacity, sweep->cell_count + 1, sizeof *cell)) return error_memory(error);
    sweep->cell[sweep->cell_count++] = *cell;
    return true;
}

void sweep_clear(struct sweep *sweep) {
    mem_free(sweep->cell);
    *sweep = (struct sweep){0};
}

// ---- units --------------------------------------------------------------------------------------------------------

// Of one unit; made by the first task that needs it.
struct unit {
    pthread_mutex_t lock;
    bool open;
    struct symbols *symbols;
    struct graph *graph;
    struct lcg *lcg;
    struct subgraph *own;
    const struct subgraph *subgraph; // the sweep's or `own`
    struct sampler *sampler;
    struct rng_key key;
    uint32_t stream;
    struct scaled exact, variance; // of the derivative, and of one sample
    bool known;
    int shift; // moments are of the estimates times 2^-shift
};

// What a task gives: plain data, for it travels between ranks.
struct part {
    struct moments moments;
    double remembered;
    struct scaled exact, variance;
    double paths; // without replacement; INFINITY else
    int shift;
    bool known;
};

static double edges_of(const struct sweep *sweep, const struct sweep_cell *cell) {
    return sweep->subgraph ? sweep->subgraph->edge_count : pattern_edges(&cell->pattern);
}

// Edges that a sample looks at, about: known before the graph is made.
static double cost_of(const struct sweep *sweep, const struct sweep_cell *cell) {
    if (cell->method.estimator->takes != SAMPLER_TAKES_NOTHING) return 1 + edges_of(sweep, cell);
    return 1.0 + (sweep->subgraph ? sweep->subgraph->layer_count : cell->pattern.depth);
}

static uint64_t estimates_of_task(const struct sweep *sweep, const struct sweep_cell *cell) {
    double cost = cost_of(sweep, cell) * (double)cell->average;
    uint64_t estimates = TASK_MOST;
    while (estimates > 1 && (double)estimates * cost > TASK_COST) estimates /= 2;
    return estimates;
}

// At least one, so that what is exact is computed.
static uint64_t tasks_of_unit(const struct sweep *sweep, const struct sweep_cell *cell) {
    uint64_t each = estimates_of_task(sweep, cell), tasks = (cell->estimates + each - 1) / each;
    return tasks ? tasks : 1;
}

// Names what is drawn: the estimator and the graph.
static struct rng_key key_of(const struct sweep *sweep, const struct sweep_cell *cell, const struct subgraph *sub) {
    char name[64];
    sampler_name(&cell->method, name);
    uint64_t hash = rng_hash(name, strlen(name), 0);
    if (!sweep->subgraph) {
        uint32_t words[3] = {(uint32_t)cell->pattern.kind, cell->pattern.width, cell->pattern.depth};
        hash = rng_hash(words, sizeof words, hash);
    } else {
        hash = rng_hash(sub->source, sub->edge_count * sizeof *sub->source, hash);
        hash = rng_hash(sub->target, sub->edge_count * sizeof *sub->target, hash);
    }
    return rng_key(sweep->seed, rng_hash(&cell->average, sizeof cell->average, hash));
}

static bool make_graph(const struct sweep *sweep, const struct sweep_cell *cell, uint32_t number, struct unit *unit,
                       struct error *error) {
    struct pattern pattern = cell->pattern;
    pattern.seed += number;
    unit->symbols = symbols_new();
    if (!unit->symbols) return error_memory(error);
    unit->graph = pattern_graph(&pattern, unit->symbols, sweep->vertex_limit, error);
    unit->lcg = unit->graph ? lcg_new(unit->graph, error) : NULL;
    if (!unit->lcg) return false;
    unit->subgraph = unit->own = subgraph_new(unit->lcg, unit->graph->input[0], unit->graph->output[0], error);
    return unit->own;
}

static bool make_unit(const struct sweep *sweep, const struct sweep_cell *cell, uint32_t number, struct unit *unit,
                      struct error *error) {
    unit->subgraph = sweep->subgraph;
    if (!unit->subgraph && !make_graph(sweep, cell, number, unit, error)) return false;
    unit->key = key_of(sweep, cell, unit->subgraph);
    unit->stream = (uint32_t)rng_hash(&number, sizeof number, 0);
    unit->sampler = sampler_new(unit->subgraph, &cell->method, error);
    if (!unit->sampler || !subgraph_derivative(unit->subgraph, &unit->exact, error) ||
        !sampler_variance(unit->sampler, &unit->known, &unit->variance, error))
        return false;
    double size = fmax(scaled_log10(scaled_abs(unit->exact)), scaled_log10(unit->variance) / 2);
    if (fabs(size) > 60 && fabs(size) < 400) unit->shift = (int)(size * 3.321928094887362);
    return true;
}

static void close_unit(struct unit *unit) {
    sampler_free(unit->sampler);
    subgraph_free(unit->own);
    lcg_free(unit->lcg);
    graph_drop(unit->graph);
    symbols_free(unit->symbols);
    unit->sampler = NULL;
    unit->own = NULL;
    unit->lcg = NULL;
    unit->graph = NULL;
    unit->symbols = NULL;
    unit->open = false;
}

// ---- a task -------------------------------------------------------------------------------------------------------

struct task {
    size_t cell;
    uint32_t graph;
    uint64_t batch;
    uint32_t unit; // its place in the chunk
};

struct chunk {
    struct sweep *sweep;
    struct task *task;            // room for `most`, as for units and parts
    uint32_t count, most, wanted; // wanted: chunks grow, so that the first cells are soon done
    struct unit *unit;
    uint32_t units;
    struct part *part; // of my tasks: those whose place is ranks_mine() modulo ranks_count()
};

static void take_estimates(const struct unit *unit, struct part *part, double *estimate, uint32_t count) {
    for (uint32_t i = 0; unit->shift && i < count; i++) estimate[i] = ldexp(estimate[i], -unit->shift);
    struct moments moments = moments_of(estimate, count);
    moments_join(&part->moments, &moments);
}

// Means of `average` samples in a row, gathered until there are as many as a batch has.
struct mean {
    double sum;
    uint64_t have;
    double *estimate;
    uint32_t count;
};

static void add_samples(const struct unit *unit, uint64_t average, struct mean *mean, struct part *part,
                        const double *sample, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        mean->sum += sample[i];
        if (++mean->have < average) continue;
        mean->estimate[mean->count++] = mean->sum / (double)average;
        mean->sum = 0, mean->have = 0;
        if (mean->count < SAMPLER_BATCH) continue;
        take_estimates(unit, part, mean->estimate, mean->count);
        mean->count = 0;
    }
}

static bool draw_means(const struct unit *unit, const struct sweep_cell *cell, uint64_t first, uint64_t end,
                       double *sample, double *estimate, struct part *part, struct error *error) {
    struct mean mean = {.estimate = estimate};
    struct sampler_scratch *scratch = sampler_scratch_new(unit->sampler);
    bool ok = scratch || error_memory(error);
    for (uint64_t at = first * cell->average, until = end * cell->average; ok && at < until; at += SAMPLER_BATCH) {
        uint32_t count = (uint32_t)(until - at < SAMPLER_BATCH ? until - at : SAMPLER_BATCH);
        sampler_draw(unit->sampler, unit->key, unit->stream, at, count, scratch, sample, &part->remembered);
        if (cell->average == 1)
            take_estimates(unit, part, sample, count);
        else
            add_samples(unit, cell->average, &mean, part, sample, count);
        ok = !task_interrupted() || error_interrupt(error);
    }
    if (mean.count) take_estimates(unit, part, mean.estimate, mean.count);
    sampler_scratch_free(scratch);
    return ok;
}

// Each estimate has paths of its own that differ; all of them, when there are no more.
static bool draw_distinct(const struct unit *unit, const struct sweep_cell *cell, uint64_t first, uint64_t end,
                          double *estimate, struct part *part, struct error *error) {
    uint32_t have = 0;
    bool ok = true;
    for (uint64_t number = first; ok && number < end; number++) {
        struct rng rng = rng_at(unit->key, number, unit->stream ^ STREAM_PATHS);
        struct distinct *paths = distinct_new(unit->subgraph, rng, error);
        uint64_t most = paths ? distinct_paths(paths) : 0, count = most < cell->average ? most : cell->average;
        double sum = 0, one;
        for (uint64_t i = 0;
             (ok = paths && (i == count || distinct_draw(paths, &one, &part->remembered, error))) && i < count; i++)
            sum += one;
        distinct_free(paths);
        estimate[have++] = count ? sum / (double)count : 0;
        if (have == SAMPLER_BATCH || number + 1 == end) take_estimates(unit, part, estimate, have), have = 0;
        ok = ok && (!task_interrupted() || error_interrupt(error));
    }
    return ok;
}

static bool count_distinct(const struct unit *unit, struct part *part, struct error *error) {
    struct distinct *paths = distinct_new(unit->subgraph, rng_at(unit->key, 0, unit->stream), error);
    if (!paths) return false;
    part->paths = (double)distinct_paths(paths);
    distinct_free(paths);
    return true;
}

static bool draw_part(const struct chunk *chunk, const struct task *task, const struct unit *unit, struct part *part,
                      struct error *error) {
    const struct sweep_cell *cell = &chunk->sweep->cell[task->cell];
    uint64_t each = estimates_of_task(chunk->sweep, cell), first = task->batch * each;
    uint64_t end = first + each < cell->estimates ? first + each : cell->estimates;
    double *sample = mem_alloc(SAMPLER_BATCH, sizeof *sample), *estimate = mem_alloc(SAMPLER_BATCH, sizeof *estimate);
    *part = (struct part){.exact = unit->exact,
                          .variance = unit->variance,
                          .paths = INFINITY,
                          .shift = unit->shift,
                          .known = unit->known};
    bool ok = (sample && estimate) || error_memory(error), distinct = sampler_distinct(unit->sampler);
    if (ok && distinct) ok = count_distinct(unit, part, error);
    if (ok && first < end)
        ok = distinct ? draw_distinct(unit, cell, first, end, estimate, part, error)
                      : draw_means(unit, cell, first, end, sample, estimate, part, error);
    mem_free(sample);
    mem_free(estimate);
    return ok;
}

// The unit's first task makes it; the others wait.
static bool do_task(void *context, uint64_t number, struct error *error) {
    struct chunk *chunk = context;
    const struct task *task = &chunk->task[number * ranks_count() + ranks_mine()];
    struct unit *unit = &chunk->unit[task->unit];
    bool ok = true;
    pthread_mutex_lock(&unit->lock);
    if (!unit->open)
        ok = unit->open = make_unit(chunk->sweep, &chunk->sweep->cell[task->cell], task->graph, unit, error);
    if (!ok) close_unit(unit);
    pthread_mutex_unlock(&unit->lock);
    return ok && draw_part(chunk, task, unit, &chunk->part[number], error);
}

// ---- chunks: tasks that all ranks do before results are put together ----------------------------------------------

// Where the sweep is.
struct place {
    size_t cell;
    uint32_t graph;
    uint64_t batch;
};

static void skip_done(const struct sweep *sweep, struct place *at) {
    while (at->cell < sweep->cell_count && sweep->cell[at->cell].done) at->cell++;
}

static void step(const struct sweep *sweep, struct place *at) {
    const struct sweep_cell *cell = &sweep->cell[at->cell];
    if (++at->batch < tasks_of_unit(sweep, cell)) return;
    at->batch = 0;
    if (++at->graph < cell->graphs) return;
    at->graph = 0;
    at->cell++;
    skip_done(sweep, at);
}

// As many tasks as fit, with graphs that fit in memory together; but one graph for each rank.
static void fill(struct chunk *chunk, struct place *at) {
    const struct sweep *sweep = chunk->sweep;
    double edges = 0, work = 0;
    chunk->count = chunk->units = 0;
    while (chunk->count < chunk->wanted && at->cell < sweep->cell_count && work < (double)CHUNK_WORK * ranks_count()) {
        const struct sweep_cell *cell = &sweep->cell[at->cell];
        const struct task *last = chunk->count ? &chunk->task[chunk->count - 1] : NULL;
        if (!last || last->cell != at->cell || last->graph != at->graph) {
            edges += sweep->subgraph ? 0 : edges_of(sweep, cell);
            if (chunk->units >= ranks_count() && edges > (double)CHUNK_EDGES * ranks_count()) return;
            chunk->units++;
        }
        work += (double)(estimates_of_task(sweep, cell) * cell->average) * cost_of(sweep, cell);
        chunk->task[chunk->count++] = (struct task){at->cell, at->graph, at->batch, chunk->units - 1};
        step(sweep, at);
    }
}

// All parts of the chunk on every rank, in the order of its tasks.
static bool share(const struct chunk *chunk, struct part *all, struct error *error) {
    unsigned ranks = ranks_count();
    uint32_t each = (chunk->count + ranks - 1) / ranks;
    struct part *joined = mem_alloc((size_t)each * ranks, sizeof *joined);
    bool ok = (joined || error_memory(error)) && ranks_gather(chunk->part, joined, each * sizeof *joined, error);
    for (uint32_t i = 0; ok && i < chunk->count; i++) all[i] = joined[(size_t)(i % ranks) * each + i / ranks];
    mem_free(joined);
    return ok;
}

static bool run_chunk(struct chunk *chunk, struct part *all, struct error *error) {
    unsigned ranks = ranks_count(), mine = ranks_mine();
    struct error own = {0};
    for (uint32_t i = 0; i < chunk->units; i++) {
        chunk->unit[i] = (struct unit){0};
        pthread_mutex_init(&chunk->unit[i].lock, NULL);
    }
    memset(chunk->part, 0, chunk->most * sizeof *chunk->part);
    uint32_t tasks = chunk->count > mine ? (chunk->count - mine + ranks - 1) / ranks : 0;
    bool ok = parallel_run(tasks, do_task, NULL, chunk, &own);
    for (uint32_t i = 0; i < chunk->units; i++) {
        close_unit(&chunk->unit[i]);
        pthread_mutex_destroy(&chunk->unit[i].lock);
    }
    return ranks_agree(ok, &own, error) && share(chunk, all, error);
}

// ---- putting results together -------------------------------------------------------------------------------------

// What is known of a cell so far: sums over its graphs, and the graph at hand.
struct gathering {
    struct moments moments;                                                 // of the graph at hand
    double remembered, exact, measured, error, square, weighted, estimates; // weighted: of measured^2 / effective
};

// Variance of the mean of `average` samples, without replacement of `paths`.
static double variance_of_mean(const struct part *part, double average) {
    double one = part->known ? scaled_double(part->variance) : NAN;
    if (isinf(part->paths)) return one / average;
    if (average >= part->paths) return 0;
    return one / average * (part->paths - average) / (part->paths - 1);
}

// A variance below the rounding of the estimates is 0.
static double variance_of(const struct moments *m) {
    double variance = moments_variance(m);
    return variance < 0x1p-92 * m->mean * m->mean ? 0 : variance;
}

static void end_graph(struct gathering *g, const struct part *part, const struct sweep_cell *cell) {
    double graphs = cell->graphs, measured = variance_of(&g->moments);
    g->exact += variance_of_mean(part, (double)cell->average) / graphs;
    g->square += scaled_double(scaled_mul(part->exact, part->exact)) / graphs;
    double share = ldexp(measured, 2 * part->shift) / graphs;
    g->measured += share;
    double error = measured == 0 ? 0 : ldexp(moments_variance_error(&g->moments), 2 * part->shift) / graphs;
    g->error += error * error;
    g->estimates += (double)g->moments.count;
    if (measured > 0) g->weighted += share * share / moments_effective(&g->moments);
    g->moments = (struct moments){0};
}

static void end_cell(struct gathering *g, struct sweep_cell *cell) {
    double none = cell->estimates ? 0 : NAN;
    cell->result =
        (struct sweep_result){.exact = g->exact,
                              .measured = cell->estimates > 1 ? g->measured : NAN,
                              .standard_error = cell->estimates > 1 ? sqrt(g->error) : NAN,
                              .square = g->square,
                              .effective = (g->weighted > 0 ? g->measured * g->measured / g->weighted : 0) + none,
                              .remembered = g->remembered / g->estimates + none};
    cell->done = true;
    *g = (struct gathering){0};
}

static bool join(struct sweep *sweep, const struct chunk *chunk, const struct part *all, struct gathering *g,
                 sweep_finished *finished, void *context, struct error *error) {
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct task *task = &chunk->task[i];
        struct sweep_cell *cell = &sweep->cell[task->cell];
        moments_join(&g->moments, &all[i].moments);
        g->remembered += all[i].remembered;
        if (task->batch + 1 < tasks_of_unit(sweep, cell)) continue;
        end_graph(g, &all[i], cell);
        if (task->graph + 1 < cell->graphs) continue;
        end_cell(g, cell);
        if (finished && !finished(context, task->cell, error)) return false;
    }
    return true;
}

double sweep_cost(const struct sweep *sweep, const struct sweep_cell *cell) {
    return cell->graphs * (double)cell->estimates * (double)cell->average * cost_of(sweep, cell);
}

static double work_of(const struct sweep *sweep, size_t cell) {
    const struct sweep_cell *c = &sweep->cell[cell];
    return c->graphs * edges_of(sweep, c) + sweep_cost(sweep, c);
}

// What is left, in edges that samples look at.
static double left_of(const struct sweep *sweep, const struct place *at) {
    double left = 0;
    for (size_t i = at->cell; i < sweep->cell_count; i++)
        if (!sweep->cell[i].done) left += work_of(sweep, i);
    if (at->cell == sweep->cell_count) return left;
    const struct sweep_cell *cell = &sweep->cell[at->cell];
    double done = at->graph + (double)at->batch / (double)tasks_of_unit(sweep, cell);
    return left - work_of(sweep, at->cell) * done / cell->graphs;
}

bool sweep_run(struct sweep *sweep, sweep_finished *finished, void *context, struct error *error) {
    struct chunk chunk = {.sweep = sweep, .most = CHUNK_TASKS * ranks_count(), .wanted = CHUNK_FIRST * ranks_count()};
    struct part *all = mem_alloc(chunk.most, sizeof *all);
    struct gathering gathering = {0};
    struct place at = {0};
    chunk.task = mem_alloc(chunk.most, sizeof *chunk.task);
    chunk.unit = mem_alloc(chunk.most, sizeof *chunk.unit);
    chunk.part = mem_alloc(chunk.most, sizeof *chunk.part);
    struct error own = {0};
    bool ok = (all && chunk.task && chunk.unit && chunk.part) || error_memory(&own);
    ok = ranks_agree(ok, &own, error) && ok;
    skip_done(sweep, &at);
    double total = left_of(sweep, &at);
    while (ok && at.cell < sweep->cell_count) {
        task_progress("sweeping", total - left_of(sweep, &at), total);
        fill(&chunk, &at);
        if (chunk.wanted < chunk.most) chunk.wanted *= 2;
        ok = run_chunk(&chunk, all, error) && join(sweep, &chunk, all, &gathering, finished, context, error);
    }
    mem_free(all);
    mem_free(chunk.task);
    mem_free(chunk.unit);
    mem_free(chunk.part);
    return ok;
}
