// Any text as a lesson: read, then stepped through with an answer to each question, at the limits for untrusted text.
#include <string.h>

#include "app/lesson.h"
#include "base/arena.h"
#include "fuzz.h"

static void mistake(void *context, uint32_t line, const char *message, const char *hint) {
    (void)hint;
    fuzz_must(line > 0 && *message, "a mistake has a line and a message");
    ++*(int *)context;
}

static void answer(struct session *session) {
    const struct lesson_step *step = lesson_step(session);
    for (uint32_t i = 0; step && i < lesson_question_count(step) && i < 3; i++) {
        struct verdict verdict;
        struct error error = {0};
        lesson_check(session, i, i & 1 ? "a" : "2", &verdict, &error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int mistakes = 0;
    struct error error = {0};
    fuzz_begin();
    struct lesson *lesson = lesson_parse("fuzz.md", (const char *)data, size, mistake, &mistakes, &error);
    fuzz_must(lesson || error.message[0], "a lesson that cannot be used says why");
    struct session *session = lesson ? fuzz_session() : NULL;
    uint32_t steps = lesson ? (uint32_t)lesson->step_count : 0;
    if (!session) return lesson_free(lesson), 0;
    if (lesson_begin(session, lesson, &error)) {
        for (uint32_t i = 1; i <= steps && i <= 4; i++) {
            struct buffer text = {0};
            error_clear(&error);
            if (!lesson_go(session, i, &error)) break;
            lesson_text(session, &text);
            answer(session);
            buffer_free(&text);
        }
        lesson_end(session);
    }
    session_free(session);
    return 0;
}
