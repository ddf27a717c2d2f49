// The operations table: what a row must look like, what an operation says where it has no value or no derivative, and
// its partials against finite differences and against their own formulas.
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op/op.h"
#include "op/special.h"

// ---- rows ---------------------------------------------------------------------------------------------------------

static void test_operations_are_found_by_name(void **state) {
    (void)state;
    assert_int_equal(op_find("exp"), OP_EXP);
    assert_int_equal(op_find("add"), OP_ADD);
    assert_int_equal(op_find("abs"), OP_ABS);
    assert_int_equal(op_find("fabs"), OP_FABS);
    assert_int_equal(op_find("exponential"), OP_COUNT);
    assert_int_equal(op_find(""), OP_COUNT);
    for (int op = OP_FIRST_ROW; op < OP_COUNT; op++) assert_int_equal(op_find(op_table[op].name), op);
}

// The operands that a formula mentions, as bits of op_info.remembers.
static unsigned mentioned(const char *text) {
    unsigned bits = 0;
    for (const char *c = text; (c = strchr(c, '{')); c++) {
        assert_true(c[1] && c[2] == '}');
        assert_non_null(strchr("aby", c[1]));
        bits |= c[1] == 'a' ? OP_REMEMBERS_A : c[1] == 'b' ? OP_REMEMBERS_B : OP_REMEMBERS_VALUE;
    }
    return bits;
}

static void test_rows_are_complete(void **state) {
    (void)state;
    for (int op = OP_FIRST_ROW; op < OP_COUNT; op++) {
        const struct op_info *info = &op_table[op];
        unsigned operands = info->arity == 2 ? OP_REMEMBERS_A | OP_REMEMBERS_B : OP_REMEMBERS_A;
        assert_int_equal(mentioned(info->text), operands);
        unsigned partials = mentioned(info->partial_text[0]) | mentioned(info->partial_text[1]);
        assert_int_equal(partials, info->remembers);
        assert_int_equal(partials & ~(operands | OP_REMEMBERS_VALUE), 0);
        assert_true(info->partial_text[0][0] && (info->partial_text[1][0] != 0) == (info->arity == 2));
        assert_true(info->doc[0] && info->example[0] && info->low < info->high);
        assert_non_null(strstr(info->example, info->infix ? info->infix : info->name));
        assert_true(info->precedence >= 1 && info->precedence <= 5);
    }
}

// ---- partials against finite differences and against their formulas -----------------------------------------------

static uint64_t random_state = 7;

static double random_between(double low, double high) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(random_state >> 11) * 0x1p-53;
}

static void assert_close(const struct op_info *info, const char *what, double a, double b, double got, double wanted,
                         double tolerance) {
    double error = fabs(got - wanted) / (1 + fabs(wanted));
    if (!(error <= tolerance))
        fail_msg("%s, %s at (%.17g, %.17g): %.17g is not %.17g", info->name, what, a, b, got, wanted);
}

// Central difference; its error is about step^2 f'''/6 + 1e-16/step.
static double difference(enum op op, double a, double b, int by) {
    double step = 1e-5, left = op_value(op, by ? a : a - step, by ? b - step : b);
    double right = op_value(op, by ? a : a + step, by ? b + step : b);
    return (right - left) / (2 * step);
}

static void test_partials_agree_with_differences(void **state) {
    (void)state;
    for (int i = OP_FIRST_ROW; i < OP_COUNT; i++) {
        enum op op = (enum op)i;
        const struct op_info *info = &op_table[op];
        for (int point = 0; point < 1000; point++) {
            double a = random_between(info->low, info->high), b = random_between(info->low, info->high), partial[2];
            double y = op_linearize(op, a, b, partial);
            assert_true(y == op_value(op, a, b) && isfinite(y));
            assert_null(op_domain(op, a, b, y));
            for (int by = 0; by < info->arity; by++)
                assert_close(info, "difference", a, b, difference(op, a, b, by), partial[by], 1e-6);
            if (info->arity == 1) assert_true(partial[1] == 0);
        }
    }
}

// A reader of formulas as op_info has them: + - * / // % ^, calls, and "X if X > X else X".
struct reader {
    const char *at;
    double a, b, y;
};

static double read_sum(struct reader *reader);

static bool take(struct reader *reader, const char *word) {
    while (*reader->at == ' ') reader->at++;
    if (strncmp(reader->at, word, strlen(word)) != 0) return false;
    reader->at += strlen(word);
    return true;
}

static double call(const char *name, double a, double b) {
    if (strcmp(name, "sign") == 0) return (double)((a > 0) - (a < 0));
    if (strcmp(name, "digamma") == 0) return special_digamma(a);
    if (op_find(name) == OP_COUNT) fail_msg("unknown function %s", name);
    return op_value(op_find(name), a, b);
}

static double read_call(struct reader *reader) {
    char name[16];
    size_t size = strspn(reader->at, "abcdefghijklmnopqrstuvwxyz0123456789");
    assert_in_range(size, 1, sizeof name - 1);
    memcpy(name, reader->at, size);
    name[size] = '\0';
    reader->at += size;
    if (strcmp(name, "pi") == 0) return M_PI;
    assert_true(take(reader, "("));
    double a = read_sum(reader), b = take(reader, ",") ? read_sum(reader) : 0;
    assert_true(take(reader, ")"));
    return call(name, a, b);
}

static double read_atom(struct reader *reader) {
    if (take(reader, "{a}")) return reader->a;
    if (take(reader, "{b}")) return reader->b;
    if (take(reader, "{y}")) return reader->y;
    if (take(reader, "(")) {
        double inner = read_sum(reader);
        assert_true(take(reader, ")"));
        return inner;
    }
    if (isdigit((unsigned char)*reader->at)) return strtod(reader->at, (char **)&reader->at);
    return read_call(reader);
}

static double read_power(struct reader *reader) {
    if (take(reader, "-")) return -read_power(reader);
    double base = read_atom(reader);
    return take(reader, "^") ? pow(base, read_power(reader)) : base;
}

static double read_product(struct reader *reader) {
    double product = read_power(reader);
    for (;;)
        if (take(reader, "*"))
            product *= read_power(reader);
        else if (take(reader, "//"))
            product = floor(product / read_power(reader));
        else if (take(reader, "/"))
            product /= read_power(reader);
        else if (take(reader, "%"))
            product = op_value(OP_MOD, product, read_power(reader));
        else
            return product;
}

static double read_sum(struct reader *reader) {
    double sum = read_product(reader);
    for (;;)
        if (take(reader, "+"))
            sum += read_product(reader);
        else if (take(reader, "-"))
            sum -= read_product(reader);
        else
            return sum;
}

static double read_formula(const char *text, double a, double b, double y) {
    struct reader reader = {text, a, b, y};
    double result = read_sum(&reader);
    if (take(&reader, "if")) {
        double left = read_sum(&reader);
        bool less = take(&reader, "<");
        assert_true(less || take(&reader, ">"));
        double right = read_sum(&reader);
        assert_true(take(&reader, "else"));
        double otherwise = read_sum(&reader);
        if (less ? !(left < right) : !(left > right)) result = otherwise;
    }
    assert_string_equal(reader.at, "");
    return result;
}

static void test_formulas_say_what_is_computed(void **state) {
    (void)state;
    for (int i = OP_FIRST_ROW; i < OP_COUNT; i++) {
        enum op op = (enum op)i;
        const struct op_info *info = &op_table[op];
        for (int point = 0; point < 100; point++) {
            double a = random_between(info->low, info->high), b = random_between(info->low, info->high), partial[2];
            double y = op_linearize(op, a, b, partial);
            assert_close(info, info->text, a, b, read_formula(info->text, a, b, y), y, 1e-12);
            for (int by = 0; by < info->arity; by++)
                assert_close(info, info->partial_text[by], a, b, read_formula(info->partial_text[by], a, b, y),
                             partial[by], 1e-12);
        }
    }
}

// ---- where there is no value --------------------------------------------------------------------------------------

static void assert_domain(enum op op, double a, double b, const char *words) {
    const char *reason = op_domain(op, a, b, op_value(op, a, b));
    if (!words)
        assert_null(reason);
    else if (!reason || !strstr(reason, words))
        fail_msg("%s(%g, %g): \"%s\" does not say \"%s\"", op_table[op].name, a, b, reason ? reason : "", words);
}

static void test_domains(void **state) {
    (void)state;
    assert_domain(OP_LOG, -1, 0, "logarithm of a negative number");
    assert_domain(OP_LOG, 0, 0, "logarithm of zero");
    assert_domain(OP_LOG2, 0, 0, "logarithm of zero");
    assert_domain(OP_LOG10, -3, 0, "negative number");
    assert_domain(OP_LOG1P, -1, 0, "logarithm of zero");
    assert_domain(OP_LOG1P, -2, 0, "negative number");
    assert_domain(OP_DIV, 1, 0, "division by zero");
    assert_domain(OP_DIV, 0, 0, "division by zero");
    assert_domain(OP_FLOORDIV, 1, 0, "division by zero");
    assert_domain(OP_MOD, 1, 0, "division by zero");
    assert_domain(OP_FMOD, 1, 0, "division by zero");
    assert_domain(OP_FMOD, INFINITY, 2, "infinite number");
    assert_domain(OP_SQRT, -1, 0, "square root of a negative number");
    assert_domain(OP_POW, 0, -1, "zero to a negative power");
    assert_domain(OP_POW, -8, 1 / 3.0, "complex");
    assert_domain(OP_ASIN, 1.5, 0, "outside [-1, 1]");
    assert_domain(OP_ACOS, -1.5, 0, "outside [-1, 1]");
    assert_domain(OP_ACOSH, 0.5, 0, "below 1");
    assert_domain(OP_ATANH, 1, 0, "between -1 and 1");
    assert_domain(OP_ATANH, -2, 0, "between -1 and 1");
    assert_domain(OP_GAMMA, 0, 0, "no value at 0");
    assert_domain(OP_GAMMA, -3, 0, "negative whole numbers");
    assert_domain(OP_LGAMMA, -1, 0, "negative whole numbers");
    assert_domain(OP_SIN, INFINITY, 0, "infinite number");
}

static void test_overflow_and_not_a_number(void **state) {
    (void)state;
    assert_domain(OP_EXP, 1000, 0, "overflow");
    assert_domain(OP_MUL, 1e200, 1e200, "overflow");
    assert_domain(OP_GAMMA, 200, 0, "overflow");
    assert_domain(OP_POW, -10, 309, "overflow");
    assert_domain(OP_SUB, INFINITY, INFINITY, "not a number");
    assert_domain(OP_MUL, 0, INFINITY, "not a number");
    assert_domain(OP_ADD, INFINITY, 1, NULL); // an infinite operand is not at fault by itself
    assert_domain(OP_LOG, NAN, 0, NULL);
    assert_domain(OP_SQRT, 0, 0, NULL);
    assert_domain(OP_EXP, -1000, 0, NULL);
    assert_domain(OP_LOG, 2, 0, NULL);
}

// ---- conventions --------------------------------------------------------------------------------------------------

// At a kink the operation says so and takes the partials given here, those of PyTorch 2; beside it, it says nothing.
static void assert_kink(enum op op, double a, double b, double by_a, double by_b) {
    double partial[2];
    op_linearize(op, a, b, partial);
    const char *words = op_kink(op, a, b);
    assert_non_null(words);
    const char *name = op_table[op].infix ? op_table[op].infix : op_table[op].name;
    if (op != OP_POW) assert_non_null(strstr(words, name));
    assert_true(partial[0] == by_a || (isnan(partial[0]) && isnan(by_a)));
    assert_true(partial[1] == by_b || (isnan(partial[1]) && isnan(by_b)));
    assert_null(op_kink(op, a + 0.25, b + 0.125));
}

static void test_kinks(void **state) {
    (void)state;
    assert_kink(OP_ABS, 0, 0, 0, 0);
    assert_kink(OP_FABS, -0.0, 0, 0, 0);
    assert_kink(OP_RELU, 0, 0, 0, 0);
    assert_kink(OP_MAX, 2, 2, 0.5, 0.5);
    assert_kink(OP_MIN, 2, 2, 0.5, 0.5);
    assert_kink(OP_SQRT, 0, 0, INFINITY, 0);
    assert_kink(OP_CBRT, 0, 0, INFINITY, 0);
    assert_kink(OP_HYPOT, 0, 0, 0, 0);
    assert_kink(OP_ATAN2, 0, 0, NAN, NAN);
    assert_kink(OP_ATAN2, 0, -2, -0.5, -0.0);
    assert_kink(OP_COPYSIGN, 0, 1, 0, 0);
    assert_kink(OP_COPYSIGN, 2, 0, 1, 0);
    assert_kink(OP_FMOD, 6, 2, 1, -3);
    assert_kink(OP_MOD, 6, 2, 1, -3);
    assert_kink(OP_FLOORDIV, 6, 2, 0, 0);
    assert_kink(OP_FLOOR, 3, 0, 0, 0);
    assert_kink(OP_CEIL, 3, 0, 0, 0);
    assert_kink(OP_TRUNC, 3, 0, 0, 0);
    assert_kink(OP_POW, 0, 0.5, INFINITY, 0);
    assert_kink(OP_POW, 0, 0, 0, 0);
    double partial[2];
    op_linearize(OP_ASIN, 1, 0, partial);
    assert_true(isinf(partial[0]) && op_kink(OP_ASIN, 1, 0));
    op_linearize(OP_ACOSH, 1, 0, partial);
    assert_true(isinf(partial[0]) && op_kink(OP_ACOSH, 1, 0));
    assert_null(op_kink(OP_EXP, 0, 0));
}

static void test_powers(void **state) {
    (void)state;
    double partial[2];
    assert_true(op_linearize(OP_POW, -3, 2, partial) == 9 && partial[0] == -6);
    assert_true(isnan(partial[1])); // (-3)**b has real values at whole b only
    assert_true(op_linearize(OP_POW, 0, 2, partial) == 0 && partial[0] == 0 && partial[1] == 0);
    assert_true(op_linearize(OP_POW, 0, 1, partial) == 0 && partial[0] == 1 && partial[1] == 0);
    assert_true(op_linearize(OP_POW, 0, 0, partial) == 1 && partial[0] == 0 && partial[1] == 0);
    assert_true(op_linearize(OP_POW, 1e-200, 2, partial) == 0 && partial[0] == 2e-200); // the value underflows
}

// Quotient and remainder as Python prints them for a // b and a % b.
static void assert_divides(double a, double b, double quotient, double remainder) {
    assert_true(op_value(OP_FLOORDIV, a, b) == quotient);
    assert_true(op_value(OP_MOD, a, b) == remainder);
}

static void test_division_rounds_as_in_python(void **state) {
    (void)state;
    assert_divides(7, 3, 2, 1);
    assert_divides(-7, 3, -3, 2);
    assert_divides(7, -3, -3, -2);
    assert_divides(-7, -3, 2, -1);
    assert_divides(6, 3, 2, 0);
    assert_divides(5.5, 2, 2, 1.5);
    assert_divides(1, 0.1, 9, 0.09999999999999995); // 0.1 is a little over 1/10
    assert_divides(-1e-300, 1, -1, 1);
    assert_divides(-1, INFINITY, -1, INFINITY);
}

static void test_nan_passes_through(void **state) {
    (void)state;
    assert_true(isnan(op_value(OP_RELU, NAN, 0)));
    assert_true(isnan(op_value(OP_SOFTPLUS, NAN, 0)));
    assert_true(isnan(op_value(OP_MAX, NAN, 1))); // as Python's max
    assert_true(op_value(OP_MAX, 1, NAN) == 1);
}

static void test_shapes(void **state) {
    (void)state;
    struct shape row = {2, {1, 3}}, column = {2, {2, 1}}, wide = {1, {4}}, out;
    struct error error = {0};
    assert_true(op_shape(OP_ADD, row, column, &out, &error) && shape_equal(out, (struct shape){2, {2, 3}}));
    assert_true(op_shape(OP_EXP, wide, shape_scalar, &out, &error) && shape_equal(out, wide));
    assert_false(op_shape(OP_MUL, row, wide, &out, &error));
    assert_int_equal(error.kind, ERROR_TYPE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations_are_found_by_name),
        cmocka_unit_test(test_rows_are_complete),
        cmocka_unit_test(test_partials_agree_with_differences),
        cmocka_unit_test(test_formulas_say_what_is_computed),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_overflow_and_not_a_number),
        cmocka_unit_test(test_kinks),
        cmocka_unit_test(test_powers),
        cmocka_unit_test(test_division_rounds_as_in_python),
        cmocka_unit_test(test_nan_passes_through),
        cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
