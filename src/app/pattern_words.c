#include "app/pattern_words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/method.h"

struct pattern pattern_usual(const struct session *session) {
    return (struct pattern){.weights = WEIGHTS_UNIFORM, .low = 0.5, .high = 1.5, .seed = session->settings.seed};
}

bool pattern_word(const struct words *words, uint32_t at, struct pattern *pattern) {
    for (int kind = 0; kind < PATTERN_COUNT; kind++)
        if (method_word(words, at, pattern_names[kind])) return pattern->kind = (enum pattern_kind)kind, true;
    return false;
}

static bool read_range(const struct words *words, uint32_t at, struct pattern *pattern, struct error *error) {
    double *to[2] = {&pattern->low, &pattern->high};
    for (uint32_t i = 0; i < 2; i++) {
        if (at + i >= words->count)
            return command_usage_error(words, at - 1, error, "`uniform` takes two numbers: uniform 0.5 1.5");
        if (!text_parse_number(words->word[at + i], to[i]) || !isfinite(*to[i]))
            return command_usage_error(words, at + i, error, "a number is needed here, not `%s`", words->word[at + i]);
    }
    return pattern->low <= pattern->high ||
           command_usage_error(words, at, error, "the range is empty: %g is over %g", pattern->low, pattern->high);
}

static bool read_weights(const struct words *words, uint32_t *at, struct pattern *pattern, struct error *error) {
    if (*at >= words->count) return command_usage_error(words, *at - 1, error, "weights are missing");
    for (int kind = 0; kind < WEIGHTS_COUNT; kind++)
        if (strcmp(words->word[*at], weights_names[kind]) == 0) {
            pattern->weights = (enum weights)kind;
            ++*at;
            if (kind != WEIGHTS_UNIFORM) return true;
            *at += 2;
            return read_range(words, *at - 2, pattern, error);
        }
    return command_usage_error(words, *at, error, "weights are ones, uniform A B, gaussian or rademacher, not `%s`",
                               words->word[*at]);
}

bool pattern_read_look(const struct words *words, uint32_t *at, struct pattern *pattern, bool *found,
                       struct error *error) {
    *found = true;
    if (method_word(words, *at, "weights")) return ++*at, read_weights(words, at, pattern, error);
    *found = method_word(words, *at, "raw") || method_word(words, *at, "normalised");
    if (*found) pattern->raw = method_word(words, (*at)++, "raw");
    return true;
}

void pattern_weights_text(const struct pattern *pattern, char out[96]) {
    int size = snprintf(out, 96, "%s", weights_names[pattern->weights]);
    if (pattern->weights == WEIGHTS_UNIFORM)
        size += snprintf(out + size, 96 - (size_t)size, " %g to %g", pattern->low, pattern->high);
    snprintf(out + size, 96 - (size_t)size, "%s", pattern->raw ? ", raw" : ", normalised");
}
