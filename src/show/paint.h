// From a scene to pixels and pages, with Cairo and Pango; and how wide a text is. For one thread: the widths of texts
// are kept, and laid out texts for the next picture on a screen.
#ifndef BAUER_SHOW_PAINT_H
#define BAUER_SHOW_PAINT_H

#include <cairo.h>

#include "show/scene.h"

// Advance width of `text` in points; `ascent` and `descent` may be NULL. Size 0 < size < 2000, text at most 100 KB is
// measured.
double paint_measure(const char *text, enum scene_font font, double size, bool bold, bool italic, double *ascent,
                     double *descent);

// Whether a font of this family is installed: where it is not, another stands in.
bool paint_has_family(const char *family);

// Draws the scene with its own coordinates as user units. fast: reduced antialiasing, no text under 5 px.
void paint_scene(cairo_t *cairo, const struct scene *scene, bool fast);
// Some of a scene's items, in the order given.
void paint_items(cairo_t *cairo, const struct scene_item *item, size_t count, bool fast);

// Frees the laid out texts, a kilobyte or two each and 2,048 at most.
void paint_forget(void);

// Whole pictures, after which no laid out text is kept. `scale` is pixels per point for PNG (2: sharp on paper and
// screens), limited so that no side exceeds 16,384 pixels (an ERROR_LIMIT says so). `metadata` is carried as a text
// chunk / document keywords, may be NULL. Byte-identical for the same input (no creation dates).
bool paint_png(const struct scene *scene, double scale, const char *metadata, struct buffer *out, struct error *error);
// Several pages, at least one, each of its own size; title and description are those of the first.
bool paint_pages(const struct scene *page, size_t count, const char *metadata, struct buffer *out, struct error *error);
bool paint_pdf(const struct scene *scene, const char *metadata, struct buffer *out, struct error *error);

// The cells of an IMAGE as PNG, a pixel each; false: out of memory.
bool paint_cells(const struct scene_item *image, struct buffer *out);

// The outline of a text run as SVG path data at (x, y), for SVG without text.
bool paint_outline(const struct scene_item *text, struct buffer *out);
bool paint_outline_run(const struct scene_item *text, uint32_t run, struct buffer *out); // of one run: has one colour

#endif
