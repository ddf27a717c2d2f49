// Graphs, paths and steps in plain words: for :describe, for the <title> and <desc> of a picture, for a screen reader.
#ifndef BAUER_SHOW_DESCRIBE_H
#define BAUER_SHOW_DESCRIBE_H

#include "show/diagram.h"

void describe_title(const struct view *view, struct buffer *out); // one sentence
// Sentences: how many vertices and edges, inputs and outputs, each vertex by its formula (up to 40, then how many
// more), paths.
void describe_view(const struct view *view, struct buffer *out);
// "x2 -> b -> c -> d -> f: 0.3624 x 1.2 x ... = 1.18"
void describe_path(const struct graph *graph, const struct lcg *lcg, const struct lit_path *path, struct buffer *out);

#endif
