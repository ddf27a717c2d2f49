// oneDNN 2.x, loaded when the first convolution is asked for.
#include "tensor/onednn.h"

#ifdef BAUER_ONEDNN
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clones.h"

// The functions that are used, by their names without "dnnl_".
#define FUNCTIONS(F)                                                                                                   \
    F(engine_create)                                                                                                   \
    F(stream_create)                                                                                                   \
    F(stream_destroy)                                                                                                  \
    F(stream_wait)                                                                                                     \
    F(memory_desc_init_by_tag)                                                                                         \
    F(memory_desc_equal)                                                                                               \
    F(memory_desc_get_size)                                                                                            \
    F(memory_create)                                                                                                   \
    F(memory_destroy)                                                                                                  \
    F(memory_set_data_handle)                                                                                          \
    F(convolution_forward_desc_init)                                                                                   \
    F(convolution_backward_data_desc_init)                                                                             \
    F(convolution_backward_weights_desc_init)                                                                          \
    F(reorder_primitive_desc_create)                                                                                   \
    F(primitive_attr_create)                                                                                           \
    F(primitive_attr_destroy)                                                                                          \
    F(primitive_attr_set_scratchpad_mode)                                                                              \
    F(primitive_desc_create)                                                                                           \
    F(primitive_desc_destroy)                                                                                          \
    F(primitive_desc_query_md)                                                                                         \
    F(primitive_create)                                                                                                \
    F(primitive_execute)                                                                                               \
    F(version)

#define DECLARE(NAME) __typeof__(dnnl_##NAME) *NAME;
static struct {
    FUNCTIONS(DECLARE)
    void (*set_threads)(int); // OpenMP's, for the calling thread
    dnnl_engine_t engine;
    dnnl_primitive_attr_t own_scratch;
    bool ok;
    int threads;
    char name[40]; // written once, since checkpoints are by many threads
} dnnl = {.threads = 1};
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    bool all = true;
#define LOOK_UP(NAME)                                                                                                  \
    *(void **)&dnnl.NAME = dlsym(library, "dnnl_" #NAME);                                                              \
    all = all && dnnl.NAME;
    FUNCTIONS(LOOK_UP)
    *(void **)&dnnl.set_threads = dlsym(library, "omp_set_num_threads");
    if (!all || dnnl.version()->major != DNNL_VERSION_MAJOR) return;
    const dnnl_version_t *version = dnnl.version();
    snprintf(dnnl.name, sizeof dnnl.name, "oneDNN %d.%d.%d", version->major, version->minor, version->patch);
    dnnl.ok = dnnl.engine_create(&dnnl.engine, dnnl_cpu, 0) == dnnl_success &&
              dnnl.primitive_attr_create(&dnnl.own_scratch) == dnnl_success &&
              dnnl.primitive_attr_set_scratchpad_mode(dnnl.own_scratch, dnnl_scratchpad_mode_user) == dnnl_success;
}

bool kernels_have_onednn(void) {
    pthread_once(&once, load);
    return dnnl.ok;
}

const char *kernels_onednn_name(void) { return kernels_have_onednn() ? dnnl.name : "products of columns"; }

void onednn_set_threads(unsigned threads) { dnnl.threads = threads ? (int)threads : 1; }

// ---- plans --------------------------------------------------------------------------------------------------------

enum direction { FORWARD, BY_INPUT, BY_FILTER, DIRECTIONS };
enum argument { IMAGES, FILTERS, RESULTS, ARGUMENTS }; // x, w, y or their adjoints

static const int argument_name[DIRECTIONS][ARGUMENTS] = {
    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
    {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
    {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST},
};
static const enum argument target_of[DIRECTIONS] = {RESULTS, IMAGES, FILTERS};

// A direction of a convolution of `chunk` images, with what puts its arguments into its layouts and its result back.
struct plan {
    dnnl_primitive_t primitive, reorder[ARGUMENTS]; // no reorder: the layout is ours
    dnnl_memory_desc_t own[ARGUMENTS], plain[ARGUMENTS], scratchpad;
    size_t at[ARGUMENTS], pad_at; // in scratch, bytes
    size_t sum_at, bytes;         // where the filters' adjoint is summed; bytes of scratch in all
};

struct convolution {
    struct conv_size size;
    uint32_t chunk;
    int threads; // what oneDNN has made its choices for
    bool ok;
    struct plan plan[DIRECTIONS];
    struct convolution *next;
};

static struct convolution *known; // as long as the program runs
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

enum { CACHE = 1 << 20, LINE = 64 }; // half of a core's second cache on today's machines

static size_t plane(uint32_t channels, uint32_t height, uint32_t width) { return (size_t)channels * height * width; }

// The most images that fit into the cache, of those that divide all.
static uint32_t chunk_of(struct conv_size s) {
    size_t each = sizeof(float) * (plane(s.channels, s.height, s.width) + plane(s.filters, s.out_height, s.out_width));
    uint32_t most = (uint32_t)(CACHE / each < s.images ? CACHE / each : s.images);
    while (most > 1 && s.images % most) most--;
    return most ? most : 1;
}

static bool layouts(const struct convolution *c, dnnl_format_tag_t tag, dnnl_memory_desc_t md[ARGUMENTS]) {
    const struct conv_size *s = &c->size;
    const dnnl_dims_t dims[ARGUMENTS] = {{c->chunk, s->channels, s->height, s->width},
                                         {s->filters, s->channels, s->side, s->side},
                                         {c->chunk, s->filters, s->out_height, s->out_width}};
    bool ok = true;
    for (int i = 0; i < ARGUMENTS; i++)
        ok = ok && dnnl.memory_desc_init_by_tag(&md[i], 4, dims[i], dnnl_f32, tag) == dnnl_success;
    return ok;
}

static bool describe(const struct convolution *c, enum direction d, dnnl_convolution_desc_t *desc) {
    dnnl_memory_desc_t md[ARGUMENTS];
    const dnnl_dims_t step = {1, 1}, pad = {c->size.pad, c->size.pad};
    if (!layouts(c, dnnl_format_tag_any, md)) return false;
    if (d == FORWARD)
        return dnnl.convolution_forward_desc_init(desc, dnnl_forward_training, dnnl_convolution_direct, &md[IMAGES],
                                                  &md[FILTERS], NULL, &md[RESULTS], step, pad, pad) == dnnl_success;
    if (d == BY_INPUT)
        return dnnl.convolution_backward_data_desc_init(desc, dnnl_convolution_direct, &md[IMAGES], &md[FILTERS],
                                                        &md[RESULTS], step, pad, pad) == dnnl_success;
    return dnnl.convolution_backward_weights_desc_init(desc, dnnl_convolution_direct, &md[IMAGES], &md[FILTERS], NULL,
                                                       &md[RESULTS], step, pad, pad) == dnnl_success;
}

static bool make_reorder(struct plan *p, enum argument a, bool back) {
    dnnl_primitive_desc_t desc;
    const dnnl_memory_desc_t *from = back ? &p->own[a] : &p->plain[a], *to = back ? &p->plain[a] : &p->own[a];
    if (dnnl.memory_desc_equal(from, to)) return true;
    if (dnnl.reorder_primitive_desc_create(&desc, from, dnnl.engine, to, dnnl.engine, NULL) != dnnl_success)
        return false;
    bool ok = dnnl.primitive_create(&p->reorder[a], desc) == dnnl_success;
    dnnl.primitive_desc_destroy(desc);
    return ok;
}

static size_t reserve(struct plan *p, size_t bytes) {
    size_t at = p->bytes;
    p->bytes += (bytes + LINE - 1) / LINE * LINE;
    return at;
}

static bool make_plan(struct convolution *c, enum direction d, dnnl_primitive_desc_t forward) {
    static const dnnl_query_t query[DIRECTIONS][ARGUMENTS] = {
        {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md},
        {dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md},
        {dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md},
    };
    struct plan *p = &c->plan[d];
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t own = forward;
    if (d != FORWARD && (!describe(c, d, &desc) || dnnl.primitive_desc_create(&own, &desc, dnnl.own_scratch,
                                                                              dnnl.engine, forward) != dnnl_success))
        return false;
    bool ok = layouts(c, dnnl_nchw, p->plain) && dnnl.primitive_create(&p->primitive, own) == dnnl_success;
    for (int i = 0; ok && i < ARGUMENTS; i++) {
        p->own[i] = *dnnl.primitive_desc_query_md(own, query[d][i], 0);
        ok = make_reorder(p, (enum argument)i, (int)target_of[d] == i);
        p->at[i] = reserve(p, dnnl.memory_desc_get_size(&p->own[i]));
    }
    p->scratchpad = *dnnl.primitive_desc_query_md(own, dnnl_query_scratchpad_md, 0);
    p->pad_at = reserve(p, dnnl.memory_desc_get_size(&p->scratchpad));
    p->sum_at = reserve(p, dnnl.memory_desc_get_size(&p->own[target_of[d]]));
    if (d != FORWARD) dnnl.primitive_desc_destroy(own);
    return ok;
}

static bool make_all(struct convolution *c) {
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t forward;
    if (!describe(c, FORWARD, &desc) ||
        dnnl.primitive_desc_create(&forward, &desc, dnnl.own_scratch, dnnl.engine, NULL) != dnnl_success)
        return false;
    bool ok = true;
    for (int d = 0; ok && d < DIRECTIONS; d++) ok = make_plan(c, (enum direction)d, forward);
    dnnl.primitive_desc_destroy(forward);
    return ok;
}

static const struct convolution *find(struct conv_size size) {
    pthread_once(&once, load);
    if (!dnnl.ok) return NULL;
    pthread_mutex_lock(&lock);
    if (dnnl.set_threads) dnnl.set_threads(dnnl.threads);
    struct convolution *c = known;
    while (c && (memcmp(&c->size, &size, sizeof size) != 0 || c->threads != dnnl.threads)) c = c->next;
    if (!c && (c = mem_zero(1, sizeof *c))) {
        c->size = size;
        c->threads = dnnl.threads;
        c->chunk = chunk_of(size);
        c->ok = make_all(c);
        c->next = known;
        known = c;
    }
    pthread_mutex_unlock(&lock);
    return c && c->ok ? c : NULL;
}

size_t onednn_scratch(struct conv_size size) {
    const struct convolution *c = find(size);
    size_t most = 0;
    for (int d = 0; c && d < DIRECTIONS; d++) most = c->plan[d].bytes > most ? c->plan[d].bytes : most;
    return most ? most + LINE : 0;
}

// ---- a call -------------------------------------------------------------------------------------------------------

// What is handed to oneDNN: its memory objects, made before the first image, so that nothing fails half-way.
struct call {
    const struct plan *plan;
    enum direction direction;
    dnnl_stream_t stream;
    dnnl_memory_t own[ARGUMENTS], plain[ARGUMENTS], scratchpad;
    char *scratch;
    bool ok;
};

static bool make(dnnl_memory_t *memory, const dnnl_memory_desc_t *desc, void *data) {
    return dnnl.memory_create(memory, desc, dnnl.engine, data) == dnnl_success;
}

static bool begin(struct call *k, const struct convolution *c, enum direction d, void *scratch) {
    const struct plan *p = &c->plan[d];
    *k = (struct call){.plan = p, .direction = d};
    k->scratch = (char *)(((uintptr_t)scratch + LINE - 1) / LINE * LINE);
    k->ok = dnnl.stream_create(&k->stream, dnnl.engine, dnnl_stream_default_flags) == dnnl_success;
    for (int i = 0; i < ARGUMENTS; i++)
        k->ok = k->ok && make(&k->own[i], &p->own[i], k->scratch + p->at[i]) &&
                (!p->reorder[i] || make(&k->plain[i], &p->plain[i], k->scratch + p->at[i]));
    return k->ok = k->ok && make(&k->scratchpad, &p->scratchpad, k->scratch + p->pad_at);
}

static bool end(struct call *k) {
    if (k->stream) {
        k->ok = dnnl.stream_wait(k->stream) == dnnl_success && k->ok;
        dnnl.stream_destroy(k->stream);
    }
    for (int i = 0; i < ARGUMENTS; i++) {
        if (k->own[i]) dnnl.memory_destroy(k->own[i]);
        if (k->plain[i]) dnnl.memory_destroy(k->plain[i]);
    }
    if (k->scratchpad) dnnl.memory_destroy(k->scratchpad);
    return k->ok;
}

static void execute(struct call *k, dnnl_primitive_t primitive, const dnnl_exec_arg_t *args, int count) {
    k->ok = k->ok && dnnl.primitive_execute(primitive, k->stream, count, args) == dnnl_success;
}

static void reorder(struct call *k, enum argument a, dnnl_memory_t from, dnnl_memory_t to) {
    execute(k, k->plan->reorder[a], (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}, 2);
}

// Where the numbers of an argument lie in our layout: it is read there, or, as the result, written by put_back.
static void place(struct call *k, enum argument a, const float *data) {
    dnnl_memory_t memory = k->plan->reorder[a] ? k->plain[a] : k->own[a];
    k->ok = k->ok && dnnl.memory_set_data_handle(memory, (void *)(uintptr_t)data) == dnnl_success;
}

static void give(struct call *k, enum argument a, const float *data) {
    place(k, a, data);
    if (k->plan->reorder[a]) reorder(k, a, k->plain[a], k->own[a]);
}

static void put_back(struct call *k, enum argument a) {
    if (k->plan->reorder[a]) reorder(k, a, k->own[a], k->plain[a]);
}

static void convolve(struct call *k) {
    dnnl_exec_arg_t args[ARGUMENTS + 1];
    for (int i = 0; i < ARGUMENTS; i++) args[i] = (dnnl_exec_arg_t){argument_name[k->direction][i], k->own[i]};
    args[ARGUMENTS] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, k->scratchpad};
    execute(k, k->plan->primitive, args, ARGUMENTS + 1);
}

CPU_CLONES static void add_numbers(float *restrict y, const float *restrict x, size_t count) {
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

static size_t in_chunk(const struct convolution *c) {
    return c->chunk * plane(c->size.channels, c->size.height, c->size.width);
}
static size_t out_chunk(const struct convolution *c) {
    return c->chunk * plane(c->size.filters, c->size.out_height, c->size.out_width);
}

bool onednn_conv(struct conv_size size, const float *x, const float *w, float *y, void *scratch) {
    const struct convolution *c = find(size);
    struct call k;
    if (!c) return false;
    if (begin(&k, c, FORWARD, scratch)) give(&k, FILTERS, w);
    for (uint32_t i = 0; k.ok && i < size.images; i += c->chunk, x += in_chunk(c), y += out_chunk(c)) {
        give(&k, IMAGES, x);
        place(&k, RESULTS, y);
        convolve(&k);
        put_back(&k, RESULTS);
    }
    return end(&k);
}

bool onednn_conv_by_input(struct conv_size size, const float *dy, const float *w, float *dx, bool add, void *scratch) {
    const struct convolution *c = find(size);
    struct call k;
    if (!c) return false;
    if (begin(&k, c, BY_INPUT, scratch)) give(&k, FILTERS, w);
    for (uint32_t i = 0; k.ok && i < size.images; i += c->chunk, dx += in_chunk(c), dy += out_chunk(c)) {
        float *to = add ? (float *)(void *)(k.scratch + k.plan->sum_at) : dx;
        give(&k, RESULTS, dy);
        place(&k, IMAGES, to);
        convolve(&k);
        put_back(&k, IMAGES);
        if (add) add_numbers(dx, to, in_chunk(c));
    }
    return end(&k);
}

bool onednn_conv_by_filter(struct conv_size size, const float *dy, const float *x, float *dw, void *scratch) {
    const struct convolution *c = find(size);
    struct call k;
    if (!c) return false;
    begin(&k, c, BY_FILTER, scratch);
    const struct plan *p = k.plan;
    size_t count = dnnl.memory_desc_get_size(&p->own[FILTERS]) / sizeof(float);
    float *sum = (float *)(void *)(k.scratch + p->sum_at), *part = (float *)(void *)(k.scratch + p->at[FILTERS]);
    memset(sum, 0, count * sizeof *sum);
    for (uint32_t i = 0; k.ok && i < size.images; i += c->chunk, x += in_chunk(c), dy += out_chunk(c)) {
        give(&k, IMAGES, x);
        give(&k, RESULTS, dy);
        convolve(&k);
        add_numbers(sum, part, count);
    }
    float *whole = sum;
    if (p->reorder[FILTERS]) {
        memcpy(part, sum, count * sizeof *part);
        place(&k, FILTERS, whole);
        put_back(&k, FILTERS);
    }
    bool ok = end(&k);
    if (ok) add_numbers(dw, whole, plane(size.filters * size.channels, size.side, size.side));
    return ok;
}

#else

bool kernels_have_onednn(void) { return false; }
bool onednn_conv(struct conv_size size, const float *x, const float *w, float *y, void *scratch) {
    return (void)size, (void)x, (void)w, (void)y, (void)scratch, false;
}
bool onednn_conv_by_input(struct conv_size size, const float *dy, const float *w, float *dx, bool add, void *scratch) {
    return (void)size, (void)dy, (void)w, (void)dx, (void)add, (void)scratch, false;
}
bool onednn_conv_by_filter(struct conv_size size, const float *dy, const float *x, float *dw, void *scratch) {
    return (void)size, (void)dy, (void)x, (void)dw, (void)scratch, false;
}
size_t onednn_scratch(struct conv_size size) { return (void)size, 0; }
void onednn_set_threads(unsigned threads) { (void)threads; }

#endif
