// From text to syntax tree: a subset of Python.
//
// The lexer knows only text (indentation, brackets, strings, comments), the parser only tokens. What Python has and
// bauer has not is refused by its Python name ("class is not part of bauer's subset of Python"), never by a bare
// "syntax error".
#ifndef BAUER_LANG_PARSE_H
#define BAUER_LANG_PARSE_H

#include "base/arena.h"
#include "base/symbol.h"
#include "base/text.h"

struct statement; // lang/ast.h

// One parsed text. Holds its source; everything in it lives in its arena. Counted references: functions defined in it
// keep it.
struct module {
    struct source *source;
    struct arena *arena;
    struct statement **statement; // top-level statements in order
    uint32_t count;
    uint32_t references;
};

// NULL with `error` set: ERROR_INCOMPLETE when the text ends inside brackets, a string or an indented block that could
// go on being typed (a prompt asks for more), else ERROR_SYNTAX with span and hint.
struct module *parse_module(struct symbols *symbols, struct source *source, struct error *error);
struct module *module_hold(struct module *module);
void module_drop(struct module *module);

// For a prompt: whether `text` needs more lines before it can run. A `def` goes on until a blank line, as in Python.
bool parse_wants_more(struct symbols *symbols, const char *text, size_t size);

// Keywords of the subset, for completion.
extern const char *const parse_keywords[];
extern const size_t parse_keyword_count;

#endif
