// What people paste from lectures and notebooks, row by row, against what Python 3.11 prints; and what is refused, with
// a hint that helps.
#include "running.h"

struct row {
    const char *program, *printed;
};

static const struct row rows[] = {
    // a default is evaluated once, at the def
    {"k = 2\ndef f(x, m=k): return m*x\nk = 5\nprint(f(3))", "6\n"},
    {"def f(x, l=[]):\n    l.append(x)\n    return len(l)\nprint(f(1), f(1), f(1, []), f(1))", "1 2 1 3\n"},
    {"def f(x, m=2*3): return m*x\nprint(f(1), f(1, m=2))", "6 2\n"},
};

static const struct row refusals[] = {
    // program, and a part of the message or the hint
    {"def f(x, l=[]):\n    l.append(x)\n    return l[0]\nf(1)", "cannot change a list from outside"},
    {"def f(x, m=nowhere): return x", "`nowhere` is not defined"},
};

static void pasted_programs_print_what_python_prints(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct running r = running_new();
        must_run(&r, rows[i].program);
        if (strcmp(buffer_string(&r.printed), rows[i].printed) != 0)
            fail_msg("%s\nprints %s, not %s", rows[i].program, buffer_string(&r.printed), rows[i].printed);
        running_free(&r);
    }
}

static void what_is_refused_says_why(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct running r = running_new();
        if (running_run(&r, refusals[i].program)) fail_msg("%s\nruns", refusals[i].program);
        if (!strstr(r.error.message, refusals[i].printed) && !strstr(r.error.hint, refusals[i].printed))
            fail_msg("%s\nsays %s (%s)", refusals[i].program, r.error.message, r.error.hint);
        running_free(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pasted_programs_print_what_python_prints),
        cmocka_unit_test(what_is_refused_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
