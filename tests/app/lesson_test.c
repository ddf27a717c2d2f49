// Lessons: what is read out of a file, the line of each mistake, what its lines may not do, and that going back
// restores the session.
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/command.h"
#include "app/lesson_private.h"
#include "app/trials.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/sandbox.h"
#include "base/task.h"
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

// Every command is one of these, or refused in a lesson: a new one is refused until somebody has thought about it.
static void commands_are_refused_unless_permitted(void **state) {
    (void)state;
    static const char *const permitted[] = {"graph",  "lcg",       "paths", "jacobian", "expand", "memory",  "train",
                                            "check",  "eliminate", "jvp",   "vjp",      "sample", "pattern", "variance",
                                            "figure", "trials",    "why",   "walk",     "next",   "back",    "goto",
                                            "at",     "describe",  "help",  "list",     "undo",   "redo",    "set"};
    struct session *session = open_lesson(good);
    struct words *words = mem_zero(1, sizeof *words);
    size_t found = 0;
    for (size_t i = 0; i < command_count; i++) {
        struct error error = {0};
        bool wanted = false, train = strcmp(command_table[i].name, "train") == 0;
        char *copy = command_words(train ? "f iterations 10" : "", words, &error);
        for (size_t k = 0; k < sizeof permitted / sizeof *permitted; k++)
            wanted |= strcmp(permitted[k], command_table[i].name) == 0;
        found += wanted;
        assert_true(lesson_allows(session, command_table[i].name, words, &error)); // typed by the student
        session->lesson->running = true;
        bool allowed = lesson_allows(session, command_table[i].name, words, &error);
        session->lesson->running = false;
        if (allowed != wanted) print_error(":%s\n", command_table[i].name);
        assert_int_equal(allowed, wanted);
        mem_free(copy);
    }
    assert_int_equal(found, sizeof permitted / sizeof *permitted);
    mem_free(words);
    session_free(session);
}

static void permits(const char *name, const char *rest, bool wanted) {
    struct session *session = open_lesson(good);
    struct words *words = mem_zero(1, sizeof *words);
    struct error error = {0};
    char *copy = command_words(rest, words, &error);
    session->lesson->running = true;
    if (lesson_allows(session, name, words, &error) != wanted) fail_msg(":%s %s", name, rest);
    session->lesson->running = false;
    mem_free(copy);
    mem_free(words);
    session_free(session);
}

static void words_of_commands_are_looked_at(void **state) {
    (void)state;
    permits("train", "fully_connected exact different keep 0.1,0.5 keep W1=0.2 iterations 300 seed 1,2 lr 1e-3", true);
    permits("train", "net data fashion-mnist iterations 500 batch 100 optimizer sgd train-images 1000", true);
    permits("train", "net iterations 501", false);
    permits("train", "net iterations 5 iterations 5000", false);
    permits("train", "net", false);
    permits("train", "net iterations 5 data cifar10", false);
    permits("train", "net iterations 5 dir .", false);
    permits("train", "net iterations 5 resu\"me\" x", false);
    permits("train", "../net iterations 5", false);
    permits("figure", "2 quick", true);
    permits("figure", "2 full", false);
    permits("figure", "3", true);
    permits("figure", "4 quick", true);
    permits("figure", "5", false);
    permits("figure", "8", false);
    permits("variance", "depth 1..3 walk \"file\" x", false);
    permits("trials", "sort variance", true);
    permits("trials", "clear", false);
    permits("set", "digits 4", true);
    permits("set", "vertices 4", false);
}

// tests/lessons/hostile.md: each of its steps behind the good one fails with its line, and the lesson stays.
static void try_hostile(const char *front, size_t front_size, const char *step, size_t size) {
    struct buffer text = {0};
    struct error error = {0};
    struct mistakes mistakes;
    buffer_add(&text, front, front_size);
    buffer_add(&text, step, size);
    struct lesson *lesson = parse(buffer_string(&text), &mistakes);
    struct session *session = session_new(&error);
    assert_non_null(lesson);
    session->quiet = true;
    session->settings.theme = THEME_PROJECTOR;
    assert_true(lesson_begin(session, lesson, &error));
    session->lesson->seconds = 1;
    assert_true(lesson_go(session, 1, &error));
    assert_true(number(session, "y + 0") == 9);
    struct buffer before = {0}, after = {0};
    session_script(session, &before);
    bool went = lesson_go(session, 2, &error);
    if (went || !strstr(error.message, "test.md:1")) print_error("%.*s: %s\n", (int)size, step, error.message);
    assert_false(went);
    assert_non_null(strstr(error.message, "test.md:1")); // lines 10 to 19
    assert_int_equal(lesson_at(session->lesson), 1);
    session_script(session, &after);
    assert_string_equal(buffer_string(&before), buffer_string(&after));
    assert_false(task_interrupted());
    lesson_end(session);
    assert_int_equal(session->settings.theme, THEME_PROJECTOR);
    assert_null(session->trials);
    session_free(session);
    buffer_free(&text);
    buffer_free(&before);
    buffer_free(&after);
}

static void a_hostile_lesson_stays(void **state) {
    (void)state;
    struct error error = {0};
    size_t size;
    int steps = 0;
    char *text = file_read(getenv("BAUER_HOSTILE"), &size, &error), *at = text ? strstr(text, "\n## ") : NULL;
    assert_non_null(at);
    char *front = strstr(at + 1, "\n## ");
    for (char *step = front, *next; step; step = next, steps++) {
        next = strstr(step + 1, "\n## ");
        try_hostile(text, (size_t)(front - text), step, next ? (size_t)(next - step) : strlen(step));
    }
    assert_true(steps > 30);
    static const char *const files[] = {"hostile", "hostile.svg", "hostile.py", "hostile.csv", "hostile.txt"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) assert_int_not_equal(access(files[i], F_OK), 0);
    mem_free(text);
}

// A lesson that has found a hole in all of that: what it could do then, where its lines run.
struct tried {
    bool reads_library, reads_home, reads_passwd, writes_here, writes_tmp, appends, removes, starts;
};

static bool opens(const char *path, int flags) {
    int file = open(path, flags, 0600);
    if (file >= 0) close(file);
    return file >= 0;
}

static void try_everything(void *context) {
    struct tried *tried = context;
    tried->reads_library = opens("/usr/bin/env", O_RDONLY);
    tried->reads_home = opens("mine", O_RDONLY);
    tried->reads_passwd = opens("/etc/passwd", O_RDONLY);
    tried->writes_here = opens("hole", O_WRONLY | O_CREAT);
    tried->writes_tmp = opens("/tmp/bauer-hole", O_WRONLY | O_CREAT);
    tried->appends = opens("mine", O_WRONLY | O_APPEND);
    tried->removes = unlink("mine") == 0;
    tried->starts = system("echo x >>mine 2>/dev/null") == 0;
}

static void a_hole_leads_nowhere(void **state) {
    (void)state;
    struct error error = {0};
    char folder[] = "/tmp/bauer-mine-XXXXXX", before[PATH_MAX];
    if (!sandbox_there()) skip();
    assert_non_null(getcwd(before, sizeof before));
    assert_non_null(mkdtemp(folder));
    struct session *session = open_lesson(good); // its folder is where the test was started
    assert_true(lesson_go(session, 1, &error));
    assert_int_equal(chdir(folder), 0);
    assert_true(opens("mine", O_WRONLY | O_CREAT));
    struct tried tried = {0};
    assert_true(lesson_confined(session->lesson, try_everything, &tried));
    assert_true(tried.reads_library);
    assert_false(tried.reads_home || tried.reads_passwd || tried.writes_here || tried.writes_tmp || tried.appends ||
                 tried.removes || tried.starts);
    assert_true(opens("mine", O_WRONLY) && unlink("mine") == 0); // the rest of the program may
    session_free(session);
    assert_int_equal(chdir(before) | rmdir(folder), 0);
}

// ---- what is typed between steps ----------------------------------------------------------------------------------

static void typed(struct session *session, const char *line) { session_run(session, "typed", line, strlen(line), 1); }

static void what_is_typed_cannot_reach_behind_a_step(void **state) {
    (void)state;
    struct error error = {0};
    struct session *session = session_new(&error);
    struct mistakes mistakes;
    session->quiet = true;
    typed(session, "own = 5");
    typed(session, ":set digits 5");
    typed(session, ":set seed 11");
    typed(session, "b = own * 2\n:sample 10 walk");
    assert_int_equal(trials_made(session->trials), 1);
    assert_true(lesson_begin(session, parse(good, &mistakes), &error));
    assert_true(lesson_go(session, 2, &error));
    for (int i = 0; i < 4; i++) typed(session, ":undo"); // nothing to undo
    typed(session, "q = 7\nr = 8\n:undo\ny = 55");
    typed(session, ":sample 10 walk\n:set seed 99\n:set digits 2");
    assert_true(lesson_go(session, 1, &error));
    assert_true(lesson_go(session, 2, &error));
    assert_true(number(session, "z + 0") == 10);
    typed(session, "z = 4\n:reset\nw = 1");
    assert_true(number(session, "z + 0") == 10);
    assert_int_equal(trials_made(session->trials), 0);
    lesson_end(session);
    assert_int_equal(trials_made(session->trials), 1);
    assert_int_equal(session->settings.digits, 5);
    assert_int_equal(session->settings.seed, 11);
    struct buffer script = {0};
    session_script(session, &script);
    assert_non_null(strstr(buffer_string(&script), "own = 5\n"));
    assert_non_null(strstr(buffer_string(&script), "b = own * 2\n"));
    buffer_free(&script);
    session_free(session);
}

static void an_interrupt_leaves_the_step(void **state) {
    (void)state;
    struct error error = {0};
    struct session *session = open_lesson(good);
    assert_true(lesson_go(session, 1, &error));
    task_interrupt();
    assert_false(lesson_go(session, 2, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    assert_true(task_interrupted()); // the rest of what was typed ends, too
    task_begin();
    assert_int_equal(lesson_at(session->lesson), 1);
    assert_true(number(session, "y + 0") == 9);
    assert_true(lesson_go(session, 2, &error));
    session_free(session);
}

static void progress_is_taken_up_again(void **state) {
    (void)state;
    char folder[] = "/tmp/bauer-lesson-XXXXXX", path[100];
    struct error error = {0};
    struct mistakes mistakes;
    assert_non_null(mkdtemp(folder));
    setenv("XDG_STATE_HOME", folder, 1);
    for (int round = 0; round < 2; round++) {
        struct session *session = session_new(&error);
        session->quiet = true;
        assert_true(lesson_resume(session, parse(good, &mistakes), &error));
        assert_int_equal(session->lesson->resumed, round ? 2 : 0);
        assert_true(lesson_go(session, 1, &error));
        if (!round) typed(session, ":answer 9\n:next");
        session_free(session);
        json_t *progress = lesson_progress("test");
        assert_int_equal(json_integer_value(json_object_get(progress, "step")), 2);
        assert_int_equal(lesson_answered(progress), 1);
        json_decref(progress);
    }
    setenv("XDG_STATE_HOME", "/dev/null", 1);
    snprintf(path, sizeof path, "%s/bauer/lessons/test.json", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/bauer/lessons", folder), rmdir(path);
    snprintf(path, sizeof path, "%s/bauer", folder), rmdir(path);
    rmdir(folder);
}

// ---- all mistakes at once -----------------------------------------------------------------------------------------

static void a_part_of_the_credit(void **state) {
    (void)state;
    struct error error = {0};
    struct verdict verdict;
    static const char text[] =
        "---\ntitle: t\nminutes: 1\n---\n\n## A\n\n```bauer\nx = 3\n```\n\n"
        "```question\nkind: number\nask: x?\nanswer: x\nright: r\npartly -3: sign\nwrong: w\n```\n\n"
        "```question\nkind: choice\nask: x?\n* three => yes\n+ odd => nearly\n- four => no\n```\n";
    struct session *session = open_lesson(text);
    static const struct {
        uint32_t question;
        const char *answer;
        double credit;
    } cases[] = {{0, "3", 1}, {0, "-3", 0.5}, {0, "4", 0}, {1, "a", 1}, {1, "b", 0.5}, {1, "four", 0}};
    assert_true(lesson_go(session, 1, &error));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(lesson_check(session, cases[i].question, cases[i].answer, &verdict, &error));
        assert_true(verdict.credit == cases[i].credit);
        assert_int_equal(verdict.right, cases[i].credit == 1);
    }
    session_free(session);
}

static void questions_are_read_closely(void **state) {
    (void)state;
    replaced("wrong: Multiply.\n", "wrong: Multiply.\nwrong: Again.\n", 23, "twice");
    replaced("answer: y\n", "answer: y\ndraw: n in 9..4\n", 20, "draws nothing");
    replaced("answer: y\n", "answer: y\nthan: 3\n", 20, "not for a question");
    replaced("answer: y\n", "answer: y\ntolerance: much\n", 20, "tolerance");
    replaced("kind: number\n", "kind: expression\n", 17, "points");
    replaced("wrong 6:", "partly:", 21, "partly");
    replaced("Wait.\n```\n", "Wait.\n", 35, "does not end");
    replaced("*words*", "[a link](a/%2e%2e/%2e%2e/b)", 9, "leads out");
    replaced("*words*", "![a picture](none.png)", 9, "no picture");
    replaced("Some `code`", "- a list\n\n  ```bauer\n  1\n  ```\n\nSome `code`", 11, "inside of a list");
    struct mistakes mistakes;
    struct error error = {0};
    assert_null(lesson_parse("test.md", "---\ntit\0le", 10, keep_mistake, (mistakes.count = 0, &mistakes), &error));
    assert_int_equal(mistakes.line[0], 2);
    replaced("*words*", "w\xff", 9, "UTF-8");
}

int main(void) {
    setenv("XDG_STATE_HOME", "/dev/null", 1); // nobody's progress
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lesson_is_read),
        cmocka_unit_test(mistakes_have_lines),
        cmocka_unit_test(whatever_is_read),
        cmocka_unit_test(going_back_restores),
        cmocka_unit_test(answers_have_reasons),
        cmocka_unit_test(a_part_of_the_credit),
        cmocka_unit_test(questions_are_read_closely),
        cmocka_unit_test(commands_are_refused_unless_permitted),
        cmocka_unit_test(words_of_commands_are_looked_at),
        cmocka_unit_test(a_hostile_lesson_stays),
        cmocka_unit_test(a_hole_leads_nowhere),
        cmocka_unit_test(what_is_typed_cannot_reach_behind_a_step),
        cmocka_unit_test(an_interrupt_leaves_the_step),
        cmocka_unit_test(progress_is_taken_up_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
