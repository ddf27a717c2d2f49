// Numbers to text and back.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

// A decimal taken apart: 0.DIGITS x 10^point, without trailing zeros.
struct decimal {
    bool negative;
    char digits[20];
    int count, point;
};

static struct decimal decimal_of(double value, int digits) {
    char text[40];
    snprintf(text, sizeof text, "%.*e", digits - 1, fabs(value));
    struct decimal decimal = {.negative = signbit(value) != 0};
    const char *c = text;
    for (; *c != 'e'; c++)
        if (*c != '.') decimal.digits[decimal.count++] = *c;
    decimal.point = atoi(c + 1) + 1;
    while (decimal.count > 1 && decimal.digits[decimal.count - 1] == '0') decimal.count--;
    decimal.digits[decimal.count] = '\0';
    return decimal;
}

static bool reads_back(double value, struct decimal decimal) {
    char text[48];
    snprintf(text, sizeof text, "%s.%se%d", decimal.negative ? "-0" : "0", decimal.digits, decimal.point);
    return strtod(text, NULL) == value;
}

// Doubles lie closer together below a power of two than above it, so that its shortest decimal may be one above the
// nearest of that length. Turns 17 digits into the 16 that lie above.
static struct decimal rounded_up(struct decimal decimal) {
    int last = 15;
    while (last > 0 && decimal.digits[last] == '9') last--;
    decimal.digits[last]++;
    decimal.digits[last + 1] = '\0';
    decimal.count = last + 1;
    return decimal;
}

// 15 digits survive any normal double; a subnormal has fewer, so that all lengths are tried.
static struct decimal shortest_decimal(double value) {
    for (int digits = fabs(value) < 2.3e-308 ? 1 : 15; digits < 17; digits++) {
        struct decimal decimal = decimal_of(value, digits);
        if (reads_back(value, decimal)) return decimal;
    }
    struct decimal exact = decimal_of(value, 17), above = rounded_up(exact);
    return exact.count == 17 && reads_back(value, above) ? above : exact;
}

// The writers below append at `out` and return the new end; the longest number needs fewer than 32 bytes.
static char *add(char *out, const char *text) { return stpcpy(out, text); }

static char *add_plain(char *out, struct decimal decimal) {
    if (decimal.point <= 0) out = add(out, "0.");
    for (int i = decimal.point; i < 0; i++) *out++ = '0';
    for (int i = 0; i < decimal.count; i++) {
        if (i == decimal.point && i > 0) *out++ = '.';
        *out++ = decimal.digits[i];
    }
    for (int i = decimal.count; i < decimal.point; i++) *out++ = '0';
    *out = '\0';
    return out;
}

static char *add_mantissa(char *out, struct decimal decimal) {
    *out++ = decimal.digits[0];
    if (decimal.count > 1) *out++ = '.';
    return add(out, decimal.digits + 1);
}

void text_number(char out[32], double value) {
    if (isnan(value)) {
        add(out, "nan");
        return;
    }
    if (signbit(value)) *out++ = '-';
    if (isinf(value)) {
        add(out, "inf");
        return;
    }
    struct decimal decimal = shortest_decimal(value);
    if (decimal.point > -4 && decimal.point <= 16) { // as Python's repr
        char *end = add_plain(out, decimal);
        if (decimal.count <= decimal.point) add(end, ".0");
    } else {
        int exponent = decimal.point - 1;
        sprintf(add_mantissa(out, decimal), "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    }
}

static const char *const superscript[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};

static char *add_power_of_ten(char *out, int exponent) {
    out = add(out, exponent < 0 ? "×10⁻" : "×10");
    char digits[16];
    snprintf(digits, sizeof digits, "%d", abs(exponent));
    for (const char *c = digits; *c; c++) out = add(out, superscript[*c - '0']);
    return out;
}

// Whole parts up to a million are written out even if that takes more than `digits` digits: "1234", not "1.23×10³".
static void add_label(char *out, double value, int digits) {
    struct decimal decimal = decimal_of(value, digits);
    if (decimal.point > digits && decimal.point <= 6) decimal = decimal_of(value, decimal.point);
    if (decimal.point > -4 && decimal.point <= 6)
        add_plain(out, decimal);
    else
        add_power_of_ten(add_mantissa(out, decimal), decimal.point - 1);
}

void text_label_number(char out[48], double value, int digits) {
    if (digits < 1) digits = 1;
    if (digits > 17) digits = 17;
    if (isnan(value) || value == 0) {
        add(out, isnan(value) ? "NaN" : "0");
        return;
    }
    if (value < 0) out = add(out, "−");
    if (isinf(value))
        add(out, "∞");
    else
        add_label(out, value, digits);
}

// ---- reading ------------------------------------------------------------------------------------------------------

static int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

// Digits of `base` with single underscores between them; NULL if there is none here, else their end.
static const char *skip_digits(const char *c, int base) {
    if (digit_value(*c) >= base) return NULL;
    while (digit_value(*c) < base || (*c == '_' && digit_value(c[1]) < base)) c++;
    return c;
}

static int base_of(const char *text) {
    if (text[0] != '0') return 10;
    switch (text[1] | 0x20) {
    case 'x':
        return 16;
    case 'o':
        return 8;
    case 'b':
        return 2;
    default:
        return 10;
    }
}

// Whole numbers in base 2, 8 or 16. Rounded once: bits beyond the 64 highest only leave a trace in the lowest.
static bool parse_based(const char *text, int base, double *value) {
    const char *digits = text + 2 + (text[2] == '_');
    const char *end = skip_digits(digits, base);
    if (!end || *end) return false;
    int bits = base == 16 ? 4 : base == 8 ? 3 : 1, dropped = 0;
    uint64_t whole = 0;
    for (const char *c = digits; c < end; c++) {
        if (*c == '_') continue;
        uint64_t digit = (uint64_t)digit_value(*c);
        if (whole >> 59) {
            if (dropped <= 2000) dropped += bits;
            whole |= digit != 0;
        } else {
            whole = whole << bits | digit;
        }
    }
    *value = ldexp((double)whole, dropped);
    return true;
}

static bool skip_decimal(const char *text) {
    const char *whole = skip_digits(text, 10), *c = whole ? whole : text, *fraction = NULL;
    if (*c == '.') {
        fraction = skip_digits(++c, 10);
        if (fraction) c = fraction;
    }
    if (!whole && !fraction) return false;
    if ((*c | 0x20) == 'e') {
        c += c[1] == '+' || c[1] == '-' ? 2 : 1;
        c = skip_digits(c, 10);
    }
    return c && *c == '\0';
}

// strtod without the underscores.
static bool parse_decimal(const char *text, double *value) {
    struct buffer plain = {0};
    for (const char *c = text; *c; c++)
        if (*c != '_') buffer_char(&plain, *c);
    bool ok = !plain.failed;
    if (ok) *value = strtod(buffer_string(&plain), NULL);
    buffer_free(&plain);
    return ok;
}

static bool parse_unsigned(const char *text, double *value) {
    if (strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0) {
        *value = INFINITY;
        return true;
    }
    if (strcasecmp(text, "nan") == 0) {
        *value = NAN;
        return true;
    }
    int base = base_of(text);
    if (base != 10) return parse_based(text, base, value);
    return skip_decimal(text) && parse_decimal(text, value);
}

bool text_parse_number(const char *text, double *value) {
    bool negative = *text == '-';
    if (*text == '-' || *text == '+') text++;
    double size;
    if (!parse_unsigned(text, &size)) return false;
    *value = negative ? -size : size;
    return true;
}
