// Names become numbers, the same name always the same number.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/symbol.h"

static symbol of(struct symbols *symbols, const char *text) { return symbol_of(symbols, text, strlen(text)); }

static void test_equal_texts_are_one_symbol(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    symbol x = of(symbols, "x"), theta = of(symbols, "θ_1");
    assert_int_not_equal(x, 0);
    assert_int_not_equal(x, theta);
    assert_int_equal(symbol_of(symbols, "x1", 1), x);
    assert_int_equal(symbol_find(symbols, "x", 1), x);
    assert_int_equal(symbol_find(symbols, "y", 1), 0);
    assert_string_equal(symbol_text(symbols, theta), "θ_1");
    assert_string_equal(symbol_text(symbols, 0), "");
    assert_int_equal(symbols_count(symbols), 2);
    symbols_free(symbols);
    symbols_free(NULL);
}

// Every length, so that each way of reading the last bytes into the hash is used; each name differs in one byte.
static void test_every_byte_counts(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    char text[64];
    memset(text, 'a', sizeof text);
    uint32_t expected = 0;
    for (size_t size = 1; size <= sizeof text; size++) {
        assert_int_equal(symbol_of(symbols, text, size), ++expected);
        for (size_t i = 0; i < size; i++) {
            text[i] = 'b';
            assert_int_equal(symbol_of(symbols, text, size), ++expected);
            text[i] = 'a';
        }
    }
    symbols_free(symbols);
}

// A lookup by word finds what a lookup by text has added, and the other way round, also where slots are taken.
static void test_words_and_texts_are_one(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    char text[16];
    for (int i = 0; i < 20000; i++) {
        memset(text, 0x7f, sizeof text); // what follows the name is in the loaded word
        size_t size = (size_t)snprintf(text, sizeof text, "v%d", i);
        text[size] = '(';
        uint64_t word = symbol_cut(symbol_load(text), size);
        symbol name = i % 2 ? symbol_of(symbols, text, size) : symbol_of_word(symbols, word, text, size);
        assert_int_equal(name, i + 1);
        assert_int_equal(symbol_of(symbols, text, size), name);
        assert_int_equal(symbol_of_word(symbols, word, text, size), name);
        assert_int_equal(strlen(symbol_text(symbols, name)), size);
    }
    assert_int_equal(symbol_of_word(symbols, symbol_cut(symbol_load("v1234567"), 8), "v1234567", 8), 20001);
    assert_int_equal(symbol_find(symbols, "v1234567", 8), 20001);
    symbols_free(symbols);
}

static void test_a_million_names(void **state) {
    (void)state;
    enum { NAMES = 1000000 };
    struct symbols *symbols = symbols_new();
    char text[32];
    for (uint32_t i = 1; i <= NAMES; i++) {
        snprintf(text, sizeof text, "name_%u", i);
        assert_true(of(symbols, text) == i);
    }
    for (uint32_t i = 1; i <= NAMES; i += 7) {
        snprintf(text, sizeof text, "name_%u", i);
        assert_true(of(symbols, text) == i);
        assert_true(strcmp(symbol_text(symbols, i), text) == 0);
    }
    assert_int_equal(symbols_count(symbols), NAMES);
    symbols_free(symbols);
}

static void test_out_of_memory_loses_no_name(void **state) {
    (void)state;
    for (size_t n = 1; n <= 4; n++) {
        mem_fail_after(n);
        struct symbols *symbols = symbols_new();
        mem_fail_after(0);
        assert_null(symbols);
    }
    struct symbols *symbols = symbols_new();
    char text[32];
    for (uint32_t i = 1; i <= 5000; i++) {
        snprintf(text, sizeof text, "name_%u", i);
        mem_fail_after(1);
        symbol name = of(symbols, text); // fails where a table or a block has to grow
        mem_fail_after(0);
        assert_int_equal(name ? name : of(symbols, text), i);
    }
    symbols_free(symbols);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_texts_are_one_symbol),  cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_words_and_texts_are_one),     cmocka_unit_test(test_a_million_names),
        cmocka_unit_test(test_out_of_memory_loses_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
