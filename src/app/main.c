// The program: options, files and lines in the order given, then the prompt if it is wanted.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <cairo.h>
#include <cmark.h>
#include <gmp.h>
#include <jansson.h>
#include <libxml/xmlversion.h>
#include <pango/pango.h>
#include <readline/readline.h>
#include <zlib.h>

#include "app/bench.h"
#include "app/command.h"
#include "app/instructor.h"
#include "app/lesson.h"
#include "app/progress.h"
#include "app/repl.h"
#include "app/report.h"
#include "app/runs.h"
#include "app/window.h"
#include "base/child.h"
#include "base/file.h"
#include "base/ranks.h"
#include "base/task.h"
#include "show/layout.h"
#include "tensor/kernels.h"

struct arguments {
    bool json, strict, no_init, interactive, window, no_window, version, help;
    const char *seed, *data;
    int steps; // files, lines and - that are to be run
};

static const char *const flags[] = {"-c",       "-",         "-i",       "--json",      "--seed",    "--data",
                                    "--strict", "--no-init", "--window", "--no-window", "--version", "--help"};

static int wrong_usage(const char *message, const char *what, const char *hint) {
    fprintf(stderr, "bauer: %s%s\n", message, what);
    if (hint) fprintf(stderr, "hint: did you mean %s?\n", hint);
    fputs("bauer --help lists the options\n", stderr);
    return 2;
}

static int print_text(struct buffer *text) {
    bool ok = !text->failed && fwrite(text->data, 1, text->size, stdout) == text->size && fflush(stdout) == 0;
    int code = errno;
    buffer_free(text);
    if (!ok && code != EPIPE) fprintf(stderr, "bauer: cannot write: %s\n", strerror(code));
    return ok || code == EPIPE ? 0 : 1;
}

// What is linked here, what the other two programs were built with, and what is loaded when it is needed.
static int print_version(void) {
    struct buffer text = {0};
    buffer_printf(&text,
                  "bauer " BAUER_VERSION "\nGMP %s, Pango %s, Cairo %s, libxml2 %s, Jansson %s, Readline %s, cmark %s, "
                  "zlib %s\n",
                  gmp_version, pango_version_string(), cairo_version_string(), LIBXML_DOTTED_VERSION,
                  jansson_version_str(), rl_library_version, cmark_version_string(), zlibVersion());
    buffer_printf(&text, "bauer-layout: Graphviz " GRAPHVIZ_VERSION "; bauer-view: SDL " SDL_BUILD_VERSION "\n");
    buffer_printf(&text, "for tensors: %s, %s, own kernels for %s\n", kernels_blas_name(), kernels_onednn_name(),
                  kernels_level_name());
    return print_text(&text);
}

// ---- reading the command line -------------------------------------------------------------------------------------

// What comes first on the command line, and reads the rest of it.
static bool has_own_arguments(const char *word) {
    return strcmp(word, "--check-lesson") == 0 || strcmp(word, "--grade") == 0 || strcmp(word, "bench") == 0;
}

// The option at argv[i]: fills `a`, moves i over its argument. Returns 0, or the exit status for wrong usage.
static int read_option(struct arguments *a, int argc, char **argv, int *i) {
    const char *option = argv[*i];
    if (strcmp(option, "-c") == 0) {
        a->steps++;
        return ++*i < argc ? 0 : wrong_usage("a line is missing after -c", "", NULL);
    }
    if (strcmp(option, "--seed") == 0) {
        if (++*i >= argc) return wrong_usage("a number is missing after --seed", "", NULL);
        a->seed = argv[*i];
        return 0;
    }
    if (strcmp(option, "--data") == 0) {
        if (++*i >= argc) return wrong_usage("a folder is missing after --data", "", NULL);
        a->data = argv[*i];
        return 0;
    }
    bool *flag = strcmp(option, "--json") == 0                                ? &a->json
                 : strcmp(option, "--strict") == 0                            ? &a->strict
                 : strcmp(option, "--no-init") == 0                           ? &a->no_init
                 : strcmp(option, "--window") == 0                            ? &a->window
                 : strcmp(option, "--no-window") == 0                         ? &a->no_window
                 : strcmp(option, "-i") == 0                                  ? &a->interactive
                 : strcmp(option, "--version") == 0                           ? &a->version
                 : strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0 ? &a->help
                                                                              : NULL;
    if (has_own_arguments(option)) return wrong_usage(option, " comes first on the command line", NULL);
    if (!flag) return wrong_usage("unknown option ", option, text_nearest(option, flags, sizeof flags / sizeof *flags));
    *flag = true;
    return 0;
}

static int read_arguments(struct arguments *a, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        int wrong = 0;
        if (argv[i][0] == '-' && argv[i][1])
            wrong = read_option(a, argc, argv, &i);
        else
            a->steps++;
        if (wrong) return wrong;
    }
    return 0;
}

// ---- interrupts -------------------------------------------------------------------------------------------------

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    if (interrupted++ > 2) _exit(130);
    task_interrupt();
}

static void catch_interrupt(void) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of write, told as a full disk is
}

// ---- running ------------------------------------------------------------------------------------------------------

static void run_stdin(struct session *session) {
    struct error error = {0};
    size_t size;
    task_begin();
    char *text = file_read("/dev/stdin", &size, &error);
    if (text)
        session_run(session, "<input>", text, size, 1);
    else
        report_error(session, &error), session->failures++;
    mem_free(text);
}

static void run_steps(struct session *session, int argc, char **argv) {
    for (int i = 1; i < argc && !session->quit && !(session->strict && session->failures) && !interrupted; i++) {
        if (strcmp(argv[i], "--seed") == 0 || strcmp(argv[i], "--data") == 0)
            i++;
        else if (strcmp(argv[i], "-c") == 0)
            session_run(session, "-c", argv[i + 1], strlen(argv[i + 1]), 1), i++;
        else if (strcmp(argv[i], "-") == 0)
            run_stdin(session);
        else if (argv[i][0] != '-')
            session_run_file(session, argv[i]);
    }
}

static int set_seed(struct session *session, const char *text) {
    double seed;
    if (!text) return 0;
    if (strcmp(text, "auto") == 0) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        session->settings.seed = ((uint64_t)now.tv_sec * 1000003u ^ (uint64_t)now.tv_nsec) & 0xFFFFFFFFFFFFu;
        return 0;
    }
    if (!text_parse_number(text, &seed) || seed < 0 || seed != (double)(uint64_t)seed || seed > 9007199254740992.0)
        return wrong_usage("a seed is a whole number from 0, or auto, not ", text, NULL);
    session->settings.seed = (uint64_t)seed;
    return 0;
}

static void set_output(struct session *session, const struct arguments *a) {
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    struct winsize size;
    session->output.json = a->json;
    session->output.color =
        isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0) && !a->json;
    session->settings.color = session->output.color;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) session->output.columns = size.ws_col;
    session->strict = a->strict;
}

// Under mpirun every rank runs the same lines; all but the first are silent.
static int join_ranks(const struct arguments *a, int argc, char **argv) {
    char path[4096];
    const char *modules[] = {child_find("bauer-mpi.so", "BAUER_MPI", path, sizeof path), NULL};
    struct error error = {0};
    if (!ranks_begin(modules, &error)) {
        fprintf(stderr, "bauer: %s\nhint: %s\n", error.message, error.hint);
        return 1;
    }
    if (ranks_count() == 1) return 0;
    bool typed = a->steps == 0 || a->interactive || a->window;
    for (int i = 1; i < argc; i++) typed |= strcmp(argv[i], "-") == 0 && strcmp(argv[i - 1], "-c") != 0;
    if (ranks_mine() != 0 && (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))) return 1;
    if (!typed) return 0;
    return wrong_usage("under mpirun lines come from a FILE or -c LINE, not from standard input", "", NULL);
}

static int run(const struct arguments *a, int argc, char **argv) {
    struct error error = {0};
    struct session *session = session_new(&error);
    if (!session) return fprintf(stderr, "bauer: %s\n", error.message), 1;
    set_output(session, a);
    int wrong = set_seed(session, a->seed);
    bool prompt = a->interactive || (a->steps == 0 && isatty(STDIN_FILENO));
    if (!prompt) session->settings.color = session->output.color;
    if (ranks_count() > 1) session->strict = true;
    window_set_mode(a->no_window || ranks_count() > 1 ? WINDOW_NEVER
                    : a->window                       ? WINDOW_ALWAYS
                                                      : WINDOW_WHEN_INTERACTIVE);
    training_set_folder(a->data);
    progress_start();
    int status = wrong;
    if (!wrong) {
        run_steps(session, argc, argv);
        if (a->steps == 0 && !prompt) run_stdin(session);
        if (!prompt && a->window) window_wait(session);
        status = session->failures ? 1 : 0;
        if (prompt && !session->quit) status = repl_run(session, !a->no_init);
    }
    progress_stop();
    runs_close(session);
    window_stop();
    instructor_close();
    session_free(session);
    layout_stop();
    return interrupted && !prompt ? 130 : status;
}

// What the build and the shell ask for.
static bool is_special(int argc, char **argv, int *status) {
    struct buffer text = {0};
    if (argc == 2 && strcmp(argv[1], "--man") == 0) {
        command_man(&text);
    } else if (argc >= 2 && strcmp(argv[1], "--completion") == 0) {
        if (argc != 3 || !command_completion(&text, argv[2]))
            return *status = wrong_usage("completion is there for bash, zsh and fish", "", NULL), true;
    } else {
        return false;
    }
    *status = print_text(&text);
    return true;
}

static int run_lessons(int argc, char **argv) {
    bool json = false, check = strcmp(argv[1], "--check-lesson") == 0;
    int count = 0;
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else
            argv[2 + count++] = argv[i];
    if (check && json)
        return wrong_usage("--check-lesson has no --json: it tells mistakes as FILE:LINE: MESSAGE", "", NULL);
    if (check && count) return lesson_check_files(count, argv + 2);
    if (!check && count == 2) return lesson_grade(argv[2], argv[3], json);
    return wrong_usage(check ? "--check-lesson is followed by files"
                             : "--grade is followed by a lesson and a file of answers",
                       "", NULL);
}

// `bauer --json bench` is `bauer bench --json`.
static void json_last(int argc, char **argv) {
    int first = 1;
    while (first < argc && strcmp(argv[first], "--json") == 0) first++;
    if (first == 1 || first == argc || !has_own_arguments(argv[first])) return;
    char *name = argv[first];
    memmove(argv + 2, argv + 1, (size_t)(first - 1) * sizeof *argv);
    argv[1] = name;
}

static int run_bench(int argc, char **argv) {
    bool json = false;
    int count = 0;
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return bench_help(), 0;
    const char **names = mem_alloc((size_t)argc, sizeof *names);
    for (int i = 2; names && i < argc; i++)
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else
            names[count++] = argv[i];
    int status = names ? bench_run(names, (size_t)count, json) : 1;
    mem_free(names);
    return status;
}

int main(int argc, char **argv) {
    struct arguments a = {0};
    int status;
    mem_keep(true);
    catch_interrupt();
    if (is_special(argc, argv, &status)) return status;
    json_last(argc, argv);
    if (argc > 1 && has_own_arguments(argv[1]))
        return argv[1][0] == '-' ? run_lessons(argc, argv) : run_bench(argc, argv);
    if ((status = read_arguments(&a, argc, argv)) != 0) return status;
    if (a.version) return print_version();
    if (a.help) {
        struct buffer text = {0};
        command_usage(&text);
        return print_text(&text);
    }
    status = join_ranks(&a, argc, argv);
    if (status == 0) status = run(&a, argc, argv);
    ranks_end();
    return status;
}
