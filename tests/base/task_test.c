// Work is interrupted from a signal handler and reports its progress only when it takes long.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/task.h"

static void on_signal(int number) {
    (void)number;
    task_interrupt();
}

static void test_a_signal_interrupts(void **state) {
    (void)state;
    signal(SIGUSR1, on_signal);
    task_begin();
    assert_false(task_interrupted());
    raise(SIGUSR1);
    assert_true(task_interrupted());
    assert_true(task_interrupted()); // until the next command
    task_begin();
    assert_false(task_interrupted());
}

static void test_a_way_back_is_not_interrupted(void **state) {
    (void)state;
    task_begin();
    assert_false(task_uninterrupt());
    task_reinterrupt(false);
    assert_false(task_interrupted());
    task_interrupt();
    bool was_interrupted = task_uninterrupt();
    assert_true(was_interrupted && !task_interrupted());
    task_reinterrupt(was_interrupted);
    assert_true(task_interrupted());
    task_begin();
}

static void count_report(void *context, const char *what, double done, double total) {
    assert_string_equal(what, "tracing");
    assert_true(done <= total);
    ++*(int *)context;
}

static void test_only_long_work_reports(void **state) {
    (void)state;
    int reports = 0;
    task_set_report(count_report, &reports);
    task_begin();
    for (int i = 0; i < 100000; i++) task_progress("tracing", i, 100000);
    assert_int_equal(reports, 0);
    nanosleep(&(struct timespec){1, 50000000}, NULL);
    for (int i = 0; i < 1000; i++) task_progress("tracing", i, 1000);
    assert_int_equal(reports, 1); // and not one for each step
    task_set_report(NULL, NULL);
    task_progress("tracing", 1, 1);
    assert_int_equal(reports, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signal_interrupts),
        cmocka_unit_test(test_a_way_back_is_not_interrupted),
        cmocka_unit_test(test_only_long_work_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
