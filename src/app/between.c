#include "app/between.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

// The derivatives of all vertices by `from` (tangent 1 there).
static double *tangents(const struct lcg *lcg, vertex from) {
    double *tangent = mem_zero((size_t)lcg->count + 1, sizeof *tangent);
    if (!tangent) return NULL;
    tangent[from] = 1;
    for (vertex v = from + 1; v < lcg->count; v++)
        for (uint32_t e = lcg->offset[v]; e < lcg->offset[v + 1]; e++)
            if (tangent[lcg->source[e]] != 0) tangent[v] += lcg->partial[e] * tangent[lcg->source[e]];
    return tangent;
}

uint32_t *between_edges(const struct lcg *lcg, vertex a, vertex b, uint32_t *count, struct error *error) {
    const struct graph *graph = lcg->graph;
    vertex from = a < b ? a : b, to = a < b ? b : a;
    uint8_t *ahead = mem_zero((size_t)graph->count + 1, 1), *behind = mem_zero((size_t)graph->count + 1, 1);
    uint32_t *edge = NULL;
    size_t capacity = 0;
    bool ok = ahead && behind;
    *count = 0;
    if (ok) ahead[from] = behind[to] = 1;
    for (vertex v = from + 1; ok && v <= to; v++)
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++)
            ahead[v] = ahead[v] || ahead[graph->operand[e]];
    for (vertex v = to + 1; ok && v-- > from;)
        for (uint32_t e = graph->offset[v]; behind[v] && e < graph->offset[v + 1]; e++) {
            if (!ahead[graph->operand[e]]) continue;
            behind[graph->operand[e]] = 1;
            if (!mem_grow(&edge, &capacity, (size_t)*count + 1, sizeof *edge)) {
                ok = false;
                break;
            }
            edge[(*count)++] = e;
        }
    mem_free(ahead);
    mem_free(behind);
    if (ok) return edge;
    mem_free(edge);
    *count = 0;
    return error_memory(error), NULL;
}

enum { SHARES = 4 };

// How much of each Jacobian entry goes through both vertices.
static bool shares(const struct lcg *lcg, vertex from, vertex to, double sum, struct buffer *out) {
    const struct graph *graph = lcg->graph;
    double *after = tangents(lcg, to);
    bool ok = after != NULL;
    int told = 0;
    for (uint32_t i = 0; ok && i < graph->input_count && told < SHARES; i++) {
        double *before = tangents(lcg, graph->input[i]);
        ok = before != NULL;
        for (uint32_t o = 0; ok && o < graph->output_count && told < SHARES; o++) {
            double entry = before[graph->output[o]], through = before[from] * sum * after[graph->output[o]];
            char input[64], output[64];
            if (entry == 0 || !isfinite(entry) || before[from] == 0 || after[graph->output[o]] == 0) continue;
            buffer_printf(out, "\n%.3g %% of ∂%s/∂%s = %.6g go through both", 100 * through / entry,
                          graph_output_label(graph, o, output), graph_input_label(graph, i, input), entry);
            told++;
        }
        mem_free(before);
    }
    mem_free(after);
    return ok;
}

static bool say_sum(const struct lcg *lcg, vertex from, vertex to, struct buffer *out) {
    const struct graph *graph = lcg->graph;
    char source[64], target[64];
    graph_label(graph, from, source);
    graph_label(graph, to, target);
    if (graph_has_tensors(graph)) {
        uint64_t rows = shape_count(graph_shape(graph, to)), columns = shape_count(graph_shape(graph, from));
        buffer_printf(out, "\n∂%s/∂%s is a matrix of %llu × %llu", target, source, (unsigned long long)rows,
                      (unsigned long long)columns);
        return true;
    }
    double *tangent = tangents(lcg, from);
    if (!tangent) return false;
    buffer_printf(out, "\nsum of their products: ∂%s/∂%s = %.6g", target, source, tangent[to]);
    bool ok = shares(lcg, from, to, tangent[to], out);
    mem_free(tangent);
    return ok;
}

bool between_words(const struct lcg *lcg, vertex a, vertex b, struct buffer *out, struct error *error) {
    const struct graph *graph = lcg->graph;
    vertex from = a < b ? a : b, to = a < b ? b : a;
    char source[64], target[64];
    mpz_t count;
    mpz_init(count);
    bool ok = path_count(lcg, &from, 1, &to, 1, count, error);
    char *text = ok ? mem_alloc(mpz_sizeinbase(count, 10) + 2, 1) : NULL;
    if (text) {
        mpz_get_str(text, 10, count);
        bool one = mpz_cmp_ui(count, 1) == 0;
        buffer_printf(out, "%.40s%s path%s from %s to %s", text, strlen(text) > 40 ? "…" : "", one ? "" : "s",
                      graph_label(graph, from, source), graph_label(graph, to, target));
        if (mpz_sgn(count) > 0) ok = say_sum(lcg, from, to, out);
    }
    mem_free(text);
    mpz_clear(count);
    return (text && ok && !out->failed) || error_memory(error);
}
