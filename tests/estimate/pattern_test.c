// The graphs of Figure 2: as many paths as there should be, and weights as they should be.
#include "random_lcg.h"

#include <math.h>

#include "estimate/pattern.h"
#include "graph/path.h"

static struct graph *make(const struct pattern *p, struct symbols *symbols) {
    struct error error = {0};
    struct graph *graph = pattern_graph(p, symbols, 100000, &error);
    assert_non_null(graph);
    assert_true(graph->count == pattern_vertices(p));
    assert_true(graph_edge_count(graph) == pattern_edges(p));
    return graph;
}

static double paths(struct graph *graph) {
    struct error error = {0};
    struct lcg *lcg = lcg_new(graph, &error);
    mpz_t count;
    mpz_init(count);
    assert_true(path_count(lcg, graph->input, 1, graph->output, 1, count, &error));
    double value = mpz_get_d(count);
    mpz_clear(count);
    lcg_free(lcg);
    return value;
}

static void test_paths(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    for (uint32_t w = 1; w <= 5; w++)
        for (uint32_t d = 1; d <= 30; d += d < 4 ? 1 : 13)
            for (int kind = 0; kind < PATTERN_COUNT; kind++) {
                struct pattern p = {.kind = (enum pattern_kind)kind, .width = w, .depth = d};
                struct graph *graph = make(&p, symbols);
                double wanted = kind == PATTERN_INDEPENDENT ? w : pow(w, d);
                assert_true(fabs(paths(graph) - wanted) <= 1e-12 * wanted);
                // Ones, normalised: the paths' mean.
                assert_true(fabs(graph->value[graph->output[0]] - 1) < 1e-12);
                graph_drop(graph);
            }
    symbols_free(symbols);
}

// Means and variances of the 39,900 weights between hidden layers, at 6 standard errors.
static void test_weights(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    const double mean[] = {1 / 10.0, 1 / 10.0, 0, 0}, variance[] = {0, 1 / 1200.0, 0.1, 0.1};
    for (int kind = 0; kind < WEIGHTS_COUNT; kind++) {
        struct pattern p = {PATTERN_INTERLEAVED, 10, 400, (enum weights)kind, 0.5, 1.5, false, 7};
        struct graph *graph = make(&p, symbols), *again = make(&p, symbols);
        double sum = 0, squares = 0, count = 0;
        for (uint32_t e = 10; e < graph_edge_count(graph) - 10; e++) {
            sum += graph->weight[e], squares += graph->weight[e] * graph->weight[e], count++;
            assert_true(graph->weight[e] == again->weight[e]);
        }
        double m = sum / count, v = squares / count - m * m;
        assert_true(fabs(m - mean[kind]) <= 6 * sqrt(variance[kind] / count) + 1e-12);
        assert_true(fabs(v - variance[kind]) <= 6 * variance[kind] * sqrt(2 / count) + 1e-12);
        graph_drop(again);
        p.seed = 8;
        again = make(&p, symbols);
        assert_true(kind == WEIGHTS_ONES || again->weight[20] != graph->weight[20] ||
                    again->weight[21] != graph->weight[21] || again->weight[22] != graph->weight[22] ||
                    again->weight[23] != graph->weight[23]);
        graph_drop(again);
        graph_drop(graph);
    }
    symbols_free(symbols);
}

static void test_limits(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    struct error error = {0};
    struct pattern p = {.kind = PATTERN_INTERLEAVED, .width = 1000, .depth = 1000};
    assert_null(pattern_graph(&p, symbols, 1000, &error));
    assert_int_equal(error.kind, ERROR_LIMIT);
    symbols_free(symbols);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths), cmocka_unit_test(test_weights),
                                       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
