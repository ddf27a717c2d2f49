#include "estimate/moments.h"

#include <math.h>

enum { LANES = 8 };

static double add_lanes(const double *lane) {
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

// Sums in eight fixed lanes, so that every processor adds in the same order.
static double mean_of(const double *sample, uint32_t count) {
    double lane[LANES] = {0};
    uint32_t whole = count / LANES * LANES;
    for (uint32_t i = 0; i < whole; i += LANES)
        for (uint32_t l = 0; l < LANES; l++) lane[l] += sample[i + l];
    for (uint32_t i = whole; i < count; i++) lane[i - whole] += sample[i];
    return add_lanes(lane) / count;
}

struct moments moments_of(const double *sample, uint32_t count) {
    if (count == 0) return (struct moments){0};
    double mean = mean_of(sample, count), two[LANES] = {0}, three[LANES] = {0}, four[LANES] = {0};
    uint32_t whole = count / LANES * LANES;
    for (uint32_t i = 0; i < whole; i += LANES)
        for (uint32_t l = 0; l < LANES; l++) {
            double d = sample[i + l] - mean, square = d * d;
            two[l] += square, three[l] += square * d, four[l] += square * square;
        }
    for (uint32_t i = whole; i < count; i++) {
        double d = sample[i] - mean, square = d * d;
        two[i - whole] += square, three[i - whole] += square * d, four[i - whole] += square * square;
    }
    return (struct moments){count, mean, add_lanes(two), add_lanes(three), add_lanes(four)};
}

void moments_join(struct moments *a, const struct moments *b) {
    if (b->count == 0) return;
    if (a->count == 0) {
        *a = *b;
        return;
    }
    double na = (double)a->count, nb = (double)b->count, n = na + nb, d = b->mean - a->mean, s = d / n;
    double m4 = a->m4 + b->m4 + d * s * s * s * na * nb * (na * na - na * nb + nb * nb) +
                6 * s * s * (na * na * b->m2 + nb * nb * a->m2) + 4 * s * (na * b->m3 - nb * a->m3);
    double m3 = a->m3 + b->m3 + d * s * s * na * nb * (na - nb) + 3 * s * (na * b->m2 - nb * a->m2);
    a->m2 += b->m2 + d * s * na * nb;
    a->m3 = m3, a->m4 = m4;
    a->mean += s * nb;
    a->count += b->count;
}

double moments_variance(const struct moments *m) { return m->count < 2 ? NAN : m->m2 / (double)(m->count - 1); }

double moments_variance_error(const struct moments *m) {
    if (m->count < 2) return NAN;
    double n = (double)m->count, variance = m->m2 / n;
    return sqrt(fmax(0, m->m4 / n - variance * variance) / n);
}

double moments_effective(const struct moments *m) { return m->m4 > 0 ? m->m2 / m->m4 * m->m2 : 0; }

bool moments_heavy(double effective, uint64_t count) { return effective < 30 && effective * 6 < (double)count; }

// Exact for 1 and 2 degrees of freedom, then the expansion of Abramowitz and Stegun 26.7.5, whose error is below 0.2 %
// from 3 on.
double moments_t95(uint64_t count) {
    if (count < 2) return INFINITY;
    double n = (double)(count - 1), z = 1.959963984540054, z2 = z * z;
    if (n == 1) return 12.706204736174698;
    if (n == 2) return 4.302652729749462;
    double g1 = (z2 + 1) * z / 4, g2 = ((5 * z2 + 16) * z2 + 3) * z / 96,
           g3 = (((3 * z2 + 19) * z2 + 17) * z2 - 15) * z / 384;
    double g4 = ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) * z / 92160;
    return z + g1 / n + g2 / (n * n) + g3 / (n * n * n) + g4 / (n * n * n * n);
}
