// The tensors among a graph's vertices. A graph of numbers alone has none of this (graph->tensors is NULL); a vertex of
// rank 0 is a number as everywhere.
//
// A tensor vertex has a shape and an operation like any other; its numbers are computed by graph/tape when they are
// wanted, not while tracing. What an input holds is described by a source, so that a network of any size is traced at
// no cost.
#ifndef BAUER_GRAPH_TENSORS_H
#define BAUER_GRAPH_TENSORS_H

#include "graph/graph.h"
#include "tensor/kernels.h"

enum source_kind {
    SOURCE_GIVEN,   // `data`
    SOURCE_FILL,    // `scale` everywhere
    SOURCE_NORMAL,  // normal with deviation `scale`
    SOURCE_UNIFORM, // uniform from -scale to scale
    SOURCE_EYE,     // ones on the diagonal
    SOURCE_LABELS   // whole numbers from 0 to scale - 1; `data` if given
};

struct tensor_source {
    enum source_kind kind;
    double scale;
    uint64_t draw;  // which of the draws
    bool parameter; // what training changes; else data
    double *data;   // of SOURCE_GIVEN: shape_count numbers, owned by whoever holds the source
};

struct graph_tensor {
    struct shape shape;
    struct op_setting setting;
    struct tensor_source source; // of an input or a constant
};

struct graph_tensors {
    struct graph_tensor *at; // by vertex, `count` of them; those beyond are numbers
    uint32_t count;
    size_t capacity;
};

// Numbers of a source into `out`, as the type says, drawn from the seed; labels as int32_t.
void tensor_fill(const struct tensor_source *source, struct shape shape, uint64_t seed, enum number_type type,
                 void *out);

struct shape graph_shape(const struct graph *graph, vertex v);
bool graph_has_tensors(const struct graph *graph);
bool graph_is_tensor(const struct graph *graph, vertex v); // of rank 1 or more
bool graph_is_labels(const struct graph *graph, vertex v); // holds whole numbers
// A number that depends on a tensor and was not computed yet.
bool graph_waits(const struct graph *graph, vertex v);
bool graph_is_parameter(const struct graph *graph, vertex v);
const struct graph_tensor *graph_tensor(const struct graph *graph, vertex v); // NULL for numbers

// An input (or, `constant`, what is given) with a tensor. The data of the source are copied.
vertex graph_tensor_input(struct graph *graph, symbol name, struct shape shape, const struct tensor_source *source,
                          bool constant, uint32_t site, struct error *error);
// An operation of either table on vertices of which one is a tensor. ERROR_TYPE: the shapes do not fit.
vertex graph_add_tensor(struct graph *graph, enum op op, vertex a, vertex b, const struct op_setting *setting,
                        uint32_t site, struct error *error);

// Computes the numbers (vertices of rank 0) that depend on tensors, into graph->value: all of them at once.
bool graph_fill_values(struct graph *graph, struct error *error);

#endif
