// The modes of accumulation. Each fills jacobian->value, which is zeroed, and the costs.
#include "graph/bauer.h"

#include <string.h>

#include "base/large.h"
#include "base/task.h"
#include "graph/eliminate.h"
#include "graph/enumerate.h"

enum { LOOK_EVERY = 1 << 14 };

void jacobian_free(struct jacobian *jacobian) {
    mem_free(jacobian->value);
    mem_free(jacobian->order);
    *jacobian = (struct jacobian){0};
}

static double *entry(const struct jacobian *jacobian, uint32_t row, uint32_t column) {
    return &jacobian->value[(size_t)row * jacobian->columns + column];
}

static bool is_input(const struct lcg *lcg, vertex v) { return lcg->graph->op[v] == OP_INPUT; }

// A vertex has at most two operands: e is a parallel edge if the operand before it is the same.
static bool is_parallel(const struct lcg *lcg, vertex v, uint32_t e) {
    return e > lcg->offset[v] && lcg->source[e] == lcg->source[e - 1];
}

// ---- reverse ------------------------------------------------------------------------------------------------------

struct backward {
    double *adjoint; // zero up to the output before a sweep
    uint8_t *reach;  // adjoint is wanted: on a path to the output, from an input
    double edges;    // on the way
    double joins;    // pairs (operand, vertex) of eliminated vertices, parallel edges counted once
};

// The sweep itself. Only what depends on an input is followed, so `reach` marks exactly the active vertices, and a
// partial that is infinite or NaN beside the way does no harm. Counting is woven in, since a second sweep would cost as
// much as the first.
static bool sweep_back(const struct lcg *lcg, vertex output, struct backward *back, struct error *error) {
    uint64_t edges = 0, parallel = 0;
    back->adjoint[output] = 1;
    back->reach[output] = lcg->depends[output];
    for (vertex v = output + 1; v-- > 0;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (!back->reach[v]) continue;
        double adjoint = back->adjoint[v];
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
            vertex u = lcg->source[e];
            uint8_t depends = lcg->depends[u];
            back->adjoint[u] += adjoint * lcg->partial[e];
            back->reach[u] = depends;
            edges += depends;
        }
        parallel +=
            lcg->offset[v + 1] - lcg->offset[v] == 2 && lcg->source[lcg->offset[v]] == lcg->source[lcg->offset[v] + 1];
    }
    back->edges += (double)edges;
    back->joins += (double)(edges - parallel);
    return true;
}

// The output itself is not eliminated.
static double joins_at(const struct lcg *lcg, vertex v) {
    double joins = 0;
    for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++)
        joins += lcg->depends[lcg->source[e]] && !is_parallel(lcg, v, e);
    return joins;
}

static bool reverse_row(const struct lcg *lcg, uint32_t row, struct backward *back, struct jacobian *jacobian,
                        struct error *error) {
    const struct graph *graph = lcg->graph;
    vertex output = graph->output[row];
    if (row > 0) {
        memset(back->adjoint, 0, ((size_t)output + 1) * sizeof *back->adjoint);
        memset(back->reach, 0, (size_t)output + 1);
    }
    if (!lcg->depends[output]) return true;
    if (!sweep_back(lcg, output, back, error)) return false;
    back->joins -= joins_at(lcg, output);
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (graph->input[i] <= output) *entry(jacobian, row, i) = back->adjoint[graph->input[i]];
    return true;
}

// The row of the same output further up, or `row`.
static uint32_t first_row(const struct graph *graph, uint32_t row) {
    for (uint32_t i = 0; i < row; i++)
        if (graph->output[i] == graph->output[row]) return i;
    return row;
}

static bool reverse_rows(const struct lcg *lcg, struct backward *back, struct jacobian *jacobian, struct error *error) {
    for (uint32_t row = 0; row < jacobian->rows; row++) {
        task_progress("sweeping backwards", row, jacobian->rows);
        uint32_t first = first_row(lcg->graph, row);
        if (first < row)
            memcpy(entry(jacobian, row, 0), entry(jacobian, first, 0), jacobian->columns * sizeof(double));
        else if (!reverse_row(lcg, row, back, jacobian, error))
            return false;
    }
    jacobian->multiplications = back->joins;
    jacobian->remembered = back->edges;
    return true;
}

// ---- the active part ----------------------------------------------------------------------------------------------

static uint8_t *active_new(const struct lcg *lcg, struct error *error) {
    const struct graph *graph = lcg->graph;
    uint8_t *active = mem_alloc((size_t)lcg->count + 1, 1);
    if (!active) return error_memory(error), NULL;
    if (lcg_active(lcg, graph->input, graph->input_count, graph->output, graph->output_count, active, error))
        return active;
    mem_free(active);
    return NULL;
}

static uint32_t active_edges_at(const struct lcg *lcg, const uint8_t *active, vertex v) {
    uint32_t edges = 0;
    for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) edges += active[lcg->source[e]];
    return active[v] ? edges : 0;
}

static bool active_edges(const struct lcg *lcg, const uint8_t *active, double *edges, struct error *error) {
    *edges = 0;
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        *edges += active_edges_at(lcg, active, v);
    }
    return true;
}

// Several sweeps share edges: count them once.
static bool count_remembered(const struct lcg *lcg, struct jacobian *jacobian, struct error *error) {
    uint8_t *active = active_new(lcg, error);
    if (!active) return false;
    bool ok = active_edges(lcg, active, &jacobian->remembered, error);
    mem_free(active);
    return ok;
}

static bool reverse(const struct lcg *lcg, struct jacobian *jacobian, struct error *error) {
    struct backward back = {
        .adjoint = large_zero((size_t)lcg->count + 1, sizeof *back.adjoint),
        .reach = large_zero((size_t)lcg->count + 1, 1),
    };
    bool ok = back.adjoint && back.reach ? reverse_rows(lcg, &back, jacobian, error) : error_memory(error);
    mem_free(back.adjoint);
    mem_free(back.reach);
    if (ok && jacobian->rows > 1) return count_remembered(lcg, jacobian, error);
    return ok;
}

// ---- forward ------------------------------------------------------------------------------------------------------

struct forward {
    uint8_t *active, *reach;
    double *tangent;
    uint32_t *inputs; // on which a vertex depends: so many tangents are kept for it
    vertex *last_use; // VERTEX_NONE for outputs, which are kept to the end
    double joins;     // pairs (eliminated vertex, successor) for each input that reaches them
};

static void forward_free(struct forward *forward) {
    mem_free(forward->active);
    mem_free(forward->reach);
    mem_free(forward->tangent);
    mem_free(forward->inputs);
    mem_free(forward->last_use);
}

static bool forward_new(const struct lcg *lcg, struct forward *forward, struct error *error) {
    size_t count = (size_t)lcg->count + 1;
    *forward = (struct forward){.active = active_new(lcg, error)};
    if (!forward->active) return false;
    forward->reach = large_alloc(count, 1);
    forward->tangent = large_alloc(count, sizeof *forward->tangent);
    forward->inputs = large_zero(count, sizeof *forward->inputs);
    forward->last_use = large_zero(count, sizeof *forward->last_use);
    if (forward->reach && forward->tangent && forward->inputs && forward->last_use) return true;
    forward_free(forward);
    return error_memory(error);
}

static void push_tangent(const struct lcg *lcg, vertex v, struct forward *forward) {
    double tangent = 0;
    uint8_t reach = 0;
    for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
        vertex u = lcg->source[e];
        if (!forward->reach[u]) continue;
        reach = 1;
        tangent += lcg->partial[e] * forward->tangent[u];
        if (!is_input(lcg, u) && !is_parallel(lcg, v, e)) forward->joins++;
    }
    forward->tangent[v] = tangent;
    forward->reach[v] = reach;
    forward->inputs[v] += reach;
}

static bool sweep_forward(const struct lcg *lcg, vertex input, struct forward *forward, struct error *error) {
    memset(forward->reach, 0, lcg->count);
    forward->tangent[input] = 1;
    forward->reach[input] = 1;
    for (vertex v = input + 1; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (forward->active[v] && !is_input(lcg, v)) push_tangent(lcg, v, forward);
    }
    return true;
}

static bool find_last_uses(const struct lcg *lcg, struct forward *forward, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        for (uint32_t e = lcg->offset[v]; forward->active[v] && e < lcg->offset[v + 1]; e++)
            forward->last_use[lcg->source[e]] = v;
    }
    for (uint32_t i = 0; i < lcg->graph->output_count; i++) forward->last_use[lcg->graph->output[i]] = VERTEX_NONE;
    return true;
}

// As the sweep passes v, v's own partials are there and the tangents that v or a later vertex needs; all inputs at
// once.
static bool most_remembered(const struct lcg *lcg, struct forward *forward, double *result, struct error *error) {
    double alive = 0, most = 0;
    if (!find_last_uses(lcg, forward, error)) return false;
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (!forward->active[v]) continue;
        double now = alive + active_edges_at(lcg, forward->active, v);
        if (now > most) most = now;
        alive += forward->inputs[v];
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++)
            if (forward->last_use[lcg->source[e]] == v && !is_parallel(lcg, v, e))
                alive -= forward->inputs[lcg->source[e]];
    }
    *result = alive > most ? alive : most;
    return true;
}

static bool forward_columns(const struct lcg *lcg, struct forward *forward, struct jacobian *jacobian,
                            struct error *error) {
    const struct graph *graph = lcg->graph;
    for (uint32_t column = 0; column < jacobian->columns; column++) {
        task_progress("sweeping forwards", column, jacobian->columns);
        vertex input = graph->input[column];
        if (!forward->active[input]) continue;
        if (!sweep_forward(lcg, input, forward, error)) return false;
        for (uint32_t row = 0; row < jacobian->rows; row++)
            if (forward->reach[graph->output[row]])
                *entry(jacobian, row, column) = forward->tangent[graph->output[row]];
    }
    jacobian->multiplications = forward->joins;
    return most_remembered(lcg, forward, &jacobian->remembered, error);
}

static bool forward(const struct lcg *lcg, struct jacobian *jacobian, struct error *error) {
    struct forward state;
    if (!forward_new(lcg, &state, error)) return false;
    bool ok = forward_columns(lcg, &state, jacobian, error);
    forward_free(&state);
    return ok;
}

// ---- all paths ----------------------------------------------------------------------------------------------------

// The sum of length - 1 over all paths: with n[v] paths from v on and their lengths' sum s[v], an edge u -> v gives u
// n[v] paths more, and s[v] + n[v] of length. A path of length 0 costs nothing.
struct path_sums {
    double *n, *s;
};

static bool sum_lengths(const struct lcg *lcg, const uint8_t *active, struct path_sums *sums, struct error *error) {
    const struct graph *graph = lcg->graph;
    for (uint32_t i = 0; i < graph->output_count; i++) sums->n[graph->output[i]] = 1;
    for (vertex v = lcg->count; v-- > 0;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        for (uint32_t e = lcg->offset[v]; active[v] && e < lcg->offset[v + 1]; e++) {
            sums->n[lcg->source[e]] += sums->n[v];
            sums->s[lcg->source[e]] += sums->s[v] + sums->n[v];
        }
    }
    return true;
}

static double multiplications_of(const struct lcg *lcg, const struct path_sums *sums) {
    const struct graph *graph = lcg->graph;
    double result = 0;
    for (uint32_t i = 0; i < graph->input_count; i++) result += sums->s[graph->input[i]] - sums->n[graph->input[i]];
    for (uint32_t i = 0; i < graph->output_count; i++)
        result += is_input(lcg, graph->output[i]) && first_row(graph, i) == i;
    return result;
}

static bool path_multiplications(const struct lcg *lcg, const uint8_t *active, double *result, struct error *error) {
    size_t count = (size_t)lcg->count + 1;
    struct path_sums sums = {large_zero(count, sizeof *sums.n), large_zero(count, sizeof *sums.s)};
    bool ok = sums.n && sums.s ? sum_lengths(lcg, active, &sums, error) : error_memory(error);
    if (ok) *result = multiplications_of(lcg, &sums);
    mem_free(sums.n);
    mem_free(sums.s);
    return ok;
}

static bool all_paths(const struct lcg *lcg, struct jacobian *jacobian, struct error *error) {
    uint8_t *active = active_new(lcg, error);
    if (!active) return false;
    bool ok = active_edges(lcg, active, &jacobian->remembered, error) &&
              path_multiplications(lcg, active, &jacobian->multiplications, error) &&
              enumerate_paths(lcg, active, jacobian, error);
    mem_free(active);
    return ok;
}

// ---- elimination --------------------------------------------------------------------------------------------------

static bool eliminate_next(struct eliminate *eliminate, vertex v, struct jacobian *jacobian, struct error *error) {
    if (task_interrupted()) return error_interrupt(error);
    if (!eliminate_vertex(eliminate, v, NULL, NULL, error)) return false;
    jacobian->order[jacobian->order_count++] = v;
    return true;
}

static bool eliminate_named(const struct lcg *lcg, struct eliminate *eliminate, const vertex *order,
                            uint32_t order_count, struct jacobian *jacobian, struct error *error) {
    char label[64];
    for (uint32_t i = 0; i < order_count; i++) {
        if (graph_is_output(lcg->graph, order[i]) && !is_input(lcg, order[i]))
            return error_set(error, ERROR_USAGE, SPAN_NONE, "%s cannot be eliminated: it is an output",
                             graph_label(lcg->graph, order[i], label));
        if (!eliminate_next(eliminate, order[i], jacobian, error)) return false;
    }
    return true;
}

static bool eliminate_rest(struct eliminate *eliminate, vertex count, struct jacobian *jacobian, struct error *error) {
    for (vertex v = count; v-- > 0;)
        if (eliminate_alive(eliminate, v) && !eliminate_next(eliminate, v, jacobian, error)) return false;
    return true;
}

static bool eliminate_greedily(struct eliminate *eliminate, struct jacobian *jacobian, struct error *error) {
    double all = eliminate_remaining(eliminate);
    while (eliminate_remaining(eliminate) > 0) {
        task_progress("eliminating vertices", jacobian->order_count, all);
        if (!eliminate_next(eliminate, eliminate_cheapest(eliminate), jacobian, error)) return false;
    }
    return true;
}

static bool take_edges(const struct graph *graph, const struct eliminate *eliminate, struct jacobian *jacobian,
                       struct error *error) {
    for (uint32_t row = 0; row < jacobian->rows; row++) {
        if (task_interrupted()) return error_interrupt(error);
        for (uint32_t column = 0; column < jacobian->columns; column++) {
            vertex from = graph->input[column], to = graph->output[row];
            *entry(jacobian, row, column) = from == to ? 1 : eliminate_value(eliminate, from, to);
        }
    }
    jacobian->multiplications = eliminate_multiplications(eliminate);
    jacobian->remembered = eliminate_most_edges(eliminate);
    return true;
}

static bool by_elimination(const struct lcg *lcg, enum bauer_mode mode, const vertex *order, uint32_t order_count,
                           struct jacobian *jacobian, struct error *error) {
    struct eliminate *eliminate = eliminate_new(lcg, error);
    if (!eliminate) return false;
    jacobian->order = mem_alloc((size_t)eliminate_remaining(eliminate) + 1, sizeof *jacobian->order);
    bool ok = jacobian->order || error_memory(error);
    if (ok && mode == BAUER_ORDER)
        ok = eliminate_named(lcg, eliminate, order, order_count, jacobian, error) &&
             eliminate_rest(eliminate, lcg->count, jacobian, error);
    else if (ok)
        ok = eliminate_greedily(eliminate, jacobian, error);
    ok = ok && take_edges(lcg->graph, eliminate, jacobian, error);
    eliminate_free(eliminate);
    return ok;
}

// ---- the entrance -------------------------------------------------------------------------------------------------

static bool run(const struct lcg *lcg, enum bauer_mode mode, const vertex *order, uint32_t order_count,
                struct jacobian *jacobian, struct error *error) {
    switch (mode) {
    case BAUER_REVERSE:
        return reverse(lcg, jacobian, error);
    case BAUER_FORWARD:
        return forward(lcg, jacobian, error);
    case BAUER_PATHS:
        return all_paths(lcg, jacobian, error);
    default:
        return by_elimination(lcg, mode, order, order_count, jacobian, error);
    }
}

bool bauer_jacobian(const struct lcg *lcg, enum bauer_mode mode, const vertex *order, uint32_t order_count,
                    struct jacobian *jacobian, struct error *error) {
    const struct graph *graph = lcg->graph;
    *jacobian = (struct jacobian){.rows = graph->output_count, .columns = graph->input_count};
    size_t entries = (size_t)jacobian->rows * jacobian->columns;
    jacobian->value = mem_zero(entries ? entries : 1, sizeof *jacobian->value);
    if (!jacobian->value) return error_memory(error);
    if (run(lcg, mode, order, order_count, jacobian, error)) return true;
    jacobian_free(jacobian);
    return false;
}

// ---- directional derivatives --------------------------------------------------------------------------------------

// What the direction leaves at rest keeps tangent 0, even where a partial is infinite or NaN.
static bool tangent_sweep(const struct lcg *lcg, double *tangent, uint8_t *moves, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
            if (!moves[lcg->source[e]]) continue;
            moves[v] = 1;
            tangent[v] += lcg->partial[e] * tangent[lcg->source[e]];
        }
    }
    return true;
}

bool bauer_tangent(const struct lcg *lcg, const double *direction, double *tangent, struct error *error) {
    const struct graph *graph = lcg->graph;
    uint8_t *moves = large_zero((size_t)lcg->count + 1, 1);
    if (!moves) return error_memory(error);
    memset(tangent, 0, lcg->count * sizeof *tangent);
    for (uint32_t i = 0; i < graph->input_count; i++) {
        tangent[graph->input[i]] = direction[i];
        moves[graph->input[i]] = direction[i] != 0;
    }
    bool ok = tangent_sweep(lcg, tangent, moves, error);
    mem_free(moves);
    return ok;
}

static bool adjoint_sweep(const struct lcg *lcg, double *adjoint, uint8_t *weighs, struct error *error) {
    for (vertex v = lcg->count; v-- > 0;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (!weighs[v]) continue;
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
            weighs[lcg->source[e]] = 1;
            adjoint[lcg->source[e]] += adjoint[v] * lcg->partial[e];
        }
    }
    return true;
}

bool bauer_adjoint(const struct lcg *lcg, const double *weight, double *adjoint, struct error *error) {
    const struct graph *graph = lcg->graph;
    uint8_t *weighs = large_zero((size_t)lcg->count + 1, 1);
    if (!weighs) return error_memory(error);
    memset(adjoint, 0, lcg->count * sizeof *adjoint);
    for (uint32_t i = 0; i < graph->output_count; i++) {
        adjoint[graph->output[i]] += weight[i];
        weighs[graph->output[i]] |= weight[i] != 0;
    }
    bool ok = adjoint_sweep(lcg, adjoint, weighs, error);
    mem_free(weighs);
    return ok;
}
