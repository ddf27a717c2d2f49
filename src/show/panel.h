// Pages of several drawings: the small multiples of the paths, and the four panels of a figure.
#ifndef BAUER_SHOW_PANEL_H
#define BAUER_SHOW_PANEL_H

#include "show/drawing.h"

struct extent {
    double width, height;
};

// Moves `part` into `scene`, scaled, so that what it shows begins at (x, y); returns its size there. `part` is emptied.
struct extent panel_place(struct scene *scene, struct scene *part, double x, double y, double scale);

bool panel_paths(const struct view *view, const struct sketch *sketch, double margin, struct scene *scene,
                 char message[256], struct error *error);
bool panel_figure(const struct view *view, const struct sketch *sketch, double margin, struct scene *scene,
                  char message[256], struct error *error);

#endif
