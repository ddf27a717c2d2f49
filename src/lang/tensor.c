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

bool tensor_computed(struct tracer *t, const struct graph *graph, vertex v, double *data) {
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
    return tensor_computed(t, graph, v, tensor->source.data);
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

bool tensor_axis(struct tracer *t, expr site, struct value value, uint32_t rank, uint32_t *out) {
    bool number = trace_is_number(value) && !tensor_is(t, value);
    double axis = number ? trace_number(t, value) : NAN;
    if (axis < 0) axis += rank;
    if (axis >= 0 && axis < rank && axis == floor(axis)) return *out = (uint32_t)axis, true;
    return trace_fail(t, site, ERROR_TYPE,
                      rank == 1 ? "the only axis is 0" : "an axis is a whole number from 0 to %u here", rank - 1);
}

// A tensor; a list of numbers becomes one.
static bool needs_tensor(struct tracer *t, expr site, struct value *at) {
    struct value value = *at;
    if (tensor_is(t, value)) return true;
    if (value.kind == VALUE_LIST || value.kind == VALUE_TUPLE) return tensor_of_list(t, site, value, at);
    trace_fail(t, site, ERROR_TYPE, "a tensor is needed here, not %s", trace_kind_name(t, value));
    error_hint(t->error, "tensor([[1, 2], [3, 4]]) makes one of a list; randn(2, 3) draws one");
    return false;
}

// ---- what makes tensors -------------------------------------------------------------------------------------------

static uint64_t draw_of(const struct tracer *t, expr call) { return (uint64_t)t->graph->count << 32 | call->begin; }

// requires_grad=True makes a parameter, as it does in PyTorch: what gradients are asked for.
static bool read_options(struct tracer *t, expr call, const struct value *argument, uint32_t count, bool *parameter) {
    *parameter = false;
    for (uint32_t i = 0; i < count; i++) {
        symbol keyword = expression_keyword(call, i);
        const char *key = keyword ? symbol_text(t->symbols, keyword) : "";
        if (!keyword) continue;
        if (strcmp(key, "requires_grad") == 0) {
            if (!trace_truth(t, argument[i], call->item[i], parameter)) return false;
        } else if (strcmp(key, "dtype") != 0 || argument[i].kind != VALUE_BUILTIN) {
            trace_fail(t, call->item[i], ERROR_TYPE, "`%s=` is not known here", key);
            error_hint(t->error, "requires_grad=True makes a parameter; numbers are float64 here, float32 in training");
            return false;
        }
    }
    return true;
}

// The tensor that a source makes; a parameter is an input at once.
static bool from_source(struct tracer *t, expr call, struct shape shape, struct tensor_source source,
                        struct value *out) {
    struct value_tensor *tensor = new_tensor(t, shape, out);
    if (!tensor) return false;
    tensor->source = source;
    return !source.parameter || (t->prompt && !t->function) || trace_new_input(t, 0, out, call);
}

static bool filled(struct tracer *t, expr call, const struct value *argument, uint32_t count, enum source_kind kind,
                   double scale, struct value *out) {
    struct shape shape;
    struct tensor_source source = {.kind = kind, .scale = scale, .draw = draw_of(t, call)};
    return read_shape(t, call, argument, 0, count, 0, &shape) &&
           read_options(t, call, argument, count, &source.parameter) && from_source(t, call, shape, source, out);
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

static bool filled_like(struct tracer *t, expr call, struct value *argument, uint32_t count, double scale,
                        struct value *out) {
    struct tensor_source source = {.kind = SOURCE_FILL, .scale = scale, .draw = draw_of(t, call)};
    return needs_tensor(t, call->item[0], &argument[0]) && read_options(t, call, argument, count, &source.parameter) &&
           from_source(t, call, tensor_shape(t, argument[0]), source, out);
}

bool tensor_run_zeros_like(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    return filled_like(t, call, argument, count, 0, out);
}

bool tensor_run_ones_like(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    return filled_like(t, call, argument, count, 1, out);
}

// full((2, 3), 0.5)
bool tensor_run_full(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct shape shape;
    struct tensor_source source = {.kind = SOURCE_FILL, .draw = draw_of(t, call)};
    bool number = !expression_keyword(call, 1) && trace_is_number(argument[1]) && !tensor_is(t, argument[1]);
    if (!number || trace_waits(t, argument[1]) ||
        (argument[1].kind == VALUE_VERTEX && t->graph->op[argument[1].vertex] != OP_CONST))
        return trace_fail(t, call->item[1], ERROR_TYPE,
                          "a plain number is needed here; of one in the graph: A*ones(...)");
    source.scale = trace_number(t, argument[1]);
    return read_shape(t, call, argument, 0, 1, 0, &shape) &&
           read_options(t, call, argument, count, &source.parameter) && from_source(t, call, shape, source, out);
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
    return from_source(t, call, shape, source, out);
}

// Calls `take` for each number of nested lists, all of one shape.
typedef bool take_number(struct tracer *t, expr site, struct value number, void *context, size_t at);

static bool take_numbers(struct tracer *t, expr site, struct value value, uint32_t depth, const struct shape *shape,
                         take_number *take, void *context, size_t *used) {
    if (trace_is_number(value) && !tensor_is(t, value)) {
        if (depth != shape->rank) return trace_fail(t, site, ERROR_TYPE, "the lists differ in length");
        return take(t, site, value, context, (*used)++);
    }
    uint64_t length;
    if (!trace_length(t, value, site, &length)) return false;
    if (depth >= shape->rank || length != shape->size[depth])
        return trace_fail(t, site, ERROR_TYPE, "the lists differ in length");
    for (uint64_t i = 0; i < length; i++)
        if (!trace_step(t, site) || !take_numbers(t, site, trace_item(value, i), depth + 1, shape, take, context, used))
            return false;
    return true;
}

static bool take_plain(struct tracer *t, expr site, struct value number, void *context, size_t at) {
    (void)site;
    return ((double *)context)[at] = trace_number(t, number), true;
}

static bool take_vertex(struct tracer *t, expr site, struct value number, void *context, size_t at) {
    struct op_setting setting = {.axis = OP_ALL_AXES, .to = {1, {1}}};
    return tensor_operation(t, OP_RESHAPE, number, number, &setting, site, &((struct value *)context)[at]);
}

static bool shape_of_list(struct tracer *t, expr site, struct value list, struct shape *shape) {
    *shape = shape_scalar;
    while (!trace_is_number(list) || tensor_is(t, list)) {
        uint64_t length;
        if (!value_fits(list)) return trace_fail(t, site, ERROR_TYPE, TOO_DEEP);
        if (!trace_length(t, list, site, &length)) return false;
        if (shape->rank == SHAPE_RANK_MAX || !length || length > 1000000000u)
            return trace_fail(t, site, ERROR_TYPE, "a tensor has 1 to %d axes, none of them empty", SHAPE_RANK_MAX);
        shape->size[shape->rank++] = (uint32_t)length;
        list = trace_item(list, 0);
    }
    return shape->rank || trace_fail(t, site, ERROR_TYPE, "a tensor is made of a list");
}

// Whether some number of a list may have a derivative.
static bool in_graph(const struct tracer *t, struct value value) {
    if (value.kind == VALUE_VERTEX) return t->graph->op[value.vertex] != OP_CONST;
    bool found = false;
    for (uint32_t i = 0; (value.kind == VALUE_LIST || value.kind == VALUE_TUPLE) && !found && i < value.list->count;
         i++)
        found = in_graph(t, value.list->item[i]);
    return found;
}

// Neighbours by twos, until one tensor is left.
static bool join_all(struct tracer *t, expr site, struct value *part, size_t count, uint32_t axis, struct value *out) {
    struct op_setting setting = {.axis = axis};
    for (; count > 1; count = (count + 1) / 2)
        for (size_t i = 0; i < count; i += 2) {
            struct value joined = part[i];
            if (i + 1 < count &&
                (!trace_step(t, site) || !tensor_operation(t, OP_JOIN, part[i], part[i + 1], &setting, site, &joined)))
                return false;
            part[i / 2] = joined;
        }
    *out = part[0];
    return true;
}

bool tensor_of_list(struct tracer *t, expr site, struct value list, struct value *out) {
    struct shape shape;
    size_t used = 0;
    if (!shape_of_list(t, site, list, &shape)) return false;
    size_t room = (size_t)shape_count(shape);
    if (shape_count(shape) > 100000000u) return trace_fail(t, site, ERROR_LIMIT, "this list is too long for a tensor");
    if (in_graph(t, list)) {
        struct op_setting setting = {.axis = OP_ALL_AXES, .to = shape};
        struct value *part = arena_alloc(t->state->arena, room * sizeof *part), all;
        if (!part) return error_memory(t->error);
        return take_numbers(t, site, list, 0, &shape, take_vertex, part, &used) &&
               join_all(t, site, part, room, 0, &all) &&
               (shape.rank == 1 ? (*out = all, true) : tensor_operation(t, OP_RESHAPE, all, all, &setting, site, out));
    }
    struct tensor_source source = {.kind = SOURCE_GIVEN, .data = arena_alloc(t->state->arena, room * sizeof(double))};
    if (!source.data) return error_memory(t->error);
    return take_numbers(t, site, list, 0, &shape, take_plain, source.data, &used) &&
           from_source(t, site, shape, source, out);
}

bool tensor_run_tensor(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    bool parameter;
    if (!read_options(t, call, argument, count, &parameter)) return false;
    if (tensor_is(t, argument[0])) return *out = argument[0], true;
    if (!tensor_of_list(t, call->item[0], argument[0], out)) return false;
    if (!parameter || out->kind != VALUE_TENSOR) return true;
    struct value_tensor made = *out->tensor;
    made.source.parameter = true;
    return from_source(t, call, made.shape, made.source, out);
}

// ---- what is done with them ---------------------------------------------------------------------------------------

static bool unary(struct tracer *t, expr call, struct value value, enum op op, const struct op_setting *setting,
                  struct value *out) {
    return needs_tensor(t, call->item[0], &value) && tensor_operation(t, op, value, value, setting, call, out);
}

bool tensor_run_reshape(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    return needs_tensor(t, call->item[0], &argument[0]) &&
           read_shape(t, call, argument, 1, count, shape_count(tensor_shape(t, argument[0])), &setting.to) &&
           unary(t, call, argument[0], OP_RESHAPE, &setting, out);
}

bool tensor_run_flatten(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES, .to = {.rank = 2}};
    (void)count;
    if (!needs_tensor(t, call->item[0], &argument[0])) return false;
    struct shape shape = tensor_shape(t, argument[0]);
    setting.to.size[0] = shape.size[0];
    setting.to.size[1] = (uint32_t)(shape_count(shape) / shape.size[0]);
    return unary(t, call, argument[0], OP_RESHAPE, &setting, out);
}

// transpose(x): all axes turned; transpose(x, 0, 1): these two change places; transpose(x, (2, 0, 1)): their order.
bool tensor_run_transpose(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    if (!needs_tensor(t, call->item[0], &argument[0])) return false;
    uint32_t rank = tensor_shape(t, argument[0]).rank, axis[SHAPE_RANK_MAX];
    bool tuple = count == 2 && (argument[1].kind == VALUE_TUPLE || argument[1].kind == VALUE_LIST);
    uint32_t given = tuple ? argument[1].list->count : count - 1;
    bool swap = given == 2 && !tuple;
    if (given && !swap && given != rank)
        return trace_fail(t, call, ERROR_TYPE, "the tensor has %u axes, and %u are given", rank, given);
    for (uint32_t i = 0; i < given; i++)
        if (!tensor_axis(t, call->item[tuple ? 1 : i + 1], tuple ? argument[1].list->item[i] : argument[i + 1], rank,
                         &axis[i]))
            return false;
    for (uint32_t i = 0; i < rank && given; i++) setting.order[i] = (uint8_t)(swap ? i : axis[i]);
    if (swap) setting.order[axis[0]] = (uint8_t)axis[1], setting.order[axis[1]] = (uint8_t)axis[0];
    bool same = given;
    for (uint32_t i = 0; i < rank && same; i++) same = setting.order[i] == i;
    if (same || rank == 1) return *out = argument[0], true;
    return unary(t, call, argument[0], OP_TRANSPOSE, &setting, out);
}

// A reshape by one axis more, or less.
static bool reshape_to(struct tracer *t, expr call, struct value value, struct shape to, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES, .to = to};
    return tensor_operation(t, OP_RESHAPE, value, value, &setting, call, out);
}

static bool read_dim(struct tracer *t, expr call, struct value *argument, uint32_t count, uint32_t rank,
                     uint32_t *axis) {
    if (count == 1) return *axis = 0, true;
    symbol keyword = expression_keyword(call, 1);
    const char *key = keyword ? symbol_text(t->symbols, keyword) : "axis";
    if (strcmp(key, "axis") != 0 && strcmp(key, "dim") != 0)
        return trace_fail(t, call->item[1], ERROR_TYPE, "axis=NUMBER or dim=NUMBER is known here, not `%s`", key);
    return tensor_axis(t, call->item[1], argument[1], rank, axis);
}

static struct shape with_axis(struct shape shape, uint32_t axis) {
    for (uint32_t i = shape.rank++; i > axis; i--) shape.size[i] = shape.size[i - 1];
    shape.size[axis] = 1;
    return shape;
}

bool tensor_run_unsqueeze(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    uint32_t axis;
    if (!needs_tensor(t, call->item[0], &argument[0])) return false;
    struct shape shape = tensor_shape(t, argument[0]);
    if (shape.rank == SHAPE_RANK_MAX)
        return trace_fail(t, call, ERROR_TYPE, "a tensor has at most %d axes", SHAPE_RANK_MAX);
    return read_dim(t, call, argument, count, shape.rank + 1, &axis) &&
           reshape_to(t, call, argument[0], with_axis(shape, axis), out);
}

bool tensor_run_squeeze(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct shape to = shape_scalar;
    uint32_t axis;
    if (!needs_tensor(t, call->item[0], &argument[0])) return false;
    struct shape shape = tensor_shape(t, argument[0]);
    if (!read_dim(t, call, argument, count, shape.rank, &axis)) return false;
    for (uint32_t i = 0; i < shape.rank; i++)
        if (shape.size[i] != 1 || (count == 2 && i != axis)) to.size[to.rank++] = shape.size[i];
    if (to.rank == shape.rank) return *out = argument[0], true;
    return reshape_to(t, call, argument[0], to, out);
}

// Copies of the tensors of a list, to be joined; numbers where `stacked`.
static struct value *parts_of(struct tracer *t, expr call, struct value list, bool stacked, uint64_t *count) {
    if (!trace_length(t, list, call->item[0], count)) return NULL;
    if (!*count) return trace_fail(t, call->item[0], ERROR_TYPE, "there is nothing to join"), NULL;
    struct value *part = arena_alloc(t->state->arena, (size_t)*count * sizeof *part);
    if (!part) return error_memory(t->error), NULL;
    for (uint64_t i = 0; i < *count; i++) {
        part[i] = trace_item(list, i);
        bool number = stacked && trace_is_number(part[i]) && !tensor_is(t, part[i]);
        if (!number && !needs_tensor(t, call->item[0], &part[i])) return NULL;
    }
    return part;
}

bool tensor_run_concatenate(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    uint64_t parts;
    uint32_t axis;
    struct value *part = parts_of(t, call, argument[0], false, &parts);
    return part && read_dim(t, call, argument, count, tensor_shape(t, part[0]).rank, &axis) &&
           join_all(t, call, part, (size_t)parts, axis, out);
}

bool tensor_run_stack(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    uint64_t parts;
    uint32_t axis;
    struct value *part = parts_of(t, call, argument[0], true, &parts);
    if (!part) return false;
    struct shape shape = tensor_shape(t, part[0]);
    if (shape.rank == SHAPE_RANK_MAX)
        return trace_fail(t, call, ERROR_TYPE, "a tensor has at most %d axes", SHAPE_RANK_MAX);
    if (!read_dim(t, call, argument, count, shape.rank + 1, &axis)) return false;
    for (uint64_t i = 0; i < parts; i++) {
        struct shape own = tensor_shape(t, part[i]);
        struct value whole = part[i];
        char first[64], other[64];
        shape_text(shape, first), shape_text(own, other);
        if (!shape_equal(own, shape))
            return trace_fail(t, call->item[0], ERROR_TYPE, "stack does not fit shapes %s and %s", first, other);
        if (!trace_step(t, call) || !reshape_to(t, call, whole, with_axis(own, axis), &part[i])) return false;
    }
    return join_all(t, call, part, (size_t)parts, axis, out);
}

// x @ W.T + b
bool tensor_run_linear(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct value turned, product;
    if (!needs_tensor(t, call->item[0], &argument[0]) || !unary(t, call, argument[1], OP_TRANSPOSE, NULL, &turned) ||
        !tensor_operation(t, OP_MATMUL, argument[0], turned, NULL, call, &product))
        return false;
    if (count == 2 || argument[2].kind == VALUE_NONE) return *out = product, true;
    return needs_tensor(t, call->item[2], &argument[2]) &&
           tensor_operation(t, OP_ADD, product, argument[2], NULL, call, out);
}

bool tensor_run_matmul(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    (void)count;
    return needs_tensor(t, call->item[0], &argument[0]) && needs_tensor(t, call->item[1], &argument[1]) &&
           tensor_operation(t, OP_MATMUL, argument[0], argument[1], NULL, call, out);
}

// The one setting of conv2d and avg_pool2d, by place or by one of two names.
static bool read_setting(struct tracer *t, expr call, struct value *argument, uint32_t at, const char *name,
                         const char *other, uint32_t least, uint32_t *out) {
    symbol keyword = expression_keyword(call, at);
    const char *key = keyword ? symbol_text(t->symbols, keyword) : name;
    if (strcmp(key, name) != 0 && strcmp(key, other) != 0)
        return trace_fail(t, call->item[at], ERROR_TYPE, "%s=NUMBER is known here, not `%s`", name, key);
    return whole(t, call->item[at], argument[at], least, 1000, out);
}

bool tensor_run_conv2d(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    if (count == 3 && !read_setting(t, call, argument, 2, "padding", "pad", 0, &setting.pad)) return false;
    return needs_tensor(t, call->item[0], &argument[0]) && needs_tensor(t, call->item[1], &argument[1]) &&
           tensor_operation(t, OP_CONV2D, argument[0], argument[1], &setting, call, out);
}

bool tensor_run_avg_pool2d(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES};
    (void)count;
    return read_setting(t, call, argument, 1, "kernel_size", "side", 1, &setting.side) &&
           unary(t, call, argument[0], OP_AVG_POOL2D, &setting, out);
}

// Along the last axis; dim= or axis= may say so.
bool tensor_run_log_softmax(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    uint32_t axis;
    if (!needs_tensor(t, call->item[0], &argument[0])) return false;
    uint32_t rank = tensor_shape(t, argument[0]).rank;
    if (count == 2 && !read_dim(t, call, argument, count, rank, &axis)) return false;
    if (count == 2 && axis != rank - 1)
        return trace_fail(t, call->item[1], ERROR_TYPE, "it is taken along the last axis, %u, alone", rank - 1);
    return unary(t, call, argument[0], OP_LOG_SOFTMAX, NULL, out);
}

bool tensor_run_softmax(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct value log;
    return tensor_run_log_softmax(t, call, argument, count, &log) &&
           tensor_operation(t, OP_EXP, log, log, NULL, call, out);
}

bool tensor_run_cross_entropy(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct value log;
    (void)count;
    return unary(t, call, argument[0], OP_LOG_SOFTMAX, NULL, &log) && needs_tensor(t, call->item[1], &argument[1]) &&
           tensor_operation(t, OP_NLL, log, argument[1], NULL, call, out);
}

bool tensor_run_mse_loss(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct value gap, square;
    (void)count;
    return needs_tensor(t, call->item[0], &argument[0]) && needs_tensor(t, call->item[1], &argument[1]) &&
           tensor_operation(t, OP_SUB, argument[0], argument[1], NULL, call, &gap) &&
           tensor_operation(t, OP_MUL, gap, gap, NULL, call, &square) &&
           tensor_operation(t, OP_MEAN, square, square, NULL, call, out);
}

bool tensor_run_nll(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    (void)count;
    return needs_tensor(t, call->item[0], &argument[0]) && needs_tensor(t, call->item[1], &argument[1]) &&
           tensor_operation(t, OP_NLL, argument[0], argument[1], NULL, call, out);
}

// ---- fields -------------------------------------------------------------------------------------------------------

// A number that is known while tracing: where in time a step is, its length, its diffusion.
static bool plain_number(struct tracer *t, expr site, struct value value, double *out) {
    if (trace_is_number(value) && !tensor_is(t, value)) return *out = trace_number(t, value), true;
    return trace_fail(t, site, ERROR_TYPE, "a number is needed here, not %s", trace_kind_name(t, value));
}

bool tensor_run_react(struct tracer *t, expr call, struct value *argument, uint32_t count, struct value *out) {
    struct op_setting setting = {.axis = OP_ALL_AXES, .dt = 1.0 / 4096, .diffusion = 0.25};
    double *const number[] = {&setting.time, &setting.dt, &setting.diffusion};
    for (uint32_t i = 0; i < count; i++) {
        symbol keyword = expression_keyword(call, i);
        const char *key = keyword ? symbol_text(t->symbols, keyword) : "";
        bool dt = strcmp(key, "dt") == 0, diffusion = strcmp(key, "D") == 0;
        if (keyword && !dt && !diffusion)
            return trace_fail(t, call->item[i], ERROR_TYPE, "react knows dt=NUMBER and D=NUMBER");
        if (!keyword && i < 2) continue;
        double *to = dt ? &setting.dt : diffusion ? &setting.diffusion : number[i - 2];
        if (!plain_number(t, call->item[i], argument[i], to)) return false;
    }
    return needs_tensor(t, call->item[0], &argument[0]) && needs_tensor(t, call->item[1], &argument[1]) &&
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
    if (!needs_tensor(t, call->item[0], &argument[0])) return false;
    struct shape shape = tensor_shape(t, argument[0]);
    if (!whole(t, call->item[1], argument[1], 0, shape.rank - 1.0, &axis) ||
        !whole(t, call->item[2], argument[2], 0, shape.size[axis] - 1.0, &first) ||
        !whole(t, call->item[3], argument[3], 1, (double)shape.size[axis] - first, &length))
        return false;
    struct op_setting setting = {.axis = OP_ALL_AXES};
    setting.cut[axis] = (struct op_cut){first, length, 1, false};
    return tensor_operation(t, OP_SLICE, argument[0], argument[0], &setting, call, out);
}

// ---- sums and extremes --------------------------------------------------------------------------------------------

// A number, a tuple of them, or None: all. *axes has a bit for each.
static bool read_axes(struct tracer *t, expr site, struct value value, uint32_t rank, uint32_t *axes) {
    bool tuple = value.kind == VALUE_TUPLE || value.kind == VALUE_LIST;
    if (value.kind == VALUE_NONE) return true;
    *axes = 0;
    for (uint32_t i = 0; i < (tuple ? value.list->count : 1); i++) {
        uint32_t axis;
        if (!tensor_axis(t, site, tuple ? value.list->item[i] : value, rank, &axis)) return false;
        *axes |= 1u << axis;
    }
    return true;
}

static bool read_reduction(struct tracer *t, expr call, struct value *argument, uint32_t count, const char *name,
                           uint32_t *axes, bool *keep) {
    uint32_t rank = tensor_shape(t, argument[0]).rank;
    for (uint32_t i = 1; i < count; i++) {
        symbol keyword = expression_keyword(call, i);
        const char *key = keyword ? symbol_text(t->symbols, keyword) : i == 1 ? "axis" : "keepdims";
        if (strcmp(key, "axis") == 0 || strcmp(key, "dim") == 0) {
            if (!read_axes(t, call->item[i], argument[i], rank, axes)) return false;
        } else if (strcmp(key, "keepdims") == 0 || strcmp(key, "keepdim") == 0) {
            if (!trace_truth(t, argument[i], call->item[i], keep)) return false;
        } else {
            return trace_fail(t, call->item[i], ERROR_TYPE,
                              "of a tensor, %s takes axis=NUMBER and keepdims=True, not `%s`", name, key);
        }
    }
    return true;
}

bool tensor_reduce(struct tracer *t, expr call, struct value *argument, uint32_t count, enum op op, struct value *out) {
    uint32_t rank = tensor_shape(t, argument[0]).rank, all = (1u << rank) - 1, axes = all;
    struct op_setting setting = {.axis = OP_ALL_AXES};
    if (!read_reduction(t, call, argument, count, op_table[op].name, &axes, &setting.keep_axis)) return false;
    if (axes == all) return tensor_operation(t, op, argument[0], argument[0], &setting, call, out);
    *out = argument[0];
    for (uint32_t axis = rank; axis-- > 0;) {
        struct value before = *out;
        setting.axis = axis;
        if (axes & 1u << axis && !tensor_operation(t, op, before, before, &setting, call, out)) return false;
    }
    return true;
}

bool tensor_extreme(struct tracer *t, expr call, struct value *argument, uint32_t count, enum op op,
                    struct value *out) {
    if (count == 1 || expression_keyword(call, count - 1)) {
        trace_fail(t, call, ERROR_TYPE, "the %s of a tensor's numbers is no operation here", op_table[op].name);
        error_hint(t->error, "%s(x, y) takes the %s of each two, relu(x) is max(x, 0)", op_table[op].name,
                   op == OP_MAX ? "larger" : "smaller");
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct value value = argument[i], best = *out;
        if (!trace_is_number(value) && !needs_tensor(t, call->item[i], &value)) return false;
        if (i == 0)
            *out = value;
        else if (!trace_operation(t, op, best, value, call, out))
            return false;
    }
    return true;
}
