#include "app/method.h"

#include "app/commands.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool method_word(const struct words *words, uint32_t at, const char *word) {
    return at < words->count && strcmp(words->word[at], word) == 0;
}

bool method_number(const struct words *words, uint32_t at, const char *what, double least, double most, double *number,
                   struct error *error) {
    if (at >= words->count) return command_usage_error(words, at ? at - 1 : 0, error, "%s is missing", what);
    if (text_parse_number(words->word[at], number) && *number >= least && *number <= most && *number == floor(*number))
        return true;
    return command_usage_error(words, at, error, "%s is a whole number from %.15g to %.15g, not `%s`", what, least,
                               most, words->word[at]);
}

// The longest name that the words at `at` begin with; 0 words when none.
static uint32_t find_name(const struct words *words, uint32_t at, const struct estimator **found) {
    char two[128];
    for (uint32_t count = 2; count >= 1; count--) {
        if (at + count > words->count) continue;
        snprintf(two, sizeof two, count == 2 ? "%s %s" : "%s", words->word[at], count == 2 ? words->word[at + 1] : "");
        for (size_t i = 0; i < estimator_count; i++)
            if (strcmp(estimator_table[i].name, two) == 0) return *found = &estimator_table[i], count;
    }
    return 0;
}

static bool no_name(const struct words *words, uint32_t at, struct error *error) {
    sampler_find(words->word[at], error);
    error->span = words->span[at];
    return false;
}

static bool read_parameter(const struct words *words, uint32_t *at, struct method *method, struct error *error) {
    const struct estimator *e = method->estimator;
    if (e->takes == SAMPLER_TAKES_NOTHING) return true;
    if (*at >= words->count)
        return command_usage_error(words, *at - 1, error, "`%s` takes %s: a number is missing", e->name, e->parameter);
    bool fraction = e->takes == SAMPLER_TAKES_FRACTION;
    double *p = &method->parameter;
    if (!text_parse_number(words->word[*at], p) ||
        (fraction ? !(*p > 0 && *p <= 1) : !(*p >= 1 && *p <= 1e9 && *p == floor(*p))))
        return command_usage_error(words, *at, error, "`%s` takes %s, not `%s`", e->name,
                                   fraction ? "a probability in (0, 1]" : "a whole number from 1 to 1000000000",
                                   words->word[*at]);
    ++*at;
    return true;
}

// `replace`, `noreplace` and `per vertex` in any order.
static bool read_options(const struct words *words, uint32_t *at, struct method *method, struct error *error) {
    for (;; ++*at) {
        bool noreplace = method_word(words, *at, "noreplace");
        if (noreplace || method_word(words, *at, "replace")) {
            if (!method->estimator->draws)
                return command_usage_error(words, *at, error, "`%s` knows no `%s`: it is for uniform and vertices",
                                           method->estimator->name, words->word[*at]);
            method->noreplace = noreplace;
        } else if (method_word(words, *at, "per") && method_word(words, *at + 1, "vertex")) {
            if (!method->estimator->out_edges)
                return command_usage_error(words, *at, error, "`%s` knows no `per vertex`: it is for vertices",
                                           method->estimator->name);
            method->out_edges = true;
            ++*at;
        } else {
            return true;
        }
    }
}

static bool read_method(const struct words *words, uint32_t *at, struct method *method, bool *bare,
                        struct error *error) {
    double number;
    *method = (struct method){0};
    if (*at >= words->count) return command_usage_error(words, 0, error, "an estimator is missing");
    uint32_t count = find_name(words, *at, &method->estimator);
    if (count == 0) return no_name(words, *at, error);
    *at += count;
    if (bare)
        *bare = method->estimator->takes == SAMPLER_TAKES_NOTHING || *at >= words->count ||
                !text_parse_number(words->word[*at], &number);
    return ((bare && *bare) || read_parameter(words, at, method, error)) && read_options(words, at, method, error);
}

bool method_read(const struct words *words, uint32_t *at, struct method *method, struct error *error) {
    return read_method(words, at, method, NULL, error);
}

bool method_read_bare(const struct words *words, uint32_t *at, struct method *method, bool *bare, struct error *error) {
    return read_method(words, at, method, bare, error);
}

char *method_seeded(const char *name, const struct words *words, uint64_t seed, struct error *error) {
    struct buffer out = {0};
    bool seeded = false;
    for (uint32_t i = 0; i < words->count; i++) seeded |= method_word(words, i, "seed");
    buffer_printf(&out, "%s %s", name, words->rest);
    while (out.size && out.data[out.size - 1] <= ' ') buffer_cut(&out, out.size - 1);
    if (!seeded) buffer_printf(&out, " seed %llu", (unsigned long long)seed);
    if (out.failed) error_memory(error), buffer_free(&out);
    return out.data;
}
