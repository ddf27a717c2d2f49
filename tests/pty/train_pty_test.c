// Training in the background, by a person at the prompt: the prompt stays free and tells how it goes; pausing,
// stopping, going on from a checkpoint, and leaving in between.
//
// usage: train_pty_test PROGRAM TINY_DATA.py
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

enum { PATIENCE = 30 }; // seconds; generous, for machines that do much else

static const char *program, *maker;
static char directory[64];

static const char net[] = "def net(x, y):\n"
                          "    W = param(784, 20)\n"
                          "    V = param(20, 10)\n"
                          "    return nll(log_softmax(relu(x @ W) @ V), y)\n";
#define TRAIN ":train net data mnist dir images batch 20 "

static int make_home(void **state) {
    (void)state;
    char command[400];
    strcpy(directory, "/tmp/bauer-pty-XXXXXX");
    if (!mkdtemp(directory)) return -1;
    snprintf(command, sizeof command, "python3 %s mnist %s/images 60 40", maker, directory);
    return system(command);
}

static int remove_home(void **state) {
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

static void line(struct terminal *terminal, const char *text, const char *answer) {
    terminal_type(terminal, text);
    terminal_type(terminal, "\r");
    assert_true(terminal_wait(terminal, answer, PATIENCE));
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
}

static struct terminal *start(void) {
    struct terminal *terminal = terminal_open(program, "--no-window", directory);
    assert_non_null(terminal);
    assert_true(terminal_wait_cursor_after(terminal, "bauer> ", PATIENCE));
    terminal_paste(terminal, net);
    assert_true(terminal_wait(terminal, "return nll", PATIENCE));
    line(terminal, "", "net is defined");
    return terminal;
}

static bool is_there(const char *name) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return access(path, F_OK) == 0;
}

static void wait_for_file(struct terminal *terminal, const char *name) {
    double end = terminal_now() + PATIENCE;
    while (!is_there(name) && terminal_now() < end) terminal_read(terminal, 0.1);
    assert_true(is_there(name));
}

// The prompt answers, keeps what is half typed, and follows the run by itself.
static void test_prompt_stays_free(void **state) {
    (void)state;
    struct terminal *terminal = start();
    line(terminal, TRAIN "iterations 1000000 report 500", "run 1 goes on in the background");
    assert_true(terminal_wait(terminal, "\xe2\x96\x81", PATIENCE)); // ▁: a curve, unasked
    line(terminal, "x = 6", "bauer>");
    terminal_type(terminal, "x * 7 ");
    terminal_read(terminal, 1.5); // the prompt is drawn again several times
    line(terminal, "+ 1", "43");
    terminal_type(terminal, "half a line");
    terminal_type(terminal, "\003");
    assert_true(terminal_wait(terminal, "training goes on", PATIENCE));
    line(terminal, ":runs", "going");
    assert_true(terminal_shows(terminal, "of 1000000 iterations"));
    line(terminal, ":stop", "run 1 is stopped");
    line(terminal, ":runs", "stopped");
    line(terminal, ":pause", "no training is going on");
    terminal_type(terminal, "\004");
    assert_int_equal(terminal_status(terminal, PATIENCE), 0);
    assert_true(terminal_is_sane(terminal));
    terminal_close(terminal);
}

static void test_pause_and_checkpoint(void **state) {
    (void)state;
    struct terminal *terminal = start();
    line(terminal, TRAIN "iterations 1000000 report 200 resume saved", "run 1 goes on");
    wait_for_file(terminal, "saved");
    line(terminal, ":pause", "run 1 is paused and saved");
    assert_true(terminal_wait(terminal, "paused] bauer>", PATIENCE));
    line(terminal, ":runs", "paused");
    line(terminal, ":resume", "run 1 goes on");
    line(terminal, ":stop 1", "goes on from its checkpoint");
    line(terminal, TRAIN "iterations 1000000 report 200 resume saved", "saved goes on at iteration");
    terminal_type(terminal, "\004");
    assert_true(terminal_wait(terminal, "stopped at iteration", PATIENCE));
    assert_true(terminal_wait(terminal, "the same line goes on from saved", PATIENCE));
    assert_int_equal(terminal_status(terminal, PATIENCE), 0);
    terminal_close(terminal);
}

static void run_shell(const char *command) {
    char whole[300];
    snprintf(whole, sizeof whole, "cd %s && %s", directory, command);
    assert_int_equal(system(whole), 0);
}

// The folder of its checkpoint goes, and comes back: what is said is what can be.
static void test_a_checkpoint_that_cannot_be_written(void **state) {
    (void)state;
    struct terminal *terminal = start();
    run_shell("mkdir sub");
    line(terminal, TRAIN "iterations 1000000 report 200 resume sub/saved", "run 1 goes on");
    wait_for_file(terminal, "sub/saved");
    run_shell("mv sub away");
    line(terminal, ":stop", "run 1 is stopped; there is no checkpoint: the same line begins anew");
    run_shell("mv away sub");
    line(terminal, TRAIN "iterations 1000000 report 100000000 resume sub/saved", "sub/saved goes on at iteration");
    run_shell("mv sub away");
    line(terminal, ":pause", "run 2 is paused");
    assert_true(terminal_wait(terminal, "tries again to save", PATIENCE));
    run_shell("mv away sub");
    line(terminal, ":resume", "run 2 goes on");
    terminal_read(terminal, 0.3);
    line(terminal, ":stop", "run 2 is stopped; the same line goes on from its checkpoint");
    line(terminal, TRAIN "iterations 1000000 report 100000000 resume sub/saved", "sub/saved goes on at iteration");
    line(terminal, ":pause", "run 3 is paused and saved");
    terminal_read(terminal, 0.3);
    run_shell("mv sub away");
    line(terminal, ":stop", "run 3 is stopped; there is no checkpoint: the same line begins anew");
    run_shell("mv away sub");
    line(terminal, TRAIN "iterations 1000000 report 100000000 resume sub/saved", "sub/saved goes on at iteration");
    run_shell("rm -r sub");
    terminal_type(terminal, "\004");
    assert_true(terminal_wait(terminal, "it could not be saved as sub/saved", PATIENCE));
    assert_int_equal(terminal_status(terminal, PATIENCE), 0);
    terminal_close(terminal);
}

// Ended from outside it is saved, too.
static void test_terminate(void **state) {
    (void)state;
    struct terminal *terminal = start();
    line(terminal, TRAIN "iterations 1000000 report 100000 resume saved", "run 1 goes on");
    terminal_read(terminal, 0.5);
    terminal_signal(terminal, SIGTERM);
    assert_int_equal(terminal_status(terminal, PATIENCE), 128 + SIGTERM);
    assert_true(terminal_is_sane(terminal));
    terminal_close(terminal);
    terminal = start();
    line(terminal, TRAIN "iterations 1000000 report 100000 resume saved", "saved goes on at iteration");
    line(terminal, ":stop", "is stopped");
    terminal_type(terminal, "\004");
    assert_int_equal(terminal_status(terminal, PATIENCE), 0);
    terminal_close(terminal);
}

// The end and a failure are told above the line that is being typed, which stays.
static void test_ends_are_told(void **state) {
    (void)state;
    struct terminal *terminal = start();
    terminal_type(terminal, TRAIN "iterations 3000 report 1000 exact different seed 1,2\r");
    terminal_type(terminal, "6 * 7 ");
    assert_true(terminal_wait(terminal, "run 1 is done", PATIENCE));
    assert_true(terminal_wait(terminal, "different 0.1", PATIENCE));
    assert_true(terminal_wait_cursor_after(terminal, "bauer> 6 * 7 ", PATIENCE));
    line(terminal, "+ 2", "44");
    terminal_type(terminal, TRAIN "iterations 1000 optimizer sgd lr 1000 decay 100\r");
    assert_true(terminal_wait(terminal, "no finite number at iteration", PATIENCE));
    assert_true(terminal_wait(terminal, "it begins at", PATIENCE));
    line(terminal, ":runs", "failed");
    terminal_type(terminal, "\004");
    assert_int_equal(terminal_status(terminal, PATIENCE), 0);
    terminal_close(terminal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    program = realpath(argv[1], NULL);
    maker = realpath(argv[2], NULL);
    if (!program || !maker) return 2;
    const struct CMUnitTest tests[] = {
        TEST(test_prompt_stays_free), TEST(test_pause_and_checkpoint), TEST(test_a_checkpoint_that_cannot_be_written),
        TEST(test_terminate),         TEST(test_ends_are_told),
    };
    if (argc > 3) cmocka_set_test_filter(argv[3]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
