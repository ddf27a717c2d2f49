// The prompt: entries of one line or several, their history, and what surrounds them (greeting, init file, pager).
#ifndef BAUER_APP_REPL_H
#define BAUER_APP_REPL_H

#include "app/session.h"

// Reads and runs entries until Ctrl-D or :quit. With `read_init`, the settings in $XDG_CONFIG_HOME/bauer/init come
// first. Returns the exit status. When standard input is no terminal its text is run as it stands.
int repl_run(struct session *session, bool read_init);

// Strips prompts that were pasted along (">>> ", "... ", "In [3]: ", "   ...: ", "bauer> ") from the starts of lines,
// in place; returns the new size. Only when the first line has such a prompt. Lines without one are then what the
// program had answered, and go, except blank ones.
size_t repl_strip_prompts(char *text, size_t size);

// The prompt, of an entry's first line or a further one, with Readline's marks around colours: "bauer> ", and before it
// how training in the background is doing.
void repl_prompt(const struct session *session, bool first, char out[256]);

// Writes `text` through $PAGER (default "less -FRX") when it is longer than the terminal. false when it is not, or when
// there is no pager: nothing has been written then.
bool repl_page(const char *text, size_t size);

// Completions of the word at line[start] to line[end], sorted; mem_free each and the list. For tests and for Readline.
char **repl_complete(struct session *session, const char *line, size_t start, size_t end, size_t *count);

// How deep the line after `text` is indented: as the last line, one level deeper after a colon, one less after a
// return. For tests and for the prompt.
int repl_indent(const char *text, size_t size);

#endif
