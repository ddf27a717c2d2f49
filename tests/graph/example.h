// Graphs to test with: the paper's Figure 1, random programs, and a fully interleaved net.
#ifndef BAUER_TESTS_GRAPH_EXAMPLE_H
#define BAUER_TESTS_GRAPH_EXAMPLE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/task.h"
#include "graph/bauer.h"

enum { NO_LIMIT = 1 << 30 };

static inline symbol name_of(struct graph *graph, const char *name) {
    return symbol_of(graph->symbols, name, strlen(name));
}

static inline vertex named(struct graph *graph, const char *name, enum op op, vertex a, vertex b) {
    vertex v = graph_add(graph, op, a, b, 0, NULL);
    assert_true(graph_name(graph, v, name_of(graph, name), NULL));
    return v;
}

static inline struct graph *empty_graph(struct symbols *symbols) {
    struct graph *graph = graph_new(symbols, NO_LIMIT, NULL);
    assert_non_null(graph);
    return graph;
}

// a = exp(x1); b = sin(x2); c = b*x2; d = a*c; f = a*d   (RAD, arXiv 2007.10412, Figure 1)
enum { X1, X2, A, B, C, D, F };

static inline struct graph *figure1(struct symbols *symbols) {
    struct graph *graph = empty_graph(symbols);
    graph_input(graph, name_of(graph, "x1"), 0.5, 0, NULL);
    graph_input(graph, name_of(graph, "x2"), 1.2, 0, NULL);
    named(graph, "a", OP_EXP, X1, 0);
    named(graph, "b", OP_SIN, X2, 0);
    named(graph, "c", OP_MUL, B, X2);
    named(graph, "d", OP_MUL, A, C);
    named(graph, "f", OP_MUL, A, D);
    graph->function = name_of(graph, "f");
    assert_true(graph_output(graph, F, 0, NULL));
    return graph;
}

static inline struct lcg *linearized(struct graph *graph) {
    struct lcg *lcg = lcg_new(graph, NULL);
    assert_non_null(lcg);
    return lcg;
}

// ---- random numbers: xorshift (G. Marsaglia, Xorshift RNGs, 2003) -------------------------------------------------

static inline uint64_t random_bits(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static inline uint32_t random_below(uint64_t *state, uint32_t n) { return (uint32_t)((random_bits(state) >> 11) % n); }

static inline double random_between(uint64_t *state, double low, double high) {
    return low + (high - low) * (double)(random_bits(state) >> 11) * 0x1p-53;
}

// ---- random programs ----------------------------------------------------------------------------------------------

// Every awkward case comes up over the seeds: several inputs and outputs, hidden and named constants, x*x, an output
// that feeds others, an input that is an output, an output twice, an output that is constant or unused.
static inline struct graph *random_graph(struct symbols *symbols, uint64_t seed, uint32_t operations) {
    static const enum op choice[] = {OP_ADD, OP_SUB, OP_MUL, OP_MUL, OP_SIN, OP_TANH, OP_COS, OP_NEG};
    uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
    struct graph *graph = empty_graph(symbols);
    uint32_t inputs = 1 + random_below(&state, 4), outputs = 1 + random_below(&state, 4);
    for (uint32_t i = 0; i < inputs; i++) graph_input(graph, 0, random_between(&state, 0.5, 1.5), 0, NULL);
    graph_constant(graph, 0, 0.75, 0, NULL);
    graph_constant(graph, name_of(graph, "k"), -1.25, 0, NULL);
    for (uint32_t i = 0; i < operations; i++) {
        vertex a = random_below(&state, graph->count);
        vertex b = random_below(&state, 6) == 0 ? a : random_below(&state, graph->count);
        graph_add(graph, choice[random_below(&state, 8)], a, b, 0, NULL);
    }
    for (uint32_t i = 0; i < outputs; i++)
        graph_output(graph,
                     random_below(&state, 3) ? graph->count - 1 - random_below(&state, 3)
                                             : random_below(&state, graph->count),
                     0, NULL);
    return graph;
}

// One input fanned out to `width` vertices, `depth` layers in all, each a weighted sum of all of the layer before, and
// their sum: width^depth paths.
static inline struct graph *interleaved(struct symbols *symbols, uint32_t width, uint32_t depth) {
    uint64_t state = 7;
    struct graph *graph = empty_graph(symbols);
    vertex layer[16], next[16], sum = graph_input(graph, 0, 1.1, 0, NULL);
    for (uint32_t i = 0; i < width; i++) layer[i] = sum;
    for (uint32_t d = 0; d < depth; d++) {
        for (uint32_t i = 0; i < width; i++)
            for (uint32_t j = 0; j < (d == 0 ? 1 : width); j++) {
                vertex weight = graph_constant(graph, 0, random_between(&state, 0.05, 0.2), 0, NULL);
                vertex product = graph_add(graph, OP_MUL, layer[j], weight, 0, NULL);
                next[i] = j == 0 ? product : graph_add(graph, OP_ADD, next[i], product, 0, NULL);
            }
        memcpy(layer, next, sizeof layer);
    }
    sum = layer[0];
    for (uint32_t i = 1; i < width; i++) sum = graph_add(graph, OP_ADD, sum, layer[i], 0, NULL);
    graph_output(graph, sum, 0, NULL);
    return graph;
}

static inline void assert_close(double a, double b, double tolerance) {
    if (!(fabs(a - b) <= tolerance * fmax(1, fmax(fabs(a), fabs(b))))) fail_msg("%.17g is not %.17g", a, b);
}

#endif
