// Work in numbered tasks over threads, with results taken in order.
#ifndef BAUER_BASE_PARALLEL_H
#define BAUER_BASE_PARALLEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

// A task or what is done with its result; false with `error` set ends the run.
typedef bool parallel_task(void *context, uint64_t task, struct error *error);

// Runs work(context, task) once for every task below `count`, on parallel_threads() threads of which the caller is one,
// begun in increasing order. `done` (or NULL) is called for every task in increasing order, by the caller's thread,
// after the task and all before it; at most PARALLEL_AHEAD tasks run ahead of it. After a failure or an interrupt no
// task is begun; the error of the lowest failed task is given, and `done` was called for those before it.
enum { PARALLEL_AHEAD = 256 };
bool parallel_run(uint64_t count, parallel_task *work, parallel_task *done, void *context, struct error *error);

// Threads that work; 0 is as many as there are processors that this process may use.
void parallel_set_threads(unsigned threads);
unsigned parallel_threads(void);
unsigned parallel_wanted(void); // as set, 0 too

#endif
