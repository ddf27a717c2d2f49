#include "app/repl.h"

int repl_run(struct session *session, bool read_init) { return (void)session, (void)read_init, 0; }
size_t repl_strip_prompts(char *text, size_t size) { return (void)text, size; }
bool repl_page(const char *text, size_t size) { return (void)text, (void)size, false; }
char **repl_complete(struct session *session, const char *line, size_t start, size_t end, size_t *count) {
    (void)session, (void)line, (void)start, (void)end;
    *count = 0;
    return NULL;
}
