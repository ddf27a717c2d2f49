// One line from the terminal: Readline, its keys, and the signals that matter while one types.
//
// Keys of our own: TAB indents at the start of a line and completes elsewhere; Backspace takes back one level of
// indentation; a bracketed paste arrives whole, without the prompts that were copied along.
#ifndef BAUER_APP_PROMPT_H
#define BAUER_APP_PROMPT_H

#include "app/session.h"

enum prompt_answer {
    PROMPT_LINE,   // a line, without its newline; a pasted or recalled entry may have several
    PROMPT_END,    // Ctrl-D on an empty line, or the terminal is gone
    PROMPT_CANCEL, // Ctrl-C
    PROMPT_LEAVE   // SIGTERM or SIGHUP
};

void prompt_open(struct session *session); // takes the terminal's signals
void prompt_close(void);                   // gives them back, and leaves the terminal as it was
// Reads a line into `line` (appended), the first of an entry or a further one. `indent` blanks stand on it already.
enum prompt_answer prompt_read(bool first, int indent, struct buffer *line);
int prompt_signal(void); // the signal that asks to leave, or 0
// More input has arrived and waits; with `blank`, only if it goes on with a blank or a tab: the middle of a paste that
// comes without brackets.
bool prompt_waiting(bool blank);
void prompt_size(int *lines, int *columns);

#endif
