// Sessions as a person builds them up, line by line: undo, save, settings, and lines that fail.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/session.h"
#include "app/settings.h"
#include "base/arena.h"
#include "base/task.h"

static const char figure1[] =
    "def f(x1, x2):\n    a = exp(x1)\n    b = sin(x2)\n    c = b*x2\n    d = a*c\n    return a*d\n\nf(0.5, 1.2)\n";

static struct session *fresh(void) {
    struct session *session = session_new(NULL);
    assert_non_null(session);
    session->output.json = true; // errors go to standard output, which the tests drop
    return session;
}

static bool run(struct session *session, const char *text) {
    return session_run(session, "<test>", text, strlen(text), 1) == 0;
}

static void must_run(struct session *session, const char *text) {
    if (!run(session, text)) fail_msg("%s fails", text);
}

static double output(struct session *session) {
    struct graph *graph = environment_graph(session->environment);
    assert_non_null(graph);
    return graph->value[graph->output[0]];
}

static void assert_setting(struct session *session, const char *name, const char *expected) {
    struct buffer value = {0};
    setting_find(name, NULL)->show(session, &value);
    assert_string_equal(buffer_string(&value), expected);
    buffer_free(&value);
}

static void undo_takes_back_all_kinds_of_lines(void **state) {
    (void)state;
    struct session *s = fresh();
    must_run(s, figure1);
    double there = output(s);
    must_run(s, ":at 1, 2\n:set direction right\n:eliminate b\n:eliminate c");
    assert_int_equal(s->eliminated_count, 2);
    must_run(s, ":undo");
    assert_int_equal(s->eliminated_count, 1);
    must_run(s, ":undo\n:undo");
    assert_setting(s, "direction", "auto");
    assert_int_equal(s->eliminated_count, 0);
    must_run(s, ":undo");
    assert_true(output(s) == there);
    must_run(s, ":redo\n:redo\n:redo\n:redo");
    assert_true(output(s) > 13 && output(s) < 14);
    assert_setting(s, "direction", "right");
    assert_int_equal(s->eliminated_count, 2);
    assert_false(run(s, ":redo"));
    must_run(s, ":undo\nx = 1"); // something new: nothing is left to redo
    assert_false(run(s, ":redo"));
    session_free(s);
}

static void undo_tells_collapsed_views_apart(void **state) {
    (void)state;
    struct session *s = fresh();
    must_run(s, "def p(u):\n    return u*u\n\ndef q(u):\n    return u + 1\n\ndef f(x):\n    return p(x)*q(x)\n\nf(2)");
    must_run(s, ":set collapse p");
    uint32_t frame = s->shown.collapsed[0];
    must_run(s, ":set collapse q");
    assert_true(s->shown.collapsed_count == 1 && s->shown.collapsed[0] != frame);
    must_run(s, ":undo");
    assert_true(s->shown.collapsed_count == 1 && s->shown.collapsed[0] == frame);
    must_run(s, ":undo");
    assert_int_equal(s->shown.collapsed_count, 0);
    session_free(s);
}

static void reset_can_be_undone(void **state) {
    (void)state;
    struct session *s = fresh();
    must_run(s, "x = 3\ny = x*x\n:set digits 7\n:reset");
    assert_null(environment_graph(s->environment));
    assert_setting(s, "digits", "3");
    must_run(s, ":undo");
    assert_true(output(s) == 9);
    assert_setting(s, "digits", "7");
    session_free(s);
}

static void a_failing_line_changes_nothing(void **state) {
    (void)state;
    static const char *const failing[] = {"1/0",
                                          "x = undefined",
                                          "f(1)",
                                          ":set theme blue",
                                          ":at 1",
                                          ":at q=1",
                                          ":eliminate f",
                                          ":eliminate q",
                                          ":jacobian sideways",
                                          ":paths a ->",
                                          ":nosuch",
                                          ":goto 3",
                                          "def g(:",
                                          ":export x.xyz",
                                          ":load /nothing/here",
                                          ":save /nothing/here",
                                          "f(0.5, log(-1))",
                                          ":set digits 0",
                                          ":jvp 1"};
    struct session *s = fresh();
    must_run(s, figure1);
    must_run(s, ":paths x2 -> f");
    struct graph *graph = environment_graph(s->environment);
    struct settings settings = s->settings;
    struct shown shown = s->shown;
    size_t log = s->log.size;
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        if (run(s, failing[i])) fail_msg("%s runs", failing[i]);
        assert_ptr_equal(environment_graph(s->environment), graph);
        assert_memory_equal(&s->settings, &settings, sizeof settings);
        assert_memory_equal(&s->shown, &shown, sizeof shown);
        assert_int_equal(s->log.size, log);
    }
    must_run(s, "f(0.5, 1.2)");
    session_free(s);
}

static void a_saved_session_rebuilds_itself(void **state) {
    (void)state;
    struct session *s = fresh(), *again = fresh();
    struct buffer script = {0}, twice = {0};
    must_run(s, figure1);
    must_run(s, "f(1, 2)\n:at x1=3\n:set theme dark\n:undo\n:set theme projector\n:eliminate d");
    assert_true(session_script(s, &script));
    must_run(again, buffer_string(&script));
    assert_true(output(again) == output(s));
    assert_setting(again, "theme", "projector");
    assert_int_equal(again->eliminated_count, 1);
    assert_true(session_script(again, &twice));
    assert_string_equal(buffer_string(&twice), buffer_string(&script));
    buffer_free(&script);
    buffer_free(&twice);
    session_free(s);
    session_free(again);
}

static void settings_refuse_nonsense(void **state) {
    (void)state;
    static const char *const nonsense[] = {"-1", "nan", "1e300", "sideways", "0.5x", "\"\""};
    struct session *s = fresh();
    for (size_t i = 0; i < setting_count; i++)
        for (size_t k = 0; k < sizeof nonsense / sizeof *nonsense; k++) {
            struct buffer before = {0};
            char line[80];
            setting_table[i].show(s, &before);
            snprintf(line, sizeof line, ":set %s %s", setting_table[i].name, nonsense[k]);
            if (run(s, line)) fail_msg("%s is taken", line);
            assert_setting(s, setting_table[i].name, buffer_string(&before));
            buffer_free(&before);
        }
    session_free(s);
}

static void newcomers_words_do_what_they_mean(void **state) {
    (void)state;
    struct session *s = fresh();
    must_run(s, "help\nsin?\npaths?");
    must_run(s, "quit = 3\nquit");
    assert_false(s->quit);
    must_run(s, "exit()");
    assert_true(s->quit);
    session_free(s);
}

static void *interrupt_all_the_time(void *stop) {
    while (!atomic_load((atomic_bool *)stop)) task_interrupt();
    return NULL;
}

// Found by the fuzzer of commands: an interrupt between two readings of a piece whose bracket stays open.
static void an_interrupt_may_come_at_any_moment(void **state) {
    (void)state;
    atomic_bool stop = false;
    pthread_t thread;
    struct session *session = fresh();
    assert_int_equal(pthread_create(&thread, NULL, interrupt_all_the_time, &stop), 0);
    for (int i = 0; i < 3000; i++) {
        task_begin();
        run(session, "x = (1\ny = 2\n");
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    task_begin();
    must_run(session, "z = 40 + 2");
    session_free(session);
}

int main(void) {
    if (!freopen("/dev/null", "w", stdout)) return 2; // answers are dropped; cmocka reports on stderr
    cmocka_set_message_output(CM_OUTPUT_STDOUT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undo_takes_back_all_kinds_of_lines),
        cmocka_unit_test(undo_tells_collapsed_views_apart),
        cmocka_unit_test(reset_can_be_undone),
        cmocka_unit_test(a_failing_line_changes_nothing),
        cmocka_unit_test(a_saved_session_rebuilds_itself),
        cmocka_unit_test(settings_refuse_nonsense),
        cmocka_unit_test(newcomers_words_do_what_they_mean),
        cmocka_unit_test(an_interrupt_may_come_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
