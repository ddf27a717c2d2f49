// What programs compute and print, row by row. The expected texts are what Python 3.11 shows (numbers that passed
// through the graph are doubles, so whole results of a traced call are shown with a point).
#include "running.h"

struct row {
    const char *program, *shown;
};

static const struct row values[] = {
    // arithmetic
    {"2 + 3*4 - 1", "13"},
    {"2**3**2", "512"},
    {"-2**2", "-4"},
    {"(-2)**2", "4"},
    {"2**-1", "0.5"},
    {"7/2", "3.5"},
    {"7//2, -7//2, 7//-2, -7//-2", "(3, -4, -4, 3)"},
    {"7%3, -7%3, 7%-3, -7%-3", "(1, 2, -2, -1)"},
    {"7.5//2, 7.5%2", "(3.0, 1.5)"},
    {"0.1 + 0.2", "0.30000000000000004"},
    {"1e16, 1e-5, 123456.789", "(1e+16, 1e-05, 123456.789)"},
    {"1_000_000, 0x1F, 0b101, 0o17", "(1000000, 31, 5, 15)"},
    {"+3, - -3, --3", "(3, 3, 3)"},
    {"10 - 2 - 3, 100/5/2", "(5, 10.0)"},
    {".5, 5., 5e2", "(0.5, 5.0, 500.0)"},
    // comparisons and logic
    {"1 < 2 < 3, 1 < 3 < 2, 3 > 2 >= 2 != 1", "(True, False, True)"},
    {"1 == 1.0, 1 != 1", "(True, False)"},
    {"0 or 5, 3 and 4, 0 and 1, not 0, not 3", "(5, 4, 0, True, False)"},
    {"True + True", "2"},
    {"2 in [1, 2], 3 not in [1, 2], None is None, 1 is not None", "(True, True, True, True)"},
    {"5 if 2 > 1 else 6", "5"},
    {"(1 if False else 2 if False else 3)", "3"},
    {"not 1 == 2", "True"},
    // lists
    {"[1, 2.5, [3]]", "[1, 2.5, [3]]"},
    {"[1, 2, 3, 4][1:3], [1, 2, 3, 4][::-1], [1, 2, 3, 4][-2:], [1, 2, 3, 4][::2]",
     "([2, 3], [4, 3, 2, 1], [3, 4], [1, 3])"},
    {"[1, 2, 3][-1], [[1, 2], [3]][0][1]", "(3, 2)"},
    {"[1, 2] + [3], [0]*3", "([1, 2, 3], [0, 0, 0])"},
    {"[i*i for i in range(6) if i % 2]", "[1, 9, 25]"},
    {"[i*j for i in range(3) for j in range(2)]", "[0, 0, 0, 1, 0, 2]"},
    {"[[i + j for j in range(2)] for i in range(2)]", "[[0, 1], [1, 2]]"},
    {"[a*b for a, b in zip([1, 2], [3, 4])]", "[3, 8]"},
    {"[i*a for i, a in enumerate([5, 6])]", "[0, 6]"},
    {"[i for i in reversed([1, 2, 3])]", "[3, 2, 1]"},
    {"list(range(2, 10, 3)), list(range(3, 0, -1)), len(range(10))", "([2, 5, 8], [3, 2, 1], 10)"},
    {"sum([1, 2, 3]), sum(i for i in range(4)), sum([]), sum([1], 2)", "(6, 6, 0, 3)"},
    {"min(3, 1, 2), max([4, 9, 2]), abs(-2.5)", "(1, 9, 2.5)"},
    {"a = [1]\na.append(2)\na += [3]\na", "[1, 2, 3]"},
    {"a = [1, 2]\na[0] = 5\na[-1] += 1\na", "[5, 3]"},
    {"a = [3, 4]\nb = a\nb.append(5)\na.pop()\nlen(b)", "2"},
    {"[1, 2] == [1, 2], (1,), ()", "(True, (1,), ())"},
    // statements
    {"a, b = 1, 2\na, b = b, a\na, b", "(2, 1)"},
    {"(a, b), c = [1, 2], 3\na + b + c", "6"},
    {"a = b = 3\na*b", "9"},
    {"n = 0\nfor i in range(10):\n    if i == 3: continue\n    if i == 6: break\n    n += i\nn", "12"},
    {"n = 0\nfor i in range(3):\n    n += 1\nelse:\n    n += 10\nn", "13"},
    {"n = 0\nwhile n < 5:\n    n += 2\nelse:\n    n = n*10\nn", "60"},
    {"n = 0\nwhile True:\n    n += 1\n    if n > 3: break\nelse:\n    n = 100\nn", "4"},
    {"x = 5\nif x < 3:\n    y = 1\nelif x < 6:\n    y = 2\nelse:\n    y = 3\ny", "2"},
    {"x = 1; y = 2; x + y", "3"},
    {"x = (1 +\n     2)\ny = 1 + \\\n    2\nx*y", "9"},
    {"x: float = 2  # a hint\nx", "2"},
    {"if __name__ == \"__main__\":\n    x = 4\nx", "4"},
    {"assert 1 < 2, 'fine'\n7", "7"},
    {"if 1:\n\tx = 3\nx", "3"},
    // functions
    {"def f(a, b=2, *, c=3):\n    return a\n", NULL},
    {"def f(a, b=2):\n    return a*10 + b\n\nw = f(1) + f(1, 3) + f(b=4, a=2)\nw", "49"},
    {"def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n\nfib(12)", "144.0"},
    {"def f(x):\n    \"\"\"Doc.\"\"\"\n    if x > 0:\n        return x\n    return -x\n\nf(-3)", "3.0"},
    {"def g(v):\n    return [2*a for a in v]\n\ndef f(v):\n    return sum(g(v))\n\nf([1, 2, 3])", "12.0"},
    {"k = 3\ndef f(x):\n    return k*x\n\nf(2)", "6.0"},
    {"def f(x, y):\n    return x + y, x*y\n\nf(2, 3)", "(5.0, 6.0)"},
    {"def f(h):\n    return h[0]*h[1][1]\n\nf([2, [3, 4]])", "8.0"},
    {"def f(g, x):\n    return g(g(x))\n\ndef h(x):\n    return x*x\n\ny = f(h, 3)\ny", "81"},
    // math and numpy
    {"import math\nmath.floor(2.7), math.sqrt(16.0), math.pi", "(2.0, 4.0, 3.141592653589793)"},
    {"import numpy as np\nnp.maximum(1, 2), np.array([1, 2]), np.e", "(2, [1, 2], 2.718281828459045)"},
    {"from math import exp as e1, pi\ne1(0) + pi", "4.141592653589793"},
    {"log(8, 2), hypot(3, 4), atan2(0, 1), pow(2, 3)", "(3.0, 5.0, 0.0, 8)"},
    {"round(2.6), round(2.567, 2), int(2.7), int(-2.7), float(3)", "(3, 2.57, 2, -2, 3.0)"},
};

static void programs_show_what_python_shows(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct running r = running_new();
        if (values[i].shown) {
            must_run(&r, values[i].program);
            if (strcmp(buffer_string(&r.shown), values[i].shown) != 0)
                fail_msg("%s\nshows %s, not %s", values[i].program, buffer_string(&r.shown), values[i].shown);
        } else {
            assert_false(running_run(&r, values[i].program));
        }
        running_free(&r);
    }
}

static const struct row prints[] = {
    {"print(1, 2.5, True, None, 'a')", "1 2.5 True None a\n"},
    {"print('a', 'b', sep='-', end='!')", "a-b!"},
    {"x = 1.23456\nprint(f'{x:.2f}|{x:8.3f}|{x:e}|{x}')", "1.23|   1.235|1.234560e+00|1.23456\n"},
    {"print(f'{3:d} {3:5}| {{}} {1 + 1}')", "3     3| {} 2\n"},
    {"print(f'{0.5:%} {12:>4}|{12:<4}|{12:^4}')", "50.000000%   12|12  | 12 \n"},
    {"print('tab\\t', \"it's\", '''two\nlines''')", "tab\t it's two\nlines\n"},
    {"print([1, 'a'], (1,), [])", "[1, 'a'] (1,) []\n"},
    {"for i in range(3):\n    print(i, end=' ')", "0 1 2 "},
    {"print()", "\n"},
};

static void print_writes_what_python_writes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof prints / sizeof *prints; i++) {
        struct running r = running_new();
        must_run(&r, prints[i].program);
        if (strcmp(buffer_string(&r.printed), prints[i].shown) != 0)
            fail_msg("%s\nprints %s, not %s", prints[i].program, buffer_string(&r.printed), prints[i].shown);
        running_free(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_show_what_python_shows),
        cmocka_unit_test(print_writes_what_python_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
