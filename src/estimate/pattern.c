#include "estimate/pattern.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/task.h"

enum { LETTERS = 24 }; // A to X: y is the output

const char *const pattern_names[PATTERN_COUNT] = {"independent", "interleaved", "vector"};
const char *const weights_names[WEIGHTS_COUNT] = {"ones", "uniform", "gaussian", "rademacher"};

double pattern_vertices(const struct pattern *p) { return 2 + (double)p->width * p->depth; }

double pattern_edges(const struct pattern *p) {
    double w = p->width, between = p->kind == PATTERN_INDEPENDENT ? w : w * w;
    return 2 * w + (p->depth - 1.0) * between;
}

// One pattern while it is made.
struct making {
    const struct pattern *pattern;
    struct graph *graph;
    struct symbols *symbols;
    struct rng rng;
    vertex *layer;  // operands of the next layer's vertices
    double *weight; // of the vertex at hand
    struct error *error;
};

static struct rng weights_of(const struct pattern *p) {
    double words[] = {p->kind == PATTERN_INDEPENDENT, p->width, p->weights, p->low, p->high};
    return rng_at(rng_key(p->seed, rng_hash(words, sizeof words, 0)), 0, 0);
}

static double draw(struct making *m, uint32_t sources) {
    const struct pattern *p = m->pattern;
    double mean = p->raw ? 1 : 1.0 / sources, root = sqrt(mean);
    switch (p->weights) {
    case WEIGHTS_UNIFORM:
        return mean * (p->low + (p->high - p->low) * rng_uniform(&m->rng));
    case WEIGHTS_GAUSSIAN:
        return root * rng_gaussian(&m->rng);
    case WEIGHTS_RADEMACHER:
        return root * rng_sign(&m->rng);
    default:
        return mean;
    }
}

// "A", "B", ...; "h1", "h2", ... of deep patterns.
static void layer_name(const struct pattern *p, uint32_t layer, char out[16]) {
    if (p->depth <= LETTERS)
        snprintf(out, 16, "%c", (char)('A' + layer - 1));
    else
        snprintf(out, 16, "h%u", layer);
}

static bool name_vertex(struct making *m, vertex v, uint32_t layer, uint32_t place) {
    char name[32], letter[16];
    layer_name(m->pattern, layer, letter);
    snprintf(name, sizeof name, "%s_%u", letter, place + 1);
    symbol text = symbol_of(m->symbols, name, strlen(name));
    return text ? graph_name(m->graph, v, text, m->error) : error_memory(m->error);
}

static vertex add_sum(struct making *m, const vertex *operand, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) m->weight[i] = draw(m, count);
    return graph_add_linear(m->graph, operand, m->weight, count, 0, m->error);
}

static bool add_layer(struct making *m, uint32_t layer, vertex *next) {
    const struct pattern *p = m->pattern;
    for (uint32_t i = 0; i < p->width; i++) {
        bool one = layer == 1 || p->kind == PATTERN_INDEPENDENT;
        next[i] = add_sum(m, layer > 1 && one ? m->layer + i : m->layer, one ? 1 : p->width);
        if (next[i] == VERTEX_NONE || !name_vertex(m, next[i], layer, i)) return false;
    }
    return !task_interrupted() || error_interrupt(m->error);
}

// Its layers' vertices lie in a frame each, so that they can be shown as one.
static bool add_layers(struct making *m, vertex *next) {
    for (uint32_t layer = 1; layer <= m->pattern->depth; layer++) {
        char name[16];
        layer_name(m->pattern, layer, name);
        symbol text = symbol_of(m->symbols, name, strlen(name));
        if (!text) return error_memory(m->error);
        if (!graph_enter(m->graph, FRAME_LAYER, text, layer, 0, m->error)) return false;
        if (!add_layer(m, layer, next)) return false;
        graph_leave(m->graph);
        memcpy(m->layer, next, m->pattern->width * sizeof *next);
    }
    return true;
}

static bool build(struct making *m, vertex *next) {
    symbol theta = symbol_of(m->symbols, "theta", 5), y = symbol_of(m->symbols, "y", 1);
    m->layer[0] = graph_input(m->graph, theta, 1, 0, m->error);
    if (!theta || !y) return error_memory(m->error);
    if (m->layer[0] == VERTEX_NONE || !add_layers(m, next)) return false;
    vertex out = add_sum(m, m->layer, m->pattern->width);
    const char *name = pattern_names[m->pattern->kind];
    m->graph->function = symbol_of(m->symbols, name, strlen(name));
    m->graph->layered = true;
    return out != VERTEX_NONE && graph_name(m->graph, out, y, m->error) && graph_output(m->graph, out, y, m->error);
}

bool pattern_fits(const struct pattern *p, uint32_t limit, struct error *error) {
    if (pattern_vertices(p) > limit) {
        error_set(error, ERROR_LIMIT, SPAN_NONE, "the pattern has %.15g vertices, over the limit of %u",
                  pattern_vertices(p), limit);
        error_hint(error, "raise it with :set vertices NUMBER, or make the pattern smaller");
        return false;
    }
    if (pattern_edges(p) <= INT32_MAX) return true;
    return error_set(error, ERROR_LIMIT, SPAN_NONE, "the pattern has %.15g edges: no graph can have more than %d",
                     pattern_edges(p), INT32_MAX);
}

struct graph *pattern_graph(const struct pattern *pattern, struct symbols *symbols, uint32_t vertex_limit,
                            struct error *error) {
    if (!pattern_fits(pattern, vertex_limit, error)) return NULL;
    struct making m = {.pattern = pattern, .symbols = symbols, .rng = weights_of(pattern), .error = error};
    vertex *next = mem_alloc(pattern->width, sizeof *next);
    m.layer = mem_alloc(pattern->width, sizeof *m.layer);
    m.weight = mem_alloc(pattern->width, sizeof *m.weight);
    m.graph = graph_new(symbols, vertex_limit, error);
    bool ok = next && m.layer && m.weight ? m.graph && build(&m, next) : error_memory(error);
    mem_free(next);
    mem_free(m.layer);
    mem_free(m.weight);
    if (ok) return m.graph;
    graph_drop(m.graph);
    return NULL;
}
