// Random numbers by counting: Philox4x32-10 of Random123 (J. K. Salmon et al., Parallel random numbers: as easy as 1,
// 2, 3, 2011).
//
// Random numbers are a function of a key (the seed and what it is used for) and a counter (which sample, which stream,
// which block), so nothing depends on who draws first: not on threads, machines, or what else was drawn.
//
//   struct rng_key key = rng_key(seed, rng_hash(line, size, 0));
//   struct rng rng = rng_at(key, sample, stream);
//   double u = rng_uniform(&rng);
#ifndef BAUER_BASE_RNG_H
#define BAUER_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/clones.h"

struct rng_key {
    uint32_t k[2];
};

struct rng_key rng_key(uint64_t seed, uint64_t experiment);
// A well-mixed hash of bytes, for naming experiments; `start` is the hash of what came before, or 0.
uint64_t rng_hash(const void *bytes, size_t size, uint64_t start);

// ---- blocks of four 32-bit words ----------------------------------------------------------------------------------

void rng_block(struct rng_key key, uint64_t sample, uint32_t stream, uint32_t block, uint32_t out[4]);
// The same for samples first ... first + count - 1 at once: word w of sample first + i is out[w][i].
void rng_blocks(struct rng_key key, uint64_t first, uint32_t count, uint32_t stream, uint32_t block,
                uint32_t *const out[4]);

// ---- one number after the other -----------------------------------------------------------------------------------

struct rng {
    struct rng_key key;
    uint64_t sample;
    uint32_t stream, block; // block: the next
    uint32_t word[4], left; // left: words of the block at hand, from its end
    uint64_t sign;          // signs at hand, below a leading 1
};

struct rng rng_at(struct rng_key key, uint64_t sample, uint32_t stream);
uint32_t rng_word32(struct rng *rng);
uint64_t rng_word64(struct rng *rng);
double rng_uniform(struct rng *rng);  // in [0, 1), 53 bits
double rng_gaussian(struct rng *rng); // mean 0, variance 1: Box and Muller
double rng_sign(struct rng *rng);     // 1 or -1
uint64_t rng_below(struct rng *rng,
                   uint64_t bound); // 0 ... bound - 1 (bound > 0), exactly even: some words are refused

#endif
