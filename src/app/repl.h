// The prompt: Readline, history, completion, continuation lines, paste, Ctrl-C.
#ifndef BAUER_APP_REPL_H
#define BAUER_APP_REPL_H

#include "app/session.h"

// Reads and runs lines until Ctrl-D or :quit. Returns the exit status.
int repl_run(struct session *session, bool read_init);

// Strips prompts that were pasted along (">>> ", "... ", "In [3]: ", "   ...: ", "bauer> ") from the starts of lines,
// in place; returns the new size. Only when the first line has such a prompt.
size_t repl_strip_prompts(char *text, size_t size);

// Writes `text` through $PAGER (default "less -FRX") when it is longer than the terminal; false when there is no pager.
bool repl_page(const char *text, size_t size);

// Completions of the word that ends at `end` in `line`, sorted; mem_free each and the list. For tests and for Readline.
char **repl_complete(struct session *session, const char *line, size_t start, size_t end, size_t *count);

#endif
