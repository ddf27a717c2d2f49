#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#ifndef LIBEXEC
#define LIBEXEC "/usr/libexec/bauer"
#endif

const char *child_find(const char *name, const char *variable, char *path, size_t size) {
    static const char *const places[] = {"", "/libexec/bauer"}; // beside it in a build; else where the tree stands
    const char *named = getenv(variable);
    char own[PATH_MAX];
    if (named && named[0]) return named;
    for (unsigned up = 0; up < 2 && file_own_folder(up, own, sizeof own); up++) {
        int length = snprintf(path, size, "%s%s/%s", own, places[up], name);
        if (length > 0 && (size_t)length < size && access(path, R_OK) == 0) return path;
    }
    snprintf(path, size, LIBEXEC "/%s", name);
    return path;
}

static int spawn(const char *path, int socket, pid_t *pid) {
    const char *slash = strrchr(path, '/');
    char name[64];
    snprintf(name, sizeof name, "%s", slash ? slash + 1 : path);
    char *arguments[] = {name, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions)) return ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    int failed = posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO) ||
                 posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO) ||
                 posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    failed = failed ? ENOMEM : posix_spawn(pid, path, &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

// Sockets below 3 would be overwritten in the child while they are being copied.
static int move_up(int fd) {
    if (fd < 0 || fd > STDERR_FILENO) return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return moved;
}

bool child_start(struct child *child, const char *path) {
    int pair[2];
    *child = (struct child){0};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return false;
    pair[0] = move_up(pair[0]);
    pair[1] = move_up(pair[1]);
    int failed = pair[0] < 0 || pair[1] < 0 ? EMFILE : spawn(path, pair[1], &child->pid);
    if (pair[1] >= 0) close(pair[1]);
    if (failed) {
        if (pair[0] >= 0) close(pair[0]);
        child->pid = 0;
        errno = failed;
        return false;
    }
    child->socket = pair[0];
    return true;
}

void child_stop(struct child *child) {
    if (!child->pid) return;
    close(child->socket);
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) continue;
    child->pid = 0;
}

bool child_ended(struct child *child) {
    if (!child->pid || waitpid(child->pid, NULL, WNOHANG) != child->pid) return false;
    close(child->socket);
    child->pid = 0;
    return true;
}
