// Central differences over a range of steps, each improved by Richardson extrapolation; the step whose neighbours agree
// best is believed.
#include "graph/check.h"

#include <math.h>
#include <string.h>

#include "base/task.h"

enum { STEPS = 16, LOOK_EVERY = 1 << 10 };

// How much the slopes to the right and to the left may differ in a step that is believed. Over a kink nearby they
// differ however well the central differences agree: abs at 1e-14 has the same 0 for all steps down to there.
#define BENT 0.1

// Each step is a quarter of the one before, so that of two central differences D(h) and D(h/4), whose errors are of
// order h^2, (16 D(h/4) - D(h))/15 has an error of order h^4.
struct difference {
    double last, last_better; // D and the extrapolated value of the step before; NaN: none
    double value, error;      // the best so far, and how far it may be off
    double asymmetry;         // of the last step: difference to the right minus difference to the left
};

static const struct difference difference_none = {NAN, NAN, NAN, INFINITY, 0};

// The value at the point, h to the right (by `right` exactly) and h to the left (by `left`).
struct sample {
    double at, plus, minus, right, left;
};

static void difference_add(struct difference *difference, const struct sample *s) {
    double width = s->right + s->left, slope = (s->plus - s->minus) / width;
    double better = (16 * slope - difference->last) / 15;
    double rounding = 0x1p-51 * (fabs(s->plus) + fabs(s->minus)) / width;
    double error = fabs(better - difference->last_better) + rounding;
    difference->asymmetry = (s->plus - s->at) / s->right - (s->at - s->minus) / s->left;
    // The two sides of a step that crossed a kink differ, however well the central differences agree.
    bool crossed = fabs(difference->asymmetry) > 0.1 * fmax(1, fabs(slope));
    if (isfinite(error) && error < difference->error && !crossed) {
        difference->value = better;
        difference->error = error;
    }
    difference->last = isfinite(slope) ? slope : NAN;
    difference->last_better = isfinite(better) ? better : NAN;
}

static bool trusted(const struct difference *difference, double accuracy) {
    return difference->error <= accuracy * fmax(1, fabs(difference->value));
}

// First steps for the scale of 1 and, for small numbers, for the scale of the number itself (log near 0).
static int first_steps(double x, double step[2]) {
    step[0] = fmax(fabs(x), 1) / 16;
    step[1] = fabs(x) / 16;
    return x != 0 && fabs(x) < 0.25 ? 2 : 1;
}

static double relative_error(double exact, double difference) {
    return fabs(exact - difference) / fmax(1, fmax(fabs(exact), fabs(difference)));
}

// ---- local partials -----------------------------------------------------------------------------------------------

struct local {
    enum op op;
    double operand[OP_ARITY_MAX];
    int which;
};

// NaN beyond a kink or a jump: what lies there says nothing about the slope here.
static double local_value(const struct local *local, double x) {
    double operand[OP_ARITY_MAX];
    memcpy(operand, local->operand, sizeof operand);
    operand[local->which] = x;
    if (op_piece(local->op, operand[0], operand[1]) != op_piece(local->op, local->operand[0], local->operand[1]))
        return NAN;
    return op_value(local->op, operand[0], operand[1]);
}

static struct difference local_difference(const struct local *local, double accuracy) {
    double x = local->operand[local->which], first[2];
    struct difference difference = difference_none;
    int scales = first_steps(x, first);
    for (int scale = 0; scale < scales; scale++) {
        double h = first[scale];
        difference.last = difference.last_better = NAN;
        for (int k = 0; k < STEPS && !trusted(&difference, accuracy); k++, h /= 4) {
            double right = x + h, left = x - h;
            struct sample sample = {local_value(local, x), local_value(local, right), local_value(local, left),
                                    right - x, x - left};
            difference_add(&difference, &sample);
        }
    }
    return difference;
}

static void note_partial(struct check *check, uint32_t edge, double exact, const struct difference *difference,
                         double tolerance) {
    if (!isfinite(exact) || !trusted(difference, tolerance / 4)) {
        check->skipped++;
        return;
    }
    check->partials++;
    double error = relative_error(exact, difference->value);
    if (check->worst_edge != UINT32_MAX && error <= check->worst_partial) return;
    check->worst_edge = edge;
    check->worst_partial = error;
    check->partial_exact = exact;
    check->partial_difference = difference->value;
}

// The slope of a weighted sum along one operand, by its values one to the left and one to the right.
static void check_linear(const struct lcg *lcg, vertex v, double tolerance, struct check *check) {
    const struct graph *graph = lcg->graph;
    for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++) {
        double x = graph->value[lcg->source[e]];
        struct difference difference = difference_none;
        difference.value = (graph->weight[e] * (x + 1) - graph->weight[e] * (x - 1)) / ((x + 1) - (x - 1));
        difference.error = 0;
        if (lcg->depends[lcg->source[e]]) note_partial(check, e, lcg->partial[e], &difference, tolerance);
    }
}

static void check_vertex(const struct lcg *lcg, vertex v, double tolerance, struct check *check) {
    const struct graph *graph = lcg->graph;
    uint32_t first = lcg->offset[v], end = lcg->offset[v + 1];
    if (first == end) return;
    if (graph->op[v] == OP_LINEAR) {
        check_linear(lcg, v, tolerance, check);
        return;
    }
    double a = graph->value[lcg->source[first]], b = graph->value[lcg->source[end - 1]];
    if (op_kink((enum op)graph->op[v], a, b)) {
        check->kinks++;
        return;
    }
    for (uint32_t e = first; e < end; e++) {
        if (!lcg->depends[lcg->source[e]]) continue; // the slope along a constant
        struct local local = {(enum op)graph->op[v], {a, b}, (int)(e - first)};
        struct difference difference = local_difference(&local, tolerance * 1e-4);
        note_partial(check, e, lcg->partial[e], &difference, tolerance);
    }
}

static bool check_partials(const struct lcg *lcg, double tolerance, struct check *check, struct error *error) {
    for (vertex v = 0; v < lcg->count; v++) {
        if (v % LOOK_EVERY == 0) {
            if (task_interrupted()) return error_interrupt(error);
            task_progress("checking partials", v, lcg->count);
        }
        check_vertex(lcg, v, tolerance, check);
    }
    return true;
}

// ---- the Jacobian -------------------------------------------------------------------------------------------------

struct columns {
    const struct lcg *lcg;
    double *input, *value, *plus;  // input_count, count, output_count numbers
    uint8_t *crossed;              // count
    struct difference *difference; // output_count
};

static void columns_free(struct columns *columns) {
    mem_free(columns->input);
    mem_free(columns->value);
    mem_free(columns->plus);
    mem_free(columns->crossed);
    mem_free(columns->difference);
}

static bool columns_new(struct columns *columns, const struct lcg *lcg) {
    const struct graph *graph = lcg->graph;
    *columns = (struct columns){
        .lcg = lcg,
        .input = mem_alloc((size_t)graph->input_count + 1, sizeof *columns->input),
        .value = mem_alloc((size_t)lcg->count + 1, sizeof *columns->value),
        .plus = mem_alloc((size_t)graph->output_count + 1, sizeof *columns->plus),
        .crossed = mem_alloc((size_t)lcg->count + 1, 1),
        .difference = mem_alloc((size_t)graph->output_count + 1, sizeof *columns->difference),
    };
    if (!columns->input || !columns->value || !columns->plus || !columns->crossed || !columns->difference) {
        columns_free(columns);
        return false;
    }
    for (uint32_t i = 0; i < graph->input_count; i++) columns->input[i] = graph->value[graph->input[i]];
    return true;
}

static double piece_of(const struct graph *graph, vertex v, const double *value) {
    uint32_t first = graph->offset[v], end = graph->offset[v + 1];
    if (first == end) return 0;
    return op_piece((enum op)graph->op[v], value[graph->operand[first]], value[graph->operand[end - 1]]);
}

// What was pushed over a kink or a jump, and all that depends on it, says nothing about the slope here: NaN.
static void forget_crossed(struct columns *columns) {
    const struct graph *graph = columns->lcg->graph;
    for (vertex v = 0; v < graph->count; v++) {
        bool crossed = piece_of(graph, v, columns->value) != piece_of(graph, v, graph->value);
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++)
            crossed = crossed || columns->crossed[graph->operand[e]];
        columns->crossed[v] = crossed;
    }
    for (uint32_t row = 0; row < graph->output_count; row++)
        if (columns->crossed[graph->output[row]]) columns->value[graph->output[row]] = NAN;
}

static bool evaluate_at(struct columns *columns, uint32_t column, double x, struct error *error) {
    double kept = columns->input[column];
    columns->input[column] = x;
    bool ok = graph_evaluate(columns->lcg->graph, columns->input, columns->value, error);
    columns->input[column] = kept;
    if (ok) forget_crossed(columns);
    return ok;
}

static bool add_step(struct columns *columns, uint32_t column, double h, struct error *error) {
    const struct graph *graph = columns->lcg->graph;
    double x = columns->input[column], right = x + h, left = x - h;
    if (!evaluate_at(columns, column, right, error)) return false;
    for (uint32_t row = 0; row < graph->output_count; row++) columns->plus[row] = columns->value[graph->output[row]];
    if (!evaluate_at(columns, column, left, error)) return false;
    for (uint32_t row = 0; row < graph->output_count; row++) {
        vertex output = graph->output[row];
        struct sample sample = {graph->value[output], columns->plus[row], columns->value[output], right - x, x - left};
        difference_add(&columns->difference[row], &sample);
    }
    return true;
}

static bool all_trusted(const struct columns *columns, double accuracy) {
    for (uint32_t row = 0; row < columns->lcg->graph->output_count; row++)
        if (!trusted(&columns->difference[row], accuracy)) return false;
    return true;
}

static bool difference_column(struct columns *columns, uint32_t column, double accuracy, struct error *error) {
    double first[2];
    int scales = first_steps(columns->input[column], first);
    uint32_t rows = columns->lcg->graph->output_count;
    for (uint32_t row = 0; row < rows; row++) columns->difference[row] = difference_none;
    for (int scale = 0; scale < scales; scale++) {
        double h = first[scale];
        for (uint32_t row = 0; row < rows; row++)
            columns->difference[row].last = columns->difference[row].last_better = NAN;
        for (int k = 0; k < STEPS && !all_trusted(columns, accuracy); k++, h /= 4)
            if (!add_step(columns, column, h, error)) return false;
    }
    return true;
}

// At a kink the two sides differ, and the convention's slope may be any between them.
static bool on_kink(const struct check *check, double exact, const struct difference *difference) {
    return check->kinks > 0 && fabs(difference->asymmetry) > 0.5 * fabs(exact - difference->value);
}

static void note_entry(struct check *check, uint32_t row, uint32_t column, double exact,
                       const struct difference *difference, double tolerance) {
    double error = relative_error(exact, difference->value);
    bool zero = exact == 0 && difference->value == 0; // as where nothing depends, however large the value is
    if (!isfinite(exact) || (!trusted(difference, tolerance / 4) && !zero) ||
        (error > tolerance && on_kink(check, exact, difference))) {
        check->skipped++;
        return;
    }
    if (check->entries++ > 0 && error <= check->worst_entry) return;
    check->worst_entry = error;
    check->worst_row = row;
    check->worst_column = column;
    check->entry_exact = exact;
    check->entry_difference = difference->value;
}

static bool check_columns(struct columns *columns, const struct jacobian *jacobian, double tolerance,
                          struct check *check, struct error *error) {
    for (uint32_t column = 0; column < jacobian->columns; column++) {
        task_progress("checking the Jacobian", column, jacobian->columns);
        if (!difference_column(columns, column, tolerance * 1e-4, error)) return false;
        for (uint32_t row = 0; row < jacobian->rows; row++)
            note_entry(check, row, column, jacobian->value[(size_t)row * jacobian->columns + column],
                       &columns->difference[row], tolerance);
    }
    return true;
}

static bool check_jacobian(const struct lcg *lcg, double tolerance, struct check *check, struct error *error) {
    struct jacobian jacobian;
    struct columns columns;
    const struct graph *graph = lcg->graph;
    enum bauer_mode mode = graph->output_count <= graph->input_count ? BAUER_REVERSE : BAUER_FORWARD;
    if (!bauer_jacobian(lcg, mode, NULL, 0, &jacobian, error)) return false;
    bool ok = columns_new(&columns, lcg) || error_memory(error);
    if (ok) {
        ok = check_columns(&columns, &jacobian, tolerance, check, error);
        columns_free(&columns);
    }
    jacobian_free(&jacobian);
    return ok;
}

bool check_derivatives(const struct lcg *lcg, double tolerance, struct check *check, struct error *error) {
    *check = (struct check){.worst_edge = UINT32_MAX};
    if (!check_partials(lcg, tolerance, check, error) || !check_jacobian(lcg, tolerance, check, error)) return false;
    check->ok = check->worst_partial <= tolerance && check->worst_entry <= tolerance;
    return true;
}
