// What has been typed: definitions, numbers, and the graph that grows from them.
//
// An environment runs modules one top-level statement after another. A statement that fails changes nothing: names,
// lists and the prompt's graph are as before it. A bare call of a user's function, f(0.5, 1.2), traces f into a graph
// of its own, whose inputs are the call's arguments (lists flattened: x[0], x[1]); every other expression extends the
// prompt's graph, whose inputs are the names bound to plain numbers, in order of binding. Whatever came last is the
// current graph.
//
// Everything that ran is kept in a log, so that the session can go back to any earlier point, and so that the current
// graph can be traced again at another point.
#ifndef BAUER_LANG_ENVIRONMENT_H
#define BAUER_LANG_ENVIRONMENT_H

#include "graph/graph.h"
#include "lang/parse.h"

struct environment;

// Settable limits, and where print() goes. 0 means the default.
struct environment_options {
    uint32_t vertices;                                           // per graph, default 20 million
    uint64_t steps;                                              // loop iterations per statement, default 10 million
    uint32_t depth;                                              // nested calls, default 1000
    void (*print)(void *context, const char *text, size_t size); // text of a print(), with its newline
    void *print_context;
};

enum outcome_kind {
    OUTCOME_NOTHING,  // pass, import, a docstring; a bare call of function `name` that returned nothing
    OUTCOME_DEFINED,  // def: `name` is the function
    OUTCOME_ASSIGNED, // x = 2, z = x*y: `name` is the (first) name; `graph` is the current graph if it is a vertex or
                      // number
    OUTCOME_VALUE,    // a bare expression: values of outputs "_" (a list has several: "_[0]", ...)
    OUTCOME_CALL      // a bare call of a user's function, traced into `graph`
};

// What one top-level statement did. Valid during the callback only.
struct outcome {
    enum outcome_kind kind;
    symbol name;         // function or name, or 0
    bool redefined;      // an existing function was replaced
    struct graph *graph; // CALL, VALUE, ASSIGNED: the graph with its outputs set; NULL when the value has no graph
    const double *value; // value_count numbers: the outputs' values
    uint32_t value_count;
    bool literal;      // VALUE: a string literal by itself, as docstrings are
    const char *shown; // the value as Python would show it: "3.04", "[1.0, 2.0]", "True", "None"
    struct span span;
};

typedef void outcome_sink(void *context, const struct outcome *outcome);

struct environment *environment_new(struct symbols *symbols, struct error *error);
void environment_free(struct environment *environment);
void environment_set_options(struct environment *environment, struct environment_options options);
struct environment_options environment_options(const struct environment *environment);

// Runs one top-level statement of `module`, all or nothing. false with `error` set.
bool environment_run(struct environment *environment, struct module *module, uint32_t statement, outcome_sink *sink,
                     void *context, struct error *error);

// The current graph (borrowed until the next statement), NULL when there is none yet. Its outputs are those of the last
// value or call. The prompt's graph comes without what no name, no result and no output needs any more: after x = 5,
// z = x*y the z and the x of before are gone.
struct graph *environment_graph(const struct environment *environment);
// Changes whenever the current graph or its outputs may have.
uint64_t environment_version(const struct environment *environment);
// The last bare call, as text that makes it again: "f(0.5, 1.2)"; for the prompt's graph the bindings: "x = 2.0, y
// = 3.0". Reflects the point after environment_move.
void environment_point(const struct environment *environment, struct buffer *out);

// Makes a graph that was built elsewhere the current one, as a bare call does; it is held. Part of the log.
bool environment_adopt(struct environment *environment, struct graph *graph, struct error *error);

// Traces the current graph again at other input values (as many as the graph has inputs, in order), and makes the
// result current. At the prompt's graph the names' values change with it, and so do all values computed from them.
bool environment_move(struct environment *environment, const double *input, uint32_t count, struct error *error);

// The same, in place of the move before, if the last thing that happened was a move: a slider that is being dragged.
bool environment_move_again(struct environment *environment, const double *input, uint32_t count, struct error *error);

// The numbers of an expression, lists flattened, as the session stands: "pi/2", "[1, 2*x]". Changes nothing. mem_free
// *value. ERROR_TYPE when it is no number.
bool environment_numbers(struct environment *environment, struct source *source, double **value, uint32_t *count,
                         struct error *error);

// The log's length now, and going back (or, before anything new ran, forward again) to an earlier length: all
// statements and moves up to there, and nothing else, have happened. On failure everything stays as it is. When
// something new happens, what lay ahead is forgotten by settling only: going back before that finds it ahead again.
uint32_t environment_mark(const struct environment *environment);
bool environment_go(struct environment *environment, uint32_t mark, struct error *error);
void environment_settle(struct environment *environment);

// What is bound, in order of binding. kind: "function", "number", "vertex", "list", ...; `shown` is a signature or a
// value.
struct binding {
    symbol name;
    const char *kind;
    const char *shown;
    const char *doc;  // a function's docstring or NULL
    struct span span; // a function's whole text, a name's last assignment
};
typedef void binding_sink(void *context, const struct binding *binding);
void environment_bindings(const struct environment *environment, binding_sink *sink, void *context);
bool environment_bound(const struct environment *environment, const char *name);

#endif
