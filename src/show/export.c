#include "show/export.h"

#include <string.h>

#include "base/task.h"
#include "show/paint.h"
#include "show/record.h"
#include "show/replay.h"

typedef bool replay(const struct scene *scene, const struct export_options *options, struct buffer *out,
                    struct error *error);

static bool write_scene(replay *write, const struct view *view, const struct export_options *options,
                        struct buffer *out, char message[256], struct error *error) {
    struct scene scene;
    if (!diagram_scene(view, &scene, message, error)) return false;
    bool ok = write(&scene, options, out, error);
    scene_clear(&scene);
    return ok;
}

static bool write_svg(const struct view *view, const struct export_options *options, struct buffer *out,
                      char message[256], struct error *error) {
    return write_scene(svg_write, view, options, out, message, error);
}

static bool write_tex(const struct view *view, const struct export_options *options, struct buffer *out,
                      char message[256], struct error *error) {
    return write_scene(tikz_write, view, options, out, message, error);
}

// What a picture carries that has no place of its own for it.
static void carried(const struct export_options *options, struct buffer *out) {
    if (options->version) buffer_printf(out, "%s\n", options->version);
    if (options->state) buffer_text(out, options->state);
}

static bool paint_to_pdf(const struct scene *scene, const struct export_options *options, struct buffer *out,
                         struct error *error) {
    struct buffer metadata = {0};
    carried(options, &metadata);
    bool ok = paint_pdf(scene, buffer_string(&metadata), out, error);
    buffer_free(&metadata);
    return ok;
}

static bool paint_to_png(const struct scene *scene, const struct export_options *options, struct buffer *out,
                         struct error *error) {
    struct buffer metadata = {0};
    carried(options, &metadata);
    bool ok = paint_png(scene, options->scale > 0 ? options->scale : 2, buffer_string(&metadata), out, error);
    buffer_free(&metadata);
    return ok;
}

static bool write_pdf(const struct view *view, const struct export_options *options, struct buffer *out,
                      char message[256], struct error *error) {
    return write_scene(paint_to_pdf, view, options, out, message, error);
}

static bool write_png(const struct view *view, const struct export_options *options, struct buffer *out,
                      char message[256], struct error *error) {
    return write_scene(paint_to_png, view, options, out, message, error);
}

static bool write_json(const struct view *view, const struct export_options *options, struct buffer *out,
                       char message[256], struct error *error) {
    message[0] = '\0';
    json_t *extra = json_object(), *paths = NULL;
    if (extra && options->state) json_object_set_new(extra, "state", json_string(options->state));
    if (extra && options->version) json_object_set_new(extra, "version", json_string(options->version));
    bool ok = extra;
    if (ok && view->kind == VIEW_PATHS)
        ok = (paths = record_paths(view)) && json_object_update(paths, extra) == 0 && record_write(paths, out);
    else if (ok)
        ok = record_graph(view, extra, out);
    json_decref(paths);
    json_decref(extra);
    return ok || (task_interrupted() ? error_interrupt(error) : error_memory(error));
}

static bool write_csv(const struct view *view, const struct export_options *options, struct buffer *out,
                      char message[256], struct error *error) {
    (void)options;
    message[0] = '\0';
    return record_csv(view, out) || error_memory(error);
}

const struct export_format export_formats[] = {
    {"svg", "scalable picture with real text; bauer opens it again", write_svg, svg_write},
    {"pdf", "one page for print", write_pdf, paint_to_pdf},
    {"png", "pixels, sharp on paper and screens", write_png, paint_to_png},
    {"tex", "TikZ picture, a document of its own", write_tex, tikz_write},
    {"dot", "the graph for Graphviz", dot_write, NULL},
    {"json", "the graph or its paths as data", write_json, NULL},
    {"csv", "a table of edges or of paths", write_csv, NULL},
};
const size_t export_format_count = sizeof export_formats / sizeof *export_formats;

static void known_formats(struct buffer *out) {
    for (size_t i = 0; i < export_format_count; i++)
        buffer_printf(out, "%s.%s",
                      i == 0                         ? ""
                      : i + 1 == export_format_count ? " and "
                                                     : ", ",
                      export_formats[i].extension);
}

const struct export_format *export_find(const char *path, struct error *error) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < export_format_count; i++)
        if (strcasecmp(dot + 1, export_formats[i].extension) == 0) return &export_formats[i];
    struct buffer known = {0};
    known_formats(&known);
    if (dot)
        error_set(error, ERROR_USAGE, SPAN_NONE, "files that end in \"%.40s\" cannot be written", dot);
    else
        error_set(error, ERROR_USAGE, SPAN_NONE, "\"%.200s\" has no ending that tells the format", name);
    error_hint(error, "what can be written: %s", buffer_string(&known));
    buffer_free(&known);
    return NULL;
}
