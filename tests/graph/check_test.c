// Derivatives against finite differences.
#include "example.h"
#include "graph/check.h"

static struct check check_of(const struct lcg *lcg) {
    struct check check;
    struct error error = {0};
    if (!check_derivatives(lcg, 1e-5, &check, &error)) fail_msg("%s", error.message);
    return check;
}

static void figure_1_is_right(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    (void)state;
    struct check check = check_of(lcg);
    assert_true(check.ok);
    assert_int_equal(check.partials, 8);
    assert_int_equal(check.entries, 2);
    assert_int_equal(check.skipped, 0);
    assert_true(check.worst_partial < 1e-9 && check.worst_entry < 1e-9);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void a_wrong_partial_is_named(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    (void)state;
    lcg->partial[1] *= 1.001; // x2 -> b
    struct check check = check_of(lcg);
    assert_false(check.ok);
    assert_int_equal(check.worst_edge, 1);
    assert_close(check.partial_difference, cos(1.2), 1e-9);
    assert_int_equal(check.worst_column, 1); // and the Jacobian of it is wrong, too
    assert_true(check.worst_entry > 1e-4);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void one_operation_is_right_at(enum op op, double a, double b) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    vertex x = graph_input(graph, 0, a, 0, NULL), y = graph_input(graph, 0, b, 0, NULL);
    graph_output(graph, graph_add(graph, op, x, y, 0, NULL), 0, NULL);
    struct lcg *lcg = linearized(graph);
    struct check check = check_of(lcg);
    if (!check.ok)
        fail_msg("%s(%g, %g): partial %.17g, difference %.17g; entry %.17g, difference %.17g", op_table[op].name, a, b,
                 check.partial_exact, check.partial_difference, check.entry_exact, check.entry_difference);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void every_operation_is_right(void **state) {
    uint64_t random = 3;
    (void)state;
    for (int op = OP_FIRST_ROW; op < OP_COUNT; op++)
        for (int i = 0; i < 50; i++) {
            double low = op_table[op].low, high = op_table[op].high;
            one_operation_is_right_at((enum op)op, random_between(&random, low, high),
                                      random_between(&random, low, high));
        }
}

// A step across a kink says nothing, however small the number beside it.
static void steps_stay_on_one_side_of_a_kink(void **state) {
    (void)state;
    for (double x = 1e-2; x > 1e-18; x /= 100) {
        one_operation_is_right_at(OP_ABS, x, 1);
        one_operation_is_right_at(OP_RELU, -x, 1);
    }
}

// Steps fit the scale: the difference works far from 1 and next to the edge of a domain.
static void steps_fit_the_scale(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    (void)state;
    vertex tiny = graph_input(graph, 0, 1e-8, 0, NULL), big = graph_input(graph, 0, 700, 0, NULL);
    graph_output(graph, graph_add(graph, OP_LOG, tiny, 0, 0, NULL), 0, NULL);
    graph_output(graph, graph_add(graph, OP_EXP, big, 0, 0, NULL), 0, NULL);
    graph_output(graph, graph_add(graph, OP_SQRT, tiny, 0, 0, NULL), 0, NULL);
    struct lcg *lcg = linearized(graph);
    struct check check = check_of(lcg);
    assert_true(check.ok);
    assert_int_equal(check.partials, 3);
    assert_int_equal(check.entries, 6);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void kinks_are_counted_and_not_blamed(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    (void)state;
    vertex x = graph_input(graph, 0, 0, 0, NULL), y = graph_input(graph, 0, 1e-3, 0, NULL);
    graph_output(graph, graph_add(graph, OP_RELU, x, 0, 0, NULL), 0, NULL); // convention 0, difference 0.5
    graph_output(graph, graph_add(graph, OP_ABS, y, 0, 0, NULL), 0, NULL);  // the kink is inside the first steps
    struct lcg *lcg = linearized(graph);
    struct check check = check_of(lcg);
    assert_true(check.ok);
    assert_int_equal(check.kinks, 1);
    assert_int_equal(check.partials, 1);
    assert_int_equal(check.skipped, 1); // the entry through the kink
    assert_int_equal(check.entries, 3);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// n % 2 at 3077 has jumps at distance 1: large steps must not average over them.
static void a_jump_nearby_is_not_stepped_over(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    vertex n = graph_input(graph, 0, 3077, 0, NULL), two = graph_constant(graph, 0, 2, 0, NULL);
    graph_output(graph, graph_add(graph, OP_MOD, n, two, 0, NULL), 0, NULL);
    struct lcg *lcg = linearized(graph);
    struct check check = check_of(lcg);
    assert_true(check.ok);
    assert_int_equal(check.partials, 1);
    assert_int_equal(check.entries, 1);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// A step of 1/16 crosses the kink and sees a slope of 0 there; the check must not blame the partial for it.
static void a_kink_nearby_is_not_stepped_over(void **state) {
    (void)state;
    for (double x = 1e-15; x < 1e-2; x *= 7) {
        one_operation_is_right_at(OP_ABS, x, 0);
        one_operation_is_right_at(OP_RELU, -x, 0);
    }
}

static void random_programs_are_right(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct symbols *symbols = symbols_new();
        struct graph *graph = random_graph(symbols, seed, 25);
        struct lcg *lcg = linearized(graph);
        struct check check = check_of(lcg);
        assert_true(check.ok);
        lcg_free(lcg);
        graph_drop(graph);
        symbols_free(symbols);
    }
}

static void trouble_is_told(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    struct check check;
    bool ok = false;
    (void)state;
    for (size_t n = 1; !ok; n++) {
        struct error error = {0};
        mem_fail_after(n);
        ok = check_derivatives(lcg, 1e-5, &check, &error);
        mem_fail_after(0);
        assert_true(ok || error.kind == ERROR_MEMORY);
    }
    struct error error = {0};
    task_interrupt();
    assert_false(check_derivatives(lcg, 1e-5, &check, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    task_begin();
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figure_1_is_right),
        cmocka_unit_test(a_wrong_partial_is_named),
        cmocka_unit_test(every_operation_is_right),
        cmocka_unit_test(steps_stay_on_one_side_of_a_kink),
        cmocka_unit_test(steps_fit_the_scale),
        cmocka_unit_test(kinks_are_counted_and_not_blamed),
        cmocka_unit_test(a_jump_nearby_is_not_stepped_over),
        cmocka_unit_test(a_kink_nearby_is_not_stepped_over),
        cmocka_unit_test(random_programs_are_right),
        cmocka_unit_test(trouble_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
