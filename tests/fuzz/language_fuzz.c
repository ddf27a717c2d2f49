// Any text as a program: parsed, run statement by statement, and what it leaves differentiated in two ways.
#include "base/arena.h"
#include "fuzz.h"
#include "graph/path.h"

static void look(struct environment *environment) {
    struct error error = {0};
    struct graph *graph = environment_graph(environment);
    struct lcg *lcg = graph && graph->count < 2000 ? lcg_new(graph, &error) : NULL;
    static const enum bauer_mode modes[] = {BAUER_FORWARD, BAUER_REVERSE};
    for (size_t i = 0; lcg && i < 2; i++) {
        struct jacobian jacobian = {0};
        error_clear(&error);
        if (bauer_jacobian(lcg, modes[i], NULL, 0, &jacobian, &error)) jacobian_free(&jacobian);
    }
    lcg_free(lcg);
}

static void print_nowhere(void *context, const char *text, size_t size) { (void)context, (void)text, (void)size; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = {0};
    fuzz_begin();
    struct source *source = source_new("fuzz.py", (const char *)data, size, &error);
    struct symbols *symbols = source ? symbols_new() : NULL;
    struct module *module = symbols ? parse_module(symbols, source, &error) : NULL;
    struct environment *environment = module ? environment_new(symbols, &error) : NULL;
    if (environment)
        environment_set_options(environment, (struct environment_options){
                                                 .vertices = 5000, .steps = 5000, .depth = 60, .print = print_nowhere});
    for (uint32_t i = 0; environment && i < module->count; i++) {
        uint32_t mark = environment_mark(environment);
        error_clear(&error);
        if (!environment_run(environment, module, i, NULL, NULL, &error)) {
            struct buffer text = {0};
            fuzz_must(error.kind != ERROR_NONE && error.message[0], "a failure has a message");
            fuzz_must(environment_mark(environment) == mark, "a failure changes nothing");
            error_render(&error, false, &text);
            buffer_free(&text);
        }
    }
    if (environment) look(environment);
    if (source && symbols) parse_wants_more(symbols, source->text, source->size);
    environment_free(environment);
    if (module) module_drop(module);
    symbols_free(symbols);
    source_drop(source);
    return 0;
}
