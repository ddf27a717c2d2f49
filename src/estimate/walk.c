#include "estimate/walk.h"

#include "base/large.h"
#include "base/task.h"

enum { LOOK_EVERY = 1 << 14 };

static void outgoing(const struct subgraph *sub, double *probability) {
    for (uint32_t v = 0; v < sub->count; v++)
        for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++)
            probability[e] = 1.0 / (sub->offset[v + 1] - sub->offset[v]);
}

static bool by_paths(const struct subgraph *sub, struct scaled *paths, double *probability, struct error *error) {
    if (!subgraph_paths(sub, paths, error)) return false;
    for (uint32_t e = 0; e < sub->edge_count; e++)
        probability[e] = scaled_ratio(paths[sub->target[e]], paths[sub->source[e]]);
    return true;
}

// R backwards, the probabilities on the way.
static bool by_product(const struct subgraph *sub, struct scaled *total, double *probability, struct error *error) {
    for (uint32_t v = sub->count; v-- > 0;) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return error_interrupt(error);
        struct scaled sum = v + 1 == sub->count ? SCALED_ONE : SCALED_ZERO;
        for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++)
            sum = scaled_add(sum, scaled_mul(scaled_abs(scaled_from(sub->partial[e])), total[sub->target[e]]));
        total[v] = sum;
        for (uint32_t e = sub->offset[v]; e < sub->offset[v + 1]; e++) {
            struct scaled way = scaled_mul(scaled_abs(scaled_from(sub->partial[e])), total[sub->target[e]]);
            probability[e] = way.m == 0 ? 0 : scaled_ratio(way, sum);
        }
    }
    return true;
}

bool walk_probabilities(const struct subgraph *sub, enum walk_kind kind, double *probability, struct error *error) {
    if (kind == WALK_OUTGOING) return outgoing(sub, probability), true;
    struct scaled *total = large_alloc((size_t)sub->count + 1, sizeof *total);
    if (!total) return error_memory(error);
    bool ok =
        kind == WALK_UNIFORM ? by_paths(sub, total, probability, error) : by_product(sub, total, probability, error);
    mem_free(total);
    return ok;
}
