// The simpler layout: layers by longest path, order within a layer by barycentres (Sugiyama, Tagawa, Toda 1981),
// positions by least squares with the order kept.
//
// All is computed "along" the direction of the drawing and "across" it, and turned at the end. An edge that skips
// layers is carried through them by dummy items, so that it gets room of its own.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/layout.h"

#define NODE_GAP 28.0
#define RANK_GAP 52.0
#define DUMMY_GAP 14.0        // between an edge that passes by and its neighbours
#define PARALLEL_GAP 16.0     // between the middles of parallel edges
#define MOST_DUMMIES 1000000u // beyond: edges that skip layers are straight
#define SWEEPS 8

// A neighbour list of all items: the neighbours of i are target[start[i]] .. target[start[i + 1] - 1].
struct links {
    uint32_t *start, *target;
};

struct work {
    struct layout *layout;
    struct arena *arena;
    uint32_t count;            // items: nodes, then dummies
    uint32_t *rank;            // of each item
    uint32_t rank_count;       //
    uint32_t *first_dummy;     // of each edge; UINT32_MAX: none
    double *across, *size;     // position and extent of each item
    double *along;             // middle of each rank
    uint32_t *layer, *order;   // the items of rank r in order: order[layer[r]] .. order[layer[r + 1] - 1]
    uint32_t *place;           // of each item in its layer
    uint32_t *best;            // the order with the fewest crossings so far
    struct links below, above; // neighbours one rank lower, one rank higher
    double *key;               // scratch: barycentres
    uint32_t *segment_a, *segment_b, segment_count; // pairs of items of adjacent ranks, lower first
};

static bool alloc_items(struct work *work, void *array_address, size_t count, size_t size) {
    void *memory = arena_alloc(work->arena, (count + 1) * size);
    memcpy(array_address, &memory, sizeof memory);
    return memory != NULL;
}

// ---- ranks --------------------------------------------------------------------------------------------------------

static int compare_rank(const void *a, const void *b, void *context) {
    const struct layout_node *node = context;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    if (node[i].rank != node[j].rank) return node[i].rank < node[j].rank ? -1 : 1;
    return i < j ? -1 : i > j;
}

// Nodes that shall share a rank are ranked as one: lead[i] is the first node of i's group.
static bool find_leads(struct work *work, uint32_t *lead) {
    struct layout_node *node = work->layout->node;
    uint32_t n = work->layout->node_count, *sorted;
    if (!alloc_items(work, &sorted, n, sizeof *sorted)) return false;
    for (uint32_t i = 0; i < n; i++) sorted[i] = i;
    qsort_r(sorted, n, sizeof *sorted, compare_rank, node);
    for (uint32_t i = 0; i < n; i++) {
        bool grouped = i && node[sorted[i]].rank >= 0 && node[sorted[i]].rank == node[sorted[i - 1]].rank;
        lead[sorted[i]] = grouped ? lead[sorted[i - 1]] : sorted[i];
    }
    return true;
}

// The lists of what `from` and `to` say, `count` pairs over `items` items.
static bool link_items(struct work *work, struct links *links, const uint32_t *from, const uint32_t *to, uint32_t count,
                       uint32_t items) {
    if (!alloc_items(work, &links->start, items + 1, sizeof *links->start) ||
        !alloc_items(work, &links->target, count, sizeof *links->target))
        return false;
    for (uint32_t i = 0; i < count; i++) links->start[from[i] + 1]++;
    for (uint32_t i = 0; i < items; i++) links->start[i + 1] += links->start[i];
    for (uint32_t i = count; i-- > 0;) links->target[--links->start[from[i] + 1]] = to[i];
    for (uint32_t i = 0; i < items; i++) links->start[i] = links->start[i + 1];
    links->start[items] = count;
    return true;
}

// Longest path by Kahn's algorithm; where a cycle stops it, the first node left goes next.
static bool longest_paths(struct work *work, const uint32_t *lead, const struct links *next, uint32_t *waiting) {
    uint32_t n = work->layout->node_count, *queue, head = 0, tail = 0, scan = 0;
    bool *done;
    if (!alloc_items(work, &queue, n, sizeof *queue) || !alloc_items(work, &done, n, sizeof *done)) return false;
    for (uint32_t i = 0; i < n; i++)
        if (lead[i] == i && !waiting[i]) done[i] = true, queue[tail++] = i;
    for (;;) {
        if (head == tail) {
            while (scan < n && (done[scan] || lead[scan] != scan)) scan++;
            if (scan == n) return true;
            done[scan] = true;
            queue[tail++] = scan;
        }
        uint32_t at = queue[head++];
        for (uint32_t i = next->start[at]; i < next->start[at + 1]; i++) {
            uint32_t to = next->target[i];
            if (done[to]) continue;
            if (work->rank[to] <= work->rank[at]) work->rank[to] = work->rank[at] + 1;
            if (!--waiting[to]) done[to] = true, queue[tail++] = to;
        }
    }
}

// A free node without arguments (a constant) stands just before its first use.
static void pull_constants(struct work *work, const uint32_t *waiting_at_start, const uint32_t *lead,
                           const struct links *next) {
    for (uint32_t i = 0; i < work->layout->node_count; i++) {
        if (waiting_at_start[i] || work->layout->node[i].rank >= 0 || next->start[i] == next->start[i + 1]) continue;
        uint32_t least = UINT32_MAX;
        for (uint32_t j = next->start[i]; j < next->start[i + 1]; j++)
            if (work->rank[lead[next->target[j]]] < least) least = work->rank[lead[next->target[j]]];
        if (least > work->rank[i] + 1) work->rank[i] = least - 1;
    }
}

static void spread_ranks(struct work *work, const uint32_t *lead) {
    uint32_t n = work->layout->node_count, last = 0;
    for (uint32_t i = 0; i < n; i++)
        if (work->rank[lead[i]] > last) last = work->rank[lead[i]];
    for (uint32_t i = 0; i < n; i++)
        work->rank[i] = work->layout->node[i].rank == INT32_MAX ? last : work->rank[lead[i]];
    work->rank_count = last + 1;
}

static bool rank_nodes(struct work *work) {
    struct layout *layout = work->layout;
    uint32_t n = layout->node_count, m = layout->edge_count, count = 0, *lead, *from, *to, *waiting, *waiting_at_start;
    struct links next;
    if (!alloc_items(work, &work->rank, n, sizeof *work->rank) || !alloc_items(work, &lead, n, sizeof *lead) ||
        !alloc_items(work, &from, m, sizeof *from) || !alloc_items(work, &to, m, sizeof *to) ||
        !alloc_items(work, &waiting, n, sizeof *waiting) || !alloc_items(work, &waiting_at_start, n, sizeof *waiting) ||
        !find_leads(work, lead))
        return false;
    bool inputs = false;
    for (uint32_t i = 0; i < n; i++) inputs = inputs || layout->node[i].rank == 0;
    for (uint32_t i = 0; i < m; i++) {
        from[count] = lead[layout->edge[i].from];
        to[count] = lead[layout->edge[i].to];
        if (from[count] != to[count]) waiting[to[count++]]++;
    }
    memcpy(waiting_at_start, waiting, n * sizeof *waiting);
    if (!link_items(work, &next, from, to, count, n) || !longest_paths(work, lead, &next, waiting)) return false;
    if (inputs) pull_constants(work, waiting_at_start, lead, &next);
    spread_ranks(work, lead);
    return true;
}

// ---- dummies and segments -----------------------------------------------------------------------------------------

static bool skips_upward(const struct work *work, const struct layout_edge *edge) {
    return work->rank[edge->from] < work->rank[edge->to];
}

static uint32_t span(const struct work *work, uint32_t i) {
    const struct layout_edge *edge = &work->layout->edge[i];
    uint32_t a = work->rank[edge->from], b = work->rank[edge->to];
    return a < b ? b - a : a - b;
}

static uint64_t count_dummies(const struct work *work) {
    uint64_t dummies = 0;
    for (uint32_t i = 0; i < work->layout->edge_count; i++) {
        uint32_t ranks = span(work, i);
        if (ranks > 1) dummies += ranks - 1;
    }
    return dummies > MOST_DUMMIES ? 0 : dummies;
}

static void add_segment(struct work *work, uint32_t a, uint32_t b) {
    work->segment_a[work->segment_count] = a;
    work->segment_b[work->segment_count++] = b;
}

// Dummies of an edge are numbered from the lower rank to the higher.
static void add_dummies(struct work *work, uint32_t i, uint32_t *next) {
    const struct layout_edge *edge = &work->layout->edge[i];
    uint32_t low = skips_upward(work, edge) ? edge->from : edge->to, high = edge->from ^ edge->to ^ low, at = low;
    work->first_dummy[i] = *next;
    for (uint32_t r = work->rank[low] + 1; r < work->rank[high]; r++) {
        work->rank[*next] = r;
        add_segment(work, at, *next);
        at = (*next)++;
    }
    add_segment(work, at, high);
}

static bool add_segments(struct work *work) {
    uint32_t n = work->layout->node_count, m = work->layout->edge_count;
    uint32_t dummies = (uint32_t)count_dummies(work), next = n, *rank = work->rank;
    work->count = n + dummies;
    if (!alloc_items(work, &work->rank, work->count, sizeof *rank) ||
        !alloc_items(work, &work->first_dummy, m, sizeof *rank) ||
        !alloc_items(work, &work->segment_a, m + dummies, sizeof *rank) ||
        !alloc_items(work, &work->segment_b, m + dummies, sizeof *rank))
        return false;
    memcpy(work->rank, rank, n * sizeof *rank);
    for (uint32_t i = 0; i < m; i++) {
        work->first_dummy[i] = UINT32_MAX;
        uint32_t ranks = span(work, i);
        if (ranks == 1 || (ranks > 1 && dummies)) add_dummies(work, i, &next);
    }
    return link_items(work, &work->above, work->segment_a, work->segment_b, work->segment_count, work->count) &&
           link_items(work, &work->below, work->segment_b, work->segment_a, work->segment_count, work->count);
}

static bool make_layers(struct work *work) {
    uint32_t n = work->count, ranks = work->rank_count;
    if (!alloc_items(work, &work->layer, ranks + 1, sizeof *work->layer) ||
        !alloc_items(work, &work->order, n, sizeof *work->order) ||
        !alloc_items(work, &work->best, n + ranks, sizeof *work->best) ||
        !alloc_items(work, &work->place, n, sizeof *work->place) || !alloc_items(work, &work->key, n, sizeof(double)) ||
        !alloc_items(work, &work->across, n, sizeof(double)) || !alloc_items(work, &work->size, n, sizeof(double)) ||
        !alloc_items(work, &work->along, ranks, sizeof(double)))
        return false;
    for (uint32_t i = 0; i < n; i++) work->layer[work->rank[i] + 1]++;
    for (uint32_t r = 0; r < ranks; r++) work->layer[r + 1] += work->layer[r];
    for (uint32_t i = 0; i < n; i++) {
        uint32_t *filled = &work->best[work->rank[i]];
        work->place[i] = (*filled)++;
        work->order[work->layer[work->rank[i]] + work->place[i]] = i;
    }
    return true;
}

// ---- order within layers ------------------------------------------------------------------------------------------

static int compare_key(const void *a, const void *b, void *context) {
    const struct work *work = context;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    if (work->key[i] != work->key[j]) return work->key[i] < work->key[j] ? -1 : 1;
    return work->place[i] < work->place[j] ? -1 : work->place[i] > work->place[j];
}

// Sorts a layer by the mean place of its neighbours on one side; what has none there keeps its place.
static void order_layer(struct work *work, uint32_t rank, const struct links *links) {
    uint32_t *item = work->order + work->layer[rank], n = work->layer[rank + 1] - work->layer[rank];
    for (uint32_t i = 0; i < n; i++) {
        uint32_t first = links->start[item[i]], end = links->start[item[i] + 1];
        double sum = 0;
        for (uint32_t j = first; j < end; j++) sum += work->place[links->target[j]];
        work->key[item[i]] = end > first ? sum / (end - first) : i;
    }
    qsort_r(item, n, sizeof *item, compare_key, work);
    for (uint32_t i = 0; i < n; i++) work->place[item[i]] = i;
}

// Crossings between a layer and the next: inversions of the neighbours' places, counted with a Fenwick tree.
static uint64_t count_crossings(const struct work *work, uint32_t rank, uint32_t *tree) {
    uint32_t n = work->layer[rank + 2] - work->layer[rank + 1], seen = 0;
    uint64_t crossings = 0;
    memset(tree, 0, (n + 1) * sizeof *tree);
    for (uint32_t i = work->layer[rank]; i < work->layer[rank + 1]; i++) {
        uint32_t item = work->order[i], first = work->above.start[item], end = work->above.start[item + 1];
        for (uint32_t j = first; j < end; j++, seen++) {
            // Segments of this item itself do not cross each other: count against earlier items only.
            uint32_t to = work->place[work->above.target[j]], before = 0;
            for (uint32_t k = to + 1; k; k -= k & -k) before += tree[k];
            crossings += (seen - (j - first)) - before;
        }
        for (uint32_t j = first; j < end; j++)
            for (uint32_t k = work->place[work->above.target[j]] + 1; k <= n; k += k & -k) tree[k]++;
    }
    return crossings;
}

static uint64_t all_crossings(const struct work *work, uint32_t *tree) {
    uint64_t sum = 0;
    for (uint32_t r = 0; r + 1 < work->rank_count; r++) sum += count_crossings(work, r, tree);
    return sum;
}

static bool order_items(struct work *work) {
    uint32_t *tree;
    if (!alloc_items(work, &tree, work->count + 1, sizeof *tree)) return false;
    uint64_t least = UINT64_MAX;
    for (int sweep = 0; sweep < SWEEPS && least && !task_interrupted(); sweep++) {
        if (sweep % 2 == 0)
            for (uint32_t r = 1; r < work->rank_count; r++) order_layer(work, r, &work->below);
        else
            for (uint32_t r = work->rank_count - 1; r-- > 0;) order_layer(work, r, &work->above);
        uint64_t crossings = all_crossings(work, tree);
        if (crossings >= least) continue;
        least = crossings;
        memcpy(work->best, work->order, work->count * sizeof *work->order);
    }
    if (least != UINT64_MAX) memcpy(work->order, work->best, work->count * sizeof *work->order);
    for (uint32_t r = 0; r < work->rank_count; r++)
        for (uint32_t i = work->layer[r]; i < work->layer[r + 1]; i++) work->place[work->order[i]] = i - work->layer[r];
    return true;
}

// ---- positions ----------------------------------------------------------------------------------------------------

static bool is_upright(const struct layout *layout) {
    return layout->direction == DIRECTION_UP || layout->direction == DIRECTION_DOWN;
}

static double node_gap(const struct layout *layout) { return layout->node_gap > 0 ? layout->node_gap : NODE_GAP; }

// The least distance between the middles of two neighbours in a layer.
static double separation(const struct work *work, uint32_t a, uint32_t b) {
    bool dummy = a >= work->layout->node_count || b >= work->layout->node_count;
    return (work->size[a] + work->size[b]) / 2 +
           (dummy ? fmin(DUMMY_GAP, node_gap(work->layout)) : node_gap(work->layout));
}

static void pack_layer(struct work *work, uint32_t rank) {
    for (uint32_t i = work->layer[rank]; i < work->layer[rank + 1]; i++) {
        uint32_t item = work->order[i];
        work->across[item] =
            i == work->layer[rank] ? 0 : work->across[work->order[i - 1]] + separation(work, work->order[i - 1], item);
    }
}

// A run of items that touch, on its way to the mean of where its items want to be.
struct block {
    double weight, wish; // total weight, weighted sum of wishes relative to the block's first item
    uint32_t first;
};

static void wish_for(const struct work *work, const struct links *links, uint32_t item, double *weight, double *wish) {
    uint32_t first = links->start[item], end = links->start[item + 1];
    bool dummy = item >= work->layout->node_count;
    for (uint32_t j = first; j < end; j++) {
        double w = dummy && links->target[j] >= work->layout->node_count ? 8 : 1; // passing edges straight
        *weight += w;
        *wish += w * work->across[links->target[j]];
    }
}

// Least squares with the order and the separations kept: pool adjacent violators, after subtracting the separations.
static void place_layer(struct work *work, uint32_t rank, bool lower, bool higher, struct block *block,
                        double *offset) {
    uint32_t begin = work->layer[rank], end = work->layer[rank + 1], blocks = 0;
    for (uint32_t i = begin; i < end; i++) {
        uint32_t item = work->order[i];
        double weight = 1e-3, wish = 1e-3 * work->across[item];
        if (lower) wish_for(work, &work->below, item, &weight, &wish);
        if (higher) wish_for(work, &work->above, item, &weight, &wish);
        offset[i] = i == begin ? 0 : offset[i - 1] + separation(work, work->order[i - 1], item);
        block[blocks++] = (struct block){weight, wish - weight * offset[i], i};
        while (blocks > 1 &&
               block[blocks - 2].wish / block[blocks - 2].weight > block[blocks - 1].wish / block[blocks - 1].weight) {
            block[blocks - 2].weight += block[blocks - 1].weight;
            block[blocks - 2].wish += block[blocks - 1].wish;
            blocks--;
        }
    }
    for (uint32_t b = 0; b < blocks; b++)
        for (uint32_t i = block[b].first; i < (b + 1 < blocks ? block[b + 1].first : end); i++)
            work->across[work->order[i]] = block[b].wish / block[b].weight + offset[i];
}

static bool place_across(struct work *work) {
    struct block *block;
    double *offset;
    if (!alloc_items(work, &block, work->count, sizeof *block) ||
        !alloc_items(work, &offset, work->count, sizeof *offset))
        return false;
    for (uint32_t r = 0; r < work->rank_count; r++) pack_layer(work, r);
    for (int sweep = 0; sweep < SWEEPS && !task_interrupted(); sweep++) {
        for (uint32_t r = 0; r < work->rank_count; r++) place_layer(work, r, true, sweep >= SWEEPS / 2, block, offset);
        for (uint32_t r = work->rank_count; r-- > 0;) place_layer(work, r, sweep >= SWEEPS / 2, true, block, offset);
    }
    return true;
}

static void place_along(struct work *work) {
    double gap = work->layout->rank_gap > 0 ? work->layout->rank_gap : RANK_GAP, at = 0;
    for (uint32_t r = 0; r < work->rank_count; r++) {
        double thick = 0;
        for (uint32_t i = work->layer[r]; i < work->layer[r + 1]; i++) {
            if (work->order[i] >= work->layout->node_count) continue;
            const struct layout_node *node = &work->layout->node[work->order[i]];
            thick = fmax(thick, is_upright(work->layout) ? node->height : node->width);
        }
        work->along[r] = at + thick / 2;
        at += thick + gap;
    }
}

static void set_sizes(struct work *work) {
    for (uint32_t i = 0; i < work->layout->node_count; i++)
        work->size[i] = is_upright(work->layout) ? work->layout->node[i].width : work->layout->node[i].height;
}

// ---- edges --------------------------------------------------------------------------------------------------------

static struct point turn(const struct layout *layout, double along, double across) {
    switch (layout->direction) {
    case DIRECTION_UP:
        return (struct point){across, -along};
    case DIRECTION_DOWN:
        return (struct point){across, along};
    case DIRECTION_LEFT:
        return (struct point){-along, across};
    default:
        return (struct point){along, across};
    }
}

static struct point item_at(const struct work *work, uint32_t item) {
    return turn(work->layout, work->along[work->rank[item]], work->across[item]);
}

static int compare_ends(const void *a, const void *b, void *context) {
    const struct layout_edge *edge = context;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    if (edge[i].from != edge[j].from) return edge[i].from < edge[j].from ? -1 : 1;
    if (edge[i].to != edge[j].to) return edge[i].to < edge[j].to ? -1 : 1;
    return i < j ? -1 : i > j;
}

// How far the middle of each edge is bowed aside so that parallel edges lie side by side.
static bool find_bows(struct work *work, double *bow) {
    struct layout_edge *edge = work->layout->edge;
    uint32_t m = work->layout->edge_count, *sorted;
    if (!alloc_items(work, &sorted, m, sizeof *sorted)) return false;
    for (uint32_t i = 0; i < m; i++) sorted[i] = i;
    qsort_r(sorted, m, sizeof *sorted, compare_ends, edge);
    for (uint32_t i = 0, end; i < m; i = end) {
        for (end = i + 1; end < m; end++)
            if (edge[sorted[end]].from != edge[sorted[i]].from || edge[sorted[end]].to != edge[sorted[i]].to) break;
        for (uint32_t j = i; j < end; j++) bow[sorted[j]] = PARALLEL_GAP * ((j - i) - (end - i - 1) / 2.0);
    }
    return true;
}

static void draw_straight(struct layout_edge *edge, struct point a, struct point b, double bow) {
    double length = fmax(hypot(b.x - a.x, b.y - a.y), 1e-9);
    // A control point moved by d moves the curve's middle by 3/4 d.
    struct point aside = {-(b.y - a.y) / length * bow * 4 / 3, (b.x - a.x) / length * bow * 4 / 3};
    edge->point[0] = a;
    edge->point[1] = (struct point){a.x + (b.x - a.x) / 3 + aside.x, a.y + (b.y - a.y) / 3 + aside.y};
    edge->point[2] = (struct point){b.x - (b.x - a.x) / 3 + aside.x, b.y - (b.y - a.y) / 3 + aside.y};
    edge->point[3] = b;
}

static uint32_t stop(const struct work *work, uint32_t e, uint32_t i, uint32_t stops) {
    const struct layout_edge *edge = &work->layout->edge[e];
    if (i == 0) return edge->from;
    if (i == stops - 1) return edge->to;
    return work->first_dummy[e] + (skips_upward(work, edge) ? i - 1 : stops - 2 - i);
}

// A smooth curve through the dummies (Catmull-Rom as Bezier segments).
static void draw_through(const struct work *work, uint32_t e, uint32_t stops) {
    struct layout_edge *edge = &work->layout->edge[e];
    for (uint32_t i = 0; i < stops; i++) {
        struct point at = item_at(work, stop(work, e, i, stops));
        struct point before = i ? item_at(work, stop(work, e, i - 1, stops)) : at;
        struct point after = i + 1 < stops ? item_at(work, stop(work, e, i + 1, stops)) : at;
        struct point tangent = {(after.x - before.x) / 6, (after.y - before.y) / 6};
        struct point *corner = edge->point + (size_t)3 * i;
        corner[0] = at;
        if (i) corner[-1] = (struct point){at.x - tangent.x, at.y - tangent.y};
        if (i + 1 < stops) corner[1] = (struct point){at.x + tangent.x, at.y + tangent.y};
    }
}

static bool draw_edges(struct work *work) {
    double *bow;
    if (!alloc_items(work, &bow, work->layout->edge_count, sizeof *bow) || !find_bows(work, bow)) return false;
    for (uint32_t e = 0; e < work->layout->edge_count; e++) {
        struct layout_edge *edge = &work->layout->edge[e];
        uint32_t ranks = span(work, e), stops = ranks > 1 && work->first_dummy[e] != UINT32_MAX ? ranks + 1 : 2;
        struct point *point = mem_resize(edge->point, 3 * (size_t)stops - 2, sizeof *point);
        if (!point) return false;
        edge->point = point;
        edge->point_count = 3 * stops - 2;
        if (stops > 2)
            draw_through(work, e, stops);
        else
            draw_straight(edge, item_at(work, edge->from), item_at(work, edge->to),
                          ranks ? bow[e] : bow[e] + node_gap(work->layout));
        edge->label = (struct point){NAN, NAN};
    }
    return true;
}

// Moves the drawing so that it begins at 0, and measures it.
static void settle(struct layout *layout) {
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (uint32_t i = 0; i < layout->node_count; i++) {
        const struct layout_node *node = &layout->node[i];
        x0 = fmin(x0, node->at.x - node->width / 2), x1 = fmax(x1, node->at.x + node->width / 2);
        y0 = fmin(y0, node->at.y - node->height / 2), y1 = fmax(y1, node->at.y + node->height / 2);
    }
    for (uint32_t e = 0; e < layout->edge_count; e++)
        for (uint32_t i = 0; i < layout->edge[e].point_count; i++) {
            struct point p = layout->edge[e].point[i];
            x0 = fmin(x0, p.x), x1 = fmax(x1, p.x), y0 = fmin(y0, p.y), y1 = fmax(y1, p.y);
        }
    if (!layout->node_count) x0 = y0 = x1 = y1 = 0;
    for (uint32_t i = 0; i < layout->node_count; i++) layout->node[i].at.x -= x0, layout->node[i].at.y -= y0;
    for (uint32_t e = 0; e < layout->edge_count; e++)
        for (uint32_t i = 0; i < layout->edge[e].point_count; i++)
            layout->edge[e].point[i].x -= x0, layout->edge[e].point[i].y -= y0;
    layout->width = x1 - x0;
    layout->height = y1 - y0;
}

static bool lay_out(struct work *work) {
    if (!rank_nodes(work) || !add_segments(work) || !make_layers(work) || !order_items(work)) return false;
    set_sizes(work);
    place_along(work);
    if (!place_across(work) || !draw_edges(work)) return false;
    for (uint32_t i = 0; i < work->layout->node_count; i++) work->layout->node[i].at = item_at(work, i);
    return true;
}

bool layout_simple(struct layout *layout, struct error *error) {
    struct work work = {.layout = layout, .arena = arena_new()};
    bool ok = work.arena && lay_out(&work);
    arena_free(work.arena);
    if (!ok) return error_memory(error);
    if (task_interrupted()) return error_interrupt(error);
    settle(layout);
    layout_clip(layout);
    return true;
}
