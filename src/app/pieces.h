// A text cut into pieces: each is one command line, or one top-level statement with its block.
#ifndef BAUER_APP_PIECES_H
#define BAUER_APP_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct piece {
    const char *text; // not terminated
    size_t size;
    uint32_t line; // of its first line
    bool command;  // begins with ':'
    // Where a line begins at the left edge although a bracket above it is open, or NULL: if the piece cannot be read,
    // the bracket was probably forgotten, and this is where the next piece begins.
    const char *resume;
};

struct pieces {
    const char *at, *end;
    uint32_t line;
};

// The next piece; blank lines and comments between pieces are passed over. false at the end.
bool pieces_next(struct pieces *pieces, struct piece *piece);

// Cuts `piece` before piece->resume and lets `pieces` go on from there.
void pieces_resume(struct pieces *pieces, struct piece *piece);

#endif
