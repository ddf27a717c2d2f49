// The printed handout of a lesson: pages of A4 with the text, what was typed and answered, the drawings, and room for
// the answers.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/lesson_private.h"
#include "app/shown.h"
#include "base/arena.h"
#include "base/task.h"
#include "show/paint.h"
#include "show/prose.h"

enum { WIDTH = 595, HEIGHT = 842, MARGIN = 54, FIGURE = 300, FOOT = 30 }; // points
enum { MOST_LINES = 16 };                                                 // of an answer that is printed
#define COLUMN (WIDTH - 2.0 * MARGIN)
#define BOTTOM (HEIGHT - MARGIN - FOOT)
#define CODE_SIZE 8.5

struct paper {
    struct scene *page;
    size_t count, capacity;
    double y; // where the next block goes, on the last page
    const struct style *style;
};

static bool new_page(struct paper *p, struct error *error) {
    if (!mem_grow(&p->page, &p->capacity, p->count + 1, sizeof *p->page)) return error_memory(error);
    struct scene *page = &p->page[p->count++];
    scene_init(page);
    page->width = WIDTH;
    page->height = HEIGHT;
    page->background = 0xFFFFFFFF; // paper
    p->y = MARGIN;
    return true;
}

// Room for so much; a block that is as high as a page begins one.
static bool make_room(struct paper *p, double height, struct error *error) {
    if (p->count && (p->y + height <= BOTTOM || p->y <= MARGIN)) return true;
    return new_page(p, error);
}

// A block with its own coordinates, made smaller if it is wider or higher than allowed.
static bool put_block(struct paper *p, struct scene *block, double width, double height, bool middle, double below,
                      struct error *error) {
    double x0, y0, x1, y1;
    if (!block->count) return true;
    scene_bounds(block, &x0, &y0, &x1, &y1);
    double scale = fmin(1, fmin(width / fmax(x1 - x0, 1), height / fmax(y1 - y0, 1)));
    if (!make_room(p, scale * (y1 - y0), error)) return false;
    double x = middle ? MARGIN + (COLUMN - scale * (x1 - x0)) / 2 : MARGIN;
    scene_place(&p->page[p->count - 1], block, x - scale * x0, p->y - scale * y0, scale);
    p->y += scale * (y1 - y0) + below;
    return true;
}

static bool put_prose_part(struct paper *p, const char *text, size_t size, struct error *error) {
    struct prose_look look = {THEME_LIGHT, COLUMN + 40, 0.8};
    struct scene block;
    char message[256];
    scene_init(&block);
    bool ok = prose_scene(text, size, &look, &block, message, error) &&
              put_block(p, &block, COLUMN, BOTTOM - MARGIN, false, 8, error);
    scene_clear(&block);
    return ok;
}

// Paragraph by paragraph, so that pages break between them; blocks of code stay together.
static bool put_prose(struct paper *p, const char *text, struct error *error) {
    const char *from = text;
    bool fence = false, ok = true;
    for (const char *line = text; ok && *line;) {
        size_t size = strcspn(line, "\n");
        if (strncmp(line, "```", 3) == 0) fence = !fence;
        const char *next = line + size + (line[size] == '\n');
        bool blank = strspn(line, " \t") >= size;
        bool heading = strncmp(from, "#", 1) == 0; // stays with what it heads
        bool list = *next == ' ' || *next == '-' || *next == '*';
        if ((blank && !fence && !heading && !list && line > from) || !*next) {
            ok = put_prose_part(p, from, (size_t)(next - from), error);
            from = next;
        } else if (blank && heading && line > from) {
            const char *end = strstr(next, "\n\n");
            ok = put_prose_part(p, from, end ? (size_t)(end + 2 - from) : strlen(from), error);
            from = next = end ? end + 2 : from + strlen(from);
        }
        line = next;
    }
    return ok;
}

// A line of the transcript, cut into as many as are needed; blanks are kept.
static bool put_code_line(struct paper *p, const char *text, size_t size, bool typed, struct error *error) {
    double advance = paint_measure("m", FONT_MONO, CODE_SIZE, false, false, NULL, NULL);
    size_t columns = (size_t)fmax(20, COLUMN / advance);
    do {
        struct buffer plain = {0}, markup = {0};
        size_t taken = 0, width = 0;
        while (taken < size && width < columns) {
            if (text[taken] == ' ')
                buffer_text(&plain, "\u00A0");
            else
                buffer_char(&plain, text[taken]);
            taken++;
            while (taken < size && ((unsigned char)text[taken] & 0xC0) == 0x80) buffer_char(&plain, text[taken++]);
            width++;
        }
        scene_escape(&markup, buffer_string(&plain));
        bool ok = make_room(p, 1.4 * CODE_SIZE, error);
        if (ok) p->y += 1.4 * CODE_SIZE;
        if (ok && markup.size)
            scene_text(&p->page[p->count - 1], MARGIN, p->y - 0.35 * CODE_SIZE, buffer_string(&markup), CODE_SIZE,
                       typed ? p->style->accent_text : p->style->text, ANCHOR_START, FONT_MONO);
        buffer_free(&plain);
        buffer_free(&markup);
        if (!ok) return false;
        text += taken;
        size -= taken;
    } while (size);
    return true;
}

static bool put_code(struct paper *p, const char *text, bool typed, struct error *error) {
    size_t lines = 0;
    for (const char *c = text; *c; c++) lines += *c == '\n';
    size_t most = typed || lines <= MOST_LINES ? lines + 1 : MOST_LINES - 1;
    for (size_t i = 0; *text && i < most; i++) {
        size_t size = strcspn(text, "\n");
        if (!put_code_line(p, text, size, typed, error)) return false;
        text += size + (text[size] == '\n');
    }
    if (!*text) return true;
    char more[80];
    snprintf(more, sizeof more, "... and %zu more lines, which bauer prints", lines - most);
    return put_code_line(p, more, strlen(more), false, error);
}

static bool put_transcript(struct session *session, const struct lesson_step *step, struct paper *p,
                           struct error *error) {
    bool ok = true;
    for (size_t b = 0; ok && b < step->block_count; b++) {
        if (step->block[b].kind != BLOCK_RUN) continue;
        struct buffer lines = {0};
        lesson_fill(session, NULL, step->block[b].text, "", &lines);
        ok = put_code(p, buffer_string(&lines), true, error);
        buffer_free(&lines);
    }
    ok = ok && put_code(p, buffer_string(&session->lesson->shown), false, error);
    p->y += 8;
    return ok;
}

static bool put_figure(struct session *session, struct paper *p, struct error *error) {
    struct scene figure;
    char message[256] = "";
    bool chart = session->shown.chart && session->chart;
    if (!chart && !session_graph(session, NULL)) return true;
    session->settings.theme = THEME_LIGHT;
    bool ok = shown_scene(session, &figure, message, error) && put_block(p, &figure, COLUMN, FIGURE, true, 12, error);
    scene_clear(&figure);
    return ok;
}

static bool put_questions(struct session *session, const struct lesson_step *step, struct paper *p,
                          struct error *error) {
    bool ok = true;
    for (uint32_t i = 0; ok && i < lesson_question_count(step); i++) {
        struct buffer ask = {0};
        buffer_text(&ask, "**Question.** ");
        lesson_ask(session, lesson_question(step, i), &ask);
        ok = put_prose_part(p, buffer_string(&ask), ask.size, error) && make_room(p, 30, error);
        buffer_free(&ask);
        if (!ok) break;
        p->y += 22;
        scene_rect(&p->page[p->count - 1], MARGIN, p->y, COLUMN, 0.6, 0, p->style->muted, 0, 0); // to write on
        p->y += 12;
    }
    return ok;
}

static bool put_step(struct session *session, uint32_t number, struct paper *p, struct error *error) {
    if (!lesson_go_captured(session, number, error)) return false;
    const struct lesson_step *step = lesson_step(session);
    struct buffer prose = {0};
    lesson_fill(session, NULL, step->prose, "", &prose);
    if (p->count) p->y += 10;
    if (p->count && p->y > BOTTOM - 120) p->y = HEIGHT; // a heading does not stand alone at the foot
    bool ok = put_prose(p, buffer_string(&prose), error) && put_transcript(session, step, p, error) &&
              put_figure(session, p, error) && put_questions(session, step, p, error);
    buffer_free(&prose);
    return ok;
}

static bool put_title(const struct lesson *lesson, uint64_t seed, struct paper *p, struct error *error) {
    struct buffer title = {0};
    buffer_printf(&title, "# %s\n\n%s%s%.0f minutes; seed %llu; made with bauer " BAUER_VERSION "\n", lesson->title,
                  lesson->author ? lesson->author : "", lesson->author ? ", " : "", lesson->minutes,
                  (unsigned long long)seed);
    bool ok = new_page(p, error) && put_prose_part(p, buffer_string(&title), title.size, error);
    buffer_free(&title);
    return ok;
}

static void number_pages(const struct lesson *lesson, struct paper *p) {
    for (size_t i = 0; i < p->count; i++) {
        struct buffer text = {0};
        scene_escape(&text, lesson->title);
        buffer_printf(&text, "   %zu / %zu", i + 1, p->count);
        scene_text(&p->page[i], WIDTH / 2.0, HEIGHT - MARGIN, buffer_string(&text), 9, p->style->muted, ANCHOR_MIDDLE,
                   FONT_SANS);
        buffer_free(&text);
    }
}

bool lesson_pdf(struct session *session, struct buffer *out, struct error *error) {
    struct lesson_run *run = session->lesson;
    struct paper paper = {.style = style_of(THEME_LIGHT)};
    uint32_t before = run->at;
    enum theme theme = session->settings.theme;
    struct error ignored = {0};
    bool ok = put_title(run->lesson, run->seed, &paper, error);
    for (uint32_t i = 1; ok && i <= run->lesson->step_count; i++)
        ok = task_interrupted() ? error_interrupt(error) : put_step(session, i, &paper, error);
    if (ok) number_pages(run->lesson, &paper);
    if (ok) ok = paint_pages(paper.page, paper.count, NULL, out, error);
    for (size_t i = 0; i < paper.count; i++) scene_clear(&paper.page[i]);
    mem_free(paper.page);
    session->settings.theme = theme;
    if (before) lesson_go_silently(session, before, &ignored);
    return ok;
}
