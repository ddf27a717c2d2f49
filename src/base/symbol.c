#include "base/symbol.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"

struct name {
    const char *text;
    uint32_t size, hash;
};

// Open addressing with linear probing; a slot keeps its name's hash, so that a probe seldom looks at the text.
struct slot {
    uint32_t hash;
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

static uint64_t load(const char *text, size_t size) {
    uint64_t word = 0;
    memcpy(&word, text, size);
    return word;
}

static uint64_t load8(const char *text) { return load(text, 8); }

// Up to 8 bytes without a loop over bytes: the two reads overlap.
static uint64_t load_tail(const char *text, size_t size) {
    if (size >= 4) return load(text, 4) << 32 | load(text + size - 4, 4);
    if (size == 0) return 0;
    return (uint64_t)(unsigned char)text[0] << 16 | (uint64_t)(unsigned char)text[size / 2] << 8 |
           (unsigned char)text[size - 1];
}

static uint32_t hash_text(const char *text, size_t size) {
    uint64_t hash = 0x9e3779b97f4a7c15u ^ size;
    size_t left = size;
    for (; left > 8; left -= 8, text += 8) hash = mix(hash ^ load8(text), 0xbf58476d1ce4e5b9u);
    hash = mix(hash ^ load_tail(text, left), 0x94d049bb133111ebu);
    return (uint32_t)(hash ^ hash >> 32);
}

// The slot of `text`, or the empty slot where it belongs.
static struct slot *find_slot(const struct symbols *symbols, const char *text, size_t size, uint32_t hash) {
    for (uint32_t i = hash & symbols->mask;; i = (i + 1) & symbols->mask) {
        struct slot *slot = &symbols->slots[i];
        if (slot->name == 0) return slot;
        if (slot->hash != hash) continue;
        const struct name *name = &symbols->names[slot->name];
        if (name->size == size && memcmp(name->text, text, size) == 0) return slot;
    }
}

static bool widen(struct symbols *symbols) {
    size_t count = ((size_t)symbols->mask + 1) * 2;
    if (count > UINT32_MAX) return false;
    struct slot *slots = mem_zero(count, sizeof *slots);
    if (!slots) return false;
    mem_free(symbols->slots);
    symbols->slots = slots;
    symbols->mask = (uint32_t)(count - 1);
    for (symbol name = 1; name <= symbols->count; name++) {
        uint32_t hash = symbols->names[name].hash, i = hash & symbols->mask;
        while (slots[i].name) i = (i + 1) & symbols->mask;
        slots[i] = (struct slot){hash, name};
    }
    return true;
}

static symbol add(struct symbols *symbols, struct slot *slot, const char *text, size_t size, uint32_t hash) {
    if (!mem_grow(&symbols->names, &symbols->capacity, (size_t)symbols->count + 2, sizeof *symbols->names)) return 0;
    const char *copy = arena_text(symbols->arena, text, size);
    if (!copy) return 0;
    symbol name = ++symbols->count;
    symbols->names[name] = (struct name){copy, (uint32_t)size, hash};
    *slot = (struct slot){hash, name};
    return name;
}

symbol symbol_of(struct symbols *symbols, const char *text, size_t size) {
    if (size > UINT32_MAX) return 0;
    uint32_t hash = hash_text(text, size);
    struct slot *slot = find_slot(symbols, text, size, hash);
    if (slot->name) return slot->name;
    if (symbols->count >= symbols->mask / 2) {
        if (!widen(symbols)) return 0;
        slot = find_slot(symbols, text, size, hash);
    }
    return add(symbols, slot, text, size, hash);
}

symbol symbol_find(const struct symbols *symbols, const char *text, size_t size) {
    return find_slot(symbols, text, size, hash_text(text, size))->name;
}

const char *symbol_text(const struct symbols *symbols, symbol name) {
    return name <= symbols->count ? symbols->names[name].text : "";
}

uint32_t symbols_count(const struct symbols *symbols) { return symbols->count; }
