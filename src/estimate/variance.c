#include "estimate/variance.h"

#include <string.h>

#include "base/large.h"
#include "base/task.h"

enum { LOOK_EVERY = 1 << 14, SLOTS = 2 * VARIANCE_CUT };

// What is below the rounding of the mean's square times `relative` is 0.
static struct scaled rounded(struct scaled variance, struct scaled mean, double relative) {
    struct scaled floor = scaled_mul(scaled_mul(mean, mean), scaled_from(relative));
    return scaled_less(floor, variance) ? variance : SCALED_ZERO;
}

// ---- walks --------------------------------------------------------------------------------------------------------

struct node {
    struct scaled mean, variance;
};

static void walk_vertex(const struct subgraph *sub, const double *probability, struct node *node, uint32_t v) {
    struct scaled mean = SCALED_ZERO, variance = SCALED_ZERO;
    for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++)
        mean = scaled_add(mean, scaled_mul(scaled_from(sub->partial[e]), node[sub->target[e]].mean));
    for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++) {
        if (probability[e] == 0) continue;
        const struct node *next = &node[sub->target[e]];
        struct scaled pi = scaled_from(probability[e]), factor = scaled_div(scaled_from(sub->partial[e]), pi);
        struct scaled off = scaled_sub(scaled_mul(factor, next->mean), mean);
        struct scaled within = scaled_mul(scaled_mul(factor, factor), next->variance);
        variance = scaled_add(variance, scaled_mul(pi, scaled_add(within, scaled_mul(off, off))));
    }
    node[v] = (struct node){mean, variance};
}

bool variance_walk(const struct subgraph *sub, const double *probability, struct scaled *variance,
                   struct error *error) {
    *variance = SCALED_ZERO;
    if (sub->count < 2) return true;
    struct node *node = large_alloc(sub->count, sizeof *node);
    if (!node) return error_memory(error);
    node[sub->count - 1] = (struct node){SCALED_ONE, SCALED_ZERO};
    bool ok = true;
    for (uint32_t v = sub->count - 1; v-- > 0 && ok;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) ok = error_interrupt(error);
        walk_vertex(sub, probability, node, v);
    }
    double rounding = 0x1p-52 * (4 + sqrt(sub->layer_count)); // of standard deviations: no squares are subtracted
    *variance = rounded(node[0].variance, node[0].mean, rounding * rounding);
    mem_free(node);
    return ok;
}

// ---- the live cut -------------------------------------------------------------------------------------------------

struct draw_moments variance_draw(double d, double k, bool replace) {
    if (replace) return (struct draw_moments){1 + (d - 1) / k, 1 - 1 / k};
    if (k >= d) return (struct draw_moments){1, 1};
    return (struct draw_moments){d / k, d * (k - 1) / (k * (d - 1))};
}

struct noise_kind {
    enum noise noise;
    double parameter;
    bool replace;
};

// Covariances and means of the live vertices, in units of 2^(2 exponent) and 2^exponent.
struct cut {
    double *covariance; // slots x slots
    uint32_t slots;     // as many as are ever used at once
    double mean[SLOTS];
    uint16_t free[SLOTS];
    uint32_t free_count, high; // high: slots ever used
    uint32_t live[SLOTS], live_count;
    uint16_t *slot; // of each vertex
    uint32_t *last; // the last vertex that uses it
    int64_t exponent;
};

static double *row(const struct cut *cut, uint32_t slot) { return cut->covariance + (size_t)slot * cut->slots; }

static bool by_layer(const struct noise_kind *kind) {
    return kind->noise == NOISE_VERTICES || kind->noise == NOISE_RADEMACHER;
}

// The vertices that are computed together with `begin`: up to this one.
static uint32_t end_of(const struct subgraph *sub, uint32_t begin, const struct noise_kind *kind) {
    return by_layer(kind) ? sub->layer_start[sub->layer[begin] + 1] : begin + 1;
}

// The most slots that the sweep will use at once. `dying` is zero, and has room for one number a vertex.
static uint32_t count_slots(const struct cut *cut, const struct subgraph *sub, const struct noise_kind *kind,
                            uint32_t *dying) {
    uint32_t used = 1, most = 1;
    for (uint32_t v = 0; v < sub->count; v++) dying[cut->last[v]]++;
    for (uint32_t begin = 1, end; begin < sub->count; begin = end) {
        end = end_of(sub, begin, kind);
        used += end - begin;
        if (used > most) most = used;
        for (uint32_t v = begin; v < end; v++) used -= dying[v];
    }
    return most;
}

static bool find_lives(struct cut *cut, const struct subgraph *sub, const struct noise_kind *kind) {
    uint32_t *dying = large_zero((size_t)sub->count + 1, sizeof *dying);
    cut->last = large_zero((size_t)sub->count + 1, sizeof *cut->last);
    bool ok = dying && cut->last;
    for (uint32_t e = 0; ok && e < sub->edge_count; e++)
        if (sub->target[e] > cut->last[sub->source[e]]) cut->last[sub->source[e]] = sub->target[e];
    if (ok) cut->slots = count_slots(cut, sub, kind, dying);
    mem_free(dying);
    return ok;
}

// Whether there are slots enough shows before anything is computed: `slots`.
static bool cut_new(struct cut *cut, const struct subgraph *sub, const struct noise_kind *kind) {
    if (!find_lives(cut, sub, kind)) return false;
    if (cut->slots > SLOTS) return true;
    cut->covariance = large_zero((size_t)cut->slots * cut->slots, sizeof *cut->covariance);
    cut->slot = large_alloc((size_t)sub->count + 1, sizeof *cut->slot);
    return cut->covariance && cut->slot;
}

static void cut_free(struct cut *cut) {
    mem_free(cut->covariance);
    mem_free(cut->slot);
    mem_free(cut->last);
}

static void take_slot(struct cut *cut, uint32_t v) {
    cut->slot[v] = cut->free_count ? cut->free[--cut->free_count] : (uint16_t)cut->high++;
    cut->live[cut->live_count++] = v;
}

static void put_row(struct cut *cut, uint32_t slot, const double *values) {
    memcpy(row(cut, slot), values, cut->high * sizeof *values);
    for (uint32_t i = 0; i < cut->high; i++) row(cut, i)[slot] = values[i];
}

// Covariances of v = sum of c u with all that is live, and its mean; its own variance without the noise of this step.
static void combine(struct cut *cut, const struct subgraph *sub, uint32_t v, double *values) {
    uint32_t own = cut->slot[v];
    double mean = 0, variance = 0;
    memset(values, 0, cut->high * sizeof *values);
    for (uint32_t i = sub->in_offset[v]; i < sub->in_offset[v + 1]; i++) {
        uint32_t e = sub->in_edge[i], slot = cut->slot[sub->source[e]];
        double c = sub->partial[e];
        const double *from = row(cut, slot);
        for (uint32_t s = 0; s < cut->high; s++) values[s] += c * from[s];
        mean += c * cut->mean[slot];
    }
    for (uint32_t i = sub->in_offset[v]; i < sub->in_offset[v + 1]; i++)
        variance += sub->partial[sub->in_edge[i]] * values[cut->slot[sub->source[sub->in_edge[i]]]];
    values[own] = variance;
    cut->mean[own] = mean;
}

// The noise on the edges into v, independent of all else: it adds to v's own variance only. The factors of the d edges
// that K are drawn of always add up to d, so what their means add is (same - other) times the sum of (c g - mean/d)^2.
static double edge_noise(const struct cut *cut, const struct subgraph *sub, uint32_t v, double variance,
                         const struct noise_kind *kind) {
    uint32_t d = sub->in_offset[v + 1] - sub->in_offset[v];
    bool keep = kind->noise == NOISE_EDGES;
    double within = 0, means = 0, centre = keep ? 0 : cut->mean[cut->slot[v]] / d;
    for (uint32_t i = sub->in_offset[v]; i < sub->in_offset[v + 1]; i++) {
        uint32_t e = sub->in_edge[i], slot = cut->slot[sub->source[e]];
        double c = sub->partial[e], off = c * cut->mean[slot] - centre;
        within += c * c * row(cut, slot)[slot];
        means += off * off;
    }
    if (keep) return variance + (1 / kind->parameter - 1) * (within + means);
    struct draw_moments m = variance_draw(d, kind->parameter, kind->replace);
    return m.other * variance + (m.same - m.other) * (within + means);
}

// Draws of vertices: a factor m on each, E[m] = 1.
static void draw_layer(struct cut *cut, uint32_t begin, uint32_t end, const struct noise_kind *kind) {
    struct draw_moments m = variance_draw(end - begin, kind->parameter, kind->replace);
    for (uint32_t a = begin; a < end; a++)
        for (uint32_t b = begin; b < end; b++) {
            uint32_t i = cut->slot[a], j = cut->slot[b];
            double factor = a == b ? m.same : m.other;
            double *covariance = &row(cut, i)[j];
            *covariance = factor * *covariance + (factor - 1) * cut->mean[i] * cut->mean[j];
        }
}

static void project_layer(struct cut *cut, uint32_t begin, uint32_t end, double k) {
    double trace = 0;
    for (uint32_t a = begin; a < end; a++) {
        uint32_t i = cut->slot[a];
        trace += row(cut, i)[i] + cut->mean[i] * cut->mean[i];
    }
    for (uint32_t a = begin; a < end; a++)
        for (uint32_t b = begin; b < end; b++) {
            uint32_t i = cut->slot[a], j = cut->slot[b];
            double *covariance = &row(cut, i)[j], second = *covariance + cut->mean[i] * cut->mean[j];
            *covariance += (a == b ? trace - second : second) / k;
        }
}

// Keeps the largest live second moment near 1.
static void rescale(struct cut *cut) {
    double largest = 0;
    for (uint32_t l = 0; l < cut->live_count; l++) {
        uint32_t i = cut->slot[cut->live[l]];
        largest = fmax(largest, fmax(row(cut, i)[i], cut->mean[i] * cut->mean[i]));
    }
    if (largest == 0 || (largest < 0x1p200 && largest > 0x1p-200)) return;
    int half = ilogb(largest) / 2;
    cut->exponent += half;
    for (uint32_t i = 0; i < cut->high; i++) {
        cut->mean[i] = ldexp(cut->mean[i], -half);
        for (uint32_t j = 0; j < cut->high; j++) row(cut, i)[j] = ldexp(row(cut, i)[j], -2 * half);
    }
}

// Frees what no vertex from `end` on uses.
static void free_dead(struct cut *cut, uint32_t end) {
    uint32_t kept = 0;
    for (uint32_t l = 0; l < cut->live_count; l++) {
        uint32_t v = cut->live[l];
        if (cut->last[v] >= end)
            cut->live[kept++] = v;
        else
            cut->free[cut->free_count++] = cut->slot[v];
    }
    cut->live_count = kept;
}

static void add_vertex(struct cut *cut, const struct subgraph *sub, uint32_t v, const struct noise_kind *kind) {
    double values[SLOTS];
    take_slot(cut, v);
    combine(cut, sub, v, values);
    if (kind->noise == NOISE_EDGES || kind->noise == NOISE_OUT_EDGES)
        values[cut->slot[v]] = edge_noise(cut, sub, v, values[cut->slot[v]], kind);
    put_row(cut, cut->slot[v], values);
}

static void inject(struct cut *cut, uint32_t begin, uint32_t end, const struct noise_kind *kind) {
    if (kind->noise == NOISE_VERTICES) draw_layer(cut, begin, end, kind);
    if (kind->noise == NOISE_RADEMACHER) project_layer(cut, begin, end, kind->parameter);
}

static bool sweep(struct cut *cut, const struct subgraph *sub, const struct noise_kind *kind, struct error *error) {
    take_slot(cut, 0);
    cut->mean[cut->slot[0]] = 1;
    for (uint32_t begin = 1, end; begin < sub->count; begin = end) {
        end = end_of(sub, begin, kind);
        for (uint32_t v = begin; v < end; v++) {
            if (task_interrupted()) return error_interrupt(error);
            add_vertex(cut, sub, v, kind);
        }
        if (end == sub->count) break;
        inject(cut, begin, end, kind);
        rescale(cut);
        free_dead(cut, end);
    }
    return true;
}

static struct scaled result(const struct cut *cut, const struct subgraph *sub) {
    uint32_t slot = cut->slot[sub->count - 1];
    struct scaled variance = scaled_from(fmax(0, row(cut, slot)[slot])), mean = scaled_from(cut->mean[slot]);
    return scaled_shift(rounded(variance, mean, 0x1p-52 * (4 + sqrt(sub->edge_count))), 2 * cut->exponent);
}

static bool cut_variance(const struct subgraph *sub, const struct noise_kind *kind, bool *known,
                         struct scaled *variance, struct error *error) {
    struct cut *cut = mem_zero(1, sizeof *cut);
    if (!cut) return error_memory(error);
    bool ok = cut_new(cut, sub, kind) || error_memory(error);
    *known = cut->slots <= SLOTS;
    ok = ok && (!*known || sweep(cut, sub, kind, error));
    if (ok && *known) *variance = result(cut, sub);
    cut_free(cut);
    mem_free(cut);
    return ok;
}

bool variance_cut(const struct subgraph *sub, enum noise noise, double parameter, bool replace, bool *known,
                  struct scaled *variance, struct error *error) {
    const struct noise_kind kind = {noise, parameter, replace};
    *known = true;
    *variance = SCALED_ZERO;
    if (sub->count < 2) return true;
    if (noise != NOISE_OUT_EDGES) return cut_variance(sub, &kind, known, variance, error);
    struct subgraph *back = subgraph_reverse(sub, error);
    bool ok = back && cut_variance(back, &kind, known, variance, error);
    subgraph_free(back);
    return ok;
}
