// Compiled once for each level of processors, with LEVEL defined; kernels.c chooses.
#include "tensor/kernels.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"
#include "tensor/blas.h"
#include "tensor/onednn.h"

// Rows of a product that are computed before the interrupt is looked at again: all, unless it is a large one. A billion
// multiplications take some 50 ms with BLAS, and plain loops do a sixteenth of them in that time.
static size_t panel_rows(size_t m, size_t n, size_t k) {
    static const double most = 1 << 30, plain = 1 << 26;
    double rows = (kernels_have_blas() ? most : plain) / ((double)n * (double)k);
    return rows >= (double)m ? m : rows < 1 ? 1 : (size_t)rows;
}

// The next address that a line of the cache begins at.
static void *aligned_line(void *scratch) { return (char *)scratch + (64 - (uintptr_t)scratch % 64) % 64; }

// One bit for each of sixteen numbers, 1 where it is positive.
#if defined __SSE2__
#include <immintrin.h>
#endif
static inline uint32_t positive_float(const float x[16]) {
    uint32_t bits = 0;
#if defined __AVX512F__
    bits = _mm512_cmp_ps_mask(_mm512_loadu_ps(x), _mm512_setzero_ps(), _CMP_GT_OQ);
#elif defined __AVX__
    for (unsigned i = 0; i < 16; i += 8) {
        __m256 truth = _mm256_cmp_ps(_mm256_loadu_ps(x + i), _mm256_setzero_ps(), _CMP_GT_OQ);
        bits |= (uint32_t)_mm256_movemask_ps(truth) << i;
    }
#elif defined __SSE2__
    for (unsigned i = 0; i < 16; i += 4)
        bits |= (uint32_t)_mm_movemask_ps(_mm_cmpgt_ps(_mm_loadu_ps(x + i), _mm_setzero_ps())) << i;
#else
    for (unsigned i = 0; i < 16; i++) bits |= (uint32_t)(x[i] > 0) << i;
#endif
    return bits;
}
static inline uint32_t positive_double(const double x[16]) {
    uint32_t bits = 0;
    for (unsigned i = 0; i < 16; i++) bits |= (uint32_t)(x[i] > 0) << i;
    return bits;
}

// Sixteen numbers side by side: the compiler splits them into what the level has.
typedef float vector_float __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t truth_float __attribute__((vector_size(64), aligned(4), may_alias));
typedef double vector_double __attribute__((vector_size(128), aligned(8), may_alias));
typedef int64_t truth_double __attribute__((vector_size(128), aligned(8), may_alias));

// sum += x where the word has a bit.
static inline void add_where_float(vector_float *sum, const vector_float *x, uint16_t word) {
#if defined __AVX512F__
    *sum = (vector_float)_mm512_mask_add_ps((__m512)*sum, word, (__m512)*sum, (__m512)*x);
#else
    const truth_float bit = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
    *sum += (vector_float)((truth_float)*x & ((bit & (int32_t)word) != 0));
#endif
}
static inline void add_where_double(vector_double *sum, const vector_double *x, uint16_t word) {
    for (unsigned i = 0; i < 16; i++) (*sum)[i] += word >> i & 1 ? (*x)[i] : 0;
}

// The sum of the sixteen.
static inline float lanes_sum_float(const vector_float *x) {
#if defined __AVX512F__
    return _mm512_reduce_add_ps((__m512)*x);
#else
    float sum = 0;
    for (unsigned i = 0; i < 16; i++) sum += (*x)[i];
    return sum;
#endif
}
static inline double lanes_sum_double(const vector_double *x) {
    double sum = 0;
    for (unsigned i = 0; i < 16; i++) sum += (*x)[i];
    return sum;
}

// Bits behind each other into words.
struct bits {
    uint32_t *word; // or NULL: they go nowhere
    uint64_t have;
    uint32_t count;
};
static inline void bits_put(struct bits *b, uint32_t bits, uint32_t count) { // at most 32
    b->have |= (uint64_t)bits << b->count;
    b->count += count;
    if (b->count < 32) return;
    *b->word++ = (uint32_t)b->have;
    b->have >>= 32;
    b->count -= 32;
}
static inline void bits_end(struct bits *b) {
    if (b->count) *b->word = (uint32_t)b->have;
}

#define JOIN(A, B) A##_##B
#define LEVELLED(A, B) JOIN(A, B)
extern const struct kernels LEVELLED(kernels_float, LEVEL), LEVELLED(kernels_double, LEVEL);

#define REAL float
#define INTEGER int32_t
#define NAME(NAME) NAME##_float
#define TABLE LEVELLED(kernels_float, LEVEL)
#define SQRT sqrtf
#define GEMM blas_sgemm
#define CONV onednn_conv
#define CONV_BY_INPUT onednn_conv_by_input
#define CONV_BY_FILTER onednn_conv_by_filter
#define EXP expf
#define LOG logf
#include "tensor/kernels_tmpl.c"
#undef REAL
#undef INTEGER
#undef NAME
#undef TABLE
#undef SQRT
#undef GEMM
#undef CONV
#undef CONV_BY_INPUT
#undef CONV_BY_FILTER
#undef EXP
#undef LOG

#define REAL double
#define INTEGER int64_t
#define NAME(NAME) NAME##_double
#define TABLE LEVELLED(kernels_double, LEVEL)
#define SQRT sqrt
#define GEMM blas_dgemm
#define CONV(...) false // oneDNN convolves floats
#define CONV_BY_INPUT(...) false
#define CONV_BY_FILTER(...) false
#define EXP exp
#define LOG log
#include "tensor/kernels_tmpl.c"
