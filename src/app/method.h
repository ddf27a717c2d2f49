// An estimator in the words of a command: "vertices 2 per vertex noreplace".
#ifndef BAUER_APP_METHOD_H
#define BAUER_APP_METHOD_H

#include "app/command.h"
#include "estimate/sampler.h"

// Reads an estimator with what it takes from words->word[*at] on and moves *at behind it. Parameters and options are
// checked here, with a caret.
bool method_read(const struct words *words, uint32_t *at, struct method *method, struct error *error);
// The same, but its number may be left out: *bare says that it is.
bool method_read_bare(const struct words *words, uint32_t *at, struct method *method, bool *bare, struct error *error);
// A whole number from `least` to `most` at word `at`, "1e6" too; `what` is what it is ("the number of samples").
bool method_number(const struct words *words, uint32_t at, const char *what, double least, double most, double *number,
                   struct error *error);
// Is the word at `at` there, and this one?
bool method_word(const struct words *words, uint32_t at, const char *word);
// The command `name` (":variance") as it was typed, and with its seed: what makes the same again under another seed of
// the session. NULL without memory.
char *method_seeded(const char *name, const struct words *words, uint64_t seed, struct error *error);

#endif
