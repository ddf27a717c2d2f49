// What the window's wire carries and what its events do to a session, without a window.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "app/between.h"
#include "app/keys.h"
#include "app/session.h"
#include "app/window.h"
#include "app/wire.h"
#include "base/arena.h"
#include "base/task.h"

static const char figure1[] =
    "def f(x1, x2):\n    a = exp(x1)\n    b = sin(x2)\n    c = b*x2\n    d = a*c\n    return a*d\n\nf(0.5, 1.2)\n";

static struct session *fresh(const char *text) {
    struct session *session = session_new(NULL);
    assert_non_null(session);
    session->output.json = true;
    assert_int_equal(session_run(session, "<test>", text, strlen(text), 1), 0);
    return session;
}

// ---- messages -----------------------------------------------------------------------------------------------------

static void messages_come_whole_or_not_at_all(void **state) {
    (void)state;
    struct buffer bytes = {0};
    enum wire_kind kind;
    const char *payload;
    uint32_t size;
    assert_true(wire_put(&bytes, WIRE_NOTE, "hello", 5));
    assert_true(wire_put(&bytes, WIRE_STATE, NULL, 0));
    size_t first = sizeof(struct wire_header) + 5;
    for (size_t cut = 0; cut < first; cut++) assert_int_equal(wire_take(bytes.data, cut, &kind, &payload, &size), 0);
    assert_int_equal(wire_take(bytes.data, bytes.size, &kind, &payload, &size), first);
    assert_int_equal(kind, WIRE_NOTE);
    assert_memory_equal(payload, "hello", 5);
    assert_int_equal(wire_take(bytes.data + first, bytes.size - first, &kind, &payload, &size),
                     sizeof(struct wire_header));
    assert_int_equal(size, 0);
    buffer_free(&bytes);
}

static void nonsense_is_known_by_its_header(void **state) {
    (void)state;
    enum wire_kind kind;
    const char *payload;
    uint32_t size;
    struct wire_header header = {{'B', 'V', 'W', '1'}, WIRE_VERSION, WIRE_NOTE, WIRE_LARGEST + 1};
    assert_true(wire_take("GET / HTTP/1.1", 14, &kind, &payload, &size) < 0);
    assert_true(wire_take("X", 1, &kind, &payload, &size) < 0);
    assert_true(wire_take((const char *)&header, sizeof header, &kind, &payload, &size) < 0);
    header.size = 0;
    header.kind = WIRE_KINDS;
    assert_true(wire_take((const char *)&header, sizeof header, &kind, &payload, &size) < 0);
    header.kind = WIRE_NOTE;
    header.version = WIRE_VERSION + 1;
    assert_int_equal(wire_take((const char *)&header, sizeof header, &kind, &payload, &size), -2);
}

static void a_view_is_two_parts(void **state) {
    (void)state;
    struct buffer bytes = {0}, scene = {0};
    enum wire_kind kind;
    const char *payload, *json, *drawn;
    size_t json_size, drawn_size;
    uint32_t size;
    buffer_text(&scene, "scene");
    assert_true(wire_put_view(&bytes, "{}", &scene));
    assert_true(wire_take(bytes.data, bytes.size, &kind, &payload, &size) > 0);
    assert_true(wire_split_view(payload, size, &json, &json_size, &drawn, &drawn_size));
    assert_int_equal(json_size, 2);
    assert_memory_equal(drawn, "scene", 5);
    for (uint32_t cut = 0; cut < 6; cut++)
        assert_false(wire_split_view(payload, cut, &json, &json_size, &drawn, &drawn_size));
    buffer_free(&bytes);
    buffer_free(&scene);
}

// ---- a slider -----------------------------------------------------------------------------------------------------

static double at(struct session *session, uint32_t input) {
    const struct graph *graph = environment_graph(session->environment);
    return graph->value[graph->input[input]];
}

static void drag(struct session *session, double to) {
    for (int i = 1; i <= 10; i++) assert_true(session_slide(session, 0, to * i / 10, i == 10, NULL));
}

// However many steps a drag has: one line in the log, one undo. In a function's graph and at the prompt.
static void a_drag_is_one_step(void **state) {
    (void)state;
    static const char *const programs[] = {figure1, "x1 = 0.5\nx2 = 1.2\ny = x1*sin(x2)\n"};
    for (int p = 0; p < 2; p++) {
        struct session *session = fresh(programs[p]);
        size_t before = session->log.size;
        drag(session, 2);
        assert_true(at(session, 0) == 2 && at(session, 1) == 1.2);
        assert_string_equal(buffer_string(&session->log) + before, ":at x1=2.0\n");
        drag(session, 3);
        assert_string_equal(buffer_string(&session->log) + before, ":at x1=2.0\n:at x1=3.0\n");
        assert_true(session_undo(session, NULL));
        assert_true(at(session, 0) == 2);
        assert_true(session_undo(session, NULL));
        assert_true(at(session, 0) == 0.5);
        assert_true(session_redo(session, NULL));
        assert_true(at(session, 0) == 2);
        session_free(session);
    }
}

static void a_look_does_not_end_a_drag(void **state) {
    (void)state;
    struct session *session = fresh(figure1);
    assert_true(session_slide(session, 0, 1, false, NULL));
    session_run(session, "<test>", ":jacobian", 9, 1);
    assert_true(session_slide(session, 0, 2, true, NULL));
    assert_true(session_undo(session, NULL));
    assert_true(at(session, 0) == 0.5);
    assert_true(session_slide(session, 0, 1, false, NULL));
    session_run(session, "<test>", ":at x2=3", 8, 1);
    assert_true(session_slide(session, 0, 2, true, NULL));
    assert_true(session_undo(session, NULL));
    assert_true(at(session, 0) == 1 && at(session, 1) == 3);
    session_free(session);
}

static void count_report(void *context, const char *what, double done, double total) {
    (void)what, (void)done, (void)total;
    ++*(int *)context;
}

// However long ago the last line was run.
static void a_short_drag_reports_no_progress(void **state) {
    (void)state;
    static const char slide[] = "{\"event\": \"slide\", \"input\": 0, \"value\": 3.0, \"final\": true}";
    struct session *session = fresh("def f(x):\n    for i in range(3):\n        x = 2*x\n    return x\n\nf(1)\n");
    int reports = 0;
    task_set_report(count_report, &reports);
    nanosleep(&(struct timespec){1, 100000000}, NULL);
    assert_true(window_take_event(session, slide, strlen(slide)));
    task_set_report(NULL, NULL);
    assert_true(at(session, 0) == 3);
    assert_int_equal(reports, 0);
    session_free(session);
}

static void a_value_that_does_not_work_changes_nothing(void **state) {
    (void)state;
    struct session *session = fresh("def f(x):\n    return log(x)\n\nf(2)\n");
    struct error error = {0};
    assert_true(session_slide(session, 0, 1, false, NULL));
    assert_false(session_slide(session, 0, -1, false, &error));
    assert_int_equal(error.kind, ERROR_DOMAIN);
    assert_true(at(session, 0) == 1);
    assert_true(session_slide(session, 0, 3, true, NULL));
    assert_true(at(session, 0) == 3);
    session_free(session);
}

// ---- between two vertices -----------------------------------------------------------------------------------------

// Figure 1: two paths from a to f with the sum d + c*a = 3.688; all of df/dx1 goes through both.
static void between_counts_paths_and_shares(void **state) {
    (void)state;
    struct session *session = fresh(figure1);
    struct graph *graph = session_graph(session, NULL);
    struct lcg *lcg = session_lcg(session, NULL);
    struct buffer words = {0};
    uint32_t count;
    vertex a = graph_find(graph, "a", NULL), b = graph_find(graph, "b", NULL), f = graph_find(graph, "f", NULL);
    assert_true(between_words(lcg, f, a, &words, NULL)); // in any order
    assert_string_equal(buffer_string(&words), "2 paths from a to f\nsum of their products: ∂f/∂a = 3.68801\n"
                                               "100 % of ∂f/∂x1 = 6.08051 go through both");
    buffer_clear(&words);
    assert_true(between_words(lcg, a, b, &words, NULL));
    assert_string_equal(buffer_string(&words), "0 paths from a to b");
    mem_free(between_edges(lcg, a, f, &count, NULL));
    assert_int_equal(count, 3); // a -> d, a -> f, d -> f
    buffer_free(&words);
    session_free(session);
}

static void half_of_an_entry_goes_one_way(void **state) {
    (void)state;
    struct session *session = fresh("x = 2\na = x*3\nb = x*1\ny = a + b");
    struct graph *graph = session_graph(session, NULL);
    struct buffer words = {0};
    assert_true(between_words(session_lcg(session, NULL), graph_find(graph, "a", NULL), graph_find(graph, "y", NULL),
                              &words, NULL));
    assert_non_null(strstr(buffer_string(&words), "75 % of ∂y/∂x = 4 go through both"));
    buffer_free(&words);
    session_free(session);
}

// ---- what is shown ------------------------------------------------------------------------------------------------

static void picks_light_what_lies_between(void **state) {
    (void)state;
    struct session *session = fresh(figure1);
    struct view view;
    session->shown.picked = true;
    session->shown.pick[0] = graph_find(session_graph(session, NULL), "a", NULL);
    session->shown.pick[1] = graph_find(session_graph(session, NULL), "f", NULL);
    assert_true(session_view(session, VIEW_LCG, &view, NULL));
    assert_non_null(view.lit);
    assert_int_equal(view.lit->length, 3);
    assert_true(view.dim);
    session_view_free(&view);
    session_free(session);
}

static void eliminated_vertices_leave_the_picture(void **state) {
    (void)state;
    struct session *session = fresh(figure1);
    struct view view;
    assert_int_equal(session_run(session, "<test>", ":eliminate b\n:eliminate c", 25, 1), 0);
    session->output.json = false; // in JSON :lcg stays the whole linearized graph
    assert_true(session_view(session, VIEW_LCG, &view, NULL));
    assert_int_equal(view.rest_count, 5);
    session_view_free(&view);
    session_free(session);
}

static void what_is_collapsed_stays_so_when_the_program_is_edited(void **state) {
    (void)state;
    static const char edited[] = "def f(x):\n    for i in range(4):\n        x = cos(x)\n    return x\n\nf(2)\n";
    struct session *session = fresh("def f(x):\n    for i in range(3):\n        x = sin(x)\n    return x\n\nf(1)\n"
                                    ":set collapse loops\n");
    struct view view;
    assert_int_equal(session->shown.collapsed_count, 3);
    assert_int_equal(session_run(session, "<test>", edited, strlen(edited), 1), 0);
    assert_true(session_view(session, VIEW_PRIMAL, &view, NULL));
    assert_int_equal(view.collapsed_count, 4);
    session_view_free(&view);
    session_free(session);
}

static void keys_are_bound_once(void **state) {
    (void)state;
    assert_int_equal(key_find("PageDown")->action, KEY_NEXT);
    assert_int_equal(key_find("0")->action, KEY_FIT);
    assert_int_equal(key_find("Ctrl+s")->action, KEY_SAVE);
    assert_null(key_find("Ctrl"));
    assert_null(key_find("age"));
    for (size_t i = 0; i < key_count; i++) {
        char keys[64], *save = NULL;
        snprintf(keys, sizeof keys, "%s", key_table[i].keys);
        for (char *key = strtok_r(keys, " ", &save); key; key = strtok_r(NULL, " ", &save))
            assert_ptr_equal(key_find(key), &key_table[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_whole_or_not_at_all),
        cmocka_unit_test(nonsense_is_known_by_its_header),
        cmocka_unit_test(a_view_is_two_parts),
        cmocka_unit_test(a_drag_is_one_step),
        cmocka_unit_test(a_look_does_not_end_a_drag),
        cmocka_unit_test(a_short_drag_reports_no_progress),
        cmocka_unit_test(a_value_that_does_not_work_changes_nothing),
        cmocka_unit_test(between_counts_paths_and_shares),
        cmocka_unit_test(half_of_an_entry_goes_one_way),
        cmocka_unit_test(picks_light_what_lies_between),
        cmocka_unit_test(eliminated_vertices_leave_the_picture),
        cmocka_unit_test(what_is_collapsed_stays_so_when_the_program_is_edited),
        cmocka_unit_test(keys_are_bound_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
