#include "app/session.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/between.h"
#include "app/chart.h"
#include "app/command.h"
#include "app/instructor.h"
#include "app/lesson.h"
#include "app/memory.h"
#include "app/pieces.h"
#include "app/repl.h"
#include "app/report.h"
#include "app/sampling.h"
#include "app/settings.h"
#include "app/trials.h"
#include "app/walk.h"
#include "app/window.h"
#include "base/file.h"
#include "base/ranks.h"
#include "base/task.h"
#include "show/export.h"

enum { PATHS_DRAWN = 48 };

// Where the session stood before a line that changed it.
struct moment {
    uint32_t mark; // of the environment's log
    struct settings settings;
    struct shown shown; // owns `collapsed`
    vertex *eliminated;
    uint32_t eliminated_count;
    size_t log_size;
    uint64_t asides; // session->asides: the moment means nothing after another
    // Not restored by :undo, but by a line that failed.
    const struct walk *walk;
    uint32_t walk_at, trials;
    size_t past_count, future_count, travels;
    uint32_t steps; // that the lesson went
};

struct undo {
    struct moment *past, *future;
    size_t past_count, past_capacity, future_count, future_capacity;
    size_t floor;   // :undo does not go behind it: session_hold
    size_t travels; // :undo and :redo so far
};

// ---- what follows from the current graph --------------------------------------------------------------------------

// The walk stays: it has a graph of its own, and says itself when that is no longer the current one.
static void forget_lcg(struct session *session) {
    eliminate_free(session->eliminate);
    lcg_free(session->lcg);
    session->eliminate = NULL;
    session->lcg = NULL;
}

static void keep_walk(struct session *session) {
    walk_free(session->walk_before);
    session->walk_before = NULL;
}

static void forget_derived(struct session *session) {
    keep_walk(session);
    walk_free(session->walk);
    session->walk = NULL;
    forget_lcg(session);
}

static void forget_graph_view(struct session *session) {
    mem_free(session->eliminated);
    mem_free(session->shown.collapsed);
    session->eliminated = NULL;
    session->eliminated_count = 0;
    session->shown.collapsed = NULL;
    session->shown.collapsed_count = 0;
    session->shown.lit = 0;
    session->shown.step = false;
    session->shown.chart = false;
    session->shown.memory = false;
    session->shown.picked = false;
    session->shown.pick[0] = session->shown.pick[1] = 0;
    session->shown.from[0] = session->shown.to[0] = '\0';
    session->shown.top = 0;
}

struct graph *session_graph(struct session *session, struct error *error) {
    struct graph *graph = environment_graph(session->environment);
    if (graph) return graph;
    error_set(error, ERROR_OTHER, SPAN_NONE, "nothing is traced yet");
    error_hint(error, "define a function and call it on a line of its own, as f(0.5, 1.2); or type x = 2, then x**2");
    return NULL;
}

struct lcg *session_lcg(struct session *session, struct error *error) {
    struct graph *graph = session_graph(session, error);
    if (graph && !session->lcg) session->lcg = lcg_new(graph, error);
    return graph ? session->lcg : NULL;
}

struct eliminate *session_eliminate(struct session *session, struct error *error) {
    if (session->eliminate) return session->eliminate;
    struct lcg *lcg = session_lcg(session, error);
    struct eliminate *eliminate = lcg ? eliminate_new(lcg, error) : NULL;
    const struct eliminate_edge *changed;
    uint32_t count;
    for (uint32_t i = 0; eliminate && i < session->eliminated_count; i++) {
        if (eliminate_vertex(eliminate, session->eliminated[i], &changed, &count, error)) continue;
        eliminate_free(eliminate);
        eliminate = NULL;
    }
    return session->eliminate = eliminate;
}

bool session_move(struct session *session, const double *input, uint32_t count, struct error *error) {
    forget_lcg(session);
    return environment_move(session->environment, input, count, error);
}

// ---- undo ---------------------------------------------------------------------------------------------------------

bool session_adopt(struct session *session, struct graph *graph, struct error *error) {
    if (!environment_adopt(session->environment, graph, error)) return false;
    forget_lcg(session);
    forget_graph_view(session);
    return true;
}

static void *copy_of(const void *data, size_t count, size_t size) {
    void *copy = count ? mem_alloc(count, size) : NULL;
    if (copy) memcpy(copy, data, count * size);
    return copy;
}

static bool copy_shown(struct moment *to, const uint32_t *collapsed, const vertex *eliminated) {
    to->shown.collapsed = copy_of(collapsed, to->shown.collapsed_count, sizeof *collapsed);
    to->eliminated = copy_of(eliminated, to->eliminated_count, sizeof *eliminated);
    if ((to->shown.collapsed || !to->shown.collapsed_count) && (to->eliminated || !to->eliminated_count)) return true;
    mem_free(to->shown.collapsed);
    mem_free(to->eliminated);
    return false;
}

static bool moment_take(const struct session *session, struct moment *now, struct error *error) {
    *now = (struct moment){.mark = environment_mark(session->environment),
                           .settings = session->settings,
                           .shown = session->shown,
                           .log_size = session->log.size,
                           .asides = session->asides,
                           .walk = session->walk,
                           .walk_at = session->walk ? walk_at(session->walk) : 0,
                           .trials = trials_made(session->trials),
                           .past_count = session->undo->past_count,
                           .future_count = session->undo->future_count,
                           .travels = session->undo->travels,
                           .steps = session->lesson ? lesson_steps_gone(session->lesson) : 0,
                           .eliminated_count = session->eliminated_count};
    return copy_shown(now, session->shown.collapsed, session->eliminated) || error_memory(error);
}

static void moment_free(struct moment *moment) {
    mem_free(moment->shown.collapsed);
    mem_free(moment->eliminated);
}

static bool moment_room(struct moment **list, size_t *count, size_t *capacity, struct error *error) {
    return mem_grow(list, capacity, *count + 1, sizeof **list) || error_memory(error);
}

// Makes the session what it was at `moment`, which is used up.
static void moment_restore(struct session *session, struct moment *moment) {
    mem_free(session->shown.collapsed);
    mem_free(session->eliminated);
    forget_lcg(session);
    session->settings = moment->settings;
    session->shown = moment->shown;
    session->eliminated = moment->eliminated;
    session->eliminated_count = moment->eliminated_count;
    session->log.size = moment->log_size;
    settings_apply(session);
}

static void forget_future(struct undo *u) {
    while (u->future_count) moment_free(&u->future[--u->future_count]);
}

// All but the first `count`.
static void cut_past(struct undo *u, size_t count) {
    while (u->past_count > count) moment_free(&u->past[--u->past_count]);
}

static bool same_settings(const struct session *session, const struct moment *before) {
    const struct shown *now = &session->shown, *then = &before->shown;
    return memcmp(&session->settings, &before->settings, sizeof session->settings) == 0 &&
           now->collapsed_count == then->collapsed_count &&
           (!now->collapsed_count ||
            memcmp(now->collapsed, then->collapsed, now->collapsed_count * sizeof *now->collapsed) == 0);
}

static bool changed_since(const struct session *session, const struct moment *before) {
    return environment_mark(session->environment) != before->mark || !same_settings(session, before) ||
           session->eliminated_count != before->eliminated_count;
}

static bool travel(struct session *session, bool back, struct error *error) {
    struct undo *u = session->undo;
    struct moment *there = back              ? u->past_count > u->floor ? &u->past[u->past_count - 1] : NULL
                           : u->future_count ? &u->future[u->future_count - 1]
                                             : NULL;
    if (!there)
        return error_set(error, ERROR_OTHER, SPAN_NONE, back ? "there is nothing to undo" : "there is nothing to redo");
    struct moment now, target = *there;
    bool room = back ? moment_room(&u->future, &u->future_count, &u->future_capacity, error)
                     : moment_room(&u->past, &u->past_count, &u->past_capacity, error);
    if (!room || !moment_take(session, &now, error)) return false;
    session->sliding = false;
    forget_lcg(session);
    if (!environment_go(session->environment, target.mark, error)) return moment_free(&now), false;
    if (back)
        u->past_count--, u->future[u->future_count++] = now;
    else
        u->future_count--, u->past[u->past_count++] = now;
    u->travels++;
    moment_restore(session, &target);
    return true;
}

struct session_mark {
    struct moment moment;
    size_t past_count;
};

struct session_mark *session_mark(struct session *session) {
    struct session_mark *mark = mem_alloc(1, sizeof *mark);
    if (mark && !moment_take(session, &mark->moment, NULL)) {
        mem_free(mark);
        return NULL;
    }
    if (mark) mark->past_count = session->undo->past_count;
    return mark;
}

void session_mark_free(struct session_mark *mark) {
    if (mark) moment_free(&mark->moment);
    mem_free(mark);
}

bool session_return(struct session *session, const struct session_mark *mark, struct error *error) {
    struct undo *u = session->undo;
    struct moment target = mark->moment;
    if (!copy_shown(&target, mark->moment.shown.collapsed, mark->moment.eliminated)) return error_memory(error);
    if (!environment_go(session->environment, target.mark, error)) return moment_free(&target), false;
    session->sliding = false;
    forget_derived(session);
    forget_future(u);
    cut_past(u, mark->past_count);
    moment_restore(session, &target);
    if (session->log.data) session->log.data[session->log.size] = '\0';
    return true;
}

bool session_undo(struct session *session, struct error *error) { return travel(session, true, error); }
bool session_redo(struct session *session, struct error *error) { return travel(session, false, error); }

// ---- lines that failed ---------------------------------------------------------------------------------------------

// The walk of before, at the step of before.
static void return_walk(struct session *session, const struct moment *moment) {
    struct error error = {0};
    if (session->walk != moment->walk) {
        walk_free(session->walk);
        session->walk = session->walk_before == moment->walk ? session->walk_before : NULL;
        if (session->walk) session->walk_before = NULL;
    }
    if (session->walk && moment->walk_at && walk_at(session->walk) != moment->walk_at)
        walk_go(session->walk, session, moment->walk_at, &error);
}

// Whether the line was an :undo or :redo, which is taken back by its opposite.
static bool return_from_travel(struct session *session, const struct moment *moment) {
    struct error error = {0};
    const struct undo *u = session->undo;
    if (u->travels != moment->travels + 1) return false;
    return travel(session, u->past_count > moment->past_count, &error);
}

static bool return_environment(struct session *session, const struct moment *moment) {
    struct undo *u = session->undo;
    cut_past(u, moment->past_count); // of lines that the line ran
    if (environment_mark(session->environment) == moment->mark) return true;
    forget_lcg(session);
    for (int attempt = 0; attempt < 2; attempt++) // memory that lacked may be there again
        if (environment_go(session->environment, moment->mark, NULL)) return true;
    return false;
}

// Makes the session what it was before a line that failed, wherever it noticed; uses up `moment`. A lesson's
// beginning, end and steps take care of that themselves: they leave nothing to go back to. false: memory ran out on the
// way, and the session stays where it was.
static bool roll_back(struct session *session, struct moment *moment) {
    bool stepped = session->lesson && lesson_steps_gone(session->lesson) != moment->steps;
    if (session->asides != moment->asides || stepped) {
        moment_free(moment);
        return true;
    }
    bool interrupted = task_uninterrupt();
    trials_cut(session->trials, moment->trials);
    return_walk(session, moment);
    bool traveled = return_from_travel(session, moment), ok = traveled || return_environment(session, moment);
    if (ok && !traveled)
        moment_restore(session, moment);
    else
        moment_free(moment);
    task_reinterrupt(interrupted);
    return ok;
}

size_t session_hold(struct session *session, size_t behind) {
    struct undo *u = session->undo;
    size_t before = u->floor;
    session->sliding = false; // a drag goes no further back
    if (behind == SIZE_MAX) forget_future(u);
    u->floor = behind < u->past_count ? behind : u->past_count;
    return before;
}

bool session_stands_at(const struct session *session, const struct session_mark *mark) {
    return mark && !changed_since(session, &mark->moment);
}

// Something new ran where `before` was: it overwrites what lay ahead, to which moments before a :reset may point.
static void forget_overwritten(struct undo *u, const struct moment *before) {
    size_t gone = u->past_count;
    while (gone && u->past[gone - 1].mark <= before->mark && u->past[gone - 1].log_size <= before->log_size) gone--;
    if (!gone) return;
    for (size_t i = 0; i < gone; i++) moment_free(&u->past[i]);
    u->past_count -= gone;
    memmove(u->past, u->past + gone, u->past_count * sizeof *u->past);
    u->floor = u->floor > gone ? u->floor - gone : 0;
    mem_trim();
}

void session_keep_as(struct session *session, char *line) {
    mem_free(session->kept_as);
    session->kept_as = line;
}

// After a line that succeeded: remembers where the session stood before it, if it changed anything. false: there is no
// room for that, and `before` is still the caller's.
static bool remember(struct session *session, struct moment before, const char *text, size_t size,
                     struct error *error) {
    struct undo *u = session->undo;
    bool moved = before.asides != session->asides; // into a lesson or out of it
    if (moved || !changed_since(session, &before)) return moment_free(&before), true;
    if (!moment_room(&u->past, &u->past_count, &u->past_capacity, error)) return false;
    if (!buffer_reserve(&session->log, size + 2)) return error_memory(error);
    forget_future(u);
    environment_settle(session->environment);
    forget_overwritten(u, &before);
    u->past[u->past_count++] = before;
    buffer_add(&session->log, text, size);
    buffer_text(&session->log, size && memchr(text, '\n', size) ? "\n\n" : "\n");
    return true;
}

// ---- a slider ---------------------------------------------------------------------------------------------------

static void slide_line(const struct graph *graph, uint32_t input, double value, struct buffer *out) {
    char name[64], number[32];
    text_number(number, value);
    buffer_printf(out, ":at %s=%s", graph_input_label(graph, input, name), number);
}

// The line of the drag's step before gives way to this one's.
static void slide_on(struct session *session, const struct buffer *line) {
    session->log.size = session->slide_log;
    buffer_add(&session->log, line->data, line->size);
    buffer_char(&session->log, '\n');
}

static bool slide(struct session *session, double *point, const struct buffer *line, struct error *error) {
    uint32_t count = environment_graph(session->environment)->input_count;
    struct moment before;
    if (line->failed || !buffer_reserve(&session->log, line->size + 2)) return error_memory(error);
    forget_lcg(session);
    if (session->sliding) {
        if (!environment_move_again(session->environment, point, count, error)) return false;
        return slide_on(session, line), true;
    }
    if (!moment_take(session, &before, error)) return false;
    session->slide_log = session->log.size;
    if (environment_move(session->environment, point, count, error) &&
        remember(session, before, line->data, line->size, error))
        return true;
    return roll_back(session, &before), false;
}

bool session_slide(struct session *session, uint32_t input, double value, bool final, struct error *error) {
    struct graph *graph = session_graph(session, error);
    // The end of a drag that a line has overtaken, :undo say, is not a drag of its own.
    if (final && !session->sliding && session->slid == input && session->slid_to == value) return true;
    double *point = graph ? mem_alloc((size_t)graph->input_count + 1, sizeof *point) : NULL;
    if (!point) return graph && error_memory(error);
    for (uint32_t i = 0; i < graph->input_count; i++) point[i] = graph->value[graph->input[i]];
    point[input] = value;
    session->sliding = session->sliding && session->slid == input;
    struct buffer line = {0};
    slide_line(graph, input, value, &line);
    bool ok = slide(session, point, &line, error);
    buffer_free(&line);
    mem_free(point);
    session->sliding = ok && !final;
    session->slid = input;
    session->slid_to = final ? NAN : value;
    return ok;
}

// As at the start, but for what belongs to the terminal.
static void begin_anew(struct session *session) {
    bool color = session->settings.color;
    uint64_t seed = session->settings.seed;
    session->sliding = false;
    forget_graph_view(session);
    settings_default(&session->settings);
    session->settings.color = color;
    session->settings.seed = seed;
    session->shown.rule[0] = '\0';
    session->shown.kind = VIEW_LCG;
    settings_apply(session);
}

bool session_reset(struct session *session, struct error *error) {
    struct undo *u = session->undo;
    struct moment before;
    if (!moment_room(&u->past, &u->past_count, &u->past_capacity, error) || !moment_take(session, &before, error))
        return false;
    if (!environment_go(session->environment, 0, error)) return moment_free(&before), false;
    forget_derived(session);
    forget_future(u);
    u->floor = 0;
    begin_anew(session);
    session->log.size = 0;
    u->past[u->past_count++] = before;
    return true;
}

// ---- what is printed ----------------------------------------------------------------------------------------------

// A lesson is untrusted text: what it prints does not steer the terminal.
static void add_harmless(struct buffer *out, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i], next = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        bool wide = c == 0xc2 && next >= 0x80 && next < 0xa0; // U+0080 to U+009F
        bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || wide;
        buffer_char(out, control ? '?' : text[i]);
        i += wide;
    }
}

static void print_sink(void *context, const char *text, size_t size) {
    struct session *session = context;
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:s%}", "kind", "print", "text", text, size));
    else if (lesson_is_running(session))
        add_harmless(&session->output.text, text, size);
    else
        buffer_add(&session->output.text, text, size);
    report_flush(session);
}

// ---- set aside for a lesson ---------------------------------------------------------------------------------------

struct session_aside {
    struct environment *environment;
    struct undo *undo;
    struct settings settings;
    struct shown shown;
    vertex *eliminated;
    uint32_t eliminated_count;
    struct chart *chart;
    struct trials *trials;
    struct sample_view *sampling;
    struct buffer log;
};

static struct environment *make_environment(struct session *session, struct error *error) {
    struct environment *environment = environment_new(session->symbols, error);
    if (environment)
        environment_set_options(environment,
                                (struct environment_options){.print = print_sink, .print_context = session});
    return environment;
}

static void undo_free(struct undo *u) {
    if (!u) return;
    forget_future(u);
    cut_past(u, 0);
    mem_free(u->past);
    mem_free(u->future);
    mem_free(u);
}

static struct session_aside all_of(const struct session *session) {
    return (struct session_aside){.environment = session->environment,
                                  .undo = session->undo,
                                  .settings = session->settings,
                                  .shown = session->shown,
                                  .eliminated = session->eliminated,
                                  .eliminated_count = session->eliminated_count,
                                  .chart = session->chart,
                                  .trials = session->trials,
                                  .sampling = session->sampling,
                                  .log = session->log};
}

static void all_free(struct session_aside *all) {
    mem_free(all->shown.collapsed);
    mem_free(all->eliminated);
    chart_free(all->chart);
    trials_free(all->trials);
    sampling_free(all->sampling);
    undo_free(all->undo);
    environment_free(all->environment);
    buffer_free(&all->log);
}

static void forget_all(struct session *session) {
    struct session_aside all = all_of(session);
    forget_derived(session);
    all_free(&all);
}

struct session_aside *session_set_aside(struct session *session, struct error *error) {
    struct session_aside *aside = mem_alloc(1, sizeof *aside);
    struct undo *undo = mem_zero(1, sizeof *undo);
    struct environment *environment = aside && undo ? make_environment(session, error) : NULL;
    if (!environment) {
        mem_free(aside);
        mem_free(undo);
        return error_memory(error), NULL;
    }
    forget_derived(session);
    *aside = all_of(session);
    session->environment = environment;
    session->undo = undo;
    session->eliminated = NULL;
    session->eliminated_count = 0;
    session->shown.collapsed = NULL;
    session->shown.collapsed_count = 0;
    session->chart = NULL;
    session->trials = NULL;
    session->sampling = NULL;
    session->log = (struct buffer){0};
    session->asides++;
    begin_anew(session);
    return aside;
}

void session_put_back(struct session *session, struct session_aside *aside) {
    forget_all(session);
    session->environment = aside->environment;
    session->undo = aside->undo;
    session->settings = aside->settings;
    session->shown = aside->shown;
    session->eliminated = aside->eliminated;
    session->eliminated_count = aside->eliminated_count;
    session->chart = aside->chart;
    session->trials = aside->trials;
    session->sampling = aside->sampling;
    session->log = aside->log;
    session->sliding = false;
    session->asides++;
    mem_free(aside);
    settings_apply(session);
}

uint64_t session_aside_seed(const struct session_aside *aside) { return aside->settings.seed; }

void session_aside_free(struct session_aside *aside) {
    if (aside) all_free(aside);
    mem_free(aside);
}

// ---- life ---------------------------------------------------------------------------------------------------------

struct session *session_new(struct error *error) {
    struct session *session = mem_zero(1, sizeof *session);
    if (!session) return error_memory(error), NULL;
    session->undo = mem_zero(1, sizeof *session->undo);
    session->symbols = symbols_new();
    session->environment = session->symbols && session->undo ? make_environment(session, error) : NULL;
    if (!session->environment) {
        session_free(session);
        return error_memory(error), NULL;
    }
    settings_default(&session->settings);
    session->shown.kind = VIEW_LCG;
    session->output.columns = 80;
    settings_apply(session);
    return session;
}

void session_free(struct session *session) {
    if (!session) return;
    lesson_end(session);
    forget_all(session);
    symbols_free(session->symbols);
    buffer_free(&session->output.text);
    mem_free(session);
}

// ---- the words that a newcomer tries ------------------------------------------------------------------------------

static bool is_free_word(const struct session *session, const char *text, size_t size, const char *word) {
    return strlen(word) == size && memcmp(text, word, size) == 0 && !environment_bound(session->environment, word);
}

static bool is_name_byte(char c) {
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}

// help(NAME), the name as it is, in quotes or of a module: help(math.sin). Where it begins and ends in `text`.
static bool asks_help(const char *text, size_t size, size_t *begin, size_t *end) {
    if (size < 7 || memcmp(text, "help(", 5) != 0 || text[size - 1] != ')') return false;
    *begin = 5, *end = size - 1;
    while (*begin < *end && text[*begin] == ' ') ++*begin;
    while (*begin < *end && text[*end - 1] == ' ') --*end;
    bool quoted = *end - *begin > 2 && strchr("'\"", text[*begin]) && text[*end - 1] == text[*begin];
    if (quoted) ++*begin, --*end;
    static const char *const modules[] = {"math.", "np.", "numpy."};
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        size_t length = strlen(modules[i]);
        if (*end - *begin > length && memcmp(text + *begin, modules[i], length) == 0) *begin += length;
    }
    for (size_t i = *begin; i < *end; i++)
        if (!is_name_byte(text[i])) return false;
    return *end > *begin;
}

// `sin?` and `help(sin)`: the name, cut from the text.
static bool asks_about(const struct session *session, const char *text, size_t size, char asked[64]) {
    size_t begin = 0, end = size - 1;
    bool help = !environment_bound(session->environment, "help") && asks_help(text, size, &begin, &end);
    bool question = size >= 2 && text[size - 1] == '?' && !memchr(text, '\n', size);
    if ((!help && !question) || end - begin > 58) return false;
    snprintf(asked, 64, "%.*s", (int)(end - begin), text + begin);
    return true;
}

// `quit`, `exit()`, `help`, `help(sin)`, `sin?` as command lines; NULL for anything else.
static const char *plain_word(const struct session *session, const char *text, size_t size, char line[80]) {
    static const char *const leave[] = {"quit", "exit"}, *const calls[] = {"quit()", "exit()"};
    for (int i = 0; i < 2; i++)
        if (is_free_word(session, text, size, leave[i]) ||
            (is_free_word(session, text, size, calls[i]) && !environment_bound(session->environment, leave[i])))
            return ":quit";
    if (is_free_word(session, text, size, "help") ||
        (is_free_word(session, text, size, "help()") && !environment_bound(session->environment, "help")))
        return ":help";
    char asked[64];
    if (!asks_about(session, text, size, asked)) return NULL;
    bool own = environment_bound(session->environment, asked);
    snprintf(line, 80, ":%s %s", own ? "list" : "help", asked);
    return line;
}

// ---- running ------------------------------------------------------------------------------------------------------

static void take_outcome(void *context, const struct outcome *outcome) {
    struct session *session = context;
    bool typed = session->output.interactive && session->running <= 1;
    bool told = session->output.interactive && !session->output.json;
    if (outcome->literal && !typed) return; // a docstring
    if (outcome->kind == OUTCOME_VALUE || outcome->kind == OUTCOME_CALL) report_value(session, outcome);
    if (outcome->kind == OUTCOME_NOTHING && outcome->name && told)
        report_text(session,
                    "%s%s returns nothing, so there is no graph; to get one, end it with return EXPRESSION%s\n",
                    report_muted(session), symbol_text(session->symbols, outcome->name), report_plain(session));
    if (outcome->kind == OUTCOME_DEFINED && told)
        report_text(session, "%s%s %s%s\n", report_muted(session), symbol_text(session->symbols, outcome->name),
                    outcome->redefined ? "is defined anew" : "is defined", report_plain(session));
}

static bool run_statements(struct session *session, struct module *module, struct error *error) {
    uint64_t before = environment_version(session->environment);
    if (session->lcg && !session->lcg->graph->function) forget_lcg(session); // the prompt's graph may grow under it
    for (uint32_t i = 0; i < module->count; i++)
        if (!environment_run(session->environment, module, i, take_outcome, session, error)) return false;
    if (environment_version(session->environment) == before) return true;
    forget_lcg(session);
    forget_graph_view(session);
    return true;
}

// One top-level statement (or a line of several with semicolons).
static bool run_program(struct session *session, struct source *source, struct error *error) {
    struct module *module = parse_module(session->symbols, source, error);
    if (!module) return false;
    bool ok = run_statements(session, module, error);
    module_drop(module);
    return ok;
}

static bool run_command(struct session *session, const char *text, struct source *source, struct error *error) {
    return command_run(session, text, (struct span){source, 0, (uint32_t)source->size}, error);
}

static size_t trimmed(const char *text, size_t size) {
    while (size && strchr(" \t\r\n", text[size - 1])) size--;
    return size;
}

static bool run_piece(struct session *session, const char *name, const struct piece *piece, struct error *error,
                      struct source **source) {
    char line[80];
    size_t size = trimmed(piece->text, piece->size);
    if (task_interrupted()) return error_interrupt(error);
    const char *word = piece->command ? NULL : plain_word(session, piece->text, size, line);
    *source = source_new(name, piece->text, piece->size, error);
    if (!*source) return false;
    (*source)->first_line = piece->line;
    if (word) return run_command(session, word, *source, error);
    if (piece->command) return run_command(session, (*source)->text, *source, error);
    return run_program(session, *source, error);
}

// Commands that change the session are part of :save; those that only show are not.
static bool is_logged(const struct piece *piece) {
    if (!piece->command) return true;
    char name[40];
    size_t size = 1;
    while (size < piece->size && size < sizeof name && piece->text[size] > ' ') size++;
    snprintf(name, sizeof name, "%.*s", (int)size - 1, piece->text + 1);
    const struct command *command = command_find(name, true, NULL);
    return command && command->changes;
}

static bool is_unreadable(const struct error *error) {
    return error->kind == ERROR_SYNTAX || error->kind == ERROR_INCOMPLETE;
}

// What a key in the window asked for is drawn there by window_attend; the next line typed asks for nothing by it.
static void show_in_window(struct session *session) {
    bool asked = session->show;
    session->show = false;
    if (session->from_window) return;
    instructor_refresh(session);
    window_refresh(session, asked);
}

// Under mpirun a line has failed if it failed on any rank.
static bool on_all_ranks(bool ok, struct error *error) {
    struct error joint = {0};
    if (ranks_agree(ok, error, &joint)) return true;
    if (ok) *error = joint;
    return false;
}

static bool run_whole_piece(struct session *session, const char *name, struct pieces *pieces, struct piece *piece,
                            struct error *error, struct source **source) {
    bool ok = run_piece(session, name, piece, error, source);
    if (!ok && piece->resume && is_unreadable(error)) {
        source_drop(*source);
        *source = NULL; // it may fail before it has another
        error_clear(error);
        pieces_resume(pieces, piece);
        ok = run_piece(session, name, piece, error, source);
    }
    return ok;
}

// Whether a line did all it was to do, whatever it says itself: an answer may lack what there was no memory for, and a
// word may be called wrong that could not be read for want of it.
static bool had_memory(bool ok, struct error *error) {
    if (error->kind == ERROR_MEMORY) return false;
    if (!mem_lacked()) return ok;
    struct span span = error->span;
    error_clear(error);
    error_memory(error);
    error->span = span;
    return false;
}

static void drop_answer(struct session *session) {
    buffer_clear(&session->output.text);
    session->output.text.failed = false;
}

static bool remember_piece(struct session *session, struct moment before, const struct piece *piece,
                           struct error *error) {
    const char *line = session->kept_as;
    if (line) return remember(session, before, line, strlen(line), error);
    return remember(session, before, piece->text, trimmed(piece->text, piece->size), error);
}

static bool do_piece(struct session *session, const char *name, struct pieces *pieces, struct piece *piece) {
    struct error error = {0};
    struct source *source = NULL;
    struct moment before;
    bool outer = mem_forget(); // a line that runs others, :load say
    task_restart();
    bool taken = moment_take(session, &before, &error);
    bool ok = taken && run_whole_piece(session, name, pieces, piece, &error, &source);
    bool logged = is_logged(piece);
    ok = had_memory(on_all_ranks(ok, &error), &error);
    if (logged && taken) session->sliding = false; // what only looks does not end a drag, and may serve one
    if (ok && logged && !remember_piece(session, before, piece, &error)) ok = false;
    session_keep_as(session, NULL);
    bool lacked = error.kind == ERROR_MEMORY;
    if (lacked) drop_answer(session);
    bool half = !ok && taken && !piece->command && environment_mark(session->environment) != before.mark;
    if (taken && (lacked || half)) {
        bool back = roll_back(session, &before);
        if (half) error_hint(&error, back ? "nothing of this line is kept" : "what it did before that is kept");
    } else if (!ok || !logged)
        moment_free(&before);
    keep_walk(session);
    if (lacked && session->running > 1) { // so has the line that runs this one
        source_drop(source);
        mem_note();
        return false;
    }
    mem_forget();
    if (ok && session->running == 1) show_in_window(session); // before a pager holds us up
    if (session->running == 1 && session->lesson)
        lesson_typed(session, piece->text, trimmed(piece->text, piece->size), ok ? NULL : &error);
    if (ok) report_flush(session);
    if (!ok) report_error(session, &error);
    source_drop(source);
    bool late = mem_forget() && session->running > 1; // the line that runs this one lacks a part of the answer
    if (outer || late) mem_note();
    return ok && !late;
}

// An interrupt ends all of what was typed, and is then over; a file or a pipe it ends for good (main sees to that).
static void begin_entry(const struct session *session) {
    if (session->output.interactive && session->running == 0) task_begin();
}

int session_run(struct session *session, const char *name, const char *text, size_t size, uint32_t first_line) {
    struct error error = {0};
    char *copy = mem_text(text, size);
    if (!copy) {
        error_memory(&error);
        if (!session->running) report_error(session, &error); // else the line that runs this one tells
        return session->failures++, 1;
    }
    size = repl_strip_prompts(copy, size);
    struct pieces pieces = {copy, copy + size, first_line};
    if (size >= 3 && memcmp(copy, "\xef\xbb\xbf", 3) == 0) pieces.at += 3;
    struct piece piece;
    int failed = 0;
    begin_entry(session);
    session->running++;
    while (!session->quit && pieces_next(&pieces, &piece)) {
        if (do_piece(session, name, &pieces, &piece)) continue;
        failed++;
        session->failures++;
        if (session->strict || task_interrupted() || (mem_lacked() && session->running > 1)) break;
    }
    session->running--;
    mem_free(copy);
    if (!session->running) show_in_window(session);
    return failed;
}

// ---- files --------------------------------------------------------------------------------------------------------

static bool ends_in(const char *path, const char *ending) {
    size_t size = strlen(path), end = strlen(ending);
    return size >= end && strcmp(path + size - end, ending) == 0;
}

static bool looks_binary(const char *data, size_t size) { return memchr(data, '\0', size) != NULL; }

// The text of a program, of a session, or of the state that a picture carries.
static char *read_program(const char *path, size_t *size, struct error *error) {
    char *data = file_read(path, size, error), *state = NULL;
    if (!data) return NULL;
    if (ends_in(path, ".svg")) {
        state = export_read_state(data, *size, error);
        if (state) *size = strlen(state);
    } else if (looks_binary(data, *size)) {
        error_set(error, ERROR_FILE, SPAN_NONE, "%s looks like a binary file", path);
        error_hint(error, "bauer reads Python text, and SVG pictures that it made");
    } else if (strspn(data, " \t\r\n") == *size) {
        error_set(error, ERROR_FILE, SPAN_NONE, "%s is empty", path);
    } else
        return data;
    mem_free(data);
    return state;
}

// What a picture's state says when it is open: not every answer on the way, but the last value.
static void tell_opened(struct session *session, const char *path) {
    struct buffer point = {0};
    struct graph *graph = environment_graph(session->environment);
    environment_point(session->environment, &point);
    if (!session->output.json)
        report_text(session, "%sopened %s%s%s%s\n", report_muted(session), path, point.size ? ": " : "",
                    buffer_string(&point), report_plain(session));
    if (graph) report_outputs(session, graph);
    report_flush(session);
    buffer_free(&point);
}

bool session_load(struct session *session, const char *path, int *failed, struct error *error) {
    size_t size;
    begin_entry(session);
    char *text = read_program(path, &size, error);
    if (!text) return false;
    bool picture = ends_in(path, ".svg"), before = session->quiet, inside = session->picture;
    session->quiet = picture || before;
    session->picture = picture || inside;
    *failed = session_run(session, path, text, size, 1);
    session->quiet = before;
    session->picture = inside;
    if (picture && !*failed) tell_opened(session, path);
    mem_free(text);
    return true;
}

int session_run_file(struct session *session, const char *path) {
    struct error error = {0};
    int failed = 0;
    if (session_load(session, path, &failed, &error)) return failed;
    on_all_ranks(false, &error);
    report_error(session, &error);
    session->failures++;
    return 1;
}

// The commands that show what is shown now.
static void view_script(const struct session *session, struct buffer *out) {
    const struct shown *shown = &session->shown;
    if (shown->step && walk_is_on(session->walk, environment_graph(session->environment))) {
        walk_script(session->walk, out);
    } else if (shown->kind == VIEW_PATHS || shown->kind == VIEW_FIGURE) {
        buffer_text(out, ":paths");
        if (shown->from[0]) buffer_printf(out, " %s -> %s", shown->from, shown->to);
        if (shown->top) buffer_printf(out, " top %u", shown->top);
        buffer_char(out, '\n');
    } else {
        buffer_printf(out, ":%s\n", shown->kind == VIEW_PRIMAL ? "graph" : view_kind_name[shown->kind]);
    }
}

bool session_script(struct session *session, struct buffer *out) {
    buffer_text(out, "# A session of bauer " BAUER_VERSION ". Run it with: bauer FILE\n");
    buffer_add(out, session->log.data, session->log.size);
    if (environment_graph(session->environment) && (session->shown.kind != VIEW_LCG || session->shown.step))
        view_script(session, out);
    return !out->failed;
}

// ---- the view -----------------------------------------------------------------------------------------------------

// What a view owns, behind the borrowed pointers.
struct view_store {
    struct lit_path *path;
    uint32_t path_count;
    size_t path_capacity;
    struct lit_path step;    // of a walk
    struct lit_path between; // two picks
    char words[64];
    struct eliminate_edge *rest; // of a walk
    double *held;                // by edge, bytes
    char *total, *point, *code;
};

static bool copy_path(struct lit_path *to, const struct path *from) {
    uint32_t *edge = mem_alloc(from->length ? from->length : 1, sizeof *edge);
    if (!edge) return false;
    memcpy(edge, from->edge, from->length * sizeof *edge);
    *to = (struct lit_path){from->input, from->output, edge, from->length, from->product};
    return true;
}

bool session_ends(struct session *session, struct vertices *from, struct vertices *to, struct error *error) {
    struct graph *graph = session_graph(session, error);
    if (!graph) return false;
    *from = (struct vertices){graph->input, graph->input_count, 0};
    *to = (struct vertices){graph->output, graph->output_count, 0};
    const char *names[2] = {session->shown.from, session->shown.to};
    struct vertices *ends[2] = {from, to};
    for (int i = 0; i < 2; i++) {
        if (!names[i][0]) continue;
        ends[i]->one = session_vertex(session, names[i], error);
        if (ends[i]->one == VERTEX_NONE) return false;
        ends[i]->list = NULL;
        ends[i]->count = 1;
    }
    return true;
}

const vertex *vertices_list(const struct vertices *vertices) {
    return vertices->list ? vertices->list : &vertices->one;
}

vertex session_vertex(struct session *session, const char *name, struct error *error) {
    struct graph *graph = session_graph(session, error);
    char label[64];
    if (!graph) return VERTEX_NONE;
    struct error first = {0};
    vertex v = graph_find(graph, name, &first);
    if (v != VERTEX_NONE) return v;
    for (uint32_t i = 0; i < graph->output_count; i++)
        if (strcmp(graph_output_label(graph, i, label), name) == 0) return graph->output[i];
    if (error && error->kind == ERROR_NONE) *error = first;
    return VERTEX_NONE;
}

static bool list_paths(struct session *session, struct view *view, struct view_store *store, uint32_t most,
                       struct error *error) {
    struct vertices from, to;
    mpz_t total;
    if (!session_ends(session, &from, &to, error)) return false;
    mpz_init(total);
    bool ok = path_count(view->lcg, vertices_list(&from), from.count, vertices_list(&to), to.count, total, error);
    if (ok) {
        store->total = mem_alloc(mpz_sizeinbase(total, 10) + 2, 1);
        ok = store->total != NULL || error_memory(error);
        if (ok) mpz_get_str(store->total, 10, total);
    }
    mpz_clear(total);
    struct paths *paths = ok ? paths_new(view->lcg, vertices_list(&from), from.count, vertices_list(&to), to.count,
                                         session->shown.top ? PATH_LARGEST : PATH_LISTED, error)
                             : NULL;
    struct path path;
    if (session->shown.top && session->shown.top < most) most = session->shown.top;
    while (paths && store->path_count < most && paths_next(paths, &path, error)) {
        ok = mem_grow(&store->path, &store->path_capacity, store->path_count + 1, sizeof *store->path) &&
             copy_path(&store->path[store->path_count], &path);
        if (!ok) break;
        store->path_count++;
    }
    paths_free(paths);
    view->paths = store->path;
    view->path_count = store->path_count;
    view->path_total = store->total;
    if (!ok) return error_memory(error);
    return paths && (!error || error->kind == ERROR_NONE);
}

// The text of the function that was traced, or of the statements at the prompt.
// The last line that made a pattern.
static char *pattern_line(const struct buffer *log) {
    const char *found = "";
    for (const char *line = buffer_string(log); *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncmp(line, ":pat", 4) == 0) found = line;
    return mem_text(found, strcspn(found, "\n"));
}

static char *code_of(struct session *session, const struct graph *graph) {
    struct span span = SPAN_NONE;
    for (vertex v = 0; v < graph->count && !span.source; v++) {
        if (graph->op[v] == OP_INPUT || graph->op[v] == OP_CONST) continue;
        uint32_t frame = graph->frame[v]; // the outermost call or loop around it stands in the function itself
        while (frame && graph->frames[frame].parent) frame = graph->frames[frame].parent;
        span = frame ? graph->sites[graph->frames[frame].site].span : graph_span(graph, v);
    }
    if (graph->function && span.source) return mem_text(span.source->text, span.source->size);
    if (graph->function) return pattern_line(&session->log);
    struct buffer text = {0};
    buffer_add(&text, session->log.data, session->log.size);
    return text.data ? text.data : mem_text("", 0);
}

// The step in hand of a walk: what is lit, what is known, what is left.
static bool view_step(struct session *session, struct view *view, struct view_store *store, struct error *error) {
    static const char *const words[] = {[WALK_FORWARD] = "tangents", [WALK_REVERSE] = "adjoints"};
    struct walk *walk = session->walk;
    if (!walk_lit(walk, &store->step, &view->lit_words)) return true;
    view->lit = &store->step;
    if (walk_kind(walk) <= WALK_REVERSE) {
        view->known = walk_values(walk);
        view->known_words = words[walk_kind(walk)];
    }
    if (walk_kind(walk) != WALK_ELIMINATE) return true;
    view->rest = store->rest = walk_rest(walk, &view->rest_count, error);
    return view->rest != NULL;
}

// What :eliminate has left. Nothing of it is new in this moment.
static bool view_eliminated(struct session *session, struct view *view, struct view_store *store, struct error *error) {
    struct eliminate *eliminate = session_eliminate(session, error);
    if (!eliminate || !(store->rest = eliminate_edges(eliminate, &view->rest_count, error))) return false;
    for (uint32_t i = 0; i < view->rest_count; i++) {
        store->rest[i].before = store->rest[i].value;
        store->rest[i].fill = false;
    }
    view->rest = store->rest;
    snprintf(store->words, sizeof store->words, "%u vert%s eliminated", session->eliminated_count,
             session->eliminated_count == 1 ? "ex" : "ices");
    view->lit_words = store->words;
    return true;
}

// What lies between two picked vertices.
static bool view_between(struct session *session, struct view *view, struct view_store *store, struct error *error) {
    const vertex *pick = session->shown.pick;
    if (!view->lcg) view->lcg = session_lcg(session, error);
    if (!view->lcg || pick[0] >= view->graph->count || pick[1] >= view->graph->count) return view->lcg != NULL;
    struct error failed = {0};
    store->between = (struct lit_path){.input = pick[0] < pick[1] ? pick[0] : pick[1],
                                       .output = pick[0] < pick[1] ? pick[1] : pick[0]};
    store->between.edge = between_edges(view->lcg, pick[0], pick[1], &store->between.length, &failed);
    if (failed.kind != ERROR_NONE) return error_memory(error);
    view->lit = &store->between;
    view->dim = true;
    view->lit_words = "what lies between the two picked vertices";
    return true;
}

bool session_view(struct session *session, enum view_kind kind, struct view *view, struct error *error) {
    const struct settings *s = &session->settings;
    struct graph *graph = session_graph(session, error);
    struct view_store *store = graph ? mem_zero(1, sizeof *store) : NULL;
    if (!graph) return false;
    if (!store) return error_memory(error);
    settings_collapse_again(session);
    *view = (struct view){.kind = kind,
                          .graph = graph,
                          .theme = s->theme,
                          .direction = settings_direction(s, graph),
                          .values = s->values,
                          .digits = s->digits,
                          .collapsed = session->shown.collapsed,
                          .collapsed_count = session->shown.collapsed_count,
                          .layout_limit = s->layout_vertices,
                          .layout_seconds = s->layout_seconds,
                          .store = store};
    struct buffer point = {0};
    environment_point(session->environment, &point);
    view->point = store->point = point.data;
    view->code = store->code = code_of(session, graph);
    bool paths = kind == VIEW_PATHS || kind == VIEW_FIGURE || session->shown.lit;
    bool ok = kind == VIEW_PRIMAL && !paths;
    if (!ok) ok = (view->lcg = session_lcg(session, error)) != NULL;
    uint32_t most = session->shown.lit > PATHS_DRAWN ? session->shown.lit : PATHS_DRAWN;
    if (ok && paths) ok = list_paths(session, view, store, most, error);
    if (ok && session->shown.lit && session->shown.lit <= store->path_count && kind != VIEW_PATHS &&
        kind != VIEW_FIGURE)
        view->lit = &store->path[session->shown.lit - 1];
    if (ok && session->shown.step && kind == session->shown.kind && walk_is_on(session->walk, graph))
        ok = view_step(session, view, store, error);
    bool rest = session->eliminated_count && (kind == VIEW_LCG || kind == VIEW_LCG_SYMBOLIC);
    if (ok && rest && !session->shown.step && !session->output.json) ok = view_eliminated(session, view, store, error);
    if (ok && session->shown.picked && !view->lit && !view->rest && kind == session->shown.kind)
        ok = view_between(session, view, store, error);
    if (ok && session->shown.memory && kind != VIEW_PRIMAL)
        ok = memory_view(session, view, &store->held, store->words, error);
    if (!ok) session_view_free(view);
    return ok;
}

void session_view_free(struct view *view) {
    struct view_store *store = view->store;
    if (!store) return;
    for (uint32_t i = 0; i < store->path_count; i++) mem_free((void *)(uintptr_t)store->path[i].edge);
    mem_free(store->path);
    mem_free(store->rest);
    mem_free(store->held);
    mem_free((void *)(uintptr_t)store->between.edge);
    mem_free(store->total);
    mem_free(store->point);
    mem_free(store->code);
    mem_free(store);
    view->store = NULL;
}
