#include "app/chart.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "show/export.h"

// ---- making -------------------------------------------------------------------------------------------------------

static char *copy_text(const char *text) { return text ? mem_text(text, strlen(text)) : NULL; }

struct chart *chart_new(const char *title, const char *note, struct error *error) {
    static uint64_t serial;
    struct chart *chart = mem_zero(1, sizeof *chart);
    if (chart) *chart = (struct chart){.title = copy_text(title), .note = copy_text(note), .serial = ++serial};
    if (chart && chart->title && chart->note) return chart;
    chart_free(chart);
    error_memory(error);
    return NULL;
}

static void free_curve(struct chart_curve *curve) {
    mem_free(curve->name);
    mem_free(curve->x);
    mem_free(curve->y);
    mem_free(curve->low);
    mem_free(curve->high);
}

static void free_panel(struct chart_panel *panel) {
    for (size_t i = 0; i < panel->curve_count; i++) free_curve(&panel->curve[i]);
    mem_free(panel->curve);
    mem_free(panel->title);
    mem_free(panel->x_label);
    mem_free(panel->y_label);
}

void chart_free(struct chart *chart) {
    if (!chart) return;
    for (size_t i = 0; i < chart->panel_count; i++) free_panel(&chart->panel[i]);
    mem_free(chart->panel);
    mem_free(chart->title);
    mem_free(chart->note);
    mem_free(chart->csv);
    mem_free(chart->json);
    mem_free(chart->state);
    if (chart->free_kept) chart->free_kept(chart->kept);
    mem_free(chart);
}

struct chart_panel *chart_panel(struct chart *chart, const char *title, const char *x_label, const char *y_label) {
    if (!mem_grow(&chart->panel, &chart->panel_capacity, chart->panel_count + 1, sizeof *chart->panel)) return NULL;
    struct chart_panel *panel = &chart->panel[chart->panel_count++];
    *panel =
        (struct chart_panel){.title = copy_text(title), .x_label = copy_text(x_label), .y_label = copy_text(y_label)};
    return panel->title && panel->x_label && panel->y_label ? panel : NULL;
}

struct chart_curve *chart_curve(struct chart_panel *panel, const char *name, size_t count, bool bars) {
    if (!mem_grow(&panel->curve, &panel->curve_capacity, panel->curve_count + 1, sizeof *panel->curve)) return NULL;
    struct chart_curve *curve = &panel->curve[panel->curve_count];
    *curve = (struct chart_curve){.name = copy_text(name), .count = count, .colour = (uint32_t)panel->curve_count};
    panel->curve_count++;
    curve->x = mem_zero(count + 1, sizeof *curve->x);
    curve->y = mem_zero(count + 1, sizeof *curve->y);
    if (bars) curve->low = mem_zero(count + 1, sizeof *curve->low);
    if (bars) curve->high = mem_zero(count + 1, sizeof *curve->high);
    bool ok = curve->x && curve->y && (!bars || (curve->low && curve->high)) && (!name || curve->name);
    return ok ? curve : NULL;
}

void chart_show(struct session *session, struct chart *chart) {
    chart_free(session->chart);
    session->chart = chart;
    session->shown.chart = session->show = true;
}

// ---- a table's columns --------------------------------------------------------------------------------------------

static bool rises(const struct series *series, size_t column) {
    const double *value = series->column[column].value;
    for (size_t i = 0; i < series->row_count; i++)
        if (!isfinite(value[i]) || (i && value[i] <= value[i - 1])) return false;
    return series->row_count > 1;
}

static bool find(const struct series *series, const char *name, size_t *column, struct error *error) {
    bool there = series_find(series, name, column);
    if (there && !series->column[*column].text) return true;
    error_set(error, ERROR_NAME, SPAN_NONE,
              there ? "column `%.60s` holds text, no numbers" : "there is no column `%.60s`", name);
    char names[160] = "";
    size_t size = 0, i = 0;
    for (; i < series->column_count && size < 110; i++)
        if (!series->column[i].text)
            size += (size_t)snprintf(names + size, sizeof names - size, "%s%.40s", size ? ", " : "",
                                     series->column[i].name);
    if (size)
        error_hint(error, "there %s %s%s", strchr(names, ',') ? "are" : "is", names,
                   i < series->column_count ? ", ..." : "");
    return false;
}

// Column x of SIZE_MAX: the row's number.
static bool add_column(struct chart_panel *panel, const struct series *series, size_t x, size_t y) {
    struct chart_curve *curve = chart_curve(panel, series->column[y].name, series->row_count, false);
    for (size_t i = 0; curve && i < series->row_count; i++) {
        curve->x[i] = x == SIZE_MAX ? (double)(i + 1) : series->column[x].value[i];
        curve->y[i] = series->column[y].value[i];
    }
    return curve;
}

static bool add_columns(struct chart_panel *panel, const struct series *series, size_t x, const char *const *y,
                        uint32_t y_count, struct error *error) {
    for (uint32_t i = 0; i < y_count; i++) {
        size_t column;
        if (!find(series, y[i], &column, error)) return false;
        if (!add_column(panel, series, x, column)) return error_memory(error);
    }
    for (size_t c = 0; y_count == 0 && c < series->column_count; c++)
        if (c != x && !series->column[c].text && !add_column(panel, series, x, c)) return error_memory(error);
    if (panel->curve_count && series->row_count) return true;
    return error_set(error, ERROR_OTHER, SPAN_NONE, "there is nothing to plot: %zu rows, %zu columns",
                     series->row_count, series->column_count);
}

static bool keep_table(struct chart *chart, const struct series *series, struct error *error) {
    struct buffer csv = {0};
    bool ok = series_write(series, &csv, error);
    if (ok && !(chart->csv = copy_text(buffer_string(&csv)))) ok = error_memory(error);
    buffer_free(&csv);
    return ok;
}

// The first column of numbers if it rises, and there are others; SIZE_MAX: the row's number.
static size_t axis_of(const struct series *series) {
    size_t first = SIZE_MAX, count = 0;
    for (size_t c = series->column_count; c-- > 0;)
        if (!series->column[c].text) first = c, count++;
    return count > 1 && rises(series, first) ? first : SIZE_MAX;
}

struct chart *chart_of_series(const struct series *series, const char *title, const char *x, const char *const *y,
                              uint32_t y_count, bool log_x, bool log_y, struct error *error) {
    size_t along = x ? SIZE_MAX : axis_of(series);
    if (x && !find(series, x, &along, error)) return NULL;
    struct chart *chart = chart_new("", "", error);
    struct chart_panel *panel =
        chart ? chart_panel(chart, title, along == SIZE_MAX ? "row" : series->column[along].name, "") : NULL;
    bool ok = chart && (panel || error_memory(error)) && add_columns(panel, series, along, y, y_count, error);
    if (ok && panel->curve_count == 1) {
        mem_free(panel->y_label);
        ok = (panel->y_label = copy_text(panel->curve[0].name)) || error_memory(error);
    }
    if (ok) panel->log_x = log_x, panel->log_y = log_y;
    if (ok && keep_table(chart, series, error)) return chart;
    chart_free(chart);
    return NULL;
}

// ---- drawing ------------------------------------------------------------------------------------------------------

// What show/plot draws: escaped texts, borrowed numbers.
struct drawn {
    struct plot *plot;
    uint32_t count;
    bool failed;
};

static char *escaped(struct drawn *drawn, const char *text) {
    struct buffer out = {0};
    scene_escape(&out, text);
    char *copy = out.failed ? NULL : out.data ? out.data : mem_text("", 0);
    drawn->failed |= !copy;
    return copy;
}

static void free_text(const char *text) { mem_free((void *)(uintptr_t)text); }

static void drawn_free(struct drawn *drawn) {
    for (uint32_t i = 0; drawn->plot && i < drawn->count; i++) {
        struct plot *plot = &drawn->plot[i];
        for (uint32_t c = 0; plot->curve && c < plot->curve_count; c++) free_text(plot->curve[c].name);
        mem_free((void *)(uintptr_t)plot->curve);
        free_text(plot->title);
        free_text(plot->x_label);
        free_text(plot->y_label);
    }
    mem_free(drawn->plot);
}

static struct plot_curve *drawn_curves(struct drawn *drawn, const struct chart_panel *panel) {
    struct plot_curve *curve = mem_zero(panel->curve_count + 1, sizeof *curve);
    drawn->failed |= !curve;
    for (size_t i = 0; curve && i < panel->curve_count; i++) {
        const struct chart_curve *c = &panel->curve[i];
        curve[i] = (struct plot_curve){.name = c->name ? escaped(drawn, c->name) : NULL,
                                       .x = c->x,
                                       .y = c->y,
                                       .low = c->low,
                                       .high = c->high,
                                       .count = c->count,
                                       .marks = c->marks,
                                       .colour = c->colour,
                                       .bars = c->low,
                                       .hollow = c->hollow,
                                       .dashed = c->dashed};
    }
    return curve;
}

static uint32_t columns_of(const struct chart *chart) {
    return chart->columns ? chart->columns : plot_page_columns((uint32_t)chart->panel_count);
}

// Side by side they are smaller: a page that is made to fit a sheet or a handout must not shrink its letters much.
#define BESIDE_WIDTH 460.0
#define BESIDE_HEIGHT 330.0

static struct drawn drawn_of(const struct chart *chart, enum theme theme) {
    struct drawn drawn = {.plot = mem_zero(chart->panel_count + 1, sizeof *drawn.plot)};
    bool beside = columns_of(chart) > 1;
    double width = chart->panel_width > 0 ? chart->panel_width : beside ? BESIDE_WIDTH : 0;
    double height = chart->panel_height > 0 ? chart->panel_height : beside ? BESIDE_HEIGHT : 0;
    drawn.failed = !drawn.plot;
    for (; drawn.plot && drawn.count < chart->panel_count; drawn.count++) {
        const struct chart_panel *panel = &chart->panel[drawn.count];
        drawn.plot[drawn.count] = (struct plot){.title = escaped(&drawn, panel->title),
                                                .x_label = escaped(&drawn, panel->x_label),
                                                .y_label = escaped(&drawn, panel->y_label),
                                                .log_x = panel->log_x,
                                                .log_y = panel->log_y,
                                                .window = panel->fixed ? &panel->window : NULL,
                                                .curve = drawn_curves(&drawn, panel),
                                                .curve_count = (uint32_t)panel->curve_count,
                                                .width = width,
                                                .height = height,
                                                .theme = theme};
    }
    return drawn;
}

bool chart_panel_scene(const struct chart *chart, size_t panel, enum theme theme, double width, double height,
                       struct scene *scene, char message[256], struct error *error) {
    struct drawn drawn = drawn_of(chart, theme);
    bool ok = !drawn.failed || error_memory(error);
    if (ok) drawn.plot[panel].width = width, drawn.plot[panel].height = height;
    ok = ok && plot_scene(&drawn.plot[panel], scene, NULL, message, error);
    drawn_free(&drawn);
    return ok;
}

double chart_draw_note(const struct chart *chart, const struct style *style, double x, double y, struct scene *scene) {
    for (const char *line = chart->note; *line; y += 1.5 * style->label_size) {
        size_t size = strcspn(line, "\n");
        char *plain = mem_text(line, size);
        struct buffer text = {0};
        if (plain) scene_escape(&text, plain);
        scene_text(scene, x, y, buffer_string(&text), style->label_size, style->muted, ANCHOR_START, FONT_SANS);
        scene->failed |= !plain || text.failed;
        buffer_free(&text);
        mem_free(plain);
        line += size + (line[size] == '\n');
    }
    return y;
}

bool chart_finish_page(const struct chart *chart, const struct style *style, double width, double height, bool ok,
                       struct scene *scene, struct error *error) {
    scene->width = width;
    scene->height = height;
    scene->background = style->background;
    scene->title = copy_text(chart->title);
    scene->description = copy_text(chart->note);
    ok = ok && ((!scene->failed && scene->title && scene->description) || error_memory(error));
    if (!ok) scene_clear(scene);
    return ok;
}

bool chart_scene(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error) {
    if (chart->draw) return chart->draw(chart, theme, scene, message, error);
    struct drawn drawn = drawn_of(chart, theme);
    char *title = escaped(&drawn, chart->title), *note = escaped(&drawn, chart->note);
    bool ok = !drawn.failed || error_memory(error);
    if (ok && chart->panel_count == 1 && !chart->title[0] && !chart->note[0])
        ok = plot_scene(drawn.plot, scene, NULL, message, error);
    else if (ok)
        ok = plot_page(drawn.plot, drawn.count, columns_of(chart), title, note, scene, NULL, message, error);
    mem_free(title);
    mem_free(note);
    drawn_free(&drawn);
    return ok;
}

// ---- as data ------------------------------------------------------------------------------------------------------

static json_t *numbers(const double *value, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, isfinite(value[i]) ? json_real(value[i]) : json_null());
    return list;
}

static json_t *curve_json(const struct chart_curve *curve, size_t index) {
    json_t *object = json_pack("{s:s*, s:o, s:o}", "name", curve->name, "x", numbers(curve->x, curve->count), "y",
                               numbers(curve->y, curve->count));
    if (curve->low) json_object_set_new(object, "low", numbers(curve->low, curve->count));
    if (curve->high) json_object_set_new(object, "high", numbers(curve->high, curve->count));
    if (curve->marks != PLOT_LINE) json_object_set_new(object, "marks", json_integer(curve->marks));
    if (curve->dashed) json_object_set_new(object, "dashed", json_true());
    if (curve->hollow) json_object_set_new(object, "hollow", json_true());
    if (curve->colour != index) json_object_set_new(object, "colour", json_integer(curve->colour));
    return object;
}

json_t *chart_panel_json(const struct chart_panel *panel) {
    json_t *curves = json_array();
    for (size_t i = 0; i < panel->curve_count; i++) json_array_append_new(curves, curve_json(&panel->curve[i], i));
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:b, s:b, s:o}", "title", panel->title, "x_label", panel->x_label, "y_label",
                  panel->y_label, "log_x", panel->log_x, "log_y", panel->log_y, "curves", curves);
    const struct plot_window *w = &panel->window;
    if (panel->fixed) json_object_set_new(object, "window", json_pack("[f, f, f, f]", w->x0, w->x1, w->y0, w->y1));
    return object;
}

json_t *chart_json(const struct chart *chart) {
    json_t *panels = json_array();
    for (size_t i = 0; i < chart->panel_count; i++) json_array_append_new(panels, chart_panel_json(&chart->panel[i]));
    return json_pack("{s:s, s:s, s:i, s:o}", "title", chart->title, "note", chart->note, "columns",
                     (int)columns_of(chart), "panels", panels);
}

// What a picture leaves out is said with its numbers.
static void describe_curve(const struct chart_panel *panel, const struct chart_curve *curve, struct buffer *out) {
    const struct axis x = {.log = panel->log_x}, y = {.log = panel->log_y};
    double low = INFINITY, high = -INFINITY;
    size_t points = 0, not_positive = 0;
    for (size_t i = 0; i < curve->count; i++) {
        if (!isfinite(curve->x[i]) || !isfinite(curve->y[i])) continue;
        points++;
        not_positive += !axis_takes(&x, curve->x[i]) || !axis_takes(&y, curve->y[i]);
        low = fmin(low, curve->y[i]);
        high = fmax(high, curve->y[i]);
    }
    buffer_printf(out, "  %s: %zu point%s", curve->name ? curve->name : "", points, points == 1 ? "" : "s");
    if (points) buffer_printf(out, ", from %.6g to %.6g", low, high);
    if (not_positive) buffer_printf(out, "; %zu not shown: not positive on a log axis", not_positive);
    if (curve->count > points) buffer_printf(out, "; %zu not finite", curve->count - points);
    buffer_char(out, '\n');
}

void chart_describe(const struct chart *chart, struct buffer *out) {
    for (size_t p = 0; p < chart->panel_count; p++)
        for (size_t i = 0; i < chart->panel[p].curve_count; i++)
            describe_curve(&chart->panel[p], &chart->panel[p].curve[i], out);
}

// ---- files --------------------------------------------------------------------------------------------------------

bool chart_export(struct session *session, const struct export_format *format, const struct export_options *options,
                  struct buffer *out, char message[256], struct error *error) {
    const struct chart *chart = session->chart;
    struct export_options own = *options;
    struct scene scene;
    const char *text = strcmp(format->extension, "csv") == 0    ? chart->csv
                       : strcmp(format->extension, "json") == 0 ? chart->json
                                                                : NULL;
    if (text) return buffer_text(out, text), !out->failed || error_memory(error);
    if (!format->write_scene) {
        error_set(error, ERROR_USAGE, SPAN_NONE, "this plot cannot be written as %s", format->extension);
        error_hint(error, "what can be written: .svg, .pdf, .png, .tex%s%s", chart->csv ? ", .csv" : "",
                   chart->json ? ", .json" : "");
        return false;
    }
    scene_init(&scene);
    if (chart->state) own.state = chart->state;
    bool ok = chart_scene(chart, session->settings.theme, &scene, message, error) &&
              format->write_scene(&scene, &own, out, error);
    scene_clear(&scene);
    return ok;
}
