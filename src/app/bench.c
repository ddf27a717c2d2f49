#include "app/bench.h"

#include "app/bench_estimate.h"
#include "app/bench_reactor.h"
#include "app/bench_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "graph/bauer.h"
#include "lang/environment.h"
#include "show/diagram.h"
#include "show/paint.h"
#include "show/record.h"
#include "show/scene_wire.h"
#include "show/viewport.h"

enum { OPERATIONS = 1000000, WINDOW = 1000, RUNS = 9 };

// One figure: `measure` fills value and peer (what `against` took in the same run; 0 for none).
struct figure {
    const char *name, *unit, *against;
    double bound;
    bool at_least; // the bound is a floor, not a ceiling
    bool (*measure)(double *value, double *peer);
};

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *value, int count) {
    qsort(value, (size_t)count, sizeof *value, by_value);
    return value[count / 2];
}

// ---- the random program -------------------------------------------------------------------------------------------
// Operands among the previous 1,000, 40 % transcendental, values bounded, adjoints bounded and not zero.

struct random_step {
    enum op op;
    uint32_t a, b;
};

static uint32_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static const char *mean_of(enum op op) { return op_table[op].infix ? op_table[op].infix : op_table[op].name; }

// Operands of sums and products are results of bounded functions, so that no value grows; what sine, cosine and tanh
// are taken of may be anything.
static uint32_t bounded_operand(uint64_t *state, uint32_t i) {
    uint32_t operand = i - 1 - next_random(state) % (i < WINDOW ? i : WINDOW - 5);
    return operand - operand % 5;
}

static struct random_step bounded_step(uint64_t *state, uint32_t i) {
    static const enum op turn[] = {OP_SIN, OP_ADD, OP_COS, OP_SUB, OP_MUL};
    struct random_step step = {turn[i % 5], bounded_operand(state, i), bounded_operand(state, i)};
    if (step.op == OP_SIN && i % 3 == 0) step.op = OP_TANH;
    if (step.op == OP_SIN || step.op == OP_COS || step.op == OP_TANH)
        step.a = i - 1 - next_random(state) % (i < WINDOW ? i : WINDOW);
    return step;
}

static struct graph *build(struct symbols *symbols, double *seconds) {
    struct graph *graph = graph_new(symbols, 2 * OPERATIONS, NULL);
    if (!graph) return NULL;
    uint64_t state = 1;
    struct random_step *steps = malloc(OPERATIONS * sizeof *steps);
    for (uint32_t i = 2; steps && i < OPERATIONS; i++) steps[i] = bounded_step(&state, i);
    double start = clock_now();
    graph_input(graph, 0, 0.5, 0, NULL);
    graph_input(graph, 0, 0.3, 0, NULL);
    for (uint32_t i = 2; steps && i < OPERATIONS; i++) graph_add(graph, steps[i].op, steps[i].a, steps[i].b, 0, NULL);
    *seconds = clock_now() - start;
    free(steps);
    graph_output(graph, graph->count - 1, 0, NULL);
    return graph;
}

static bool measure_build(double *value, double *peer) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = build(symbols, value);
    *value *= 1e9 / OPERATIONS;
    *peer = 0;
    bool ok = graph && graph->count == OPERATIONS;
    graph_drop(graph);
    symbols_free(symbols);
    return ok;
}

// ---- value, linearize, reverse against a plain sweep --------------------------------------------------------------

struct plain {
    uint8_t *op;
    uint32_t *a, *b;
    double *value, *pa, *pb, *adjoint;
};

static void plain_forward(const struct plain *p) {
    for (uint32_t i = 2; i < OPERATIONS; i++) {
        double x = p->value[p->a[i]], y = p->value[p->b[i]];
        switch (p->op[i]) {
        case OP_SIN:
            p->value[i] = sin(x), p->pa[i] = cos(x);
            break;
        case OP_COS:
            p->value[i] = cos(x), p->pa[i] = -sin(x);
            break;
        case OP_TANH:
            p->value[i] = tanh(x), p->pa[i] = 1 - p->value[i] * p->value[i];
            break;
        case OP_MUL:
            p->value[i] = x * y, p->pa[i] = y, p->pb[i] = x;
            break;
        case OP_ADD:
            p->value[i] = x + y, p->pa[i] = 1, p->pb[i] = 1;
            break;
        default:
            p->value[i] = x - y, p->pa[i] = 1, p->pb[i] = -1;
        }
    }
}

static void plain_reverse(const struct plain *p) {
    memset(p->adjoint, 0, OPERATIONS * sizeof *p->adjoint);
    p->adjoint[OPERATIONS - 1] = 1;
    for (uint32_t i = OPERATIONS; i-- > 2;) {
        double bar = p->adjoint[i];
        if (bar == 0) continue;
        p->adjoint[p->a[i]] += bar * p->pa[i];
        if (p->op[i] == OP_MUL || p->op[i] == OP_ADD || p->op[i] == OP_SUB) p->adjoint[p->b[i]] += bar * p->pb[i];
    }
}

static bool plain_new(struct plain *p, const struct graph *graph) {
    p->op = malloc(OPERATIONS);
    p->a = malloc(OPERATIONS * sizeof *p->a);
    p->b = malloc(OPERATIONS * sizeof *p->b);
    p->value = malloc(OPERATIONS * sizeof *p->value);
    p->pa = malloc(OPERATIONS * sizeof *p->pa);
    p->pb = malloc(OPERATIONS * sizeof *p->pb);
    p->adjoint = malloc(OPERATIONS * sizeof *p->adjoint);
    if (!p->op || !p->a || !p->b || !p->value || !p->pa || !p->pb || !p->adjoint) return false;
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        uint32_t first = graph->offset[i], arity = graph_arity(graph, i);
        p->op[i] = graph->op[i];
        p->a[i] = arity ? graph->operand[first] : 0;
        p->b[i] = arity ? graph->operand[first + arity - 1] : 0;
        p->value[i] = graph->value[i];
    }
    return true;
}

static bool measure_sweep(double *value, double *peer) {
    static struct graph *graph; // built once for all runs
    static struct lcg *lcg;
    static struct plain plain;
    static struct symbols *symbols;
    double ignored, input[2] = {0.5, 0.3};
    if (!graph) {
        symbols = symbols_new();
        graph = build(symbols, &ignored);
        lcg = graph ? lcg_new(graph, NULL) : NULL;
        if (!lcg || !plain_new(&plain, graph)) return false;
    }
    double weight = 1, *values = malloc(OPERATIONS * sizeof *values), *adjoint = malloc(OPERATIONS * sizeof *adjoint);
    double start = clock_now();
    bool ok = values && adjoint && lcg_evaluate(lcg, input, values, NULL) && bauer_adjoint(lcg, &weight, adjoint, NULL);
    *value = (clock_now() - start) * 1e3;
    start = clock_now();
    plain_forward(&plain);
    plain_reverse(&plain);
    *peer = (clock_now() - start) * 1e3;
    for (int i = 0; i < 2; i++)
        ok = ok && fabs(adjoint[i] - plain.adjoint[i]) <= 1e-8 * fmax(1, fabs(plain.adjoint[i]));
    free(values);
    free(adjoint);
    return ok;
}

static bool measure_memory(double *value, double *peer) {
    double ignored;
    struct symbols *symbols = symbols_new();
    struct graph *graph = build(symbols, &ignored);
    struct lcg *lcg = graph ? lcg_new(graph, NULL) : NULL;
    *peer = 0;
    if (lcg) *value = (double)(graph_bytes(graph) + lcg_bytes(lcg)) / graph->count;
    bool ok = lcg != NULL;
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
    return ok;
}

// ---- tracing from source ------------------------------------------------------------------------------------------

static void write_program(struct buffer *out) {
    uint64_t state = 1;
    buffer_text(out, "def f(v0, v1):\n");
    for (uint32_t i = 2; i < OPERATIONS; i++) {
        struct random_step s = bounded_step(&state, i);
        if (op_table[s.op].arity == 1)
            buffer_printf(out, "    v%u = %s(v%u)\n", i % WINDOW, mean_of(s.op), s.a % WINDOW);
        else
            buffer_printf(out, "    v%u = v%u %s v%u\n", i % WINDOW, s.a % WINDOW, mean_of(s.op), s.b % WINDOW);
    }
    buffer_printf(out, "    return v%u\n\nf(0.5, 0.3)\n", (OPERATIONS - 1) % WINDOW);
}

// Seconds from the text to the syntax tree, and from there to the graph.
static bool trace_program(double *read, double *run) {
    struct buffer text = {0};
    write_program(&text);
    struct symbols *symbols = symbols_new();
    struct environment *environment = environment_new(symbols, NULL);
    double start = clock_now();
    struct source *source = source_new("bench", text.data, text.size, NULL);
    struct module *module = source && environment ? parse_module(symbols, source, NULL) : NULL;
    double parsed = clock_now();
    bool ok = module && environment_run(environment, module, 0, NULL, NULL, NULL) &&
              environment_run(environment, module, 1, NULL, NULL, NULL);
    *read = parsed - start;
    *run = clock_now() - parsed;
    module_drop(module);
    source_drop(source);
    environment_free(environment);
    symbols_free(symbols);
    buffer_free(&text);
    return ok;
}

static bool measure_trace(double *value, double *peer) {
    double read, run;
    bool ok = trace_program(&read, &run);
    *value = (read + run) * 1e9 / OPERATIONS;
    *peer = 0;
    return ok;
}

static bool measure_retrace(double *value, double *peer) {
    double read;
    bool ok = trace_program(&read, value);
    *value *= 1e9 / OPERATIONS;
    *peer = 0;
    return ok;
}

// ---- paths --------------------------------------------------------------------------------------------------------

enum { WIDTH = 8, DEPTH = 8 };

// Figure 2's fully interleaved graph. A vertex of eight operands is a chain of sums here, whose partials are 1.
static struct graph *layered_graph(struct symbols *symbols) {
    struct graph *graph = graph_new(symbols, 1000000, NULL);
    vertex layer[WIDTH], next[WIDTH], input = graph_input(graph, 0, 1, 0, NULL);
    for (int i = 0; i < WIDTH; i++) layer[i] = graph_add(graph, OP_SIN, input, input, 0, NULL);
    for (int d = 1; d < DEPTH; d++) {
        for (int i = 0; i < WIDTH; i++) {
            next[i] = layer[0];
            for (int k = 1; k < WIDTH; k++) next[i] = graph_add(graph, OP_ADD, next[i], layer[k], 0, NULL);
        }
        memcpy(layer, next, sizeof layer);
    }
    vertex sum = layer[0];
    for (int k = 1; k < WIDTH; k++) sum = graph_add(graph, OP_ADD, sum, layer[k], 0, NULL);
    graph_output(graph, sum, 0, NULL);
    return graph;
}

static bool measure_paths(double *value, double *peer) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = layered_graph(symbols);
    struct lcg *lcg = lcg_new(graph, NULL);
    struct jacobian jacobian = {0};
    double start = clock_now();
    bool ok = lcg && bauer_jacobian(lcg, BAUER_PATHS, NULL, 0, &jacobian, NULL);
    *value = ok ? jacobian.paths / (clock_now() - start) / 1e6 : 0;
    *peer = 0;
    ok = ok && jacobian.paths == pow(WIDTH, DEPTH);
    if (ok) jacobian_free(&jacobian);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
    return ok;
}

// ---- whole processes ----------------------------------------------------------------------------------------------

static double run_process(char *const argv[]) {
    double start = clock_now();
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout)) _exit(127);
        execvp(argv[0], argv);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) return NAN;
    return (clock_now() - start) * 1e3;
}

static char self[] = "/proc/self/exe";

static bool measure_startup(double *value, double *peer) {
    char dash_c[] = "-c", sum[] = "1+1";
    char *argv[] = {self, dash_c, sum, NULL};
    *value = run_process(argv);
    *peer = 0;
    return isfinite(*value);
}

static bool measure_export(double *value, double *peer) {
    char text[] =
        "def f(x1, x2):\n    a = exp(x1)\n    b = sin(x2)\n    c = b*x2\n    d = a*c\n    return a*d\n\nf(0.5, 1.2)",
         dash_c[] = "-c", path[] = "/tmp/bauer-bench-XXXXXX.svg", line[64];
    int file = mkstemps(path, 4);
    if (file < 0) return false;
    close(file);
    snprintf(line, sizeof line, ":export %s figure", path);
    char *argv[] = {self, dash_c, text, dash_c, line, NULL};
    *value = run_process(argv);
    *peer = 0;
    unlink(path);
    return isfinite(*value);
}

// ---- the window's picture -----------------------------------------------------------------------------------------
// As the window draws it: the LCG of a random program of so many operations, fitted into 1600 x 1000 pixels.

enum { PICTURE_WIDTH = 1600, PICTURE_HEIGHT = 1000, FRAMES = 60 };

static struct graph *picture_graph(struct symbols *symbols, uint32_t vertices) {
    struct graph *graph = graph_new(symbols, 2 * vertices, NULL);
    uint64_t state = 7;
    for (uint32_t i = 0; graph && i < vertices; i++) {
        if (i < 3)
            graph_input(graph, 0, 0.3 * (i + 1), 0, NULL);
        else
            graph_add(graph, i % 3 ? OP_MUL : OP_SIN, i - 1 - next_random(&state) % (i < 12 ? i : 12),
                      i - 1 - next_random(&state) % (i < 12 ? i : 12), 0, NULL);
    }
    if (graph) graph_output(graph, graph->count - 1, 0, NULL);
    return graph;
}

static bool picture_scene(uint32_t vertices, struct scene *scene) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = picture_graph(symbols, vertices);
    struct lcg *lcg = graph ? lcg_new(graph, NULL) : NULL;
    struct view view = {.kind = VIEW_LCG, .graph = graph, .lcg = lcg, .values = true, .digits = 3, .live = true};
    char message[256];
    bool ok = lcg && diagram_scene(&view, scene, message, NULL);
    lcg_free(lcg);
    graph_drop(graph);
    symbols_free(symbols);
    return ok;
}

static double draw_ms(cairo_surface_t *surface, const struct scene *scene, struct viewport at, bool fast) {
    struct area area = {0, 0, PICTURE_WIDTH, PICTURE_HEIGHT};
    double start = clock_now();
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    struct point origin = viewport_to_window(at, area, (struct point){0, 0});
    cairo_translate(cairo, origin.x, origin.y);
    cairo_scale(cairo, at.scale, at.scale);
    paint_scene(cairo, scene, fast);
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    return 1e3 * (clock_now() - start);
}

// One picture at full quality; or, `moving`, the 99th percentile of the frames of a zoom into it.
static bool measure_redraw(uint32_t vertices, bool moving, double *value) {
    static struct scene scene; // of the last size asked for
    static uint32_t drawn;
    static cairo_surface_t *surface;
    if (!surface) surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, PICTURE_WIDTH, PICTURE_HEIGHT);
    if (drawn != vertices) {
        scene_clear(&scene);
        if (!picture_scene(vertices, &scene)) return false;
        drawn = vertices;
    }
    struct area area = {0, 0, PICTURE_WIDTH, PICTURE_HEIGHT};
    struct viewport whole = viewport_fit(scene.width, scene.height, area, 24, 3.2);
    double frame[FRAMES];
    for (int i = 0; i < (moving ? FRAMES : 3); i++) {
        struct viewport at = moving ? viewport_zoom(whole, area, (struct point){800, 500}, pow(1.06, i)) : whole;
        frame[i] = draw_ms(surface, &scene, at, moving);
    }
    *value = moving ? (qsort(frame, FRAMES, sizeof *frame, by_value), frame[FRAMES - 1]) : fmin(frame[1], frame[2]);
    return true;
}

static bool measure_redraw_10(double *value, double *peer) { return *peer = 0, measure_redraw(10, false, value); }
static bool measure_redraw_100(double *value, double *peer) { return *peer = 0, measure_redraw(100, false, value); }
static bool measure_redraw_500(double *value, double *peer) { return *peer = 0, measure_redraw(500, false, value); }
static bool measure_motion(double *value, double *peer) { return *peer = 0, measure_redraw(1000, true, value); }

// From a slider's new value to the bytes of the new picture: 30 pictures a second leave 33 ms for it and the drawing.
static bool measure_slide(double *value, double *peer) {
    static struct scene scene;
    struct buffer bytes = {0};
    double start = clock_now();
    bool ok = picture_scene(1000, &scene) && scene_encode(&scene, &bytes);
    *value = 1e3 * (clock_now() - start);
    *peer = 0;
    scene_clear(&scene);
    buffer_free(&bytes);
    return ok;
}

// ---- the table ----------------------------------------------------------------------------------------------------

static const struct figure figures[] = {
    {"sweep", "ms", "a plain C sweep over the same arrays", 1.5, false, measure_sweep},
    {"build", "ns per operation", NULL, 25, false, measure_build},
    {"trace", "ns per operation, from source text", NULL, 150, false, measure_trace},
    {"retrace", "ns per operation, from the syntax tree", NULL, 150, false, measure_retrace},
    {"memory", "bytes per vertex", NULL, 64, false, measure_memory},
    {"paths", "million paths per second", NULL, 50, true, measure_paths},
    {"walks", "million paths per second and core, width 8, depth 20", NULL, 30, true, measure_walks},
    {"steps", "million edges per second and core, drawn by alias tables", NULL, 100, true, measure_steps},
    {"variance", "ms for the exact variance of 1,000,000 edges", NULL, 50, false, measure_variance},
    {"lab", "s for a sweep: depth 1..32, width 2, 4, 8, three estimators, 100,000 samples a cell", NULL, 6, false,
     measure_lab},
    {"threads", "s for a sweep on all cores", "the time on one core", 0.6, false, measure_threads},
    {"reactor", "s for an exact gradient over 40,961 steps, one core", NULL, 0.11, false, measure_reactor},
    {"reactor-sampled", "s for a gradient with 0.01 of it kept", "the exact one", 1, false, measure_reactor_sampled},
    {"reactors", "s for two exact gradients at once on two cores", "the time of one", 1.2, false, measure_reactors},
    {"startup", "ms", NULL, 20, false, measure_startup},
    {"export", "ms", NULL, 80, false, measure_export},
    {"redraw10", "ms for a picture of 10 vertices", NULL, 4, false, measure_redraw_10},
    {"redraw100", "ms for a picture of 100 vertices", NULL, 12, false, measure_redraw_100},
    {"redraw500", "ms for a picture of 500 vertices", NULL, 16, false, measure_redraw_500},
    {"motion", "ms a frame while zooming 1,000 vertices, the slowest of 60", NULL, 16, false, measure_motion},
    {"slide", "ms from a slider to a new picture of 1,000 vertices", NULL, 33, false, measure_slide},
    {"fc", "ms for an exact iteration of the fully connected net, batch 150, one thread", NULL, 4.8, false,
     measure_exact_fc},
    {"conv", "ms for an exact iteration of the convolutional net", NULL, 234, false, measure_exact_conv},
    {"rnn", "ms for an exact iteration of the recurrent net", NULL, 129, false, measure_exact_rnn},
    {"fc-floor", "ms for an exact iteration", "its dense products alone", 1.6, false, measure_floor_fc},
    {"conv-floor", "ms for an exact iteration", "its convolutions alone", 1.25, false, measure_floor_conv},
    {"rnn-floor", "ms for an exact iteration", "its dense products alone", 1.6, false, measure_floor_rnn},
    {"fc-same", "ms for an iteration that keeps the same tenth of each row", "exact", 0.75, false, measure_same_fc},
    {"fc-different", "ms, another tenth of each", "exact", 0.85, false, measure_different_fc},
    {"fc-project", "ms, projected to a tenth", "exact", 1.3, false, measure_project_fc},
    {"conv-same", "ms, the same tenth of each plane", "exact", 0.90, false, measure_same_conv},
    {"conv-different", "ms, another tenth of each", "exact", 0.90, false, measure_different_conv},
    {"conv-project", "ms, projected to a tenth", "exact", 1.3, false, measure_project_conv},
    {"rnn-same", "ms, the same tenth of each row", "exact", 0.75, false, measure_same_rnn},
    {"rnn-different", "ms, another tenth of each", "exact", 0.85, false, measure_different_rnn},
    {"rnn-project", "ms, projected to a tenth", "exact", 1.3, false, measure_project_rnn},
    {"dw-linear", "us for the weights' gradient from a tenth, 784 x 300", "the dense one", 0.5, false,
     measure_gradient_linear},
    {"dw-conv", "us for the filters' gradient from a tenth, 16 to 32 channels", "the dense one", 0.5, false,
     measure_gradient_conv},
    {"rnn-peak", "MB less at the process's peak with a tenth kept", "what was predicted", 0.9, true, measure_peak},
};
enum { FIGURES = sizeof figures / sizeof *figures };

static void print_figure(const struct figure *f, double value, double ratio, bool holds, bool json) {
    if (!json) {
        char against[120] = "";
        if (f->against) snprintf(against, sizeof against, ", %.2f x %s", ratio, f->against);
        printf("%-14s %10.3g %s%s; bound: %s %g; %s\n", f->name, value, f->unit, against,
               f->at_least ? "at least" : "at most", f->bound, holds ? "holds" : "DOES NOT HOLD");
        fflush(stdout);
        return;
    }
    struct buffer out = {0};
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string("bench"));
    json_object_set_new(object, "name", json_string(f->name));
    json_object_set_new(object, "value", record_number(value));
    json_object_set_new(object, "unit", json_string(f->unit));
    json_object_set_new(object, "against", f->against ? json_string(f->against) : json_null());
    json_object_set_new(object, "ratio", f->against ? record_number(ratio) : json_null());
    json_object_set_new(object, "bound", record_number(f->bound));
    json_object_set_new(object, "holds", json_boolean(holds));
    if (record_write(object, &out)) fputs(out.data, stdout);
    fflush(stdout);
    json_decref(object);
    buffer_free(&out);
}

static bool run_figure(const struct figure *f, bool json) {
    double value[RUNS], ratio[RUNS];
    for (int i = 0; i < RUNS; i++) {
        double peer;
        if (!f->measure(&value[i], &peer)) {
            fprintf(stderr, "bauer bench: %s could not be measured\n", f->name);
            return false;
        }
        ratio[i] = peer > 0 ? value[i] / peer : NAN;
    }
    double middle = median(value, RUNS), middle_ratio = median(ratio, RUNS);
    double judged = f->against ? middle_ratio : middle;
    print_figure(f, middle, middle_ratio, f->at_least ? judged >= f->bound : judged <= f->bound, json);
    return true;
}

static const struct figure *find_figure(const char *name) {
    for (int i = 0; i < FIGURES; i++)
        if (strcmp(figures[i].name, name) == 0) return &figures[i];
    fprintf(stderr, "bauer bench: there is no figure `%s`; there are:", name);
    for (int i = 0; i < FIGURES; i++) fprintf(stderr, " %s", figures[i].name);
    fputs("\n", stderr);
    return NULL;
}

void bench_help(void) {
    puts("usage: bauer bench [NAME]... [--json]\n\n"
         "Measures all figures, or the named ones; each is the median of some runs, and its bound is for an idle "
         "machine.\n");
    for (int i = 0; i < FIGURES; i++) {
        const struct figure *f = &figures[i];
        printf("  %-15s %s", f->name, f->unit);
        if (f->against) printf(", against %s", f->against);
        printf("; bound: %s %g%s\n", f->at_least ? "at least" : "at most", f->bound, f->against ? " x" : "");
    }
}

int bench_run(const char *const *names, size_t count, bool json) {
    for (size_t i = 0; i < count; i++)
        if (!find_figure(names[i])) return 2;
    bool ok = true;
    for (size_t i = 0; i < (count ? count : FIGURES); i++)
        ok = run_figure(count ? find_figure(names[i]) : &figures[i], json) && ok;
    return ok ? 0 : 1;
}
