// Trainings in the background: what :train has begun at the prompt, and :runs, :pause, :resume and :stop are about.
#ifndef BAUER_APP_RUNS_H
#define BAUER_APP_RUNS_H

#include "app/train_command.h"

struct job;
// What a job shows that trains no network; NULL: it does.
struct job_kind {
    struct chart *(*chart)(const struct job *job, struct error *error);
    void (*tell)(struct session *session, const struct job *job);
};

// One :train: its runs over methods, fractions and seeds, and all that they work with.
struct job {
    struct job *next;
    const struct job_kind *kind;
    uint32_t number; // from 1; 0: it was waited for
    char *title;     // the words of the command
    char images[40]; // the name of the data
    struct dataset data, test;
    struct network network;
    struct training *run;
    uint32_t count;
    struct keep_layer *layer; // fractions of the runs
    bool keeps;               // has checkpoints
    struct crew *crew;        // NULL: all has ended
    uint64_t chart;           // serial of the chart that shows it
    size_t charted;           // reports in it
};

struct job *job_new(struct error *error);
void job_free(struct job *job); // stops it
// Room for one more run, all zero; the caller fills it and then adds 1 to the count. ERROR_USAGE beyond 64. The others
// may move.
struct training *job_add(struct job *job, struct error *error);
// Makes its curves the chart of the session, again if they are there already.
void job_show(struct session *session, struct job *job);
// Its runs as a table; or their reports from *told (one for each run) on as JSON, in the order of the runs: those of a
// run follow when the one before is through. Or those of one.
void job_tell(struct session *session, const struct job *job);
void job_tell_reports(struct session *session, const struct job *job, size_t *told);
void job_tell_run(struct session *session, const struct training *run, size_t *told);
// From where the line that made a job with checkpoints, which was stopped, would go on: "the same line goes on from
// ..."
void job_prospect(const struct job *job, char out[160]);
void job_tell_stopped(struct session *session, const struct job *job); // of one that was waited for

// Takes the job and lets it go on in the background.
bool runs_add(struct session *session, struct job *job, struct error *error);
// Milliseconds until runs_attend should be called again, -1: never.
int runs_timeout(const struct session *session);
// Follows the jobs: curves of those that are shown, failures, ends. Whether an answer was made (it is not flushed).
bool runs_attend(struct session *session);
// How the newest is doing, for the prompt: "[43 % ▇▅▃▂ 0.41, 12 s] ", or "".
void runs_prompt(const struct session *session, char out[160]);
bool runs_busy(const struct session *session);
// Stops all, saving what has a checkpoint, and says so on stderr.
void runs_close(struct session *session);

#endif
