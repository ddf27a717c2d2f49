// The primal graph: which value was computed from which.
//
// A graph is a list of vertices in the order in which the program computed them; a vertex applies an operation to
// earlier vertices, so index order is topological order and no sort is ever needed. Everything is an array indexed by
// vertex; the operands of vertex v are operand[offset[v]] ... operand[offset[v + 1] - 1], and an edge is named by its
// position in `operand` (one edge for each use of an operand: x*x has two).
//
// Constants that the program did not name are vertices too, but hidden: they are not drawn, listed or counted. A
// visible vertex's number for people and JSON (its id) is its rank among the visible ones, and its label is its name
// ("a"; the second vertex of that name is "a@2", and so on), or "v" and its id when it has no name.
#ifndef BAUER_GRAPH_GRAPH_H
#define BAUER_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/symbol.h"
#include "base/text.h"
#include "op/op.h"

typedef uint32_t vertex;
#define VERTEX_NONE UINT32_MAX

// Where in the program a vertex comes from. Site 0 is "nowhere", frame 0 the outermost.
struct site {
    struct span span; // its source is held by the graph
};

enum frame_kind { FRAME_TOP, FRAME_CALL, FRAME_ITERATION, FRAME_LAYER };

// A call or one iteration of a loop; what is collapsed in a drawing is a frame.
struct frame {
    enum frame_kind kind;
    uint32_t parent; // frame index; 0's parent is 0
    symbol name;     // the function, or the loop variable (0 for while)
    uint32_t site;
    double index; // iteration number from 0; layer number from 1
    double value; // of the loop variable in this iteration; NAN where it is not a plain number: graph_enter sets NAN
};

struct graph {
    struct symbols *symbols; // borrowed
    uint32_t references;

    uint32_t count; // vertices
    uint8_t *op;
    uint32_t *offset; // count + 1
    vertex *operand;
    double *value;
    symbol *name;   // 0: unnamed
    double *weight; // by edge, those into an OP_LINEAR; NULL without any
    uint32_t *site;
    uint32_t *frame;

    struct site *sites;
    uint32_t site_count;
    struct frame *frames;
    uint32_t frame_count;

    vertex *input; // in the order of the function's arguments, lists flattened
    uint32_t input_count;
    vertex *output; // a vertex may be there twice
    symbol *output_name;
    uint32_t output_count;
    bool layered;    // made in layers, as the patterns of Figure 2: drawn from left to right
    symbol function; // what was traced, 0 for expressions at the prompt
    uint32_t limit;  // most vertices allowed (graph_add fails with ERROR_LIMIT beyond)

    struct graph_tensors *tensors; // graph/tensors.h; NULL: all vertices are numbers
    struct graph_private *private; // capacities, aliases, labels computed on demand
};

struct graph *graph_new(struct symbols *symbols, uint32_t vertex_limit, struct error *error);
struct graph *graph_hold(struct graph *graph);
void graph_drop(struct graph *graph); // frees at the last drop; NULL is allowed
// Bytes in use in the arrays that grow with vertices and edges (at most 64 a vertex together with lcg_bytes).
size_t graph_bytes(const struct graph *graph);

// ---- building (each returns VERTEX_NONE / 0 / false with `error` set: ERROR_LIMIT, ERROR_MEMORY)
// ---------------------

vertex graph_input(struct graph *graph, symbol name, double value, uint32_t site, struct error *error);
// name 0: a hidden constant.
vertex graph_constant(struct graph *graph, symbol name, double value, uint32_t site, struct error *error);
// Appends op(a, b) (b is ignored for unary operations) in the current frame and computes its value. Never fails for a
// value that is not finite: the caller looks at op_domain.
vertex graph_add(struct graph *graph, enum op op, vertex a, vertex b, uint32_t site, struct error *error);
// Appends the weighted sum of `count` vertices, each of which may be there more than once.
vertex graph_add_linear(struct graph *graph, const vertex *operand, const double *weight, uint32_t count, uint32_t site,
                        struct error *error);
// Names an unnamed vertex; on a named one it adds an alias, found by graph_find.
bool graph_name(struct graph *graph, vertex v, symbol name, struct error *error);
bool graph_output(struct graph *graph, vertex v, symbol name, struct error *error);
void graph_clear_outputs(struct graph *graph);
// Takes back the last vertices, until `count` are left of which `inputs` are inputs, and leaves all frames. For a
// statement that failed half-way; no LCG of the graph may be in use.
void graph_truncate(struct graph *graph, uint32_t count, uint32_t inputs);
uint32_t graph_site(struct graph *graph, struct span span, struct error *error);
// The same without looking whether `span` has a site already: for a tracer that knows it has not.
uint32_t graph_site_new(struct graph *graph, struct span span, struct error *error);
uint32_t graph_enter(struct graph *graph, enum frame_kind kind, symbol name, double index, uint32_t site,
                     struct error *error); // opens a frame and makes it current; 0 on failure
void graph_leave(struct graph *graph);     // back to the parent frame

// A copy of the vertices that `keep` (graph->count of them) marks: with each also its operands must be marked. Inputs
// and aliases are those among them, outputs must all be; sites and frames stay as they are.
struct graph *graph_prune(const struct graph *graph, const uint8_t *keep, struct error *error);

// ---- reading ------------------------------------------------------------------------------------------------------

static inline uint32_t graph_edge_count(const struct graph *graph) { return graph->offset[graph->count]; }
static inline uint32_t graph_arity(const struct graph *graph, vertex v) {
    return graph->offset[v + 1] - graph->offset[v];
}
// Whether two graphs of numbers are alike: operations, edges, names, values, inputs and outputs, wherever in a text
// they come from. Of those with tensors only a graph and itself are. NULL is like NULL.
bool graph_same(const struct graph *a, const struct graph *b);
bool graph_hidden(const struct graph *graph, vertex v);    // an unnamed constant
bool graph_is_output(const struct graph *graph, vertex v); // one of its outputs
uint32_t graph_visible_count(const struct graph *graph);
uint32_t graph_id(const struct graph *graph, vertex v);             // rank among the visible vertices
vertex graph_vertex(const struct graph *graph, uint32_t id);        // the inverse, or VERTEX_NONE
vertex graph_edge_target(const struct graph *graph, uint32_t edge); // binary search in offset

// The label as described above; for a hidden constant its number. The text lives in `out` (cut at 64 bytes).
const char *graph_label(const struct graph *graph, vertex v, char out[64]);
// The vertex that a person means by `text`: a label, an alias, or "#id"; VERTEX_NONE with ERROR_NAME and "did you
// mean".
vertex graph_find(const struct graph *graph, const char *text, struct error *error);
// The formula of v in the labels of its operands: "a*c", "exp(x1)"; precedence-correct where an operand is shown as a
// number. Of a weighted sum, at most the first four terms.
void graph_formula(const struct graph *graph, vertex v, struct buffer *out);
// The local partial on `edge` as a formula: "cos(x2)", "a", "1".
void graph_partial_formula(const struct graph *graph, uint32_t edge, struct buffer *out);
struct span graph_span(const struct graph *graph, vertex v);
// How a vertex is named among the outputs ("f", "f[0]", "a"): outputs' own names if they are names and distinct ("a@3"
// where "a" is another vertex), else the function's name with an index; "_" for an expression at the prompt.
const char *graph_output_label(const struct graph *graph, uint32_t output, char out[64]);
const char *graph_input_label(const struct graph *graph, uint32_t input, char out[64]);

// All values again from the inputs' values `input` (input_count numbers) into `value` (count numbers): the branches
// stay as traced. Looks at task_interrupted.
bool graph_evaluate(const struct graph *graph, const double *input, double *value, struct error *error);

// Notes for the person about this point: vertices on a kink, values lost to rounding. Calls `note` for each, most
// important first, at most `most` times; returns how many there are in all.
typedef void graph_note(void *context, vertex v, const char *text);
uint64_t graph_kinks(const struct graph *graph, graph_note *note, void *context, uint64_t most);

#endif
