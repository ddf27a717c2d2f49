// What a graph keeps to itself: capacities, aliases, and tables for labels that are computed on demand.
#ifndef BAUER_GRAPH_GRAPH_PRIVATE_H
#define BAUER_GRAPH_GRAPH_PRIVATE_H

#include "graph/graph.h"

struct alias {
    symbol name;
    vertex v;
};

// Tables over the first `count` vertices; stale when the graph grew or a name was given since (`fresh` is false then).
struct label_table {
    bool fresh;
    uint32_t count, visible_count, symbol_count;
    uint32_t *id;      // rank among the visible vertices; for a hidden one, of the next visible one
    vertex *visible;   // the inverse
    uint32_t *ordinal; // 1 for the first vertex of a name
    vertex *first;     // by symbol: its first vertex, or VERTEX_NONE
    vertex *next;      // the next vertex of the same name, or VERTEX_NONE
};

struct graph_private {
    void *block;          // all arrays that grow with the vertices
    uint32_t capacity;    // vertices that fit
    size_t edge_capacity; // edges that fit: two for each vertex to come, at least
    size_t weight_capacity;
    size_t site_capacity, frame_capacity, input_capacity, output_capacity, output_name_capacity;
    uint32_t frame; // current
    struct alias *alias;
    size_t alias_count, alias_capacity;
    struct source **source; // held, each once
    size_t source_count, source_capacity;
    uint32_t *site_slot; // hash table from spans to sites: 0 is free
    uint32_t site_slots; // a power of two, or 0
    struct label_table label;
};

void graph_label_free(struct graph_private *private);

// tensors.c
void graph_tensors_truncate(struct graph *graph, uint32_t count);
void graph_tensors_free(struct graph *graph);
bool graph_tensors_copy(struct graph *to, vertex copy, const struct graph *from, vertex v, struct error *error);

#endif
