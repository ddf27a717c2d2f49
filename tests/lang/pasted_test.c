// What people paste from lectures and notebooks, row by row, against what Python 3.11 prints; and what is refused, with
// a hint that helps.
#include "running.h"

struct row {
    const char *program, *printed;
};

static const struct row rows[] = {
    // arrays and tensors as NumPy and PyTorch have them
    {"import numpy as np\nA = np.array([[1, 2], [3, 4]])\nprint(A[0, 1], A[:, 0], A[1, :], A[-1, ::-1], A.T, A.shape)\n"
     "print(A @ A, A @ np.array([1, 1]), np.array([1, 1]) @ A, A.dot(A), np.dot(A, [1, 2]))\n"
     "print(A.sum(), A.mean(), A.max(), np.array([1, 2]).dot(np.array([3, 4])))",
     "2 [1, 3] [3, 4] [4, 3] [[1, 3], [2, 4]] (2, 2)\n"
     "[[7, 10], [15, 22]] [3, 7] [4, 6] [[7, 10], [15, 22]] [5, 11]\n10 2.5 4 11\n"},
    {"import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
     "x = torch.tensor([[1., -2., 3.], [4., 5., -6.]])\n"
     "print(x.shape, len(x), x.ndim, x.size(1), x.numel(), x.T.shape, x[0].shape, x[:, 0:2].shape, x[..., 0].shape)\n"
     "print([a.item() for a in x[:, 1]], [a.item() for a in x[-1, ::2]], x[1, 2].item(), [r.sum().item() for r in x])\n"
     "print(x[::-1, None].shape, x[:, None, :].shape, x.reshape(3, -1)[2, 0].item(), x.view(-1)[4].item())",
     "(2, 3) 2 2 3 6 (3, 2) (3,) (2, 2) (2,)\n[-2.0, 5.0] [4.0, -6.0] -6.0 [2.0, 3.0]\n(2, 1, 3) (2, 1, 3) 5.0 5.0\n"},
    {"import numpy as np\nx = tensor([[1, -2, 3], [4, 5, -6]])\nv = tensor([1, 0, 2])\n"
     "print([a.item() for a in x @ v], (v @ v).item(), [a.item() for a in (v @ x.T)], (x @ x.T)[1, 0].item())\n"
     "print(x.sum().item(), x.mean(axis=0)[1].item(), x.sum(axis=1, keepdims=True).shape, x.sum(axis=(0, 1)).item())\n"
     "print(np.maximum(x, 0).sum().item(), x.relu().sum().item(), np.abs(x)[0, 1].item(), np.minimum(x, v)[1, "
     "0].item())",
     "[7.0, -8.0] 5.0 [7.0, -8.0] -24.0\n5.0 1.5 (2, 1) 5.0\n13.0 13.0 2.0 1.0\n"},
    {"import numpy as np\nx = tensor([[1, 2], [3, 4]])\ny = np.concatenate((x, x + 4), axis=1)\n"
     "print(y.shape, y[1, 3].item(), np.stack([x[0], x[1]], axis=1)[0, 1].item(), x.unsqueeze(0).squeeze().shape)\n"
     "print((x + np.array([10, 20]))[1, 1].item(), ([1, 1] @ x)[0].item(), (x*[[2], [3]])[1, 0].item())\n"
     "a, b = x\nprint(b[0].item(), [(i, r[0].item()) for i, r in enumerate(x)], f\"{x.sum():.1f} {x[0, 1]}\")",
     "(2, 4) 8.0 3.0 (2, 2)\n24.0 4.0 9.0\n3.0 [(0, 1.0), (1, 3.0)] 10.0 2.0\n"},
    {"def f(a, b):\n    W = tensor([[a, 1], [b, a*b]])\n    return (W @ W).sum()\nprint(f(2, 3).item())\n"
     "print(softmax(tensor([0, 0]))[0].item(), ones(2, 3, 4).permute(2, 0, 1).shape, ones(2, 3, 4).transpose(0, "
     "2).shape)\n"
     "def g(x): return x.sum().item() > 3\nprint(g(ones(2)), g(ones(4)))",
     "78.0\n0.5 (4, 2, 3) (4, 3, 2)\nFalse True\n"},
    // a default is evaluated once, at the def
    {"k = 2\ndef f(x, m=k): return m*x\nk = 5\nprint(f(3))", "6\n"},
    {"def f(x, l=[]):\n    l.append(x)\n    return len(l)\nprint(f(1), f(1), f(1, []), f(1))", "1 2 1 3\n"},
    {"def f(x, m=2*3): return m*x\nprint(f(1), f(1, m=2))", "6 2\n"},
    // texts with values in them, lists and strings with + and *
    {"x = 3.14159; n = 7\nprint(\"%.3f\" % x, \"%d items\" % n, \"%s and %s\" % (n, x), \"%5d|%-5d|%05d|%+d\" % (n, n, "
     "n, n))",
     "3.142 7 items 7 and 3.14159     7|7    |00007|+7\n"},
    {"x = 3.14159; n = 7\nprint(\"%8.3f|%-8.3f|%e|%g|%r|%%|%i\" % (x, x, x, x, 'a', 3.9))\nprint(\"%*d|%.*f\" % (5, n, "
     "2, x), \"%s\" % [1, 2], \"%s\" % (1,), \"%10s|%-10s|%.2s\" % ('abc', 'abc', 'abc'))\nprint(\"% d % d %5.1f%%\" % "
     "(3, -3, 45.678), \"100%%\" % ())",
     "   3.142|3.142   |3.141590e+00|3.14159|'a'|%|3\n    7|3.14 [1, 2] 1        abc|abc       |ab\n 3 -3  45.7% "
     "100%\n"},
    {"x = 3.14159; n = 7\nprint(\"{} {} {:.3f} {:>8.2f}|\".format(1, 'a', 2.5, x))\nprint(\"{0} {1} {0}\".format(1, "
     "2), \"{{}} {!r:>6}|{:{}}|{:>{w}}|\".format('a', 3, 5, 7, w=4), \"{a} {b:.1f}\".format(a=1, b=2.0))\nprint(\", "
     "\".join(str(i) for i in range(3)), \"a\" + \"b\", \"ab\"*2, 2*\"ab\", 2*[0], (1,) + (2,), (0,)*2, 2*(1, 2))",
     "1 a 2.500     3.14|\n1 2 1 {}    'a'|    3|   7| 1 2.0\n0, 1, 2 ab abab abab [0, 0] (1, 2) (0, 0) (1, 2, 1, "
     "2)\n"},
    {"print(\", \".join(str(i) for i in range(3)), \"a\" + \"b\", \"ab\"*2, 2*\"ab\", 2*[0], (1,) + (2,), (0,)*2, "
     "2*(1, 2))",
     "0, 1, 2 ab abab abab [0, 0] (1, 2) (0, 0) (1, 2, 1, 2)\n"},
    {"s = \"v\"\ns += \"w\"\ns *= 2\nprint(s)\nt = (1,)\nt += (2,)\nprint(t)\nc = [1, 2, 3]\nprint(c.pop(0), c, "
     "c.pop(-2), c)",
     "vwvw\n(1, 2)\n1 [3] 2 [3]\n"},
    {"a = [1, 2]; b = a\na *= 2\nprint(a, b)\na *= 0\nprint(a, b, [1,2] < [1, 3], [1] < [1, 0], (1, 2) >= (1, 2), 'a' "
     "< 'b', 'a' in 'cab', [] < [1])",
     "[1, 2, 1, 2] [1, 2, 1, 2]\n[] [] True True True True True True\n"},
    // the functions of math
    {"import math\nprint(math.factorial(5), math.factorial(0), math.comb(5, 2), math.comb(3, 5), math.perm(5, 2), "
     "math.perm(4), math.comb(52, 5))\nprint(math.isnan(math.nan), math.isinf(-math.inf), math.isfinite(1.0), "
     "math.isclose(0.1 + 0.2, 0.3), math.isclose(1, 1.1, rel_tol=0.2), math.isclose(0, 1e-10, abs_tol=1e-9), "
     "math.isclose(1, 2))\nprint(math.floor(2.7), math.ceil(2.1), math.degrees(math.pi), math.radians(180), "
     "math.prod([2, 3]), math.fsum([1, 2.5]), math.dist([0, 0], [3, 4]), math.gcd(12, 18), math.gcd())",
     "120 1 10 0 20 24 2598960\nTrue True True True True True False\n2 3 180.0 3.141592653589793 6 3.5 5.0 6 0\n"},
    {"import math\nprint(math.fsum([1e100, 1, -1e100]), math.fsum([0.1]*10), math.fsum([1, 2]), math.fsum([]), "
     "math.fsum((1e16, 1, 1e-16)), math.fsum(range(4)))\ndef f(a, b, c): return math.fsum([a, b, c, 2**-60])\n"
     "print(f(1e100, 1, -1e100), f(1, 2**-53, 0))",
     "1.0 1.0 3.0 0.0 1.0000000000000002e+16 6.0\n1.0 1.0000000000000002\n"},
    {"from math import factorial\ndef e(x, n=10): return sum(x**k/factorial(k) for k in range(n))\nprint(e(1))",
     "2.7182815255731922\n"},
    {"print(min(2, 2.0), max(True, 1), min([2.0, 2]), max(1, 3.0, 2), min(3, 2), max([1.5]), max(2.0, "
     "3))\nprint(int('3'), int(' -42 '), float('2.5'), float(' 1e3'), list(zip()), int(True), int(-2.7))",
     "2 True 2.0 3.0 2 1.5 3\n3 -42 2.5 1000.0 [] 1 -2\n"},
    {"print(1, 2, sep=None, end='!\\n', flush=True)", "1 2!\n"},
    // by name only, by place only
    {"def f(x, *, k=2): return k*x\nprint(f(3), f(3, k=5))", "6 15\n"},
    {"def f(x, /, y=1, *, k): return 100*x + 10*y + k\nprint(f(1, k=2), f(1, y=3, k=4))", "112 134\n"},
    {"def f(*, a, b=2): return a - b\nprint(f(a=1), f(b=5, a=1))", "-1 -4\n"},
    {"def f(a, b, /): return a - b\nprint(f(3, 1))", "2\n"},
    // functions as values, inside functions, without a name
    {"g = lambda x: x*x\nprint(g(3))", "9\n"},
    {"h = lambda x, y=2, *, k=1: x*y + k\nprint(h(3), h(3, k=5))", "7 11\n"},
    {"print((lambda: 7)(), (lambda a, b: a - b)(5, 2))", "7 3\n"},
    {"def newton(f, x, steps=5, h=1e-6):\n    for i in range(steps):\n        x = x - f(x)/((f(x + h) - f(x - "
     "h))/(2*h))\n    return x\nprint(\"%.6f\" % newton(lambda x: x**2 - 2, 1.0))",
     "1.414214\n"},
    {"def outer(a):\n    b = a + 1\n    def inner(c):\n        return a*b*c\n    b = b + 10\n    return inner(2) + "
     "inner(3)\nprint(outer(2))",
     "130\n"},
    {"def make(k):\n    def scale(x):\n        return k*x\n    return scale\ndouble, triple = make(2), "
     "make(3)\nprint(double(5), triple(5))",
     "10 15\n"},
    {"def D():\n    x = 1\n    def E():\n        y = x\n        def F(): return x + y\n        return F\n    f = E()\n "
     "   x = 2\n    return f()\nprint(D())",
     "3\n"},
    {"def fact(n):\n    def go(k, acc):\n        return acc if k == 0 else go(k - 1, acc*k)\n    return go(n, "
     "1)\nprint(fact(10))",
     "3628800\n"},
    {"compose = lambda f, g: lambda x: f(g(x))\nprint(compose(lambda x: x + 1, lambda x: x*2)(5))", "11\n"},
    {"def apply(fs, x): return [f(x) for f in fs]\nprint(apply([lambda x: x, lambda x: x*x], 3))", "[3, 9]\n"},
    {"fs = []\nfor i in range(3): fs.append(lambda x: x*i)\nprint([f(1) for f in fs])", "[2, 2, 2]\n"},
    {"def fixed():\n    return [f(10) for f in [(lambda x, i=i: x + i) for i in range(3)]]\nprint(fixed())",
     "[10, 11, 12]\n"},
    {"print([(lambda y: y*i)(2) for i in range(3)])", "[0, 2, 4]\n"},
    {"def t(n):\n    r = [(lambda y: y*i)(n) for i in range(3)]\n    return r\nprint(t(4))", "[0, 4, 8]\n"},
    {"def shadow(x):\n    x = x + 1\n    def inner(x):\n        return x*10\n    return inner(x) + x\nprint(shadow(1))",
     "22\n"},
    {"def count():\n    total = []\n    def add(v):\n        total.append(v)\n        return len(total)\n    add(1); "
     "add(2)\n    return add(3), total\nprint(count())",
     "(3, [1, 2, 3])\n"},
    {"from math import sin\ndef deriv(f):\n    h = 1e-6\n    return lambda x: (f(x + h) - f(x - "
     "h))/(2*h)\nprint(\"%.4f\" % deriv(sin)(0))",
     "1.0000\n"},
    // f-strings, escapes, characters
    {"x = 2.5; w = 8; p = 3\nprint(f'{x:{w}}|{x:{w}.{p}f}|{x:>{w}.2f}|{x=}|{x = "
     "}|{x=:.2f}|{\"a\"=}|{x!r:>6}|{\"a\"!r:>6}|{\"a\"!s}|{1 == 1}|{x<=3}|{x!=3}')",
     "     2.5|   2.500|    2.50|x=2.5|x = 2.5|x=2.50|\"a\"='a'|   2.5|   'a'|a|True|True|True\n"},
    {"print('\\101\\60\\7'=='A0\\x07', len('a\\0b'), '\\x41', '\\u00e9', 'a\\\nb', len('é'))\nfor c in 'abc': print(c, "
     "end=' ')",
     "True 3 A é ab 1\na b c "},
    {"print(list('héy'), 'abc'[1], 'abc'[-1], 'abc'[1:], 'abc'[::-1], [c for c in 'ab'], list(enumerate('ab')), "
     "list(zip('ab', [1, 2])))\na, b = 'xy'\nprint(a, b, tuple('ab'), list(reversed('abc')), 00, 0_0)",
     "['h', 'é', 'y'] b c bc cba ['a', 'b'] [(0, 'a'), (1, 'b')] [('a', 1), ('b', 2)]\nx y ('a', 'b') ['c', 'b', 'a'] "
     "0 0\n"},
    // numpy's arrays compute element by element
    {"import numpy as np\na = np.array([1.0, 2.0])\nprint(2*a, a*2, a + 1, 1 - a, a + a, a**2, -a, a/[1, 4], a[1:]*2)",
     "[2.0, 4.0] [2.0, 4.0] [2.0, 3.0] [0.0, -1.0] [2.0, 4.0] [1.0, 4.0] [-1.0, -2.0] [1.0, 0.5] [4.0]\n"},
    {"import numpy as np\na = np.array([4.0, 9.0])\nprint(np.sqrt(a), np.maximum(5, a), np.sum(a), np.mean(a), "
     "np.dot(a, a), a @ a)",
     "[2.0, 3.0] [5.0, 9.0] 13.0 6.5 97.0 97.0\n"},
    {"import numpy as np\nW = np.array([[1, 2], [3, 4]])\nb = W[0]\nb *= 10\nprint(W @ [1, 1], W + 1)",
     "[30, 7] [[11, 21], [4, 5]]\n"},
    {"import numpy as np\nc = 3\na = np.array([c, 1])\ndef f(x): return np.sum(x*a)\nprint(f(np.array([1, 2])), f([1, "
     "2]))",
     "5 5\n"},
    {"from math import sin, cos\nf = g = lambda x: x + 1\ndef opt(x, loss=None):\n    loss = loss or f\n    return "
     "loss(x)\nprint(f is g, f == g, f == opt, sin is sin, sin == cos, max == max, len is min, opt(1), opt(1, lambda "
     "x: x), 1 if sin else 0)",
     "True True False True False True False 2 1 1\n"},
    {"def bisect(f, lo, hi, *, tol=1e-8):\n    while hi - lo > tol:\n        mid = (lo + hi)/2\n        if "
     "f(lo)*f(mid) <= 0: hi = mid\n        else: lo = mid\n    return (lo + hi)/2\nprint(\"root: "
     "{:.5f}\".format(bisect(lambda t: t**3 - 2, 0, 2)))",
     "root: 1.25992\n"},
    {"def inside(x):\n    def scaled(y, k=x*x):\n        return k*y\n    return scaled(3) + (lambda z, q=x: "
     "z*q)(x)\nprint(inside(2.5))",
     "25.0\n"},
};

static const struct row refusals[] = {
    // program, and a part of the message or the hint
    {"def f(x, l=[]):\n    l.append(x)\n    return l[0]\nf(1)", "cannot change a list from outside"},
    {"def f(x, m=nowhere): return x", "`nowhere` is not defined"},
    {"\"%d %d\" % 1", "fewer values than the % conversions"},
    {"\"%d\" % (1, 2)", "more values than the % conversions"},
    {"\"%(x)d\" % 1", "f-string has names in it"},
    {"\"%y\" % 1", "begins no conversion that bauer knows"},
    {"\"%.2f\" % 'a'", "%f needs a number, not a string"},
    {"\"{} {}\".format(1)", "{0} the first one"},
    {"\"{:.2f}\".format('a')", "the format `.2f` needs a number, not a string"},
    {"\"{\".format(1)", "is not closed"},
    {"f\"{2.5:d}\"", "the format `d` is for whole numbers"},
    {"\"a\".upper()", "strings have no method `upper` here"},
    {"\"a\" + 1", "a string is needed here, not a number"},
    {"'a, b'.join([1, 2])", "join needs strings"},
    {"\"ab\"*2.5", "repeated a whole number of times"},
    {"x = 3\nfactorial(x)", "factorial has no derivative"},
    {"def f(n): return comb(n, 2)\nf(5)", "int(n) takes n as a plain number"},
    {"factorial(-1)", "factorial of a negative number"},
    {"factorial(2.5)", "a whole number is needed here"},
    {"factorial(200)", "overflow"},
    {"dist([1], [1, 2])", "the lists have 1 and 2 elements"},
    {"print(1, foo=2)", "print takes no keyword argument `foo`"},
    {"int('2.5')", "this text is not a whole number"},
    {"int('two')", "this text is not a number"},
    {"def f(x, *, k=2): return k*x\nf(3, 5)", "it is defined as f(x, *, k)"},
    {"def f(x, /): return x\nf(x=3)", "f takes `x` by place, not by name"},
    {"def f(x, *): return x", "a * here needs a parameter after it"},
    {"def f(/, x): return x", "this / has no place here"},
    {"def f(*, k): return k\nf()", "f needs the argument k="},
    {"def f(x):\n    def g(): return y\n    z = g()\n    y = 2\n    return z\nf(1)", "`y` has no value yet in f"},
    {"f = lambda x", "a lambda is: lambda PARAMETERS: EXPRESSION"},
    {"fs = [lambda: i for i in range(3)]\nfs[0]()", "`i` is not defined"},
    {"g = lambda x: x\ng(1, 2)", "g takes 1 argument, 2 given"},
    {"def f(x):\n    nonlocal y\n    return x", "nonlocal is not part of"},
    {"print(\"a\xff\")", "a byte here is not UTF-8"},
    {"x = 012", "octal numbers are written 0o17"},
    {"x = 3\nprint(f'{x!q}')", "the conversion behind the ! is r or s"},
    {"print(f'{3:{')", "is not closed"},
    {"[1][1]", "outside the list, which has 1 element"},
    {"a, b = 'xyz'", "2 names here for 3 values"},
    {"a, b = [1]", "2 names here for 1 value"},
    {"array([1, 2]) + array([1, 2, 3])", "shapes (2,) and (3,) do not fit together"},
    {"W = array([[1, 2], [3, 4]])\nW @ array([[1, 2], [3]])", "the rows differ in length"},
    {"W = array([[1, 2], [3, 4]])\nW @ array([1])", "the lists have 2 and 1 elements"},
    {"array(['a'])*2", "a number is needed here, not a string"},
    {"x = randn(2, 3)\nif x > 0: pass", "maximum(x, y) takes the larger"},
    {"def f(x):\n    if x.sum() > 0: return x\n    return -x\nf(randn(2))", ".item() computes it here"},
    {"def f(x):\n    return x[0] == x[1]\nf(randn(2))", ".item() computes it here"},
    {"x = randn(2, 3)\nmax(x)", "takes the larger of each two"},
    {"x = randn(2, 3)\nx[2]", "index 2 is outside axis 0, which has 2 elements"},
    {"x = randn(2, 3)\nx[0, 0, 0]", "3 indices are too many for shape (2, 3)"},
    {"x = randn(2, 3)\nx[1:1]", "this slice of shape (2, 3) takes nothing from axis 0, of 2"},
    {"x = randn(2, 3)\nx[..., ...]", "a second ... has no meaning"},
    {"x = randn(2, 3)\nx[[0, 1]]", "by whole numbers and slices, not by a list"},
    {"x = randn(2, 3)\nx @ randn(4, 3)", "with .T behind the second one they fit"},
    {"x = randn(2, 3)\nx.sum(axis=2)", "an axis is a whole number from 0 to 1"},
    {"x = randn(2, 3)\nx.backward()", ":jacobian shows the gradients"},
    {"x = randn(2, 3)\nx.flaten()", "did you mean `flatten`?"},
    {"x = randn(2, 3)\nconcatenate((x, randn(2, 4)))", "join does not fit shapes (2, 3) and (2, 4)"},
    {"x = randn(2, 3)\nfloat(x)", "x[0, 1] is one of its numbers"},
    {"x = randn(2, 3)\nx.item()", "item() is of one number, not of shape (2, 3)"},
    {"s = 'ab'\nfor i in range(60): s = s + s", "64 bytes count as a step"},
    {"s = [1]\nfor i in range(60): s += s", "raise the limit with :set steps"},
    {"s = [1]\nfor i in range(60): s.extend(s)", "raise the limit with :set steps"},
    {"s = 'a'*10000000\nt = s*10000000", "64 bytes count as a step"},
    {"a = [[1, 2]]\na[0, 1]", "write a[i][j]"},
    {"[1, 2] @ [1, 2]", "a number is needed here, not a list"},
    {"array([1]) + 'a'", "a string is needed here"},
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
        environment_set_options(r.environment, (struct environment_options){.steps = 1000000});
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
