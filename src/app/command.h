// The table of commands: prompt, files, lessons, keys, help, completion, --help and the man page all come from it.
#ifndef BAUER_APP_COMMAND_H
#define BAUER_APP_COMMAND_H

#include "app/session.h"

#define COMMAND_WORDS 4096 // most words in a line

// The words after a command's name, split at blanks; "..." quotes keep blanks. `rest` is the text as typed.
struct words {
    const char *rest;
    char *word[COMMAND_WORDS];
    uint32_t count;
    struct span span[COMMAND_WORDS]; // of each word, for the caret
    struct span all;
};

enum completes {
    COMPLETE_NOTHING,
    COMPLETE_FILE,
    COMPLETE_VERTEX,
    COMPLETE_FUNCTION,
    COMPLETE_VIEW,
    COMPLETE_SETTING,
    COMPLETE_COMMAND,
    COMPLETE_WORDS
};

struct command {
    const char *name;      // "paths"
    const char *letter;    // fixed short name "p", or NULL
    const char *arguments; // "[FROM -> TO] [top N]"
    const char *summary;   // one line
    const char *help;      // paragraphs for :help NAME
    const char *example;   // lines that run as they stand after Figure 1
    enum completes completes;
    const char *words; // blank-separated keywords that complete too: "forward reverse bauer order"
    bool changes;      // part of :undo and :save
    bool (*run)(struct session *session, const struct words *words, struct error *error);
};

extern const struct command command_table[];
extern const size_t command_count;

// By name, letter, or (prefix) a unique prefix; else NULL with ERROR_NAME listing the candidates or the nearest.
const struct command *command_find(const char *name, bool prefix, struct error *error);
// Runs one line that starts with ':' ("line" without the colon is accepted).
bool command_run(struct session *session, const char *line, struct span span, struct error *error);

// The words of `text`, of which `copy` holds the pieces (mem_free it afterwards); NULL with an error.
char *command_words(const char *text, struct words *words, struct error *error);

// Texts made from the table.
void command_help(struct buffer *out, const char *topic, bool color,
                  struct error *error); // :help [TOPIC], commands, operations, builtins, keys
void command_man(struct buffer *out);   // the whole man page, roff
void command_usage(struct buffer *out); // bauer --help

// Options of the command line: "--seed N" and what it is for.
struct command_option {
    const char *flag, *doc;
};
extern const struct command_option command_options[];
extern const size_t command_option_count;

// Completion for shells (completion.c): `bauer --completion zsh` writes it. false: none for this one.
struct completion_shell {
    const char *name;
    void (*write)(struct buffer *out);
};
extern const struct completion_shell completion_shells[];
extern const size_t completion_shell_count;
bool command_completion(struct buffer *out, const char *shell);

#endif
