// The noise of gradients against what it must be on average, from plain loops; methods that are the same; going on
// after an interrupt with the same bits.
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

#include "base/arena.h"
#include "base/file.h"
#include "base/task.h"
#include "lab/noise.h"
#include "small_net.h"

enum { IMAGES = 40, TESTS = 10, HIDDEN = 6, SIZES = 2 };
static const uint32_t sizes[SIZES] = {8, 5};

static struct dataset data, test;
static struct network deep[SIZES], flat[SIZES]; // with a hidden layer, and without
static char folder[64], stem[100];

// ---- small networks and data --------------------------------------------------------------------------------------

static struct graph *net(uint32_t batch, uint32_t width) {
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex h = leaf(g, "x", SHAPE(batch, PIXELS), false);
    if (width) h = add(g, OP_RELU, add(g, OP_MATMUL, h, leaf(g, "W1", SHAPE(PIXELS, width), true)), VERTEX_NONE);
    vertex w = leaf(g, width ? "W2" : "W1", SHAPE(width ? width : PIXELS, CLASSES), true);
    vertex s = add(g, OP_ADD, add(g, OP_MATMUL, h, w), leaf(g, "b", SHAPE(CLASSES), true));
    struct tensor_source source = {.kind = SOURCE_LABELS, .scale = CLASSES, .draw = g->count};
    vertex y = graph_tensor_input(g, symbol_of(symbols, "y", 1), SHAPE(batch), &source, false, 0, &error);
    assert_true(graph_output(g, add(g, OP_NLL, add(g, OP_LOG_SOFTMAX, s, VERTEX_NONE), y), 0, &error));
    return g;
}

static struct noise_method method(const struct network *network, enum keep_method how, double fraction, bool distinct,
                                  int size) {
    return (struct noise_method){
        {.method = how, .fraction = fraction, .distinct = distinct}, sizes[size], &network[size]};
}

static struct noise_plan plan_of(const struct network *network, uint32_t draws) {
    return (struct noise_plan){.train = {.batch = sizes[0],
                                         .iterations = 6,
                                         .rate = 0.01,
                                         .gamma = 1,
                                         .report = 2,
                                         .train_images = 10,
                                         .test_images = 10,
                                         .seed = 3,
                                         .keep = {.method = KEEP_EXACT, .fraction = 1}},
                               .network = network,
                               .checkpoint = {0, 6},
                               .checkpoints = 2,
                               .images = IMAGES,
                               .draws = draws,
                               .seed = 3};
}

static struct noise_run *begin(const struct noise_plan *plan, const char *where) {
    struct noise_run *run = noise_new(plan, &data, &test, where, &error);
    assert_non_null(run);
    return run;
}

// ---- against plain loops ------------------------------------------------------------------------------------------

static void pixels_of(uint32_t image, double x[PIXELS]) {
    for (uint32_t i = 0; i < PIXELS; i++)
        x[i] = (data.pixel[image * PIXELS + i] / 255.0 - data.mean[0]) / data.deviation[0];
}

// How the loss of an image moves with each of the network's sums: softmax less the label.
static void adjoint_of(const float *w, const float *b, uint32_t image, double g[CLASSES]) {
    double x[PIXELS], sum = 0;
    pixels_of(image, x);
    for (uint32_t c = 0; c < CLASSES; c++) {
        g[c] = (double)b[c];
        for (uint32_t i = 0; i < PIXELS; i++) g[c] += x[i] * (double)w[i * CLASSES + c];
        sum += g[c] = exp(g[c]);
    }
    for (uint32_t c = 0; c < CLASSES; c++) g[c] = g[c] / sum - (c == data.label[image]);
}

struct expected {
    double loss, mean_square; // of the whole gradient
    double spread;            // mean squared distance of one image's gradient from it
    double square;            // mean over images of the sum of the gradient's squares, an entry
};

static struct expected expect(const float *w, const float *b) {
    struct expected e = {0};
    double whole[PIXELS * CLASSES] = {0}, x[PIXELS], g[CLASSES];
    for (uint32_t k = 0; k < IMAGES; k++) {
        pixels_of(k, x);
        adjoint_of(w, b, k, g);
        e.loss -= log(g[data.label[k]] + 1) / IMAGES;
        for (int i = 0; i < PIXELS * CLASSES; i++) {
            double one = x[i / CLASSES] * g[i % CLASSES];
            whole[i] += one / IMAGES;
            e.square += one * one / IMAGES / (PIXELS * CLASSES);
        }
    }
    for (int i = 0; i < PIXELS * CLASSES; i++) e.mean_square += whole[i] * whole[i] / (PIXELS * CLASSES);
    e.spread = e.square - e.mean_square;
    return e;
}

static vertex input_named(const struct graph *g, const char *name) {
    for (uint32_t i = 0; i < g->input_count; i++)
        if (strcmp(symbol_text(g->symbols, g->name[g->input[i]]), name) == 0) return g->input[i];
    return VERTEX_NONE;
}

static void assert_about(const struct noise *n, double expected) {
    double mean = noise_mean(n, 0), bar = noise_error(n, 0);
    assert_true(bar < 0.05 * mean);               // enough draws to tell anything
    assert_true(fabs(mean - expected) < 6 * bar); // of a mean of 4000: beyond 1 in 10^8
}

// A batch of B has a B-th of the spread over images. Sampling k of n entries with replacement adds (n - 1)/k of the
// mean square, a B-th of it if each image has a sample of its own; without replacement (n - k)/k.
static void noise_is_what_it_must_be_on_average(void **state) {
    (void)state;
    struct noise_plan plan = plan_of(flat, 4000);
    double n = PIXELS, k = keep_count(PIXELS, 0.5);
    plan.methods = 4;
    plan.method[0] = method(flat, KEEP_EXACT, 1, false, 0);
    plan.method[1] = method(flat, KEEP_EXACT, 1, false, 1);
    plan.method[2] = method(flat, KEEP_DIFFERENT, 0.5, false, 0);
    plan.method[3] = method(flat, KEEP_DIFFERENT, 0.5, true, 1);
    struct noise_run *run = begin(&plan, NULL);
    assert_int_equal(noise_layers(run), 1);
    assert_true(noise_go(run, &error));
    const struct graph *g = flat[0].train;
    struct expected e = expect(train_parameter(noise_train(run), input_named(g, "W1")),
                               train_parameter(noise_train(run), input_named(g, "b")));
    const struct noise_checkpoint *last = noise_at(run, 1);
    assert_true(fabs(last->loss - e.loss) < 1e-6); // floats against doubles
    assert_true(fabs(last->mean_square[0] - e.mean_square) < 1e-5 * e.mean_square);
    assert_about(&last->noise[0], e.spread / sizes[0]);
    assert_about(&last->noise[1], e.spread / sizes[1]);
    assert_about(&last->noise[2], (e.spread + (n - 1) / k * e.square) / sizes[0]);
    assert_about(&last->noise[3], (e.spread + (n - k) / k * e.square) / sizes[1]);
    assert_true(noise_at(run, 0)->loss > last->loss); // it has learned between the checkpoints
    noise_free(run);
}

// All of it, drawn without replacement, is all of it: the same numbers as exactly, to rounding.
static void a_sample_of_everything_is_exact(void **state) {
    (void)state;
    struct noise_plan plan = plan_of(deep, 20);
    plan.methods = 4;
    plan.method[0] = method(deep, KEEP_EXACT, 1, false, 0);
    plan.method[1] = method(deep, KEEP_DIFFERENT, 1, true, 0);
    plan.method[2] = method(deep, KEEP_SAME, 1, true, 0);
    plan.method[3] = method(deep, KEEP_DIFFERENT, 0.3, true, 0);
    struct noise_run *run = begin(&plan, NULL);
    assert_true(noise_go(run, &error));
    assert_int_equal(noise_layers(run), 2);
    for (uint32_t c = 0; c < 2; c++)
        for (uint32_t l = 0; l < 2; l++) {
            const struct noise *n = noise_at(run, c)->noise;
            double exact = noise_mean(&n[0], l);
            assert_true(exact > 0);
            assert_true(fabs(noise_mean(&n[1], l) - exact) < 1e-5 * exact);
            assert_true(fabs(noise_mean(&n[2], l) - exact) < 1e-5 * exact);
            assert_true(noise_mean(&n[3], l) > 1.5 * exact);
            assert_true(n[3].held < n[0].held && n[3].held == n[3].planned);
        }
    noise_free(run);
}

// ---- going on -----------------------------------------------------------------------------------------------------

static struct noise_plan plan_to_stop(void) {
    struct noise_plan plan = plan_of(deep, 300);
    plan.methods = 2;
    plan.method[0] = method(deep, KEEP_SAME, 0.3, false, 0);
    plan.method[1] = method(deep, KEEP_EXACT, 1, false, 1);
    return plan;
}

static bool same_numbers(const struct noise_run *a, const struct noise_run *b) {
    for (uint32_t c = 0; c < 2; c++)
        if (memcmp(noise_at(a, c), noise_at(b, c), sizeof *noise_at(a, c)) != 0) return false;
    return true;
}

static void ring(int signal) { // Ctrl-C at any moment
    (void)signal;
    task_interrupt();
}

static void set_alarm(long microseconds) {
    struct itimerval in = {.it_value = {microseconds / 1000000, microseconds % 1000000}};
    assert_int_equal(setitimer(ITIMER_REAL, &in, NULL), 0);
}

// Interrupted again and again, each time taken up by another run from what is on disk: nothing that counts is done
// twice, and the numbers are those of a run that went through, to the bit.
static void an_interrupt_costs_nothing(void **state) {
    (void)state;
    struct noise_plan plan = plan_to_stop();
    struct noise_run *through = begin(&plan, NULL);
    assert_true(noise_go(through, &error));
    double worked = 0;
    long stops = 0;
    signal(SIGALRM, ring);
    for (bool done = false; !done; stops++) {
        struct noise_run *run = begin(&plan, stem);
        task_begin();
        set_alarm(300 * (stops + 1));
        done = noise_go(run, &error);
        set_alarm(0);
        task_begin();
        assert_true(done || error.kind == ERROR_INTERRUPT);
        error_clear(&error);
        worked += noise_worked(run);
        if (done) assert_true(same_numbers(run, through));
        noise_free(run);
    }
    assert_true(stops > 3);
    assert_true(worked <= noise_worked(through));
    struct noise_run *again = begin(&plan, stem); // all is there
    assert_true(noise_go(again, &error) && noise_worked(again) == 0);
    assert_true(same_numbers(again, through));
    noise_free(again);
    noise_free(through);
}

// What another plan has measured is not taken for this one's, nor what a damaged file says.
static void other_files_are_not_used(void **state) {
    (void)state;
    struct noise_plan plan = plan_to_stop(), other = plan;
    struct noise_run *run = begin(&plan, stem);
    assert_true(noise_go(run, &error));
    other.draws++;
    struct noise_run *changed = begin(&other, stem);
    assert_int_equal(noise_at(changed, 0)->noise[0].draws, 0);
    noise_free(changed);
    other = plan;
    other.method[0].keep.distinct = true;
    changed = begin(&other, stem);
    assert_int_equal(noise_at(changed, 0)->noise[0].draws, 0);
    noise_free(changed);
    char path[120];
    size_t size;
    snprintf(path, sizeof path, "%s.noise", stem);
    char *text = file_read(path, &size, &error);
    assert_non_null(text);
    text[size / 2] ^= 1;
    for (int cut = 0; cut < 2; cut++) {
        assert_true(file_write(path, text, cut ? size / 3 : size, &error));
        changed = begin(&plan, stem);
        assert_int_equal(noise_at(changed, 0)->noise[0].draws, 0);
        assert_true(noise_go(changed, &error)); // from the start, though the network is ahead
        assert_true(same_numbers(changed, run));
        noise_free(changed);
    }
    mem_free(text);
    noise_free(run);
}

static void plans_that_are_none_are_refused(void **state) {
    (void)state;
    struct noise_plan plan = plan_to_stop();
    plan.images = IMAGES - 1; // no whole batches
    assert_null(noise_new(&plan, &data, &test, NULL, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    error_clear(&error);
    plan = plan_to_stop();
    plan.checkpoint[1] = 3; // between two reports
    assert_null(noise_new(&plan, &data, &test, NULL, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    error_clear(&error);
}

static int make_all(void **state) {
    (void)state;
    symbols = symbols_new();
    data = make_data(IMAGES, 1);
    test = make_data(TESTS, 2);
    for (int s = 0; s < SIZES; s++) {
        deep[s] = (struct network){net(sizes[s], HIDDEN), net(10, HIDDEN), 10};
        flat[s] = (struct network){net(sizes[s], 0), net(10, 0), 10};
    }
    snprintf(folder, sizeof folder, "/tmp/bauer-noise-XXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(stem, sizeof stem, "%s/tiny", folder);
    return 0;
}

static int drop_all(void **state) {
    (void)state;
    char path[120];
    for (int s = 0; s < SIZES; s++) {
        graph_drop(deep[s].train), graph_drop(deep[s].evaluate);
        graph_drop(flat[s].train), graph_drop(flat[s].evaluate);
    }
    snprintf(path, sizeof path, "%s.run", stem);
    unlink(path);
    snprintf(path, sizeof path, "%s.noise", stem);
    unlink(path);
    free(data.pixel), free(data.label), free(test.pixel), free(test.label);
    symbols_free(symbols);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_what_it_must_be_on_average), cmocka_unit_test(a_sample_of_everything_is_exact),
        cmocka_unit_test(an_interrupt_costs_nothing),          cmocka_unit_test(other_files_are_not_used),
        cmocka_unit_test(plans_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, make_all, drop_all);
}
