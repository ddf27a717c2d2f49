// Numbers on a grid as a picture: every cell has the colour of its number, beside it the scale that says which.
//
// The colour maps are made in OKLab (Ottosson 2020), where equal steps look equal: the sequential one rises evenly in
// lightness from dark violet over blue and green to pale yellow, so that it survives colour blindness and a grey
// printer; the diverging one falls evenly from white to blue below 0 and to orange above. What is out of sRGB's range
// loses chroma, never lightness.
//
// Fill a struct field with designated initialisers, then field_scene; place the part with scene_place or panel_place.
#ifndef BAUER_SHOW_FIELD_H
#define BAUER_SHOW_FIELD_H

#include "show/style.h"

enum field_map { FIELD_SEQUENTIAL, FIELD_DIVERGING, FIELD_GREY };

// The colour at `share` of the map, 0 its lowest to 1 its highest, beyond held to the nearer end; NaN: none.
colour field_colour(enum field_map map, double share);

struct field {
    const char *title; // above, markup of scene_text, or NULL
    const char *label; // below, smaller, or NULL
    uint32_t rows, columns;
    const double *value; // rows * columns, row by row; what is not finite is left blank
    const colour *pixel; // or the cells' colours themselves, without a scale: a photograph
    bool upward;         // the first row at the bottom, as y rises; else on top, as matrices and images are read
    enum field_map map;
    double low, high;        // of the scale, values beyond get its ends; both 0: fitted (diverging: 0 in the middle)
    bool scale;              // draw the scale at the right
    const char *scale_label; // above the scale, or NULL
    const uint32_t *cell;    // cells to outline in the accent colour, row * columns + column
    size_t cell_count;
    double width, height; // of the cells' room, points; cells are squares; 0: 220
    double text_scale;    // of all text; 0: 1
    enum theme theme;
};

// Where the cells are.
struct field_frame {
    double left, top, cell; // points; width is columns * cell
    double low, high;       // of the scale as drawn
};

// Draws it from (0, 0) and sets the scene's size. `frame` may be NULL. ERROR_USAGE: no cells; ERROR_MEMORY.
bool field_scene(const struct field *field, struct scene *scene, struct field_frame *frame, struct error *error);
// The range that a scale over these numbers would have: to share one scale between fields, join the ranges and give
// them as low and high. No finite number: 0 and 1.
void field_range(const double *value, size_t count, enum field_map map, double *low, double *high);

#endif
