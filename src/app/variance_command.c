// :variance
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/chart.h"
#include "app/commands.h"
#include "app/method.h"
#include "app/pattern_words.h"
#include "app/trials.h"
#include "app/variance.h"
#include "base/clock.h"
#include "base/task.h"

// ---- words --------------------------------------------------------------------------------------------------------

static bool add_value(const struct words *words, uint32_t at, struct values *values, double value,
                      struct error *error) {
    if (values->count == VARIANCE_VALUES)
        return command_usage_error(words, at, error, "an axis has at most %d values", VARIANCE_VALUES);
    values->value[values->count++] = value;
    return true;
}

// `low`, then 1, 2, 5, 10, 20, 50, ... between the two, then `high`.
static bool add_steps(const struct words *words, uint32_t at, struct values *values, double low, double high,
                      struct error *error) {
    bool ok = add_value(words, at, values, low, error);
    for (double ten = 1; ok && ten < high; ten *= 10)
        for (int i = 0; ok && i < 3; i++) {
            double value = ten * (i == 0 ? 1 : i == 1 ? 2 : 5);
            if (value > low && value < high) ok = add_value(words, at, values, value, error);
        }
    return ok && (high == low || add_value(words, at, values, high, error));
}

static bool add_range(const struct words *words, uint32_t at, enum variance_axis axis, struct values *values,
                      double low, double high, struct error *error) {
    if (low > high || low < 1 || low != floor(low) || high != floor(high))
        return command_usage_error(words, at, error, "a range goes from a whole number up to another: 1..32");
    if (axis == AXIS_SAMPLES) return add_steps(words, at, values, low, high, error);
    for (; low <= high; low++)
        if (!add_value(words, at, values, low, error)) return false;
    return true;
}

static bool add_part(const struct words *words, uint32_t at, enum variance_axis axis, char *part, struct values *values,
                     struct error *error) {
    double low, high;
    char *dots = strstr(part, "..");
    if (dots) {
        *dots = '\0';
        if (text_parse_number(part, &low) && text_parse_number(dots + 2, &high))
            return add_range(words, at, axis, values, low, high, error);
        return command_usage_error(words, at, error, "`%s` takes numbers: 1..32, or 2,4,8", variance_axis_names[axis]);
    }
    bool fraction = axis == AXIS_KEEP;
    double most = axis == AXIS_SAMPLES ? 1e15 : 1e9;
    if (!text_parse_number(part, &low) || !(low > 0) || (low != floor(low) && !(fraction && low < 1)) || low > most)
        return command_usage_error(words, at, error, "`%s` takes %swhole numbers from 1 to %.15g, not `%s`",
                                   variance_axis_names[axis], fraction ? "fractions in (0, 1] or " : "", most, part);
    return add_value(words, at, values, low, error);
}

// "1..4,8,16"; a comma at the end of a word goes on in the next.
static bool read_values(const struct words *words, uint32_t *at, enum variance_axis axis, struct values *values,
                        struct error *error) {
    values->count = 0;
    for (bool more = true; more; ++*at) {
        if (*at >= words->count)
            return command_usage_error(words, *at - 1, error, "`%s` needs values: 1..32, or 2,4,8",
                                       variance_axis_names[axis]);
        char text[256], *next = text;
        if (snprintf(text, sizeof text, "%s", words->word[*at]) >= (int)sizeof text)
            return command_usage_error(words, *at, error, "this list is too long: use a range, as 1..32");
        more = text[0] && text[strlen(text) - 1] == ',';
        for (char *part; (part = strsep(&next, ",")) && (part[0] || !more);)
            if (!add_part(words, *at, axis, part, values, error)) return false;
    }
    for (uint32_t i = 1; i < values->count; i++)
        if (values->value[i] <= values->value[i - 1])
            return command_usage_error(words, *at - 1, error, "the values of `%s` must rise",
                                       variance_axis_names[axis]);
    return true;
}

static bool read_ends(struct session *session, const struct words *words, uint32_t *at, struct variance *v,
                      struct error *error) {
    for (uint32_t i = 0; i < 2; i++) {
        vertex found = session_vertex(session, words->word[*at + 2 * i], error);
        if (found == VERTEX_NONE) return error->span = words->span[*at + 2 * i], false;
        *(i ? &v->to : &v->from) = found;
    }
    *at += 3;
    return true;
}

static bool read_whole(const struct words *words, uint32_t *at, double most, double *number, struct error *error) {
    char what[64];
    snprintf(what, sizeof what, "the number of `%s`", words->word[*at]);
    if (!method_number(words, *at + 1, what, 1, most, number, error)) return false;
    *at += 2;
    return true;
}

static bool read_axis(const struct words *words, uint32_t *at, struct variance *v, bool *found, struct error *error) {
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        if (!method_word(words, *at, variance_axis_names[axis])) continue;
        if (!v->has_pattern && (axis == AXIS_DEPTH || axis == AXIS_WIDTH)) {
            command_usage_error(words, *at, error, "`%s` belongs to a pattern", variance_axis_names[axis]);
            error_hint(error, ":variance interleaved depth 1..32 width 2,4,8 uniform walk");
            return false;
        }
        *found = true;
        ++*at;
        return read_values(words, at, (enum variance_axis)axis, &v->axis[axis], error);
    }
    return true;
}

static bool read_method(const struct words *words, uint32_t *at, struct variance *v, struct error *error) {
    if (v->method_count == VARIANCE_METHODS)
        return command_usage_error(words, *at, error, "one sweep takes at most %d estimators", VARIANCE_METHODS);
    if (!method_read_bare(words, at, &v->method[v->method_count], &v->bare[v->method_count], error)) return false;
    v->method_count++;
    return true;
}

struct wish {
    double repeats, graphs, seed;
};

static bool read_one(struct session *session, const struct words *words, uint32_t *at, struct variance *v,
                     struct wish *wish, struct error *error) {
    bool found = false;
    if (!read_axis(words, at, v, &found, error) ||
        (!found && !pattern_read_look(words, at, &v->pattern, &found, error)))
        return false;
    if (found) return true;
    if (method_word(words, *at, "repeats")) return read_whole(words, at, 1e12, &wish->repeats, error);
    if (method_word(words, *at, "graphs")) return read_whole(words, at, 1e6, &wish->graphs, error);
    if (method_word(words, *at, "seed")) {
        *at += 2;
        return method_number(words, *at - 1, "the seed", 0, 0x1p53, &wish->seed, error);
    }
    if (method_word(words, *at, "file")) {
        if (*at + 1 >= words->count) return command_usage_error(words, *at, error, "`file` needs a name");
        v->file = words->word[*at + 1];
        return *at += 2, true;
    }
    if (method_word(words, *at, "relative")) return v->relative = true, ++*at, true;
    if (method_word(words, *at, "one") && method_word(words, *at + 1, "panel"))
        return v->one_panel = true, *at += 2, true;
    if (!v->has_pattern && method_word(words, *at + 1, "->") && *at + 2 < words->count)
        return read_ends(session, words, at, v, error);
    return read_method(words, at, v, error);
}

// ---- what was not told --------------------------------------------------------------------------------------------

static bool whole_range(struct values *values, double low, double high) {
    for (values->count = 0; low <= high; low++) values->value[values->count++] = low;
    return true;
}

static void usual_methods(struct variance *v) {
    static const char *const names[] = {"uniform", "walk", "importance"};
    for (int i = 0; i < 3; i++) {
        v->method[i] = (struct method){.estimator = sampler_find(names[i], NULL)};
        v->bare[i] = true;
    }
    v->method_count = 3;
}

// One number of `samples` is how many are drawn in each cell; several are an axis, each measured `repeats` times.
static bool complete(const struct words *words, struct variance *v, const struct wish *wish, struct error *error) {
    struct values *samples = &v->axis[AXIS_SAMPLES], *keep = &v->axis[AXIS_KEEP];
    if (!v->method_count) usual_methods(v);
    if (v->has_pattern && !v->axis[AXIS_DEPTH].count) whole_range(&v->axis[AXIS_DEPTH], 1, 16);
    if (v->has_pattern && !v->axis[AXIS_WIDTH].count) whole_range(&v->axis[AXIS_WIDTH], 3, 3);
    if (!v->has_pattern && !samples->count && keep->count < 2)
        add_range(words, 0, AXIS_SAMPLES, samples, 1, 1000, error);
    v->estimates = wish->repeats > 0 ? (uint64_t)wish->repeats : samples->count > 1 ? 1000 : 10000;
    if (samples->count == 1 && wish->repeats == 0) v->estimates = (uint64_t)samples->value[0], samples->count = 0;
    for (uint32_t i = 0; i < keep->count; i++) v->fraction |= keep->value[i] < 1;
    if (v->fraction && keep->value[keep->count - 1] > 1)
        return command_usage_error(words, 0, error, "`keep` takes fractions or whole numbers, not both");
    v->graphs = (uint32_t)wish->graphs;
    v->seed = (uint64_t)wish->seed;
    if (v->has_pattern || v->graphs == 1) return true;
    return command_usage_error(words, 0, error, "`graphs` belongs to a pattern: the current graph is one");
}

static char *without_file(const struct words *words, uint64_t seed, struct error *error) {
    struct buffer out = {0};
    bool seeded = false;
    buffer_text(&out, ":variance");
    for (uint32_t i = 0; i < words->count; i++) {
        bool file = strcmp(words->word[i], "file") == 0;
        seeded |= strcmp(words->word[i], "seed") == 0;
        i += file; // and its name
        if (!file) buffer_printf(&out, " %s", words->word[i]);
    }
    if (!seeded) buffer_printf(&out, " seed %llu", (unsigned long long)seed);
    if (out.failed) error_memory(error), buffer_free(&out);
    return out.data;
}

static bool read_words(struct session *session, const struct words *words, struct variance *v, struct error *error) {
    struct wish wish = {.graphs = 1, .seed = (double)session->settings.seed};
    uint32_t at = 0;
    v->pattern = pattern_usual(session);
    v->from = v->to = VERTEX_NONE;
    v->has_pattern = pattern_word(words, 0, &v->pattern);
    at += v->has_pattern;
    if (!v->has_pattern && !session_graph(session, error)) {
        error_clear(error);
        error_set(error, ERROR_OTHER, SPAN_NONE, "there is no graph yet, and no pattern is named");
        error_hint(error, ":variance interleaved depth 1..16 width 3 uniform walk");
        return false;
    }
    while (at < words->count)
        if (!read_one(session, words, &at, v, &wish, error)) return false;
    return complete(words, v, &wish, error) && (v->command = method_seeded(":variance", words, v->seed, error)) &&
           (!v->file || (v->again = without_file(words, v->seed, error)));
}

// ---- running ------------------------------------------------------------------------------------------------------

struct running {
    struct variance *v;
    double written; // when
};

// What was computed is not lost with a full disk: the sweep goes on, and the mistake is told at the end.
static void write_file(struct variance *v) {
    error_clear(&v->unwritten);
    variance_file_write(v, &v->unwritten);
}

// At most once a second, for a file is written whole.
static bool finished(void *context, size_t cell, struct error *error) {
    struct running *running = context;
    (void)cell, (void)error;
    if (!running->v->file || clock_now() - running->written < 1) return true;
    running->written = clock_now();
    write_file(running->v);
    return true;
}

bool variance_run(struct variance *v, struct error *error) {
    struct running running = {v, clock_now()};
    struct error stopped = {0};
    bool ok = sweep_run(&v->sweep, finished, &running, &stopped);
    bool interrupted = !ok && stopped.kind == ERROR_INTERRUPT;
    size_t done = 0;
    for (size_t i = 0; i < v->sweep.cell_count; i++) done += v->sweep.cell[i].done;
    if (interrupted) task_begin(); // what there is is kept, and told in full
    if (v->file && done > v->cells_read) write_file(v);
    if (ok || (interrupted && done)) return true;
    *error = stopped;
    return false;
}

bool variance_read(struct variance *v, struct session *session, const struct words *words, struct error *error) {
    return read_words(session, words, v, error) && variance_plan(v, session, error);
}

bool command_variance(struct session *session, const struct words *words, struct error *error) {
    struct variance *v = mem_zero(1, sizeof *v);
    if (!v) return error_memory(error);
    bool ok =
        variance_read(v, session, words, error) && (!v->file || variance_file_read(v, error)) && variance_run(v, error);
    struct chart *chart = ok ? variance_chart(session, v, error) : NULL;
    ok = ok && chart && variance_report(session, v, error);
    if (ok)
        chart_show(session, chart), trials_add_variance(session, v);
    else
        chart_free(chart);
    if (ok && v->unwritten.kind != ERROR_NONE) ok = false, *error = v->unwritten;
    variance_free(v);
    mem_free(v);
    return ok;
}
