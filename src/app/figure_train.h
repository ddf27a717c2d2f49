// A figure of trainings while it is made: its parts, each a network on its data with all its runs.
#ifndef BAUER_APP_FIGURE_TRAIN_H
#define BAUER_APP_FIGURE_TRAIN_H

#include "app/recipe.h"
#include "app/train_command.h"

enum { FIGURE_PARTS = 3, FIGURE_SIZES = 8, FIGURE_RUNS = 256 };

struct made_part {
    const struct recipe *recipe;
    bool wanted, there; // by `only`; its data
    char missing[512];  // why they are not there
    struct dataset data, test;
    uint32_t images;                      // to train on, also when the data are gone
    struct network network[FIGURE_SIZES]; // one for each size of batch
    uint32_t size[FIGURE_SIZES], networks;
    struct training *run; // methods x seeds, those of a method together
    const struct recipe_method **method;
    uint32_t runs;
    double planned; // bytes that all its runs need at once
};

struct made {
    const struct recipe_plan *plan;
    const struct figure_options *options;
    struct session *session;
    struct made_part part[FIGURE_PARTS];
    struct buffer told; // about checkpoints and failures, a line each
    bool stopped;       // by Ctrl-C
    size_t reports;     // that the chart in the window has
};

// Something that the person must know, told at once and kept for the record.
void made_tell(struct made *made, const char *format, ...) __attribute__((format(printf, 2, 3)));

// ---- figure_page.c
// The figure of all reports so far, with csv, json and state. ERROR_INTERRUPT: there is none yet.
struct chart *made_chart(const struct made *made, struct error *error);
// A table of what came of each method: mean and deviation over the seeds.
void made_table(const struct made *made);
// Reports of all runs.
size_t made_reports(const struct made *made);

#endif
