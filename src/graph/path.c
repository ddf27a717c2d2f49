// Counting paths, and listing them best first.
//
// Listing. At each vertex the ways on are its *options*: to stop (if it is one of `to`) or to take an edge. They are
// sorted once, by the best path that begins with each, so option 0 everywhere is the best path of all, and any path is
// a short list of *deviations*: (step, rank) where rank is not 0. The paths after a given one P are P's children: the
// next rank at P's last deviation, or rank 1 at a later step (E. L. Lawler, A procedure for computing the K best
// solutions, 1972). Of P's children only the best not yet taken waits in a heap; finding it is one walk along P. So a
// path costs a few walks along a path, and a few numbers of memory, however many paths there are.
//
// The order is total: product, then input, output, length, vertices, edges. Listed order is the same with all products
// equal. Products are compared as sums of logarithms in fixed point, which are exact, so sums in another order tie as
// they should and nothing overflows.
#include "graph/path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/large.h"
#include "base/task.h"

enum { LOOK_EVERY = 1 << 12, NIL = UINT32_MAX, FRACTION = 50, READY_MOST = 32 };

__extension__ typedef __int128 wide; // log2 of a product, times 2^FRACTION

struct option {
    uint32_t edge; // NIL: stop here
    vertex target;
    int64_t key; // of the edge; INT64_MAX for an infinite partial
};

// The best way on from a vertex.
struct node {
    wide key;
    uint32_t first, count; // its options; none: no way to any of `to`
    uint32_t output;       // rank in `to` of where the best way ends
    uint32_t length;       // of the best way
    uint32_t end;          // the vertex's own rank in `to`, or NIL
};

// A path, by its last deviation and the record of those before.
struct record {
    wide key;
    uint32_t input, output, length; // ranks in `from` and `to`; edges
    uint32_t parent;                // NIL: none
    uint32_t step, rank;
    uint32_t owner; // whose child it is
};

// A path option by option: option[0] chooses the input (its `target`), option[length + 1] is the stop.
struct route {
    struct option *option;
    uint32_t length;
};

struct ready {
    uint32_t record;
    double product;
};

struct paths {
    const struct lcg *lcg;
    struct graph *graph; // held
    enum path_order order;
    vertex *from, *to; // copies
    uint32_t from_count, to_count;
    struct node *node;
    struct option *option, *root; // root: one for each input that leads anywhere, sorted
    uint32_t root_count, longest; // the longest path's edges
    struct route owner_route, left, right;
    struct record *record, *heap;
    size_t record_count, record_capacity, heap_count, heap_capacity;
    struct record *deviation; // scratch for following parents
    size_t deviation_capacity;
    struct ready ready[READY_MOST];
    uint32_t ready_count;
    bool begun, failed, useless; // useless: some partial is 0 or NaN, and its paths come last
    struct paths *rest;          // these, in listed order
    uint32_t *edge;              // of the path given out
    vertex *vertex;
};

// ---- counting -----------------------------------------------------------------------------------------------------

struct counting {
    mpz_t *count; // live while `last_use` is ahead
    vertex *last_use;
    uint8_t *active, *end;
    size_t limbs; // of the live ones
};

static void counting_free(struct counting *counting) {
    mem_free(counting->count);
    mem_free(counting->last_use);
    mem_free(counting->active);
    mem_free(counting->end);
}

static bool counting_new(struct counting *counting, const struct lcg *lcg) {
    size_t count = (size_t)lcg->count + 1;
    *counting = (struct counting){
        .count = mem_alloc(count, sizeof *counting->count),
        .last_use = mem_zero(count, sizeof *counting->last_use),
        .active = mem_alloc(count, 1),
        .end = mem_zero(count, 1),
    };
    if (counting->count && counting->last_use && counting->active && counting->end) return true;
    counting_free(counting);
    return false;
}

enum { BEGINS = 1, ENDS = 2 };

// GMP ends the process when it gets no memory, so that what it is given is bounded beforehand.
static const size_t limbs_most = PATH_COUNT_BYTES / sizeof(mp_limb_t);

// Whether the count of v has room: at most the largest operand with a digit more for 2^64 operands, and the total.
static bool count_fits(const struct lcg *lcg, vertex v, const struct counting *counting, const mpz_t total) {
    size_t largest = 1;
    for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
        vertex u = lcg->source[e];
        if (counting->active[u] && mpz_size(counting->count[u]) > largest) largest = mpz_size(counting->count[u]);
    }
    return counting->limbs + mpz_size(total) + 2 * (largest + 1) <= limbs_most;
}

static void count_clear(struct counting *counting, vertex v) {
    counting->limbs -= mpz_size(counting->count[v]) + 1;
    mpz_clear(counting->count[v]);
}

static void count_at(const struct lcg *lcg, vertex v, struct counting *counting, mpz_t total) {
    mpz_init_set_ui(counting->count[v], counting->end[v] & BEGINS ? 1 : 0);
    for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
        vertex u = lcg->source[e];
        if (counting->active[u]) mpz_add(counting->count[v], counting->count[v], counting->count[u]);
    }
    counting->limbs += mpz_size(counting->count[v]) + 1;
    if (counting->end[v] & ENDS) mpz_add(total, total, counting->count[v]);
    for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
        vertex u = lcg->source[e];
        if (!counting->active[u] || counting->last_use[u] != v) continue;
        counting->last_use[u] = 0; // done, also if v uses it twice
        count_clear(counting, u);
    }
    if (counting->last_use[v] == 0) count_clear(counting, v);
}

static void clear_live(const struct counting *counting, vertex end) {
    for (vertex v = 0; v < end; v++)
        if (counting->active[v] && counting->last_use[v] >= end) mpz_clear(counting->count[v]);
}

static bool count_all(const struct lcg *lcg, struct counting *counting, mpz_t total, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        for (uint32_t e = lcg->offset[v]; counting->active[v] && e < lcg->offset[v + 1]; e++)
            counting->last_use[lcg->source[e]] = v;
    }
    for (vertex v = 0; v < lcg->count; v++) {
        if (!counting->active[v]) continue;
        if (task_interrupted()) { // a count may have millions of digits
            clear_live(counting, v);
            return error_interrupt(error);
        }
        if (!count_fits(lcg, v, counting, total)) {
            clear_live(counting, v);
            error_set(error, ERROR_LIMIT, SPAN_NONE,
                      "the number of paths has too many digits: counting them takes more "
                      "than %d MB",
                      PATH_COUNT_BYTES >> 20);
            error_hint(error, "choose ends that are nearer: :paths FROM -> TO");
            return false;
        }
        count_at(lcg, v, counting, total);
    }
    return true;
}

bool path_count(const struct lcg *lcg, const vertex *from, uint32_t from_count, const vertex *to, uint32_t to_count,
                mpz_t count, struct error *error) {
    struct counting counting;
    mpz_set_ui(count, 0);
    if (!counting_new(&counting, lcg)) return error_memory(error);
    for (uint32_t i = 0; i < from_count; i++) counting.end[from[i]] |= BEGINS;
    for (uint32_t i = 0; i < to_count; i++) counting.end[to[i]] |= ENDS;
    bool ok = lcg_active(lcg, from, from_count, to, to_count, counting.active, error) &&
              count_all(lcg, &counting, count, error);
    counting_free(&counting);
    return ok;
}

bool path_count_from(const struct lcg *lcg, vertex from, double *count, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        count[v] = v == from;
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) count[v] += count[lcg->source[e]];
    }
    return true;
}

bool path_count_to(const struct lcg *lcg, vertex to, double *count, struct error *error) {
    memset(count, 0, lcg->count * sizeof *count);
    count[to] = 1;
    for (vertex v = to + 1; v-- > 0;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) count[lcg->source[e]] += count[v];
    }
    return true;
}

// ---- options ------------------------------------------------------------------------------------------------------

static wide key_of(int64_t key) {
    return key == INT64_MAX ? (wide)1 << (FRACTION + 42) : key; // over the sum of 2^31 finite ones
}

static int64_t edge_key(const struct paths *paths, uint32_t edge) {
    int exponent;
    if (paths->order == PATH_LISTED) return 0;
    double size = fabs(paths->lcg->partial[edge]);
    if (isinf(size)) return INT64_MAX;
    double mantissa = frexp(size, &exponent);
    return (int64_t)exponent * ((int64_t)1 << FRACTION) + llrint(ldexp(log2(mantissa), FRACTION));
}

static wide option_key(const struct paths *paths, const struct option *option) {
    return option->edge == NIL ? 0 : key_of(option->key) + paths->node[option->target].key;
}

static uint32_t option_length(const struct paths *paths, const struct option *option) {
    return option->edge == NIL ? 0 : 1 + paths->node[option->target].length;
}

static uint32_t option_output(const struct paths *paths, const struct option *option) {
    // A stop is an option of `target` itself.
    return option->edge == NIL ? paths->node[option->target].end : paths->node[option->target].output;
}

static int compare_numbers(uint32_t a, uint32_t b) { return (a > b) - (a < b); }

static int compare_options(const void *left, const void *right, void *context) {
    const struct option *a = left, *b = right;
    const struct paths *paths = context;
    wide key_a = option_key(paths, a), key_b = option_key(paths, b);
    if (key_a != key_b) return key_a > key_b ? -1 : 1;
    int order = compare_numbers(option_output(paths, a), option_output(paths, b));
    if (order == 0) order = compare_numbers(option_length(paths, a), option_length(paths, b));
    if (order == 0) order = compare_numbers(a->target, b->target);
    return order ? order : compare_numbers(a->edge, b->edge);
}

static bool is_useless(double partial) { return partial == 0 || isnan(partial); }

static void add_options(struct paths *paths, const struct lcg_out *out, vertex v, uint32_t *used) {
    struct node *node = &paths->node[v];
    node->first = *used;
    if (node->end != NIL) paths->option[(*used)++] = (struct option){NIL, v, 0};
    for (uint32_t i = out->offset[v]; i < out->offset[v + 1]; i++) {
        bool useless = paths->order == PATH_LARGEST && is_useless(paths->lcg->partial[out->edge[i]]);
        paths->useless |= useless;
        if (!useless && paths->node[out->target[i]].count > 0)
            paths->option[(*used)++] = (struct option){out->edge[i], out->target[i], edge_key(paths, out->edge[i])};
    }
    node->count = *used - node->first;
}

static void choose_best(struct paths *paths, vertex v) {
    struct node *node = &paths->node[v];
    struct option *option = paths->option + node->first;
    if (node->count == 0) return;
    if (node->count > 1) qsort_r(option, node->count, sizeof *option, compare_options, paths);
    node->key = option_key(paths, option);
    node->output = option_output(paths, option);
    node->length = option_length(paths, option);
}

// longest[v]: edges of the longest way on from v.
static void note_longest(struct paths *paths, vertex v, uint32_t *longest) {
    const struct option *option = paths->option + paths->node[v].first;
    for (uint32_t i = 0; i < paths->node[v].count; i++)
        if (option[i].edge != NIL && longest[v] <= longest[option[i].target])
            longest[v] = 1 + longest[option[i].target];
    if (longest[v] > paths->longest) paths->longest = longest[v];
}

static bool build_options(struct paths *paths, const struct lcg_out *out, uint32_t *longest, struct error *error) {
    uint32_t used = 0;
    for (vertex v = paths->lcg->count; v-- > 0;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        add_options(paths, out, v, &used);
        choose_best(paths, v);
        note_longest(paths, v, longest);
    }
    return true;
}

// A root option's `edge` is the input's rank: it comes before output and length.
static int compare_roots(const void *left, const void *right, void *context) {
    const struct option *a = left, *b = right;
    const struct paths *paths = context;
    wide key_a = paths->node[a->target].key, key_b = paths->node[b->target].key;
    if (key_a != key_b) return key_a > key_b ? -1 : 1;
    return compare_numbers(a->edge, b->edge);
}

static void build_root(struct paths *paths, uint8_t *seen) {
    memset(seen, 0, paths->lcg->count);
    for (uint32_t i = 0; i < paths->from_count; i++) {
        vertex v = paths->from[i];
        if (paths->node[v].count > 0 && !seen[v]) paths->root[paths->root_count++] = (struct option){i, v, 0};
        seen[v] = 1;
    }
    qsort_r(paths->root, paths->root_count, sizeof *paths->root, compare_roots, paths);
}

static bool build_with(struct paths *paths, const struct lcg_out *out, uint8_t *active, struct error *error) {
    size_t count = (size_t)paths->lcg->count + 1;
    uint32_t *longest = mem_zero(count, sizeof *longest);
    paths->option = large_alloc((size_t)out->offset[paths->lcg->count] + paths->to_count + 1, sizeof *paths->option);
    bool ok = longest && paths->option ? build_options(paths, out, longest, error) : error_memory(error);
    mem_free(longest);
    if (ok) build_root(paths, active);
    return ok;
}

static bool build(struct paths *paths, uint8_t *active, struct error *error) {
    struct lcg_out out;
    if (!lcg_active(paths->lcg, paths->from, paths->from_count, paths->to, paths->to_count, active, error))
        return false;
    for (vertex v = 0; v < paths->lcg->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        paths->node[v].end = NIL;
    }
    for (uint32_t i = paths->to_count; i-- > 0;)
        if (active[paths->to[i]]) paths->node[paths->to[i]].end = i;
    if (!lcg_out_new(paths->lcg, active, &out, error)) return false;
    bool ok = build_with(paths, &out, active, error);
    lcg_out_free(&out);
    return ok;
}

// ---- routes -------------------------------------------------------------------------------------------------------

static bool route_new(struct route *route, uint32_t longest) {
    route->option = mem_alloc((size_t)longest + 2, sizeof *route->option);
    return route->option != NULL;
}

// The deviations of `record` in the order of their steps, into paths->deviation.
static bool find_deviations(struct paths *paths, const struct record *record, size_t *count) {
    *count = 1;
    for (uint32_t p = record->parent; p != NIL; p = paths->record[p].parent) ++*count;
    if (!mem_grow(&paths->deviation, &paths->deviation_capacity, *count, sizeof *paths->deviation)) return false;
    size_t i = *count;
    for (const struct record *r = record;; r = &paths->record[r->parent]) {
        paths->deviation[--i] = *r;
        if (r->parent == NIL) return true;
    }
}

static bool follow(struct paths *paths, const struct record *record, struct route *route) {
    size_t deviations, next = 0;
    if (!find_deviations(paths, record, &deviations)) return false;
    const struct option *options = paths->root;
    for (uint32_t step = 0;; step++) {
        uint32_t rank = 0;
        if (next < deviations && paths->deviation[next].step == step) rank = paths->deviation[next++].rank;
        route->option[step] = options[rank];
        route->length = step - 1;
        if (step > 0 && options[rank].edge == NIL) return true;
        options = paths->option + paths->node[options[rank].target].first;
    }
}

static int compare_routes(const struct route *a, const struct route *b) {
    for (uint32_t i = 1; i <= a->length; i++)
        if (a->option[i].target != b->option[i].target)
            return compare_numbers(a->option[i].target, b->option[i].target);
    for (uint32_t i = 1; i <= a->length; i++)
        if (a->option[i].edge != b->option[i].edge) return compare_numbers(a->option[i].edge, b->option[i].edge);
    return 0;
}

static int compare_listed_numbers(const struct record *a, const struct record *b) {
    int order = compare_numbers(a->input, b->input);
    if (order == 0) order = compare_numbers(a->output, b->output);
    return order ? order : compare_numbers(a->length, b->length);
}

static int compare_listed(struct paths *paths, const struct record *a, const struct record *b) {
    int order = compare_listed_numbers(a, b);
    if (order) return order;
    if (!follow(paths, a, &paths->left) || !follow(paths, b, &paths->right)) return paths->failed = true, 0;
    return compare_routes(&paths->left, &paths->right);
}

static int compare_records(struct paths *paths, const struct record *a, const struct record *b) {
    if (a->key != b->key) return a->key > b->key ? -1 : 1;
    return compare_listed(paths, a, b);
}

// ---- the heap -----------------------------------------------------------------------------------------------------

static bool heap_push(struct paths *paths, struct record record) {
    if (!mem_grow(&paths->heap, &paths->heap_capacity, paths->heap_count + 1, sizeof *paths->heap)) return false;
    size_t place = paths->heap_count++;
    while (place > 0 && compare_records(paths, &record, &paths->heap[(place - 1) / 2]) < 0) {
        paths->heap[place] = paths->heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    paths->heap[place] = record;
    return !paths->failed;
}

static struct record heap_pop(struct paths *paths) {
    struct record top = paths->heap[0], last = paths->heap[--paths->heap_count];
    size_t place = 0;
    for (size_t child; (child = 2 * place + 1) < paths->heap_count; place = child) {
        if (child + 1 < paths->heap_count && compare_records(paths, &paths->heap[child + 1], &paths->heap[child]) < 0)
            child++;
        if (compare_records(paths, &last, &paths->heap[child]) < 0) break;
        paths->heap[place] = paths->heap[child];
    }
    paths->heap[place] = last;
    return top;
}

// ---- children -----------------------------------------------------------------------------------------------------

// The child of the path `route` that takes `option` at `step`, where `prefix` is the key of the edges before.
static struct record child_at(const struct paths *paths, const struct record *owner, const struct option *option,
                              uint32_t step, wide prefix) {
    struct record child = {.input = owner->input, .step = step};
    if (step == 0) {
        const struct node *node = &paths->node[option->target];
        child.input = option->edge;
        child.key = node->key;
        child.output = node->output;
        child.length = node->length;
        return child;
    }
    child.key = prefix + option_key(paths, option);
    child.output = option_output(paths, option);
    child.length = step - 1 + option_length(paths, option);
    return child;
}

// Two children of one path, a's deviation the earlier: b follows the path there, and a follows the path's best way on
// from where it is back on it. Ties in key, input, output and length, so neither stops at its deviation.
static int compare_siblings(const struct route *route, const struct record *a, const struct option *option_a,
                            const struct record *b, const struct option *option_b) {
    const struct option *kept = &route->option[a->step];
    if (option_a->target != kept->target) return compare_numbers(option_a->target, kept->target);
    kept = &route->option[b->step];
    if (option_b->target != kept->target) return compare_numbers(kept->target, option_b->target);
    return compare_numbers(option_a->edge, route->option[a->step].edge);
}

struct sibling {
    struct record record;
    struct option option;
};

static int compare_children(const struct route *route, const struct sibling *a, const struct sibling *b) {
    if (a->record.key != b->record.key) return a->record.key > b->record.key ? -1 : 1;
    int order = compare_listed_numbers(&a->record, &b->record);
    if (order || a->record.step == b->record.step) return order;
    if (a->record.step < b->record.step) return compare_siblings(route, &a->record, &a->option, &b->record, &b->option);
    return -compare_siblings(route, &b->record, &b->option, &a->record, &a->option);
}

// The ways on at `step` of the route.
static const struct option *options_at(const struct paths *paths, const struct route *route, uint32_t step,
                                       uint32_t *count) {
    if (step == 0) return *count = paths->root_count, paths->root;
    const struct node *node = &paths->node[route->option[step - 1].target];
    return *count = node->count, paths->option + node->first;
}

// Walks along the owner's route; `after` (or NULL) is the child that was taken last. false if there is none left.
static bool best_child(const struct paths *paths, uint32_t owner, const struct sibling *after, struct sibling *best) {
    const struct record *record = &paths->record[owner];
    const struct route *route = &paths->owner_route;
    bool any = false;
    wide prefix = 0;
    for (uint32_t step = 0; step <= route->length + 1; step++) {
        uint32_t count, rank = step == record->step ? record->rank + 1 : 1;
        const struct option *options = options_at(paths, route, step, &count);
        if (step >= record->step && rank < count) {
            struct sibling child = {child_at(paths, record, &options[rank], step, prefix), options[rank]};
            child.record.rank = rank;
            if ((!after || compare_children(route, &child, after) > 0) &&
                (!any || compare_children(route, &child, best) < 0)) {
                *best = child;
                any = true;
            }
        }
        if (step > 0 && route->option[step].edge != NIL) prefix += key_of(route->option[step].key);
    }
    return any;
}

static struct option option_of(const struct paths *paths, const struct record *child) {
    uint32_t count;
    return options_at(paths, &paths->owner_route, child->step, &count)[child->rank];
}

static bool push_child(struct paths *paths, uint32_t owner, const struct record *after) {
    struct sibling last, best;
    if (!follow(paths, &paths->record[owner], &paths->owner_route)) return false;
    if (after) last = (struct sibling){*after, option_of(paths, after)};
    if (!best_child(paths, owner, after ? &last : NULL, &best)) return true;
    const struct record *record = &paths->record[owner];
    best.record.owner = owner;
    best.record.parent = best.record.step == record->step ? record->parent : owner;
    return heap_push(paths, best.record);
}

static bool add_record(struct paths *paths, const struct record *record) {
    if (paths->record_count >= NIL - 1) return false;
    if (!mem_grow(&paths->record, &paths->record_capacity, paths->record_count + 1, sizeof *paths->record))
        return false;
    paths->record[paths->record_count++] = *record;
    return true;
}

// Takes the best path that is left: a new record, whose best child and next sibling now wait. false at the end or when
// out of memory (failed is set).
static bool take_first(struct paths *paths) {
    paths->begun = true;
    if (paths->root_count == 0) return false;
    struct record first = {0};
    first = child_at(paths, &first, &paths->root[0], 0, 0);
    first.parent = NIL;
    paths->failed = !add_record(paths, &first) || !push_child(paths, 0, NULL);
    return !paths->failed;
}

static bool take(struct paths *paths) {
    if (!paths->begun) return take_first(paths);
    if (paths->heap_count == 0) return false;
    struct record record = heap_pop(paths);
    uint32_t index = (uint32_t)paths->record_count;
    paths->failed = paths->failed || !add_record(paths, &record) || !push_child(paths, record.owner, &record) ||
                    !push_child(paths, index, NULL);
    return !paths->failed;
}

// ---- giving out ---------------------------------------------------------------------------------------------------

static double product_of(const struct paths *paths, const struct route *route) {
    double product = 1;
    for (uint32_t i = 1; i <= route->length; i++) product *= paths->lcg->partial[route->option[i].edge];
    return product;
}

// Logarithms and products round differently: where paths are that near, the product as it is printed decides.
static bool nearer(struct paths *paths, const struct ready *a, const struct ready *b) {
    const struct record *left = &paths->record[a->record], *right = &paths->record[b->record];
    if (!isnormal(a->product) || !isnormal(b->product)) return false;
    if (fabs(a->product) != fabs(b->product)) return fabs(a->product) > fabs(b->product);
    return left->key != right->key && compare_listed(paths, left, right) < 0;
}

static bool insert_ready(struct paths *paths) {
    struct ready ready = {.record = (uint32_t)paths->record_count - 1};
    if (!follow(paths, &paths->record[ready.record], &paths->left)) return !(paths->failed = true);
    ready.product = product_of(paths, &paths->left);
    uint32_t place = paths->ready_count++;
    for (; place > 0 && nearer(paths, &ready, &paths->ready[place - 1]); place--)
        paths->ready[place] = paths->ready[place - 1];
    paths->ready[place] = ready;
    return !paths->failed;
}

// Whether a path that is not ready yet may still belong before the first that is.
static bool may_precede(const struct paths *paths) {
    if (paths->ready_count == 0) return true;
    if (paths->order == PATH_LISTED || paths->ready_count == READY_MOST || paths->heap_count == 0) return false;
    const struct record *first = &paths->record[paths->ready[0].record], *next = &paths->heap[0];
    return next->key >= first->key - 2 * ((wide)first->length + next->length + 4);
}

static void give_out(struct paths *paths, const struct ready *ready, struct path *path) {
    const struct record *record = &paths->record[ready->record];
    const struct route *route = &paths->left;
    for (uint32_t i = 0; i <= route->length; i++) paths->vertex[i] = route->option[i].target;
    for (uint32_t i = 0; i < route->length; i++) paths->edge[i] = route->option[i + 1].edge;
    *path = (struct path){
        .input = paths->from[record->input],
        .output = paths->to[record->output],
        .length = record->length,
        .edge = paths->edge,
        .vertex = paths->vertex,
        .product = ready->product,
    };
}

// What is left are the paths over a partial that is 0 or NaN. All others have been given out, so passing over them here
// costs no more than they did.
static bool next_of_rest(struct paths *paths, struct path *path, struct error *error) {
    if (!paths->rest)
        paths->rest =
            paths_new(paths->lcg, paths->from, paths->from_count, paths->to, paths->to_count, PATH_LISTED, error);
    while (paths->rest && paths_next(paths->rest, path, error))
        for (uint32_t i = 0; i < path->length; i++)
            if (is_useless(paths->lcg->partial[path->edge[i]])) return true;
    return false;
}

bool paths_next(struct paths *paths, struct path *path, struct error *error) {
    while (!paths->failed && may_precede(paths)) {
        if (task_interrupted()) return error_interrupt(error); // between two paths, so that it can go on later
        if (!take(paths) || !insert_ready(paths)) break;
    }
    if (paths->failed) return error_memory(error);
    if (paths->ready_count == 0) return paths->useless && next_of_rest(paths, path, error);
    struct ready ready = paths->ready[0];
    memmove(paths->ready, paths->ready + 1, --paths->ready_count * sizeof *paths->ready);
    if (!follow(paths, &paths->record[ready.record], &paths->left)) return error_memory(error);
    give_out(paths, &ready, path);
    return true;
}

// ---- life ---------------------------------------------------------------------------------------------------------

static bool paths_alloc(struct paths *paths, const vertex *from, const vertex *to) {
    paths->from = mem_alloc((size_t)paths->from_count + 1, sizeof *from);
    paths->to = mem_alloc((size_t)paths->to_count + 1, sizeof *to);
    paths->root = mem_alloc((size_t)paths->from_count + 1, sizeof *paths->root);
    paths->node = large_zero((size_t)paths->lcg->count + 1, sizeof *paths->node);
    if (!paths->from || !paths->to || !paths->root || !paths->node) return false;
    if (paths->from_count) memcpy(paths->from, from, paths->from_count * sizeof *from);
    if (paths->to_count) memcpy(paths->to, to, paths->to_count * sizeof *to);
    return true;
}

static bool routes_alloc(struct paths *paths) {
    paths->edge = mem_alloc((size_t)paths->longest + 1, sizeof *paths->edge);
    paths->vertex = mem_alloc((size_t)paths->longest + 1, sizeof *paths->vertex);
    return paths->edge && paths->vertex && route_new(&paths->owner_route, paths->longest) &&
           route_new(&paths->left, paths->longest) && route_new(&paths->right, paths->longest);
}

struct paths *paths_new(const struct lcg *lcg, const vertex *from, uint32_t from_count, const vertex *to,
                        uint32_t to_count, enum path_order order, struct error *error) {
    struct paths *paths = mem_zero(1, sizeof *paths);
    uint8_t *active = mem_alloc((size_t)lcg->count + 1, 1);
    bool ok = paths && active;
    if (ok) {
        *paths = (struct paths){.lcg = lcg, .order = order, .from_count = from_count, .to_count = to_count};
        paths->graph = graph_hold(lcg->graph);
        ok = paths_alloc(paths, from, to);
    }
    ok = ok ? build(paths, active, error) && (routes_alloc(paths) || error_memory(error)) : error_memory(error);
    mem_free(active);
    if (ok) return paths;
    if (paths) paths_free(paths);
    return NULL;
}

void paths_free(struct paths *paths) {
    if (!paths) return;
    paths_free(paths->rest);
    graph_drop(paths->graph);
    mem_free(paths->from);
    mem_free(paths->to);
    mem_free(paths->node);
    mem_free(paths->option);
    mem_free(paths->root);
    mem_free(paths->owner_route.option);
    mem_free(paths->left.option);
    mem_free(paths->right.option);
    mem_free(paths->record);
    mem_free(paths->heap);
    mem_free(paths->deviation);
    mem_free(paths->edge);
    mem_free(paths->vertex);
    mem_free(paths);
}
