#include "lab/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/task.h"

const char *const optimizer_names[OPTIMIZERS] = {"adam", "sgd"};

struct slot { // of a parameter
    vertex v;
    size_t count;
    float *value, *gradient; // the tape's
    float *first, *second;   // Adam's moments
};

struct train {
    const struct network *network;
    const struct dataset *data, *test;
    struct train_options options;
    struct tape *tape, *evaluator;
    vertex image[2], label[2]; // of the training and the evaluating graph
    uint32_t classes_at;       // output of the evaluator that holds log-probabilities
    struct slot *slot;
    uint32_t slot_count;
    uint32_t *drawn; // the bootstrap: which images are the training set
    uint32_t *index; // of a batch
    uint64_t iteration;
    double batch_loss;
    uint64_t batches;
    double seconds;
    struct train_report *report;
    size_t report_count, report_capacity;
};

// ---- the network --------------------------------------------------------------------------------------------------

static bool no_network(struct error *error, const char *what) {
    error_set(error, ERROR_TYPE, SPAN_NONE, "this is no network to train: %s", what);
    error_hint(error, "def net(x, y): ... return nll(log_softmax(...), y), with its parameters made by param(...)");
    return false;
}

static bool find_ends(const struct graph *graph, const struct dataset *data, vertex *image, vertex *label,
                      struct error *error) {
    *image = *label = VERTEX_NONE;
    if (graph->output_count != 1 || graph_is_tensor(graph, graph->output[0]) || graph->op[graph->output[0]] != OP_NLL)
        return no_network(error, "it must return one loss, nll(...)");
    for (uint32_t i = 0; i < graph->input_count; i++) {
        vertex v = graph->input[i];
        if (graph_is_labels(graph, v))
            *label = v;
        else if (graph_is_tensor(graph, v) && !graph_is_parameter(graph, v) && *image == VERTEX_NONE)
            *image = v;
    }
    if (*image == VERTEX_NONE || *label == VERTEX_NONE)
        return no_network(error, "it needs images and labels as arguments");
    struct shape shape = graph_shape(graph, *image);
    bool fits = shape.rank == data->item.rank + 1;
    for (uint32_t i = 0; fits && i < data->item.rank; i++) fits = shape.size[i + 1] == data->item.size[i];
    if (fits) return true;
    char have[64], want[64];
    shape_text(shape, have);
    shape_text(data->item, want);
    return error_set(error, ERROR_TYPE, SPAN_NONE, "its images are %s, and an image of %s is %s", have, data->name,
                     want);
}

static bool find_slots(struct train *t, struct error *error) {
    const struct graph *graph = t->network->train;
    t->slot = mem_zero((size_t)graph->input_count + 1, sizeof *t->slot);
    if (!t->slot) return error_memory(error);
    for (uint32_t i = 0; i < graph->input_count; i++) {
        vertex v = graph->input[i];
        if (!graph_is_parameter(graph, v) || !tape_gradient(t->tape, v)) continue;
        struct slot *slot = &t->slot[t->slot_count++];
        slot->v = v;
        slot->count = (size_t)shape_count(graph_shape(graph, v));
        slot->value = tape_input(t->tape, v);
        slot->gradient = tape_gradient(t->tape, v);
        bool adam = t->options.optimizer == OPTIMIZER_ADAM;
        slot->first = adam ? mem_zero(slot->count, sizeof(float)) : NULL;
        slot->second = adam ? mem_zero(slot->count, sizeof(float)) : NULL;
        if (adam && (!slot->first || !slot->second)) return error_memory(error);
    }
    return t->slot_count || no_network(error, "it has no parameters");
}

// As many images as there are, each any of them.
static bool draw_bootstrap(struct train *t, struct error *error) {
    static const char name[] = "bootstrap";
    struct rng rng = rng_at(rng_key(t->options.seed, rng_hash(name, sizeof name, 0)), 0, 0);
    t->drawn = mem_alloc(t->data->count, sizeof *t->drawn);
    t->index = mem_alloc((size_t)t->options.batch + t->network->evaluate_batch + 1, sizeof *t->index);
    if (!t->drawn || !t->index) return error_memory(error);
    for (uint32_t i = 0; i < t->data->count; i++)
        t->drawn[i] = t->options.bootstrap ? (uint32_t)rng_below(&rng, t->data->count) : i;
    return true;
}

struct train *train_new(const struct network *network, const struct dataset *data, const struct dataset *test,
                        const struct train_options *options, struct error *error) {
    struct train *t = mem_zero(1, sizeof *t);
    if (!t) return error_memory(error), NULL;
    t->network = network;
    t->data = data;
    t->test = test;
    t->options = *options;
    t->options.keep.seed = options->seed;
    const struct graph *graph = network->train, *evaluate = network->evaluate;
    vertex ends[2];
    bool ok = find_ends(graph, data, &t->image[0], &t->label[0], error) &&
              find_ends(evaluate, data, &t->image[1], &t->label[1], error);
    if (ok) {
        ends[0] = evaluate->output[0];
        ends[1] = evaluate->operand[evaluate->offset[ends[0]]]; // log-probabilities
        t->tape = tape_new(graph, graph->output, 1, NUMBER_FLOAT, &t->options.keep, error);
        t->evaluator = t->tape ? tape_new(evaluate, ends, 2, NUMBER_FLOAT, NULL, error) : NULL;
    }
    ok =
        ok && t->evaluator && tape_fill(t->tape, options->seed, error) && tape_fill(t->evaluator, options->seed, error);
    ok = ok && find_slots(t, error) && draw_bootstrap(t, error);
    if (ok) return t;
    train_free(t);
    return NULL;
}

void train_free(struct train *t) {
    if (!t) return;
    for (uint32_t i = 0; i < t->slot_count; i++) mem_free(t->slot[i].first), mem_free(t->slot[i].second);
    mem_free(t->slot);
    mem_free(t->drawn);
    mem_free(t->index);
    mem_free(t->report);
    tape_free(t->tape);
    tape_free(t->evaluator);
    mem_free(t);
}

// ---- an iteration -------------------------------------------------------------------------------------------------

// The same images for the same iteration and seed, whoever asks.
static void draw_batch(struct train *t) {
    static const char name[] = "batch";
    struct rng rng = rng_at(rng_key(t->options.seed, rng_hash(name, sizeof name, 0)), t->iteration, 0);
    for (uint32_t i = 0; i < t->options.batch; i++) t->index[i] = t->drawn[rng_below(&rng, t->data->count)];
    data_batch(t->data, t->index, t->options.batch, tape_input(t->tape, t->image[0]), tape_input(t->tape, t->label[0]));
}

// Decay is added before the gradient is clipped, as in the authors' code for the recurrent network, where it is 0.
static void finish_gradient(struct train *t) {
    double square = 0;
    for (uint32_t s = 0; s < t->slot_count; s++) {
        struct slot *slot = &t->slot[s];
        float decay = (float)t->options.decay;
        for (size_t i = 0; i < slot->count; i++) slot->gradient[i] += decay * slot->value[i];
        for (size_t i = 0; t->options.clip > 0 && i < slot->count; i++)
            square += (double)slot->gradient[i] * slot->gradient[i];
    }
    double length = sqrt(square);
    if (!(t->options.clip > 0) || length <= t->options.clip) return;
    float factor = (float)(t->options.clip / (length + 1e-6));
    for (uint32_t s = 0; s < t->slot_count; s++)
        for (size_t i = 0; i < t->slot[s].count; i++) t->slot[s].gradient[i] *= factor;
}

static double rate_now(const struct train *t) {
    const struct train_options *o = &t->options;
    return o->drop ? o->rate * pow(o->gamma, (double)(t->iteration / o->drop)) : o->rate;
}

CPU_CLONES static void adam(struct slot *slot, float rate, float first, float second) {
    const float b1 = 0.9f, b2 = 0.999f, tiny = 1e-8f;
    float *restrict m = slot->first, *restrict v = slot->second, *restrict x = slot->value;
    const float *restrict g = slot->gradient;
    for (size_t i = 0; i < slot->count; i++) {
        m[i] = b1 * m[i] + (1 - b1) * g[i];
        v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
        x[i] -= rate * first * m[i] / (sqrtf(v[i]) * second + tiny);
    }
}

static void update(struct train *t) {
    float rate = (float)rate_now(t);
    double n = (double)t->iteration + 1;
    float first = (float)(1 / (1 - pow(0.9, n))), second = (float)(1 / sqrt(1 - pow(0.999, n)));
    for (uint32_t s = 0; s < t->slot_count; s++) {
        struct slot *slot = &t->slot[s];
        if (t->options.optimizer == OPTIMIZER_ADAM)
            adam(slot, rate, first, second);
        else
            for (size_t i = 0; i < slot->count; i++) slot->value[i] -= rate * slot->gradient[i];
    }
}

// Where the first number that is none was computed: all vertices once more, kept.
static bool tell_nan(struct train *t, struct error *error) {
    const struct graph *g = t->network->train;
    vertex *all = mem_alloc((size_t)g->count + 1, sizeof *all), found = VERTEX_NONE;
    for (vertex v = 0; all && v < g->count; v++) all[v] = v;
    struct error own = {0};
    struct tape *tape = all ? tape_new(g, all, g->count, NUMBER_FLOAT, NULL, &own) : NULL;
    bool ok = tape && tape_fill(tape, 0, &own);
    for (uint32_t i = 0; ok && i < g->input_count; i++) {
        vertex v = g->input[i];
        size_t size = (size_t)shape_count(graph_shape(g, v)) * 4;
        if (tape_input(tape, v) && tape_input(t->tape, v)) memcpy(tape_input(tape, v), tape_input(t->tape, v), size);
    }
    ok = ok && tape_forward(tape, 0, &own);
    for (vertex v = 0; ok && found == VERTEX_NONE && v < g->count; v++) {
        const float *value = graph_is_labels(g, v) ? NULL : tape_output(tape, v);
        for (size_t i = 0; value && found == VERTEX_NONE && i < (size_t)shape_count(graph_shape(g, v)); i++)
            if (!isfinite(value[i])) found = v;
    }
    tape_free(tape);
    mem_free(all);
    char label[64];
    error_set(error, ERROR_DOMAIN, SPAN_NONE, "the loss is no finite number at iteration %llu; it begins at %s",
              (unsigned long long)t->iteration, found == VERTEX_NONE ? "the loss" : graph_label(g, found, label));
    error_hint(error, "a smaller rate (lr), or clip 1, may help");
    return false;
}

static bool iterate(struct train *t, struct error *error) {
    draw_batch(t);
    if (!tape_forward(t->tape, t->iteration, error)) return false;
    double loss = tape_number(t->tape, 0);
    if (!isfinite(loss)) return tell_nan(t, error);
    if (!tape_backward(t->tape, error)) return false;
    finish_gradient(t);
    update(t);
    t->batch_loss += loss;
    t->batches++;
    t->iteration++;
    return true;
}

// ---- evaluation ---------------------------------------------------------------------------------------------------

static uint32_t right_ones(const float *p, const int32_t *label, uint32_t count, uint32_t classes) {
    uint32_t right = 0;
    for (uint32_t i = 0; i < count; i++, p += classes) {
        uint32_t best = 0;
        for (uint32_t j = 1; j < classes; j++) best = p[j] > p[best] ? j : best;
        right += best == (uint32_t)label[i];
    }
    return right;
}

// Mean loss and accuracy over the first `most` images (0: all) of the data, or of the bootstrap of them.
static bool evaluate(struct train *t, const struct dataset *data, const uint32_t *drawn, uint32_t most, double *loss,
                     double *accuracy, struct error *error) {
    const struct graph *g = t->network->evaluate;
    uint32_t batch = t->network->evaluate_batch, count = most && most < data->count ? most : data->count, done = 0;
    double sum = 0;
    uint64_t right = 0;
    for (uint32_t at = 0; at + batch <= count || done == 0; at += batch) {
        for (uint32_t i = 0; i < batch; i++)
            t->index[i] = drawn ? drawn[(at + i) % data->count] : (at + i) % data->count;
        data_batch(data, t->index, batch, tape_input(t->evaluator, t->image[1]), tape_input(t->evaluator, t->label[1]));
        if (!tape_forward(t->evaluator, 0, error)) return false;
        sum += tape_number(t->evaluator, 0) * batch;
        uint32_t classes = graph_shape(g, g->operand[g->offset[g->output[0]]]).size[1];
        right += right_ones(tape_output(t->evaluator, 1), tape_input(t->evaluator, t->label[1]), batch, classes);
        done += batch;
    }
    *loss = sum / done;
    *accuracy = (double)right / done;
    return true;
}

static bool add_report(struct train *t, struct error *error) {
    if (!mem_grow(&t->report, &t->report_capacity, t->report_count + 1, sizeof *t->report)) return error_memory(error);
    struct train_report r = {.iteration = t->iteration,
                             .batch_loss = t->batches ? t->batch_loss / (double)t->batches : (double)NAN,
                             .seconds = t->seconds};
    for (uint32_t s = 0; s < t->slot_count; s++) { // the inputs of both graphs come in the same order
        const struct graph *from = t->network->train, *to = t->network->evaluate;
        for (uint32_t i = 0; i < from->input_count; i++)
            if (from->input[i] == t->slot[s].v)
                memcpy(tape_input(t->evaluator, to->input[i]), t->slot[s].value, t->slot[s].count * sizeof(float));
    }
    if (!evaluate(t, t->data, t->drawn, t->options.train_images, &r.loss, &r.accuracy, error) ||
        !evaluate(t, t->test, NULL, t->options.test_images, &r.test_loss, &r.test_accuracy, error))
        return false;
    t->report[t->report_count++] = r;
    t->batch_loss = t->seconds = 0;
    t->batches = 0;
    return true;
}

bool train_done(const struct train *t) {
    return t->iteration >= t->options.iterations && t->report_count &&
           t->report[t->report_count - 1].iteration == t->iteration;
}

bool train_on(struct train *t, struct error *error) {
    bool due = t->report_count == 0 || t->report[t->report_count - 1].iteration != t->iteration;
    if (!due || (t->iteration % t->options.report && t->iteration < t->options.iterations)) {
        do {
            double begin = clock_now();
            if (task_interrupted()) return error_interrupt(error);
            if (!iterate(t, error)) return false;
            t->seconds += clock_now() - begin;
        } while (t->iteration % t->options.report && t->iteration < t->options.iterations);
    }
    return add_report(t, error);
}

uint64_t train_iteration(const struct train *t) { return t->iteration; }
size_t train_held(const struct train *t) { return tape_held(t->tape); }
const struct train_options *train_options_of(const struct train *t) { return &t->options; }

const struct train_report *train_reports(const struct train *t, size_t *count) {
    *count = t->report_count;
    return t->report;
}

// ---- checkpoints --------------------------------------------------------------------------------------------------

static const char magic[8] = "BAUERT1";

// What must be the same for the continuation to be one.
static uint64_t identity(const struct train *t) {
    const struct train_options *o = &t->options;
    const struct graph *g = t->network->train;
    char text[600];
    snprintf(text, sizeof text, "%u %d %.17g %.17g %.17g %llu %.17g %d %u %u %llu %d %.17g %d %d %s %u %s", o->batch,
             o->optimizer, o->rate, o->decay, o->gamma, (unsigned long long)o->drop, o->clip, o->bootstrap,
             o->train_images, o->test_images, (unsigned long long)o->seed, o->keep.method, o->keep.fraction,
             o->keep.distinct, o->keep.same_steps, t->data->name, t->data->count, kernels_blas_name());
    uint64_t hash = rng_hash(text, strlen(text), 0);
    hash = rng_hash(g->op, g->count, hash);
    for (uint32_t s = 0; s < t->slot_count; s++) hash = rng_hash(&t->slot[s].count, sizeof t->slot[s].count, hash);
    return hash;
}

static void put_number(struct buffer *out, const void *data, size_t size) { buffer_add(out, data, size); }

bool train_save(const struct train *t, const char *path, struct error *error) {
    struct buffer out = {0};
    uint64_t id = identity(t), reports = t->report_count;
    put_number(&out, magic, sizeof magic);
    put_number(&out, &id, sizeof id);
    put_number(&out, &t->iteration, sizeof t->iteration);
    put_number(&out, &t->batch_loss, sizeof t->batch_loss);
    put_number(&out, &t->batches, sizeof t->batches);
    put_number(&out, &t->seconds, sizeof t->seconds);
    put_number(&out, &reports, sizeof reports);
    put_number(&out, t->report, t->report_count * sizeof *t->report);
    for (uint32_t s = 0; s < t->slot_count; s++) {
        put_number(&out, t->slot[s].value, t->slot[s].count * sizeof(float));
        if (t->slot[s].first) put_number(&out, t->slot[s].first, t->slot[s].count * sizeof(float));
        if (t->slot[s].second) put_number(&out, t->slot[s].second, t->slot[s].count * sizeof(float));
    }
    uint64_t check = out.failed ? 0 : rng_hash(out.data, out.size, 0);
    put_number(&out, &check, sizeof check);
    bool ok = (!out.failed || error_memory(error)) && file_write(path, out.data, out.size, error);
    buffer_free(&out);
    return ok;
}

struct reading {
    const char *at, *end;
};

static bool take(struct reading *r, void *to, size_t size) {
    if ((size_t)(r->end - r->at) < size) return false;
    memcpy(to, r->at, size);
    r->at += size;
    return true;
}

static bool take_state(struct train *t, struct reading *r, struct error *error) {
    uint64_t reports;
    bool ok = take(r, &t->iteration, sizeof t->iteration) && take(r, &t->batch_loss, sizeof t->batch_loss) &&
              take(r, &t->batches, sizeof t->batches) && take(r, &t->seconds, sizeof t->seconds) &&
              take(r, &reports, sizeof reports) && reports < 1 << 24;
    if (!ok) return false;
    if (!mem_grow(&t->report, &t->report_capacity, reports + 1, sizeof *t->report)) return error_memory(error);
    ok = take(r, t->report, reports * sizeof *t->report);
    t->report_count = ok ? reports : 0;
    for (uint32_t s = 0; ok && s < t->slot_count; s++) {
        size_t size = t->slot[s].count * sizeof(float);
        ok = take(r, t->slot[s].value, size) && (!t->slot[s].first || take(r, t->slot[s].first, size)) &&
             (!t->slot[s].second || take(r, t->slot[s].second, size));
    }
    return ok;
}

bool train_load(struct train *t, const char *path, struct error *error) {
    size_t size;
    char *data = file_read(path, &size, error);
    if (!data) return false;
    struct reading r = {data, data + size};
    char head[8];
    uint64_t id, check = 0;
    const char *wrong = NULL;
    if (!take(&r, head, sizeof head) || memcmp(head, magic, sizeof magic) != 0)
        wrong = "this is no checkpoint of this version of bauer";
    else if (size < 24 || (memcpy(&check, data + size - 8, 8), rng_hash(data, size - 8, 0) != check))
        wrong = "the checkpoint is damaged";
    else if (!take(&r, &id, sizeof id) || id != identity(t))
        wrong = "it is of another network, other data, other options or another processor";
    else if (!take_state(t, &r, error))
        wrong = "the checkpoint is damaged";
    mem_free(data);
    if (!wrong) return true;
    error_set(error, ERROR_FILE, SPAN_NONE, "%s: %s", path, wrong);
    error_hint(error, "resume with the line that made it");
    return false;
}
