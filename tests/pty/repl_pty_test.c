// A person at the prompt: everything is typed into a real pseudo-terminal and read off its screen.
//
// usage: repl_pty_test PROGRAM
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "terminal.h"

enum { PATIENCE = 20 }; // seconds; generous, for machines that do much else

static const char *program;
static char directory[64];

static const char figure[] = "def f(x1, x2):\n"
                             "    a = exp(x1)\n"
                             "    b = sin(x2)\n"
                             "\n"
                             "    c = b * x2\n"
                             "    d = a * c\n"
                             "    return a * d\n";

static int make_home(void **state) {
    (void)state;
    strcpy(directory, "/tmp/bauer-pty-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_home(void **state) {
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+w %s; rm -rf %s", directory, directory);
    return system(command);
}

static struct terminal *start(void) {
    struct terminal *terminal = terminal_open(program, NULL, directory);
    assert_non_null(terminal);
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    return terminal;
}

// Types a line and waits for the answer and the next prompt.
static void line(struct terminal *terminal, const char *text, const char *answer) {
    terminal_type(terminal, text);
    terminal_type(terminal, "\r");
    assert_true(terminal_wait(terminal, answer, PATIENCE));
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
}

static void leave(struct terminal *terminal) {
    terminal_type(terminal, "\004");
    assert_int_equal(terminal_status(terminal, PATIENCE), 0);
    assert_true(terminal_is_sane(terminal));
    terminal_close(terminal);
}

static void paste_figure(struct terminal *terminal) {
    terminal_paste(terminal, figure);
    assert_true(terminal_wait(terminal, "return a * d", PATIENCE));
    line(terminal, "", "f");
    line(terminal, "f(0.5, 1.2)", "3.0402538929");
}

// A pasted block is one entry, with the blank line in it, and runs at one Enter.
static void test_paste(void **state) {
    (void)state;
    struct terminal *terminal = start();
    paste_figure(terminal);
    line(terminal, ":jacobian", "6.0805077859");
    assert_true(terminal_shows(terminal, "3.715533510"));
    leave(terminal);
}

// The same block from a notebook or a Python prompt.
static void test_paste_with_prompts(void **state) {
    (void)state;
    struct terminal *terminal = start();
    terminal_paste(terminal, ">>> def g(x):\n...     return x * x\n...\n>>> g(3)\n9\n>>> g(4)\n16\n");
    assert_true(terminal_wait(terminal, "g(4)", PATIENCE));
    assert_false(terminal_shows(terminal, ">>>"));
    line(terminal, "", "16");
    assert_true(terminal_shows(terminal, "9"));
    leave(terminal);
}

// The same block where the terminal does not mark pastes: line by line, as fast as it goes, indented as it is.
static void test_paste_without_brackets(void **state) {
    (void)state;
    struct terminal *terminal = start();
    char text[512];
    snprintf(text, sizeof text, "%s\nf(0.5, 1.2)\n", figure);
    for (char *c = text; *c; c++)
        if (*c == '\n') *c = '\r';
    terminal_type(terminal, text);
    assert_true(terminal_wait(terminal, "3.0402538929", PATIENCE));
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    leave(terminal);
}

// Typed by hand the prompt indents; a blank line ends the body.
static void test_typing(void **state) {
    (void)state;
    struct terminal *terminal = start();
    terminal_type(terminal, "def g(x):\r");
    assert_true(terminal_wait_cursor_after(terminal, "....>     ", PATIENCE));
    terminal_type(terminal, "if x > 0:\r");
    assert_true(terminal_wait_cursor_after(terminal, "....>         ", PATIENCE));
    terminal_type(terminal, "return x * x\r");
    assert_true(terminal_wait_cursor_after(terminal, "....>     ", PATIENCE));
    terminal_type(terminal, "    return 2 * x\r"); // who types the blanks gets them once
    assert_true(terminal_wait_cursor_after(terminal, "....> ", PATIENCE));
    line(terminal, "", "g");
    line(terminal, "g(3)", "9");
    line(terminal, "g(-3)", "-6");
    leave(terminal);
}

static void test_completion(void **state) {
    (void)state;
    struct terminal *terminal = start();
    paste_figure(terminal);
    terminal_type(terminal, ":jac\t");
    assert_true(terminal_wait_cursor_after(terminal, ":jacobian ", PATIENCE));
    terminal_type(terminal, "or\t");
    assert_true(terminal_wait_cursor_after(terminal, ":jacobian order ", PATIENCE));
    terminal_type(terminal, "\t\t");
    assert_true(terminal_wait(terminal, "x1", PATIENCE));
    terminal_type(terminal, "\003");
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    terminal_type(terminal, "sigm\t");
    assert_true(terminal_wait_cursor_after(terminal, "sigmoid(", PATIENCE));
    terminal_type(terminal, "\003");
    line(terminal, "1 + 1", "2");
    leave(terminal);
}

// Ctrl-C at the prompt clears the line, in a body the whole entry.
static void test_cancel_line(void **state) {
    (void)state;
    struct terminal *terminal = start();
    terminal_type(terminal, "rubbish");
    terminal_type(terminal, "\003");
    assert_true(terminal_wait(terminal, "rubbish^C", PATIENCE));
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    terminal_type(terminal, "def g(x):\r");
    assert_true(terminal_wait(terminal, "....>", PATIENCE));
    terminal_type(terminal, "\003");
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    line(terminal, "2 + 3", "5");
    leave(terminal);
}

// Starts long work, stops it, and looks how long stopping took.
static void interrupt(struct terminal *terminal, const char *work) {
    terminal_type(terminal, work);
    terminal_read(terminal, 0.5);
    assert_false(terminal_at(terminal, "bauer> ")); // it is at work
    double start_time = terminal_now();
    terminal_type(terminal, "\003");
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    double seconds = terminal_now() - start_time;
    print_message("stopped after %.3f s: %s\n", seconds, work);
    assert_true(seconds < 0.5); // 0.1 s and what a busy machine adds
}

// Ctrl-C stops sampling, and shows what there is.
static void test_interrupt_of_samples(void **state) {
    (void)state;
    struct terminal *terminal = start();
    line(terminal, ":pattern interleaved 4 20", "82 vertices");
    interrupt(terminal, ":sample 1e15 walk\r");
    assert_true(terminal_wait(terminal, "of 1e+15 samples", PATIENCE));
    assert_true(terminal_wait(terminal, "95 % interval", PATIENCE));
    line(terminal, "2 + 3", "5");
    leave(terminal);
}

// Ctrl-C stops a sweep, and shows the cells that are done; run again with its file it goes on behind them.
static void test_interrupt_of_a_sweep(void **state) {
    (void)state;
    struct terminal *terminal = start();
    interrupt(terminal, ":variance interleaved depth 1..1000 width 4 samples 20000 walk file sweep.csv\r");
    assert_true(terminal_wait(terminal, "of 1000 cells are done", PATIENCE));
    line(terminal, ":variance interleaved depth 1..2 width 4 samples 20000 walk file sweep.csv",
         "2 cells were in sweep.csv");
    leave(terminal);
}

// Ctrl-C stops a sum over 2^64 paths and an endless loop; what was typed before is still there.
static void test_interrupt(void **state) {
    (void)state;
    struct terminal *terminal = start();
    paste_figure(terminal);
    terminal_paste(terminal, "def g(x):\n    for i in range(64):\n        x = x * x + x\n    return x\n");
    line(terminal, "", "g");
    line(terminal, "g(0.001)", "0.0");
    interrupt(terminal, ":jacobian bauer\r");
    line(terminal, ":set steps 1000000000", "");
    terminal_paste(terminal, "while True:\n    pass\n");
    interrupt(terminal, "\r");
    line(terminal, "f(0.5, 1.2)", "3.0402538929");
    leave(terminal);
}

// A lesson with a block that would never end: it is stopped, at once by Ctrl-C, and the lesson stays where it was.
static void test_lesson(void **state) {
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/slow.md", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("---\ntitle: Slow\nminutes: 1\n---\n\n## One\n\nThe first step.\n\n```bauer\nx = 3\ny = x*x\n```\n\n"
          "```question\nkind: number\nask: What is y?\nanswer: y\nright: Three threes.\nwrong: Multiply.\n```\n\n"
          "## Two\n\n```bauer\n:variance interleaved depth 1..1000 width 4 samples 20000 walk\n```\n",
          file);
    assert_int_equal(fclose(file), 0);
    struct terminal *terminal = start();
    line(terminal, ":lesson slow.md", "The first step.");
    line(terminal, ":answer 8", "Not yet. Multiply.");
    line(terminal, ":answer 9", "Right. Three threes.");
    interrupt(terminal, ":next\r");
    line(terminal, ":review", "The first step.");
    line(terminal, "y + 1", "10");
    line(terminal, ":lesson end", "the lesson is over");
    leave(terminal);
}

static void test_error(void **state) {
    (void)state;
    struct terminal *terminal = start();
    line(terminal, "alpha = 2", "");
    line(terminal, "beta = 3 * alhpa", "^");
    assert_true(terminal_shows(terminal, "alpha"));
    assert_true(terminal_shows(terminal, "did you mean"));
    line(terminal, "log(-1)", "^");
    line(terminal, "alpha", "2");
    leave(terminal);
}

static void test_undo(void **state) {
    (void)state;
    struct terminal *terminal = start();
    line(terminal, "x = 2", "");
    line(terminal, "x = 5", "");
    line(terminal, ":undo", "");
    line(terminal, "x * 10", "20");
    leave(terminal);
}

static void test_save(void **state) {
    (void)state;
    struct terminal *terminal = start();
    paste_figure(terminal);
    line(terminal, ":save session.bauer", "session.bauer");
    leave(terminal);
    terminal = start();
    line(terminal, ":load session.bauer", "");
    line(terminal, ":jacobian", "6.0805077859");
    leave(terminal);
}

// A def comes back whole in the next session, is edited in its middle, and runs again.
static void test_history(void **state) {
    (void)state;
    struct terminal *terminal = start();
    terminal_paste(terminal, "def g(x):\n    # 1 comment\n    a = x * x\n\n    return a + 1");
    line(terminal, "", "g");
    leave(terminal);
    terminal = start();
    terminal_type(terminal, "\033[A");
    assert_true(terminal_wait(terminal, "bauer> def g(x):", PATIENCE));
    assert_true(terminal_wait_cursor_after(terminal, "    return a + 1", PATIENCE));
    terminal_type(terminal, "\b2");
    assert_true(terminal_wait_cursor_after(terminal, "    return a + 2", PATIENCE));
    line(terminal, "", "g");
    line(terminal, "g(3)", "11");
    leave(terminal);
}

// Two sessions at once: neither loses the other's lines.
static void test_shared_history(void **state) {
    (void)state;
    struct terminal *one = start(), *two = start();
    line(one, "11 + 1", "12");
    line(two, "22 + 1", "23");
    line(one, "33 + 1", "34");
    leave(two);
    leave(one);
    struct terminal *terminal = start();
    terminal_type(terminal, "\033[A");
    assert_true(terminal_wait_cursor_after(terminal, "33 + 1", PATIENCE));
    terminal_type(terminal, "\033[A");
    assert_true(terminal_wait_cursor_after(terminal, "22 + 1", PATIENCE));
    terminal_type(terminal, "\033[A");
    assert_true(terminal_wait_cursor_after(terminal, "11 + 1", PATIENCE));
    terminal_type(terminal, "\003");
    leave(terminal);
}

static void test_unwritable_home(void **state) {
    (void)state;
    strcat(directory, "/none");
    struct terminal *terminal = terminal_open(program, NULL, "/proc");
    *strrchr(directory, '/') = '\0';
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    assert_false(terminal_shows(terminal, "annot"));
    line(terminal, "1 + 1", "2");
    assert_false(terminal_shows(terminal, "annot"));
    leave(terminal);
}

// SIGTERM at the prompt: the terminal is left in order and the lines are kept.
static void test_terminate(void **state) {
    (void)state;
    struct terminal *terminal = start();
    line(terminal, "40 + 2", "42");
    terminal_type(terminal, "half a li");
    assert_true(terminal_wait(terminal, "half a li", PATIENCE));
    terminal_signal(terminal, SIGTERM);
    assert_int_equal(terminal_status(terminal, PATIENCE), 128 + SIGTERM);
    assert_true(terminal_is_sane(terminal));
    terminal_close(terminal);
    terminal = start();
    terminal_type(terminal, "\033[A");
    assert_true(terminal_wait_cursor_after(terminal, "40 + 2", PATIENCE));
    terminal_type(terminal, "\003");
    leave(terminal);
}

// Killed, and later with its terminal closed: the next session brings back what was typed, once.
static void test_lost_session(void **state) {
    static const int ends[] = {SIGKILL, SIGHUP};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct terminal *terminal = start();
        paste_figure(terminal);
        line(terminal, "f(0.5, 1.2)", "3.0402538929579466");
        line(terminal, "z = 40 + 2", "");
        terminal_signal(terminal, ends[i]);
        assert_int_equal(terminal_status(terminal, PATIENCE), 128 + ends[i]);
        terminal_close(terminal);

        terminal = start();
        assert_true(terminal_shows(terminal, "A session was lost ("));
        line(terminal, ":recover 2", "the lost sessions are 1 to 1");
        line(terminal, ":recover", "the session is back");
        line(terminal, "z", "42");
        line(terminal, "f(0, 0)", "0.0");
        line(terminal, ":recover", "no session was lost");
        leave(terminal);
    }
    struct terminal *terminal = start();
    assert_false(terminal_shows(terminal, "was lost"));
    leave(terminal);
}

static int do_in_state(const char *command) {
    char text[400];
    const char *state = "$(find . -type d -name sessions)";
    snprintf(text, sizeof text, "cd %s && cd %s && %s", directory, state, command);
    return system(text);
}

// Where the journal cannot be written, the file of a session that came back is all there is of it: it stays.
static void test_lost_session_kept(void **state) {
    (void)state;
    struct terminal *terminal = start();
    line(terminal, "z = 40 + 2", "");
    terminal_signal(terminal, SIGKILL);
    assert_int_equal(terminal_status(terminal, PATIENCE), 128 + SIGKILL);
    terminal_close(terminal);

    terminal = start();
    assert_true(terminal_shows(terminal, "A session was lost ("));
    assert_int_equal(do_in_state("for l in *.lock; do [ -e ${l%.lock}.py ] || mkdir ${l%.lock}.py; done"), 0);
    line(terminal, ":recover", "this session cannot be brought back if it is lost");
    line(terminal, "z", "42");
    terminal_signal(terminal, SIGKILL);
    assert_int_equal(terminal_status(terminal, PATIENCE), 128 + SIGKILL);
    terminal_close(terminal);
    assert_int_equal(do_in_state("rmdir *.py 2>/dev/null; ls *.py >/dev/null"), 0);

    terminal = start();
    assert_true(terminal_shows(terminal, "A session was lost ("));
    line(terminal, ":recover", "the session is back");
    line(terminal, "z", "42");
    line(terminal, ":recover", "no session was lost");
    leave(terminal);
}

static void test_hangup_at_work(void **state) {
    (void)state;
    struct terminal *terminal = start();
    line(terminal, ":set steps 1000000000", "");
    terminal_paste(terminal, "while True:\n    pass\n");
    terminal_type(terminal, "\r");
    usleep(300000);
    terminal_signal(terminal, SIGHUP);
    assert_int_equal(terminal_status(terminal, PATIENCE), 128 + SIGHUP);
    assert_true(terminal_is_sane(terminal));
    terminal_close(terminal);
}

static void test_resize(void **state) {
    (void)state;
    struct terminal *terminal = start();
    terminal_type(terminal, "1 + 1");
    terminal_resize(terminal, 20, 50);
    usleep(100000);
    terminal_type(terminal, " + 40");
    assert_true(terminal_wait(terminal, "1 + 1 + 40", PATIENCE));
    line(terminal, "", "42");
    // longer than the new width: wraps there
    line(terminal, "1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1", "14");
    leave(terminal);
}

static void write_init(const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/.config", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/bauer");
    assert_int_equal(mkdir(path, 0700), 0);
    strcat(path, "/init");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

// The init file may set, and nothing else.
static void test_init(void **state) {
    (void)state;
    write_init("# my settings\n:set theme dark\nx = 3\n");
    struct terminal *terminal = start();
    assert_true(terminal_shows(terminal, "init:3"));
    assert_true(terminal_shows(terminal, ":set"));
    line(terminal, ":set theme", "dark");
    line(terminal, "x", "error");
    leave(terminal);
    terminal = terminal_open(program, "--no-init", directory);
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    line(terminal, ":set theme", "light");
    leave(terminal);
}

// With --json nothing is said in words, and what has an answer is an object.
static void test_json(void **state) {
    (void)state;
    struct terminal *terminal = terminal_open(program, "--json", directory);
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    terminal_type(terminal, "def f(x): return x*x\r");
    line(terminal, "", "");
    assert_false(terminal_shows(terminal, "is defined"));
    line(terminal, "f(3)", "\"values\":[9.0]");
    line(terminal, ":history", "{\"kind\":\"history\",\"text\":\"");
    leave(terminal);
}

// Greek names are typed in the C locale, too.
static void test_plain_locale(void **state) {
    const char *before = getenv("LC_ALL");
    char *kept = before ? strdup(before) : NULL;
    (void)state;
    setenv("LC_ALL", "C", 1);
    struct terminal *terminal = start();
    if (kept)
        setenv("LC_ALL", kept, 1);
    else
        unsetenv("LC_ALL");
    free(kept);
    line(terminal, "θ = 3", "");
    line(terminal, "θ + 1", "4");
    leave(terminal);
}

// What the editor leaves is taken whole or not at all.
static void test_edit(void **state) {
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/editor", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("#!/bin/sh\nprintf 'def f(x):\\n    return x*5\\n\\nf(1/%s)\\n' \"$(cat \"$HOME/by\")\" >\"$1\"\n", file);
    fclose(file);
    assert_int_equal(chmod(path, 0700), 0);
    setenv("EDITOR", path, 1);
    struct terminal *terminal = start();
    terminal_paste(terminal, "def f(x):\n    return x*3\n");
    line(terminal, "", "f");
    snprintf(path, sizeof path, "%s/by", directory);
    assert_non_null(file = fopen(path, "w"));
    fputs("0", file);
    fclose(file);
    line(terminal, ":edit f", "`f` is as it was");
    line(terminal, "f(1)", "3");
    assert_non_null(file = fopen(path, "w"));
    fputs("4", file);
    fclose(file);
    line(terminal, ":edit f", "1.25");
    line(terminal, "f(1)", "5");
    leave(terminal);
    unsetenv("EDITOR");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    program = realpath(argv[1], NULL); // it is run elsewhere
    if (!program) return 2;
    const struct CMUnitTest tests[] = {
        TEST(test_paste),
        TEST(test_paste_with_prompts),
        TEST(test_plain_locale),
        TEST(test_edit),
        TEST(test_paste_without_brackets),
        TEST(test_typing),
        TEST(test_completion),
        TEST(test_cancel_line),
        TEST(test_interrupt_of_a_sweep),
        TEST(test_interrupt),
        TEST(test_interrupt_of_samples),
        TEST(test_lesson),
        TEST(test_error),
        TEST(test_undo),
        TEST(test_save),
        TEST(test_history),
        TEST(test_shared_history),
        TEST(test_unwritable_home),
        TEST(test_terminate),
        TEST(test_lost_session),
        TEST(test_lost_session_kept),
        TEST(test_hangup_at_work),
        TEST(test_resize),
        TEST(test_init),
        TEST(test_json),
    };
    if (argc > 2) cmocka_set_test_filter(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
