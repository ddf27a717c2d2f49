#include "tensor/kernels.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "tensor/blas.h"
#include "tensor/onednn.h"

#define REAL float
#define NAME(NAME) NAME##_float
#define GEMM blas_sgemm
#define CONV onednn_conv
#define CONV_BY_INPUT onednn_conv_by_input
#define CONV_BY_FILTER onednn_conv_by_filter
#define EXP expf
#define LOG logf
#include "tensor/kernels_tmpl.c"
#undef REAL
#undef NAME
#undef GEMM
#undef CONV
#undef CONV_BY_INPUT
#undef CONV_BY_FILTER
#undef EXP
#undef LOG

#define REAL double
#define NAME(NAME) NAME##_double
#define GEMM blas_dgemm
#define CONV(...) false // oneDNN convolves floats
#define CONV_BY_INPUT(...) false
#define CONV_BY_FILTER(...) false
#define EXP exp
#define LOG log
#include "tensor/kernels_tmpl.c"
