#include "base/task.h"

#include <stddef.h>
#include <time.h>

static atomic_bool interrupted; // lock-free, so a signal handler may set it

static _Thread_local const atomic_bool *own;

static task_report *reporter;
static void *reporter_context;
static _Atomic double next_report;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void task_interrupt(void) { atomic_store_explicit(&interrupted, true, memory_order_relaxed); }

void task_restart(void) { atomic_store(&next_report, seconds() + 1); }

void task_begin(void) {
    atomic_store_explicit(&interrupted, false, memory_order_relaxed);
    task_restart();
}

bool task_interrupted(void) { return atomic_load_explicit(own ? own : &interrupted, memory_order_relaxed); }

bool task_uninterrupt(void) {
    bool was_interrupted = task_interrupted();
    if (was_interrupted) task_begin();
    return was_interrupted;
}

void task_reinterrupt(bool was_interrupted) {
    if (was_interrupted) task_interrupt();
}

void task_follow(const atomic_bool *flag) { own = flag; }

void task_set_report(task_report *report, void *context) {
    reporter = report;
    reporter_context = context;
}

// Work shorter than a second reports nothing; longer work ten times a second, whichever thread gets there first.
void task_progress(const char *what, double done, double total) {
    if (!reporter) return;
    double now = seconds(), due = atomic_load(&next_report);
    if (now < due || !atomic_compare_exchange_strong(&next_report, &due, now + 0.1)) return;
    reporter(reporter_context, what, done, total);
}
