#include "app/view_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "show/paint.h"

// ---- parts --------------------------------------------------------------------------------------------------------

static void box_add(struct part *part, double x, double y, double half_width, double half_height) {
    part->x0 = fmin(part->x0, x - half_width);
    part->y0 = fmin(part->y0, y - half_height);
    part->x1 = fmax(part->x1, x + half_width);
    part->y1 = fmax(part->y1, y + half_height);
}

static void add_shape(struct part *part, const struct scene_item *item) {
    if (item->kind == SCENE_ELLIPSE) box_add(part, item->x, item->y, item->width / 2, item->height / 2);
    if (item->kind == SCENE_RECT)
        box_add(part, item->x + item->width / 2, item->y + item->height / 2, item->width / 2, item->height / 2);
    for (uint32_t i = 0; item->kind == SCENE_PATH && i < item->point_count; i++)
        box_add(part, item->point[i].x, item->point[i].y, 0, 0);
}

static bool is_part(enum scene_tag tag) {
    return tag == TAG_VERTEX || tag == TAG_EDGE || tag == TAG_FRAME || tag == TAG_CURVE;
}

static bool find_parts(struct picture *picture) {
    const struct scene *scene = &picture->scene;
    for (uint32_t i = 0; i < scene->count; i++) {
        const struct scene_item *group = &scene->item[i];
        if (group->kind != SCENE_GROUP || !is_part(group->tag)) continue;
        struct part part = {group->tag, group->id,    i,    i,         INFINITY,  INFINITY,  -INFINITY,
                            -INFINITY,  group->title, NULL, PART_NONE, PART_NONE, PART_NONE, NULL};
        for (int depth = 0; part.end < scene->count; part.end++) {
            const struct scene_item *item = &scene->item[part.end];
            if (item->kind == SCENE_GROUP) depth++;
            if (item->kind == SCENE_END && --depth == 0) break;
            add_shape(&part, item);
        }
        part.end++;
        if (!mem_grow(&picture->part, &picture->part_capacity, picture->part_count + 1, sizeof part)) return false;
        picture->part[picture->part_count++] = part;
    }
    return true;
}

// ---- what they are called -----------------------------------------------------------------------------------------

json_t *picture_about(const struct picture *picture, uint32_t p) { return picture->part[p].about; }

// The session lists vertices, edges and frames in the order in which they are drawn.
static void find_about(struct picture *picture) {
    static const struct {
        enum scene_tag tag;
        const char *list;
    } lists[] = {{TAG_VERTEX, "vertices"}, {TAG_EDGE, "edges"}, {TAG_FRAME, "frames"}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const json_t *list = json_object_get(picture->about, lists[i].list);
        size_t next = 0;
        for (uint32_t p = 0; p < picture->part_count; p++) {
            if (picture->part[p].tag != lists[i].tag) continue;
            json_t *about = json_array_get(list, next);
            if (!about || json_integer_value(json_object_get(about, "id")) != picture->part[p].id) continue;
            picture->part[p].about = about;
            next++;
        }
    }
}

static uint32_t hash_text(const char *text) {
    uint32_t hash = 2166136261u;
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash ^ hash >> 15;
}

// Parts by key: open addressing, slots hold part + 1.
struct names {
    uint32_t *slot, mask;
};

static bool names_new(struct names *names, uint32_t count) {
    names->mask = 15;
    while (names->mask < 2 * count) names->mask = 2 * names->mask + 1;
    names->slot = mem_zero((size_t)names->mask + 1, sizeof *names->slot);
    return names->slot != NULL;
}

static uint32_t *names_at(const struct names *names, const struct picture *picture, const char *key) {
    uint32_t i = hash_text(key) & names->mask;
    while (names->slot[i] && strcmp(picture->part[names->slot[i] - 1].key, key) != 0) i = (i + 1) & names->mask;
    return &names->slot[i];
}

static char *vertex_key(const struct picture *picture, uint32_t p) {
    const char *name = json_string_value(json_object_get(picture_about(picture, p), "name"));
    char text[160];
    snprintf(text, sizeof text, "%d:%s", (int)picture->part[p].tag, name ? name : "");
    if (!name) snprintf(text, sizeof text, "%d#%u", (int)picture->part[p].tag, picture->part[p].id);
    return mem_text(text, strlen(text));
}

static char *edge_key(const struct picture *picture, uint32_t p) {
    const struct part *part = &picture->part[p];
    char text[400];
    snprintf(text, sizeof text, "%.180s->%.180s", part->from == PART_NONE ? "" : picture->part[part->from].key,
             part->to == PART_NONE ? "" : picture->part[part->to].key);
    return mem_text(text, strlen(text));
}

uint32_t picture_find(const struct picture *picture, enum scene_tag tag, uint32_t id) {
    for (uint32_t p = 0; p < picture->part_count; p++)
        if (picture->part[p].tag == tag && picture->part[p].id == id) return p;
    return PART_NONE;
}

struct place {
    uint32_t id, part;
};

static int by_id(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static uint32_t place_of(const struct place *place, size_t count, const json_t *id) {
    struct place wanted = {(uint32_t)json_integer_value(id), 0};
    const struct place *found = json_is_integer(id) ? bsearch(&wanted, place, count, sizeof wanted, by_id) : NULL;
    return found ? found->part : PART_NONE;
}

// The vertices at an edge's ends, by their own numbers (which may be any).
static bool find_ends(struct picture *picture) {
    struct place *place = mem_alloc((size_t)picture->part_count + 1, sizeof *place);
    size_t count = 0;
    if (!place) return false;
    for (uint32_t p = 0; p < picture->part_count; p++)
        if (picture->part[p].tag == TAG_VERTEX) place[count++] = (struct place){picture->part[p].id, p};
    qsort(place, count, sizeof *place, by_id);
    for (uint32_t p = 0; p < picture->part_count; p++) {
        struct part *part = &picture->part[p];
        if (part->tag != TAG_EDGE || !part->about) continue;
        part->from = place_of(place, count, json_object_get(part->about, "from"));
        part->to = place_of(place, count, json_object_get(part->about, "to"));
    }
    mem_free(place);
    return true;
}

static bool name_parts(struct picture *picture) {
    for (int edges = 0; edges < 2; edges++)
        for (uint32_t p = 0; p < picture->part_count; p++) {
            if ((picture->part[p].tag == TAG_EDGE) != edges) continue;
            picture->part[p].key = edges ? edge_key(picture, p) : vertex_key(picture, p);
            if (!picture->part[p].key) return false;
        }
    return true;
}

struct picture *picture_new(struct scene *scene, json_t *about) {
    struct picture *picture = mem_zero(1, sizeof *picture);
    if (!picture) {
        scene_clear(scene);
        json_decref(about);
        return NULL;
    }
    picture->scene = *scene;
    picture->about = about;
    scene_init(scene);
    bool ok = find_parts(picture);
    if (ok) find_about(picture);
    if (ok && find_ends(picture) && name_parts(picture)) return picture;
    picture_free(picture);
    return NULL;
}

void picture_free(struct picture *picture) {
    if (!picture) return;
    for (uint32_t p = 0; p < picture->part_count; p++) mem_free(picture->part[p].key);
    mem_free(picture->part);
    scene_clear(&picture->scene);
    json_decref(picture->about);
    mem_free(picture);
}

void picture_match(struct picture *picture, const struct picture *before) {
    struct names names;
    if (!before || !names_new(&names, before->part_count)) return;
    for (uint32_t p = before->part_count; p-- > 0;) *names_at(&names, before, before->part[p].key) = p + 1;
    for (uint32_t p = 0; p < picture->part_count; p++) {
        uint32_t slot = *names_at(&names, before, picture->part[p].key);
        picture->part[p].match = slot ? slot - 1 : PART_NONE;
    }
    mem_free(names.slot);
}

// ---- where they are -----------------------------------------------------------------------------------------------

struct point picture_centre(const struct picture *picture, uint32_t p) {
    const struct part *part = &picture->part[p];
    return (struct point){(part->x0 + part->x1) / 2, (part->y0 + part->y1) / 2};
}

static bool inside(const struct part *part, struct point at, double slack) {
    return at.x >= part->x0 - slack && at.x <= part->x1 + slack && at.y >= part->y0 - slack && at.y <= part->y1 + slack;
}

static double distance_to_line(struct point at, struct point a, struct point b) {
    double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    double t = length > 0 ? fmin(fmax(((at.x - a.x) * dx + (at.y - a.y) * dy) / length, 0), 1) : 0;
    return hypot(at.x - a.x - t * dx, at.y - a.y - t * dy);
}

static struct point bezier(const struct point *p, double t) {
    double u = 1 - t, a = u * u * u, b = 3 * u * u * t, c = 3 * u * t * t, d = t * t * t;
    return (struct point){a * p[0].x + b * p[1].x + c * p[2].x + d * p[3].x,
                          a * p[0].y + b * p[1].y + c * p[2].y + d * p[3].y};
}

enum { PIECES = 12 }; // straight pieces of a curve

static double distance_to_path(const struct scene_item *item, struct point at) {
    double best = INFINITY;
    for (uint32_t i = 0; i + 3 < item->point_count; i += 3)
        for (int k = 0; k < PIECES; k++)
            best = fmin(best, distance_to_line(at, bezier(&item->point[i], (double)k / PIECES),
                                               bezier(&item->point[i], (double)(k + 1) / PIECES)));
    return best;
}

// A curve's name stands for it: a hidden one has nothing else.
static double distance_to_name(const struct scene_item *item, struct point at) {
    double left = scene_text_left(item), right = left + item->text_width;
    double dx = fmax(fmax(left - at.x, at.x - right), 0);
    double dy = fmax(fmax(item->y - 0.8 * item->size - at.y, at.y - item->y - 0.2 * item->size), 0);
    return hypot(dx, dy);
}

static double distance_to(const struct part *part, const struct scene_item *item, struct point at) {
    if (item->kind == SCENE_PATH) return distance_to_path(item, at);
    return item->kind == SCENE_TEXT && part->tag == TAG_CURVE ? distance_to_name(item, at) : INFINITY;
}

uint32_t picture_at(const struct picture *picture, struct point at, double slack) {
    for (uint32_t p = picture->part_count; p-- > 0;) {
        const struct part *part = &picture->part[p];
        if (part->tag != TAG_VERTEX && part->tag != TAG_FRAME) continue;
        if (inside(part, at, 0)) return p;
    }
    uint32_t best = PART_NONE;
    double nearest = slack;
    for (uint32_t p = 0; p < picture->part_count; p++) {
        const struct part *part = &picture->part[p];
        bool near = part->tag == TAG_CURVE || (part->tag == TAG_EDGE && inside(part, at, slack)); // a name lies outside
        if (!near) continue;
        for (uint32_t i = part->first; i < part->end; i++) {
            double distance = distance_to(part, &picture->scene.item[i], at);
            if (distance < nearest) nearest = distance, best = p;
        }
    }
    return best;
}

// ---- drawing ------------------------------------------------------------------------------------------------------

static void paint_part(cairo_t *cairo, const struct picture *picture, const struct part *part, bool fast) {
    paint_items(cairo, &picture->scene.item[part->first], part->end - part->first, fast);
}

// An edge on its way: its curve between the two, its label where it will be.
static void paint_moving_edge(cairo_t *cairo, const struct picture *picture, const struct part *part,
                              const struct picture *before, double t, bool fast) {
    const struct part *old = &before->part[part->match];
    const struct scene_item *from = NULL;
    for (uint32_t i = old->first; i < old->end && !from; i++)
        if (before->scene.item[i].kind == SCENE_PATH) from = &before->scene.item[i];
    for (uint32_t i = part->first; i < part->end; i++) {
        struct scene_item item = picture->scene.item[i];
        if (item.kind == SCENE_TEXT && t < 0.7) continue;
        struct point *point = item.kind == SCENE_PATH && from && from->point_count == item.point_count
                                  ? mem_alloc(item.point_count, sizeof *point)
                                  : NULL;
        for (uint32_t k = 0; point && k < item.point_count; k++) {
            point[k].x = from->point[k].x + (item.point[k].x - from->point[k].x) * t;
            point[k].y = from->point[k].y + (item.point[k].y - from->point[k].y) * t;
        }
        if (point) item.point = point;
        if (point || item.kind != SCENE_PATH || t >= 0.7) paint_items(cairo, &item, 1, fast);
        mem_free(point);
    }
}

static void paint_moving_vertex(cairo_t *cairo, const struct picture *picture, uint32_t p, const struct picture *before,
                                double t, bool fast) {
    struct point from = picture_centre(before, picture->part[p].match), to = picture_centre(picture, p);
    cairo_save(cairo);
    cairo_translate(cairo, (1 - t) * (from.x - to.x), (1 - t) * (from.y - to.y));
    paint_part(cairo, picture, &picture->part[p], fast);
    cairo_restore(cairo);
}

static void paint_known(cairo_t *cairo, const struct picture *picture, const struct picture *before, bool edges,
                        double t, bool fast) {
    for (uint32_t p = 0; p < picture->part_count; p++) {
        const struct part *part = &picture->part[p];
        if (part->match == PART_NONE || (part->tag == TAG_EDGE) != edges) continue;
        if (edges)
            paint_moving_edge(cairo, picture, part, before, t, fast);
        else
            paint_moving_vertex(cairo, picture, p, before, t, fast);
    }
}

static void paint_new(cairo_t *cairo, const struct picture *picture, double t, bool fast) {
    cairo_push_group(cairo);
    for (int vertices = 0; vertices < 2; vertices++)
        for (uint32_t p = 0; p < picture->part_count; p++)
            if (picture->part[p].match == PART_NONE && (picture->part[p].tag != TAG_EDGE) == vertices)
                paint_part(cairo, picture, &picture->part[p], fast);
    cairo_pop_group_to_source(cairo);
    cairo_paint_with_alpha(cairo, t);
}

void picture_paint(cairo_t *cairo, const struct picture *picture, const struct picture *before, double t, bool fast) {
    if (!before || t >= 1) {
        paint_scene(cairo, &picture->scene, fast);
        return;
    }
    paint_known(cairo, picture, before, true, t, fast);
    paint_new(cairo, picture, t, fast);
    paint_known(cairo, picture, before, false, t, fast);
}

static void paint_lit(cairo_t *cairo, const struct picture *picture, const struct part *part, bool second,
                      const struct style *style, bool fast) {
    for (uint32_t i = part->first; i < part->end; i++) {
        struct scene_item item = picture->scene.item[i];
        struct scene_run *run = NULL;
        colour line = second ? style->second : style->accent, text = second ? style->second_text : style->accent_text;
        item.stroke = item.stroke & 0xFF ? line : item.stroke;
        item.stroke_width = fmax(item.stroke_width, style->accent_width);
        if (item.kind == SCENE_ELLIPSE || item.kind == SCENE_RECT)
            item.fill = second ? style->second_fill : style->accent_fill;
        if (item.kind == SCENE_TEXT) {
            item.halo = part->tag == TAG_EDGE;
            item.halo_colour = style->accent_halo;
            run = mem_alloc(item.run_count ? item.run_count : 1, sizeof *run);
            for (uint32_t k = 0; run && k < item.run_count; k++) {
                run[k] = item.run[k];
                run[k].colour = text;
            }
            if (run) item.run = run;
        }
        paint_items(cairo, &item, 1, fast);
        mem_free(run);
    }
}

void picture_light(cairo_t *cairo, const struct picture *picture, const uint8_t *lit, bool second, enum theme theme,
                   bool fast) {
    const struct style *style = style_of(theme);
    for (int vertices = 0; vertices < 2; vertices++)
        for (uint32_t p = 0; p < picture->part_count; p++)
            if (lit[p] && (picture->part[p].tag != TAG_EDGE) == vertices)
                paint_lit(cairo, picture, &picture->part[p], second, style, fast);
}
