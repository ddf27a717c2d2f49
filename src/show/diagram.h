// From a graph to a scene: the views of the project.
#ifndef BAUER_SHOW_DIAGRAM_H
#define BAUER_SHOW_DIAGRAM_H

#include "graph/bauer.h"
#include "graph/eliminate.h"
#include "graph/path.h"
#include "show/layout.h"
#include "show/style.h"

enum view_kind {
    VIEW_PRIMAL,       // the primal graph: names, and values if `values`
    VIEW_LCG,          // local partials as numbers on the edges
    VIEW_LCG_SYMBOLIC, // local partials as formulas
    VIEW_PATHS,        // one small graph per path, the path lit, its product beneath: Figure 1(d)
    VIEW_FIGURE        // four panels on a page: (a) the program, (b) primal, (c) LCG, (d) paths
};

// A path to light up or to draw: edges from the input's end. `vertex` matters for a path of length 0.
struct lit_path {
    vertex input, output;
    const uint32_t *edge;
    uint32_t length;
    double product;
};

// What is shown, and how. All pointers are borrowed.
struct view {
    enum view_kind kind;
    const struct graph *graph;
    const struct lcg *lcg; // needed for all but VIEW_PRIMAL
    enum theme theme;
    enum direction direction;   // default DIRECTION_UP: inputs at the bottom, outputs on top
    bool values;                // values under the names
    bool names_only;            // VIEW_PRIMAL: no operations under them either
    int digits;                 // significant digits of numbers, default 3
    const struct lit_path *lit; // lit in VIEW_PRIMAL and VIEW_LCG, or NULL
    bool dim;                   // what is not lit recedes
    const char *lit_words;      // what is lit, when it is not a path: "step 3 of 9: f hands its adjoint to d"; or NULL
    // What a walk knows at its step; NULL: everything. `known`: by vertex, the numbers under the names instead of the
    // values, whether or not `values`; NAN: not known yet, a dash. `known_words`: what they are if they are not the
    // values: "adjoints".
    const double *known;
    const char *known_words;
    // The edges that an elimination has left (VIEW_LCG), or NULL: the graph's. What is gone is faint, fill-in dashed;
    // where `fill` is set or `before` is not `value` the step in hand changed it: lit.
    const struct eliminate_edge *rest;
    uint32_t rest_count;
    // What backward holds for each edge of the graph, bytes (VIEW_LCG), drawn as thickness and told beside the edge;
    // NULL: not shown. `held_most` is drawn thickest; `held_words` says by which method.
    const double *held;
    double held_most;
    const char *held_words;
    const struct lit_path *paths; // VIEW_PATHS and VIEW_FIGURE, in listed order
    uint32_t path_count;
    const char *path_total; // the exact number of paths as decimal text, may be more than path_count: then it is told
    const uint32_t *collapsed; // frames drawn as one box each (with everything nested in them)
    uint32_t collapsed_count;
    const char *code;      // VIEW_FIGURE: the program's text
    const char *point;     // "f(0.5, 1.2)"
    uint32_t layout_limit; // most vertices drawn, default 2000: ERROR_LIMIT with advice beyond
    double layout_seconds; // 0: 5
    bool live;             // in a window: the layout stays when only sizes have changed a little
    void *store;           // whoever made the view may keep here what it has to free
};

bool view_kind_find(const char *words, enum view_kind *kind); // "primal", "lcg", "lcg symbolic", "paths", "figure"
extern const char *const view_kind_name[];

// Lays the view out and draws it. `message` (256 bytes) tells what was simplified, or "". Title and description of the
// scene are those of describe_view.
bool diagram_scene(const struct view *view, struct scene *scene, char message[256], struct error *error);

#endif
