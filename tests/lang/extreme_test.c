// Programs that no one writes on purpose: chains and lists without end, ranges longer than any memory.
#include "running.h"

static char *repeated(const char *begin, const char *part, size_t times, const char *end) {
    struct buffer text = {0};
    buffer_text(&text, begin);
    for (size_t i = 0; i < times; i++) buffer_text(&text, part);
    buffer_text(&text, end);
    assert_false(text.failed);
    return text.data;
}

static const char *const too_deep[][3] = {
    {"x = 2", "**2", ""},      {"x = ", "(", ""},    {"x = ", "-", "1"},   {"x = ", "not ", "1"},
    {"x = ", "[", ""},         {"x = a", "[0]", ""}, {"x = f", "(1)", ""}, {"x = ", "1 if 1 else ", "2"},
    {"x = ", "lambda: ", "2"},
};

static void endless_chains_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof too_deep / sizeof *too_deep; i++) {
        struct running r = running_new();
        char *text = repeated(too_deep[i][0], too_deep[i][1], 100000, too_deep[i][2]);
        assert_false(running_run(&r, text));
        assert_int_equal(r.error.kind, ERROR_SYNTAX);
        mem_free(text);
        running_free(&r);
    }
}

static void long_sums_and_comparisons_run(void **state) {
    (void)state;
    struct running r = running_new();
    char *sum = repeated("x = 1", " + 1", 100000, ""), *order = repeated("1", " <= 1", 100000, "");
    must_run(&r, sum);
    assert_string_equal(buffer_string(&r.shown), "100001");
    must_run(&r, order);
    assert_string_equal(buffer_string(&r.shown), "True");
    mem_free(sum);
    mem_free(order);
    running_free(&r);
}

static const char *const endless_lists[] = {
    "a = []\na.append(a)",
    "a = []\nb = [a]\na.append(b)",
    "a = []\nfor i in range(100000): a = [a]",
    "a = [1]\nfor i in range(60): a = [a, a]",
    "x = 2\na = [x]\nfor i in range(60): a = [a, a]",
};

// They may be built, and looked at from outside; what would have to go through them says so.
static void endless_lists_do_no_harm(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof endless_lists / sizeof *endless_lists; i++) {
        struct running r = running_new();
        must_run(&r, "def g(): return a\n\ndef f(v): return len(a)\n");
        must_run(&r, endless_lists[i]);
        must_run(&r, "a");
        assert_string_equal(buffer_string(&r.shown), "[...]");
        must_run(&r, "a == a, a == [a, a], a in [1, a], f'{len(str(a))}', len(a) > 0\nprint(a)\nw = [a, 1]\nw");
        assert_false(running_run(&r, "g()"));
        assert_false(running_run(&r, "f(a)"));
        assert_non_null(strstr(r.error.message, "contains itself"));
        must_run(&r, "y = f(1)");
        assert_true(environment_go(r.environment, 3, NULL));
        running_free(&r);
    }
}

static void ranges_are_not_written_out(void **state) {
    (void)state;
    struct running r = running_new();
    must_run(&r,
             "v = range(10**15)\n[5.5 in v, 7 in v, -1 in v, 10**15 in v, len(v), v[10**14], 6 in range(9, 0, -3)]");
    assert_string_equal(buffer_string(&r.shown),
                        "[False, True, False, False, 1000000000000000, 100000000000000, True]");
    must_run(&r, "def f(v): return len(v)\n");
    assert_false(running_run(&r, "f(v)"));
    assert_int_equal(r.error.kind, ERROR_LIMIT);
    assert_int_equal(r.column, 1);
    running_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endless_chains_are_refused),
        cmocka_unit_test(long_sums_and_comparisons_run),
        cmocka_unit_test(endless_lists_do_no_harm),
        cmocka_unit_test(ranges_are_not_written_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
