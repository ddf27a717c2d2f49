// Pan, zoom and glide: arithmetic that the window relies on.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "show/viewport.h"

static const struct area area = {0, 0, 800, 600};

static void assert_near(double a, double b) {
    if (fabs(a - b) > 1e-9 * fmax(1, fabs(b))) fail_msg("%.17g is not %.17g", a, b);
}

static void fitting_shows_all_and_never_too_large(void **state) {
    (void)state;
    struct viewport v = viewport_fit(400, 1200, area, 20, 3);
    assert_near(v.scale, 560.0 / 1200);
    struct point top = viewport_to_window(v, area, (struct point){200, 0});
    assert_near(top.x, 400);
    assert_near(top.y, 20);
    assert_near(viewport_fit(10, 10, area, 20, 3).scale, 3);
    assert_true(viewport_fit(1e9, 1, (struct area){0, 0, 1, 1}, 20, 3).scale >= VIEWPORT_SCALE_MIN);
}

static void zooming_keeps_the_point_under_the_cursor(void **state) {
    (void)state;
    struct viewport v = {100, 50, 1.5};
    for (double x = 0; x <= 800; x += 200)
        for (double factor = 0.5; factor < 3; factor *= 1.7) {
            struct point cursor = {x, 120}, before = viewport_to_picture(v, area, cursor);
            struct point after = viewport_to_picture(viewport_zoom(v, area, cursor, factor), area, cursor);
            assert_near(after.x, before.x);
            assert_near(after.y, before.y);
        }
    assert_near(viewport_zoom(v, area, (struct point){0, 0}, 1e9).scale, VIEWPORT_SCALE_MAX);
}

static void panning_moves_by_pixels(void **state) {
    (void)state;
    struct viewport v = viewport_pan((struct viewport){100, 50, 2}, 30, -10);
    struct point at = viewport_to_window(v, area, (struct point){100, 50});
    assert_near(at.x, 430);
    assert_near(at.y, 290);
}

static void a_glide_ends_where_it_should_and_keeps_what_both_show(void **state) {
    (void)state;
    struct viewport from = {100, 50, 1}, to = viewport_zoom(from, area, (struct point){200, 100}, 4);
    struct point kept = viewport_to_picture(from, area, (struct point){200, 100});
    for (double t = 0; t <= 1; t += 0.125) {
        struct viewport between = viewport_between(from, to, t);
        struct point at = viewport_to_window(between, area, kept);
        assert_near(at.x, 200);
        assert_near(at.y, 100);
    }
    assert_near(viewport_between(from, to, 1).x, to.x);
    assert_near(viewport_between(from, to, 1).scale, 4);
    assert_near(viewport_ease(0), 0);
    assert_near(viewport_ease(7), 1);
}

static void a_picture_is_never_lost(void **state) {
    (void)state;
    struct viewport v = viewport_clamp((struct viewport){1e6, -1e6, 2}, area, 300, 200);
    struct point corner = viewport_to_window(v, area, (struct point){300, 0});
    assert_true(corner.x > 0 && corner.x < 800 && corner.y > 0 && corner.y < 600);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fitting_shows_all_and_never_too_large),
        cmocka_unit_test(zooming_keeps_the_point_under_the_cursor),
        cmocka_unit_test(panning_moves_by_pixels),
        cmocka_unit_test(a_glide_ends_where_it_should_and_keeps_what_both_show),
        cmocka_unit_test(a_picture_is_never_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
