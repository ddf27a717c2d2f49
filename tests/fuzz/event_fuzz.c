// Any bytes as what the window sends back, one event a line, to a session with Figure 1 in it.
#include <string.h>

#include "app/window.h"
#include "base/arena.h"
#include "fuzz.h"

static const char program[] =
    "def f(x1, x2):\n    a = exp(x1)\n    b = sin(x2)\n    c = b*x2\n    d = a*c\n    return a*d\n\n"
    "f(0.5, 1.2)\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    char *text = fuzz_stay_inside((const char *)data, size);
    struct session *session = text ? fuzz_session() : NULL;
    if (session) session_run(session, "<fuzz>", program, strlen(program), 1);
    for (char *line = text, *end; session && line; line = end ? end + 1 : NULL) {
        end = memchr(line, '\n', (size_t)(text + size - line));
        window_take_event(session, line, end ? (size_t)(end - line) : (size_t)(text + size - line));
    }
    session_free(session);
    mem_free(text);
    return 0;
}
