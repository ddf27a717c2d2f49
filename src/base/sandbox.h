// Giving up rights for good, where what is worked on is untrusted: a lesson somebody sent, a graph for Graphviz.
//
// Linux's Landlock takes the file system (and, on newer kernels, TCP) away from the calling thread and all threads and
// programs that it starts later. Nothing brings them back; what is open already stays open. Resource limits
// (sandbox_limit) hold for the whole process and are there on every system.
#ifndef BAUER_BASE_SANDBOX_H
#define BAUER_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether this kernel has Landlock, and it is on.
bool sandbox_there(void);

// From now on this thread can open files below the folders in `read` (and run programs there), and write, make or
// remove files nowhere but below those in `write`. Folders that are not there are passed over. false: no Landlock
// here; nothing has changed.
bool sandbox_enter(const char *const *read, size_t read_count, const char *const *write, size_t write_count);

// A thread that has given up its rights and does what it is told, a call at a time, while the caller waits: the rest of
// the process keeps its own. Where there is no Landlock calls are made on the caller's thread, and only its name is a
// sandbox. NULL: out of memory.
struct sandbox_room;
struct sandbox_room *sandbox_room_new(const char *const *read, size_t read_count);
void sandbox_room_call(struct sandbox_room *room, void (*work)(void *context), void *context);
void sandbox_room_free(struct sandbox_room *room); // NULL is allowed

// Lowers a soft limit (RLIMIT_...) of the process to `value`, never beyond the hard one; returns what it was.
uint64_t sandbox_limit(int resource, uint64_t value);

#endif
