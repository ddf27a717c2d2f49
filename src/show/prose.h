// Prose: a text in CommonMark with formulas, as a scene or for a terminal.
//
// Headings, paragraphs, emphasis, inline code, code blocks, lists, links, block quotes, thematic breaks; an image is
// its alternative text, HTML is shown as written. $...$ is a formula in the line, $$...$$ one of its own
// (show/formula.h says what they know); a dollar that is none is written \$.
#ifndef BAUER_SHOW_PROSE_H
#define BAUER_SHOW_PROSE_H

#include "show/style.h"

enum { PROSE_LONGEST = 1 << 20, PROSE_DEEPEST = 64 }; // bytes; quotes, lists and emphasis in each other

struct prose_look {
    enum theme theme;
    double width;      // of the page, points; 0: 480
    double text_scale; // of all text; 0: 1
};

// The whole text on one page, as high as it needs. Links are groups whose title is the address, code blocks are groups
// TAG_PANEL numbered in their order. The message (or NULL) tells what formulas could not show, or is "". ERROR_LIMIT:
// too long or nested too deeply; ERROR_USAGE: a width that is none; ERROR_MEMORY, ERROR_INTERRUPT.
bool prose_scene(const char *text, size_t size, const struct prose_look *look, struct scene *scene, char message[256],
                 struct error *error);

// As lines of at most `columns` columns (20 or more; code is never cut), with ANSI bold and italics if wanted. Control
// characters of the text are not obeyed.
bool prose_text(const char *text, size_t size, int columns, bool ansi, struct buffer *out, char message[256],
                struct error *error);

#endif
