// Pixels: the picture, its lights, the panel and what lies over them.
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/view.h"
#include "base/arena.h"
#include "base/clock.h"
#include "show/paint.h"

#define GLIDE 0.35          // seconds from one picture to the next
enum { CLOCK_HEIGHT = 52 }; // points, below an instructor's notes
#define SETTLE 0.12         // seconds after a movement until the picture is drawn in full quality

static void set(cairo_t *cairo, colour c) {
    cairo_set_source_rgba(cairo, (c >> 24) / 255.0, (c >> 16 & 0xFF) / 255.0, (c >> 8 & 0xFF) / 255.0,
                          (c & 0xFF) / 255.0);
}

bool view_in_lesson(const struct view_app *app) {
    return app->picture && json_is_true(json_object_get(app->picture->about, "lesson"));
}

bool view_has_clock(const struct view_app *app) {
    return app->picture && json_is_object(json_object_get(app->picture->about, "clock"));
}

double view_panel_width(const struct view_app *app) { return view_in_lesson(app) ? 340 : 280; }

// A figure of the paper: graphs and plots on one page.
static bool is_page(const struct view_app *app) {
    const char *view = app->picture ? json_string_value(json_object_get(app->picture->about, "view")) : NULL;
    return view && strcmp(view, "page") == 0;
}

// Beside plots it only serves a lesson's text; the instructor's notes are a page of their own.
static bool has_panel(const struct view_app *app) {
    if (!app->panel_shown || !app->picture || view_has_clock(app)) return false;
    return (!app->chart && !is_page(app)) || view_in_lesson(app);
}

double view_panel_scale(const struct view_app *app) {
    double scale = 1.2 * app->ratio * app->type * (app->theme == THEME_PROJECTOR ? 1.25 : 1);
    return fmax(0.05, fmin(scale, 0.5 * app->width / view_panel_width(app))); // never more than half of the window
}

struct area view_picture_area(const struct view_app *app) {
    double panel = has_panel(app) ? view_panel_width(app) * view_panel_scale(app) : 0;
    double clock = view_has_clock(app) ? CLOCK_HEIGHT * view_panel_scale(app) : 0;
    return (struct area){0, 0, fmax(1, app->width - panel), fmax(1, app->height - clock)};
}

// ---- moving -------------------------------------------------------------------------------------------------------

static struct viewport fit(const struct view_app *app) {
    const struct scene *scene = &app->picture->scene;
    double largest = 3.2 * app->ratio * app->type;
    return viewport_fit(scene->width, scene->height, view_picture_area(app), 24 * app->ratio, largest);
}

void view_go(struct view_app *app, struct viewport to, double seconds) {
    app->from = app->at;
    app->to = to;
    app->move_from = clock_now();
    app->move_seconds = seconds;
    if (seconds <= 0) app->at = to;
    app->cache_good = false;
    app->dirty = true;
}

#define READABLE 0.35 // pixels per point: below, names are no longer read
#define LEGIBLE 0.6   // ... and from there they are read well

// Where the inputs are, for a picture that is too long to be read as a whole.
static struct point beginning(const struct picture *picture) {
    struct point sum = {0, 0};
    double count = 0;
    for (uint32_t p = 0; p < picture->part_count; p++) {
        const char *op = json_string_value(json_object_get(picture->part[p].about, "op"));
        if (!op || strcmp(op, "input") != 0) continue;
        struct point at = picture_centre(picture, p);
        sum.x += at.x;
        sum.y += at.y;
        count++;
    }
    if (count == 0) return (struct point){picture->scene.width / 2, picture->scene.height / 2};
    return (struct point){sum.x / count, sum.y / count};
}

// A picture larger than the area fills it, a smaller one stands in its middle: the centre, along one direction.
static double inside(double centre, double size, double shown) {
    return size <= shown ? size / 2 : fmin(fmax(centre, shown / 2), size - shown / 2);
}

// Large enough to read, with the inputs in sight.
static struct viewport fit_beginning(const struct view_app *app) {
    const struct scene *scene = &app->picture->scene;
    struct area area = view_picture_area(app);
    struct point begin = beginning(app->picture);
    double scale = LEGIBLE * app->ratio;
    return (struct viewport){inside(begin.x, scene->width, area.width / scale),
                             inside(begin.y, scene->height, area.height / scale), scale};
}

static const char too_large[] = "too large to be read as a whole: here are the inputs; w shows all of it";

void view_fit(struct view_app *app, bool glide) {
    if (!app->picture) return;
    if (app->chart) {
        view_chart_fit(app);
        return;
    }
    struct viewport whole = fit(app), to = whole;
    if (!app->fitted && strcmp(app->note, too_large) == 0) app->note[0] = '\0';
    double readable = READABLE * app->ratio;
    if (whole.scale < readable && !app->whole && !is_page(app)) {
        to = fit_beginning(app);
        if (!app->fitted) view_note(app, "%s", too_large);
    }
    app->fitted = true;
    view_go(app, to, glide ? 0.25 : 0);
}

static void advance(struct view_app *app, double now) {
    if (app->move_seconds > 0) {
        double t = (now - app->move_from) / app->move_seconds;
        app->at = t >= 1 ? app->to : viewport_between(app->from, app->to, viewport_ease(t));
        if (t >= 1) app->move_seconds = 0;
        app->cache_good = false;
        app->dirty = true;
    }
    if (app->before) {
        app->cache_good = false;
        app->dirty = true;
        if (now - app->glide_from >= GLIDE) {
            picture_free(app->before);
            app->before = NULL;
        }
    }
    if (app->drawn_fast && now - app->touched > SETTLE && app->move_seconds <= 0)
        app->cache_good = false, app->dirty = true;
}

// ---- the window's size --------------------------------------------------------------------------------------------

static cairo_surface_t *new_surface(int width, int height) {
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) return surface;
    cairo_surface_destroy(surface);
    return NULL;
}

// The window's own pixels as a canvas, if they are what Cairo draws; else one of ours, converted each time.
static cairo_surface_t *new_canvas(SDL_Surface *surface) {
    const SDL_PixelFormat *format = surface->format;
    bool same = format->BitsPerPixel == 32 && format->Rmask == 0xFF0000 && format->Gmask == 0xFF00 &&
                format->Bmask == 0xFF && !SDL_MUSTLOCK(surface);
    if (!same) return new_surface(surface->w, surface->h);
    cairo_surface_t *canvas = cairo_image_surface_create_for_data(surface->pixels, CAIRO_FORMAT_RGB24, surface->w,
                                                                  surface->h, surface->pitch);
    if (cairo_surface_status(canvas) == CAIRO_STATUS_SUCCESS) return canvas;
    cairo_surface_destroy(canvas);
    return NULL;
}

static void drop_surfaces(struct view_app *app) {
    cairo_surface_t **surfaces[] = {&app->canvas, &app->cache, &app->side};
    for (size_t i = 0; i < sizeof surfaces / sizeof *surfaces; i++) {
        if (*surfaces[i]) cairo_surface_destroy(*surfaces[i]);
        *surfaces[i] = NULL;
    }
}

bool view_resize(struct view_app *app) {
    int units;
    app->dirty = app->panel_stale = true;
    app->cache_good = false;
    drop_surfaces(app);
    app->surface = SDL_GetWindowSurface(app->window);
    if (!app->surface || app->surface->w < 1 || app->surface->h < 1) return false;
    SDL_GetWindowSize(app->window, &units, NULL);
    app->width = app->surface->w;
    app->height = app->surface->h;
    app->ratio = units > 0 ? fmax(0.5, (double)app->width / units) : 1;
    app->canvas = new_canvas(app->surface);
    app->cache = new_surface(app->width, app->height);
    if (app->chart)
        view_chart_draw(app);
    else if (app->picture && app->fitted)
        view_fit(app, false);
    return app->canvas && app->cache;
}

// ---- the picture --------------------------------------------------------------------------------------------------

static void to_picture(const struct view_app *app, cairo_t *cairo) {
    struct point origin = viewport_to_window(app->at, view_picture_area(app), (struct point){0, 0});
    cairo_translate(cairo, origin.x, origin.y);
    cairo_scale(cairo, app->at.scale, app->at.scale);
}

static void clip_to_area(const struct view_app *app, cairo_t *cairo) {
    struct area area = view_picture_area(app);
    cairo_rectangle(cairo, area.x, area.y, area.width, area.height);
    cairo_clip(cairo);
}

static void draw_cache(struct view_app *app, double now) {
    cairo_t *cairo = cairo_create(app->cache);
    bool moving = app->move_seconds > 0 || app->before || now - app->touched <= SETTLE;
    set(cairo, style_of(app->theme)->background);
    cairo_paint(cairo);
    if (app->picture) {
        clip_to_area(app, cairo);
        to_picture(app, cairo);
        picture_paint(cairo, app->picture, app->before, viewport_ease((now - app->glide_from) / GLIDE), moving);
    }
    cairo_destroy(cairo);
    app->drawn_fast = moving;
    app->cache_good = true;
}

static bool touches(const struct part *edge, uint32_t p) { return edge->from == p || edge->to == p; }

// What is lit: the part in hand, the edges at a vertex and their other ends, the ends of an edge.
static void light_around(const struct picture *picture, uint32_t p, uint8_t *lit) {
    if (p == PART_NONE || p >= picture->part_count) return;
    lit[p] = 1;
    const struct part *part = &picture->part[p];
    if (part->tag == TAG_EDGE) {
        if (part->from != PART_NONE) lit[part->from] = 1;
        if (part->to != PART_NONE) lit[part->to] = 1;
        return;
    }
    for (uint32_t e = 0; e < picture->part_count; e++) {
        const struct part *edge = &picture->part[e];
        if (edge->tag != TAG_EDGE || !touches(edge, p)) continue;
        lit[e] = 1;
        uint32_t other = edge->from == p ? edge->to : edge->from;
        if (other != PART_NONE) lit[other] = 1;
    }
}

static void draw_sampling(struct view_app *app, cairo_t *cairo) {
    cairo_save(cairo);
    clip_to_area(app, cairo);
    to_picture(app, cairo);
    view_sampling_draw(app, cairo);
    cairo_restore(cairo);
}

static void draw_lights(struct view_app *app, cairo_t *cairo) {
    const struct picture *picture = app->picture;
    uint8_t *lit = mem_zero(picture->part_count + 1, 1);
    if (!lit) return;
    cairo_save(cairo);
    clip_to_area(app, cairo);
    to_picture(app, cairo);
    bool found = false;
    for (uint32_t i = 0; app->searching && i < app->found_count; i++) lit[app->found[i]] = 1, found = true;
    if (found) picture_light(cairo, picture, lit, true, app->theme, false);
    memset(lit, 0, picture->part_count);
    light_around(picture, app->focus, lit);
    light_around(picture, app->hover, lit);
    for (int i = 0; i < 2; i++)
        if (app->pick[i] != PART_NONE) lit[app->pick[i]] = 1;
    if (app->searching && app->found_count) lit[app->found[app->found_at]] = 1;
    picture_light(cairo, picture, lit, false, app->theme, false);
    cairo_restore(cairo);
    mem_free(lit);
}

// ---- the panel and what lies above --------------------------------------------------------------------------------

// The panel's pixels, made again when something in it may have changed.
static bool make_side(struct view_app *app, double scale) {
    int width = (int)ceil(view_panel_width(app) * scale);
    if (app->side && !app->panel_stale && cairo_image_surface_get_width(app->side) == width) return true;
    if (app->side) cairo_surface_destroy(app->side);
    app->side = new_surface(width, app->height);
    if (!app->side) return false;
    view_panel_make(app);
    app->panel_scroll = fmax(0, fmin(app->panel_scroll, app->panel_height - app->height / scale));
    cairo_t *cairo = cairo_create(app->side);
    set(cairo, style_of(app->theme)->frame_fill);
    cairo_paint(cairo);
    cairo_scale(cairo, scale, scale);
    cairo_translate(cairo, 0, -app->panel_scroll);
    paint_scene(cairo, &app->panel, false);
    cairo_destroy(cairo);
    app->panel_stale = false;
    return true;
}

static void draw_panel(struct view_app *app, cairo_t *cairo) {
    double scale = view_panel_scale(app);
    if (!has_panel(app) || !make_side(app, scale)) return;
    cairo_set_source_surface(cairo, app->side, floor(app->width - view_panel_width(app) * scale), 0);
    cairo_paint(cairo);
}

// A box with lines of text in the corner of the picture's area; -1: at the bottom.
static void draw_box(struct view_app *app, cairo_t *cairo, const char *text, bool bottom) {
    const struct style *style = style_of(app->theme);
    struct scene scene = {0};
    double scale = view_panel_scale(app), width = fmin(360, view_picture_area(app).width / scale - 24);
    if (width < 40) return;
    double height = view_text_block(&scene, 10, 6, width - 20, text, 12, style->text, FONT_SANS) + 4;
    cairo_save(cairo);
    cairo_scale(cairo, scale, scale);
    cairo_translate(cairo, 12, bottom ? app->height / scale - height - 12 : 12);
    struct scene box = {0};
    scene_rect(&box, 0, 0, width, height, 6, style->vertex_fill, style->frame_stroke, 1);
    paint_scene(cairo, &box, false);
    paint_scene(cairo, &scene, false);
    cairo_restore(cairo);
    scene_clear(&scene);
    scene_clear(&box);
}

static void draw_search(struct view_app *app, cairo_t *cairo) {
    char text[256];
    snprintf(text, sizeof text, "/%s|   %u of %u", app->search, app->found_count ? app->found_at + 1 : 0,
             app->found_count);
    draw_box(app, cairo, text, false);
}

static void help_rows(struct scene *scene, const struct style *style, double column) {
    const size_t half = (key_count + 1) / 2;
    for (size_t i = 0; i < key_count; i++) {
        bool right = i >= half;
        double x = 16 + (right ? column : 0), y = 44 + 17.0 * (double)(right ? i - half : i);
        struct buffer keys = {0}, words = {0};
        scene_escape(&keys, key_table[i].keys);
        scene_escape(&words, key_table[i].summary);
        scene_text(scene, x, y, buffer_string(&keys), 11, style->accent_text, ANCHOR_START, FONT_SANS);
        scene_text(scene, x + 84, y, buffer_string(&words), 11, style->text, ANCHOR_START, FONT_SANS);
        buffer_free(&keys);
        buffer_free(&words);
    }
}

static void draw_help(struct view_app *app, cairo_t *cairo) {
    const struct style *style = style_of(app->theme);
    struct scene scene = {0};
    const size_t rows = (key_count + 1) / 2;
    const double column = 400, width = 2 * column + 20, height = 52 + 17.0 * (double)rows;
    double scale = fmin(view_panel_scale(app), fmin(app->width / (width + 20), app->height / (height + 20)));
    scene_rect(&scene, 0, 0, width, height, 8, style->background, style->frame_stroke, 1);
    scene_text(&scene, 16, 24, "**Keys**", 13, style->text, ANCHOR_START, FONT_SANS);
    help_rows(&scene, style, column);
    cairo_save(cairo);
    cairo_translate(cairo, (app->width - width * scale) / 2, (app->height - height * scale) / 2);
    cairo_scale(cairo, scale, scale);
    paint_scene(cairo, &scene, false);
    cairo_restore(cairo);
    scene_clear(&scene);
}

// A ring around the point of a curve under the pointer, and what it is.
static void draw_hit(struct view_app *app, cairo_t *cairo) {
    if (!app->chart->has_hit) return;
    const struct style *style = style_of(app->theme);
    struct scene scene = {0};
    struct point at = app->chart->hit;
    scene_ellipse(&scene, at.x, at.y, 9, 9, 0, style->accent, 1.8);
    cairo_save(cairo);
    to_picture(app, cairo);
    paint_scene(cairo, &scene, false);
    cairo_restore(cairo);
    scene_clear(&scene);
    draw_box(app, cairo, app->chart->pointed, true);
}

// "4:05 of 15 min", and where the lesson should be by now.
void view_clock_text(const struct view_app *app, char *text, size_t size, bool *late) {
    const json_t *clock = json_object_get(app->picture->about, "clock");
    double minutes = json_number_value(json_object_get(clock, "minutes"));
    double spent = fmax(0, (double)time(NULL) - json_number_value(json_object_get(clock, "begun")));
    double steps = json_number_value(json_object_get(clock, "steps")),
           step = json_number_value(json_object_get(clock, "step"));
    int used = snprintf(text, size, "%.0f:%02d", floor(spent / 60), (int)fmod(spent, 60));
    *late = minutes > 0 && spent > 60 * minutes * step / steps;
    if (minutes > 0)
        snprintf(text + used, size - (size_t)used, " of %.0f min   step %.0f of %.0f, planned until %.0f:%02d", minutes,
                 step, steps, floor(minutes * step / steps), (int)fmod(60 * minutes * step / steps, 60));
}

static void draw_clock(struct view_app *app, cairo_t *cairo) {
    const struct style *style = style_of(app->theme);
    struct scene scene = {0};
    char text[120];
    bool late;
    double scale = view_panel_scale(app), y = app->height / scale - CLOCK_HEIGHT;
    view_clock_text(app, text, sizeof text, &late);
    scene_rect(&scene, 0, y, app->width / scale, CLOCK_HEIGHT, 0, style->frame_fill, 0, 0);
    scene_text(&scene, 20, y + 33, text, 18, late ? style->accent_text : style->text, ANCHOR_START, FONT_SANS);
    cairo_save(cairo);
    cairo_scale(cairo, scale, scale);
    paint_scene(cairo, &scene, false);
    cairo_restore(cairo);
    scene_clear(&scene);
}

static void draw_overlays(struct view_app *app, cairo_t *cairo, double now) {
    if (!app->picture) draw_box(app, cairo, "waiting for a picture", false);
    if (view_has_clock(app)) draw_clock(app, cairo);
    if (app->searching) draw_search(app, cairo);
    if (app->busy[0]) draw_box(app, cairo, app->busy, true);
    if (app->note[0] && now < app->note_until) draw_box(app, cairo, app->note, true);
    if (app->help) draw_help(app, cairo);
}

static void present(struct view_app *app) {
    cairo_surface_flush(app->canvas);
    if (cairo_image_surface_get_data(app->canvas) != app->surface->pixels)
        SDL_ConvertPixels(app->width, app->height, SDL_PIXELFORMAT_ARGB8888, cairo_image_surface_get_data(app->canvas),
                          cairo_image_surface_get_stride(app->canvas), app->surface->format->format,
                          app->surface->pixels, app->surface->pitch);
    if (SDL_UpdateWindowSurface(app->window) != 0) app->surface = NULL; // it has changed under us: taken anew
}

void view_draw(struct view_app *app) {
    double now = clock_now();
    advance(app, now);
    if (!app->surface && !view_resize(app)) return;
    if (!app->dirty || !app->canvas || !app->cache) return;
    app->dirty = false;
    cairo_t *cairo = cairo_create(app->canvas);
    if (app->blank) {
        cairo_set_source_rgb(cairo, 0, 0, 0);
        cairo_paint(cairo);
    } else {
        if (!app->cache_good) draw_cache(app, now);
        cairo_set_source_surface(cairo, app->cache, 0, 0);
        cairo_paint(cairo);
        if (app->picture && !app->before && !app->chart) draw_sampling(app, cairo), draw_lights(app, cairo);
        if (app->chart) draw_hit(app, cairo);
        draw_panel(app, cairo);
        draw_overlays(app, cairo, now);
    }
    cairo_destroy(cairo);
    present(app);
    view_time(&app->frame, now);
    if (app->input_at > 0) view_time(&app->answer, app->input_at);
    if (app->slide_shown) view_time(&app->slide, app->slide_from);
    app->input_at = 0;
    app->slide_shown = false;
}
