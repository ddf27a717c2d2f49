#include "app/wire.h"

#include <string.h>

static const char magic[4] = {'B', 'V', 'W', '1'};

bool wire_put(struct buffer *out, enum wire_kind kind, const void *payload, size_t size) {
    if (size > WIRE_LARGEST) return false;
    struct wire_header header = {.version = WIRE_VERSION, .kind = (uint16_t)kind, .size = (uint32_t)size};
    memcpy(header.magic, magic, sizeof magic);
    buffer_add(out, (const char *)&header, sizeof header);
    if (size) buffer_add(out, payload, size);
    return !out->failed;
}

long wire_take(const char *data, size_t size, enum wire_kind *kind, const char **payload, uint32_t *payload_size) {
    struct wire_header header;
    if (size < sizeof header) return size && memcmp(data, magic, size < 4 ? size : 4) != 0 ? -1 : 0;
    memcpy(&header, data, sizeof header);
    if (memcmp(header.magic, magic, sizeof magic) != 0) return -1;
    if (header.version != WIRE_VERSION) return -2;
    if (!header.kind || header.kind >= WIRE_KINDS || header.size > WIRE_LARGEST) return -1;
    if (size - sizeof header < header.size) return 0;
    *kind = header.kind;
    *payload = data + sizeof header;
    *payload_size = header.size;
    return (long)(sizeof header + header.size);
}

bool wire_put_view(struct buffer *out, const char *json, const struct buffer *scene) {
    struct buffer payload = {0};
    uint32_t size = (uint32_t)strlen(json);
    buffer_add(&payload, (const char *)&size, sizeof size);
    buffer_add(&payload, json, size);
    buffer_add(&payload, scene->data, scene->size);
    bool ok = !payload.failed && wire_put(out, WIRE_VIEW, payload.data, payload.size);
    buffer_free(&payload);
    return ok;
}

bool wire_split_view(const char *payload, size_t size, const char **json, size_t *json_size, const char **scene,
                     size_t *scene_size) {
    uint32_t length;
    if (size < sizeof length) return false;
    memcpy(&length, payload, sizeof length);
    if (size - sizeof length < length) return false;
    *json = payload + sizeof length;
    *json_size = length;
    *scene = *json + length;
    *scene_size = size - sizeof length - length;
    return true;
}
