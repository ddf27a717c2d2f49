#include "lang/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/tape.h"

typedef const struct expression *expr;

// ---- what there is ------------------------------------------------------------------------------------------------

bool tensor_is(const struct tracer *t, struct value value) {
    return value.kind == VALUE_TENSOR || (value.kind == VALUE_VERTEX && graph_is_tensor(t->graph, value.vertex));
}

struct shape tensor_shape(const struct tracer *t, struct value value) {
    if (value.kind == VALUE_TENSOR) return value.tensor->shape;
    return value.kind == VALUE_VERTEX ? graph_shape(t->graph, value.vertex) : shape_scalar;
}

void tensor_show(const struct value_tensor *tensor, struct buffer *out) {
    static const char *const names[] = {"tensor", "tensor", "randn", "param", "eye", "labels"};
    char text[64];
    shape_text(tensor->shape, text);
    size_t length = strlen(text);
    const char *name = tensor->source.parameter ? "param" : names[tensor->source.kind];
    if (tensor->source.kind == SOURCE_FILL && !tensor->source.parameter)
        name = tensor->source.scale == 0 ? "zeros" : tensor->source.scale == 1 ? "ones" : "tensor";
    if (tensor->source.kind == SOURCE_LABELS)
        buffer_printf(out, "labels(%u, %.0f)", tensor->shape.size[0], tensor->source.scale);
    else if (tensor->shape.rank == 1) // "(3,)"
        buffer_printf(out, "%s(%.*s)", name, (int)length - 3, text + 1);
    else
        buffer_printf(out, "%s%s", name, text);
}

static struct value_tensor *new_tensor(struct tracer *t, struct shape shape, struct value *out) {
    struct value_tensor *tensor = arena_alloc(t->state->arena, sizeof *tensor);
    if (!tensor) return error_memory(t->error), NULL;
    tensor->shape = shape;
    *out = (struct value){.kind = VALUE_TENSOR, .tensor = tensor};
    return tensor;
}

static bool computed(struct tracer *t, const struct graph *graph, vertex v, double *data) {
    struct tape *tape = tape_new(graph, &v, 1, NUMBER_DOUBLE, NULL, t->error);
    bool ok = tape && tape_fill(tape, 0, t->error) && tape_forward(tape, 0, t->error);
    if (ok) memcpy(data, tape_output(tape, 0), (size_t)shape_count(graph_shape(graph, v)) * sizeof *data);
    tape_free(tape);
    return ok;
}

bool tensor_plain(struct tracer *t, struct arena *arena, const struct graph *graph, vertex v, struct value *out) {
    const struct graph_tensor *from = graph_tensor(graph, v);
    struct value_tensor *tensor = arena_alloc(arena, sizeof *tensor);
    size_t count = (size_t)shape_count(from->shape);
    if (!tensor) return error_memory(t->error);
    tensor->shape = from->shape;
    tensor->source = from->source;
    *out = (struct value){.kind = VALUE_TENSOR, .tensor = tensor};
    bool leaf = graph_arity(graph, v) == 0;
    if (leaf && !from->source.data) return true;
    tensor->source.data = arena_alloc(arena, count * sizeof(double));
    if (!tensor->source.data) return error_memory(t->error);
    if (leaf) return memcpy(tensor->source.data, from->source.data, count * sizeof(double)), true;
    tensor->source.kind = SOURCE_GIVEN;
    return computed(t, graph, v, tensor->source.data);
}

bool tensor_vertex(struct tracer *t, struct value value, expr site, vertex *out) {
    if (value.kind != VALUE_TENSOR) return trace_vertex(t, value, site, out);
    *out = graph_tensor_input(t->graph, value.name, value.tensor->shape, &value.tensor->source, true, 0, t->error);
    return *out != VERTEX_NONE;
}

bool tensor_input(struct tracer *t, symbol name, struct value value, expr site, struct value *out) {
    uint32_t where = site ? trace_site(t, site) : 0;
    vertex v = graph_tensor_input(t->graph, name, value.tensor->shape, &value.tensor->source, false, where, t->error);
    *out = (struct value){.kind = VALUE_VERTEX, .vertex = v};
    return v != VERTEX_NONE;
}

bool tensor_operation(struct tracer *t, enum op op, struct value a, struct value b, const struct op_setting *setting,
                      expr site, struct value *out) {
    vertex left, right = VERTEX_NONE;
    bool two = op_table[op].arity == 2;
    if (!tensor_vertex(t, a, NULL, &left) || (two && !tensor_vertex(t, b, NULL, &right))) return trace_place(t, site);
    for (int i = 0; i < (two ? 2 : 1); i++)
        if (graph_is_labels(t->graph, i ? right : left) && !(op == OP_NLL && i == 1))
            return trace_fail(t, site, ERROR_TYPE, "labels are only for nll, as its second argument");
    if (op == OP_NLL && !graph_is_labels(t->graph, right))
        return trace_fail(t, site, ERROR_TYPE, "the second argument of nll is labels(n, classes)");
    vertex v = graph_add_tensor(t->graph, op, left, right, setting, trace_site(t, site), t->error);
    if (v == VERTEX_NONE) return trace_place(t, site);
    *out = (struct value){.kind = VALUE_VERTEX, .vertex = v};
    return true;
}

bool tensor_slice(struct tracer *t, struct value value, uint32_t axis, uint32_t first, uint32_t last, expr site,
                  struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    setting.cut[axis] = (struct op_cut){first, last - first, 1, false};
    return tensor_operation(t, OP_SLICE, value, value, &setting, site, out);
}

// ---- reading arguments --------------------------------------------------------------------------------------------

static bool whole(struct tracer *t, expr site, struct value value, double low, double high, uint32_t *out) {
    bool number = trace_is_number(value) && !tensor_is(t, value);
    double n = number ? trace_number(t, value) : NAN;
    if (number && n == floor(n) && n >= low && n <= high) return *out = (uint32_t)n, true;
    return trace_fail(t, site, ERROR_TYPE, "a whole number from %.0f to %.0f is needed here", low, high);
}

// The sizes among the arguments: randn(2, 3), or randn((2, 3)). Those with keywords come behind.
// One size of a shape; -1 stands for what is left of `whole_count` elements (0: not here), once, as *left.
static bool read_size(struct tracer *t, expr site, struct value value, uint64_t whole_count, bool *left,
                      uint32_t *size) {
    bool rest = whole_count && !*left && trace_is_number(value) && !tensor_is(t, value) && trace_number(t, value) == -1;
    if (!rest) return whole(t, site, value, 1, 1e9, size);
    *size = 1;
    return *left = true;
}

// The size that -1 stands for, at its place in the shape.
static bool fill_left(struct tracer *t, expr call, uint64_t whole_count, uint32_t at, struct shape *shape) {
    uint64_t others = shape_count(*shape);
    if (others && whole_count % others == 0 && whole_count / others <= UINT32_MAX)
        return shape->size[at] = (uint32_t)(whole_count / others), true;
    return trace_fail(t, call, ERROR_TYPE, "%llu elements cannot be shared out: the other sizes make %llu",
                      (unsigned long long)whole_count, (unsigned long long)others);
}

static bool read_shape(struct tracer *t, expr call, const struct value *argument, uint32_t first, uint32_t count,
                       uint64_t whole_count, struct shape *shape) {
    *shape = shape_scalar;
    bool left = false;
    uint32_t at = 0;
    bool tuple = first < count && (argument[first].kind == VALUE_TUPLE || argument[first].kind == VALUE_LIST);
    uint32_t sizes = tuple ? argument[first].list->count : count - first;
    for (uint32_t i = 0; i < sizes; i++) {
        expr site = call->item[tuple ? first : first + i];
        if (!tuple && expression_keyword(call, first + i)) break;
        if (shape->rank == SHAPE_RANK_MAX)
            return trace_fail(t, site, ERROR_TYPE, "a tensor has at most %d axes", SHAPE_RANK_MAX);
        bool before = left;
        if (!read_size(t, site, tuple ? argument[first].list->item[i] : argument[first + i], whole_count, &left,
                       &shape->size[shape->rank]))
            return false;
        if (left && !before) at = shape->rank;
        shape->rank++;
    }
    if (left && !fill_left(t, call, whole_count, at, shape)) return false;
    if (!shape->rank) return trace_fail(t, call, ERROR_TYPE, "a size is missing, as in (2, 3)");
    if (shape_count(*shape) <= (uint64_t)1 << 36) return true;
    return trace_fail(t, call, ERROR_LIMIT, "this tensor would have over 2^36 elements");
}

static bool needs_tensor(struct tracer *t, expr site, struct value value) {
    if (tensor_is(t, value)) return true;
    trace_fail(t, site, ERROR_TYPE, "a tensor is needed here, not %s", value_kind_name(value));
    error_hint(t->error, "tensor([[1, 2], [3, 4]]) makes one of a list; randn(2, 3) draws one");
    return false;
}

// ---- what makes tensors -------------------------------------------------------------------------------------------

static uint64_t draw_of(const struct tracer *t, expr call) { return (uint64_t)t->graph->count << 32 | call->begin; }

static bool filled(struct tracer *t, expr call, const struct value *argument, uint32_t count, enum source_kind kind,
                   double scale, struct value *out) {
    struct shape shape;
    if (!read_shape(t, call, argument, 0, count, 0, &shape)) return false;
    struct value_tensor *tensor = new_tensor(t, shape, out);
    if (tensor) tensor->source = (struct tensor_source){.kind = kind, .scale = scale, .draw = draw_of(t, call)};
    return tensor;
}

bool tensor_run_zeros(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    return filled(t, call, argument, count, SOURCE_FILL, 0, out);
}

bool tensor_run_ones(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    return filled(t, call, argument, count, SOURCE_FILL, 1, out);
}

bool tensor_run_randn(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    return filled(t, call, argument, count, SOURCE_NORMAL, 1, out);
}

bool tensor_run_eye(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct value both[2] = {argument[0], argument[0]};
    (void)count;
    struct shape shape = {.rank = 2};
    if (!whole(t, call->item[0], both[0], 1, 1e6, &shape.size[0])) return false;
    shape.size[1] = shape.size[0];
    struct value_tensor *tensor = new_tensor(t, shape, out);
    if (tensor) tensor->source = (struct tensor_source){.kind = SOURCE_EYE};
    return tensor;
}

bool tensor_run_labels(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    uint32_t classes = 0;
    struct shape shape = {.rank = 1};
    (void)count;
    if (!whole(t, call->item[0], argument[0], 1, 1e9, &shape.size[0]) ||
        !whole(t, call->item[1], argument[1], 1, 1e6, &classes))
        return false;
    struct value_tensor *tensor = new_tensor(t, shape, out);
    if (tensor)
        tensor->source = (struct tensor_source){.kind = SOURCE_LABELS, .scale = classes, .draw = draw_of(t, call)};
    return tensor;
}

// PyTorch's default: uniform within one over the root of fan_in.
static bool read_initialiser(struct tracer *t, expr call, const struct value *argument, uint32_t count,
                             struct shape shape, struct tensor_source *source) {
    double fan_in = shape.rank == 4 ? (double)shape.size[1] * shape.size[2] * shape.size[3] : shape.size[0];
    double scale = NAN;
    const char *kind = shape.rank == 1 ? "zeros" : "uniform";
    for (uint32_t i = 0; i < count; i++) {
        symbol keyword = expression_keyword(call, i);
        const char *key = keyword ? symbol_text(t->symbols, keyword) : "";
        if (!keyword) continue;
        if (strcmp(key, "init") == 0 && argument[i].kind == VALUE_STRING) {
            kind = argument[i].text->data;
            continue;
        }
        bool number = trace_is_number(argument[i]) && !tensor_is(t, argument[i]);
        if (strcmp(key, "fan_in") == 0 && number && trace_number(t, argument[i]) > 0)
            fan_in = trace_number(t, argument[i]), kind = "uniform";
        else if (strcmp(key, "scale") == 0 && number && trace_number(t, argument[i]) >= 0)
            scale = trace_number(t, argument[i]);
        else {
            trace_fail(t, call->item[i], ERROR_TYPE, "param knows init=\"...\", fan_in=NUMBER and scale=NUMBER");
            error_hint(t->error, "init is \"uniform\", \"normal\", \"zeros\", \"ones\" or \"eye\"");
            return false;
        }
    }
    static const char *const kinds[] = {"uniform", "normal", "zeros", "ones", "eye"};
    static const enum source_kind sources[] = {SOURCE_UNIFORM, SOURCE_NORMAL, SOURCE_FILL, SOURCE_FILL, SOURCE_EYE};
    for (size_t i = 0; i < 5; i++) {
        if (strcmp(kind, kinds[i]) != 0) continue;
        source->kind = sources[i];
        source->scale = i == 2 ? 0 : i == 3 ? 1 : isnan(scale) ? i == 0 ? 1 / sqrt(fan_in) : 1 : scale;
        return true;
    }
    trace_fail(t, call, ERROR_TYPE, "there is no initialiser \"%.40s\"", kind);
    error_hint(t->error, "init is \"uniform\", \"normal\", \"zeros\", \"ones\" or \"eye\"");
    return false;
}

bool tensor_run_param(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct shape shape;
    struct tensor_source source = {.parameter = true, .draw = draw_of(t, call)};
    if (!read_shape(t, call, argument, 0, count, 0, &shape) ||
        !read_initialiser(t, call, argument, count, shape, &source))
        return false;
    struct value_tensor *tensor = new_tensor(t, shape, out);
    if (!tensor) return false;
    tensor->source = source;
    return t->prompt && !t->function ? true : trace_new_input(t, 0, out, call);
}

// The numbers of nested lists, all of one shape.
static bool take_numbers(struct tracer *t, expr site, struct value value, uint32_t depth, struct shape *shape,
                         double *data, size_t *used, size_t room) {
    if (trace_is_number(value) && !tensor_is(t, value)) {
        if (depth != shape->rank || *used == room) return trace_fail(t, site, ERROR_TYPE, "the lists differ in length");
        data[(*used)++] = trace_number(t, value);
        return true;
    }
    uint64_t length;
    if (!trace_length(t, value, site, &length)) return false;
    if (depth >= shape->rank || length != shape->size[depth])
        return trace_fail(t, site, ERROR_TYPE, "the lists differ in length");
    for (uint64_t i = 0; i < length; i++)
        if (!take_numbers(t, site, trace_item(value, i), depth + 1, shape, data, used, room)) return false;
    return true;
}

bool tensor_run_tensor(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct shape shape = shape_scalar;
    struct value first = argument[0];
    (void)count;
    if (tensor_is(t, first)) return *out = first, true;
    while (!trace_is_number(first)) {
        uint64_t length;
        if (!value_fits(first)) return trace_fail(t, call->item[0], ERROR_TYPE, TOO_DEEP);
        if (!trace_length(t, first, call->item[0], &length)) return false;
        if (shape.rank == SHAPE_RANK_MAX || !length || length > 1000000000u)
            return trace_fail(t, call->item[0], ERROR_TYPE, "a tensor has 1 to %d axes, none of them empty",
                              SHAPE_RANK_MAX);
        shape.size[shape.rank++] = (uint32_t)length;
        first = trace_item(first, 0);
    }
    if (!shape.rank) return trace_fail(t, call->item[0], ERROR_TYPE, "a tensor is made of a list");
    struct value_tensor *tensor = new_tensor(t, shape, out);
    size_t room = (size_t)shape_count(shape), used = 0;
    if (!tensor) return false;
    tensor->source =
        (struct tensor_source){.kind = SOURCE_GIVEN, .data = arena_alloc(t->state->arena, room * sizeof(double))};
    if (!tensor->source.data) return error_memory(t->error);
    return take_numbers(t, call->item[0], argument[0], 0, &shape, tensor->source.data, &used, room);
}

// ---- what is done with them ---------------------------------------------------------------------------------------

static bool unary(struct tracer *t, expr call, struct value value, enum op op, const struct op_setting *setting,
                  struct value *out) {
    return needs_tensor(t, call->item[0], value) && tensor_operation(t, op, value, value, setting, call, out);
}

bool tensor_run_reshape(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    return needs_tensor(t, call->item[0], argument[0]) &&
           read_shape(t, call, argument, 1, count, shape_count(tensor_shape(t, argument[0])), &setting.to) &&
           unary(t, call, argument[0], OP_RESHAPE, &setting, out);
}

bool tensor_run_flatten(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES, .to = {.rank = 2}};
    (void)count;
    if (!needs_tensor(t, call->item[0], argument[0])) return false;
    struct shape shape = tensor_shape(t, argument[0]);
    setting.to.size[0] = shape.size[0];
    setting.to.size[1] = (uint32_t)(shape_count(shape) / shape.size[0]);
    return unary(t, call, argument[0], OP_RESHAPE, &setting, out);
}

bool tensor_run_transpose(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    (void)count;
    return unary(t, call, argument[0], OP_TRANSPOSE, NULL, out);
}

bool tensor_run_matmul(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    (void)count;
    return needs_tensor(t, call->item[0], argument[0]) && needs_tensor(t, call->item[1], argument[1]) &&
           tensor_operation(t, OP_MATMUL, argument[0], argument[1], NULL, call, out);
}

bool tensor_run_conv2d(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    if (count == 3 && !whole(t, call->item[2], argument[2], 0, 1000, &setting.pad)) return false;
    return needs_tensor(t, call->item[0], argument[0]) && needs_tensor(t, call->item[1], argument[1]) &&
           tensor_operation(t, OP_CONV2D, argument[0], argument[1], &setting, call, out);
}

bool tensor_run_avg_pool2d(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    (void)count;
    return whole(t, call->item[1], argument[1], 1, 1000, &setting.side) &&
           unary(t, call, argument[0], OP_AVG_POOL2D, &setting, out);
}

bool tensor_run_log_softmax(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    (void)count;
    return unary(t, call, argument[0], OP_LOG_SOFTMAX, NULL, out);
}

bool tensor_run_nll(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    (void)count;
    return needs_tensor(t, call->item[0], argument[0]) && needs_tensor(t, call->item[1], argument[1]) &&
           tensor_operation(t, OP_NLL, argument[0], argument[1], NULL, call, out);
}

// ---- fields -------------------------------------------------------------------------------------------------------

// A number that is known while tracing: where in time a step is, its length, its diffusion.
static bool plain_number(struct tracer *t, expr site, struct value value, double *out) {
    if (trace_is_number(value) && !tensor_is(t, value)) return *out = trace_number(t, value), true;
    return trace_fail(t, site, ERROR_TYPE, "a number is needed here, not %s", value_kind_name(value));
}

bool tensor_run_react(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES, .dt = 1.0 / 4096, .diffusion = 0.25};
    double *const number[] = {&setting.time, &setting.dt, &setting.diffusion};
    for (uint32_t i = 0; i < count; i++) {
        symbol keyword = expression_keyword(call, i);
        const char *key = keyword ? symbol_text(t->symbols, keyword) : "";
        uint32_t which = strcmp(key, "dt") == 0 ? 1 : strcmp(key, "D") == 0 ? 2 : i - 2;
        if (keyword && strcmp(key, "dt") != 0 && strcmp(key, "D") != 0)
            return trace_fail(t, call->item[i], ERROR_TYPE, "react knows dt=NUMBER and D=NUMBER");
        if ((keyword || i >= 2) && !plain_number(t, call->item[i], argument[i], number[which])) return false;
    }
    return needs_tensor(t, call->item[0], argument[0]) && needs_tensor(t, call->item[1], argument[1]) &&
           tensor_operation(t, OP_REACT, argument[0], argument[1], &setting, call, out);
}

bool tensor_run_misfit(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    (void)count;
    return plain_number(t, call->item[1], argument[1], &setting.time) &&
           unary(t, call, argument[0], OP_MISFIT, &setting, out);
}

bool tensor_run_narrow(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    uint32_t axis = 0, first = 0, length = 0;
    (void)count;
    if (!needs_tensor(t, call->item[0], argument[0])) return false;
    struct shape shape = tensor_shape(t, argument[0]);
    if (!whole(t, call->item[1], argument[1], 0, shape.rank - 1.0, &axis) ||
        !whole(t, call->item[2], argument[2], 0, shape.size[axis] - 1.0, &first) ||
        !whole(t, call->item[3], argument[3], 1, (double)shape.size[axis] - first, &length))
        return false;
    return tensor_slice(t, argument[0], axis, first, first + length, call, out);
}

bool tensor_reduce(struct tracer *t, expr call, struct value *argument, uint32_t count, enum op op, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    symbol keyword = count == 2 ? expression_keyword(call, 1) : 0;
    const char *key = keyword ? symbol_text(t->symbols, keyword) : "axis";
    if (strcmp(key, "axis") != 0 && strcmp(key, "dim") != 0)
        return trace_fail(t, call->item[1], ERROR_TYPE, "of a tensor, %s takes axis=NUMBER, not `%s`",
                          op_table[op].name, key);
    if (count == 2 && !whole(t, call->item[1], argument[1], 0, tensor_shape(t, argument[0]).rank - 1.0, &setting.axis))
        return false;
    return tensor_operation(t, op, argument[0], argument[0], &setting, call, out);
}
