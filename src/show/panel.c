#include "show/panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/describe.h"
#include "show/notation.h"
#include "show/paint.h"

enum { MOST_ITEMS = 200000, MOST_TERMS = 8, MOST_SUMS = 6, CODE_LINES = 60, CODE_COLUMNS = 96 };
#define GAP 30.0

struct extent panel_place(struct scene *scene, struct scene *part, double x, double y, double scale) {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    scene_bounds(part, &x0, &y0, &x1, &y1);
    if (part->count == 0) x0 = y0 = x1 = y1 = 0;
    scene_place(scene, part, x - scale * x0, y - scale * y0, scale);
    return (struct extent){scale * (x1 - x0), scale * (y1 - y0)};
}

static double line_width(const char *markup, double size) {
    struct scene scene;
    scene_init(&scene);
    struct scene_item *item = scene_text(&scene, 0, 0, markup, size, 0, ANCHOR_START, FONT_SANS);
    double width = item ? item->text_width : 0;
    scene_clear(&scene);
    return width;
}

// ---- the line beneath a path --------------------------------------------------------------------------------------

static bool is_one(const char *formula) { return strcmp(formula, "1") == 0; }

// "a · d": the partials as formulas, without factors 1.
static void formula_factors(const struct graph *graph, const struct lit_path *path, struct buffer *out) {
    size_t start = out->size;
    for (uint32_t i = 0; i < path->length && !out->failed; i++) {
        struct buffer formula = {0};
        graph_partial_formula(graph, path->edge[i], &formula);
        const char *text = buffer_string(&formula);
        bool first = out->size == start && text[0] == '-';
        bool wrap = path->length > 1 && notation_is_sum(first ? text + 1 : text);
        if (!is_one(text)) {
            if (out->size > start) buffer_text(out, " · ");
            if (wrap) buffer_char(out, '(');
            notation_formula(out, text);
            if (wrap) buffer_char(out, ')');
        }
        if (formula.failed) out->failed = true;
        buffer_free(&formula);
    }
    if (out->size == start) buffer_char(out, '1');
}

static void number_factors(const struct view *view, const struct lit_path *path, struct buffer *out) {
    for (uint32_t i = 0; i < path->length; i++) {
        double partial;
        if (i) buffer_text(out, " · ");
        sketch_partial(view, path->edge[i], &partial);
        bool negative = i && partial < 0;
        if (negative) buffer_char(out, '(');
        sketch_number(view, partial, out);
        if (negative) buffer_char(out, ')');
    }
    if (!path->length) buffer_char(out, '1');
}

static void add_equals(const struct view *view, double value, struct buffer *out) {
    buffer_text(out, " = ");
    sketch_number(view, value, out);
}

enum { LONG_PATH = 24 }; // beyond, factors are never written out

// As formulas if that fits in `room`, else as numbers, else in words.
static void product_line(const struct view *view, const struct lit_path *path, double room, double size,
                         struct buffer *out) {
    for (int form = 0; form < 2 && path->length <= LONG_PATH; form++) {
        buffer_clear(out);
        if (form == 0)
            formula_factors(view->graph, path, out);
        else
            number_factors(view, path, out);
        if (strcmp(buffer_string(out), "1") != 0 || form == 1) add_equals(view, path->product, out);
        if (line_width(buffer_string(out), size) <= room) return;
    }
    buffer_clear(out);
    buffer_printf(out, "product of %u partials", path->length);
    add_equals(view, path->product, out);
}

// ---- sums of products ---------------------------------------------------------------------------------------------

static bool all_paths(const struct view *view) {
    char count[16];
    snprintf(count, sizeof count, "%u", view->path_count);
    return !view->path_total || strcmp(view->path_total, count) == 0;
}

static bool same_ends(const struct lit_path *a, const struct lit_path *b) {
    return a->input == b->input && a->output == b->output;
}

// Whether path i is the first listed between its ends.
static bool is_first(const struct view *view, uint32_t i) {
    for (uint32_t j = 0; j < i; j++)
        if (same_ends(&view->paths[j], &view->paths[i])) return false;
    return true;
}

static void add_derivative(const struct graph *graph, const struct lit_path *path, struct buffer *out) {
    char label[64];
    buffer_text(out, "∂");
    scene_name(out, graph_label(graph, path->output, label));
    buffer_text(out, "/∂");
    scene_name(out, graph_label(graph, path->input, label));
}

// "∂f/∂x2 = 1.18 + 3.68 = 4.87"
static void sum_line(const struct view *rough, uint32_t first, struct buffer *out) {
    struct view finer = *rough, *view = &finer;
    finer.digits = (rough->digits > 0 ? rough->digits : 3) + 1; // so that rounded terms rarely miss their sum
    double sum = 0;
    uint32_t terms = 0;
    add_derivative(view->graph, &view->paths[first], out);
    buffer_text(out, " = ");
    for (uint32_t i = first; i < view->path_count; i++) {
        if (!same_ends(&view->paths[first], &view->paths[i])) continue;
        double product = view->paths[i].product;
        if (terms && terms < MOST_TERMS) buffer_text(out, product < 0 ? " − " : " + ");
        if (terms < MOST_TERMS) sketch_number(view, terms ? fabs(product) : product, out);
        sum += product;
        terms++;
    }
    if (terms > MOST_TERMS) buffer_printf(out, " + … (%u terms)", terms);
    if (terms > 1) add_equals(view, sum, out);
}

static void caption_text(const struct view *view, uint32_t shown, struct buffer *out) {
    const char *total = view->path_total;
    if (view->path_count == 0)
        buffer_text(out, "No path leads from an input to an output");
    else if (all_paths(view) && shown == view->path_count)
        buffer_printf(out, shown == 1 ? "The only path" : "All %u paths", shown);
    else
        buffer_printf(out, "%u of %s paths", shown, total ? total : "all");
    if (all_paths(view) && shown == view->path_count && shown > 1)
        buffer_text(out, ": the derivative is the sum of their products");
}

// The sums, if all paths are there; returns the y below them.
static double paint_sums(const struct view *view, double x, double y, struct scene *scene) {
    const struct style *style = style_of(view->theme);
    double size = style->label_size * 1.15;
    uint32_t sums = 0;
    for (uint32_t i = 0; all_paths(view) && i < view->path_count && sums < MOST_SUMS && view->path_count <= 200; i++) {
        if (!is_first(view, i)) continue;
        struct buffer out = {0};
        sum_line(view, i, &out);
        y += 1.55 * size;
        scene_text(scene, x, y, buffer_string(&out), size, style->text, ANCHOR_START, FONT_SANS);
        buffer_free(&out);
        sums++;
    }
    return y + 0.4 * size;
}

// ---- small multiples ----------------------------------------------------------------------------------------------

struct multiples {
    const struct view *view;
    const struct style *style;
    const struct drawing *drawing;
    uint32_t shown, columns;
    double scale;
    double cell_width, cell_height, line_size;
};

static double product_room(const struct multiples *m) {
    return fmax(1.25 * m->scale * m->drawing->layout.width, 13 * m->line_size);
}

static void measure_cells(struct multiples *m) {
    double width = m->scale * m->drawing->layout.width;
    for (uint32_t i = 0; i < m->shown; i++) {
        struct buffer line = {0};
        product_line(m->view, &m->view->paths[i], product_room(m), m->line_size, &line);
        width = fmax(width, line_width(buffer_string(&line), m->line_size));
        buffer_free(&line);
    }
    m->cell_width = width + GAP;
    m->cell_height = m->scale * m->drawing->layout.height + 2.2 * m->line_size + 0.8 * GAP;
}

// As many columns as fit in `width`, or (width 0) as make a landscape page; evened out over the rows.
static void choose_columns(struct multiples *m, double width) {
    double most =
        width > 0 ? floor((width + GAP) / m->cell_width) : round(sqrt(1.4 * m->shown * m->cell_height / m->cell_width));
    uint32_t wanted = (uint32_t)fmax(1, most);
    uint32_t rows = m->shown ? (m->shown + wanted - 1) / wanted : 1;
    m->columns = m->shown ? (m->shown + rows - 1) / rows : 1;
}

static void paint_multiple(const struct multiples *m, uint32_t i, double x, double y, struct scene *scene) {
    struct scene part;
    struct buffer words = {0};
    const struct lit_path *path = &m->view->paths[i];
    describe_path(m->view->graph, m->view->lcg, path, &words);
    scene_group(scene, TAG_PATH, i, buffer_string(&words));
    buffer_clear(&words);
    scene_init(&part);
    drawing_paint(m->drawing, path, true, &part);
    double middle = x + (m->cell_width - GAP) / 2;
    scene_place(scene, &part, middle - m->scale * m->drawing->layout.width / 2, y, m->scale);
    product_line(m->view, path, product_room(m), m->line_size, &words);
    scene_text(scene, middle, y + m->scale * m->drawing->layout.height + 1.7 * m->line_size, buffer_string(&words),
               m->line_size, m->style->accent_text, ANCHOR_MIDDLE, FONT_SANS);
    if (words.failed) scene->failed = true;
    buffer_free(&words);
    scene_end(scene);
}

// How many can be drawn without making a picture that nothing can open.
static uint32_t affordable(const struct view *view, const struct sketch *sketch) {
    size_t each = 4 * (sketch->node_count + sketch->edge_count) + 1;
    size_t most = MOST_ITEMS / each + 1;
    return view->path_count < most ? view->path_count : (uint32_t)most;
}

static void tell_shown(const struct view *view, uint32_t shown, char message[256]) {
    if (shown < view->path_count)
        snprintf(message, 256, "the first %u of %u listed paths are drawn", shown, view->path_count);
}

static bool paint_grid(const struct multiples *m, double x, double y, struct scene *scene, struct error *error) {
    for (uint32_t i = 0; i < m->shown; i++) {
        if (task_interrupted()) return error_interrupt(error);
        paint_multiple(m, i, x + (i % m->columns) * m->cell_width, y + (i / m->columns) * m->cell_height, scene);
    }
    return true;
}

// Grid with its top at y, then the sums; `width`: what it may fill. Returns the size used.
static bool paint_paths(const struct view *view, const struct sketch *sketch, double x, double y, double width,
                        double scale, struct scene *scene, char message[256], struct error *error) {
    struct drawing drawing;
    if (!drawing_make(view, sketch, LABELS_FORMULAS, false, scale, &drawing, error)) return false;
    struct multiples m = {.view = view,
                          .style = style_of(view->theme),
                          .drawing = &drawing,
                          .shown = affordable(view, sketch),
                          .scale = fmin(scale, 340 / fmax(drawing.layout.width, 1))};
    m.line_size = m.style->label_size * 1.1;
    measure_cells(&m);
    choose_columns(&m, width);
    bool ok = paint_grid(&m, x, y, scene, error);
    uint32_t rows = m.shown ? (m.shown + m.columns - 1) / m.columns : 0;
    paint_sums(view, x, y + rows * m.cell_height - 0.5 * GAP, scene);
    tell_shown(view, m.shown, message);
    if (!*message) snprintf(message, 256, "%s", drawing.layout.message);
    drawing_free(&drawing);
    return ok;
}

static void heading(const struct view *view, const char *letter, const char *words, double x, double y,
                    struct scene *scene) {
    const struct style *style = style_of(view->theme);
    struct buffer out = {0};
    if (letter) buffer_printf(&out, "**%s**  ", letter);
    scene_escape(&out, words);
    scene_text(scene, x, y, buffer_string(&out), style->title_size * 0.82, style->text, ANCHOR_START, FONT_SANS);
    if (out.failed) scene->failed = true;
    buffer_free(&out);
}

bool panel_paths(const struct view *view, const struct sketch *sketch, double margin, struct scene *scene,
                 char message[256], struct error *error) {
    const struct style *style = style_of(view->theme);
    struct buffer caption = {0};
    caption_text(view, affordable(view, sketch), &caption);
    heading(view, NULL, buffer_string(&caption), margin, margin + style->title_size * 0.7, scene);
    buffer_free(&caption);
    return paint_paths(view, sketch, margin, margin + 2.2 * style->title_size, 0, 0.85, scene, message, error);
}

// ---- the figure ---------------------------------------------------------------------------------------------------

// One line of code at x, y: leading blanks become distance, so that no format loses them.
static void code_line(const struct style *style, const char *text, size_t size, double x, double y,
                      struct scene *scene) {
    struct buffer out = {0}, cut = {0};
    double column = paint_measure("m", FONT_MONO, style->code_size, false, false, NULL, NULL);
    size_t indent = 0, blanks = 0;
    for (; blanks < size && (text[blanks] == ' ' || text[blanks] == '\t'); blanks++)
        indent += text[blanks] == '\t' ? 4 : 1;
    size_t end = size;
    bool long_line = end - blanks > CODE_COLUMNS;
    if (long_line)
        for (end = blanks + CODE_COLUMNS; end > blanks && ((unsigned char)text[end] & 0xC0) == 0x80;) end--;
    buffer_add(&cut, text + blanks, end - blanks);
    scene_escape(&out, buffer_string(&cut));
    if (long_line) buffer_text(&out, "…");
    if (out.size)
        scene_text(scene, x + (double)indent * column, y, buffer_string(&out), style->code_size, style->text,
                   ANCHOR_START, FONT_MONO);
    if (out.failed || cut.failed) scene->failed = true;
    buffer_free(&out);
    buffer_free(&cut);
}

static void code_note(const struct style *style, const char *text, double y, struct scene *scene) {
    struct buffer out = {0};
    scene_escape(&out, text);
    scene_text(scene, 0, y, buffer_string(&out), style->code_size, style->muted, ANCHOR_START, FONT_MONO);
    buffer_free(&out);
}

static void paint_code(const struct view *view, struct scene *scene) {
    const struct style *style = style_of(view->theme);
    const char *at = view->code ? view->code : "";
    double step = 1.5 * style->code_size, y = 0;
    uint32_t lines = 0, skipped = 0;
    while (*at) {
        size_t size = strcspn(at, "\n");
        if (lines++ < CODE_LINES)
            code_line(style, at, size, 0, y += step, scene);
        else
            skipped++;
        at += size + (at[size] == '\n');
    }
    char note[64];
    snprintf(note, sizeof note, "… %u more lines", skipped);
    if (skipped) code_note(style, note, y += step, scene);
    if (view->point) code_note(style, view->point, y += 1.6 * step, scene);
}

static double fitting(const struct scene *part) {
    double x0 = 0, y0 = 0, x1 = 1, y1 = 1;
    scene_bounds(part, &x0, &y0, &x1, &y1);
    return fmin(1, fmin(460 / fmax(x1 - x0, 1), 460 / fmax(y1 - y0, 1)));
}

// Panel `letter` with its left edge at x; returns its size without the heading.
static struct extent add_panel(const struct view *view, const char *letter, const char *words, struct scene *part,
                               double x, double y, struct scene *scene) {
    const struct style *style = style_of(view->theme);
    scene_group(scene, TAG_PANEL, (uint32_t)(letter[1] - 'a'), words);
    heading(view, letter, words, x, y + 0.6 * style->title_size, scene);
    double scale = fitting(part);
    struct extent size = panel_place(scene, part, x, y + 2 * style->title_size, scale);
    scene_end(scene);
    size.width = fmax(size.width, 6 + line_width(words, style->title_size * 0.82) + 24);
    return size;
}

// Primal graph and LCG are two sides of one layout, so that a vertex stands at the same place in both.
static void paint_side(struct drawing *drawing, bool primal, struct scene *part) {
    drawing->operations = drawing->hide_labels = primal;
    drawing_paint(drawing, drawing->view->lit, false, part);
}

static void top_row(struct drawing *drawing, double margin, struct extent *row, struct scene *scene) {
    const char *const letter[] = {"(a)", "(b)", "(c)"}, *words[] = {"Program", "Primal graph", "Linearized graph"};
    double x = margin;
    *row = (struct extent){0};
    for (int i = 0; i < 3; i++) {
        struct scene part;
        scene_init(&part);
        if (i == 0)
            paint_code(drawing->view, &part);
        else
            paint_side(drawing, i == 1, &part);
        struct extent size = add_panel(drawing->view, letter[i], words[i], &part, x, margin, scene);
        x += size.width + 1.6 * GAP;
        row->height = fmax(row->height, size.height);
    }
    row->width = x - margin - 1.6 * GAP;
}

static bool paint_top(const struct view *view, const struct sketch *sketch, double margin, struct extent *row,
                      struct scene *scene, struct error *error) {
    struct drawing drawing;
    if (!drawing_make(view, sketch, LABELS_NUMBERS, true, 1, &drawing, error)) return false;
    top_row(&drawing, margin, row, scene);
    drawing_free(&drawing);
    return true;
}

bool panel_figure(const struct view *view, const struct sketch *sketch, double margin, struct scene *scene,
                  char message[256], struct error *error) {
    const struct style *style = style_of(view->theme);
    struct extent row;
    struct buffer caption = {0};
    if (!paint_top(view, sketch, margin, &row, scene, error)) return false;
    double y = margin + 2 * style->title_size + row.height + 1.6 * GAP;
    caption_text(view, affordable(view, sketch), &caption);
    scene_group(scene, TAG_PANEL, 3, buffer_string(&caption));
    heading(view, "(d)", buffer_string(&caption), margin, y, scene);
    buffer_free(&caption);
    bool ok = paint_paths(view, sketch, margin, y + 1.4 * style->title_size, fmax(row.width, 640), 0.68, scene, message,
                          error);
    scene_end(scene);
    return ok;
}
