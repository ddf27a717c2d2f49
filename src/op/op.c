#include "op/op.h"

#include <string.h>

#include "op/op_inline.h"

// ---- the table ----------------------------------------------------------------------------------------------------

enum { ADDITIVE = 1, MULTIPLICATIVE, UNARY, POWER, ATOM }; // precedence of a formula

enum { NOTHING = 0, A = OP_REMEMBERS_A, B = OP_REMEMBERS_B, Y = OP_REMEMBERS_VALUE };

const struct op_info op_table[OP_COUNT] = {
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

// ---- shapes -------------------------------------------------------------------------------------------------------

bool op_shape(enum op op, struct shape a, struct shape b, struct shape *out, struct error *error) {
    if (op_table[op].arity == 2) return shape_broadcast(a, b, out, error);
    *out = a;
    return true;
}
