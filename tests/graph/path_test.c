// Counting and listing paths, against plain enumeration.
#include "example.h"
#include "graph/path.h"

// ---- the slow twin: every path by recursion, sorted ---------------------------------------------------------------

enum { LONGEST = 64, MOST_PATHS = 20000 };

struct plain_path {
    uint32_t input, output, length; // ranks; edges
    vertex vertex[LONGEST];
    uint32_t edge[LONGEST];
    double product;
};

struct plain {
    const struct lcg *lcg;
    const vertex *from, *to;
    uint32_t from_count, to_count, count;
    struct plain_path *path, now;
};

static uint32_t rank_in(vertex v, const vertex *list, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (list[i] == v) return i;
    return UINT32_MAX;
}

static void extend(struct plain *plain, vertex v) {
    struct plain_path *now = &plain->now;
    now->vertex[now->length] = v;
    now->output = rank_in(v, plain->to, plain->to_count);
    if (now->output != UINT32_MAX && plain->count < MOST_PATHS) plain->path[plain->count++] = *now;
    for (vertex w = v + 1; w < plain->lcg->count; w++)
        for (uint32_t e = plain->lcg->offset[w]; e < plain->lcg->offset[w + 1]; e++) {
            if (plain->lcg->source[e] != v) continue;
            double product = now->product;
            now->edge[now->length++] = e;
            now->product *= plain->lcg->partial[e];
            extend(plain, w);
            now->length--;
            now->product = product;
        }
}

static int compare(double a, double b) { return (a > b) - (a < b); }

static int by_listed(const void *left, const void *right) {
    const struct plain_path *a = left, *b = right;
    int order = compare(a->input, b->input);
    if (!order) order = compare(a->output, b->output);
    if (!order) order = compare(a->length, b->length);
    for (uint32_t i = 0; !order && i <= a->length; i++) order = compare(a->vertex[i], b->vertex[i]);
    for (uint32_t i = 0; !order && i < a->length; i++) order = compare(a->edge[i], b->edge[i]);
    return order;
}

static int by_product(const void *left, const void *right) {
    const struct plain_path *a = left, *b = right;
    double size_a = isnan(a->product) ? 0 : fabs(a->product), size_b = isnan(b->product) ? 0 : fabs(b->product);
    return size_a != size_b ? compare(size_b, size_a) : by_listed(left, right);
}

static struct plain plain_paths(const struct lcg *lcg, const vertex *from, uint32_t from_count, const vertex *to,
                                uint32_t to_count) {
    struct plain plain = {.lcg = lcg, .from = from, .to = to, .from_count = from_count, .to_count = to_count};
    plain.path = malloc(MOST_PATHS * sizeof *plain.path);
    for (uint32_t i = 0; i < from_count; i++) {
        if (rank_in(from[i], from, i) != UINT32_MAX) continue;
        plain.now = (struct plain_path){.input = i, .product = 1};
        extend(&plain, from[i]);
    }
    return plain;
}

// ---- comparing ----------------------------------------------------------------------------------------------------

static void same_path(const struct plain *plain, const struct plain_path *expected, const struct path *path) {
    assert_int_equal(path->input, plain->from[expected->input]);
    assert_int_equal(path->output, plain->to[expected->output]);
    assert_int_equal(path->length, expected->length);
    assert_memory_equal(path->vertex, expected->vertex, (path->length + 1) * sizeof(vertex));
    assert_memory_equal(path->edge, expected->edge, path->length * sizeof(uint32_t));
    assert_memory_equal(&path->product, &expected->product, sizeof(double));
}

static void lists_all(struct plain *plain, enum path_order order) {
    struct path path;
    struct error error = {0};
    struct paths *paths =
        paths_new(plain->lcg, plain->from, plain->from_count, plain->to, plain->to_count, order, &error);
    qsort(plain->path, plain->count, sizeof *plain->path, order == PATH_LISTED ? by_listed : by_product);
    assert_non_null(paths);
    for (uint32_t i = 0; i < plain->count; i++) {
        assert_true(paths_next(paths, &path, &error));
        same_path(plain, &plain->path[i], &path);
    }
    assert_false(paths_next(paths, &path, &error));
    assert_false(paths_next(paths, &path, &error));
    assert_int_equal(error.kind, ERROR_NONE);
    paths_free(paths);
}

static void counts_all(const struct plain *plain) {
    mpz_t count;
    mpz_init(count);
    assert_true(path_count(plain->lcg, plain->from, plain->from_count, plain->to, plain->to_count, count, NULL));
    assert_true(mpz_cmp_ui(count, plain->count) == 0);
    mpz_clear(count);
}

static void sums_are_the_jacobian(const struct plain *plain) {
    struct jacobian jacobian;
    const struct graph *graph = plain->lcg->graph;
    assert_true(bauer_jacobian(plain->lcg, BAUER_PATHS, NULL, 0, &jacobian, NULL));
    assert_true(jacobian.paths == plain->count);
    for (uint32_t row = 0; row < jacobian.rows; row++)
        for (uint32_t column = 0; column < jacobian.columns; column++) {
            double sum = 0;
            uint32_t first = rank_in(graph->output[row], graph->output, graph->output_count);
            for (uint32_t i = 0; i < plain->count; i++)
                if (plain->path[i].input == column && plain->path[i].output == first) sum += plain->path[i].product;
            assert_close(sum, jacobian.value[row * jacobian.columns + column], 1e-10);
        }
    jacobian_free(&jacobian);
}

static void random_programs_match_plain_enumeration(void **state) {
    uint32_t tested = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        struct symbols *symbols = symbols_new();
        struct graph *graph = random_graph(symbols, seed, 4 + (uint32_t)(seed % 16));
        struct lcg *lcg = linearized(graph);
        if (seed % 3 == 0) // few different sizes: ties everywhere
            for (uint32_t e = 0; e < graph_edge_count(graph); e++) lcg->partial[e] = e % 5 == 0 ? -2.0 : 1 + e % 3;
        if (seed % 7 == 0) // and paths that come last
            for (uint32_t e = 0; e < graph_edge_count(graph); e += 6) lcg->partial[e] = e % 4 ? 0 : NAN;
        struct plain plain = plain_paths(lcg, graph->input, graph->input_count, graph->output, graph->output_count);
        if (plain.count < 3000) {
            counts_all(&plain);
            lists_all(&plain, PATH_LISTED);
            lists_all(&plain, PATH_LARGEST);
            if (seed % 7 != 0) sums_are_the_jacobian(&plain);
            tested++;
        }
        free(plain.path);
        lcg_free(lcg);
        graph_drop(graph);
        symbols_free(symbols);
    }
    assert_true(tested > 500);
}

static void any_vertices_may_be_ends(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    const vertex from[] = {C, A, A}, to[] = {F, D, A};
    (void)state;
    struct plain plain = plain_paths(lcg, from, 3, to, 3);
    assert_int_equal(plain.count, 6); // c-d-f, c-d, a-f, a-d-f, a-d, a
    counts_all(&plain);
    lists_all(&plain, PATH_LISTED);
    lists_all(&plain, PATH_LARGEST);
    free(plain.path);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// ---- Figure 1 -----------------------------------------------------------------------------------------------------

static void figure_1_has_four_paths(void **state) {
    static const vertex expected[4][5] = {{X1, A, F}, {X1, A, D, F}, {X2, C, D, F}, {X2, B, C, D, F}};
    static const double product[4] = {3.0402538930, 3.0402538930, 2.5335449108, 1.1819885993};
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    struct path path;
    (void)state;
    for (enum path_order order = PATH_LISTED; order <= PATH_LARGEST; order++) {
        struct paths *paths = paths_new(lcg, graph->input, 2, graph->output, 1, order, NULL);
        for (int i = 0; i < 4; i++) { // here both orders are the same
            assert_true(paths_next(paths, &path, NULL));
            assert_memory_equal(path.vertex, expected[i], (path.length + 1) * sizeof(vertex));
            assert_close(path.product, product[i], 1e-10);
        }
        assert_false(paths_next(paths, &path, NULL));
        paths_free(paths);
    }
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// ---- very many paths ----------------------------------------------------------------------------------------------

static void counts_are_exact_however_large(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = interleaved(symbols, 10, 33);
    struct lcg *lcg = linearized(graph);
    double *count = malloc(graph->count * sizeof *count);
    mpz_t exact;
    (void)state;
    mpz_init(exact);
    assert_true(path_count(lcg, graph->input, 1, graph->output, 1, exact, NULL));
    char *text = mpz_get_str(NULL, 10, exact);
    assert_string_equal(text, "1000000000000000000000000000000000"); // 10^33
    assert_true(path_count_from(lcg, graph->input[0], count, NULL));
    assert_close(count[graph->output[0]], 1e33, 1e-14);
    assert_true(path_count_to(lcg, graph->output[0], count, NULL));
    assert_close(count[graph->input[0]], 1e33, 1e-14);
    free(text);
    free(count);
    mpz_clear(exact);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// The largest path of an interleaved net by dynamic programming in the test itself.
static double largest_product(const struct lcg *lcg) {
    double *best = calloc(lcg->count, sizeof *best);
    best[lcg->graph->input[0]] = 1;
    for (vertex v = 0; v < lcg->count; v++)
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++)
            best[v] = fmax(best[v], best[lcg->source[e]] * fabs(lcg->partial[e]));
    double largest = best[lcg->graph->output[0]];
    free(best);
    return largest;
}

static void the_first_of_very_many_come_at_once(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = interleaved(symbols, 10, 30);
    struct lcg *lcg = linearized(graph);
    struct path path;
    (void)state;
    struct paths *listed = paths_new(lcg, graph->input, 1, graph->output, 1, PATH_LISTED, NULL);
    struct paths *largest = paths_new(lcg, graph->input, 1, graph->output, 1, PATH_LARGEST, NULL);
    uint32_t length = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(paths_next(listed, &path, NULL));
        assert_true(path.length >= length);
        length = path.length;
    }
    double last = INFINITY;
    for (int i = 0; i < 1000; i++) {
        assert_true(paths_next(largest, &path, NULL));
        if (i == 0) assert_close(path.product / largest_product(lcg), 1, 1e-12);
        assert_true(fabs(path.product) <= last);
        last = fabs(path.product);
    }
    paths_free(listed);
    paths_free(largest);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// y = y + y, 100,000 times: 2^100000 paths of length 100,000, all with product 1.
static void long_chains_of_parallel_edges(void **state) {
    enum { LENGTH = 100000 };
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    vertex v = graph_input(graph, 0, 1e-300, 0, NULL);
    (void)state;
    for (int i = 0; i < LENGTH; i++) v = graph_add(graph, OP_ADD, v, v, 0, NULL);
    graph_output(graph, v, 0, NULL);
    struct lcg *lcg = linearized(graph);
    for (enum path_order order = PATH_LISTED; order <= PATH_LARGEST; order++) {
        struct paths *paths = paths_new(lcg, graph->input, 1, graph->output, 1, order, NULL);
        struct path path;
        for (uint32_t i = 0; i < 4; i++) { // the edges count in binary
            assert_true(paths_next(paths, &path, NULL));
            assert_int_equal(path.length, LENGTH);
            assert_int_equal(path.edge[LENGTH - 1] % 2, i % 2);
            assert_int_equal(path.edge[LENGTH - 2] % 2, i / 2);
        }
        paths_free(paths);
    }
    mpz_t count;
    mpz_init(count);
    assert_true(path_count(lcg, graph->input, 1, graph->output, 1, count, NULL));
    assert_true(mpz_sizeinbase(count, 2) == LENGTH + 1 && mpz_scan1(count, 0) == LENGTH);
    mpz_clear(count);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// y_i = y_{i-1} + y_{i-1}, and all of them are used at the end: their counts, of i binary digits, would have to be held
// together, 48,000^2/2 bits = 144 MB. GMP would end the process if it got no memory; so the answer is a refusal.
static void counts_of_too_many_digits_are_refused(void **state) {
    enum { LENGTH = 48000 };
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    static vertex v[LENGTH + 1];
    struct error error = {0};
    (void)state;
    v[0] = graph_input(graph, 0, 1e-300, 0, NULL);
    for (int i = 0; i < LENGTH; i++) v[i + 1] = graph_add(graph, OP_ADD, v[i], v[i], 0, NULL);
    vertex sum = v[LENGTH];
    for (int i = 0; i < LENGTH; i++) sum = graph_add(graph, OP_ADD, sum, v[i], 0, NULL);
    graph_output(graph, sum, 0, NULL);
    struct lcg *lcg = linearized(graph);
    mpz_t count;
    mpz_init(count);
    assert_false(path_count(lcg, graph->input, 1, graph->output, 1, count, &error));
    assert_int_equal(error.kind, ERROR_LIMIT);
    assert_true(path_count(lcg, graph->input, 1, &v[1000], 1, count, NULL));
    assert_true(mpz_sizeinbase(count, 2) == 1001 && mpz_scan1(count, 0) == 1000);
    mpz_clear(count);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// Products far outside the doubles are still compared rightly: 1e-300^4 against 1e-200^4 and 1e300^4 (printed as 0, 0
// and inf).
static void products_beyond_doubles_are_ordered(void **state) {
    static const double size[3] = {1e-300, 1e-200, 1e300};
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    vertex x = graph_input(graph, 0, 1, 0, NULL), end[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        vertex factor = graph_constant(graph, 0, size[i], 0, NULL);
        end[i] = x;
        for (int k = 0; k < 4; k++) end[i] = graph_add(graph, OP_MUL, end[i], factor, 0, NULL);
    }
    vertex sum = graph_add(graph, OP_ADD, end[0], end[1], 0, NULL);
    graph_output(graph, graph_add(graph, OP_ADD, sum, end[2], 0, NULL), 0, NULL);
    struct lcg *lcg = linearized(graph);
    struct paths *paths = paths_new(lcg, graph->input, 1, graph->output, 1, PATH_LARGEST, NULL);
    struct path path;
    for (int i = 2; i >= 0; i--) {
        assert_true(paths_next(paths, &path, NULL));
        assert_int_equal(path.vertex[4], end[i]);
    }
    assert_true(path.product == 0);
    paths_free(paths);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

// ---- trouble ------------------------------------------------------------------------------------------------------

static void counting_and_listing_can_be_interrupted(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = interleaved(symbols, 10, 30);
    struct lcg *lcg = linearized(graph);
    struct paths *paths = paths_new(lcg, graph->input, 1, graph->output, 1, PATH_LISTED, NULL);
    struct path path;
    struct error error = {0};
    mpz_t count;
    (void)state;
    mpz_init(count);
    task_interrupt();
    assert_false(path_count(lcg, graph->input, 1, graph->output, 1, count, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    error_clear(&error);
    assert_false(paths_next(paths, &path, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    assert_null(paths_new(lcg, graph->input, 1, graph->output, 1, PATH_LARGEST, NULL));
    task_begin();
    assert_true(paths_next(paths, &path, NULL)); // and it goes on
    mpz_clear(count);
    paths_free(paths);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void memory_may_run_out_while_listing(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = random_graph(symbols, 4, 30);
    struct lcg *lcg = linearized(graph);
    (void)state;
    for (uint32_t e = 0; e < graph_edge_count(graph); e += 6) lcg->partial[e] = 0;
    for (enum path_order order = PATH_LISTED; order <= PATH_LARGEST; order++) {
        bool ok = false;
        for (size_t n = 1; !ok; n++) {
            struct error error = {0};
            struct path path;
            mem_fail_after(n);
            struct paths *paths =
                paths_new(lcg, graph->input, graph->input_count, graph->output, graph->output_count, order, &error);
            while (paths && paths_next(paths, &path, &error)) assert_true(path.length < LONGEST);
            mem_fail_after(0);
            ok = error.kind == ERROR_NONE;
            assert_true(ok || error.kind == ERROR_MEMORY);
            assert_true(n < 1000);
            paths_free(paths);
        }
    }
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs_match_plain_enumeration),
        cmocka_unit_test(any_vertices_may_be_ends),
        cmocka_unit_test(figure_1_has_four_paths),
        cmocka_unit_test(counts_are_exact_however_large),
        cmocka_unit_test(the_first_of_very_many_come_at_once),
        cmocka_unit_test(long_chains_of_parallel_edges),
        cmocka_unit_test(counts_of_too_many_digits_are_refused),
        cmocka_unit_test(products_beyond_doubles_are_ordered),
        cmocka_unit_test(counting_and_listing_can_be_interrupted),
        cmocka_unit_test(memory_may_run_out_while_listing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
