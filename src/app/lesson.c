#include "app/lesson.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "app/command.h"
#include "app/lesson_private.h"
#include "app/report.h"
#include "app/settings.h"
#include "base/task.h"
#include "show/prose.h"

uint32_t lesson_at(const struct lesson_run *run) { return run->at; }
const struct lesson *lesson_of(const struct lesson_run *run) { return run->lesson; }

const struct lesson_step *lesson_step(const struct session *session) {
    const struct lesson_run *run = session->lesson;
    return run && run->at ? &run->lesson->step[run->at - 1] : NULL;
}

// ---- what its lines may do ----------------------------------------------------------------------------------------

static const char *const allowed[] = {
    "help", "graph", "lcg",  "paths", "jacobian", "eliminate", "check",    "describe", "at",   "jvp", "vjp",  "why",
    "walk", "next",  "back", "goto",  "sample",   "pattern",   "variance", "trials",   "list", "set", "undo", "redo"};
static const char *const may_set[] = {"direction", "digits", "values", "collapse", "paths", "seed", "theme"};

static bool is_one_of(const char *name, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0) return true;
    return false;
}

static bool refuse(struct error *error, const char *what) {
    error_set(error, ERROR_USAGE, SPAN_NONE, "%s is not for the lines of a lesson", what);
    error_hint(error, "a lesson computes and shows; it reads and writes no files and starts nothing");
    return false;
}

static bool has_word(const char *rest, const char *word) {
    size_t size = strlen(word);
    for (const char *at = rest; (at = strstr(at, word)); at++)
        if ((at == rest || at[-1] == ' ' || at[-1] == '"') && (!at[size] || strchr(" \"\n", at[size]))) return true;
    return false;
}

bool lesson_allows(const struct session *session, const char *name, const char *rest, struct error *error) {
    char what[80], key[40];
    if (!session->lesson || !session->lesson->running) return true;
    snprintf(what, sizeof what, "`:%s`", name);
    if (!is_one_of(name, allowed, sizeof allowed / sizeof *allowed)) return refuse(error, what);
    if ((strcmp(name, "variance") == 0 || strcmp(name, "trials") == 0) && has_word(rest, "file"))
        return refuse(error, "a file of results");
    size_t size = strcspn(rest, " \t\r\n");
    snprintf(key, sizeof key, "%.*s", (int)(size < 39 ? size : 39), rest);
    if (strcmp(name, "set") != 0 || !*key || is_one_of(key, may_set, sizeof may_set / sizeof *may_set)) return true;
    snprintf(what, sizeof what, "`:set %s`", key);
    return refuse(error, what);
}

static volatile sig_atomic_t too_long;

static void on_alarm(int number) {
    (void)number;
    too_long = 1;
    task_interrupt();
}

static void set_alarm(int seconds) {
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct itimerval timer = {.it_value.tv_sec = seconds};
    sigemptyset(&action.sa_mask);
    too_long = 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

// How many lines failed. The limits hold for lines of the lesson and for what a student's answer runs.
static int run_bounded(struct session *session, const char *name, const char *text, uint32_t line) {
    struct lesson_run *run = session->lesson;
    bool strict = session->strict;
    uint32_t vertices = session->settings.vertices;
    if (vertices > LESSON_VERTICES) session->settings.vertices = LESSON_VERTICES;
    settings_apply(session);
    run->running = session->strict = true;
    set_alarm(LESSON_SECONDS);
    int failed = session_run(session, name, text, strlen(text), line);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    run->running = false;
    session->strict = strict;
    if (session->settings.vertices == LESSON_VERTICES) session->settings.vertices = vertices;
    settings_apply(session);
    if (too_long) task_begin();
    return failed;
}

int lesson_run_silently(struct session *session, const char *name, const char *text, uint32_t line, bool json,
                        struct buffer *out) {
    struct buffer *capture = session->output.capture;
    bool quiet = session->quiet, was_json = session->output.json, window = session->from_window;
    struct buffer pending = session->output.text;
    session->output.text = (struct buffer){0};
    session->output.capture = out;
    session->output.json = json;
    session->quiet = false;
    session->from_window = true; // no picture in between
    int failed = run_bounded(session, name, text, line);
    buffer_free(&session->output.text);
    session->output.text = pending;
    session->output.capture = capture;
    session->output.json = was_json;
    session->quiet = quiet;
    session->from_window = window;
    return failed;
}

// ---- one step -----------------------------------------------------------------------------------------------------

// The first "message" of an error among lines of JSON.
static void take_error(const struct lesson_run *run, const char *lines, uint32_t line, struct error *error) {
    for (const char *at = lines; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        json_t *object = json_loadb(at, strcspn(at, "\n"), 0, NULL);
        const char *kind = json_string_value(json_object_get(object, "kind"));
        if (kind && strcmp(kind, "error") == 0) {
            json_int_t where = json_integer_value(json_object_get(object, "line"));
            error_set(error, ERROR_OTHER, SPAN_NONE, "%s:%lld: %s", run->lesson->path, where ? where : (long long)line,
                      json_string_value(json_object_get(object, "message")));
            const char *hint = json_string_value(json_object_get(object, "hint"));
            if (hint) error_hint(error, "%s", hint);
        }
        json_decref(object);
    }
}

// "FILE:LINE:COLUMN: error: MESSAGE", as it would have been printed.
static void take_rendered(const char *text, struct error *error) {
    const char *mark = strstr(text, ": error: ");
    if (!mark) return;
    const char *begin = mark;
    while (begin > text && begin[-1] != '\n') begin--;
    size_t place = (size_t)(mark - begin);
    const char *message = mark + strlen(": error: ");
    error_set(error, ERROR_OTHER, SPAN_NONE, "%.*s: %.*s", (int)place, begin, (int)strcspn(message, "\n"), message);
}

static bool explain(struct lesson_run *run, const char *lines, uint32_t line, struct error *error) {
    if (too_long) {
        error_set(error, ERROR_LIMIT, SPAN_NONE, "%s:%u: this block took over %d s", run->lesson->path, line,
                  LESSON_SECONDS);
        return false;
    }
    take_error(run, lines, line, error);
    take_rendered(lines, error);
    return error_set(error, ERROR_OTHER, SPAN_NONE, "%s:%u: this block failed", run->lesson->path, line);
}

// What the lines answer is kept as text (or JSON) and printed when all went well.
static bool run_block(struct session *session, const struct lesson_block *block, bool show, struct error *error) {
    struct lesson_run *run = session->lesson;
    struct buffer filled = {0}, out = {0};
    bool json = session->output.json || !show;
    lesson_fill(session, NULL, block->text, "", &filled);
    int failed = lesson_run_silently(session, run->lesson->path, buffer_string(&filled), block->line, json, &out);
    bool ok = !failed;
    if (out.size > LESSON_OUTPUT)
        ok = error_set(error, ERROR_LIMIT, SPAN_NONE, "%s:%u: this block answers with over %d bytes", run->lesson->path,
                       block->line, LESSON_OUTPUT);
    else if (failed)
        explain(run, buffer_string(&out), block->line, error);
    if (ok && show && !session->output.json) {
        for (const char *line = buffer_string(&filled); *line;) {
            size_t size = strcspn(line, "\n");
            report_text(session, "%sbauer> %.*s%s\n", report_muted(session), (int)size, line, report_plain(session));
            line += size + (line[size] == '\n');
        }
    }
    if (ok && show) buffer_add(&session->output.text, out.data, out.size);
    if (show) buffer_add(&run->shown, out.data, out.size);
    buffer_free(&filled);
    buffer_free(&out);
    return ok;
}

// `lcg`, `paths x2 -> f`, `direction right`.
static bool run_show(struct session *session, const struct lesson_block *block, struct error *error) {
    struct buffer lines = {0}, out = {0};
    for (const char *line = block->text; *line;) {
        size_t size = strcspn(line, "\n"), word = strcspn(line, " \n");
        bool setting = false;
        for (size_t i = 0; i < sizeof may_set / sizeof *may_set; i++)
            setting |=
                strlen(may_set[i]) == word && memcmp(may_set[i], line, word) == 0 && strcmp(may_set[i], "paths") != 0;
        if (size && (size != 4 || memcmp(line, "plot", 4) != 0))
            buffer_printf(&lines, ":%s%.*s\n", setting ? "set " : "", (int)size, line);
        line += size + (line[size] == '\n');
    }
    int failed =
        lesson_run_silently(session, session->lesson->lesson->path, buffer_string(&lines), block->line, true, &out);
    if (failed) explain(session->lesson, buffer_string(&out), block->line, error);
    buffer_free(&lines);
    buffer_free(&out);
    return !failed;
}

// `path 3`, `a`, `x2 -> a`.
static bool run_point(struct session *session, const struct lesson_block *block, struct error *error) {
    char from[64] = "", to[64] = "", line[200];
    unsigned number;
    struct buffer out = {0};
    if (sscanf(block->text, "path %u", &number) == 1) {
        const struct shown *shown = &session->shown; // the paths that are listed
        if (shown->from[0])
            snprintf(line, sizeof line, ":walk paths %s -> %s\n:goto %u\n", shown->from, shown->to, number);
        else
            snprintf(line, sizeof line, ":walk paths\n:goto %u\n", number);
        int failed = lesson_run_silently(session, session->lesson->lesson->path, line, block->line, true, &out);
        if (failed) explain(session->lesson, buffer_string(&out), block->line, error);
        buffer_free(&out);
        return !failed;
    }
    int count = sscanf(block->text, "%63s -> %63s", from, to);
    vertex a = count >= 1 ? session_vertex(session, from, error) : VERTEX_NONE;
    vertex b = count == 2 ? session_vertex(session, to, error) : a;
    if (a == VERTEX_NONE || b == VERTEX_NONE)
        return error_set(error, ERROR_FILE, SPAN_NONE, "%s:%u: nothing to point at", session->lesson->lesson->path,
                         block->line);
    session->shown.picked = true;
    session->shown.pick[0] = a, session->shown.pick[1] = b;
    return true;
}

static bool run_step(struct session *session, const struct lesson_step *step, bool show, struct error *error) {
    session->shown.picked = false; // what a step points at is its own
    for (size_t i = 0; i < step->block_count; i++) {
        const struct lesson_block *block = &step->block[i];
        bool ok = block->kind == BLOCK_RUN     ? run_block(session, block, show, error)
                  : block->kind == BLOCK_SHOW  ? run_show(session, block, error)
                  : block->kind == BLOCK_POINT ? run_point(session, block, error)
                                               : true;
        if (!ok) return false;
    }
    return true;
}

// ---- going --------------------------------------------------------------------------------------------------------

static void forget_marks(struct lesson_run *run, uint32_t from) {
    for (size_t i = from; i <= run->lesson->step_count; i++) {
        session_mark_free(run->mark[i]);
        run->mark[i] = NULL;
    }
}

static bool keep_mark(struct session *session, uint32_t number, struct error *error) {
    session_mark_free(session->lesson->mark[number]);
    session->lesson->mark[number] = session_mark(session);
    return session->lesson->mark[number] || error_memory(error);
}

// From the mark that is nearest below.
static bool walk_to(struct session *session, uint32_t step, struct error *error) {
    struct lesson_run *run = session->lesson;
    uint32_t begin = step - 1;
    while (!run->mark[begin]) begin--;
    if (!session_return(session, run->mark[begin], error)) return false;
    forget_marks(run, begin + 1);
    for (uint32_t i = begin; i < step; i++) {
        bool last = i + 1 == step;
        run->at = i + 1;
        if (last) lesson_show(session);
        if (!run_step(session, &run->lesson->step[i], last, error) || !keep_mark(session, i + 1, error)) return false;
    }
    return true;
}

// The step's text, and what its lines answered.
static void add_review(struct session *session) {
    struct lesson_run *run = session->lesson;
    const struct lesson_step *step = lesson_step(session);
    lesson_fill(session, NULL, step->prose, "", &run->review);
    buffer_text(&run->review, "\n\n");
    for (size_t b = 0; b < step->block_count; b++)
        if (step->block[b].kind == BLOCK_RUN) {
            buffer_text(&run->review, "```text\n");
            lesson_fill(session, NULL, step->block[b].text, "", &run->review);
            buffer_text(&run->review, "```\n\n");
        }
    if (run->shown.size) buffer_printf(&run->review, "```text\n%s```\n\n", buffer_string(&run->shown));
    buffer_clear(&run->shown);
}

bool lesson_go(struct session *session, uint32_t step, struct error *error) {
    struct lesson_run *run = session->lesson;
    uint32_t before = run->at;
    struct error own = {0};
    if (step < 1 || step > run->lesson->step_count) {
        error_set(error, ERROR_USAGE, SPAN_NONE, "the lesson has steps 1 to %zu", run->lesson->step_count);
        if (step > 1) error_hint(error, ":lesson end leaves it");
        return false;
    }
    run->hints = 0;
    buffer_clear(&session->output.text);
    if (walk_to(session, step, &own)) {
        if (run->at > run->reached) run->reached = run->at;
        add_review(session);
        session->show = true;
        lesson_save(session);
        return true;
    }
    buffer_clear(&session->output.text); // the step that failed is not told
    run->at = before;
    struct error again = {0};
    bool quiet = session->quiet;
    session->quiet = true;
    if (!before || !walk_to(session, before, &again)) session_return(session, run->mark[0], &again);
    session->quiet = quiet;
    buffer_clear(&session->output.text);
    if (error && error->kind == ERROR_NONE) *error = own;
    return false;
}

bool lesson_go_silently(struct session *session, uint32_t step, struct error *error) {
    struct lesson_run *run = session->lesson;
    struct buffer pending = session->output.text;
    session->output.text = (struct buffer){0};
    buffer_clear(&run->shown);
    bool ok = walk_to(session, step, error);
    buffer_free(&session->output.text);
    session->output.text = pending;
    return ok;
}

void lesson_typed(struct session *session, const char *text, size_t size, const struct error *error) {
    static const char *const own[] = {"next", "back", "goto", "hint", "answer", "review", "lesson", "play"};
    struct buffer *review = &session->lesson->review;
    char word[16];
    size_t length = size ? strcspn(text + 1, " \t\r\n") : 0;
    snprintf(word, sizeof word, "%.*s", (int)(length < 15 ? length : 15), size ? text + 1 : "");
    if (!size || (text[0] == ':' && is_one_of(word, own, sizeof own / sizeof *own))) return;
    if (review->size > LESSON_OUTPUT) return; // said by :review
    const struct buffer *said = &session->output.text;
    buffer_printf(review, "```text\n%.*s\n", (int)size, text);
    if (error)
        buffer_printf(review, "%s\n", error->message);
    else if (said->size)
        buffer_printf(review, "%.*s%s", (int)said->size, said->data, said->data[said->size - 1] == '\n' ? "" : "\n");
    buffer_text(review, "```\n\n");
}

bool lesson_go_captured(struct session *session, uint32_t step, struct error *error) {
    struct buffer said = {0}, *capture = session->output.capture;
    bool json = session->output.json;
    session->output.capture = &said;
    session->output.json = false;
    buffer_clear(&session->lesson->shown);
    bool ok = lesson_go_silently(session, step, error);
    session->output.capture = capture;
    session->output.json = json;
    buffer_free(&said);
    return ok;
}

bool lesson_begin(struct session *session, struct lesson *lesson, struct error *error) {
    lesson_end(session);
    struct lesson_run *run = mem_zero(1, sizeof *run);
    if (run) run->mark = mem_zero(lesson->step_count + 1, sizeof *run->mark);
    bool ok = run && run->mark && session_script(session, &run->script);
    if (!ok) {
        if (run) mem_free(run->mark), buffer_free(&run->script);
        mem_free(run);
        lesson_free(lesson);
        return error_memory(error);
    }
    run->lesson = lesson;
    run->answers = json_array();
    run->seed = session->settings.seed;
    run->begun = (double)time(NULL);
    enum theme theme = session->settings.theme;
    session_reset(session);
    session->settings.theme = theme;
    session->lesson = run;
    return keep_mark(session, 0, error);
}

void lesson_end(struct session *session) {
    struct lesson_run *run = session->lesson;
    if (!run) return;
    lesson_save(session);
    session->lesson = NULL;
    if (environment_mark(session->environment)) session_reset(session);
    if (run->script.size) {
        bool quiet = session->quiet;
        session->quiet = true;
        session_run(session, "<before the lesson>", run->script.data, run->script.size, 1);
        session->quiet = quiet;
    }
    for (size_t i = 0; i <= run->lesson->step_count; i++) session_mark_free(run->mark[i]);
    mem_free(run->mark);
    lesson_free(run->lesson);
    json_decref(run->answers);
    buffer_free(&run->script);
    buffer_free(&run->shown);
    buffer_free(&run->review);
    mem_free(run);
}

// ---- telling ------------------------------------------------------------------------------------------------------

static void add_questions(const struct session *session, const struct lesson_step *step, struct buffer *out) {
    uint32_t count = lesson_question_count(step);
    for (uint32_t i = 0; i < count; i++) {
        if (count > 1)
            buffer_printf(out, "\n\n**Question %u.** ", i + 1);
        else
            buffer_text(out, "\n\n**Question.** ");
        lesson_ask(session, lesson_question(step, i), out);
    }
}

void lesson_text(const struct session *session, struct buffer *out) {
    const struct lesson_step *step = lesson_step(session);
    const struct lesson_run *run = session->lesson;
    if (!step) return;
    buffer_printf(out, "*%s: step %u of %zu*\n\n", run->lesson->title, run->at, run->lesson->step_count);
    lesson_fill(session, NULL, step->prose, "", out);
    add_questions(session, step, out);
}

static int columns_of(const struct session *session) {
    int columns = session->output.columns;
    return columns < 40 ? 40 : columns > 88 ? 88 : columns;
}

static void print_markdown(struct session *session, const char *text) {
    char message[256];
    struct buffer out = {0};
    if (prose_text(text, strlen(text), columns_of(session), session->output.color, &out, message, NULL))
        report_text(session, "%s", buffer_string(&out));
    else
        report_text(session, "%s\n", text);
    buffer_free(&out);
}

void lesson_show(struct session *session) {
    const struct lesson_step *step = lesson_step(session);
    const struct lesson_run *run = session->lesson;
    struct buffer text = {0};
    if (!step) return;
    if (session->output.json) {
        lesson_fill(session, NULL, step->prose, "", &text);
        report_json(session,
                    json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:i}", "kind", "lesson", "lesson", run->lesson->name,
                              "step", (int)run->at, "steps", (int)run->lesson->step_count, "heading", step->heading,
                              "text", buffer_string(&text), "questions", (int)lesson_question_count(step)));
        buffer_free(&text);
        return;
    }
    lesson_text(session, &text);
    print_markdown(session, buffer_string(&text));
    report_text(session, "\n");
    buffer_free(&text);
}
