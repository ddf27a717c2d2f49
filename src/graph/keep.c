#include "graph/keep.h"

#include <string.h>

const char *const keep_names[KEEP_METHODS] = {"exact", "same", "different", "project", "project-different"};
const char *const held_names[] = {"value", "mask", "sample", "projection", "points"};

uint32_t keep_count(uint32_t length, double fraction) {
    double kept = (double)length * fraction + 0.999;
    uint32_t count = kept < 1 ? 1 : (uint32_t)kept;
    return count > length ? length : count;
}

struct planner {
    const struct graph *graph;
    const struct keep *keep;
    struct keep_plan *plan;
    size_t size; // of a number
    struct error *error;
};

static size_t bytes_of(const struct planner *p, vertex v) {
    return (size_t)shape_count(graph_shape(p->graph, v)) * (graph_is_labels(p->graph, v) ? sizeof(int32_t) : p->size);
}

static bool add(struct planner *p, struct held held, uint32_t *place) {
    struct keep_plan *plan = p->plan;
    if (!mem_grow(&plan->held, &plan->capacity, (size_t)plan->count + 1, sizeof *plan->held))
        return error_memory(p->error);
    plan->held[plan->count++] = held;
    plan->bytes += held.bytes;
    *place = plan->count;
    return true;
}

// Parameters and constants are there anyway.
static bool is_free(const struct planner *p, vertex v) {
    return graph_is_parameter(p->graph, v) || p->graph->op[v] == OP_CONST ||
           (p->graph->op[v] == OP_INPUT && !graph_is_tensor(p->graph, v));
}

static bool hold_value(struct planner *p, vertex of, vertex at, vertex parameter) {
    if (is_free(p, of) || p->plan->value[of]) return true;
    return add(p, (struct held){HELD_VALUE, of, at, parameter, bytes_of(p, of), {.rows = 0}}, &p->plan->value[of]);
}

static double fraction_of(const struct planner *p, vertex parameter) {
    for (uint32_t i = 0; i < p->keep->layer_count; i++)
        if (p->keep->layer[i].parameter == p->graph->name[parameter]) return p->keep->layer[i].fraction;
    return p->keep->fraction;
}

// The value of `of`, for the gradient of a parameter: whole, or a random part of it.
static bool hold_for_parameter(struct planner *p, uint32_t edge, vertex of, vertex at, vertex parameter) {
    struct shape shape = graph_shape(p->graph, of);
    bool images = p->graph->op[at] == OP_CONV2D;
    uint32_t length = images ? shape.size[2] * shape.size[3] : shape.size[shape.rank - 1];
    uint32_t rows = (uint32_t)(shape_count(shape) / length);
    double fraction = p->keep ? fraction_of(p, parameter) : 1;
    bool project = p->keep && p->keep->method >= KEEP_PROJECT;
    if (!p->keep || p->keep->method == KEEP_EXACT || fraction >= 1 || length == 1 || is_free(p, of) ||
        (images && project && shape_count(shape) > (uint64_t)1 << 40))
        return hold_value(p, of, at, parameter);
    bool shared = p->keep->method == KEEP_SAME || p->keep->method == KEEP_PROJECT;
    struct sampling sampling = {.rows = rows,
                                .length = length,
                                .kept = keep_count(length, fraction),
                                .shared = shared,
                                .distinct = p->keep->distinct && !project};
    size_t bytes = (size_t)rows * sampling.kept * p->size;
    return add(p, (struct held){project ? HELD_PROJECTION : HELD_SAMPLE, of, at, parameter, bytes, sampling},
               &p->plan->part[edge]);
}

// Points of a field: one sample, for all that need it.
static bool hold_points(struct planner *p, vertex of, vertex at) {
    const struct keep *keep = p->keep;
    if (is_free(p, of) || p->plan->points[of]) return true;
    uint32_t side = graph_shape(p->graph, of).size[0], interior = (side - 2) * (side - 2);
    double fraction = keep && keep->method != KEEP_EXACT ? keep->fraction : 1;
    uint32_t kept = fraction < 1 ? grid_count(side, fraction) : interior;
    if (!kept) {
        error_set(p->error, ERROR_USAGE, SPAN_NONE, "%g keeps none of the %u points of a field", fraction, side * side);
        error_hint(p->error, "the smallest fraction is 1/%u, about %.2g", side * side, 1.0 / (side * side));
        return false;
    }
    if (fraction < 1 && (keep->method != KEEP_DIFFERENT || keep->same_steps)) {
        error_set(p->error, ERROR_USAGE, SPAN_NONE, "of a field, other points are kept at every step");
        error_hint(p->error, "`different` with a fraction, or `exact`");
        return false;
    }
    struct sampling sampling = {.rows = 1, .length = interior, .kept = kept, .distinct = true};
    return add(p, (struct held){HELD_POINTS, of, at, VERTEX_NONE, kept * p->size, sampling}, &p->plan->points[of]);
}

static bool plan_react(struct planner *p, vertex v, vertex phi, vertex theta) {
    return hold_value(p, theta, v, VERTEX_NONE) && (!p->plan->active[theta] || hold_points(p, phi, v));
}

static bool plan_product(struct planner *p, vertex v, vertex a, vertex b) {
    const uint8_t *active = p->plan->active;
    uint32_t edge = p->graph->offset[v];
    bool parameter = graph_is_parameter(p->graph, b);
    if (active[a] && !hold_value(p, b, v, VERTEX_NONE)) return false;
    if (!active[b]) return true;
    return parameter ? hold_for_parameter(p, edge, a, v, b) : hold_value(p, a, v, VERTEX_NONE);
}

static bool plan_elementwise(struct planner *p, vertex v, vertex a, vertex b) {
    const uint8_t *active = p->plan->active;
    switch ((int)p->graph->op[v]) {
    case OP_ADD:
    case OP_SUB:
    case OP_NEG:
        return true;
    case OP_EXP:
    case OP_TANH:
    case OP_SIGMOID:
        return hold_value(p, v, v, VERTEX_NONE);
    case OP_MUL:
        return (!active[a] || hold_value(p, b, v, VERTEX_NONE)) && (!active[b] || hold_value(p, a, v, VERTEX_NONE));
    default:
        return hold_value(p, a, v, VERTEX_NONE) && (a == b || hold_value(p, b, v, VERTEX_NONE));
    }
}

static bool plan_vertex(struct planner *p, vertex v) {
    const struct graph *graph = p->graph;
    vertex a = graph->operand[graph->offset[v]], b = graph->operand[graph->offset[v + 1] - 1];
    switch ((int)graph->op[v]) {
    case OP_MATMUL:
    case OP_CONV2D:
        return plan_product(p, v, a, b);
    case OP_TRANSPOSE:
    case OP_SUM:
    case OP_MEAN:
    case OP_RESHAPE:
    case OP_SLICE:
    case OP_JOIN:
    case OP_AVG_POOL2D:
    case OP_RELU: // below
        return true;
    case OP_LOG_SOFTMAX:
        return hold_value(p, v, v, VERTEX_NONE);
    case OP_REACT:
        return plan_react(p, v, a, b);
    case OP_MISFIT:
        return hold_points(p, a, v);
    case OP_NLL:
        return hold_value(p, b, v, VERTEX_NONE);
    default:
        return plan_elementwise(p, v, a, b);
    }
}

// One bit for each number, but where relu's own value is held anyway.
static bool plan_masks(struct planner *p) {
    const struct graph *graph = p->graph;
    for (vertex v = 0; v < graph->count; v++) {
        if (graph->op[v] != OP_RELU || !p->plan->active[v] || p->plan->value[v]) continue;
        size_t words = ((size_t)shape_count(graph_shape(graph, v)) + 31) / 32;
        struct held mask = {HELD_MASK, v, v, VERTEX_NONE, words * sizeof(uint32_t), {.rows = 0}};
        if (!add(p, mask, &p->plan->mask[v])) return false;
    }
    return true;
}

static void mark(const struct graph *graph, const vertex *output, uint32_t count, struct keep_plan *plan) {
    bool parameters = false;
    for (uint32_t i = 0; i < count; i++) plan->needed[output[i]] = 1;
    for (vertex v = graph->count; v-- > 0;)
        for (uint32_t e = graph->offset[v]; plan->needed[v] && e < graph->offset[v + 1]; e++)
            plan->needed[graph->operand[e]] = 1;
    for (vertex v = 0; v < graph->count; v++) parameters |= plan->needed[v] && graph_is_parameter(graph, v);
    for (vertex v = 0; v < graph->count; v++) {
        if (!plan->needed[v]) continue;
        if (graph->op[v] == OP_INPUT)
            plan->active[v] = (!parameters && !graph_is_labels(graph, v)) || graph_is_parameter(graph, v);
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++)
            plan->active[v] |= plan->active[graph->operand[e]];
    }
}

bool keep_plan_make(const struct graph *graph, const vertex *output, uint32_t output_count, enum number_type type,
                    const struct keep *keep, struct keep_plan *plan, struct error *error) {
    struct planner p = {graph, keep, plan, kernels_of(type)->size, error};
    size_t count = (size_t)graph->count + 1, edges = (size_t)graph_edge_count(graph) + 1;
    *plan = (struct keep_plan){.active = mem_zero(count, 1),
                               .needed = mem_zero(count, 1),
                               .value = mem_zero(count, sizeof(uint32_t)),
                               .mask = mem_zero(count, sizeof(uint32_t)),
                               .points = mem_zero(count, sizeof(uint32_t)),
                               .part = mem_zero(edges, sizeof(uint32_t))};
    bool ok = (plan->active && plan->needed && plan->value && plan->mask && plan->points && plan->part) ||
              error_memory(error);
    if (ok) mark(graph, output, output_count, plan);
    for (vertex v = 0; ok && v < graph->count; v++)
        if (plan->active[v] && graph_arity(graph, v)) ok = plan_vertex(&p, v);
    ok = ok && plan_masks(&p);
    if (!ok) keep_plan_free(plan);
    return ok;
}

void keep_plan_free(struct keep_plan *plan) {
    mem_free(plan->held);
    mem_free(plan->active);
    mem_free(plan->needed);
    mem_free(plan->value);
    mem_free(plan->mask);
    mem_free(plan->points);
    mem_free(plan->part);
    *plan = (struct keep_plan){0};
}
