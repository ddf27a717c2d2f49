// Whole files, read and written safely.
#ifndef BAUER_BASE_FILE_H
#define BAUER_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

// Reads a regular file, FIFO or terminal to its end; a directory, an unreadable or a too large file (over 1 GiB) is an
// ERROR_FILE. The text is the caller's (mem_free), NUL-terminated. Looks at task_interrupted.
char *file_read(const char *path, size_t *size, struct error *error);

// Writes all of `data` to a temporary name beside `path`, flushes it to disk and renames it: `path` is the old file or
// the whole new one, never half. A program that is killed meanwhile leaves a temporary file `.bauer-N` there, which the
// next one that writes in that folder removes. Keeps the mode of an existing file; follows a symbolic link to its
// target. Writes to what is not a regular file (/dev/stdout, a FIFO) directly. Of several ranks (base/ranks.h) only the
// first writes; for the others this does nothing. Nothing is written when memory ran out while the data was made
// (mem_lacked). On failure the temporary file is gone and `error` says why.
bool file_write(const char *path, const void *data, size_t size, struct error *error);
// The same without waiting for the disk: outlives the program, but not the machine.
bool file_write_unflushed(const char *path, const void *data, size_t size, struct error *error);

// $NAME or $HOME/FALLBACK, then "/bauer/LEAF"; creates the folders. false without HOME (no error: features are off
// then).
bool file_xdg(const char *variable, const char *fallback, const char *leaf, char *out, size_t size);

// The folder that the running program is in, or one `up` folders above that. false where the system does not tell.
bool file_own_folder(unsigned up, char *path, size_t size);

#endif
