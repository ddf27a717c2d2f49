// Text a person wrote, places in it, and what is wrong with it.
//
// A `source` is one piece of text (a file, a line typed, a -c argument). A `span` is a range of its bytes. A `struct
// error` is the one way in which any room reports a mistake: what, where, what to do. Nothing below app/ prints or
// exits.
#ifndef BAUER_BASE_TEXT_H
#define BAUER_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- growing text -------------------------------------------------------------------------------------------------

// A growing string, always NUL-terminated after the first append. `failed` is set (and stays) when memory ran out, so
// that a writer may append freely and look once at the end. Start with {0}.
struct buffer {
    char *data;
    size_t size, capacity;
    bool failed;
};

void buffer_free(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);
void buffer_cut(struct buffer *buffer, size_t size); // takes back what was added beyond `size` bytes, if anything was
bool buffer_reserve(struct buffer *buffer, size_t size); // room for so many more bytes: adding them cannot fail then
void buffer_add(struct buffer *buffer, const char *data, size_t size);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_char(struct buffer *buffer, char c);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *buffer_string(const struct buffer *buffer); // never NULL

// ---- sources and spans --------------------------------------------------------------------------------------------

struct source {
    char *name;           // "fig1.py", "<input>", "-c"
    char *text;           // NUL-terminated, valid UTF-8
    size_t size;          // bytes, without the NUL
    uint32_t *line_start; // byte offset of each line's start; made by source_line_count when somebody asks
    uint32_t line_count;
    bool lines_owned;
    uint32_t first_line; // number of its first line, 1 for files
    uint32_t references;
    bool cleaned; // bytes that were no UTF-8 became U+FFFD
};

struct span {
    const struct source *source; // NULL: nowhere
    uint32_t begin, end;         // bytes
};

// Error codes of the project; the message says the rest.
enum error_kind {
    ERROR_NONE,
    ERROR_INCOMPLETE, // text ends where more is needed: a prompt asks for more
    ERROR_SYNTAX,
    ERROR_NAME,      // unknown name
    ERROR_TYPE,      // wrong kind or number of operands
    ERROR_DOMAIN,    // log of a negative number, division by zero
    ERROR_LIMIT,     // a settable limit was reached
    ERROR_INTERRUPT, // Ctrl-C
    ERROR_MEMORY,
    ERROR_FILE,
    ERROR_USAGE, // a command's words
    ERROR_OTHER
};

struct error {
    enum error_kind kind;
    struct span span; // where; its source is retained by nobody: print before dropping the source
    char message[512];
    char hint[384]; // what to do, or ""
};

// Each returns false, so that a failing function can end in `return error_set(...)`. The first error wins: a second
// call on an error that is set already changes nothing, and so for hints. `error` may be NULL. What does not fit is cut
// at a whole character and ends in "…".
bool error_set(struct error *error, enum error_kind kind, struct span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool error_memory(struct error *error);
bool error_interrupt(struct error *error);
void error_hint(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_clear(struct error *error);

#ifdef __clang_analyzer__ // it reads one file at a time, and is told here that they return false
#define error_set(...) (error_set(__VA_ARGS__) && false)
#define error_memory(error) (error_memory(error) && false)
#define error_interrupt(error) (error_interrupt(error) && false)
#endif

#define SPAN_NONE ((struct span){0})

// A copy of `text` cleaned to valid UTF-8 (each bad byte becomes U+FFFD, CRLF and CR become LF, a BOM is dropped);
// refuses NUL bytes ("looks like a binary file") and more than 1 GiB. NULL with `error` set on failure. One reference
// is held.
struct source *source_new(const char *name, const char *text, size_t size, struct error *error);
struct source *source_hold(struct source *source);
void source_drop(struct source *source); // NULL is allowed

uint32_t source_line_count(const struct source *source);              // 1 or more; 1 as well when memory is out
uint32_t source_line(const struct source *source, uint32_t offset);   // as counted from first_line
uint32_t source_column(const struct source *source, uint32_t offset); // from 1, in characters

// The error as a person reads it:  NAME:LINE:COLUMN: error: MESSAGE, the line with a caret under the span (a long line
// is cut around it, tabs and wide characters are respected), and the hint. `color` adds terminal colours.
void error_render(const struct error *error, bool color, struct buffer *out);

// ---- small things about text --------------------------------------------------------------------------------------

size_t text_clean_utf8(const char *text, size_t size, char *out); // out: 3 * size bytes; returns bytes written
int text_width(const char *text, size_t size);                    // terminal columns
// The nearest of `names` to `text` within a third of its length (edit distance with transpositions), or NULL.
const char *text_nearest(const char *text, const char *const *names, size_t count);
bool text_starts(const char *text, const char *prefix);

// The shortest decimal that reads back as `value`, as Python's repr ("0.1", "1e+16", "3.0", "inf", "nan").
void text_number(char out[32], double value);
// `digits` significant digits for labels, without trailing zeros, with U+2212 as minus ("−1.2", "3.04", "1.2e10" as
// "1.2×10¹⁰"), "∞" and "NaN".
void text_label_number(char out[48], double value, int digits);
// Reads a whole number or decimal; false when `text` is not one as a whole. Accepts Python's forms, "inf", "-inf",
// "nan".
bool text_parse_number(const char *text, double *value);

#endif
