#include "tensor/kernels.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "tensor/blas.h"

#define REAL float
#define NAME(NAME) NAME##_float
#define GEMM blas_sgemm
#define EXP expf
#define LOG logf
#include "tensor/kernels_tmpl.c"
#undef REAL
#undef NAME
#undef GEMM
#undef EXP
#undef LOG

#define REAL double
#define NAME(NAME) NAME##_double
#define GEMM blas_dgemm
#define EXP exp
#define LOG log
#include "tensor/kernels_tmpl.c"
