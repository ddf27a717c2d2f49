// Series: columns that grow together, written and read back without loss.
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/series.h"
#include "base/task.h"

static void rows_and_columns_grow(void **state) {
    (void)state;
    struct series series = {0};
    assert_true(series_column(&series, "n"));
    assert_true(series_column(&series, "square"));
    for (int i = 0; i < 1000; i++) assert_true(series_append(&series, (double[]){i, (double)i * i}));
    assert_int_equal(series.row_count, 1000);
    assert_true(series_values(&series, "square")[999] == 998001);
    assert_null(series_values(&series, "cube"));
    assert_true(series_column(&series, "late")); // unknown in the rows before it
    assert_true(isnan(series_values(&series, "late")[999]));
    assert_true(series_append(&series, (double[]){1, 2, 3}));
    assert_true(series_values(&series, "late")[1000] == 3);
    size_t column;
    assert_true(series_find(&series, "late", &column));
    assert_int_equal(column, 2);
    series_free(&series);
    assert_int_equal(series.row_count, 0);
}

static void assert_written(const struct series *series, const char *text) {
    struct buffer out = {0};
    assert_true(series_write(series, &out, NULL));
    assert_string_equal(buffer_string(&out), text);
    buffer_free(&out);
}

static void read_text(struct series *series, const char *text) {
    struct error error = {0};
    struct source *source = source_new("t.csv", text, strlen(text), &error);
    assert_non_null(source);
    if (!series_read(series, source, &error)) fail_msg("%s", error.message);
    source_drop(source);
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    static const double row[] = {0.1, -0.0, DBL_MAX, 5e-324, NAN, INFINITY, -INFINITY, 1.0 / 3};
    static const char *const name[] = {"a", "with, comma", "with \"quote\"", "two\nlines", "", " space", "θ", "x[0]"};
    struct series series = {0}, again = {0};
    struct buffer out = {0};
    for (int i = 0; i < 8; i++) assert_true(series_column(&series, name[i]));
    assert_true(series_append(&series, row));
    assert_true(series_append(&series, row));
    assert_true(series_write(&series, &out, NULL));
    read_text(&again, buffer_string(&out));
    assert_int_equal(again.row_count, 2);
    assert_int_equal(again.column_count, 8);
    for (int i = 0; i < 8; i++) {
        assert_string_equal(again.column[i].name, name[i]);
        double value = again.column[i].value[1];
        assert_true(isnan(row[i]) ? isnan(value) : memcmp(&value, &row[i], sizeof value) == 0);
    }
    series_free(&series);
    series_free(&again);
    buffer_free(&out);
}

static void numbers_are_written_with_17_digits(void **state) {
    (void)state;
    struct series series = {0};
    assert_true(series_column(&series, "x"));
    assert_true(series_append(&series, (double[]){0.1}));
    assert_true(series_append(&series, (double[]){-INFINITY}));
    assert_true(series_append(&series, (double[]){NAN}));
    assert_true(series_append(&series, (double[]){3}));
    assert_written(&series, "x\n0.10000000000000001\n-Infinity\nNaN\n3\n");
    series_free(&series);
}

static void files_of_others_are_read(void **state) {
    (void)state;
    struct series series;
    read_text(&series, "\xef\xbb\xbf\r\na, b ,\"c\"\r\n1, 2 ,\"3\"\r\n\r\n,,\r\n4,-5e3,inf");
    assert_int_equal(series.column_count, 3);
    assert_string_equal(series.column[1].name, "b");
    assert_int_equal(series.row_count, 3);
    assert_true(series_values(&series, "c")[0] == 3);
    assert_true(isnan(series_values(&series, "a")[1]));
    assert_true(series_values(&series, "b")[2] == -5000);
    assert_true(isinf(series_values(&series, "c")[2]));
    series_free(&series);
}

// Words make a column one of text; comments are passed over, and numpy's line of names is none.
static void words_and_comments_are_read(void **state) {
    (void)state;
    struct series series;
    struct buffer out = {0};
    read_text(&series, "# of mine\n\n# 2\nmethod,x,unit\nwalk,1,2 m\n# and\n7,2,\nwalk,3,4\n# end");
    assert_int_equal(series.column_count, 3);
    assert_int_equal(series.row_count, 3);
    assert_true(series.column[0].text && !series.column[1].text && series.column[2].text);
    assert_true(isnan(series_values(&series, "method")[1]) && isnan(series_values(&series, "unit")[0]));
    assert_true(series_values(&series, "x")[2] == 3);
    assert_true(series_write(&series, &out, NULL));
    assert_string_equal(buffer_string(&out), "x\n1\n2\n3\n");
    buffer_free(&out);
    series_free(&series);
    read_text(&series, "# of mine\n# a,b\n1,2\n");
    assert_string_equal(series.column[0].name, "# a");
    assert_int_equal(series.row_count, 1);
    series_free(&series);
}

static void assert_refused(const char *text, const char *message, const char *marked) {
    struct error error = {0};
    struct series series;
    struct source *source = source_new("t.csv", text, strlen(text), NULL);
    assert_false(series_read(&series, source, &error));
    assert_int_equal(error.kind, ERROR_SYNTAX);
    assert_string_equal(error.message, message);
    if (marked) {
        assert_int_equal(error.span.end - error.span.begin, strlen(marked));
        assert_memory_equal(source->text + error.span.begin, marked, strlen(marked));
    }
    assert_int_equal(series.column_count, 0);
    source_drop(source);
}

static void mistakes_are_told_with_their_place(void **state) {
    (void)state;
    assert_refused("", "t.csv is empty", NULL);
    assert_refused("\n\n", "t.csv is empty", NULL);
    assert_refused("a,b\n1,2\n1,two\n", "this is not a number", "two");
    assert_refused("a,b\n1,2\n1,two", "this is not a number", "two");
    assert_refused("a,b\nx,\ny,two\n", "this is not a number", "x");
    assert_refused("a\n0x10\n", "this is not a number", "0x10");
    assert_refused("a,b\n,2\n3,2\none,2\n", "this is not a number", "one");
    assert_refused("# of mine\na\n1\n#\n2,3\n", "this line has more fields than the line of names", "2,3");
    assert_refused("a,b\n1,2\n3\n", "this line has fewer fields than the line of names", "3");
    assert_refused("a,b\n1,2,3\n", "this line has more fields than the line of names", "1,2,3");
    assert_refused("a,\"b\n1,2\n", "this quote is never closed", "\"");
    assert_refused("\"a\"b\n1\n", "a comma or the end of the line must follow the quote", "b");
}

static void interrupts_end_reading_and_writing(void **state) {
    (void)state;
    struct series series = {0};
    struct error error = {0};
    struct buffer out = {0};
    struct source *source = source_new("t.csv", "a\n1\n", 4, NULL);
    assert_true(series_column(&series, "a"));
    assert_true(series_append(&series, (double[]){1}));
    task_interrupt();
    assert_false(series_write(&series, &out, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    series_free(&series);
    error_clear(&error);
    assert_false(series_read(&series, source, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    task_begin();
    source_drop(source);
    buffer_free(&out);
}

// Builds, writes and reads while the n-th allocation fails; false if none failed.
static bool runs_short(size_t n, const struct source *source) {
    struct series series = {0}, again = {0};
    struct buffer out = {0};
    struct error error = {0};
    mem_fail_after(n);
    bool ok = series_column(&series, "a") && series_append(&series, (double[]){1}) && series_column(&series, "b") &&
              series_append(&series, (double[]){1, 2}) && series_write(&series, &out, &error) &&
              series_read(&again, source, &error);
    mem_fail_after(0);
    assert_true(ok || error.kind == ERROR_MEMORY || error.kind == ERROR_NONE);
    for (size_t i = 0; i < series.column_count; i++) assert_non_null(series.column[i].name);
    series_free(&series);
    series_free(&again);
    buffer_free(&out);
    return !ok;
}

static void memory_may_run_out(void **state) {
    (void)state;
    struct source *source = source_new("t.csv", "\"a\",b\n1,2\n", 10, NULL);
    size_t n = 1;
    while (runs_short(n, source)) n++;
    assert_true(n > 8);
    source_drop(source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_columns_grow),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(numbers_are_written_with_17_digits),
        cmocka_unit_test(files_of_others_are_read),
        cmocka_unit_test(words_and_comments_are_read),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(interrupts_end_reading_and_writing),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
