#include "lang/builtin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/tensor.h"
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

// Whether all arguments are numbers; the error points at the one that is not.
static bool all_numbers(struct tracer *t, const struct expression *call, const struct value *argument, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (!trace_is_number(argument[i]) && !tensor_is(t, argument[i]))
            return trace_fail(t, call->item[i], ERROR_TYPE, "a number is needed here, not %s",
                              trace_kind_name(t, argument[i]));
    return true;
}

static bool run_len(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    uint64_t length;
    (void)count;
    if (tensor_is(t, argument[0])) return *out = number_value(tensor_shape(t, argument[0]).size[0], true), true;
    if (!trace_spread(t, call->item[0], &argument[0])) return false;
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
        return trace_fail(t, call->item[0], ERROR_TYPE, "the elements must be numbers, not %s",
                          trace_kind_name(t, *out));
    return fold_items(t, call, op, argument[0], 1, out);
}

// sum(list) and mean(list): no axis, no keywords.
static bool list_alone(struct tracer *t, const struct expression *call, uint32_t count, const char *name) {
    symbol keyword = expression_keyword(call, count - 1);
    if (count <= 2 && (!keyword || strcmp(symbol_text(t->symbols, keyword), "start") == 0)) return true;
    trace_fail(t, call, ERROR_TYPE, "of a list, %s takes no axis and no keyword arguments", name);
    error_hint(t->error, "of a tensor it does: tensor(LIST) makes one");
    return false;
}

static bool run_sum(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    if (tensor_is(t, argument[0])) return tensor_reduce(t, call, argument, count, OP_SUM, out);
    if (!list_alone(t, call, count, "sum")) return false;
    return sum_or_product(t, call, argument, count, OP_ADD, out);
}

// A sum that is not rounded: parts that do not overlap, the smallest first (Shewchuk 1997, as in Python's fsum).
enum { PARTS = 128 };
struct parts {
    double part[PARTS];
    int count;
};

static bool add_exactly(struct parts *p, double x) {
    int kept = 0;
    for (int i = 0; i < p->count; i++) {
        double a = fabs(x) < fabs(p->part[i]) ? p->part[i] : x, b = fabs(x) < fabs(p->part[i]) ? x : p->part[i];
        double high = a + b, low = b - (high - a);
        if (low != 0) p->part[kept++] = low;
        x = high;
    }
    if (kept == PARTS || !isfinite(x)) return false;
    p->part[kept++] = x;
    return p->count = kept, true;
}

// To the nearest double, halves to even: what lies below the first remainder decides whether it is one.
static double rounded_sum(const struct parts *p) {
    int n = p->count;
    double high = n ? p->part[--n] : 0, low = 0;
    while (n && low == 0) {
        double before = high, next = p->part[--n];
        high = before + next;
        low = next - (high - before);
    }
    bool more = n && low != 0 && (low < 0) == (p->part[n - 1] < 0);
    double away = high + 2 * low;
    return (more && away - high == 2 * low ? away : high) + 0.0; // -0 is 0
}

static bool sum_exactly(struct tracer *t, const struct expression *call, struct value list, double *sum, bool *plain) {
    struct parts parts = {.count = 0};
    uint64_t length;
    *plain = true;
    if (!trace_length(t, list, call->item[0], &length)) return false;
    for (uint64_t i = 0; i < length; i++) {
        struct value item = trace_item(list, i);
        *plain &= item.kind != VALUE_VERTEX;
        if (!add_exactly(&parts, trace_number(t, item)))
            return trace_fail(t, call, ERROR_DOMAIN, "a sum of these numbers leaves the range of doubles on the way");
    }
    return *sum = rounded_sum(&parts), true;
}

// Of vertices a sum as any other, which each goes into with the derivative 1, and then what rounding took from it.
static bool run_fsum(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                     struct value *out) {
    double exact;
    bool plain;
    if (tensor_is(t, argument[0])) return tensor_reduce(t, call, argument, count, OP_SUM, out);
    if (!sum_or_product(t, call, argument, count, OP_ADD, out)) return false;
    out->integer = false;
    if (!isfinite(trace_number(t, *out))) return true; // also what waits for a tensor: rounded as any sum
    if (!sum_exactly(t, call, argument[0], &exact, &plain)) return false;
    if (plain) return *out = number_value(exact, false), true;
    for (int i = 0; i < 3 && trace_number(t, *out) != exact; i++) {
        struct value rounded = *out, lost = number_value(exact - trace_number(t, *out), false);
        if (!trace_operation(t, OP_ADD, rounded, lost, call, out)) return false;
    }
    return trace_number(t, *out) == exact || trace_fail(t, call, ERROR_DOMAIN, "this sum cannot be rounded once");
}

static bool run_mean(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                     struct value *out) {
    struct value sum;
    uint64_t length;
    if (tensor_is(t, argument[0])) return tensor_reduce(t, call, argument, count, OP_MEAN, out);
    if (!list_alone(t, call, count, "mean")) return false;
    if (!trace_length(t, argument[0], call->item[0], &length)) return false;
    if (length == 0) return trace_fail(t, call, ERROR_TYPE, "an empty list has no mean");
    if (!sum_or_product(t, call, argument, count, OP_ADD, &sum)) return false;
    return trace_operation(t, OP_DIV, sum, number_value((double)length, true), call, out);
}

static bool run_prod(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                     struct value *out) {
    return sum_or_product(t, call, argument, count, OP_MUL, out);
}

// The smaller or larger of two as Python has it: the very operand, 2 and not 2.0, and the first of equal ones.
static bool pick(struct tracer *t, const struct expression *call, struct value a, struct value b, enum op op,
                 struct value *out) {
    if (!trace_operation(t, op, a, b, call, out)) return false;
    double x = trace_number(t, a), y = trace_number(t, b);
    if (isnan(x) || isnan(y)) return true;
    struct value *chosen = (op == OP_MIN ? y < x : y > x) ? &b : &a;
    out->integer = chosen->integer;
    if (out->kind == VALUE_NUMBER && chosen->kind == VALUE_BOOL) out->kind = VALUE_BOOL;
    return true;
}

static bool is_array(struct value value) { return value.kind == VALUE_LIST && value.list->array; }

static bool extreme(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count, enum op op,
                    struct value *out) {
    struct value all = argument[0];
    uint64_t length = count;
    for (uint32_t i = 0; i < count; i++)
        if (tensor_is(t, argument[i])) return tensor_extreme(t, call, argument, count, op, out);
    if (count == 2 && (is_array(all) || is_array(argument[1])) && value_fits(all) && value_fits(argument[1]))
        return trace_each(t, op, all, argument[1], call, out);
    if (count == 1 ? !trace_length(t, all, call->item[0], &length) : !all_numbers(t, call, argument, count))
        return false;
    if (length == 0) return trace_fail(t, call, ERROR_TYPE, "an empty list has no %s", op_table[op].name);
    *out = count == 1 ? trace_item(all, 0) : all;
    if (length == 1 && !trace_is_number(*out))
        return trace_fail(t, call->item[0], ERROR_TYPE, "the elements must be numbers, not %s",
                          trace_kind_name(t, *out));
    for (uint64_t i = 1; i < length; i++) {
        struct value best = *out;
        if (count == 1 && !trace_step(t, call)) return false;
        if (!pick(t, call, best, count == 1 ? trace_item(all, i) : argument[i], op, out)) return false;
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
    if (!all_numbers(t, call, argument, count)) return false;
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
        if (!trace_spread(t, call->item[i], &argument[i]) || !trace_length(t, argument[i], call->item[i], &length))
            return false;
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
    if (!trace_spread(t, call->item[0], &argument[0]) || !trace_length(t, argument[0], call->item[0], &length))
        return false;
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
    if (!list || (count && !trace_spread(t, call->item[0], &argument[0])) ||
        (count && !trace_length(t, argument[0], call->item[0], &length)))
        return false;
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

// A copy of a list, of lists too, that computes element by element.
static bool new_array(struct tracer *t, const struct expression *call, struct value from, struct value *out) {
    uint64_t length;
    struct value_list *list = trace_list(t, 4);
    if (!list || !trace_length(t, from, call->item[0], &length)) return false;
    for (uint64_t i = 0; i < length; i++) {
        struct value item = trace_item(from, i);
        bool row = item.kind == VALUE_LIST || item.kind == VALUE_TUPLE || item.kind == VALUE_RANGE;
        if (!trace_step(t, call) || (row && !new_array(t, call, item, &item))) return false;
        if (!trace_append(t, list, item)) return false;
    }
    list->array = true;
    *out = (struct value){.kind = VALUE_LIST, .list = list};
    return true;
}

static bool run_array(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    (void)count;
    if (tensor_is(t, argument[0])) return *out = argument[0], true;
    if (!value_fits(argument[0])) return trace_fail(t, call->item[0], ERROR_TYPE, TOO_DEEP);
    return new_array(t, call, argument[0], out);
}

static bool run_tuple(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    return copy_items(t, call, argument, count, false, VALUE_TUPLE, out);
}

// The text of sep= or end=; NULL for None, which means the usual one.
static bool print_option(struct tracer *t, const struct expression *call, uint32_t i, struct value value,
                         const char **gap, const char **end) {
    const char *keyword = symbol_text(t->symbols, expression_keyword(call, i));
    bool sep = strcmp(keyword, "sep") == 0;
    if (strcmp(keyword, "flush") == 0) return true;
    if (!sep && strcmp(keyword, "end") != 0) {
        trace_fail(t, call->item[i], ERROR_TYPE, "print takes no keyword argument `%s`", keyword);
        error_hint(t->error, "sep= and end= are there");
        return false;
    }
    if (value.kind == VALUE_NONE) return true;
    if (value.kind != VALUE_STRING)
        return trace_fail(t, call->item[i], ERROR_TYPE, "%s= is a string, not %s", keyword, trace_kind_name(t, value));
    *(sep ? gap : end) = value.text->data;
    return true;
}

static bool run_print(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    struct buffer text = {0};
    const char *gap = " ", *end = "\n";
    for (uint32_t i = 0; i < count; i++)
        if (expression_keyword(call, i) && !print_option(t, call, i, argument[i], &gap, &end)) return false;
    for (uint32_t i = 0; i < count && !expression_keyword(call, i); i++) {
        if (i) buffer_text(&text, gap);
        if (!trace_settle(t, &argument[i])) return buffer_free(&text), false;
        value_show(argument[i], t->graph, false, &text);
    }
    buffer_text(&text, end);
    bool ok = !text.failed || error_memory(t->error);
    if (ok && !t->silent && t->options->print) t->options->print(t->options->print_context, text.data, text.size);
    buffer_free(&text);
    *out = (struct value){.kind = VALUE_NONE};
    return ok;
}

// The number that a string is, blanks around it aside.
static bool text_number_of(struct tracer *t, const struct expression *call, const struct value_text *text,
                           double *out) {
    const char *begin = text->data, *end = text->data + text->size;
    while (begin < end && strchr(" \t\n\r", *begin)) begin++;
    while (end > begin && strchr(" \t\n\r", end[-1])) end--;
    char few[64];
    if ((size_t)(end - begin) < sizeof few) {
        memcpy(few, begin, (size_t)(end - begin));
        few[end - begin] = 0;
        if (text_parse_number(few, out)) return true;
    }
    return trace_fail(t, call->item[0], ERROR_TYPE, "this text is not a number");
}

static bool run_float(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    (void)count;
    if (argument[0].kind == VALUE_STRING) {
        double number;
        if (!text_number_of(t, call, argument[0].text, &number)) return false;
        return *out = number_value(number, false), true;
    }
    if (!trace_is_number(argument[0]))
        return trace_fail(t, call->item[0], ERROR_TYPE, "a number is needed here, not %s",
                          trace_kind_name(t, argument[0]));
    *out = argument[0];
    out->integer = false;
    if (out->kind == VALUE_BOOL) out->kind = VALUE_NUMBER;
    return true;
}

static bool is_whole_text(const struct value_text *text) {
    for (size_t i = 0; i < text->size; i++)
        if (!strchr("0123456789+-_ \t\n\r", text->data[i])) return false;
    return true;
}

static bool run_int(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    double number;
    (void)count;
    if (argument[0].kind == VALUE_STRING) {
        if (!text_number_of(t, call, argument[0].text, &number)) return false;
        if (!is_whole_text(argument[0].text)) {
            trace_fail(t, call->item[0], ERROR_TYPE, "this text is not a whole number");
            error_hint(t->error, "int(float(...)) drops a fraction");
            return false;
        }
        return *out = number_value(number, true), true;
    }
    if (!trace_is_number(argument[0]))
        return trace_fail(t, call->item[0], ERROR_TYPE, "a number is needed here, not %s",
                          trace_kind_name(t, argument[0]));
    number = trunc(trace_number(t, argument[0]));
    if (!isfinite(number)) return trace_fail(t, call->item[0], ERROR_TYPE, "there is no whole number for this one");
    *out = number_value(number, true);
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
        return trace_fail(t, call->item[0], ERROR_TYPE, "a number is needed here, not %s",
                          trace_kind_name(t, argument[0]));
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
    if (!trace_settle(t, &argument[0])) return false;
    value_show(argument[0], t->graph, false, &text);
    struct value_text *copy = arena_alloc(t->state->arena, sizeof *copy);
    if (copy) copy->data = arena_text(t->state->arena, buffer_string(&text), text.size), copy->size = text.size;
    buffer_free(&text);
    if (!copy || !copy->data) return error_memory(t->error);
    *out = (struct value){.kind = VALUE_STRING, .text = copy};
    return true;
}

static bool scaled(struct tracer *t, const struct expression *call, struct value *argument, double factor,
                   struct value *out) {
    return all_numbers(t, call, argument, 1) &&
           trace_operation(t, OP_MUL, argument[0], number_value(factor, false), call, out);
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
    return all_numbers(t, call, argument, 1) && trace_operation(t, OP_MUL, argument[0], argument[0], call, out);
}

static bool run_isfinite(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                         struct value *out) {
    (void)count;
    if (!trace_is_number(argument[0]))
        return trace_fail(t, call->item[0], ERROR_TYPE, "a number is needed here, not %s",
                          trace_kind_name(t, argument[0]));
    *out = (struct value){.kind = VALUE_BOOL, .integer = true, .number = isfinite(trace_number(t, argument[0]))};
    return true;
}

static bool test_number(struct tracer *t, const struct expression *call, struct value value, bool (*test)(double),
                        struct value *out) {
    if (!trace_is_number(value))
        return trace_fail(t, call->item[0], ERROR_TYPE, "a number is needed here, not %s", trace_kind_name(t, value));
    *out = (struct value){.kind = VALUE_BOOL, .integer = true, .number = test(trace_number(t, value))};
    return true;
}

static bool is_nan(double number) { return isnan(number); }
static bool is_infinite(double number) { return isinf(number); }

static bool run_isnan(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    (void)count;
    return test_number(t, call, argument[0], is_nan, out);
}

static bool run_isinf(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                      struct value *out) {
    (void)count;
    return test_number(t, call, argument[0], is_infinite, out);
}

static bool is_close(double a, double b, double relative, double absolute) {
    if (a == b) return true;
    if (isinf(a) || isinf(b)) return false;
    double gap = fabs(a - b);
    return gap <= relative * fabs(a) || gap <= relative * fabs(b) || gap <= absolute;
}

// isclose(a, b, rel_tol=1e-9, abs_tol=0)
static bool run_isclose(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                        struct value *out) {
    double number[4] = {0, 0, 1e-9, 0};
    for (uint32_t i = 0; i < count; i++) {
        symbol keyword = expression_keyword(call, i);
        const char *name = keyword ? symbol_text(t->symbols, keyword) : "";
        bool relative = strcmp(name, "rel_tol") == 0, absolute = strcmp(name, "abs_tol") == 0;
        if ((i < 2) != !keyword || (keyword && !relative && !absolute)) {
            trace_fail(t, call->item[i], ERROR_TYPE, "isclose takes two numbers, rel_tol= and abs_tol=");
            return false;
        }
        if (!trace_is_number(argument[i]))
            return trace_fail(t, call->item[i], ERROR_TYPE, "a number is needed here, not %s",
                              trace_kind_name(t, argument[i]));
        number[i < 2 ? i : relative ? 2 : 3] = trace_number(t, argument[i]);
    }
    bool close = is_close(number[0], number[1], number[2], number[3]);
    *out = (struct value){.kind = VALUE_BOOL, .integer = true, .number = close};
    return true;
}

// A whole number that is no vertex: what is counted with it has no derivative.
static bool plain_count(struct tracer *t, const struct expression *site, struct value value, const char *name,
                        double *out) {
    if (value.kind == VALUE_VERTEX) {
        trace_fail(t, site, ERROR_TYPE, "%s has no derivative, and this number is part of the graph", name);
        error_hint(t->error, strcmp(name, "factorial") == 0
                                 ? "factorial(int(n)) takes n as a plain number; gamma(n + 1) has a derivative"
                                 : "int(n) takes n as a plain number");
        return false;
    }
    if (!whole_number(t, site, value, out)) return false;
    return *out >= 0 || trace_fail(t, site, ERROR_DOMAIN, "%s of a negative number", name);
}

// first*(first + 1)*...*last, divided on the way by 1*2*... when `divided`: exact as long as it fits a double.
static bool rising(struct tracer *t, const struct expression *call, double first, double last, bool divided,
                   struct value *out) {
    double product = 1;
    for (double i = first; i <= last; i++) {
        if (!trace_step(t, call)) return false;
        product *= i;
        if (divided) product = rint(product / (i - first + 1));
        if (isinf(product)) return trace_fail(t, call, ERROR_DOMAIN, "overflow: the result is over 1.8e308");
    }
    *out = number_value(product, true);
    return true;
}

static bool run_factorial(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                          struct value *out) {
    double n;
    (void)count;
    return plain_count(t, call->item[0], argument[0], "factorial", &n) && rising(t, call, 2, n, false, out);
}

static bool run_comb(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                     struct value *out) {
    double n, k;
    (void)count;
    if (!plain_count(t, call->item[0], argument[0], "comb", &n) ||
        !plain_count(t, call->item[1], argument[1], "comb", &k))
        return false;
    if (k > n) return *out = number_value(0, true), true;
    if (k > n - k) k = n - k;
    return rising(t, call, n - k + 1, n, true, out);
}

static bool run_perm(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                     struct value *out) {
    double n, k;
    if (!plain_count(t, call->item[0], argument[0], "perm", &n)) return false;
    k = n;
    if (count == 2 && !plain_count(t, call->item[1], argument[1], "perm", &k)) return false;
    if (k > n) return *out = number_value(0, true), true;
    return rising(t, call, n - k + 1, n, false, out);
}

static bool run_gcd(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    double all = 0;
    for (uint32_t i = 0; i < count; i++) {
        double n;
        if (argument[i].kind == VALUE_NUMBER) argument[i].number = fabs(argument[i].number);
        if (!plain_count(t, call->item[i], argument[i], "gcd", &n)) return false;
        while (n != 0) {
            double rest = fmod(all, n);
            all = n, n = rest;
        }
    }
    *out = number_value(all, true);
    return true;
}

// Two lists of the same length, element by element.
static bool paired(struct tracer *t, const struct expression *call, struct value a, struct value b, uint64_t *count) {
    uint64_t other;
    if (!trace_length(t, a, call, count) || !trace_length(t, b, call, &other)) return false;
    if (*count == other) return true;
    return trace_fail(t, call, ERROR_TYPE, "the lists have %llu and %llu elements", (unsigned long long)*count,
                      (unsigned long long)other);
}

// The sum of the products of pairs; of (a - b)*(a - b) when `distance`.
static bool sum_pairs(struct tracer *t, const struct expression *call, struct value left, struct value right,
                      bool distance, struct value *out) {
    uint64_t count;
    if (!paired(t, call, left, right, &count)) return false;
    *out = number_value(0, true);
    for (uint64_t i = 0; i < count; i++) {
        struct value a = trace_item(left, i), b = trace_item(right, i), product, sum = *out;
        if (!trace_step(t, call)) return false;
        if (distance && !trace_operation(t, OP_SUB, a, b, call, &a)) return false;
        if (!trace_operation(t, OP_MUL, a, distance ? a : b, call, &product)) return false;
        if (i == 0)
            *out = product;
        else if (!trace_operation(t, OP_ADD, sum, product, call, out))
            return false;
    }
    return true;
}

static bool holds_lists(struct value value) {
    return value.kind == VALUE_LIST && value.list->count && !trace_is_number(value.list->item[0]);
}

bool trace_dot(struct tracer *t, const struct expression *call, struct value a, struct value b, struct value *out) {
    if (trace_is_number(a) && trace_is_number(b)) return trace_operation(t, OP_MUL, a, b, call, out);
    if (!holds_lists(a) && !holds_lists(b)) return sum_pairs(t, call, a, b, false, out);
    trace_fail(t, call, ERROR_TYPE, "this multiplies lists of numbers, not of lists");
    error_hint(t->error, "a matrix times a vector: [dot(row, v) for row in A]");
    return false;
}

static bool run_dot(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                    struct value *out) {
    if (tensor_is(t, argument[0]) || tensor_is(t, argument[1])) return tensor_run_matmul(t, call, argument, count, out);
    if (is_array(argument[0]) || is_array(argument[1])) return trace_product(t, call, argument[0], argument[1], out);
    return trace_dot(t, call, argument[0], argument[1], out);
}

static bool run_dist(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                     struct value *out) {
    struct value squares;
    (void)count;
    return sum_pairs(t, call, argument[0], argument[1], true, &squares) &&
           trace_operation(t, OP_SQRT, squares, number_value(0, false), call, out);
}

static bool run_manual_seed(struct tracer *t, const struct expression *call, struct value *argument, uint32_t count,
                            struct value *out) {
    double seed;
    (void)count;
    *out = (struct value){.kind = VALUE_NONE};
    return whole_number(t, call->item[0], argument[0], &seed);
}

#define ROWS(ROW)                                                                                                      \
    ROW("len", run_len, 1, 1, "the number of elements of a list", "len([1, 2, 3])")                                    \
    ROW("range", run_range, 1, 3, "whole numbers from 0, or from a start, up to but without the end", "sum(range(4))") \
    ROW("sum", run_sum, 1, 3, "the elements of a list added up", "sum([1, 2, 3])")                                     \
    ROW("fsum", run_fsum, 1, 1, "the elements of a list added up and rounded once", "fsum([1e100, 1, -1e100])")        \
    ROW("prod", run_prod, 1, 1, "the elements of a list multiplied", "prod([1, 2, 3])")                                \
    ROW("mean", run_mean, 1, 3, "the elements of a list added up, by their number", "mean([1, 2, 6])")                 \
    ROW("min", run_min, 1, 1000000, "the smallest of several numbers or of a list", "min(2, 3, 1)")                    \
    ROW("max", run_max, 1, 1000000, "the largest of several numbers or of a list", "max([2, 3])")                      \
    ROW("log", run_log, 1, 2, "natural logarithm, or the one to a base", "log(8, 2)")                                  \
    ROW("zip", run_zip, 0, 1000000, "lists element by element: pairs, triples, ...",                                   \
        "[a*b for a, b in zip([1, 2], [3, 4])]")                                                                       \
    ROW("enumerate", run_enumerate, 1, 2, "a list's elements with their numbers",                                      \
        "[i*a for i, a in enumerate([5, 6])]")                                                                         \
    ROW("reversed", run_reversed, 1, 1, "a list from its end", "reversed([1, 2])")                                     \
    ROW("list", run_list, 0, 1, "a new list with the same elements", "list(range(3))")                                 \
    ROW("tuple", run_tuple, 0, 1, "a tuple with the same elements", "tuple([1, 2])")                                   \
    ROW("array", run_array, 1, 1, "numpy's array: a list that computes element by element", "2*array([1, 2])")         \
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
    ROW("isfinite", run_isfinite, 1, 1, "whether a number is neither infinite nor NaN", "isfinite(2)")                 \
    ROW("isnan", run_isnan, 1, 1, "whether a number is NaN", "isnan(nan)")                                             \
    ROW("isinf", run_isinf, 1, 1, "whether a number is infinite", "isinf(-inf)")                                       \
    ROW("isclose", run_isclose, 2, 4, "whether two numbers are nearly the same", "isclose(0.1 + 0.2, 0.3)")            \
    ROW("factorial", run_factorial, 1, 1, "1*2*...*n; of plain whole numbers only", "factorial(5)")                    \
    ROW("comb", run_comb, 2, 2, "ways to choose k of n; of plain whole numbers only", "comb(5, 2)")                    \
    ROW("perm", run_perm, 1, 2, "ordered choices of k of n; of plain whole numbers only", "perm(5, 2)")                \
    ROW("gcd", run_gcd, 0, 1000000, "greatest common divisor of plain whole numbers", "gcd(12, 18)")                   \
    ROW("dist", run_dist, 2, 2, "the distance between two points", "dist([0, 0], [3, 4])")                             \
    ROW("dot", run_dot, 2, 2, "the products of two lists' elements added up", "dot([1, 2], [3, 4])")                   \
    ROW("tensor", tensor_run_tensor, 1, 3, "a tensor of nested lists of numbers", "tensor([[1, 2], [3, 4]])")          \
    ROW("zeros", tensor_run_zeros, 1, 6, "a tensor of zeros", "zeros(2, 3)")                                           \
    ROW("ones", tensor_run_ones, 1, 6, "a tensor of ones", "ones(2, 3)")                                               \
    ROW("eye", tensor_run_eye, 1, 1, "a square matrix with ones on its diagonal", "eye(3)")                            \
    ROW("randn", tensor_run_randn, 1, 6, "a tensor of normal random numbers", "randn(2, 3)")                           \
    ROW("param", tensor_run_param, 1, 7, "a parameter: what training changes. init=, fan_in=, scale=", "param(2, 3)")  \
    ROW("labels", tensor_run_labels, 2, 2, "random labels for nll: n whole numbers below the second argument",         \
        "labels(4, 10)")                                                                                               \
    ROW("zeros_like", tensor_run_zeros_like, 1, 3, "zeros in the shape of a tensor", "zeros_like(randn(2, 3))")        \
    ROW("ones_like", tensor_run_ones_like, 1, 3, "ones in the shape of a tensor", "ones_like(randn(2, 3))")            \
    ROW("full", tensor_run_full, 2, 4, "a tensor of one number: the shape, the number", "full((2, 3), 0.5)")           \
    ROW("reshape", tensor_run_reshape, 2, 6, "the same elements in another shape", "reshape(randn(2, 3), 6)")          \
    ROW("flatten", tensor_run_flatten, 1, 1, "a matrix with the first axis as rows", "flatten(randn(2, 3, 4))")        \
    ROW("transpose", tensor_run_transpose, 1, 5, "rows become columns; or two axes change places; or a new order",     \
        "transpose(randn(2, 3))")                                                                                      \
    ROW("squeeze", tensor_run_squeeze, 1, 2, "without the axes, or the axis, of size 1", "squeeze(randn(2, 1))")       \
    ROW("unsqueeze", tensor_run_unsqueeze, 2, 2, "with one more axis, of size 1", "unsqueeze(randn(2), 0)")            \
    ROW("concatenate", tensor_run_concatenate, 1, 2,                                                                   \
        "tensors one behind the other along an axis, the first if none is named",                                      \
        "concatenate((randn(2, 3), randn(1, 3)), axis=0)")                                                             \
    ROW("stack", tensor_run_stack, 1, 2, "tensors, or numbers, along a new axis, the first if none is named",          \
        "stack((randn(3), randn(3)))")                                                                                 \
    ROW("matmul", tensor_run_matmul, 2, 2, "the product of matrices or vectors", "randn(2, 3) @ randn(3, 4)")          \
    ROW("linear", tensor_run_linear, 2, 3, "x @ W.T + b, as PyTorch's layers compute",                                 \
        "linear(randn(2, 3), randn(4, 3))")                                                                            \
    ROW("conv2d", tensor_run_conv2d, 2, 3, "images (n, c, h, w) filtered by (m, c, k, k)",                             \
        "conv2d(randn(1, 1, 4, 4), randn(2, 1, 3, 3), 1)")                                                             \
    ROW("avg_pool2d", tensor_run_avg_pool2d, 2, 2, "the mean of each square of k x k",                                 \
        "avg_pool2d(randn(1, 1, 4, 4), 2)")                                                                            \
    ROW("log_softmax", tensor_run_log_softmax, 1, 2, "log of exp(a) divided by its sum along the last axis",           \
        "log_softmax(randn(2, 3))")                                                                                    \
    ROW("softmax", tensor_run_softmax, 1, 2, "exp(a) divided by its sum along the last axis", "softmax(randn(2, 3))")  \
    ROW("cross_entropy", tensor_run_cross_entropy, 2, 2, "nll of log_softmax",                                         \
        "cross_entropy(randn(2, 3), labels(2, 3))")                                                                    \
    ROW("mse_loss", tensor_run_mse_loss, 2, 2, "the mean square of the difference",                                    \
        "mse_loss(randn(2, 3), randn(2, 3))")                                                                          \
    ROW("manual_seed", run_manual_seed, 1, 1,                                                                          \
        "for pasted programs: changes nothing, random tensors are the same in every run", "manual_seed(0)")            \
    ROW("nll", tensor_run_nll, 2, 2, "minus the mean log-probability of the labels",                                   \
        "nll(log_softmax(randn(2, 3)), labels(2, 3))")                                                                 \
    ROW("narrow", tensor_run_narrow, 4, 4, "a part along an axis: x, axis, start, length",                             \
        "narrow(randn(2, 3), 1, 0, 2)")                                                                                \
    ROW("react", tensor_run_react, 3, 5, "a field one step later: field, theta, t, dt=1/4096, D=1/4",                  \
        "react(randn(9, 9), ones(7), 0)")                                                                              \
    ROW("misfit", tensor_run_misfit, 2, 2, "the mean square of a field minus the target at time t",                    \
        "misfit(randn(9, 9), 0)")

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
} aliases[] = {
    {"maximum", "max"},       {"minimum", "min"},        {"asarray", "array"},   {"view", "reshape"},
    {"permute", "transpose"}, {"swapaxes", "transpose"}, {"cat", "concatenate"}, {"expand_dims", "unsqueeze"},
    {"mm", "matmul"},         {"mv", "matmul"},          {"nll_loss", "nll"},    {"seed", "manual_seed"},
    {"float64", "float"},     {"double", "float"},       {"absolute", "abs"},    {"power", "pow"},
    {"arcsin", "asin"},       {"arccos", "acos"},        {"arctan", "atan"},     {"arctan2", "atan2"},
    {"arcsinh", "asinh"},     {"arccosh", "acosh"},      {"arctanh", "atanh"},   {"rad2deg", "degrees"},
    {"deg2rad", "radians"}};

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
    if (strcmp(name, "newaxis") == 0) return *out = (struct value){.kind = VALUE_NONE}, true;
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
                        : row->least == 3       ? "3 to 5 arguments"
                        : row->most == 4        ? "2 to 4 arguments"
                        : row->most > 3         ? "at least 1 argument"
                        : row->most == 3        ? "1 to 3 arguments"
                        : row->least == 0       ? "0 or 1 arguments"
                                                : "1 or 2 arguments";
    fail_count(t, call, builtin_table[builtin].name, takes);
    error_hint(t->error, "for example %s", builtin_table[builtin].example);
    return false;
}

static bool takes_keywords(builtin_run *run) {
    static builtin_run *const those[] = {run_print,
                                         run_enumerate,
                                         run_sum,
                                         run_mean,
                                         run_isclose,
                                         tensor_run_param,
                                         tensor_run_react,
                                         tensor_run_zeros,
                                         tensor_run_ones,
                                         tensor_run_randn,
                                         tensor_run_full,
                                         tensor_run_zeros_like,
                                         tensor_run_ones_like,
                                         tensor_run_tensor,
                                         tensor_run_squeeze,
                                         tensor_run_unsqueeze,
                                         tensor_run_concatenate,
                                         tensor_run_stack,
                                         tensor_run_conv2d,
                                         tensor_run_avg_pool2d,
                                         tensor_run_log_softmax,
                                         tensor_run_softmax};
    for (size_t i = 0; i < sizeof those / sizeof *those; i++)
        if (those[i] == run) return true;
    return false;
}

// What is no operation of the graph takes no tensors, nor numbers that are not there yet.
static bool numbers_are_there(struct tracer *t, const struct expression *call, builtin_run *run,
                              const struct value *argument, uint32_t count) {
    static builtin_run *const those[] = {run_float,   run_int,       run_round, run_isfinite, run_isnan, run_isinf,
                                         run_isclose, run_factorial, run_comb,  run_perm,     run_gcd,   run_range};
    bool among = false;
    for (size_t i = 0; i < sizeof those / sizeof *those; i++) among |= those[i] == run;
    for (uint32_t i = 0; among && i < count; i++) {
        bool tensor = tensor_is(t, argument[i]);
        if (!tensor && (run == run_float || !trace_waits(t, argument[i]))) continue;
        trace_fail(t, call->item[i], ERROR_TYPE,
                   tensor ? "a number is needed here, not a tensor"
                          : "what depends on a tensor has no number yet while the program is traced");
        error_hint(t->error, tensor ? "x[0, 1] is one of its numbers, len(x) and x.shape are its sizes"
                                    : ".item() computes it here");
        return false;
    }
    return true;
}

bool builtin_call(struct tracer *t, const struct expression *call, int builtin, struct value *argument, uint32_t count,
                  struct value *out) {
    builtin_run *run = rows[builtin].run;
    if (!count_fits(t, call, builtin, count)) return false;
    if (count && expression_keyword(call, count - 1) && !takes_keywords(run))
        return trace_fail(t, call, ERROR_TYPE, "%s takes no keyword arguments", builtin_table[builtin].name);
    return numbers_are_there(t, call, run, argument, count) && run(t, call, argument, count, out);
}
