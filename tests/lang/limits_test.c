// What must not end the session: deep and long texts, loops without end, memory running out, garbled programs.
#include <signal.h>
#include <sys/time.h>

#include "running.h"

// ---- deep and long ------------------------------------------------------------------------------------------------

// `before` and `after` repeated around `core`. Deep ones may run or be refused, but in order.
static const struct {
    const char *start, *before, *core, *after;
} deep[] = {
    {"x = ", "(", "1", ")"},
    {"x = ", "[", "1", "]"},
    {"x = ", "-", "1", ""},
    {"x = ", "not ", "1", ""},
    {"x = ", "abs(", "1", ")"},
    {"x = ", "2**", "1", ""},
    {"x = ", "1 if 0 else ", "1", ""},
    {"x = ", "[1][", "0", "]"},
    {"x = ", "0 or ", "1", ""},
    {"x = ", "f'{", "1", "}'"},
    {"x = ", "[i for i in ", "[1]", "]"},
    {"", "if 1: ", "x = 1", ""},
    {"", "x = ", "1", ""},
    {"x = f", "(", "1", ")"},
};

static void deep_texts_run_or_are_refused(void **state) {
    (void)state;
    static const int depths[] = {50, 1000, 30000};
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++)
        for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
            struct buffer text = {0};
            buffer_text(&text, deep[i].start);
            for (int k = 0; k < depths[d]; k++) buffer_text(&text, deep[i].before);
            buffer_text(&text, deep[i].core);
            for (int k = 0; k < depths[d]; k++) buffer_text(&text, deep[i].after);
            struct running r = running_new();
            if (!running_run(&r, buffer_string(&text))) assert_true(r.error.message[0]);
            must_run(&r, "1 + 1");
            running_free(&r);
            buffer_free(&text);
        }
}

static void deep_blocks_run_or_are_refused(void **state) {
    (void)state;
    struct buffer text = {0};
    for (int k = 0; k < 2000; k++) {
        for (int i = 0; i < k; i++) buffer_char(&text, ' ');
        buffer_text(&text, "if 1:\n");
    }
    for (int i = 0; i < 2000; i++) buffer_char(&text, ' ');
    buffer_text(&text, "x = 1\n");
    struct running r = running_new();
    if (!running_run(&r, buffer_string(&text))) assert_true(r.error.message[0]);
    must_run(&r, "1 + 1");
    running_free(&r);
    buffer_free(&text);
}

static void long_texts_run(void **state) {
    (void)state;
    static const struct {
        const char *start, *piece, *end, *shown;
    } rows[] = {
        {"0", " + 1", "", "20000"},
        {"0", " + (1)*1", "", "20000"},
        {"len([", "1,", "])", "20000"},
        {"sum([", "1,", "])", "20000"},
        {"1", " and 1", "", "1"},
        {"1", " <= 1", "", "True"},
        {"x = 0\nif x == 1: x = 2\n", "elif x == 1: x = 3\n", "else: x = 4\nx", "4"},
        {"x = 0\n", "x += 1\n", "x", "20000"},
        {"x = 0; ", "x += 1; ", "x", "20000"},
        {"'", "a", "'", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer text = {0};
        buffer_text(&text, rows[i].start);
        for (int k = 0; k < 20000; k++) buffer_text(&text, rows[i].piece);
        buffer_text(&text, rows[i].end);
        struct running r = running_new();
        must_run(&r, buffer_string(&text));
        if (rows[i].shown) assert_string_equal(buffer_string(&r.shown), rows[i].shown);
        running_free(&r);
        buffer_free(&text);
    }
}

static void recursion_without_end_is_refused_at_every_depth(void **state) {
    (void)state;
    static const uint32_t depths[] = {0, 10, 100000, 4000000};
    static const char *const programs[] = {
        "def f(x):\n    return f(x)\n\nf(1)",
        "def f(x):\n    return [f(a) for a in [x, x]]\n\nf(1)",
        "def f(x):\n    if x:\n        for i in range(2):\n            x = 1 + max(f(x + 1), 2)\n    return x\n\nf(1)",
        "def f(x):\n    return g(x)\n\ndef g(x, y=1):\n    return f(y*x)\n\ng(1)",
        "def f(x=1):\n    return f()\n\nf()",
        "def f(x):\n    return sum(f(i) for i in range(3))\n\ny = f(1)",
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
            struct running r = running_new();
            environment_set_options(r.environment, (struct environment_options){.depth = depths[d]});
            if (running_run(&r, programs[i])) fail_msg("%s\nruns", programs[i]);
            if (r.error.kind != ERROR_LIMIT) fail_msg("%s\nsays %s", programs[i], r.error.message);
            must_run(&r, "1 + 1");
            running_free(&r);
        }
}

static void an_exact_limit_is_allowed(void **state) {
    (void)state;
    struct running r = running_new();
    environment_set_options(r.environment, (struct environment_options){.steps = 100});
    must_run(&r, "for i in range(100): pass");
    assert_false(running_run(&r, "for i in range(101): pass"));
    assert_int_equal(r.error.kind, ERROR_LIMIT);
    must_run(&r, "for i in range(100): pass"); // each statement counts from 0
    running_free(&r);
}

// ---- interrupts ---------------------------------------------------------------------------------------------------

static void on_alarm(int number) {
    (void)number;
    task_interrupt();
}

static double seconds_now(void) {
    struct timeval now;
    gettimeofday(&now, NULL);
    return (double)now.tv_sec + 1e-6 * (double)now.tv_usec;
}

static void an_interrupt_in_the_middle_is_quick(void **state) {
    (void)state;
    static const char *const endless[] = {
        "x = 2\nwhile True: pass",
        "x = 2\nwhile True: x = x*1.0000001 - x*0.0000001",
        "x = 2\nfor i in range(10**15): pass",
        "x = 2\ny = sum(i for i in range(10**15))",
        "x = 2\na = [i for i in range(10**9)]",
        "x = 2\ny = sum(range(10**15))",
        "x = 2\na = list(range(10**9))",
        "x = 2\na = [1]*10**7*10**7",
        "x = 2\ndef f(x):\n    while True: x = x + 1\n\nf(1)",
    };
    signal(SIGALRM, on_alarm);
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        struct running r = running_new();
        environment_set_options(r.environment,
                                (struct environment_options){.steps = UINT64_MAX, .vertices = 4000000000u});
        double start = seconds_now();
        struct itimerval after = {.it_value = {.tv_usec = 50000}};
        setitimer(ITIMER_REAL, &after, NULL);
        bool ok = running_run(&r, endless[i]);
        double seconds = seconds_now() - start;
        setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
        task_begin();
        if (ok) fail_msg("%s\nruns", endless[i]);
        if (seconds > 1.5) fail_msg("%s\nends after %g s", endless[i], seconds); // 0.15 s on an idle machine
        must_run(&r, "x");
        assert_string_equal(buffer_string(&r.shown), "2");
        running_free(&r);
    }
}

// ---- memory -------------------------------------------------------------------------------------------------------

static const char *const memory_programs[] = {
    "a = [i*2 for i in range(5)]\na[1:4:2] + [x]\na.append(x*x)\na.pop()",
    "def g(n):\n    return 1 if n < 1 else x*g(n - 1)\n\nz = g(4)\ng(3)",
    "import math as m\nfrom math import sin as s\nw = m.cos(x) + s(x)",
    "print(f'{x:>9.2f}', [1, 'it'], (x, None), range(3))",
    "b, (c, d) = x, [1, 2]\nwhile c < 4: c += d if c > 0 and not d == 5 else 1\nb*c",
    "for i, (p, q) in enumerate(zip([x, 2], [3, 4])): t = p*q + i",
    "max([x, 3]) + min(x, 2) + sum([x, 1]) + abs(-x) + round(x, 1) + len('abc')",
};

static void no_memory_is_a_clean_error(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof memory_programs / sizeof *memory_programs; i++)
        for (size_t n = 1;; n++) {
            struct running r = running_new();
            must_run(&r, "x = 2\ny = x*3");
            mem_fail_after(n);
            bool ok = running_run(&r, memory_programs[i]);
            mem_fail_after(0);
            if (!ok && r.error.kind != ERROR_MEMORY) fail_msg("%s\nsays %s", memory_programs[i], r.error.message);
            must_run(&r, "y");
            assert_string_equal(buffer_string(&r.shown), "6");
            must_run(&r, memory_programs[i]);
            running_free(&r);
            if (ok) break;
            assert_true(n < 5000);
        }
}

static double first_output(struct running *r) {
    const struct graph *graph = environment_graph(r->environment);
    return graph->value[graph->output[0]];
}

static void moving_and_undoing_without_memory_change_nothing(void **state) {
    (void)state;
    const double there = 5;
    for (size_t n = 1, done = 0; done < 2; n++) {
        struct running r = running_new();
        must_run(&r, "def f(t):\n    return t*t\n\nx = 2\na = [x]\nz = x*x + a[0]");
        uint32_t mark = environment_mark(r.environment);
        bool last = true;
        mem_fail_after(n);
        bool moved = environment_move(r.environment, &there, 1, &r.error);
        mem_fail_after(0);
        assert_true(first_output(&r) == (moved ? 30 : 6));
        if (!moved) assert_int_equal(r.error.kind, ERROR_MEMORY), last = false, error_clear(&r.error);
        mem_fail_after(n);
        bool gone = environment_go(r.environment, 2, &r.error);
        mem_fail_after(0);
        if (!gone) assert_int_equal(r.error.kind, ERROR_MEMORY), last = false, error_clear(&r.error);
        assert_int_equal(environment_bound(r.environment, "z"), !gone);
        if (gone) assert_true(environment_go(r.environment, mark + moved, NULL));
        assert_true(first_output(&r) == (moved ? 30 : 6));
        running_free(&r);
        done = last ? done + 1 : 0;
        assert_true(n < 5000);
    }
}

// ---- garbled programs ---------------------------------------------------------------------------------------------

static const char *const programs[] = {
    "import math\ndef g(v, k=2):\n    total = 0.0\n    for i, x in enumerate(v):\n"
    "        total += k*x**2 if x > 0 else -x\n    return total/len(v), [a*2 for a in v[1:]]\n\n"
    "x = 3\ny = x*math.sin(x) + max(x, 2)\nprint(f'{y:.2f}', [1, (2, 3)], not x)\ng([1, 2.5, -3])\n",
    "def newton(a, n: int = 4) -> float:\n    \"\"\"Doc.\"\"\"\n    y = a  # start\n    while n > 0:\n        n -= 1\n"
    "        if n == 2: continue\n        elif y < 0: break\n        y = (y + \\\n a/y)/2\n    else:\n        pass\n"
    "    return y\n\na, (b, c) = 1, [2, 3]\na, b = b, a\nassert a == 2, 'no'\nnewton(b + 1, n=3)\n",
    "q = [[i*j for j in range(3) if j % 2] for i in range(4)]\nq[0] += [5]\nq[-1][0] = q[1][::-1][0] // 1\n"
    "print(f'{q[0][0]!r:>{1}}{{}}', 'a\\x41\\u00e9' \"b\", end='', sep='')\nz = 1_0.5e1 if 1 < 2 <= 2 else 0x1f\n"
    "from math import (pi, exp as e1,\n    sin)\nw = e1(z - 105)*pi; u = z if None is None else True\n",
};

static uint64_t seed = 20240501;

static size_t random_below(size_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 33) % n;
}

// Replaces, removes or repeats a few bytes or a whole stretch.
static void garble(struct buffer *text) {
    static const char bits[] = "()[]{}:,.=+-*/%<>'\"\\\n\t fgxy0123456789#@!&|e_\xc3\xa9\x80\r\x01";
    size_t at = random_below(text->size), size = 1 + random_below(random_below(4) ? 3 : 40);
    if (size > text->size - at) size = text->size - at;
    struct buffer next = {0};
    size_t how = random_below(4);
    buffer_add(&next, text->data, how == 2 ? at + size : at);
    if (how == 0) buffer_char(&next, bits[random_below(sizeof bits - 1)]);
    size_t from = how == 1 ? at + size : how == 0 ? at + 1 : at;
    if (how == 3) buffer_char(&next, bits[random_below(sizeof bits - 1)]);
    buffer_add(&next, text->data + from, text->size - from);
    buffer_free(text);
    *text = next;
}

static void garbled_programs_leave_the_session_usable(void **state) {
    (void)state;
    struct running r = running_new();
    environment_set_options(r.environment, (struct environment_options){.steps = 2000, .vertices = 5000, .depth = 50});
    must_run(&r, "keep = 7");
    for (int round = 0; round < 4000; round++) {
        struct buffer text = {0};
        buffer_text(&text, programs[round % 3]);
        for (size_t k = random_below(4) + 1; k > 0 && text.size > 0; k--) garble(&text);
        if (!running_run(&r, buffer_string(&text))) assert_true(r.error.message[0]);
        parse_wants_more(r.symbols, buffer_string(&text), text.size);
        buffer_free(&text);
        must_run(&r, "keep");
        assert_string_equal(buffer_string(&r.shown), "7");
        if (round % 100 == 99) {
            assert_true(environment_go(r.environment, 1, NULL));
            must_run(&r, "keep");
        }
    }
    running_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deep_texts_run_or_are_refused),
        cmocka_unit_test(deep_blocks_run_or_are_refused),
        cmocka_unit_test(long_texts_run),
        cmocka_unit_test(recursion_without_end_is_refused_at_every_depth),
        cmocka_unit_test(an_exact_limit_is_allowed),
        cmocka_unit_test(an_interrupt_in_the_middle_is_quick),
        cmocka_unit_test(no_memory_is_a_clean_error),
        cmocka_unit_test(moving_and_undoing_without_memory_change_nothing),
        cmocka_unit_test(garbled_programs_leave_the_session_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
