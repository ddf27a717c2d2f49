// Interrupting work: Ctrl-C sets a flag, long loops look at it.
#ifndef BAUER_BASE_TASK_H
#define BAUER_BASE_TASK_H

#include <stdatomic.h>
#include <stdbool.h>

void task_interrupt(void);   // asks the running work to stop; safe in a signal handler
void task_restart(void);     // the second before progress is reported begins anew; an interrupt stays
void task_begin(void);       // forgets earlier interrupts; called before each command
bool task_interrupted(void); // looked at by loops at least every few milliseconds of work

// A way back is not cut short by the Ctrl-C that led to it: forgets an interrupt, and says whether there was one, for
// task_reinterrupt at its end.
bool task_uninterrupt(void);
void task_reinterrupt(bool was_interrupted);

// From now on this thread is interrupted by its own flag alone: work in the background, which Ctrl-C at the prompt does
// not mean. NULL: by task_interrupt again.
void task_follow(const atomic_bool *flag);

// Progress of work over a second long, for whoever shows it. `done` and `total` in any unit; NULL turns it off.
typedef void task_report(void *context, const char *what, double done, double total);
void task_set_report(task_report *report, void *context);
void task_progress(const char *what, double done, double total); // cheap enough for every thousand steps

#endif
