#include "estimate/distinct.h"

#include "base/arena.h"

enum { FIRST_SLOTS = 64 };

// What stands at a place of the shuffled ranks; places that are not there hold themselves.
struct moved {
    uint64_t place, rank; // place + 1; 0: free
};

struct distinct {
    const struct subgraph *sub;
    struct rng rng;
    uint64_t *paths; // from each vertex to the output
    uint64_t count, drawn, slots, used;
    struct moved *moved;
};

static bool count_paths(struct distinct *d, struct error *error) {
    const struct subgraph *sub = d->sub;
    for (uint32_t v = sub->count; v-- > 0;) {
        d->paths[v] = v + 1 == sub->count;
        for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++) d->paths[v] += d->paths[sub->target[e]];
        if (d->paths[v] >> 62) {
            error_set(error, ERROR_LIMIT, SPAN_NONE, "there are over 4e18 paths: too many to draw without replacement");
            error_hint(error, "leave out `noreplace`: no path would be drawn twice");
            return false;
        }
    }
    d->count = sub->count ? d->paths[0] : 0;
    return true;
}

struct distinct *distinct_new(const struct subgraph *sub, struct rng rng, struct error *error) {
    struct distinct *d = mem_zero(1, sizeof *d);
    if (d) *d = (struct distinct){.sub = sub, .rng = rng, .slots = FIRST_SLOTS};
    if (d) d->paths = mem_alloc((size_t)sub->count + 1, sizeof *d->paths);
    if (d) d->moved = mem_zero(FIRST_SLOTS, sizeof *d->moved);
    bool ok = (d && d->paths && d->moved) || error_memory(error);
    if (ok && count_paths(d, error)) return d;
    distinct_free(d);
    return NULL;
}

void distinct_free(struct distinct *d) {
    if (!d) return;
    mem_free(d->paths);
    mem_free(d->moved);
    mem_free(d);
}

uint64_t distinct_paths(const struct distinct *d) { return d->count; }

static struct moved *slot(struct moved *moved, uint64_t slots, uint64_t place) {
    uint64_t i = (place + 1) * UINT64_C(0x9E3779B97F4A7C15) >> 20;
    for (i &= slots - 1; moved[i].place && moved[i].place != place + 1; i = (i + 1) & (slots - 1)) {
    }
    return &moved[i];
}

static bool grow(struct distinct *d) {
    if (2 * (d->used + 1) < d->slots) return true;
    struct moved *more = mem_zero(2 * d->slots, sizeof *more);
    if (!more) return false;
    for (uint64_t i = 0; i < d->slots; i++)
        if (d->moved[i].place) *slot(more, 2 * d->slots, d->moved[i].place - 1) = d->moved[i];
    mem_free(d->moved);
    d->moved = more;
    d->slots *= 2;
    return true;
}

// Swaps a place at random among those left with the next one, and takes what comes there.
static uint64_t next_rank(struct distinct *d) {
    uint64_t place = d->drawn + rng_below(&d->rng, d->count - d->drawn);
    struct moved *next = slot(d->moved, d->slots, d->drawn);
    uint64_t rank_next = next->place ? next->rank : d->drawn;
    struct moved *there = slot(d->moved, d->slots, place);
    uint64_t rank = there->place ? there->rank : place;
    d->used += !there->place;
    *there = (struct moved){place + 1, rank_next};
    d->drawn++;
    return rank;
}

bool distinct_draw(struct distinct *d, double *estimate, double *length, struct error *error) {
    const struct subgraph *sub = d->sub;
    if (!grow(d)) return error_memory(error);
    uint64_t rank = next_rank(d);
    double product = (double)d->count;
    for (uint32_t v = 0; v + 1 < sub->count;) {
        uint32_t e = sub->offset[v];
        for (; rank >= d->paths[sub->target[e]]; e++) rank -= d->paths[sub->target[e]];
        product *= sub->partial[e];
        v = sub->target[e];
        ++*length;
    }
    *estimate = product;
    return true;
}
