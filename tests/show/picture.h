// Pictures to test with: Figure 1 of the paper at (0.5, 1.2), its paths, and views of them.
#ifndef BAUER_TESTS_SHOW_PICTURE_H
#define BAUER_TESTS_SHOW_PICTURE_H

#include "../graph/example.h"
#include "base/arena.h"
#include "show/diagram.h"

enum { MOST_LISTED = 64 };

struct picture {
    struct symbols *symbols;
    struct graph *graph;
    struct lcg *lcg;
    struct lit_path path[MOST_LISTED];
    uint32_t path_count;
    char *total;
};

static inline void keep_path(struct picture *picture, const struct path *path) {
    uint32_t *edge = mem_alloc(path->length + 1, sizeof *edge);
    assert_non_null(edge);
    memcpy(edge, path->edge, path->length * sizeof *edge);
    picture->path[picture->path_count++] =
        (struct lit_path){path->input, path->output, edge, path->length, path->product};
}

static inline void list_paths(struct picture *picture) {
    const struct graph *g = picture->graph;
    struct path path;
    mpz_t count;
    mpz_init(count);
    struct paths *paths =
        paths_new(picture->lcg, g->input, g->input_count, g->output, g->output_count, PATH_LISTED, NULL);
    assert_non_null(paths);
    while (picture->path_count < MOST_LISTED && paths_next(paths, &path, NULL)) keep_path(picture, &path);
    paths_free(paths);
    assert_true(path_count(picture->lcg, g->input, g->input_count, g->output, g->output_count, count, NULL));
    picture->total = mpz_get_str(NULL, 10, count);
    mpz_clear(count);
}

// Takes over the graph.
static inline void picture_of(struct picture *picture, struct symbols *symbols, struct graph *graph) {
    *picture = (struct picture){.symbols = symbols, .graph = graph, .lcg = linearized(graph)};
    list_paths(picture);
}

static inline void picture_figure1(struct picture *picture) {
    struct symbols *symbols = symbols_new();
    picture_of(picture, symbols, figure1(symbols));
}

static inline void picture_free(struct picture *picture) {
    for (uint32_t i = 0; i < picture->path_count; i++) mem_free((uint32_t *)picture->path[i].edge);
    free(picture->total);
    lcg_free(picture->lcg);
    graph_drop(picture->graph);
    symbols_free(picture->symbols);
}

static inline struct view view_of(const struct picture *picture, enum view_kind kind) {
    return (struct view){.kind = kind,
                         .graph = picture->graph,
                         .lcg = picture->lcg,
                         .paths = picture->path,
                         .path_count = picture->path_count,
                         .path_total = picture->total,
                         .code = "def f(x1, x2):\n    a = exp(x1)\n    b = sin(x2)\n    c = b*x2\n    d = a*c\n"
                                 "    return a*d\n",
                         .point = "f(0.5, 1.2)"};
}

#endif
