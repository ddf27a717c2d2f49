// Running a graph of tensors, forwards and backwards, as often as wanted: the same operations, and the same keep, that
// :graph and :memory show.
//
// A value is computed into a block of the tape's pool and given back when nothing needs it any more; what backward
// needs (graph/keep) is held. So the bytes between forward and backward are counted, not estimated: tape_held().
#ifndef BAUER_GRAPH_TAPE_H
#define BAUER_GRAPH_TAPE_H

#include "graph/keep.h"

struct tape;

// For these outputs, whose gradient is wanted. keep NULL: exact. ERROR_TYPE: a weighted sum cannot be run.
struct tape *tape_new(const struct graph *graph, const vertex *output, uint32_t output_count, enum number_type type,
                      const struct keep *keep, struct error *error);
void tape_free(struct tape *tape); // NULL is allowed

// Where an input's numbers lie (int32_t for labels): written by the caller, read by forward. They stay from run to run.
// NULL: no output depends on it.
void *tape_input(struct tape *tape, vertex input);
// Fills all inputs from their sources with what this seed draws, numbers from the graph's values.
bool tape_fill(struct tape *tape, uint64_t seed, struct error *error);

// Computes the outputs. `run` numbers the random choices: another one, another sample. ERROR_MEMORY, ERROR_INTERRUPT.
bool tape_forward(struct tape *tape, uint64_t run, struct error *error);
double tape_number(const struct tape *tape, uint32_t output); // of an output of rank 0
const void *tape_output(const struct tape *tape, uint32_t output);
// The gradient of the sum of the outputs' numbers by every active input. Needs a forward before it, and uses up what
// that has held.
bool tape_backward(struct tape *tape, struct error *error);
// The same, the numbers of the only output weighted by these (of the tape's type).
bool tape_backward_from(struct tape *tape, const void *weight, struct error *error);
// Of the last backward; NULL: the input is not active.
void *tape_gradient(struct tape *tape, vertex input);
// The same where it is a few rows of a parameter, and nobody has asked for all of it yet. false: ask for all of it.
bool tape_thin_gradient(const struct tape *tape, vertex input, struct thin_gradient *thin);

// Bytes that were held between the last forward and backward, by the pool's count, and as planned.
size_t tape_held(const struct tape *tape);
size_t tape_planned(const struct tape *tape);
size_t tape_peak(const struct tape *tape); // of the pool, so far
const struct keep_plan *tape_plan(const struct tape *tape);
// What the last forward drew for the sample that this product holds for its parameter; false: it holds none.
bool tape_sampling(const struct tape *tape, vertex product, struct sampling *sampling);
const struct kernels *tape_kernels(const struct tape *tape);
// Overwrites the inputs that are no parameters, for a test that backward does not look at them.
void tape_poison(struct tape *tape);

#endif
