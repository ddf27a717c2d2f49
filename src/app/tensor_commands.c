#include "app/tensor_commands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "app/commands.h"
#include "app/report.h"
#include "base/task.h"
#include "graph/dense.h"
#include "graph/expand.h"
#include "graph/path.h"
#include "graph/tape.h"
#include "show/record.h"

enum { MOST_PATHS = 20, MOST_PRODUCT = 4000000, MOST_CHECKED = 40, MOST_NUMBERS = 64 };

static const char *shape_of(const struct graph *graph, vertex v, char out[64]) {
    shape_text(graph_shape(graph, v), out);
    return out;
}

static size_t count_of(const struct graph *graph, vertex v) { return (size_t)shape_count(graph_shape(graph, v)); }

static struct tape *ready_tape(const struct graph *graph, struct error *error) {
    struct tape *tape = tape_new(graph, graph->output, graph->output_count, NUMBER_DOUBLE, NULL, error);
    if (tape && tape_fill(tape, 0, error)) return tape;
    tape_free(tape);
    return NULL;
}

// ---- :jacobian ----------------------------------------------------------------------------------------------------

static double norm_of(const double *value, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += value[i] * value[i];
    return sqrt(sum);
}

static json_t *gradient_record(const struct graph *graph, vertex v, const double *value) {
    char label[64];
    size_t count = count_of(graph, v);
    json_t *object = json_pack("{s:s, s:o, s:o}", "name", graph_label(graph, v, label), "shape",
                               record_shape(graph_shape(graph, v)), "norm", record_number(norm_of(value, count)));
    json_t *values = json_array();
    for (size_t i = 0; i < count && count <= 10000; i++) json_array_append_new(values, record_number(value[i]));
    json_object_set_new(object, "values", count <= 10000 ? values : json_null());
    if (count > 10000) json_decref(values);
    return object;
}

static void print_matrix(struct session *session, const double *value, struct shape shape) {
    size_t count = (size_t)shape_count(shape), columns = shape.rank ? shape.size[shape.rank - 1] : 1;
    for (size_t i = 0; i < count; i++) {
        char number[48];
        text_label_number(number, value[i], 5);
        int gap = 12 - text_width(number, strlen(number));
        report_text(session, "%s%*s%s%s", i % columns == 0 ? "   " : "", gap > 1 ? gap : 1, "", number,
                    (i + 1) % columns == 0 ? "\n" : "");
    }
}

static void print_gradient(struct session *session, const struct graph *graph, vertex v, const double *value) {
    char label[64], shape[64];
    size_t count = count_of(graph, v);
    report_text(session, "  %s%s%s %s: length %.6g\n", report_accent(session), graph_label(graph, v, label),
                report_plain(session), shape_of(graph, v, shape), norm_of(value, count));
    if (count <= MOST_NUMBERS) print_matrix(session, value, graph_shape(graph, v));
}

// The gradient of the sum of an output's elements by every input, by one reverse sweep.
static bool run_gradient(struct session *session, const struct words *words, struct error *error) {
    struct graph *graph = session_graph(session, error);
    if (words->count && strcmp(words->word[0], "reverse") != 0) {
        error_set(error, ERROR_USAGE, words->span[0], "for a graph of tensors there is the reverse sweep");
        error_hint(error, ":expand makes the graph of numbers behind it; :jacobian %s works on that", words->word[0]);
        return false;
    }
    struct tape *tape = graph ? ready_tape(graph, error) : NULL;
    if (!tape || !tape_forward(tape, 0, error) || !tape_backward(tape, error)) return tape_free(tape), false;
    json_t *list = json_array();
    bool sum = graph->output_count != 1 || graph_is_tensor(graph, graph->output[0]);
    char name[64];
    if (!session->output.json)
        report_text(session, "gradient of %s%s by one reverse sweep\n", sum ? "the sum of the numbers of " : "",
                    graph_output_label(graph, 0, name));
    for (uint32_t i = 0; i < graph->input_count; i++) {
        const double *value = tape_gradient(tape, graph->input[i]);
        if (!value) continue;
        if (session->output.json)
            json_array_append_new(list, gradient_record(graph, graph->input[i], value));
        else
            print_gradient(session, graph, graph->input[i], value);
    }
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:b, s:O, s:I}", "kind", "gradient", "of_sum", sum, "inputs", list,
                                       "remembered_bytes", (json_int_t)tape_held(tape)));
    else
        report_text(session, "%sheld between forward and backward: %zu bytes%s\n", report_muted(session),
                    tape_held(tape), report_plain(session));
    json_decref(list);
    tape_free(tape);
    return true;
}

// ---- :paths -------------------------------------------------------------------------------------------------------

// next (m x columns of b) = left (m x k) b (k x n)
static double *times(const double *left, size_t m, size_t k, const double *b, size_t n) {
    double *out = m * n <= MOST_PRODUCT ? mem_zero(m * n + 1, sizeof *out) : NULL;
    if (out) kernels_of(NUMBER_DOUBLE)->product(false, false, m, n, k, 1, left, b, 0, out);
    return out;
}

// The product of the maps along a path, the later on the left: (numbers of its output) x (numbers of its input).
static double *path_product(const struct dense *dense, const struct graph *graph, const struct path *path,
                            struct error *error) {
    size_t rows = count_of(graph, path->output), at = rows;
    double *product = mem_zero(rows * rows + 1, sizeof *product);
    if (!product) return error_memory(error), NULL;
    for (size_t i = 0; i < rows; i++) product[i * rows + i] = 1;
    for (uint32_t i = path->length; product && i-- > 0;) {
        size_t columns = count_of(graph, path->vertex[i]);
        double *map = at * columns <= MOST_PRODUCT ? dense_jacobian(dense, path->edge[i], error) : NULL;
        double *next = map ? times(product, rows, at, map, columns) : NULL;
        if (!map || !next)
            error_set(error, ERROR_LIMIT, SPAN_NONE, "the maps on these paths are too large to write out");
        mem_free(map);
        mem_free(product);
        product = next;
        at = columns;
    }
    return product;
}

static void print_path(struct session *session, const struct graph *graph, const struct path *path, uint32_t number,
                       double norm) {
    char label[64];
    report_text(session, "%s%4u%s  ", report_muted(session), number, report_plain(session));
    for (uint32_t i = 0; i <= path->length; i++)
        report_text(session, "%s%s", i ? " -> " : "", graph_label(graph, path->vertex[i], label));
    report_text(session, "\n      ");
    for (uint32_t i = path->length; i-- > 0;)
        report_text(session, "%s(%zu x %zu)", i + 1 < path->length ? " " : "", count_of(graph, path->vertex[i + 1]),
                    count_of(graph, path->vertex[i]));
    if (isnan(norm))
        report_text(session, "\n");
    else
        report_text(session, " = a matrix (%zu x %zu) of length %s%.6g%s\n", count_of(graph, path->output),
                    count_of(graph, path->input), report_accent(session), norm, report_plain(session));
}

struct path_sum {
    double *sum; // output x input
    vertex input;
};

static bool add_path(struct path_sum *sums, uint32_t *count, const struct graph *graph, const struct path *path,
                     const double *product, struct error *error) {
    size_t size = count_of(graph, path->input) * count_of(graph, path->output);
    uint32_t i = 0;
    while (i < *count && sums[i].input != path->input) i++;
    if (i == *count) {
        sums[i] = (struct path_sum){mem_zero(size + 1, sizeof(double)), path->input};
        if (!sums[i].sum) return error_memory(error);
        ++*count;
    }
    for (size_t k = 0; k < size; k++) sums[i].sum[k] += product[k];
    return true;
}

// Compares the sums with the reverse sweep: columns added up, since that is what it gives.
static bool compare(struct session *session, const struct graph *graph, const struct path_sum *sums, uint32_t count,
                    struct error *error) {
    struct tape *tape = ready_tape(graph, error);
    bool ok = tape && tape_forward(tape, 0, error) && tape_backward(tape, error);
    for (uint32_t i = 0; ok && i < count; i++) {
        size_t columns = count_of(graph, sums[i].input), rows = count_of(graph, graph->output[0]);
        const double *exact = tape_gradient(tape, sums[i].input);
        double worst = 0, size = 0;
        if (!exact) continue; // data: training does not ask for it
        for (size_t c = 0; c < columns; c++) {
            double column = 0;
            for (size_t r = 0; r < rows; r++) column += sums[i].sum[r * columns + c];
            worst = fmax(worst, fabs(column - exact[c]));
            size = fmax(size, fabs(exact[c]));
        }
        char label[64];
        report_text(session, "sum over paths from %s: length %.6g; differs from the reverse sweep by %.1e\n",
                    graph_label(graph, sums[i].input, label), norm_of(sums[i].sum, rows * columns),
                    worst / fmax(size, 1e-300));
    }
    tape_free(tape);
    return ok;
}

static bool run_paths(struct session *session, const struct words *words, struct error *error) {
    struct lcg *lcg = session_lcg(session, error);
    if (!lcg) return false;
    struct graph *graph = lcg->graph;
    vertex *from = mem_alloc((size_t)graph->input_count + 1, sizeof *from);
    uint32_t inputs = 0, number = 0, summed = 0;
    if (!from) return error_memory(error);
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (!graph_is_labels(graph, graph->input[i])) from[inputs++] = graph->input[i];
    if (words->count == 3 && strcmp(words->word[1], "->") == 0) {
        vertex v = session_vertex(session, words->word[0], error);
        if (v == VERTEX_NONE) return mem_free(from), false;
        from[0] = v, inputs = 1;
    } else if (words->count) {
        mem_free(from);
        return command_usage_error(words, 0, error, "for a graph of tensors, paths are chosen as INPUT -> OUTPUT");
    }
    mpz_t total;
    mpz_init(total);
    struct dense *dense = dense_new(graph, error);
    struct paths *paths = NULL;
    struct path path;
    struct path_sum *sums = mem_zero((size_t)graph->input_count + 2, sizeof *sums);
    bool ok = dense && sums && path_count(lcg, from, inputs, graph->output, 1, total, error) &&
              (paths = paths_new(lcg, from, inputs, graph->output, 1, PATH_LISTED, error));
    bool all = ok && mpz_cmp_ui(total, MOST_PATHS) <= 0, products = true;
    json_t *list = json_array();
    while (ok && number < MOST_PATHS && paths_next(paths, &path, error)) {
        struct error large = {0};
        double *product = products ? path_product(dense, graph, &path, &large) : NULL;
        if (!product) products = false;
        double norm =
            product ? norm_of(product, count_of(graph, path.input) * count_of(graph, path.output)) : (double)NAN;
        if (product) ok = add_path(sums, &summed, graph, &path, product, error);
        if (session->output.json)
            json_array_append_new(list, json_pack("{s:i, s:i, s:o}", "from", (int)graph_id(graph, path.input), "edges",
                                                  (int)path.length, "norm", record_number(norm)));
        else
            print_path(session, graph, &path, ++number, norm);
        if (session->output.json) number++;
        mem_free(product);
    }
    char *text = mpz_get_str(NULL, 10, total);
    if (ok && session->output.json)
        report_json(session, json_pack("{s:s, s:s, s:O}", "kind", "paths", "count", text, "paths", list));
    else if (ok && all)
        report_text(session, "%s path%s\n", text, number == 1 ? "" : "s");
    else if (ok)
        report_text(session, "the first %u of %s paths\n", number, text);
    if (ok && !session->output.json && all && products) ok = compare(session, graph, sums, summed, error);
    if (ok && !session->output.json && !products) report_text(session, "the maps are too large to be multiplied out\n");
    for (uint32_t i = 0; sums && i < summed; i++) mem_free(sums[i].sum);
    void (*give)(void *, size_t);
    mp_get_memory_functions(NULL, NULL, &give);
    give(text, strlen(text) + 1);
    mpz_clear(total);
    json_decref(list);
    paths_free(paths);
    dense_free(dense);
    mem_free(sums);
    mem_free(from);
    session->shown.kind = VIEW_LCG;
    session->shown.memory = session->shown.chart = false;
    session->show = true;
    return ok;
}

// ---- :why ---------------------------------------------------------------------------------------------------------

// The adjoints of the sum of the outputs' numbers, as far down as the vertex asked about.
struct why {
    struct session *session;
    const struct graph *graph;
    const struct lcg *lcg;
    struct dense *dense;
    double **adjoint; // by vertex, or NULL: none yet
    json_t *list;
};

// The part of the operand's adjoint that comes through this edge: J^T times the target's. mem_free it; NULL: too large.
static double *through(const struct why *w, uint32_t edge, struct error *error) {
    vertex v = graph_edge_target(w->graph, edge), u = w->graph->operand[edge];
    size_t rows = count_of(w->graph, v), columns = count_of(w->graph, u);
    double *out = rows <= MOST_PRODUCT / columns ? mem_zero(columns + 1, sizeof *out) : NULL, *map = NULL;
    if (!out)
        return error_set(error, ERROR_LIMIT, SPAN_NONE, "a map of %zu x %zu is too large to write out", rows, columns),
               NULL;
    if (!graph_is_tensor(w->graph, u) && !graph_is_tensor(w->graph, v)) { // between numbers
        out[0] = w->adjoint[v][0] * w->lcg->partial[edge];
        return out;
    }
    if (!(map = dense_jacobian(w->dense, edge, error))) return mem_free(out), NULL;
    kernels_of(NUMBER_DOUBLE)->product(false, false, 1, columns, rows, 1, w->adjoint[v], map, 0, out);
    mem_free(map);
    return out;
}

static void tell_contribution(struct why *w, uint32_t edge, const double *part) {
    vertex v = graph_edge_target(w->graph, edge), u = w->graph->operand[edge];
    char to[64], shape[64];
    struct buffer formula = {0};
    graph_partial_formula(w->graph, edge, &formula);
    size_t count = count_of(w->graph, u);
    if (w->session->output.json)
        json_array_append_new(w->list, json_pack("{s:I, s:s, s:f}", "to", (json_int_t)graph_id(w->graph, v), "map",
                                                 buffer_string(&formula), "norm", norm_of(part, count)));
    else
        report_text(
            w->session, "  through %s   adjoint %s of length %.6g, by the map  %s  (%zu x %zu)  gives length %.6g\n",
            graph_label(w->graph, v, to), shape_of(w->graph, v, shape), norm_of(w->adjoint[v], count_of(w->graph, v)),
            buffer_string(&formula), count_of(w->graph, v), count, norm_of(part, count));
    buffer_free(&formula);
}

// From the outputs down to v; what flows into v is told.
static bool sweep_to(struct why *w, vertex v, struct error *error) {
    const struct graph *g = w->graph;
    for (uint32_t i = 0; i < g->output_count; i++) {
        vertex o = g->output[i];
        if (!w->adjoint[o] && !(w->adjoint[o] = mem_zero(count_of(g, o) + 1, sizeof(double))))
            return error_memory(error);
        for (size_t k = 0; k < count_of(g, o); k++) w->adjoint[o][k] += 1;
    }
    for (vertex at = g->count; at-- > v + 1;)
        for (uint32_t e = g->offset[at]; w->adjoint[at] && e < g->offset[at + 1]; e++) {
            vertex u = g->operand[e];
            if (u < v || graph_is_labels(g, u)) continue;
            if (task_interrupted()) return error_interrupt(error);
            double *part = through(w, e, error);
            if (!part) return false;
            if (u == v) tell_contribution(w, e, part);
            if (!w->adjoint[u]) w->adjoint[u] = mem_zero(count_of(g, u) + 1, sizeof(double));
            for (size_t k = 0; w->adjoint[u] && k < count_of(g, u); k++) w->adjoint[u][k] += part[k];
            mem_free(part);
            if (!w->adjoint[u]) return error_memory(error);
        }
    return true;
}

static void tell_value(struct why *w, vertex v) {
    const struct graph *g = w->graph;
    char label[64], shape[64];
    struct buffer formula = {0};
    if (w->session->output.json) return;
    if (graph_arity(g, v)) graph_formula(g, v, &formula);
    report_text(w->session, "%s%s%s = %s%s%s", report_accent(w->session), graph_label(g, v, label),
                report_plain(w->session), buffer_string(&formula), formula.size ? ", " : "", shape_of(g, v, shape));
    const double *value = graph_is_labels(g, v) ? NULL : dense_value(w->dense, v);
    if (value) report_text(w->session, " of length %.6g", norm_of(value, count_of(g, v)));
    report_text(w->session,
                g->op[v] == OP_INPUT ? graph_is_parameter(g, v) ? ", a parameter\n" : ", an input\n" : "\n");
    for (uint32_t e = g->offset[v]; e < g->offset[v + 1]; e++) {
        buffer_clear(&formula);
        graph_partial_formula(g, e, &formula);
        report_text(w->session, "  from %s %s   local derivative  %s  (%zu x %zu)\n",
                    graph_label(g, g->operand[e], label), shape_of(g, g->operand[e], shape), buffer_string(&formula),
                    count_of(g, v), count_of(g, g->operand[e]));
    }
    buffer_free(&formula);
}

static void tell_adjoint(struct why *w, vertex v) {
    char label[64], shape[64];
    const double *adjoint = w->adjoint[v];
    size_t count = count_of(w->graph, v);
    if (w->session->output.json) {
        json_t *values = json_array();
        for (size_t i = 0; adjoint && i < count && count <= 10000; i++)
            json_array_append_new(values, record_number(adjoint[i]));
        report_json(w->session, json_pack("{s:s, s:I, s:s, s:o, s:o, s:o, s:O}", "kind", "why", "vertex",
                                          (json_int_t)graph_id(w->graph, v), "name", graph_label(w->graph, v, label),
                                          "shape", record_shape(graph_shape(w->graph, v)), "norm",
                                          adjoint ? record_number(norm_of(adjoint, count)) : json_null(), "adjoint",
                                          values, "contributions", w->list));
        return;
    }
    if (!adjoint) {
        report_text(w->session, "  – no output depends on it\n");
        return;
    }
    report_text(w->session, "  sum   %s of length %.6g\n", shape_of(w->graph, v, shape), norm_of(adjoint, count));
    if (count <= MOST_NUMBERS) print_matrix(w->session, adjoint, graph_shape(w->graph, v));
}

static bool run_why(struct session *session, const struct words *words, struct error *error) {
    if (words->count != 1) return command_usage_error(words, 0, error, ":why takes the name of one vertex");
    struct lcg *lcg = session_lcg(session, error);
    vertex v = lcg ? session_vertex(session, words->word[0], error) : VERTEX_NONE;
    if (v == VERTEX_NONE) return false;
    const struct graph *g = lcg->graph;
    if (graph_is_labels(g, v)) {
        error_set(error, ERROR_TYPE, words->span[0], "`%s` holds labels, whole numbers: it has no derivative",
                  words->word[0]);
        error_hint(error, "its users are in :graph; :why takes a vertex of numbers");
        return false;
    }
    struct why w = {.session = session, .graph = g, .lcg = lcg, .dense = dense_new(g, error), .list = json_array()};
    w.adjoint = mem_zero((size_t)g->count + 1, sizeof *w.adjoint);
    bool ok = w.dense && (w.adjoint || error_memory(error));
    if (ok) tell_value(&w, v);
    if (ok && !session->output.json)
        report_text(session, "%sthe adjoint: the gradient of %s%s\n", report_accent(session),
                    g->output_count == 1 && !graph_is_tensor(g, g->output[0]) ? "the output"
                                                                              : "the sum of the outputs' numbers",
                    report_plain(session));
    ok = ok && sweep_to(&w, v, error);
    if (ok) tell_adjoint(&w, v);
    for (vertex u = 0; w.adjoint && u < g->count; u++) mem_free(w.adjoint[u]);
    mem_free(w.adjoint);
    dense_free(w.dense);
    json_decref(w.list);
    return ok;
}

// ---- :check -------------------------------------------------------------------------------------------------------

static bool output_sum(struct tape *tape, const struct graph *graph, double *sum, struct error *error) {
    *sum = 0;
    if (!tape_forward(tape, 0, error)) return false;
    for (uint32_t i = 0; i < graph->output_count; i++) {
        const double *value = tape_output(tape, i);
        for (size_t j = 0; j < count_of(graph, graph->output[i]); j++) *sum += value[j];
    }
    return true;
}

static void print_check(struct session *session, uint32_t checked, uint32_t skipped, uint32_t inputs, double worst,
                        bool good) {
    if (checked)
        report_text(session, "%u number%s of %u input%s compared; the worst differs by %.1e\n", checked,
                    checked == 1 ? "" : "s", inputs, inputs == 1 ? "" : "s", worst);
    if (skipped)
        report_text(session, "%u number%s skipped: no finite derivative or difference there\n", skipped,
                    skipped == 1 ? "" : "s");
    report_text(session, "%s\n",
                !good ? "derivatives and finite differences do not agree: is the point on a kink or a jump (relu at 0, "
                        "% at a multiple)?"
                : !checked ? "nothing was compared: try another point"
                : skipped  ? "ok: what was compared agrees with finite differences"
                           : "ok: derivatives agree with finite differences");
}

// Central differences of some numbers of each input, evenly spread, against the reverse sweep.
static bool run_check(struct session *session, const struct words *words, struct error *error) {
    struct graph *graph = session_graph(session, error);
    if (!graph || !command_no_words(words, error)) return false;
    struct tape *tape = ready_tape(graph, error);
    double worst = 0, scale = 0; // of small losses the derivatives are small, too
    bool ok = tape && output_sum(tape, graph, &scale, error) && tape_backward(tape, error);
    scale = isfinite(scale) ? fabs(scale) : 1;
    uint32_t checked = 0, skipped = 0, inputs = 0;
    for (uint32_t i = 0; ok && i < graph->input_count; i++) {
        vertex v = graph->input[i];
        const double *gradient = tape_gradient(tape, v);
        double *value = tape_input(tape, v);
        size_t count = count_of(graph, v), most = count < MOST_CHECKED ? count : MOST_CHECKED;
        if (!gradient) continue;
        double *kept = mem_alloc(count, sizeof *kept);
        if (!kept) ok = error_memory(error);
        if (ok) memcpy(kept, gradient, count * sizeof *kept);
        inputs++;
        for (size_t k = 0; ok && k < most; k++) {
            size_t at = most < count ? k * (count / most) : k;
            double before = value[at], step = 1e-5 * fmax(1, fabs(before)), high, low;
            value[at] = before + step;
            ok = output_sum(tape, graph, &high, error);
            value[at] = before - step;
            ok = ok && output_sum(tape, graph, &low, error);
            value[at] = before;
            double difference = ok ? (high - low) / (2 * step) : 0;
            if (!isfinite(difference) || !isfinite(kept[at])) {
                skipped++;
                continue;
            }
            checked++;
            worst = fmax(worst, fabs(difference - kept[at]) /
                                    fmax(fmax(scale, 1e-300), fmax(fabs(difference), fabs(kept[at]))));
        }
        mem_free(kept);
    }
    tape_free(tape);
    bool good = worst < 1e-5;
    if (ok && session->output.json)
        report_json(session, json_pack("{s:s, s:i, s:o, s:o, s:i}", "kind", "check", "entries", (int)checked, "error",
                                       record_number(worst), "ok", checked ? json_boolean(good) : json_null(),
                                       "skipped", (int)skipped));
    else if (ok)
        print_check(session, checked, skipped, inputs, worst, good);
    return ok;
}

// ---- :expand ------------------------------------------------------------------------------------------------------

bool command_expand(struct session *session, const struct words *words, struct error *error) {
    struct graph *graph = session_graph(session, error);
    if (!graph || !command_no_words(words, error)) return false;
    if (!graph_has_tensors(graph)) {
        error_set(error, ERROR_OTHER, SPAN_NONE, "this graph is one of numbers already");
        return false;
    }
    struct graph *expanded =
        graph_expand(graph, session->settings.vertices < 200000 ? session->settings.vertices : 200000, error);
    if (!expanded) return false;
    uint32_t vertices = graph_visible_count(expanded), edges = graph_edge_count(expanded);
    bool ok = session_adopt(session, expanded, error);
    graph_drop(expanded);
    if (!ok) return false;
    session->shown.kind = VIEW_LCG;
    session->shown.memory = session->shown.chart = false;
    session->show = true;
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:I, s:I}", "kind", "expand", "vertices", (json_int_t)vertices, "edges",
                                       (json_int_t)edges));
    else
        report_text(session, "the graph of numbers: %u vertices, %u edges; :undo goes back to the tensors\n", vertices,
                    edges);
    return true;
}

// ---- which ones ---------------------------------------------------------------------------------------------------

bool tensor_command(struct session *session, const char *name, const struct words *words, bool *mine,
                    struct error *error) {
    static const char *const numbers[] = {"eliminate", "sample", "jvp", "vjp", "at", "describe"};
    const struct graph *graph = environment_graph(session->environment);
    *mine = false;
    if (!graph_has_tensors(graph)) return true;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(name, numbers[i]) != 0) continue;
        *mine = true;
        error_set(error, ERROR_TYPE, SPAN_NONE, "`:%s` works on graphs of numbers, and this one has tensors", name);
        error_hint(error, ":expand makes the graph of numbers behind it, if it is small");
        return false;
    }
    *mine = true;
    if (strcmp(name, "walk") == 0 && words->count && strcmp(words->word[0], "eliminate") == 0) {
        error_set(error, ERROR_TYPE, words->span[0], "elimination multiplies numbers on edges, and here they are maps");
        error_hint(error,
                   ":expand makes the graph of numbers; :walk primal, forward, reverse and paths step through tensors");
        return false;
    }
    if (strcmp(name, "jacobian") == 0) return run_gradient(session, words, error);
    if (strcmp(name, "paths") == 0) return run_paths(session, words, error);
    if (strcmp(name, "check") == 0) return run_check(session, words, error);
    if (strcmp(name, "why") == 0) return run_why(session, words, error);
    return *mine = false, true;
}
