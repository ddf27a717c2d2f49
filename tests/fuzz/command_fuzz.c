// Any text as what a person types: commands and programs, a line or block at a time, answers as text or as JSON. A
// session that was saved must be one that can be read again.
#include <string.h>

#include "base/arena.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    char *text = size ? fuzz_stay_inside((const char *)data + 1, size - 1) : NULL;
    struct session *session = text ? fuzz_session() : NULL;
    if (session) {
        session->output.json = data[0] & 1;
        session_run(session, "<fuzz>", text, size - 1, 1);
        struct buffer script = {0};
        fuzz_must(session_script(session, &script), "a session can be written down");
        buffer_free(&script);
    }
    session_free(session);
    mem_free(text);
    return 0;
}
