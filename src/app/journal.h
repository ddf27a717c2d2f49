// The journal: what would have to be typed again if a session at a terminal were lost.
//
// Each session has a file of its own, written anew after every entry that changed something, and removed when the
// session is left. A file that is there with nobody running its session is one that crashed, was killed, or lost its
// terminal: the next session tells of it, and :recover brings it back. Without a folder for state nothing is kept.
#ifndef BAUER_APP_JOURNAL_H
#define BAUER_APP_JOURNAL_H

#include "app/session.h"

void journal_open(void);
// After an entry: writes the session's script if it has changed. What cannot be written is told once.
void journal_write(struct session *session);
void journal_close(bool keep); // `keep`: the session was not left by the person, but ended by a signal

// Prints how many sessions were lost and what brings the newest back; nothing if there are none.
void journal_tell(const struct session *session);

#endif
