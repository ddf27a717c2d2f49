// Figures: the numbers behind the pictures, and stopping them.
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/chart.h"
#include "base/arena.h"
#include "base/task.h"
#include "lab/data.h"

// The figure's record; its files lie in a folder of their own.
static json_t *figure(struct session *session, const char *line, struct scene *scene) {
    char message[256];
    struct error error = {0};
    struct buffer out = {0};
    session->output.json = true;
    session->output.capture = &out;
    assert_int_equal(session_run(session, "<test>", line, strlen(line), 1), 0);
    assert_non_null(session->chart);
    assert_true(chart_scene(session->chart, THEME_LIGHT, scene, message, &error));
    session->output.capture = NULL;
    buffer_free(&out);
    json_t *record = json_loads(session->chart->json, 0, NULL);
    assert_non_null(record);
    return record;
}

static uint32_t count_items(const struct scene *scene, enum scene_kind kind) {
    uint32_t count = 0;
    for (size_t i = 0; i < scene->count; i++) count += scene->item[i].kind == kind;
    return count;
}

static void figure_3_tells_what_each_factor_remembers(void **state) {
    (void)state;
    struct session *s = session_new(NULL);
    struct scene scene;
    json_t *record = figure(s, ":figure 3", &scene), *factors = json_object_get(record, "factors");
    // One datum of 784 numbers and one of 300, whole or a tenth (79 and 30 of them); a bit an entry of relu in words.
    static const json_int_t exact[] = {40, 0, 0, 3136, 1200}, tenth[] = {40, 0, 40, 316, 120};
    assert_int_equal(json_array_size(factors), 5);
    for (size_t f = 0; f < 5; f++) {
        const json_t *factor = json_array_get(factors, f);
        assert_int_equal(json_integer_value(json_object_get(factor, "exact")), exact[f]);
        assert_int_equal(json_integer_value(json_object_get(factor, "tenth")), tenth[f]);
        assert_int_equal(json_is_true(json_object_get(factor, "sampled")), f >= 3);
    }
    const json_t *paths = json_object_get(record, "paths");
    assert_int_equal(json_array_size(json_array_get(paths, 0)), 5);
    assert_int_equal(json_array_size(json_array_get(paths, 1)), 3);
    // Two panels of 5 inputs, 9 vertices and the loss.
    assert_int_equal(count_items(&scene, SCENE_ELLIPSE) + count_items(&scene, SCENE_RECT), 2 * 15);
    json_decref(record);
    scene_clear(&scene);
    session_free(s);
}

// The mean of n samples is one sample's error over the root of n away: at n = 1000 the squared distance, a sum over
// 400 and more numbers of nearly independent errors, is within a factor of 1.5 of its mean for all but 1 in 10^6 seeds.
static void figure_4_samples_without_bias(void **state) {
    (void)state;
    struct error missing = {0};
    if (!data_there("fashion-mnist", NULL, &missing)) {
        print_message("SKIPPED: %s\n", missing.message);
        skip();
    }
    struct session *s = session_new(NULL);
    struct scene scene;
    json_t *record = figure(s, ":set seed 7\n:figure 4\n", &scene), *layers = json_object_get(record, "layers"), *layer;
    size_t l;
    assert_int_equal(json_array_size(layers), 2);
    json_array_foreach(layers, l, layer) {
        const json_t *cells = json_object_get(layer, "cells"), *errors = json_object_get(layer, "errors");
        assert_int_equal(json_integer_value(json_object_get(layer, "kept")), 79);
        assert_int_equal(json_integer_value(json_object_get(layer, "length")), 784);
        assert_int_equal(json_array_size(cells), l == 0 ? 79 : 4 * 79);
        for (size_t i = 0; i < json_array_size(cells); i++)
            assert_true(json_integer_value(json_array_get(cells, i)) < (l == 0 ? 784 : 4 * 784));
        const json_t *last = json_array_get(errors, json_array_size(errors) - 1);
        assert_int_equal(json_integer_value(json_array_get(last, 0)), 1000);
        double is = json_real_value(json_array_get(last, 1)), expected = json_real_value(json_array_get(last, 2));
        assert_true(is / expected < 1.5 && expected / is < 1.5);
        assert_true(expected < 0.2);
    }
    assert_int_equal(json_integer_value(json_object_get(json_array_get(layers, 0), "bytes")), 79 * 4);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(layers, 1), "bytes")), 16 * 79 * 4);
    assert_int_equal(json_integer_value(json_object_get(record, "mask_bytes")), 16 * 784 / 8);
    assert_true(count_items(&scene, SCENE_IMAGE) >= 3 + 8 + 3); // (a), the gradients, and their scales
    json_decref(record);
    scene_clear(&scene);
    session_free(s);
}

// CIFAR-10's files with a few images: 3 bytes of 1024 pixels that lean to their label.
static void write_images(const char *name, uint32_t count, uint32_t salt) {
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t label = (i * 7 + salt) % 10;
        fputc((int)label, file);
        for (uint32_t p = 0; p < 3072; p++)
            fputc((int)((i * 29 + p * 53 + p * p * salt) % 100 + (p % 10 == label ? 100 : 0)), file);
    }
    assert_int_equal(fclose(file), 0);
}

static uint32_t count_lines(const char *text, const char *with) {
    uint32_t count = 0;
    for (; (text = strstr(text, with)); text += strlen(with)) count++;
    return count;
}

// A small network in the place of the paper's, which would take minutes; the figure is the same.
static const char small_network[] = "def convolutional(x, y):\n"
                                    "    a = reshape(x, -1, 3072)\n"
                                    "    W1 = param(3072, 6)\n"
                                    "    W2 = param(6, 6)\n"
                                    "    W3 = param(6, 6)\n"
                                    "    W4 = param(6, 6)\n"
                                    "    W5 = param(6, 10)\n"
                                    "    a = relu(relu(relu(a @ W1) @ W2) @ W3)\n"
                                    "    return nll(log_softmax(relu(a @ W4) @ W5), y)\n"
                                    "\n";

static void figure_5_says_what_was_measured(void **state) {
    (void)state;
    struct session *s = session_new(NULL);
    struct scene scene;
    char *json = NULL;
    write_images("data_batch_1.bin", 310, 1);
    write_images("test_batch.bin", 40, 2);
    assert_int_equal(session_run(s, "<test>", small_network, strlen(small_network), 1), 0);
    for (int again = 0; again < 2; again++) { // the second time from what the first has kept
        json_t *record = figure(s, ":set seed 4\n:figure 5 quick dir .\n", &scene), *point, *how;
        json_t *list = json_object_get(record, "checkpoints");
        size_t c, e;
        assert_int_equal(json_integer_value(json_object_get(record, "seed")), 4);
        assert_int_equal(json_integer_value(json_object_get(record, "images")), 300); // whole batches of 150
        assert_int_equal(json_integer_value(json_object_get(record, "training_images")), 310);
        assert_string_equal(json_string_value(json_object_get(record, "data")), "cifar10");
        assert_int_equal(json_array_size(list), 3);
        json_array_foreach(list, c, point) {
            const json_t *methods = json_object_get(point, "estimators");
            assert_int_equal(json_integer_value(json_object_get(point, "iteration")), c == 0 ? 0 : c == 1 ? 40 : 200);
            assert_int_equal(json_array_size(methods), 5);
            json_array_foreach(methods, e, how) {
                assert_int_equal(json_integer_value(json_object_get(how, "draws")), 16);
                assert_int_equal(json_array_size(json_object_get(how, "noise")), 5);
                assert_true(json_number_value(json_array_get(json_object_get(how, "noise"), 4)) > 0);
                assert_int_equal(json_integer_value(json_object_get(how, "held")),
                                 json_integer_value(json_object_get(how, "predicted")));
            }
        }
        assert_int_equal(count_lines(s->chart->csv, "\n"), 1 + 3 * 5 * 5);
        assert_int_equal(count_lines(s->chart->csv, "\"different sample 0.1, 300\",different,0.1,300,"), 3 * 5);
        assert_int_equal(count_lines(scene.description, "300 of 310 training images"), 1);
        assert_int_equal(count_lines(scene.description, "seed 4"), 1);
        if (again) assert_string_equal(s->chart->json, json);
        if (!again) json = strdup(s->chart->json);
        json_decref(record);
        scene_clear(&scene);
    }
    free(json);
    session_free(s);
    static const char *const made[] = {"data_batch_1.bin", "test_batch.bin", "figure-5.runs/quick.run",
                                       "figure-5.runs/quick.noise"};
    for (size_t i = 0; i < 4; i++) assert_int_equal(unlink(made[i]), 0);
    assert_int_equal(rmdir("figure-5.runs"), 0);
}

static void put_word(FILE *file, uint32_t word) {
    for (int byte = 24; byte >= 0; byte -= 8) fputc((int)(word >> byte & 255), file);
}

// MNIST's files with a few images.
static void write_digits(const char *set, uint32_t count) {
    static const char *const endings[] = {"images-idx3-ubyte", "labels-idx1-ubyte"};
    for (int which = 0; which < 2; which++) {
        char name[60];
        snprintf(name, sizeof name, "%s-%s", set, endings[which]);
        FILE *file = fopen(name, "wb");
        assert_non_null(file);
        put_word(file, which ? 2049 : 2051);
        put_word(file, count);
        for (int side = 0; side < 2 && !which; side++) put_word(file, 28);
        for (uint32_t i = 0; i < (which ? count : count * 784); i++)
            fputc((int)(which ? i * 7 % 10 : i * 53 % 100 + (i % 10 == i / 784 * 7 % 10 ? 100 : 0)), file);
        assert_int_equal(fclose(file), 0);
    }
}

static void ring(int signal) { // Ctrl-C
    (void)signal;
    task_interrupt();
}

// Ctrl-C at any moment, also while checkpoints are read: there is a figure of what there was or none, and the same line
// goes on.
static void a_figure_is_stopped_at_any_moment(void **state) {
    (void)state;
    static const char line[] = ":figure 8 quick only fully_connected data mnist dir . iterations 20 seeds 1";
    static const char small[] = "def fully_connected(x, y):\n"
                                "    W1 = param(784, 6)\n"
                                "    W2 = param(6, 10)\n"
                                "    return nll(log_softmax(relu(x @ W1) @ W2), y)\n"
                                "\n";
    struct session *s = session_new(NULL);
    struct buffer out = {0};
    write_digits("train", 200);
    write_digits("t10k", 40);
    s->output.json = true;
    s->output.capture = &out;
    assert_int_equal(session_run(s, "<test>", small, strlen(small), 1), 0);
    signal(SIGALRM, ring);
    uint32_t stopped = 0;
    for (long at = 4000;; at += at / 2) { // microseconds
        struct itimerval in = {.it_value = {at / 1000000, at % 1000000}}, never = {0};
        setitimer(ITIMER_REAL, &in, NULL);
        int failed = session_run(s, "<test>", line, strlen(line), 1);
        setitimer(ITIMER_REAL, &never, NULL);
        bool done = !failed && s->chart && !s->chart->unfinished;
        stopped += !done;
        task_begin();
        if (done) break;
    }
    assert_true(stopped > 2);
    json_t *record = json_loads(s->chart->json, 0, NULL);
    const json_t *runs = json_object_get(json_array_get(json_object_get(record, "parts"), 1), "runs"), *run;
    size_t i;
    assert_true(json_is_true(json_object_get(record, "finished")));
    assert_int_equal(json_array_size(runs), 5);
    json_array_foreach(runs, i, run) assert_int_equal(json_array_size(json_object_get(run, "reports")), 11);
    json_decref(record);
    s->output.capture = NULL;
    buffer_free(&out);
    session_free(s);
    assert_int_equal(system("rm -r figure.runs *-ubyte"), 0);
}

// Ctrl-C ends all of its sweeps, and the caption tells how much there is.
static void figure_2_says_that_it_was_stopped(void **state) {
    (void)state;
    static const char line[] = ":figure 2 full";
    struct session *s = session_new(NULL);
    struct buffer out = {0};
    struct scene scene;
    struct error error = {0};
    char message[256], told[80];
    s->output.capture = &out;
    signal(SIGALRM, ring);
    int failed = 1;
    for (long at = 20000; failed; at *= 2) { // microseconds, until a cell is done
        struct itimerval in = {.it_value = {at / 1000000, at % 1000000}}, never = {0};
        setitimer(ITIMER_REAL, &in, NULL);
        buffer_clear(&out);
        failed = session_run(s, "<test>", line, strlen(line), 1);
        setitimer(ITIMER_REAL, &never, NULL);
        task_begin();
    }
    json_t *record = json_loads(s->chart->json, 0, NULL), *sweep;
    size_t i, done = 0;
    json_array_foreach(json_object_get(record, "sweeps"), i, sweep) done +=
        json_array_size(json_object_get(sweep, "rows"));
    assert_true(done > 0 && done < 144);
    assert_int_equal(json_integer_value(json_object_get(record, "interrupted_of")), 144);
    snprintf(told, sizeof told, "Stopped: %zu of 144 cells are done.", done);
    assert_non_null(strstr(buffer_string(&out), told));
    assert_int_equal(s->chart->panel_count, 3);
    assert_true(chart_scene(s->chart, THEME_LIGHT, &scene, message, &error));
    assert_non_null(strstr(scene.description, told));
    json_decref(record);
    scene_clear(&scene);
    s->output.capture = NULL;
    buffer_free(&out);
    session_free(s);
}

static int enter_folder(void **state) {
    (void)state;
    static char name[] = "/tmp/bauer-figure-XXXXXX";
    return mkdtemp(name) && chdir(name) == 0 ? 0 : 1;
}

static int leave_folder(void **state) {
    (void)state;
    static const char *const names[] = {"2.svg",  "2.csv", "2.json", "8.svg",  "8.csv", "8.json", "3.svg", "3.csv",
                                        "3.json", "4.svg", "4.csv",  "4.json", "5.svg", "5.csv",  "5.json"};
    char folder[200], path[64];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "figure-%s", names[i]);
        if (unlink(path) != 0 && (names[i][0] != '4' || data_there("fashion-mnist", NULL, NULL)))
            return 1; // each was written
    }
    return !(getcwd(folder, sizeof folder) && chdir("/") == 0 && rmdir(folder) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figure_3_tells_what_each_factor_remembers),
        cmocka_unit_test(figure_4_samples_without_bias),
        cmocka_unit_test(figure_5_says_what_was_measured),
        cmocka_unit_test(a_figure_is_stopped_at_any_moment),
        cmocka_unit_test(figure_2_says_that_it_was_stopped),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
