#include "base/rng.h"

#include <Random123/philox.h>
#include <math.h>
#include <stdbool.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

static uint64_t mix(uint64_t x) { // the finalizer of splitmix64
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t rng_hash(const void *bytes, size_t size, uint64_t start) {
    const unsigned char *byte = bytes;
    uint64_t hash = mix(start + UINT64_C(0x9e3779b97f4a7c15) + size);
    for (size_t i = 0; i < size; i++) hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return mix(hash);
}

struct rng_key rng_key(uint64_t seed, uint64_t experiment) {
    uint64_t key = mix(mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ experiment);
    return (struct rng_key){{(uint32_t)key, (uint32_t)(key >> 32)}};
}

// ---- blocks -------------------------------------------------------------------------------------------------------

void rng_block(struct rng_key key, uint64_t sample, uint32_t stream, uint32_t block, uint32_t out[4]) {
    philox4x32_ctr_t counter = {{(uint32_t)sample, (uint32_t)(sample >> 32), stream, block}};
    philox4x32_key_t keys = {{key.k[0], key.k[1]}};
    philox4x32_ctr_t words = philox4x32(counter, keys);
    for (int i = 0; i < 4; i++) out[i] = words.v[i];
}

enum { AT_ONCE = 64, FEW = 12, ROUNDS = 10 }; // FEW: they are drawn one by one

// The rounds of philox4x32 with the samples in the inner loop, for vector instructions.
CPU_CLONES
static void blocks_at_once(struct rng_key key, uint64_t first, uint32_t stream, uint32_t block,
                           uint32_t word[4][AT_ONCE]) {
    uint32_t k0 = key.k[0], k1 = key.k[1];
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        word[0][i] = (uint32_t)(first + i);
        word[1][i] = (uint32_t)((first + i) >> 32);
        word[2][i] = stream;
        word[3][i] = block;
    }
    for (int round = 0; round < ROUNDS; round++, k0 += PHILOX_W32_0, k1 += PHILOX_W32_1)
        for (uint32_t i = 0; i < AT_ONCE; i++) {
            uint64_t a = (uint64_t)PHILOX_M4x32_0 * word[0][i], b = (uint64_t)PHILOX_M4x32_1 * word[2][i];
            word[0][i] = (uint32_t)(b >> 32) ^ word[1][i] ^ k0;
            word[2][i] = (uint32_t)(a >> 32) ^ word[3][i] ^ k1;
            word[1][i] = (uint32_t)b;
            word[3][i] = (uint32_t)a;
        }
}

#if defined(__x86_64__) && defined(__GNUC__)

static bool has_wide(void) { return __builtin_cpu_supports("avx512f"); }

// Sixteen at once in registers, each word in the lower half of a lane; what is above it is what the product left there.
// Returns how many are done. Not under the address sanitizer, where gcc 12 keeps arrays at 32 bytes and this would
// fault.
__attribute__((target("avx512f"), no_sanitize("address"))) static uint32_t wide_blocks(struct rng_key key,
                                                                                       uint64_t first, uint32_t count,
                                                                                       uint32_t stream, uint32_t block,
                                                                                       uint32_t *const out[4]) {
    enum { LANES = 8, SETS = 2 };
    const __m512i m0 = _mm512_set1_epi64(PHILOX_M4x32_0), m1 = _mm512_set1_epi64(PHILOX_M4x32_1);
    __m512i key0[ROUNDS], key1[ROUNDS], word[SETS][4];
    for (uint32_t r = 0; r < ROUNDS; r++) {
        key0[r] = _mm512_set1_epi64((uint32_t)(key.k[0] + r * PHILOX_W32_0));
        key1[r] = _mm512_set1_epi64((uint32_t)(key.k[1] + r * PHILOX_W32_1));
    }
    uint32_t done = 0;
    for (; done + LANES * SETS <= count; done += LANES * SETS) {
        for (size_t s = 0; s < SETS; s++) {
            uint64_t sample = first + done + s * LANES;
            word[s][0] =
                _mm512_add_epi64(_mm512_set1_epi64((long long)sample), _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
            word[s][1] = _mm512_srli_epi64(word[s][0], 32);
            word[s][2] = _mm512_set1_epi64(stream);
            word[s][3] = _mm512_set1_epi64(block);
        }
        for (uint32_t r = 0; r < ROUNDS; r++)
            for (uint32_t s = 0; s < SETS; s++) {
                __m512i a = _mm512_mul_epu32(m0, word[s][0]), b = _mm512_mul_epu32(m1, word[s][2]);
                word[s][0] = _mm512_xor_si512(_mm512_xor_si512(_mm512_srli_epi64(b, 32), word[s][1]), key0[r]);
                word[s][2] = _mm512_xor_si512(_mm512_xor_si512(_mm512_srli_epi64(a, 32), word[s][3]), key1[r]);
                word[s][1] = b;
                word[s][3] = a;
            }
        for (size_t s = 0; s < SETS; s++)
            for (uint32_t w = 0; w < 4; w++)
                _mm256_storeu_si256((__m256i *)(void *)(out[w] + done + s * LANES), _mm512_cvtepi64_epi32(word[s][w]));
    }
    return done;
}

#else

static bool has_wide(void) { return false; }
static uint32_t wide_blocks(struct rng_key key, uint64_t first, uint32_t count, uint32_t stream, uint32_t block,
                            uint32_t *const out[4]) {
    return (void)key, (void)first, (void)count, (void)stream, (void)block, (void)out, 0;
}

#endif

void rng_blocks(struct rng_key key, uint64_t first, uint32_t count, uint32_t stream, uint32_t block,
                uint32_t *const out[4]) {
    uint32_t word[4][AT_ONCE], done = has_wide() ? wide_blocks(key, first, count, stream, block, out) : 0;
    for (; done < count && count - done < FEW; done++) {
        uint32_t one[4];
        rng_block(key, first + done, stream, block, one);
        for (int w = 0; w < 4; w++) out[w][done] = one[w];
    }
    for (; done < count; done += AT_ONCE) {
        uint32_t some = count - done < AT_ONCE ? count - done : AT_ONCE;
        blocks_at_once(key, first + done, stream, block, word);
        for (int w = 0; w < 4; w++)
            for (uint32_t i = 0; i < some; i++) out[w][done + i] = word[w][i];
    }
}

// ---- one number after the other -----------------------------------------------------------------------------------

struct rng rng_at(struct rng_key key, uint64_t sample, uint32_t stream) {
    return (struct rng){.key = key, .sample = sample, .stream = stream, .sign = 1};
}

uint32_t rng_word32(struct rng *rng) {
    if (rng->left == 0) {
        rng_block(rng->key, rng->sample, rng->stream, rng->block++, rng->word);
        rng->left = 4;
    }
    return rng->word[4 - rng->left--];
}

uint64_t rng_word64(struct rng *rng) {
    uint64_t low = rng_word32(rng);
    return (uint64_t)rng_word32(rng) << 32 | low;
}

double rng_uniform(struct rng *rng) { return ldexp((double)(rng_word64(rng) >> 11), -53); }

double rng_gaussian(struct rng *rng) {
    double radius = sqrt(-2 * log1p(-rng_uniform(rng))); // 1 - u is in (0, 1]
    return radius * cos(6.283185307179586 * rng_uniform(rng));
}

double rng_sign(struct rng *rng) {
    if (rng->sign == 1) rng->sign = UINT64_C(1) << 32 | rng_word32(rng);
    double sign = rng->sign & 1 ? 1 : -1;
    rng->sign >>= 1;
    return sign;
}

// D. Lemire, Fast random integer generation in an interval, 2019.
uint64_t rng_below(struct rng *rng, uint64_t bound) {
    for (;;) {
        __extension__ unsigned __int128 wide = (unsigned __int128)rng_word64(rng) * bound;
        if ((uint64_t)wide >= bound || (uint64_t)wide >= -bound % bound) return (uint64_t)(wide >> 64);
    }
}
