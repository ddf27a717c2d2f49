// Every operation's value and partial derivatives against MPFR, over its whole domain: at least 1,000 points a row,
// from 1e-300 to 1e300, at and beside poles, kinks, zeros and the ends of the range.
#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op/op.h"

enum { POINTS = 3000, TRIES = 400000 };

// ---- reals: MPFR numbers that can be nested in expressions --------------------------------------------------------

typedef mpfr_ptr real;

enum { POOL = 64 };
static mpfr_t pool[POOL];
static int used;
static mpfr_prec_t precision = 320;

static real fresh(void) {
    assert_true(used < POOL);
    mpfr_set_prec(pool[used], precision);
    return pool[used++];
}

static real num(double value) {
    real r = fresh();
    mpfr_set_d(r, value, MPFR_RNDN);
    return r;
}

// The names are those of the mathematics; the prefix keeps them apart from the C library's.
#define UNARY(NAME, FUNCTION)                                                                                          \
    static real real_##NAME(real a) {                                                                                  \
        real r = fresh();                                                                                              \
        FUNCTION(r, a, MPFR_RNDN);                                                                                     \
        return r;                                                                                                      \
    }
#define BINARY(NAME, FUNCTION)                                                                                         \
    static real real_##NAME(real a, real b) {                                                                          \
        real r = fresh();                                                                                              \
        FUNCTION(r, a, b, MPFR_RNDN);                                                                                  \
        return r;                                                                                                      \
    }
UNARY(neg, mpfr_neg)
UNARY(abs, mpfr_abs)
UNARY(square, mpfr_sqr)
UNARY(sqrt, mpfr_sqrt)
UNARY(cbrt, mpfr_cbrt)
UNARY(floor, mpfr_rint_floor)
UNARY(trunc, mpfr_rint_trunc)
UNARY(exp, mpfr_exp)
UNARY(expm1, mpfr_expm1)
UNARY(exp2, mpfr_exp2)
UNARY(log, mpfr_log)
UNARY(log2, mpfr_log2)
UNARY(log10, mpfr_log10)
UNARY(log1p, mpfr_log1p)
UNARY(sin, mpfr_sin)
UNARY(cos, mpfr_cos)
UNARY(tan, mpfr_tan)
UNARY(asin, mpfr_asin)
UNARY(acos, mpfr_acos)
UNARY(atan, mpfr_atan)
UNARY(sinh, mpfr_sinh)
UNARY(cosh, mpfr_cosh)
UNARY(tanh, mpfr_tanh)
UNARY(asinh, mpfr_asinh)
UNARY(acosh, mpfr_acosh)
UNARY(atanh, mpfr_atanh)
UNARY(erf, mpfr_erf)
UNARY(erfc, mpfr_erfc)
UNARY(gamma, mpfr_gamma)
UNARY(digamma, mpfr_digamma)
BINARY(add, mpfr_add)
BINARY(sub, mpfr_sub)
BINARY(mul, mpfr_mul)
BINARY(div, mpfr_div)
BINARY(pow, mpfr_pow)
BINARY(hypot, mpfr_hypot)
BINARY(atan2, mpfr_atan2)

static real real_lgamma(real a) {
    real r = fresh();
    int ignored;
    mpfr_lgamma(r, &ignored, a, MPFR_RNDN);
    return r;
}

// p log a, 0 where the power p is 0: the limit.
static real real_times_log(real p, real a) { return mpfr_zero_p(p) ? num(0) : real_mul(p, real_log(a)); }

static real real_sign(real a) { return num(mpfr_sgn(a)); }

static real real_sign_bit(real a) { return num(mpfr_signbit(a) ? -1 : 1); } // of -0 too

static bool real_less(real a, real b) { return mpfr_less_p(a, b) != 0; }

static real real_logistic(real a) { return real_div(num(1), real_add(num(1), real_exp(real_neg(a)))); }

static real real_softplus(real a) {
    return mpfr_sgn(a) > 0 ? real_add(a, real_softplus(real_neg(a))) : real_log1p(real_exp(a));
}

// 2/sqrt(pi) exp(-a^2)
static real real_gauss(real a) {
    real pi = fresh();
    mpfr_const_pi(pi, MPFR_RNDN);
    return real_mul(real_div(num(2), real_sqrt(pi)), real_exp(real_neg(real_square(a))));
}

// Left of 0, digamma is the difference of two terms of this size (times the rounding error of long double).
static double digamma_slack(double x) { return x > 0 ? 0 : 2e-18 * (1 + log(2 + fabs(x))); }

#define neg real_neg
#define square real_square
#define add real_add
#define sub real_sub
#define mul real_mul
#define div real_div
#define gauss real_gauss
#define logistic real_logistic
#define sign real_sign
#define sign_bit real_sign_bit
#define softplus real_softplus
#define less real_less
#define digamma real_digamma

struct reference {
    enum op op;
    mpfr_prec_t bits;
    double bound;
    real (*value)(real a, real b);
    real (*partial[2])(real a, real b);
    double (*slack)(double x, double y); // x is the first operand
};

// Each row's expressions become functions. Inside them, a name such as exp means the real one.
#define REFERENCE(NAME, BITS, BOUND, VALUE, BY_A, BY_B, SLACK)                                                         \
    static double slack_##NAME(double x, double y) {                                                                   \
        (void)x, (void)y;                                                                                              \
        return SLACK;                                                                                                  \
    }
#include "reference.def"
#undef REFERENCE

#define abs real_abs
#define sqrt real_sqrt
#define cbrt real_cbrt
#define floor real_floor
#define trunc real_trunc
#define exp real_exp
#define expm1 real_expm1
#define exp2 real_exp2
#define log real_log
#define log2 real_log2
#define log10 real_log10
#define log1p real_log1p
#define sin real_sin
#define cos real_cos
#define tan real_tan
#define asin real_asin
#define acos real_acos
#define atan real_atan
#define atan2 real_atan2
#define sinh real_sinh
#define cosh real_cosh
#define tanh real_tanh
#define asinh real_asinh
#define acosh real_acosh
#define atanh real_atanh
#define erf real_erf
#define erfc real_erfc
#define gamma real_gamma
#define lgamma real_lgamma
#define pow real_pow
#define hypot real_hypot
#define times_log real_times_log

#define REFERENCE(NAME, BITS, BOUND, VALUE, BY_A, BY_B, SLACK)                                                         \
    static real value_##NAME(real a, real b) {                                                                         \
        (void)a, (void)b;                                                                                              \
        return VALUE;                                                                                                  \
    }                                                                                                                  \
    static real by_a_##NAME(real a, real b) {                                                                          \
        (void)a, (void)b;                                                                                              \
        return BY_A;                                                                                                   \
    }                                                                                                                  \
    static real by_b_##NAME(real a, real b) {                                                                          \
        (void)a, (void)b;                                                                                              \
        return BY_B;                                                                                                   \
    }
#include "reference.def"
#undef REFERENCE

static const struct reference references[] = {
#define REFERENCE(NAME, BITS, BOUND, VALUE, BY_A, BY_B, SLACK)                                                         \
    {OP_##NAME, BITS, BOUND, value_##NAME, {by_a_##NAME, by_b_##NAME}, slack_##NAME},
#include "reference.def"
#undef REFERENCE
};

#undef abs
#undef floor
#undef exp
#undef log
#undef log10
#undef pow

enum { REFERENCES = sizeof references / sizeof *references };

// ---- points -------------------------------------------------------------------------------------------------------

static uint64_t random_state;

static uint64_t random_bits(void) { // splitmix64
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double uniform(double low, double high) { return low + (high - low) * (double)(random_bits() >> 11) * 0x1p-53; }

static int pick(int count) { return (int)(random_bits() % (uint64_t)count); }

static double either_sign(double size) { return pick(2) ? size : -size; }

static double log_uniform(double low, double high) { return pow(10, uniform(low, high)); }

// Poles, kinks, zeros and where results leave the range of doubles, of one function or another.
static const double places[] = {
    0,         1,     -1,     0.5,    -0.5,     2,      -2,   M_PI_2, -M_PI_2, M_PI,    -M_PI,     22,       88,
    354.89,    372.5, 709.78, -708.4, -745.13,  710.47, 1024, -1074,  171.62,  -170.5,  1.4616321, -0.50408, -1.5735,
    -2.457025, 26.54, -5.9,   1e154,  1.34e154, 1e-154, 1e9,  1e-8,   -2.7476, -3.1436, -3.9552};

static double near(double place) {
    double at = place + either_sign(log_uniform(-18, 0)) * (place == 0 || fabs(place) > 1e6 ? 1 : fabs(place));
    for (int steps = pick(4); steps > 0 && pick(2); steps--) at = nextafter(at, pick(2) ? INFINITY : -INFINITY);
    return at;
}

static double random_operand(void) {
    switch (pick(8)) {
    case 0:
        return either_sign(log_uniform(-300, 300));
    case 1:
        return either_sign(log_uniform(-6, 6));
    case 2:
        return uniform(-4, 4);
    case 3:
        return uniform(-30, 30);
    case 4:
        return uniform(-800, 800);
    case 5:
        return near(places[pick(sizeof places / sizeof *places)]);
    case 6:
        return (double)(pick(801) - 400) / 2;
    default:
        return near(pick(401) - 200);
    }
}

static double second_operand(double a) {
    switch (pick(6)) {
    case 0:
        return near(a);
    case 1:
        return either_sign(a);
    case 2:
        return a / (pick(40) + 1);
    case 3:
        return pick(41) - 20;
    default:
        return random_operand();
    }
}

// ---- comparing ----------------------------------------------------------------------------------------------------

// |got - exact| - slack in units of the last place of `exact`; 0 where both overflow.
static double ulps(double got, real exact, double slack) {
    if (mpfr_nan_p(exact)) return isnan(got) ? 0 : INFINITY;
    if (isnan(got)) return INFINITY;
    if (isinf(got)) return mpfr_get_d(exact, MPFR_RNDN) == got ? 0 : INFINITY;
    if (mpfr_inf_p(exact)) return INFINITY;
    if (mpfr_zero_p(exact)) return got == 0 ? 0 : INFINITY;
    mpfr_exp_t unit = mpfr_get_exp(exact) - 53;
    real difference = real_abs(real_sub(exact, num(got)));
    mpfr_sub_d(difference, difference, slack, MPFR_RNDU);
    if (mpfr_sgn(difference) <= 0) return 0;
    mpfr_mul_2si(difference, difference, unit < -1074 ? 1074 : -unit, MPFR_RNDU);
    return mpfr_get_d(difference, MPFR_RNDU);
}

struct worst {
    double ulps, a, b, got, exact;
};

static void look(struct worst *worst, double a, double b, double got, real exact, double slack) {
    double error = ulps(got, exact, slack);
    if (!(error <= worst->ulps)) *worst = (struct worst){error, a, b, got, mpfr_get_d(exact, MPFR_RNDN)};
}

// Compares at one point; false where the function has no value.
static bool compare(const struct reference *r, double a, double b, struct worst worst[3], int checked[3]) {
    used = 0;
    real exact_a = num(a), exact_b = num(b), exact = r->value(exact_a, exact_b);
    if (!mpfr_number_p(exact) && op_domain(r->op, a, b, op_value(r->op, a, b))) return false;
    double partial[2], y = op_linearize(r->op, a, b, partial);
    look(&worst[0], a, b, y, exact, 0);
    checked[0]++;
    if (isinf(y) || op_kink(r->op, a, b)) return true; // an error, or a convention that op_test.c looks at
    for (int i = 0; i < op_table[r->op].arity; i++) {
        if (r->op == OP_POW && a < 0 && i == 1) continue; // no derivative by the exponent there
        look(&worst[1 + i], a, b, partial[i], r->partial[i](exact_a, exact_b), r->slack(a, y));
        checked[1 + i]++;
    }
    return true;
}

static void check_row(const struct reference *r) {
    static const char *const what[] = {"value", "partial by a", "partial by b"};
    const struct op_info *info = &op_table[r->op];
    struct worst worst[3] = {0};
    int checked[3] = {0};
    precision = r->bits;
    random_state = 2024 + (uint64_t)r->op;
    for (int tries = 0; tries < TRIES && checked[info->arity] < POINTS; tries++) {
        double a = random_operand(), b = info->arity == 2 ? second_operand(a) : 0;
        compare(r, a, b, worst, checked);
    }
    for (int i = 0; i <= info->arity; i++) {
        struct worst w = worst[i];
        if (getenv("VERBOSE"))
            print_message("%-9s %-12s %6d points, worst %.2f ulp at (%.17g, %.17g)\n", info->name, what[i], checked[i],
                          w.ulps, w.a, w.b);
        if (w.ulps > r->bound)
            print_error("%s: %s at (%.17g, %.17g) is %.17g, should be %.17g: %g ulp\n", info->name, what[i], w.a, w.b,
                        w.got, w.exact, w.ulps);
        assert_true(checked[i] >= 1000);
    }
    for (int i = 0; i <= info->arity; i++) assert_true(worst[i].ulps <= r->bound);
}

static void test_row(void **state) { check_row(*state); }

static void test_every_operation_has_a_reference(void **state) {
    (void)state;
    bool there[OP_COUNT] = {false};
    for (int i = 0; i < REFERENCES; i++) there[references[i].op] = true;
    for (int op = OP_FIRST_ROW; op < OP_COUNT; op++) {
        if (!there[op]) print_error("%s has no row in reference.def\n", op_table[op].name);
        assert_true(there[op]);
    }
}

int main(void) {
    mpfr_set_emin(mpfr_get_emin_min());
    mpfr_set_emax(mpfr_get_emax_max());
    for (int i = 0; i < POOL; i++) mpfr_init2(pool[i], precision);
    struct CMUnitTest tests[REFERENCES + 1] = {cmocka_unit_test(test_every_operation_has_a_reference)};
    for (int i = 0; i < REFERENCES; i++)
        tests[i + 1] =
            (struct CMUnitTest){op_table[references[i].op].name, test_row, NULL, NULL, (void *)&references[i]};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (int i = 0; i < POOL; i++) mpfr_clear(pool[i]);
    mpfr_free_cache();
    return failed;
}
