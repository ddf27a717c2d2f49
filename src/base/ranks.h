// Ranks: the processes of one job under mpirun, each on its own machine or core. Without mpirun there is one.
//
// Every rank runs the same lines, so all stay at the same place; rank 0 alone prints and writes files. MPI is a module
// that is loaded when the program was started by mpirun, so nothing else needs it.
#ifndef BAUER_BASE_RANKS_H
#define BAUER_BASE_RANKS_H

#include "base/text.h"

// Joins the job, if there is one. `module`: the file to load, tried in turn until NULL. false with an error when the
// process was started by mpirun and cannot join.
bool ranks_begin(const char *const *module, struct error *error);
void ranks_end(void); // leaves the job: waits for the others

unsigned ranks_count(void); // 1 without a job
unsigned ranks_mine(void);  // 0 ... ranks_count() - 1

// Puts `size` bytes of each rank one after the other into `all` (ranks_count() * size bytes), on every rank. All ranks
// call it with the same size. ERROR_OTHER when the connection fails.
bool ranks_gather(const void *mine, void *all, size_t size, struct error *error);
// All ranks call it: true when it went well on all of them; else, on each of them, the error of the lowest that failed.
// After that all are expected to end, and nothing is shared any more.
bool ranks_agree(bool ok, const struct error *mine, struct error *error);

#endif
