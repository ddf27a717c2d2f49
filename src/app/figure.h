// The figures of the paper "Randomized Automatic Differentiation" as recipes: each makes a page, and the numbers in it.
#ifndef BAUER_APP_FIGURE_H
#define BAUER_APP_FIGURE_H

#include "app/chart.h"

struct figure {
    int number;
    const char *summary;
    // The page with its csv, json and state; NULL with an error. `full`: as long as it takes, else minutes at most.
    // `folder`: of data that no package has, or NULL.
    struct chart *(*make)(struct session *session, int number, bool full, const char *folder, struct error *error);
};

extern const struct figure figure_table[];
extern const size_t figure_count;

struct chart *figure_2(struct session *session, int number, bool full, const char *folder, struct error *error);
struct chart *figure_4(struct session *session, int number, bool full, const char *folder, struct error *error);
struct chart *figure_5(struct session *session, int number, bool full, const char *folder, struct error *error);
struct chart *figure_3(struct session *session, int number, bool full, const char *folder, struct error *error);
struct chart *figure_7(struct session *session, int number, bool full, const char *folder, struct error *error);
// 6, 8, 9 and 10
struct chart *figure_train(struct session *session, int number, bool full, const char *folder, struct error *error);

#endif
