#include "lang/value.h"

#include <math.h>
#include <stdio.h>

#include "lang/builtin.h"

static void show_number(double number, bool integer, struct buffer *out) {
    char text[32];
    if (integer && fabs(number) < 1e15)
        snprintf(text, sizeof text, "%.0f", number);
    else
        text_number(text, number);
    buffer_text(out, text);
}

static void show_items(const struct value_list *list, bool tuple, const double *values, struct buffer *out) {
    buffer_char(out, tuple ? '(' : '[');
    for (uint32_t i = 0; i < list->count; i++) {
        if (i) buffer_text(out, ", ");
        value_show(list->item[i], values, true, out);
    }
    buffer_text(out, tuple ? list->count == 1 ? ",)" : ")" : "]");
}

void value_show(struct value value, const double *values, bool quote, struct buffer *out) {
    switch (value.kind) {
    case VALUE_BOOL:
        buffer_text(out, value.number != 0 ? "True" : "False");
        break;
    case VALUE_NUMBER:
        show_number(value.number, value.integer, out);
        break;
    case VALUE_VERTEX:
        show_number(values[value.vertex], value.integer, out);
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:
        show_items(value.list, value.kind == VALUE_TUPLE, values, out);
        break;
    case VALUE_RANGE:
        buffer_printf(out, "range(%.0f, %.0f, %.0f)", value.range->start,
                      value.range->start + value.range->step * (double)value.range->count, value.range->step);
        break;
    case VALUE_STRING:
        if (quote) buffer_char(out, '\'');
        buffer_add(out, value.text->data, value.text->size);
        if (quote) buffer_char(out, '\'');
        break;
    case VALUE_FUNCTION:
        buffer_text(out, "<function>");
        break;
    case VALUE_BUILTIN:
        buffer_printf(out, "<function %s>", builtin_table[value.builtin].name);
        break;
    case VALUE_OP:
        buffer_printf(out, "<function %s>", op_table[value.op].name);
        break;
    case VALUE_MODULE:
        buffer_text(out, "<module>");
        break;
    default:
        buffer_text(out, "None");
    }
}

const char *value_kind_name(struct value value) {
    static const char *const names[] = {"nothing",    "None",       "True or False", "a number", "a number",
                                        "a list",     "a tuple",    "a range",       "a string", "a function",
                                        "a function", "a function", "a module"};
    return names[value.kind];
}
