// bauer bench: how fast, against a peer or a floor measured in the same run.
#ifndef BAUER_APP_BENCH_H
#define BAUER_APP_BENCH_H

#include <stdbool.h>
#include <stddef.h>

void bench_help(void); // prints the usage, and the figures with their bounds
// Runs the named figures (all when count is 0) and prints a row each, as text or JSON. Returns the exit status (2 for
// an unknown name). A bound that does not hold is reported and does not fail.
int bench_run(const char *const *names, size_t count, bool json);

#endif
