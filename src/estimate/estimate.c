#include "estimate/estimate.h"

#include "base/parallel.h"
#include "base/task.h"
#include "estimate/distinct.h"

enum { TASK_MOST = 1 << 16, TASK_LEAST = 16, TASK_COST = 1 << 22, TOGETHER = 256 };

bool estimate_begin(struct estimate *estimate, const struct sampler *sampler, struct rng_key key, uint32_t stream,
                    struct error *error) {
    *estimate = (struct estimate){.sampler = sampler, .key = key, .stream = stream};
    if (!subgraph_derivative(sampler_subgraph(sampler), &estimate->exact, error)) return false;
    if (!sampler_variance(sampler, &estimate->variance_known, &estimate->variance, error)) return false;
    double size = fmax(scaled_log10(scaled_abs(estimate->exact)), scaled_log10(estimate->variance) / 2);
    if (fabs(size) > 60 && fabs(size) < 400) estimate->shift = (int)(size * 3.321928094887362);
    if (!sampler_distinct(sampler)) return true;
    estimate->distinct = distinct_new(sampler_subgraph(sampler), rng_at(key, 0, stream), error);
    return estimate->distinct;
}

void estimate_end(struct estimate *estimate) {
    distinct_free(estimate->distinct);
    estimate->distinct = NULL;
}

uint64_t estimate_most(const struct estimate *estimate) {
    uint64_t paths = estimate->distinct ? distinct_paths(estimate->distinct) : 0;
    return paths ? paths : UINT64_MAX; // without a path every sample is 0
}

// The work of a task is about the same for all graphs.
uint32_t estimate_task(const struct sampler *sampler) {
    double cost = sampler_cost(sampler);
    uint32_t samples = TASK_MOST;
    while (samples > TASK_LEAST && samples * cost > TASK_COST) samples /= 2;
    return samples;
}

// ---- tasks --------------------------------------------------------------------------------------------------------

struct part {
    struct moments moments;
    double remembered;
    uint64_t bin[HISTOGRAM_BINS], below, above;
};

struct run {
    struct estimate *estimate;
    uint64_t first, end;
    uint32_t task;
    struct part *part;
};

static void count_bins(const struct histogram *histogram, struct part *part, const double *sample, uint32_t count) {
    if (histogram->low == histogram->high) return;
    double scale = HISTOGRAM_BINS / (histogram->high - histogram->low);
    for (uint32_t i = 0; i < count; i++) {
        double place = (sample[i] - histogram->low) * scale;
        if (place < 0)
            part->below++;
        else if (!(place < HISTOGRAM_BINS))
            part->above++;
        else
            part->bin[(uint32_t)place]++;
    }
}

static void take_batch(const struct estimate *e, struct part *part, double *sample, uint32_t count) {
    count_bins(&e->histogram, part, sample, count);
    for (uint32_t i = 0; e->shift && i < count; i++) sample[i] = ldexp(sample[i], -e->shift);
    struct moments moments = moments_of(sample, count);
    moments_join(&part->moments, &moments);
}

static void draw_batch(const struct run *run, struct part *part, uint64_t first, uint32_t count,
                       struct sampler_scratch *scratch, double *sample) {
    const struct estimate *e = run->estimate;
    sampler_draw(e->sampler, e->key, e->stream, first, count, scratch, sample, &part->remembered);
    take_batch(e, part, sample, count);
}

static bool draw_task(void *context, uint64_t task, struct error *error) {
    const struct run *run = context;
    struct part *part = &run->part[task];
    uint64_t first = run->first + task * run->task, end = first + run->task < run->end ? first + run->task : run->end;
    struct sampler_scratch *scratch = sampler_scratch_new(run->estimate->sampler);
    double *sample = mem_alloc(SAMPLER_BATCH, sizeof *sample);
    bool ok = (scratch && sample) || error_memory(error);
    for (uint64_t at = first; ok && at < end; at += SAMPLER_BATCH) {
        draw_batch(run, part, at, (uint32_t)(end - at < SAMPLER_BATCH ? end - at : SAMPLER_BATCH), scratch, sample);
        ok = !task_interrupted() || error_interrupt(error);
    }
    sampler_scratch_free(scratch);
    mem_free(sample);
    return ok;
}

static void join_part(struct estimate *e, const struct part *part) {
    moments_join(&e->moments, &part->moments);
    e->remembered += part->remembered;
    for (uint32_t i = 0; i < HISTOGRAM_BINS; i++) e->histogram.bin[i] += part->bin[i];
    e->histogram.below += part->below;
    e->histogram.above += part->above;
}

// One after the other: each depends on those before.
static bool draw_distinct(struct estimate *e, uint64_t count, struct error *error) {
    double *sample = mem_zero(SAMPLER_BATCH, sizeof *sample);
    bool ok = sample || error_memory(error);
    while (ok && e->moments.count < count) {
        uint64_t left = count - e->moments.count;
        uint32_t task = estimate_task(e->sampler), batch = task < SAMPLER_BATCH ? task : SAMPLER_BATCH;
        uint32_t some = left < batch ? (uint32_t)left : batch;
        struct part part = {0};
        for (uint32_t i = 0; ok && i < some && distinct_paths(e->distinct); i++)
            ok = distinct_draw(e->distinct, &sample[i], &part.remembered, error);
        if (ok) take_batch(e, &part, sample, some), join_part(e, &part);
        ok = ok && (!task_interrupted() || error_interrupt(error));
    }
    mem_free(sample);
    return ok;
}

static bool draw_some(struct estimate *e, uint64_t count, struct error *error) {
    if (e->distinct) return draw_distinct(e, count, error);
    struct run run = {.estimate = e, .first = e->moments.count, .end = count, .task = estimate_task(e->sampler)};
    uint64_t tasks = (run.end - run.first + run.task - 1) / run.task;
    run.part = mem_zero(tasks, sizeof *run.part);
    bool ok = (run.part || error_memory(error)) && parallel_run(tasks, draw_task, NULL, &run, error);
    for (uint64_t i = 0; ok && i < tasks; i++) join_part(e, &run.part[i]);
    mem_free(run.part);
    return ok;
}

bool estimate_until(struct estimate *e, uint64_t count, struct error *error) {
    struct estimate before = *e;
    uint64_t together = (uint64_t)TOGETHER * estimate_task(e->sampler);
    while (e->moments.count < count) {
        uint64_t next = e->moments.count / together * together + together;
        if (draw_some(e, next < count ? next : count, error)) continue;
        *e = before;
        return false;
    }
    return true;
}

// ---- results ------------------------------------------------------------------------------------------------------

double estimate_mean(const struct estimate *e) { return ldexp(e->moments.mean, e->shift); }

double estimate_variance(const struct estimate *e) { return ldexp(moments_variance(&e->moments), 2 * e->shift); }

double estimate_exact_variance(const struct estimate *e) {
    return e->variance_known ? scaled_double(e->variance) : NAN;
}

double estimate_error(const struct estimate *e) {
    double variance = moments_variance(&e->moments), count = (double)e->moments.count;
    double left = e->distinct && estimate_most(e) != UINT64_MAX ? 1 - count / (double)estimate_most(e) : 1;
    return ldexp(sqrt(variance / count * fmax(0, left)), e->shift);
}

double estimate_remembered(const struct estimate *e) { return e->remembered / (double)e->moments.count; }
