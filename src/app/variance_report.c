// What a sweep found: as a plot, a table, a JSON object.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/chart.h"
#include "app/pattern_words.h"
#include "app/report.h"
#include "app/variance.h"

enum { ONE_PANEL_CURVES = 4 };

// What a variance is divided by when a relative one is wanted.
static double unit_of(const struct variance *v, const struct sweep_cell *cell) {
    return v->relative ? cell->result.square : 1;
}

static void keep_text(const struct variance *v, double keep, char out[32]) {
    snprintf(out, 32, v->fraction ? "keep %g" : "K = %g", keep);
}

static uint32_t count_of(const struct variance *v, unsigned axis) {
    return v->axis[axis].count ? v->axis[axis].count : 1;
}

// ---- the plot -----------------------------------------------------------------------------------------------------

struct drawing {
    const struct variance *v;
    struct chart_panel *panel;
    struct error *error;
    uint32_t colour;
};

// As it was asked for: without the parameter that the sweep runs through.
static void method_name(const struct variance *v, uint32_t m, char out[64]) {
    const struct method *method = &v->method[m];
    sampler_name(method, out);
    if (v->bare[m] && method->estimator->takes != SAMPLER_TAKES_NOTHING)
        snprintf(out, 64, "%s%s%s", method->estimator->name, method->out_edges ? " per vertex" : "",
                 method->noreplace ? " noreplace" : "");
}

// "walk, width 4, K = 2": what tells the curve from the others of its panel.
static void curve_name(const struct variance *v, const struct variance_place *at, bool with_width, char out[128]) {
    char keep[32];
    enum variance_axis along = variance_along(v);
    method_name(v, at->method, out);
    if (with_width && v->axis[AXIS_WIDTH].count > 1 && along != AXIS_WIDTH)
        snprintf(out + strlen(out), 128 - strlen(out), ", width %g", variance_value(v, at, AXIS_WIDTH));
    if (v->axis[AXIS_KEEP].count > 1 && along != AXIS_KEEP) {
        keep_text(v, variance_value(v, at, AXIS_KEEP), keep);
        snprintf(out + strlen(out), 128 - strlen(out), ", %s", keep);
    }
    if (v->axis[AXIS_SAMPLES].count > 1 && along != AXIS_SAMPLES)
        snprintf(out + strlen(out), 128 - strlen(out), ", %g samples", variance_value(v, at, AXIS_SAMPLES));
}

static const struct sweep_cell *cell_along(const struct variance *v, struct variance_place at, uint32_t i, double *x) {
    enum variance_axis along = variance_along(v);
    at.index[along] = i;
    *x = v->axis[along].count ? v->axis[along].value[i] : 1;
    return &v->sweep.cell[variance_cell(v, &at)];
}

static bool add_line(struct drawing *d, const struct variance_place *at, const char *name, bool *any) {
    uint32_t count = count_of(d->v, variance_along(d->v));
    struct chart_curve *curve = chart_curve(d->panel, name, count, false);
    if (!curve) return error_memory(d->error);
    curve->colour = d->colour;
    curve->count = 0; // an interrupt leaves cells undone
    for (uint32_t i = 0; i < count; i++) {
        const struct sweep_cell *cell = cell_along(d->v, *at, i, &curve->x[curve->count]);
        if (!cell->done) continue;
        curve->y[curve->count] = cell->result.exact / unit_of(d->v, cell);
        *any |= isfinite(curve->y[curve->count++]);
    }
    return true;
}

// Points with bars of 2 standard errors; those that too few samples carry (`heavy`) as rings
// without bars.
static bool add_points(struct drawing *d, const struct variance_place *at, const char *name, bool heavy) {
    uint32_t count = count_of(d->v, variance_along(d->v));
    struct chart_curve *curve = chart_curve(d->panel, name, count, !heavy);
    if (!curve) return error_memory(d->error);
    curve->colour = d->colour;
    curve->marks = PLOT_POINTS;
    curve->hollow = heavy;
    curve->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t k = curve->count;
        const struct sweep_cell *cell = cell_along(d->v, *at, i, &curve->x[k]);
        if (!cell->done || variance_is_heavy(cell) != heavy) continue;
        double unit = unit_of(d->v, cell), bar = 2 * cell->result.standard_error / unit;
        curve->y[k] = cell->result.measured / unit;
        if (!heavy) curve->low[k] = curve->y[k] - bar, curve->high[k] = curve->y[k] + bar;
        curve->count++;
    }
    return true;
}

static bool has_heavy(const struct variance *v, const struct variance_place *at) {
    double x;
    for (uint32_t i = 0; i < count_of(v, variance_along(v)); i++) {
        const struct sweep_cell *cell = cell_along(v, *at, i, &x);
        if (cell->done && variance_is_heavy(cell)) return true;
    }
    return false;
}

static bool add_curve(struct drawing *d, const struct variance_place *at, bool with_width) {
    char name[128];
    bool exact = false;
    curve_name(d->v, at, with_width, name);
    if (!add_line(d, at, name, &exact)) return false;
    if (!exact) {
        mem_free(d->panel->curve[d->panel->curve_count - 1].name);
        d->panel->curve[d->panel->curve_count - 1].name = NULL;
    }
    if (d->v->estimates > 1 && !add_points(d, at, exact ? NULL : name, false)) return false;
    if (has_heavy(d->v, at) && !add_points(d, at, NULL, true)) return false;
    d->colour++;
    return true;
}

static void label_along(const struct variance *v, char out[64]) {
    enum variance_axis along = variance_along(v);
    static const char *const names[] = {"depth (hidden layers)", "samples averaged", "keep", "width"};
    snprintf(out, 64, "%s", along == AXIS_KEEP ? v->fraction ? "fraction kept" : "K" : names[along]);
}

static bool any_positive(const struct chart_panel *panel) {
    for (size_t c = 0; c < panel->curve_count; c++)
        for (size_t i = 0; i < panel->curve[c].count; i++)
            if (panel->curve[c].y[i] > 0) return true;
    return false;
}

// All curves of the widths from `first` to `last`.
static bool add_panel(const struct variance *v, struct chart *chart, const char *title, uint32_t first, uint32_t last,
                      struct error *error) {
    char along[64];
    label_along(v, along);
    struct drawing d = {.v = v, .error = error};
    d.panel = chart_panel(chart, title, along, v->relative ? "variance / derivative²" : "variance of one estimate");
    if (!d.panel) return error_memory(error);
    enum variance_axis axis = variance_along(v);
    uint32_t keeps = axis == AXIS_KEEP ? 1 : count_of(v, AXIS_KEEP);
    uint32_t samples = axis == AXIS_SAMPLES ? 1 : count_of(v, AXIS_SAMPLES);
    struct variance_place at = {0};
    for (at.index[AXIS_WIDTH] = first; at.index[AXIS_WIDTH] <= last; at.index[AXIS_WIDTH]++)
        for (at.index[AXIS_KEEP] = 0; at.index[AXIS_KEEP] < keeps; at.index[AXIS_KEEP]++)
            for (at.index[AXIS_SAMPLES] = 0; at.index[AXIS_SAMPLES] < samples; at.index[AXIS_SAMPLES]++)
                for (at.method = 0; at.method < v->method_count; at.method++)
                    if (!add_curve(&d, &at, last > first)) return false;
    d.panel->log_x = axis == AXIS_SAMPLES;
    d.panel->log_y = any_positive(d.panel);
    return true;
}

bool variance_panels(const struct variance *v, struct chart *chart, const char *title, struct error *error) {
    enum variance_axis along = variance_along(v);
    uint32_t widths = along == AXIS_WIDTH ? 1 : count_of(v, AXIS_WIDTH);
    uint32_t curves = widths * v->method_count * (along == AXIS_KEEP ? 1 : count_of(v, AXIS_KEEP));
    if (v->one_panel || widths == 1 || curves <= ONE_PANEL_CURVES)
        return add_panel(v, chart, title, 0, widths - 1, error);
    for (uint32_t w = 0; w < widths; w++) {
        char name[96];
        snprintf(name, sizeof name, "%s%swidth %g", title, title[0] ? ", " : "", v->axis[AXIS_WIDTH].value[w]);
        if (!add_panel(v, chart, name, w, w, error)) return false;
    }
    return true;
}

struct heavy {
    size_t count, done, low; // low: measured is less than exact
    double fewest;           // effective sample size
};

static struct heavy count_heavy(const struct variance *v) {
    struct heavy heavy = {.fewest = INFINITY};
    for (size_t i = 0; i < v->sweep.cell_count; i++) {
        const struct sweep_cell *cell = &v->sweep.cell[i];
        heavy.done += cell->done;
        if (!cell->done || !variance_is_heavy(cell)) continue;
        heavy.count++;
        heavy.low += !(cell->result.measured >= cell->result.exact);
        heavy.fewest = fmin(heavy.fewest, cell->result.effective);
    }
    return heavy;
}

// A variance of 0 has no place on a logarithmic axis: it is told instead.
static bool is_zero(const struct variance *v, uint32_t method) {
    bool any = false;
    for (size_t i = 0; i < v->sweep.cell_count; i++) {
        const struct sweep_cell *cell = &v->sweep.cell[i];
        if (!cell->done || variance_at(v, i).method != method) continue;
        if (cell->result.exact != 0) return false;
        any = true;
    }
    return any;
}

static void tell_zeros(const struct variance *v, struct buffer *out) {
    for (uint32_t m = 0; m < v->method_count; m++) {
        char name[64];
        if (!is_zero(v, m)) continue;
        method_name(v, m, name);
        buffer_printf(out, "; %s: 0 everywhere", name);
    }
}

// "interleaved, width 3, weights uniform 0.5 to 1.5, normalised, seed 0; lines exact, points measured ..."
static void note_of(const struct session *session, const struct variance *v, struct buffer *out) {
    char text[96], from[64], to[64];
    if (v->has_pattern) {
        pattern_weights_text(&v->pattern, text);
        buffer_text(out, pattern_names[v->pattern.kind]);
        for (int axis = 0; axis < AXIS_COUNT; axis++)
            if (v->axis[axis].count == 1 && axis != AXIS_KEEP)
                buffer_printf(out, ", %s %g", variance_axis_names[axis], v->axis[axis].value[0]);
        buffer_printf(out, ", weights %s", text);
        if (v->graphs > 1) buffer_printf(out, ", mean of %u graphs", v->graphs);
    } else {
        const struct graph *graph = session->lcg->graph;
        buffer_printf(out, "d%s/d%s", graph_label(graph, v->to, to), graph_label(graph, v->from, from));
    }
    if (v->axis[AXIS_KEEP].count == 1) {
        keep_text(v, v->axis[AXIS_KEEP].value[0], text);
        buffer_printf(out, ", %s", text);
    }
    buffer_printf(out, ", seed %llu", (unsigned long long)v->seed);
    buffer_text(out, "; lines exact");
    if (v->estimates > 1) {
        text_label_number(text, (double)v->estimates * v->graphs, 4);
        buffer_printf(out, ", points measured from %s estimates", text);
    }
    tell_zeros(v, out);
    struct heavy heavy = count_heavy(v);
    if (heavy.count)
        buffer_printf(out, "; rings: heavy tails, too few samples carry it (effective sample size from %.0f)",
                      floor(heavy.fewest));
}

static char *state_of(struct session *session, const struct variance *v) {
    struct buffer out = {0};
    if (!v->has_pattern) session_script(session, &out);
    buffer_printf(&out, "%s\n", v->again ? v->again : v->command);
    if (!out.failed) return out.data;
    buffer_free(&out);
    return NULL;
}

// ---- JSON ---------------------------------------------------------------------------------------------------------

static json_t *number(double value) {
    if (isfinite(value)) return json_real(value);
    return isnan(value) ? json_null() : json_string(value > 0 ? "Infinity" : "-Infinity");
}

static json_t *on_axis(const struct variance *v, const struct variance_place *at, enum variance_axis axis) {
    double value = variance_value(v, at, axis);
    return isnan(value) ? json_null() : value == floor(value) ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *row_json(const struct variance *v, size_t i) {
    const struct sweep_cell *cell = &v->sweep.cell[i];
    const struct sweep_result *r = &cell->result;
    struct variance_place at = variance_at(v, i);
    char name[64];
    sampler_name(&cell->method, name);
    double unit = unit_of(v, cell);
    json_int_t samples = (json_int_t)cell->estimates * cell->graphs;
    json_t *row =
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "estimator", name, "depth",
                  on_axis(v, &at, AXIS_DEPTH), "width", on_axis(v, &at, AXIS_WIDTH), "keep", on_axis(v, &at, AXIS_KEEP),
                  "exact", number(r->exact / unit), "measured", number(r->measured / unit), "standard_error",
                  number(r->standard_error / unit), "effective", number(r->effective), "samples", samples);
    json_object_set_new(row, "average", json_integer((json_int_t)cell->average));
    json_object_set_new(row, "remembered", number(r->remembered));
    return row;
}

json_t *variance_json(const struct variance *v) {
    json_t *rows = json_array();
    for (size_t i = 0; i < v->sweep.cell_count; i++)
        if (v->sweep.cell[i].done) json_array_append_new(rows, row_json(v, i));
    size_t done = json_array_size(rows), cells = v->sweep.cell_count;
    json_t *object =
        json_pack("{s:s, s:o, s:I, s:b, s:i, s:s}", "kind", "variance", "rows", rows, "seed", (json_int_t)v->seed,
                  "relative", v->relative, "graphs", (int)v->graphs, "command", v->command);
    if (object && done < cells) json_object_set_new(object, "interrupted_of", json_integer((json_int_t)cells));
    return object;
}

static size_t cells_done(const struct variance *v) {
    size_t done = 0;
    for (size_t i = 0; i < v->sweep.cell_count; i++) done += v->sweep.cell[i].done;
    return done;
}

struct chart *variance_chart(struct session *session, const struct variance *v, struct error *error) {
    struct buffer note = {0}, csv = {0};
    size_t done = cells_done(v);
    note_of(session, v, &note);
    if (done < v->sweep.cell_count)
        buffer_printf(&note, "; stopped: %zu of %zu cells are done", done, v->sweep.cell_count);
    struct chart *chart =
        chart_new(v->relative ? "Relative variance" : "Variance of one estimate", buffer_string(&note), error);
    buffer_free(&note);
    bool ok = chart && variance_panels(v, chart, "", error);
    json_t *object = ok ? variance_json(v) : NULL;
    if (ok) {
        chart->json = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
        if (variance_csv(v, &csv)) chart->csv = mem_text(buffer_string(&csv), csv.size);
        chart->state = state_of(session, v);
        ok = (chart->json && chart->csv && chart->state) || error_memory(error);
    }
    buffer_free(&csv);
    json_decref(object);
    if (ok) return chart;
    chart_free(chart);
    return NULL;
}

// ---- the table ----------------------------------------------------------------------------------------------------

static void short_number(char out[48], double value) {
    if (isnan(value))
        snprintf(out, 48, "—");
    else
        text_label_number(out, value, 4);
}

static void heading(const struct variance *v, struct report_table *table) {
    report_table_cell(table, "%s", "");
    for (int axis = 0; axis < AXIS_COUNT; axis++)
        if (v->axis[axis].count > 1) report_table_cell(table, "%s", variance_axis_names[axis]);
    report_table_cell(table, v->relative ? "exact, relative" : "exact");
    report_table_cell(table, "measured");
    report_table_cell(table, "effective");
}

static void row_text(struct session *session, const struct variance *v, size_t i, struct report_table *table) {
    const struct sweep_cell *cell = &v->sweep.cell[i];
    struct variance_place at = variance_at(v, i);
    double unit = unit_of(v, cell);
    char name[64], exact[48], measured[48], error[48], effective[48];
    sampler_name(&cell->method, name);
    report_table_cell(table, "%s", name);
    for (int axis = 0; axis < AXIS_COUNT; axis++)
        if (v->axis[axis].count > 1) report_table_cell(table, "%g", variance_value(v, &at, (enum variance_axis)axis));
    short_number(exact, cell->result.exact / unit);
    short_number(measured, cell->result.measured / unit);
    short_number(error, cell->result.standard_error / unit);
    short_number(effective, floor(cell->result.effective));
    report_table_cell(table, isnan(cell->result.exact) ? "measured only" : "%s%s%s", report_accent(session), exact,
                      report_plain(session));
    bool low = !(cell->result.measured >= cell->result.exact); // or nothing exact is known
    report_table_cell(table,
                      !variance_is_heavy(cell) ? "%s ± %s"
                      : low                    ? "%s, too low"
                                               : "%s, by few",
                      measured, error);
    report_table_cell(table, "%s", effective);
}

static void tell_heavy(struct session *session, const struct variance *v) {
    struct heavy heavy = count_heavy(v);
    if (heavy.count)
        report_text(session,
                    "heavy tails: in %zu of %zu cells too few samples carry what is measured (effective sample size "
                    "from %.0f); it underestimates in %zu\n",
                    heavy.count, heavy.done, floor(heavy.fewest), heavy.low);
}

static uint32_t varying(const struct variance *v) {
    uint32_t count = 0;
    for (int axis = 0; axis < AXIS_COUNT; axis++) count += v->axis[axis].count > 1;
    return count;
}

bool variance_report(struct session *session, const struct variance *v, struct error *error) {
    size_t done = cells_done(v);
    if (session->output.json) return report_json(session, variance_json(v)), true;
    struct buffer note = {0};
    note_of(session, v, &note);
    if (v->cells_read) report_text(session, "%zu cells were in %s already\n", v->cells_read, v->file);
    if (done < v->sweep.cell_count)
        report_text(session, "stopped: %zu of %zu cells are done\n", done, v->sweep.cell_count);
    report_text(session, "%s%s%s\n", report_muted(session), buffer_string(&note), report_plain(session));
    buffer_free(&note);
    struct report_table *table = report_table_new(4 + varying(v));
    if (!table) return error_memory(error);
    heading(v, table);
    for (size_t i = 0; i < v->sweep.cell_count; i++)
        if (v->sweep.cell[i].done) row_text(session, v, i, table);
    report_table_print(session, table, true);
    tell_heavy(session, v);
    return true;
}
