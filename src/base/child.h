// A helper program of ours as a child process, with a socket in place of its standard input and output.
//
// Its warnings go nowhere, and it has a process group of its own, so that Ctrl-C at the terminal does not reach it.
#ifndef BAUER_BASE_CHILD_H
#define BAUER_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
    pid_t pid; // 0: not running
    int socket;
};

// Where the program `name` is: $variable, else beside the running program, else in the libexec/bauer
// beside its folder, else where the build was to install it. Fills `path`.
const char *child_find(const char *name, const char *variable, char *path, size_t size);
// Starts the program at `path`. false: it is missing, or the system has no room; errno says which.
bool child_start(struct child *child, const char *path);
void child_stop(struct child *child); // kills it and waits for it; nothing to do for one that is not running
// Whether it has ended by itself (it is waited for then, and the socket closed).
bool child_ended(struct child *child);

#endif
