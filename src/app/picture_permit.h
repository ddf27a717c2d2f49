// What the lines that a picture carries may do when it is opened. A picture is untrusted: it brings back what it shows,
// computing it again, and reads and writes no file and starts nothing. Its program, which has no way to files, runs
// under the limits of steps, depth and vertices, which :set lines of its own may move as those of any session.
#ifndef BAUER_APP_PICTURE_PERMIT_H
#define BAUER_APP_PICTURE_PERMIT_H

#include "app/command.h"

// ERROR_USAGE if a picture is being opened and this is none of its business.
bool picture_allows(const struct session *session, const char *name, const struct words *words, struct error *error);

#endif
