// A scene as a TikZ picture in a document of its own. Lengths are big points, y runs down.
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "show/replay.h"

// ---- text as TeX reads it -----------------------------------------------------------------------------------------

struct spelling {
    const char *character, *tex;
};

// What TeX takes for a command, and signs that its text fonts lack.
static const struct spelling spellings[] = {
    {"\\", "\\textbackslash{}"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"#", "\\#"},
    {"$", "\\$"},
    {"%", "\\%"},
    {"&", "\\&"},
    {"_", "\\_"},
    {"^", "\\textasciicircum{}"},
    {"~", "\\textasciitilde{}"},
    {"'", "\\textquotesingle{}"},
    {"`", "\\textasciigrave{}"},
    {"\"", "\\textquotedbl{}"},
    {"∂", "$\\partial$"},
    {"−", "$-$"},
    {"·", "$\\cdot$"},
    {"×", "$\\times$"},
    {"÷", "$\\div$"},
    {"→", "$\\to$"},
    {"∞", "$\\infty$"},
    {"…", "\\ldots{}"},
    {"–", "--"},
    {"⁰", "$^0$"},
    {"¹", "$^1$"},
    {"²", "$^2$"},
    {"³", "$^3$"},
    {"⁴", "$^4$"},
    {"⁵", "$^5$"},
    {"⁶", "$^6$"},
    {"⁷", "$^7$"},
    {"⁸", "$^8$"},
    {"⁹", "$^9$"},
    {"⁻", "$^-$"},
    {"α", "$\\alpha$"},
    {"β", "$\\beta$"},
    {"γ", "$\\gamma$"},
    {"δ", "$\\delta$"},
    {"ε", "$\\varepsilon$"},
    {"ζ", "$\\zeta$"},
    {"η", "$\\eta$"},
    {"θ", "$\\theta$"},
    {"ι", "$\\iota$"},
    {"κ", "$\\kappa$"},
    {"λ", "$\\lambda$"},
    {"μ", "$\\mu$"},
    {"ν", "$\\nu$"},
    {"ξ", "$\\xi$"},
    {"π", "$\\pi$"},
    {"ρ", "$\\rho$"},
    {"σ", "$\\sigma$"},
    {"τ", "$\\tau$"},
    {"υ", "$\\upsilon$"},
    {"φ", "$\\varphi$"},
    {"χ", "$\\chi$"},
    {"ψ", "$\\psi$"},
    {"ω", "$\\omega$"},
    {"Γ", "$\\Gamma$"},
    {"Δ", "$\\Delta$"},
    {"Θ", "$\\Theta$"},
    {"Λ", "$\\Lambda$"},
    {"Ξ", "$\\Xi$"},
    {"Π", "$\\Pi$"},
    {"Σ", "$\\Sigma$"},
    {"Φ", "$\\Phi$"},
    {"Ψ", "$\\Psi$"},
    {"Ω", "$\\Omega$"},
};

static const char *spelled(const char *at, size_t size) {
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strlen(spellings[i].character) == size && memcmp(at, spellings[i].character, size) == 0)
            return spellings[i].tex;
    return NULL;
}

// The same sign twice would be a ligature (">>", "--"): an empty group parts them.
static void add_tex(struct buffer *out, const char *text) {
    struct buffer clean = {0};
    replay_xml_text(&clean, text);
    const char *start = buffer_string(&clean), *end = start + clean.size;
    for (const char *at = start; at < end;) {
        uint32_t character;
        size_t size = utf8_decode(at, (size_t)(end - at), &character);
        if (!size) size = 1;
        const char *tex = spelled(at, size);
        if (at > start && at[0] == at[-1] && strchr("<>-,!?", at[0])) buffer_text(out, "{}");
        if (tex)
            buffer_text(out, tex);
        else if (*at == ' ' || *at == '\t')
            buffer_text(out, "\\ ");
        else
            buffer_add(out, at, size);
        at += size;
    }
    if (clean.failed) out->failed = true;
    buffer_free(&clean);
}

// ---- colours and numbers ------------------------------------------------------------------------------------------

static void number(struct buffer *out, double value) { replay_number(out, value, 2); }

static void at(struct buffer *out, double x, double y) {
    buffer_char(out, '(');
    number(out, x);
    buffer_char(out, ',');
    number(out, y);
    buffer_char(out, ')');
}

static void add_ink(struct buffer *out, const char *key, colour value) {
    buffer_printf(out, "%s=c%06X", key, value >> 8);
    if ((value & 0xFF) == 0xFF) return;
    buffer_printf(out, ", %s opacity=", key);
    number(out, (value & 0xFF) / 255.0);
}

static int compare_colours(const void *a, const void *b) {
    colour x = *(const colour *)a, y = *(const colour *)b;
    return x < y ? -1 : x > y;
}

static size_t gather_colours(const struct scene *scene, colour *all) {
    size_t n = 0;
    all[n++] = scene->background >> 8;
    for (size_t i = 0; i < scene->count; i++) {
        const struct scene_item *item = &scene->item[i];
        all[n++] = item->fill >> 8;
        all[n++] = item->stroke >> 8;
        all[n++] = item->halo_colour >> 8;
        for (uint32_t j = 0; j < item->run_count; j++) all[n++] = item->run[j].colour >> 8;
        for (size_t j = 0; j < (size_t)item->rows * item->columns; j++) all[n++] = item->pixel[j] >> 8;
    }
    return n;
}

static bool define_colours(const struct scene *scene, struct buffer *out) {
    size_t room = 1;
    for (size_t i = 0; i < scene->count; i++)
        room += 3 + scene->item[i].run_count + (size_t)scene->item[i].rows * scene->item[i].columns;
    colour *all = mem_alloc(room, sizeof *all);
    if (!all) return false;
    size_t n = gather_colours(scene, all);
    qsort(all, n, sizeof *all, compare_colours);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || all[i] != all[i - 1]) buffer_printf(out, "\\definecolor{c%06X}{HTML}{%06X}\n", all[i], all[i]);
    mem_free(all);
    return true;
}

// ---- shapes -------------------------------------------------------------------------------------------------------

static void add_look(const struct scene_item *item, struct buffer *out) {
    buffer_text(out, "\\path[");
    if (item->fill & 0xFF) add_ink(out, "fill", item->fill);
    if (item->stroke & 0xFF) {
        if (item->fill & 0xFF) buffer_text(out, ", ");
        add_ink(out, "draw", item->stroke);
        buffer_text(out, ", line width=");
        number(out, item->stroke_width);
        buffer_text(out, "bp");
        if (item->dashed) buffer_text(out, ", dash pattern=on 3bp off 2.4bp");
    }
}

static void write_curve(const struct point *p, uint32_t count, bool closed, struct buffer *out) {
    at(out, p[0].x, p[0].y);
    for (uint32_t i = 1; i + 2 < count; i += 3) {
        buffer_text(out, " .. controls ");
        at(out, p[i].x, p[i].y);
        buffer_text(out, " and ");
        at(out, p[i + 1].x, p[i + 1].y);
        buffer_text(out, " .. ");
        at(out, p[i + 2].x, p[i + 2].y);
    }
    buffer_text(out, closed ? " -- cycle;\n" : ";\n");
}

static void write_head(const struct scene_item *item, const struct point triangle[3], struct buffer *out) {
    buffer_text(out, "\\path[");
    add_ink(out, "fill", item->stroke);
    buffer_text(out, "] ");
    for (int i = 0; i < 3; i++) {
        at(out, triangle[i].x, triangle[i].y);
        buffer_text(out, " -- ");
    }
    buffer_text(out, "cycle;\n");
}

static bool write_path(const struct scene_item *item, struct buffer *out) {
    struct point triangle[3], *shaft = mem_alloc((size_t)item->point_count + 1, sizeof *shaft);
    if (!shaft) return false;
    bool head = item->arrow && scene_arrow(item, triangle, shaft);
    if (item->point_count) {
        add_look(item, out);
        buffer_text(out, "] ");
        write_curve(head ? shaft : item->point, item->point_count, item->closed, out);
    }
    if (head) write_head(item, triangle, out);
    mem_free(shaft);
    return true;
}

static void write_ellipse(const struct scene_item *item, struct buffer *out) {
    add_look(item, out);
    buffer_text(out, "] ");
    at(out, item->x, item->y);
    buffer_text(out, " ellipse [x radius=");
    number(out, item->width / 2);
    buffer_text(out, "bp, y radius=");
    number(out, item->height / 2);
    buffer_text(out, "bp];\n");
}

static void write_rect(const struct scene_item *item, struct buffer *out) {
    add_look(item, out);
    if (item->radius > 0) {
        buffer_text(out, ", rounded corners=");
        number(out, item->radius);
        buffer_text(out, "bp");
    }
    buffer_text(out, "] ");
    at(out, item->x, item->y);
    buffer_text(out, " rectangle ");
    at(out, item->x + item->width, item->y + item->height);
    buffer_text(out, ";\n");
}

// A filled rectangle for each run of equal cells of a row. Neighbours overlap by a hair, lest the page shine through.
static void write_image(const struct scene_item *item, struct buffer *out) {
    double width = item->width / item->columns, height = item->height / item->rows;
    for (uint32_t row = 0; row < item->rows; row++) {
        const colour *cell = item->pixel + (size_t)row * item->columns;
        for (uint32_t from = 0, to; from < item->columns; from = to) {
            for (to = from + 1; to < item->columns && cell[to] == cell[from];) to++;
            struct scene_item run = {.kind = SCENE_RECT,
                                     .fill = cell[from],
                                     .x = item->x + from * width,
                                     .y = item->y + row * height,
                                     .width = (to - from) * width + (to < item->columns ? 0.1 : 0),
                                     .height = height + (row + 1 < item->rows ? 0.1 : 0)};
            if (run.fill & 0xFF) write_rect(&run, out);
        }
    }
}

// ---- text ---------------------------------------------------------------------------------------------------------

static void add_font(double size, struct buffer *out) {
    buffer_text(out, "\\fontsize{");
    number(out, size);
    buffer_text(out, "bp}{");
    number(out, size);
    buffer_text(out, "bp}\\selectfont ");
}

static void write_run(const struct scene_item *item, const struct scene_run *run, struct buffer *out) {
    buffer_printf(out, "\\textcolor{c%06X}{", run->colour >> 8);
    if (run->level) {
        buffer_text(out, "\\raisebox{");
        number(out, -scene_run_drop(item, run));
        buffer_text(out, "bp}{");
        add_font(scene_run_size(item, run), out);
    }
    if (run->italic) buffer_text(out, "\\textit{");
    if (run->bold) buffer_text(out, "\\textbf{");
    add_tex(out, run->text);
    buffer_printf(out, "%s%s%s}", run->italic ? "}" : "", run->bold ? "}" : "", run->level ? "}" : "");
}

static void write_text(const struct scene_item *item, struct buffer *out) {
    static const char *const anchor[] = {"base west", "base", "base east"};
    if (!item->run_count) return;
    if (item->halo) {
        struct scene_item box = {.kind = SCENE_RECT, .fill = item->halo_colour};
        scene_halo(item, &box.x, &box.y, &box.width, &box.height, &box.radius);
        write_rect(&box, out);
    }
    buffer_printf(out, "\\node[anchor=%s, inner sep=0pt] at ", anchor[item->anchor]);
    at(out, item->x, item->y);
    buffer_text(out, " {");
    if (item->font == FONT_MONO) buffer_text(out, "\\ttfamily ");
    add_font(item->size, out);
    for (uint32_t i = 0; i < item->run_count; i++) write_run(item, &item->run[i], out);
    buffer_text(out, "};\n");
}

// ---- the document -------------------------------------------------------------------------------------------------

// Each line of `text` behind a percent sign.
static void comment(struct buffer *out, const char *text) {
    struct buffer clean = {0};
    replay_xml_text(&clean, text);
    for (const char *line = buffer_string(&clean); *line;) {
        size_t size = strcspn(line, "\n");
        buffer_text(out, "% ");
        buffer_add(out, line, size);
        buffer_char(out, '\n');
        line += size + (line[size] == '\n');
    }
    if (clean.failed) out->failed = true;
    buffer_free(&clean);
}

static const char preamble[] = "\\documentclass[tikz]{standalone}\n"
                               "\\usepackage{iftex,textcomp,xcolor}\n"
                               "\\ifPDFTeX\n"
                               "  \\usepackage[utf8]{inputenc}\n"
                               "  \\usepackage[T1]{fontenc}\n"
                               "  \\IfFileExists{lato.sty}{\\usepackage[default]{lato}}{\\usepackage{lmodern}}\n"
                               "\\else\n"
                               "  \\usepackage{fontspec}\n"
                               "  \\IfFontExistsTF{Lato}{\\setsansfont{Lato}}{}\n"
                               "  \\IfFontExistsTF{DejaVu Sans Mono}{\\setmonofont{DejaVu Sans Mono}}{}\n"
                               "\\fi\n"
                               "\\renewcommand{\\familydefault}{\\sfdefault}\n";

static bool write_item(const struct scene_item *item, struct buffer *out) {
    switch (item->kind) {
    case SCENE_GROUP:
        if (item->title) comment(out, item->title);
        buffer_text(out, "\\begin{scope}\n");
        return true;
    case SCENE_END:
        buffer_text(out, "\\end{scope}\n");
        return true;
    case SCENE_PATH:
        return write_path(item, out);
    case SCENE_ELLIPSE:
        write_ellipse(item, out);
        return true;
    case SCENE_RECT:
        write_rect(item, out);
        return true;
    case SCENE_TEXT:
        write_text(item, out);
        return true;
    case SCENE_IMAGE:
        write_image(item, out);
        return true;
    }
    return true;
}

bool tikz_write(const struct scene *scene, const struct export_options *options, struct buffer *out,
                struct error *error) {
    struct scene_item page = {
        .kind = SCENE_RECT, .width = scene->width, .height = scene->height, .fill = scene->background};
    if (options->version) comment(out, options->version);
    if (scene->title) comment(out, scene->title);
    if (options->state) comment(out, options->state);
    buffer_text(out, preamble);
    bool ok = define_colours(scene, out);
    buffer_text(out, "\\begin{document}\n\\begin{tikzpicture}[x=1bp, y=-1bp, line join=round]\n");
    write_rect(&page, out);
    for (size_t i = 0; ok && i < scene->count; i++) ok = write_item(&scene->item[i], out);
    buffer_text(out, "\\end{tikzpicture}\n\\end{document}\n");
    return (ok && !out->failed) || error_memory(error);
}
