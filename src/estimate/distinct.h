// Paths drawn without replacement: every set of K paths is equally likely.
//
// Paths have ranks from 0 on, by counting; a shuffle of the ranks, of which only what was touched is remembered, gives
// one that was not drawn before each time (R. A. Fisher and F. Yates). Draws come one after the other, so they take one
// thread, and memory that grows with them.
#ifndef BAUER_ESTIMATE_DISTINCT_H
#define BAUER_ESTIMATE_DISTINCT_H

#include "base/rng.h"
#include "estimate/subgraph.h"

struct distinct;

// ERROR_LIMIT: over 2^62 paths, of which none would be drawn twice in practice.
struct distinct *distinct_new(const struct subgraph *subgraph, struct rng rng, struct error *error);
void distinct_free(struct distinct *distinct); // NULL is allowed
uint64_t distinct_paths(const struct distinct *distinct);
// The next path: its product times the number of paths, and its edges added to `length`. Not to be called more often
// than there are paths.
bool distinct_draw(struct distinct *distinct, double *estimate, double *length, struct error *error);

#endif
