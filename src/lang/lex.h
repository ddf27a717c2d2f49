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
    double number;       // NUMBER
    uint32_t begin, end; // bytes of the source
    symbol name;         // NAME, REFUSED
    enum token_kind kind;
    bool integer;     // NUMBER written without point and exponent
    bool raw, triple; // STRING
    char prefix;      // STRING: 'f' for a formatted one, 'b', or 0
};

enum { LEX_INDENT_MAX = 100, LEX_RECENT = 1024 };

struct lexer {
    struct symbols *symbols;
    const struct source *source;
    struct error *error;
    uint32_t at, end;    // next byte, and where to stop
    uint32_t line_start; // of the current logical line
    int brackets;        // open ones: newlines do not count inside
    uint32_t bracket_at; // where the outermost open one is
    int indent[LEX_INDENT_MAX], indents;
    int dedents;        // still to be delivered
    bool line_begins;   // at the start of a logical line
    bool any;           // the current logical line has a token
    symbol keyword[32]; // symbols of keyword_word
    symbol refused_first, refused_last;
    // Names of up to eight bytes that were met lately: most names of a program are, again and again.
    struct lex_recent {
        uint64_t word;
        symbol name;
    } recent[LEX_RECENT];
};

extern const char *const keyword_word[]; // from TOKEN_AND to TOKEN_NONE
extern const size_t keyword_count;

bool lex_init(struct lexer *lexer, struct symbols *symbols, const struct source *source, struct error *error);
// The next token; after TOKEN_END again TOKEN_END. On TOKEN_ERROR the error is set.
struct token lex_next(struct lexer *lexer);

#endif
