// Exact variances, against sums over all outcomes: every path, every set of edges, every draw, every matrix of signs.
#include "random_lcg.h"

#include <math.h>
#include <string.h>

#include "estimate/variance.h"

static void close_to(double got, double wanted, double relative) {
    if (!(fabs(got - wanted) <= relative * fabs(wanted) + 1e-13)) fail_msg("%.17g is not %.17g", got, wanted);
}

static double exact(const struct subgraph *sub, enum walk_kind kind) {
    struct error error = {0};
    struct scaled variance;
    double *probability = mem_alloc(sub->edge_count + 1, sizeof *probability);
    assert_true(walk_probabilities(sub, kind, probability, &error));
    assert_true(variance_walk(sub, probability, &variance, &error));
    mem_free(probability);
    return scaled_double(variance);
}

static double derivative(const struct subgraph *sub) {
    struct error error = {0};
    struct scaled value;
    assert_true(subgraph_derivative(sub, &value, &error));
    return scaled_double(value);
}

// ---- walks, path by path ------------------------------------------------------------------------------------------

struct sums {
    double paths, product, square, size, weighted; // weighted: of w^2 / q
};

static void every_path(const struct subgraph *sub, const double *probability, uint32_t v, double w, double q,
                       struct sums *sums) {
    if (v + 1 == sub->count) {
        sums->paths++, sums->product += w, sums->square += w * w, sums->size += fabs(w);
        if (q > 0) sums->weighted += w * w / q;
        return;
    }
    for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++)
        every_path(sub, probability, sub->target[e], w * sub->partial[e], q * probability[e], sums);
}

static struct sums sums_of(const struct subgraph *sub, enum walk_kind kind) {
    struct sums sums = {0};
    struct error error = {0};
    double *probability = mem_alloc(sub->edge_count + 1, sizeof *probability);
    assert_true(walk_probabilities(sub, kind, probability, &error));
    every_path(sub, probability, 0, 1, 1, &sums);
    mem_free(probability);
    return sums;
}

static void check_walks(const struct subgraph *sub) {
    static const enum walk_kind kinds[] = {WALK_OUTGOING, WALK_UNIFORM, WALK_IMPORTANCE};
    for (int k = 0; k < 3; k++) {
        struct sums sums = sums_of(sub, kinds[k]);
        close_to(exact(sub, kinds[k]), sums.weighted - sums.product * sums.product, 1e-9);
        close_to(derivative(sub), sums.product, 1e-12);
        if (kinds[k] == WALK_UNIFORM) // rad.md 2.3 (a)
            close_to(exact(sub, kinds[k]), sums.paths * sums.square - sums.product * sums.product, 1e-9);
        if (kinds[k] == WALK_IMPORTANCE) // rad.md 2.3 (d)
            close_to(exact(sub, kinds[k]), sums.size * sums.size - sums.product * sums.product, 1e-9);
    }
}

static void test_walks_match_all_paths(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rng rng = rng_at(rng_key(seed, 1), 0, 0);
        struct test_lcg *t = tangled(1 + (uint32_t)rng_below(&rng, 12), &rng);
        struct subgraph *sub = whole(t);
        if (sub->count) check_walks(sub);
        struct error error = {0};
        struct subgraph *back = subgraph_reverse(sub, &error), *again = subgraph_reverse(back, &error);
        if (sub->count) check_walks(back);
        assert_memory_equal(again->target, sub->target, sub->edge_count * sizeof *sub->target);
        assert_memory_equal(again->edge, sub->edge, sub->edge_count * sizeof *sub->edge);
        subgraph_free(again);
        subgraph_free(back);
        subgraph_free(sub);
        lcg_end(t);
    }
}

// Chains side by side with these products.
static struct subgraph *weights(const double *w, uint32_t count, struct test_lcg **t) {
    *t = lcg_begin();
    add_vertex(*t);
    for (uint32_t i = 0; i < count; i++) add_vertex(*t), into(*t, 0, w[i]);
    add_vertex(*t);
    for (uint32_t i = 0; i < count; i++) into(*t, 1 + i, 1);
    return whole(*t);
}

// rad.md 2.3 (a) and (d): numbers whose weights are given there.
static void test_given_weights(void **state) {
    (void)state;
    struct test_lcg *t;
    struct subgraph *sub = weights((double[]){1, 2, 3, 4}, 4, &t);
    close_to(exact(sub, WALK_UNIFORM), 20, 1e-14);
    close_to(exact(sub, WALK_OUTGOING), 20, 1e-14);
    assert_true(exact(sub, WALK_IMPORTANCE) == 0);
    subgraph_free(sub);
    lcg_end(t);
    sub = weights((double[]){3, -1, .5, 2}, 4, &t);
    close_to(exact(sub, WALK_UNIFORM), 36.75, 1e-14);
    close_to(exact(sub, WALK_IMPORTANCE), 22, 1e-14);
    subgraph_free(sub);
    lcg_end(t);
}

// ---- sweeps, outcome by outcome -----------------------------------------------------------------------------------

// Factors of one outcome: on edges, and between the vertices of a layer (matrix[a][b] of vertices a and b).
enum { FEW = 12 };
struct outcome {
    double edge[64], matrix[FEW][FEW], probability;
};

static double run_outcome(const struct subgraph *sub, const struct outcome *o) {
    double value[FEW] = {0}, mixed[FEW] = {0};
    mixed[0] = 1;
    for (uint32_t l = 1; l < sub->layer_count; l++) {
        uint32_t begin = sub->layer_start[l], end = sub->layer_start[l + 1];
        for (uint32_t v = begin; v < end; v++)
            for (uint32_t i = sub->in_offset[v]; i < sub->in_offset[v + 1]; i++)
                value[v] +=
                    o->edge[sub->in_edge[i]] * sub->partial[sub->in_edge[i]] * mixed[sub->source[sub->in_edge[i]]];
        for (uint32_t a = begin; a < end; a++)
            for (uint32_t b = begin; b < end; b++) mixed[a] += o->matrix[a][b] * value[b];
    }
    return mixed[sub->count - 1];
}

struct expectation {
    const struct subgraph *sub;
    enum noise noise;
    double parameter, mass, mean, square;
    bool replace;
};

static void each_place(struct expectation *x, struct outcome *o, uint32_t place);

static void finish(struct expectation *x, const struct outcome *o) {
    double value = run_outcome(x->sub, o);
    x->mass += o->probability;
    x->mean += o->probability * value;
    x->square += o->probability * value * value;
}

// Every way to draw `left` more of the d places from `begin` on; factors go where `factor` says.
static void each_draw(struct expectation *x, struct outcome *o, uint32_t place, double **factor, uint32_t d,
                      uint32_t left) {
    if (left == 0) {
        each_place(x, o, place + 1);
        return;
    }
    uint32_t k = (uint32_t)x->parameter;
    for (uint32_t i = 0; i < d; i++) {
        if (!x->replace && *factor[i] != 0) continue;
        double before = o->probability;
        o->probability *= 1.0 / (x->replace ? d : d - (k - left));
        *factor[i] += d / x->parameter;
        each_draw(x, o, place, factor, d, left - 1);
        *factor[i] -= d / x->parameter;
        if (fabs(*factor[i]) < 1e-12) *factor[i] = 0;
        o->probability = before;
    }
}

static void each_edge_kept(struct expectation *x, struct outcome *o, uint32_t e) {
    struct outcome before = *o;
    o->edge[e] = 1 / x->parameter, o->probability *= x->parameter;
    each_place(x, o, e + 1);
    *o = before;
    o->edge[e] = 0, o->probability *= 1 - x->parameter;
    if (x->parameter < 1) each_place(x, o, e + 1);
    *o = before;
}

static void each_sign(struct expectation *x, struct outcome *o, uint32_t layer) {
    uint32_t begin = x->sub->layer_start[layer], d = x->sub->layer_start[layer + 1] - begin, k = (uint32_t)x->parameter;
    struct outcome before = *o;
    for (uint32_t bits = 0; bits < 1u << (d * k); bits++) {
        o->probability = before.probability / (1u << (d * k));
        for (uint32_t a = 0; a < d; a++)
            for (uint32_t b = 0; b < d; b++) {
                double sum = 0;
                for (uint32_t c = 0; c < k; c++)
                    sum += (bits >> (a * k + c) & 1 ? 1 : -1) * (bits >> (b * k + c) & 1 ? 1 : -1);
                o->matrix[begin + a][begin + b] = sum / k;
            }
        each_place(x, o, layer + 1);
    }
    *o = before;
}

// Places where something is random: edges, vertices, or hidden layers, as the noise has it.
static void each_place(struct expectation *x, struct outcome *o, uint32_t place) {
    const struct subgraph *sub = x->sub;
    double *factor[64];
    bool edges = x->noise == NOISE_EDGES, vertices = x->noise == NOISE_OUT_EDGES;
    if (place == (edges ? sub->edge_count : vertices ? sub->count - 1 : sub->layer_count - 1)) {
        finish(x, o);
    } else if (edges) {
        each_edge_kept(x, o, place);
    } else if (!vertices && place == 0) {
        each_place(x, o, 1);
    } else if (x->noise == NOISE_RADEMACHER) {
        each_sign(x, o, place);
    } else {
        uint32_t begin = vertices ? sub->offset[place] : sub->layer_start[place];
        uint32_t d = (vertices ? sub->offset[place + 1] : sub->layer_start[place + 1]) - begin;
        for (uint32_t i = 0; i < d; i++) {
            factor[i] = vertices ? &o->edge[begin + i] : &o->matrix[begin + i][begin + i];
            *factor[i] = !x->replace && x->parameter >= d ? 1 : 0;
        }
        bool all = !x->replace && x->parameter >= d;
        each_draw(x, o, place, factor, d, all ? 0 : (uint32_t)x->parameter);
        for (uint32_t i = 0; i < d; i++) *factor[i] = 1;
    }
}

static void check_noise(const struct subgraph *sub, enum noise noise, double parameter, bool replace) {
    struct expectation x = {sub, noise, parameter, 0, 0, 0, replace};
    struct outcome o = {.probability = 1};
    for (uint32_t e = 0; e < sub->edge_count; e++) o.edge[e] = 1;
    for (uint32_t v = 0; v < sub->count; v++) o.matrix[v][v] = 1;
    each_place(&x, &o, 0);
    struct error error = {0};
    struct scaled variance;
    bool known;
    assert_true(variance_cut(sub, noise, parameter, replace, &known, &variance, &error));
    assert_true(known);
    close_to(x.mass, 1, 1e-12);
    close_to(x.mean, derivative(sub), 1e-9); // unbiased
    close_to(scaled_double(variance), x.square - x.mean * x.mean, 1e-8);
}

static bool is_small(const struct subgraph *sub) {
    uint32_t widest = 0;
    for (uint32_t l = 0; l < sub->layer_count; l++)
        if (sub->layer_start[l + 1] - sub->layer_start[l] > widest)
            widest = sub->layer_start[l + 1] - sub->layer_start[l];
    return sub->count >= 2 && sub->count <= FEW && sub->edge_count <= 12 && widest <= 3 && sub->layer_count <= 6;
}

static void test_sweeps_match_all_outcomes(void **state) {
    (void)state;
    uint32_t checked = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct rng rng = rng_at(rng_key(seed, 2), 0, 0);
        struct test_lcg *t = tangled(1 + (uint32_t)rng_below(&rng, 7), &rng);
        struct subgraph *sub = whole(t);
        if (is_small(sub)) {
            checked++;
            check_noise(sub, NOISE_EDGES, 0.3 + 0.6 * rng_uniform(&rng), true);
            for (int k = 1; k <= 2; k++)
                for (int replace = 0; replace < 2; replace++) {
                    check_noise(sub, NOISE_VERTICES, k, replace);
                    check_noise(sub, NOISE_OUT_EDGES, k, replace);
                }
            check_noise(sub, NOISE_RADEMACHER, 1, true);
            check_noise(sub, NOISE_RADEMACHER, 2, true);
        }
        subgraph_free(sub);
        lcg_end(t);
    }
    assert_true(checked > 100);
}

// ---- laws ---------------------------------------------------------------------------------------------------------

// rad.md 2.4 (b), as the ratio of expectations over random weights: (1 + (w-1)/k)^L - 1 with replacement and for
// projections, (w/k)^L - 1 without. E[Var] over Gaussian weights is itself a mean over 4,000 graphs; 6 standard errors.
static void check_law(enum noise noise, bool replace, uint32_t w, uint32_t k, uint32_t depth) {
    enum { GRAPHS = 4000 };
    double law = pow(replace ? 1 + (w - 1.0) / k : (double)w / k, depth) - 1, sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        struct rng rng = rng_at(rng_key(seed, 3), 0, 0);
        struct test_lcg *t = interleaved(w, depth, weight_gaussian, &rng);
        struct subgraph *sub = whole(t);
        struct error error = {0};
        struct scaled variance;
        bool known;
        assert_true(variance_cut(sub, noise, k, replace, &known, &variance, &error) && known);
        double g = derivative(sub), off = scaled_double(variance) - law * g * g; // its mean is 0
        sum += off, squares += off * off;
        subgraph_free(sub);
        lcg_end(t);
    }
    double mean = sum / GRAPHS, standard = sqrt((squares / GRAPHS - mean * mean) / GRAPHS);
    if (fabs(mean) > 6 * standard)
        fail_msg("law of noise %d, depth %u: off by %g standard errors", noise, depth, mean / standard);
}

// The same law without chance: the mean over all weights ±1/sqrt(w). The sign of a hidden vertex does not matter, so
// the first edge into each is positive.
static void check_law_exactly(enum noise noise, bool replace, uint32_t w, uint32_t k, uint32_t depth) {
    double law = pow(replace ? 1 + (w - 1.0) / k : (double)w / k, depth) - 1, variances = 0, squares = 0;
    uint32_t free_signs = w * w * (depth - 1) + 2 * w - w * depth;
    for (uint32_t signs = 0; signs < 1u << free_signs; signs++) {
        struct rng none = {0};
        struct test_lcg *t = interleaved(w, depth, weight_zero, &none);
        uint32_t bit = 0;
        for (vertex v = 1; v < t->lcg.count; v++)
            for (uint32_t e = t->offset[v]; e < t->offset[v + 1]; e++) {
                bool first = e == t->offset[v] && v + 1 < t->lcg.count;
                t->partial[e] = (first || signs >> bit++ & 1 ? 1 : -1) / sqrt(w);
            }
        assert_int_equal(bit, free_signs);
        struct subgraph *sub = whole(t);
        struct error error = {0};
        struct scaled variance;
        bool known;
        assert_true(variance_cut(sub, noise, k, replace, &known, &variance, &error) && known);
        variances += scaled_double(variance), squares += derivative(sub) * derivative(sub);
        subgraph_free(sub);
        lcg_end(t);
    }
    close_to(variances / squares, law, 1e-11);
}

static void test_interleaved_law_exactly(void **state) {
    (void)state;
    for (uint32_t depth = 1; depth <= 4; depth++)
        for (uint32_t k = 1; k <= 2; k++) {
            check_law_exactly(NOISE_VERTICES, true, 2, k, depth);
            check_law_exactly(NOISE_VERTICES, false, 2, k, depth);
            check_law_exactly(NOISE_RADEMACHER, true, 2, k, depth);
        }
    for (uint32_t k = 1; k <= 3; k++) {
        check_law_exactly(NOISE_VERTICES, true, 3, k, 2);
        check_law_exactly(NOISE_VERTICES, false, 3, k, 2);
        check_law_exactly(NOISE_RADEMACHER, true, 3, k, 2);
    }
    check_law_exactly(NOISE_VERTICES, true, 10, 1, 1); // 9 in rad.md
    check_law_exactly(NOISE_VERTICES, true, 10, 5, 1); // 1.8
}

static void test_interleaved_law(void **state) {
    (void)state;
    check_law(NOISE_VERTICES, true, 10, 1, 2); // 99 in rad.md
    check_law(NOISE_VERTICES, true, 10, 5, 2); // 6.84
    for (uint32_t depth = 1; depth <= 4; depth++) {
        check_law(NOISE_VERTICES, true, 5, 1, depth);
        check_law(NOISE_VERTICES, true, 5, 3, depth);
        check_law(NOISE_VERTICES, false, 5, 2, depth);
        check_law(NOISE_RADEMACHER, true, 5, 2, depth);
    }
}

// rad.md 2.2: the variance of the factor on one of d places is (d-1)/K, (d-K)/K without replacement; and brute force,
// over all draws.
static void test_draws(void **state) {
    (void)state;
    for (uint32_t d = 1; d <= 4; d++)
        for (uint32_t k = 1; k <= d; k++) {
            struct draw_moments with = variance_draw(d, k, true), without = variance_draw(d, k, false);
            close_to(with.same - 1, (d - 1.0) / k, 1e-14);
            close_to(without.same - 1, (double)(d - k) / k, 1e-14);
            double same[2] = {0}, other[2] = {0}, draws[2] = {0};
            for (uint32_t code = 0; code < pow(d, k); code++) {
                uint32_t times[4] = {0}, most = 0;
                for (uint32_t i = 0, rest = code; i < k; i++, rest /= d) times[rest % d]++;
                for (uint32_t i = 0; i < d; i++) most = times[i] > most ? times[i] : most;
                for (int distinct = 0; distinct < (most == 1 ? 2 : 1); distinct++) {
                    double unit = (double)d / k;
                    draws[distinct]++;
                    same[distinct] += unit * times[0] * unit * times[0];
                    other[distinct] += d > 1 ? unit * times[0] * unit * times[1] : 1;
                }
            }
            close_to(with.same, same[0] / draws[0], 1e-13);
            close_to(without.same, same[1] / draws[1], 1e-13);
            if (d > 1) close_to(with.other, other[0] / draws[0], 1e-13);
            if (d > 1) close_to(without.other, other[1] / draws[1], 1e-13);
        }
    close_to(variance_draw(1000, 1000, true).same - 1, 0.999, 1e-12); // near 1, not 0, at K = d
    assert_true(variance_draw(1000, 1000, false).same == 1);
}

// The live cut: a layer of 500 fits, one of 1,100 does not, and what is known costs nothing to ask.
static void test_cuts_that_are_too_wide(void **state) {
    (void)state;
    for (uint32_t width = 500; width <= 1100; width += 600) {
        struct rng rng = rng_at(rng_key(10, 7), 0, 0);
        struct test_lcg *t = interleaved(width, 1, weight_uniform, &rng);
        struct subgraph *sub = whole(t);
        struct error error = {0};
        struct scaled variance;
        bool known;
        assert_true(variance_cut(sub, NOISE_VERTICES, 1, true, &known, &variance, &error));
        assert_true(known == (width == 500));
        if (known) close_to(scaled_double(variance), exact(sub, WALK_UNIFORM), 1e-9);
        assert_true(variance_cut(sub, NOISE_EDGES, 0.5, true, &known, &variance, &error));
        assert_true(known == (width == 500));
        subgraph_free(sub);
        lcg_end(t);
    }
}

// A walk is one draw of the edges out of every vertex; on a layered graph with one draw a layer it is NOISE_VERTICES
// too.
static void test_single_draws_are_walks(void **state) {
    (void)state;
    struct rng rng = rng_at(rng_key(7, 4), 0, 0);
    struct test_lcg *t = interleaved(6, 5, weight_gaussian, &rng);
    struct subgraph *sub = whole(t);
    struct error error = {0};
    struct scaled variance;
    bool known;
    for (int noise = NOISE_VERTICES; noise <= NOISE_OUT_EDGES; noise++) {
        assert_true(variance_cut(sub, (enum noise)noise, 1, true, &known, &variance, &error) && known);
        close_to(scaled_double(variance), exact(sub, WALK_OUTGOING), 1e-10);
    }
    subgraph_free(sub);
    lcg_end(t);
}

// Depth 600, width 4: 10^361 paths, and second moments far beyond the doubles.
static void test_beyond_doubles(void **state) {
    (void)state;
    struct rng rng = rng_at(rng_key(8, 5), 0, 0);
    struct test_lcg *t = interleaved(4, 600, weight_gaussian, &rng);
    struct subgraph *sub = whole(t);
    struct error error = {0};
    struct scaled paths[MOST_VERTICES], walk, cut;
    bool known;
    double *probability = mem_alloc(sub->edge_count, sizeof *probability);
    assert_true(subgraph_paths(sub, paths, &error));
    close_to(scaled_log10(paths[0]), 600 * log10(4), 1e-12);
    assert_true(walk_probabilities(sub, WALK_UNIFORM, probability, &error));
    assert_true(variance_walk(sub, probability, &walk, &error));
    assert_true(variance_cut(sub, NOISE_VERTICES, 1, true, &known, &cut, &error) && known);
    assert_true(scaled_log10(walk) > 320);
    close_to(scaled_ratio(walk, cut), 1, 1e-9);
    mem_free(probability);
    subgraph_free(sub);
    lcg_end(t);
}

// rad.md 2.4 (a): sampling a fixed number of independent paths costs the same variance at any depth.
static void test_independent_paths_are_flat(void **state) {
    (void)state;
    double first = 0;
    for (uint32_t depth = 1; depth <= 32; depth *= 2) {
        struct rng rng = rng_at(rng_key(9, 6), 0, 0);
        struct test_lcg *t = lcg_begin();
        vertex end[10];
        add_vertex(t);
        for (uint32_t i = 0; i < 10; i++) add_vertex(t), into(t, 0, weight_uniform(&rng)), end[i] = t->lcg.count - 1;
        for (uint32_t layer = 1; layer < depth; layer++)
            for (uint32_t i = 0; i < 10; i++) add_vertex(t), into(t, end[i], 1), end[i] = t->lcg.count - 1;
        add_vertex(t);
        for (uint32_t i = 0; i < 10; i++) into(t, end[i], 1);
        struct subgraph *sub = whole(t);
        double relative = exact(sub, WALK_UNIFORM) / (derivative(sub) * derivative(sub));
        if (depth == 1) first = relative;
        close_to(relative, first, 1e-13);
        assert_true(first > 0.03 && first < 0.15); // 0.083 expected of U(.5, 1.5)
        subgraph_free(sub);
        lcg_end(t);
    }
}

static void test_ends(void **state) {
    (void)state;
    struct error error = {0};
    struct test_lcg *t = lcg_begin();
    add_vertex(t), add_vertex(t), into(t, 0, INFINITY), add_vertex(t), into(t, 1, 1);
    struct subgraph *none = subgraph_new(&t->lcg, 2, 0, &error), *self = subgraph_new(&t->lcg, 1, 1, &error);
    assert_true(none && none->count == 0 && derivative(none) == 0);
    assert_true(self && self->count == 1 && derivative(self) == 1);
    assert_true(exact(none, WALK_UNIFORM) == 0 && exact(self, WALK_UNIFORM) == 0);
    subgraph_free(none);
    subgraph_free(self);
    lcg_end(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks_match_all_paths),
        cmocka_unit_test(test_given_weights),
        cmocka_unit_test(test_sweeps_match_all_outcomes),
        cmocka_unit_test(test_interleaved_law),
        cmocka_unit_test(test_interleaved_law_exactly),
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_cuts_that_are_too_wide),
        cmocka_unit_test(test_single_draws_are_walks),
        cmocka_unit_test(test_beyond_doubles),
        cmocka_unit_test(test_independent_paths_are_flat),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
