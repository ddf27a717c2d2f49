#include "show/notation.h"

#include <ctype.h>
#include <string.h>

#include "show/scene.h"

static bool starts_name(char c) { return isalpha((unsigned char)c) || c == '_' || (c & 0x80); }

static bool continues_name(char c) { return starts_name(c) || isdigit((unsigned char)c); }

// The bytes of a label at `text`: an identifier, its indices, "@k".
static size_t name_size(const char *text) {
    size_t n = 0;
    while (continues_name(text[n])) n++;
    while (text[n] == '[') {
        size_t close = n + strcspn(text + n, "]");
        if (!text[close]) break;
        n = close + 1;
    }
    if (text[n] == '@' && isdigit((unsigned char)text[n + 1]))
        for (n++; isdigit((unsigned char)text[n]);) n++;
    return n;
}

static size_t number_size(const char *text) {
    size_t n = 0;
    while (isdigit((unsigned char)text[n]) || text[n] == '.') n++;
    if (n && (text[n] == 'e' || text[n] == 'E')) {
        size_t m = n + 1;
        if (text[m] == '+' || text[m] == '-') m++;
        if (isdigit((unsigned char)text[m])) {
            while (isdigit((unsigned char)text[m])) m++;
            n = m;
        }
    }
    return n;
}

static bool is_constant(const char *text, size_t size) {
    return (size == 3 && (strncmp(text, "inf", 3) == 0 || strncmp(text, "nan", 3) == 0));
}

enum { LONG_NUMBER = 7, SHORT_DIGITS = 4 };

// A long number is rounded; a minus inside its exponent is a minus sign, too.
static void add_number(struct buffer *out, const char *text, size_t size) {
    char copy[64], rounded[48];
    double value;
    if (size > LONG_NUMBER && size < sizeof copy) {
        memcpy(copy, text, size);
        copy[size] = '\0';
        if (text_parse_number(copy, &value)) {
            text_label_number(rounded, value, SHORT_DIGITS);
            buffer_text(out, rounded);
            return;
        }
    }
    for (size_t i = 0; i < size; i++)
        if (text[i] == '-')
            buffer_text(out, "−");
        else
            buffer_char(out, text[i]);
}

static size_t add_name(struct buffer *out, const char *text) {
    char name[160];
    size_t size = name_size(text);
    if (text[size] == '(' || is_constant(text, size) || size >= sizeof name) {
        for (size_t i = 0; i < size; i++) {
            if (strchr("*_^{}\\", text[i])) buffer_char(out, '\\');
            buffer_char(out, text[i]);
        }
        return size;
    }
    memcpy(name, text, size);
    name[size] = '\0';
    scene_name(out, name);
    return size;
}

// What follows "^" or "**": raised when it is a number or a plain short name, else written as it is.
static size_t add_power(struct buffer *out, const char *text, size_t sign) {
    const char *at = text + sign;
    size_t n = number_size(at);
    size_t minus = !n && at[0] == '(' && at[1] == '-' ? 2 : 0;
    if (minus && (n = number_size(at + 2)) && at[2 + n] == ')') {
        buffer_text(out, "^{−");
        add_number(out, at + 2, n);
        buffer_char(out, '}');
        return sign + n + 3;
    }
    size_t name = n ? 0 : name_size(at);
    bool plain = name && name <= 2 && at[name] != '(';
    for (size_t i = 0; plain && i < name; i++) plain = isalpha((unsigned char)at[i]);
    if (!n && !plain) {
        buffer_text(out, "\\^");
        return sign;
    }
    buffer_text(out, plain ? "^{*" : "^{");
    if (plain)
        buffer_add(out, at, name);
    else
        add_number(out, at, n);
    buffer_text(out, plain ? "*}" : "}");
    return sign + (n ? n : name);
}

static size_t add_sign(struct buffer *out, const char *text) {
    if (text[0] == '^') return add_power(out, text, 1);
    if (text[0] == '*' && text[1] == '*') return add_power(out, text, 2);
    if (text[0] == '*')
        buffer_text(out, " · ");
    else if (text[0] == '-')
        buffer_text(out, "−");
    else if (strchr("\\_{}", text[0]))
        buffer_char(out, '\\'), buffer_char(out, text[0]);
    else
        buffer_char(out, text[0]);
    return 1;
}

void notation_formula(struct buffer *out, const char *formula) {
    for (const char *at = formula; *at;) {
        size_t number = number_size(at);
        if (number) {
            add_number(out, at, number);
            at += number;
        } else if (at[0] == ' ' && at[1] == '*' && at[2] == ' ') {
            buffer_text(out, " · ");
            at += 3;
        } else if (starts_name(*at)) {
            at += add_name(out, at);
        } else {
            at += add_sign(out, at);
        }
    }
}

bool notation_is_sum(const char *formula) {
    int depth = 0;
    if (formula[0] == '-') return true;
    for (const char *at = formula; *at; at++) {
        if (*at == '(' || *at == '[') depth++;
        if (*at == ')' || *at == ']') depth--;
        if (depth == 0 && (strncmp(at, " + ", 3) == 0 || strncmp(at, " - ", 3) == 0)) return true;
    }
    return false;
}
