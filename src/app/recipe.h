// What Figures 6, 8, 9 and 10 train: networks, methods, rates and decays as the paper's authors tuned them, for how
// long, and what of that `quick` shortens.
#ifndef BAUER_APP_RECIPE_H
#define BAUER_APP_RECIPE_H

#include "app/figure.h"
#include "lab/train.h"

struct recipe_method {
    const char *name;
    enum keep_method method;
    double fraction;
    uint32_t batch;
    double rate, decay;
    bool distinct; // without replacement: only made if asked for
};

// One network on its data: what a figure repeats for every method and seed.
struct recipe {
    const char *title; // "Convolutional"
    const char *network, *data;
    const struct recipe_method *method;
    uint32_t methods;
    enum optimizer optimizer;
    double gamma, clip;
    bool bootstrap;
    uint64_t full, quick; // iterations
    uint64_t drop;        // of the full length: the rate falls; shortened in proportion
    uint32_t full_seeds, quick_seeds;
    uint64_t full_report;  // iterations between two reports; quick has ten
    uint32_t quick_images; // of each set at a report; 0 and full: all
    uint32_t paper_images; // of the paper's training set
    double cost[2];        // milliseconds of an iteration, about: fixed, and for an image; only their ratios matter
};

struct recipe_plan {
    int number;
    const char *title;
    const struct recipe *part;
    uint32_t parts;
    bool all_panels; // five; else the training loss alone
};

const struct recipe_plan *recipe_plan(int number); // NULL: no such figure
bool recipe_is_network(const char *name);          // of some plan

// What is left of it with these words.
uint64_t recipe_iterations(const struct recipe *recipe, const struct figure_options *options);
uint32_t recipe_seeds(const struct recipe *recipe, const struct figure_options *options);
bool recipe_wants(const struct recipe *recipe, const struct figure_options *options); // `only`
const char *recipe_data(const struct recipe *recipe, const struct figure_options *options);
struct train_options recipe_options(const struct recipe *recipe, const struct recipe_method *method,
                                    const struct figure_options *options, uint64_t seed);
double recipe_cost(const struct recipe *recipe, const struct train_options *options); // of an iteration
// "CIFAR-10: 1,000 iterations of the paper's 100,000, 3 seeds of 5, ...": how it is made and every way in which it is
// not as in the paper. `images`: how many there are to train on.
void recipe_tell(const struct recipe *recipe, const struct figure_options *options, uint32_t images, uint64_t seed,
                 struct buffer *out);
void recipe_count(struct buffer *out, uint64_t number); // "100,000"

#endif
