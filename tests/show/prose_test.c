// Prose and formulas: what a text becomes in a terminal and in a scene, line breaks, mistakes, limits.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/export.h"
#include "show/formula.h"
#include "show/prose.h"

#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

// ---- formulas -----------------------------------------------------------------------------------------------------

static void assert_formula_told(const char *source, const char *text, const char *message) {
    struct arena *arena = arena_new();
    struct buffer told = {0}, out = {0};
    struct formula *formula = formula_read(arena, source, strlen(source), &told, NULL);
    assert_non_null(formula);
    formula_text(formula, &out);
    assert_string_equal(buffer_string(&out), text);
    assert_string_equal(buffer_string(&told), message);
    buffer_free(&told);
    buffer_free(&out);
    arena_free(arena);
}

static void assert_formula(const char *source, const char *text) { assert_formula_told(source, text, ""); }

static void formulas_are_read(void **state) {
    (void)state;
    assert_formula("x", "x");
    assert_formula("", "");
    assert_formula("a+b=-c", "a + b = −c");
    assert_formula("x_1^2", "x₁²");
    assert_formula("x^2_1", "x₁²");
    assert_formula("x_{ij}", "xᵢⱼ");
    assert_formula("x_{uv}", "x_{uv}");
    assert_formula("e^{-x^2}", "e^{−x²}");
    assert_formula("\\frac{\\partial y}{\\partial x_1}", "∂y/∂x₁");
    assert_formula("\\frac{a+b}{2}", "(a + b)/2");
    assert_formula("\\frac12", "1/2");
    assert_formula("x^12", "x¹2"); // as in TeX
    assert_formula("\\sum_{i=1}^{n} x_i", "∑_{i=1}ⁿ xᵢ");
    assert_formula("a \\cdot b \\times c \\to d \\in E", "a · b × c → d ∈ E");
    assert_formula("\\bar{x} \\hat\\theta \\overline{ab}", "x\xCC\x84θ\xCC\x82(ab)\xCC\x84");
    assert_formula("\\sqrt{2}", "√(2)");
    assert_formula("\\left( \\frac{a}{b} \\right]", "(a/b]");
    assert_formula("f(x, y)", "f(x, y)");
    assert_formula("\\sin x", "sin x");
    assert_formula("\\alpha\\beta\\Gamma\\Omega", "αβΓΩ");
    assert_formula("\\text{all paths}", "all paths");
    assert_formula("f'", "f′");
    assert_formula("_1", "₁");
    assert_formula("θ", "θ");
}

static void what_formulas_do_not_know_is_told(void **state) {
    (void)state;
    assert_formula_told("\\foo{x}+\\foo y", "\\foo{x} + \\fooy", "\\foo is unknown");
    assert_formula_told("\\foo\\bat", "\\foo\\bat", "\\foo is unknown; \\bat is unknown");
    assert_formula_told("\\frac{a}", "a/", "a formula ends too early");
    assert_formula_told("{a", "a", "a { has no }");
    assert_formula_told("a}b", "ab", "a } has no {");
    assert_formula_told("x_", "x", "a formula ends too early");
    assert_formula_told("\\left( x", "(x", "a \\left has no \\right");
    assert_formula_told("\\", "\\", "\\ is unknown");
}

static struct formula_extent measured(const char *source, bool display) {
    struct arena *arena = arena_new();
    struct buffer told = {0};
    struct formula_extent extent =
        formula_measure(formula_read(arena, source, strlen(source), &told, NULL), 10, display);
    buffer_free(&told);
    arena_free(arena);
    return extent;
}

static void displayed_formulas_stack_their_limits(void **state) {
    (void)state;
    struct formula_extent in = measured("\\sum_{i=1}^{n}", false), out = measured("\\sum_{i=1}^{n}", true);
    assert_true(out.ascent + out.descent > in.ascent + in.descent + 5);
    struct formula_extent letter = measured("x", false), fraction = measured("\\frac{x}{y}", true);
    assert_true(fraction.ascent + fraction.descent > 2 * (letter.ascent + letter.descent));
    assert_true(measured("a=b", false).width > measured("ab", false).width + 4);
    assert_true(measured("x_{a=b}", false).width < measured("xa=b", false).width);
}

static void formulas_are_limited_in_depth(void **state) {
    (void)state;
    struct arena *arena = arena_new();
    struct buffer told = {0}, source = {0};
    struct error error = {0};
    for (int i = 0; i < 100000; i++) buffer_text(&source, "{");
    assert_null(formula_read(arena, source.data, source.size, &told, &error));
    assert_int_equal(error.kind, ERROR_LIMIT);
    assert_string_equal(error.message, "a formula is nested more than 64 deep");
    buffer_clear(&source);
    for (int i = 0; i < 100000; i++) buffer_text(&source, "_x^y"); // beside each other, not within
    assert_non_null(formula_read(arena, source.data, source.size, &told, NULL));
    buffer_free(&told);
    buffer_free(&source);
    arena_free(arena);
}

// ---- for a terminal -----------------------------------------------------------------------------------------------

static void assert_columns(const char *source, int columns, bool ansi, const char *text) {
    struct buffer out = {0};
    struct error error = {0};
    if (!prose_text(source, strlen(source), columns, ansi, &out, NULL, &error)) fail_msg("%s", error.message);
    assert_string_equal(buffer_string(&out), text);
    buffer_free(&out);
}

static void assert_printed(const char *source, const char *text) { assert_columns(source, 40, false, text); }

static void texts_are_printed(void **state) {
    (void)state;
    assert_printed("", "");
    assert_printed("one\ntwo", "one two\n");
    assert_printed("one  \ntwo\n\nthree", "one\ntwo\n\nthree\n");
    assert_printed("# Title\n## Part\n### Small\ntext", "Title\n═════\n\nPart\n────\n\nSmall\n\ntext\n");
    assert_printed("some *slanted* **bold** `code` here", "some slanted bold `code` here\n");
    assert_printed("- a\n- b\n  - c\n- d", "  • a\n  • b\n      ◦ c\n  • d\n");
    assert_printed("9. a\n10. b", " 9. a\n10. b\n");
    assert_printed("- a\n\n- b", "  • a\n\n  • b\n");
    assert_printed("- \n- - b", "  •\n  •\n      ◦ b\n");
    assert_printed("> a\n> b\n>\n> > c", "│ a b\n│\n│ │ c\n");
    assert_printed("```\nif x:\n\treturn $1$\n```", "    if x:\n    \treturn $1$\n");
    assert_printed("***", "────────────────────────────────────────\n");
    assert_printed("[text](http://a.b/$c$)", "text\n→ http://a.b/$c$\n");
    assert_printed("![a graph](x.png)", "a graph\n");
    assert_printed("<b>bold</b>", "<b>bold</b>\n");
    assert_columns("a **b** *c* `d`", 40, true,
                   "a \033[0m\033[1mb\033[0m \033[0m\033[3mc\033[0m \033[0m\033[36md\033[0m\n");
}

static void formulas_stand_in_texts(void **state) {
    (void)state;
    assert_printed("the sum $x_1 + x_2$, *and* $a*b*c$", "the sum x₁ + x₂, and a ∗ b ∗ c\n");
    assert_printed("It costs $5 and $6, or \\$7.", "It costs $5 and $6, or $7.\n");
    assert_printed("`$x_1$` is $x_1$", "`$x_1$` is x₁\n");
    assert_printed("so\n$$\na = b\n$$\nand on", "so\n\n    a = b\n\nand on\n");
    assert_printed("$$a$$", "    a\n");
    assert_printed("> $$\n> a\n> > b\n> $$", "│     a > b\n");
    assert_printed("- $$a$$", "  •     a\n");
    assert_printed("$$a\n\nb$$", "$$a\n\nb$$\n");
    assert_printed("# On $x^2$", "On x²\n═════\n");
    assert_printed("$$$$ $$", "$$$$ $$\n");
    assert_printed("a $ b $ c", "a $ b $ c\n");
}

static void lines_are_wrapped(void **state) {
    (void)state;
    assert_columns("aaaa bbbb cccc dddd eeee ffff", 20, false, "aaaa bbbb cccc dddd\neeee ffff\n");
    assert_columns("aaaaaaaaaaaaaaaaaaaaaaaaabbbbb c", 20, false, "aaaaaaaaaaaaaaaaaaaa\naaaaabbbbb c\n");
    assert_columns("aaaa bbbb cccc **dd**dd,eeee ff", 20, false, "aaaa bbbb cccc\ndddd,eeee ff\n"); // not within a word
    assert_columns("θθθθθθθθθθθθθθθθθθθθθθθθθ", 20, false, "θθθθθθθθθθθθθθθθθθθθ\nθθθθθ\n");
    assert_columns("- aaaa bbbb cccc dddd", 20, false, "  • aaaa bbbb cccc\n    dddd\n");
    assert_columns("a b", 1, false, "a b\n"); // 20 is the least
}

static void terminals_are_not_controlled(void **state) {
    (void)state;
    assert_printed("a\033[31mb &#27;[2J \xC2\x9B \xE2\x80\xAE `\a` $\b$",
                   "a\xEF\xBF\xBD[31mb \xEF\xBF\xBD[2J \xEF\xBF\xBD "
                   "\xEF\xBF\xBD `\xEF\xBF\xBD` \xEF\xBF\xBD\n");
    assert_printed("\xEE\x80\x80"
                   "0\xEE\x80\x81 $x$",
                   "\xEF\xBF\xBD"
                   "0\xEF\xBF\xBD x\n"); // what stands for formulas inside
    assert_printed("&#xE000;7&#xE001; b", "b\n");
}

// ---- scenes -------------------------------------------------------------------------------------------------------

static const char lesson[] =
    "# A *title*\n\nA paragraph with `code`, [a link](http://a.b) and $x_1^2$.\n\n"
    "> quoted\n\n1. one\n2. two\n\n```\n  code *here*\n```\n\n"
    "$$\\sum_{i=1}^{n} \\frac{a_i}{\\sqrt{b_i}} + \\hat{\\theta} + \\left( x \\right)$$\n\n---\n";

static void draw(const char *text, const struct prose_look *look, struct scene *scene, char message[256]) {
    struct error error = {0};
    if (!prose_scene(text, strlen(text), look, scene, message, &error)) fail_msg("%s", error.message);
}

static const struct scene_item *find_text(const struct scene *scene, const char *text) {
    for (size_t i = 0; i < scene->count; i++)
        for (uint32_t j = 0; j < scene->item[i].run_count; j++)
            if (strcmp(scene->item[i].run[j].text, text) == 0) return &scene->item[i];
    return NULL;
}

static size_t count_groups(const struct scene *scene, const char *title) {
    size_t n = 0;
    for (size_t i = 0; i < scene->count; i++)
        n += scene->item[i].kind == SCENE_GROUP && scene->item[i].title && strcmp(scene->item[i].title, title) == 0;
    return n;
}

static void a_scene_owns_the_whole_text(void **state) {
    (void)state;
    struct prose_look look = {0};
    struct scene scene;
    struct buffer svg = {0};
    char message[256];
    draw(lesson, &look, &scene, message);
    assert_string_equal(message, "");
    assert_string_equal(scene.title, "A title");
    assert_string_equal(scene.description, "A paragraph with code, a link and x₁².");
    assert_int_equal(count_groups(&scene, "http://a.b"), 1);
    assert_int_equal(count_groups(&scene, "code"), 1);
    const struct scene_item *code = find_text(&scene, "code *here*"), *heading = find_text(&scene, "title");
    assert_non_null(code);
    assert_int_equal(code->font, FONT_MONO);
    assert_non_null(heading);
    assert_true(heading->run[0].bold && heading->run[1].italic && heading->size > 1.5 * code->size);
    assert_non_null(find_text(&scene, "∑"));
    assert_true(export_find("picture.svg", NULL)->write_scene(&scene, NULL, &svg, NULL));
    buffer_free(&svg);
    scene_clear(&scene);
}

static void nothing_leaves_the_page(void **state) {
    (void)state;
    for (int theme = 0; theme < THEME_COUNT; theme++)
        for (double width = 160; width < 1500; width *= 2)
            for (double scale = 1; scale < 4; scale *= 2) {
                struct prose_look look = {(enum theme)theme, width, scale};
                struct scene scene;
                double x0, y0, x1, y1;
                if (width < 150 * scale) continue;
                draw(lesson, &look, &scene, NULL);
                scene_bounds(&scene, &x0, &y0, &x1, &y1);
                assert_true(x0 >= 0 && y0 >= 0 && x1 <= scene.width && y1 <= scene.height);
                assert_near(scene.width, width, 1e-9);
                scene_clear(&scene);
            }
}

static double height_of(const char *text, double width, double scale) {
    struct prose_look look = {THEME_LIGHT, width, scale};
    struct scene scene;
    draw(text, &look, &scene, NULL);
    double height = scene.height;
    scene_clear(&scene);
    return height;
}

static void narrow_pages_and_large_type_are_longer(void **state) {
    (void)state;
    assert_true(height_of("one two three four five six seven eight nine ten", 100, 1) > height_of("one", 100, 1));
    assert_true(height_of(lesson, 600, 2) > 1.5 * height_of(lesson, 600, 1));
}

static void lines_stay_in_their_column(void **state) {
    (void)state;
    struct prose_look look = {THEME_LIGHT, 300, 1};
    struct scene scene;
    struct buffer text = {0};
    for (int i = 0; i < 200; i++) buffer_printf(&text, "word%d *slant*ed `co de` $x_%d$ ", i, i);
    draw(buffer_string(&text), &look, &scene, NULL);
    double x0, y0, x1, y1;
    scene_bounds(&scene, &x0, &y0, &x1, &y1);
    assert_true(x1 <= 300 - 20);
    assert_true(x1 > 240);
    scene_clear(&scene);
    buffer_free(&text);
}

static void unknown_commands_are_told_once(void **state) {
    (void)state;
    struct prose_look look = {0};
    struct scene scene;
    char message[256];
    draw("$\\foo$ and $\\foo + \\baz$", &look, &scene, message);
    assert_string_equal(message, "\\foo is unknown; \\baz is unknown");
    scene_clear(&scene);
}

// ---- limits -------------------------------------------------------------------------------------------------------

static void assert_refused(const struct buffer *text, enum error_kind kind, const char *message) {
    struct prose_look look = {0};
    struct scene scene;
    struct buffer out = {0};
    struct error error = {0};
    assert_false(prose_scene(text->data, text->size, &look, &scene, NULL, &error));
    assert_int_equal(error.kind, kind);
    assert_string_equal(error.message, message);
    assert_int_equal(scene.count, 0);
    error_clear(&error);
    assert_false(prose_text(text->data, text->size, 80, false, &out, NULL, &error));
    assert_int_equal(error.kind, kind);
    buffer_free(&out);
}

static void repeat(struct buffer *out, const char *text, int times) {
    buffer_clear(out);
    for (int i = 0; i < times; i++) buffer_text(out, text);
}

static void limits_are_told(void **state) {
    (void)state;
    struct buffer text = {0};
    repeat(&text, ">", 65);
    buffer_text(&text, " a");
    assert_refused(&text, ERROR_LIMIT, "the text is nested more than 64 deep");
    repeat(&text, "- ", 65);
    buffer_text(&text, " a");
    assert_refused(&text, ERROR_LIMIT, "the text is nested more than 64 deep");
    repeat(&text, "*a **a ", 40);
    for (int i = 0; i < 40; i++) buffer_text(&text, " a** a*");
    assert_refused(&text, ERROR_LIMIT, "the text is nested more than 64 deep");
    repeat(&text, "a", PROSE_LONGEST + 1);
    assert_refused(&text, ERROR_LIMIT, "the text is 1048577 bytes long; 1048576 is the most");
    repeat(&text, "a", 1);
    buffer_add(&text, "\0", 1);
    assert_refused(&text, ERROR_FILE, "the text looks like a binary file (it contains zero bytes)");
    buffer_free(&text);
    struct prose_look narrow = {THEME_LIGHT, 10, 1};
    struct scene scene;
    struct error error = {0};
    assert_false(prose_scene("a", 1, &narrow, &scene, NULL, &error));
    assert_int_equal(error.kind, ERROR_USAGE);
}

static void assert_drawn(const struct buffer *text) {
    struct prose_look look = {0};
    struct scene scene;
    struct buffer out = {0};
    struct error error = {0};
    if (!prose_scene(text->data, text->size, &look, &scene, NULL, &error)) fail_msg("%s", error.message);
    if (!prose_text(text->data, text->size, 80, true, &out, NULL, &error)) fail_msg("%s", error.message);
    scene_clear(&scene);
    buffer_free(&out);
}

static void large_texts_are_drawn(void **state) {
    (void)state;
    struct buffer text = {0};
    repeat(&text, ">", 60); // deep, but allowed
    buffer_text(&text, " a\n\n");
    assert_drawn(&text);
    repeat(&text, "a", 200000); // one word
    assert_drawn(&text);
    repeat(&text, "`a` $x$ *b* ", 5000); // one paragraph
    assert_drawn(&text);
    repeat(&text, "a\n\n", 20000);
    assert_drawn(&text);
    repeat(&text, "$", 10000);
    assert_drawn(&text);
    repeat(&text, "$$ `", 10000);
    assert_drawn(&text);
    buffer_free(&text);
}

static void interrupts_end_reading(void **state) {
    (void)state;
    struct error error = {0};
    struct buffer out = {0};
    task_interrupt();
    assert_false(prose_text(lesson, sizeof lesson - 1, 80, false, &out, NULL, &error));
    assert_int_equal(error.kind, ERROR_INTERRUPT);
    task_begin();
    buffer_free(&out);
}

static void memory_may_run_out(void **state) {
    (void)state;
    struct prose_look look = {0};
    struct scene scene;
    size_t n = 1;
    draw(lesson, &look, &scene, NULL); // texts are measured once and kept
    scene_clear(&scene);
    for (bool ok = false; !ok; n++) {
        struct error error = {0};
        mem_fail_after(n);
        ok = prose_scene(lesson, sizeof lesson - 1, &look, &scene, NULL, &error);
        mem_fail_after(0);
        assert_true(ok || error.kind == ERROR_MEMORY);
        scene_clear(&scene);
    }
    assert_true(n > 100);
    for (bool ok = (n = 1, false); !ok; n++) {
        struct error error = {0};
        struct buffer out = {0};
        mem_fail_after(n);
        ok = prose_text(lesson, sizeof lesson - 1, 40, false, &out, NULL, &error);
        mem_fail_after(0);
        assert_true(ok || error.kind == ERROR_MEMORY);
        buffer_free(&out);
    }
    assert_true(n > 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas_are_read),
        cmocka_unit_test(what_formulas_do_not_know_is_told),
        cmocka_unit_test(displayed_formulas_stack_their_limits),
        cmocka_unit_test(formulas_are_limited_in_depth),
        cmocka_unit_test(texts_are_printed),
        cmocka_unit_test(formulas_stand_in_texts),
        cmocka_unit_test(lines_are_wrapped),
        cmocka_unit_test(terminals_are_not_controlled),
        cmocka_unit_test(a_scene_owns_the_whole_text),
        cmocka_unit_test(nothing_leaves_the_page),
        cmocka_unit_test(narrow_pages_and_large_type_are_longer),
        cmocka_unit_test(lines_stay_in_their_column),
        cmocka_unit_test(unknown_commands_are_told_once),
        cmocka_unit_test(limits_are_told),
        cmocka_unit_test(large_texts_are_drawn),
        cmocka_unit_test(interrupts_end_reading),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
