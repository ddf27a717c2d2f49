#include "lab/noise.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/task.h"
#include "lab/train_private.h"

static const char magic[8] = {'B', 'A', 'U', 'E', 'R', 'N', 'S', '1'};
enum { PATH = 200 };
#define SAVE_SECONDS 3.0

struct noise_run {
    struct noise_plan plan;
    const struct dataset *data, *test;
    struct train *train;
    uint32_t layers;
    size_t count[NOISE_LAYERS]; // entries
    struct noise_checkpoint checkpoint[NOISE_CHECKPOINTS];
    uint32_t current;                // the checkpoint whose whole gradient is in `exact`
    double *exact[NOISE_LAYERS];     // sums over its batches so far
    uint32_t *index;                 // of a batch
    double worked, total;            // images
    double saved;                    // when
    char state[PATH], results[PATH]; // "": nothing is kept
};

double noise_mean(const struct noise *noise, uint32_t layer) { return noise->sum[layer] / noise->draws; }

double noise_error(const struct noise *noise, uint32_t layer) {
    double mean = noise_mean(noise, layer), spread = noise->square[layer] / noise->draws - mean * mean;
    return noise->draws < 2 ? (double)NAN : sqrt(fmax(0, spread) / (noise->draws - 1));
}

uint32_t noise_layers(const struct noise_run *run) { return run->layers; }
const struct noise_checkpoint *noise_at(const struct noise_run *run, uint32_t c) { return &run->checkpoint[c]; }
const struct train *noise_train(const struct noise_run *run) { return run->train; }
double noise_worked(const struct noise_run *run) { return run->worked; }

static uint32_t batches_of(const struct noise_run *run) { return run->plan.images / run->plan.train.batch; }

// ---- the network --------------------------------------------------------------------------------------------------

// The input that is parameter W1, W2, ...; VERTEX_NONE: there is none.
static vertex layer_of(const struct graph *g, uint32_t layer) {
    char name[16];
    snprintf(name, sizeof name, "W%u", layer + 1);
    for (uint32_t i = 0; i < g->input_count; i++) {
        vertex v = g->input[i];
        if (graph_is_parameter(g, v) && g->name[v] && strcmp(symbol_text(g->symbols, g->name[v]), name) == 0) return v;
    }
    return VERTEX_NONE;
}

static bool find_layers(struct noise_run *run, struct error *error) {
    const struct graph *g = run->plan.network->train;
    for (vertex v; run->layers < NOISE_LAYERS && (v = layer_of(g, run->layers)) != VERTEX_NONE; run->layers++)
        run->count[run->layers] = (size_t)shape_count(graph_shape(g, v));
    if (!run->layers) return error_set(error, ERROR_NAME, SPAN_NONE, "the network has no parameter W1");
    for (uint32_t l = 0; l < run->layers; l++)
        if (!(run->exact[l] = mem_zero(run->count[l], sizeof *run->exact[l]))) return error_memory(error);
    return true;
}

static bool make_training(struct noise_run *run, struct error *error) {
    train_free(run->train);
    run->train = train_new(run->plan.network, run->data, run->test, &run->plan.train, error);
    return run->train;
}

// ---- on disk ------------------------------------------------------------------------------------------------------

//     "BAUERNS1" | identity | checkpoints' numbers | current | sums of its whole gradient | hash of all before

// What must be the same for the numbers to belong together.
static uint64_t identity(const struct noise_run *run) {
    const struct noise_plan *p = &run->plan;
    uint64_t words[] = {
        train_identity(run->train), p->checkpoints, p->methods, p->images, p->draws, p->seed, run->layers,
        sizeof run->checkpoint};
    uint64_t hash = rng_hash(words, sizeof words, 0);
    hash = rng_hash(p->checkpoint, p->checkpoints * sizeof *p->checkpoint, hash);
    for (uint32_t m = 0; m < p->methods; m++) {
        const struct keep *keep = &p->method[m].keep;
        uint64_t how[] = {keep->method, keep->distinct, keep->same_steps, p->method[m].batch};
        hash = rng_hash(how, sizeof how, rng_hash(&keep->fraction, sizeof keep->fraction, hash));
    }
    return hash;
}

static bool save_results(struct noise_run *run, struct error *error) {
    struct buffer out = {0};
    uint64_t id = identity(run), current = run->current;
    if (!run->results[0]) return true;
    buffer_add(&out, magic, sizeof magic);
    buffer_add(&out, (const char *)&id, sizeof id);
    buffer_add(&out, (const char *)run->checkpoint, sizeof run->checkpoint);
    buffer_add(&out, (const char *)&current, sizeof current);
    for (uint32_t l = 0; l < run->layers; l++)
        buffer_add(&out, (const char *)run->exact[l], run->count[l] * sizeof *run->exact[l]);
    uint64_t check = out.failed ? 0 : rng_hash(out.data, out.size, 0);
    buffer_add(&out, (const char *)&check, sizeof check);
    bool ok = (!out.failed || error_memory(error)) && file_write(run->results, out.data, out.size, error);
    buffer_free(&out);
    return ok;
}

// Without the hash.
static size_t results_size(const struct noise_run *run) {
    size_t size = sizeof magic + 2 * sizeof(uint64_t) + sizeof run->checkpoint;
    for (uint32_t l = 0; l < run->layers; l++) size += run->count[l] * sizeof *run->exact[l];
    return size;
}

static const char *take(const char *from, void *to, size_t size) {
    memcpy(to, from, size);
    return from + size;
}

static void load_results(struct noise_run *run) {
    size_t size, body = results_size(run);
    struct error none = {0};
    uint64_t id, current, check;
    char *text = run->results[0] ? file_read(run->results, &size, &none) : NULL;
    error_clear(&none);
    if (!text) return;
    bool whole = size == body + sizeof check && memcmp(text, magic, sizeof magic) == 0;
    if (whole) {
        take(text + sizeof magic, &id, sizeof id);
        take(text + body, &check, sizeof check);
        whole = id == identity(run) && check == rng_hash(text, body, 0);
    }
    const char *at = text + sizeof magic + sizeof id;
    if (whole) {
        at = take(at, run->checkpoint, sizeof run->checkpoint);
        at = take(at, &current, sizeof current);
        run->current = (uint32_t)current;
        for (uint32_t l = 0; l < run->layers; l++) at = take(at, run->exact[l], run->count[l] * sizeof *run->exact[l]);
    }
    mem_free(text);
}

// Every few seconds; both files, for numbers of a checkpoint are of no use without the network that they belong to.
static bool save(struct noise_run *run, bool at_once, struct error *error) {
    double time = clock_now();
    if (!run->results[0] || (!at_once && time - run->saved < SAVE_SECONDS)) return true;
    bool ok = train_save(run->train, run->state, error) && save_results(run, error);
    run->saved = clock_now();
    return ok;
}

// ---- measuring ----------------------------------------------------------------------------------------------------

// After a piece of work that is counted in the numbers.
static bool went_on(struct noise_run *run, double images, struct error *error) {
    run->worked += images;
    task_progress("measuring the noise of gradients", run->worked, run->total);
    return task_interrupted() ? error_interrupt(error) : save(run, false, error);
}

// The parameters as they are now into a tape of another size of batch.
static struct tape *tape_for(struct noise_run *run, const struct graph *to, const struct keep *keep,
                             struct error *error) {
    const struct graph *from = run->plan.network->train;
    struct tape *tape = tape_new(to, to->output, 1, NUMBER_FLOAT, keep, error);
    if (!tape || !tape_fill(tape, run->plan.seed, error)) return tape_free(tape), NULL;
    for (uint32_t i = 0; i < to->input_count; i++) {
        const float *value = train_parameter(run->train, from->input[i]);
        size_t size = (size_t)shape_count(graph_shape(to, to->input[i])) * sizeof(float);
        if (value) memcpy(tape_input(tape, to->input[i]), value, size);
    }
    return tape;
}

static bool run_batch(struct noise_run *run, struct tape *tape, const struct graph *g, uint32_t batch, uint64_t call,
                      double *loss, struct error *error) {
    vertex image = VERTEX_NONE, label = VERTEX_NONE;
    for (uint32_t i = 0; i < g->input_count; i++) {
        if (graph_is_labels(g, g->input[i])) label = g->input[i];
        if (!graph_is_labels(g, g->input[i]) && !graph_is_parameter(g, g->input[i])) image = g->input[i];
    }
    data_batch(run->data, run->index, batch, tape_input(tape, image), tape_input(tape, label));
    if (!tape_forward(tape, call, error)) return false;
    *loss = tape_number(tape, 0); // backward uses it up
    return tape_backward(tape, error);
}

static void begin_exact(struct noise_run *run, uint32_t c) {
    if (run->current == c && run->checkpoint[c].batches) return;
    run->current = c;
    run->checkpoint[c].batches = 0;
    run->checkpoint[c].loss = 0;
    for (uint32_t l = 0; l < run->layers; l++) memset(run->exact[l], 0, run->count[l] * sizeof *run->exact[l]);
}

static void end_exact(struct noise_run *run, struct noise_checkpoint *p) {
    double batches = batches_of(run);
    for (uint32_t l = 0; l < run->layers; l++) {
        p->mean_square[l] = 0;
        for (size_t i = 0; i < run->count[l]; i++)
            p->mean_square[l] += pow(run->exact[l][i] / batches, 2) / (double)run->count[l];
    }
}

// The gradient over all images, batch by batch.
static bool take_exact(struct noise_run *run, uint32_t c, struct error *error) {
    const struct keep keep = {.method = KEEP_EXACT, .fraction = 1};
    const struct graph *g = run->plan.network->train;
    struct noise_checkpoint *p = &run->checkpoint[c];
    uint32_t batch = run->plan.train.batch, batches = batches_of(run);
    begin_exact(run, c);
    struct tape *tape = p->batches < batches ? tape_for(run, g, &keep, error) : NULL;
    bool ok = tape || p->batches == batches;
    while (ok && p->batches < batches) {
        double loss = 0;
        for (uint32_t i = 0; i < batch; i++) run->index[i] = p->batches * batch + i;
        ok = run_batch(run, tape, g, batch, p->batches, &loss, error);
        for (uint32_t l = 0; ok && l < run->layers; l++) {
            const float *gradient = tape_gradient(tape, layer_of(g, l));
            for (size_t i = 0; i < run->count[l]; i++) run->exact[l][i] += (double)gradient[i];
        }
        if (!ok) break;
        p->loss += loss / batches;
        p->batches++;
        ok = went_on(run, batch, error);
    }
    tape_free(tape);
    if (ok) end_exact(run, p);
    return ok;
}

static double distance(const struct noise_run *run, uint32_t layer, const float *gradient) {
    double sum = 0, batches = batches_of(run);
    for (size_t i = 0; i < run->count[layer]; i++) sum += pow((double)gradient[i] - run->exact[layer][i] / batches, 2);
    return sum / (double)run->count[layer];
}

static bool draw(struct noise_run *run, struct tape *tape, uint32_t c, uint32_t m, struct error *error) {
    static const char name[] = "noise of gradients";
    const struct noise_method *method = &run->plan.method[m];
    const struct graph *g = method->network->train;
    struct noise *n = &run->checkpoint[c].noise[m];
    struct rng_key key = rng_key(run->plan.seed, rng_hash(name, sizeof name, method->batch));
    struct rng rng = rng_at(key, n->draws, c);
    double loss;
    for (uint32_t i = 0; i < method->batch; i++) run->index[i] = (uint32_t)rng_below(&rng, run->plan.images);
    if (!run_batch(run, tape, g, method->batch, (uint64_t)c * run->plan.draws + n->draws, &loss, error)) return false;
    for (uint32_t l = 0; l < run->layers; l++) {
        double one = distance(run, l, tape_gradient(tape, layer_of(g, l)));
        n->sum[l] += one;
        n->square[l] += one * one;
    }
    n->held = tape_held(tape);
    n->planned = tape_planned(tape);
    n->draws++;
    return went_on(run, method->batch, error);
}

static bool estimate(struct noise_run *run, uint32_t c, uint32_t m, struct error *error) {
    const struct noise_method *method = &run->plan.method[m];
    struct noise *n = &run->checkpoint[c].noise[m];
    struct keep keep = method->keep;
    if (n->draws >= run->plan.draws) return true;
    keep.seed = run->plan.seed;
    struct tape *tape = tape_for(run, method->network->train, &keep, error);
    bool ok = tape != NULL;
    while (ok && n->draws < run->plan.draws) ok = draw(run, tape, c, m, error);
    tape_free(tape);
    return ok;
}

static bool is_done(const struct noise_run *run, uint32_t c) {
    bool done = run->checkpoint[c].batches == batches_of(run);
    for (uint32_t m = 0; m < run->plan.methods; m++) done &= run->checkpoint[c].noise[m].draws == run->plan.draws;
    return done;
}

static bool train_to(struct noise_run *run, uint64_t iteration, struct error *error) {
    // The numbers so far were lost, and the network is ahead of them: from the start again.
    if (train_iteration(run->train) > iteration && !make_training(run, error)) return false;
    while (train_iteration(run->train) < iteration) {
        uint64_t before = train_iteration(run->train);
        if (!train_on(run->train, 0.5, error)) return false;
        if (!went_on(run, run->plan.train.batch * (double)(train_iteration(run->train) - before), error)) return false;
    }
    return true;
}

static bool measure(struct noise_run *run, uint32_t c, struct error *error) {
    if (is_done(run, c)) return true;
    if (!train_to(run, run->plan.checkpoint[c], error) || !take_exact(run, c, error)) return false;
    for (uint32_t m = 0; m < run->plan.methods; m++)
        if (!estimate(run, c, m, error)) return false;
    return save(run, true, error);
}

// What is left, in images, for the progress.
static void count_work(struct noise_run *run) {
    uint64_t from = train_iteration(run->train);
    run->total = run->worked;
    for (uint32_t c = 0; c < run->plan.checkpoints; c++) {
        const struct noise_checkpoint *p = &run->checkpoint[c];
        uint64_t to = run->plan.checkpoint[c];
        uint32_t batch = run->plan.train.batch, whole = run->current == c ? p->batches : 0;
        if (is_done(run, c)) continue;
        if (from > to) from = 0;
        run->total += ((double)(to - from) + batches_of(run) - whole) * batch;
        from = to;
        for (uint32_t m = 0; m < run->plan.methods; m++)
            run->total += (double)(run->plan.draws - p->noise[m].draws) * run->plan.method[m].batch;
    }
}

// A file is not written by work that was interrupted, unless it is this one.
static bool save_after_interrupt(struct noise_run *run, struct error *error) {
    static const atomic_bool never;
    task_follow(&never);
    bool ok = save(run, true, error);
    task_follow(NULL);
    return ok;
}

bool noise_go(struct noise_run *run, struct error *error) {
    struct error lost = {0};
    bool ok = true;
    count_work(run);
    run->saved = clock_now();
    for (uint32_t c = 0; ok && c < run->plan.checkpoints; c++) ok = measure(run, c, error);
    if (!ok && task_interrupted() && !save_after_interrupt(run, &lost))
        error_hint(error, "the last seconds could not be saved: %s", lost.message);
    error_clear(&lost);
    return ok;
}

// ---- beginning and end --------------------------------------------------------------------------------------------

static bool check_plan(const struct noise_plan *p, const struct dataset *data, struct error *error) {
    bool ok = p->checkpoints && p->checkpoints <= NOISE_CHECKPOINTS && p->methods && p->methods <= NOISE_METHODS &&
              p->draws >= 2 && p->images && p->images <= data->count && p->images % p->train.batch == 0;
    for (uint32_t c = 0; ok && c < p->checkpoints; c++) // training stops at reports, and else where time has passed
        ok = p->checkpoint[c] % p->train.report == 0 && p->checkpoint[c] <= p->train.iterations &&
             (!c || p->checkpoint[c - 1] < p->checkpoint[c]);
    return ok || error_set(error, ERROR_USAGE, SPAN_NONE,
                           "noise of gradients cannot be measured like this: %u images in batches of %u, %u draws",
                           p->images, p->train.batch, p->draws);
}

static bool make_files(struct noise_run *run, const char *stem, struct error *error) {
    if (!stem) return true;
    int size = snprintf(run->state, PATH, "%s.run", stem);
    snprintf(run->results, PATH, "%s.noise", stem);
    return size < PATH - 4 || error_set(error, ERROR_FILE, SPAN_NONE, "the name %.40s... is too long", stem);
}

// The network as far as it was trained; damaged or other files are as none.
static void take_up(struct noise_run *run) {
    struct error none = {0};
    load_results(run);
    if (run->state[0] && !train_load(run->train, run->state, &none)) error_clear(&none);
}

struct noise_run *noise_new(const struct noise_plan *plan, const struct dataset *data, const struct dataset *test,
                            const char *stem, struct error *error) {
    uint32_t largest = plan->train.batch;
    if (!check_plan(plan, data, error)) return NULL;
    struct noise_run *run = mem_zero(1, sizeof *run);
    if (!run) return error_memory(error), NULL;
    run->plan = *plan;
    run->data = data;
    run->test = test;
    for (uint32_t m = 0; m < plan->methods; m++)
        largest = plan->method[m].batch > largest ? plan->method[m].batch : largest;
    run->index = mem_alloc(largest, sizeof *run->index);
    bool ok = (run->index || error_memory(error)) && find_layers(run, error) && make_training(run, error) &&
              make_files(run, stem, error);
    if (ok) take_up(run);
    if (ok) return run;
    noise_free(run);
    return NULL;
}

void noise_free(struct noise_run *run) {
    if (!run) return;
    for (uint32_t l = 0; l < NOISE_LAYERS; l++) mem_free(run->exact[l]);
    train_free(run->train);
    mem_free(run->index);
    mem_free(run);
}
