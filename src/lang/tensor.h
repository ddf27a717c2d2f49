// Tensors in a program: what makes them, and what is done with them. Internal to the room.
#ifndef BAUER_LANG_TENSOR_H
#define BAUER_LANG_TENSOR_H

#include "graph/tensors.h"
#include "lang/trace.h"

// A tensor that is in no graph (yet): of a call's argument, or just made. In an arena.
struct value_tensor {
    struct shape shape;
    struct tensor_source source;
};

// A tensor, in the graph or not.
bool tensor_is(const struct tracer *t, struct value value);
struct shape tensor_shape(const struct tracer *t, struct value value);
// Its vertex: a constant one for a tensor that is in no graph.
bool tensor_vertex(struct tracer *t, struct value value, const struct expression *site, vertex *out);
// An operation of which at least one operand is a tensor; the other may be a number.
bool tensor_operation(struct tracer *t, enum op op, struct value a, struct value b, const struct op_setting *setting,
                      const struct expression *site, struct value *out);
// The tensor of a vertex of `graph` as one that is in no graph: what it is given, or what was computed.
bool tensor_plain(struct tracer *t, struct arena *arena, const struct graph *graph, vertex v, struct value *out);
// An input of the graph being traced.
bool tensor_input(struct tracer *t, symbol name, struct value tensor, const struct expression *site, struct value *out);
// x[first:last] along an axis.
bool tensor_slice(struct tracer *t, struct value value, uint32_t axis, uint32_t first, uint32_t last,
                  const struct expression *site, struct value *out);
// "tensor (2, 3)"
void tensor_show(const struct value_tensor *tensor, struct buffer *out);

// The builtins.
typedef bool tensor_run(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                        struct value *out);
tensor_run tensor_run_zeros, tensor_run_ones, tensor_run_randn, tensor_run_eye, tensor_run_param, tensor_run_labels,
    tensor_run_tensor, tensor_run_reshape, tensor_run_flatten, tensor_run_transpose, tensor_run_matmul,
    tensor_run_conv2d, tensor_run_avg_pool2d, tensor_run_log_softmax, tensor_run_nll, tensor_run_narrow,
    tensor_run_react, tensor_run_misfit;
// sum(x), mean(x), sum(x, axis)
bool tensor_reduce(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count, enum op op,
                   struct value *out);

#endif
