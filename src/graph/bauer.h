// Bauer's formula: a derivative is the sum, over all paths from input to output, of the product of the edge values on
// the path.
//
//     J[j][i] = sum over paths p from input i to output j of prod over edges (k, l) in p of dz_l/dz_k
//
// (F. L. Bauer, Computational graphs and rounding error, 1974.) It can be accumulated in any order, and this file does
// it in all of them: one sweep forwards or backwards, vertex elimination in a chosen or greedy order (Griewank and
// Walther, Evaluating Derivatives, chapter 9), or by really walking every path.
//
// Costs. `multiplications` is the sum of indegree x outdegree over eliminated vertices of the LCG pruned to what lies
// between the inputs and the outputs (parallel edges are added into one first); sweeps count what elimination in their
// order does. For all paths it is the sum of path length - 1.
//
// `remembered` is the largest number of partials alive at once: in reverse and for all paths every edge of the pruned
// LCG; forwards the partials of the vertex at hand and the tangents (one for each input that reaches it) of vertices
// still needed; in an elimination order the most edges there are after any step, parallel edges added into one.
//
// Figure 1: forward 6 (remembers 5), reverse 6 (remembers all 8 edges), order b c d a 5, order c a d b 8, all paths 8.
#ifndef BAUER_GRAPH_BAUER_H
#define BAUER_GRAPH_BAUER_H

#include "graph/lcg.h"

enum bauer_mode { BAUER_REVERSE, BAUER_FORWARD, BAUER_PATHS, BAUER_ORDER, BAUER_GREEDY };

struct jacobian {
    uint32_t rows, columns; // outputs, inputs
    double *value;          // row by row; mem_free
    double multiplications; // exact up to 2^53
    double remembered;      // numbers
    double paths;           // walked, in mode BAUER_PATHS
    vertex *order;          // the elimination order taken, in modes ORDER and GREEDY (order_count)
    uint32_t order_count;
};

void jacobian_free(struct jacobian *jacobian);

// The Jacobian of graph->output with respect to graph->input. `order` (order_count vertices) only for BAUER_ORDER:
// vertices not named follow in reverse; naming an input, an output, or a vertex twice is an ERROR_USAGE. Looks at
// task_interrupted.
bool bauer_jacobian(const struct lcg *lcg, enum bauer_mode mode, const vertex *order, uint32_t order_count,
                    struct jacobian *jacobian, struct error *error);

// Directional derivatives: tangent[v] of every vertex from input directions (input_count numbers), or adjoint[v] from
// output weights (output_count numbers; weights of an output that is there twice add). `tangent` and `adjoint` have
// count numbers.
bool bauer_tangent(const struct lcg *lcg, const double *direction, double *tangent, struct error *error);
bool bauer_adjoint(const struct lcg *lcg, const double *weight, double *adjoint, struct error *error);

#endif
