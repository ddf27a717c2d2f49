// Dense products by OpenBLAS. Internal to the room.
#ifndef BAUER_TENSOR_BLAS_H
#define BAUER_TENSOR_BLAS_H

#include "tensor/kernels.h"

// c = alpha op(a) op(b) + beta c; the rows of `a` as it is stored are lda apart. false: there is no BLAS.
bool blas_sgemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda, const float *b,
                float beta, float *c);
bool blas_dgemm(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda,
                const double *b, double beta, double *c);

#endif
