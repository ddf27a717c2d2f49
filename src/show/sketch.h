// What of a graph is drawn: its nodes and edges once constants are hidden and collapsed frames are boxes.
//
// A node is a visible vertex or a collapsed frame with all that is nested in it; edges between the same two nodes are
// merged into one with a count when a box is at either end, and stay side by side otherwise. A graph with more nodes
// than the view allows is cut down to the paths that the view shows, if it shows any.
#ifndef BAUER_SHOW_SKETCH_H
#define BAUER_SHOW_SKETCH_H

#include "graph/tensors.h"
#include "show/diagram.h"

#define SKETCH_NONE UINT32_MAX

struct sketch_node {
    vertex v;       // VERTEX_NONE: a box
    uint32_t frame; // of a box
    uint32_t members;
    bool input, output, feeds; // feeds: has an edge out
    bool gone;                 // eliminated, or of no use for any derivative
};

// Of a graph all edges are plain. In an elimination (view->rest) parallel edges are one.
enum sketch_state {
    EDGE_PLAIN,
    EDGE_CHANGED, // with another number than at the beginning
    EDGE_FILL,    // new
    EDGE_GONE
};

struct sketch_edge {
    uint32_t from, to; // nodes
    uint32_t edge;     // of the graph; the first of those merged; SKETCH_NONE: a new one
    uint32_t count;    // how many are merged
    enum sketch_state state;
    bool fresh;            // changed in the step in hand
    double value;          // its number in an elimination
    vertex source, target; // of a new edge
};

struct sketch {
    struct sketch_node *node;
    struct sketch_edge *edge;
    size_t node_count, node_capacity, edge_count, edge_capacity;
    uint32_t *node_of; // by vertex: its node or SKETCH_NONE
    uint32_t *edge_of; // by edge of the graph: its edge or SKETCH_NONE
    uint32_t left_out; // visible vertices that were cut away
};

// ERROR_LIMIT with advice when there are more nodes than view->layout_limit (0: 2000) and no paths to cut down to.
bool sketch_make(const struct view *view, struct sketch *sketch, struct error *error);
void sketch_free(struct sketch *sketch);

// Plain words: "c = b*x2 = 1.118", "dc/db = x2 = 1.2"; a number that was not computed is a dash.
void sketch_node_title(const struct view *view, const struct sketch_node *node, struct buffer *out);
void sketch_edge_title(const struct view *view, const struct sketch *sketch, uint32_t edge, struct buffer *out);
// The partial of a graph's edge: "x2 = 1.2"; a constant one as its number alone, one not computed as its formula.
void sketch_partial_words(const struct view *view, uint32_t edge, struct buffer *out);
void sketch_frame_name(const struct graph *graph, uint32_t frame, struct buffer *out); // "g(…)", "i = 3", "w, pass 2"
// The partial of a graph's edge, or NAN with false where none was computed.
bool sketch_partial(const struct view *view, uint32_t edge, double *partial);
// The number on an edge of the sketch: its partial, or what an elimination made of it.
bool sketch_edge_number(const struct view *view, const struct sketch_edge *edge, double *number);
// The number under a vertex's name: its value or what a walk knows (view->known); a dash where it is not known.
void sketch_vertex_number(const struct view *view, vertex v, struct buffer *out);
bool sketch_value_known(const struct view *view, vertex v); // whether the value itself may be shown
// The number on an edge, or the shape of the Jacobian it stands for: "3×4".
void sketch_edge_text(const struct view *view, const struct sketch_edge *edge, struct buffer *out);
void sketch_bytes(double bytes, struct buffer *out);                           // "470 kB", "1.84 MB"
void sketch_number(const struct view *view, double value, struct buffer *out); // to the view's digits

#endif
