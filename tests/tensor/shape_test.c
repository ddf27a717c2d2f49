// Shapes: how many elements, and which fit together.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/shape.h"

static void assert_broadcast(struct shape a, struct shape b, const char *expected) {
    struct shape out;
    char text[64];
    assert_true(shape_broadcast(a, b, &out, NULL));
    shape_text(out, text);
    assert_string_equal(text, expected);
    assert_true(shape_broadcast(b, a, &out, NULL));
    shape_text(out, text);
    assert_string_equal(text, expected);
}

static void test_broadcasting_follows_numpy(void **state) {
    (void)state;
    assert_broadcast(shape_scalar, shape_scalar, "scalar");
    assert_broadcast(shape_scalar, (struct shape){1, {3}}, "(3,)");
    assert_broadcast((struct shape){2, {784, 300}}, (struct shape){1, {300}}, "(784, 300)");
    assert_broadcast((struct shape){2, {5, 1}}, (struct shape){2, {1, 7}}, "(5, 7)");
    assert_broadcast((struct shape){4, {2, 1, 4, 1}}, (struct shape){3, {3, 1, 5}}, "(2, 3, 4, 5)");
    assert_broadcast((struct shape){1, {0}}, (struct shape){1, {1}}, "(0,)");
}

static void test_a_mismatch_names_both_shapes(void **state) {
    (void)state;
    struct shape out = {1, {9}};
    struct error error = {0};
    assert_false(shape_broadcast((struct shape){2, {2, 3}}, (struct shape){1, {2}}, &out, &error));
    assert_int_equal(error.kind, ERROR_TYPE);
    assert_non_null(strstr(error.message, "(2, 3)"));
    assert_non_null(strstr(error.message, "(2,)"));
    assert_true(error.hint[0] != '\0');
    assert_int_equal(out.size[0], 9);
}

static void test_counts(void **state) {
    (void)state;
    uint32_t most = UINT32_MAX;
    assert_int_equal(shape_count(shape_scalar), 1);
    assert_int_equal(shape_count((struct shape){3, {2, 3, 4}}), 24);
    assert_int_equal(shape_count((struct shape){2, {5, 0}}), 0);
    assert_true(shape_count((struct shape){2, {most, most}}) == (uint64_t)most * most);
    assert_true(shape_count((struct shape){3, {most, most, most}}) == UINT64_MAX);
    assert_true(shape_equal((struct shape){1, {3}}, (struct shape){1, {3}}));
    assert_false(shape_equal((struct shape){1, {3}}, (struct shape){2, {3, 1}}));
    assert_false(shape_equal((struct shape){1, {3}}, (struct shape){1, {4}}));
}

static void test_the_longest_text_fits(void **state) {
    (void)state;
    char text[64];
    shape_text((struct shape){4, {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}}, text);
    assert_string_equal(text, "(4294967295, 4294967295, 4294967295, 4294967295)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broadcasting_follows_numpy),
        cmocka_unit_test(test_a_mismatch_names_both_shapes),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_the_longest_text_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
