// Commands about the session itself.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/lesson.h"
#include "app/recall.h"
#include "app/report.h"
#include "app/settings.h"
#include "app/train_command.h"
#include "app/walk.h"
#include "app/window.h"
#include "base/clock.h"
#include "base/file.h"

bool command_show_help(struct session *session, const struct words *words, struct error *error) {
    struct buffer text = {0};
    struct error failed = {0};
    command_help(&text, words->rest, session->output.color, &failed);
    bool ok = failed.kind == ERROR_NONE;
    if (!ok && error) *error = failed;
    if (ok && session->output.json)
        report_json(session, json_pack("{s:s, s:s}", "kind", "help", "text", buffer_string(&text)));
    else if (ok)
        report_text(session, "%s", buffer_string(&text));
    buffer_free(&text);
    return ok;
}

bool command_load(struct session *session, const struct words *words, struct error *error) {
    static int depth;
    if (words->count != 1) return command_usage_error(words, 1, error, "name one file");
    if (depth >= 16) return error_set(error, ERROR_LIMIT, words->all, "files load one another over 16 deep");
    char path[4096];
    snprintf(path, sizeof path, "%s", words->word[0]);
    depth++;
    int before = session->failures, failed = 0;
    bool read = session_load(session, path, &failed, error);
    depth--;
    session->failures = before; // the line that loads is what fails, once
    if (!read && error && !error->span.source) error->span = words->span[0];
    return read && (!failed || error_set(error, ERROR_FILE, words->span[0], "%d line%s of %s failed", failed,
                                         failed == 1 ? "" : "s", path));
}

bool command_save(struct session *session, const struct words *words, struct error *error) {
    if (words->count != 1) return command_usage_error(words, 1, error, "name one file");
    struct buffer script = {0};
    bool ok = (session_script(session, &script) || error_memory(error)) &&
              file_write(words->word[0], script.data, script.size, error);
    if (ok && session->output.json)
        report_json(session, json_pack("{s:s, s:s, s:I}", "kind", "save", "file", words->word[0], "bytes",
                                       (json_int_t)script.size));
    else if (ok)
        report_text(session, "%s: %zu bytes\n", words->word[0], script.size);
    buffer_free(&script);
    return ok;
}

bool command_reset(struct session *session, const struct words *words, struct error *error) {
    if (!command_no_words(words, error)) return false;
    if (session->lesson) return lesson_restore(session, error);
    if (!session_reset(session, error)) return false;
    if (!session->output.json) report_text(session, "forgotten; :undo brings it back\n");
    return true;
}

static bool tell_point(struct session *session, const char *what) {
    struct buffer point = {0};
    environment_point(session->environment, &point);
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:s}", "kind", what, "point", buffer_string(&point)));
    else
        report_text(session, "%s%s%s%s%s\n", report_muted(session), what, point.size ? ": now at " : "",
                    buffer_string(&point), report_plain(session));
    buffer_free(&point);
    return true;
}

bool command_undo(struct session *session, const struct words *words, struct error *error) {
    return command_no_words(words, error) && session_undo(session, error) && tell_point(session, "undone");
}

bool command_redo(struct session *session, const struct words *words, struct error *error) {
    return command_no_words(words, error) && session_redo(session, error) && tell_point(session, "done again");
}

// ---- :set ---------------------------------------------------------------------------------------------------------

static void tell_setting(struct session *session, const struct setting *setting) {
    struct buffer value = {0};
    setting->show(session, &value);
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:s, s:s}", "kind", "setting", "key", setting->name, "value",
                                       buffer_string(&value)));
    else
        report_text(session, "%s = %s\n", setting->name, buffer_string(&value));
    buffer_free(&value);
}

static void list_settings(struct session *session) {
    struct report_table *table = session->output.json ? NULL : report_table_new(3);
    for (size_t i = 0; i < setting_count; i++) {
        struct buffer value = {0};
        if (!table) {
            tell_setting(session, &setting_table[i]);
            continue;
        }
        setting_table[i].show(session, &value);
        report_table_cell(table, "%s", setting_table[i].name);
        report_table_cell(table, "= %s", buffer_string(&value));
        report_table_cell(table, "%s", setting_table[i].doc);
        buffer_free(&value);
    }
    report_table_print(session, table, false);
}

bool command_set(struct session *session, const struct words *words, struct error *error) {
    if (!words->count) return list_settings(session), true;
    const struct setting *setting = setting_find(words->word[0], error);
    if (!setting) {
        if (error) error->span = words->span[0];
        return false;
    }
    if (words->count == 1) return tell_setting(session, setting), true;
    uint32_t at = strcmp(words->word[1], "=") == 0 ? 2 : 1;
    if (words->count != at + 1) return command_usage_error(words, at + 1, error, "one value is needed");
    if (!setting->set(session, words->word[at]))
        return command_usage_error(words, at, error, "`%s` is not a value of %s: %s", words->word[at], setting->name,
                                   setting->values);
    settings_apply(session);
    return true;
}

// ---- names --------------------------------------------------------------------------------------------------------

struct listing {
    struct session *session;
    const char *wanted; // NULL: all
    bool found;
    struct span span;
    struct report_table *table; // of all
};

static void list_binding(void *context, const struct binding *binding) {
    struct listing *l = context;
    const char *name = symbol_text(l->session->symbols, binding->name);
    if (l->wanted && strcmp(l->wanted, name) != 0) return;
    l->found = true;
    if (strcmp(binding->kind, "function") == 0) l->span = binding->span;
    if (l->session->output.json) {
        report_json(l->session, json_pack("{s:s, s:s, s:s, s:s}", "kind", "binding", "name", name, "type",
                                          binding->kind, "shown", binding->shown));
    } else if (l->table) {
        report_table_cell(l->table, "%s", name);
        report_table_cell(l->table, "%s", binding->kind);
        report_table_cell(l->table, "%s", binding->shown);
    } else if (!l->span.source) {
        report_text(l->session, "  %s  %s  %s\n", name, binding->kind, binding->shown);
    }
}

bool command_list(struct session *session, const struct words *words, struct error *error) {
    if (words->count > 1) return command_usage_error(words, 1, error, "name one function, or none");
    struct listing l = {.session = session, .wanted = words->count ? words->word[0] : NULL};
    if (!session->output.json && !l.wanted) l.table = report_table_new(3);
    environment_bindings(session->environment, list_binding, &l);
    bool text = l.wanted && l.span.source && !session->output.json;
    if (text) report_text(session, "%.*s\n", (int)(l.span.end - l.span.begin), l.span.source->text + l.span.begin);
    report_table_print(session, l.table, false);
    if (l.wanted && !l.found) return error_set(error, ERROR_NAME, words->span[0], "`%s` is not defined", l.wanted);
    if (!l.found && !session->output.json) report_text(session, "nothing is defined yet\n");
    return true;
}

static bool run_editor(const char *path, struct error *error) {
    const char *editor = getenv("VISUAL");
    if (!editor || !*editor) editor = getenv("EDITOR");
    if (!editor || !*editor) editor = "editor";
    struct buffer line = {0};
    buffer_printf(&line, "%s '%s'", editor, path);
    int status = line.failed ? -1 : system(line.data);
    buffer_free(&line);
    if (status == 0) return true;
    error_set(error, ERROR_OTHER, SPAN_NONE, "the editor `%s` did not end well; nothing was changed", editor);
    error_hint(error, "choose another with the environment variable EDITOR");
    return false;
}

bool command_edit(struct session *session, const struct words *words, struct error *error) {
    if (words->count != 1) return command_usage_error(words, 1, error, "name one function");
    if (!session->output.interactive) {
        error_set(error, ERROR_OTHER, words->all, ":edit needs a terminal");
        error_hint(error, "define the function again instead");
        return false;
    }
    struct listing l = {.session = session, .wanted = words->word[0]};
    bool json = session->output.json;
    session->output.json = false;
    environment_bindings(session->environment, list_binding, &l);
    session->output.json = json;
    if (!l.span.source)
        return error_set(error, ERROR_NAME, words->span[0], "`%s` is not a function defined here", l.wanted);
    char path[] = "/tmp/bauer-edit-XXXXXX.py";
    int file = mkstemps(path, 3);
    if (file < 0) return error_set(error, ERROR_FILE, SPAN_NONE, "cannot write a temporary file in /tmp");
    close(file);
    size_t size;
    bool ok = file_write(path, l.span.source->text + l.span.begin, l.span.end - l.span.begin, error) &&
              run_editor(path, error);
    char *text = ok ? file_read(path, &size, error) : NULL;
    unlink(path);
    struct session_mark *mark = text ? session_mark(session) : NULL;
    if (!mark) {
        mem_free(text);
        return text && error_memory(error);
    }
    int before = session->failures, failed = session_run(session, words->word[0], text, size, 1);
    session->failures = before;
    mem_free(text);
    if (failed && !session_return(session, mark, error)) return session_mark_free(mark), false;
    session_mark_free(mark);
    return !failed || error_set(error, ERROR_OTHER, words->span[0], "the new text has a mistake; `%s` is as it was",
                                words->word[0]);
}

bool command_history(struct session *session, const struct words *words, struct error *error) {
    if (!command_no_words(words, error)) return false;
    struct buffer text = {0};
    recall_list(&text);
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:s}", "kind", "history", "text", buffer_string(&text)));
    else
        report_text(session, "%s", buffer_string(&text));
    buffer_free(&text);
    return true;
}

// ---- the rest -----------------------------------------------------------------------------------------------------

// What is timed stands in the text that the command stands in.
static const char *place_name(const struct words *words) {
    return words->all.source ? words->all.source->name : "<input>";
}

static uint32_t place_line(const struct words *words) {
    return words->all.source ? source_line(words->all.source, words->all.begin) : 1;
}

bool command_time(struct session *session, const struct words *words, struct error *error) {
    if (!words->count) return command_usage_error(words, 0, error, "a line is missing");
    char *line = mem_text(words->rest, strlen(words->rest));
    if (!line) return error_memory(error);
    double start = clock_now();
    int before = session->failures,
        failed = session_run(session, place_name(words), line, strlen(line), place_line(words));
    double seconds = clock_now() - start;
    session->failures = before;
    mem_free(line);
    if (failed) return error_set(error, ERROR_OTHER, words->all, "the timed line failed");
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:f}", "kind", "time", "seconds", seconds));
    else
        report_text(session, "%s%.3g s%s\n", report_muted(session), seconds, report_plain(session));
    return true;
}

bool command_window(struct session *session, const struct words *words, struct error *error) {
    const char *what = words->count ? words->word[0] : "open";
    if (words->count > 1) return command_usage_error(words, 1, error, "one word is needed");
    if (strcmp(what, "open") == 0) return window_open(session, error);
    if (strcmp(what, "close") == 0) return window_stop(), true;
    if (strcmp(what, "state") != 0)
        return command_usage_error(words, 0, error, "`%s` is not open, close or state", what);
    char *state = window_state(session, error);
    if (!state) return false;
    report_text(session, "%s\n", state);
    mem_free(state);
    return true;
}

bool command_quit(struct session *session, const struct words *words, struct error *error) {
    if (!command_no_words(words, error)) return false;
    session->quit = true;
    return true;
}
