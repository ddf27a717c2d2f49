#include "app/lesson.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/chart.h"
#include "app/lesson_private.h"
#include "app/report.h"
#include "app/settings.h"
#include "app/trials.h"
#include "base/sandbox.h"
#include "base/task.h"
#include "show/prose.h"

uint32_t lesson_steps_gone(const struct lesson_run *run) { return run->gone; }

uint32_t lesson_at(const struct lesson_run *run) { return run->at; }
const struct lesson *lesson_of(const struct lesson_run *run) { return run->lesson; }

const struct lesson_step *lesson_step(const struct session *session) {
    const struct lesson_run *run = session->lesson;
    return run && run->at ? &run->lesson->step[run->at - 1] : NULL;
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

// "FILE:LINE:COLUMN: error: MESSAGE", as it would have been printed, with its hint.
static void take_rendered(const char *text, struct error *error) {
    const char *mark = strstr(text, ": error: ");
    if (!mark) return;
    const char *begin = mark;
    while (begin > text && begin[-1] != '\n') begin--;
    size_t place = (size_t)(mark - begin);
    const char *message = mark + strlen(": error: ");
    error_set(error, ERROR_OTHER, SPAN_NONE, "%.*s: %.*s", (int)place, begin, (int)strcspn(message, "\n"), message);
    const char *hint = strstr(message, "\nhint: "), *other = strstr(message, ": error: ");
    if (!hint || (other && other < hint)) return;
    hint += strlen("\nhint: ");
    error_hint(error, "%.*s", (int)strcspn(hint, "\n"), hint);
}

static bool explain(struct lesson_run *run, const char *lines, uint32_t line, struct error *error) {
    if (lesson_exceeded(run->lesson->path, line, error)) return false;
    if (task_interrupted()) return error_interrupt(error);
    take_error(run, lines, line, error);
    take_rendered(lines, error);
    return error_set(error, ERROR_OTHER, SPAN_NONE, "%s:%u: this block failed", run->lesson->path, line);
}

// --check-lesson: all that failed, with their lines.
static void tell_each(struct lesson_run *run, const char *lines, uint32_t line) {
    struct error error = {0};
    uint32_t told = 0;
    for (const char *at = lines; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        json_t *object = json_loadb(at, strcspn(at, "\n"), 0, NULL);
        const char *kind = json_string_value(json_object_get(object, "kind"));
        const char *message = json_string_value(json_object_get(object, "message"));
        const char *hint = json_string_value(json_object_get(object, "hint"));
        json_int_t where = json_integer_value(json_object_get(object, "line"));
        if (kind && message && strcmp(kind, "error") == 0 && ++told)
            run->mistake(run->checking, where > 0 ? (uint32_t)where : line, message, hint ? hint : "");
        json_decref(object);
    }
    if (lesson_exceeded("", line, &error))
        run->mistake(run->checking, line, error.message + strspn(error.message, ":0123456789 "), "");
    else if (!told)
        run->mistake(run->checking, line, "this block failed", "");
}

// What to do about a block that failed: the step ends, or is gone on with where all mistakes are wanted.
static bool failed_block(struct session *session, const struct lesson_block *block, const char *lines,
                         struct error *error) {
    struct lesson_run *run = session->lesson;
    if (!run->mistake || task_interrupted()) return explain(run, lines, block->line, error);
    tell_each(run, lines, block->line);
    return true;
}

// What the lines answer is kept as text (or JSON) and printed when all went well.
static bool run_block(struct session *session, const struct lesson_block *block, bool show, struct error *error) {
    struct lesson_run *run = session->lesson;
    struct buffer filled = {0}, out = {0};
    bool json = session->output.json || !show;
    lesson_fill(session, NULL, block->text, "", &filled);
    int failed = lesson_run_silently(session, run->lesson->path, buffer_string(&filled), block->line, json, &out);
    bool ok = !failed || failed_block(session, block, buffer_string(&out), error);
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
        for (const char *const *key = lesson_settings; *key; key++)
            setting |= strlen(*key) == word && memcmp(*key, line, word) == 0 && strcmp(*key, "paths") != 0;
        bool command = size && (size != 4 || memcmp(line, "plot", 4) != 0); // a blank line keeps the numbers of lines
        buffer_printf(&lines, "%s%s%.*s\n", command ? ":" : "", setting ? "set " : "", command ? (int)size : 0, line);
        line += size + (line[size] == '\n');
    }
    int failed =
        lesson_run_silently(session, session->lesson->lesson->path, buffer_string(&lines), block->line, true, &out);
    bool ok = !failed || failed_block(session, block, buffer_string(&out), error);
    buffer_free(&lines);
    buffer_free(&out);
    return ok;
}

static bool nothing_there(struct session *session, const struct lesson_block *block, struct error *error) {
    struct lesson_run *run = session->lesson;
    char message[200];
    snprintf(message, sizeof message, "there is nothing to point at: %.*s", (int)strcspn(block->text, "\n"),
             block->text);
    error_clear(error);
    if (run->mistake) return run->mistake(run->checking, block->line, message, ""), true;
    return error_set(error, ERROR_FILE, SPAN_NONE, "%s:%u: %s", run->lesson->path, block->line, message);
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
        bool ok = !failed || failed_block(session, block, buffer_string(&out), error);
        buffer_free(&out);
        return ok;
    }
    int count = sscanf(block->text, "%63s -> %63s", from, to);
    vertex a = count >= 1 ? session_vertex(session, from, error) : VERTEX_NONE;
    vertex b = count == 2 ? session_vertex(session, to, error) : a;
    if (a == VERTEX_NONE || b == VERTEX_NONE) return nothing_there(session, block, error);
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
        session_mark_free(run->mark[i].session);
        run->mark[i].session = NULL;
    }
}

static uint64_t chart_of(const struct session *session) { return session->chart ? session->chart->serial : 0; }

// What comes later can be undone, but nothing before: the marks stay good.
static bool keep_mark(struct session *session, uint32_t number, struct error *error) {
    struct lesson_mark *mark = &session->lesson->mark[number];
    struct session_mark *now = session_mark(session);
    if (!now) return error_memory(error); // the one before stays
    session_mark_free(mark->session);
    *mark = (struct lesson_mark){now, trials_made(session->trials), chart_of(session)};
    session_hold(session, SIZE_MAX);
    return true;
}

// The theme is the lecturer's, whatever the step.
static bool go_to_mark(struct session *session, uint32_t number, struct error *error) {
    const struct lesson_mark *mark = &session->lesson->mark[number];
    enum theme theme = session->settings.theme;
    if (!session_return(session, mark->session, error)) return false;
    session->settings.theme = theme;
    trials_cut(session->trials, mark->trials);
    session_hold(session, SIZE_MAX);
    return true;
}

// From the mark that is nearest below.
static bool walk_to(struct session *session, uint32_t step, struct error *error) {
    struct lesson_run *run = session->lesson;
    uint32_t begin = step - 1;
    while (begin && !run->mark[begin].session) begin--;
    if (!run->mark[begin].session) return error_memory(error); // the lesson could not be begun whole
    if (!go_to_mark(session, begin, error)) return false;
    forget_marks(run, begin + 1);
    for (uint32_t i = begin; i < step; i++) {
        bool last = i + 1 == step;
        run->at = i + 1;
        if (last) lesson_show(session);
        if (!run_step(session, &run->lesson->step[i], last, error) || !keep_mark(session, i + 1, error)) return false;
    }
    return true;
}

// To the step in hand, as it left the session. Its lines run again only if what they show is no longer there.
static bool walk_back_to(struct session *session, uint32_t step, struct error *error) {
    const struct lesson_mark *mark = &session->lesson->mark[step];
    bool stays = mark->session && go_to_mark(session, step, error) && !session->shown.step &&
                 (!session->shown.chart || chart_of(session) == mark->chart);
    if (stays) forget_marks(session->lesson, step + 1);
    return stays || (step && walk_to(session, step, error));
}

bool lesson_restore(struct session *session, struct error *error) {
    bool quiet = session->quiet;
    session->quiet = true;
    bool ok = walk_back_to(session, session->lesson->at, error);
    session->quiet = quiet;
    buffer_clear(&session->output.text);
    buffer_clear(&session->lesson->shown);
    if (ok && !session->output.json)
        report_text(session, "what step %u left is back; `:lesson end` leaves the lesson\n", session->lesson->at);
    return ok;
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
    size_t review = run->review.size;
    run->hints = 0;
    run->gone++;
    buffer_clear(&session->output.text);
    if (walk_to(session, step, &own)) add_review(session);
    if (own.kind == ERROR_NONE && !mem_lacked()) {
        if (run->at > run->reached) run->reached = run->at;
        session->show = true;
        lesson_save(session);
        return true;
    }
    buffer_cut(&run->review, review);
    run->review.failed = false;
    run->shown.failed = false;
    bool lacked = mem_forget(); // the way back is not that far
    if (lacked) error_clear(&own), error_memory(&own);
    own.span = SPAN_NONE;                // what it was in may be gone then
    buffer_clear(&session->output.text); // the step that failed is not told
    bool interrupted = task_uninterrupt();
    run->at = before;
    struct error again = {0};
    bool quiet = session->quiet;
    session->quiet = true;
    walk_back_to(session, before, &again);
    session->quiet = quiet;
    run->at = before;
    buffer_clear(&session->output.text);
    buffer_clear(&run->shown);
    task_reinterrupt(interrupted);
    if (lacked) mem_note();
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

static bool is_own(const char *word) {
    static const char *const own[] = {"next", "back", "goto", "hint", "answer", "review", "lesson", "play"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(word, own[i]) == 0) return true;
    return false;
}

void lesson_typed(struct session *session, const char *text, size_t size, const struct error *error) {
    struct buffer *review = &session->lesson->review;
    char word[16];
    size_t length = size ? strcspn(text + 1, " \t\r\n") : 0;
    snprintf(word, sizeof word, "%.*s", (int)(length < 15 ? length : 15), size ? text + 1 : "");
    if (!size || (text[0] == ':' && is_own(word))) return;
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

// Goes on with the answers that were given before, if the numbers that are drawn are the same.
static void take_progress(struct session *session) {
    struct lesson_run *run = session->lesson;
    json_t *progress = lesson_progress(run->lesson->name), *answers = json_object_get(progress, "answers");
    json_int_t step = json_integer_value(json_object_get(progress, "step"));
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(progress, "seed"));
    if (progress && run->seed == 0) run->seed = seed; // no other was asked for
    if (progress && run->seed == seed && json_array_size(answers) <= (size_t)LESSON_STEPS * LESSON_BLOCKS) {
        json_decref(run->answers);
        run->answers = json_incref(answers);
        run->reached = step > 0 && step <= (json_int_t)run->lesson->step_count ? (uint32_t)step : 0;
        run->resumed = run->reached;
    }
    json_decref(progress);
}

static void run_free(struct lesson_run *run) {
    if (run->room) layout_stop(); // it was started there, and ends with it
    sandbox_room_free(run->room);
    forget_marks(run, 0);
    mem_free(run->mark);
    lesson_free(run->lesson);
    json_decref(run->answers);
    buffer_free(&run->shown);
    buffer_free(&run->review);
    mem_free(run);
}

void lesson_leave(struct session *session) {
    struct lesson_run *run = session->lesson;
    enum theme theme = session->settings.theme;
    session->lesson = run->outer;
    bool kept = mem_keep(false); // what it made lies in the heap of its room's thread
    session_put_back(session, run->before);
    session->settings.theme = theme; // chosen by who looks at it, not by the lesson
    run_free(run);
    mem_keep(kept);
}

void lesson_settle(struct session *session) {
    struct lesson_run *run = session->lesson, *outer = run->outer;
    if (!outer) return;
    session_aside_free(run->before);
    run->before = outer->before;
    run->outer = NULL;
    run_free(outer);
}

bool lesson_begin(struct session *session, struct lesson *lesson, struct error *error) {
    struct lesson_run *outer = session->lesson;
    struct lesson_run *run = mem_zero(1, sizeof *run);
    if (run) run->mark = mem_zero(lesson->step_count + 1, sizeof *run->mark);
    if (!run || !run->mark) {
        mem_free(run);
        lesson_free(lesson);
        return error_memory(error);
    }
    run->lesson = lesson;
    run->answers = json_array();
    run->outer = outer;
    run->seed = outer ? session_aside_seed(outer->before) : session->settings.seed;
    run->begun = (double)time(NULL);
    run->seconds = LESSON_SECONDS;
    enum theme theme = session->settings.theme;
    run->before = session_set_aside(session, error);
    if (!run->before) return run_free(run), false;
    session->settings.theme = theme;
    session->settings.seed = run->seed;
    session->lesson = run;
    if (outer && outer->room) layout_stop(); // each lesson has its own
    return keep_mark(session, 0, error) || (lesson_leave(session), false);
}

bool lesson_resume(struct session *session, struct lesson *lesson, struct error *error) {
    if (!lesson_begin(session, lesson, error)) return false;
    take_progress(session);
    session->settings.seed = session->lesson->seed;
    return keep_mark(session, 0, error) || (lesson_leave(session), false);
}

void lesson_end(struct session *session) {
    if (!session->lesson) return;
    lesson_save(session);
    lesson_leave(session);
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
