// One graph, laid out once and drawn as often as wanted: with another path lit each time, nothing moves.
#ifndef BAUER_SHOW_DRAWING_H
#define BAUER_SHOW_DRAWING_H

#include "show/sketch.h"

enum { DRAWING_SPARSE = 40 }; // up to so many edges all labels are drawn and the layout leaves room for them

enum drawing_labels { LABELS_NONE, LABELS_NUMBERS, LABELS_FORMULAS };

struct drawing {
    const struct view *view;
    const struct style *style;
    const struct sketch *sketch;
    enum drawing_labels labels;
    double label_size; // points
    bool close;        // a small drawing: ranks lie closer together
    uint32_t fan;      // most edges out of a node
    struct layout layout;
    char **label;        // by edge: markup or NULL
    double *held;        // by edge: bytes (view->held), or NULL
    uint32_t held_count; // how many edges hold anything
    // May be changed between paintings, to show two sides of one layout.
    bool operations;               // under the names
    const struct lit_path *second; // lit in the second colour beside the path that drawing_paint is given, or NULL
    bool values;                   // under the names, instead of the operations
    bool hide_labels;              // on the edges
};

// Lays out a sketch that will be drawn at `scale`; labels grow as it shrinks, so that they can still be read.
// ERROR_INTERRUPT, ERROR_MEMORY.
bool drawing_make(const struct view *view, const struct sketch *sketch, enum drawing_labels labels, bool operations,
                  double scale, struct drawing *drawing, struct error *error);
void drawing_free(struct drawing *drawing);

// Appends the drawing to a scene, in the layout's coordinates. `lit` may be NULL; dim: all that is not lit recedes.
void drawing_paint(const struct drawing *drawing, const struct lit_path *lit, bool dim, struct scene *scene);

#endif
