// Training a traced network: forward and backward on a tape, an optimizer, and where it stands, which can be saved and
// taken up again with the same bits.
//
// A run is worked on by one thread at a time; another may read its iteration and its reports meanwhile.
#ifndef BAUER_LAB_TRAIN_H
#define BAUER_LAB_TRAIN_H

#include "base/series.h"
#include "graph/tape.h"
#include "lab/data.h"

enum optimizer { OPTIMIZER_ADAM, OPTIMIZER_SGD, OPTIMIZERS };
extern const char *const optimizer_names[OPTIMIZERS];

struct train_options {
    uint32_t batch;
    uint64_t iterations;
    enum optimizer optimizer;
    double rate, decay;    // decay: L2, added to the gradient
    double gamma;          // the rate is multiplied by it every `drop` iterations
    uint64_t drop;         // 0: never
    double clip;           // of the whole gradient's length; 0: none
    bool bootstrap;        // train on as many images drawn with replacement
    uint64_t report;       // a report every so many iterations
    uint32_t train_images; // of the training set at a report; 0: all
    uint32_t test_images;  // 0: all
    uint64_t seed;
    struct keep keep;
};

// What is told at each report.
struct train_report {
    uint64_t iteration;
    double batch_loss; // mean since the last report
    double loss, accuracy, test_loss, test_accuracy;
    double seconds; // of a processor, for training since the last report, without the evaluation
};

// A network: the graph for a batch, and for an evaluation of `evaluate` images; both have an input of images, one of
// labels, and the loss as only output.
struct network {
    struct graph *train, *evaluate; // held by whoever made them
    uint32_t evaluate_batch;
};

struct train;
// ERROR_TYPE: the graph is none of a network for these data; ERROR_LIMIT: too many reports; ERROR_MEMORY. All that is
// given stays the caller's, and must stay.
struct train *train_new(const struct network *network, const struct dataset *data, const struct dataset *test,
                        const struct train_options *options, struct error *error);
void train_free(struct train *train);
// Bytes that a run of this graph will need, as far as the graph tells: inputs, the values alive at once on the way and,
// with options, parameters' gradients and moments and what backward remembers. Without the data. Of a graph for a batch
// of 1 and one of 2 it gives that of any batch: it grows in proportion.
bool train_need(const struct graph *graph, const struct train_options *options, double *bytes, struct error *error);

// Iterations until the next report was made, all are done, or `seconds` have passed (an iteration is done at least).
// ERROR_INTERRUPT between two iterations, where it can go on. ERROR_DOMAIN: the loss is no number, and there it ends;
// train_find_nan says more.
bool train_on(struct train *train, double seconds, struct error *error);
// After such an end: the error again, with the first vertex whose value is no number and its line in the program.
void train_find_nan(struct train *train, struct error *error);
// Gives back all that only training needs; reports and counts stay. It cannot go on.
void train_settle(struct train *train);
bool train_done(const struct train *train);
uint64_t train_iteration(const struct train *train);
size_t train_held(const struct train *train);       // bytes between forward and backward; 0: none was run yet
size_t train_planned(const struct train *train);    // the same foretold
size_t train_pool(const struct train *train);       // most bytes of values at once, of training and evaluation
double train_batch_loss(const struct train *train); // the last batch's; NaN before
// They stay where they are until train_load.
const struct train_report *train_reports(const struct train *train, size_t *count);
// The numbers of a parameter of the network's graph, as they are now; NULL: it is none.
const float *train_parameter(const struct train *train, vertex v);
const struct train_options *train_options_of(const struct train *train);

// ---- checkpoint.c
// Everything that the continuation depends on. A file that cannot be written leaves the old one as it was.
bool train_save(const struct train *train, const char *path, struct error *error);
// ERROR_FILE: of another program or version, damaged, or of another network, other data or other options (the message
// says which); the run is then as it was.
bool train_load(struct train *train, const char *path, struct error *error);
// After train_load: what the continuation may differ by, "" if it has the same bits. It was saved where products are
// computed in another order.
const char *train_note(const struct train *train);

#endif
