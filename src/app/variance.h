// :variance: a sweep over depth, width, keep and samples, from its words to its cells, its file, its plot and its
// table.
//
//     words -> plan (variance_command.c) -> cells (variance.c) -> results file (variance_file.c)
//                                                              -> plot, table, JSON (variance_report.c)
#ifndef BAUER_APP_VARIANCE_H
#define BAUER_APP_VARIANCE_H

#include <jansson.h>

#include "app/command.h"
#include "estimate/sweep.h"

enum { VARIANCE_METHODS = 16, VARIANCE_VALUES = 4096, VARIANCE_CELLS = 1 << 20 };

// What is swept over; an axis with one value is fixed.
enum variance_axis { AXIS_DEPTH, AXIS_SAMPLES, AXIS_KEEP, AXIS_WIDTH, AXIS_COUNT };
extern const char *const variance_axis_names[AXIS_COUNT]; // "depth", ...

struct values {
    double value[VARIANCE_VALUES];
    uint32_t count; // 0: not told
};

struct variance {
    bool has_pattern;       // else the current graph
    struct pattern pattern; // its width and depth come from the axes
    struct values axis[AXIS_COUNT];
    bool fraction; // `keep` is told as fractions
    struct method method[VARIANCE_METHODS];
    bool bare[VARIANCE_METHODS]; // what it keeps comes from the axis
    uint32_t method_count;
    uint64_t estimates, seed; // estimates of each cell (and graph)
    uint32_t graphs;
    bool relative, one_panel;
    const char *file; // results, or NULL
    char *command;    // as typed, and the seed
    char *again;      // the same without its file, for a picture; NULL if it has none
    vertex from, to;  // of the current graph
    struct subgraph *subgraph;
    struct sweep sweep;     // the cells, with the last axis running fastest: width, keep, method, depth, samples
    size_t cells_read;      // that were done in the file
    char *others;           // the file's rows that are no cells of this sweep
    struct error unwritten; // why the file could not be written at last; ERROR_NONE: it could
};

// The values of cell number `cell`: its index on each axis, and its method.
struct variance_place {
    uint32_t index[AXIS_COUNT], method;
};
struct variance_place variance_at(const struct variance *v, size_t cell);
size_t variance_cell(const struct variance *v, const struct variance_place *at);
// The axis that a plot runs along.
enum variance_axis variance_along(const struct variance *v);
double variance_value(const struct variance *v, const struct variance_place *place, enum variance_axis axis); // NaN
// Whether the variance measured there is to be believed: enough samples carry it.
bool variance_is_heavy(const struct sweep_cell *cell);

// Makes the cells. ERROR_USAGE, ERROR_LIMIT: told before anything runs.
bool variance_plan(struct variance *v, struct session *session, struct error *error);
void variance_free(struct variance *v);

// Takes from the file what is done. No file: it is begun, so that one that cannot be written is told before anything
// runs. ERROR_FILE: that, or it is broken, or another sweep's.
bool variance_file_read(struct variance *v, struct error *error);
bool variance_file_write(const struct variance *v, struct error *error);
// The same text for :export, rows of this sweep alone.
bool variance_csv(const struct variance *v, struct buffer *out);

// Reads `words` and makes the cells; variance_free it, whatever happens.
bool variance_read(struct variance *v, struct session *session, const struct words *words, struct error *error);
// Runs what is not done. An interrupt is no failure if some cells are done; what there is goes to the file, and
// `unwritten` says whether that failed.
bool variance_run(struct variance *v, struct error *error);

json_t *variance_json(const struct variance *v);
bool variance_report(struct session *session, const struct variance *v, struct error *error);
struct chart *variance_chart(struct session *session, const struct variance *v, struct error *error);
// Adds its panels to a chart, for pages of several sweeps.
struct chart;
bool variance_panels(const struct variance *v, struct chart *chart, const char *title, struct error *error);

#endif
