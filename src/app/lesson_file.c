// Lessons as files: where they are, a student's progress, and checking whole lessons and answers.
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/lesson_private.h"
#include "app/settings.h"
#include "base/file.h"
#include "base/task.h"

#ifndef LESSONS
#define LESSONS "/usr/share/bauer/lessons"
#endif

// ---- finding ------------------------------------------------------------------------------------------------------

// $BAUER_LESSONS; of a build in the checkout, the checkout's; else where they are installed, beside the program's
// folder or where the build was to install them.
void lesson_folder(char *path, size_t size) {
    static const struct {
        unsigned up;
        const char *below;
    } place[] = {{3, "/lessons"}, {1, "/share/bauer/lessons"}}; // from build/src/app, and from bin
    const char *named = getenv("BAUER_LESSONS");
    char own[PATH_MAX], readme[PATH_MAX + 40];
    for (size_t i = 0; !named && i < sizeof place / sizeof *place; i++) {
        if (!file_own_folder(place[i].up, own, sizeof own)) continue;
        snprintf(path, size, "%s%s", own, place[i].below);
        snprintf(readme, sizeof readme, "%s%s/README.md", own, place[i].below); // meson makes an empty folder too
        if (access(readme, R_OK) == 0) return;
    }
    snprintf(path, size, "%s", named ? named : LESSONS);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool is_lesson(const char *name) {
    size_t size = strlen(name);
    return size > 3 && strcmp(name + size - 3, ".md") == 0 && name[0] != '.' && strcmp(name, "README.md") != 0;
}

char **lesson_list(size_t *count) {
    char folder[4096], path[8300], **list = NULL;
    size_t capacity = 0;
    *count = 0;
    lesson_folder(folder, sizeof folder);
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (!is_lesson(entry->d_name) || !mem_grow(&list, &capacity, *count + 1, sizeof *list)) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if ((list[*count] = mem_text(path, strlen(path)))) ++*count;
    }
    if (directory) closedir(directory);
    if (*count) qsort(list, *count, sizeof *list, by_name);
    return list;
}

static const char *leaf(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *lesson_find(const char *name, struct error *error) {
    size_t count, found = SIZE_MAX, size = strlen(name);
    double number;
    if (size > 3 && strcmp(name + size - 3, ".md") == 0 && access(name, F_OK) == 0) return mem_text(name, size);
    char **list = lesson_list(&count), *path = NULL;
    bool numbered = text_parse_number(name, &number);
    for (size_t i = 0; i < count && found == SIZE_MAX; i++)
        if (numbered ? strtod(leaf(list[i]), NULL) == number : strstr(leaf(list[i]), name) != NULL) found = i;
    if (found != SIZE_MAX) path = mem_text(list[found], strlen(list[found]));
    for (size_t i = 0; i < count; i++) mem_free(list[i]);
    mem_free(list);
    if (path) return path;
    error_set(error, ERROR_NAME, SPAN_NONE, "there is no lesson `%.80s`", name);
    error_hint(error, ":lesson lists them; a file is named with its .md");
    return NULL;
}

// ---- progress -----------------------------------------------------------------------------------------------------

static bool progress_path(const char *name, char *path, size_t size) {
    char file[200];
    snprintf(file, sizeof file, "lessons/%.150s.json", name);
    return file_xdg("XDG_STATE_HOME", ".local/state", file, path, size);
}

void lesson_save(const struct session *session) {
    const struct lesson_run *run = session->lesson;
    char path[4096];
    struct error ignored = {0};
    if (!run || !run->at || run->rehearsal || !progress_path(run->lesson->name, path, sizeof path)) return;
    json_t *progress =
        json_pack("{s:s, s:i, s:i, s:I, s:O}", "lesson", run->lesson->name, "step", (int)run->reached, "steps",
                  (int)run->lesson->step_count, "seed", (json_int_t)run->seed, "answers", run->answers);
    char *text = progress ? json_dumps(progress, JSON_INDENT(1)) : NULL;
    if (text) file_write(path, text, strlen(text), &ignored);
    free(text);
    json_decref(progress);
}

json_t *lesson_progress(const char *name) {
    char path[4096];
    if (!progress_path(name, path, sizeof path) || access(path, R_OK) != 0) return NULL;
    json_t *progress = json_load_file(path, 0, NULL);
    if (json_is_object(progress) && json_is_array(json_object_get(progress, "answers"))) return progress;
    json_decref(progress);
    return NULL; // not one of ours: begun anew
}

uint32_t lesson_answered(const json_t *progress) {
    uint32_t right = 0;
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(progress, "answers"), i, entry) right +=
        json_is_true(json_object_get(entry, "right"));
    return right;
}

// ---- checking a lesson --------------------------------------------------------------------------------------------

struct checking {
    const char *path;
    int mistakes;
    bool again; // what is run now was run before: its mistakes are known
};

static void tell_mistake(void *context, uint32_t line, const char *message, const char *hint) {
    struct checking *c = context;
    if (c->again) return;
    c->mistakes++;
    fprintf(stderr, "%s:%u: %s%s%s\n", c->path, line, message, *hint ? "; " : "", hint);
}

static void tell_at(struct checking *c, uint32_t line, const char *what, const struct error *error) {
    c->mistakes++;
    fprintf(stderr, "%s:%u: %s%s%s\n", c->path, line, what, error->message[0] ? ": " : "", error->message);
}

// Every choice by its letter: one of them is right, and each has its reason.
static void check_choices(struct session *session, struct checking *c, const struct question *q, uint32_t index) {
    char letter[] = "a";
    for (size_t i = 0; q->kind == QUESTION_CHOICE && i < q->part_count; i++) {
        const struct question_line *part = &q->part[i];
        struct error error = {0};
        struct verdict verdict;
        if (part->key[0] != '*' && part->key[0] != '-') continue;
        if (!lesson_check(session, index, letter, &verdict, &error))
            tell_at(c, part->line, "this choice cannot be answered", &error);
        else if (verdict.right != (part->key[0] == '*') || !verdict.reason[0])
            tell_at(c, part->line, verdict.reason[0] ? "this choice is marked wrongly" : "this choice has no reason",
                    &error);
        letter[0]++;
    }
}

// Right answers must be found right, those with a reason of their own wrong, and others too.
static void check_answers(struct session *session, struct checking *c, const struct question *q, uint32_t index) {
    struct buffer right = {0};
    struct error error = {0};
    struct verdict verdict;
    if (!lesson_right(session, index, &right, &error)) {
        tell_at(c, q->line, "its answer cannot be computed", &error);
    } else if (right.size) {
        if (!lesson_check(session, index, buffer_string(&right), &verdict, &error))
            tell_at(c, q->line, "its own answer cannot be read", &error);
        else if (!verdict.right || !verdict.reason[0])
            tell_at(c, q->line, verdict.right ? "the right answer has no reason" : "its own answer is found wrong",
                    &error);
    } else {
        tell_at(c, q->line, "a challenge needs an `answer` that meets it, for this check", &error);
    }
    buffer_free(&right);
    check_choices(session, c, q, index);
    for (size_t i = 0; i < q->part_count; i++) {
        const struct question_line *part = &q->part[i];
        bool partly = strcmp(part->key, "partly") == 0;
        if ((!partly && strcmp(part->key, "wrong") != 0) || !part->condition[0]) continue;
        if (partly && q->kind == QUESTION_CHALLENGE) continue; // a bound, not an answer
        struct buffer wrong = {0};
        struct error own = {0};
        lesson_fill(session, q, part->condition, "", &wrong);
        if (!lesson_check(session, index, buffer_string(&wrong), &verdict, &own))
            tell_at(c, part->line, "this wrong answer cannot be computed", &own);
        else if (verdict.right)
            tell_at(c, part->line, "this answer is right", &own);
        else if (partly != (verdict.credit > 0))
            tell_at(c, part->line, "an answer that is partly right is also one that is wrong", &own);
        else if (strncmp(verdict.reason, part->text, 20) != 0 && !strchr(part->text, '{'))
            tell_at(c, part->line, "another wrong answer is the same as this one", &own);
        buffer_free(&wrong);
    }
    struct error own = {0};
    const char *nonsense = q->kind == QUESTION_CHOICE ? NULL : q->kind == QUESTION_CHALLENGE ? NULL : "-98765.4321";
    if (nonsense && lesson_check(session, index, nonsense, &verdict, &own) && verdict.right)
        tell_at(c, q->line, "any answer is right", &own);
}

// What a step leaves, to be compared when one comes back to it.
static char *state_of(struct session *session) {
    struct buffer out = {0};
    session_script(session, &out);
    return out.data ? out.data : mem_text("", 0);
}

static void check_steps(struct session *session, struct checking *c) {
    const struct lesson *lesson = session->lesson->lesson;
    struct error error = {0};
    char **state = mem_zero(lesson->step_count + 1, sizeof *state);
    for (uint32_t i = 1; state && i <= lesson->step_count; i++) {
        struct error own = {0};
        if (!lesson_go(session, i, &own)) {
            c->mistakes++;
            fprintf(stderr, "%s\n", own.message);
            mem_free(state);
            return;
        }
        state[i] = state_of(session);
        const struct lesson_step *step = lesson_step(session);
        for (uint32_t q = 0; q < lesson_question_count(step); q++)
            if (!lesson_question(step, q)->broken) check_answers(session, c, lesson_question(step, q), q);
        char *after = state_of(session);
        if (strcmp(after, state[i]) != 0) tell_at(c, step->line, "a question changes the session", &error);
        mem_free(after);
    }
    c->again = true;
    for (uint32_t i = (uint32_t)lesson->step_count; state && i >= 1; i--) {
        struct error own = {0};
        bool ok = lesson_go(session, i, &own);
        char *back = state_of(session);
        if (!ok || strcmp(back, state[i]) != 0)
            tell_at(c, lesson->step[i - 1].line, "going back leaves another session", &own);
        mem_free(back);
    }
    c->again = false;
    for (size_t i = 1; state && i <= lesson->step_count; i++) mem_free(state[i]);
    mem_free(state);
}

static struct session *silent_session(void) {
    struct session *session = session_new(NULL);
    static struct buffer nowhere;
    if (session) session->output.capture = &nowhere;
    return session;
}

int lesson_check_files(int count, char **paths) {
    int mistakes = 0;
    for (int i = 0; i < count; i++) {
        struct checking c = {.path = paths[i]};
        struct error error = {0};
        struct lesson *lesson = lesson_read_all(paths[i], tell_mistake, &c, &error);
        struct session *session = lesson ? silent_session() : NULL;
        if (!lesson && !c.mistakes) c.mistakes++, fprintf(stderr, "%s\n", error.message);
        if (session) session->output.json = true;
        size_t steps = lesson ? lesson->step_count : 0;
        if (session && lesson_begin(session, lesson, &error)) {
            session->lesson->rehearsal = true;
            session->lesson->mistake = tell_mistake;
            session->lesson->checking = &c;
            check_steps(session, &c);
        }
        if (!c.mistakes) printf("%s: %zu steps, no mistakes\n", paths[i], steps);
        session_free(session);
        mistakes += c.mistakes;
    }
    return mistakes ? 1 : 0;
}

// ---- grading ------------------------------------------------------------------------------------------------------

// Whether a later answer to the same question is there: that one counts.
static bool is_overtaken(const json_t *answers, size_t index) {
    const json_t *entry = json_array_get(answers, index), *later;
    for (size_t i = index + 1; (later = json_array_get(answers, i)); i++)
        if (json_equal(json_object_get(entry, "step"), json_object_get(later, "step")) &&
            json_equal(json_object_get(entry, "question"), json_object_get(later, "question")) &&
            json_object_get(later, "answer"))
            return true;
    return false;
}

static json_t *grade_one(struct session *session, const json_t *entry) {
    struct error error = {0};
    struct verdict verdict = {0};
    json_int_t step = json_integer_value(json_object_get(entry, "step"));
    json_int_t question = json_integer_value(json_object_get(entry, "question"));
    const char *answer = json_string_value(json_object_get(entry, "answer"));
    bool ok = answer && step > 0 && question > 0 && lesson_go(session, (uint32_t)step, &error) &&
              lesson_check(session, (uint32_t)question - 1, answer, &verdict, &error);
    return json_pack("{s:I, s:I, s:s, s:b, s:f, s:s}", "step", step, "question", question, "answer",
                     answer ? answer : "", "right", ok && verdict.right, "credit", ok ? verdict.credit : 0.0, "reason",
                     ok ? verdict.reason : error.message);
}

static json_t *read_answers(const char *path, const struct lesson *lesson, struct error *error) {
    json_error_t where;
    size_t size;
    char *text = file_read(path, &size, error);
    json_t *saved = text ? json_loadb(text, size, 0, &where) : NULL;
    mem_free(text);
    const char *name = json_string_value(json_object_get(saved, "lesson"));
    const json_t *answers = json_object_get(saved, "answers");
    if (text && !saved)
        error_set(error, ERROR_FILE, SPAN_NONE, "%s holds no answers to a lesson: line %d: %s", path, where.line,
                  where.text);
    else if (saved && (!name || !json_is_array(answers)))
        error_set(error, ERROR_FILE, SPAN_NONE, "%s holds no answers to a lesson", path);
    else if (saved && strcmp(name, lesson->name) != 0)
        error_set(error, ERROR_FILE, SPAN_NONE, "%s holds answers to the lesson %.100s, not %s", path, name,
                  lesson->name);
    else if (json_array_size(answers) > (size_t)LESSON_STEPS * LESSON_BLOCKS)
        error_set(error, ERROR_LIMIT, SPAN_NONE, "%s holds more answers than a lesson has questions", path);
    else if (saved)
        return saved;
    json_decref(saved);
    return NULL;
}

static void print_row(const json_t *row) {
    double credit = json_number_value(json_object_get(row, "credit"));
    printf("step %lld, question %lld: %s: %s\n", (long long)json_integer_value(json_object_get(row, "step")),
           (long long)json_integer_value(json_object_get(row, "question")),
           json_is_true(json_object_get(row, "right")) ? "right"
           : credit > 0                                ? "partly right"
                                                       : "wrong",
           json_string_value(json_object_get(row, "reason")));
}

// The rows of all answers; *credit is their sum.
static json_t *grade_all(struct session *session, const json_t *answers, bool print, double *credit) {
    json_t *rows = json_array(), *entry;
    size_t i;
    *credit = 0;
    json_array_foreach(answers, i, entry) {
        if (!json_object_get(entry, "answer") || is_overtaken(answers, i)) continue;
        json_t *row = grade_one(session, entry);
        *credit += json_number_value(json_object_get(row, "credit"));
        if (print) print_row(row);
        json_array_append_new(rows, row);
    }
    return rows;
}

static int grade_lesson(struct lesson *lesson, const json_t *saved, bool json) {
    struct error error = {0};
    struct session *session = silent_session();
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(saved, "seed"));
    uint32_t questions = lesson_questions(lesson);
    char name[160];
    snprintf(name, sizeof name, "%s", lesson->name);
    if (session) session->settings.seed = seed;
    if (!session) lesson_free(lesson);
    bool ok = session && lesson_begin(session, lesson, &error);
    double credit = 0;
    if (ok) {
        session->lesson->rehearsal = true; // grading is nobody's progress
        json_t *rows = grade_all(session, json_object_get(saved, "answers"), !json, &credit);
        json_t *grade = json_pack("{s:s, s:s, s:f, s:i, s:i, s:I, s:o}", "kind", "grade", "lesson", name, "credit",
                                  credit, "of", (int)questions, "answered", (int)json_array_size(rows), "seed",
                                  (json_int_t)seed, "answers", rows);
        if (json)
            json_dumpf(grade, stdout, JSON_COMPACT), putchar('\n');
        else
            printf("%g of %u\n", credit, questions);
        json_decref(grade);
    } else {
        fprintf(stderr, "bauer: %s\n", error.message);
    }
    session_free(session);
    return ok ? 0 : 1;
}

int lesson_grade(const char *name, const char *answers, bool json) {
    struct error error = {0};
    char *path = lesson_find(name, &error);
    struct lesson *lesson = path ? lesson_read(path, NULL, NULL, &error) : NULL;
    json_t *saved = lesson ? read_answers(answers, lesson, &error) : NULL;
    mem_free(path);
    if (!saved) {
        fprintf(stderr, "bauer: %s\n", error.message);
        lesson_free(lesson);
        return 1;
    }
    int status = grade_lesson(lesson, saved, json);
    json_decref(saved);
    return status;
}
