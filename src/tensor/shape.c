#include "tensor/shape.h"

#include <stdio.h>

bool shape_equal(struct shape a, struct shape b) {
    if (a.rank != b.rank) return false;
    for (uint32_t i = 0; i < a.rank; i++)
        if (a.size[i] != b.size[i]) return false;
    return true;
}

uint64_t shape_count(struct shape shape) {
    uint64_t count = 1;
    for (uint32_t i = 0; i < shape.rank; i++)
        if (__builtin_mul_overflow(count, (uint64_t)shape.size[i], &count)) return UINT64_MAX;
    return count;
}

// The size of the i-th axis counted from the innermost; axes that a shape does not have count as 1.
static uint32_t axis_from_end(struct shape shape, uint32_t i) {
    return i < shape.rank ? shape.size[shape.rank - 1 - i] : 1;
}

static bool mismatch(struct shape a, struct shape b, struct error *error) {
    char text_a[64], text_b[64];
    shape_text(a, text_a);
    shape_text(b, text_b);
    error_set(error, ERROR_TYPE, SPAN_NONE, "shapes %s and %s do not fit together", text_a, text_b);
    error_hint(error, "from the right, each pair of sizes must be equal or one of them 1");
    return false;
}

bool shape_broadcast(struct shape a, struct shape b, struct shape *out, struct error *error) {
    struct shape result = {.rank = a.rank > b.rank ? a.rank : b.rank};
    for (uint32_t i = 0; i < result.rank; i++) {
        uint32_t size_a = axis_from_end(a, i), size_b = axis_from_end(b, i);
        if (size_a != size_b && size_a != 1 && size_b != 1) return mismatch(a, b, error);
        result.size[result.rank - 1 - i] = size_a == 1 ? size_b : size_a;
    }
    *out = result;
    return true;
}

void shape_text(struct shape shape, char out[64]) {
    if (shape.rank == 0) {
        snprintf(out, 64, "scalar");
        return;
    }
    int at = snprintf(out, 64, "(%u", shape.size[0]);
    for (uint32_t i = 1; i < shape.rank; i++) at += snprintf(out + at, 64 - (size_t)at, ", %u", shape.size[i]);
    snprintf(out + at, 64 - (size_t)at, shape.rank == 1 ? ",)" : ")");
}
