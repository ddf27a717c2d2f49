// A plot in the window: drawn here, from the numbers that the session sent, for the part of the data that is looked at.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/view.h"
#include "base/arena.h"

#define LEAST_HEIGHT 20.0 // of a panel, in sizes of its letters, where there is a choice
#define LEAST_WIDTH 28.0
#define ENOUGH 1.3       // times as large
#define LEAST_LETTER 8.0 // points
#define LARGEST_LETTER 12.0

static void free_panel(struct view_panel *panel) {
    for (uint32_t i = 0; i < panel->plot.curve_count; i++) {
        mem_free((void *)(uintptr_t)panel->curve[i].name);
        mem_free((void *)(uintptr_t)panel->curve[i].x);
        mem_free((void *)(uintptr_t)panel->curve[i].y);
        mem_free((void *)(uintptr_t)panel->curve[i].low);
        mem_free((void *)(uintptr_t)panel->curve[i].high);
    }
    mem_free(panel->curve);
    mem_free(panel->title);
    mem_free(panel->x_label);
    mem_free(panel->y_label);
}

void view_chart_free(struct view_chart *chart) {
    if (!chart) return;
    for (uint32_t i = 0; i < chart->panel_count; i++) free_panel(&chart->panel[i]);
    mem_free(chart->panel);
    mem_free(chart->title);
    mem_free(chart->note);
    mem_free(chart);
}

static char *markup_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    struct buffer out = {0};
    scene_escape(&out, text ? text : "");
    return out.data ? out.data : mem_text("", 0);
}

static double *numbers_of(const json_t *object, const char *key, size_t count) {
    const json_t *list = json_object_get(object, key);
    double *value = mem_alloc(count + 1, sizeof *value);
    for (size_t i = 0; value && i < count; i++) {
        const json_t *number = json_array_get(list, i);
        value[i] = json_is_number(number) ? json_number_value(number) : NAN;
    }
    return value;
}

static bool read_curve(const json_t *object, uint32_t number, struct plot_curve *curve) {
    size_t count = json_array_size(json_object_get(object, "x"));
    if (json_array_size(json_object_get(object, "y")) < count) count = json_array_size(json_object_get(object, "y"));
    const json_t *number_of = json_object_get(object, "colour");
    bool bars = json_object_get(object, "low") && json_object_get(object, "high");
    *curve = (struct plot_curve){.name = json_object_get(object, "name") ? markup_of(object, "name") : NULL,
                                 .x = numbers_of(object, "x", count),
                                 .y = numbers_of(object, "y", count),
                                 .low = bars ? numbers_of(object, "low", count) : NULL,
                                 .high = bars ? numbers_of(object, "high", count) : NULL,
                                 .count = count,
                                 .marks = (enum plot_marks)json_integer_value(json_object_get(object, "marks")),
                                 .colour = number_of ? (uint32_t)json_integer_value(number_of) : number,
                                 .bars = bars,
                                 .hollow = json_is_true(json_object_get(object, "hollow")),
                                 .dashed = json_is_true(json_object_get(object, "dashed"))};
    return curve->x && curve->y && (!bars || (curve->low && curve->high));
}

// The part of the plane that the panel shows at first, if that is not all of the data.
static void read_home(const json_t *object, struct view_panel *panel) {
    const json_t *list = json_object_get(object, "window");
    const struct plot *plot = &panel->plot;
    double v[4];
    panel->fixed = json_array_size(list) == 4;
    for (size_t i = 0; i < 4; i++) v[i] = json_number_value(json_array_get(list, i));
    struct axis x = {v[0], v[1], plot->log_x}, y = {v[2], v[3], plot->log_y};
    panel->fixed = panel->fixed && axis_valid(&x) && axis_valid(&y);
    panel->home = (struct plot_window){v[0], v[1], v[2], v[3]};
    panel->home_log_x = plot->log_x;
    panel->home_log_y = plot->log_y;
}

// NULL: all of the data. On other axes than its own the part that it shows at first may not exist.
static const struct plot_window *window_of(const struct view_panel *panel) {
    bool own = panel->plot.log_x == panel->home_log_x && panel->plot.log_y == panel->home_log_y;
    return panel->moved ? &panel->window : panel->fixed && own ? &panel->home : NULL;
}

static bool read_panel(const json_t *object, struct view_panel *panel) {
    const json_t *curves = json_object_get(object, "curves");
    uint32_t count = (uint32_t)json_array_size(curves);
    panel->title = markup_of(object, "title");
    panel->x_label = markup_of(object, "x_label");
    panel->y_label = markup_of(object, "y_label");
    panel->curve = mem_zero(count + 1, sizeof *panel->curve);
    bool ok = panel->title && panel->x_label && panel->y_label && panel->curve;
    for (; ok && panel->plot.curve_count < count; panel->plot.curve_count++)
        ok = read_curve(json_array_get(curves, panel->plot.curve_count), panel->plot.curve_count,
                        &panel->curve[panel->plot.curve_count]);
    panel->plot.title = panel->title;
    panel->plot.x_label = panel->x_label;
    panel->plot.y_label = panel->y_label;
    panel->plot.curve = panel->curve;
    panel->plot.log_x = json_is_true(json_object_get(object, "log_x"));
    panel->plot.log_y = json_is_true(json_object_get(object, "log_y"));
    read_home(object, panel);
    return ok;
}

struct view_chart *view_chart_new(const json_t *about) {
    const json_t *plot = json_object_get(about, "plot"), *panels = json_object_get(plot, "panels");
    uint32_t count = (uint32_t)json_array_size(panels);
    struct view_chart *chart = count ? mem_zero(1, sizeof *chart) : NULL;
    if (!chart) return NULL;
    chart->title = markup_of(plot, "title");
    chart->note = markup_of(plot, "note");
    chart->panel = mem_zero(count, sizeof *chart->panel);
    json_int_t columns = json_integer_value(json_object_get(plot, "columns"));
    chart->columns = columns > 0 && columns <= count ? (uint32_t)columns : plot_page_columns(count);
    bool ok = chart->title && chart->note && chart->panel;
    for (; ok && chart->panel_count < count; chart->panel_count++)
        ok = read_panel(json_array_get(panels, chart->panel_count), &chart->panel[chart->panel_count]);
    if (ok) return chart;
    view_chart_free(chart);
    return NULL;
}

// How large a panel is beside what it should be: 1 can be read.
static double panel_quality(const struct view_app *app, double width, double height) {
    double letter = style_of(app->theme)->label_size;
    return fmin(width / (LEAST_WIDTH * letter), height / (LEAST_HEIGHT * letter));
}

static uint32_t rows_of(const struct view_chart *chart, uint32_t columns) {
    return columns ? (chart->panel_count + columns - 1) / columns : 0;
}

// Those of the page, or so many times as many that the panels can be read best.
static uint32_t columns_for(const struct view_app *app, double width, double height) {
    const struct view_chart *chart = app->chart;
    uint32_t best = chart->columns;
    double quality = 0;
    for (uint32_t columns = chart->columns; columns <= chart->panel_count && quality < ENOUGH;
         columns += chart->columns) {
        double own = panel_quality(app, width / columns, height / rows_of(chart, columns));
        if (own > quality) best = columns, quality = own;
    }
    return best;
}

// Small panels have small texts, and large ones large texts, to be read from afar.
static double text_for(const struct view_app *app, double width, double height) {
    double letter = style_of(app->theme)->label_size;
    return fmax(LEAST_LETTER / letter,
                fmin(panel_quality(app, width, height) / ENOUGH, fmax(1, LARGEST_LETTER / letter)));
}

#define HEAD 50.0 // points of a page's title and note, about

// All panels on a page that fills the picture's area.
static bool make_page(struct view_app *app, double width, double height, struct scene *scene, struct error *error) {
    struct view_chart *chart = app->chart;
    uint32_t count = chart->panel_count, columns = columns_for(app, width, height - HEAD);
    uint32_t rows = rows_of(chart, columns);
    struct plot *plot = mem_alloc(count, sizeof *plot);
    struct plot_frame *frame = mem_zero(count, sizeof *frame);
    bool ok = (plot && frame) || error_memory(error);
    for (uint32_t i = 0; ok && i < count; i++) {
        struct plot *own = &chart->panel[i].plot;
        own->window = window_of(&chart->panel[i]);
        own->width = width / columns;
        own->list_hidden = true;
        own->theme = app->theme;
        own->text_scale = text_for(app, width / columns, (height - HEAD) / rows);
        plot[i] = *own;
    }
    double head = ok ? plot_page_head(plot, count, columns, chart->title, chart->note) : 0;
    for (uint32_t i = 0; ok && i < count; i++)
        plot[i].height = chart->panel[i].plot.height = fmax(height - head, 100) / rows;
    if (ok && count == 1 && head == 0)
        ok = plot_scene(plot, scene, frame, chart->message, error);
    else if (ok)
        ok = plot_page(plot, count, columns, chart->title, chart->note, scene, frame, chart->message, error);
    for (uint32_t i = 0; ok && i < count; i++) chart->panel[i].frame = frame[i];
    mem_free(plot);
    mem_free(frame);
    return ok;
}

// Draws the chart anew for the window as it is, as the picture; 1 point of it is a point of the panel.
void view_chart_draw(struct view_app *app) {
    struct area area = view_picture_area(app);
    double scale = view_panel_scale(app), width = fmax(area.width / scale, 200),
           height = fmax(area.height / scale, 150);
    struct error error = {0};
    struct scene scene;
    scene_init(&scene);
    if (!make_page(app, width, height, &scene, &error)) {
        view_note(app, "%s", error.message);
        scene_clear(&scene);
        return;
    }
    json_t *about = app->picture ? json_incref(app->picture->about) : json_object();
    struct picture *picture = picture_new(&scene, about);
    if (!picture) return;
    picture_free(app->picture);
    app->picture = picture;
    app->at = app->to = (struct viewport){width / 2, height / 2, scale};
    app->move_seconds = 0;
    app->hover = app->focus = app->pick[0] = app->pick[1] = PART_NONE;
    app->cache_good = false;
    app->dirty = app->panel_stale = true;
}

static struct point to_scene(const struct view_app *app, struct point window) {
    return viewport_to_picture(app->at, view_picture_area(app), window);
}

// The panel there, else the nearest.
static struct view_panel *panel_at(struct view_app *app, struct point at) {
    struct view_panel *found = app->chart->panel;
    double nearest = INFINITY;
    for (uint32_t i = 0; i < app->chart->panel_count; i++) {
        const struct plot_frame *f = &app->chart->panel[i].frame;
        double dx = at.x - (f->left + f->width / 2), dy = at.y - (f->top + f->height / 2);
        double distance = plot_contains(f, at) ? -1 : dx * dx + dy * dy;
        if (distance < nearest) nearest = distance, found = &app->chart->panel[i];
    }
    return found;
}

void view_chart_zoom(struct view_app *app, struct point about, double factor) {
    struct point at = to_scene(app, about);
    struct view_panel *panel = panel_at(app, at);
    panel->window = plot_zoom(&panel->frame, at, factor, factor);
    panel->moved = true;
    view_chart_draw(app);
}

void view_chart_pan(struct view_app *app, struct point at, double dx, double dy) {
    struct view_panel *panel = panel_at(app, to_scene(app, at));
    panel->window = plot_pan(&panel->frame, dx / app->at.scale, dy / app->at.scale);
    panel->moved = true;
    view_chart_draw(app);
}

void view_chart_fit(struct view_app *app) {
    for (uint32_t i = 0; i < app->chart->panel_count; i++) app->chart->panel[i].moved = false;
    view_chart_draw(app);
}

// The part's number says which curve of its panel it is: the first panel with such a curve tells the colour, as equal
// numbers mean equal colours in all of them.
uint32_t view_chart_colour(const struct view_app *app, uint32_t part) {
    uint32_t curve = app->picture->part[part].id;
    for (uint32_t i = 0; i < app->chart->panel_count; i++)
        if (curve < app->chart->panel[i].plot.curve_count) return app->chart->panel[i].curve[curve].colour;
    return UINT32_MAX;
}

void view_chart_toggle(struct view_app *app, uint32_t group) {
    bool found = false;
    for (uint32_t i = 0; i < app->chart->panel_count; i++) {
        struct view_panel *panel = &app->chart->panel[i];
        for (uint32_t c = 0; c < panel->plot.curve_count; c++) {
            if (panel->curve[c].colour != group) continue;
            panel->curve[c].hidden = !panel->curve[c].hidden;
            found = true;
        }
    }
    if (found) view_chart_draw(app);
}

// None, y, x, both.
void view_chart_log(struct view_app *app) {
    const struct plot *first = &app->chart->panel[0].plot;
    int next = ((first->log_y ? 1 : 0) + (first->log_x ? 2 : 0) + 1) % 4;
    for (uint32_t i = 0; i < app->chart->panel_count; i++) {
        app->chart->panel[i].plot.log_y = next & 1;
        app->chart->panel[i].plot.log_x = next >> 1 & 1;
        app->chart->panel[i].moved = false;
    }
    view_chart_draw(app);
}

// The point of a curve under the pointer, in words; "" for none.
void view_chart_point(struct view_app *app, struct point window) {
    struct plot_hit hit;
    struct buffer words = {0};
    struct view_chart *chart = app->chart;
    struct point at = to_scene(app, window);
    const struct view_panel *panel = panel_at(app, at);
    chart->has_hit = plot_nearest(&panel->plot, &panel->frame, at, 14, &hit);
    if (chart->has_hit) plot_describe_hit(&panel->plot, &hit, &words);
    if (chart->has_hit) chart->hit = hit.at;
    if (strcmp(buffer_string(&words), chart->pointed) != 0) app->dirty = app->panel_stale = true;
    snprintf(chart->pointed, sizeof chart->pointed, "%s", buffer_string(&words));
    buffer_free(&words);
}
