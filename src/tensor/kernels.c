#include "tensor/kernels.h"

extern const struct kernels kernels_float_any, kernels_double_any;
#ifdef LEVELS
extern const struct kernels kernels_float_v3, kernels_double_v3, kernels_float_v4, kernels_double_v4;
#endif

// The levels of the x86-64 psABI: v3 is AVX2 with fused multiply-add, v4 is AVX-512.
static bool has_level(int level) {
    if (level == 0) return true;
#ifdef LEVELS
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    if (level == 1) return v3;
    return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd");
#else
    return false;
#endif
}

static const struct {
    const char *name;
    const struct kernels *of[2];
} levels[] = {
    {"any", {&kernels_float_any, &kernels_double_any}},
#ifdef LEVELS
    {"x86-64-v3", {&kernels_float_v3, &kernels_double_v3}},
    {"x86-64-v4", {&kernels_float_v4, &kernels_double_v4}},
#endif
};
enum { LEVEL_COUNT = sizeof levels / sizeof *levels };

const struct kernels *kernels_at(enum number_type type, unsigned level) {
    return level < LEVEL_COUNT && has_level((int)level) ? levels[level].of[type] : NULL;
}

const struct kernels *kernels_of(enum number_type type) {
    const struct kernels *best = levels[0].of[type], *next;
    for (unsigned level = 1; (next = kernels_at(type, level)); level++) best = next;
    return best;
}

const char *kernels_level_name(void) {
    unsigned level = 0;
    while (kernels_at(NUMBER_FLOAT, level + 1)) level++;
    return levels[level].name;
}
