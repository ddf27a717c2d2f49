// The parts of the prompt that need no terminal: pasted prompts, indentation, completion, what history writes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/recall.h"
#include "app/repl.h"
#include "base/arena.h"

// ---- pasted prompts -------------------------------------------------------------------------------------------------

static void strips(const char *pasted, const char *expected) {
    char *text = mem_text(pasted, strlen(pasted));
    size_t size = repl_strip_prompts(text, strlen(text));
    assert_string_equal(text, expected);
    assert_int_equal(size, strlen(expected));
    mem_free(text);
}

static void test_strip_python(void **state) {
    (void)state;
    strips(">>> x = 2\n>>> x * x\n", "x = 2\nx * x\n");
    strips(">>> def f(x):\n...     return x\n...\n>>> f(2)", "def f(x):\n    return x\n\nf(2)");
    strips(">>> f(2)\n4.0\n>>> f(3)\n9.0\n", "f(2)\nf(3)\n"); // the answers go
    strips(">>>", "");
}

static void test_strip_jupyter(void **state) {
    (void)state;
    strips("In [3]: def f(x):\n   ...:     return x\n   ...: \nIn [4]: f(2)\nOut[4]: 2\n",
           "def f(x):\n    return x\n\nf(2)\n");
    strips("In [12]: x = 1", "x = 1");
}

static void test_strip_own(void **state) {
    (void)state;
    strips("bauer> def f(x):\n.....>     return x\n.....>\nbauer> f(2)\n", "def f(x):\n    return x\n\nf(2)\n");
    strips("bauer> :jacobian\n", ":jacobian\n");
}

// Without a prompt on the first line nothing is touched, whatever stands further down.
static void test_strip_nothing(void **state) {
    (void)state;
    strips("x = 2\n>>> y", "x = 2\n>>> y");
    strips("", "");
    strips("... x", "... x");
    strips(">>>x", ">>>x");
    strips("x = [1,\n   2]", "x = [1,\n   2]");
}

// ---- indentation ----------------------------------------------------------------------------------------------------

static void indents(const char *text, int expected) { assert_int_equal(repl_indent(text, strlen(text)), expected); }

static void test_indent(void **state) {
    (void)state;
    indents("def f(x):\n", 4);
    indents("def f(x):  # comment\n", 4);
    indents("def f(x):\n    a = x\n", 4);
    indents("def f(x):\n    if x > 0:\n", 8);
    indents("def f(x):\n    if x > 0:\n        return x\n", 4);
    indents("def f(x):\n    return x\n", 0);
    indents("def f(x):\n    returned = x\n", 4);
    indents("", 0);
}

// ---- history --------------------------------------------------------------------------------------------------------

// A blank line would be lost by Readline, and a comment such as "#1" taken for a time stamp.
static void test_recall_format(void **state) {
    (void)state;
    char *entry = recall_format("def f(x):\n\n#1\n    return x", 26, 7);
    assert_string_equal(entry, "#7\ndef f(x):\n \n# 1\n    return x\n");
    mem_free(entry);
}

static void test_recall_is_bounded_without_a_file(void **state) {
    (void)state;
    struct buffer all = {0};
    char line[32];
    setenv("XDG_STATE_HOME", "/dev/null/none", 1);
    recall_open();
    for (int i = 0; i < RECALL_LIMIT + 10; i++) {
        snprintf(line, sizeof line, "x = %d", i);
        recall_add(line, strlen(line));
    }
    recall_list(&all);
    int count = 0;
    for (size_t i = 0; i < all.size; i++) count += all.data[i] == '\n';
    assert_int_equal(count, RECALL_LIMIT);
    assert_memory_equal(all.data, "x = 10\n", 7);
    buffer_free(&all);
}

// ---- completion -----------------------------------------------------------------------------------------------------

static const char figure[] = "def f(x1, x2):\n"
                             "    alpha = exp(x1)\n"
                             "    beta = sin(x2)\n"
                             "    return alpha*beta\n"
                             "\n"
                             "f(0.5, 1.2)\n";

static int open_session(void **state) {
    struct session *session = session_new(NULL);
    *state = session;
    return session && session_run(session, "test.py", figure, strlen(figure), 1) == 0 ? 0 : -1;
}

static int close_session(void **state) {
    session_free(*state);
    return 0;
}

// The offers for the word at the end of `line`, joined by blanks. A word starts after a blank, or after ":" or ".".
static char *offered(struct session *session, const char *line) {
    size_t end = strlen(line), start = end, count;
    while (start && !strchr(line[0] == ':' && strchr(line, ' ') ? " " : " :.(", line[start - 1])) start--;
    char **item = repl_complete(session, line, start, end, &count);
    struct buffer text = {0};
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&text, "%s%s", i ? " " : "", item[i]);
        mem_free(item[i]);
    }
    mem_free(item);
    char *joined = mem_text(buffer_string(&text), text.size);
    buffer_free(&text);
    return joined;
}

static void offers(struct session *session, const char *line, const char *expected) {
    char *text = offered(session, line);
    assert_string_equal(text, expected);
    mem_free(text);
}

static void test_complete_commands(void **state) {
    offers(*state, ":jac", "jacobian");
    offers(*state, ":zzz", "");
    char *all = offered(*state, ":");
    assert_non_null(strstr(all, "eliminate"));
    assert_non_null(strstr(all, "paths"));
    mem_free(all);
}

static void test_complete_words(void **state) {
    offers(*state, ":jacobian o", "order");
    offers(*state, ":jacobian order ", "alpha beta f x1 x2");
    offers(*state, ":jacobian order alpha b", "beta");
    offers(*state, ":j order b", "beta"); // also after the short name
    offers(*state, ":paths x", "x1 x2");
    offers(*state, ":paths x1 -> ", "alpha beta f top x1 x2");
    offers(*state, ":walk re", "reverse");
    offers(*state, ":walk reverse ", "f");
    offers(*state, ":walk forward ", "x1 x2");
    offers(*state, ":why al", "alpha");
    offers(*state, ":export fig.svg lc", "lcg");
}

static void test_complete_settings(void **state) {
    offers(*state, ":set the", "theme");
    offers(*state, ":set theme ", "dark light projector");
    offers(*state, ":set direction l", "left");
}

static void test_complete_program(void **state) {
    offers(*state, "y = sigm", "sigmoid");
    offers(*state, "y = math.sinh", "sinh");
    offers(*state, "retu", "return");
    offers(*state, "rang", "range");
    offers(*state, "def g(x):\n    y = tanh", "tanh"); // a pasted or recalled entry has several lines
}

#define SESSION(name) cmocka_unit_test_setup_teardown(name, open_session, close_session)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strip_python),
        cmocka_unit_test(test_strip_jupyter),
        cmocka_unit_test(test_strip_own),
        cmocka_unit_test(test_strip_nothing),
        cmocka_unit_test(test_indent),
        cmocka_unit_test(test_recall_format),
        cmocka_unit_test(test_recall_is_bounded_without_a_file),
        SESSION(test_complete_commands),
        SESSION(test_complete_words),
        SESSION(test_complete_settings),
        SESSION(test_complete_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
