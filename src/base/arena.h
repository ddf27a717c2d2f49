// Memory that is dropped whole.
//
// An arena hands out pieces of large blocks and frees all of them at once: one arena per parsed text, per traced graph,
// per command. Nothing in it is freed piece by piece. Every allocation of the project goes through this file, so that
// a test can make any one of them fail.
#ifndef BAUER_BASE_ARENA_H
#define BAUER_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);                // NULL when out of memory
void arena_free(struct arena *arena);         // frees the arena and all it handed out; NULL is allowed
size_t arena_size(const struct arena *arena); // bytes held from the system

// `size` zeroed bytes aligned for any type, or NULL when out of memory.
void *arena_alloc(struct arena *arena, size_t size);
// A NUL-terminated copy of `size` bytes of `text`, or NULL when out of memory.
char *arena_text(struct arena *arena, const char *text, size_t size);

// malloc, calloc, realloc and free for what outlives an arena or grows: NULL when out of memory or when count * size
// overflows. `mem_grow` doubles *capacity until it holds `need` elements, leaves *array as it was on failure, and does
// not clear the new part.
void *mem_alloc(size_t count, size_t size);
void *mem_zero(size_t count, size_t size);
void *mem_resize(void *memory, size_t count, size_t size);
bool mem_grow(void *array_address, size_t *capacity, size_t need, size_t size);
char *mem_text(const char *text, size_t size); // NUL-terminated copy
void mem_free(void *memory);

// Test hook: the n-th allocation from now fails once (0: never).
void mem_fail_after(size_t n);

#endif
