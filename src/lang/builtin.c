#include "lang/builtin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/trace.h"

// The builtins, a row each: what they take and what runs them.
typedef bool builtin_run(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                         struct value *out);

static bool fail_count(struct tracer *t, const struct expression *call, const char *name, const char *takes) {
    return trace_fail(t, call, ERROR_TYPE, "%s takes %s, %u given", name, takes, call->count);
}

static struct value number_value(double number, bool integer) {
    return (struct value){.kind = VALUE_NUMBER, .integer = integer, .number = number};
}

static bool whole_number(struct tracer *t, const struct expression *site, struct value value, double *out) {
    if (trace_is_number(value)) {
        *out = trace_number(t, value);
        if (*out == floor(*out) && fabs(*out) < 9e15) return true;
    }
    return trace_fail(t, site, ERROR_TYPE, "a whole number is needed here");
}

static bool run_len(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    uint64_t length;
    (void)count;
    if (argument[0].kind == VALUE_STRING) return *out = number_value((double)argument[0].text->size, true), true;
    if (!trace_length(t, argument[0], call->item[0], &length)) return false;
    *out = number_value((double)length, true);
    return true;
}

static bool run_range(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    double part[3] = {0, 0, 1};
    for (uint32_t i = 0; i < count; i++)
        if (!whole_number(t, call->item[i], argument[i], &part[i])) return false;
    if (count == 1) part[1] = part[0], part[0] = 0;
    if (part[2] == 0) return trace_fail(t, call->item[2], ERROR_TYPE, "the step of a range cannot be 0");
    struct value_range *range = arena_alloc(t->state->arena, sizeof *range);
    if (!range) return error_memory(t->error);
    double length = ceil((part[1] - part[0]) / part[2]);
    *range = (struct value_range){part[0], part[1], part[2], length > 0 ? (uint64_t)length : 0};
    *out = (struct value){.kind = VALUE_RANGE, .range = range};
    return true;
}

static bool fold_items(struct tracer *t, const struct expression *call, enum op op, struct value list, uint64_t first,
                       struct value *out) {
    uint64_t length;
    if (!trace_length(t, list, call, &length)) return false;
    for (uint64_t i = first; i < length; i++) {
        struct value result;
        if (!trace_step(t, call) || !trace_operation(t, op, *out, trace_item(list, i), call, &result)) return false;
        *out = result;
    }
    return true;
}

static bool sum_or_product(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                           enum op op, struct value *out) {
    uint64_t length;
    if (!trace_length(t, argument[0], call->item[0], &length)) return false;
    if (count == 2) return *out = argument[1], fold_items(t, call, op, argument[0], 0, out);
    *out = number_value(op == OP_MUL, true);
    if (length == 0) return true;
    *out = trace_item(argument[0], 0);
    if (!trace_is_number(*out))
        return trace_fail(t, call->item[0], ERROR_TYPE, "the elements must be numbers, not %s", value_kind_name(*out));
    return fold_items(t, call, op, argument[0], 1, out);
}

static bool run_sum(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    return sum_or_product(t, call, argument, count, OP_ADD, out);
}

static bool run_prod(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                     struct value *out) {
    return sum_or_product(t, call, argument, count, OP_MUL, out);
}

static bool extreme(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count, enum op op,
                    struct value *out) {
    if (count == 1) {
        uint64_t length;
        if (!trace_length(t, argument[0], call->item[0], &length)) return false;
        if (length == 0) return trace_fail(t, call, ERROR_TYPE, "an empty list has no %s", op_table[op].name);
        *out = trace_item(argument[0], 0);
        return fold_items(t, call, op, argument[0], 1, out);
    }
    *out = argument[0];
    for (uint32_t i = 1; i < count; i++) {
        struct value result;
        if (!trace_operation(t, op, *out, argument[i], call, &result)) return false;
        *out = result;
    }
    return true;
}

static bool run_min(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    return extreme(t, call, argument, count, OP_MIN, out);
}

static bool run_max(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    return extreme(t, call, argument, count, OP_MAX, out);
}

static bool run_log(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    struct value base, none = number_value(0, false);
    if (!trace_operation(t, OP_LOG, argument[0], none, call, out)) return false;
    if (count == 1) return true;
    struct value top = *out;
    return trace_operation(t, OP_LOG, argument[1], none, call, &base) &&
           trace_operation(t, OP_DIV, top, base, call, out);
}

static bool run_zip(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    uint64_t shortest = UINT64_MAX, length;
    for (uint32_t i = 0; i < count; i++) {
        if (!trace_length(t, argument[i], call->item[i], &length)) return false;
        if (length < shortest) shortest = length;
    }
    struct value_list *list = trace_list(t, 4);
    if (!list) return false;
    for (uint64_t k = 0; count && k < shortest; k++) {
        struct value_list *row = trace_list(t, count);
        if (!row || !trace_step(t, call)) return false;
        for (uint32_t i = 0; i < count; i++) row->item[row->count++] = trace_item(argument[i], k);
        if (!trace_append(t, list, (struct value){.kind = VALUE_TUPLE, .list = row})) return false;
    }
    *out = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

static bool run_enumerate(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                          struct value *out) {
    uint64_t length;
    double start = 0;
    if (!trace_length(t, argument[0], call->item[0], &length)) return false;
    if (count == 2 && !whole_number(t, call->item[1], argument[1], &start)) return false;
    struct value_list *list = trace_list(t, 4);
    if (!list) return false;
    for (uint64_t k = 0; k < length; k++) {
        struct value_list *row = trace_list(t, 2);
        if (!row || !trace_step(t, call)) return false;
        row->item[0] = number_value(start + (double)k, true);
        row->item[1] = trace_item(argument[0], k);
        row->count = 2;
        if (!trace_append(t, list, (struct value){.kind = VALUE_TUPLE, .list = row})) return false;
    }
    *out = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

static bool copy_items(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                       bool reversed, enum value_kind kind, struct value *out) {
    uint64_t length = 0;
    struct value_list *list = trace_list(t, 4);
    if (!list || (count && !trace_length(t, argument[0], call->item[0], &length))) return false;
    for (uint64_t i = 0; i < length; i++)
        if (!trace_step(t, call) || !trace_append(t, list, trace_item(argument[0], reversed ? length - 1 - i : i)))
            return false;
    *out = (struct value){.kind = (uint8_t)kind, .list = list};
    return true;
}

static bool run_reversed(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                         struct value *out) {
    return copy_items(t, call, argument, count, true, VALUE_LIST, out);
}

static bool run_list(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                     struct value *out) {
    return copy_items(t, call, argument, count, false, VALUE_LIST, out);
}

static bool run_tuple(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    return copy_items(t, call, argument, count, false, VALUE_TUPLE, out);
}

static bool run_print(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    struct buffer text = {0};
    const char *gap = " ", *end = "\n";
    for (uint32_t i = 0; i < count; i++) {
        if (!expression_keyword(call, i)) continue;
        const char *keyword = symbol_text(t->symbols, expression_keyword(call, i));
        if (argument[i].kind == VALUE_STRING && strcmp(keyword, "sep") == 0) gap = argument[i].text->data;
        if (argument[i].kind == VALUE_STRING && strcmp(keyword, "end") == 0) end = argument[i].text->data;
    }
    for (uint32_t i = 0, shown = 0; i < count; i++) {
        if (expression_keyword(call, i)) continue;
        if (shown++) buffer_text(&text, gap);
        value_show(argument[i], t->graph->value, false, &text);
    }
    buffer_text(&text, end);
    bool ok = !text.failed || error_memory(t->error);
    if (ok && !t->silent && t->options->print) t->options->print(t->options->print_context, text.data, text.size);
    buffer_free(&text);
    *out = (struct value){.kind = VALUE_NONE};
    return ok;
}

static bool run_float(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    (void)count;
    if (argument[0].kind == VALUE_STRING) {
        double number;
        if (!text_parse_number(argument[0].text->data, &number))
            return trace_fail(t, call, ERROR_TYPE, "this text is not a number");
        return *out = number_value(number, false), true;
    }
    if (!trace_is_number(argument[0]))
        return trace_fail(t, call, ERROR_TYPE, "a number is needed here, not %s", value_kind_name(argument[0]));
    *out = argument[0];
    out->integer = false;
    if (out->kind == VALUE_BOOL) out->kind = VALUE_NUMBER;
    return true;
}

static bool run_int(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    (void)count;
    if (!trace_is_number(argument[0]))
        return trace_fail(t, call, ERROR_TYPE, "a number is needed here, not %s", value_kind_name(argument[0]));
    *out = number_value(trunc(trace_number(t, argument[0])), true);
    return true;
}

// The decimal nearest to the number itself, as Python rounds: 2.675 is a little less and becomes 2.67.
static double round_decimals(double number, double digits) {
    if (!isfinite(number) || digits > 323) return number;
    if (digits < 0) {
        double unit = pow(10, -digits);
        return isfinite(unit) ? rint(number / unit) * unit : copysign(0, number);
    }
    char text[700];
    snprintf(text, sizeof text, "%.*f", (int)digits, number);
    return strtod(text, NULL);
}

static bool run_round(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    double digits = 0;
    if (!trace_is_number(argument[0]))
        return trace_fail(t, call, ERROR_TYPE, "a number is needed here, not %s", value_kind_name(argument[0]));
    if (count == 2 && !whole_number(t, call->item[1], argument[1], &digits)) return false;
    double number = trace_number(t, argument[0]);
    bool integer = count == 1 || argument[0].integer || argument[0].kind == VALUE_BOOL;
    *out = number_value(count == 2 ? round_decimals(number, digits) : rint(number), integer);
    return true;
}

static bool run_bool(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                     struct value *out) {
    bool truth;
    (void)count;
    if (!trace_truth(t, argument[0], call, &truth)) return false;
    *out = (struct value){.kind = VALUE_BOOL, .integer = true, .number = truth};
    return true;
}

static bool run_str(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    (void)call, (void)count;
    struct buffer text = {0};
    value_show(argument[0], t->graph->value, false, &text);
    struct value_text *copy = arena_alloc(t->state->arena, sizeof *copy);
    if (copy) copy->data = arena_text(t->state->arena, buffer_string(&text), text.size), copy->size = text.size;
    buffer_free(&text);
    if (!copy || !copy->data) return error_memory(t->error);
    *out = (struct value){.kind = VALUE_STRING, .text = copy};
    return true;
}

static bool scaled(struct tracer *t, const struct expression *call, struct value *argument, double factor,
                   struct value *out) {
    return trace_operation(t, OP_MUL, argument[0], number_value(factor, false), call, out);
}

static bool run_degrees(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                        struct value *out) {
    (void)count;
    return scaled(t, call, argument, 180 / M_PI, out);
}

static bool run_radians(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                        struct value *out) {
    (void)count;
    return scaled(t, call, argument, M_PI / 180, out);
}

static bool run_square(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                       struct value *out) {
    (void)count;
    return trace_operation(t, OP_MUL, argument[0], argument[0], call, out);
}

static bool run_isfinite(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                         struct value *out) {
    (void)count;
    if (!trace_is_number(argument[0]))
        return trace_fail(t, call, ERROR_TYPE, "a number is needed here, not %s", value_kind_name(argument[0]));
    *out = (struct value){.kind = VALUE_BOOL, .integer = true, .number = isfinite(trace_number(t, argument[0]))};
    return true;
}

#define ROWS(ROW)                                                                                                      \
    ROW("len", run_len, 1, 1, "the number of elements of a list", "len([1, 2, 3])")                                    \
    ROW("range", run_range, 1, 3, "whole numbers from 0, or from a start, up to but without the end", "sum(range(4))") \
    ROW("sum", run_sum, 1, 2, "the elements of a list added up", "sum([1, 2, 3])")                                     \
    ROW("prod", run_prod, 1, 1, "the elements of a list multiplied", "prod([1, 2, 3])")                                \
    ROW("min", run_min, 1, 1000000, "the smallest of several numbers or of a list", "min(2, 3, 1)")                    \
    ROW("max", run_max, 1, 1000000, "the largest of several numbers or of a list", "max([2, 3])")                      \
    ROW("log", run_log, 1, 2, "natural logarithm, or the one to a base", "log(8, 2)")                                  \
    ROW("zip", run_zip, 1, 1000000, "lists element by element: pairs, triples, ...",                                   \
        "[a*b for a, b in zip([1, 2], [3, 4])]")                                                                       \
    ROW("enumerate", run_enumerate, 1, 2, "a list's elements with their numbers",                                      \
        "[i*a for i, a in enumerate([5, 6])]")                                                                         \
    ROW("reversed", run_reversed, 1, 1, "a list from its end", "reversed([1, 2])")                                     \
    ROW("list", run_list, 0, 1, "a new list with the same elements", "list(range(3))")                                 \
    ROW("tuple", run_tuple, 0, 1, "a tuple with the same elements", "tuple([1, 2])")                                   \
    ROW("array", run_list, 1, 1, "numpy's array, here a list", "array([1, 2])")                                        \
    ROW("print", run_print, 0, 1000000, "writes its arguments", "print(\"x =\", 2)")                                   \
    ROW("float", run_float, 1, 1, "the same number", "float(2)")                                                       \
    ROW("int", run_int, 1, 1, "the number without its fraction; no derivative passes", "int(2.7)")                     \
    ROW("round", run_round, 1, 2, "the nearest whole number, or with so many digits; no derivative passes",            \
        "round(2.6)")                                                                                                  \
    ROW("bool", run_bool, 1, 1, "True or False", "bool(2)")                                                            \
    ROW("str", run_str, 1, 1, "as text", "str(2)")                                                                     \
    ROW("degrees", run_degrees, 1, 1, "radians to degrees", "degrees(pi)")                                             \
    ROW("radians", run_radians, 1, 1, "degrees to radians", "radians(180)")                                            \
    ROW("square", run_square, 1, 1, "the number times itself", "square(3)")                                            \
    ROW("isfinite", run_isfinite, 1, 1, "whether a number is neither infinite nor NaN", "isfinite(2)")

struct builtin_row {
    builtin_run *run;
    uint32_t least, most;
};

const struct builtin_info builtin_table[] = {
#define ROW(NAME, RUN, LEAST, MOST, DOC, EXAMPLE) {NAME, DOC, EXAMPLE},
    ROWS(ROW)
#undef ROW
        {"pi", "3.14159..., the circle's circumference by its diameter", "2*pi"},
    {"e", "2.71828..., the base of natural logarithms", "log(e)"},
    {"tau", "2*pi", "tau/2"},
    {"inf", "infinity", "-inf"},
    {"nan", "not a number", "nan"},
};
const size_t builtin_count = sizeof builtin_table / sizeof *builtin_table;

static const struct builtin_row rows[] = {
#define ROW(NAME, RUN, LEAST, MOST, DOC, EXAMPLE) {RUN, LEAST, MOST},
    ROWS(ROW)
#undef ROW
};

enum { FUNCTIONS = sizeof rows / sizeof *rows };

static const struct {
    const char *name, *meaning;
} aliases[] = {{"maximum", "max"},     {"minimum", "min"},    {"absolute", "abs"},  {"power", "pow"},
               {"arcsin", "asin"},     {"arccos", "acos"},    {"arctan", "atan"},   {"arctan2", "atan2"},
               {"arcsinh", "asinh"},   {"arccosh", "acosh"},  {"arctanh", "atanh"}, {"fsum", "sum"},
               {"rad2deg", "degrees"}, {"deg2rad", "radians"}};

static double constant_of(const char *name) {
    if (strcmp(name, "pi") == 0) return M_PI;
    if (strcmp(name, "e") == 0) return M_E;
    if (strcmp(name, "tau") == 0) return 2 * M_PI;
    return strcmp(name, "inf") == 0 ? (double)INFINITY : (double)NAN;
}

// What `if __name__ == "__main__":` asks for.
static bool is_main(const char *name, struct value *out) {
    static struct value_text text = {"__main__", 8};
    if (strcmp(name, "__name__") != 0) return false;
    *out = (struct value){.kind = VALUE_STRING, .text = &text};
    return true;
}

bool builtin_lookup(const char *name, struct value *out) {
    if (is_main(name, out)) return true;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i].name, name) == 0) name = aliases[i].meaning;
    for (int i = 0; i < (int)builtin_count; i++) {
        if (strcmp(builtin_table[i].name, name) != 0) continue;
        *out = i < FUNCTIONS ? (struct value){.kind = VALUE_BUILTIN, .builtin = i}
                             : number_value(constant_of(name), false);
        return true;
    }
    enum op op = op_find(name);
    if (op == OP_COUNT || op_table[op].infix)
        return strcmp(name, "pow") == 0 ? *out = (struct value){.kind = VALUE_OP, .op = OP_POW}, true : false;
    *out = (struct value){.kind = VALUE_OP, .op = op};
    return true;
}

static bool count_fits(struct tracer *t, const struct expression *call, int builtin, uint32_t count) {
    const struct builtin_row *row = &rows[builtin];
    if (count >= row->least && count <= row->most) return true;
    const char *takes = row->least == row->most ? row->least == 1 ? "1 argument" : "2 arguments"
                        : row->most > 3         ? "at least 1 argument"
                        : row->most == 3        ? "1 to 3 arguments"
                        : row->least == 0       ? "0 or 1 arguments"
                                                : "1 or 2 arguments";
    fail_count(t, call, builtin_table[builtin].name, takes);
    error_hint(t->error, "for example %s", builtin_table[builtin].example);
    return false;
}

bool builtin_call(struct tracer *t, const struct expression *call, int builtin, struct value *argument, uint32_t count,
                  struct value *out) {
    builtin_run *run = rows[builtin].run;
    bool takes_keywords = run == run_print || run == run_enumerate || run == run_sum;
    if (!count_fits(t, call, builtin, count)) return false;
    if (count && expression_keyword(call, count - 1) && !takes_keywords)
        return trace_fail(t, call, ERROR_TYPE, "%s takes no keyword arguments", builtin_table[builtin].name);
    return run(t, call, argument, count, out);
}
