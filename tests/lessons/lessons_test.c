// The lessons themselves, as a class and a student go through them: every step forwards and backwards, every question
// answered rightly, with each of its wrong answers and with one that nobody foresaw; and what every lesson must have.
//
//     lessons_test FOLDER
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/lesson.h"
#include "base/arena.h"
#include "lab/data.h"

enum { LESSONS = 14, LEAST_STEPS = 8, LEAST_QUESTIONS = 2, MOST_STEPS = 64 };

static const char *where = ""; // lesson and step, for messages
static char place[300];

static void at(const struct lesson *lesson, uint32_t step, uint32_t line) {
    snprintf(place, sizeof place, "%s, step %u, line %u", lesson->name, step, line);
    where = place;
}

#define expect(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            print_error("%s: ", where);                                                                                \
            print_error(__VA_ARGS__);                                                                                  \
            print_error("\n");                                                                                         \
            fail();                                                                                                    \
        }                                                                                                              \
    } while (0)

static struct session *begun(const char *path, uint64_t seed) {
    struct error error = {0};
    struct session *session = session_new(&error);
    assert_non_null(session);
    session->quiet = true;
    session->settings.seed = seed;
    struct lesson *lesson = lesson_read(path, NULL, NULL, &error);
    where = path;
    expect(lesson, "%s", error.message);
    assert_true(lesson_begin(session, lesson, &error));
    return session;
}

// ---- data ---------------------------------------------------------------------------------------------------------

// A line that trains, or shows an image.
static bool needs_data(const char *lines) {
    for (const char *line = lines; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, ":train ", 7) == 0 || (strncmp(line, ":figure ", 8) == 0 && !strchr("237", line[8])))
            return true;
    return false;
}

// Lessons on images can only be gone through where the images are; elsewhere this says so.
static bool is_left_out(const char *path) {
    struct error error = {0};
    struct lesson *lesson = lesson_read(path, NULL, NULL, &error);
    bool needs = false;
    assert_non_null(lesson);
    for (size_t s = 0; s < lesson->step_count; s++)
        for (size_t i = 0; i < lesson->step[s].block_count; i++)
            needs |= lesson->step[s].block[i].kind == BLOCK_RUN && needs_data(lesson->step[s].block[i].text);
    lesson_free(lesson);
    if (!needs || data_there("fashion-mnist", NULL, &error)) return false;
    print_message("%s: SKIPPED: %s\n", path, error.message);
    return true;
}

// ---- questions ----------------------------------------------------------------------------------------------------

struct tally {
    uint32_t questions, right, wrong, unforeseen;
};

static struct verdict answered(struct session *session, uint32_t index, const char *answer) {
    struct verdict verdict = {0};
    struct error error = {0};
    expect(lesson_check(session, index, answer, &verdict, &error), "`%s` cannot be marked: %s", answer, error.message);
    return verdict;
}

// A text of the question as the student sees it, and no more than a verdict holds of it.
static void expect_reason(struct session *session, const struct question *q, const char *answer, const char *text,
                          const struct verdict *verdict) {
    struct buffer filled = {0};
    assert_non_null(text);
    lesson_fill(session, q, text, "", &filled);
    const char *wanted = buffer_string(&filled);
    size_t size = strlen(wanted);
    bool numbers = q->kind == QUESTION_CHALLENGE; // are told behind the reason
    bool same = strncmp(verdict->reason, wanted, size) == 0 && (numbers || strlen(verdict->reason) == size);
    expect(size > 0 && same, "the reason for `%s` is `%s`, not `%s`", answer, verdict->reason, wanted);
    buffer_free(&filled);
}

static void answer_choices(struct session *session, const struct question *q, uint32_t index, struct tally *tally) {
    char letter[] = "a";
    for (size_t i = 0; i < q->part_count; i++) {
        const struct question_line *part = &q->part[i];
        if (part->key[0] != '*' && part->key[0] != '-') continue;
        bool right = part->key[0] == '*';
        struct verdict by_letter = answered(session, index, letter), by_text = answered(session, index, part->text);
        expect(by_letter.right == right && by_text.right == right, "choice %s is marked wrongly", letter);
        expect(by_letter.credit == (right ? 1 : 0), "choice %s gives credit %g", letter, by_letter.credit);
        expect_reason(session, q, letter, part->condition, &by_letter);
        tally->right += right, tally->wrong += !right;
        letter[0]++;
    }
    struct verdict verdict;
    struct error error = {0};
    expect(!lesson_check(session, index, letter, &verdict, &error), "there is a choice %s", letter);
}

static void answer_rightly(struct session *session, const struct question *q, uint32_t index, struct tally *tally) {
    struct buffer right = {0};
    struct error error = {0};
    expect(lesson_right(session, index, &right, &error), "no right answer: %s", error.message);
    struct verdict verdict = answered(session, index, buffer_string(&right));
    expect(verdict.right && verdict.credit == 1, "its own answer `%s` is wrong", buffer_string(&right));
    expect_reason(session, q, buffer_string(&right), question_text(q, "right"), &verdict);
    tally->right++;
    buffer_free(&right);
}

static void answer_wrongly(struct session *session, const struct question *q, uint32_t index, struct tally *tally) {
    uint32_t own = 0;
    for (size_t i = 0; i < q->part_count; i++) {
        const struct question_line *part = &q->part[i];
        if (strcmp(part->key, "wrong") != 0 || !part->condition[0]) continue;
        struct buffer wrong = {0};
        lesson_fill(session, q, part->condition, "", &wrong);
        struct verdict verdict = answered(session, index, buffer_string(&wrong));
        expect(!verdict.right && verdict.credit == 0, "`%s` is right", buffer_string(&wrong));
        expect_reason(session, q, buffer_string(&wrong), part->text, &verdict);
        buffer_free(&wrong);
        own++;
    }
    expect(own >= 1, "no wrong answer has a reason of its own");
    tally->wrong += own;
}

// A number that no lesson foresees.
static void answer_otherwise(struct session *session, const struct question *q, uint32_t index, struct tally *tally) {
    static const char answer[] = "-98765.4321";
    struct verdict verdict = answered(session, index, answer);
    expect(!verdict.right, "any answer is right");
    expect_reason(session, q, answer, question_text(q, "wrong"), &verdict);
    tally->unforeseen++;
}

static void answer_all(struct session *session, struct tally *tally) {
    const struct lesson_step *step = lesson_step(session);
    for (uint32_t i = 0; i < lesson_question_count(step); i++) {
        const struct question *q = lesson_question(step, i);
        at(lesson_of(session->lesson), lesson_at(session->lesson), q->line);
        tally->questions++;
        if (q->kind == QUESTION_CHOICE) {
            answer_choices(session, q, i, tally);
            continue;
        }
        answer_rightly(session, q, i, tally);
        answer_wrongly(session, q, i, tally);
        if (q->kind != QUESTION_CHALLENGE) answer_otherwise(session, q, i, tally);
    }
}

// ---- steps --------------------------------------------------------------------------------------------------------

// What a step leaves: the program, its graph with all numbers, and what is shown of it.
static char *left_by(struct session *session) {
    struct error error = {0};
    struct buffer out = {0};
    const struct shown *shown = &session->shown;
    assert_true(session_script(session, &out));
    buffer_printf(&out, "kind %d %s %s lit %u step %d chart %d eliminated %u picked %d", (int)shown->kind, shown->from,
                  shown->to, shown->lit, shown->step, shown->chart, session->eliminated_count, shown->picked);
    if (shown->picked) buffer_printf(&out, " %u %u", (unsigned)shown->pick[0], (unsigned)shown->pick[1]);
    json_t *graph = lesson_ask_engine(session, ":lcg\n", &error);
    expect(graph, "no graph: %s", error.message);
    expect(json_array_size(json_object_get(graph, "vertices")) >= 2, "there is nothing to draw");
    char *text = json_dumps(graph, JSON_COMPACT | JSON_SORT_KEYS);
    assert_non_null(text);
    buffer_printf(&out, "\n%s\n", text);
    free(text);
    json_decref(graph);
    return out.data;
}

static uint32_t blocks_of(const struct lesson_step *step, enum block_kind kind) {
    uint32_t count = 0;
    for (size_t i = 0; i < step->block_count; i++)
        count += step->block[i].kind == kind && strspn(step->block[i].text, " \n") < strlen(step->block[i].text);
    return count;
}

static void go(struct session *session, uint32_t step) {
    struct error error = {0};
    expect(lesson_go(session, step, &error), "step %u: %s", step, error.message);
    assert_int_equal(lesson_at(session->lesson), step);
}

// Under the sanitizers every third step is gone back to, and none of those that compute for long.
#ifdef __SANITIZE_ADDRESS__
#define SLOW true
#else
#define SLOW false
#endif

static bool trains_or_steers(const struct lesson *lesson) {
    bool found = false;
    for (size_t s = 0; s < lesson->step_count; s++)
        for (size_t i = 0; i < lesson->step[s].block_count; i++) {
            const struct lesson_block *block = &lesson->step[s].block[i];
            found |= block->kind == BLOCK_RUN && (needs_data(block->text) || strstr(block->text, ":reactor "));
        }
    return found;
}

static void walk_through(const char *path, uint64_t seed, struct tally *tally) {
    struct session *session = begun(path, seed);
    const struct lesson *lesson = lesson_of(session->lesson);
    uint32_t count = (uint32_t)lesson->step_count;
    char *left[MOST_STEPS] = {NULL};
    expect(count >= LEAST_STEPS && count < MOST_STEPS, "%u steps", count);
    for (uint32_t i = 1; i <= count; i++) {
        at(lesson, i, lesson->step[i - 1].line);
        go(session, i);
        left[i] = left_by(session);
        answer_all(session, tally);
        at(lesson, i, lesson->step[i - 1].line);
        char *now = left_by(session);
        expect(strcmp(now, left[i]) == 0, "answers have changed the session");
        mem_free(now);
    }
    bool is_long = trains_or_steers(lesson);
    for (uint32_t i = count; i-- > 1;) {
        if (SLOW && (i % 3 || is_long)) continue;
        at(lesson, i, lesson->step[i - 1].line);
        go(session, i);
        char *back = left_by(session);
        expect(strcmp(back, left[i]) == 0, "going back leaves\n%s\nnot\n%s", back, left[i]);
        mem_free(back);
    }
    uint32_t different = 0; // so that the comparison means something
    for (uint32_t i = 2; i <= count; i++) different += strcmp(left[i], left[i - 1]) != 0;
    expect(different >= 3, "its steps leave %u different sessions only", different + 1);
    for (uint32_t i = 1; i <= count; i++) mem_free(left[i]);
    session_free(session);
}

// ---- the tests ----------------------------------------------------------------------------------------------------

static void every_lesson_from_first_to_last_step(void **state) {
    (void)state;
    size_t count;
    char **path = lesson_list(&count);
    struct tally all = {0};
    uint32_t left_out = 0;
    assert_true(count >= LESSONS);
    for (size_t i = 0; i < count; i++) {
        struct tally tally = {0};
        if (is_left_out(path[i])) {
            left_out++;
            mem_free(path[i]);
            continue;
        }
        walk_through(path[i], 0, &tally);
        where = path[i];
        expect(tally.questions >= LEAST_QUESTIONS, "%u questions", tally.questions);
        expect(tally.right == tally.questions, "%u of %u answered rightly", tally.right, tally.questions);
        expect(tally.wrong >= 2 * tally.questions, "%u wrong answers to %u questions", tally.wrong, tally.questions);
        print_message("%s: %u questions answered rightly, %u times wrongly, %u times otherwise\n", path[i],
                      tally.questions, tally.wrong, tally.unforeseen);
        all.questions += tally.questions;
        mem_free(path[i]);
    }
    mem_free(path);
    assert_true(all.questions >= 7 * (LESSONS - left_out));
}

static void every_lesson_has_what_a_class_needs(void **state) {
    (void)state;
    size_t count;
    char **path = lesson_list(&count);
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};
        struct lesson *lesson = lesson_read(path[i], NULL, NULL, &error);
        where = path[i];
        expect(lesson, "%s", error.message);
        expect(lesson->minutes >= 10 && lesson->minutes <= 20, "%g minutes", lesson->minutes);
        for (uint32_t s = 0; s < lesson->step_count; s++) {
            const struct lesson_step *step = &lesson->step[s];
            at(lesson, s + 1, step->line);
            expect(blocks_of(step, BLOCK_RUN) + blocks_of(step, BLOCK_SHOW) >= 1, "it draws nothing");
            expect(blocks_of(step, BLOCK_NOTES) >= 1, "no notes for the instructor");
            expect(!lesson_question_count(step) || blocks_of(step, BLOCK_HINT) >= 1, "a question without a hint");
            expect(strlen(step->prose) > 80, "it says nothing");
        }
        lesson_free(lesson);
        mem_free(path[i]);
    }
    mem_free(path);
    assert_true(count >= LESSONS);
}

// Numbers that are drawn: other students have other ones, and their questions hold, too.
static bool draws(const struct lesson *lesson) {
    for (size_t s = 0; s < lesson->step_count; s++)
        for (uint32_t i = 0; i < lesson_question_count(&lesson->step[s]); i++)
            if (question_text(lesson_question(&lesson->step[s], i), "draw")) return true;
    return false;
}

static void other_students_have_other_numbers(void **state) {
    (void)state;
    size_t count;
    char **path = lesson_list(&count);
    uint32_t with_numbers = 0;
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};
        struct lesson *lesson = lesson_read(path[i], NULL, NULL, &error);
        assert_non_null(lesson);
        bool drawn = draws(lesson);
        lesson_free(lesson);
        with_numbers += drawn;
        drawn = drawn && !is_left_out(path[i]);
        for (uint64_t seed = 1; drawn && seed <= 40; seed++) {
            struct session *session = begun(path[i], seed);
            struct tally tally = {0};
            for (uint32_t s = 1; s <= lesson_of(session->lesson)->step_count; s++) {
                bool any = false;
                const struct lesson_step *step = &lesson_of(session->lesson)->step[s - 1];
                for (uint32_t q = 0; q < lesson_question_count(step); q++)
                    any |= question_text(lesson_question(step, q), "draw") != NULL;
                if (!any) continue;
                where = path[i];
                go(session, s);
                answer_all(session, &tally);
            }
            assert_true(tally.questions > 0);
            session_free(session);
        }
        mem_free(path[i]);
    }
    mem_free(path);
    assert_true(with_numbers >= 3);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    setenv("BAUER_LESSONS", argv[1], 1);
    setenv("XDG_STATE_HOME", "/dev/null", 1); // nobody's progress
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_lesson_has_what_a_class_needs),
        cmocka_unit_test(every_lesson_from_first_to_last_step),
        cmocka_unit_test(other_students_have_other_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
