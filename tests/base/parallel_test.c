// Numbered tasks over threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/parallel.h"
#include "base/task.h"

enum { TASKS = 2000 };

struct ledger {
    atomic_int worked[TASKS];
    uint64_t done; // tasks taken, in order
    uint64_t fails, interrupts;
};

static bool work(void *context, uint64_t task, struct error *error) {
    struct ledger *ledger = context;
    atomic_fetch_add(&ledger->worked[task], 1);
    if (task == ledger->interrupts) task_interrupt();
    if (task >= ledger->fails)
        return error_set(error, ERROR_OTHER, SPAN_NONE, "task %llu failed", (unsigned long long)task);
    return true;
}

static bool done(void *context, uint64_t task, struct error *error) {
    struct ledger *ledger = context;
    (void)error;
    assert_int_equal(task, ledger->done);
    assert_int_equal(atomic_load(&ledger->worked[task]), 1);
    ledger->done++;
    return true;
}

static void test_every_task_once_in_order(void **state) {
    (void)state;
    for (unsigned threads = 1; threads <= 7; threads += 3) {
        struct ledger ledger = {.fails = UINT64_MAX, .interrupts = UINT64_MAX};
        struct error error = {0};
        parallel_set_threads(threads);
        assert_int_equal(parallel_threads(), threads);
        assert_true(parallel_run(TASKS, work, done, &ledger, &error));
        assert_int_equal(ledger.done, TASKS);
        for (int i = 0; i < TASKS; i++) assert_int_equal(atomic_load(&ledger.worked[i]), 1);
        assert_true(parallel_run(0, work, done, &ledger, &error));
    }
    parallel_set_threads(0);
    assert_true(parallel_threads() >= 1);
}

static void test_the_lowest_failure_is_told(void **state) {
    (void)state;
    for (unsigned threads = 1; threads <= 7; threads += 3) {
        struct ledger ledger = {.fails = 700, .interrupts = UINT64_MAX};
        struct error error = {0};
        parallel_set_threads(threads);
        assert_false(parallel_run(TASKS, work, done, &ledger, &error));
        assert_string_equal(error.message, "task 700 failed");
        assert_int_equal(ledger.done, 700);
    }
    parallel_set_threads(0);
}

static void test_an_interrupt_ends_it(void **state) {
    (void)state;
    struct ledger ledger = {.fails = UINT64_MAX, .interrupts = 100};
    struct error error = {0};
    task_begin();
    assert_false(parallel_run(TASKS, work, done, &ledger, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    assert_true(ledger.done >= 101 && ledger.done < TASKS);
    task_begin();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_task_once_in_order),
                                       cmocka_unit_test(test_the_lowest_failure_is_told),
                                       cmocka_unit_test(test_an_interrupt_ends_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
