// Any bytes as what the session sends to its window: messages, pictures, plots, and all that the panel tells of them.
#include <string.h>

#include "app/view.h"
#include "base/arena.h"
#include "fuzz.h"

static void drop(struct view_app *app) {
    picture_free(app->picture);
    picture_free(app->before);
    view_chart_free(app->chart);
    scene_clear(&app->panel);
    mem_free(app->widget);
    mem_free(app->range);
    mem_free(app->found);
}

// A stream of messages, or, if it does not begin as one, the text of a view, a zero byte, and its scene.
static void take(struct view_app *app, const char *at, size_t size) {
    enum wire_kind kind;
    const char *payload;
    uint32_t payload_size;
    for (long whole; (whole = wire_take(at, size, &kind, &payload, &payload_size)) > 0;
         at += whole, size -= (size_t)whole)
        if (kind == WIRE_VIEW) view_take(app, payload, payload_size);
}

static void take_view(struct view_app *app, const char *json, size_t size) {
    struct buffer message = {0}, scene = {0};
    size_t end = strlen(json);
    if (end < size) buffer_add(&scene, json + end + 1, size - end - 1);
    if (wire_put_view(&message, json, &scene)) take(app, message.data, message.size);
    buffer_free(&message);
    buffer_free(&scene);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct view_app app = {.socket = -1,
                           .width = 640,
                           .height = 400,
                           .ratio = 1,
                           .type = 1,
                           .panel_shown = true,
                           .hover = PART_NONE,
                           .focus = PART_NONE,
                           .pick = {PART_NONE, PART_NONE},
                           .input = PART_NONE};
    fuzz_begin();
    char *copy = mem_text((const char *)data, size);
    if (copy && size >= 4 && memcmp(copy, "BVW1", 4) == 0)
        take(&app, copy, size);
    else if (copy)
        take_view(&app, copy, size);
    view_panel_make(&app);
    json_decref(view_dump(&app));
    drop(&app);
    mem_free(copy);
    return 0;
}
