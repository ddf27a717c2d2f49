// The table of commands, and texts cut into pieces.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/command.h"
#include "app/pieces.h"
#include "app/settings.h"
#include "lang/builtin.h"

static void short_names_are_frozen(void **state) {
    (void)state;
    static const char *const letters[][2] = {{"g", "graph"}, {"l", "lcg"},  {"p", "paths"}, {"j", "jacobian"},
                                             {"w", "walk"},  {"n", "next"}, {"b", "back"},  {"e", "export"},
                                             {"u", "undo"},  {"h", "help"}, {"q", "quit"}};
    size_t count = 0;
    for (size_t i = 0; i < command_count; i++) count += command_table[i].letter != NULL;
    assert_int_equal(count, sizeof letters / sizeof *letters);
    for (size_t i = 0; i < count; i++) {
        const struct command *command = command_find(letters[i][0], false, NULL);
        assert_non_null(command);
        assert_string_equal(command->name, letters[i][1]);
    }
}

static void names_are_found_by_prefix_only_at_the_prompt(void **state) {
    (void)state;
    struct error error = {0};
    assert_string_equal(command_find("jac", true, NULL)->name, "jacobian");
    assert_null(command_find("jac", false, NULL));
    assert_null(command_find("des", false, NULL));
    assert_null(command_find("re", true, &error));
    assert_string_equal(error.message,
                        "`:re` can be several commands: :resume, :reactor, :review, :recover, :redo, :reset");
    error_clear(&error);
    assert_null(command_find("jacobain", true, &error));
    assert_string_equal(error.hint, "did you mean `:jacobian`?");
}

static void every_name_has_help_with_an_example(void **state) {
    (void)state;
    struct buffer text = {0}, man = {0}, usage = {0};
    struct error error = {0};
    command_man(&man);
    command_usage(&usage);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *c = &command_table[i];
        buffer_clear(&text);
        command_help(&text, c->name, false, &error);
        assert_int_equal(error.kind, ERROR_NONE);
        assert_true(c->example[0] == ':');
        char line[80];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(c->example, "\n"), c->example);
        assert_non_null(strstr(buffer_string(&text), line));
        snprintf(line, sizeof line, "%.*s", (int)strcspn(c->help, " ,:"), c->help); // the rest is wrapped
        assert_non_null(strstr(buffer_string(&text), line));
        assert_non_null(strstr(buffer_string(&usage), c->summary));
        assert_non_null(strstr(buffer_string(&man), c->name));
    }
    for (int op = OP_FIRST_ROW; op < OP_COUNT; op++) {
        buffer_clear(&text);
        command_help(&text, op_table[op].name, false, &error);
        assert_int_equal(error.kind, ERROR_NONE);
        assert_non_null(strstr(buffer_string(&text), op_table[op].example));
    }
    for (size_t i = 0; i < builtin_count + setting_count; i++) {
        buffer_clear(&text);
        command_help(&text, i < builtin_count ? builtin_table[i].name : setting_table[i - builtin_count].name, false,
                     &error);
        assert_int_equal(error.kind, ERROR_NONE);
        assert_true(text.size > 10);
    }
    command_help(&text, "nothing_of_the_kind", false, &error);
    assert_int_equal(error.kind, ERROR_NAME);
    buffer_free(&text);
    buffer_free(&man);
    buffer_free(&usage);
}

// Each row: a text, and its pieces with their first lines, separated by "|".
static const char *const cuts[][2] = {
    {"x = 1\ny = 2\n", "1:x = 1|2:y = 2"},
    {"\n# a comment\n\nx = 1  # another\n", "4:x = 1  # another"},
    {"def f(x):\n    a = x\n\n    return a\n\nf(1)\n", "1:def f(x):\n    a = x\n\n    return a|6:f(1)"},
    {"if x:\n    y\nelse:\n    z\nw", "1:if x:\n    y\nelse:\n    z|5:w"},
    {"f(1)\n:paths\n:jacobian forward\nx", "1:f(1)|2::paths|3::jacobian forward|4:x"},
    {"x = [1,\n2,\n]\ny", "1:x = [1,\n2,\n]|4:y"},
    {"x = '''a\n:not a command\n'''\ny", "1:x = '''a\n:not a command\n'''|4:y"},
    {"x = \"(\"\ny", "1:x = \"(\"|2:y"},
    {"x = 1 + \\\n2\ny", "1:x = 1 + \\\n2|3:y"},
    {"x = (1 + # ( in a comment\n  2)\ny", "1:x = (1 + # ( in a comment\n  2)|3:y"},
    {"x = (1\n:paths\ny", "1:x = (1|2::paths|3:y"},
    {"a; b\nc", "1:a; b|2:c"},
    {"", ""},
};

static void texts_are_cut_at_top_level_statements(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct pieces pieces = {cuts[i][0], cuts[i][0] + strlen(cuts[i][0]), 1};
        struct piece piece;
        struct buffer found = {0};
        while (pieces_next(&pieces, &piece)) {
            buffer_printf(&found, "%s%u:", found.size ? "|" : "", piece.line);
            buffer_add(&found, piece.text, piece.size);
            assert_int_equal(piece.command, piece.text[0] == ':');
        }
        assert_string_equal(buffer_string(&found), cuts[i][1]);
        buffer_free(&found);
    }
}

static void a_forgotten_bracket_stays_in_its_line(void **state) {
    (void)state;
    static const char text[] = "x = (1 +\ny = 2\nz";
    struct pieces pieces = {text, text + sizeof text - 1, 1};
    struct piece piece;
    assert_true(pieces_next(&pieces, &piece) && piece.resume);
    pieces_resume(&pieces, &piece);
    assert_int_equal(piece.size, strlen("x = (1 +\n"));
    assert_true(pieces_next(&pieces, &piece));
    assert_int_equal(piece.line, 2);
    assert_true(pieces_next(&pieces, &piece));
    assert_int_equal(piece.line, 3);
    assert_false(pieces_next(&pieces, &piece));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_names_are_frozen),
        cmocka_unit_test(names_are_found_by_prefix_only_at_the_prompt),
        cmocka_unit_test(every_name_has_help_with_an_example),
        cmocka_unit_test(texts_are_cut_at_top_level_statements),
        cmocka_unit_test(a_forgotten_bracket_stays_in_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
