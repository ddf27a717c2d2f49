// Any bytes as a checkpoint of a training or of the reactor: as they are, or with a right head before them and the
// right sum behind.
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "fuzz.h"
#include "lab/reactor.h"
#include "lab/train.h"

enum { PIXELS = 4, CLASSES = 3, IMAGES = 12 };

static const char program[] = "def net(x, y):\n    W = param(4, 3)\n    b = param(3, fan_in=4)\n"
                              "    return nll(log_softmax(x @ W + b), y)\n\n";
static struct dataset data;
static struct network network;
static struct train_options options = {
    .batch = 5, .iterations = 4, .rate = 0.01, .gamma = 1, .report = 2, .keep = {.fraction = 1}};
static struct reactor_options small; // a reactor that takes no time
enum { TRAINING, REACTOR, KINDS };
static char *whole[KINDS]; // checkpoints as they should be
static size_t whole_size[KINDS];

static struct graph *traced(struct session *session, const char *call) {
    fuzz_must(session_run(session, "<fuzz>", call, strlen(call), 1) == 0, "the network is traced");
    return graph_hold(environment_graph(session->environment));
}

static void make(void) {
    static uint8_t pixel[IMAGES * PIXELS], label[IMAGES];
    struct error error = {0};
    for (int i = 0; i < IMAGES * PIXELS; i++) pixel[i] = (uint8_t)(i * 37);
    for (int i = 0; i < IMAGES; i++) label[i] = (uint8_t)(i % CLASSES);
    data = (struct dataset){.name = "mnist",
                            .count = IMAGES,
                            .classes = CLASSES,
                            .item = {1, {PIXELS}},
                            .pixel = pixel,
                            .label = label,
                            .channels = 1,
                            .mean = {0.5},
                            .deviation = {0.5}};
    static struct session *session; // stays: the graphs use its names
    session = fuzz_session();
    fuzz_must(session && session_run(session, "<fuzz>", program, strlen(program), 1) == 0, "the network is defined");
    network.train = traced(session, "net(randn(5, 4), labels(5, 3))\n");
    network.evaluate = traced(session, "net(randn(6, 4), labels(6, 3))\n");
    network.evaluate_batch = 6;
    struct train *train = train_new(&network, &data, &data, &options, &error);
    const char *path = fuzz_file("whole", "", 0);
    fuzz_must(train && train_on(train, 0, &error) && train_on(train, 0, &error) && train_save(train, path, &error),
              "a run is saved");
    whole[TRAINING] = file_read(path, &whole_size[TRAINING], &error);
    train_free(train);

    small = reactor_recipe;
    small.side = 5, small.horizon = 0.002, small.iterations = 4;
    struct reactor *reactor = reactor_new(&small, &error);
    fuzz_must(reactor && reactor_iterate(reactor, &error) && reactor_save(reactor, path, &error), "a reactor is saved");
    whole[REACTOR] = file_read(path, &whole_size[REACTOR], &error);
    reactor_free(reactor);
    fuzz_must(whole[TRAINING] && whole[REACTOR], "and read");
}

static void try_training(const char *path) {
    struct error error = {0};
    struct train *train = train_new(&network, &data, &data, &options, &error);
    fuzz_must(train || error.kind == ERROR_INTERRUPT, "a run can be made");
    if (!train) return;
    if (train_load(train, path, &error))
        fuzz_must(train_done(train) || train_on(train, 0, &error) || error.message[0], "it goes on, or says why not");
    else
        fuzz_must(error.message[0] && train_iteration(train) == 0, "what is refused is told, and changes nothing");
    train_free(train);
}

static void try_reactor(const char *path) {
    struct error error = {0};
    struct reactor *reactor = reactor_new(&small, &error);
    fuzz_must(reactor || error.kind == ERROR_INTERRUPT, "a reactor can be made");
    if (!reactor) return;
    if (reactor_load(reactor, path, &error))
        fuzz_must(reactor_done(reactor) || reactor_iterate(reactor, &error) || error.message[0],
                  "it goes on, or says why not");
    else
        fuzz_must(error.message[0] && reactor_iteration(reactor) == 0, "what is refused is told, and changes nothing");
    reactor_free(reactor);
}

// The first byte says which of the two, how much of a whole one comes before the bytes, and whether the sum at the end
// is made right.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct buffer file = {0};
    fuzz_begin();
    if (!whole[TRAINING]) make();
    if (size < 2) return 0;
    int kind = bytes[0] & 2 ? REACTOR : TRAINING;
    buffer_add(&file, whole[kind], ((size_t)(bytes[0] >> 2) << 8 | bytes[1]) % whole_size[kind]);
    buffer_add(&file, (const char *)bytes + 2, size - 2);
    uint64_t sum = rng_hash(buffer_string(&file), file.size, 0);
    if (bytes[0] & 1) buffer_add(&file, (const char *)&sum, sizeof sum);
    const char *path = fuzz_file("checkpoint", buffer_string(&file), file.size);
    if (kind == TRAINING)
        try_training(path);
    else
        try_reactor(path);
    buffer_free(&file);
    return 0;
}
