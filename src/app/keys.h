// The keys of the window: one table for the window itself, for :help keys, the man page and the list that `?` shows.
#ifndef BAUER_APP_KEYS_H
#define BAUER_APP_KEYS_H

#include <stddef.h>

enum key_action {
    KEY_NONE,
    KEY_ZOOM_IN,
    KEY_ZOOM_OUT,
    KEY_FIT,
    KEY_LEFT, // the picture, or with a vertex in hand the next vertex there
    KEY_RIGHT,
    KEY_UP,
    KEY_DOWN,
    KEY_FOCUS, // take the next vertex in hand
    KEY_FOCUS_BACK,
    KEY_PICK,
    KEY_RELEASE, // Escape: the search, the picks, the vertex in hand, full screen
    KEY_NEXT,
    KEY_BACK,
    KEY_FIRST,
    KEY_LAST,
    KEY_PLAY,
    KEY_BLANK,
    KEY_SEARCH,
    KEY_SEARCH_NEXT,
    KEY_SEARCH_BACK,
    KEY_DIRECTION,
    KEY_THEME,
    KEY_COLLAPSE,
    KEY_LOG,
    KEY_CURVE,
    KEY_INPUT,
    KEY_INPUT_LESS,
    KEY_INPUT_MORE,
    KEY_SAMPLING,
    KEY_PANEL,
    KEY_LARGER,
    KEY_SMALLER,
    KEY_FULL,
    KEY_SAVE,
    KEY_COPY,
    KEY_COPY_SVG,
    KEY_HELP,
    KEY_CLOSE
};

// `keys`: names separated by blanks, as "+", "Left", "PageUp", "F11", "Ctrl+s"; letters as they are typed.
struct key_row {
    enum key_action action;
    const char *keys;
    const char *command; // the command line that it runs in the session, or NULL: the window's own business
    const char *mouse;   // what does the same with the mouse, or NULL
    const char *summary;
};

extern const struct key_row key_table[];
extern const size_t key_count;

// By one key's name; NULL: not bound.
const struct key_row *key_find(const char *key);

#endif
