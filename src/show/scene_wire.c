#include "show/scene_wire.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

enum { MAGIC = 0x32435342 }; // "BSC2"

// ---- writing ------------------------------------------------------------------------------------------------------

static void put(struct buffer *out, const void *data, size_t size) { buffer_add(out, data, size); }
static void put_u32(struct buffer *out, uint32_t value) { put(out, &value, sizeof value); }
static void put_double(struct buffer *out, double value) { put(out, &value, sizeof value); }

// UINT32_MAX: no text at all.
static void put_text(struct buffer *out, const char *text) {
    put_u32(out, text ? (uint32_t)strlen(text) : UINT32_MAX);
    if (text) put(out, text, strlen(text));
}

static void put_run(struct buffer *out, const struct scene_run *run) {
    put_text(out, run->text);
    put_u32(out, (uint32_t)run->italic | (uint32_t)run->bold << 1 | (uint32_t)(run->level + 1) << 2);
    put_u32(out, run->colour);
    put_double(out, run->x);
    put_double(out, run->width);
}

static void put_item(struct buffer *out, const struct scene_item *item) {
    put_u32(out, (uint32_t)item->kind | (uint32_t)item->tag << 8 | (uint32_t)item->anchor << 16 |
                     (uint32_t)item->font << 24);
    put_u32(out, (uint32_t)item->dashed | (uint32_t)item->closed << 1 | (uint32_t)item->arrow << 2 |
                     (uint32_t)item->halo << 3);
    put_u32(out, item->id);
    put_text(out, item->title);
    const colour colours[] = {item->fill, item->stroke, item->halo_colour};
    const double numbers[] = {item->stroke_width, item->x,      item->y,    item->width,
                              item->height,       item->radius, item->size, item->text_width};
    put(out, colours, sizeof colours);
    put(out, numbers, sizeof numbers);
    put_u32(out, item->point_count);
    put(out, item->point, item->point_count * sizeof *item->point);
    put_u32(out, item->rows);
    put_u32(out, item->columns);
    put(out, item->pixel, (size_t)item->rows * item->columns * sizeof *item->pixel);
    put_u32(out, item->run_count);
    for (uint32_t i = 0; i < item->run_count; i++) put_run(out, &item->run[i]);
}

bool scene_encode(const struct scene *scene, struct buffer *out) {
    put_u32(out, MAGIC);
    put_double(out, scene->width);
    put_double(out, scene->height);
    put_u32(out, scene->background);
    put_text(out, scene->title);
    put_text(out, scene->description);
    put_u32(out, (uint32_t)scene->count);
    for (size_t i = 0; i < scene->count; i++) put_item(out, &scene->item[i]);
    return !out->failed && !scene->failed;
}

// ---- reading ------------------------------------------------------------------------------------------------------

struct reader {
    const char *at, *end;
    bool bad;
};

static void get(struct reader *in, void *data, size_t size) {
    if (in->bad || (size_t)(in->end - in->at) < size) {
        in->bad = true;
        memset(data, 0, size);
        return;
    }
    if (size) memcpy(data, in->at, size);
    in->at += size;
}

static uint32_t get_u32(struct reader *in) {
    uint32_t value;
    get(in, &value, sizeof value);
    return value;
}

static double get_double(struct reader *in) {
    double value;
    get(in, &value, sizeof value);
    if (!isfinite(value) || fabs(value) > 1e9) in->bad = true;
    return in->bad ? 0 : value;
}

static char *get_text(struct reader *in) {
    uint32_t size = get_u32(in);
    if (in->bad || size == UINT32_MAX) return NULL;
    if ((size_t)(in->end - in->at) < size || !utf8_valid(in->at, size) || memchr(in->at, '\0', size))
        return in->bad = true, NULL;
    char *text = mem_text(in->at, size);
    in->at += size;
    if (!text) in->bad = true;
    return text;
}

// Room for `count` things of which each takes at least `least` bytes of what is left.
static void *get_room(struct reader *in, uint32_t count, size_t least, size_t size) {
    if (in->bad || (size_t)(in->end - in->at) / least < count) return in->bad = true, NULL;
    void *room = mem_zero(count ? count : 1, size);
    if (!room) in->bad = true;
    return room;
}

static void get_run(struct reader *in, struct scene_run *run) {
    run->text = get_text(in);
    uint32_t flags = get_u32(in);
    run->italic = flags & 1;
    run->bold = flags >> 1 & 1;
    run->level = (int)(flags >> 2 & 3) - 1;
    run->colour = get_u32(in);
    run->x = get_double(in);
    run->width = get_double(in);
    if (!run->text || run->level > 1) in->bad = true;
}

static void get_pixels(struct reader *in, struct scene_item *item) {
    uint32_t rows = get_u32(in), columns = get_u32(in);
    uint64_t count = (uint64_t)rows * columns;
    if (count > UINT32_MAX) in->bad = true;
    item->pixel = get_room(in, in->bad ? 0 : (uint32_t)count, sizeof *item->pixel, sizeof *item->pixel);
    if (in->bad) return;
    get(in, item->pixel, (size_t)count * sizeof *item->pixel);
    item->rows = rows, item->columns = columns;
}

static void get_shape(struct reader *in, struct scene_item *item) {
    colour *colours[] = {&item->fill, &item->stroke, &item->halo_colour};
    double *numbers[] = {&item->stroke_width, &item->x,      &item->y,    &item->width,
                         &item->height,       &item->radius, &item->size, &item->text_width};
    for (size_t i = 0; i < 3; i++) *colours[i] = get_u32(in);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) *numbers[i] = get_double(in);
    uint32_t points = get_u32(in);
    item->point = get_room(in, points, sizeof *item->point, sizeof *item->point);
    for (uint32_t i = 0; i < points && !in->bad; i++) {
        item->point[i].x = get_double(in);
        item->point[i].y = get_double(in);
    }
    item->point_count = in->bad ? 0 : points;
    get_pixels(in, item);
    uint32_t runs = get_u32(in);
    item->run = get_room(in, runs, 28, sizeof *item->run);
    for (uint32_t i = 0; i < runs && !in->bad; i++, item->run_count++) get_run(in, &item->run[i]);
}

static void get_item(struct reader *in, struct scene_item *item) {
    uint32_t kinds = get_u32(in), flags = get_u32(in);
    item->kind = kinds & 0xFF;
    item->tag = kinds >> 8 & 0xFF;
    item->anchor = kinds >> 16 & 0xFF;
    item->font = kinds >> 24;
    item->dashed = flags & 1;
    item->closed = flags >> 1 & 1;
    item->arrow = flags >> 2 & 1;
    item->halo = flags >> 3 & 1;
    item->id = get_u32(in);
    item->title = get_text(in);
    get_shape(in, item);
    if (item->kind > SCENE_IMAGE || (item->kind == SCENE_IMAGE) != (item->rows && item->columns) ||
        item->tag > TAG_POINT || item->anchor > ANCHOR_END || item->font > FONT_MONO ||
        (item->kind == SCENE_PATH && item->point_count % 3 != 1) ||
        (item->kind == SCENE_TEXT && !(item->size > 0 && item->size < 2000)))
        in->bad = true;
}

static bool groups_match(const struct scene *scene) {
    size_t depth = 0;
    for (size_t i = 0; i < scene->count; i++) {
        if (scene->item[i].kind == SCENE_GROUP) depth++;
        if (scene->item[i].kind == SCENE_END && depth-- == 0) return false;
    }
    return depth == 0;
}

bool scene_decode(const void *data, size_t size, struct scene *scene) {
    struct reader in = {data, (const char *)data + size, false};
    scene_init(scene);
    if (get_u32(&in) != MAGIC) in.bad = true;
    scene->width = get_double(&in);
    scene->height = get_double(&in);
    scene->background = get_u32(&in);
    scene->title = get_text(&in);
    scene->description = get_text(&in);
    uint32_t count = get_u32(&in);
    scene->item = get_room(&in, count, 104, sizeof *scene->item);
    scene->capacity = in.bad ? 0 : count;
    for (uint32_t i = 0; i < count && !in.bad; i++, scene->count++) get_item(&in, &scene->item[i]);
    if (!in.bad && in.at == in.end && scene->width > 0 && scene->height > 0 && groups_match(scene)) return true;
    scene_clear(scene);
    scene_init(scene);
    return false;
}
