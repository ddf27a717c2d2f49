#include "lab/train_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/task.h"

const char *const optimizer_names[OPTIMIZERS] = {"adam", "sgd"};

// ---- the network --------------------------------------------------------------------------------------------------

static bool no_network(struct error *error, const char *what) {
    error_set(error, ERROR_TYPE, SPAN_NONE, "this is no network to train: %s", what);
    error_hint(error, "def net(x, y): ... return nll(log_softmax(...), y), with its parameters made by param(...)");
    return false;
}

// The matrix of log-probabilities that the loss looks labels up in.
static vertex probabilities(const struct graph *graph) { return graph->operand[graph->offset[graph->output[0]]]; }

static bool enough_classes(const struct graph *graph, const struct dataset *data, struct error *error) {
    struct shape shape = graph_shape(graph, probabilities(graph));
    if (shape.rank == 2 && shape.size[1] >= data->classes) return true;
    char have[64];
    shape_text(shape, have);
    error_set(error, ERROR_TYPE, graph_span(graph, graph->output[0]),
              "the loss is of %s log-probabilities, and %s has %u classes", have, data->name, data->classes);
    error_hint(error, "the last layer needs %u columns, as in param(..., %u)", data->classes, data->classes);
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
    if (fits) return enough_classes(graph, data, error);
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

bool train_report_room(struct train *t, uint64_t count, struct error *error) {
    if (count > TRAIN_REPORTS) {
        error_set(error, ERROR_LIMIT, SPAN_NONE, "that would be over %d reports", TRAIN_REPORTS);
        error_hint(error, "`report N` makes one every N iterations");
        return false;
    }
    if (count <= t->report_room) return true;
    struct train_report *more = mem_resize(t->report, count, sizeof *more);
    if (!more) return error_memory(error);
    t->report = more;
    t->report_room = count;
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
    t->last_loss = (double)NAN;
    const struct graph *graph = network->train, *evaluate = network->evaluate;
    vertex ends[2];
    bool ok = find_ends(graph, data, &t->image[0], &t->label[0], error) &&
              find_ends(evaluate, data, &t->image[1], &t->label[1], error);
    if (ok) {
        ends[0] = evaluate->output[0];
        ends[1] = probabilities(evaluate);
        t->tape = tape_new(graph, graph->output, 1, NUMBER_FLOAT, &t->options.keep, error);
        t->evaluator = t->tape ? tape_new(evaluate, ends, 2, NUMBER_FLOAT, NULL, error) : NULL;
    }
    ok =
        ok && t->evaluator && tape_fill(t->tape, options->seed, error) && tape_fill(t->evaluator, options->seed, error);
    ok = ok && find_slots(t, error) && draw_bootstrap(t, error);
    ok = ok && train_report_room(t, options->iterations / options->report + 2, error);
    if (ok) return t;
    train_free(t);
    return NULL;
}

void train_settle(struct train *t) {
    if (!t->tape) return;
    t->held = tape_held(t->tape);
    t->planned = tape_planned(t->tape);
    t->pool = train_pool(t);
    for (uint32_t i = 0; i < t->slot_count; i++) mem_free(t->slot[i].first), mem_free(t->slot[i].second);
    t->slot_count = 0;
    mem_free(t->slot);
    mem_free(t->drawn);
    mem_free(t->index);
    tape_free(t->tape);
    tape_free(t->evaluator);
    t->slot = NULL;
    t->drawn = t->index = NULL;
    t->tape = t->evaluator = NULL;
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

// ---- how much it needs -------------------------------------------------------------------------------------------

static double bytes_of(const struct graph *g, vertex v) { return (double)shape_count(graph_shape(g, v)) * 4; }

// The blocks of one size that values take: those given back serve others of the size, and no others.
struct blocks {
    double bytes, used, most;
};

static struct blocks *blocks_of(struct blocks *all, uint32_t *count, double bytes) {
    uint32_t i = 0;
    while (i < *count && all[i].bytes != bytes) i++;
    if (i == *count) all[(*count)++] = (struct blocks){.bytes = bytes};
    return &all[i];
}

// What values take while a graph runs forwards, each from where it is computed to its last use.
static bool forward_bytes(const struct graph *g, double *bytes, struct error *error) {
    vertex *last = mem_zero((size_t)g->count + 1, sizeof *last);
    struct blocks *all = mem_zero((size_t)g->count + 1, sizeof *all);
    uint32_t sizes = 0;
    bool ok = (last && all) || error_memory(error);
    for (vertex v = 0; ok && v < g->count; v++)
        for (uint32_t e = g->offset[v]; e < g->offset[v + 1]; e++) last[g->operand[e]] = v;
    for (vertex v = 0; ok && v < g->count; v++) {
        if (!graph_arity(g, v)) continue;
        struct blocks *own = blocks_of(all, &sizes, bytes_of(g, v));
        if (++own->used > own->most) own->most = own->used;
        for (uint32_t e = g->offset[v]; e < g->offset[v + 1]; e++) {
            vertex u = g->operand[e];
            if (last[u] != v || !graph_arity(g, u)) continue;
            blocks_of(all, &sizes, bytes_of(g, u))->used--;
            last[u] = VERTEX_NONE; // once, also of x * x
        }
    }
    *bytes = 0;
    for (uint32_t i = 0; i < sizes; i++) *bytes += all[i].bytes * all[i].most;
    mem_free(last);
    mem_free(all);
    return ok;
}

// Backward has adjoints where forward had values, and a convolution works on copies in another layout: once more as
// much.
bool train_need(const struct graph *g, const struct train_options *o, double *bytes, struct error *error) {
    struct keep_plan plan = {0};
    double copies = o ? o->optimizer == OPTIMIZER_ADAM ? 4 : 2 : 1; // of a parameter
    if (!forward_bytes(g, bytes, error)) return false;
    if (o) *bytes *= 2;
    if (o && !keep_plan_make(g, g->output, g->output_count, NUMBER_FLOAT, &o->keep, &plan, error)) return false;
    *bytes += (double)plan.bytes;
    for (uint32_t i = 0; i < g->input_count; i++)
        *bytes += bytes_of(g, g->input[i]) * (graph_is_parameter(g, g->input[i]) ? copies : 1);
    if (o) keep_plan_free(&plan);
    return true;
}

// ---- an iteration -------------------------------------------------------------------------------------------------

// The same images for the same iteration and seed, whoever asks.
static void draw_batch(struct train *t) {
    static const char name[] = "batch";
    struct rng rng = rng_at(rng_key(t->options.seed, rng_hash(name, sizeof name, 0)), t->iteration, 0);
    for (uint32_t i = 0; i < t->options.batch; i++) t->index[i] = t->drawn[rng_below(&rng, t->data->count)];
    data_batch(t->data, t->index, t->options.batch, tape_input(t->tape, t->image[0]), tape_input(t->tape, t->label[0]));
}

// Clipped with the decay in it, as in the authors' code for the recurrent network, where that is 0.
static void clip_gradient(struct train *t) {
    double square = 0;
    float decay = (float)t->options.decay;
    for (uint32_t s = 0; s < t->slot_count; s++) {
        struct slot *slot = &t->slot[s];
        slot->gradient = tape_gradient(t->tape, slot->v);
        for (size_t i = 0; i < slot->count; i++) {
            slot->gradient[i] += decay * slot->value[i];
            square += (double)slot->gradient[i] * slot->gradient[i];
        }
    }
    double length = sqrt(square);
    if (length <= t->options.clip) return;
    double factor = t->options.clip / (length + 1e-6);
    for (uint32_t s = 0; s < t->slot_count; s++)
        tape_kernels(t->tape)->scale(t->slot[s].gradient, t->slot[s].count, factor);
}

static double rate_now(const struct train *t) {
    const struct train_options *o = &t->options;
    uint64_t drops = o->drop ? t->iteration / o->drop : 0;
    return o->rate * pow(o->gamma, (double)drops);
}

static void sgd(struct slot *slot, float rate, float decay) {
    float *restrict x = slot->value;
    const float *restrict g = slot->gradient;
    for (size_t i = 0; i < slot->count; i++) x[i] -= rate * (g[i] + decay * x[i]);
}

static void update(struct train *t) {
    double rate = rate_now(t), n = (double)t->iteration + 1, decay = t->options.clip > 0 ? 0 : t->options.decay;
    const struct adam adam = {.beta1 = 0.9,
                              .beta2 = 0.999,
                              .epsilon = 1e-8,
                              .decay = decay,
                              .rate = rate / (1 - pow(0.9, n)),
                              .scale = 1 / sqrt(1 - pow(0.999, n))};
    if (t->options.clip > 0) clip_gradient(t);
    for (uint32_t s = 0; s < t->slot_count; s++) {
        struct slot *slot = &t->slot[s];
        struct thin_gradient thin;
        bool is_adam = t->options.optimizer == OPTIMIZER_ADAM;
        if (is_adam && tape_thin_gradient(t->tape, slot->v, &thin)) {
            tape_kernels(t->tape)->adam_thin(&adam, slot->value, &thin, slot->first, slot->second);
            continue;
        }
        slot->gradient = tape_gradient(t->tape, slot->v);
        if (is_adam)
            tape_kernels(t->tape)->adam(&adam, slot->value, slot->gradient, slot->first, slot->second, slot->count);
        else
            sgd(slot, (float)rate, (float)decay);
    }
}

// All vertices once more for the same batch, all values kept: where the first number that is none was computed.
static vertex first_nan(struct train *t) {
    const struct graph *g = t->network->train;
    vertex *all = mem_alloc((size_t)g->count + 1, sizeof *all), found = VERTEX_NONE;
    for (vertex v = 0; all && v < g->count; v++) all[v] = v;
    struct tape *tape = all ? tape_new(g, all, g->count, NUMBER_FLOAT, NULL, NULL) : NULL;
    bool ok = tape && tape_fill(tape, 0, NULL);
    for (uint32_t i = 0; ok && i < g->input_count; i++) {
        vertex v = g->input[i];
        size_t size = (size_t)shape_count(graph_shape(g, v)) * 4;
        if (tape_input(tape, v) && tape_input(t->tape, v)) memcpy(tape_input(tape, v), tape_input(t->tape, v), size);
    }
    ok = ok && tape_forward(tape, 0, NULL);
    for (vertex v = 0; ok && found == VERTEX_NONE && v < g->count; v++) {
        const float *value = graph_is_labels(g, v) ? NULL : tape_output(tape, v);
        for (size_t i = 0; value && found == VERTEX_NONE && i < (size_t)shape_count(graph_shape(g, v)); i++)
            if (!isfinite(value[i])) found = v;
    }
    tape_free(tape);
    mem_free(all);
    return found;
}

static bool tell_nan(struct train *t, struct error *error) {
    t->broken = true;
    error_set(error, ERROR_DOMAIN, SPAN_NONE, "the loss is no finite number at iteration %llu",
              (unsigned long long)t->iteration);
    error_hint(error, "a smaller rate (lr), or clip 1, may help");
    return false;
}

// The parameter of the layer that a vertex is part of: that of the nearest product on the way back. 0: none.
static symbol layer_of(const struct graph *g, vertex v) {
    for (uint32_t steps = 0; steps < g->count && graph_arity(g, v); steps++) {
        vertex next = VERTEX_NONE;
        for (uint32_t e = g->offset[v]; e < g->offset[v + 1]; e++) {
            vertex u = g->operand[e];
            bool product = g->op[v] == OP_MATMUL || g->op[v] == OP_CONV2D;
            if (graph_is_parameter(g, u) && product) return g->name[u];
            if (next == VERTEX_NONE && graph_arity(g, u)) next = u;
        }
        if (next == VERTEX_NONE) break;
        v = next;
    }
    return 0;
}

void train_find_nan(struct train *t, struct error *error) {
    const struct graph *g = t->network->train;
    vertex v = t->broken && t->tape ? first_nan(t) : VERTEX_NONE;
    if (v == VERTEX_NONE) return;
    char label[64], layer[100] = "", line[200] = "";
    struct span span = graph_span(g, v);
    symbol parameter = layer_of(g, v);
    graph_label(g, v, label);
    if (parameter) snprintf(layer, sizeof layer, "layer %.80s, ", symbol_text(g->symbols, parameter));
    if (span.source)
        snprintf(line, sizeof line, " (%.150s:%u)", span.source->name, source_line(span.source, span.begin));
    error_clear(error);
    error_set(error, ERROR_DOMAIN, SPAN_NONE,
              graph_is_parameter(g, v) ? "the loss is no finite number at iteration %llu; it begins at the parameter "
                                         "%s%s%s, which the step before has made so"
                                       : "the loss is no finite number at iteration %llu; it begins at %s%s%s",
              (unsigned long long)t->iteration, layer, label, line);
    error_hint(error, "a smaller rate (lr), or clip 1, may help");
}

static bool iterate(struct train *t, struct error *error) {
    draw_batch(t);
    if (!tape_forward(t->tape, t->iteration, error)) return false;
    double loss = tape_number(t->tape, 0);
    if (!isfinite(loss)) return tell_nan(t, error);
    if (!tape_backward(t->tape, error)) return false;
    update(t);
    t->last_loss = loss;
    t->batch_loss += loss;
    t->batches++;
    t->iteration++;
    return true;
}

// ---- evaluation ---------------------------------------------------------------------------------------------------

struct score {
    double loss; // sum
    uint64_t right, count;
};

static void add_score(struct score *score, const float *p, const int32_t *label, uint32_t count, uint32_t classes) {
    for (uint32_t i = 0; i < count; i++, p += classes) {
        uint32_t best = 0;
        for (uint32_t j = 1; j < classes; j++) best = p[j] > p[best] ? j : best;
        score->loss -= (double)p[label[i]];
        score->right += best == (uint32_t)label[i];
    }
    score->count += count;
}

// Mean loss and accuracy over the first `most` images (0: all) of the data, or of the bootstrap of them: each once. The
// last batch is filled up with images that do not count.
static bool evaluate(struct train *t, const struct dataset *data, const uint32_t *drawn, uint32_t most, double *loss,
                     double *accuracy, struct error *error) {
    const struct graph *g = t->network->evaluate;
    uint32_t batch = t->network->evaluate_batch, count = most && most < data->count ? most : data->count;
    uint32_t classes = graph_shape(g, probabilities(g)).size[1];
    struct score score = {0};
    for (uint32_t at = 0; at < count; at += batch) {
        uint32_t some = count - at < batch ? count - at : batch;
        for (uint32_t i = 0; i < batch; i++) {
            uint32_t place = i < some ? at + i : at;
            t->index[i] = drawn ? drawn[place] : place;
        }
        data_batch(data, t->index, batch, tape_input(t->evaluator, t->image[1]), tape_input(t->evaluator, t->label[1]));
        if (!tape_forward(t->evaluator, 0, error)) return false;
        add_score(&score, tape_output(t->evaluator, 1), tape_input(t->evaluator, t->label[1]), some, classes);
    }
    *loss = score.loss / (double)score.count;
    if (isnan(*loss)) *loss = (double)NAN; // without a sign, which would be printed
    *accuracy = (double)score.right / (double)score.count;
    return true;
}

static bool add_report(struct train *t, struct error *error) {
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
    if (t->report_count == t->report_room) return error_set(error, ERROR_LIMIT, SPAN_NONE, "too many reports");
    t->report[t->report_count] = r;
    t->report_count++; // who reads meanwhile sees it when it is complete
    t->batch_loss = t->seconds = 0;
    t->batches = 0;
    return true;
}

static bool reported(const struct train *t) {
    return t->report_count && t->report[t->report_count - 1].iteration == t->iteration;
}

static bool report_due(const struct train *t) {
    return (t->iteration % t->options.report == 0 || t->iteration >= t->options.iterations) && !reported(t);
}

bool train_done(const struct train *t) { return t->iteration >= t->options.iterations && reported(t); }

bool train_on(struct train *t, double seconds, struct error *error) {
    double end = clock_now() + seconds, begin = clock_worked(); // one thread trains
    if (t->broken) return tell_nan(t, error);
    while (!report_due(t) && !train_done(t)) {
        if (task_interrupted()) return error_interrupt(error);
        if (!iterate(t, error)) return false;
        double now = clock_worked();
        t->seconds += now - begin;
        begin = now;
        if (clock_now() >= end && !report_due(t)) return true;
    }
    return train_done(t) || add_report(t, error);
}

uint64_t train_iteration(const struct train *t) { return t->iteration; }
double train_batch_loss(const struct train *t) { return t->last_loss; }
size_t train_pool(const struct train *t) { return t->tape ? tape_peak(t->tape) + tape_peak(t->evaluator) : t->pool; }
size_t train_held(const struct train *t) { return t->tape ? tape_held(t->tape) : t->held; }
size_t train_planned(const struct train *t) { return t->tape ? tape_planned(t->tape) : t->planned; }
const struct train_options *train_options_of(const struct train *t) { return &t->options; }

const float *train_parameter(const struct train *t, vertex v) {
    for (uint32_t s = 0; s < t->slot_count; s++)
        if (t->slot[s].v == v) return t->slot[s].value;
    return NULL;
}

const struct train_report *train_reports(const struct train *t, size_t *count) {
    *count = t->report_count;
    return t->report;
}
