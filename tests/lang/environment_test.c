// What a program leaves behind: the graph, the prompt's names, the log, and a session that a failure does not touch.
#include <math.h>

#include "graph/bauer.h"
#include "running.h"

static const char figure1[] =
    "def f(x1, x2):\n    a = exp(x1)\n    b = sin(x2)\n    c = b*x2\n    d = a*c\n    return a*d\n\n";

static struct graph *graph_of(struct running *r) {
    struct graph *graph = environment_graph(r->environment);
    assert_non_null(graph);
    return graph;
}

static double output(struct running *r, uint32_t i) {
    struct graph *graph = graph_of(r);
    assert_true(i < graph->output_count);
    return graph->value[graph->output[i]];
}

static void assert_labels(struct running *r, const char *expected) {
    struct graph *graph = graph_of(r);
    struct buffer labels = {0};
    char label[64];
    for (vertex v = 0; v < graph->count; v++)
        if (!graph_hidden(graph, v))
            buffer_printf(&labels, "%s%s", labels.size ? " " : "", graph_label(graph, v, label));
    assert_string_equal(buffer_string(&labels), expected);
    buffer_free(&labels);
}

static void assert_ends(struct running *r, const char *inputs, const char *outputs) {
    struct graph *graph = graph_of(r);
    struct buffer in = {0}, out = {0};
    char label[64];
    for (uint32_t i = 0; i < graph->input_count; i++)
        buffer_printf(&in, "%s%s", i ? " " : "", graph_input_label(graph, i, label));
    for (uint32_t i = 0; i < graph->output_count; i++)
        buffer_printf(&out, "%s%s", i ? " " : "", graph_output_label(graph, i, label));
    assert_string_equal(buffer_string(&in), inputs);
    assert_string_equal(buffer_string(&out), outputs);
    buffer_free(&in);
    buffer_free(&out);
}

struct shape_row {
    const char *program, *labels, *inputs, *outputs;
    uint32_t edges; // between visible vertices
};

static const struct shape_row shapes[] = {
    // a bare return names its vertex after the function
    {"def f(x):\n    return x*x\n\nf(3)", "x f", "x", "f", 2},
    // constants are folded; one with a name is a vertex where it is used
    {"def f(x):\n    return 2*3*x\n\nf(1)", "x f", "x", "f", 1},
    {"def f(x):\n    k = 2*3\n    return k*x + k\n\nf(1)", "x k v2 f", "x", "f", 4},
    {"k = 3\ndef f(x):\n    return k*x\n\nf(1)", "x k f", "x", "f", 2},
    {"def f(x, n=2):\n    return x**n\n\nf(3)", "x n f", "x", "f", 2},
    // what is written twice is computed twice
    {"def f(x):\n    return sin(x) + sin(x)\n\nf(1)", "x v1 v2 f", "x", "f", 4},
    // another name for a vertex is no vertex
    {"def f(x):\n    a = x*x\n    b = a\n    return b + 1\n\nf(1)", "x a f", "x", "f", 3},
    {"def f(x):\n    x = x + 1\n    x = 2*x\n    return x\n\nf(1)", "x x@2 x@3", "x", "x@3", 2},
    // each use of an operand is an edge
    {"def f(a):\n    b = a + a\n    return b + b\n\nf(1)", "a b f", "a", "f", 4},
    // the branch, the iterations and the elements that were taken, and no others
    {"def f(x):\n    return x*x if x > 0 else sin(x)\n\nf(2)", "x f", "x", "f", 2},
    {"def f(x):\n    y = x\n    for i in range(2):\n        y = sin(y)\n    return y\n\nf(2)", "x y y@2", "x", "y@2",
     2},
    {"def f(v):\n    return [a*a for a in v[::-1] if a > 1]\n\nf([1, 2, 3])", "v[0] v[1] v[2] f[0] f[1]",
     "v[0] v[1] v[2]", "f[0] f[1]", 4},
    // several outputs
    {"def f(x):\n    a = x + 1\n    b = x*2\n    return a, b\n\nf(1)", "x a b", "x", "a b", 2},
    {"def f(x):\n    return x + 1, x*2\n\nf(1)", "x f[0] f[1]", "x", "f[0] f[1]", 2},
    {"def f(x, y):\n    return x, y\n\nf(1, 2)", "x y", "x y", "x y", 0},
    {"def f(x):\n    return 3\n\nf(1)", "x f", "x", "f", 0},
    // lists
    {"def f(v, k):\n    return v[0]*v[1][0]\n\nf([1, [2]], 3)", "v[0] v[1][0] k f", "v[0] v[1][0] k", "f", 2},
    {"def f(x):\n    h = [x*2, x*3]\n    return h[0]*h[1]\n\nf(1)", "x h[0] h[1] f", "x", "f", 4},
    // calls inside
    {"def g(u):\n    w = u*u\n    return w + 1\n\ndef f(x):\n    return g(x)*2\n\nf(1)", "x w g f", "x", "f", 4},
    // the prompt
    {"x = 2\ny = 3\nz = x*y + sin(x)", "x y v2 v3 z", "x y", "z", 5},
    {"x = 2\nx*x", "x v1", "x", "_", 2},
    {"x = 2\n[x*2, x*3]", "x v1 v2", "x", "_[0] _[1]", 2},
    {"x = 1\nx = x*3", "x x@2", "x", "x@2", 1},
    {"for i in range(3):\n    pass\nx = 2\ny = x*x", "x y", "x", "y", 2},
    // numbers of a list are inputs as well; what is computed from other names is none
    {"x = [1.0, 2.0]\ny = x[0]*x[1]", "x[0] x[1] y", "x[0] x[1]", "y", 2},
    {"w = [[1], (2, pi/4)]\nw[1][1]*w[0][0]", "w[0][0] w[1][0] w[1][1] v3", "w[0][0] w[1][0] w[1][1]", "_", 2},
    {"x = [i/10 for i in range(2)]\ny = x[0]*x[1]", "x[0] x[1] y", "x[0] x[1]", "y", 2},
    {"for i in range(2):\n    k = 2*i\nx = 3\ny = k*x", "x k y", "x", "y", 2},
    {"a, b = 2, 3\nc = d = 4\na*b*c", "a b c v3 v4", "a b c", "_", 4},
    {"def g(a):\n    return a*a\n\ndef main(n):\n    print(g(n))\n\ng(2)\nmain(3)", "a g", "a", "g", 2},
    // a name bound anew takes the place of the old one, unless something shown still needs that
    {"x = 2\ny = 3\nz = x*y\nx = 5\nz = x*y", "y x z", "x y", "z", 2},
    {"x = 2\ny = 3\nz = x*y\nx = 5", "x y z", "x y", "z", 2},
    {"x = 2\nz = x*x\nx = 5\nz + x", "x z x@2 v3", "x x@2", "_", 4},
    {"x = [1, 2]\nx = [3, 4]\nx[0]*x[1]", "x[0] x[1] v2", "x[0] x[1]", "_", 2},
    {"x = 2\nx*3\nx*4", "x v1", "x", "_", 1},
    {"x = 2\ndef f(a):\n    u = a*7\n    return a*a\n\ny = f(x)", "x u f", "x", "y", 3},
    // a call that has only numbers behind it is traced on its own, wherever it stands
    {"def f(a):\n    return a*a\n\ny = f(3)", "a f", "a", "f", 2},
    {"def f(a):\n    return a*a\n\nfor k in [1, 2]:\n    print(f(k), f([1][0] + k))", "a f", "a", "f", 2},
    {"def f(a):\n    return a*a\n\ny = f(3)\nx = 2\nz = x*y", "x y z", "x", "z", 2},
    {"def f(a):\n    return a*a\n\nx = 2\nz = x*f(3)", "x z", "x", "z", 1},
    {"w = 2\ndef f(a):\n    return a*w\n\ny = f(3)", "w a f", "w", "y", 2},
};

static void graphs_have_the_right_vertices(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct running r = running_new();
        must_run(&r, shapes[i].program);
        struct graph *graph = graph_of(&r);
        uint32_t edges = 0;
        for (uint32_t e = 0; e < graph_edge_count(graph); e++) edges += !graph_hidden(graph, graph->operand[e]);
        if (edges != shapes[i].edges) fail_msg("%s\nhas %u edges, not %u", shapes[i].program, edges, shapes[i].edges);
        assert_labels(&r, shapes[i].labels);
        assert_ends(&r, shapes[i].inputs, shapes[i].outputs);
        running_free(&r);
    }
}

static void figure_1_is_seven_vertices_and_eight_edges(void **state) {
    (void)state;
    struct running r = running_new();
    must_run(&r, figure1);
    must_run(&r, "f(0.5, 1.2)");
    assert_labels(&r, "x1 x2 a b c d f");
    assert_int_equal(graph_edge_count(graph_of(&r)), 8);
    assert_true(output(&r, 0) > 3.04025389 && output(&r, 0) < 3.04025390); // rad.md, section 1
    running_free(&r);
}

static void frames_follow_calls_and_loops(void **state) {
    (void)state;
    struct running r = running_new();
    must_run(&r,
             "def g(u):\n    return u*u\n\ndef f(x):\n    for i in range(2):\n        x = g(x)\n    return x\n\nf(2)");
    const struct graph *graph = graph_of(&r);
    vertex last = graph->output[0];
    const struct frame *call = &graph->frames[graph->frame[last]], *pass = &graph->frames[call->parent];
    assert_int_equal(call->kind, FRAME_CALL);
    assert_string_equal(symbol_text(r.symbols, call->name), "g");
    assert_int_equal(pass->kind, FRAME_ITERATION);
    assert_string_equal(symbol_text(r.symbols, pass->name), "i");
    assert_true(pass->index == 1 && pass->value == 1);
    running_free(&r);
}

// The value of the loop variable in the frame that the output comes from; NAN where it is no plain number.
static double loop_value(const char *loop) {
    struct running r = running_new();
    must_run(&r, loop);
    const struct graph *graph = graph_of(&r);
    double value = graph->frames[graph->frame[graph->output[0]]].value;
    running_free(&r);
    return value;
}

static void frames_know_the_loop_variable(void **state) {
    (void)state;
    assert_true(loop_value("def f(x):\n    for i in range(6, 0, -3):\n        x = x*x\n    return x\n\nf(2)") == 3);
    assert_true(loop_value("def f(x):\n    for w in [0.5, 0.25]:\n        x = x*w\n    return x\n\nf(2)") == 0.25);
    assert_true(isnan(loop_value("def f(x):\n    for w in [x, x]:\n        x = x*w\n    return x\n\nf(2)")));
    assert_true(isnan(loop_value("def f(x):\n    while x < 5:\n        x = x*x\n    return x\n\nf(2)")));
}

static void a_plain_sum_leaves_no_graph(void **state) {
    (void)state;
    struct running r = running_new();
    must_run(&r, "1 + 1");
    assert_null(environment_graph(r.environment));
    must_run(&r, "x = 2\ny = x*x\n3 + 4");
    assert_ends(&r, "x", "y"); // still the last value with a graph
    running_free(&r);
}

static void assert_untouched(struct running *r, const char *failing) {
    struct graph *graph = graph_of(r);
    uint32_t count = graph->count, inputs = graph->input_count, mark = environment_mark(r->environment);
    if (running_run(r, failing)) fail_msg("%s\nruns", failing);
    assert_ptr_equal(graph_of(r), graph);
    assert_int_equal(graph->count, count);
    assert_int_equal(graph->input_count, inputs);
    assert_int_equal(environment_mark(r->environment), mark);
    must_run(r, "a");
    assert_string_equal(buffer_string(&r->shown), "[1, 2]");
    must_run(r, "x");
    assert_string_equal(buffer_string(&r->shown), "2");
    must_run(r, "y = x*3");
}

static void a_failing_statement_changes_nothing(void **state) {
    (void)state;
    static const char *const failing[] = {
        "a.append(1/0)",
        "x, y = 5, 1/0",
        "for i in range(3): x = x*2; a[0] = x; log(-1)",
        "a[0] = undefined",
        "z = x*x + log(x - 5)",
        "[a.append(i) for i in [1, 0] if 1/i > 0]",
        "while True: a.append(3); x = x + 1; log(3 - x)",
        "if a.pop() > 0: undefined",
    };
    struct running r = running_new();
    must_run(&r, "a = [1, 2]\nx = 2\ny = x*3");
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) assert_untouched(&r, failing[i]);
    running_free(&r);
}

// A bare call has a graph of its own: what it sees of the prompt are numbers, and it leaves nothing of its own there.
static void calls_and_the_prompt_keep_their_vertices_apart(void **state) {
    (void)state;
    struct running r = running_new();
    must_run(&r, "x = 2\nw = [x*3, [x]]\nh = []\ndef f(t):\n    return w[0]*t + w[1][0]\n\nf(5)");
    assert_true(output(&r, 0) == 32);
    assert_ends(&r, "t", "f");
    assert_false(running_run(&r, "def g(t):\n    h.append(t)\n    return t\n\ng(1)"));
    assert_false(running_run(&r, "def g(t):\n    w[0] = t\n    return t\n\ng(1)"));
    must_run(&r, "y = g(x)"); // inlined at the prompt it may
    must_run(&r, "w");
    assert_string_equal(buffer_string(&r.shown), "[2, [2]]");
    running_free(&r);
}

static void moving_traces_again(void **state) {
    (void)state;
    struct running r = running_new();
    struct buffer point = {0};
    must_run(&r, "def f(v, x, n=2):\n    if x > 1: return v[0]*x**n\n    return v[1]*x\n\nf([2, 3], 0.5)");
    assert_true(output(&r, 0) == 1.5);
    const double there[] = {2, 3, 3};
    assert_true(environment_move(r.environment, there, 3, NULL));
    assert_true(output(&r, 0) == 18); // another branch now
    environment_point(r.environment, &point);
    assert_string_equal(buffer_string(&point), "f([2, 3], 3.0)");
    assert_false(environment_move(r.environment, there, 2, NULL));
    assert_true(output(&r, 0) == 18);
    buffer_free(&point);
    running_free(&r);
}

static void moving_the_prompt_moves_its_names(void **state) {
    (void)state;
    struct running r = running_new();
    must_run(&r, "x = 2\ny = 3\nz = x*y");
    const double there[] = {5, 7};
    assert_true(environment_move(r.environment, there, 2, NULL));
    assert_true(output(&r, 0) == 35);
    must_run(&r, "x + 1");
    assert_true(output(&r, 0) == 6);
    assert_true(environment_go(r.environment, 3, NULL)); // before the move
    assert_true(output(&r, 0) == 6 && graph_of(&r)->value[graph_of(&r)->input[0]] == 2);
    running_free(&r);
}

static void the_log_goes_back_and_forth(void **state) {
    (void)state;
    struct running r = running_new();
    must_run(&r, figure1);
    must_run(&r, "f(0.5, 1.2)\nprint(1)\nx = 3\ny = x*x");
    assert_string_equal(buffer_string(&r.printed), "1\n");
    assert_int_equal(environment_mark(r.environment), 5);
    assert_true(environment_go(r.environment, 2, NULL));
    assert_ends(&r, "x1 x2", "f");
    assert_false(environment_bound(r.environment, "x"));
    assert_true(environment_go(r.environment, 5, NULL));
    assert_true(output(&r, 0) == 9);
    assert_string_equal(buffer_string(&r.printed), "1\n"); // a replay is silent
    assert_true(environment_go(r.environment, 0, NULL));
    assert_null(environment_graph(r.environment));
    must_run(&r, "w = 1\nw = 2"); // what waited for a redo is set aside
    assert_false(environment_go(r.environment, 5, NULL));
    assert_true(environment_go(r.environment, 0, NULL) && environment_go(r.environment, 5, NULL));
    assert_true(output(&r, 0) == 9);
    assert_true(environment_go(r.environment, 0, NULL));
    must_run(&r, "w = 1");
    environment_settle(r.environment); // and now forgotten
    assert_true(environment_go(r.environment, 0, NULL));
    assert_false(environment_go(r.environment, 5, NULL));
    assert_true(environment_go(r.environment, 1, NULL));
    running_free(&r);
}

// Each allocation fails once: a clean error, everything as before, and the same lines run afterwards.
static void running_out_of_memory_changes_nothing(void **state) {
    (void)state;
    static const char program[] =
        "def g(v):\n    h = [a*2 for a in v]\n    return sum(h)*k\n\nz = g([x, 2.5]) + len(f'{x:.2f}')\ng([1, 2])";
    for (size_t n = 1;; n++) {
        struct running r = running_new();
        must_run(&r, "x = 2\nk = 3\ny = x*k");
        mem_fail_after(n);
        bool ok = running_run(&r, program);
        mem_fail_after(0);
        if (!ok) {
            assert_int_equal(r.error.kind, ERROR_MEMORY);
            must_run(&r, "y");
            assert_string_equal(buffer_string(&r.shown), "6");
            must_run(&r, program);
        }
        assert_true(output(&r, 0) == 18);
        running_free(&r);
        if (ok) break;
        assert_true(n < 5000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(graphs_have_the_right_vertices),
        cmocka_unit_test(figure_1_is_seven_vertices_and_eight_edges),
        cmocka_unit_test(frames_follow_calls_and_loops),
        cmocka_unit_test(frames_know_the_loop_variable),
        cmocka_unit_test(a_plain_sum_leaves_no_graph),
        cmocka_unit_test(a_failing_statement_changes_nothing),
        cmocka_unit_test(calls_and_the_prompt_keep_their_vertices_apart),
        cmocka_unit_test(moving_traces_again),
        cmocka_unit_test(moving_the_prompt_moves_its_names),
        cmocka_unit_test(the_log_goes_back_and_forth),
        cmocka_unit_test(running_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
