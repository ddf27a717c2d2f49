#include "base/arena.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/large.h"

// ---- allocations that can be made to fail -------------------------------------------------------------------------

static atomic_size_t fail_countdown;

void mem_fail_after(size_t n) { atomic_store(&fail_countdown, n); }

size_t mem_fail_left(void) { return atomic_load(&fail_countdown); }

static bool must_fail(void) {
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0) return false;
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

static _Thread_local bool lacked;

bool mem_lacked(void) { return lacked; }

bool mem_forget(void) {
    bool before = lacked;
    lacked = false;
    return before;
}

void mem_note(void) { lacked = true; }

static void *noted(void *memory) {
    if (!memory) mem_note();
    return memory;
}

static bool overflows(size_t count, size_t size) { return size != 0 && count > PTRDIFF_MAX / size; }

void *mem_alloc(size_t count, size_t size) {
    if (overflows(count, size) || must_fail()) return noted(NULL);
    return noted(malloc(count == 0 || size == 0 ? 1 : count * size));
}

void *mem_zero(size_t count, size_t size) {
    if (overflows(count, size) || must_fail()) return noted(NULL);
    return noted(calloc(count ? count : 1, size ? size : 1));
}

void *mem_resize(void *memory, size_t count, size_t size) {
    if (overflows(count, size) || must_fail()) return noted(NULL);
    return noted(realloc(memory, count == 0 || size == 0 ? 1 : count * size));
}

bool mem_grow(void *array_address, size_t *capacity, size_t need, size_t size) {
    if (need <= *capacity) return true;
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < need) wanted = wanted > SIZE_MAX / 2 ? need : wanted * 2;
    void *old;
    memcpy(&old, array_address, sizeof old); // the caller's pointer may be of any type
    void *moved = mem_resize(old, wanted, size);
    if (!moved) return false;
    memcpy(array_address, &moved, sizeof moved);
    *capacity = wanted;
    return true;
}

char *mem_text(const char *text, size_t size) {
    char *copy = size < SIZE_MAX ? mem_alloc(size + 1, 1) : NULL;
    if (!copy) return NULL;
    if (size) memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

void mem_free(void *memory) { free(memory); }

static atomic_bool keeps;

static void trim_beyond(int spare) {
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, spare);
#else
    (void)spare;
#endif
}

bool mem_keep(bool keep) {
    bool kept = atomic_exchange(&keeps, keep);
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
#endif
    trim_beyond(keep ? 1 << 30 : 0);
    return kept;
}

void mem_leave(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (!keeps) return;
    pthread_mutex_lock(&lock);
    trim_beyond(0);
    void *volatile large = malloc(1 << 17); // a heap shrinks when a large piece of it is freed
    free(large);
    trim_beyond(1 << 30);
    pthread_mutex_unlock(&lock);
}

void mem_trim(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// ---- arenas -------------------------------------------------------------------------------------------------------

// Small at first: every line that is typed has one, as long as it can be undone.
enum { FIRST_BLOCK = 512, SMALL_BLOCK = 4096, LARGEST_BLOCK = 32 << 20 };

// Pieces are zeroed when they are handed out, while they are on their way into the cache, not blocks as a whole.
struct arena_block {
    struct arena_block *next;
    unsigned char data[];
};

_Static_assert(sizeof(struct arena_block) % ARENA_ALIGNMENT == 0, "pieces are aligned");

struct arena *arena_new(void) {
    struct arena *arena = mem_zero(1, sizeof *arena);
    if (!arena) return NULL;
    arena->next_size = FIRST_BLOCK;
    arena->held = sizeof *arena;
    return arena;
}

void arena_free(struct arena *arena) {
    if (!arena) return;
    for (struct arena_block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        mem_free(block);
    }
    mem_free(arena);
}

size_t arena_size(const struct arena *arena) { return arena->held; }

static void *add_block(struct arena *arena, struct arena_block *block, size_t size) {
    if (!block) return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->held += sizeof *block + size;
    return block->data;
}

static size_t aligned(size_t size) { return (size + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT; }

// A new block in use.
static bool begin_block(struct arena *arena) {
    size_t size = arena->next_size;
    unsigned char *data = add_block(arena, large_alloc(1, sizeof(struct arena_block) + size), size);
    if (!data) return false;
    arena->free = data;
    arena->room = size;
    if (arena->next_size < LARGEST_BLOCK) arena->next_size *= 2;
    return true;
}

// A piece that would waste most of a block gets one of its own, and the current block stays in use.
static bool is_alone(const struct arena *arena, size_t size) { return aligned(size) > arena->next_size / 4; }

static bool is_endless(size_t size) { return size > PTRDIFF_MAX - sizeof(struct arena_block) - ARENA_ALIGNMENT; }

void *arena_alloc_elsewhere(struct arena *arena, size_t size) {
    if (is_endless(size)) return NULL;
    if (is_alone(arena, size)) {
        if (arena->next_size < SMALL_BLOCK) arena->next_size *= 2; // few pieces are alone for long
        return add_block(arena, large_zero(1, sizeof(struct arena_block) + aligned(size)), aligned(size));
    }
    return begin_block(arena) ? arena_alloc(arena, size) : NULL;
}

void *arena_copy(struct arena *arena, const void *data, size_t size) {
    if (size <= arena->room || is_endless(size) || !is_alone(arena, size)) {
        void *piece = arena_alloc(arena, size);
        return piece && size ? memcpy(piece, data, size) : piece;
    }
    void *block = add_block(arena, large_alloc(1, sizeof(struct arena_block) + aligned(size)), aligned(size));
    return block ? memcpy(block, data, size) : NULL;
}

char *arena_text(struct arena *arena, const char *text, size_t size) {
    char *copy = size < SIZE_MAX ? arena_alloc(arena, size + 1) : NULL;
    if (copy && size) memcpy(copy, text, size);
    return copy;
}
