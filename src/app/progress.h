// A line on the terminal for work that takes over a second: how far it is, and the time left.
#ifndef BAUER_APP_PROGRESS_H
#define BAUER_APP_PROGRESS_H

#include <stdbool.h>

void progress_start(void); // shows task_progress on stderr from now on, if that is a terminal
void progress_stop(void);
void progress_clear(void);     // wipes the line, if there is one: before anything else is written
bool progress_took_line(void); // whether it wrote over the terminal's line since this was last asked

#endif
