// Formulas in a small part of TeX's notation: sub- and superscripts, \frac, \sqrt, sums and products with limits,
// accents, Greek letters and the signs of derivatives and graphs. What it does not know it shows as written.
#ifndef BAUER_SHOW_FORMULA_H
#define BAUER_SHOW_FORMULA_H

#include "base/arena.h"
#include "show/scene.h"

struct formula;

enum { FORMULA_DEEPEST = 64 };

// Reads `text`. `told` gets a few words for each thing that could not be read ("\\foo is unknown", each once). NULL
// with ERROR_LIMIT if it is nested too deeply, ERROR_MEMORY. Lives in the arena.
struct formula *formula_read(struct arena *arena, const char *text, size_t size, struct buffer *told,
                             struct error *error);

struct formula_extent {
    double width, ascent, descent; // points, from the baseline
};

// display: on a line of its own, with limits above and below and large fractions.
struct formula_extent formula_measure(struct formula *formula, double size, bool display);
// As measured last, with its baseline's left end at (x, y).
void formula_draw(const struct formula *formula, double x, double y, colour ink, struct scene *scene);
// In one line of plain text: "∂f/∂x₂", "Σ_{i=1}^{n} aᵢ".
void formula_text(const struct formula *formula, struct buffer *out);

#endif
