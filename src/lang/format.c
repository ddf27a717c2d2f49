// Texts made from values: f-strings, "..." % values, "...".format(values).
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "lang/tensor.h"
#include "lang/trace.h"

bool trace_text(struct tracer *t, const char *data, size_t size, struct value *out) {
    struct value_text *text = arena_alloc(t->state->arena, sizeof *text);
    if (text) text->data = arena_text(t->state->arena, data, size);
    if (!text || !text->data) return error_memory(t->error);
    text->size = size;
    *out = (struct value){.kind = VALUE_STRING, .text = text};
    return true;
}

// [[fill]align][sign][0][width][,][.precision][type], as far as numbers and strings need it.
struct format {
    char fill, align, sign, group, type;
    int width, precision; // precision -1: none
};

static int read_size(const char **s) {
    int size = 0;
    while (**s >= '0' && **s <= '9' && size < 1000) size = size * 10 + (*(*s)++ - '0');
    return size;
}

static bool read_format(const char *s, struct format *format) {
    *format = (struct format){.fill = ' ', .precision = -1};
    if (*s && s[1] && strchr("<>^=", s[1])) format->fill = *s++;
    if (*s && strchr("<>^=", *s)) format->align = *s++;
    if (*s && strchr("+- ", *s)) format->sign = *s++;
    if (*s == '0') {
        if (!format->align) format->fill = '0', format->align = '=';
        s++;
    }
    format->width = read_size(&s);
    if (*s == ',' || *s == '_') format->group = *s++;
    if (*s == '.') {
        s++;
        format->precision = read_size(&s);
    }
    if (*s) format->type = *s++;
    return !*s && format->width < 1000 && format->precision < 1000 &&
           (!format->type || strchr("eEfFgGdn%s", format->type));
}

// Without a type and with a precision: like g, but with a digit after the point.
static void add_general(int precision, double number, struct buffer *out) {
    char digits[1400];
    snprintf(digits, sizeof digits, "%.*g", precision, number);
    if (strspn(digits, "0123456789") < strlen(digits)) { // has a point or an exponent, or is not finite
        buffer_text(out, digits);
    } else if ((int)strlen(digits) < precision) {
        buffer_printf(out, "%s.0", digits);
    } else {
        snprintf(digits, sizeof digits, "%.*e", precision - 1, number);
        size_t mantissa = strcspn(digits, "e"), kept = mantissa;
        if (precision > 1)
            while (digits[kept - 1] == '0') kept--;
        if (digits[kept - 1] == '.') kept--;
        buffer_add(out, digits, kept);
        buffer_text(out, digits + mantissa);
    }
}

// `number` is not negative.
static void add_number(const struct format *format, struct value value, double number, struct buffer *out) {
    char digits[1400], type = format->type;
    int precision = type == 'd' ? 0 : format->precision < 0 ? 6 : format->precision;
    bool integer = value.integer || value.kind == VALUE_BOOL;
    if (!type && format->precision < 0)
        return value_show((struct value){.kind = VALUE_NUMBER, .integer = integer, .number = number}, NULL, false, out);
    if (!type) return add_general(precision ? precision : 1, number, out);
    if (type == 'e')
        snprintf(digits, sizeof digits, "%.*e", precision, number);
    else if (type == 'E')
        snprintf(digits, sizeof digits, "%.*E", precision, number);
    else if (type == 'G')
        snprintf(digits, sizeof digits, "%.*G", precision ? precision : 1, number);
    else if (type == 'g' || type == 'n')
        snprintf(digits, sizeof digits, "%.*g", precision ? precision : 1, number);
    else
        snprintf(digits, sizeof digits, "%.*f", precision, number * (type == '%' ? 100 : 1));
    buffer_text(out, digits);
    if (type == '%') buffer_char(out, '%');
}

// The digits with a separator at every third place before the point.
static void add_grouped(const char *digits, char group, struct buffer *out) {
    size_t whole = strspn(digits, "0123456789");
    for (size_t i = 0; i < whole; i++) {
        if (group && i && (whole - i) % 3 == 0) buffer_char(out, group);
        buffer_char(out, digits[i]);
    }
    buffer_text(out, digits + whole);
}

static void add_padded(const struct format *format, char align, const char *sign, const char *text, size_t size,
                       struct buffer *out) {
    int gap = format->width - (int)strlen(sign) - text_width(text, size);
    int before = gap <= 0 || align == '<' ? 0 : align == '^' ? gap / 2 : gap;
    if (align == '=') buffer_text(out, sign);
    for (int i = 0; i < before; i++) buffer_char(out, format->fill);
    if (align != '=') buffer_text(out, sign);
    buffer_add(out, text, size);
    for (int i = before; i < gap; i++) buffer_char(out, format->fill);
}

static void format_number(struct tracer *t, const struct format *format, struct value value, struct buffer *out) {
    struct buffer digits = {0}, text = {0};
    double number = trace_number(t, value);
    bool negative = signbit(number) && !isnan(number) && !(value.integer && number == 0);
    char sign[2] = {negative ? '-' : format->sign == '-' ? 0 : format->sign};
    add_number(format, value, fabs(number), &digits);
    add_grouped(buffer_string(&digits), format->group, &text);
    add_padded(format, format->align ? format->align : '>', sign, buffer_string(&text), text.size, out);
    if (digits.failed || text.failed) out->failed = true;
    buffer_free(&digits);
    buffer_free(&text);
}

static size_t first_characters(const char *text, size_t size, int count) {
    size_t end = 0;
    while (end < size && (utf8_is_continuation(text[end]) || count-- > 0)) end++;
    return end;
}

// A value as text, as repr() (conversion 'r') or str() shows it, cut and padded.
static bool format_text(struct tracer *t, const struct format *format, struct value value, char conversion,
                        struct buffer *out) {
    struct buffer text = {0};
    value_show(value, t->graph, conversion == 'r', &text);
    size_t size = text.size;
    if ((conversion || value.kind == VALUE_STRING) && format->precision >= 0)
        size = first_characters(buffer_string(&text), size, format->precision);
    add_padded(format, format->align && format->align != '=' ? format->align : '<', "", buffer_string(&text), size,
               out);
    if (text.failed) out->failed = true;
    buffer_free(&text);
    return true;
}

static bool is_whole(struct value value) { return value.integer || value.kind == VALUE_BOOL; }

// conversion: 'r', 's' or 0.
static bool format_value(struct tracer *t, struct value value, const char *spec, char conversion,
                         const struct expression *at, struct buffer *out) {
    struct format format;
    if (!read_format(spec, &format)) return trace_fail(t, at, ERROR_TYPE, "the format `%s` is not known", spec);
    if (!trace_settle(t, &value)) return false;
    bool number = trace_is_number(value) && !tensor_is(t, value) && !conversion;
    if (format.type == 'd' && number && !is_whole(value)) {
        trace_fail(t, at, ERROR_TYPE, "the format `%s` is for whole numbers", spec);
        error_hint(t->error, "write .0f, or int(...) for the number without its fraction");
        return false;
    }
    if (*spec && number && format.type != 's') return format_number(t, &format, value, out), true;
    if (format.type && format.type != 's')
        return trace_fail(t, at, ERROR_TYPE, "the format `%s` needs a number, not %s", spec,
                          conversion ? "a string" : trace_kind_name(t, value));
    return format_text(t, &format, value, conversion, out);
}

// ---- "..." % values -----------------------------------------------------------------------------------------------

struct percent {
    struct tracer *t;
    const struct expression *e; // the operation: right has the values
    struct value values;        // a tuple, or the only one
    uint32_t used;
    struct buffer out;
};

static uint32_t percent_count(const struct percent *p) {
    return p->values.kind == VALUE_TUPLE ? p->values.list->count : 1;
}

static bool percent_next(struct percent *p, struct value *out) {
    if (p->used >= percent_count(p))
        return trace_fail(p->t, p->e->right, ERROR_TYPE,
                          "there are fewer values than the %% conversions of the string");
    *out = p->values.kind == VALUE_TUPLE ? p->values.list->item[p->used] : p->values;
    p->used++;
    return true;
}

// A width or precision: digits, or * for the next value.
static bool percent_size(struct percent *p, const char **s, int *out) {
    struct value value;
    if (**s != '*') return *out = read_size(s), true;
    ++*s;
    if (!percent_next(p, &value)) return false;
    if (!trace_is_number(value) || !is_whole(value))
        return trace_fail(p->t, p->e->right, ERROR_TYPE, "a * in a %% conversion needs a whole number");
    double number = trace_number(p->t, value);
    *out = number > 999 ? 999 : number < -999 ? -999 : (int)number;
    return true;
}

// After the percent sign: flags, width, precision, length, type.
static bool percent_read(struct percent *p, const char **s, struct format *format) {
    *format = (struct format){.fill = ' ', .align = '>', .precision = -1};
    bool zeros = false, left = false;
    for (; **s && strchr("-+ 0#", **s); ++*s) {
        if (**s == '-') left = true;
        if (**s == '0') zeros = true;
        if (**s == '+' || (**s == ' ' && !format->sign)) format->sign = **s;
    }
    if (!percent_size(p, s, &format->width)) return false;
    if (format->width < 0) left = true, format->width = -format->width;
    if (**s == '.') {
        ++*s;
        if (!percent_size(p, s, &format->precision)) return false;
        if (format->precision < 0) format->precision = 0;
    }
    while (**s && strchr("hlL", **s)) ++*s;
    format->type = **s;
    if (**s) ++*s;
    if (zeros) format->fill = '0', format->align = '=';
    if (left) format->fill = ' ', format->align = '<';
    return true;
}

static bool percent_number(struct percent *p, struct format *format, struct value value) {
    char type = format->type;
    if (!trace_settle(p->t, &value)) return false;
    if (!trace_is_number(value) || tensor_is(p->t, value))
        return trace_fail(p->t, p->e->right, ERROR_TYPE, "%%%c needs a number, not %s", type,
                          trace_kind_name(p->t, value));
    if (strchr("diu", type)) {
        double number = trunc(trace_number(p->t, value));
        if (!isfinite(number)) return trace_fail(p->t, p->e->right, ERROR_TYPE, "%%%c needs a finite number", type);
        value = (struct value){.kind = VALUE_NUMBER, .integer = true, .number = number + 0.0};
        format->type = 'd';
        format->precision = -1;
    }
    format_number(p->t, format, value, &p->out);
    return true;
}

static bool percent_one(struct percent *p, const char **s) {
    struct format format;
    struct value value;
    if (**s == '(') {
        trace_fail(p->t, p->e, ERROR_TYPE, "%%(NAME) needs a dict, which is not part of bauer's subset of Python");
        error_hint(p->t->error, "an f-string has names in it: f\"{x:.3f}\"");
        return false;
    }
    if (!percent_read(p, s, &format)) return false;
    if (format.type == '%') return buffer_char(&p->out, '%'), true;
    if (!format.type || !strchr("diueEfFgGsr", format.type)) {
        trace_fail(p->t, p->e, ERROR_TYPE, "a %% in this string begins no conversion that bauer knows");
        error_hint(p->t->error, "%%d %%f %%e %%g %%s %%r are there, %%%% is a percent sign");
        return false;
    }
    if (!percent_next(p, &value)) return false;
    if (format.type != 's' && format.type != 'r') return percent_number(p, &format, value);
    if (format.align == '=') format.align = '>', format.fill = ' ';
    return format_text(p->t, &format, value, format.type, &p->out);
}

bool format_percent(struct tracer *t, const struct expression *e, struct value text, struct value values,
                    struct value *out) {
    struct percent p = {.t = t, .e = e, .values = values};
    const char *s = text.text->data, *end = s + text.text->size;
    bool ok = true;
    while (ok && s < end) {
        const char *sign = memchr(s, '%', (size_t)(end - s));
        buffer_add(&p.out, s, (size_t)((sign ? sign : end) - s));
        s = sign ? sign + 1 : end;
        if (sign) ok = percent_one(&p, &s);
    }
    if (ok && p.used < percent_count(&p)) {
        ok = trace_fail(t, e->right, ERROR_TYPE, "there are more values than the %% conversions of the string");
        error_hint(t->error, "several values stand in brackets: \"%%g %%g\" %% (a, b)");
    }
    if (ok && p.out.failed) ok = error_memory(t->error);
    ok = ok && trace_text(t, buffer_string(&p.out), p.out.size, out);
    buffer_free(&p.out);
    return ok;
}

// ---- "...".format(values) -----------------------------------------------------------------------------------------

struct fields {
    struct tracer *t;
    const struct expression *call;
    const struct value *argument;
    uint32_t next; // {} without a number
};

static bool unknown_field(struct fields *f, const char *field, size_t size) {
    trace_fail(f->t, f->call, ERROR_TYPE, "there is no value for {%.*s}", (int)(size > 40 ? 40 : size), field);
    error_hint(f->t->error, "{} takes the next value, {0} the first one; or write an f-string: f\"{x:.3f}\"");
    return false;
}

static bool find_field(struct fields *f, const char *field, size_t size, struct value *out) {
    uint32_t at = 0;
    if (size == 0) {
        at = f->next++;
    } else if (strspn(field, "0123456789") >= size && size < 6) {
        const char *digits = field;
        at = (uint32_t)read_size(&digits);
    } else {
        while (at < f->call->count) {
            symbol keyword = expression_keyword(f->call, at);
            const char *name = keyword ? symbol_text(f->t->symbols, keyword) : "";
            if (strlen(name) == size && memcmp(name, field, size) == 0) return *out = f->argument[at], true;
            at++;
        }
    }
    if (at >= f->call->count || expression_keyword(f->call, at)) return unknown_field(f, field, size);
    *out = f->argument[at];
    return true;
}

static bool add_fields(struct fields *f, const char *s, const char *end, bool inner, struct buffer *out);

// {NAME!CONVERSION:SPEC}, from behind the opening brace; *s ends behind the closing one.
static bool add_field(struct fields *f, const char **s, const char *end, bool inner, struct buffer *out) {
    const char *name = *s, *close = *s;
    for (int depth = 1; close < end; close++) {
        depth += *close == '{' ? 1 : *close == '}' ? -1 : 0;
        if (depth == 0) break;
    }
    if (close == end) {
        trace_fail(f->t, f->call->left, ERROR_TYPE, "a { of the string is not closed");
        error_hint(f->t->error, "write {{ for a brace");
        return false;
    }
    *s = close + 1;
    size_t size = 0;
    while (name + size < close && name[size] != ':' && name[size] != '!') size++;
    const char *at = name + size;
    char conversion = 0;
    struct value value;
    if (*at == '!') conversion = at[1], at += 2;
    if (at > close || (at < close && *at != ':') || (conversion && conversion != 'r' && conversion != 's'))
        return trace_fail(f->t, f->call->left, ERROR_TYPE, "the conversion behind the ! is r or s");
    if (!find_field(f, name, size, &value)) return false;
    struct buffer spec = {0};
    bool ok = at == close || add_fields(f, at + 1, close, true, &spec);
    ok = ok && (!inner || at == close) && format_value(f->t, value, buffer_string(&spec), conversion, f->call, out);
    buffer_free(&spec);
    return ok;
}

// inner: the text is the specification of a field, in which a brace is not doubled.
static bool add_fields(struct fields *f, const char *s, const char *end, bool inner, struct buffer *out) {
    while (s < end) {
        char c = *s++;
        if (!inner && (c == '{' || c == '}') && s < end && *s == c) {
            buffer_char(out, c);
            s++;
        } else if (c == '{') {
            if (!add_field(f, &s, end, inner, out)) return false;
        } else if (c == '}') {
            trace_fail(f->t, f->call->left, ERROR_TYPE, "a } stands alone in this string");
            error_hint(f->t->error, "write }} for a brace");
            return false;
        } else {
            buffer_char(out, c);
        }
    }
    return true;
}

bool format_fields(struct tracer *t, const struct expression *call, struct value text, const struct value *argument,
                   struct value *out) {
    struct fields f = {t, call, argument, 0};
    struct buffer made = {0};
    bool ok = add_fields(&f, text.text->data, text.text->data + text.text->size, false, &made);
    if (ok && made.failed) ok = error_memory(t->error);
    ok = ok && trace_text(t, buffer_string(&made), made.size, out);
    buffer_free(&made);
    return ok;
}

// ---- f-strings ----------------------------------------------------------------------------------------------------

// The text behind the colon: as it stands, or with values of its own in it, as in {x:{width}}.
static bool add_formatted(struct tracer *t, const struct expression *part, struct buffer *out) {
    struct value value, spec;
    return trace_expression(t, part->left, &value) && trace_expression(t, part->specification, &spec) &&
           format_value(t, value, spec.text->data, (char)part->op, part->specification, out);
}

bool format_string(struct tracer *t, const struct expression *e, struct value *out) {
    struct buffer text = {0};
    bool ok = true;
    for (uint32_t i = 0; ok && i < e->count; i++) {
        const struct expression *part = e->item[i];
        if (part->kind == EXPR_STRING)
            buffer_add(&text, part->text, part->count);
        else
            ok = add_formatted(t, part, &text);
    }
    if (ok && text.failed) ok = error_memory(t->error);
    ok = ok && trace_text(t, buffer_string(&text), text.size, out);
    buffer_free(&text);
    return ok;
}
