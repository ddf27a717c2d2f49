// Memory for arrays of millions of elements. Touching a fresh page costs the kernel more than a sweep spends on all
// that is in it, so large arrays ask for large pages; where there are none, nothing changes.
#ifndef BAUER_BASE_LARGE_H
#define BAUER_BASE_LARGE_H

#include <stdint.h>
#include <sys/mman.h>

#include "base/arena.h"

enum { SMALL_PAGE = 4096, LARGE_PAGE = 2 << 20 };

// Returns `memory` (NULL is allowed), of `size` bytes. The advice is rounded outwards, so that it joins with that of a
// neighbour to whole large pages.
static inline void *large_pages(void *memory, size_t size) {
    uintptr_t begin = (uintptr_t)memory & ~(uintptr_t)(SMALL_PAGE - 1);
    uintptr_t end = ((uintptr_t)memory + size + SMALL_PAGE - 1) & ~(uintptr_t)(SMALL_PAGE - 1);
    if (memory && size >= LARGE_PAGE) madvise((void *)begin, end - begin, MADV_HUGEPAGE);
    return memory;
}

static inline void *large_alloc(size_t count, size_t size) { return large_pages(mem_alloc(count, size), count * size); }

static inline void *large_zero(size_t count, size_t size) { return large_pages(mem_zero(count, size), count * size); }

#endif
