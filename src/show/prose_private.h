// A text in CommonMark taken apart: a list of blocks, each a list of pieces. What prose.c draws and prose_text.c
// prints.
#ifndef BAUER_SHOW_PROSE_PRIVATE_H
#define BAUER_SHOW_PROSE_PRIVATE_H

#include "show/formula.h"
#include "show/prose.h"

enum atom_kind { ATOM_WORD, ATOM_SPACE, ATOM_BREAK, ATOM_FORMULA };

// What is never cut in the middle unless it is wider than a line; a line may end at a SPACE and does at a BREAK.
struct atom {
    enum atom_kind kind;
    bool bold, italic, code;
    uint32_t link;    // 0: none, else the link's number + 1
    const char *text; // WORD
    struct formula *formula;
};

enum block_kind { BLOCK_PARAGRAPH, BLOCK_HEADING, BLOCK_CODE, BLOCK_FORMULA, BLOCK_RULE };

// Around a block, from the outside in.
enum { AROUND_QUOTE, AROUND_LIST };

struct block {
    enum block_kind kind;
    uint32_t level;          // of a heading, from 1
    uint32_t depth;          // containers around it
    const char *around;      // AROUND_..., depth of them
    const char *marker;      // of a list item, on its first block, else NULL: "•", "12."
    bool tight;              // no space before it: within a list without empty lines
    size_t atom, count;      // its atoms
    const char *text;        // CODE: lines, each ended by LF
    struct formula *formula; // FORMULA
};

// A quote stretches over blocks; `depth` containers are around it.
struct quote {
    uint32_t depth;
    size_t first, end;
};

struct document {
    struct arena *arena; // of all it points to
    struct block *block;
    struct atom *atom;
    struct quote *quote;
    const char **link; // addresses
    size_t block_count, atom_count, quote_count, link_count;
    size_t block_room, atom_room, quote_room, link_room;
    struct buffer told; // about formulas
};

// NULL as prose_scene says.
struct document *document_read(const char *text, size_t size, struct error *error);
void document_free(struct document *document); // NULL is allowed

// ---- lines --------------------------------------------------------------------------------------------------------

// A word, or a part of one that is wider than a line, or a formula, with its width in the units of the line.
struct piece {
    const struct atom *atom;
    const char *text;
    size_t size;
    double width;
};

// How wide a word of `size` bytes in an atom's look (or its formula) is; SPACE: how wide the blank.
typedef double piece_measure(void *context, const struct atom *atom, const char *text, size_t size);

struct lines {
    struct piece *piece;
    size_t count, room;
    size_t *end; // of each line: the piece after its last
    size_t line_count, line_room;
};

// Breaks a block's atoms into lines of at most `width`; blanks at the ends of lines are dropped.
bool lines_break(struct lines *lines, const struct atom *atom, size_t count, double width, piece_measure *measure,
                 void *context, struct error *error);
void lines_free(struct lines *lines);

#endif
