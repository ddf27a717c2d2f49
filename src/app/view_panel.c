// The panel at the window's side: the program with its line lit, the step in words and numbers, a slider for each
// input, and what is under the pointer.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/view.h"
#include "base/arena.h"
#include "show/paint.h"
#include "show/prose.h"

enum { MARGIN = 16 }; // points

struct maker {
    struct view_app *app;
    struct scene *scene;
    const struct style *style;
    double y, inside; // where the next line goes; the width between the margins
    double type;      // size of a lesson's text, 1: normal
};

// ---- text ---------------------------------------------------------------------------------------------------------

static void put(struct scene *scene, double x, double y, const char *text, double size, colour ink,
                enum scene_anchor anchor, enum scene_font font) {
    struct buffer markup = {0};
    scene_escape(&markup, text);
    scene_text(scene, x, y, buffer_string(&markup), size, ink, anchor, font);
    buffer_free(&markup);
}

static double width_of(const char *text, size_t size, double type, enum scene_font font) {
    char line[512];
    snprintf(line, sizeof line, "%.*s", size < sizeof line ? (int)size : (int)sizeof line - 1, text);
    return paint_measure(line, font, type, false, false, NULL, NULL);
}

// How many bytes of the line fit: whole words if any do.
static size_t fits(const char *text, double width, double type, enum scene_font font) {
    size_t end = strcspn(text, "\n"), best = 0;
    if (width_of(text, end, type, font) <= width) return end;
    for (size_t i = 0; i < end;) {
        size_t next = i + 1;
        while (next < end && text[next] != ' ') next++;
        if (width_of(text, next, type, font) > width) break;
        best = i = next;
    }
    while (!best && end > 1 && width_of(text, end, type, font) > width) {
        end = end > 64 ? end / 2 : end - 1;
        while (end > 1 && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
    }
    return best ? best : end;
}

double view_text_block(struct scene *scene, double x, double y, double width, const char *text, double size, colour ink,
                       enum scene_font font) {
    char line[512];
    for (int lines = 0; *text && lines < 400; lines++) {
        size_t take = fits(text, width, size, font);
        snprintf(line, sizeof line, "%.*s", take < sizeof line ? (int)take : (int)sizeof line - 1, text);
        y += 1.35 * size;
        put(scene, x, y - 0.35 * size, line, size, ink, ANCHOR_START, font);
        text += take;
        while (*text == ' ') text++;
        if (*text == '\n') text++;
    }
    return y;
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void heading(struct maker *m, const char *text) {
    m->y += 10;
    m->y = view_text_block(m->scene, MARGIN, m->y, m->inside, text, 10, m->style->muted, FONT_SANS) + 4;
}

// ---- sections -----------------------------------------------------------------------------------------------------

static void code_line(struct maker *m, const char *line, size_t size, bool lit) {
    char text[256];
    snprintf(text, sizeof text, "%.*s", size < sizeof text ? (int)size : (int)sizeof text - 1, line);
    double type = 10.5, wide = paint_measure(text, FONT_MONO, type, false, false, NULL, NULL);
    if (wide > m->inside) type = fmax(7, type * m->inside / wide); // long lines are set smaller
    if (lit) scene_rect(m->scene, MARGIN - 6, m->y + 1, m->inside + 12, 16, 4, m->style->accent_fill, 0, 0);
    put(m->scene, MARGIN, m->y + 12.5, text, type, lit ? m->style->accent_text : m->style->text, ANCHOR_START,
        FONT_MONO);
    m->y += 16;
}

enum { CODE_LINES = 24 }; // around the lit one

static void code(struct maker *m) {
    const json_t *about = m->app->picture->about;
    const char *text = text_of(about, "code");
    long lit = (long)json_integer_value(json_object_get(about, "line")), number = 1, lines = 1;
    if (!*text) return;
    for (const char *c = text; *c; c++) lines += *c == '\n' && c[1];
    long first = lit > CODE_LINES / 2 && lines > CODE_LINES ? lit - CODE_LINES / 2 : 1;
    for (const char *c = text; *c && number < first + CODE_LINES; number++) {
        size_t size = strcspn(c, "\n");
        if (number >= first) code_line(m, c, size, number == lit);
        c += size + (c[size] == '\n');
    }
    if (first > 1 || lines >= first + CODE_LINES) {
        char cut[80];
        snprintf(cut, sizeof cut, "lines %ld to %ld of %ld", first, number - 1, lines);
        m->y = view_text_block(m->scene, MARGIN, m->y, m->inside, cut, 9, m->style->muted, FONT_SANS);
    }
}

static void add_widget(struct maker *m, enum widget_kind kind, uint32_t index, double x, double y, double width,
                       double height) {
    struct view_app *app = m->app;
    if (!mem_grow(&app->widget, &app->widget_capacity, app->widget_count + 1, sizeof *app->widget)) return;
    app->widget[app->widget_count++] = (struct widget){kind, index, x, y, width, height};
}

static void track(struct maker *m, double x, double y, double width, double share, bool in_hand) {
    const struct style *style = m->style;
    share = fmin(fmax(share, 0), 1);
    scene_rect(m->scene, x, y - 1.5, width, 3, 1.5, style->dim, 0, 0);
    scene_rect(m->scene, x, y - 1.5, fmax(width * share, 3), 3, 1.5, in_hand ? style->accent : style->second, 0, 0);
    scene_ellipse(m->scene, x + width * share, y, 12, 12, style->vertex_fill, in_hand ? style->accent : style->second,
                  1.8);
}

static void button(struct maker *m, enum widget_kind kind, double x, const char *sign) {
    scene_rect(m->scene, x, m->y, 40, 22, 6, m->style->vertex_fill, m->style->vertex_stroke, 1);
    put(m->scene, x + 20, m->y + 15.5, sign, 11, m->style->text, ANCHOR_MIDDLE, FONT_SANS);
    add_widget(m, kind, 0, x, m->y, 40, 22);
}

// What a lesson or the function says of itself: CommonMark with formulas.
static void prose(struct maker *m) {
    const char *text = text_of(m->app->picture->about, "text");
    struct prose_look look = {m->app->theme, m->inside + 40,
                              (m->app->theme == THEME_PROJECTOR ? 0.79 : 0.85) * m->type};
    struct scene page;
    char message[256];
    if (!*text) return;
    scene_init(&page);
    if (prose_scene(text, strlen(text), &look, &page, message, NULL)) {
        double x0, y0, x1, y1; // the page has margins of its own
        scene_bounds(&page, &x0, &y0, &x1, &y1);
        scene_place(m->scene, &page, MARGIN - x0, m->y - y0, 1);
        m->y += y1 - y0 + 14;
    }
    scene_clear(&page);
}

static void walk(struct maker *m) {
    const json_t *step = json_object_get(m->app->picture->about, "step");
    if (!json_is_object(step)) return;
    double number = json_number_value(json_object_get(step, "number")),
           count = json_number_value(json_object_get(step, "count"));
    char where[160];
    snprintf(where, sizeof where, "%s: step %.0f of %s%.0f", text_of(step, "kind"), number, count > 4e9 ? "over " : "",
             count);
    heading(m, where);
    track(m, MARGIN + 6, m->y + 8, m->inside - 12, count > 1 ? (number - 1) / (count - 1) : 1,
          m->app->drag == DRAG_TIMELINE);
    add_widget(m, WIDGET_TIMELINE, 0, MARGIN + 6, m->y - 2, m->inside - 12, 20);
    m->y += 22;
    static const char *const signs[] = {"|<", "<", ">", ">|"};
    button(m, WIDGET_FIRST, MARGIN, signs[0]);
    button(m, WIDGET_BACK, MARGIN + 48, signs[1]);
    button(m, WIDGET_PLAY, MARGIN + 96, m->app->playing ? "stop" : "play");
    button(m, WIDGET_NEXT, MARGIN + 144, signs[2]);
    button(m, WIDGET_LAST, MARGIN + 192, signs[3]);
    m->y += 30;
    m->y =
        view_text_block(m->scene, MARGIN, m->y, m->inside, text_of(step, "title"), 12, m->style->text, FONT_SANS) + 4;
    m->y = view_text_block(m->scene, MARGIN, m->y, m->inside, text_of(step, "arithmetic"), 11, m->style->accent_text,
                           FONT_SANS) +
           4;
    m->y = view_text_block(m->scene, MARGIN, m->y, m->inside, text_of(step, "words"), 11, m->style->text, FONT_SANS);
}

json_t *view_input_about(const struct view_app *app, uint32_t input) {
    if (input >= SAMPLING_SLIDER)
        return json_array_get(json_object_get(view_sampling(app), "sliders"), input - SAMPLING_SLIDER);
    return app->picture ? json_array_get(json_object_get(app->picture->about, "inputs"), input) : NULL;
}

uint32_t view_input_count(const struct view_app *app) {
    return app->picture ? (uint32_t)json_array_size(json_object_get(app->picture->about, "inputs")) : 0;
}

// Of the sampling: ends that the session tells.
static struct input_range *told_range(struct view_app *app, const json_t *about) {
    struct input_range *range = NULL;
    char name[64];
    snprintf(name, sizeof name, "sampling: %.40s", text_of(about, "name"));
    for (uint32_t i = 0; i < app->range_count && !range; i++)
        if (strcmp(app->range[i].name, name) == 0) range = &app->range[i];
    if (!range) {
        if (!mem_grow(&app->range, &app->range_capacity, app->range_count + 1, sizeof *range)) return NULL;
        range = &app->range[app->range_count++];
        snprintf(range->name, sizeof range->name, "%s", name);
    }
    range->low = json_number_value(json_object_get(about, "low"));
    range->high = json_number_value(json_object_get(about, "high"));
    return range;
}

// The range of a slider stays as it is while the value lies inside, so that the knob does not run from the pointer.
struct input_range *view_range(struct view_app *app, uint32_t input) {
    json_t *about = view_input_about(app, input);
    if (input >= SAMPLING_SLIDER) return told_range(app, about);
    const char *name = text_of(about, "name");
    double value = json_number_value(json_object_get(about, "value"));
    struct input_range *range = NULL;
    for (uint32_t i = 0; i < app->range_count && !range; i++)
        if (strcmp(app->range[i].name, name) == 0) range = &app->range[i];
    if (range && value >= range->low && value <= range->high) return range;
    if (!range) {
        if (!mem_grow(&app->range, &app->range_capacity, app->range_count + 1, sizeof *range)) return NULL;
        range = &app->range[app->range_count++];
        snprintf(range->name, sizeof range->name, "%s", name);
    }
    double reach = fmax(2 * fabs(value), 1);
    range->low = value - reach;
    range->high = value + reach;
    return range;
}

enum { SLIDERS = 40 };

static void slider(struct maker *m, uint32_t i) {
    struct view_app *app = m->app;
    json_t *about = view_input_about(app, i);
    const struct input_range *range = view_range(app, i);
    const char *show = text_of(about, "show");
    double value = json_number_value(json_object_get(about, "value"));
    if (app->slide_waits && app->slide_index == i) value = app->slide_value;
    bool in_hand = app->input == i;
    struct buffer name = {0};
    char number[80];
    if (i < SAMPLING_SLIDER || strlen(text_of(about, "name")) == 1)
        scene_name(&name, text_of(about, "name"));
    else
        scene_escape(&name, text_of(about, "name")); // a word, no variable
    snprintf(number, sizeof number, "%.6g", value);
    if (*show) snprintf(number, sizeof number, "%.40s", show);
    if (app->typing && in_hand) snprintf(number, sizeof number, "%s|", app->typed);
    scene_text(m->scene, MARGIN, m->y + 12, buffer_string(&name), 12, m->style->text, ANCHOR_START, FONT_SANS);
    buffer_free(&name);
    double box = MARGIN + m->inside - 76;
    scene_rect(m->scene, box, m->y, 76, 18, 4, m->style->vertex_fill,
               in_hand ? m->style->accent : m->style->vertex_stroke, 1);
    put(m->scene, box + 70, m->y + 12.5, number, 10.5, m->style->text, ANCHOR_END, FONT_SANS);
    if (i < SAMPLING_SLIDER) add_widget(m, WIDGET_FIELD, i, box, m->y, 76, 18);
    double left = MARGIN + 56, width = box - left - 14;
    if (range) track(m, left, m->y + 9, width, (value - range->low) / (range->high - range->low), in_hand);
    add_widget(m, WIDGET_SLIDER, i, left, m->y, width, 18);
    m->y += 26;
}

static void inputs(struct maker *m) {
    uint32_t count = view_input_count(m->app);
    if (!count) return;
    heading(m, count == 1 ? "input" : "inputs");
    for (uint32_t i = 0; i < count && i < SLIDERS; i++) slider(m, i);
    if (count > SLIDERS) {
        char cut[120];
        snprintf(cut, sizeof cut, "and %u more: :at NAME=NUMBER moves any of them", count - SLIDERS);
        m->y = view_text_block(m->scene, MARGIN, m->y, m->inside, cut, 9.5, m->style->muted, FONT_SANS);
    }
}

static void sampling(struct maker *m, double height, bool sliders) {
    const json_t *about = view_sampling(m->app);
    if (!about || !m->app->sampling_shown) return;
    char line[200];
    snprintf(line, sizeof line, "%.120s: %.60s", text_of(about, "of"), text_of(about, "title"));
    heading(m, line);
    m->y = view_sampling_histogram(m->app, m->scene, MARGIN, m->y, m->inside, height);
    uint32_t count = (uint32_t)json_array_size(json_object_get(about, "sliders"));
    for (uint32_t i = 0; sliders && i < count; i++) slider(m, SAMPLING_SLIDER + i);
}

// The vertex or edge under the pointer, or in hand.
static void pointed(struct maker *m) {
    const struct view_app *app = m->app;
    uint32_t p = app->hover != PART_NONE ? app->hover : app->focus;
    if (p == PART_NONE) return;
    json_t *about = picture_about(app->picture, p);
    heading(m, app->hover != PART_NONE ? "under the pointer" : "in hand");
    if (app->picture->part[p].title)
        m->y = view_text_block(m->scene, MARGIN, m->y, m->inside, app->picture->part[p].title, 11.5, m->style->text,
                               FONT_SANS);
    const char *details = text_of(about, "details");
    m->y = view_text_block(m->scene, MARGIN, m->y + 2, m->inside, details, 10.5, m->style->muted, FONT_SANS);
}

static void between(struct maker *m) {
    const char *text = text_of(m->app->picture->about, "between");
    if (!*text) return;
    heading(m, "between the picks");
    m->y = view_text_block(m->scene, MARGIN, m->y, m->inside, text, 11, m->style->text, FONT_SANS);
}

// What is left out for a lesson's step to fit into the window, whose text must not be cut off: first the program, which
// the lesson shows anyway, then the sliders, then half of the histogram; then the text is set smaller.
struct fitting {
    bool code, inputs;
    double histogram, type; // points; of the text's size
};

// Returns the height of what must be seen; what is told of the pointer comes below.
static double fill(struct view_app *app, struct fitting fitting) {
    scene_clear(&app->panel);
    app->widget_count = 0;
    struct maker m = {app, &app->panel, style_of(app->theme), MARGIN, view_panel_width(app) - 2 * MARGIN, fitting.type};
    prose(&m);
    if (!app->chart) {
        const char *point = text_of(app->picture->about, "point");
        if (fitting.code) code(&m);
        m.y = view_text_block(m.scene, MARGIN, m.y + 4, m.inside, point, 11, m.style->muted, FONT_MONO);
        walk(&m);
        sampling(&m, fitting.histogram, fitting.inputs);
        if (fitting.inputs) inputs(&m);
        between(&m);
    }
    double needed = m.y + MARGIN;
    if (!app->chart) {
        pointed(&m);
        const char *message = text_of(app->picture->about, "message");
        m.y = view_text_block(m.scene, MARGIN, m.y + 8, m.inside, message, 10, m.style->muted, FONT_SANS);
    }
    app->panel_height = m.y + MARGIN;
    app->panel.width = view_panel_width(app);
    app->panel.height = app->panel_height;
    return needed;
}

void view_panel_make(struct view_app *app) {
    static const struct fitting fittings[] = {
        {true, true, 84, 1},      {false, true, 84, 1},     {false, false, 84, 1},   {false, false, 44, 1},
        {false, false, 44, 0.93}, {false, false, 44, 0.86}, {false, false, 44, 0.8},
    };
    if (!app->picture) return;
    double room = app->height / view_panel_scale(app);
    size_t last = view_in_lesson(app) ? sizeof fittings / sizeof *fittings : 1;
    app->panel_cut = true;
    for (size_t i = 0; i < last && app->panel_cut; i++) app->panel_cut = fill(app, fittings[i]) > room;
}

// ---- what is where ------------------------------------------------------------------------------------------------

static struct point to_panel(const struct view_app *app, struct point window) {
    double scale = view_panel_scale(app);
    return (struct point){(window.x - (app->width - view_panel_width(app) * scale)) / scale,
                          window.y / scale + app->panel_scroll};
}

struct widget view_widget_at(const struct view_app *app, struct point window) {
    struct point at = to_panel(app, window);
    for (uint32_t i = 0; app->panel_shown && i < app->widget_count; i++) {
        const struct widget *w = &app->widget[i];
        if (at.x >= w->x - 6 && at.x <= w->x + w->width + 6 && at.y >= w->y && at.y <= w->y + w->height) return *w;
    }
    return (struct widget){0};
}

double view_widget_share(const struct view_app *app, const struct widget *widget, struct point window) {
    return fmin(fmax((to_panel(app, window).x - widget->x) / fmax(widget->width, 1), 0), 1);
}
