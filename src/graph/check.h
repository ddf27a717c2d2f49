// Checking derivatives against central finite differences, with a step chosen for the scale of each value.
#ifndef BAUER_GRAPH_CHECK_H
#define BAUER_GRAPH_CHECK_H

#include "graph/bauer.h"

struct check {
    uint32_t partials, entries; // compared
    double worst_partial;       // largest relative error of a local partial (scaled by max(1, |partial|, |difference|))
    uint32_t worst_edge;        // where; UINT32_MAX if there is no edge
    double partial_exact, partial_difference;
    double worst_entry; // largest relative error of a Jacobian entry
    uint32_t worst_row, worst_column;
    double entry_exact, entry_difference;
    uint32_t kinks,
        skipped; // vertices on a kink, entries whose difference has no finite value or no trustworthy digits
    bool ok;     // both under `tolerance`
};

// tolerance: relative, 1e-5 is usual. Uses Richardson-extrapolated central differences; where the function crosses a
// kink or its domain's edge inside the step, the step shrinks, and a pair that stays untrustworthy is skipped and
// counted.
bool check_derivatives(const struct lcg *lcg, double tolerance, struct check *check, struct error *error);

#endif
