#include "app/keys.h"

#include <string.h>

const struct key_row key_table[] = {
    {KEY_ZOOM_IN, "+ =", NULL, "wheel", "zoom in"},
    {KEY_ZOOM_OUT, "-", NULL, "wheel", "zoom out"},
    {KEY_FIT, "w 0", NULL, "double click", "fit the picture into the window"},
    {KEY_LEFT, "Left", NULL, "drag", "move to the left, or to the next vertex there when one is in hand"},
    {KEY_RIGHT, "Right", NULL, "drag", "move to the right"},
    {KEY_UP, "Up", NULL, "drag", "move up"},
    {KEY_DOWN, "Down", NULL, "drag", "move down"},
    {KEY_FOCUS, "Tab", NULL, "point at it", "take the next vertex in hand"},
    {KEY_FOCUS_BACK, "Shift+Tab", NULL, NULL, "take the vertex before in hand"},
    {KEY_PICK, "Return", NULL, "click", "pick the vertex in hand: two picks show the paths between them"},
    {KEY_RELEASE, "Escape", NULL, "click beside", "let go: the search, the picks, the vertex in hand"},
    {KEY_NEXT, "PageDown", ":next", "the button", "the next step or path"},
    {KEY_BACK, "PageUp", ":back", "the button", "the step or path before"},
    {KEY_FIRST, "Home", NULL, "drag the time line", "the first step"},
    {KEY_LAST, "End", NULL, "drag the time line", "the last step"},
    {KEY_PLAY, "Space", NULL, "the button", "play the steps, or stop"},
    {KEY_BLANK, "b", NULL, NULL, "blank the screen"},
    {KEY_SEARCH, "/", NULL, NULL, "search a vertex by its name"},
    {KEY_SEARCH_NEXT, "n", NULL, NULL, "the next one found"},
    {KEY_SEARCH_BACK, "N", NULL, NULL, "the one found before"},
    {KEY_DIRECTION, "d", NULL, NULL, "turn the picture: up, right, down, left"},
    {KEY_THEME, "t", NULL, NULL, "the next theme: light, dark, projector"},
    {KEY_COLLAPSE, "x", NULL, "right click", "collapse the call or iteration in hand, or expand it"},
    {KEY_LOG, "l", NULL, NULL, "a plot's axes: logarithmic up, along, both, none"},
    {KEY_CURVE, "1 2 3 4 5 6 7 8 9", NULL, "click its name", "hide a curve of a plot, or show it"},
    {KEY_INPUT, "i", NULL, "click the number", "take an input in hand: type a number, or move it"},
    {KEY_INPUT_LESS, "[ <", NULL, "drag the slider", "a smaller value of the input in hand"},
    {KEY_INPUT_MORE, "] >", NULL, "drag the slider", "a larger value of the input in hand"},
    {KEY_SAMPLING, "e", NULL, NULL, "estimates: show at once, hide, show again"},
    {KEY_PANEL, "p", NULL, NULL, "hide the side panel, or show it"},
    {KEY_LARGER, "Ctrl++ Ctrl+=", NULL, "Ctrl and wheel", "larger type"},
    {KEY_SMALLER, "Ctrl+-", NULL, "Ctrl and wheel", "smaller type"},
    {KEY_FULL, "f F11", NULL, NULL, "full screen, or back"},
    {KEY_SAVE, "Ctrl+s", NULL, NULL, "save what is shown as an SVG file"},
    {KEY_COPY, "c", NULL, NULL, "copy what is under the pointer as text"},
    {KEY_COPY_SVG, "C", NULL, NULL, "copy the picture as SVG source"},
    {KEY_HELP, "? F1", NULL, NULL, "this list"},
    {KEY_CLOSE, "q", NULL, "the window's button", "close the window; the session goes on"},
};
const size_t key_count = sizeof key_table / sizeof *key_table;

static int has_key(const char *keys, const char *key) {
    size_t size = strlen(key);
    for (const char *at = keys; (at = strstr(at, key)); at++)
        if ((at == keys || at[-1] == ' ') && (at[size] == ' ' || !at[size])) return 1;
    return 0;
}

const struct key_row *key_find(const char *key) {
    for (size_t i = 0; *key && i < key_count; i++)
        if (has_key(key_table[i].keys, key)) return &key_table[i];
    return NULL;
}
