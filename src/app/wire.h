// What the session and its window say to each other: length-checked messages over a socket.
//
//     session -> window   HELLO, VIEW (JSON and a scene), NOTE (text), CLIP (text to copy), STATE (a question), BUSY
//     (text,
//                          empty: idle)
//     window -> session   HELLO, EVENT (JSON), STATE (JSON, the answer)
//
// A message is a header and `size` bytes. Whoever gets a header that is none, or a size over WIRE_LARGEST, closes.
#ifndef BAUER_APP_WIRE_H
#define BAUER_APP_WIRE_H

#include <stdint.h>

#include "base/text.h"

#define WIRE_VERSION 1
#define WIRE_LARGEST ((uint32_t)256 << 20) // bytes of a message

enum wire_kind { WIRE_HELLO = 1, WIRE_VIEW, WIRE_NOTE, WIRE_CLIP, WIRE_STATE, WIRE_BUSY, WIRE_EVENT, WIRE_KINDS };

struct wire_header {
    char magic[4]; // "BVW1"
    uint16_t version, kind;
    uint32_t size;
};

// In slide events: sliders from this number on are not inputs, but those of "sampling" in the view's JSON.
enum { SAMPLING_SLIDER = 1 << 16 };

// Appends header and payload. false: over WIRE_LARGEST, or out of memory.
bool wire_put(struct buffer *out, enum wire_kind kind, const void *payload, size_t size);
// Looks at the start of what has come in. > 0: a whole message of that many bytes, header included, is there; 0: more
// must come; < 0: nonsense, or another version (-2).
long wire_take(const char *data, size_t size, enum wire_kind *kind, const char **payload, uint32_t *payload_size);

// The payload of VIEW: JSON text, then a scene's bytes.
bool wire_put_view(struct buffer *out, const char *json, const struct buffer *scene);
bool wire_split_view(const char *payload, size_t size, const char **json, size_t *json_size, const char **scene,
                     size_t *scene_size);

#endif
