// Mistakes, row by row: the program, where the message points, and what it says.
#include "running.h"

struct row {
    const char *program;
    uint32_t line, column;
    const char *message;
};

#define NOT_HERE " is not part of bauer's subset of Python"

static const struct row mistakes[] = {
    {"x = (1 + 2", 1, 5, "this bracket is not closed"},
    {"x = 1 +", 1, 8, "an expression is missing here"},
    {"x = = 2", 1, 5, "an expression was expected here, not `=`"},
    {"def f(x)\n    return x", 1, 9, "`:` is missing here"},
    {"def f(x):\nreturn x", 2, 1, "an indented block is expected here"},
    {"  x = 1", 1, 3, "this line is indented, but no block begins here"},
    {"if 1:\n    x = 1\n  y = 2", 3, 3, "this line's indentation fits no block above it"},
    {"x = 'abc", 1, 5, "this string is not closed"},
    {"x = 2y", 1, 6, "a name cannot follow a number directly"},
    {"x = 2 $ 3", 1, 7, "this character is not part of the language"},
    {"1 = x", 1, 1, "this cannot be assigned to"},
    {"return 1", 1, 1, "`return` outside a function"},
    {"break", 1, 1, "`break` outside a loop"},
    {"def f(a, a):\n    return a", 1, 10, "two parameters have this name"},
    {"def f(a=1, b):\n    return a", 1, 12, "a parameter without a default follows one with a default"},
    {"if x = 1:\n    pass", 1, 6, "`=` assigns; a comparison is =="},
    {"f(a=1, 2)", 1, 8, "a positional argument follows a keyword argument"},
    {"f\"}\"", 1, 3, "a } stands alone in this f-string"},
    {"f\"{1}}\"", 1, 6, "a } stands alone in this f-string"},
    {"f\"{1 +}\"", 1, 4, "this part of the f-string is not an expression"},
    {"f\"{(1}\"", 1, 3, "this { of the f-string is not closed"},
    {"f\"{x\"", 1, 3, "this { of the f-string is not closed"},
    {"f\"{}\"", 1, 3, "an expression is missing between the braces"},
    {"x = (1]", 1, 7, "`)` was expected here, not `]`"},
    {"x = )", 1, 5, "an expression was expected here, not `)`"},
    {"x = 3 4", 1, 7, "the end of the line was expected here, not `4`"},
    {"print \"a\"", 1, 7, "the end of the line was expected here, not `\"a\"`"},
    {"x = 1.2.3", 1, 8, "the end of the line was expected here, not `.3`"},
    {"x = 0x", 1, 5, "digits are missing"},
    {"x = 1 if 2", 1, 11, "`else` is missing here"},
    {"if x == 1", 1, 10, "`:` is missing here"},
    {"def f(x): ", 1, 11, "the indented block is missing"},
    {"def (x): return x", 1, 5, "the function's name was expected here, not `(`"},
    {"def f(1): return 1", 1, 7, "a parameter's name was expected here, not `1`"},
    {"for i range(3): pass", 1, 7, "`in` was expected here, not `range`"},
    {"[i for i x]", 1, 10, "`in` was expected here, not `x`"},
    {"else: pass", 1, 1, "an expression was expected here, not `else`"},
    {"from math", 1, 10, "`import` is missing here"},
    {"import math as", 1, 15, "a name is missing here"},
    {"f(1,,2)", 1, 5, "an expression was expected here, not `,`"},
    {"None = 1", 1, 1, "this cannot be assigned to"},
    {"(a + b) = 3", 1, 1, "this cannot be assigned to"},
    {"f(x) = 3", 1, 1, "this cannot be assigned to"},
    {"if 1: break", 1, 7, "`break` outside a loop"},
    {"continue", 1, 1, "`continue` outside a loop"},
    {"x = 1 ^ 2", 1, 7, "this character is not part of the language"},
    {"x && y", 1, 3, "this character is not part of the language"},
    {"def f():\n    pass\n    x = 1\n      y = 2", 4, 7, "this line is indented, but no block begins here"},
    // what Python has and bauer has not
    {"class A:\n    pass", 1, 1, "class" NOT_HERE},
    {"try:\n    x = 1\nexcept:\n    pass", 1, 1, "try" NOT_HERE},
    {"with a:\n    pass", 1, 1, "with" NOT_HERE},
    {"def f(x):\n    yield x", 2, 5, "yield" NOT_HERE},
    {"global x", 1, 1, "global" NOT_HERE},
    {"del x", 1, 1, "del" NOT_HERE},
    {"x = {1: 2}", 1, 5, "a dict or set" NOT_HERE},
    {"a, *b = [1, 2]", 1, 4, "a starred expression" NOT_HERE},
    {"x = 3j", 1, 5, "complex numbers are not part of bauer's subset of Python"},
    {"x = b'a'", 1, 5, "a bytes literal" NOT_HERE},
    {"a = [1, 2]\na[0:1] = [3]", 2, 1, "assigning to a slice" NOT_HERE},
    {"import os", 1, 8, "there is no module `os` here"},
    {"x = (y := 3)", 1, 8, ":=" NOT_HERE},
    {"async def f(): pass", 1, 1, "async" NOT_HERE},
    {"await x", 1, 1, "await" NOT_HERE},
    {"nonlocal x", 1, 1, "nonlocal" NOT_HERE},
    {"raise 1", 1, 1, "raise" NOT_HERE},
    {"finally: pass", 1, 1, "finally" NOT_HERE},
    {"except: pass", 1, 1, "except" NOT_HERE},
    {"def f(x):\n    global y\n    return x", 2, 5, "global" NOT_HERE},
    {"x = {1, 2}", 1, 5, "a dict or set" NOT_HERE},
    {"print(*[1])", 1, 7, "a starred expression" NOT_HERE},
    {"def f(*a):\n    return 1", 1, 7, "a starred parameter" NOT_HERE},
    {"def f(**k):\n    return 1", 1, 7, "a ** parameter" NOT_HERE},
    {"f(**k)", 1, 3, "** before an argument" NOT_HERE},
    {"@dec\ndef f(x):\n    return x", 1, 1, "@ here" NOT_HERE},
    {"a.b = 3", 1, 1, "assigning to an attribute" NOT_HERE},
    // names, kinds, counts
    {"y = undefined + 1", 1, 5, "`undefined` is not defined"},
    {"def f(x):\n    y = z\n    z = x\n    return y\n\nf(1)", 2, 9,
     "`z` is used before it has a value in this function"},
    {"sin(1, 2)", 1, 1, "sin takes 1 argument, 2 given"},
    {"def f(a, b):\n    return a\n\nf(1)", 4, 1, "f takes 2 arguments, 1 given"},
    {"def f(a, b=1):\n    return a\n\nf()", 4, 1, "f takes 1 to 2 arguments, 0 given"},
    {"def f(a):\n    return a\n\nf(b=1)", 4, 5, "f has no parameter `b`"},
    {"[1, 2][2]", 1, 8, "index 2 is outside the list, which has 2 elements"},
    {"[1, 2] - 1", 1, 1, "a number is needed here, not a list"},
    {"a, b = 1, 2, 3", 1, 1, "there are 2 names here for 3 values"},
    {"for i in 3:\n    pass", 1, 10, "a list is needed here, not a number"},
    {"range(1.5)", 1, 7, "a whole number is needed here"},
    {"assert 1 > 2", 1, 8, "the assertion does not hold"},
    {"sine(1)", 1, 1, "`sine` is not defined"},
    {"x = 1; x(2)", 1, 8, "a number cannot be called"},
    {"x = 1; x[0]", 1, 8, "a list is needed here, not a number"},
    {"[1][0.5]", 1, 5, "an index is a whole number, not 0.5"},
    {"range(3)[5]", 1, 10, "index 5 is outside the list, which has 3 elements"},
    {"a = (1, 2); a[0] = 1", 1, 13, "only an element of a list can be assigned, not of a tuple"},
    {"[1, 2, 3][::0]", 1, 13, "a slice's step is a whole number, not 0"},
    {"range(1, 2, 0)", 1, 13, "the step of a range cannot be 0"},
    {"max([])", 1, 1, "an empty list has no max"},
    {"[].pop()", 1, 1, "the list is empty"},
    {"[1].append()", 1, 1, "append takes one argument"},
    {"[1].foo()", 1, 1, "lists have no method `foo` here"},
    {"len(3)", 1, 5, "a list is needed here, not a number"},
    {"1 < \"a\"", 1, 5, "a number is needed here, not a string"},
    {"max(1, \"a\")", 1, 8, "a number is needed here, not a string"},
    {"log(\"a\")", 1, 5, "a number is needed here, not a string"},
    {"2*sin(\"a\")", 1, 7, "a number is needed here, not a string"},
    {"1 - \"a\"", 1, 5, "a number is needed here, not a string"},
    {"-\"a\"", 1, 2, "a number is needed here, not a string"},
    {"a, (b, c) = 1, 2", 1, 4, "a list is needed here, not a number"},
    {"sin(x=1)", 1, 1, "sin takes no keyword arguments"},
    {"math.foo", 1, 1, "`foo` is not among the functions that bauer knows"},
    {"2 @ 3", 1, 1, "@ multiplies matrices; between numbers it is *"},
    {"f\"{1:q}\"", 1, 6, "the format `q` is not known"},
    {"def f(a, b):\n    return a\n\nf(1, a=2)", 4, 8, "the parameter `a` is given twice"},
    // domains
    {"x = 2\ny = x/(x - 2)", 2, 5, "division by zero: x = 2 / 0"},
    {"def f(x):\n    u = x - 3\n    return log(u)\n\nf(1)", 3, 12, "logarithm of a negative number: log(u = -2)"},
    {"1//0", 1, 1, "division by zero: 1 // 0"},
    {"1%0", 1, 1, "remainder of a division by zero: 1 % 0"},
    {"0**-1", 1, 1, "zero to a negative power: 0 ** -1"},
    {"log(0)", 1, 1, "logarithm of zero: log(0)"},
    {"asin(2)", 1, 1, "arc sine of a number outside [-1, 1]: asin(2)"},
    // u is another name of the vertex x, which keeps its first one
    {"def g(u):\n    return sqrt(u)\n\ndef f(x):\n    return 1 + g(x)\n\nf(-4)", 2, 12,
     "square root of a negative number: sqrt(x = -4)"},
    {"sqrt(-1)", 1, 1, "square root of a negative number: sqrt(-1)"},
    {"exp(1000)", 1, 1, "overflow: the result is over 1.8e308: exp(1000)"},
};

static void each_mistake_has_its_message_and_place(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const struct row *row = &mistakes[i];
        struct running r = running_new();
        if (running_run(&r, row->program)) fail_msg("%s\nruns", row->program);
        if (strcmp(r.error.message, row->message) != 0 || r.line != row->line || r.column != row->column)
            fail_msg("%s\nsays %u:%u %s\nnot  %u:%u %s", row->program, r.line, r.column, r.error.message, row->line,
                     row->column, row->message);
        running_free(&r);
    }
}

static void unfinished_text_asks_for_more(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool more;
    } rows[] = {{"x = 1", false},
                {"x = (1,", true},
                {"def f(x):", true},
                {"def f(x):\n    return x", true},
                {"def f(x):\n    return x\n\n", false},
                {"def f(x):\n    if x > 0:", true},
                {"'''abc", true},
                {"x = 1 + \\\n", true},
                {"x = = 1", false},
                {"for i in range(3): x = i", true},
                {"", false},
                {"if 1:\n    x = 1\n\n", false}};
    struct symbols *symbols = symbols_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (parse_wants_more(symbols, rows[i].text, strlen(rows[i].text)) != rows[i].more)
            fail_msg("%s\nshould %s", rows[i].text, rows[i].more ? "ask for more" : "be complete");
    symbols_free(symbols);
}

static void limits_say_how_to_raise_them(void **state) {
    (void)state;
    struct running r = running_new();
    environment_set_options(r.environment, (struct environment_options){.steps = 1000, .vertices = 500, .depth = 50});
    assert_false(running_run(&r, "n = 0\nwhile True:\n    pass"));
    assert_int_equal(r.error.kind, ERROR_LIMIT);
    assert_non_null(strstr(r.error.hint, ":set steps"));
    assert_false(running_run(&r, "x = 1\ny = sum([x*i for i in range(900)])"));
    assert_int_equal(r.error.kind, ERROR_LIMIT);
    assert_non_null(strstr(r.error.hint, ":set vertices"));
    assert_false(running_run(&r, "def f(x):\n    return f(x + 1)\n\nf(1)"));
    assert_int_equal(r.error.kind, ERROR_LIMIT);
    assert_non_null(strstr(r.error.hint, ":set depth"));
    must_run(&r, "1 + 1");
    running_free(&r);
}

static void an_interrupt_stops_a_loop(void **state) {
    (void)state;
    struct running r = running_new();
    task_interrupt();
    assert_false(running_run(&r, "while True:\n    pass"));
    assert_int_equal(r.error.kind, ERROR_INTERRUPT);
    task_begin();
    must_run(&r, "2 + 2");
    running_free(&r);
}

static void depth_does_not_exhaust_the_stack(void **state) {
    (void)state;
    struct running r = running_new();
    environment_set_options(r.environment, (struct environment_options){.depth = 1000000});
    assert_false(running_run(&r, "def f(x):\n    return f(x + 1) + 1\n\nf(1)"));
    assert_int_equal(r.error.kind, ERROR_LIMIT);
    struct buffer deep = {0};
    for (int i = 0; i < 100000; i++) buffer_char(&deep, '(');
    assert_false(running_run(&r, buffer_string(&deep)));
    buffer_clear(&deep);
    buffer_text(&deep, "x = 1");
    for (int i = 0; i < 50000; i++) buffer_text(&deep, " + 1"); // long is not deep
    must_run(&r, buffer_string(&deep));
    assert_string_equal(buffer_string(&r.shown), "50001");
    buffer_free(&deep);
    running_free(&r);
}

// Random changes to a program that works must never end the process.
static void garbled_programs_do_no_harm(void **state) {
    (void)state;
    static const char program[] =
        "import math\ndef g(v, k=2):\n    total = 0.0\n    for i, x in enumerate(v):\n"
        "        total += k*x**2 if x > 0 else -x\n    return total/len(v), [a*2 for a in v[1:]]\n\n"
        "x = 3\ny = x*math.sin(x) + max(x, 2)\nprint(f'{y:.2f}', [1, (2, 3)], not x)\ng([1, 2.5, -3])\n"
        "def h(f, /, x, *, n=2):\n    def go(k):\n        return f(x)*k if k else n\n    return go(3)\n"
        "print('%-5.*f|%s' % (2, x, [1]), '{:>{w}.2f} {0!r}{{'.format(y, w=9), f'{x=} {y!r:>{x}}', 'ab'*2, '\\101')\n"
        "a = 2*array([1, [2, 3]]); a += 1; c = a[1:] @ a[1:]; [1, 2] < [1]; [3, 4].pop(0)\n"
        "h(lambda z, k=2: z**k, 1.5)\n";
    static const char bits[] = "()[]{}:,.=+-*/%<>'\"\\\n\t fgxy0123456789#@!&|e_";
    uint64_t seed = 12345;
    for (int round = 0; round < 3000; round++) {
        char text[sizeof program];
        memcpy(text, program, sizeof program);
        for (int k = 0; k < 1 + round % 4; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[(seed >> 33) % (sizeof program - 1)] = bits[(seed >> 20) % (sizeof bits - 1)];
        }
        struct running r = running_new();
        environment_set_options(r.environment,
                                (struct environment_options){.steps = 2000, .vertices = 5000, .depth = 50});
        running_run(&r, text);
        running_free(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_message_and_place), cmocka_unit_test(unfinished_text_asks_for_more),
        cmocka_unit_test(limits_say_how_to_raise_them),           cmocka_unit_test(an_interrupt_stops_a_loop),
        cmocka_unit_test(depth_does_not_exhaust_the_stack),       cmocka_unit_test(garbled_programs_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
