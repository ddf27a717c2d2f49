// :pattern
#include <gmp.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/method.h"
#include "app/pattern_words.h"
#include "app/report.h"
#include "app/sampling.h"
#include "app/settings.h"
#include "estimate/pattern.h"

static bool read_kind(const struct words *words, struct pattern *pattern, struct error *error) {
    if (words->count == 0) return command_usage_error(words, 0, error, "a pattern is missing");
    if (pattern_word(words, 0, pattern)) return true;
    const char *near = text_nearest(words->word[0], pattern_names, PATTERN_COUNT);
    command_usage_error(words, 0, error, "there is no pattern `%s`%s%s%s", words->word[0],
                        near ? ": did you mean `" : "", near ? near : "", near ? "`?" : "");
    return false;
}

static bool read_rest(const struct words *words, uint32_t at, struct pattern *pattern, struct error *error) {
    while (at < words->count) {
        double seed;
        bool found;
        if (!pattern_read_look(words, &at, pattern, &found, error)) return false;
        if (found) continue;
        if (!method_word(words, at, "seed"))
            return command_usage_error(words, at, error, "`%s` was not expected here", words->word[at]);
        if (!method_number(words, at + 1, "the seed", 0, 0x1p53, &seed, error)) return false;
        pattern->seed = (uint64_t)seed;
        at += 2;
    }
    return true;
}

static bool read_pattern(const struct session *session, const struct words *words, struct pattern *pattern,
                         struct error *error) {
    double width, depth;
    *pattern = pattern_usual(session);
    if (!read_kind(words, pattern, error) || !method_number(words, 1, "the width", 1, 1e9, &width, error) ||
        !method_number(words, 2, "the depth", 1, 1e9, &depth, error))
        return false;
    pattern->width = (uint32_t)width, pattern->depth = (uint32_t)depth;
    return read_rest(words, 3, pattern, error);
}

// width^depth, or width.
static char *paths_text(const struct pattern *pattern) {
    mpz_t paths;
    mpz_init_set_ui(paths, pattern->width);
    if (pattern->kind != PATTERN_INDEPENDENT) mpz_pow_ui(paths, paths, pattern->depth);
    bool is_short = mpz_sizeinbase(paths, 10) <= 40;
    char *text = mem_alloc(64, 1);
    if (text && is_short) mpz_get_str(text, 10, paths);
    if (text && !is_short) snprintf(text, 64, "%u^%u", pattern->width, pattern->depth);
    mpz_clear(paths);
    return text;
}

static void tell(struct session *session, const struct pattern *pattern) {
    char weights[96], *paths = paths_text(pattern);
    pattern_weights_text(pattern, weights);
    double vertices = pattern_vertices(pattern), edges = pattern_edges(pattern);
    if (session->output.json)
        report_json(session,
                    json_pack("{s:s, s:s, s:i, s:i, s:I, s:I, s:s, s:s, s:I}", "kind", "pattern", "pattern",
                              pattern_names[pattern->kind], "width", (int)pattern->width, "depth", (int)pattern->depth,
                              "vertices", (json_int_t)vertices, "edges", (json_int_t)edges, "paths", paths ? paths : "",
                              "weights", weights, "seed", (json_int_t)pattern->seed));
    else
        report_text(session, "%s, width %u, depth %u: %.0f vertices, %.0f edges, %s path%s; weights %s, seed %llu\n",
                    pattern_names[pattern->kind], pattern->width, pattern->depth, vertices, edges, paths ? paths : "",
                    paths && strcmp(paths, "1") == 0 ? "" : "s", weights, (unsigned long long)pattern->seed);
    mem_free(paths);
}

static bool graph_is_larger(const struct pattern *pattern, uint32_t vertices) {
    return pattern_vertices(pattern) > vertices;
}

bool command_pattern(struct session *session, const struct words *words, struct error *error) {
    struct pattern pattern;
    if (!read_pattern(session, words, &pattern, error)) return false;
    char *line = method_seeded(":pattern", words, pattern.seed, error);
    if (!line) return false;
    session_keep_as(session, line);
    struct graph *graph = pattern_graph(&pattern, session->symbols, session->settings.vertices, error);
    if (!graph) return false;
    bool ok = session_adopt(session, graph, error);
    graph_drop(graph);
    if (!ok) return false;
    sampling_set_pattern(session, &pattern);
    session->shown.kind = VIEW_PRIMAL;
    session->show = true;
    bool too_many = graph_is_larger(&pattern, session->settings.layout_vertices);
    bool whole = pattern.kind == PATTERN_VECTOR || too_many; // a layer as one vertex
    if (whole || strcmp(session->shown.rule, "layers") == 0)
        ok = settings_collapse(session, whole ? "layers" : "none") || error_memory(error);
    tell(session, &pattern);
    if (too_many && pattern.kind != PATTERN_VECTOR && !session->output.json)
        report_text(session, "drawn with one vertex for each layer, as more than %u would be too many to draw\n",
                    session->settings.layout_vertices);
    return ok;
}
