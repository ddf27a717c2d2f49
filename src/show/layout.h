// Where vertices and edges go: Graphviz's dot, run in a child process (bauer-layout) that is kept warm.
//
// The child is given sizes and numbers only, never text. It works under limits of time and memory and is killed and
// started anew when it exceeds them; then, and when it crashes or is missing, a simpler layered layout of our own is
// used and `message` says so.
#ifndef BAUER_SHOW_LAYOUT_H
#define BAUER_SHOW_LAYOUT_H

#include "show/scene.h"

enum direction { DIRECTION_UP, DIRECTION_DOWN, DIRECTION_RIGHT, DIRECTION_LEFT };

struct layout_node {
    double width, height; // in: points
    bool box;             // in: a rectangle with corners of `radius`; else an ellipse. Edges end at this border
    double radius;        // in: points
    int32_t rank;    // in: -1 free; equal numbers >= 0 are placed on one rank ("inputs" 0); INT32_MAX: the last rank
    struct point at; // out: centre
};

struct layout_edge {
    uint32_t from, to;                // in: node numbers
    double label_width, label_height; // in: room wanted for a label beside the edge, 0: none
    struct point *point;  // out: Bezier: first point, then three a segment, from the border of `from` to that of `to`
    uint32_t point_count; // (the last point is the arrow's tip)
    struct point label;   // out: centre of the label (on the spline's middle if no room was asked for)
};

struct layout {
    struct layout_node *node;
    uint32_t node_count;
    struct layout_edge *edge;
    uint32_t edge_count;
    enum direction direction;
    bool keep;                 // in: what the same graph had a moment ago will do, if it fits
    double node_gap, rank_gap; // in: points, 0: default
    double width, height;      // out: the whole drawing; coordinates run from 0
    char message[256];         // out: "" or why the simpler layout was used
};

// Fills the `out` fields. `seconds`: time limit, 0 for 5. Same input gives same output. false only for interrupt or
// memory.
bool layout_run(struct layout *layout, double seconds, struct error *error);
void layout_free(struct layout *layout); // node, edge and points
// Room for so many nodes (rank -1) and edges, zeroed; false when out of memory.
bool layout_init(struct layout *layout, uint32_t node_count, uint32_t edge_count);

// The simpler layout alone: ranks by longest path from the inputs, order within a rank by barycentres, straight edges.
bool layout_simple(struct layout *layout, struct error *error);

// $BAUER_LAYOUT goes before the default.
void layout_set_program(
    const char *path);  // where bauer-layout is; default: found beside the running program or in libexec
void layout_stop(void); // ends the child

// Ranks that edges pass through on their way, as far as ranks follow from the longest paths. Graphviz makes a node of
// its own for each of them, and its time grows much faster than their number.
uint64_t layout_ranks_passed(const struct layout *layout);

// Cuts each edge's curve where it leaves the border of its first node and where it meets that of its last, and puts
// labels without room of their own on the curve's middle. Both layouts draw from centre to centre and then call this.
void layout_clip(struct layout *layout);

// ---- the wire: length-checked binary messages, used by the child's main too
// ------------------------------------------

#define LAYOUT_HEADER_SIZE 16
#define LAYOUT_LARGEST_MESSAGE ((size_t)1 << 30)
// The size of the message that begins with these LAYOUT_HEADER_SIZE bytes, header included; 0: nonsense.
size_t layout_message_size(const void *data);

bool layout_encode(const struct layout *layout, struct buffer *out);
bool layout_decode(const void *data, size_t size, struct layout *layout); // a request, in the child
bool layout_encode_reply(const struct layout *layout, struct buffer *out);
bool layout_decode_reply(const void *data, size_t size, struct layout *layout); // false: nonsense

#endif
