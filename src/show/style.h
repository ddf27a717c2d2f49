// Every colour, font and stroke of the project, by theme.
#ifndef BAUER_SHOW_STYLE_H
#define BAUER_SHOW_STYLE_H

#include "show/scene.h"

enum theme { THEME_LIGHT, THEME_DARK, THEME_PROJECTOR, THEME_COUNT };

struct style {
    const char *name;
    colour background, text, muted;     // page, text, secondary text
    colour vertex_fill, vertex_stroke;  // white vertices, blue-grey rings
    colour input_stroke, output_stroke; // slight differences of role
    colour edge, edge_label, halo;
    colour accent, accent_fill, accent_text; // the path in hand: orange
    colour accent_halo;                      // behind lit labels
    colour second, second_fill, second_text; // a second path or group: blue
    colour dim, dim_text;                    // what is not in hand while something is
    colour fill_in;                          // new edges of an elimination
    colour frame_fill, frame_stroke;         // collapsed calls
    colour series[8];                        // plots; safe for colour blindness
    double vertex_size;                      // diameter, points
    double rank_gap, layer_gap;              // between ranks, and between layers joined densely; 0: the layout's own
    double vertex_stroke_width, edge_width, accent_width;
    double name_size, label_size, title_size, code_size; // text, points
    const char *sans, *mono;                             // font families, with fall-backs
};

const struct style *style_of(enum theme theme);
bool style_find(const char *name, enum theme *theme); // "light", "dark", "projector"

#endif
