// What lies between two vertices: the number of paths, their sum, and its share of the Jacobian's entries.
#ifndef BAUER_APP_BETWEEN_H
#define BAUER_APP_BETWEEN_H

#include "app/session.h"

// All edges on paths from the earlier to the later vertex. mem_free. NULL with `count` 0 when there are none; NULL and
// an error when memory is out.
uint32_t *between_edges(const struct lcg *lcg, vertex a, vertex b, uint32_t *count, struct error *error);
// In words: "3 paths from a to f, ∂f/∂a = 2.1; 80 % of ∂f/∂x1 go through both".
bool between_words(const struct lcg *lcg, vertex a, vertex b, struct buffer *out, struct error *error);

#endif
