#include "show/viewport.h"

#include <math.h>

static double bounded(double value, double low, double high) { return fmin(fmax(value, low), high); }

struct viewport viewport_fit(double width, double height, struct area area, double margin, double largest) {
    double across = fmax(area.width - 2 * margin, 1) / fmax(width, 1);
    double along = fmax(area.height - 2 * margin, 1) / fmax(height, 1);
    double scale = bounded(fmin(fmin(across, along), largest), VIEWPORT_SCALE_MIN, VIEWPORT_SCALE_MAX);
    return (struct viewport){width / 2, height / 2, scale};
}

struct point viewport_to_window(struct viewport v, struct area area, struct point p) {
    return (struct point){area.x + area.width / 2 + (p.x - v.x) * v.scale,
                          area.y + area.height / 2 + (p.y - v.y) * v.scale};
}

struct point viewport_to_picture(struct viewport v, struct area area, struct point window) {
    return (struct point){v.x + (window.x - area.x - area.width / 2) / v.scale,
                          v.y + (window.y - area.y - area.height / 2) / v.scale};
}

struct viewport viewport_zoom(struct viewport v, struct area area, struct point about, double factor) {
    struct point kept = viewport_to_picture(v, area, about);
    double scale = bounded(v.scale * factor, VIEWPORT_SCALE_MIN, VIEWPORT_SCALE_MAX);
    double share = v.scale / scale;
    return (struct viewport){kept.x + (v.x - kept.x) * share, kept.y + (v.y - kept.y) * share, scale};
}

struct viewport viewport_pan(struct viewport v, double dx, double dy) {
    return (struct viewport){v.x - dx / v.scale, v.y - dy / v.scale, v.scale};
}

struct viewport viewport_clamp(struct viewport v, struct area area, double width, double height) {
    double across = 0.45 * area.width / v.scale, along = 0.45 * area.height / v.scale;
    return (struct viewport){bounded(v.x, -across, width + across), bounded(v.y, -along, height + along), v.scale};
}

struct viewport viewport_between(struct viewport from, struct viewport to, double t) {
    double scale = from.scale * pow(to.scale / from.scale, t);
    // The middle goes with the zoom, so that a point that both show at one place stays there in between.
    double share = fabs(to.scale - from.scale) < 1e-9 * to.scale
                       ? t
                       : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale);
    return (struct viewport){from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share, scale};
}

double viewport_ease(double t) {
    t = bounded(t, 0, 1);
    return t * t * (3 - 2 * t);
}
