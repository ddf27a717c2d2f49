// Series: named columns of numbers that grow row by row. What an experiment measures, a plot shows and a file keeps.
//
//   struct series series = {0};
//   series_column(&series, "depth"), series_column(&series, "variance");
//   series_append(&series, (double[]){1, 0.25});
//   const double *depth = series_values(&series, "depth"); // series.row_count numbers
//   series_free(&series);
#ifndef BAUER_BASE_SERIES_H
#define BAUER_BASE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct series_column {
    char *name;
    double *value; // row_count numbers, NaN where none is known
    size_t capacity;
    bool text; // read from a file, where it holds words: no numbers, and not written
};

struct series {
    struct series_column *column;
    size_t column_count, column_capacity, row_count;
};

void series_free(struct series *series); // leaves an empty series

// All that add return false when out of memory; the series is then as it was before.
// A new column, NaN in the rows that are there. Names should differ; series_find takes the first.
bool series_column(struct series *series, const char *name);
bool series_append(struct series *series, const double *row); // column_count numbers

bool series_find(const struct series *series, const char *name, size_t *column);
const double *series_values(const struct series *series, const char *name); // NULL: no such column, or no rows

// Comma-separated values (RFC 4180 with LF): a line of names, a line for each row. Numbers have 17 digits and read back
// exactly; what is not finite is NaN, Infinity or -Infinity. false when out of memory or interrupted.
bool series_write(const struct series *series, struct buffer *out, struct error *error);
// Reads what series_write wrote, and other comma-separated files with a line of names and numbers below; an empty field
// is NaN. A column that begins with a word is one of text; one column at least has numbers. Where lines with # stand
// before the names, all such lines are comments; if numbers follow them, the last is the names. `series` is empty
// before and, on failure, after. ERROR_SYNTAX with the place, ERROR_MEMORY, ERROR_INTERRUPT.
bool series_read(struct series *series, const struct source *source, struct error *error);

#endif
