// Sources, errors and the small things about text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"

static struct source *source_of(const char *text) { return source_new("f.py", text, strlen(text), NULL); }

static struct span span_of(const struct source *source, const char *part) {
    const char *at = strstr(source->text, part);
    assert_non_null(at);
    uint32_t begin = (uint32_t)(at - source->text);
    return (struct span){source, begin, begin + (uint32_t)strlen(part)};
}

// ---- sources ------------------------------------------------------------------------------------------------------

static void assert_cleaned(const char *text, const char *expected) {
    struct source *source = source_new("f", text, strlen(text), NULL);
    assert_string_equal(source->text, expected);
    assert_int_equal(source->size, strlen(expected));
    source_drop(source);
}

static void test_text_is_cleaned(void **state) {
    (void)state;
    assert_cleaned("", "");
    assert_cleaned("\xef\xbb\xbfx = 1", "x = 1");                           // a byte order mark
    assert_cleaned("a\r\nb\rc\n\r", "a\nb\nc\n\n");                         // line ends of DOS and old Macs
    assert_cleaned("a\xff b", "a\xef\xbf\xbd b");                           // no UTF-8
    assert_cleaned("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                 // an overlong form
    assert_cleaned("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); // a surrogate
    assert_cleaned("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");                 // cut at the end
    assert_cleaned("θ 漢 😀", "θ 漢 😀");
    assert_cleaned("0123456789012345678901234567890123456789θ", "0123456789012345678901234567890123456789θ");
}

static void test_binary_files_are_refused(void **state) {
    (void)state;
    struct error error = {0};
    assert_null(source_new("a.out", "\177ELF\0", 5, &error));
    assert_int_equal(error.kind, ERROR_FILE);
    assert_string_equal(error.message, "a.out looks like a binary file (it contains zero bytes)");
    error_clear(&error);
    assert_null(source_new("huge", "", ((size_t)1 << 30) + 1, &error)); // told before it is read
    assert_non_null(strstr(error.message, "too large"));
}

// Without memory for a table of lines, places are found all the same.
static void test_places_without_memory(void **state) {
    (void)state;
    struct source *source = source_of("x = 1\n\ny = 2\n"), *other = source_of("x = 1\n\ny = 2\n");
    mem_fail_after(1);
    source_line_count(other);
    assert_int_equal(mem_fail_left(), 0);
    assert_int_equal(source_line_count(source), 3);
    for (uint32_t i = 0; i <= source->size; i++) {
        assert_int_equal(source_line(other, i), source_line(source, i));
        assert_int_equal(source_column(other, i), source_column(source, i));
    }
    source_drop(source);
    source_drop(other);
}

static void test_lines_and_columns(void **state) {
    (void)state;
    struct source *source = source_of("x = 1\n\nθ = bär + y\n");
    assert_int_equal(source_line_count(source), 3);
    struct span y = span_of(source, "y");
    assert_int_equal(source_line(source, 0), 1);
    assert_int_equal(source_line(source, 5), 1);
    assert_int_equal(source_line(source, 6), 2);
    assert_int_equal(source_line(source, y.begin), 3);
    assert_int_equal(source_column(source, y.begin), 11); // in characters, not bytes
    uint32_t end = (uint32_t)source->size;
    assert_int_equal(source_line(source, end), 3); // the end is behind the last line
    assert_int_equal(source_column(source, end), 12);
    source->first_line = 40;
    assert_int_equal(source_line(source, y.begin), 42);
    source_drop(source_hold(source));
    assert_string_equal(source->name, "f.py");
    source_drop(source);
    source_drop(NULL);
}

static void test_a_hundred_megabytes_on_one_line(void **state) {
    (void)state;
    size_t size = 100 << 20;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    struct source *source = source_new("big.py", text, size, NULL);
    free(text);
    struct error error = {0};
    struct buffer out = {0};
    error_set(&error, ERROR_SYNTAX, (struct span){source, 50 << 20, (50 << 20) + 1000}, "too long a name");
    error_render(&error, false, &out);
    assert_in_range(out.size, 200, 400);
    assert_non_null(strstr(out.data, "big.py:1:52428801: error: too long a name"));
    assert_non_null(strstr(out.data, "…xxx"));
    assert_non_null(strstr(out.data, "xxx…\n"));
    buffer_free(&out);
    source_drop(source);
}

static void test_no_allocation_that_fails_is_missed(void **state) {
    (void)state;
    bool made = false;
    for (size_t n = 1; !made; n++) {
        assert_true(n < 10);
        struct error error = {0};
        mem_fail_after(n);
        struct source *source = source_new("f.py", "x\xff = 1\n", 7, &error);
        mem_fail_after(0);
        made = source != NULL;
        assert_int_equal(error.kind, made ? ERROR_NONE : ERROR_MEMORY);
        if (made) assert_string_equal(source->text, "x\xef\xbf\xbd = 1\n");
        source_drop(source);
    }
}

// ---- errors -------------------------------------------------------------------------------------------------------

static void assert_rendered(const char *text, const char *part, const char *expected) {
    struct source *source = source_of(text);
    struct error error = {0};
    struct buffer out = {0};
    assert_false(error_set(&error, ERROR_NAME, span_of(source, part), "what"));
    error_render(&error, false, &out);
    assert_string_equal(buffer_string(&out), expected);
    buffer_free(&out);
    source_drop(source);
}

static void test_the_caret_stands_below(void **state) {
    (void)state;
    assert_rendered("x = 1\ny = foo(x)\n", "foo",
                    "f.py:2:5: error: what\n"
                    "    y = foo(x)\n"
                    "        ^~~\n");
    assert_rendered("\tx = q", "q", // a tab is shown as four columns
                    "f.py:1:6: error: what\n"
                    "        x = q\n"
                    "            ^\n");
    assert_rendered("漢 = bäd + 1", "bäd", // 漢 takes two columns
                    "f.py:1:5: error: what\n"
                    "    漢 = bäd + 1\n"
                    "         ^~~\n");
    assert_rendered("e\u0301 = y", "y", // a combining accent takes none
                    "f.py:1:6: error: what\n"
                    "    e\u0301 = y\n"
                    "        ^\n");
    assert_rendered("(a +\n b", "(a +\n b", // a span over two lines is shown on the first
                    "f.py:1:1: error: what\n"
                    "    (a +\n"
                    "    ^~~~\n");
}

static void test_an_error_at_the_end(void **state) {
    (void)state;
    struct source *source = source_of("f(1,\n");
    struct error error = {0};
    struct buffer out = {0};
    error_set(&error, ERROR_INCOMPLETE, (struct span){source, 5, 5}, "the text ends inside parentheses");
    error_hint(&error, "close them with )");
    error_render(&error, false, &out);
    assert_string_equal(out.data, "f.py:1:5: error: the text ends inside parentheses\n"
                                  "    f(1,\n"
                                  "        ^\n"
                                  "hint: close them with )\n");
    buffer_free(&out);
    source_drop(source);
}

static void test_errors_without_a_place_and_with_colour(void **state) {
    (void)state;
    struct error error = {0};
    struct buffer out = {0};
    error_memory(&error);
    error_render(&error, false, &out);
    assert_memory_equal(out.data, "error: out of memory\nhint: ", 27);
    buffer_clear(&out);
    error_render(&error, true, &out);
    assert_non_null(strstr(out.data, "\033[1;31merror:\033[0m out of memory"));
    buffer_free(&out);
}

// What a file says must not reach the terminal as a command to it.
static void test_control_characters_are_shown(void **state) {
    (void)state;
    struct source *source = source_of("x = \033[2J\xc2\x9b + \xe2\x80\xae q");
    struct error error = {0};
    struct buffer out = {0};
    error_set(&error, ERROR_NAME, span_of(source, "q"), "unknown \033]0;title\007");
    error_render(&error, false, &out);
    assert_null(strchr(out.data, '\033'));
    assert_null(strchr(out.data, '\007'));
    assert_null(strstr(out.data, "\xc2\x9b"));
    assert_null(strstr(out.data, "\xe2\x80\xae"));
    assert_non_null(strstr(out.data, "x = ␛[2J"));
    buffer_free(&out);
    source_drop(source);
}

static void test_the_first_error_wins(void **state) {
    (void)state;
    struct error error = {0};
    assert_false(error_set(&error, ERROR_TYPE, SPAN_NONE, "first %d", 1));
    assert_false(error_set(&error, ERROR_NAME, SPAN_NONE, "second"));
    error_memory(&error);
    error_interrupt(&error);
    assert_int_equal(error.kind, ERROR_TYPE);
    assert_string_equal(error.message, "first 1");
    assert_false(error_set(NULL, ERROR_NAME, SPAN_NONE, "nobody asks"));
    error_clear(&error);
    assert_int_equal(error.kind, ERROR_NONE);
}

static void test_long_messages_are_cut_at_a_character(void **state) {
    (void)state;
    for (int lead = 0; lead < 4; lead++) {
        char text[2000] = "xxx";
        for (size_t at = (size_t)lead; at + 4 < sizeof text; at += 3) strcpy(text + at, "漢");
        struct error error = {0};
        error_set(&error, ERROR_NAME, SPAN_NONE, "%s", text);
        size_t size = strlen(error.message);
        assert_in_range(size, sizeof error.message - 6, sizeof error.message - 1);
        assert_string_equal(error.message + size - 6, "漢…");
    }
}

// ---- small things -------------------------------------------------------------------------------------------------

static void test_buffers(void **state) {
    (void)state;
    struct buffer buffer = {0};
    buffer_cut(&buffer, 0); // nor in an empty one
    assert_string_equal(buffer_string(&buffer), "");
    buffer_text(&buffer, "a");
    buffer_char(&buffer, '=');
    buffer_printf(&buffer, "%s %05d", "x", 42);
    buffer_add(&buffer, "!?", 1);
    assert_string_equal(buffer_string(&buffer), "a=x 00042!");
    for (int i = 0; i < 10000; i++) buffer_printf(&buffer, "%d,", i);
    assert_int_equal(buffer.size, strlen(buffer.data));
    buffer_cut(&buffer, 10);
    assert_string_equal(buffer_string(&buffer), "a=x 00042!");
    buffer_cut(&buffer, 11); // nothing is beyond
    assert_int_equal(buffer.size, 10);
    buffer_clear(&buffer);
    assert_string_equal(buffer_string(&buffer), "");
    mem_fail_after(1);
    buffer_printf(&buffer, "%100000d", 1);
    assert_true(buffer.failed);
    buffer_text(&buffer, "x"); // stays failed, stays readable
    assert_true(buffer.failed);
    assert_string_equal(buffer_string(&buffer), "");
    buffer_free(&buffer);
}

static const char *nearest(const char *text) {
    static const char *const names[] = {"exp", "expm1", "sigmoid", "softplus", "sin", "jacobian", "x"};
    return text_nearest(text, names, sizeof names / sizeof *names);
}

static void test_the_nearest_name(void **state) {
    (void)state;
    assert_string_equal(nearest("sigmiod"), "sigmoid"); // neighbours swapped
    assert_string_equal(nearest("jacobain"), "jacobian");
    assert_string_equal(nearest("softpluss"), "softplus");
    assert_string_equal(nearest("sn"), "sin");
    assert_string_equal(nearest("EXP"), "exp");
    assert_null(nearest("banana"));
    assert_null(nearest("y")); // a letter is no hint at another
    assert_null(nearest(""));
}

static void test_widths(void **state) {
    (void)state;
    assert_int_equal(text_width("abc", 3), 3);
    assert_int_equal(text_width("θ", 2), 1);
    assert_int_equal(text_width("漢字", 6), 4);
    assert_int_equal(text_width("e\u0301", 3), 1);
    assert_int_equal(text_width("😀", 4), 2);
    assert_int_equal(text_width("−1.2×10⁻³", strlen("−1.2×10⁻³")), 9);
    assert_true(text_starts(":help", ":h") && !text_starts(":h", ":help"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_cleaned),
        cmocka_unit_test(test_binary_files_are_refused),
        cmocka_unit_test(test_lines_and_columns),
        cmocka_unit_test(test_places_without_memory),
        cmocka_unit_test(test_a_hundred_megabytes_on_one_line),
        cmocka_unit_test(test_no_allocation_that_fails_is_missed),
        cmocka_unit_test(test_the_caret_stands_below),
        cmocka_unit_test(test_an_error_at_the_end),
        cmocka_unit_test(test_errors_without_a_place_and_with_colour),
        cmocka_unit_test(test_control_characters_are_shown),
        cmocka_unit_test(test_the_first_error_wins),
        cmocka_unit_test(test_long_messages_are_cut_at_a_character),
        cmocka_unit_test(test_buffers),
        cmocka_unit_test(test_the_nearest_name),
        cmocka_unit_test(test_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
