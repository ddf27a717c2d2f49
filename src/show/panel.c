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
enum { FIGURE_PATHS = 12 };    // most in panel (d): more would be too small to read beside the rest
#define GAP 30.0               // points between small graphs
#define PANEL_GAP (1.6 * GAP)  // ... and between panels
#define WIDEST_MULTIPLE 460.0  // of a small graph
#define NARROWEST_FIGURE 640.0 // of the page without margins
#define WIDEST_PANEL 620.0     // of (a), (b) and (c), as long as the page is no wider anyway
#define TALLEST_PANEL 900.0

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

// The products of the paths between the ends of path `first`, as a sum.
struct sum {
    double total, smallest, largest; // of the absolute values that are not 0
    uint32_t terms;
    int decimals; // that all its numbers are written with; -1: each to its own significant digits
};

static void sum_span(struct sum *sum, double value) {
    if (value == 0) return;
    sum->smallest = fmin(sum->smallest, fabs(value));
    sum->largest = fmax(sum->largest, fabs(value));
}

// So many decimals that the smallest number has `digits` digits, if the largest one does not become long by it.
static int sum_decimals(const struct sum *sum, int digits) {
    if (sum->largest == 0 || !(sum->smallest >= 1e-4 && sum->largest < 1e6)) return -1;
    int decimals = digits - 1 - (int)floor(log10(sum->smallest));
    int longest = digits + 1 - (int)floor(log10(sum->largest));
    if (decimals > longest + 1) return -1;
    return decimals > longest ? longest : decimals < 0 ? -1 : decimals;
}

static struct sum sum_of(const struct view *view, uint32_t first) {
    struct sum sum = {.smallest = INFINITY};
    for (uint32_t i = first; i < view->path_count; i++) {
        if (!same_ends(&view->paths[first], &view->paths[i])) continue;
        sum.total += view->paths[i].product;
        if (sum.terms++ < MOST_TERMS) sum_span(&sum, view->paths[i].product);
    }
    sum_span(&sum, sum.total);
    // One digit more than elsewhere, so that rounded terms rarely miss their sum.
    sum.decimals = sum_decimals(&sum, (view->digits > 0 ? view->digits : 3) + 1);
    return sum;
}

static void sum_number(const struct view *rough, const struct sum *sum, double value, struct buffer *out) {
    struct view finer = *rough;
    finer.digits = (rough->digits > 0 ? rough->digits : 3) + 1;
    if (sum->decimals < 0 || sum->terms == 1)
        sketch_number(&finer, value, out);
    else
        buffer_printf(out, "%s%.*f", value < 0 ? "−" : "", sum->decimals, fabs(value));
}

// "∂f/∂x2 = 1.183 + 3.680 = 4.863"
static void sum_line(const struct view *view, uint32_t first, struct buffer *out) {
    struct sum sum = sum_of(view, first);
    uint32_t terms = 0;
    add_derivative(view->graph, &view->paths[first], out);
    buffer_text(out, " = ");
    for (uint32_t i = first; i < view->path_count && terms < MOST_TERMS; i++) {
        if (!same_ends(&view->paths[first], &view->paths[i])) continue;
        double product = view->paths[i].product;
        if (terms) buffer_text(out, product < 0 ? " − " : " + ");
        sum_number(view, &sum, terms++ ? fabs(product) : product, out);
    }
    if (sum.terms > MOST_TERMS) buffer_printf(out, " + … (%u terms)", sum.terms);
    if (sum.terms == 1) return;
    buffer_text(out, " = ");
    sum_number(view, &sum, sum.total, out);
}

static void caption_text(const struct view *view, uint32_t shown, struct buffer *out) {
    const char *total = view->path_total;
    char listed[16];
    snprintf(listed, sizeof listed, "%u", view->path_count);
    if (view->path_count == 0)
        buffer_text(out, "No path leads from an input to an output");
    else if (all_paths(view) && shown == view->path_count)
        buffer_printf(out, shown == 1 ? "The only path" : "All %u paths", shown);
    else
        buffer_printf(out, "%u of %s paths shown", shown, total ? total : listed);
    if (all_paths(view) && shown == view->path_count && shown > 1)
        buffer_text(out, ": the derivative is the sum of their products");
}

// The sums, if all paths are there; returns the y below them.
static double paint_sums(const struct view *view, double x, double y, struct scene *scene) {
    const struct style *style = style_of(view->theme);
    double size = style->label_size * 1.15;
    uint32_t sums = 0;
    for (uint32_t i = 0; all_paths(view) && i < view->path_count && view->path_count <= 200; i++) {
        if (!is_first(view, i) || sums++ >= MOST_SUMS) continue;
        struct buffer out = {0};
        sum_line(view, i, &out);
        y += 1.55 * size;
        scene_text(scene, x, y, buffer_string(&out), size, style->text, ANCHOR_START, FONT_SANS);
        buffer_free(&out);
    }
    char more[48];
    snprintf(more, sizeof more, "… and %u more derivative%s", sums - MOST_SUMS, sums == MOST_SUMS + 1 ? "" : "s");
    if (sums > MOST_SUMS) scene_text(scene, x, y += 1.55 * size, more, size, style->muted, ANCHOR_START, FONT_SANS);
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

static uint32_t rows_of(const struct multiples *m, uint32_t columns) { return (m->shown + columns - 1) / columns; }

static double grid_width(const struct multiples *m, uint32_t columns) { return columns * m->cell_width - GAP; }

// So many columns that the page, with what else is on it (`width` at least, `height` above), is nearest to `ratio` of
// width to height; evened out over the rows.
static void choose_columns(struct multiples *m, double width, double height, double ratio) {
    double best = INFINITY;
    m->columns = 1;
    for (uint32_t columns = 1; columns <= m->shown; columns++) {
        double page = fmax(width, grid_width(m, columns)) / (height + rows_of(m, columns) * m->cell_height);
        double miss = fabs(log(page / ratio));
        if (miss < best - 1e-9) best = miss, m->columns = columns;
    }
    if (m->shown) m->columns = (m->shown + rows_of(m, m->columns) - 1) / rows_of(m, m->columns);
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

// How many are drawn: no picture that nothing can open, no panel that nobody can read.
static uint32_t affordable(const struct view *view, const struct sketch *sketch) {
    size_t each = 4 * (sketch->node_count + sketch->edge_count) + 1;
    size_t most = MOST_ITEMS / each + 1;
    if (view->kind == VIEW_FIGURE && most > FIGURE_PATHS) most = FIGURE_PATHS;
    return view->path_count < most ? view->path_count : (uint32_t)most;
}

static void tell_shown(const struct view *view, uint32_t shown, char message[256]) {
    if (shown == view->path_count) return;
    snprintf(message, 256, "the first %u of %u listed paths are drawn%s", shown, view->path_count,
             view->kind == VIEW_FIGURE ? ", for panel (d) to be legible; the view \"paths\" draws more" : "");
}

static bool paint_grid(const struct multiples *m, double x, double y, struct scene *scene, struct error *error) {
    for (uint32_t i = 0; i < m->shown; i++) {
        if (task_interrupted()) return error_interrupt(error);
        uint32_t row = i / m->columns, column = i % m->columns;
        paint_multiple(m, i, x + column * m->cell_width, y + row * m->cell_height, scene);
    }
    return true;
}

// Lays out the graph that all the small ones repeat, to be drawn at `scale` or, if it is wide, smaller: then once more,
// with larger labels.
static bool multiples_make(const struct view *view, const struct sketch *sketch, double scale, struct drawing *drawing,
                           struct multiples *m, struct error *error) {
    if (!drawing_make(view, sketch, LABELS_FORMULAS, false, scale, drawing, error)) return false;
    double fitting = fmin(scale, WIDEST_MULTIPLE / fmax(drawing->layout.width, 1));
    if (fitting < 0.9 * scale) {
        drawing_free(drawing);
        if (!drawing_make(view, sketch, LABELS_FORMULAS, false, fitting, drawing, error)) return false;
        fitting = fmin(scale, WIDEST_MULTIPLE / fmax(drawing->layout.width, 1));
    }
    *m = (struct multiples){.view = view,
                            .style = style_of(view->theme),
                            .drawing = drawing,
                            .shown = affordable(view, sketch),
                            .scale = fitting};
    m->line_size = m->style->label_size * 1.1;
    measure_cells(m);
    return true;
}

// Grid with its top at y, then the sums.
static bool paint_paths(const struct multiples *m, double x, double y, struct scene *scene, char message[256],
                        struct error *error) {
    bool ok = paint_grid(m, x, y, scene, error);
    uint32_t rows = m->shown ? rows_of(m, m->columns) : 0;
    paint_sums(m->view, x, y + rows * m->cell_height - 0.5 * GAP, scene);
    tell_shown(m->view, m->shown, message);
    if (!*message) snprintf(message, 256, "%s", m->drawing->layout.message);
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
    struct drawing drawing;
    struct multiples m;
    if (!multiples_make(view, sketch, 0.85, &drawing, &m, error)) return false;
    choose_columns(&m, 0, 0, 1.4);
    caption_text(view, m.shown, &caption);
    heading(view, NULL, buffer_string(&caption), margin, margin + style->title_size * 0.7, scene);
    buffer_free(&caption);
    bool ok = paint_paths(&m, margin, margin + 2.2 * style->title_size, scene, message, error);
    drawing_free(&drawing);
    return ok;
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
    if (view->point) code_note(style, view->point, y + 1.6 * step, scene);
}

enum { TOP_PANELS = 3 };
static const char *const panel_letter[TOP_PANELS] = {"(a)", "(b)", "(c)"};
static const char *const panel_words[TOP_PANELS] = {"Program", "Primal graph", "Linearized graph"};

// The panels (a), (b) and (c), drawn in their own coordinates before it is known how large they may be.
struct top {
    const struct view *view;
    struct scene part[TOP_PANELS];
    struct extent size[TOP_PANELS]; // as drawn
    double scale[TOP_PANELS];       // (b) and (c) have the same
};

static double heading_width(const struct view *view, const char *words) {
    return line_width(words, style_of(view->theme)->title_size * 0.82) + 30;
}

// Primal graph and LCG are two sides of one layout, so that a vertex stands at the same place in both.
static void paint_side(struct drawing *drawing, bool primal, struct scene *part) {
    drawing->operations = drawing->hide_labels = primal;
    drawing_paint(drawing, drawing->view->lit, false, part);
}

static void top_draw(struct top *top, struct drawing *drawing) {
    for (int i = 0; i < TOP_PANELS; i++) {
        double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
        scene_init(&top->part[i]);
        if (i == 0)
            paint_code(drawing->view, &top->part[i]);
        else
            paint_side(drawing, i == 1, &top->part[i]);
        if (top->part[i].count) scene_bounds(&top->part[i], &x0, &y0, &x1, &y1);
        top->size[i] = (struct extent){x1 - x0, y1 - y0};
    }
}

static void top_fit(struct top *top, int first, int last, double width) {
    double scale = 1;
    for (int i = first; i <= last; i++)
        scale = fmin(scale, fmin(width / fmax(top->size[i].width, 1), TALLEST_PANEL / fmax(top->size[i].height, 1)));
    for (int i = first; i <= last; i++) top->scale[i] = scale;
}

static double panel_width(const struct top *top, int i) {
    return fmax(top->scale[i] * top->size[i].width, heading_width(top->view, panel_words[i]));
}

static struct extent top_extent(const struct top *top) {
    struct extent extent = {(TOP_PANELS - 1) * PANEL_GAP, 0};
    for (int i = 0; i < TOP_PANELS; i++) {
        extent.width += panel_width(top, i);
        extent.height = fmax(extent.height, top->scale[i] * top->size[i].height);
    }
    return extent;
}

// Each from its left edge, the last ending where the page ends.
static void top_place(struct top *top, double width, double margin, struct scene *scene) {
    double title = style_of(top->view->theme)->title_size, x = margin;
    double gap = PANEL_GAP + fmax(0, width - top_extent(top).width) / (TOP_PANELS - 1);
    for (int i = 0; i < TOP_PANELS; i++) {
        scene_group(scene, TAG_PANEL, (uint32_t)i, panel_words[i]);
        heading(top->view, panel_letter[i], panel_words[i], x, margin + 0.6 * title, scene);
        panel_place(scene, &top->part[i], x, margin + 2 * title, top->scale[i]);
        scene_end(scene);
        x += panel_width(top, i) + gap;
    }
}

static bool paint_bottom(const struct multiples *m, double x, double y, struct scene *scene, char message[256],
                         struct error *error) {
    struct buffer caption = {0};
    caption_text(m->view, m->shown, &caption);
    scene_group(scene, TAG_PANEL, TOP_PANELS, buffer_string(&caption));
    heading(m->view, "(d)", buffer_string(&caption), x, y, scene);
    buffer_free(&caption);
    bool ok = paint_paths(m, x, y + 1.4 * m->style->title_size, scene, message, error);
    scene_end(scene);
    return ok;
}

// The width is the wider one of the rows'; then (b) and (c) grow into what room there is.
static bool paint_figure(struct drawing *drawing, struct multiples *m, double margin, struct scene *scene,
                         char message[256], struct error *error) {
    struct top top = {.view = m->view};
    top_draw(&top, drawing);
    top_fit(&top, 0, 0, WIDEST_PANEL);
    top_fit(&top, 1, 2, WIDEST_PANEL);
    struct extent row = top_extent(&top);
    double width = fmax(row.width, NARROWEST_FIGURE);
    choose_columns(m, width, row.height + 6 * m->style->title_size, 1);
    width = fmax(width, m->shown ? grid_width(m, m->columns) : 0);
    m->cell_width = fmin(1.4 * m->cell_width, (width + GAP) / m->columns);
    top_fit(&top, 1, 2, (width - panel_width(&top, 0)) / 2 - PANEL_GAP);
    double y = margin + 2 * m->style->title_size + top_extent(&top).height + PANEL_GAP;
    top_place(&top, width, margin, scene);
    return paint_bottom(m, margin, y, scene, message, error);
}

bool panel_figure(const struct view *view, const struct sketch *sketch, double margin, struct scene *scene,
                  char message[256], struct error *error) {
    struct drawing sides, small;
    struct multiples m;
    if (!drawing_make(view, sketch, LABELS_NUMBERS, true, 1, &sides, error)) return false;
    bool ok = multiples_make(view, sketch, 0.68, &small, &m, error);
    if (ok) {
        ok = paint_figure(&sides, &m, margin, scene, message, error);
        drawing_free(&small);
    }
    drawing_free(&sides);
    return ok;
}
