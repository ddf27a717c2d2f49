// The Jacobian in every mode: Figure 1's numbers and costs, and agreement on random programs.
#include "example.h"

static const enum bauer_mode every_mode[] = {BAUER_REVERSE, BAUER_FORWARD, BAUER_PATHS, BAUER_ORDER, BAUER_GREEDY};
enum { MODES = 5 };

static struct jacobian jacobian_of(const struct lcg *lcg, enum bauer_mode mode) {
    struct jacobian jacobian;
    struct error error = {0};
    if (!bauer_jacobian(lcg, mode, NULL, 0, &jacobian, &error)) fail_msg("%s", error.message);
    return jacobian;
}

// Derivatives and costs as in the paper's example (path values 3.0402538930 twice; 1.1819885993 and 2.5335449108).
static void figure_1_costs(void **state) {
    static const double multiplications[MODES] = {6, 6, 8, 6, 5};
    static const double remembered[MODES] = {8, 5, 8, 8, 8};
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    (void)state;
    for (int i = 0; i < MODES; i++) {
        struct jacobian jacobian = jacobian_of(lcg, every_mode[i]);
        assert_int_equal(jacobian.rows, 1);
        assert_int_equal(jacobian.columns, 2);
        assert_close(jacobian.value[0], 6.0805077859, 1e-10);
        assert_close(jacobian.value[1], 3.7155335101, 1e-10);
        assert_true(jacobian.multiplications == multiplications[i]);
        assert_true(jacobian.remembered == remembered[i]);
        assert_true(jacobian.paths == (every_mode[i] == BAUER_PATHS ? 4 : 0));
        jacobian_free(&jacobian);
    }
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static double cost_of_order(const struct lcg *lcg, const vertex *order, uint32_t count) {
    struct jacobian jacobian;
    assert_true(bauer_jacobian(lcg, BAUER_ORDER, order, count, &jacobian, NULL));
    double cost = jacobian.multiplications;
    assert_int_equal(jacobian.order_count, 4);
    for (uint32_t i = 0; i < count; i++) assert_int_equal(jacobian.order[i], order[i]);
    jacobian_free(&jacobian);
    return cost;
}

static void figure_1_orders(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    (void)state;
    assert_true(cost_of_order(lcg, (vertex[]){B, C, D, A}, 4) == 5);
    assert_true(cost_of_order(lcg, (vertex[]){C, A, D, B}, 4) == 8);
    assert_true(cost_of_order(lcg, (vertex[]){A, B, C, D}, 4) == 6); // forward
    assert_true(cost_of_order(lcg, (vertex[]){D, C, B, A}, 4) == 6); // reverse
    assert_true(cost_of_order(lcg, (vertex[]){D}, 1) == 6);          // the rest follows in reverse
    struct jacobian greedy = jacobian_of(lcg, BAUER_GREEDY);
    const vertex expected[] = {B, C, D, A};
    assert_memory_equal(greedy.order, expected, sizeof expected);
    jacobian_free(&greedy);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void wrong_orders_are_refused(void **state) {
    static const vertex wrong[][2] = {{X1, B}, {F, B}, {B, B}};
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    struct jacobian jacobian;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};
        assert_false(bauer_jacobian(lcg, BAUER_ORDER, wrong[i], 2, &jacobian, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_null(jacobian.value);
    }
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// ---- random programs ----------------------------------------------------------------------------------------------

// Vertex elimination on a plain matrix, as the book has it (Griewank and Walther, section 9.1): the slow twin.
struct matrix {
    uint32_t count;
    bool *there, *output, *input;
};

static double eliminate_in(struct matrix *m, vertex v) {
    double in = 0, out = 0;
    bool *there = m->there;
    for (vertex u = 0; u < m->count; u++) {
        in += there[u * m->count + v];
        out += there[v * m->count + u];
    }
    for (vertex u = 0; u < m->count; u++)
        for (vertex w = 0; w < m->count; w++)
            if (there[u * m->count + v] && there[v * m->count + w]) there[u * m->count + w] = true;
    for (vertex u = 0; u < m->count; u++) {
        there[v * m->count + u] = false;
        if (!m->output[v]) there[u * m->count + v] = false;
    }
    return in * out;
}

static double plain_cost(const struct lcg *lcg, bool backwards) {
    const struct graph *graph = lcg->graph;
    uint32_t n = lcg->count;
    struct matrix m = {n, calloc((size_t)n * n, 1), calloc(n, 1), calloc(n, 1)};
    uint8_t *active = calloc(n, 1);
    assert_true(lcg_active(lcg, graph->input, graph->input_count, graph->output, graph->output_count, active, NULL));
    for (vertex v = 0; v < n; v++)
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++)
            if (active[v] && active[lcg->source[e]]) m.there[lcg->source[e] * n + v] = true;
    for (uint32_t i = 0; i < graph->output_count; i++) m.output[graph->output[i]] = true;
    for (uint32_t i = 0; i < graph->input_count; i++) m.input[graph->input[i]] = true;
    double cost = 0;
    for (vertex i = 0; i < n; i++) {
        vertex v = backwards ? n - 1 - i : i;
        if (!m.input[v]) cost += eliminate_in(&m, v);
    }
    free(m.there);
    free(m.output);
    free(m.input);
    free(active);
    return cost;
}

static void same_values(const struct jacobian *a, const struct jacobian *b) {
    for (uint32_t i = 0; i < a->rows * a->columns; i++) assert_close(a->value[i], b->value[i], 1e-10);
}

static void random_programs_agree_in_every_mode(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct symbols *symbols = symbols_new();
        struct graph *graph = random_graph(symbols, seed, 3 + (uint32_t)(seed % 20));
        struct lcg *lcg = linearized(graph);
        struct jacobian reverse = jacobian_of(lcg, BAUER_REVERSE);
        assert_true(reverse.multiplications == plain_cost(lcg, true));
        for (int i = 1; i < MODES; i++) {
            struct jacobian other = jacobian_of(lcg, every_mode[i]);
            same_values(&reverse, &other);
            if (every_mode[i] == BAUER_FORWARD) assert_true(other.multiplications == plain_cost(lcg, false));
            if (every_mode[i] == BAUER_ORDER) // all of them follow in reverse
                assert_true(other.multiplications == reverse.multiplications);
            if (every_mode[i] == BAUER_PATHS) assert_true(other.remembered == reverse.remembered);
            jacobian_free(&other);
        }
        jacobian_free(&reverse);
        lcg_free(lcg);
        graph_drop(graph);
        symbols_free(symbols);
    }
}

static void directional_derivatives_are_rows_and_columns(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct symbols *symbols = symbols_new();
        struct graph *graph = random_graph(symbols, seed, 20);
        struct lcg *lcg = linearized(graph);
        struct jacobian j = jacobian_of(lcg, BAUER_REVERSE);
        double direction[8], weight[8], tangent[64], adjoint[64];
        for (uint32_t i = 0; i < j.columns; i++) direction[i] = 1 + i;
        for (uint32_t i = 0; i < j.rows; i++) weight[i] = 2.0 - i;
        assert_true(bauer_tangent(lcg, direction, tangent, NULL));
        assert_true(bauer_adjoint(lcg, weight, adjoint, NULL));
        for (uint32_t row = 0; row < j.rows; row++) {
            double sum = 0;
            for (uint32_t i = 0; i < j.columns; i++) sum += j.value[row * j.columns + i] * direction[i];
            assert_close(tangent[graph->output[row]], sum, 1e-10);
        }
        for (uint32_t i = 0; i < j.columns; i++) {
            double sum = 0;
            for (uint32_t row = 0; row < j.rows; row++) sum += j.value[row * j.columns + i] * weight[row];
            assert_close(adjoint[graph->input[i]], sum, 1e-10);
        }
        jacobian_free(&j);
        lcg_free(lcg);
        graph_drop(graph);
        symbols_free(symbols);
    }
}

// ---- special cases ------------------------------------------------------------------------------------------------

// y = x*x; outputs x, y, y, k: an input, a pair of parallel edges, an output twice, a constant.
static void awkward_outputs(void **state) {
    static const double expected[4] = {1, 6, 6, 0};
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    vertex x = graph_input(graph, 0, 3, 0, NULL), y = graph_add(graph, OP_MUL, x, x, 0, NULL);
    vertex k = graph_constant(graph, name_of(graph, "k"), 5, 0, NULL);
    const vertex output[4] = {x, y, y, k};
    (void)state;
    for (int i = 0; i < 4; i++) graph_output(graph, output[i], 0, NULL);
    struct lcg *lcg = linearized(graph);
    for (int i = 0; i < MODES; i++) {
        struct jacobian jacobian = jacobian_of(lcg, every_mode[i]);
        for (int row = 0; row < 4; row++) assert_close(jacobian.value[row], expected[row], 1e-15);
        assert_true(jacobian.multiplications == 0);
        if (every_mode[i] == BAUER_PATHS) assert_true(jacobian.paths == 3); // the empty one and two to y
        jacobian_free(&jacobian);
    }
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// sqrt has an infinite slope at 0, but it is beside the way from y to the output, and from x to the other one.
static void infinite_partials_beside_the_way_do_no_harm(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    vertex x = graph_input(graph, 0, 0, 0, NULL), y = graph_input(graph, 0, 2, 0, NULL);
    vertex root = graph_add(graph, OP_SQRT, x, 0, 0, NULL), square = graph_add(graph, OP_MUL, y, y, 0, NULL);
    (void)state;
    graph_output(graph, graph_add(graph, OP_ADD, root, square, 0, NULL), 0, NULL);
    graph_output(graph, square, 0, NULL);
    struct lcg *lcg = linearized(graph);
    for (int i = 0; i < MODES; i++) {
        struct jacobian j = jacobian_of(lcg, every_mode[i]);
        assert_true(isinf(j.value[0]) && j.value[1] == 4 && j.value[2] == 0 && j.value[3] == 4);
        jacobian_free(&j);
    }
    double tangent[5];
    assert_true(bauer_tangent(lcg, (double[]){0, 1}, tangent, NULL));
    assert_true(tangent[4] == 4);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// 5^6 = 15625 paths, each of them walked.
static void all_paths_are_really_walked(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = interleaved(symbols, 5, 6);
    struct lcg *lcg = linearized(graph);
    struct jacobian paths = jacobian_of(lcg, BAUER_PATHS), reverse = jacobian_of(lcg, BAUER_REVERSE);
    (void)state;
    assert_true(paths.paths == 15625);
    assert_true(fabs(paths.value[0] - reverse.value[0]) <= 1e-12 * reverse.value[0]);
    jacobian_free(&paths);
    jacobian_free(&reverse);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void every_mode_can_be_interrupted(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = interleaved(symbols, 8, 30); // 10^27 paths
    struct lcg *lcg = linearized(graph);
    struct jacobian jacobian;
    (void)state;
    task_interrupt();
    for (int i = 0; i < MODES; i++) {
        struct error error = {0};
        assert_false(bauer_jacobian(lcg, every_mode[i], NULL, 0, &jacobian, &error));
        assert_int_equal(error.kind, ERROR_INTERRUPT);
    }
    task_begin();
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void memory_may_run_out_in_every_mode(void **state) {
    (void)state;
    for (int i = 0; i < MODES; i++) {
        struct symbols *symbols = symbols_new();
        struct graph *graph = random_graph(symbols, 11, 40);
        bool ok = false;
        for (size_t n = 1; !ok; n++) {
            struct error error = {0};
            struct jacobian jacobian = {0};
            mem_fail_after(n);
            struct lcg *lcg = lcg_new(graph, &error);
            ok = lcg && bauer_jacobian(lcg, every_mode[i], NULL, 0, &jacobian, &error);
            mem_fail_after(0);
            assert_true(ok || error.kind == ERROR_MEMORY);
            assert_true(n < 1000);
            jacobian_free(&jacobian);
            lcg_free(lcg);
        }
        graph_drop(graph);
        symbols_free(symbols);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figure_1_costs),
        cmocka_unit_test(figure_1_orders),
        cmocka_unit_test(wrong_orders_are_refused),
        cmocka_unit_test(random_programs_agree_in_every_mode),
        cmocka_unit_test(directional_derivatives_are_rows_and_columns),
        cmocka_unit_test(awkward_outputs),
        cmocka_unit_test(infinite_partials_beside_the_way_do_no_harm),
        cmocka_unit_test(all_paths_are_really_walked),
        cmocka_unit_test(every_mode_can_be_interrupted),
        cmocka_unit_test(memory_may_run_out_in_every_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
