// :sample
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/method.h"
#include "app/report.h"
#include "app/sample.h"
#include "app/sampling.h"
#include "app/trials.h"
#include "app/window.h"
#include "base/task.h"

struct wish {
    struct method method;
    double samples, seed;
    vertex from, to;
};

static bool read_ends(struct session *session, const struct words *words, uint32_t at, struct wish *wish,
                      struct error *error) {
    for (uint32_t i = 0; i < 2; i++) {
        vertex v = session_vertex(session, words->word[at + 2 * i], error);
        if (v == VERTEX_NONE) return error->span = words->span[at + 2 * i], false;
        *(i ? &wish->to : &wish->from) = v;
    }
    return true;
}

static bool read_rest(struct session *session, const struct words *words, uint32_t at, struct wish *wish,
                      struct error *error) {
    while (at < words->count) {
        if (method_word(words, at, "seed")) {
            if (!method_number(words, at + 1, "the seed", 0, 0x1p53, &wish->seed, error)) return false;
            at += 2;
        } else if (method_word(words, at + 1, "->") && at + 2 < words->count) {
            if (!read_ends(session, words, at, wish, error)) return false;
            at += 3;
        } else {
            command_usage_error(words, at, error, "`%s` was not expected here", words->word[at]);
            return false;
        }
    }
    return true;
}

static bool read_wish(struct session *session, const struct words *words, struct wish *wish, struct error *error) {
    *wish = (struct wish){.method = {.estimator = &estimator_table[0]},
                          .seed = (double)session->settings.seed,
                          .from = VERTEX_NONE,
                          .to = VERTEX_NONE};
    uint32_t at = 1;
    if (!method_number(words, 0, "the number of samples", 1, 1e15, &wish->samples, error)) return false;
    bool named = at < words->count && !method_word(words, at, "seed") && !method_word(words, at + 1, "->");
    if (named && !method_read(words, &at, &wish->method, error)) return false;
    return read_rest(session, words, at, wish, error);
}

// While it runs the window shows how far it is; what is done there waits.
static void look(void *context, const struct sample *sample) {
    struct session *session = context;
    if (sample->count == sample->wanted || !window_is_open() || session->shown.chart) return;
    sampling_update(session, sample);
    window_refresh(session, false);
}

bool command_sample(struct session *session, const struct words *words, struct error *error) {
    struct wish wish;
    struct sample sample;
    if (!session_graph(session, error) || !read_wish(session, words, &wish, error)) return false;
    if (!sample_begin(&sample, session, &wish.method, (uint64_t)wish.seed, wish.from, wish.to, error)) return false;
    sample.wanted = (uint64_t)wish.samples;
    sample.look = look;
    sample.context = session;
    bool ok = sample_run(&sample, error);
    if (ok) sampling_update(session, &sample);
    if (ok && sample.count < sample.wanted) task_begin(); // what there is is told in full
    if (ok) sample_report(session, &sample);
    if (ok && !sampling_passes(session)) trials_add_sample(session, &sample, words);
    sample_free(&sample);
    return ok;
}
