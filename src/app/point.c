// Commands that take numbers: another point, and directions.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/report.h"
#include "show/record.h"

// ---- numbers as typed ---------------------------------------------------------------------------------------------

struct numbers {
    double *value;
    uint32_t count;
    size_t capacity;
};

static bool add_number(struct numbers *numbers, double value, struct error *error) {
    if (!mem_grow(&numbers->value, &numbers->capacity, (size_t)numbers->count + 1, sizeof value))
        return error_memory(error);
    numbers->value[numbers->count++] = value;
    return true;
}

static struct span span_of(const struct words *words, const char *begin, const char *end) {
    const struct source *source = words->all.source;
    if (!source || begin < source->text || end > source->text + source->size) return words->all;
    return (struct span){source, (uint32_t)(begin - source->text), (uint32_t)(end - source->text)};
}

// An expression: 1/3, pi/2, [1, 2]. What is wrong in it is told as wrong in the line.
static bool add_expression(struct session *session, const struct words *words, const char *begin, const char *end,
                           struct numbers *numbers, struct error *error) {
    struct source *source = source_new("<number>", begin, (size_t)(end - begin), error);
    double *value = NULL;
    uint32_t count = 0;
    bool ok = source && environment_numbers(session->environment, source, &value, &count, error);
    for (uint32_t i = 0; ok && i < count; i++) ok = add_number(numbers, value[i], error);
    if (!ok && error && source && error->span.source == source) error->span = span_of(words, begin, end);
    mem_free(value);
    source_drop(source);
    return ok;
}

static bool add_text(struct session *session, const struct words *words, const char *begin, const char *end,
                     struct numbers *numbers, struct error *error) {
    char word[64];
    double value;
    while (begin < end && isspace((unsigned char)*begin)) begin++;
    while (end > begin && isspace((unsigned char)end[-1])) end--;
    if (begin == end) return error_set(error, ERROR_USAGE, span_of(words, begin, end), "a number is missing here");
    if (end - begin < (ptrdiff_t)sizeof word) {
        snprintf(word, sizeof word, "%.*s", (int)(end - begin), begin);
        if (text_parse_number(word, &value)) return add_number(numbers, value, error);
    }
    return add_expression(session, words, begin, end, numbers, error);
}

// Where the next comma outside brackets is, or the end.
static const char *comma(const char *c) {
    for (int depth = 0; *c && (*c != ',' || depth > 0); c++)
        depth += strchr("([{", *c) ? 1 : strchr(")]}", *c) ? -1 : 0;
    return c;
}

// "2 3 4" as people type it for :jvp: all words between the commas are numbers.
static bool add_blank_separated(const char *begin, const char *end, struct numbers *numbers, bool *are,
                                struct error *error) {
    uint32_t before = numbers->count;
    char word[64];
    double value;
    *are = false;
    for (const char *c = begin; c < end;) {
        size_t size = strcspn(c, " \t\r\n,");
        snprintf(word, sizeof word, "%.*s", size < sizeof word ? (int)size : 0, c);
        if (size && !text_parse_number(word, &value)) return numbers->count = before, true;
        if (size && !add_number(numbers, value, error)) return false;
        c += size + strspn(c + size, " \t\r\n,");
    }
    *are = numbers->count > before;
    return true;
}

// All the numbers after a command's name, separated by commas or, when they are plain, by blanks.
static bool read_numbers(struct session *session, const struct words *words, struct numbers *numbers,
                         struct error *error) {
    for (const char *c = words->rest; *c;) {
        const char *end = comma(c);
        bool plain;
        if (!add_blank_separated(c, end, numbers, &plain, error)) return false;
        if (!plain && !add_text(session, words, c, end, numbers, error)) return false;
        c = end + (*end == ',');
    }
    return true;
}

// ---- :jvp, :vjp ---------------------------------------------------------------------------------------------------

static bool direction(struct session *session, const struct words *words, bool forward, struct error *error) {
    struct lcg *lcg = session_lcg(session, error);
    struct numbers numbers = {0};
    if (!lcg) return false;
    if (!read_numbers(session, words, &numbers, error)) return mem_free(numbers.value), false;
    const struct graph *graph = lcg->graph;
    uint32_t count = numbers.count, wanted = forward ? graph->input_count : graph->output_count;
    const double *given = numbers.value;
    double *sweep = mem_alloc(graph->count ? graph->count : 1, sizeof *sweep);
    bool ok = sweep || error_memory(error);
    if (ok && count != wanted)
        ok = command_usage_error(words, UINT32_MAX, error, "a number for each %s is needed: %u, not %u",
                                 forward ? "input" : "output", wanted, count);
    ok = ok && (forward ? bauer_tangent(lcg, given, sweep, error) : bauer_adjoint(lcg, given, sweep, error));
    uint32_t results = forward ? graph->output_count : graph->input_count;
    json_t *values = ok && session->output.json ? json_array() : NULL;
    for (uint32_t i = 0; ok && i < results; i++) {
        char label[64], number[32];
        double value = sweep[forward ? graph->output[i] : graph->input[i]];
        text_number(number, value);
        if (values)
            json_array_append_new(values, record_number(value));
        else
            report_text(session, "  %s%s  %s\n", forward ? "" : "d/d",
                        forward ? graph_output_label(graph, i, label) : graph_input_label(graph, i, label), number);
    }
    if (values) {
        json_t *object = json_object(), *weights = json_array();
        for (uint32_t i = 0; i < count; i++) json_array_append_new(weights, record_number(given[i]));
        json_object_set_new(object, "kind", json_string(forward ? "jvp" : "vjp"));
        json_object_set_new(object, forward ? "outputs" : "inputs", report_labels(graph, forward));
        json_object_set_new(object, "direction", weights);
        json_object_set_new(object, "values", values);
        report_json(session, object);
    }
    mem_free(sweep);
    mem_free(numbers.value);
    return ok;
}

bool command_jvp(struct session *session, const struct words *words, struct error *error) {
    return direction(session, words, true, error);
}
bool command_vjp(struct session *session, const struct words *words, struct error *error) {
    return direction(session, words, false, error);
}

// ---- :at ----------------------------------------------------------------------------------------------------------

static bool is_input(const char *label, const char *name, size_t size) {
    return strncmp(label, name, size) == 0 && (label[size] == '\0' || label[size] == '[');
}

// x = NUMBER, or v = [NUMBER, ...] for all inputs v[0], v[1], ...
static bool set_input(const struct words *words, const struct graph *graph, const char *name, size_t size,
                      const struct numbers *numbers, double *input, struct error *error) {
    char label[64];
    uint32_t used = 0, wanted = 0;
    for (uint32_t i = 0; i < graph->input_count; i++) {
        if (!is_input(graph_input_label(graph, i, label), name, size)) continue;
        wanted++;
        if (used < numbers->count) input[i] = numbers->value[used++];
    }
    struct span span = span_of(words, name, name + size);
    int shown = size < 60 ? (int)size : 60;
    if (!wanted) {
        error_set(error, ERROR_USAGE, span, "`%.*s` is not an input", shown, name);
        if (graph->input_count) error_hint(error, "the first input is %s", graph_input_label(graph, 0, label));
        return false;
    }
    return wanted == numbers->count || error_set(error, ERROR_USAGE, span, "%.*s takes %u number%s, %u given", shown,
                                                 name, wanted, wanted == 1 ? "" : "s", numbers->count);
}

// Where the value that begins at `c` ends: at a comma outside brackets, or before the next NAME=.
static const char *value_end(const char *c) {
    const char *end = comma(c);
    for (const char *blank = c + strspn(c, " \t"); blank < end; blank++) {
        if (*blank != ' ' && *blank != '\t') continue;
        const char *name = blank + strspn(blank, " \t");
        const char *after = name + strcspn(name, " \t,=");
        after += strspn(after, " \t");
        if (after > name && after < end && *after == '=' && after[1] != '=') return blank;
    }
    return end;
}

// x1=2, x2 = pi/2, v=[1, 2]: some inputs by name.
static bool read_named(struct session *session, const struct words *words, const struct graph *graph, double *input,
                       struct error *error) {
    struct numbers numbers = {0};
    bool ok = true;
    for (const char *c = words->rest; ok && *(c += strspn(c, " \t\r\n,"));) {
        size_t size = strcspn(c, " \t=,");
        const char *value = c + size + strspn(c + size, " \t");
        if (*value != '=') {
            ok = error_set(error, ERROR_USAGE, span_of(words, c, c + size), "`=` is missing after `%.*s`",
                           size < 60 ? (int)size : 60, c);
            break;
        }
        const char *end = value_end(++value);
        numbers.count = 0;
        ok = add_text(session, words, value, end, &numbers, error) &&
             set_input(words, graph, c, size, &numbers, input, error);
        c = end;
    }
    mem_free(numbers.value);
    return ok;
}

static bool read_point(struct session *session, const struct words *words, const struct graph *graph, double *input,
                       struct error *error) {
    uint32_t count = graph->input_count;
    for (uint32_t i = 0; i < count; i++) input[i] = graph->value[graph->input[i]];
    if (strchr(words->rest, '=')) return read_named(session, words, graph, input, error);
    struct numbers numbers = {0};
    bool ok = read_numbers(session, words, &numbers, error);
    if (ok && numbers.count != count)
        ok = command_usage_error(words, UINT32_MAX, error, "the graph has %u input%s, %u number%s given", count,
                                 count == 1 ? "" : "s", numbers.count, numbers.count == 1 ? "" : "s");
    if (ok && numbers.value) memcpy(input, numbers.value, count * sizeof *input);
    mem_free(numbers.value);
    return ok;
}

bool command_at(struct session *session, const struct words *words, struct error *error) {
    struct graph *graph = session_graph(session, error);
    if (!graph) return false;
    if (!words->count) return command_usage_error(words, 0, error, "the new point is missing");
    uint32_t count = graph->input_count;
    double *input = mem_alloc((size_t)count + 1, sizeof *input);
    if (!input) return error_memory(error);
    bool ok = read_point(session, words, graph, input, error) && session_move(session, input, count, error);
    mem_free(input);
    if (ok) report_outputs(session, environment_graph(session->environment));
    return ok;
}
