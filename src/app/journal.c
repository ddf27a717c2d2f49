#include "app/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/report.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/rng.h"

// A session's script is NAME.py; who runs it holds the lock on NAME.lock.
static struct {
    char script[PATH_MAX], lock[PATH_MAX];
    int held; // the lock's descriptor, -1: no journal
    uint64_t written;
    bool failed;
    char recovered[PATH_MAX]; // the script of a lost session that came back: kept until it stands in this one's, or ""
} journal = {.held = -1};

static bool folder_of(char *path, size_t size) {
    char leaf[] = "sessions/x";
    if (!file_xdg("XDG_STATE_HOME", ".local/state", leaf, path, size)) return false;
    *strrchr(path, '/') = '\0';
    return true;
}

// -1: somebody holds it, or it cannot be opened.
static int take_lock(const char *path) {
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) return file;
    if (file >= 0) close(file);
    return -1;
}

void journal_open(void) {
    char folder[PATH_MAX];
    if (!folder_of(folder, sizeof folder - 80)) return;
    long long now = (long long)time(NULL);
    snprintf(journal.script, sizeof journal.script, "%.4000s/%lld-%ld.py", folder, now, (long)getpid());
    snprintf(journal.lock, sizeof journal.lock, "%.4000s/%lld-%ld.lock", folder, now, (long)getpid());
    journal.held = take_lock(journal.lock);
}

static void lock_of(const char *script, char lock[PATH_MAX]) {
    size_t stem = strlen(script) - 3; // it ends in ".py"
    if (stem + 6 > PATH_MAX) stem = PATH_MAX - 6;
    snprintf(lock, PATH_MAX, "%.*s.lock", (int)stem, script);
}

static void forget(const char *script) {
    char lock[PATH_MAX];
    lock_of(script, lock);
    unlink(script);
    unlink(lock);
}

void journal_write(struct session *session) {
    if (journal.held < 0 || session->lesson) return; // a lesson's lines are not the person's own
    struct buffer script = {0};
    struct error error = {0};
    mem_forget(); // the line before may have run out of it
    bool ok = session_script(session, &script);
    uint64_t now = ok ? rng_hash(script.data, script.size, 0) : journal.written;
    if (ok && now != journal.written) {
        ok = session->log.size ? file_write_unflushed(journal.script, script.data, script.size, &error)
                               : (unlink(journal.script), true);
        if (ok) journal.written = now;
        if (!ok && !journal.failed)
            fprintf(session->output.json ? stderr : stdout, "this session cannot be brought back if it is lost: %s\n",
                    error.message);
        journal.failed = !ok;
    }
    if (ok && journal.recovered[0]) forget(journal.recovered), journal.recovered[0] = '\0';
    buffer_free(&script);
}

void journal_close(bool keep) {
    if (journal.held < 0) return;
    if (!keep) unlink(journal.script);
    unlink(journal.lock);
    close(journal.held);
    journal.held = -1;
}

// ---- what was lost ------------------------------------------------------------------------------------------------

struct lost {
    char script[PATH_MAX];
    time_t at;
};

static int newest_first(const void *a, const void *b) {
    const struct lost *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? 1 : -1) : strcmp(y->script, x->script);
}

static bool is_lost(const char *script, time_t *at) {
    char lock[PATH_MAX];
    struct stat status;
    lock_of(script, lock);
    int held = take_lock(lock);
    if (held < 0) return false; // it runs
    bool there = stat(script, &status) == 0 && status.st_size > 0;
    if (!there) unlink(lock);
    close(held);
    *at = status.st_mtime;
    return there;
}

// mem_free it.
static struct lost *find_lost(size_t *count) {
    char folder[PATH_MAX];
    struct lost *list = NULL;
    size_t capacity = 0;
    *count = 0;
    DIR *directory = folder_of(folder, sizeof folder) ? opendir(folder) : NULL;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        size_t size = strlen(entry->d_name);
        if (size < 4 || strcmp(entry->d_name + size - 3, ".py") != 0) continue;
        if (!mem_grow(&list, &capacity, *count + 1, sizeof *list)) break;
        struct lost *lost = &list[*count];
        int length = snprintf(lost->script, sizeof lost->script, "%s/%s", folder, entry->d_name);
        if (length < PATH_MAX && is_lost(lost->script, &lost->at)) ++*count;
    }
    if (directory) closedir(directory);
    if (*count) qsort(list, *count, sizeof *list, newest_first);
    return list;
}

static void when(time_t at, char out[40]) {
    struct tm day;
    if (!localtime_r(&at, &day) || !strftime(out, 40, "%-d %b %Y, %H:%M", &day)) snprintf(out, 40, "an earlier day");
}

void journal_tell(const struct session *session) {
    size_t count;
    struct lost *list = find_lost(&count);
    char day[40];
    if (count) when(list[0].at, day);
    if (count == 1)
        printf("A session was lost (%s). %s:recover%s brings it back, %s:recover forget%s drops it.\n", day,
               report_accent(session), report_plain(session), report_accent(session), report_plain(session));
    else if (count)
        printf("%zu sessions were lost, the newest %s. %s:recover%s brings that back; %s:recover list%s shows all.\n",
               count, day, report_accent(session), report_plain(session), report_accent(session),
               report_plain(session));
    mem_free(list);
}

// ---- :recover [N | list | forget] ---------------------------------------------------------------------------------

static void tell_list(struct session *session, const struct lost *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char day[40];
        when(list[i].at, day);
        if (session->output.json)
            report_json(session, json_pack("{s:s, s:I, s:s, s:s}", "kind", "lost session", "number", (json_int_t)i + 1,
                                           "time", day, "file", list[i].script));
        else
            report_text(session, "%3zu  %s  %s\n", i + 1, day, list[i].script);
    }
}

// The file stays if any of its lines fails, and as long as the session has no other: it is all there is.
static bool bring_back(struct session *session, const struct lost *lost, const struct words *words,
                       struct error *error) {
    if (session->lesson) {
        error_set(error, ERROR_OTHER, words->all, "a lesson is in hand, and its end would take the lost session along");
        error_hint(error, ":lesson end leaves it");
        return false;
    }
    int before = session->failures, failed = 0;
    bool read = session_load(session, lost->script, &failed, error);
    session->failures = before;
    if (read && !failed) {
        bool kept = journal.held < 0;
        if (!kept) memcpy(journal.recovered, lost->script, sizeof journal.recovered);
        if (!session->output.json && kept)
            report_text(session, "the session is back; its file is kept: %s\n", lost->script);
        else if (!session->output.json)
            report_text(session, "the session is back\n");
        return true;
    }
    return read && (error_set(error, ERROR_FILE, words->all, "%d line%s of the lost session failed", failed,
                              failed == 1 ? "" : "s"),
                    error_hint(error, "its file is kept: %s", lost->script), false);
}

bool command_recover(struct session *session, const struct words *words, struct error *error) {
    size_t count;
    struct lost *list = find_lost(&count);
    const char *word = words->count ? words->word[0] : "1";
    double number;
    bool ok = true;
    if (words->count > 1)
        ok = command_usage_error(words, 1, error, "a number, `list` or `forget` is enough");
    else if (!count && strcmp(word, "list") != 0)
        ok = error_set(error, ERROR_OTHER, words->all, "no session was lost");
    else if (strcmp(word, "list") == 0)
        tell_list(session, list, count);
    else if (strcmp(word, "forget") == 0)
        for (size_t i = 0; i < count; i++) forget(list[i].script);
    else if (!text_parse_number(word, &number) || !(number >= 1 && number <= (double)count) ||
             number != (double)(size_t)number)
        ok = command_usage_error(words, 0, error, "the lost sessions are 1 to %zu", count);
    else
        ok = bring_back(session, &list[(size_t)number - 1], words, error);
    mem_free(list);
    return ok;
}
