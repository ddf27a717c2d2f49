// The part of a linearized graph that lies between one input and one output: all that an estimate of one derivative
// looks at.
//
// Vertices are numbered by layer, and within a layer as in the graph, so index order is topological order: 0 is the
// input, count - 1 the output. A vertex's layer is its longest distance from the input. Edges are sorted by source;
// edge i runs from source[i] to target[i] and carries partial[i]. Parallel edges stay apart, as everywhere.
#ifndef BAUER_ESTIMATE_SUBGRAPH_H
#define BAUER_ESTIMATE_SUBGRAPH_H

#include "estimate/scaled.h"
#include "graph/lcg.h"

struct subgraph {
    uint32_t count;      // vertices: 0 when no path leads from the input to the output
    uint32_t edge_count; // 0 when the input is the output: one path of length 0, whose product is 1
    uint32_t layer_count;
    uint32_t *layer_start; // layer_count + 1: the first vertex of each layer
    uint32_t *layer;       // of each vertex
    uint32_t *offset;      // count + 1: the edges out of v are offset[v] ... offset[v + 1] - 1
    uint32_t *source, *target;
    double *partial;
    uint32_t *in_offset, *in_edge; // the edges into v are in_edge[in_offset[v]] ..., in increasing order
    vertex *vertex;                // in the graph
    uint32_t *edge;                // in the LCG
};

// ERROR_MEMORY, ERROR_INTERRUPT; ERROR_DOMAIN for an edge whose partial is not finite (named, with what to do).
struct subgraph *subgraph_new(const struct lcg *lcg, vertex from, vertex to, struct error *error);
// Every edge turned round, for what goes from the output to the input: vertex v becomes count - 1 - v, and edge i is
// the subgraph's in_edge[edge_count - 1 - i]. Layers are the longest distances to the output; there is no layer_start.
struct subgraph *subgraph_reverse(const struct subgraph *subgraph, struct error *error);
void subgraph_free(struct subgraph *subgraph); // NULL is allowed

// The derivative: the sum over all paths of the products. 0 without a path.
bool subgraph_derivative(const struct subgraph *subgraph, struct scaled *derivative, struct error *error);
// The number of paths from each vertex to the output (`paths`: count of them).
bool subgraph_paths(const struct subgraph *subgraph, struct scaled *paths, struct error *error);

#endif
