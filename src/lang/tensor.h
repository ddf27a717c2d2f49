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
// x[part, part, ...]: numbers, slices, ... and None, as NumPy reads them.
bool tensor_subscript(struct tracer *t, const struct expression *e, struct value tensor,
                      const struct expression *const *part, uint32_t count, struct value *out);
// The list of x[0], x[1], ...
bool tensor_rows(struct tracer *t, const struct expression *site, struct value *tensor);
// x.T, x.shape and the like; and x.sum(0), of numbers too: .item(). `e` is the attribute, and the call.
bool tensor_attribute(struct tracer *t, const struct expression *e, struct value tensor, struct value *out);
bool tensor_method(struct tracer *t, const struct expression *e, struct value value, struct value *out);
// A tensor of nested lists of numbers: given, or joined where some of them are in the graph.
bool tensor_of_list(struct tracer *t, const struct expression *site, struct value list, struct value *out);
// The numbers of a vertex, computed now.
bool tensor_computed(struct tracer *t, const struct graph *graph, vertex v, double *data);
// An axis counted from the first or, below 0, from behind the last: below `rank`.
bool tensor_axis(struct tracer *t, const struct expression *site, struct value value, uint32_t rank, uint32_t *out);
// "tensor (2, 3)"
void tensor_show(const struct value_tensor *tensor, struct buffer *out);

// The builtins.
typedef bool tensor_run(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                        struct value *out);
tensor_run tensor_run_zeros, tensor_run_ones, tensor_run_randn, tensor_run_eye, tensor_run_param, tensor_run_labels,
    tensor_run_tensor, tensor_run_reshape, tensor_run_flatten, tensor_run_transpose, tensor_run_matmul,
    tensor_run_conv2d, tensor_run_avg_pool2d, tensor_run_log_softmax, tensor_run_nll, tensor_run_narrow,
    tensor_run_react, tensor_run_misfit, tensor_run_zeros_like, tensor_run_ones_like, tensor_run_full,
    tensor_run_squeeze, tensor_run_unsqueeze, tensor_run_concatenate, tensor_run_stack, tensor_run_linear,
    tensor_run_softmax, tensor_run_cross_entropy, tensor_run_mse_loss;
// The larger or smaller of each two, of two and more tensors and numbers.
bool tensor_extreme(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count, enum op op,
                    struct value *out);
// sum(x), mean(x), sum(x, axis), axis=, dim=, keepdims=
bool tensor_reduce(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count, enum op op,
                   struct value *out);

#endif
