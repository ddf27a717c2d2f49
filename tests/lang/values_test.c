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
    {"0.3, 123456.789, 0.00000000000001, 1234567890.12345, 12345678901234.56, .123456789012345, 9007199254740993.0, "
     "1_0.2_5, 1e-7",
     "(0.3, 123456.789, 1e-14, 1234567890.12345, 12345678901234.56, 0.123456789012345, 9007199254740992.0, 10.25, "
     "1e-07)"},
    {"a=3;b=a*-2;b**=2;a-=1;b//=5;a<=b!=7>=6,a**2//3%2,b--a", "(False, 1, 9)"},
    {"def f(in_, nota, ora, no=1): return in_+nota*ora-no\nf(2, 3, ora = 4, no=f(no=1,ora=0,nota=1,in_=3))", "12.0"},
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
    {"def f(a, b=2):\n    return a*10 + b\n\nw = f(1) + f(1, 3) + f(b=4, a=2)\nw", "49"},
    {"def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n\nfib(12)", "144.0"},
    {"def f(x):\n    \"\"\"Doc.\"\"\"\n    if x > 0:\n        return x\n    return -x\n\nf(-3)", "3.0"},
    {"def g(v):\n    return [2*a for a in v]\n\ndef f(v):\n    return sum(g(v))\n\nf([1, 2, 3])", "12.0"},
    {"k = 3\ndef f(x):\n    return k*x\n\nf(2)", "6.0"},
    {"def f(x, y):\n    return x + y, x*y\n\nf(2, 3)", "(5.0, 6.0)"},
    {"def f(h):\n    return h[0]*h[1][1]\n\nf([2, [3, 4]])", "8.0"},
    {"def f(g, x):\n    return g(g(x))\n\ndef h(x):\n    return x*x\n\ny = f(h, 3)\ny", "81"},
    // several features in one program
    {"2 + 3*4**2/8 - -1, (2 + 3)*4, 2*3%4, -7//2*2, -(7//2), 2**3**0, -2**-2, 2 ** -1 ** 2",
     "(9.0, 20, 2, -8, -3, 2, -0.25, 0.5)"},
    {"5.5//-2, 5.5%-2, -5.5%2, 0.0%3, -1%5, 7//1.0, -0.0, 0*-1.0, -1%3.0, 6%-3.0, -6.0%3, 3%-7, -0.5//1",
     "(-3.0, -0.5, 0.5, 0.0, 4, 7.0, -0.0, -0.0, 2.0, -0.0, 0.0, -4, -1.0)"},
    {"7/7, 4/2*1, 2*1.0, 3 - 3.0, 2**2.0, 6//2.0, 5%5.0, abs(-1), 0.0 + -0.0, 2**0.5, 0**0, 10.0**-2",
     "(1.0, 2.0, 2.0, 0.0, 4.0, 3.0, 0.0, 1, 0.0, 1.4142135623730951, 1, 0.01)"},
    {"x = -1\n-x, +x, abs(x), x**2, x**3, (-x)**0.5, -x**2, 2*-x, 2 - -x", "(1, -1, 1, 1, -1, 1.0, -1, 2, 1)"},
    {"1e3, 1E3, 1_0.0_1, 0xff, 0b11, 0o17, 00, 1e+2, 1.e2, 0_0",
     "(1000.0, 1000.0, 10.01, 255, 3, 15, 0, 100.0, 100.0, 0)"},
    {"1 < 2 == 2 != 3 >= 3, 1 < 2 > 1, 3 > 2 > 2, 1 == 1 == 1, (1 < 2) == True, 1 < (2 > 1), 0 == False",
     "(True, True, False, True, True, False, True)"},
    {"0 or 0.0 or [], 1 and [] and 3, not [], not [0], [] or 'x', None or 1, '' or 2, 1 or 1/0, 0 and 1/0",
     "([], [], True, False, 'x', 1, 2, 1, 0)"},
    {"x = 3\nnot x == 3, not x > 1 and x, -x ** 2, 2 ** -x, x if x else 1, not not x, 1 + 2 if 0 else 3 * 4",
     "(False, False, -9, 0.125, 3, True, 12)"},
    {"1 if 0 else 2 if 0 else 3, (1 if 2 > 1 else 0) + 1, 1 if [] else 5, 1 if True else 1/0", "(3, 2, 5, 1)"},
    {"True + 1, True*3.0, -True, True is True, True and False, [True, 1.0], None == None, None != 1",
     "(2, 3.0, -1, True, False, [True, 1.0], True, True)"},
    {"[1] == [1.0], (1, 2) == (1, 2), [] == [], [1] != [2], [[1]] == [[1]], (1,) == [1], 'a' == \"a\"",
     "(True, True, True, True, True, False, True)"},
    {"[i for i in range(20) if i % 2 if i % 3], [(i, j) for i in range(3) for j in range(i)]",
     "([1, 5, 7, 11, 13, 17, 19], [(1, 0), (2, 0), (2, 1)])"},
    {"[[j for j in range(i)] for i in range(4)], [x for x in [y*2 for y in range(3)]]",
     "([[], [0], [0, 1], [0, 1, 2]], [0, 2, 4])"},
    {"sum(x*y for x in range(3) for y in range(x)), [1 if i > 1 else 0 for i in range(3)], [1/i for i in [0, 1] if i]",
     "(2, [0, 0, 1], [1.0])"},
    {"x = 10\ny = [x for x in range(3)]\nx", "10"},
    {"a = [0, 1, 2, 3, 4, 5, 6, 7]\na[1:7:2], a[::-2], a[6:1:-2], a[-3:], a[:-3], a[-3:-1], a[10:], a[:100], a[5:2], "
     "a[-100:2], a[7:None:-1]",
     "([1, 3, 5], [7, 5, 3, 1], [6, 4, 2], [5, 6, 7], [0, 1, 2, 3, 4], [5, 6], [], [0, 1, 2, 3, 4, 5, 6, 7], [], [0, "
     "1], [7, 6, 5, 4, 3, 2, 1, 0])"},
    {"a = [1, 2, 3]\na[-1], a[-3], a[True], a[len(a)//2], a[1:][0], (1, 2)[0], (1, 2, 3)[::-1], a[:] == a",
     "(3, 1, 2, 2, 2, 1, (3, 2, 1), True)"},
    {"a = [[1, 2], [3, 4]]\na[1][0] += 10\na[0] = [9]\na", "[[9], [13, 4]]"},
    {"a = [[0]*2]*2\na[0][0] = 1\nb = [[0]*2 for _ in range(2)]\nb[0][0] = 1\na, b",
     "([[1, 0], [1, 0]], [[1, 0], [0, 0]])"},
    {"a = [1]\nb = a\na += [2]\nb = b + [3]\na, b", "([1, 2], [1, 2, 3])"},
    {"a, b, c = 1, 2, 3\na, b, c = c, a, b\na, b, c", "(3, 1, 2)"},
    {"(a, (b, c)), d = (1, (2, 3)), 4\n[e, f], g = [5, 6], 7\na, b, c, d, e, f, g", "(1, 2, 3, 4, 5, 6, 7)"},
    {"a = [1, 2, 3]\na[0], a[2] = a[2], a[0]\ni = 0\ni, a[i] = 1, 9\na", "[3, 9, 1]"},
    {"x, = [1]\ny = 1, 2,\nz = (3)\nx, y, z", "(1, (1, 2), 3)"},
    {"x = 5\nx += 2; x -= 1; x *= 3; x /= 4; x **= 2; x //= 3; x %= 4\nx", "2.0"},
    {"i = 5\nfor i in range(i): pass\ni", "4"},
    {"n = 3\nfor i in range(n):\n    n += 1\nn, i", "(6, 2)"},
    {"for i in range(3): pass\nfor j in []: pass\nelse: j = 9\ni, j", "(2, 9)"},
    {"n = 0\nfor i in range(5):\n    for j in range(5):\n        if j > i: break\n        if (i + j) % 2: continue\n   "
     "     n += 10*i + j\n    else:\n        n += 1000\nn",
     "1243"},
    {"a = [1, 2, 3, 4]\nfor v in a:\n    if v == 2: a.append(5)\na", "[1, 2, 3, 4, 5]"},
    {"for i, (a, b) in enumerate([(1, 2), (3, 4)]): x = i + a*b\nx", "13"},
    {"if 1:\n    if 0:\n        x = 1\n    elif 0: x = 2\n    else:\n        x = 3\nelse: x = 4\nx", "3"},
    {"x = [\n  1,  # one\n\n  2,\n# a comment\n    3,\n]\nx", "[1, 2, 3]"},
    {"def f(x):\n  # a comment, less indented\n# even less\n    \n  y = x   # at the end\n\n  return y\nz = f(3)\nz",
     "3"},
    {"def f(x):\n\tif x:\n\t\treturn 1\n\treturn 2\nz = f(0)\nz", "2"},
    {"def f(x: \"list[float]\", y: list = None) -> None:\n    '''first line\n\n    more'''\n    return x if y is None "
     "else y\nz = f(3)\nz",
     "3"},
    {"def f(x: float, n: int = 2) -> float: return x*n\nx: int = 3\ny: list[float] = [f(x)]\nx, y", "(3, [6])"},
    {"def f(a, b=2, c=3):\n    return a*100 + b*10 + c\nw = [f(1), f(1, 5), f(1, c=5), f(c=1, a=2), f(1, b=7, c=8)]\nw",
     "[123, 153, 125, 221, 178]"},
    {"def even(n):\n    return True if n == 0 else odd(n - 1)\ndef odd(n):\n    return False if n == 0 else even(n - "
     "1)\ny = [even(10), odd(7), even(3)]\ny",
     "[True, True, False]"},
    {"def gcd(a, b):\n    while b: a, b = b, a % b\n    return a\ny = gcd(48, 36)\ny", "12"},
    {"def fact(n):\n    return n*fact(n - 1) if n else 1\ny = fact(15)\ny", "1307674368000"},
    {"def f(x):\n    for i in range(3):\n        if x > 10: return i\n        x = x*3\n    return -1\ny = [f(1), f(5), "
     "f(100), f(0)]\ny",
     "[-1, 1, 0, -1]"},
    {"def f(x):\n    while True:\n        x -= 1\n        for i in range(3):\n            if x + i == 2: return x\ny = "
     "f(9)\ny",
     "2"},
    {"x = 1\ndef f():\n    return x + 1\nx = 10\ndef g():\n    x = 2\n    return x\ny = f(), g(), x\ny", "(11, 2, 10)"},
    {"def f(v, w):\n    v = v + [1]\n    w.append(2)\n    return len(v), len(w)\nv = [5]\ny = f(v, v), v\ny",
     "((2, 2), [5, 2])"},
    {"def f(x):\n    return x, [x, (x, 2)]\n(a, b) = f(1)\na, b", "(1, [1, (1, 2)])"},
    {"def f(x):\n    if x == 0:\n        return []\n    return f(x - 1) + [x]\ny = f(4)\ny", "[1, 2, 3, 4]"},
    {"def f(x):\n    \"only words\"\ndef g(x):\n    return\ny = [f(1), g(2)]\ny", "[None, None]"},
    {"fs = [sin, cos]\ny = [f(0) for f in fs]\ny", "[0.0, 1.0]"},
    {"def compose(f, g, x): return f(g(x))\ny = compose(sqrt, abs, -16)\ny", "4.0"},
    {"def poly(c, x):\n    r = 0\n    for a in reversed(c):\n        r = r*x + a\n    return r\ny = poly([1, 2, 3], "
     "2)\ny",
     "17"},
    {"list(zip([1, 2, 3], [4, 5])), list(zip([1], [2], [3])), list(enumerate([5, 6], 1)), list(enumerate([5], "
     "start=3))",
     "([(1, 4), (2, 5)], [(1, 2, 3)], [(1, 5), (2, 6)], [(3, 5)])"},
    {"sum([1, 2.5]), sum((1, 2)), sum([1], start=2), max(1, 2.5, 2), len([]), len((1, 2)), len('abc'), len(range(0, "
     "10, 3))",
     "(3.5, 3, 3, 2.5, 0, 2, 3, 4)"},
    {"list(range(5, 1)), list(range(5, 1, -2)), list(range(-3)), list(range(0, -5, -2)), 2 in range(5), range(10)[-1], "
     "list(range(10)[2:5])",
     "([], [5, 3], [], [0, -2, -4], True, 9, [2, 3, 4])"},
    {"round(2.5), round(3.5), round(-2.5), round(0.5), round(1.5), round(2.0), round(7.25, 1)",
     "(2, 4, -2, 0, 2, 2, 7.2)"},
    {"import math, math as mm\nfrom math import (sin, cos,\n   exp as E,)\nfrom math import *\nE(0) + mm.cos(0) + "
     "sqrt(4) + math.tau",
     "10.283185307179586"},
    {"\"\"\"A module's docstring.\"\"\"\nimport math\ndef main():\n    return math.hypot(3, 4)\nif __name__ == "
     "\"__main__\":\n    y = main()\ny",
     "5.0"},
    {"round(2.675, 2), round(1.005, 2), round(0.15, 1), round(-2.675, 2), round(1e300, 2), round(123.456, 300), "
     "round(-0.4)",
     "(2.67, 1.0, 0.1, -2.67, 1e+300, 123.456, 0)"},
    {"round(12345.678, -2), round(1234, -2), round(15, -1), round(7, 2), round(5e-324, 3), round(1.0, -400), "
     "round(True)",
     "(12300.0, 1200, 20, 7, 0.0, 0.0, 1)"},
    {"range(3), range(1, 3), range(3, 9, 2), [range(2)], range(5, 1, -2), range(0, 10, 3), range(0)",
     "(range(0, 3), range(1, 3), range(3, 9, 2), [range(0, 2)], range(5, 1, -2), range(0, 10, 3), range(0, 0))"},
    {"-0, [-0], 0*-1, 0//-3, -(0), 5*-0, -0.0, 0*-1.0", "(0, [0], 0, 0, 0, 0, -0.0, -0.0)"},
    {"10**15, 2**50, 10**15 + 1, 2**53", "(1000000000000000, 1125899906842624, 1000000000000001, 9007199254740992)"},
    {"[\"it's\"], ['a\"b'], ['a\\nb\\t\\\\'], ['\\'\"'], 'x', '\\x07\\x7f', 'é', str([1, 'a'])",
     "([\"it's\"], ['a\"b'], ['a\\nb\\t\\\\'], ['\\'\"'], 'x', '\\x07\\x7f', 'é', \"[1, 'a']\")"},
    // math and numpy
    {"import math\nmath.floor(2.7), math.sqrt(16.0), math.pi", "(2, 4.0, 3.141592653589793)"},
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
    {"x = 3.14159; n = 7\nprint(f'{x:<10.2f}|{x:^10.2f}|{x:+.1f} {x:.2e} {x:g} {x:.3g} {n:5d} {n:05d} "
     "{n:<5}|{n:>5}|{n:^5}|')",
     "3.14      |   3.14   |+3.1 3.14e+00 3.14159 3.14     7 00007 7    |    7|  7  |\n"},
    {"print(f'{-3:05d} {-2.5:08.2f} {3:+05d} {-3:*>6d} {3:_^7} {1:=+5d} {3: d} {-3: d} {2.5: .1f}')",
     "-0003 -0002.50 +0003 ****-3 ___3___ +   1  3 -3  2.5\n"},
    {"print(f'{1e6:,} {1234567:,} {1234567.891:,.2f} {999:,} {-1234:,} {1234567:_}')",
     "1,000,000.0 1,234,567 1,234,567.89 999 -1,234 1_234_567\n"},
    {"print(f'{3.0:.3} {1234.5678:.3} {0.1:.1} {1e20:.3} {100.0:.3} {2.0:.1} {99.0:.3} {0.00001:.2}')",
     "3.0 1.23e+03 0.1 1e+20 1e+02 2e+00 99.0 1e-05\n"},
    {"print(f'{\"abc\":.2} {\"abc\":5}|{\"abc\":>5}|{\"abc\":^5}|{\"abc\":.1s} {\"éèà\":.2}')",
     "ab abc  |  abc| abc |a éè\n"},
    {"from math import nan, inf\nprint(f'{nan:.2f} {-nan:f} {inf:.1f} {-inf:f} {inf:+g} {-inf:6}|{nan}')",
     "nan nan inf -inf +inf   -inf|nan\n"},
    {"print(f'{True:d} {True} {True:5} {-0.0:.1f} {0*-1:d} {-0.0}')", "1 True     1 -0.0 0 -0.0\n"},
    {"print(f'{1e6} {1e16} {1e15} {123456789012345678.0} {1e-4} {0.0001234} {0.00001234} {1/3} {1e22}')",
     "1000000.0 1e+16 1000000000000000.0 1.2345678901234568e+17 0.0001 0.0001234 1.234e-05 0.3333333333333333 1e+22\n"},
    {"print(f'{2:.2f} {2:e} {2:g} {2:%} {1e10:g} {1e5:g} {0.00001:g} {2.5:.0f} {0.125:.2f} {1e-10:.3g} {1/3:.20f}')",
     "2.00 2.000000e+00 2 200.000000% 1e+10 100000 1e-05 2 0.12 1e-10 0.33333333333333331483\n"},
    {"print(f\"{'a' if 1 else 'b'} {[i for i in range(3)]} {(1,2)[0]} {'x' 'y'} {1 == 1} {1 != 2}\", f'{{{1}}}')",
     "a [0, 1, 2] 1 xy True True {1}\n"},
    {"print(F\"{1}\", rf'\\{1}', r'\\n', 'a' f'{1}' 'b', f'''{1}\n{2}''')", "1 \\1 \\n a1b 1\n2\n"},
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
