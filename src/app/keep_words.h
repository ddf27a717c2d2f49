// Words that say what backward remembers, in :memory and :train: a method, `keep F,...`, `noreplace`, `same-steps`.
#ifndef BAUER_APP_KEEP_WORDS_H
#define BAUER_APP_KEEP_WORDS_H

#include "app/command.h"
#include "graph/keep.h"

enum { KEEP_FRACTIONS = 16 };

struct keep_words {
    enum keep_method method[KEEP_METHODS];
    uint32_t methods; // 0: none was named
    double fraction[KEEP_FRACTIONS];
    uint32_t fractions;
    struct keep_layer layer[KEEP_FRACTIONS]; // keep W1=0.5
    uint32_t layers;
    bool distinct, same_steps;
};

// Takes word *at if it is one of these, and what belongs to it; *at is then behind it. *taken: whether it was.
bool keep_word(struct session *session, const struct words *words, uint32_t *at, struct keep_words *keep, bool *taken,
               struct error *error);
// "0.1,0.3" as numbers in (low, high].
bool keep_numbers(const struct words *words, uint32_t at, double low, double high, bool whole, double *value,
                  uint32_t most, uint32_t *count, struct error *error);

#endif
