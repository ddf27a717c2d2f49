// The session's end of the window: bauer-view is started when something is to be shown, gets every new picture, and
// what happens in it comes back as commands.
//
// Nothing here may hurt the session: a window that is closed, killed or out of its mind is dropped, told once, and
// opened again by the next command that shows something. There is one window.
#ifndef BAUER_APP_WINDOW_H
#define BAUER_APP_WINDOW_H

#include "app/session.h"

enum window_mode {
    WINDOW_WHEN_INTERACTIVE, // at a terminal, from the first :graph, :lcg, :paths, ... on
    WINDOW_ALWAYS,           // --window: also for a file or a pipe
    WINDOW_NEVER             // --no-window
};

void window_set_mode(enum window_mode mode);
bool window_is_open(void);
bool window_is_wanted(const struct session *session); // is open, or would be for a line that asked
void window_stop(void);                               // closes it, silently

// After each line that ran: sends the picture if it has changed. `asked`: the line asked to show something, so the
// window is opened if it may be.
void window_refresh(struct session *session, bool asked);
// Opens it now, whatever the mode. false: there is no usable display, or the program is missing (`error` says which).
bool window_open(struct session *session, struct error *error);

// For poll: the socket (-1: none) and whether bytes wait to be sent.
int window_socket(void);
bool window_wants_to_send(void);
// Reads and sends what it can without waiting, and does what the window asks for. Returns whether anything was said on
// the terminal.
bool window_attend(struct session *session);
// Does what one event (JSON) asks for. false: it is none, and the window is not to be trusted.
bool window_take_event(struct session *session, const char *text, size_t size);
// Serves the window until it is closed or the program interrupted: `bauer --window FILE`.
void window_wait(struct session *session);
// A key for the next step or the one before: of a lesson, of a walk, or a walk's first.
void window_step(struct session *session, int by);
// A line that the window shows for a while: the errors of what was asked for there.
void window_note(const char *text);
// What the session is working on, shown until it is "".
void window_busy(const char *text);
// What it shows, as JSON (view_dump.c); mem_free. NULL with an error when it does not answer within 5 s.
char *window_state(struct session *session, struct error *error);

#endif
