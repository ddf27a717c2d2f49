// The functions and constants that a program can call besides the operations of op/: len, range, sum, print, pi, ...
#ifndef BAUER_LANG_BUILTIN_H
#define BAUER_LANG_BUILTIN_H

#include <stddef.h>

struct builtin_info {
    const char *name;
    const char *doc;     // one line for :help
    const char *example; // "sum([1, 2, 3])"
};

extern const struct builtin_info builtin_table[];
extern const size_t builtin_count;

#endif
