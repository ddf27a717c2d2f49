// Estimators: random stand-ins for one derivative, each right on average.
//
// An estimator is one row of the table below; a `sampler` is an estimator made ready for one subgraph. Sample number s
// is a pure function of (key, stream, s), so samples can be drawn in any order, by any thread, on any machine.
//
//   struct method method = {.estimator = sampler_find("walk", error)};
//   struct sampler *sampler = sampler_new(subgraph, &method, error);
//   sampler_draw(sampler, key, stream, 0, count, scratch, estimate, &remembered);
//
// Those that draw paths are walks (walk.h, walkers.h), those that sweep over a sparse graph are noise (sweeps.h). To
// add an estimator: a row in sampler.c, and the function that makes one of the two ready.
#ifndef BAUER_ESTIMATE_SAMPLER_H
#define BAUER_ESTIMATE_SAMPLER_H

#include "base/rng.h"
#include "estimate/variance.h"

enum { SAMPLER_BATCH = 4096 }; // most samples of one sampler_draw

enum sampler_takes {
    SAMPLER_TAKES_NOTHING,
    SAMPLER_TAKES_FRACTION, // in (0, 1]
    SAMPLER_TAKES_COUNT     // a whole number from 1
};

struct sampler;

struct estimator {
    const char *name;      // "walk backward"
    const char *parameter; // "P", "K" or NULL
    enum sampler_takes takes;
    bool draws;          // takes `replace` and `noreplace`
    bool out_edges;      // takes `per vertex`: K of each vertex's out-edges instead of each layer's vertices
    const char *summary; // one line for :help
    const char *example; // "walk", "edges 0.5"
    bool (*prepare)(struct sampler *sampler, struct error *error); // makes `walkers` or `sweeps`
};

extern const struct estimator estimator_table[];
extern const size_t estimator_count;

// How to estimate: an estimator and what it takes.
struct method {
    const struct estimator *estimator;
    double parameter;
    bool noreplace, out_edges;
};

// ERROR_NAME with "did you mean".
const struct estimator *sampler_find(const char *name, struct error *error);
// "vertices 2 noreplace", as it is typed.
void sampler_name(const struct method *method, char out[64]);

// The subgraph is borrowed. ERROR_USAGE: a parameter out of range.
struct sampler *sampler_new(const struct subgraph *subgraph, const struct method *method, struct error *error);
void sampler_free(struct sampler *sampler); // NULL is allowed

// Paths without replacement: samples depend on those before, and are drawn by estimate.h (distinct.h).
bool sampler_distinct(const struct sampler *sampler);
const struct subgraph *sampler_subgraph(const struct sampler *sampler);
double sampler_cost(const struct sampler *sampler); // edges that a sample looks at, about

// What one thread needs to draw; NULL when out of memory.
struct sampler_scratch *sampler_scratch_new(const struct sampler *sampler);
void sampler_scratch_free(struct sampler_scratch *scratch); // NULL is allowed

// Samples first ... first + count - 1 (at most SAMPLER_BATCH). `remembered` grows by the distinct edge values that the
// sparse sweeps read, added up over the samples.
void sampler_draw(const struct sampler *sampler, struct rng_key key, uint32_t stream, uint64_t first, uint32_t count,
                  struct sampler_scratch *scratch, double *estimate, double *remembered);

// What sample number `sample` does with each edge of the subgraph: the factor that stands in for 1 (edge_count
// numbers), 0 where the edge is not read. For NOISE_RADEMACHER, which mixes all edges, 1 everywhere.
bool sampler_edges(const struct sampler *sampler, struct rng_key key, uint32_t stream, uint64_t sample, double *factor,
                   struct error *error);

// The exact variance of one sample; `known` false where there is no way to it.
bool sampler_variance(const struct sampler *sampler, bool *known, struct scaled *variance, struct error *error);

#endif
