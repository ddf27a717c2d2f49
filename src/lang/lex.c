#include "lang/lex.h"

#include <stdlib.h>
#include <string.h>

const char *const keyword_word[] = {"and",  "or", "not",    "if",     "elif",  "else",     "for",  "while",
                                    "in",   "is", "def",    "return", "break", "continue", "pass", "import",
                                    "from", "as", "assert", "True",   "False", "None"};
const size_t keyword_count = sizeof keyword_word / sizeof *keyword_word;

static const char *const refused_word[] = {"class", "lambda", "try",   "except", "finally",  "raise", "with",
                                           "yield", "async",  "await", "global", "nonlocal", "del"};
static const size_t refused_count = sizeof refused_word / sizeof *refused_word;

// The symbols of `count` words, which follow each other: these are the first words that a session's table gets.
static bool intern(struct lexer *lexer, const char *const *words, size_t count, symbol *first) {
    for (size_t i = 0; i < count; i++) {
        lexer->last = symbol_of(lexer->symbols, words[i], strlen(words[i]));
        if (!lexer->last) return error_memory(lexer->error);
        if (i == 0) *first = lexer->last;
    }
    return true;
}

bool lex_init(struct lexer *lexer, struct symbols *symbols, const struct source *source, struct error *error) {
    *lexer = (struct lexer){.symbols = symbols, .source = source, .error = error, .line_begins = true};
    lexer->text = source->text;
    lexer->end = (uint32_t)source->size;
    return intern(lexer, keyword_word, keyword_count, &lexer->keyword_first) &&
           intern(lexer, refused_word, refused_count, &lexer->refused_first);
}

static struct span span_of(const struct lexer *lexer, uint32_t begin, uint32_t end) {
    return (struct span){lexer->source, begin, end};
}

// Not inlined: what is rare shall cost what is common no registers.
#define APART __attribute__((noinline))

// The fields that every kind of token has.
static void set_token(struct token *token, enum token_kind kind, uint32_t begin, uint32_t end) {
    token->kind = (uint8_t)kind;
    token->begin = begin;
    token->end = end;
}

__attribute__((cold)) static void fail(struct lexer *lexer, struct token *token, enum error_kind kind, uint32_t begin,
                                       uint32_t end, const char *message, const char *hint) {
    error_set(lexer->error, kind, span_of(lexer, begin, end), "%s", message);
    error_hint(lexer->error, "%s", hint);
    set_token(token, TOKEN_ERROR, begin, end);
}

// What a byte may begin, in an order that makes the usual questions one comparison. Signs are the usual ones, letters
// the plain ones; bytes beyond ASCII are looked at more closely later.
enum byte_class {
    BYTE_OTHER,
    BYTE_BLANK,
    BYTE_SIGN,
    BYTE_QUOTE,
    BYTE_BEYOND,
    BYTE_DIGIT,
    BYTE_LETTER,
    BYTE_PREFIX // a letter that may stand before the quote of a string
};

static const uint8_t byte_class[256] = {
    [' '] = BYTE_BLANK,          ['\t'] = BYTE_BLANK,         ['\f'] = BYTE_BLANK,
    ['\r'] = BYTE_BLANK,         ['0' ... '9'] = BYTE_DIGIT,  ['A'] = BYTE_LETTER,
    ['B'] = BYTE_PREFIX,         ['C' ... 'E'] = BYTE_LETTER, ['F'] = BYTE_PREFIX,
    ['G' ... 'Q'] = BYTE_LETTER, ['R'] = BYTE_PREFIX,         ['S' ... 'T'] = BYTE_LETTER,
    ['U'] = BYTE_PREFIX,         ['V' ... 'Z'] = BYTE_LETTER, ['_'] = BYTE_LETTER,
    ['a'] = BYTE_LETTER,         ['b'] = BYTE_PREFIX,         ['c' ... 'e'] = BYTE_LETTER,
    ['f'] = BYTE_PREFIX,         ['g' ... 'q'] = BYTE_LETTER, ['r'] = BYTE_PREFIX,
    ['s' ... 't'] = BYTE_LETTER, ['u'] = BYTE_PREFIX,         ['v' ... 'z'] = BYTE_LETTER,
    ['('] = BYTE_SIGN,           [')'] = BYTE_SIGN,           ['['] = BYTE_SIGN,
    [']'] = BYTE_SIGN,           [','] = BYTE_SIGN,           ['='] = BYTE_SIGN,
    ['+'] = BYTE_SIGN,           ['-'] = BYTE_SIGN,           ['*'] = BYTE_SIGN,
    ['/'] = BYTE_SIGN,           ['<'] = BYTE_SIGN,           ['>'] = BYTE_SIGN,
    ['\''] = BYTE_QUOTE,         ['"'] = BYTE_QUOTE,          [0x80 ... 0xFF] = BYTE_BEYOND,
};

static enum byte_class class_of(char c) { return (enum byte_class)byte_class[(unsigned char)c]; }
static bool is_digit(char c) { return class_of(c) == BYTE_DIGIT; }
static bool is_name(char c) { return class_of(c) >= BYTE_BEYOND; }
static bool is_name_start(char c) { return is_name(c) && !is_digit(c); }

static char peek(const struct lexer *lexer, uint32_t ahead) {
    return lexer->at + ahead < lexer->end ? lexer->text[lexer->at + ahead] : '\0';
}

// ---- names and numbers --------------------------------------------------------------------------------------------

// Letters beyond ASCII are allowed, signs such as the no-break space, quotes, dashes and arrows are not.
static bool is_letter_run(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == 0xC2 || c == 0xE2 || c == 0xEF) return false;
    }
    return true;
}

// Most names are short: those are looked up as one word.
static inline symbol name_symbol(const struct lexer *lexer, const char *text, size_t size) {
    if (size > SYMBOL_WORD || lexer->text + lexer->end - text < SYMBOL_WORD)
        return symbol_of(lexer->symbols, text, size);
    return symbol_of_word(lexer->symbols, symbol_cut(symbol_load(text), size), text, size);
}

static enum token_kind word_kind(struct lexer *lexer, symbol name) {
    if (name > lexer->last) return TOKEN_NAME; // most often
    if (name >= lexer->refused_first) return TOKEN_REFUSED;
    if (name >= lexer->keyword_first) return TOKEN_AND + (name - lexer->keyword_first);
    if (name) return TOKEN_NAME;
    error_memory(lexer->error);
    return TOKEN_ERROR;
}

// The name from `text` to `end`.
static inline void set_name(struct lexer *lexer, struct token *token, const char *text, const char *end) {
    lexer->at = (uint32_t)(end - lexer->text);
    token->begin = (uint32_t)(text - lexer->text);
    token->end = lexer->at;
    token->name = name_symbol(lexer, text, (size_t)(end - text));
    token->kind = (uint8_t)word_kind(lexer, token->name);
}

static APART void read_name_beyond(struct lexer *lexer, struct token *token, const char *text) {
    const char *end = text;
    while (is_name(*end)) end++;
    if (is_letter_run(text, (size_t)(end - text))) {
        set_name(lexer, token, text, end);
        return;
    }
    lexer->at = (uint32_t)(end - lexer->text);
    fail(lexer, token, ERROR_SYNTAX, (uint32_t)(text - lexer->text), lexer->at,
         "a character here is not part of the language",
         "names are letters, digits and _; quotes and minus signs are the plain ones of the keyboard");
}

static APART void read_name(struct lexer *lexer, struct token *token, const char *text) {
    const char *end = text;
    while (class_of(*end) >= BYTE_DIGIT) end++; // the byte at lexer->end belongs to no name
    if (class_of(*end) == BYTE_BEYOND)
        read_name_beyond(lexer, token, text);
    else
        set_name(lexer, token, text, end);
}

static void read_radix(struct lexer *lexer, struct token *token, int radix) {
    uint32_t begin = lexer->at, digits = lexer->at += 2;
    double number = 0;
    for (; is_name(peek(lexer, 0)); lexer->at++) {
        char c = peek(lexer, 0);
        if (c == '_') continue;
        int digit = is_digit(c) ? c - '0' : (c | 32) - 'a' + 10;
        if (digit >= radix) {
            fail(lexer, token, ERROR_SYNTAX, begin, lexer->at + 1, "this number has a digit that does not belong to it",
                 "");
            return;
        }
        number = number * radix + digit;
    }
    if (lexer->at == digits) {
        fail(lexer, token, ERROR_SYNTAX, begin, lexer->at, "digits are missing", "");
        return;
    }
    set_token(token, TOKEN_NUMBER, begin, lexer->at);
    token->number = number;
    token->integer = true;
}

static void skip_digits(struct lexer *lexer) {
    while (is_digit(peek(lexer, 0)) || (peek(lexer, 0) == '_' && is_digit(peek(lexer, 1)))) lexer->at++;
}

// Up to 15 digits with or without a point, the most common kind: a whole number and a power of ten that are both exact
// have a quotient that is rounded once, as strtod's.
static bool convert_short(const char *text, size_t size, double *number) {
    static const double power[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    size_t decimals = 0;
    uint64_t whole = 0;
    bool point = false;
    if (size > 16) return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.')
            point = true;
        else if (is_digit(text[i]))
            whole = whole * 10 + (uint64_t)(text[i] - '0'), decimals += point;
        else
            return false;
    }
    if (size - point > 15) return false;
    *number = (double)whole / power[decimals];
    return true;
}

static bool convert(const struct lexer *lexer, uint32_t begin, double *number) {
    const char *text = lexer->text + begin;
    size_t size = lexer->at - begin;
    if (convert_short(text, size, number)) return true;
    struct buffer digits = {0};
    for (size_t i = 0; i < size; i++)
        if (text[i] != '_') buffer_char(&digits, text[i]);
    *number = strtod(buffer_string(&digits), NULL);
    bool ok = !digits.failed;
    buffer_free(&digits);
    return ok;
}

// 012, but not 0, 00 or 0_0.
static bool has_leading_zero(const struct lexer *lexer, uint32_t begin) {
    const char *text = lexer->source->text;
    if (text[begin] != '0') return false;
    for (uint32_t at = begin; at < lexer->at; at++)
        if (text[at] != '0' && text[at] != '_') return true;
    return false;
}

// Reads the digits, point and exponent of a decimal; whether it is a whole number.
static bool skip_decimal(struct lexer *lexer) {
    bool whole = true;
    skip_digits(lexer);
    if (peek(lexer, 0) == '.') whole = false, lexer->at++, skip_digits(lexer);
    if ((peek(lexer, 0) | 32) != 'e') return whole;
    uint32_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-';
    if (!is_digit(peek(lexer, 1 + sign))) return whole;
    lexer->at += 1 + sign;
    skip_digits(lexer);
    return false;
}

static APART void read_number(struct lexer *lexer, struct token *token) {
    uint32_t begin = lexer->at;
    char next = (char)(peek(lexer, 1) | 32);
    if (peek(lexer, 0) == '0' && (next == 'x' || next == 'o' || next == 'b')) {
        read_radix(lexer, token, next == 'x' ? 16 : next == 'o' ? 8 : 2);
        return;
    }
    bool whole = skip_decimal(lexer);
    uint32_t end = lexer->at;
    if ((peek(lexer, 0) | 32) == 'j') {
        fail(lexer, token, ERROR_SYNTAX, begin, end + 1, "complex numbers are not part of bauer's subset of Python",
             "numbers are doubles");
    } else if (is_name_start(peek(lexer, 0))) {
        fail(lexer, token, ERROR_SYNTAX, end, end + 1, "a name cannot follow a number directly",
             "write * for a product: 2*x");
    } else if (whole && has_leading_zero(lexer, begin)) {
        fail(lexer, token, ERROR_SYNTAX, begin, end, "a whole number does not begin with 0",
             "octal numbers are written 0o17");
    } else {
        set_token(token, TOKEN_NUMBER, begin, end);
        token->integer = whole;
        if (!convert(lexer, begin, &token->number)) token->kind = TOKEN_ERROR, error_memory(lexer->error);
    }
}

// ---- strings ------------------------------------------------------------------------------------------------------

// The prefix letters of a string that starts here, or -1 when what starts here is no string.
static int prefix_length(const struct lexer *lexer) {
    uint32_t n = 0;
    while (n < 2 && class_of(peek(lexer, n)) == BYTE_PREFIX) n++;
    return class_of(peek(lexer, n)) == BYTE_QUOTE ? (int)n : -1;
}

// A string of a source that had bytes which are no UTF-8.
static void check_utf8(struct lexer *lexer, struct token *token) {
    for (uint32_t at = token->begin; at + 3 <= token->end; at++) {
        if (memcmp(lexer->source->text + at, "\xEF\xBF\xBD", 3) != 0) continue;
        fail(lexer, token, ERROR_SYNTAX, at, at + 3, "a byte here is not UTF-8", "save the file as UTF-8");
        return;
    }
}

static void fail_unclosed(struct lexer *lexer, struct token *token, uint32_t begin, bool triple, bool text_ends) {
    if (triple)
        fail(lexer, token, ERROR_INCOMPLETE, begin, begin + 3, "this string is not closed", "end it with three quotes");
    else
        fail(lexer, token, ERROR_SYNTAX, begin, lexer->at, "this string is not closed",
             text_ends ? "" : "end it with the quote it began with, on the same line");
    if (text_ends) lexer->at = lexer->end; // not behind it, as after a backslash
}

// Reads up to the closing quote, which is left.
static bool skip_string(struct lexer *lexer, struct token *token, uint32_t begin, char quote, bool triple) {
    for (;; lexer->at++) {
        char c = peek(lexer, 0);
        bool text_ends = lexer->at >= lexer->end;
        if (text_ends || (c == '\n' && !triple)) {
            fail_unclosed(lexer, token, begin, triple, text_ends);
            return false;
        }
        if (c == '\\') lexer->at++;
        if (c == quote && (!triple || (peek(lexer, 1) == quote && peek(lexer, 2) == quote))) return true;
    }
}

static APART void read_string(struct lexer *lexer, struct token *token, int prefix_size) {
    uint32_t begin = lexer->at;
    bool raw = false;
    char prefix = 0;
    for (; prefix_size > 0; prefix_size--, lexer->at++) {
        char c = (char)(peek(lexer, 0) | 32);
        if (c == 'r') raw = true;
        if (c == 'f' || c == 'b') prefix = c;
    }
    char quote = peek(lexer, 0);
    bool triple = peek(lexer, 1) == quote && peek(lexer, 2) == quote;
    lexer->at += triple ? 3 : 1;
    if (!skip_string(lexer, token, begin, quote, triple)) return;
    lexer->at += triple ? 3 : 1;
    set_token(token, TOKEN_STRING, begin, lexer->at);
    token->raw = raw;
    token->triple = triple;
    token->prefix = prefix;
    if (lexer->source->cleaned) check_utf8(lexer, token);
}

// ---- operators ----------------------------------------------------------------------------------------------------

// The signs that begin with a byte: alone, before `=`, doubled, doubled before `=`; 0 where there is none.
static const struct sign {
    uint8_t alone, assign, doubled, doubled_assign;
} signs[128] = {
    ['('] = {TOKEN_LPAREN, 0, 0, 0},
    [')'] = {TOKEN_RPAREN, 0, 0, 0},
    ['['] = {TOKEN_LBRACKET, 0, 0, 0},
    [']'] = {TOKEN_RBRACKET, 0, 0, 0},
    ['{'] = {TOKEN_LBRACE, 0, 0, 0},
    ['}'] = {TOKEN_RBRACE, 0, 0, 0},
    [','] = {TOKEN_COMMA, 0, 0, 0},
    [';'] = {TOKEN_SEMICOLON, 0, 0, 0},
    ['.'] = {TOKEN_DOT, 0, 0, 0},
    [':'] = {TOKEN_COLON, TOKEN_WALRUS, 0, 0},
    ['='] = {TOKEN_ASSIGN, TOKEN_EQUAL, 0, 0},
    ['!'] = {0, TOKEN_NOT_EQUAL, 0, 0},
    ['<'] = {TOKEN_LESS, TOKEN_LESS_EQUAL, 0, 0},
    ['>'] = {TOKEN_GREATER, TOKEN_GREATER_EQUAL, 0, 0},
    ['+'] = {TOKEN_PLUS, TOKEN_PLUS_ASSIGN, 0, 0},
    ['-'] = {TOKEN_MINUS, TOKEN_MINUS_ASSIGN, 0, 0},
    ['%'] = {TOKEN_PERCENT, TOKEN_PERCENT_ASSIGN, 0, 0},
    ['@'] = {TOKEN_AT, TOKEN_AT_ASSIGN, 0, 0},
    ['*'] = {TOKEN_STAR, TOKEN_STAR_ASSIGN, TOKEN_POWER, TOKEN_POWER_ASSIGN},
    ['/'] = {TOKEN_SLASH, TOKEN_SLASH_ASSIGN, TOKEN_FLOORDIV, TOKEN_FLOORDIV_ASSIGN},
};

// The longer sign at the current byte, 0 when there is none.
static enum token_kind longer_sign(const char *text, uint32_t *size) {
    const struct sign *sign = &signs[*text & 127];
    *size = 2;
    if (text[1] == '=') return sign->assign;
    if (text[0] == '-' && text[1] == '>') return TOKEN_ARROW;
    if (text[1] != text[0] || !sign->doubled) return 0;
    if (text[2] != '=') return sign->doubled;
    *size = 3;
    return sign->doubled_assign;
}

static void count_brackets(struct lexer *lexer, const struct token *token) {
    if (token->kind == TOKEN_LPAREN || token->kind == TOKEN_LBRACKET || token->kind == TOKEN_LBRACE) {
        if (lexer->brackets++ == 0) lexer->bracket_at = token->begin;
    } else if (lexer->brackets > 0) {
        lexer->brackets--;
    }
}

static void fail_unknown(struct lexer *lexer, struct token *token) {
    char c = peek(lexer, 0);
    const char *hint = c == '^'   ? "a power is written **, as in x**2"
                       : c == '&' ? "write `and`"
                       : c == '|' ? "write `or`"
                       : c == '!' ? "write `not`, or != for unequal"
                       : c == '?' ? "help about a name is NAME? alone on a line"
                                  : "";
    fail(lexer, token, ERROR_SYNTAX, lexer->at, lexer->at + 1, "this character is not part of the language", hint);
}

static void read_sign(struct lexer *lexer, struct token *token, const char *text) {
    uint32_t size = 1, begin = (uint32_t)(text - lexer->text);
    enum token_kind kind = text[1] == ' ' || class_of(text[1]) >= BYTE_QUOTE ? 0 : longer_sign(text, &size);
    if (!kind) kind = signs[*text & 127].alone, size = 1;
    if (!kind) {
        fail_unknown(lexer, token);
        return;
    }
    lexer->at = begin + size;
    set_token(token, kind, begin, begin + size);
    if (kind <= TOKEN_RBRACE) count_brackets(lexer, token);
}

// ---- lines --------------------------------------------------------------------------------------------------------

static void skip_comment(struct lexer *lexer) {
    const char *newline = memchr(lexer->text + lexer->at, '\n', lexer->end - lexer->at);
    lexer->at = newline ? (uint32_t)(newline - lexer->text) : lexer->end;
}

// Measures the blanks at the start of a line; skips blank lines and comment lines.
static int measure_indent(struct lexer *lexer) {
    for (;; lexer->at++) {
        const char *begin = lexer->text + lexer->at, *c = begin;
        while (*c == ' ') c++;
        int columns = (int)(c - begin);
        for (; class_of(*c) == BYTE_BLANK; c++)
            columns = *c == ' ' ? columns + 1 : *c == '\t' ? columns / 8 * 8 + 8 : columns;
        lexer->at = (uint32_t)(c - lexer->text);
        if (*c == '#') skip_comment(lexer);
        if (lexer->at >= lexer->end) return 0;
        if (lexer->text[lexer->at] != '\n') return columns;
    }
}

static int current_indent(const struct lexer *lexer) { return lexer->indents ? lexer->indent[lexer->indents - 1] : 0; }

// At the start of a logical line: whether there is an INDENT, or DEDENTs to be delivered, or an error.
static bool begin_line(struct lexer *lexer, struct token *token) {
    int columns = measure_indent(lexer);
    lexer->line_begins = false;
    if (columns == current_indent(lexer)) return false;
    if (columns > current_indent(lexer)) {
        if (lexer->indents == LEX_INDENT_MAX)
            return fail(lexer, token, ERROR_SYNTAX, lexer->at, lexer->at + 1, "too many levels of indentation", ""),
                   true;
        lexer->indent[lexer->indents++] = columns;
        return set_token(token, TOKEN_INDENT, lexer->at, lexer->at), true;
    }
    while (columns < current_indent(lexer)) lexer->indents--, lexer->dedents++;
    if (columns != current_indent(lexer))
        return fail(lexer, token, ERROR_SYNTAX, lexer->at, lexer->at + 1,
                    "this line's indentation fits no block above it", "indent the lines of a block alike"),
               true;
    return false;
}

static void end_of_text(struct lexer *lexer, struct token *token) {
    if (lexer->brackets > 0) {
        fail(lexer, token, ERROR_INCOMPLETE, lexer->bracket_at, lexer->bracket_at + 1, "this bracket is not closed",
             "");
        return;
    }
    enum token_kind kind = lexer->any ? TOKEN_NEWLINE : lexer->indents ? TOKEN_DEDENT : TOKEN_END;
    if (kind == TOKEN_NEWLINE) lexer->any = false;
    if (kind == TOKEN_DEDENT) lexer->indents--;
    set_token(token, kind, lexer->end, lexer->end);
}

// Comments and joined lines, and the blanks about them; false at a newline that counts.
static APART bool skip_more(struct lexer *lexer) {
    for (;;) {
        char c = lexer->text[lexer->at];
        if (class_of(c) == BYTE_BLANK)
            lexer->at++;
        else if (c == '#')
            skip_comment(lexer);
        else if (c == '\\' && peek(lexer, 1) == '\n' && lexer->at + 2 < lexer->end)
            lexer->at += 2;
        else if (c == '\n' && lexer->brackets > 0)
            lexer->at++;
        else
            return c != '\n';
    }
}

// All that stands between tokens; false at a newline that counts.
static bool skip_blanks(struct lexer *lexer) {
    while (lexer->text[lexer->at] == ' ') lexer->at++;
    return skip_more(lexer);
}

static void read_newline(struct lexer *lexer, struct token *token) {
    set_token(token, TOKEN_NEWLINE, lexer->at, lexer->at + 1);
    lexer->at++;
    lexer->line_begins = true;
    lexer->any = false;
}

// At the start of a logical line: whether that is a token.
static APART bool read_line_start(struct lexer *lexer, struct token *token) {
    if (lexer->dedents == 0 && begin_line(lexer, token)) return true;
    lexer->line_begins = lexer->dedents > 1;
    if (lexer->dedents == 0) return false;
    lexer->dedents--;
    set_token(token, TOKEN_DEDENT, lexer->at, lexer->at);
    return true;
}

static APART void read_word_or_string(struct lexer *lexer, struct token *token) {
    int prefix = prefix_length(lexer);
    if (prefix >= 0)
        read_string(lexer, token, prefix);
    else
        read_name(lexer, token, lexer->text + lexer->at);
}

static void read_other(struct lexer *lexer, struct token *token) {
    char c = peek(lexer, 0);
    if (c == '.' && is_digit(peek(lexer, 1)))
        read_number(lexer, token);
    else if (c == '\\' && lexer->at + 2 >= lexer->end && (lexer->at + 1 >= lexer->end || peek(lexer, 1) == '\n'))
        fail(lexer, token, ERROR_INCOMPLETE, lexer->at, lexer->at + 1, "a line is missing after this backslash", "");
    else
        read_sign(lexer, token, lexer->text + lexer->at);
}

// The next token, where it takes more than a look at one byte to find it.
static APART void read_more(struct lexer *lexer, struct token *token) {
    if (!skip_more(lexer)) {
        read_newline(lexer, token);
    } else if (lexer->at >= lexer->end) {
        end_of_text(lexer, token);
    } else {
        lexer->any = true;
        enum byte_class class = class_of(lexer->text[lexer->at]);
        if (class == BYTE_PREFIX || class == BYTE_QUOTE)
            read_word_or_string(lexer, token);
        else if (class == BYTE_DIGIT)
            read_number(lexer, token);
        else if (is_name(lexer->text[lexer->at]))
            read_name_beyond(lexer, token, lexer->text + lexer->at);
        else
            read_other(lexer, token);
    }
}

// `at` is stored once for a token: the next one waits for it.
void lex_next(struct lexer *lexer, struct token *token) {
    if (lexer->line_begins && read_line_start(lexer, token)) return;
    const char *c = lexer->text + lexer->at;
    while (*c == ' ') c++;
    if (class_of(*c) == BYTE_LETTER) {
        lexer->any = true;
        read_name(lexer, token, c);
    } else if (class_of(*c) == BYTE_SIGN && c < lexer->text + lexer->end) { // a part of an f-string ends before a sign
        lexer->any = true;
        read_sign(lexer, token, c);
    } else {
        lexer->at = (uint32_t)(c - lexer->text);
        read_more(lexer, token);
    }
}

bool lex_assign_follows(struct lexer *lexer) {
    return skip_blanks(lexer) && peek(lexer, 0) == '=' && peek(lexer, 1) != '=';
}
