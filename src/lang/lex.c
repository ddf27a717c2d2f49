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

// Keywords are the first symbols that a session's table gets, so that a symbol's number tells whether it is one.
bool lex_init(struct lexer *lexer, struct symbols *symbols, const struct source *source, struct error *error) {
    *lexer = (struct lexer){.symbols = symbols, .source = source, .error = error, .line_begins = true};
    lexer->end = (uint32_t)source->size;
    for (size_t i = 0; i < keyword_count; i++) {
        lexer->keyword[i] = symbol_of(symbols, keyword_word[i], strlen(keyword_word[i]));
        if (!lexer->keyword[i]) return error_memory(error);
    }
    for (size_t i = 0; i < refused_count; i++) {
        symbol name = symbol_of(symbols, refused_word[i], strlen(refused_word[i]));
        if (!name) return error_memory(error);
        if (i == 0) lexer->refused_first = name;
        lexer->refused_last = name;
    }
    return true;
}

static struct span span_of(const struct lexer *lexer, uint32_t begin, uint32_t end) {
    return (struct span){lexer->source, begin, end};
}

static struct token fail(struct lexer *lexer, enum error_kind kind, uint32_t begin, uint32_t end, const char *message,
                         const char *hint) {
    error_set(lexer->error, kind, span_of(lexer, begin, end), "%s", message);
    error_hint(lexer->error, "%s", hint);
    return (struct token){.kind = TOKEN_ERROR, .begin = begin, .end = end};
}

// Bytes of names: 1 may begin one, 2 may only follow (digits). Bytes beyond ASCII are looked at more closely later.
static const uint8_t name_byte[256] = {
    ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1, ['_'] = 1, [0x80 ... 0xFF] = 1, ['0' ... '9'] = 2,
};

static bool is_name_start(unsigned char c) { return name_byte[c] == 1; }
static bool is_digit(unsigned char c) { return name_byte[c] == 2; }
static bool is_name(unsigned char c) { return name_byte[c] != 0; }

static char peek(const struct lexer *lexer, uint32_t ahead) {
    return lexer->at + ahead < lexer->end ? lexer->source->text[lexer->at + ahead] : '\0';
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

// symbol_of, through the names met lately.
static symbol name_symbol(struct lexer *lexer, const char *text, size_t size) {
    bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__; // the mask below keeps the first bytes only then
    if (!little || size > sizeof(uint64_t) || text + sizeof(uint64_t) > lexer->source->text + lexer->source->size)
        return symbol_of(lexer->symbols, text, size);
    uint64_t word;
    memcpy(&word, text, sizeof word);
    word &= UINT64_MAX >> (64 - 8 * size);
    struct lex_recent *recent = &lexer->recent[word * 0x9E3779B97F4A7C15u >> 54];
    if (recent->word != word || !recent->name)
        *recent = (struct lex_recent){word, symbol_of(lexer->symbols, text, size)};
    return recent->name;
}

static struct token read_name(struct lexer *lexer) {
    uint32_t begin = lexer->at;
    const char *end = lexer->source->text + lexer->end, *c = lexer->source->text + begin;
    uint8_t ascii = 0;
    for (; c < end && is_name((unsigned char)*c); c++) ascii |= (uint8_t)*c;
    lexer->at = (uint32_t)(c - lexer->source->text);
    const char *text = lexer->source->text + begin;
    size_t size = lexer->at - begin;
    if (ascii >= 0x80 && !is_letter_run(text, size))
        return fail(lexer, ERROR_SYNTAX, begin, lexer->at, "a character here is not part of the language",
                    "names are letters, digits and _; quotes and minus signs are the plain ones of the keyboard");
    struct token token = {.kind = TOKEN_NAME, .begin = begin, .end = lexer->at};
    token.name = name_symbol(lexer, text, size);
    if (!token.name) {
        error_memory(lexer->error);
        token.kind = TOKEN_ERROR;
    } else if (token.name >= lexer->keyword[0] && token.name <= lexer->keyword[keyword_count - 1]) {
        token.kind = (enum token_kind)(TOKEN_AND + (int)(token.name - lexer->keyword[0]));
    } else if (token.name >= lexer->refused_first && token.name <= lexer->refused_last) {
        token.kind = TOKEN_REFUSED;
    }
    return token;
}

static struct token read_radix(struct lexer *lexer, uint32_t begin, int radix) {
    struct token token = {.kind = TOKEN_NUMBER, .begin = begin, .integer = true};
    lexer->at += 2;
    uint32_t digits = lexer->at;
    for (; is_name((unsigned char)peek(lexer, 0)); lexer->at++) {
        char c = peek(lexer, 0);
        if (c == '_') continue;
        int digit = is_digit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
        if (digit >= radix)
            return fail(lexer, ERROR_SYNTAX, begin, lexer->at + 1, "this number has a digit that does not belong to it",
                        "");
        token.number = token.number * radix + digit;
    }
    if (lexer->at == digits) return fail(lexer, ERROR_SYNTAX, begin, lexer->at, "digits are missing", "");
    token.end = lexer->at;
    return token;
}

static void skip_digits(struct lexer *lexer) {
    while (is_digit((unsigned char)peek(lexer, 0)) ||
           (peek(lexer, 0) == '_' && is_digit((unsigned char)peek(lexer, 1))))
        lexer->at++;
}

static bool convert(const struct lexer *lexer, uint32_t begin, double *number) {
    const char *text = lexer->source->text + begin;
    size_t size = lexer->at - begin;
    if (size <= 15) { // short whole numbers, the most common kind
        double value = 0;
        size_t i = 0;
        while (i < size && is_digit((unsigned char)text[i])) value = value * 10 + (text[i++] - '0');
        if (i == size) return *number = value, true;
    }
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

static struct token read_number(struct lexer *lexer) {
    uint32_t begin = lexer->at;
    char next = (char)(peek(lexer, 1) | 32);
    if (peek(lexer, 0) == '0' && (next == 'x' || next == 'o' || next == 'b'))
        return read_radix(lexer, begin, next == 'x' ? 16 : next == 'o' ? 8 : 2);
    struct token token = {.kind = TOKEN_NUMBER, .begin = begin, .integer = true};
    skip_digits(lexer);
    if (peek(lexer, 0) == '.') token.integer = false, lexer->at++, skip_digits(lexer);
    if ((peek(lexer, 0) | 32) == 'e') {
        uint32_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-';
        if (is_digit((unsigned char)peek(lexer, 1 + sign))) {
            token.integer = false;
            lexer->at += 1 + sign;
            skip_digits(lexer);
        }
    }
    if ((peek(lexer, 0) | 32) == 'j')
        return fail(lexer, ERROR_SYNTAX, begin, lexer->at + 1,
                    "complex numbers are not part of bauer's subset of Python", "numbers are doubles");
    if (is_name_start((unsigned char)peek(lexer, 0)))
        return fail(lexer, ERROR_SYNTAX, lexer->at, lexer->at + 1, "a name cannot follow a number directly",
                    "write * for a product: 2*x");
    token.end = lexer->at;
    if (token.integer && has_leading_zero(lexer, begin))
        return fail(lexer, ERROR_SYNTAX, begin, lexer->at, "a whole number does not begin with 0",
                    "octal numbers are written 0o17");
    if (!convert(lexer, begin, &token.number)) token.kind = TOKEN_ERROR, error_memory(lexer->error);
    return token;
}

// ---- strings ------------------------------------------------------------------------------------------------------

// The prefix letters of a string that starts here, or -1 when what starts here is no string.
static int prefix_length(const struct lexer *lexer) {
    int n = 0;
    char second = peek(lexer, 1);
    if (is_name_start((unsigned char)peek(lexer, 0)) && second != '\'' && second != '"' && !strchr("rRbBfFuU", second))
        return -1;
    while (n < 2 && peek(lexer, (uint32_t)n) && strchr("rRbBfFuU", peek(lexer, (uint32_t)n))) n++;
    char quote = peek(lexer, (uint32_t)n);
    return quote == '\'' || quote == '"' ? n : -1;
}

// A string of a source that had bytes which are no UTF-8.
static struct token check_utf8(struct lexer *lexer, struct token token) {
    for (uint32_t at = token.begin; at + 3 <= token.end; at++)
        if (memcmp(lexer->source->text + at, "\xEF\xBF\xBD", 3) == 0)
            return fail(lexer, ERROR_SYNTAX, at, at + 3, "a byte here is not UTF-8", "save the file as UTF-8");
    return token;
}

static struct token read_string(struct lexer *lexer, int prefix) {
    struct token token = {.kind = TOKEN_STRING, .begin = lexer->at};
    for (int i = 0; i < prefix; i++) {
        char c = (char)(peek(lexer, (uint32_t)i) | 32);
        if (c == 'r') token.raw = true;
        if (c == 'f' || c == 'b') token.prefix = c;
    }
    lexer->at += (uint32_t)prefix;
    char quote = peek(lexer, 0);
    token.triple = peek(lexer, 1) == quote && peek(lexer, 2) == quote;
    lexer->at += token.triple ? 3 : 1;
    for (;; lexer->at++) {
        char c = peek(lexer, 0);
        if (lexer->at >= lexer->end)
            return token.triple ? fail(lexer, ERROR_INCOMPLETE, token.begin, token.begin + 3,
                                       "this string is not closed", "end it with three quotes")
                                : fail(lexer, ERROR_SYNTAX, token.begin, lexer->at, "this string is not closed", "");
        if (c == '\\') {
            lexer->at++;
        } else if (c == '\n' && !token.triple) {
            return fail(lexer, ERROR_SYNTAX, token.begin, lexer->at, "this string is not closed",
                        "end it with the quote it began with, on the same line");
        } else if (c == quote && (!token.triple || (peek(lexer, 1) == quote && peek(lexer, 2) == quote))) {
            lexer->at += token.triple ? 3 : 1;
            break;
        }
    }
    token.end = lexer->at;
    if (lexer->source->cleaned) return check_utf8(lexer, token);
    return token;
}

// ---- operators ----------------------------------------------------------------------------------------------------

struct sign {
    char text[4];
    enum token_kind kind;
};

// Longer ones first.
static const struct sign signs[] = {{"**=", TOKEN_POWER_ASSIGN},
                                    {"//=", TOKEN_FLOORDIV_ASSIGN},
                                    {"**", TOKEN_POWER},
                                    {"//", TOKEN_FLOORDIV},
                                    {"->", TOKEN_ARROW},
                                    {"+=", TOKEN_PLUS_ASSIGN},
                                    {"-=", TOKEN_MINUS_ASSIGN},
                                    {"*=", TOKEN_STAR_ASSIGN},
                                    {"/=", TOKEN_SLASH_ASSIGN},
                                    {"%=", TOKEN_PERCENT_ASSIGN},
                                    {"@=", TOKEN_AT_ASSIGN},
                                    {"<=", TOKEN_LESS_EQUAL},
                                    {">=", TOKEN_GREATER_EQUAL},
                                    {"==", TOKEN_EQUAL},
                                    {"!=", TOKEN_NOT_EQUAL},
                                    {":=", TOKEN_WALRUS},
                                    {"(", TOKEN_LPAREN},
                                    {")", TOKEN_RPAREN},
                                    {"[", TOKEN_LBRACKET},
                                    {"]", TOKEN_RBRACKET},
                                    {"{", TOKEN_LBRACE},
                                    {"}", TOKEN_RBRACE},
                                    {",", TOKEN_COMMA},
                                    {":", TOKEN_COLON},
                                    {";", TOKEN_SEMICOLON},
                                    {".", TOKEN_DOT},
                                    {"=", TOKEN_ASSIGN},
                                    {"+", TOKEN_PLUS},
                                    {"-", TOKEN_MINUS},
                                    {"*", TOKEN_STAR},
                                    {"/", TOKEN_SLASH},
                                    {"%", TOKEN_PERCENT},
                                    {"@", TOKEN_AT},
                                    {"<", TOKEN_LESS},
                                    {">", TOKEN_GREATER}};

enum { LONGER_SIGNS = 16 };

static void count_brackets(struct lexer *lexer, const struct token *token) {
    if (token->kind == TOKEN_LPAREN || token->kind == TOKEN_LBRACKET || token->kind == TOKEN_LBRACE) {
        if (lexer->brackets++ == 0) lexer->bracket_at = token->begin;
    } else if (token->kind == TOKEN_RPAREN || token->kind == TOKEN_RBRACKET || token->kind == TOKEN_RBRACE) {
        if (lexer->brackets > 0) lexer->brackets--;
    }
}

// The sign that begins at the current byte, or NULL. Signs of one letter stand behind the longer ones in the table.
static const struct sign *find_sign(const struct lexer *lexer) {
    char first = peek(lexer, 0), second = peek(lexer, 1);
    bool longer = second == '=' || (second == first && (first == '*' || first == '/')) || second == '>';
    for (size_t i = longer ? 0 : LONGER_SIGNS; i < sizeof signs / sizeof *signs; i++) {
        const char *text = signs[i].text;
        if (text[0] == first && (!text[1] || text[1] == second) && (!text[1] || !text[2] || text[2] == peek(lexer, 2)))
            return &signs[i];
    }
    return NULL;
}

static struct token read_sign(struct lexer *lexer) {
    const struct sign *sign = find_sign(lexer);
    if (sign) {
        struct token token = {.kind = sign->kind, .begin = lexer->at};
        lexer->at += sign->text[1] ? sign->text[2] ? 3 : 2 : 1;
        token.end = lexer->at;
        count_brackets(lexer, &token);
        return token;
    }
    char c = peek(lexer, 0);
    const char *hint = c == '^'   ? "a power is written **, as in x**2"
                       : c == '&' ? "write `and`"
                       : c == '|' ? "write `or`"
                       : c == '!' ? "write `not`, or != for unequal"
                       : c == '?' ? "help about a name is NAME? alone on a line"
                                  : "";
    return fail(lexer, ERROR_SYNTAX, lexer->at, lexer->at + 1, "this character is not part of the language", hint);
}

// ---- lines --------------------------------------------------------------------------------------------------------

static void skip_comment(struct lexer *lexer) {
    const char *newline = memchr(lexer->source->text + lexer->at, '\n', lexer->end - lexer->at);
    lexer->at = newline ? (uint32_t)(newline - lexer->source->text) : lexer->end;
}

// Measures the blanks at the start of a line; skips blank lines and comment lines.
static int measure_indent(struct lexer *lexer) {
    for (;;) {
        int columns = 0;
        for (;; lexer->at++) {
            char c = peek(lexer, 0);
            if (c == ' ')
                columns++;
            else if (c == '\t')
                columns = columns / 8 * 8 + 8;
            else if (c == '\f' || c == '\r')
                continue;
            else
                break;
        }
        if (peek(lexer, 0) == '#') skip_comment(lexer);
        if (lexer->at >= lexer->end) return 0;
        if (peek(lexer, 0) != '\n') return columns;
        lexer->at++;
    }
}

// At the start of a logical line: INDENT, DEDENTs (the others follow), or nothing (kind NEWLINE stands for it).
static struct token begin_line(struct lexer *lexer) {
    int columns = measure_indent(lexer);
    lexer->line_begins = false;
    struct token token = {.kind = TOKEN_NEWLINE, .begin = lexer->at, .end = lexer->at};
    int current = lexer->indents ? lexer->indent[lexer->indents - 1] : 0;
    if (columns > current) {
        if (lexer->indents == LEX_INDENT_MAX)
            return fail(lexer, ERROR_SYNTAX, lexer->at, lexer->at + 1, "too many levels of indentation", "");
        lexer->indent[lexer->indents++] = columns;
        token.kind = TOKEN_INDENT;
        return token;
    }
    while (lexer->indents && columns < lexer->indent[lexer->indents - 1]) lexer->indents--, lexer->dedents++;
    if (columns != (lexer->indents ? lexer->indent[lexer->indents - 1] : 0))
        return fail(lexer, ERROR_SYNTAX, lexer->at, lexer->at + 1, "this line's indentation fits no block above it",
                    "indent the lines of a block alike");
    return token;
}

static struct token end_of_text(struct lexer *lexer) {
    if (lexer->brackets > 0)
        return fail(lexer, ERROR_INCOMPLETE, lexer->bracket_at, lexer->bracket_at + 1, "this bracket is not closed",
                    "");
    struct token token = {.kind = TOKEN_END, .begin = lexer->end, .end = lexer->end};
    if (lexer->any) {
        lexer->any = false;
        token.kind = TOKEN_NEWLINE;
    } else if (lexer->indents) {
        lexer->indents--;
        token.kind = TOKEN_DEDENT;
    }
    return token;
}

// Blanks, comments, joined lines; false at a newline that counts.
static bool skip_blanks(struct lexer *lexer) {
    for (;;) {
        char c = peek(lexer, 0);
        if (c == ' ' || c == '\t' || c == '\f' || c == '\r')
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

struct token lex_next(struct lexer *lexer) {
    if (lexer->dedents == 0 && lexer->line_begins && lexer->brackets == 0) {
        struct token token = begin_line(lexer);
        if (token.kind != TOKEN_NEWLINE) return token;
    }
    if (lexer->dedents > 0) {
        lexer->dedents--;
        return (struct token){.kind = TOKEN_DEDENT, .begin = lexer->at, .end = lexer->at};
    }
    if (!skip_blanks(lexer)) {
        struct token token = {.kind = TOKEN_NEWLINE, .begin = lexer->at, .end = lexer->at + 1};
        lexer->at++;
        lexer->line_begins = true;
        lexer->any = false;
        return token;
    }
    if (lexer->at >= lexer->end) return end_of_text(lexer);
    lexer->any = true;
    unsigned char c = (unsigned char)peek(lexer, 0);
    if (c == '\\' && lexer->at + 2 >= lexer->end && (lexer->at + 1 >= lexer->end || peek(lexer, 1) == '\n'))
        return fail(lexer, ERROR_INCOMPLETE, lexer->at, lexer->at + 1, "a line is missing after this backslash", "");
    int prefix = c == '"' || c == '\'' || is_name_start(c) ? prefix_length(lexer) : -1;
    if (prefix >= 0) return read_string(lexer, prefix);
    if (is_name_start(c)) return read_name(lexer);
    if (is_digit(c) || (c == '.' && is_digit((unsigned char)peek(lexer, 1)))) return read_number(lexer);
    return read_sign(lexer);
}
