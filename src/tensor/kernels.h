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

struct kernels {
    size_t size; // bytes of a number
    // c (m x n) = alpha op(a) op(b) + beta c; ta, tb: transposed, as it lies in memory.
    void (*product)(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const void *a, const void *b,
                    double beta, void *c);
    void (*fill)(void *y, size_t count, double value);
    void (*add)(void *y, const void *x, size_t count); // y += x
    void (*scale)(void *y, size_t count, double factor);
    // y (outer x middle x inner) += x (middle), and the sum that is its adjoint: x (middle) += sum of y.
    void (*add_along)(void *y, const void *x, size_t outer, size_t middle, size_t inner);
    void (*sum_along)(void *x, const void *y, size_t outer, size_t middle, size_t inner);
    // y = max(x, 0), and one bit for each number, 1 where it is positive, into mask (or NULL).
    void (*relu)(void *y, const void *x, size_t count, uint32_t *mask);
    void (*relu_by_mask)(void *dx, const void *dy, const uint32_t *mask, size_t count);
    void (*relu_by_value)(void *dx, const void *dy, const void *y, size_t count);
    void (*conv)(struct conv_size size, const void *x, const void *w, void *y, void *scratch);
    // dx = or, to add, dx += ...
    void (*conv_by_input)(struct conv_size size, const void *dy, const void *w, void *dx, bool add, void *scratch);
    void (*conv_by_filter)(struct conv_size size, const void *dy, const void *x, void *dw, void *scratch); // dw +=
    // The mean of squares of `side` x `side`; its adjoint adds.
    void (*pool)(const void *x, void *y, size_t planes, uint32_t height, uint32_t width, uint32_t side);
    void (*pool_back)(const void *dy, void *dx, size_t planes, uint32_t height, uint32_t width, uint32_t side);
    void (*log_softmax)(const void *x, void *y, size_t rows, size_t columns);
    void (*log_softmax_back)(const void *dy, const void *y, void *dx, size_t rows, size_t columns); // dx +=
    // Minus the mean of the rows' numbers at their labels; and its adjoint, dy times that of the result.
    double (*nll)(const void *x, const int32_t *label, size_t rows, size_t columns);
    void (*nll_back)(const int32_t *label, void *dx, size_t rows, size_t columns, double dy);
    // What a sample keeps of x (rows x length), times length/kept: rows x kept numbers.
    void (*keep)(const struct sampling *sampling, const void *x, void *kept);
    // x (rows x length) += what was kept, at its places: an unbiased stand-in for x.
    void (*restore)(const struct sampling *sampling, const void *kept, void *x);
    // dw (length x columns) += restored(kept)^T dy (rows x columns), with the work of what was kept only.
    void (*keep_product)(const struct sampling *sampling, const void *kept, const void *dy, size_t columns, void *dw,
                         void *scratch);
    // The same for a convolution's filters; rows are (image, channel), length is height * width.
    void (*keep_conv)(const struct sampling *sampling, struct conv_size size, const void *kept, const void *dy,
                      void *dw);
    // x R and (x R) R^T with the signs R (length x kept)/sqrt(kept) drawn from the key.
    void (*project)(const struct sampling *sampling, const void *x, void *kept, void *scratch);
    void (*unproject)(const struct sampling *sampling, const void *kept, void *x, void *scratch);
    // dw (length x columns) += ((x R) R^T)^T dy, for one R shared by all rows.
    void (*project_product)(const struct sampling *sampling, const void *kept, const void *dy, size_t columns, void *dw,
                            void *scratch);
};

extern const struct kernels kernels_float, kernels_double;
static inline const struct kernels *kernels_of(enum number_type type) {
    return type == NUMBER_FLOAT ? &kernels_float : &kernels_double;
}

// Numbers of scratch that conv, conv_by_input and conv_by_filter need, of either type; keep_product; project and
// unproject.
size_t conv_scratch(struct conv_size size);
size_t keep_product_scratch(const struct sampling *sampling, size_t columns);
size_t project_scratch(const struct sampling *sampling, size_t columns);

bool kernels_have_blas(void);
bool kernels_have_onednn(void);
const char *kernels_blas_name(void); // "OpenBLAS ... Haswell", or "plain loops"
void kernels_set_threads(unsigned threads);

// The places that a row of the sample keeps, in the order of what is kept. `seen` has length/32 + 1 words of scratch
// for distinct ones (zero before and after), or is NULL.
void sampling_row(const struct sampling *sampling, uint32_t row, uint32_t *place, uint32_t *seen);

#endif
