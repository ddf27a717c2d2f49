// Rows of `bauer bench` about training: the paper's three networks at its batch of 150, on one thread, on random
// images.
#ifndef BAUER_APP_BENCH_TRAIN_H
#define BAUER_APP_BENCH_TRAIN_H

#include <stdbool.h>

// ms for an exact iteration; against its dense products or convolutions alone.
bool measure_exact_fc(double *value, double *peer);
bool measure_exact_conv(double *value, double *peer);
bool measure_exact_rnn(double *value, double *peer);
bool measure_floor_fc(double *value, double *peer);
bool measure_floor_conv(double *value, double *peer);
bool measure_floor_rnn(double *value, double *peer);

// ms for an iteration that keeps a tenth, against an exact one.
bool measure_same_fc(double *value, double *peer);
bool measure_same_conv(double *value, double *peer);
bool measure_same_rnn(double *value, double *peer);
bool measure_different_fc(double *value, double *peer);
bool measure_different_conv(double *value, double *peer);
bool measure_different_rnn(double *value, double *peer);
bool measure_project_fc(double *value, double *peer);
bool measure_project_conv(double *value, double *peer);
bool measure_project_rnn(double *value, double *peer);

// us for a gradient by a weight from a tenth of its input (the slower of same and different), against the dense one.
bool measure_gradient_linear(double *value, double *peer);
bool measure_gradient_conv(double *value, double *peer);

// MB by which the whole process's peak falls for the recurrent network with a tenth kept, against what is planned.
bool measure_peak(double *value, double *peer);

#endif
