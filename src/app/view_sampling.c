// Sampled paths in the window: the first ones light up one by one, all of them pile up as the thickness of edges, and
// the histogram of the estimates grows beside the exact value.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/view.h"
#include "base/arena.h"
#include "base/clock.h"
#include "show/paint.h"

#define PER_SECOND 6.0  // samples that light up
#define THICKEST 9.0    // points, of an edge that every sample reads
#define PILE_SHARE 0.55 // of the accent, the rest is background

json_t *view_sampling(const struct view_app *app) {
    json_t *sampling = app->picture ? json_object_get(app->picture->about, "sampling") : NULL;
    return json_is_object(sampling) && !app->chart ? sampling : NULL;
}

static double number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static uint32_t first_count(const json_t *sampling) {
    return (uint32_t)json_array_size(json_object_get(sampling, "first"));
}

// Which of the first samples is lit; first_count when all have been.
uint32_t view_sampling_at(const struct view_app *app) {
    const json_t *sampling = view_sampling(app);
    double at = floor((clock_now() - app->sampling_from) * PER_SECOND);
    return !sampling || at >= first_count(sampling) ? first_count(sampling) : (uint32_t)fmax(0, at);
}

// A picture has come: a new run begins to play, an old one goes on.
void view_sampling_take(struct view_app *app) {
    const json_t *sampling = view_sampling(app);
    json_int_t run = json_integer_value(json_object_get(sampling, "run"));
    if (!sampling || run == app->sampling_run) return;
    app->sampling_run = run;
    app->sampling_from = clock_now();
    app->sampling_shown = true;
}

bool view_sampling_plays(const struct view_app *app) {
    const json_t *sampling = view_sampling(app);
    return sampling && app->sampling_shown && view_sampling_at(app) < first_count(sampling);
}

// When the next sample lights up, seconds.
double view_sampling_next(const struct view_app *app) {
    return app->sampling_from + (view_sampling_at(app) + 1) / PER_SECOND;
}

// While they play: to the end. Then: hidden, and shown again.
void view_sampling_toggle(struct view_app *app) {
    if (!view_sampling(app)) return;
    if (view_sampling_plays(app))
        app->sampling_from = -1e9;
    else
        app->sampling_shown = !app->sampling_shown;
    app->dirty = app->panel_stale = true;
}

// ---- on the picture -----------------------------------------------------------------------------------------------

static void stroke_edge(const struct picture *picture, uint32_t edge, colour ink, double width, struct scene *out) {
    uint32_t p = picture_find(picture, TAG_EDGE, edge);
    if (p == PART_NONE) return; // inside a box, or cut away
    for (uint32_t i = picture->part[p].first; i < picture->part[p].end; i++) {
        const struct scene_item *item = &picture->scene.item[i];
        if (item->kind == SCENE_PATH) scene_path(out, item->point, item->point_count, ink, width, false);
    }
}

static colour blend(colour a, colour b, double share) {
    colour out = 0xFF;
    for (int shift = 8; shift < 32; shift += 8) {
        double part = share * (a >> shift & 0xFF) + (1 - share) * (b >> shift & 0xFF);
        out |= (colour)lround(part) << shift;
    }
    return out;
}

static void pile_edge(const struct view_app *app, uint32_t edge, double share, struct scene *out) {
    const struct style *style = style_of(app->theme);
    double width = style->edge_width + THICKEST * share;
    stroke_edge(app->picture, edge, blend(style->accent, style->background, PILE_SHARE), width, out);
}

// Those of the first `count` samples.
static void pile_first(const struct view_app *app, const json_t *first, uint32_t count, struct scene *out) {
    uint32_t edges = 0;
    for (uint32_t p = 0; p < app->picture->part_count; p++)
        if (app->picture->part[p].tag == TAG_EDGE && app->picture->part[p].id >= edges)
            edges = app->picture->part[p].id + 1;
    uint32_t *reads = mem_zero((size_t)edges + 1, sizeof *reads);
    for (uint32_t i = 0; reads && i < count; i++) {
        const json_t *list = json_object_get(json_array_get(first, i), "edges");
        for (size_t k = 0; k < json_array_size(list); k++) {
            json_int_t edge = json_integer_value(json_array_get(list, k));
            if (edge >= 0 && edge < edges) reads[edge]++;
        }
    }
    for (uint32_t e = 0; reads && e < edges; e++)
        if (reads[e]) pile_edge(app, e, reads[e] / (double)count, out);
    mem_free(reads);
}

// The edges' labels, above the paths.
static void paint_labels(const struct picture *picture, cairo_t *cairo) {
    struct scene labels = {.item = mem_alloc(picture->scene.count + 1, sizeof *labels.item)}; // borrows their texts
    if (!labels.item) return;
    for (uint32_t p = 0; p < picture->part_count; p++) {
        if (picture->part[p].tag != TAG_EDGE) continue;
        for (uint32_t i = picture->part[p].first; i < picture->part[p].end; i++)
            if (picture->scene.item[i].kind == SCENE_TEXT) labels.item[labels.count++] = picture->scene.item[i];
    }
    paint_scene(cairo, &labels, false);
    mem_free(labels.item);
}

void view_sampling_draw(struct view_app *app, cairo_t *cairo) {
    const json_t *sampling = view_sampling(app), *first = json_object_get(sampling, "first");
    if (!sampling || !app->sampling_shown) return;
    struct scene scene = {0};
    uint32_t at = view_sampling_at(app);
    if (view_sampling_plays(app)) {
        pile_first(app, first, at + 1, &scene);
        const json_t *edges = json_object_get(json_array_get(first, at), "edges");
        for (size_t i = 0; i < json_array_size(edges); i++)
            stroke_edge(app->picture, (uint32_t)json_integer_value(json_array_get(edges, i)),
                        style_of(app->theme)->accent, 2 * style_of(app->theme)->accent_width, &scene);
    } else {
        const json_t *pile = json_object_get(sampling, "pile");
        for (size_t i = 0; i < json_array_size(pile); i++) {
            const json_t *pair = json_array_get(pile, i);
            pile_edge(app, (uint32_t)json_integer_value(json_array_get(pair, 0)),
                      json_number_value(json_array_get(pair, 1)), &scene);
        }
    }
    paint_scene(cairo, &scene, false);
    scene_clear(&scene);
    paint_labels(app->picture, cairo);
}

// ---- the histogram ------------------------------------------------------------------------------------------------

enum { BINS = 61 };

struct bars {
    double bin[BINS], below, above, total, mean, error;
};

static uint32_t bin_of(double low, double high, double value) {
    return (uint32_t)((value - low) / (high - low) * BINS);
}

// Of the first `count` samples: counted here.
static void count_first(const json_t *sampling, uint32_t count, double low, double high, struct bars *bars) {
    double sum = 0, square = 0;
    for (uint32_t i = 0; i < count; i++) {
        double value = number(json_array_get(json_object_get(sampling, "first"), i), "estimate");
        if (isnan(value)) continue;
        sum += value, square += value * value, bars->total++;
        if (value < low)
            bars->below++;
        else if (value >= high)
            bars->above++;
        else
            bars->bin[bin_of(low, high, value)]++;
    }
    bars->mean = sum / bars->total;
    double variance = bars->total > 1 ? (square - sum * bars->mean) / (bars->total - 1) : 0;
    bars->error = sqrt(fmax(0, variance) / bars->total);
}

static void take_all(const json_t *sampling, struct bars *bars) {
    const json_t *bins = json_object_get(sampling, "bins");
    for (size_t i = 0; i < BINS && i < json_array_size(bins); i++)
        bars->bin[i] = json_number_value(json_array_get(bins, i));
    bars->below = number(sampling, "below");
    bars->above = number(sampling, "above");
    bars->total = number(sampling, "samples");
    bars->mean = number(sampling, "mean");
    bars->error = number(sampling, "error");
}

static void put_text(struct scene *scene, double x, double y, const char *text, double size, colour ink,
                     enum scene_anchor anchor) {
    struct buffer markup = {0};
    scene_escape(&markup, text);
    scene_text(scene, x, y, buffer_string(&markup), size, ink, anchor, FONT_SANS);
    buffer_free(&markup);
}

static void put_bars(const struct style *style, const struct bars *bars, double x, double y, double width,
                     double height, struct scene *scene) {
    double most = 1, step = width / BINS;
    for (int i = 0; i < BINS; i++) most = fmax(most, bars->bin[i]);
    for (int i = 0; i < BINS; i++) {
        double tall = height * bars->bin[i] / most;
        if (tall > 0)
            scene_rect(scene, x + i * step, y + height - fmax(tall, 1), step - 0.6, fmax(tall, 1), 0, style->second, 0,
                       0);
    }
    struct point floor_line[4] = {{x, y + height}, {x, y + height}, {x + width, y + height}, {x + width, y + height}};
    scene_path(scene, floor_line, 4, style->dim, 1, false);
}

static void put_upright(double x, double y0, double y1, colour ink, double width, struct scene *scene) {
    struct point line[4] = {{x, y0}, {x, y0}, {x, y1}, {x, y1}};
    scene_path(scene, line, 4, ink, width, false);
}

static double bounded(double value, double low, double high) { return fmin(fmax(value, low), high); }

// The exact value as a line through it; the mean with its 95 % interval below it.
static void put_marks(const struct style *style, const struct bars *bars, double exact, double low, double high,
                      double x, double y, double width, double height, struct scene *scene) {
    double scale = width / (high - low), at = x + (exact - low) * scale;
    put_upright(at, y - 6, y + height + 14, style->accent, 1.6, scene);
    double mean = bounded(x + (bars->mean - low) * scale, x, x + width), half = 1.96 * bars->error * scale;
    double left = bounded(mean - half, x, x + width), right = bounded(mean + half, x, x + width);
    struct point interval[4] = {
        {left, y + height + 8}, {left, y + height + 8}, {right, y + height + 8}, {right, y + height + 8}};
    scene_path(scene, interval, 4, style->text, 1.6, false);
    scene_ellipse(scene, mean, y + height + 8, 6, 6, style->text, 0, 0);
}

double view_sampling_histogram(const struct view_app *app, struct scene *scene, double x, double y, double width,
                               double height) {
    const struct style *style = style_of(app->theme);
    const json_t *sampling = view_sampling(app);
    double low = number(sampling, "low"), high = number(sampling, "high"), exact = number(sampling, "exact");
    struct bars bars = {0};
    char line[160], left[48], right[48], middle[48];
    bool plays = view_sampling_plays(app);
    if (!(high > low)) return y;
    if (plays)
        count_first(sampling, view_sampling_at(app) + 1, low, high, &bars);
    else
        take_all(sampling, &bars);
    text_label_number(left, low, 3), text_label_number(right, high, 3), text_label_number(middle, exact, 6);
    y += 12;
    snprintf(line, sizeof line, "exact %s", middle);
    put_text(scene, x + width / 2, y, line, 10.5, style->accent_text, ANCHOR_MIDDLE);
    y += 10;
    put_bars(style, &bars, x, y, width, height, scene);
    put_marks(style, &bars, exact, low, high, x, y, width, height, scene);
    y += height + 24;
    put_text(scene, x, y, left, 9, style->muted, ANCHOR_START);
    put_text(scene, x + width, y, right, 9, style->muted, ANCHOR_END);
    char mean[48], error[48];
    text_label_number(mean, bars.mean, 5), text_label_number(error, bars.error, 2);
    y += 16;
    snprintf(line, sizeof line, "mean %s ± %s of %.0f", mean, error, bars.total);
    put_text(scene, x, y, line, 11, style->text, ANCHOR_START);
    if (bars.below + bars.above > 0) {
        y += 14;
        snprintf(line, sizeof line, "%.0f beyond the left end, %.0f beyond the right", bars.below, bars.above);
        put_text(scene, x, y, line, 9, style->muted, ANCHOR_START);
    }
    return y + 16;
}
