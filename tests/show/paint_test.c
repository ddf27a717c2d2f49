// Painting: text widths, and PNG and PDF that are valid, carry their metadata and repeat byte for byte.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "show/paint.h"
#include "show/style.h"

#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

static double width(const char *text, double size) {
    return paint_measure(text, FONT_SANS, size, false, false, NULL, NULL);
}

static void widths_follow_size_and_add_up(void **state) {
    (void)state;
    assert_true(width("m", 10) > 5 && width("m", 10) < 12);
    assert_near(width("hello", 30), 3 * width("hello", 10), 1e-9);
    assert_near(width("1234", 10), width("12", 10) + width("34", 10), 0.02); // digits do not kern
    assert_true(width("iiii", 10) < width("mmmm", 10));
    assert_true(width("", 10) == 0);
    double narrow = paint_measure("i", FONT_MONO, 10, false, false, NULL, NULL);
    assert_near(narrow, paint_measure("m", FONT_MONO, 10, false, false, NULL, NULL), 1e-9);
    double ascent, descent;
    paint_measure("x", FONT_SANS, 10, true, true, &ascent, &descent);
    assert_true(ascent > 6 && ascent < 14 && descent > 0 && descent < 6);
}

// Whether a text was seen before, long or short, and whatever was between.
static void texts_are_measured_alike_again(void **state) {
    (void)state;
    char text[260] = "";
    double first[260];
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < sizeof text - 1; size++) {
            memset(text, 'n', size);
            text[size] = '\0';
            double now = width(text, 10);
            if (round == 0) first[size] = now;
            assert_true(now == first[size]);
            assert_true(size == 0 || now > first[size - 1]);
        }
        for (int i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "%d", i);
            assert_true(width(text, 10) > 0);
        }
        paint_forget();
    }
    assert_true(paint_measure("nn", FONT_SANS, 10, true, false, NULL, NULL) != width("nn", 10));
}

static void odd_texts_are_measured(void **state) {
    (void)state;
    size_t size = 200 * 1024;
    char *huge = malloc(size + 1);
    memset(huge, 'm', size);
    huge[size] = '\0';
    assert_true(width(huge, 10) > 0);
    free(huge);
    assert_true(width("bad \xff byte", 10) > 0);
    assert_true(width("∂θ₁ 漢字 🙂", 10) > 0);
    assert_true(width("x", 0) == 0 && width("x", NAN) == 0 && width("x", 1e9) == 0);
}

static void draw(struct scene *scene) {
    const struct style *style = style_of(THEME_LIGHT);
    struct point line[] = {{60, 30}, {70, 40}, {90, 40}, {100, 30}};
    scene_init(scene);
    scene->width = 160;
    scene->height = 60;
    scene->background = style->background;
    scene->title = mem_text("f at 0.5, 1.2", 13);
    scene_ellipse(scene, 40, 30, 40, 40, style->vertex_fill, style->vertex_stroke, 1);
    scene_path(scene, line, 4, style->accent, 2, true);
    scene_rect(scene, 110, 10, 40, 40, 6, style->frame_fill, style->frame_stroke, 1);
    struct scene_item *text = scene_text(scene, 40, 34, "*x*_{1}", 14, style->text, ANCHOR_MIDDLE, FONT_SANS);
    text->halo = true;
    text->halo_colour = style->halo;
    assert_false(scene->failed);
}

static uint32_t number(const char *data) {
    const unsigned char *byte = (const unsigned char *)data;
    return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

// Walks all chunks, checks their CRCs, and returns whether the last is IEND.
static bool png_is_sound(const struct buffer *png, const char *metadata) {
    bool found = metadata == NULL, end = false;
    assert_memory_equal(png->data, "\x89PNG\r\n\x1a\n", 8);
    for (size_t at = 8; at < png->size;) {
        uint32_t size = number(png->data + at);
        const char *type = png->data + at + 4;
        assert_true(at + 12 + size <= png->size);
        assert_int_equal(number(type + 4 + size), (uint32_t)crc32(0, (const Bytef *)type, size + 4));
        if (memcmp(type, "iTXt", 4) == 0 && metadata && size == 10 + strlen(metadata))
            found = memcmp(type + 4, "bauer\0\0\0\0\0", 10) == 0 && memcmp(type + 14, metadata, size - 10) == 0;
        end = memcmp(type, "IEND", 4) == 0;
        at += 12 + size;
    }
    return end && found;
}

static void png_is_valid_and_repeats(void **state) {
    (void)state;
    struct scene scene;
    struct buffer first = {0}, second = {0};
    struct error error = {0};
    draw(&scene);
    assert_true(paint_png(&scene, 0, "f(0.5, 1.2) # θ", &first, &error));
    assert_true(paint_png(&scene, 2, "f(0.5, 1.2) # θ", &second, &error));
    assert_true(png_is_sound(&first, "f(0.5, 1.2) # θ"));
    assert_int_equal(number(first.data + 16), 320);
    assert_int_equal(number(first.data + 20), 120);
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    buffer_free(&first);
    buffer_free(&second);
    scene_clear(&scene);
}

static void png_has_a_largest_size(void **state) {
    (void)state;
    struct scene scene;
    struct buffer out = {0};
    struct error error = {0};
    draw(&scene);
    assert_false(paint_png(&scene, 200, NULL, &out, &error));
    assert_int_equal(error.kind, ERROR_LIMIT);
    assert_non_null(strstr(error.message, "32000"));
    assert_int_equal(out.size, 0);
    scene_clear(&scene);
}

static void pdf_is_valid_and_repeats(void **state) {
    (void)state;
    struct scene scene;
    struct buffer first = {0}, second = {0};
    struct error error = {0};
    draw(&scene);
    assert_true(paint_pdf(&scene, "f(0.5, 1.2)", &first, &error));
    assert_true(paint_pdf(&scene, "f(0.5, 1.2)", &second, &error));
    assert_memory_equal(first.data, "%PDF-1.", 7);
    assert_non_null(memmem(first.data, first.size, "%%EOF", 5));
    assert_non_null(memmem(first.data, first.size, "f at 0.5, 1.2", 13));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    buffer_free(&first);
    buffer_free(&second);
    scene_clear(&scene);
}

static void failed_scenes_are_refused(void **state) {
    (void)state;
    struct scene scene;
    struct buffer out = {0};
    struct error error = {0};
    draw(&scene);
    scene.failed = true;
    assert_false(paint_png(&scene, 2, NULL, &out, &error));
    assert_int_equal(error.kind, ERROR_MEMORY);
    assert_false(paint_pdf(&scene, NULL, &out, NULL));
    buffer_free(&out);
    scene_clear(&scene);
}

static void outlines_stand_where_the_text_stands(void **state) {
    (void)state;
    struct scene scene;
    struct buffer out = {0};
    double x, y;
    scene_init(&scene);
    const struct scene_item *text = scene_text(&scene, 100, 50, "l", 20, 0x000000FF, ANCHOR_START, FONT_SANS);
    assert_true(paint_outline(text, &out));
    assert_int_equal(sscanf(out.data, "M%lf %lf", &x, &y), 2);
    assert_true(x >= 100 && x <= 106 && y >= 30 && y <= 51);
    buffer_free(&out);
    scene_clear(&scene);
}

// Painting leaves the context as it was, and only the ink of the scene.
static void scenes_are_painted_where_they_are(void **state) {
    (void)state;
    struct scene scene;
    draw(&scene);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 160, 60);
    cairo_t *cairo = cairo_create(surface);
    paint_scene(cairo, &scene, true);
    cairo_surface_flush(surface);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    assert_int_equal(data[5 * stride + 4 * 5 + 3], 0);      // outside: untouched
    assert_int_equal(data[30 * stride + 4 * 26 + 3], 255);  // in the vertex
    assert_int_equal(data[30 * stride + 4 * 130 + 3], 255); // in the frame
    assert_false(cairo_has_current_point(cairo));
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    scene_clear(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_follow_size_and_add_up),
        cmocka_unit_test(texts_are_measured_alike_again),
        cmocka_unit_test(odd_texts_are_measured),
        cmocka_unit_test(png_is_valid_and_repeats),
        cmocka_unit_test(png_has_a_largest_size),
        cmocka_unit_test(pdf_is_valid_and_repeats),
        cmocka_unit_test(failed_scenes_are_refused),
        cmocka_unit_test(outlines_stand_where_the_text_stands),
        cmocka_unit_test(scenes_are_painted_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
