// Paths of the LCG: how many there are, and the first or the largest of them, one at a time.
//
// Counts come from dynamic programming and are exact however large. A `paths` iterator yields paths lazily: the first N
// cost about N times the path length, whether there are 4 of them or 10^30.
#ifndef BAUER_GRAPH_PATH_H
#define BAUER_GRAPH_PATH_H

#include <gmp.h>

#include "graph/lcg.h"

struct path {
    vertex input, output;
    uint32_t length;      // edges
    const uint32_t *edge; // length edges, from the input's end; owned by the iterator, valid until the next call
    const vertex *vertex; // length + 1 vertices
    double product;       // of the partials; 1 for a path of length 0
};

// Listed: by input (as in `from`), output (as in `to`), length, vertices as numbers, edges. Largest: by |product|, ties
// as listed; compared by logarithms, so that products beyond the doubles are ordered, too.
enum path_order { PATH_LISTED, PATH_LARGEST };

enum { PATH_COUNT_BYTES = 128 << 20 }; // most that counting holds at once

// The number of paths from any of `from` to any of `to` (an input that is itself an output counts one path of length
// 0). ERROR_LIMIT: so many that their digits take more than PATH_COUNT_BYTES.
bool path_count(const struct lcg *lcg, const vertex *from, uint32_t from_count, const vertex *to, uint32_t to_count,
                mpz_t count, struct error *error);
// Paths from `from` to every vertex, or from every vertex to `to`, as doubles (inf beyond 1.8e308); `count` has
// lcg->count numbers.
bool path_count_from(const struct lcg *lcg, vertex from, double *count, struct error *error);
bool path_count_to(const struct lcg *lcg, vertex to, double *count, struct error *error);

struct paths;

// `from` may be any vertices, not only inputs. PATH_LARGEST uses the largest |product| of any completion as a bound, so
// it never walks the rest; paths whose product is 0 or NaN come last.
struct paths *paths_new(const struct lcg *lcg, const vertex *from, uint32_t from_count, const vertex *to,
                        uint32_t to_count, enum path_order order, struct error *error);
void paths_free(struct paths *paths);
// The next path; false at the end (error untouched) or on failure (error set: interrupt, memory).
bool paths_next(struct paths *paths, struct path *path, struct error *error);

#endif
