#include "app/bench_train.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/lesson.h"
#include "base/clock.h"
#include "base/file.h"
#include "lab/train.h"
#include "lang/environment.h"

enum { BATCH = 150, IMAGES = 600, NETS = 3, FC = 0, CONV, RNN };

static const struct {
    const char *name;
    struct shape item;
    enum optimizer optimizer;
    double clip;
    int iterations; // that are timed together
} nets[NETS] = {
    {"fully_connected", {1, {784}}, OPTIMIZER_ADAM, 0, 30},
    {"convolutional", {3, {3, 32, 32}}, OPTIMIZER_ADAM, 0, 1},
    {"recurrent", {1, {784}}, OPTIMIZER_SGD, 1, 2},
};

// ---- networks -----------------------------------------------------------------------------------------------------

static bool write_call(int net, uint32_t batch, struct buffer *out) {
    char path[4200], folder[4000];
    size_t size;
    lesson_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/nets/%s.py", folder, nets[net].name);
    char *text = file_read(path, &size, NULL);
    if (!text) return false;
    buffer_printf(out, "%s\n%s(randn(%u", text, nets[net].name, batch);
    for (uint32_t i = 0; i < nets[net].item.rank; i++) buffer_printf(out, ", %u", nets[net].item.size[i]);
    buffer_printf(out, "), labels(%u, 10))\n", batch);
    mem_free(text);
    return !out->failed;
}

static struct graph *trace(int net, uint32_t batch) {
    struct buffer text = {0};
    struct symbols *symbols = symbols_new(); // the graph's, as long as the program runs
    struct environment *environment = environment_new(symbols, NULL);
    struct source *source = write_call(net, batch, &text) ? source_new("bench", text.data, text.size, NULL) : NULL;
    struct module *module = source ? parse_module(symbols, source, NULL) : NULL;
    bool ok = environment && module && environment_run(environment, module, 0, NULL, NULL, NULL) &&
              environment_run(environment, module, 1, NULL, NULL, NULL);
    struct graph *graph = ok ? graph_hold(environment_graph(environment)) : NULL;
    module_drop(module);
    source_drop(source);
    environment_free(environment);
    buffer_free(&text);
    return graph;
}

static bool random_images(int net, struct dataset *data) {
    bool colours = nets[net].item.rank == 3;
    size_t pixels = (size_t)shape_count(nets[net].item) * IMAGES;
    struct rng rng = rng_at(rng_key(1, 0), 0, 0);
    *data = (struct dataset){.name = "random",
                             .count = IMAGES,
                             .classes = 10,
                             .item = nets[net].item,
                             .pixel = malloc(pixels),
                             .label = malloc(IMAGES),
                             .channels = colours ? 3 : 1,
                             .mean = {0.5, 0.5, 0.5},
                             .deviation = {0.3, 0.3, 0.3}};
    if (!data->pixel || !data->label) return false;
    for (size_t i = 0; i < pixels; i++) data->pixel[i] = (uint8_t)rng_word32(&rng);
    for (size_t i = 0; i < IMAGES; i++) data->label[i] = (uint8_t)rng_below(&rng, 10);
    return true;
}

static struct dataset datasets[NETS]; // made once for all runs
static struct network networks[NETS];

static struct train *make(int net, enum keep_method method) {
    struct network *n = &networks[net];
    if (!datasets[net].pixel && !random_images(net, &datasets[net])) return NULL;
    if (!n->train) *n = (struct network){trace(net, BATCH), trace(net, 1), 1};
    if (!n->train || !n->evaluate) return NULL;
    struct train_options options = {.batch = BATCH,
                                    .iterations = (uint64_t)1 << 40,
                                    .optimizer = nets[net].optimizer,
                                    .rate = 1e-4,
                                    .decay = 1e-6,
                                    .gamma = 1,
                                    .clip = nets[net].clip,
                                    .report = (uint64_t)1 << 40,
                                    .train_images = 1,
                                    .test_images = 1,
                                    .seed = 1};
    options.keep = (struct keep){.method = method, .fraction = method == KEEP_EXACT ? 1 : 0.1};
    struct train *train = train_new(n, &datasets[net], &datasets[net], &options, NULL);
    bool ok = train && train_on(train, 0, NULL) && train_on(train, 0, NULL); // the report before, and one to warm up
    if (ok) return train;
    train_free(train);
    return NULL;
}

// ms of an iteration, NAN if it failed.
static double iteration(int net, enum keep_method method) {
    static struct train *trains[NETS][KEEP_METHODS]; // made once for all runs
    struct train **train = &trains[net][method];
    if (!*train) *train = make(net, method);
    if (!*train) return NAN;
    double start = clock_now();
    for (int i = 0; i < nets[net].iterations; i++)
        if (!train_on(*train, 0, NULL)) return NAN;
    return (clock_now() - start) * 1e3 / nets[net].iterations;
}

static bool measure_exact(int net, double *value, double *peer) {
    *value = iteration(net, KEEP_EXACT);
    *peer = 0;
    return isfinite(*value);
}

static bool measure_method(int net, enum keep_method method, double *value, double *peer) {
    *peer = iteration(net, KEEP_EXACT);
    *value = iteration(net, method);
    return isfinite(*value) && isfinite(*peer);
}

bool measure_exact_fc(double *value, double *peer) { return measure_exact(FC, value, peer); }
bool measure_exact_conv(double *value, double *peer) { return measure_exact(CONV, value, peer); }
bool measure_exact_rnn(double *value, double *peer) { return measure_exact(RNN, value, peer); }
bool measure_same_fc(double *value, double *peer) { return measure_method(FC, KEEP_SAME, value, peer); }
bool measure_same_conv(double *value, double *peer) { return measure_method(CONV, KEEP_SAME, value, peer); }
bool measure_same_rnn(double *value, double *peer) { return measure_method(RNN, KEEP_SAME, value, peer); }
bool measure_different_fc(double *value, double *peer) { return measure_method(FC, KEEP_DIFFERENT, value, peer); }
bool measure_different_conv(double *value, double *peer) { return measure_method(CONV, KEEP_DIFFERENT, value, peer); }
bool measure_different_rnn(double *value, double *peer) { return measure_method(RNN, KEEP_DIFFERENT, value, peer); }
bool measure_project_fc(double *value, double *peer) { return measure_method(FC, KEEP_PROJECT, value, peer); }
bool measure_project_conv(double *value, double *peer) { return measure_method(CONV, KEEP_PROJECT, value, peer); }
bool measure_project_rnn(double *value, double *peer) { return measure_method(RNN, KEEP_PROJECT, value, peer); }

// ---- the floor: dense products and convolutions alone --------------------------------------------------------------

enum { ROOM = 20000000 }; // numbers: the largest operand is the second convolution's result

// Three operands of random numbers between 0 and 1, and scratch.
static float *operand(int which) {
    static float *room[4];
    if (room[which]) return room[which];
    room[which] = malloc((size_t)(which == 3 ? ROOM / 4 : ROOM) * sizeof(float));
    struct rng rng = rng_at(rng_key(2, (uint64_t)which), 0, 0);
    for (size_t i = 0; room[which] && which != 3 && i < 5000000; i++) room[which][i] = (float)rng_uniform(&rng);
    return room[which];
}

// Forward, by the weights and, `inner`, by the input.
static void products(size_t m, size_t k, size_t n, bool inner) {
    const struct kernels *f = kernels_of(NUMBER_FLOAT);
    f->product(false, false, m, n, k, 1, operand(0), operand(1), 0, operand(2));
    f->product(true, false, k, n, m, 1, operand(0), operand(2), 0, operand(1));
    if (inner) f->product(false, true, m, k, n, 1, operand(2), operand(1), 0, operand(0));
}

static struct conv_size conv_at(uint32_t channels, uint32_t filters, uint32_t side) {
    return (struct conv_size){BATCH, channels, side, side, filters, 5, 2, side, side};
}

static void convolutions(uint32_t channels, uint32_t filters, uint32_t side, bool inner) {
    const struct kernels *f = kernels_of(NUMBER_FLOAT);
    struct conv_size size = conv_at(channels, filters, side);
    f->conv(size, operand(0), operand(1), operand(2), operand(3));
    f->conv_by_filter(size, operand(2), operand(0), operand(1), operand(3));
    if (inner) f->conv_by_input(size, operand(2), operand(1), operand(0), false, operand(3));
    for (int i = 0; i < 3; i++) f->fill(operand(i), 5000000, 0.01); // what was summed up must stay small
}

static bool measure_floor(int net, double *value, double *peer) {
    for (int i = 0; i < 4; i++)
        if (!operand(i)) return false;
    *value = iteration(net, KEEP_EXACT);
    double start = clock_now(), filled = 0;
    for (int i = 0; net == FC && i < nets[FC].iterations; i++) {
        products(BATCH, 784, 300, false);
        products(BATCH, 300, 300, true);
        products(BATCH, 300, 300, true);
        products(BATCH, 300, 10, true);
    }
    for (int i = 0; net == RNN && i < 784 * nets[RNN].iterations; i++) products(BATCH, 100, 100, true);
    if (net == CONV) {
        convolutions(3, 16, 32, false);
        convolutions(16, 32, 32, true);
        convolutions(32, 32, 16, true);
        convolutions(32, 32, 16, true);
    }
    *peer = (clock_now() - start) * 1e3 / nets[net].iterations;
    if (net == CONV) {
        start = clock_now();
        for (int i = 0; i < 12; i++) kernels_of(NUMBER_FLOAT)->fill(operand(i % 3), 5000000, 0.01);
        filled = (clock_now() - start) * 1e3;
    }
    *peer -= filled;
    return isfinite(*value);
}

bool measure_floor_fc(double *value, double *peer) { return measure_floor(FC, value, peer); }
bool measure_floor_conv(double *value, double *peer) { return measure_floor(CONV, value, peer); }
bool measure_floor_rnn(double *value, double *peer) { return measure_floor(RNN, value, peer); }

// ---- a gradient by a weight ---------------------------------------------------------------------------------------

static struct sampling tenth(uint32_t rows, uint32_t length, bool shared) {
    return (struct sampling){
        .key = rng_key(3, 0), .rows = rows, .length = length, .kept = keep_count(length, 0.1), .shared = shared};
}

bool measure_gradient_linear(double *value, double *peer) {
    enum { TIMES = 20, IN = 784, OUT = 300 };
    const struct kernels *f = kernels_of(NUMBER_FLOAT);
    *value = 0;
    for (int shared = 0; shared < 2; shared++) {
        struct sampling s = tenth(BATCH, IN, shared);
        float *kept = operand(0) + 1000000;
        if (keep_product_scratch(&s, OUT) > ROOM / 4 || !f->keep(&s, operand(0), kept)) return false;
        double start = clock_now();
        for (int i = 0; i < TIMES; i++) f->keep_product(&s, kept, operand(1), OUT, operand(2), false, operand(3));
        *value = fmax(*value, (clock_now() - start) * 1e6 / TIMES);
    }
    double start = clock_now();
    for (int i = 0; i < TIMES; i++) f->product(true, false, IN, OUT, BATCH, 1, operand(0), operand(1), 0, operand(2));
    *peer = (clock_now() - start) * 1e6 / TIMES;
    return true;
}

bool measure_gradient_conv(double *value, double *peer) {
    const struct kernels *f = kernels_of(NUMBER_FLOAT);
    struct conv_size size = conv_at(16, 32, 32);
    *value = 0;
    for (int shared = 0; shared < 2; shared++) {
        struct sampling s = tenth(BATCH * size.channels, size.height * size.width, shared);
        float *kept = operand(0) + 3000000;
        if (keep_conv_scratch(&s, size) > ROOM / 4 || !f->keep(&s, operand(0), kept)) return false;
        double start = clock_now();
        f->keep_conv(&s, size, kept, operand(1), operand(2), operand(3));
        *value = fmax(*value, (clock_now() - start) * 1e6);
    }
    double start = clock_now();
    f->conv_by_filter(size, operand(1), operand(0), operand(2), operand(3));
    *peer = (clock_now() - start) * 1e6;
    return true;
}

// ---- memory -------------------------------------------------------------------------------------------------------

// The process's peak in bytes since it was forgotten.
static double peak_bytes(void) {
    char line[200];
    double kilobytes = NAN;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %lf", &kilobytes) == 1) break;
    if (file) fclose(file);
    return kilobytes * 1024;
}

static void forget_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file) return;
    fputs("5", file);
    fclose(file);
}

// In a process of its own: its peak over some iterations, and what is held between forward and backward.
static bool peak_of(enum keep_method method, double said[2]) {
    int ends[2];
    if (pipe(ends)) return false;
    pid_t child = fork();
    if (child == 0) {
        malloc_trim(0);
        forget_peak();
        struct train *train = make(RNN, method);
        double say[2] = {peak_bytes(), train ? (double)train_held(train) : (double)NAN};
        _exit(write(ends[1], say, sizeof say) == (ssize_t)sizeof say ? 0 : 1);
    }
    close(ends[1]);
    bool ok = child > 0 && read(ends[0], said, 2 * sizeof *said) == (ssize_t)(2 * sizeof *said);
    close(ends[0]);
    if (child > 0) waitpid(child, NULL, 0);
    return ok && isfinite(said[0]) && isfinite(said[1]);
}

bool measure_peak(double *value, double *peer) {
    double exact[2], kept[2];
    if (!networks[RNN].train) train_free(make(RNN, KEEP_EXACT)); // so that both children find it traced
    if (!peak_of(KEEP_EXACT, exact) || !peak_of(KEEP_SAME, kept)) return false;
    *value = (exact[0] - kept[0]) / 1e6;
    *peer = (exact[1] - kept[1]) / 1e6;
    return true;
}
