#include "show/field.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "show/axis.h"

enum { STEPS = 256 }; // of a scale
#define SIDE 220.0
#define BAR 10.0
#define GAP 8.0

// ---- colours ------------------------------------------------------------------------------------------------------

struct lch {
    double lightness, chroma, hue; // hue in degrees
};

// Björn Ottosson, "A perceptual color space for image processing", 2020: OKLab to linear sRGB.
static void linear_rgb(struct lch in, double rgb[3]) {
    double a = in.chroma * cos(in.hue * M_PI / 180), b = in.chroma * sin(in.hue * M_PI / 180);
    double l = in.lightness + 0.3963377774 * a + 0.2158037573 * b;
    double m = in.lightness - 0.1055613458 * a - 0.0638541728 * b;
    double s = in.lightness - 0.0894841775 * a - 1.2914855480 * b;
    l = l * l * l, m = m * m * m, s = s * s * s;
    rgb[0] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
    rgb[1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
    rgb[2] = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s;
}

static bool in_range(const double rgb[3]) {
    for (int i = 0; i < 3; i++)
        if (!(rgb[i] >= -1e-6 && rgb[i] <= 1 + 1e-6)) return false;
    return true;
}

static colour encode(const double rgb[3]) {
    colour out = 0xFF;
    for (int i = 0; i < 3; i++) {
        double x = fmin(fmax(rgb[i], 0), 1);
        double gamma = x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055; // IEC 61966-2-1
        out |= (colour)lround(255 * gamma) << (24 - 8 * i);
    }
    return out;
}

// With as much of its chroma as sRGB has at that lightness.
static colour shown(struct lch in) {
    double rgb[3], low = 0, high = in.chroma;
    linear_rgb(in, rgb);
    if (in_range(rgb)) return encode(rgb);
    for (int i = 0; i < 24; i++) {
        in.chroma = (low + high) / 2;
        linear_rgb(in, rgb);
        *(in_range(rgb) ? &low : &high) = in.chroma;
    }
    in.chroma = low;
    linear_rgb(in, rgb);
    return encode(rgb);
}

colour field_colour(enum field_map map, double share) {
    if (isnan(share)) return 0;
    double t = fmin(fmax(share, 0), 1), away = 2 * t - 1;
    switch (map) {
    case FIELD_DIVERGING:
        return shown((struct lch){0.975 - 0.50 * fabs(away), 0.16 * fabs(away), away < 0 ? 258 : 48});
    case FIELD_GREY:
        return shown((struct lch){t, 0, 0});
    default:
        return shown((struct lch){0.20 + 0.77 * t, 0.05 + 0.20 * t * (1 - t) + 0.06 * t, 300 - 195 * t});
    }
}

// ---- range --------------------------------------------------------------------------------------------------------

void field_range(const double *value, size_t count, enum field_map map, double *low, double *high) {
    *low = INFINITY, *high = -INFINITY;
    for (size_t i = 0; i < count; i++)
        if (isfinite(value[i])) *low = fmin(*low, value[i]), *high = fmax(*high, value[i]);
    if (*low > *high) *low = 0, *high = 1;
    if (map == FIELD_DIVERGING) *high = fmax(fabs(*low), fabs(*high)), *low = -*high;
    if (*low == *high) {
        double around = *low == 0 ? 1 : fabs(*low) / 2;
        *low -= around, *high += around;
    }
}

static double share_of(const struct field_frame *frame, double value) {
    if (!isfinite(value)) return NAN;
    return (value / 2 - frame->low / 2) / (frame->high / 2 - frame->low / 2); // no overflow
}

// ---- drawing ------------------------------------------------------------------------------------------------------

struct drawing {
    const struct field *field;
    const struct style *style;
    struct scene *scene;
    struct field_frame frame;
    colour map[STEPS];
    double text;
};

static size_t place_of(const struct field *field, uint32_t row, uint32_t column) {
    return (size_t)(field->upward ? field->rows - 1 - row : row) * field->columns + column;
}

static colour cell_colour(const struct drawing *d, size_t at) {
    const struct field *field = d->field;
    if (field->pixel) return field->pixel[at];
    double share = share_of(&d->frame, field->value[at]);
    if (isnan(share)) return 0;
    return d->map[(size_t)lround(fmin(fmax(share, 0), 1) * (STEPS - 1))];
}

static void draw_cells(struct drawing *d) {
    const struct field *field = d->field;
    size_t count = (size_t)field->rows * field->columns;
    colour *cell = mem_alloc(count, sizeof *cell);
    if (!cell) {
        d->scene->failed = true;
        return;
    }
    for (uint32_t row = 0; row < field->rows; row++)
        for (uint32_t column = 0; column < field->columns; column++)
            cell[(size_t)row * field->columns + column] = cell_colour(d, place_of(field, row, column));
    double width = field->columns * d->frame.cell, height = field->rows * d->frame.cell;
    scene_image(d->scene, d->frame.left, d->frame.top, width, height, field->rows, field->columns, cell);
    scene_rect(d->scene, d->frame.left, d->frame.top, width, height, 0, 0, d->style->frame_stroke, 0.6);
    mem_free(cell);
}

static void draw_outlines(struct drawing *d) {
    const struct field *field = d->field;
    double stroke = fmin(1.2, d->frame.cell / 5);
    for (size_t i = 0; i < field->cell_count; i++) {
        uint32_t row = field->cell[i] / field->columns, column = field->cell[i] % field->columns;
        if (field->upward) row = field->rows - 1 - row;
        scene_rect(d->scene, d->frame.left + column * d->frame.cell + stroke / 2,
                   d->frame.top + row * d->frame.cell + stroke / 2, d->frame.cell - stroke, d->frame.cell - stroke, 0,
                   0, d->style->accent, stroke);
    }
}

// Returns how far it reaches to the right.
static double draw_scale(struct drawing *d, double height) {
    double x = d->frame.left + d->field->columns * d->frame.cell + GAP, right = x + BAR;
    double size = d->text * d->style->label_size;
    colour bar[STEPS];
    for (int i = 0; i < STEPS; i++) bar[i] = d->map[STEPS - 1 - i];
    scene_image(d->scene, x, d->frame.top, BAR, height, STEPS, 1, bar);
    struct axis axis = {.low = d->frame.low, .high = d->frame.high};
    struct tick *tick = mem_alloc(MOST_TICKS, sizeof *tick);
    if (!tick) d->scene->failed = true;
    uint32_t count = tick ? axis_ticks(&axis, fmax(2, height / (2.6 * size)), tick) : 0;
    for (uint32_t i = 0; i < count; i++) {
        double share = axis_share(&axis, tick[i].value);
        if (!tick[i].label[0] || share < -1e-9 || share > 1 + 1e-9) continue;
        struct scene_item *item = scene_text(d->scene, x + BAR + 4, d->frame.top + (1 - share) * height + 0.36 * size,
                                             tick[i].label, size, d->style->muted, ANCHOR_START, FONT_SANS);
        if (item) right = fmax(right, item->x + item->text_width);
    }
    mem_free(tick);
    return right;
}

static double draw_words(struct drawing *d, const char *words, double x, double y, double size, colour ink) {
    struct scene_item *item = scene_text(d->scene, x, y, words, d->text * size, ink, ANCHOR_START, FONT_SANS);
    return item ? item->x + item->text_width : x;
}

bool field_scene(const struct field *field, struct scene *scene, struct field_frame *frame, struct error *error) {
    struct drawing d = {.field = field,
                        .style = style_of(field->theme),
                        .scene = scene,
                        .text = field->text_scale > 0 ? field->text_scale : 1};
    scene_init(scene);
    if (!field->rows || !field->columns || (!field->value && !field->pixel))
        return error_set(error, ERROR_USAGE, SPAN_NONE, "a field of %u by %u cells has nothing to show", field->rows,
                         field->columns);
    size_t count = (size_t)field->rows * field->columns;
    double width = field->width > 0 ? field->width : SIDE, height = field->height > 0 ? field->height : SIDE;
    bool scale = field->scale && field->value && !field->pixel;
    d.frame.cell = fmin(width / field->columns, height / field->rows);
    d.frame.top = field->title || (scale && field->scale_label) ? 1.7 * d.text * d.style->label_size : 0;
    d.frame.low = field->low, d.frame.high = field->high;
    if (field->low == 0 && field->high == 0 && !field->pixel)
        field_range(field->value, count, field->map, &d.frame.low, &d.frame.high);
    for (int i = 0; i < STEPS; i++) d.map[i] = field_colour(field->map, i / (STEPS - 1.0));
    double right = d.frame.left + field->columns * d.frame.cell, bottom = d.frame.top + field->rows * d.frame.cell;
    double line = d.text * d.style->label_size;
    draw_cells(&d);
    draw_outlines(&d);
    if (scale) right = fmax(right, draw_scale(&d, field->rows * d.frame.cell));
    if (field->title) right = fmax(right, draw_words(&d, field->title, 0, line, d.style->label_size, d.style->text));
    if (scale && field->scale_label)
        right = fmax(right, draw_words(&d, field->scale_label, field->columns * d.frame.cell + GAP, line,
                                       d.style->label_size, d.style->muted));
    if (field->label) {
        bottom += 1.5 * line;
        right = fmax(right, draw_words(&d, field->label, 0, bottom, d.style->label_size, d.style->muted));
        bottom += 0.5 * line;
    }
    scene->width = right, scene->height = bottom;
    scene->background = d.style->background;
    if (frame) *frame = d.frame;
    if (!scene->failed) return true;
    scene_clear(scene);
    return error_memory(error);
}
