#include "show/style.h"

#include <string.h>

#define SANS "Lato, DejaVu Sans"
#define MONO "DejaVu Sans Mono"

// The light theme is the tone of the reference pictures: white vertices on a cool off-white page, one orange accent.
// The dark theme keeps the hues and swaps the lightness; the projector theme has a white page, heavier strokes and
// larger text for a washed-out beam at the back of a lecture hall.
//
// The eight colours of series are at least 4.5:1 on the page, for labels of their own colour, and at least 15 apart in
// CIELAB for normal, deuteranopic, protanopic and tritanopic eyes (simulated after Machado, Oliveira, Fernandes 2009).

// A line for each colour and size: in the light, the dark and the projector theme.
#define STYLE_TABLE(X)                                                                                                 \
    X(background, 0xFAFAFDFF, 0x14161FFF, 0xFFFFFFFF)                                                                  \
    X(text, 0x1A1A2EFF, 0xECEEF6FF, 0x000010FF)                                                                        \
    X(muted, 0x5A6078FF, 0xA3ABC2FF, 0x3A4055FF)                                                                       \
    X(vertex_fill, 0xFFFFFFFF, 0x1F2331FF, 0xFFFFFFFF)                                                                 \
    X(vertex_stroke, 0x8A9EBEFF, 0x7388B0FF, 0x3F5177FF)                                                               \
    X(input_stroke, 0x6F8DBEFF, 0x86A6DEFF, 0x1F4F9EFF)                                                                \
    X(output_stroke, 0x5F6F8FFF, 0xB4C0DAFF, 0x1A2238FF)                                                               \
    X(edge, 0xB9C4D9FF, 0x4E5A78FF, 0x7786A5FF)                                                                        \
    X(edge_label, 0x4A5168FF, 0xC3CADCFF, 0x232A40FF)                                                                  \
    X(halo, 0xFAFAFDEB, 0x14161FEB, 0xFFFFFFF2)                                                                        \
    X(accent, 0xE85726FF, 0xFF8552FF, 0xD63A00FF)                                                                      \
    X(accent_fill, 0xFFEEDEFF, 0x44261AFF, 0xFFE1CCFF)                                                                 \
    X(accent_text, 0x94330FFF, 0xFFB898FF, 0x7E2200FF)                                                                 \
    X(accent_halo, 0xFFF7EFEB, 0x241A19EB, 0xFFF5EDF2)                                                                 \
    X(second, 0x3D68CEFF, 0x6FA3FFFF, 0x1546BFFF)                                                                      \
    X(second_fill, 0xE3EBFCFF, 0x1C2C4EFF, 0xD9E4FFFF)                                                                 \
    X(second_text, 0x25479AFF, 0xADCBFFFF, 0x0B2E85FF)                                                                 \
    X(dim, 0xD3DAE7FF, 0x2D3344FF, 0xC3CAD8FF)                                                                         \
    X(dim_text, 0x697086FF, 0x8A91A6FF, 0x596078FF)                                                                    \
    X(fill_in, 0x2E8B57FF, 0x5CC98CFF, 0x0B7038FF)                                                                     \
    X(frame_fill, 0xF0F3F9FF, 0x1A1E2AFF, 0xEEF1F7FF)                                                                  \
    X(frame_stroke, 0xA9B6CDFF, 0x566483FF, 0x5F6E8CFF)                                                                \
    X(vertex_size, 40, 40, 54)                                                                                         \
    X(rank_gap, 0, 0, 36)                                                                                              \
    X(layer_gap, 0, 0, 66)                                                                                             \
    X(vertex_stroke_width, 1.1, 1.1, 1.8)                                                                              \
    X(edge_width, 0.9, 0.9, 1.4)                                                                                       \
    X(accent_width, 1.8, 1.8, 2.8)                                                                                     \
    X(name_size, 14, 14, 19)                                                                                           \
    X(label_size, 9, 9, 15)                                                                                            \
    X(title_size, 14, 14, 17)                                                                                          \
    X(code_size, 9.5, 9.5, 12)

// A theme picks its column.
#define IN_LIGHT(field, light, dark, projector) .field = light,
#define IN_DARK(field, light, dark, projector) .field = dark,
#define IN_PROJECTOR(field, light, dark, projector) .field = projector,

static const struct style styles[THEME_COUNT] = {
    [THEME_LIGHT] = {.name = "light",
                     .sans = SANS,
                     .mono = MONO,
                     .series = {0x1B2DB8FF, 0xB65702FF, 0x96110AFF, 0x226542FF, 0x792098FF, 0x127AA6FF, 0xB8007EFF,
                                0x454A66FF},
                     STYLE_TABLE(IN_LIGHT)},
    [THEME_DARK] = {.name = "dark",
                    .sans = SANS,
                    .mono = MONO,
                    .series = {0x6B87F0FF, 0xFDD75EFF, 0xEF7E6CFF, 0x80DBACFF, 0xB48DCEFF, 0x65E9F6FF, 0xFF5683FF,
                               0xA0A7BBFF},
                    STYLE_TABLE(IN_DARK)},
    [THEME_PROJECTOR] = {.name = "projector",
                         .sans = SANS,
                         .mono = MONO,
                         .series = {0x0F1CB6FF, 0xAC630CFF, 0x930D08FF, 0x236840FF, 0x792098FF, 0x147EA3FF, 0xB8007EFF,
                                    0x454A66FF},
                         STYLE_TABLE(IN_PROJECTOR)},
};

const struct style *style_of(enum theme theme) { return &styles[theme < THEME_COUNT ? theme : THEME_LIGHT]; }

bool style_find(const char *name, enum theme *theme) {
    for (enum theme i = 0; i < THEME_COUNT; i++) {
        if (strcmp(styles[i].name, name) != 0) continue;
        *theme = i;
        return true;
    }
    return false;
}
