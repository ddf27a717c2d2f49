// What :reactor and :figure 7 share: runs of the reactor over fractions, estimators and seeds, the page that shows how
// they are doing, and their losses as curves and a table.
#ifndef BAUER_APP_STEERING_H
#define BAUER_APP_STEERING_H

#include "app/runs.h"

extern const struct job_kind steering_kind;

// A run of its own in the job, named after its estimator and fraction. Watches the fields of the page.
bool steering_add(struct job *job, const struct reactor_options *options, struct error *error);
// Where a run goes on, if the file is there; from then on it is saved there. `told`: say so.
bool steering_take_up(struct session *session, struct training *run, const char *file, bool told, struct error *error);

// Pictures of fields and targets at some times, kept points outlined, a row of `columns`; all share one scale.
struct steering_picture {
    double *field; // side x side
    uint32_t side;
    uint32_t *cell;
    uint32_t cells;
    char title[48]; // markup
};
struct steering_strip {
    struct steering_picture *picture;
    uint32_t count, columns;
    double size, low, high;
};
bool steering_strip_add(struct steering_strip *strip, const double *field, uint32_t side, const uint32_t *cell,
                        uint32_t cells, const char *title, struct error *error);
void steering_strip_free(struct steering_strip *strip);
// Draws it with its corner at (x, y); returns the height.
double steering_strip_draw(const struct steering_strip *strip, enum theme theme, double x, double y,
                           struct scene *scene, struct error *error);

// Losses of the runs that `wanted` (NULL: all) says yes to, on a log axis.
bool steering_panel(struct chart *chart, const struct job *job, const char *title,
                    bool (*wanted)(const struct training *run), struct error *error);
bool steering_table(const struct job *job, struct buffer *csv);
json_t *steering_record(const struct training *run);

#endif
