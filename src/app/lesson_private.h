// What the files of the lesson share.
#ifndef BAUER_APP_LESSON_PRIVATE_H
#define BAUER_APP_LESSON_PRIVATE_H

#include "app/lesson.h"

struct lesson_run {
    struct lesson *lesson;
    struct session_mark **mark; // [i]: after step i; [0]: before the first; NULL beyond the step in hand
    uint32_t at, reached, hints;
    bool running;         // its lines run: lesson_allows
    bool rehearsal;       // only to compute an answer: its progress is not saved
    json_t *answers;      // {"step", "question", "answer", "right", "tries"}
    uint64_t seed;        // of numbers that are drawn
    double begun;         // when, seconds since 1970
    struct buffer script; // the session before
    struct buffer shown;  // what the step's lines answered
    struct buffer review; // all that was done, as Markdown
};

// Runs lines under the lesson's limits and puts what they answer into `out`. Returns how many failed.
int lesson_run_silently(struct session *session, const char *name, const char *text, uint32_t line, bool json,
                        struct buffer *out);

// lesson_go without progress, review and text; what the step's lines answered is in run->shown.
bool lesson_go_silently(struct session *session, uint32_t step, struct error *error);
// The same with nothing printed, whatever the form of answers.
bool lesson_go_captured(struct session *session, uint32_t step, struct error *error);
// Runs lines on a session as the step in hand left it, and puts what they answer into `out`.
bool lesson_run_as_left(struct session *session, const char *lines, struct buffer *out, struct error *error);
// Runs lines as the lesson's, on a session that is as before afterwards.
int lesson_try(struct session *session, const char *lines, bool json, struct buffer *out, struct error *error);

#endif
