#include "app/window.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "app/between.h"
#include "app/chart.h"
#include "app/instructor.h"
#include "app/lesson.h"
#include "app/peer.h"
#include "app/progress.h"
#include "app/report.h"
#include "app/sampling.h"
#include "app/settings.h"
#include "app/shown.h"
#include "app/walk.h"
#include "app/wire.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/task.h"
#include "graph/bauer.h"
#include "show/export.h"
#include "show/prose.h"
#include "show/record.h"
#include "show/sketch.h"

// All of the picture that can change, to know whether it has.
struct stamp {
    uint64_t version;
    struct settings settings;
    struct shown shown;
    uint32_t step, eliminated, lesson;
    uint64_t chart, sampling;
    const void *walk;
};

static struct {
    struct peer peer;
    enum window_mode mode;
    bool begun;  // its program was started once
    bool open;   // it has said that it has a window
    bool failed; // there is no display: not tried again until asked for by name
    bool unsaid; // nobody has been told so yet
    struct stamp stamp;
    bool stamped;
    bool stopped; // Ctrl-C came while it was drawn
    char *state;  // the answer to WIRE_STATE
    bool told;    // something was written on the terminal
} window;

void window_set_mode(enum window_mode mode) { window.mode = mode; }
bool window_is_open(void) { return peer_is_open(&window.peer); }
int window_socket(void) { return window.peer.child.pid ? window.peer.child.socket : -1; }
bool window_wants_to_send(void) { return peer_wants_to_send(&window.peer); }

// ---- its life -----------------------------------------------------------------------------------------------------

void window_stop(void) {
    peer_stop(&window.peer);
    window.open = window.stamped = false;
}

static void say(struct session *session, const char *text) {
    if (session->output.json) return;
    fprintf(stderr, "%s%s\n", session->output.interactive ? "\r" : "", text);
    window.told = true;
}

static void lost(struct session *session, const char *why) {
    bool open = window.open;
    window_stop();
    if (open) say(session, why);
}

static void no_display(struct session *session) {
    window_stop();
    window.failed = true;
    window.unsaid = !session->output.interactive;
    if (session->output.interactive)
        say(session,
            "there is no display to open a window on; everything else works, :export FILE.svg draws, and :window tries "
            "again");
}

// It ended by itself: before it had a window, since there is no display for one.
static void gone(struct session *session) {
    if (window.open)
        lost(session, "the window is gone; the session goes on, and :graph opens it again");
    else
        no_display(session);
}

// Who has gone is found out when all that it said before is heard.
static void flush(void) {
    if (!peer_flush(&window.peer)) buffer_clear(&window.peer.out);
}

static void post(enum wire_kind kind, const char *text) {
    if (!window.peer.child.pid || !wire_put(&window.peer.out, kind, text, strlen(text))) return;
    flush();
}

void window_note(const char *text) {
    if (window.peer.child.pid) wire_put(&window.peer.out, WIRE_NOTE, text, strlen(text));
}

// It goes with the next message if it cannot be sent now; who is gone is found out later.
void window_busy(const char *text) {
    if (!window.peer.child.pid || !window.open || !wire_put(&window.peer.out, WIRE_BUSY, text, strlen(text))) return;
    peer_flush(&window.peer);
}

// ---- what is said of a picture ------------------------------------------------------------------------------------

static double *adjoints(const struct lcg *lcg) {
    const struct graph *graph = lcg->graph;
    double *weight = mem_zero((size_t)graph->output_count + 1, sizeof *weight);
    double *adjoint = mem_zero((size_t)graph->count + 1, sizeof *adjoint);
    if (weight) weight[0] = 1;
    bool ok = weight && adjoint && graph->output_count && bauer_adjoint(lcg, weight, adjoint, NULL);
    mem_free(weight);
    if (ok) return adjoint;
    mem_free(adjoint);
    return NULL;
}

static uint32_t line_of(const struct graph *graph, vertex v) {
    struct span span = graph_span(graph, v);
    return span.source ? source_line(span.source, span.begin) : 0;
}

static json_t *vertex_about(const struct view *view, vertex v, const double *adjoint) {
    const struct graph *graph = view->graph;
    struct buffer details = {0};
    char name[64], output[64];
    uint32_t line = line_of(graph, v);
    buffer_printf(&details, "%s", op_table[graph->op[v]].doc ? op_table[graph->op[v]].doc : "");
    if (line) buffer_printf(&details, "\nline %u", line);
    if (adjoint && sketch_value_known(view, v))
        buffer_printf(&details, "\nadjoint ∂%s/∂%s = %.6g", graph_output_label(graph, 0, output),
                      graph_label(graph, v, name), adjoint[v]);
    json_t *about = json_pack("{s:I, s:s, s:s, s:o, s:o, s:i, s:s}", "id", (json_int_t)graph_id(graph, v), "name",
                              graph_label(graph, v, name), "op", op_table[graph->op[v]].name, "value",
                              sketch_value_known(view, v) ? record_number(graph->value[v]) : json_null(), "adjoint",
                              adjoint ? record_number(adjoint[v]) : json_null(), "line", (int)line, "details",
                              buffer_string(&details));
    buffer_free(&details);
    return about;
}

static json_t *edge_about(const struct view *view, uint32_t edge) {
    const struct graph *graph = view->graph;
    if (edge >= graph_edge_count(graph)) return json_pack("{s:I}", "id", (json_int_t)edge);
    struct buffer formula = {0};
    double partial;
    graph_partial_formula(graph, edge, &formula);
    vertex to = graph_edge_target(graph, edge);
    json_t *about = json_pack("{s:I, s:I, s:I, s:s, s:o}", "id", (json_int_t)edge, "from",
                              (json_int_t)graph_id(graph, graph->operand[edge]), "to", (json_int_t)graph_id(graph, to),
                              "formula", buffer_string(&formula), "partial",
                              sketch_partial(view, edge, &partial) ? record_number(partial) : json_null());
    buffer_free(&formula);
    return about;
}

static json_t *frame_about(const struct graph *graph, uint32_t frame) {
    struct buffer name = {0};
    sketch_frame_name(graph, frame, &name);
    json_t *about = json_pack("{s:I, s:s}", "id", (json_int_t)frame, "name", buffer_string(&name));
    buffer_free(&name);
    return about;
}

// In the order in which they are drawn, and only those that are.
static void parts_about(const struct view *view, const struct scene *scene, const double *adjoint, json_t *about) {
    json_t *vertices = json_array(), *edges = json_array(), *frames = json_array();
    bool graph_view = view->kind != VIEW_PATHS && view->kind != VIEW_FIGURE;
    for (size_t i = 0; graph_view && i < scene->count; i++) {
        const struct scene_item *item = &scene->item[i];
        if (item->kind != SCENE_GROUP) continue;
        if (item->tag == TAG_VERTEX) {
            vertex v = graph_vertex(view->graph, item->id);
            if (v != VERTEX_NONE) json_array_append_new(vertices, vertex_about(view, v, adjoint));
        } else if (item->tag == TAG_EDGE) {
            json_array_append_new(edges, edge_about(view, item->id));
        } else if (item->tag == TAG_FRAME) {
            json_array_append_new(frames, frame_about(view->graph, item->id));
        }
    }
    json_object_set_new(about, "vertices", vertices);
    json_object_set_new(about, "edges", edges);
    json_object_set_new(about, "frames", frames);
}

static json_t *inputs_about(const struct graph *graph) {
    json_t *list = json_array();
    char name[64];
    if (graph_has_tensors(graph)) return list; // :at cannot move them: no sliders
    for (uint32_t i = 0; i < graph->input_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "name", graph_input_label(graph, i, name), "value",
                                              record_number(graph->value[graph->input[i]])));
    return list;
}

// Which line of `code` a span begins on; 0: not there.
static int code_line(const char *code, struct span span) {
    if (!code || !span.source) return 0;
    const char *start = strstr(code, span.source->text);
    if (!start) return 0;
    int line = 1;
    for (const char *c = code; c < start + span.begin; c++) line += *c == '\n';
    return line;
}

// The edges that an elimination has left.
static void rest_about(const struct view *view, json_t *about) {
    if (!view->rest) return;
    json_t *list = json_array();
    char from[64], to[64];
    for (uint32_t i = 0; i < view->rest_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:b}", "from",
                                              graph_label(view->graph, view->rest[i].source, from), "to",
                                              graph_label(view->graph, view->rest[i].target, to), "partial",
                                              record_number(view->rest[i].value), "fill", view->rest[i].fill));
    json_object_set_new(about, "rest", list);
}

static const char *const walk_names[] = {"primal", "forward", "reverse", "paths", "eliminate"};

static void step_about(struct session *session, const struct view *view, json_t *about) {
    struct walk_step step;
    json_t *object = json_null();
    int line = 0;
    if (walk_is_on(session->walk, view->graph) && session->shown.step && walk_at(session->walk) &&
        walk_step(session->walk, &step, NULL)) {
        object = json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:o, s:o}", "kind", walk_names[walk_kind(session->walk)],
                           "number", (json_int_t)step.number, "count", (json_int_t)step.count, "title", step.title,
                           "arithmetic", step.arithmetic, "words", step.words, "running", record_number(step.running),
                           "sum", isnan(step.sum) ? json_null() : record_number(step.sum));
        line = code_line(view->code, step.span);
    }
    json_object_set_new(about, "step", object);
    json_object_set_new(about, "line", json_integer(line));
}

static void between_about(struct session *session, const struct view *view, json_t *about) {
    struct buffer words = {0};
    const struct shown *shown = &session->shown;
    bool one = shown->pick[0] == shown->pick[1], early = session->lesson && view->kind == VIEW_PRIMAL;
    if (shown->picked && view->lcg && !one && !early) // a class that sees its first graph knows no derivatives yet
        between_words(view->lcg, shown->pick[0], shown->pick[1], &words, NULL);
    json_object_set_new(about, "between", json_string(buffer_string(&words)));
    buffer_free(&words);
}

struct doc {
    const struct graph *graph;
    const char *text;
};

static void find_doc(void *context, const struct binding *binding) {
    struct doc *doc = context;
    if (binding->name == doc->graph->function && binding->doc) doc->text = binding->doc;
}

// A docstring without the indentation that all its lines but the first share.
static void undent(const char *text, struct buffer *out) {
    size_t shared = SIZE_MAX;
    for (const char *line = strchr(text, '\n'); line; line = strchr(line + 1, '\n')) {
        size_t blanks = strspn(line + 1, " \t");
        if (line[1 + blanks] && line[1 + blanks] != '\n' && blanks < shared) shared = blanks;
    }
    for (const char *line = text + strspn(text, " \t"); *line;) {
        size_t size = strcspn(line, "\n");
        buffer_add(out, line, size);
        line += size;
        if (!*line) break;
        buffer_char(out, *line++);
        size_t blanks = strspn(line, " \t");
        line += blanks < shared ? blanks : shared;
    }
}

static bool lesson_about(const struct session *session, json_t *about) {
    if (!session->lesson) return false;
    struct buffer text = {0};
    lesson_text(session, &text);
    json_object_set_new(about, "text", json_string(buffer_string(&text)));
    json_object_set_new(about, "lesson", json_true());
    buffer_free(&text);
    return true;
}

// What the traced function says of itself: CommonMark, shown above its program.
static void text_about(struct session *session, const struct graph *graph, json_t *about) {
    if (lesson_about(session, about)) return;
    struct doc doc = {graph, ""};
    if (graph->function) environment_bindings(session->environment, find_doc, &doc);
    struct buffer text = {0};
    undent(doc.text, &text);
    json_object_set_new(about, "text", json_string(buffer_string(&text)));
    buffer_free(&text);
}

static char *about_picture(struct session *session, const struct view *view, const struct scene *scene,
                           const char *message) {
    static const char *const directions[] = {"up", "down", "right", "left"};
    struct lcg *lcg = session_lcg(session, NULL);
    double *adjoint = lcg ? adjoints(lcg) : NULL;
    json_t *about = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "view", view_kind_name[view->kind], "theme",
                              style_of(view->theme)->name, "direction", directions[view->direction], "point",
                              view->point ? view->point : "", "code", view->code ? view->code : "", "message", message);
    if (!about) return mem_free(adjoint), NULL;
    parts_about(view, scene, adjoint, about);
    json_object_set_new(about, "inputs", inputs_about(view->graph));
    step_about(session, view, about);
    rest_about(view, about);
    between_about(session, view, about);
    text_about(session, view->graph, about);
    if (sampling_about(session)) json_object_set(about, "sampling", sampling_about(session));
    char *text = json_dumps(about, JSON_COMPACT);
    json_decref(about);
    mem_free(adjoint);
    return text;
}

// ---- sending a picture --------------------------------------------------------------------------------------------

static struct stamp stamp_of(const struct session *session) {
    struct stamp stamp;
    memset(&stamp, 0, sizeof stamp);
    stamp.version = environment_version(session->environment);
    stamp.settings = session->settings;
    stamp.shown = session->shown;
    stamp.walk = session->walk;
    stamp.sampling = sampling_serial(session);
    stamp.lesson = session->lesson ? lesson_at(session->lesson) : 0;
    stamp.step = session->walk ? walk_at(session->walk) : 0;
    stamp.eliminated = session->eliminated_count;
    stamp.chart = session->shown.chart && session->chart ? session->chart->serial : 0;
    return stamp;
}

// A plot goes as data: the window draws it, so that moving it needs nobody else.
static bool send_chart(struct session *session, struct error *error) {
    const struct buffer nothing = {0};
    json_t *about =
        json_pack("{s:s, s:s, s:s, s:s, s:o}", "view", "plot", "point",
                  session->chart->title[0] ? session->chart->title : session->chart->panel[0].title, "theme",
                  style_of(session->settings.theme)->name, "message", "", "plot", chart_json(session->chart));
    if (about) lesson_about(session, about);
    char *text = about ? json_dumps(about, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(about);
    bool ok = text || error_memory(error);
    if (ok && !wire_put_view(&window.peer.out, text, &nothing)) {
        ok = false;
        error_set(error, ERROR_LIMIT, SPAN_NONE, "the plot is too large for the window (over %u MB)",
                  WIRE_LARGEST >> 20);
        error_hint(error, "plot fewer rows; :export FILE.svg draws all of them");
    }
    free(text);
    return ok;
}

// A page that is more than its plots goes as a picture.
static bool send_page(struct session *session, struct error *error) {
    struct scene scene;
    char message[256] = "";
    scene_init(&scene);
    bool ok = chart_scene(session->chart, session->settings.theme, &scene, message, error);
    json_t *about = json_pack("{s:s, s:s, s:s, s:s}", "view", "page", "point", session->chart->title, "theme",
                              style_of(session->settings.theme)->name, "message", message);
    if (about) lesson_about(session, about);
    char *text = about ? json_dumps(about, JSON_COMPACT) : NULL;
    json_decref(about);
    ok = ok && peer_put_picture(&window.peer, &scene, text, ":export FILE.svg writes it", error);
    free(text);
    scene_clear(&scene);
    return ok;
}

static bool send_picture(struct session *session, struct error *error) {
    bool chart = session->shown.chart && session->chart;
    if (chart) return session->chart->draw ? send_page(session, error) : send_chart(session, error);
    struct view view;
    struct scene scene;
    char message[256] = "";
    if (!session_view(session, session->shown.kind, &view, error)) return false;
    view.live = true;
    scene_init(&scene);
    bool ok = diagram_scene(&view, &scene, message, error);
    char *about = ok ? about_picture(session, &view, &scene, message) : NULL;
    ok = ok && peer_put_picture(&window.peer, &scene, about,
                                "collapse calls or loops, or show some paths: :paths top 10", error);
    free(about);
    scene_clear(&scene);
    session_view_free(&view);
    return ok;
}

// As CommonMark that shows every character as it is.
static void add_plain(struct buffer *out, const char *text) {
    for (; *text; text++) {
        if (ispunct((unsigned char)*text)) buffer_char(out, '\\');
        buffer_char(out, *text);
    }
}

// In the place of a picture that cannot be drawn: the one before is of something else, and would be clicked on.
static bool send_words(struct session *session, const struct error *why, struct error *error) {
    bool chart = session->shown.chart && session->chart;
    struct graph *graph = environment_graph(session->environment);
    struct prose_look look = {.theme = session->settings.theme};
    struct buffer text = {0}, point = {0};
    struct scene scene;
    char message[256];
    if (!chart) environment_point(session->environment, &point);
    buffer_printf(&text, "**There is no picture of this %s.**\n\n", chart ? "plot" : "graph");
    add_plain(&text, why->kind == ERROR_INTERRUPT ? "Drawing it was stopped by Ctrl-C" : why->message);
    buffer_text(&text, "\n\n");
    add_plain(&text, why->kind == ERROR_INTERRUPT ? ":graph or :lcg draws it" : why->hint);
    scene_init(&scene);
    json_t *about = json_pack("{s:s, s:s, s:s, s:s, s:o}", "view", chart ? "page" : view_kind_name[session->shown.kind],
                              "theme", style_of(session->settings.theme)->name, "point",
                              chart ? session->chart->title : buffer_string(&point), "message", "", "inputs",
                              chart || !graph ? json_array() : inputs_about(graph));
    if (about) lesson_about(session, about);
    char *told = about ? json_dumps(about, JSON_COMPACT) : NULL;
    bool ok = prose_scene(buffer_string(&text), text.size, &look, &scene, message, error) &&
              peer_put_picture(&window.peer, &scene, told, "", error);
    free(told);
    json_decref(about);
    scene_clear(&scene);
    buffer_free(&text);
    buffer_free(&point);
    return ok;
}

static void tell_undrawn(struct session *session, const struct error *why) {
    struct error error = {0};
    bool interrupted = task_uninterrupt();
    if (!send_words(session, why, &error)) post(WIRE_NOTE, why->message);
    task_reinterrupt(interrupted);
}

static bool may_open(const struct session *session) {
    return window.mode == WINDOW_ALWAYS || (window.mode == WINDOW_WHEN_INTERACTIVE && session->output.interactive);
}

bool window_is_wanted(const struct session *session) {
    return window_is_open() || (may_open(session) && !window.failed);
}

void window_refresh(struct session *session, bool asked) {
    struct error error = {0};
    if (!window.peer.child.pid && !(asked && may_open(session) && !window.failed)) return;
    bool chart = session->shown.chart && session->chart;
    if ((!chart && !environment_graph(session->environment)) || window.mode == WINDOW_NEVER) return;
    struct stamp stamp = stamp_of(session);
    bool again = asked && window.stopped; // the same line draws it
    if (window.peer.child.pid && window.stamped && !again && memcmp(&stamp, &window.stamp, sizeof stamp) == 0) return;
    if (window.peer.out.size > 0 && window.stamped) { // it is slow: the newest picture comes when it has taken this one
        window.stamped = false;
        return;
    }
    bool ok = peer_start(&window.peer, &error);
    window.begun = true;
    if (!ok) window.failed = true;
    ok = ok && send_picture(session, &error);
    window.stamp = stamp;
    window.stamped = true;
    window.stopped = !ok && error.kind == ERROR_INTERRUPT;
    if (!ok && window.peer.child.pid)
        tell_undrawn(session, &error);
    else if (!ok && !window.stopped)
        report_error(session, &error);
    flush();
}

// ---- what comes back ----------------------------------------------------------------------------------------------

// A line as if it had been typed, but the answer is what the window shows.
static void run_line(struct session *session, const char *line) {
    bool quiet = session->quiet;
    session->quiet = session->from_window = true;
    session_run(session, "<window>", line, strlen(line), 1);
    session->quiet = quiet;
    session->from_window = false;
}

void window_step(struct session *session, int by) {
    if (session->lesson) {
        run_line(session, by > 0 ? ":next" : ":back");
        return;
    }
    bool walking = walk_is_on(session->walk, environment_graph(session->environment)) && session->shown.step;
    if (!walking) run_line(session, session->shown.kind == VIEW_PATHS ? ":walk paths" : ":walk primal");
    if (walking) run_line(session, by > 0 ? ":next" : ":back"); // else the walk begins with its first step
}

static void go_to(struct session *session, double number) {
    char line[40];
    if (!session->shown.step) return;
    snprintf(line, sizeof line, ":goto %.0f", number);
    run_line(session, line);
}

static void slide(struct session *session, const json_t *event) {
    struct graph *graph = environment_graph(session->environment);
    double input = json_number_value(json_object_get(event, "input"));
    double value = json_number_value(json_object_get(event, "value"));
    struct error error = {0};
    if (json_is_true(json_object_get(event, "final"))) window.stamped = false; // it waits for an answer, changed or not
    if (input >= SAMPLING_SLIDER && input < 2.0 * SAMPLING_SLIDER) {
        sampling_slide(session, (uint32_t)input - SAMPLING_SLIDER, value,
                       json_is_true(json_object_get(event, "final")));
        return;
    }
    if (!graph || !(input >= 0 && input < graph->input_count) || !isfinite(value)) return;
    if (!session_slide(session, (uint32_t)input, value, json_is_true(json_object_get(event, "final")), &error))
        window_note(error.message);
}

static vertex vertex_of(const struct graph *graph, const json_t *event, const char *key) {
    json_int_t id = json_integer_value(json_object_get(event, key));
    return id >= 0 && id < (json_int_t)graph_visible_count(graph) ? graph_vertex(graph, (uint32_t)id) : VERTEX_NONE;
}

static void pick(struct session *session, const json_t *event) {
    const struct graph *graph = environment_graph(session->environment);
    if (!graph) return;
    vertex a = vertex_of(graph, event, "from"), b = vertex_of(graph, event, "to");
    if (a == VERTEX_NONE || b == VERTEX_NONE) return;
    session->shown.picked = true;
    session->shown.pick[0] = a;
    session->shown.pick[1] = b;
}

static bool is_collapsed(const struct shown *shown, uint32_t frame) {
    for (uint32_t i = 0; i < shown->collapsed_count; i++)
        if (shown->collapsed[i] == frame) return true;
    return false;
}

// Collapses the innermost call or iteration around a vertex, or expands the frame that was clicked.
static void collapse(struct session *session, const json_t *event) {
    const struct graph *graph = environment_graph(session->environment);
    const struct shown *shown = &session->shown;
    const char *what = json_string_value(json_object_get(event, "what"));
    if (!graph || !what) return;
    json_int_t id = json_integer_value(json_object_get(event, "id"));
    bool expand = strcmp(what, "frame") == 0;
    vertex v = expand ? VERTEX_NONE : vertex_of(graph, event, "id");
    uint32_t frame = expand ? (uint32_t)id : v == VERTEX_NONE ? 0 : graph->frame[v];
    if (frame == 0 || frame >= graph->frame_count) {
        window_note("this vertex is in no call and no loop");
        return;
    }
    struct buffer line = {0};
    buffer_text(&line, ":set collapse ");
    size_t empty = line.size;
    for (uint32_t i = 0; i < shown->collapsed_count; i++)
        if (shown->collapsed[i] != frame)
            buffer_printf(&line, "%s%u", line.size > empty ? "," : "", shown->collapsed[i]);
    if (!expand && !is_collapsed(shown, frame)) buffer_printf(&line, "%s%u", line.size > empty ? "," : "", frame);
    if (line.size == empty) buffer_text(&line, "none");
    run_line(session, buffer_string(&line));
    buffer_free(&line);
}

static bool picture_source(struct session *session, struct buffer *out, struct error *error) {
    char message[256] = "";
    const struct export_format *format = export_find("picture.svg", error);
    return format && shown_write(session, format, true, out, message, error);
}

// A name that is free: bauer-1.svg, bauer-2.svg, ...
static void save(struct session *session) {
    char name[40], note[PATH_MAX + 80], folder[PATH_MAX];
    struct buffer out = {0};
    struct error error = {0};
    for (int i = 1; i < 100000; i++) {
        snprintf(name, sizeof name, "bauer-%d.svg", i);
        if (access(name, F_OK) != 0) break;
    }
    mem_forget(); // of what was before
    if (picture_source(session, &out, &error) && file_write(name, out.data, out.size, &error))
        snprintf(note, sizeof note, "saved as %s/%s", getcwd(folder, sizeof folder) ? folder : ".", name);
    else
        snprintf(note, sizeof note, "not saved: %.400s", error.message);
    window_note(note);
    buffer_free(&out);
}

static void copy_source(struct session *session) {
    struct buffer out = {0};
    struct error error = {0};
    if (picture_source(session, &out, &error)) {
        wire_put(&window.peer.out, WIRE_CLIP, out.data, out.size);
        window_note("copied the picture as SVG");
    } else {
        window_note(error.message);
    }
    buffer_free(&out);
}

// false: the event is none, and the window is not to be trusted.
static bool take_event(struct session *session, const json_t *event) {
    const char *name = json_string_value(json_object_get(event, "event"));
    if (!name) return false;
    if (strcmp(name, "open") == 0)
        window.open = true;
    else if (strcmp(name, "command") == 0 && json_is_string(json_object_get(event, "line")))
        run_line(session, json_string_value(json_object_get(event, "line")));
    else if (strcmp(name, "step") == 0)
        window_step(session, json_integer_value(json_object_get(event, "by")) > 0 ? 1 : -1);
    else if (strcmp(name, "goto") == 0)
        go_to(session, json_number_value(json_object_get(event, "step")));
    else if (strcmp(name, "slide") == 0)
        slide(session, event);
    else if (strcmp(name, "pick") == 0)
        pick(session, event);
    else if (strcmp(name, "unpick") == 0)
        session->shown.picked = false, session->shown.pick[0] = session->shown.pick[1] = 0;
    else if (strcmp(name, "collapse") == 0)
        collapse(session, event);
    else if (strcmp(name, "save") == 0)
        save(session);
    else if (strcmp(name, "svg") == 0)
        copy_source(session);
    else if (strcmp(name, "no display") == 0)
        no_display(session);
    else if (strcmp(name, "closed") == 0)
        lost(session, "the window is closed; the session goes on, and :graph opens it again");
    else
        return false;
    return true;
}

bool window_take_event(struct session *session, const char *text, size_t size) {
    task_restart(); // what it asks for is work of its own
    json_t *event = json_loadb(text, size, 0, NULL);
    bool ok = event && take_event(session, event);
    json_decref(event);
    return ok;
}

static bool take_message(struct session *session, enum wire_kind kind, const char *payload, uint32_t size) {
    if (kind == WIRE_STATE) {
        mem_free(window.state);
        window.state = mem_text(payload, size);
        return true;
    }
    return kind == WIRE_EVENT && window_take_event(session, payload, size);
}

// Messages are taken out of the buffer before they are acted on: what they cause may come back here.
static bool take_one(struct session *session) {
    enum wire_kind kind;
    uint32_t size;
    long bad;
    char *message = peer_take(&window.peer, &kind, &size, &bad);
    if (!message && bad)
        lost(session, bad == -2 ? "the window is of another version of bauer and was closed"
                                : "the window sent nonsense and was closed");
    if (!message) return false;
    bool ok = take_message(session, kind, message, size);
    mem_free(message);
    if (!ok) lost(session, "the window sent nonsense and was closed");
    return ok && window.peer.child.pid;
}

static bool receive(struct session *session) {
    enum peer_news news = peer_receive(&window.peer);
    if (news == PEER_GONE) gone(session);
    return news == PEER_BYTES;
}

bool window_attend(struct session *session) {
    window.told = false;
    while (window.peer.child.pid && receive(session))
        while (take_one(session)) continue;
    if (window.peer.child.pid) {
        flush();
        window_refresh(session, false);
        instructor_refresh(session);
    }
    if (!session->running) progress_clear(); // else it is of the line that runs
    return window.told;
}

// ---- waiting for it -----------------------------------------------------------------------------------------------

static void wait_a_moment(int milliseconds) {
    struct pollfd ready = {window.peer.child.socket, (short)(POLLIN | (window_wants_to_send() ? POLLOUT : 0)), 0};
    poll(&ready, 1, milliseconds);
}

// false, if there is no display and nobody was told.
static bool has_display(struct error *error) {
    const char *display = getenv("DISPLAY");
    if (!window.unsaid) return true;
    window.unsaid = false;
    error_set(error, ERROR_OTHER, SPAN_NONE, "there is no display to open a window on: %s%.200s",
              display && *display ? "none answers at DISPLAY=" : "DISPLAY is not set",
              display && *display ? display : "");
    return error_hint(error,
                      "start bauer on a desktop, over ssh -X or with xvfb-run; :export FILE.svg needs no display"),
           false;
}

// At the prompt what comes of it is told when it comes; elsewhere before the next line.
bool window_open(struct session *session, struct error *error) {
    double deadline = clock_now() + 5;
    window.failed = false;
    if (!peer_start(&window.peer, error)) return false;
    window.begun = true;
    if (window.mode == WINDOW_NEVER) window.mode = WINDOW_WHEN_INTERACTIVE;
    window_refresh(session, true);
    while (!session->output.interactive && window.peer.child.pid && !window.open && clock_now() < deadline &&
           !task_interrupted()) {
        wait_a_moment(50);
        window_attend(session);
    }
    return has_display(error);
}

void window_wait(struct session *session) {
    struct error error = {0};
    if (!window.begun) window_refresh(session, true); // what the lines have left to look at
    while (window.peer.child.pid && !task_interrupted() && !session->quit) {
        wait_a_moment(500);
        window_attend(session);
    }
    if (has_display(&error)) return;
    report_error(session, &error);
    session->failures++;
}

char *window_state(struct session *session, struct error *error) {
    double deadline = clock_now() + 5;
    mem_free(window.state);
    window.state = NULL;
    post(WIRE_STATE, "");
    while (window.peer.child.pid && !window.state && clock_now() < deadline && !task_interrupted()) {
        wait_a_moment(50);
        window_attend(session);
    }
    char *state = window.state;
    window.state = NULL;
    if (!state)
        error_set(error, ERROR_OTHER, SPAN_NONE,
                  window.peer.child.pid ? "the window does not answer" : "no window is open");
    return state;
}
