// What TAB offers: commands and their words from the command table, names from the session.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "app/command.h"
#include "app/repl.h"
#include "app/settings.h"
#include "base/task.h"
#include "lang/builtin.h"
#include "show/export.h"

// The word to complete, where it stands, and what was found.
struct offer {
    struct session *session;
    const char *line; // the line alone, without earlier lines of the entry
    size_t start, end;
    char **item;
    size_t count, capacity;
    bool failed;
};

// ---- collecting -----------------------------------------------------------------------------------------------------

static void add_text(struct offer *offer, const char *text, size_t size) {
    size_t typed = offer->end - offer->start;
    if (size < typed || strncmp(text, offer->line + offer->start, typed) != 0) return;
    if (!mem_grow(&offer->item, &offer->capacity, offer->count + 1, sizeof *offer->item) ||
        !(offer->item[offer->count] = mem_text(text, size)))
        offer->failed = true;
    else
        offer->count++;
}

static void add(struct offer *offer, const char *text) { add_text(offer, text, strlen(text)); }

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void sort(struct offer *offer) {
    if (offer->count) qsort(offer->item, offer->count, sizeof *offer->item, by_text);
    size_t kept = 0;
    for (size_t i = 0; i < offer->count; i++)
        if (kept && strcmp(offer->item[kept - 1], offer->item[i]) == 0)
            mem_free(offer->item[i]);
        else
            offer->item[kept++] = offer->item[i];
    offer->count = kept;
}

// Whether `word` is among the line's words before the one being completed.
static bool already(const struct offer *offer, const char *word, size_t size) {
    for (size_t i = 0; i < offer->start;) {
        while (i < offer->start && offer->line[i] == ' ') i++;
        size_t begin = i;
        while (i < offer->start && offer->line[i] != ' ') i++;
        if (i - begin == size && strncmp(offer->line + begin, word, size) == 0) return true;
    }
    return false;
}

static void add_words(struct offer *offer, const char *words) {
    while (words && *words) {
        size_t size = strcspn(words, " ");
        if (size && !already(offer, words, size)) add_text(offer, words, size);
        words += size + strspn(words + size, " ");
    }
}

// ---- where names come from ------------------------------------------------------------------------------------------

static void add_commands(struct offer *offer) {
    for (size_t i = 0; i < command_count; i++) add(offer, command_table[i].name);
}

static void add_callables(struct offer *offer) {
    for (int i = 0; i < OP_COUNT; i++)
        if (op_table[i].arity && !op_table[i].infix) add(offer, op_table[i].name);
    for (size_t i = 0; i < builtin_count; i++) add(offer, builtin_table[i].name);
}

static void add_binding(void *context, const struct binding *binding) {
    struct offer *offer = context;
    add(offer, symbol_text(offer->session->symbols, binding->name));
}

static void add_function(void *context, const struct binding *binding) {
    if (strcmp(binding->kind, "function") == 0) add_binding(context, binding);
}

static void add_vertices(struct offer *offer) {
    const struct graph *graph = environment_graph(offer->session->environment);
    char label[64];
    for (vertex v = 0; graph && v < graph->count; v++) {
        if (v % 4096 == 0 && task_interrupted()) return;
        if (!graph_hidden(graph, v)) add(offer, graph_label(graph, v, label));
    }
}

static void add_inputs(struct offer *offer) {
    const struct graph *graph = environment_graph(offer->session->environment);
    char label[64];
    for (uint32_t i = 0; graph && i < graph->input_count; i++) add(offer, graph_input_label(graph, i, label));
}

static void add_outputs(struct offer *offer) {
    const struct graph *graph = environment_graph(offer->session->environment);
    char label[64];
    for (uint32_t i = 0; graph && i < graph->output_count; i++) add(offer, graph_output_label(graph, i, label));
}

static void add_files(struct offer *offer) {
    char *typed = mem_text(offer->line + offer->start, offer->end - offer->start), *name;
    for (int state = 0; typed && (name = rl_filename_completion_function(typed, state)); state = 1) {
        add(offer, name);
        free(name);
    }
    mem_free(typed);
}

static void add_views(struct offer *offer) {
    for (int i = 0; i <= VIEW_FIGURE; i++) add_words(offer, view_kind_name[i]);
}

static void add_program_names(struct offer *offer) {
    add_callables(offer);
    if (offer->start && offer->line[offer->start - 1] == '.') return; // math.sin
    for (size_t i = 0; i < parse_keyword_count; i++) add(offer, parse_keywords[i]);
    environment_bindings(offer->session->environment, add_binding, offer);
}

// ---- a command's words ----------------------------------------------------------------------------------------------

static size_t word_at(const struct offer *offer, size_t from) { return from + strcspn(offer->line + from, " "); }

// How many words stand between the command's name and the word in question.
static size_t words_before(const struct offer *offer, size_t from) {
    size_t words = 0;
    for (size_t i = from; i < offer->start; i++)
        if (offer->line[i] != ' ' && (i == from || offer->line[i - 1] == ' ')) words++;
    return words;
}

static bool follows(const struct offer *offer, const char *word) {
    size_t end = offer->start, size = strlen(word);
    while (end && offer->line[end - 1] == ' ') end--;
    return end > size && offer->line[end - size - 1] == ' ' && strncmp(offer->line + end - size, word, size) == 0;
}

// Vertices come after `order` where the table has that word (:jacobian), and not right after another vertex in
// FROM -> TO.
static void add_vertex_words(struct offer *offer, const struct command *command, size_t index) {
    bool ordered = command->words && strstr(command->words, "order");
    bool arrow = command->words && strstr(command->words, "->");
    if (follows(offer, "top")) return;
    if (ordered ? already(offer, "order", 5) : !arrow || index == 0 || follows(offer, "->")) add_vertices(offer);
    if (!ordered || index == 0) add_words(offer, command->words);
}

static void add_setting_words(struct offer *offer, size_t index, size_t from) {
    size_t begin = from + strspn(offer->line + from, " "), end = word_at(offer, begin);
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        if (index == 0) add(offer, setting->name);
        if (index == 1 && strlen(setting->name) == end - begin &&
            strncmp(setting->name, offer->line + begin, end - begin) == 0)
            add_words(offer, setting->words);
    }
}

static void add_walk_words(struct offer *offer, size_t index) {
    if (index == 0) add_words(offer, "primal forward reverse paths eliminate");
    if (follows(offer, "forward")) add_inputs(offer);
    if (follows(offer, "reverse")) add_outputs(offer);
    if (already(offer, "eliminate", 9)) add_vertices(offer), add_words(offer, "greedy");
    if (follows(offer, "paths") || follows(offer, "->")) add_vertices(offer);
}

static void add_argument(struct offer *offer, const struct command *command, size_t from) {
    size_t index = words_before(offer, from);
    if (strcmp(command->name, "walk") == 0) {
        add_walk_words(offer, index);
        return;
    }
    switch (command->completes) {
    case COMPLETE_FILE:
        if (index == 0)
            add_files(offer);
        else
            add_words(offer, command->words);
        break;
    case COMPLETE_VIEW:
        if (index == 0 && strcmp(command->name, "export") == 0)
            add_files(offer);
        else
            add_views(offer);
        break;
    case COMPLETE_VERTEX:
        add_vertex_words(offer, command, index);
        break;
    case COMPLETE_FUNCTION:
        environment_bindings(offer->session->environment, add_function, offer);
        break;
    case COMPLETE_COMMAND:
        add_commands(offer), add_callables(offer), add_words(offer, command->words);
        break;
    case COMPLETE_SETTING:
        add_setting_words(offer, index, from);
        break;
    case COMPLETE_WORDS:
    case COMPLETE_NOTHING:
        add_words(offer, command->words);
        break;
    }
}

static void add_command_line(struct offer *offer, size_t colon) {
    size_t end = word_at(offer, colon + 1);
    if (offer->start <= end) {
        if (offer->start == colon + 1) add_commands(offer);
        return;
    }
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(end - colon - 1), offer->line + colon + 1);
    const struct command *command = command_find(name, true, NULL);
    if (command && strcmp(command->name, "time") == 0)
        add_program_names(offer);
    else if (command)
        add_argument(offer, command, end);
}

char **repl_complete(struct session *session, const char *line, size_t start, size_t end, size_t *count) {
    size_t begin = start;
    while (begin && line[begin - 1] != '\n') begin--;
    struct offer offer = {.session = session, .line = line + begin, .start = start - begin, .end = end - begin};
    size_t first = strspn(offer.line, " ");
    if (offer.line[first] == ':')
        add_command_line(&offer, first);
    else
        add_program_names(&offer);
    sort(&offer);
    *count = offer.count;
    return offer.item;
}
