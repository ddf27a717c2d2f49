// Figure 7: the reactor. The graph with sampled cells, the loss over iterations by the fraction kept, the published
// estimator beside the unbiased one, and the field over time.
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/figure.h"
#include "app/steering.h"
#include "app/train_command.h"
#include "show/field.h"

enum { STEPS_DRAWN = 3, TIMES = 6, SIDE = 33, POINTS = SIDE * SIDE };
#define WIDTH 1240.0
#define GAP 26.0
#define PLOT_HEIGHT 360.0

static const double fractions[] = {1, .1, .01, .005, .002, .001};
static const double times[TIMES] = {0, 0.5, 1, 1.5, 5, 9.5};

struct kept {
    struct steering_strip graph, sheet;
};

static void free_kept(void *data) {
    struct kept *kept = data;
    if (kept) steering_strip_free(&kept->graph), steering_strip_free(&kept->sheet);
    mem_free(kept);
}

// ---- (a) ----------------------------------------------------------------------------------------------------------

// The first fields, with the points that are kept of them.
static bool add_graph(struct kept *kept, uint64_t seed, struct error *error) {
    struct reactor_options o = reactor_recipe;
    double time[STEPS_DRAWN + 1], loss, gradient[GRID_SOURCES], *field = mem_alloc(POINTS, sizeof *field);
    o.horizon = (STEPS_DRAWN - 1) * o.dt;
    o.fraction = 0.01;
    o.seed = seed;
    for (int i = 0; i <= STEPS_DRAWN; i++) time[i] = i * o.dt;
    struct reactor *r = field ? reactor_new(&o, error) : NULL;
    if (!field) error_memory(error);
    if (r) reactor_watch(r, time, STEPS_DRAWN + 1);
    bool ok = r && reactor_gradient(r, o.start, 0, &loss, gradient, error);
    for (uint32_t i = 0; ok && i <= STEPS_DRAWN; i++) {
        uint32_t cell[16], cells = i ? reactor_frame_cells(r, i, cell, 16) : 0; // the first field is known anyway
        ok = reactor_frame(r, i, field) && steering_strip_add(&kept->graph, field, SIDE, cell, cells, "", error);
    }
    reactor_free(r);
    mem_free(field);
    return ok;
}

struct pen {
    struct scene *scene;
    const struct style *style;
};

static void arrow(const struct pen *pen, double x0, double y0, double x1, double y1, bool lit) {
    const struct point line[4] = {
        {x0, y0}, {x0 + (x1 - x0) / 3, y0 + (y1 - y0) / 3}, {x1 - (x1 - x0) / 3, y1 - (y1 - y0) / 3}, {x1, y1}};
    scene_path(pen->scene, line, 4, lit ? pen->style->accent : pen->style->vertex_stroke, lit ? 1.6 : 1.1, true);
}

static void vertex_at(const struct pen *pen, double x, double y, const char *name) {
    const struct style *s = pen->style;
    scene_ellipse(pen->scene, x, y, s->vertex_size, s->vertex_size, s->vertex_fill, s->vertex_stroke,
                  s->vertex_stroke_width);
    scene_text(pen->scene, x, y + 0.35 * s->name_size, name, s->name_size, s->text, ANCHOR_MIDDLE, FONT_SANS);
}

// From an edge of circle or square to another.
static void join(const struct pen *pen, double x0, double y0, double r0, double x1, double y1, double r1, bool lit) {
    double dx = x1 - x0, dy = y1 - y0, length = hypot(dx, dy);
    arrow(pen, x0 + dx / length * r0, y0 + dy / length * r0, x1 - dx / length * r1, y1 - dy / length * r1, lit);
}

static bool draw_graph(const struct kept *kept, const struct pen *pen, enum theme theme, double x, double y,
                       struct error *error) {
    const double size = 104, step = 146, radius = pen->style->vertex_size / 2;
    double loss_y = y + radius, field_y = y + 138, source_y = field_y + 128, theta_y = source_y + 84;
    double middle = x + size / 2 + 1.5 * step, theta_x = middle - step / 2;
    for (int i = 0; i <= STEPS_DRAWN; i++) {
        double at = x + size / 2 + i * step, reach = size / 2 + 3;
        const struct steering_picture *p = &kept->graph.picture[i];
        struct field field = {.rows = SIDE,
                              .columns = SIDE,
                              .value = p->field,
                              .upward = true,
                              .low = 0,
                              .high = fmax(kept->graph.high, 1),
                              .cell = p->cell,
                              .cell_count = p->cells,
                              .width = size,
                              .height = size,
                              .theme = theme};
        struct scene part;
        struct field_frame frame;
        char name[24];
        if (!field_scene(&field, &part, &frame, error)) return false;
        scene_place(pen->scene, &part, at - size / 2 - frame.left, field_y - size / 2 - frame.top, 1);
        snprintf(name, sizeof name, "φ_{%d}", i);
        scene_text(pen->scene, at - size / 2 - 6, field_y - size / 2 + 10, name, pen->style->name_size,
                   pen->style->text, ANCHOR_END, FONT_SANS);
        if (i) join(pen, at, field_y - reach, 0, middle + step / 2, loss_y, radius + 3, true);
        if (i == STEPS_DRAWN) continue;
        double source_x = at + step / 2;
        arrow(pen, at + reach, field_y, at + step - reach, field_y, false);
        join(pen, theta_x + step / 2, theta_y, radius + 3, source_x, source_y, radius + 3, false);
        join(pen, source_x, source_y, radius + 3, at + step - reach + 2, field_y + size / 2 - 14, 4, true);
        snprintf(name, sizeof name, "S_{%d}", i);
        vertex_at(pen, source_x, source_y, name);
    }
    vertex_at(pen, middle + step / 2, loss_y, "L");
    vertex_at(pen, middle, theta_y, "θ");
    return true;
}

// ---- the page -----------------------------------------------------------------------------------------------------

static void heading(const struct pen *pen, double x, double y, const char *title, const char *caption) {
    const struct style *s = pen->style;
    scene_text(pen->scene, x, y, title, s->title_size, s->text, ANCHOR_START, FONT_SANS);
    scene_text(pen->scene, x, y + 1.5 * s->label_size + 4, caption, s->label_size, s->muted, ANCHOR_START, FONT_SANS);
}

static bool draw(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error) {
    const struct style *style = style_of(theme);
    const struct kept *kept = chart->kept;
    struct scene plot;
    double half = (WIDTH - 3 * GAP) / 2, head = GAP + style->title_size, below = head + 2.4 * style->title_size;
    double second = below + PLOT_HEIGHT + 1.6 * GAP, third = second + 2.4 * style->title_size;
    scene_init(scene);
    message[0] = '\0';
    struct pen pen = {scene, style};
    heading(
        &pen, GAP, head, "**(a)** **The first steps of 40,961**",
        "orange: edges whose derivatives need a field. Of each but the first, which is known, the outlined points are "
        "kept");
    bool ok = draw_graph(kept, &pen, theme, GAP + 20, below, error);
    heading(&pen, 2 * GAP + half, head, "**(b)** **Loss by the fraction of points kept**", "unbiased estimator");
    ok = ok && chart_panel_scene(chart, 0, theme, half, PLOT_HEIGHT, &plot, message, error);
    if (ok) scene_place(scene, &plot, 2 * GAP + half, below, 1);
    heading(&pen, GAP, second, "**(c)** **One point of 1,089: the estimator matters**",
            "published: unscaled, the same points for both factors and at all iterations");
    ok = ok && chart_panel_scene(chart, 1, theme, half, PLOT_HEIGHT, &plot, message, error);
    if (ok) scene_place(scene, &plot, GAP, third, 1);
    heading(&pen, 2 * GAP + half, second, "**(d)** **The field over time**",
            "rows: before, after the last exact iteration, and the target");
    double high = ok ? steering_strip_draw(&kept->sheet, theme, 2 * GAP + half, third, scene, error) : 0;
    double bottom = third + fmax(PLOT_HEIGHT, high) + GAP;
    chart_draw_note(chart, style, GAP, bottom, scene);
    return chart_finish_page(chart, style, WIDTH + 60, bottom + GAP, ok && high >= 0, scene, error);
}

// ---- (d) ----------------------------------------------------------------------------------------------------------

static bool add_row(struct kept *kept, struct reactor *r, const double *theta, bool first, struct error *error) {
    double loss, *field = mem_alloc(POINTS, sizeof *field);
    if (!field) return error_memory(error);
    bool ok = !theta || reactor_gradient(r, theta, 0, &loss, NULL, error);
    for (uint32_t i = 0; ok && i < TIMES; i++) {
        char title[40] = "";
        if (first) snprintf(title, sizeof title, "*t* = %g", times[i]);
        if (theta)
            ok = reactor_frame(r, i, field);
        else
            reactor_target(r, times[i], field);
        ok = ok && steering_strip_add(&kept->sheet, field, SIDE, NULL, 0, title, error);
    }
    mem_free(field);
    return ok;
}

static bool add_sheet(struct kept *kept, const struct job *job, struct error *error) {
    double theta[GRID_SOURCES];
    struct reactor *r = reactor_new(&reactor_recipe, error);
    if (!r) return false;
    reactor_theta(job->run[0].reactor, theta);
    reactor_watch(r, times, TIMES);
    kept->sheet.columns = TIMES;
    kept->sheet.size = 80;
    bool ok = add_row(kept, r, reactor_recipe.start, true, error) && add_row(kept, r, theta, false, error) &&
              add_row(kept, r, NULL, false, error);
    reactor_free(r);
    return ok;
}

// ---- the runs -----------------------------------------------------------------------------------------------------

static bool is_unbiased(const struct training *run) {
    return run->options.keep.fraction >= 1 || reactor_options_of(run->reactor)->estimator == REACTOR_UNBIASED;
}

static bool is_compared(const struct training *run) {
    return run->options.keep.fraction >= 1 || run->options.keep.fraction == .001;
}

static uint64_t iterations_of(const struct figure_options *options) {
    return options->iterations ? options->iterations : options->full ? 800 : 200;
}

static bool make_runs(struct session *session, struct job *job, const struct figure_options *options,
                      struct error *error) {
    mkdir("figure-7.runs", 0777);
    for (size_t i = 0; i <= sizeof fractions / sizeof *fractions; i++) {
        struct reactor_options o = reactor_recipe;
        bool published = i == sizeof fractions / sizeof *fractions;
        o.fraction = fractions[published ? i - 1 : i];
        o.estimator = published ? REACTOR_PUBLISHED : REACTOR_UNBIASED;
        o.seed = session->settings.seed;
        o.iterations = iterations_of(options);
        char file[80], length[24];
        snprintf(length, sizeof length,
                 options->iterations ? "%llu"
                 : options->full     ? "full"
                                     : "quick",
                 (unsigned long long)options->iterations);
        snprintf(file, sizeof file, "figure-7.runs/%s-%zu.run", length, i + 1);
        if (!steering_add(job, &o, error)) return false;
        struct training *run = &job->run[job->count - 1];
        struct error old = {0};
        if (steering_take_up(session, run, file, false, &old)) continue;
        if (old.kind != ERROR_FILE || !reactor_save(run->reactor, file, error)) return false; // of another seed
        error_clear(&old);
    }
    return true;
}

static bool write_record(struct session *session, const struct job *job, const struct figure_options *options,
                         struct chart *chart, struct error *error) {
    struct buffer csv = {0}, state = {0};
    json_t *runs = json_array();
    for (uint32_t i = 0; i < job->count; i++) json_array_append_new(runs, steering_record(&job->run[i]));
    json_t *record = json_pack("{s:s, s:i, s:b, s:I, s:s, s:o}", "kind", "figure", "figure", 7, "full", options->full,
                               "seed", (json_int_t)session->settings.seed, "note", chart->note, "runs", runs);
    buffer_printf(&state, ":set seed %llu\n:figure 7 %s", (unsigned long long)session->settings.seed,
                  options->full ? "full" : "quick");
    if (options->iterations) buffer_printf(&state, " iterations %llu", (unsigned long long)options->iterations);
    buffer_char(&state, '\n');
    chart->json = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    chart->csv = steering_table(job, &csv) ? mem_text(buffer_string(&csv), csv.size) : NULL;
    chart->state = mem_text(buffer_string(&state), state.size);
    json_decref(record);
    buffer_free(&csv);
    buffer_free(&state);
    return (chart->json && chart->csv && chart->state) || error_memory(error);
}

static struct chart *make_chart(struct session *session, const struct job *job, const struct figure_options *options,
                                struct error *error) {
    char note[300], length[100] = "";
    uint64_t iterations = iterations_of(options);
    if (iterations < 800)
        snprintf(length, sizeof length, " %llu iteration%s of the paper's 800%s: the late rise in (c) needs `full`.",
                 (unsigned long long)iterations, iterations == 1 ? "" : "s", options->iterations ? "" : " (quick)");
    snprintf(note, sizeof note,
             "33 × 33 points, 40,961 steps, float32, Adam with rate 0.01; points of the interior without replacement, "
             "108, 10, 5, 2, 1 of them. Seed %llu.%s",
             (unsigned long long)session->settings.seed, length);
    struct chart *chart = chart_new("Figure 7: steering a reactor", note, error);
    struct kept *kept = chart ? mem_zero(1, sizeof *kept) : NULL;
    if (!kept) return chart_free(chart), error_memory(error), NULL;
    chart->kept = kept;
    chart->free_kept = free_kept;
    chart->draw = draw;
    bool ok = add_graph(kept, session->settings.seed, error) && add_sheet(kept, job, error) &&
              steering_panel(chart, job, "", is_unbiased, error) &&
              steering_panel(chart, job, "", is_compared, error) && write_record(session, job, options, chart, error);
    if (ok) return chart;
    chart_free(chart);
    return NULL;
}

struct chart *figure_7(struct session *session, int number, const struct figure_options *options, struct error *error) {
    struct job *job = job_new(error);
    struct chart *chart = NULL;
    (void)number;
    bool ok = job && make_runs(session, job, options, error);
    if (ok && !training_run(job->run, job->count, NULL, NULL, error)) {
        error_hint(error, "the runs are kept in figure-7.runs; the same line goes on from there");
        ok = false;
    }
    for (uint32_t i = 0; ok && i < job->count; i++)
        if (job->run[i].error.kind != ERROR_NONE) *error = job->run[i].error, ok = false;
    if (ok) chart = make_chart(session, job, options, error);
    job_free(job);
    return chart;
}
