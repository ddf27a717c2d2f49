#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

void buffer_free(struct buffer *buffer) {
    mem_free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer) {
    buffer->size = 0;
    if (buffer->data) buffer->data[0] = '\0';
}

void buffer_cut(struct buffer *buffer, size_t size) {
    if (buffer->size > size) buffer->data[buffer->size = size] = '\0';
}

static bool make_room(struct buffer *buffer, size_t size) {
    if (buffer->failed) return false;
    if (size >= SIZE_MAX - buffer->size || !mem_grow(&buffer->data, &buffer->capacity, buffer->size + size + 1, 1))
        buffer->failed = true;
    return !buffer->failed;
}

bool buffer_reserve(struct buffer *buffer, size_t size) {
    return size < SIZE_MAX - buffer->size && mem_grow(&buffer->data, &buffer->capacity, buffer->size + size + 1, 1);
}

void buffer_add(struct buffer *buffer, const char *data, size_t size) {
    if (!make_room(buffer, size)) return;
    if (size) memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

void buffer_text(struct buffer *buffer, const char *text) { buffer_add(buffer, text, strlen(text)); }

void buffer_char(struct buffer *buffer, char c) { buffer_add(buffer, &c, 1); }

void buffer_printf(struct buffer *buffer, const char *format, ...) {
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int size = vsnprintf(NULL, 0, format, list);
    if (size < 0) buffer->failed = true;
    if (size >= 0 && make_room(buffer, (size_t)size)) {
        vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
    va_end(list);
}

const char *buffer_string(const struct buffer *buffer) { return buffer->data ? buffer->data : ""; }
