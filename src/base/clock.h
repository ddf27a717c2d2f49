// Time that passes, whatever the clock on the wall is set to.
#ifndef BAUER_BASE_CLOCK_H
#define BAUER_BASE_CLOCK_H

#include <time.h>

// Seconds since some moment in the past.
static inline double clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Seconds that a processor has worked for this thread: what other programs do meanwhile does not count.
static inline double clock_worked(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
