// Memory that is dropped whole.
//
// An arena hands out pieces of large blocks and frees all of them at once: one arena per parsed text, per traced graph,
// per command. Nothing in it is freed piece by piece. Every allocation of the project goes through this file, so that
// a test can make any one of them fail.
#ifndef BAUER_BASE_ARENA_H
#define BAUER_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Public only so that handing out a piece is an addition where it is asked for; nobody else looks inside.
struct arena {
    struct arena_block *blocks;
    unsigned char *free;    // in the block in use
    size_t room;            // bytes from there, a multiple of ARENA_ALIGNMENT
    size_t next_size, held; // of blocks
};

enum { ARENA_ALIGNMENT = 8 }; // what pointers and doubles need

struct arena *arena_new(void);                // NULL when out of memory
void arena_free(struct arena *arena);         // frees the arena and all it handed out; NULL is allowed
size_t arena_size(const struct arena *arena); // bytes held from the system

// `size` zeroed bytes aligned for pointers and doubles, or NULL when out of memory.
static inline void *arena_alloc(struct arena *arena, size_t size);
// A copy of `size` bytes, aligned alike, or NULL when out of memory.
void *arena_copy(struct arena *arena, const void *data, size_t size);
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
// Whether memory that is freed is kept, for what traces again and again: getting pages from the system costs more than
// using them. Where it is not, a thread's heap, too, shrinks when a large piece of it is freed: mem_trim cannot do
// that. Returns what it was before, to be put back.
bool mem_keep(bool keep);
void mem_leave(void); // the last act of a thread: its own heap shrinks
// Gives memory that was freed back to the system, as far as its pages are whole: after much of it was.
void mem_trim(void);

// Whether an allocation of this thread has failed since mem_forget: what was made since then may lack something, even
// if nobody said so (a text that was to be shown, a list that was to be remembered). The session asks after each line,
// and file_write before it replaces a file.
bool mem_lacked(void);
bool mem_forget(void); // returns what mem_lacked said
void mem_note(void);   // as if an allocation had failed

// Test hook: the n-th allocation from now fails once (0: never). `mem_fail_left`: how many are left until then.
void mem_fail_after(size_t n);
size_t mem_fail_left(void);

// ---- inline -------------------------------------------------------------------------------------------------------

void *arena_alloc_elsewhere(struct arena *arena, size_t size); // when the block in use has too little room

static inline void *arena_alloc(struct arena *arena, size_t size) {
    if (size == 0) size = 1; // pieces have addresses of their own
    if (size > PTRDIFF_MAX || size > arena->room) return arena_alloc_elsewhere(arena, size);
    size_t need = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    void *piece = arena->free;
    arena->free += need;
    arena->room -= need;
    return memset(piece, 0, size);
}

#endif
