// What vertices are called, and their formulas in these names.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/graph_private.h"
#include "graph/tensors.h"

// ---- tables on demand ---------------------------------------------------------------------------------------------

void graph_label_free(struct graph_private *private) {
    struct label_table *table = &private->label;
    mem_free(table->id);
    mem_free(table->visible);
    mem_free(table->ordinal);
    mem_free(table->first);
    mem_free(table->next);
    *table = (struct label_table){0};
}

bool graph_hidden(const struct graph *graph, vertex v) { return graph->op[v] == OP_CONST && graph->name[v] == 0; }

static bool table_alloc(struct label_table *table, uint32_t count, uint32_t symbols) {
    table->id = mem_alloc((size_t)count + 1, sizeof *table->id);
    table->visible = mem_alloc((size_t)count + 1, sizeof *table->visible);
    table->ordinal = mem_alloc((size_t)count + 1, sizeof *table->ordinal);
    table->next = mem_alloc((size_t)count + 1, sizeof *table->next);
    table->first = mem_alloc(symbols, sizeof *table->first);
    return table->id && table->visible && table->ordinal && table->next && table->first;
}

static void link_name(struct label_table *table, vertex *last, symbol name, vertex v) {
    table->next[v] = VERTEX_NONE;
    table->ordinal[v] = 1;
    if (name == 0) return;
    if (table->first[name] == VERTEX_NONE) {
        table->first[name] = v;
    } else {
        table->ordinal[v] = table->ordinal[last[name]] + 1;
        table->next[last[name]] = v;
    }
    last[name] = v;
}

static void table_fill(const struct graph *graph, struct label_table *table, vertex *last) {
    memset(table->first, 0xff, table->symbol_count * sizeof *table->first);
    for (vertex v = 0; v < graph->count; v++) {
        table->id[v] = table->visible_count;
        if (!graph_hidden(graph, v)) table->visible[table->visible_count++] = v;
        link_name(table, last, graph->name[v], v);
    }
    table->id[graph->count] = table->visible_count;
}

static bool is_fresh(const struct graph *graph, const struct label_table *table) {
    return table->fresh && table->count == graph->count && table->symbol_count == symbols_count(graph->symbols) + 1;
}

// The tables, or NULL when out of memory: readers then count by hand, slowly.
static const struct label_table *table_of(const struct graph *graph) {
    struct label_table *table = &graph->private->label;
    if (is_fresh(graph, table)) return table;
    graph_label_free(graph->private);
    uint32_t symbols = symbols_count(graph->symbols) + 1;
    vertex *last = mem_alloc(symbols, sizeof *last);
    if (!last || !table_alloc(table, graph->count, symbols)) {
        mem_free(last);
        graph_label_free(graph->private);
        return NULL;
    }
    table->count = graph->count;
    table->symbol_count = symbols;
    table_fill(graph, table, last);
    mem_free(last);
    table->fresh = true;
    return table;
}

// ---- ids ----------------------------------------------------------------------------------------------------------

static uint32_t count_visible(const struct graph *graph, vertex end) {
    uint32_t count = 0;
    for (vertex v = 0; v < end; v++) count += !graph_hidden(graph, v);
    return count;
}

uint32_t graph_visible_count(const struct graph *graph) {
    const struct label_table *table = table_of(graph);
    return table ? table->visible_count : count_visible(graph, graph->count);
}

uint32_t graph_id(const struct graph *graph, vertex v) {
    const struct label_table *table = table_of(graph);
    return table ? table->id[v] : count_visible(graph, v);
}

static vertex visible_by_hand(const struct graph *graph, uint32_t id) {
    for (vertex v = 0; v < graph->count; v++)
        if (!graph_hidden(graph, v) && id-- == 0) return v;
    return VERTEX_NONE;
}

vertex graph_vertex(const struct graph *graph, uint32_t id) {
    const struct label_table *table = table_of(graph);
    if (!table) return visible_by_hand(graph, id);
    return id < table->visible_count ? table->visible[id] : VERTEX_NONE;
}

// ---- labels -------------------------------------------------------------------------------------------------------

// Copies what fits into a label, whole characters only.
static void label_copy(char out[64], const char *text, size_t room) {
    size_t size = strlen(text);
    if (size >= room) {
        size = room - 1;
        while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80) size--;
    }
    memcpy(out, text, size);
    out[size] = '\0';
}

static uint32_t ordinal_of(const struct graph *graph, vertex v) {
    const struct label_table *table = table_of(graph);
    if (table) return table->ordinal[v];
    uint32_t ordinal = 1;
    for (vertex u = 0; u < v; u++) ordinal += graph->name[u] == graph->name[v];
    return ordinal;
}

static const char *name_label(const struct graph *graph, vertex v, char out[64]) {
    char suffix[16] = "";
    uint32_t ordinal = ordinal_of(graph, v);
    if (ordinal > 1) snprintf(suffix, sizeof suffix, "@%u", ordinal);
    label_copy(out, symbol_text(graph->symbols, graph->name[v]), 64 - strlen(suffix));
    memcpy(out + strlen(out), suffix, strlen(suffix) + 1);
    return out;
}

static bool is_alias(const struct graph *graph, symbol name) {
    for (size_t i = 0; i < graph->private->alias_count; i++)
        if (graph->private->alias[i].name == name) return true;
    return false;
}

static bool name_taken(const struct graph *graph, const char *text) {
    symbol name = symbol_find(graph->symbols, text, strlen(text));
    if (name == 0) return false;
    const struct label_table *table = table_of(graph);
    return !table || table->first[name] != VERTEX_NONE || is_alias(graph, name);
}

// The number of a hidden constant as people write it: "2", not "2.0".
static const char *number_label(double value, char out[64]) {
    char number[32];
    text_number(number, value);
    size_t size = strlen(number);
    if (size > 2 && strcmp(number + size - 2, ".0") == 0) number[size - 2] = '\0';
    label_copy(out, number, 64);
    return out;
}

const char *graph_label(const struct graph *graph, vertex v, char out[64]) {
    if (graph->name[v]) return name_label(graph, v, out);
    if (graph_hidden(graph, v)) return number_label(graph->value[v], out);
    size_t size = (size_t)snprintf(out, 64, "v%u", graph_id(graph, v));
    while (size < 63 && name_taken(graph, out)) memcpy(out + size++, "_", 2);
    return out;
}

static vertex nth_of_name(const struct graph *graph, symbol name, uint32_t ordinal) {
    if (name == 0) return VERTEX_NONE;
    for (vertex v = 0; v < graph->count; v++)
        if (graph->name[v] == name && --ordinal == 0) return v;
    return VERTEX_NONE;
}

// What a bare name means: the first vertex of it, else the newest meaning of an alias.
static vertex named(const struct graph *graph, symbol name) {
    const struct label_table *table = table_of(graph);
    if (name == 0) return VERTEX_NONE;
    vertex v = table ? table->first[name] : nth_of_name(graph, name, 1);
    for (size_t i = graph->private->alias_count; v == VERTEX_NONE && i-- > 0;)
        if (graph->private->alias[i].name == name) v = graph->private->alias[i].v;
    return v;
}

static bool outputs_have_names(const struct graph *graph) {
    for (uint32_t i = 0; i < graph->output_count; i++) {
        if (graph->output_name[i] == 0) return false;
        for (uint32_t j = 0; j < i; j++)
            if (graph->output_name[j] == graph->output_name[i]) return false;
    }
    return true;
}

const char *graph_output_label(const struct graph *graph, uint32_t output, char out[64]) {
    if (outputs_have_names(graph)) {
        vertex v = named(graph, graph->output_name[output]);
        if (v != VERTEX_NONE && v != graph->output[output]) return graph_label(graph, graph->output[output], out);
        label_copy(out, symbol_text(graph->symbols, graph->output_name[output]), 64);
        return out;
    }
    char suffix[16] = "";
    if (graph->output_count > 1) snprintf(suffix, sizeof suffix, "[%u]", output);
    const char *function = graph->function ? symbol_text(graph->symbols, graph->function) : "_";
    label_copy(out, function, 64 - strlen(suffix));
    memcpy(out + strlen(out), suffix, strlen(suffix) + 1);
    return out;
}

const char *graph_input_label(const struct graph *graph, uint32_t input, char out[64]) {
    return graph_label(graph, graph->input[input], out);
}

// ---- finding ------------------------------------------------------------------------------------------------------

static bool read_index(const char *text, uint32_t *index) {
    uint64_t value = 0;
    if (*text == '\0') return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        value = value * 10 + (uint64_t)(*text - '0');
        if (value >= UINT32_MAX) return false;
    }
    *index = (uint32_t)value;
    return true;
}

static vertex find_name(const struct graph *graph, const char *text) {
    return named(graph, symbol_find(graph->symbols, text, strlen(text)));
}

static vertex find_ordinal(const struct graph *graph, const char *text) {
    const char *at = strrchr(text, '@');
    uint32_t ordinal;
    if (!at || !read_index(at + 1, &ordinal) || ordinal < 2) return VERTEX_NONE;
    return nth_of_name(graph, symbol_find(graph->symbols, text, (size_t)(at - text)), ordinal);
}

// "v7" or "v7_": the label of an unnamed vertex.
static vertex find_unnamed(const struct graph *graph, const char *text) {
    char digits[16], label[64];
    size_t size = strspn(text + (*text != '\0'), "0123456789");
    uint32_t id;
    if (*text != 'v' || size >= sizeof digits) return VERTEX_NONE;
    memcpy(digits, text + 1, size);
    digits[size] = '\0';
    if (!read_index(digits, &id)) return VERTEX_NONE;
    vertex v = graph_vertex(graph, id);
    return v != VERTEX_NONE && strcmp(graph_label(graph, v, label), text) == 0 ? v : VERTEX_NONE;
}

static vertex find_any(const struct graph *graph, const char *text) {
    uint32_t id;
    if (*text == '#') return read_index(text + 1, &id) ? graph_vertex(graph, id) : VERTEX_NONE;
    vertex v = find_name(graph, text);
    if (v == VERTEX_NONE) v = find_ordinal(graph, text);
    return v != VERTEX_NONE ? v : find_unnamed(graph, text);
}

static void suggest(const struct graph *graph, const char *text, struct error *error) {
    const struct label_table *table = table_of(graph);
    const char **name = table ? mem_alloc(table->symbol_count + graph->private->alias_count, sizeof *name) : NULL;
    if (!name) return;
    size_t count = 0;
    for (symbol s = 1; s < table->symbol_count; s++)
        if (table->first[s] != VERTEX_NONE) name[count++] = symbol_text(graph->symbols, s);
    for (size_t i = 0; i < graph->private->alias_count; i++)
        name[count++] = symbol_text(graph->symbols, graph->private->alias[i].name);
    const char *nearest = text_nearest(text, name, count);
    if (nearest) error_hint(error, "did you mean %s?", nearest);
    mem_free(name);
}

vertex graph_find(const struct graph *graph, const char *text, struct error *error) {
    vertex v = find_any(graph, text);
    if (v != VERTEX_NONE) return v;
    uint32_t visible = graph_visible_count(graph);
    if (visible == 0)
        error_set(error, ERROR_NAME, SPAN_NONE, "there is no vertex %.60s: the graph is empty", text);
    else if (*text == '#')
        error_set(error, ERROR_NAME, SPAN_NONE, "there is no vertex %.60s: the graph has vertices #0 to #%u", text,
                  visible - 1);
    else
        error_set(error, ERROR_NAME, SPAN_NONE, "the graph has no vertex called %.60s", text);
    suggest(graph, text, error);
    return VERTEX_NONE;
}

// ---- formulas -----------------------------------------------------------------------------------------------------

static vertex operand_of(const struct graph *graph, vertex v, char which) {
    if (which == 'y') return v;
    return graph->operand[which == 'a' ? graph->offset[v] : graph->offset[v + 1] - 1];
}

static bool is_placeholder(const char *text) {
    return text[0] == '{' && (text[1] == 'a' || text[1] == 'b' || text[1] == 'y') && text[2] == '}';
}

// Whether a negative number at `at` in the formula `text` would be read wrongly without brackets: not inside a call's
// brackets or between commas, and not at the very start unless a power follows.
static bool needs_brackets(const char *text, const char *at) {
    if (at[3] == '^') return true;
    if (at == text) return false;
    return !((at[-1] == '(' || at[-1] == ' ') && (at[3] == ')' || at[3] == ','));
}

static void add_operand(const struct graph *graph, vertex operand, const char *text, const char *at,
                        struct buffer *out) {
    char label[64];
    graph_label(graph, operand, label);
    bool brackets = graph_hidden(graph, operand) && label[0] == '-' && needs_brackets(text, at);
    buffer_printf(out, brackets ? "(%s)" : "%s", label);
}

// The setting of v, for {s}.
static void add_setting(const struct graph *graph, vertex v, struct buffer *out) {
    const struct graph_tensor *tensor = graph_tensor(graph, v);
    if (tensor)
        op_setting_text((enum op)graph->op[v], graph_shape(graph, operand_of(graph, v, 'a')), &tensor->setting, out);
}

static void expand(const struct graph *graph, vertex v, const char *text, struct buffer *out) {
    for (const char *at = text; *at; at++) {
        if (strncmp(at, "{s}", 3) == 0) {
            add_setting(graph, v, out);
            at += 2;
        } else if (is_placeholder(at)) {
            add_operand(graph, operand_of(graph, v, at[1]), text, at, out);
            at += 2;
        } else {
            buffer_char(out, *at);
        }
    }
}

static void short_weight(double weight, struct buffer *out) { buffer_printf(out, "%.4g", weight); }

// "0.5*A_1 - 1.2*A_2 + A_3 + … (8 terms)".
static void linear_formula(const struct graph *graph, vertex v, struct buffer *out) {
    enum { TERMS_SHOWN = 4 };
    uint32_t first = graph->offset[v], count = graph->offset[v + 1] - first;
    uint32_t shown = count <= TERMS_SHOWN + 1 ? count : TERMS_SHOWN;
    char label[64];
    for (uint32_t i = 0; i < shown; i++) {
        double weight = graph->weight[first + i];
        buffer_text(out, i && weight < 0 ? " - " : i ? " + " : weight < 0 ? "-" : "");
        if (fabs(weight) != 1) short_weight(fabs(weight), out), buffer_char(out, '*');
        buffer_text(out, graph_label(graph, graph->operand[first + i], label));
    }
    if (shown < count) buffer_printf(out, " + … (%u terms)", count);
    if (count == 0) buffer_char(out, '0');
}

void graph_formula(const struct graph *graph, vertex v, struct buffer *out) {
    char label[64];
    if (graph_arity(graph, v) == 0)
        buffer_text(out,
                    graph->op[v] == OP_INPUT ? graph_label(graph, v, label) : number_label(graph->value[v], label));
    else if (graph->op[v] == OP_LINEAR)
        linear_formula(graph, v, out);
    else
        expand(graph, v, op_table[graph->op[v]].text, out);
}

// d/da a^c = c a^(c-1) for a constant c, as people write it: 1, 2*x, 3*x^2, -x^(-2).
static void power_partial(const struct graph *graph, vertex base, double exponent, struct buffer *out) {
    char label[64];
    if (exponent == 0 || exponent == 1) {
        buffer_text(out, exponent == 0 ? "0" : "1");
        return;
    }
    if (exponent == -1)
        buffer_char(out, '-');
    else
        buffer_printf(out, "%s*", number_label(exponent, label));
    buffer_text(out, graph_label(graph, base, label));
    if (exponent == 2) return;
    buffer_printf(out, exponent < 1 ? "^(%s)" : "^%s", number_label(exponent - 1, label));
}

// Whether everything in the formula is a hidden constant, so that it is a number.
static bool all_constant(const struct graph *graph, vertex v, const char *text) {
    bool any = false;
    for (const char *at = text; *at; at++) {
        if (!is_placeholder(at)) continue;
        if (!graph_hidden(graph, operand_of(graph, v, at[1]))) return false;
        any = true;
    }
    return any;
}

// A short number instead of a formula of numbers: "0.5", not "1/2"; but "1/3" stays.
static bool number_partial(const struct graph *graph, vertex v, uint32_t operand, struct buffer *out) {
    double partial[OP_ARITY_MAX] = {0};
    char label[64];
    double a = graph->value[operand_of(graph, v, 'a')], b = graph->value[operand_of(graph, v, 'b')];
    op_linearize((enum op)graph->op[v], a, b, partial);
    if (strlen(number_label(partial[operand], label)) > 8) return false;
    buffer_text(out, label);
    return true;
}

void graph_partial_formula(const struct graph *graph, uint32_t edge, struct buffer *out) {
    vertex v = graph_edge_target(graph, edge);
    if (graph->op[v] == OP_LINEAR) return short_weight(graph->weight[edge], out);
    uint32_t operand = edge - graph->offset[v];
    const char *text = op_table[graph->op[v]].partial_text[operand];
    vertex b = operand_of(graph, v, 'b');
    if (graph->op[v] == OP_POW && operand == 0 && graph_hidden(graph, b)) {
        vertex a = graph->operand[edge];
        if (!graph_hidden(graph, a)) return power_partial(graph, a, graph->value[b], out);
    }
    if (all_constant(graph, v, text) && number_partial(graph, v, operand, out)) return;
    expand(graph, v, text, out);
}
