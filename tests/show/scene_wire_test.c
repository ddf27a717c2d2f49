// A scene goes over the wire and comes out the same; anything else is refused, whatever its bytes.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "show/scene_wire.h"

static void draw(struct scene *scene) {
    scene_init(scene);
    scene->width = 200;
    scene->height = 100;
    scene->background = 0xFAFAFDFF;
    scene->title = mem_text("a graph", 7);
    scene_group(scene, TAG_VERTEX, 7, "a = exp(x1)");
    scene_ellipse(scene, 50, 40, 30, 30, 0xFFFFFFFF, 0x112233FF, 1.5);
    scene_text(scene, 50, 45, "x_{1}^{2} *θ*", 14, 0x000000FF, ANCHOR_MIDDLE, FONT_SANS);
    scene_end(scene);
    scene_group(scene, TAG_EDGE, 3, NULL);
    scene_path(scene, (struct point[]){{0, 0}, {1, 2}, {3, 4}, {5, 6}}, 4, 0x445566FF, 1, true);
    scene_rect(scene, 1, 2, 3, 4, 1, 0, 0x778899FF, 0.5);
    scene_end(scene);
    scene_image(scene, 10, 20, 30, 40, 2, 3, (colour[]){1, 2, 3, 4, 5, 6});
}

static void assert_same(const struct scene *a, const struct scene *b) {
    struct buffer x = {0}, y = {0};
    scene_trace(a, &x);
    scene_trace(b, &y);
    assert_string_equal(buffer_string(&x), buffer_string(&y));
    buffer_free(&x);
    buffer_free(&y);
}

static void a_scene_comes_out_as_it_went_in(void **state) {
    (void)state;
    struct scene scene, copy;
    struct buffer bytes = {0};
    draw(&scene);
    assert_true(scene_encode(&scene, &bytes));
    assert_true(scene_decode(bytes.data, bytes.size, &copy));
    assert_same(&scene, &copy);
    assert_string_equal(copy.title, "a graph");
    assert_null(copy.description);
    assert_string_equal(copy.item[0].title, "a = exp(x1)");
    scene_clear(&scene);
    scene_clear(&copy);
    buffer_free(&bytes);
}

// Every cut, and thousands of single changed bytes: refused, or a scene that can be drawn; never a crash (the
// sanitizers look on).
static void damaged_bytes_do_no_harm(void **state) {
    (void)state;
    struct scene scene, copy;
    struct buffer bytes = {0};
    draw(&scene);
    assert_true(scene_encode(&scene, &bytes));
    for (size_t size = 0; size < bytes.size; size++) assert_false(scene_decode(bytes.data, size, &copy));
    int refused = 0;
    for (size_t at = 0; at < bytes.size; at++)
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[at] ^= (char)(1 << bit);
            if (scene_decode(bytes.data, bytes.size, &copy)) {
                for (size_t i = 0; i < copy.count; i++) assert_true(isfinite(copy.item[i].x));
                scene_clear(&copy);
            } else {
                refused++;
            }
            bytes.data[at] ^= (char)(1 << bit);
        }
    assert_true(refused > 100);
    scene_clear(&scene);
    buffer_free(&bytes);
}

static void no_memory_is_no_scene(void **state) {
    (void)state;
    struct scene scene, copy;
    struct buffer bytes = {0};
    draw(&scene);
    assert_true(scene_encode(&scene, &bytes));
    for (size_t n = 1;; n++) {
        mem_fail_after(n);
        bool ok = scene_decode(bytes.data, bytes.size, &copy);
        mem_fail_after(0);
        if (!ok) continue;
        scene_clear(&copy);
        assert_true(n > 3);
        break;
    }
    scene_clear(&scene);
    buffer_free(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scene_comes_out_as_it_went_in),
        cmocka_unit_test(damaged_bytes_do_no_harm),
        cmocka_unit_test(no_memory_is_no_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
