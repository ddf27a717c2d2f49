// Rows of `bauer bench` about the reactor: seconds for gradients over 40,961 steps in float32.
#ifndef BAUER_APP_BENCH_REACTOR_H
#define BAUER_APP_BENCH_REACTOR_H

#include <stdbool.h>

bool measure_reactor(double *value, double *peer);         // exact, one core
bool measure_reactor_sampled(double *value, double *peer); // a hundredth kept; peer: exact
bool measure_reactors(double *value, double *peer);        // two exact ones at once; peer: one
#endif
