// Commands that look at the current graph.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/chart.h"
#include "app/commands.h"
#include "app/lesson.h"
#include "app/report.h"
#include "app/settings.h"
#include "app/walk.h"
#include "base/file.h"
#include "base/task.h"
#include "graph/check.h"
#include "graph/tensors.h"
#include "show/describe.h"
#include "show/export.h"
#include "show/record.h"

static void number_text(char out[32], double value) { text_number(out, value); }

// ---- :graph and :lcg ----------------------------------------------------------------------------------------------

// Half an answer is none.
static bool not_interrupted(struct session *session, struct error *error) {
    if (!task_interrupted()) return true;
    buffer_clear(&session->output.text);
    return error_interrupt(error);
}

static bool show_record(struct session *session, enum view_kind kind, struct error *error) {
    struct view view;
    if (!session_view(session, kind, &view, error)) return false;
    bool ok = kind == VIEW_PATHS || record_graph(&view, NULL, &session->output.text);
    if (kind == VIEW_PATHS) report_json(session, record_paths(&view));
    session_view_free(&view);
    if (task_interrupted())
        session->output.text.failed = false;
    else if (!ok)
        session->output.text.failed = true;
    return not_interrupted(session, error);
}

static void say_rest(struct session *session, uint32_t listed, uint32_t all, const char *what) {
    if (listed < all)
        report_text(session, "%s%u of %u %s listed; `:set rows N` lists more, `:export FILE.csv` writes all%s\n",
                    report_muted(session), listed, all, what, report_plain(session));
}

static void print_vertices(struct session *session, const struct graph *graph) {
    struct report_table *table = report_table_new(3);
    uint32_t listed = 0;
    for (vertex v = 0; v < graph->count && listed < session->settings.rows; v++) {
        if (v % 256 == 0 && task_interrupted()) break;
        if (graph_hidden(graph, v)) continue;
        listed++;
        struct buffer formula = {0};
        char label[64], number[64];
        number_text(number, graph->value[v]);
        if (graph_is_tensor(graph, v)) shape_text(graph_shape(graph, v), number);
        if (graph->op[v] == OP_INPUT || graph->op[v] == OP_CONST)
            buffer_text(&formula, op_table[graph->op[v]].name);
        else
            graph_formula(graph, v, &formula);
        report_table_cell(table, "%s", graph_label(graph, v, label));
        report_table_cell(table, "= %s", buffer_string(&formula));
        report_table_cell(table, "= %s", number);
        buffer_free(&formula);
    }
    report_table_print(session, table, false);
    say_rest(session, listed, graph_visible_count(graph), "vertices");
}

static uint32_t visible_edges(const struct graph *graph) {
    uint32_t count = 0;
    for (uint32_t e = 0; e < graph_edge_count(graph); e++) count += !graph_hidden(graph, graph->operand[e]);
    return count;
}

static void print_heading(struct session *session, const struct graph *graph, const char *what) {
    struct buffer point = {0};
    environment_point(session->environment, &point);
    uint32_t vertices = graph_visible_count(graph), edges = visible_edges(graph);
    report_text(session, "%s%s at %s: %u vert%s, %u edge%s%s\n", report_muted(session), what, buffer_string(&point),
                vertices, vertices == 1 ? "ex" : "ices", edges, edges == 1 ? "" : "s", report_plain(session));
    buffer_free(&point);
}

static void show_kind(struct session *session, enum view_kind kind) {
    session->show = true;
    session->shown.chart = false;
    session->shown.memory = false;
    session->shown.picked = false;
    session->shown.pick[0] = session->shown.pick[1] = 0;
    session->shown.kind = kind;
    session->shown.lit = 0;
    session->shown.step = false;
}

bool command_graph(struct session *session, const struct words *words, struct error *error) {
    struct graph *graph = session_graph(session, error);
    if (!graph || !command_no_words(words, error)) return false;
    show_kind(session, VIEW_PRIMAL);
    if (session->output.json) return show_record(session, VIEW_PRIMAL, error);
    print_heading(session, graph, "primal graph");
    print_vertices(session, graph);
    return not_interrupted(session, error);
}

// The shape of the Jacobian that a map between tensors stands for.
static void map_text(const struct graph *graph, uint32_t edge, vertex v, char out[64]) {
    snprintf(out, 64, "(%llu x %llu)", (unsigned long long)shape_count(graph_shape(graph, v)),
             (unsigned long long)shape_count(graph_shape(graph, graph->operand[edge])));
}

static void print_edges(struct session *session, const struct lcg *lcg, bool symbolic) {
    const struct graph *graph = lcg->graph;
    struct report_table *table = report_table_new(3);
    uint32_t listed = 0, most = session->settings.rows;
    for (vertex v = 0; v < graph->count && listed < most && !(v % 256 == 0 && task_interrupted()); v++)
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1] && listed < most; e++) {
            if (graph_hidden(graph, graph->operand[e])) continue;
            listed++;
            struct buffer partial = {0};
            char from[64], to[64], number[64];
            number_text(number, lcg->partial[e]);
            bool map = graph_is_tensor(graph, v) || graph_is_tensor(graph, graph->operand[e]);
            if (map) map_text(graph, e, v, number);
            if (symbolic || map) graph_partial_formula(graph, e, &partial);
            if (map) buffer_text(&partial, "   ");
            if (!symbolic) buffer_text(&partial, number);
            graph_label(graph, graph->operand[e], from);
            graph_label(graph, v, to);
            report_table_cell(table, "%s -> %s", from, to);
            report_table_cell(table, "d%s/d%s", to, from);
            report_table_cell(table, "= %s", buffer_string(&partial));
            buffer_free(&partial);
        }
    report_table_print(session, table, false);
    say_rest(session, listed, visible_edges(graph), "edges");
}

bool command_lcg(struct session *session, const struct words *words, struct error *error) {
    bool symbolic = words->count == 1 && strcmp(words->word[0], "symbolic") == 0;
    if (words->count && !symbolic)
        return command_usage_error(words, 0, error, "`%s` is not a kind of LCG", words->word[0]);
    struct lcg *lcg = session_lcg(session, error);
    if (!lcg) return false;
    show_kind(session, symbolic ? VIEW_LCG_SYMBOLIC : VIEW_LCG);
    if (session->output.json) return show_record(session, session->shown.kind, error);
    print_heading(session, lcg->graph, "linearized graph");
    print_edges(session, lcg, symbolic);
    return not_interrupted(session, error);
}

// ---- :paths -------------------------------------------------------------------------------------------------------

struct path_query {
    char from[64], to[64];
    uint32_t top;
};

static bool read_top(const struct words *words, uint32_t at, struct path_query *query, struct error *error) {
    double number;
    if (at >= words->count) return command_usage_error(words, at - 1, error, "a number is missing after `top`");
    if (!text_parse_number(words->word[at], &number) || number != floor(number) || number < 1 || number > 1e7)
        return command_usage_error(words, at, error, "`top` takes a whole number from 1 to 10000000, not `%s`",
                                   words->word[at]);
    query->top = (uint32_t)number;
    return true;
}

static bool read_query(const struct words *words, struct path_query *query, struct error *error) {
    uint32_t i = 0;
    if (i < words->count && strcmp(words->word[i], "top") != 0) {
        if (words->count < 3 || strcmp(words->word[1], "->") != 0)
            return command_usage_error(words, 0, error, "paths are chosen as FROM -> TO");
        snprintf(query->from, sizeof query->from, "%s", words->word[0]);
        snprintf(query->to, sizeof query->to, "%s", words->word[2]);
        i = 3;
    }
    if (i < words->count && strcmp(words->word[i], "top") == 0) {
        if (!read_top(words, i + 1, query, error)) return false;
        i += 2;
    }
    return i >= words->count || command_usage_error(words, i, error, "`%s` was not expected here", words->word[i]);
}

enum { LONG_PATH = 1000, PATH_ENDS = 20 };

// Of a path of thousands of edges the first and last are written, and how many of the `count` are not.
static uint32_t skip_middle(uint32_t i, uint32_t count, const char *between, const char *what, struct buffer *out) {
    if (count <= LONG_PATH || i != PATH_ENDS) return i;
    buffer_printf(out, "%s(%u more %s)", between, count - 2 * PATH_ENDS, what);
    return count - PATH_ENDS;
}

static void print_path(struct session *session, const struct lcg *lcg, const struct path *path, uint64_t number) {
    char label[64], value[32];
    struct buffer names = {0}, factors = {0};
    for (uint32_t i = 0; i <= path->length; i++) {
        i = skip_middle(i, path->length + 1, " -> ", "vertices", &names);
        buffer_printf(&names, "%s%s", i ? " -> " : "", graph_label(lcg->graph, path->vertex[i], label));
    }
    for (uint32_t i = 0; i < path->length; i++) {
        i = skip_middle(i, path->length, " * ", "factors", &factors);
        text_label_number(label, lcg->partial[path->edge[i]], 6);
        buffer_printf(&factors, "%s%s", i ? " * " : "", label);
    }
    number_text(value, path->product);
    report_text(session, "%s%4llu%s  %s\n      %s = %s%s%s\n", report_muted(session), (unsigned long long)number,
                report_plain(session), buffer_string(&names), path->length ? buffer_string(&factors) : "1",
                report_accent(session), value, report_plain(session));
    buffer_free(&names);
    buffer_free(&factors);
}

// Sums of the listed products by their ends, compared with the Jacobian's entries.
struct sums {
    vertex *input, *output;
    double *sum;
    size_t count, capacity[3];
};

static bool add_product(struct sums *sums, const struct path *path) {
    for (size_t i = sums->count; i-- > 0;)
        if (sums->input[i] == path->input && sums->output[i] == path->output)
            return sums->sum[i] += path->product, true;
    if (!mem_grow(&sums->input, &sums->capacity[0], sums->count + 1, sizeof(vertex)) ||
        !mem_grow(&sums->output, &sums->capacity[1], sums->count + 1, sizeof(vertex)) ||
        !mem_grow(&sums->sum, &sums->capacity[2], sums->count + 1, sizeof(double)))
        return false;
    sums->input[sums->count] = path->input;
    sums->output[sums->count] = path->output;
    sums->sum[sums->count++] = path->product;
    return true;
}

static void free_sums(struct sums *sums) {
    mem_free(sums->input);
    mem_free(sums->output);
    mem_free(sums->sum);
}

static bool derivative(const struct lcg *lcg, vertex from, vertex to, double *out, struct error *error) {
    struct graph *graph = lcg->graph;
    double *tangent = mem_zero(graph->count ? graph->count : 1, sizeof *tangent);
    if (!tangent) return error_memory(error);
    tangent[from] = 1;
    for (vertex v = from + 1; v <= to && v < graph->count; v++)
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++)
            if (tangent[lcg->source[e]] != 0) tangent[v] += lcg->partial[e] * tangent[lcg->source[e]];
    *out = tangent[to];
    mem_free(tangent);
    return true;
}

static bool print_sums(struct session *session, const struct lcg *lcg, const struct sums *sums, struct error *error) {
    for (size_t i = 0; i < sums->count; i++) {
        char from[64], to[64], sum[32], exact[32];
        double value = 0;
        if (!derivative(lcg, sums->input[i], sums->output[i], &value, error)) return false;
        bool entry = lcg->graph->op[sums->input[i]] == OP_INPUT && graph_is_output(lcg->graph, sums->output[i]);
        number_text(sum, sums->sum[i]);
        number_text(exact, value);
        bool same = fabs(sums->sum[i] - value) <= 1e-9 * fmax(1, fabs(value)) || (isnan(value) && isnan(sums->sum[i]));
        report_text(session, "sum over paths d%s/d%s = %s%s%s%s%s%s%s\n", graph_label(lcg->graph, sums->output[i], to),
                    graph_label(lcg->graph, sums->input[i], from), report_accent(session), sum, report_plain(session),
                    same ? ", " : "; ", entry ? "the Jacobian's entry" : "the derivative", same ? "" : " is ",
                    same ? "" : exact);
    }
    return true;
}

static bool list_and_sum(struct session *session, const struct lcg *lcg, struct paths *paths, uint32_t most,
                         const char *total, struct error *error) {
    struct sums sums = {0};
    struct path path;
    uint64_t listed = 0;
    bool ok = true;
    char text[32];
    while (ok && listed < most && paths_next(paths, &path, error)) {
        print_path(session, lcg, &path, ++listed);
        ok = add_product(&sums, &path) || error_memory(error);
    }
    ok = ok && (!error || error->kind == ERROR_NONE);
    snprintf(text, sizeof text, "%llu", (unsigned long long)listed);
    if (ok && strcmp(text, total) == 0)
        ok = print_sums(session, lcg, &sums, error);
    else if (ok)
        report_text(session, "%s%llu of %s paths listed; `top N` or `:set paths N` lists more%s\n",
                    report_muted(session), (unsigned long long)listed, total, report_plain(session));
    free_sums(&sums);
    return ok;
}

static bool count_text(const struct lcg *lcg, const struct vertices *from, const struct vertices *to, char **out,
                       struct error *error) {
    mpz_t total;
    mpz_init(total);
    bool ok = path_count(lcg, vertices_list(from), from->count, vertices_list(to), to->count, total, error);
    *out = ok ? mem_alloc(mpz_sizeinbase(total, 10) + 2, 1) : NULL;
    if (*out) mpz_get_str(*out, 10, total);
    mpz_clear(total);
    return *out || (ok && error_memory(error));
}

static json_t *path_json(const struct lcg *lcg, const struct path *path) {
    char label[64];
    json_t *object = json_object(), *names = json_array(), *partials = json_array();
    for (uint32_t i = 0; i <= path->length; i++)
        json_array_append_new(names, json_string(graph_label(lcg->graph, path->vertex[i], label)));
    for (uint32_t i = 0; i < path->length; i++)
        json_array_append_new(partials, record_number(lcg->partial[path->edge[i]]));
    json_object_set_new(object, "vertices", names);
    json_object_set_new(object, "partials", partials);
    json_object_set_new(object, "product", record_number(path->product));
    return object;
}

static bool paths_json(struct session *session, const struct lcg *lcg, struct paths *paths, uint32_t most,
                       const char *total, struct error *error) {
    json_t *object = json_object(), *list = json_array();
    struct path path;
    for (uint32_t i = 0; i < most && paths_next(paths, &path, error); i++)
        json_array_append_new(list, path_json(lcg, &path));
    json_object_set_new(object, "kind", json_string("paths"));
    json_object_set_new(object, "count", json_string(total));
    json_object_set_new(object, "paths", list);
    if (error && error->kind != ERROR_NONE) return json_decref(object), false;
    report_json(session, object);
    return true;
}

static bool show_paths(struct session *session, const struct lcg *lcg, struct error *error) {
    struct vertices from, to;
    char *total;
    uint32_t top = session->shown.top, most = top ? top : session->settings.paths;
    if (!session_ends(session, &from, &to, error) || !count_text(lcg, &from, &to, &total, error)) return false;
    struct paths *paths = paths_new(lcg, vertices_list(&from), from.count, vertices_list(&to), to.count,
                                    top ? PATH_LARGEST : PATH_LISTED, error);
    bool ok = paths != NULL;
    if (ok && session->output.json) {
        ok = paths_json(session, lcg, paths, most, total, error);
    } else if (ok) {
        report_text(session, "%s path%s\n", total, strcmp(total, "1") == 0 ? "" : "s");
        ok = list_and_sum(session, lcg, paths, most, total, error);
    }
    paths_free(paths);
    mem_free(total);
    return ok;
}

bool command_paths(struct session *session, const struct words *words, struct error *error) {
    struct path_query query = {0};
    struct shown before = session->shown;
    struct lcg *lcg = session_lcg(session, error);
    if (!lcg || !read_query(words, &query, error)) return false;
    for (uint32_t i = 0; i < 3 && query.from[0]; i += 2)
        if (session_vertex(session, words->word[i], error) == VERTEX_NONE) {
            if (error) error->span = words->span[i];
            return false;
        }
    show_kind(session, VIEW_PATHS);
    memcpy(session->shown.from, query.from, sizeof query.from);
    memcpy(session->shown.to, query.to, sizeof query.to);
    session->shown.top = query.top;
    bool ok = show_paths(session, lcg, error);
    if (!ok) session->shown = before;
    return ok;
}

// ---- :jacobian ----------------------------------------------------------------------------------------------------

static bool read_vertices(struct session *session, const struct words *words, uint32_t first, vertex *out,
                          struct error *error) {
    for (uint32_t i = first; i < words->count; i++) {
        out[i - first] = session_vertex(session, words->word[i], error);
        if (out[i - first] != VERTEX_NONE) continue;
        if (error) error->span = words->span[i];
        return false;
    }
    return true;
}

static bool read_mode(const struct words *words, enum bauer_mode *mode, struct error *error) {
    static const char *const names[] = {"reverse", "forward", "bauer", "order", "greedy"};
    *mode = BAUER_REVERSE;
    if (!words->count) return true;
    for (int i = 0; i < 5; i++)
        if (strcmp(words->word[0], names[i]) == 0) {
            *mode = (enum bauer_mode)i;
            if (i == BAUER_ORDER && words->count == 2 && strcmp(words->word[1], "greedy") == 0) *mode = BAUER_GREEDY;
            if (i != BAUER_ORDER && words->count > 1)
                return command_usage_error(words, 1, error, "`%s` was not expected here", words->word[1]);
            return true;
        }
    return command_usage_error(words, 0, error, "`%s` is not a way to accumulate", words->word[0]);
}

bool command_jacobian(struct session *session, const struct words *words, struct error *error) {
    enum bauer_mode mode;
    vertex order[64];
    struct lcg *lcg = session_lcg(session, error);
    if (!lcg || !read_mode(words, &mode, error)) return false;
    uint32_t count = mode == BAUER_ORDER && words->count ? words->count - 1 : 0;
    if (count && !read_vertices(session, words, 1, order, error)) return false;
    struct jacobian jacobian = {0};
    if (!bauer_jacobian(lcg, mode, order, count, &jacobian, error)) return false;
    report_jacobian(session, mode, &jacobian);
    jacobian_free(&jacobian);
    return true;
}

// ---- :eliminate ---------------------------------------------------------------------------------------------------

static json_t *edge_json(const struct graph *graph, const struct eliminate_edge *edge) {
    char from[64], to[64];
    json_t *object = json_object();
    json_object_set_new(object, "from", json_string(graph_label(graph, edge->source, from)));
    json_object_set_new(object, "to", json_string(graph_label(graph, edge->target, to)));
    json_object_set_new(object, "before", edge->fill ? json_null() : record_number(edge->before));
    json_object_set_new(object, "value", record_number(edge->value));
    json_object_set_new(object, "fill", json_boolean(edge->fill));
    return object;
}

static void eliminate_json(struct session *session, const struct graph *graph, vertex v,
                           const struct eliminate_edge *edge, uint32_t count) {
    char label[64];
    json_t *object = json_object(), *list = json_array();
    for (uint32_t i = 0; i < count; i++) json_array_append_new(list, edge_json(graph, &edge[i]));
    json_object_set_new(object, "kind", json_string("eliminate"));
    json_object_set_new(object, "vertex", json_string(graph_label(graph, v, label)));
    json_object_set_new(object, "changed", list);
    json_object_set_new(object, "multiplications", report_count(eliminate_multiplications(session->eliminate)));
    json_object_set_new(object, "remaining", json_integer(eliminate_remaining(session->eliminate)));
    report_json(session, object);
}

static void print_elimination(struct session *session, const struct graph *graph, vertex v,
                              const struct eliminate_edge *edge, uint32_t count, double cost) {
    char from[64], to[64], before[32], value[32];
    report_text(session, "%s eliminated with %.0f multiplication%s\n", graph_label(graph, v, from), cost,
                cost == 1 ? "" : "s");
    for (uint32_t i = 0; i < count; i++) {
        number_text(before, edge[i].before);
        number_text(value, edge[i].value);
        graph_label(graph, edge[i].source, from);
        graph_label(graph, edge[i].target, to);
        if (edge[i].fill)
            report_text(session, "  %s -> %s = %s%s%s, new (fill-in)\n", from, to, report_accent(session), value,
                        report_plain(session));
        else
            report_text(session, "  %s -> %s = %s%s%s, was %s\n", from, to, report_accent(session), value,
                        report_plain(session), before);
    }
    uint32_t left = eliminate_remaining(session->eliminate);
    if (left)
        report_text(session, "%s%u more to eliminate, multiplications so far: %.0f%s\n", report_muted(session), left,
                    eliminate_multiplications(session->eliminate), report_plain(session));
    else
        report_text(session,
                    "%sonly edges from inputs to outputs are left: the Jacobian, with %.0f multiplications%s\n",
                    report_muted(session), eliminate_multiplications(session->eliminate), report_plain(session));
}

bool command_eliminate(struct session *session, const struct words *words, struct error *error) {
    if (words->count != 1) return command_usage_error(words, 1, error, "name one vertex to eliminate");
    struct graph *graph = session_graph(session, error);
    vertex v;
    if (!graph || !read_vertices(session, words, 0, &v, error) || !session_eliminate(session, error)) return false;
    const struct eliminate_edge *changed;
    uint32_t count;
    double cost = eliminate_alive(session->eliminate, v) ? eliminate_cost(session->eliminate, v) : 0;
    vertex *longer = mem_alloc(session->eliminated_count + 1, sizeof *longer);
    if (!longer) return error_memory(error);
    if (!eliminate_vertex(session->eliminate, v, &changed, &count, error)) return mem_free(longer), false;
    if (session->eliminated_count) memcpy(longer, session->eliminated, session->eliminated_count * sizeof *longer);
    longer[session->eliminated_count++] = v;
    show_kind(session, VIEW_LCG);
    mem_free(session->eliminated);
    session->eliminated = longer;
    if (session->output.json)
        eliminate_json(session, graph, v, changed, count);
    else
        print_elimination(session, graph, v, changed, count, cost);
    return true;
}

// ---- :check, :describe --------------------------------------------------------------------------------------------

static bool check_compared(const struct check *check) { return check->partials + check->entries > 0; }

static void print_check(struct session *session, const struct graph *graph, const struct check *check) {
    char from[64], to[64], exact[32], difference[32];
    if (check->worst_edge != UINT32_MAX) {
        number_text(exact, check->partial_exact);
        number_text(difference, check->partial_difference);
        report_text(
            session, "%u local partial%s; the worst, d%s/d%s = %s, differs from %s by %.1e\n", check->partials,
            check->partials == 1 ? "" : "s", graph_label(graph, graph_edge_target(graph, check->worst_edge), to),
            graph_label(graph, graph->operand[check->worst_edge], from), exact, difference, check->worst_partial);
    }
    if (check->entries) {
        number_text(exact, check->entry_exact);
        number_text(difference, check->entry_difference);
        report_text(session, "%u Jacobian entr%s; the worst, d%s/d%s = %s, differs from %s by %.1e\n", check->entries,
                    check->entries == 1 ? "y" : "ies", graph_output_label(graph, check->worst_row, to),
                    graph_input_label(graph, check->worst_column, from), exact, difference, check->worst_entry);
    }
    if (check->kinks)
        report_text(session, "%u vert%s on a kink: no derivative to compare there\n", check->kinks,
                    check->kinks == 1 ? "ex is" : "ices are");
    if (check->skipped)
        report_text(session, "%u entr%s skipped: no difference there can be trusted\n", check->skipped,
                    check->skipped == 1 ? "y" : "ies");
    report_text(session, "%s\n",
                !check->ok                           ? "NOT ok: derivatives and finite differences disagree"
                : !check_compared(check)             ? "nothing was compared: try another point"
                : check->kinks > 0 || check->skipped ? "ok: what was compared agrees with finite differences"
                                                     : "ok: derivatives agree with finite differences");
}

bool command_check(struct session *session, const struct words *words, struct error *error) {
    struct lcg *lcg = session_lcg(session, error);
    struct check check;
    if (!lcg || !command_no_words(words, error) || !check_derivatives(lcg, 1e-5, &check, error)) return false;
    if (!session->output.json) {
        print_check(session, lcg->graph, &check);
        return true;
    }
    json_t *object = json_object();
    char from[64], to[64], name[160] = "";
    json_object_set_new(object, "kind", json_string("check"));
    if (check.worst_edge != UINT32_MAX)
        snprintf(name, sizeof name, "d%s/d%s",
                 graph_label(lcg->graph, graph_edge_target(lcg->graph, check.worst_edge), to),
                 graph_label(lcg->graph, lcg->graph->operand[check.worst_edge], from));
    json_object_set_new(object, "worst_partial", name[0] ? json_string(name) : json_null());
    name[0] = '\0';
    if (check.entries)
        snprintf(name, sizeof name, "d%s/d%s", graph_output_label(lcg->graph, check.worst_row, to),
                 graph_input_label(lcg->graph, check.worst_column, from));
    json_object_set_new(object, "worst_entry", name[0] ? json_string(name) : json_null());
    json_object_set_new(object, "error", record_number(fmax(check.worst_partial, check.worst_entry)));
    json_object_set_new(object, "ok", check_compared(&check) ? json_boolean(check.ok) : json_null());
    json_object_set_new(object, "partials", json_integer(check.partials));
    json_object_set_new(object, "entries", json_integer(check.entries));
    json_object_set_new(object, "skipped", json_integer(check.skipped));
    report_json(session, object);
    return true;
}

bool command_describe(struct session *session, const struct words *words, struct error *error) {
    struct view view;
    struct buffer text = {0};
    if (!command_no_words(words, error)) return false;
    if (session->shown.step && walk_is_on(session->walk, environment_graph(session->environment)))
        return walk_report(session->walk, session, error);
    if (!session_view(session, session->shown.kind, &view, error)) return false;
    describe_view(&view, &text);
    if (session->output.json)
        report_json(session, json_pack("{s:s, s:s}", "kind", "description", "text", buffer_string(&text)));
    else
        report_text(session, "%s\n", buffer_string(&text));
    buffer_free(&text);
    session_view_free(&view);
    return true;
}

// ---- :export ------------------------------------------------------------------------------------------------------

static bool read_view(struct session *session, const struct words *words, enum view_kind *kind, struct error *error) {
    char name[64] = "";
    *kind = session->shown.kind;
    if (words->count < 2) return true;
    for (uint32_t i = 1; i < words->count; i++)
        snprintf(name + strlen(name), sizeof name - strlen(name), "%s%s", i > 1 ? " " : "", words->word[i]);
    return view_kind_find(name, kind) || command_usage_error(words, 1, error, "there is no view `%s`", name);
}

static bool export_chart(struct session *session, const struct words *words, const struct export_format *format,
                         struct error *error) {
    struct buffer out = {0};
    char message[256] = "";
    struct export_options options = {.version = "bauer " BAUER_VERSION,
                                     .text_as_paths = session->settings.text_as_paths};
    bool ok = chart_export(session, format, &options, &out, message, error) &&
              file_write(words->word[0], out.data, out.size, error);
    if (ok && session->output.json)
        report_json(session, json_pack("{s:s, s:s, s:s, s:s, s:I}", "kind", "export", "file", words->word[0], "format",
                                       format->extension, "view", "plot", "bytes", (json_int_t)out.size));
    else if (ok)
        report_text(session, "%s: plot as %s, %zu bytes\n", words->word[0], format->extension, out.size);
    if (ok && message[0] && !session->output.json)
        report_text(session, "%snote: %s%s\n", report_muted(session), message, report_plain(session));
    buffer_free(&out);
    return ok;
}

static bool ends_with(const char *path, const char *end) {
    size_t size = strlen(path), length = strlen(end);
    return size > length && strcmp(path + size - length, end) == 0;
}

// In a lesson, a page or a print without a view is one of the lesson.
static bool is_handout(const struct words *words) {
    return ends_with(words->word[0], ".html") || (words->count == 1 && ends_with(words->word[0], ".pdf"));
}

static bool export_handout(struct session *session, const char *path, struct error *error) {
    struct buffer out = {0};
    bool pdf = ends_with(path, ".pdf");
    bool ok = pdf ? lesson_pdf(session, &out, error) : lesson_html(session, &out, error);
    ok = ok && file_write(path, out.data, out.size, error);
    if (ok && session->output.json)
        report_json(session, json_pack("{s:s, s:s, s:s, s:s, s:I}", "kind", "export", "file", path, "format",
                                       pdf ? "pdf" : "html", "view", "lesson", "bytes", (json_int_t)out.size));
    else if (ok)
        report_text(session, "%s: the lesson as %s, %zu bytes\n", path, pdf ? "pdf" : "html", out.size);
    buffer_free(&out);
    return ok;
}

bool command_export(struct session *session, const struct words *words, struct error *error) {
    enum view_kind kind;
    if (!words->count) return command_usage_error(words, 0, error, "a file is missing");
    if (session->lesson && is_handout(words)) return export_handout(session, words->word[0], error);
    const struct export_format *format = export_find(words->word[0], error);
    if (!format) return error->span.source ? false : (error->span = words->span[0], false);
    if (session->shown.chart && session->chart && words->count == 1) return export_chart(session, words, format, error);
    struct view view;
    struct buffer out = {0}, script = {0};
    char message[256] = "";
    if (!read_view(session, words, &kind, error) || !session_view(session, kind, &view, error)) return false;
    struct export_options options = {.version = "bauer " BAUER_VERSION,
                                     .text_as_paths = session->settings.text_as_paths};
    bool ok = session_script(session, &script) || error_memory(error);
    options.state = buffer_string(&script);
    ok = ok && format->write(&view, &options, &out, message, error) &&
         file_write(words->word[0], out.data, out.size, error);
    if (ok && session->output.json)
        report_json(session, json_pack("{s:s, s:s, s:s, s:s, s:I}", "kind", "export", "file", words->word[0], "format",
                                       format->extension, "view", view_kind_name[kind], "bytes", (json_int_t)out.size));
    else if (ok)
        report_text(session, "%s: %s as %s, %zu bytes\n", words->word[0], view_kind_name[kind], format->extension,
                    out.size);
    if (ok && message[0] && !session->output.json)
        report_text(session, "%snote: %s%s\n", report_muted(session), message, report_plain(session));
    buffer_free(&out);
    buffer_free(&script);
    session_view_free(&view);
    return ok;
}
