// Numbers beyond the doubles: path counts of 10^400, second moments of 10^-500.
//
// A scaled number is m * 2^(512 k), with |m| in [2^-256, 2^256) or 0, so that products of two of them stay within the
// doubles and most sums need no shift. 53 bits of precision throughout.
#ifndef BAUER_ESTIMATE_SCALED_H
#define BAUER_ESTIMATE_SCALED_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct scaled {
    double m;
    int64_t k;
};

#define SCALED_ZERO ((struct scaled){0, 0})
#define SCALED_ONE ((struct scaled){1, 0})

static inline struct scaled scaled_normal(double m, int64_t k) {
    double size = fabs(m);
    if (size >= 0x1p256) return (struct scaled){m * 0x1p-512, k + 1};
    if (size >= 0x1p-256) return (struct scaled){m, k};
    return size == 0 ? SCALED_ZERO : (struct scaled){m * 0x1p512, k - 1};
}

// Finite numbers only; subnormals keep the bits that they have.
static inline struct scaled scaled_from(double x) {
    struct scaled s = scaled_normal(x, 0);
    return scaled_normal(s.m, s.k);
}

static inline struct scaled scaled_mul(struct scaled a, struct scaled b) { return scaled_normal(a.m * b.m, a.k + b.k); }

static inline struct scaled scaled_div(struct scaled a, struct scaled b) { return scaled_normal(a.m / b.m, a.k - b.k); }

static inline struct scaled scaled_add(struct scaled a, struct scaled b) {
    if (a.k == b.k) return scaled_normal(a.m + b.m, a.k);
    if (a.m == 0 || (b.m != 0 && b.k > a.k)) {
        struct scaled larger = b;
        b = a, a = larger;
    }
    if (b.m == 0 || a.k - b.k > 1) return a; // b is below a's last bit
    return scaled_normal(a.m + b.m * 0x1p-512, a.k);
}

static inline struct scaled scaled_sub(struct scaled a, struct scaled b) {
    b.m = -b.m;
    return scaled_add(a, b);
}

static inline struct scaled scaled_abs(struct scaled a) { return (struct scaled){fabs(a.m), a.k}; }

// a * 2^power.
static inline struct scaled scaled_shift(struct scaled a, int64_t power) {
    int64_t units = power / 512;
    int rest = (int)(power % 512), half = rest / 2;
    struct scaled s = scaled_normal(ldexp(a.m, half), a.k + units);
    return scaled_normal(ldexp(s.m, rest - half), s.k);
}

// ±inf and 0 beyond what a double holds.
static inline double scaled_double(struct scaled a) {
    if (a.k == 0) return a.m;
    if (a.k > 2) return a.m < 0 ? -INFINITY : INFINITY;
    return a.k < -3 ? 0 * a.m : ldexp(a.m, (int)a.k * 512);
}

static inline double scaled_ratio(struct scaled a, struct scaled b) { return scaled_double(scaled_div(a, b)); }

// -inf for 0.
static inline double scaled_log10(struct scaled a) {
    return a.m == 0 ? -INFINITY : log10(fabs(a.m)) + (double)a.k * 512 * 0.30102999566398119521;
}

static inline bool scaled_less(struct scaled a, struct scaled b) { return scaled_sub(a, b).m < 0; }

#endif
