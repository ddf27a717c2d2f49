// Linearized graphs without a program behind them: arrays of edges with random partials.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/rng.h"
#include "estimate/subgraph.h"

enum { MOST_VERTICES = 4096, MOST_EDGES = 65536 };

struct test_lcg {
    struct lcg lcg;
    uint32_t offset[MOST_VERTICES + 1], edge_count;
    vertex source[MOST_EDGES];
    double partial[MOST_EDGES];
};

// One that has ended is used again: sanitizers take long to get and to mark so much memory.
static struct test_lcg *ended_lcg;

static inline struct test_lcg *lcg_begin(void) {
    struct test_lcg *t = ended_lcg ? ended_lcg : mem_alloc(1, sizeof *t);
    assert_non_null(t);
    ended_lcg = NULL;
    t->lcg = (struct lcg){.offset = t->offset, .source = t->source, .partial = t->partial};
    t->offset[0] = t->edge_count = 0;
    return t;
}

static inline void lcg_end(struct test_lcg *t) {
    mem_free(ended_lcg);
    ended_lcg = t;
}

// The next vertex; the edges into it follow by into().
static inline vertex add_vertex(struct test_lcg *t) {
    assert_true(t->lcg.count < MOST_VERTICES);
    t->lcg.count++;
    t->offset[t->lcg.count] = t->edge_count;
    return t->lcg.count - 1;
}

static inline void into(struct test_lcg *t, vertex source, double partial) {
    assert_true(t->edge_count < MOST_EDGES);
    t->source[t->edge_count] = source;
    t->partial[t->edge_count++] = partial;
    t->offset[t->lcg.count] = t->edge_count;
}

// An input, `depth` layers of `width` joined completely, an output. `weight` gives the partials.
static inline struct test_lcg *interleaved(uint32_t width, uint32_t depth, double (*weight)(struct rng *),
                                           struct rng *rng) {
    struct test_lcg *t = lcg_begin();
    add_vertex(t);
    for (uint32_t layer = 1; layer <= depth + 1; layer++) {
        uint32_t begin = layer == 1 ? 0 : 1 + (layer - 2) * width, sources = layer == 1 ? 1 : width;
        for (uint32_t i = 0; i < (layer > depth ? 1 : width); i++) {
            add_vertex(t);
            for (uint32_t s = 0; s < sources; s++) into(t, begin + s, weight(rng));
        }
    }
    return t;
}

// `count` vertices between an input and an output: each takes from one to three earlier ones, now and then one twice,
// so that edges skip layers and run side by side.
static inline struct test_lcg *tangled(uint32_t count, struct rng *rng) {
    struct test_lcg *t = lcg_begin();
    add_vertex(t);
    for (uint32_t v = 1; v <= count + 1; v++) {
        add_vertex(t);
        for (uint64_t k = 0, ways = 1 + rng_below(rng, 3); k < ways; k++)
            into(t, (vertex)rng_below(rng, v), 2 * rng_uniform(rng) - 0.8);
    }
    return t;
}

static inline double weight_uniform(struct rng *rng) { return 0.5 + rng_uniform(rng); }
static inline double weight_zero(struct rng *rng) { return (void)rng, 0; }
static inline double weight_gaussian(struct rng *rng) { return rng_gaussian(rng); }

static inline struct subgraph *whole(const struct test_lcg *t) {
    struct error error = {0};
    struct subgraph *sub = subgraph_new(&t->lcg, 0, t->lcg.count - 1, &error);
    assert_non_null(sub);
    return sub;
}
