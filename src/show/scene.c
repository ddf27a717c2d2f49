#include "show/scene.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "show/paint.h"

// ---- the list -----------------------------------------------------------------------------------------------------

void scene_init(struct scene *scene) { *scene = (struct scene){0}; }

static void free_item(struct scene_item *item) {
    for (uint32_t i = 0; i < item->run_count; i++) mem_free(item->run[i].text);
    mem_free(item->run);
    mem_free(item->point);
    mem_free(item->pixel);
    mem_free(item->title);
}

void scene_clear(struct scene *scene) {
    for (size_t i = 0; i < scene->count; i++) free_item(&scene->item[i]);
    mem_free(scene->item);
    mem_free(scene->title);
    mem_free(scene->description);
    scene_init(scene);
}

struct scene_item *scene_add(struct scene *scene, enum scene_kind kind) {
    if (scene->failed || !mem_grow(&scene->item, &scene->capacity, scene->count + 1, sizeof *scene->item)) {
        scene->failed = true;
        return NULL;
    }
    struct scene_item *item = &scene->item[scene->count++];
    *item = (struct scene_item){.kind = kind};
    return item;
}

void scene_group(struct scene *scene, enum scene_tag tag, uint32_t id, const char *title) {
    struct scene_item *item = scene_add(scene, SCENE_GROUP);
    if (!item) return;
    item->tag = tag;
    item->id = id;
    if (title && !(item->title = mem_text(title, strlen(title)))) scene->failed = true;
}

void scene_end(struct scene *scene) { scene_add(scene, SCENE_END); }

void scene_path(struct scene *scene, const struct point *point, uint32_t count, colour stroke, double width,
                bool arrow) {
    struct scene_item *item = scene_add(scene, SCENE_PATH);
    if (!item) return;
    item->stroke = stroke;
    item->stroke_width = width;
    item->arrow = arrow;
    item->point = mem_alloc(count ? count : 1, sizeof *point);
    if (!item->point) {
        scene->failed = true;
        return;
    }
    item->point_count = count;
    if (count) memcpy(item->point, point, count * sizeof *point);
}

void scene_ellipse(struct scene *scene, double x, double y, double width, double height, colour fill, colour stroke,
                   double stroke_width) {
    struct scene_item *item = scene_add(scene, SCENE_ELLIPSE);
    if (!item) return;
    item->x = x, item->y = y, item->width = width, item->height = height;
    item->fill = fill, item->stroke = stroke, item->stroke_width = stroke_width;
}

void scene_rect(struct scene *scene, double x, double y, double width, double height, double radius, colour fill,
                colour stroke, double stroke_width) {
    struct scene_item *item = scene_add(scene, SCENE_RECT);
    if (!item) return;
    item->x = x, item->y = y, item->width = width, item->height = height, item->radius = radius;
    item->fill = fill, item->stroke = stroke, item->stroke_width = stroke_width;
}

void scene_image(struct scene *scene, double x, double y, double width, double height, uint32_t rows, uint32_t columns,
                 const colour *pixel) {
    struct scene_item *item = scene_add(scene, SCENE_IMAGE);
    if (!item) return;
    size_t count = (size_t)rows * columns;
    item->x = x, item->y = y, item->width = width, item->height = height;
    item->pixel = mem_alloc(count ? count : 1, sizeof *pixel);
    if (!item->pixel) {
        scene->failed = true;
        return;
    }
    item->rows = rows, item->columns = columns;
    if (count) memcpy(item->pixel, pixel, count * sizeof *pixel);
}

// ---- text ---------------------------------------------------------------------------------------------------------

double scene_run_size(const struct scene_item *text, const struct scene_run *run) {
    return run->level ? text->size * SCENE_LEVEL_SCALE : text->size;
}

double scene_run_drop(const struct scene_item *text, const struct scene_run *run) {
    return run->level > 0 ? -SCENE_SUPER_RISE * text->size : run->level < 0 ? SCENE_SUB_DROP * text->size : 0;
}

double scene_text_left(const struct scene_item *text) {
    switch (text->anchor) {
    case ANCHOR_MIDDLE:
        return text->x - text->text_width / 2;
    case ANCHOR_END:
        return text->x - text->text_width;
    default:
        return text->x;
    }
}

void scene_halo(const struct scene_item *text, double *x, double *y, double *width, double *height, double *radius) {
    double pad = 0.32 * text->size;
    *x = scene_text_left(text) - pad;
    *y = text->y - 0.98 * text->size;
    *width = text->text_width + 2 * pad;
    *height = 1.36 * text->size;
    *radius = 0.3 * text->size;
}

// Reads markup and gathers runs.
struct markup {
    struct scene *scene;
    struct scene_item *item;
    const char *next;
    struct buffer text; // of the run being gathered
    bool italic, bold;
    int level;
    colour colour;
};

static void end_run(struct markup *markup) {
    if (!markup->text.size) return;
    struct scene_item *item = markup->item;
    struct scene_run *run = mem_resize(item->run, item->run_count + 1, sizeof *run);
    char *text = mem_text(markup->text.data, markup->text.size);
    if (run) item->run = run;
    if (!run || !text) {
        mem_free(text);
        markup->scene->failed = true;
        return;
    }
    run[item->run_count++] = (struct scene_run){
        .text = text, .italic = markup->italic, .bold = markup->bold, .level = markup->level, .colour = markup->colour};
    buffer_clear(&markup->text);
}

// One mark or one byte of text.
static void read_mark(struct markup *markup) {
    const char *at = markup->next;
    if (at[0] == '\\' && at[1]) {
        buffer_char(&markup->text, at[1]);
        markup->next += 2;
    } else if (at[0] == '*') {
        end_run(markup);
        bool two = at[1] == '*';
        if (two)
            markup->bold = !markup->bold;
        else
            markup->italic = !markup->italic;
        markup->next += two ? 2 : 1;
    } else if ((at[0] == '_' || at[0] == '^') && at[1] == '{' && !markup->level) {
        end_run(markup);
        markup->level = at[0] == '^' ? 1 : -1;
        markup->next += 2;
    } else if (at[0] == '}' && markup->level) {
        end_run(markup);
        markup->level = 0;
        markup->next++;
    } else {
        buffer_char(&markup->text, at[0]);
        markup->next++;
    }
}

// Places the runs one after the other. A superscript comes after a subscript, not above it: two levels of parentheses
// and brackets would touch.
static void place_runs(struct scene_item *item) {
    item->text_width = 0;
    for (uint32_t i = 0; i < item->run_count; i++) {
        struct scene_run *run = &item->run[i];
        run->width =
            paint_measure(run->text, item->font, scene_run_size(item, run), run->bold, run->italic, NULL, NULL);
        run->x = item->text_width;
        item->text_width += run->width;
    }
}

struct scene_item *scene_text(struct scene *scene, double x, double y, const char *markup, double size, colour ink,
                              enum scene_anchor anchor, enum scene_font font) {
    struct scene_item *item = scene_add(scene, SCENE_TEXT);
    if (!item) return NULL;
    item->x = x, item->y = y, item->size = size, item->anchor = anchor, item->font = font;
    item->fill = ink;
    struct markup reader = {.scene = scene, .item = item, .next = markup, .colour = ink};
    while (*reader.next && !scene->failed) read_mark(&reader);
    end_run(&reader);
    if (reader.text.failed) scene->failed = true;
    buffer_free(&reader.text);
    if (scene->failed) return NULL;
    place_runs(item);
    return item;
}

// ---- names as markup ----------------------------------------------------------------------------------------------

static void escape_bytes(struct buffer *out, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (strchr("\\*_^{}", text[i]) && text[i]) buffer_char(out, '\\');
        buffer_char(out, text[i]);
    }
}

void scene_escape(struct buffer *out, const char *text) { escape_bytes(out, text, strlen(text)); }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80); }

// Letters italic; digits and signs upright, as mathematics sets them. NULL is no text.
static void add_slanted(struct buffer *out, const char *text, size_t size) {
    for (size_t i = 0; text && i < size;) {
        size_t start = i;
        bool letter = is_letter(text[i]);
        while (i < size && is_letter(text[i]) == letter) i++;
        if (letter) buffer_char(out, '*');
        escape_bytes(out, text + start, i - start);
        if (letter) buffer_char(out, '*');
    }
}

// What a name is made of: base, then a subscript of up to three parts (after the underscore or trailing digits, and the
// indices), then "@k".
struct name_parts {
    const char *base, *digits, *under, *index, *at;
    size_t base_size, digits_size, under_size, index_size, at_size;
};

enum { SHORT_SUBSCRIPT = 3, SHORT_BASE = 5 };

// Splits the identifier before any index: "W_ij" into W, ij; "x12" into x, 12; "x1_2" into x, 1, 2. Long words joined
// to a long base are no subscript: "learning_rate".
static void split_identifier(struct name_parts *part) {
    const char *base = part->base;
    size_t size = part->base_size, lead = 0;
    while (lead < size && base[lead] == '_') lead++;
    size_t cut = size;
    while (cut > lead && base[cut - 1] != '_') cut--;
    bool is_short = size - cut <= SHORT_SUBSCRIPT || cut - 1 <= lead + SHORT_BASE;
    if (cut > lead + 1 && cut < size && is_short) {
        part->under = base + cut;
        part->under_size = size - cut;
        size = cut - 1;
    }
    size_t end = size;
    while (end > lead && is_digit(base[end - 1])) end--;
    if (end > lead && end < size) {
        part->digits = base + end;
        part->digits_size = size - end;
        size = end;
    }
    part->base_size = size;
}

static struct name_parts split_name(const char *name) {
    struct name_parts part = {.base = name};
    size_t size = strlen(name);
    const char *at = strrchr(name, '@');
    if (at && at > name && at[1]) {
        part.at = at + 1;
        part.at_size = strlen(at + 1);
        size = (size_t)(at - name);
    }
    const char *open = memchr(name, '[', size);
    if (open && open > name && name[size - 1] == ']') {
        part.index = open;
        part.index_size = (size_t)(name + size - open);
        size = (size_t)(open - name);
    }
    part.base_size = size;
    split_identifier(&part);
    return part;
}

void scene_name(struct buffer *out, const char *name) {
    struct name_parts part = split_name(name);
    if (!is_letter(name[0])) {
        scene_escape(out, name);
        return;
    }
    buffer_char(out, '*');
    escape_bytes(out, part.base, part.base_size);
    buffer_char(out, '*');
    if (part.digits || part.under || part.index) {
        buffer_text(out, "_{");
        add_slanted(out, part.digits, part.digits_size);
        if (part.digits && part.under) buffer_char(out, ',');
        add_slanted(out, part.under, part.under_size);
        add_slanted(out, part.index, part.index_size); // with its brackets: x[1] is not x1
        buffer_char(out, '}');
    }
    if (!part.at) return;
    buffer_text(out, "^{(");
    add_slanted(out, part.at, part.at_size);
    buffer_text(out, ")}");
}

// ---- panels and extents -------------------------------------------------------------------------------------------

static void shift_item(struct scene_item *item, double x, double y, double scale) {
    item->x = x + scale * item->x;
    item->y = y + scale * item->y;
    item->width *= scale;
    item->height *= scale;
    item->radius *= scale;
    item->stroke_width *= scale;
    item->size *= scale;
    item->text_width *= scale;
    for (uint32_t i = 0; i < item->point_count; i++)
        item->point[i] = (struct point){x + scale * item->point[i].x, y + scale * item->point[i].y};
    for (uint32_t i = 0; i < item->run_count; i++) {
        item->run[i].x *= scale;
        item->run[i].width *= scale;
    }
}

void scene_place(struct scene *to, struct scene *from, double x, double y, double scale) {
    if (from->failed || !mem_grow(&to->item, &to->capacity, to->count + from->count, sizeof *to->item)) {
        to->failed = true;
        scene_clear(from);
        return;
    }
    for (size_t i = 0; i < from->count; i++) {
        shift_item(&from->item[i], x, y, scale);
        to->item[to->count++] = from->item[i];
    }
    from->count = 0;
    scene_clear(from);
}

struct box {
    double x0, y0, x1, y1;
};

static void box_add(struct box *box, double x, double y, double margin) {
    box->x0 = fmin(box->x0, x - margin);
    box->y0 = fmin(box->y0, y - margin);
    box->x1 = fmax(box->x1, x + margin);
    box->y1 = fmax(box->y1, y + margin);
}

static void box_add_text(struct box *box, const struct scene_item *text) {
    double left = scene_text_left(text);
    box_add(box, left, text->y - 0.98 * text->size, 0);
    box_add(box, left + text->text_width, text->y + 0.38 * text->size, 0);
    if (!text->halo) return;
    double x, y, width, height, radius;
    scene_halo(text, &x, &y, &width, &height, &radius);
    box_add(box, x, y, 0);
    box_add(box, x + width, y + height, 0);
}

static void box_add_item(struct box *box, const struct scene_item *item) {
    double margin = item->stroke & 0xFF ? item->stroke_width / 2 : 0;
    switch (item->kind) {
    case SCENE_PATH:
        for (uint32_t i = 0; i < item->point_count; i++) box_add(box, item->point[i].x, item->point[i].y, margin);
        break;
    case SCENE_ELLIPSE:
        box_add(box, item->x - item->width / 2, item->y - item->height / 2, margin);
        box_add(box, item->x + item->width / 2, item->y + item->height / 2, margin);
        break;
    case SCENE_RECT:
    case SCENE_IMAGE:
        box_add(box, item->x, item->y, margin);
        box_add(box, item->x + item->width, item->y + item->height, margin);
        break;
    case SCENE_TEXT:
        box_add_text(box, item);
        break;
    default:
        break;
    }
}

void scene_bounds(const struct scene *scene, double *x0, double *y0, double *x1, double *y1) {
    struct box box = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < scene->count; i++) box_add_item(&box, &scene->item[i]);
    if (box.x0 > box.x1) box = (struct box){0, 0, 0, 0};
    *x0 = box.x0, *y0 = box.y0, *x1 = box.x1, *y1 = box.y1;
}

// ---- arrowheads ---------------------------------------------------------------------------------------------------

static struct point lerp(struct point a, struct point b, double t) {
    return (struct point){a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t};
}

static double distance(struct point a, struct point b) { return hypot(b.x - a.x, b.y - a.y); }

static struct point bezier_at(const struct point p[4], double t) {
    struct point a = lerp(p[0], p[1], t), b = lerp(p[1], p[2], t), c = lerp(p[2], p[3], t);
    return lerp(lerp(a, b, t), lerp(b, c, t), t);
}

// Keeps the part of the curve before t (de Casteljau).
static void bezier_head(struct point p[4], double t) {
    struct point a = lerp(p[0], p[1], t), b = lerp(p[1], p[2], t), c = lerp(p[2], p[3], t);
    struct point d = lerp(a, b, t), e = lerp(b, c, t);
    p[1] = a;
    p[2] = d;
    p[3] = lerp(d, e, t);
}

// The largest t at which the curve is still `away` from its end.
static double bezier_away(const struct point p[4], double away) {
    double low = 0, high = 1;
    for (int i = 0; i < 40; i++) {
        double t = (low + high) / 2;
        if (distance(bezier_at(p, t), p[3]) > away)
            low = t;
        else
            high = t;
    }
    return low;
}

bool scene_arrow(const struct scene_item *path, struct point triangle[3], struct point *shaft) {
    uint32_t n = path->point_count;
    memcpy(shaft, path->point, n * sizeof *shaft);
    if (n < 4) return false;
    double length = path->radius > 0 ? path->radius : 3.9 + 2.1 * path->stroke_width, half = 0.38 * length;
    struct point *last = &shaft[n - 4], tip = shaft[n - 1];
    if (distance(last[0], tip) < 1.2 * length) return false;
    struct point base = bezier_at(last, bezier_away(last, length));
    double size = distance(base, tip);
    struct point along = {(tip.x - base.x) / size, (tip.y - base.y) / size};
    struct point foot = {tip.x - along.x * length, tip.y - along.y * length};
    triangle[0] = tip;
    triangle[1] = (struct point){foot.x - along.y * half, foot.y + along.x * half};
    triangle[2] = (struct point){foot.x + along.y * half, foot.y - along.x * half};
    bezier_head(last, bezier_away(last, 0.8 * length));
    return true;
}

// ---- for tests ----------------------------------------------------------------------------------------------------

static void trace_paint(const struct scene_item *item, struct buffer *out) {
    if (item->fill & 0xFF) buffer_printf(out, " fill %08X", item->fill);
    if (item->stroke & 0xFF) buffer_printf(out, " stroke %08X %.2f", item->stroke, item->stroke_width);
    if (item->dashed) buffer_text(out, " dashed");
    if (item->arrow) buffer_text(out, " arrow");
}

static void trace_text(const struct scene_item *item, struct buffer *out) {
    static const char *const anchor[] = {"start", "middle", "end"};
    buffer_printf(out, "text %.2f,%.2f %s %.1f%s%s \"", item->x, item->y, anchor[item->anchor], item->size,
                  item->font == FONT_MONO ? " mono" : "", item->halo ? " halo" : "");
    for (uint32_t i = 0; i < item->run_count; i++) {
        const struct scene_run *run = &item->run[i];
        if (run->level) buffer_text(out, run->level > 0 ? "^{" : "_{");
        if (run->italic || run->bold) buffer_text(out, run->bold ? "**" : "*");
        buffer_text(out, run->text);
        if (run->italic || run->bold) buffer_text(out, run->bold ? "**" : "*");
        if (run->level) buffer_char(out, '}');
    }
    buffer_char(out, '"');
}

// The cells themselves as one number: the first rows would be long lines.
static void trace_image(const struct scene_item *item, struct buffer *out) {
    uint32_t hash = 2166136261u; // FNV-1a
    for (size_t i = 0; i < (size_t)item->rows * item->columns; i++) hash = (hash ^ item->pixel[i]) * 16777619u;
    buffer_printf(out, "image %.2f,%.2f %.2fx%.2f %u rows %u columns %08X", item->x, item->y, item->width, item->height,
                  item->rows, item->columns, hash);
}

static void trace_item(const struct scene_item *item, struct buffer *out) {
    static const char *const tag[] = {"none",  "vertex",     "edge",  "frame", "path",
                                      "panel", "background", "curve", "point"};
    switch (item->kind) {
    case SCENE_GROUP:
        buffer_printf(out, "group %s %u%s%s", tag[item->tag], item->id, item->title ? " " : "",
                      item->title ? item->title : "");
        return;
    case SCENE_END:
        buffer_text(out, "end");
        return;
    case SCENE_PATH:
        buffer_text(out, "path");
        for (uint32_t i = 0; i < item->point_count; i++)
            buffer_printf(out, " %.2f,%.2f", item->point[i].x, item->point[i].y);
        break;
    case SCENE_ELLIPSE:
        buffer_printf(out, "ellipse %.2f,%.2f %.2fx%.2f", item->x, item->y, item->width, item->height);
        break;
    case SCENE_RECT:
        buffer_printf(out, "rect %.2f,%.2f %.2fx%.2f r%.2f", item->x, item->y, item->width, item->height, item->radius);
        break;
    case SCENE_TEXT:
        trace_text(item, out);
        return;
    case SCENE_IMAGE:
        trace_image(item, out);
        return;
    }
    trace_paint(item, out);
}

void scene_trace(const struct scene *scene, struct buffer *out) {
    int depth = 0;
    for (size_t i = 0; i < scene->count; i++) {
        if (scene->item[i].kind == SCENE_END && depth) depth--;
        buffer_printf(out, "%*s", 2 * depth, "");
        trace_item(&scene->item[i], out);
        buffer_char(out, '\n');
        if (scene->item[i].kind == SCENE_GROUP) depth++;
    }
}
