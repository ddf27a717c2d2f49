// Running a program at a point, appending to a graph what it computes.
//
// Internal to the room: environment.c owns the state that lasts, trace.c runs statements in it.
#ifndef BAUER_LANG_TRACE_H
#define BAUER_LANG_TRACE_H

#include "lang/environment.h"
#include "lang/value.h"

enum flow { FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_FAIL };

// What a failed statement has to put back.
struct undo_global {
    symbol name;
    struct value before;
};
struct undo_item {
    struct value_list *list;
    uint32_t count; // its length before, when `index` is UINT32_MAX
    uint32_t index;
    struct value before;
};

// A number bound to a name that was used in the graph: one vertex for each.
struct named_constant {
    symbol name;
    double number;
    vertex vertex;
};

// A plain number bound at the prompt: the n-th binding of its name.
struct override {
    symbol name;
    uint32_t occurrence;
    double value;
};

struct made { // an input of the prompt's graph
    struct override is;
    vertex vertex;
    size_t before; // the input of the same name before it: its place + 1, or 0
};

struct call { // a bare call, to be traced again
    struct closure *closure;
    struct value *argument; // by parameter; plain values only; UNBOUND: the default
};

#define TOO_DEEP "this list is nested too deeply, too large, or contains itself"

// All that statements change.
struct state {
    struct arena *arena;
    struct value *global; // by symbol
    size_t global_capacity;
    struct value *builtin; // by symbol: what is built in under it, as far as looked up
    size_t builtin_capacity;
    symbol *order; // names in order of binding
    size_t order_count, order_capacity;
    struct span *span; // parallel to order
    size_t span_capacity;
    struct module **module; // held
    size_t module_count, module_capacity;
    struct graph *prompt, *current; // held
    bool given;                     // `current` was made elsewhere: environment_adopt
    struct call call;               // of `current` when it is not `prompt`
    struct made *made;              // inputs made at the prompt, in order (parallel to prompt->input)
    size_t made_count, made_capacity;
    size_t *last_made; // by symbol: place + 1, or 0
    size_t last_made_capacity;
    // The prompt's graph as it is shown: without what no name and no result can reach any more.
    struct graph *view;          // held; NULL: not made since the last statement
    size_t *viewed;              // its inputs, as places in `made`; NULL: all
    vertex last_first, last_end; // what the statement made that set the outputs: shown even where nothing uses it
};

struct tracer {
    struct symbols *symbols;
    struct state *state;
    struct graph *graph;
    struct error *error;
    const struct environment_options *options;
    const struct override *overrides; // of the prompt's inputs
    size_t override_count;
    bool silent;         // print() says nothing: a replay
    bool prompt;         // the graph is the prompt's
    bool changed_passed; // out: a list that was passed to the call
    const struct module *module;
    const struct function *function; // being run; NULL at the top
    struct value *local;             // of `frame`
    struct names *frame;             // NULL at the top
    uint32_t depth, epoch, statement;
    uint64_t steps;
    const char *stack_base;
    struct imported { // lists of the prompt as a graph of its own sees them, lately
        const struct value_list *list;
        struct value value;
    } imported[64];
    struct value result; // of a return
    const struct expression *returned;
    struct call plain; // the last call at the prompt with numbers alone, or no function
    struct arena *plain_arena;
    struct undo_global *undo;
    size_t undo_count, undo_capacity;
    struct undo_item *undo_items;
    size_t undo_item_count, undo_item_capacity;
    struct named_constant *constant;
    size_t constant_count, constant_capacity;
    uint32_t *constant_slot; // hash table of positions + 1
    uint32_t constant_slots;
};

bool trace_start(struct tracer *tracer, struct symbols *symbols, struct state *state, struct graph *graph,
                 const struct environment_options *options, struct error *error);
void trace_stop(struct tracer *tracer);
void trace_rollback(struct tracer *tracer); // puts back names and lists
enum flow trace_statement(struct tracer *tracer, const struct statement *statement);
bool trace_expression(struct tracer *tracer, const struct expression *e, struct value *out);
// Calls with arguments by parameter (UNBOUND: default).
bool trace_call(struct tracer *tracer, const struct expression *site, const struct closure *closure,
                struct value *argument, struct value *out);
bool trace_arguments(struct tracer *tracer, const struct expression *call, struct function *function,
                     struct value *argument);
// A copy of a value, ranges as lists, without vertices and names; lists come from `arena`.
bool trace_plain(struct tracer *tracer, struct arena *arena, struct value *value);
bool trace_holds_vertex(struct value value);
bool trace_vertex(struct tracer *tracer, struct value value, const struct expression *site, vertex *out);
double trace_number(const struct tracer *tracer, struct value value); // of NUMBER, BOOL, VERTEX
// For what is to be shown: a number that waits, alone or in a list, becomes a plain one that is computed now.
bool trace_settle(struct tracer *tracer, struct value *value);
bool trace_is_number(struct value value);
const char *trace_kind_name(const struct tracer *tracer, struct value value); // "a list", "a tensor"
// Whether a number depends on tensors and is computed only when all is traced.
bool trace_waits(const struct tracer *tracer, struct value value);
bool trace_truth(struct tracer *tracer, struct value value, const struct expression *site, bool *out);
// given: at the prompt, a plain number becomes an input of the graph, and so do those of a list.
bool trace_bind(struct tracer *tracer, const struct expression *target, struct value value, bool given);
void trace_name_items(struct tracer *tracer, struct value value, const char *name);
struct value_list *trace_list(struct tracer *tracer, uint32_t capacity);
bool trace_append(struct tracer *tracer, struct value_list *list, struct value item);
bool trace_fail(struct tracer *tracer, const struct expression *at, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool trace_operation(struct tracer *tracer, enum op op, struct value a, struct value b, const struct expression *site,
                     struct value *out);
bool trace_place(struct tracer *tracer, const struct expression *site); // false; where an error was that knows no place

#ifdef __clang_analyzer__ // told that these return false, as are those in text.h
#define trace_fail(...) (trace_fail(__VA_ARGS__) && false)
#define trace_place(tracer, site) (trace_place(tracer, site) && false)
#endif

uint32_t trace_site(struct tracer *tracer, const struct expression *site);
// An input of the graph being traced, in place of the tensor that is given: of a name (0: none), at a place.
bool trace_new_input(struct tracer *tracer, symbol name, struct value *value, const struct expression *site);
bool trace_step(struct tracer *tracer, const struct expression *site); // counts and looks at the interrupt

bool trace_text(struct tracer *tracer, const char *data, size_t size, struct value *out);

// format.c
bool format_string(struct tracer *tracer, const struct expression *e, struct value *out); // an f-string
// text % values, the operation `e`.
bool format_percent(struct tracer *tracer, const struct expression *e, struct value text, struct value values,
                    struct value *out);
// text.format(argument...)
bool format_fields(struct tracer *tracer, const struct expression *call, struct value text,
                   const struct value *argument, struct value *out);

// builtin.c
bool builtin_lookup(const char *name, struct value *out); // functions, operations and constants, without "math."
bool builtin_call(struct tracer *tracer, const struct expression *call, int builtin, struct value *argument,
                  uint32_t count, struct value *out);
// An operation on each element of an array; the elements of two meet as NumPy broadcasts, those of ragged lists one by
// one where the lengths agree.
bool trace_each(struct tracer *tracer, enum op op, struct value a, struct value b, const struct expression *site,
                struct value *out);
// The sum of the products of two lists' elements; the product of two numbers.
bool trace_dot(struct tracer *tracer, const struct expression *site, struct value a, struct value b, struct value *out);
// Of arrays: two vectors, a matrix and a vector, or two matrices.
bool trace_product(struct tracer *t, const struct expression *site, struct value a, struct value b, struct value *out);
// The n-th element of anything that can be looped over, and how many there are.
bool trace_length(struct tracer *tracer, struct value value, const struct expression *site, uint64_t *count);
struct value trace_item(struct value value, uint64_t index);
// A string becomes the list of its characters, a tensor that of its parts along the first axis, for what goes through
// elements; all else stays as it is.
bool trace_spread(struct tracer *tracer, const struct expression *site, struct value *value);
// A whole number as Python indexes `count` elements; `what` they are for the error: "the list".
bool trace_index(struct tracer *tracer, const struct expression *site, struct value index, uint64_t count,
                 const char *what, uint64_t *out);
// The places that the slice `e` takes of `size`.
bool trace_slice(struct tracer *tracer, const struct expression *e, double size, double *first, double *step,
                 double *count);
// A call of `e`'s callee's name, with `self` before the arguments, which are not evaluated yet: x.sum(0).
bool trace_method(struct tracer *tracer, const struct expression *e, struct value self, int builtin, struct value *out);
// Charges for so many bytes of copies as for steps.
bool trace_copies(struct tracer *tracer, const struct expression *site, uint64_t bytes);
bool state_set_global(struct state *state, symbol name, struct value value, struct span span);
struct value state_global(const struct state *state, symbol name);
void state_unmake(struct state *state, size_t count); // forgets all but the first `count` inputs

#endif
