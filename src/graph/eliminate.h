// Vertex elimination: the LCG made smaller one vertex at a time, until only edges from inputs to outputs are left: the
// Jacobian.
//
// Eliminating v joins each predecessor u with each successor w: c(u, w) += c(v, w) * c(u, v), then v is gone. An edge
// that was not there before is fill-in. An output that feeds other vertices keeps its in-edges and loses its out-edges.
#ifndef BAUER_GRAPH_ELIMINATE_H
#define BAUER_GRAPH_ELIMINATE_H

#include "graph/lcg.h"

struct eliminate;

struct eliminate_edge {
    vertex source, target;
    double before, value; // `before` is 0 for fill-in
    bool fill;            // new, not changed
};

// Starts from the LCG between all inputs and all outputs, parallel edges added into one.
struct eliminate *eliminate_new(const struct lcg *lcg, struct error *error);
void eliminate_free(struct eliminate *eliminate);

// Eliminates v. `changed` (owned by `eliminate`, valid until the next call) lists new and changed edges. ERROR_USAGE
// for an input, an output without successors, a vertex already gone or one that no derivative passes through.
bool eliminate_vertex(struct eliminate *eliminate, vertex v, const struct eliminate_edge **changed,
                      uint32_t *changed_count, struct error *error);
double eliminate_cost(const struct eliminate *eliminate, vertex v); // indegree x outdegree now (Markowitz)
bool eliminate_alive(const struct eliminate *eliminate, vertex v);  // can still be eliminated
vertex eliminate_cheapest(const struct eliminate *eliminate); // least cost, then largest index; VERTEX_NONE at the end
double eliminate_multiplications(const struct eliminate *eliminate); // so far
double eliminate_most_edges(const struct eliminate *eliminate);      // largest number of edges alive so far
uint32_t eliminate_remaining(const struct eliminate *eliminate);     // vertices still to eliminate

// The edges that are there now, ordered by target, then source. Sets *count; mem_free the result. NULL with error on
// failure.
struct eliminate_edge *eliminate_edges(const struct eliminate *eliminate, uint32_t *count, struct error *error);
double eliminate_value(const struct eliminate *eliminate, vertex source, vertex target); // 0 if there is no edge

#endif
