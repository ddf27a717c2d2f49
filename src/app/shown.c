#include "app/shown.h"

#include "app/chart.h"

bool shown_write(struct session *session, const struct export_format *format, bool with_state, struct buffer *out,
                 char message[256], struct error *error) {
    struct view view;
    struct buffer script = {0};
    struct export_options options = {.version = "bauer " BAUER_VERSION,
                                     .text_as_paths = session->settings.text_as_paths};
    if (session->shown.chart && session->chart) return chart_export(session, format, &options, out, message, error);
    if (!session_view(session, session->shown.kind, &view, error)) return false;
    bool ok = !with_state || session_script(session, &script) || error_memory(error);
    if (with_state) options.state = buffer_string(&script);
    ok = ok && format->write(&view, &options, out, message, error);
    buffer_free(&script);
    session_view_free(&view);
    return ok;
}

bool shown_scene(struct session *session, struct scene *scene, char message[256], struct error *error) {
    struct view view;
    scene_init(scene);
    if (session->shown.chart && session->chart)
        return chart_scene(session->chart, session->settings.theme, scene, message, error);
    if (!session_view(session, session->shown.kind, &view, error)) return false;
    bool ok = diagram_scene(&view, scene, message, error);
    session_view_free(&view);
    return ok;
}
