#include "app/variance.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const variance_axis_names[AXIS_COUNT] = {"depth", "samples", "keep", "width"};

// ---- places -------------------------------------------------------------------------------------------------------

static uint32_t count_of(const struct variance *v, enum variance_axis axis) {
    return v->axis[axis].count ? v->axis[axis].count : 1;
}

struct variance_place variance_at(const struct variance *v, size_t cell) {
    struct variance_place place;
    place.index[AXIS_SAMPLES] = (uint32_t)(cell % count_of(v, AXIS_SAMPLES)), cell /= count_of(v, AXIS_SAMPLES);
    place.index[AXIS_DEPTH] = (uint32_t)(cell % count_of(v, AXIS_DEPTH)), cell /= count_of(v, AXIS_DEPTH);
    place.method = (uint32_t)(cell % v->method_count), cell /= v->method_count;
    place.index[AXIS_KEEP] = (uint32_t)(cell % count_of(v, AXIS_KEEP)), cell /= count_of(v, AXIS_KEEP);
    place.index[AXIS_WIDTH] = (uint32_t)cell;
    return place;
}

size_t variance_cell(const struct variance *v, const struct variance_place *at) {
    size_t cell = at->index[AXIS_WIDTH];
    cell = cell * count_of(v, AXIS_KEEP) + at->index[AXIS_KEEP];
    cell = cell * v->method_count + at->method;
    cell = cell * count_of(v, AXIS_DEPTH) + at->index[AXIS_DEPTH];
    return cell * count_of(v, AXIS_SAMPLES) + at->index[AXIS_SAMPLES];
}

enum variance_axis variance_along(const struct variance *v) {
    for (int axis = 0; axis < AXIS_COUNT; axis++)
        if (v->axis[axis].count > 1) return (enum variance_axis)axis;
    return v->has_pattern ? AXIS_DEPTH : AXIS_SAMPLES;
}

double variance_value(const struct variance *v, const struct variance_place *place, enum variance_axis axis) {
    return v->axis[axis].count ? v->axis[axis].value[place->index[axis]] : NAN;
}

bool variance_is_heavy(const struct sweep_cell *cell) {
    const struct sweep_result *r = &cell->result;
    if (cell->estimates < 2 || isnan(r->measured)) return false;
    return r->measured > 0 ? moments_heavy(r->effective, cell->estimates * cell->graphs) : r->exact > 0;
}

// ---- the plan -----------------------------------------------------------------------------------------------------

// What `keep` means there: a probability, how many are kept, or how many paths are averaged.
static bool kept(const struct variance *v, const struct method *method, double keep, double width, double *number,
                 struct error *error) {
    enum sampler_takes takes = method->estimator->takes;
    const char *name = method->estimator->name;
    if (takes == SAMPLER_TAKES_FRACTION) {
        *number = keep;
        if (keep <= 1) return true;
        error_set(error, ERROR_USAGE, SPAN_NONE, "`%s` keeps a fraction in (0, 1], not %.15g", name, keep);
        error_hint(error, "give `keep` as fractions: keep 0.1,0.5");
        return false;
    }
    if (!v->fraction) return *number = keep, true;
    if (isnan(width)) {
        error_set(error, ERROR_USAGE, SPAN_NONE, "a fraction for `%s` is one of a pattern's width", name);
        error_hint(error, "give `keep` as whole numbers here: keep 1,2,4");
        return false;
    }
    return *number = fmax(1, round(keep * width)), true;
}

static bool make_cell(struct variance *v, const struct variance_place *at, struct error *error) {
    double keep = variance_value(v, at, AXIS_KEEP), width = variance_value(v, at, AXIS_WIDTH);
    double samples = variance_value(v, at, AXIS_SAMPLES), number = 1;
    struct sweep_cell cell = {.method = v->method[at->method],
                              .pattern = v->pattern,
                              .average = 1,
                              .estimates = v->estimates,
                              .graphs = v->graphs};
    if (v->has_pattern) cell.pattern.width = (uint32_t)width;
    if (v->has_pattern) cell.pattern.depth = (uint32_t)variance_value(v, at, AXIS_DEPTH);
    if (!isnan(keep) && v->bare[at->method]) {
        if (!kept(v, &cell.method, keep, width, &number, error)) return false;
        if (cell.method.estimator->takes == SAMPLER_TAKES_NOTHING)
            cell.average = (uint64_t)number;
        else
            cell.method.parameter = number;
    }
    if (!isnan(samples)) cell.average *= (uint64_t)samples;
    return sweep_add(&v->sweep, &cell, error);
}

static bool check_methods(const struct variance *v, struct error *error) {
    for (uint32_t i = 0; i < v->method_count; i++) {
        const struct estimator *e = v->method[i].estimator;
        bool takes = e->takes != SAMPLER_TAKES_NOTHING, keeps = v->axis[AXIS_KEEP].count;
        if (takes && v->bare[i] && !keeps) {
            error_set(error, ERROR_USAGE, SPAN_NONE, "`%s` takes %s: a number is missing", e->name, e->parameter);
            error_hint(error, "`%s`, or `keep` with several values", e->example);
            return false;
        }
        if (!takes || v->bare[i] || !keeps) continue;
        error_set(error, ERROR_USAGE, SPAN_NONE, "`%s %.15g` says already what it keeps", e->name,
                  v->method[i].parameter);
        error_hint(error, "leave its number out when `keep` is given");
        return false;
    }
    return true;
}

static bool check_size(const struct variance *v, const struct session *session, struct error *error) {
    struct pattern largest = v->pattern;
    double cells = v->method_count;
    for (int axis = 0; axis < AXIS_COUNT; axis++) cells *= count_of(v, (enum variance_axis)axis);
    if (cells > VARIANCE_CELLS)
        return error_set(error, ERROR_LIMIT, SPAN_NONE, "the sweep has %.0f cells, over the limit of %d", cells,
                         VARIANCE_CELLS);
    if (!v->has_pattern) return true;
    largest.width = largest.depth = 1;
    for (uint32_t i = 0; i < v->axis[AXIS_WIDTH].count; i++)
        largest.width = (uint32_t)fmax(largest.width, v->axis[AXIS_WIDTH].value[i]);
    for (uint32_t i = 0; i < v->axis[AXIS_DEPTH].count; i++)
        largest.depth = (uint32_t)fmax(largest.depth, v->axis[AXIS_DEPTH].value[i]);
    return pattern_fits(&largest, session->settings.vertices, error);
}

static bool take_graph(struct variance *v, struct session *session, struct error *error) {
    if (v->has_pattern) return true;
    const struct lcg *lcg = session_lcg(session, error);
    if (!lcg) return false;
    const struct graph *graph = lcg->graph;
    if (v->from == VERTEX_NONE && graph->input_count) v->from = graph->input[0];
    if (v->to == VERTEX_NONE && graph->output_count) v->to = graph->output[0];
    if (v->from == VERTEX_NONE || v->to == VERTEX_NONE)
        return error_set(error, ERROR_OTHER, SPAN_NONE, "the current graph has no input or no output");
    v->subgraph = subgraph_new(lcg, v->from, v->to, error);
    v->sweep.subgraph = v->subgraph;
    return v->subgraph;
}

bool variance_plan(struct variance *v, struct session *session, struct error *error) {
    v->sweep.seed = v->seed;
    v->sweep.vertex_limit = session->settings.vertices;
    v->pattern.seed = v->seed;
    if (!check_methods(v, error) || !check_size(v, session, error) || !take_graph(v, session, error)) return false;
    size_t cells = v->method_count;
    for (int axis = 0; axis < AXIS_COUNT; axis++) cells *= count_of(v, (enum variance_axis)axis);
    for (size_t i = 0; i < cells; i++) {
        struct variance_place at = variance_at(v, i);
        if (!make_cell(v, &at, error)) return false;
    }
    return true;
}

void variance_free(struct variance *v) {
    sweep_clear(&v->sweep);
    subgraph_free(v->subgraph);
    mem_free(v->others);
    mem_free(v->command);
    mem_free(v->again);
    v->subgraph = NULL;
    v->others = NULL;
}
