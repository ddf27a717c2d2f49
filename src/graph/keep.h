// What backward remembers, and its unbiased stand-ins.
//
// Forward is always exact. Where backward needs the value of an operand, that value is held until backward has used it:
// whole, as one bit for each number (relu), or, where the other operand is a parameter, as a random part of it whose
// mean is the value: a sample of each row times length/kept, or its projection on random signs. Rows of a matrix are
// its rows, of images the (image, channel) planes. Only the parameter's gradient becomes noisy; what is handed on is
// exact. Of a field, points of its interior are held: all, or at every step others, floor(side^2 fraction) of them
// without replacement. (Oktay et al., Randomized Automatic Differentiation, ICLR 2021, sections 4 and 5.)
#ifndef BAUER_GRAPH_KEEP_H
#define BAUER_GRAPH_KEEP_H

#include "graph/tensors.h"

enum keep_method {
    KEEP_EXACT,
    KEEP_SAME,              // the same places of every row
    KEEP_DIFFERENT,         // other places for each row
    KEEP_PROJECT,           // one matrix of signs for all rows
    KEEP_PROJECT_DIFFERENT, // another for each
    KEEP_METHODS
};
extern const char *const keep_names[KEEP_METHODS]; // "exact", "same", "different", "project", "project-different"

struct keep_layer {
    symbol parameter;
    double fraction;
};

struct keep {
    enum keep_method method;
    double fraction;                // in (0, 1]; 1 holds all, exactly
    const struct keep_layer *layer; // fractions of their own
    uint32_t layer_count;
    bool distinct;   // without replacement
    bool same_steps; // all uses of a parameter, the time steps of a recurrent net, share a sample
    uint64_t seed;
};

// floor(length * fraction + 0.999), as the authors count; at least 1.
uint32_t keep_count(uint32_t length, double fraction);

enum held_kind { HELD_VALUE, HELD_MASK, HELD_SAMPLE, HELD_PROJECTION, HELD_POINTS };
extern const char *const held_names[]; // "value", "mask", "sample", "projection", "points"

// One thing that is held from forward to backward.
struct held {
    enum held_kind kind;
    vertex of;        // whose value, or a part of it
    vertex at;        // the first vertex whose derivative needs it
    vertex parameter; // whose gradient it serves, or VERTEX_NONE
    size_t bytes;
    struct sampling sampling; // of SAMPLE and PROJECTION, without key and call
};

struct keep_plan {
    struct held *held;
    uint32_t count;
    size_t capacity;
    uint8_t *active;  // by vertex: depends on a parameter, and a loss depends on it
    uint8_t *needed;  // by vertex: a loss depends on it
    uint32_t *value;  // by vertex: place + 1 in `held` of its whole value, or 0
    uint32_t *mask;   // by vertex (a relu): place + 1 of its mask, or 0
    uint32_t *points; // by vertex (a field): place + 1 of its points, or 0
    uint32_t *part;   // by edge: place + 1 of the sample or projection, or 0
    size_t bytes;     // in all: what backward remembers
};

// What is held for the gradients of these outputs by all parameters, or, without any parameter, by all inputs.
// ERROR_USAGE: a field cannot be kept in this way, or the fraction keeps no point of it.
bool keep_plan_make(const struct graph *graph, const vertex *output, uint32_t output_count, enum number_type type,
                    const struct keep *keep, struct keep_plan *plan, struct error *error);
void keep_plan_free(struct keep_plan *plan);

#endif
