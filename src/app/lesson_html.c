// The handout of a lesson: one page of HTML with all that it needs inside, to be stepped through with keys, printed, or
// read by a screen reader.
#include <cmark.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lesson_private.h"
#include "app/shown.h"
#include "base/arena.h"
#include "show/formula.h"
#include "show/replay.h"

static const char head[] =
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src "
    "'unsafe-inline'; img-src data:\">\n"
    "<style>\n"
    ":root { color-scheme: light dark; --page: #fafbfd; --text: #1c2033; --muted: #5b6280; --card: #ffffff; --line: "
    "#d5daea; --accent: #b3430f; }\n"
    "@media (prefers-color-scheme: dark) { :root { --page: #14161f; --text: #e8eaf4; --muted: #a3aac4; --card: "
    "#1d2130; "
    "--line: #363c54; --accent: #ff9a5c; } }\n"
    "body { background: var(--page); color: var(--text); font: 18px/1.5 Lato, \"DejaVu Sans\", sans-serif; margin: 0 "
    "auto; "
    "max-width: 80rem; padding: 1.2rem; }\n"
    "h1 { font-size: 1.7rem; margin: .2em 0; } h2 { font-size: 1.35rem; margin: .2em 0 .5em; } h2:focus { outline: "
    "none; }\n"
    "section > p, section > ul, section > ol, section > pre, section > table, .question { max-width: 58rem; }\n"
    "header p, footer, .where { color: var(--muted); font-size: .85rem; }\n"
    "section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; padding: "
    "1rem "
    "1.4rem; }\n"
    "pre { background: var(--page); border: 1px solid var(--line); border-radius: 6px; font: 13px/1.45 \"DejaVu Sans "
    "Mono\", "
    "monospace; overflow-x: auto; padding: .6rem .8rem; white-space: pre-wrap; }\n"
    "code { font-family: \"DejaVu Sans Mono\", monospace; font-size: .9em; }\n"
    "figure { background: #fafbfd; border-radius: 6px; margin: .8rem 0; overflow-x: auto; text-align: center; }\n"
    "figure svg { height: auto; max-height: 60vh; max-width: 100%; zoom: 1.3; }\n"
    "@media screen and (prefers-color-scheme: dark) { figure { filter: invert(.9) hue-rotate(180deg); } }\n"
    ".formula { display: inline-block; } .display { display: block; margin: .6rem 0; text-align: center; }\n"
    ".question { border-left: 4px solid var(--accent); margin: 1rem 0; padding: .1rem 0 .1rem .9rem; }\n"
    "nav { display: none; gap: .6rem; align-items: center; } .stepping nav { display: flex; }\n"
    ".stepping section:not(.at) { display: none; }\n"
    "button { background: var(--card); border: 1px solid var(--line); border-radius: 6px; color: var(--text); font: "
    "inherit; padding: .2rem .9rem; } button:focus-visible { outline: 3px solid var(--accent); }\n"
    "@media print { body { background: #fff; color: #000; font-size: 11pt; max-width: none; } nav { display: none "
    "!important; }\n"
    "  section, .stepping section:not(.at) { break-inside: avoid; display: block; border-color: #bbb; } details > * { "
    "display: block; } }\n"
    "</style>\n";

static const char script[] =
    "<script>\n"
    "(function () {\n"
    "  var steps = Array.from(document.querySelectorAll('section')), at = 0;\n"
    "  var where = document.getElementById('where');\n"
    "  function go(to, focus) {\n"
    "    at = Math.max(0, Math.min(steps.length - 1, to));\n"
    "    steps.forEach(function (step, i) { step.classList.toggle('at', i === at); });\n"
    "    where.textContent = 'Step ' + (at + 1) + ' of ' + steps.length;\n"
    "    if (focus) { steps[at].querySelector('h2').focus(); window.scrollTo(0, 0); }\n"
    "  }\n"
    "  function all(show) { document.body.classList.toggle('stepping', !show); }\n"
    "  document.getElementById('back').onclick = function () { go(at - 1, true); };\n"
    "  document.getElementById('next').onclick = function () { go(at + 1, true); };\n"
    "  document.getElementById('all').onclick = function () { all(true); };\n"
    "  document.addEventListener('keydown', function (event) {\n"
    "    if (event.altKey || event.ctrlKey || event.metaKey || !document.body.classList.contains('stepping')) return;\n"
    "    var to = { ArrowRight: at + 1, PageDown: at + 1, ArrowLeft: at - 1, PageUp: at - 1, Home: 0, End: "
    "steps.length - 1 "
    "}[event.key];\n"
    "    if (to === undefined) return;\n"
    "    event.preventDefault();\n"
    "    go(to, true);\n"
    "  });\n"
    "  all(false);\n"
    "  go(0, false);\n"
    "})();\n"
    "</script>\n";

static void put_text(struct buffer *out, const char *text) {
    for (; *text; text++)
        if (*text == '&')
            buffer_text(out, "&amp;");
        else if (*text == '<')
            buffer_text(out, "&lt;");
        else if (*text == '>')
            buffer_text(out, "&gt;");
        else if (*text == '"')
            buffer_text(out, "&quot;");
        else
            buffer_char(out, *text);
}

struct page {
    const char *lesson; // its path
    int pictures;       // drawn so far: names are made from it
};

// ---- pictures -----------------------------------------------------------------------------------------------------

// Copies up to `end`, with the picture's number behind: a name that no other picture of the page has.
static const char *put_name(struct buffer *out, const char *name, const char *end, int number) {
    size_t size = strcspn(name, end);
    buffer_printf(out, "%.*s-%d", (int)size, name, number);
    return name + size;
}

// An SVG inside of HTML: no XML line, and its names with its number.
static void put_svg(struct buffer *out, const char *svg, struct page *page) {
    static const char *const before[] = {"id=\"", "url(#", "href=\"#"};
    const char *begin = strstr(svg, "<svg");
    int number = ++page->pictures;
    for (const char *c = begin ? begin : ""; *c;) {
        bool named = false;
        for (int i = 0; i < 3 && !named; i++) {
            size_t size = strlen(before[i]);
            if (strncmp(c, before[i], size) != 0 || (i == 0 && c[-1] != ' ')) continue;
            buffer_add(out, c, size);
            c = put_name(out, c + size, "\")", number);
            named = true;
        }
        if (strncmp(c, "aria-labelledby=\"", 17) == 0) {
            buffer_printf(out, "aria-labelledby=\"bauer-title-%d bauer-desc-%d", number, number);
            c += 17 + strcspn(c + 17, "\"");
            named = true;
        }
        if (!named) buffer_char(out, *c++);
    }
}

// The formula as a picture whose words say it; drawn in the text's colour.
static void put_formula(struct buffer *out, const char *text, size_t size, bool display, struct page *page) {
    struct arena *arena = arena_new();
    struct buffer told = {0}, words = {0}, svg = {0};
    struct formula *formula = arena ? formula_read(arena, text, size, &told, NULL) : NULL;
    buffer_printf(out, "<span class=\"formula%s\">", display ? " display" : "");
    if (formula) {
        struct scene scene;
        struct formula_extent e = formula_measure(formula, 17, display);
        scene_init(&scene);
        formula_draw(formula, 1, e.ascent + 1, 0x010203FF, &scene);
        formula_text(formula, &words);
        scene.width = e.width + 2, scene.height = e.ascent + e.descent + 2;
        scene.title = mem_text(buffer_string(&words), words.size);
        scene.description = mem_text("a formula", 9);
        if (svg_write(&scene, NULL, &svg, NULL)) {
            struct buffer inside = {0};
            put_svg(&inside, buffer_string(&svg), page);
            // black ink becomes the text's colour; on the line its baseline is that of the words
            const char *ink = "#010203";
            for (const char *c = buffer_string(&inside); *c; c++)
                if (strncmp(c, ink, 7) == 0)
                    buffer_text(out, "currentColor"), c += 6;
                else if (strncmp(c, "<svg ", 5) == 0)
                    buffer_printf(out, "<svg style=\"vertical-align: %.2fpx\" ", display ? 0 : -e.descent - 1), c += 4;
                else
                    buffer_char(out, *c);
            buffer_free(&inside);
        }
        scene_clear(&scene);
    } else {
        put_text(out, "?");
    }
    buffer_text(out, "</span>");
    arena_free(arena);
    buffer_free(&told);
    buffer_free(&words);
    buffer_free(&svg);
}

// ---- CommonMark with formulas -------------------------------------------------------------------------------------

// Formulas are taken out before cmark reads the text, and put back into what it writes: "\x01" NUMBER "\x02".
struct formulas {
    const char *text[256];
    size_t size[256];
    bool display[256];
    int count;
};

static void take_formulas(const char *text, struct formulas *f, struct buffer *out) {
    while (*text) {
        if (*text == '\\' && text[1] == '$') {
            buffer_char(out, '$'), text += 2;
            continue;
        }
        if (*text == '`') { // code
            size_t ticks = strspn(text, "`"), end = ticks;
            while (text[end] && !(strncmp(text + end, text, ticks) == 0 && text[end + ticks] != '`')) end++;
            size_t size = text[end] ? end + ticks : ticks;
            buffer_add(out, text, size);
            text += size;
            continue;
        }
        bool display = text[0] == '$' && text[1] == '$';
        const char *begin = text + 1 + display, *end = *text == '$' ? strstr(begin, display ? "$$" : "$") : NULL;
        if (*text != '$' || !end || f->count == 256) {
            buffer_char(out, *text++);
            continue;
        }
        f->text[f->count] = begin, f->size[f->count] = (size_t)(end - begin), f->display[f->count] = display;
        buffer_printf(out, "\xEE\x80\x80%d\xEE\x80\x81", f->count++);
        text = end + 1 + display;
    }
}

static void put_base64(struct buffer *out, const char *data, size_t size) {
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t bits = (uint32_t)(unsigned char)data[i] << 16;
        if (i + 1 < size) bits |= (uint32_t)(unsigned char)data[i + 1] << 8;
        if (i + 2 < size) bits |= (unsigned char)data[i + 2];
        buffer_char(out, digit[bits >> 18]);
        buffer_char(out, digit[bits >> 12 & 63]);
        buffer_char(out, i + 1 < size ? digit[bits >> 6 & 63] : '=');
        buffer_char(out, i + 2 < size ? digit[bits & 63] : '=');
    }
}

// The page needs no other file: pictures beside the lesson are written into it.
static void take_pictures(cmark_node *document, const char *lesson) {
    cmark_iter *iter = cmark_iter_new(document);
    for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(iter);
        if (event != CMARK_EVENT_ENTER || cmark_node_get_type(node) != CMARK_NODE_IMAGE) continue;
        size_t size;
        const char *type;
        struct buffer url = {0};
        char *data = lesson_picture(lesson, cmark_node_get_url(node), &size, &type, NULL);
        if (data) {
            buffer_printf(&url, "data:%s;base64,", type);
            put_base64(&url, data, size);
        }
        cmark_node_set_url(node, buffer_string(&url));
        buffer_free(&url);
        mem_free(data);
    }
    cmark_iter_free(iter);
}

static char *to_html(const struct buffer *text, const char *lesson) {
    cmark_node *document = cmark_parse_document(buffer_string(text), text->size, CMARK_OPT_DEFAULT);
    if (!document) return NULL;
    take_pictures(document, lesson);
    char *html = cmark_render_html(document, CMARK_OPT_DEFAULT); // no HTML of its own, no dangerous address
    cmark_node_free(document);
    return html;
}

static void put_markdown(struct buffer *out, const char *text, struct page *page) {
    struct formulas f = {.count = 0};
    struct buffer plain = {0};
    take_formulas(text, &f, &plain);
    char *html = to_html(&plain, page->lesson);
    for (const char *c = html ? html : ""; *c; c++) {
        int number, size = 0;
        if (strncmp(c, "\xEE\x80\x80", 3) == 0 && sscanf(c + 3, "%d\xEE\x80\x81%n", &number, &size) == 1 && size > 0 &&
            number >= 0 && number < f.count) {
            put_formula(out, f.text[number], f.size[number], f.display[number], page);
            c += 2 + size;
        } else if (strncmp(c, "<h2>", 4) == 0) {
            buffer_text(out, "<h2 tabindex=\"-1\">"), c += 3;
        } else {
            buffer_char(out, *c);
        }
    }
    free(html);
    buffer_free(&plain);
}

// ---- steps --------------------------------------------------------------------------------------------------------

static void put_questions(struct session *session, const struct lesson_step *step, struct buffer *out,
                          struct page *page) {
    for (uint32_t i = 0; i < lesson_question_count(step); i++) {
        struct buffer ask = {0};
        buffer_text(&ask, "**Question.** ");
        lesson_ask(session, lesson_question(step, i), &ask);
        buffer_text(out, "<div class=\"question\">\n");
        put_markdown(out, buffer_string(&ask), page);
        buffer_text(out, "</div>\n");
        buffer_free(&ask);
    }
    for (size_t b = 0; b < step->block_count; b++) {
        if (step->block[b].kind != BLOCK_HINT) continue;
        struct buffer hint = {0};
        lesson_fill(session, NULL, step->block[b].text, "", &hint);
        buffer_text(out, "<details><summary>Hint</summary>\n");
        put_markdown(out, buffer_string(&hint), page);
        buffer_text(out, "</details>\n");
        buffer_free(&hint);
    }
}

static bool put_step(struct session *session, uint32_t number, struct buffer *out, struct page *page,
                     struct error *error) {
    struct buffer svg = {0};
    char message[256] = "";
    const struct lesson_run *run = session->lesson;
    bool ok = lesson_go_captured(session, number, error);
    const struct lesson_step *step = ok ? lesson_step(session) : NULL;
    if (ok) {
        struct buffer prose = {0};
        lesson_fill(session, NULL, step->prose, "", &prose);
        buffer_printf(out, "<section id=\"step-%u\" aria-label=\"Step %u\">\n", number, number);
        put_markdown(out, buffer_string(&prose), page);
        buffer_free(&prose);
    }
    bool lines = false;
    for (size_t b = 0; ok && b < step->block_count; b++) lines |= step->block[b].kind == BLOCK_RUN;
    if (ok && lines) {
        buffer_text(out, "<pre aria-label=\"transcript\">");
        for (size_t b = 0; b < step->block_count; b++) {
            if (step->block[b].kind != BLOCK_RUN) continue;
            struct buffer filled = {0};
            lesson_fill(session, NULL, step->block[b].text, "", &filled);
            buffer_text(out, "<b>");
            put_text(out, buffer_string(&filled));
            buffer_text(out, "</b>");
            buffer_free(&filled);
        }
        put_text(out, buffer_string(&run->shown));
        buffer_text(out, "</pre>\n");
    }
    if (ok && session_graph(session, NULL)) {
        ok = shown_write(session, export_find("picture.svg", NULL), false, &svg, message, error);
        buffer_text(out, "<figure>\n");
        if (ok) put_svg(out, buffer_string(&svg), page);
        buffer_text(out, "\n</figure>\n");
    }
    if (ok) put_questions(session, step, out, page);
    buffer_text(out, "</section>\n");
    buffer_free(&svg);
    return ok;
}

bool lesson_html(struct session *session, struct buffer *out, struct error *error) {
    struct lesson_run *run = session->lesson;
    const struct lesson *lesson = run->lesson;
    uint32_t before = run->at;
    struct page page = {lesson->path, 0};
    enum theme theme = session->settings.theme;
    buffer_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title>");
    put_text(out, lesson->title);
    buffer_text(out, "</title>\n");
    buffer_text(out, head);
    buffer_text(out, "</head>\n<body>\n<header>\n<h1>");
    put_text(out, lesson->title);
    buffer_text(out, "</h1>\n<p>");
    put_text(out, lesson->author ? lesson->author : "");
    buffer_printf(
        out, "%s%.0f minutes; seed %llu; made with bauer " BAUER_VERSION "</p>\n</header>\n<nav aria-label=\"steps\">",
        lesson->author ? ", " : "", lesson->minutes, (unsigned long long)run->seed);
    buffer_text(out,
                "<button id=\"back\" type=\"button\">Back</button><button id=\"next\" type=\"button\">Next</button>"
                "<button id=\"all\" type=\"button\">All steps</button><span id=\"where\" class=\"where\" "
                "role=\"status\"></span></nav>\n<main>\n");
    bool ok = true;
    for (uint32_t i = 1; ok && i <= lesson->step_count; i++) {
        ok = put_step(session, i, out, &page, error);
        session->settings.theme = theme;
    }
    buffer_text(out,
                "</main>\n<footer>The arrow keys and Page Up, Page Down step; printing prints all steps.</footer>\n");
    buffer_text(out, script);
    buffer_text(out, "</body>\n</html>\n");
    struct error ignored = {0};
    if (before) lesson_go_silently(session, before, &ignored);
    return ok && (!out->failed || error_memory(error));
}
