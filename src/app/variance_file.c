// The file of a sweep's results: a table with a head that says which sweep it is, and an end that tells whether
// anybody has touched it. It is always whole: each time it is written anew beside itself and renamed.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "app/pattern_words.h"
#include "app/variance.h"
#include "base/file.h"

static const char first_line[] = "# results of bauer :variance, version 1\n";
static const char columns[] = "estimator,depth,width,average,estimates,exact,measured,standard_error,square,effective,"
                              "remembered\n";
enum { COLUMNS = 11, NUMBERS = 6 };

// ---- writing ------------------------------------------------------------------------------------------------------

static void put_number(struct buffer *out, double value) {
    if (isnan(value))
        buffer_text(out, ",NaN");
    else if (isinf(value))
        buffer_text(out, value < 0 ? ",-Infinity" : ",Infinity");
    else
        buffer_printf(out, ",%.17g", value);
}

// What names the cell among all that a file can hold.
static void put_key(const struct variance *v, const struct sweep_cell *cell, struct buffer *out) {
    char name[64];
    sampler_name(&cell->method, name);
    buffer_text(out, name);
    if (v->has_pattern)
        buffer_printf(out, ",%u,%u", cell->pattern.depth, cell->pattern.width);
    else
        buffer_text(out, ",,");
    buffer_printf(out, ",%llu,%llu", (unsigned long long)cell->average, (unsigned long long)cell->estimates);
}

static void put_row(const struct variance *v, const struct sweep_cell *cell, struct buffer *out) {
    const struct sweep_result *r = &cell->result;
    const double number[NUMBERS] = {r->exact, r->measured, r->standard_error, r->square, r->effective, r->remembered};
    put_key(v, cell, out);
    for (int i = 0; i < NUMBERS; i++) put_number(out, number[i]);
    buffer_char(out, '\n');
}

// Cells of one file differ in what a row says; all else is here.
static void put_sweep(const struct variance *v, struct buffer *out) {
    char weights[96];
    pattern_weights_text(&v->pattern, weights);
    if (v->has_pattern) {
        buffer_printf(out, "# sweep: %s, weights %s", pattern_names[v->pattern.kind], weights);
    } else {
        const struct subgraph *sub = v->subgraph;
        uint64_t hash = rng_hash(sub->source, sub->edge_count * sizeof *sub->source, 0);
        hash = rng_hash(sub->target, sub->edge_count * sizeof *sub->target, hash);
        hash = rng_hash(sub->partial, sub->edge_count * sizeof *sub->partial, hash);
        buffer_printf(out, "# sweep: graph %016llx of %u edges", (unsigned long long)hash, sub->edge_count);
    }
    buffer_printf(out, ", %u graph%s, seed %llu\n", v->graphs, v->graphs == 1 ? "" : "s", (unsigned long long)v->seed);
}

static void put_rows(const struct variance *v, struct buffer *out) {
    buffer_text(out, columns);
    for (size_t i = 0; i < v->sweep.cell_count; i++)
        if (v->sweep.cell[i].done) put_row(v, &v->sweep.cell[i], out);
}

bool variance_csv(const struct variance *v, struct buffer *out) {
    buffer_printf(out, "# %s\n", v->command);
    put_sweep(v, out);
    put_rows(v, out);
    return !out->failed;
}

bool variance_file_write(const struct variance *v, struct error *error) {
    struct buffer out = {0};
    buffer_text(&out, first_line);
    put_sweep(v, &out);
    put_rows(v, &out);
    if (v->others) buffer_text(&out, v->others);
    uLong sum = crc32(0, (const Bytef *)buffer_string(&out), (uInt)out.size);
    buffer_printf(&out, "# end %08lx\n", sum);
    bool ok = out.failed ? error_memory(error) : file_write(v->file, out.data, out.size, error);
    buffer_free(&out);
    return ok;
}

// ---- reading ------------------------------------------------------------------------------------------------------

static bool complain(const struct variance *v, int line, const char *what, struct error *error) {
    error_set(error, ERROR_FILE, SPAN_NONE, "%s:%d: %s", v->file, line, what);
    error_hint(error, "it is left as it is: give another name, or move the file away");
    return false;
}

static bool is_whole(const char *text, size_t size) {
    size_t end = size > 15 ? size - 15 : 0; // "# end xxxxxxxx\n"
    unsigned long sum;
    return end && sscanf(text + end, "# end %8lx", &sum) == 1 && text[size - 1] == '\n' &&
           sum == crc32(0, (const Bytef *)text, (uInt)end);
}

static bool read_numbers(const char *text, struct sweep_result *result) {
    double *number[NUMBERS] = {&result->exact,  &result->measured,  &result->standard_error,
                               &result->square, &result->effective, &result->remembered};
    for (int i = 0; i < NUMBERS; i++) {
        char *end;
        *number[i] = strtod(text, &end);
        if (end == text || *end != (i + 1 < NUMBERS ? ',' : '\0')) return false;
        text = end + 1;
    }
    return true;
}

// The place behind the key's commas.
static char *behind_key(char *line) {
    for (int i = 0; i < COLUMNS - NUMBERS; i++) {
        line = strchr(line, ',');
        if (!line) return NULL;
        line++;
    }
    return line;
}

// Keys of this sweep's cells, to find a row's cell: sorted.
struct key {
    char *text;
    size_t cell;
};

static int by_text(const void *a, const void *b) {
    return strcmp(((const struct key *)a)->text, ((const struct key *)b)->text);
}

static void free_keys(struct key *key, size_t count) {
    for (size_t i = 0; key && i < count; i++) mem_free(key[i].text);
    mem_free(key);
}

static struct key *make_keys(const struct variance *v) {
    struct key *key = mem_zero(v->sweep.cell_count + 1, sizeof *key);
    bool ok = key;
    for (size_t i = 0; ok && i < v->sweep.cell_count; i++) {
        struct buffer out = {0};
        put_key(v, &v->sweep.cell[i], &out);
        key[i] = (struct key){out.data, i};
        ok = !out.failed;
    }
    if (!ok) return free_keys(key, v->sweep.cell_count), NULL;
    qsort(key, v->sweep.cell_count, sizeof *key, by_text);
    return key;
}

// Cells with equal keys (keep 0.1 and 0.2 of a narrow layer) are equal.
static bool take(struct variance *v, const struct key *key, const char *name, const struct sweep_result *result) {
    size_t low = 0, high = v->sweep.cell_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(key[middle].text, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = false;
    for (; low < v->sweep.cell_count && strcmp(key[low].text, name) == 0; low++, found = true) {
        struct sweep_cell *cell = &v->sweep.cell[key[low].cell];
        if (!cell->done) v->cells_read++;
        cell->done = true;
        cell->result = *result;
    }
    return found;
}

static bool take_row(struct variance *v, const struct key *key, char *line, int number, struct buffer *others,
                     struct error *error) {
    struct sweep_result result;
    char *numbers = behind_key(line);
    if (!numbers || !read_numbers(numbers, &result)) return complain(v, number, "this is no row of results", error);
    char *copy = mem_text(line, (size_t)(numbers - 1 - line));
    if (!copy) return error_memory(error);
    if (!take(v, key, copy, &result)) buffer_printf(others, "%s\n", line);
    mem_free(copy);
    return true;
}

static bool take_rows(struct variance *v, char *text, struct error *error) {
    struct buffer sweep = {0}, others = {0};
    struct key *key = make_keys(v);
    put_sweep(v, &sweep);
    bool ok = (key && !sweep.failed) || error_memory(error);
    if (ok && strncmp(text, buffer_string(&sweep), sweep.size) != 0) {
        char *end = strchr(text, '\n');
        ok = error_set(error, ERROR_FILE, SPAN_NONE, "%s holds another sweep (%.*s)", v->file,
                       (int)(end ? end - text - 2 : 0), text + 2);
        error_hint(error, "give another name, or move the file away");
    }
    text += ok ? sweep.size : 0;
    if (ok && strncmp(text, columns, strlen(columns)) != 0)
        ok = complain(v, 3, "other columns are expected here", error);
    text += ok ? strlen(columns) : 0;
    for (int number = 4; ok && text[0] != '#'; number++) {
        char *end = strchr(text, '\n');
        *end = '\0';
        ok = take_row(v, key, text, number, &others, error);
        text = end + 1;
    }
    free_keys(key, v->sweep.cell_count);
    buffer_free(&sweep);
    mem_free(v->others);
    v->others = others.data;
    return ok && (!others.failed || error_memory(error));
}

bool variance_file_read(struct variance *v, struct error *error) {
    size_t size;
    if (access(v->file, F_OK) != 0 && errno == ENOENT) return variance_file_write(v, error);
    char *text = file_read(v->file, &size, error);
    if (!text) return false;
    bool ok = strncmp(text, first_line, strlen(first_line)) == 0 ||
              complain(v, 1, "this is no file of :variance results", error);
    if (ok && (memchr(text, '\0', size) || !is_whole(text, size)))
        ok = complain(v, 1, "it is cut off, or was changed after bauer wrote it", error);
    ok = ok && take_rows(v, text + strlen(first_line), error);
    mem_free(text);
    return ok;
}
