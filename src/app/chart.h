// What :plot shows: some columns of a table of numbers as curves. The window draws it itself, so that it can be moved
// at once; :export draws it through the same show/plot.
#ifndef BAUER_APP_CHART_H
#define BAUER_APP_CHART_H

#include <jansson.h>

#include "app/session.h"
#include "base/series.h"
#include "show/plot.h"

struct chart {
    struct series series;
    char *title, *x_label, *y_label; // plain text
    size_t x;                        // the column along; SIZE_MAX: the row's number
    size_t *y;                       // the columns that are curves
    size_t y_count, y_capacity;
    bool log_x, log_y;
    double *rows;    // 1, 2, ... when x is the row's number
    uint64_t serial; // differs between charts
};

// Takes over the series. `x` NULL: the first column if it rises, else the row's number. `y` NULL: all others.
// ERROR_NAME: no such column.
struct chart *chart_new(struct series *series, const char *title, const char *x, const char *const *y, uint32_t y_count,
                        bool log_x, bool log_y, struct error *error);
void chart_free(struct chart *chart); // NULL is allowed

// Draws it; names and labels are escaped. `message` says what cannot be shown.
bool chart_scene(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error);
// For the window: {"title", "x_label", "y_label", "log_x", "log_y", "curves":[{"name", "x":[...], "y":[...]}]}; what is
// not finite is null. NULL: out of memory.
json_t *chart_json(const struct chart *chart);
// A line for each curve: its name, points, smallest and largest value.
void chart_describe(const struct chart *chart, struct buffer *out);

struct export_format;
struct export_options;
// What :export writes while a plot is shown: the picture, or (csv) the table it came from. ERROR_USAGE: a format for
// graphs.
bool chart_export(struct session *session, const struct export_format *format, const struct export_options *options,
                  struct buffer *out, char message[256], struct error *error);

#endif
