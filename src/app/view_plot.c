// A plot in the window: drawn here, from the numbers that the session sent, for the part of the data that is looked at.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/view.h"
#include "base/arena.h"

static void free_curves(struct view_chart *chart) {
    for (uint32_t i = 0; i < chart->plot.curve_count; i++) {
        mem_free((void *)(uintptr_t)chart->curve[i].name);
        mem_free((void *)(uintptr_t)chart->curve[i].x);
        mem_free((void *)(uintptr_t)chart->curve[i].y);
    }
    mem_free(chart->curve);
}

void view_chart_free(struct view_chart *chart) {
    if (!chart) return;
    free_curves(chart);
    mem_free(chart->title);
    mem_free(chart->x_label);
    mem_free(chart->y_label);
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
    *curve = (struct plot_curve){.name = markup_of(object, "name"),
                                 .x = numbers_of(object, "x", count),
                                 .y = numbers_of(object, "y", count),
                                 .count = count,
                                 .colour = number};
    return curve->name && curve->x && curve->y;
}

struct view_chart *view_chart_new(const json_t *about) {
    const json_t *plot = json_object_get(about, "plot"), *curves = json_object_get(plot, "curves");
    struct view_chart *chart = json_is_object(plot) ? mem_zero(1, sizeof *chart) : NULL;
    if (!chart) return NULL;
    uint32_t count = (uint32_t)json_array_size(curves);
    chart->title = markup_of(plot, "title");
    chart->x_label = markup_of(plot, "x_label");
    chart->y_label = markup_of(plot, "y_label");
    chart->curve = mem_zero(count + 1, sizeof *chart->curve);
    bool ok = chart->title && chart->x_label && chart->y_label && chart->curve;
    for (; ok && chart->plot.curve_count < count; chart->plot.curve_count++)
        ok = read_curve(json_array_get(curves, chart->plot.curve_count), chart->plot.curve_count,
                        &chart->curve[chart->plot.curve_count]);
    chart->plot.log_x = json_is_true(json_object_get(plot, "log_x"));
    chart->plot.log_y = json_is_true(json_object_get(plot, "log_y"));
    if (ok) return chart;
    view_chart_free(chart);
    return NULL;
}

// Draws the chart anew for the window as it is, as the picture; 1 point of it is a point of the panel.
void view_chart_draw(struct view_app *app) {
    struct view_chart *chart = app->chart;
    struct area area = view_picture_area(app);
    double scale = view_panel_scale(app);
    struct error error = {0};
    struct scene scene;
    chart->plot.title = chart->title;
    chart->plot.x_label = chart->x_label;
    chart->plot.y_label = chart->y_label;
    chart->plot.curve = chart->curve;
    chart->plot.window = chart->moved ? &chart->window : NULL;
    chart->plot.width = fmax(area.width / scale, 200);
    chart->plot.height = fmax(area.height / scale, 150);
    chart->plot.list_hidden = true;
    chart->plot.theme = app->theme;
    scene_init(&scene);
    if (!plot_scene(&chart->plot, &scene, &chart->frame, chart->message, &error)) {
        view_note(app, "%s", error.message);
        scene_clear(&scene);
        return;
    }
    json_t *about = app->picture ? json_incref(app->picture->about) : json_object();
    struct picture *picture = picture_new(&scene, about);
    if (!picture) return;
    picture_free(app->picture);
    app->picture = picture;
    app->at = app->to = (struct viewport){chart->plot.width / 2, chart->plot.height / 2, scale};
    app->move_seconds = 0;
    app->hover = app->focus = app->pick[0] = app->pick[1] = PART_NONE;
    app->cache_good = false;
    app->dirty = app->panel_stale = true;
}

static struct point to_scene(const struct view_app *app, struct point window) {
    return viewport_to_picture(app->at, view_picture_area(app), window);
}

void view_chart_zoom(struct view_app *app, struct point about, double factor) {
    struct view_chart *chart = app->chart;
    chart->window = plot_zoom(&chart->frame, to_scene(app, about), factor, factor);
    chart->moved = true;
    view_chart_draw(app);
}

void view_chart_pan(struct view_app *app, double dx, double dy) {
    struct view_chart *chart = app->chart;
    chart->window = plot_pan(&chart->frame, dx / app->at.scale, dy / app->at.scale);
    chart->moved = true;
    view_chart_draw(app);
}

void view_chart_fit(struct view_app *app) {
    app->chart->moved = false;
    view_chart_draw(app);
}

void view_chart_toggle(struct view_app *app, uint32_t curve) {
    if (curve >= app->chart->plot.curve_count) return;
    app->chart->curve[curve].hidden = !app->chart->curve[curve].hidden;
    view_chart_draw(app);
}

// None, y, x, both.
void view_chart_log(struct view_app *app) {
    struct plot *plot = &app->chart->plot;
    int next = ((plot->log_y ? 1 : 0) + (plot->log_x ? 2 : 0) + 1) % 4;
    plot->log_y = next & 1;
    plot->log_x = next >> 1 & 1;
    app->chart->moved = false;
    view_chart_draw(app);
}

// The point of a curve under the pointer, in words; "" for none.
void view_chart_point(struct view_app *app, struct point window) {
    struct plot_hit hit;
    struct buffer words = {0};
    struct view_chart *chart = app->chart;
    chart->has_hit = plot_nearest(&chart->plot, &chart->frame, to_scene(app, window), 14, &hit);
    if (chart->has_hit) plot_describe_hit(&chart->plot, &hit, &words);
    if (chart->has_hit) chart->hit = hit.at;
    if (strcmp(buffer_string(&words), chart->pointed) != 0) app->dirty = app->panel_stale = true;
    snprintf(chart->pointed, sizeof chart->pointed, "%s", buffer_string(&words));
    buffer_free(&words);
}
