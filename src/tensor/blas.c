// OpenBLAS, loaded when the first product is asked for.
#include "tensor/blas.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
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
    unsigned threads;
    bool direct;   // it has kernels that read small matrices where they lie
    char name[80]; // written once, since checkpoints are by many threads
} blas;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *open_library(void) {
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    return library ? library : dlopen("libopenblas.so", RTLD_NOW);
}

// OpenBLAS takes a processor that is newer than itself for the oldest it knows, whose kernels are a quarter as fast:
// the kernels that fit by what the processor can do, or NULL.
static const char *better_kernels(const char *core) {
#ifdef __x86_64__
    static const char *const oldest[] = {"Prescott", "Core2", "Katmai", "Coppermine", "Northwood", "Banias", "generic"};
    bool old = false;
    for (size_t i = 0; i < sizeof oldest / sizeof *oldest; i++) old |= strcmp(core, oldest[i]) == 0;
    if (!old || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return NULL;
    bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    return wide ? "SkylakeX" : "Haswell";
#else
    (void)core;
    return NULL;
#endif
}

// Loads it again with other kernels, unless somebody has chosen. It reads its choice from the environment only.
static void *reopen_library(void *library) {
    static const char variable[] = "OPENBLAS_CORETYPE";
    char *(*core)(void);
    *(void **)&core = dlsym(library, "openblas_get_corename");
    const char *better = core && !getenv(variable) ? better_kernels(core()) : NULL;
    if (!better) return library;
    dlclose(library);
    setenv(variable, better, 1);
    library = open_library();
    unsetenv(variable);
    return library;
}

// Those for AVX-512.
static bool is_direct(const char *core) {
    static const char *const cores[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        if (strcmp(core, cores[i]) == 0) return true;
    return false;
}

static void load(void) {
    void *library = open_library();
    if (library) library = reopen_library(library);
    if (!library) return;
    *(void **)&blas.sgemm = dlsym(library, "cblas_sgemm");
    *(void **)&blas.dgemm = dlsym(library, "cblas_dgemm");
    *(void **)&blas.set_threads = dlsym(library, "openblas_set_num_threads");
    *(void **)&blas.core = dlsym(library, "openblas_get_corename");
    if (!blas.sgemm || !blas.dgemm) blas.sgemm = NULL;
    if (blas.set_threads) blas.set_threads(1);
    blas.threads = 1;
    blas.direct = blas.core && is_direct(blas.core());
    snprintf(blas.name, sizeof blas.name, "OpenBLAS for %s", blas.core ? blas.core() : "this processor");
}

bool kernels_have_blas(void) {
    pthread_once(&once, load);
    return blas.sgemm != NULL;
}

const char *kernels_blas_name(void) { return kernels_have_blas() ? blas.name : "plain loops"; }

void kernels_set_threads(unsigned threads) {
    if (kernels_have_blas() && blas.set_threads) {
        blas.set_threads((int)threads);
        blas.threads = threads;
    }
    onednn_set_threads(threads);
}

// Rows of a product that are multiplied together: all, but a few parts of one that is a little too large for the direct
// kernels, which do without copies of it, are done sooner than the whole.
static size_t rows_together(size_t m, size_t n, size_t k) {
    static const double most = 1e6; // m n k, as OpenBLAS has it
    enum { PARTS_MOST = 3 };
    double parts = ceil((double)m * (double)n * (double)k / most);
    if (!blas.direct || blas.threads != 1 || parts < 2 || parts > PARTS_MOST || m < (size_t)8 * PARTS_MOST) return m;
    return (m + (size_t)parts - 1) / (size_t)parts;
}

bool blas_sgemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda, const float *b,
                float beta, float *c) {
    if (!kernels_have_blas()) return false;
    size_t rows = ta || tb ? m : rows_together(m, n, k);
    for (size_t i = 0; i < m; i += rows)
        blas.sgemm(ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, (int)(m - i < rows ? m - i : rows),
                   (int)n, (int)k, alpha, a + i * lda, (int)lda, b, (int)(tb ? k : n), beta, c + i * n, (int)n);
    return true;
}

bool blas_dgemm(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda,
                const double *b, double beta, double *c) {
    if (!kernels_have_blas()) return false;
    blas.dgemm(ROW_MAJOR, ta ? TRANSPOSED : PLAIN, tb ? TRANSPOSED : PLAIN, (int)m, (int)n, (int)k, alpha, a, (int)lda,
               b, (int)(tb ? k : n), beta, c, (int)n);
    return true;
}
