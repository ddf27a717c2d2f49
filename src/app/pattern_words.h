// A pattern in the words of a command: "interleaved", "weights uniform 0.5 1.5", "raw".
#ifndef BAUER_APP_PATTERN_WORDS_H
#define BAUER_APP_PATTERN_WORDS_H

#include "app/command.h"
#include "estimate/pattern.h"

// What a pattern is unless it is told: weights uniform 0.5 1.5, normalised, of the session's seed.
struct pattern pattern_usual(const struct session *session);
// Is the word at `at` a pattern's name? Then it is set.
bool pattern_word(const struct words *words, uint32_t at, struct pattern *pattern);
// Reads `weights ...`, `raw` or `normalised` at *at, if one of them is there (*found), and moves *at behind it.
bool pattern_read_look(const struct words *words, uint32_t *at, struct pattern *pattern, bool *found,
                       struct error *error);
// "uniform 0.5 to 1.5, normalised"
void pattern_weights_text(const struct pattern *pattern, char out[96]);

#endif
