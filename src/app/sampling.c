#include "app/sampling.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/pattern_words.h"
#include "app/sample.h"
#include "app/window.h"

enum { FIRST = 24, PILED = 2000, PILE_WORK = 1 << 24, NAME = 64, SLIDERS = 4 };

// What a slider stands for.
enum slider_kind { SLIDER_SAMPLES, SLIDER_KEEP, SLIDER_WIDTH, SLIDER_DEPTH };

struct sample_view {
    struct method method;
    uint64_t seed, wanted, serial, run; // run: of a :sample that was typed
    struct graph *graph;                // on which
    vertex from, to;                    // as :sample was told, or VERTEX_NONE
    json_t *about;
    struct pattern pattern;
    struct graph *pattern_graph; // what it made, or NULL
    enum slider_kind slider[SLIDERS];
    uint32_t slider_count;
    bool passing, sliding,
        changed; // passing: inside a step that is not the last; changed: the drag has made another graph
};

static struct sample_view *of_session(struct session *session) {
    if (!session->sampling) session->sampling = mem_zero(1, sizeof *session->sampling);
    return session->sampling;
}

void sampling_free(struct sample_view *s) {
    if (!s) return;
    graph_drop(s->graph);
    graph_drop(s->pattern_graph);
    json_decref(s->about);
    mem_free(s);
}

bool sampling_passes(const struct session *session) { return session->sampling && session->sampling->passing; }

uint64_t sampling_serial(const struct session *session) { return session->sampling ? session->sampling->serial : 0; }

json_t *sampling_about(const struct session *session) {
    const struct sample_view *s = session->sampling;
    return s && s->about && s->graph == environment_graph(session->environment) ? s->about : NULL;
}

void sampling_set_pattern(struct session *session, const struct pattern *pattern) {
    struct sample_view *s = of_session(session);
    if (!s) return;
    graph_drop(s->pattern_graph);
    s->pattern = *pattern;
    s->pattern_graph = graph_hold(environment_graph(session->environment));
}

// ---- what the window is told --------------------------------------------------------------------------------------

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

// How often each edge is read, and the first samples: as far as the work allows.
static bool add_edges(const struct sample *sample, const struct sample_entry *entry, json_t *about) {
    const struct subgraph *sub = entry->subgraph;
    uint64_t most = PILE_WORK / (sub->edge_count + 1), count = sample->count;
    struct rng_key key = entry->estimate.key;
    uint32_t stream = entry->estimate.stream;
    json_t *pile = json_array(), *first = json_array();
    double *factor = mem_alloc((size_t)sub->edge_count + 1, sizeof *factor);
    uint32_t *reads = mem_zero((size_t)sub->edge_count + 1, sizeof *reads);
    struct sampler_scratch *scratch = sampler_scratch_new(entry->sampler);
    bool ok = factor && reads && scratch && !sampler_distinct(entry->sampler);
    if (count > PILED) count = PILED;
    if (count > most) count = most;
    for (uint64_t i = 0; ok && i < count; i++) {
        double estimate, remembered = 0;
        if (!(ok = sampler_edges(entry->sampler, key, stream, i, factor, NULL))) break;
        json_t *edges = i < FIRST ? json_array() : NULL;
        for (uint32_t e = 0; e < sub->edge_count; e++) {
            if (factor[e] == 0) continue;
            reads[e]++;
            if (edges) json_array_append_new(edges, json_integer(sub->edge[e]));
        }
        if (!edges) continue;
        sampler_draw(entry->sampler, key, stream, i, 1, scratch, &estimate, &remembered);
        json_array_append_new(first, json_pack("{s:o, s:o}", "estimate", number(estimate), "edges", edges));
    }
    for (uint32_t e = 0; ok && e < sub->edge_count; e++)
        if (reads[e]) json_array_append_new(pile, json_pack("[i, f]", (int)sub->edge[e], reads[e] / (double)count));
    sampler_scratch_free(scratch);
    mem_free(factor);
    mem_free(reads);
    json_object_set_new(about, "piled", json_integer(ok ? (json_int_t)count : 0));
    json_object_set_new(about, "pile", pile);
    json_object_set_new(about, "first", first);
    return ok;
}

static void add_histogram(const struct estimate *e, json_t *about) {
    const struct histogram *h = &e->histogram;
    json_t *bins = json_array();
    for (int i = 0; i < HISTOGRAM_BINS; i++) json_array_append_new(bins, json_integer((json_int_t)h->bin[i]));
    json_object_set_new(about, "bins", bins);
    json_object_set_new(about, "low", number(h->low));
    json_object_set_new(about, "high", number(h->high));
    json_object_set_new(about, "below", json_integer((json_int_t)h->below));
    json_object_set_new(about, "above", json_integer((json_int_t)h->above));
}

static void add_slider(struct sample_view *s, json_t *list, enum slider_kind kind, const char *name, double value,
                       double low, double high, const char *show) {
    s->slider[s->slider_count++] = kind;
    json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:f, s:s}", "name", name, "value", value, "low", low, "high",
                                          fmax(high, low + 1e-9), "show", show));
}

static uint32_t widest_layer(const struct subgraph *sub) {
    uint32_t widest = 1;
    for (uint32_t l = 0; l < sub->layer_count; l++) {
        uint32_t width = sub->layer_start[l + 1] - sub->layer_start[l];
        if (width > widest) widest = width;
    }
    return widest;
}

static void add_sliders(struct sample_view *s, const struct sample *sample, const struct subgraph *sub, json_t *about) {
    json_t *list = json_array();
    char show[48];
    enum sampler_takes takes = s->method.estimator->takes;
    double p = s->method.parameter;
    s->slider_count = 0;
    snprintf(show, sizeof show, "%.15g", (double)sample->wanted);
    add_slider(s, list, SLIDER_SAMPLES, "samples", log10((double)sample->wanted), 0,
               fmax(6, ceil(log10((double)sample->wanted))), show);
    snprintf(show, sizeof show, "%.4g", p);
    if (takes == SAMPLER_TAKES_FRACTION) add_slider(s, list, SLIDER_KEEP, "keep", p, 0.02, 1, show);
    if (takes == SAMPLER_TAKES_COUNT) add_slider(s, list, SLIDER_KEEP, "K", p, 1, fmax(p, widest_layer(sub)), show);
    if (s->pattern_graph == s->graph) {
        snprintf(show, sizeof show, "%u", s->pattern.width);
        add_slider(s, list, SLIDER_WIDTH, "width", s->pattern.width, 1, fmax(12, s->pattern.width), show);
        snprintf(show, sizeof show, "%u", s->pattern.depth);
        add_slider(s, list, SLIDER_DEPTH, "depth", s->pattern.depth, 1, fmax(12, s->pattern.depth), show);
    }
    json_object_set_new(about, "sliders", list);
}

// The entry that has something to show: the one of the largest variance.
static const struct sample_entry *liveliest(const struct sample *sample) {
    const struct sample_entry *best = sample->entry;
    for (size_t i = 1; i < (size_t)sample->rows * sample->columns; i++)
        if (estimate_variance(&sample->entry[i].estimate) > estimate_variance(&best->estimate))
            best = &sample->entry[i];
    return best;
}

void sampling_update(struct session *session, const struct sample *sample) {
    struct sample_view *s = of_session(session);
    struct graph *graph = environment_graph(session->environment);
    if (!s || !graph || !sample->rows || !sample->columns || !window_is_open()) return;
    const struct sample_entry *entry = liveliest(sample);
    const struct estimate *e = &entry->estimate;
    char name[NAME], to[NAME], from[NAME], title[160], of[2 * NAME + 8];
    if (!s->sliding && sample->count == sample->wanted) s->run++;
    if (s->graph != graph) {
        graph_drop(s->graph);
        s->graph = graph_hold(graph);
    }
    s->method = sample->method, s->seed = sample->seed, s->wanted = sample->wanted;
    s->from = sample->from, s->to = sample->to;
    sampler_name(&sample->method, name);
    snprintf(title, sizeof title, "%llu sample%s of %s, seed %llu", (unsigned long long)sample->count,
             sample->count == 1 ? "" : "s", name, (unsigned long long)sample->seed);
    graph_label(graph, entry->to, to), graph_label(graph, entry->from, from);
    snprintf(of, sizeof of, "d%s/d%s", to, from);
    json_t *about = json_pack("{s:I, s:s, s:s, s:I, s:o, s:o, s:o}", "run", (json_int_t)s->run, "title", title, "of",
                              of, "samples", (json_int_t)sample->count, "mean", number(estimate_mean(e)), "error",
                              number(estimate_error(e)), "exact", number(scaled_double(e->exact)));
    if (!about) return;
    add_histogram(e, about);
    add_edges(sample, entry, about);
    add_sliders(s, sample, entry->subgraph, about);
    json_decref(s->about);
    s->about = about;
    s->serial++;
}

// ---- sliders ------------------------------------------------------------------------------------------------------

static void sample_line(const struct sample_view *s, const struct graph *graph, double samples, struct buffer *out) {
    char name[NAME], to[NAME], from[NAME];
    sampler_name(&s->method, name);
    buffer_printf(out, ":sample %.15g %s", samples, name);
    if (s->from != VERTEX_NONE && graph)
        buffer_printf(out, " %s -> %s", graph_label(graph, s->from, from), graph_label(graph, s->to, to));
    buffer_printf(out, " seed %llu\n", (unsigned long long)s->seed);
}

static void pattern_line(const struct pattern *p, struct buffer *out) {
    buffer_printf(out, ":pattern %s %u %u weights %s", pattern_names[p->kind], p->width, p->depth,
                  weights_names[p->weights]);
    if (p->weights == WEIGHTS_UNIFORM) buffer_printf(out, " %.17g %.17g", p->low, p->high);
    buffer_printf(out, "%s seed %llu\n", p->raw ? " raw" : "", (unsigned long long)p->seed);
}

static void run_quietly(struct session *session, const char *lines) {
    bool quiet = session->quiet;
    session->quiet = session->from_window = true;
    session_run(session, "<window>", lines, strlen(lines), 1);
    session->quiet = quiet;
    session->from_window = false;
}

// Another pattern instead of the one that this drag has made.
static void slide_pattern(struct session *session, struct sample_view *s, struct pattern *pattern, double samples) {
    struct buffer lines = {0};
    struct error error = {0};
    if (s->changed && !session_undo(session, &error)) return;
    s->from = s->to = VERTEX_NONE;
    pattern_line(pattern, &lines);
    sample_line(s, NULL, samples, &lines);
    s->changed = true;
    enum view_kind kind = session->shown.kind;
    run_quietly(session, buffer_string(&lines));
    session->shown.kind = kind;
    buffer_free(&lines);
}

void sampling_slide(struct session *session, uint32_t slider, double value, bool final) {
    struct sample_view *s = session->sampling;
    if (!sampling_about(session) || slider >= s->slider_count || !isfinite(value)) return;
    struct buffer line = {0};
    struct pattern pattern = s->pattern;
    double samples = (double)s->wanted;
    enum slider_kind kind = s->slider[slider];
    if (!s->sliding) s->changed = false;
    s->sliding = true;
    s->passing = !final;
    s->serial++; // the window waits for an answer, even if nothing is new
    if (kind == SLIDER_WIDTH || kind == SLIDER_DEPTH) {
        *(kind == SLIDER_WIDTH ? &pattern.width : &pattern.depth) = (uint32_t)fmax(1, round(value));
        if (pattern.width != s->pattern.width || pattern.depth != s->pattern.depth)
            slide_pattern(session, s, &pattern, samples);
    } else {
        if (kind == SLIDER_SAMPLES) samples = fmax(1, round(pow(10, fmin(value, 12))));
        if (kind == SLIDER_KEEP)
            s->method.parameter =
                s->method.estimator->takes == SAMPLER_TAKES_COUNT ? fmax(1, round(value)) : fmin(1, fmax(0.02, value));
        sample_line(s, s->graph, samples, &line);
        run_quietly(session, buffer_string(&line));
    }
    buffer_free(&line);
    s->passing = false;
    s->sliding = !final;
}
