// What a figure of trainings shows and writes.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/figure_train.h"
#include "app/report.h"
#include "show/record.h"
#include "tensor/kernels.h"

static bool has_runs(const struct made_part *part) { return part->wanted && part->there && part->runs; }

static size_t reports_of(const struct training *run) {
    size_t count = 0;
    if (run->train) train_reports(run->train, &count);
    return count;
}

static size_t part_reports(const struct made_part *part) {
    size_t all = 0;
    for (uint32_t i = 0; i < part->runs; i++) all += reports_of(&part->run[i]);
    return all;
}

size_t made_reports(const struct made *made) {
    size_t all = 0;
    for (uint32_t p = 0; p < made->plan->parts; p++) all += part_reports(&made->part[p]);
    return all;
}

// ---- what came of each method -------------------------------------------------------------------------------------

struct outcome_of { // a method: means and deviations over its seeds
    const char *name;
    uint32_t seeds;
    uint64_t iteration; // the last report that all of them have
    double loss[2], accuracy[2], test_loss[2], test_accuracy[2];
    double seconds; // of an iteration
    size_t planned;
};

static void add_moments(double to[2], double value, uint32_t before) {
    double delta = value - to[0]; // Welford: the mean and the sum of squares around it
    to[0] += delta / (before + 1);
    to[1] += delta * (value - to[0]);
}

static double seconds_of(const struct train_report *r, size_t upto) {
    double seconds = 0;
    for (size_t i = 0; i <= upto; i++) seconds += r[i].seconds;
    return r[upto].iteration ? seconds / (double)r[upto].iteration : (double)NAN;
}

// Of the runs from `first` on that have its name; how many they are.
static uint32_t outcome_from(const struct made_part *part, uint32_t first, struct outcome_of *o) {
    uint32_t count = 0;
    size_t reports = SIZE_MAX;
    *o = (struct outcome_of){.name = part->run[first].name};
    for (; first + count < part->runs && part->method[first + count] == part->method[first]; count++) {
        size_t own = reports_of(&part->run[first + count]);
        reports = own < reports ? own : reports;
    }
    for (uint32_t i = first; reports && i < first + count; i++) {
        const struct train_report *all = train_reports(part->run[i].train, &(size_t){0}), *r = &all[reports - 1];
        add_moments(o->loss, r->loss, o->seeds);
        add_moments(o->accuracy, r->accuracy, o->seeds);
        add_moments(o->test_loss, r->test_loss, o->seeds);
        add_moments(o->test_accuracy, r->test_accuracy, o->seeds);
        o->seconds += seconds_of(all, reports - 1) / count;
        o->iteration = r->iteration;
        o->planned = train_planned(part->run[i].train);
        o->seeds++;
    }
    double *moments[] = {o->loss, o->accuracy, o->test_loss, o->test_accuracy};
    for (size_t m = 0; m < 4; m++) moments[m][1] = o->seeds > 1 ? sqrt(moments[m][1] / (o->seeds - 1)) : (double)NAN;
    return count;
}

static void spread_cell(struct report_table *table, const struct outcome_of *o, const double v[2], double unit,
                        int digits) {
    if (!o->seeds)
        report_table_cell(table, "%s", "");
    else if (isnan(v[1]))
        report_table_cell(table, "%.*f", digits, unit * v[0]);
    else
        report_table_cell(table, "%.*f ± %.*f", digits, unit * v[0], digits, unit * v[1]);
}

void made_table(const struct made *made) {
    static const char *const head[] = {"method",    "seeds",        "iteration",    "loss",
                                       "test loss", "test acc., %", "ms/iteration", "kept MB"};
    if (made->session->output.json) return;
    for (uint32_t p = 0; p < made->plan->parts; p++) {
        const struct made_part *part = &made->part[p];
        if (!has_runs(part) || !part_reports(part)) continue;
        struct report_table *table = report_table_new(8);
        for (size_t i = 0; i < 8; i++) report_table_cell(table, "%s", head[i]);
        for (uint32_t i = 0; i < part->runs;) {
            struct outcome_of o;
            i += outcome_from(part, i, &o);
            report_table_cell(table, "%s", o.name);
            report_table_cell(table, "%u", o.seeds);
            report_table_cell(table, "%" PRIu64, o.iteration);
            spread_cell(table, &o, o.loss, 1, 4);
            spread_cell(table, &o, o.test_loss, 1, 4);
            spread_cell(table, &o, o.test_accuracy, 100, 2);
            report_table_cell(table, isnan(o.seconds) ? "" : "%.1f", 1e3 * o.seconds);
            report_table_cell(table, "%.3f", (double)o.planned / 1e6);
        }
        report_text(made->session, "%s\n", part->recipe->title);
        report_table_print(made->session, table, true);
    }
}

// ---- panels -------------------------------------------------------------------------------------------------------

static char *text_of(const char *text) { return mem_text(text, strlen(text)); }

// Times from 0 on, over the same iterations as in the panels above.
static void from_nothing(struct chart_panel *panel) {
    double x = 0, y = 0;
    for (size_t c = 0; c < panel->curve_count; c++)
        for (size_t i = 0; i < panel->curve[c].count; i++)
            x = fmax(x, panel->curve[c].x[i]), y = fmax(y, panel->curve[c].y[i]); // not NaN
    panel->fixed = x > 0 && y > 0;
    panel->window = (struct plot_window){0, x, 0, 1.05 * y};
}

// Losses from the least to the greatest. Where they hardly changed the axis must not make mountains of it, but neither
// hide what the methods differ by: a quarter more than the least at least.
static void from_losses(struct chart_panel *panel) {
    double x = 0, low = INFINITY, high = 0;
    for (size_t c = 0; c < panel->curve_count; c++)
        for (size_t i = 0; i < panel->curve[c].count; i++) {
            double y = panel->curve[c].y[i];
            if (!(y > 0 && isfinite(y))) continue;
            x = fmax(x, panel->curve[c].x[i]);
            low = fmin(low, y);
            high = fmax(high, y);
        }
    double more = fmax(pow(high / low, 0.05), sqrt(1.25 * low / high)); // at either side
    panel->fixed = x > 0 && high > 0;
    panel->window = (struct plot_window){0, x, low / more, high * more};
}

// Accuracies from the least that is reached at the second report or later on: what the first one guesses by chance
// would press all curves together.
static void from_second(struct chart_panel *panel) {
    double x = 0, low = INFINITY, high = -INFINITY;
    for (size_t c = 0; c < panel->curve_count; c++)
        for (size_t i = 1; i < panel->curve[c].count; i++) {
            x = fmax(x, panel->curve[c].x[i]);
            low = fmin(low, panel->curve[c].y[i]);
            high = fmax(high, panel->curve[c].y[i]);
        }
    panel->fixed = x > 0 && low < high;
    panel->window = (struct plot_window){0, x, low - 0.05 * (high - low), high + 0.05 * (high - low)};
}

// All panels of a part have its title, and their own along y.
static bool add_panel(const struct made_part *part, enum training_curve what, struct chart *chart,
                      struct error *error) {
    if (!training_panel(chart, part->run, part->runs, what, error)) return false;
    struct chart_panel *panel = &chart->panel[chart->panel_count - 1];
    mem_free(panel->title);
    panel->title = text_of(part->recipe->title);
    if (what == CURVE_LOSS || what == CURVE_TEST_LOSS) from_losses(panel);
    if (what == CURVE_SECONDS) from_nothing(panel);
    if (what == CURVE_ACCURACY || what == CURVE_TEST_ACCURACY) from_second(panel);
    for (size_t c = 0; c < panel->curve_count; c++) panel->curve[c].dashed = part->method[c]->distinct;
    return panel->title || error_memory(error);
}

static bool add_panels(const struct made *made, struct chart *chart, struct error *error) {
    for (int what = CURVE_LOSS; what <= (made->plan->all_panels ? CURVE_SECONDS : CURVE_LOSS); what++)
        for (uint32_t p = 0; p < made->plan->parts; p++)
            if (has_runs(&made->part[p]) && part_reports(&made->part[p]) &&
                !add_panel(&made->part[p], (enum training_curve)what, chart, error))
                return false;
    if (!made->plan->all_panels) return true;
    chart->columns = (uint32_t)(chart->panel_count / 5);
    chart->panel_width = chart->columns == 1 ? 640 : 480;
    chart->panel_height = 260;
    return true;
}

// ---- the note -----------------------------------------------------------------------------------------------------

static void tell_progress(const struct made_part *part, struct buffer *note) {
    uint32_t done = 0, failed = 0;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < part->runs; i++) {
        uint64_t at = part->run[i].train ? run_iteration(&part->run[i]) : 0;
        failed += part->run[i].state == RUN_FAILED;
        done += at >= part->run[i].options.iterations;
        if (part->run[i].state != RUN_FAILED && at < least) least = at;
    }
    if (failed) buffer_printf(note, "%u of its %u runs failed. ", failed, part->runs);
    if (done + failed == part->runs) return;
    if (!part_reports(part)) {
        buffer_text(note, "Not begun. ");
        return;
    }
    buffer_printf(note, "Unfinished: %u of %u runs are done, the one furthest behind has ", done, part->runs);
    recipe_count(note, least);
    buffer_text(note, " iterations. ");
}

// How far the whole without replacement is from the baseline of the same seed; NaN: there are none of both.
static double difference(const struct made_part *part) {
    double most = (double)NAN;
    for (uint32_t i = 0; i < part->runs; i++)
        for (uint32_t j = 0; j < part->runs; j++) {
            const struct training *a = &part->run[i], *b = &part->run[j];
            bool pair = part->method[i]->method == KEEP_EXACT && part->method[j]->distinct &&
                        b->options.keep.fraction >= 1 && a->options.seed == b->options.seed;
            size_t of_a = reports_of(a), of_b = reports_of(b);
            for (size_t k = 0; pair && k < of_a && k < of_b; k++)
                most =
                    fmax(most, fabs(train_reports(a->train, &of_a)[k].loss - train_reports(b->train, &of_b)[k].loss));
        }
    return most;
}

static void write_note(const struct made *made, struct buffer *note) {
    const struct figure_options *o = made->options;
    buffer_text(note, o->full ? "" : "Quick. In brackets: the paper. ");
    for (uint32_t p = 0; p < made->plan->parts; p++) {
        const struct made_part *part = &made->part[p];
        if (!part->wanted) buffer_printf(note, "Left out as asked: %s. ", made->plan->part[p].title);
        if (part->wanted && !part->there)
            buffer_printf(note, "Left out: %s, for its data are missing: %s. ", part->recipe->title, part->missing);
        if (!has_runs(part)) continue;
        recipe_tell(part->recipe, o, part->images, made->session->settings.seed, note);
        tell_progress(part, note);
        double most = difference(part);
        if (!isnan(most))
            buffer_printf(note,
                          "noreplace: without replacement, at the baseline's rate and decay; its losses at fraction 1 "
                          "differ from the baseline's by %.2g at most. ",
                          most);
    }
}

// ---- csv and json -------------------------------------------------------------------------------------------------

static void csv_run(const struct made *made, const struct made_part *part, const struct training *run,
                    struct buffer *csv) {
    size_t reports = 0;
    const struct train_options *o = &run->options;
    const struct train_report *r = train_reports(run->train, &reports);
    for (size_t k = 0; k < reports; k++) {
        buffer_printf(csv, "%s,%s,%s,%s,%.17g,%s,%u,%s,%.17g,%.17g,%.17g,%" PRIu64 ",%.17g,%s,%" PRIu64 ",%" PRIu64,
                      part->recipe->network, recipe_data(part->recipe, made->options), run->name,
                      keep_names[o->keep.method], o->keep.fraction, o->keep.distinct ? "without" : "with", o->batch,
                      optimizer_names[o->optimizer], o->rate, o->decay, o->gamma, o->drop, o->clip,
                      o->bootstrap ? "yes" : "no", o->iterations, o->seed);
        buffer_printf(csv, ",%" PRIu64 ",%.9g,%.9g,%.9g,%.9g,%.9g,%.6g\n", r[k].iteration, r[k].batch_loss, r[k].loss,
                      r[k].accuracy, r[k].test_loss, r[k].test_accuracy, r[k].seconds);
    }
}

static bool write_csv(const struct made *made, struct chart *chart, struct error *error) {
    struct buffer csv = {0};
    buffer_text(&csv, "network,data,name,method,keep,replacement,batch,optimizer,rate,decay,gamma,drop,clip,bootstrap,"
                      "iterations,seed,iteration,batch_loss,loss,accuracy,test_loss,test_accuracy,seconds\n");
    for (uint32_t p = 0; p < made->plan->parts; p++)
        for (uint32_t i = 0; i < made->part[p].runs; i++)
            if (made->part[p].run[i].train) csv_run(made, &made->part[p], &made->part[p].run[i], &csv);
    chart->csv = csv.failed ? NULL : mem_text(buffer_string(&csv), csv.size);
    buffer_free(&csv);
    return chart->csv || error_memory(error);
}

static json_t *reports_json(const struct training *run) {
    size_t reports = 0;
    const struct train_report *r = run->train ? train_reports(run->train, &reports) : NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < reports; i++)
        json_array_append_new(list, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:f}", "iteration",
                                              (json_int_t)r[i].iteration, "batch_loss", record_number(r[i].batch_loss),
                                              "loss", record_number(r[i].loss), "train_accuracy",
                                              record_number(r[i].accuracy), "test_loss", record_number(r[i].test_loss),
                                              "accuracy", record_number(r[i].test_accuracy), "seconds", r[i].seconds));
    return list;
}

static json_t *run_json(const struct training *run) {
    const struct train_options *o = &run->options;
    json_t *object =
        json_pack("{s:s, s:s, s:f, s:b, s:i, s:s, s:f, s:f, s:f, s:I, s:f, s:b, s:I, s:I, s:I, s:I, s:I}", "name",
                  run->name, "method", keep_names[o->keep.method], "keep", o->keep.fraction, "replacement",
                  !o->keep.distinct, "batch", (int)o->batch, "optimizer", optimizer_names[o->optimizer], "rate",
                  o->rate, "decay", o->decay, "gamma", o->gamma, "drop", (json_int_t)o->drop, "clip", o->clip,
                  "bootstrap", o->bootstrap, "iterations", (json_int_t)o->iterations, "train_images",
                  (json_int_t)o->train_images, "test_images", (json_int_t)o->test_images, "seed", (json_int_t)o->seed,
                  "planned", (json_int_t)(run->train ? train_planned(run->train) : 0));
    if (run->train && train_held(run->train))
        json_object_set_new(object, "held", json_integer((json_int_t)train_held(run->train)));
    if (run->state == RUN_FAILED) json_object_set_new(object, "error", json_string(run->error.message));
    json_object_set_new(object, "reports", reports_json(run));
    return object;
}

static json_t *pair_json(const double v[2]) { return json_pack("[o, o]", record_number(v[0]), record_number(v[1])); }

static json_t *summary_json(const struct made_part *part) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < part->runs;) {
        struct outcome_of o;
        i += outcome_from(part, i, &o);
        json_array_append_new(list, json_pack("{s:s, s:i, s:I, s:o, s:o, s:o, s:o, s:o}", "name", o.name, "seeds",
                                              (int)o.seeds, "iteration", (json_int_t)o.iteration, "loss",
                                              pair_json(o.loss), "train_accuracy", pair_json(o.accuracy), "test_loss",
                                              pair_json(o.test_loss), "accuracy", pair_json(o.test_accuracy),
                                              "seconds_per_iteration", record_number(o.seconds)));
    }
    return list;
}

static json_t *part_json(const struct made *made, uint32_t p) {
    const struct made_part *part = &made->part[p];
    const struct recipe *r = &made->plan->part[p];
    json_t *runs = json_array();
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:I, s:f}", "part", r->title, "network", r->network, "data",
                  recipe_data(r, made->options), "images", (json_int_t)part->images, "predicted_memory", part->planned);
    if (!part->wanted) json_object_set_new(object, "left_out", json_string("as asked"));
    if (part->wanted && !part->there) json_object_set_new(object, "left_out", json_string(part->missing));
    for (uint32_t i = 0; i < part->runs; i++) json_array_append_new(runs, run_json(&part->run[i]));
    json_object_set_new(object, "summary", summary_json(part));
    json_object_set_new(object, "runs", runs);
    return object;
}

static bool write_json(const struct made *made, struct chart *chart, struct error *error) {
    json_t *parts = json_array();
    for (uint32_t p = 0; p < made->plan->parts; p++) json_array_append_new(parts, part_json(made, p));
    json_t *record = json_pack("{s:s, s:i, s:b, s:b, s:I, s:s, s:s, s:s, s:o}", "kind", "figure", "figure",
                               made->plan->number, "full", made->options->full, "finished", !made->stopped, "seed",
                               (json_int_t)made->session->settings.seed, "kernels", kernels_blas_name(), "note",
                               chart->note, "told", buffer_string(&made->told), "parts", parts);
    chart->json = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(record);
    return chart->json || error_memory(error);
}

// The lines that make it again.
static bool write_state(const struct made *made, struct chart *chart, struct error *error) {
    const struct figure_options *o = made->options;
    struct buffer text = {0};
    buffer_printf(&text, ":set seed %" PRIu64 "\n:figure %d %s", made->session->settings.seed, made->plan->number,
                  o->full ? "full" : "quick");
    if (o->network) buffer_printf(&text, " only %s", o->network);
    if (o->iterations) buffer_printf(&text, " iterations %" PRIu64, o->iterations);
    if (o->seeds) buffer_printf(&text, " seeds %u", o->seeds);
    if (o->distinct) buffer_text(&text, " noreplace");
    if (o->data) buffer_printf(&text, " data %s", o->data);
    if (o->folder) buffer_printf(&text, strchr(o->folder, ' ') ? " dir \"%s\"" : " dir %s", o->folder);
    buffer_char(&text, '\n');
    chart->state = text.failed ? NULL : mem_text(buffer_string(&text), text.size);
    buffer_free(&text);
    return chart->state || error_memory(error);
}

// ---- the whole ----------------------------------------------------------------------------------------------------

struct chart *made_chart(const struct made *made, struct error *error) {
    struct buffer note = {0};
    char title[200];
    if (!made_reports(made)) return error_interrupt(error), NULL;
    write_note(made, &note);
    snprintf(title, sizeof title, "%s%s%s", made->plan->title, made->options->full ? "" : " (quick)",
             made->stopped ? ", unfinished" : "");
    if (note.size && !note.failed) note.data[note.size - 1] = '\0'; // the last blank
    struct chart *chart = note.failed ? NULL : chart_new(title, buffer_string(&note), error);
    buffer_free(&note);
    if (!chart) return error_memory(error), NULL;
    if (add_panels(made, chart, error) && write_csv(made, chart, error) && write_json(made, chart, error) &&
        write_state(made, chart, error))
        return chart;
    chart_free(chart);
    return NULL;
}
