// OpenBLAS, loaded when the first product is asked for.
#include "tensor/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tensor/onednn.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };

static struct {
    void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
    void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *,
                  int);
    void (*set_threads)(int);
    char *(*core)(void);
    char *(*config)(void);
} blas;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++) library = dlopen(names[i], RTLD_NOW);
    if (!library) return;
    *(void **)&blas.sgemm = dlsym(library, "cblas_sgemm");
    *(void **)&blas.dgemm = dlsym(library, "cblas_dgemm");
    *(void **)&blas.set_threads = dlsym(library, "openblas_set_num_threads");
    *(void **)&blas.core = dlsym(library, "openblas_get_corename");
    if (!blas.sgemm || !blas.dgemm) blas.sgemm = NULL;
    if (blas.set_threads) blas.set_threads(1);
}

bool kernels_have_blas(void) {
    pthread_once(&once, load);
    return blas.sgemm != NULL;
}

const char *kernels_blas_name(void) {
    static char name[80];
    if (!kernels_have_blas()) return "plain loops";
    snprintf(name, sizeof name, "OpenBLAS for %s", blas.core ? blas.core() : "this processor");
    return name;
}

void kernels_set_threads(unsigned threads) {
    if (kernels_have_blas() && blas.set_threads) blas.set_threads((int)threads);
    onednn_set_threads(threads);
}

bool blas_sgemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, const float *b, float beta,
                float *c) {
    if (!kernels_have_blas()) return false;
    blas.sgemm(ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k, alpha, a,
               (int)(ta ? m : k), b, (int)(tb ? k : n), beta, c, (int)n);
    return true;
}

bool blas_dgemm(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const double *a, const double *b,
                double beta, double *c) {
    if (!kernels_have_blas()) return false;
    blas.dgemm(ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k, alpha, a,
               (int)(ta ? m : k), b, (int)(tb ? k : n), beta, c, (int)n);
    return true;
}
