// Errors: filling them, and showing them with the line they are about.
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

#undef error_set
#undef error_memory
#undef error_interrupt

// Prints into `out`; a text that is too long ends in "…" at a whole character.
static void print_cut(char *out, size_t room, const char *format, va_list list) {
    int wanted = vsnprintf(out, room, format, list);
    if (wanted < 0) out[0] = '\0';
    if (wanted < 0 || (size_t)wanted < room) return;
    size_t kept = utf8_whole(out, room - sizeof "…");
    memcpy(out + kept, "…", sizeof "…");
}

bool error_set(struct error *error, enum error_kind kind, struct span span, const char *format, ...) {
    if (!error || error->kind != ERROR_NONE) return false;
    error->kind = kind;
    error->span = span;
    error->hint[0] = '\0';
    va_list list;
    va_start(list, format);
    print_cut(error->message, sizeof error->message, format, list);
    va_end(list);
    return false;
}

bool error_memory(struct error *error) {
    if (error && error->kind == ERROR_NONE) {
        error_set(error, ERROR_MEMORY, SPAN_NONE, "out of memory");
        error_hint(error, "the session is as it was; try a smaller program or fewer steps");
    }
    return false;
}

bool error_interrupt(struct error *error) { return error_set(error, ERROR_INTERRUPT, SPAN_NONE, "interrupted"); }

void error_hint(struct error *error, const char *format, ...) {
    if (!error || error->hint[0]) return; // like the message, the first hint wins
    va_list list;
    va_start(list, format);
    print_cut(error->hint, sizeof error->hint, format, list);
    va_end(list);
}

void error_clear(struct error *error) {
    if (error) *error = (struct error){0};
}

// ---- showing ------------------------------------------------------------------------------------------------------

enum { INDENT = 4, TAB = 4, COLUMNS_BEFORE = 48, COLUMNS_AFTER = 48 };

struct colors {
    const char *bold, *red, *green, *cyan, *off;
};

static const struct colors colors_on = {"\033[1m", "\033[1;31m", "\033[1;32m", "\033[36m", "\033[0m"};
static const struct colors colors_off = {"", "", "", "", ""};

// Characters that would move the cursor, colour the terminal or turn the writing direction are shown, not obeyed.
static bool is_unsafe(uint32_t character) {
    return (character >= 0x7f && character < 0xa0) || (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

// Appends one character as it may be shown; returns its columns and stores its bytes in *length.
static int add_character(struct buffer *out, const char *text, size_t size, size_t *length) {
    uint32_t character = 0;
    *length = utf8_decode(text, size, &character);
    if (*length == 0) *length = 1, character = 0x7f;
    if (character == '\t') return buffer_add(out, "    ", TAB), TAB;
    if (character < 0x20) { // U+2400 SYMBOL FOR NULL and those after it
        char picture[] = {'\xe2', '\x90', (char)(0x80 + character)};
        return buffer_add(out, picture, sizeof picture), 1;
    }
    if (is_unsafe(character)) return buffer_text(out, "\xef\xbf\xbd"), 1;
    buffer_add(out, text, *length);
    return utf8_width(character);
}

static void add_safe(struct buffer *out, const char *text) {
    for (size_t size = strlen(text), length; size; text += length, size -= length) {
        length = 1;
        if (*text == '\n')
            buffer_text(out, "\n    ");
        else
            add_character(out, text, size, &length);
    }
}

static int width_at(const char *text, size_t size, size_t *length) {
    struct buffer none = {.failed = true}; // measures only
    return add_character(&none, text, size, length);
}

// The part of a line that is shown, and the part of it that is underlined.
struct excerpt {
    const char *line, *line_end, *begin, *end, *mark, *mark_end;
};

static const char *step_back(const char *c, const char *start) {
    do c--;
    while (c > start && utf8_is_continuation(*c));
    return c;
}

static const char *back_by_columns(const char *c, const char *start, int columns) {
    while (c > start) {
        const char *before = step_back(c, start);
        size_t length;
        columns -= width_at(before, (size_t)(c - before), &length);
        if (columns < 0) break;
        c = before;
    }
    return c;
}

static const char *forward_by_columns(const char *c, const char *end, int columns) {
    while (c < end) {
        size_t length;
        columns -= width_at(c, (size_t)(end - c), &length);
        if (columns < 0) break;
        c += length;
    }
    return c;
}

static const char *line_begin(const char *c, const char *start) {
    while (c > start && c[-1] != '\n') c--;
    return c;
}

static struct excerpt excerpt_of(struct span span) {
    const struct source *source = span.source;
    const char *text = source->text, *text_end = text + source->size;
    struct excerpt e = {.mark = text + (span.begin < source->size ? span.begin : source->size)};
    // What is wrong at the end of the text, behind its last line end, is shown behind the last line.
    if (e.mark == text_end && e.mark > text && e.mark[-1] == '\n') e.mark--;
    e.line = line_begin(e.mark, text);
    e.line_end = memchr(e.mark, '\n', (size_t)(text_end - e.mark));
    if (!e.line_end) e.line_end = text_end;
    e.mark_end = span.end < source->size ? text + span.end : text_end;
    if (e.mark_end > e.line_end) e.mark_end = e.line_end;
    if (e.mark_end < e.mark) e.mark_end = e.mark;
    e.begin = back_by_columns(e.mark, e.line, COLUMNS_BEFORE);
    e.end = forward_by_columns(e.mark, e.line_end, COLUMNS_AFTER);
    return e;
}

static int add_range(struct buffer *out, const char *begin, const char *end) {
    int width = 0;
    for (size_t length; begin < end; begin += length)
        width += add_character(out, begin, (size_t)(end - begin), &length);
    return width;
}

static void add_repeated(struct buffer *out, char c, int count) {
    while (count-- > 0) buffer_char(out, c);
}

// The line, and below it a caret and ~~~ under the span.
static void add_excerpt(struct buffer *out, struct span span, struct colors color) {
    struct excerpt e = excerpt_of(span);
    bool cut_before = e.begin > e.line, cut_after = e.end < e.line_end;
    const char *mark_end = e.mark_end < e.end ? e.mark_end : e.end;
    add_repeated(out, ' ', INDENT);
    buffer_text(out, cut_before ? "…" : "");
    int before = cut_before + add_range(out, e.begin, e.mark), marked = add_range(out, e.mark, mark_end);
    add_range(out, mark_end, e.end);
    buffer_printf(out, "%s\n", cut_after ? "…" : "");
    add_repeated(out, ' ', INDENT + before);
    buffer_printf(out, "%s^", color.green);
    add_repeated(out, '~', marked - 1);
    buffer_printf(out, "%s\n", color.off);
}

void error_render(const struct error *error, bool color, struct buffer *out) {
    const struct colors c = color ? colors_on : colors_off;
    const struct source *source = error->span.source;
    if (source) {
        buffer_text(out, c.bold);
        add_safe(out, source->name);
        buffer_printf(out, ":%u:%u: %s", source_line(source, error->span.begin),
                      source_column(source, error->span.begin), c.off);
    }
    buffer_printf(out, "%serror:%s ", c.red, c.off);
    add_safe(out, error->message);
    buffer_char(out, '\n');
    if (source) add_excerpt(out, error->span, c);
    if (error->hint[0]) {
        buffer_printf(out, "%shint:%s ", c.cyan, c.off);
        add_safe(out, error->hint);
        buffer_char(out, '\n');
    }
}
