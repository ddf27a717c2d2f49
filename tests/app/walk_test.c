// Walking through Figure 1 at (0.5, 1.2): each step's numbers, and that a walk ends where the engine ends.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/command.h"
#include "app/walk.h"
#include "base/arena.h"
#include "show/record.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static const char figure[] = "def f(x1, x2):\n"
                             "    a = exp(x1)\n"
                             "    b = sin(x2)\n"
                             "    c = b*x2\n"
                             "    d = a*c\n"
                             "    return a*d\n"
                             "\n"
                             "f(0.5, 1.2)\n";

static int open_text(void **state, const char *text) {
    struct error error = {0};
    struct session *session = session_new(&error);
    *state = session;
    return session && session_run(session, "test.py", text, strlen(text), 1) == 0 ? 0 : -1;
}

static int open_figure(void **state) { return open_text(state, figure); }

static int close_session(void **state) {
    session_free(*state);
    return 0;
}

static struct walk *begin(struct session *session, enum walk_kind kind, const char *word) {
    struct error error = {0};
    struct walk *walk = walk_new(session, kind, &word, word ? 1 : 0, &error);
    assert_non_null(walk);
    return walk;
}

static struct walk_step go(struct session *session, struct walk *walk, uint32_t number) {
    struct error error = {0};
    struct walk_step step;
    assert_true(walk_go(walk, session, number, &error));
    assert_true(walk_step(walk, &step, &error));
    return step;
}

static vertex named(struct session *session, const char *name) {
    vertex v = graph_find(session_graph(session, NULL), name, NULL);
    assert_int_not_equal(v, VERTEX_NONE);
    return v;
}

static void test_primal(void **state) {
    struct session *session = *state;
    struct walk *walk = begin(session, WALK_PRIMAL, NULL);
    assert_int_equal(walk_count(walk), 7);
    struct walk_step step = go(session, walk, 5);
    assert_string_equal(step.title, "step 5 of 7: c = b*x2");
    assert_string_equal(step.arithmetic, "0.932039*1.2 = 1.11845");
    assert_int_equal(source_line(step.span.source, step.span.begin), 4);
    assert_int_equal(step.edge_count, 2);
    assert_near(walk_values(walk)[named(session, "c")], 1.1184469032, 1e-9);
    assert_true(isnan(walk_values(walk)[named(session, "d")])); // not known yet
    walk_free(walk);
}

static void test_forward(void **state) {
    struct session *session = *state;
    struct walk *walk = begin(session, WALK_FORWARD, "x2");
    struct walk_step step = go(session, walk, walk_count(walk));
    assert_near(step.running, 3.7155335101, 1e-9);
    double direction[] = {0, 1}, tangent[64];
    assert_true(bauer_tangent(session_lcg(session, NULL), direction, tangent, NULL));
    for (vertex v = 0; v < session_graph(session, NULL)->count; v++)
        if (!isnan(walk_values(walk)[v])) assert_near(walk_values(walk)[v], tangent[v], 1e-12);
    step = go(session, walk, 3); // c = b*x2 has both operands depend on x2
    assert_string_equal(step.arithmetic,
                        "∂c/∂x2 = x2 * ∂b/∂x2 + b * ∂x2/∂x2 = 1.2 * 0.362358 + 0.932039 * 1 = 1.36687");
    walk_free(walk);
}

static void test_reverse(void **state) {
    struct session *session = *state;
    struct walk *walk = begin(session, WALK_REVERSE, NULL);
    assert_int_equal(walk_count(walk), 9); // the seed and 8 edges
    go(session, walk, 9);
    double weight[] = {1}, adjoint[64];
    assert_true(bauer_adjoint(session_lcg(session, NULL), weight, adjoint, NULL));
    for (vertex v = 0; v < session_graph(session, NULL)->count; v++)
        assert_near(walk_values(walk)[v], adjoint[v], 1e-12);
    struct walk_step step = go(session, walk, 2);
    assert_string_equal(step.words, "1 of 2 contributions are in");
    assert_int_equal(step.vertex, named(session, "a"));
    assert_true(isnan(walk_values(walk)[named(session, "x1")]));
    walk_free(walk);
}

// Going back, jumping and going on lead to the same state as walking there.
static void test_jumps(void **state) {
    struct session *session = *state;
    for (int kind = WALK_PRIMAL; kind <= WALK_ELIMINATE; kind++) {
        struct walk *walk = begin(session, (enum walk_kind)kind, NULL),
                    *other = begin(session, (enum walk_kind)kind, NULL);
        uint32_t last = walk_count(walk);
        char *title[16];
        double running[16];
        for (uint32_t n = 1; n <= last; n++) {
            struct walk_step step = go(session, walk, n);
            title[n] = mem_text(step.arithmetic, strlen(step.arithmetic)), running[n] = step.running;
        }
        for (uint32_t n = last; n >= 1; n--) {
            struct walk_step step = go(session, other, n);
            assert_string_equal(step.arithmetic, title[n]);
            if (!isnan(running[n])) assert_near(step.running, running[n], 0);
            mem_free(title[n]);
        }
        walk_free(walk);
        walk_free(other);
    }
}

static void test_paths(void **state) {
    struct session *session = *state;
    struct walk *walk = begin(session, WALK_PATHS, NULL);
    assert_int_equal(walk_count(walk), 4);
    struct walk_step step = go(session, walk, 3);
    assert_string_equal(step.title, "step 3 of 4: the path x2 -> c -> d -> f");
    assert_near(step.running, 2.5335449108, 1e-9);
    step = go(session, walk, 4);
    assert_near(step.running, 1.1819885993, 1e-9);
    assert_near(step.sum, 3.7155335101, 1e-9);
    assert_int_equal(step.edge_count, 4);
    assert_non_null(strstr(step.words, "all 2 paths are in"));
    assert_int_equal(session->shown.kind, VIEW_LCG); // what :export draws
    assert_int_equal(session->shown.lit, 4);
    walk_free(walk);
    const char *ends[] = {"x1", "->", "f"};
    walk = walk_new(session, WALK_PATHS, ends, 3, NULL);
    assert_int_equal(walk_count(walk), 2);
    assert_near(go(session, walk, 2).sum, 6.0805077859, 1e-9);
    walk_free(walk);
}

static void with_view(struct session *session, const char *const *words, uint32_t count, uint32_t number,
                      struct view *view) {
    static const char *const kinds[] = {"primal", "forward", "reverse", "paths", "eliminate"};
    uint32_t kind = 0;
    while (strcmp(kinds[kind], words[0]) != 0) kind++;
    walk_free(session->walk);
    session->walk = walk_new(session, (enum walk_kind)kind, words + 1, count - 1, NULL);
    assert_non_null(session->walk);
    go(session, session->walk, number);
    assert_true(session_view(session, session->shown.kind, view, NULL));
}

// The picture of a step shows what is known then, and no more.
static void test_views(void **state) {
    struct session *session = *state;
    struct view view;
    vertex b = named(session, "b"), c = named(session, "c"), f = named(session, "f"), x2 = named(session, "x2");
    with_view(session, (const char *[]){"primal"}, 1, 4, &view);
    assert_true(view.known && !view.known_words && view.lit && !view.rest);
    assert_true(view.known[b] == view.graph->value[b] && isnan(view.known[c]) && isnan(view.known[f]));
    session_view_free(&view);
    with_view(session, (const char *[]){"reverse"}, 1, 2, &view);
    assert_string_equal(view.known_words, "adjoints");
    assert_true(view.known[f] == 1 && isnan(view.known[x2]));
    session_view_free(&view);
    with_view(session, (const char *[]){"paths"}, 1, 2, &view);
    assert_true(view.lit && !view.known && !view.rest);
    session_view_free(&view);
    with_view(session, (const char *[]){"eliminate"}, 1, 2, &view); // d, then c
    assert_int_equal(view.rest_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        const struct eliminate_edge *edge = &view.rest[i];
        bool fresh = edge->target == f && (edge->source == b || edge->source == x2);
        assert_true(edge->source != c && edge->target != c && edge->fill == fresh);
        assert_true(fresh || edge->before == edge->value);
    }
    session_view_free(&view);
}

// More paths than can be counted in a word are walked all the same.
static void test_many_paths(void **state) {
    const char *text = "def g(x):\n    for i in range(100):\n        x = x + x\n    return x\n\ng(1.0)\n";
    assert_int_equal(open_text(state, text), 0);
    struct session *session = *state;
    struct walk *walk = begin(session, WALK_PATHS, NULL);
    assert_int_equal(walk_count(walk), UINT32_MAX);
    struct walk_step step = go(session, walk, 1000);
    assert_non_null(strstr(step.title, "step 1000 of 1267650600228229401496703205376"));
    assert_near(step.sum, 1000, 0);
    assert_near(go(session, walk, 999).sum, 999, 0);
    walk_free(walk);
}

// After each step the walk's edges are those of an elimination done step by step, and at the end they are the Jacobian.
static void test_eliminate(void **state) {
    struct session *session = *state;
    const char *order[] = {"b", "c", "d", "a"};
    struct walk *walk = walk_new(session, WALK_ELIMINATE, order, 4, NULL);
    struct eliminate *other = eliminate_new(session_lcg(session, NULL), NULL);
    assert_int_equal(walk_count(walk), 4);
    for (uint32_t n = 1; n <= 4; n++) {
        const struct eliminate_edge *changed;
        uint32_t count, walked;
        struct walk_step step = go(session, walk, n);
        assert_int_equal(step.vertex, named(session, order[n - 1]));
        assert_true(eliminate_vertex(other, step.vertex, &changed, &count, NULL));
        struct eliminate_edge *left = eliminate_edges(other, &count, NULL);
        struct eliminate_edge *right = eliminate_edges(walk_eliminate(walk), &walked, NULL);
        assert_int_equal(count, walked);
        for (uint32_t e = 0; e < count; e++) assert_near(left[e].value, right[e].value, 1e-12);
        mem_free(left);
        mem_free(right);
    }
    struct walk_step step = go(session, walk, 4);
    assert_non_null(strstr(step.words, "5 so far")); // b c d a is the best order
    assert_non_null(strstr(step.words, "the Jacobian"));
    double value = eliminate_value(walk_eliminate(walk), named(session, "x2"), named(session, "f"));
    assert_near(value, 3.7155335101, 1e-9);
    eliminate_free(other);
    walk_free(walk);
}

static void test_fill_in(void **state) {
    struct session *session = *state;
    const char *order[] = {"c"};
    struct walk *walk = walk_new(session, WALK_ELIMINATE, order, 1, NULL);
    struct walk_step step = go(session, walk, 1);
    assert_non_null(strstr(step.arithmetic, "b -> d: 1.2 * 1.64872 = 1.97847 (fill-in: a new edge)"));
    assert_non_null(strstr(step.arithmetic, "x2 -> d: 0.932039 * 1.64872 = 1.53667 (fill-in: a new edge)"));
    walk_free(walk);
}

static void test_beyond_the_ends(void **state) {
    struct session *session = *state;
    struct walk *walk = begin(session, WALK_PRIMAL, NULL);
    struct error error = {0};
    go(session, walk, 7);
    assert_false(walk_go(walk, session, 8, &error));
    assert_string_equal(error.message, "this is the last step, 7 of 7");
    assert_int_equal(walk_at(walk), 7);
    error_clear(&error);
    assert_false(walk_go(walk, session, 100, &error));
    assert_non_null(strstr(error.message, "there is no step 100"));
    walk_free(walk);
}

// ---- the commands, as JSON ------------------------------------------------------------------------------------------

static json_t *answer(struct session *session, const char *line) {
    struct error error = {0};
    session->output.json = true;
    buffer_clear(&session->output.text);
    assert_true(command_run(session, line, SPAN_NONE, &error));
    json_t *object = json_loads(buffer_string(&session->output.text), 0, NULL);
    buffer_clear(&session->output.text);
    assert_non_null(object);
    return object;
}

static double number(const json_t *object, const char *key) { return json_number_value(json_object_get(object, key)); }

static void test_commands(void **state) {
    struct session *session = *state;
    json_t *step = answer(session, ":walk reverse");
    assert_string_equal(json_string_value(json_object_get(step, "kind")), "step");
    assert_int_equal(number(step, "step"), 1);
    json_decref(step);
    step = answer(session, ":next");
    assert_int_equal(number(step, "step"), 2);
    json_decref(step);
    step = answer(session, ":goto 9");
    assert_int_equal(number(step, "step"), 9);
    assert_int_equal(json_array_size(json_object_get(step, "values")), 7);
    json_decref(step);
    step = answer(session, ":back");
    assert_int_equal(number(step, "step"), 8);
    json_decref(step);
}

static void test_why(void **state) {
    struct session *session = *state;
    json_t *why = answer(session, ":why a");
    assert_near(number(why, "value"), 1.6487212707, 1e-9);
    json_t *adjoint = json_array_get(json_object_get(why, "adjoints"), 0);
    assert_near(number(adjoint, "adjoint"), 3.6880143989, 1e-9); // 2 d
    json_t *list = json_object_get(adjoint, "contributions");
    assert_int_equal(json_array_size(list), 2);
    double sum = number(json_array_get(list, 0), "product") + number(json_array_get(list, 1), "product");
    assert_near(sum, number(adjoint, "adjoint"), 1e-12);
    json_decref(why);
}

// A walk follows the graph to another point, and ends when another graph takes its place.
static void test_follows(void **state) {
    struct session *session = *state;
    json_decref(answer(session, ":walk primal"));
    json_decref(answer(session, ":goto 3"));
    struct error error = {0};
    assert_true(command_run(session, ":at 0, 1", SPAN_NONE, &error));
    buffer_clear(&session->output.text);
    json_t *step = answer(session, ":walk");
    assert_int_equal(number(step, "step"), 3);
    assert_near(number(step, "value"), 1, 0); // exp(0)
    json_decref(step);
    assert_int_equal(session_run(session, "more", "z = 3\nz * z\n", 12, 1), 0);
    assert_false(command_run(session, ":next", SPAN_NONE, &error));
    assert_non_null(strstr(error.message, "this walk has ended"));
}

#define FIGURE(name) cmocka_unit_test_setup_teardown(name, open_figure, close_session)

int main(void) {
    const struct CMUnitTest tests[] = {
        FIGURE(test_primal),
        FIGURE(test_forward),
        FIGURE(test_reverse),
        FIGURE(test_jumps),
        FIGURE(test_views),
        FIGURE(test_paths),
        FIGURE(test_eliminate),
        FIGURE(test_fill_in),
        FIGURE(test_beyond_the_ends),
        FIGURE(test_commands),
        FIGURE(test_why),
        FIGURE(test_follows),
        cmocka_unit_test_teardown(test_many_paths, close_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
