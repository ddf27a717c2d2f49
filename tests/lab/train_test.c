// Training: steps against plain loops, evaluation over exactly what is said, continuation with the same bits, and
// checkpoints that are not to be trusted.
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/task.h"
#include "lab/train_private.h"
#include "small_net.h"

enum { IMAGES = 57, TESTS = 23, EVALUATE = 10 };

static struct dataset data, test;
static char folder[64], path[100];

// ---- small networks and data ------------------------------------------------------------------------------------

// A hidden layer of `width`, or none for 0.
static struct graph *net(uint32_t batch, uint32_t width, uint32_t classes) {
    struct graph *g = graph_new(symbols, 1000, &error);
    vertex h = leaf(g, "x", SHAPE(batch, PIXELS), false);
    if (width) {
        h = add(g, OP_MATMUL, h, leaf(g, "W1", SHAPE(PIXELS, width), true));
        h = add(g, OP_RELU, add(g, OP_ADD, h, leaf(g, "b1", SHAPE(width), true)), VERTEX_NONE);
    }
    vertex w = leaf(g, "W", SHAPE(width ? width : PIXELS, classes), true);
    vertex s = add(g, OP_ADD, add(g, OP_MATMUL, h, w), leaf(g, "b", SHAPE(classes), true));
    struct tensor_source source = {.kind = SOURCE_LABELS, .scale = CLASSES, .draw = g->count};
    vertex y = graph_tensor_input(g, symbol_of(symbols, "y", 1), SHAPE(batch), &source, false, 0, &error);
    assert_true(graph_output(g, add(g, OP_NLL, add(g, OP_LOG_SOFTMAX, s, VERTEX_NONE), y), 0, &error));
    return g;
}

static struct network make(uint32_t batch, uint32_t width) {
    return (struct network){net(batch, width, CLASSES), net(EVALUATE, width, CLASSES), EVALUATE};
}

static void drop(struct network *network) {
    graph_drop(network->train);
    graph_drop(network->evaluate);
}

static struct train_options options_for(uint32_t batch) {
    return (struct train_options){.batch = batch,
                                  .iterations = 50,
                                  .rate = 0.01,
                                  .gamma = 0.5,
                                  .drop = 20,
                                  .report = 7,
                                  .seed = 5,
                                  .keep = {.method = KEEP_EXACT, .fraction = 1}};
}

static struct train *begin(const struct network *network, const struct train_options *options) {
    struct train *t = train_new(network, &data, &test, options, &error);
    assert_non_null(t);
    return t;
}

static void run_to(struct train *t, uint64_t iteration) { // exactly: a piece of no time is one iteration
    while (train_iteration(t) < iteration) assert_true(train_on(t, 0, &error));
}

static void finish(struct train *t) {
    while (!train_done(t)) assert_true(train_on(t, 10, &error));
}

// ---- against plain loops ----------------------------------------------------------------------------------------

struct plain { // a layer of log-softmax: W (pixels x classes), then b
    double w[PIXELS * CLASSES + CLASSES];
};

static struct plain plain_of(const struct train *t) {
    struct plain p;
    assert_int_equal(t->slot_count, 2);
    for (int i = 0; i < PIXELS * CLASSES; i++) p.w[i] = (double)t->slot[0].value[i];
    for (int i = 0; i < CLASSES; i++) p.w[PIXELS * CLASSES + i] = (double)t->slot[1].value[i];
    return p;
}

// Loss of an image and whether it is right; adds its gradient, times `weight`.
static double image_loss(const struct plain *p, const struct dataset *d, uint32_t image, bool *right, double *gradient,
                         double weight) {
    double x[PIXELS], s[CLASSES], sum = 0;
    int best = 0, label = d->label[image];
    for (int i = 0; i < PIXELS; i++)
        x[i] = (d->pixel[image * PIXELS + (uint32_t)i] / 255.0 - d->mean[0]) / d->deviation[0];
    for (int c = 0; c < CLASSES; c++) {
        s[c] = p->w[PIXELS * CLASSES + c];
        for (int i = 0; i < PIXELS; i++) s[c] += x[i] * p->w[i * CLASSES + c];
        sum += exp(s[c]);
        if (s[c] > s[best]) best = c;
    }
    for (int c = 0; gradient && c < CLASSES; c++) {
        double d_s = weight * (exp(s[c]) / sum - (c == label));
        for (int i = 0; i < PIXELS; i++) gradient[i * CLASSES + c] += d_s * x[i];
        gradient[PIXELS * CLASSES + c] += d_s;
    }
    *right = best == label;
    return log(sum) - s[label];
}

// Means over exactly so many images, also where they are no multiple of the batch.
static void evaluation_is_exact(void **state) {
    (void)state;
    struct network network = make(8, 0);
    for (uint32_t most = 0; most <= IMAGES + 3; most += 3) {
        struct train_options o = options_for(8);
        o.bootstrap = most % 2;
        o.train_images = o.test_images = most;
        struct train *t = begin(&network, &o);
        assert_true(train_on(t, 0, &error));
        struct plain p = plain_of(t);
        size_t count;
        const struct train_report *r = train_reports(t, &count);
        assert_int_equal(count, 1);
        assert_int_equal(r->iteration, 0);
        for (int which = 0; which < 2; which++) {
            const struct dataset *d = which ? &test : &data;
            uint32_t images = most && most < d->count ? most : d->count, all = 0;
            double loss = 0;
            for (uint32_t i = 0; i < images; i++) {
                bool right;
                loss += image_loss(&p, d, which ? i : t->drawn[i], &right, NULL, 0);
                all += right;
            }
            assert_true(fabs((which ? r->test_loss : r->loss) - loss / images) < 2e-6); // floats against doubles
            assert_true((which ? r->test_accuracy : r->accuracy) == (double)all / images);
        }
        train_free(t);
    }
    drop(&network);
}

// As many as there are, each equally likely: how often each image is drawn over many seeds, by chi squared.
static void bootstrap_draws_evenly(void **state) {
    (void)state;
    enum { SEEDS = 300 };
    uint32_t times[IMAGES] = {0};
    struct network network = make(8, 0);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct train_options o = options_for(8);
        o.bootstrap = true;
        o.seed = seed;
        struct train *t = begin(&network, &o);
        for (uint32_t i = 0; i < IMAGES; i++) times[t->drawn[i]]++;
        train_free(t);
    }
    double chi = 0;
    for (uint32_t i = 0; i < IMAGES; i++) chi += pow((double)times[i] - SEEDS, 2) / SEEDS;
    // 56 degrees of freedom, deviation sqrt(112): the chance of beyond 120 or below 18 is under 1e-6
    assert_true(chi > 18 && chi < 120);
    drop(&network);
}

// The losses of a whole training with what backward remembers kept in this way.
static void losses_of(const struct network *network, struct keep keep, double loss[8]) {
    struct train_options o = options_for(8);
    o.optimizer = OPTIMIZER_SGD;
    o.rate = 0.2;
    o.decay = 0.001;
    o.bootstrap = true;
    o.keep = keep;
    struct train *t = begin(network, &o);
    finish(t);
    size_t count;
    const struct train_report *r = train_reports(t, &count);
    assert_int_equal(count, 9); // at 0, 7, ..., 49 and 50
    for (int i = 0; i < 8; i++) loss[i] = r[i + 1].loss;
    train_free(t);
}

// Figure 10's end: fraction 1 is exact training, bit for bit. All 12 and 9 places drawn without replacement (a fraction
// just below 1 keeps them all, but samples) are it to rounding; with replacement they are not.
static void the_whole_without_replacement_is_exact(void **state) {
    (void)state;
    struct network network = make(8, 9);
    double exact[8], one[8], distinct[8], repeated[8], far = 0;
    losses_of(&network, (struct keep){.method = KEEP_EXACT, .fraction = 1}, exact);
    losses_of(&network, (struct keep){.method = KEEP_DIFFERENT, .fraction = 1, .distinct = true}, one);
    losses_of(&network, (struct keep){.method = KEEP_DIFFERENT, .fraction = 0.9999, .distinct = true}, distinct);
    losses_of(&network, (struct keep){.method = KEEP_DIFFERENT, .fraction = 0.9999}, repeated);
    for (int i = 0; i < 8; i++) {
        assert_true(one[i] == exact[i]);
        assert_true(fabs(distinct[i] - exact[i]) < 1e-5 * exact[i]); // floats, 50 steps
        far = fmax(far, fabs(repeated[i] - exact[i]) / exact[i]);
    }
    assert_true(far > 0.01);
    drop(&network);
}

// Steps of Adam and SGD with L2, clipping and falling rates, against the formulas in doubles.
static void check_steps(enum optimizer optimizer, double clip) {
    enum { N = PIXELS * CLASSES + CLASSES, BATCH = 8 };
    struct network network = make(BATCH, 0);
    struct train_options o = options_for(BATCH);
    o.optimizer = optimizer;
    o.rate = optimizer == OPTIMIZER_ADAM ? 0.01 : 0.3;
    o.decay = 0.05;
    o.clip = clip;
    o.drop = 4;
    o.report = 1000; // an evaluation would use t->index
    struct train *t = begin(&network, &o);
    struct plain p = plain_of(t);
    double first[N] = {0}, second[N] = {0};
    for (int step = 1; step <= 12; step++) {
        run_to(t, (uint64_t)step);
        double gradient[N] = {0}, square = 0, rate = o.rate * pow(o.gamma, (step - 1) / 4);
        bool right;
        for (int i = 0; i < BATCH; i++) image_loss(&p, &data, t->index[i], &right, gradient, 1.0 / BATCH);
        for (int i = 0; i < N; i++) gradient[i] += o.decay * p.w[i], square += gradient[i] * gradient[i];
        double factor = clip > 0 && sqrt(square) > clip ? clip / sqrt(square) : 1;
        for (int i = 0; i < N; i++) {
            double g = factor * gradient[i];
            first[i] = 0.9 * first[i] + 0.1 * g;
            second[i] = 0.999 * second[i] + 0.001 * g * g;
            double m = first[i] / (1 - pow(0.9, step)), v = second[i] / (1 - pow(0.999, step));
            p.w[i] -= optimizer == OPTIMIZER_ADAM ? rate * m / (sqrt(v) + 1e-8) : rate * g;
        }
        struct plain now = plain_of(t);
        for (int i = 0; i < N; i++) assert_true(fabs(now.w[i] - p.w[i]) < 1e-4 * o.rate * step + 2e-6);
    }
    train_free(t);
    drop(&network);
}

static void steps_follow_the_formulas(void **state) {
    (void)state;
    check_steps(OPTIMIZER_ADAM, 0);
    check_steps(OPTIMIZER_ADAM, 0.05);
    check_steps(OPTIMIZER_SGD, 0);
    check_steps(OPTIMIZER_SGD, 0.05);
}

static void loss_falls(void **state) {
    (void)state;
    struct network network = make(8, 6);
    for (int method = 0; method < KEEP_METHODS; method++) {
        struct train_options o = options_for(8);
        o.iterations = 300;
        o.drop = 0;
        o.report = 100;
        o.keep = (struct keep){.method = (enum keep_method)method, .fraction = method == KEEP_EXACT ? 1 : 0.5};
        struct train *t = begin(&network, &o);
        finish(t);
        size_t count;
        const struct train_report *r = train_reports(t, &count);
        assert_int_equal(count, 4);
        assert_true(r[3].loss < 0.5 * r[0].loss);
        assert_true(r[3].accuracy > 0.9);
        train_free(t);
    }
    drop(&network);
}

// ---- the same bits ------------------------------------------------------------------------------------------------

static void assert_same(const struct train *a, const struct train *b) {
    assert_int_equal(train_iteration(a), train_iteration(b));
    assert_int_equal(a->slot_count, b->slot_count);
    for (uint32_t s = 0; s < a->slot_count; s++) {
        size_t size = a->slot[s].count * sizeof(float);
        assert_memory_equal(a->slot[s].value, b->slot[s].value, size);
        if (!a->slot[s].first) continue;
        assert_memory_equal(a->slot[s].first, b->slot[s].first, size);
        assert_memory_equal(a->slot[s].second, b->slot[s].second, size);
    }
    assert_int_equal(a->report_count, b->report_count);
    for (size_t i = 0; i < a->report_count; i++) {
        struct train_report x = a->report[i], y = b->report[i];
        x.seconds = y.seconds = 0;
        assert_memory_equal(&x, &y, sizeof x);
    }
}

// Saved after any iteration and taken up by another run, all goes on as if nothing had happened.
static void continuation_has_the_same_bits(void **state) {
    (void)state;
    struct network network = make(8, 6);
    for (int round = 0; round < 2 * KEEP_METHODS; round++) {
        struct train_options o = options_for(8);
        o.optimizer = round % 2 ? OPTIMIZER_SGD : OPTIMIZER_ADAM;
        o.bootstrap = round % 3 == 0;
        enum keep_method method = (enum keep_method)(round / 2);
        o.keep = (struct keep){.method = method, .fraction = method == KEEP_EXACT ? 1 : 0.3, .distinct = round % 2};
        struct train *whole = begin(&network, &o);
        finish(whole);
        for (uint64_t stop = 0; stop <= 50; stop += 7 + (uint64_t)round % 2) {
            struct train *first = begin(&network, &o), *second = begin(&network, &o);
            run_to(first, stop);
            assert_true(train_save(first, path, &error));
            assert_true(train_load(second, path, &error));
            assert_string_equal(train_note(second), "");
            train_free(first);
            finish(second);
            assert_same(whole, second);
            train_free(second);
        }
        train_free(whole);
    }
    drop(&network);
}

static void an_interrupt_changes_nothing(void **state) {
    (void)state;
    struct network network = make(8, 6);
    struct train_options o = options_for(8);
    struct train *whole = begin(&network, &o), *other = begin(&network, &o);
    finish(whole);
    atomic_bool halt = false;
    task_interrupt(); // Ctrl-C at the prompt is not for a thread that follows its own flag
    task_follow(&halt);
    while (!train_done(other)) {
        struct error stopped = {0};
        halt = true;
        assert_false(train_on(other, 10, &stopped));
        assert_int_equal(stopped.kind, ERROR_INTERRUPT);
        halt = false;
        assert_true(train_on(other, 0, &error));
    }
    task_follow(NULL);
    assert_true(task_interrupted());
    task_begin();
    assert_same(whole, other);
    train_free(whole);
    train_free(other);
    drop(&network);
}

// A run may be made longer, and reported on more often.
static void more_iterations_go_on(void **state) {
    (void)state;
    struct network network = make(8, 0);
    struct train_options o = options_for(8), longer = o;
    longer.iterations = 90;
    longer.report = 1;
    struct train *first = begin(&network, &o), *second = begin(&network, &longer), *whole = begin(&network, &longer);
    finish(first);
    assert_true(train_save(first, path, &error));
    assert_true(train_load(second, path, &error));
    finish(second);
    finish(whole);
    for (uint32_t s = 0; s < whole->slot_count; s++)
        assert_memory_equal(whole->slot[s].value, second->slot[s].value, whole->slot[s].count * sizeof(float));
    train_free(first), train_free(second), train_free(whole);
    drop(&network);
}

// ---- checkpoints that are none --------------------------------------------------------------------------------------

static void refuse(struct train *t, const struct train *before, const char *message) {
    struct error why = {0};
    assert_false(train_load(t, path, &why));
    if (!strstr(why.message, message)) print_message("%s\nis not\n%s\n", why.message, message);
    assert_non_null(strstr(why.message, message));
    assert_true(why.hint[0]);
    assert_same(t, before); // as it was
}

static void write_bytes(const char *bytes, size_t size) { assert_true(file_write(path, bytes, size, &error)); }

// As if it had been written so: with a fitting hash.
static void write_with_hash(char *bytes, size_t size) {
    uint64_t hash = rng_hash(bytes, size - sizeof hash, 0);
    memcpy(bytes + size - sizeof hash, &hash, sizeof hash);
    write_bytes(bytes, size);
}

static void bad_checkpoints_are_refused(void **state) {
    (void)state;
    struct network network = make(8, 6);
    struct train_options o = options_for(8);
    struct train *t = begin(&network, &o), *before = begin(&network, &o), *saved = begin(&network, &o);
    run_to(saved, 23);
    assert_true(train_save(saved, path, &error));
    size_t size;
    char *bytes = file_read(path, &size, &error), *copy = malloc(size);
    for (size_t cut = 0; cut < size; cut += 41) { // cut anywhere
        write_bytes(bytes, cut);
        refuse(t, before, cut < 8 ? "this is no checkpoint of bauer" : cut < 12 ? "another version" : "damaged");
    }
    for (size_t at = 16; at < size; at += 29) { // a bit anywhere
        memcpy(copy, bytes, size);
        copy[at] ^= 4;
        write_bytes(copy, size);
        refuse(t, before, "damaged");
    }
    write_bytes("%PDF-1.4 and so on, for long enough to be something", 50);
    refuse(t, before, "this is no checkpoint of bauer");
    memcpy(copy, bytes, size);
    copy[8] = 3;
    write_with_hash(copy, size);
    refuse(t, before, "another version of bauer (format 3; this one reads 2)");
    write_bytes("BAUERT1\0older", 13); // the first format
    refuse(t, before, "another version of bauer");
    assert_int_equal(unlink(path), 0);
    refuse(t, before, "cannot read");

    // saved by other kernels: it goes on, and says so
    memcpy(copy, bytes, size);
    const char *kernels = kernels_blas_name();
    char *name = memmem(copy, size, kernels, strlen(kernels));
    assert_non_null(name);
    name[strlen(kernels) - 1] ^= 1;
    write_with_hash(copy, size);
    assert_true(train_load(t, path, &error));
    assert_non_null(strstr(train_note(t), "it was saved with"));
    assert_same(t, saved);
    free(copy);
    mem_free(bytes);
    train_free(t), train_free(before), train_free(saved);
    drop(&network);
}

static void refuse_from(const struct network *network, const struct dataset *images, struct train_options o,
                        const char *message) {
    struct train *t = train_new(network, images, &test, &o, &error),
                 *before = train_new(network, images, &test, &o, &error);
    assert_non_null(t);
    refuse(t, before, message);
    train_free(t), train_free(before);
}

static void other_runs_are_refused(void **state) {
    (void)state;
    struct network network = make(8, 6), wider = make(8, 7), smaller = make(4, 6);
    struct dataset other = make_data(IMAGES, 3);
    struct train_options o = options_for(8), changed;
    struct train *saved = begin(&network, &o);
    run_to(saved, 9);
    assert_true(train_save(saved, path, &error));
    refuse_from(&wider, &data, o, "another network");
    refuse_from(&network, &other, o, "other images");
    changed = o, changed.seed = 6;
    refuse_from(&network, &data, changed, "it was made with seed=5, and this line has seed=6");
    changed = o, changed.rate = 0.25;
    refuse_from(&network, &data, changed, "and this line has lr=0.25");
    changed = o, changed.optimizer = OPTIMIZER_SGD;
    refuse_from(&network, &data, changed, "it was made with optimizer=adam, and this line has optimizer=sgd");
    changed = o, changed.keep = (struct keep){.method = KEEP_SAME, .fraction = 0.5};
    refuse_from(&network, &data, changed, "it was made with method=exact, and this line has method=same");
    changed = o, changed.batch = 4;
    refuse_from(&smaller, &data, changed, "it was made with batch=8, and this line has batch=4");
    train_free(saved);
    drop(&network), drop(&wider), drop(&smaller);
    free(other.pixel), free(other.label);
}

// The disk is full: an error, the checkpoint from before is whole, and no half file is left.
static void a_full_disk_keeps_the_old_checkpoint(void **state) {
    (void)state;
    struct network network = make(8, 6);
    struct train_options o = options_for(8);
    struct train *t = begin(&network, &o), *back = begin(&network, &o);
    run_to(t, 10);
    assert_true(train_save(t, path, &error));
    run_to(t, 20);
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct error full = {0};
    assert_false(train_save(t, path, &full));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(full.kind, ERROR_FILE);
    assert_non_null(strstr(full.message, "cannot write"));
    char command[200];
    snprintf(command, sizeof command, "test $(ls -A %s | wc -l) = 1", folder);
    assert_int_equal(system(command), 0);
    assert_true(train_load(back, path, &error));
    assert_int_equal(train_iteration(back), 10);
    train_free(t), train_free(back);
    drop(&network);
}

// ---- what is no training
// ----------------------------------------------------------------------------------------------

static void nan_is_found(void **state) {
    (void)state;
    struct network network = make(8, 6);
    struct train_options o = options_for(8);
    o.optimizer = OPTIMIZER_SGD;
    o.rate = 1e30;
    struct train *t = begin(&network, &o);
    struct error why = {0};
    while (train_on(t, 0, &why)) assert_true(train_iteration(t) < 20);
    assert_int_equal(why.kind, ERROR_DOMAIN);
    uint64_t at = train_iteration(t);
    train_find_nan(t, &why);
    assert_non_null(strstr(why.message, "layer W")); // W1 or W: the first whose product overflows
    assert_false(train_on(t, 0, &why));              // and there it stays
    assert_int_equal(train_iteration(t), at);
    train_free(t);
    drop(&network);
}

static void refuse_network(struct network *network, const char *message) {
    struct error why = {0};
    struct train_options o = options_for(8);
    assert_null(train_new(network, &data, &test, &o, &why));
    if (!strstr(why.message, message)) print_message("%s\nis not\n%s\n", why.message, message);
    assert_non_null(strstr(why.message, message));
    drop(network);
}

static void what_is_no_network_is_refused(void **state) {
    (void)state;
    struct network few = {net(8, 0, 3), net(EVALUATE, 0, 3), EVALUATE};
    refuse_network(&few, "the loss is of (8, 3) log-probabilities, and mnist has 4 classes");
    struct network network = make(8, 0);
    data.item.size[0] = PIXELS + 1;
    refuse_network(&network, "its images are (8, 12), and an image of mnist is (13,)");
    data.item.size[0] = PIXELS;
    network = make(8, 0);
    struct train_options o = options_for(8);
    o.iterations = 10000000, o.report = 1;
    struct error why = {0};
    assert_null(train_new(&network, &data, &test, &o, &why));
    assert_int_equal(why.kind, ERROR_LIMIT);
    drop(&network);
}

// What is foretold is at least what the pool has needed, and not five times that (blocks are not shared between sizes);
// it grows in proportion to the batch.
static void need_is_foretold(void **state) {
    (void)state;
    for (int method = 0; method < KEEP_METHODS; method++) {
        struct network network = make(64, 40), one = make(1, 40), two = make(2, 40);
        struct train_options o = options_for(64);
        o.keep = (struct keep){.method = (enum keep_method)method, .fraction = method == KEEP_EXACT ? 1 : 0.1};
        double need, evaluation, first, second,
            inputs = 64 * PIXELS * 4 + 64 * 4 + EVALUATE * PIXELS * 4 + EVALUATE * 4;
        double parameters = 4 * (PIXELS * 40 + 40 + 40 * CLASSES + CLASSES);
        assert_true(train_need(network.train, &o, &need, &error));
        assert_true(train_need(network.evaluate, NULL, &evaluation, &error));
        assert_true(train_need(one.train, &o, &first, &error));
        assert_true(train_need(two.train, &o, &second, &error));
        double grown = first + 63 * (second - first); // masks are rounded up to words
        assert_true(fabs(grown - need) <= 0.1 * need);
        struct train *t = begin(&network, &o);
        finish(t);
        double pool = need + evaluation - inputs - 5 * parameters; // values, gradients, two moments; the evaluator's
        assert_true(pool >= (double)train_pool(t) && pool < 5 * (double)train_pool(t));
        train_free(t);
        drop(&network), drop(&one), drop(&two);
    }
}

static void memory_may_run_out(void **state) {
    (void)state;
    struct network network = make(8, 6);
    struct train_options o = options_for(8);
    struct train *t = begin(&network, &o);
    run_to(t, 9);
    assert_true(train_save(t, path, &error));
    train_free(t);
    for (size_t n = 1, done = false; !done; n++) {
        struct error why = {0};
        mem_fail_after(n);
        t = train_new(&network, &data, &test, &o, &why);
        done = t && train_load(t, path, &why) && train_on(t, 0, &why);
        mem_fail_after(0);
        if (!done && why.kind != ERROR_MEMORY) print_message("%zu: %d %s\n", n, why.kind, why.message);
        assert_true(done || why.kind == ERROR_MEMORY);
        train_free(t);
        assert_true(n < 1000);
    }
    drop(&network);
}

static int prepare(void **state) {
    (void)state;
    strcpy(folder, "/tmp/bauer-train-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/run", folder);
    symbols = symbols_new();
    data = make_data(IMAGES, 1);
    test = make_data(TESTS, 2);
    return symbols ? 0 : -1;
}

static int clean(void **state) {
    (void)state;
    char command[128];
    symbols_free(symbols);
    free(data.pixel), free(data.label);
    free(test.pixel), free(test.label);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluation_is_exact),
        cmocka_unit_test(bootstrap_draws_evenly),
        cmocka_unit_test(the_whole_without_replacement_is_exact),
        cmocka_unit_test(steps_follow_the_formulas),
        cmocka_unit_test(loss_falls),
        cmocka_unit_test(continuation_has_the_same_bits),
        cmocka_unit_test(an_interrupt_changes_nothing),
        cmocka_unit_test(more_iterations_go_on),
        cmocka_unit_test(bad_checkpoints_are_refused),
        cmocka_unit_test(other_runs_are_refused),
        cmocka_unit_test(a_full_disk_keeps_the_old_checkpoint),
        cmocka_unit_test(nan_is_found),
        cmocka_unit_test(what_is_no_network_is_refused),
        cmocka_unit_test(need_is_foretold),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
