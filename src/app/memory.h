// :memory: what backward remembers, as numbers, on the graph's edges, and beside the paper's Table 1.
#ifndef BAUER_APP_MEMORY_H
#define BAUER_APP_MEMORY_H

#include "app/command.h"
#include "graph/keep.h"

// The edge that needs what is held: of the first vertex whose derivative asks for it, the edge from the other operand.
uint32_t memory_edge(const struct graph *graph, const struct held *held);
// Fills the view's `held` by what session->shown says; the array is the caller's to free, `words` to keep.
bool memory_view(struct session *session, struct view *view, double **held, char words[64], struct error *error);

// What the paper counts of a network for its Table 1, found in the network's graph.
struct memory_count {
    uint32_t batch;
    double parameters;         // numbers
    double inputs, exact;      // numbers an image: of layer inputs that are sampled, and of those of one number
    double masks, paper_masks; // bits an image: of every relu; and as the paper has them, behind a pooling at its size
};
bool memory_count_of(const struct graph *graph, struct memory_count *count, struct error *error);
// Bytes by the formula that gives the paper's entries: 4 W + 4 B (A f + exact) + (f < 1) B Q / 8 + 44 B.
double memory_by_formula(const struct memory_count *count, double fraction, double masks);

// Table 1: as printed, by its formula, with all masks, and as counted here.
bool memory_table(struct session *session, struct error *error);

#endif
