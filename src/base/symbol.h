// Names as numbers: each distinct text has one symbol, so that comparing names is comparing integers.
#ifndef BAUER_BASE_SYMBOL_H
#define BAUER_BASE_SYMBOL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t symbol; // 0: no name

struct symbols;

struct symbols *symbols_new(void); // NULL when out of memory
void symbols_free(struct symbols *symbols);
symbol symbol_of(struct symbols *symbols, const char *text, size_t size);         // added if new; 0 when out of memory
symbol symbol_find(const struct symbols *symbols, const char *text, size_t size); // 0 if not there
const char *symbol_text(const struct symbols *symbols, symbol name);              // "" for 0; lives as long as symbols
// As symbol_of for a text of at most SYMBOL_WORD bytes whose word is at hand: symbol_cut(symbol_load(text), size).
symbol symbol_of_word(struct symbols *symbols, uint64_t word, const char *text, size_t size);
uint32_t symbols_count(const struct symbols *symbols);

enum { SYMBOL_WORD = 8 };

// The first eight bytes of `text` as they lie in memory.
static inline uint64_t symbol_load(const char *text) {
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

// A loaded word cut to its first `size` bytes, 1 to 8.
static inline uint64_t symbol_cut(uint64_t word, size_t size) {
    size_t unused = 8 * (SYMBOL_WORD - size);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word << unused >> unused : word >> unused << unused;
}

#endif
