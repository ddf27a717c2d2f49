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
};

struct pieces {
    const char *at, *end;
    uint32_t line;
};

// The next piece; blank lines and comments between pieces are passed over. false at the end.
bool pieces_next(struct pieces *pieces, struct piece *piece);

#endif
