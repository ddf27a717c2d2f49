// What a name can be bound to while a program runs.
#ifndef BAUER_LANG_VALUE_H
#define BAUER_LANG_VALUE_H

#include "graph/graph.h"
#include "lang/ast.h"

enum value_kind {
    VALUE_UNBOUND,
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_NUMBER, // plain: not in the graph (yet)
    VALUE_VERTEX, // of the graph being traced
    VALUE_LIST,
    VALUE_TUPLE,
    VALUE_RANGE,
    VALUE_STRING,
    VALUE_FUNCTION,
    VALUE_BUILTIN, // index into builtin_table
    VALUE_OP,      // an operation of the table
    VALUE_MODULE,  // math, numpy
    VALUE_TENSOR   // in no graph (yet); in one it is a VERTEX
};

struct value {
    uint8_t kind;
    bool integer; // NUMBER, VERTEX: shown without a point, may index; `name` is what the program called a NUMBER
    symbol name;
    union {
        double number; // NUMBER, BOOL
        vertex vertex;
        struct value_list *list; // LIST, TUPLE
        struct value_range *range;
        struct value_text *text;
        struct closure *closure; // FUNCTION
        int builtin;
        enum op op;
        struct value_tensor *tensor; // lang/tensor.h
    };
};

struct value_list { // in an arena
    struct value *item;
    uint32_t count, capacity;
    uint32_t born; // the statement (by number) that made it
    bool array;    // made by numpy's array: + and * mean its elements
    bool passed;   // in a call with a graph of its own: a copy of the caller's
};

struct value_range {
    double start, stop, step;
    uint64_t count;
};

// A function and what its def knew: defaults are values, not texts. In an arena.
struct closure {
    struct function *function;
    struct value *standard; // by parameter; UNBOUND where there is no default
    bool prompt;            // vertices among the defaults are of the prompt's graph
    struct names *outer;    // the call of the function around it that made it, or NULL
};

// The names of a running call. In an arena if functions inside may still read them later.
struct names {
    const struct function *function;
    struct value *local; // by slot
    struct names *outer;
    bool prompt; // vertices here are of the prompt's graph
};

struct value_text {
    const char *data;
    size_t size;
};

// Whether a list is small enough to be looked through: at most 100 lists deep and 10 million elements in all, those of
// a list that is there twice counted twice. A program can build larger ones, and lists that contain themselves.
bool value_fits(struct value value);
// As Python shows it: "3.04", "[1.0, 2.0]", "True". `graph` is that of its vertices, or NULL. quote: strings in quotes.
// A list that does not fit is "[...]".
void value_show(struct value value, const struct graph *graph, bool quote, struct buffer *out);
const char *value_kind_name(struct value value); // "a list", "a number"

#endif
