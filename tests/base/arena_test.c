// Arenas hand out zeroed, aligned pieces; allocations can be made to fail one by one; what threads freed goes back.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void hand_out_pieces(void) {
    struct arena *arena = arena_new();
    for (size_t size = 0; size < 20000; size += 37) {
        unsigned char *piece = arena_alloc(arena, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % _Alignof(double), 0);
        assert_int_equal((uintptr_t)piece % _Alignof(void *), 0);
        for (size_t i = 0; i < size; i++) assert_int_equal(piece[i], 0);
        if (size) memset(piece, 0xff, size); // a neighbour would notice
    }
    arena_free(arena);
}

static void test_pieces_are_zeroed_and_aligned(void **state) {
    (void)state;
    hand_out_pieces();
    hand_out_pieces(); // of memory that was in use
    arena_free(NULL);
}

static void test_a_large_piece_does_not_waste_the_block(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    char *before = arena_alloc(arena, 16);
    assert_non_null(arena_alloc(arena, 100 << 20));
    char *after = arena_alloc(arena, 16);
    assert_ptr_equal(after, before + 16);
    assert_in_range(arena_size(arena), 100 << 20, (100 << 20) + 100000);
    arena_free(arena);
}

static void test_copies_of_all_sizes(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    char *data = malloc(1 << 20);
    for (size_t i = 0; i < 1 << 20; i++) data[i] = (char)(i * 7);
    for (size_t size = 0; size <= 1 << 20; size = size * 2 + 1) {
        void *copy = arena_copy(arena, data, size);
        assert_non_null(copy);
        assert_int_equal((uintptr_t)copy % ARENA_ALIGNMENT, 0);
        assert_memory_equal(copy, data, size);
    }
    assert_null(arena_copy(arena, data, SIZE_MAX - 8));
    free(data);
    arena_free(arena);
}

static void test_texts_are_copied(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    assert_string_equal(arena_text(arena, "theta_1 and more", 7), "theta_1");
    assert_string_equal(arena_text(arena, "", 0), "");
    arena_free(arena);
    char *copy = mem_text("theta_1", 5);
    assert_string_equal(copy, "theta");
    mem_free(copy);
}

static void test_growing_keeps_what_is_there(void **state) {
    (void)state;
    int *numbers = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(mem_grow(&numbers, &capacity, (size_t)i + 1, sizeof *numbers));
        numbers[i] = i;
    }
    for (int i = 0; i < 1000; i++) assert_int_equal(numbers[i], i);
    assert_int_equal(capacity, 1024);
    int *as_it_was = numbers;
    mem_fail_after(1);
    assert_false(mem_grow(&numbers, &capacity, 5000, sizeof *numbers));
    assert_ptr_equal(numbers, as_it_was);
    assert_int_equal(capacity, 1024);
    mem_free(numbers);
}

static void test_the_nth_allocation_fails_once(void **state) {
    (void)state;
    mem_fail_after(2);
    void *first = mem_alloc(1, 8), *second = mem_alloc(1, 8), *third = mem_alloc(1, 8);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    mem_free(first);
    mem_free(third);
}

static void test_sizes_that_overflow_are_refused(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    assert_null(mem_alloc(SIZE_MAX / 2, 3));
    assert_null(mem_zero(SIZE_MAX, SIZE_MAX));
    assert_null(mem_resize(NULL, SIZE_MAX / 4, 16));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 100));
    arena_free(arena);
}

// Of anonymous memory, from proc(5).
static long kilobytes_held(void) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long kilobytes = -1;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) && sscanf(line, "RssAnon: %ld kB", &kilobytes) != 1) continue;
    fclose(file);
    return kilobytes;
}

enum { PIECES = 64, PIECE = 128 << 10 };

// A thread that fills 8 MB in pieces; those that are `left` to the one who waits for it, it frees itself otherwise.
static void *fill(void *left) {
    char *piece[PIECES], **out = left ? left : piece;
    for (int i = 0; i < PIECES; i++) {
        out[i] = mem_alloc(PIECE, 1);
        if (out[i]) memset(out[i], 1, PIECE);
    }
    for (int i = 0; i < PIECES && !left; i++) mem_free(out[i]);
    mem_leave();
    return NULL;
}

static void test_what_threads_freed_goes_back(void **state) {
    (void)state;
    pthread_t thread;
    char *piece[PIECES];
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); // they keep what is freed, to find who uses it
#endif
    mem_keep(true);
    long before = kilobytes_held();
    assert_int_equal(pthread_create(&thread, NULL, fill, NULL), 0);
    pthread_join(thread, NULL);
    assert_in_range(kilobytes_held(), 0, before + 1024);
    assert_int_equal(pthread_create(&thread, NULL, fill, piece), 0);
    pthread_join(thread, NULL);
    assert_true(kilobytes_held() > before + 7 * 1024);
    assert_true(mem_keep(false));
    for (int i = 0; i < PIECES; i++) mem_free(piece[i]);
    assert_false(mem_keep(true));
    assert_in_range(kilobytes_held(), 0, before + 1024);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_zeroed_and_aligned),
        cmocka_unit_test(test_a_large_piece_does_not_waste_the_block),
        cmocka_unit_test(test_copies_of_all_sizes),
        cmocka_unit_test(test_texts_are_copied),
        cmocka_unit_test(test_growing_keeps_what_is_there),
        cmocka_unit_test(test_the_nth_allocation_fails_once),
        cmocka_unit_test(test_sizes_that_overflow_are_refused),
        cmocka_unit_test(test_what_threads_freed_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
