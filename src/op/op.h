// Operations: what a vertex of the graph can do with its operands.
//
// Every operation is one row of ops.def, and everything about it follows from that row: lookup by name, value, local
// partial derivatives as numbers and as text, what its derivative must remember, help, completion and the derivative
// test. To add an operation, add a row.
#ifndef BAUER_OP_OP_H
#define BAUER_OP_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "tensor/grid.h"
#include "tensor/shape.h"

enum { OP_ARITY_MAX = 2 };

// OP_INPUT and OP_CONST come first and have no operands. OP_LINEAR has any number of them: a weighted sum, whose
// weights belong to the graph; what takes two operands knows nothing of it. Then one enumerator OP_<NAME> for each row,
// in row order; then one for each row of tensor_ops.def, whose operations know shapes and are computed by graph/tape.
enum op {
    OP_INPUT,
    OP_CONST,
    OP_LINEAR,
#define OP(NAME, ...) OP_##NAME,
#include "op/ops.def"
#undef OP
    OP_COUNT,
    OP_BEFORE_TENSORS = OP_COUNT - 1,
#define TENSOR_OP(NAME, ...) OP_##NAME,
#include "op/tensor_ops.def"
#undef TENSOR_OP
    OP_END,
    OP_FIRST_ROW = OP_LINEAR + 1
};

// What a derivative must remember of its operation: bits of op_info.remembers.
enum { OP_REMEMBERS_A = 1, OP_REMEMBERS_B = 2, OP_REMEMBERS_VALUE = 4 };

struct op_info {
    const char *name;  // as called in a program, "exp"; for operators a word: "add"
    const char *infix; // "+" for operators, else NULL
    int arity;         // 1 or 2; 0 for inputs and constants
    int precedence;    // of the formula in `text`: 1 additive, 2 multiplicative, 3 unary minus, 4 power, 5 atom or call
    unsigned remembers;                     // OP_REMEMBERS_...
    const char *text;                       // the formula for people: "exp({a})", "{a} + {b}" ({y}: the vertex itself)
    const char *partial_text[OP_ARITY_MAX]; // d/da and d/db: "{y}", "cos({a})", "1", "-{a}/{b}^2"
    const char *doc;                        // one line for :help
    const char *example;                    // a call a reader can type: "exp(0.5)"
    double low, high; // an interval on which random operands are meaningful (property tests, random programs)
};

extern const struct op_info op_table[OP_END];

// The operation called `name` in a program (math functions, relu, sigmoid, softplus, abs, min, max; operators by their
// word), or OP_COUNT. Aliases: fabs and abs are both there.
enum op op_find(const char *name);

// Scalars. `b` is ignored by unary operations. Not defined for OP_INPUT and OP_CONST.
double op_value(enum op op, double a, double b);
// Value and both local partials in one go (a unary operation sets partial[1] = 0). At a kink, PyTorch's convention.
// A partial may be infinite (sqrt at 0) or NaN (a**b by b for a negative a, atan2 at the origin) where the value is
// not.
double op_linearize(enum op op, double a, double b, double partial[OP_ARITY_MAX]);

// Why `op` has no finite value at these finite operands, in words that follow the operation's name
// ("logarithm of a negative number", "division by zero", "overflow: the result is over 1.8e308"), or NULL if all is
// well. Operands that are infinite or NaN are never at fault by themselves; inf - inf is ("not a number").
const char *op_domain(enum op op, double a, double b, double value);

// What was chosen where the operation has no derivative ("abs has a kink at 0: 0 is taken, as PyTorch does"), or NULL.
const char *op_kink(enum op op, double a, double b);

// Which smooth piece of a piecewise operation the operands lie in: a number that differs on the two sides of a kink or
// a jump. 0 for operations that are smooth.
double op_piece(enum op op, double a, double b);

// What an operation on tensors is told besides its operands.
enum { OP_ALL_AXES = UINT32_MAX };
struct op_cut {            // what a subscript takes of an axis: `count` places from `first` on, `step` apart
    uint32_t first, count; // count 0: the whole axis
    int32_t step;
    bool single; // one place, and the axis is gone
};
struct op_setting {
    uint32_t axis;                     // of SUM, MEAN, JOIN; OP_ALL_AXES
    bool keep_axis;                    // of SUM, MEAN: it stays, with one place
    struct op_cut cut[SHAPE_RANK_MAX]; // of SLICE, by axis
    uint8_t order[SHAPE_RANK_MAX];     // of TRANSPOSE: the operand's axes in their new order; all 0: from last to first
    uint32_t pad, side;                // of CONV2D; of AVG_POOL2D
    struct shape to;                   // of RESHAPE
    double time;                       // of REACT, MISFIT
    double dt, diffusion;              // of REACT
};
// The row's own functions of an operation on fields; NULL: it is none of those.
const struct grid_row *op_grid(enum op op, enum number_type type);
// The shape of the result of an operation on tensors; false with an ERROR_TYPE that names the shapes, or, for a step
// in time that is not stable, an ERROR_DOMAIN that says why.
bool op_tensor_shape(enum op op, struct shape a, struct shape b, struct op_setting setting, struct shape *out,
                     struct error *error);

// What stands for {s} in an operation's formula: "1:3, 0" of a slice, ", axis=0" of a sum.
void op_setting_text(enum op op, struct shape a, const struct op_setting *setting, struct buffer *out);

// Where the elements of a SLICE or a TRANSPOSE lie in the operand of shape `a`, in runs: element j of run i is at
// op_view_run(view, i) + j step[3].
struct op_view {
    uint32_t size[SHAPE_RANK_MAX]; // the runs, then the length of a run
    int64_t first, step[SHAPE_RANK_MAX];
};
struct op_view op_view(enum op op, struct shape a, const struct op_setting *setting);
size_t op_view_runs(const struct op_view *view);
int64_t op_view_run(const struct op_view *view, size_t run);

// A MATMUL as the product of an (m, k) and a (k, n) matrix: a vector on the left is one row, on the right one column,
// and all axes of the left factor but the last are its rows.
struct op_product {
    size_t m, k, n;
};
struct op_product op_product(struct shape a, struct shape b);

// The shape of the result; false with an ERROR_TYPE when the operands' shapes do not fit.
bool op_shape(enum op op, struct shape a, struct shape b, struct shape *out, struct error *error);

#endif
