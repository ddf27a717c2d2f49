#include "app/walk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/report.h"
#include "app/walk_private.h"
#include "base/task.h"

static const char *const kind_name[] = {"primal", "forward", "reverse", "paths", "eliminate"};
enum { KINDS = sizeof kind_name / sizeof *kind_name };

// ---- starting: which steps there are -------------------------------------------------------------------------------

static bool items_new(struct walk *walk, size_t most, struct error *error) {
    walk->item = mem_alloc(most ? most : 1, sizeof *walk->item);
    return walk->item || error_memory(error);
}

// The vertex meant by `text`: the label of an output or input (`label`), else any vertex's.
static vertex chosen(const struct graph *graph, const char *text, const vertex *end, uint32_t count,
                     const char *(*label)(const struct graph *, uint32_t, char[64]), struct error *error) {
    char name[64];
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(label(graph, i, name), text) == 0) return end[i];
    return graph_find(graph, text, error);
}

static vertex chosen_input(const struct graph *graph, const char *text, struct error *error) {
    return chosen(graph, text, graph->input, graph->input_count, graph_input_label, error);
}

static vertex chosen_output(const struct graph *graph, const char *text, struct error *error) {
    return chosen(graph, text, graph->output, graph->output_count, graph_output_label, error);
}

static bool at_most(uint32_t count, uint32_t most, const char *usage, struct error *error) {
    if (count <= most) return true;
    error_set(error, ERROR_USAGE, SPAN_NONE, "too many words");
    error_hint(error, "%s", usage);
    return false;
}

static bool start_primal(struct walk *walk, const char *const *words, uint32_t count, struct error *error) {
    (void)words;
    if (!at_most(count, 0, ":walk primal", error) || !items_new(walk, graph_visible_count(walk->graph), error))
        return false;
    for (vertex v = 0; v < walk->graph->count; v++)
        if (!graph_hidden(walk->graph, v)) walk->item[walk->count++] = v;
    return true;
}

// The vertices that depend on the chosen input, whether or not an output depends on them: a tangent sweep cannot know.
static bool start_forward(struct walk *walk, const char *const *words, uint32_t count, struct error *error) {
    const struct graph *graph = walk->graph;
    if (!at_most(count, 1, ":walk forward x1", error) || !items_new(walk, graph->count, error)) return false;
    if (!graph->input_count) return error_set(error, ERROR_OTHER, SPAN_NONE, "the graph has no inputs");
    uint32_t first = 0;
    while (first + 1 < graph->input_count && graph_is_labels(graph, graph->input[first])) first++;
    walk->seed = count ? chosen_input(graph, words[0], error) : graph->input[first];
    if (walk->seed == VERTEX_NONE) return false;
    if (graph_is_labels(graph, walk->seed))
        return error_set(error, ERROR_TYPE, SPAN_NONE, "labels are whole numbers: they have no tangent");
    walk->active[walk->seed] = 1;
    for (vertex v = walk->seed; v < graph->count; v++) {
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++)
            walk->active[v] |= walk->active[graph->operand[e]];
        if (walk->active[v]) walk->item[walk->count++] = v;
    }
    return true;
}

// A step for the seed, then one for each edge between inputs and the chosen output, from the output down.
static bool start_reverse(struct walk *walk, const char *const *words, uint32_t count, struct error *error) {
    const struct graph *graph = walk->graph;
    if (!at_most(count, 1, ":walk reverse f", error)) return false;
    if (!graph->output_count) return error_set(error, ERROR_OTHER, SPAN_NONE, "the graph has no outputs");
    walk->seed = count ? chosen_output(graph, words[0], error) : graph->output[0];
    if (walk->seed == VERTEX_NONE) return false;
    if (!lcg_active(walk->lcg, graph->input, graph->input_count, &walk->seed, 1, walk->active, error)) return false;
    walk->in = mem_zero(graph->count, sizeof *walk->in);
    walk->due = mem_zero(graph->count, sizeof *walk->due);
    if (!walk->in || !walk->due) return error_memory(error);
    if (!items_new(walk, (size_t)graph_edge_count(graph) + 1, error)) return false;
    walk->item[walk->count++] = UINT32_MAX;
    for (vertex v = walk->seed + 1; v-- > 0;)
        for (uint32_t e = graph->offset[v]; e < graph->offset[v + 1]; e++)
            if (walk_edge_active(walk, v, e)) {
                walk->item[walk->count++] = e;
                walk->due[graph->operand[e]]++;
            }
    return true;
}

static bool ends(vertex **out, uint32_t *out_count, const vertex *all, uint32_t count, vertex one,
                 struct error *error) {
    if (one != VERTEX_NONE) all = &one, count = 1;
    *out = mem_alloc(count ? count : 1, sizeof **out);
    if (!*out) return error_memory(error);
    if (count) memcpy(*out, all, count * sizeof *all);
    *out_count = count;
    return true;
}

static bool count_text(const struct walk *walk, const vertex *from, uint32_t from_count, const vertex *to,
                       uint32_t to_count, char **text, uint32_t *small, struct error *error) {
    mpz_t count;
    mpz_init(count);
    bool ok = path_count(walk->lcg, from, from_count, to, to_count, count, error);
    if (ok) {
        char *decimal = mpz_get_str(NULL, 10, count);
        mem_free(*text);
        *text = mem_text(decimal, strlen(decimal));
        free(decimal);
        if (small) *small = mpz_cmp_ui(count, UINT32_MAX) < 0 ? (uint32_t)mpz_get_ui(count) : UINT32_MAX;
        if (!*text) ok = error_memory(error);
    }
    mpz_clear(count);
    return ok;
}

static bool path_ends(struct walk *walk, const char *const *words, uint32_t count, vertex *from, vertex *to,
                      struct error *error) {
    *from = *to = VERTEX_NONE;
    if (!count) return true;
    if (count != 3 || strcmp(words[1], "->") != 0) {
        error_set(error, ERROR_USAGE, SPAN_NONE, "the ends of the paths are written FROM -> TO");
        error_hint(error, ":walk paths x2 -> f");
        return false;
    }
    *from = chosen_input(walk->graph, words[0], error);
    if (*from != VERTEX_NONE) *to = chosen_output(walk->graph, words[2], error);
    snprintf(walk->from_name, sizeof walk->from_name, "%s", words[0]);
    snprintf(walk->to_name, sizeof walk->to_name, "%s", words[2]);
    return *from != VERTEX_NONE && *to != VERTEX_NONE;
}

static bool start_paths(struct walk *walk, const char *const *words, uint32_t count, struct error *error) {
    const struct graph *graph = walk->graph;
    vertex from, to;
    if (!path_ends(walk, words, count, &from, &to, error)) return false;
    return ends(&walk->from, &walk->from_count, graph->input, graph->input_count, from, error) &&
           ends(&walk->to, &walk->to_count, graph->output, graph->output_count, to, error) &&
           count_text(walk, walk->from, walk->from_count, walk->to, walk->to_count, &walk->total, &walk->count, error);
}

static bool add_order(struct walk *walk, struct eliminate *rest, vertex v, struct error *error) {
    const struct eliminate_edge *changed;
    uint32_t changed_count;
    if (!eliminate_vertex(rest, v, &changed, &changed_count, error)) return false;
    walk->item[walk->count++] = v;
    return true;
}

// The named vertices first; then the cheapest each time, or, in reverse order, whatever is left.
static bool make_order(struct walk *walk, struct eliminate *rest, const char *const *words, uint32_t count,
                       struct error *error) {
    bool greedy = count && strcmp(words[count - 1], "greedy") == 0;
    for (uint32_t i = 0; i < count - greedy; i++) {
        vertex v = graph_find(walk->graph, words[i], error);
        if (v == VERTEX_NONE || !add_order(walk, rest, v, error)) return false;
    }
    if (greedy)
        for (vertex v; (v = eliminate_cheapest(rest)) != VERTEX_NONE;)
            if (!add_order(walk, rest, v, error)) return false;
    for (vertex v = walk->graph->count; v-- > 0;) {
        if (eliminate_alive(rest, v) && !add_order(walk, rest, v, error)) return false;
        if (v % 1024 == 0 && task_interrupted()) return error_interrupt(error);
    }
    return true;
}

static bool start_eliminate(struct walk *walk, const char *const *words, uint32_t count, struct error *error) {
    if (!items_new(walk, walk->graph->count, error)) return false;
    if (count && strcmp(words[0], "order") == 0) words++, count--;
    struct eliminate *rest = eliminate_new(walk->lcg, error);
    bool ok = rest && make_order(walk, rest, words, count, error);
    eliminate_free(rest);
    return ok;
}

static bool keep_words(struct walk *walk, const char *const *words, uint32_t count, struct error *error) {
    struct buffer text = {0};
    for (uint32_t i = 0; i < count; i++) buffer_printf(&text, "%s%s", i ? " " : "", words[i]);
    walk->words = mem_text(buffer_string(&text), text.size);
    bool ok = walk->words && !text.failed;
    buffer_free(&text);
    return ok || error_memory(error);
}

static bool start(struct walk *walk, const char *const *words, uint32_t count, struct error *error) {
    static bool (*const starts[])(struct walk *, const char *const *, uint32_t, struct error *) = {
        start_primal, start_forward, start_reverse, start_paths, start_eliminate};
    size_t room = walk->graph->count ? walk->graph->count : 1;
    walk->lcg = lcg_new(walk->graph, error);
    if (!walk->lcg) return false;
    walk->active = mem_zero(room, 1);
    walk->value = mem_alloc(room, sizeof *walk->value);
    walk->point = mem_alloc(walk->graph->input_count + 1, sizeof *walk->point);
    if (!walk->active || !walk->value || !walk->point) return error_memory(error);
    for (uint32_t i = 0; i < walk->graph->input_count; i++) walk->point[i] = walk->graph->value[walk->graph->input[i]];
    for (vertex v = 0; v < walk->graph->count; v++) walk->value[v] = NAN;
    if (!keep_words(walk, words, count, error) || !starts[walk->kind](walk, words, count, error)) return false;
    if (walk->count) return true;
    error_set(error, ERROR_OTHER, SPAN_NONE, "there is nothing to walk through");
    if (walk->kind == WALK_ELIMINATE) error_hint(error, "no vertex lies between the inputs and the outputs");
    if (walk->kind == WALK_PATHS) error_hint(error, "there is no path between these ends");
    return false;
}

struct walk *walk_new(struct session *session, enum walk_kind kind, const char *const *words, uint32_t count,
                      struct error *error) {
    struct graph *graph = session_graph(session, error);
    if (!graph) return NULL;
    struct walk *walk = mem_zero(1, sizeof *walk);
    if (!walk) {
        error_memory(error);
        return NULL;
    }
    walk->kind = kind;
    walk->graph = graph_hold(graph);
    walk->vertices = graph->count;
    walk->seed = VERTEX_NONE;
    if (start(walk, words, count, error)) return walk;
    walk_free(walk);
    return NULL;
}

void walk_free(struct walk *walk) {
    if (!walk) return;
    void *owned[] = {walk->words, walk->point, walk->item,       walk->active,      walk->value,
                     walk->in,    walk->due,   walk->path_edge,  walk->path_vertex, walk->from,
                     walk->to,    walk->total, walk->pair_total, walk->change,      walk->lit};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
    buffer_free(&walk->title);
    buffer_free(&walk->arithmetic);
    buffer_free(&walk->told);
    if (walk->paths) paths_free(walk->paths);
    if (walk->eliminate) eliminate_free(walk->eliminate);
    lcg_free(walk->lcg);
    graph_drop(walk->graph);
    mem_free(walk);
}

// ---- moving ---------------------------------------------------------------------------------------------------------

// Back before the first step.
static bool rewind_walk(struct walk *walk, struct error *error) {
    walk->at = 0;
    for (vertex v = 0; v < walk->graph->count; v++) walk->value[v] = NAN;
    if (walk->in) memset(walk->in, 0, walk->graph->count * sizeof *walk->in);
    if (walk->kind == WALK_PATHS) {
        if (walk->paths) paths_free(walk->paths);
        walk->sum = 0, walk->sum_count = 0, walk->path.length = 0;
        walk->path.input = walk->path.output = VERTEX_NONE;
        walk->paths = paths_new(walk->lcg, walk->from, walk->from_count, walk->to, walk->to_count, PATH_LISTED, error);
        return walk->paths;
    }
    if (walk->kind == WALK_ELIMINATE) {
        if (walk->eliminate) eliminate_free(walk->eliminate);
        walk->eliminate = eliminate_new(walk->lcg, error);
        return walk->eliminate;
    }
    return true;
}

static bool apply_primal(struct walk *walk, struct error *error) {
    (void)error;
    vertex v = walk->item[walk->at];
    walk->value[v] = walk->graph->value[v];
    return true;
}

static bool apply_forward(struct walk *walk, struct error *error) {
    (void)error;
    vertex v = walk->item[walk->at];
    double tangent = v == walk->seed ? 1 : 0;
    if (v != walk->seed)
        for (uint32_t e = walk->lcg->offset[v]; e < walk->lcg->offset[v + 1]; e++)
            if (walk->active[walk->lcg->source[e]])
                tangent += walk->lcg->partial[e] * walk->value[walk->lcg->source[e]];
    walk->value[v] = tangent;
    return true;
}

static bool apply_reverse(struct walk *walk, struct error *error) {
    (void)error;
    uint32_t e = walk->item[walk->at];
    if (e == UINT32_MAX) {
        walk->value[walk->seed] = 1;
        return true;
    }
    vertex u = walk->lcg->source[e], v = graph_edge_target(walk->graph, e);
    double contribution = walk->value[v] * walk->lcg->partial[e];
    walk->value[u] = walk->in[u] ? walk->value[u] + contribution : contribution;
    walk->in[u]++;
    return true;
}

static bool keep_path(struct walk *walk, const struct path *path, struct error *error) {
    if (!mem_grow(&walk->path_edge, &walk->path_edge_capacity, path->length + 1, sizeof *walk->path_edge) ||
        !mem_grow(&walk->path_vertex, &walk->path_vertex_capacity, path->length + 1, sizeof *walk->path_vertex))
        return error_memory(error);
    if (path->length) memcpy(walk->path_edge, path->edge, path->length * sizeof *path->edge);
    memcpy(walk->path_vertex, path->vertex, (path->length + 1) * sizeof *path->vertex);
    bool same = path->input == walk->path.input && path->output == walk->path.output;
    walk->sum = same ? walk->sum + path->product : path->product;
    walk->sum_count = same ? walk->sum_count + 1 : 1;
    walk->path = *path;
    walk->path.edge = walk->path_edge;
    walk->path.vertex = walk->path_vertex;
    return true;
}

static bool apply_paths(struct walk *walk, struct error *error) {
    struct path path;
    if (!paths_next(walk->paths, &path, error))
        return error_set(error, ERROR_OTHER, SPAN_NONE, "there are no more paths");
    return keep_path(walk, &path, error);
}

// Notes the factors of each edge that eliminating v will change, before they are gone.
static bool note_factors(struct walk *walk, vertex v, struct eliminate_edge *edge, uint32_t count,
                         struct error *error) {
    walk->change_count = 0;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t o = 0; edge[i].target == v && o < count; o++) {
            if (edge[o].source != v) continue;
            if (!mem_grow(&walk->change, &walk->change_capacity, walk->change_count + 1, sizeof *walk->change))
                return error_memory(error);
            walk->change[walk->change_count++] = (struct walk_change){
                .source = edge[i].source, .target = edge[o].target, .into = edge[i].value, .out = edge[o].value};
        }
    return true;
}

static void note_results(struct walk *walk, const struct eliminate_edge *changed, uint32_t count) {
    for (uint32_t i = 0; i < walk->change_count; i++) {
        struct walk_change *change = &walk->change[i];
        for (uint32_t c = 0; c < count; c++)
            if (changed[c].source == change->source && changed[c].target == change->target)
                change->before = changed[c].before, change->value = changed[c].value, change->fill = changed[c].fill;
    }
}

static bool apply_eliminate(struct walk *walk, struct error *error) {
    vertex v = walk->item[walk->at];
    uint32_t count;
    struct eliminate_edge *before = eliminate_edges(walk->eliminate, &count, error);
    if (!before) return false;
    bool ok = note_factors(walk, v, before, count, error);
    mem_free(before);
    const struct eliminate_edge *changed;
    if (!ok || !eliminate_vertex(walk->eliminate, v, &changed, &count, error)) return false;
    note_results(walk, changed, count);
    return true;
}

static bool apply_eliminate_quickly(struct walk *walk, struct error *error) {
    const struct eliminate_edge *changed;
    uint32_t count;
    return eliminate_vertex(walk->eliminate, walk->item[walk->at], &changed, &count, error);
}

static bool apply(struct walk *walk, bool last, struct error *error) {
    static bool (*const rules[])(struct walk *, struct error *) = {apply_primal, apply_forward, apply_reverse,
                                                                   apply_paths, apply_eliminate};
    bool quickly = walk->kind == WALK_ELIMINATE && !last;
    if (!(quickly ? apply_eliminate_quickly : rules[walk->kind])(walk, error)) return false;
    walk->at++;
    if (walk->at % 1024 == 0 && task_interrupted()) return error_interrupt(error);
    return true;
}

// The product so far at each vertex of the path in hand.
static void path_values(struct walk *walk) {
    for (vertex v = 0; v < walk->graph->count; v++) walk->value[v] = NAN;
    double product = 1;
    walk->value[walk->path.vertex[0]] = product;
    for (uint32_t i = 0; i < walk->path.length; i++)
        walk->value[walk->path.vertex[i + 1]] = product *= walk->lcg->partial[walk->path.edge[i]];
}

static bool move_to(struct walk *walk, uint32_t number, struct error *error) {
    if (number <= walk->at || !walk->at)
        if (!rewind_walk(walk, error)) return false;
    vertex input = walk->path.input, output = walk->path.output;
    while (walk->at < number)
        if (!apply(walk, walk->at + 1 == number, error)) return false;
    if (walk->kind != WALK_PATHS) return true;
    path_values(walk);
    if (walk->pair_total && input == walk->path.input && output == walk->path.output) return true;
    return count_text(walk, &walk->path.input, 1, &walk->path.output, 1, &walk->pair_total, NULL, error);
}

// What :export draws: the primal graph, or the LCG with the step lit.
static void show_step(const struct walk *walk, struct session *session) {
    struct shown *shown = &session->shown;
    shown->kind = walk->kind == WALK_PRIMAL ? VIEW_PRIMAL : VIEW_LCG;
    shown->top = 0;
    shown->chart = false;
    shown->picked = false;
    shown->pick[0] = shown->pick[1] = 0;
    session->show = true;
    shown->step = true;
    shown->lit = walk->kind == WALK_PATHS ? walk->at : 0;
    snprintf(shown->from, sizeof shown->from, "%s", walk->from_name);
    snprintf(shown->to, sizeof shown->to, "%s", walk->to_name);
}

static bool beyond(const struct walk *walk, uint32_t number, struct error *error) {
    if (number == 0 && walk->at == 1)
        error_set(error, ERROR_USAGE, SPAN_NONE, "this is the first step");
    else if (walk->at == walk->count && number == walk->at + 1)
        error_set(error, ERROR_USAGE, SPAN_NONE, "this is the last step, %u of %u", walk->count, walk->count);
    else
        error_set(error, ERROR_USAGE, SPAN_NONE, "there is no step %u: the steps are 1 to %u", number, walk->count);
    error_hint(error, "%s", number ? ":back, :goto 1, or another :walk" : ":next goes on");
    return false;
}

bool walk_go(struct walk *walk, struct session *session, uint32_t number, struct error *error) {
    uint32_t before = walk->at;
    if (number == 0 || number > walk->count) return beyond(walk, number, error);
    if (!move_to(walk, number, error)) {
        task_begin(); // the way back must not be interrupted by the same Ctrl-C
        if (before)
            move_to(walk, before, NULL);
        else
            rewind_walk(walk, NULL);
        return false;
    }
    show_step(walk, session);
    return true;
}

// ---- reading --------------------------------------------------------------------------------------------------------

uint32_t walk_count(const struct walk *walk) { return walk->count; }
uint32_t walk_at(const struct walk *walk) { return walk->at; }
enum walk_kind walk_kind(const struct walk *walk) { return walk->kind; }
const double *walk_values(const struct walk *walk) { return walk->value; }
const struct eliminate *walk_eliminate(const struct walk *walk) { return walk->eliminate; }

static void mark_change(const struct walk *walk, struct eliminate_edge *edge) {
    edge->before = edge->value;
    edge->fill = false;
    for (uint32_t i = 0; i < walk->change_count; i++)
        if (walk->change[i].source == edge->source && walk->change[i].target == edge->target)
            edge->before = walk->change[i].before, edge->fill = walk->change[i].fill;
}

struct eliminate_edge *walk_rest(const struct walk *walk, uint32_t *count, struct error *error) {
    struct eliminate_edge *edge = eliminate_edges(walk->eliminate, count, error);
    for (uint32_t i = 0; edge && i < *count; i++) mark_change(walk, &edge[i]);
    return edge;
}

bool walk_is_on(const struct walk *walk, const struct graph *graph) {
    if (!walk || walk->graph != graph || walk->vertices != graph->count) return false;
    for (uint32_t i = 0; i < graph->input_count; i++)
        if (walk->point[i] != graph->value[graph->input[i]] && !graph_is_tensor(graph, graph->input[i])) return false;
    return walk->lcg->offset == graph->offset && walk->lcg->source == graph->operand;
}

bool walk_lit(struct walk *walk, struct lit_path *lit, const char **words) {
    struct walk_step step;
    if (!walk->at || !walk_tell(walk, &step, NULL)) return false;
    bool path = walk->kind == WALK_PATHS;
    *words = path ? NULL : step.title;
    *lit = (struct lit_path){.input = path ? walk->path.input : step.vertex,
                             .output = path ? walk->path.output : step.vertex,
                             .edge = step.edge,
                             .length = step.edge_count,
                             .product = step.running};
    return true;
}

bool walk_step(struct walk *walk, struct walk_step *step, struct error *error) {
    if (!walk->at) return error_set(error, ERROR_OTHER, SPAN_NONE, "the walk has not begun: :next");
    return walk_tell(walk, step, error);
}

// ---- commands -------------------------------------------------------------------------------------------------------

void walk_script(const struct walk *walk, struct buffer *out) {
    buffer_printf(out, ":walk %s%s%s\n", kind_name[walk->kind], *walk->words ? " " : "", walk->words);
    if (walk->at) buffer_printf(out, ":goto %u\n", walk->at);
}

static bool find_kind(const struct words *words, enum walk_kind *kind, struct error *error) {
    for (int i = 0; i < KINDS; i++)
        if (strcmp(words->word[0], kind_name[i]) == 0) {
            *kind = (enum walk_kind)i;
            return true;
        }
    const char *near = text_nearest(words->word[0], kind_name, KINDS);
    error_set(error, ERROR_USAGE, words->span[0], "there is no walk called \"%s\"", words->word[0]);
    if (near)
        error_hint(error, "did you mean :walk %s?", near);
    else
        error_hint(error, ":walk primal, forward, reverse, paths or eliminate");
    return false;
}

static bool begin(struct session *session, enum walk_kind kind, const char *const *words, uint32_t count,
                  uint32_t number, struct error *error) {
    struct walk *walk = walk_new(session, kind, words, count, error);
    if (!walk) return false;
    if (number > walk->count) number = walk->count;
    if (!walk_go(walk, session, number, error)) {
        walk_free(walk);
        return false;
    }
    if (session->walk_before)
        walk_free(session->walk);
    else
        session->walk_before = session->walk;
    session->walk = walk;
    return true;
}

// After :at, the same walk on the moved graph, at the same step; another graph ends the walk.
static bool follow(struct session *session, struct error *error) {
    struct walk *walk = session->walk;
    struct graph *graph = session_graph(session, error);
    if (!graph) return false;
    if (walk_is_on(walk, graph)) return true;
    if (graph->function != walk->graph->function || graph->count != walk->vertices) {
        error_set(error, ERROR_OTHER, SPAN_NONE,
                  "this walk has ended: the graph it was on is no longer the current one");
        error_hint(error, "start again with :walk %s", kind_name[walk->kind]);
        return false;
    }
    const char *words[64];
    uint32_t count = 0;
    char *text = mem_text(walk->words, strlen(walk->words)), *rest = text;
    if (!text) return error_memory(error);
    for (char *word; count < 64 && (word = strtok_r(rest, " ", &rest));) words[count++] = word;
    bool ok = begin(session, walk->kind, words, count, walk->at, error);
    mem_free(text);
    return ok;
}

static bool current(struct session *session, struct error *error) {
    if (session->walk) return follow(session, error);
    error_set(error, ERROR_OTHER, SPAN_NONE, "no walk is in progress");
    error_hint(error, "start one with :walk reverse (or primal, forward, paths, eliminate)");
    return false;
}

static bool go(struct session *session, uint32_t number, struct error *error) {
    return walk_go(session->walk, session, number, error) && walk_report(session->walk, session, error);
}

bool walk_command(struct session *session, const struct words *words, struct error *error) {
    if (!words->count) return current(session, error) && go(session, walk_at(session->walk), error);
    enum walk_kind kind;
    if (!find_kind(words, &kind, error)) return false;
    if (begin(session, kind, (const char *const *)words->word + 1, words->count - 1, 1, error))
        return walk_report(session->walk, session, error);
    if (error && !error->span.source && words->count > 1 && error->kind != ERROR_INTERRUPT)
        error->span = words->span[1];
    return false;
}

static bool no_words(const struct words *words, const char *name, struct error *error) {
    if (!words->count) return true;
    error_set(error, ERROR_USAGE, words->span[0], ":%s takes no words", name);
    error_hint(error, "to jump: :goto 3");
    return false;
}

bool walk_command_next(struct session *session, const struct words *words, struct error *error) {
    return no_words(words, "next", error) && current(session, error) &&
           (walk_at(session->walk) < UINT32_MAX || error_set(error, ERROR_LIMIT, SPAN_NONE, "too many steps")) &&
           go(session, walk_at(session->walk) + 1, error);
}

bool walk_command_back(struct session *session, const struct words *words, struct error *error) {
    return no_words(words, "back", error) && current(session, error) && go(session, walk_at(session->walk) - 1, error);
}

bool walk_command_goto(struct session *session, const struct words *words, struct error *error) {
    double number;
    if (!current(session, error)) return false;
    if (words->count != 1 || !text_parse_number(words->word[0], &number) || number < 0 || number != floor(number) ||
        number > UINT32_MAX) {
        error_set(error, ERROR_USAGE, words->count ? words->span[0] : words->all, ":goto takes the number of a step");
        error_hint(error, ":goto 1 to :goto %u", walk_count(session->walk));
        return false;
    }
    if (go(session, (uint32_t)number, error)) return true;
    if (error && error->kind == ERROR_USAGE && !error->span.source) error->span = words->span[0];
    return false;
}
