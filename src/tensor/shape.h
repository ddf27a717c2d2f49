// The shape of a value: rank 0 (a scalar) to 4. Broadcasting follows NumPy.
#ifndef BAUER_TENSOR_SHAPE_H
#define BAUER_TENSOR_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum number_type { NUMBER_FLOAT, NUMBER_DOUBLE }; // of the numbers of a tensor

enum { SHAPE_RANK_MAX = 4 };

struct shape {
    uint32_t rank;
    uint32_t size[SHAPE_RANK_MAX]; // outermost first; unused entries are 0
};

static const struct shape shape_scalar = {0};

bool shape_equal(struct shape a, struct shape b);
uint64_t shape_count(struct shape shape); // elements, 1 for a scalar; UINT64_MAX: too many to count
// The shape of an elementwise operation on `a` and `b`; false with an ERROR_TYPE naming both when they do not fit.
bool shape_broadcast(struct shape a, struct shape b, struct shape *out, struct error *error);
void shape_text(struct shape shape, char out[64]); // "scalar", "(3,)", "(784, 300)"

#endif
