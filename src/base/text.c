#include "base/text.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"

bool text_starts(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

// ---- the nearest name ---------------------------------------------------------------------------------------------

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Edit distance with transpositions of neighbours (optimal string alignment), by rows: rows[0] is the current one,
// rows[1] and rows[2] the two before. Each row has size_b + 1 entries.
static size_t distance(const char *a, size_t size_a, const char *b, size_t size_b, size_t *rows[3]) {
    for (size_t j = 0; j <= size_b; j++) rows[0][j] = j;
    for (size_t i = 1; i <= size_a; i++) {
        size_t *oldest = rows[2];
        rows[2] = rows[1], rows[1] = rows[0], rows[0] = oldest;
        rows[0][0] = i;
        for (size_t j = 1; j <= size_b; j++) {
            size_t best = rows[1][j - 1] + (a[i - 1] != b[j - 1]);
            best = smaller(best, smaller(rows[0][j - 1], rows[1][j]) + 1);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) best = smaller(best, rows[2][j - 2] + 1);
            rows[0][j] = best;
        }
    }
    return rows[0][size_b];
}

const char *text_nearest(const char *text, const char *const *names, size_t count) {
    size_t size = strlen(text), limit = size / 3;
    if (limit == 0 && size > 1) limit = 1; // "ex" for "exp"
    size_t stride = size + limit + 1;
    size_t *memory = mem_alloc(3 * stride, sizeof *memory);
    if (!memory) return NULL; // a suggestion may be missing
    const char *nearest = NULL;
    size_t least = limit + 1;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]);
        if (length + limit < size || length > size + limit) continue;
        size_t *rows[3] = {memory, memory + stride, memory + 2 * stride};
        size_t edits = strcasecmp(text, names[i]) == 0 ? 0 : distance(text, size, names[i], length, rows);
        if (edits < least) least = edits, nearest = names[i];
    }
    mem_free(memory);
    return nearest;
}
