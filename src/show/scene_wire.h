// A scene as bytes, for the way from the session to its window. Both ends are the same machine and the same build.
#ifndef BAUER_SHOW_SCENE_WIRE_H
#define BAUER_SHOW_SCENE_WIRE_H

#include "base/text.h"
#include "show/scene.h"

bool scene_encode(const struct scene *scene, struct buffer *out); // false: out of memory
// false: not a scene (cut short, counts beyond its size, numbers that are not finite, groups that do not match). The
// scene is then empty.
bool scene_decode(const void *data, size_t size, struct scene *scene);

#endif
