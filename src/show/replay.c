#include "show/replay.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

void replay_number(struct buffer *out, double value, int decimals) {
    static const int64_t power[] = {1, 10, 100, 1000, 10000};
    if (!isfinite(value) || fabs(value) > 1e12) value = 0;
    int64_t scaled = llround(value * (double)power[decimals]);
    if (scaled < 0) buffer_char(out, '-');
    if (scaled < 0) scaled = -scaled;
    buffer_printf(out, "%" PRId64, scaled / power[decimals]);
    int64_t rest = scaled % power[decimals];
    if (rest) buffer_char(out, '.');
    for (int i = decimals - 1; rest && i >= 0; i--) {
        buffer_char(out, (char)('0' + rest / power[i]));
        rest %= power[i];
    }
}

static bool is_xml(uint32_t c) {
    if (c < 0x20) return c == '\t' || c == '\n';
    return c != 0x7F && !(c >= 0x80 && c < 0xA0) && c != 0xFFFE && c != 0xFFFF;
}

void replay_xml_text(struct buffer *out, const char *text) {
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        uint32_t c;
        size_t n = utf8_decode(text + i, size - i, &c);
        if (n && is_xml(c)) buffer_add(out, text + i, n);
        i += n ? n : 1;
    }
}

void replay_base64(struct buffer *out, const char *data, size_t size) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++) bits = bits << 8 | (i + j < size ? (unsigned char)data[i + j] : 0u);
        for (size_t j = 0; j < 4; j++) buffer_char(out, i + j > size ? '=' : letters[bits >> (18 - 6 * j) & 63]);
    }
}

bool replay_is_xml_text(const char *text) {
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        uint32_t c;
        size_t n = utf8_decode(text + i, size - i, &c);
        if (!n || !is_xml(c)) return false;
        i += n;
    }
    return true;
}
