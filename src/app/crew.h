// Threads that work on training runs while the caller does something else: each takes the run that is furthest behind,
// for a report or a second of work, and then the next.
//
// A run is touched by the thread that has it; the caller reads its reports (lab/train says how), its state and, once
// that is RUN_FAILED, its error.
#ifndef BAUER_APP_CREW_H
#define BAUER_APP_CREW_H

#include <stdatomic.h>

#include "lab/reactor.h"
#include "lab/train.h"

enum run_state { RUN_WAITS, RUN_GOES, RUN_DONE, RUN_FAILED };

struct training {
    char name[80]; // of its curve: "different 0.1"
    struct network network;
    struct train *train;
    struct reactor *reactor; // what is iterated instead of a network, or NULL; of the options it has the iterations,
                             // the seed and the fraction
    struct train_options options;
    _Atomic enum run_state state;
    struct error error;    // why it failed
    char checkpoint[4096]; // "" for none
    atomic_bool unsaved;   // the checkpoint could not be written
    struct error unsaved_error;
    atomic_bool behind;           // nor could it the last time: the file, if there is one, is of before
    bool told_unsaved, explained; // the caller's
    double saved_at;
};

uint64_t run_iteration(const struct training *run);
bool run_done(const struct training *run);

struct crew;
// Begins to work on all that are not done, on as many threads as there are processors and runs. The runs stay the
// caller's.
struct crew *crew_new(struct training *run, uint32_t count, struct error *error);
// Stops where the runs are, saves those with a checkpoint, and ends the threads. NULL is allowed.
void crew_free(struct crew *crew);
void crew_pause(struct crew *crew, bool pause); // at once; what has a checkpoint is saved
bool crew_paused(const struct crew *crew);
bool crew_busy(struct crew *crew); // some run is neither done nor failed
// Waits until there is news (a report, an end) or `seconds` have passed.
void crew_wait(struct crew *crew, double seconds);
// Iterations done and in all; seconds that the rest will take at the pace so far (NaN: not known yet).
void crew_progress(struct crew *crew, double *done, double *total, double *left);

#endif
