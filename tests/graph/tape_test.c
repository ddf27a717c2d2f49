// The tape: derivatives of every operation on tensors against finite differences, what is held against what was
// planned, and the random stand-ins: unbiased, with the variances of their formulas.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "graph/expand.h"
#include "graph/tape.h"

static struct symbols *symbols;
static struct error error;

static vertex leaf(struct graph *g, const char *name, struct shape shape, bool parameter) {
    struct tensor_source source = {.kind = SOURCE_NORMAL, .scale = 0.7, .draw = g->count, .parameter = parameter};
    return graph_tensor_input(g, symbol_of(symbols, name, strlen(name)), shape, &source, false, 0, &error);
}

static vertex labels(struct graph *g, uint32_t count, uint32_t classes) {
    struct tensor_source source = {.kind = SOURCE_LABELS, .scale = classes, .draw = g->count};
    struct shape shape = {1, {count}};
    return graph_tensor_input(g, symbol_of(symbols, "y", 1), shape, &source, false, 0, &error);
}

static vertex add(struct graph *g, enum op op, vertex a, vertex b, struct op_setting setting) {
    vertex v = graph_add_tensor(g, op, a, b, &setting, 0, &error);
    assert_int_not_equal(v, VERTEX_NONE);
    return v;
}

#define SHAPE(...) ((struct shape){sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), {__VA_ARGS__}})
static const struct op_setting none = {.axis = OP_ALL_AXES};

static size_t count_of(const struct graph *g, vertex v) { return (size_t)shape_count(graph_shape(g, v)); }

static double loss_of(struct tape *t) {
    assert_true(tape_forward(t, 0, &error));
    return tape_number(t, 0);
}

// Every parameter's gradient against central differences; and the same with everything as numbers.
static void check_graph(struct graph *g, vertex loss) {
    assert_true(graph_output(g, loss, 0, &error));
    struct tape *t = tape_new(g, &loss, 1, NUMBER_DOUBLE, NULL, &error);
    assert_non_null(t);
    assert_true(tape_fill(t, 1, &error));
    double value = loss_of(t);
    assert_true(tape_backward(t, &error));
    assert_int_equal(tape_held(t), tape_planned(t));
    for (uint32_t i = 0; i < g->input_count; i++) {
        vertex v = g->input[i];
        if (!tape_gradient(t, v)) continue;
        size_t count = count_of(g, v);
        double *gradient = malloc(count * sizeof *gradient), *x = tape_input(t, v);
        memcpy(gradient, tape_gradient(t, v), count * sizeof *gradient);
        for (size_t j = 0; j < count; j++) {
            double before = x[j], step = 1e-5, up, down;
            x[j] = before + step, up = loss_of(t);
            x[j] = before - step, down = loss_of(t);
            x[j] = before;
            assert_true(fabs((up - down) / (2 * step) - gradient[j]) < 1e-7 * fmax(1, fabs(gradient[j])));
        }
        free(gradient);
    }
    assert_true(loss_of(t) == value); // nothing is left over from the runs before
    tape_free(t);
    graph_drop(g);
}

static void operations_agree_with_differences(void **state) {
    (void)state;
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex x = leaf(g, "x", SHAPE(4, 3), true), w = leaf(g, "w", SHAPE(3, 5), true), b = leaf(g, "b", SHAPE(5), true);
    vertex h = add(g, OP_ADD, add(g, OP_MATMUL, x, w, none), b, none);
    vertex r = add(g, OP_RELU, h, VERTEX_NONE, none), s = add(g, OP_TANH, h, VERTEX_NONE, none);
    vertex m = add(g, OP_MUL, r, s, none), d = add(g, OP_DIV, m, add(g, OP_EXP, h, VERTEX_NONE, none), none);
    vertex column = add(g, OP_MEAN, d, VERTEX_NONE, (struct op_setting){.axis = 1});
    vertex row = add(g, OP_SUM, d, VERTEX_NONE, (struct op_setting){.axis = 0});
    vertex t = add(g, OP_MATMUL, d, add(g, OP_TRANSPOSE, d, VERTEX_NONE, none), none);
    vertex n = add(g, OP_NEG, add(g, OP_SIGMOID, t, VERTEX_NONE, none), VERTEX_NONE, none);
    vertex part = add(g, OP_SLICE, n, VERTEX_NONE, (struct op_setting){.cut[1] = {1, 2, 1, false}});
    vertex sums[3] = {add(g, OP_SUM, column, VERTEX_NONE, none),
                      add(g, OP_SUM, add(g, OP_MUL, row, b, none), VERTEX_NONE, none),
                      add(g, OP_SUM, add(g, OP_RESHAPE, part, VERTEX_NONE, (struct op_setting){.to = SHAPE(2, 4)}),
                          VERTEX_NONE, none)};
    vertex all = graph_add(g, OP_SUB, graph_add(g, OP_ADD, sums[0], sums[1], 0, &error), sums[2], 0, &error);
    check_graph(g, all);
}

static void networks_agree_with_differences(void **state) {
    (void)state;
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex x = leaf(g, "x", SHAPE(2, 2, 6, 6), false), w = leaf(g, "w", SHAPE(3, 2, 3, 3), true),
           b = leaf(g, "b", SHAPE(3, 1, 1), true);
    vertex h = add(g, OP_ADD, add(g, OP_CONV2D, x, w, (struct op_setting){.pad = 1}), b, none);
    vertex a =
        add(g, OP_AVG_POOL2D, add(g, OP_RELU, h, VERTEX_NONE, none), VERTEX_NONE, (struct op_setting){.side = 2});
    vertex w2 = leaf(g, "w2", SHAPE(2, 3, 2, 2), true);
    vertex c = add(g, OP_RELU, add(g, OP_CONV2D, a, w2, (struct op_setting){.pad = 0}), VERTEX_NONE, none);
    vertex f = add(g, OP_RESHAPE, c, VERTEX_NONE, (struct op_setting){.to = SHAPE(2, 8)});
    vertex p = add(g, OP_LOG_SOFTMAX, add(g, OP_MATMUL, f, leaf(g, "w3", SHAPE(8, 4), true), none), VERTEX_NONE, none);
    check_graph(g, add(g, OP_NLL, p, labels(g, 2, 4), none));
}

// What relu adds up before it in one pass, a parameter that is transposed once for many products, and sums that look
// like those of rows but are broadcast.
static void recurrent_nets_agree_with_differences(void **state) {
    (void)state;
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex x = leaf(g, "x", SHAPE(4, 2), true), v = leaf(g, "V", SHAPE(2, 3), true),
           w = leaf(g, "W", SHAPE(3, 3), true);
    vertex b = leaf(g, "b", SHAPE(3), true), c = leaf(g, "c", SHAPE(3), true), u = leaf(g, "u", SHAPE(4, 1), true);
    vertex in = add(g, OP_ADD, add(g, OP_ADD, add(g, OP_MATMUL, x, v, none), b, none), c, none);
    vertex h = add(g, OP_RELU, in, VERTEX_NONE, none);
    for (int step = 0; step < 6; step++) {
        vertex own = add(g, OP_MATMUL, h, w, none), other = add(g, OP_MATMUL, x, v, none);
        if (step != 1) own = add(g, OP_ADD, own, b, none);
        if (step != 2) other = add(g, OP_ADD, other, step == 3 ? u : c, none);
        vertex sum = add(g, OP_ADD, own, other, none);
        if (step == 4) sum = add(g, OP_ADD, sum, own, none); // wanted twice
        h = add(g, OP_RELU, sum, VERTEX_NONE, none);
    }
    vertex column = add(g, OP_MEAN, h, VERTEX_NONE, (struct op_setting){.axis = 1});
    vertex down = add(g, OP_RESHAPE, column, VERTEX_NONE, (struct op_setting){.to = SHAPE(4, 1)});
    vertex across = add(g, OP_RESHAPE, add(g, OP_TANH, column, VERTEX_NONE, none), VERTEX_NONE,
                        (struct op_setting){.to = SHAPE(1, 4)});
    vertex square = add(g, OP_RELU, add(g, OP_ADD, down, across, none), VERTEX_NONE, none);
    vertex twice =
        add(g, OP_RELU, add(g, OP_ADD, square, add(g, OP_TANH, square, VERTEX_NONE, none), none), VERTEX_NONE, none);
    check_graph(g, add(g, OP_SUM, twice, VERTEX_NONE, none));
}

// Fields of any size, and of the size that has loops of its own; theta computed and used twice.
static void fields_agree_with_differences(void **state) {
    (void)state;
    for (uint32_t side = 3; side <= 33; side += 15) {
        struct graph *g = graph_new(symbols, 1000, &error);
        struct op_setting step = {.time = 0.3, .dt = 0.2 / ((side - 1) * (side - 1)), .diffusion = 1};
        vertex phi = leaf(g, "phi", SHAPE(side, side), false), theta = leaf(g, "theta", SHAPE(7), true);
        vertex first = add(g, OP_REACT, phi, theta, step);
        step.time = 0.8;
        vertex second = add(g, OP_REACT, first, add(g, OP_EXP, theta, VERTEX_NONE, none), step);
        vertex loss = graph_add(g, OP_ADD, add(g, OP_MISFIT, first, VERTEX_NONE, step),
                                add(g, OP_MISFIT, second, VERTEX_NONE, step), 0, &error);
        check_graph(g, loss);
        g = graph_new(symbols, 1000, &error); // by the field itself
        phi = leaf(g, "phi", SHAPE(side, side), true), theta = leaf(g, "theta", SHAPE(7), false);
        check_graph(g, add(g, OP_MISFIT, add(g, OP_REACT, phi, theta, step), VERTEX_NONE, step));
    }
}

// ---- what is held -------------------------------------------------------------------------------------------------

static struct graph *small_net(uint32_t batch) {
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex x = leaf(g, "x", (struct shape){2, {batch, 20}}, false);
    vertex h = add(g, OP_ADD, add(g, OP_MATMUL, x, leaf(g, "W1", SHAPE(20, 15), true), none),
                   leaf(g, "b1", SHAPE(15), true), none);
    vertex a = add(g, OP_RELU, h, VERTEX_NONE, none);
    vertex p = add(g, OP_LOG_SOFTMAX, add(g, OP_MATMUL, a, leaf(g, "W2", SHAPE(15, 4), true), none), VERTEX_NONE, none);
    vertex loss = add(g, OP_NLL, p, labels(g, batch, 4), none);
    assert_true(graph_output(g, loss, 0, &error));
    return g;
}

static void bytes_are_counted(void **state) {
    (void)state;
    struct graph *g = small_net(32);
    for (int method = 0; method < KEEP_METHODS; method++) {
        struct keep keep = {.method = (enum keep_method)method, .fraction = 0.1};
        struct tape *t = tape_new(g, g->output, 1, NUMBER_FLOAT, &keep, &error);
        assert_true(tape_fill(t, 0, &error) && tape_forward(t, 0, &error) && tape_backward(t, &error));
        assert_int_equal(tape_held(t), tape_planned(t));
        size_t loss = 32 * 4 * 4 + 32 * 4; // log-probabilities, labels
        size_t exact = 32 * (20 + 15) * 4, part = 32 * (2 + 2) * 4 + 32 * 15 / 8;
        assert_int_equal(tape_held(t), loss + (method == KEEP_EXACT ? exact : part));
        tape_free(t);
    }
    assert_int_equal(keep_count(784, 0.1), 79);
    assert_int_equal(keep_count(300, 0.05), 15);
    assert_int_equal(keep_count(1024, 0.8), 820);
    assert_int_equal(keep_count(2048, 0.3), 615);
    assert_int_equal(keep_count(1, 0.1), 1);
    graph_drop(g);
}

// Backward must not look at the data, which are no part of what it may remember: they are overwritten after forward.
static void inputs_may_be_overwritten(void **state) {
    (void)state;
    struct graph *g = small_net(8);
    for (int method = 0; method < KEEP_METHODS; method++) {
        struct keep keep = {.method = (enum keep_method)method, .fraction = 0.3, .seed = 3};
        struct tape *t = tape_new(g, g->output, 1, NUMBER_DOUBLE, &keep, &error);
        for (int poison = 0; poison < 2; poison++) {
            static double first[300];
            vertex w = graph_find(g, "W1", &error);
            assert_true(tape_fill(t, 0, &error) && tape_forward(t, 7, &error));
            if (poison) tape_poison(t);
            assert_true(tape_backward(t, &error));
            const double *gradient = tape_gradient(t, w);
            for (int i = 0; i < 300; i++) assert_true(!poison || gradient[i] == first[i]);
            memcpy(first, gradient, sizeof first);
        }
        tape_free(t);
    }
    graph_drop(g);
}

// ---- random stand-ins ---------------------------------------------------------------------------------------------

struct moments {
    double sum[64], square[64];
};

static void measure(struct graph *g, const struct keep *keep, vertex w, size_t count, uint64_t runs,
                    struct moments *m) {
    struct tape *t = tape_new(g, g->output, 1, NUMBER_DOUBLE, keep, &error);
    assert_non_null(t);
    assert_true(tape_fill(t, 0, &error));
    memset(m, 0, sizeof *m);
    for (uint64_t run = 0; run < runs; run++) {
        assert_true(tape_forward(t, run, &error) && tape_backward(t, &error));
        const double *gradient = tape_gradient(t, w);
        for (size_t i = 0; i < count; i++) m->sum[i] += gradient[i], m->square[i] += gradient[i] * gradient[i];
    }
    tape_free(t);
}

// sum of G * (X W): G is constant, so dW = X^T G, and rad.md's variances (its section 3.4) are exact.
static void variances_are_those_of_the_formulas(void **state) {
    (void)state;
    enum { B = 3, I = 5, O = 2, RUNS = 40000 };
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex x = leaf(g, "x", SHAPE(B, I), false), w = leaf(g, "w", SHAPE(I, O), true),
           c = leaf(g, "c", SHAPE(B, O), false);
    vertex loss = add(g, OP_SUM, add(g, OP_MUL, add(g, OP_MATMUL, x, w, none), c, none), VERTEX_NONE, none);
    assert_true(graph_output(g, loss, 0, &error));
    struct tape *t = tape_new(g, &loss, 1, NUMBER_DOUBLE, NULL, &error);
    assert_true(tape_fill(t, 0, &error) && tape_forward(t, 0, &error));
    double X[B][I], G[B][O], dW[I][O];
    memcpy(X, tape_input(t, x), sizeof X);
    memcpy(G, tape_input(t, c), sizeof G);
    assert_true(tape_backward(t, &error));
    memcpy(dW, tape_gradient(t, w), sizeof dW);
    tape_free(t);
    for (int method = KEEP_SAME; method < KEEP_METHODS; method++)
        for (int distinct = 0; distinct < (method >= KEEP_PROJECT ? 1 : 2); distinct++) {
            struct keep keep = {.method = (enum keep_method)method, .fraction = 0.4, .distinct = distinct, .seed = 9};
            double n = I, k = keep_count(I, 0.4);
            struct moments m;
            measure(g, &keep, w, I * O, RUNS, &m);
            for (int i = 0; i < I; i++)
                for (int o = 0; o < O; o++) {
                    double rows = 0, others = 0, cross = 0, variance = NAN;
                    for (int b = 0; b < B; b++) {
                        rows += G[b][o] * G[b][o] * X[b][i] * X[b][i];
                        for (int j = 0; j < I; j++)
                            if (j != i) others += G[b][o] * G[b][o] * X[b][j] * X[b][j];
                    }
                    for (int j = 0; j < I; j++) cross += j != i ? dW[j][o] * dW[j][o] : 0;
                    double factor = distinct ? (n - k) / k : (n - 1) / k;
                    if (method == KEEP_SAME) variance = factor * dW[i][o] * dW[i][o];
                    if (method == KEEP_DIFFERENT) variance = factor * rows;
                    if (method == KEEP_PROJECT) variance = cross / k;
                    if (method == KEEP_PROJECT_DIFFERENT) variance = others / k;
                    double mean = m.sum[i * O + o] / RUNS, measured = m.square[i * O + o] / RUNS - mean * mean;
                    // 50 comparisons of means at 6 standard errors: a false alarm in 10^7; of variances at 10 %.
                    assert_true(fabs(mean - dW[i][o]) <= 6 * sqrt(variance / RUNS) + 1e-12);
                    assert_true(fabs(measured - variance) <= 0.1 * variance + 1e-12);
                }
        }
    graph_drop(g);
}

// Through convolution, relu and pooling, the biases and the deeper gradients stay exact, and the filters' unbiased.
static void networks_are_unbiased(void **state) {
    (void)state;
    enum { RUNS = 6000 };
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex x = leaf(g, "x", SHAPE(2, 1, 4, 4), false), w = leaf(g, "w", SHAPE(2, 1, 3, 3), true),
           b = leaf(g, "b", SHAPE(2, 1, 1), true);
    vertex h = add(g, OP_RELU, add(g, OP_ADD, add(g, OP_CONV2D, x, w, (struct op_setting){.pad = 1}), b, none),
                   VERTEX_NONE, none);
    vertex a = add(g, OP_AVG_POOL2D, h, VERTEX_NONE, (struct op_setting){.side = 2});
    vertex f = add(g, OP_RESHAPE, a, VERTEX_NONE, (struct op_setting){.to = SHAPE(2, 8)}),
           w2 = leaf(g, "w2", SHAPE(8, 3), true);
    vertex p = add(g, OP_LOG_SOFTMAX, add(g, OP_MATMUL, f, w2, none), VERTEX_NONE, none);
    assert_true(graph_output(g, add(g, OP_NLL, p, labels(g, 2, 3), none), 0, &error));
    struct tape *t = tape_new(g, g->output, 1, NUMBER_DOUBLE, NULL, &error);
    double exact[24], bias[2];
    assert_true(tape_fill(t, 0, &error) && tape_forward(t, 0, &error) && tape_backward(t, &error));
    memcpy(bias, tape_gradient(t, b), sizeof bias);
    for (int which = 0; which < 2; which++) {
        vertex v = which ? w2 : w;
        size_t count = count_of(g, v);
        memcpy(exact, tape_gradient(t, v), count * sizeof(double));
        for (int method = KEEP_SAME; method < KEEP_METHODS; method++) {
            struct keep keep = {.method = (enum keep_method)method, .fraction = 0.3, .seed = 1};
            struct moments m;
            measure(g, &keep, v, count, RUNS, &m);
            for (size_t i = 0; i < count; i++) {
                double mean = m.sum[i] / RUNS, deviation = sqrt(fmax(m.square[i] / RUNS - mean * mean, 0) / RUNS);
                assert_true(fabs(mean - exact[i]) <= 6 * deviation + 1e-12);
            }
            struct moments own;
            measure(g, &keep, b, 2, 3, &own);
            for (int i = 0; i < 2; i++) assert_true(fabs(own.sum[i] / 3 - bias[i]) < 1e-12);
        }
    }
    tape_free(t);
    graph_drop(g);
}

// Without replacement every set of places has the same chance: the mean of the gradients of all sets, each once, is the
// exact one. Sets are told apart by their gradients.
struct outcomes {
    double gradient[64][32], mean[32];
    uint32_t count, size;
};

static void take_outcome(struct outcomes *o, const double *gradient) {
    for (uint32_t i = 0; i < o->count; i++) {
        double apart = 0;
        for (uint32_t j = 0; j < o->size; j++) apart = fmax(apart, fabs(o->gradient[i][j] - gradient[j]));
        if (apart < 1e-10) return;
    }
    assert_true(o->count < 64);
    memcpy(o->gradient[o->count++], gradient, o->size * sizeof *gradient);
}

static void all_outcomes(struct graph *g, enum keep_method method, vertex w, struct outcomes *o) {
    enum { RUNS = 3000 }; // that one of 36 sets is never drawn: 36 (35/36)^3000 < 1e-34
    struct keep keep = {.method = method, .fraction = 0.5, .distinct = true, .seed = 2};
    struct tape *t = tape_new(g, g->output, 1, NUMBER_DOUBLE, &keep, &error);
    *o = (struct outcomes){.size = (uint32_t)count_of(g, w)};
    assert_true(tape_fill(t, 1, &error));
    for (uint64_t run = 0; run < RUNS; run++) {
        assert_true(tape_forward(t, run, &error) && tape_backward(t, &error));
        take_outcome(o, tape_gradient(t, w));
    }
    for (uint32_t i = 0; i < o->count; i++)
        for (uint32_t j = 0; j < o->size; j++) o->mean[j] += o->gradient[i][j] / o->count;
    tape_free(t);
}

static void means_over_all_samples_are_exact(void **state) {
    (void)state;
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex x = leaf(g, "x", SHAPE(2, 1, 2, 2), false), w = leaf(g, "w", SHAPE(2, 1, 3, 3), true),
           b = leaf(g, "b", SHAPE(2, 1, 1), true), w2 = leaf(g, "w2", SHAPE(4, 3), true);
    vertex h = add(g, OP_ADD, add(g, OP_CONV2D, x, w, (struct op_setting){.pad = 2}), b, none);
    vertex a =
        add(g, OP_AVG_POOL2D, add(g, OP_RELU, h, VERTEX_NONE, none), VERTEX_NONE, (struct op_setting){.side = 2});
    vertex f = add(g, OP_RESHAPE, a, VERTEX_NONE, (struct op_setting){.to = SHAPE(4, 4)});
    vertex p = add(g, OP_LOG_SOFTMAX, add(g, OP_MATMUL, f, w2, none), VERTEX_NONE, none);
    assert_true(graph_output(g, add(g, OP_NLL, p, labels(g, 4, 3), none), 0, &error));
    // Sets: 2 of 4 places, of two images if they differ. The bias is exact.
    const struct {
        vertex parameter;
        uint32_t same, different;
    } want[] = {{w, 6, 36}, {b, 1, 1}};
    struct tape *t = tape_new(g, g->output, 1, NUMBER_DOUBLE, NULL, &error);
    assert_true(tape_fill(t, 1, &error) && tape_forward(t, 0, &error) && tape_backward(t, &error));
    static struct outcomes o;
    for (int i = 0; i < 2; i++)
        for (int method = KEEP_SAME; method <= KEEP_DIFFERENT; method++) {
            all_outcomes(g, (enum keep_method)method, want[i].parameter, &o);
            assert_int_equal(o.count, method == KEEP_SAME ? want[i].same : want[i].different);
            const double *exact = tape_gradient(t, want[i].parameter);
            for (uint32_t j = 0; j < o.size; j++) assert_true(fabs(o.mean[j] - exact[j]) < 1e-12);
        }
    all_outcomes(g, KEEP_SAME, w2, &o);
    const double *exact = tape_gradient(t, w2);
    assert_int_equal(o.count, 6);
    for (uint32_t j = 0; j < o.size; j++) assert_true(fabs(o.mean[j] - exact[j]) < 1e-12);
    tape_free(t);
    graph_drop(g);
}

// All kept without replacement: exact training to rounding.
static void everything_kept_is_exact(void **state) {
    (void)state;
    struct graph *g = small_net(4);
    struct keep keep = {.method = KEEP_DIFFERENT, .fraction = 0.99, .distinct = true};
    struct tape *exact = tape_new(g, g->output, 1, NUMBER_DOUBLE, NULL, &error),
                *t = tape_new(g, g->output, 1, NUMBER_DOUBLE, &keep, &error);
    assert_true(tape_fill(exact, 0, &error) && tape_forward(exact, 0, &error) && tape_backward(exact, &error));
    assert_true(tape_fill(t, 0, &error) && tape_forward(t, 0, &error) && tape_backward(t, &error));
    assert_int_equal(keep_count(20, 0.99), 20);
    vertex w = graph_find(g, "W1", &error);
    const double *a = tape_gradient(exact, w), *b = tape_gradient(t, w);
    for (int i = 0; i < 300; i++) assert_true(fabs(a[i] - b[i]) < 1e-14);
    tape_free(exact);
    tape_free(t);
    graph_drop(g);
}

// The numbers behind a graph know the lines that its tensors came from.
// By the same sample of all rows, a gradient has few rows, and is had as such until somebody asks for all of it; not
// where a parameter is used twice, or each row has a sample of its own.
static void same_samples_have_thin_gradients(void **state) {
    (void)state;
    struct graph *g = small_net(6), *twice = graph_new(symbols, 1000, &error);
    vertex x = leaf(twice, "x", SHAPE(6, 5), false), w = leaf(twice, "W", SHAPE(5, 5), true);
    vertex h = add(twice, OP_MATMUL, add(twice, OP_MATMUL, x, w, none), w, none);
    assert_true(graph_output(twice, add(twice, OP_SUM, h, VERTEX_NONE, none), 0, &error));
    for (int method = KEEP_SAME; method <= KEEP_DIFFERENT; method++)
        for (int which = 0; which < 2; which++) {
            struct graph *of = which ? twice : g;
            struct keep keep = {.method = (enum keep_method)method, .fraction = 0.2, .seed = 5};
            struct tape *t = tape_new(of, of->output, 1, NUMBER_DOUBLE, &keep, &error);
            vertex v = w;
            for (uint32_t i = 0; !which && i < of->input_count; i++)
                if (graph_shape(of, of->input[i]).size[0] == 20) v = of->input[i]; // W1
            assert_true(t && graph_is_parameter(of, v));
            struct shape shape = graph_shape(of, v);
            struct thin_gradient thin;
            assert_true(tape_fill(t, 3, &error));
            for (uint64_t run = 0; run < 3; run++) {
                assert_true(tape_forward(t, run, &error) && tape_backward(t, &error));
                assert_int_equal(tape_thin_gradient(t, v, &thin), method == KEEP_SAME && !which);
                bool is_thin = tape_thin_gradient(t, v, &thin);
                const double *gradient = tape_gradient(t, v);
                uint32_t rows = 0;
                for (uint32_t i = 0; is_thin && i < shape.size[0]; i++)
                    for (uint32_t j = 0; j < shape.size[1]; j++) {
                        const double *row = (const double *)thin.row + (thin.slot[i] - 1) * thin.columns;
                        assert_true(gradient[i * shape.size[1] + j] == (thin.slot[i] ? row[j] : 0));
                        rows += thin.slot[i] && j == 0;
                    }
                assert_int_equal(is_thin, rows > 0 && rows <= keep_count(shape.size[0], 0.2));
                assert_false(tape_thin_gradient(t, v, &thin)); // it has been asked for
            }
            tape_free(t);
        }
    graph_drop(g);
    graph_drop(twice);
}

static void expanded_vertices_keep_their_lines(void **state) {
    (void)state;
    static const char text[] = "h = x @ W\ns = sum(h)\n";
    struct source *source = source_new("test", text, sizeof text - 1, &error);
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex x = leaf(g, "x", SHAPE(1, 2), false), w = leaf(g, "W", SHAPE(2, 3), false);
    uint32_t first = graph_site(g, (struct span){source, 4, 9}, &error);
    uint32_t second = graph_site(g, (struct span){source, 14, 20}, &error);
    struct op_setting all = {.axis = OP_ALL_AXES};
    vertex h = graph_add_tensor(g, OP_MATMUL, x, w, &none, first, &error);
    assert_true(graph_output(g, graph_add_tensor(g, OP_SUM, h, VERTEX_NONE, &all, second, &error), 0, &error));
    struct graph *numbers = graph_expand(g, 1000, &error);
    graph_drop(g);
    assert_non_null(numbers);
    uint32_t on[3] = {0};
    for (vertex v = 0; v < numbers->count; v++) {
        struct span span = graph_span(numbers, v);
        on[span.source ? source_line(span.source, span.begin) : 0]++;
    }
    assert_int_equal(on[0], 2 + 6); // inputs
    assert_int_equal(on[1], 3 * 3); // two products and their sum
    assert_int_equal(on[2], 1);
    graph_drop(numbers);
    source_drop(source);
}

static void bad_shapes_are_named(void **state) {
    (void)state;
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex a = leaf(g, "a", SHAPE(2, 3), false), b = leaf(g, "b", SHAPE(4, 5), false);
    struct error own = {0};
    assert_int_equal(graph_add_tensor(g, OP_MATMUL, a, b, &none, 0, &own), VERTEX_NONE);
    assert_non_null(strstr(own.message, "(2, 3) and (4, 5)"));
    error_clear(&own);
    assert_int_equal(graph_add_tensor(g, OP_ADD, a, b, &none, 0, &own), VERTEX_NONE);
    assert_int_equal(own.kind, ERROR_TYPE);
    error_clear(&own);
    assert_null(graph_expand(g, 3, &own));
    assert_int_equal(own.kind, ERROR_LIMIT);
    error_clear(&own);
    graph_drop(g);
}

int main(void) {
    symbols = symbols_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_agree_with_differences),
        cmocka_unit_test(fields_agree_with_differences),
        cmocka_unit_test(networks_agree_with_differences),
        cmocka_unit_test(recurrent_nets_agree_with_differences),
        cmocka_unit_test(bytes_are_counted),
        cmocka_unit_test(inputs_may_be_overwritten),
        cmocka_unit_test(variances_are_those_of_the_formulas),
        cmocka_unit_test(networks_are_unbiased),
        cmocka_unit_test(means_over_all_samples_are_exact),
        cmocka_unit_test(everything_kept_is_exact),
        cmocka_unit_test(same_samples_have_thin_gradients),
        cmocka_unit_test(expanded_vertices_keep_their_lines),
        cmocka_unit_test(bad_shapes_are_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    symbols_free(symbols);
    return failed;
}
