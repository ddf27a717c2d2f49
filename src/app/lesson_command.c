// :lesson, :answer, :hint, :play, :review; and :next, :back, :goto, which serve walks and lessons.
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/instructor.h"
#include "app/lesson_private.h"
#include "app/report.h"
#include "app/walk.h"
#include "base/file.h"
#include "base/task.h"

// ---- :lesson ------------------------------------------------------------------------------------------------------

static void list_row(struct session *session, const char *path, struct report_table *table) {
    struct error error = {0};
    struct lesson *lesson = lesson_read(path, NULL, NULL, &error);
    if (!lesson) {
        report_table_cell(table, "%s", path);
        report_table_cell(table, "%s", error.message);
        for (int i = 0; i < 2; i++) report_table_cell(table, "%s", "");
        return;
    }
    json_t *progress = lesson_progress(lesson->name);
    json_int_t step = json_integer_value(json_object_get(progress, "step"));
    report_table_cell(table, "%s%s%s", report_accent(session), lesson->name, report_plain(session));
    report_table_cell(table, "%s", lesson->title);
    report_table_cell(table, "%.0f min", lesson->minutes);
    uint32_t asked = lesson_questions(lesson), right = lesson_answered(progress);
    if (!step)
        report_table_cell(table, "%zu steps", lesson->step_count);
    else
        report_table_cell(table, "at step %lld of %zu, %u of %u right", (long long)step, lesson->step_count, right,
                          asked);
    json_decref(progress);
    lesson_free(lesson);
}

// {"name", "file", "title", "minutes", "steps", "step", "questions", "right"}; of a broken one {"file", "error"}.
static json_t *lesson_row(const char *path) {
    struct error error = {0};
    struct lesson *lesson = lesson_read(path, NULL, NULL, &error);
    if (!lesson) return json_pack("{s:s, s:s}", "file", path, "error", error.message);
    json_t *progress = lesson_progress(lesson->name);
    json_t *row = json_pack("{s:s, s:s, s:s, s:f, s:i, s:I, s:i, s:i}", "name", lesson->name, "file", path, "title",
                            lesson->title, "minutes", lesson->minutes, "steps", (int)lesson->step_count, "step",
                            json_integer_value(json_object_get(progress, "step")), "questions",
                            (int)lesson_questions(lesson), "right", (int)lesson_answered(progress));
    json_decref(progress);
    lesson_free(lesson);
    return row;
}

static bool list_lessons(struct session *session, struct error *error) {
    size_t count;
    char **path = lesson_list(&count);
    if (!count) {
        mem_free(path);
        error_set(error, ERROR_OTHER, SPAN_NONE, "there are no lessons");
        error_hint(error, ":lesson FILE.md opens one; BAUER_LESSONS names their folder");
        return false;
    }
    struct report_table *table = report_table_new(4);
    json_t *names = json_array();
    for (size_t i = 0; i < count; i++) {
        if (session->output.json)
            json_array_append_new(names, lesson_row(path[i]));
        else
            list_row(session, path[i], table);
        mem_free(path[i]);
    }
    mem_free(path);
    if (session->output.json) report_json(session, json_pack("{s:s, s:O}", "kind", "lessons", "lessons", names));
    json_decref(names);
    report_table_print(session, table, false);
    return true;
}

// If it cannot be opened, a lesson that was in hand is there again, with what was typed in it.
static bool begin_lesson(struct session *session, struct lesson *lesson, struct error *error) {
    if (session->lesson) lesson_save(session);
    if (!lesson_resume(session, lesson, error)) return false;
    struct error own = {0};
    if (lesson_go(session, 1, &own)) return lesson_settle(session), true;
    bool lacked = mem_forget();
    *error = own;
    lesson_leave(session);
    if (lacked) mem_note();
    return false;
}

// What needs memory comes first: without it the lesson goes on.
static bool end_lesson(struct session *session, struct error *error) {
    if (!session->output.json) report_text(session, "the lesson is over; the session is as it was before\n");
    lesson_save(session);
    if (mem_lacked()) return error_memory(error);
    lesson_leave(session);
    bool graph = environment_graph(session->environment);
    session->show = mem_forget() || graph; // what it lacked is made again when it is drawn
    return true;
}

static bool open_lesson(struct session *session, const char *name, struct error *error) {
    char *path = lesson_find(name, error);
    struct lesson *lesson = path ? lesson_read(path, NULL, NULL, error) : NULL;
    bool ok = lesson && begin_lesson(session, lesson, error);
    mem_free(path);
    if (!ok) return false;
    uint32_t reached = session->lesson->resumed;
    if (reached > 1 && !session->output.json)
        report_text(session, "\nyou were at step %u: `:goto %u` goes on there\n", reached, reached);
    return true;
}

bool command_lesson(struct session *session, const struct words *words, struct error *error) {
    if (!words->count) return list_lessons(session, error);
    if (words->count > 1) return command_usage_error(words, 1, error, "one name is enough");
    if (strcmp(words->word[0], "notes") == 0) return instructor_open(session, error);
    if (strcmp(words->word[0], "end") != 0) return open_lesson(session, words->word[0], error);
    if (!session->lesson) return error_set(error, ERROR_OTHER, SPAN_NONE, "no lesson is in hand");
    return end_lesson(session, error);
}

// ---- stepping -----------------------------------------------------------------------------------------------------

// A walk that a lesson has begun, or the student, goes on to its end first.
static bool is_walking(const struct session *session, int by) {
    if (!session->lesson || session->lesson->running) return true; // a lesson's lines do not step the lesson
    if (!session->shown.step || !walk_is_on(session->walk, environment_graph(session->environment))) return false;
    uint32_t at = walk_at(session->walk);
    return by > 0 ? at < walk_count(session->walk) : at > 1;
}

bool command_next(struct session *session, const struct words *words, struct error *error) {
    if (is_walking(session, 1)) return walk_command_next(session, words, error);
    if (!command_no_words(words, error)) return false;
    return lesson_go(session, session->lesson->at + 1, error);
}

bool command_back(struct session *session, const struct words *words, struct error *error) {
    if (is_walking(session, -1)) return walk_command_back(session, words, error);
    if (!command_no_words(words, error)) return false;
    if (session->lesson->at == 1) return error_set(error, ERROR_USAGE, SPAN_NONE, "this is the lesson's first step");
    return lesson_go(session, session->lesson->at - 1, error);
}

bool command_goto(struct session *session, const struct words *words, struct error *error) {
    double number;
    if (!session->lesson || session->lesson->running) return walk_command_goto(session, words, error);
    double steps = (double)session->lesson->lesson->step_count;
    if (words->count != 1 || !text_parse_number(words->word[0], &number) || !(number >= 1 && number <= steps) ||
        number != (uint32_t)number)
        return command_usage_error(words, 0, error, "the lesson has steps 1 to %.0f", steps);
    return lesson_go(session, (uint32_t)number, error);
}

static bool in_lesson(const struct session *session, struct error *error) {
    if (session->lesson) return true;
    error_set(error, ERROR_OTHER, SPAN_NONE, "no lesson is in hand");
    error_hint(error, ":lesson lists them, :lesson 1 opens the first");
    return false;
}

bool command_hint(struct session *session, const struct words *words, struct error *error) {
    if (!in_lesson(session, error) || !command_no_words(words, error)) return false;
    const struct lesson_step *step = lesson_step(session);
    uint32_t number = 0, total = 0;
    for (size_t b = 0; b < step->block_count; b++) total += step->block[b].kind == BLOCK_HINT;
    if (!total) return error_set(error, ERROR_OTHER, SPAN_NONE, "this step has no hint");
    uint32_t wanted = session->lesson->hints < total ? ++session->lesson->hints : total;
    for (size_t b = 0; b < step->block_count; b++) {
        if (step->block[b].kind != BLOCK_HINT || ++number != wanted) continue;
        struct buffer text = {0};
        lesson_fill(session, NULL, step->block[b].text, "", &text);
        if (session->output.json)
            report_json(session, json_pack("{s:s, s:i, s:i, s:s}", "kind", "hint", "number", (int)wanted, "of",
                                           (int)total, "text", buffer_string(&text)));
        else
            report_text(session, "hint %u of %u: %s\n", wanted, total, buffer_string(&text));
        buffer_free(&text);
    }
    return true;
}

bool command_play(struct session *session, const struct words *words, struct error *error) {
    if (!in_lesson(session, error) || !command_no_words(words, error)) return false;
    const char *text = "type what you like: :next goes on with the lesson, and everything is again as it left it";
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:s}", "kind", "play", "text", text));
    else
        report_text(session, "%s\n", text);
    return true;
}

// ---- answers ------------------------------------------------------------------------------------------------------

static json_t *kept_answer(struct lesson_run *run, uint32_t step, uint32_t question) {
    size_t i;
    json_t *entry;
    json_array_foreach(run->answers, i,
                       entry) if (json_integer_value(json_object_get(entry, "step")) == step &&
                                  json_integer_value(json_object_get(entry, "question")) == question) return entry;
    entry = json_pack("{s:i, s:i, s:i}", "step", (int)step, "question", (int)question, "tries", 0);
    json_array_append_new(run->answers, entry);
    return entry;
}

// The first question of the step that was not answered rightly yet; the last when all were.
static uint32_t open_question(struct lesson_run *run, const struct lesson_step *step) {
    uint32_t count = lesson_question_count(step);
    for (uint32_t i = 0; i < count; i++)
        if (!json_is_true(json_object_get(kept_answer(run, run->at, i + 1), "right"))) return i;
    return count ? count - 1 : 0;
}

// A prediction is followed by what it was about.
static void reveal(struct session *session, const struct question *q) {
    struct buffer line = {0};
    lesson_fill(session, q, question_text(q, "answer"), "", &line);
    char *arrow = line.data ? strstr(line.data, "=>") : NULL;
    if (arrow) *arrow = '\0';
    struct buffer out = {0};
    struct error ignored = {0};
    if (lesson_run_as_left(session, buffer_string(&line), &out, &ignored)) {
        for (const char *at = buffer_string(&line); *at; at += strcspn(at, "\n"), at += *at == '\n')
            report_text(session, "%sbauer> %.*s%s\n", report_muted(session), (int)strcspn(at, "\n"), at,
                        report_plain(session));
        report_text(session, "%s", buffer_string(&out));
    }
    buffer_free(&out);
    buffer_free(&line);
}

bool command_answer(struct session *session, const struct words *words, struct error *error) {
    if (!in_lesson(session, error)) return false;
    struct lesson_run *run = session->lesson;
    const struct lesson_step *step = lesson_step(session);
    if (!lesson_question_count(step)) return error_set(error, ERROR_OTHER, SPAN_NONE, "this step asks nothing");
    char answer[512];
    snprintf(answer, sizeof answer, "%s", words->rest);
    while (answer[0] && strchr(" \t\r\n", answer[strlen(answer) - 1])) answer[strlen(answer) - 1] = '\0';
    if (!answer[0]) return command_usage_error(words, 0, error, "an answer is missing");
    uint32_t index = open_question(run, step);
    const struct question *q = lesson_question(step, index);
    struct verdict verdict;
    if (!lesson_check(session, index, answer, &verdict, error)) return false;
    json_t *kept = kept_answer(run, run->at, index + 1);
    json_object_set_new(kept, "answer", json_string(answer));
    json_object_set_new(kept, "right", json_boolean(verdict.right));
    json_object_set_new(kept, "tries", json_integer(json_integer_value(json_object_get(kept, "tries")) + 1));
    lesson_save(session);
    buffer_printf(&run->review, "**Answer:** `%s` (%s): %s\n\n", answer, verdict.right ? "right" : "wrong",
                  verdict.reason);
    if (session->output.json) {
        report_json(session, json_pack("{s:s, s:b, s:f, s:s, s:i, s:i}", "kind", "verdict", "right", verdict.right,
                                       "credit", verdict.credit, "reason", verdict.reason, "step", (int)run->at,
                                       "question", (int)index + 1));
        return true;
    }
    if (q->kind == QUESTION_PREDICTION) reveal(session, q);
    report_text(session, "%s%s%s %s\n", report_accent(session),
                verdict.right        ? "Right."
                : verdict.credit > 0 ? "Partly."
                                     : "Not yet.",
                report_plain(session), verdict.reason);
    return true;
}

static void tell_review(struct session *session, const char *file, const struct buffer *text) {
    json_int_t size = (json_int_t)text->size;
    if (session->output.json)
        report_json(session, file ? json_pack("{s:s, s:s, s:I}", "kind", "review", "file", file, "bytes", size)
                                  : json_pack("{s:s, s:s%}", "kind", "review", "text", text->data, text->size));
    else if (file)
        report_text(session, "%s: %zu bytes\n", file, text->size);
    else
        report_text(session, "%s", text->data);
}

bool command_review(struct session *session, const struct words *words, struct error *error) {
    if (!in_lesson(session, error)) return false;
    const struct lesson_run *run = session->lesson;
    struct buffer out = {0};
    if (words->count > 1) return command_usage_error(words, 1, error, "one file is enough");
    buffer_printf(&out, "# %s\n\n%s", run->lesson->title, buffer_string(&run->review));
    if (run->review.size > LESSON_OUTPUT) buffer_text(&out, "What was typed later is left out: this is too long.\n");
    bool ok = !out.failed || error_memory(error);
    const char *file = words->count ? words->word[0] : NULL;
    if (ok && file) ok = file_write(file, out.data, out.size, error);
    if (ok) tell_review(session, file, &out);
    buffer_free(&out);
    return ok;
}
