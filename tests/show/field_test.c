// Fields: colour maps that look even, scales that fit, cells where they belong, and pictures in every format.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "show/export.h"
#include "show/field.h"
#include "show/paint.h"

// CIE lightness L* of an sRGB colour (CIE 1976, white point of D65): an independent measure of what OKLab promises.
static double lightness(colour ink) {
    static const double weight[3] = {0.2126, 0.7152, 0.0722};
    double y = 0;
    for (int i = 0; i < 3; i++) {
        double c = (ink >> (24 - 8 * i) & 0xFF) / 255.0;
        y += weight[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return y > 216.0 / 24389 ? 116 * cbrt(y) - 16 : 24389.0 / 27 * y;
}

// Lightness rises all the way, and no tenth of the map takes more than 1.6 times its share.
static void assert_even(enum field_map map, double from, double to) {
    double whole = lightness(field_colour(map, to)) - lightness(field_colour(map, from)), last = -1;
    assert_true(fabs(whole) > 40);
    for (int i = 0; i <= 10; i++) {
        double here =
            (lightness(field_colour(map, from + (to - from) * i / 10)) - lightness(field_colour(map, from))) / whole;
        assert_true(here > last);
        if (i) assert_true(here - last < 0.16);
        last = here;
    }
}

static void colours_rise_evenly(void **state) {
    (void)state;
    assert_even(FIELD_SEQUENTIAL, 0, 1);
    assert_even(FIELD_GREY, 0.1, 1);
    assert_even(FIELD_DIVERGING, 0.5, 0);
    assert_even(FIELD_DIVERGING, 0.5, 1);
    assert_int_equal(field_colour(FIELD_GREY, 0), 0x000000FF);
    assert_int_equal(field_colour(FIELD_GREY, 1), 0xFFFFFFFF);
    assert_int_equal(field_colour(FIELD_SEQUENTIAL, 2), field_colour(FIELD_SEQUENTIAL, 1));
    assert_int_equal(field_colour(FIELD_SEQUENTIAL, NAN), 0);
    // Both sides of 0 are as light as each other.
    for (double away = 0.1; away <= 0.5; away += 0.1)
        assert_true(fabs(lightness(field_colour(FIELD_DIVERGING, 0.5 - away)) -
                         lightness(field_colour(FIELD_DIVERGING, 0.5 + away))) < 6);
}

// No seam: neighbours of 256 steps differ by little in every channel.
static void colours_are_continuous(void **state) {
    (void)state;
    for (enum field_map map = FIELD_SEQUENTIAL; map <= FIELD_GREY; map++)
        for (int i = 1; i < 256; i++)
            for (int shift = 8; shift <= 24; shift += 8) {
                int a = (int)(field_colour(map, (i - 1) / 255.0) >> shift & 0xFF);
                int b = (int)(field_colour(map, i / 255.0) >> shift & 0xFF);
                assert_true(b - a <= 12 && a - b <= 12);
            }
}

static void ranges_fit(void **state) {
    (void)state;
    double low, high;
    field_range((double[]){3, NAN, -1, INFINITY}, 4, FIELD_SEQUENTIAL, &low, &high);
    assert_true(low == -1 && high == 3);
    field_range((double[]){3, -1}, 2, FIELD_DIVERGING, &low, &high);
    assert_true(low == -3 && high == 3);
    field_range((double[]){2, 2}, 2, FIELD_SEQUENTIAL, &low, &high);
    assert_true(low == 1 && high == 3);
    field_range((double[]){NAN}, 1, FIELD_SEQUENTIAL, &low, &high);
    assert_true(low == 0 && high == 1);
    field_range((double[]){0}, 1, FIELD_DIVERGING, &low, &high);
    assert_true(low == -1 && high == 1);
}

static const struct scene_item *find(const struct scene *scene, enum scene_kind kind, size_t nth) {
    for (size_t i = 0; i < scene->count; i++)
        if (scene->item[i].kind == kind && nth-- == 0) return &scene->item[i];
    return NULL;
}

static void cells_are_where_they_belong(void **state) {
    (void)state;
    const double value[6] = {0, 1, 2, 3, 4, NAN};
    const uint32_t cell = 4; // second row, second column
    struct field field = {.rows = 2,
                          .columns = 3,
                          .value = value,
                          .width = 60,
                          .height = 60,
                          .scale = true,
                          .cell = &cell,
                          .cell_count = 1,
                          .title = "*T*",
                          .label = "below"};
    struct scene scene;
    struct field_frame frame;
    struct error error = {0};
    assert_true(field_scene(&field, &scene, &frame, &error));
    const struct scene_item *image = find(&scene, SCENE_IMAGE, 0), *outline = find(&scene, SCENE_RECT, 1);
    assert_true(frame.cell == 20 && frame.low == 0 && frame.high == 4);
    assert_true(image->width == 60 && image->height == 40 && image->y == frame.top);
    assert_int_equal(image->pixel[0], field_colour(FIELD_SEQUENTIAL, 0));
    assert_int_equal(image->pixel[4], field_colour(FIELD_SEQUENTIAL, 1));
    assert_int_equal(image->pixel[5], 0);
    assert_true(outline->x > 20 && outline->x < 21 && outline->y > frame.top + 20 && outline->y < frame.top + 21);
    double x0, y0, x1, y1;
    scene_bounds(&scene, &x0, &y0, &x1, &y1);
    assert_true(x1 <= scene.width + 1 && y1 <= scene.height + 1);
    scene_clear(&scene);
    field.upward = true; // as y rises: the first row is the lowest
    assert_true(field_scene(&field, &scene, &frame, &error));
    image = find(&scene, SCENE_IMAGE, 0);
    assert_int_equal(image->pixel[3], field_colour(FIELD_SEQUENTIAL, 0));
    outline = find(&scene, SCENE_RECT, 1);
    assert_true(outline->y > frame.top && outline->y < frame.top + 1);
    scene_clear(&scene);
    field.rows = 0;
    assert_false(field_scene(&field, &scene, NULL, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    error_clear(&error);
}

// The pixel at (x, y) of a picture painted at one pixel per point.
static colour painted(const struct scene *scene, int x, int y) {
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 100, 100);
    cairo_t *cairo = cairo_create(surface);
    paint_scene(cairo, scene, false);
    cairo_surface_flush(surface);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    uint32_t pixel;
    memcpy(&pixel, data + y * cairo_image_surface_get_stride(surface) + 4 * x, sizeof pixel);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    return pixel << 8 | 0xFF;
}

static bool has(const struct buffer *out, const char *text) { return strstr(buffer_string(out), text) != NULL; }

static void images_go_into_every_format(void **state) {
    (void)state;
    const colour pixel[4] = {0xFF0000FF, 0x00FF00FF, 0x0000FFFF, 0x12345678};
    struct scene scene;
    struct error error = {0};
    scene_init(&scene);
    scene_image(&scene, 10, 10, 40, 40, 2, 2, pixel);
    scene.width = scene.height = 100;
    scene.background = 0xFFFFFFFF;
    // Sharp to the edge: no colour between the cells.
    assert_int_equal(painted(&scene, 10, 10), 0xFF0000FF);
    assert_int_equal(painted(&scene, 29, 29), 0xFF0000FF);
    assert_int_equal(painted(&scene, 30, 29), 0x00FF00FF);
    assert_int_equal(painted(&scene, 29, 30), 0x0000FFFF);
    assert_int_equal(painted(&scene, 50, 50), 0x000000FF); // outside
    static const char *const endings[] = {"a.svg", "a.tex", "a.png", "a.pdf"};
    static const char *const marks[] = {"href=\"data:image/png;base64,iVBORw0KGgo", "fill=cFF0000", "IHDR", "/Image"};
    for (size_t i = 0; i < 4; i++) {
        struct buffer out = {0};
        struct export_options options = {.version = "test"};
        const struct export_format *format = export_find(endings[i], &error);
        assert_true(format && format->write_scene(&scene, &options, &out, &error));
        bool found = false;
        for (size_t k = 0; !found && k + strlen(marks[i]) <= out.size; k++)
            found = memcmp(out.data + k, marks[i], strlen(marks[i])) == 0;
        assert_true(found);
        if (i == 1) assert_true(has(&out, "fill opacity=0.47"));
        buffer_free(&out);
    }
    scene_clear(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_rise_evenly),
        cmocka_unit_test(colours_are_continuous),
        cmocka_unit_test(ranges_fit),
        cmocka_unit_test(cells_are_where_they_belong),
        cmocka_unit_test(images_go_into_every_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
