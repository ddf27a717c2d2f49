#include "app/recall.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <readline/history.h>

#include "base/arena.h"
#include "base/file.h"

static char path[PATH_MAX]; // "" when there is no place for the file

// A line that begins with '#' and a digit would be taken for a time stamp, and an empty one would be dropped: a blank
// makes both harmless and means nothing to the language.
static void add_line(struct buffer *out, const char *line, size_t size) {
    bool stamp = size > 1 && line[0] == '#' && line[1] >= '0' && line[1] <= '9';
    if (stamp) buffer_text(out, "# ");
    if (size == 0) buffer_char(out, ' ');
    buffer_add(out, stamp ? line + 1 : line, stamp ? size - 1 : size);
    buffer_char(out, '\n');
}

static void add_entry(struct buffer *out, const char *text, size_t size, const char *stamp) {
    buffer_printf(out, "%s\n", stamp);
    for (const char *line = text, *end = text + size; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) stop = end;
        add_line(out, line, (size_t)(stop - line));
        line = stop + 1;
    }
}

char *recall_format(const char *text, size_t size, long long seconds) {
    struct buffer out = {0};
    char stamp[32];
    snprintf(stamp, sizeof stamp, "#%lld", seconds);
    add_entry(&out, text, size, stamp);
    char *copy = out.failed ? NULL : mem_text(out.data, out.size);
    buffer_free(&out);
    return copy;
}

// Opens the file and holds its lock; another session may have put a shorter file in its place meanwhile.
static int open_locked(int flags) {
    for (int attempt = 0; path[0] && attempt < 20; attempt++) {
        struct stat held, named;
        int file, locked = -1;
        do file = open(path, flags | O_CLOEXEC, 0600);
        while (file < 0 && errno == EINTR);
        if (file >= 0) do
                locked = flock(file, LOCK_EX);
            while (locked != 0 && errno == EINTR);
        if (locked != 0) {
            if (file >= 0) close(file);
            return -1;
        }
        if (fstat(file, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
            held.st_dev == named.st_dev)
            return file;
        close(file);
    }
    return -1;
}

// The size of the file without an entry that a killed program left half written (see `append`), which is dropped; -1:
// unknown.
static off_t whole_size(int file) {
    char block[65536];
    off_t size = 0;
    for (;;) {
        ssize_t got = pread(file, block, sizeof block, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 ? -1 : size;
        const char *cut = memchr(block, '\0', (size_t)got);
        if (!cut) {
            size += got;
            continue;
        }
        size += cut - block;
        return ftruncate(file, size) == 0 ? size : -1;
    }
}

// Keeps the newest RECALL_LIMIT entries in the file.
static void cut_file(void) {
    struct buffer out = {0};
    HIST_ENTRY **list = history_list();
    mem_forget(); // of what was before
    for (int i = history_length > RECALL_LIMIT ? history_length - RECALL_LIMIT : 0; list && i < history_length; i++)
        add_entry(&out, list[i]->line, strlen(list[i]->line),
                  list[i]->timestamp && list[i]->timestamp[0] ? list[i]->timestamp : "#0");
    if (!out.failed) file_write(path, out.data, out.size, NULL);
    buffer_free(&out);
}

void recall_open(void) {
    using_history();
    history_write_timestamps = 1; // also what makes read_history join an entry's lines
    history_comment_char = '#';
    if (!file_xdg("XDG_STATE_HOME", ".local/state", "history", path, sizeof path)) path[0] = '\0';
    int file = open_locked(O_RDWR);
    if (file >= 0) {
        whole_size(file);
        read_history(path);
        if (history_length > RECALL_LIMIT + RECALL_LIMIT / 10) cut_file();
        close(file);
    }
    stifle_history(RECALL_LIMIT); // without a file, too
    using_history();
}

static bool put(int file, const char *data, size_t size, off_t at) {
    while (size) {
        ssize_t done = pwrite(file, data, size, at);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        data += done, at += done, size -= (size_t)done;
    }
    return true;
}

// The first byte is written last: until then a NUL is there, and the entry counts as none.
static void append(const char *entry) {
    int file = open_locked(O_RDWR | O_CREAT);
    off_t end = file < 0 ? -1 : whole_size(file);
    if (end >= 0 && !(put(file, entry + 1, strlen(entry) - 1, end + 1) && put(file, entry, 1, end)) &&
        ftruncate(file, end) != 0) {
        // The disk is full: the entry stays without its first byte, and is dropped by the next one that appends.
    }
    if (file >= 0) close(file);
}

void recall_add(const char *text, size_t size) {
    while (size && (text[size - 1] == '\n' || text[size - 1] == ' ')) size--;
    if (!size) return;
    char *line = mem_text(text, size);
    HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;
    if (line && !(last && strcmp(last->line, line) == 0)) {
        add_history(line);
        char *entry = recall_format(line, size, (long long)time(NULL));
        if (entry) append(entry);
        mem_free(entry);
    }
    mem_free(line);
    using_history();
}

void recall_list(struct buffer *out) {
    HIST_ENTRY **list = history_list();
    for (int i = 0; list && list[i]; i++) buffer_printf(out, "%s\n", list[i]->line);
}
