// Layouts had lately, so that a picture whose numbers alone have changed stays where it is, and costs nothing.
#include "show/layout_cache.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"

enum { KEPT = 4 };
#define NEAR 14.0 // points that a node or a label may have grown

static struct {
    struct layout layout[KEPT]; // as Graphviz gave them: curves from centre to centre
    uint32_t used[KEPT], clock;
} cache;

static void free_entry(struct layout *layout) {
    layout_free(layout);
    *layout = (struct layout){0};
}

static bool same_structure(const struct layout *a, const struct layout *b) {
    if (a->node_count != b->node_count || a->edge_count != b->edge_count || a->direction != b->direction ||
        a->node_gap != b->node_gap || a->rank_gap != b->rank_gap)
        return false;
    for (uint32_t i = 0; i < a->node_count; i++)
        if (a->node[i].rank != b->node[i].rank) return false;
    for (uint32_t i = 0; i < a->edge_count; i++)
        if (a->edge[i].from != b->edge[i].from || a->edge[i].to != b->edge[i].to) return false;
    return true;
}

static bool fits(double wanted, double had, bool near) { return near ? wanted <= had + NEAR : wanted == had; }

static bool same_sizes(const struct layout *wanted, const struct layout *had, bool near) {
    for (uint32_t i = 0; i < had->node_count; i++)
        if (!fits(wanted->node[i].width, had->node[i].width, near) ||
            !fits(wanted->node[i].height, had->node[i].height, near))
            return false;
    for (uint32_t i = 0; i < had->edge_count; i++)
        if (!fits(wanted->edge[i].label_width, had->edge[i].label_width, near) ||
            !fits(wanted->edge[i].label_height, had->edge[i].label_height, near))
            return false;
    return true;
}

// Copies places and curves.
static bool copy_result(const struct layout *from, struct layout *to) {
    for (uint32_t i = 0; i < from->node_count; i++) to->node[i].at = from->node[i].at;
    for (uint32_t i = 0; i < from->edge_count; i++) {
        const struct layout_edge *edge = &from->edge[i];
        struct point *point = mem_alloc((size_t)edge->point_count + 1, sizeof *point);
        if (!point) return false;
        memcpy(point, edge->point, edge->point_count * sizeof *point);
        mem_free(to->edge[i].point);
        to->edge[i].point = point;
        to->edge[i].point_count = edge->point_count;
        to->edge[i].label = edge->label;
    }
    to->width = from->width;
    to->height = from->height;
    return true;
}

// Of a slow one only what was asked is kept.
static struct {
    struct layout layout;
    char message[256];
} slow;

void layout_cache_put_slow(const struct layout *layout, const char *message) {
    free_entry(&slow.layout);
    if (!layout_init(&slow.layout, layout->node_count, layout->edge_count)) return;
    memcpy(slow.layout.node, layout->node, layout->node_count * sizeof *layout->node);
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        slow.layout.edge[i].from = layout->edge[i].from;
        slow.layout.edge[i].to = layout->edge[i].to;
    }
    slow.layout.direction = layout->direction;
    slow.layout.node_gap = layout->node_gap;
    slow.layout.rank_gap = layout->rank_gap;
    snprintf(slow.message, sizeof slow.message, "%s", message);
}

bool layout_cache_is_slow(const struct layout *layout, char message[256]) {
    if (!slow.layout.node_count || !same_structure(layout, &slow.layout)) return false;
    memcpy(message, slow.message, sizeof slow.message);
    return true;
}

void layout_cache_clear(void) {
    for (int i = 0; i < KEPT; i++) free_entry(&cache.layout[i]);
    free_entry(&slow.layout);
}

bool layout_cache_get(struct layout *layout, bool near) {
    for (int pass = 0; pass < 1 + near; pass++)
        for (int i = 0; i < KEPT; i++) {
            const struct layout *had = &cache.layout[i];
            if (!had->node_count || !same_structure(layout, had) || !same_sizes(layout, had, pass == 1)) continue;
            cache.used[i] = ++cache.clock;
            return copy_result(had, layout);
        }
    return false;
}

void layout_cache_put(const struct layout *layout) {
    int oldest = 0;
    for (int i = 1; i < KEPT; i++)
        if (cache.used[i] < cache.used[oldest]) oldest = i;
    struct layout *entry = &cache.layout[oldest];
    free_entry(entry);
    if (!layout_init(entry, layout->node_count, layout->edge_count)) return;
    memcpy(entry->node, layout->node, layout->node_count * sizeof *entry->node);
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        entry->edge[i] = layout->edge[i];
        entry->edge[i].point = NULL;
        entry->edge[i].point_count = 0;
    }
    entry->direction = layout->direction;
    entry->node_gap = layout->node_gap;
    entry->rank_gap = layout->rank_gap;
    if (!copy_result(layout, entry)) free_entry(entry);
    cache.used[oldest] = ++cache.clock;
}
