#include "app/repl.h"

#include <ctype.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/command.h"
#include "app/journal.h"
#include "app/progress.h"
#include "app/prompt.h"
#include "app/recall.h"
#include "app/report.h"
#include "app/runs.h"
#include "app/window.h"
#include "base/file.h"
#include "base/task.h"

// ---- prompts that were pasted along ---------------------------------------------------------------------------------

static size_t dots_prompt(const char *line) {
    size_t dots = strspn(line, ".");
    if (dots >= 3 && line[dots] == '>') dots++;
    if (dots < 3) return 0;
    return line[dots] == ' ' ? dots + 1 : line[dots] == '\n' || !line[dots] ? dots : 0;
}

static size_t jupyter_prompt(const char *line) {
    size_t at = strspn(line, " ");
    if (at && strncmp(line + at, "...:", 4) == 0) return at + 4 + (line[at + 4] == ' ');
    if (strncmp(line, "In [", 4) != 0) return 0;
    at = 4 + strspn(line + 4, "0123456789 ");
    return strncmp(line + at, "]:", 2) == 0 ? at + 2 + (line[at + 2] == ' ') : 0;
}

// The size of the prompt at the start of `line`; `first` when it may not be that of a continuation.
static size_t prompt_size_at(const char *line, bool first) {
    static const char *const starts[] = {">>>", "bauer>"};
    for (int i = 0; i < 2; i++) {
        size_t size = strlen(starts[i]);
        if (strncmp(line, starts[i], size) == 0 && strchr(" \n", line[size]) /* or the end */)
            return size + (line[size] == ' ');
    }
    size_t size = jupyter_prompt(line);
    return size || first ? (first && line[0] == ' ' ? 0 : size) : dots_prompt(line);
}

size_t repl_strip_prompts(char *text, size_t size) {
    if (!prompt_size_at(text, true)) return size;
    size_t kept = 0;
    for (size_t at = 0; at < size;) {
        size_t skip = prompt_size_at(text + at, false);
        const char *stop = memchr(text + at, '\n', size - at);
        size_t next = stop ? (size_t)(stop - text) + 1 : size;
        bool blank = at + strspn(text + at, " \t\n") >= next;
        if (skip > next - at) skip = next - at;
        if (skip || blank) {
            memmove(text + kept, text + at + skip, next - at - skip);
            kept += next - at - skip;
        }
        at = next;
    }
    text[kept] = '\0';
    return kept;
}

// ---- an entry -------------------------------------------------------------------------------------------------------

int repl_indent(const char *text, size_t size) {
    while (size && text[size - 1] == '\n') size--;
    size_t begin = size;
    while (begin && text[begin - 1] != '\n') begin--;
    int indent = (int)strspn(text + begin, " ");
    const char *words = text + begin + indent;
    size_t end = size;
    const char *comment = memchr(words, '#', size - begin - (size_t)indent);
    if (comment) end = (size_t)(comment - text);
    while (end > begin && text[end - 1] == ' ') end--;
    if (end > begin && text[end - 1] == ':') return indent + 4;
    static const char *const last[] = {"return", "pass", "break", "continue"};
    for (int i = 0; i < 4; i++) {
        size_t length = strlen(last[i]);
        if (strncmp(words, last[i], length) == 0 && !isalnum((unsigned char)words[length]) && words[length] != '_')
            return indent > 4 ? indent - 4 : 0;
    }
    return indent;
}

static bool blank_line(const char *line, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (!isspace((unsigned char)line[i])) return false;
    return true;
}

// Whether what has been typed can run. `last` is where the last line began; a block that came in one piece (pasted, or
// recalled) ends where it ends, unless brackets are open.
static bool complete(struct session *session, struct buffer *entry, size_t last) {
    const char *text = buffer_string(entry);
    size_t first = strspn(text, " \t");
    bool block = memchr(text + last, '\n', entry->size - last - 1);
    bool blank = blank_line(text + last, entry->size - last);
    if (text[first] == ':' && !block) return true;
    if (blank && prompt_waiting(true)) return false;
    if (blank && blank_line(text, entry->size)) return true;
    if (!block) return !parse_wants_more(session->symbols, text, entry->size);
    size_t size = entry->size;
    buffer_char(entry, '\n');
    bool more = parse_wants_more(session->symbols, buffer_string(entry), entry->size);
    buffer_cut(entry, size);
    return !more;
}

void repl_prompt(const struct session *session, bool first, char out[256]) {
    char status[160] = "";
    const char *words = first ? "bauer> " : ".....> ";
    if (first) runs_prompt(session, status);
    if (session->output.color && *status)
        snprintf(out, 256, "\001%s\002%s\001%s%s\002%s\001%s\002", report_muted(session), status, report_plain(session),
                 report_accent(session), words, report_plain(session));
    else if (session->output.color)
        snprintf(out, 256, "\001%s\002%s\001%s\002", first ? report_accent(session) : report_muted(session), words,
                 report_plain(session));
    else
        snprintf(out, 256, "%s%s", status, words);
}

// Strips prompts from a line that came by itself: the first decides whether the others may have one.
static void add_line(struct buffer *entry, struct buffer *line, bool *pasted) {
    const char *text = buffer_string(line);
    bool first = entry->size == 0;
    if (first) *pasted = prompt_size_at(text, true) > 0;
    if (first && *pasted) line->size = repl_strip_prompts(line->data, line->size);
    size_t skip = !first && *pasted ? prompt_size_at(text, false) : 0;
    if (blank_line(text + skip, line->size - skip)) skip = line->size; // indentation of ours, and nothing on it
    buffer_add(entry, buffer_string(line) + skip, line->size - skip);
    buffer_char(entry, '\n');
}

// Reads until an entry is complete; false when it is time to leave.
static bool read_entry(struct session *session, struct buffer *entry) {
    bool pasted = false;
    struct buffer line = {0};
    enum prompt_answer answer;
    buffer_clear(entry);
    do {
        int indent = entry->size ? repl_indent(buffer_string(entry), entry->size) : 0;
        buffer_clear(&line);
        answer = prompt_read(entry->size == 0, pasted ? 0 : indent, &line);
        size_t last = entry->size;
        if (answer == PROMPT_CANCEL) buffer_clear(entry);
        if (answer == PROMPT_CANCEL && runs_busy(session))
            fputs("training goes on: :pause, :stop\n", session->output.json ? stderr : stdout);
        task_begin(); // the Ctrl-C was for the line
        if (answer == PROMPT_LINE) add_line(entry, &line, &pasted);
        if (answer == PROMPT_LINE && complete(session, entry, last)) break;
        if (answer == PROMPT_END && entry->size == 0) putchar('\n');
    } while (answer == PROMPT_CANCEL || answer == PROMPT_LINE);
    if (answer == PROMPT_END && entry->size) putchar('\n');
    buffer_free(&line);
    return answer == PROMPT_LINE || (answer == PROMPT_END && entry->size);
}

// ---- the pager ------------------------------------------------------------------------------------------------------

static bool longer_than_terminal(const char *text, size_t size) {
    int lines, columns, used = 1;
    prompt_size(&lines, &columns);
    for (size_t i = 0; i < size && used < lines; i++) used += text[i] == '\n';
    return used >= lines;
}

static bool feed(FILE *pipe, const char *text, size_t size) {
    struct sigaction ignore = {.sa_handler = SIG_IGN}, broken, interrupt;
    sigaction(SIGPIPE, &ignore, &broken);   // who leaves the pager early has seen enough
    sigaction(SIGINT, &ignore, &interrupt); // Ctrl-C in the pager is for the pager
    fwrite(text, 1, size, pipe);
    int status = pclose(pipe);
    sigaction(SIGPIPE, &broken, NULL);
    sigaction(SIGINT, &interrupt, NULL);
    bool missing = status != -1 && WIFEXITED(status) && (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126);
    return !missing;
}

bool repl_page(const char *text, size_t size) {
    const char *pager = getenv("PAGER");
    if (!pager) pager = "less -FRX";
    if (!*pager || strcmp(pager, "cat") == 0 || !isatty(STDOUT_FILENO) || !longer_than_terminal(text, size))
        return false;
    setenv("LESSCHARSET", "utf-8", 0);
    fflush(stdout);
    FILE *pipe = popen(pager, "we");
    if (!pipe) return false;
    return feed(pipe, text, size);
}

// ---- the init file --------------------------------------------------------------------------------------------------

static bool is_setting(const char *line, size_t size) {
    return size >= 4 && strncmp(line, ":set", 4) == 0 && (size == 4 || isspace((unsigned char)line[4]));
}

static bool run_setting(struct session *session, const struct span *span, struct error *error) {
    const char *text = span->source->text + span->begin;
    size_t size = span->end - span->begin;
    if (!is_setting(text, size)) {
        error_set(error, ERROR_OTHER, *span, "the init file may only have :set lines");
        error_hint(error, "keep programs in a file of their own: bauer FILE.py -i");
        return false;
    }
    char *line = mem_text(text, size);
    bool ok = line ? command_run(session, line, *span, error) : error_memory(error);
    mem_free(line);
    buffer_clear(&session->output.text); // the answers are not news
    return ok;
}

static void run_settings(struct session *session, const struct source *source) {
    for (uint32_t i = 0, lines = source_line_count(source); i < lines; i++) {
        uint32_t begin = source->line_start[i];
        uint32_t end = i + 1 < lines ? source->line_start[i + 1] : (uint32_t)source->size;
        while (begin < end && isspace((unsigned char)source->text[begin])) begin++;
        while (begin < end && isspace((unsigned char)source->text[end - 1])) end--;
        if (begin == end || source->text[begin] == '#') continue;
        struct error error = {0};
        struct span span = {source, begin, end};
        if (!run_setting(session, &span, &error)) report_error(session, &error);
    }
}

static void run_init(struct session *session) {
    char path[PATH_MAX];
    size_t size;
    if (!file_xdg("XDG_CONFIG_HOME", ".config", "init", path, sizeof path) || access(path, F_OK) != 0) return;
    struct error error = {0};
    char *text = file_read(path, &size, &error);
    struct source *source = text ? source_new(path, text, size, &error) : NULL;
    if (source)
        run_settings(session, source);
    else
        report_error(session, &error);
    source_drop(source);
    mem_free(text);
}

// ---- the session ----------------------------------------------------------------------------------------------------

static int run_piped(struct session *session) {
    size_t size;
    struct error error = {0};
    char *text = file_read("/dev/stdin", &size, &error);
    if (!text) {
        report_error(session, &error);
        return 1;
    }
    int failed = session_run(session, "<stdin>", text, size, 1);
    mem_free(text);
    return failed ? 1 : 0;
}

static bool wants_color(void) {
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return !(none && *none) && terminal && strcmp(terminal, "dumb") != 0 && isatty(STDOUT_FILENO);
}

static void look_at_terminal(struct session *session) {
    int lines;
    prompt_size(&lines, &session->output.columns);
    session->output.interactive = true;
}

// Names may be Greek, so Readline, which asks the environment itself, must take bytes for characters of UTF-8.
static void use_utf8(void) {
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) return;
    setenv("LC_ALL", "C.UTF-8", 1);
    setlocale(LC_CTYPE, "");
}

static void greet(const struct session *session) {
    printf("%sbauer " BAUER_VERSION "%s: type a program, see its derivative. :help helps, Ctrl-D leaves.\n",
           report_accent(session), report_plain(session));
    printf("For instance:  x = 2   then  y = x*sin(x)   then  :jacobian\n");
}

static void run_entry(struct session *session, const struct buffer *entry) {
    recall_add(entry->data, entry->size);
    look_at_terminal(session);
    task_begin();
    session_run(session, "<input>", entry->data, entry->size, 1);
    progress_clear();
    journal_write(session);
    fflush(stdout);
}

int repl_run(struct session *session, bool read_init) {
    if (!isatty(STDIN_FILENO)) return run_piped(session);
    struct buffer entry = {0};
    use_utf8();
    look_at_terminal(session);
    session->output.color = wants_color(); // until `:set color`
    prompt_open(session);
    recall_open();
    if (read_init) run_init(session);
    if (!session->output.json) greet(session);
    if (!session->output.json) journal_tell(session);
    journal_open();
    progress_start();
    window_refresh(session, true); // what a file has left to look at
    while (!session->quit && read_entry(session, &entry))
        if (!blank_line(buffer_string(&entry), entry.size)) run_entry(session, &entry);
    journal_write(session); // also what was done in the window
    journal_close(prompt_signal() != 0);
    progress_stop();
    prompt_close();
    buffer_free(&entry);
    return prompt_signal() ? 128 + prompt_signal() : 0;
}
