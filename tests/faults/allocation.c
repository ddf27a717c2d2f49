// Makes every allocation of base/ fail once while a session answers lines, and looks whether the session can be trusted
// afterwards.
//
//     allocation [--every K] [--from N] [--most M] [FILE | -c LINES]...
//
// The lines are cut into pieces as the program does it, and answered once without a fault; the allocations in between
// are counted. Then, for n = 1, 1+K, ... each time in a process of its own and an empty folder, the n-th allocation
// fails while the same lines are answered. What is asked of the session:
//
//   * it does not crash, hang or (under LeakSanitizer) leak;
//   * the lines before the one that was hit answer as ever;
//   * the one that was hit either answers as ever, or one message says that memory ran out;
//   * if it failed, those after it answer as if it had not been typed; if not, as ever;
//   * every file it left is one that it also leaves without faults, and there is no temporary one among them.
//
// Prints what was wrong, a line for each n, and at the end `survived COUNT of COUNT`; exit status 1 if any was wrong.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/instructor.h"
#include "app/pieces.h"
#include "app/repl.h"
#include "app/report.h"
#include "app/runs.h"
#include "app/session.h"
#include "app/window.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/task.h"
#include "show/layout.h"

enum { ENTRIES = 400, FILES = 100, SECONDS = 20 };
static const size_t never = SIZE_MAX / 2;

struct entry {
    const char *name; // what errors call the text
    char *text;
    uint32_t line;
};

static struct entry entry[ENTRIES];
static int entry_count;
static bool json;

struct left_file {
    char name[256];
    uint64_t hash; // of its bytes; 0 for a folder or a link
};

// What a run did, in memory that the process shares with its parent.
struct answers {
    size_t end[ENTRIES];  // of each entry's answer in `text`
    bool failed[ENTRIES]; // it counted as failed
    size_t allocations;   // in all
    int hit; // the entry in which the fault was, or -1: none yet; ENTRIES: while the session began or ended
    int file_count;
    struct left_file file[FILES];
    bool complete;
    size_t size;
    char text[1 << 22];
};

static void die(const char *what) {
    perror(what);
    exit(2);
}

// ---- the lines ----------------------------------------------------------------------------------------------------

static void add_entries(const char *name, const char *text) {
    size_t length = strlen(text);
    char *copy = strdup(text);
    if (!copy) die("strdup");
    length = repl_strip_prompts(copy, length);
    struct pieces pieces = {copy, copy + length, 1};
    for (struct piece piece; pieces_next(&pieces, &piece);) {
        if (entry_count == ENTRIES) die("too many lines");
        entry[entry_count++] = (struct entry){name, strndup(piece.text, piece.size), piece.line};
    }
    free(copy);
}

static void add_file(const char *path) {
    size_t size;
    struct error error = {0};
    char *text = file_read(path, &size, &error);
    if (!text) {
        fprintf(stderr, "%s\n", error.message);
        exit(2);
    }
    add_entries(path, text);
    mem_free(text);
}

// ---- one run ------------------------------------------------------------------------------------------------------

static size_t offset(int file) { return (size_t)lseek(file, 0, SEEK_CUR); }

static void note_hit(struct answers *answers, int where) {
    if (answers->hit < 0 && mem_fail_left() == 0) answers->hit = where;
}

static void answer(struct answers *answers, struct session *session, int file, int skip) {
    for (int i = 0; i < entry_count; i++) {
        const struct entry *e = &entry[i];
        int before = session->failures;
        if (i != skip && !session->quit) session_run(session, e->name, e->text, strlen(e->text), e->line);
        fflush(NULL);
        answers->end[i] = offset(file);
        answers->failed[i] = session->failures > before;
        note_hit(answers, i);
    }
}

static void note_files(struct answers *answers) {
    DIR *folder = opendir(".");
    if (!folder) die("opendir");
    for (struct dirent *item; (item = readdir(folder)) && answers->file_count < FILES;) {
        struct stat status;
        size_t size;
        struct error error = {0};
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        struct left_file *left = &answers->file[answers->file_count++];
        snprintf(left->name, sizeof left->name, "%s", item->d_name);
        char *data = lstat(item->d_name, &status) == 0 && S_ISREG(status.st_mode)
                         ? file_read(item->d_name, &size, &error)
                         : NULL;
        if (data) left->hash = rng_hash(data, size, 1) | 1;
        mem_free(data);
    }
    closedir(folder);
}

static void in_child(struct answers *answers, const char *folder, size_t fail, int skip) {
    char path[4096];
    int output = memfd_create("answers", 0), null = open("/dev/null", O_RDONLY);
    if (chdir(folder) != 0 || output < 0) _exit(2);
    snprintf(path, sizeof path, "%.4000s/home", folder);
    setenv("HOME", path, 1);
    int errors = dup(STDERR_FILENO);
    fflush(NULL);
    if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) _exit(2);
    alarm(SECONDS);
    answers->hit = -1;
    mem_fail_after(fail);
    struct error error = {0};
    task_begin();
    struct session *session = session_new(&error);
    note_hit(answers, ENTRIES);
    if (session) {
        session->output.json = json;
        window_set_mode(WINDOW_NEVER);
        answer(answers, session, output, skip);
        runs_close(session);
        instructor_close();
        session_free(session);
    } else if (error.kind != ERROR_MEMORY) {
        fprintf(stderr, "no session, and no word about memory\n");
        answers->hit = 0;
    }
    layout_stop();
    fflush(NULL);
    note_hit(answers, ENTRIES);
    answers->allocations = never - mem_fail_left();
    mem_fail_after(0);
    answers->size = offset(output);
    if (answers->size > sizeof answers->text ||
        pread(output, answers->text, answers->size, 0) != (ssize_t)answers->size)
        _exit(2);
    note_files(answers);
    answers->complete = true;
    dup2(errors, 2); // what LeakSanitizer says
    exit(0);
}

static void empty_folder(const char *folder) {
    char command[9000];
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s/home'", folder, folder);
    if (system(command) != 0) die(folder);
}

static void add_link(const char *folder, const char *name, const char *to) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (to && symlink(to, path) != 0) die(path);
}

static char folder[4096];

// The status of the process, as of wait.
static int run(struct answers *answers, size_t fail, int skip) {
    empty_folder(folder);
    add_link(folder, "figure1.py", getenv("FIGURE1"));
    memset(answers, 0, offsetof(struct answers, text));
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) in_child(answers, folder, fail, skip);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return status;
}

static struct answers *answers_new(void) {
    void *shared = mmap(NULL, sizeof(struct answers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) die("mmap");
    return shared;
}

// ---- comparing ----------------------------------------------------------------------------------------------------

static const char *answer_of(const struct answers *a, int i, size_t *size) {
    size_t begin = i ? a->end[i - 1] : 0;
    *size = a->end[i] - begin;
    return a->text + begin;
}

static bool same_answer(const struct answers *a, const struct answers *b, int i) {
    size_t size_a, size_b;
    const char *text_a = answer_of(a, i, &size_a), *text_b = answer_of(b, i, &size_b);
    return size_a == size_b && memcmp(text_a, text_b, size_a) == 0;
}

static int mentions(const char *text, size_t size, const char *words) {
    int count = 0;
    size_t length = strlen(words);
    for (const char *at; (at = memmem(text, size, words, length)); count++) {
        size -= (size_t)(at - text) + length;
        text = at + length;
    }
    return count;
}

static bool same_files(const struct answers *a, const struct answers *b, const struct answers *c, const char **which) {
    for (int i = 0; i < a->file_count; i++) {
        bool found = false;
        for (int j = 0; !found && j < b->file_count; j++)
            found = strcmp(a->file[i].name, b->file[j].name) == 0 && a->file[i].hash == b->file[j].hash;
        for (int j = 0; !found && j < c->file_count; j++)
            found = strcmp(a->file[i].name, c->file[j].name) == 0 && a->file[i].hash == c->file[j].hash;
        *which = a->file[i].name;
        if (!found) return false;
    }
    return true;
}

static struct answers *full, *without[ENTRIES];

static const struct answers *reference(int skip) {
    if (without[skip]) return without[skip];
    without[skip] = answers_new();
    if (run(without[skip], never, skip) != 0 || !without[skip]->complete) die("a run without faults failed");
    return without[skip];
}

static void show(const char *label, const struct answers *a, int i) {
    size_t size;
    const char *text = answer_of(a, i, &size);
    printf("    %s: %.*s%s", label, (int)(size < 1500 ? size : 1500), text, size ? "" : "(nothing)\n");
}

static bool wrong(size_t n, const struct answers *a, int hit, const char *what) {
    printf("allocation %zu: %s", n, what);
    if (hit >= 0 && hit < entry_count) printf(", in: %s", entry[hit].text);
    printf("\n");
    if (hit >= 0 && hit < entry_count) show("it said", a, hit);
    return false;
}

static bool is_right(size_t n, const struct answers *a, int status) {
    char what[300];
    int hit = a->hit;
    if (WIFSIGNALED(status) || !a->complete) {
        snprintf(what, sizeof what, "the program ended (%s %d)", WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        return wrong(n, a, -1, what);
    }
    if (status != 0) return wrong(n, a, hit, "memory leaked, or a sanitizer reported");
    if (hit == ENTRIES || hit < 0) return true; // in the beginning, the end, or a thread that came no longer to it
    const struct answers *then = a->failed[hit] && !full->failed[hit] ? reference(hit) : full;
    for (int i = 0; i < hit; i++)
        if (!same_answer(a, full, i)) return wrong(n, a, i, "an earlier line answered differently");
    size_t size;
    const char *text = answer_of(a, hit, &size);
    int told = mentions(text, size, "out of memory");
    if (!same_answer(a, full, hit) && told != 1) {
        wrong(n, a, hit, "not one word that memory ran out, or several");
        show("without the fault", full, hit);
        return false;
    }
    for (int i = hit + 1; i < entry_count; i++) {
        if (same_answer(a, then, i)) continue;
        wrong(n, a, hit, "a later line answered differently");
        printf("    the later line: %s\n", entry[i].text);
        show("its answer", a, i);
        show("expected", then, i);
        return false;
    }
    const char *file = "";
    if (!same_files(a, full, then, &file)) {
        snprintf(what, sizeof what, "%s is not the file it was to be", file);
        return wrong(n, a, hit, what);
    }
    return true;
}

// ---- all of them --------------------------------------------------------------------------------------------------

static size_t number(int argc, char **argv, int *i) {
    if (++*i >= argc) die("a number is missing");
    return (size_t)strtoull(argv[*i], NULL, 10);
}

int main(int argc, char **argv) {
    size_t every = 1, from = 1, most = SIZE_MAX, tried = 0, survived = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--every") == 0)
            every = number(argc, argv, &i);
        else if (strcmp(argv[i], "--from") == 0)
            from = number(argc, argv, &i);
        else if (strcmp(argv[i], "--most") == 0)
            most = number(argc, argv, &i);
        else if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
            add_entries("-c", argv[++i]);
        else
            add_file(argv[i]);
    }
    snprintf(folder, sizeof folder, "%s/bauer-faults-%ld", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
             (long)getpid());
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // as main does
    parallel_set_threads(1);  // so that the n-th is always the same one
    full = answers_new();
    struct answers *now = answers_new();
    if (run(full, never, -1) != 0 || !full->complete) die("the run without faults failed");
    for (size_t n = from; n <= full->allocations && tried < most; n += every) {
        int status = run(now, n, -1);
        tried++;
        survived += is_right(n, now, status);
        fflush(stdout);
    }
    printf("survived %zu of %zu (%zu allocations, %d lines)\n", survived, tried, full->allocations, entry_count);
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) != 0 || survived < tried;
}
