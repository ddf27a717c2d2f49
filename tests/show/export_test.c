// Exports: every view in every format, theme and direction; what a picture carries; names that formats trip over.
#include "picture.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <unistd.h>

#include "show/export.h"

static const struct export_options plain = {.state = "def f(x):\n    return x*x\nf(3)\n", .version = "bauer 0.1.0"};

static void export_as(const struct view *view, const char *extension, const struct export_options *options,
                      struct buffer *out) {
    struct error error = {0};
    char message[256] = "unset";
    const struct export_format *format = export_find(extension, &error);
    assert_non_null(format);
    if (!format->write(view, options, out, message, &error)) fail_msg("%s: %s", extension, error.message);
    assert_string_equal(message, "");
    assert_true(out->size > 0 && !out->failed);
}

// ---- SVG ----------------------------------------------------------------------------------------------------------

static xmlDocPtr parse(const struct buffer *svg) {
    xmlDocPtr document = xmlReadMemory(svg->data, (int)svg->size, NULL, NULL, XML_PARSE_NONET);
    assert_non_null(document);
    return document;
}

static const xmlNode *child(const xmlNode *node, const char *name) {
    for (node = node->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0) return node;
    fail_msg("no <%s>", name);
    return NULL;
}

static void assert_attribute(const xmlNode *node, const char *name, const char *value) {
    xmlChar *found = xmlGetProp((xmlNode *)node, (const xmlChar *)name);
    assert_non_null(found);
    assert_string_equal((const char *)found, value);
    xmlFree(found);
}

static void assert_words(const xmlNode *node, const char *words) {
    xmlChar *found = xmlNodeGetContent(node);
    assert_non_null(found);
    if (!strstr((const char *)found, words)) fail_msg("\"%s\" is not in \"%s\"", words, (const char *)found);
    xmlFree(found);
}

static void an_svg_says_what_it_shows(void **state) {
    (void)state;
    struct picture picture;
    struct buffer svg = {0};
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_LCG);
    export_as(&view, "lcg.svg", &plain, &svg);
    xmlDocPtr document = parse(&svg);
    const xmlNode *root = xmlDocGetRootElement(document);
    assert_attribute(root, "role", "img");
    assert_attribute(root, "aria-labelledby", "bauer-title bauer-desc");
    assert_attribute(child(root, "title"), "id", "bauer-title");
    assert_words(child(root, "title"), "The linearized computational graph of f(0.5, 1.2).");
    assert_words(child(root, "desc"), "7 vertices and 8 edges");
    assert_words(child(root, "desc"), "b = sin(x2) = 0.932, with ∂b/∂x2 = cos(x2) = 0.362.");
    assert_attribute(child(child(root, "metadata"), "state"), "version", "bauer 0.1.0");
    assert_non_null(strstr(svg.data, "<g id=\"vertex-6\" class=\"vertex\">\n<title>f = a*d = 3.04</title>"));
    assert_non_null(strstr(svg.data, "dy=\"2.38\" font-size=\"9.8\"")); // a true subscript: 0.17 and 0.7 of 14
    assert_non_null(strstr(svg.data, "lengthAdjust=\"spacingAndGlyphs\">0.362</tspan>"));
    xmlFreeDoc(document);
    buffer_free(&svg);
    picture_free(&picture);
}

static void text_can_be_outlines(void **state) {
    (void)state;
    struct picture picture;
    struct buffer svg = {0};
    struct export_options options = plain;
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_FIGURE);
    options.text_as_paths = true;
    export_as(&view, "a.svg", &options, &svg);
    xmlFreeDoc(parse(&svg));
    assert_null(strstr(svg.data, "<text"));
    buffer_free(&svg);
    picture_free(&picture);
}

static void ids_are_unique(void **state) {
    (void)state;
    struct picture picture;
    struct buffer svg = {0};
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_FIGURE);
    export_as(&view, "a.svg", &plain, &svg);
    xmlDocPtr document = parse(&svg);
    int count = 0;
    for (const char *at = svg.data; (at = strstr(at, " id=\"")); at++) {
        const char *end = strchr(at + 5, '"');
        char id[128];
        snprintf(id, sizeof id, "%.*s", (int)(end + 1 - at), at);
        assert_null(strstr(end, id));
        count++;
    }
    assert_true(count > 60);
    xmlFreeDoc(document);
    buffer_free(&svg);
    picture_free(&picture);
}

// ---- the state a picture carries ----------------------------------------------------------------------------------

static void assert_round_trip(const struct view *view, const char *script) {
    struct buffer svg = {0};
    struct error error = {0};
    struct export_options options = {.state = script, .version = "bauer 0.1.0 \"<&>\" \x01"};
    export_as(view, "a.svg", &options, &svg);
    xmlFreeDoc(parse(&svg));
    char *read = export_read_state(svg.data, svg.size, &error);
    if (!read) fail_msg("%s", error.message);
    assert_string_equal(read, script);
    mem_free(read);
    buffer_free(&svg);
}

static void the_state_comes_back_whole(void **state) {
    (void)state;
    struct picture picture;
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_PRIMAL);
    assert_round_trip(&view, "");
    assert_round_trip(&view, plain.state);
    assert_round_trip(&view, "  \n\tif a < b and c > d & e: # \"quoted\" 'too' ]]> <!-- --> &amp; \n\n  ");
    assert_round_trip(&view, "θ = 0.5 # ∂f/∂θ − 日本語 🙂\n");
    assert_round_trip(&view, "a = 1\r\nb = 2\r");
    assert_round_trip(&view, "\x01\x02\x1b[31m \xff\xfe bad bytes \xef\xbf\xbf");
    assert_round_trip(&view, "\x7f");
    picture_free(&picture);
}

static void assert_refused(const char *text) {
    struct error error = {0};
    assert_null(export_read_state(text, strlen(text), &error));
    assert_int_equal(error.kind, ERROR_FILE);
    assert_non_null(strstr(error.message, "not made by bauer"));
    assert_true(error.hint[0] != '\0');
}

static void other_files_carry_no_state(void **state) {
    (void)state;
    assert_refused("");
    assert_refused("hello");
    assert_refused("<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    assert_refused("<svg xmlns=\"http://www.w3.org/2000/svg\"><metadata><state>x</state></metadata></svg>");
    assert_refused("<svg><unclosed>");
    assert_refused("<!DOCTYPE s [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><s>&b;</s>");
}

// ---- names that formats trip over ---------------------------------------------------------------------------------

static const char *const nasty[] = {
    "graph", "node",   "\\N",  "\"",  "<b>&amp;", "a b", "x_{1}^2*",
    "%",     "\x01\n", "\xff", "#$~", "end",      "日",  "very_long_name_of_a_vertex_1"};
enum { NASTY = sizeof nasty / sizeof *nasty };

static void picture_nasty(struct picture *picture) {
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    vertex last = graph_input(graph, name_of(graph, nasty[0]), 0.5, 0, NULL);
    for (int i = 1; i < NASTY; i++) last = named(graph, nasty[i], i % 2 ? OP_SIN : OP_MUL, last, last);
    assert_true(graph_output(graph, last, 0, NULL));
    picture_of(picture, symbols, graph);
}

static void any_name_gives_well_formed_xml(void **state) {
    (void)state;
    struct picture picture;
    picture_nasty(&picture);
    for (int kind = VIEW_PRIMAL; kind <= VIEW_FIGURE; kind++) {
        struct view view = view_of(&picture, (enum view_kind)kind);
        struct buffer svg = {0};
        struct error error = {0};
        char message[256];
        view.point = "f(\"<&\x02\xfe>\")";
        view.code = "def f(x):\n\t  # \x01 <b> & \"\xff\"\n    return x";
        assert_true(export_find("a.svg", &error)->write(&view, &plain, &svg, message, &error));
        xmlFreeDoc(parse(&svg));
        buffer_free(&svg);
    }
    picture_free(&picture);
}

static void assert_dot_accepts(const struct buffer *text, int nodes) {
    char path[] = "/tmp/bauer-dot-XXXXXX", command[128], line[256];
    int file = mkstemp(path), found = 0;
    assert_true(file >= 0 && write(file, text->data, text->size) == (ssize_t)text->size);
    close(file);
    snprintf(command, sizeof command, "dot -Tplain %s", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe)) found += strncmp(line, "node ", 5) == 0;
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(found, nodes);
    unlink(path);
}

static void dot_reads_what_is_written_for_it(void **state) {
    (void)state;
    struct picture picture;
    struct buffer out = {0};
    if (system("command -v dot >/dev/null") != 0) skip();
    picture_nasty(&picture);
    struct view view = view_of(&picture, VIEW_LCG_SYMBOLIC);
    export_as(&view, "a.dot", &plain, &out);
    assert_dot_accepts(&out, NASTY);
    assert_non_null(strstr(out.data, "label=\"\\\\N\"")); // a name, not dot's escape
    buffer_free(&out);
    picture_free(&picture);
}

// ---- data ---------------------------------------------------------------------------------------------------------

static void tables_and_objects(void **state) {
    (void)state;
    struct picture picture;
    struct buffer out = {0};
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_PATHS);
    export_as(&view, "paths.csv", &plain, &out);
    assert_non_null(
        strstr(out.data, "\r\nx1 -> a -> f,2,1.6487212707001282 1.8440071993896854,3.0402538929579466\r\n"));
    buffer_clear(&out);
    export_as(&view, "paths.json", &plain, &out);
    assert_non_null(
        strstr(out.data, "{\"kind\":\"paths\",\"count\":\"4\",\"paths\":[{\"vertices\":[\"x1\",\"a\",\"f\"]"));
    assert_non_null(strstr(out.data, "\"version\":\"bauer 0.1.0\"}\n"));
    view = view_of(&picture, VIEW_PRIMAL);
    buffer_clear(&out);
    export_as(&view, "primal.json", &plain, &out);
    assert_non_null(strstr(out.data, "{\"from\":0,\"to\":2,\"partial\":null}"));
    buffer_clear(&out);
    export_as(&view, "primal.csv", &plain, &out);
    assert_non_null(strstr(out.data, "x1,a,exp,\r\n")); // nothing was linearized: empty, never 0
    buffer_free(&out);
    picture_free(&picture);
}

static void formats_are_found_by_their_ending(void **state) {
    (void)state;
    struct error error = {0};
    assert_string_equal(export_find("out/fig.PDF", &error)->extension, "pdf");
    assert_null(export_find("out.d/figure", &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_non_null(strstr(error.hint, ".svg, .pdf, .png, .tex, .dot, .json and .csv"));
}

// ---- everything ---------------------------------------------------------------------------------------------------

static void every_view_in_every_format(void **state) {
    (void)state;
    struct picture picture;
    picture_figure1(&picture);
    for (int kind = VIEW_PRIMAL; kind <= VIEW_FIGURE; kind++)
        for (int look = 0; look < THEME_COUNT * 4; look++) {
            struct view view = view_of(&picture, (enum view_kind)kind);
            view.theme = (enum theme)(look / 4);
            view.direction = (enum direction)(look % 4);
            view.values = look % 2;
            view.lit = look % 3 ? &picture.path[3] : NULL;
            for (size_t i = 0; i < export_format_count; i++) {
                struct buffer first = {0}, again = {0};
                char name[16];
                snprintf(name, sizeof name, "a.%s", export_formats[i].extension);
                export_as(&view, name, &plain, &first);
                if (look % 5 == 0) {
                    export_as(&view, name, &plain, &again);
                    assert_true(first.size == again.size && memcmp(first.data, again.data, first.size) == 0);
                }
                buffer_free(&first);
                buffer_free(&again);
            }
        }
    picture_free(&picture);
}

static void running_out_of_memory_is_told(void **state) {
    (void)state;
    struct picture picture;
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_FIGURE);
    for (size_t n = 1; n < 4000; n += 1 + n / 8)
        for (size_t i = 0; i < export_format_count; i++) {
            struct buffer out = {0};
            struct error error = {0};
            char message[256];
            mem_fail_after(n);
            bool ok = export_formats[i].write(&view, &plain, &out, message, &error);
            mem_fail_after(0);
            if (!ok) assert_int_equal(error.kind, ERROR_MEMORY);
            buffer_free(&out);
        }
    picture_free(&picture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_svg_says_what_it_shows),
        cmocka_unit_test(text_can_be_outlines),
        cmocka_unit_test(ids_are_unique),
        cmocka_unit_test(the_state_comes_back_whole),
        cmocka_unit_test(other_files_carry_no_state),
        cmocka_unit_test(any_name_gives_well_formed_xml),
        cmocka_unit_test(dot_reads_what_is_written_for_it),
        cmocka_unit_test(tables_and_objects),
        cmocka_unit_test(formats_are_found_by_their_ending),
        cmocka_unit_test(every_view_in_every_format),
        cmocka_unit_test(running_out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
