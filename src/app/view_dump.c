// What is shown, as JSON: for tests, and for whoever wants to know what the window thinks.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/view.h"
#include "base/arena.h"

static json_t *name_of(const struct view_app *app, uint32_t p) {
    if (p == PART_NONE || p >= app->picture->part_count) return json_null();
    const char *name = json_string_value(json_object_get(picture_about(app->picture, p), "name"));
    const char *title = app->picture->part[p].title;
    return json_string(name ? name : title ? title : "");
}

static json_t *place(const struct view_app *app, uint32_t p) {
    struct point at = viewport_to_window(app->at, view_picture_area(app), picture_centre(app->picture, p));
    return json_pack("{s:o, s:f, s:f}", "name", name_of(app, p), "x", at.x / app->ratio, "y", at.y / app->ratio);
}

static json_t *places(const struct view_app *app, bool edges) {
    json_t *list = json_array();
    for (uint32_t p = 0; app->picture && p < app->picture->part_count; p++)
        if ((app->picture->part[p].tag == TAG_EDGE) == edges) json_array_append_new(list, place(app, p));
    return list;
}

static json_t *widgets(const struct view_app *app) {
    static const char *const names[] = {"none", "slider", "field", "timeline", "first", "back", "play", "next", "last"};
    json_t *list = json_array();
    double scale = view_panel_scale(app), left = app->width - view_panel_width(app) * scale;
    for (uint32_t i = 0; app->panel_shown && i < app->widget_count; i++) {
        const struct widget *w = &app->widget[i];
        json_array_append_new(list, json_pack("{s:s, s:i, s:f, s:f, s:f, s:f}", "kind", names[w->kind], "index",
                                              (int)w->index, "x", (left + w->x * scale) / app->ratio, "y",
                                              (w->y - app->panel_scroll) * scale / app->ratio, "width",
                                              w->width * scale / app->ratio, "height", w->height * scale / app->ratio));
    }
    return list;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The q-th part of the last times, milliseconds.
static double quantile(const struct view_times *times, double q) {
    double sorted[256];
    uint32_t count = times->count < 256 ? times->count : 256;
    if (!count) return 0;
    memcpy(sorted, times->ms, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    return sorted[(uint32_t)(q * (count - 1))];
}

static json_t *times_of(const struct view_times *times) {
    return json_pack("{s:f, s:f, s:i}", "median", quantile(times, 0.5), "p99", quantile(times, 0.99), "count",
                     (int)times->count);
}

json_t *view_dump(struct view_app *app) {
    const json_t *about = app->picture ? app->picture->about : NULL;
    json_t *dump =
        json_pack("{s:s, s:[i, i], s:f, s:[f, f], s:b, s:b, s:b, s:b, s:b, s:b}", "kind", "window", "size", app->width,
                  app->height, "zoom", app->at.scale, "centre", app->at.x, app->at.y, "fitted", app->fitted, "panel",
                  app->panel_shown, "help", app->help, "blank", app->blank, "full", app->full, "playing", app->playing);
    json_object_set_new(dump, "theme", json_string(style_of(app->theme)->name));
    json_object_set_new(dump, "type", json_real(app->type));
    static const char *const copied[] = {"view", "point",   "direction", "step",   "inputs", "between",
                                         "line", "message", "rest",      "lesson", "text"};
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        json_t *value = json_object_get(about, copied[i]);
        json_object_set_new(dump, copied[i], value ? json_incref(value) : json_null());
    }
    json_object_set_new(dump, "cut", json_boolean(app->panel_cut));
    json_object_set_new(dump, "hover", app->picture ? name_of(app, app->hover) : json_null());
    json_object_set_new(dump, "focus", app->picture ? name_of(app, app->focus) : json_null());
    json_object_set_new(dump, "picks",
                        app->picture ? json_pack("[o, o]", name_of(app, app->pick[0]), name_of(app, app->pick[1]))
                                     : json_null());
    json_object_set_new(dump, "search",
                        app->searching
                            ? json_pack("{s:s, s:i, s:i}", "text", app->search, "at",
                                        app->found_count ? (int)app->found_at + 1 : 0, "found", (int)app->found_count)
                            : json_null());
    if (app->chart) {
        json_t *axes = json_array(); // of each panel: x and y from and to
        for (uint32_t i = 0; i < app->chart->panel_count; i++) {
            const struct plot_frame *f = &app->chart->panel[i].frame;
            json_array_append_new(axes, json_pack("[f, f, f, f]", f->x.low, f->x.high, f->y.low, f->y.high));
        }
        const struct view_panel *first = &app->chart->panel[0];
        json_object_set_new(dump, "plot",
                            json_pack("{s:b, s:b, s:b, s:s, s:i, s:f, s:f, s:f, s:f, s:o}", "log_x", first->plot.log_x,
                                      "log_y", first->plot.log_y, "moved", first->moved, "pointed", app->chart->pointed,
                                      "panels", (int)app->chart->panel_count, "left", first->frame.left, "top",
                                      first->frame.top, "width", first->frame.width, "height", first->frame.height,
                                      "axes", axes));
    }
    json_object_set_new(dump, "input", app->input == PART_NONE ? json_null() : json_integer(app->input));
    // Until the session has answered the last value of a drag.
    json_object_set_new(dump, "sliding", json_boolean(app->drag == DRAG_SLIDER || app->slide_busy || app->slide_waits));
    const json_t *sampling = view_sampling(app);
    if (sampling)
        json_object_set_new(
            dump, "sampling",
            json_pack("{s:b, s:b, s:i, s:O, s:O, s:O, s:O, s:O, s:O, s:O, s:O}", "shown", app->sampling_shown, "plays",
                      view_sampling_plays(app), "at", (int)view_sampling_at(app), "samples",
                      json_object_get(sampling, "samples"), "mean", json_object_get(sampling, "mean"), "exact",
                      json_object_get(sampling, "exact"), "bins", json_object_get(sampling, "bins"), "below",
                      json_object_get(sampling, "below"), "above", json_object_get(sampling, "above"), "pile",
                      json_object_get(sampling, "pile"), "sliders", json_object_get(sampling, "sliders")));
    json_object_set_new(dump, "note", json_string(app->note));
    json_object_set_new(dump, "busy", json_string(app->busy));
    json_object_set_new(dump, "vertices", places(app, false));
    json_object_set_new(dump, "edges", places(app, true));
    json_object_set_new(dump, "widgets", widgets(app));
    json_object_set_new(dump, "frames", json_integer(app->frame.count));
    json_object_set_new(dump, "frame_ms", times_of(&app->frame));
    json_object_set_new(dump, "input_ms", times_of(&app->answer));
    json_object_set_new(dump, "slide_ms", times_of(&app->slide));
    return dump;
}
