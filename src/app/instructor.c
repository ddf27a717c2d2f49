#include "app/instructor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/lesson_private.h"
#include "app/peer.h"
#include "app/window.h"
#include "base/arena.h"
#include "show/prose.h"

static struct {
    struct peer peer;
    const struct lesson_run *run; // what is shown
    uint32_t step;
    enum theme theme;
} instructor;

bool instructor_is_open(void) { return peer_is_open(&instructor.peer); }
int instructor_socket(void) { return peer_is_open(&instructor.peer) ? instructor.peer.child.socket : -1; }
bool instructor_wants_to_send(void) { return peer_wants_to_send(&instructor.peer); }

void instructor_close(void) {
    peer_stop(&instructor.peer);
    instructor.run = NULL;
}

// ---- what it tells ------------------------------------------------------------------------------------------------

// What the class may say instead, with the reason that bauer gives.
static void add_wrong(struct session *session, const struct question *q, struct buffer *out) {
    for (size_t i = 0; i < q->part_count; i++) {
        const struct question_line *part = &q->part[i];
        bool partly = strcmp(part->key, "partly") == 0 && q->kind != QUESTION_CHALLENGE;
        if ((!partly && strcmp(part->key, "wrong") != 0) || !part->condition[0]) continue;
        struct buffer condition = {0}, reason = {0};
        lesson_fill(session, q, part->condition, "", &condition);
        lesson_fill(session, q, part->text, "", &reason);
        buffer_printf(out, "- if they say %s%s: %s\n", buffer_string(&condition), partly ? " (partly right)" : "",
                      buffer_string(&reason));
        buffer_free(&condition);
        buffer_free(&reason);
    }
    buffer_text(out, "\n");
}

static void add_answers(struct session *session, const struct lesson_step *step, struct buffer *out) {
    for (uint32_t i = 0; i < lesson_question_count(step); i++) {
        const struct question *q = lesson_question(step, i);
        struct buffer ask = {0}, right = {0};
        struct error error = {0};
        lesson_ask(session, q, &ask);
        bool ok = lesson_right(session, i, &right, &error);
        double number;
        char text[64];
        if (ok && q->kind != QUESTION_CHOICE && text_parse_number(buffer_string(&right), &number)) {
            snprintf(text, sizeof text, "%.9g", number);
            buffer_clear(&right);
            buffer_text(&right, text);
        }
        buffer_printf(out, "**Question.** %s\n\n**Answer:** %s\n\n", buffer_string(&ask),
                      !ok          ? error.message
                      : right.size ? buffer_string(&right)
                                   : "whatever meets it");
        add_wrong(session, q, out);
        buffer_free(&ask);
        buffer_free(&right);
    }
}

void instructor_text(struct session *session, struct buffer *out) {
    const struct lesson_step *step = lesson_step(session);
    const struct lesson *lesson = session->lesson->lesson;
    uint32_t at = session->lesson->at, notes = 0, hints = 0;
    buffer_printf(out, "*%s: step %u of %zu*\n\n## %s\n\n", lesson->title, at, lesson->step_count, step->heading);
    for (size_t b = 0; b < step->block_count; b++) {
        if (step->block[b].kind != BLOCK_NOTES) continue;
        lesson_fill(session, NULL, step->block[b].text, "", out);
        buffer_text(out, "\n\n");
        notes++;
    }
    if (!notes) buffer_text(out, "No notes for this step.\n\n");
    add_answers(session, step, out);
    for (size_t b = 0; b < step->block_count; b++) {
        if (step->block[b].kind != BLOCK_HINT) continue;
        buffer_printf(out, "**Hint %u.** ", ++hints);
        lesson_fill(session, NULL, step->block[b].text, "", out);
        buffer_text(out, "\n\n");
    }
    if (at < lesson->step_count)
        buffer_printf(out, "---\n\n*Next:* %s\n", lesson->step[at].heading);
    else
        buffer_text(out, "---\n\n*This is the last step.*\n");
}

// ---- the window ---------------------------------------------------------------------------------------------------

static bool send_step(struct session *session, struct error *error) {
    const struct lesson_run *run = session->lesson;
    struct prose_look look = {session->settings.theme, 560, 1.1};
    struct buffer text = {0};
    struct scene scene;
    char message[256];
    scene_init(&scene);
    instructor_text(session, &text);
    bool ok = prose_scene(buffer_string(&text), text.size, &look, &scene, message, error);
    json_t *about = json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:f, s:f, s:i, s:i}}", "view", "notes", "point",
                              run->lesson->title, "theme", style_of(session->settings.theme)->name, "message", "",
                              "notes", buffer_string(&text), "clock", "begun", run->begun, "minutes",
                              run->lesson->minutes, "step", (int)run->at, "steps", (int)run->lesson->step_count);
    char *told = about ? json_dumps(about, JSON_COMPACT) : NULL;
    ok = ok && peer_put_picture(&instructor.peer, &scene, told, "shorten the notes of this step", error);
    free(told);
    json_decref(about);
    buffer_free(&text);
    scene_clear(&scene);
    return ok;
}

void instructor_refresh(struct session *session) {
    struct error error = {0};
    if (!instructor_is_open()) return;
    if (!session->lesson || !session->lesson->at) {
        instructor_close();
        return;
    }
    if (session->lesson == instructor.run && session->lesson->at == instructor.step &&
        session->settings.theme == instructor.theme)
        return;
    instructor.run = session->lesson;
    instructor.step = session->lesson->at;
    instructor.theme = session->settings.theme;
    if (!send_step(session, &error)) wire_put(&instructor.peer.out, WIRE_NOTE, error.message, strlen(error.message));
    if (!peer_flush(&instructor.peer)) instructor_close();
}

bool instructor_open(struct session *session, struct error *error) {
    if (!session->lesson) {
        error_set(error, ERROR_OTHER, SPAN_NONE, "no lesson is in hand");
        error_hint(error, ":lesson lists them, :lesson 1 opens the first");
        return false;
    }
    if (!peer_start(&instructor.peer, error)) return false;
    instructor.run = NULL;
    instructor_refresh(session);
    return true;
}

// false: the window is to be closed.
static bool take_event(struct session *session, const json_t *event, bool *told) {
    const char *name = json_string_value(json_object_get(event, "event"));
    if (!name || strcmp(name, "closed") == 0) return false;
    if (strcmp(name, "no display") == 0) {
        fprintf(stderr, "%sthere is no display to open a window of notes on\n",
                session->output.interactive ? "\r" : "");
        *told = true;
        return false;
    }
    if (strcmp(name, "step") == 0) window_step(session, json_integer_value(json_object_get(event, "by")) > 0 ? 1 : -1);
    return true;
}

static bool take_one(struct session *session, bool *told) {
    enum wire_kind kind;
    uint32_t size;
    long bad;
    char *message = peer_take(&instructor.peer, &kind, &size, &bad);
    if (bad) instructor_close();
    if (!message) return false;
    json_t *event = kind == WIRE_EVENT ? json_loadb(message, size, 0, NULL) : NULL;
    if (event && !take_event(session, event, told)) instructor_close();
    json_decref(event);
    mem_free(message);
    return instructor_is_open();
}

bool instructor_attend(struct session *session) {
    bool told = false;
    enum peer_news news = PEER_BYTES;
    while (instructor_is_open() && (news = peer_receive(&instructor.peer)) == PEER_BYTES)
        while (take_one(session, &told)) continue;
    if (instructor_is_open() && (news == PEER_GONE || !peer_flush(&instructor.peer))) instructor_close();
    window_refresh(session, false);
    instructor_refresh(session);
    return told;
}
