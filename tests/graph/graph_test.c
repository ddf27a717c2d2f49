// Building a graph, what its vertices are called, and its formulas.
#include "example.h"

static void figure_1_has_the_values_of_the_paper(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    (void)state;
    assert_int_equal(graph->count, 7);
    assert_int_equal(graph_edge_count(graph), 8);
    assert_close(graph->value[A], 1.6487212707, 1e-10);
    assert_close(graph->value[B], 0.9320390860, 1e-10);
    assert_close(graph->value[C], 1.1184469032, 1e-10);
    assert_close(graph->value[D], 1.8440071994, 1e-10);
    assert_close(graph->value[F], 3.0402538930, 1e-10);
    assert_int_equal(graph_edge_target(graph, 0), A);
    assert_int_equal(graph_edge_target(graph, 7), F);
    graph_drop(graph);
    symbols_free(symbols);
}

static void graphs_are_alike_by_what_they_compute(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *one = figure1(symbols), *other = figure1(symbols);
    (void)state;
    assert_true(graph_same(NULL, NULL) && graph_same(one, one) && graph_same(one, other));
    assert_false(graph_same(one, NULL) || graph_same(NULL, one));
    const double elsewhere[] = {0.5, 1.3};
    assert_true(graph_evaluate(other, elsewhere, other->value, NULL));
    assert_false(graph_same(one, other));
    graph_drop(other);
    other = figure1(symbols);
    graph_add(other, OP_EXP, F, 0, 0, NULL);
    assert_false(graph_same(one, other));
    graph_drop(one);
    graph_drop(other);
    symbols_free(symbols);
}

static void formula_is(struct graph *graph, vertex v, const char *expected) {
    struct buffer out = {0};
    graph_formula(graph, v, &out);
    assert_string_equal(buffer_string(&out), expected);
    buffer_free(&out);
}

static void partial_is(struct graph *graph, uint32_t edge, const char *expected) {
    struct buffer out = {0};
    graph_partial_formula(graph, edge, &out);
    assert_string_equal(buffer_string(&out), expected);
    buffer_free(&out);
}

static void formulas_are_in_labels(void **state) {
    static const char *const formula[] = {"x1", "x2", "exp(x1)", "sin(x2)", "b*x2", "a*c", "a*d"};
    static const char *const partial[] = {"a", "cos(x2)", "x2", "b", "c", "a", "d", "a"};
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    (void)state;
    for (vertex v = 0; v < graph->count; v++) formula_is(graph, v, formula[v]);
    for (uint32_t e = 0; e < graph_edge_count(graph); e++) partial_is(graph, e, partial[e]);
    graph_drop(graph);
    symbols_free(symbols);
}

static vertex with_constant(struct graph *graph, enum op op, vertex a, double number, bool first) {
    vertex constant = graph_constant(graph, 0, number, 0, NULL);
    return first ? graph_add(graph, op, constant, a, 0, NULL) : graph_add(graph, op, a, constant, 0, NULL);
}

static void numbers_in_formulas_are_written_as_people_do(void **state) {
    static const struct {
        enum op op;
        double number;
        bool first;
        const char *formula, *partial;
    } row[] = {
        {OP_POW, 3, false, "x^3", "3*x^2"},
        {OP_POW, 2, false, "x^2", "2*x"},
        {OP_POW, 1, false, "x^1", "1"},
        {OP_POW, -1, false, "x^(-1)", "-x^(-2)"},
        {OP_POW, 0.5, false, "x^0.5", "0.5*x^(-0.5)"},
        {OP_MUL, 2, true, "2*x", "2"},
        {OP_MUL, -2, true, "-2*x", "-2"},
        {OP_MUL, -2, false, "x*(-2)", "-2"},
        {OP_SUB, -1.5, false, "x - (-1.5)", "1"},
        {OP_DIV, 4, false, "x/4", "0.25"},
        {OP_DIV, 3, false, "x/3", "1/3"},
        {OP_POW, -2, true, "(-2)^x", NULL},
        {OP_HYPOT, -2, false, "hypot(x, -2)", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct symbols *symbols = symbols_new();
        struct graph *graph = empty_graph(symbols);
        vertex x = graph_input(graph, name_of(graph, "x"), 0.7, 0, NULL);
        vertex v = with_constant(graph, row[i].op, x, row[i].number, row[i].first);
        formula_is(graph, v, row[i].formula);
        if (row[i].partial) partial_is(graph, graph->offset[v] + row[i].first, row[i].partial);
        graph_drop(graph);
        symbols_free(symbols);
    }
}

static void label_is(struct graph *graph, vertex v, const char *expected) {
    char label[64];
    assert_string_equal(graph_label(graph, v, label), expected);
}

static void labels_tell_vertices_apart(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    (void)state;
    vertex x = graph_input(graph, name_of(graph, "x"), 2, 0, NULL);
    vertex two = graph_constant(graph, 0, 2, 0, NULL);
    vertex a = named(graph, "a", OP_MUL, x, two);
    vertex a2 = named(graph, "a", OP_MUL, a, a);
    vertex unnamed = graph_add(graph, OP_SIN, a2, 0, 0, NULL);
    label_is(graph, a, "a");
    label_is(graph, a2, "a@2");
    label_is(graph, unnamed, "v3"); // x, a, a@2 are #0 to #2; the constant is hidden
    label_is(graph, two, "2");
    assert_true(graph_hidden(graph, two));
    assert_int_equal(graph_visible_count(graph), 4);
    assert_int_equal(graph_id(graph, unnamed), 3);
    assert_int_equal(graph_vertex(graph, 1), a);
    assert_int_equal(graph_vertex(graph, 4), VERTEX_NONE);
    vertex v3 = named(graph, "v3", OP_COS, x, 0); // now the name is taken
    label_is(graph, unnamed, "v3_");
    label_is(graph, v3, "v3");
    assert_true(graph_name(graph, two, name_of(graph, "two"), NULL)); // named, it is a vertex to show
    label_is(graph, two, "two");
    assert_int_equal(graph_id(graph, unnamed), 4);
    graph_drop(graph);
    symbols_free(symbols);
}

static void vertices_are_found_by_label_alias_and_id(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct error error = {0};
    (void)state;
    vertex again = named(graph, "alpha", OP_MUL, F, F);
    vertex twice = named(graph, "alpha", OP_MUL, F, F);
    vertex unnamed = graph_add(graph, OP_SIN, F, 0, 0, NULL);
    assert_true(graph_name(graph, C, name_of(graph, "alias"), NULL));
    assert_int_equal(graph_find(graph, "x2", &error), X2);
    assert_int_equal(graph_find(graph, "alpha", &error), again);
    assert_int_equal(graph_find(graph, "alpha@2", &error), twice);
    assert_int_equal(graph_find(graph, "alias", &error), C);
    assert_int_equal(graph_find(graph, "#6", &error), F);
    assert_int_equal(graph_find(graph, "v9", &error), unnamed);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_int_equal(graph_find(graph, "v2", &error), VERTEX_NONE); // it is called a
    error_clear(&error);
    assert_int_equal(graph_find(graph, "alphe", &error), VERTEX_NONE);
    assert_int_equal(error.kind, ERROR_NAME);
    assert_non_null(strstr(error.hint, "alpha"));
    static const char *const wrong[] = {"", "#", "#99", "#99999999999", "alpha@3", "alpha@", "@2", "v", "v99", "v9_"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(graph_find(graph, wrong[i], NULL), VERTEX_NONE);
    graph_drop(graph);
    symbols_free(symbols);
}

static void output_is_called(struct graph *graph, uint32_t output, const char *expected) {
    char label[64];
    assert_string_equal(graph_output_label(graph, output, label), expected);
}

static void outputs_have_their_names_if_distinct(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    char label[64];
    (void)state;
    output_is_called(graph, 0, "f");
    graph_output(graph, D, name_of(graph, "d"), NULL);
    output_is_called(graph, 1, "f[1]"); // the first has no name of its own
    graph_clear_outputs(graph);
    graph_output(graph, C, name_of(graph, "c"), NULL);
    graph_output(graph, D, name_of(graph, "d"), NULL);
    output_is_called(graph, 0, "c");
    output_is_called(graph, 1, "d");
    graph_output(graph, D, name_of(graph, "d"), NULL);
    output_is_called(graph, 2, "f[2]");
    graph_clear_outputs(graph);
    graph->function = 0;
    graph_output(graph, D, 0, NULL);
    output_is_called(graph, 0, "_");
    assert_string_equal(graph_input_label(graph, 1, label), "x2");
    graph_drop(graph);
    symbols_free(symbols);
}

static void sites_and_frames_are_kept(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    struct source *source = source_new("a.py", "y = x*x\n", 8, NULL);
    (void)state;
    struct span span = {source, 4, 7};
    uint32_t site = graph_site(graph, span, NULL);
    assert_int_not_equal(site, 0);
    assert_int_equal(graph_site(graph, span, NULL), site);
    assert_int_equal(graph_site(graph, SPAN_NONE, NULL), 0);
    for (uint32_t i = 0; i < 1000; i++) assert_int_equal(graph_site(graph, (struct span){source, 0, i}, NULL), 2 + i);
    assert_int_equal(graph_site(graph, span, NULL), site);
    assert_int_equal(source->references, 2); // held once, for all sites
    source_drop(source);
    vertex x = graph_input(graph, 0, 2, 0, NULL);
    uint32_t frame = graph_enter(graph, FRAME_ITERATION, name_of(graph, "i"), 3, site, NULL);
    vertex y = graph_add(graph, OP_MUL, x, x, site, NULL);
    graph_leave(graph);
    vertex z = graph_add(graph, OP_SIN, y, 0, 0, NULL);
    assert_int_equal(graph->frame[y], frame);
    assert_int_equal(graph->frame[z], 0);
    assert_int_equal(graph->frames[frame].parent, 0);
    assert_int_equal(graph_span(graph, y).end, 7);
    assert_null(graph_span(graph, z).source);
    graph_drop(graph);
    symbols_free(symbols);
}

static void the_limit_is_told(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = graph_new(symbols, 3, NULL);
    struct error error = {0};
    (void)state;
    vertex x = graph_input(graph, 0, 2, 0, &error);
    graph_add(graph, OP_SIN, x, 0, 0, &error);
    graph_add(graph, OP_SIN, x, 0, 0, &error);
    assert_int_equal(error.kind, ERROR_NONE);
    assert_int_equal(graph_add(graph, OP_SIN, x, 0, 0, &error), VERTEX_NONE);
    assert_int_equal(error.kind, ERROR_LIMIT);
    assert_non_null(strstr(error.message, "3 vertices"));
    assert_int_equal(graph->count, 3);
    graph->limit = 4; // as :set vertices 4 does
    assert_int_not_equal(graph_add(graph, OP_SIN, x, 0, 0, NULL), VERTEX_NONE);
    graph_drop(graph);
    symbols_free(symbols);
}

static void evaluates_at_other_inputs(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = figure1(symbols);
    struct lcg *lcg = linearized(graph);
    double value[7], again[7], input[2] = {-0.3, 0.9};
    (void)state;
    assert_true(graph_evaluate(graph, input, value, NULL));
    assert_close(value[F], exp(-0.6) * 0.9 * sin(0.9), 1e-14);
    assert_true(lcg_evaluate(lcg, input, again, NULL));
    assert_memory_equal(value, again, sizeof value);
    assert_close(lcg->partial[1], cos(0.9), 1e-14);
    assert_close(graph->value[F], 3.0402538930, 1e-10);
    task_interrupt();
    struct error error = {0};
    assert_false(graph_evaluate(graph, input, value, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    task_begin();
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
}

static void note_kink(void *context, vertex v, const char *text) {
    vertex *noted = context;
    assert_non_null(text);
    *noted = *noted == VERTEX_NONE ? v : *noted;
}

static void kinks_and_lost_digits_are_noted(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    (void)state;
    vertex x = graph_input(graph, 0, 0, 0, NULL), tiny = graph_input(graph, 0, 1e-20, 0, NULL);
    vertex one = graph_constant(graph, 0, 1, 0, NULL);
    graph_add(graph, OP_ADD, one, tiny, 0, NULL);
    vertex kink = graph_add(graph, OP_ABS, x, 0, 0, NULL), noted = VERTEX_NONE;
    assert_int_equal(graph_kinks(graph, note_kink, &noted, 1), 2);
    assert_int_equal(noted, kink); // the more important one
    graph_drop(graph);
    symbols_free(symbols);
}

// Each allocation fails once: a clean error and nothing leaks (seen under the address sanitizer).
static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    for (size_t n = 1;; n++) {
        struct symbols *symbols = symbols_new();
        struct source *source = source_new("a.py", "y = x*x\n", 8, NULL);
        symbol name = symbol_of(symbols, "x", 1);
        struct error error = {0};
        mem_fail_after(n);
        struct graph *graph = graph_new(symbols, NO_LIMIT, &error);
        bool ok = graph != NULL;
        vertex v = ok ? graph_input(graph, name, 1, 0, &error) : VERTEX_NONE;
        ok = v != VERTEX_NONE && (graph_site(graph, (struct span){source, 0, 1}, &error) != 0) &&
             graph_name(graph, v, symbol_of(symbols, "y", 1), &error);
        for (int i = 0; ok && i < 200; i++)
            ok = (v = graph_add(graph, OP_SIN, v, 0, 0, &error)) != VERTEX_NONE &&
                 graph_enter(graph, FRAME_CALL, 0, 0, 0, &error) && graph_output(graph, v, 0, &error);
        char label[64];
        if (ok) label_is(graph, v, "v200"); // ids need no memory
        if (ok) assert_non_null(graph_label(graph, 0, label));
        mem_fail_after(0);
        assert_true(ok || error.kind == ERROR_MEMORY);
        graph_drop(graph);
        source_drop(source);
        symbols_free(symbols);
        if (ok && n > 100) break;
    }
}

static void a_vertex_takes_at_most_64_bytes(void **state) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    (void)state;
    vertex v = graph_input(graph, 0, 1, 0, NULL);
    for (int i = 0; i < 100000; i++) v = graph_add(graph, OP_MUL, v, v, 0, NULL);
    struct lcg *lcg = linearized(graph);
    assert_true(graph_bytes(graph) + lcg_bytes(lcg) <= 64 * (size_t)graph->count);
    lcg_free(lcg);
    for (int i = 0; i < 100000; i++) v = graph_add(graph, OP_MUL, v, v, 0, NULL); // and it grows on
    assert_int_equal(graph->count, 200001);
    graph_drop(graph);
    symbols_free(symbols);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figure_1_has_the_values_of_the_paper),
        cmocka_unit_test(formulas_are_in_labels),
        cmocka_unit_test(numbers_in_formulas_are_written_as_people_do),
        cmocka_unit_test(labels_tell_vertices_apart),
        cmocka_unit_test(vertices_are_found_by_label_alias_and_id),
        cmocka_unit_test(outputs_have_their_names_if_distinct),
        cmocka_unit_test(sites_and_frames_are_kept),
        cmocka_unit_test(the_limit_is_told),
        cmocka_unit_test(graphs_are_alike_by_what_they_compute),
        cmocka_unit_test(evaluates_at_other_inputs),
        cmocka_unit_test(kinks_and_lost_digits_are_noted),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(a_vertex_takes_at_most_64_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
