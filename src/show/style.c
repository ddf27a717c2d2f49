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
static const struct style styles[THEME_COUNT] = {
    [THEME_LIGHT] =
        {
            .name = "light",
            .background = 0xFAFAFDFF,
            .text = 0x1A1A2EFF,
            .muted = 0x5A6078FF,
            .vertex_fill = 0xFFFFFFFF,
            .vertex_stroke = 0x8A9EBEFF,
            .input_stroke = 0x6F8DBEFF,
            .output_stroke = 0x5F6F8FFF,
            .edge = 0xB9C4D9FF,
            .edge_label = 0x4A5168FF,
            .halo = 0xFAFAFDEB,
            .accent = 0xE85726FF,
            .accent_fill = 0xFFEEDEFF,
            .accent_text = 0x94330FFF,
            .accent_halo = 0xFFF7EFEB,
            .second = 0x3D68CEFF,
            .second_fill = 0xE3EBFCFF,
            .second_text = 0x25479AFF,
            .dim = 0xD3DAE7FF,
            .dim_text = 0x697086FF,
            .fill_in = 0x2E8B57FF,
            .frame_fill = 0xF0F3F9FF,
            .frame_stroke = 0xA9B6CDFF,
            .series = {0x1B2DB8FF, 0xB65702FF, 0x96110AFF, 0x226542FF, 0x792098FF, 0x127AA6FF, 0xB8007EFF, 0x454A66FF},
            .vertex_size = 40,
            .vertex_stroke_width = 1.1,
            .edge_width = 0.9,
            .accent_width = 1.8,
            .name_size = 14,
            .label_size = 9,
            .title_size = 14,
            .code_size = 9.5,
            .sans = SANS,
            .mono = MONO,
        },
    [THEME_DARK] =
        {
            .name = "dark",
            .background = 0x14161FFF,
            .text = 0xECEEF6FF,
            .muted = 0xA3ABC2FF,
            .vertex_fill = 0x1F2331FF,
            .vertex_stroke = 0x7388B0FF,
            .input_stroke = 0x86A6DEFF,
            .output_stroke = 0xB4C0DAFF,
            .edge = 0x4E5A78FF,
            .edge_label = 0xC3CADCFF,
            .halo = 0x14161FEB,
            .accent = 0xFF8552FF,
            .accent_fill = 0x44261AFF,
            .accent_text = 0xFFB898FF,
            .accent_halo = 0x241A19EB,
            .second = 0x6FA3FFFF,
            .second_fill = 0x1C2C4EFF,
            .second_text = 0xADCBFFFF,
            .dim = 0x2D3344FF,
            .dim_text = 0x8A91A6FF,
            .fill_in = 0x5CC98CFF,
            .frame_fill = 0x1A1E2AFF,
            .frame_stroke = 0x566483FF,
            .series = {0x6B87F0FF, 0xFDD75EFF, 0xEF7E6CFF, 0x80DBACFF, 0xB48DCEFF, 0x65E9F6FF, 0xFF5683FF, 0xA0A7BBFF},
            .vertex_size = 40,
            .vertex_stroke_width = 1.1,
            .edge_width = 0.9,
            .accent_width = 1.8,
            .name_size = 14,
            .label_size = 9,
            .title_size = 14,
            .code_size = 9.5,
            .sans = SANS,
            .mono = MONO,
        },
    [THEME_PROJECTOR] =
        {
            .name = "projector",
            .background = 0xFFFFFFFF,
            .text = 0x000010FF,
            .muted = 0x3A4055FF,
            .vertex_fill = 0xFFFFFFFF,
            .vertex_stroke = 0x3F5177FF,
            .input_stroke = 0x1F4F9EFF,
            .output_stroke = 0x1A2238FF,
            .edge = 0x7786A5FF,
            .edge_label = 0x232A40FF,
            .halo = 0xFFFFFFF2,
            .accent = 0xD63A00FF,
            .accent_fill = 0xFFE1CCFF,
            .accent_text = 0x7E2200FF,
            .accent_halo = 0xFFF5EDF2,
            .second = 0x1546BFFF,
            .second_fill = 0xD9E4FFFF,
            .second_text = 0x0B2E85FF,
            .dim = 0xC3CAD8FF,
            .dim_text = 0x596078FF,
            .fill_in = 0x0B7038FF,
            .frame_fill = 0xEEF1F7FF,
            .frame_stroke = 0x5F6E8CFF,
            .series = {0x0F1CB6FF, 0xAC630CFF, 0x930D08FF, 0x236840FF, 0x792098FF, 0x147EA3FF, 0xB8007EFF, 0x454A66FF},
            .vertex_size = 46,
            .vertex_stroke_width = 1.8,
            .edge_width = 1.4,
            .accent_width = 2.8,
            .name_size = 17,
            .label_size = 12,
            .title_size = 17,
            .code_size = 12,
            .sans = SANS,
            .mono = MONO,
        },
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
