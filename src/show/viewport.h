// Which part of a picture a window shows: pan, zoom and glide, as arithmetic only.
//
// A viewport is the picture's point in the middle of the window and how many pixels one of its points takes.
#ifndef BAUER_SHOW_VIEWPORT_H
#define BAUER_SHOW_VIEWPORT_H

#include "show/scene.h"

struct viewport {
    double x, y;  // the picture's point in the middle of the area
    double scale; // pixels per point
};

// The area of a window that a picture is shown in, pixels.
struct area {
    double x, y, width, height;
};

#define VIEWPORT_SCALE_MIN 1e-3
#define VIEWPORT_SCALE_MAX 200.0

// All of a picture `width` by `height` points, with `margin` pixels around; never larger than `largest` pixels a point.
struct viewport viewport_fit(double width, double height, struct area area, double margin, double largest);
struct point viewport_to_window(struct viewport viewport, struct area area, struct point picture);
struct point viewport_to_picture(struct viewport viewport, struct area area, struct point window);
// Zooms by `factor`, the picture's point under the window's point `about` staying there.
struct viewport viewport_zoom(struct viewport viewport, struct area area, struct point about, double factor);
struct viewport viewport_pan(struct viewport viewport, double dx,
                             double dy); // by pixels, as if the picture was dragged
// Keeps at least a corner of the picture in sight.
struct viewport viewport_clamp(struct viewport viewport, struct area area, double width, double height);
// Between two: t from 0 to 1. The zoom goes evenly in its logarithm.
struct viewport viewport_between(struct viewport from, struct viewport to, double t);
double viewport_ease(double t); // 0 to 1, slow at both ends

#endif
