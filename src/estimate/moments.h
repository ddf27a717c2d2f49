// Mean, variance and tails of samples, in one pass, in pieces that are joined.
//
// The result depends on how the samples are cut into pieces and joined, in the last bits; whoever wants the same bits
// again cuts and joins in the same way.
#ifndef BAUER_ESTIMATE_MOMENTS_H
#define BAUER_ESTIMATE_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>

struct moments {
    uint64_t count;
    double mean, m2, m3, m4; // sums of powers of the distances from the mean
};

struct moments moments_of(const double *sample, uint32_t count);
void moments_join(struct moments *a, const struct moments *b); // b into a; P. Pébay, Sandia report SAND2008-6212
double moments_variance(const struct moments *moments);        // of one sample, unbiased; NaN below 2 samples
// Of moments_variance, from the fourth moment.
double moments_variance_error(const struct moments *moments);
// How many samples the variance rests on: (sum d^2)^2 / sum d^4, count/3 for a normal distribution, 1 if one sample
// outweighs all others. 0 when all samples are equal.
double moments_effective(const struct moments *moments);
// Whether so few samples carry the variance that it is not to be trusted: an effective number below 30 that is also
// below half of what `count` samples of a normal distribution have.
bool moments_heavy(double effective, uint64_t count);
// Half of the 95 % interval of the mean in units of its standard error: Student's t with count - 1 degrees of freedom.
double moments_t95(uint64_t count);

#endif
