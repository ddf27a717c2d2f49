// The syntax tree. Every node lives in its module's arena and knows its bytes in the source.
//
// Names are resolved as far as text allows: inside a function a name has a slot, and whether the function assigns to
// it; everything else is looked up among the session's names and then among what is built in.
#ifndef BAUER_LANG_AST_H
#define BAUER_LANG_AST_H

#include "lang/parse.h"
#include "op/op.h"

enum { SLOT_GLOBAL = UINT32_MAX };

enum expression_kind {
    EXPR_NUMBER,
    EXPR_STRING,
    EXPR_FORMAT,    // an f-string: `item` are strings and EXPR_FORMATTED
    EXPR_FORMATTED, // {left:text}
    EXPR_TRUE,
    EXPR_FALSE,
    EXPR_NONE,
    EXPR_NAME,
    EXPR_BINARY, // op, left, right
    EXPR_NEGATE,
    EXPR_PLUS,
    EXPR_NOT,
    EXPR_AND, // item
    EXPR_OR,
    EXPR_COMPARE,     // item[0] compare[0] item[1] compare[1] item[2] ...
    EXPR_CONDITIONAL, // item[0] if item[1] else item[2]
    EXPR_CALL,        // left(item..., keyword...)
    EXPR_ATTRIBUTE,   // left.name
    EXPR_INDEX,       // left[right]
    EXPR_SLICE,       // left[item[0]:item[1]:item[2]], each may be NULL; left NULL: a part of a SUBSCRIPT
    EXPR_SUBSCRIPT,   // left[item, item, ...]: expressions, SLICE, ELLIPSIS
    EXPR_ELLIPSIS,    // ..., a part of a SUBSCRIPT
    EXPR_LIST,
    EXPR_TUPLE,
    EXPR_LAMBDA,       // function
    EXPR_COMPREHENSION // [left for item[0] in item[1] if item[2] ...]: `clause`
};

enum comparison {
    CMP_LESS,
    CMP_LESS_EQUAL,
    CMP_GREATER,
    CMP_GREATER_EQUAL,
    CMP_EQUAL,
    CMP_NOT_EQUAL,
    CMP_IN,
    CMP_NOT_IN,
    CMP_IS,
    CMP_IS_NOT
};

struct expression;

struct clause { // for target in iterable if condition...
    struct expression *target, *iterable;
    struct expression **condition;
    uint32_t condition_count;
};

// Only as much of a node is allocated as its kind uses (expression_size): programs of a million lines are common
// enough.
struct expression {
    uint8_t kind, op; // enum expression_kind; enum op of a BINARY
    bool integer;     // NUMBER
    bool parenthesized;
    uint32_t begin, end;
    union {
        struct { // NAME, ATTRIBUTE
            symbol name;
            uint32_t slot; // NAME: in the function's locals, or SLOT_GLOBAL
        };
        struct { // all others: a cache of the tracer's
            uint32_t site, site_epoch;
        };
    };
    uint32_t count; // of item; bytes of a STRING's text
    union {
        double number;
        const char *text; // STRING
        struct expression *left;
        struct function *function; // LAMBDA
    };
    union {
        struct expression *right;
        struct expression **item;
        struct clause *clause; // COMPREHENSION, `count` of them
    };
    union {
        uint8_t *compare;
        symbol *keyword; // CALL: keyword[i] names item[i], 0 for a positional one; NULL: none has a name
        struct expression *specification; // FORMATTED: a STRING
    };
};

static inline symbol expression_keyword(const struct expression *call, uint32_t argument) {
    return call->keyword ? call->keyword[argument] : 0;
}

enum statement_kind {
    STMT_EXPRESSION,
    STMT_ASSIGN,    // target[0] = target[1] = ... = value
    STMT_AUGMENTED, // target[0] op= value; target[1] stands for the whole
    STMT_IF,        // condition[i]: body[i], then otherwise
    STMT_FOR,       // for target[0] in value: body, otherwise
    STMT_WHILE,
    STMT_DEF, // function, bound to target[0]
    STMT_RETURN,
    STMT_BREAK,
    STMT_CONTINUE,
    STMT_PASS,
    STMT_IMPORT,
    STMT_ASSERT
};

struct block {
    struct statement **statement;
    uint32_t count;
};

struct parameter {
    symbol name;
    struct expression *standard; // default value, or NULL
    struct span span;
};

struct function {
    struct module *module; // not held: whoever keeps a function holds its module
    symbol name;
    const char *title; // the name's text
    const char *doc;   // or NULL
    bool anonymous;    // a lambda that no assignment named
    bool encloses;     // there are functions in it, which may outlive a call of it
    struct parameter *parameter;
    uint32_t parameter_count;
    uint32_t nameless; // this many parameters, before a /, cannot be given by name
    uint32_t placed;   // this many, before a *, can be given by place
    symbol *slot;      // names by slot, parameters first
    uint8_t *local;    // 1: assigned in the function
    uint32_t slot_count;
    struct block body;
    uint32_t begin, end, header_end;
};

struct import_name {
    symbol name, as; // name 0: *
    struct span span;
};

struct statement {
    uint8_t kind, op;
    uint32_t begin, end;
    uint32_t count;             // of target, condition or import
    struct expression **target; // also the conditions of an IF
    struct expression *value;
    // What simple statements do not have (they end here: see statement_size).
    struct block *body; // `count` blocks of an IF, else one
    struct block otherwise;
    struct function *function;
    symbol module; // import
    struct import_name *import;
};

#endif
