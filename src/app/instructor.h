// The instructor's window: the notes of a lesson's step, the answers to its questions, what comes next, and the time.
// It is a second bauer-view, on the screen that the class does not see; its keys step the lesson.
#ifndef BAUER_APP_INSTRUCTOR_H
#define BAUER_APP_INSTRUCTOR_H

#include "app/session.h"

// Opens it for the lesson in hand. ERROR_OTHER: there is no lesson, or no bauer-view.
bool instructor_open(struct session *session, struct error *error);
void instructor_close(void);
bool instructor_is_open(void);
// After each line: sends the step if it is another one; closes the window when the lesson is over.
void instructor_refresh(struct session *session);
// For poll, as window_socket and window_wants_to_send.
int instructor_socket(void);
bool instructor_wants_to_send(void);
// Reads and sends without waiting. Returns whether anything was said on the terminal.
bool instructor_attend(struct session *session);
// What the window tells about a step, as CommonMark.
void instructor_text(struct session *session, struct buffer *out);

#endif
