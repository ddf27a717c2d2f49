#include "fuzz.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/window.h"
#include "base/arena.h"
#include "base/task.h"

enum { MOST_MILLISECONDS = 300 }; // of an input, before it is interrupted

static char folder[64], path[512];
static atomic_long began; // milliseconds

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void *watch(void *unused) {
    (void)unused;
    for (;;) {
        usleep(20000);
        if (now() - atomic_load(&began) > MOST_MILLISECONDS) task_interrupt();
    }
    return NULL;
}

static void empty(const char *name) {
    DIR *directory = opendir(name);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        char inner[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(inner, sizeof inner, "%s/%s", name, entry->d_name);
        if (unlink(inner) == 0) continue;
        empty(inner);
        rmdir(inner);
    }
    if (directory) closedir(directory);
}

static void leave(void) {
    empty(folder);
    rmdir(folder);
}

static void start(void) {
    pthread_t thread;
    // In memory where that is there: files are flushed to the disk when they are written, which takes its time.
    snprintf(folder, sizeof folder, "%s/bauer-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder) || chdir(folder) != 0 || pthread_create(&thread, NULL, watch, NULL) != 0) {
        perror("fuzz");
        exit(1);
    }
    pthread_detach(thread);
    atexit(leave);
    setenv("HOME", folder, 1);
    setenv("BAUER_LESSONS", folder, 1);
    setenv("EDITOR", "true", 1);
    setenv("VISUAL", "true", 1);
    unsetenv("DISPLAY");
    static const char *const places[] = {"XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) setenv(places[i], folder, 1);
    window_set_mode(WINDOW_NEVER);
}

void fuzz_begin(void) {
    if (!*folder) start();
    empty(folder);
    atomic_store(&began, now());
    task_begin();
}

const char *fuzz_folder(void) { return folder; }

const char *fuzz_file(const char *name, const void *data, size_t size) {
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    fuzz_must(file && fwrite(data, 1, size, file) == size && fclose(file) == 0, "the folder takes a file");
    return path;
}

struct session *fuzz_session(void) {
    static struct buffer nowhere;
    struct error error = {0};
    struct session *session = session_new(&error);
    if (!session) return NULL;
    buffer_clear(&nowhere);
    session->output.capture = &nowhere;
    session->settings.vertices = 20000;
    session->settings.steps = 20000;
    session->settings.depth = 60;
    session->settings.threads = 1;
    environment_set_options(session->environment,
                            (struct environment_options){.vertices = 20000, .steps = 20000, .depth = 60});
    return session;
}

char *fuzz_stay_inside(const char *text, size_t size) {
    char *copy = mem_text(text, size);
    for (size_t i = 0; copy && i < size; i++) {
        bool begins = i == 0 || strchr(" \t\n\"'=`,:([{", copy[i - 1]);
        if ((copy[i] == '/' && begins) || copy[i] == '~') copy[i] = '_';
        if (copy[i] == '/' && i && copy[i - 1] == '.') copy[i] = '_';
    }
    return copy;
}

void fuzz_must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "this does not hold: %s\n", what);
    abort();
}
