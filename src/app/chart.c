#include "app/chart.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"

static bool rises(const struct series *series, size_t column) {
    const double *value = series->column[column].value;
    for (size_t i = 0; i < series->row_count; i++)
        if (!isfinite(value[i]) || (i && value[i] <= value[i - 1])) return false;
    return series->row_count > 1;
}

static bool add_curve(struct chart *chart, size_t column) {
    if (!mem_grow(&chart->y, &chart->y_capacity, chart->y_count + 1, sizeof *chart->y)) return false;
    chart->y[chart->y_count++] = column;
    return true;
}

static bool find(const struct chart *chart, const char *name, size_t *column, struct error *error) {
    if (series_find(&chart->series, name, column)) return true;
    error_set(error, ERROR_NAME, SPAN_NONE, "there is no column `%.60s`", name);
    if (chart->series.column_count)
        error_hint(error, "the first columns are %.40s%s%.40s", chart->series.column[0].name,
                   chart->series.column_count > 1 ? ", " : "",
                   chart->series.column_count > 1 ? chart->series.column[1].name : "");
    return false;
}

static bool choose(struct chart *chart, const char *x, const char *const *y, uint32_t y_count, struct error *error) {
    chart->x = SIZE_MAX;
    if (x && !find(chart, x, &chart->x, error)) return false;
    if (!x && chart->series.column_count > 1 && rises(&chart->series, 0)) chart->x = 0;
    for (uint32_t i = 0; i < y_count; i++) {
        size_t column;
        if (!find(chart, y[i], &column, error)) return false;
        if (!add_curve(chart, column)) return error_memory(error);
    }
    for (size_t c = 0; y_count == 0 && c < chart->series.column_count; c++)
        if (c != chart->x && !add_curve(chart, c)) return error_memory(error);
    if (chart->y_count && chart->series.row_count) return true;
    return error_set(error, ERROR_OTHER, SPAN_NONE, "there is nothing to plot: %zu rows, %zu columns",
                     chart->series.row_count, chart->series.column_count);
}

static bool label(struct chart *chart, const char *title) {
    const char *along = chart->x == SIZE_MAX ? "row" : chart->series.column[chart->x].name;
    const char *up = chart->y_count == 1 ? chart->series.column[chart->y[0]].name : "";
    chart->title = mem_text(title, strlen(title));
    chart->x_label = mem_text(along, strlen(along));
    chart->y_label = mem_text(up, strlen(up));
    chart->rows = mem_alloc(chart->series.row_count + 1, sizeof *chart->rows);
    for (size_t i = 0; chart->rows && i < chart->series.row_count; i++) chart->rows[i] = (double)(i + 1);
    return chart->title && chart->x_label && chart->y_label && chart->rows;
}

struct chart *chart_new(struct series *series, const char *title, const char *x, const char *const *y, uint32_t y_count,
                        bool log_x, bool log_y, struct error *error) {
    static uint64_t serial;
    struct chart *chart = mem_zero(1, sizeof *chart);
    if (!chart) {
        series_free(series);
        return error_memory(error), NULL;
    }
    *chart = (struct chart){.series = *series, .log_x = log_x, .log_y = log_y, .serial = ++serial};
    *series = (struct series){0};
    bool ok = choose(chart, x, y, y_count, error);
    if (ok && (label(chart, title) || error_memory(error))) return chart;
    chart_free(chart);
    return NULL;
}

void chart_free(struct chart *chart) {
    if (!chart) return;
    series_free(&chart->series);
    mem_free(chart->title);
    mem_free(chart->x_label);
    mem_free(chart->y_label);
    mem_free(chart->y);
    mem_free(chart->rows);
    mem_free(chart);
}

static const double *along(const struct chart *chart) {
    return chart->x == SIZE_MAX ? chart->rows : chart->series.column[chart->x].value;
}

static char *escaped(const char *text) {
    struct buffer out = {0};
    scene_escape(&out, text);
    return out.failed ? NULL : out.data ? out.data : mem_text("", 0);
}

bool chart_scene(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error) {
    struct plot_curve *curve = mem_zero(chart->y_count, sizeof *curve);
    char *title = escaped(chart->title), *x = escaped(chart->x_label), *y = escaped(chart->y_label);
    bool ok = curve && title && x && y;
    for (size_t i = 0; ok && i < chart->y_count; i++) {
        const struct series_column *column = &chart->series.column[chart->y[i]];
        curve[i] = (struct plot_curve){.name = escaped(column->name),
                                       .x = along(chart),
                                       .y = column->value,
                                       .count = chart->series.row_count,
                                       .colour = (uint32_t)i};
        ok = curve[i].name != NULL;
    }
    struct plot plot = {.title = title,
                        .x_label = x,
                        .y_label = y,
                        .log_x = chart->log_x,
                        .log_y = chart->log_y,
                        .curve = curve,
                        .curve_count = (uint32_t)chart->y_count,
                        .theme = theme};
    ok = ok ? plot_scene(&plot, scene, NULL, message, error) : error_memory(error);
    for (size_t i = 0; curve && i < chart->y_count; i++) mem_free((void *)(uintptr_t)curve[i].name);
    mem_free(curve);
    mem_free(title);
    mem_free(x);
    mem_free(y);
    return ok;
}

static json_t *numbers(const double *value, size_t count) {
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, isfinite(value[i]) ? json_real(value[i]) : json_null());
    return list;
}

json_t *chart_json(const struct chart *chart) {
    json_t *curves = json_array();
    for (size_t i = 0; i < chart->y_count; i++) {
        const struct series_column *column = &chart->series.column[chart->y[i]];
        json_array_append_new(curves, json_pack("{s:s, s:o, s:o}", "name", column->name, "x",
                                                numbers(along(chart), chart->series.row_count), "y",
                                                numbers(column->value, chart->series.row_count)));
    }
    return json_pack("{s:s, s:s, s:s, s:b, s:b, s:o}", "title", chart->title, "x_label", chart->x_label, "y_label",
                     chart->y_label, "log_x", chart->log_x, "log_y", chart->log_y, "curves", curves);
}

void chart_describe(const struct chart *chart, struct buffer *out) {
    for (size_t i = 0; i < chart->y_count; i++) {
        const struct series_column *column = &chart->series.column[chart->y[i]];
        double low = INFINITY, high = -INFINITY;
        size_t points = 0;
        for (size_t r = 0; r < chart->series.row_count; r++) {
            if (!isfinite(column->value[r]) || !isfinite(along(chart)[r])) continue;
            points++;
            low = fmin(low, column->value[r]);
            high = fmax(high, column->value[r]);
        }
        buffer_printf(out, "  %s: %zu point%s", column->name, points, points == 1 ? "" : "s");
        if (points) buffer_printf(out, ", from %.6g to %.6g", low, high);
        buffer_char(out, '\n');
    }
}
