#include "show/axis.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

// ---- the scale ----------------------------------------------------------------------------------------------------

bool axis_takes(const struct axis *axis, double value) { return isfinite(value) && (!axis->log || value > 0); }

bool axis_valid(const struct axis *axis) {
    return axis_takes(axis, axis->low) && axis_takes(axis, axis->high) && axis->low < axis->high;
}

static double forth(const struct axis *axis, double value) { return axis->log ? log10(value) : value; }

static double back(const struct axis *axis, double scaled) { return axis->log ? pow(10, scaled) : scaled; }

// Halves, so that ranges up to the largest numbers do not overflow.
double axis_share(const struct axis *axis, double value) {
    if (!axis_takes(axis, value)) return NAN;
    double low = forth(axis, axis->low) / 2, high = forth(axis, axis->high) / 2;
    return high > low ? (forth(axis, value) / 2 - low) / (high - low) : 0.5;
}

double axis_value(const struct axis *axis, double share) {
    double low = forth(axis, axis->low), high = forth(axis, axis->high);
    return back(axis, low * (1 - share) + high * share);
}

// ---- ranges -------------------------------------------------------------------------------------------------------

// The narrowest range that is shown, as a share of its numbers.
#define NARROWEST 1e-12

static bool is_narrow(double low, double high) { return high / 2 - low / 2 < NARROWEST * fmax(fabs(low), fabs(high)); }

static double clamp(double value, double low, double high) { return fmax(low, fmin(high, value)); }

static void fit_linear(struct axis *axis, double low, double high, double margin) {
    double pad = 2 * margin * (high / 2 - low / 2);
    if (low == high || is_narrow(low, high)) pad = low == 0 && high == 0 ? 1 : 0.1 * fmax(fabs(low), fabs(high));
    axis->low = clamp(low - pad, -DBL_MAX, DBL_MAX);
    axis->high = clamp(high + pad, -DBL_MAX, DBL_MAX);
    if (axis->low < axis->high) return; // the smallest numbers have no tenth
    axis->low = -1;
    axis->high = 1;
}

static void fit_log(struct axis *axis, double low, double high, double margin) {
    double a = log10(low), b = log10(high), pad = b - a < 1e-3 ? 0.5 : margin * (b - a);
    axis->low = fmax(pow(10, a - pad), DBL_TRUE_MIN);
    axis->high = fmin(pow(10, b + pad), DBL_MAX);
    if (pad > 0) return;
    axis->low = low; // without the rounding of pow
    axis->high = high;
}

void axis_fit(struct axis *axis, double low, double high, double margin) {
    if (!(low <= high)) {
        axis->low = axis->log ? 1 : 0;
        axis->high = axis->log ? 10 : 1;
    } else if (axis->log) {
        fit_log(axis, low, high, margin);
    } else {
        fit_linear(axis, low, high, margin);
    }
}

// Takes the new range if it is one.
static void move(struct axis *axis, double low, double high) {
    struct axis moved = {.low = low, .high = high, .log = axis->log};
    if (!axis_valid(&moved) || is_narrow(low, high)) return;
    if (!isfinite(high - low) || (axis->log && high / low < 1 + 1e-9)) return;
    *axis = moved;
}

void axis_pan(struct axis *axis, double share) { move(axis, axis_value(axis, share), axis_value(axis, 1 + share)); }

void axis_zoom(struct axis *axis, double share, double factor) {
    move(axis, axis_value(axis, share - share * factor), axis_value(axis, share + (1 - share) * factor));
}

// ---- ticks on a line ----------------------------------------------------------------------------------------------

// A round number: mantissa (1, 2 or 5) times a power of ten.
struct step {
    double mantissa;
    int exponent;
};

static struct step round_step(double least) {
    struct step step = {1, (int)floor(log10(least))};
    double mantissa = least / pow(10, step.exponent);
    if (mantissa > 5.0000001)
        step.exponent++;
    else if (mantissa > 1.0000001)
        step.mantissa = mantissa > 2.0000001 ? 5 : 2;
    return step;
}

// By division where that is exact: 3 * 0.1 is not 0.3.
static double multiple(struct step step, double times) {
    bool small = step.exponent < 0 && step.exponent > -300;
    return small ? times * step.mantissa / pow(10, -step.exponent) : times * step.mantissa * pow(10, step.exponent);
}

static const char *minus(double value) { return value < 0 ? "−" : ""; }

// Short and all alike: "0.50" beside "0.25", or a common power of ten where the numbers are large or small.
static void label_linear(char label[64], double value, struct step step, double largest) {
    int power = largest > 0 ? (int)floor(log10(largest) + 1e-12) : 0;
    if (value == 0) {
        snprintf(label, 64, "0");
    } else if (power >= 6 || power < -3) {
        int digits = power > step.exponent ? power - step.exponent : 0;
        int half = power / 2; // the whole power of ten may be no double
        double mantissa = fabs(value) / pow(10, half) / pow(10, power - half);
        snprintf(label, 64, "%s%.*f×10^{%s%d}", minus(value), digits < 17 ? digits : 17, mantissa, minus(power),
                 power < 0 ? -power : power);
    } else {
        int digits = step.exponent < 0 ? -step.exponent : 0;
        snprintf(label, 64, "%s%.*f", minus(value), digits < 20 ? digits : 20, fabs(value));
    }
}

static uint32_t linear_ticks(double low, double high, double wanted, struct tick tick[MOST_TICKS]) {
    double span = 2 * ((high / 2 - low / 2) / fmax(wanted, 1));
    struct step step = round_step(fmax(span, DBL_MIN));
    double one = multiple(step, 1), largest = fmax(fabs(low), fabs(high));
    uint32_t n = 0;
    for (double i = ceil(low / one - 1e-9); i <= high / one + 1e-9 && n < MOST_TICKS; i++) {
        double value = multiple(step, i);
        if (!isfinite(value) || (n && value <= tick[n - 1].value)) break;
        tick[n].value = value;
        label_linear(tick[n++].label, value, step, largest);
    }
    return n;
}

// ---- ticks on a logarithmic scale ---------------------------------------------------------------------------------

static int whole_stride(double least) {
    static const int strides[] = {1, 2, 3, 5, 10, 20, 50, 100};
    for (int i = 0; i < 8; i++)
        if (strides[i] >= least) return strides[i];
    return 200;
}

static bool is_inside(const struct axis *axis, double value) {
    double share = axis_share(axis, value);
    return share >= -1e-9 && share <= 1 + 1e-9;
}

static void add_tick(const struct axis *axis, double value, bool major, int power, struct tick *tick, uint32_t *n) {
    if (*n == MOST_TICKS || !axis_takes(axis, value) || !is_inside(axis, value)) return;
    tick[*n].value = value;
    tick[*n].label[0] = '\0';
    if (major) snprintf(tick[*n].label, sizeof tick[*n].label, "10^{%s%d}", minus(power), power < 0 ? -power : power);
    ++*n;
}

// Powers of ten; between them, what a log scale's rhythm is read from.
static uint32_t power_ticks(const struct axis *axis, double wanted, struct tick tick[MOST_TICKS]) {
    double low = log10(axis->low), high = log10(axis->high);
    int stride = whole_stride(0.8 * (high - low) / fmax(wanted, 1)), minors = stride == 1 ? 9 : 1;
    uint32_t n = 0;
    for (int power = (int)floor(low); power <= (int)floor(high + 1e-9); power++) {
        bool major = power % stride == 0;
        if (!major && stride > 20) continue;
        add_tick(axis, pow(10, power), major, power, tick, &n);
        for (int i = 2; i <= minors; i++) add_tick(axis, i * pow(10, power), false, power, tick, &n);
    }
    return n;
}

// Below two decades: 1, 2, 5, 10, 20 as they are.
static uint32_t mixed_ticks(const struct axis *axis, struct tick tick[MOST_TICKS]) {
    uint32_t n = 0;
    for (int power = (int)floor(log10(axis->low)); power <= (int)floor(log10(axis->high) + 1e-9); power++)
        for (int i = 1; i < 10; i++) {
            uint32_t before = n;
            add_tick(axis, multiple((struct step){i, power}, 1), false, power, tick, &n);
            bool major = i == 1 || i == 2 || i == 5;
            if (n > before && major)
                label_linear(tick[before].label, tick[before].value, (struct step){i, power}, tick[before].value);
        }
    return n;
}

static uint32_t count_labels(const struct tick *tick, uint32_t n) {
    uint32_t labels = 0;
    for (uint32_t i = 0; i < n; i++) labels += tick[i].label[0] != '\0';
    return labels;
}

// At least two, or nobody can tell the scale.
static uint32_t some_ticks(const struct axis *axis, double wanted, struct tick tick[MOST_TICKS]) {
    uint32_t n = 0;
    for (int i = 0; i < 4 && n < 2; i++) n = linear_ticks(axis->low, axis->high, fmax(wanted, 1) * (1 << i), tick);
    return n;
}

uint32_t axis_ticks(const struct axis *axis, double wanted, struct tick tick[MOST_TICKS]) {
    if (!axis_valid(axis)) return 0;
    if (!axis->log) return some_ticks(axis, wanted, tick);
    uint32_t n = power_ticks(axis, wanted, tick);
    if (count_labels(tick, n) >= 2) return n;
    n = mixed_ticks(axis, tick); // too few for a high axis: round numbers as on a line
    return count_labels(tick, n) >= fmax(2, wanted / 4) ? n : some_ticks(axis, wanted, tick);
}
