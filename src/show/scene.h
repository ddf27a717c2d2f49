// A scene: what a picture shows, as a flat list of shapes and texts that owns all its strings.
//
// Drawn once, replayed anywhere: to Cairo (window, PNG, PDF), to SVG, to TikZ, and to plain text for tests. Units are
// points (1/72 inch), x to the right, y down. Colours are 0xRRGGBBAA. Groups nest and carry what a shape stands for, so
// that a viewer can tell what is under the pointer and SVG can give each part a title.
#ifndef BAUER_SHOW_SCENE_H
#define BAUER_SHOW_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

typedef uint32_t colour; // 0xRRGGBBAA

enum scene_kind { SCENE_GROUP, SCENE_END, SCENE_PATH, SCENE_ELLIPSE, SCENE_RECT, SCENE_TEXT, SCENE_IMAGE };
enum scene_tag { TAG_NONE, TAG_VERTEX, TAG_EDGE, TAG_FRAME, TAG_PATH, TAG_PANEL, TAG_BACKGROUND, TAG_CURVE, TAG_POINT };
enum scene_anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };
enum scene_font { FONT_SANS, FONT_MONO };

struct point {
    double x, y;
};

// One run of a text: same slant, size and baseline. level: 0 normal, +1 superscript, -1 subscript.
struct scene_run {
    char *text; // UTF-8
    bool italic, bold;
    int level;
    colour colour;
    double x,
        width; // offset from the text's left end and advance, filled by scene_text from paint's measure; for textLength
};

struct scene_item {
    enum scene_kind kind;
    // GROUP
    enum scene_tag tag;
    uint32_t id; // vertex, edge, frame or path number
    char *title; // words for a tooltip and a screen reader, or NULL
    // shapes
    colour fill, stroke; // alpha 0: none
    double stroke_width;
    bool dashed;
    double x, y, width, height, radius; // ELLIPSE (centre and full size), RECT and IMAGE (corner, size), RECT's corners
    struct point *point;                // PATH: the first point, then three for each Bezier segment; straight ones too
    uint32_t point_count;
    colour *pixel; // IMAGE: rows * columns cells, the top row first, with sharp edges
    uint32_t rows, columns;
    bool closed, arrow; // arrow: an arrowhead whose tip is the last point (size from stroke_width and `radius` if set)
    // TEXT: (x, y) is the baseline's anchor
    enum scene_anchor anchor;
    enum scene_font font;
    double size; // points
    struct scene_run *run;
    uint32_t run_count;
    double text_width; // advance of all runs
    bool halo;         // draw a halo in `halo_colour` behind the text
    colour halo_colour;
};

struct scene {
    double width, height;
    colour background;
    char *title, *description; // sentences
    struct scene_item *item;
    size_t count, capacity;
    bool failed; // memory ran out while it was being built
};

void scene_init(struct scene *scene);
void scene_clear(struct scene *scene); // frees all it owns

// Geometry that every replayer shares, so that a window, SVG and TikZ show the same picture.
#define SCENE_LEVEL_SCALE 0.7 // size of sub- and superscripts
#define SCENE_SUPER_RISE 0.36 // how far a superscript's baseline lies above the text's, in text sizes
#define SCENE_SUB_DROP 0.17   // ... and a subscript's below
double scene_run_size(const struct scene_item *text, const struct scene_run *run); // points
double scene_run_drop(const struct scene_item *text, const struct scene_run *run); // added to the baseline's y
double scene_text_left(const struct scene_item *text);                             // where its first run starts
// The soft box behind a text with a halo (corner radius in `radius`).
void scene_halo(const struct scene_item *text, double *x, double *y, double *width, double *height, double *radius);
// The filled arrowhead of a PATH with `arrow`: triangle[0] is the tip. `shaft` (point_count points, the caller's) gets
// the path shortened so that its stroke ends inside the head. false when the path is too short to have a head; `shaft`
// is then the path itself.
bool scene_arrow(const struct scene_item *path, struct point triangle[3], struct point *shaft);

// Adding. All copy their strings; on failure scene->failed is set and the rest does nothing.
void scene_group(struct scene *scene, enum scene_tag tag, uint32_t id, const char *title);
void scene_end(struct scene *scene);
struct scene_item *scene_add(struct scene *scene, enum scene_kind kind); // zeroed; NULL on failure
void scene_path(struct scene *scene, const struct point *point, uint32_t count, colour stroke, double width,
                bool arrow);
void scene_ellipse(struct scene *scene, double x, double y, double width, double height, colour fill, colour stroke,
                   double stroke_width);
void scene_rect(struct scene *scene, double x, double y, double width, double height, double radius, colour fill,
                colour stroke, double stroke_width);
// A picture of `rows` by `columns` cells, stretched into the rectangle. The cells are copied, the top row first; each
// keeps sharp edges, however large. At least one cell.
void scene_image(struct scene *scene, double x, double y, double width, double height, uint32_t rows, uint32_t columns,
                 const colour *pixel);
// Text in a small markup, measured at once: "x_{1}" and "x^{2}" give true sub- and superscripts, "*...*" italics,
// "**...**" bold, "\\" escapes the next character. Width from paint_measure.
struct scene_item *scene_text(struct scene *scene, double x, double y, const char *markup, double size, colour ink,
                              enum scene_anchor anchor, enum scene_font font);
// Appends `text` to `out` with the markup's special characters escaped.
void scene_escape(struct buffer *out, const char *text);
// A name as markup: letters italic, trailing digits or what follows the last underscore as subscript (x1, theta_1,
// W_ij; Greek names "alpha" stay words unless they are Greek letters), "@2" as superscript (2). An element of a list
// keeps its brackets in the subscript, so that x[1] and x1 look different. Two long words stay one: learning_rate.
void scene_name(struct buffer *out, const char *name);

// Moves every item from `from` into `to`, shifted and scaled; `from` is left empty. For panels.
void scene_place(struct scene *to, struct scene *from, double x, double y, double scale);
void scene_bounds(const struct scene *scene, double *x0, double *y0, double *x1, double *y1);
// A line for each item, for tests.
void scene_trace(const struct scene *scene, struct buffer *out);

#endif
