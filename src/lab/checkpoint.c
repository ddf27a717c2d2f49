// A run on disk.
//
//     "BAUERCKP", format, byte order | network, data: hashes | options, machine: texts | state | hash of all before
//
// Numbers are as they lie in memory, so that nothing is lost; a file of the other byte order is refused.
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/task.h"
#include "lab/train_private.h"

static const char magic[8] = {'B', 'A', 'U', 'E', 'R', 'C', 'K', 'P'};
enum { FORMAT = 2, BYTE_ORDER_MARK = 0x01020304, TEXT = 2400 };

// ---- what must be the same ----------------------------------------------------------------------------------------

// The graph as it is computed: operations, operands, shapes, settings, and the numbers that are given.
static uint64_t hash_graph(const struct graph *g) {
    uint64_t hash = rng_hash(g->op, g->count * sizeof *g->op, 0);
    hash = rng_hash(g->operand, g->offset[g->count] * sizeof *g->operand, hash);
    for (vertex v = 0; v < g->count; v++) {
        struct shape shape = graph_shape(g, v);
        const struct graph_tensor *tensor = graph_tensor(g, v);
        hash = rng_hash(shape.size, shape.rank * sizeof *shape.size, hash);
        if (!tensor && g->op[v] == OP_CONST) hash = rng_hash(&g->value[v], sizeof g->value[v], hash);
        if (!tensor) continue;
        const struct tensor_source *s = &tensor->source;
        double setting[] = {s->kind, s->scale, s->parameter};
        hash = rng_hash(setting, sizeof setting, hash);
        hash = rng_hash(&tensor->setting, sizeof tensor->setting, hash);
        if (s->data) hash = rng_hash(s->data, (size_t)shape_count(shape) * sizeof *s->data, hash);
    }
    return hash;
}

static uint64_t hash_data(const struct train *t) {
    uint64_t both[] = {t->data->hash, t->test->hash};
    return rng_hash(both, sizeof both, 0);
}

// "data=mnist batch=150 ..."; the number of iterations may grow, and reports may come more or less often.
static void options_text(const struct train *t, char text[TEXT]) {
    const struct train_options *o = &t->options;
    int size = snprintf(text, TEXT,
                        "data=%s batch=%u optimizer=%s lr=%.17g decay=%.17g gamma=%.17g drop=%llu clip=%.17g "
                        "bootstrap=%d train-images=%u test-images=%u seed=%llu method=%s keep=%.17g noreplace=%d "
                        "same-steps=%d",
                        t->data->name, o->batch, optimizer_names[o->optimizer], o->rate, o->decay, o->gamma,
                        (unsigned long long)o->drop, o->clip, o->bootstrap, o->train_images, o->test_images,
                        (unsigned long long)o->seed, keep_names[o->keep.method], o->keep.fraction, o->keep.distinct,
                        o->keep.same_steps);
    for (uint32_t i = 0; i < o->keep.layer_count && size < TEXT; i++) // names that are longer than that are cut
        size +=
            snprintf(text + size, (size_t)(TEXT - size), " keep-%.60s=%.17g",
                     symbol_text(t->network->train->symbols, o->keep.layer[i].parameter), o->keep.layer[i].fraction);
}

// What sums are rounded by: the kernels of products, of convolutions and our own, and how many threads share one (train
// uses one).
static void machine_text(char text[TEXT]) {
    snprintf(text, TEXT, "%s, %s, kernels %s, 1 thread", kernels_blas_name(), kernels_onednn_name(),
             kernels_level_name());
}

uint64_t train_identity(const struct train *t) {
    char options[TEXT], machine[TEXT];
    uint64_t words[] = {hash_graph(t->network->train), hash_data(t)}, hash = rng_hash(words, sizeof words, 0);
    options_text(t, options);
    machine_text(machine);
    return rng_hash(machine, strlen(machine), rng_hash(options, strlen(options), hash));
}

// The first word by which two such texts differ.
static void tell_difference(const char *saved, const char *wanted, struct error *error) {
    size_t a, b;
    while (a = strcspn(saved, " "), b = strcspn(wanted, " "), a || b) {
        if (a != b || memcmp(saved, wanted, a) != 0) break;
        saved += a + (saved[a] == ' ');
        wanted += b + (wanted[b] == ' ');
    }
    error_set(error, ERROR_FILE, SPAN_NONE, "it was made with %.*s, and this line has %.*s", a ? (int)a : 7,
              a ? saved : "nothing", b ? (int)b : 7, b ? wanted : "nothing");
}

// ---- writing ------------------------------------------------------------------------------------------------------

static void put(struct buffer *out, const void *data, size_t size) { buffer_add(out, data, size); }

static void put_word(struct buffer *out, uint64_t word) { put(out, &word, sizeof word); }

static void put_text(struct buffer *out, const char *text) {
    put_word(out, strlen(text));
    put(out, text, strlen(text));
}

static void put_state(const struct train *t, struct buffer *out) {
    put_word(out, t->iteration);
    put(out, &t->batch_loss, sizeof t->batch_loss);
    put_word(out, t->batches);
    put(out, &t->seconds, sizeof t->seconds);
    put_word(out, t->report_count);
    put(out, t->report, t->report_count * sizeof *t->report);
    for (uint32_t s = 0; s < t->slot_count; s++) {
        size_t size = t->slot[s].count * sizeof(float);
        put(out, t->slot[s].value, size);
        if (t->slot[s].first) put(out, t->slot[s].first, size);
        if (t->slot[s].second) put(out, t->slot[s].second, size);
    }
}

bool train_save(const struct train *t, const char *path, struct error *error) {
    struct buffer out = {0};
    char text[TEXT];
    uint32_t head[] = {FORMAT, BYTE_ORDER_MARK};
    put(&out, magic, sizeof magic);
    put(&out, head, sizeof head);
    put_word(&out, hash_graph(t->network->train));
    put_word(&out, hash_data(t));
    options_text(t, text);
    put_text(&out, text);
    machine_text(text);
    put_text(&out, text);
    put_state(t, &out);
    put_word(&out, out.failed ? 0 : rng_hash(out.data, out.size, 0));
    bool ok = (!out.failed || error_memory(error)) && file_write(path, out.data, out.size, error);
    buffer_free(&out);
    return ok;
}

// ---- reading ------------------------------------------------------------------------------------------------------

struct reading {
    const char *at, *end;
};

static bool take(struct reading *r, void *to, size_t size) {
    if ((size_t)(r->end - r->at) < size) return false;
    memcpy(to, r->at, size);
    r->at += size;
    return true;
}

static bool take_text(struct reading *r, char text[TEXT]) {
    uint64_t size;
    if (!take(r, &size, sizeof size) || size >= TEXT || !take(r, text, size)) return false;
    text[size] = '\0';
    return true;
}

static bool damaged(struct error *error) {
    return error_set(error, ERROR_FILE, SPAN_NONE, "the checkpoint is damaged");
}

// The size is known to be right when this begins to change the run.
static bool take_state(struct train *t, struct reading *r, struct error *error) {
    uint64_t iteration, batches, reports;
    double batch_loss, seconds;
    if (!take(r, &iteration, sizeof iteration) || !take(r, &batch_loss, sizeof batch_loss) ||
        !take(r, &batches, sizeof batches) || !take(r, &seconds, sizeof seconds) ||
        !take(r, &reports, sizeof reports) || reports > TRAIN_REPORTS)
        return damaged(error);
    size_t size = reports * sizeof *t->report;
    for (uint32_t s = 0; s < t->slot_count; s++) size += t->slot[s].count * sizeof(float) * (t->slot[s].first ? 3 : 1);
    if ((size_t)(r->end - r->at) != size) return damaged(error);
    if (!train_report_room(t, reports + t->options.iterations / t->options.report + 2, error)) return false;
    take(r, t->report, reports * sizeof *t->report);
    for (uint32_t s = 0; s < t->slot_count; s++) {
        size = t->slot[s].count * sizeof(float);
        take(r, t->slot[s].value, size);
        if (t->slot[s].first) take(r, t->slot[s].first, size), take(r, t->slot[s].second, size);
    }
    t->report_count = reports;
    t->iteration = iteration;
    t->batch_loss = batch_loss;
    t->batches = batches;
    t->seconds = seconds;
    t->broken = false;
    return true;
}

static bool whole(const char *data, size_t size) {
    uint64_t check;
    if (size < 48) return false;
    memcpy(&check, data + size - sizeof check, sizeof check);
    return rng_hash(data, size - sizeof check, 0) == check;
}

// Of this program, this version and whole; r is then behind the head.
static bool take_head(struct reading *r, const char *data, size_t size, struct error *error) {
    char start[sizeof magic];
    uint32_t head[2] = {0};
    if (!take(r, start, sizeof start) || memcmp(start, magic, 5) != 0)
        return error_set(error, ERROR_FILE, SPAN_NONE, "this is no checkpoint of bauer");
    if (memcmp(start, magic, sizeof magic) != 0 || !take(r, head, sizeof head) || head[0] != FORMAT)
        return error_set(error, ERROR_FILE, SPAN_NONE,
                         "this checkpoint is of another version of bauer (format %u; this one reads %d)", head[0],
                         FORMAT);
    if (head[1] != BYTE_ORDER_MARK)
        return error_set(error, ERROR_FILE, SPAN_NONE, "this checkpoint is from a machine of the other byte order");
    return whole(data, size) || damaged(error);
}

static bool take_all(struct train *t, const char *data, size_t size, struct error *error) {
    struct reading r = {data, data + size};
    char saved[TEXT], wanted[TEXT];
    uint64_t network, images;
    if (!take_head(&r, data, size, error)) return false;
    r.end -= sizeof(uint64_t); // the hash
    if (!take(&r, &network, sizeof network) || !take(&r, &images, sizeof images) || !take_text(&r, saved))
        return damaged(error);
    options_text(t, wanted);
    if (strcmp(saved, wanted) != 0) return tell_difference(saved, wanted, error), false;
    if (network != hash_graph(t->network->train))
        return error_set(error, ERROR_FILE, SPAN_NONE, "it is of another network");
    if (images != hash_data(t)) return error_set(error, ERROR_FILE, SPAN_NONE, "it was made with other images");
    if (!take_text(&r, saved)) return damaged(error);
    machine_text(wanted);
    t->note[0] = '\0';
    if (strcmp(saved, wanted) != 0)
        snprintf(t->note, sizeof t->note, "it was saved with %.110s, and this is %.110s: sums may round differently",
                 saved, wanted);
    return take_state(t, &r, error);
}

bool train_load(struct train *t, const char *path, struct error *error) {
    size_t size;
    struct error wrong = {0};
    char *data = file_read(path, &size, error);
    if (!data) return error_hint(error, "give `resume` a name that is not there yet, or one that can be read"), false;
    bool ok = take_all(t, data, size, &wrong);
    mem_free(data);
    if (ok) return true;
    if (wrong.kind == ERROR_MEMORY) return error_memory(error);
    error_set(error, wrong.kind, SPAN_NONE, "%s: %s", path, wrong.message);
    error_hint(error, "resume with the line that made it, or give `resume` a name that is not there yet");
    return false;
}

const char *train_note(const struct train *t) { return t->note; }
