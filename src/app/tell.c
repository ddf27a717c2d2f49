// The step in hand of a walk, in symbols, numbers and words; printed as text or JSON.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/report.h"
#include "app/walk_private.h"
#include "show/record.h"

enum { FACTORS_TOLD = 40, TABLE_MOST = 40, JSON_VALUES_MOST = 10000 };

// ---- small pieces ---------------------------------------------------------------------------------------------------

void walk_number(struct buffer *out, double value) {
    if (isnan(value))
        buffer_text(out, "nan");
    else
        buffer_printf(out, "%.6g", value);
}

void walk_factor(struct buffer *out, double value) {
    bool brackets = signbit(value) && !isnan(value);
    if (brackets) buffer_char(out, '(');
    walk_number(out, value);
    if (brackets) buffer_char(out, ')');
}

static void name(struct buffer *out, const struct graph *graph, vertex v) {
    char label[64];
    buffer_text(out, graph_label(graph, v, label));
}

// "∂f/∂a"
static void total(struct buffer *out, const struct graph *graph, vertex of, vertex by) {
    buffer_text(out, "∂");
    name(out, graph, of);
    buffer_text(out, "/∂");
    name(out, graph, by);
}

// A partial's formula as a factor of a product: sums and signs in brackets.
void walk_partial_factor(struct buffer *out, const struct graph *graph, uint32_t edge) {
    struct buffer text = {0};
    graph_partial_formula(graph, edge, &text);
    const char *formula = buffer_string(&text);
    int depth = 0;
    bool loose = false;
    for (const char *c = formula; *c; c++) {
        depth += (*c == '(') - (*c == ')');
        loose |=
            depth == 0 && (*c == '+' || *c == '-' || *c == '/') && !(c > formula && (c[-1] == 'e' || c[-1] == '^'));
    }
    buffer_printf(out, loose ? "(%s)" : "%s", formula);
    out->failed |= text.failed;
    buffer_free(&text);
}

// " = VALUE", unless what was written from `since` on says just that.
void walk_equals(struct buffer *out, size_t since, double value) {
    struct buffer number = {0};
    walk_number(&number, value);
    if (strcmp(buffer_string(out) + since, buffer_string(&number)) != 0)
        buffer_printf(out, " = %s", buffer_string(&number));
    out->failed |= number.failed;
    buffer_free(&number);
}

static void sum_values(const struct graph *graph, vertex v, struct buffer *out) {
    enum { TERMS_SHOWN = 4 };
    uint32_t first = graph->offset[v], count = graph->offset[v + 1] - first;
    for (uint32_t i = 0; i < count && (count <= TERMS_SHOWN + 1 || i < TERMS_SHOWN); i++) {
        buffer_text(out, i ? " + " : "");
        walk_factor(out, graph->weight[first + i]);
        buffer_text(out, "*");
        walk_factor(out, graph->value[graph->operand[first + i]]);
    }
    if (count > TERMS_SHOWN + 1) buffer_text(out, " + …");
}

void walk_formula_values(const struct graph *graph, vertex v, struct buffer *out) {
    if (graph->op[v] == OP_LINEAR) {
        sum_values(graph, v, out);
        return;
    }
    const struct op_info *info = &op_table[graph->op[v]];
    for (const char *c = info->text; *c; c++) {
        if (c[0] != '{' || (c[1] != 'a' && c[1] != 'b') || c[2] != '}') {
            buffer_char(out, *c);
            continue;
        }
        double value = graph->value[graph->operand[graph->offset[v] + (uint32_t)(c[1] == 'b')]];
        if (info->precedence < 5)
            walk_factor(out, value);
        else
            walk_number(out, value);
        c += 2;
    }
}

void walk_line(struct buffer *out, struct span span) {
    if (!span.source) return;
    const char *text = span.source->text;
    uint32_t begin = span.begin, end = span.begin;
    while (begin > 0 && text[begin - 1] != '\n') begin--;
    while (end < span.source->size && text[end] != '\n') end++;
    while (begin < end && (text[begin] == ' ' || text[begin] == '\t')) begin++;
    if (end - begin > 200) end = begin + 200;
    buffer_printf(out, "line %u: ", source_line(span.source, span.begin));
    buffer_add(out, text + begin, end - begin);
}

static void plural(struct buffer *out, double count, const char *one, const char *many) {
    buffer_printf(out, "%.15g %s", count, count == 1 ? one : many);
}

static bool light(struct walk *walk, uint32_t edge, struct error *error) {
    if (!mem_grow(&walk->lit, &walk->lit_capacity, walk->lit_count + 1, sizeof *walk->lit)) return error_memory(error);
    walk->lit[walk->lit_count++] = edge;
    return true;
}

static bool light_operands(struct walk *walk, vertex v, const uint8_t *active, struct error *error) {
    for (uint32_t e = walk->lcg->offset[v]; e < walk->lcg->offset[v + 1]; e++)
        if ((!active || active[walk->lcg->source[e]]) && !light(walk, e, error)) return false;
    return true;
}

bool walk_edge_active(const struct walk *walk, vertex target, uint32_t edge) {
    return walk->active[target] && walk->active[walk->graph->operand[edge]];
}

// Between tensors a step is told by shapes: what is computed has many numbers, and its maps are not written out.
static bool by_shapes(const struct graph *graph, vertex u, vertex v) {
    return graph_has_tensors(graph) && (graph_is_tensor(graph, u) || graph_is_tensor(graph, v));
}

static void add_shape(struct buffer *out, const struct graph *graph, vertex v) {
    char text[64];
    shape_text(graph_shape(graph, v), text);
    buffer_text(out, text);
}

static void add_map(struct buffer *out, const struct graph *graph, uint32_t edge) {
    buffer_printf(out, "(%llu x %llu)",
                  (unsigned long long)shape_count(graph_shape(graph, graph_edge_target(graph, edge))),
                  (unsigned long long)shape_count(graph_shape(graph, graph->operand[edge])));
}

// "(3, 4), (4, 3) -> (3, 3)"
static bool shapes_of(struct walk *walk, vertex v) {
    const struct graph *graph = walk->graph;
    bool tensors = by_shapes(graph, v, v);
    for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++)
        tensors |= by_shapes(graph, graph->operand[e], v);
    if (!tensors) return false;
    for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++) {
        if (e > graph->offset[v]) buffer_text(&walk->arithmetic, ", ");
        add_shape(&walk->arithmetic, graph, graph->operand[e]);
    }
    buffer_text(&walk->arithmetic, graph_arity(graph, v) ? " -> " : "shape ");
    add_shape(&walk->arithmetic, graph, v);
    return true;
}

// ---- primal ---------------------------------------------------------------------------------------------------------

static bool tell_primal(struct walk *walk, struct walk_step *step, struct error *error) {
    const struct graph *graph = walk->graph;
    vertex v = step->vertex = walk->item[walk->at - 1];
    bool given = !graph_arity(graph, v);
    name(&walk->title, graph, v);
    bool shapes = shapes_of(walk, v);
    if (!given || !shapes) buffer_text(&walk->title, " = ");
    if (given && !shapes)
        walk_number(&walk->title, graph->value[v]);
    else if (!given)
        graph_formula(graph, v, &walk->title);
    if (!given && !shapes) {
        walk_formula_values(graph, v, &walk->arithmetic);
        walk_equals(&walk->arithmetic, 0, graph->value[v]);
    }
    if (given) buffer_text(&walk->told, graph->op[v] == OP_INPUT ? "an input: its value is given" : "a constant");
    step->running = graph->value[v];
    return given || light_operands(walk, v, NULL, error);
}

// ---- forward --------------------------------------------------------------------------------------------------------

static void tangent_sums(struct walk *walk, vertex v) {
    const struct graph *graph = walk->graph;
    struct buffer *out = &walk->arithmetic;
    total(out, graph, v, walk->seed);
    for (int numbers = 0; numbers < 2; numbers++) {
        const char *before = " = ";
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++) {
            vertex u = graph->operand[e];
            if (!walk->active[u]) continue;
            buffer_text(out, before);
            if (numbers)
                walk_factor(out, walk->lcg->partial[e]), buffer_text(out, " * "), walk_factor(out, walk->value[u]);
            if (!numbers) walk_partial_factor(out, graph, e), buffer_text(out, " * "), total(out, graph, u, walk->seed);
            before = " + ";
        }
    }
    buffer_text(out, " = ");
    walk_number(out, walk->value[v]);
}

static void tangent_words(struct walk *walk, vertex v) {
    const struct graph *graph = walk->graph;
    struct buffer *out = &walk->told;
    vertex told = VERTEX_NONE;
    for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++) {
        vertex u = graph->operand[e];
        if (walk->active[u] || graph_hidden(graph, u) || u == told) continue;
        if (out->size) buffer_text(out, "; ");
        name(out, graph, told = u);
        buffer_text(out, " does not depend on ");
        name(out, graph, walk->seed);
    }
}

// "∂h/∂x = · W^T (15 x 20) on ∂z/∂x", a line for each operand that depends on the seed, and the shape.
static void map_tangents(struct walk *walk, vertex v) {
    const struct graph *graph = walk->graph;
    struct buffer *out = &walk->arithmetic;
    const char *before = " = ";
    total(out, graph, v, walk->seed);
    for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++) {
        if (!walk->active[graph->operand[e]]) continue;
        buffer_text(out, before);
        graph_partial_formula(graph, e, out);
        buffer_char(out, ' ');
        add_map(out, graph, e);
        buffer_text(out, " on ");
        total(out, graph, graph->operand[e], walk->seed);
        before = "\n  + ";
    }
    buffer_text(out, "\nalong one direction of ");
    name(out, graph, walk->seed);
    buffer_text(out, graph_is_tensor(graph, v) ? " it has the shape " : " it is a ");
    add_shape(out, graph, v);
}

static bool depends_on_tensors(const struct walk *walk, vertex v) {
    const struct graph *graph = walk->graph;
    bool found = by_shapes(graph, v, walk->seed);
    for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++) found |= by_shapes(graph, graph->operand[e], v);
    return found || isnan(walk->value[v]);
}

static bool tell_forward(struct walk *walk, struct walk_step *step, struct error *error) {
    const struct graph *graph = walk->graph;
    vertex v = step->vertex = walk->item[walk->at - 1];
    bool maps = graph_has_tensors(graph) && depends_on_tensors(walk, v);
    step->running = walk->value[v];
    if (v == walk->seed && maps) {
        buffer_text(&walk->title, "start at ");
        name(&walk->title, graph, v);
        buffer_text(&walk->arithmetic, "a direction of ");
        name(&walk->arithmetic, graph, v);
        buffer_text(&walk->arithmetic, " has the shape ");
        add_shape(&walk->arithmetic, graph, v);
        buffer_text(&walk->told, "the other inputs stay; each map takes the direction on, as the evaluation went");
        step->running = NAN;
        return true;
    }
    if (v == walk->seed) {
        buffer_text(&walk->title, "start at ");
        name(&walk->title, graph, v);
        total(&walk->arithmetic, graph, v, v);
        buffer_text(&walk->arithmetic, " = 1");
        buffer_text(&walk->told, "the other inputs' tangents are 0; the sweep follows the evaluation");
        return true;
    }
    buffer_text(&walk->title, "the tangent of ");
    name(&walk->title, graph, v);
    if (maps)
        map_tangents(walk, v), step->running = NAN;
    else
        tangent_sums(walk, v);
    tangent_words(walk, v);
    return light_operands(walk, v, walk->active, error);
}

// ---- reverse --------------------------------------------------------------------------------------------------------

static void tell_seed(struct walk *walk, struct walk_step *step) {
    step->vertex = walk->seed;
    step->running = 1;
    buffer_text(&walk->title, "start at ");
    name(&walk->title, walk->graph, walk->seed);
    total(&walk->arithmetic, walk->graph, walk->seed, walk->seed);
    buffer_text(&walk->arithmetic, " = 1");
    buffer_text(&walk->told, "the sweep goes from the output down, against the evaluation");
}

// "∂f/∂c * x2 = 2.71828 * 1.2 = 3.26194", and the sum when it is not the first contribution.
static void contribution(struct walk *walk, uint32_t edge, vertex u, vertex v) {
    struct buffer *out = &walk->arithmetic;
    double partial = walk->lcg->partial[edge], product = walk->value[v] * partial;
    total(out, walk->graph, walk->seed, v);
    buffer_text(out, " * ");
    walk_partial_factor(out, walk->graph, edge);
    buffer_text(out, " = ");
    walk_factor(out, walk->value[v]);
    buffer_text(out, " * ");
    walk_factor(out, partial);
    buffer_text(out, " = ");
    walk_number(out, product);
    buffer_char(out, '\n');
    total(out, walk->graph, walk->seed, u);
    buffer_text(out, " = ");
    if (walk->in[u] > 1) {
        walk_number(out, walk->value[u] - product);
        buffer_text(out, " + ");
        walk_factor(out, product);
        buffer_text(out, " = ");
    }
    walk_number(out, walk->value[u]);
}

// "∂f/∂h2 * (· W2^T), a map (6 x 9), goes into ∂f/∂a1 (3, 3)"
static void map_contribution(struct walk *walk, uint32_t edge, vertex u, vertex v) {
    struct buffer *out = &walk->arithmetic;
    if (graph_is_labels(walk->graph, u)) {
        buffer_text(out, "labels are whole numbers: nothing is handed on");
        return;
    }
    total(out, walk->graph, walk->seed, v);
    buffer_text(out, " by the map ");
    graph_partial_formula(walk->graph, edge, out);
    buffer_text(out, " ");
    add_map(out, walk->graph, edge);
    buffer_text(out, "\n");
    total(out, walk->graph, walk->seed, u);
    buffer_text(out, " has the shape ");
    add_shape(out, walk->graph, u);
}

static bool tell_reverse(struct walk *walk, struct walk_step *step, struct error *error) {
    uint32_t edge = walk->item[walk->at - 1];
    if (edge == UINT32_MAX) {
        tell_seed(walk, step);
        return true;
    }
    vertex u = walk->graph->operand[edge], v = graph_edge_target(walk->graph, edge);
    step->vertex = u;
    step->running = walk->value[u];
    step->span = graph_span(walk->graph, v);
    name(&walk->title, walk->graph, v);
    buffer_text(&walk->title, " hands its adjoint to ");
    name(&walk->title, walk->graph, u);
    if (by_shapes(walk->graph, u, v))
        map_contribution(walk, edge, u, v);
    else
        contribution(walk, edge, u, v);
    if (graph_is_labels(walk->graph, u)) return light(walk, edge, error);
    buffer_printf(&walk->told, walk->due[u] == 1 ? "the only contribution is in" : "%u of %u contributions are in",
                  walk->in[u], walk->due[u]);
    if (walk->in[u] == walk->due[u] && walk->due[u] > 1) buffer_text(&walk->told, ": it is complete");
    return light(walk, edge, error);
}

// ---- paths ----------------------------------------------------------------------------------------------------------

// The factors of the product, each written by `write`; a very long path's middle is left out and told.
static void factors(struct buffer *out, const struct walk *walk, bool numbers) {
    for (uint32_t i = 0; i < walk->path.length; i++) {
        if (i == FACTORS_TOLD && walk->path.length > FACTORS_TOLD + 4) {
            i = walk->path.length - 3;
            buffer_printf(out, " * (%u factors)", i - FACTORS_TOLD);
        }
        if (i) buffer_text(out, " * ");
        if (numbers)
            walk_factor(out, walk->lcg->partial[walk->path.edge[i]]);
        else
            walk_partial_factor(out, walk->graph, walk->path.edge[i]);
    }
}

static void path_names(struct buffer *out, const struct walk *walk) {
    for (uint32_t i = 0; i <= walk->path.length; i++) {
        if (i == FACTORS_TOLD && walk->path.length > FACTORS_TOLD + 4) {
            i = walk->path.length - 3;
            buffer_printf(out, " -> (%u vertices)", i - FACTORS_TOLD);
        }
        if (i) buffer_text(out, " -> ");
        name(out, walk->graph, walk->path.vertex[i]);
    }
}

static void path_product(struct walk *walk) {
    struct buffer *out = &walk->arithmetic;
    if (walk->path.length == 1) graph_partial_formula(walk->graph, walk->path.edge[0], out);
    if (walk->path.length > 1) {
        factors(out, walk, false);
        buffer_text(out, " = ");
        factors(out, walk, true);
    }
    if (walk->path.length == 0)
        walk_number(out, 1); // an input that is an output
    else
        walk_equals(out, 0, walk->path.product);
}

// "0.362358, 0.434829, 0.716912": how the product grows along the path.
static void growth(struct walk *walk) {
    if (walk->path.length < 3) return;
    buffer_text(&walk->arithmetic, "\nstep by step: ");
    for (uint32_t i = 0; i < walk->path.length && i < FACTORS_TOLD; i++) {
        if (i) buffer_text(&walk->arithmetic, ", ");
        walk_number(&walk->arithmetic, walk->value[walk->path.vertex[i + 1]]);
    }
    if (walk->path.length > FACTORS_TOLD) buffer_text(&walk->arithmetic, ", ...");
}

static void sum_words(struct walk *walk) {
    struct buffer *out = &walk->told;
    char count[32];
    snprintf(count, sizeof count, "%u", walk->sum_count);
    total(out, walk->graph, walk->path.output, walk->path.input);
    buffer_text(out, " so far: ");
    if (walk->sum_count > 1) {
        walk_number(out, walk->sum - walk->path.product);
        buffer_text(out, " + ");
        walk_factor(out, walk->path.product);
        buffer_text(out, " = ");
    }
    walk_number(out, walk->sum);
    if (strcmp(walk->pair_total, "1") == 0)
        buffer_text(out, "; it is the only path: this is the derivative");
    else if (strcmp(count, walk->pair_total) == 0)
        buffer_printf(out, "; all %s paths are in: this is the derivative", walk->pair_total);
    else
        buffer_printf(out, "; %u of %s paths are in", walk->sum_count, walk->pair_total);
}

static bool tell_path(struct walk *walk, struct walk_step *step, struct error *error) {
    step->vertex = walk->path.output;
    step->running = walk->path.product;
    step->sum = walk->sum;
    step->span = SPAN_NONE;
    buffer_text(&walk->title, "the path ");
    path_names(&walk->title, walk);
    bool tensors = graph_has_tensors(walk->graph);
    for (uint32_t i = walk->path.length; tensors && i-- > 0;) { // the later map on the left
        if (i + 1 < walk->path.length) buffer_char(&walk->arithmetic, ' ');
        add_map(&walk->arithmetic, walk->graph, walk->path.edge[i]);
    }
    if (tensors) buffer_text(&walk->told, "the product of these maps, the later on the left; :paths multiplies them");
    if (!tensors) path_product(walk), growth(walk), sum_words(walk);
    for (uint32_t i = 0; i < walk->path.length; i++)
        if (!light(walk, walk->path.edge[i], error)) return false;
    return true;
}

// ---- elimination ----------------------------------------------------------------------------------------------------

static void change_line(struct walk *walk, const struct walk_change *change) {
    struct buffer *out = &walk->arithmetic;
    if (out->size) buffer_char(out, '\n');
    name(out, walk->graph, change->source);
    buffer_text(out, " -> ");
    name(out, walk->graph, change->target);
    buffer_text(out, ": ");
    if (!change->fill) {
        walk_number(out, change->before);
        buffer_text(out, " + ");
    }
    walk_factor(out, change->into);
    buffer_text(out, " * ");
    walk_factor(out, change->out);
    buffer_text(out, " = ");
    walk_number(out, change->value);
    buffer_text(out, change->fill ? " (fill-in: a new edge)" : " (changed)");
}

static bool tell_eliminate(struct walk *walk, struct walk_step *step, struct error *error) {
    vertex v = step->vertex = walk->item[walk->at - 1];
    uint32_t edges, left = eliminate_remaining(walk->eliminate);
    struct eliminate_edge *edge = eliminate_edges(walk->eliminate, &edges, error);
    if (!edge) return false;
    mem_free(edge);
    buffer_text(&walk->title, "eliminate ");
    name(&walk->title, walk->graph, v);
    for (uint32_t i = 0; i < walk->change_count; i++) change_line(walk, &walk->change[i]);
    plural(&walk->told, walk->change_count, "multiplication, ", "multiplications, ");
    buffer_printf(&walk->told, "%.15g so far; ", eliminate_multiplications(walk->eliminate));
    plural(&walk->told, edges, "edge is left", "edges are left");
    if (left == 0) buffer_text(&walk->told, ": the Jacobian");
    if (left) buffer_text(&walk->told, ", "), plural(&walk->told, left, "vertex to go", "vertices to go");
    for (uint32_t e = walk->lcg->offset[v]; e < graph_edge_count(walk->graph); e++)
        if ((e < walk->lcg->offset[v + 1] || walk->lcg->source[e] == v) && !light(walk, e, error)) return false;
    return true;
}

// ---- the step -------------------------------------------------------------------------------------------------------

static void number_title(struct walk *walk) {
    bool huge = walk->count == UINT32_MAX && walk->total;
    buffer_clear(&walk->title);
    buffer_clear(&walk->arithmetic);
    buffer_clear(&walk->told);
    walk->title.failed = walk->arithmetic.failed = walk->told.failed = false; // in a step before
    buffer_printf(&walk->title, "step %u of ", walk->at);
    if (huge)
        buffer_text(&walk->title, walk->total);
    else
        buffer_printf(&walk->title, "%u", walk->count);
    buffer_text(&walk->title, ": ");
}

bool walk_tell(struct walk *walk, struct walk_step *step, struct error *error) {
    static bool (*const tellers[])(struct walk *, struct walk_step *, struct error *) = {
        tell_primal, tell_forward, tell_reverse, tell_path, tell_eliminate};
    *step = (struct walk_step){.number = walk->at, .count = walk->count, .running = NAN, .sum = NAN};
    number_title(walk);
    walk->lit_count = 0;
    if (!tellers[walk->kind](walk, step, error)) return false;
    if (!step->span.source && walk->kind != WALK_PATHS) step->span = graph_span(walk->graph, step->vertex);
    step->edge = walk->lit;
    step->edge_count = walk->lit_count;
    step->title = buffer_string(&walk->title);
    step->arithmetic = buffer_string(&walk->arithmetic);
    step->words = buffer_string(&walk->told);
    if (walk->title.failed || walk->arithmetic.failed || walk->told.failed) return error_memory(error);
    return true;
}

// ---- printing -------------------------------------------------------------------------------------------------------

static const char *quantity(const struct walk *walk) {
    static const char *const names[] = {"values", "tangents", "adjoints", "", ""};
    return names[walk->kind];
}

// "a 3.68802 (1 of 2)": a dash where nothing is known yet.
static void table_entry(const struct walk *walk, vertex v, struct buffer *out) {
    name(out, walk->graph, v);
    buffer_char(out, ' ');
    if (isnan(walk->value[v]))
        buffer_text(out, "–");
    else
        walk_number(out, walk->value[v]);
    if (walk->in && walk->in[v] && walk->in[v] < walk->due[v])
        buffer_printf(out, " (%u of %u in)", walk->in[v], walk->due[v]);
}

static void print_table(const struct walk *walk, struct session *session) {
    if (walk->kind >= WALK_PATHS || graph_visible_count(walk->graph) > TABLE_MOST) return;
    if (graph_has_tensors(walk->graph)) return; // told by shapes: there is no number for a vertex
    struct buffer entry = {0};
    int indent = 2 + (int)strlen(quantity(walk)) + 1, column = indent;
    report_text(session, "%s  %s:", report_muted(session), quantity(walk));
    for (vertex v = 0; v < walk->graph->count; v++) {
        if (graph_hidden(walk->graph, v)) continue;
        buffer_clear(&entry);
        table_entry(walk, v, &entry);
        int width = text_width(buffer_string(&entry), entry.size) + 3;
        if (column + width > (session->output.columns > 20 ? session->output.columns : 80)) {
            report_text(session, "\n%*s", indent, "");
            column = indent;
        }
        report_text(session, "%s%s", column > indent ? "   " : " ", buffer_string(&entry));
        column += width;
    }
    report_text(session, "%s\n", report_plain(session));
    buffer_free(&entry);
}

static void print_lines(struct session *session, const char *text) {
    while (*text) {
        size_t size = strcspn(text, "\n");
        report_text(session, "  %.*s\n", (int)size, text);
        text += size + (text[size] == '\n');
    }
}

static void print_text(const struct walk *walk, const struct walk_step *step, struct session *session) {
    struct buffer line = {0};
    walk_line(&line, step->span);
    report_text(session, "%s%s%s\n", report_accent(session), step->title, report_plain(session));
    if (line.size)
        report_text(session, "  %s%s%s\n", report_muted(session), buffer_string(&line), report_plain(session));
    print_lines(session, step->arithmetic);
    print_lines(session, step->words);
    print_table(walk, session);
    buffer_free(&line);
}

static json_t *json_values(const struct walk *walk) {
    if (walk->kind == WALK_ELIMINATE || graph_visible_count(walk->graph) > JSON_VALUES_MOST) return json_null();
    json_t *values = json_array();
    for (vertex v = 0; v < walk->graph->count; v++)
        if (!graph_hidden(walk->graph, v))
            json_array_append_new(values, isnan(walk->value[v]) ? json_null() : record_number(walk->value[v]));
    return values;
}

static json_t *json_edges(const struct walk *walk, const struct walk_step *step) {
    json_t *edges = json_array();
    for (uint32_t i = 0; i < step->edge_count; i++) {
        vertex u = walk->graph->operand[step->edge[i]], v = graph_edge_target(walk->graph, step->edge[i]);
        json_array_append_new(edges, json_pack("{s:I,s:I}", "from", (json_int_t)graph_id(walk->graph, u), "to",
                                               (json_int_t)graph_id(walk->graph, v)));
    }
    return edges;
}

static json_t *json_step(const struct walk *walk, const struct walk_step *step) {
    static const char *const names[] = {"primal", "forward", "reverse", "paths", "eliminate"};
    char label[64], count[16];
    snprintf(count, sizeof count, "%u", walk->count);
    json_t *object =
        json_pack("{s:s,s:s,s:I,s:s,s:I,s:s}", "kind", "step", "walk", names[walk->kind], "step", (json_int_t)walk->at,
                  "steps", walk->total ? walk->total : count, "vertex", (json_int_t)graph_id(walk->graph, step->vertex),
                  "name", graph_label(walk->graph, step->vertex, label));
    if (!object) return NULL;
    json_object_set_new(object, "line",
                        step->span.source ? json_integer(source_line(step->span.source, step->span.begin))
                                          : json_null());
    json_object_set_new(object, "edges", json_edges(walk, step));
    json_object_set_new(object, "title", json_string(step->title));
    json_object_set_new(object, "arithmetic", json_string(step->arithmetic));
    json_object_set_new(object, "words", json_string(step->words));
    json_object_set_new(object, "value", walk->kind == WALK_ELIMINATE ? json_null() : record_number(step->running));
    json_object_set_new(object, "sum", walk->kind == WALK_PATHS ? record_number(step->sum) : json_null());
    json_object_set_new(object, "values", json_values(walk));
    return object;
}

bool walk_report(struct walk *walk, struct session *session, struct error *error) {
    struct walk_step step;
    if (!walk_step(walk, &step, error)) return false;
    if (!session->output.json) {
        print_text(walk, &step, session);
        return true;
    }
    json_t *object = json_step(walk, &step);
    bool ok = object && record_write(object, &session->output.text);
    json_decref(object);
    return ok || error_memory(error);
}
