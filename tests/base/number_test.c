// Numbers as people and programs read them.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void assert_number(double value, const char *expected) {
    char text[32];
    text_number(text, value);
    assert_string_equal(text, expected);
}

// What Python 3's repr prints.
static void test_numbers_as_python_prints_them(void **state) {
    (void)state;
    assert_number(0.1, "0.1");
    assert_number(3, "3.0");
    assert_number(-0.0, "-0.0");
    assert_number(1.0 / 3, "0.3333333333333333");
    assert_number(0.1 + 0.2, "0.30000000000000004");
    assert_number(123456789012345680.0, "1.2345678901234568e+17");
    assert_number(1e16, "1e+16");
    assert_number(9999999999999998.0, "9999999999999998.0");
    assert_number(1e-4, "0.0001");
    assert_number(1e-5, "1e-05");
    assert_number(1.5e300, "1.5e+300");
    assert_number(1.7976931348623157e308, "1.7976931348623157e+308");
    assert_number(5e-324, "5e-324");
    assert_number(2.2250738585072014e-308, "2.2250738585072014e-308");
    assert_number(7.120236347223045e-307, "7.120236347223045e-307"); // 2**-1017: 17 digits are not needed
    assert_number(INFINITY, "inf");
    assert_number(-INFINITY, "-inf");
    assert_number(NAN, "nan");
    assert_number(-NAN, "nan");
}

static void test_every_number_reads_back(void **state) {
    (void)state;
    uint64_t bits = 88172645463325252u; // xorshift64
    for (int i = 0; i < 100000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double value, back;
        memcpy(&value, &bits, sizeof value);
        if (isnan(value)) continue;
        char text[32];
        text_number(text, value);
        assert_true(strlen(text) < 26);
        assert_true(text_parse_number(text, &back) && back == value);
    }
}

static void assert_label(double value, int digits, const char *expected) {
    char text[48];
    text_label_number(text, value, digits);
    assert_string_equal(text, expected);
}

static void test_labels(void **state) {
    (void)state;
    assert_label(-1.2, 3, "−1.2");
    assert_label(3.0416, 3, "3.04");
    assert_label(1.2e10, 3, "1.2×10¹⁰");
    assert_label(1.5e-7, 3, "1.5×10⁻⁷");
    assert_label(9.999, 3, "10");
    assert_label(1234.4, 3, "1234"); // whole parts are not rounded away
    assert_label(999999.9, 3, "1×10⁶");
    assert_label(0.00012345, 3, "0.000123");
    assert_label(2, 3, "2");
    assert_label(100, 1, "100");
    assert_label(0, 3, "0");
    assert_label(-0.0, 3, "0");
    assert_label(INFINITY, 3, "∞");
    assert_label(-INFINITY, 3, "−∞");
    assert_label(NAN, 3, "NaN");
    assert_label(-1.2345678901234567e-300, 99, "−1.2345678901234568×10⁻³⁰⁰");
}

static void assert_reads(const char *text, double expected) {
    double value;
    if (!text_parse_number(text, &value) || value != expected) fail_msg("%s is not read as %g", text, expected);
}

static void assert_no_number(const char *text) {
    double value;
    if (text_parse_number(text, &value)) fail_msg("\"%s\" is read as %g", text, value);
}

static void test_reading(void **state) {
    (void)state;
    assert_reads("1", 1);
    assert_reads("-2.5", -2.5);
    assert_reads("+.5", 0.5);
    assert_reads("5.", 5);
    assert_reads("1e-5", 1e-5);
    assert_reads("1_000_000.000_1E+1_0", 1000000.0001e10);
    assert_reads("0x1F", 31);
    assert_reads("0b101", 5);
    assert_reads("0o17", 15);
    assert_reads("0xffffffffffffffffff", 0x1p72);
    assert_reads("0x20000000000001000000001", 0x20000000000002p36); // the last bit breaks a tie
    assert_reads("inf", INFINITY);
    assert_reads("-Infinity", -INFINITY);
    assert_reads("1e999", INFINITY);
    double value;
    assert_true(text_parse_number("nan", &value) && isnan(value));
    const char *bad[] = {"",   "-",   ".",  "e5", "1e",  "1e+", "1__0",  "_1",     "1_",
                         "0x", "0b2", "1 ", " 1", "1,5", "--1", "0x1p3", "infinit"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_no_number(bad[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_as_python_prints_them),
        cmocka_unit_test(test_every_number_reads_back),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
