// Where edges end: at the borders of the shapes they join.
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "show/layout.h"

#define TIP_GAP 0.7 // points between a border and the tip that points at it: the border's stroke has a width

static struct point lerp(struct point a, struct point b, double t) {
    return (struct point){a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t};
}

static struct point bezier_at(const struct point p[4], double t) {
    struct point a = lerp(p[0], p[1], t), b = lerp(p[1], p[2], t), c = lerp(p[2], p[3], t);
    return lerp(lerp(a, b, t), lerp(b, c, t), t);
}

// De Casteljau: the part before t, or behind it.
static void bezier_cut(struct point p[4], double t, bool before) {
    struct point a = lerp(p[0], p[1], t), b = lerp(p[1], p[2], t), c = lerp(p[2], p[3], t);
    struct point d = lerp(a, b, t), e = lerp(b, c, t), middle = lerp(d, e, t);
    if (before)
        p[1] = a, p[2] = d, p[3] = middle;
    else
        p[0] = middle, p[1] = e, p[2] = c;
}

static bool inside_box(double x, double y, double half_width, double half_height, double radius) {
    double r = fmin(radius, fmin(half_width, half_height));
    double dx = x - (half_width - r), dy = y - (half_height - r);
    if (dx > 0 && dy > 0) return hypot(dx, dy) < r;
    return x < half_width && y < half_height;
}

static bool inside(const struct layout_node *node, struct point p) {
    double x = fabs(p.x - node->at.x), y = fabs(p.y - node->at.y);
    double half_width = node->width / 2 + TIP_GAP, half_height = node->height / 2 + TIP_GAP;
    if (node->box) return inside_box(x, y, half_width, half_height, node->radius + TIP_GAP);
    return hypot(x / half_width, y / half_height) < 1;
}

// The t at which the curve crosses the border, one of whose ends is inside.
static double crossing(const struct layout_node *node, const struct point p[4]) {
    bool first = inside(node, p[0]);
    double low = 0, high = 1;
    for (int i = 0; i < 40; i++) {
        double t = (low + high) / 2;
        if (inside(node, bezier_at(p, t)) == first)
            low = t;
        else
            high = t;
    }
    return (low + high) / 2;
}

static void clip_start(struct layout_edge *edge, const struct layout_node *node) {
    uint32_t first = 0;
    while (first + 3 < edge->point_count && inside(node, edge->point[first + 3])) first += 3;
    if (first + 3 >= edge->point_count) return; // never leaves: overlapping shapes
    if (inside(node, edge->point[first])) bezier_cut(&edge->point[first], crossing(node, &edge->point[first]), false);
    edge->point_count -= first;
    memmove(edge->point, edge->point + first, edge->point_count * sizeof *edge->point);
}

static void clip_end(struct layout_edge *edge, const struct layout_node *node) {
    uint32_t last = edge->point_count - 1;
    while (last >= 3 && inside(node, edge->point[last - 3])) last -= 3;
    if (last < 3) return;
    if (inside(node, edge->point[last]))
        bezier_cut(&edge->point[last - 3], crossing(node, &edge->point[last - 3]), true);
    edge->point_count = last + 1;
}

#define STEPS 12 // straight pieces a Bezier segment is measured by

static struct point at_step(const struct layout_edge *edge, uint32_t step) {
    uint32_t segment = step / STEPS * 3;
    if (segment + 3 >= edge->point_count) return edge->point[edge->point_count - 1];
    return bezier_at(&edge->point[segment], step % STEPS / (double)STEPS);
}

static struct point middle(const struct layout_edge *edge) {
    uint32_t steps = edge->point_count / 3 * STEPS;
    double length = 0, walked = 0;
    for (uint32_t i = 0; i < steps; i++) {
        struct point a = at_step(edge, i), b = at_step(edge, i + 1);
        length += hypot(b.x - a.x, b.y - a.y);
    }
    for (uint32_t i = 0; i < steps; i++) {
        struct point a = at_step(edge, i), b = at_step(edge, i + 1);
        double piece = hypot(b.x - a.x, b.y - a.y);
        if (piece > 0 && walked + piece >= length / 2) return lerp(a, b, (length / 2 - walked) / piece);
        walked += piece;
    }
    return edge->point[0];
}

void layout_clip(struct layout *layout) {
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        struct layout_edge *edge = &layout->edge[i];
        if (edge->point_count < 4) continue;
        clip_start(edge, &layout->node[edge->from]);
        clip_end(edge, &layout->node[edge->to]);
        bool placed = edge->label_width > 0 && isfinite(edge->label.x) && isfinite(edge->label.y);
        if (!placed) edge->label = middle(edge);
    }
}
