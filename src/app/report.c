#include "app/report.h"

#include "app/window.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/lesson.h"
#include "app/progress.h"
#include "app/repl.h"
#include "base/task.h"
#include "graph/tape.h"
#include "graph/tensors.h"
#include "show/record.h"

// ---- text ---------------------------------------------------------------------------------------------------------

const char *report_accent(const struct session *session) { return session->output.color ? "\033[1;33m" : ""; }
const char *report_muted(const struct session *session) { return session->output.color ? "\033[2m" : ""; }
const char *report_plain(const struct session *session) { return session->output.color ? "\033[0m" : ""; }

void report_text(struct session *session, const char *format, ...) {
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *text = size >= 0 ? mem_alloc((size_t)size + 1, 1) : NULL;
    if (text) vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    if (text)
        buffer_add(&session->output.text, text, (size_t)size);
    else
        session->output.text.failed = true;
    mem_free(text);
}

void report_json(struct session *session, json_t *object) {
    if (!object || !record_write(object, &session->output.text)) session->output.text.failed = true;
    json_decref(object);
}

static bool is_long(const struct session *session, const char *text) {
    int lines = 0;
    const char *rows = getenv("LINES");
    for (; *text; text++) lines += *text == '\n';
    return session->output.interactive && lines > (rows && atoi(rows) > 5 ? atoi(rows) : 40);
}

// A reader that went away ends the program quietly; a full disk does not go unsaid.
static void write_failed(void) {
    int code = errno;
    if (code == EPIPE) _exit(0);
    fprintf(stderr, "bauer: cannot write the answer: %s\n", strerror(code));
    _exit(1);
}

void report_flush(struct session *session) {
    struct buffer *text = &session->output.text;
    progress_clear();
    if (session->quiet) buffer_clear(text);
    if (session->output.copy) buffer_add(session->output.copy, text->data, text->size);
    if (session->output.capture) {
        buffer_add(session->output.capture, text->data, text->size);
        buffer_clear(text);
        lesson_said(session, session->output.capture->size);
    }
    bool told = session->running > 1 || (session->running && mem_lacked()); // the line will be: it is taken back
    if (text->failed && !told) fputs("bauer: out of memory while writing an answer; it is incomplete\n", stderr);
    if (text->size && !(is_long(session, text->data) && repl_page(text->data, text->size)))
        if (fwrite(text->data, 1, text->size, stdout) != text->size || fflush(stdout) != 0) write_failed();
    buffer_clear(text);
    text->failed = false;
}

// ---- errors -------------------------------------------------------------------------------------------------------

static json_t *error_object(const struct error *error) {
    const struct span *span = &error->span;
    json_t *object = json_pack("{s:s, s:s}", "kind", "error", "message", error->message);
    if (!object) return NULL;
    json_object_set_new(object, "line",
                        span->source ? json_integer(source_line(span->source, span->begin)) : json_null());
    json_object_set_new(object, "column",
                        span->source ? json_integer(source_column(span->source, span->begin)) : json_null());
    json_object_set_new(object, "hint", error->hint[0] ? json_string(error->hint) : json_null());
    if (span->source) json_object_set_new(object, "file", json_string(span->source->name));
    return object;
}

// Without memory; of a line that another one runs, that one tells.
static void tell_plainly(struct session *session, const struct error *error) {
    buffer_clear(&session->output.text);
    session->output.text.failed = false;
    if (session->running > 1) return;
    fprintf(stderr, "error: %s\n", error->message);
    if (error->kind != ERROR_MEMORY) fputs("hint: out of memory while the place was to be shown\n", stderr);
}

void report_error(struct session *session, const struct error *error) {
    report_flush(session);
    if (session->from_window && !session->output.capture) {
        window_note(error->message);
        return;
    }
    if (session->output.json) {
        bool quiet = session->quiet;
        session->quiet = false;
        report_json(session, error_object(error));
        if (session->output.text.failed) tell_plainly(session, error);
        report_flush(session);
        session->quiet = quiet;
        return;
    }
    struct buffer text = {0};
    error_render(error, session->output.color && !session->output.capture, &text);
    if (text.failed) {
        buffer_free(&text);
        tell_plainly(session, error);
        return;
    }
    if (session->output.copy) buffer_add(session->output.copy, text.data, text.size);
    if (session->output.capture)
        buffer_add(session->output.capture, text.data, text.size);
    else
        fputs(buffer_string(&text), stderr);
    buffer_free(&text);
}

// ---- values -------------------------------------------------------------------------------------------------------

static json_t *number_list(const double *value, uint32_t count) {
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < count; i++) json_array_append_new(list, record_number(value[i]));
    return list;
}

json_t *report_labels(const struct graph *graph, bool outputs) {
    json_t *list = json_array();
    char label[64];
    uint32_t count = outputs ? graph->output_count : graph->input_count;
    for (uint32_t i = 0; list && i < count; i++)
        json_array_append_new(
            list, json_string(outputs ? graph_output_label(graph, i, label) : graph_input_label(graph, i, label)));
    return list;
}

static json_t *plain_labels(const struct outcome *outcome) {
    if (outcome->graph) return report_labels(outcome->graph, true);
    json_t *list = json_array();
    char label[32] = "_";
    for (uint32_t i = 0; list && i < outcome->value_count; i++) {
        if (outcome->value_count > 1) snprintf(label, sizeof label, "_[%u]", i);
        json_array_append_new(list, json_string(label));
    }
    return list;
}

static bool is_listed(const struct graph *graph, vertex v) {
    enum { MOST_LISTED = 10000 };
    return graph_is_tensor(graph, v) && shape_count(graph_shape(graph, v)) <= MOST_LISTED;
}

// Runs the graph for the tensors among its outputs that are small enough to be listed. NULL with `error` set.
static struct tape *run_listed(const struct graph *graph, struct error *error) {
    vertex *wanted = mem_alloc((size_t)graph->output_count + 1, sizeof *wanted);
    uint32_t count = 0;
    if (!wanted) return error_memory(error), NULL;
    for (uint32_t i = 0; i < graph->output_count; i++)
        if (is_listed(graph, graph->output[i])) wanted[count++] = graph->output[i];
    struct tape *tape = tape_new(graph, wanted, count, NUMBER_DOUBLE, NULL, error);
    mem_free(wanted);
    if (tape && tape_fill(tape, 0, error) && tape_forward(tape, 0, error)) return tape;
    return tape_free(tape), NULL;
}

static json_t *tensor_list(const struct graph *graph, vertex v, const void *data) {
    json_t *list = json_array();
    size_t count = (size_t)shape_count(graph_shape(graph, v));
    for (size_t i = 0; list && i < count; i++)
        json_array_append_new(list, graph_is_labels(graph, v) ? json_integer(((const int32_t *)data)[i])
                                                              : record_number(((const double *)data)[i]));
    return list;
}

// Tensors as their numbers in a row, with all shapes beside them; null, with the reason, where they are left out.
static void add_tensors(json_t *object, const struct graph *graph) {
    struct error error = {0};
    json_t *values = json_object_get(object, "values"), *shapes = json_array();
    struct tape *tape = run_listed(graph, &error);
    uint32_t listed = 0;
    bool large = false;
    for (uint32_t i = 0; i < graph->output_count; i++) {
        vertex v = graph->output[i];
        json_array_append_new(shapes, record_shape(graph_shape(graph, v)));
        if (!graph_is_tensor(graph, v)) continue;
        bool is = is_listed(graph, v);
        large |= !is;
        json_array_set_new(values, i, is && tape ? tensor_list(graph, v, tape_output(tape, listed++)) : json_null());
    }
    json_object_set_new(object, "shapes", shapes);
    if (large || !tape)
        json_object_set_new(object, "left_out", json_string(tape ? "tensors of over 10000 numbers" : error.message));
    tape_free(tape);
}

static bool shows_tensors(const struct outcome *outcome) {
    const struct graph *graph = outcome->graph;
    bool found = false;
    for (uint32_t i = 0; graph && i < graph->output_count; i++) found |= graph_is_tensor(graph, graph->output[i]);
    return found && graph->output_count == outcome->value_count;
}

static void value_json(struct session *session, const struct outcome *outcome) {
    bool call = outcome->kind == OUTCOME_CALL;
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string("value"));
    json_object_set_new(object, "function",
                        call ? json_string(symbol_text(session->symbols, outcome->name)) : json_null());
    json_object_set_new(object, "outputs", plain_labels(outcome));
    json_object_set_new(object, "values", number_list(outcome->value, outcome->value_count));
    if (shows_tensors(outcome)) add_tensors(object, outcome->graph);
    if (!outcome->value_count) json_object_set_new(object, "shown", json_string(outcome->shown));
    report_json(session, object);
}

enum { NOTES_TOLD = 3 };

struct kinks {
    struct session *session;
    const struct graph *graph;
    const uint8_t *matters; // vertices on which the value depends
    uint64_t count;
};

static void tell_kink(void *context, vertex v, const char *text) {
    struct kinks *kinks = context;
    char label[64];
    if (!kinks->matters[v] || kinks->count++ >= NOTES_TOLD) return;
    report_text(kinks->session, "%snote: at %s, %s%s\n", report_muted(kinks->session),
                graph_label(kinks->graph, v, label), text, report_plain(kinks->session));
}

// The prompt's graph holds earlier lines, too: only what the outputs depend on is told of.
static void mark_outputs(const struct graph *graph, uint8_t *matters) {
    for (uint32_t i = 0; i < graph->output_count; i++) matters[graph->output[i]] = 1;
    for (vertex v = graph->count; v-- > 0;)
        for (uint32_t e = graph->offset[v]; matters[v] && e < graph->offset[v + 1]; e++) matters[graph->operand[e]] = 1;
}

static void tell_kinks(struct session *session, const struct graph *graph) {
    uint8_t *matters = mem_zero(graph->count ? graph->count : 1, 1);
    struct kinks kinks = {session, graph, matters, 0};
    if (!matters) {
        session->output.text.failed = true;
        return;
    }
    mark_outputs(graph, matters);
    graph_kinks(graph, tell_kink, &kinks, UINT64_MAX);
    if (kinks.count > NOTES_TOLD)
        report_text(session, "%snote: and %llu more such places%s\n", report_muted(session),
                    (unsigned long long)kinks.count - NOTES_TOLD, report_plain(session));
    mem_free(matters);
}

void report_value(struct session *session, const struct outcome *outcome) {
    if (session->output.json) {
        value_json(session, outcome);
        return;
    }
    report_text(session, "%s\n", outcome->shown);
    if (outcome->graph) tell_kinks(session, outcome->graph);
}

// ---- tables -------------------------------------------------------------------------------------------------------

struct report_table {
    uint32_t columns;
    char **cell;
    size_t count, capacity;
    bool failed; // out of memory: it is not whole
};

struct report_table *report_table_new(uint32_t columns) {
    struct report_table *table = mem_zero(1, sizeof *table);
    if (table) table->columns = columns;
    return table;
}

void report_table_cell(struct report_table *table, const char *format, ...) {
    va_list list, again;
    if (!table) return;
    va_start(list, format);
    va_copy(again, list);
    int size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *text = size >= 0 ? mem_alloc((size_t)size + 1, 1) : NULL;
    if (text) vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    if (text && mem_grow(&table->cell, &table->capacity, table->count + 1, sizeof *table->cell))
        table->cell[table->count++] = text;
    else
        table->failed = true, mem_free(text);
}

static bool is_numeric(const char *text) { return strspn(text, "+-0123456789.einfatyN") == strlen(text) && *text; }

static void print_cell(struct session *session, const char *text, int width, bool right, bool last) {
    int gap = width - text_width(text, strlen(text));
    if (right) report_text(session, "%*s", gap, "");
    report_text(session, "%s", text);
    if (!right && !last) report_text(session, "%*s", gap, "");
    report_text(session, "%s", last ? "\n" : "  ");
}

// How a column is set: wide enough for its widest cell, numbers to the right.
struct column {
    int width;
    bool right;
};

static void measure_columns(const struct report_table *table, bool header, struct column *column) {
    size_t first = header && table->count > table->columns ? table->columns : 0;
    for (uint32_t c = 0; c < table->columns && first + c < table->count; c++)
        column[c].right = is_numeric(table->cell[first + c]);
    for (size_t i = 0, c = 0; i < table->count; i++, c = c + 1 < table->columns ? c + 1 : 0) {
        int width = text_width(table->cell[i], strlen(table->cell[i]));
        if (width > column[c].width) column[c].width = width;
        if (i % 1024 == 0 && task_interrupted()) return;
    }
}

static void print_rows(struct session *session, const struct report_table *table, bool header,
                       const struct column *column) {
    for (size_t row = 0; row < table->count / table->columns; row++) {
        bool head = header && row == 0;
        if (row % 1024 == 0 && task_interrupted()) return;
        report_text(session, "  %s", head ? report_muted(session) : "");
        for (uint32_t c = 0; c < table->columns; c++)
            print_cell(session, table->cell[row * table->columns + c], column[c].width, column[c].right,
                       c + 1 == table->columns);
        if (head) report_text(session, "%s", report_plain(session));
    }
}

static void table_free(struct report_table *table) {
    for (size_t i = 0; i < table->count; i++) mem_free(table->cell[i]);
    mem_free(table->cell);
    mem_free(table);
}

void report_table_print(struct session *session, struct report_table *table, bool header) {
    if (!table) return;
    struct column *column = mem_zero(table->columns, sizeof *column);
    if (column && !table->failed) {
        measure_columns(table, header, column);
        print_rows(session, table, header, column);
    } else
        session->output.text.failed = true;
    mem_free(column);
    table_free(table);
}

// ---- the Jacobian -------------------------------------------------------------------------------------------------

static const char *const mode_name[] = {"reverse", "forward", "bauer", "order", "greedy"};

static json_t *order_list(const struct graph *graph, const struct jacobian *jacobian) {
    json_t *list = json_array();
    char label[64];
    for (uint32_t i = 0; list && i < jacobian->order_count; i++)
        json_array_append_new(list, json_string(graph_label(graph, jacobian->order[i], label)));
    return list;
}

json_t *report_count(double value) {
    return value < 9007199254740992.0 ? json_integer((json_int_t)value) : json_real(value);
}

static void jacobian_json(struct session *session, const struct graph *graph, enum bauer_mode mode,
                          const struct jacobian *jacobian) {
    json_t *object = json_object(), *rows = json_array();
    for (uint32_t r = 0; r < jacobian->rows; r++)
        json_array_append_new(rows, number_list(jacobian->value + (size_t)r * jacobian->columns, jacobian->columns));
    json_object_set_new(object, "kind", json_string("jacobian"));
    json_object_set_new(object, "mode", json_string(mode_name[mode]));
    json_object_set_new(object, "outputs", report_labels(graph, true));
    json_object_set_new(object, "inputs", report_labels(graph, false));
    json_object_set_new(object, "values", rows);
    json_object_set_new(object, "multiplications", report_count(jacobian->multiplications));
    json_object_set_new(object, "remembered", report_count(jacobian->remembered));
    if (mode == BAUER_PATHS) json_object_set_new(object, "paths", report_count(jacobian->paths));
    if (mode == BAUER_ORDER || mode == BAUER_GREEDY) json_object_set_new(object, "order", order_list(graph, jacobian));
    report_json(session, object);
}

static void print_order(struct session *session, const struct graph *graph, const struct jacobian *jacobian) {
    char label[64];
    report_text(session, "%sorder", report_muted(session));
    for (uint32_t i = 0; i < jacobian->order_count && i < 30; i++)
        report_text(session, " %s", graph_label(graph, jacobian->order[i], label));
    if (jacobian->order_count > 30) report_text(session, " and %u more", jacobian->order_count - 30);
    report_text(session, "%s\n", report_plain(session));
}

static void print_matrix(struct session *session, const struct graph *graph, const struct jacobian *jacobian) {
    struct report_table *table = report_table_new(jacobian->columns + 1);
    char label[64], number[32];
    report_table_cell(table, "%s", "");
    for (uint32_t c = 0; c < jacobian->columns; c++)
        report_table_cell(table, "d/d%s", graph_input_label(graph, c, label));
    for (uint32_t r = 0; r < jacobian->rows; r++) {
        report_table_cell(table, "%s", graph_output_label(graph, r, label));
        for (uint32_t c = 0; c < jacobian->columns; c++) {
            text_number(number, jacobian->value[(size_t)r * jacobian->columns + c]);
            report_table_cell(table, "%s", number);
        }
    }
    report_table_print(session, table, true);
}

void report_jacobian(struct session *session, enum bauer_mode mode, const struct jacobian *jacobian) {
    const struct graph *graph = environment_graph(session->environment);
    if (session->output.json) {
        jacobian_json(session, graph, mode, jacobian);
        return;
    }
    print_matrix(session, graph, jacobian);
    if (mode == BAUER_ORDER || mode == BAUER_GREEDY) print_order(session, graph, jacobian);
    report_text(session, "%s%s: %.0f multiplication%s, %.0f number%s remembered", report_muted(session),
                mode_name[mode], jacobian->multiplications, jacobian->multiplications == 1 ? "" : "s",
                jacobian->remembered, jacobian->remembered == 1 ? "" : "s");
    if (mode == BAUER_PATHS)
        report_text(session, ", %.0f path%s walked", jacobian->paths, jacobian->paths == 1 ? "" : "s");
    report_text(session, "%s\n", report_plain(session));
    if (!graph->function) tell_kinks(session, graph); // a call has told them with its value
}

void report_outputs(struct session *session, const struct graph *graph) {
    struct outcome outcome = {.kind = OUTCOME_CALL,
                              .name = graph->function,
                              .graph = (struct graph *)(uintptr_t)graph,
                              .value_count = graph->output_count};
    double *value = mem_alloc(graph->output_count ? graph->output_count : 1, sizeof *value);
    struct buffer shown = {0};
    for (uint32_t i = 0; value && i < graph->output_count; i++) {
        char number[64];
        value[i] = graph->value[graph->output[i]];
        text_number(number, value[i]);
        if (graph_is_tensor(graph, graph->output[i])) shape_text(graph_shape(graph, graph->output[i]), number);
        buffer_printf(&shown, "%s%s", i ? ", " : graph->output_count > 1 ? "(" : "", number);
    }
    if (graph->output_count > 1) buffer_char(&shown, ')');
    outcome.value = value;
    outcome.shown = buffer_string(&shown);
    if (!graph->function) outcome.kind = OUTCOME_VALUE;
    if (value) report_value(session, &outcome);
    mem_free(value);
    buffer_free(&shown);
}
