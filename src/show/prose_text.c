// Prose for a terminal.
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/prose_private.h"

enum { NARROWEST = 20, LIST_INDENT = 4, QUOTE_INDENT = 2, LEAST_TEXT = 10 };

struct print {
    const struct document *document;
    int columns;
    bool ansi;
    struct buffer *out;
    const struct block *block;
    uint32_t links; // told so far
    struct error *error;
};

// ---- words --------------------------------------------------------------------------------------------------------

// Without colours code stands in backquotes: whether one stands before or behind this atom.
static bool code_begins(const struct print *print, const struct atom *atom) {
    const struct atom *first = &print->document->atom[print->block->atom];
    return !print->ansi && atom->code && (atom == first || !atom[-1].code);
}

static bool code_ends(const struct print *print, const struct atom *atom) {
    const struct atom *end = &print->document->atom[print->block->atom + print->block->count];
    return !print->ansi && atom->code && (atom + 1 == end || !atom[1].code);
}

static double formula_columns(const struct atom *atom) {
    struct buffer words = {0};
    formula_text(atom->formula, &words);
    double width = text_width(buffer_string(&words), words.size);
    buffer_free(&words);
    return width;
}

static double measure(void *context, const struct atom *atom, const char *text, size_t size) {
    const struct print *print = context;
    if (atom->kind == ATOM_FORMULA) return formula_columns(atom);
    return text_width(text, size) + code_begins(print, atom) + code_ends(print, atom);
}

static void set_look(const struct print *print, const struct atom *last, const struct atom *atom) {
    bool heading = print->block->kind == BLOCK_HEADING;
    unsigned before = last ? last->bold + 2u * last->italic + 4u * last->code : 0;
    unsigned now = atom ? atom->bold + 2u * atom->italic + 4u * atom->code : 0;
    if (!print->ansi || before == now) return;
    buffer_text(print->out, heading ? "\033[0;1m" : "\033[0m");
    if (now & 1) buffer_text(print->out, "\033[1m");
    if (now & 2) buffer_text(print->out, "\033[3m");
    if (now & 4) buffer_text(print->out, "\033[36m");
}

static void add_piece(const struct print *print, const struct piece *piece) {
    const struct atom *atom = piece->atom;
    if (atom->kind == ATOM_FORMULA) {
        formula_text(atom->formula, print->out);
        return;
    }
    if (piece->text == atom->text && code_begins(print, atom)) buffer_char(print->out, '`');
    buffer_add(print->out, piece->text, piece->size);
    if (!piece->text[piece->size] && code_ends(print, atom)) buffer_char(print->out, '`');
}

// ---- lines --------------------------------------------------------------------------------------------------------

static int indent(const struct print *print) {
    int sum = 0;
    for (uint32_t i = 0; i < print->block->depth; i++)
        sum += print->block->around[i] == AROUND_QUOTE ? QUOTE_INDENT : LIST_INDENT;
    int most = print->columns - LEAST_TEXT;
    return sum < most ? sum : most;
}

// What stands before a line: bars of quotes, room of lists, on the first line the item's marker. Deep nesting leaves
// some columns to the text.
static void begin_line(const struct print *print, bool first) {
    const struct block *block = print->block;
    int room = indent(print);
    for (uint32_t i = 0; i < block->depth && room > 0; i++) {
        bool last = i + 1 == block->depth;
        if (block->around[i] == AROUND_QUOTE && room >= QUOTE_INDENT) {
            buffer_text(print->out, "│ ");
            room -= QUOTE_INDENT;
        } else if (room >= LIST_INDENT && block->around[i] == AROUND_LIST) {
            int marked = first && last && block->marker ? text_width(block->marker, strlen(block->marker)) : 0;
            int before = LIST_INDENT - 1 - marked;
            buffer_printf(print->out, "%*s%s%*s", before > 0 ? before : 0, "", marked ? block->marker : "", 1, "");
            room -= LIST_INDENT;
        } else {
            break;
        }
    }
    buffer_printf(print->out, "%*s", room, "");
}

static void end_line(const struct print *print) {
    struct buffer *out = print->out;
    while (out->size && out->data[out->size - 1] == ' ') out->size--;
    buffer_char(out, '\n');
}

static void print_line(const struct print *print, const struct piece *piece, size_t count, bool first) {
    bool heading = print->block->kind == BLOCK_HEADING && print->ansi;
    const struct atom *last = NULL;
    begin_line(print, first);
    if (heading) buffer_text(print->out, "\033[1m");
    for (size_t i = 0; i < count; i++) {
        set_look(print, last, piece[i].atom);
        add_piece(print, &piece[i]);
        last = piece[i].atom;
    }
    set_look(print, last, NULL);
    if (heading) buffer_text(print->out, "\033[0m");
    end_line(print);
}

static void underline(const struct print *print, double width) {
    begin_line(print, false);
    for (int i = 0; i < (int)width; i++) buffer_text(print->out, print->block->level == 1 ? "═" : "─");
    end_line(print);
}

static double line_width(const struct piece *piece, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += piece[i].width;
    return sum;
}

// Where the links of the block lead, each on a line of its own.
static void print_addresses(struct print *print) {
    for (size_t i = 0; i < print->block->count; i++) {
        uint32_t link = print->document->atom[print->block->atom + i].link;
        if (link <= print->links) continue;
        print->links = link;
        begin_line(print, false);
        buffer_printf(print->out, "→ %s", print->document->link[link - 1]);
        end_line(print);
    }
}

static bool print_paragraph(struct print *print) {
    const struct block *block = print->block;
    struct lines lines;
    bool ok = lines_break(&lines, &print->document->atom[block->atom], block->count, print->columns - indent(print),
                          measure, print, print->error);
    double widest = 0;
    for (size_t i = 0, begin = 0; ok && i < lines.line_count; begin = lines.end[i++]) {
        print_line(print, &lines.piece[begin], lines.end[i] - begin, i == 0);
        double width = line_width(&lines.piece[begin], lines.end[i] - begin);
        widest = width > widest ? width : widest;
    }
    if (ok && !lines.line_count) begin_line(print, true), end_line(print); // an item without text
    if (ok && block->kind == BLOCK_HEADING && block->level <= 2) underline(print, widest);
    if (ok) print_addresses(print);
    lines_free(&lines);
    return ok;
}

static void print_code(const struct print *print) {
    bool first = true;
    for (const char *c = print->block->text; *c; first = false) {
        size_t size = strcspn(c, "\n");
        begin_line(print, first);
        if (print->ansi && size) buffer_text(print->out, "\033[36m");
        buffer_text(print->out, "    ");
        buffer_add(print->out, c, size);
        if (print->ansi && size) buffer_text(print->out, "\033[0m");
        end_line(print);
        c += size + (c[size] == '\n');
    }
}

static void print_rule(const struct print *print) {
    begin_line(print, true);
    for (int i = indent(print); i < print->columns; i++) buffer_text(print->out, "─");
    end_line(print);
}

static void print_formula(const struct print *print) {
    begin_line(print, true);
    buffer_text(print->out, "    ");
    formula_text(print->block->formula, print->out);
    end_line(print);
}

// ---- the whole ----------------------------------------------------------------------------------------------------

// The line between two blocks carries the bars of the quotes that both are in.
static void print_gap(const struct print *print) {
    const struct block *block = print->block, *last = block - 1;
    if (block == print->document->block) return;
    if (block->tight && last->depth && (last->tight || last->depth >= block->depth)) return;
    for (uint32_t i = 0; i < block->depth && i < last->depth && block->around[i] == last->around[i]; i++)
        buffer_text(print->out, block->around[i] == AROUND_QUOTE ? "│ " : "    ");
    end_line(print);
}

static bool print_block(struct print *print) {
    print_gap(print);
    switch (print->block->kind) {
    case BLOCK_CODE:
        print_code(print);
        return true;
    case BLOCK_FORMULA:
        print_formula(print);
        return true;
    case BLOCK_RULE:
        print_rule(print);
        return true;
    default:
        return print_paragraph(print);
    }
}

static bool print_blocks(struct print *print) {
    const struct document *document = print->document;
    for (size_t i = 0; i < document->block_count && !print->out->failed; i++) {
        if (task_interrupted()) return error_interrupt(print->error);
        print->block = &document->block[i];
        if (!print_block(print)) return false;
    }
    return !print->out->failed || error_memory(print->error);
}

bool prose_text(const char *text, size_t size, int columns, bool ansi, struct buffer *out, char message[256],
                struct error *error) {
    if (message) message[0] = '\0';
    struct document *document = document_read(text, size, error);
    if (!document) return false;
    struct print print = {.document = document,
                          .columns = columns < NARROWEST ? NARROWEST : columns,
                          .ansi = ansi,
                          .out = out,
                          .error = error};
    bool ok = print_blocks(&print);
    if (ok && message) snprintf(message, 256, "%s", buffer_string(&document->told));
    document_free(document);
    return ok;
}
