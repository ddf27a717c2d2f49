#include "app/picture_permit.h"

#include <stdio.h>
#include <string.h>

static bool refuse(const char *what, const struct words *words, uint32_t word, struct error *error) {
    struct span span = word < words->count ? words->span[word] : words->all;
    error_set(error, ERROR_USAGE, span, "%s is not for the lines of a picture", what);
    error_hint(error, "a picture only brings back what it shows; a line that you trust you can type yourself");
    return false;
}

// Figures that are computed from nothing but themselves.
static bool permit_figure(const struct words *words, struct error *error) {
    static const char *const figures[] = {"2", "3", "4", "quick", "full"};
    enum { FIGURES = sizeof figures / sizeof *figures };
    for (uint32_t i = 0; i < words->count; i++) {
        char what[80];
        int known = 0;
        while (known < FIGURES && strcmp(words->word[i], figures[known]) != 0) known++;
        if (known < FIGURES) continue;
        snprintf(what, sizeof what, i ? "`:figure` with `%.40s`" : "`:figure %.40s`", words->word[i]);
        return refuse(what, words, i, error);
    }
    return true;
}

static bool permit_variance(const struct words *words, struct error *error) {
    for (uint32_t i = 0; i < words->count; i++)
        if (strcmp(words->word[i], "file") == 0) return refuse("a file of results", words, i, error);
    return true;
}

// What session_script writes, and what a chart's state adds to it.
static const struct {
    const char *name;
    bool (*words)(const struct words *words, struct error *error); // NULL: whatever the words are
} permits[] = {
    {"pattern", NULL},
    {"expand", NULL},
    {"eliminate", NULL},
    {"at", NULL},
    {"set", NULL},
    {"graph", NULL},
    {"lcg", NULL},
    {"paths", NULL},
    {"walk", NULL},
    {"goto", NULL}, // of a walk: a lesson is refused
    {"variance", permit_variance},
    {"figure", permit_figure}, // writes no files here: command_figure
};

bool picture_allows(const struct session *session, const char *name, const struct words *words, struct error *error) {
    char what[80];
    if (!session->picture) return true;
    for (size_t i = 0; i < sizeof permits / sizeof *permits; i++)
        if (strcmp(permits[i].name, name) == 0) return !permits[i].words || permits[i].words(words, error);
    snprintf(what, sizeof what, "`:%.60s`", name);
    return refuse(what, words, words->count, error);
}
