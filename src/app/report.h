// Results as text for people or as one JSON object on a line.
#ifndef BAUER_APP_REPORT_H
#define BAUER_APP_REPORT_H

#include <jansson.h>

#include "app/session.h"

void report_error(struct session *session, const struct error *error); // text to stderr; JSON to stdout
void report_text(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
void report_json(struct session *session, json_t *object);      // one line; takes the object
json_t *report_count(double value);                             // an integer as long as it is exact
json_t *report_labels(const struct graph *graph, bool outputs); // names of the outputs, or of the inputs
void report_flush(struct session *session); // writes what was collected (through the pager when long and interactive)

// Colours for text answers: the escape code, or "" when colour is off.
const char *report_accent(const struct session *session);
const char *report_muted(const struct session *session);
const char *report_plain(const struct session *session);

void report_value(struct session *session, const struct outcome *outcome);
void report_outputs(struct session *session, const struct graph *graph); // as the call that made it would
void report_jacobian(struct session *session, enum bauer_mode mode, const struct jacobian *jacobian);
// A table with right-aligned numbers; used by every command that prints columns.
struct report_table;
struct report_table *report_table_new(uint32_t columns);
void report_table_cell(struct report_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void report_table_print(struct session *session, struct report_table *table, bool header); // frees it

#endif
