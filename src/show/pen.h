// A pen for plots: lines and areas in a scene, cut off at the edges of a box, and no finer than can be seen.
#ifndef BAUER_SHOW_PEN_H
#define BAUER_SHOW_PEN_H

#include "show/scene.h"

struct pen_box {
    double x0, y0, x1, y1;
};

// Start with {.scene, .box, .stroke, .width}. With no scene nothing is drawn, but `end` is found.
struct pen {
    struct scene *scene;
    struct pen_box box;
    colour stroke;
    double width;
    bool dashed;
    bool thin; // of the points in one narrow column keep the first, lowest, highest and last: looks the same

    bool drawn;       // something lies inside the box, and last
    struct point end; // here
    bool cut;         // because the line leaves the box here
    bool failed;      // out of memory

    struct point *line; // inside the box, not yet in the scene
    size_t count, capacity;
    bool down; // `at` is a point
    struct point at;
    struct {
        double index;
        struct point first, low, high, last;
        bool used, low_first;
    } column;
};

void pen_to(struct pen *pen, struct point point); // NaN: a gap
void pen_lift(struct pen *pen);                   // ends the line
void pen_free(struct pen *pen);

// Fills the part of a polygon that lies inside the box.
void pen_area(struct scene *scene, const struct pen_box *box, const struct point *outline, size_t count, colour fill);
bool pen_inside(const struct pen_box *box, struct point point);

#endif
