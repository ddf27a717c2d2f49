// The operations' values and partials as code to inline: one switch over the rows of ops.def. For sweeps over millions
// of vertices; everybody else calls op_value and op_linearize.
#ifndef BAUER_OP_OP_INLINE_H
#define BAUER_OP_OP_INLINE_H

#include <math.h>

#include "op/op.h"
#include "op/special.h"

// ---- stable forms that rows share ---------------------------------------------------------------------------------

// Python's a // b and a % b: rounded towards minus infinity, the remainder has the sign of b.
static inline double op_mod(double a, double b) {
    double rest = fmod(a, b);
    if (rest == 0) return copysign(0.0, b);
    return (b < 0) != (rest < 0) ? rest + b : rest;
}

static inline double op_floordiv(double a, double b) {
    double rest = fmod(a, b), quotient = (a - rest) / b; // whole, up to rounding
    if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
    if (quotient == 0) return copysign(0.0, a / b);
    return nearbyint(quotient);
}

// -trunc(a/b), from y = fmod(a, b).
static inline double op_fmod_by_divisor(double a, double b, double y) { return -nearbyint((a - y) / b); }

static inline double op_sign(double a) { return (double)((a > 0) - (a < 0)); }

// 1/(1 + a^2) without overflow.
static inline double op_inverse_1p_square(double a) { return fabs(a) < 1e9 ? 1 / (1 + a * a) : 1 / a / a; }

// p/(p^2 + q^2) without overflow or underflow on the way: divides by the larger of the two first.
static inline double op_over_square_sum(double p, double q) {
    if (fabs(p) >= fabs(q)) return 1 / p / (1 + (q / p) * (q / p));
    return p / q / q / (1 + (p / q) * (p / q));
}

// a/hypot(a, b), also where y = hypot(a, b) overflows or has few digits left.
static inline double op_hypot_partial(double a, double b, double y) {
    if (y >= 0x1p-1000 && y <= 0x1p1020) return a / y;
    return special_hypot_partial(a, b);
}

// 1/(1 + exp(-a)) and its slope; exp never overflows, and nothing is subtracted.
static inline double op_logistic(double a) {
    double e = exp(-fabs(a));
    return (a < 0 ? e : 1) / (1 + e);
}

static inline double op_logistic_slope(double a) {
    double e = exp(-fabs(a));
    return e / ((1 + e) * (1 + e));
}

// exp(-a^2): the rounding error of a^2, which exp would enlarge by a^2, is put back.
static inline double op_exp_minus_square(double a) {
    double square = a * a;
    if (square > 800) return 0; // also where the square is infinite
    double e = exp(-square);
    return e - e * fma(a, a, -square);
}

// b a^(b - 1) as b y/a: b - 1 would lose digits of a small b. The order of the steps avoids overflow.
static inline double op_pow_by_base(double a, double b, double y) {
    if (!isnormal(y) || a == 0) return special_pow_by_base(a, b);
    return fabs(b) < 1 || fabs(y) < 1 ? b * y / a : y / a * b;
}

static inline double op_pow_by_exponent(double a, double b, double y) {
    if (!isnormal(y) || a == 0) return special_pow_by_exponent(a, b);
    return y * log(a);
}

// ---- the switch ---------------------------------------------------------------------------------------------------

// Rows as cases: only the three expressions are looked at.
static inline double op_inline_value(enum op op, double a, double b) {
    switch (op) {
#define OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, LOW, HIGH, TEXT, TEXT_A, TEXT_B, VALUE, ...)                          \
    case OP_##NAME:                                                                                                    \
        return VALUE;
#include "op/ops.def"
#undef OP
    default:
        (void)b;
        return NAN;
    }
}

static inline double op_inline_linearize(enum op op, double a, double b, double partial[OP_ARITY_MAX]) {
    double y;
    switch (op) {
#define OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, LOW, HIGH, TEXT, TEXT_A, TEXT_B, VALUE, BY_A, BY_B, ...)              \
    case OP_##NAME:                                                                                                    \
        y = VALUE;                                                                                                     \
        partial[0] = BY_A;                                                                                             \
        partial[1] = BY_B;                                                                                             \
        return y;
#include "op/ops.def"
#undef OP
    default:
        partial[0] = partial[1] = NAN;
        return NAN;
    }
}

#endif
