// From CommonMark to blocks and atoms. Formulas are taken out first, since CommonMark would read their underscores and
// backslashes, and stand in its text as characters of the private use area that no text has.
#include <cmark.h>
#include <ctype.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/prose_private.h"

#define MARK_BEGIN "\xEE\x80\x80" // U+E000, then the formula's number in decimal
#define MARK_END "\xEE\x80\x81"   // U+E001
enum { MARK_SIZE = 3 };

struct taken { // a formula, in the source
    const char *text;
    size_t size;
    bool display;
};

struct maker {
    struct document *document;
    struct error *error;
    struct taken *taken;
    size_t taken_count, taken_room;
    // While walking:
    cmark_node_type container[PROSE_DEEPEST];
    int number[PROSE_DEEPEST]; // of the next item of an ordered list
    bool tight[PROSE_DEEPEST];
    size_t quote[PROSE_DEEPEST];
    uint32_t depth, inline_depth;
    const char *marker; // of an item whose first block is to come
    int bold, italic;
    uint32_t link;
};

// ---- memory for CommonMark ----------------------------------------------------------------------------------------

// The library does not look whether it got memory, so that its allocator must not return without; nor can it be told to
// stop. Both leave it by a jump; all its memory is in an arena, and nothing leaks.
static struct arena *library_arena;
static jmp_buf library_exit;

static void *library_alloc(size_t count, size_t size) {
    if (task_interrupted()) longjmp(library_exit, ERROR_INTERRUPT);
    size_t need = count * size;
    size_t *memory = size && need / size != count ? NULL : arena_alloc(library_arena, need + 2 * sizeof *memory);
    if (!memory) longjmp(library_exit, ERROR_MEMORY);
    memory[0] = need;
    return memory + 2;
}

static void *library_resize(void *old, size_t size) {
    void *memory = library_alloc(1, size);
    size_t had = old ? ((size_t *)old)[-2] : 0;
    if (old) memcpy(memory, old, had < size ? had : size);
    return memory;
}

static void library_free(void *memory) { (void)memory; }

static cmark_mem library_memory = {library_alloc, library_resize, library_free};

// ---- what is safe to show -----------------------------------------------------------------------------------------

// Bytes of a character at `c` that would move a cursor, colour a terminal or turn the writing direction; 0 if it would
// not. What a reference like &#27; stands for comes here, too.
static size_t unsafe_size(const char *c, const char *end) {
    const unsigned char *u = (const unsigned char *)c;
    if ((u[0] < 0x20 && u[0] != '\n' && u[0] != '\t') || u[0] == 0x7F) return 1;
    if (u[0] == 0xC2 && end - c >= 2 && u[1] < 0xA0) return 2;
    if (u[0] != 0xE2 || end - c < 3) return 0;
    bool turns = (u[1] == 0x80 && u[2] >= 0xAA && u[2] <= 0xAE) || (u[1] == 0x81 && u[2] >= 0xA6 && u[2] <= 0xA9);
    return turns ? 3 : 0;
}

static const char *keep_clean(struct maker *maker, const char *text, size_t size) {
    struct buffer out = {0};
    for (const char *c = text, *end = text + size; c < end;) {
        size_t unsafe = unsafe_size(c, end);
        if (unsafe)
            buffer_text(&out, "\xEF\xBF\xBD");
        else
            buffer_char(&out, *c);
        c += unsafe ? unsafe : 1;
    }
    const char *kept = out.failed ? NULL : arena_text(maker->document->arena, buffer_string(&out), out.size);
    buffer_free(&out);
    if (!kept) error_memory(maker->error);
    return kept;
}

// ---- taking formulas out ------------------------------------------------------------------------------------------

static bool keep_formula(struct maker *maker, const char *text, size_t size, bool display, struct buffer *out) {
    if (!mem_grow(&maker->taken, &maker->taken_room, maker->taken_count + 1, sizeof *maker->taken))
        return error_memory(maker->error);
    buffer_printf(out, MARK_BEGIN "%zu" MARK_END, maker->taken_count);
    maker->taken[maker->taken_count++] = (struct taken){text, size, display};
    return true;
}

// The closing $$ before an empty line and outside of backquotes, or NULL.
static const char *display_end(const char *c, const char *end) {
    for (const char *begin = c; c + 1 < end && *c != '`'; c++) {
        if (c[0] == '\\')
            c++;
        else if (c[0] == '$' && c[1] == '$')
            return c > begin ? c : NULL;
        else if (c[0] == '\n' && c[1] == '\n')
            return NULL;
    }
    return NULL;
}

// The closing $: not after a blank and not before a digit, so that "$5 and $6" are sums of money.
static const char *inline_end(const char *c, const char *end) {
    if (c == end || isspace((unsigned char)*c) || *c == '$') return NULL;
    for (const char *begin = c; c < end && *c != '`'; c++) {
        if (*c == '\\')
            c++;
        else if (*c == '$')
            return isspace((unsigned char)c[-1]) || c == begin || (c + 1 < end && isdigit((unsigned char)c[1])) ? NULL
                                                                                                                : c;
        else if (*c == '\n' && c + 1 < end && c[1] == '\n')
            return NULL;
    }
    return NULL;
}

// One character, or a formula at a dollar. Characters of the private use area that mean something here are replaced.
static bool take_one(struct maker *maker, const char **next, const char *end, struct buffer *out) {
    const char *c = *next, *close;
    size_t dollars = strspn(c, "$");
    if ((*c == '\\' && c + 1 < end) || dollars > 2) {
        size_t plain = dollars ? dollars : 2;
        buffer_add(out, c, plain);
        *next += plain;
    } else if (*c == '$' && c + 1 < end && c[1] == '$' && (close = display_end(c + 2, end))) {
        *next = close + 2;
        return keep_formula(maker, c + 2, (size_t)(close - c - 2), true, out);
    } else if (*c == '$' && (close = inline_end(c + 1, end))) {
        *next = close + 1;
        return keep_formula(maker, c + 1, (size_t)(close - c - 1), false, out);
    } else if (*c == '\xEE' && end - c >= 3 && c[1] == '\x80' && (c[2] == '\x80' || c[2] == '\x81')) {
        buffer_text(out, "\xEF\xBF\xBD");
        *next += 3;
    } else {
        buffer_char(out, *c);
        (*next)++;
    }
    return true;
}

static bool take_formulas(struct maker *maker, const struct source *source, struct buffer *out) {
    const char *next = source->text, *end = next + source->size;
    while (next < end)
        if (!take_one(maker, &next, end, out)) return false;
    return !out->failed || error_memory(maker->error);
}

static bool is_mark(const char *c) { return strncmp(c, MARK_BEGIN, MARK_SIZE) == 0; }

// The formula at a mark, and what follows it.
static const struct taken *read_mark(const struct maker *maker, const char *c, const char **after) {
    size_t number = 0;
    for (c += MARK_SIZE; isdigit((unsigned char)*c); c++) number = 10 * number + (size_t)(*c - '0');
    *after = strncmp(c, MARK_END, MARK_SIZE) == 0 ? c + MARK_SIZE : c;
    return number < maker->taken_count ? &maker->taken[number] : NULL;
}

// Where a formula is none (in code, in addresses) its text is as it was.
static const char *restore(struct maker *maker, const char *text) {
    struct buffer out = {0};
    for (const char *c = text ? text : ""; *c;) {
        const struct taken *taken = is_mark(c) ? read_mark(maker, c, &c) : NULL;
        if (taken) {
            buffer_text(&out, taken->display ? "$$" : "$");
            buffer_add(&out, taken->text, taken->size);
            buffer_text(&out, taken->display ? "$$" : "$");
        } else {
            buffer_char(&out, *c++);
        }
    }
    const char *kept = out.failed ? NULL : keep_clean(maker, buffer_string(&out), out.size);
    buffer_free(&out);
    if (!kept) error_memory(maker->error);
    return kept;
}

// ---- atoms --------------------------------------------------------------------------------------------------------

static bool add_atom(struct maker *maker, enum atom_kind kind, const char *text, size_t size, bool code,
                     struct formula *formula) {
    struct document *document = maker->document;
    const char *kept = text ? keep_clean(maker, text, size) : "";
    if (!kept || !mem_grow(&document->atom, &document->atom_room, document->atom_count + 1, sizeof *document->atom))
        return error_memory(maker->error);
    document->atom[document->atom_count++] =
        (struct atom){kind, maker->bold > 0, maker->italic > 0, code, maker->link, kept, formula};
    return true;
}

static bool add_words(struct maker *maker, const char *text, const char *end, bool code) {
    while (text < end) {
        size_t size = 0;
        bool blank = *text == ' ' || *text == '\n' || *text == '\t';
        while (text + size < end && (text[size] == ' ' || text[size] == '\n' || text[size] == '\t') == blank) size++;
        if (!add_atom(maker, blank ? ATOM_SPACE : ATOM_WORD, blank ? " " : text, blank ? 1 : size, code, NULL))
            return false;
        text += size;
    }
    return true;
}

static size_t count_quotes(const struct maker *maker) {
    size_t n = 0;
    for (uint32_t i = 0; i < maker->depth; i++) n += maker->container[i] == CMARK_NODE_BLOCK_QUOTE;
    return n;
}

// A formula of several lines in a quote has the quote's signs at the beginnings of its lines.
static void add_unquoted(struct buffer *out, const struct taken *taken, size_t quotes) {
    const char *c = taken->text, *end = c + taken->size;
    while (c < end) {
        buffer_char(out, *c);
        if (*c++ != '\n') continue;
        for (size_t seen = 0; c < end && (*c == ' ' || (*c == '>' && seen < quotes)); c++) seen += *c == '>';
    }
}

static struct formula *read_formula(struct maker *maker, const struct taken *taken) {
    struct document *document = maker->document;
    struct buffer plain = {0};
    add_unquoted(&plain, taken, count_quotes(maker));
    const char *text = plain.failed ? NULL : keep_clean(maker, buffer_string(&plain), plain.size);
    buffer_free(&plain);
    if (!text) error_memory(maker->error);
    return text ? formula_read(document->arena, text, strlen(text), &document->told, maker->error) : NULL;
}

static bool open_block(struct maker *maker, enum block_kind kind);

// A displayed formula ends the paragraph around it and begins it anew.
static bool add_display(struct maker *maker, const struct taken *taken) {
    struct document *document = maker->document;
    struct formula *formula = read_formula(maker, taken);
    if (!formula) return false;
    struct block *last = &document->block[document->block_count - 1];
    if (last->kind != BLOCK_PARAGRAPH || maker->link) return add_atom(maker, ATOM_FORMULA, NULL, 0, false, formula);
    bool empty = document->atom_count == last->atom;
    if (empty) // becomes the formula's
        last->kind = BLOCK_FORMULA;
    else if (!open_block(maker, BLOCK_FORMULA))
        return false;
    document->block[document->block_count - 1].formula = formula;
    return open_block(maker, BLOCK_PARAGRAPH);
}

static bool add_formula(struct maker *maker, const struct taken *taken) {
    if (taken->display) return add_display(maker, taken);
    struct formula *formula = read_formula(maker, taken);
    return formula && add_atom(maker, ATOM_FORMULA, NULL, 0, false, formula);
}

static bool add_text(struct maker *maker, const char *text) {
    while (*text) {
        const char *mark = strstr(text, MARK_BEGIN), *end = mark ? mark : text + strlen(text);
        if (!add_words(maker, text, end, false)) return false;
        text = end;
        const struct taken *taken = mark ? read_mark(maker, mark, &text) : NULL;
        if (taken && !add_formula(maker, taken)) return false;
    }
    return true;
}

static bool add_code(struct maker *maker, const char *text, bool code) {
    const char *restored = restore(maker, text);
    return restored && add_words(maker, restored, restored + strlen(restored), code);
}

// ---- blocks -------------------------------------------------------------------------------------------------------

static const char *copy_around(struct maker *maker) {
    char around[PROSE_DEEPEST];
    uint32_t n = 0;
    for (uint32_t i = 0; i < maker->depth; i++) {
        if (maker->container[i] == CMARK_NODE_BLOCK_QUOTE) around[n++] = AROUND_QUOTE;
        if (maker->container[i] == CMARK_NODE_ITEM) around[n++] = AROUND_LIST;
    }
    char *copy = arena_alloc(maker->document->arena, n + 1);
    if (copy) memcpy(copy, around, n);
    return copy;
}

static uint32_t count_around(const struct maker *maker) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < maker->depth; i++) n += maker->container[i] != CMARK_NODE_LIST;
    return n;
}

static bool is_tight(const struct maker *maker) {
    for (uint32_t i = maker->depth; i-- > 0;)
        if (maker->container[i] != CMARK_NODE_ITEM) return maker->container[i] == CMARK_NODE_LIST && maker->tight[i];
    return false;
}

static void count_atoms(struct document *document) {
    struct block *last = document->block_count ? &document->block[document->block_count - 1] : NULL;
    if (last) last->count = document->atom_count - last->atom;
}

static bool open_block(struct maker *maker, enum block_kind kind) {
    struct document *document = maker->document;
    count_atoms(document);
    struct block block = {.kind = kind, .depth = count_around(maker), .marker = maker->marker};
    block.around = copy_around(maker);
    block.tight = is_tight(maker);
    block.atom = document->atom_count;
    maker->marker = NULL;
    if (!block.around ||
        !mem_grow(&document->block, &document->block_room, document->block_count + 1, sizeof *document->block))
        return error_memory(maker->error);
    document->block[document->block_count++] = block;
    return true;
}

// The empty rest of a paragraph behind a displayed formula is dropped.
static void close_block(struct maker *maker) {
    struct document *document = maker->document;
    count_atoms(document);
    struct block *last = &document->block[document->block_count - 1];
    bool rest = document->block_count > 1 && last[-1].kind == BLOCK_FORMULA && last->kind == BLOCK_PARAGRAPH;
    if (rest && !last->count && !last->marker) document->block_count--;
}

static bool add_code_block(struct maker *maker, const char *text) {
    const char *restored = restore(maker, text);
    if (!restored || !open_block(maker, BLOCK_CODE)) return false;
    maker->document->block[maker->document->block_count - 1].text = restored;
    return true;
}

static bool make_marker(struct maker *maker) {
    static const char *const bullets[] = {"•", "◦", "▪"};
    char text[16];
    uint32_t list = maker->depth - 1, lists = 0;
    for (uint32_t i = 0; i < list; i++) lists += maker->container[i] == CMARK_NODE_LIST;
    if (maker->number[list] < 0)
        snprintf(text, sizeof text, "%s", bullets[lists % 3]);
    else
        snprintf(text, sizeof text, "%d.", maker->number[list]++);
    maker->marker = arena_text(maker->document->arena, text, strlen(text));
    return maker->marker || error_memory(maker->error);
}

static bool too_deep(struct maker *maker) {
    error_set(maker->error, ERROR_LIMIT, SPAN_NONE, "the text is nested more than %d deep", PROSE_DEEPEST);
    error_hint(maker->error, "Quotes, lists and emphasis in each other count.");
    return false;
}

static bool enter_quote(struct maker *maker) {
    struct document *document = maker->document;
    if (!mem_grow(&document->quote, &document->quote_room, document->quote_count + 1, sizeof *document->quote))
        return error_memory(maker->error);
    maker->quote[maker->depth] = document->quote_count;
    document->quote[document->quote_count++] = (struct quote){count_around(maker), document->block_count, 0};
    return true;
}

static bool enter_container(struct maker *maker, cmark_node *node) {
    cmark_node_type type = cmark_node_get_type(node);
    bool ordered = type == CMARK_NODE_LIST && cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
    // An item within an item of which nothing came yet: a line for the outer one's marker.
    if (maker->marker && type != CMARK_NODE_LIST && !open_block(maker, BLOCK_PARAGRAPH)) return false;
    if (maker->depth == PROSE_DEEPEST) return too_deep(maker);
    if (type == CMARK_NODE_ITEM && !make_marker(maker)) return false;
    if (type == CMARK_NODE_BLOCK_QUOTE && !enter_quote(maker)) return false;
    maker->container[maker->depth] = type;
    maker->number[maker->depth] = ordered ? cmark_node_get_list_start(node) : -1;
    maker->tight[maker->depth++] = type == CMARK_NODE_LIST && cmark_node_get_list_tight(node);
    return true;
}

static bool leave_container(struct maker *maker, cmark_node *node) {
    cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_ITEM && maker->marker && !open_block(maker, BLOCK_PARAGRAPH)) return false; // an empty item
    maker->depth--;
    if (type == CMARK_NODE_BLOCK_QUOTE)
        maker->document->quote[maker->quote[maker->depth]].end = maker->document->block_count;
    return true;
}

static bool add_link(struct maker *maker, cmark_node *node) {
    struct document *document = maker->document;
    const char *address = restore(maker, cmark_node_get_url(node));
    if (!address) return false;
    if (!mem_grow(&document->link, &document->link_room, document->link_count + 1, sizeof *document->link))
        return error_memory(maker->error);
    document->link[document->link_count++] = address;
    maker->link = (uint32_t)document->link_count;
    return true;
}

// ---- walking ------------------------------------------------------------------------------------------------------

static bool step_inline(struct maker *maker, int *depth, bool entering) {
    *depth += entering ? 1 : -1;
    maker->inline_depth += entering ? 1 : -1u;
    return maker->inline_depth + maker->depth <= PROSE_DEEPEST || too_deep(maker);
}

static bool step_link(struct maker *maker, cmark_node *node, bool entering) {
    if (entering) return add_link(maker, node);
    maker->link = 0;
    return true;
}

static bool step_paragraph(struct maker *maker, cmark_node *node, bool entering) {
    bool heading = cmark_node_get_type(node) == CMARK_NODE_HEADING;
    if (!entering) {
        close_block(maker);
        return true;
    }
    if (!open_block(maker, heading ? BLOCK_HEADING : BLOCK_PARAGRAPH)) return false;
    if (heading)
        maker->document->block[maker->document->block_count - 1].level = (uint32_t)cmark_node_get_heading_level(node);
    return true;
}

static bool step(struct maker *maker, cmark_node *node, bool entering) {
    int ignored = 0;
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_BLOCK_QUOTE:
    case CMARK_NODE_LIST:
    case CMARK_NODE_ITEM:
        return entering ? enter_container(maker, node) : leave_container(maker, node);
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_HEADING:
        return step_paragraph(maker, node, entering);
    case CMARK_NODE_CODE_BLOCK:
    case CMARK_NODE_HTML_BLOCK:
        return add_code_block(maker, cmark_node_get_literal(node));
    case CMARK_NODE_THEMATIC_BREAK:
        return open_block(maker, BLOCK_RULE);
    case CMARK_NODE_TEXT:
        return add_text(maker, cmark_node_get_literal(node));
    case CMARK_NODE_SOFTBREAK:
        return add_atom(maker, ATOM_SPACE, " ", 1, false, NULL);
    case CMARK_NODE_LINEBREAK:
        return add_atom(maker, ATOM_BREAK, NULL, 0, false, NULL);
    case CMARK_NODE_CODE:
        return add_code(maker, cmark_node_get_literal(node), true);
    case CMARK_NODE_HTML_INLINE:
        return add_code(maker, cmark_node_get_literal(node), false);
    case CMARK_NODE_EMPH:
        return step_inline(maker, &maker->italic, entering);
    case CMARK_NODE_STRONG:
        return step_inline(maker, &maker->bold, entering);
    case CMARK_NODE_IMAGE:
        return step_inline(maker, &ignored, entering);
    case CMARK_NODE_LINK:
        return step_link(maker, node, entering);
    default:
        return true;
    }
}

static bool walk(struct maker *maker, cmark_node *root) {
    cmark_iter *iterator = cmark_iter_new(root);
    cmark_event_type event;
    while ((event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE) {
        if (task_interrupted()) return error_interrupt(maker->error);
        if (!step(maker, cmark_iter_get_node(iterator), event == CMARK_EVENT_ENTER)) return false;
    }
    return true;
}

static bool stop_library(struct error *error, int why) {
    return why == ERROR_INTERRUPT ? error_interrupt(error) : error_memory(error);
}

// Nothing that changes between setjmp and a jump is used after it but through pointers.
static bool parse(struct maker *maker, const struct buffer *text) {
    int why = setjmp(library_exit);
    if (why) return stop_library(maker->error, why);
    cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &library_memory);
    cmark_parser_feed(parser, buffer_string(text), text->size);
    return walk(maker, cmark_parser_finish(parser));
}

static bool read_source(struct maker *maker, const struct source *source) {
    struct buffer text = {0};
    bool ok = take_formulas(maker, source, &text);
    library_arena = ok ? arena_new() : NULL;
    ok = ok && (library_arena || error_memory(maker->error)) && parse(maker, &text);
    arena_free(library_arena);
    library_arena = NULL;
    buffer_free(&text);
    return ok && (!maker->document->told.failed || error_memory(maker->error));
}

static bool is_short(size_t size, struct error *error) {
    if (size <= PROSE_LONGEST) return true;
    error_set(error, ERROR_LIMIT, SPAN_NONE, "the text is %zu bytes long; %d is the most", size, (int)PROSE_LONGEST);
    error_hint(error, "Split it into several.");
    return false;
}

struct document *document_read(const char *text, size_t size, struct error *error) {
    struct source *source = is_short(size, error) ? source_new("the text", text, size, error) : NULL;
    if (!source) return NULL;
    struct document *document = mem_zero(1, sizeof *document);
    struct maker maker = {.document = document, .error = error};
    if (document) document->arena = arena_new();
    bool ok = document && document->arena ? read_source(&maker, source) : error_memory(error);
    mem_free(maker.taken);
    source_drop(source);
    if (ok) return document;
    document_free(document);
    return NULL;
}

void document_free(struct document *document) {
    if (!document) return;
    arena_free(document->arena);
    mem_free(document->block);
    mem_free(document->atom);
    mem_free(document->quote);
    mem_free(document->link);
    buffer_free(&document->told);
    mem_free(document);
}

// ---- lines --------------------------------------------------------------------------------------------------------

void lines_free(struct lines *lines) {
    mem_free(lines->piece);
    mem_free(lines->end);
    *lines = (struct lines){0};
}

struct breaker {
    struct lines *lines;
    double limit, width; // of the line being filled
    size_t line_start;   // its first piece
    size_t blank;        // the last piece at which the line can end; line_start: none
    piece_measure *measure;
    void *context;
    struct error *error;
};

static bool end_line(struct breaker *breaker, size_t end) {
    struct lines *lines = breaker->lines;
    if (!mem_grow(&lines->end, &lines->line_room, lines->line_count + 1, sizeof *lines->end))
        return error_memory(breaker->error);
    lines->end[lines->line_count++] = end;
    breaker->line_start = breaker->blank = end;
    breaker->width = 0;
    for (size_t i = end; i < lines->count; i++) breaker->width += lines->piece[i].width;
    return true;
}

static bool is_blank(const struct piece *piece) { return piece->atom->kind == ATOM_SPACE; }

// Ends the line where it can end best; what comes behind stands on the next.
static bool wrap(struct breaker *breaker) {
    struct lines *lines = breaker->lines;
    size_t last = lines->count - 1, cut = breaker->blank > breaker->line_start ? breaker->blank : last;
    if (is_blank(&lines->piece[cut])) { // the blank itself is dropped
        memmove(&lines->piece[cut], &lines->piece[cut + 1], (lines->count - cut - 1) * sizeof *lines->piece);
        lines->count--;
    }
    return end_line(breaker, cut);
}

static bool add_piece(struct breaker *breaker, const struct atom *atom, const char *text, size_t size) {
    struct lines *lines = breaker->lines;
    bool blank = atom->kind == ATOM_SPACE;
    if (blank && lines->count == breaker->line_start) return true;
    if (blank && is_blank(&lines->piece[lines->count - 1])) return true;
    if (!mem_grow(&lines->piece, &lines->room, lines->count + 1, sizeof *lines->piece))
        return error_memory(breaker->error);
    double width = breaker->measure(breaker->context, atom, text, size);
    if (blank) breaker->blank = lines->count;
    lines->piece[lines->count++] = (struct piece){atom, text, size, width};
    breaker->width += width;
    while (!blank && breaker->width > breaker->limit && lines->count > breaker->line_start + 1)
        if (!wrap(breaker)) return false;
    return true;
}

static size_t whole_character(const char *text, size_t size, size_t part) {
    while (part > 1 && ((unsigned char)text[part] & 0xC0) == 0x80) part--;
    while (part < size && ((unsigned char)text[part] & 0xC0) == 0x80) part++;
    return part;
}

// The longest beginning of a word that fits on a line, at least one character. Measured from short to long: a line is
// short, a word may be a book.
static size_t fitting(struct breaker *breaker, const struct atom *atom, const char *text, size_t size) {
    size_t low = 0, high = size < 64 ? size : 64;
    while (breaker->measure(breaker->context, atom, text, high) <= breaker->limit) {
        if (high == size) return size;
        low = high;
        high = size / 2 < high ? size : 2 * high;
    }
    while (high - low > 1) { // low fits, high does not
        size_t middle = (low + high) / 2;
        *(breaker->measure(breaker->context, atom, text, middle) <= breaker->limit ? &low : &high) = middle;
    }
    return whole_character(text, size, low ? low : 1);
}

static bool add_word(struct breaker *breaker, const struct atom *atom) {
    const char *text = atom->text;
    for (size_t left = strlen(text), part; left; text += part, left -= part) {
        if (task_interrupted()) return error_interrupt(breaker->error);
        part = fitting(breaker, atom, text, left);
        if (!add_piece(breaker, atom, text, part)) return false;
    }
    return true;
}

static void drop_blank(struct breaker *breaker) {
    struct lines *lines = breaker->lines;
    if (lines->count > breaker->line_start && is_blank(&lines->piece[lines->count - 1])) lines->count--;
}

static bool add_any(struct breaker *breaker, const struct atom *atom) {
    switch (atom->kind) {
    case ATOM_WORD:
        return add_word(breaker, atom);
    case ATOM_BREAK:
        drop_blank(breaker);
        return end_line(breaker, breaker->lines->count);
    default:
        return add_piece(breaker, atom, atom->text, strlen(atom->text));
    }
}

bool lines_break(struct lines *lines, const struct atom *atom, size_t count, double width, piece_measure *measure,
                 void *context, struct error *error) {
    *lines = (struct lines){0};
    struct breaker breaker = {.lines = lines, .limit = width, .measure = measure, .context = context, .error = error};
    for (size_t i = 0; i < count; i++) {
        if (i % 256 == 0 && task_interrupted()) return error_interrupt(error);
        if (!add_any(&breaker, &atom[i])) return false;
    }
    drop_blank(&breaker);
    return lines->count == breaker.line_start || end_line(&breaker, lines->count);
}
