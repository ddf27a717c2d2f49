// Rows of `bauer bench` about estimates.
#ifndef BAUER_APP_BENCH_ESTIMATE_H
#define BAUER_APP_BENCH_ESTIMATE_H

#include <stdbool.h>

bool measure_walks(double *value, double *peer); // the slower of uniform and walk, million paths a second
bool measure_steps(double *value, double *peer); // walks by alias tables, million edges a second
bool measure_variance(double *value, double *peer);
bool measure_lab(double *value, double *peer);
bool measure_threads(double *value, double *peer); // the slowest of three walks, ms for a million edges

#endif
