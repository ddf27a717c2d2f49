// What a lesson's lines may do, and for how long. A lesson is untrusted text: a command that is not in the table here
// is refused, whatever it does.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "app/chart.h"
#include "app/command.h"
#include "app/lesson_private.h"
#include "app/runs.h"
#include "app/settings.h"
#include "base/sandbox.h"
#include "base/task.h"

// ---- which commands -----------------------------------------------------------------------------------------------

static bool refuse(struct error *error, const char *what) {
    error_set(error, ERROR_USAGE, SPAN_NONE, "%s is not for the lines of a lesson", what);
    error_hint(error, "a lesson computes and shows; it reads and writes no files and starts nothing");
    return false;
}

static bool is_one_of(const char *name, const char *const *list) {
    for (; *list; list++)
        if (strcmp(name, *list) == 0) return true;
    return false;
}

// The first word that is neither in the list nor a number, a list of numbers, or NAME=NUMBER; NULL if there is none.
static const char *stranger(const struct words *words, uint32_t from, const char *const *list) {
    for (uint32_t i = from; i < words->count; i++) {
        const char *word = words->word[i], *equals = strchr(word, '=');
        const char *number = equals ? equals + 1 : word;
        if (!is_one_of(word, list) && !(*number && strspn(number, "0123456789.,-+e") == strlen(number))) return word;
    }
    return NULL;
}

static bool only(const struct words *words, uint32_t from, const char *const *list, struct error *error) {
    char what[100];
    const char *word = stranger(words, from, list);
    if (!word) return true;
    snprintf(what, sizeof what, "`%.80s`", word);
    return refuse(error, what);
}

const char *const lesson_settings[] = {"direction", "digits", "values", "collapse", "paths", "seed", NULL};

static bool permit_set(const struct words *words, struct error *error) {
    char what[100];
    if (!words->count || is_one_of(words->word[0], lesson_settings)) return true;
    snprintf(what, sizeof what, "`:set %.60s`", words->word[0]);
    return refuse(error, what);
}

// Whatever a sweep is told, a file of results is no part of it.
static bool permit_no_file(const struct words *words, struct error *error) {
    for (uint32_t i = 0; i < words->count; i++)
        if (strcmp(words->word[i], "file") == 0) return refuse(error, "a file of results");
    return true;
}

static bool permit_trials(const struct words *words, struct error *error) {
    static const char *const words_of[] = {"sort",       "again",    "plot",  "method", "seed",     "samples", "cost",
                                           "remembered", "estimate", "exact", "error",  "variance", NULL};
    return only(words, 0, words_of, error);
}

// Figures that are computed from nothing but themselves.
static bool permit_figure(const struct words *words, struct error *error) {
    static const char *const figures[] = {"2", "3", "4", "quick", NULL};
    for (uint32_t i = 0; i < words->count; i++)
        if (!is_one_of(words->word[i], figures)) {
            char what[100];
            snprintf(what, sizeof what, "`:figure %.20s ... %.40s`", words->word[0], words->word[i]);
            return refuse(error, what);
        }
    return true;
}

// A few hundred iterations on the data set that the system's package installs.
static bool permit_train(const struct words *words, struct error *error) {
    static const char *const words_of[] = {
        "data",      "fashion-mnist", "exact",     "same",         "different",   "project",    "project-different",
        "method",    "keep",          "noreplace", "same-steps",   "batch",       "iterations", "optimizer",
        "adam",      "sgd",           "lr",        "decay",        "gamma",       "drop",       "clip",
        "bootstrap", "seed",          "report",    "train-images", "test-images", NULL};
    double iterations = 0, number;
    if (words->count && strchr(words->word[0], '/')) return refuse(error, "a file");
    if (!only(words, 1, words_of, error)) return false;
    for (uint32_t i = 1; i + 1 < words->count; i++)
        if (strcmp(words->word[i], "iterations") == 0 && text_parse_number(words->word[i + 1], &number))
            iterations = number > iterations ? number : iterations;
    if (iterations >= 1 && iterations <= LESSON_ITERATIONS) return true;
    return error_set(error, ERROR_USAGE, SPAN_NONE, "a lesson's :train says `iterations N`, at most %d",
                     LESSON_ITERATIONS);
}

// The reactor, as long as it is short; nothing is saved.
static bool permit_reactor(const struct words *words, struct error *error) {
    static const char *const words_of[] = {"keep", "estimator", "unbiased", "published", "exact",  "iterations", "lr",
                                           "seed", "horizon",   "side",     "float",     "double", NULL};
    double iterations = 0, number;
    if (!only(words, 0, words_of, error)) return false;
    for (uint32_t i = 0; i + 1 < words->count; i++)
        if (strcmp(words->word[i], "iterations") == 0 && text_parse_number(words->word[i + 1], &number))
            iterations = number > iterations ? number : iterations;
    if (iterations >= 1 && iterations <= LESSON_ITERATIONS) return true;
    return error_set(error, ERROR_USAGE, SPAN_NONE, "a lesson's :reactor says `iterations N`, at most %d",
                     LESSON_ITERATIONS);
}

static const struct {
    const char *name;
    bool (*words)(const struct words *words, struct error *error); // NULL: whatever the words are
    bool takes_long;                                               // LESSON_LONG_SECONDS, with progress told
} permits[] = {
    {"graph", NULL, false},
    {"lcg", NULL, false},
    {"paths", NULL, false},
    {"jacobian", NULL, false},
    {"expand", NULL, false},
    {"memory", NULL, false},
    {"train", permit_train, true},
    {"reactor", permit_reactor, true},
    {"eliminate", NULL, false},
    {"check", NULL, false},
    {"jvp", NULL, false},
    {"vjp", NULL, false},
    {"sample", NULL, false},
    {"pattern", NULL, false},
    {"variance", permit_no_file, false},
    {"figure", permit_figure, true},
    {"trials", permit_trials, false},
    {"why", NULL, false},
    {"walk", NULL, false},
    {"next", NULL, false}, // of a walk: command_next
    {"back", NULL, false},
    {"goto", NULL, false},
    {"describe", NULL, false},
    {"at", NULL, false},
    {"help", NULL, false},
    {"list", NULL, false},
    {"undo", NULL, false}, // not behind the step's beginning: session_hold
    {"redo", NULL, false},
    {"set", permit_set, false},
};
enum { PERMITS = sizeof permits / sizeof *permits };

// ---- for how long, and how much -----------------------------------------------------------------------------------

enum excess { WITHIN, TOO_LONG, TOO_MUCH, TOO_LARGE };

// Of the block that runs, in a thread of its own. A timer's signal, in whatever thread it comes, looks at it.
static struct {
    atomic_int excess;
    atomic_llong deadline;  // milliseconds of the monotonic clock
    atomic_long most_pages; // resident
    int seconds;
    char file[40];
} bound;

static long long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Resident pages of this process; 0 if the system does not say. Safe in a signal handler.
static long resident(void) {
    char text[64];
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t size = file >= 0 ? read(file, text, sizeof text - 1) : 0;
    if (file >= 0) close(file);
    text[size > 0 ? size : 0] = '\0';
    const char *c = text;
    while (*c && *c != ' ') c++;
    long pages = 0;
    for (c += *c == ' '; *c >= '0' && *c <= '9'; c++) pages = 10 * pages + (*c - '0');
    return pages;
}

static void on_tick(int number) {
    int code = errno;
    (void)number;
    if (bound.excess == WITHIN && now_ms() > bound.deadline) bound.excess = TOO_LONG;
    if (bound.excess == WITHIN && resident() > bound.most_pages) bound.excess = TOO_MUCH;
    if (bound.excess != WITHIN) task_interrupt();
    errno = code;
}

static void allow_seconds(int seconds) {
    bound.seconds = seconds;
    bound.deadline = now_ms() + 1000LL * seconds;
}

static void begin_bounds(int seconds) {
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    struct itimerval timer = {.it_value.tv_usec = 50000, .it_interval.tv_usec = 50000};
    long page = sysconf(_SC_PAGESIZE);
    sigemptyset(&action.sa_mask);
    bound.excess = WITHIN;
    bound.most_pages = resident() + (long)LESSON_MEMORY / (page > 0 ? page : 4096);
    allow_seconds(seconds);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static bool end_bounds(void) {
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    if (bound.excess != WITHIN) task_begin();
    return bound.excess == WITHIN;
}

void lesson_said(const struct session *session, size_t size) {
    if (!session->lesson || !session->lesson->running || size <= LESSON_OUTPUT) return;
    bound.excess = TOO_LARGE;
    task_interrupt();
}

bool lesson_exceeded(const char *path, uint32_t line, struct error *error) {
    switch ((enum excess)atomic_load(&bound.excess)) {
    case TOO_LONG:
        error_set(error, ERROR_LIMIT, SPAN_NONE, "%s:%u: this block took over %d s", path, line, bound.seconds);
        break;
    case TOO_MUCH:
        error_set(error, ERROR_LIMIT, SPAN_NONE, "%s:%u: this block needs over %lld MB", path, line,
                  LESSON_MEMORY >> 20);
        break;
    case TOO_LARGE:
        error_set(error, ERROR_LIMIT, SPAN_NONE, "%s:%u: this block answers with over %d bytes", path, line,
                  LESSON_OUTPUT);
        break;
    default:
        return false;
    }
    return true;
}

// ---- one command --------------------------------------------------------------------------------------------------

bool lesson_is_running(const struct session *session) { return session->lesson && session->lesson->running; }

bool lesson_allows(const struct session *session, const char *name, const struct words *words, struct error *error) {
    char what[80];
    if (!lesson_is_running(session)) return true;
    for (int i = 0; i < PERMITS; i++) {
        if (strcmp(permits[i].name, name) != 0) continue;
        if (permits[i].words && !permits[i].words(words, error)) return false;
        if (permits[i].takes_long && bound.excess == WITHIN) allow_seconds(LESSON_LONG_SECONDS);
        return true;
    }
    snprintf(what, sizeof what, "`:%s`", name);
    return refuse(error, what);
}

void lesson_ran(const struct session *session, const char *name) {
    if (!lesson_is_running(session) || strcmp(name, "train") != 0) return;
    if (bound.excess == TOO_LONG) { // what there is was shown: it counts, on slow machines too
        bound.excess = WITHIN;
        task_begin();
    }
    if (bound.excess == WITHIN) allow_seconds(session->lesson->seconds);
}

// ---- with which rights --------------------------------------------------------------------------------------------

// What computing and showing needs: libraries, fonts, data sets, the program's own folder (its layout child), what the
// kernel tells of the machine, and the lessons' networks.
static struct sandbox_room *make_room(const struct lesson_run *run) {
    char own[PATH_MAX] = "", lessons[PATH_MAX], folder[PATH_MAX];
    if (readlink("/proc/self/exe", own, sizeof own - 1) > 0) *strrchr(own, '/') = '\0';
    lesson_folder(lessons, sizeof lessons);
    snprintf(folder, sizeof folder, "%s", run->lesson->path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    else
        strcpy(folder, ".");
    const char *layout = getenv("BAUER_LAYOUT");
    const char *read[] = {"/usr",
                          "/lib",
                          "/lib64",
                          "/opt",
                          "/etc/fonts",
                          "/etc/ld.so.cache",
                          "/etc/localtime",
                          "/var/cache/fontconfig",
                          "/proc",
                          "/sys",
                          "/dev/urandom",
                          "/dev/null",
                          own,
                          lessons,
                          folder,
                          layout ? layout : "/usr"};
    return sandbox_room_new(read, sizeof read / sizeof *read);
}

bool lesson_confined(struct lesson_run *run, void (*work)(void *context), void *context) {
    if (!run->room) run->room = make_room(run);
    if (!run->room) return false;
    sandbox_room_call(run->room, work, context);
    return true;
}

// Nothing of a lesson writes files; what the person trains meanwhile may save itself.
struct file_limit {
    bool set;
    uint64_t before;
};

static struct file_limit begin_files(const struct session *session) {
    if (runs_busy(session)) return (struct file_limit){.set = false};
    return (struct file_limit){true, sandbox_limit(RLIMIT_FSIZE, 0)};
}

static void end_files(struct file_limit limit) {
    if (limit.set) sandbox_limit(RLIMIT_FSIZE, limit.before);
}

// ---- a block ------------------------------------------------------------------------------------------------------

struct lines {
    struct session *session;
    const char *name, *text;
    uint32_t line;
    int failed;
};

static void run_lines(void *context) {
    struct lines *l = context;
    l->failed = session_run(l->session, l->name, l->text, strlen(l->text), l->line);
}

// How many lines failed. The limits hold for lines of the lesson and for what a student's answer runs.
static int run_bounded(struct session *session, const char *name, const char *text, uint32_t line) {
    struct lesson_run *run = session->lesson;
    bool strict = session->strict, running = run->running;
    uint32_t vertices = session->settings.vertices;
    if (vertices > LESSON_VERTICES) session->settings.vertices = LESSON_VERTICES;
    settings_apply(session);
    run->running = true;
    session->strict = !run->mistake;
    struct lines lines = {session, name, text, line, 1};
    struct file_limit files = begin_files(session);
    begin_bounds(run->seconds);
    lesson_confined(run, run_lines, &lines); // without memory for it nothing runs: a failure
    int failed = lines.failed;
    bool within = end_bounds();
    end_files(files);
    run->running = running;
    session->strict = strict;
    if (session->settings.vertices == LESSON_VERTICES) session->settings.vertices = vertices;
    settings_apply(session);
    return within || failed ? failed : 1;
}

int lesson_run_silently(struct session *session, const char *name, const char *text, uint32_t line, bool json,
                        struct buffer *out) {
    struct buffer *capture = session->output.capture;
    bool quiet = session->quiet, was_json = session->output.json, window = session->from_window;
    struct buffer pending = session->output.text;
    session->output.text = (struct buffer){0};
    session->output.capture = out;
    session->output.json = json;
    session->quiet = false;
    session->from_window = true; // no picture in between
    int failed = run_bounded(session, name, text, line);
    buffer_free(&session->output.text);
    session->output.text = pending;
    session->output.capture = capture;
    session->output.json = was_json;
    session->quiet = quiet;
    session->from_window = window;
    return failed;
}
