#include "show/diagram.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "show/describe.h"
#include "show/drawing.h"
#include "show/panel.h"

#define MARGIN 24.0

const char *const view_kind_name[] = {"primal", "lcg", "lcg symbolic", "paths", "figure", NULL};

bool view_kind_find(const char *words, enum view_kind *kind) {
    for (int i = 0; view_kind_name[i]; i++) {
        if (strcmp(words, view_kind_name[i]) != 0) continue;
        *kind = (enum view_kind)i;
        return true;
    }
    return false;
}

// ---- one graph ----------------------------------------------------------------------------------------------------

static enum drawing_labels labels_of(enum view_kind kind) {
    return kind == VIEW_PRIMAL ? LABELS_NONE : kind == VIEW_LCG ? LABELS_NUMBERS : LABELS_FORMULAS;
}

static void add_message(char message[256], const char *text) {
    struct buffer both = {0};
    if (!*text || strstr(message, text)) return;
    buffer_printf(&both, "%s%s%s", message, *message ? "; " : "", text);
    size_t size = both.size < 255 ? both.size : 255;
    while (size < both.size && size > 0 && ((unsigned char)both.data[size] & 0xC0) == 0x80) size--;
    if (!both.failed) memcpy(message, both.data, size), message[size] = '\0';
    buffer_free(&both);
}

static void tell_left_out(const struct sketch *sketch, char message[256]) {
    char text[96];
    snprintf(text, sizeof text, "%u vertices off the paths shown are left out", sketch->left_out);
    if (sketch->left_out) add_message(message, text);
}

static void tell_unlabelled(const struct view *view, const struct sketch *sketch, char message[256]) {
    char text[96];
    if (view->kind == VIEW_PRIMAL || view->lit || view->held || sketch->edge_count <= DRAWING_SPARSE) return;
    snprintf(text, sizeof text, "%zu edges: their labels are drawn for a path in hand only", sketch->edge_count);
    add_message(message, text);
}

static double caption_line(const struct view *view, const char *text, double y, struct scene *scene) {
    const struct style *style = style_of(view->theme);
    struct buffer line = {0};
    scene_escape(&line, text);
    y += 1.5 * 1.1 * style->label_size;
    scene_text(scene, MARGIN, y, buffer_string(&line), 1.1 * style->label_size, style->text, ANCHOR_START, FONT_SANS);
    if (line.failed) scene->failed = true;
    buffer_free(&line);
    return y;
}

// Beneath a walk's step: which it is, and how to read it.
static void add_captions(const struct view *view, double y, struct scene *scene) {
    char text[128];
    if (view->held && view->kind != VIEW_PRIMAL) {
        snprintf(text, sizeof text, "held for backward, %s: thickness grows with the root of the bytes",
                 view->held_words ? view->held_words : "");
        y = caption_line(view, text, y + 0.4 * MARGIN, scene);
    }
    if (!view->lit_words || view->live) return; // a window has a panel for it
    y = caption_line(view, view->lit_words, y + 0.4 * MARGIN, scene);
    snprintf(text, sizeof text, "under the names: %s (–: not computed)",
             view->known_words ? view->known_words : "values");
    if (graph_has_tensors(view->graph)) snprintf(text, sizeof text, "under the names: the shapes of tensors");
    if (view->known) y = caption_line(view, text, y, scene);
    if (view->rest) caption_line(view, "dashed: fill-in; green: changed before this step; faint: eliminated", y, scene);
}

static bool draw_graph(const struct view *view, const struct sketch *sketch, struct scene *scene, char message[256],
                       struct error *error) {
    struct drawing drawing;
    if (!drawing_make(view, sketch, labels_of(view->kind), view->kind == VIEW_PRIMAL && !view->names_only, 1, &drawing,
                      error))
        return false;
    struct scene part;
    scene_init(&part);
    drawing_paint(&drawing, view->lit, view->dim, &part);
    struct extent size = panel_place(scene, &part, MARGIN, MARGIN, 1);
    add_captions(view, MARGIN + size.height, scene);
    add_message(message, drawing.layout.message);
    tell_unlabelled(view, sketch, message);
    drawing_free(&drawing);
    return true;
}

// ---- the whole ----------------------------------------------------------------------------------------------------

static char *words(void write(const struct view *, struct buffer *), const struct view *view, struct scene *scene) {
    struct buffer out = {0};
    write(view, &out);
    if (out.failed) scene->failed = true;
    if (!out.data) return mem_text("", 0);
    return out.data;
}

static bool draw(const struct view *view, const struct sketch *sketch, struct scene *scene, char message[256],
                 struct error *error) {
    char text[256] = "";
    bool ok;
    if (view->kind == VIEW_PATHS)
        ok = panel_paths(view, sketch, MARGIN, scene, text, error);
    else if (view->kind == VIEW_FIGURE)
        ok = panel_figure(view, sketch, MARGIN, scene, text, error);
    else
        ok = draw_graph(view, sketch, scene, text, error);
    add_message(message, text);
    return ok;
}

static void finish(const struct view *view, struct scene *scene) {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    scene_bounds(scene, &x0, &y0, &x1, &y1);
    scene->width = ceil(fmax(x1, MARGIN) + MARGIN);
    scene->height = ceil(fmax(y1, MARGIN) + MARGIN);
    scene->background = style_of(view->theme)->background;
    scene->title = words(describe_title, view, scene);
    scene->description = words(describe_view, view, scene);
    if (!scene->title || !scene->description) scene->failed = true;
}

bool diagram_scene(const struct view *view, struct scene *scene, char message[256], struct error *error) {
    struct sketch sketch;
    scene_init(scene);
    message[0] = '\0';
    if (view->kind != VIEW_PRIMAL && !view->lcg)
        return error_set(error, ERROR_OTHER, SPAN_NONE, "this view needs the linearized graph");
    if (!sketch_make(view, &sketch, error)) return false;
    tell_left_out(&sketch, message);
    bool ok = draw(view, &sketch, scene, message, error);
    sketch_free(&sketch);
    if (ok) finish(view, scene);
    if (scene->failed) ok = error_memory(error);
    if (!ok) scene_clear(scene);
    return ok;
}
