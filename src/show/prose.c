#include "show/prose.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/task.h"
#include "show/paint.h"
#include "show/prose_private.h"

#define WIDTH 480.0
#define NARROWEST 60.0 // points
#define BODY 0.86      // of the theme's names
#define MARGIN 2.2     // the rest in body sizes
#define QUOTE_INDENT 1.5
#define LIST_INDENT 1.9
#define LINE_ASCENT 1.06 // of a line, in its size
#define LINE_DESCENT 0.44
#define CODE_PAD 0.2
#define MONO 0.87 // code is a bit smaller than the text around it

struct page {
    const struct document *document;
    const struct style *style;
    struct scene *scene;
    double width, body, y;
    double *top, *bottom; // of each block
    uint32_t panels, links;
    struct error *error;
};

// One paragraph or heading being set.
struct setting {
    struct page *page;
    const struct block *block;
    double size;
    bool bold;
    colour ink;
};

// ---- measuring ----------------------------------------------------------------------------------------------------

static double measure_words(const struct setting *setting, const struct atom *atom, const char *text, size_t size) {
    char small[256];
    char *copy = size < sizeof small ? small : mem_alloc(size + 1, 1);
    if (!copy) return 0;
    memcpy(copy, text, size);
    copy[size] = '\0';
    double points = atom->code ? MONO * setting->size : setting->size;
    double width = paint_measure(copy, atom->code ? FONT_MONO : FONT_SANS, points, atom->bold || setting->bold,
                                 atom->italic, NULL, NULL);
    if (copy != small) mem_free(copy);
    return width;
}

// Code stands in a box that is a little wider than it.
static bool code_begins(const struct setting *setting, const struct atom *atom, const char *text) {
    const struct atom *first = &setting->page->document->atom[setting->block->atom];
    return atom->code && text == atom->text && (atom == first || !atom[-1].code);
}

static bool code_ends(const struct setting *setting, const struct atom *atom, const char *end) {
    const struct atom *last = &setting->page->document->atom[setting->block->atom + setting->block->count - 1];
    return atom->code && !*end && (atom == last || !atom[1].code);
}

static double measure_piece(void *context, const struct atom *atom, const char *text, size_t size) {
    const struct setting *setting = context;
    if (atom->kind == ATOM_FORMULA) return formula_measure(atom->formula, setting->size, false).width;
    double pads = code_begins(setting, atom, text) + code_ends(setting, atom, text + size);
    return measure_words(setting, atom, text, size) + pads * CODE_PAD * setting->size;
}

// ---- lines --------------------------------------------------------------------------------------------------------

// Toggles the marks between two looks.
static void add_look(struct buffer *markup, bool *bold, bool *italic, bool want_bold, bool want_italic) {
    if (*bold != want_bold) buffer_text(markup, "**");
    if (*italic != want_italic) buffer_text(markup, "*");
    *bold = want_bold;
    *italic = want_italic;
}

static void add_piece(struct buffer *markup, const struct piece *piece) {
    struct buffer words = {0};
    buffer_add(&words, piece->text, piece->size);
    scene_escape(markup, buffer_string(&words));
    markup->failed |= words.failed;
    buffer_free(&words);
}

static bool joins(const struct piece *a, const struct piece *b) {
    return a->atom->kind != ATOM_FORMULA && b->atom->kind != ATOM_FORMULA && a->atom->code == b->atom->code &&
           a->atom->link == b->atom->link;
}

// Behind code lies a soft box, under a link a line.
static void adorn(const struct setting *setting, const struct atom *atom, double x, double y, double width) {
    const struct style *style = setting->page->style;
    double s = setting->size, down = y + 0.16 * s;
    struct point p[4] = {{x, down}, {x + width / 3, down}, {x + 2 * width / 3, down}, {x + width, down}};
    if (atom->code)
        scene_rect(setting->page->scene, x, y - 0.86 * s, width, 1.16 * s, 0.2 * s, style->frame_fill, 0, 0);
    if (atom->link) scene_path(setting->page->scene, p, 4, setting->ink, 0.05 * s, false);
}

// Pieces of one font and one link as one text; returns its width.
static double draw_words(const struct setting *setting, const struct piece *piece, size_t count, double x, double y) {
    const struct atom *atom = piece->atom;
    struct scene *scene = setting->page->scene;
    struct buffer markup = {0};
    bool bold = false, italic = false;
    double width = 0;
    for (size_t i = 0; i < count; i++) {
        add_look(&markup, &bold, &italic, piece[i].atom->bold || setting->bold, piece[i].atom->italic);
        add_piece(&markup, &piece[i]);
        width += piece[i].width;
    }
    adorn(setting, atom, x, y, width);
    double pad = code_begins(setting, atom, piece->text) ? CODE_PAD * setting->size : 0;
    struct scene_item *item =
        scene_text(scene, x + pad, y, buffer_string(&markup), (atom->code ? MONO : 1) * setting->size, setting->ink,
                   ANCHOR_START, atom->code ? FONT_MONO : FONT_SANS);
    scene->failed |= markup.failed;
    buffer_free(&markup);
    return item && !atom->code ? item->text_width : width;
}

static double draw_linked(struct setting *setting, const struct piece *piece, size_t count, double x, double y) {
    struct page *page = setting->page;
    struct setting own = *setting;
    uint32_t link = piece->atom->link;
    if (!link) return draw_words(setting, piece, count, x, y);
    own.ink = page->style->second_text;
    scene_group(page->scene, TAG_NONE, page->links++, page->document->link[link - 1]);
    double width = draw_words(&own, piece, count, x, y);
    scene_end(page->scene);
    return width;
}

static void draw_line(struct setting *setting, const struct piece *piece, size_t count, double x, double y) {
    for (size_t i = 0, n; i < count; i += n) {
        n = 1;
        if (piece[i].atom->kind == ATOM_FORMULA) {
            x += formula_measure(piece[i].atom->formula, setting->size, false).width;
            formula_draw(piece[i].atom->formula, x - piece[i].width, y, setting->ink, setting->page->scene);
            continue;
        }
        while (i + n < count && joins(&piece[i], &piece[i + n])) n++;
        x += draw_linked(setting, &piece[i], n, x, y);
    }
}

// How far a line reaches above and below its baseline: a formula may need more.
static void line_extent(const struct setting *setting, const struct piece *piece, size_t count, double *ascent,
                        double *descent) {
    *ascent = LINE_ASCENT * setting->size;
    *descent = LINE_DESCENT * setting->size;
    for (size_t i = 0; i < count; i++) {
        if (piece[i].atom->kind != ATOM_FORMULA) continue;
        struct formula_extent extent = formula_measure(piece[i].atom->formula, setting->size, false);
        *ascent = fmax(*ascent, extent.ascent + 0.3 * setting->size);
        *descent = fmax(*descent, extent.descent + 0.2 * setting->size);
    }
}

static bool draw_lines(struct page *page, struct setting *setting, const struct block *block, double left,
                       double width) {
    struct lines lines;
    bool ok = lines_break(&lines, &page->document->atom[block->atom], block->count, width, measure_piece, setting,
                          page->error);
    for (size_t i = 0, begin = 0; ok && i < lines.line_count; begin = lines.end[i++]) {
        double ascent, descent;
        line_extent(setting, &lines.piece[begin], lines.end[i] - begin, &ascent, &descent);
        draw_line(setting, &lines.piece[begin], lines.end[i] - begin, left, page->y + ascent);
        page->y += ascent + descent;
    }
    if (ok && !lines.line_count) page->y += (LINE_ASCENT + LINE_DESCENT) * setting->size; // an item without text
    lines_free(&lines);
    return ok;
}

// ---- blocks -------------------------------------------------------------------------------------------------------

// Deep nesting leaves half of the page to the text.
static double indent(const struct page *page, const struct block *block, uint32_t depth) {
    double sum = 0;
    for (uint32_t i = 0; i < depth; i++) sum += block->around[i] == AROUND_QUOTE ? QUOTE_INDENT : LIST_INDENT;
    return fmin(sum * page->body, 0.45 * page->width);
}

static double margin(const struct page *page) { return fmin(MARGIN * page->body, 0.1 * page->width); }

static bool is_quoted(const struct block *block) {
    return block->depth && memchr(block->around, AROUND_QUOTE, block->depth);
}

static double heading_scale(uint32_t level) {
    static const double scales[] = {1.75, 1.35, 1.13};
    return level <= 3 ? scales[level - 1] : 1;
}

static bool draw_paragraph(struct page *page, const struct block *block, double left, double width) {
    bool heading = block->kind == BLOCK_HEADING;
    struct setting setting = {.page = page,
                              .block = block,
                              .size = (heading ? heading_scale(block->level) : 1) * page->body,
                              .bold = heading,
                              .ink = is_quoted(block) && !heading ? page->style->muted : page->style->text};
    return draw_lines(page, &setting, block, left, width);
}

static bool draw_formula(struct page *page, const struct block *block, double left, double width) {
    double size = 1.08 * page->body, gap = 0.35 * page->body;
    struct formula_extent extent = formula_measure(block->formula, size, true);
    if (extent.width > width) { // smaller, down to what can be read
        size *= fmax(width / extent.width, 0.6);
        extent = formula_measure(block->formula, size, true);
    }
    double x = left + fmax(0, (width - extent.width) / 2), y = page->y + gap + extent.ascent;
    formula_draw(block->formula, x, y, page->style->text, page->scene);
    page->y = y + extent.descent + gap;
    return true;
}

static bool draw_rule(struct page *page, double left, double width) {
    double y = page->y + 0.5 * page->body, third = width / 3;
    struct point p[4] = {{left, y}, {left + third, y}, {left + 2 * third, y}, {left + width, y}};
    scene_path(page->scene, p, 4, page->style->dim, page->style->edge_width, false);
    page->y += page->body;
    return true;
}

static void draw_marker(const struct page *page, const struct block *block, double left) {
    double gap = 0.55 * page->body, y = page->y + LINE_ASCENT * page->body;
    scene_text(page->scene, left - gap, y, block->marker, page->body, page->style->muted, ANCHOR_END, FONT_SANS);
}

// ---- code ---------------------------------------------------------------------------------------------------------

enum { TAB = 4 };

static size_t characters(const char *text, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < size; i++) n += text[i] == '\t' ? TAB : ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

static size_t longest_line(const char *text) {
    size_t longest = 0;
    for (const char *c = text; *c; c += strcspn(c, "\n"), c += *c == '\n') {
        size_t n = characters(c, strcspn(c, "\n"));
        longest = n > longest ? n : longest;
    }
    return longest;
}

// Bytes of `text` that make up at most `most` characters, one at least.
static size_t take_characters(const char *text, size_t size, size_t most) {
    size_t i = 0, n = 0;
    while (i < size) {
        size_t next = i + 1;
        while (next < size && ((unsigned char)text[next] & 0xC0) == 0x80) next++;
        n += text[i] == '\t' ? TAB : 1;
        if (n > most && i) break;
        i = next;
    }
    return i;
}

// Leading blanks become distance, so that no format loses them.
static void draw_code_line(struct page *page, const char *text, size_t size, double x, double y, double points,
                           double column) {
    struct buffer words = {0}, markup = {0};
    size_t blanks = 0, columns = 0;
    for (; blanks < size && (text[blanks] == ' ' || text[blanks] == '\t'); blanks++)
        columns += text[blanks] == '\t' ? TAB : 1;
    for (size_t i = blanks; i < size; i++)
        buffer_add(&words, text[i] == '\t' ? "    " : &text[i], text[i] == '\t' ? TAB : 1);
    scene_escape(&markup, buffer_string(&words));
    if (words.size)
        scene_text(page->scene, x + (double)columns * column, y, buffer_string(&markup), points, page->style->text,
                   ANCHOR_START, FONT_MONO);
    page->scene->failed |= words.failed || markup.failed;
    buffer_free(&words);
    buffer_free(&markup);
}

struct code {
    double points, column, x; // size of the text, width of a character
    size_t columns;           // that fit
};

static bool draw_code_lines(struct page *page, const char *text, const struct code *code) {
    for (const char *c = text; *c;) {
        if (task_interrupted()) return error_interrupt(page->error);
        size_t size = strcspn(c, "\n"), part = take_characters(c, size, code->columns);
        draw_code_line(page, c, part, code->x, page->y + LINE_ASCENT * code->points, code->points, code->column);
        page->y += 1.45 * code->points;
        c += part;
        if (part == size && *c) c++;
    }
    return true;
}

// Long lines are set smaller; still longer ones go on below.
static bool draw_code(struct page *page, const struct block *block, double left, double width) {
    double pad = 0.8 * page->body, top = page->y, points = MONO * page->body;
    double column = paint_measure("m", FONT_MONO, points, false, false, NULL, NULL);
    double scale = fmax(0.65, fmin(1, (width - 2 * pad) / fmax(1, column * (double)longest_line(block->text))));
    struct code code = {.points = scale * points, .column = fmax(scale * column, 0.1), .x = left + pad};
    code.columns = (size_t)fmax(4, (width - 2 * pad) / code.column + 1e-6);
    scene_group(page->scene, TAG_PANEL, page->panels++, "code");
    size_t box = page->scene->count;
    scene_rect(page->scene, left, top, width, 0, 0.4 * page->body, page->style->frame_fill, 0, 0);
    page->y += 0.7 * pad;
    if (!draw_code_lines(page, block->text, &code)) return false;
    page->y += 0.7 * pad;
    if (!page->scene->failed) page->scene->item[box].height = page->y - top;
    scene_end(page->scene);
    return true;
}

// ---- the page -----------------------------------------------------------------------------------------------------

static double gap_before(const struct page *page, const struct block *block) {
    const struct block *last = block > page->document->block ? block - 1 : NULL;
    if (!last) return 0;
    if (block->kind == BLOCK_HEADING) return (block->level < 3 ? 1.5 : 1.1) * page->body;
    if (last->kind == BLOCK_HEADING) return 0.45 * page->body;
    bool within = block->tight && last->depth && (last->tight || last->depth >= block->depth);
    return (within ? 0.15 : 0.75) * page->body;
}

static bool draw_block(struct page *page, const struct block *block) {
    double in = indent(page, block, block->depth), left = margin(page) + in, width = page->width - left - margin(page);
    page->y += gap_before(page, block);
    page->top[block - page->document->block] = page->y;
    if (block->marker) draw_marker(page, block, left);
    switch (block->kind) {
    case BLOCK_CODE:
        return draw_code(page, block, left, width);
    case BLOCK_FORMULA:
        return draw_formula(page, block, left, width);
    case BLOCK_RULE:
        return draw_rule(page, left, width);
    default:
        return draw_paragraph(page, block, left, width);
    }
}

static bool draw_blocks(struct page *page) {
    for (size_t i = 0; i < page->document->block_count && !page->scene->failed; i++) {
        if (task_interrupted()) return error_interrupt(page->error);
        if (!draw_block(page, &page->document->block[i])) return false;
        page->bottom[i] = page->y;
    }
    return !page->scene->failed || error_memory(page->error);
}

static void draw_quote_bar(const struct page *page, const struct quote *quote) {
    if (quote->first >= quote->end) return;
    const struct block *block = &page->document->block[quote->first];
    double x = margin(page) + indent(page, block, quote->depth), top = page->top[quote->first];
    scene_rect(page->scene, x + 0.2 * page->body, top, 0.2 * page->body, page->bottom[quote->end - 1] - top,
               0.1 * page->body, page->style->dim, 0, 0);
}

static void add_plain(const struct page *page, const struct block *block, struct buffer *out) {
    for (size_t i = 0; i < block->count; i++) {
        const struct atom *atom = &page->document->atom[block->atom + i];
        if (atom->kind == ATOM_FORMULA)
            formula_text(atom->formula, out);
        else
            buffer_text(out, atom->kind == ATOM_BREAK ? " " : atom->text);
    }
}

// The words of the first block of a kind, or `otherwise`.
static char *first_words(const struct page *page, enum block_kind kind, const char *otherwise) {
    struct buffer out = {0};
    for (size_t i = 0; i < page->document->block_count && !out.size; i++)
        if (page->document->block[i].kind == kind) add_plain(page, &page->document->block[i], &out);
    if (!out.size) buffer_text(&out, otherwise);
    if (!out.failed) return out.data;
    page->scene->failed = true;
    buffer_free(&out);
    return NULL;
}

static bool draw_page(struct page *page) {
    page->y = margin(page);
    if (!draw_blocks(page)) return false;
    for (size_t i = 0; i < page->document->quote_count; i++) draw_quote_bar(page, &page->document->quote[i]);
    page->scene->width = page->width;
    page->scene->height = page->y + margin(page);
    page->scene->background = page->style->background;
    page->scene->title = first_words(page, BLOCK_HEADING, "Text");
    page->scene->description = first_words(page, BLOCK_PARAGRAPH, "");
    return !page->scene->failed || error_memory(page->error);
}

static bool set_page(struct page *page, const struct prose_look *look, const struct document *document) {
    double scale = look->text_scale > 0 ? look->text_scale : 1;
    page->document = document;
    page->style = style_of(look->theme);
    page->width = look->width > 0 ? look->width : WIDTH;
    page->body = BODY * page->style->name_size * scale;
    if (!isfinite(page->width) || page->width < NARROWEST || !(page->body < 400))
        return error_set(page->error, ERROR_USAGE, SPAN_NONE, "a text needs a width of at least %g points", NARROWEST);
    page->top = mem_alloc(document->block_count + 1, sizeof *page->top);
    page->bottom = mem_alloc(document->block_count + 1, sizeof *page->bottom);
    return (page->top && page->bottom) || error_memory(page->error);
}

bool prose_scene(const char *text, size_t size, const struct prose_look *look, struct scene *scene, char message[256],
                 struct error *error) {
    scene_init(scene);
    if (message) message[0] = '\0';
    struct document *document = document_read(text, size, error);
    if (!document) return false;
    struct page page = {.scene = scene, .error = error};
    bool ok = set_page(&page, look, document) && draw_page(&page);
    if (ok && message) snprintf(message, 256, "%s", buffer_string(&document->told));
    mem_free(page.top);
    mem_free(page.bottom);
    document_free(document);
    if (!ok) scene_clear(scene);
    return ok;
}
