// A sweep: the variance of estimators at many places, exact and measured.
//
//   struct sweep sweep = {.seed = 1};
//   sweep_add(&sweep, &cell, error) ...
//   sweep_run(&sweep, finished, context, error);
//   sweep.cell[i].result
//
// A cell is an estimator on a graph: a pattern, or a subgraph that is given. Its work is cut into tasks by batches of
// samples, which are shared out over threads and ranks (base/ranks.h); what a cell becomes is a function of the cell
// and the seed alone, to the last bit: not of threads, ranks, or the cells beside it.
#ifndef BAUER_ESTIMATE_SWEEP_H
#define BAUER_ESTIMATE_SWEEP_H

#include "estimate/moments.h"
#include "estimate/pattern.h"
#include "estimate/sampler.h"

struct sweep_result {
    double exact;          // variance of one estimate; NaN where none is known
    double measured;       // from the samples; NaN below 2 estimates
    double standard_error; // of `measured`
    double square;         // the derivative's square: what a relative variance is relative to
    double effective;      // estimates that the measured variance rests on (moments_effective), over all graphs
    double remembered;     // numbers per estimate
};

struct sweep_cell {
    struct method method;
    struct pattern pattern; // unless the sweep has a subgraph
    uint64_t average;       // samples that are averaged in one estimate, from 1
    uint64_t estimates;     // how many are drawn from each graph; 0: nothing is measured
    uint32_t graphs;        // as many patterns with weights of their own (seed, seed + 1, ...), from 1: variances and
                            // squares are means over them
    bool done;
    struct sweep_result result;
};

struct sweep {
    const struct subgraph *subgraph; // or NULL
    uint64_t seed;                   // of what is drawn; weights have their patterns' own
    uint32_t vertex_limit;           // of a pattern
    struct sweep_cell *cell;
    size_t cell_count, cell_capacity;
};

bool sweep_add(struct sweep *sweep, const struct sweep_cell *cell, struct error *error);
void sweep_clear(struct sweep *sweep);
// Edges that all samples of the cell look at, about.
double sweep_cost(const struct sweep *sweep, const struct sweep_cell *cell);

// Called after each cell, in order; false with an error ends the sweep.
typedef bool sweep_finished(void *context, size_t cell, struct error *error);

// Runs the cells that are not done. After an interrupt or a failure the cells done before stay done. All ranks must
// call it with the same sweep.
bool sweep_run(struct sweep *sweep, sweep_finished *finished, void *context, struct error *error);

#endif
