// Many random sweeps at once, each over a sparse or projected stand-in of the whole subgraph.
//
// A sample is one reverse sweep (for NOISE_OUT_EDGES a forward one) in which edges are left out, vertices are left out,
// or layers are projected, as `enum noise` says; sixteen samples go side by side.
#ifndef BAUER_ESTIMATE_SWEEPS_H
#define BAUER_ESTIMATE_SWEEPS_H

#include "base/rng.h"
#include "estimate/variance.h"

struct sweeps;

// The subgraph is borrowed.
struct sweeps *sweeps_new(const struct subgraph *subgraph, enum noise noise, double parameter, bool replace,
                          struct error *error);
void sweeps_free(struct sweeps *sweeps); // NULL is allowed
// What one thread needs to sweep; NULL when out of memory.
struct sweeps_scratch *sweeps_scratch_new(const struct sweeps *sweeps);
void sweeps_scratch_free(struct sweeps_scratch *scratch); // NULL is allowed

// The estimates of samples first ... first + count - 1. `remembered` grows by the edge values that each sweep reads;
// for projections by the K x K, 1 x K and K x 1 numbers between layers, where these are fewer than the edges. `factor`
// (edge_count numbers, or NULL) is what sample `first` puts in the place of 1 on every edge: 0 for one that is not
// read.
void sweeps_draw(const struct sweeps *sweeps, struct rng_key key, uint32_t stream, uint64_t first, uint32_t count,
                 struct sweeps_scratch *scratch, double *estimate, double *remembered, double *factor);

#endif
