// A lesson in hand: stepping through it, its questions, its progress.
//
// Each step has a mark of the session as it was before the step's lines ran, so going back restores it exactly; what
// is typed between steps is gone with the next step. Lines of a lesson may compute and show, nothing else
// (lesson_allows), and are bounded in time and size.
#ifndef BAUER_APP_LESSON_H
#define BAUER_APP_LESSON_H

#include <jansson.h>

#include "app/lesson_read.h"
#include "app/session.h"

// Of a block: seconds, with :train or :figure more of them; bytes of its answers; iterations of a :train. Of a graph.
enum {
    LESSON_SECONDS = 20,
    LESSON_LONG_SECONDS = 120,
    LESSON_OUTPUT = 1 << 20,
    LESSON_ITERATIONS = 500,
    LESSON_VERTICES = 2000000
};
#define LESSON_MEMORY (1LL << 30) // bytes that a block may add to what is resident

struct lesson_run;

// Begins a lesson in a session that is as good as new; what was there comes back at its end, a lesson that was in hand
// too unless lesson_settle ends that. Takes the lesson.
bool lesson_begin(struct session *session, struct lesson *lesson, struct error *error);
// The same for a student: with what was answered before, when the lesson was left.
bool lesson_resume(struct session *session, struct lesson *lesson, struct error *error);
// The lesson that was in hand before this one is over: at the end comes what was before both. It was saved by the
// caller.
void lesson_settle(struct session *session);
void lesson_end(struct session *session); // what was before comes back; nothing to do without a lesson
// Goes to a step, from 1: runs the lines of those between, and its own. On failure it stays at the step it was.
bool lesson_go(struct session *session, uint32_t step, struct error *error);
// :reset in a lesson: what was typed is gone, and the session as the step in hand left it.
bool lesson_restore(struct session *session, struct error *error);
uint32_t lesson_steps_gone(const struct lesson_run *run); // calls of lesson_go that went, or failed and came back
uint32_t lesson_at(const struct lesson_run *run);         // from 1; 0 before the first
const struct lesson *lesson_of(const struct lesson_run *run);
// The step in hand, or NULL without a lesson.
const struct lesson_step *lesson_step(const struct session *session);
// CommonMark for the window: the step's text, its open question, how far it is; "" without a lesson.
void lesson_text(const struct session *session, struct buffer *out);
void lesson_show(struct session *session); // prints the step at the prompt
// Notes for :review what was typed between steps, and its answer or its error (NULL: none).
void lesson_typed(struct session *session, const char *text, size_t size, const struct error *error);

// ---- what its lines may do (lesson_permit.c) ------------------------------------------------------------------------

struct words; // app/command.h
// Whether lines of a lesson, or a student's answer, run now.
bool lesson_is_running(const struct session *session);
// Whether a command may stand in a lesson; ERROR_USAGE says why not. Always, when none of its lines run.
bool lesson_allows(const struct session *session, const char *name, const struct words *words, struct error *error);
// After a command: a :train that ran out of time has shown what there is, and the lesson goes on.
void lesson_ran(const struct session *session, const char *name);
// After an answer: `size` bytes were said by the block so far. Too many stop it.
void lesson_said(const struct session *session, size_t size);

// ---- questions (lesson_question.c) ----------------------------------------------------------------------------------

struct verdict {
    bool right;
    char reason[512];
    double credit; // 0 to 1
};

// Marks an answer to question `index` (from 0) of the step in hand, by computing the right one. The session is as it
// was afterwards. ERROR_USAGE: the answer cannot be read; ERROR_FILE: the question is broken, with its line.
bool lesson_check(struct session *session, uint32_t index, const char *answer, struct verdict *verdict,
                  struct error *error);
// A right answer, as one would type it, for tests of lessons; a challenge has none: "".
bool lesson_right(struct session *session, uint32_t index, struct buffer *out, struct error *error);
// The question's text with numbers filled in; choices are lettered lines.
void lesson_ask(const struct session *session, const struct question *question, struct buffer *out);
// Replaces {n} by what is drawn for it from the session's seed, {answer} by `answer`.
void lesson_fill(const struct session *session, const struct question *question, const char *text, const char *answer,
                 struct buffer *out);
// Runs lines in the session as it is, silently, and returns the last JSON object; the session is put back. NULL with an
// error that is the lines' own.
json_t *lesson_ask_engine(struct session *session, const char *lines, struct error *error);

// The handout: one page of HTML that needs nothing else (lesson_html.c). The lesson is where it was afterwards.
bool lesson_html(struct session *session, struct buffer *out, struct error *error);
// The same for print: pages of A4 (lesson_pdf.c).
bool lesson_pdf(struct session *session, struct buffer *out, struct error *error);

// ---- whole files (lesson_file.c) ------------------------------------------------------------------------------------

void lesson_folder(char *path, size_t size); // where they are
// All lessons that can be found, sorted by name: paths, mem_free each and the list.
char **lesson_list(size_t *count);
// A path, a name ("03-bauers-formula"), a number ("3") or a part of a name. ERROR_NAME.
char *lesson_find(const char *name, struct error *error);
void lesson_save(const struct session *session); // progress, silently; nothing is lost if it cannot be written
// {"lesson", "step", "steps", "seed", "answers":[{"step", "question", "answer", "right", "tries"}]}, or NULL.
json_t *lesson_progress(const char *name);
uint32_t lesson_answered(const json_t *progress); // questions answered rightly; NULL: 0
// `bauer --check-lesson`, `bauer --grade`: exit statuses.
int lesson_check_files(int count, char **paths);
int lesson_grade(const char *name, const char *answers, bool json);

#endif
