// Layouts had lately, by what was asked.
#ifndef BAUER_SHOW_LAYOUT_CACHE_H
#define BAUER_SHOW_LAYOUT_CACHE_H

#include "show/layout.h"

// Fills the places and curves (from centre to centre: layout_clip comes next) of the same graph with the same sizes.
// near: also of the same graph with sizes that differ a little. false: there is none.
bool layout_cache_get(struct layout *layout, bool near);
void layout_cache_put(const struct layout *layout); // before layout_clip
// A graph that Graphviz had no answer for in time: asked again, it would not have one either. `message` says why.
void layout_cache_put_slow(const struct layout *layout, const char *message);
bool layout_cache_is_slow(const struct layout *layout, char message[256]);
void layout_cache_clear(void);

#endif
