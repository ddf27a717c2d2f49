// What :train and the paper's figures share: a network for some data, and runs of it over methods and seeds.
#ifndef BAUER_APP_TRAIN_COMMAND_H
#define BAUER_APP_TRAIN_COMMAND_H

#include "app/chart.h"
#include "lab/train.h"

// The network that a function is, for a batch: its graph becomes the current one. A name that is not defined is looked
// for in lessons/nets. network_free drops its graphs.
bool network_make(struct session *session, const char *function, const struct dataset *data, uint32_t batch,
                  struct network *network, struct error *error);
void network_free(struct network *network);

struct training {
    char name[80]; // of its curve: "different 0.1"
    struct network network;
    struct train *train;
    struct train_options options;
    struct error error; // why it stopped
    bool stopped;
    char checkpoint[300]; // "" for none
};

// Runs all of them until they are done, a report at a time, on all processors; `told` (or NULL) is called after each
// round. What fails ends alone. ERROR_INTERRUPT: it can be called again.
bool training_run(struct training *run, uint32_t count, void (*told)(void *context), void *context,
                  struct error *error);
// Curves of the runs: which of a report's numbers. Runs of one name have one colour.
enum training_curve { CURVE_LOSS, CURVE_ACCURACY, CURVE_TEST_LOSS, CURVE_TEST_ACCURACY, CURVE_SECONDS };
bool training_panel(struct chart *chart, const struct training *run, uint32_t count, enum training_curve what,
                    struct error *error);
// All reports of all runs as a table for csv: run, method, keep, seed, iteration, ...
bool training_table(const struct training *run, uint32_t count, struct buffer *csv);

#endif
