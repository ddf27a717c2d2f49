#include "show/record.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/sketch.h"

enum { LOOK_EVERY = 1024 }; // vertices or pieces of text between looks at the interrupt

json_t *record_number(double value) {
    if (isnan(value)) return json_string("NaN");
    if (isinf(value)) return json_string(value > 0 ? "Infinity" : "-Infinity");
    return json_real(value);
}

// A graph made through the API may have names that are not UTF-8: their bad bytes become U+FFFD.
static json_t *label_of(const struct graph *graph, vertex v) {
    char label[64], clean[3 * 64];
    graph_label(graph, v, label);
    return json_stringn(clean, text_clean_utf8(label, strlen(label), clean));
}

struct writing {
    struct buffer *out;
    uint32_t pieces;
};

static int add_piece(const char *text, size_t size, void *context) {
    struct writing *writing = context;
    buffer_add(writing->out, text, size);
    return writing->out->failed || (++writing->pieces % LOOK_EVERY == 0 && task_interrupted()) ? -1 : 0;
}

static bool write_piece(json_t *object, struct buffer *out) {
    struct writing writing = {.out = out};
    bool ok = object && json_dump_callback(object, add_piece, &writing, JSON_COMPACT | JSON_REAL_PRECISION(17)) == 0;
    json_decref(object);
    return ok && !out->failed;
}

// ---- graphs -------------------------------------------------------------------------------------------------------

json_t *record_shape(struct shape shape) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < shape.rank; i++) json_array_append_new(list, json_integer(shape.size[i]));
    return list;
}

static json_t *record_vertex(const struct view *view, vertex v) {
    const struct graph *graph = view->graph;
    bool tensor = graph_is_tensor(graph, v);
    json_t *value = !tensor && sketch_value_known(view, v) ? record_number(graph->value[v]) : json_null();
    json_t *object = json_pack("{s:I,s:o,s:s,s:o}", "id", (json_int_t)graph_id(graph, v), "name", label_of(graph, v),
                               "op", op_table[graph->op[v]].name, "value", value);
    if (tensor) json_object_set_new(object, "shape", record_shape(graph_shape(graph, v)));
    return object;
}

static json_t *record_edge(const struct view *view, vertex to, uint32_t edge) {
    const struct graph *graph = view->graph;
    bool tensors = graph_is_tensor(graph, to) || graph_is_tensor(graph, graph->operand[edge]);
    bool number = view->lcg && view->kind != VIEW_PRIMAL && !tensors;
    json_t *partial = number ? record_number(view->lcg->partial[edge]) : json_null();
    return json_pack("{s:I,s:I,s:o}", "from", (json_int_t)graph_id(graph, graph->operand[edge]), "to",
                     (json_int_t)graph_id(graph, to), "partial", partial);
}

// The vertices, then the edges, one at a time: a tree of millions of objects would take seconds to free.
static bool write_vertices(const struct view *view, struct buffer *out) {
    const char *comma = "";
    for (vertex v = 0; v < view->graph->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return false;
        if (graph_hidden(view->graph, v)) continue;
        buffer_text(out, comma);
        if (!write_piece(record_vertex(view, v), out)) return false;
        comma = ",";
    }
    return true;
}

static bool write_edges(const struct view *view, struct buffer *out) {
    const struct graph *graph = view->graph;
    const char *comma = "";
    for (vertex v = 0; v < graph->count; v++) {
        if (v % LOOK_EVERY == 0 && task_interrupted()) return false;
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++) {
            if (graph_hidden(graph, v) || graph_hidden(graph, graph->operand[e])) continue;
            buffer_text(out, comma);
            if (!write_piece(record_edge(view, v, e), out)) return false;
            comma = ",";
        }
    }
    return true;
}

static bool write_extra(const json_t *extra, struct buffer *out) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)extra, key, value) {
        buffer_printf(out, ",\"%s\":", key);
        struct writing writing = {.out = out};
        if (json_dump_callback(value, add_piece, &writing, JSON_ENCODE_ANY | JSON_COMPACT)) return false;
    }
    return true;
}

bool record_graph(const struct view *view, const json_t *extra, struct buffer *out) {
    size_t before = out->size;
    buffer_printf(out, "{\"kind\":\"%s\",\"vertices\":[", view->kind == VIEW_PRIMAL ? "graph" : "lcg");
    bool ok = write_vertices(view, out);
    buffer_text(out, "],\"edges\":[");
    ok = ok && write_edges(view, out);
    buffer_text(out, "]");
    ok = ok && write_extra(extra, out);
    buffer_text(out, "}\n");
    if (!ok) buffer_cut(out, before); // half an object is none
    return ok && !out->failed;
}

// ---- paths --------------------------------------------------------------------------------------------------------

static json_t *record_path(const struct view *view, const struct lit_path *path) {
    json_t *vertices = json_array(), *partials = json_array();
    bool ok = vertices && partials && json_array_append_new(vertices, label_of(view->graph, path->input)) == 0;
    for (uint32_t i = 0; ok && i < path->length; i++) {
        vertex v = graph_edge_target(view->graph, path->edge[i]);
        ok = json_array_append_new(vertices, label_of(view->graph, v)) == 0 &&
             json_array_append_new(partials,
                                   view->lcg ? record_number(view->lcg->partial[path->edge[i]]) : json_null()) == 0;
    }
    if (!ok) {
        json_decref(vertices);
        json_decref(partials);
        return NULL;
    }
    return json_pack("{s:o,s:o,s:o}", "vertices", vertices, "partials", partials, "product",
                     record_number(path->product));
}

json_t *record_paths(const struct view *view) {
    char count[16];
    snprintf(count, sizeof count, "%" PRIu32, view->path_count);
    json_t *paths = json_array();
    for (uint32_t i = 0; paths && i < view->path_count; i++) {
        if (json_array_append_new(paths, record_path(view, &view->paths[i])) == 0) continue;
        json_decref(paths);
        return NULL;
    }
    return json_pack("{s:s,s:s,s:o}", "kind", "paths", "count", view->path_total ? view->path_total : count, "paths",
                     paths);
}

bool record_write(const json_t *object, struct buffer *out) {
    struct writing writing = {.out = out};
    size_t before = out->size;
    bool ok = json_dump_callback(object, add_piece, &writing, JSON_COMPACT | JSON_REAL_PRECISION(17)) == 0;
    if (ok) buffer_char(out, '\n');
    if (!ok) buffer_cut(out, before); // half an object is none
    return ok && !out->failed;
}

// ---- tables -------------------------------------------------------------------------------------------------------

static void add_field(struct buffer *out, const char *text) {
    if (!strpbrk(text, "\",\r\n")) {
        buffer_text(out, text);
        return;
    }
    buffer_char(out, '"');
    for (; *text; text++) {
        if (*text == '"') buffer_char(out, '"');
        buffer_char(out, *text);
    }
    buffer_char(out, '"');
}

static void add_number(struct buffer *out, double value) {
    char text[32];
    text_number(text, value);
    buffer_text(out, text);
}

static void add_label(struct buffer *out, const struct graph *graph, vertex v) {
    char label[64];
    add_field(out, graph_label(graph, v, label));
}

static void edge_row(const struct view *view, vertex to, uint32_t edge, struct buffer *out) {
    add_label(out, view->graph, view->graph->operand[edge]);
    buffer_char(out, ',');
    add_label(out, view->graph, to);
    buffer_printf(out, ",%s,", op_table[view->graph->op[to]].name);
    if (view->lcg && view->kind != VIEW_PRIMAL) add_number(out, view->lcg->partial[edge]);
    buffer_text(out, "\r\n");
}

static void edge_rows(const struct view *view, struct buffer *out) {
    const struct graph *graph = view->graph;
    buffer_text(out, "from,to,operation,partial\r\n");
    for (vertex v = 0; v < graph->count; v++)
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++)
            if (!graph_hidden(graph, graph->operand[e])) edge_row(view, v, e, out);
}

static void path_row(const struct view *view, const struct lit_path *path, struct buffer *out) {
    struct buffer vertices = {0}, partials = {0};
    char label[64];
    buffer_text(&vertices, graph_label(view->graph, path->input, label));
    for (uint32_t i = 0; i < path->length; i++) {
        vertex v = graph_edge_target(view->graph, path->edge[i]);
        buffer_printf(&vertices, " -> %s", graph_label(view->graph, v, label));
        if (i) buffer_char(&partials, ' ');
        if (view->lcg) add_number(&partials, view->lcg->partial[path->edge[i]]);
    }
    add_field(out, buffer_string(&vertices));
    buffer_printf(out, ",%" PRIu32 ",", path->length);
    add_field(out, buffer_string(&partials));
    buffer_char(out, ',');
    add_number(out, path->product);
    buffer_text(out, "\r\n");
    if (vertices.failed || partials.failed) out->failed = true;
    buffer_free(&vertices);
    buffer_free(&partials);
}

bool record_csv(const struct view *view, struct buffer *out) {
    if (view->kind != VIEW_PATHS) {
        edge_rows(view, out);
        return !out->failed;
    }
    buffer_text(out, "vertices,length,partials,product\r\n");
    for (uint32_t i = 0; i < view->path_count; i++) path_row(view, &view->paths[i], out);
    return !out->failed;
}
