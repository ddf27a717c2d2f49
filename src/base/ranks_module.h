// What the MPI module gives to base/ranks.c.
#ifndef BAUER_BASE_RANKS_MODULE_H
#define BAUER_BASE_RANKS_MODULE_H

#include <stdbool.h>
#include <stddef.h>

struct ranks_module {
    int version; // RANKS_MODULE_VERSION
    bool (*begin)(unsigned *count, unsigned *mine);
    void (*end)(void);
    bool (*gather)(const void *mine, void *all, size_t size);
};

enum { RANKS_MODULE_VERSION = 1 };
#define RANKS_MODULE_SYMBOL "bauer_ranks_module" // const struct ranks_module

#endif
