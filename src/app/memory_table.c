// :memory table: the paper's Table 1 beside what is counted here.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "app/memory.h"
#include "app/report.h"
#include "app/train_command.h"
#include "base/task.h"
#include "graph/tape.h"

enum { FRACTIONS = 6, NETWORKS = 3, BATCH = 150 };
static const double fractions[FRACTIONS] = {1, 0.8, 0.5, 0.3, 0.1, 0.05};

struct row {
    const char *network, *title;
    struct shape image;
    double printed[FRACTIONS]; // MB, Table 1 of the paper
    double zero_state;         // numbers an image that the paper counts and that are not held here: h_0 = 0
};
static const struct row rows[NETWORKS] = {
    {"convolutional", "convolutional", {3, {3, 32, 32}}, {23.08, 19.19, 12.37, 7.82, 3.28, 2.14}, 0},
    {"fully_connected", "fully connected", {1, {784}}, {2.69, 2.51, 2.21, 2.00, 1.80, 1.75}, 0},
    {"recurrent", "recurrent", {1, {784}}, {47.93, 39.98, 25.85, 16.43, 7.01, 4.66}, 100},
};

// ---- the paper's way ----------------------------------------------------------------------------------------------

static double per_image(const struct graph *graph, vertex v, uint32_t batch) {
    return (double)shape_count(graph_shape(graph, v)) / batch;
}

// What the pooling behind a relu divides its numbers by, or 1.
static double pooled(const struct graph *graph, vertex relu) {
    for (uint32_t e = 0; e < graph_edge_count(graph); e++) {
        vertex v = graph_edge_target(graph, e);
        if (graph->operand[e] != relu || graph->op[v] != OP_AVG_POOL2D) continue;
        double side = graph_tensor(graph, v)->setting.side;
        return side * side;
    }
    return 1;
}

bool memory_count_of(const struct graph *graph, struct memory_count *count, struct error *error) {
    *count = (struct memory_count){.batch = 0};
    for (uint32_t i = 0; i < graph->input_count; i++) {
        vertex v = graph->input[i];
        if (graph_is_parameter(graph, v))
            count->parameters += (double)shape_count(graph_shape(graph, v));
        else if (graph_is_tensor(graph, v) && !count->batch)
            count->batch = graph_shape(graph, v).size[0];
    }
    if (!count->batch) return error_set(error, ERROR_TYPE, SPAN_NONE, "there is no batch to count");
    for (vertex v = 0; v < graph->count; v++) {
        if (graph->op[v] == OP_RELU) {
            double bits = per_image(graph, v, count->batch);
            count->masks += bits;
            count->paper_masks += bits / pooled(graph, v);
        }
        if (graph->op[v] != OP_MATMUL && graph->op[v] != OP_CONV2D) continue;
        vertex a = graph->operand[graph->offset[v]];
        if (!graph_is_parameter(graph, graph->operand[graph->offset[v] + 1])) continue;
        double numbers = per_image(graph, a, count->batch);
        *(numbers > 1 ? &count->inputs : &count->exact) += numbers;
    }
    return true;
}

double memory_by_formula(const struct memory_count *count, double fraction, double masks) {
    double batch = count->batch, bits = fraction < 1 ? masks : 0;
    return 4 * count->parameters + 4 * batch * (count->inputs * fraction + count->exact) + batch * bits / 8 +
           44 * batch; // ten log-probabilities and a label
}

// ---- counting -----------------------------------------------------------------------------------------------------

struct counted {
    struct memory_count count;
    size_t held[FRACTIONS], predicted[FRACTIONS];
};

static bool count_one(const struct graph *graph, int f, struct counted *counted, struct error *error) {
    struct keep keep = {.method = fractions[f] < 1 ? KEEP_DIFFERENT : KEEP_EXACT, .fraction = fractions[f]};
    struct tape *tape = tape_new(graph, graph->output, graph->output_count, NUMBER_FLOAT, &keep, error);
    bool ok = tape && tape_fill(tape, 0, error) && tape_forward(tape, 0, error) && tape_backward(tape, error);
    if (ok) counted->held[f] = tape_held(tape), counted->predicted[f] = tape_planned(tape);
    tape_free(tape);
    return ok;
}

// The network's graph is made as :train makes it; the session then is as it was.
static bool count_network(struct session *session, int n, struct counted *counted, struct error *error) {
    struct dataset data = {.classes = 10, .item = rows[n].image};
    struct session_mark *mark = session_mark(session);
    struct network network = {0};
    bool ok = (mark || error_memory(error)) && network_make(session, rows[n].network, &data, BATCH, &network, error);
    if (mark && !session_return(session, mark, error)) ok = false;
    session_mark_free(mark);
    ok = ok && memory_count_of(network.train, &counted->count, error);
    for (int f = 0; ok && f < FRACTIONS; f++) {
        task_progress("counting bytes", n * FRACTIONS + f, NETWORKS * FRACTIONS);
        ok = (!task_interrupted() || error_interrupt(error)) && count_one(network.train, f, counted, error);
    }
    network_free(&network);
    return ok;
}

// ---- telling ------------------------------------------------------------------------------------------------------

static double by_formula(const struct counted *counted, int f, int n, bool paper) {
    struct memory_count count = counted->count;
    count.inputs += rows[n].zero_state;
    return memory_by_formula(&count, fractions[f], paper ? count.paper_masks : count.masks) / 1e6;
}

static double with_parameters(const struct counted *counted, int f) {
    return ((double)counted->held[f] + 4 * counted->count.parameters) / 1e6;
}

static void table_row(struct report_table *table, const char *name, const double *value) {
    report_table_cell(table, "%s", name);
    for (int f = 0; f < FRACTIONS; f++) report_table_cell(table, "%.2f", value[f]);
}

static void tell_text(struct session *session, const struct counted *counted) {
    struct report_table *table = report_table_new(FRACTIONS + 1);
    bool same = true;
    report_table_cell(table, "MB, fraction kept");
    for (int f = 0; f < FRACTIONS; f++) report_table_cell(table, "%g", fractions[f]);
    for (int n = 0; n < NETWORKS; n++) {
        double paper[FRACTIONS], whole[FRACTIONS], held[FRACTIONS];
        for (int f = 0; f < FRACTIONS; f++) {
            paper[f] = by_formula(&counted[n], f, n, true);
            whole[f] = by_formula(&counted[n], f, n, false);
            held[f] = with_parameters(&counted[n], f);
            same &= counted[n].held[f] == counted[n].predicted[f];
        }
        char name[64];
        snprintf(name, sizeof name, "%s, printed", rows[n].title);
        table_row(table, name, rows[n].printed);
        table_row(table, "  by its formula", paper);
        if (counted[n].count.masks != counted[n].count.paper_masks) table_row(table, "  with every mask bit", whole);
        table_row(table, "  held here", held);
    }
    report_table_print(session, table, true);
    report_text(
        session,
        "%sTable 1 of the paper, batch %d, parameters included; MB are 1,000,000 bytes.\n"
        "The formula is 4 W + 4 B (A f) + B Q/8 (f < 1) + 44 B bytes: W parameters, A numbers that enter layers, "
        "Q relu bits.\n"
        "The paper has the bits of a relu in front of a pooling at the pooled size; relu needs every one of them. "
        "For the\nrecurrent network it prints 0.31 MB more than its formula gives, unexplained, and counts a state of "
        "zeros.\n"
        "Held: counted by the allocator between forward and backward%s; samples are rounded up, and exact "
        "training needs\nthe bits in front of a pooling too.%s\n",
        report_muted(session), BATCH, same ? ", as predicted" : ", NOT as predicted", report_plain(session));
}

static void tell_json(struct session *session, const struct counted *counted) {
    json_t *list = json_array();
    for (int n = 0; n < NETWORKS; n++)
        for (int f = 0; f < FRACTIONS; f++)
            json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:f, s:f, s:I, s:I, s:I}", "network",
                                                  rows[n].network, "keep", fractions[f], "printed", rows[n].printed[f],
                                                  "formula", by_formula(&counted[n], f, n, true), "every_mask_bit",
                                                  by_formula(&counted[n], f, n, false), "parameters",
                                                  (json_int_t)(4 * counted[n].count.parameters), "predicted",
                                                  (json_int_t)counted[n].predicted[f], "held",
                                                  (json_int_t)counted[n].held[f]));
    report_json(session, json_pack("{s:s, s:i, s:O}", "kind", "memory_table", "batch", BATCH, "rows", list));
    json_decref(list);
}

bool memory_table(struct session *session, struct error *error) {
    struct counted *counted = mem_zero(NETWORKS, sizeof *counted);
    bool ok = counted || error_memory(error);
    for (int n = 0; ok && n < NETWORKS; n++) ok = count_network(session, n, &counted[n], error);
    if (ok && session->output.json) tell_json(session, counted);
    if (ok && !session->output.json) tell_text(session, counted);
    mem_free(counted);
    return ok;
}
