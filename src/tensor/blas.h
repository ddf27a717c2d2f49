// Dense products by OpenBLAS. Internal to the room.
#ifndef BAUER_TENSOR_BLAS_H
#define BAUER_TENSOR_BLAS_H

#include "tensor/kernels.h"

// c = alpha op(a) op(b) + beta c. false: there is no BLAS.
bool blas_sgemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, const float *b, float beta,
                float *c);
bool blas_dgemm(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const double *a, const double *b,
                double beta, double *c);

#endif
