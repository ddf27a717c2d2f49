#include "app/keep_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"

bool keep_numbers(const struct words *words, uint32_t at, double low, double high, bool whole, double *value,
                  uint32_t most, uint32_t *count, struct error *error) {
    char text[200], *part, *rest;
    if (at >= words->count) return command_usage_error(words, at - 1, error, "a number is missing after this");
    snprintf(text, sizeof text, "%s", words->word[at]);
    for (*count = 0, rest = text; (part = strsep(&rest, ","));) {
        if (*count == most) return command_usage_error(words, at, error, "at most %u numbers are taken", most);
        bool ok = text_parse_number(part, &value[*count]) && value[*count] > low && value[*count] <= high &&
                  (!whole || value[*count] == floor(value[*count]));
        if (!ok)
            return command_usage_error(words, at, error, "`%s` is no %snumber above %g and up to %g", part,
                                       whole ? "whole " : "", low, high);
        ++*count;
    }
    return true;
}

// "W1=0.5": a layer of its own.
static bool layer_word(struct session *session, const char *text, struct keep_words *keep, bool *taken) {
    const char *equals = strchr(text, '=');
    double fraction;
    if (!equals || !text_parse_number(equals + 1, &fraction) || !(fraction > 0 && fraction <= 1) ||
        keep->layers == KEEP_FRACTIONS)
        return false;
    symbol name = symbol_of(session->symbols, text, (size_t)(equals - text));
    if (name) keep->layer[keep->layers++] = (struct keep_layer){name, fraction};
    return *taken = name;
}

bool keep_word(struct session *session, const struct words *words, uint32_t *at, struct keep_words *keep, bool *taken,
               struct error *error) {
    const char *word = words->word[*at];
    *taken = true;
    for (int method = 0; method < KEEP_METHODS; method++) {
        if (strcmp(word, keep_names[method]) != 0) continue;
        if (keep->methods < KEEP_METHODS) keep->method[keep->methods++] = (enum keep_method)method;
        ++*at;
        return true;
    }
    if (strcmp(word, "noreplace") == 0 || strcmp(word, "replace") == 0)
        return keep->distinct = word[0] == 'n', ++*at, true;
    if (strcmp(word, "same-steps") == 0) return keep->same_steps = true, ++*at, true;
    if (strcmp(word, "keep") != 0) return *taken = false, true;
    ++*at;
    bool layer = false;
    while (*at < words->count && layer_word(session, words->word[*at], keep, &layer)) ++*at;
    if (layer) return true;
    return keep_numbers(words, (*at)++, 0, 1, false, keep->fraction, KEEP_FRACTIONS, &keep->fractions, error);
}
