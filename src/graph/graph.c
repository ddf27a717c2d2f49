// Building a graph, and computing its values again.
#include "graph/graph.h"

#include <math.h>
#include <string.h>

#include "base/large.h"
#include "base/task.h"
#include "graph/graph_private.h"
#include "graph/tensors.h"
#include "op/op_inline.h"

enum {
    FIRST_CAPACITY = 64,
    MOST_VERTICES = INT32_MAX - 1,
    LARGE_FROM = 1 << 12,
    LARGE_FACTOR = 16,
    LOOK_EVERY = 1 << 14
};

// ---- life ---------------------------------------------------------------------------------------------------------

// All arrays that grow with the vertices lie in one block, so that one large page after the other fills up.
static size_t block_bytes(uint32_t vertices, size_t edges) {
    const struct graph *graph;
    size_t each = sizeof *graph->value + sizeof *graph->offset + sizeof *graph->name + sizeof *graph->site +
                  sizeof *graph->frame + sizeof *graph->op;
    return vertices * each + edges * sizeof *graph->operand + sizeof *graph->offset;
}

// Room for `capacity` vertices; of edges for `more` (0 but for a weighted sum) and two for each vertex to come.
static bool set_capacity(struct graph *graph, uint32_t capacity, size_t more) {
    size_t count = graph->count, edges = graph->private->block ? graph_edge_count(graph) : 0;
    size_t edge_capacity = edges + more + 2 * ((size_t)capacity - count);
    char *block = large_alloc(block_bytes(capacity, edge_capacity), 1), *next = block;
    if (!block) return false;
#define MOVE(FIELD, USED, PLACES)                                                                                      \
    do {                                                                                                               \
        if (graph->FIELD) memcpy(next, graph->FIELD, (USED) * sizeof *graph->FIELD);                                   \
        graph->FIELD = (void *)next;                                                                                   \
        next += (PLACES) * sizeof *graph->FIELD;                                                                       \
    } while (0)
    MOVE(value, count, (size_t)capacity); // the largest first: all are aligned
    MOVE(operand, edges, edge_capacity);
    MOVE(offset, count + 1, (size_t)capacity + 1);
    MOVE(name, count, (size_t)capacity);
    MOVE(site, count, (size_t)capacity);
    MOVE(frame, count, (size_t)capacity);
    MOVE(op, count, (size_t)capacity);
#undef MOVE
    mem_free(graph->private->block);
    graph->private->block = block;
    graph->private->capacity = capacity;
    graph->private->edge_capacity = edge_capacity;
    graph->offset[0] = 0;
    return true;
}

static bool add_first_frame_and_site(struct graph *graph) {
    struct graph_private *private = graph->private;
    if (!mem_grow(&graph->sites, &private->site_capacity, 1, sizeof *graph->sites)) return false;
    if (!mem_grow(&graph->frames, &private->frame_capacity, 1, sizeof *graph->frames)) return false;
    graph->sites[graph->site_count++] = (struct site){0};
    graph->frames[graph->frame_count++] = (struct frame){.kind = FRAME_TOP};
    return true;
}

struct graph *graph_new(struct symbols *symbols, uint32_t vertex_limit, struct error *error) {
    struct graph *graph = mem_zero(1, sizeof *graph);
    if (!graph) return error_memory(error), NULL;
    graph->symbols = symbols;
    graph->references = 1;
    graph->limit = vertex_limit;
    graph->private = mem_zero(1, sizeof *graph->private);
    if (!graph->private || !set_capacity(graph, FIRST_CAPACITY, 0) || !add_first_frame_and_site(graph)) {
        graph_drop(graph);
        return error_memory(error), NULL;
    }
    return graph;
}

struct graph *graph_hold(struct graph *graph) {
    graph->references++;
    return graph;
}

static void free_private(struct graph_private *private) {
    if (!private) return;
    for (size_t i = 0; i < private->source_count; i++) source_drop(private->source[i]);
    mem_free(private->source);
    mem_free(private->alias);
    mem_free(private->site_slot);
    mem_free(private->block);
    graph_label_free(private);
    mem_free(private);
}

void graph_drop(struct graph *graph) {
    if (!graph || --graph->references > 0) return;
    graph_tensors_free(graph);
    free_private(graph->private);
    mem_free(graph->weight);
    mem_free(graph->sites);
    mem_free(graph->frames);
    mem_free(graph->input);
    mem_free(graph->output);
    mem_free(graph->output_name);
    mem_free(graph);
}

static bool same(const void *a, const void *b, size_t count, size_t size) {
    return !count || memcmp(a, b, count * size) == 0;
}

bool graph_same(const struct graph *a, const struct graph *b) {
    if (a == b) return true;
    if (!a || !b || a->tensors || b->tensors || a->symbols != b->symbols || a->count != b->count ||
        a->input_count != b->input_count || a->output_count != b->output_count || !a->weight != !b->weight)
        return false;
    size_t n = a->count;
    return same(a->offset, b->offset, n + 1, sizeof *a->offset) &&
           same(a->operand, b->operand, graph_edge_count(a), sizeof *a->operand) &&
           same(a->op, b->op, n, sizeof *a->op) && same(a->name, b->name, n, sizeof *a->name) &&
           same(a->value, b->value, n, sizeof *a->value) &&
           same(a->input, b->input, a->input_count, sizeof *a->input) &&
           same(a->output, b->output, a->output_count, sizeof *a->output) &&
           same(a->output_name, b->output_name, a->output_count, sizeof *a->output_name) &&
           (!a->weight || same(a->weight, b->weight, graph_edge_count(a), sizeof *a->weight));
}

size_t graph_bytes(const struct graph *graph) { return block_bytes(graph->count, graph_edge_count(graph)); }

// ---- vertices -----------------------------------------------------------------------------------------------------

static bool limit_error(const struct graph *graph, uint32_t site, uint32_t limit, struct error *error) {
    struct span span = site < graph->site_count ? graph->sites[site].span : SPAN_NONE;
    error_set(error, ERROR_LIMIT, span, "the graph has reached its limit of %u vertices", limit);
    error_hint(error, limit < MOST_VERTICES ? "raise it with :set vertices NUMBER"
                                            : "no graph can have more vertices; make the program smaller");
    return false;
}

static bool grow_by(struct graph *graph, uint32_t factor, uint32_t limit) {
    uint32_t capacity = graph->count > limit / factor ? limit : factor * graph->count;
    if (capacity < FIRST_CAPACITY) capacity = FIRST_CAPACITY;
    return set_capacity(graph, capacity, 0);
}

// Doubling; but a large graph takes much address space at once: what is not touched costs no memory, and copying and
// touching pages twice is most of what building would cost.
static bool grow(struct graph *graph, uint32_t site, struct error *error) {
    uint32_t limit = graph->limit < MOST_VERTICES ? graph->limit : MOST_VERTICES;
    if (graph->count >= limit) return limit_error(graph, site, limit, error);
    if (graph->count < graph->private->capacity) return true;
    return (graph->count >= LARGE_FROM && grow_by(graph, LARGE_FACTOR, limit)) || grow_by(graph, 2, limit) ||
           error_memory(error);
}

static inline bool room(struct graph *graph, uint32_t site, struct error *error) {
    if (__builtin_expect(graph->count < graph->private->capacity && graph->count < graph->limit, 1)) return true;
    return grow(graph, site, error);
}

static inline vertex append(struct graph *graph, enum op op, uint32_t edges, double value, symbol name, uint32_t site) {
    vertex v = graph->count++;
    graph->op[v] = (uint8_t)op;
    graph->offset[v + 1] = edges;
    graph->value[v] = value;
    graph->name[v] = name;
    graph->site[v] = site;
    graph->frame[v] = graph->private->frame;
    return v;
}

vertex graph_add(struct graph *graph, enum op op, vertex a, vertex b, uint32_t site, struct error *error) {
    if (!room(graph, site, error)) return VERTEX_NONE;
    uint32_t edge = graph->offset[graph->count];
    uint32_t arity = (uint32_t)op_table[op].arity;
    vertex second = arity == 2 ? b : a;
    graph->operand[edge] = a;
    graph->operand[edge + 1] = second; // a unary operation's second operand is overwritten by the next vertex
    double value = op_inline_value(op, graph->value[a], graph->value[second]);
    return append(graph, op, edge + arity, value, 0, site);
}

// Room for `count` edges, and for two for each vertex after this one.
static bool edge_room(struct graph *graph, uint32_t count, uint32_t site, struct error *error) {
    struct graph_private *private = graph->private;
    size_t edges = graph_edge_count(graph), later = 2 * ((size_t) private->capacity - graph->count);
    if (edges + count > INT32_MAX) {
        error_set(error, ERROR_LIMIT, graph->sites[site].span, "a graph cannot have more than %d edges", INT32_MAX);
        return false;
    }
    if (!mem_grow(&graph->weight, &private->weight_capacity, edges + count, sizeof *graph->weight))
        return error_memory(error);
    return edges + count + later <= private->edge_capacity || set_capacity(graph, private->capacity, edges + count) ||
           error_memory(error);
}

vertex graph_add_linear(struct graph *graph, const vertex *operand, const double *weight, uint32_t count, uint32_t site,
                        struct error *error) {
    if (!room(graph, site, error) || !edge_room(graph, count, site, error)) return VERTEX_NONE;
    uint32_t edge = graph->offset[graph->count];
    double value = 0;
    for (uint32_t i = 0; i < count; i++) value += weight[i] * graph->value[operand[i]];
    memcpy(graph->operand + edge, operand, count * sizeof *operand);
    memcpy(graph->weight + edge, weight, count * sizeof *weight);
    return append(graph, OP_LINEAR, edge + count, value, 0, site);
}

static vertex add_leaf(struct graph *graph, enum op op, symbol name, double value, uint32_t site, struct error *error) {
    if (!room(graph, site, error)) return VERTEX_NONE;
    if (name) graph->private->label.fresh = false;
    return append(graph, op, graph->offset[graph->count], value, name, site);
}

vertex graph_input(struct graph *graph, symbol name, double value, uint32_t site, struct error *error) {
    if (!mem_grow(&graph->input, &graph->private->input_capacity, (size_t)graph->input_count + 1, sizeof(vertex)))
        return error_memory(error), VERTEX_NONE;
    vertex v = add_leaf(graph, OP_INPUT, name, value, site, error);
    if (v != VERTEX_NONE) graph->input[graph->input_count++] = v;
    return v;
}

vertex graph_constant(struct graph *graph, symbol name, double value, uint32_t site, struct error *error) {
    return add_leaf(graph, OP_CONST, name, value, site, error);
}

// ---- names and outputs --------------------------------------------------------------------------------------------

static bool add_alias(struct graph_private *private, vertex v, symbol name) {
    if (!mem_grow(&private->alias, &private->alias_capacity, private->alias_count + 1, sizeof *private->alias))
        return false;
    private->alias[private->alias_count++] = (struct alias){name, v};
    return true;
}

bool graph_name(struct graph *graph, vertex v, symbol name, struct error *error) {
    if (name == 0 || graph->name[v] == name) return true;
    if (graph->name[v]) return add_alias(graph->private, v, name) || error_memory(error);
    graph->name[v] = name;
    graph->private->label.fresh = false;
    return true;
}

bool graph_output(struct graph *graph, vertex v, symbol name, struct error *error) {
    struct graph_private *private = graph->private;
    size_t need = (size_t)graph->output_count + 1;
    if (!mem_grow(&graph->output, &private->output_capacity, need, sizeof *graph->output) ||
        !mem_grow(&graph->output_name, &private->output_name_capacity, need, sizeof *graph->output_name))
        return error_memory(error);
    graph->output[graph->output_count] = v;
    graph->output_name[graph->output_count++] = name;
    return true;
}

bool graph_is_output(const struct graph *graph, vertex v) {
    for (uint32_t i = 0; i < graph->output_count; i++)
        if (graph->output[i] == v) return true;
    return false;
}

void graph_clear_outputs(struct graph *graph) { graph->output_count = 0; }

void graph_truncate(struct graph *graph, uint32_t count, uint32_t inputs) {
    struct graph_private *private = graph->private;
    size_t kept = 0;
    for (size_t i = 0; i < private->alias_count; i++)
        if (private->alias[i].v < count) private->alias[kept++] = private->alias[i];
    private->alias_count = kept;
    private->label.fresh = false;
    private->frame = 0;
    graph_tensors_truncate(graph, count);
    graph->count = count;
    graph->input_count = inputs;
}

// ---- sites and frames ---------------------------------------------------------------------------------------------

static bool hold_source(struct graph_private *private, const struct source *source) {
    for (size_t i = private->source_count; i-- > 0;)
        if (private->source[i] == source) return true;
    if (!mem_grow(&private->source, &private->source_capacity, private->source_count + 1, sizeof *private->source))
        return false;
    // Spans point to const sources, since nobody edits one; its count of references is the one thing that changes.
    private->source[private->source_count++] = source_hold((struct source *)(uintptr_t)source);
    return true;
}

static uint64_t span_hash(struct span span) {
    uint64_t hash = (uint64_t)(uintptr_t)span.source ^ ((uint64_t)span.begin << 32 | span.end);
    hash = (hash ^ hash >> 31) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

static bool span_equal(struct span a, struct span b) {
    return a.source == b.source && a.begin == b.begin && a.end == b.end;
}

// The slot that holds `span`'s site, or the free one where it belongs.
static uint32_t *site_slot(const struct graph *graph, struct span span) {
    const struct graph_private *private = graph->private;
    uint32_t i = (uint32_t)span_hash(span) & (private->site_slots - 1);
    while (private->site_slot[i] && !span_equal(graph->sites[private->site_slot[i]].span, span))
        i = (i + 1) & (private->site_slots - 1);
    return &private->site_slot[i];
}

static bool grow_site_slots(struct graph *graph) {
    struct graph_private *private = graph->private;
    if (2 * (uint64_t)graph->site_count < private->site_slots) return true;
    uint32_t slots = private->site_slots ? 2 * private->site_slots : 64;
    uint32_t *slot = mem_zero(slots, sizeof *slot);
    if (!slot) return false;
    mem_free(private->site_slot);
    private->site_slot = slot;
    private->site_slots = slots;
    for (uint32_t i = 1; i < graph->site_count; i++) *site_slot(graph, graph->sites[i].span) = i;
    return true;
}

uint32_t graph_site_new(struct graph *graph, struct span span, struct error *error) {
    struct graph_private *private = graph->private;
    if (!span.source) return 0;
    if (!mem_grow(&graph->sites, &private->site_capacity, (size_t)graph->site_count + 1, sizeof *graph->sites) ||
        !hold_source(private, span.source))
        return error_memory(error), 0;
    graph->sites[graph->site_count] = (struct site){span};
    return graph->site_count++;
}

uint32_t graph_site(struct graph *graph, struct span span, struct error *error) {
    if (!span.source) return 0;
    if (!grow_site_slots(graph)) return error_memory(error), 0;
    uint32_t *slot = site_slot(graph, span);
    if (!*slot) *slot = graph_site_new(graph, span, error);
    return *slot;
}

uint32_t graph_enter(struct graph *graph, enum frame_kind kind, symbol name, double index, uint32_t site,
                     struct error *error) {
    struct graph_private *private = graph->private;
    if (!mem_grow(&graph->frames, &private->frame_capacity, (size_t)graph->frame_count + 1, sizeof *graph->frames))
        return error_memory(error), 0;
    graph->frames[graph->frame_count] = (struct frame){
        .kind = kind, .parent = private->frame, .name = name, .site = site, .index = index, .value = NAN};
    return private->frame = graph->frame_count++;
}

// A frame in which nothing was made is forgotten: a loop that only counts leaves no trace.
void graph_leave(struct graph *graph) {
    uint32_t frame = graph->private->frame;
    graph->private->frame = graph->frames[frame].parent;
    bool empty = graph->count == 0 || graph->frame[graph->count - 1] < frame;
    if (empty && frame > 0 && frame + 1 == graph->frame_count) graph->frame_count--;
}

// ---- reading ------------------------------------------------------------------------------------------------------

vertex graph_edge_target(const struct graph *graph, uint32_t edge) {
    uint32_t low = 0, high = graph->count; // offset[low] <= edge < offset[high]
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (graph->offset[middle] <= edge)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct span graph_span(const struct graph *graph, vertex v) {
    return graph->sites[graph->site[v]].span;
}

static double weighted_sum(const struct graph *graph, vertex v, const double *value) {
    double sum = 0;
    for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++)
        sum += graph->weight[e] * value[graph->operand[e]];
    return sum;
}

static double evaluate_vertex(const struct graph *graph, vertex v, const double *value) {
    uint32_t first = graph->offset[v], last = graph->offset[v + 1] - 1;
    if (graph->op[v] == OP_LINEAR) return weighted_sum(graph, v, value);
    return op_inline_value((enum op)graph->op[v], value[graph->operand[first]], value[graph->operand[last]]);
}

bool graph_evaluate(const struct graph *graph, const double *input, double *value, struct error *error) {
    for (uint32_t i = 0; i < graph->input_count; i++) value[graph->input[i]] = input[i];
    for (vertex v = 0; v < graph->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (graph->op[v] == OP_CONST)
            value[v] = graph->value[v];
        else if (graph->op[v] != OP_INPUT)
            value[v] = evaluate_vertex(graph, v, value);
    }
    return true;
}

// ---- notes --------------------------------------------------------------------------------------------------------

struct notes {
    graph_note *note;
    void *context;
    uint64_t most, count;
};

static void add_note(struct notes *notes, vertex v, const char *text) {
    if (text && notes->count++ < notes->most && notes->note) notes->note(notes->context, v, text);
}

// Absorption: one operand of a sum is so small that the sum is the other one. Cancellation: of the 16 digits of a
// double, fewer than 4 are left after a subtraction.
static const char *rounding_note(enum op op, double a, double b, double y) {
    const double cancelled = 0x1p-40;
    if ((op != OP_ADD && op != OP_SUB) || !isfinite(y) || a == 0 || b == 0) return NULL;
    if (y == a) return "the second operand is lost to rounding: it is too small beside the first";
    if (op == OP_ADD && y == b) return "the first operand is lost to rounding: it is too small beside the second";
    if (op == OP_SUB && y == -b) return "the first operand is lost to rounding: it is too small beside the second";
    if (y != 0 && fabs(y) < cancelled * fabs(a)) return "most digits cancel: the operands are almost equal in size";
    return NULL;
}

static bool touches_tensor(const struct graph *graph, vertex v) {
    bool touches = graph_is_tensor(graph, v);
    for (uint32_t e = graph->offset[v]; !touches && graph->tensors && e < graph->offset[v + 1]; e++)
        touches = graph_is_tensor(graph, graph->operand[e]);
    return touches;
}

typedef const char *note_of(enum op op, double a, double b, double y);

static const char *kink_note(enum op op, double a, double b, double y) {
    (void)y;
    return op_kink(op, a, b);
}

static void add_notes(const struct graph *graph, note_of *text, struct notes *notes) {
    for (vertex v = 0; v < graph->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return;
        if (graph_arity(graph, v) == 0 || touches_tensor(graph, v)) continue;
        double a = graph->value[graph->operand[graph->offset[v]]];
        double b = graph->value[graph->operand[graph->offset[v + 1] - 1]];
        add_note(notes, v, text((enum op)graph->op[v], a, b, graph->value[v]));
    }
}

// A local derivative that is no number though the value is one: x**y by y for a negative x.
static void add_missing_notes(const struct graph *graph, struct notes *notes) {
    for (vertex v = 0; v < graph->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return;
        uint32_t first = graph->offset[v], end = graph->offset[v + 1];
        if (first == end || graph->op[v] == OP_LINEAR || !isfinite(graph->value[v]) || touches_tensor(graph, v))
            continue;
        double partial[OP_ARITY_MAX] = {0};
        op_linearize((enum op)graph->op[v], graph->value[graph->operand[first]], graph->value[graph->operand[end - 1]],
                     partial);
        for (uint32_t e = first; e < end; e++)
            if (isnan(partial[e - first]) && graph->op[graph->operand[e]] != OP_CONST)
                add_note(notes, v, "a local derivative does not exist here: it is nan");
    }
}

uint64_t graph_kinks(const struct graph *graph, graph_note *note, void *context, uint64_t most) {
    struct notes notes = {.note = note, .context = context, .most = most};
    add_notes(graph, kink_note, &notes);
    add_missing_notes(graph, &notes);
    add_notes(graph, rounding_note, &notes);
    return notes.count;
}
