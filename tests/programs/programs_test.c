// Programs as people write them: each .py file here runs through the built program, and its values and its Jacobian
// are those of expected.json, which Python and mpmath computed without bauer (./expect). The same calls, made through
// the library, match central finite differences of whole new traces.
//
//     programs_test BAUER FOLDER
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "graph/bauer.h"
#include "lang/environment.h"

static const char *bauer, *folder;

static void assert_near(double value, double expected, double scale, double tolerance, const char *what) {
    if (!(fabs(value - expected) <= tolerance * fmax(fabs(expected), scale))) {
        fail_msg("%s: %.17g instead of %.17g", what, value, expected);
    }
}

static double number(const json_t *array, size_t i) { return json_number_value(json_array_get(array, i)); }

// ---- through the program ------------------------------------------------------------------------------------------

// The answers to the file, the call and some commands: the last one of each kind, by kind.
static json_t *ask_bauer(const json_t *row) {
    char command[4096], line[65536];
    snprintf(command, sizeof command,
             "'%s' --json '%s/%s' -c '%s' -c :jacobian -c ':jacobian forward' -c ':jacobian greedy' -c :check", bauer,
             folder, json_string_value(json_object_get(row, "file")), json_string_value(json_object_get(row, "call")));
    json_t *answers = json_object();
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe)) {
        json_t *answer = json_loads(line, 0, NULL);
        if (!answer) fail_msg("not JSON: %s", line);
        char kind[64];
        const char *mode = json_string_value(json_object_get(answer, "mode"));
        snprintf(kind, sizeof kind, "%s%s%s", json_string_value(json_object_get(answer, "kind")), mode ? " " : "",
                 mode ? mode : "");
        json_object_set_new(answers, kind, answer);
    }
    assert_int_equal(pclose(pipe), 0);
    return answers;
}

// Each entry to 11 digits of the largest in its row, or of 1.
static void compare_jacobian(const json_t *answer, const json_t *expected) {
    const json_t *rows = json_object_get(answer, "values");
    assert_int_equal(json_array_size(rows), json_array_size(expected));
    for (size_t i = 0; i < json_array_size(expected); i++) {
        const json_t *got = json_array_get(rows, i), *want = json_array_get(expected, i);
        double scale = 1;
        assert_int_equal(json_array_size(got), json_array_size(want));
        for (size_t k = 0; k < json_array_size(want); k++) scale = fmax(scale, fabs(number(want, k)));
        for (size_t k = 0; k < json_array_size(want); k++) {
            assert_near(number(got, k), number(want, k), scale, 1e-11, "derivative");
        }
    }
}

static void test_answers_are_the_expected_ones(void **state) {
    const json_t *row = *state;
    json_t *answers = ask_bauer(row);
    const json_t *values = json_object_get(json_object_get(answers, "value"), "values");
    const json_t *expected = json_object_get(row, "values");
    assert_int_equal(json_array_size(values), json_array_size(expected));
    for (size_t i = 0; i < json_array_size(expected); i++) {
        assert_near(number(values, i), number(expected, i), 1, 1e-12, "value");
    }
    const char *modes[] = {"jacobian reverse", "jacobian forward", "jacobian greedy"};
    for (size_t i = 0; i < 3; i++)
        compare_jacobian(json_object_get(answers, modes[i]), json_object_get(row, "jacobian"));
    assert_true(json_is_true(json_object_get(json_object_get(answers, "check"), "ok")));
    json_decref(answers);
}

// ---- through the library ------------------------------------------------------------------------------------------

static void nothing(void *context, const struct outcome *outcome) {
    (void)context;
    (void)outcome;
}

static void run_text(struct environment *environment, struct symbols *symbols, const char *name, const char *text) {
    struct error error = {0};
    struct source *source = source_new(name, text, strlen(text), &error);
    struct module *module = source ? parse_module(symbols, source, &error) : NULL;
    for (uint32_t i = 0; module && i < module->count; i++) {
        if (!environment_run(environment, module, i, nothing, NULL, &error)) break;
    }
    if (error.kind) fail_msg("%s: %s", name, error.message);
    module_drop(module);
    source_drop(source);
}

static char *read_text(const char *name) {
    static char text[65536], path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

// The outputs' values where the current graph's function is called at `point`.
static void outputs_at(struct environment *environment, const double *point, uint32_t count, double *output) {
    struct error error = {0};
    if (!environment_move(environment, point, count, &error)) fail_msg("%s", error.message);
    const struct graph *graph = environment_graph(environment);
    for (uint32_t j = 0; j < graph->output_count; j++) output[j] = graph->value[graph->output[j]];
}

static struct jacobian jacobian_of(struct environment *environment) {
    struct error error = {0};
    struct jacobian jacobian = {0};
    struct lcg *lcg = lcg_new(environment_graph(environment), &error);
    assert_true(lcg && bauer_jacobian(lcg, BAUER_REVERSE, NULL, 0, &jacobian, &error));
    lcg_free(lcg);
    return jacobian;
}

static void compare_column(struct environment *environment, const struct jacobian *jacobian, const double *point,
                           uint32_t column) {
    double moved[16], above[16], below[16];
    uint32_t count = jacobian->columns;
    double h = 6e-6 * fmax(1e-2, fabs(point[column])); // cube root of the unit roundoff
    memcpy(moved, point, count * sizeof *moved);
    moved[column] = point[column] + h;
    outputs_at(environment, moved, count, above);
    moved[column] = point[column] - h;
    outputs_at(environment, moved, count, below);
    for (uint32_t j = 0; j < jacobian->rows; j++) {
        double difference = (above[j] - below[j]) / (2 * h);
        double scale = fmax(1, fabs(above[j]) / h * 1e-9); // the difference's own rounding
        assert_near(jacobian->value[j * count + column], difference, scale, 1e-5, "derivative against a difference");
    }
}

static void test_jacobian_is_that_of_finite_differences(void **state) {
    const json_t *row = *state, *at = json_object_get(row, "point");
    struct error error = {0};
    struct symbols *symbols = symbols_new();
    struct environment *environment = environment_new(symbols, &error);
    const char *file = json_string_value(json_object_get(row, "file"));
    run_text(environment, symbols, file, read_text(file));
    run_text(environment, symbols, "call", json_string_value(json_object_get(row, "call")));

    struct jacobian jacobian = jacobian_of(environment);
    double point[16];
    assert_int_equal(jacobian.columns, json_array_size(at));
    assert_true(jacobian.columns <= 16 && jacobian.rows <= 16);
    for (uint32_t i = 0; i < jacobian.columns; i++) point[i] = number(at, i);
    for (uint32_t i = 0; i < jacobian.columns; i++) compare_column(environment, &jacobian, point, i);

    jacobian_free(&jacobian);
    environment_free(environment);
    symbols_free(symbols);
}

// Two tests for each row of expected.json.
int main(int count, char **argument) {
    if (count != 3) return 2;
    bauer = argument[1];
    folder = argument[2];
    json_t *expected = json_loads(read_text("expected.json"), 0, NULL);
    json_t *rows = json_object_get(expected, "programs");
    struct CMUnitTest tests[200] = {0};
    size_t rows_count = json_array_size(rows);
    if (rows_count == 0 || rows_count > 100) return 2;
    for (size_t i = 0; i < 2 * rows_count; i++) {
        json_t *row = json_array_get(rows, i / 2);
        tests[i] = (struct CMUnitTest){
            .name = json_string_value(json_object_get(row, "call")),
            .test_func = i % 2 ? test_jacobian_is_that_of_finite_differences : test_answers_are_the_expected_ones,
            .initial_state = row,
        };
    }
    int failed = _cmocka_run_group_tests("programs", tests, 2 * rows_count, NULL, NULL);
    json_decref(expected);
    return failed;
}
