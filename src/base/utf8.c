#include "base/utf8.h"

#include <string.h>

#include "base/text.h"

bool utf8_is_continuation(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

// Bytes and lowest character of a sequence by its first byte; a lower character is an overlong form.
static size_t sequence_size(unsigned char first, uint32_t *lowest) {
    if (first >= 0xc2 && first <= 0xdf) return *lowest = 0x80, 2;
    if (first >= 0xe0 && first <= 0xef) return *lowest = 0x800, 3;
    if (first >= 0xf0 && first <= 0xf4) return *lowest = 0x10000, 4;
    return 0;
}

size_t utf8_decode(const char *text, size_t size, uint32_t *character) {
    if (size == 0) return 0;
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80) return *character = first, 1;
    uint32_t lowest = 0;
    size_t length = sequence_size(first, &lowest);
    if (length == 0 || length > size) return 0;
    uint32_t value = first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (!utf8_is_continuation(text[i])) return 0;
        value = value << 6 | ((unsigned char)text[i] & 0x3f);
    }
    bool surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < lowest || value > 0x10ffff || surrogate) return 0;
    *character = value;
    return length;
}

// Bytes of ASCII at the start of `text`, eight at a time.
static size_t ascii_prefix(const char *text, size_t size) {
    size_t at = 0;
    for (uint64_t words[4]; size - at >= sizeof words; at += sizeof words) {
        memcpy(words, text + at, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u) break;
    }
    while (at < size && (unsigned char)text[at] < 0x80) at++;
    return at;
}

bool utf8_valid(const char *text, size_t size) {
    for (size_t at = 0; at < size;) {
        at += ascii_prefix(text + at, size - at);
        if (at == size) break;
        uint32_t character;
        size_t length = utf8_decode(text + at, size - at, &character);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

size_t text_clean_utf8(const char *text, size_t size, char *out) {
    char *end = out;
    for (size_t at = 0; at < size;) {
        uint32_t character;
        size_t length = utf8_decode(text + at, size - at, &character);
        const char *good = length ? text + at : "\xef\xbf\xbd"; // U+FFFD for each bad byte
        size_t copied = length ? length : 3;
        memcpy(end, good, copied);
        end += copied;
        at += length ? length : 1;
    }
    return (size_t)(end - out);
}

size_t utf8_whole(const char *text, size_t size) {
    size_t start = size;
    while (start > 0 && size - start < 3 && utf8_is_continuation(text[start - 1])) start--;
    if (start == 0) return size;
    uint32_t character;
    start--;
    return utf8_decode(text + start, size - start, &character) ? size : start;
}

// ---- width --------------------------------------------------------------------------------------------------------

struct range {
    uint32_t first, last;
};

// Marks that take no column of their own (Unicode categories Mn, Me, Cf; the blocks a terminal meets).
static const struct range zero_width[] = {
    {0x0300, 0x036f},   {0x0483, 0x0489},   {0x0591, 0x05bd},   {0x05bf, 0x05bf}, {0x05c1, 0x05c7}, {0x0610, 0x061a},
    {0x064b, 0x065f},   {0x0670, 0x0670},   {0x06d6, 0x06dc},   {0x06df, 0x06e4}, {0x06e7, 0x06ed}, {0x0900, 0x0902},
    {0x093c, 0x093c},   {0x0941, 0x0948},   {0x094d, 0x094d},   {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x1160, 0x11ff},   {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},   {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f},
    {0x20d0, 0x20f0},   {0x302a, 0x302d},   {0x3099, 0x309a},   {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
    {0x1f3fb, 0x1f3ff}, {0xe0001, 0xe007f}, {0xe0100, 0xe01ef},
};

// East Asian Width W and F (Unicode Standard Annex 11), and emoji.
static const struct range double_width[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},
    {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26bd, 0x26be},   {0x2705, 0x2705},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2b1b, 0x2b1c},
    {0x2b50, 0x2b50},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f19a},
    {0x1f200, 0x1f320}, {0x1f32d, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff},
    {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

static bool within(const struct range *ranges, size_t count, uint32_t character) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (character > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && character >= ranges[low].first;
}

int utf8_width(uint32_t character) {
    if (character < 0x300) return character >= 0x20 && (character < 0x7f || character >= 0xa0);
    if (within(zero_width, sizeof zero_width / sizeof *zero_width, character)) return 0;
    return within(double_width, sizeof double_width / sizeof *double_width, character) ? 2 : 1;
}

int text_width(const char *text, size_t size) {
    int width = 0;
    for (size_t at = 0; at < size;) {
        uint32_t character;
        size_t length = utf8_decode(text + at, size - at, &character);
        width += length ? utf8_width(character) : 1;
        at += length ? length : 1;
    }
    return width;
}
