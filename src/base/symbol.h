// Names as numbers: each distinct text has one symbol, so that comparing names is comparing integers.
#ifndef BAUER_BASE_SYMBOL_H
#define BAUER_BASE_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t symbol; // 0: no name

struct symbols;

struct symbols *symbols_new(void); // NULL when out of memory
void symbols_free(struct symbols *symbols);
symbol symbol_of(struct symbols *symbols, const char *text, size_t size);         // added if new; 0 when out of memory
symbol symbol_find(const struct symbols *symbols, const char *text, size_t size); // 0 if not there
const char *symbol_text(const struct symbols *symbols, symbol name);              // "" for 0; lives as long as symbols
uint32_t symbols_count(const struct symbols *symbols);

#endif
