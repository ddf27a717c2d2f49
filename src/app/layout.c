// bauer-layout: places the vertices and edges of graphs with Graphviz's dot.
//
// Reads requests from standard input and writes replies to standard output (show/layout.h) until its input ends. It
// knows sizes and numbers only; ids are made here. It is kept apart from bauer because Graphviz can take long, need
// much memory or crash, cannot be interrupted, and has a licence that cannot be joined with Readline's.
#include <errno.h>
#include <graphviz/gvc.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/sandbox.h"
#include "show/layout.h"

#define MOST_MEMORY ((uint64_t)2 << 30)
#define MOST_SECONDS 3600 // of computing for one request; the parent is far less patient
#define COMPARED 150      // nodes up to which several drawings are compared
#define LARGE 300         // nodes beyond which dot is told to hurry
#define HUGE_NODES 1000   // ... and to draw straight edges
#define HUGE_EDGES 3000
#define NODE_GAP 28.0
#define RANK_GAP 52.0
#define INCH 72.0 // points

// ---- limits -------------------------------------------------------------------------------------------------------

// Sanitizers reserve more address space than any limit would allow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

static void limit_once(void) {
    signal(SIGINT, SIG_IGN); // Ctrl-C is for the parent, which ends us if it wants to
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sandbox_limit(RLIMIT_CORE, 0);
    if (!SANITIZED) sandbox_limit(RLIMIT_AS, MOST_MEMORY);
}

// Coordinates need no files: none is opened any more, nothing is written but the answers, nothing is started.
static void give_up_rights(void) {
    sandbox_enter(NULL, 0, NULL, 0);
    sandbox_limit(RLIMIT_FSIZE, 0);
    sandbox_limit(RLIMIT_NPROC, 0);
}

static void limit_request(void) {
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used)) return;
    sandbox_limit(RLIMIT_CPU, (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + MOST_SECONDS));
}

// ---- messages -----------------------------------------------------------------------------------------------------

static bool read_all(char *data, size_t size) {
    while (size) {
        ssize_t got = read(STDIN_FILENO, data, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        data += got;
        size -= (size_t)got;
    }
    return true;
}

static bool write_all(const char *data, size_t size) {
    while (size) {
        ssize_t put = write(STDOUT_FILENO, data, size);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        data += put;
        size -= (size_t)put;
    }
    return true;
}

// ---- from the request to Graphviz ---------------------------------------------------------------------------------

struct drawing {
    struct layout *layout;
    Agraph_t *graph;
    Agnode_t **node;
    Agedge_t **edge;
};

static void set(void *object, const char *name, const char *value) {
    agsafeset(object, (char *)name, (char *)value, (char *)"");
}

static void set_number(void *object, const char *name, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.6f", value);
    set(object, name, text);
}

static void declare(Agraph_t *graph, int kind, const char *name, const char *value) {
    agattr(graph, kind, (char *)name, (char *)value);
}

// How dot is told to keep the order of the program: ORDER_IN keeps the order of each node's arguments; ORDER_MIXED that
// of the arguments of some nodes and of the uses of others, which in full layers fixes every layer.
enum order { ORDER_IN, ORDER_MIXED, ORDER_FREE, ORDER_COUNT };

static void declare_all(Agraph_t *graph, const struct layout *layout, enum order order) {
    static const char *const rankdir[] = {"BT", "TB", "LR", "RL"};
    char gap[32];
    declare(graph, AGRAPH, "rankdir", rankdir[layout->direction]);
    snprintf(gap, sizeof gap, "%.6f", (layout->node_gap > 0 ? layout->node_gap : NODE_GAP) / INCH);
    declare(graph, AGRAPH, "nodesep", gap);
    snprintf(gap, sizeof gap, "%.6f", (layout->rank_gap > 0 ? layout->rank_gap : RANK_GAP) / INCH);
    declare(graph, AGRAPH, "ranksep", gap);
    declare(graph, AGRAPH, "pad", "0");
    if (order == ORDER_IN) declare(graph, AGRAPH, "ordering", "in");
    if (order == ORDER_MIXED) declare(graph, AGNODE, "ordering", "in");
    uint64_t passed = layout_ranks_passed(layout);
    if (layout->node_count > LARGE || passed > LARGE) {
        const char *limit = passed > LARGE ? "0.1" : "1";
        declare(graph, AGRAPH, "nslimit", limit);
        declare(graph, AGRAPH, "nslimit1", limit);
        declare(graph, AGRAPH, "mclimit", ".1");
        if (layout->node_count > HUGE_NODES || layout->edge_count > HUGE_EDGES || passed > HUGE_EDGES)
            declare(graph, AGRAPH, "splines", "line");
    }
    declare(graph, AGNODE, "shape", "box");
    declare(graph, AGNODE, "fixedsize", "true");
    declare(graph, AGNODE, "label", "");
    declare(graph, AGNODE, "width", "0.5");
    declare(graph, AGNODE, "height", "0.5");
    // Curves run from centre to centre; they are cut at the true shapes later.
    declare(graph, AGEDGE, "headclip", "false");
    declare(graph, AGEDGE, "tailclip", "false");
    declare(graph, AGEDGE, "dir", "none");
    declare(graph, AGEDGE, "label", "");
}

static bool add_nodes(struct drawing *drawing) {
    char name[16];
    for (uint32_t i = 0; i < drawing->layout->node_count; i++) {
        const struct layout_node *node = &drawing->layout->node[i];
        snprintf(name, sizeof name, "n%u", i);
        Agnode_t *made = drawing->node[i] = agnode(drawing->graph, name, 1);
        if (!made) return false;
        set_number(made, "width", node->width / INCH);
        set_number(made, "height", node->height / INCH);
        if (node->rank < 0) continue;
        snprintf(name, sizeof name, "r%d", node->rank);
        Agraph_t *rank = agsubg(drawing->graph, name, 1);
        if (!rank || !agsubnode(rank, made, 1)) return false;
        set(rank, "rank", node->rank == 0 ? "min" : node->rank == INT32_MAX ? "max" : "same");
    }
    return true;
}

// Room for a label: an empty table of fixed size, the one label whose size needs no font.
static void reserve_label(Agraph_t *graph, Agedge_t *made, const struct layout_edge *edge) {
    char text[256];
    snprintf(text, sizeof text,
             "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"0\" FIXEDSIZE=\"TRUE\" "
             "WIDTH=\"%d\" HEIGHT=\"%d\"><TR><TD></TD></TR></TABLE>",
             (int)fmin(ceil(edge->label_width), 65535), (int)fmin(ceil(edge->label_height), 65535));
    char *html = agstrdup_html(graph, text);
    if (!html) return;
    agset(made, (char *)"label", html);
    agstrfree(graph, html);
}

static bool add_edge(struct drawing *drawing, uint32_t i) {
    char name[16];
    const struct layout_edge *edge = &drawing->layout->edge[i];
    snprintf(name, sizeof name, "e%u", i);
    Agedge_t *made = agedge(drawing->graph, drawing->node[edge->from], drawing->node[edge->to], name, 1);
    drawing->edge[i] = made;
    if (made && edge->label_width > 0) reserve_label(drawing->graph, made, edge);
    return made != NULL;
}

static int compare_to(const void *a, const void *b, void *context) {
    const struct layout_edge *edge = context;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    if (edge[i].to != edge[j].to) return edge[i].to < edge[j].to ? -1 : 1;
    return i < j ? -1 : i > j;
}

// By target: dot looks at edges in the order they were made, and then lays layers out in the order of their nodes.
static bool add_edges(struct drawing *drawing) {
    uint32_t count = drawing->layout->edge_count, *order = mem_alloc(count + 1, sizeof *order);
    if (!order) return false;
    for (uint32_t i = 0; i < count; i++) order[i] = i;
    qsort_r(order, count, sizeof *order, compare_to, drawing->layout->edge);
    bool ok = true;
    for (uint32_t i = 0; i < count && ok; i++) ok = add_edge(drawing, order[i]);
    mem_free(order);
    return ok;
}

// ---- from Graphviz to the reply -----------------------------------------------------------------------------------

static struct point flip(const struct drawing *drawing, pointf p) {
    return (struct point){p.x, GD_bb(drawing->graph).UR.y - p.y};
}

static double distance(struct point a, struct point b) { return hypot(a.x - b.x, a.y - b.y); }

static void reverse(struct layout_edge *edge) {
    for (uint32_t i = 0, j = edge->point_count - 1; i < j; i++, j--) {
        struct point kept = edge->point[i];
        edge->point[i] = edge->point[j];
        edge->point[j] = kept;
    }
}

static bool read_spline(const struct drawing *drawing, Agedge_t *made, struct layout_edge *edge) {
    struct point from = drawing->layout->node[edge->from].at, to = drawing->layout->node[edge->to].at;
    const splines *spline = ED_spl(made);
    const bezier *curve = spline && spline->size > 0 ? &spline->list[0] : NULL;
    uint32_t count = curve && curve->size >= 4 ? (uint32_t)curve->size / 3 * 3 + 1 : 4;
    edge->point = mem_resize(edge->point, count, sizeof *edge->point);
    if (!edge->point) return false;
    edge->point_count = count;
    for (uint32_t i = 0; i < count; i++) {
        double t = i / 3.0;
        struct point straight = {from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)};
        edge->point[i] = curve && curve->size >= 4 ? flip(drawing, curve->list[i]) : straight;
    }
    if (distance(edge->point[0], to) < distance(edge->point[0], from)) reverse(edge);
    return true;
}

static bool read_layout(struct drawing *drawing) {
    struct layout *layout = drawing->layout;
    layout->width = GD_bb(drawing->graph).UR.x;
    layout->height = GD_bb(drawing->graph).UR.y;
    for (uint32_t i = 0; i < layout->node_count; i++) layout->node[i].at = flip(drawing, ND_coord(drawing->node[i]));
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        struct layout_edge *edge = &layout->edge[i];
        if (!read_spline(drawing, drawing->edge[i], edge)) return false;
        const textlabel_t *label = ED_label(drawing->edge[i]);
        edge->label = (struct point){NAN, NAN};
        if (edge->label_width > 0 && label && label->set) edge->label = flip(drawing, label->pos);
    }
    return true;
}

// ---- straight edges -----------------------------------------------------------------------------------------------

#define ROOM 3.0                  // points between a straight edge and a node that it passes
enum { STRAIGHTENED = 40000000 }; // most pairs of edges and nodes that are looked at

// Whether the line from a to b passes through the node, by cutting it at the four sides (Liang and Barsky).
static bool passes_through(struct point a, struct point b, const struct layout_node *node) {
    double half[2] = {node->width / 2 + ROOM, node->height / 2 + ROOM}, from = 0, to = 1;
    double at[2] = {a.x - node->at.x, a.y - node->at.y}, step[2] = {b.x - a.x, b.y - a.y};
    for (int i = 0; i < 2; i++) {
        if (step[i] == 0 && fabs(at[i]) > half[i]) return false;
        if (step[i] == 0) continue;
        double t0 = (-half[i] - at[i]) / step[i], t1 = (half[i] - at[i]) / step[i];
        from = fmax(from, fmin(t0, t1));
        to = fmin(to, fmax(t0, t1));
    }
    return from < to;
}

static bool is_free(const struct layout *layout, const struct layout_edge *edge) {
    struct point a = layout->node[edge->from].at, b = layout->node[edge->to].at;
    for (uint32_t i = 0; i < layout->node_count; i++)
        if (i != edge->from && i != edge->to && passes_through(a, b, &layout->node[i])) return false;
    return true;
}

static int compare_pairs(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

// Two edges join the same nodes; true also when memory runs out.
static bool has_parallel_edges(const struct layout *layout) {
    uint64_t *pair = mem_alloc((size_t)layout->edge_count + 1, sizeof *pair);
    bool found = !pair;
    for (uint32_t i = 0; i < layout->edge_count && pair; i++) {
        uint64_t a = layout->edge[i].from, b = layout->edge[i].to;
        pair[i] = a < b ? a << 32 | b : b << 32 | a;
    }
    if (pair) qsort(pair, layout->edge_count, sizeof *pair, compare_pairs);
    for (uint32_t i = 1; i < layout->edge_count && !found; i++) found = pair[i] == pair[i - 1];
    mem_free(pair);
    return found;
}

// Every edge could be a straight line without a label or a node in its way.
static bool may_be_straight(const struct layout *layout) {
    bool ok = (double)layout->edge_count * layout->node_count < STRAIGHTENED && !has_parallel_edges(layout);
    for (uint32_t i = 0; i < layout->edge_count && ok; i++) {
        const struct layout_edge *edge = &layout->edge[i];
        ok = edge->from != edge->to && edge->label_width <= 0 && is_free(layout, edge);
    }
    return ok;
}

// A graph that needs no curves has none: full layers are read as a mesh of lines.
static void straighten(struct layout *layout) {
    if (!may_be_straight(layout)) return;
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        struct layout_edge *edge = &layout->edge[i];
        struct point a = layout->node[edge->from].at, b = layout->node[edge->to].at;
        edge->point_count = 4; // no spline has fewer
        for (int k = 0; k < 4; k++)
            edge->point[k] = (struct point){a.x + k * (b.x - a.x) / 3, a.y + k * (b.y - a.y) / 3};
    }
}

// ---- which of two drawings ----------------------------------------------------------------------------------------

#define PIECES 6 // straight pieces a curve is compared by

struct piece {
    struct point a, b;
};

static double side(struct point a, struct point b, struct point c) {
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

static bool cross(const struct piece *p, const struct piece *q) {
    if (fmax(p->a.x, p->b.x) < fmin(q->a.x, q->b.x) || fmax(q->a.x, q->b.x) < fmin(p->a.x, p->b.x)) return false;
    return side(p->a, p->b, q->a) * side(p->a, p->b, q->b) < 0 && side(q->a, q->b, p->a) * side(q->a, q->b, p->b) < 0;
}

static struct point spline_at(const struct layout_edge *edge, double t) {
    uint32_t segments = edge->point_count / 3, i = (uint32_t)fmin(t * segments, segments - 1.0);
    const struct point *p = &edge->point[(size_t)3 * i];
    double u = t * segments - i, v = 1 - u, b[4] = {v * v * v, 3 * v * v * u, 3 * v * u * u, u * u * u};
    return (struct point){b[0] * p[0].x + b[1] * p[1].x + b[2] * p[2].x + b[3] * p[3].x,
                          b[0] * p[0].y + b[1] * p[1].y + b[2] * p[2].y + b[3] * p[3].y};
}

static void cut_in_pieces(const struct layout_edge *edge, struct piece *piece) {
    for (int i = 0; i < PIECES; i++)
        piece[i] = (struct piece){spline_at(edge, i / (double)PIECES), spline_at(edge, (i + 1) / (double)PIECES)};
}

static bool meet(const struct layout_edge *a, const struct layout_edge *b) {
    return a->from == b->from || a->from == b->to || a->to == b->from || a->to == b->to;
}

// Pairs of edges that cross, by their curves; SIZE_MAX when out of memory.
static size_t count_crossings(const struct layout *layout) {
    struct piece *piece = mem_alloc((size_t)layout->edge_count * PIECES + 1, sizeof *piece);
    size_t crossings = 0;
    if (!piece) return SIZE_MAX;
    for (uint32_t i = 0; i < layout->edge_count; i++) cut_in_pieces(&layout->edge[i], &piece[(size_t)i * PIECES]);
    for (uint32_t i = 0; i < layout->edge_count; i++)
        for (uint32_t j = 0; j < i; j++) {
            bool crossed = meet(&layout->edge[i], &layout->edge[j]);
            for (uint32_t k = 0; k < PIECES * PIECES && !crossed; k++) {
                crossed = cross(&piece[i * PIECES + k / PIECES], &piece[j * PIECES + k % PIECES]);
                crossings += crossed;
            }
        }
    mem_free(piece);
    return crossings;
}

static bool is_upright(const struct layout *layout) {
    return layout->direction == DIRECTION_UP || layout->direction == DIRECTION_DOWN;
}

static double across(const struct layout *layout, uint32_t i) {
    return is_upright(layout) ? layout->node[i].at.x : layout->node[i].at.y;
}

static double along(const struct layout *layout, uint32_t i) {
    return is_upright(layout) ? layout->node[i].at.y : layout->node[i].at.x;
}

// Pairs of nodes on one rank that stand against the order of the program; the drawing may still be mirrored.
static size_t count_inversions(const struct layout *layout) {
    size_t forward = 0, backward = 0;
    for (uint32_t i = 0; i < layout->node_count; i++)
        for (uint32_t j = 0; j < i; j++) {
            if (fabs(along(layout, i) - along(layout, j)) > 0.5) continue;
            if (across(layout, i) > across(layout, j))
                forward++;
            else
                backward++;
        }
    return forward < backward ? forward : backward;
}

// ---- one layout ---------------------------------------------------------------------------------------------------

// Nodes without arguments keep the order of their uses, those without uses that of their arguments, others in turn.
static void mix_orders(struct drawing *drawing) {
    for (uint32_t i = 0; i < drawing->layout->node_count; i++) {
        int arguments = agdegree(drawing->graph, drawing->node[i], 1, 0);
        int uses = agdegree(drawing->graph, drawing->node[i], 0, 1);
        set(drawing->node[i], "ordering", !arguments || (uses && i % 2) ? "out" : "in");
    }
}

static bool draw(struct drawing *drawing, GVC_t *context, enum order order) {
    drawing->graph = agopen((char *)"g", Agdirected, NULL);
    if (!drawing->graph) return false;
    declare_all(drawing->graph, drawing->layout, order);
    bool ok = add_nodes(drawing) && add_edges(drawing);
    if (ok && order == ORDER_MIXED) mix_orders(drawing);
    ok = ok && gvLayout(context, drawing->graph, "dot") == 0;
    if (ok) {
        ok = read_layout(drawing);
        if (ok) straighten(drawing->layout);
        gvFreeLayout(context, drawing->graph);
    }
    agclose(drawing->graph);
    return ok;
}

// The order of the program (h1 h2 h3) reads well in layered nets but may cost crossings: the fewest crossings win, then
// the best kept order. Larger graphs are drawn once.
static bool draw_best(struct drawing *drawing, GVC_t *context) {
    enum order best = ORDER_IN, last = ORDER_COUNT;
    size_t crossings = SIZE_MAX, inversions = SIZE_MAX;
    if (drawing->layout->node_count > COMPARED) return draw(drawing, context, ORDER_FREE);
    for (enum order order = ORDER_IN; order < ORDER_COUNT && (crossings || inversions); order++) {
        if (!draw(drawing, context, order)) return false;
        size_t crossed = count_crossings(drawing->layout), inverted = count_inversions(drawing->layout);
        last = order;
        if (crossed > crossings || (crossed == crossings && inverted >= inversions)) continue;
        best = order, crossings = crossed, inversions = inverted;
    }
    return best == last || draw(drawing, context, best);
}

// Left and right are dot's whim: inputs that run backwards are turned round.
static bool runs_backwards(const struct layout *layout, const bool *input) {
    uint32_t forward = 0, backward = 0;
    double last = NAN;
    for (uint32_t i = 0; i < layout->node_count; i++) {
        if (!input[i]) continue;
        forward += across(layout, i) > last;
        backward += across(layout, i) < last;
        last = across(layout, i);
    }
    return backward > forward;
}

// Those given rank 0, or, if none is, those without arguments.
static bool inputs_run_backwards(const struct layout *layout) {
    bool *input = mem_zero(layout->node_count + 1, sizeof *input), given = false;
    if (!input) return false;
    for (uint32_t i = 0; i < layout->node_count; i++) given |= input[i] = layout->node[i].rank == 0;
    if (!given) memset(input, true, layout->node_count);
    for (uint32_t i = 0; i < layout->edge_count && !given; i++) input[layout->edge[i].to] = false;
    bool backwards = runs_backwards(layout, input);
    mem_free(input);
    return backwards;
}

static void mirror_point(const struct layout *layout, struct point *point) {
    if (is_upright(layout))
        point->x = layout->width - point->x;
    else
        point->y = layout->height - point->y;
}

static void mirror(struct layout *layout) {
    for (uint32_t i = 0; i < layout->node_count; i++) mirror_point(layout, &layout->node[i].at);
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        mirror_point(layout, &layout->edge[i].label);
        for (uint32_t j = 0; j < layout->edge[i].point_count; j++) mirror_point(layout, &layout->edge[i].point[j]);
    }
}

static bool lay_out(GVC_t *context, struct layout *layout) {
    struct drawing drawing = {.layout = layout};
    drawing.node = mem_zero(layout->node_count + 1, sizeof(Agnode_t *));
    drawing.edge = mem_zero(layout->edge_count + 1, sizeof(Agedge_t *));
    bool ok = drawing.node && drawing.edge && draw_best(&drawing, context);
    if (ok && inputs_run_backwards(layout)) mirror(layout);
    mem_free(drawing.node);
    mem_free(drawing.edge);
    return ok;
}

static bool answer(GVC_t *context, const char *data, size_t size) {
    struct layout layout;
    struct buffer reply = {0};
    if (!layout_decode(data, size, &layout)) return false;
    bool ok = lay_out(context, &layout) && layout_encode_reply(&layout, &reply) && write_all(reply.data, reply.size);
    buffer_free(&reply);
    layout_free(&layout);
    return ok;
}

static bool serve(GVC_t *context) {
    char header[LAYOUT_HEADER_SIZE];
    if (!read_all(header, sizeof header)) return false;
    size_t size = layout_message_size(header);
    char *data = size ? mem_alloc(size, 1) : NULL;
    if (!data) return false;
    memcpy(data, header, sizeof header);
    limit_request();
    bool ok = read_all(data + sizeof header, size - sizeof header) && answer(context, data, size);
    mem_free(data);
    return ok;
}

int main(void) {
    // The one plug-in needed, linked in: looking for them in a configuration file takes longer than a layout.
    extern gvplugin_library_t gvplugin_dot_layout_LTX_library;
    lt_symlist_t plugins[] = {{"gvplugin_dot_layout_LTX_library", &gvplugin_dot_layout_LTX_library}, {NULL, NULL}};
    limit_once();
    GVC_t *context = gvContextPlugins(plugins, 0);
    if (!context) return 1;
    give_up_rights();
    while (serve(context)) continue;
    gvFreeContext(context);
    return 0;
}
