// Many random walks at once, each from the input to the output of a subgraph.
//
// Walks wait for memory most of the time, so hundreds go side by side, an edge each in turn. Chains of vertices with
// one way on are one step. Where every layer is joined to all of the next and the choice is even, nothing but a table
// of factors is looked at, and several draws come out of one random word, without bias: words that would bring one are
// refused (D. Lemire, Fast random integer generation in an interval, 2019).
#ifndef BAUER_ESTIMATE_WALKERS_H
#define BAUER_ESTIMATE_WALKERS_H

#include "base/rng.h"
#include "estimate/walk.h"

struct walkers;

// `probability` as of walk_probabilities. The subgraph is borrowed.
struct walkers *walkers_new(const struct subgraph *subgraph, const double *probability, struct error *error);
void walkers_free(struct walkers *walkers);            // NULL is allowed
size_t walkers_scratch(const struct walkers *walkers); // bytes that walkers_draw needs

// The estimates of samples first ... first + count - 1; `length` grows by the lengths of their paths.
void walkers_draw(const struct walkers *walkers, struct rng_key key, uint32_t stream, uint64_t first, uint32_t count,
                  void *scratch, double *estimate, double *length);
// The path of one sample, the same that walkers_draw took: its edges, at most `most` of them; returns how many.
uint32_t walkers_path(const struct walkers *walkers, struct rng_key key, uint32_t stream, uint64_t sample,
                      uint32_t *edge, uint32_t most);

#endif
