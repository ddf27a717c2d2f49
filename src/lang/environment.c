#include "lang/environment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/task.h"
#include "lang/builtin.h"
#include "lang/tensor.h"
#include "lang/trace.h"

enum { DEFAULT_VERTICES = 20000000, DEFAULT_DEPTH = 1000 };

// One thing that happened: a statement that ran, a graph that was given, or a move of the current graph to another
// point.
struct entry {
    struct module *module; // NULL: a move, or
    struct graph *given;   // held: made elsewhere
    uint32_t statement;
    bool call;     // a bare call: it has a graph of its own
    bool changes;  // lists that were passed in a bare call: run again as a part of the prompt's graph
    bool current;  // it made its graph the current one
    double *input; // of a move
    uint32_t input_count;
    struct override *moved; // of a move of the prompt's graph: whose numbers `input` are
};

struct environment {
    struct symbols *symbols;
    struct environment_options options, widest; // and the highest limits that lines have run under
    struct state *state;
    uint64_t version;
    struct entry *log;
    size_t entries, log_capacity; // entries: that have happened; beyond them some may wait for a redo
    size_t log_end;
    struct entry *aside; // what waited for a redo at `aside_at` until something new happened: the last first
    size_t aside_count, aside_capacity, aside_at;
};

// ---- state --------------------------------------------------------------------------------------------------------

static void forget_view(struct state *state) {
    graph_drop(state->view);
    mem_free(state->viewed);
    state->view = NULL;
    state->viewed = NULL;
}

static void state_free(struct state *state) {
    if (!state) return;
    forget_view(state);
    graph_drop(state->prompt);
    graph_drop(state->current);
    for (size_t i = 0; i < state->module_count; i++) module_drop(state->module[i]);
    mem_free(state->module);
    mem_free(state->global);
    mem_free(state->builtin);
    mem_free(state->order);
    mem_free(state->span);
    mem_free(state->made);
    mem_free(state->last_made);
    arena_free(state->arena);
    mem_free(state);
}

static struct state *state_new(struct environment *env, struct error *error) {
    struct state *state = mem_zero(1, sizeof *state);
    if (!state) return error_memory(error), NULL;
    state->arena = arena_new();
    state->prompt = state->arena ? graph_new(env->symbols, env->options.vertices, error) : NULL;
    if (state->prompt) return state;
    state_free(state);
    return error_memory(error), NULL;
}

static void make_current(struct state *state, struct graph *graph) {
    graph_hold(graph);
    graph_drop(state->current);
    state->current = graph;
    state->given = false;
}

// ---- the prompt's graph as it is shown ----------------------------------------------------------------------------

enum { BOUND = 1, USED = 2, KEPT = 4 }; // bound to a name; behind an output; shown

static void mark_bound(struct value value, uint8_t *mark) {
    if (value.kind == VALUE_VERTEX) mark[value.vertex] |= BOUND;
    if (value.kind == VALUE_LIST || value.kind == VALUE_TUPLE)
        for (uint32_t i = 0; i < value.list->count; i++) mark_bound(value.list->item[i], mark);
}

// Gives `bit` to all that the vertices which have it were computed from.
static void mark_operands(const struct graph *graph, uint8_t bit, uint8_t *mark) {
    for (vertex v = graph->count; v-- > 0;)
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1] && (mark[v] & bit); e++)
            mark[graph->operand[e]] |= bit;
}

// An input that is bound, but whose name stands for an earlier number in what is shown: x = 2; z = x*y; x = 5.
static bool is_ahead(const struct state *state, const struct made *made, const uint8_t *mark) {
    if (mark[made->vertex] & USED) return false;
    for (size_t before = made->before; before; before = state->made[before - 1].before)
        if (mark[state->made[before - 1].vertex] & USED) return true;
    return false;
}

static void mark_kept(const struct state *state, uint8_t *mark) {
    const struct graph *graph = state->prompt;
    for (uint32_t i = 0; i < graph->output_count; i++) mark[graph->output[i]] |= USED;
    mark_operands(graph, USED, mark);
    for (size_t i = 0; i < state->global_capacity; i++)
        if (value_fits(state->global[i])) mark_bound(state->global[i], mark);
    for (vertex v = 0; v < graph->count; v++)
        if (mark[v] || (v >= state->last_first && v < state->last_end)) mark[v] |= KEPT;
    for (size_t i = 0; i < state->made_count; i++)
        if (is_ahead(state, &state->made[i], mark)) mark[state->made[i].vertex] &= (uint8_t)~KEPT;
    mark_operands(graph, KEPT, mark);
    for (vertex v = 0; v < graph->count; v++) mark[v] &= KEPT;
}

static bool all_kept(const struct graph *graph, const uint8_t *mark) {
    for (vertex v = 0; v < graph->count; v++)
        if (!mark[v] && !graph_hidden(graph, v)) return false;
    return true;
}

// Inputs come in the order in which their names were first bound.
struct rank {
    size_t first, made;
    vertex input;
};

static int by_rank(const void *a, const void *b) {
    const struct rank *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->made < y->made ? -1 : 1;
}

static bool sort_inputs(const struct state *state, struct graph *view, size_t *viewed) {
    struct rank *rank = mem_alloc((size_t)view->input_count + 1, sizeof *rank);
    if (!rank) return false;
    for (uint32_t i = 0; i < view->input_count; i++) {
        size_t first = viewed[i];
        while (state->made[first].before) first = state->made[first].before - 1;
        rank[i] = (struct rank){first, viewed[i], view->input[i]};
    }
    qsort(rank, view->input_count, sizeof *rank, by_rank);
    for (uint32_t i = 0; i < view->input_count; i++) {
        viewed[i] = rank[i].made;
        view->input[i] = rank[i].input;
    }
    mem_free(rank);
    return true;
}

// What was overwritten, or only looked at, is not shown any more. Without memory everything is.
static void make_view(struct state *state) {
    struct graph *graph = state->prompt;
    uint8_t *mark = mem_zero((size_t)graph->count + 1, 1);
    size_t *viewed = mem_alloc(state->made_count + 1, sizeof *viewed), count = 0;
    if (mark && viewed) {
        mark_kept(state, mark);
        if (!all_kept(graph, mark)) state->view = graph_prune(graph, mark, NULL);
    }
    for (size_t i = 0; state->view && i < state->made_count; i++)
        if (mark[state->made[i].vertex]) viewed[count++] = i;
    if (state->view && sort_inputs(state, state->view, viewed)) {
        state->viewed = viewed;
    } else {
        graph_drop(state->view);
        state->view = graph_hold(graph);
        mem_free(viewed);
    }
    mem_free(mark);
}

static const struct made *viewed_input(const struct state *state, uint32_t input) {
    return &state->made[state->viewed ? state->viewed[input] : input];
}

// ---- outputs ------------------------------------------------------------------------------------------------------

struct outputs {
    struct tracer *tracer;
    symbol base; // "f": elements without a name become f[0], ...
    uint32_t index;
};

static bool add_output(struct outputs *o, struct value value, symbol name, bool several) {
    struct tracer *t = o->tracer;
    vertex v;
    if (value.kind != VALUE_VERTEX && !value.name) value.name = several ? 0 : o->base;
    if (value.kind == VALUE_VERTEX)
        v = value.vertex;
    else if ((v = graph_constant(t->graph, value.name, value.number, 0, t->error)) == VERTEX_NONE)
        return false;
    if (several && o->base && !t->graph->name[v]) {
        char text[128];
        int length = snprintf(text, sizeof text, "%s[%u]", symbol_text(t->symbols, o->base), o->index);
        symbol element = length > 0 && (size_t)length < sizeof text ? symbol_of(t->symbols, text, (size_t)length) : 0;
        if (element && !graph_name(t->graph, v, element, t->error)) return false;
    }
    o->index++;
    return graph_output(t->graph, v, name, t->error);
}

static bool add_outputs(struct outputs *o, struct value value, const struct expression *e, bool several) {
    if (trace_is_number(value)) return add_output(o, value, e && e->kind == EXPR_NAME ? e->name : 0, several);
    uint64_t count;
    if (value.kind == VALUE_TENSOR) {
        vertex v;
        if (!tensor_vertex(o->tracer, value, e, &v)) return false;
        return add_output(o, (struct value){.kind = VALUE_VERTEX, .vertex = v}, 0, several);
    }
    if (value.kind != VALUE_LIST && value.kind != VALUE_TUPLE)
        return trace_fail(o->tracer, e, ERROR_TYPE, "the result is %s; a derivative needs numbers",
                          trace_kind_name(o->tracer, value));
    if (!trace_length(o->tracer, value, e, &count)) return false;
    bool named = e && e->kind == EXPR_TUPLE && e->count == count;
    for (uint64_t i = 0; i < count; i++)
        if (!add_outputs(o, trace_item(value, i), named ? e->item[i] : NULL, true)) return false;
    return true;
}

// ---- bare calls ---------------------------------------------------------------------------------------------------

struct inputs {
    struct tracer *tracer;
    const double *number; // replaces the values given, or NULL
    uint32_t used, count;
};

// Numbers become inputs of the graph, in lists and out of them.
static bool make_inputs(struct inputs *in, struct value *value, const char *name) {
    struct tracer *t = in->tracer;
    if (value->kind == VALUE_NUMBER) {
        symbol s = symbol_of(t->symbols, name, strlen(name));
        double number = in->number && in->used < in->count ? in->number[in->used] : value->number;
        in->used++;
        bool integer = value->integer && number == floor(number);
        vertex v = s ? graph_input(t->graph, s, number, 0, t->error) : VERTEX_NONE;
        *value = (struct value){.kind = VALUE_VERTEX, .integer = integer, .vertex = v};
        return v != VERTEX_NONE || error_memory(t->error);
    }
    if (value->kind == VALUE_TENSOR) {
        symbol s = symbol_of(t->symbols, name, strlen(name));
        in->used++; // it has a place among the inputs, but no number
        return (s && tensor_input(t, s, *value, NULL, value)) || error_memory(t->error);
    }
    if (value->kind != VALUE_LIST && value->kind != VALUE_TUPLE) return true;
    struct value_list *copy = trace_list(t, value->list->count);
    if (!copy) return false;
    memcpy(copy->item, value->list->item, value->list->count * sizeof *copy->item);
    copy->count = value->list->count;
    copy->array = value->list->array;
    copy->passed = true;
    value->list = copy;
    for (uint32_t i = 0; i < copy->count; i++) {
        char element[160];
        snprintf(element, sizeof element, "%.120s[%u]", name, i);
        if (!make_inputs(in, &copy->item[i], element)) return false;
    }
    return true;
}

struct result {
    bool nothing; // was returned
    bool changes; // lists that were passed: those of the prompt are as before
};

// Traces call->function into a graph of its own. NULL without an error when it returns nothing.
static struct graph *trace_bare_call(struct environment *env, struct state *state, const struct call *call,
                                     const double *input, uint32_t input_count, bool silent, struct result *out,
                                     struct error *error) {
    struct function *f = call->closure->function;
    struct graph *graph = graph_new(env->symbols, env->options.vertices, error);
    struct value few[16], *argument = few;
    if (!graph) return NULL;
    if (f->parameter_count > 16 && !(argument = mem_alloc(f->parameter_count, sizeof *argument)))
        return graph_drop(graph), error_memory(error), NULL;
    memcpy(argument, call->argument, f->parameter_count * sizeof *argument);
    struct tracer t;
    bool ok = trace_start(&t, env->symbols, state, graph, &env->options, error);
    t.module = f->module;
    t.silent = silent;
    struct inputs in = {&t, input, 0, input_count};
    for (uint32_t i = 0; ok && i < f->parameter_count; i++)
        if (argument[i].kind != VALUE_UNBOUND)
            ok = make_inputs(&in, &argument[i], symbol_text(env->symbols, f->parameter[i].name));
    struct value result;
    ok = ok && trace_call(&t, NULL, call->closure, argument, &result);
    t.module = f->module;
    out->changes = ok && t.changed_passed;
    if (ok && result.kind == VALUE_NONE) {
        out->nothing = true;
        ok = false;
    }
    struct outputs o = {&t, f->name, 0};
    if (ok && !value_fits(result)) ok = trace_fail(&t, t.returned, ERROR_TYPE, TOO_DEEP);
    ok = ok && add_outputs(&o, result, t.returned, false) && graph_fill_values(graph, error);
    if (!ok && !out->nothing) trace_rollback(&t);
    trace_stop(&t);
    graph->function = f->name;
    if (argument != few) mem_free(argument);
    if (ok) return graph;
    graph_drop(graph);
    return NULL;
}

// The current call at another point.
static struct graph *trace_again(struct environment *env, struct state *state, const double *input, uint32_t count,
                                 bool silent, struct error *error) {
    struct result result = {0};
    struct graph *graph = trace_bare_call(env, state, &state->call, input, count, silent, &result, error);
    if (result.nothing)
        error_set(error, ERROR_TYPE, SPAN_NONE, "%s returns nothing at this point",
                  symbol_text(env->symbols, state->call.closure->function->name));
    return graph;
}

// The function that a statement calls barely, f(...), or NULL.
static struct closure *bare_call(const struct state *state, const struct statement *s) {
    if (s->kind != STMT_EXPRESSION || s->value->kind != EXPR_CALL || s->value->left->kind != EXPR_NAME) return NULL;
    struct value callee = state_global(state, s->value->left->name);
    return callee.kind == VALUE_FUNCTION ? callee.closure : NULL;
}

static bool read_call(struct tracer *t, const struct statement *s, struct closure *closure, struct call *call) {
    struct function *f = closure->function;
    call->closure = closure;
    call->argument = arena_alloc(t->state->arena, (f->parameter_count + 1) * sizeof *call->argument);
    if (!call->argument) return error_memory(t->error);
    if (!trace_arguments(t, s->value, f, call->argument)) return false;
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        if (!value_fits(call->argument[i])) return trace_fail(t, s->value, ERROR_TYPE, TOO_DEEP);
        if (!trace_plain(t, t->state->arena, &call->argument[i])) return trace_place(t, s->value);
    }
    return true;
}

// ---- running ------------------------------------------------------------------------------------------------------

struct run {
    struct environment *env;
    struct state *state;
    struct module *module;
    uint32_t statement;
    const struct override *overrides;
    size_t override_count;
    bool silent;
    bool skip_call; // in a replay: a bare call that is not the current one
    outcome_sink *sink;
    void *context;
    struct error *error;
    uint32_t first;     // vertices of the prompt's graph before the statement
    bool changes;       // in a replay: the entry's; out
    bool call, current; // out
};

// What the prompt's graph looked like before a statement.
struct prompt_mark {
    uint32_t count, inputs;
    size_t made;
};

static struct prompt_mark prompt_mark(const struct state *state) {
    return (struct prompt_mark){state->prompt->count, state->prompt->input_count, state->made_count};
}

static void prompt_restore(struct state *state, struct prompt_mark mark) {
    graph_truncate(state->prompt, mark.count, mark.inputs);
    state_unmake(state, mark.made);
}

static void tell(struct run *run, struct outcome *outcome) {
    if (!run->sink) return;
    const struct statement *s = run->module->statement[run->statement];
    outcome->span = (struct span){run->module->source, s->begin, s->end};
    run->sink(run->context, outcome);
}

// The numbers of the outputs of `graph`, in `few` if they fit. NULL when out of memory.
static double *output_values(const struct graph *graph, double few[16]) {
    double *value = graph->output_count <= 16 ? few : mem_alloc(graph->output_count, sizeof *value);
    for (uint32_t i = 0; value && i < graph->output_count; i++) value[i] = graph->value[graph->output[i]];
    return value;
}

static bool tell_graph(struct run *run, enum outcome_kind kind, symbol name, struct graph *graph, const char *shown) {
    double few[16], *value = output_values(graph, few);
    if (!value) return error_memory(run->error);
    struct outcome outcome = {
        .kind = kind, .name = name, .graph = graph, .value = value, .value_count = graph->output_count, .shown = shown};
    tell(run, &outcome);
    if (value != few) mem_free(value);
    return true;
}

static void show_outputs(const struct graph *graph, struct buffer *out) {
    char number[32];
    bool several = graph->output_count != 1;
    if (several) buffer_char(out, '(');
    for (uint32_t i = 0; i < graph->output_count; i++) {
        buffer_text(out, i ? ", " : "");
        if (graph_is_tensor(graph, graph->output[i])) {
            char shape[64];
            buffer_printf(out, "tensor %s", (shape_text(graph_shape(graph, graph->output[i]), shape), shape));
            continue;
        }
        text_number(number, graph->value[graph->output[i]]);
        buffer_text(out, number);
    }
    if (several) buffer_char(out, ')');
}

// The call once more, as a part of the prompt's graph: there it changes the lists that are passed, as in Python. What
// it prints was printed.
static bool change_lists(struct run *run, struct tracer *t) {
    struct value ignored;
    bool silent = t->silent;
    t->silent = true;
    bool ok = trace_expression(t, run->module->statement[run->statement]->value, &ignored) &&
              graph_fill_values(t->graph, run->error);
    t->silent = silent;
    t->plain.closure = NULL; // its graph is there
    return ok;
}

static bool run_bare_call(struct run *run, struct tracer *t, struct closure *closure) {
    struct call call;
    run->call = run->current = true;
    if (run->skip_call) return !run->changes || change_lists(run, t);
    if (!read_call(t, run->module->statement[run->statement], closure, &call)) return false;
    struct result result = {0};
    struct graph *graph = trace_bare_call(run->env, run->state, &call, NULL, 0, run->silent, &result, run->error);
    run->changes = result.changes;
    if (result.nothing) {
        run->call = run->current = false;
        if (result.changes && !change_lists(run, t)) return false;
        tell(run, &(struct outcome){.kind = OUTCOME_NOTHING, .name = closure->function->name});
        return true;
    }
    if (!graph) return false;
    struct buffer shown = {0};
    show_outputs(graph, &shown);
    bool ok = (!result.changes || change_lists(run, t)) &&
              tell_graph(run, OUTCOME_CALL, closure->function->name, graph, buffer_string(&shown));
    if (ok) {
        make_current(run->state, graph);
        run->state->call = call;
    }
    buffer_free(&shown);
    graph_drop(graph);
    return ok;
}

static bool all_numbers(struct value value) {
    if (trace_is_number(value)) return true;
    if (value.kind != VALUE_LIST && value.kind != VALUE_TUPLE) return false;
    for (uint32_t i = 0; i < value.list->count; i++)
        if (!all_numbers(value.list->item[i])) return false;
    return value.list->count > 0;
}

// Makes the prompt's graph current with `value` as its output.
static bool set_outputs(struct run *run, struct tracer *t, struct value value, symbol name) {
    struct expression named = {.kind = EXPR_NAME, .name = name};
    graph_clear_outputs(t->graph);
    struct outputs o = {t, 0, 0};
    if (!add_outputs(&o, value, name ? &named : NULL, false)) return false;
    run->state->last_first = run->first;
    run->state->last_end = t->graph->count;
    run->current = true;
    make_current(run->state, t->graph);
    return true;
}

static bool collect_numbers(struct tracer *t, struct value value, struct buffer *out) {
    if (trace_is_number(value)) {
        double number = trace_number(t, value);
        buffer_add(out, (const char *)&number, sizeof number);
        return !out->failed;
    }
    for (uint32_t i = 0; i < value.list->count; i++)
        if (!collect_numbers(t, value.list->item[i], out)) return false;
    return true;
}

static bool run_value(struct run *run, struct tracer *t, const struct statement *s) {
    struct value value;
    if (!trace_expression(t, s->value, &value) || !graph_fill_values(t->graph, run->error)) return false;
    struct outcome outcome = {.kind = OUTCOME_NOTHING};
    if (value.kind == VALUE_NONE) return tell(run, &outcome), true;
    struct buffer shown = {0}, numbers = {0};
    value_show(value, t->graph, true, &shown);
    bool ok = true;
    outcome = (struct outcome){.kind = OUTCOME_VALUE, .shown = buffer_string(&shown)};
    outcome.literal = s->value->kind == EXPR_STRING;
    if (value_fits(value) && all_numbers(value)) {
        ok = collect_numbers(t, value, &numbers) || error_memory(run->error);
        if (ok && trace_holds_vertex(value)) ok = set_outputs(run, t, value, 0);
        outcome.value = (const double *)(const void *)numbers.data;
        outcome.value_count = (uint32_t)(numbers.size / sizeof(double));
        outcome.graph = run->current ? t->graph : NULL;
    }
    if (ok) tell(run, &outcome);
    buffer_free(&shown);
    buffer_free(&numbers);
    return ok;
}

static bool is_computed(const struct graph *graph, struct value value) {
    if (value.kind == VALUE_VERTEX) return graph->op[value.vertex] != OP_INPUT;
    bool computed = false;
    if (value.kind == VALUE_LIST || value.kind == VALUE_TUPLE)
        for (uint32_t i = 0; !computed && i < value.list->count; i++)
            computed = is_computed(graph, value.list->item[i]);
    return computed;
}

// x = 5 gives a number; what was computed last stays what is looked at.
static bool is_result(const struct state *state, struct value value) {
    const struct graph *current = state->current;
    if (!trace_holds_vertex(value)) return false;
    if (!current || is_computed(state->prompt, value)) return true;
    bool computed = current != state->prompt;
    for (uint32_t i = 0; !computed && i < current->output_count; i++)
        computed = current->op[current->output[i]] != OP_INPUT;
    return !computed;
}

// Behind the newest vertex that a value holds; 0: it holds none.
static vertex newest(struct value value) {
    if (value.kind == VALUE_VERTEX) return value.vertex + 1;
    vertex found = 0;
    if (value.kind == VALUE_LIST || value.kind == VALUE_TUPLE)
        for (uint32_t i = 0; i < value.list->count; i++) {
            vertex item = newest(value.list->item[i]);
            if (item > found) found = item;
        }
    return found;
}

static bool is_output(const struct state *state, struct value value) {
    return value_fits(value) && all_numbers(value) && is_result(state, value);
}

// Of the names that a loop, an `if` or `a, b = ...` bound, the one that was computed last; 0: none is to look at.
static symbol last_computed(const struct state *state, const struct tracer *t) {
    symbol found = 0;
    vertex last = 0;
    for (size_t i = 0; i < t->undo_count; i++) {
        struct value value = state_global(state, t->undo[i].name);
        if (!is_output(state, value) || !is_computed(state->prompt, value) || newest(value) < last) continue;
        found = t->undo[i].name;
        last = newest(value);
    }
    return found;
}

static bool run_assignment(struct run *run, struct tracer *t, const struct statement *s) {
    bool defines =
        s->kind == STMT_ASSIGN && s->count == 1 && s->value->kind == EXPR_LAMBDA && s->target[0]->kind == EXPR_NAME;
    bool redefined = defines && state_global(run->state, s->target[0]->name).kind == VALUE_FUNCTION;
    if (trace_statement(t, s) == FLOW_FAIL || !graph_fill_values(t->graph, run->error)) return false;
    if (defines) {
        struct outcome outcome = {.kind = OUTCOME_DEFINED, .name = s->target[0]->name, .redefined = redefined};
        return tell(run, &outcome), true;
    }
    const struct expression *target = s->count ? s->target[0] : NULL;
    bool named = target && target->kind == EXPR_NAME;
    symbol name = named ? target->name : last_computed(run->state, t);
    struct value value = name ? state_global(run->state, name) : (struct value){0};
    struct buffer shown = {0};
    value_show(value, t->graph, true, &shown);
    bool ok = true;
    if (name && is_output(run->state, value)) {
        ok = set_outputs(run, t, value, name) &&
             tell_graph(run, OUTCOME_ASSIGNED, name, t->graph, buffer_string(&shown));
    } else {
        struct outcome outcome = {.kind = OUTCOME_ASSIGNED, .name = name, .shown = buffer_string(&shown)};
        tell(run, &outcome);
    }
    buffer_free(&shown);
    return ok;
}

static bool run_other(struct run *run, struct tracer *t, const struct statement *s) {
    struct outcome outcome = {.kind = OUTCOME_NOTHING};
    if (s->kind == STMT_DEF) {
        outcome.kind = OUTCOME_DEFINED;
        outcome.name = s->function->name;
        outcome.redefined = state_global(run->state, s->function->name).kind == VALUE_FUNCTION;
    }
    if (trace_statement(t, s) == FLOW_FAIL || !graph_fill_values(t->graph, run->error)) return false;
    symbol name = last_computed(run->state, t);
    if (name && !set_outputs(run, t, state_global(run->state, name), name)) return false;
    return tell(run, &outcome), true;
}

static bool run_statement(struct run *run, struct tracer *t) {
    const struct statement *s = run->module->statement[run->statement];
    struct closure *closure = bare_call(run->state, s);
    if (closure) return run_bare_call(run, t, closure);
    if (s->kind == STMT_EXPRESSION && s->value->kind != EXPR_STRING) return run_value(run, t, s);
    if (s->kind == STMT_EXPRESSION && run->module->count == 1) return run_value(run, t, s);
    if (s->kind == STMT_ASSIGN || s->kind == STMT_AUGMENTED) return run_assignment(run, t, s);
    return run_other(run, t, s);
}

// y = f(0.5, 1.2), print(f(0.5, 1.2)): f's graph is what there is to look at. If it cannot be had, nothing changes.
static bool show_plain_call(struct run *run, struct tracer *t) {
    const struct function *f = t->plain.closure->function;
    struct call call = {t->plain.closure,
                        arena_alloc(t->state->arena, (f->parameter_count + 1) * sizeof *call.argument)};
    if (!call.argument) return error_memory(run->error);
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        call.argument[i] = t->plain.argument[i];
        if (!trace_plain(t, t->state->arena, &call.argument[i])) return false;
    }
    struct error ignored = {0};
    struct result result = {0};
    struct graph *graph = trace_bare_call(run->env, run->state, &call, NULL, 0, true, &result, &ignored);
    if (task_interrupted()) error_interrupt(run->error);
    error_clear(&ignored);
    if (!graph) return !task_interrupted();
    run->call = run->current = true;
    run->state->call = call;
    make_current(run->state, graph);
    graph_drop(graph);
    return true;
}

static bool may_hold_vertex(struct value value) {
    return value.kind == VALUE_VERTEX || value.kind == VALUE_LIST || value.kind == VALUE_TUPLE;
}

static void note_change(struct run *run, const struct tracer *t, struct prompt_mark before) {
    struct state *state = run->state;
    bool changed = run->current || t->undo_item_count || state->prompt->count != before.count;
    for (size_t i = 0; i < t->undo_count && !changed; i++)
        changed = may_hold_vertex(t->undo[i].before) || may_hold_vertex(state_global(state, t->undo[i].name));
    if (changed) forget_view(state);
    if (changed && (run->current || state->current == state->prompt)) run->env->version++;
}

static bool run_one(struct run *run) {
    struct tracer t;
    struct prompt_mark mark = prompt_mark(run->state);
    trace_start(&t, run->env->symbols, run->state, run->state->prompt, &run->env->options, run->error);
    t.module = run->module;
    t.prompt = true;
    t.silent = run->silent;
    t.overrides = run->overrides;
    t.override_count = run->override_count;
    run->first = mark.count;
    bool ok = run_statement(run, &t);
    if (ok && !run->current && t.plain.closure && !run->skip_call) ok = show_plain_call(run, &t);
    if (ok) note_change(run, &t, mark);
    if (!ok) {
        trace_rollback(&t);
        prompt_restore(run->state, mark);
    }
    trace_stop(&t);
    return ok;
}

// ---- numbers ------------------------------------------------------------------------------------------------------

static bool evaluate(struct tracer *t, const struct expression *e, struct buffer *numbers) {
    struct value value;
    if (!trace_expression(t, e, &value)) return false;
    if (!value_fits(value) || !all_numbers(value))
        return trace_fail(t, e, ERROR_TYPE, "a number is needed here, not %s", trace_kind_name(t, value));
    return collect_numbers(t, value, numbers) || error_memory(t->error);
}

bool environment_numbers(struct environment *env, struct source *source, double **out, uint32_t *count,
                         struct error *error) {
    struct module *module = parse_module(env->symbols, source, error);
    struct graph *graph = module ? graph_new(env->symbols, env->options.vertices, error) : NULL;
    const struct statement *s = graph && module->count == 1 ? module->statement[0] : NULL;
    struct buffer numbers = {0};
    bool ok = s && s->kind == STMT_EXPRESSION;
    if (graph && !ok)
        error_set(error, ERROR_SYNTAX, (struct span){source, 0, (uint32_t)source->size}, "a number is needed here");
    if (ok) {
        struct tracer t;
        trace_start(&t, env->symbols, env->state, graph, &env->options, error);
        t.module = module;
        t.silent = true;
        ok = evaluate(&t, s->value, &numbers);
        trace_rollback(&t);
        trace_stop(&t);
    }
    if (ok) {
        *count = (uint32_t)(numbers.size / sizeof(double));
        *out = mem_alloc(*count, sizeof **out);
        ok = *out || error_memory(error);
        if (ok && numbers.size) memcpy(*out, numbers.data, numbers.size);
    }
    buffer_free(&numbers);
    graph_drop(graph);
    module_drop(module);
    return ok;
}

// ---- the log ------------------------------------------------------------------------------------------------------

static bool is_move(const struct entry *entry) { return !entry->module && !entry->given; }

static void entry_free(struct entry *entry) {
    graph_drop(entry->given);
    module_drop(entry->module);
    mem_free(entry->input);
    mem_free(entry->moved);
}

// For one entry more, and for setting aside what waits for a redo.
static bool log_room(struct environment *env, struct error *error) {
    return (mem_grow(&env->log, &env->log_capacity, env->entries + 1, sizeof *env->log) &&
            mem_grow(&env->aside, &env->aside_capacity, env->log_end - env->entries, sizeof *env->aside)) ||
           error_memory(error);
}

// There is room. What was undone and not done again is set aside when something new happens, until that is settled.
static void log_add(struct environment *env, struct entry entry) {
    bool aside = !env->aside_count;
    if (aside) env->aside_at = env->entries;
    while (env->log_end > env->entries) {
        struct entry *ahead = &env->log[--env->log_end];
        if (aside)
            env->aside[env->aside_count++] = *ahead;
        else
            entry_free(ahead);
    }
    env->log[env->entries++] = entry;
    env->log_end = env->entries;
}

void environment_settle(struct environment *env) {
    while (env->aside_count) entry_free(&env->aside[--env->aside_count]);
}

// Back before something new: what was set aside for it waits for a redo again. The log once had room for it.
static void take_aside_back(struct environment *env) {
    if (!env->aside_count || env->entries > env->aside_at) return;
    while (env->log_end > env->aside_at) entry_free(&env->log[--env->log_end]);
    while (env->aside_count) env->log[env->log_end++] = env->aside[--env->aside_count];
}

bool environment_run(struct environment *env, struct module *module, uint32_t statement, outcome_sink *sink,
                     void *context, struct error *error) {
    if (!log_room(env, error)) return false;
    struct run run = {.env = env,
                      .state = env->state,
                      .module = module,
                      .statement = statement,
                      .sink = sink,
                      .context = context,
                      .error = error};
    // A statement of the module may be all that keeps a definition alive that it replaces.
    if (!run_one(&run)) return false;
    log_add(env, (struct entry){.module = module_hold(module),
                                .statement = statement,
                                .call = run.call,
                                .changes = run.changes,
                                .current = run.current});
    return true;
}

// The overrides that all moves of the prompt's graph up to `mark` amount to. mem_free.
struct override_list {
    struct override *item;
    size_t count, capacity;
};

static bool override_set(struct override_list *list, struct override o) {
    for (size_t i = 0; i < list->count; i++)
        if (list->item[i].name == o.name && list->item[i].occurrence == o.occurrence)
            return list->item[i].value = o.value, true;
    if (!mem_grow(&list->item, &list->capacity, list->count + 1, sizeof o)) return false;
    list->item[list->count++] = o;
    return true;
}

static size_t last_current(const struct environment *env, size_t mark) {
    while (mark > 0 && !env->log[mark - 1].given && !(env->log[mark - 1].module && env->log[mark - 1].current)) mark--;
    return mark; // 1-based; 0: none
}

static bool collect_overrides(const struct environment *env, size_t mark, struct override_list *list) {
    for (size_t i = 0; i < mark; i++)
        for (uint32_t k = 0; env->log[i].moved && k < env->log[i].input_count; k++)
            if (!override_set(list, env->log[i].moved[k])) return false;
    return true;
}

static void make_given(struct state *state, struct graph *graph) {
    make_current(state, graph);
    state->given = true;
}

// A copy of a graph at other inputs.
static struct graph *graph_at(const struct graph *graph, const double *input, struct error *error) {
    uint8_t *all = mem_alloc((size_t)graph->count + 1, 1);
    if (all) memset(all, 1, graph->count);
    struct graph *copy = all ? graph_prune(graph, all, error) : NULL;
    mem_free(all);
    if (!all) error_memory(error);
    if (copy && graph_evaluate(copy, input, copy->value, error)) return copy;
    graph_drop(copy);
    return NULL;
}

static bool move_current(struct environment *env, struct state *state, const struct entry *entry, bool silent,
                         struct error *error) {
    bool given = state->given;
    struct graph *moved = given ? graph_at(state->current, entry->input, error)
                                : trace_again(env, state, entry->input, entry->input_count, silent, error);
    if (!moved) return false;
    make_current(state, moved);
    state->given = given;
    graph_drop(moved);
    return true;
}

static bool replay(struct environment *env, struct state *state, size_t mark, const struct override_list *list,
                   struct error *error) {
    size_t current = last_current(env, mark);
    for (size_t i = 0; i < mark; i++) {
        struct entry *entry = &env->log[i];
        if (!entry->module) continue;
        struct run run = {.env = env,
                          .state = state,
                          .module = entry->module,
                          .statement = entry->statement,
                          .silent = true,
                          .skip_call = i + 1 != current,
                          .changes = entry->changes,
                          .overrides = list->item,
                          .override_count = list->count,
                          .error = error};
        if (!run_one(&run)) return false;
    }
    if (current && env->log[current - 1].given) make_given(state, env->log[current - 1].given);
    if (!current || !(env->log[current - 1].call || state->given)) return true;
    size_t i = mark; // the last move of the current graph
    while (i > current && !is_move(&env->log[i - 1])) i--;
    return i == current || move_current(env, state, &env->log[i - 1], true, error);
}

static bool rebuild(struct environment *env, size_t mark, struct error *error) {
    struct override_list list = {0};
    struct state *state = state_new(env, error);
    bool ok =
        state && (collect_overrides(env, mark, &list) || error_memory(error)) && replay(env, state, mark, &list, error);
    mem_free(list.item);
    if (!ok) return state_free(state), false;
    state_free(env->state);
    env->state = state;
    env->version++;
    return true;
}

uint32_t environment_mark(const struct environment *env) { return (uint32_t)env->entries; }

bool environment_go(struct environment *env, uint32_t mark, struct error *error) {
    if (mark > env->log_end) return error_set(error, ERROR_OTHER, SPAN_NONE, "there is nothing to redo");
    if (mark == env->entries) return true;
    struct environment_options own = env->options;
    env->options = env->widest; // a line may have run under a higher limit than there is now
    bool ok = rebuild(env, mark, error);
    environment_set_options(env, own);
    if (!ok) return false;
    env->entries = mark;
    take_aside_back(env);
    return true;
}

static bool move_call(struct environment *env, struct entry entry, struct error *error) {
    if (!log_room(env, error) || !move_current(env, env->state, &entry, false, error)) return entry_free(&entry), false;
    env->version++;
    log_add(env, entry);
    return true;
}

bool environment_adopt(struct environment *env, struct graph *graph, struct error *error) {
    if (!log_room(env, error)) return false;
    log_add(env, (struct entry){.given = graph_hold(graph)});
    make_given(env->state, graph);
    env->version++;
    return true;
}

static bool move_prompt(struct environment *env, struct entry entry, struct error *error) {
    entry.moved = mem_alloc((size_t)entry.input_count + 1, sizeof *entry.moved);
    if (!entry.moved || !log_room(env, error)) return entry_free(&entry), error_memory(error);
    for (uint32_t i = 0; i < entry.input_count; i++) {
        entry.moved[i] = viewed_input(env->state, i)->is;
        entry.moved[i].value = entry.input[i];
    }
    log_add(env, entry);
    if (rebuild(env, env->entries, error)) return true;
    entry_free(&env->log[--env->entries]);
    env->log_end = env->entries;
    take_aside_back(env);
    return false;
}

bool environment_move(struct environment *env, const double *input, uint32_t count, struct error *error) {
    const struct graph *graph = environment_graph(env);
    if (!graph) return error_set(error, ERROR_OTHER, SPAN_NONE, "nothing is traced yet");
    if (count != graph->input_count)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "the graph has %u inputs, not %u", graph->input_count, count);
    struct entry entry = {.input = mem_alloc(count ? count : 1, sizeof *input), .input_count = count};
    if (!entry.input) return error_memory(error);
    memcpy(entry.input, input, count * sizeof *input);
    return env->state->current == env->state->prompt ? move_prompt(env, entry, error) : move_call(env, entry, error);
}

bool environment_move_again(struct environment *env, const double *input, uint32_t count, struct error *error) {
    if (!env->entries || !is_move(&env->log[env->entries - 1])) return environment_move(env, input, count, error);
    struct entry before = env->log[env->entries - 1];
    while (env->log_end > env->entries) entry_free(&env->log[--env->log_end]);
    env->log_end = --env->entries; // `before` is kept aside: it comes back if the move fails
    bool ok = environment_move(env, input, count, error);
    if (ok)
        entry_free(&before);
    else
        env->log[env->entries++] = before, env->log_end = env->entries;
    return ok;
}

// ---- life and looking ---------------------------------------------------------------------------------------------

struct environment *environment_new(struct symbols *symbols, struct error *error) {
    struct environment *env = mem_zero(1, sizeof *env);
    if (!env) return error_memory(error), NULL;
    env->symbols = symbols;
    environment_set_options(env, (struct environment_options){0});
    env->state = state_new(env, error);
    if (env->state) return env;
    mem_free(env);
    return NULL;
}

void environment_free(struct environment *env) {
    if (!env) return;
    state_free(env->state);
    for (size_t i = 0; i < env->log_end; i++) entry_free(&env->log[i]);
    environment_settle(env);
    mem_free(env->aside);
    mem_free(env->log);
    mem_free(env);
}

void environment_set_options(struct environment *env, struct environment_options options) {
    struct environment_options before = env->widest;
    if (!options.vertices) options.vertices = DEFAULT_VERTICES;
    if (!options.steps) options.steps = 10000000;
    if (!options.depth) options.depth = DEFAULT_DEPTH;
    env->options = env->widest = options;
    if (before.vertices > options.vertices) env->widest.vertices = before.vertices;
    if (before.steps > options.steps) env->widest.steps = before.steps;
    if (before.depth > options.depth) env->widest.depth = before.depth;
    if (env->state) env->state->prompt->limit = options.vertices;
}

struct environment_options environment_options(const struct environment *env) {
    return env->options;
}

struct graph *environment_graph(const struct environment *env) {
    struct state *state = env->state;
    if (!state->current || state->current != state->prompt) return state->current;
    if (!state->view) make_view(state);
    return state->view;
}

uint64_t environment_version(const struct environment *env) { return env->version; }

// Shows an argument with the graph's present input values in place of those it was called with.
static void show_argument(const struct graph *graph, struct value value, uint32_t *input, struct buffer *out) {
    if (value.kind == VALUE_NUMBER && *input < graph->input_count) {
        value.number = graph->value[graph->input[(*input)++]];
        value.integer = value.integer && value.number == floor(value.number);
        value_show(value, graph, true, out);
    } else if (value.kind == VALUE_LIST || value.kind == VALUE_TUPLE) {
        buffer_char(out, '[');
        for (uint32_t i = 0; i < value.list->count; i++) {
            if (i) buffer_text(out, ", ");
            show_argument(graph, value.list->item[i], input, out);
        }
        buffer_char(out, ']');
    } else if (value.kind == VALUE_FUNCTION && value.closure->function->anonymous) {
        const struct function *f = value.closure->function;
        buffer_add(out, f->module->source->text + f->begin, f->end - f->begin);
    } else if (value.kind == VALUE_FUNCTION) {
        buffer_text(out, value.closure->function->title);
    } else if (value.kind == VALUE_OP || value.kind == VALUE_BUILTIN) {
        buffer_text(out, value.kind == VALUE_OP ? op_table[value.op].name : builtin_table[value.builtin].name);
    } else {
        *input += value.kind == VALUE_TENSOR; // an input too, shown as it was given
        value_show(value, graph, true, out);
    }
}

static void show_call(const struct environment *env, struct buffer *out) {
    const struct call *call = &env->state->call;
    const struct function *f = call->closure->function;
    uint32_t input = 0, shown = 0;
    bool skipped = false;
    buffer_printf(out, "%s(", symbol_text(env->symbols, f->name));
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        if (call->argument[i].kind == VALUE_UNBOUND) {
            skipped = true;
            continue;
        }
        if (shown++) buffer_text(out, ", ");
        if (skipped || i >= f->placed) buffer_printf(out, "%s=", symbol_text(env->symbols, f->parameter[i].name));
        show_argument(env->state->current, call->argument[i], &input, out);
    }
    buffer_char(out, ')');
}

void environment_point(const struct environment *env, struct buffer *out) {
    const struct graph *graph = environment_graph(env);
    if (!graph) return;
    if (env->state->current != env->state->prompt && !env->state->given) {
        show_call(env, out);
        return;
    }
    for (uint32_t i = 0; i < graph->input_count; i++) {
        char label[64], number[32];
        buffer_printf(out, "%s%s = ", i ? ", " : "", graph_input_label(graph, i, label));
        if (graph_is_tensor(graph, graph->input[i])) {
            const struct graph_tensor *tensor = graph_tensor(graph, graph->input[i]);
            tensor_show(&(struct value_tensor){tensor->shape, tensor->source}, out);
            continue;
        }
        text_number(number, graph->value[graph->input[i]]);
        buffer_text(out, number);
    }
}

static const char *binding_kind(struct value value) {
    static const char *const names[] = {"nothing", "none",   "bool",     "number",   "vertex",   "list",   "tuple",
                                        "range",   "string", "function", "function", "function", "module", "tensor"};
    return names[value.kind];
}

static void show_signature(const struct environment *env, const struct function *f, struct buffer *out) {
    buffer_printf(out, "%s(", symbol_text(env->symbols, f->name));
    for (uint32_t i = 0; i < f->parameter_count; i++) {
        const struct expression *standard = f->parameter[i].standard;
        if (i == f->nameless && i) buffer_text(out, ", /");
        if (i == f->placed) buffer_text(out, i ? ", *" : "*");
        buffer_printf(out, "%s%s", i || i == f->placed ? ", " : "", symbol_text(env->symbols, f->parameter[i].name));
        if (standard)
            buffer_printf(out, "=%.*s", (int)(standard->end - standard->begin),
                          f->module->source->text + standard->begin);
    }
    if (f->nameless && f->nameless == f->parameter_count) buffer_text(out, ", /");
    buffer_char(out, ')');
}

static bool is_input(const struct state *state, struct value value) {
    return value.kind == VALUE_VERTEX && state->prompt->op[value.vertex] == OP_INPUT;
}

void environment_bindings(const struct environment *env, binding_sink *sink, void *context) {
    const struct state *state = env->state;
    for (size_t i = 0; i < state->order_count; i++) {
        struct value value = state_global(state, state->order[i]);
        if (value.kind == VALUE_UNBOUND) continue;
        struct buffer shown = {0};
        if (value.kind == VALUE_FUNCTION)
            show_signature(env, value.closure->function, &shown);
        else
            value_show(value, state->prompt, true, &shown);
        struct binding binding = {.name = state->order[i],
                                  .kind = is_input(state, value) ? "number" : binding_kind(value),
                                  .shown = buffer_string(&shown),
                                  .span = state->span[i]};
        if (value.kind == VALUE_FUNCTION) binding.doc = value.closure->function->doc;
        sink(context, &binding);
        buffer_free(&shown);
    }
}

bool environment_bound(const struct environment *env, const char *name) {
    symbol s = symbol_find(env->symbols, name, strlen(name));
    return s && state_global(env->state, s).kind != VALUE_UNBOUND;
}
