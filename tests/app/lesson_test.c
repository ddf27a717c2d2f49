// Lessons: what is read out of a file, the line of each mistake, what its lines may not do, and that going back
// restores the session.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/lesson.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/rng.h"
#include "show/record.h"

static const char good[] = "---\n"
                           "title: Two paths\n"
                           "minutes: 10\n"
                           "author: Somebody\n"
                           "---\n"
                           "\n"
                           "## First\n"
                           "\n"
                           "Some `code` and *words*.\n"
                           "\n"
                           "```bauer\n"
                           "x = 3\n"
                           "y = x * x\n"
                           "```\n"
                           "\n"
                           "```question\n"
                           "kind: number\n"
                           "ask: What is y?\n"
                           "answer: y\n"
                           "right: Three times three.\n"
                           "wrong 6: That is a sum.\n"
                           "wrong: Multiply.\n"
                           "```\n"
                           "\n"
                           "```hint\n"
                           "Look at the graph.\n"
                           "```\n"
                           "\n"
                           "## Second\n"
                           "\n"
                           "```bauer\n"
                           "z = y + 1\n"
                           "```\n"
                           "\n"
                           "```notes\n"
                           "Wait.\n"
                           "```\n";

struct mistakes {
    uint32_t line[64], count;
    char message[64][200];
};

static void keep_mistake(void *context, uint32_t line, const char *message, const char *hint) {
    struct mistakes *m = context;
    (void)hint;
    if (m->count == 64) return;
    snprintf(m->message[m->count], sizeof m->message[0], "%s", message);
    m->line[m->count++] = line;
}

static struct lesson *parse(const char *text, struct mistakes *mistakes) {
    struct error error = {0};
    *mistakes = (struct mistakes){.count = 0};
    return lesson_parse("test.md", text, strlen(text), keep_mistake, mistakes, &error);
}

// `good` with one piece of it replaced: the mistake that it has then.
static void replaced(const char *old, const char *new, uint32_t line, const char *message) {
    struct buffer text = {0};
    struct mistakes mistakes;
    const char *at = strstr(good, old);
    assert_non_null(at);
    buffer_add(&text, good, (size_t)(at - good));
    buffer_text(&text, new);
    buffer_text(&text, at + strlen(old));
    struct lesson *lesson = parse(buffer_string(&text), &mistakes);
    lesson_free(lesson);
    bool found = false;
    for (uint32_t i = 0; i < mistakes.count; i++)
        found |= mistakes.line[i] == line && strstr(mistakes.message[i], message);
    if (!found)
        for (uint32_t i = 0; i < mistakes.count; i++)
            print_error("line %u: %s\n", mistakes.line[i], mistakes.message[i]);
    assert_null(lesson);
    assert_true(found);
    buffer_free(&text);
}

static void a_lesson_is_read(void **state) {
    (void)state;
    struct mistakes mistakes;
    struct lesson *lesson = parse(good, &mistakes);
    assert_non_null(lesson);
    assert_int_equal(mistakes.count, 0);
    assert_string_equal(lesson->title, "Two paths");
    assert_string_equal(lesson->author, "Somebody");
    assert_true(lesson->minutes == 10);
    assert_int_equal(lesson->step_count, 2);
    assert_string_equal(lesson->step[0].heading, "First");
    assert_non_null(strstr(lesson->step[0].prose, "Some `code` and *words*."));
    assert_null(strstr(lesson->step[0].prose, "x = 3"));
    assert_int_equal(lesson->step[0].block_count, 3);
    assert_int_equal(lesson->step[0].block[0].kind, BLOCK_RUN);
    assert_int_equal(lesson->step[0].block[0].line, 12);
    assert_int_equal(lesson_question_count(&lesson->step[0]), 1);
    assert_string_equal(question_text(lesson_question(&lesson->step[0], 0), "ask"), "What is y?");
    assert_int_equal(lesson->step[1].block[1].kind, BLOCK_NOTES);
    lesson_free(lesson);
}

static void mistakes_have_lines(void **state) {
    (void)state;
    replaced("minutes: 10\n", "minutes: soon\n", 3, "minutes");
    replaced("minutes: 10\n", "", 1, "no minutes");
    replaced("title: Two paths\n", "titel: Two paths\n", 2, "titel");
    replaced("author: Somebody\n", "author Somebody\n", 4, "key: value");
    replaced("---\n\n", "\n\n", 1, "does not end");
    replaced("```bauer\n", "```bauar\n", 11, "bauar");
    replaced("kind: number\n", "kind: nubmer\n", 17, "nubmer");
    replaced("ask: What is y?\n", "ask What is y?\n", 18, "no line of a question");
    replaced("right: Three times three.\n", "rihgt: Three times three.\n", 20, "rihgt");
    replaced("Some `code`", "<script>alert(1)</script>\n\nSome `code`", 9, "HTML");
    replaced("*words*", "![a picture](../../secret.png)", 9, "leads out");
    replaced("*words*", "![a picture](/etc/passwd)", 9, "leads out");
    replaced("*words*", "[a link](javascript:alert)", 9, "leads out");
}

static void whatever_is_read(void **state) {
    (void)state;
    struct mistakes mistakes;
    static const char *const texts[] = {"", "---\n", "---\n---\n", "## A\n", "---\ntitle: a\nminutes: 1\n---\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lesson *lesson = parse(texts[i], &mistakes);
        assert_null(lesson);
        assert_true(mistakes.count > 0);
    }
    char text[sizeof good];
    static const char bytes[] = "`\n#:-{}\xff$ax0*";
    uint32_t word[4];
    for (uint32_t run = 0; run < 3000; run++) { // some bytes changed: read or refused, never worse
        memcpy(text, good, sizeof good);
        for (uint32_t i = 0; i < 1 + run % 8; i++) {
            rng_block(rng_key(7, 0), run, i, 0, word);
            text[word[0] % (sizeof good - 1)] = bytes[word[1] % (sizeof bytes - 1)];
        }
        struct error error = {0};
        lesson_free(lesson_parse("test.md", text, strlen(text), keep_mistake, &mistakes, &error));
    }
}

// ---- in a session -------------------------------------------------------------------------------------------------

static struct session *open_lesson(const char *text) {
    struct error error = {0};
    struct mistakes mistakes;
    struct session *session = session_new(&error);
    struct lesson *lesson = parse(text, &mistakes);
    assert_non_null(session);
    session->quiet = true;
    assert_non_null(lesson);
    assert_true(lesson_begin(session, lesson, &error));
    return session;
}

static double number(struct session *session, const char *name) {
    struct error error = {0};
    char line[64];
    snprintf(line, sizeof line, "%s\n", name);
    json_t *answer = lesson_ask_engine(session, line, &error);
    double value = json_number_value(json_array_get(json_object_get(answer, "values"), 0));
    json_decref(answer);
    return value;
}

static void going_back_restores(void **state) {
    (void)state;
    struct error error = {0};
    struct session *session = open_lesson(good);
    assert_true(lesson_go(session, 1, &error));
    assert_int_equal(environment_graph(session->environment)->count, 2);
    assert_true(lesson_go(session, 2, &error));
    assert_int_equal(environment_graph(session->environment)->count, 4);
    assert_int_equal(session_run(session, "typed", "y = 100\nw = y*y\n", 16, 1), 0);
    assert_true(lesson_go(session, 1, &error));
    assert_int_equal(environment_graph(session->environment)->count, 2);
    assert_true(number(session, "y + 0") == 9);
    assert_true(lesson_go(session, 2, &error));
    assert_true(number(session, "z + 0") == 10);
    assert_false(lesson_go(session, 3, &error));
    assert_int_equal(lesson_at(session->lesson), 2);
    session_free(session);
}

static void answers_have_reasons(void **state) {
    (void)state;
    struct error error = {0};
    struct verdict verdict;
    char path[] = "/tmp/bauer-lesson-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, good, strlen(good)) == (ssize_t)strlen(good) && close(file) == 0);
    struct session *session = session_new(&error);
    session->quiet = true;
    assert_true(lesson_begin(session, lesson_read(path, NULL, NULL, &error), &error));
    assert_true(lesson_go(session, 1, &error));
    assert_true(lesson_check(session, 0, "9", &verdict, &error));
    assert_true(verdict.right && verdict.credit == 1);
    assert_string_equal(verdict.reason, "Three times three.");
    assert_true(lesson_check(session, 0, "6", &verdict, &error));
    assert_false(verdict.right);
    assert_string_equal(verdict.reason, "That is a sum.");
    assert_true(lesson_check(session, 0, "3 + 4", &verdict, &error));
    assert_string_equal(verdict.reason, "Multiply.");
    assert_int_equal(session_run(session, "typed", "y = 100\nw = y*y\nnine = 9\n", 25, 1), 0);
    assert_true(lesson_check(session, 0, "9", &verdict, &error)); // y is still the lesson's
    assert_true(verdict.right);
    assert_true(lesson_check(session, 0, "nine", &verdict, &error)); // and the answer the student's
    assert_true(verdict.right);
    assert_true(number(session, "y + 0") == 100);
    assert_false(lesson_check(session, 0, "3 +", &verdict, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    session_free(session);
    unlink(path);
}

// A lesson's line that is refused: the lesson stays where it was.
static void refused(const char *line) {
    struct buffer text = {0};
    struct error error = {0};
    buffer_printf(&text, "%s\n## Third\n\n```bauer\n%s\n```\n", good, line);
    struct session *session = open_lesson(buffer_string(&text));
    assert_true(lesson_go(session, 2, &error));
    assert_false(lesson_go(session, 3, &error));
    assert_non_null(strstr(error.message, "test.md:"));
    assert_int_equal(lesson_at(session->lesson), 2);
    assert_true(number(session, "z + 0") == 10);
    session_free(session);
    buffer_free(&text);
    error_clear(&error);
}

static void lines_compute_and_show(void **state) {
    (void)state;
    refused(":export /tmp/bauer-lesson-test.svg");
    refused(":save /tmp/bauer-lesson-test.py");
    refused(":load /etc/passwd");
    refused(":variance interleaved depth 1..2 width 2 samples 10 walk file /tmp/bauer-lesson-test.csv");
    refused(":figure 2");
    refused(":quit");
    refused(":lesson 1");
    refused(":set threads 1");
    refused(":window");
    refused(":bench");
    refused("1/0");
    refused("while True:\n    x = 1");
    assert_int_not_equal(0, fopen("/tmp/bauer-lesson-test.svg", "r") ? 0 : 1);
}

int main(void) {
    setenv("XDG_STATE_HOME", "/dev/null", 1); // nobody's progress
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lesson_is_read),     cmocka_unit_test(mistakes_have_lines),
        cmocka_unit_test(whatever_is_read),     cmocka_unit_test(going_back_restores),
        cmocka_unit_test(answers_have_reasons), cmocka_unit_test(lines_compute_and_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
