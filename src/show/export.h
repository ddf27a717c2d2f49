// Writing what is shown: the table of formats.
//
// Every file carries what made it: `state`, a script of bauer lines that rebuilds the session (program, point,
// settings), with seed and version. export_read_state finds it again in an SVG.
#ifndef BAUER_SHOW_EXPORT_H
#define BAUER_SHOW_EXPORT_H

#include "show/diagram.h"

struct export_options {
    const char *state;   // script, or NULL
    const char *version; // "bauer 0.1.0"
    bool text_as_paths;  // SVG: outlines instead of text
    double scale;        // PNG: pixels per point, 0: 2
};

struct export_format {
    const char *extension; // "svg"
    const char *doc;       // one line for :help
    bool (*write)(const struct view *view, const struct export_options *options, struct buffer *out, char message[256],
                  struct error *error);
    // Of a scene that is no view of a graph, a plot; NULL for formats that are about graphs.
    bool (*write_scene)(const struct scene *scene, const struct export_options *options, struct buffer *out,
                        struct error *error);
};

extern const struct export_format export_formats[];
extern const size_t export_format_count;

// By the extension of `path`; ERROR_USAGE naming the known ones.
const struct export_format *export_find(const char *path, struct error *error);

// The script carried by an SVG made by bauer, mem_free it; NULL with ERROR_FILE ("this SVG was not made by bauer").
char *export_read_state(const char *data, size_t size, struct error *error);

#endif
