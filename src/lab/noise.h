// How far gradients that are estimated from batches are from the gradient of all data, layer by layer, at several
// moments of a training.
//
// The network is trained; at each checkpoint its parameters stay as they are, the gradient over all images is taken
// exactly, batch by batch, and every method estimates it as often as wanted from batches drawn from the same images,
// with replacement. Methods of one size of batch see the same batches. Where it stands is kept in two files, every few
// seconds and when it is interrupted, so that a run that is taken up again gives the same bits.
#ifndef BAUER_LAB_NOISE_H
#define BAUER_LAB_NOISE_H

#include "lab/train.h"

enum { NOISE_LAYERS = 8, NOISE_METHODS = 8, NOISE_CHECKPOINTS = 8 };

struct noise_method {
    struct keep keep; // the seed is the plan's
    uint32_t batch;
    const struct network *network; // for that batch; its inputs in the order of the trained one's
};

struct noise_plan {
    struct train_options train; // as far as the last checkpoint
    const struct network *network;
    uint64_t checkpoint[NOISE_CHECKPOINTS]; // iterations, rising, multiples of train.report
    uint32_t checkpoints;
    struct noise_method method[NOISE_METHODS];
    uint32_t methods;
    uint32_t images; // the first ones of the data: that of "all data"; a multiple of train.batch
    uint32_t draws;  // of each method at each checkpoint; 2 at least
    uint64_t seed;
};

// What one method has given so far: sums over draws of the squared distance from the whole gradient, a mean over a
// layer's entries, and of its square.
struct noise {
    uint32_t draws;
    double sum[NOISE_LAYERS], square[NOISE_LAYERS];
    uint64_t held, planned; // bytes between forward and backward, counted and foretold
};
double noise_mean(const struct noise *noise, uint32_t layer);
double noise_error(const struct noise *noise, uint32_t layer); // its standard error; NaN below 2 draws

struct noise_checkpoint {
    uint32_t batches;                 // of the whole gradient, that are done
    double loss;                      // mean over them
    double mean_square[NOISE_LAYERS]; // entry of the whole gradient, when all are done
    struct noise noise[NOISE_METHODS];
};

struct noise_run;
// A layer is a parameter W1, W2, ... `stem`: its files are STEM.run and STEM.noise; NULL: none. Files of another plan,
// data, network or machine, and damaged ones, are not used. ERROR_NAME: there is no W1; ERROR_USAGE: no such plan. What
// is given stays the caller's, and must stay.
struct noise_run *noise_new(const struct noise_plan *plan, const struct dataset *data, const struct dataset *test,
                            const char *stem, struct error *error);
void noise_free(struct noise_run *run); // NULL is allowed
// Until all is done, by a thread that Ctrl-C at the prompt means. ERROR_INTERRUPT: it is saved and can go on, as in
// another program.
bool noise_go(struct noise_run *run, struct error *error);

uint32_t noise_layers(const struct noise_run *run);
const struct noise_checkpoint *noise_at(const struct noise_run *run, uint32_t checkpoint);
// Parameters as they are trained so far.
const struct train *noise_train(const struct noise_run *run);
// Images that have gone forwards and backwards since noise_new.
double noise_worked(const struct noise_run *run);

#endif
