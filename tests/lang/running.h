// Running programs in a fresh environment, and what the tests look at afterwards.
#ifndef BAUER_TESTS_LANG_RUNNING_H
#define BAUER_TESTS_LANG_RUNNING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/task.h"
#include "lang/environment.h"

struct running {
    struct symbols *symbols;
    struct environment *environment;
    struct error error; // of the last statement that failed
    uint32_t line, column;
    struct buffer shown; // of the last outcome that had something to show
    struct buffer printed;
    enum outcome_kind kind;
};

static inline void take_print(void *context, const char *text, size_t size) {
    buffer_add(&((struct running *)context)->printed, text, size);
}

static inline void take_outcome(void *context, const struct outcome *outcome) {
    struct running *r = context;
    r->kind = outcome->kind;
    buffer_clear(&r->shown);
    if (outcome->shown) buffer_text(&r->shown, outcome->shown);
}

static inline struct running running_new(void) {
    struct running r = {.symbols = symbols_new()};
    r.environment = environment_new(r.symbols, NULL);
    assert_non_null(r.environment);
    return r;
}

static inline void running_free(struct running *r) {
    environment_free(r->environment);
    symbols_free(r->symbols);
    buffer_free(&r->shown);
    buffer_free(&r->printed);
}

static inline void note_place(struct running *r) {
    const struct span *span = &r->error.span;
    r->line = span->source ? source_line(span->source, span->begin) : 0;
    r->column = span->source ? source_column(span->source, span->begin) : 0;
    r->error.span.source = NULL; // the source goes with the module
}

// Runs all statements of `text`, up to the first that fails; false then, with r->error.
static inline bool running_run(struct running *r, const char *text) {
    struct environment_options options = environment_options(r->environment);
    options.print = take_print;
    options.print_context = r;
    environment_set_options(r->environment, options);
    r->error = (struct error){0};
    struct source *source = source_new("<test>", text, strlen(text), &r->error);
    struct module *module = source ? parse_module(r->symbols, source, &r->error) : NULL;
    bool ok = module != NULL;
    for (uint32_t i = 0; ok && i < module->count; i++)
        ok = environment_run(r->environment, module, i, take_outcome, r, &r->error);
    if (!ok) note_place(r);
    module_drop(module);
    source_drop(source);
    return ok;
}

static inline void must_run(struct running *r, const char *text) {
    if (!running_run(r, text)) fail_msg("%s\n%u:%u: %s", text, r->line, r->column, r->error.message);
}

#endif
