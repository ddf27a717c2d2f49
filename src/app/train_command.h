// What :train and the paper's figures share: a network for some data, and runs of it over methods and seeds.
#ifndef BAUER_APP_TRAIN_COMMAND_H
#define BAUER_APP_TRAIN_COMMAND_H

#include "app/chart.h"
#include "app/crew.h"

// The network that a function is, for a batch: its graph becomes the current one. A name that is not defined is looked
// for in lessons/nets. network_free drops its graphs.
bool network_make(struct session *session, const char *function, const struct dataset *data, uint32_t batch,
                  struct network *network, struct error *error);
void network_free(struct network *network);
uint32_t network_evaluation(const struct dataset *data); // images evaluated at once
// The graph alone, held by the caller, and the session as it was; NULL with an error.
struct graph *network_trace(struct session *session, const char *function, const struct dataset *data, uint32_t batch,
                            struct error *error);
// The folder of the data: `given` (NULL: none), else what bauer --data said, or NULL.
const char *training_folder(const char *given);
void training_set_folder(const char *folder); // must stay

// Runs all of them until they are done, on all processors; `told` (or NULL) is called after reports, by the caller's
// thread. What fails ends alone, its error says why. ERROR_INTERRUPT: all that has a checkpoint was saved, and it can
// be called again.
bool training_run(struct training *run, uint32_t count, void (*told)(void *context), void *context,
                  struct error *error);
// Bytes that runs and their evaluations need, all at once, from the graphs of a batch of 1 and of 2; `images`: how many
// are evaluated at once.
bool training_need(struct graph *const small[2], double images, const struct training *run, uint32_t count,
                   double *bytes, struct error *error);
// Told before anything is computed, not found out in the night: ERROR_LIMIT.
bool training_fits(double bytes, const char *hint, struct error *error);
// At the prompt training goes on in the background; whatever has lines after it waits.
bool training_goes_on_behind(const struct session *session);
// Looks for what is new about a run: why it failed, or that it could not be saved. false: nothing.
bool training_news(struct training *run, struct error *error);
// Curves of the runs: which of a report's numbers. Runs of one name have one colour.
enum training_curve { CURVE_LOSS, CURVE_ACCURACY, CURVE_TEST_LOSS, CURVE_TEST_ACCURACY, CURVE_SECONDS };
bool training_panel(struct chart *chart, const struct training *run, uint32_t count, enum training_curve what,
                    struct error *error);
// All reports of all runs as a table for csv: run, method, keep, seed, iteration, ...
bool training_table(const struct training *run, uint32_t count, struct buffer *csv);

#endif
