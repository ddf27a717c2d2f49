// The graphs of the paper's Figure 2: many paths side by side, and many paths through each other.
//
//   independent   theta fans out to `width` chains of `depth` hidden vertices, all joined in y: `width` paths
//   interleaved   theta, `depth` hidden layers of `width` vertices, each joined to all of the next, y: width^depth
//   paths vector        the same as interleaved, each layer a frame of its own, to be shown as one vertex
//
// Every vertex but theta is a weighted sum of those before it, so every edge has its weight as local derivative.
// Weights are a function of the pattern alone (seed included). Normalised weights into a vertex that sums `width`
// others are divided by width (ones, uniform) or by its root (gaussian, rademacher), so that values neither grow nor
// die with depth; edges out of theta and along a chain are not divided, for their targets sum one vertex only; those
// from chains into y are.
#ifndef BAUER_ESTIMATE_PATTERN_H
#define BAUER_ESTIMATE_PATTERN_H

#include "graph/graph.h"

enum pattern_kind { PATTERN_INDEPENDENT, PATTERN_INTERLEAVED, PATTERN_VECTOR, PATTERN_COUNT };
enum weights { WEIGHTS_ONES, WEIGHTS_UNIFORM, WEIGHTS_GAUSSIAN, WEIGHTS_RADEMACHER, WEIGHTS_COUNT };

struct pattern {
    enum pattern_kind kind;
    uint32_t width, depth; // from 1
    enum weights weights;
    double low, high; // of WEIGHTS_UNIFORM
    bool raw;         // not normalised
    uint64_t seed;
};

extern const char *const pattern_names[PATTERN_COUNT]; // "independent", ...
extern const char *const weights_names[WEIGHTS_COUNT]; // "ones", ...

double pattern_vertices(const struct pattern *pattern); // with theta and y
double pattern_edges(const struct pattern *pattern);
// ERROR_LIMIT when it has more than `vertex_limit` vertices or 2^31 edges.
bool pattern_fits(const struct pattern *pattern, uint32_t vertex_limit, struct error *error);

// Its input is theta = 1, its output y; hidden vertices are A_1, A_2, ..., B_1, ... (from depth 25 on h1_1, h1_2, ...).
// ERROR_LIMIT, before anything is made, when it has more than `vertex_limit` vertices or 2^31 edges; ERROR_MEMORY;
// ERROR_INTERRUPT.
struct graph *pattern_graph(const struct pattern *pattern, struct symbols *symbols, uint32_t vertex_limit,
                            struct error *error);

#endif
