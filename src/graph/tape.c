#include "graph/tape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/task.h"

// ---- blocks -------------------------------------------------------------------------------------------------------

// Blocks of memory by size: those given back are handed out again, so a run after the first asks nobody.
struct block {
    struct block *next;
    size_t bytes;
    uint32_t users; // vertices whose value it is
};

enum { ALIGNMENT = 64, HEAD = 64, SIZES = 256 };

struct pool {
    struct block *idle[SIZES]; // by a hash of the size
    size_t live, peak;
};

static void *data_of(struct block *block) { return (char *)block + HEAD; }

static struct block *pool_take(struct pool *pool, size_t bytes) {
    size_t room = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block **at = &pool->idle[room / ALIGNMENT % SIZES];
    while (*at && ((*at)->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT != room) at = &(*at)->next;
    struct block *block = *at;
    if (block)
        *at = block->next;
    else
        block = aligned_alloc(ALIGNMENT, HEAD + (room ? room : ALIGNMENT));
    if (!block) return NULL;
    block->bytes = bytes;
    block->users = 1;
    pool->live += bytes;
    if (pool->live > pool->peak) pool->peak = pool->live;
    return block;
}

static void pool_give(struct pool *pool, struct block *block) {
    if (!block || --block->users) return;
    struct block **at = &pool->idle[(block->bytes + ALIGNMENT - 1) / ALIGNMENT % SIZES];
    pool->live -= block->bytes;
    block->next = *at;
    *at = block;
}

static void pool_free(struct pool *pool) {
    for (size_t i = 0; i < SIZES; i++)
        for (struct block *block = pool->idle[i], *next; block; block = next) {
            next = block->next;
            free(block);
        }
}

// What relu adds before it, in one pass: (operand + bias) + (more + more_bias), or VERTEX_NONE.
struct addends {
    vertex bias, more, more_bias;
};

// ---- the tape -----------------------------------------------------------------------------------------------------

struct tape {
    struct graph *graph; // held
    const struct kernels *k;
    enum number_type type;
    struct keep_plan plan;
    struct keep keep;
    struct rng_key key;
    vertex *output;
    uint32_t output_count;
    struct pool pool;
    void **input;               // by vertex: of inputs and constants
    void **gradient;            // by vertex: of active inputs
    uint8_t *begun;             // by vertex: something of its gradient is there
    struct thin_gradient *thin; // by vertex: of a parameter with one product whose rows share a sample
    uint8_t *is_thin;           // by vertex: its gradient is there, and not yet in `gradient`
    struct block **value;       // by vertex, during forward; then what is held of it
    struct block **part;        // by place in the plan: masks, samples, projections
    struct block **adjoint;     // by vertex, during backward
    struct addends *addend;     // by vertex: of a relu
    uint8_t *waits;             // by vertex: a sum that the relu after it does
    struct block **more;        // by vertex (such a sum): its other operand's value, until then
    uint32_t *uses, *left;      // by vertex: operands and outputs that it is; still to come
    void **turned;              // by vertex: room for the transpose of a parameter that many products use, or NULL
    uint8_t *is_turned;         // by vertex: it is there, in this backward
    void *scratch;
    struct grid **grid; // grids of operations on fields
    uint32_t grid_count;
    size_t grid_capacity;
    uint32_t *place, *seen; // points of a field, and scratch to draw them
    void *packed;           // those of a field that is there anyway
    uint64_t run;
    size_t held;
    bool ready; // forward has run
};

static size_t count_of(const struct tape *t, vertex v) { return (size_t)shape_count(graph_shape(t->graph, v)); }

static size_t bytes_of(const struct tape *t, vertex v) {
    return count_of(t, v) * (graph_is_labels(t->graph, v) ? sizeof(int32_t) : t->k->size);
}

static bool is_leaf(const struct tape *t, vertex v) { return graph_arity(t->graph, v) == 0; }
static vertex first_of(const struct graph *g, vertex v) { return g->operand[g->offset[v]]; }
static vertex second_of(const struct graph *g, vertex v) { return g->operand[g->offset[v + 1] - 1]; }
static void *value_of(const struct tape *t, vertex v) {
    if (is_leaf(t, v) && !t->value[v]) return t->input[v];
    return t->value[v] ? data_of(t->value[v]) : NULL;
}

static struct conv_size conv_of(const struct graph *g, vertex v) {
    struct shape x = graph_shape(g, first_of(g, v)), w = graph_shape(g, second_of(g, v)), y = graph_shape(g, v);
    return (struct conv_size){
        x.size[0], x.size[1], x.size[2], x.size[3], w.size[0], w.size[2], graph_tensor(g, v)->setting.pad,
        y.size[2], y.size[3]};
}

static struct op_product product_of(const struct graph *g, vertex v) {
    return op_product(graph_shape(g, first_of(g, v)), graph_shape(g, second_of(g, v)));
}

static size_t scratch_of(const struct tape *t, vertex v) {
    const struct graph *g = t->graph;
    size_t most = g->op[v] == OP_CONV2D ? conv_scratch(conv_of(g, v)) : 0;
    for (uint32_t e = g->offset[v]; e < g->offset[v + 1]; e++) {
        if (!t->plan.part[e]) continue;
        const struct held *held = &t->plan.held[t->plan.part[e] - 1];
        struct shape y = graph_shape(g, v);
        size_t columns = g->op[v] == OP_CONV2D ? y.size[3] : product_of(g, v).n;
        size_t need = held->kind == HELD_PROJECTION ? project_scratch(&held->sampling, columns)
                      : g->op[v] == OP_CONV2D       ? keep_conv_scratch(&held->sampling, conv_of(g, v))
                                                    : keep_product_scratch(&held->sampling, columns);
        if (need > most) most = need;
    }
    return most;
}

static struct grid *grid_of(const struct tape *t, vertex v) {
    const struct graph *g = t->graph;
    const struct op_setting *s = &graph_tensor(g, v)->setting;
    uint32_t side = graph_shape(g, first_of(g, v)).size[0];
    for (uint32_t i = t->grid_count; i-- > 0;) {
        struct grid *f = t->grid[i];
        if (f->side != side) continue;
        if (g->op[v] == OP_MISFIT || (f->dt == s->dt && f->diffusion == s->diffusion)) return f;
    }
    return NULL;
}

// The grids of the operations on fields, one for each size and step.
static bool make_grids(struct tape *t) {
    const struct graph *g = t->graph;
    uint32_t most = 0;
    for (vertex v = 0; v < g->count; v++) {
        if (!t->plan.needed[v] || !op_grid((enum op)g->op[v], t->type)) continue;
        const struct op_setting *s = &graph_tensor(g, v)->setting;
        uint32_t side = graph_shape(g, first_of(g, v)).size[0];
        most = side > most ? side : most;
        if (grid_of(t, v)) continue;
        if (!mem_grow(&t->grid, &t->grid_capacity, (size_t)t->grid_count + 1, sizeof *t->grid)) return false;
        t->grid[t->grid_count] = grid_new(side, s->dt, s->diffusion, t->type);
        if (!t->grid[t->grid_count++]) return false;
    }
    if (!most) return true;
    size_t count = (size_t)most * most;
    t->place = mem_alloc(count, sizeof *t->place);
    t->seen = mem_zero(count / 32 + 1, sizeof *t->seen);
    t->packed = mem_zero(count, t->k->size);
    return t->place && t->seen && t->packed;
}

enum { TURN_LEAST = 4 }; // products that a transpose pays for

// A parameter that is used again and again, as in a recurrent net, is transposed once for all products by it.
static bool make_turned(struct tape *t) {
    const struct graph *g = t->graph;
    t->turned = mem_zero((size_t)g->count + 1, sizeof *t->turned);
    t->is_turned = mem_zero((size_t)g->count + 1, 1);
    uint32_t *products = mem_zero((size_t)g->count + 1, sizeof *products);
    bool ok = t->turned && t->is_turned && products;
    for (vertex v = 0; ok && v < g->count; v++) {
        if (!t->plan.needed[v] || g->op[v] != OP_MATMUL || !t->plan.active[first_of(g, v)]) continue;
        vertex b = second_of(g, v);
        if (!graph_is_parameter(g, b) || ++products[b] != TURN_LEAST) continue;
        ok = (t->turned[b] = mem_alloc(count_of(t, b) + 1, t->k->size)) != NULL;
    }
    mem_free(products);
    return ok;
}

// A gradient of a few rows is written to those only.
static bool make_thin(struct tape *t) {
    const struct graph *g = t->graph;
    t->thin = mem_zero((size_t)g->count + 1, sizeof *t->thin);
    t->is_thin = mem_zero((size_t)g->count + 1, 1);
    bool ok = t->thin && t->is_thin;
    for (vertex v = 0; ok && v < g->count; v++) {
        uint32_t place = t->plan.needed[v] && g->op[v] == OP_MATMUL ? t->plan.part[g->offset[v]] : 0;
        const struct held *held = place ? &t->plan.held[place - 1] : NULL;
        if (!held || held->kind != HELD_SAMPLE || !held->sampling.shared || t->uses[held->parameter] != 1) continue;
        struct op_product p = product_of(g, v);
        struct thin_gradient *thin = &t->thin[held->parameter];
        *thin = (struct thin_gradient){mem_alloc(held->sampling.kept * p.n + 1, t->k->size),
                                       mem_zero(p.k + 1, sizeof *thin->slot), p.k, p.n};
        ok = thin->row && thin->slot;
    }
    return ok;
}

static bool make_room(struct tape *t) {
    size_t most = 0, count = (size_t)t->graph->count + 1;
    t->input = mem_zero(count, sizeof *t->input);
    t->gradient = mem_zero(count, sizeof *t->gradient);
    t->begun = mem_zero(count, 1);
    t->addend = mem_zero(count, sizeof *t->addend);
    t->more = mem_zero(count, sizeof *t->more);
    t->waits = mem_zero(count, 1);
    t->value = mem_zero(count, sizeof *t->value);
    t->adjoint = mem_zero(count, sizeof *t->adjoint);
    t->uses = mem_zero(count, sizeof *t->uses);
    t->left = mem_zero(count, sizeof *t->left);
    t->part = mem_zero((size_t)t->plan.count + 1, sizeof *t->part);
    if (!t->input || !t->gradient || !t->begun || !t->addend || !t->more || !t->waits || !t->value || !t->adjoint ||
        !t->uses || !t->left || !t->part)
        return false;
    for (uint32_t i = 0; i < t->output_count; i++) t->uses[t->output[i]]++; // whoever asked for it is a user who stays
    for (vertex v = 0; v < t->graph->count; v++) {
        if (!t->plan.needed[v]) continue;
        for (uint32_t e = t->graph->offset[v]; e < t->graph->offset[v + 1]; e++) t->uses[t->graph->operand[e]]++;
        size_t need = graph_arity(t->graph, v) ? scratch_of(t, v) : 0;
        if (need > most) most = need;
        if (!is_leaf(t, v)) continue;
        t->input[v] = mem_zero(bytes_of(t, v) + 1, 1);
        if (t->plan.active[v]) t->gradient[v] = mem_zero(count_of(t, v) + 1, t->k->size);
        if (!t->input[v] || (t->plan.active[v] && !t->gradient[v])) return false;
    }
    t->scratch = mem_alloc(most + 1, t->k->size);
    return t->scratch;
}

static void find_biases(struct tape *t);

struct tape *tape_new(const struct graph *graph, const vertex *output, uint32_t output_count, enum number_type type,
                      const struct keep *keep, struct error *error) {
    for (vertex v = 0; v < graph->count; v++)
        if (graph->op[v] == OP_LINEAR)
            return error_set(error, ERROR_TYPE, SPAN_NONE, "a pattern's weighted sums cannot be run with tensors"),
                   NULL;
    struct tape *t = mem_zero(1, sizeof *t);
    if (!t) return error_memory(error), NULL;
    static const char name[] = "keep";
    kernels_have_blas(); // loaded here, not by the first of several threads
    t->graph = graph_hold((struct graph *)(uintptr_t)graph);
    t->k = kernels_of(type);
    t->type = type;
    if (keep) t->keep = *keep;
    t->key = rng_key(keep ? keep->seed : 0, rng_hash(name, sizeof name, 0));
    t->output = mem_alloc((size_t)output_count + 1, sizeof *t->output);
    bool ok = t->output || error_memory(error);
    if (ok) memcpy(t->output, output, output_count * sizeof *output), t->output_count = output_count;
    ok = ok && keep_plan_make(graph, output, output_count, type, keep, &t->plan, error);
    ok = ok && ((make_room(t) && make_turned(t) && make_thin(t) && make_grids(t)) || error_memory(error));
    if (ok) find_biases(t);
    if (ok) return t;
    tape_free(t);
    return NULL;
}

static void release_all(struct tape *t) {
    for (vertex v = 0; t->value && t->adjoint && t->more && v < t->graph->count; v++) {
        pool_give(&t->pool, t->value[v]);
        pool_give(&t->pool, t->adjoint[v]);
        pool_give(&t->pool, t->more[v]);
        t->value[v] = t->adjoint[v] = t->more[v] = NULL;
    }
    for (uint32_t i = 0; t->part && i < t->plan.count; i++) {
        pool_give(&t->pool, t->part[i]);
        t->part[i] = NULL;
    }
    t->ready = false;
}

void tape_free(struct tape *t) {
    if (!t) return;
    release_all(t);
    for (vertex v = 0; t->input && t->gradient && v < t->graph->count; v++)
        mem_free(t->input[v]), mem_free(t->gradient[v]);
    for (vertex v = 0; t->turned && v < t->graph->count; v++) mem_free(t->turned[v]);
    mem_free(t->turned);
    mem_free(t->is_turned);
    for (vertex v = 0; t->thin && v < t->graph->count; v++) mem_free(t->thin[v].row), mem_free(t->thin[v].slot);
    mem_free(t->thin);
    mem_free(t->is_thin);
    pool_free(&t->pool);
    keep_plan_free(&t->plan);
    mem_free(t->output);
    mem_free(t->input);
    mem_free(t->gradient);
    mem_free(t->begun);
    mem_free(t->addend);
    mem_free(t->more);
    mem_free(t->waits);
    mem_free(t->value);
    mem_free(t->adjoint);
    mem_free(t->part);
    mem_free(t->uses);
    mem_free(t->left);
    mem_free(t->scratch);
    for (uint32_t i = 0; i < t->grid_count; i++) grid_free(t->grid[i]);
    mem_free(t->grid);
    mem_free(t->place);
    mem_free(t->seen);
    mem_free(t->packed);
    graph_drop(t->graph);
    mem_free(t);
}

void *tape_input(struct tape *t, vertex input) { return is_leaf(t, input) ? t->input[input] : NULL; }

void *tape_gradient(struct tape *t, vertex input) {
    if (!is_leaf(t, input)) return NULL;
    if (t->is_thin[input]) t->k->thin_put(&t->thin[input], t->gradient[input]);
    t->is_thin[input] = 0;
    return t->gradient[input];
}

bool tape_thin_gradient(const struct tape *t, vertex input, struct thin_gradient *thin) {
    if (!t->is_thin[input]) return false;
    *thin = t->thin[input];
    return true;
}

size_t tape_held(const struct tape *t) { return t->held; }
size_t tape_planned(const struct tape *t) { return t->plan.bytes; }
size_t tape_peak(const struct tape *t) { return t->pool.peak; }
const struct keep_plan *tape_plan(const struct tape *t) { return &t->plan; }
const struct kernels *tape_kernels(const struct tape *t) { return t->k; }

bool tape_fill(struct tape *t, uint64_t seed, struct error *error) {
    for (vertex v = 0; v < t->graph->count; v++) {
        if (!t->input[v]) continue;
        if (task_interrupted()) return error_interrupt(error);
        const struct graph_tensor *tensor = graph_tensor(t->graph, v);
        if (tensor && (tensor->shape.rank || tensor->source.data))
            tensor_fill(&tensor->source, tensor->shape, seed, t->type, t->input[v]);
        else
            t->k->fill(t->input[v], 1, t->graph->value[v]);
    }
    return true;
}

void tape_poison(struct tape *t) {
    for (vertex v = 0; v < t->graph->count; v++)
        if (t->input[v] && t->graph->op[v] == OP_INPUT && !graph_is_parameter(t->graph, v))
            memset(t->input[v], 0x7F, bytes_of(t, v));
}

// Whether a long loop at its i-th number shall stop: whoever runs it looks at the interrupt afterwards.
static bool stopped(size_t i) { return (i & 0xFFFFF) == 0xFFFFF && task_interrupted(); }

// ---- one number at a time -----------------------------------------------------------------------------------------

static double get(const struct tape *t, const void *data, size_t i) {
    return t->type == NUMBER_FLOAT ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

static void set(const struct tape *t, void *data, size_t i, double value) {
    if (t->type == NUMBER_FLOAT)
        ((float *)data)[i] = (float)value;
    else
        ((double *)data)[i] = value;
}

static void put(const struct tape *t, void *data, size_t i, double more) { set(t, data, i, get(t, data, i) + more); }

// Places of the operands of an elementwise operation, for each place of the result in turn.
struct odometer {
    struct shape shape;
    uint32_t at[SHAPE_RANK_MAX];
    size_t step_a[SHAPE_RANK_MAX], step_b[SHAPE_RANK_MAX], a, b;
};

static void steps_of(struct shape of, struct shape result, size_t step[SHAPE_RANK_MAX]) {
    size_t stride = 1;
    for (uint32_t i = result.rank; i-- > 0;) {
        uint32_t behind = result.rank - i;
        uint32_t size = behind <= of.rank ? of.size[of.rank - behind] : 1;
        step[i] = size == 1 ? 0 : stride;
        stride *= size;
    }
}

static struct odometer odometer_of(struct shape a, struct shape b, struct shape result) {
    struct odometer o = {.shape = result};
    steps_of(a, result, o.step_a);
    steps_of(b, result, o.step_b);
    return o;
}

static void turn(struct odometer *o) {
    for (uint32_t i = o->shape.rank; i-- > 0;) {
        o->a += o->step_a[i], o->b += o->step_b[i];
        if (++o->at[i] < o->shape.size[i]) return;
        o->a -= o->step_a[i] * o->shape.size[i], o->b -= o->step_b[i] * o->shape.size[i];
        o->at[i] = 0;
    }
}

// ---- forward ------------------------------------------------------------------------------------------------------

// Whether b lies along one axis of a, its other sizes 1: a is outer x middle x inner, b is middle.
static bool lies_along(struct shape a, struct shape b, size_t *outer, size_t *middle, size_t *inner) {
    if (b.rank > a.rank) return false;
    uint32_t shift = a.rank - b.rank, first = b.rank, last = 0;
    for (uint32_t i = 0; i < b.rank; i++)
        if (b.size[i] != 1) first = i < first ? i : first, last = i + 1;
    if (first == b.rank) first = 0, last = 0; // a single number
    *outer = *middle = *inner = 1;
    for (uint32_t i = 0; i < a.rank; i++) {
        uint32_t own = i >= shift ? b.size[i - shift] : 1;
        bool inside = i >= shift + first && i < shift + last;
        if (inside && own != a.size[i]) return false;
        if (i < shift + first)
            *outer *= a.size[i];
        else if (inside)
            *middle *= a.size[i];
        else
            *inner *= a.size[i];
    }
    return true;
}

// The operand's block may become the result's: nobody else reads it any more.
static bool may_take(const struct tape *t, vertex v, vertex a) {
    return t->value[a] && t->left[a] == 1 && t->value[a]->users == 1 && !t->plan.value[a] &&
           count_of(t, a) == count_of(t, v) && !graph_is_labels(t->graph, a);
}

static struct block *result_block(struct tape *t, vertex v) {
    return t->value[v] = pool_take(&t->pool, bytes_of(t, v));
}

static void *take_or_make(struct tape *t, vertex v, vertex a) {
    if (may_take(t, v, a)) {
        t->value[v] = t->value[a];
        t->value[v]->users++;
        return data_of(t->value[v]);
    }
    return result_block(t, v) ? data_of(t->value[v]) : NULL;
}

static bool forward_add(struct tape *t, vertex v, vertex a, vertex b) {
    size_t outer, middle, inner;
    if (t->waits[v]) { // relu adds it
        t->value[v] = t->value[a];
        t->value[v]->users++;
        if (is_leaf(t, b)) return true;
        t->more[v] = t->value[b];
        t->more[v]->users++;
        return true;
    }
    if (t->graph->op[v] != OP_ADD || count_of(t, v) != count_of(t, a) ||
        !lies_along(graph_shape(t->graph, a), graph_shape(t->graph, b), &outer, &middle, &inner))
        return false;
    const void *from = value_of(t, a), *bias = value_of(t, b);
    if (a == b) return false;
    void *to = take_or_make(t, v, a);
    if (!to) return false;
    if (to != from) memcpy(to, from, bytes_of(t, v));
    t->k->add_along(to, bias, outer, middle, inner);
    return true;
}

static bool forward_elementwise(struct tape *t, vertex v, vertex a, vertex b) {
    if (a != b && forward_add(t, v, a, b)) return true;
    if (!result_block(t, v)) return false;
    struct odometer o = odometer_of(graph_shape(t->graph, a), graph_shape(t->graph, b), graph_shape(t->graph, v));
    const void *x = value_of(t, a), *y = value_of(t, b);
    void *out = data_of(t->value[v]);
    size_t count = count_of(t, v);
    for (size_t i = 0; i < count && !stopped(i); i++, turn(&o))
        set(t, out, i, op_value((enum op)t->graph->op[v], get(t, x, o.a), get(t, y, o.b)));
    return true;
}

static bool forward_relu(struct tape *t, vertex v, vertex a) {
    uint32_t *mask = NULL;
    if (t->plan.mask[v]) {
        struct block *block = pool_take(&t->pool, t->plan.held[t->plan.mask[v] - 1].bytes);
        if (!block) return false;
        t->part[t->plan.mask[v] - 1] = block;
        mask = data_of(block);
    }
    const struct addends *add = &t->addend[v];
    const void *x = value_of(t, a), *bias = add->bias == VERTEX_NONE ? NULL : value_of(t, add->bias);
    const void *more_bias = add->more_bias == VERTEX_NONE ? NULL : value_of(t, add->more_bias);
    void *y = take_or_make(t, v, a);
    size_t outer = 1, middle = count_of(t, v), inner = 1;
    if (!y) return false;
    if (bias || more_bias)
        lies_along(graph_shape(t->graph, v), graph_shape(t->graph, bias ? add->bias : add->more_bias), &outer, &middle,
                   &inner);
    if (add->more != VERTEX_NONE || more_bias)
        t->k->relu_rows(y, &(struct relu_sum){x, bias, t->more[a] ? data_of(t->more[a]) : NULL, more_bias}, outer,
                        middle, mask);
    else if (bias)
        t->k->relu_along(y, x, bias, outer, middle, inner, mask);
    else
        t->k->relu(y, x, middle, mask);
    pool_give(&t->pool, t->more[a]);
    t->more[a] = NULL;
    return true;
}

// A sum that nobody wants but the one operation after it.
static bool is_passing_sum(const struct tape *t, vertex v) {
    return t->graph->op[v] == OP_ADD && t->uses[v] == 1 && !t->plan.value[v] &&
           first_of(t->graph, v) != second_of(t->graph, v) && !is_leaf(t, first_of(t->graph, v));
}

// A passing sum v = a + bias with a leaf that lies along an axis of it. inner: numbers that share one of the bias.
static bool adds_bias(const struct tape *t, vertex v, size_t *inner) {
    const struct graph *g = t->graph;
    size_t outer, middle;
    if (!is_passing_sum(t, v)) return false;
    vertex a = first_of(g, v), b = second_of(g, v);
    return is_leaf(t, b) && count_of(t, a) == count_of(t, v) && count_of(t, b) != count_of(t, v) &&
           lies_along(graph_shape(g, a), graph_shape(g, b), &outer, &middle, inner);
}

// The bias that v adds along the rows, which then waits, or VERTEX_NONE.
static vertex join_row_bias(struct tape *t, vertex v) {
    size_t inner;
    vertex last = graph_shape(t->graph, v).rank - 1;
    if (!adds_bias(t, v, &inner) || inner != 1) return VERTEX_NONE;
    struct shape bias = graph_shape(t->graph, second_of(t->graph, v));
    if (shape_count(bias) != graph_shape(t->graph, v).size[last]) return VERTEX_NONE;
    t->waits[v] = 1;
    return second_of(t->graph, v);
}

// What relu v adds up before it: a bias; or a sum of two matrices, or of a matrix and a bias, each with a bias of its
// own along the rows.
static void find_addends(struct tape *t, vertex v) {
    const struct graph *g = t->graph;
    struct addends *add = &t->addend[v];
    size_t inner;
    vertex sum = first_of(g, v);
    if (adds_bias(t, sum, &inner)) {
        vertex row_bias = join_row_bias(t, sum);
        add->bias = second_of(g, sum);
        t->waits[sum] = 1;
        if (row_bias == VERTEX_NONE) return;
        vertex own = join_row_bias(t, first_of(g, sum));
        if (own == VERTEX_NONE) return;
        add->bias = own;
        add->more_bias = row_bias;
    } else if (is_passing_sum(t, sum) && !is_leaf(t, second_of(g, sum))) {
        vertex a = first_of(g, sum), b = second_of(g, sum);
        if (count_of(t, a) != count_of(t, sum) || count_of(t, b) != count_of(t, sum)) return;
        t->waits[sum] = 1;
        add->more = b;
        add->bias = join_row_bias(t, a);
        add->more_bias = join_row_bias(t, b);
    }
}

static void find_biases(struct tape *t) {
    for (vertex v = 0; v < t->graph->count; v++) {
        t->addend[v] = (struct addends){VERTEX_NONE, VERTEX_NONE, VERTEX_NONE};
        if (t->graph->op[v] == OP_RELU && t->plan.needed[v]) find_addends(t, v);
    }
}

// Sums along the middle of outer x middle x inner.
static void axis_of(struct shape shape, uint32_t axis, size_t *outer, size_t *middle, size_t *inner) {
    *outer = *middle = *inner = 1;
    if (axis == OP_ALL_AXES) {
        *middle = (size_t)shape_count(shape);
        return;
    }
    for (uint32_t i = 0; i < shape.rank; i++) *(i < axis ? outer : i == axis ? middle : inner) *= shape.size[i];
}

static bool forward_sum(struct tape *t, vertex v, vertex a, bool mean) {
    size_t outer, middle, inner;
    if (!result_block(t, v)) return false;
    axis_of(graph_shape(t->graph, a), graph_tensor(t->graph, v)->setting.axis, &outer, &middle, &inner);
    const void *x = value_of(t, a);
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < inner; i++) {
            double sum = 0;
            for (size_t m = 0; m < middle; m++) sum += get(t, x, (o * middle + m) * inner + i);
            set(t, data_of(t->value[v]), o * inner + i, mean ? sum / (double)middle : sum);
        }
    return true;
}

static struct op_view view_of(const struct tape *t, vertex v, vertex a) {
    return op_view((enum op)t->graph->op[v], graph_shape(t->graph, a), &graph_tensor(t->graph, v)->setting);
}

static bool forward_view(struct tape *t, vertex v, vertex a) {
    struct op_view view = view_of(t, v, a);
    size_t runs = op_view_runs(&view), length = view.size[SHAPE_RANK_MAX - 1];
    int64_t step = view.step[SHAPE_RANK_MAX - 1];
    if (!result_block(t, v)) return false;
    const char *from = value_of(t, a);
    char *to = data_of(t->value[v]);
    for (size_t i = 0; i < runs; i++) {
        int64_t place = op_view_run(&view, i);
        if (step == 1) memcpy(to + i * length * t->k->size, from + (size_t)place * t->k->size, length * t->k->size);
        for (size_t j = 0; step != 1 && j < length; j++)
            set(t, to, i * length + j, get(t, from, (size_t)(place + (int64_t)j * step)));
    }
    return true;
}

// The bytes of a and b that lie behind each other in a JOIN, and how often.
static size_t join_parts(const struct tape *t, vertex v, size_t part[2]) {
    const struct graph *g = t->graph;
    size_t outer, middle, inner;
    axis_of(graph_shape(g, first_of(g, v)), graph_tensor(g, v)->setting.axis, &outer, &middle, &inner);
    part[0] = middle * inner * t->k->size;
    part[1] = count_of(t, second_of(g, v)) / outer * t->k->size;
    return outer;
}

static bool forward_join(struct tape *t, vertex v, vertex a, vertex b) {
    size_t part[2], times = join_parts(t, v, part);
    if (!result_block(t, v)) return false;
    char *to = data_of(t->value[v]);
    for (size_t i = 0; i < times; i++, to += part[0] + part[1]) {
        memcpy(to, (const char *)value_of(t, a) + i * part[0], part[0]);
        memcpy(to + part[0], (const char *)value_of(t, b) + i * part[1], part[1]);
    }
    return true;
}

static bool forward_reshape(struct tape *t, vertex v, vertex a) {
    if (t->value[a] && !t->plan.value[a]) { // the same numbers; a value that is held is counted once
        t->value[v] = t->value[a];
        t->value[v]->users++;
        return true;
    }
    if (!result_block(t, v)) return false;
    memcpy(data_of(t->value[v]), value_of(t, a), bytes_of(t, v));
    return true;
}

bool tape_sampling(const struct tape *t, vertex product, struct sampling *sampling) {
    uint32_t edge = t->graph->offset[product], place = t->plan.part[edge];
    if (!place) return false;
    const struct held *held = &t->plan.held[place - 1];
    *sampling = held->sampling;
    sampling->key = t->key;
    sampling->call = t->run * (graph_edge_count(t->graph) + 1) + (t->keep.same_steps ? held->parameter : edge);
    return true;
}

// A random part of the first operand, for the gradient by the second.
static bool hold_part(struct tape *t, uint32_t edge, vertex of) {
    uint32_t place = t->plan.part[edge];
    if (!place) return true;
    const struct held *held = &t->plan.held[place - 1];
    struct block *block = pool_take(&t->pool, held->bytes);
    if (!block) return false;
    t->part[place - 1] = block;
    struct sampling s = held->sampling;
    s.key = t->key;
    s.call = t->run * (graph_edge_count(t->graph) + 1) + (t->keep.same_steps ? held->parameter : edge);
    if (held->kind == HELD_SAMPLE) return t->k->keep(&s, value_of(t, of), data_of(block));
    t->k->project(&s, value_of(t, of), data_of(block), t->scratch);
    return true;
}

// The sample that a field's points are in this run; NULL: all of them.
static const uint32_t *draw_points(struct tape *t, vertex v) {
    struct sampling s = t->plan.held[t->plan.points[v] - 1].sampling;
    if (s.kept == s.length) return NULL;
    s.key = t->key;
    s.call = t->run * ((uint64_t)t->graph->count + 1) + v;
    sampling_row(&s, 0, t->place, t->seen);
    return t->place;
}

static bool hold_points(struct tape *t, vertex v, const struct grid *grid) {
    if (!t->plan.points[v]) return true;
    const struct held *held = &t->plan.held[t->plan.points[v] - 1];
    struct block *block = pool_take(&t->pool, held->bytes);
    if (!block) return false;
    t->part[t->plan.points[v] - 1] = block;
    grid_kernels_of(t->type)->gather(grid, value_of(t, v), draw_points(t, v), held->sampling.kept, data_of(block));
    return true;
}

// What backward has of a field: its points, or, if it is there anyway, all of it.
static struct grid_points points_of(struct tape *t, vertex v, const struct grid *grid) {
    struct grid_points points = {.kept = grid->interior, .factor = 1, .number = t->packed};
    uint32_t place = t->plan.points[v];
    if (!place) return grid_kernels_of(t->type)->gather(grid, value_of(t, v), NULL, points.kept, t->packed), points;
    points.kept = t->plan.held[place - 1].sampling.kept;
    points.factor = (double)grid->interior / points.kept;
    points.place = draw_points(t, v);
    points.number = data_of(t->part[place - 1]);
    return points;
}

static void read_sources(const struct tape *t, vertex v, double theta[GRID_SOURCES]) {
    for (size_t i = 0; i < GRID_SOURCES && t->graph->op[v] == OP_REACT; i++)
        theta[i] = get(t, value_of(t, second_of(t->graph, v)), i);
}

// By the row's own function; the field's points are held at its first use.
static bool forward_field(struct tape *t, vertex v, vertex a) {
    const struct grid *grid = grid_of(t, v);
    double theta[GRID_SOURCES];
    if (!result_block(t, v)) return false;
    if (t->plan.points[a] && !t->part[t->plan.points[a] - 1] && !hold_points(t, a, grid)) return false;
    read_sources(t, v, theta);
    op_grid((enum op)t->graph->op[v], t->type)
        ->value(grid, graph_tensor(t->graph, v)->setting.time, value_of(t, a), theta, data_of(t->value[v]));
    return true;
}

static bool forward_vertex(struct tape *t, vertex v) {
    const struct graph *g = t->graph;
    vertex a = first_of(g, v), b = second_of(g, v);
    struct shape x = graph_shape(g, a);
    struct op_product p = product_of(g, v);
    switch ((int)g->op[v]) {
    case OP_MATMUL:
        if (!result_block(t, v)) return false;
        t->k->product(false, false, p.m, p.n, p.k, 1, value_of(t, a), value_of(t, b), 0, data_of(t->value[v]));
        return hold_part(t, g->offset[v], a);
    case OP_CONV2D:
        if (!result_block(t, v)) return false;
        t->k->conv(conv_of(g, v), value_of(t, a), value_of(t, b), data_of(t->value[v]), t->scratch);
        return hold_part(t, g->offset[v], a);
    case OP_RELU:
        return forward_relu(t, v, a);
    case OP_TRANSPOSE:
    case OP_SLICE:
        return forward_view(t, v, a);
    case OP_JOIN:
        return forward_join(t, v, a, b);
    case OP_SUM:
    case OP_MEAN:
        return forward_sum(t, v, a, g->op[v] == OP_MEAN);
    case OP_RESHAPE:
        return forward_reshape(t, v, a);
    case OP_AVG_POOL2D:
        if (!result_block(t, v)) return false;
        t->k->pool(value_of(t, a), data_of(t->value[v]), (size_t)x.size[0] * x.size[1], x.size[2], x.size[3],
                   graph_tensor(g, v)->setting.side);
        return true;
    case OP_LOG_SOFTMAX:
        if (!result_block(t, v)) return false;
        t->k->log_softmax(value_of(t, a), data_of(t->value[v]), p.m, p.k);
        return true;
    case OP_REACT:
    case OP_MISFIT:
        return forward_field(t, v, a);
    case OP_NLL:
        if (!result_block(t, v)) return false;
        set(t, data_of(t->value[v]), 0, t->k->nll(value_of(t, a), value_of(t, b), x.size[0], x.size[1]));
        return true;
    default:
        return forward_elementwise(t, v, a, b);
    }
}

// After a use: given back at the last one, unless it is held or asked for.
static void used(struct tape *t, vertex v) {
    if (--t->left[v] || t->plan.value[v]) return;
    pool_give(&t->pool, t->value[v]);
    t->value[v] = NULL;
}

// Data come in a block of their own, which is held or given back like any value.
static bool load(struct tape *t, vertex v) {
    if (t->graph->op[v] == OP_CONST || graph_is_parameter(t->graph, v) || !graph_is_tensor(t->graph, v)) return true;
    if (!result_block(t, v)) return false;
    memcpy(data_of(t->value[v]), t->input[v], bytes_of(t, v));
    return true;
}

bool tape_forward(struct tape *t, uint64_t run, struct error *error) {
    const struct graph *g = t->graph;
    release_all(t);
    t->run = run;
    memcpy(t->left, t->uses, g->count * sizeof *t->left);
    for (vertex v = 0; v < g->count; v++) {
        if (!t->plan.needed[v]) continue;
        if (task_interrupted()) return error_interrupt(error);
        bool ok = is_leaf(t, v) ? load(t, v) : forward_vertex(t, v);
        if (!ok) return release_all(t), error_memory(error);
        for (uint32_t e = g->offset[v]; e < g->offset[v + 1]; e++) used(t, g->operand[e]);
    }
    if (task_interrupted()) return release_all(t), error_interrupt(error); // the last one may have stopped half-way
    return t->ready = true;
}

double tape_number(const struct tape *t, uint32_t output) { return get(t, value_of(t, t->output[output]), 0); }
const void *tape_output(const struct tape *t, uint32_t output) { return value_of(t, t->output[output]); }

// ---- backward -----------------------------------------------------------------------------------------------------

// Where a part of an adjoint goes: written if it is the first, else (*add) added. NULL: out of memory.
static void *adjoint_part(struct tape *t, vertex v, bool *add) {
    size_t bytes = count_of(t, v) * t->k->size;
    *add = is_leaf(t, v) ? t->begun[v] : t->adjoint[v] != NULL;
    if (is_leaf(t, v)) return t->begun[v] = 1, t->gradient[v];
    if (*add && t->adjoint[v]->users > 1) { // it was handed on: the others' stays as it is
        struct block *own = pool_take(&t->pool, bytes);
        if (!own) return NULL;
        memcpy(data_of(own), data_of(t->adjoint[v]), bytes);
        pool_give(&t->pool, t->adjoint[v]);
        t->adjoint[v] = own;
    }
    if (!*add) t->adjoint[v] = pool_take(&t->pool, bytes);
    return t->adjoint[v] ? data_of(t->adjoint[v]) : NULL;
}

// The same for what can only add.
static void *adjoint_of(struct tape *t, vertex v) {
    bool add;
    void *to = adjoint_part(t, v, &add);
    if (to && !add) memset(to, 0, count_of(t, v) * t->k->size);
    return to;
}

// The adjoint of v is also that of a: handed on if it is the first, else added.
static bool pass_on(struct tape *t, vertex v, vertex a) {
    if (!is_leaf(t, a) && !t->adjoint[a]) {
        t->adjoint[a] = t->adjoint[v];
        t->adjoint[a]->users++;
        return true;
    }
    bool add;
    void *to = adjoint_part(t, a, &add);
    if (to && add) t->k->add(to, data_of(t->adjoint[v]), count_of(t, a));
    if (to && !add) memcpy(to, data_of(t->adjoint[v]), count_of(t, a) * t->k->size);
    return to;
}

// dx = or += dy b^T, for b (k x n).
static void product_by_input(struct tape *t, struct op_product p, vertex b, const void *dy, bool add, void *dx) {
    void *turned = t->turned[b];
    if (turned && !t->is_turned[b]) t->k->turn(value_of(t, b), turned, p.k, p.n);
    t->is_turned[b] = turned != NULL;
    t->k->product(false, !turned, p.m, p.k, p.n, 1, dy, turned ? turned : value_of(t, b), add, dx);
}

static bool backward_product(struct tape *t, vertex v, vertex a, vertex b, const void *dy) {
    const struct graph *g = t->graph;
    struct op_product p = product_of(g, v);
    size_t m = p.m, k = p.k, n = p.n;
    uint32_t place = t->plan.part[g->offset[v]];
    if (t->plan.active[b]) {
        bool add, ok = true;
        void *dw = adjoint_part(t, b, &add);
        if (!dw) return false;
        if (!place) {
            t->k->product(true, false, k, n, m, 1, value_of(t, a), dy, add, dw);
        } else {
            const struct held *held = &t->plan.held[place - 1];
            struct sampling s = held->sampling;
            s.key = t->key;
            s.call = t->run * (graph_edge_count(g) + 1) + (t->keep.same_steps ? held->parameter : g->offset[v]);
            if (held->kind == HELD_SAMPLE && t->thin[b].row) {
                ok = t->k->keep_thin(&s, data_of(t->part[place - 1]), dy, &t->thin[b]);
                t->is_thin[b] = ok;
            } else if (held->kind == HELD_SAMPLE) {
                ok = t->k->keep_product(&s, data_of(t->part[place - 1]), dy, n, dw, add, t->scratch);
            } else if (s.shared) {
                if (!add) memset(dw, 0, count_of(t, b) * t->k->size);
                t->k->project_product(&s, data_of(t->part[place - 1]), dy, n, dw, t->scratch);
            } else {
                struct block *whole = pool_take(&t->pool, m * k * t->k->size);
                if (!whole) return false;
                t->k->unproject(&s, data_of(t->part[place - 1]), data_of(whole), t->scratch);
                t->k->product(true, false, k, n, m, 1, data_of(whole), dy, add, dw);
                pool_give(&t->pool, whole);
            }
            pool_give(&t->pool, t->part[place - 1]);
            t->part[place - 1] = NULL;
        }
        if (!ok) return false;
    }
    if (!t->plan.active[a]) return true;
    bool add;
    void *dx = adjoint_part(t, a, &add);
    if (dx) product_by_input(t, p, b, dy, add, dx);
    return dx;
}

static bool backward_conv(struct tape *t, vertex v, vertex a, vertex b, const void *dy) {
    const struct graph *g = t->graph;
    struct conv_size size = conv_of(g, v);
    uint32_t place = t->plan.part[g->offset[v]];
    if (t->plan.active[b]) {
        bool ok = true;
        void *dw = adjoint_of(t, b);
        if (!dw) return false;
        if (!place) {
            t->k->conv_by_filter(size, dy, value_of(t, a), dw, t->scratch);
        } else {
            const struct held *held = &t->plan.held[place - 1];
            struct sampling s = held->sampling;
            s.key = t->key;
            s.call = t->run * (graph_edge_count(g) + 1) + (t->keep.same_steps ? held->parameter : g->offset[v]);
            if (held->kind == HELD_SAMPLE) {
                ok = t->k->keep_conv(&s, size, data_of(t->part[place - 1]), dy, dw, t->scratch);
            } else {
                struct block *whole = pool_take(&t->pool, bytes_of(t, a));
                if (!whole) return false;
                t->k->unproject(&s, data_of(t->part[place - 1]), data_of(whole), t->scratch);
                t->k->conv_by_filter(size, dy, data_of(whole), dw, t->scratch);
                pool_give(&t->pool, whole);
            }
            pool_give(&t->pool, t->part[place - 1]);
            t->part[place - 1] = NULL;
        }
        if (!ok) return false;
    }
    if (!t->plan.active[a]) return true;
    bool add;
    void *dx = adjoint_part(t, a, &add);
    if (dx) t->k->conv_by_input(size, dy, value_of(t, b), dx, add, t->scratch);
    return dx;
}

static bool backward_relu(struct tape *t, vertex v, vertex a, const void *dy) {
    size_t count = count_of(t, v);
    bool fresh = !is_leaf(t, a) && !t->adjoint[a];
    struct block *own = fresh && t->adjoint[v]->users == 1 ? t->adjoint[v] : pool_take(&t->pool, count * t->k->size);
    if (!own) return false;
    if (own == t->adjoint[v]) own->users++;
    if (t->plan.mask[v])
        t->k->relu_by_mask(data_of(own), dy, data_of(t->part[t->plan.mask[v] - 1]), count);
    else
        t->k->relu_by_value(data_of(own), dy, value_of(t, v), count);
    if (fresh) {
        t->adjoint[a] = own;
        return true;
    }
    bool add;
    void *to = adjoint_part(t, a, &add);
    if (to && add) t->k->add(to, data_of(own), count);
    if (to && !add) memcpy(to, data_of(own), count * t->k->size);
    pool_give(&t->pool, own);
    return to;
}

// The derivative of tanh and the like by their own value.
static double partial_by_value(enum op op, double y) {
    return op == OP_EXP ? y : op == OP_TANH ? 1 - y * y : y * (1 - y);
}

static bool backward_elementwise(struct tape *t, vertex v, vertex a, vertex b, const void *dy) {
    const struct graph *g = t->graph;
    enum op op = (enum op)g->op[v];
    bool binary = op_table[op].arity == 2, by_value = op == OP_EXP || op == OP_TANH || op == OP_SIGMOID;
    bool linear = op == OP_ADD || op == OP_SUB || op == OP_NEG;
    size_t outer, middle, inner, count = count_of(t, v);
    if (op == OP_ADD && t->plan.active[a] && count_of(t, a) == count && a != b &&
        lies_along(graph_shape(g, a), graph_shape(g, b), &outer, &middle, &inner)) {
        if (t->plan.active[b] && count_of(t, b) == count) {
            if (!pass_on(t, v, b)) return false;
        } else if (t->plan.active[b]) {
            void *db = adjoint_of(t, b);
            if (!db) return false;
            t->k->sum_along(db, dy, outer, middle, inner);
        }
        return pass_on(t, v, a);
    }
    void *da = t->plan.active[a] ? adjoint_of(t, a) : NULL;
    void *db = binary && t->plan.active[b] ? adjoint_of(t, b) : NULL;
    if ((t->plan.active[a] && !da) || (binary && t->plan.active[b] && !db)) return false;
    struct odometer o = odometer_of(graph_shape(g, a), graph_shape(g, b), graph_shape(g, v));
    const void *x = value_of(t, a), *y = value_of(t, b);
    for (size_t i = 0; i < count && !stopped(i); i++, turn(&o)) {
        double partial[OP_ARITY_MAX] = {1, op == OP_SUB ? -1 : 1}, d = get(t, dy, i);
        if (op == OP_NEG) partial[0] = -1;
        if (op == OP_MUL)
            partial[0] = y ? get(t, y, o.b) : 0, partial[1] = x ? get(t, x, o.a) : 0;
        else if (by_value)
            partial[0] = partial_by_value(op, get(t, value_of(t, v), i));
        else if (!linear)
            op_linearize(op, get(t, x, o.a), get(t, y, o.b), partial);
        if (da) put(t, da, o.a, d * partial[0]);
        if (db) put(t, db, o.b, d * partial[1]);
    }
    return true;
}

static bool backward_sum(struct tape *t, vertex v, vertex a, const void *dy, bool mean) {
    size_t outer, middle, inner;
    void *dx = adjoint_of(t, a);
    if (!dx) return false;
    axis_of(graph_shape(t->graph, a), graph_tensor(t->graph, v)->setting.axis, &outer, &middle, &inner);
    for (size_t o = 0; o < outer; o++)
        for (size_t m = 0; m < middle; m++)
            for (size_t i = 0; i < inner; i++)
                put(t, dx, (o * middle + m) * inner + i,
                    mean ? get(t, dy, o * inner + i) / (double)middle : get(t, dy, o * inner + i));
    return true;
}

static bool backward_view(struct tape *t, vertex v, vertex a, const void *dy) {
    struct op_view view = view_of(t, v, a);
    size_t runs = op_view_runs(&view), length = view.size[SHAPE_RANK_MAX - 1];
    int64_t step = view.step[SHAPE_RANK_MAX - 1];
    char *dx = adjoint_of(t, a);
    for (size_t i = 0; dx && i < runs; i++) {
        int64_t place = op_view_run(&view, i);
        if (step == 1) t->k->add(dx + (size_t)place * t->k->size, (const char *)dy + i * length * t->k->size, length);
        for (size_t j = 0; step != 1 && j < length; j++)
            put(t, dx, (size_t)(place + (int64_t)j * step), get(t, dy, i * length + j));
    }
    return dx;
}

static bool backward_join(struct tape *t, vertex v, vertex a, vertex b, const void *dy) {
    size_t part[2], times = join_parts(t, v, part);
    for (int which = 0; which < 2; which++) {
        vertex u = which ? b : a;
        char *dx = t->plan.active[u] ? adjoint_of(t, u) : NULL;
        if (t->plan.active[u] && !dx) return false;
        for (size_t i = 0; dx && i < times; i++)
            t->k->add(dx + i * part[which], (const char *)dy + i * (part[0] + part[1]) + (which ? part[0] : 0),
                      part[which] / t->k->size);
    }
    return true;
}

static bool backward_field(struct tape *t, vertex v, vertex a, vertex b, const void *dy) {
    const struct grid *grid = grid_of(t, v);
    double theta[GRID_SOURCES], more[GRID_SOURCES] = {0};
    bool by_theta = t->graph->op[v] == OP_REACT && t->plan.active[b];
    void *da = t->plan.active[a] ? adjoint_of(t, a) : NULL, *db = by_theta ? adjoint_of(t, b) : NULL;
    if ((t->plan.active[a] && !da) || (by_theta && !db)) return false;
    struct grid_points points = {0};
    if (by_theta || t->graph->op[v] == OP_MISFIT) points = points_of(t, a, grid);
    read_sources(t, v, theta);
    op_grid((enum op)t->graph->op[v], t->type)
        ->adjoint(grid, graph_tensor(t->graph, v)->setting.time, &points, theta, dy, da, by_theta ? more : NULL);
    for (size_t i = 0; by_theta && i < GRID_SOURCES; i++) put(t, db, i, more[i]);
    return true;
}

static bool backward_vertex(struct tape *t, vertex v) {
    const struct graph *g = t->graph;
    vertex a = first_of(g, v), b = second_of(g, v);
    const void *dy = data_of(t->adjoint[v]);
    struct shape x = graph_shape(g, a);
    bool add;
    void *dx;
    switch ((int)g->op[v]) {
    case OP_MATMUL:
        return backward_product(t, v, a, b, dy);
    case OP_CONV2D:
        return backward_conv(t, v, a, b, dy);
    case OP_RELU:
        return backward_relu(t, v, a, dy);
    case OP_TRANSPOSE:
    case OP_SLICE:
        return backward_view(t, v, a, dy);
    case OP_JOIN:
        return backward_join(t, v, a, b, dy);
    case OP_SUM:
    case OP_MEAN:
        return backward_sum(t, v, a, dy, g->op[v] == OP_MEAN);
    case OP_RESHAPE:
        return pass_on(t, v, a);
    case OP_AVG_POOL2D:
        if (!(dx = adjoint_part(t, a, &add))) return false;
        t->k->pool_back(dy, dx, (size_t)x.size[0] * x.size[1], x.size[2], x.size[3], graph_tensor(g, v)->setting.side,
                        add);
        return true;
    case OP_LOG_SOFTMAX:
        if (!(dx = adjoint_of(t, a))) return false;
        t->k->log_softmax_back(dy, value_of(t, v), dx, count_of(t, v) / x.size[x.rank - 1], x.size[x.rank - 1]);
        return true;
    case OP_REACT:
    case OP_MISFIT:
        return backward_field(t, v, a, b, dy);
    case OP_NLL:
        if (!(dx = adjoint_of(t, a))) return false;
        t->k->nll_back(value_of(t, b), dx, x.size[0], x.size[1], get(t, dy, 0));
        return true;
    default:
        return backward_elementwise(t, v, a, b, dy);
    }
}

// The outputs are given back first: they are no part of what backward remembers, unless it needs them.
static void release_outputs(struct tape *t) {
    for (uint32_t i = 0; i < t->output_count; i++) {
        vertex v = t->output[i];
        if (is_leaf(t, v) || t->plan.value[v]) continue;
        pool_give(&t->pool, t->value[v]);
        t->value[v] = NULL;
    }
}

bool tape_backward(struct tape *t, struct error *error) { return tape_backward_from(t, NULL, error); }

bool tape_backward_from(struct tape *t, const void *weight, struct error *error) {
    const struct graph *g = t->graph;
    if (!t->ready) return error_set(error, ERROR_OTHER, SPAN_NONE, "backward needs a forward before it");
    t->ready = false;
    release_outputs(t);
    t->held = t->pool.live;
    memset(t->begun, 0, g->count);
    memset(t->is_turned, 0, g->count);
    memset(t->is_thin, 0, g->count);
    for (uint32_t i = 0; i < t->output_count; i++) {
        void *seed = t->plan.active[t->output[i]] ? adjoint_of(t, t->output[i]) : NULL;
        for (size_t j = 0; seed && j < count_of(t, t->output[i]); j++) put(t, seed, j, weight ? get(t, weight, j) : 1);
    }
    bool ok = true;
    for (vertex v = g->count; ok && v-- > 0;) {
        if (task_interrupted()) return release_all(t), error_interrupt(error);
        if (t->adjoint[v]) ok = backward_vertex(t, v);
        pool_give(&t->pool, t->adjoint[v]);
        pool_give(&t->pool, t->value[v]); // whoever used it came later, and is done
        t->adjoint[v] = t->value[v] = NULL;
        if (!t->plan.points[v]) continue;
        pool_give(&t->pool, t->part[t->plan.points[v] - 1]);
        t->part[t->plan.points[v] - 1] = NULL;
    }
    release_all(t);
    if (ok && task_interrupted()) return error_interrupt(error);
    for (vertex v = 0; v < g->count; v++)
        if (t->gradient[v] && !t->begun[v]) memset(t->gradient[v], 0, count_of(t, v) * t->k->size);
    return ok || error_memory(error);
}
