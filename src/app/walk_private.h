// What a walk consists of: shared by walk.c, which moves it, and tell.c, which puts the step in hand into words.
#ifndef BAUER_APP_WALK_PRIVATE_H
#define BAUER_APP_WALK_PRIVATE_H

#include "app/walk.h"

// An edge that the elimination in hand changed: value = before + into * out of.
struct walk_change {
    vertex source, target;
    double before, into, out, value; // into: c(v, source); out: c(target, v)
    bool fill;
};

struct walk {
    enum walk_kind kind;
    struct graph *graph; // held
    struct lcg *lcg;     // own, so that the walk outlives a new trace until it is told that it has ended
    uint32_t vertices;   // the graph's when the walk began: the prompt's graph grows
    double *point;       // the inputs' values then
    char *words;         // as typed, to start the same walk again after :at
    uint32_t count, at;

    uint32_t *item;     // of step n: item[n - 1], a vertex, or an edge for WALK_REVERSE (whose first step has none)
    uint8_t *active;    // vertices between the ends in question
    double *value;      // count numbers, see walk_values
    uint32_t *in, *due; // WALK_REVERSE: contributions that are in, and how many there will be
    vertex seed;        // the chosen input or output

    struct paths *paths;
    struct path path;    // in hand
    uint32_t *path_edge; // a copy of the edges of `path`: the iterator's own do not last
    vertex *path_vertex; // and of its vertices
    size_t path_edge_capacity, path_vertex_capacity;
    vertex *from, *to; // ends of the paths walked
    uint32_t from_count, to_count;
    double sum;               // of this path's input and output, so far
    uint32_t sum_count;       // paths in it
    char *total, *pair_total; // exact numbers of paths: all, and between the ends of the path in hand
    char from_name[64], to_name[64];

    struct eliminate *eliminate;
    struct walk_change *change;
    uint32_t change_count;
    size_t change_capacity;

    uint32_t *lit;
    size_t lit_capacity;
    uint32_t lit_count;
    struct buffer title, arithmetic, told;
};

// Fills title, arithmetic and words of the step in hand, and the lit edges (tell.c).
bool walk_tell(struct walk *walk, struct walk_step *step, struct error *error);
bool walk_edge_active(const struct walk *walk, vertex target, uint32_t edge);

// Numbers in told arithmetic: six significant digits, "-" in front, never U+2212, so that they can be typed in again.
void walk_number(struct buffer *out, double value);
// " = VALUE", unless what was written from `since` on says just that.
void walk_equals(struct buffer *out, size_t since, double value);
// As factors of a product: negative numbers, sums and quotients in brackets.
void walk_factor(struct buffer *out, double value);
void walk_partial_factor(struct buffer *out, const struct graph *graph, uint32_t edge);
// The vertex's formula with its operands' values: "1.64872 * 1.11845".
void walk_formula_values(const struct graph *graph, vertex v, struct buffer *out);
// "line 5: c = b*x2", or nothing.
void walk_line(struct buffer *out, struct span span);

#endif
