// One axis of a plot: a range of numbers on a line or a logarithmic scale, and its ticks. Arithmetic only.
#ifndef BAUER_SHOW_AXIS_H
#define BAUER_SHOW_AXIS_H

#include <stdbool.h>
#include <stdint.h>

struct axis {
    double low, high; // low < high, both finite; positive on a logarithmic axis
    bool log;
};

enum { MOST_TICKS = 160 };
struct tick {
    double value;
    char label[64]; // markup of scene_text; "" for a minor tick
};

bool axis_takes(const struct axis *axis, double value); // finite, and positive on a logarithmic axis
bool axis_valid(const struct axis *axis);
// Where a value lies: 0 at low, 1 at high, beyond outside. NaN for what the axis does not take. And back.
double axis_share(const struct axis *axis, double value);
double axis_value(const struct axis *axis, double share);

// The range from low to high, widened by `margin` (0.04: 4 % on each side), and to something that can be shown if it is
// a single number. low > high: no numbers at all, the range becomes 0 to 1 (1 to 10).
void axis_fit(struct axis *axis, double low, double high, double margin);
// Moves the range by a share of itself, and grows it (factor > 1) or shrinks it around a share. Both leave the axis as
// it is when the result could no longer be told apart or represented.
void axis_pan(struct axis *axis, double share);
void axis_zoom(struct axis *axis, double share, double factor);

// Ticks at round numbers, about `wanted` with labels, in rising order; returns how many.
uint32_t axis_ticks(const struct axis *axis, double wanted, struct tick tick[MOST_TICKS]);

#endif
