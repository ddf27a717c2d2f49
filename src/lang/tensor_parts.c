// Parts of tensors, their attributes and their methods.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lang/builtin.h"
#include "lang/tensor.h"

enum { PARTS_MAX = 12 };

typedef const struct expression *expr;

// ---- subscripts ---------------------------------------------------------------------------------------------------

// A subscript as it is read: what is cut from each axis, and where new axes come.
struct subscript {
    struct shape shape; // of the tensor
    struct op_setting setting;
    uint32_t axis;       // the next of the tensor
    uint32_t rank;       // of the result so far
    uint32_t fresh;      // a bit for each of its axes that is new
    bool cuts, ellipsis; // something is cut; ... was there
};

static bool read_single(struct tracer *t, expr part, struct value index, struct subscript *s) {
    uint64_t place;
    char what[32];
    snprintf(what, sizeof what, "axis %u", s->axis);
    if (index.kind == VALUE_BOOL || index.kind == VALUE_LIST || tensor_is(t, index)) {
        trace_fail(t, part, ERROR_TYPE, "a tensor is taken apart by whole numbers and slices, not by %s",
                   trace_kind_name(t, index));
        error_hint(t->error, "stack([x[i] for i in LIST]) picks rows; relu and maximum do without masks");
        return false;
    }
    if (!trace_index(t, part, index, s->shape.size[s->axis], what, &place)) return false;
    s->setting.cut[s->axis++] = (struct op_cut){(uint32_t)place, 1, 1, true};
    return s->cuts = true;
}

static bool read_range(struct tracer *t, expr part, struct subscript *s) {
    double n = s->shape.size[s->axis], first, step, count;
    if (!trace_slice(t, part, n, &first, &step, &count)) return false;
    if (count == 0) {
        char shape[64];
        shape_text(s->shape, shape);
        return trace_fail(t, part, ERROR_TYPE, "this slice of shape %s takes nothing from axis %u, of %.0f", shape,
                          s->axis, n);
    }
    if (count == 1 || fabs(step) > INT32_MAX) step = count == 1 ? 1 : step < 0 ? INT32_MIN : INT32_MAX;
    bool all = count == n && step == 1;
    if (!all) s->setting.cut[s->axis] = (struct op_cut){(uint32_t)first, (uint32_t)count, (int32_t)step, false};
    s->cuts |= !all;
    s->axis++, s->rank++;
    return true;
}

static bool read_part(struct tracer *t, expr part, struct value value, uint32_t skipped, struct subscript *s) {
    if (part->kind == EXPR_ELLIPSIS) {
        if (s->ellipsis) return trace_fail(t, part, ERROR_TYPE, "a second ... has no meaning");
        s->axis += skipped, s->rank += skipped;
        return s->ellipsis = true;
    }
    if (value.kind == VALUE_NONE) {
        s->fresh |= 1u << s->rank++;
        return true;
    }
    return value.kind == VALUE_UNBOUND ? read_range(t, part, s) : read_single(t, part, value, s);
}

// The result with its new axes.
static bool add_axes(struct tracer *t, expr e, const struct subscript *s, struct value cut, struct value *out) {
    struct shape old = tensor_is(t, cut) ? tensor_shape(t, cut) : shape_scalar;
    struct op_setting setting = {.axis = OP_ALL_AXES, .to = {.rank = s->rank}};
    if (s->rank > SHAPE_RANK_MAX) return trace_fail(t, e, ERROR_TYPE, "a tensor has at most %d axes", SHAPE_RANK_MAX);
    for (uint32_t i = 0, from = 0; i < s->rank; i++) setting.to.size[i] = s->fresh & 1u << i ? 1 : old.size[from++];
    return tensor_operation(t, OP_RESHAPE, cut, cut, &setting, e, out);
}

static bool cut_out(struct tracer *t, expr e, struct value tensor, struct subscript *s, struct value *out) {
    struct value cut = tensor;
    s->rank += s->shape.rank - s->axis;
    if (s->cuts && !tensor_operation(t, OP_SLICE, tensor, tensor, &s->setting, e, &cut)) return false;
    if (s->fresh) return add_axes(t, e, s, cut, out);
    *out = cut;
    return true;
}

bool tensor_subscript(struct tracer *t, expr e, struct value tensor, const expr *part, uint32_t count,
                      struct value *out) {
    struct subscript s = {.shape = tensor_shape(t, tensor), .setting = {.axis = OP_ALL_AXES}};
    struct value value[PARTS_MAX] = {{0}}; // UNBOUND: a slice, or ...
    uint32_t named = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool plain = part[i]->kind != EXPR_SLICE && part[i]->kind != EXPR_ELLIPSIS;
        bool inner = part[i]->kind == EXPR_SLICE && part[i]->left && part[i] != e; // x[y[0:1]]
        if (i == PARTS_MAX) return trace_fail(t, e, ERROR_TYPE, "this index has too many parts");
        if ((plain || inner) && !trace_expression(t, part[i], &value[i])) return false;
        named += part[i]->kind != EXPR_ELLIPSIS && value[i].kind != VALUE_NONE;
    }
    if (named > s.shape.rank) {
        char shape[64];
        shape_text(s.shape, shape);
        return trace_fail(t, e, ERROR_TYPE, "%u indices are too many for shape %s", named, shape);
    }
    for (uint32_t i = 0; i < count; i++)
        if (!read_part(t, part[i], value[i], s.shape.rank - named, &s)) return false;
    return cut_out(t, e, tensor, &s, out);
}

bool tensor_rows(struct tracer *t, expr site, struct value *tensor) {
    uint32_t rows = tensor_shape(t, *tensor).size[0];
    struct value_list *list = trace_list(t, rows);
    if (!list) return false;
    for (uint32_t i = 0; i < rows; i++) {
        struct op_setting setting = {.axis = OP_ALL_AXES, .cut[0] = {i, 1, 1, true}};
        if (!trace_step(t, site) || !tensor_operation(t, OP_SLICE, *tensor, *tensor, &setting, site, &list->item[i]))
            return false;
        list->count++;
    }
    *tensor = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

// ---- attributes ---------------------------------------------------------------------------------------------------

static struct value whole(double number) {
    return (struct value){.kind = VALUE_NUMBER, .integer = true, .number = number};
}

static bool shape_tuple(struct tracer *t, struct shape shape, struct value *out) {
    struct value_list *list = trace_list(t, shape.rank);
    if (!list) return false;
    for (uint32_t i = 0; i < shape.rank; i++) list->item[list->count++] = whole(shape.size[i]);
    *out = (struct value){.kind = VALUE_TUPLE, .list = list};
    return true;
}

static const char *const methods[] = {"sum",      "mean",    "reshape",   "view",   "flatten", "transpose",   "permute",
                                      "swapaxes", "squeeze", "unsqueeze", "matmul", "mm",      "mv",          "dot",
                                      "log",      "square",  "max",       "min",    "softmax", "log_softmax", "narrow"};

static const char *const hints[][2] = {
    {"backward", "bauer differentiates what is returned: :jacobian shows the gradients, :walk reverse each step"},
    {"grad", ":jacobian shows the gradients"},
    {"detach", "a number is cut off by .item()"},
    {"numpy", "it is already what NumPy's functions take here"},
};

static bool unknown(struct tracer *t, expr e, struct value value, const char *name) {
    trace_fail(t, e, ERROR_NAME, "%s has no attribute `%s` that bauer knows", trace_kind_name(t, value), name);
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (strcmp(hints[i][0], name) == 0) return error_hint(t->error, "%s", hints[i][1]), false;
    const char *near = tensor_is(t, value) ? text_nearest(name, methods, sizeof methods / sizeof *methods) : NULL;
    if (near)
        error_hint(t->error, "did you mean `%s`?", near);
    else if (tensor_is(t, value))
        error_hint(t->error,
                   "T, shape, ndim, sum(), mean(), reshape(...), relu() and other functions of numbers are there");
    return false;
}

bool tensor_attribute(struct tracer *t, expr e, struct value tensor, struct value *out) {
    const char *name = symbol_text(t->symbols, e->name);
    struct shape shape = tensor_shape(t, tensor);
    if (strcmp(name, "shape") == 0) return shape_tuple(t, shape, out);
    if (strcmp(name, "ndim") == 0) return *out = whole(shape.rank), true;
    if (strcmp(name, "size") == 0) return *out = whole((double)shape_count(shape)), true;
    if (strcmp(name, "T") == 0 && shape.rank == 1) return *out = tensor, true;
    if (strcmp(name, "T") == 0) return tensor_operation(t, OP_TRANSPOSE, tensor, tensor, NULL, e, out);
    return unknown(t, e, tensor, name);
}

// ---- methods ------------------------------------------------------------------------------------------------------

// The one number of a vertex, without its derivative.
static bool item(struct tracer *t, expr e, struct value value, struct value *out) {
    double number = 0;
    struct shape shape = tensor_shape(t, value);
    vertex v;
    char text[64];
    if (shape_count(shape) != 1)
        return trace_fail(t, e, ERROR_TYPE, "item() is of one number, not of shape %s",
                          (shape_text(shape, text), text));
    bool waits = tensor_is(t, value) || trace_waits(t, value);
    if (waits && (!tensor_vertex(t, value, e, &v) || !tensor_computed(t, t->graph, v, &number)))
        return trace_place(t, e);
    *out = (struct value){.kind = VALUE_NUMBER, .integer = value.integer};
    out->number = waits ? number : trace_number(t, value);
    return true;
}

// size(), size(0), dim(), numel(), clone(): what only looks at the tensor.
static bool look(struct tracer *t, expr e, struct value tensor, const char *name, struct value *out, bool *known) {
    static const char *const same[] = {"clone", "copy", "contiguous", "double"};
    struct shape shape = tensor_shape(t, tensor);
    *known = true;
    if (strcmp(name, "size") == 0 && e->count == 1) {
        struct value which;
        uint32_t axis;
        if (!trace_expression(t, e->item[0], &which) || !tensor_axis(t, e->item[0], which, shape.rank, &axis))
            return false;
        return *out = whole(shape.size[axis]), true;
    }
    if (e->count == 0) {
        if (strcmp(name, "size") == 0) return shape_tuple(t, shape, out);
        if (strcmp(name, "dim") == 0) return *out = whole(shape.rank), true;
        if (strcmp(name, "numel") == 0) return *out = whole((double)shape_count(shape)), true;
        if (strcmp(name, "t") == 0)
            return shape.rank == 1 ? (*out = tensor, true)
                                   : tensor_operation(t, OP_TRANSPOSE, tensor, tensor, NULL, e, out);
        for (size_t i = 0; i < sizeof same / sizeof *same; i++)
            if (strcmp(name, same[i]) == 0) return *out = tensor, true;
    }
    return *known = false;
}

// An operation of numbers, number by number: x.tanh(), x.pow(2), x.maximum(y).
static bool operate(struct tracer *t, expr e, struct value tensor, enum op op, struct value *out) {
    struct value other = tensor;
    uint32_t wanted = (uint32_t)op_table[op].arity - 1;
    const char *name = op_table[op].name;
    if (e->count != wanted)
        return trace_fail(t, e, ERROR_TYPE, "of a tensor, %s() takes %u argument%s, %u given", name, wanted,
                          wanted == 1 ? "" : "s", e->count);
    if (wanted && !trace_expression(t, e->item[0], &other)) return false;
    bool list = other.kind == VALUE_LIST || other.kind == VALUE_TUPLE;
    if (list && !tensor_of_list(t, e->item[0], other, &other)) return false;
    if (!tensor_is(t, other) && !trace_is_number(other))
        return trace_fail(t, e->item[0], ERROR_TYPE, "a number is needed here, not %s", trace_kind_name(t, other));
    return tensor_operation(t, op, tensor, other, NULL, e, out);
}

bool tensor_method(struct tracer *t, expr e, struct value value, struct value *out) {
    const char *name = symbol_text(t->symbols, e->left->name);
    struct value function;
    bool known;
    if (strcmp(name, "item") == 0 && e->count == 0) return item(t, e, value, out);
    if (!tensor_is(t, value)) return unknown(t, e->left, value, name);
    if (look(t, e, value, name, out, &known)) return true;
    if (known) return false;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i], name) == 0 && builtin_lookup(name, &function))
            return trace_method(t, e, value, function.builtin, out);
    if (strcmp(name, "maximum") == 0) return operate(t, e, value, OP_MAX, out);
    if (strcmp(name, "minimum") == 0) return operate(t, e, value, OP_MIN, out);
    enum op op = op_find(name);
    if (op == OP_COUNT || (op_table[op].infix && op != OP_POW)) return unknown(t, e->left, value, name);
    return operate(t, e, value, op, out);
}
