#include "show/paint.h"

#include <cairo-pdf.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "show/style.h"

// ---- laid out texts -----------------------------------------------------------------------------------------------

// Texts are laid out once, at this size, without hinting, and scaled from there: widths are then exactly proportional
// to sizes, and a text costs one look-up when it is measured or drawn again. A program that only measures keeps no
// layout, which is a kilobyte or two.
#define LAYOUT_SIZE 100.0
#define LONGEST_TEXT ((size_t)100 * 1024)
enum { SLOTS = 2048, LONGEST_MEASURED = 112 }; // longer ones are laid out again each time
enum { LOOK_ITALIC = 1, LOOK_BOLD = 2, LOOK_MONO = 4, LOOKS = 8 };

struct slot { // what is drawn
    char *text;
    unsigned look;
    PangoLayout *layout;
};

struct extent { // of a line, in Pango's units
    int width, ascent, descent;
};

struct measured {
    char text[LONGEST_MEASURED];
    unsigned look; // plus LOOKS where there is a text
    struct extent extent;
};

static PangoContext *context;
static struct slot slots[SLOTS];
static struct measured measured[SLOTS];
static PangoLayout *ruler[LOOKS]; // what is measured is laid out here

// Not pango_cairo_create_context: in a scaled Cairo context its metrics would follow the scale. The font map is our
// own, so that the toolkit's default one, if a program has it, is left alone.
static PangoContext *pango_context(void) {
    if (context) return context;
    PangoFontMap *map = pango_cairo_font_map_new();
    if (!map) return NULL;
    context = pango_font_map_create_context(map);
    g_object_unref(map);
    if (!context) return NULL;
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, FALSE);
    pango_context_set_language(context, pango_language_from_string("en"));
    pango_context_set_base_dir(context, PANGO_DIRECTION_LTR);
    return context;
}

bool paint_has_family(const char *family) {
    PangoFontFamily **list = NULL;
    int count = 0;
    bool found = false;
    if (!pango_context()) return false;
    pango_context_list_families(context, &list, &count);
    for (int i = 0; i < count && !found; i++) found = strcasecmp(pango_font_family_get_name(list[i]), family) == 0;
    g_free(list);
    return found;
}

static PangoLayout *layout_new(unsigned look) {
    PangoContext *shared = pango_context();
    PangoLayout *layout = shared ? pango_layout_new(shared) : NULL;
    if (!layout) return NULL;
    const struct style *style = style_of(THEME_LIGHT);
    PangoFontDescription *font = pango_font_description_from_string(look & LOOK_MONO ? style->mono : style->sans);
    pango_font_description_set_absolute_size(font, LAYOUT_SIZE * PANGO_SCALE);
    if (look & LOOK_BOLD) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
    if (look & LOOK_ITALIC) pango_font_description_set_style(font, PANGO_STYLE_ITALIC);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    pango_layout_set_auto_dir(layout, FALSE);
    return layout;
}

static void lay_out(PangoLayout *layout, const char *text, size_t size) {
    gchar *valid = g_utf8_validate(text, (gssize)size, NULL) ? NULL : g_utf8_make_valid(text, (gssize)size);
    pango_layout_set_text(layout, valid ? valid : text, valid ? -1 : (int)size);
    g_free(valid);
}

static size_t measured_size(const char *text) {
    size_t size = strnlen(text, LONGEST_TEXT + 1);
    if (size <= LONGEST_TEXT) return size;
    size = LONGEST_TEXT;
    while (size && ((unsigned char)text[size] & 0xC0) == 0x80) size--;
    return size;
}

static uint32_t hash_text(const char *text, size_t size, unsigned look) {
    uint32_t hash = 2166136261u ^ look; // FNV-1a
    for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static unsigned look_of(enum scene_font font, bool bold, bool italic) {
    return (font == FONT_MONO ? LOOK_MONO : 0u) | (bold ? LOOK_BOLD : 0u) | (italic ? LOOK_ITALIC : 0u);
}

static bool slot_fill(struct slot *slot, const char *text, size_t size, unsigned look) {
    PangoLayout *layout = layout_new(look);
    char *copy = mem_text(text, size);
    if (!layout || !copy) {
        if (layout) g_object_unref(layout);
        mem_free(copy);
        return false;
    }
    lay_out(layout, text, size);
    if (slot->layout) g_object_unref(slot->layout);
    mem_free(slot->text);
    *slot = (struct slot){copy, look, layout};
    return true;
}

// The run laid out; valid until the next call. NULL when out of memory.
static PangoLayoutLine *line_of(const struct scene_item *item, const struct scene_run *run) {
    unsigned look = look_of(item->font, run->bold, run->italic);
    size_t size = measured_size(run->text);
    struct slot *slot = &slots[hash_text(run->text, size, look) % SLOTS];
    bool same = slot->text && slot->look == look && strncmp(slot->text, run->text, size) == 0 && !slot->text[size];
    return same || slot_fill(slot, run->text, size, look) ? pango_layout_get_line_readonly(slot->layout, 0) : NULL;
}

void paint_forget(void) {
    for (size_t i = 0; i < SLOTS; i++) {
        if (slots[i].layout) g_object_unref(slots[i].layout);
        mem_free(slots[i].text);
        slots[i] = (struct slot){0};
    }
}

static struct extent extent_of(const char *text, unsigned look) {
    size_t size = measured_size(text);
    struct measured *known = &measured[hash_text(text, size, look) % SLOTS];
    bool fits = size < LONGEST_MEASURED;
    if (fits && known->look == look + LOOKS && memcmp(known->text, text, size + 1) == 0) return known->extent;
    if (!ruler[look] && !(ruler[look] = layout_new(look))) return (struct extent){0};
    lay_out(ruler[look], text, size);
    PangoRectangle box;
    pango_layout_line_get_extents(pango_layout_get_line_readonly(ruler[look], 0), NULL, &box);
    struct extent extent = {box.width, PANGO_ASCENT(box), PANGO_DESCENT(box)};
    if (fits) {
        *known = (struct measured){.look = look + LOOKS, .extent = extent};
        memcpy(known->text, text, size);
    } else {
        pango_layout_set_text(ruler[look], "", 0); // nor does a ruler keep what is long
    }
    return extent;
}

double paint_measure(const char *text, enum scene_font font, double size, bool bold, bool italic, double *ascent,
                     double *descent) {
    bool sane = size > 0 && size < 2000;
    struct extent extent = sane ? extent_of(text, look_of(font, bold, italic)) : (struct extent){0};
    double scale = sane ? size / LAYOUT_SIZE : 0;
    if (ascent) *ascent = scale * extent.ascent / PANGO_SCALE;
    if (descent) *descent = scale * extent.descent / PANGO_SCALE;
    return scale * extent.width / PANGO_SCALE;
}

// ---- shapes -------------------------------------------------------------------------------------------------------

static void set_colour(cairo_t *cairo, colour ink) {
    cairo_set_source_rgba(cairo, (ink >> 24 & 0xFF) / 255.0, (ink >> 16 & 0xFF) / 255.0, (ink >> 8 & 0xFF) / 255.0,
                          (ink & 0xFF) / 255.0);
}

static void fill_and_stroke(cairo_t *cairo, const struct scene_item *item) {
    static const double dash[] = {3, 2.4};
    if (item->fill & 0xFF) {
        set_colour(cairo, item->fill);
        cairo_fill_preserve(cairo);
    }
    if (item->stroke & 0xFF && item->stroke_width > 0) {
        set_colour(cairo, item->stroke);
        cairo_set_line_width(cairo, item->stroke_width);
        cairo_set_dash(cairo, dash, item->dashed ? 2 : 0, 0);
        cairo_stroke(cairo);
    }
    cairo_new_path(cairo);
}

static void trace_curve(cairo_t *cairo, const struct point *p, uint32_t count, bool closed) {
    cairo_new_path(cairo);
    if (!count) return;
    cairo_move_to(cairo, p[0].x, p[0].y);
    for (uint32_t i = 1; i + 2 < count; i += 3)
        cairo_curve_to(cairo, p[i].x, p[i].y, p[i + 1].x, p[i + 1].y, p[i + 2].x, p[i + 2].y);
    if (closed) cairo_close_path(cairo);
}

static void trace_rect(cairo_t *cairo, double x, double y, double width, double height, double radius) {
    double r = fmin(radius, fmin(width, height) / 2);
    cairo_new_path(cairo);
    if (r <= 0) {
        cairo_rectangle(cairo, x, y, width, height);
        return;
    }
    cairo_arc(cairo, x + width - r, y + r, r, -M_PI_2, 0);
    cairo_arc(cairo, x + width - r, y + height - r, r, 0, M_PI_2);
    cairo_arc(cairo, x + r, y + height - r, r, M_PI_2, M_PI);
    cairo_arc(cairo, x + r, y + r, r, M_PI, 3 * M_PI_2);
    cairo_close_path(cairo);
}

static void trace_ellipse(cairo_t *cairo, const struct scene_item *item) {
    cairo_new_path(cairo);
    if (item->width <= 0 || item->height <= 0) return;
    cairo_save(cairo);
    cairo_translate(cairo, item->x, item->y);
    cairo_scale(cairo, item->width / 2, item->height / 2);
    cairo_arc(cairo, 0, 0, 1, 0, 2 * M_PI);
    cairo_close_path(cairo);
    cairo_restore(cairo);
}

static void paint_path(cairo_t *cairo, const struct scene_item *item) {
    struct point triangle[3], *shaft = item->arrow ? mem_alloc(item->point_count, sizeof *shaft) : NULL;
    bool head = shaft && scene_arrow(item, triangle, shaft);
    trace_curve(cairo, head ? shaft : item->point, item->point_count, item->closed);
    fill_and_stroke(cairo, item);
    mem_free(shaft);
    if (!head) return;
    cairo_move_to(cairo, triangle[0].x, triangle[0].y);
    cairo_line_to(cairo, triangle[1].x, triangle[1].y);
    cairo_line_to(cairo, triangle[2].x, triangle[2].y);
    cairo_close_path(cairo);
    set_colour(cairo, item->stroke);
    cairo_fill(cairo);
}

// ---- text ---------------------------------------------------------------------------------------------------------

static double device_scale(cairo_t *cairo) {
    double x = 1, y = 0;
    cairo_user_to_device_distance(cairo, &x, &y);
    return hypot(x, y);
}

static void place_run(cairo_t *cairo, const struct scene_item *text, const struct scene_run *run, double left) {
    double scale = scene_run_size(text, run) / LAYOUT_SIZE;
    cairo_translate(cairo, left + run->x, text->y + scene_run_drop(text, run));
    cairo_scale(cairo, scale, scale);
    cairo_new_path(cairo);
    cairo_move_to(cairo, 0, 0);
}

static void paint_halo(cairo_t *cairo, const struct scene_item *text) {
    double x, y, width, height, radius;
    scene_halo(text, &x, &y, &width, &height, &radius);
    trace_rect(cairo, x, y, width, height, radius);
    set_colour(cairo, text->halo_colour);
    cairo_fill(cairo);
}

static void paint_text(cairo_t *cairo, const struct scene_item *text, bool fast) {
    if (!(text->size > 0) || (fast && text->size * device_scale(cairo) < 5)) return;
    if (text->halo) paint_halo(cairo, text);
    double left = scene_text_left(text);
    for (uint32_t i = 0; i < text->run_count; i++) {
        const struct scene_run *run = &text->run[i];
        PangoLayoutLine *line = line_of(text, run);
        if (!line) continue;
        cairo_save(cairo);
        place_run(cairo, text, run, left);
        set_colour(cairo, run->colour);
        pango_cairo_show_layout_line(cairo, line);
        cairo_restore(cairo);
        cairo_new_path(cairo);
    }
}

// ---- images -------------------------------------------------------------------------------------------------------

// Cairo wants colours multiplied by their alpha.
static uint32_t premultiplied(colour ink) {
    uint32_t alpha = ink & 0xFF, out = alpha << 24;
    for (int shift = 24; shift >= 8; shift -= 8) out |= ((ink >> shift & 0xFF) * alpha + 127) / 255 << (shift - 8);
    return out;
}

static cairo_surface_t *image_surface(const struct scene_item *item) {
    bool opaque = true;
    for (size_t i = 0; opaque && i < (size_t)item->rows * item->columns; i++) opaque = (item->pixel[i] & 0xFF) == 0xFF;
    cairo_surface_t *surface = cairo_image_surface_create(opaque ? CAIRO_FORMAT_RGB24 : CAIRO_FORMAT_ARGB32,
                                                          (int)item->columns, (int)item->rows);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) return surface;
    cairo_surface_flush(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    for (uint32_t row = 0; row < item->rows; row++) {
        unsigned char *line = data + (size_t)row * (size_t)cairo_image_surface_get_stride(surface);
        for (uint32_t column = 0; column < item->columns; column++) {
            uint32_t cell = premultiplied(item->pixel[(size_t)row * item->columns + column]);
            memcpy(line + column * sizeof cell, &cell, sizeof cell);
        }
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

static void paint_image(cairo_t *cairo, const struct scene_item *item) {
    if (!item->rows || !item->columns || !(item->width > 0) || !(item->height > 0)) return;
    cairo_surface_t *surface = image_surface(item);
    cairo_save(cairo);
    cairo_translate(cairo, item->x, item->y);
    cairo_scale(cairo, item->width / item->columns, item->height / item->rows);
    cairo_set_source_surface(cairo, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
    cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
    cairo_rectangle(cairo, 0, 0, item->columns, item->rows);
    cairo_fill(cairo);
    cairo_restore(cairo);
    cairo_surface_destroy(surface);
}

static void paint_item(cairo_t *cairo, const struct scene_item *item, bool fast) {
    switch (item->kind) {
    case SCENE_PATH:
        paint_path(cairo, item);
        break;
    case SCENE_ELLIPSE:
        trace_ellipse(cairo, item);
        fill_and_stroke(cairo, item);
        break;
    case SCENE_RECT:
        trace_rect(cairo, item->x, item->y, item->width, item->height, item->radius);
        fill_and_stroke(cairo, item);
        break;
    case SCENE_TEXT:
        paint_text(cairo, item, fast);
        break;
    case SCENE_IMAGE:
        paint_image(cairo, item);
        break;
    case SCENE_GROUP:
    case SCENE_END:
        break;
    }
}

void paint_items(cairo_t *cairo, const struct scene_item *item, size_t count, bool fast) {
    cairo_save(cairo);
    if (fast) cairo_set_antialias(cairo, CAIRO_ANTIALIAS_FAST);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_BUTT);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    for (size_t i = 0; i < count; i++) paint_item(cairo, &item[i], fast);
    cairo_restore(cairo);
}

void paint_scene(cairo_t *cairo, const struct scene *scene, bool fast) {
    paint_items(cairo, scene->item, scene->count, fast);
}

static void paint_page(cairo_t *cairo, const struct scene *scene) {
    if (scene->background & 0xFF) {
        set_colour(cairo, scene->background);
        cairo_paint(cairo);
    }
    paint_scene(cairo, scene, false);
}

// ---- PNG ----------------------------------------------------------------------------------------------------------

#define LARGEST_SIDE 16384
#define HEADER_SIZE 33 // signature and IHDR chunk; further chunks are inserted behind them

static cairo_status_t write_buffer(void *closure, const unsigned char *data, unsigned size) {
    struct buffer *out = closure;
    buffer_add(out, (const char *)data, size);
    return out->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static void add_number(struct buffer *out, uint32_t number) {
    char byte[4] = {(char)(number >> 24), (char)(number >> 16), (char)(number >> 8), (char)number};
    buffer_add(out, byte, 4);
}

// A chunk of PNG (ISO/IEC 15948): length, type, data, and the CRC of type and data.
static void add_chunk(struct buffer *out, const char type[4], const struct buffer *data) {
    add_number(out, (uint32_t)data->size);
    buffer_add(out, type, 4);
    buffer_add(out, data->data, data->size);
    uLong crc = crc32(crc32(0, (const Bytef *)type, 4), (const Bytef *)data->data, (uInt)data->size);
    add_number(out, (uint32_t)crc);
    if (data->failed) out->failed = true;
}

// The resolution, so that paper sizes are right, and what made the picture.
static void add_chunks(struct buffer *out, double scale, const char *metadata) {
    struct buffer data = {0};
    uint32_t per_metre = (uint32_t)lround(scale * 72 / 0.0254);
    add_number(&data, per_metre);
    add_number(&data, per_metre);
    buffer_char(&data, 1);
    add_chunk(out, "pHYs", &data);
    buffer_clear(&data);
    if (metadata) {
        buffer_add(&data, "bauer\0\0\0\0", 10); // keyword, not compressed, no language, no translated keyword
        buffer_text(&data, metadata);
        add_chunk(out, "iTXt", &data);
    }
    buffer_free(&data);
}

static bool picture_size(const struct scene *scene, double *scale, int *width, int *height, struct error *error) {
    if (scene->failed) return error_memory(error);
    if (!(*scale > 0)) *scale = 2;
    double side = fmax(scene->width, scene->height);
    *width = (int)fmin(fmax(1, ceil(scene->width * *scale - 1e-9)), LARGEST_SIDE + 1.0);
    *height = (int)fmin(fmax(1, ceil(scene->height * *scale - 1e-9)), LARGEST_SIDE + 1.0);
    if (*width <= LARGEST_SIDE && *height <= LARGEST_SIDE) return true;
    error_set(error, ERROR_LIMIT, SPAN_NONE, "the picture would be %.0f pixels on its longer side; %d is the most",
              ceil(side * *scale), LARGEST_SIDE);
    error_hint(error, "Write an .svg or .pdf, or a scale of at most %.3g pixels per point.", LARGEST_SIDE / side);
    return false;
}

static bool write_png(cairo_surface_t *surface, double scale, const char *metadata, struct buffer *out) {
    struct buffer image = {0};
    cairo_status_t status = cairo_surface_write_to_png_stream(surface, write_buffer, &image);
    bool ok = status == CAIRO_STATUS_SUCCESS && !image.failed && image.size > HEADER_SIZE;
    if (ok) {
        buffer_add(out, image.data, HEADER_SIZE);
        add_chunks(out, scale, metadata);
        buffer_add(out, image.data + HEADER_SIZE, image.size - HEADER_SIZE);
    }
    buffer_free(&image);
    return ok && !out->failed;
}

bool paint_png(const struct scene *scene, double scale, const char *metadata, struct buffer *out, struct error *error) {
    int width = 0, height = 0;
    if (!picture_size(scene, &scale, &width, &height, error)) return false;
    bool opaque = (scene->background & 0xFF) == 0xFF;
    cairo_surface_t *surface =
        cairo_image_surface_create(opaque ? CAIRO_FORMAT_RGB24 : CAIRO_FORMAT_ARGB32, width, height);
    cairo_t *cairo = cairo_create(surface);
    cairo_scale(cairo, scale, scale);
    paint_page(cairo, scene);
    bool ok = cairo_status(cairo) == CAIRO_STATUS_SUCCESS && write_png(surface, scale, metadata, out);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    paint_forget();
    return ok || error_memory(error);
}

bool paint_cells(const struct scene_item *image, struct buffer *out) {
    cairo_surface_t *surface = image_surface(image);
    bool ok = cairo_surface_write_to_png_stream(surface, write_buffer, out) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(surface);
    return ok && !out->failed;
}

// ---- PDF ----------------------------------------------------------------------------------------------------------

#define LARGEST_PAGE 14400.0 // points, by the PDF reference

static void set_metadata(cairo_surface_t *surface, const struct scene *scene, const char *metadata) {
    if (scene->title) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, scene->title);
    if (scene->description) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, scene->description);
    if (metadata) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_KEYWORDS, metadata);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "bauer");
    // Cairo would write the time of day: the same input shall give the same bytes.
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
}

static double page_scale(const struct scene *page) {
    double side = fmax(page->width, page->height);
    return side > LARGEST_PAGE ? LARGEST_PAGE / side : 1;
}

bool paint_pages(const struct scene *page, size_t count, const char *metadata, struct buffer *out,
                 struct error *error) {
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(write_buffer, out, 1, 1);
    set_metadata(surface, page, metadata);
    cairo_t *cairo = cairo_create(surface);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        double scale = page_scale(&page[i]);
        cairo_pdf_surface_set_size(surface, fmax(1, scale * page[i].width), fmax(1, scale * page[i].height));
        cairo_identity_matrix(cairo);
        cairo_scale(cairo, scale, scale);
        paint_page(cairo, &page[i]);
        cairo_show_page(cairo);
        ok = !page[i].failed && cairo_status(cairo) == CAIRO_STATUS_SUCCESS;
    }
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    ok = ok && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS && !out->failed;
    cairo_surface_destroy(surface);
    paint_forget();
    return ok || error_memory(error);
}

bool paint_pdf(const struct scene *scene, const char *metadata, struct buffer *out, struct error *error) {
    return paint_pages(scene, 1, metadata, out, error);
}

// ---- outlines -----------------------------------------------------------------------------------------------------

// Cairo keeps paths as multiples of 1/256: magnified, they keep their fine curves.
#define OUTLINE_SCALE 64.0

static void print_outline(const cairo_path_t *path, struct buffer *out) {
    static const char letter[] = {[CAIRO_PATH_MOVE_TO] = 'M',
                                  [CAIRO_PATH_LINE_TO] = 'L',
                                  [CAIRO_PATH_CURVE_TO] = 'C',
                                  [CAIRO_PATH_CLOSE_PATH] = 'Z'};
    for (int i = 0; i < path->num_data; i += path->data[i].header.length) {
        const cairo_path_data_t *data = &path->data[i];
        buffer_char(out, letter[data->header.type]);
        for (int j = 1; j < data->header.length && data->header.type != CAIRO_PATH_CLOSE_PATH; j++)
            buffer_printf(out, "%s%.3f %.3f", j > 1 ? " " : "", data[j].point.x / OUTLINE_SCALE,
                          data[j].point.y / OUTLINE_SCALE);
    }
}

static bool outline_run(cairo_t *cairo, const struct scene_item *text, const struct scene_run *run,
                        struct buffer *out) {
    PangoLayoutLine *line = line_of(text, run);
    if (!line) return false;
    cairo_identity_matrix(cairo);
    cairo_scale(cairo, OUTLINE_SCALE, OUTLINE_SCALE);
    place_run(cairo, text, run, scene_text_left(text));
    pango_cairo_layout_line_path(cairo, line);
    cairo_identity_matrix(cairo);
    cairo_path_t *path = cairo_copy_path(cairo);
    bool ok = path->status == CAIRO_STATUS_SUCCESS;
    if (ok) print_outline(path, out);
    cairo_path_destroy(path);
    return ok && !out->failed;
}

bool paint_outline_run(const struct scene_item *text, uint32_t run, struct buffer *out) {
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
    cairo_t *cairo = cairo_create(surface);
    bool ok = outline_run(cairo, text, &text->run[run], out);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return ok;
}

bool paint_outline(const struct scene_item *text, struct buffer *out) {
    for (uint32_t i = 0; i < text->run_count; i++)
        if (!paint_outline_run(text, i, out)) return false;
    return true;
}
