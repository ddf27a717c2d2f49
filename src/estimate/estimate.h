// Running an estimator: samples in tasks over threads, their moments joined in a fixed order.
//
//   struct estimate estimate;
//   estimate_begin(&estimate, sampler, key, stream);
//   estimate_until(&estimate, 1000, error);            // and on: estimate_until(&estimate, 1000000, error)
//   estimate_mean(&estimate), estimate_variance(&estimate), estimate_error(&estimate)
//
// The result depends on key, stream and the number of samples alone, never on the number of threads or on where one
// stopped on the way: stops are at multiples of estimate_task(), but for the last.
#ifndef BAUER_ESTIMATE_ESTIMATE_H
#define BAUER_ESTIMATE_ESTIMATE_H

#include "estimate/moments.h"
#include "estimate/sampler.h"

enum { HISTOGRAM_BINS = 61 };

struct histogram {
    double low, high;             // of the bins; low == high: no histogram is wanted
    uint64_t bin[HISTOGRAM_BINS]; // samples in each
    uint64_t below, above;
};

struct estimate {
    const struct sampler *sampler;
    struct rng_key key;
    uint32_t stream;
    int shift;              // moments are of the samples times 2^-shift, so that fourth powers stay within the doubles
    struct scaled exact;    // the derivative
    struct scaled variance; // of one sample, exact
    bool variance_known;
    struct moments moments;
    double remembered;         // sum over the samples
    struct distinct *distinct; // paths without replacement, or NULL; freed by estimate_end
    struct histogram histogram;
};

// Computes what is exact. The sampler is borrowed. ERROR_LIMIT: too many paths to draw without replacement.
bool estimate_begin(struct estimate *estimate, const struct sampler *sampler, struct rng_key key, uint32_t stream,
                    struct error *error);
// The most samples that there can be: the number of paths without replacement, or UINT64_MAX.
uint64_t estimate_most(const struct estimate *estimate);
void estimate_end(struct estimate *estimate);
// The number of samples of a task: stop at multiples of it.
uint32_t estimate_task(const struct sampler *sampler);
// Draws until there are `count` samples. On an interrupt (ERROR_INTERRUPT) what was done before this call stays.
bool estimate_until(struct estimate *estimate, uint64_t count, struct error *error);

double estimate_mean(const struct estimate *estimate);
double estimate_variance(const struct estimate *estimate); // measured, of one sample; NaN below 2 samples
double estimate_exact_variance(const struct estimate *estimate);
// Standard error of the mean: from the measured variance; for K of N paths drawn without replacement times
// 1 - K/N.
double estimate_error(const struct estimate *estimate);
double estimate_remembered(const struct estimate *estimate); // mean per sample

#endif
