// What the window shows of the last :sample: which edges were read and how often, the first samples one by one, the
// histogram of the estimates, and sliders that run it again.
#ifndef BAUER_APP_SAMPLING_H
#define BAUER_APP_SAMPLING_H

#include <jansson.h>

#include "app/session.h"
#include "estimate/pattern.h"

struct sample; // app/sample.h

// After :sample has drawn some: keeps what there is to show. Out of memory it keeps nothing.
void sampling_update(struct session *session, const struct sample *sample);
// After :pattern: its width and depth become sliders.
void sampling_set_pattern(struct session *session, const struct pattern *pattern);
void sampling_free(struct sample_view *sampling); // NULL is allowed

// For the window, or NULL when nothing was sampled on the current graph. Borrowed.
//   {"run": n, "title": "1000 samples of walk, seed 0", "of": "df/dx2", "samples": n, "mean", "error", "exact",
//    "low", "high", "bins": [...], "below", "above",         the histogram, from low to high
//    "piled": n, "pile": [[edge, share], ...],               share of the first n samples that read the edge
//    "first": [{"estimate": x, "edges": [...]}, ...],        the first samples
//    "sliders": [{"name", "value", "low", "high", "show"}, ...]}
json_t *sampling_about(const struct session *session);
uint64_t sampling_serial(const struct session *session); // changes with what it tells
// A slider was moved: the command that it stands for is run again. Until `final` it is not among the trials, and the
// steps of one drag are one :undo.
bool sampling_passes(const struct session *session); // inside such a step that is not the last
void sampling_slide(struct session *session, uint32_t slider, double value, bool final);

#endif
