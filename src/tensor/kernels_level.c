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

#define JOIN(A, B) A##_##B
#define LEVELLED(A, B) JOIN(A, B)
extern const struct kernels LEVELLED(kernels_float, LEVEL), LEVELLED(kernels_double, LEVEL);

#define REAL float
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
