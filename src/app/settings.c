#include "app/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"

void settings_default(struct settings *settings) {
    *settings = (struct settings){.theme = THEME_LIGHT,
                                  .direction = DIRECTION_UP,
                                  .direction_auto = true,
                                  .digits = 3,
                                  .vertices = 20000000,
                                  .steps = 10000000,
                                  .depth = 1000,
                                  .paths = 100,
                                  .rows = 1000,
                                  .layout_vertices = 2000,
                                  .layout_seconds = 5,
                                  .values = true};
}

enum direction settings_direction(const struct settings *settings, const struct graph *graph) {
    if (!settings->direction_auto) return settings->direction;
    return graph->layered ? DIRECTION_RIGHT : DIRECTION_UP;
}

void settings_apply(struct session *session) {
    const struct settings *s = &session->settings;
    struct environment_options options = environment_options(session->environment);
    options.vertices = s->vertices;
    options.steps = s->steps;
    options.depth = s->depth;
    environment_set_options(session->environment, options);
    parallel_set_threads(s->threads);
}

// ---- reading and showing ------------------------------------------------------------------------------------------

static bool read_whole(const char *text, double low, double high, double *out) {
    return text_parse_number(text, out) && *out == floor(*out) && *out >= low && *out <= high;
}

static bool read_word(const char *text, const char *const *words, int count, int *out) {
    for (*out = 0; *out < count; ++*out)
        if (strcmp(words[*out], text) == 0) return true;
    return false;
}

static const char *const on_off[] = {"off", "on"};
static const char *const directions[] = {"up", "down", "right", "left", "auto"};
static const char *const text_modes[] = {"text", "paths"};

static bool set_theme(struct session *session, const char *value) {
    return style_find(value, &session->settings.theme);
}
static void show_theme(const struct session *session, struct buffer *out) {
    buffer_text(out, style_of(session->settings.theme)->name);
}

static bool set_direction(struct session *session, const char *value) {
    int word;
    if (!read_word(value, directions, 5, &word)) return false;
    session->settings.direction_auto = word == 4;
    session->settings.direction = word == 4 ? DIRECTION_UP : (enum direction)word;
    return true;
}
static void show_direction(const struct session *session, struct buffer *out) {
    buffer_text(out, directions[session->settings.direction_auto ? 4 : session->settings.direction]);
}

#define WHOLE(NAME, TYPE, LOW, HIGH)                                                                                   \
    static bool set_##NAME(struct session *session, const char *value) {                                               \
        double number;                                                                                                 \
        if (!read_whole(value, LOW, HIGH, &number)) return false;                                                      \
        session->settings.NAME = (TYPE)number;                                                                         \
        return true;                                                                                                   \
    }                                                                                                                  \
    static void show_##NAME(const struct session *session, struct buffer *out) {                                       \
        buffer_printf(out, "%.0f", (double)session->settings.NAME);                                                    \
    }

WHOLE(digits, int, 1, 17)
WHOLE(vertices, uint32_t, 1, 2147483646)
WHOLE(steps, uint64_t, 1, 9e15)
WHOLE(depth, uint32_t, 1, 1000000)
WHOLE(paths, uint32_t, 1, 10000000)
WHOLE(rows, uint32_t, 1, 2147483646)
WHOLE(layout_vertices, uint32_t, 1, 100000)
WHOLE(seed, uint64_t, 0, 9007199254740992.0)

static bool set_layout(struct session *session, const char *value) {
    double seconds;
    if (!text_parse_number(value, &seconds) || !(seconds > 0 && seconds <= 3600)) return false;
    session->settings.layout_seconds = seconds;
    return true;
}
static void show_layout(const struct session *session, struct buffer *out) {
    buffer_printf(out, "%g", session->settings.layout_seconds);
}

#define SWITCH(NAME, WORDS)                                                                                            \
    static bool set_##NAME(struct session *session, const char *value) {                                               \
        int word;                                                                                                      \
        if (!read_word(value, WORDS, 2, &word)) return false;                                                          \
        session->settings.NAME = word == 1;                                                                            \
        return true;                                                                                                   \
    }                                                                                                                  \
    static void show_##NAME(const struct session *session, struct buffer *out) {                                       \
        buffer_text(out, WORDS[session->settings.NAME]);                                                               \
    }

SWITCH(values, on_off)
SWITCH(text_as_paths, text_modes)

static bool set_color(struct session *session, const char *value) {
    int word;
    if (!read_word(value, on_off, 2, &word)) return false;
    session->settings.color = session->output.color = word == 1;
    return true;
}
static void show_color(const struct session *session, struct buffer *out) {
    buffer_text(out, on_off[session->output.color]);
}

// ---- what is collapsed --------------------------------------------------------------------------------------------

static bool frame_matches(const struct session *session, const struct graph *graph, uint32_t frame, const char *value) {
    const struct frame *f = &graph->frames[frame];
    if (strcmp(value, "all") == 0) return true;
    if (strcmp(value, "calls") == 0) return f->kind == FRAME_CALL;
    if (strcmp(value, "layers") == 0) return f->kind == FRAME_LAYER;
    if (strcmp(value, "loops") == 0) return f->kind == FRAME_ITERATION;
    return f->name && strcmp(symbol_text(session->symbols, f->name), value) == 0;
}

// "3,5": frames by their numbers, as the window names them.
static bool collapse_numbers(struct session *session, const struct graph *graph, const char *value) {
    uint32_t *frames = NULL, count = 0;
    size_t capacity = 0;
    for (const char *c = value; *c;) {
        char *end;
        unsigned long frame = strtoul(c, &end, 10);
        bool good = end > c && frame > 0 && graph && frame < graph->frame_count && (*end == ',' || !*end);
        if (!good || !mem_grow(&frames, &capacity, (size_t)count + 1, sizeof *frames)) return mem_free(frames), false;
        frames[count++] = (uint32_t)frame;
        c = end + (*end == ',');
    }
    mem_free(session->shown.collapsed);
    session->shown.collapsed = frames;
    session->shown.collapsed_count = count;
    return true;
}

static bool collapse(struct session *session, const char *value) {
    if (*value >= '0' && *value <= '9')
        return collapse_numbers(session, environment_graph(session->environment), value);
    const struct graph *graph = environment_graph(session->environment);
    struct shown *shown = &session->shown;
    uint32_t *frames = NULL, count = 0;
    size_t capacity = 0;
    for (uint32_t i = 1; graph && i < graph->frame_count && strcmp(value, "none") != 0; i++) {
        if (!frame_matches(session, graph, i, value)) continue;
        if (!mem_grow(&frames, &capacity, count + 1, sizeof *frames)) return mem_free(frames), false;
        frames[count++] = i;
    }
    bool kind = strcmp(value, "none") == 0 || strcmp(value, "all") == 0 || strcmp(value, "calls") == 0 ||
                strcmp(value, "loops") == 0;
    if (!count && !kind) return mem_free(frames), false;
    mem_free(shown->collapsed);
    shown->collapsed = frames;
    shown->collapsed_count = count;
    return true;
}
bool settings_collapse(struct session *session, const char *value) {
    if (!collapse(session, value)) return false;
    bool none = strcmp(value, "none") == 0;
    snprintf(session->shown.rule, sizeof session->shown.rule, "%s", none || strlen(value) > 60 ? "" : value);
    return true;
}

void settings_collapse_again(struct session *session) {
    char rule[sizeof session->shown.rule];
    memcpy(rule, session->shown.rule, sizeof rule);
    if (*rule && !session->shown.collapsed_count) collapse(session, rule);
}

static void show_collapse(const struct session *session, struct buffer *out) {
    if (session->shown.collapsed_count)
        buffer_printf(out, "%u frames", session->shown.collapsed_count);
    else
        buffer_text(out, "none");
}

static bool set_threads(struct session *session, const char *value) {
    double number;
    if (strcmp(value, "auto") == 0) return session->settings.threads = 0, true;
    if (!read_whole(value, 1, 256, &number)) return false;
    session->settings.threads = (uint32_t)number;
    return true;
}

static void show_threads(const struct session *session, struct buffer *out) {
    if (session->settings.threads)
        buffer_printf(out, "%u", session->settings.threads);
    else
        buffer_text(out, "auto");
}

// ---- the table ----------------------------------------------------------------------------------------------------

const struct setting setting_table[] = {
    {"theme", "light | dark | projector", "colours and sizes of drawings", "light dark projector", set_theme,
     show_theme},
    {"direction", "auto | up | down | right | left", "where the outputs are in drawings; auto: up, of patterns right",
     "auto up down right left", set_direction, show_direction},
    {"digits", "1 to 17", "significant digits of numbers in drawings", NULL, set_digits, show_digits},
    {"values", "on | off", "values under the names in drawings", "on off", set_values, show_values},
    {"collapse",
     "none | all | calls | loops | layers | NAME of a function or loop variable in the graph | NUMBER,... of frames",
     "calls, loop iterations and layers drawn as one box each", "none all calls loops layers", settings_collapse,
     show_collapse},
    {"paths", "1 to 10000000", "paths listed without `top N`", NULL, set_paths, show_paths},
    {"rows", "1 to 2147483646", "vertices or edges listed by :graph and :lcg", NULL, set_rows, show_rows},
    {"vertices", "1 to 2147483646", "most vertices of a graph", NULL, set_vertices, show_vertices},
    {"steps", "1 to 9e15", "most loop iterations and calls of one statement", NULL, set_steps, show_steps},
    {"depth", "1 to 1000000", "most calls inside one another", NULL, set_depth, show_depth},
    {"layout_vertices", "1 to 100000", "most vertices that are drawn", NULL, set_layout_vertices, show_layout_vertices},
    {"layout", "seconds, up to 3600", "time limit of a layout; a simpler one is shown beyond it", NULL, set_layout,
     show_layout},
    {"text", "text | paths", "SVG with real text, or with outlines that need no font", "text paths", set_text_as_paths,
     show_text_as_paths},
    {"color", "on | off", "colours in the terminal", "on off", set_color, show_color},
    {"seed", "0 to 9007199254740992", "seed of everything random", NULL, set_seed, show_seed},
    {"threads", "auto | 1 to 256", "threads that draw samples; the results are the same for any number", "auto",
     set_threads, show_threads},
};
const size_t setting_count = sizeof setting_table / sizeof *setting_table;

const struct setting *setting_find(const char *name, struct error *error) {
    const char *names[sizeof setting_table / sizeof *setting_table];
    for (size_t i = 0; i < setting_count; i++) {
        names[i] = setting_table[i].name;
        if (strcmp(names[i], name) == 0) return &setting_table[i];
    }
    error_set(error, ERROR_USAGE, SPAN_NONE, "there is no setting `%s`", name);
    const char *nearest = text_nearest(name, names, setting_count);
    if (nearest)
        error_hint(error, "did you mean `%s`? :set lists them all", nearest);
    else
        error_hint(error, ":set lists them all");
    return NULL;
}
