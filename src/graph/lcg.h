// The linearized computational graph (LCG): the same vertices, and on each edge the local partial derivative.
//
// Edge e runs from lcg->source[e] to its target and carries lcg->partial[e] = d target / d source at the current point.
// The arrays `offset` and `source` are the graph's own `offset` and `operand`; only `partial` is new, so graph and LCG
// together take at most 64 bytes for a vertex. The graph must not grow while an LCG of it is in use.
#ifndef BAUER_GRAPH_LCG_H
#define BAUER_GRAPH_LCG_H

#include "graph/graph.h"

struct lcg {
    struct graph *graph; // held
    uint32_t count;
    const uint32_t *offset;
    const vertex *source;
    double *partial;
    uint8_t *depends; // 1 for an input and for what is computed from inputs, 0 for what is constant
};

struct lcg *lcg_new(struct graph *graph, struct error *error);
void lcg_free(struct lcg *lcg);          // NULL is allowed
size_t lcg_bytes(const struct lcg *lcg); // of its own arrays

// Linearizes at other inputs (input_count numbers), in one sweep: `value` (count numbers) and the partials. The graph's
// own values stay.
bool lcg_evaluate(struct lcg *lcg, const double *input, double *value, struct error *error);

// Which vertices matter for a derivative: those that depend on one of `from` and on which one of `to` depends.
// active[v] is 1 for them, 0 elsewhere (count bytes). An edge is active when both its ends are.
bool lcg_active(const struct lcg *lcg, const vertex *from, uint32_t from_count, const vertex *to, uint32_t to_count,
                uint8_t *active, struct error *error);

// Outgoing active edges of every vertex: edges of v are edge[offset[v]] ... in increasing order. For sweeps that go
// forwards.
struct lcg_out {
    uint32_t *offset; // count + 1
    uint32_t *edge;
    vertex *target; // of edge[i]
};
bool lcg_out_new(const struct lcg *lcg, const uint8_t *active, struct lcg_out *out, struct error *error);
void lcg_out_free(struct lcg_out *out);

#endif
