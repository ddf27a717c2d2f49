// Rights that are given up are gone: for the thread that gave them up, and for what it starts.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
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

#include "base/sandbox.h"

static char folder[] = "/tmp/bauer-sandbox-XXXXXX", inside[64], outside[64];

static bool can_make(const char *in) {
    char path[128];
    snprintf(path, sizeof path, "%s/made", in);
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    if (file < 0) return false;
    close(file);
    return unlink(path) == 0;
}

static bool can_read(const char *path) {
    int file = open(path, O_RDONLY);
    if (file >= 0) close(file);
    return file >= 0;
}

struct seen {
    bool entered, reads, reads_elsewhere, writes, writes_elsewhere, removes, child;
};

static void *restricted(void *context) {
    struct seen *seen = context;
    const char *read[] = {"/usr", "/lib", "/lib64", "/bin", "/no such folder"}, *write[] = {inside};
    seen->entered = sandbox_enter(read, 5, write, 1);
    seen->reads = can_read("/usr/bin/env");
    seen->reads_elsewhere = can_read("/etc/passwd");
    seen->writes = can_make(inside);
    seen->writes_elsewhere = can_make(outside);
    seen->removes = rmdir(outside) == 0;
    int status = system("echo x >\"$PWD/x\" 2>/dev/null");
    seen->child = status == 0;
    return NULL;
}

static void test_thread(void **state) {
    (void)state;
    if (!sandbox_there()) skip();
    struct seen seen = {0};
    pthread_t thread;
    assert_non_null(mkdtemp(folder));
    snprintf(inside, sizeof inside, "%s/in", folder);
    snprintf(outside, sizeof outside, "%s/out", folder);
    assert_int_equal(mkdir(inside, 0700) | mkdir(outside, 0700), 0);
    assert_true(can_make(outside) && can_read("/etc/passwd"));
    assert_int_equal(pthread_create(&thread, NULL, restricted, &seen), 0);
    pthread_join(thread, NULL);
    assert_true(seen.entered && seen.reads && seen.writes);
    assert_false(seen.reads_elsewhere || seen.writes_elsewhere || seen.removes || seen.child);
    assert_true(can_make(outside) && can_read("/etc/passwd")); // this thread has given up nothing
    rmdir(inside);
    rmdir(outside);
    rmdir(folder);
}

static void test_limit(void **state) {
    (void)state;
    struct rlimit limit;
    uint64_t before = sandbox_limit(RLIMIT_NOFILE, 100);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 100);
    assert_int_equal(sandbox_limit(RLIMIT_NOFILE, before), 100);
    sandbox_limit(RLIMIT_NOFILE, UINT64_MAX - 1); // more than is allowed: what is allowed
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(limit.rlim_cur == limit.rlim_max);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_thread), cmocka_unit_test(test_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
