// Which places a row keeps: drawn from the key, the same each time.
#include "tensor/kernels.h"

#include "tensor/onednn.h"

enum { WORDS = 4 };

// Numbers below `length` from the row's own stream, four words to a block; words that would favour some are refused.
struct drawer {
    struct rng_key key;
    uint64_t sample;
    uint32_t stream, block, at, word[WORDS];
};

static uint32_t below(struct drawer *d, uint32_t length) {
    for (;;) {
        if (d->at == WORDS) rng_block(d->key, d->sample, d->stream, d->block++, d->word), d->at = 0;
        uint64_t product = (uint64_t)d->word[d->at++] * length;
        if ((uint32_t)product >= length || (uint32_t)product >= -length % length) return (uint32_t)(product >> 32);
    }
}

void sampling_row(const struct sampling *s, uint32_t row, uint32_t *place, uint32_t *seen) {
    struct drawer d = {.key = s->key, .sample = s->call, .stream = s->shared ? 0 : row, .at = WORDS};
    if (!s->distinct) {
        for (uint32_t i = 0; i < s->kept; i++) place[i] = below(&d, s->length);
        return;
    }
    // Floyd's way to a set: in step j one of the first j + 1 places; if it is there already, place j.
    for (uint32_t j = s->length - s->kept, i = 0; i < s->kept; i++, j++) {
        uint32_t p = below(&d, j + 1);
        if (seen[p / 32] >> p % 32 & 1) p = j;
        seen[p / 32] |= (uint32_t)1 << p % 32;
        place[i] = p;
    }
    for (uint32_t i = 0; i < s->kept; i++) seen[place[i] / 32] = 0;
}

size_t conv_scratch(struct conv_size s) {
    size_t columns = (size_t)s.channels * s.side * s.side * s.out_height * s.out_width;
    size_t other = (onednn_scratch(s) + sizeof(float) - 1) / sizeof(float);
    return columns > other ? columns : other;
}
size_t keep_product_scratch(const struct sampling *s, size_t columns) {
    return s->shared ? (size_t)s->kept * columns : 0;
}
size_t project_scratch(const struct sampling *s, size_t columns) {
    return (size_t)s->length * s->kept + (size_t)s->kept * columns;
}
