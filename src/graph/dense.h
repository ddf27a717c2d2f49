// Jacobians between tensors as dense matrices, for small ones: what a map on an edge stands for, written out.
#ifndef BAUER_GRAPH_DENSE_H
#define BAUER_GRAPH_DENSE_H

#include "graph/tensors.h"

// The values of all vertices, for the maps; NULL with an error. Give it to dense_free.
struct dense;
struct dense *dense_new(const struct graph *graph, struct error *error);
void dense_free(struct dense *dense);
// Elements of v, in row-major order.
const double *dense_value(const struct dense *dense, vertex v);
// The Jacobian on an edge: (elements of its target) x (elements of its source), row-major; mem_free it.
double *dense_jacobian(const struct dense *dense, uint32_t edge, struct error *error);

#endif
