// What is shown, as a file would hold it.
#ifndef BAUER_APP_SHOWN_H
#define BAUER_APP_SHOWN_H

#include "app/session.h"
#include "show/export.h"

// The plot or the view that is shown, in this format; `with_state`: with the lines that make it again.
bool shown_write(struct session *session, const struct export_format *format, bool with_state, struct buffer *out,
                 char message[256], struct error *error);

// The plot or the view that is shown, as a scene.
bool shown_scene(struct session *session, struct scene *scene, char message[256], struct error *error);

#endif
