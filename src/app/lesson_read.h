// A lesson as it is written: a CommonMark file with front matter, steps, and fenced blocks that say what happens at
// them. lessons/README.md tells authors how.
//
// Nothing is run here. All texts are the lesson's.
#ifndef BAUER_APP_LESSON_READ_H
#define BAUER_APP_LESSON_READ_H

#include "base/arena.h"
#include "base/text.h"

enum {
    LESSON_LARGEST = 1 << 20,
    LESSON_PICTURE = 4 << 20,
    LESSON_STEPS = 200,
    LESSON_BLOCKS = 64
}; // bytes, bytes; of a lesson; of a step

enum block_kind { BLOCK_RUN, BLOCK_SHOW, BLOCK_POINT, BLOCK_QUESTION, BLOCK_HINT, BLOCK_NOTES, BLOCK_KINDS };
extern const char *const block_names[BLOCK_KINDS]; // "bauer", "show", "point", "question", "hint", "notes"

enum question_kind {
    QUESTION_NUMBER,
    QUESTION_EXPRESSION,
    QUESTION_CHOICE,
    QUESTION_PREDICTION,
    QUESTION_CHALLENGE,
    QUESTION_KINDS
};
extern const char *const question_names[QUESTION_KINDS];

// One line of a question: `wrong 12: Add them up.`, or a choice `* text => reason` (`+`: partly right, `-`: wrong).
struct question_line {
    char *key, *condition,
        *text; // "wrong", "12" or "", "Add them up."; of a choice "*", "+" or "-", reason or "", its text
    uint32_t line;
};

struct question {
    enum question_kind kind;
    double tolerance;
    bool absolute, broken; // it has mistakes: lesson_read_all
    struct question_line *part;
    size_t part_count, part_capacity;
    uint32_t line;
};

struct lesson_block {
    enum block_kind kind;
    char *text;
    uint32_t line;             // of its first line of text
    struct question *question; // of BLOCK_QUESTION
};

struct lesson_step {
    char *heading; // plain
    char *prose;   // CommonMark, heading included, blocks left out
    struct lesson_block *block;
    size_t block_count, block_capacity;
    uint32_t line;
};

struct lesson {
    char *path, *name; // "lessons/03-bauers-formula.md", "03-bauers-formula"
    char *title, *author, *figure;
    double minutes;
    struct lesson_step *step;
    size_t step_count, step_capacity;
};

// A mistake in the file: told for each of them. The span of the error is unset: `line` says where.
typedef void lesson_mistake(void *context, uint32_t line, const char *message, const char *hint);

// Reads a lesson. NULL when it cannot be used: `error` tells the first mistake with file and line; `mistake` (or NULL)
// all of them. ERROR_FILE: unreadable, or over LESSON_LARGEST bytes.
struct lesson *lesson_read(const char *path, lesson_mistake *mistake, void *context, struct error *error);
struct lesson *lesson_parse(const char *path, const char *text, size_t size, lesson_mistake *mistake, void *context,
                            struct error *error);
// The same, but the lesson as far as it could be read in spite of its mistakes; NULL only if there is nothing of it.
struct lesson *lesson_read_all(const char *path, lesson_mistake *mistake, void *context, struct error *error);
void lesson_free(struct lesson *lesson); // NULL is allowed

// A picture beside the lesson: `url` as it stands in the text. PNG or JPEG, at most LESSON_PICTURE bytes; `type` (or
// NULL) is "image/png" or "image/jpeg". mem_free. NULL: ERROR_FILE, also when it is not inside of the lesson's folder.
char *lesson_picture(const char *lesson, const char *url, size_t *size, const char **type, struct error *error);

// The text of the question's first line with this key, or NULL.
const char *question_text(const struct question *question, const char *key);
// The number of the step's questions; question `index` of them.
uint32_t lesson_question_count(const struct lesson_step *step);
uint32_t lesson_questions(const struct lesson *lesson); // of all steps
const struct question *lesson_question(const struct lesson_step *step, uint32_t index);

#endif
