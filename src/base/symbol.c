#include "base/symbol.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"

struct name {
    const char *text;
    size_t size;
};

// Open addressing with linear probing. The key of a name of up to eight bytes is the name itself, as a word; that of a
// longer one is a hash, and the texts are compared.
struct slot {
    uint64_t key;
    uint32_t size;
    symbol name; // 0: empty
};

struct symbols {
    struct arena *arena;
    struct name *names; // names[0] is the text ""
    size_t capacity;
    uint32_t count; // names, without names[0]
    struct slot *slots;
    uint32_t mask; // slots - 1, a power of two less one
};

static bool symbols_start(struct symbols *symbols) {
    symbols->arena = arena_new();
    symbols->mask = 255;
    symbols->slots = mem_zero(256, sizeof *symbols->slots);
    if (!symbols->arena || !symbols->slots) return false;
    if (!mem_grow(&symbols->names, &symbols->capacity, 128, sizeof *symbols->names)) return false;
    symbols->names[0] = (struct name){.text = ""};
    return true;
}

struct symbols *symbols_new(void) {
    struct symbols *symbols = mem_zero(1, sizeof *symbols);
    if (symbols && !symbols_start(symbols)) {
        symbols_free(symbols);
        return NULL;
    }
    return symbols;
}

void symbols_free(struct symbols *symbols) {
    if (!symbols) return;
    arena_free(symbols->arena);
    mem_free(symbols->names);
    mem_free(symbols->slots);
    mem_free(symbols);
}

// Multiplies 64 x 64 to 128 bits and folds: every input bit reaches every output bit in one step.
static uint64_t mix(uint64_t a, uint64_t b) {
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// A text of up to eight bytes as a number: its bytes as they lie in memory, then zeros.
static uint64_t word_of(const char *text, size_t size) {
    uint64_t word = 0;
    memcpy(&word, text, size);
    return word;
}

static uint64_t hash_text(const char *text, size_t size) {
    uint64_t hash = 0x9e3779b97f4a7c15u ^ size;
    for (; size > 8; size -= 8, text += 8) hash = mix(hash ^ symbol_load(text), 0xbf58476d1ce4e5b9u);
    return mix(hash ^ word_of(text, size), 0x94d049bb133111ebu);
}

// Where probing begins: at the first of two slots.
static uint32_t start_of(const struct symbols *symbols, uint64_t key, size_t size) {
    return (uint32_t)mix(key ^ size, 0x9e3779b97f4a7c15u) & symbols->mask & ~1u;
}

static bool is_at(const struct symbols *symbols, const struct slot *slot, uint64_t key, const char *text, size_t size) {
    if (slot->key != key || slot->size != size) return false;
    return size <= SYMBOL_WORD || memcmp(symbols->names[slot->name].text, text, size) == 0;
}

// The slot of the name, or the empty slot where it belongs. `text` is looked at only beyond SYMBOL_WORD bytes.
static struct slot *find_slot(const struct symbols *symbols, uint64_t key, const char *text, size_t size) {
    for (uint32_t i = start_of(symbols, key, size);; i = (i + 1) & symbols->mask) {
        struct slot *slot = &symbols->slots[i];
        if (slot->name == 0 || is_at(symbols, slot, key, text, size)) return slot;
    }
}

static bool widen(struct symbols *symbols) {
    size_t count = ((size_t)symbols->mask + 1) * 2;
    if (count > UINT32_MAX) return false;
    struct slot *old = symbols->slots, *slots = mem_zero(count, sizeof *slots);
    if (!slots) return false;
    uint32_t old_mask = symbols->mask;
    symbols->slots = slots;
    symbols->mask = (uint32_t)(count - 1);
    for (size_t k = 0; k <= old_mask; k++) {
        if (!old[k].name) continue;
        uint32_t i = start_of(symbols, old[k].key, old[k].size);
        while (slots[i].name) i = (i + 1) & symbols->mask;
        slots[i] = old[k];
    }
    mem_free(old);
    return true;
}

static symbol add(struct symbols *symbols, uint64_t key, const char *text, size_t size) {
    if (symbols->count >= symbols->mask / 2 && !widen(symbols)) return 0;
    if (!mem_grow(&symbols->names, &symbols->capacity, (size_t)symbols->count + 2, sizeof *symbols->names)) return 0;
    const char *copy = arena_text(symbols->arena, text, size);
    if (!copy) return 0;
    symbol name = ++symbols->count;
    symbols->names[name] = (struct name){copy, size};
    *find_slot(symbols, key, text, size) = (struct slot){key, (uint32_t)size, name};
    return name;
}

static uint64_t key_of(const char *text, size_t size) {
    return size <= SYMBOL_WORD ? word_of(text, size) : hash_text(text, size);
}

symbol symbol_of(struct symbols *symbols, const char *text, size_t size) {
    if (size > UINT32_MAX) return 0;
    uint64_t key = key_of(text, size);
    symbol name = find_slot(symbols, key, text, size)->name;
    return name ? name : add(symbols, key, text, size);
}

static __attribute__((noinline)) symbol probe_on(struct symbols *symbols, uint64_t word, const char *text,
                                                 size_t size) {
    symbol name = find_slot(symbols, word, text, size)->name;
    return name ? name : add(symbols, word, text, size);
}

// Nearly all names are met before and stand in one of the first two slots; which one cannot be foretold, so that this
// is no branch. (The size of an empty slot is 0.)
symbol symbol_of_word(struct symbols *symbols, uint64_t word, const char *text, size_t size) {
    const struct slot *slot = &symbols->slots[start_of(symbols, word, size)];
    symbol first = slot[0].name & -(symbol)((slot[0].key == word) & (slot[0].size == size));
    symbol second = slot[1].name & -(symbol)((slot[1].key == word) & (slot[1].size == size));
    symbol name = first | second;
    return name ? name : probe_on(symbols, word, text, size);
}

symbol symbol_find(const struct symbols *symbols, const char *text, size_t size) {
    return size <= UINT32_MAX ? find_slot(symbols, key_of(text, size), text, size)->name : 0;
}

const char *symbol_text(const struct symbols *symbols, symbol name) {
    return name <= symbols->count ? symbols->names[name].text : "";
}

uint32_t symbols_count(const struct symbols *symbols) { return symbols->count; }
