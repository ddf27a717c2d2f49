#include "app/steering.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/report.h"
#include "show/field.h"
#include "show/panel.h"
#include "show/record.h"

// ---- runs ---------------------------------------------------------------------------------------------------------

enum { MOST_CELLS = 200 };

bool steering_add(struct job *job, const struct reactor_options *options, struct error *error) {
    struct training *run = job_add(job, error);
    if (!run) return false;
    const struct reactor_options *o = options;
    bool exact = o->fraction >= 1;
    run->options.iterations = o->iterations;
    run->options.seed = o->seed;
    run->options.keep.method = exact ? KEEP_EXACT : KEEP_DIFFERENT;
    run->options.keep.fraction = o->fraction;
    if (exact)
        snprintf(run->name, sizeof run->name, "exact");
    else
        snprintf(run->name, sizeof run->name, "%s %g", reactor_estimators[o->estimator], o->fraction);
    run->reactor = reactor_new(o, error);
    if (!run->reactor) return false;
    // Where sin pi t is 1 and -1, of whole numbers of periods; of a short run, its middle and end.
    bool whole = o->horizon >= 2;
    double time[2] = {whole ? o->horizon - 1.5 : o->horizon / 2, whole ? o->horizon - 0.5 : o->horizon};
    reactor_watch(run->reactor, time, 2);
    job->kind = &steering_kind;
    job->count++;
    return true;
}

bool steering_take_up(struct session *session, struct training *run, const char *file, bool told, struct error *error) {
    if (snprintf(run->checkpoint, sizeof run->checkpoint, "%s", file) >= (int)sizeof run->checkpoint)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "the checkpoint's name is too long");
    if (access(file, F_OK) != 0) // it can be written there, then: found out now, not after an hour
        return reactor_save(run->reactor, file, error);
    if (!reactor_load(run->reactor, file, error)) return false;
    double theta[GRID_SOURCES], loss; // its fields are shown before it goes on, and if there is nothing left to do
    uint64_t done = reactor_iteration(run->reactor);
    reactor_theta(run->reactor, theta);
    if (!reactor_gradient(run->reactor, theta, done ? done - 1 : 0, &loss, NULL, error)) return false;
    if (told && !session->output.json)
        report_text(session, "%s goes on at iteration %llu\n", file,
                    (unsigned long long)reactor_iteration(run->reactor));
    return true;
}

// ---- pictures -----------------------------------------------------------------------------------------------------

bool steering_strip_add(struct steering_strip *strip, const double *field, uint32_t side, const uint32_t *cell,
                        uint32_t cells, const char *title, struct error *error) {
    size_t count = (size_t)side * side, capacity = strip->count;
    double low, high;
    if (!mem_grow(&strip->picture, &capacity, (size_t)strip->count + 1, sizeof *strip->picture))
        return error_memory(error);
    struct steering_picture *p = &strip->picture[strip->count++];
    *p = (struct steering_picture){mem_alloc(count, sizeof *p->field), side, mem_alloc(cells + 1, sizeof *p->cell),
                                   cells, ""};
    if (!p->field || !p->cell) return error_memory(error);
    memcpy(p->field, field, count * sizeof *field);
    if (cells) memcpy(p->cell, cell, cells * sizeof *cell);
    snprintf(p->title, sizeof p->title, "%s", title);
    field_range(field, count, FIELD_SEQUENTIAL, &low, &high);
    strip->low = strip->count == 1 ? low : fmin(low, strip->low);
    strip->high = strip->count == 1 ? high : fmax(high, strip->high);
    return true;
}

void steering_strip_free(struct steering_strip *strip) {
    for (uint32_t i = 0; i < strip->count; i++) mem_free(strip->picture[i].field), mem_free(strip->picture[i].cell);
    mem_free(strip->picture);
    *strip = (struct steering_strip){0};
}

#define GAP 22.0

double steering_strip_draw(const struct steering_strip *strip, enum theme theme, double x, double y,
                           struct scene *scene, struct error *error) {
    double height = 0, top = 0, gap = fmin(GAP, strip->size / 7);
    uint32_t rows = strip->columns ? (strip->count + strip->columns - 1) / strip->columns : 0;
    for (uint32_t i = 0; strip->columns && i < strip->count; i++) {
        const struct steering_picture *p = &strip->picture[i];
        uint32_t row = i / strip->columns, column = i % strip->columns;
        bool last = column + 1 == strip->columns && row == rows / 2; // one scale, beside a row in the middle
        struct field field = {.title = p->title[0] ? p->title : NULL,
                              .rows = p->side,
                              .columns = p->side,
                              .value = p->field,
                              .upward = true,
                              .low = strip->low,
                              .high = strip->high,
                              .scale = last,
                              .cell = p->cell,
                              .cell_count = p->cells,
                              .width = strip->size,
                              .height = strip->size,
                              .text_scale = strip->size < 150 ? 0.85 : 1,
                              .theme = theme};
        struct scene part;
        struct field_frame frame;
        if (!field_scene(&field, &part, &frame, error)) return -1;
        if (!column) top = height;
        double bottom = top + part.height + gap / 2;
        scene_place(scene, &part, x + column * (strip->size + gap), y + top, 1);
        height = fmax(height, bottom);
    }
    return height;
}

// ---- the page -----------------------------------------------------------------------------------------------------

struct kept {
    struct steering_strip strip;
    char words[200]; // markup
};

static void free_kept(void *data) {
    struct kept *kept = data;
    if (kept) steering_strip_free(&kept->strip);
    mem_free(kept);
}

#define PICTURE 200.0
#define MARGIN 26.0
#define PLOT_HEIGHT 330.0

static bool draw(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error) {
    const struct style *style = style_of(theme);
    const struct kept *kept = chart->kept;
    struct scene plot;
    double width = 4 * (PICTURE + GAP) + 70, y = MARGIN + style->title_size;
    scene_init(scene);
    message[0] = '\0';
    struct buffer title = {0};
    scene_escape(&title, chart->title);
    scene_text(scene, MARGIN, y, buffer_string(&title), style->title_size, style->text, ANCHOR_START, FONT_SANS);
    buffer_free(&title);
    y += 1.8 * style->label_size;
    scene_text(scene, MARGIN, y, kept->words, style->label_size, style->muted, ANCHOR_START, FONT_SANS);
    y += style->label_size;
    double high = kept->strip.count ? steering_strip_draw(&kept->strip, theme, MARGIN, y, scene, error) : 0;
    bool ok = high >= 0 && chart_panel_scene(chart, 0, theme, width, PLOT_HEIGHT, &plot, message, error);
    if (ok) scene_place(scene, &plot, MARGIN / 2, y + high + 6, 1);
    return chart_finish_page(chart, style, width + MARGIN, y + fmax(high, 0) + PLOT_HEIGHT + MARGIN, ok, scene, error);
}

static bool add_pair(struct reactor *r, uint32_t frame, struct kept *kept, struct error *error) {
    uint32_t side = reactor_options_of(r)->side, cell[MOST_CELLS], cells = 0;
    double *field = mem_alloc((size_t)side * side, sizeof *field), t = reactor_frame_time(r, frame);
    char title[48];
    if (!field) return error_memory(error);
    bool there = reactor_frame(r, frame, field), ok = true;
    if (reactor_kept(r) <= MOST_CELLS) cells = reactor_frame_cells(r, frame, cell, MOST_CELLS);
    snprintf(title, sizeof title, "field, *t* = %.4g", t);
    if (there) ok = steering_strip_add(&kept->strip, field, side, cell, cells, title, error);
    reactor_target(r, t, field);
    snprintf(title, sizeof title, "target, *t* = %.4g", t);
    if (there) ok = ok && steering_strip_add(&kept->strip, field, side, NULL, 0, title, error);
    mem_free(field);
    return ok;
}

static bool add_pictures(const struct job *job, struct kept *kept, struct error *error) {
    struct training *run = &job->run[job->count - 1]; // the one that keeps least, as they are usually given
    char theta[120] = "";
    double value[GRID_SOURCES];
    reactor_theta(run->reactor, value);
    for (int i = 0; i < GRID_SOURCES; i++)
        snprintf(theta + strlen(theta), sizeof theta - strlen(theta), "%s%.3f", i ? ", " : "", value[i]);
    snprintf(kept->words, sizeof kept->words, "**%s**, iteration %llu: θ = (%s)%s", run->name,
             (unsigned long long)reactor_iteration(run->reactor), theta,
             reactor_kept(run->reactor) <= MOST_CELLS ? "; outlined: the points kept" : "");
    kept->strip.columns = 4;
    kept->strip.size = PICTURE;
    for (uint32_t f = 0; f < reactor_frames(run->reactor); f++)
        if (!add_pair(run->reactor, f, kept, error)) return false;
    return true;
}

static struct chart *make_chart(const struct job *job, struct error *error) {
    char title[160];
    snprintf(title, sizeof title, "Steering a reactor%s%.120s", job->title && *job->title ? ": " : "",
             job->title ? job->title : "");
    struct chart *chart = chart_new(title, "", error);
    struct kept *kept = chart ? mem_zero(1, sizeof *kept) : NULL;
    if (!kept) return chart_free(chart), error_memory(error), NULL;
    chart->kept = kept;
    chart->free_kept = free_kept;
    chart->draw = draw;
    struct buffer csv = {0};
    bool ok = add_pictures(job, kept, error) && steering_panel(chart, job, "", NULL, error) &&
              (steering_table(job, &csv) || error_memory(error));
    if (ok) ok = (chart->csv = mem_text(buffer_string(&csv), csv.size)) || error_memory(error);
    buffer_free(&csv);
    if (ok) return chart;
    chart_free(chart);
    return NULL;
}

// ---- what came of it ----------------------------------------------------------------------------------------------

bool steering_panel(struct chart *chart, const struct job *job, const char *title,
                    bool (*wanted)(const struct training *run), struct error *error) {
    struct chart_panel *panel = chart_panel(chart, title, "iteration", "loss");
    if (!panel) return error_memory(error);
    panel->log_y = true;
    uint32_t group = 0;
    for (uint32_t i = 0; i < job->count; i++) {
        const struct training *run = &job->run[i];
        if (wanted && !wanted(run)) continue;
        size_t count = reactor_iteration(run->reactor);
        bool first = true;
        for (uint32_t j = 0; j < i && first; j++)
            first = (wanted && !wanted(&job->run[j])) || strcmp(job->run[j].name, run->name) != 0;
        if (first && panel->curve_count) group++;
        struct chart_curve *curve = chart_curve(panel, first ? run->name : NULL, count, false);
        if (!curve) return error_memory(error);
        curve->colour = group;
        curve->marks = PLOT_LINE;
        curve->dashed = run->options.keep.fraction < 1 && reactor_options_of(run->reactor)->estimator;
        for (size_t k = 0; k < count; k++) {
            curve->x[k] = (double)k;
            curve->y[k] = reactor_losses(run->reactor)[k];
        }
    }
    return true;
}

bool steering_table(const struct job *job, struct buffer *csv) {
    buffer_text(csv, "run,estimator,keep,points,seed,iteration,loss\n");
    for (uint32_t i = 0; i < job->count; i++) {
        const struct reactor *r = job->run[i].reactor;
        const struct reactor_options *o = reactor_options_of(r);
        uint64_t count = reactor_iteration(r);
        for (uint64_t k = 0; k < count; k++)
            buffer_printf(csv, "%u,%s,%.17g,%u,%llu,%llu,%.9g\n", i + 1,
                          o->fraction < 1 ? reactor_estimators[o->estimator] : "exact", o->fraction, reactor_kept(r),
                          (unsigned long long)o->seed, (unsigned long long)k, reactor_losses(r)[k]);
    }
    return !csv->failed;
}

json_t *steering_record(const struct training *run) {
    struct reactor *r = run->reactor;
    const struct reactor_options *o = reactor_options_of(r);
    json_t *losses = json_array(), *theta = json_array();
    double value[GRID_SOURCES];
    uint64_t count = reactor_iteration(r);
    reactor_theta(r, value);
    for (uint64_t i = 0; i < count; i++) json_array_append_new(losses, record_number(reactor_losses(r)[i]));
    for (int i = 0; i < GRID_SOURCES; i++) json_array_append_new(theta, record_number(value[i]));
    return json_pack("{s:s, s:s, s:f, s:i, s:I, s:i, s:f, s:s, s:I, s:o, s:I, s:f, s:o, s:o}", "kind", "reactor",
                     "estimator", o->fraction < 1 ? reactor_estimators[o->estimator] : "exact", "keep", o->fraction,
                     "points", (int)reactor_kept(r), "seed", (json_int_t)o->seed, "steps", (int)reactor_steps(r),
                     "rate", o->rate, "type", o->type == NUMBER_FLOAT ? "float" : "double", "iteration",
                     (json_int_t)count, "loss", record_number(count ? reactor_losses(r)[count - 1] : (double)NAN),
                     "held", (json_int_t)reactor_held(r), "seconds", reactor_seconds(r), "theta", theta, "losses",
                     losses);
}

static void tell(struct session *session, const struct job *job) {
    static const char *const head[] = {"estimator", "points", "seed",    "iterations", "first loss",
                                       "loss",      "lowest", "held MB", "s/iteration"};
    struct report_table *table = report_table_new(9);
    for (int i = 0; i < 9; i++) report_table_cell(table, "%s", head[i]);
    for (uint32_t i = 0; i < job->count; i++) {
        const struct reactor *r = job->run[i].reactor;
        uint64_t count = reactor_iteration(r);
        const double *loss = reactor_losses(r);
        double lowest = INFINITY;
        for (uint64_t k = 0; k < count; k++) lowest = fmin(lowest, loss[k]);
        report_table_cell(table, "%s", job->run[i].name);
        report_table_cell(table, "%u", reactor_kept(r));
        report_table_cell(table, "%llu", (unsigned long long)reactor_options_of(r)->seed);
        report_table_cell(table, "%llu", (unsigned long long)count);
        report_table_cell(table, count ? "%.5f" : "", count ? loss[0] : 0);
        report_table_cell(table, count ? "%.5f" : "", count ? loss[count - 1] : 0);
        report_table_cell(table, count ? "%.5f" : "", lowest);
        report_table_cell(table, reactor_held(r) ? "%.4g" : "", (double)reactor_held(r) / 1e6);
        report_table_cell(table, count ? "%.3f" : "", reactor_seconds(r) / (double)(count ? count : 1));
    }
    report_table_print(session, table, true);
}

const struct job_kind steering_kind = {make_chart, tell};
