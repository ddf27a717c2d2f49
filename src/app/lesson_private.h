// What the files of the lesson share.
#ifndef BAUER_APP_LESSON_PRIVATE_H
#define BAUER_APP_LESSON_PRIVATE_H

#include "app/lesson.h"

// The session as a step left it.
struct lesson_mark {
    struct session_mark *session; // NULL: not there
    uint32_t trials;              // how many estimates were made
    uint64_t chart;               // serial of session->chart, 0: none
};

struct lesson_run {
    struct lesson *lesson;
    struct lesson_mark *mark; // [i]: after step i; [0]: before the first; none beyond the step in hand
    uint32_t at, reached, hints, gone;
    bool running;            // its lines run: lesson_allows
    lesson_mistake *mistake; // --check-lesson: told of each line that fails, and the block goes on; or NULL
    void *checking;          // its context
    bool rehearsal;          // only to compute an answer: its progress is not saved
    json_t *answers;         // {"step", "question", "answer", "right", "tries"}
    uint64_t seed;           // of numbers that are drawn
    int seconds;             // of a block: LESSON_SECONDS
    double begun;            // when, seconds since 1970
    uint32_t resumed;        // the step that was reached before, 0: none
    struct session_aside *before;
    struct lesson_run
        *outer;           // the lesson that it was begun in, which `before` belongs to, until lesson_settle; or NULL
    struct buffer shown;  // what the step's lines answered
    struct buffer review; // all that was done, as Markdown
    struct sandbox_room *room; // where its lines run, or NULL: not yet
};

// Does something as the lesson's lines are run: on a thread that can read the system's libraries, fonts and data sets
// and the lesson's own folder, and write nothing (where the kernel has Landlock; LESSON limits hold everywhere).
bool lesson_confined(struct lesson_run *run, void (*work)(void *context), void *context);

// Runs lines under the lesson's limits and puts what they answer into `out`. Returns how many failed.
int lesson_run_silently(struct session *session, const char *name, const char *text, uint32_t line, bool json,
                        struct buffer *out);

// What :set may be told by a lesson, and a block `show`; NULL ends it.
extern const char *const lesson_settings[];

// The error of a block whose time, memory or length ran out; false: it kept within them.
bool lesson_exceeded(const char *path, uint32_t line, struct error *error);

void lesson_leave(struct session *session); // as lesson_end, but its progress is not saved
// lesson_go without progress, review and text; what the step's lines answered is in run->shown.
bool lesson_go_silently(struct session *session, uint32_t step, struct error *error);
// The same with nothing printed, whatever the form of answers.
bool lesson_go_captured(struct session *session, uint32_t step, struct error *error);
// Runs lines on a session as the step in hand left it, and puts what they answer into `out`.
bool lesson_run_as_left(struct session *session, const char *lines, struct buffer *out, struct error *error);
// Runs lines as the lesson's, on a session that is as before afterwards.
int lesson_try(struct session *session, const char *lines, bool json, struct buffer *out, struct error *error);

#endif
