#include "estimate/walkers.h"

#include <string.h>

#include "base/large.h"

enum { LANES = 256, WORDS = 4, BITS_REFUSED = 16 };

// ---- what a walk looks at -----------------------------------------------------------------------------------------

// Along edge e and on through all vertices with one way on.
struct step {
    double factor; // product of partial / probability
    uint32_t target, length;
};

// A way to draw an edge out of a vertex with d of them in one look (A. J. Walker's alias method): draw a cell evenly,
// then the edge that it is named after, or else its alias.
struct cell {
    uint64_t keep; // of 2^64
    uint32_t alias;
};

// Digits of several layers that come out of one random word.
struct word {
    uint32_t first, end; // layers of the vertices to draw
    uint32_t refuse;     // words whose rest is below are refused: 2^32 mod product
    uint32_t product;    // of the widths; 2^32 is not reached
};

// A graph whose layers are joined completely, walked evenly.
struct dense {
    uint32_t layers;   // drawn: all but the input's
    uint32_t *width;   // of each
    size_t *start;     // of each layer's factors: [from][to], row by row
    double *factor;    // partial / probability
    struct word *word; // digits of all layers, in order
    uint32_t word_count;
};

struct walkers {
    const struct subgraph *sub;
    struct step *step;
    struct cell *cell; // NULL: every choice is even
    struct dense *dense;
    double *probability;
};

static void dense_free(struct dense *dense) {
    if (!dense) return;
    mem_free(dense->width);
    mem_free(dense->start);
    mem_free(dense->factor);
    mem_free(dense->word);
    mem_free(dense);
}

void walkers_free(struct walkers *walkers) {
    if (!walkers) return;
    mem_free(walkers->step);
    mem_free(walkers->cell);
    mem_free(walkers->probability);
    dense_free(walkers->dense);
    mem_free(walkers);
}

// ---- steps and cells ----------------------------------------------------------------------------------------------

static uint32_t degree(const struct subgraph *sub, uint32_t v) { return sub->offset[v + 1] - sub->offset[v]; }

static bool make_steps(struct walkers *w, const double *probability) {
    const struct subgraph *sub = w->sub;
    w->step = large_alloc((size_t)sub->edge_count + 1, sizeof *w->step);
    if (!w->step) return false;
    for (uint32_t v = sub->count; v-- > 0;)
        for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++) {
            uint32_t target = sub->target[e];
            struct step step = {probability[e] > 0 ? sub->partial[e] / probability[e] : 0, target, 1};
            if (degree(sub, target) == 1) {
                const struct step *next = &w->step[sub->offset[target]];
                step = (struct step){step.factor * next->factor, next->target, 1 + next->length};
            }
            w->step[e] = step;
        }
    return true;
}

static bool is_even(const struct subgraph *sub, const double *probability) {
    for (uint32_t e = 1; e < sub->edge_count; e++)
        if (sub->source[e] == sub->source[e - 1] && fabs(probability[e] - probability[e - 1]) > 1e-15 * probability[e])
            return false;
    return true;
}

// Cells hold 1/d each. What an edge has beyond its own cell fills up the cells of those that have less.
static void fill_cells(const struct subgraph *sub, const double *probability, uint32_t v, struct cell *cell,
                       double *room, uint32_t *list) {
    uint32_t begin = sub->offset[v], d = degree(sub, v), low = 0, high = d;
    for (uint32_t i = 0; i < d; i++) {
        room[i] = probability[begin + i] * d;
        list[room[i] < 1 ? low++ : --high] = i;
        cell[begin + i] = (struct cell){UINT64_MAX, begin + i};
    }
    while (low > 0 && high < d) {
        uint32_t small = list[--low], large = list[high];
        cell[begin + small] = (struct cell){(uint64_t)ldexp(room[small], 64), begin + large};
        room[large] -= 1 - room[small];
        if (room[large] >= 1) continue;
        list[low++] = large;
        high++;
    }
}

static uint32_t largest_degree(const struct subgraph *sub) {
    uint32_t most = 1;
    for (uint32_t v = 0; v < sub->count; v++)
        if (degree(sub, v) > most) most = degree(sub, v);
    return most;
}

static bool make_cells(struct walkers *w, const double *probability) {
    uint32_t most = largest_degree(w->sub);
    double *room = mem_alloc(most, sizeof *room);
    uint32_t *list = mem_alloc(most, sizeof *list);
    w->cell = large_alloc((size_t)w->sub->edge_count + 1, sizeof *w->cell);
    bool ok = room && list && w->cell;
    for (uint32_t v = 0; ok && v < w->sub->count; v++)
        if (degree(w->sub, v) > 1) fill_cells(w->sub, probability, v, w->cell, room, list);
    mem_free(room);
    mem_free(list);
    return ok;
}

// ---- layers joined completely -------------------------------------------------------------------------------------

static bool is_complete(const struct subgraph *sub) {
    if (!sub->layer_start || sub->count < 2) return false;
    for (uint32_t v = 0; v + 1 < sub->count; v++) {
        uint32_t begin = sub->layer_start[sub->layer[v] + 1], end = sub->layer_start[sub->layer[v] + 2];
        if (degree(sub, v) != end - begin) return false;
        for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++)
            if (sub->target[e] != begin + (e - sub->offset[v])) return false;
    }
    return true;
}

// Puts the next layers into words as long as few words are refused. A layer of one vertex needs no digit, but is one.
static void plan_words(struct dense *dense) {
    dense->word_count = 0;
    for (uint32_t l = 0; l < dense->layers;) {
        struct word word = {.first = l, .product = dense->width[l]};
        bool power = (dense->width[l] & (dense->width[l] - 1)) == 0;
        for (l++; l < dense->layers; l++) {
            uint64_t product = (uint64_t)word.product * dense->width[l];
            power = power && (dense->width[l] & (dense->width[l] - 1)) == 0;
            if (product >> 32 || (!power && product >> BITS_REFUSED)) break;
            word.product = (uint32_t)product;
        }
        word.end = l;
        word.refuse = (uint32_t)((UINT64_C(1) << 32) % word.product);
        dense->word[dense->word_count++] = word;
    }
}

static bool make_dense(struct walkers *w, const double *probability) {
    const struct subgraph *sub = w->sub;
    uint32_t layers = sub->layer_count - 1;
    struct dense *dense = w->dense = mem_zero(1, sizeof *dense);
    if (!dense) return false;
    dense->layers = layers;
    dense->width = mem_alloc(layers, sizeof *dense->width);
    dense->start = mem_alloc(layers, sizeof *dense->start);
    dense->factor = large_alloc(sub->edge_count, sizeof *dense->factor);
    dense->word = mem_alloc(layers, sizeof *dense->word);
    if (!dense->width || !dense->start || !dense->factor || !dense->word) return false;
    for (uint32_t l = 0; l < layers; l++) {
        dense->width[l] = sub->layer_start[l + 2] - sub->layer_start[l + 1];
        dense->start[l] = sub->offset[sub->layer_start[l]];
    }
    for (uint32_t e = 0; e < sub->edge_count; e++) dense->factor[e] = sub->partial[e] / probability[e];
    plan_words(dense);
    return true;
}

struct walkers *walkers_new(const struct subgraph *sub, const double *probability, struct error *error) {
    struct walkers *w = mem_zero(1, sizeof *w);
    if (w) w->sub = sub;
    bool even = w && is_even(sub, probability);
    bool ok = w && make_steps(w, probability) && (even || make_cells(w, probability)) &&
              (!even || !is_complete(sub) || make_dense(w, probability));
    if (ok) return w;
    walkers_free(w);
    error_memory(error);
    return NULL;
}

// ---- walking ------------------------------------------------------------------------------------------------------

// All that 256 walks need; `at` is a vertex, or in dense graphs the place in the layer.
struct lanes {
    uint32_t random[WORDS][LANES];
    uint32_t at[LANES], live[LANES];
    double product[LANES];
};

size_t walkers_scratch(const struct walkers *w) {
    (void)w;
    return sizeof(struct lanes);
}

// A word for the sample whose word was refused: from blocks that no sample uses otherwise.
static uint32_t another_word(struct rng_key key, uint32_t stream, uint64_t sample, uint32_t word, uint32_t product,
                             uint32_t refuse) {
    for (uint32_t attempt = 0;; attempt++) {
        uint32_t out[WORDS];
        rng_block(key, sample, stream, UINT32_C(1) << 31 | word << 8 | (attempt & 0xff), out);
        for (uint32_t i = 0; i < WORDS; i++)
            if (out[i] * product >= refuse) return out[i];
    }
}

// After all digits are taken the rest of a word is word * product mod 2^32.
static void refuse_words(const struct word *word, uint32_t number, struct rng_key key, uint32_t stream, uint64_t first,
                         uint32_t count, uint32_t *random) {
    if (word->refuse == 0) return;
    uint32_t refused = 0;
    for (uint32_t i = 0; i < count; i++) refused += random[i] * word->product < word->refuse;
    for (uint32_t i = 0; refused && i < count; i++)
        if (random[i] * word->product < word->refuse)
            random[i] = another_word(key, stream, first + i, number, word->product, word->refuse);
}

CPU_CLONES
static void take_digits(uint32_t *restrict random, uint32_t *restrict at, double *restrict product,
                        const double *restrict factor, uint32_t width) {
    for (uint32_t i = 0; i < LANES; i++) {
        uint64_t scaled = (uint64_t)random[i] * width;
        uint32_t digit = (uint32_t)(scaled >> 32);
        random[i] = (uint32_t)scaled;
        product[i] *= factor[at[i] * width + digit];
        at[i] = digit;
    }
}

static void draw_dense(const struct dense *dense, struct rng_key key, uint32_t stream, uint64_t first, uint32_t count,
                       struct lanes *lanes) {
    for (uint32_t k = 0; k < dense->word_count; k++) {
        uint32_t *random = lanes->random[k % WORDS];
        if (k % WORDS == 0)
            rng_blocks(key, first, LANES, stream, k / WORDS,
                       (uint32_t *[]){lanes->random[0], lanes->random[1], lanes->random[2], lanes->random[3]});
        refuse_words(&dense->word[k], k, key, stream, first, count, random);
        for (uint32_t l = dense->word[k].first; l < dense->word[k].end; l++)
            take_digits(random, lanes->at, lanes->product, dense->factor + dense->start[l], dense->width[l]);
    }
}

// The edge that 64 random bits choose at v.
static uint32_t choose(const struct walkers *w, uint32_t v, uint64_t random) {
    uint32_t begin = w->sub->offset[v];
    __extension__ unsigned __int128 wide = (unsigned __int128)random * degree(w->sub, v);
    uint32_t e = begin + (uint32_t)(wide >> 64);
    return !w->cell || (uint64_t)wide < w->cell[e].keep ? e : w->cell[e].alias;
}

static uint64_t lane_word(const struct lanes *lanes, uint32_t step, uint32_t lane) {
    uint32_t half = step % 2 * 2;
    return (uint64_t)lanes->random[half + 1][lane] << 32 | lanes->random[half][lane];
}

// Few walks go on: random numbers for these only.
static void fill_few(struct lanes *lanes, uint32_t live, struct rng_key key, uint32_t stream, uint64_t first,
                     uint32_t block) {
    for (uint32_t i = 0; i < live; i++) {
        uint32_t out[WORDS], lane = lanes->live[i];
        rng_block(key, first + lane, stream, block, out);
        for (uint32_t word = 0; word < WORDS; word++) lanes->random[word][lane] = out[word];
    }
}

static void fill(struct lanes *lanes, uint32_t live, uint32_t count, struct rng_key key, uint32_t stream,
                 uint64_t first, uint32_t block) {
    if (live * 8 < count)
        fill_few(lanes, live, key, stream, first, block);
    else
        rng_blocks(key, first, count, stream, block,
                   (uint32_t *[]){lanes->random[0], lanes->random[1], lanes->random[2], lanes->random[3]});
}

static void draw_any(const struct walkers *w, struct rng_key key, uint32_t stream, uint64_t first, uint32_t count,
                     struct lanes *lanes, double *length) {
    uint32_t live = count, out = w->sub->count - 1;
    uint64_t edges = 0;
    for (uint32_t i = 0; i < count; i++) lanes->live[i] = i;
    for (uint32_t step = 0; live; step++) {
        if (step % 2 == 0) fill(lanes, live, count, key, stream, first, step / 2);
        uint32_t left = 0;
        for (uint32_t i = 0; i < live; i++) {
            uint32_t lane = lanes->live[i];
            const struct step *next = &w->step[choose(w, lanes->at[lane], lane_word(lanes, step, lane))];
            lanes->product[lane] *= next->factor;
            lanes->at[lane] = next->target;
            edges += next->length;
            lanes->live[left] = lane;
            left += next->target != out;
        }
        live = left;
    }
    *length += (double)edges;
}

void walkers_draw(const struct walkers *w, struct rng_key key, uint32_t stream, uint64_t first, uint32_t count,
                  void *scratch, double *estimate, double *length) {
    struct lanes *lanes = scratch;
    for (uint32_t done = 0, some; done < count; done += some) {
        some = count - done < LANES ? count - done : LANES;
        memset(lanes->at, 0, sizeof lanes->at);
        for (uint32_t i = 0; i < LANES; i++) lanes->product[i] = 1;
        if (w->dense)
            draw_dense(w->dense, key, stream, first + done, some, lanes), *length += (double)some * w->dense->layers;
        else if (w->sub->count > 1)
            draw_any(w, key, stream, first + done, some, lanes, length);
        memcpy(estimate + done, lanes->product, some * sizeof *estimate);
    }
}

// ---- one path -----------------------------------------------------------------------------------------------------

struct trail {
    uint32_t *edge;
    uint32_t count, most;
};

static void leave(struct trail *trail, uint32_t edge) {
    if (trail->count < trail->most) trail->edge[trail->count] = edge;
    trail->count++;
}

static void trail_dense(const struct dense *dense, struct rng_key key, uint32_t stream, uint64_t sample,
                        struct trail *trail) {
    uint32_t out[WORDS], at = 0;
    for (uint32_t k = 0; k < dense->word_count; k++) {
        const struct word *word = &dense->word[k];
        if (k % WORDS == 0) rng_block(key, sample, stream, k / WORDS, out);
        refuse_words(word, k, key, stream, sample, 1, &out[k % WORDS]);
        for (uint32_t l = word->first, random = out[k % WORDS]; l < word->end; l++) {
            uint64_t scaled = (uint64_t)random * dense->width[l];
            random = (uint32_t)scaled;
            leave(trail, (uint32_t)(dense->start[l] + (uint64_t)at * dense->width[l] + (scaled >> 32)));
            at = (uint32_t)(scaled >> 32);
        }
    }
}

static void trail_any(const struct walkers *w, struct rng_key key, uint32_t stream, uint64_t sample,
                      struct trail *trail) {
    const struct subgraph *sub = w->sub;
    uint32_t out[WORDS] = {0};
    for (uint32_t v = 0, step = 0; v != sub->count - 1; step++) {
        if (step % 2 == 0) rng_block(key, sample, stream, step / 2, out);
        const uint32_t *word = step % 2 ? out + 2 : out;
        uint32_t e = choose(w, v, (uint64_t)word[1] << 32 | word[0]);
        leave(trail, e);
        for (v = sub->target[e]; v != sub->count - 1 && degree(sub, v) == 1; v = sub->target[e]) {
            e = sub->offset[v];
            leave(trail, e);
        }
    }
}

uint32_t walkers_path(const struct walkers *w, struct rng_key key, uint32_t stream, uint64_t sample, uint32_t *edge,
                      uint32_t most) {
    struct trail trail = {.edge = edge, .most = most};
    if (w->dense)
        trail_dense(w->dense, key, stream, sample, &trail);
    else if (w->sub->count > 1)
        trail_any(w, key, stream, sample, &trail);
    return trail.count < most ? trail.count : most;
}
