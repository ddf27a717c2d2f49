// Sources: cleaned text and where its lines start.
#include <string.h>

#include "base/arena.h"
#include "base/task.h"
#include "base/text.h"
#include "base/utf8.h"

static const size_t largest_source = (size_t)1 << 30; // offsets stay below 2^32 even if every byte becomes U+FFFD
static const size_t noticeable_size = (size_t)1 << 24;

static bool is_ascii(const char *text, size_t size) {
    char bits = 0;
    for (size_t i = 0; i < size; i++) bits |= text[i];
    return !(bits & 0x80);
}

static char *clean_copy(const char *text, size_t *size, bool *cleaned) {
    *cleaned = !is_ascii(text, *size) && !utf8_valid(text, *size);
    if (!*cleaned) return mem_text(text, *size);
    char *copy = mem_alloc(3 * *size + 1, 1);
    if (!copy) return NULL;
    *size = text_clean_utf8(text, *size, copy);
    copy[*size] = '\0';
    char *fitted = mem_resize(copy, *size + 1, 1);
    return fitted ? fitted : copy;
}

// CRLF and CR become LF, in place; returns the new size.
static size_t unify_line_ends(char *text, size_t size) {
    char *out = memchr(text, '\r', size);
    if (!out) return size;
    for (const char *in = out, *end = text + size; in < end; in++) {
        if (*in == '\r' && in + 1 < end && in[1] == '\n') continue;
        *out++ = *in == '\r' ? '\n' : *in;
    }
    *out = '\0';
    return (size_t)(out - text);
}

// A line end at the very end starts no further line: a mistake there is shown behind the last line that has text.
static void find_lines(struct source *source) {
    static const uint32_t first[1] = {0};
    const char *text = source->text, *end = text + source->size;
    size_t capacity = 0;
    uint32_t *start = NULL, count = 1;
    source->line_start = (uint32_t *)(uintptr_t)first; // when memory is out, to who goes through them
    source->line_count = 1;
    if (!mem_grow(&start, &capacity, 1, sizeof *start)) return;
    start[0] = 0;
    for (const char *c = text; (c = memchr(c, '\n', (size_t)(end - c))) && ++c < end;) {
        if (!mem_grow(&start, &capacity, (size_t)count + 1, sizeof *start)) return mem_free(start);
        start[count++] = (uint32_t)(c - text);
    }
    source->line_start = start;
    source->line_count = count;
    source->lines_owned = true;
}

// Most sources run without a mistake, and nobody asks for their lines. The table is no change that a reader could see.
uint32_t source_line_count(const struct source *source) {
    if (!source->line_start) find_lines((struct source *)(uintptr_t)source);
    return source->line_count;
}

static bool fill_source(struct source *source, const char *name, const char *text, size_t size, struct error *error) {
    source->name = mem_text(name, strlen(name));
    source->text = clean_copy(text, &size, &source->cleaned);
    if (!source->name || !source->text) return error_memory(error);
    // Only for a text so long that a person may have pressed Ctrl-C since.
    if (size > noticeable_size && task_interrupted()) return error_interrupt(error);
    source->size = size;
    if (memchr(source->text, '\r', size)) source->size = unify_line_ends(source->text, size);
    return true;
}

struct source *source_new(const char *name, const char *text, size_t size, struct error *error) {
    if (size > largest_source) {
        error_set(error, ERROR_FILE, SPAN_NONE, "%s is too large: %zu bytes (at most 1 GiB)", name, size);
        return NULL;
    }
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, size -= 3;
    if (size && memchr(text, '\0', size)) {
        error_set(error, ERROR_FILE, SPAN_NONE, "%s looks like a binary file (it contains zero bytes)", name);
        error_hint(error, "programs and sessions are plain text");
        return NULL;
    }
    struct source *source = mem_zero(1, sizeof *source);
    if (!source) {
        error_memory(error);
        return NULL;
    }
    *source = (struct source){.first_line = 1, .references = 1};
    if (fill_source(source, name, text, size, error)) return source;
    source_drop(source);
    return NULL;
}

struct source *source_hold(struct source *source) {
    if (source) source->references++;
    return source;
}

void source_drop(struct source *source) {
    if (!source || --source->references) return;
    mem_free(source->name);
    mem_free(source->text);
    if (source->lines_owned) mem_free(source->line_start);
    mem_free(source);
}

// The index of the last line that starts at or before `offset`, and where it starts.
static uint32_t line_index(const struct source *source, uint32_t offset, uint32_t *start) {
    uint32_t low = 0, high = source_line_count(source);
    *start = 0;
    if (!source->lines_owned) { // there was no memory for a table
        const char *text = source->text, *end = text + (offset < source->size ? offset : source->size);
        for (const char *c = text; (c = memchr(c, '\n', (size_t)(end - c))) && ++c < text + source->size; low++)
            *start = (uint32_t)(c - text);
        return low;
    }
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->line_start[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    *start = source->line_start[low];
    return low;
}

uint32_t source_line(const struct source *source, uint32_t offset) {
    uint32_t start;
    return source->first_line + line_index(source, offset, &start);
}

uint32_t source_column(const struct source *source, uint32_t offset) {
    uint32_t start;
    line_index(source, offset, &start);
    const char *c = source->text + start;
    const char *end = source->text + (offset < source->size ? offset : source->size);
    uint32_t column = 1;
    for (; c < end && *c != '\n'; c++) column += !utf8_is_continuation(*c);
    return column;
}
