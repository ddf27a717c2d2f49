// UTF-8 inside the room `base`: decoding, cleaning and the width of a character.
#ifndef BAUER_BASE_UTF8_H
#define BAUER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The character at `text` and the bytes it takes, 1 to 4; 0 bytes when what stands there is not valid UTF-8.
size_t utf8_decode(const char *text, size_t size, uint32_t *character);
bool utf8_valid(const char *text, size_t size); // fast on ASCII
int utf8_width(uint32_t character);             // terminal columns: 0, 1 or 2
bool utf8_is_continuation(char c);              // not the first byte of a character
// `size`, or less by the bytes of a character that is cut at the end.
size_t utf8_whole(const char *text, size_t size);

#endif
