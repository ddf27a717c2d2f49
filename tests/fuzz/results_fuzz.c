// Any bytes as a file of :variance's results, with and without the checksum at its end made right; and as a table for
// :plot.
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/task.h"
#include "fuzz.h"

static const char line[] = ":variance interleaved depth 1..2 width 2 samples 20 file results.csv uniform";
static const char plot[] = ":plot table.csv log y";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    struct buffer text = {0};
    struct error error = {0};
    if (size && data[0] & 1) buffer_text(&text, "# results of bauer :variance, version 1\n");
    if (size) buffer_add(&text, (const char *)data + 1, size - 1);
    if (size && data[0] & 2)
        buffer_printf(&text, "# end %08lx\n", crc32(0, (const Bytef *)buffer_string(&text), (uInt)text.size));
    const char *path = fuzz_file("results.csv", buffer_string(&text), text.size);
    struct session *session = fuzz_session();
    int failed = session ? session_run(session, "<fuzz>", line, strlen(line), 1) : 1;
    size_t now = 0;
    char *after = file_read(path, &now, &error);
    fuzz_must(!failed || task_interrupted() || // then it keeps what was done by then
                  (after && now == text.size && memcmp(after, buffer_string(&text), now) == 0),
              "a file that is refused is left as it is");
    mem_free(after);
    fuzz_file("table.csv", size ? data + 1 : data, size ? size - 1 : 0);
    if (session) session_run(session, "<fuzz>", plot, strlen(plot), 1);
    session_free(session);
    buffer_free(&text);
    return 0;
}
