#include "graph/enumerate.h"

#include "base/task.h"

enum { LOOK_EVERY = 1 << 16, NIL = UINT32_MAX };

// The way from a stop to the next one: the product of the partials between them.
struct step {
    double weight;
    uint32_t target; // a vertex; in a last step the row of the sum
};

// The steps from a vertex: those after which the path ends come first.
struct stop {
    uint32_t first, last_end, end; // step[first .. last_end) end a path, step[last_end .. end) go on
    uint32_t row;                  // of the sum if the vertex is an output, else NIL
};

struct frame_of_walk {
    const struct step *next, *end;
    double product;
};

struct walk {
    const struct lcg *lcg;
    const uint8_t *active;
    struct lcg_out out;
    struct stop *stop;   // by vertex
    struct step *step;   // of all stops
    struct step *onward; // by vertex with one way on: where it leads
    double *sum;         // by row, for the input at hand
    struct frame_of_walk *frame;
    double paths, planned; // walked; to walk
    double next_look;
};

// ---- preparing ----------------------------------------------------------------------------------------------------

static void walk_free(struct walk *walk) {
    lcg_out_free(&walk->out);
    mem_free(walk->stop);
    mem_free(walk->step);
    mem_free(walk->onward);
    mem_free(walk->sum);
    mem_free(walk->frame);
}

static bool walk_alloc(struct walk *walk, uint32_t rows) {
    size_t count = (size_t)walk->lcg->count + 1;
    walk->stop = mem_zero(count, sizeof *walk->stop);
    walk->step = mem_alloc((size_t)walk->out.offset[walk->lcg->count] + 1, sizeof *walk->step);
    walk->onward = mem_alloc(count, sizeof *walk->onward);
    walk->sum = mem_alloc((size_t)rows + 1, sizeof *walk->sum);
    return walk->stop && walk->step && walk->onward && walk->sum;
}

static uint32_t ways_on(const struct walk *walk, vertex v) { return walk->out.offset[v + 1] - walk->out.offset[v]; }

static bool is_stop(const struct walk *walk, vertex v) {
    return ways_on(walk, v) != 1 || walk->stop[v].row != NIL || walk->lcg->graph->op[v] == OP_INPUT;
}

static struct step step_along(const struct walk *walk, uint32_t out_edge) {
    vertex target = walk->out.target[out_edge];
    double partial = walk->lcg->partial[walk->out.edge[out_edge]];
    if (is_stop(walk, target)) return (struct step){partial, target};
    return (struct step){partial * walk->onward[target].weight, walk->onward[target].target};
}

static bool ends(const struct walk *walk, struct step step) { return ways_on(walk, step.target) == 0; }

static void add_steps(struct walk *walk, vertex v, uint32_t *used) {
    struct stop *stop = &walk->stop[v];
    stop->first = *used;
    for (uint32_t i = walk->out.offset[v]; i < walk->out.offset[v + 1]; i++) {
        struct step step = step_along(walk, i);
        if (ends(walk, step)) walk->step[(*used)++] = (struct step){step.weight, walk->stop[step.target].row};
    }
    stop->last_end = *used;
    for (uint32_t i = walk->out.offset[v]; i < walk->out.offset[v + 1]; i++) {
        struct step step = step_along(walk, i);
        if (!ends(walk, step)) walk->step[(*used)++] = step;
    }
    stop->end = *used;
}

static bool add_stops(struct walk *walk, struct error *error) {
    uint32_t used = 0;
    for (vertex v = walk->lcg->count; v-- > 0;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        if (!walk->active[v]) continue;
        if (is_stop(walk, v))
            add_steps(walk, v, &used);
        else
            walk->onward[v] = step_along(walk, walk->out.offset[v]);
    }
    return true;
}

// The most stops with a choice on a path, and the number of paths, by dynamic programming over the stops.
static bool plan_from(const struct walk *walk, uint32_t *depth, double *paths, struct error *error) {
    for (vertex v = walk->lcg->count; v-- > 0;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        const struct stop *stop = &walk->stop[v];
        paths[v] = stop->last_end - stop->first + (walk->active[v] && stop->row != NIL);
        for (uint32_t i = stop->last_end; i < stop->end; i++) {
            vertex target = walk->step[i].target;
            paths[v] += paths[target];
            if (depth[v] <= depth[target]) depth[v] = depth[target] + 1;
        }
    }
    return true;
}

static bool plan(struct walk *walk, struct error *error) {
    const struct graph *graph = walk->lcg->graph;
    uint32_t *depth = mem_zero((size_t)walk->lcg->count + 1, sizeof *depth), most = 0;
    double *paths = mem_zero((size_t)walk->lcg->count + 1, sizeof *paths);
    bool ok = depth && paths ? plan_from(walk, depth, paths, error) : error_memory(error);
    for (uint32_t i = 0; ok && i < graph->input_count; i++) {
        walk->planned += paths[graph->input[i]];
        if (most < depth[graph->input[i]]) most = depth[graph->input[i]];
    }
    mem_free(depth);
    mem_free(paths);
    if (!ok) return false;
    walk->frame = mem_alloc((size_t)most + 1, sizeof *walk->frame);
    return walk->frame || error_memory(error);
}

// An output that is there twice has its sum in its first row.
static void set_rows(struct walk *walk) {
    const struct graph *graph = walk->lcg->graph;
    for (vertex v = 0; v < walk->lcg->count; v++) walk->stop[v].row = NIL;
    for (uint32_t i = graph->output_count; i-- > 0;) walk->stop[graph->output[i]].row = i;
}

static bool prepare(struct walk *walk, struct error *error) {
    if (!lcg_out_new(walk->lcg, walk->active, &walk->out, error)) return false;
    if (!walk_alloc(walk, walk->lcg->graph->output_count)) return error_memory(error);
    set_rows(walk);
    return add_stops(walk, error) && plan(walk, error);
}

// ---- walking ------------------------------------------------------------------------------------------------------

// Arrives at `v` by a path with this product: adds what ends here or one step on.
static inline void arrive(struct walk *walk, const struct stop *stop, double product) {
    if (stop->row != NIL) {
        walk->sum[stop->row] += product;
        walk->paths++;
    }
    for (const struct step *s = walk->step + stop->first; s < walk->step + stop->last_end; s++)
        walk->sum[s->target] += product * s->weight;
    walk->paths += stop->last_end - stop->first;
}

static bool look(struct walk *walk, struct error *error) {
    walk->next_look = walk->paths + LOOK_EVERY;
    if (task_interrupted()) return error_interrupt(error);
    task_progress("walking paths", walk->paths, walk->planned);
    return true;
}

static bool walk_from(struct walk *walk, vertex input, struct error *error) {
    struct frame_of_walk *frame = walk->frame;
    const struct stop *stop = &walk->stop[input];
    arrive(walk, stop, 1);
    *frame = (struct frame_of_walk){walk->step + stop->last_end, walk->step + stop->end, 1};
    while (frame >= walk->frame) {
        if (frame->next == frame->end) {
            frame--;
            continue;
        }
        double product = frame->product * frame->next->weight;
        stop = &walk->stop[frame->next++->target];
        arrive(walk, stop, product);
        if (walk->paths >= walk->next_look && !look(walk, error)) return false;
        if (stop->last_end < stop->end)
            *++frame = (struct frame_of_walk){walk->step + stop->last_end, walk->step + stop->end, product};
    }
    return true;
}

static void take_sums(struct walk *walk, uint32_t column, struct jacobian *jacobian) {
    const struct graph *graph = walk->lcg->graph;
    for (uint32_t row = 0; row < jacobian->rows; row++) {
        uint32_t first = walk->stop[graph->output[row]].row;
        jacobian->value[(size_t)row * jacobian->columns + column] = walk->sum[first];
    }
}

static bool walk_all(struct walk *walk, struct jacobian *jacobian, struct error *error) {
    const struct graph *graph = walk->lcg->graph;
    for (uint32_t column = 0; column < graph->input_count; column++) {
        for (uint32_t row = 0; row < jacobian->rows; row++) walk->sum[row] = 0;
        if (walk->active[graph->input[column]] && !walk_from(walk, graph->input[column], error)) return false;
        take_sums(walk, column, jacobian);
    }
    jacobian->paths = walk->paths;
    return true;
}

bool enumerate_paths(const struct lcg *lcg, const uint8_t *active, struct jacobian *jacobian, struct error *error) {
    struct walk walk = {.lcg = lcg, .active = active};
    bool ok = prepare(&walk, error) && walk_all(&walk, jacobian, error);
    walk_free(&walk);
    return ok;
}
