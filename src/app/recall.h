// What was typed before: Readline's history, kept between sessions in $XDG_STATE_HOME/bauer/history.
//
// Each entry is written with a time stamp line ("#1700000000"), which is what lets Readline give an entry of several
// lines back whole. Several sessions share the file: each appends its entries under a lock, so none loses another's
// lines. Where the file cannot be written, history lasts as long as the session, without a word.
#ifndef BAUER_APP_RECALL_H
#define BAUER_APP_RECALL_H

#include <stddef.h>

#include "base/text.h"

enum { RECALL_LIMIT = 10000 };

void recall_open(void); // reads the file, and cuts it to RECALL_LIMIT entries
// Remembers an entry, unless it is blank or the same as the last one.
void recall_add(const char *text, size_t size);
void recall_list(struct buffer *out); // the entries, oldest first
// The entry as it is written to the file, for tests: mem_free it; NULL when out of memory.
char *recall_format(const char *text, size_t size, long long seconds);

#endif
