// The table of what :set can set.
#ifndef BAUER_APP_SETTINGS_H
#define BAUER_APP_SETTINGS_H

#include "app/session.h"

struct setting {
    const char *name;
    const char *values; // for people: "light | dark | projector", "1 to 2147483646"
    const char *doc;    // one line
    const char *words;  // blank-separated words that complete, or NULL
    bool (*set)(struct session *session, const char *value); // false: not one of `values`
    void (*show)(const struct session *session, struct buffer *out);
};

extern const struct setting setting_table[];
extern const size_t setting_count;

void settings_default(struct settings *settings);
const struct setting *setting_find(const char *name, struct error *error);
// Collapses the current graph as :set collapse was told for another: the same calls, loops or names.
// What is drawn as one box, as `:set collapse VALUE`; false for a value that is none.
bool settings_collapse(struct session *session, const char *value);
void settings_collapse_again(struct session *session);
// Tells the rooms that have to know (limits of the language).
// Where the outputs of a graph are drawn.
enum direction settings_direction(const struct settings *settings, const struct graph *graph);
void settings_apply(struct session *session);

#endif
