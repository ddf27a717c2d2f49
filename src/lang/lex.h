// From text to tokens: names, numbers, strings, operators, and Python's indentation. The lexer knows only text.
#ifndef BAUER_LANG_LEX_H
#define BAUER_LANG_LEX_H

#include "base/symbol.h"
#include "base/text.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NEWLINE,
    TOKEN_INDENT,
    TOKEN_DEDENT,
    TOKEN_NAME,
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_ERROR, // lexer->error says what is wrong
    // keywords, in the order of keyword_word
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_IF,
    TOKEN_ELIF,
    TOKEN_ELSE,
    TOKEN_FOR,
    TOKEN_WHILE,
    TOKEN_IN,
    TOKEN_IS,
    TOKEN_DEF,
    TOKEN_RETURN,
    TOKEN_BREAK,
    TOKEN_CONTINUE,
    TOKEN_PASS,
    TOKEN_IMPORT,
    TOKEN_FROM,
    TOKEN_AS,
    TOKEN_ASSERT,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NONE,
    TOKEN_REFUSED, // a keyword that Python has and bauer has not
    // punctuation
    TOKEN_LPAREN,
    TOKEN_RPAREN,
    TOKEN_LBRACKET,
    TOKEN_RBRACKET,
    TOKEN_LBRACE,
    TOKEN_RBRACE,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_SEMICOLON,
    TOKEN_DOT,
    TOKEN_ARROW,
    TOKEN_ASSIGN,
    TOKEN_WALRUS,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_STAR,
    TOKEN_SLASH,
    TOKEN_POWER,
    TOKEN_FLOORDIV,
    TOKEN_PERCENT,
    TOKEN_AT,
    TOKEN_PLUS_ASSIGN, // the augmented ones in the order of the operators above
    TOKEN_MINUS_ASSIGN,
    TOKEN_STAR_ASSIGN,
    TOKEN_SLASH_ASSIGN,
    TOKEN_POWER_ASSIGN,
    TOKEN_FLOORDIV_ASSIGN,
    TOKEN_PERCENT_ASSIGN,
    TOKEN_AT_ASSIGN,
    TOKEN_LESS,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER,
    TOKEN_GREATER_EQUAL,
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL
};

struct token {
    union {
        double number; // NUMBER
        symbol name;   // NAME, REFUSED
    };
    uint32_t begin, end; // bytes of the source
    uint8_t kind;        // enum token_kind
    bool integer;        // NUMBER written without point and exponent
    bool raw, triple;    // STRING
    char prefix;         // STRING: 'f' for a formatted one, 'b', or 0
};

enum { LEX_INDENT_MAX = 100 };

struct lexer {
    struct symbols *symbols;
    const struct source *source;
    const char *text; // the source's
    struct error *error;
    uint32_t at;      // next byte
    bool line_begins; // at the start of a logical line, or DEDENTs are still to be delivered
    bool any;         // the current logical line has a token
    int dedents;
    // `end` is where to stop, at a byte that no token contains. (It does not stand beside `at`: compilers would load
    // the two as one, and wait for the last store to `at` each time.)
    uint32_t end;
    int brackets;        // open ones: newlines do not count inside
    uint32_t bracket_at; // where the outermost open one is
    int indent[LEX_INDENT_MAX], indents;
    symbol keyword_first;       // keyword_word have symbols from here on, in their order
    symbol refused_first, last; // then the refused ones
};

extern const char *const keyword_word[]; // from TOKEN_AND to TOKEN_NONE
extern const size_t keyword_count;

bool lex_init(struct lexer *lexer, struct symbols *symbols, const struct source *source, struct error *error);
// The next token; after TOKEN_END again TOKEN_END. On TOKEN_ERROR the error is set.
void lex_next(struct lexer *lexer, struct token *token);
// Whether the next token is `=`. Reads nothing.
bool lex_assign_follows(struct lexer *lexer);

#endif
