// :memory
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "app/commands.h"
#include "app/keep_words.h"
#include "app/memory.h"
#include "app/report.h"
#include "graph/tape.h"

// ---- layers -------------------------------------------------------------------------------------------------------

// The parameter of the product behind a vertex: where relu cuts what x @ W + b made, that is W.
static vertex layer_of(const struct graph *graph, vertex v) {
    for (int i = 0; i < 64 && graph_arity(graph, v); i++) {
        vertex a = graph->operand[graph->offset[v]], b = graph->operand[graph->offset[v + 1] - 1];
        bool product = graph->op[v] == OP_MATMUL || graph->op[v] == OP_CONV2D;
        if (product) return graph_is_parameter(graph, b) ? b : v;
        v = graph_is_parameter(graph, a) ? b : a;
    }
    return v;
}

struct layer {
    symbol name; // 0: what no parameter names
    size_t bytes;
};

// Adds up what is held, by layer; in the order in which they come.
static uint32_t add_up(const struct graph *graph, const struct keep_plan *plan, struct layer *layer, uint32_t most) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct held *held = &plan->held[i];
        vertex v = held->parameter != VERTEX_NONE ? held->parameter
                   : held->kind == HELD_MASK      ? layer_of(graph, held->of)
                                                  : held->at;
        bool named = held->parameter != VERTEX_NONE || held->kind == HELD_MASK;
        symbol name = named && graph_is_parameter(graph, v) ? graph->name[v] : 0;
        uint32_t at = 0;
        while (at < count && layer[at].name != name) at++;
        if (at == count && count < most) layer[count++] = (struct layer){name, 0};
        if (at < count) layer[at].bytes += held->bytes;
    }
    return count;
}

static const char *layer_name(const struct graph *graph, const struct layer *layer) {
    return layer->name ? symbol_text(graph->symbols, layer->name) : "loss and others";
}

static size_t parameter_bytes(const struct graph *graph) {
    size_t numbers = 0;
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (graph_is_parameter(graph, graph->input[i]))
            numbers += (size_t)shape_count(graph_shape(graph, graph->input[i]));
    return numbers * sizeof(float);
}

static uint32_t batch_of(const struct graph *graph) {
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (graph_shape(graph, graph->input[i]).rank > 1 && !graph_is_parameter(graph, graph->input[i]))
            return graph_shape(graph, graph->input[i]).size[0];
    return 1;
}

// ---- one method ---------------------------------------------------------------------------------------------------

enum { MOST_LAYERS = 64 };

struct account {
    enum keep_method method;
    double fraction;
    struct layer layer[MOST_LAYERS];
    uint32_t layers;
    size_t predicted, held;
    uint32_t batch;
};

// Predicts, and runs forward and backward once, to count.
static bool take_account(const struct graph *graph, const struct keep *keep, struct account *a, struct error *error) {
    struct tape *tape = tape_new(graph, graph->output, graph->output_count, NUMBER_FLOAT, keep, error);
    bool ok = tape && tape_fill(tape, 0, error) && tape_forward(tape, 0, error) && tape_backward(tape, error);
    if (ok) {
        a->method = keep->method;
        a->fraction = keep->fraction;
        a->layers = add_up(graph, tape_plan(tape), a->layer, MOST_LAYERS);
        a->predicted = tape_planned(tape);
        a->held = tape_held(tape);
        a->batch = batch_of(graph);
    }
    tape_free(tape);
    return ok;
}

static void tell_json(struct session *session, const struct graph *graph, const struct account *a) {
    json_t *layers = json_array();
    for (uint32_t i = 0; i < a->layers; i++)
        json_array_append_new(layers, json_pack("{s:s, s:I}", "name", layer_name(graph, &a->layer[i]), "bytes",
                                                (json_int_t)a->layer[i].bytes));
    report_json(session, json_pack("{s:s, s:s, s:f, s:i, s:O, s:I, s:I, s:I}", "kind", "memory", "method",
                                   keep_names[a->method], "keep", a->fraction, "batch", (int)a->batch, "layers", layers,
                                   "predicted", (json_int_t)a->predicted, "held", (json_int_t)a->held, "parameters",
                                   (json_int_t)parameter_bytes(graph)));
    json_decref(layers);
}

static const struct layer *find_layer(const struct account *a, symbol name) {
    for (uint32_t i = 0; i < a->layers; i++)
        if (a->layer[i].name == name) return &a->layer[i];
    return NULL;
}

// A column for each account, a row for each layer, in bytes; then the sums.
static void tell_table(struct session *session, const struct graph *graph, const struct account *account,
                       uint32_t count) {
    struct report_table *table = report_table_new(count + 1);
    report_table_cell(table, "bytes");
    for (uint32_t i = 0; i < count; i++)
        report_table_cell(table, account[i].fraction < 1 ? "%s %g" : "%s", keep_names[account[i].method],
                          account[i].fraction);
    const struct account *longest = account;
    for (uint32_t i = 1; i < count; i++)
        if (account[i].layers > longest->layers) longest = &account[i];
    for (uint32_t l = 0; l < longest->layers; l++) {
        report_table_cell(table, "%s", layer_name(graph, &longest->layer[l]));
        for (uint32_t i = 0; i < count; i++) {
            const struct layer *layer = find_layer(&account[i], longest->layer[l].name);
            report_table_cell(table, "%zu", layer ? layer->bytes : 0);
        }
    }
    report_table_cell(table, "held");
    for (uint32_t i = 0; i < count; i++) report_table_cell(table, "%zu", account[i].held);
    report_table_cell(table, "MB with parameters");
    for (uint32_t i = 0; i < count; i++)
        report_table_cell(table, "%.2f", ((double)account[i].held + (double)parameter_bytes(graph)) / 1e6);
    report_table_print(session, table, true);
    bool same = true;
    for (uint32_t i = 0; i < count; i++) same &= account[i].held == account[i].predicted;
    report_text(session, "%sbatch %u, float32; counted between forward and backward%s%s\n", report_muted(session),
                account->batch, same ? ", as predicted" : ", not as predicted", report_plain(session));
}

// ---- on the graph -------------------------------------------------------------------------------------------------

uint32_t memory_edge(const struct graph *graph, const struct held *held) {
    for (uint32_t e = graph->offset[held->at]; held->at != held->of && e < graph->offset[held->at + 1]; e++)
        if (graph->operand[e] != held->of) return e;
    return graph->offset[held->at];
}

static bool plan_of(const struct graph *graph, const struct keep *keep, struct keep_plan *plan, struct error *error) {
    return keep_plan_make(graph, graph->output, graph->output_count, NUMBER_FLOAT, keep, plan, error);
}

bool memory_view(struct session *session, struct view *view, double **held, char words[64], struct error *error) {
    const struct graph *graph = view->graph;
    struct keep keep = session->shown.keep, exact = {.method = KEEP_EXACT, .fraction = 1};
    struct keep_plan plan, whole;
    if (!graph_has_tensors(graph)) return true;
    keep.layer = session->shown.keep_layer;
    if (!plan_of(graph, &exact, &whole, error)) return false;
    if (!plan_of(graph, &keep, &plan, error)) return keep_plan_free(&whole), false;
    *held = mem_zero((size_t)graph_edge_count(graph) + 1, sizeof **held);
    for (uint32_t i = 0; *held && i < plan.count; i++)
        (*held)[memory_edge(graph, &plan.held[i])] += (double)plan.held[i].bytes;
    // The thickest is that of exact training, so that methods can be compared.
    for (uint32_t i = 0; i < whole.count; i++) view->held_most = fmax(view->held_most, (double)whole.held[i].bytes);
    view->held = *held;
    snprintf(words, 64, keep.fraction < 1 ? "%s %g" : "%s", keep_names[keep.method], keep.fraction);
    view->held_words = words;
    keep_plan_free(&whole);
    keep_plan_free(&plan);
    return *held || error_memory(error);
}

// The last of the methods asked for is what is drawn.
static void show_memory(struct session *session, const struct keep *keep) {
    struct shown *shown = &session->shown;
    shown->keep = *keep;
    shown->keep.layer = NULL;
    for (uint32_t i = 0; i < keep->layer_count; i++) shown->keep_layer[i] = keep->layer[i];
    shown->kind = VIEW_LCG;
    shown->memory = session->show = true;
    shown->chart = shown->picked = shown->step = false;
    shown->lit = 0;
}

bool command_memory(struct session *session, const struct words *words, struct error *error) {
    struct keep_words keep = {.methods = 0};
    if (words->count && strcmp(words->word[0], "table") == 0) {
        if (words->count > 1) return command_usage_error(words, 1, error, "nothing belongs behind `table`");
        return memory_table(session, error);
    }
    struct graph *graph = session_graph(session, error);
    if (!graph) return false;
    if (!graph_has_tensors(graph)) {
        error_set(error, ERROR_TYPE, SPAN_NONE, "this is a graph of numbers: :jacobian says how many it remembers");
        error_hint(error, ":memory is about tensors: :help param");
        return false;
    }
    for (uint32_t i = 0; i < words->count;) {
        bool taken;
        if (!keep_word(session, words, &i, &keep, &taken, error)) return false;
        if (!taken) return command_usage_error(words, i, error, "`%s` is no method", words->word[i]);
    }
    if (!keep.methods) {
        keep.method[keep.methods++] = KEEP_EXACT;
        keep.method[keep.methods++] = KEEP_DIFFERENT;
    }
    if (!keep.fractions) keep.fraction[keep.fractions++] = 0.1;
    struct account *account = mem_zero((size_t)keep.methods * keep.fractions, sizeof *account);
    if (!account) return error_memory(error);
    uint32_t count = 0;
    struct keep last = {.fraction = 1};
    bool ok = true;
    for (uint32_t m = 0; ok && m < keep.methods; m++)
        for (uint32_t f = 0; ok && f < (keep.method[m] == KEEP_EXACT ? 1 : keep.fractions); f++) {
            struct keep one = {.method = keep.method[m],
                               .fraction = keep.method[m] == KEEP_EXACT ? 1 : keep.fraction[f],
                               .layer = keep.layer,
                               .layer_count = keep.layers,
                               .distinct = keep.distinct,
                               .same_steps = keep.same_steps};
            ok = take_account(graph, &one, &account[count++], error);
            last = one;
        }
    for (uint32_t i = 0; ok && session->output.json && i < count; i++) tell_json(session, graph, &account[i]);
    if (ok && !session->output.json) tell_table(session, graph, account, count);
    mem_free(account);
    if (ok) show_memory(session, &last);
    return ok;
}
