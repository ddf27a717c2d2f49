// Every estimate that was made, as a row: to sort, run again, plot together, write to a file.
#ifndef BAUER_APP_TRIALS_H
#define BAUER_APP_TRIALS_H

#include "app/session.h"

struct sample;   // app/sample.h
struct variance; // app/variance.h
struct words;    // app/command.h

// `words`: what was typed after the command's name. Out of memory the row is left out, and the user told.
void trials_add_sample(struct session *session, const struct sample *sample, const struct words *words);
void trials_add_variance(struct session *session, const struct variance *variance); // a row for each cell
uint32_t trials_made(const struct trials *trials);                                  // how many rows ever were; NULL: 0
void trials_cut(struct trials *trials, uint32_t made); // forgets the rows made since; NULL is allowed
void trials_free(struct trials *trials);               // NULL is allowed

#endif
