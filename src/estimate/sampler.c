#include "estimate/sampler.h"

#include <stdio.h>
#include <string.h>

#include "estimate/sweeps.h"
#include "estimate/walkers.h"

struct sampler {
    struct method method;
    const struct subgraph *given;
    struct subgraph *back;   // walked instead of the given one, or NULL
    double *probability;     // of a walk's edges
    struct walkers *walkers; // one of the two
    struct sweeps *sweeps;
};

static const struct subgraph *walked(const struct sampler *s) { return s->back ? s->back : s->given; }

// ---- making ready -------------------------------------------------------------------------------------------------

static bool prepare_walk(struct sampler *s, enum walk_kind kind, struct error *error) {
    const struct subgraph *sub = walked(s);
    s->probability = mem_alloc((size_t)sub->edge_count + 1, sizeof *s->probability);
    if (!s->probability) return error_memory(error);
    if (!walk_probabilities(sub, kind, s->probability, error)) return false;
    s->walkers = walkers_new(sub, s->probability, error);
    return s->walkers;
}

static bool prepare_uniform(struct sampler *s, struct error *error) { return prepare_walk(s, WALK_UNIFORM, error); }
static bool prepare_outgoing(struct sampler *s, struct error *error) { return prepare_walk(s, WALK_OUTGOING, error); }
static bool prepare_importance(struct sampler *s, struct error *error) {
    return prepare_walk(s, WALK_IMPORTANCE, error);
}

static bool prepare_backward(struct sampler *s, struct error *error) {
    s->back = subgraph_reverse(s->given, error);
    return s->back && prepare_walk(s, WALK_OUTGOING, error);
}

static bool prepare_sweep(struct sampler *s, enum noise noise, struct error *error) {
    s->sweeps = sweeps_new(s->given, noise, s->method.parameter, !s->method.noreplace, error);
    return s->sweeps;
}

static bool prepare_edges(struct sampler *s, struct error *error) { return prepare_sweep(s, NOISE_EDGES, error); }
static bool prepare_rademacher(struct sampler *s, struct error *error) {
    return prepare_sweep(s, NOISE_RADEMACHER, error);
}
static bool prepare_vertices(struct sampler *s, struct error *error) {
    return prepare_sweep(s, s->method.out_edges ? NOISE_OUT_EDGES : NOISE_VERTICES, error);
}

const struct estimator estimator_table[] = {
    {"uniform", NULL, SAMPLER_TAKES_NOTHING, true, false, "a path, all of them equally likely, by counting paths",
     "uniform", prepare_uniform},
    {"walk", NULL, SAMPLER_TAKES_NOTHING, false, false,
     "a path, drawn edge by edge from the input: at each vertex all edges out of it are equally likely", "walk",
     prepare_outgoing},
    {"walk backward", NULL, SAMPLER_TAKES_NOTHING, false, false,
     "a path, drawn edge by edge from the output: at each vertex all edges into it are equally likely", "walk backward",
     prepare_backward},
    {"importance", NULL, SAMPLER_TAKES_NOTHING, false, false,
     "a path, as likely as its |product|: the least variance a path can have (it needs a whole sweep first)",
     "importance", prepare_importance},
    {"edges", "P", SAMPLER_TAKES_FRACTION, false, false,
     "each edge is kept with probability P and divided by P, then one reverse sweep", "edges 0.5", prepare_edges},
    {"vertices", "K", SAMPLER_TAKES_COUNT, true, true,
     "K vertices of each layer of d (or, `per vertex`, K edges out of each vertex), each draw times d/K, then one "
     "sweep",
     "vertices 1", prepare_vertices},
    {"rademacher", "K", SAMPLER_TAKES_COUNT, false, false,
     "each layer projected onto K random directions of signs and back, then one reverse sweep", "rademacher 2",
     prepare_rademacher},
};
const size_t estimator_count = sizeof estimator_table / sizeof *estimator_table;

const struct estimator *sampler_find(const char *name, struct error *error) {
    const char *names[sizeof estimator_table / sizeof *estimator_table];
    for (size_t i = 0; i < estimator_count; i++) {
        if (strcmp(estimator_table[i].name, name) == 0) return &estimator_table[i];
        names[i] = estimator_table[i].name;
    }
    const char *near = text_nearest(name, names, estimator_count);
    error_set(error, ERROR_NAME, SPAN_NONE, "there is no estimator `%s`", name);
    if (near)
        error_hint(error, "did you mean `%s`?", near);
    else
        error_hint(error, "estimators are uniform, walk, walk backward, importance, edges P, vertices K, rademacher K");
    return NULL;
}

void sampler_name(const struct method *method, char out[64]) {
    char parameter[40] = "";
    if (method->estimator->takes != SAMPLER_TAKES_NOTHING)
        snprintf(parameter, sizeof parameter, " %.15g", method->parameter);
    snprintf(out, 64, "%s%s%s%s", method->estimator->name, parameter, method->out_edges ? " per vertex" : "",
             method->noreplace ? " noreplace" : "");
}

static bool fits(const struct method *method, struct error *error) {
    double p = method->parameter;
    enum sampler_takes takes = method->estimator->takes;
    if (takes == SAMPLER_TAKES_FRACTION && !(p > 0 && p <= 1))
        return error_set(error, ERROR_USAGE, SPAN_NONE, "`%s` takes a probability in (0, 1], not %.15g",
                         method->estimator->name, p);
    if (takes == SAMPLER_TAKES_COUNT && !(p >= 1 && p <= 1e9 && p == floor(p)))
        return error_set(error, ERROR_USAGE, SPAN_NONE, "`%s` takes a whole number from 1 to 1000000000, not %.15g",
                         method->estimator->name, p);
    return true;
}

struct sampler *sampler_new(const struct subgraph *sub, const struct method *method, struct error *error) {
    if (!fits(method, error)) return NULL;
    struct sampler *s = mem_zero(1, sizeof *s);
    if (!s) {
        error_memory(error);
        return NULL;
    }
    s->method = *method;
    s->given = sub;
    if (method->estimator->prepare(s, error)) return s;
    sampler_free(s);
    return NULL;
}

void sampler_free(struct sampler *s) {
    if (!s) return;
    walkers_free(s->walkers);
    sweeps_free(s->sweeps);
    subgraph_free(s->back);
    mem_free(s->probability);
    mem_free(s);
}

bool sampler_distinct(const struct sampler *s) { return s->method.noreplace && s->walkers; }

const struct subgraph *sampler_subgraph(const struct sampler *s) { return s->given; }

double sampler_cost(const struct sampler *s) { return 1 + (s->walkers ? s->given->layer_count : s->given->edge_count); }

// ---- drawing ------------------------------------------------------------------------------------------------------

struct sampler_scratch {
    void *walkers;
    struct sweeps_scratch *sweeps;
};

void sampler_scratch_free(struct sampler_scratch *scratch) {
    if (!scratch) return;
    mem_free(scratch->walkers);
    sweeps_scratch_free(scratch->sweeps);
    mem_free(scratch);
}

struct sampler_scratch *sampler_scratch_new(const struct sampler *s) {
    struct sampler_scratch *scratch = mem_zero(1, sizeof *scratch);
    if (scratch && s->walkers) scratch->walkers = mem_alloc(1, walkers_scratch(s->walkers));
    if (scratch && s->sweeps) scratch->sweeps = sweeps_scratch_new(s->sweeps);
    if (scratch && (scratch->walkers || scratch->sweeps)) return scratch;
    sampler_scratch_free(scratch);
    return NULL;
}

void sampler_draw(const struct sampler *s, struct rng_key key, uint32_t stream, uint64_t first, uint32_t count,
                  struct sampler_scratch *scratch, double *estimate, double *remembered) {
    if (s->given->count == 0)
        memset(estimate, 0, count * sizeof *estimate);
    else if (s->walkers)
        walkers_draw(s->walkers, key, stream, first, count, scratch->walkers, estimate, remembered);
    else
        sweeps_draw(s->sweeps, key, stream, first, count, scratch->sweeps, estimate, remembered, NULL);
}

static bool path_edges(const struct sampler *s, struct rng_key key, uint32_t stream, uint64_t sample, double *factor,
                       struct error *error) {
    const struct subgraph *sub = walked(s);
    uint32_t *edge = mem_alloc((size_t)sub->layer_count + 1, sizeof *edge), edges = sub->edge_count;
    if (!edge) return error_memory(error);
    uint32_t length = walkers_path(s->walkers, key, stream, sample, edge, sub->layer_count);
    memset(factor, 0, edges * sizeof *factor);
    for (uint32_t i = 0; i < length; i++)
        factor[s->back ? s->given->in_edge[edges - 1 - edge[i]] : edge[i]] = 1 / s->probability[edge[i]];
    mem_free(edge);
    return true;
}

bool sampler_edges(const struct sampler *s, struct rng_key key, uint32_t stream, uint64_t sample, double *factor,
                   struct error *error) {
    if (s->given->count == 0) return true;
    if (s->walkers) return path_edges(s, key, stream, sample, factor, error);
    struct sampler_scratch *scratch = sampler_scratch_new(s);
    double estimate, remembered = 0;
    if (!scratch) return error_memory(error);
    sweeps_draw(s->sweeps, key, stream, sample, 1, scratch->sweeps, &estimate, &remembered, factor);
    sampler_scratch_free(scratch);
    return true;
}

static enum noise noise_of(const struct method *method) {
    if (method->estimator->prepare == prepare_edges) return NOISE_EDGES;
    if (method->estimator->prepare == prepare_rademacher) return NOISE_RADEMACHER;
    return method->out_edges ? NOISE_OUT_EDGES : NOISE_VERTICES;
}

bool sampler_variance(const struct sampler *s, bool *known, struct scaled *variance, struct error *error) {
    *known = true;
    if (s->walkers) return variance_walk(walked(s), s->probability, variance, error);
    return variance_cut(s->given, noise_of(&s->method), s->method.parameter, !s->method.noreplace, known, variance,
                        error);
}
