// Thousands of random programs over every operation: each is traced from its text, its Jacobian is the same in every
// mode, equals finite differences of whole new traces, and is the sum of the paths' products.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "graph/bauer.h"
#include "graph/path.h"
#include "lang/environment.h"

#include "random_program.h"

enum { PROGRAMS = 10000, OUTPUTS_MAX = 3, PATHS_MAX = 20000 };

// A program at its point, and what was found out about it.
struct trial {
    struct random_program program;
    struct symbols *symbols;
    struct environment *environment;
    struct graph *graph; // at the point; held
    struct lcg *lcg;
    struct jacobian jacobian; // reverse
    struct jacobian size;     // the same with the absolute values of all partials: what rounding is relative to
};

// Over all programs.
static struct {
    uint32_t programs_with[OP_COUNT];
    uint32_t entries, skipped, walked;
} seen;

static void nothing(void *context, const struct outcome *outcome) {
    (void)context;
    (void)outcome;
}

#define FAIL(trial, ...)                                                                                               \
    do {                                                                                                               \
        print_error("%s%s\n", buffer_string(&(trial)->program.text), buffer_string(&(trial)->program.call));           \
        fail_msg(__VA_ARGS__);                                                                                         \
    } while (0)

// ---- tracing ------------------------------------------------------------------------------------------------------

static void run(struct trial *trial, const struct buffer *text) {
    struct error error = {0};
    struct source *source = source_new("random.py", text->data, text->size, &error);
    struct module *module = source ? parse_module(trial->symbols, source, &error) : NULL;
    for (uint32_t i = 0; module && i < module->count; i++) {
        if (!environment_run(trial->environment, module, i, nothing, NULL, &error)) break;
    }
    if (error.kind) FAIL(trial, "%s", error.message);
    module_drop(module);
    source_drop(source);
}

static struct jacobian jacobian_by(struct trial *trial, enum bauer_mode mode, const vertex *order, uint32_t count) {
    struct error error = {0};
    struct jacobian jacobian = {0};
    if (!bauer_jacobian(trial->lcg, mode, order, count, &jacobian, &error)) FAIL(trial, "%s", error.message);
    return jacobian;
}

static struct jacobian absolute_jacobian(struct trial *trial) {
    uint32_t edges = graph_edge_count(trial->graph);
    double *partial = mem_alloc(edges + 1, sizeof *partial);
    memcpy(partial, trial->lcg->partial, edges * sizeof *partial);
    for (uint32_t e = 0; e < edges; e++) trial->lcg->partial[e] = fabs(partial[e]);
    struct jacobian size = jacobian_by(trial, BAUER_REVERSE, NULL, 0);
    memcpy(trial->lcg->partial, partial, edges * sizeof *partial);
    mem_free(partial);
    return size;
}

static void trial_init(struct trial *trial, uint64_t seed) {
    struct error error = {0};
    *trial = (struct trial){0};
    random_program_init(&trial->program, seed);
    trial->symbols = symbols_new();
    trial->environment = environment_new(trial->symbols, &error);
    run(trial, &trial->program.text);
    run(trial, &trial->program.call);
    trial->graph = graph_hold(environment_graph(trial->environment));
    trial->lcg = lcg_new(trial->graph, &error);
    if (!trial->lcg) FAIL(trial, "%s", error.message);
    trial->jacobian = jacobian_by(trial, BAUER_REVERSE, NULL, 0);
    trial->size = absolute_jacobian(trial);
}

static void trial_free(struct trial *trial) {
    jacobian_free(&trial->jacobian);
    jacobian_free(&trial->size);
    lcg_free(trial->lcg);
    graph_drop(trial->graph);
    environment_free(trial->environment);
    symbols_free(trial->symbols);
    random_program_free(&trial->program);
}

static void count_operations(const struct graph *graph) {
    uint8_t there[OP_COUNT] = {0};
    for (vertex v = 0; v < graph->count; v++) there[graph->op[v]] = 1;
    for (uint32_t op = 0; op < OP_COUNT; op++) seen.programs_with[op] += there[op];
}

// ---- modes --------------------------------------------------------------------------------------------------------

// Equal but for rounding, which is relative to the sum of the paths' absolute products, or to the smallest doubles.
static void compare(struct trial *trial, const double *value, const char *what) {
    for (uint32_t i = 0; i < trial->jacobian.rows * trial->jacobian.columns; i++) {
        double expected = trial->jacobian.value[i];
        if (!(fabs(value[i] - expected) <= 1e-12 * trial->size.value[i] + 1e-290)) {
            FAIL(trial, "%s: entry %u is %.17g, in reverse %.17g", what, i, value[i], expected);
        }
    }
}

static void check_mode(struct trial *trial, enum bauer_mode mode, const char *name) {
    struct jacobian jacobian = jacobian_by(trial, mode, NULL, 0);
    compare(trial, jacobian.value, name);
    jacobian_free(&jacobian);
}

static bool is_end(const struct graph *graph, vertex v) {
    for (uint32_t i = 0; i < graph->input_count; i++) {
        if (graph->input[i] == v) return true;
    }
    for (uint32_t i = 0; i < graph->output_count; i++) {
        if (graph->output[i] == v) return true;
    }
    return false;
}

// A few of the inner vertices that derivatives pass through, in a random order.
static void check_random_order(struct trial *trial) {
    const struct graph *graph = trial->graph;
    struct error error = {0};
    vertex order[8];
    uint32_t count = 0;
    uint8_t *active = mem_zero(graph->count, 1);
    assert_true(
        lcg_active(trial->lcg, graph->input, graph->input_count, graph->output, graph->output_count, active, &error));
    for (uint32_t tries = 0; tries < 16 && count < 8; tries++) {
        vertex v = random_below(&trial->program, graph->count);
        if (!active[v] || is_end(graph, v)) continue;
        active[v] = 0;
        order[count++] = v;
    }
    mem_free(active);
    struct jacobian jacobian = jacobian_by(trial, BAUER_ORDER, order, count);
    compare(trial, jacobian.value, "order");
    jacobian_free(&jacobian);
}

// ---- paths --------------------------------------------------------------------------------------------------------

// The sum over all paths from input `column` to output `row`; adds their number to *count.
static double path_sum(struct trial *trial, uint32_t row, uint32_t column, double *count) {
    struct error error = {0};
    struct path path;
    double sum = 0;
    struct paths *paths =
        paths_new(trial->lcg, &trial->graph->input[column], 1, &trial->graph->output[row], 1, PATH_LISTED, &error);
    while (paths && paths_next(paths, &path, &error)) {
        sum += path.product;
        *count += 1;
    }
    if (error.kind) FAIL(trial, "%s", error.message);
    paths_free(paths);
    return sum;
}

static double count_paths(struct trial *trial, const vertex *from, uint32_t from_count, const vertex *to,
                          uint32_t to_count) {
    struct error error = {0};
    mpz_t count;
    mpz_init(count);
    if (!path_count(trial->lcg, from, from_count, to, to_count, count, &error)) FAIL(trial, "%s", error.message);
    double result = mpz_get_d(count);
    mpz_clear(count);
    return result;
}

// Walking all paths at once: a vertex that is an output twice is walked to once.
static void check_walk(struct trial *trial) {
    const struct graph *graph = trial->graph;
    double count = count_paths(trial, graph->input, graph->input_count, graph->output, graph->output_count);
    struct jacobian walked = jacobian_by(trial, BAUER_PATHS, NULL, 0);
    compare(trial, walked.value, "bauer");
    if (walked.paths != count) FAIL(trial, "%g paths are counted, %g walked", count, walked.paths);
    jacobian_free(&walked);
}

static void check_paths(struct trial *trial) {
    const struct graph *graph = trial->graph;
    uint32_t rows = trial->jacobian.rows, columns = trial->jacobian.columns;
    double sum[OUTPUTS_MAX * RANDOM_PROGRAM_INPUTS_MAX], counted = 0, listed = 0;
    for (uint32_t i = 0; i < rows * columns; i++) {
        counted += count_paths(trial, &graph->input[i % columns], 1, &graph->output[i / columns], 1);
    }
    if (counted > PATHS_MAX) return;
    for (uint32_t i = 0; i < rows * columns; i++) sum[i] = path_sum(trial, i / columns, i % columns, &listed);
    compare(trial, sum, "sum of paths");
    if (listed != counted) FAIL(trial, "%g paths are counted, %g listed", counted, listed);
    check_walk(trial);
    seen.walked++;
}

// ---- finite differences -------------------------------------------------------------------------------------------

static void outputs_at(struct trial *trial, uint32_t column, double change, double *output) {
    struct error error = {0};
    double point[RANDOM_PROGRAM_INPUTS_MAX];
    memcpy(point, trial->program.point, sizeof point);
    point[column] += change;
    if (!environment_move(trial->environment, point, trial->program.input_count, &error)) {
        FAIL(trial, "%s", error.message);
    }
    const struct graph *graph = environment_graph(trial->environment);
    for (uint32_t j = 0; j < graph->output_count; j++) output[j] = graph->value[graph->output[j]];
}

static void central(struct trial *trial, uint32_t column, double h, double *difference) {
    double above[OUTPUTS_MAX], below[OUTPUTS_MAX];
    outputs_at(trial, column, h, above);
    outputs_at(trial, column, -h, below);
    for (uint32_t j = 0; j < trial->jacobian.rows; j++) difference[j] = (above[j] - below[j]) / (2 * h);
}

// Two steps tell whether a difference can be trusted (no kink, branch or wild curvature in between); together they are
// good to the fourth order (Richardson).
static void check_column(struct trial *trial, uint32_t column) {
    double wide[OUTPUTS_MAX], narrow[OUTPUTS_MAX], h = 1e-4;
    central(trial, column, h, wide);
    central(trial, column, h / 2, narrow);
    for (uint32_t j = 0; j < trial->jacobian.rows; j++) {
        double exact = trial->jacobian.value[j * trial->jacobian.columns + column];
        double difference = (4 * narrow[j] - wide[j]) / 3, scale = fmax(1, fabs(difference));
        seen.entries++;
        if (!(fabs(narrow[j] - wide[j]) <= 1e-3 * scale)) {
            seen.skipped++;
        } else if (!(fabs(exact - difference) <= 1e-5 * scale)) {
            FAIL(trial, "d output %u / d input %u is %.17g, by differences %.17g", j, column, exact, difference);
        }
    }
}

// ---- the test -----------------------------------------------------------------------------------------------------

static void check_program(uint64_t seed) {
    struct trial trial;
    trial_init(&trial, seed);
    assert_int_equal(trial.jacobian.columns, trial.program.input_count);
    assert_in_range(trial.jacobian.rows, 1, OUTPUTS_MAX);
    count_operations(trial.graph);
    check_mode(&trial, BAUER_FORWARD, "forward");
    check_mode(&trial, BAUER_GREEDY, "greedy");
    check_random_order(&trial);
    check_paths(&trial);
    for (uint32_t i = 0; i < trial.jacobian.columns; i++) check_column(&trial, i);
    trial_free(&trial);
}

static void test_derivatives_of_random_programs(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) check_program(seed);
    print_message("%u entries, %u skipped; all paths walked in %u of %d programs\n", seen.entries, seen.skipped,
                  seen.walked, PROGRAMS);
    assert_true(seen.skipped * 20 < seen.entries); // 5 % at most
    assert_true(seen.walked * 2 > PROGRAMS);
    for (uint32_t op = OP_FIRST_ROW; op < OP_COUNT; op++) {
        if (seen.programs_with[op] < 20)
            fail_msg("%s is in %u programs only", op_table[op].name, seen.programs_with[op]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_derivatives_of_random_programs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
