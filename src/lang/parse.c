#include "lang/parse.h"

#include <string.h>

#include "base/task.h"
#include "lang/ast.h"
#include "lang/lex.h"

enum { LOOK_EVERY = 1 << 16, DEPTH_MAX = 200 };

const char *const parse_keywords[] = {"and",  "or", "not",    "if",     "elif",  "else",     "for",   "while",
                                      "in",   "is", "def",    "return", "break", "continue", "pass",  "import",
                                      "from", "as", "assert", "True",   "False", "None",     "lambda"};
const size_t parse_keyword_count = sizeof parse_keywords / sizeof *parse_keywords;

// A growing list, copied into the arena when it is complete. A few elements need no memory of their own.
struct list {
    void *data;
    size_t count, capacity; // capacity 0: `data` is `few`
    _Alignas(max_align_t) char few[64];
};

// The names of the function being parsed.
struct scope {
    struct list slots; // symbol
    struct list local; // uint8_t
    bool encloses;     // has a function in it
};

struct parser {
    struct lexer lexer;
    struct token token; // the current one
    struct module *module;
    struct arena *arena;
    struct symbols *symbols;
    struct error *error;
    struct scope *scope;            // NULL at the top
    uint32_t *slot_of, *slot_stamp; // by symbol; valid where the stamp is the function's number
    size_t slot_capacity, stamp_capacity;
    uint32_t stamp;
    int depth, loops;
    uint32_t tokens;   // read so far
    uint32_t last_end; // of the token before the current one
};

typedef struct expression *expr;

// Not inlined: what is rare shall cost what is common no registers and no room on the stack.
#define APART __attribute__((noinline))

// ---- small things -------------------------------------------------------------------------------------------------

static struct span span_of(const struct parser *p, uint32_t begin, uint32_t end) {
    return (struct span){p->module->source, begin, end};
}

static void next(struct parser *p) {
    p->last_end = p->token.end;
    if (++p->tokens % LOOK_EVERY == 0 && task_interrupted()) {
        error_interrupt(p->error);
        p->token.kind = TOKEN_ERROR;
        p->lexer.at = p->lexer.end; // nothing more is read
        return;
    }
    lex_next(&p->lexer, &p->token);
}

// What comes after the current token.
static APART enum token_kind look(const struct parser *p) {
    struct lexer lexer = p->lexer;
    struct token token;
    lex_next(&lexer, &token);
    return (enum token_kind)token.kind;
}

static bool accept(struct parser *p, enum token_kind kind) {
    if (p->token.kind != kind) return false;
    next(p);
    return true;
}

static APART void *fail_at(struct parser *p, uint32_t begin, uint32_t end, const char *message, const char *hint) {
    error_set(p->error, ERROR_SYNTAX, span_of(p, begin, end), "%s", message);
    error_hint(p->error, "%s", hint);
    return NULL;
}

static APART void *fail_memory(struct parser *p) { return error_memory(p->error), NULL; }

static const char *refused_hint(const char *word) {
    if (strcmp(word, "class") == 0) return "write functions; a list holds several values";
    if (strcmp(word, "global") == 0 || strcmp(word, "nonlocal") == 0) return "pass the value and return it";
    if (strcmp(word, "try") == 0 || strcmp(word, "except") == 0 || strcmp(word, "finally") == 0)
        return "an error stops the line and leaves the session as it was";
    return "";
}

static APART void *refuse(struct parser *p, const char *what, const char *hint) {
    error_set(p->error, ERROR_SYNTAX, span_of(p, p->token.begin, p->token.end),
              "%s is not part of bauer's subset of Python", what);
    error_hint(p->error, "%s", hint);
    return NULL;
}

// What is wrong at the current token: an error of the lexer's, a text that ends early, or something unexpected.
static APART void *unexpected(struct parser *p, const char *wanted, const char *hint) {
    const struct token *t = &p->token;
    if (t->kind == TOKEN_ERROR) return NULL;
    if (t->kind == TOKEN_REFUSED)
        return refuse(p, symbol_text(p->symbols, t->name), refused_hint(symbol_text(p->symbols, t->name)));
    if (t->kind == TOKEN_LBRACE) return refuse(p, "a dict or set", "a list holds several values");
    if (t->kind == TOKEN_WALRUS) return refuse(p, ":=", "assign on a line of its own");
    if (t->kind == TOKEN_AT) return refuse(p, "@ here", "");
    struct span span = span_of(p, t->begin, t->end > t->begin ? t->end : t->begin + 1);
    if (t->kind == TOKEN_NEWLINE || t->kind == TOKEN_END || t->kind == TOKEN_DEDENT) {
        span = span_of(p, p->last_end, p->last_end);
        error_set(p->error, ERROR_SYNTAX, span, "%s is missing here", wanted);
    } else if (t->kind == TOKEN_INDENT) {
        error_set(p->error, ERROR_SYNTAX, span, "this line is indented, but no block begins here");
    } else {
        error_set(p->error, ERROR_SYNTAX, span, "%s was expected here, not `%.*s`", wanted,
                  (int)(t->end - t->begin > 40 ? 40 : t->end - t->begin), p->module->source->text + t->begin);
    }
    error_hint(p->error, "%s", hint);
    return NULL;
}

static bool expect(struct parser *p, enum token_kind kind, const char *wanted, const char *hint) {
    if (accept(p, kind)) return true;
    unexpected(p, wanted, hint);
    return false;
}

static void list_start(struct list *list) {
    list->data = list->few;
    list->count = list->capacity = 0;
}

static void list_drop(struct list *list) {
    if (list->capacity) mem_free(list->data);
    list_start(list);
}

static APART bool list_widen(struct parser *p, struct list *list, size_t size) {
    void *data = list->capacity ? list->data : NULL;
    if (!mem_grow(&data, &list->capacity, list->count + 8, size)) return error_memory(p->error);
    if (list->data == list->few) memcpy(data, list->few, list->count * size);
    list->data = data;
    return true;
}

static inline bool list_add(struct parser *p, struct list *list, const void *element, size_t size) {
    size_t room = list->capacity ? list->capacity : sizeof list->few / size;
    if (list->count == room && !list_widen(p, list, size)) return false;
    memcpy((char *)list->data + list->count++ * size, element, size);
    return true;
}

// Moves the list into the arena; NULL when out of memory, never because it is empty.
static void *list_take(struct parser *p, struct list *list, size_t size) {
    void *copy = arena_copy(p->arena, list->data, list->count * size);
    list_drop(list);
    if (!copy) error_memory(p->error);
    return copy;
}

static size_t expression_size(enum expression_kind kind) {
    switch (kind) {
    case EXPR_NAME:
    case EXPR_TRUE:
    case EXPR_FALSE:
    case EXPR_NONE:
    case EXPR_ELLIPSIS:
        return offsetof(struct expression, number);
    case EXPR_NUMBER:
    case EXPR_STRING:
    case EXPR_NEGATE:
    case EXPR_PLUS:
    case EXPR_NOT:
    case EXPR_ATTRIBUTE:
        return offsetof(struct expression, right);
    case EXPR_CALL:
    case EXPR_COMPARE:
    case EXPR_FORMATTED:
        return sizeof(struct expression);
    default:
        return offsetof(struct expression, compare);
    }
}

static expr new_expr(struct parser *p, enum expression_kind kind, uint32_t begin) {
    expr e = arena_alloc(p->arena, expression_size(kind));
    if (!e) return fail_memory(p);
    e->kind = (uint8_t)kind;
    e->begin = begin;
    e->end = p->last_end;
    return e;
}

// One level more, at the current token or, if that is read already, at `first`.
static bool deeper_at(struct parser *p, expr first) {
    if (p->depth++ < DEPTH_MAX) return true;
    fail_at(p, first ? first->begin : p->token.begin, first ? first->end : p->token.end,
            "this is nested too deeply (over 200 levels)", "give parts of it names");
    return false;
}

static bool deeper(struct parser *p) { return deeper_at(p, NULL); }

// ---- names --------------------------------------------------------------------------------------------------------

static bool slot_room(struct parser *p, symbol name) {
    size_t old = p->stamp_capacity;
    if (name < old) return true;
    size_t need = (size_t)name + 1 > symbols_count(p->symbols) + 1 ? (size_t)name + 1 : symbols_count(p->symbols) + 1;
    if (!mem_grow(&p->slot_of, &p->slot_capacity, need, sizeof(uint32_t)) ||
        !mem_grow(&p->slot_stamp, &p->stamp_capacity, need, sizeof(uint32_t)))
        return error_memory(p->error);
    memset(p->slot_stamp + old, 0, (p->stamp_capacity - old) * sizeof(uint32_t));
    return true;
}

static APART uint32_t new_slot(struct parser *p, symbol name) {
    uint8_t no = 0;
    if (!slot_room(p, name) || !list_add(p, &p->scope->slots, &name, sizeof name) ||
        !list_add(p, &p->scope->local, &no, 1))
        return SLOT_GLOBAL;
    p->slot_stamp[name] = p->stamp;
    return p->slot_of[name] = (uint32_t)p->scope->slots.count - 1;
}

// The slot of `name` in the function being parsed; SLOT_GLOBAL at the top; SLOT_GLOBAL with an error when out of
// memory.
static inline uint32_t slot_for(struct parser *p, symbol name) {
    if (!p->scope) return SLOT_GLOBAL;
    bool known = name < p->stamp_capacity && p->slot_stamp[name] == p->stamp;
    return known ? p->slot_of[name] : new_slot(p, name);
}

static void make_local(struct parser *p, uint32_t slot, uint8_t how) {
    if (!p->scope || slot == SLOT_GLOBAL) return;
    uint8_t *local = (uint8_t *)p->scope->local.data + slot;
    if (how == 1 || *local == 0) *local = how;
}

// Marks the names that `target` binds. how: 1 assigned, 2 bound by a comprehension only.
static bool bind_names(struct parser *p, expr target, uint8_t how) {
    switch (target->kind) {
    case EXPR_NAME:
        make_local(p, target->slot, how);
        return true;
    case EXPR_TUPLE:
    case EXPR_LIST:
        for (uint32_t i = 0; i < target->count; i++)
            if (!bind_names(p, target->item[i], how)) return false;
        return true;
    case EXPR_INDEX:
        if (how == 1) return true;
        break;
    case EXPR_SUBSCRIPT:
        fail_at(p, target->begin, target->end, "assigning to an index of several parts is not part of bauer's subset",
                "of a list, assign to a[i][j]; a tensor stays as it is");
        return false;
    case EXPR_SLICE:
        fail_at(p, target->begin, target->end, "assigning to a slice is not part of bauer's subset of Python",
                "assign to one element, or build a new list");
        return false;
    case EXPR_ATTRIBUTE:
        fail_at(p, target->begin, target->end, "assigning to an attribute is not part of bauer's subset of Python", "");
        return false;
    default:
        break;
    }
    fail_at(p, target->begin, target->end, "this cannot be assigned to", "only names and elements of lists can");
    return false;
}

// ---- expressions --------------------------------------------------------------------------------------------------

static expr parse_expression(struct parser *p);
static expr parse_lambda(struct parser *p);
static void name_lambda(struct parser *p, const struct expression *target, struct expression *value);
static expr parse_tuple(struct parser *p);
static expr parse_or(struct parser *p);
static expr parse_unary(struct parser *p, expr first);
static expr parse_targets(struct parser *p);

static bool starts_expression(enum token_kind kind) {
    return kind == TOKEN_NAME || kind == TOKEN_NUMBER || kind == TOKEN_STRING || kind == TOKEN_NOT ||
           kind == TOKEN_TRUE || kind == TOKEN_FALSE || kind == TOKEN_NONE || kind == TOKEN_LPAREN ||
           kind == TOKEN_LBRACKET || kind == TOKEN_PLUS || kind == TOKEN_MINUS || kind == TOKEN_REFUSED ||
           kind == TOKEN_LBRACE || kind == TOKEN_STAR || kind == TOKEN_ERROR;
}

static bool read_clause(struct parser *p, struct clause *clause) {
    struct list conditions;
    list_start(&conditions);
    next(p); // for
    clause->target = parse_targets(p);
    bool ok = clause->target && bind_names(p, clause->target, 2) &&
              expect(p, TOKEN_IN, "`in`", "a comprehension is [EXPRESSION for NAME in LIST]") &&
              (clause->iterable = parse_or(p));
    while (ok && accept(p, TOKEN_IF)) {
        expr condition = parse_or(p);
        ok = condition && list_add(p, &conditions, &condition, sizeof condition);
    }
    clause->condition_count = (uint32_t)conditions.count;
    clause->condition = list_take(p, &conditions, sizeof(expr));
    return ok && clause->condition;
}

// The bracket and the element are read.
static expr parse_comprehension(struct parser *p, uint32_t begin, expr element) {
    struct list clauses;
    list_start(&clauses);
    bool ok = true;
    while (ok && p->token.kind == TOKEN_FOR) {
        struct clause clause = {0};
        ok = read_clause(p, &clause) && list_add(p, &clauses, &clause, sizeof clause);
    }
    uint32_t count = (uint32_t)clauses.count;
    struct clause *clause = list_take(p, &clauses, sizeof(struct clause));
    expr e = ok && clause ? new_expr(p, EXPR_COMPREHENSION, begin) : NULL;
    if (!e) return NULL;
    e->left = element;
    e->clause = clause;
    e->count = count;
    return e;
}

// Expressions up to `close`, the opening bracket is read. A single one without comma is returned as it is when `group`.
static expr parse_items(struct parser *p, uint32_t begin, enum token_kind close, enum expression_kind kind) {
    struct list items;
    list_start(&items);
    bool comma = false;
    while (p->token.kind != close) {
        expr item = parse_expression(p);
        if (item && p->token.kind == TOKEN_FOR && items.count == 0) item = parse_comprehension(p, begin, item);
        if (!item || !list_add(p, &items, &item, sizeof item)) goto failed;
        if (!accept(p, TOKEN_COMMA)) break;
        comma = true;
    }
    if (!expect(p, close, close == TOKEN_RPAREN ? "`)`" : "`]`", "")) goto failed;
    uint32_t count = (uint32_t)items.count;
    expr *item = list_take(p, &items, sizeof(expr));
    if (!item) return NULL;
    if (count == 1 && (item[0]->kind == EXPR_COMPREHENSION ? item[0]->begin == begin && !item[0]->parenthesized
                                                           : kind == EXPR_TUPLE && !comma)) {
        item[0]->parenthesized = true;
        item[0]->begin = begin;
        item[0]->end = p->last_end;
        return item[0];
    }
    expr e = new_expr(p, kind, begin);
    if (!e) return NULL;
    e->item = item;
    e->count = count;
    return e;
failed:
    list_drop(&items);
    return NULL;
}

// ---- strings ------------------------------------------------------------------------------------------------------

static size_t put_utf8(char *out, uint32_t c) {
    if (c < 0x80) return out[0] = (char)c, 1;
    if (c < 0x800) return out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
    out[0] = (char)(0xE0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)), out[2] = (char)(0x80 | (c & 63));
    return 3;
}

static size_t put_escape(const char *text, uint32_t *at, char *out) {
    static const char from[] = "nrtabfv\\'\"", to[] = "\n\r\t\a\b\f\v\\'\"";
    char c = text[++*at];
    ++*at;
    if (c == '\n') return 0;
    const char *known = c ? strchr(from, c) : NULL;
    if (known) return out[0] = to[known - from], 1;
    if (c >= '0' && c <= '7') { // up to three octal digits
        uint32_t value = (uint32_t)(c - '0');
        for (int i = 0; i < 2 && text[*at] >= '0' && text[*at] <= '7'; i++)
            value = value * 8 + (uint32_t)(text[(*at)++] - '0');
        return put_utf8(out, value);
    }
    if (c == 'x' || c == 'u') {
        uint32_t value = 0, digits = c == 'x' ? 2 : 4;
        for (uint32_t i = 0; i < digits; i++) {
            const char *hex = "0123456789abcdef", *digit = text[*at] ? strchr(hex, text[*at] | 32) : NULL;
            if (!digit) break;
            value = value * 16 + (uint32_t)(digit - hex);
            ++*at;
        }
        return put_utf8(out, value >= 0xD800 && value < 0xE000 ? 0xFFFD : value);
    }
    out[0] = '\\', out[1] = c;
    return 2;
}

static expr new_string(struct parser *p, uint32_t begin, const char *text, size_t size) {
    expr e = new_expr(p, EXPR_STRING, begin);
    if (!e) return NULL;
    e->text = text;
    e->count = (uint32_t)size;
    return e;
}

// The bytes from..to of the source with escapes resolved; braces doubled in an f-string become single.
static expr unescape(struct parser *p, uint32_t from, uint32_t to, bool raw, bool braces) {
    const char *text = p->module->source->text;
    char *out = arena_alloc(p->arena, (size_t)(to - from) + 4);
    if (!out) return fail_memory(p);
    size_t size = 0;
    for (uint32_t at = from; at < to;) {
        if (text[at] == '\\' && !raw) {
            size += put_escape(text, &at, out + size);
        } else {
            if (braces && (text[at] == '{' || text[at] == '}')) at++;
            out[size++] = text[at++];
        }
    }
    expr e = new_string(p, from, out, size);
    if (e) e->end = to;
    return e;
}

// The expression inside {...} of an f-string, which ends before `to`.
static expr parse_embedded(struct parser *p, uint32_t from, uint32_t to) {
    struct parser outer = *p;
    p->lexer.at = from;
    p->lexer.end = to;
    p->lexer.brackets = 1;
    p->lexer.bracket_at = from;
    p->lexer.line_begins = false;
    p->lexer.dedents = 0;
    next(p);
    expr e = parse_tuple(p);
    bool whole = p->lexer.at >= to && (p->token.kind == TOKEN_ERROR || p->token.kind == TOKEN_END);
    bool open = !e && p->error && p->error->kind == ERROR_INCOMPLETE; // the string is closed: more lines do not help
    if (open) error_clear(p->error);
    if (open || (e && !whole)) fail_at(p, from, to, "this part of the f-string is not an expression", "");
    // The end of the part looks to the lexer like a bracket left open; that is no error here.
    if (e && whole) error_clear(p->error);
    p->lexer = outer.lexer;
    p->token = outer.token;
    p->last_end = outer.last_end;
    return whole ? e : NULL;
}

// Where the expression that begins at `at` ends: at a colon, an exclamation mark or the brace outside brackets and
// strings.
static uint32_t embedded_end(const char *text, uint32_t at, uint32_t to) {
    int depth = 0;
    char quote = 0;
    for (; at < to; at++) {
        char c = text[at];
        if (quote) {
            if (c == quote) quote = 0;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '(' || c == '[' || c == '{') {
            depth++;
        } else if (depth && (c == ')' || c == ']' || c == '}')) {
            depth--;
        } else if (!depth && (c == '}' || c == ':' || (c == '!' && text[at + 1] != '='))) {
            break;
        }
    }
    return at;
}

static bool add_formatted(struct parser *p, struct list *parts, uint32_t *at, uint32_t to);

// What stands behind the colon: a text, or several parts when there are braces in it, as in {x:{width}}.
static expr parse_specification(struct parser *p, uint32_t from, uint32_t to) {
    const char *text = p->module->source->text;
    if (from >= to || !memchr(text + from, '{', to - from))
        return unescape(p, from, to > from ? to : from, true, false);
    struct list parts;
    list_start(&parts);
    bool ok = true;
    for (uint32_t at = from; ok && at < to;) {
        uint32_t literal = at;
        while (at < to && text[at] != '{') at++;
        expr part = at > literal ? unescape(p, literal, at, true, false) : NULL;
        if (at > literal) ok = part && list_add(p, &parts, &part, sizeof part);
        ok = ok && (at >= to || add_formatted(p, &parts, &at, to));
    }
    uint32_t count = (uint32_t)parts.count;
    expr *part = list_take(p, &parts, sizeof(expr));
    expr e = ok && part ? new_expr(p, EXPR_FORMAT, from) : NULL;
    if (!e) return NULL;
    e->item = part;
    e->count = count;
    e->end = to;
    return e;
}

// The end of the expression itself in {expression=}; `end` if there is no such sign.
static uint32_t before_equals(const char *text, uint32_t from, uint32_t end) {
    uint32_t at = end;
    while (at > from && text[at - 1] == ' ') at--;
    bool equals = at > from + 1 && text[at - 1] == '=' && !strchr("=!<>", text[at - 2]);
    return equals ? at - 1 : end;
}

static bool bad_conversion(struct parser *p, uint32_t at) {
    return fail_at(p, at, at + 1, "the conversion behind the ! is r or s", ""), false;
}

// {expression!conversion:specification}; of {expression=} the text is a part too.
static bool add_formatted(struct parser *p, struct list *parts, uint32_t *at, uint32_t to) {
    const char *text = p->module->source->text;
    uint32_t from = *at + 1, end = embedded_end(text, from, to), close = end, spec = end;
    for (int depth = 0; close < to && (depth || text[close] != '}'); close++)
        depth += text[close] == '{' ? 1 : text[close] == '}' ? -1 : 0;
    if (close >= to)
        return fail_at(p, *at, *at + 1, "this { of the f-string is not closed", "write {{ for a brace"), false;
    if (end == from) return fail_at(p, *at, close + 1, "an expression is missing between the braces", ""), false;
    uint32_t inner_end = before_equals(text, from, end);
    expr inner = parse_embedded(p, from, inner_end), label = NULL;
    expr e = inner ? new_expr(p, EXPR_FORMATTED, from) : NULL;
    if (!e) return false;
    e->op = inner_end < end && end == close ? 'r' : 0;
    if (text[spec] == '!') {
        e->op = (uint8_t)text[spec + 1];
        if (e->op != 'r' && e->op != 's') return bad_conversion(p, spec + 1);
        spec += 2;
        if (spec != close && text[spec] != ':') return bad_conversion(p, spec);
    }
    if (spec < close && text[spec] == ':') spec++;
    e->left = inner;
    e->specification = parse_specification(p, spec, close);
    *at = close + 1;
    if (inner_end < end && !(label = unescape(p, from, end, true, false))) return false;
    return e->specification && (!label || list_add(p, parts, &label, sizeof label)) && list_add(p, parts, &e, sizeof e);
}

static bool add_string_parts(struct parser *p, const struct token *t, struct list *parts) {
    const char *text = p->module->source->text;
    uint32_t from = t->begin, to = t->end - (t->triple ? 3 : 1);
    while (text[from] != '\'' && text[from] != '"') from++;
    from += t->triple ? 3 : 1;
    if (t->prefix != 'f') {
        expr whole = unescape(p, from, to, t->raw, false);
        return whole && list_add(p, parts, &whole, sizeof whole);
    }
    for (uint32_t at = from; at < to;) {
        uint32_t literal = at;
        while (at < to && !(text[at] == '{' && text[at + 1] != '{')) {
            if (text[at] == '}' && text[at + 1] != '}')
                return fail_at(p, at, at + 1, "a } stands alone in this f-string", "write }} for a brace"), false;
            at += text[at] == '{' || text[at] == '}' ? 2 : 1;
        }
        expr part = at > literal ? unescape(p, literal, at, t->raw, true) : NULL;
        if (at > literal && (!part || !list_add(p, parts, &part, sizeof part))) return false;
        if (at >= to) break;
        if (!add_formatted(p, parts, &at, to)) return false;
    }
    return true;
}

// One string or several beside each other.
static APART expr parse_string(struct parser *p) {
    uint32_t begin = p->token.begin;
    struct list parts;
    list_start(&parts);
    while (p->token.kind == TOKEN_STRING) {
        struct token t = p->token;
        if (t.prefix == 'b') return list_drop(&parts), refuse(p, "a bytes literal", "");
        if (!add_string_parts(p, &t, &parts)) return list_drop(&parts), NULL;
        next(p);
    }
    uint32_t count = (uint32_t)parts.count;
    expr *part = list_take(p, &parts, sizeof(expr));
    if (!part) return NULL;
    if (count == 1 && part[0]->kind == EXPR_STRING) {
        part[0]->begin = begin;
        part[0]->end = p->last_end;
        return part[0];
    }
    expr e = new_expr(p, EXPR_FORMAT, begin);
    if (!e) return NULL;
    e->item = part;
    e->count = count;
    return e;
}

// ---- primaries ----------------------------------------------------------------------------------------------------

static expr parse_name(struct parser *p) {
    uint32_t begin = p->token.begin;
    symbol name = p->token.name;
    next(p);
    expr e = new_expr(p, EXPR_NAME, begin);
    if (!e) return NULL;
    e->name = name;
    e->slot = slot_for(p, name);
    return p->scope && e->slot == SLOT_GLOBAL ? NULL : e;
}

static APART expr parse_number(struct parser *p) {
    uint32_t begin = p->token.begin;
    double number = p->token.number;
    bool integer = p->token.integer;
    next(p);
    expr e = new_expr(p, EXPR_NUMBER, begin);
    if (!e) return NULL;
    e->number = number;
    e->integer = integer;
    return e;
}

static APART expr parse_constant(struct parser *p, enum expression_kind kind) {
    uint32_t begin = p->token.begin;
    next(p);
    return new_expr(p, kind, begin);
}

static APART expr parse_bracket(struct parser *p, enum token_kind close, enum expression_kind kind) {
    uint32_t begin = p->token.begin;
    next(p);
    return parse_items(p, begin, close, kind);
}

static expr parse_atom(struct parser *p) {
    switch (p->token.kind) {
    case TOKEN_NAME:
        return parse_name(p);
    case TOKEN_NUMBER:
        return parse_number(p);
    case TOKEN_STRING:
        return parse_string(p);
    case TOKEN_TRUE:
        return parse_constant(p, EXPR_TRUE);
    case TOKEN_FALSE:
        return parse_constant(p, EXPR_FALSE);
    case TOKEN_NONE:
        return parse_constant(p, EXPR_NONE);
    case TOKEN_LPAREN:
        return parse_bracket(p, TOKEN_RPAREN, EXPR_TUPLE);
    case TOKEN_LBRACKET:
        return parse_bracket(p, TOKEN_RBRACKET, EXPR_LIST);
    case TOKEN_STAR:
        return refuse(p, "a starred expression", "name the elements one by one");
    case TOKEN_POWER:
        return refuse(p, "** before an argument", "");
    default:
        return unexpected(p, "an expression", "");
    }
}

// `keywords` are those of the last arguments, which alone may have some.
static bool add_argument(struct parser *p, struct list *items, struct list *keywords) {
    symbol keyword = 0;
    if (p->token.kind == TOKEN_NAME && lex_assign_follows(&p->lexer)) {
        keyword = p->token.name;
        next(p), next(p);
    } else if (keywords->count) {
        fail_at(p, p->token.begin, p->token.end, "a positional argument follows a keyword argument", "");
        return false;
    }
    uint32_t begin = p->token.begin;
    expr item = parse_expression(p);
    if (item && p->token.kind == TOKEN_FOR) item = parse_comprehension(p, begin, item);
    return item && list_add(p, items, &item, sizeof item) &&
           (!keyword || list_add(p, keywords, &keyword, sizeof keyword));
}

// Keywords by argument; NULL when there are none, or with an error.
static symbol *take_keywords(struct parser *p, struct list *keywords, uint32_t arguments) {
    if (!keywords->count) return NULL;
    symbol *keyword = arena_alloc(p->arena, arguments * sizeof *keyword);
    if (!keyword) return fail_memory(p);
    memcpy(keyword + arguments - keywords->count, keywords->data, keywords->count * sizeof *keyword);
    return keyword;
}

static APART expr parse_call(struct parser *p, expr callee) {
    struct list items, keywords;
    list_start(&items), list_start(&keywords);
    bool ok = true;
    next(p);
    while (ok && p->token.kind != TOKEN_RPAREN) {
        ok = add_argument(p, &items, &keywords);
        if (ok && !accept(p, TOKEN_COMMA)) break;
    }
    ok = ok && expect(p, TOKEN_RPAREN, "`)` or `,`", "");
    uint32_t count = (uint32_t)items.count;
    bool named = keywords.count > 0;
    symbol *keyword = ok ? take_keywords(p, &keywords, count) : NULL;
    expr *item = list_take(p, &items, sizeof(expr));
    list_drop(&keywords);
    expr e = ok && item && (keyword || !named) ? new_expr(p, EXPR_CALL, callee->begin) : NULL;
    if (!e) return NULL;
    e->left = callee;
    e->item = item;
    e->keyword = keyword;
    e->count = count;
    return e;
}

static expr new_slice(struct parser *p, expr left, uint32_t begin, expr part[3]) {
    expr e = new_expr(p, EXPR_SLICE, begin);
    if (!e) return NULL;
    e->left = left;
    e->item = arena_alloc(p->arena, 3 * sizeof *e->item);
    if (!e->item) return fail_memory(p);
    memcpy(e->item, part, 3 * sizeof *e->item);
    e->count = 3;
    return e;
}

static APART expr parse_ellipsis(struct parser *p) {
    uint32_t begin = p->token.begin;
    for (int i = 0; i < 3; i++)
        if (!accept(p, TOKEN_DOT)) return unexpected(p, "`...`", "");
    return new_expr(p, EXPR_ELLIPSIS, begin);
}

// One part of a subscript: an expression, a slice or an ellipsis. NULL without an error: nothing is there.
static expr parse_part(struct parser *p, bool *ok) {
    expr part[3] = {0};
    int colons = 0;
    uint32_t begin = p->token.begin;
    expr e = NULL;
    if (p->token.kind == TOKEN_DOT) return *ok = (e = parse_ellipsis(p)) != NULL, e;
    while (p->token.kind != TOKEN_RBRACKET && p->token.kind != TOKEN_COMMA) {
        if (p->token.kind == TOKEN_COLON && colons < 2) {
            colons++;
            next(p);
        } else if (!part[colons]) {
            if (!(part[colons] = parse_expression(p))) return *ok = false, NULL;
        } else {
            break;
        }
    }
    if (!colons) return part[0];
    e = new_slice(p, NULL, begin, part);
    return *ok = e != NULL, e;
}

static expr new_subscript(struct parser *p, expr left, struct list *parts, bool comma) {
    uint32_t count = (uint32_t)parts->count;
    expr *part = list_take(p, parts, sizeof(expr));
    if (!part) return NULL;
    bool single = count == 1 && !comma;
    if (single && part[0]->kind == EXPR_SLICE) {
        part[0]->left = left;
        part[0]->begin = left->begin;
        part[0]->end = p->last_end;
        return part[0];
    }
    bool index = single && part[0]->kind != EXPR_ELLIPSIS;
    expr e = new_expr(p, index ? EXPR_INDEX : EXPR_SUBSCRIPT, left->begin);
    if (!e) return NULL;
    e->left = left;
    if (index) return e->right = part[0], e;
    e->item = part;
    e->count = count;
    return e;
}

static APART expr parse_subscript(struct parser *p, expr left) {
    struct list parts;
    list_start(&parts);
    bool ok = true, comma = false;
    next(p);
    while (ok && p->token.kind != TOKEN_RBRACKET) {
        expr part = parse_part(p, &ok);
        if (!part) break;
        ok = list_add(p, &parts, &part, sizeof part);
        if (!ok || !accept(p, TOKEN_COMMA)) break;
        comma = true;
    }
    ok = ok && expect(p, TOKEN_RBRACKET, "`]`", "");
    if (ok && !parts.count) ok = fail_at(p, left->begin, p->last_end, "an index is missing", "");
    if (ok) return new_subscript(p, left, &parts, comma);
    list_drop(&parts);
    return NULL;
}

static APART expr parse_attribute(struct parser *p, expr left) {
    next(p);
    if (p->token.kind != TOKEN_NAME) return unexpected(p, "a name", "");
    symbol name = p->token.name;
    next(p);
    expr e = new_expr(p, EXPR_ATTRIBUTE, left->begin);
    if (!e) return NULL;
    e->left = left;
    e->name = name;
    return e;
}

// `first`, here and below: the atom it begins with if that is read already, else NULL.
static expr parse_primary(struct parser *p, expr first) {
    if (!deeper_at(p, first)) return NULL;
    int depth = p->depth;
    expr e = first ? first : parse_atom(p);
    while (e) {
        if (p->token.kind == TOKEN_LPAREN)
            e = parse_call(p, e);
        else if (p->token.kind == TOKEN_LBRACKET)
            e = parse_subscript(p, e);
        else if (p->token.kind == TOKEN_DOT)
            e = parse_attribute(p, e);
        else
            break;
        if (e && !deeper(p)) e = NULL;
    }
    p->depth = depth - 1;
    return e;
}

// ---- operators ----------------------------------------------------------------------------------------------------

// ** binds tighter than a minus on its left and looser than one on its right: -x**-y is -(x**(-y)).
static expr parse_power(struct parser *p, expr first) {
    expr base = parse_primary(p, first);
    if (!base || p->token.kind != TOKEN_POWER) return base;
    if (!deeper(p)) return NULL;
    next(p);
    expr exponent = parse_unary(p, NULL);
    p->depth--;
    expr e = exponent ? new_expr(p, EXPR_BINARY, base->begin) : NULL;
    if (!e) return NULL;
    e->op = OP_POW;
    e->left = base;
    e->right = exponent;
    return e;
}

static APART expr parse_signed(struct parser *p) {
    uint32_t begin = p->token.begin;
    bool minus = p->token.kind == TOKEN_MINUS;
    if (!deeper(p)) return NULL;
    next(p);
    expr operand = parse_unary(p, NULL);
    p->depth--;
    if (!operand) return NULL;
    if (minus && operand->kind == EXPR_NUMBER && !operand->parenthesized) {
        operand->number = -operand->number;
        operand->begin = begin;
        operand->parenthesized = true;
        return operand;
    }
    expr e = new_expr(p, minus ? EXPR_NEGATE : EXPR_PLUS, begin);
    if (e) e->left = operand;
    return e;
}

static expr parse_unary(struct parser *p, expr first) {
    bool sign = !first && (p->token.kind == TOKEN_MINUS || p->token.kind == TOKEN_PLUS);
    return sign ? parse_signed(p) : parse_power(p, first);
}

// How tightly infix operators bind, from the loosest on; `not` stands before its operand.
enum level { LEVEL_NONE, LEVEL_OR, LEVEL_AND, LEVEL_NOT, LEVEL_COMPARE, LEVEL_SUM, LEVEL_PRODUCT };

static const struct infix {
    uint8_t level, op; // enum level, enum op of a sum or product
} infixes[TOKEN_NOT_EQUAL + 1] = {
    [TOKEN_OR] = {LEVEL_OR, 0},
    [TOKEN_AND] = {LEVEL_AND, 0},
    [TOKEN_NOT] = {LEVEL_COMPARE, 0}, // if `in` follows
    [TOKEN_IN] = {LEVEL_COMPARE, 0},
    [TOKEN_IS] = {LEVEL_COMPARE, 0},
    [TOKEN_LESS... TOKEN_NOT_EQUAL] = {LEVEL_COMPARE, 0},
    [TOKEN_PLUS] = {LEVEL_SUM, OP_ADD},
    [TOKEN_MINUS] = {LEVEL_SUM, OP_SUB},
    [TOKEN_STAR] = {LEVEL_PRODUCT, OP_MUL},
    [TOKEN_SLASH] = {LEVEL_PRODUCT, OP_DIV},
    [TOKEN_FLOORDIV] = {LEVEL_PRODUCT, OP_FLOORDIV},
    [TOKEN_PERCENT] = {LEVEL_PRODUCT, OP_MOD},
    [TOKEN_AT] = {LEVEL_PRODUCT, OP_COUNT}, // between matrices; refused by the tracer for scalars
};

static expr parse_level(struct parser *p, enum level level, expr first);

static expr parse_binary(struct parser *p, expr left, struct infix infix) {
    next(p);
    expr right = parse_level(p, (enum level)(infix.level + 1), NULL);
    expr e = right ? new_expr(p, EXPR_BINARY, left->begin) : NULL;
    if (!e) return NULL;
    e->op = infix.op;
    e->left = left;
    e->right = right;
    return e;
}

// The comparison that begins at the current token; -1 if there is none. Reads it.
static int read_comparison(struct parser *p) {
    enum token_kind kind = (enum token_kind)p->token.kind;
    if (kind >= TOKEN_LESS && kind <= TOKEN_NOT_EQUAL) return next(p), (int)(kind - TOKEN_LESS);
    if (kind == TOKEN_IN) return next(p), CMP_IN;
    if (kind == TOKEN_IS) {
        next(p);
        return accept(p, TOKEN_NOT) ? CMP_IS_NOT : CMP_IS;
    }
    if (kind == TOKEN_NOT && look(p) == TOKEN_IN) return next(p), next(p), CMP_NOT_IN;
    return -1;
}

// `first` itself if no comparison follows.
static APART expr parse_comparison(struct parser *p, expr first) {
    int comparison = read_comparison(p);
    if (comparison < 0) return first;
    struct list items, compares;
    list_start(&items);
    list_start(&compares);
    bool ok = list_add(p, &items, &first, sizeof first);
    for (; ok && comparison >= 0; comparison = ok ? read_comparison(p) : -1) {
        uint8_t compare = (uint8_t)comparison;
        expr item = parse_level(p, LEVEL_SUM, NULL);
        ok = item && list_add(p, &items, &item, sizeof item) && list_add(p, &compares, &compare, 1);
    }
    uint32_t count = (uint32_t)items.count;
    expr *item = list_take(p, &items, sizeof(expr));
    uint8_t *compare = list_take(p, &compares, 1);
    expr e = ok && item && compare ? new_expr(p, EXPR_COMPARE, first->begin) : NULL;
    if (!e) return NULL;
    e->item = item;
    e->compare = compare;
    e->count = count;
    return e;
}

static APART expr parse_not(struct parser *p) {
    uint32_t begin = p->token.begin;
    if (!deeper(p)) return NULL;
    next(p);
    expr operand = parse_level(p, LEVEL_NOT, NULL);
    p->depth--;
    expr e = operand ? new_expr(p, EXPR_NOT, begin) : NULL;
    if (e) e->left = operand;
    return e;
}

static APART expr parse_junction(struct parser *p, expr first, enum level level) {
    enum token_kind word = level == LEVEL_OR ? TOKEN_OR : TOKEN_AND;
    struct list items;
    list_start(&items);
    bool ok = list_add(p, &items, &first, sizeof first);
    while (ok && accept(p, word)) {
        expr item = parse_level(p, (enum level)(level + 1), NULL);
        ok = item && list_add(p, &items, &item, sizeof item);
    }
    uint32_t count = (uint32_t)items.count;
    expr *item = list_take(p, &items, sizeof(expr));
    expr e = ok && item ? new_expr(p, level == LEVEL_OR ? EXPR_OR : EXPR_AND, first->begin) : NULL;
    if (!e) return NULL;
    e->item = item;
    e->count = count;
    return e;
}

// An expression whose infix operators bind at least as tightly as `level`.
static expr parse_level(struct parser *p, enum level level, expr first) {
    bool negated = level <= LEVEL_NOT && !first && p->token.kind == TOKEN_NOT;
    expr left = negated ? parse_not(p) : parse_unary(p, first);
    while (left) {
        struct infix infix = infixes[p->token.kind];
        if (infix.level < level) break;
        expr e = infix.level >= LEVEL_SUM       ? parse_binary(p, left, infix)
                 : infix.level == LEVEL_COMPARE ? parse_comparison(p, left)
                                                : parse_junction(p, left, (enum level)infix.level);
        if (e == left) break;
        left = e;
    }
    return left;
}

static expr parse_or(struct parser *p) { return parse_level(p, LEVEL_OR, NULL); }

static APART expr parse_conditional(struct parser *p, expr value) {
    next(p);
    expr condition = parse_or(p);
    if (!condition || !expect(p, TOKEN_ELSE, "`else`", "a conditional expression is A if CONDITION else B"))
        return NULL;
    expr otherwise = parse_expression(p);
    expr e = otherwise ? new_expr(p, EXPR_CONDITIONAL, value->begin) : NULL;
    if (!e) return NULL;
    e->item = arena_alloc(p->arena, 3 * sizeof(expr));
    if (!e->item) return fail_memory(p);
    e->item[0] = value, e->item[1] = condition, e->item[2] = otherwise;
    e->count = 3;
    return e;
}

static bool ends_expression(uint8_t kind) {
    return kind == TOKEN_NEWLINE || kind == TOKEN_RPAREN || kind == TOKEN_COMMA || kind == TOKEN_RBRACKET ||
           kind == TOKEN_ASSIGN;
}

static bool is_lambda(struct parser *p) {
    return p->token.kind == TOKEN_REFUSED && strcmp(symbol_text(p->symbols, p->token.name), "lambda") == 0;
}

static expr parse_expression(struct parser *p) {
    expr first = NULL;
    if (p->token.kind == TOKEN_NAME || p->token.kind == TOKEN_NUMBER) {
        first = parse_atom(p);
        if (!first || ends_expression(p->token.kind)) return first; // most often
    }
    if (is_lambda(p)) return parse_lambda(p);
    if (!deeper_at(p, first)) return NULL;
    expr e = parse_level(p, LEVEL_OR, first);
    if (e && p->token.kind == TOKEN_IF) e = parse_conditional(p, e);
    p->depth--;
    return e;
}

// Goes on after a first item: item, item, ... without brackets.
static expr parse_rest(struct parser *p, expr first, expr (*parse)(struct parser *)) {
    if (!first || p->token.kind != TOKEN_COMMA) return first;
    struct list items;
    list_start(&items);
    bool ok = list_add(p, &items, &first, sizeof first);
    while (ok && accept(p, TOKEN_COMMA) && starts_expression((enum token_kind)p->token.kind)) {
        expr item = parse(p);
        ok = item && list_add(p, &items, &item, sizeof item);
    }
    uint32_t count = (uint32_t)items.count;
    expr *item = list_take(p, &items, sizeof(expr));
    expr e = ok && item ? new_expr(p, EXPR_TUPLE, first->begin) : NULL;
    if (!e) return NULL;
    e->item = item;
    e->count = count;
    return e;
}

static expr parse_tuple(struct parser *p) { return parse_rest(p, parse_expression(p), parse_expression); }
static expr parse_target(struct parser *p) { return parse_primary(p, NULL); }
static expr parse_targets(struct parser *p) { return parse_rest(p, parse_target(p), parse_target); }

// ---- statements ---------------------------------------------------------------------------------------------------

typedef struct statement *stmt;

static bool parse_block(struct parser *p, struct block *block);

static size_t statement_size(enum statement_kind kind) {
    bool simple = kind == STMT_EXPRESSION || kind == STMT_ASSIGN || kind == STMT_AUGMENTED || kind == STMT_RETURN;
    return simple ? offsetof(struct statement, body) : sizeof(struct statement);
}

static stmt new_stmt(struct parser *p, enum statement_kind kind, uint32_t begin) {
    stmt s = arena_alloc(p->arena, statement_size(kind));
    if (!s) return fail_memory(p);
    s->kind = (uint8_t)kind;
    s->begin = begin;
    return s;
}

static stmt finish(const struct parser *p, stmt s) {
    if (s) s->end = p->last_end;
    return s;
}

static stmt new_assignment(struct parser *p, expr *target, uint32_t count, expr value) {
    stmt s = new_stmt(p, STMT_ASSIGN, target[0]->begin);
    if (!s) return NULL;
    s->target = target;
    s->count = count;
    s->value = value;
    name_lambda(p, target[0], value);
    return s;
}

// ... = target = value, after first = value.
static APART stmt parse_chain(struct parser *p, expr first, expr value) {
    struct list targets;
    list_start(&targets);
    bool ok = list_add(p, &targets, &first, sizeof first);
    while (ok && accept(p, TOKEN_ASSIGN))
        ok = bind_names(p, value, 1) && list_add(p, &targets, &value, sizeof value) && (value = parse_tuple(p));
    uint32_t count = (uint32_t)targets.count;
    expr *target = list_take(p, &targets, sizeof(expr));
    return ok && target ? new_assignment(p, target, count, value) : NULL;
}

// target = target = ... = value; the first target is read and the current token is `=`.
static stmt parse_assignment(struct parser *p, expr first) {
    next(p);
    expr value = bind_names(p, first, 1) ? parse_tuple(p) : NULL;
    if (!value) return NULL;
    if (p->token.kind == TOKEN_ASSIGN) return parse_chain(p, first, value);
    expr *target = arena_alloc(p->arena, sizeof *target);
    if (!target) return fail_memory(p);
    *target = first;
    return new_assignment(p, target, 1, value);
}

static APART stmt parse_augmented(struct parser *p, expr target) {
    static const uint8_t op[] = {OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_POW, OP_FLOORDIV, OP_MOD, OP_COUNT};
    stmt s = new_stmt(p, STMT_AUGMENTED, target->begin);
    if (!s) return NULL;
    s->op = op[p->token.kind - TOKEN_PLUS_ASSIGN];
    next(p);
    if (target->kind == EXPR_TUPLE || target->kind == EXPR_LIST)
        return fail_at(p, target->begin, target->end, "an augmented assignment has one target", "");
    if (!bind_names(p, target, 1)) return NULL;
    s->target = arena_alloc(p->arena, 2 * sizeof(expr));
    if (!s->target) return fail_memory(p);
    s->target[0] = target;
    s->count = 1;
    s->value = parse_tuple(p);
    s->target[1] = s->value ? new_expr(p, EXPR_BINARY, target->begin) : NULL; // where the operation stands
    return s->target[1] ? s : NULL;
}

// A type hint, read over: any expression.
static bool skip_hint(struct parser *p) { return parse_expression(p) != NULL; }

static stmt parse_simple_expression(struct parser *p) {
    expr e = parse_tuple(p);
    if (!e) return NULL;
    if (p->token.kind == TOKEN_COLON && e->kind == EXPR_NAME) { // x: float = 2
        next(p);
        struct scope *scope = p->scope;
        p->scope = NULL; // names in hints are not the function's
        bool ok = skip_hint(p);
        p->scope = scope;
        if (!ok) return NULL;
        if (p->token.kind != TOKEN_ASSIGN) return new_stmt(p, STMT_PASS, e->begin);
    }
    if (p->token.kind == TOKEN_ASSIGN) return parse_assignment(p, e);
    if (p->token.kind >= TOKEN_PLUS_ASSIGN && p->token.kind <= TOKEN_AT_ASSIGN) return parse_augmented(p, e);
    stmt s = new_stmt(p, STMT_EXPRESSION, e->begin);
    if (s) s->value = e;
    return s;
}

static APART stmt parse_return(struct parser *p) {
    uint32_t begin = p->token.begin;
    if (!p->scope) return fail_at(p, begin, p->token.end, "`return` outside a function", "");
    stmt s = new_stmt(p, STMT_RETURN, begin);
    next(p);
    if (s && starts_expression((enum token_kind)p->token.kind) && !(s->value = parse_tuple(p))) return NULL;
    return s;
}

static APART stmt parse_loop_word(struct parser *p, enum statement_kind kind) {
    if (!p->loops)
        return fail_at(p, p->token.begin, p->token.end,
                       kind == STMT_BREAK ? "`break` outside a loop" : "`continue` outside a loop", "");
    stmt s = new_stmt(p, kind, p->token.begin);
    next(p);
    return s;
}

// a.b.c as one symbol.
static symbol parse_dotted(struct parser *p) {
    if (p->token.kind != TOKEN_NAME) return unexpected(p, "a module's name", ""), 0;
    uint32_t begin = p->token.begin, end = p->token.end;
    next(p);
    while (p->token.kind == TOKEN_DOT) {
        next(p);
        if (p->token.kind != TOKEN_NAME) return unexpected(p, "a name", ""), 0;
        end = p->token.end;
        next(p);
    }
    symbol name = symbol_of(p->symbols, p->module->source->text + begin, end - begin);
    if (!name) fail_memory(p);
    return name;
}

static bool parse_as(struct parser *p, struct import_name *import) {
    import->as = import->name;
    if (!accept(p, TOKEN_AS)) return true;
    if (p->token.kind != TOKEN_NAME) return unexpected(p, "a name", ""), false;
    import->as = p->token.name;
    next(p);
    return true;
}

static stmt import_done(struct parser *p, stmt s, struct list *names, bool ok) {
    s->count = (uint32_t)names->count;
    s->import = list_take(p, names, sizeof(struct import_name));
    return ok && s->import ? s : NULL;
}

static APART stmt parse_import(struct parser *p) {
    stmt s = new_stmt(p, STMT_IMPORT, p->token.begin);
    struct list names;
    list_start(&names);
    bool ok = s != NULL;
    do {
        next(p);
        struct import_name import = {.span = span_of(p, p->token.begin, p->token.end)};
        ok = ok && (import.name = parse_dotted(p)) && parse_as(p, &import) &&
             list_add(p, &names, &import, sizeof import);
    } while (ok && p->token.kind == TOKEN_COMMA);
    return s ? import_done(p, s, &names, ok) : NULL;
}

static APART stmt parse_from(struct parser *p) {
    stmt s = new_stmt(p, STMT_IMPORT, p->token.begin);
    struct list names;
    list_start(&names);
    next(p);
    if (!s || !(s->module = parse_dotted(p))) return NULL;
    if (p->token.kind != TOKEN_IMPORT) return unexpected(p, "`import`", "");
    next(p);
    if (p->token.kind == TOKEN_STAR) {
        struct import_name all = {.span = span_of(p, p->token.begin, p->token.end)};
        next(p);
        return import_done(p, s, &names, list_add(p, &names, &all, sizeof all));
    }
    bool bracket = accept(p, TOKEN_LPAREN), ok = true;
    do {
        if (bracket && p->token.kind == TOKEN_RPAREN) break;
        struct import_name import = {.name = p->token.name, .span = span_of(p, p->token.begin, p->token.end)};
        ok = p->token.kind == TOKEN_NAME || unexpected(p, "a name", "");
        if (ok) next(p);
        ok = ok && parse_as(p, &import) && list_add(p, &names, &import, sizeof import);
    } while (ok && accept(p, TOKEN_COMMA));
    ok = ok && (!bracket || expect(p, TOKEN_RPAREN, "`)`", ""));
    return import_done(p, s, &names, ok);
}

static APART stmt parse_assert(struct parser *p) {
    stmt s = new_stmt(p, STMT_ASSERT, p->token.begin);
    next(p);
    if (!s || !(s->value = parse_expression(p))) return NULL;
    if (!accept(p, TOKEN_COMMA)) return s;
    s->target = arena_alloc(p->arena, sizeof(expr));
    if (!s->target) return fail_memory(p);
    s->count = 1;
    return (s->target[0] = parse_expression(p)) ? s : NULL;
}

static stmt parse_small(struct parser *p) {
    switch (p->token.kind) {
    case TOKEN_RETURN:
        return parse_return(p);
    case TOKEN_BREAK:
        return parse_loop_word(p, STMT_BREAK);
    case TOKEN_CONTINUE:
        return parse_loop_word(p, STMT_CONTINUE);
    case TOKEN_PASS: {
        stmt s = new_stmt(p, STMT_PASS, p->token.begin);
        next(p);
        return s;
    }
    case TOKEN_IMPORT:
        return parse_import(p);
    case TOKEN_FROM:
        return parse_from(p);
    case TOKEN_ASSERT:
        return parse_assert(p);
    default:
        return parse_simple_expression(p);
    }
}

// ---- compound statements ------------------------------------------------------------------------------------------

static APART stmt parse_if(struct parser *p) {
    stmt s = new_stmt(p, STMT_IF, p->token.begin);
    struct list conditions, blocks;
    list_start(&conditions);
    list_start(&blocks);
    bool ok = s != NULL;
    do {
        next(p); // if, elif
        struct block block = {0};
        expr condition = ok ? parse_expression(p) : NULL;
        if (condition && p->token.kind == TOKEN_ASSIGN)
            condition = fail_at(p, p->token.begin, p->token.end, "`=` assigns; a comparison is ==", "");
        ok = condition && list_add(p, &conditions, &condition, sizeof condition) && parse_block(p, &block) &&
             list_add(p, &blocks, &block, sizeof block);
    } while (ok && p->token.kind == TOKEN_ELIF);
    if (ok && accept(p, TOKEN_ELSE)) ok = parse_block(p, &s->otherwise);
    uint32_t count = (uint32_t)conditions.count;
    expr *condition = list_take(p, &conditions, sizeof(expr));
    struct block *block = list_take(p, &blocks, sizeof(struct block));
    if (!ok || !condition || !block) return NULL;
    s->target = condition;
    s->body = block;
    s->count = count;
    return s;
}

static APART stmt parse_loop(struct parser *p, enum statement_kind kind) {
    stmt s = new_stmt(p, kind, p->token.begin);
    if (!s || !(s->body = arena_alloc(p->arena, sizeof *s->body)) || !(s->target = arena_alloc(p->arena, sizeof(expr))))
        return fail_memory(p);
    next(p);
    if (kind == STMT_FOR) {
        s->count = 1;
        s->target[0] = parse_targets(p);
        if (!s->target[0] || !bind_names(p, s->target[0], 1)) return NULL;
        if (!expect(p, TOKEN_IN, "`in`", "a loop is: for NAME in range(N):")) return NULL;
    }
    if (!(s->value = parse_tuple(p))) return NULL;
    p->loops++;
    bool ok = parse_block(p, s->body);
    p->loops--;
    if (ok && accept(p, TOKEN_ELSE)) ok = parse_block(p, &s->otherwise);
    return ok ? s : NULL;
}

// A / or a lone * among the parameters.
static bool parse_divider(struct parser *p, struct function *f, uint32_t before) {
    struct token t = p->token;
    bool star = t.kind == TOKEN_STAR;
    bool wrong = star ? f->placed != UINT32_MAX : f->nameless || before == 0 || f->placed != UINT32_MAX;
    next(p);
    if (star && p->token.kind != TOKEN_COMMA)
        wrong = true;
    else
        *(star ? &f->placed : &f->nameless) = before;
    if (!wrong) return true;
    fail_at(p, t.begin, t.end, star ? "a * here needs a parameter after it" : "this / has no place here", "");
    return false;
}

static bool is_divider(struct parser *p) {
    if (p->token.kind == TOKEN_SLASH) return true;
    return p->token.kind == TOKEN_STAR && look(p) != TOKEN_NAME;
}

static bool parse_parameter(struct parser *p, struct function *f, struct list *parameters, bool lambda) {
    struct token t = p->token;
    if (is_divider(p)) return parse_divider(p, f, (uint32_t)parameters->count);
    if (t.kind == TOKEN_STAR || t.kind == TOKEN_POWER)
        return refuse(p, t.kind == TOKEN_STAR ? "a starred parameter" : "a ** parameter", "pass a list"), false;
    if (t.kind != TOKEN_NAME) return unexpected(p, "a parameter's name", ""), false;
    struct parameter parameter = {.name = t.name, .span = span_of(p, t.begin, t.end)};
    for (size_t i = 0; i < parameters->count; i++)
        if (((struct parameter *)parameters->data)[i].name == t.name)
            return fail_at(p, t.begin, t.end, "two parameters have this name", ""), false;
    next(p);
    struct scope *scope = p->scope;
    p->scope = NULL; // names in hints are no function's
    bool ok = lambda || !accept(p, TOKEN_COLON) || skip_hint(p);
    p->scope = scope;
    if (ok && accept(p, TOKEN_ASSIGN)) ok = (parameter.standard = parse_expression(p)) != NULL;
    const struct parameter *all = parameters->data;
    bool placed = f->placed == UINT32_MAX;
    if (ok && placed && !parameter.standard && parameters->count && all[parameters->count - 1].standard)
        return fail_at(p, t.begin, t.end, "a parameter without a default follows one with a default", ""), false;
    return ok && list_add(p, parameters, &parameter, sizeof parameter);
}

// Up to the closing bracket, or to a lambda's colon, which is read too.
static bool parse_parameters(struct parser *p, struct function *f, bool lambda) {
    struct list parameters;
    enum token_kind close = lambda ? TOKEN_COLON : TOKEN_RPAREN;
    list_start(&parameters);
    f->placed = UINT32_MAX;
    bool ok = lambda || expect(p, TOKEN_LPAREN, "`(`", "a function is: def NAME(PARAMETERS):");
    while (ok && p->token.kind != close) {
        ok = parse_parameter(p, f, &parameters, lambda);
        if (ok && !accept(p, TOKEN_COMMA)) break;
    }
    ok = ok && expect(p, close, lambda ? "`:`" : "`)`", lambda ? "a lambda is: lambda PARAMETERS: EXPRESSION" : "");
    f->parameter_count = (uint32_t)parameters.count;
    f->parameter = list_take(p, &parameters, sizeof(struct parameter));
    if (f->placed > f->parameter_count) f->placed = f->parameter_count;
    if (ok && !lambda && accept(p, TOKEN_ARROW)) ok = skip_hint(p);
    return ok && f->parameter;
}

static const char *doc_of(struct parser *p, const struct block *body) {
    const struct statement *first = body->count ? body->statement[0] : NULL;
    if (!first || first->kind != STMT_EXPRESSION || first->value->kind != EXPR_STRING) return NULL;
    return arena_text(p->arena, first->value->text, first->value->count);
}

// After a function inside another one the outer one's names have their slots again.
static void return_to(struct parser *p, struct scope *outer) {
    p->scope = outer;
    if (!outer) return;
    p->stamp++;
    outer->encloses = true;
    for (uint32_t i = 0; i < outer->slots.count; i++) {
        symbol name = ((symbol *)outer->slots.data)[i];
        p->slot_of[name] = i;
        p->slot_stamp[name] = p->stamp;
    }
}

// return EXPRESSION, as a block.
static bool parse_lambda_block(struct parser *p, struct block *block) {
    stmt s = new_stmt(p, STMT_RETURN, p->token.begin);
    if (!s || !(block->statement = arena_alloc(p->arena, sizeof s))) return error_memory(p->error);
    if (!(s->value = parse_expression(p))) return false;
    *block->statement = finish(p, s);
    block->count = 1;
    return true;
}

static bool parse_body(struct parser *p, struct function *f, bool lambda) {
    struct scope scope, *outer = p->scope;
    scope.encloses = false;
    list_start(&scope.slots);
    list_start(&scope.local);
    p->scope = &scope;
    p->stamp++;
    int loops = p->loops;
    p->loops = 0;
    bool ok = true;
    for (uint32_t i = 0; ok && i < f->parameter_count; i++) {
        uint32_t slot = slot_for(p, f->parameter[i].name);
        ok = slot != SLOT_GLOBAL;
        if (ok) make_local(p, slot, 1);
    }
    ok = ok && (lambda ? parse_lambda_block(p, &f->body) : parse_block(p, &f->body));
    p->loops = loops;
    return_to(p, outer);
    f->encloses = scope.encloses;
    f->slot_count = (uint32_t)scope.slots.count;
    f->slot = list_take(p, &scope.slots, sizeof(symbol));
    f->local = list_take(p, &scope.local, 1);
    if (ok && !lambda) f->doc = doc_of(p, &f->body);
    return ok && f->slot && f->local;
}

static APART stmt parse_def(struct parser *p) {
    stmt s = new_stmt(p, STMT_DEF, p->token.begin);
    if (!s || !(s->function = arena_alloc(p->arena, sizeof *s->function)) ||
        !(s->target = arena_alloc(p->arena, sizeof(expr))))
        return fail_memory(p);
    struct function *f = s->function;
    f->module = p->module;
    f->begin = p->token.begin;
    next(p);
    if (p->token.kind != TOKEN_NAME) return unexpected(p, "the function's name", "");
    f->name = p->token.name;
    f->title = symbol_text(p->symbols, f->name);
    if (!(s->target[0] = parse_name(p)) || !bind_names(p, s->target[0], 1)) return NULL;
    s->count = 1;
    if (!parse_parameters(p, f, false)) return NULL;
    f->header_end = p->last_end;
    if (!parse_body(p, f, false)) return NULL;
    f->end = p->last_end;
    return s;
}

// lambda PARAMETERS: EXPRESSION
static expr parse_lambda(struct parser *p) {
    struct function *f = arena_alloc(p->arena, sizeof *f);
    if (!f) return fail_memory(p);
    f->module = p->module;
    f->begin = p->token.begin;
    f->name = p->token.name;
    f->title = "<lambda>";
    f->anonymous = true;
    next(p);
    if (!parse_parameters(p, f, true)) return NULL;
    f->header_end = p->last_end;
    if (!deeper(p) || !parse_body(p, f, true)) return NULL;
    p->depth--;
    f->end = p->last_end;
    expr e = new_expr(p, EXPR_LAMBDA, f->begin);
    if (e) e->function = f;
    return e;
}

// name = lambda ...: the function has that name, and its text is the whole assignment.
static void name_lambda(struct parser *p, const struct expression *target, struct expression *value) {
    if (target->kind != EXPR_NAME || value->kind != EXPR_LAMBDA) return;
    struct function *f = value->function;
    f->anonymous = false;
    f->name = target->name;
    f->title = symbol_text(p->symbols, f->name);
    f->begin = target->begin;
}

static stmt parse_compound(struct parser *p) {
    if (!deeper(p)) return NULL;
    enum token_kind kind = (enum token_kind)p->token.kind;
    stmt s = kind == TOKEN_IF      ? parse_if(p)
             : kind == TOKEN_FOR   ? parse_loop(p, STMT_FOR)
             : kind == TOKEN_WHILE ? parse_loop(p, STMT_WHILE)
                                   : parse_def(p);
    p->depth--;
    return finish(p, s);
}

static bool is_compound(enum token_kind kind) {
    return kind == TOKEN_IF || kind == TOKEN_FOR || kind == TOKEN_WHILE || kind == TOKEN_DEF;
}

// A line of small statements with semicolons, with its newline.
static bool parse_line(struct parser *p, struct list *statements) {
    do {
        if (p->token.kind == TOKEN_NEWLINE) break;
        stmt s = finish(p, parse_small(p));
        if (!s || !list_add(p, statements, &s, sizeof s)) return false;
    } while (accept(p, TOKEN_SEMICOLON));
    if (p->token.kind == TOKEN_END) return true;
    return expect(p, TOKEN_NEWLINE, "the end of the line", "");
}

static bool parse_statement(struct parser *p, struct list *statements) {
    if (!is_compound((enum token_kind)p->token.kind)) return parse_line(p, statements);
    stmt s = parse_compound(p);
    return s && list_add(p, statements, &s, sizeof s);
}

static bool parse_block(struct parser *p, struct block *block) {
    struct list statements;
    list_start(&statements);
    bool ok = expect(p, TOKEN_COLON, "`:`", "");
    if (ok && p->token.kind != TOKEN_NEWLINE) {
        ok = parse_line(p, &statements);
    } else if (ok) {
        next(p);
        if (p->token.kind != TOKEN_ERROR && p->token.begin >= p->lexer.end) {
            error_set(p->error, ERROR_INCOMPLETE, span_of(p, p->last_end, p->last_end),
                      "the indented block is missing");
            ok = false;
        } else if (p->token.kind != TOKEN_INDENT) {
            ok = p->token.kind != TOKEN_ERROR &&
                 fail_at(p, p->token.begin, p->token.end, "an indented block is expected here", "");
        } else {
            next(p);
            while (ok && p->token.kind != TOKEN_DEDENT && p->token.kind != TOKEN_END)
                ok = parse_statement(p, &statements);
            if (ok && p->token.kind == TOKEN_DEDENT) {
                uint32_t end = p->last_end;
                next(p);
                p->last_end = end;
            }
        }
    }
    block->count = (uint32_t)statements.count;
    block->statement = list_take(p, &statements, sizeof(stmt));
    return ok && block->statement;
}

// ---- modules ------------------------------------------------------------------------------------------------------

static bool parse_all(struct parser *p) {
    struct list statements;
    list_start(&statements);
    next(p);
    bool ok = p->token.kind != TOKEN_ERROR;
    while (ok && p->token.kind != TOKEN_END) {
        if (task_interrupted())
            ok = error_interrupt(p->error);
        else if (p->token.kind == TOKEN_NEWLINE)
            next(p);
        else
            ok = parse_statement(p, &statements);
    }
    p->module->count = (uint32_t)statements.count;
    p->module->statement = list_take(p, &statements, sizeof(stmt));
    return ok && p->module->statement;
}

struct module *parse_module(struct symbols *symbols, struct source *source, struct error *error) {
    struct module *module = mem_zero(1, sizeof *module);
    if (!module) return error_memory(error), NULL;
    module->references = 1;
    module->source = source_hold(source);
    struct parser p = {.module = module, .symbols = symbols, .error = error};
    module->arena = p.arena = arena_new();
    bool ok = module->arena ? lex_init(&p.lexer, symbols, source, error) : error_memory(error);
    if (ok) ok = parse_all(&p);
    mem_free(p.slot_of);
    mem_free(p.slot_stamp);
    if (ok) return module;
    module_drop(module);
    return NULL;
}

struct module *module_hold(struct module *module) {
    module->references++;
    return module;
}

void module_drop(struct module *module) {
    if (!module || --module->references > 0) return;
    source_drop(module->source);
    arena_free(module->arena);
    mem_free(module);
}

// ---- for a prompt -------------------------------------------------------------------------------------------------

static bool ends_in_blank_line(const char *text, size_t size) {
    if (size == 0 || text[size - 1] != '\n') return false;
    size_t at = size - 1;
    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) at--;
    return at == 0 || text[at - 1] == '\n';
}

bool parse_wants_more(struct symbols *symbols, const char *text, size_t size) {
    struct error error = {0};
    struct source *source = source_new("<input>", text, size, &error);
    if (!source) return false;
    struct module *module = parse_module(symbols, source, &error);
    bool more = error.kind == ERROR_INCOMPLETE;
    if (module && module->count) {
        const struct statement *last = module->statement[module->count - 1];
        bool block =
            last->kind == STMT_DEF || last->kind == STMT_FOR || last->kind == STMT_WHILE || last->kind == STMT_IF;
        more = block && !ends_in_blank_line(text, size);
    }
    module_drop(module);
    source_drop(source);
    return more;
}
