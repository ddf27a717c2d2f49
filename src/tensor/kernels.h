// What is done with the numbers of tensors: dense, in row-major order, in float or in double from one source
// (kernels_tmpl.c). A table of functions for each of the two; all sizes are counts of numbers.
//
// Dense products are OpenBLAS's, which is loaded at first use; without it a plain loop does them, and
// kernels_have_blas() says so. Convolutions in float are oneDNN's in the same way; else they are such products.
#ifndef BAUER_TENSOR_KERNELS_H
#define BAUER_TENSOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "tensor/shape.h"

// A convolution with stride 1 over (images, channels, height, width) with filters (filters, channels, side, side) and
// `pad` zeros on each side.
struct conv_size {
    uint32_t images, channels, height, width, filters, side, pad;
    uint32_t out_height, out_width;
};

// Which numbers of each row are kept: `kept` of `length`, each with chance 1/length (or a set of `kept` different ones,
// if `distinct`). One sample for all rows, if `shared`. The indices are drawn again from the key when they are needed.
struct sampling {
    struct rng_key key;
    uint64_t call; // which use of the key
    uint32_t rows, length, kept;
    bool shared, distinct;
};

// value -= rate m / (scale sqrt(v) + epsilon), where rate and scale already hold the corrections of the first steps.
struct adam {
    double beta1, beta2, epsilon, decay, rate, scale;
};

// A gradient (length x columns) of which few rows are not zero: row i is row slot[i] - 1 of `row`, or zero if slot[i]
// is 0.
struct thin_gradient {
    void *row;
    uint32_t *slot;
    size_t length, columns;
};

// (x + bias) + (more + more_bias): x and more are rows x columns, the biases lie along each row. NULL: left out, but x.
struct relu_sum {
    const void *x, *bias, *more, *more_bias;
};

struct kernels {
    size_t size; // bytes of a number
    // c (m x n) = alpha op(a) op(b) + beta c; ta, tb: transposed, as it lies in memory. A product of over 2^30
    // multiplications stops half-way where the task is interrupted: whoever asks for one looks at that too.
    void (*product)(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const void *a, const void *b,
                    double beta, void *c);
    void (*turn)(const void *x, void *y, size_t rows, size_t columns); // y (columns x rows) = x (rows x columns)^T
    void (*fill)(void *y, size_t count, double value);
    void (*add)(void *y, const void *x, size_t count); // y += x
    void (*scale)(void *y, size_t count, double factor);
    // y (outer x middle x inner) += x (middle), and the sum that is its adjoint: x (middle) += sum of y.
    void (*add_along)(void *y, const void *x, size_t outer, size_t middle, size_t inner);
    void (*sum_along)(void *x, const void *y, size_t outer, size_t middle, size_t inner);
    // y = max(x, 0), and one bit for each number, 1 where it is positive, into mask (or NULL).
    void (*relu)(void *y, const void *x, size_t count, uint32_t *mask);
    // relu of x + bias, which lies along the middle of outer x middle x inner, in one pass.
    void (*relu_along)(void *y, const void *x, const void *bias, size_t outer, size_t middle, size_t inner,
                       uint32_t *mask);
    void (*relu_rows)(void *y, const struct relu_sum *sum, size_t rows, size_t columns, uint32_t *mask);
    void (*relu_by_mask)(void *dx, const void *dy, const uint32_t *mask, size_t count);
    void (*relu_by_value)(void *dx, const void *dy, const void *y, size_t count);
    void (*conv)(struct conv_size size, const void *x, const void *w, void *y, void *scratch);
    // dx = or, to add, dx += ...
    void (*conv_by_input)(struct conv_size size, const void *dy, const void *w, void *dx, bool add, void *scratch);
    void (*conv_by_filter)(struct conv_size size, const void *dy, const void *x, void *dw, void *scratch); // dw +=
    // The mean of squares of `side` x `side`; its adjoint, which adds if told to.
    void (*pool)(const void *x, void *y, size_t planes, uint32_t height, uint32_t width, uint32_t side);
    void (*pool_back)(const void *dy, void *dx, size_t planes, uint32_t height, uint32_t width, uint32_t side,
                      bool add);
    void (*log_softmax)(const void *x, void *y, size_t rows, size_t columns);
    void (*log_softmax_back)(const void *dy, const void *y, void *dx, size_t rows, size_t columns); // dx +=
    // Minus the mean of the rows' numbers at their labels; and its adjoint, dy times that of the result.
    double (*nll)(const void *x, const int32_t *label, size_t rows, size_t columns);
    void (*nll_back)(const int32_t *label, void *dx, size_t rows, size_t columns, double dy);
    // What a sample keeps of x (rows x length), times length/kept: rows x kept numbers. false: out of memory.
    bool (*keep)(const struct sampling *sampling, const void *x, void *kept);
    // x (rows x length) += what was kept, at its places: an unbiased stand-in for x.
    bool (*restore)(const struct sampling *sampling, const void *kept, void *x);
    // dw (length x columns) = or, to add, += restored(kept)^T dy (rows x columns), with the work of what was kept only.
    bool (*keep_product)(const struct sampling *sampling, const void *kept, const void *dy, size_t columns, void *dw,
                         bool add, void *scratch);
    // The same for one sample of all rows: `kept` rows and `length` slots of what `thin` points to are written.
    bool (*keep_thin)(const struct sampling *sampling, const void *kept, const void *dy, struct thin_gradient *thin);
    void (*thin_put)(const struct thin_gradient *thin, void *dw); // dw = all of it
    // dw += the same for a convolution's filters; rows are (image, channel), length is height * width.
    bool (*keep_conv)(const struct sampling *sampling, struct conv_size size, const void *kept, const void *dy,
                      void *dw, void *scratch);
    // x R and (x R) R^T with the signs R (length x kept)/sqrt(kept) drawn from the key, another R for each row unless
    // they are shared.
    void (*project)(const struct sampling *sampling, const void *x, void *kept, void *scratch);
    void (*unproject)(const struct sampling *sampling, const void *kept, void *x, void *scratch);
    // dw (length x columns) += ((x R) R^T)^T dy, for one R shared by all rows.
    void (*project_product)(const struct sampling *sampling, const void *kept, const void *dy, size_t columns, void *dw,
                            void *scratch);
    // A step of Adam (D. P. Kingma and J. Ba, 2015), the decay added to the gradient, in one pass.
    void (*adam)(const struct adam *adam, void *value, const void *gradient, void *first, void *second, size_t count);
    void (*adam_thin)(const struct adam *adam, void *value, const struct thin_gradient *gradient, void *first,
                      void *second);
};

// Those that are the fastest on this processor; and those of a level (0: any processor's, then x86-64-v3, -v4), or NULL
// where this one does not reach it.
const struct kernels *kernels_of(enum number_type type);
const struct kernels *kernels_at(enum number_type type, unsigned level);

// Numbers of scratch that conv, conv_by_input and conv_by_filter need, of either type; keep_product; project and
// unproject.
size_t conv_scratch(struct conv_size size);
size_t keep_conv_scratch(const struct sampling *sampling, struct conv_size size);
size_t keep_product_scratch(const struct sampling *sampling, size_t columns);
static inline size_t sampling_stride(size_t columns) { return (columns + 15) / 16 * 16; } // of whole vectors
size_t project_scratch(const struct sampling *sampling, size_t columns);

bool kernels_have_blas(void);
bool kernels_have_onednn(void);
const char *kernels_level_name(void);  // of our own kernels: "any", "x86-64-v3", "x86-64-v4"
const char *kernels_onednn_name(void); // "oneDNN 2.6.0", or what is used instead
const char *kernels_blas_name(void);   // "OpenBLAS ... Haswell", or "plain loops"
void kernels_set_threads(unsigned threads);

// The places that the rows keep, one row after the other, in the order of what is kept; all the same if shared.
//
//   struct places p;
//   bool ok = places_begin(&p, &sampling); // false: out of memory
//   for (each row, if ok) use(places_next(&p)); // sampling.kept of them, until the next call
//   places_end(&p);
enum { PLACES_HERE = 1024, PLACES_AT_ONCE = 256 };
struct places {
    const struct sampling *sampling;
    uint64_t drawn;             // words so far
    uint32_t at, have, lanes;   // where the next row begins, words from there, blocks drawn together
    uint32_t *place, *seen;     // seen: one bit a place, to draw distinct ones
    bool done;                  // the shared row is drawn
    uint32_t here[PLACES_HERE]; // place, if that is enough
};
bool places_begin(struct places *places, const struct sampling *sampling);
const uint32_t *places_next(struct places *places);
void places_end(struct places *places);
// Those of one row. `seen` has length/32 + 1 words of scratch for distinct ones (zero before and after), or is NULL.
void sampling_row(const struct sampling *sampling, uint32_t row, uint32_t *place, uint32_t *seen);

// Signs of R for one row after the other, where each has its own: a bit is set where the sign is plus. For each number
// that is kept there are signs_words(sampling) words, the lowest bit of the first of them for the row's first number.
enum { SIGNS = 16, SIGNS_AT_ONCE = 128 }; // signs in a word, words drawn together
struct signs {
    const struct sampling *sampling;
    uint64_t drawn;  // groups of words so far
    size_t at, have; // where the next row begins, words from there
    uint16_t *word;  // the caller's: SIGNS_AT_ONCE more than a row has
};
size_t signs_words(const struct sampling *sampling);
void signs_begin(struct signs *signs, const struct sampling *sampling, void *word);
const uint16_t *signs_next(struct signs *signs);

#endif
