// Scenes: markup, names, nesting, extents, arrowheads; and the themes' contrast.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "show/paint.h"
#include "show/style.h"

#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

static void assert_markup(const char *name, const char *markup) {
    struct buffer out = {0};
    scene_name(&out, name);
    assert_string_equal(buffer_string(&out), markup);
    buffer_free(&out);
}

static void names_are_set_as_mathematics(void **state) {
    (void)state;
    assert_markup("x", "*x*");
    assert_markup("x1", "*x*_{1}");
    assert_markup("x12", "*x*_{12}");
    assert_markup("theta_1", "*theta*_{1}");
    assert_markup("θ_1", "*θ*_{1}");
    assert_markup("W_ij", "*W*_{*ij*}");
    assert_markup("loss", "*loss*");
    assert_markup("hidden_layer_1", "*hidden\\_layer*_{1}");
    assert_markup("loss_total", "*loss*_{*total*}");
    assert_markup("learning_rate", "*learning\\_rate*");
    assert_markup("learning_rate2", "*learning\\_rate*_{2}");
    assert_markup("x1_2", "*x*_{1,2}");
    assert_markup("h[0]", "*h*_{[0]}");
    assert_markup("h[0][1]", "*h*_{[0][1]}");
    assert_markup("w1[i]", "*w*_{1[*i*]}");
    assert_markup("x[2]@2", "*x*_{[2]}^{(2)}");
    assert_markup("x@2", "*x*^{(2)}");
    assert_markup("x1@12", "*x*_{1}^{(12)}");
    assert_markup("_", "*\\_*");
    assert_markup("_x", "*\\_x*");
    assert_markup("__init__", "*\\_\\_init\\_\\_*");
    assert_markup("", "");
    assert_markup("3.0", "3.0");
}

// What a markup becomes, as the trace prints it.
static void assert_runs(const char *markup, const char *runs) {
    struct scene scene;
    struct buffer out = {0};
    scene_init(&scene);
    assert_non_null(scene_text(&scene, 0, 0, markup, 10, 0x000000FF, ANCHOR_START, FONT_SANS));
    scene_trace(&scene, &out);
    const char *quote = strchr(buffer_string(&out), '"');
    assert_non_null(quote);
    assert_memory_equal(quote + 1, runs, strlen(runs));
    assert_string_equal(quote + 1 + strlen(runs), "\"\n");
    buffer_free(&out);
    scene_clear(&scene);
}

static void markup_becomes_runs(void **state) {
    (void)state;
    assert_runs("plain", "plain");
    assert_runs("*x*_{1}", "*x*_{1}");
    assert_runs("**bold** and *slanted*", "**bold** and *slanted*");
    assert_runs("*∂f*/*∂x*_{1} = −1.2", "*∂f*/*∂x*_{1} = −1.2");
    assert_runs("a_b^c {d}", "a_b^c {d}"); // marks only before a brace
    assert_runs("\\*x\\_{1}\\\\", "*x_{1}\\");
    assert_runs("x_{1", "x_{1}"); // unfinished markup is read to its end
    assert_runs("trailing \\", "trailing \\");
}

static void escaped_text_reads_back(void **state) {
    (void)state;
    struct buffer markup = {0};
    scene_escape(&markup, "a*b_{c}^{2}\\N");
    assert_runs(buffer_string(&markup), "a*b_{c}^{2}\\N");
    buffer_free(&markup);
}

static void runs_stand_side_by_side(void **state) {
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct scene_item *item =
        scene_text(&scene, 100, 50, "*x*_{1}^{(2)} end", 20, 0x000000FF, ANCHOR_MIDDLE, FONT_SANS);
    assert_int_equal(item->run_count, 4);
    const struct scene_run *base = &item->run[0], *sub = &item->run[1], *super = &item->run[2], *end = &item->run[3];
    assert_near(sub->x, base->width, 1e-9);
    assert_near(super->x, sub->x + sub->width, 1e-9); // not above each other, where they would touch
    assert_near(end->x, super->x + super->width, 1e-9);
    assert_near(item->text_width, end->x + end->width, 1e-9);
    assert_near(scene_text_left(item), 100 - item->text_width / 2, 1e-9);
    assert_near(scene_run_size(item, sub), 20 * SCENE_LEVEL_SCALE, 1e-9);
    assert_true(scene_run_drop(item, sub) > 0 && scene_run_drop(item, super) < 0);
    assert_near(sub->width, paint_measure("1", FONT_SANS, 20 * SCENE_LEVEL_SCALE, false, false, NULL, NULL), 1e-9);
    scene_clear(&scene);
}

static void draw_example(struct scene *scene) {
    struct point line[] = {{0, 0}, {10, 0}, {20, 0}, {30, 0}};
    scene_group(scene, TAG_VERTEX, 3, "vertex x1, value 0.5");
    scene_ellipse(scene, 40, 40, 20, 10, 0xFFFFFFFF, 0x8A9EBEFF, 2);
    scene_end(scene);
    scene_path(scene, line, 4, 0xE85726FF, 1.5, true);
    scene_rect(scene, 5, 6, 7, 8, 2, 0, 0x000000FF, 1);
}

static void trace_has_a_line_for_each_item(void **state) {
    (void)state;
    struct scene scene;
    struct buffer out = {0};
    scene_init(&scene);
    draw_example(&scene);
    scene_trace(&scene, &out);
    assert_string_equal(buffer_string(&out),
                        "group vertex 3 vertex x1, value 0.5\n"
                        "  ellipse 40.00,40.00 20.00x10.00 fill FFFFFFFF stroke 8A9EBEFF 2.00\n"
                        "end\n"
                        "path 0.00,0.00 10.00,0.00 20.00,0.00 30.00,0.00 stroke E85726FF 1.50 arrow\n"
                        "rect 5.00,6.00 7.00x8.00 r2.00 stroke 000000FF 1.00\n");
    buffer_free(&out);
    scene_clear(&scene);
}

static void bounds_hold_strokes(void **state) {
    (void)state;
    struct scene scene;
    double x0, y0, x1, y1;
    scene_init(&scene);
    scene_bounds(&scene, &x0, &y0, &x1, &y1);
    assert_true(x0 == 0 && y0 == 0 && x1 == 0 && y1 == 0);
    draw_example(&scene);
    scene_bounds(&scene, &x0, &y0, &x1, &y1);
    assert_near(x0, -0.75, 1e-9);
    assert_near(y0, -0.75, 1e-9);
    assert_near(x1, 51, 1e-9);
    assert_near(y1, 46, 1e-9);
    scene_clear(&scene);
}

static void panels_move_and_scale(void **state) {
    (void)state;
    struct scene page, panel;
    scene_init(&page);
    scene_init(&panel);
    draw_example(&panel);
    scene_text(&panel, 10, 10, "*x*_{1}", 10, 0x000000FF, ANCHOR_START, FONT_SANS);
    double width = panel.item[5].text_width;
    scene_place(&page, &panel, 100, 200, 2);
    assert_int_equal(panel.count, 0);
    assert_int_equal(page.count, 6);
    assert_near(page.item[1].x, 180, 1e-9);
    assert_near(page.item[1].width, 40, 1e-9);
    assert_near(page.item[3].point[3].x, 160, 1e-9);
    assert_near(page.item[3].stroke_width, 3, 1e-9);
    assert_near(page.item[5].size, 20, 1e-9);
    assert_near(page.item[5].text_width, 2 * width, 1e-9);
    scene_clear(&page);
}

static void arrowheads_end_at_the_tip(void **state) {
    (void)state;
    struct scene scene;
    struct point triangle[3], shaft[4];
    scene_init(&scene);
    draw_example(&scene);
    assert_true(scene_arrow(&scene.item[3], triangle, shaft));
    assert_near(triangle[0].x, 30, 1e-9);
    assert_near(triangle[0].y, 0, 1e-9);
    assert_near(triangle[1].y, -triangle[2].y, 1e-6);
    assert_true(shaft[3].x < 30 && shaft[3].x > triangle[1].x); // the stroke ends inside the head
    assert_near(shaft[0].x, 0, 1e-9);
    for (int i = 0; i < 4; i++) scene.item[3].point[i].x *= 0.01;
    assert_false(scene_arrow(&scene.item[3], triangle, shaft)); // too short for a head
    scene_clear(&scene);
}

// An allocation that fails anywhere leaves a scene that says so and can be cleared.
static void memory_may_run_out(void **state) {
    (void)state;
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        struct scene scene;
        scene_init(&scene);
        mem_fail_after(n);
        draw_example(&scene);
        scene_text(&scene, 0, 0, "*x*_{1}", 10, 0x000000FF, ANCHOR_START, FONT_SANS);
        mem_fail_after(0);
        failed = scene.failed;
        assert_true(failed || scene.count == 6);
        scene_clear(&scene);
        assert_true(n < 100);
    }
}

// ---- themes -------------------------------------------------------------------------------------------------------

static double linear(uint32_t byte) {
    double c = byte / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(colour c) {
    return 0.2126 * linear(c >> 24 & 255) + 0.7152 * linear(c >> 16 & 255) + 0.0722 * linear(c >> 8 & 255);
}

// WCAG 2.1's contrast ratio.
static double contrast(colour a, colour b) {
    double p = luminance(a), q = luminance(b);
    return (fmax(p, q) + 0.05) / (fmin(p, q) + 0.05);
}

static void assert_readable(const struct style *style, const char *what, colour text, colour background) {
    if (contrast(text, background) < 4.5)
        fail_msg("%s: %s has a contrast of %.2f", style->name, what, contrast(text, background));
}

static void texts_are_readable_in_every_theme(void **state) {
    (void)state;
    for (enum theme theme = 0; theme < THEME_COUNT; theme++) {
        const struct style *style = style_of(theme);
        assert_readable(style, "text", style->text, style->background);
        assert_readable(style, "name", style->text, style->vertex_fill);
        assert_readable(style, "name in a frame", style->text, style->frame_fill);
        assert_readable(style, "muted", style->muted, style->background);
        assert_readable(style, "edge label", style->edge_label, style->halo);
        assert_readable(style, "lit name", style->text, style->accent_fill);
        assert_readable(style, "accent text", style->accent_text, style->accent_fill);
        assert_readable(style, "lit label", style->accent_text, style->accent_halo);
        assert_readable(style, "second text", style->second_text, style->second_fill);
        assert_readable(style, "dim text", style->dim_text, style->background);
        for (int i = 0; i < 8; i++) assert_readable(style, "series", style->series[i], style->background);
    }
}

static void themes_are_found_by_name(void **state) {
    (void)state;
    enum theme theme;
    assert_true(style_find("projector", &theme));
    assert_int_equal(theme, THEME_PROJECTOR);
    assert_false(style_find("neon", &theme));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_set_as_mathematics),
        cmocka_unit_test(markup_becomes_runs),
        cmocka_unit_test(escaped_text_reads_back),
        cmocka_unit_test(runs_stand_side_by_side),
        cmocka_unit_test(trace_has_a_line_for_each_item),
        cmocka_unit_test(bounds_hold_strokes),
        cmocka_unit_test(panels_move_and_scale),
        cmocka_unit_test(arrowheads_end_at_the_tip),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(texts_are_readable_in_every_theme),
        cmocka_unit_test(themes_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
