// A scene as SVG: real text in runs whose lengths are fixed, so that it stays right where the font is missing.
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlwriter.h>
#include <limits.h>
#include <string.h>

#include "base/arena.h"
#include "show/paint.h"
#include "show/replay.h"

#define STATE_NAMESPACE "urn:bauer:state"

// libxml2's calls return -1 on failure; it is remembered and looked at once.
struct svg {
    xmlTextWriterPtr writer;
    const struct export_options *options;
    struct buffer id; // of the open groups: "panel-1-vertex-3"
    size_t *id_size;  // a stack: the id's size before each open group
    size_t depth, capacity;
    bool failed;
};

static void check(struct svg *svg, int result) {
    if (result < 0) svg->failed = true;
}

static void open(struct svg *svg, const char *name) {
    check(svg, xmlTextWriterStartElement(svg->writer, BAD_CAST name));
}

static void newline(struct svg *svg) { check(svg, xmlTextWriterWriteRaw(svg->writer, BAD_CAST "\n")); }

static void close(struct svg *svg) { check(svg, xmlTextWriterEndElement(svg->writer)); }

static void attribute(struct svg *svg, const char *name, const char *value) {
    struct buffer clean = {0};
    replay_xml_text(&clean, value);
    check(svg, xmlTextWriterWriteAttribute(svg->writer, BAD_CAST name, BAD_CAST buffer_string(&clean)));
    if (clean.failed) svg->failed = true;
    buffer_free(&clean);
}

static void number(struct svg *svg, const char *name, double value) {
    struct buffer out = {0};
    replay_number(&out, value, 2);
    attribute(svg, name, buffer_string(&out));
    buffer_free(&out);
}

static void text(struct svg *svg, const char *words) {
    struct buffer clean = {0};
    replay_xml_text(&clean, words);
    check(svg, xmlTextWriterWriteString(svg->writer, BAD_CAST buffer_string(&clean)));
    if (clean.failed) svg->failed = true;
    buffer_free(&clean);
}

static void element(struct svg *svg, const char *name, const char *id, const char *words) {
    open(svg, name);
    if (id) attribute(svg, "id", id);
    text(svg, words);
    close(svg);
    newline(svg);
}

static void ink(struct svg *svg, const char *name, colour value) {
    struct buffer hex = {0}, opacity = {0};
    buffer_printf(&hex, "#%06x", value >> 8);
    attribute(svg, name, value & 0xFF ? buffer_string(&hex) : "none");
    if ((value & 0xFF) != 0 && (value & 0xFF) != 0xFF) {
        buffer_printf(&opacity, "%s-opacity", name);
        number(svg, buffer_string(&opacity), (value & 0xFF) / 255.0);
    }
    buffer_free(&hex);
    buffer_free(&opacity);
}

static void fill_and_stroke(struct svg *svg, const struct scene_item *item) {
    ink(svg, "fill", item->fill);
    if (!(item->stroke & 0xFF)) return;
    ink(svg, "stroke", item->stroke);
    number(svg, "stroke-width", item->stroke_width);
    if (item->dashed) attribute(svg, "stroke-dasharray", "3 2.4");
}

// ---- shapes -------------------------------------------------------------------------------------------------------

static void add_point(struct buffer *out, struct point p) {
    replay_number(out, p.x, 2);
    buffer_char(out, ' ');
    replay_number(out, p.y, 2);
}

static void add_curve(struct buffer *out, const struct point *p, uint32_t count, bool closed) {
    if (!count) return;
    buffer_char(out, 'M');
    add_point(out, p[0]);
    for (uint32_t i = 1; i + 2 < count; i += 3) {
        buffer_char(out, 'C');
        for (uint32_t j = 0; j < 3; j++) {
            if (j) buffer_char(out, ' ');
            add_point(out, p[i + j]);
        }
    }
    if (closed) buffer_char(out, 'Z');
}

static void write_head(struct svg *svg, const struct scene_item *item, const struct point triangle[3]) {
    struct buffer out = {0};
    for (int i = 0; i < 3; i++) {
        buffer_char(&out, i ? 'L' : 'M');
        add_point(&out, triangle[i]);
    }
    buffer_char(&out, 'Z');
    open(svg, "path");
    attribute(svg, "d", buffer_string(&out));
    ink(svg, "fill", item->stroke);
    close(svg);
    newline(svg);
    if (out.failed) svg->failed = true;
    buffer_free(&out);
}

static void write_path(struct svg *svg, const struct scene_item *item) {
    struct point triangle[3], *shaft = mem_alloc((size_t)item->point_count + 1, sizeof *shaft);
    struct buffer out = {0};
    if (!shaft) {
        svg->failed = true;
        return;
    }
    bool head = item->arrow && scene_arrow(item, triangle, shaft);
    add_curve(&out, head ? shaft : item->point, item->point_count, item->closed);
    open(svg, "path");
    attribute(svg, "d", buffer_string(&out));
    fill_and_stroke(svg, item);
    close(svg);
    newline(svg);
    if (head) write_head(svg, item, triangle);
    if (out.failed) svg->failed = true;
    buffer_free(&out);
    mem_free(shaft);
}

static void write_ellipse(struct svg *svg, const struct scene_item *item) {
    open(svg, "ellipse");
    number(svg, "cx", item->x);
    number(svg, "cy", item->y);
    number(svg, "rx", item->width / 2);
    number(svg, "ry", item->height / 2);
    fill_and_stroke(svg, item);
    close(svg);
    newline(svg);
}

static void write_rect(struct svg *svg, const struct scene_item *item) {
    open(svg, "rect");
    number(svg, "x", item->x);
    number(svg, "y", item->y);
    number(svg, "width", item->width);
    number(svg, "height", item->height);
    if (item->radius > 0) number(svg, "rx", item->radius);
    fill_and_stroke(svg, item);
    close(svg);
    newline(svg);
}

// The cells as PNG in base64.
static void write_image(struct svg *svg, const struct scene_item *item) {
    struct buffer cells = {0}, link = {0};
    if (!paint_cells(item, &cells)) svg->failed = true;
    buffer_text(&link, "data:image/png;base64,");
    replay_base64(&link, cells.data, cells.size);
    open(svg, "image");
    number(svg, "x", item->x);
    number(svg, "y", item->y);
    number(svg, "width", item->width);
    number(svg, "height", item->height);
    attribute(svg, "preserveAspectRatio", "none");
    attribute(svg, "style", "image-rendering:optimizeSpeed;image-rendering:pixelated");
    attribute(svg, "href", buffer_string(&link));
    close(svg);
    newline(svg);
    if (cells.failed || link.failed) svg->failed = true;
    buffer_free(&cells);
    buffer_free(&link);
}

// ---- text ---------------------------------------------------------------------------------------------------------

static void run_look(struct svg *svg, const struct scene_run *run) {
    if (run->italic) attribute(svg, "font-style", "italic");
    if (run->bold) attribute(svg, "font-weight", "bold");
    ink(svg, "fill", run->colour);
    if (run->width > 0) {
        number(svg, "textLength", run->width);
        attribute(svg, "lengthAdjust", "spacingAndGlyphs");
    }
}

static void write_run(struct svg *svg, const struct scene_item *item, uint32_t i) {
    const struct scene_run *run = &item->run[i];
    double before = i ? scene_run_drop(item, &item->run[i - 1]) : 0, drop = scene_run_drop(item, run) - before;
    open(svg, "tspan");
    if (i) number(svg, "x", scene_text_left(item) + run->x);
    if (drop != 0) number(svg, "dy", drop);
    if (run->level) number(svg, "font-size", scene_run_size(item, run));
    run_look(svg, run);
    text(svg, run->text);
    close(svg);
}

static void write_outlines(struct svg *svg, const struct scene_item *item) {
    for (uint32_t i = 0; i < item->run_count; i++) {
        struct buffer out = {0};
        if (!paint_outline_run(item, i, &out)) svg->failed = true;
        open(svg, "path");
        attribute(svg, "d", buffer_string(&out));
        ink(svg, "fill", item->run[i].colour);
        close(svg);
        newline(svg);
        buffer_free(&out);
    }
}

static void write_halo(struct svg *svg, const struct scene_item *item) {
    struct scene_item box = {.kind = SCENE_RECT, .fill = item->halo_colour};
    scene_halo(item, &box.x, &box.y, &box.width, &box.height, &box.radius);
    write_rect(svg, &box);
}

static void write_text(struct svg *svg, const struct scene_item *item) {
    if (!item->run_count) return;
    if (item->halo) write_halo(svg, item);
    if (svg->options->text_as_paths) {
        write_outlines(svg, item);
        return;
    }
    open(svg, "text");
    number(svg, "x", scene_text_left(item));
    number(svg, "y", item->y);
    number(svg, "font-size", item->size);
    if (item->font == FONT_MONO) attribute(svg, "font-family", "DejaVu Sans Mono, monospace");
    for (uint32_t i = 0; i < item->run_count; i++) write_run(svg, item, i);
    close(svg);
    newline(svg);
}

// ---- groups and the whole -----------------------------------------------------------------------------------------

static void open_group(struct svg *svg, const struct scene_item *item) {
    static const char *const tag[] = {"part",  "vertex",     "edge",  "frame", "path",
                                      "panel", "background", "curve", "point"};
    if (!mem_grow(&svg->id_size, &svg->capacity, svg->depth + 1, sizeof *svg->id_size)) {
        svg->failed = true;
        return;
    }
    svg->id_size[svg->depth++] = svg->id.size;
    buffer_printf(&svg->id, "%s%s-%u", svg->id.size ? "-" : "", tag[item->tag], item->id);
    open(svg, "g");
    attribute(svg, "id", buffer_string(&svg->id));
    attribute(svg, "class", tag[item->tag]);
    newline(svg);
    if (item->title) element(svg, "title", NULL, item->title);
}

static void close_group(struct svg *svg) {
    if (!svg->depth) return;
    buffer_cut(&svg->id, svg->id_size[--svg->depth]);
    close(svg);
    newline(svg);
}

static void write_item(struct svg *svg, const struct scene_item *item) {
    switch (item->kind) {
    case SCENE_GROUP:
        open_group(svg, item);
        break;
    case SCENE_END:
        close_group(svg);
        break;
    case SCENE_PATH:
        write_path(svg, item);
        break;
    case SCENE_ELLIPSE:
        write_ellipse(svg, item);
        break;
    case SCENE_RECT:
        write_rect(svg, item);
        break;
    case SCENE_TEXT:
        write_text(svg, item);
        break;
    case SCENE_IMAGE:
        write_image(svg, item);
        break;
    }
}

// Text that XML cannot hold goes in as base64.
static void write_state(struct svg *svg) {
    const char *state = svg->options->state;
    if (!state) return;
    open(svg, "metadata");
    check(svg, xmlTextWriterStartElementNS(svg->writer, BAD_CAST "bauer", BAD_CAST "state", BAD_CAST STATE_NAMESPACE));
    if (svg->options->version) attribute(svg, "version", svg->options->version);
    if (replay_is_xml_text(state)) {
        text(svg, state);
    } else {
        attribute(svg, "encoding", "base64");
        size_t size = strlen(state);
        check(svg, size > INT_MAX ? -1 : xmlTextWriterWriteBase64(svg->writer, state, 0, (int)size));
    }
    close(svg);
    close(svg);
    newline(svg);
}

static void open_root(struct svg *svg, const struct scene *scene) {
    struct buffer box = {0};
    buffer_text(&box, "0 0 ");
    add_point(&box, (struct point){scene->width, scene->height});
    open(svg, "svg");
    attribute(svg, "xmlns", "http://www.w3.org/2000/svg");
    number(svg, "width", scene->width);
    number(svg, "height", scene->height);
    attribute(svg, "viewBox", buffer_string(&box));
    attribute(svg, "role", "img");
    attribute(svg, "aria-labelledby", "bauer-title bauer-desc");
    attribute(svg, "font-family", "Lato, DejaVu Sans, sans-serif");
    attribute(svg, "xml:space", "preserve");
    if (box.failed) svg->failed = true;
    buffer_free(&box);
    newline(svg);
}

static void write_scene(struct svg *svg, const struct scene *scene) {
    check(svg, xmlTextWriterStartDocument(svg->writer, NULL, "UTF-8", NULL));
    open_root(svg, scene);
    element(svg, "title", "bauer-title", scene->title ? scene->title : "A picture made by bauer");
    element(svg, "desc", "bauer-desc", scene->description ? scene->description : "");
    write_state(svg);
    struct scene_item page = {
        .kind = SCENE_RECT, .width = scene->width, .height = scene->height, .fill = scene->background};
    write_rect(svg, &page);
    for (size_t i = 0; i < scene->count && !svg->failed; i++) write_item(svg, &scene->item[i]);
    check(svg, xmlTextWriterEndDocument(svg->writer));
}

bool svg_write(const struct scene *scene, const struct export_options *options, struct buffer *out,
               struct error *error) {
    static const struct export_options none = {0};
    xmlBufferPtr memory = xmlBufferCreate();
    struct svg svg = {.options = options ? options : &none,
                      .writer = memory ? xmlNewTextWriterMemory(memory, 0) : NULL};
    bool ok = svg.writer != NULL;
    if (ok) write_scene(&svg, scene);
    if (svg.writer) xmlFreeTextWriter(svg.writer); // flushes
    ok = ok && !svg.failed && !svg.id.failed;
    if (ok) buffer_add(out, (const char *)xmlBufferContent(memory), (size_t)xmlBufferLength(memory));
    if (memory) xmlBufferFree(memory);
    if (svg.options->text_as_paths) paint_forget();
    buffer_free(&svg.id);
    mem_free(svg.id_size);
    return (ok && !out->failed) || error_memory(error);
}

// ---- reading the state back ---------------------------------------------------------------------------------------

static bool is_state(const xmlNode *node) {
    return node->type == XML_ELEMENT_NODE && node->ns && xmlStrEqual(node->name, BAD_CAST "state") &&
           xmlStrEqual(node->ns->href, BAD_CAST STATE_NAMESPACE);
}

// The node after this one in document order, or NULL: no recursion, however deep a foreign file is.
static const xmlNode *following(const xmlNode *node) {
    if (node->type == XML_ELEMENT_NODE && node->children) return node->children;
    while (node && !node->next) node = node->parent && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
    return node ? node->next : NULL;
}

static const xmlNode *find_state(const xmlNode *node) {
    while (node && !is_state(node)) node = following(node);
    return node;
}

// Only text counts; entities of a foreign file are not expanded.
static void gather(const xmlNode *state, struct buffer *out) {
    for (const xmlNode *child = state->children; child; child = child->next)
        if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) && child->content)
            buffer_text(out, (const char *)child->content);
}

static int sextet(char c) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

static void decode(const char *in, struct buffer *out) {
    uint32_t bits = 0;
    int count = 0;
    for (; *in && *in != '='; in++) {
        if (sextet(*in) < 0) continue;
        bits = bits << 6 | (uint32_t)sextet(*in);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        buffer_char(out, (char)(bits >> count & 0xFF));
    }
}

static bool is_base64(const xmlNode *state) {
    xmlChar *encoding = xmlGetNoNsProp((xmlNode *)state, BAD_CAST "encoding");
    bool base64 = encoding && xmlStrEqual(encoding, BAD_CAST "base64");
    xmlFree(encoding);
    return base64;
}

static bool read_node(const xmlNode *state, struct buffer *out) {
    struct buffer raw = {0};
    gather(state, &raw);
    if (is_base64(state))
        decode(buffer_string(&raw), out);
    else
        buffer_text(out, buffer_string(&raw));
    bool ok = !raw.failed && !out->failed;
    buffer_free(&raw);
    return ok;
}

char *export_read_state(const char *data, size_t size, struct error *error) {
    struct buffer out = {0};
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    xmlDocPtr document = size < INT_MAX ? xmlReadMemory(data, (int)size, NULL, NULL, options) : NULL;
    const xmlNode *state = document ? find_state(xmlDocGetRootElement(document)) : NULL;
    bool ok = state && read_node(state, &out);
    xmlFreeDoc(document);
    if (!state) {
        error_set(error, ERROR_FILE, SPAN_NONE,
                  document ? "this SVG was not made by bauer"
                           : "this SVG was not made by bauer: it is not well-formed");
        error_hint(error,
                   "bauer opens the pictures that :export FILE.svg writes; an editor may have dropped their metadata");
    } else if (!ok) {
        error_memory(error);
    }
    if (ok) return out.data ? out.data : mem_text("", 0);
    buffer_free(&out);
    return NULL;
}
