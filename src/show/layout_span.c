#include "show/layout.h"

#include "base/arena.h"

uint64_t layout_ranks_passed(const struct layout *layout) {
    uint32_t *rank = mem_zero((size_t)layout->node_count + 1, sizeof *rank);
    uint64_t passed = 0;
    if (!rank) return 0;
    for (int pass = 0; pass < 2; pass++) // boxes may stand a little out of order
        for (uint32_t i = 0; i < layout->edge_count; i++) {
            const struct layout_edge *edge = &layout->edge[i];
            if (edge->from < edge->to && rank[edge->to] <= rank[edge->from]) rank[edge->to] = rank[edge->from] + 1;
        }
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        uint32_t from = rank[layout->edge[i].from], to = rank[layout->edge[i].to];
        passed += to > from ? to - from - 1 : 0;
    }
    mem_free(rank);
    return passed;
}
