// What train.c and checkpoint.c share.
#ifndef BAUER_LAB_TRAIN_PRIVATE_H
#define BAUER_LAB_TRAIN_PRIVATE_H

#include <stdatomic.h>

#include "lab/train.h"

struct slot { // of a parameter
    vertex v;
    size_t count;
    float *value, *gradient; // the tape's; the gradient where it was asked for
    float *first, *second;   // Adam's moments
};

struct train {
    const struct network *network;
    const struct dataset *data, *test;
    struct train_options options;
    struct tape *tape, *evaluator;
    vertex image[2], label[2]; // of the training and the evaluating graph
    struct slot *slot;
    uint32_t slot_count;
    uint32_t *drawn; // the bootstrap: which images are the training set
    uint32_t *index; // of a batch
    _Atomic uint64_t iteration;
    _Atomic double last_loss; // of a batch
    double batch_loss;
    uint64_t batches;
    double seconds;
    struct train_report *report; // has room for all to come, so that it stays where it is
    atomic_size_t report_count;
    size_t report_room;
    size_t held, planned, pool; // after train_settle
    bool broken;                // the loss is no number
    char note[400];
};

enum { TRAIN_REPORTS = 1000000 };

// Of all that the continuation's bits depend on: network, data, options, machine.
uint64_t train_identity(const struct train *train);

// Room for `count` reports in all.
bool train_report_room(struct train *train, uint64_t count, struct error *error);

#endif
