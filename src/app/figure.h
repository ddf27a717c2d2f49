// The figures of the paper "Randomized Automatic Differentiation" as recipes: each makes a page, and the numbers in it.
#ifndef BAUER_APP_FIGURE_H
#define BAUER_APP_FIGURE_H

#include "app/chart.h"

struct figure_options {
    bool full;          // as long as it takes, else minutes at most
    const char *folder; // of data that no package has, or NULL
    bool folder_named;  // in this line, not by bauer --data
    // Of the figures that train:
    const char *data;    // of the networks for grey images: "mnist"; NULL: fashion-mnist of the package
    const char *network; // alone; NULL: all
    uint64_t iterations; // 0: as many as the figure has; of the one that steers, too
    uint32_t seeds;      // 0: as many as the figure has
    bool distinct;       // Figure 10: curves without replacement too
};

struct figure {
    int number;
    const char *summary;
    bool trains;
    bool steers; // takes `iterations` too, and is written as PDF too
    // The page with its csv, json and state; NULL with an error.
    struct chart *(*make)(struct session *session, int number, const struct figure_options *options,
                          struct error *error);
};

extern const struct figure figure_table[];
extern const size_t figure_count;

struct chart *figure_2(struct session *session, int number, const struct figure_options *options, struct error *error);
struct chart *figure_3(struct session *session, int number, const struct figure_options *options, struct error *error);
struct chart *figure_4(struct session *session, int number, const struct figure_options *options, struct error *error);
struct chart *figure_5(struct session *session, int number, const struct figure_options *options, struct error *error);
struct chart *figure_7(struct session *session, int number, const struct figure_options *options, struct error *error);
// 6, 8, 9 and 10
struct chart *figure_train(struct session *session, int number, const struct figure_options *options,
                           struct error *error);

#endif
