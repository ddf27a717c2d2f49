// Every estimator, drawn: right on average, with the variance that it should have, the same for any number of threads.
//
// Means are compared at 5.5 standard errors of the exact variance (false alarm 4e-8 each, below 2e-6 for all 45; the
// seeds are fixed).
#include "random_lcg.h"

#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "base/task.h"
#include "estimate/estimate.h"

static struct method method(const char *name, double parameter, bool noreplace, bool out_edges) {
    struct error error = {0};
    struct method m = {sampler_find(name, &error), parameter, noreplace, out_edges};
    assert_non_null(m.estimator);
    return m;
}

enum { METHODS = 9 };
static void all_methods(struct method m[METHODS]) {
    m[0] = method("uniform", 0, false, false);
    m[1] = method("walk", 0, false, false);
    m[2] = method("walk backward", 0, false, false);
    m[3] = method("importance", 0, false, false);
    m[4] = method("edges", 0.7, false, false);
    m[5] = method("vertices", 2, false, false);
    m[6] = method("vertices", 2, true, false);
    m[7] = method("vertices", 2, false, true);
    m[8] = method("rademacher", 3, false, false);
}

enum { GRAPHS = 5 };
static struct test_lcg *graph_number(int i) {
    struct rng rng = rng_at(rng_key(11, (uint64_t)i), 0, 0);
    if (i == 0) return interleaved(3, 3, weight_uniform, &rng); // layers joined completely; digits of base 3
    if (i == 1) return interleaved(8, 2, weight_uniform, &rng); // and of base 8, in one word
    if (i == 2) return interleaved(7, 12, weight_uniform, &rng);
    return tangled(i == 3 ? 9 : 30, &rng);
}

static void draw(struct estimate *e, const struct sampler *sampler, uint64_t count) {
    struct error error = {0};
    assert_true(estimate_begin(e, sampler, rng_key(5, 0), 3, &error));
    assert_true(estimate_until(e, count, &error));
}

static void check_estimate(const struct estimate *e, const char *name, int graph) {
    double exact = scaled_double(e->exact), variance = scaled_double(e->variance), count = (double)e->moments.count;
    double off = fabs(estimate_mean(e) - exact), spread = moments_variance_error(&e->moments);
    assert_true(e->variance_known);
    if (off > 5.5 * sqrt(variance / count) + 1e-12 * fabs(exact))
        fail_msg("%s on graph %d: mean %g, exact %g, standard error %g", name, graph, estimate_mean(e), exact,
                 sqrt(variance / count));
    if (moments_effective(&e->moments) > 2000 &&
        fabs(estimate_variance(e) - variance) > 6 * spread + 1e-9 * variance + 1e-26 * exact * exact)
        fail_msg("%s on graph %d: variance %g, exact %g", name, graph, estimate_variance(e), variance);
}

static void test_estimators_are_unbiased(void **state) {
    (void)state;
    struct method methods[METHODS];
    all_methods(methods);
    for (int g = 0; g < GRAPHS; g++) {
        struct test_lcg *t = graph_number(g);
        struct subgraph *sub = whole(t);
        assert_true(sub->count > 2);
        for (int m = 0; m < METHODS; m++) {
            struct error error = {0};
            struct estimate e;
            char name[64];
            sampler_name(&methods[m], name);
            struct sampler *sampler = sampler_new(sub, &methods[m], &error);
            draw(&e, sampler, 100000);
            check_estimate(&e, name, g);
            assert_true(estimate_remembered(&e) <= sub->edge_count);
            sampler_free(sampler);
        }
        subgraph_free(sub);
        lcg_end(t);
    }
}

// The same bits for one, two and seven threads, in one go or with stops on the way.
static void test_threads_do_not_matter(void **state) {
    (void)state;
    struct method methods[METHODS];
    all_methods(methods);
    struct test_lcg *t = graph_number(3);
    struct subgraph *sub = whole(t);
    for (int m = 0; m < METHODS; m++) {
        struct error error = {0};
        struct estimate one, two, seven;
        struct sampler *sampler = sampler_new(sub, &methods[m], &error);
        uint64_t task = estimate_task(sampler), count = 3 * task + 17;
        parallel_set_threads(1);
        draw(&one, sampler, count);
        parallel_set_threads(2);
        draw(&two, sampler, task);
        assert_true(estimate_until(&two, count, &error));
        parallel_set_threads(7);
        draw(&seven, sampler, count);
        parallel_set_threads(0);
        assert_memory_equal(&one.moments, &two.moments, sizeof one.moments);
        assert_memory_equal(&one.moments, &seven.moments, sizeof one.moments);
        assert_true(one.remembered == two.remembered && one.remembered == seven.remembered);
        sampler_free(sampler);
    }
    subgraph_free(sub);
    lcg_end(t);
}

// What sampler_edges says of a sample is what sampler_draw did: with these factors the derivative is the estimate.
static void test_edges_explain_the_estimate(void **state) {
    (void)state;
    struct method methods[METHODS];
    all_methods(methods);
    for (int g = 0; g < GRAPHS; g++) {
        struct test_lcg *t = graph_number(g);
        struct subgraph *sub = whole(t);
        double *factor = mem_alloc(sub->edge_count, sizeof *factor), *adjoint = mem_alloc(sub->count, sizeof *adjoint);
        for (int m = 0; m < METHODS - 1; m++) { // a projection mixes all edges
            struct error error = {0};
            struct sampler *sampler = sampler_new(sub, &methods[m], &error);
            struct sampler_scratch *scratch = sampler_scratch_new(sampler);
            for (uint64_t s = 0; s < 20; s++) {
                double estimate, remembered = 0, read = 0;
                sampler_draw(sampler, rng_key(6, 0), 1, s, 1, scratch, &estimate, &remembered);
                assert_true(sampler_edges(sampler, rng_key(6, 0), 1, s, factor, &error));
                memset(adjoint, 0, sub->count * sizeof *adjoint);
                adjoint[sub->count - 1] = 1;
                for (uint32_t v = sub->count - 1; v-- > 0;)
                    for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++)
                        adjoint[v] += factor[e] * sub->partial[e] * adjoint[sub->target[e]];
                for (uint32_t e = 0; e < sub->edge_count; e++) read += factor[e] != 0;
                assert_true(fabs(adjoint[0] - estimate) <= 1e-11 * (fabs(estimate) + 1e-3));
                assert_true(read == remembered);
            }
            sampler_scratch_free(scratch);
            sampler_free(sampler);
        }
        mem_free(factor);
        mem_free(adjoint);
        subgraph_free(sub);
        lcg_end(t);
    }
}

// rad.md 2.3 (a): of the products 1, 2, 3, 4 the mean of two without replacement has the variance 6.667, with the sum
// 10; all four give 10 exactly. 20,000 seeds: the variance's standard error is below 0.07, six of them below 0.42.
static void test_paths_without_replacement(void **state) {
    (void)state;
    enum { SEEDS = 20000 };
    struct method m = method("uniform", 0, true, false);
    struct error error = {0};
    struct test_lcg *t = lcg_begin();
    add_vertex(t);
    for (int i = 0; i < 4; i++) add_vertex(t), into(t, 0, i + 1);
    add_vertex(t);
    for (uint32_t i = 0; i < 4; i++) into(t, 1 + i, 1);
    struct subgraph *sub = whole(t);
    struct sampler *sampler = sampler_new(sub, &m, &error);
    double sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct estimate e;
        assert_true(estimate_begin(&e, sampler, rng_key(seed, 9), 0, &error));
        assert_true(estimate_most(&e) == 4 && estimate_until(&e, 2, &error));
        double off = estimate_mean(&e) - 10;
        sum += off, squares += off * off;
        assert_true(estimate_until(&e, 4, &error));
        assert_true(fabs(estimate_mean(&e) - 10) < 1e-12 && estimate_error(&e) == 0);
        estimate_end(&e);
    }
    assert_true(fabs(sum / SEEDS) < 6 * sqrt(20 / 3.0 / SEEDS));
    assert_true(fabs(squares / SEEDS - 20 / 3.0) < 0.42);
    sampler_free(sampler);
    subgraph_free(sub);
    lcg_end(t);
}

// rad.md 2.2: of d vertices, K draws with replacement keep 1 - (1 - 1/d)^K: 0.095 for K/d = 0.1, 0.55 for 0.8, 0.63
// for 1; without replacement K/d. A vertex kept is two edges read. Six standard errors of a binomial count, which is
// wider than this one.
static void test_what_is_remembered(void **state) {
    (void)state;
    enum { D = 200, SAMPLES = 4000 };
    struct rng rng = rng_at(rng_key(12, 0), 0, 0);
    struct test_lcg *t = interleaved(D, 1, weight_uniform, &rng);
    struct subgraph *sub = whole(t);
    const double fraction[] = {0.1, 0.8, 1}, given[] = {0.095, 0.55, 0.63};
    for (int i = 0; i < 3; i++)
        for (int noreplace = 0; noreplace < 2; noreplace++) {
            struct error error = {0};
            struct estimate e;
            struct method m = method("vertices", fraction[i] * D, noreplace, false);
            struct sampler *sampler = sampler_new(sub, &m, &error);
            draw(&e, sampler, SAMPLES);
            double kept = estimate_remembered(&e) / (2 * D);
            double p = noreplace ? fraction[i] : 1 - pow(1 - 1.0 / D, fraction[i] * D);
            assert_true(fabs(kept - p) <= 6 * sqrt(p * (1 - p) / D / SAMPLES) + 1e-12);
            if (!noreplace) assert_true(fabs(kept - given[i]) < 0.006);
            sampler_free(sampler);
        }
    subgraph_free(sub);
    lcg_end(t);
}

// Half widths from tables of Student's t; and how often the interval holds the exact value, for samples that are near
// normal: a binomial count of 4,000, at 6 standard deviations (false alarm 2e-9).
static void test_intervals(void **state) {
    (void)state;
    enum { SEEDS = 4000 };
    const struct {
        uint64_t count;
        double half;
    } table[] = {{2, 12.7062}, {3, 4.30265}, {4, 3.18245}, {5, 2.77645}, {10, 2.26216}, {30, 2.04523}, {1001, 1.96234}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(fabs(moments_t95(table[i].count) / table[i].half - 1) < 2e-3);
    struct method m = method("edges", 0.5, false, false);
    struct rng rng = rng_at(rng_key(13, 0), 0, 0);
    struct test_lcg *t = interleaved(100, 1, weight_uniform, &rng);
    struct subgraph *sub = whole(t);
    struct error error = {0};
    struct sampler *sampler = sampler_new(sub, &m, &error);
    double inside = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct estimate e;
        assert_true(estimate_begin(&e, sampler, rng_key(seed, 13), 0, &error) && estimate_until(&e, 10, &error));
        double off = fabs(estimate_mean(&e) - scaled_double(e.exact));
        inside += off <= moments_t95(10) * estimate_error(&e);
    }
    assert_true(fabs(inside / SEEDS - 0.95) < 6 * sqrt(0.95 * 0.05 / SEEDS));
    sampler_free(sampler);
    subgraph_free(sub);
    lcg_end(t);
}

static void test_heavy_tails(void **state) {
    (void)state;
    assert_true(moments_heavy(3, 1000000) && moments_heavy(6, 100) && !moments_heavy(30, 1000000));
    assert_false(moments_heavy(100 / 3.0, 100) || moments_heavy(4, 10)); // as a normal distribution has
}

static void test_bad_parameters(void **state) {
    (void)state;
    struct test_lcg *t = graph_number(0);
    struct subgraph *sub = whole(t);
    const double bad[] = {0, -1, 1.5, NAN, INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (int k = 0; k < 3; k++) {
            const char *names[] = {"edges", "vertices", "rademacher"};
            struct error error = {0};
            struct method m = method(names[k], bad[i], false, false);
            assert_null(sampler_new(sub, &m, &error));
            assert_int_equal(error.kind, ERROR_USAGE);
        }
    struct error error = {0};
    assert_null(sampler_find("unifrom", &error));
    assert_string_equal(error.hint, "did you mean `uniform`?");
    subgraph_free(sub);
    lcg_end(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_estimators_are_unbiased),
                                       cmocka_unit_test(test_threads_do_not_matter),
                                       cmocka_unit_test(test_edges_explain_the_estimate),
                                       cmocka_unit_test(test_paths_without_replacement),
                                       cmocka_unit_test(test_what_is_remembered),
                                       cmocka_unit_test(test_intervals),
                                       cmocka_unit_test(test_heavy_tails),
                                       cmocka_unit_test(test_bad_parameters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
