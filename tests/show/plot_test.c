// Plots: ranges and ticks, what is drawn and what is told, panning, zooming and pointing, pages.
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/export.h"
#include "show/paint.h"
#include "show/plot.h"

#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

// ---- axes ---------------------------------------------------------------------------------------------------------

static void assert_ticks(double low, double high, bool log, double wanted, const char *expected) {
    struct axis axis = {low, high, log};
    struct tick tick[MOST_TICKS];
    struct buffer out = {0};
    uint32_t n = axis_ticks(&axis, wanted, tick);
    for (uint32_t i = 0; i < n; i++) {
        if (i) assert_true(tick[i].value > tick[i - 1].value);
        buffer_printf(&out, "%s%s", i ? " " : "", tick[i].label[0] ? tick[i].label : ".");
    }
    assert_string_equal(buffer_string(&out), expected);
    buffer_free(&out);
}

static void ticks_are_round_and_short(void **state) {
    (void)state;
    assert_ticks(0, 1, false, 5, "0 0.2 0.4 0.6 0.8 1.0");
    assert_ticks(1, 20, false, 4, "5 10 15 20");
    assert_ticks(1, 1000, false, 1, "500 1000"); // one alone would not tell the scale
    assert_ticks(-0.3, 0.3, false, 6, "−0.3 −0.2 −0.1 0 0.1 0.2 0.3");
    assert_ticks(0, 3e7, false, 3, "0 1×10^{7} 2×10^{7} 3×10^{7}");
    assert_ticks(1e-5, 2e-5, false, 2, "1.0×10^{−5} 1.5×10^{−5} 2.0×10^{−5}");
    assert_ticks(100000.1, 100000.3, false, 2, "100000.1 100000.2 100000.3");
}

static void logarithmic_ticks_are_powers_of_ten(void **state) {
    (void)state;
    assert_ticks(0.0095, 2e3, true, 9,
                 "10^{−2} . . . . . . . . 10^{−1} . . . . . . . . 10^{0} . . . . . . . . 10^{1} "
                 ". . . . . . . . 10^{2} . . . . . . . . 10^{3} .");
    assert_ticks(0.01, 1e8, true, 6, "10^{−2} . 10^{0} . 10^{2} . 10^{4} . 10^{6} . 10^{8}");
    assert_ticks(1e-300, 1e300, true, 6, "10^{−300} 10^{−200} 10^{−100} 10^{0} 10^{100} 10^{200} 10^{300}");
    assert_ticks(2, 30, true, 5, "2 . . 5 . . . . 10 20 .");
    assert_ticks(4.1, 4.4, true, 3, "4.1 4.2 4.3 4.4");
}

static void extreme_axes_have_few_ticks(void **state) {
    (void)state;
    static const double ranges[][2] = {{-DBL_MAX, DBL_MAX},     {0, 5e-324},       {1e300, DBL_MAX}, {-5e-324, 5e-324},
                                       {1, 1.0000000000000002}, {5e-324, DBL_MAX}, {1e15, 1e15 + 1}};
    struct tick tick[MOST_TICKS];
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (int log = 0; log < 2; log++) {
            struct axis axis = {ranges[i][0], ranges[i][1], log};
            uint32_t n = axis_ticks(&axis, 5, tick);
            assert_true(n <= MOST_TICKS);
            for (uint32_t j = 0; j < n; j++) assert_true(isfinite(tick[j].value) && strlen(tick[j].label) < 64);
        }
}

static void axes_fit_what_is_there(void **state) {
    (void)state;
    struct axis axis = {0}, log = {.log = true};
    axis_fit(&axis, 0, 10, 0.05);
    assert_near(axis.low, -0.5, 1e-12);
    assert_near(axis.high, 10.5, 1e-12);
    axis_fit(&axis, 3, 3, 0);
    assert_true(axis.low < 3 && axis.high > 3);
    axis_fit(&axis, 0, 0, 0);
    assert_true(axis.low < 0 && axis.high > 0);
    axis_fit(&axis, INFINITY, -INFINITY, 0);
    assert_true(axis_valid(&axis));
    axis_fit(&axis, -DBL_MAX, DBL_MAX, 0.05);
    assert_true(axis_valid(&axis));
    assert_near(axis_share(&axis, 0), 0.5, 1e-12);
    axis_fit(&axis, 5e-324, 5e-324, 0);
    assert_true(axis_valid(&axis));
    axis_fit(&log, 5e-324, DBL_MAX, 0.05);
    assert_true(axis_valid(&log));
    axis_fit(&log, 100, 100, 0);
    assert_near(axis_share(&log, 100), 0.5, 1e-12);
    assert_true(isnan(axis_share(&log, 0)) && isnan(axis_share(&log, -1)));
}

static void zooming_stops_before_numbers_end(void **state) {
    (void)state;
    for (int log = 0; log < 2; log++) {
        struct axis axis = {1, 2, log};
        for (int i = 0; i < 3000; i++) axis_zoom(&axis, 0.3, 0.5);
        assert_true(axis_valid(&axis));
        for (int i = 0; i < 3000; i++) axis_zoom(&axis, 0.3, 2);
        assert_true(axis_valid(&axis));
        for (int i = 0; i < 3000; i++) axis_pan(&axis, 1e3);
        assert_true(axis_valid(&axis));
    }
}

// ---- pictures -----------------------------------------------------------------------------------------------------

static const double xs[] = {1, 2, 3, 4, 5}, up[] = {1, 10, 100, 1000, 10000}, flat[] = {2, 2, 2, 2, 2};

static struct plot plot_of(const struct plot_curve *curve, uint32_t count) {
    return (struct plot){.title = "T", .x_label = "*x*", .y_label = "*y*", .curve = curve, .curve_count = count};
}

static void draw(const struct plot *plot, struct scene *scene, struct plot_frame *frame, char message[256]) {
    struct error error = {0};
    if (!plot_scene(plot, scene, frame, message, &error)) fail_msg("%s", error.message);
}

static size_t count_kind(const struct scene *scene, enum scene_kind kind, enum scene_tag tag) {
    size_t n = 0;
    for (size_t i = 0; i < scene->count; i++)
        n += scene->item[i].kind == kind && (kind != SCENE_GROUP || scene->item[i].tag == tag);
    return n;
}

static const struct scene_item *find_text(const struct scene *scene, const char *text) {
    for (size_t i = 0; i < scene->count; i++)
        if (scene->item[i].run_count && strcmp(scene->item[i].run[0].text, text) == 0) return &scene->item[i];
    return NULL;
}

static void a_plot_says_what_it_shows(void **state) {
    (void)state;
    struct plot_curve curve[] = {{.name = "steep", .x = xs, .y = up, .count = 5},
                                 {.name = "*f*_{1}", .x = xs, .y = flat, .count = 5, .colour = 1}};
    struct plot plot = plot_of(curve, 2);
    struct scene scene;
    char message[256];
    plot.log_y = true;
    draw(&plot, &scene, NULL, message);
    assert_string_equal(message, "");
    assert_string_equal(scene.title, "T");
    assert_string_equal(scene.description, "2 curves: steep, f1. x from 1 to 5; y from 0.631 to 15849 on a logarithmic "
                                           "axis.");
    assert_int_equal(count_kind(&scene, SCENE_GROUP, TAG_CURVE), 2);
    assert_int_equal(count_kind(&scene, SCENE_GROUP, TAG_NONE), 0);
    const struct scene_item *steep = find_text(&scene, "steep"), *power = find_text(&scene, "10");
    assert_non_null(steep);
    assert_int_equal(steep->run[0].colour, style_of(THEME_LIGHT)->series[0]);
    assert_non_null(power);
    assert_int_equal(power->run[1].level, 1);
    scene_clear(&scene);
}

static void everything_stays_inside_the_picture(void **state) {
    (void)state;
    struct plot_curve curve = {.name = "steep", .x = xs, .y = up, .low = flat, .high = up, .count = 5};
    struct plot plot = plot_of(&curve, 1);
    for (int theme = 0; theme < THEME_COUNT; theme++)
        for (double size = 60; size < 2000; size *= 2) {
            struct scene scene;
            double x0, y0, x1, y1;
            plot.theme = (enum theme)theme;
            plot.width = size, plot.height = 0.8 * size < 60 ? 60 : 0.8 * size;
            draw(&plot, &scene, NULL, NULL);
            scene_bounds(&scene, &x0, &y0, &x1, &y1);
            if (size > 200) assert_true(x0 >= 0 && y0 >= 0 && x1 <= scene.width && y1 <= scene.height);
            scene_clear(&scene);
        }
}

static void long_texts_are_set_smaller(void **state) {
    (void)state;
    static const double far[] = {123456.0000001, 123456.0000002, 123456.0000003, 123456.0000004, 123456.0000005};
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct plot_curve curve = {.name = name, .x = far, .y = up, .count = 5};
    struct plot plot = {.title = name, .x_label = name, .y_label = name, .curve = &curve, .curve_count = 1};
    struct scene scene;
    double x0, y0, x1, y1;
    for (int named = 0; named < 2; named++) {
        curve.name = named ? name : NULL;
        draw(&plot, &scene, NULL, NULL);
        scene_bounds(&scene, &x0, &y0, &x1, &y1);
        assert_true(x0 >= 0 && y0 >= 0 && x1 <= scene.width && y1 <= scene.height);
        scene_clear(&scene);
    }
}

static void what_cannot_be_shown_is_told(void **state) {
    (void)state;
    static const double y[] = {1, -1, 0, NAN, 5, INFINITY}, x[] = {1, 2, 3, 4, 5, 6};
    struct plot_curve curve = {.x = x, .y = y, .count = 6, .marks = PLOT_BOTH};
    struct plot plot = plot_of(&curve, 1);
    struct scene scene;
    char message[256];
    plot.log_y = true;
    draw(&plot, &scene, NULL, message);
    assert_string_equal(message, "2 points not shown: not positive on a log axis; 2 points not shown: not finite "
                                 "numbers");
    assert_int_equal(count_kind(&scene, SCENE_GROUP, TAG_POINT), 2);
    scene_clear(&scene);
    curve.hidden = true;
    draw(&plot, &scene, NULL, message);
    assert_string_equal(message, "");
    assert_int_equal(count_kind(&scene, SCENE_GROUP, TAG_POINT), 0);
    scene_clear(&scene);
}

static size_t count_strokes(const struct scene *scene, colour ink) {
    size_t n = 0;
    for (size_t i = 0; i < scene->count; i++) n += scene->item[i].kind == SCENE_PATH && scene->item[i].stroke == ink;
    return n;
}

static void missing_points_leave_gaps(void **state) {
    (void)state;
    static const double y[] = {1, 2, NAN, 4, 5, NAN, 7}, x[] = {1, 2, 3, 4, 5, 6, 7};
    struct plot_curve curve = {.x = x, .y = y, .count = 7};
    struct plot plot = plot_of(&curve, 1);
    struct scene scene;
    draw(&plot, &scene, NULL, NULL);
    assert_int_equal(count_strokes(&scene, style_of(THEME_LIGHT)->series[0]), 2);
    assert_int_equal(count_kind(&scene, SCENE_GROUP, TAG_POINT), 1); // the seventh has no neighbours
    scene_clear(&scene);
}

static void lines_are_cut_at_the_window(void **state) {
    (void)state;
    static const double x[] = {0, 10}, y[] = {0, 10}, low[] = {-1, 9}, high[] = {1, 11};
    struct plot_curve curve = {.name = "line", .x = x, .y = y, .low = low, .high = high, .count = 2};
    struct plot plot = plot_of(&curve, 1);
    struct plot_window window = {4, 6, 4.5, 5.5};
    struct plot_frame frame;
    struct scene scene;
    plot.window = &window;
    draw(&plot, &scene, &frame, NULL);
    for (size_t i = 0; i < scene.count; i++) {
        const struct scene_item *item = &scene.item[i];
        bool own = item->kind == SCENE_PATH && (item->stroke == style_of(THEME_LIGHT)->series[0] || item->closed);
        for (uint32_t j = 0; own && j < item->point_count; j++) {
            struct point p = item->point[j];
            assert_true(p.x >= frame.left - 1e-6 && p.x <= frame.left + frame.width + 1e-6);
            assert_true(p.y >= frame.top - 1e-6 && p.y <= frame.top + frame.height + 1e-6);
        }
    }
    struct point end = plot_to_picture(&frame, 5.5, 5.5); // where it leaves, through the top
    const struct scene_item *label = find_text(&scene, "line");
    assert_non_null(label);
    assert_near(label->y, end.y, label->size);
    scene_clear(&scene);
}

static void labels_do_not_overlap(void **state) {
    (void)state;
    static const double x[] = {0, 1};
    double y[30][2];
    char name[30][16];
    struct plot_curve curve[30];
    for (int i = 0; i < 30; i++) {
        y[i][0] = i, y[i][1] = i < 6 ? 1 : 1 + 0.001 * i;
        snprintf(name[i], sizeof *name, "curve %d", i);
        curve[i] = (struct plot_curve){.name = name[i], .x = x, .y = y[i], .count = 2, .colour = (uint32_t)i};
    }
    struct plot plot = plot_of(curve, 30);
    for (uint32_t count = 2; count <= 30; count++) {
        struct scene scene;
        double last = -INFINITY;
        plot.curve_count = count;
        draw(&plot, &scene, NULL, NULL);
        for (uint32_t i = count; i-- > 0;) { // higher curves come first
            const struct scene_item *text = find_text(&scene, name[i]);
            assert_non_null(text);
            assert_true(text->y <= scene.height);
            if (i >= 6) {
                assert_true(text->y >= last + 1.2 * text->size);
                last = text->y;
            }
            for (uint32_t j = 0; j < i; j++)
                assert_true(fabs(find_text(&scene, name[j])->y - text->y) >= 1.2 * text->size);
        }
        scene_clear(&scene);
    }
}

// A sweep: an exact line with a name, and points without one that were measured around it.
static void points_of_a_line_need_no_room(void **state) {
    (void)state;
    static const double x[] = {0, 1, 2}, y[] = {1, 2, 3}, z[] = {1.1, 1.9, 2.97};
    struct plot_curve curve[] = {{.name = "one", .x = x, .y = y, .count = 3},
                                 {.x = x, .y = z, .count = 3, .marks = PLOT_POINTS},
                                 {.name = "two", .x = x, .y = y, .count = 3, .colour = 1},
                                 {.x = x, .y = z, .count = 3, .marks = PLOT_POINTS, .colour = 1, .hollow = true}};
    struct plot plot = plot_of(curve, 4);
    struct scene scene;
    draw(&plot, &scene, NULL, NULL);
    const struct scene_item *one = find_text(&scene, "one"), *two = find_text(&scene, "two");
    assert_non_null(one);
    assert_near(fabs(one->y - two->y), 1.3 * one->size, 0.01); // next to each other: no room is kept for the others
    uint32_t dots = 0, rings = 0, dashed = 0;
    const struct style *style = style_of(THEME_LIGHT);
    for (size_t i = 0; i < scene.count; i++) {
        const struct scene_item *item = &scene.item[i];
        if (item->kind == SCENE_ELLIPSE && item->fill == style->background && item->stroke == style->series[1]) rings++;
        if (item->kind == SCENE_ELLIPSE && item->fill == style->series[0]) dots++;
        if (item->kind == SCENE_PATH && item->dashed) dashed += item->stroke == style->series[1];
    }
    assert_int_equal(dots, 3); // none at the end of the line, where it would look like a fourth point
    assert_int_equal(rings, 3);
    assert_int_equal(dashed, 1); // the second line lies on the first, and both are seen
    scene_clear(&scene);
}

static void windows_that_are_none_are_refused(void **state) {
    (void)state;
    struct plot_curve curve = {.x = xs, .y = up, .count = 5};
    struct plot plot = plot_of(&curve, 1);
    static const struct plot_window windows[] = {{2, 1, 0, 1}, {0, NAN, 0, 1}, {1, 1, 0, 1}, {0, INFINITY, 0, 1}};
    for (int i = 0; i < 4; i++) {
        struct error error = {0};
        struct scene scene;
        plot.window = &windows[i];
        assert_false(plot_scene(&plot, &scene, NULL, NULL, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_true(error.hint[0]);
        assert_int_equal(scene.count, 0);
    }
    struct error error = {0};
    struct plot_frame frame;
    plot.window = NULL;
    plot.width = 12;
    assert_false(plot_frame(&plot, &frame, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
}

static void no_data_still_make_a_picture(void **state) {
    (void)state;
    struct plot plot = {0};
    struct scene scene;
    char message[256];
    draw(&plot, &scene, NULL, message);
    assert_string_equal(scene.description, "0 curves. x from 0 to 1; y from 0 to 1.");
    scene_clear(&scene);
    struct plot_curve curve = {.name = "nothing", .count = 0};
    plot = (struct plot){.curve = &curve, .curve_count = 1, .log_x = true, .log_y = true};
    draw(&plot, &scene, NULL, message);
    scene_clear(&scene);
}

static void a_million_points_are_thinned(void **state) {
    (void)state;
    enum { MANY = 1000000 };
    double *x = malloc(MANY * sizeof *x), *y = malloc(MANY * sizeof *y);
    for (int i = 0; i < MANY; i++) x[i] = i, y[i] = sin(i * 0.37) + (i == 777777 ? 5 : 0);
    struct plot_curve curve = {.name = "many", .x = x, .y = y, .low = y, .high = y, .count = MANY};
    struct plot plot = plot_of(&curve, 1);
    struct plot_frame frame;
    struct scene scene;
    draw(&plot, &scene, &frame, NULL);
    size_t points = 0;
    double top = INFINITY, spike = plot_to_picture(&frame, 0, y[777777]).y;
    for (size_t i = 0; i < scene.count; i++) {
        points += scene.item[i].point_count;
        bool own = scene.item[i].stroke == style_of(THEME_LIGHT)->series[0];
        for (uint32_t j = 0; own && j < scene.item[i].point_count; j++) top = fmin(top, scene.item[i].point[j].y);
    }
    assert_true(points < 100000);
    assert_near(top, spike, 1e-9); // a single point that stands out is not lost
    scene_clear(&scene);
    curve.marks = PLOT_POINTS;
    draw(&plot, &scene, &frame, NULL);
    assert_int_equal(count_kind(&scene, SCENE_GROUP, TAG_POINT), 0); // too many to tell apart
    scene_clear(&scene);
    free(x);
    free(y);
}

// ---- pointing -----------------------------------------------------------------------------------------------------

static void places_and_data_map_to_each_other(void **state) {
    (void)state;
    struct plot_curve curve = {.x = xs, .y = up, .count = 5};
    for (int log = 0; log < 4; log++) {
        struct plot plot = plot_of(&curve, 1);
        struct plot_frame frame;
        plot.log_x = log & 1, plot.log_y = log & 2;
        assert_true(plot_frame(&plot, &frame, NULL));
        struct point p = plot_to_picture(&frame, 3, 250), back = plot_to_data(&frame, p);
        assert_true(plot_contains(&frame, p));
        assert_near(back.x, 3, 1e-9);
        assert_near(back.y, 250, 1e-6);
    }
}

static void the_nearest_point_is_found(void **state) {
    (void)state;
    struct plot_curve curve[] = {{.name = "up", .x = xs, .y = up, .count = 5},
                                 {.name = "flat", .x = xs, .y = flat, .count = 5}};
    struct plot plot = plot_of(curve, 2);
    struct plot_frame frame;
    struct plot_hit hit;
    struct buffer words = {0};
    plot.log_y = true;
    assert_true(plot_frame(&plot, &frame, NULL));
    struct point at = plot_to_picture(&frame, 4, 1000);
    at.x += 3, at.y -= 4;
    assert_true(plot_nearest(&plot, &frame, at, 5.001, &hit));
    assert_int_equal(hit.curve, 0);
    assert_int_equal(hit.index, 3);
    assert_near(hit.distance, 5, 1e-9);
    plot_describe_hit(&plot, &hit, &words);
    assert_string_equal(buffer_string(&words), "up: x = 4, y = 1000");
    assert_false(plot_nearest(&plot, &frame, at, 4.9, &hit));
    curve[0].hidden = true;
    assert_false(plot_nearest(&plot, &frame, at, 5.001, &hit));
    buffer_free(&words);
}

static void zooming_keeps_the_place_pointed_at(void **state) {
    (void)state;
    struct plot_curve curve = {.x = xs, .y = up, .count = 5};
    struct plot plot = plot_of(&curve, 1);
    struct plot_frame frame, zoomed;
    plot.log_y = true;
    assert_true(plot_frame(&plot, &frame, NULL));
    struct point at = plot_to_picture(&frame, 2.5, 40);
    struct plot_window window = plot_zoom(&frame, at, 2, 4);
    assert_near(window.x1 - window.x0, 2, 1e-9);
    plot.window = &window;
    assert_true(plot_frame(&plot, &zoomed, NULL));
    struct plot_frame same = zoomed; // ticks may be wider: compare in the old place
    same.left = frame.left, same.width = frame.width;
    struct point after = plot_to_picture(&same, 2.5, 40);
    assert_near(after.x, at.x, 1e-6);
    assert_near(after.y, at.y, 1e-6);
    struct plot_window dragged = plot_pan(&frame, frame.width / 4, 0);
    assert_near(dragged.x0, 0, 1e-9);
    assert_near(dragged.x1, 4, 1e-9);
}

// ---- pages and files ----------------------------------------------------------------------------------------------

static void a_page_places_its_plots_side_by_side(void **state) {
    (void)state;
    static const double bad[] = {1, NAN, 3, 4, 5};
    struct plot_curve curve = {.x = xs, .y = bad, .count = 5};
    struct plot plot[3];
    struct plot_frame frame[3];
    struct scene scene;
    struct buffer out = {0};
    char message[256];
    static const char *const titles[] = {"one", "two", "three"};
    for (int i = 0; i < 3; i++)
        plot[i] = plot_of(&curve, 1), plot[i].width = 300, plot[i].height = 200, plot[i].title = titles[i];
    assert_true(plot_page(plot, 3, 2, "Page", NULL, &scene, frame, message, NULL));
    assert_string_equal(scene.title, "Page");
    assert_near(scene.width, 600, 1e-9);
    assert_true(scene.height > 400);
    assert_near(frame[1].left, frame[0].left + 300, 1e-9);
    assert_near(frame[2].top, frame[0].top + 200, 1e-9);
    assert_int_equal(count_kind(&scene, SCENE_GROUP, TAG_PANEL), 3);
    assert_non_null(find_text(&scene, "(c)"));
    assert_non_null(strstr(message, "(a) 1 point not shown: not a finite number; (b) 1 point"));
    assert_true(export_find("picture.svg", NULL)->write_scene(&scene, NULL, &out, NULL));
    assert_non_null(strstr(buffer_string(&out), "id=\"panel-1-curve-0\""));
    buffer_free(&out);
    scene_clear(&scene);
    struct error error = {0};
    assert_false(plot_page(plot, 0, 0, NULL, NULL, &scene, NULL, NULL, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
}

static uint32_t count_text(const struct scene *scene, const char *text) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < scene->count; i++)
        for (uint32_t r = 0; r < scene->item[i].run_count; r++) count += !strcmp(scene->item[i].run[r].text, text);
    return count;
}

// Plots of one title are one thing: it is named once, and so is what runs along them.
static void plots_of_one_title_share_their_words(void **state) {
    (void)state;
    struct plot_curve curve = {.x = xs, .y = up, .count = 5};
    struct plot plot[6];
    struct scene scene;
    for (int i = 0; i < 6; i++) {
        plot[i] = plot_of(&curve, 1);
        plot[i].title = i % 2 ? "second" : "first";
        plot[i].x_label = "along";
        plot[i].y_label = i < 2 ? "loss" : i < 4 ? "accuracy" : "time";
    }
    assert_true(plot_page(plot, 6, 2, "Page", NULL, &scene, NULL, NULL, NULL));
    assert_int_equal(count_text(&scene, "first"), 1);
    assert_int_equal(count_text(&scene, "second"), 1);
    assert_int_equal(count_text(&scene, "along"), 2);
    assert_string_equal(scene.description, "first: loss; second: loss; first: accuracy; second: accuracy; first: time; "
                                           "second: time.");
    scene_clear(&scene);
    assert_true(plot_page(plot, 5, 3, "Page", NULL, &scene, NULL, NULL, NULL)); // first second first, second first
    assert_int_equal(count_text(&scene, "first"), 3);
    assert_int_equal(count_text(&scene, "along"), 5);
    scene_clear(&scene);
    for (int i = 0; i < 5; i++) plot[i].title = "all";
    plot[0].y_label = "all"; // once more is too much
    assert_true(plot_page(plot, 5, 3, "Page", NULL, &scene, NULL, NULL, NULL));
    assert_int_equal(count_text(&scene, "all"), 1);
    assert_int_equal(count_text(&scene, "along"), 3); // below the last of each column
    scene_clear(&scene);
}

// Names that would take the curves' room stand once, at the head; hidden ones too where they are listed.
static void names_of_narrow_plots_stand_aside(void **state) {
    (void)state;
    struct plot_curve curve[] = {{.name = "a rather long name", .x = xs, .y = up, .count = 5},
                                 {.name = "hidden", .x = xs, .y = up, .count = 5, .colour = 1, .hidden = true}};
    struct plot plot[2] = {plot_of(curve, 2), plot_of(curve, 2)};
    struct plot_frame wide[2], narrow[2];
    struct scene scene;
    for (int i = 0; i < 2; i++) plot[i].width = 600, plot[i].height = 300, plot[i].title = i ? "right" : "left";
    assert_true(plot_page(plot, 2, 2, "Page", NULL, &scene, wide, NULL, NULL));
    assert_int_equal(count_text(&scene, "a rather long name"), 2);
    assert_int_equal(count_text(&scene, "hidden"), 0);
    scene_clear(&scene);
    for (int i = 0; i < 2; i++) plot[i].width = 200, plot[i].list_hidden = true;
    double head = plot_page_head(plot, 2, 2, "Page", NULL);
    assert_true(plot_page(plot, 2, 2, "Page", NULL, &scene, narrow, NULL, NULL));
    assert_int_equal(count_text(&scene, "a rather long name"), 1);
    assert_int_equal(count_text(&scene, "hidden"), 1);
    assert_int_equal(count_kind(&scene, SCENE_GROUP, TAG_CURVE), 4 + 2); // to be clicked at the head as well
    assert_true(narrow[0].width > 0.6 * 200);
    assert_true(narrow[0].top > head && scene.height > head + 299);
    scene_clear(&scene);
}

// Labels along a low axis do not touch.
static void a_low_axis_has_few_labels(void **state) {
    (void)state;
    static const double loss[] = {2.3, 1.9, 1.2, 0.8, 0.4};
    struct plot_curve curve = {.x = xs, .y = loss, .count = 5};
    struct scene scene;
    for (double height = 70; height < 400; height += 15) {
        struct plot plot = plot_of(&curve, 1);
        plot.width = 300, plot.height = height, plot.log_y = true;
        assert_true(plot_scene(&plot, &scene, NULL, NULL, NULL));
        double last = INFINITY;
        for (size_t i = 0; i < scene.count; i++) {
            const struct scene_item *item = &scene.item[i];
            if (item->kind != SCENE_TEXT || item->anchor != ANCHOR_END) continue;
            assert_true(last - item->y > 0.99 * item->size);
            last = item->y;
        }
        scene_clear(&scene);
    }
}

static void interrupts_end_drawing(void **state) {
    (void)state;
    struct plot_curve curve = {.x = xs, .y = up, .count = 5};
    struct plot plot = plot_of(&curve, 1);
    struct scene scene;
    struct error error = {0};
    task_interrupt();
    assert_false(plot_scene(&plot, &scene, NULL, NULL, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    task_begin();
}

static void memory_may_run_out(void **state) {
    (void)state;
    struct plot_curve curve = {.name = "up", .x = xs, .y = up, .low = flat, .high = up, .count = 5, .marks = PLOT_BOTH};
    struct plot plot[] = {plot_of(&curve, 1), plot_of(&curve, 1)};
    struct scene scene;
    size_t n = 1;
    plot[1].title = "another";
    assert_true(plot_page(plot, 2, 0, "P", "note", &scene, NULL, NULL, NULL)); // texts are measured once and kept
    scene_clear(&scene);
    for (bool ok = false; !ok; n++) {
        struct error error = {0};
        mem_fail_after(n);
        ok = plot_page(plot, 2, 0, "P", "note", &scene, NULL, NULL, &error);
        mem_fail_after(0);
        assert_true(ok || error.kind == ERROR_MEMORY);
        scene_clear(&scene);
    }
    assert_true(n > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round_and_short),
        cmocka_unit_test(logarithmic_ticks_are_powers_of_ten),
        cmocka_unit_test(extreme_axes_have_few_ticks),
        cmocka_unit_test(axes_fit_what_is_there),
        cmocka_unit_test(zooming_stops_before_numbers_end),
        cmocka_unit_test(a_plot_says_what_it_shows),
        cmocka_unit_test(everything_stays_inside_the_picture),
        cmocka_unit_test(long_texts_are_set_smaller),
        cmocka_unit_test(what_cannot_be_shown_is_told),
        cmocka_unit_test(missing_points_leave_gaps),
        cmocka_unit_test(lines_are_cut_at_the_window),
        cmocka_unit_test(labels_do_not_overlap),
        cmocka_unit_test(points_of_a_line_need_no_room),
        cmocka_unit_test(windows_that_are_none_are_refused),
        cmocka_unit_test(no_data_still_make_a_picture),
        cmocka_unit_test(a_million_points_are_thinned),
        cmocka_unit_test(places_and_data_map_to_each_other),
        cmocka_unit_test(the_nearest_point_is_found),
        cmocka_unit_test(zooming_keeps_the_place_pointed_at),
        cmocka_unit_test(a_page_places_its_plots_side_by_side),
        cmocka_unit_test(plots_of_one_title_share_their_words),
        cmocka_unit_test(names_of_narrow_plots_stand_aside),
        cmocka_unit_test(a_low_axis_has_few_labels),
        cmocka_unit_test(interrupts_end_drawing),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
