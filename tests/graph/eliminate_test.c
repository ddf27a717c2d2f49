// Eliminating one vertex at a time.
#include "example.h"
#include "graph/eliminate.h"

static void figure_1_step_by_step(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    struct eliminate *eliminate = eliminate_new(lcg, NULL);
    const struct eliminate_edge *changed;
    uint32_t count;
    (void)state;
    assert_int_equal(eliminate_remaining(eliminate), 4);
    assert_int_equal(eliminate_cheapest(eliminate), B);
    assert_true(eliminate_cost(eliminate, A) == 2);
    // c feeds d only: eliminating it gives b -> d and x2 -> d.
    assert_true(eliminate_vertex(eliminate, C, &changed, &count, NULL));
    assert_int_equal(count, 2);
    for (uint32_t i = 0; i < 2; i++) assert_true(changed[i].fill && changed[i].target == D && changed[i].before == 0);
    assert_close(eliminate_value(eliminate, B, D), graph->value[A] * 1.2, 1e-15);
    // Then b: x2 -> d is there already and changes.
    assert_true(eliminate_vertex(eliminate, B, &changed, &count, NULL));
    assert_int_equal(count, 1);
    assert_false(changed->fill);
    assert_close(changed->before, graph->value[A] * graph->value[B], 1e-15);
    assert_close(changed->value, changed->before + graph->value[A] * 1.2 * cos(1.2), 1e-15);
    assert_true(eliminate_vertex(eliminate, D, NULL, NULL, NULL));
    assert_true(eliminate_vertex(eliminate, A, NULL, NULL, NULL));
    assert_int_equal(eliminate_remaining(eliminate), 0);
    assert_int_equal(eliminate_cheapest(eliminate), VERTEX_NONE);
    struct eliminate_edge *edges = eliminate_edges(eliminate, &count, NULL);
    assert_int_equal(count, 2); // the Jacobian's edges
    assert_true(edges[0].source == X1 && edges[1].source == X2 && edges[0].target == F && edges[1].target == F);
    assert_close(edges[0].value, 6.0805077859, 1e-10);
    assert_close(edges[1].value, 3.7155335101, 1e-10);
    mem_free(edges);
    eliminate_free(eliminate);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void what_cannot_be_eliminated_is_told(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    vertex beside = named(graph, "beside", OP_SIN, A, 0);
    struct lcg *lcg = linearized(graph);
    struct eliminate *eliminate = eliminate_new(lcg, NULL);
    const vertex wrong[] = {X1, F, beside, B};
    (void)state;
    assert_true(eliminate_vertex(eliminate, B, NULL, NULL, NULL));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};
        assert_false(eliminate_alive(eliminate, wrong[i]));
        assert_false(eliminate_vertex(eliminate, wrong[i], NULL, NULL, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
    }
    eliminate_free(eliminate);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void finish_in_random_order(struct eliminate *eliminate, uint32_t count, uint64_t *random) {
    while (eliminate_remaining(eliminate) > 0) {
        double least = INFINITY;
        vertex v = random_below(random, count), cheapest = VERTEX_NONE;
        for (vertex u = 0; u < count; u++)
            if (eliminate_alive(eliminate, u) && eliminate_cost(eliminate, u) <= least) {
                least = eliminate_cost(eliminate, u);
                cheapest = u;
            }
        assert_int_equal(eliminate_cheapest(eliminate), cheapest); // the heap's answer is the plain one
        while (!eliminate_alive(eliminate, v)) v = (v + 1) % count;
        assert_true(eliminate_vertex(eliminate, v, NULL, NULL, NULL));
    }
}

static bool is_among(vertex v, const vertex *list, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (list[i] == v) return true;
    return false;
}

// Whatever the order, it ends with the Jacobian's edges: from inputs to outputs, and no others.
static void any_order_ends_with_the_jacobian(void **state) {
    uint64_t random = 5;
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct symbols *symbols = symbols_new();
        struct graph *graph = random_graph(symbols, seed, 10 + (uint32_t)(seed % 30));
        struct lcg *lcg = linearized(graph);
        struct eliminate *eliminate = eliminate_new(lcg, NULL);
        struct jacobian jacobian;
        uint32_t count;
        assert_true(bauer_jacobian(lcg, BAUER_REVERSE, NULL, 0, &jacobian, NULL));
        finish_in_random_order(eliminate, graph->count, &random);
        struct eliminate_edge *edges = eliminate_edges(eliminate, &count, NULL);
        for (uint32_t i = 0; i < count; i++) {
            assert_true(is_among(edges[i].source, graph->input, graph->input_count));
            assert_true(is_among(edges[i].target, graph->output, graph->output_count));
            assert_true(i == 0 || edges[i - 1].target < edges[i].target || edges[i - 1].source < edges[i].source);
        }
        for (uint32_t row = 0; row < jacobian.rows; row++)
            for (uint32_t column = 0; column < jacobian.columns; column++) {
                vertex from = graph->input[column], to = graph->output[row];
                double value = from == to ? 1 : eliminate_value(eliminate, from, to);
                assert_close(jacobian.value[row * jacobian.columns + column], value, 1e-9);
            }
        mem_free(edges);
        jacobian_free(&jacobian);
        eliminate_free(eliminate);
        lcg_free(lcg);
        graph_drop(graph);
        symbols_free(symbols);
    }
}

// A step that runs out of memory leaves everything as it was.
static void a_failing_step_changes_nothing(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = interleaved(symbols, 10, 4);
    struct lcg *lcg = linearized(graph);
    struct eliminate *eliminate = eliminate_new(lcg, NULL);
    (void)state;
    while (eliminate_remaining(eliminate) > 0) {
        struct error error = {0};
        vertex v = eliminate_cheapest(eliminate);
        double cost = eliminate_cost(eliminate, v);
        mem_fail_after(1);
        if (!eliminate_vertex(eliminate, v, NULL, NULL, &error)) {
            assert_int_equal(error.kind, ERROR_MEMORY);
            assert_true(eliminate_alive(eliminate, v) && eliminate_cost(eliminate, v) == cost);
            mem_fail_after(0);
            assert_true(eliminate_vertex(eliminate, v, NULL, NULL, NULL));
        }
        mem_fail_after(0);
    }
    struct jacobian jacobian;
    assert_true(bauer_jacobian(lcg, BAUER_REVERSE, NULL, 0, &jacobian, NULL));
    assert_close(eliminate_value(eliminate, graph->input[0], graph->output[0]), jacobian.value[0], 1e-12);
    jacobian_free(&jacobian);
    eliminate_free(eliminate);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figure_1_step_by_step),
        cmocka_unit_test(what_cannot_be_eliminated_is_told),
        cmocka_unit_test(any_order_ends_with_the_jacobian),
        cmocka_unit_test(a_failing_step_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
