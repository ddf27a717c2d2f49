// A terminal for tests: a program on a pseudo-terminal, what is typed to it, and the screen it draws.
//
//     struct terminal *terminal = terminal_open("./bauer", directory);
//     terminal_wait(terminal, "bauer> ", 5);
//     terminal_type(terminal, "1 + 1\r");
//     terminal_wait(terminal, "2.0", 5);          // looks at the screen from the line typed on downwards
//
// It understands the few escape sequences that Readline uses. Lines that scroll off stay known.
#ifndef TESTS_PTY_TERMINAL_H
#define TESTS_PTY_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

struct terminal;

// Starts `program` with $HOME and the working directory in `directory` and nothing else of the user's environment. NULL
// on failure. `argument` may be NULL.
struct terminal *terminal_open(const char *program, const char *argument, const char *directory);
void terminal_close(struct terminal *terminal); // kills the program if it still runs

void terminal_type(struct terminal *terminal, const char *text);  // and marks the line of the cursor
void terminal_paste(struct terminal *terminal, const char *text); // bracketed
void terminal_resize(struct terminal *terminal, int rows, int columns);
void terminal_signal(struct terminal *terminal, int number);

void terminal_read(struct terminal *terminal, double seconds); // takes in what is written for so long
bool terminal_at(struct terminal *terminal, const char *text); // the cursor stands after `text` now

// Waits until `text` stands on the screen at or below the mark; false after `seconds`. The screen is printed then.
bool terminal_wait(struct terminal *terminal, const char *text, double seconds);
bool terminal_wait_cursor_after(struct terminal *terminal, const char *text, double seconds); // ... before the cursor
bool terminal_shows(struct terminal *terminal, const char *text);                             // now
// Waits for the program's end; its exit status, 128 + n when a signal ended it, or -1 after `seconds`.
int terminal_status(struct terminal *terminal, double seconds);
bool terminal_is_sane(struct terminal *terminal); // lines are edited and echoed by the kernel again
double terminal_now(void);                        // seconds

#endif
