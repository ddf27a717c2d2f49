// A small network at the prompt: what the commands for graphs say of it, and what is said of shapes that do not fit.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "app/session.h"
#include "base/arena.h"

static const char net[] = "def net(x, y):\n    W1 = param(4, 3)\n    b1 = param(3)\n    W2 = param(3, 2)\n"
                          "    h1 = x @ W1 + b1\n    a1 = relu(h1)\n    h2 = a1 @ W2\n"
                          "    return nll(log_softmax(h2), y)\n\nnet(randn(5, 4), labels(5, 2))\n";

// The last object that the lines say.
static json_t *said(struct session *s, const char *lines) {
    struct buffer out = {0};
    s->output.json = true;
    s->output.capture = &out;
    session_run(s, "<test>", lines, strlen(lines), 1);
    s->output.capture = NULL;
    const char *text = buffer_string(&out), *last = text;
    for (const char *at = text; *at; at++)
        if (*at == '\n' && at[1]) last = at + 1;
    json_t *object = json_loadb(last, strcspn(last, "\n"), 0, NULL);
    assert_non_null(object);
    buffer_free(&out);
    return object;
}

static struct session *traced(void) {
    struct session *s = session_new(NULL);
    json_decref(said(s, net));
    return s;
}

static double number(const json_t *object, const char *key) { return json_number_value(json_object_get(object, key)); }

// The chain of maps on the edges gives what the reverse sweep gives, number by number.
static void why_adds_up_to_the_gradient(void **state) {
    (void)state;
    struct session *s = traced();
    json_t *gradient = said(s, ":jacobian"), *inputs = json_object_get(gradient, "inputs"), *input;
    size_t i;
    assert_int_equal(json_array_size(inputs), 3);
    json_array_foreach(inputs, i, input) {
        char line[40];
        snprintf(line, sizeof line, ":why %s", json_string_value(json_object_get(input, "name")));
        json_t *why = said(s, line), *adjoint = json_object_get(why, "adjoint"),
               *exact = json_object_get(input, "values");
        assert_int_equal(json_array_size(adjoint), json_array_size(exact));
        for (size_t k = 0; k < json_array_size(exact); k++)
            assert_true(fabs(json_number_value(json_array_get(adjoint, k)) -
                             json_number_value(json_array_get(exact, k))) < 1e-12);
        assert_int_equal(json_array_size(json_object_get(why, "contributions")), 1);
        json_decref(why);
    }
    json_decref(gradient);
    session_free(s);
}

// A vertex with two uses has two contributions, a number between tensors has one number.
static void why_lists_every_use(void **state) {
    (void)state;
    struct session *s = session_new(NULL);
    json_decref(said(s, "def f(x):\n    a = relu(x)\n    s = sum(a * a)\n    t = 3 * s\n    return t + mean(a)\n\n"
                        "f(randn(2, 3))\n"));
    json_t *a = said(s, ":why a"), *t = said(s, ":why s");
    assert_int_equal(json_array_size(json_object_get(a, "contributions")), 3); // a twice in a * a, and in mean
    assert_true(json_number_value(json_array_get(json_object_get(t, "adjoint"), 0)) == 3);
    json_decref(a);
    json_decref(t);
    session_free(s);
}

// A walk over tensors is told by shapes and maps, and never by numbers that are none.
static void walks_are_told_by_shapes(void **state) {
    (void)state;
    struct session *s = traced();
    json_t *step = said(s, ":walk primal\n:next\n:next\n:next\n:next\n:next\n:next\n");
    char *text = json_dumps(step, JSON_COMPACT);
    if (!strstr(text, "(5, 4), (4, 3) -> (5, 3)") && !strstr(text, "(5, 3), (3,) -> (5, 3)")) fail_msg("%s", text);
    assert_null(strstr(text, "nan "));
    assert_true(s->shown.step); // lit in the picture
    struct view view;
    struct error error = {0};
    assert_true(session_view(s, s->shown.kind, &view, &error) && view.lit);
    session_view_free(&view);
    free(text);
    json_decref(step);
    step = said(s, ":walk reverse\n:next\n");
    text = json_dumps(step, JSON_COMPACT);
    assert_non_null(strstr(text, "by the map -1/n at labels (1 x 10)"));
    free(text);
    json_decref(step);
    step = said(s, ":walk forward\n:next\n:next\n");
    text = json_dumps(step, 0);
    if (!strstr(text, "(15 x 15)") || !strstr(text, "it has the shape (5, 3)") || strstr(text, "nan"))
        fail_msg("%s", text);
    free(text);
    json_decref(step);
    step = said(s, ":walk forward y");
    text = json_dumps(step, 0);
    assert_non_null(strstr(text, "labels are whole numbers"));
    free(text);
    json_decref(step);
    step = said(s, ":walk paths");
    text = json_dumps(step, JSON_COMPACT);
    assert_non_null(strstr(text, "(1 x 10) (10 x 10)"));
    free(text);
    json_decref(step);
    session_free(s);
}

// The graph of numbers behind it has the same value and passes the same check.
static void expanding_keeps_the_function(void **state) {
    (void)state;
    struct session *s = traced();
    double value = environment_graph(s->environment)->value[environment_graph(s->environment)->output[0]];
    json_t *check = said(s, ":check");
    assert_true(json_is_true(json_object_get(check, "ok")));
    json_decref(check);
    json_t *expanded = said(s, ":expand");
    assert_true(number(expanded, "vertices") > 50);
    const struct graph *graph = environment_graph(s->environment);
    assert_true(fabs(graph->value[graph->output[0]] - value) < 1e-12);
    json_decref(expanded);
    check = said(s, ":check");
    assert_true(json_is_true(json_object_get(check, "ok")));
    json_decref(check);
    session_free(s);
}

static void assert_refused(struct session *s, const char *line, const char *message) {
    json_t *error = said(s, line);
    const char *text = json_string_value(json_object_get(error, "message"));
    if (!text || !strstr(text, message)) fail_msg("%s: %s", line, text ? text : "no error");
    assert_true(number(error, "line") >= 1 || json_object_get(error, "span"));
    json_decref(error);
}

static void mistakes_name_both_shapes(void **state) {
    (void)state;
    struct session *s = session_new(NULL);
    json_decref(said(s, "x = randn(3, 4)\nx\n"));
    assert_refused(s, "x @ randn(5, 2)", "(3, 4) and (5, 2)");
    assert_refused(s, "x + randn(2, 4)", "(3, 4) and (2, 4)");
    assert_refused(s, "conv2d(randn(1, 3, 8, 8), randn(4, 2, 3, 3))", "(1, 3, 8, 8) and (4, 2, 3, 3)");
    assert_refused(s, "nll(log_softmax(x), labels(4, 4))", "(3, 4) and (4,)");
    assert_refused(s, "reshape(x, 5)", "(3, 4) cannot be reshaped to (5,)");
    assert_refused(s, "reshape(x, -1, 5)", "12 elements cannot be shared out: the other sizes make 5");
    assert_refused(s, "sum(x, foo=1)", "takes axis=NUMBER");
    session_free(s);
}

static void assert_shape(struct session *s, const char *line, size_t rank, const int *size) {
    json_t *value = said(s, line);
    char *text = json_dumps(value, JSON_COMPACT);
    char want[64] = "[", part[16];
    for (size_t i = 0; i < rank; i++) {
        snprintf(part, sizeof part, "%s%d", i ? "," : "", size[i]);
        strcat(want, part);
    }
    strcat(want, "]");
    if (!strstr(text, want)) fail_msg("%s: %s has no shape %s", line, text, want);
    free(text);
    json_decref(value);
}

static void shapes_follow_numpy(void **state) {
    (void)state;
    struct session *s = session_new(NULL);
    assert_shape(s, "x = randn(3, 4)\nreshape(x, -1, 2)\n:graph\n", 2, (int[]){6, 2});
    assert_shape(s, "reshape(x, (2, -1))\n:graph\n", 2, (int[]){2, 6});
    assert_shape(s, "mean(x, axis=0)\n:graph\n", 1, (int[]){4});
    assert_shape(s, "sum(x, dim=1)\n:graph\n", 1, (int[]){3});
    session_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(why_adds_up_to_the_gradient), cmocka_unit_test(why_lists_every_use),
        cmocka_unit_test(walks_are_told_by_shapes),    cmocka_unit_test(expanding_keeps_the_function),
        cmocka_unit_test(mistakes_name_both_shapes),   cmocka_unit_test(shapes_follow_numpy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
