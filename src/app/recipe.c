#include "app/recipe.h"

#include <stdio.h>
#include <string.h>

static const struct recipe_method fashion_methods[] = {
    {"baseline", KEEP_EXACT, 1, 150, .001350, 4.066478e-07, false},
    {"reduced batch", KEEP_EXACT, 1, 20, .000645, 5.687505e-05, false},
    {"same sample", KEEP_SAME, .1, 150, .000452, 4.058855e-06, false},
    {"different sample", KEEP_DIFFERENT, .1, 150, .000934, 1.254031e-06, false},
    {"project", KEEP_PROJECT, .1, 150, .000527, 1.009799e-03, false},
};
static const struct recipe_method cifar_methods[] = {
    {"baseline", KEEP_EXACT, 1, 150, .001240, 4.340514e-05, false},
    {"reduced batch", KEEP_EXACT, 1, 22, .000430, 1.962288e-06, false},
    {"same sample", KEEP_SAME, .1, 150, .001159, 9.990263e-04, false},
    {"different sample", KEEP_DIFFERENT, .1, 150, .002139, 7.453841e-04, false},
    {"project", KEEP_PROJECT, .1, 150, .000435, 5.485464e-05, false},
};
static const struct recipe_method recurrent_methods[] = {
    {"baseline", KEEP_EXACT, 1, 150, 1e-4, 0, false},
    {"reduced batch", KEEP_EXACT, 1, 21, 1e-4, 0, false},
    {"same sample", KEEP_SAME, .1, 150, 1e-4, 0, false},
    {"different sample", KEEP_DIFFERENT, .1, 150, 1e-4, 0, false},
    {"project", KEEP_PROJECT, .1, 150, 1e-4, 0, false},
    {"different project", KEEP_PROJECT_DIFFERENT, .1, 150, 1e-4, 0, false},
};
// The fraction is the only difference: all have the rate and the decay of a tenth. Without replacement they have the
// baseline's, so that the whole without replacement is the baseline.
#define FRACTION(NAME, F, RATE, DECAY, DISTINCT)                                                                       \
    { NAME, KEEP_DIFFERENT, F, 150, RATE, DECAY, DISTINCT }
static const struct recipe_method fashion_fractions[] = {
    {"baseline", KEEP_EXACT, 1, 150, .001350, 4.066478e-07, false},
    FRACTION("fraction 0.05", .05, .000934, 1.254031e-06, false),
    FRACTION("0.1", .1, .000934, 1.254031e-06, false),
    FRACTION("0.3", .3, .000934, 1.254031e-06, false),
    FRACTION("0.5", .5, .000934, 1.254031e-06, false),
    FRACTION("0.8", .8, .000934, 1.254031e-06, false),
    FRACTION("0.5 noreplace", .5, .001350, 4.066478e-07, true),
    FRACTION("0.8 noreplace", .8, .001350, 4.066478e-07, true),
    FRACTION("1 noreplace", 1, .001350, 4.066478e-07, true),
};
static const struct recipe_method cifar_fractions[] = {
    {"baseline", KEEP_EXACT, 1, 150, .001240, 4.340514e-05, false},
    FRACTION("fraction 0.05", .05, .002139, 7.453841e-04, false),
    FRACTION("0.1", .1, .002139, 7.453841e-04, false),
    FRACTION("0.3", .3, .002139, 7.453841e-04, false),
    FRACTION("0.5", .5, .002139, 7.453841e-04, false),
    FRACTION("0.8", .8, .002139, 7.453841e-04, false),
    FRACTION("0.5 noreplace", .5, .001240, 4.340514e-05, true),
    FRACTION("0.8 noreplace", .8, .001240, 4.340514e-05, true),
    FRACTION("1 noreplace", 1, .001240, 4.340514e-05, true),
};

#define FASHION(TITLE, METHODS, COUNT)                                                                                 \
    {                                                                                                                  \
        .title = TITLE, .network = "fully_connected", .data = "fashion-mnist", .method = METHODS, .methods = COUNT,    \
        .gamma = .6, .bootstrap = true, .full = 20000, .quick = 4000, .drop = 2000, .full_seeds = 5, .quick_seeds = 5, \
        .full_report = 400, .paper_images = 60000, .cost = {                                                           \
            1,                                                                                                         \
            .017                                                                                                       \
        }                                                                                                              \
    }
#define CIFAR(TITLE, METHODS, COUNT, QUICK, SEEDS)                                                                     \
    {                                                                                                                  \
        .title = TITLE, .network = "convolutional", .data = "cifar10", .method = METHODS, .methods = COUNT,            \
        .gamma = .6, .bootstrap = true, .full = 100000, .quick = QUICK, .drop = 10000, .full_seeds = 5,                \
        .quick_seeds = SEEDS, .full_report = 2000, .quick_images = 2000, .paper_images = 50000, .cost = {              \
            3.5,                                                                                                       \
            1.12                                                                                                       \
        }                                                                                                              \
    }
#define RECURRENT(TITLE, COUNT, QUICK, SEEDS)                                                                          \
    {                                                                                                                  \
        .title = TITLE, .network = "recurrent", .data = "fashion-mnist", .method = recurrent_methods,                  \
        .methods = COUNT, .optimizer = OPTIMIZER_SGD, .gamma = 1, .clip = 1, .full = 200000, .quick = QUICK,           \
        .full_seeds = 3, .quick_seeds = SEEDS, .full_report = 2000, .quick_images = 2000, .paper_images = 60000,       \
        .cost = {                                                                                                      \
            5,                                                                                                         \
            .54                                                                                                        \
        }                                                                                                              \
    }

static const struct recipe parts6[] = {CIFAR("Convolutional", cifar_methods, 4, 1500, 3),
                                       FASHION("Fully connected", fashion_methods, 4),
                                       RECURRENT("Recurrent, pixel by pixel", 4, 1500, 3)};
static const struct recipe parts8[] = {CIFAR("Convolutional", cifar_methods, 5, 1500, 3),
                                       FASHION("Fully connected", fashion_methods, 5)};
static const struct recipe parts9[] = {RECURRENT("Recurrent, pixel by pixel", 6, 1500, 3)};
static const struct recipe parts10[] = {CIFAR("Convolutional", cifar_fractions, 9, 1000, 2),
                                        FASHION("Fully connected", fashion_fractions, 9)};
static const struct recipe_plan plans[] = {
    {6, "Figure 6: training loss with a tenth remembered", parts6, 3, false},
    {8, "Figure 8: five methods", parts8, 2, true},
    {9, "Figure 9: six methods for the recurrent network", parts9, 1, true},
    {10, "Figure 10: how much to keep", parts10, 2, true},
};

const struct recipe_plan *recipe_plan(int number) {
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        if (plans[i].number == number) return &plans[i];
    return NULL;
}

bool recipe_is_network(const char *name) {
    for (uint32_t p = 0; p < 3; p++)
        if (strcmp(parts6[p].network, name) == 0) return true;
    return false;
}

// ---- with the words of a line -------------------------------------------------------------------------------------

uint64_t recipe_iterations(const struct recipe *r, const struct figure_options *o) {
    return o->iterations ? o->iterations : o->full ? r->full : r->quick;
}

uint32_t recipe_seeds(const struct recipe *r, const struct figure_options *o) {
    return o->seeds ? o->seeds : o->full ? r->full_seeds : r->quick_seeds;
}

bool recipe_wants(const struct recipe *r, const struct figure_options *o) {
    return !o->network || strcmp(o->network, r->network) == 0;
}

const char *recipe_data(const struct recipe *r, const struct figure_options *o) {
    return o->data && strcmp(r->data, "cifar10") != 0 ? o->data : r->data;
}

static uint64_t drop_of(const struct recipe *r, uint64_t iterations) {
    uint64_t drop = r->drop * iterations / r->full;
    return r->drop && !drop ? 1 : drop;
}

struct train_options recipe_options(const struct recipe *r, const struct recipe_method *m,
                                    const struct figure_options *o, uint64_t seed) {
    uint64_t iterations = recipe_iterations(r, o);
    uint64_t report = o->full ? r->full_report : (iterations + 9) / 10;
    return (struct train_options){.batch = m->batch,
                                  .iterations = iterations,
                                  .optimizer = r->optimizer,
                                  .rate = m->rate,
                                  .decay = m->decay,
                                  .gamma = r->gamma,
                                  .drop = drop_of(r, iterations),
                                  .clip = r->clip,
                                  .bootstrap = r->bootstrap,
                                  .report = report < iterations ? report : iterations,
                                  .train_images = o->full ? 0 : r->quick_images,
                                  .test_images = o->full ? 0 : r->quick_images,
                                  .seed = seed,
                                  .keep = {.method = m->method, .fraction = m->fraction, .distinct = m->distinct}};
}

double recipe_cost(const struct recipe *r, const struct train_options *o) {
    double signs = o->keep.method == KEEP_PROJECT_DIFFERENT ? 3.5 : 1; // of a matrix for every row
    return (r->cost[0] + r->cost[1] * o->batch) * signs;
}

// ---- in words -----------------------------------------------------------------------------------------------------

void recipe_count(struct buffer *out, uint64_t number) {
    if (number >= 1000) {
        recipe_count(out, number / 1000);
        buffer_printf(out, ",%03u", (unsigned)(number % 1000));
    } else {
        buffer_printf(out, "%u", (unsigned)number);
    }
}

static const char *name_of(const char *data) {
    return strcmp(data, "cifar10") == 0 ? "CIFAR-10" : strcmp(data, "mnist") == 0 ? "MNIST" : "Fashion-MNIST";
}

static void tell_rates(const struct recipe *r, uint64_t iterations, struct buffer *out) {
    if (!r->drop) return;
    buffer_printf(out, ", rates times %g every ", r->gamma);
    recipe_count(out, drop_of(r, iterations));
    if (iterations == r->full) return;
    buffer_text(out, " (");
    recipe_count(out, r->drop);
    buffer_text(out, ")");
}

void recipe_tell(const struct recipe *r, const struct figure_options *o, uint32_t images, uint64_t seed,
                 struct buffer *out) {
    uint64_t iterations = recipe_iterations(r, o);
    uint32_t seeds = recipe_seeds(r, o), some = o->full ? 0 : r->quick_images;
    const char *data = recipe_data(r, o);
    buffer_printf(out, "%s on %s: ", r->title, name_of(data));
    recipe_count(out, iterations);
    buffer_printf(out, " iteration%s", iterations == 1 ? "" : "s");
    if (iterations != r->full) buffer_text(out, " (the paper: "), recipe_count(out, r->full), buffer_text(out, ")");
    tell_rates(r, iterations, out);
    buffer_printf(out, seeds > 1 ? ", seeds %llu to %llu" : ", seed %llu", (unsigned long long)seed + 1,
                  (unsigned long long)seed + seeds);
    if (seeds != r->full_seeds) buffer_printf(out, " (%u)", r->full_seeds);
    if (images != r->paper_images) {
        buffer_text(out, ", ");
        recipe_count(out, images);
        buffer_text(out, " images to train on (");
        recipe_count(out, r->paper_images);
        buffer_text(out, ")");
    }
    if (some && some < images)
        buffer_text(out, ", losses of the first "), recipe_count(out, some), buffer_text(out, " of each set (all)");
    if (strcmp(data, "fashion-mnist") == 0) buffer_text(out, "; the paper has MNIST");
    buffer_text(out, ". ");
}
