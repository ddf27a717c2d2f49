// What the writers of text formats share: numbers without a locale, colours, and XML-safe text.
#ifndef BAUER_SHOW_REPLAY_H
#define BAUER_SHOW_REPLAY_H

#include "show/export.h"

// A coordinate with up to `decimals` (at most 4) decimals, no trailing zeros, always with a point; 0 for what is not
// finite.
void replay_number(struct buffer *out, double value, int decimals);
// `text` without the characters that XML 1.0 forbids; valid UTF-8 whatever came in.
void replay_xml_text(struct buffer *out, const char *text);
bool replay_is_xml_text(const char *text); // whether nothing would be removed

void replay_base64(struct buffer *out, const char *data, size_t size);

bool svg_write(const struct scene *scene, const struct export_options *options, struct buffer *out,
               struct error *error);
bool tikz_write(const struct scene *scene, const struct export_options *options, struct buffer *out,
                struct error *error);
bool dot_write(const struct view *view, const struct export_options *options, struct buffer *out, char message[256],
               struct error *error);

#endif
