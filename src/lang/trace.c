#include "lang/trace.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/task.h"
#include "lang/builtin.h"
#include "lang/tensor.h"

enum { LOOK_EVERY = 1 << 12, SPINE = 64, LOCALS_ON_STACK = 32, STACK_USED_MAX = 5 << 20 };

typedef const struct expression *expr;

// ---- errors -------------------------------------------------------------------------------------------------------

static struct span span_at(const struct tracer *t, uint32_t begin, uint32_t end) {
    return (struct span){t->module->source, begin, end};
}

static void hint_call(struct tracer *t) {
    if (!t->function || !t->error || t->error->hint[0]) return;
    error_hint(t->error, "in %s", symbol_text(t->symbols, t->function->name));
}

bool(trace_fail)(struct tracer *t, expr at, enum error_kind kind, const char *format, ...) {
    char message[400];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    error_set(t->error, kind, at ? span_at(t, at->begin, at->end) : SPAN_NONE, "%s", message);
    return false;
}

bool trace_step(struct tracer *t, expr site) {
    if (t->steps % LOOK_EVERY == 0) {
        if (task_interrupted()) return error_interrupt(t->error);
        task_progress("tracing, steps so far", (double)t->steps, 0);
    }
    if (t->steps++ < t->options->steps) return true;
    trace_fail(t, site, ERROR_LIMIT, "the program took its limit of %llu steps", (unsigned long long)t->options->steps);
    error_hint(t->error, "if the loop ends at all, raise the limit with :set steps NUMBER");
    return false;
}

bool trace_copies(struct tracer *t, expr site, uint64_t bytes) {
    enum { BYTES_PER_STEP = 64 };
    t->steps += bytes / BYTES_PER_STEP;
    if (t->steps <= t->options->steps) return trace_step(t, site);
    trace_fail(t, site, ERROR_LIMIT, "the copies of lists and strings took the program's limit of %llu steps",
               (unsigned long long)t->options->steps);
    error_hint(t->error, "%d bytes count as a step; append() copies nothing; :set steps NUMBER raises the limit",
               BYTES_PER_STEP);
    return false;
}

// ---- globals ------------------------------------------------------------------------------------------------------

struct value state_global(const struct state *state, symbol name) {
    if (name < state->global_capacity) return state->global[name];
    return (struct value){0};
}

static bool global_room(struct state *state, symbol name) {
    size_t old = state->global_capacity;
    if (name < old) return true;
    if (!mem_grow(&state->global, &state->global_capacity, (size_t)name + 1, sizeof *state->global)) return false;
    memset(state->global + old, 0, (state->global_capacity - old) * sizeof *state->global);
    return true;
}

static bool order_add(struct state *state, symbol name, bool known, struct span span) {
    for (size_t i = known ? state->order_count : 0; i-- > 0;) {
        if (state->order[i] != name) continue;
        state->span[i] = span;
        return true;
    }
    if (!mem_grow(&state->order, &state->order_capacity, state->order_count + 1, sizeof(symbol)) ||
        !mem_grow(&state->span, &state->span_capacity, state->order_count + 1, sizeof(struct span)))
        return false;
    state->order[state->order_count] = name;
    state->span[state->order_count++] = span;
    return true;
}

bool state_set_global(struct state *state, symbol name, struct value value, struct span span) {
    if (!global_room(state, name)) return false;
    if (state->global[name].kind == VALUE_UNBOUND || value.kind == VALUE_FUNCTION || span.source) {
        bool known = state->global[name].kind != VALUE_UNBOUND;
        if ((!known || state->order_count < 4096) && !order_add(state, name, known, span)) return false;
    }
    state->global[name] = value;
    return true;
}

static bool set_global(struct tracer *t, symbol name, struct value value, struct span span) {
    if (!global_room(t->state, name) || // before the journal: what it names is written to when it is undone
        !mem_grow(&t->undo, &t->undo_capacity, t->undo_count + 1, sizeof *t->undo))
        return error_memory(t->error);
    t->undo[t->undo_count++] = (struct undo_global){name, state_global(t->state, name)};
    return state_set_global(t->state, name, value, span) || error_memory(t->error);
}

static void forget_order(struct state *state, symbol name) {
    for (size_t i = state->order_count; i-- > 0;) {
        if (state->order[i] != name) continue;
        memmove(state->order + i, state->order + i + 1, (state->order_count - i - 1) * sizeof(symbol));
        memmove(state->span + i, state->span + i + 1, (state->order_count - i - 1) * sizeof(struct span));
        state->order_count--;
        return;
    }
}

void trace_rollback(struct tracer *t) {
    while (t->undo_count) {
        struct undo_global *u = &t->undo[--t->undo_count];
        t->state->global[u->name] = u->before;
        if (u->before.kind == VALUE_UNBOUND) forget_order(t->state, u->name);
    }
    while (t->undo_item_count) {
        struct undo_item *u = &t->undo_items[--t->undo_item_count];
        if (u->index == UINT32_MAX)
            u->list->count = u->count;
        else
            u->list->item[u->index] = u->before;
    }
}

// ---- lists --------------------------------------------------------------------------------------------------------

struct value_list *trace_list(struct tracer *t, uint32_t capacity) {
    struct value_list *list = arena_alloc(t->state->arena, sizeof *list);
    if (list) list->item = arena_alloc(t->state->arena, (capacity ? capacity : 1) * sizeof *list->item);
    if (!list || !list->item) return error_memory(t->error), NULL;
    list->capacity = capacity ? capacity : 1;
    list->born = t->statement;
    return list;
}

static bool plain_list(struct tracer *t, struct arena *arena, struct value *value) {
    uint64_t count = value->kind == VALUE_RANGE ? value->range->count : value->list->count;
    if (count >= UINT32_MAX) return trace_fail(t, NULL, ERROR_LIMIT, "a range is too long to be an argument");
    struct value_list *copy = arena_alloc(arena, sizeof *copy);
    if (copy) copy->item = arena_alloc(arena, (count ? count : 1) * sizeof *copy->item);
    if (!copy || !copy->item) return error_memory(t->error);
    copy->count = copy->capacity = (uint32_t)count;
    copy->born = t->statement;
    copy->array = value->kind == VALUE_LIST && value->list->array;
    for (uint32_t i = 0; i < count; i++) {
        copy->item[i] = trace_item(*value, i);
        if (!trace_step(t, NULL) || !trace_plain(t, arena, &copy->item[i])) return false;
    }
    *value = (struct value){.kind = VALUE_LIST, .list = copy};
    return true;
}

bool trace_plain(struct tracer *t, struct arena *arena, struct value *value) {
    if (value->kind == VALUE_VERTEX && graph_is_tensor(t->graph, value->vertex))
        return tensor_plain(t, arena, t->graph, value->vertex, value);
    if (value->kind == VALUE_VERTEX)
        *value =
            (struct value){.kind = VALUE_NUMBER, .integer = value->integer, .number = t->graph->value[value->vertex]};
    value->name = 0;
    bool list = value->kind == VALUE_RANGE || value->kind == VALUE_LIST || value->kind == VALUE_TUPLE;
    return !list || plain_list(t, arena, value);
}

static bool journal_item(struct tracer *t, struct undo_item item) {
    if (item.list->passed) t->changed_passed = true;
    if (item.list->born == t->statement) return true;
    if (!mem_grow(&t->undo_items, &t->undo_item_capacity, t->undo_item_count + 1, sizeof item))
        return error_memory(t->error);
    t->undo_items[t->undo_item_count++] = item;
    return true;
}

static bool set_item(struct tracer *t, struct value_list *list, uint32_t index, struct value value) {
    if (!journal_item(t, (struct undo_item){.list = list, .index = index, .before = list->item[index]})) return false;
    list->item[index] = value;
    return true;
}

bool trace_append(struct tracer *t, struct value_list *list, struct value item) {
    if (!journal_item(t, (struct undo_item){.list = list, .count = list->count, .index = UINT32_MAX})) return false;
    if (list->count == list->capacity) {
        struct value *larger = arena_alloc(t->state->arena, 2 * (size_t)list->capacity * sizeof *larger);
        if (!larger) return error_memory(t->error);
        memcpy(larger, list->item, list->count * sizeof *larger);
        list->item = larger;
        list->capacity *= 2;
    }
    list->item[list->count++] = item;
    return true;
}

bool trace_length(struct tracer *t, struct value value, expr site, uint64_t *count) {
    switch (value.kind) {
    case VALUE_LIST:
    case VALUE_TUPLE:
        return *count = value.list->count, true;
    case VALUE_RANGE:
        return *count = value.range->count, true;
    default:
        return trace_fail(t, site, ERROR_TYPE, "a list is needed here, not %s", trace_kind_name(t, value));
    }
}

bool trace_spread(struct tracer *t, expr site, struct value *value) {
    if (tensor_is(t, *value)) return tensor_rows(t, site, value);
    if (value->kind != VALUE_STRING) return true;
    const struct value_text *text = value->text;
    if (!trace_copies(t, site, text->size * sizeof *value)) return false;
    struct value_list *list = trace_list(t, (uint32_t)text->size);
    if (!list) return false;
    for (size_t at = 0, end; at < text->size; at = end) {
        for (end = at + 1; end < text->size && ((unsigned char)text->data[end] & 0xC0) == 0x80;) end++;
        if (!trace_text(t, text->data + at, end - at, &list->item[list->count++])) return false;
    }
    *value = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

struct value trace_item(struct value value, uint64_t index) {
    if (value.kind != VALUE_RANGE) return value.list->item[index];
    double number = value.range->start + value.range->step * (double)index;
    return (struct value){.kind = VALUE_NUMBER, .integer = true, .number = number};
}

// ---- numbers and vertices -----------------------------------------------------------------------------------------

bool trace_is_number(struct value value) { return value.kind >= VALUE_BOOL && value.kind <= VALUE_VERTEX; }

const char *trace_kind_name(const struct tracer *t, struct value value) {
    return tensor_is(t, value) ? "a tensor" : value_kind_name(value);
}

bool trace_waits(const struct tracer *t, struct value value) {
    return value.kind == VALUE_VERTEX && graph_waits(t->graph, value.vertex);
}

static bool holds_waiting(const struct tracer *t, struct value value) {
    if (value.kind != VALUE_LIST && value.kind != VALUE_TUPLE) return trace_waits(t, value);
    for (uint32_t i = 0; i < value.list->count; i++)
        if (holds_waiting(t, value.list->item[i])) return true;
    return false;
}

bool trace_settle(struct tracer *t, struct value *value) {
    if (!graph_has_tensors(t->graph) || !value_fits(*value) || !holds_waiting(t, *value)) return true;
    if (value->kind == VALUE_VERTEX) {
        double number;
        if (!tensor_computed(t, t->graph, value->vertex, &number)) return false;
        *value = (struct value){.kind = VALUE_NUMBER, .integer = value->integer, .number = number};
        return true;
    }
    struct value_list *copy = trace_list(t, value->list->count);
    if (!copy) return false;
    for (uint32_t i = 0; i < value->list->count; i++) {
        copy->item[copy->count++] = value->list->item[i];
        if (!trace_settle(t, &copy->item[i])) return false;
    }
    value->list = copy;
    return true;
}

double trace_number(const struct tracer *t, struct value value) {
    return value.kind == VALUE_VERTEX ? t->graph->value[value.vertex] : value.number;
}

static uint32_t site_of(struct tracer *t, expr e) {
    struct span span = span_at(t, e->begin, e->end);
    if (e->kind == EXPR_NAME || e->kind == EXPR_ATTRIBUTE) return graph_site(t->graph, span, t->error);
    struct expression *cache = (struct expression *)(uintptr_t)e; // a cache is no change that anyone sees
    if (cache->site_epoch != t->epoch || cache->site == 0) {
        cache->site = graph_site_new(t->graph, span, t->error);
        cache->site_epoch = t->epoch;
    }
    return cache->site;
}

uint32_t trace_site(struct tracer *t, expr e) { return site_of(t, e); }

static uint64_t constant_hash(symbol name, double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    bits = (bits ^ (uint64_t)name << 40) * 0x9E3779B97F4A7C15u;
    return bits ^ bits >> 32;
}

static bool grow_constants(struct tracer *t) {
    if (2 * t->constant_count < t->constant_slots) return true;
    uint32_t slots = t->constant_slots ? 2 * t->constant_slots : 64;
    uint32_t *slot = mem_zero(slots, sizeof *slot);
    if (!slot) return error_memory(t->error);
    for (size_t i = 0; i < t->constant_count; i++) {
        uint32_t at = (uint32_t)constant_hash(t->constant[i].name, t->constant[i].number) & (slots - 1);
        while (slot[at]) at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    mem_free(t->constant_slot);
    t->constant_slot = slot;
    t->constant_slots = slots;
    return true;
}

// One vertex for each number that the program gave a name.
static bool named_vertex(struct tracer *t, struct value value, uint32_t site, vertex *out) {
    if (!grow_constants(t)) return false;
    uint32_t at = (uint32_t)constant_hash(value.name, value.number) & (t->constant_slots - 1);
    for (; t->constant_slot[at]; at = (at + 1) & (t->constant_slots - 1)) {
        struct named_constant *c = &t->constant[t->constant_slot[at] - 1];
        if (c->name == value.name && memcmp(&c->number, &value.number, sizeof(double)) == 0)
            return *out = c->vertex, true;
    }
    if (!mem_grow(&t->constant, &t->constant_capacity, t->constant_count + 1, sizeof *t->constant))
        return error_memory(t->error);
    *out = graph_constant(t->graph, value.name, value.number, site, t->error);
    if (*out == VERTEX_NONE) return false;
    t->constant[t->constant_count++] = (struct named_constant){value.name, value.number, *out};
    t->constant_slot[at] = (uint32_t)t->constant_count;
    return true;
}

bool trace_vertex(struct tracer *t, struct value value, expr site, vertex *out) {
    if (value.kind == VALUE_VERTEX) return *out = value.vertex, true;
    uint32_t where = site ? site_of(t, site) : 0;
    if (value.name) return named_vertex(t, value, where, out);
    *out = graph_constant(t->graph, 0, value.number, where, t->error);
    return *out != VERTEX_NONE;
}

// The graph's own errors (its limit, memory) know no place in the text: it is where the vertex was to be made.
bool(trace_place)(struct tracer *t, expr site) {
    if (t->error && !t->error->span.source) t->error->span = span_at(t, site->begin, site->end);
    return false;
}

// ---- operations ---------------------------------------------------------------------------------------------------

static void operand_text(struct tracer *t, struct value value, struct buffer *out) {
    char label[64];
    if (value.kind == VALUE_VERTEX && t->graph->name[value.vertex])
        buffer_printf(out, "%s = ", graph_label(t->graph, value.vertex, label));
    else if (value.name)
        buffer_printf(out, "%s = ", symbol_text(t->symbols, value.name));
    value_show(value, t->graph, true, out);
}

static bool domain_error(struct tracer *t, enum op op, struct value a, struct value b, const char *reason, expr site) {
    struct buffer text = {0};
    const struct op_info *info = &op_table[op];
    if (info->arity == 2 && info->infix) {
        operand_text(t, a, &text);
        buffer_printf(&text, " %s ", info->infix);
        operand_text(t, b, &text);
    } else {
        buffer_printf(&text, "%s(", info->infix ? info->infix : info->name);
        operand_text(t, a, &text);
        if (info->arity == 2) buffer_text(&text, ", "), operand_text(t, b, &text);
        buffer_char(&text, ')');
    }
    trace_fail(t, site, ERROR_DOMAIN, "%s: %s", reason, buffer_string(&text));
    buffer_free(&text);
    hint_call(t);
    return false;
}

static bool number_needed(struct tracer *t, struct value value, expr site) {
    if (trace_is_number(value)) return true;
    return trace_fail(t, site, ERROR_TYPE, "a number is needed here, not %s", trace_kind_name(t, value));
}

static bool keeps_integer(enum op op, struct value a, struct value b, double y) {
    if (op == OP_FLOOR || op == OP_CEIL || op == OP_TRUNC) return true;
    if (!(a.integer || a.kind == VALUE_BOOL)) return false;
    switch (op) {
    case OP_NEG:
    case OP_ABS:
        return true;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_FLOORDIV:
    case OP_MOD:
    case OP_MAX:
    case OP_MIN:
    case OP_POW:
        return (b.integer || b.kind == VALUE_BOOL) && y == floor(y) &&
               !(op == OP_POW && b.kind != VALUE_VERTEX && b.number < 0);
    default:
        return false;
    }
}

static bool fold(struct tracer *t, enum op op, struct value a, struct value b, expr site, struct value *out) {
    double y = op_value(op, a.number, b.number);
    const char *reason = isfinite(y) ? NULL : op_domain(op, a.number, b.number, y);
    if (reason) return domain_error(t, op, a, b, reason, site);
    *out = (struct value){.kind = VALUE_NUMBER, .integer = keeps_integer(op, a, b, y), .number = y};
    return true;
}

bool trace_operation(struct tracer *t, enum op op, struct value a, struct value b, expr site, struct value *out) {
    bool two = op_table[op].arity == 2;
    if (tensor_is(t, a) || (two && tensor_is(t, b))) return tensor_operation(t, op, a, b, NULL, site, out);
    if (!number_needed(t, a, site) || (two && !number_needed(t, b, site))) return false;
    if (!two) b = (struct value){.kind = VALUE_NUMBER};
    if (a.kind != VALUE_VERTEX && b.kind != VALUE_VERTEX) return fold(t, op, a, b, site, out);
    vertex left, right = 0;
    if (!trace_vertex(t, a, NULL, &left) || (two && !trace_vertex(t, b, NULL, &right))) return trace_place(t, site);
    uint32_t where = site_of(t, site);
    vertex v = graph_add(t->graph, op, left, two ? right : left, where, t->error);
    if (v == VERTEX_NONE) return trace_place(t, site);
    double y = t->graph->value[v];
    if (__builtin_expect(!isfinite(y), 0)) {
        const char *reason = op_domain(op, t->graph->value[left], two ? t->graph->value[right] : 0, y);
        if (reason) return domain_error(t, op, a, b, reason, site);
    }
    *out = (struct value){.kind = VALUE_VERTEX, .integer = keeps_integer(op, a, b, y), .vertex = v};
    return true;
}

static void tell_no_number(struct tracer *t, struct value value, expr site) {
    if (tensor_is(t, value)) {
        trace_fail(t, site, ERROR_TYPE, "tensors are not compared, and are neither true nor false");
        error_hint(t->error,
                   "maximum(x, y) takes the larger of each two, relu(x) what is above 0; x[0, 1] is one number");
        return;
    }
    trace_fail(t, site, ERROR_TYPE, "what depends on a tensor has no number yet while the program is traced");
    error_hint(t->error, "its value is computed when all is traced: .item() computes it here, for a branch");
}

bool trace_truth(struct tracer *t, struct value value, expr site, bool *out) {
    switch (value.kind) {
    case VALUE_NONE:
        return *out = false, true;
    case VALUE_LIST:
    case VALUE_TUPLE:
        return *out = value.list->count > 0, true;
    case VALUE_RANGE:
        return *out = value.range->count > 0, true;
    case VALUE_STRING:
        return *out = value.text->size > 0, true;
    case VALUE_FUNCTION:
    case VALUE_BUILTIN:
    case VALUE_OP:
    case VALUE_MODULE:
        return *out = true, true;
    default:
        if (tensor_is(t, value) || trace_waits(t, value)) return tell_no_number(t, value, site), false;
        if (trace_is_number(value)) return *out = trace_number(t, value) != 0, true;
        return trace_fail(t, site, ERROR_TYPE, "a condition is needed here, not %s", trace_kind_name(t, value));
    }
}

// ---- names --------------------------------------------------------------------------------------------------------

static const char *nearest_name(struct tracer *t, const char *name) {
    size_t count = 0,
           most = t->state->order_count + (t->function ? t->function->slot_count : 0) + OP_COUNT + builtin_count;
    const char **names = mem_alloc(most, sizeof *names);
    if (!names) return NULL;
    for (uint32_t i = 0; t->function && i < t->function->slot_count; i++)
        if (t->function->local[i] == 1) names[count++] = symbol_text(t->symbols, t->function->slot[i]);
    for (size_t i = 0; i < t->state->order_count; i++) names[count++] = symbol_text(t->symbols, t->state->order[i]);
    for (int op = OP_FIRST_ROW; op < OP_COUNT; op++)
        if (!op_table[op].infix) names[count++] = op_table[op].name;
    for (size_t i = 0; i < builtin_count; i++) names[count++] = builtin_table[i].name;
    const char *found = text_nearest(name, names, count);
    mem_free(names);
    return found;
}

static bool unknown_name(struct tracer *t, expr e) {
    const char *name = symbol_text(t->symbols, e->name);
    if (t->function && e->slot != SLOT_GLOBAL && t->function->local[e->slot] == 1) {
        trace_fail(t, e, ERROR_NAME, "`%s` is used before it has a value in this function", name);
        return false;
    }
    trace_fail(t, e, ERROR_NAME, "`%s` is not defined", name);
    const char *nearest = nearest_name(t, name);
    if (nearest) error_hint(t->error, "did you mean `%s`?", nearest);
    hint_call(t);
    return false;
}

bool trace_holds_vertex(struct value value) {
    if (value.kind == VALUE_VERTEX) return true;
    bool found = false;
    if (value.kind == VALUE_LIST || value.kind == VALUE_TUPLE)
        for (uint32_t i = 0; !found && i < value.list->count; i++) found = trace_holds_vertex(value.list->item[i]);
    return found;
}

// A vertex of the prompt's graph is a plain number inside a graph of its own, also in a list.
static bool import_plain(struct tracer *t, struct value *value) {
    if (!trace_holds_vertex(*value)) return true;
    if (value->kind == VALUE_VERTEX && graph_is_tensor(t->state->prompt, value->vertex))
        return tensor_plain(t, t->state->arena, t->state->prompt, value->vertex, value);
    if (value->kind == VALUE_VERTEX) {
        vertex v = value->vertex;
        *value = (struct value){.kind = VALUE_NUMBER,
                                .integer = value->integer,
                                .name = t->state->prompt->name[v],
                                .number = t->state->prompt->value[v]};
        return true;
    }
    struct value_list *copy = trace_list(t, value->list->count);
    if (!copy) return false;
    for (uint32_t i = 0; i < value->list->count; i++) {
        copy->item[i] = value->list->item[i];
        if (!import_plain(t, &copy->item[i])) return false;
    }
    copy->count = value->list->count;
    copy->array = value->list->array;
    copy->born = 0; // stands for the list outside: may_change refuses it
    value->list = copy;
    return true;
}

static bool import_value(struct tracer *t, struct value *value, expr site) {
    if (t->prompt || !t->state->prompt) return true;
    if (value->kind != VALUE_LIST && value->kind != VALUE_TUPLE) return import_plain(t, value);
    struct imported *known = &t->imported[(uintptr_t)value->list / sizeof *value->list % 64];
    if (known->list == value->list) return *value = known->value, true; // nothing in this trace may change it
    const struct value_list *outside = value->list;
    if (!value_fits(*value)) return trace_fail(t, site, ERROR_TYPE, TOO_DEEP);
    if (!import_plain(t, value)) return false;
    *known = (struct imported){outside, *value};
    return true;
}

// What is built in under this name; looked up by text once for each name.
static bool builtin_named(struct tracer *t, symbol name, struct value *out) {
    struct state *state = t->state;
    size_t old = state->builtin_capacity;
    if (name >= old) {
        if (!mem_grow(&state->builtin, &state->builtin_capacity, (size_t)name + 1, sizeof *state->builtin))
            return error_memory(t->error);
        memset(state->builtin + old, 0, (state->builtin_capacity - old) * sizeof *state->builtin);
    }
    struct value *known = &state->builtin[name];
    if (known->kind == VALUE_UNBOUND && !builtin_lookup(symbol_text(t->symbols, name), known)) return false;
    *out = *known;
    return true;
}

// The place of a name in the functions around the one that runs, as it is now; NULL: it is not theirs.
static const struct value *outer_name(const struct tracer *t, symbol name, const struct names **found) {
    for (const struct names *frame = t->frame ? t->frame->outer : NULL; frame; frame = frame->outer) {
        const struct function *f = frame->function;
        for (uint32_t i = 0; i < f->slot_count; i++) {
            if (f->slot[i] != name || !f->local[i]) continue;
            if (f->local[i] != 1 && frame->local[i].kind == VALUE_UNBOUND) break; // a comprehension's, which is over
            *found = frame;
            return &frame->local[i];
        }
    }
    return NULL;
}

// What a name means here, besides what is built in; UNBOUND: nothing.
static struct value known_name(const struct tracer *t, expr e) {
    const struct names *frame;
    if (e->slot != SLOT_GLOBAL && t->local && t->local[e->slot].kind != VALUE_UNBOUND) return t->local[e->slot];
    const struct value *outer = outer_name(t, e->name, &frame);
    return outer ? *outer : state_global(t->state, e->name);
}

static bool eval_outer(struct tracer *t, expr e, const struct value *value, const struct names *frame,
                       struct value *out) {
    *out = *value;
    if (out->kind == VALUE_UNBOUND)
        return trace_fail(t, e, ERROR_NAME, "`%s` has no value yet in %s", symbol_text(t->symbols, e->name),
                          frame->function->title);
    return !frame->prompt || import_value(t, out, e);
}

static bool eval_name(struct tracer *t, expr e, struct value *out) {
    if (e->slot != SLOT_GLOBAL && t->local) {
        *out = t->local[e->slot];
        if (out->kind != VALUE_UNBOUND) return true;
        if (t->function->local[e->slot] == 1) return unknown_name(t, e);
    }
    const struct names *frame;
    const struct value *outer = t->frame && t->frame->outer ? outer_name(t, e->name, &frame) : NULL;
    if (outer) return eval_outer(t, e, outer, frame, out);
    *out = state_global(t->state, e->name);
    if (!import_value(t, out, e)) return false;
    return out->kind != VALUE_UNBOUND || builtin_named(t, e->name, out) || unknown_name(t, e);
}

static void name_items(struct tracer *t, struct value value, const char *name, int *left) {
    if (value.list->count > 10000) return;
    for (uint32_t i = 0; i < value.list->count && --*left > 0; i++) {
        struct value *item = &value.list->item[i];
        char text[96];
        int length = snprintf(text, sizeof text, "%s[%u]", name, i);
        if (length < 0 || (size_t)length >= sizeof text) return;
        if (item->kind == VALUE_LIST || item->kind == VALUE_TUPLE) {
            name_items(t, *item, text, left);
        } else if (item->kind == VALUE_VERTEX && !t->graph->name[item->vertex]) {
            symbol s = symbol_of(t->symbols, text, (size_t)length);
            if (s) graph_name(t->graph, item->vertex, s, NULL);
        }
    }
}

void trace_name_items(struct tracer *t, struct value value, const char *name) {
    int left = 20000;
    name_items(t, value, name, &left);
}

// ---- what is given at the prompt ----------------------------------------------------------------------------------

// Names that the comprehensions around an expression bind.
struct bound_inside {
    const struct bound_inside *outer;
    expr comprehension;
};

static bool binds(expr target, symbol name) {
    if (target->kind == EXPR_NAME) return target->name == name;
    for (uint32_t i = 0; target->kind == EXPR_TUPLE && i < target->count; i++)
        if (binds(target->item[i], name)) return true;
    return false;
}

static bool name_is_given(const struct tracer *t, expr e, const struct bound_inside *inside) {
    for (; inside; inside = inside->outer)
        for (uint32_t i = 0; i < inside->comprehension->count; i++)
            if (binds(inside->comprehension->clause[i].target, e->name)) return true;
    uint8_t kind = state_global(t->state, e->name).kind;
    return kind == VALUE_UNBOUND || kind == VALUE_OP || kind == VALUE_BUILTIN || kind == VALUE_MODULE;
}

static bool is_given(const struct tracer *t, expr e, const struct bound_inside *inside);

static bool comprehension_is_given(const struct tracer *t, expr e, const struct bound_inside *outer) {
    const struct bound_inside inside = {outer, e};
    for (uint32_t i = 0; i < e->count; i++) {
        if (!is_given(t, e->clause[i].iterable, &inside)) return false;
        for (uint32_t k = 0; k < e->clause[i].condition_count; k++)
            if (!is_given(t, e->clause[i].condition[k], &inside)) return false;
    }
    return is_given(t, e->left, &inside);
}

// Whether an expression is made of numbers alone, without names that the program bound: 2, -pi/4, [0.1*i for i in ...].
static bool is_given(const struct tracer *t, expr e, const struct bound_inside *inside) {
    for (; e->kind == EXPR_BINARY || e->kind == EXPR_NEGATE || e->kind == EXPR_PLUS; e = e->left) // long to the left
        if (e->kind == EXPR_BINARY && !is_given(t, e->right, inside)) return false;
    switch (e->kind) {
    case EXPR_NAME:
        return name_is_given(t, e, inside);
    case EXPR_ATTRIBUTE:
        return is_given(t, e->left, inside);
    case EXPR_COMPREHENSION:
        return comprehension_is_given(t, e, inside);
    case EXPR_CALL:
        if (!is_given(t, e->left, inside)) return false;
        break;
    case EXPR_COMPARE:
    case EXPR_CONDITIONAL:
    case EXPR_LIST:
    case EXPR_TUPLE:
        break;
    default:
        return e->kind == EXPR_NUMBER || e->kind == EXPR_TRUE || e->kind == EXPR_FALSE;
    }
    for (uint32_t i = 0; i < e->count; i++)
        if (!is_given(t, e->item[i], inside)) return false;
    return true;
}

static bool last_made_room(struct state *state, symbol name) {
    size_t old = state->last_made_capacity;
    if (name < old) return true;
    if (!mem_grow(&state->last_made, &state->last_made_capacity, (size_t)name + 1, sizeof *state->last_made))
        return false;
    memset(state->last_made + old, 0, (state->last_made_capacity - old) * sizeof *state->last_made);
    return true;
}

void state_unmake(struct state *state, size_t count) {
    while (state->made_count > count) {
        const struct made *last = &state->made[--state->made_count];
        state->last_made[last->is.name] = last->before;
    }
}

// A number that is given at the top of the prompt is an input.
static bool new_input(struct tracer *t, symbol name, struct value *value, expr target) {
    struct state *state = t->state;
    if (!last_made_room(state, name) ||
        !mem_grow(&state->made, &state->made_capacity, state->made_count + 1, sizeof *state->made))
        return error_memory(t->error);
    size_t before = state->last_made[name];
    uint32_t occurrence = before ? state->made[before - 1].is.occurrence + 1 : 0;
    bool tensor = value->kind == VALUE_TENSOR;
    double number = tensor ? NAN : value->number;
    for (size_t i = 0; !tensor && i < t->override_count; i++)
        if (t->overrides[i].name == name && t->overrides[i].occurrence == occurrence) number = t->overrides[i].value;
    struct value made = {.kind = VALUE_VERTEX};
    bool ok = !tensor || tensor_input(t, name, *value, target, &made);
    vertex v = tensor ? made.vertex : graph_input(t->graph, name, number, site_of(t, target), t->error);
    if (!ok || v == VERTEX_NONE) return false;
    state->made[state->made_count++] = (struct made){{name, occurrence, number}, v, before};
    state->last_made[name] = state->made_count;
    *value = (struct value){.kind = VALUE_VERTEX, .integer = value->integer && number == floor(number), .vertex = v};
    return true;
}

bool trace_new_input(struct tracer *t, symbol name, struct value *value, expr site) {
    return t->prompt ? new_input(t, name, value, site) : tensor_input(t, name, *value, site, value);
}

// The numbers of a list that is given: x[0], x[1], ... Nobody else knows the list yet.
static bool new_inputs(struct tracer *t, const char *name, struct value_list *list, expr target) {
    char text[160];
    for (uint32_t i = 0; i < list->count; i++) {
        struct value *item = &list->item[i];
        int length = snprintf(text, sizeof text, "%.120s[%u]", name, i);
        if (item->kind == VALUE_LIST || item->kind == VALUE_TUPLE) {
            if (!new_inputs(t, text, item->list, target)) return false;
        } else if (item->kind == VALUE_NUMBER) {
            symbol s = symbol_of(t->symbols, text, (size_t)length);
            if (!s) return error_memory(t->error);
            if (!trace_step(t, target) || !new_input(t, s, item, target)) return false;
        }
    }
    return true;
}

static bool bind_name(struct tracer *t, expr target, struct value value, bool given) {
    symbol name = target->name;
    if (value.kind == VALUE_TENSOR) {
        if (given && !new_input(t, name, &value, target)) return false;
        if (!given) value.name = name;
    } else if (value.kind == VALUE_NUMBER) {
        if (given && !new_input(t, name, &value, target)) return false;
        if (!given) value.name = name;
    } else if (value.kind == VALUE_VERTEX) {
        if (!graph_name(t->graph, value.vertex, name, t->error)) return false;
    } else if (value.kind == VALUE_LIST || value.kind == VALUE_TUPLE) {
        if (given && value_fits(value) && !new_inputs(t, symbol_text(t->symbols, name), value.list, target))
            return false;
        trace_name_items(t, value, symbol_text(t->symbols, name));
    }
    if (target->slot != SLOT_GLOBAL && t->local) return t->local[target->slot] = value, true;
    struct span span = span_at(t, target->begin, target->end);
    if (value.kind == VALUE_FUNCTION && value.closure->function->name == name) {
        const struct function *f = value.closure->function; // its whole text
        span = (struct span){f->module->source, f->begin, f->end};
    }
    return set_global(t, name, value, span);
}

bool trace_index(struct tracer *t, expr e, struct value index, uint64_t count, const char *what, uint64_t *out) {
    if (!trace_is_number(index) || tensor_is(t, index))
        return trace_fail(t, e, ERROR_TYPE, "an index is a whole number, not %s", trace_kind_name(t, index));
    if (trace_waits(t, index)) return tell_no_number(t, index, e), false;
    double i = trace_number(t, index);
    if (i != floor(i)) return trace_fail(t, e, ERROR_TYPE, "an index is a whole number, not %g", i);
    if (i < 0) i += (double)count;
    if (i < 0 || i >= (double)count)
        return trace_fail(t, e, ERROR_TYPE, "index %.0f is outside %s, which has %llu element%s",
                          trace_number(t, index), what, (unsigned long long)count, count == 1 ? "" : "s");
    *out = (uint64_t)i;
    return true;
}

static bool read_index(struct tracer *t, expr e, struct value index, uint64_t count, uint64_t *out) {
    return trace_index(t, e, index, count, "the list", out);
}

// A call with a graph of its own must not put its vertices into lists that outlive it.
static bool may_change(struct tracer *t, const struct value_list *list, expr site) {
    if (t->prompt || list->born == t->statement) return true;
    trace_fail(t, site, ERROR_TYPE, "this call cannot change a list from outside the function");
    error_hint(t->error, "copy it first with list(...), or return a new list");
    return false;
}

static bool bind_index(struct tracer *t, expr target, struct value value) {
    struct value list, index;
    uint64_t i;
    if (!trace_expression(t, target->left, &list) || !trace_expression(t, target->right, &index)) return false;
    if (list.kind != VALUE_LIST)
        return trace_fail(t, target->left, ERROR_TYPE, "only an element of a list can be assigned, not of %s",
                          trace_kind_name(t, list));
    if (!read_index(t, target->right, index, list.list->count, &i)) return false;
    if (!may_change(t, list.list, target)) return false;
    return set_item(t, list.list, (uint32_t)i, value);
}

static bool bind_items(struct tracer *t, expr target, struct value value, bool given) {
    uint64_t count;
    if (!trace_spread(t, target, &value) || !trace_length(t, value, target, &count)) return false;
    if (count != target->count)
        return trace_fail(t, target, ERROR_TYPE, "there are %u names here for %llu value%s", target->count,
                          (unsigned long long)count, count == 1 ? "" : "s");
    for (uint32_t i = 0; i < target->count; i++)
        if (!trace_bind(t, target->item[i], trace_item(value, i), given)) return false;
    return true;
}

bool trace_bind(struct tracer *t, expr target, struct value value, bool given) {
    if (target->kind == EXPR_NAME) return bind_name(t, target, value, given);
    if (target->kind == EXPR_INDEX) return bind_index(t, target, value);
    return bind_items(t, target, value, given);
}

// ---- expressions --------------------------------------------------------------------------------------------------

static bool stack_left(struct tracer *t, expr e) {
    const char *here = __builtin_frame_address(0); // a local may live elsewhere, under a sanitizer
    ptrdiff_t used = t->stack_base - here;
    if (used < STACK_USED_MAX && used > -STACK_USED_MAX) return true;
    trace_fail(t, e, ERROR_LIMIT, "calls are nested too deeply for this machine's stack");
    error_hint(t->error, "recursion without end? A loop needs no stack");
    return false;
}

static bool is_sequence(struct value value) { return value.kind == VALUE_LIST || value.kind == VALUE_TUPLE; }

static bool join_items(struct tracer *t, expr e, struct value a, struct value b, struct value *out) {
    if ((uint64_t)a.list->count + b.list->count > UINT32_MAX / 2)
        return trace_fail(t, e, ERROR_LIMIT, "this list would have over 2 billion elements");
    uint64_t bytes = ((uint64_t)a.list->count + b.list->count) * sizeof *a.list->item;
    struct value_list *both = trace_copies(t, e, bytes) ? trace_list(t, a.list->count + b.list->count) : NULL;
    if (!both) return false;
    memcpy(both->item, a.list->item, a.list->count * sizeof *both->item);
    memcpy(both->item + a.list->count, b.list->item, b.list->count * sizeof *both->item);
    both->count = a.list->count + b.list->count;
    *out = (struct value){.kind = a.kind, .list = both};
    return true;
}

static bool join_texts(struct tracer *t, expr e, struct value a, struct value b, struct value *out) {
    struct buffer both = {0};
    if (!trace_copies(t, e, (uint64_t)a.text->size + b.text->size)) return false;
    buffer_add(&both, a.text->data, a.text->size);
    buffer_add(&both, b.text->data, b.text->size);
    bool ok = both.failed ? error_memory(t->error) : trace_text(t, buffer_string(&both), both.size, out);
    buffer_free(&both);
    return ok;
}

static bool repeat_items(struct tracer *t, expr e, struct value items, double times, struct value *out) {
    struct value_list *list = trace_list(t, 4);
    if (!list) return false;
    for (double i = 0; i < times && items.list->count; i++)
        for (uint32_t k = 0; k < items.list->count; k++)
            if (!trace_step(t, e) || !trace_append(t, list, items.list->item[k])) return false;
    *out = (struct value){.kind = items.kind, .list = list};
    return true;
}

static bool repeat_text(struct tracer *t, expr e, struct value text, double times, struct value *out) {
    struct buffer many = {0};
    uint64_t count = times > 0 ? (uint64_t)times : 0, size = text.text->size;
    if (!trace_copies(t, e, count * size)) return false;
    bool ok = true;
    for (uint64_t i = 0; ok && i < count && size; i++) {
        buffer_add(&many, text.text->data, size);
        ok = many.failed ? error_memory(t->error) : !task_interrupted() || error_interrupt(t->error);
    }
    ok = ok && trace_text(t, buffer_string(&many), many.size, out);
    buffer_free(&many);
    return ok;
}

static bool repeat(struct tracer *t, expr e, struct value items, struct value number, struct value *out) {
    double times = trace_number(t, number);
    if (times > 1e7)
        return trace_fail(t, e, ERROR_LIMIT, "%g times is more than the 1e7 that anything is repeated", times);
    if (times != floor(times)) {
        trace_fail(t, e, ERROR_TYPE, "%s is repeated a whole number of times", trace_kind_name(t, items));
        error_hint(t->error, is_sequence(items) ? "to multiply each element: [2*a for a in LIST]" : "");
        return false;
    }
    return items.kind == VALUE_STRING ? repeat_text(t, e, items, times, out) : repeat_items(t, e, items, times, out);
}

// What + * % mean for lists, tuples and strings. *known: whether they mean something for these two.
static bool sequence_operation(struct tracer *t, expr e, struct value a, struct value b, struct value *out,
                               bool *known) {
    *known = true;
    bool text = a.kind == VALUE_STRING;
    if (e->op == OP_ADD && is_sequence(a) && a.kind == b.kind) return join_items(t, e, a, b, out);
    if (e->op == OP_ADD && text && b.kind == VALUE_STRING) return join_texts(t, e, a, b, out);
    if (e->op == OP_MUL && (text || is_sequence(a)) && trace_is_number(b)) return repeat(t, e, a, b, out);
    if (e->op == OP_MUL && (b.kind == VALUE_STRING || is_sequence(b)) && trace_is_number(a))
        return repeat(t, e, b, a, out);
    if (e->op == OP_MOD && text) return format_percent(t, e, a, b, out);
    return *known = false;
}

static bool is_array(struct value value) { return value.kind == VALUE_LIST && value.list->array; }

// Whether two values are lists of the same lengths all the way down, or no lists.
static bool same_form(struct value a, struct value b) {
    if (!is_sequence(a) || !is_sequence(b)) return is_sequence(a) == is_sequence(b);
    if (a.list == b.list) return true; // also of one that contains itself
    if (a.list->count != b.list->count) return false;
    for (uint32_t i = 0; i < a.list->count; i++)
        if (!same_form(a.list->item[i], b.list->item[i])) return false;
    return true;
}

static bool has_shape(struct value value, const struct shape *shape, uint32_t axis) {
    if (axis == SHAPE_RANK_MAX || axis == shape->rank) return !is_sequence(value);
    if (!is_sequence(value) || value.list->count != shape->size[axis]) return false;
    for (uint32_t i = 0; i < value.list->count; i++)
        if (!has_shape(value.list->item[i], shape, axis + 1)) return false;
    return true;
}

// *deep: there are more axes than a shape has. Otherwise false for a ragged list.
static bool array_shape(struct value value, struct shape *shape, bool *deep) {
    struct value row = value;
    *shape = shape_scalar;
    while (is_sequence(row)) {
        if (shape->rank == SHAPE_RANK_MAX) return *deep = true, false;
        shape->size[shape->rank++] = row.list->count;
        row = row.list->count ? row.list->item[0] : (struct value){0};
    }
    return has_shape(value, shape, 0);
}

// Element by element, where ragged lists have the same lengths; what is no list goes to each element.
static bool each_alike(struct tracer *t, enum op op, struct value a, struct value b, expr e, struct value *out) {
    const struct value_list *left = is_sequence(a) ? a.list : NULL, *right = is_sequence(b) ? b.list : NULL;
    if (!left && !right) return trace_operation(t, op, a, b, e, out);
    if (left && right && left->count != right->count)
        return trace_fail(t, e, ERROR_TYPE, "the arrays have %u and %u elements", left->count, right->count);
    if (!stack_left(t, e)) return false;
    struct value_list *list = trace_list(t, left ? left->count : right->count);
    if (!list) return false;
    list->array = true;
    for (uint32_t i = 0; i < (left ? left : right)->count; i++) {
        if (!trace_step(t, e) ||
            !each_alike(t, op, left ? left->item[i] : a, right ? right->item[i] : b, e, &list->item[list->count]))
            return false;
        list->count++;
    }
    *out = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

// The row that meets the i-th of the other operand; a single one meets all.
static struct value row_at(struct value value, uint32_t i) { return value.list->item[value.list->count == 1 ? 0 : i]; }

// As NumPy broadcasts: the operand with fewer axes meets each row of the other. `axes`: of a and of b, which fit.
static bool each_stretched(struct tracer *t, enum op op, struct value a, struct value b, const uint32_t axes[2], expr e,
                           struct value *out) {
    if (axes[0] == 0 && axes[1] == 0) return trace_operation(t, op, a, b, e, out);
    bool left = axes[0] >= axes[1], right = axes[1] >= axes[0];
    uint32_t inner[2] = {axes[0] - left, axes[1] - right};
    uint32_t count = left && (!right || a.list->count != 1) ? a.list->count : b.list->count;
    struct value_list *list = trace_list(t, count);
    if (!list) return false;
    list->array = true;
    for (; list->count < count; list->count++) {
        struct value x = left ? row_at(a, list->count) : a, y = right ? row_at(b, list->count) : b;
        if (!trace_step(t, e) || !each_stretched(t, op, x, y, inner, e, &list->item[list->count])) return false;
    }
    *out = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

bool trace_each(struct tracer *t, enum op op, struct value a, struct value b, expr e, struct value *out) {
    struct shape left, right, both;
    bool deep = false;
    if (!is_sequence(a) || !is_sequence(b)) return each_alike(t, op, a, b, e, out);
    if (array_shape(a, &left, &deep) && array_shape(b, &right, &deep))
        return shape_broadcast(left, right, &both, t->error)
                   ? each_stretched(t, op, a, b, (uint32_t[]){left.rank, right.rank}, e, out)
                   : trace_place(t, e);
    if (deep && !same_form(a, b))
        return trace_fail(t, e, ERROR_LIMIT, "arrays of over %d axes fit together only where their shapes are the same",
                          SHAPE_RANK_MAX);
    return each_alike(t, op, a, b, e, out);
}

static bool is_matrix(struct value value) {
    return is_sequence(value) && value.list->count && is_sequence(value.list->item[0]);
}

// The rows of a list of lists become its columns.
static bool turn_list(struct tracer *t, expr e, struct value rows, struct value *out) {
    uint32_t count = rows.list->count, columns = rows.list->item[0].list->count;
    struct value_list *list = trace_list(t, columns);
    if (!list) return false;
    for (uint32_t i = 0; i < count; i++)
        if (!is_sequence(rows.list->item[i]) || rows.list->item[i].list->count != columns)
            return trace_fail(t, e, ERROR_TYPE, "the rows differ in length");
    for (uint32_t k = 0; k < columns; k++) {
        struct value_list *column = trace_list(t, count);
        if (!column || !trace_copies(t, e, count * sizeof *column->item)) return false;
        for (uint32_t i = 0; i < count; i++) column->item[column->count++] = rows.list->item[i].list->item[k];
        column->array = true;
        list->item[list->count++] = (struct value){.kind = VALUE_LIST, .list = column};
    }
    list->array = true;
    *out = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

// The products of each row of a with v, or of each column of b with v.
static bool products(struct tracer *t, expr e, struct value rows, struct value v, struct value *out) {
    struct value_list *list = trace_list(t, rows.list->count);
    if (!list) return false;
    list->array = true;
    for (; list->count < rows.list->count; list->count++)
        if (!trace_dot(t, e, rows.list->item[list->count], v, &list->item[list->count])) return false;
    *out = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

bool trace_product(struct tracer *t, expr e, struct value a, struct value b, struct value *out) {
    struct value columns;
    if (is_matrix(b) && !turn_list(t, e, b, &columns)) return false;
    if (!is_matrix(a) && !is_matrix(b)) return trace_dot(t, e, a, b, out);
    if (!is_matrix(b)) return products(t, e, a, b, out);
    if (!is_matrix(a)) return products(t, e, columns, a, out);
    struct value_list *list = trace_list(t, a.list->count);
    if (!list) return false;
    list->array = true;
    for (; list->count < a.list->count; list->count++)
        if (!products(t, e, columns, a.list->item[list->count], &list->item[list->count])) return false;
    *out = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

// Of two operands of which one is a tensor: the other, if it is a list of numbers, becomes one too.
static bool tensor_binary(struct tracer *t, expr e, struct value a, struct value b, struct value *out) {
    if (is_sequence(a) && !tensor_of_list(t, e->left, a, &a)) return false;
    if (is_sequence(b) && !tensor_of_list(t, e->right, b, &b)) return false;
    bool both = tensor_is(t, a) && tensor_is(t, b);
    if (!tensor_is(t, a) && !number_needed(t, a, e->left)) return false;
    if (!tensor_is(t, b) && !number_needed(t, b, e->right)) return false;
    if (e->op == OP_COUNT && !both) return trace_fail(t, e, ERROR_TYPE, "@ multiplies matrices; with a number it is *");
    return tensor_operation(t, e->op == OP_COUNT ? OP_MATMUL : (enum op)e->op, a, b, NULL, e, out);
}

static bool binary(struct tracer *t, expr e, struct value a, struct value b, struct value *out) {
    if (tensor_is(t, a) || tensor_is(t, b)) return tensor_binary(t, e, a, b, out);
    if (!trace_is_number(a) || !trace_is_number(b)) {
        if (is_array(a) || is_array(b)) {
            if (e->op == OP_COUNT) return trace_product(t, e, a, b, out);
            bool fits = (is_sequence(a) || trace_is_number(a)) && (is_sequence(b) || trace_is_number(b));
            if (fits && value_fits(a) && value_fits(b)) return trace_each(t, (enum op)e->op, a, b, e, out);
        }
        bool known, ok = sequence_operation(t, e, a, b, out, &known);
        if (known) return ok;
        if (e->op == OP_ADD && (a.kind == VALUE_STRING || b.kind == VALUE_STRING)) {
            bool left = a.kind != VALUE_STRING;
            trace_fail(t, left ? e->left : e->right, ERROR_TYPE, "a string is needed here, not %s",
                       trace_kind_name(t, left ? a : b));
            error_hint(t->error, "an f-string takes any value: f\"x = {x}\"");
            return false;
        }
        if (!number_needed(t, a, e->left) || !number_needed(t, b, e->right)) return false;
    }
    if (e->op == OP_COUNT) return trace_fail(t, e, ERROR_TYPE, "@ multiplies matrices; between numbers it is *");
    return trace_operation(t, (enum op)e->op, a, b, e, out);
}

// Long sums lean to the left: a loop walks down the spine instead of recursing a million levels deep.
static bool eval_binary(struct tracer *t, expr e, struct value *out) {
    expr few[SPINE], *spine = few;
    size_t count = 0, capacity = SPINE;
    void *many = NULL;
    for (; e->kind == EXPR_BINARY; e = e->left) {
        if (count == capacity) {
            bool first = !many;
            if (first) capacity = 0;
            if (!mem_grow(&many, &capacity, count + 1, sizeof *spine)) return mem_free(many), error_memory(t->error);
            if (first) memcpy(many, few, sizeof few);
            spine = many;
        }
        spine[count++] = e;
    }
    bool ok = trace_expression(t, e, out);
    while (ok && count > 0) {
        struct value right, result;
        e = spine[--count];
        if (count % LOOK_EVERY == 0 && task_interrupted()) {
            ok = error_interrupt(t->error);
            break;
        }
        ok = trace_expression(t, e->right, &right);
        ok = ok && binary(t, e, *out, right, &result);
        if (ok) *out = result;
    }
    mem_free(many);
    return ok;
}

static bool values_equal(struct tracer *t, struct value a, struct value b) {
    if (tensor_is(t, a) || tensor_is(t, b)) // the very same
        return a.kind == b.kind && (a.kind == VALUE_TENSOR ? a.tensor == b.tensor : a.vertex == b.vertex);
    if (trace_is_number(a) && trace_is_number(b)) return trace_number(t, a) == trace_number(t, b);
    if (a.kind == VALUE_STRING && b.kind == VALUE_STRING)
        return a.text->size == b.text->size && memcmp(a.text->data, b.text->data, a.text->size) == 0;
    if (a.kind == b.kind && a.kind == VALUE_FUNCTION) return a.closure == b.closure;
    if (a.kind == b.kind && a.kind == VALUE_OP) return a.op == b.op;
    if (a.kind == b.kind && a.kind == VALUE_BUILTIN) return a.builtin == b.builtin;
    bool lists = (a.kind == VALUE_LIST || a.kind == VALUE_TUPLE) && a.kind == b.kind;
    if (!lists) return a.kind == VALUE_NONE && b.kind == VALUE_NONE;
    if (a.list == b.list) return true;
    if (a.list->count != b.list->count || !value_fits(a) || !value_fits(b)) return false;
    for (uint32_t i = 0; i < a.list->count; i++)
        if (!values_equal(t, a.list->item[i], b.list->item[i])) return false;
    return true;
}

static bool text_in(const struct value_text *part, const struct value_text *whole) {
    for (size_t at = 0; at + part->size <= whole->size; at++)
        if (memcmp(whole->data + at, part->data, part->size) == 0) return true;
    return false;
}

static bool is_in(struct tracer *t, struct value a, struct value list, expr left, expr site, bool *out) {
    uint64_t count;
    if (list.kind == VALUE_STRING) {
        if (a.kind != VALUE_STRING)
            return trace_fail(t, left, ERROR_TYPE, "a string is needed here, not %s", trace_kind_name(t, a));
        return *out = text_in(a.text, list.text), true;
    }
    if (!trace_length(t, list, site, &count)) return false;
    if (list.kind == VALUE_RANGE) {
        double place = trace_is_number(a) ? (trace_number(t, a) - list.range->start) / list.range->step : -1;
        return *out = place >= 0 && place < (double)count && place == floor(place), true;
    }
    *out = false;
    for (uint64_t i = 0; i < count && !*out; i++) *out = values_equal(t, a, list.list->item[i]);
    return true;
}

static bool in_order(enum comparison how, double x, double y) {
    return how == CMP_LESS ? x < y : how == CMP_LESS_EQUAL ? x <= y : how == CMP_GREATER ? x > y : x >= y;
}

static int text_order(const struct value_text *a, const struct value_text *b) {
    size_t common = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->data, b->data, common);
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

// Less, greater and the like: of numbers, of strings, and of lists by the first elements that differ. `left` and
// `right` are where an error points.
static bool order(struct tracer *t, enum comparison how, struct value a, struct value b, expr left, expr right,
                  bool *out) {
    if (a.kind == VALUE_STRING && b.kind == VALUE_STRING)
        return *out = in_order(how, text_order(a.text, b.text), 0), true;
    if (is_sequence(a) && a.kind == b.kind) {
        uint32_t i = 0, common = a.list->count < b.list->count ? a.list->count : b.list->count;
        if (!value_fits(a) || !value_fits(b)) return trace_fail(t, left, ERROR_TYPE, TOO_DEEP);
        while (i < common && values_equal(t, a.list->item[i], b.list->item[i])) i++;
        if (i < common) return order(t, how, a.list->item[i], b.list->item[i], left, right, out);
        return *out = in_order(how, a.list->count, b.list->count), true;
    }
    bool other = a.kind == VALUE_STRING || is_sequence(a); // then b is what does not fit
    if (other && a.kind != b.kind)
        return trace_fail(t, right, ERROR_TYPE, "%s is needed here, not %s", trace_kind_name(t, a),
                          trace_kind_name(t, b));
    if (!number_needed(t, a, left) || !number_needed(t, b, right)) return false;
    return *out = in_order(how, trace_number(t, a), trace_number(t, b)), true;
}

// The i-th comparison of a chain.
static bool compare(struct tracer *t, expr e, uint32_t i, struct value a, struct value b, bool *out) {
    enum comparison how = (enum comparison)e->compare[i - 1];
    if (how == CMP_IN || how == CMP_NOT_IN) {
        if (!is_in(t, a, b, e->item[i - 1], e->item[i], out)) return false;
        *out ^= how == CMP_NOT_IN;
        return true;
    }
    bool is = how == CMP_IS || how == CMP_IS_NOT, plain = trace_is_number(a) && trace_is_number(b);
    bool tensors = tensor_is(t, a) || tensor_is(t, b);
    if (!is && ((tensors && (tensor_is(t, a) || trace_is_number(a)) && (tensor_is(t, b) || trace_is_number(b))) ||
                (plain && (trace_waits(t, a) || trace_waits(t, b))))) {
        bool left = tensors ? tensor_is(t, a) : trace_waits(t, a);
        return tell_no_number(t, left ? a : b, left ? e->item[i - 1] : e->item[i]), false;
    }
    if (how == CMP_EQUAL || how == CMP_NOT_EQUAL || is)
        return *out = values_equal(t, a, b) ^ (how == CMP_NOT_EQUAL || how == CMP_IS_NOT), true;
    return order(t, how, a, b, e->item[i - 1], e->item[i], out);
}

static struct value truth_value(bool truth) {
    return (struct value){.kind = VALUE_BOOL, .integer = true, .number = truth};
}

static bool eval_compare(struct tracer *t, expr e, struct value *out) {
    struct value left, right;
    if (!trace_expression(t, e->item[0], &left)) return false;
    bool truth = true;
    for (uint32_t i = 1; truth && i < e->count; i++, left = right)
        if (!trace_expression(t, e->item[i], &right) || !compare(t, e, i, left, right, &truth)) return false;
    *out = truth_value(truth);
    return true;
}

static bool eval_junction(struct tracer *t, expr e, struct value *out) {
    for (uint32_t i = 0; i < e->count; i++) {
        bool truth;
        if (!trace_expression(t, e->item[i], out)) return false;
        if (i + 1 == e->count) break;
        if (!trace_truth(t, *out, e->item[i], &truth)) return false;
        if (truth == (e->kind == EXPR_OR)) break;
    }
    return true;
}

static bool eval_conditional(struct tracer *t, expr e, struct value *out) {
    struct value condition;
    bool truth;
    if (!trace_expression(t, e->item[1], &condition) || !trace_truth(t, condition, e->item[1], &truth)) return false;
    return trace_expression(t, e->item[truth ? 0 : 2], out);
}

static bool eval_items(struct tracer *t, expr e, struct value *out) {
    struct value_list *list = trace_list(t, e->count);
    if (!list) return false;
    for (uint32_t i = 0; i < e->count; i++)
        if (!trace_expression(t, e->item[i], &list->item[i])) return false;
    list->count = e->count;
    *out = (struct value){.kind = e->kind == EXPR_LIST ? VALUE_LIST : VALUE_TUPLE, .list = list};
    return true;
}

static bool eval_index(struct tracer *t, expr e, struct value *out) {
    struct value list, index;
    uint64_t count, i;
    if (!trace_expression(t, e->left, &list)) return false;
    if (tensor_is(t, list)) return tensor_subscript(t, e, list, (expr[]){e->right}, 1, out);
    if (!trace_expression(t, e->right, &index) || !trace_spread(t, e->left, &list) ||
        !trace_length(t, list, e->left, &count) || !read_index(t, e->right, index, count, &i))
        return false;
    *out = trace_item(list, i);
    return true;
}

// A part of a slice as Python limits it.
static bool slice_part(struct tracer *t, expr part, double standard, double low, double high, double count,
                       double *out) {
    struct value value;
    *out = standard;
    if (!part) return true;
    if (!trace_expression(t, part, &value)) return false;
    if (value.kind == VALUE_NONE) return true;
    if (!number_needed(t, value, part)) return false;
    double i = trace_number(t, value);
    if (i != floor(i)) return trace_fail(t, part, ERROR_TYPE, "a slice needs whole numbers, not %g", i);
    if (i < 0) i += count;
    *out = i < low ? low : i > high ? high : i;
    return true;
}

static bool join_characters(struct tracer *t, const struct value_list *list, struct value *out) {
    struct buffer text = {0};
    for (uint32_t i = 0; i < list->count; i++) buffer_add(&text, list->item[i].text->data, list->item[i].text->size);
    bool ok = text.failed ? error_memory(t->error) : trace_text(t, buffer_string(&text), text.size, out);
    buffer_free(&text);
    return ok;
}

bool trace_slice(struct tracer *t, expr e, double n, double *start, double *step, double *count) {
    struct value value;
    double stop;
    *step = 1;
    if (e->item[2]) {
        if (!trace_expression(t, e->item[2], &value)) return false;
        if (value.kind != VALUE_NONE) {
            if (!number_needed(t, value, e->item[2])) return false;
            *step = trace_number(t, value);
        }
        if (*step == 0 || *step != floor(*step))
            return trace_fail(t, e->item[2], ERROR_TYPE, "a slice's step is a whole number, not 0");
    }
    bool back = *step < 0;
    if (!slice_part(t, e->item[0], back ? n - 1 : 0, back ? -1 : 0, back ? n - 1 : n, n, start) ||
        !slice_part(t, e->item[1], back ? -1 : n, back ? -1 : 0, back ? n - 1 : n, n, &stop))
        return false;
    *count = fmax(0, ceil((stop - *start) / *step));
    return true;
}

// The elements of a list that a slice takes.
static bool slice_list(struct tracer *t, expr e, struct value list, struct value *out) {
    uint64_t count;
    double start, step, length;
    if (!trace_length(t, list, e->left ? e->left : e, &count) ||
        !trace_slice(t, e, (double)count, &start, &step, &length))
        return false;
    struct value_list *part = trace_list(t, 4);
    if (!part || !trace_copies(t, e, (uint64_t)length * sizeof *part->item)) return false;
    for (double i = 0; i < length; i++)
        if (!trace_append(t, part, trace_item(list, (uint64_t)(start + i * step)))) return false;
    part->array = is_array(list);
    *out = (struct value){.kind = list.kind == VALUE_TUPLE ? VALUE_TUPLE : VALUE_LIST, .list = part};
    return true;
}

static bool eval_slice(struct tracer *t, expr e, struct value *out) {
    struct value list;
    if (!trace_expression(t, e->left, &list)) return false;
    if (tensor_is(t, list)) return tensor_subscript(t, e, list, &e, 1, out);
    bool text = list.kind == VALUE_STRING;
    if (!trace_spread(t, e->left, &list) || !slice_list(t, e, list, out)) return false;
    return !text || join_characters(t, out->list, out);
}

// a[i, j], a[:, 0] of a list of lists.
static bool subscript_list(struct tracer *t, expr e, uint32_t part, struct value list, struct value *out) {
    struct value index;
    uint64_t count, i;
    if (part == e->count) return *out = list, true;
    expr at = e->item[part];
    if (at->kind == EXPR_ELLIPSIS) return trace_fail(t, at, ERROR_TYPE, "... is for tensors");
    if (!stack_left(t, e)) return false;
    if (at->kind != EXPR_SLICE || at->left) {
        if (!trace_expression(t, at, &index) || !trace_length(t, list, e->left, &count) ||
            !read_index(t, at, index, count, &i))
            return false;
        return subscript_list(t, e, part + 1, trace_item(list, i), out);
    }
    if (!slice_list(t, at, list, out)) return false;
    for (uint32_t k = 0; k < out->list->count; k++)
        if (!trace_step(t, e) || !subscript_list(t, e, part + 1, out->list->item[k], &out->list->item[k])) return false;
    return true;
}

static bool eval_subscript(struct tracer *t, expr e, struct value *out) {
    struct value value;
    if (!trace_expression(t, e->left, &value)) return false;
    if (tensor_is(t, value)) return tensor_subscript(t, e, value, (const expr *)e->item, e->count, out);
    if (is_array(value) && value_fits(value)) return subscript_list(t, e, 0, value, out);
    trace_fail(t, e, ERROR_TYPE, "an index of several parts is for tensors and arrays, not for %s",
               trace_kind_name(t, value));
    error_hint(t->error, is_sequence(value) ? "write a[i][j]" : "");
    return false;
}

static bool eval_clause(struct tracer *t, expr e, uint32_t clause, struct value_list *list);

static bool eval_element(struct tracer *t, expr e, uint32_t clause, struct value_list *list) {
    if (clause < e->count) return eval_clause(t, e, clause, list);
    struct value item;
    return trace_expression(t, e->left, &item) && trace_append(t, list, item);
}

static bool conditions_hold(struct tracer *t, const struct clause *c, bool *hold) {
    *hold = true;
    for (uint32_t i = 0; *hold && i < c->condition_count; i++) {
        struct value value;
        if (!trace_expression(t, c->condition[i], &value) || !trace_truth(t, value, c->condition[i], hold))
            return false;
    }
    return true;
}

static bool eval_clause(struct tracer *t, expr e, uint32_t clause, struct value_list *list) {
    const struct clause *c = &e->clause[clause];
    struct value over;
    uint64_t count;
    if (!trace_expression(t, c->iterable, &over) || !trace_spread(t, c->iterable, &over) ||
        !trace_length(t, over, c->iterable, &count))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        bool hold;
        if (!trace_step(t, e) || !trace_bind(t, c->target, trace_item(over, i), false) || !conditions_hold(t, c, &hold))
            return false;
        if (hold && !eval_element(t, e, clause + 1, list)) return false;
    }
    return true;
}

// The loop variables of a comprehension are its own: what the names meant before is put back.
static void swap_names(struct tracer *t, expr target, struct value *saved, uint32_t *count, bool back) {
    if (target->kind != EXPR_NAME) {
        for (uint32_t i = 0; i < target->count; i++) swap_names(t, target->item[i], saved, count, back);
        return;
    }
    if (*count >= 16) return;
    struct value *place = target->slot != SLOT_GLOBAL && t->local ? &t->local[target->slot] : NULL;
    if (!place && target->name < t->state->global_capacity) place = &t->state->global[target->name];
    if (back) {
        if (!place) return;
        *place = saved[(*count)++];
        if (!t->local && place->kind == VALUE_UNBOUND) forget_order(t->state, target->name);
    } else {
        saved[(*count)++] = place ? *place : (struct value){0};
    }
}

static bool eval_comprehension(struct tracer *t, expr e, struct value *out) {
    struct value saved[16];
    uint32_t count = 0;
    for (uint32_t i = 0; i < e->count; i++) swap_names(t, e->clause[i].target, saved, &count, false);
    struct value_list *list = trace_list(t, 4);
    if (!list || !eval_clause(t, e, 0, list)) return false;
    count = 0;
    for (uint32_t i = 0; i < e->count; i++) swap_names(t, e->clause[i].target, saved, &count, true);
    *out = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

// np.sin without an import is clear enough.
static bool is_module_name(struct tracer *t, expr e) {
    static const char *const names[] = {"math", "np", "numpy", "torch", "F", "nn", "jnp"};
    if (e->kind != EXPR_NAME || known_name(t, e).kind != VALUE_UNBOUND) return false;
    const char *name = symbol_text(t->symbols, e->name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

// What stands before a point.
static bool eval_object(struct tracer *t, expr e, struct value *out) {
    if (is_module_name(t, e)) return *out = (struct value){.kind = VALUE_MODULE}, true;
    return trace_expression(t, e, out);
}

static bool is_submodule(const char *name) {
    static const char *const names[] = {"random", "linalg", "nn", "functional"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

// A.T, A.shape of a list that computes element by element; *known: it has this attribute.
static bool array_attribute(struct tracer *t, expr e, struct value array, struct value *out, bool *known) {
    const char *name = symbol_text(t->symbols, e->name);
    bool turn = strcmp(name, "T") == 0;
    *known = turn || strcmp(name, "shape") == 0;
    if (!*known) return false;
    if (turn) return is_matrix(array) ? turn_list(t, e, array, out) : (*out = array, true);
    struct value_list *shape = trace_list(t, 2);
    if (!shape) return false;
    for (int depth = 0; depth < 100 && is_sequence(array); depth++) {
        struct value count = {.kind = VALUE_NUMBER, .integer = true, .number = array.list->count};
        if (!trace_append(t, shape, count) || !array.list->count) break;
        array = array.list->item[0];
    }
    *out = (struct value){.kind = VALUE_TUPLE, .list = shape};
    return true;
}

static bool attribute_of(struct tracer *t, expr e, struct value object, struct value *out) {
    const char *name = symbol_text(t->symbols, e->name);
    if (is_array(object)) {
        bool known, ok = array_attribute(t, e, object, out, &known);
        if (known) return ok;
    }
    if (tensor_is(t, object)) return tensor_attribute(t, e, object, out);
    if (object.kind != VALUE_MODULE)
        return trace_fail(t, e, ERROR_TYPE, "%s has no attribute `%s` that bauer knows", trace_kind_name(t, object),
                          name);
    if (builtin_lookup(name, out)) return true;
    if (is_submodule(name)) return *out = object, true;
    trace_fail(t, e, ERROR_NAME, "`%s` is not among the functions that bauer knows", name);
    const char *nearest = nearest_name(t, name);
    if (nearest) error_hint(t->error, "did you mean `%s`?", nearest);
    return false;
}

static bool eval_attribute(struct tracer *t, expr e, struct value *out) {
    struct value object;
    return eval_object(t, e->left, &object) && attribute_of(t, e, object, out);
}

// ---- calls --------------------------------------------------------------------------------------------------------

static void fail_arity(struct tracer *t, expr call, const struct function *f) {
    uint32_t least = 0, most = f->placed < f->parameter_count ? f->placed : f->parameter_count, given = 0;
    for (uint32_t i = 0; i < most; i++) least += f->parameter[i].standard == NULL;
    while (given < call->count && !expression_keyword(call, given)) given++;
    const char *name = symbol_text(t->symbols, f->name), *by = most < f->parameter_count ? " by place" : "";
    if (!*by) given = call->count;
    if (least == most)
        trace_fail(t, call, ERROR_TYPE, "%s takes %u argument%s%s, %u given", name, least, least == 1 ? "" : "s", by,
                   given);
    else
        trace_fail(t, call, ERROR_TYPE, "%s takes %u to %u arguments%s, %u given", name, least, most, by, given);
}

// missing: the first parameter without an argument, or NULL.
static bool arity_error(struct tracer *t, expr call, const struct function *f, const struct parameter *missing) {
    const char *name = symbol_text(t->symbols, f->name);
    if (missing && missing >= f->parameter + f->placed)
        trace_fail(t, call, ERROR_TYPE, "%s needs the argument %s=", name, symbol_text(t->symbols, missing->name));
    else
        fail_arity(t, call, f);
    struct buffer text = {0};
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        if (i == f->nameless && i) buffer_text(&text, ", /");
        if (i == f->placed) buffer_text(&text, i ? ", *" : "*");
        buffer_printf(&text, "%s%s", i || i == f->placed ? ", " : "", symbol_text(t->symbols, f->parameter[i].name));
    }
    if (f->nameless && f->nameless == f->parameter_count) buffer_text(&text, ", /");
    error_hint(t->error, "it is defined as %s(%s)", name, buffer_string(&text));
    buffer_free(&text);
    return false;
}

static bool find_parameter(struct tracer *t, expr call, const struct function *f, uint32_t argument, uint32_t *out) {
    symbol keyword = expression_keyword(call, argument);
    for (*out = keyword ? f->nameless : argument; keyword && *out < f->parameter_count; ++*out)
        if (f->parameter[*out].name == keyword) return true;
    if (!keyword) return *out < f->placed || arity_error(t, call, f, NULL);
    for (uint32_t i = 0; i < f->nameless; i++)
        if (f->parameter[i].name == keyword)
            return trace_fail(t, call->item[argument], ERROR_TYPE, "%s takes `%s` by place, not by name",
                              symbol_text(t->symbols, f->name), symbol_text(t->symbols, keyword));
    return trace_fail(t, call->item[argument], ERROR_TYPE, "%s has no parameter `%s`", symbol_text(t->symbols, f->name),
                      symbol_text(t->symbols, keyword));
}

bool trace_arguments(struct tracer *t, expr call, struct function *f, struct value *argument) {
    memset(argument, 0, f->parameter_count * sizeof *argument);
    for (uint32_t i = 0; i < call->count; i++) {
        uint32_t p;
        if (!find_parameter(t, call, f, i, &p)) return false;
        if (argument[p].kind != VALUE_UNBOUND)
            return trace_fail(t, call->item[i], ERROR_TYPE, "the parameter `%s` is given twice",
                              symbol_text(t->symbols, f->parameter[p].name));
        if (!trace_expression(t, call->item[i], &argument[p])) return false;
    }
    for (uint32_t i = 0; i < f->parameter_count; i++)
        if (argument[i].kind == VALUE_UNBOUND && !f->parameter[i].standard)
            return arity_error(t, call, f, &f->parameter[i]);
    return true;
}

static bool bind_parameters(struct tracer *t, const struct closure *closure, const struct value *argument,
                            struct value *local) {
    const struct function *f = closure->function;
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        struct value value = argument[i];
        if (value.kind == VALUE_UNBOUND) {
            value = closure->standard[i];
            if (closure->prompt && !import_value(t, &value, f->parameter[i].standard)) return false;
        }
        symbol name = f->parameter[i].name;
        if (value.kind == VALUE_NUMBER && (!value.name || argument[i].kind == VALUE_UNBOUND)) value.name = name;
        if (value.kind == VALUE_VERTEX && !graph_name(t->graph, value.vertex, name, t->error)) return false;
        if (value.kind == VALUE_LIST) trace_name_items(t, value, symbol_text(t->symbols, name));
        local[i] = value;
    }
    return true;
}

static enum flow run_block(struct tracer *t, const struct block *block);

static bool run_function(struct tracer *t, struct function *f, struct value *out) {
    t->result = (struct value){.kind = VALUE_NONE};
    t->returned = NULL;
    enum flow flow = run_block(t, &f->body);
    if (flow == FLOW_FAIL) return false;
    if (flow != FLOW_RETURN) { // not what a function called on the way returned
        t->result = (struct value){.kind = VALUE_NONE};
        t->returned = NULL;
    }
    *out = t->result;
    if (out->kind == VALUE_VERTEX && !f->anonymous && !t->graph->name[out->vertex])
        return graph_name(t->graph, out->vertex, f->name, t->error);
    return true;
}

static bool depth_left(struct tracer *t, expr site, const struct function *f) {
    if (t->depth >= t->options->depth) {
        trace_fail(t, site, ERROR_LIMIT, "calls are nested over %u deep (in %s)", t->options->depth,
                   symbol_text(t->symbols, f->name));
        error_hint(t->error, "recursion without end? Else raise the limit with :set depth NUMBER");
        return false;
    }
    return stack_left(t, site);
}

bool trace_call(struct tracer *t, expr site, const struct closure *closure, struct value *argument, struct value *out) {
    struct function *f = closure->function;
    if (site && (!depth_left(t, site, f) || !trace_step(t, site))) return false;
    struct value few[LOCALS_ON_STACK], *local = few;
    struct names here, *frame = &here;
    if (f->encloses) {
        frame = arena_alloc(t->state->arena, sizeof *frame);
        local = arena_alloc(t->state->arena, (f->slot_count + 1) * sizeof *local);
    } else if (f->slot_count > LOCALS_ON_STACK) {
        local = mem_alloc(f->slot_count, sizeof *local);
    }
    if (!frame || !local) return error_memory(t->error);
    memset(local, 0, f->slot_count * sizeof *local);
    *frame = (struct names){f, local, closure->outer, t->prompt};
    const struct module *module = t->module;
    const struct function *function = t->function;
    struct names *caller = t->frame;
    bool framed = site && t->depth > 0;
    bool ok = !framed || graph_enter(t->graph, FRAME_CALL, f->name, 0, site_of(t, site), t->error);
    t->module = f->module;
    t->function = f;
    t->local = local;
    t->frame = frame;
    t->depth++;
    ok = ok && bind_parameters(t, closure, argument, local) && run_function(t, f, out);
    t->depth--;
    t->module = module;
    t->function = function;
    t->frame = caller;
    t->local = caller ? caller->local : NULL;
    if (framed && ok) graph_leave(t->graph);
    if (local != few && !f->encloses) mem_free(local);
    return ok;
}

static bool holds_number(struct value value) {
    if (value.kind == VALUE_NUMBER || value.kind == VALUE_RANGE) return true;
    if (value.kind != VALUE_LIST && value.kind != VALUE_TUPLE) return false;
    for (uint32_t i = 0; i < value.list->count; i++)
        if (holds_number(value.list->item[i])) return true;
    return false;
}

static bool is_plain_call(const struct function *f, const struct value *argument) {
    bool number = false;
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        if (!value_fits(argument[i]) || trace_holds_vertex(argument[i])) return false;
        number = number || holds_number(argument[i]);
    }
    return number;
}

// A call whose result has only numbers behind it leaves nothing in the prompt's graph. It is remembered as it was made,
// before the function can change a list.
static bool remember_call(struct tracer *t, struct closure *closure, const struct value *argument) {
    const struct function *f = closure->function;
    if (!is_plain_call(f, argument)) return true;
    arena_free(t->plain_arena);
    t->plain = (struct call){0};
    t->plain_arena = arena_new();
    struct value *copy = t->plain_arena ? arena_alloc(t->plain_arena, (f->parameter_count + 1) * sizeof *copy) : NULL;
    if (!copy) return error_memory(t->error);
    memcpy(copy, argument, f->parameter_count * sizeof *copy);
    for (uint32_t i = 0; i < f->parameter_count; i++)
        if (!trace_plain(t, t->plain_arena, &copy[i])) return false;
    t->plain = (struct call){closure, copy};
    return true;
}

static bool call_function(struct tracer *t, expr e, struct closure *closure, struct value *out) {
    struct function *f = closure->function;
    struct value few[8], *argument = few;
    if (f->parameter_count > 8 && !(argument = mem_alloc(f->parameter_count, sizeof *argument)))
        return error_memory(t->error);
    bool ok = trace_arguments(t, e, f, argument);
    if (ok && t->depth == 0 && t->prompt) t->depth = 1; // at the prompt every call is a frame
    bool raised = ok && t->function == NULL && t->prompt;
    if (raised) ok = remember_call(t, closure, argument);
    ok = ok && trace_call(t, e, closure, argument, out);
    if (raised && ok && !trace_is_number(*out) && out->kind != VALUE_LIST && out->kind != VALUE_TUPLE)
        t->plain.closure = NULL;
    if (raised) t->depth = 0;
    if (argument != few) mem_free(argument);
    return ok;
}

static bool call_operation(struct tracer *t, expr e, enum op op, struct value *out) {
    struct value a, b = {.kind = VALUE_NUMBER};
    const struct op_info *info = &op_table[op];
    if (e->count && expression_keyword(e, e->count - 1))
        return trace_fail(t, e, ERROR_TYPE, "%s takes no keyword arguments", info->name);
    if ((int)e->count != info->arity) {
        trace_fail(t, e, ERROR_TYPE, "%s takes %d argument%s, %u given", info->name, info->arity,
                   info->arity == 1 ? "" : "s", e->count);
        error_hint(t->error, "for example %s", info->example);
        return false;
    }
    if (!trace_expression(t, e->item[0], &a) || (info->arity == 2 && !trace_expression(t, e->item[1], &b)))
        return false;
    if ((is_array(a) || is_array(b)) && value_fits(a) && value_fits(b)) return trace_each(t, op, a, b, e, out);
    if (tensor_is(t, a) || (info->arity == 2 && tensor_is(t, b))) return tensor_operation(t, op, a, b, NULL, e, out);
    if (!number_needed(t, a, e->item[0]) || (info->arity == 2 && !number_needed(t, b, e->item[1]))) return false;
    return trace_operation(t, op, a, b, e, out);
}

static bool call_builtin(struct tracer *t, expr e, int builtin, struct value *out) {
    struct value few[8], *argument = few;
    if (e->count > 8 && !(argument = mem_alloc(e->count, sizeof *argument))) return error_memory(t->error);
    bool ok = true;
    for (uint32_t i = 0; ok && i < e->count; i++) ok = trace_expression(t, e->item[i], &argument[i]);
    ok = ok && builtin_call(t, e, builtin, argument, e->count, out);
    if (argument != few) mem_free(argument);
    return ok;
}

// list.pop(index): the elements behind it move up.
static bool pop_item(struct tracer *t, expr e, struct value_list *list, const struct value *index, struct value *out) {
    if (!list->count) return trace_fail(t, e, ERROR_TYPE, "the list is empty");
    uint64_t at = list->count - 1;
    if (index && !read_index(t, e->item[0], *index, list->count, &at)) return false;
    *out = list->item[at];
    for (; at + 1 < list->count; at++)
        if (!trace_step(t, e) || !set_item(t, list, (uint32_t)at, list->item[at + 1])) return false;
    if (!set_item(t, list, list->count - 1, *out)) return false; // journaled: an append may overwrite it
    if (!journal_item(t, (struct undo_item){.list = list, .count = list->count, .index = UINT32_MAX})) return false;
    list->count--;
    return true;
}

static bool add_flat(struct tracer *t, expr e, struct value value, struct value_list *list) {
    if (!is_sequence(value)) return trace_append(t, list, value);
    for (uint32_t i = 0; i < value.list->count; i++)
        if (!trace_step(t, e) || !add_flat(t, e, value.list->item[i], list)) return false;
    return true;
}

// A.sum(), A.dot(B): functions of an array, written behind it. *known: it is one of them.
static bool array_method(struct tracer *t, expr e, struct value array, struct value *out, bool *known) {
    static const char *const names[] = {"sum", "mean", "prod", "max", "min", "dot"};
    const char *name = symbol_text(t->symbols, e->left->name);
    struct value function;
    *known = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) *known |= strcmp(name, names[i]) == 0;
    if (!*known || !builtin_lookup(name, &function)) return *known = false;
    if (!value_fits(array)) return trace_fail(t, e, ERROR_TYPE, TOO_DEEP);
    if (is_matrix(array) && strcmp(name, "dot") != 0) {
        struct value_list *flat = trace_list(t, 4);
        if (!flat || !add_flat(t, e, array, flat)) return false;
        array = (struct value){.kind = VALUE_LIST, .list = flat};
    }
    return trace_method(t, e, array, function.builtin, out);
}

// list.append(x), .extend(xs), .pop(): the methods that notebooks use.
static bool call_method(struct tracer *t, expr e, struct value list, struct value *out) {
    const char *name = symbol_text(t->symbols, e->left->name);
    struct value item = {0};
    bool known, done = is_array(list) && array_method(t, e, list, out, &known);
    if (is_array(list) && known) return done;
    bool adds = strcmp(name, "append") == 0 || strcmp(name, "extend") == 0;
    if (e->count > 1 || (adds && e->count == 0)) return trace_fail(t, e, ERROR_TYPE, "%s takes one argument", name);
    if (e->count && !trace_expression(t, e->item[0], &item)) return false;
    *out = (struct value){.kind = VALUE_NONE};
    if (!may_change(t, list.list, e)) return false;
    if (strcmp(name, "append") == 0 && e->count) return trace_append(t, list.list, item);
    if (strcmp(name, "extend") == 0 && e->count) {
        uint64_t count;
        if (!trace_length(t, item, e->item[0], &count)) return false;
        for (uint64_t i = 0; i < count; i++)
            if (!trace_step(t, e) || !trace_append(t, list.list, trace_item(item, i))) return false;
        return true;
    }
    if (strcmp(name, "pop") == 0) return pop_item(t, e, list.list, e->count ? &item : NULL, out);
    trace_fail(t, e, ERROR_NAME, "lists have no method `%s` here", name);
    error_hint(t->error, "append, extend and pop are there");
    return false;
}

static bool add_joined(struct tracer *t, expr e, struct value gap, struct value list, struct buffer *out) {
    uint64_t count;
    if (!trace_length(t, list, e->item[0], &count)) return false;
    for (uint64_t i = 0; i < count; i++) {
        struct value item = trace_item(list, i);
        if (!trace_step(t, e)) return false;
        if (item.kind != VALUE_STRING) {
            trace_fail(t, e->item[0], ERROR_TYPE, "join needs strings, not %s", trace_kind_name(t, item));
            error_hint(t->error, "', '.join(str(a) for a in LIST)");
            return false;
        }
        if (!trace_copies(t, e, (uint64_t)gap.text->size + item.text->size)) return false;
        if (i) buffer_add(out, gap.text->data, gap.text->size);
        buffer_add(out, item.text->data, item.text->size);
    }
    return true;
}

static bool call_text_method(struct tracer *t, expr e, struct value text, const struct value *argument,
                             struct value *out) {
    const char *name = symbol_text(t->symbols, e->left->name);
    if (strcmp(name, "format") == 0) return format_fields(t, e, text, argument, out);
    if (strcmp(name, "join") == 0 && e->count == 1) {
        struct buffer joined = {0};
        bool ok = add_joined(t, e, text, argument[0], &joined);
        if (ok && joined.failed) ok = error_memory(t->error);
        ok = ok && trace_text(t, buffer_string(&joined), joined.size, out);
        buffer_free(&joined);
        return ok;
    }
    trace_fail(t, e, ERROR_NAME, "strings have no method `%s` here", name);
    error_hint(t->error, "format(...) and join(LIST) are there, and f-strings: f\"{x:.3f}\"");
    return false;
}

static bool call_text(struct tracer *t, expr e, struct value text, struct value *out) {
    struct value few[8], *argument = few;
    if (e->count > 8 && !(argument = mem_alloc(e->count, sizeof *argument))) return error_memory(t->error);
    bool ok = true;
    for (uint32_t i = 0; ok && i < e->count; i++) ok = trace_expression(t, e->item[i], &argument[i]);
    ok = ok && call_text_method(t, e, text, argument, out);
    if (argument != few) mem_free(argument);
    return ok;
}

// x.sum(0) is sum(x, 0): the call as it would be written so, for the places of errors and for keywords.
bool trace_method(struct tracer *t, expr e, struct value self, int builtin, struct value *out) {
    struct expression *item[9], **items = item, call = *e;
    struct value few[9], *argument = few;
    symbol keyword[9], *keywords = keyword;
    if (e->count > 8) {
        items = arena_alloc(t->state->arena, ((size_t)e->count + 1) * sizeof *items);
        argument = arena_alloc(t->state->arena, ((size_t)e->count + 1) * sizeof *argument);
        keywords = arena_alloc(t->state->arena, ((size_t)e->count + 1) * sizeof *keywords);
        if (!items || !argument || !keywords) return error_memory(t->error);
    }
    call.item = items;
    call.keyword = e->keyword ? keywords : NULL;
    call.count = e->count + 1;
    items[0] = e->left->left;
    argument[0] = self;
    keywords[0] = 0;
    for (uint32_t i = 0; i < e->count; i++) {
        items[i + 1] = e->item[i];
        keywords[i + 1] = expression_keyword(e, i);
        if (!trace_expression(t, e->item[i], &argument[i + 1])) return false;
    }
    call.site = trace_site(t, e); // the place is that of the call itself
    call.site_epoch = t->epoch;
    return builtin_call(t, &call, builtin, argument, call.count, out);
}

static bool call_value(struct tracer *t, expr e, struct value callee, struct value *out) {
    switch (callee.kind) {
    case VALUE_FUNCTION:
        return call_function(t, e, callee.closure, out);
    case VALUE_OP:
        return call_operation(t, e, callee.op, out);
    case VALUE_BUILTIN:
        return call_builtin(t, e, callee.builtin, out);
    default:
        trace_fail(t, e->left, ERROR_TYPE, "%s cannot be called", trace_kind_name(t, callee));
        if (trace_is_number(callee)) error_hint(t->error, "write * for a product: 2*(x + 1)");
        return false;
    }
}

static bool eval_call(struct tracer *t, expr e, struct value *out) {
    struct value object, callee;
    if (e->left->kind != EXPR_ATTRIBUTE) return trace_expression(t, e->left, &callee) && call_value(t, e, callee, out);
    if (!eval_object(t, e->left->left, &object)) return false;
    if (object.kind == VALUE_LIST) return call_method(t, e, object, out);
    if (object.kind == VALUE_STRING) return call_text(t, e, object, out);
    if (tensor_is(t, object) || trace_is_number(object)) return tensor_method(t, e, object, out);
    return attribute_of(t, e->left, object, &callee) && call_value(t, e, callee, out);
}

static bool hold_module(struct tracer *t, struct module *module) {
    struct state *state = t->state;
    for (size_t i = state->module_count; i-- > 0;)
        if (state->module[i] == module) return true;
    if (!mem_grow(&state->module, &state->module_capacity, state->module_count + 1, sizeof *state->module))
        return error_memory(t->error);
    state->module[state->module_count++] = module_hold(module);
    return true;
}

// The function as a value: its defaults are evaluated here, once.
static bool make_closure(struct tracer *t, struct function *f, struct value *out) {
    struct closure *closure = arena_alloc(t->state->arena, sizeof *closure);
    if (closure) closure->standard = arena_alloc(t->state->arena, (f->parameter_count + 1) * sizeof *closure->standard);
    if (!closure || !closure->standard) return error_memory(t->error);
    closure->function = f;
    closure->outer = t->frame;
    closure->prompt = t->prompt;
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        closure->standard[i] = (struct value){0};
        if (f->parameter[i].standard && !trace_expression(t, f->parameter[i].standard, &closure->standard[i]))
            return false;
    }
    *out = (struct value){.kind = VALUE_FUNCTION, .closure = closure};
    return hold_module(t, f->module);
}

bool trace_expression(struct tracer *t, expr e, struct value *out) {
    struct value value;
    bool truth;
    switch (e->kind) {
    case EXPR_NUMBER:
        *out = (struct value){.kind = VALUE_NUMBER, .integer = e->integer, .number = e->number};
        return true;
    case EXPR_NAME:
        return eval_name(t, e, out);
    case EXPR_BINARY:
        return eval_binary(t, e, out);
    case EXPR_CALL:
        return eval_call(t, e, out);
    case EXPR_NEGATE:
        if (!trace_expression(t, e->left, &value)) return false;
        if (tensor_is(t, value)) return tensor_operation(t, OP_NEG, value, value, NULL, e, out);
        if (is_array(value) && value_fits(value)) return trace_each(t, OP_NEG, value, truth_value(false), e, out);
        return number_needed(t, value, e->left) &&
               trace_operation(t, OP_NEG, value, (struct value){.kind = VALUE_NUMBER}, e, out);
    case EXPR_PLUS:
        return trace_expression(t, e->left, out) && (tensor_is(t, *out) || number_needed(t, *out, e->left));
    case EXPR_NOT:
        if (!trace_expression(t, e->left, &value) || !trace_truth(t, value, e, &truth)) return false;
        *out = truth_value(!truth);
        return true;
    case EXPR_AND:
    case EXPR_OR:
        return eval_junction(t, e, out);
    case EXPR_COMPARE:
        return eval_compare(t, e, out);
    case EXPR_CONDITIONAL:
        return eval_conditional(t, e, out);
    case EXPR_INDEX:
        return eval_index(t, e, out);
    case EXPR_SLICE:
        return eval_slice(t, e, out);
    case EXPR_SUBSCRIPT:
        return eval_subscript(t, e, out);
    case EXPR_ATTRIBUTE:
        return eval_attribute(t, e, out);
    case EXPR_LIST:
    case EXPR_TUPLE:
        return eval_items(t, e, out);
    case EXPR_COMPREHENSION:
        return eval_comprehension(t, e, out);
    case EXPR_LAMBDA:
        return make_closure(t, e->function, out);
    case EXPR_STRING:
        return trace_text(t, e->text, e->count, out);
    case EXPR_FORMAT:
        return format_string(t, e, out);
    case EXPR_TRUE:
    case EXPR_FALSE:
        *out = truth_value(e->kind == EXPR_TRUE);
        return true;
    default:
        *out = (struct value){.kind = VALUE_NONE};
        return true;
    }
}

// ---- statements ---------------------------------------------------------------------------------------------------

static enum flow done(bool ok) { return ok ? FLOW_NEXT : FLOW_FAIL; }

// a, b = 2, f(3): each on its own.
static bool bind_each(struct tracer *t, expr target, struct value value, expr from) {
    bool plain = t->prompt && !t->function && value.kind != VALUE_VERTEX;
    if (!plain || target->kind != EXPR_TUPLE || from->kind != EXPR_TUPLE || target->count != from->count)
        return trace_bind(t, target, value, plain && is_given(t, from, NULL));
    for (uint32_t i = 0; i < target->count; i++)
        if (!bind_each(t, target->item[i], trace_item(value, i), from->item[i])) return false;
    return true;
}

static bool run_assign(struct tracer *t, const struct statement *s) {
    struct value value;
    if (!trace_expression(t, s->value, &value)) return false;
    for (uint32_t i = 0; i < s->count; i++) {
        if (!bind_each(t, s->target[i], value, s->value)) return false;
        // a = b = 1: both names mean the one input that the first became.
        if (s->count > 1 && s->target[i]->kind == EXPR_NAME && !trace_expression(t, s->target[i], &value)) return false;
    }
    return true;
}

// array += 1 changes the array's elements, as its other names see.
static bool change_elements(struct tracer *t, const struct statement *s, struct value_list *list, struct value right) {
    struct expression operation = {.kind = EXPR_BINARY, .op = s->op, .begin = s->begin, .end = s->target[1]->end};
    struct value after;
    operation.left = s->target[0];
    operation.right = s->value;
    if (!may_change(t, list, s->target[0])) return false;
    if (!binary(t, &operation, (struct value){.kind = VALUE_LIST, .list = list}, right, &after)) return false;
    if (!same_form((struct value){.kind = VALUE_LIST, .list = list}, after))
        return trace_fail(t, s->value, ERROR_TYPE, "the result does not fit into the array");
    for (uint32_t i = 0; i < list->count; i++)
        if (!set_item(t, list, i, after.list->item[i])) return false;
    return true;
}

// list *= 3 changes the list, as its other names see.
static bool repeat_in_place(struct tracer *t, expr e, struct value_list *list, struct value number) {
    struct value many;
    struct value_list *made;
    if (!may_change(t, list, e->left)) return false;
    if (!repeat(t, e, (struct value){.kind = VALUE_LIST, .list = list}, number, &many)) return false;
    made = many.list;
    for (uint32_t i = list->count; i < made->count; i++)
        if (!trace_append(t, list, made->item[i])) return false;
    if (made->count >= list->count) return true;
    for (uint32_t i = 0; i < list->count; i++)
        if (!set_item(t, list, i, list->item[i])) return false; // journaled: an append may overwrite them
    if (!journal_item(t, (struct undo_item){.list = list, .count = list->count, .index = UINT32_MAX})) return false;
    return list->count = 0, true;
}

static bool run_augmented(struct tracer *t, const struct statement *s) {
    struct value before, right, after;
    expr target = s->target[0];
    if (!trace_expression(t, target, &before) || !trace_expression(t, s->value, &right)) return false;
    if (is_array(before)) return change_elements(t, s, before.list, right);
    if (s->op == OP_ADD && before.kind == VALUE_LIST) {
        uint64_t count;
        if (!trace_length(t, right, s->value, &count) || !may_change(t, before.list, s->target[0])) return false;
        for (uint64_t i = 0; i < count; i++)
            if (!trace_step(t, s->value) || !trace_append(t, before.list, trace_item(right, i))) return false;
        return true;
    }
    // The operation stands at the target; its operands are not in the tree.
    struct expression operation = {.kind = EXPR_BINARY, .op = s->op, .begin = target->begin, .end = s->target[1]->end};
    operation.left = s->target[0];
    operation.right = s->value;
    if (s->op == OP_MUL && before.kind == VALUE_LIST && trace_is_number(right))
        return repeat_in_place(t, &operation, before.list, right);
    bool tensors = tensor_is(t, before) || tensor_is(t, right);
    if (!tensors && (!trace_is_number(before) || !trace_is_number(right) || s->op == OP_COUNT))
        return binary(t, &operation, before, right, &after) && trace_bind(t, target, after, true);
    return trace_operation(t, (enum op)s->op, before, right, s->target[1], &after) &&
           trace_bind(t, target, after, false);
}

static enum flow run_if(struct tracer *t, const struct statement *s) {
    for (uint32_t i = 0; i < s->count; i++) {
        struct value value;
        bool truth;
        if (!trace_expression(t, s->target[i], &value) || !trace_truth(t, value, s->target[i], &truth))
            return FLOW_FAIL;
        if (truth) return run_block(t, &s->body[i]);
    }
    return run_block(t, &s->otherwise);
}

// One pass through a loop's body in a frame of its own. `value`: of the loop variable, NAN if it is not a plain number.
static enum flow run_iteration(struct tracer *t, const struct statement *s, uint64_t number, double value) {
    symbol name = s->count && s->target[0]->kind == EXPR_NAME ? s->target[0]->name : 0;
    uint32_t frame = graph_enter(t->graph, FRAME_ITERATION, name, (double)number, site_of(t, s->value), t->error);
    if (!frame) return FLOW_FAIL;
    t->graph->frames[frame].value = value;
    enum flow flow = run_block(t, s->body);
    graph_leave(t->graph);
    return flow;
}

static enum flow run_for(struct tracer *t, const struct statement *s) {
    struct value over;
    uint64_t count;
    if (!trace_expression(t, s->value, &over) || !trace_spread(t, s->value, &over) ||
        !trace_length(t, over, s->value, &count))
        return FLOW_FAIL;
    for (uint64_t i = 0; i < count; i++) {
        if (over.kind != VALUE_RANGE && i >= over.list->count) break;
        struct value item = trace_item(over, i);
        if (!trace_step(t, s->value) || !trace_bind(t, s->target[0], item, false)) return FLOW_FAIL;
        enum flow flow = run_iteration(t, s, i, item.kind == VALUE_NUMBER ? item.number : NAN);
        if (flow == FLOW_BREAK) return FLOW_NEXT;
        if (flow == FLOW_RETURN || flow == FLOW_FAIL) return flow;
    }
    return run_block(t, &s->otherwise);
}

static enum flow run_while(struct tracer *t, const struct statement *s) {
    for (uint64_t i = 0;; i++) {
        struct value value;
        bool truth;
        if (!trace_step(t, s->value) || !trace_expression(t, s->value, &value) ||
            !trace_truth(t, value, s->value, &truth))
            return FLOW_FAIL;
        if (!truth) return run_block(t, &s->otherwise);
        enum flow flow = run_iteration(t, s, i, NAN);
        if (flow == FLOW_BREAK) return FLOW_NEXT;
        if (flow == FLOW_RETURN || flow == FLOW_FAIL) return flow;
    }
}

static enum flow run_return(struct tracer *t, const struct statement *s) {
    struct value value = {.kind = VALUE_NONE};
    if (s->value && !trace_expression(t, s->value, &value)) return FLOW_FAIL;
    t->result = value;
    t->returned = s->value;
    return FLOW_RETURN;
}

static bool run_def(struct tracer *t, const struct statement *s) {
    struct value value;
    return make_closure(t, s->function, &value) && trace_bind(t, s->target[0], value, true);
}

static bool known_module(const char *name) {
    static const char *const known[] = {"math",         "numpy",        "typing",   "__future__",
                                        "bauer",        "torch",        "torch.nn", "torch.nn.functional",
                                        "numpy.random", "numpy.linalg", "jax.numpy"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], name) == 0) return true;
    return false;
}

static bool import_module(struct tracer *t, symbol name, struct span span) {
    if (known_module(symbol_text(t->symbols, name))) return true;
    error_set(t->error, ERROR_NAME, span, "there is no module `%s` here", symbol_text(t->symbols, name));
    error_hint(t->error,
               "math, numpy and torch can be imported; those of their functions that bauer knows are built in");
    return false;
}

static bool run_import(struct tracer *t, const struct statement *s) {
    struct span whole = span_at(t, s->begin, s->end);
    const char *module = s->module ? symbol_text(t->symbols, s->module) : "";
    if (s->module && !import_module(t, s->module, whole)) return false;
    if (strcmp(module, "typing") == 0 || strcmp(module, "__future__") == 0) return true;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct import_name *import = &s->import[i];
        struct value value = {.kind = VALUE_MODULE};
        if (!import->name) return true; // *
        if (!s->module && !import_module(t, import->name, import->span)) return false;
        const char *name = symbol_text(t->symbols, import->name);
        if (s->module && !builtin_lookup(name, &value) && !is_submodule(name)) {
            error_set(t->error, ERROR_NAME, import->span, "%s has no `%s` that bauer knows", module, name);
            return false;
        }
        bool plain = s->module && import->as == import->name && value.kind != VALUE_NUMBER;
        if (!plain && !set_global(t, import->as, value, import->span)) return false;
    }
    return true;
}

static bool run_assert(struct tracer *t, const struct statement *s) {
    struct value value, message;
    bool truth;
    if (!trace_expression(t, s->value, &value) || !trace_truth(t, value, s->value, &truth)) return false;
    if (truth) return true;
    if (!s->count) return trace_fail(t, s->value, ERROR_OTHER, "the assertion does not hold");
    if (!trace_expression(t, s->target[0], &message)) return false;
    struct buffer text = {0};
    value_show(message, t->graph, false, &text);
    trace_fail(t, s->value, ERROR_OTHER, "the assertion does not hold: %s", buffer_string(&text));
    buffer_free(&text);
    return false;
}

enum flow trace_statement(struct tracer *t, const struct statement *s) {
    struct value value;
    switch (s->kind) {
    case STMT_EXPRESSION:
        return done(s->value->kind == EXPR_STRING || trace_expression(t, s->value, &value));
    case STMT_ASSIGN:
        return done(run_assign(t, s));
    case STMT_AUGMENTED:
        return done(run_augmented(t, s));
    case STMT_IF:
        return run_if(t, s);
    case STMT_FOR:
        return run_for(t, s);
    case STMT_WHILE:
        return run_while(t, s);
    case STMT_DEF:
        return done(run_def(t, s));
    case STMT_RETURN:
        return run_return(t, s);
    case STMT_BREAK:
        return FLOW_BREAK;
    case STMT_CONTINUE:
        return FLOW_CONTINUE;
    case STMT_IMPORT:
        return done(run_import(t, s));
    case STMT_ASSERT:
        return done(run_assert(t, s));
    default:
        return FLOW_NEXT;
    }
}

static enum flow run_block(struct tracer *t, const struct block *block) {
    for (uint32_t i = 0; i < block->count; i++) {
        enum flow flow = trace_statement(t, block->statement[i]);
        if (flow != FLOW_NEXT) return flow;
        if (i % LOOK_EVERY == LOOK_EVERY - 1 && task_interrupted()) return error_interrupt(t->error), FLOW_FAIL;
    }
    return FLOW_NEXT;
}

// ---- life ---------------------------------------------------------------------------------------------------------

bool trace_start(struct tracer *t, struct symbols *symbols, struct state *state, struct graph *graph,
                 const struct environment_options *options, struct error *error) {
    static uint32_t epoch; // tells the sites cached by one trace from those of another
    static uint32_t statement;
    *t = (struct tracer){.symbols = symbols, .state = state, .graph = graph, .options = options, .error = error};
    t->epoch = ++epoch;
    t->statement = ++statement;
    t->stack_base = __builtin_frame_address(0);
    return true;
}

void trace_stop(struct tracer *t) {
    mem_free(t->undo);
    mem_free(t->undo_items);
    mem_free(t->constant);
    mem_free(t->constant_slot);
    arena_free(t->plain_arena);
}
