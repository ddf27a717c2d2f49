#include "show/pen.h"

#include <math.h>

#include "base/arena.h"

#define COLUMN 0.25 // points: a quarter of a pixel at the usual scale, an eighth of a line

bool pen_inside(const struct pen_box *box, struct point p) {
    return p.x >= box->x0 && p.x <= box->x1 && p.y >= box->y0 && p.y <= box->y1;
}

// ---- straight lines as scenes want them ---------------------------------------------------------------------------

static struct point between(struct point a, struct point b, double t) {
    return (struct point){a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t};
}

// count corners as Bezier segments.
static struct point *straight(const struct point *corner, size_t count) {
    struct point *out = count && count < UINT32_MAX / 4 ? mem_alloc(3 * count, sizeof *out) : NULL;
    if (!out) return NULL;
    out[0] = corner[0];
    for (size_t i = 1; i < count; i++) {
        out[3 * i - 2] = between(corner[i - 1], corner[i], 1.0 / 3);
        out[3 * i - 1] = between(corner[i - 1], corner[i], 2.0 / 3);
        out[3 * i] = corner[i];
    }
    return out;
}

static struct scene_item *add_straight(struct scene *scene, const struct point *corner, size_t count) {
    struct point *point = straight(corner, count);
    struct scene_item *item = point ? scene_add(scene, SCENE_PATH) : NULL;
    if (!item) {
        mem_free(point);
        scene->failed = true;
        return NULL;
    }
    item->point = point;
    item->point_count = (uint32_t)(3 * count - 2);
    return item;
}

// ---- lines --------------------------------------------------------------------------------------------------------

static void flush(struct pen *pen) {
    struct scene_item *item =
        pen->count > 1 && pen->scene && !pen->scene->failed ? add_straight(pen->scene, pen->line, pen->count) : NULL;
    if (item) {
        item->stroke = pen->stroke;
        item->stroke_width = pen->width;
        item->dashed = pen->dashed;
    }
    pen->count = 0;
}

static void keep(struct pen *pen, struct point p) {
    if (pen->scene && mem_grow(&pen->line, &pen->capacity, pen->count + 1, sizeof *pen->line))
        pen->line[pen->count++] = p;
    else if (pen->scene)
        pen->failed = pen->scene->failed = true;
    pen->drawn = true;
    pen->cut = false;
    pen->end = p;
}

// One side of Liang and Barsky's clipping: narrows the part from *t0 to *t1 to where the distance `from` + t * `along`
// to the side is not positive.
static bool narrow(double from, double along, double *t0, double *t1) {
    if (along == 0) return from <= 0;
    double t = -from / along;
    if (along > 0)
        *t1 = fmin(*t1, t);
    else
        *t0 = fmax(*t0, t);
    return *t0 <= *t1;
}

static bool clip(const struct pen_box *box, struct point a, struct point b, double *t0, double *t1) {
    *t0 = 0, *t1 = 1;
    return narrow(box->x0 - a.x, a.x - b.x, t0, t1) && narrow(a.x - box->x1, b.x - a.x, t0, t1) &&
           narrow(box->y0 - a.y, a.y - b.y, t0, t1) && narrow(a.y - box->y1, b.y - a.y, t0, t1);
}

static void line_to(struct pen *pen, struct point b) {
    struct point a = pen->at;
    double t0 = 0, t1 = 1;
    bool begins = !pen->down;
    pen->at = b;
    pen->down = true;
    if (begins) {
        if (pen_inside(&pen->box, b)) keep(pen, b);
    } else if (!clip(&pen->box, a, b, &t0, &t1)) {
        flush(pen);
    } else {
        if (t0 > 0) flush(pen), keep(pen, between(a, b, t0));
        keep(pen, t1 < 1 ? between(a, b, t1) : b);
        if (t1 < 1) flush(pen), pen->cut = true;
    }
}

// ---- columns ------------------------------------------------------------------------------------------------------

static bool same(struct point a, struct point b) { return a.x == b.x && a.y == b.y; }

static void line_on(struct pen *pen, struct point p) {
    if (!pen->down || !same(pen->at, p)) line_to(pen, p);
}

static void end_column(struct pen *pen) {
    if (!pen->column.used) return;
    pen->column.used = false;
    line_on(pen, pen->column.first);
    line_on(pen, pen->column.low_first ? pen->column.low : pen->column.high);
    line_on(pen, pen->column.low_first ? pen->column.high : pen->column.low);
    line_on(pen, pen->column.last);
}

static void add_to_column(struct pen *pen, struct point p) {
    if (p.y < pen->column.low.y) pen->column.low = p, pen->column.low_first = false;
    if (p.y > pen->column.high.y) pen->column.high = p, pen->column.low_first = true;
    pen->column.last = p;
}

void pen_to(struct pen *pen, struct point p) {
    if (!isfinite(p.x) || !isfinite(p.y)) {
        pen_lift(pen);
        return;
    }
    double index = floor(p.x / COLUMN);
    if (!pen->thin) {
        line_to(pen, p);
    } else if (pen->column.used && pen->column.index == index) {
        add_to_column(pen, p);
    } else {
        end_column(pen);
        pen->column.index = index;
        pen->column.first = pen->column.low = pen->column.high = pen->column.last = p;
        pen->column.used = true;
    }
}

void pen_lift(struct pen *pen) {
    end_column(pen);
    flush(pen);
    pen->down = false;
}

void pen_free(struct pen *pen) { mem_free(pen->line); }

// ---- areas --------------------------------------------------------------------------------------------------------

struct side {
    double x, y, most; // inside: x * p.x + y * p.y <= most
};

static double outside(const struct side *side, struct point p) { return side->x * p.x + side->y * p.y - side->most; }

// Sutherland and Hodgman: what of the polygon lies on the inner side. `out` has room for twice the corners.
static size_t cut(const struct side *side, const struct point *in, size_t count, struct point *out) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        struct point a = in[i], b = in[(i + 1) % count];
        double da = outside(side, a), db = outside(side, b);
        if (da <= 0) out[n++] = a;
        if ((da < 0 && db > 0) || (da > 0 && db < 0)) out[n++] = between(a, b, da / (da - db));
    }
    return n;
}

static void add_area(struct scene *scene, const struct point *corner, size_t count, colour fill) {
    struct scene_item *item = count > 2 ? add_straight(scene, corner, count) : NULL;
    if (!item) return;
    item->closed = true;
    item->fill = fill;
}

void pen_area(struct scene *scene, const struct pen_box *box, const struct point *outline, size_t count, colour fill) {
    struct side side[4] = {{-1, 0, -box->x0}, {1, 0, box->x1}, {0, -1, -box->y0}, {0, 1, box->y1}};
    struct point *all = count ? mem_alloc(24 * count, sizeof *all) : NULL;
    if (!all) {
        scene->failed |= count > 0;
        return;
    }
    // Each cut may double the corners in theory; odd and even cuts share two halves.
    struct point *half[2] = {all, all + 8 * count};
    const struct point *in = outline;
    for (int i = 0; i < 4 && count; i++) {
        count = cut(&side[i], in, count, half[i % 2]);
        in = half[i % 2];
    }
    if (!scene->failed) add_area(scene, in, count, fill);
    mem_free(all);
}
