#include "lang/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lang/builtin.h"
#include "lang/tensor.h"

enum { FIT_DEPTH = 100, FIT_ELEMENTS = 10000000 };

static bool list_fits(const struct value_list *list, int depth, uint64_t *left) {
    if (depth == 0 || list->count > *left) return false;
    *left -= list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct value *item = &list->item[i];
        bool deeper = item->kind == VALUE_LIST || item->kind == VALUE_TUPLE;
        if (deeper && !list_fits(item->list, depth - 1, left)) return false;
    }
    return true;
}

bool value_fits(struct value value) {
    uint64_t left = FIT_ELEMENTS;
    return (value.kind != VALUE_LIST && value.kind != VALUE_TUPLE) || list_fits(value.list, FIT_DEPTH, &left);
}

static void show_number(double number, bool integer, struct buffer *out) {
    char text[32];
    if (integer && fabs(number) <= 9007199254740992.0)     // 2**53: whole numbers up to here are exact
        snprintf(text, sizeof text, "%.0f", number + 0.0); // -0 is 0
    else
        text_number(text, number);
    buffer_text(out, text);
}

static void show(struct value value, const struct graph *graph, bool quote, struct buffer *out);

static void show_items(const struct value_list *list, bool tuple, const struct graph *graph, struct buffer *out) {
    buffer_char(out, tuple ? '(' : '[');
    for (uint32_t i = 0; i < list->count; i++) {
        if (i) buffer_text(out, ", ");
        show(list->item[i], graph, true, out);
    }
    buffer_text(out, tuple ? list->count == 1 ? ",)" : ")" : "]");
}

static void show_range(const struct value_range *range, struct buffer *out) {
    buffer_printf(out, "range(%.0f, %.0f", range->start, range->stop);
    if (range->step != 1) buffer_printf(out, ", %.0f", range->step);
    buffer_char(out, ')');
}

// As repr() does: in double quotes if that saves escapes.
static void show_quoted(const struct value_text *text, struct buffer *out) {
    bool single = memchr(text->data, '\'', text->size), both = memchr(text->data, '"', text->size);
    char quote = single && !both ? '"' : '\'';
    buffer_char(out, quote);
    for (size_t i = 0; i < text->size; i++) {
        char c = text->data[i];
        const char *named = c ? strchr("\n\r\t", c) : NULL;
        if (c == quote || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if (named)
            buffer_printf(out, "\\%c", *named == '\n' ? 'n' : *named == '\r' ? 'r' : 't');
        else if ((unsigned char)c < ' ' || c == 127)
            buffer_printf(out, "\\x%02x", (unsigned)c);
        else
            buffer_char(out, c);
    }
    buffer_char(out, quote);
}

static void show_vertex(struct value value, const struct graph *graph, struct buffer *out) {
    char shape[64];
    if (graph_is_tensor(graph, value.vertex))
        buffer_printf(out, "tensor %s", (shape_text(graph_shape(graph, value.vertex), shape), shape));
    else
        show_number(graph->value[value.vertex], value.integer, out);
}

static void show(struct value value, const struct graph *graph, bool quote, struct buffer *out) {
    switch (value.kind) {
    case VALUE_BOOL:
        buffer_text(out, value.number != 0 ? "True" : "False");
        break;
    case VALUE_NUMBER:
        show_number(value.number, value.integer, out);
        break;
    case VALUE_VERTEX:
        show_vertex(value, graph, out);
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:
        show_items(value.list, value.kind == VALUE_TUPLE, graph, out);
        break;
    case VALUE_RANGE:
        show_range(value.range, out);
        break;
    case VALUE_STRING:
        if (quote)
            show_quoted(value.text, out);
        else
            buffer_add(out, value.text->data, value.text->size);
        break;
    case VALUE_FUNCTION:
        buffer_printf(out, "<function %s>", value.closure->function->title);
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
    case VALUE_TENSOR:
        tensor_show(value.tensor, out);
        break;
    default:
        buffer_text(out, "None");
    }
}

void value_show(struct value value, const struct graph *graph, bool quote, struct buffer *out) {
    if (value_fits(value))
        show(value, graph, quote, out);
    else
        buffer_text(out, "[...]");
}

const char *value_kind_name(struct value value) {
    static const char *const names[] = {"nothing",    "None",       "True or False", "a number", "a number",
                                        "a list",     "a tuple",    "a range",       "a string", "a function",
                                        "a function", "a function", "a module",      "a tensor"};
    return names[value.kind];
}
