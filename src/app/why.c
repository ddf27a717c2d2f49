// :why V: where one vertex's value and its adjoint come from, every contribution a line, with the sum.
#include <math.h>
#include <string.h>

#include "app/command.h"
#include "app/report.h"
#include "app/walk_private.h"
#include "base/task.h"
#include "show/record.h"

// What is being explained; `adjoint` (count numbers) belongs to the output in hand.
struct why {
    struct session *session;
    const struct graph *graph;
    const struct lcg *lcg;
    vertex v;
    double *adjoint;
    uint8_t *reaches; // vertices on which the output in hand depends
    struct buffer line;
    json_t *json;
};

static const char *label(const struct why *why, vertex v, char out[64]) { return graph_label(why->graph, v, out); }

static void flush_line(struct why *why) {
    report_text(why->session, "%s\n", buffer_string(&why->line));
    buffer_clear(&why->line);
}

static void add_name(struct why *why, vertex v) {
    char text[64];
    buffer_text(&why->line, label(why, v, text));
}

static void add_total(struct why *why, vertex of, vertex by) {
    buffer_text(&why->line, "∂");
    add_name(why, of);
    buffer_text(&why->line, "/∂");
    add_name(why, by);
}

// ---- the value ------------------------------------------------------------------------------------------------------

static void value_line(struct why *why) {
    const struct graph *graph = why->graph;
    struct buffer place = {0};
    add_name(why, why->v);
    buffer_text(&why->line, " = ");
    if (graph_arity(graph, why->v)) {
        graph_formula(graph, why->v, &why->line);
        buffer_text(&why->line, " = ");
        size_t since = why->line.size;
        walk_formula_values(graph, why->v, &why->line);
        walk_equals(&why->line, since, graph->value[why->v]);
    } else {
        walk_number(&why->line, graph->value[why->v]);
    }
    if (graph->op[why->v] == OP_INPUT) buffer_text(&why->line, ", an input");
    if (graph->op[why->v] == OP_CONST) buffer_text(&why->line, ", a constant");
    walk_line(&place, graph_span(graph, why->v));
    if (place.size)
        buffer_printf(&why->line, "   %s(%s)%s", report_muted(why->session), buffer_string(&place),
                      report_plain(why->session));
    buffer_free(&place);
    flush_line(why);
}

static void operand_line(struct why *why, uint32_t edge) {
    vertex u = why->graph->operand[edge];
    buffer_text(&why->line, "  from ");
    add_name(why, u);
    buffer_text(&why->line, " = ");
    walk_number(&why->line, why->graph->value[u]);
    buffer_text(&why->line, "   local derivative ");
    size_t since = why->line.size;
    struct buffer formula = {0};
    graph_partial_formula(why->graph, edge, &formula);
    buffer_printf(&why->line, strstr(buffer_string(&formula), " if ") ? "(%s)" : "%s", buffer_string(&formula));
    buffer_free(&formula);
    walk_equals(&why->line, since, why->lcg->partial[edge]);
    const struct graph *graph = why->graph;
    uint32_t first = graph->offset[why->v], last = graph->offset[why->v + 1] - 1;
    const char *kink =
        op_kink((enum op)graph->op[why->v], graph->value[graph->operand[first]], graph->value[graph->operand[last]]);
    if (kink) buffer_printf(&why->line, ": %s", kink);
    flush_line(why);
}

// ---- the adjoint ----------------------------------------------------------------------------------------------------

// Which vertices the output depends on, so that a sum of nothing is told from a sum that is 0.
static void mark_reaches(struct why *why, vertex output) {
    memset(why->reaches, 0, why->graph->count);
    why->reaches[output] = 1;
    for (vertex v = output + 1; v-- > 0;)
        for (uint32_t e = why->graph->offset[v]; why->reaches[v] && e < why->graph->offset[v + 1]; e++)
            why->reaches[why->graph->operand[e]] = 1;
}

// All adjoints of one output: the sweep itself, also below vertices that depend on no input.
static void sweep(struct why *why, vertex output) {
    mark_reaches(why, output);
    for (vertex v = 0; v < why->graph->count; v++) why->adjoint[v] = v == output;
    for (vertex v = output + 1; v-- > 0;)
        for (uint32_t e = why->graph->offset[v]; why->reaches[v] && e < why->graph->offset[v + 1]; e++)
            why->adjoint[why->graph->operand[e]] += why->adjoint[v] * why->lcg->partial[e];
}

static void contribution_line(struct why *why, vertex output, uint32_t edge, vertex target) {
    double adjoint = why->adjoint[target], partial = why->lcg->partial[edge];
    buffer_text(&why->line, "  through ");
    add_name(why, target);
    buffer_text(&why->line, "   ");
    add_total(why, output, target);
    buffer_text(&why->line, " * ");
    walk_partial_factor(&why->line, why->graph, edge);
    buffer_text(&why->line, " = ");
    walk_factor(&why->line, adjoint);
    buffer_text(&why->line, " * ");
    walk_factor(&why->line, partial);
    buffer_text(&why->line, " = ");
    walk_number(&why->line, adjoint * partial);
    flush_line(why);
}

static json_t *contribution_json(const struct why *why, uint32_t edge, vertex target) {
    double adjoint = why->adjoint[target], partial = why->lcg->partial[edge];
    return json_pack("{s:I,s:o,s:o,s:o}", "to", (json_int_t)graph_id(why->graph, target), "adjoint",
                     record_number(adjoint), "partial", record_number(partial), "product",
                     record_number(adjoint * partial));
}

// Every contribution to the adjoint of v; returns how many there are.
static uint32_t contributions(struct why *why, vertex output, json_t *list) {
    uint32_t found = 0;
    for (vertex w = why->v + 1; w <= output; w++)
        for (uint32_t e = why->graph->offset[w]; why->reaches[w] && e < why->graph->offset[w + 1]; e++) {
            if (why->graph->operand[e] != why->v) continue;
            found++;
            if (list)
                json_array_append_new(list, contribution_json(why, e, w));
            else
                contribution_line(why, output, e, w);
        }
    return found;
}

static void adjoint_text(struct why *why, uint32_t output) {
    vertex end = why->graph->output[output];
    char text[64];
    report_text(why->session, "%sthe adjoint, for the output %s%s\n", report_accent(why->session),
                graph_output_label(why->graph, output, text), report_plain(why->session));
    if (!why->reaches[why->v]) {
        report_text(why->session, "  – it does not depend on %s\n", label(why, why->v, text));
        return;
    }
    uint32_t found = contributions(why, end, NULL);
    buffer_text(&why->line, found > 1 ? "  sum   " : "  so    ");
    add_total(why, end, why->v);
    buffer_text(&why->line, " = ");
    walk_number(&why->line, why->adjoint[why->v]);
    if (why->v == end) buffer_text(&why->line, ", the output itself");
    flush_line(why);
}

static bool adjoint_json(struct why *why, uint32_t output) {
    char text[64];
    json_t *list = json_array(), *adjoints = json_object_get(why->json, "adjoints");
    contributions(why, why->graph->output[output], list);
    json_t *value = why->reaches[why->v] ? record_number(why->adjoint[why->v]) : json_null();
    return json_array_append_new(adjoints,
                                 json_pack("{s:s,s:o,s:o}", "output", graph_output_label(why->graph, output, text),
                                           "adjoint", value, "contributions", list)) == 0;
}

static bool value_json(struct why *why) {
    char text[64];
    json_t *operands = json_array();
    for (uint32_t e = why->graph->offset[why->v]; e < why->graph->offset[why->v + 1]; e++)
        json_array_append_new(operands, json_pack("{s:I,s:o,s:o}", "from",
                                                  (json_int_t)graph_id(why->graph, why->graph->operand[e]), "value",
                                                  record_number(why->graph->value[why->graph->operand[e]]), "partial",
                                                  record_number(why->lcg->partial[e])));
    why->json = json_pack("{s:s,s:I,s:s,s:o,s:o,s:[]}", "kind", "why", "vertex",
                          (json_int_t)graph_id(why->graph, why->v), "name", label(why, why->v, text), "value",
                          record_number(why->graph->value[why->v]), "operands", operands, "adjoints");
    return why->json;
}

// ---- the command ----------------------------------------------------------------------------------------------------

static bool explain_value(struct why *why, struct error *error) {
    if (why->session->output.json) return value_json(why) || error_memory(error);
    value_line(why);
    for (uint32_t e = why->graph->offset[why->v]; e < why->graph->offset[why->v + 1]; e++) operand_line(why, e);
    return true;
}

static bool explain(struct why *why, struct error *error) {
    size_t count = why->graph->count;
    why->adjoint = mem_alloc(count, sizeof *why->adjoint);
    why->reaches = mem_alloc(count, 1);
    if (!why->adjoint || !why->reaches) return error_memory(error);
    if (!explain_value(why, error)) return false;
    for (uint32_t i = 0; i < why->graph->output_count; i++) {
        if (task_interrupted()) return error_interrupt(error);
        sweep(why, why->graph->output[i]);
        if (!why->json)
            adjoint_text(why, i);
        else if (!adjoint_json(why, i))
            return error_memory(error);
    }
    if (why->json && !record_write(why->json, &why->session->output.text)) return error_memory(error);
    return !why->line.failed || error_memory(error);
}

bool walk_command_why(struct session *session, const struct words *words, struct error *error) {
    if (words->count != 1) {
        error_set(error, ERROR_USAGE, words->all, ":why takes the name of one vertex");
        error_hint(error, ":why a");
        return false;
    }
    struct why why = {.session = session, .graph = session_graph(session, error)};
    if (!why.graph || !(why.lcg = session_lcg(session, error))) return false;
    why.v = graph_find(why.graph, words->word[0], error);
    if (why.v == VERTEX_NONE) {
        if (error && !error->span.source) error->span = words->span[0];
        return false;
    }
    bool ok = explain(&why, error);
    mem_free(why.adjoint);
    mem_free(why.reaches);
    buffer_free(&why.line);
    json_decref(why.json);
    return ok;
}
