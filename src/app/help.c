// Help, usage and man page, all made from the tables.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/keys.h"
#include "app/settings.h"
#include "lang/builtin.h"
#include "op/op.h"

const struct command_option command_options[] = {
    {"-c LINE", "run a line; repeatable, in the order given with the files"},
    {"-", "read lines from standard input"},
    {"-i", "prompt after the files"},
    {"--json", "print each result as one JSON object on a line"},
    {"--seed N", "seed of everything random, or `auto` for a new one"},
    {"--data FOLDER", "where MNIST's and CIFAR-10's files are, for :train and :figure"},
    {"--strict", "stop at the first line that fails"},
    {"--window", "open the window for a file or a pipe too, and wait until it is closed"},
    {"--no-window", "open no window"},
    {"--no-init", "do not read the init file"},
    {"--check-lesson FILE...", "find every mistake in lessons, and exit"},
    {"--grade LESSON ANSWERS", "mark a student's saved answers, and exit; with --json as one object"},
    {"--version", "versions of bauer and its libraries"},
    {"--help", "this text"},
};
enum { OPTIONS = sizeof command_options / sizeof *command_options };
const size_t command_option_count = OPTIONS;

static const char usage_lines[] = "bauer [OPTION]... [FILE | -c LINE | -]...\nbauer bench [NAME]... [--json]\n";

static void add_command_row(struct buffer *out, const struct command *c) {
    char name[160];
    snprintf(name, sizeof name, ":%s%s%s", c->name, *c->arguments ? " " : "", c->arguments);
    if (strlen(name) > 34)
        buffer_printf(out, "  %s\n  %-36s %s\n", name, "", c->summary);
    else
        buffer_printf(out, "  %-36s %s\n", name, c->summary);
}

void command_usage(struct buffer *out) {
    buffer_text(
        out, "bauer: an interactive graph REPL and a visual teaching tool for automatic differentiation\n\nusage:\n");
    buffer_printf(out, "  bauer [OPTION]... [FILE | -c LINE | -]...\n  bauer bench [NAME]... [--json]\n\noptions:\n");
    for (int i = 0; i < OPTIONS; i++)
        buffer_printf(out, "  %-12s %s\n", command_options[i].flag, command_options[i].doc);
    buffer_text(out, "\nA FILE is a Python program, a saved session, or an SVG that bauer made. Lines that begin with "
                     ": are commands,\n"
                     "all others a program:\n\n");
    for (size_t i = 0; i < command_count; i++) add_command_row(out, &command_table[i]);
    buffer_text(out, "\nExit status: 0 done, 1 a line failed, 2 wrong usage.\n");
}

// ---- :help --------------------------------------------------------------------------------------------------------

static void help_all(struct buffer *out) {
    buffer_text(out, "Type Python-like lines: def f(x1, x2): ..., then f(0.5, 1.2). Commands begin with a colon:\n\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &command_table[i];
        buffer_printf(out, "  :%-10s %-4s %s\n", c->name, c->letter ? c->letter : "", c->summary);
    }
    buffer_text(out, "\n:help COMMAND, :help sin, :help operations, :help settings, :help keys tell more.\n");
}

enum { HELP_WIDTH = 80 };

// A paragraph in lines of HELP_WIDTH.
static void add_wrapped(struct buffer *out, const char *text) {
    size_t used = 0;
    while (*text) {
        size_t size = strcspn(text, " ");
        if (used && used + 1 + size > HELP_WIDTH) buffer_char(out, '\n'), used = 0;
        if (used) buffer_char(out, ' '), used++;
        buffer_add(out, text, size);
        used += size;
        text += size + strspn(text + size, " ");
    }
    buffer_char(out, '\n');
}

static void help_command(struct buffer *out, const struct command *c) {
    buffer_printf(out, ":%s %s\n", c->name, c->arguments);
    if (c->letter) buffer_printf(out, "short: :%s\n", c->letter);
    buffer_char(out, '\n');
    add_wrapped(out, c->help);
    buffer_text(out, "\nfor example:\n");
    for (const char *line = c->example; *line;) {
        size_t size = strcspn(line, "\n");
        buffer_printf(out, "  %.*s\n", (int)size, line);
        line += size + (line[size] == '\n');
    }
}

static void help_op(struct buffer *out, const struct op_info *info) {
    static const char *const names[] = {"a", "b"};
    buffer_printf(out, "%s: %s\n", info->infix ? info->infix : info->name, info->doc);
    for (int i = 0; i < info->arity && i < 2; i++) {
        buffer_printf(out, "  derivative by %s: ", names[i]);
        for (const char *c = info->partial_text[i]; *c; c++) // {a} as a; {y}: the value itself
            if (*c == '{' && c[1] == 'y')
                buffer_char(out, 'y'), c += 2;
            else if (*c == '{')
                buffer_char(out, c[1]), c += 2;
            else
                buffer_char(out, *c);
        buffer_text(out, "\n");
    }
    buffer_printf(out, "  for example %s\n", info->example);
}

static void help_operations(struct buffer *out) {
    buffer_text(out, "Every number is a double: whole numbers are exact to 2**53, some 9.007e15, and rounded above.\n"
                     "Tensors, and slices of arrays, are values: y *= 2 changes nothing under another name. sum(t) "
                     "adds up all of t.\n");
    for (int op = OP_FIRST_ROW; op < OP_COUNT; op++)
        buffer_printf(out, "  %-10s %-52s %s\n", op_table[op].infix ? op_table[op].infix : op_table[op].name,
                      op_table[op].doc, op_table[op].example);
    for (size_t i = 0; i < builtin_count; i++)
        buffer_printf(out, "  %-10s %-52s %s\n", builtin_table[i].name, builtin_table[i].doc, builtin_table[i].example);
}

static void help_settings(struct buffer *out) {
    for (size_t i = 0; i < setting_count; i++)
        buffer_printf(out, "  %-16s %-34s %s\n", setting_table[i].name, setting_table[i].values, setting_table[i].doc);
}

static void help_keys(struct buffer *out) {
    buffer_text(out, "Keys of the window; in brackets what the mouse does.\n");
    for (size_t i = 0; i < key_count; i++) {
        const struct key_row *row = &key_table[i];
        buffer_printf(out, "  %-16s %s%s%s%s\n", row->keys, row->summary, row->mouse ? " (" : "",
                      row->mouse ? row->mouse : "", row->mouse ? ")" : "");
    }
}

static bool help_name(struct buffer *out, const char *name) {
    enum op op = op_find(name);
    for (int i = OP_FIRST_ROW; op == OP_COUNT && i < OP_COUNT; i++)
        if (op_table[i].infix && strcmp(op_table[i].infix, name) == 0) op = (enum op)i;
    if (op != OP_COUNT) return help_op(out, &op_table[op]), true;
    for (size_t i = 0; i < builtin_count; i++)
        if (strcmp(builtin_table[i].name, name) == 0)
            return buffer_printf(out, "%s: %s\n  for example %s\n", name, builtin_table[i].doc,
                                 builtin_table[i].example),
                   true;
    return false;
}

static bool help_setting(struct buffer *out, const char *name) {
    for (size_t i = 0; i < setting_count; i++)
        if (strcmp(setting_table[i].name, name) == 0)
            return buffer_printf(out, ":set %s VALUE, %s: %s\n", name, setting_table[i].values, setting_table[i].doc),
                   true;
    return false;
}

// A name may mean several things (`list` is a command and a function): all of them, unless a colon tells.
static bool help_all_meanings(struct buffer *out, const char *name) {
    bool colon = name[0] == ':', found = false;
    const struct command *c = command_find(name + colon, false, NULL);
    if (c) help_command(out, c), found = true;
    if (colon) return found;
    size_t end = out->size;
    if (c) buffer_char(out, '\n');
    size_t before = out->size;
    found = help_name(out, name) || found;
    found = help_setting(out, name) || found;
    if (out->size == before) buffer_cut(out, end); // the blank line was for nothing
    return found;
}

void command_help(struct buffer *out, const char *topic, bool color, struct error *error) {
    (void)color;
    char name[64];
    size_t size = strcspn(topic, " \t\r\n");
    snprintf(name, sizeof name, "%.*s", size < 60 ? (int)size : 60, topic);
    if (!size)
        help_all(out);
    else if (strcmp(name, "operations") == 0)
        help_operations(out);
    else if (strcmp(name, "settings") == 0)
        help_settings(out);
    else if (strcmp(name, "keys") == 0)
        help_keys(out);
    else if (!help_all_meanings(out, name)) {
        error_set(error, ERROR_NAME, SPAN_NONE, "there is no help on `%s`", name);
        error_hint(error, ":help lists the commands, :help operations the functions, :help keys the window's keys");
    }
}

// ---- man page
// ---------------------------------------------------------------------------------------------------------

// roff takes a leading dot or quote and backslashes for its own.
static void roff(struct buffer *out, const char *text) {
    if (*text == '.' || *text == '\'') buffer_text(out, "\\&");
    for (; *text; text++)
        if (*text == '\\')
            buffer_text(out, "\\e");
        else if (*text == '-')
            buffer_text(out, "\\-");
        else
            buffer_char(out, *text);
}

static void man_item(struct buffer *out, const char *name, const char *text) {
    buffer_text(out, ".TP\n.B ");
    roff(out, name);
    buffer_char(out, '\n');
    roff(out, text);
    buffer_char(out, '\n');
}

void command_man(struct buffer *out) {
    buffer_text(out, ".TH BAUER 1 \"\" \"bauer " BAUER_VERSION "\" \"User Commands\"\n.SH NAME\n"
                     "bauer \\- graph REPL and teaching tool for automatic differentiation\n.SH SYNOPSIS\n");
    for (const char *line = usage_lines; *line;) {
        size_t size = strcspn(line, "\n");
        char text[120] = "";
        memcpy(text, line, size < sizeof text ? size : sizeof text - 1);
        buffer_text(out, line == usage_lines ? ".B " : ".br\n.B ");
        roff(out, text);
        buffer_char(out, '\n');
        line += size + (line[size] == '\n');
    }
    buffer_text(
        out, ".SH DESCRIPTION\nA program of a few Python-like lines becomes a graph, then a linearized graph whose "
             "edges carry local\n"
             "derivatives; the derivative is the sum over all paths of the product of edge values (Bauer's formula).\n"
             "Lines that begin with a colon are commands, all others a program. A file is a Python program, a saved\n"
             "session, or an SVG that bauer made. Every number of a program is a double: whole numbers are exact to\n"
             "2**53, some 9.007e15, and rounded above.\n.SH OPTIONS\n");
    for (int i = 0; i < OPTIONS; i++) man_item(out, command_options[i].flag, command_options[i].doc);
    buffer_text(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &command_table[i];
        char name[200];
        snprintf(name, sizeof name, ":%s %s", c->name, c->arguments);
        man_item(out, name, c->summary);
        buffer_text(out, ".br\n");
        roff(out, c->help);
        buffer_char(out, '\n');
    }
    buffer_text(out, ".SH SETTINGS\n");
    for (size_t i = 0; i < setting_count; i++) {
        char name[120];
        snprintf(name, sizeof name, ":set %s", setting_table[i].name);
        man_item(out, name, setting_table[i].doc);
        buffer_printf(out, "(%s)\n", setting_table[i].values);
    }
    buffer_text(out, ".SH KEYS\nIn the window.\n");
    for (size_t i = 0; i < key_count; i++) man_item(out, key_table[i].keys, key_table[i].summary);
    buffer_text(
        out,
        ".SH EXIT STATUS\n0 done, 1 a line failed, 2 wrong usage.\n.SH FILES\n.TP\n.I $XDG_CONFIG_HOME/bauer/init\n"
        "settings read before the prompt\n.TP\n.I $XDG_STATE_HOME/bauer/history\nlines typed at the prompt\n");
}
