// Graphs and paths as JSON objects and CSV tables: what :graph --json prints and what :export FILE.json and .csv write.
#ifndef BAUER_SHOW_RECORD_H
#define BAUER_SHOW_RECORD_H

#include <jansson.h>

#include "show/diagram.h"

// {"kind":"graph"|"lcg","vertices":[{"id","name","op","value"}],"edges":[{"from","to","partial"}]} and the members of
// `extra` (or NULL), as a line of compact JSON; from and to are ids; partial is null where nothing was linearized.
// false when out of memory or interrupted: then nothing is written.
bool record_graph(const struct view *view, const json_t *extra, struct buffer *out);
// {"kind":"paths","count":"4","paths":[{"vertices":[...],"partials":[...],"product":x}]}
json_t *record_paths(const struct view *view);
json_t *record_shape(struct shape shape); // [3, 4]
json_t *record_number(double value);      // 17 digits; "NaN", "Infinity", "-Infinity" as strings
// Appends one line of compact JSON and a newline; on failure (memory, interrupt) nothing.
bool record_write(const json_t *object, struct buffer *out);
// RFC 4180; a row per edge (from, to, operation, partial), or per path.
bool record_csv(const struct view *view, struct buffer *out);

#endif
