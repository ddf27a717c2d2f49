#include "estimate/sweeps.h"

#include <string.h>

#include "base/large.h"

enum { LANES = 16, WORDS = 4 };

struct sweeps {
    const struct subgraph *sub;
    enum noise noise;
    double parameter;
    bool replace;
    uint32_t *slot; // of each vertex: where its adjoints are while they are needed
    uint32_t slot_count;
    uint32_t widest, most; // vertices in the largest layer, edges out of a vertex
    double projected;      // numbers that a projection remembers
};

void sweeps_free(struct sweeps *sweeps) {
    if (!sweeps) return;
    mem_free(sweeps->slot);
    mem_free(sweeps);
}

// ---- making ready -------------------------------------------------------------------------------------------------

// A vertex's adjoints are needed from when it is computed to the first vertex that uses them: the one with the lowest
// number. Frees go a layer at a time, so that a layer can be projected whole.
static bool assign_slots(struct sweeps *s) {
    const struct subgraph *sub = s->sub;
    uint32_t *free_slot = large_alloc((size_t)sub->count + 1, sizeof *free_slot), free_count = 0;
    uint32_t *dead = large_zero((size_t)sub->count + 1, sizeof *dead);
    uint32_t *next = large_zero((size_t)sub->count + 1, sizeof *next);
    s->slot = large_alloc((size_t)sub->count + 1, sizeof *s->slot);
    bool ok = free_slot && dead && next && s->slot;
    // dead[v]: 1 + the first of the vertices that v is the last to use, in a list by next.
    for (uint32_t v = 0; ok && v < sub->count; v++) {
        uint32_t low = v ? sub->source[sub->in_edge[sub->in_offset[v]]] : 0;
        next[v] = dead[low], dead[low] = v + 1;
    }
    for (uint32_t l = sub->layer_count; ok && l-- > 0;) {
        for (uint32_t v = sub->layer_start[l + 1]; v-- > sub->layer_start[l];)
            s->slot[v] = free_count ? free_slot[--free_count] : s->slot_count++;
        for (uint32_t v = sub->layer_start[l + 1]; v-- > sub->layer_start[l];)
            for (uint32_t u = dead[v]; u; u = next[u - 1])
                if (u - 1 != v) free_slot[free_count++] = s->slot[u - 1];
    }
    mem_free(free_slot);
    mem_free(dead);
    mem_free(next);
    return ok;
}

static uint32_t width(const struct subgraph *sub, uint32_t layer) {
    return sub->layer_start[layer + 1] - sub->layer_start[layer];
}

static bool is_hidden(const struct subgraph *sub, uint32_t layer) { return layer > 0 && layer + 1 < sub->layer_count; }

// Between two layers a projection keeps K x K numbers (1 at an end) or the edges, whichever are fewer.
static double between_layers(const struct sweeps *s, uint32_t from, uint32_t to, uint32_t edges) {
    double k = (is_hidden(s->sub, from) ? s->parameter : 1) * (is_hidden(s->sub, to) ? s->parameter : 1);
    return k < edges ? k : edges;
}

static bool count_projected(struct sweeps *s) {
    const struct subgraph *sub = s->sub;
    uint32_t *edges = mem_zero((size_t)sub->layer_count + 1, sizeof *edges);
    if (!edges) return false;
    for (uint32_t l = 0; l < sub->layer_count; l++) {
        uint32_t begin = sub->offset[sub->layer_start[l]], end = sub->offset[sub->layer_start[l + 1]], furthest = l;
        for (uint32_t e = begin; e < end; e++) {
            uint32_t to = sub->layer[sub->target[e]];
            edges[to]++;
            if (to > furthest) furthest = to;
        }
        for (uint32_t to = l + 1; to <= furthest; to++) {
            if (edges[to]) s->projected += between_layers(s, l, to, edges[to]);
            edges[to] = 0;
        }
    }
    mem_free(edges);
    return true;
}

struct sweeps *sweeps_new(const struct subgraph *sub, enum noise noise, double parameter, bool replace,
                          struct error *error) {
    struct sweeps *s = mem_zero(1, sizeof *s);
    if (s) *s = (struct sweeps){.sub = sub, .noise = noise, .parameter = parameter, .replace = replace};
    bool ok = s && (sub->count == 0 || (assign_slots(s) && count_projected(s)));
    for (uint32_t l = 0; ok && l < sub->layer_count; l++)
        if (width(sub, l) > s->widest) s->widest = width(sub, l);
    for (uint32_t v = 0; ok && v < sub->count; v++)
        if (sub->offset[v + 1] - sub->offset[v] > s->most) s->most = sub->offset[v + 1] - sub->offset[v];
    if (ok) return s;
    sweeps_free(s);
    error_memory(error);
    return NULL;
}

struct sweeps_scratch {
    struct arena *arena;
    double (*adjoint)[LANES]; // by slot
    uint16_t *reached;        // by slot: lanes whose sweep has come there
    double (*factor)[LANES];  // by place in the layer
    double *tangent;          // by vertex: of one sample
    uint8_t *come, *drawn;    // by vertex, by place among the edges out of one: of one sample
    uint32_t random[WORDS][LANES], block;
    struct rng rng[LANES];
    // Of the draw in hand.
    struct rng_key key;
    uint32_t stream, count;
    uint64_t first;
    double read;
    double *wanted; // factors of every edge in lane 0, or NULL
};

void sweeps_scratch_free(struct sweeps_scratch *scratch) {
    if (scratch) arena_free(scratch->arena);
}

struct sweeps_scratch *sweeps_scratch_new(const struct sweeps *s) {
    struct arena *arena = arena_new();
    struct sweeps_scratch *b = arena ? arena_alloc(arena, sizeof *b) : NULL;
    if (!b) return arena_free(arena), NULL;
    bool forward = s->noise == NOISE_OUT_EDGES;
    b->arena = arena;
    b->adjoint = arena_alloc(arena, forward ? 0 : s->slot_count * sizeof *b->adjoint);
    b->reached = arena_alloc(arena, forward ? 0 : s->slot_count * sizeof *b->reached);
    b->factor = arena_alloc(arena, forward ? 0 : s->widest * sizeof *b->factor);
    b->tangent = arena_alloc(arena, forward ? s->sub->count * sizeof *b->tangent : 0);
    b->come = arena_alloc(arena, forward ? s->sub->count : 0);
    b->drawn = arena_alloc(arena, s->most);
    if (b->adjoint && b->reached && b->factor && b->tangent && b->come && b->drawn) return b;
    arena_free(arena);
    return NULL;
}

// ---- sixteen reverse sweeps ---------------------------------------------------------------------------------------

static void add_edge(double *restrict to, const double *restrict from, double c) {
    for (uint32_t i = 0; i < LANES; i++) to[i] += c * from[i];
}

static void add_edge_where(double *restrict to, const double *restrict from, double c, uint16_t mask) {
    for (uint32_t i = 0; i < LANES; i++) to[i] += mask >> i & 1 ? c * from[i] : 0;
}

// The lanes in which edge e is kept: its random word, of 32 bits, is below `threshold`.
static uint16_t kept(struct sweeps_scratch *b, uint32_t e, uint64_t threshold) {
    if (b->block != e / WORDS)
        rng_blocks(b->key, b->first, LANES, b->stream, b->block = e / WORDS,
                   (uint32_t *[]){b->random[0], b->random[1], b->random[2], b->random[3]});
    uint32_t mask = 0;
    for (uint32_t i = 0; i < LANES; i++) mask |= (uint32_t)(b->random[e % WORDS][i] < threshold) << i;
    return (uint16_t)mask;
}

// An edge is kept with the probability threshold / 2^32 exactly, and divided by that.
static uint64_t threshold_of(double probability) {
    uint64_t threshold = (uint64_t)llround(ldexp(probability, 32));
    return threshold ? threshold : 1;
}

// Reads the edges out of v, in the lanes `where`.
static void read_edges(const struct sweeps *s, struct sweeps_scratch *b, uint32_t v, uint16_t where) {
    const struct subgraph *sub = s->sub;
    uint64_t threshold = s->noise == NOISE_EDGES ? threshold_of(s->parameter) : 0;
    double scale = threshold ? 0x1p32 / (double)threshold : 1, *to = b->adjoint[s->slot[v]];
    uint16_t come = 0;
    memset(to, 0, sizeof(double[LANES]));
    for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++) {
        uint32_t from = s->slot[sub->target[e]];
        uint16_t mask = where & b->reached[from];
        if (threshold) mask &= kept(b, e, threshold);
        if (mask == (uint16_t)~0)
            add_edge(to, b->adjoint[from], sub->partial[e] * scale);
        else if (mask)
            add_edge_where(to, b->adjoint[from], sub->partial[e] * scale, mask);
        come |= mask;
        b->read += __builtin_popcount(mask & ((1u << b->count) - 1));
        if (b->wanted) b->wanted[e] = mask & 1 ? scale : 0;
    }
    b->reached[s->slot[v]] = come;
}

// K of d, as factors: with replacement each draw adds d / K.
static void draw_lane(const struct sweeps *s, struct sweeps_scratch *b, uint32_t d, uint32_t lane) {
    uint32_t k = (uint32_t)fmin(s->parameter, UINT32_MAX);
    double each = s->replace ? d / s->parameter : (double)d / k;
    for (uint32_t i = 0; i < d; i++) b->factor[i][lane] = 0;
    if (s->replace)
        for (uint32_t j = 0; j < k; j++) b->factor[rng_below(&b->rng[lane], d)][lane] += each;
    else // R. W. Floyd's way to draw a set
        for (uint32_t j = d - k; j < d; j++) {
            uint32_t i = (uint32_t)rng_below(&b->rng[lane], (uint64_t)j + 1);
            b->factor[b->factor[i][lane] != 0 ? j : i][lane] = each;
        }
}

// The factors of a layer's vertices; where all are 1 nothing is drawn.
static bool draw_factors(const struct sweeps *s, struct sweeps_scratch *b, uint32_t layer) {
    uint32_t d = width(s->sub, layer);
    if (s->noise != NOISE_VERTICES || !is_hidden(s->sub, layer) || d == 1) return false;
    if (!s->replace && s->parameter >= d) return false;
    for (uint32_t lane = 0; lane < LANES; lane++) draw_lane(s, b, d, lane);
    return true;
}

static void scale_vertex(const struct sweeps *s, struct sweeps_scratch *b, uint32_t v, const double *factor) {
    double *adjoint = b->adjoint[s->slot[v]];
    for (uint32_t i = 0; i < LANES; i++) adjoint[i] *= factor[i];
    for (uint32_t e = s->sub->offset[v]; b->wanted && e < s->sub->offset[v + 1]; e++) b->wanted[e] *= factor[0];
}

static uint16_t drawn_lanes(const double *factor) {
    uint32_t mask = 0;
    for (uint32_t i = 0; i < LANES; i++) mask |= (uint32_t)(factor[i] != 0) << i;
    return (uint16_t)mask;
}

// One column of R of random signs: the layer's adjoints become themselves plus, for each column, R (R^T adjoint) / K.
static void project_lane(const struct sweeps *s, struct sweeps_scratch *b, uint32_t begin, uint32_t end,
                         uint32_t lane) {
    for (uint32_t v = begin; v < end; v++) b->factor[v - begin][lane] = 0;
    uint32_t k = (uint32_t)s->parameter;
    for (uint32_t column = 0; column < k; column++) {
        double dot = 0;
        struct rng again = b->rng[lane];
        for (uint32_t v = begin; v < end; v++) dot += rng_sign(&b->rng[lane]) * b->adjoint[s->slot[v]][lane];
        for (uint32_t v = begin; v < end; v++) b->factor[v - begin][lane] += rng_sign(&again) * dot;
    }
    for (uint32_t v = begin; v < end; v++) b->adjoint[s->slot[v]][lane] = b->factor[v - begin][lane] / k;
}

static void sweep_layer(const struct sweeps *s, struct sweeps_scratch *b, uint32_t layer) {
    uint32_t begin = s->sub->layer_start[layer], end = s->sub->layer_start[layer + 1];
    bool drawn = draw_factors(s, b, layer);
    for (uint32_t v = begin; v < end; v++) {
        read_edges(s, b, v, drawn ? drawn_lanes(b->factor[v - begin]) : (uint16_t)~0);
        if (drawn) scale_vertex(s, b, v, b->factor[v - begin]);
    }
    if (s->noise != NOISE_RADEMACHER || !is_hidden(s->sub, layer)) return;
    for (uint32_t lane = 0; lane < LANES; lane++) project_lane(s, b, begin, end, lane);
}

static void sweep_reverse(const struct sweeps *s, struct sweeps_scratch *b, double *estimate) {
    uint32_t out = s->slot[s->sub->count - 1];
    b->block = UINT32_MAX;
    for (uint32_t i = 0; i < LANES; i++) b->rng[i] = rng_at(b->key, b->first + i, b->stream), b->adjoint[out][i] = 1;
    b->reached[out] = (uint16_t)~0;
    for (uint32_t layer = s->sub->layer_count - 1; layer-- > 0;) sweep_layer(s, b, layer);
    memcpy(estimate, b->adjoint[s->slot[0]], b->count * sizeof *estimate);
}

// ---- one forward sweep --------------------------------------------------------------------------------------------

static void push_edge(const struct sweeps *s, struct sweeps_scratch *b, uint32_t e, double factor) {
    const struct subgraph *sub = s->sub;
    uint32_t place = e - sub->offset[sub->source[e]];
    b->tangent[sub->target[e]] += factor * sub->partial[e] * b->tangent[sub->source[e]];
    b->come[sub->target[e]] = 1;
    b->read += !b->drawn[place];
    b->drawn[place] = 1;
    if (b->wanted) b->wanted[e] += factor;
}

static void push_vertex(const struct sweeps *s, struct sweeps_scratch *b, uint32_t v) {
    uint32_t begin = s->sub->offset[v], d = s->sub->offset[v + 1] - begin;
    uint32_t k = (uint32_t)fmin(s->parameter, UINT32_MAX);
    if (d == 1 || (!s->replace && k >= d))
        for (uint32_t i = 0; i < d; i++) push_edge(s, b, begin + i, 1);
    else if (s->replace)
        for (uint32_t j = 0; j < k; j++) push_edge(s, b, begin + (uint32_t)rng_below(&b->rng[0], d), d / s->parameter);
    else
        for (uint32_t j = d - k; j < d; j++) {
            uint32_t i = (uint32_t)rng_below(&b->rng[0], (uint64_t)j + 1);
            push_edge(s, b, begin + (b->drawn[i] ? j : i), (double)d / k);
        }
    memset(b->drawn, 0, d);
}

static void sweep_forward(const struct sweeps *s, struct sweeps_scratch *b, double *estimate) {
    uint32_t out = s->sub->count - 1;
    b->rng[0] = rng_at(b->key, b->first, b->stream);
    memset(b->come, 0, s->sub->count);
    memset(b->tangent, 0, s->sub->count * sizeof *b->tangent);
    b->tangent[0] = 1, b->come[0] = 1;
    for (uint32_t v = 0; v < out; v++)
        if (b->come[v]) push_vertex(s, b, v);
    *estimate = b->tangent[out];
}

void sweeps_draw(const struct sweeps *sweeps, struct rng_key key, uint32_t stream, uint64_t first, uint32_t count,
                 struct sweeps_scratch *scratch, double *estimate, double *remembered, double *factor) {
    uint32_t at_once = sweeps->noise == NOISE_OUT_EDGES ? 1 : LANES;
    if (factor) memset(factor, 0, sweeps->sub->edge_count * sizeof *factor);
    scratch->key = key, scratch->stream = stream, scratch->read = 0;
    for (uint32_t done = 0; done < count; done += scratch->count) {
        scratch->count = count - done < at_once ? count - done : at_once;
        scratch->first = first + done;
        scratch->wanted = done == 0 ? factor : NULL;
        if (at_once == 1)
            sweep_forward(sweeps, scratch, estimate + done);
        else
            sweep_reverse(sweeps, scratch, estimate + done);
    }
    *remembered += sweeps->noise == NOISE_RADEMACHER ? sweeps->projected * count : scratch->read;
}
