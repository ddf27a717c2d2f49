// The graph of numbers behind a graph of tensors: every element a vertex, W[0][1] its name.
#ifndef BAUER_GRAPH_EXPAND_H
#define BAUER_GRAPH_EXPAND_H

#include "graph/tensors.h"

// A matrix product with a matrix that is constant becomes weighted sums, whose weights are its elements; with one that
// is an input, products and sums. What only moves elements (reshape, transpose, slices) leaves no vertices.
// ERROR_LIMIT: over the graph's limit of vertices, or `most`.
struct graph *graph_expand(const struct graph *graph, uint32_t most, struct error *error);

#endif
