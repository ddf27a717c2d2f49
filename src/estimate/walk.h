// Random walks: a path is drawn edge by edge, from the input to the output.
//
// At a vertex v the edge e is drawn with probability[e]; the path's estimate is the product of partial / probability
// along it, whose mean is the derivative as long as no path with a product other than 0 is left out.
#ifndef BAUER_ESTIMATE_WALK_H
#define BAUER_ESTIMATE_WALK_H

#include "estimate/subgraph.h"

enum walk_kind {
    WALK_OUTGOING,  // every edge out of a vertex equally likely: 1 / outdegree
    WALK_UNIFORM,   // every path equally likely: n(u) / n(v), by path counts n
    WALK_IMPORTANCE // paths as likely as their |product|: |c| R(u) / R(v), with R(v) = sum of |c| R(u)
};

// The probability of each edge (edge_count numbers). Those out of a vertex add up to 1, or are all 0 where
// WALK_IMPORTANCE never comes: every product from there on is 0.
bool walk_probabilities(const struct subgraph *subgraph, enum walk_kind kind, double *probability, struct error *error);

#endif
