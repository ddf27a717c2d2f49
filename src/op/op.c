#include "op/op.h"

#include <string.h>

#include "op/op_inline.h"

// ---- the table ----------------------------------------------------------------------------------------------------

enum { ADDITIVE = 1, MULTIPLICATIVE, UNARY, POWER, ATOM }; // precedence of a formula

enum { NOTHING = 0, A = OP_REMEMBERS_A, B = OP_REMEMBERS_B, Y = OP_REMEMBERS_VALUE };

const struct op_info op_table[OP_END] = {
    [OP_INPUT] = {.name = "input", .precedence = ATOM, .text = "", .partial_text = {"", ""}, .doc = "an input"},
    [OP_CONST] = {.name = "const", .precedence = ATOM, .text = "", .partial_text = {"", ""}, .doc = "a number"},
    [OP_LINEAR] =
        {.name = "linear", .precedence = ADDITIVE, .text = "", .partial_text = {"", ""}, .doc = "a weighted sum"},
#define OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, LOW, HIGH, TEXT, TEXT_A, TEXT_B, VALUE, BY_A, BY_B, DOMAIN, KINK,     \
           REMEMBERS, DOC, EXAMPLE)                                                                                    \
    [OP_##NAME] = {.name = WORD,                                                                                       \
                   .infix = INFIX,                                                                                     \
                   .arity = ARITY,                                                                                     \
                   .precedence = PRECEDENCE,                                                                           \
                   .remembers = REMEMBERS,                                                                             \
                   .text = TEXT,                                                                                       \
                   .partial_text = {TEXT_A, TEXT_B},                                                                   \
                   .doc = DOC,                                                                                         \
                   .example = EXAMPLE,                                                                                 \
                   .low = LOW,                                                                                         \
                   .high = HIGH},
#include "op/ops.def"
#undef OP
#define TENSOR_OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, TEXT, TEXT_A, TEXT_B, REMEMBERS, DOC, EXAMPLE)                 \
    [OP_##NAME] = {.name = WORD,                                                                                       \
                   .infix = INFIX,                                                                                     \
                   .arity = ARITY,                                                                                     \
                   .precedence = PRECEDENCE,                                                                           \
                   .remembers = REMEMBERS,                                                                             \
                   .text = TEXT,                                                                                       \
                   .partial_text = {TEXT_A, TEXT_B},                                                                   \
                   .doc = DOC,                                                                                         \
                   .example = EXAMPLE},
#include "op/tensor_ops.def"
#undef TENSOR_OP
};

enum op op_find(const char *name) {
    for (int op = OP_FIRST_ROW; op < OP_COUNT; op++)
        if (op_table[op].name[0] == name[0] && strcmp(op_table[op].name, name) == 0) return (enum op)op;
    return OP_COUNT;
}

// ---- numbers ------------------------------------------------------------------------------------------------------

double op_value(enum op op, double a, double b) { return op_inline_value(op, a, b); }

double op_linearize(enum op op, double a, double b, double partial[OP_ARITY_MAX]) {
    return op_inline_linearize(op, a, b, partial);
}

// ---- words --------------------------------------------------------------------------------------------------------

// What the row itself says, or NULL.
static const char *row_domain(enum op op, double a, double b) {
    (void)b;
    switch (op) {
#define OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, LOW, HIGH, TEXT, TEXT_A, TEXT_B, VALUE, BY_A, BY_B, DOMAIN, ...)      \
    case OP_##NAME:                                                                                                    \
        return DOMAIN;
#include "op/ops.def"
#undef OP
    default:
        return NULL;
    }
}

const char *op_domain(enum op op, double a, double b, double value) {
    if (op_table[op].arity < 2) b = 0;
    if (isfinite(value) || op_table[op].arity == 0 || isnan(a) || isnan(b)) return NULL;
    const char *reason = row_domain(op, a, b);
    if (reason) return reason;
    if (isnan(value)) return "the result is not a number";
    return isfinite(a) && isfinite(b) ? "overflow: the result is over 1.8e308" : NULL;
}

const char *op_kink(enum op op, double a, double b) {
    (void)b;
    switch (op) {
#define OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, LOW, HIGH, TEXT, TEXT_A, TEXT_B, VALUE, BY_A, BY_B, DOMAIN, KINK,     \
           ...)                                                                                                        \
    case OP_##NAME:                                                                                                    \
        return KINK;
#include "op/ops.def"
#undef OP
    default:
        return NULL;
    }
}

double op_piece(enum op op, double a, double b) {
    switch (op) {
    case OP_ABS:
    case OP_FABS:
    case OP_RELU:
        return a > 0;
    case OP_MIN:
    case OP_MAX:
        return a < b;
    case OP_FLOORDIV:
    case OP_MOD:
        return floor(a / b);
    case OP_FMOD:
        return trunc(a / b);
    case OP_FLOOR:
    case OP_CEIL:
        return floor(a);
    case OP_TRUNC:
        return trunc(a);
    case OP_COPYSIGN:
        return (a > 0) + 2 * !signbit(b);
    case OP_ATAN2:
        return b < 0 && a < 0; // the cut along the negative axis
    default:
        return 0;
    }
}

const struct grid_row *op_grid(enum op op, enum number_type type) {
    switch ((int)op) {
#define TENSOR_OP(...)
#define GRID_OP(ROW, NAME, ...)                                                                                        \
    case OP_##NAME:                                                                                                    \
        return type == NUMBER_FLOAT ? &ROW##_float : &ROW##_double;
#include "op/tensor_ops.def"
#undef TENSOR_OP
    default:
        return NULL;
    }
}

// ---- shapes -------------------------------------------------------------------------------------------------------

static bool refuse(struct error *error, enum op op, struct shape a, struct shape b, const char *needs) {
    char text_a[64], text_b[64];
    shape_text(a, text_a);
    shape_text(b, text_b);
    if (op_table[op].arity == 2)
        error_set(error, ERROR_TYPE, SPAN_NONE, "%s does not fit shapes %s and %s", op_table[op].name, text_a, text_b);
    else if (op == OP_RESHAPE)
        error_set(error, ERROR_TYPE, SPAN_NONE, "shape %s cannot be reshaped to %s", text_a, text_b);
    else
        error_set(error, ERROR_TYPE, SPAN_NONE, "%s does not fit shape %s", op_table[op].name, text_a);
    error_hint(error, "%s", needs);
    return false;
}

static bool without_axis(enum op op, struct shape a, uint32_t axis, struct shape *out, struct error *error) {
    *out = shape_scalar;
    if (axis == OP_ALL_AXES) return true;
    if (axis >= a.rank) return refuse(error, op, a, a, "there is no such axis; the first is 0");
    for (uint32_t i = 0; i < a.rank; i++)
        if (i != axis) out->size[out->rank++] = a.size[i];
    return true;
}

static bool is_grid(struct shape a) {
    return a.rank == 2 && a.size[0] == a.size[1] && a.size[0] >= GRID_SIDE_MIN && a.size[0] <= GRID_SIDE_MAX;
}

// The explicit step multiplies the checkerboard by 1 - 8 D dt/dx^2, and a single wave the less the smoother it is.
static bool is_stable(struct shape a, struct op_setting s, struct error *error) {
    double number = grid_number(s.diffusion, s.dt, a.size[0]), cells = (double)a.size[0] - 1;
    if (number < 1 && s.dt > 0 && s.diffusion >= 0) return true;
    if (!(s.dt > 0) || !(s.diffusion >= 0))
        return error_set(error, ERROR_DOMAIN, SPAN_NONE, "a step needs dt above 0 and a diffusion D of at least 0");
    error_set(error, ERROR_DOMAIN, SPAN_NONE,
              "the step is not stable: 4 D dt/dx^2 is %.4g, and waves from point to point grow from 1 on", number);
    error_hint(error, "with dx = 1/%.0f and D = %g, dt must be below %.4g", cells, s.diffusion,
               1 / (4 * s.diffusion * cells * cells));
    return false;
}

bool op_tensor_shape(enum op op, struct shape a, struct shape b, struct op_setting s, struct shape *out,
                     struct error *error) {
    *out = a;
    switch ((int)op) {
    case OP_MATMUL:
        if (a.rank != 2 || b.rank != 2 || a.size[1] != b.size[0])
            return refuse(error, op, a, b, "(n, k) @ (k, m) gives (n, m)");
        out->size[1] = b.size[1];
        return true;
    case OP_TRANSPOSE:
        if (a.rank != 2) return refuse(error, op, a, b, "it takes two axes");
        out->size[0] = a.size[1], out->size[1] = a.size[0];
        return true;
    case OP_SUM:
    case OP_MEAN:
        return without_axis(op, a, s.axis, out, error);
    case OP_RESHAPE:
        if (shape_count(a) != shape_count(s.to)) return refuse(error, op, a, s.to, "the number of elements must stay");
        *out = s.to;
        return true;
    case OP_SLICE:
        if (s.axis >= a.rank || s.first >= s.last || s.last > a.size[s.axis])
            return refuse(error, op, a, b, "the slice lies outside, or is empty");
        out->size[s.axis] = s.last - s.first;
        return true;
    case OP_CONV2D:
        if (a.rank != 4 || b.rank != 4 || a.size[1] != b.size[1] || b.size[2] != b.size[3])
            return refuse(error, op, a, b, "images are (n, channels, height, width), filters (m, channels, k, k)");
        if (a.size[2] + 2 * s.pad < b.size[2] || a.size[3] + 2 * s.pad < b.size[3])
            return refuse(error, op, a, b, "the filter is larger than the padded image");
        out->size[1] = b.size[0];
        out->size[2] = a.size[2] + 2 * s.pad - b.size[2] + 1;
        out->size[3] = a.size[3] + 2 * s.pad - b.size[3] + 1;
        return true;
    case OP_AVG_POOL2D:
        if (a.rank != 4 || !s.side || a.size[2] < s.side || a.size[3] < s.side)
            return refuse(error, op, a, b, "images are (n, channels, height, width), at least as large as the square");
        out->size[2] = a.size[2] / s.side, out->size[3] = a.size[3] / s.side;
        return true;
    case OP_LOG_SOFTMAX:
        return a.rank == 2 || refuse(error, op, a, b, "it takes (n, classes)");
    case OP_NLL:
        if (a.rank != 2 || b.rank != 1 || a.size[0] != b.size[0])
            return refuse(error, op, a, b, "it takes log-probabilities (n, classes) and labels (n,)");
        *out = shape_scalar;
        return true;
    case OP_REACT:
        if (!is_grid(a) || b.rank != 1 || b.size[0] != GRID_SOURCES)
            return refuse(error, op, a, b, "a field is (n, n), n from 3 to 1025, theta has 7 numbers");
        return is_stable(a, s, error);
    case OP_MISFIT:
        if (!is_grid(a)) return refuse(error, op, a, b, "a field is (n, n), n from 3 to 1025");
        *out = shape_scalar;
        return true;
    default:
        return op_shape(op, a, b, out, error);
    }
}

bool op_shape(enum op op, struct shape a, struct shape b, struct shape *out, struct error *error) {
    if (op_table[op].arity == 2) return shape_broadcast(a, b, out, error);
    *out = a;
    return true;
}
