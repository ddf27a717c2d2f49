#include "op/op.h"

#include <string.h>

#include "op/op_inline.h"

// ---- the table ----------------------------------------------------------------------------------------------------

enum { ADDITIVE = 1, MULTIPLICATIVE, UNARY, POWER, ATOM }; // precedence of a formula

enum { NOTHING = 0, A = OP_REMEMBERS_A, B = OP_REMEMBERS_B, Y = OP_REMEMBERS_VALUE };

const struct op_info op_table[OP_END] = {
    [OP_INPUT] = {.name = "input", .precedence = ATOM, .text = "", .partial_text = {"", ""}, .doc = "an input"},
    [OP_CONST] = {.name = "const", .precedence = ATOM, .text = "", .partial_text = {"", ""}, .doc = "a number"},
    [OP_LINEAR] =
        {.name = "linear", .precedence = ADDITIVE, .text = "", .partial_text = {"", ""}, .doc = "a weighted sum"},
#define OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, LOW, HIGH, TEXT, TEXT_A, TEXT_B, VALUE, BY_A, BY_B, DOMAIN, KINK,     \
           REMEMBERS, DOC, EXAMPLE)                                                                                    \
    [OP_##NAME] = {.name = WORD,                                                                                       \
                   .infix = INFIX,                                                                                     \
                   .arity = ARITY,                                                                                     \
                   .precedence = PRECEDENCE,                                                                           \
                   .remembers = REMEMBERS,                                                                             \
                   .text = TEXT,                                                                                       \
                   .partial_text = {TEXT_A, TEXT_B},                                                                   \
                   .doc = DOC,                                                                                         \
                   .example = EXAMPLE,                                                                                 \
                   .low = LOW,                                                                                         \
                   .high = HIGH},
#include "op/ops.def"
#undef OP
#define TENSOR_OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, TEXT, TEXT_A, TEXT_B, REMEMBERS, DOC, EXAMPLE)                 \
    [OP_##NAME] = {.name = WORD,                                                                                       \
                   .infix = INFIX,                                                                                     \
                   .arity = ARITY,                                                                                     \
                   .precedence = PRECEDENCE,                                                                           \
                   .remembers = REMEMBERS,                                                                             \
                   .text = TEXT,                                                                                       \
                   .partial_text = {TEXT_A, TEXT_B},                                                                   \
                   .doc = DOC,                                                                                         \
                   .example = EXAMPLE},
#include "op/tensor_ops.def"
#undef TENSOR_OP
};

enum op op_find(const char *name) {
    for (int op = OP_FIRST_ROW; op < OP_COUNT; op++)
        if (op_table[op].name[0] == name[0] && strcmp(op_table[op].name, name) == 0) return (enum op)op;
    return OP_COUNT;
}

// ---- numbers ------------------------------------------------------------------------------------------------------

double op_value(enum op op, double a, double b) { return op_inline_value(op, a, b); }

double op_linearize(enum op op, double a, double b, double partial[OP_ARITY_MAX]) {
    return op_inline_linearize(op, a, b, partial);
}

// ---- words --------------------------------------------------------------------------------------------------------

// What the row itself says, or NULL.
static const char *row_domain(enum op op, double a, double b) {
    (void)b;
    switch (op) {
#define OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, LOW, HIGH, TEXT, TEXT_A, TEXT_B, VALUE, BY_A, BY_B, DOMAIN, ...)      \
    case OP_##NAME:                                                                                                    \
        return DOMAIN;
#include "op/ops.def"
#undef OP
    default:
        return NULL;
    }
}

const char *op_domain(enum op op, double a, double b, double value) {
    if (op_table[op].arity < 2) b = 0;
    if (isfinite(value) || op_table[op].arity == 0 || isnan(a) || isnan(b)) return NULL;
    const char *reason = row_domain(op, a, b);
    if (reason) return reason;
    if (isnan(value)) return "the result is not a number";
    return isfinite(a) && isfinite(b) ? "overflow: the result is over 1.8e308" : NULL;
}

const char *op_kink(enum op op, double a, double b) {
    (void)b;
    switch (op) {
#define OP(NAME, WORD, INFIX, ARITY, PRECEDENCE, LOW, HIGH, TEXT, TEXT_A, TEXT_B, VALUE, BY_A, BY_B, DOMAIN, KINK,     \
           ...)                                                                                                        \
    case OP_##NAME:                                                                                                    \
        return KINK;
#include "op/ops.def"
#undef OP
    default:
        return NULL;
    }
}

double op_piece(enum op op, double a, double b) {
    switch (op) {
    case OP_ABS:
    case OP_FABS:
    case OP_RELU:
        return a > 0;
    case OP_MIN:
    case OP_MAX:
        return a < b;
    case OP_FLOORDIV:
    case OP_MOD:
        return floor(a / b);
    case OP_FMOD:
        return trunc(a / b);
    case OP_FLOOR:
    case OP_CEIL:
        return floor(a);
    case OP_TRUNC:
        return trunc(a);
    case OP_COPYSIGN:
        return (a > 0) + 2 * !signbit(b);
    case OP_ATAN2:
        return b < 0 && a < 0; // the cut along the negative axis
    default:
        return 0;
    }
}

const struct grid_row *op_grid(enum op op, enum number_type type) {
    switch ((int)op) {
#define TENSOR_OP(...)
#define GRID_OP(ROW, NAME, ...)                                                                                        \
    case OP_##NAME:                                                                                                    \
        return type == NUMBER_FLOAT ? &ROW##_float : &ROW##_double;
#include "op/tensor_ops.def"
#undef TENSOR_OP
    default:
        return NULL;
    }
}

// ---- shapes -------------------------------------------------------------------------------------------------------

static bool refuse(struct error *error, enum op op, struct shape a, struct shape b, const char *needs) {
    char text_a[64], text_b[64];
    shape_text(a, text_a);
    shape_text(b, text_b);
    if (op_table[op].arity == 2)
        error_set(error, ERROR_TYPE, SPAN_NONE, "%s does not fit shapes %s and %s", op_table[op].name, text_a, text_b);
    else if (op == OP_RESHAPE)
        error_set(error, ERROR_TYPE, SPAN_NONE, "shape %s cannot be reshaped to %s", text_a, text_b);
    else
        error_set(error, ERROR_TYPE, SPAN_NONE, "%s does not fit shape %s", op_table[op].name, text_a);
    error_hint(error, "%s", needs);
    return false;
}

static bool without_axis(enum op op, struct shape a, struct op_setting s, struct shape *out, struct error *error) {
    *out = shape_scalar;
    if (s.axis == OP_ALL_AXES && !s.keep_axis) return true;
    if (s.axis != OP_ALL_AXES && s.axis >= a.rank)
        return refuse(error, op, a, a, "there is no such axis; the first is 0");
    for (uint32_t i = 0; i < a.rank; i++) {
        bool gone = s.axis == OP_ALL_AXES || i == s.axis;
        if (!gone || s.keep_axis) out->size[out->rank++] = gone ? 1 : a.size[i];
    }
    return true;
}

// Whether the places of a cut are all on the axis.
static bool is_on_axis(struct op_cut cut, uint32_t size) {
    if (!cut.count) return true;
    int64_t last = cut.first + (int64_t)(cut.count - 1) * cut.step;
    return cut.first < size && last >= 0 && last < size && (cut.step || cut.count == 1) &&
           (!cut.single || cut.count == 1);
}

static bool cut_shape(enum op op, struct shape a, struct op_setting s, struct shape *out, struct error *error) {
    *out = shape_scalar;
    for (uint32_t i = 0; i < SHAPE_RANK_MAX; i++) {
        if (i >= a.rank ? s.cut[i].count != 0 : !is_on_axis(s.cut[i], a.size[i]))
            return refuse(error, op, a, a, "the slice lies outside, or is empty");
        if (i < a.rank && !s.cut[i].single) out->size[out->rank++] = s.cut[i].count ? s.cut[i].count : a.size[i];
    }
    return true;
}

static uint32_t old_axis(struct shape a, const struct op_setting *s, uint32_t axis) {
    bool order = s->order[0] || s->order[1] || s->order[2] || s->order[3];
    return order ? s->order[axis] : a.rank - 1 - axis;
}

static bool ordered_shape(enum op op, struct shape a, struct op_setting s, struct shape *out, struct error *error) {
    unsigned seen = 0;
    for (uint32_t i = 0; i < a.rank; i++) {
        uint32_t from = old_axis(a, &s, i);
        if (from >= a.rank || seen & 1u << from) return refuse(error, op, a, a, "each axis is named once");
        seen |= 1u << from;
        out->size[i] = a.size[from];
    }
    return true;
}

static bool joined_shape(enum op op, struct shape a, struct shape b, uint32_t axis, struct shape *out,
                         struct error *error) {
    bool fits = a.rank == b.rank && axis < a.rank;
    for (uint32_t i = 0; fits && i < a.rank; i++) fits = i == axis || a.size[i] == b.size[i];
    if (!fits) return refuse(error, op, a, b, "only along the axis that they are joined on may the sizes differ");
    if (__builtin_add_overflow(a.size[axis], b.size[axis], &out->size[axis]))
        return refuse(error, op, a, b, "the result is too large");
    return true;
}

struct op_product op_product(struct shape a, struct shape b) {
    size_t k = a.rank ? a.size[a.rank - 1] : 1;
    return (struct op_product){.m = (size_t)shape_count(a) / (k ? k : 1), .k = k, .n = b.rank == 2 ? b.size[1] : 1};
}

static bool product_shape(struct shape a, struct shape b, struct shape *out, struct error *error) {
    if (a.rank && b.rank && b.rank <= 2 && a.size[a.rank - 1] == b.size[0]) {
        out->rank = a.rank - 1;
        out->size[out->rank] = 0;
        if (b.rank == 2) out->size[out->rank++] = b.size[1];
        return true;
    }
    bool turned = a.rank && b.rank == 2 && a.size[a.rank - 1] == b.size[1];
    return refuse(error, OP_MATMUL, a, b,
                  turned       ? "with .T behind the second one they fit; (n, k) @ (k, m) gives (n, m)"
                  : b.rank > 2 ? "the second one has one or two axes: (n, k) @ (k, m) gives (n, m)"
                               : "(n, k) @ (k, m) gives (n, m), and (n, k) @ (k,) gives (n,)");
}

// ---- views --------------------------------------------------------------------------------------------------------

// Puts an axis behind those that are there; one that continues the last one makes it longer.
static void view_axis(struct op_view *view, uint32_t *rank, uint32_t size, int64_t step) {
    uint32_t last = *rank - 1;
    if (size == 1) return;
    if (*rank && view->step[last] == step * (int64_t)size) {
        view->size[last] *= size;
        view->step[last] = step;
        return;
    }
    view->size[*rank] = size;
    view->step[(*rank)++] = step;
}

struct op_view op_view(enum op op, struct shape a, const struct op_setting *s) {
    struct op_view view = {.first = 0}, out;
    int64_t stride[SHAPE_RANK_MAX], next = 1;
    uint32_t rank = 0;
    for (uint32_t i = a.rank; i-- > 0; next *= a.size[i]) stride[i] = next;
    for (uint32_t i = 0; i < a.rank; i++) {
        uint32_t axis = op == OP_TRANSPOSE ? old_axis(a, s, i) : i;
        struct op_cut cut = op == OP_SLICE && s->cut[i].count ? s->cut[i] : (struct op_cut){0, a.size[axis], 1, false};
        view.first += cut.first * stride[axis];
        view_axis(&view, &rank, cut.count, cut.step * stride[axis]);
    }
    out = (struct op_view){.size = {1, 1, 1, 1}, .first = view.first, .step = {0, 0, 0, 1}};
    for (uint32_t i = 0; i < rank; i++) {
        out.size[SHAPE_RANK_MAX - rank + i] = view.size[i];
        out.step[SHAPE_RANK_MAX - rank + i] = view.step[i];
    }
    return out;
}

size_t op_view_runs(const struct op_view *view) { return (size_t)view->size[0] * view->size[1] * view->size[2]; }

int64_t op_view_run(const struct op_view *view, size_t run) {
    int64_t place = view->first;
    for (uint32_t i = SHAPE_RANK_MAX - 1; i-- > 0; run /= view->size[i])
        place += (int64_t)(run % view->size[i]) * view->step[i];
    return place;
}

// ---- settings in formulas -----------------------------------------------------------------------------------------

static void cut_text(struct op_cut cut, uint32_t size, struct buffer *out) {
    int64_t stop = cut.first + (int64_t)cut.count * cut.step;
    if (cut.single) {
        buffer_printf(out, "%u", cut.first);
        return;
    }
    bool back = cut.count && cut.step < 0;
    if (cut.count && cut.first != (back ? size - 1 : 0)) buffer_printf(out, "%u", cut.first);
    buffer_char(out, ':');
    if (cut.count && (back ? stop >= 0 : stop < size)) buffer_printf(out, "%lld", (long long)stop);
    if (cut.count > 1 && cut.step != 1) buffer_printf(out, ":%d", (int)cut.step);
}

static void subscript_text(struct shape a, const struct op_setting *s, struct buffer *out) {
    uint32_t rank = a.rank;
    while (rank > 1 && !s->cut[rank - 1].count) rank--; // whole axes at the end need no words
    for (uint32_t i = 0; i < rank; i++) {
        if (i) buffer_text(out, ", ");
        cut_text(s->cut[i], a.size[i], out);
    }
}

void op_setting_text(enum op op, struct shape a, const struct op_setting *s, struct buffer *out) {
    char text[64];
    switch ((int)op) {
    case OP_SLICE:
        subscript_text(a, s, out);
        break;
    case OP_TRANSPOSE:
        for (uint32_t i = 0; a.rank > 2 && i < a.rank; i++) buffer_printf(out, ", %u", old_axis(a, s, i));
        break;
    case OP_RESHAPE:
        if (s->to.rank) buffer_printf(out, ", %s", (shape_text(s->to, text), text));
        break;
    default:
        if (s->axis != OP_ALL_AXES) buffer_printf(out, ", axis=%u", s->axis);
        if (s->keep_axis) buffer_text(out, ", keepdims");
    }
}

// ---- shapes of results --------------------------------------------------------------------------------------------

static bool is_grid(struct shape a) {
    return a.rank == 2 && a.size[0] == a.size[1] && a.size[0] >= GRID_SIDE_MIN && a.size[0] <= GRID_SIDE_MAX;
}

// The explicit step multiplies the checkerboard by 1 - 8 D dt/dx^2, and a single wave the less the smoother it is.
static bool is_stable(struct shape a, struct op_setting s, struct error *error) {
    double number = grid_number(s.diffusion, s.dt, a.size[0]), cells = (double)a.size[0] - 1;
    if (number < 1 && s.dt > 0 && s.diffusion >= 0) return true;
    if (!(s.dt > 0) || !(s.diffusion >= 0))
        return error_set(error, ERROR_DOMAIN, SPAN_NONE, "a step needs dt above 0 and a diffusion D of at least 0");
    error_set(error, ERROR_DOMAIN, SPAN_NONE,
              "the step is not stable: 4 D dt/dx^2 is %.4g, and waves from point to point grow from 1 on", number);
    error_hint(error, "with dx = 1/%.0f and D = %g, dt must be below %.4g", cells, s.diffusion,
               1 / (4 * s.diffusion * cells * cells));
    return false;
}

bool op_tensor_shape(enum op op, struct shape a, struct shape b, struct op_setting s, struct shape *out,
                     struct error *error) {
    *out = a;
    switch ((int)op) {
    case OP_MATMUL:
        return product_shape(a, b, out, error);
    case OP_TRANSPOSE:
        return ordered_shape(op, a, s, out, error);
    case OP_SUM:
    case OP_MEAN:
        return without_axis(op, a, s, out, error);
    case OP_JOIN:
        return joined_shape(op, a, b, s.axis, out, error);
    case OP_RESHAPE:
        if (shape_count(a) != shape_count(s.to)) return refuse(error, op, a, s.to, "the number of elements must stay");
        *out = s.to;
        return true;
    case OP_SLICE:
        return cut_shape(op, a, s, out, error);
    case OP_CONV2D:
        if (a.rank != 4 || b.rank != 4 || a.size[1] != b.size[1] || b.size[2] != b.size[3])
            return refuse(error, op, a, b, "images are (n, channels, height, width), filters (m, channels, k, k)");
        if (a.size[2] + 2 * s.pad < b.size[2] || a.size[3] + 2 * s.pad < b.size[3])
            return refuse(error, op, a, b, "the filter is larger than the padded image");
        out->size[1] = b.size[0];
        out->size[2] = a.size[2] + 2 * s.pad - b.size[2] + 1;
        out->size[3] = a.size[3] + 2 * s.pad - b.size[3] + 1;
        return true;
    case OP_AVG_POOL2D:
        if (a.rank != 4 || !s.side || a.size[2] < s.side || a.size[3] < s.side)
            return refuse(error, op, a, b, "images are (n, channels, height, width), at least as large as the square");
        out->size[2] = a.size[2] / s.side, out->size[3] = a.size[3] / s.side;
        return true;
    case OP_LOG_SOFTMAX:
        return a.rank || refuse(error, op, a, b, "it takes (n, classes)");
    case OP_NLL:
        if (a.rank != 2 || b.rank != 1 || a.size[0] != b.size[0])
            return refuse(error, op, a, b, "it takes log-probabilities (n, classes) and labels (n,)");
        *out = shape_scalar;
        return true;
    case OP_REACT:
        if (!is_grid(a) || b.rank != 1 || b.size[0] != GRID_SOURCES)
            return refuse(error, op, a, b, "a field is (n, n), n from 3 to 1025, theta has 7 numbers");
        return is_stable(a, s, error);
    case OP_MISFIT:
        if (!is_grid(a)) return refuse(error, op, a, b, "a field is (n, n), n from 3 to 1025");
        *out = shape_scalar;
        return true;
    default:
        return op_shape(op, a, b, out, error);
    }
}

bool op_shape(enum op op, struct shape a, struct shape b, struct shape *out, struct error *error) {
    if (op_table[op].arity == 2) return shape_broadcast(a, b, out, error);
    *out = a;
    return true;
}
