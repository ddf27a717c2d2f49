// Random numbers by counting.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

// Philox4x32-10 of key 0 and counter 0: Random123's own known answers (kat_vectors).
static void test_known_answer(void **state) {
    (void)state;
    uint32_t out[4];
    rng_block((struct rng_key){{0, 0}}, 0, 0, 0, out);
    assert_int_equal(out[0], 0x6627e8d5);
    assert_int_equal(out[1], 0xe169c58d);
    assert_int_equal(out[2], 0xbc57ac4c);
    assert_int_equal(out[3], 0x9b00dbd8);
}

static void test_blocks_are_block_by_block(void **state) {
    (void)state;
    enum { COUNT = 131 };
    static uint32_t word[4][COUNT];
    struct rng_key key = rng_key(3, 4);
    uint64_t first = UINT32_MAX - 50;                       // the counter carries
    for (uint32_t count = 1; count <= COUNT; count += 13) { // few and many, and what is left over of many
        memset(word, 0, sizeof word);
        rng_blocks(key, first, count, 9, 12345, (uint32_t *[]){word[0], word[1], word[2], word[3]});
        for (uint32_t i = 0; i < COUNT; i++) {
            uint32_t out[4] = {0};
            if (i < count) rng_block(key, first + i, 9, 12345, out);
            for (int w = 0; w < 4; w++) assert_int_equal(out[w], word[w][i]);
        }
    }
}

// Chi-square below its mean plus 8 standard deviations: false alarm below 1e-7 for each of 10 bounds.
static void test_below_is_even(void **state) {
    (void)state;
    enum { DRAWS = 100000 };
    for (uint64_t bound = 2; bound <= 11; bound++) {
        struct rng rng = rng_at(rng_key(1, bound), 0, 0);
        double count[16] = {0}, chi = 0, expected = DRAWS / (double)bound;
        for (int i = 0; i < DRAWS; i++) count[rng_below(&rng, bound)]++;
        for (uint64_t b = 0; b < bound; b++) chi += (count[b] - expected) * (count[b] - expected) / expected;
        double freedom = (double)bound - 1;
        assert_true(chi < freedom + 8 * sqrt(2 * freedom) + 20);
    }
}

// First four moments at 6 standard errors.
static void test_distributions(void **state) {
    (void)state;
    enum { DRAWS = 200000 };
    struct rng rng = rng_at(rng_key(2, 0), 5, 6);
    double u = 0, g = 0, g2 = 0, g4 = 0, s = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = rng_gaussian(&rng);
        u += rng_uniform(&rng), s += rng_sign(&rng);
        g += x, g2 += x * x, g4 += x * x * x * x;
    }
    double root = sqrt(DRAWS);
    assert_true(fabs(u / DRAWS - 0.5) < 6 * sqrt(1 / 12.0) / root);
    assert_true(fabs(s / DRAWS) < 6 / root);
    assert_true(fabs(g / DRAWS) < 6 / root);
    assert_true(fabs(g2 / DRAWS - 1) < 6 * sqrt(2) / root);
    assert_true(fabs(g4 / DRAWS - 3) < 6 * sqrt(96) / root);
}

static void test_streams_differ(void **state) {
    (void)state;
    struct rng_key key = rng_key(1, 1), other = rng_key(2, 1), third = rng_key(1, 2);
    struct rng a = rng_at(key, 0, 0),
               all[] = {rng_at(key, 1, 0), rng_at(key, 0, 1), rng_at(other, 0, 0), rng_at(third, 0, 0)};
    uint64_t word = rng_word64(&a);
    for (int i = 0; i < 4; i++) assert_true(rng_word64(&all[i]) != word);
    assert_true(rng_hash("walk", 4, 0) != rng_hash("walk", 4, 1) && rng_hash("", 0, 0) != rng_hash("\0", 1, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_answer),
                                       cmocka_unit_test(test_blocks_are_block_by_block),
                                       cmocka_unit_test(test_below_is_even), cmocka_unit_test(test_distributions),
                                       cmocka_unit_test(test_streams_differ)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
