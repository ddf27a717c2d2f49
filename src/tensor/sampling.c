// Which places a row keeps: drawn from the key, the same each time, many at once.
#include "tensor/kernels.h"

#include <string.h>

#include "base/arena.h"
#include "base/clones.h"
#include "tensor/onednn.h"

// All words of a sample form one sequence: groups of 4 x lanes words, of `lanes` blocks of the generator; first the
// first words of all of them, then the second ones. A word that would favour some places is drawn again from a block
// that nothing else uses.
enum { WORDS = 4, LANES_MOST = PLACES_AT_ONCE / WORDS, FEW = 16 };

static uint64_t sample_of(const struct sampling *s, uint64_t block) { return s->call << 20 | (block & 0xFFFFF); }

static void draw_group(const struct places *p, uint64_t group, uint32_t *word) {
    const struct sampling *s = p->sampling;
    uint64_t first = group * p->lanes;
    size_t lanes = p->lanes;
    uint32_t *const out[WORDS] = {word, word + lanes, word + 2 * lanes, word + 3 * lanes};
    if (p->lanes == LANES_MOST && (first & 0xFFFFF) <= 0x100000 - LANES_MOST) {
        rng_blocks(s->key, sample_of(s, first), LANES_MOST, (uint32_t)(first >> 20), 0, out);
        return;
    }
    for (uint32_t lane = 0; lane < p->lanes; lane++) {
        uint32_t four[WORDS];
        rng_block(s->key, sample_of(s, first + lane), (uint32_t)((first + lane) >> 20), 0, four);
        for (int w = 0; w < WORDS; w++) out[w][lane] = four[w];
    }
}

// Word `index` of the sequence, until it favours no number below the bound.
static uint32_t draw_again(const struct places *p, uint64_t index, uint32_t bound) {
    const struct sampling *s = p->sampling;
    uint64_t per_group = (uint64_t)WORDS * p->lanes, block = index / per_group * p->lanes + index % p->lanes;
    uint32_t four[WORDS], which = (uint32_t)(index % per_group / p->lanes);
    for (uint32_t attempt = 1;; attempt++) {
        rng_block(s->key, sample_of(s, block), (uint32_t)(block >> 20), attempt, four);
        uint64_t product = (uint64_t)four[which] * bound;
        if ((uint32_t)product >= -bound % bound) return (uint32_t)(product >> 32);
    }
}

// Words into numbers below the bound; whether some must be drawn again.
CPU_CLONES static bool scale_words(uint32_t *restrict word, uint32_t *restrict low, uint32_t count, uint32_t bound) {
    uint32_t least = -bound % bound, refused = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t product = (uint64_t)word[i] * bound;
        low[i] = (uint32_t)product;
        word[i] = (uint32_t)(product >> 32);
        refused |= (uint32_t)(low[i] < least);
    }
    return refused;
}

static void draw(struct places *p) {
    uint32_t *word = p->place + p->at + p->have, count = WORDS * p->lanes, low[PLACES_AT_ONCE];
    uint32_t bound = p->sampling->length;
    draw_group(p, p->drawn / count, word);
    if (!p->sampling->distinct && scale_words(word, low, count, bound))
        for (uint32_t i = 0; i < count; i++)
            if (low[i] < -bound % bound) word[i] = draw_again(p, p->drawn + i, bound);
    p->drawn += count;
    p->have += count;
}

// Floyd's way to a set: in step j one of the first j + 1 places; if it is there already, place j.
// index: of the row's first word.
static void make_distinct(const struct places *p, uint32_t *place, uint64_t index) {
    const struct sampling *s = p->sampling;
    for (uint32_t j = s->length - s->kept, i = 0; i < s->kept; i++, j++) {
        uint64_t product = (uint64_t)place[i] * (j + 1);
        uint32_t at = (uint32_t)(product >> 32);
        if ((uint32_t)product < j + 1 && (uint32_t)product < -(j + 1) % (j + 1)) at = draw_again(p, index + i, j + 1);
        if (p->seen[at / 32] >> at % 32 & 1) at = j;
        p->seen[at / 32] |= (uint32_t)1 << at % 32;
        place[i] = at;
    }
    for (uint32_t i = 0; i < s->kept; i++) p->seen[place[i] / 32] = 0;
}

static uint32_t lanes_of(const struct sampling *s) {
    uint64_t total = s->shared ? s->kept : (uint64_t)s->rows * s->kept, blocks = (total + WORDS - 1) / WORDS;
    return blocks < LANES_MOST ? (uint32_t)blocks : LANES_MOST;
}

bool places_begin(struct places *p, const struct sampling *s) {
    size_t bits = s->distinct ? (size_t)s->length / 32 + 1 : 0, room = (size_t)s->kept + PLACES_AT_ONCE;
    p->sampling = s;
    p->drawn = p->at = p->have = 0;
    p->lanes = lanes_of(s);
    p->done = false;
    p->place = room + bits <= PLACES_HERE ? p->here : mem_alloc(room + bits, sizeof *p->place);
    p->seen = p->place && bits ? p->place + room : NULL;
    if (p->seen) memset(p->seen, 0, bits * sizeof *p->seen);
    return p->place != NULL;
}

const uint32_t *places_next(struct places *p) {
    uint32_t kept = p->sampling->kept;
    if (p->done) return p->place;
    if (p->have < kept) {
        memmove(p->place, p->place + p->at, p->have * sizeof *p->place);
        p->at = 0;
        while (p->have < kept) draw(p);
    }
    uint32_t *place = p->place + p->at;
    if (p->sampling->distinct) make_distinct(p, place, p->drawn - p->have);
    p->at += kept;
    p->have -= kept;
    p->done = p->sampling->shared;
    return place;
}

void places_end(struct places *p) {
    if (p->place != p->here) mem_free(p->place);
}

void sampling_row(const struct sampling *s, uint32_t row, uint32_t *place, uint32_t *seen) {
    uint32_t word[PLACES_AT_ONCE], lanes = lanes_of(s), count = WORDS * lanes;
    uint64_t first = s->shared ? 0 : (uint64_t)row * s->kept;
    struct places p = {.sampling = s, .lanes = lanes, .place = word, .seen = seen};
    for (uint64_t done = 0; done < s->kept;) {
        uint64_t index = first + done, skip = index % count;
        uint64_t some = count - skip < s->kept - done ? count - skip : s->kept - done;
        p.drawn = index - skip;
        p.have = 0;
        draw(&p);
        memcpy(place + done, word + skip, some * sizeof *place);
        done += some;
    }
    if (s->distinct) make_distinct(&p, place, first);
}

// ---- signs --------------------------------------------------------------------------------------------------------

size_t signs_words(const struct sampling *s) { return ((size_t)s->length + SIGNS - 1) / SIGNS; }

void signs_begin(struct signs *signs, const struct sampling *s, void *word) {
    *signs = (struct signs){.sampling = s, .word = word};
}

static void draw_signs(struct signs *signs) {
    enum { BLOCKS = SIGNS_AT_ONCE / 2 / WORDS };
    uint32_t word[WORDS][BLOCKS], *const out[WORDS] = {word[0], word[1], word[2], word[3]};
    const struct sampling *s = signs->sampling;
    uint64_t first = signs->drawn++ * BLOCKS;
    rng_blocks(s->key, sample_of(s, first), BLOCKS, (uint32_t)(first >> 20), 0, out);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ // the lower half of each is the first word of signs everywhere
    for (uint32_t w = 0; w < WORDS; w++)
        for (uint32_t i = 0; i < BLOCKS; i++) word[w][i] = word[w][i] << 16 | word[w][i] >> 16;
#endif
    memcpy(signs->word + signs->at + signs->have, word, sizeof word);
    signs->have += SIGNS_AT_ONCE;
}

const uint16_t *signs_next(struct signs *signs) {
    size_t row = signs->sampling->kept * signs_words(signs->sampling);
    if (signs->have < row) {
        memmove(signs->word, signs->word + signs->at, signs->have * sizeof *signs->word);
        signs->at = 0;
        while (signs->have < row) draw_signs(signs);
    }
    const uint16_t *word = signs->word + signs->at;
    signs->at += row;
    signs->have -= row;
    return word;
}

// ---- scratch ------------------------------------------------------------------------------------------------------

size_t conv_scratch(struct conv_size s) {
    size_t columns = (size_t)s.channels * s.side * s.side * s.out_height * s.out_width;
    size_t other = (onednn_scratch(s) + sizeof(float) - 1) / sizeof(float);
    return columns > other ? columns : other;
}

size_t keep_conv_scratch(const struct sampling *sampling, struct conv_size size) {
    size_t filters = ((size_t)size.filters + 15) / 16 * 16;
    size_t padded = ((size_t)size.height + size.side - 1) * ((size_t)size.width + size.side - 1);
    return filters * (padded + (size_t)size.channels * size.side * size.side) + 2 * ((size_t)sampling->kept + 1);
}

size_t keep_product_scratch(const struct sampling *s, size_t columns) {
    size_t all = (size_t)s->rows * s->kept, line = 16;
    // A strip of dy; entries of two numbers, all with one to spare in each place; their places, and where those begin.
    size_t by_place = line + 64 * (size_t)s->rows + 3 * all + 6 * (size_t)s->length;
    // Sums and a row of dy; a row's numbers and places.
    size_t by_row = line + ((size_t)s->length + 1) * sampling_stride(columns) + 2 * (size_t)s->kept;
    if (s->shared) return (size_t)s->kept * columns;
    return by_place > by_row ? by_place : by_row;
}
size_t project_scratch(const struct sampling *s, size_t columns) {
    // Signs of one row, and what project_product makes small; or a row and the words of its signs.
    size_t dense = (size_t)s->length * s->kept + (size_t)s->kept * columns, words = signs_words(s);
    size_t packed = words * SIGNS + (words * s->kept + SIGNS_AT_ONCE + 1) / 2;
    return s->shared || dense > packed ? dense : packed;
}
