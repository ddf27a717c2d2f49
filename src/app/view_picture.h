// What the window shows: a scene, what its parts stand for, where they are, and how one picture becomes the next.
#ifndef BAUER_APP_VIEW_PICTURE_H
#define BAUER_APP_VIEW_PICTURE_H

#include <cairo.h>
#include <jansson.h>

#include "show/scene.h"
#include "show/style.h"

#define PART_NONE UINT32_MAX

// A group of the scene: a vertex, an edge, a collapsed frame, a curve.
struct part {
    enum scene_tag tag;
    uint32_t id;
    uint32_t first, end;   // its items
    double x0, y0, x1, y1; // its shape without texts, points
    const char *title;     // the scene's
    char *key;             // what it is called across pictures: "a", "x1->a"
    uint32_t match;        // the part of the same key in the picture before, or PART_NONE
    uint32_t from, to;     // of an edge: parts, or PART_NONE
    json_t *about;         // what the session says of it, or NULL
};

struct picture {
    struct scene scene;
    json_t *about; // what the session says of it, see window.c
    struct part *part;
    uint32_t part_count;
    size_t part_capacity;
};

// Takes over the scene and the JSON. NULL: out of memory (both are freed).
struct picture *picture_new(struct scene *scene, json_t *about);
void picture_free(struct picture *picture); // NULL is allowed
void picture_match(struct picture *picture, const struct picture *before);

// The part at a point of the picture: vertices and frames before edges; `slack` points around an edge count. PART_NONE.
uint32_t picture_at(const struct picture *picture, struct point at, double slack);
uint32_t picture_find(const struct picture *picture, enum scene_tag tag, uint32_t id);
struct point picture_centre(const struct picture *picture, uint32_t part);
// The JSON object of a vertex or an edge, or NULL.
json_t *picture_about(const struct picture *picture, uint32_t part);

// Draws it in points. `before` and t < 1: on the way from that picture; vertices glide, what is new fades in.
void picture_paint(cairo_t *cairo, const struct picture *picture, const struct picture *before, double t, bool fast);
// Draws some parts again in the accent's (or the second) colour, over the picture.
void picture_light(cairo_t *cairo, const struct picture *picture, const uint8_t *lit, bool second, enum theme theme,
                   bool fast);

#endif
