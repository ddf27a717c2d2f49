// Files are read whole and replaced whole, or left as they were.
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/task.h"

static char folder[] = "/tmp/bauer-file-test-XXXXXX";

static int enter_folder(void **state) {
    (void)state;
    return !mkdtemp(folder) || chdir(folder) != 0;
}

static int leave_folder(void **state) {
    (void)state;
    return chdir("/") != 0 || rmdir(folder) != 0; // fails when a test, or a write, left something behind
}

static int files_here(void) {
    int count = 0;
    DIR *here = opendir(".");
    assert_non_null(here);
    for (struct dirent *entry; (entry = readdir(here));)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(here);
    return count;
}

static void assert_content(const char *path, const char *expected) {
    size_t size = 99;
    struct error error = {0};
    char *text = file_read(path, &size, &error);
    assert_non_null(text);
    assert_string_equal(text, expected);
    assert_int_equal(size, strlen(expected));
    mem_free(text);
}

static void write_text(const char *path, const char *text) {
    struct error error = {0};
    if (!file_write(path, text, strlen(text), &error)) fail_msg("%s", error.message);
}

static void assert_refused(const char *path, const char *words) {
    struct error error = {0};
    assert_false(file_write(path, "new", 3, &error));
    assert_int_equal(error.kind, ERROR_FILE);
    if (!strstr(error.message, path) || !strstr(error.message, words)) fail_msg("%s", error.message);
}

static void assert_unreadable(const char *path, const char *words) {
    struct error error = {0};
    size_t size;
    assert_null(file_read(path, &size, &error));
    assert_int_equal(error.kind, ERROR_FILE);
    if (!strstr(error.message, path) || !strstr(error.message, words)) fail_msg("%s", error.message);
}

static void test_written_and_read(void **state) {
    (void)state;
    write_text("a.txt", "one\n");
    assert_content("a.txt", "one\n");
    write_text("a.txt", ""); // shorter than before, empty even
    assert_content("a.txt", "");
    assert_int_equal(files_here(), 1);
    unlink("a.txt");
}

static mode_t mode_of(const char *path) {
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 0777;
}

static void test_mode_is_kept(void **state) {
    (void)state;
    umask(022);
    write_text("a.txt", "one");
    assert_int_equal(mode_of("a.txt"), 0644);
    chmod("a.txt", 0750);
    write_text("a.txt", "two");
    assert_int_equal(mode_of("a.txt"), 0750);
    unlink("a.txt");
}

static void test_links_stay_links(void **state) {
    (void)state;
    assert_int_equal(mkdir("sub", 0755), 0);
    assert_int_equal(symlink("sub/second", "first"), 0);
    assert_int_equal(symlink("real.txt", "sub/second"), 0); // relative to sub
    write_text("first", "made");                            // nothing was there
    assert_content("sub/real.txt", "made");
    write_text("first", "changed");
    assert_content("sub/real.txt", "changed");
    struct stat status;
    assert_true(lstat("first", &status) == 0 && S_ISLNK(status.st_mode));
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_refused("loop", "symbolic links");
    unlink("loop"), unlink("first"), unlink("sub/second"), unlink("sub/real.txt"), rmdir("sub");
}

static void test_what_cannot_be_written(void **state) {
    (void)state;
    write_text("a.txt", "old");
    assert_refused(".", "Is a directory");
    assert_refused("missing/a.txt", "No such file or directory");
    assert_refused("a.txt/b.txt", "Not a directory");
    assert_refused("/dev/full", "No space left on device");
    assert_content("a.txt", "old");
    unlink("a.txt");
}

static void test_what_cannot_be_read(void **state) {
    (void)state;
    assert_unreadable(".", "Is a directory");
    assert_unreadable("missing", "No such file or directory");
    FILE *huge = fopen("huge", "w");
    assert_true(huge && ftruncate(fileno(huge), ((off_t)1 << 30) + 1) == 0);
    fclose(huge);
    assert_unreadable("huge", "too large");
    unlink("huge");
}

// A disk that is full after 100 KB, as far as this process can tell.
static void test_a_full_disk_leaves_the_old_file(void **state) {
    (void)state;
    write_text("a.txt", "old");
    static char data[300000];
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    struct error error = {0};
    bool written = file_write("a.txt", data, sizeof data, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_false(written);
    assert_string_equal(error.message, "cannot write a.txt: File too large");
    assert_content("a.txt", "old");
    assert_int_equal(files_here(), 1);
    unlink("a.txt");
}

static void test_an_interrupt_leaves_the_old_file(void **state) {
    (void)state;
    write_text("a.txt", "old");
    struct error error = {0};
    size_t size;
    task_interrupt();
    assert_false(file_write("a.txt", "new", 3, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    error_clear(&error);
    assert_null(file_read("a.txt", &size, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    task_begin();
    assert_content("a.txt", "old");
    assert_int_equal(files_here(), 1);
    unlink("a.txt");
}

static void test_a_pipe_is_written_and_read_directly(void **state) {
    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    pid_t writer = fork();
    if (writer == 0) {
        struct error error = {0};
        _exit(file_write("pipe", "through", 7, &error) ? 0 : 1);
    }
    assert_content("pipe", "through");
    int status;
    assert_true(waitpid(writer, &status, 0) == writer && status == 0);
    unlink("pipe");
}

// Several programs that write in a folder at once take turns with the temporary names: none of them fails.
static void test_many_write_at_once(void **state) {
    enum { WRITERS = 4, TIMES = 1000 };
    (void)state;
    pid_t writer[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        if ((writer[i] = fork()) != 0) continue;
        char name[16];
        snprintf(name, sizeof name, "many%d", i);
        for (int k = 0; k < TIMES; k++)
            if (!file_write_unflushed(name, "x", 1, NULL)) _exit(1);
        _exit(unlink(name));
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_true(waitpid(writer[i], &status, 0) == writer[i] && status == 0);
    }
    assert_int_equal(files_here(), 0);
}

// An open descriptor is written where it stands, even if it leads to a regular file: `bauer ... > out.txt`.
static void test_descriptors_are_written_in_place(void **state) {
    (void)state;
    int file = open("out.txt", O_RDWR | O_CREAT, 0644);
    assert_true(write(file, "before ", 7) == 7);
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", file);
    write_text(path, "middle ");
    assert_true(write(file, "after", 5) == 5);
    close(file);
    assert_content("out.txt", "before middle after");
    unlink("out.txt");
}

static void test_no_memory(void **state) {
    (void)state;
    write_text("a.txt", "old");
    struct error error = {0};
    size_t size;
    mem_fail_after(1);
    assert_null(file_read("a.txt", &size, &error));
    assert_int_equal(error.kind, ERROR_MEMORY);
    // What was made meanwhile may lack something: no file is replaced by it.
    error_clear(&error);
    assert_false(file_write("a.txt", "new", 3, &error));
    assert_int_equal(error.kind, ERROR_MEMORY);
    assert_content("a.txt", "old");
    assert_true(mem_forget());
    error_clear(&error);
    assert_true(file_write("a.txt", "new", 3, &error));
    unlink("a.txt");
}

static void test_user_folders(void **state) {
    (void)state;
    char out[200], expected[200];
    setenv("HOME", folder, 1);
    unsetenv("XDG_STATE_HOME");
    assert_true(file_xdg("XDG_STATE_HOME", ".local/state", "history", out, sizeof out));
    snprintf(expected, sizeof expected, "%s/.local/state/bauer/history", folder);
    assert_string_equal(out, expected);
    write_text(out, "1+1\n"); // the folders are there
    unlink(out), rmdir(".local/state/bauer"), rmdir(".local/state"), rmdir(".local");
    snprintf(expected, sizeof expected, "%s/state", folder);
    setenv("XDG_STATE_HOME", expected, 1);
    assert_true(file_xdg("XDG_STATE_HOME", ".local/state", "history", out, sizeof out));
    assert_true(strstr(out, "/state/bauer/history"));
    rmdir("state/bauer"), rmdir("state");
    assert_false(file_xdg("XDG_STATE_HOME", ".local/state", "history", out, 10)); // does not fit
    unsetenv("XDG_STATE_HOME"), unsetenv("HOME");
    assert_false(file_xdg("XDG_STATE_HOME", ".local/state", "history", out, sizeof out));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_read),
        cmocka_unit_test(test_mode_is_kept),
        cmocka_unit_test(test_links_stay_links),
        cmocka_unit_test(test_what_cannot_be_written),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_a_full_disk_leaves_the_old_file),
        cmocka_unit_test(test_an_interrupt_leaves_the_old_file),
        cmocka_unit_test(test_a_pipe_is_written_and_read_directly),
        cmocka_unit_test(test_many_write_at_once),
        cmocka_unit_test(test_descriptors_are_written_in_place),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_user_folders),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
