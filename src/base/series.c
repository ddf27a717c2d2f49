#include "base/series.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"

// ---- the table ----------------------------------------------------------------------------------------------------

void series_free(struct series *series) {
    for (size_t i = 0; i < series->column_count; i++) {
        mem_free(series->column[i].name);
        mem_free(series->column[i].value);
    }
    mem_free(series->column);
    *series = (struct series){0};
}

static bool fill_column(struct series_column *column, const char *name, size_t size, size_t rows) {
    *column = (struct series_column){.name = mem_text(name, size)};
    if (!column->name || (rows && !mem_grow(&column->value, &column->capacity, rows, sizeof *column->value))) {
        mem_free(column->name);
        return false;
    }
    for (size_t i = 0; i < rows; i++) column->value[i] = NAN;
    return true;
}

static bool add_column(struct series *series, const char *name, size_t size) {
    size_t n = series->column_count;
    if (!mem_grow(&series->column, &series->column_capacity, n + 1, sizeof *series->column)) return false;
    if (!fill_column(&series->column[n], name, size, series->row_count)) return false;
    series->column_count++;
    return true;
}

bool series_column(struct series *series, const char *name) { return add_column(series, name, strlen(name)); }

// All columns get room before any gets a number, so that they stay of one length.
bool series_append(struct series *series, const double *row) {
    size_t n = series->row_count;
    for (size_t i = 0; i < series->column_count; i++) {
        struct series_column *column = &series->column[i];
        if (!mem_grow(&column->value, &column->capacity, n + 1, sizeof *column->value)) return false;
    }
    for (size_t i = 0; i < series->column_count; i++) series->column[i].value[n] = row[i];
    series->row_count++;
    return true;
}

bool series_find(const struct series *series, const char *name, size_t *column) {
    for (size_t i = 0; i < series->column_count; i++) {
        if (strcmp(series->column[i].name, name) != 0) continue;
        *column = i;
        return true;
    }
    return false;
}

const double *series_values(const struct series *series, const char *name) {
    size_t column;
    return series_find(series, name, &column) ? series->column[column].value : NULL;
}

// ---- writing ------------------------------------------------------------------------------------------------------

static void write_name(struct buffer *out, const char *name) {
    if (name[0] && !strpbrk(name, ",\"\n\r") && name[0] != ' ') {
        buffer_text(out, name);
        return;
    }
    buffer_char(out, '"');
    for (const char *c = name; *c; c++) {
        if (*c == '"') buffer_char(out, '"');
        buffer_char(out, *c);
    }
    buffer_char(out, '"');
}

static void write_number(struct buffer *out, double value) {
    if (isnan(value))
        buffer_text(out, "NaN");
    else if (isinf(value))
        buffer_text(out, value < 0 ? "-Infinity" : "Infinity");
    else
        buffer_printf(out, "%.17g", value);
}

bool series_write(const struct series *series, struct buffer *out, struct error *error) {
    const char *comma = "";
    for (size_t i = 0; i < series->column_count; i++) {
        if (series->column[i].text) continue;
        buffer_text(out, comma);
        write_name(out, series->column[i].name);
        comma = ",";
    }
    buffer_char(out, '\n');
    for (size_t row = 0; row < series->row_count && !out->failed; row++) {
        if (row % 1024 == 0 && task_interrupted()) return error_interrupt(error);
        comma = "";
        for (size_t i = 0; i < series->column_count; i++) {
            if (series->column[i].text) continue;
            buffer_text(out, comma);
            write_number(out, series->column[i].value[row]);
            comma = ",";
        }
        buffer_char(out, '\n');
    }
    return !out->failed || error_memory(error);
}

// ---- reading ------------------------------------------------------------------------------------------------------

struct reader {
    struct series *series;
    const struct source *source;
    const char *next, *end;
    const char *begin; // of the field read last
    const char *word;  // the first field that is no number; NULL: none yet
    const char *word_end;
    bool comments; // lines with # are none of the table's
    struct buffer field;
    double *row;
    struct error *error;
};

static bool complain(struct reader *reader, const char *begin, const char *end, const char *message) {
    struct span span = {reader->source, (uint32_t)(begin - reader->source->text),
                        (uint32_t)(end - reader->source->text)};
    return error_set(reader->error, ERROR_SYNTAX, span, "%s", message);
}

// Behind the opening quote; two quotes stand for one.
static bool read_quoted(struct reader *reader) {
    const char *c = reader->next + 1;
    for (; c < reader->end; c++) {
        if (*c == '"' && (c + 1 == reader->end || c[1] != '"')) break;
        if (*c == '"') c++;
        buffer_char(&reader->field, *c);
    }
    if (c == reader->end) return complain(reader, reader->begin, reader->begin + 1, "this quote is never closed");
    reader->next = c + 1;
    if (reader->next < reader->end && *reader->next != ',' && *reader->next != '\n')
        return complain(reader, reader->next, reader->next + 1, "a comma or the end of the line must follow the quote");
    return true;
}

static void read_plain(struct reader *reader) {
    const char *c = reader->next, *end = c;
    while (end < reader->end && *end != ',' && *end != '\n') end++;
    reader->next = end;
    while (c < end && (*c == ' ' || *c == '\t')) c++;
    while (end > c && (end[-1] == ' ' || end[-1] == '\t')) end--;
    buffer_add(&reader->field, c, (size_t)(end - c));
}

// The next field into reader->field; *more unless it ends its line.
static bool read_field(struct reader *reader, bool *more) {
    buffer_clear(&reader->field);
    reader->begin = reader->next;
    if (reader->next < reader->end && *reader->next == '"') {
        if (!read_quoted(reader)) return false;
    } else {
        read_plain(reader);
    }
    if (reader->field.failed) return error_memory(reader->error);
    *more = reader->next < reader->end && *reader->next == ',';
    if (reader->next < reader->end) reader->next++;
    return true;
}

static const char *field_end(const struct reader *reader, bool more) {
    bool ended = !more && reader->next == reader->end && (reader->next == reader->begin || reader->next[-1] != '\n');
    return ended ? reader->next : reader->next - 1;
}

static bool read_names(struct reader *reader) {
    for (bool more = true; more;) {
        if (!read_field(reader, &more)) return false;
        if (!add_column(reader->series, buffer_string(&reader->field), reader->field.size))
            return error_memory(reader->error);
    }
    return true;
}

// A decimal, nan or inf as a whole; strtod alone takes hexadecimal numbers and NaN's bits too.
static bool parse(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end > text && !*end && !strpbrk(text, "xX(");
}

static bool has_number(const struct series_column *column, size_t rows) {
    for (size_t i = 0; i < rows; i++)
        if (!isnan(column->value[i])) return true;
    return false;
}

static bool read_number(struct reader *reader, struct series_column *column, bool more, double *value) {
    const char *text = buffer_string(&reader->field);
    *value = NAN;
    if (column->text || !text[0] || parse(text, value)) return true;
    const char *end = field_end(reader, more);
    if (has_number(column, reader->series->row_count))
        return complain(reader, reader->begin, end, "this is not a number");
    if (!reader->word) reader->word = reader->begin, reader->word_end = end;
    *value = NAN; // of a number with a unit
    return column->text = true;
}

static bool count_wrong(struct reader *reader, const char *line, size_t count) {
    const char *end = line;
    while (end < reader->end && *end != '\n') end++;
    complain(reader, line, end > line ? end : line + 1,
             count > reader->series->column_count ? "this line has more fields than the line of names"
                                                  : "this line has fewer fields than the line of names");
    return false;
}

static bool read_row(struct reader *reader) {
    const char *line = reader->next;
    size_t count = 0;
    for (bool more = true; more; count++) {
        double value = NAN;
        if (!read_field(reader, &more)) return false;
        if (count >= reader->series->column_count) return count_wrong(reader, line, count + 1);
        if (!read_number(reader, &reader->series->column[count], more, &value)) return false;
        reader->row[count] = value;
    }
    if (count < reader->series->column_count) return count_wrong(reader, line, count);
    return series_append(reader->series, reader->row) || error_memory(reader->error);
}

static const char *next_line(const struct reader *reader, const char *line) {
    const char *end = memchr(line, '\n', (size_t)(reader->end - line));
    return end ? end + 1 : reader->end;
}

static void skip_comments(struct reader *reader) {
    const char *line = reader->next, *last = line;
    for (; line < reader->end && (*line == '#' || *line == '\n'); line = next_line(reader, line))
        if (*line == '#') last = line;
    bool names = line < reader->end && (*line == '"' || *line == '_' || isalpha((unsigned char)*line));
    reader->comments = names && line > reader->next;
    reader->next = names ? line : last;
}

// Empty lines between rows are passed over.
static bool read_rows(struct reader *reader) {
    reader->row = mem_alloc(reader->series->column_count, sizeof *reader->row);
    if (!reader->row) return error_memory(reader->error);
    for (size_t row = 0; reader->next < reader->end; row++) {
        if (row % 1024 == 0 && task_interrupted()) return error_interrupt(reader->error);
        if (*reader->next == '\n')
            reader->next++;
        else if (reader->comments && *reader->next == '#')
            reader->next = next_line(reader, reader->next);
        else if (!read_row(reader))
            return false;
    }
    return true;
}

static bool any_numbers(struct reader *reader) {
    const struct series *series = reader->series;
    if (!reader->word) return true;
    for (size_t i = 0; i < series->column_count; i++)
        if (!series->column[i].text) return true;
    return complain(reader, reader->word, reader->word_end, "this is not a number");
}

bool series_read(struct series *series, const struct source *source, struct error *error) {
    *series = (struct series){0};
    struct reader reader = {
        .series = series, .source = source, .next = source->text, .end = source->text + source->size, .error = error};
    while (reader.next < reader.end && *reader.next == '\n') reader.next++;
    skip_comments(&reader);
    bool ok = reader.next < reader.end || error_set(error, ERROR_SYNTAX, SPAN_NONE, "%s is empty", source->name);
    ok = ok && read_names(&reader) && read_rows(&reader) && any_numbers(&reader);
    mem_free(reader.row);
    buffer_free(&reader.field);
    if (!ok) series_free(series);
    return ok;
}
