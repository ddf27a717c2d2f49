// Random programs on small tensors, over every operation, broadcasting and subscripts of all kinds: each is traced from
// its text, its gradient by the tape is that of the graph of numbers behind it, agrees with finite differences, and is
// the same in float32 but for rounding; what is held is what was planned.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "graph/bauer.h"
#include "graph/expand.h"
#include "graph/tape.h"
#include "lang/environment.h"

enum { PROGRAMS = 3000, VARIABLES = 40, STATEMENTS = 7, ARGUMENTS = 3 };

struct variable {
    struct shape shape;
    bool used;
};

struct trial {
    struct rng rng;
    struct buffer text;
    struct variable variable[VARIABLES];
    uint32_t count;
    struct symbols *symbols;
    struct environment *environment;
};

static struct {
    uint32_t programs_with[OP_END];
    uint32_t entries, skipped;
} seen;

#define FAIL(trial, ...)                                                                                               \
    do {                                                                                                               \
        print_error("%s\n", buffer_string(&(trial)->text));                                                            \
        fail_msg(__VA_ARGS__);                                                                                         \
    } while (0)

// ---- making programs ----------------------------------------------------------------------------------------------

static uint32_t below(struct trial *t, uint32_t bound) { return (uint32_t)rng_below(&t->rng, bound); }
static bool coin(struct trial *t) { return below(t, 2); }

static struct shape random_shape(struct trial *t) {
    struct shape shape = {.rank = 1 + below(t, 10) % 4};
    for (uint32_t i = 0; i < shape.rank; i++) shape.size[i] = 1 + below(t, 3);
    return shape;
}

// Any variable of the wanted rank (0: any that is a tensor), or UINT32_MAX.
static uint32_t pick(struct trial *t, uint32_t rank) {
    uint32_t start = below(t, t->count);
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t at = (start + i) % t->count;
        if (rank ? t->variable[at].shape.rank == rank : t->variable[at].shape.rank)
            return t->variable[at].used = true, at;
    }
    return UINT32_MAX;
}

static void begin(struct trial *t) { buffer_printf(&t->text, "    v%u = ", t->count); }

static void end(struct trial *t, struct shape shape) {
    buffer_char(&t->text, '\n');
    t->variable[t->count++] = (struct variable){.shape = shape};
}

// A shape that is broadcast together with another: axes in front are left out, others are 1.
static struct shape narrowed(struct trial *t, struct shape shape) {
    uint32_t gone = below(t, shape.rank + 1);
    struct shape out = {.rank = shape.rank - gone};
    for (uint32_t i = 0; i < out.rank; i++) out.size[i] = below(t, 3) ? shape.size[i + gone] : 1;
    return out;
}

static void write_constant(struct trial *t, struct shape shape) {
    char text[64];
    shape_text(shape, text);
    if (shape.rank)
        buffer_printf(&t->text, "randn(%s)", text);
    else
        buffer_printf(&t->text, "%.2f", rng_gaussian(&t->rng));
}

static bool emit_unary(struct trial *t) {
    static const char *const formulas[] = {"np.tanh(v%u)",
                                           "np.exp(0.3*v%u)",
                                           "v%u.sigmoid()",
                                           "np.sin(v%u)",
                                           "-v%u",
                                           "F.relu(v%u)",
                                           "torch.abs(v%u)",
                                           "v%u**2",
                                           "np.sqrt(1.5 + np.cos(v%u))",
                                           "np.log(2.5 + np.sin(v%u))",
                                           "softplus(v%u)",
                                           "torch.square(v%u)",
                                           "1.0/(2.5 + np.tanh(v%u))",
                                           "v%u.relu()"};
    uint32_t a = pick(t, 0);
    begin(t);
    buffer_printf(&t->text, formulas[below(t, sizeof formulas / sizeof *formulas)], a);
    return end(t, t->variable[a].shape), true;
}

static bool emit_binary(struct trial *t) {
    static const char *const formulas[][3] = {{"", " + ", ""},
                                              {"", " - ", ""},
                                              {"", "*", ""},
                                              {"np.maximum(", ", ", ")"},
                                              {"np.minimum(", ", ", ")"},
                                              {"", "/(2.5 + np.sin(", "))"}};
    const char *const *formula = formulas[below(t, 6)];
    uint32_t a = pick(t, 0), other = pick(t, 0);
    struct shape shape = t->variable[a].shape, result, second = t->variable[other].shape;
    bool variable = shape_broadcast(shape, second, &result, NULL), turned = coin(t);
    if (!variable) second = narrowed(t, shape);
    if (!variable) result = shape;
    begin(t);
    buffer_text(&t->text, formula[0]);
    for (uint32_t i = 0; i < 2; i++) {
        if (i) buffer_text(&t->text, formula[1]);
        if ((i == 0) != turned)
            buffer_printf(&t->text, "v%u", a);
        else if (variable)
            buffer_printf(&t->text, "v%u", other);
        else
            write_constant(t, second);
    }
    buffer_text(&t->text, formula[2]);
    return end(t, result), true;
}

// Matrix or vector, on both sides.
static bool emit_product(struct trial *t) {
    uint32_t a = pick(t, 0);
    struct shape left = t->variable[a].shape, right = {.rank = 1 + below(t, 2)}, result = left;
    uint32_t k = left.size[left.rank - 1], n = 1 + below(t, 3);
    right.size[0] = k, right.size[1] = n;
    if (right.rank == 1) right.size[1] = 0;
    result.rank = left.rank - 1;
    result.size[result.rank] = 0;
    if (right.rank == 2) result.size[result.rank++] = n;
    for (uint32_t b = 0; b < t->count; b++) { // one that is there, if any fits
        struct shape shape = t->variable[b].shape;
        bool turned = right.rank == 2 && shape.rank == 2 && shape.size[1] == k && shape.size[0] == n;
        if (!shape_equal(shape, right) && !turned) continue;
        t->variable[b].used = true;
        begin(t);
        buffer_printf(&t->text, shape_equal(shape, right) ? "v%u @ v%u" : "v%u @ v%u.T", a, b);
        return end(t, result), true;
    }
    begin(t);
    buffer_printf(&t->text, "v%u @ ", a);
    write_constant(t, right);
    return end(t, result), true;
}

static bool emit_reduction(struct trial *t) {
    uint32_t a = pick(t, 0), axis = below(t, t->variable[a].shape.rank + 1);
    struct shape shape = t->variable[a].shape, result = {.rank = 0};
    bool all = axis == shape.rank, keep = coin(t) && !all;
    begin(t);
    buffer_printf(&t->text, "v%u.%s(", a, coin(t) ? "sum" : "mean");
    if (!all) buffer_printf(&t->text, "axis=%d", coin(t) ? (int)axis : (int)axis - (int)shape.rank);
    buffer_text(&t->text, keep ? ", keepdims=True)" : ")");
    for (uint32_t i = 0; i < shape.rank && !all; i++)
        if (i != axis || keep) result.size[result.rank++] = i == axis ? 1 : shape.size[i];
    return end(t, result), true;
}

static bool emit_subscript(struct trial *t) {
    uint32_t a = pick(t, 0), at = below(t, 5);
    struct shape shape = t->variable[a].shape, result = {.rank = 0};
    begin(t);
    buffer_printf(&t->text, "v%u[", a);
    if (at == 0 && shape.rank < SHAPE_RANK_MAX) {
        buffer_text(&t->text, "None, ");
        result.size[result.rank++] = 1;
    }
    for (uint32_t i = 0; i < shape.rank; i++) {
        uint32_t n = shape.size[i], first = below(t, n), kind = below(t, 4);
        if (i) buffer_text(&t->text, ", ");
        if (kind == 0) {
            buffer_printf(&t->text, "%d", coin(t) ? (int)first : (int)first - (int)n);
        } else if (kind == 1) {
            buffer_text(&t->text, "::-1");
            result.size[result.rank++] = n;
        } else if (kind == 2) {
            buffer_printf(&t->text, "%u::2", first);
            result.size[result.rank++] = (n - first + 1) / 2;
        } else {
            buffer_printf(&t->text, "%u:%u", first, n);
            result.size[result.rank++] = n - first;
        }
    }
    buffer_text(&t->text, at == 1 ? ", ...]" : "]");
    return end(t, result), true;
}

static bool emit_move(struct trial *t) {
    uint32_t a = pick(t, 0), kind = below(t, 4);
    struct shape shape = t->variable[a].shape, result = shape;
    begin(t);
    if (kind == 0) {
        result = (struct shape){1, {(uint32_t)shape_count(shape)}};
        buffer_printf(&t->text, "v%u.reshape(-1)", a);
    } else if (kind == 1 && shape.rank >= 2) {
        result = (struct shape){2, {(uint32_t)shape_count(shape) / shape.size[0], shape.size[0]}};
        buffer_printf(&t->text, "v%u.reshape(-1, v%u.shape[0])", a, a);
    } else if (kind == 2 && shape.rank == 3) {
        result = (struct shape){3, {shape.size[2], shape.size[0], shape.size[1]}};
        buffer_printf(&t->text, "v%u.permute(2, 0, 1)", a);
    } else {
        for (uint32_t i = 0; i < shape.rank; i++) result.size[i] = shape.size[shape.rank - 1 - i];
        buffer_printf(&t->text, "v%u.T", a);
    }
    return end(t, result), true;
}

static bool emit_join(struct trial *t) {
    uint32_t a = pick(t, 0), kind = below(t, 3);
    struct shape shape = t->variable[a].shape, result = shape;
    uint32_t axis = below(t, shape.rank);
    begin(t);
    if (kind == 0 && shape.rank < SHAPE_RANK_MAX) {
        result.rank++;
        for (uint32_t i = shape.rank; i > axis; i--) result.size[i] = shape.size[i - 1];
        result.size[axis] = 3;
        buffer_printf(&t->text, "np.stack([v%u, 2*v%u, ones_like(v%u)], axis=%u)", a, a, a, axis);
    } else if (kind == 1) {
        result.size[0] = shape.size[0];
        buffer_printf(&t->text, "np.stack([row*row for row in v%u])", a);
    } else {
        result.size[axis] *= 2;
        buffer_printf(&t->text, "torch.cat((v%u, np.sin(v%u)), dim=%u)", a, a, axis);
    }
    return end(t, result), true;
}

static bool emit_softmax(struct trial *t) {
    uint32_t a = pick(t, 0);
    begin(t);
    buffer_printf(&t->text, coin(t) ? "F.softmax(v%u, dim=-1)" : "F.log_softmax(v%u, dim=-1)", a);
    return end(t, t->variable[a].shape), true;
}

static bool emit_images(struct trial *t) {
    uint32_t a = pick(t, 4);
    if (a == UINT32_MAX) return false;
    struct shape shape = t->variable[a].shape, result = shape;
    uint32_t side = shape.size[2] < shape.size[3] ? shape.size[2] : shape.size[3];
    begin(t);
    if (coin(t)) {
        result.size[2] /= side, result.size[3] /= side;
        buffer_printf(&t->text, "F.avg_pool2d(v%u, %u)", a, side);
    } else {
        result.size[1] = 2;
        result.size[2] += 1, result.size[3] += 1;
        buffer_printf(&t->text, "F.conv2d(v%u, randn(2, %u, 2, 2), padding=1)", a, shape.size[1]);
    }
    return end(t, result), true;
}

static void emit(struct trial *t) {
    static bool (*const emits[])(struct trial *) = {
        emit_unary,     emit_unary,     emit_binary,    emit_binary, emit_binary, emit_product, emit_product,
        emit_reduction, emit_subscript, emit_subscript, emit_move,   emit_join,   emit_softmax, emit_images};
    while (!emits[below(t, sizeof emits / sizeof *emits)](t)) continue;
}

// The sum of tanh of all that nothing else uses.
static void write_result(struct trial *t) {
    buffer_text(&t->text, "    return 0");
    for (uint32_t i = 0; i < t->count; i++)
        if (!t->variable[i].used || i + 1 == t->count)
            buffer_printf(&t->text, t->variable[i].shape.rank ? " + np.tanh(0.5*v%u).sum()" : " + np.tanh(0.5*v%u)", i);
    buffer_text(&t->text, "\n\n");
}

static void write_program(struct trial *t) {
    char text[64];
    buffer_text(&t->text, "def f(v0, v1, v2):\n");
    for (; t->count < ARGUMENTS; t->count++) t->variable[t->count] = (struct variable){.shape = random_shape(t)};
    for (uint32_t i = 0; i < STATEMENTS; i++) emit(t);
    write_result(t);
    buffer_text(&t->text, "f(");
    for (uint32_t i = 0; i < ARGUMENTS; i++) {
        shape_text(t->variable[i].shape, text);
        buffer_printf(&t->text, "%srandn(%s)", i ? ", " : "", text);
    }
    buffer_text(&t->text, ")\n");
}

// ---- tracing ------------------------------------------------------------------------------------------------------

static void nothing(void *context, const struct outcome *outcome) {
    (void)context;
    (void)outcome;
}

static void run(struct trial *t) {
    struct error error = {0};
    struct source *source = source_new("random.py", t->text.data, t->text.size, &error);
    struct module *module = source ? parse_module(t->symbols, source, &error) : NULL;
    for (uint32_t i = 0; module && i < module->count; i++)
        if (!environment_run(t->environment, module, i, nothing, NULL, &error)) break;
    if (error.kind) FAIL(t, "%s", error.message);
    module_drop(module);
    source_drop(source);
}

// ---- gradients ----------------------------------------------------------------------------------------------------

static struct tape *ready(struct trial *t, const struct graph *g, enum number_type type) {
    struct error error = {0};
    struct tape *tape = tape_new(g, g->output, g->output_count, type, NULL, &error);
    if (!tape || !tape_fill(tape, 0, &error) || !tape_forward(tape, 0, &error)) FAIL(t, "%s", error.message);
    return tape;
}

// The gradients of all inputs behind each other. mem_free it.
static double *gradient(struct trial *t, struct tape *tape, const struct graph *g, enum number_type type,
                        size_t *count) {
    struct error error = {0};
    *count = 0;
    for (uint32_t i = 0; i < g->input_count; i++) *count += (size_t)shape_count(graph_shape(g, g->input[i]));
    double *out = mem_alloc(*count, sizeof *out);
    if (!tape_backward(tape, &error)) FAIL(t, "%s", error.message);
    if (tape_held(tape) != tape_planned(tape)) FAIL(t, "%zu held, %zu planned", tape_held(tape), tape_planned(tape));
    size_t at = 0;
    for (uint32_t i = 0; i < g->input_count; i++) {
        const void *from = tape_gradient(tape, g->input[i]);
        for (size_t k = 0; k < (size_t)shape_count(graph_shape(g, g->input[i])); k++)
            out[at++] = !from ? 0 : type == NUMBER_FLOAT ? (double)((const float *)from)[k] : ((const double *)from)[k];
    }
    return out;
}

static void compare_numbers(struct trial *t, const struct graph *g, const double *exact, size_t count) {
    struct error error = {0};
    struct jacobian jacobian = {0};
    struct graph *numbers = graph_expand(g, 100000, &error);
    if (!numbers) FAIL(t, "%s", error.message);
    struct lcg *lcg = lcg_new(numbers, &error);
    if (!lcg || !bauer_jacobian(lcg, BAUER_REVERSE, NULL, 0, &jacobian, &error)) FAIL(t, "%s", error.message);
    assert_int_equal(jacobian.columns, count);
    for (size_t i = 0; i < count; i++)
        if (!(fabs(jacobian.value[i] - exact[i]) <= 1e-10 * fmax(1, fabs(exact[i]))))
            FAIL(t, "entry %zu is %.17g by the tape and %.17g as numbers", i, exact[i], jacobian.value[i]);
    jacobian_free(&jacobian);
    lcg_free(lcg);
    graph_drop(numbers);
}

static double moved(struct trial *t, struct tape *tape, double *place, double by) {
    struct error error = {0};
    double before = *place;
    *place = before + by;
    if (!tape_forward(tape, 0, &error)) FAIL(t, "%s", error.message);
    *place = before;
    return tape_number(tape, 0);
}

// Where differences of two steps do not agree there is a kink nearby: skipped, and counted.
static void compare_differences(struct trial *t, struct tape *tape, const struct graph *g, const double *exact) {
    const double step = 1e-5;
    for (uint32_t i = 0; i < g->input_count; i++) {
        double *x = tape_input(tape, g->input[i]);
        for (size_t k = 0; k < (size_t)shape_count(graph_shape(g, g->input[i])); k++, exact++) {
            if (!x) continue; // no part of the program: nothing to move
            double wide = (moved(t, tape, x + k, 2 * step) - moved(t, tape, x + k, -2 * step)) / (4 * step);
            double near = (moved(t, tape, x + k, step) - moved(t, tape, x + k, -step)) / (2 * step);
            double size = fmax(1, fabs(*exact));
            seen.entries++;
            if (fabs(near - *exact) <= 1e-6 * size) continue;
            if (fabs(wide - near) <= 1e-7 * size)
                FAIL(t, "a derivative of input %u is %.12g, the difference %.12g", i, *exact, near);
            seen.skipped++;
        }
    }
}

static void compare_float(struct trial *t, const struct graph *g, const double *exact) {
    size_t count;
    struct tape *tape = ready(t, g, NUMBER_FLOAT);
    double *rough = gradient(t, tape, g, NUMBER_FLOAT, &count), worst = 0, size = 1;
    for (size_t i = 0; i < count; i++) size = fmax(size, fabs(exact[i]));
    for (size_t i = 0; i < count; i++) worst = fmax(worst, fabs(rough[i] - exact[i]));
    if (!(worst <= 2e-4 * size)) FAIL(t, "float32 differs by %.2g of %.2g", worst, size);
    mem_free(rough);
    tape_free(tape);
}

static void one_program(uint64_t seed) {
    struct trial t = {.rng = rng_at(rng_key(20261128, 7), seed, 0), .symbols = symbols_new()};
    struct error error = {0};
    size_t count;
    write_program(&t);
    t.environment = environment_new(t.symbols, &error);
    run(&t);
    struct graph *g = graph_hold(environment_graph(t.environment));
    for (uint32_t op = 0; op < OP_END; op++) {
        bool there = false;
        for (vertex v = 0; v < g->count; v++) there |= g->op[v] == op;
        seen.programs_with[op] += there;
    }
    struct tape *tape = ready(&t, g, NUMBER_DOUBLE);
    double *exact = gradient(&t, tape, g, NUMBER_DOUBLE, &count);
    compare_numbers(&t, g, exact, count);
    compare_differences(&t, tape, g, exact);
    compare_float(&t, g, exact);
    mem_free(exact);
    tape_free(tape);
    graph_drop(g);
    environment_free(t.environment);
    symbols_free(t.symbols);
    buffer_free(&t.text);
}

static void gradients_agree(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < PROGRAMS; seed++) one_program(seed);
    print_message("%u entries, %u beside kinks\n", seen.entries, seen.skipped);
    assert_true(seen.skipped * 1000 < seen.entries);
    static const enum op wanted[] = {OP_MATMUL, OP_TRANSPOSE,  OP_SUM,         OP_MEAN, OP_RESHAPE, OP_SLICE, OP_JOIN,
                                     OP_CONV2D, OP_AVG_POOL2D, OP_LOG_SOFTMAX, OP_ADD,  OP_SUB,     OP_MUL,   OP_DIV,
                                     OP_MAX,    OP_MIN,        OP_RELU,        OP_ABS,  OP_POW,     OP_EXP,   OP_LOG,
                                     OP_SQRT,   OP_TANH,       OP_SIGMOID,     OP_NEG};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (seen.programs_with[wanted[i]] < 50)
            fail_msg("%s is in %u programs alone", op_table[wanted[i]].name, seen.programs_with[wanted[i]]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gradients_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
