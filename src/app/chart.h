// Plots that a session shows: one panel or several, of curves. The window draws them itself from the numbers, so that
// they can be moved at once; :export draws them through the same show/plot.
//
// A chart owns its texts and numbers. Texts are plain.
#ifndef BAUER_APP_CHART_H
#define BAUER_APP_CHART_H

#include <jansson.h>

#include "app/session.h"
#include "base/series.h"
#include "show/plot.h"

struct chart_curve {
    char *name; // or NULL: no label
    double *x, *y, *low, *high;
    size_t count;
    enum plot_marks marks;
    uint32_t colour; // curves of one colour belong together: a click hides them all
    bool dashed, hollow;
};

struct chart_panel {
    char *title, *x_label, *y_label;
    struct chart_curve *curve;
    size_t curve_count, curve_capacity;
    bool log_x, log_y;
    bool fixed; // shows `window`, not all of the data
    struct plot_window window;
};

struct chart {
    char *title, *note; // of the page; "" for none
    struct chart_panel *panel;
    size_t panel_count, panel_capacity;
    uint32_t columns;                 // panels side by side; 0: as fits a screen
    double panel_width, panel_height; // points in a file; 0: as plots are, or smaller side by side
    bool unfinished;                  // made of what there was at Ctrl-C
    char *csv, *json;                 // what :export writes for these endings; NULL: there is none
    char *state;                      // the lines that make it again
    uint64_t serial;                  // differs between charts
    // A page that is more than its plots: what draws it, from what it keeps. NULL: the panels are all.
    bool (*draw)(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error);
    void *kept;
    void (*free_kept)(void *kept);
};

// An empty one; ERROR_MEMORY.
struct chart *chart_new(const char *title, const char *note, struct error *error);
void chart_free(struct chart *chart); // NULL is allowed

// All that add return NULL or false when out of memory.
struct chart_panel *chart_panel(struct chart *chart, const char *title, const char *x_label, const char *y_label);
// Room for `count` points: x and y, and low and high if it has bars. The pointer is good until the next curve.
struct chart_curve *chart_curve(struct chart_panel *panel, const char *name, size_t count, bool bars);

// A table's columns as curves, for :plot. `x` NULL: the first column if it rises, else the row's number. `y` NULL: all
// others. ERROR_NAME: no such column. The series is only read.
struct chart *chart_of_series(const struct series *series, const char *title, const char *x, const char *const *y,
                              uint32_t y_count, bool log_x, bool log_y, struct error *error);

// Draws one panel, `width` by `height` points.
bool chart_panel_scene(const struct chart *chart, size_t panel, enum theme theme, double width, double height,
                       struct scene *scene, char message[256], struct error *error);
// Of a `draw`: the chart's note at (x, y) and below, a line for each of its lines; where the next one would be.
double chart_draw_note(const struct chart *chart, const struct style *style, double x, double y, struct scene *scene);
// The end of a `draw`: the page's size, background and words. `ok`: all went well so far. False clears the scene.
bool chart_finish_page(const struct chart *chart, const struct style *style, double width, double height, bool ok,
                       struct scene *scene, struct error *error);
// Draws it; names and labels are escaped. `message` says what cannot be shown.
bool chart_scene(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error);
// For the window: {"title", "note", "columns", "panels":[...]}, each panel as chart_panel_json. NULL: out of memory.
json_t *chart_json(const struct chart *chart);
// {"title", "x_label", "y_label", "log_x", "log_y", "curves":[{"name", "x":[...], "y":[...]}]}, and "low", "high",
// "marks", "colour", "hollow" of a curve where they are not the usual ones; what is not finite is null.
json_t *chart_panel_json(const struct chart_panel *panel);
// A line for each curve: its name, points, smallest and largest value.
void chart_describe(const struct chart *chart, struct buffer *out);
// Makes it what the session shows, instead of the one before.
void chart_show(struct session *session, struct chart *chart);

struct export_format;
struct export_options;
// What :export writes while a plot is shown: the picture, or the table or record that it came with. ERROR_USAGE: a
// format that it has not.
bool chart_export(struct session *session, const struct export_format *format, const struct export_options *options,
                  struct buffer *out, char message[256], struct error *error);

#endif
