// Walking every path: Bauer's formula taken literally.
//
// Depth-first from each input, adding the product of the partials at each output that is reached. A vertex with one
// way on is not stopped at: its edge is joined to the edges into it beforehand. Each path is still walked and added by
// itself.
#ifndef BAUER_GRAPH_ENUMERATE_H
#define BAUER_GRAPH_ENUMERATE_H

#include "graph/bauer.h"

// Adds each path's product to jacobian->value, zeroed, of the right size, and counts jacobian->paths. `active`: between
// the graph's inputs and outputs (lcg_active).
bool enumerate_paths(const struct lcg *lcg, const uint8_t *active, struct jacobian *jacobian, struct error *error);

#endif
