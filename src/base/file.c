#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ranks.h"
#include "base/task.h"

enum { PIECE = 1 << 20 }; // bytes between two looks at task_interrupted
static const size_t largest_file = (size_t)1 << 30;

static bool fail(struct error *error, const char *doing, const char *path, int code) {
    return error_set(error, ERROR_FILE, SPAN_NONE, "cannot %s %s: %s", doing, path, strerror(code));
}

// ---- reading ------------------------------------------------------------------------------------------------------

static bool too_large(const char *path, struct error *error) {
    return error_set(error, ERROR_FILE, SPAN_NONE, "%s is too large (over 1 GiB)", path);
}

// One piece into *data; *end at the end of the file.
static bool read_piece(int file, struct buffer *data, bool *end, const char *path, struct error *error) {
    if (task_interrupted()) return error_interrupt(error);
    if (!mem_grow(&data->data, &data->capacity, data->size + PIECE + 1, 1)) return error_memory(error);
    ssize_t got = read(file, data->data + data->size, PIECE);
    if (got < 0 && errno == EINTR) return true;
    if (got < 0) return fail(error, "read", path, errno);
    data->size += (size_t)got;
    *end = got == 0;
    return data->size <= largest_file || too_large(path, error);
}

static bool read_all(int file, struct buffer *data, const char *path, struct error *error) {
    struct stat status;
    if (fstat(file, &status) != 0) return fail(error, "read", path, errno);
    if (S_ISDIR(status.st_mode)) return fail(error, "read", path, EISDIR);
    if (S_ISREG(status.st_mode) && status.st_size > (off_t)largest_file) return too_large(path, error);
    if (S_ISREG(status.st_mode) && status.st_size > 0)
        if (!mem_grow(&data->data, &data->capacity, (size_t)status.st_size + PIECE + 1, 1)) return error_memory(error);
    for (bool end = false; !end;)
        if (!read_piece(file, data, &end, path, error)) return false;
    data->data[data->size] = '\0';
    return true;
}

static int open_retry(const char *path, int flags, mode_t mode) {
    int file;
    do file = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
    while (file < 0 && errno == EINTR && !task_interrupted());
    return file;
}

static bool open_failed(struct error *error, const char *doing, const char *path) {
    if (errno == EINTR) return error_interrupt(error);
    return fail(error, doing, path, errno);
}

char *file_read(const char *path, size_t *size, struct error *error) {
    struct buffer data = {0};
    int file = open_retry(path, O_RDONLY, 0);
    if (file < 0) {
        open_failed(error, "read", path);
        return NULL;
    }
    bool ok = read_all(file, &data, path, error);
    close(file);
    if (!ok) {
        buffer_free(&data);
        return NULL;
    }
    *size = data.size;
    return data.data;
}

// ---- writing ------------------------------------------------------------------------------------------------------

static bool write_all(int file, const char *data, size_t size, const char *path, struct error *error) {
    while (size) {
        if (task_interrupted()) return error_interrupt(error);
        ssize_t put = write(file, data, size < PIECE ? size : PIECE);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail(error, "write", path, errno);
        if (put == 0) return fail(error, "write", path, ENOSPC);
        data += put;
        size -= (size_t)put;
    }
    return true;
}

// Closing may bring the first news of a full disk on a network file system.
static bool close_told(int file, bool ok, const char *path, struct error *error) {
    if (close(file) != 0 && errno != EINTR && ok) return fail(error, "write", path, errno);
    return ok;
}

static bool flush_to_disk(int file, const char *path, struct error *error) {
    int failed;
    do failed = fsync(file);
    while (failed && errno == EINTR && !task_interrupted());
    if (!failed || errno == EINVAL || errno == ENOTSUP) return true; // some file systems have no fsync
    return errno == EINTR ? error_interrupt(error) : fail(error, "write", path, errno);
}

// The name behind a chain of symbolic links, also when nothing is there yet.
static bool follow_links(const char *path, char target[PATH_MAX], struct error *error) {
    if (strlen(path) >= PATH_MAX) return fail(error, "write", path, ENAMETOOLONG);
    snprintf(target, PATH_MAX, "%s", path);
    for (int hops = 0; hops < 40; hops++) {
        char link[PATH_MAX];
        ssize_t length = readlink(target, link, sizeof link - 1);
        if (length < 0) return true; // not a link
        link[length] = '\0';
        char *slash = strrchr(target, '/');
        size_t folder = link[0] != '/' && slash ? (size_t)(slash + 1 - target) : 0;
        if (folder + (size_t)length >= PATH_MAX) return fail(error, "write", path, ENAMETOOLONG);
        memcpy(target + folder, link, (size_t)length + 1);
    }
    return fail(error, "write", path, ELOOP);
}

enum { SLOTS = 100 };

static bool is_named(int file, const char *path) {
    struct stat held, named;
    return fstat(file, &held) == 0 && lstat(path, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev && S_ISREG(held.st_mode) && held.st_uid == geteuid();
}

// Whether nobody writes the file at `path` any more: then it is gone; if not, errno is EEXIST. Who writes one holds a
// lock on it until it has its name; so a program that was killed leaves one, and the next takes its place.
static bool remove_stale(const char *path) {
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0 && errno == ENOENT) return true; // whoever wrote it is done
    if (file < 0) return errno = EEXIST, false;
    bool stale = flock(file, LOCK_EX | LOCK_NB) == 0 && is_named(file, path) && unlink(path) == 0;
    close(file);
    errno = EEXIST; // what a lock that somebody holds leaves in it is no failure
    return stale;
}

// A new file of this name, locked where the file system has locks; -1 with EEXIST: somebody has it. Somebody may take
// it for a stale one before it is locked, and removes it.
static int open_new(const char *path) {
    int file = open_retry(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0) return -1;
    bool locked = flock(file, LOCK_EX | LOCK_NB) == 0, taken = !locked && errno == EWOULDBLOCK;
    if (!taken && (!locked || is_named(file, path))) return file;
    close(file);
    errno = EEXIST;
    return -1;
}

// Opens a new file beside `target` and leaves its name in `temporary`.
static int open_beside(const char *target, char temporary[PATH_MAX + 64]) {
    const char *slash = strrchr(target, '/');
    int folder = slash ? (int)(slash + 1 - target) : 0;
    for (int slot = 0; slot < SLOTS; slot++) {
        snprintf(temporary, PATH_MAX + 64, "%.*s.bauer-%d", folder, target, slot);
        int file = open_new(temporary);
        if (file < 0 && errno == EEXIST && remove_stale(temporary)) file = open_new(temporary);
        if (file >= 0 || errno != EEXIST) return file;
    }
    return -1;
}

// The mode must be kept; owner and group are where the system lets us (the mode comes last: chown clears bits of it).
static bool keep_mode(int file, const struct stat *old, const char *path, struct error *error) {
    bool owned = fchown(file, old->st_uid, old->st_gid) == 0 || fchown(file, (uid_t)-1, old->st_gid) == 0;
    (void)owned;
    if (fchmod(file, old->st_mode & 07777) != 0) return fail(error, "write", path, errno);
    return true;
}

static bool replace(const char *path, const struct stat *old, const char *data, size_t size, bool flush,
                    struct error *error) {
    char target[PATH_MAX], temporary[PATH_MAX + 64];
    if (!follow_links(path, target, error)) return false;
    if (old && access(target, W_OK) != 0) return fail(error, "write", path, errno);
    int file = open_beside(target, temporary);
    if (file < 0) return open_failed(error, "write", path);
    int lock = fcntl(file, F_DUPFD_CLOEXEC, 0); // the lock is held until the file has its name
    bool ok = write_all(file, data, size, path, error) && (!old || keep_mode(file, old, path, error)) &&
              (!flush || flush_to_disk(file, path, error));
    ok = close_told(file, ok, path, error);
    if (ok && rename(temporary, target) != 0) ok = fail(error, "write", path, errno);
    if (!ok) unlink(temporary);
    if (lock >= 0) close(lock);
    return ok;
}

// /dev/stdout, /dev/fd/3 and the like name a descriptor that is open already; -1 for any other path. It is written
// where it stands: what it leads to may be a regular file to which others write too.
static int named_descriptor(const char *path) {
    if (strcmp(path, "/dev/stdout") == 0) return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0) return STDERR_FILENO;
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    for (int i = 0; i < 2; i++) {
        if (!text_starts(path, folders[i])) continue;
        const char *number = path + strlen(folders[i]);
        char *end;
        long value = strtol(number, &end, 10);
        if (*number >= '0' && *number <= '9' && !*end && value <= INT_MAX) return (int)value;
    }
    return -1;
}

static bool write_directly(const char *path, const char *data, size_t size, struct error *error) {
    int named = named_descriptor(path);
    if (named == STDOUT_FILENO) fflush(stdout); // what was printed before comes first
    int file = named >= 0 ? dup(named) : open_retry(path, O_WRONLY, 0);
    if (file < 0) return open_failed(error, "write", path);
    bool ok = write_all(file, data, size, path, error);
    return close_told(file, ok, path, error);
}

static bool write_whole(const char *path, const void *data, size_t size, bool flush, struct error *error) {
    if (ranks_mine() != 0) return true;
    if (mem_lacked()) return error_memory(error); // the data may lack what there was no memory for
    if (named_descriptor(path) >= 0) return write_directly(path, data, size, error);
    struct stat status;
    bool exists = stat(path, &status) == 0;
    if (!exists && errno != ENOENT) return fail(error, "write", path, errno);
    if (exists && S_ISDIR(status.st_mode)) return fail(error, "write", path, EISDIR);
    if (exists && !S_ISREG(status.st_mode)) return write_directly(path, data, size, error);
    return replace(path, exists ? &status : NULL, data, size, flush, error);
}

bool file_write(const char *path, const void *data, size_t size, struct error *error) {
    return write_whole(path, data, size, true, error);
}

bool file_write_unflushed(const char *path, const void *data, size_t size, struct error *error) {
    return write_whole(path, data, size, false, error);
}

// ---- the user's folders -------------------------------------------------------------------------------------------

// Creates every folder on the way to the last part of `path`, private to the user as the XDG standard asks.
static bool make_folders(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int made = mkdir(path, 0700), code = errno;
        *slash = '/';
        if (made != 0 && code != EEXIST && code != EROFS && code != EACCES) return false;
    }
    return true;
}

bool file_xdg(const char *variable, const char *fallback, const char *leaf, char *out, size_t size) {
    const char *folder = getenv(variable), *home = getenv("HOME");
    int length;
    if (folder && folder[0] == '/') // the XDG standard ignores relative paths
        length = snprintf(out, size, "%s/bauer/%s", folder, leaf);
    else if (home && home[0] == '/')
        length = snprintf(out, size, "%s/%s/bauer/%s", home, fallback, leaf);
    else
        return false;
    return length > 0 && (size_t)length < size && make_folders(out);
}

bool file_own_folder(unsigned up, char *path, size_t size) {
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length <= 0 || (size_t)length == size - 1) return false;
    path[length] = '\0';
    for (unsigned cut = 0; cut <= up; cut++) {
        char *slash = strrchr(path, '/');
        if (!slash) return false;
        *slash = '\0';
    }
    return true;
}
