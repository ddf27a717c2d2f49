// Diagrams: what is drawn of a graph, what is lit, what is collapsed, limits; and the words that go with them.
#include "picture.h"

#include "show/describe.h"
#include "show/notation.h"
#include "show/sketch.h"

static void draw(const struct view *view, struct scene *scene) {
    struct error error = {0};
    char message[256];
    if (!diagram_scene(view, scene, message, &error)) fail_msg("%s", error.message);
}

static int groups(const struct scene *scene, enum scene_tag tag) {
    int count = 0;
    for (size_t i = 0; i < scene->count; i++) count += scene->item[i].kind == SCENE_GROUP && scene->item[i].tag == tag;
    return count;
}

static bool shows(const struct scene *scene, const char *line) {
    struct buffer out = {0};
    scene_trace(scene, &out);
    bool found = strstr(buffer_string(&out), line) != NULL;
    buffer_free(&out);
    return found;
}

static void views_have_names(void **state) {
    (void)state;
    enum view_kind kind;
    assert_true(view_kind_find("lcg symbolic", &kind) && kind == VIEW_LCG_SYMBOLIC);
    assert_false(view_kind_find("lcg sym", &kind));
    assert_string_equal(view_kind_name[VIEW_FIGURE], "figure");
}

static void formulas_are_set_as_mathematics(void **state) {
    (void)state;
    static const char *const pair[][2] = {
        {"cos(x2)", "cos(*x*_{2})"},
        {"a*d", "*a* · *d*"},
        {"-1", "−1"},
        {"1 - y^2", "1 − *y*^{2}"},
        {"-a/b^2", "−*a*/*b*^{2}"},
        {"x[0]*w_ij@2", "*x*_{[0]} · *w*_{*ij*}^{(2)}"},
        {"a^(b - 1)", "*a*\\^(*b* − 1)"},
        {"x**2", "*x*^{2}"},
        {"x^(-2)", "*x*^{−2}"},
        {"1e-05*x", "1e−05 · *x*"},
        {"0.1628763738514418", "0.1629"},
        {"2^x", "2^{*x*}"},
    };
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        struct buffer out = {0};
        notation_formula(&out, pair[i][0]);
        assert_string_equal(buffer_string(&out), pair[i][1]);
        buffer_free(&out);
    }
    assert_true(notation_is_sum("1 - y^2") && notation_is_sum("-x"));
    assert_false(notation_is_sum("exp(a - b)") || notation_is_sum("1e-5*x"));
}

static void figure1_as_graph_and_lcg(void **state) {
    (void)state;
    struct picture picture;
    struct scene scene;
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_LCG);
    draw(&view, &scene);
    assert_int_equal(groups(&scene, TAG_VERTEX), 7);
    assert_int_equal(groups(&scene, TAG_EDGE), 8);
    assert_true(shows(&scene, "\"0.362\"") && shows(&scene, "\"*x*_{2}\""));
    scene_clear(&scene);
    view.kind = VIEW_LCG_SYMBOLIC;
    draw(&view, &scene);
    assert_true(shows(&scene, "\"cos(*x*_{2})\"") && !shows(&scene, "\"0.362\""));
    scene_clear(&scene);
    view.kind = VIEW_PRIMAL;
    view.values = true;
    view.lcg = NULL;
    draw(&view, &scene);
    assert_true(shows(&scene, "\"3.04\"") && shows(&scene, "\"0.932\""));
    scene_clear(&scene);
    picture_free(&picture);
}

static void paths_as_small_multiples(void **state) {
    (void)state;
    struct picture picture;
    struct scene scene;
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_PATHS);
    draw(&view, &scene);
    assert_int_equal(groups(&scene, TAG_PATH), 4);
    assert_int_equal(groups(&scene, TAG_VERTEX), 28);
    assert_true(shows(&scene, "\"*a* · *d* = 3.04\""));
    assert_true(shows(&scene, "All 4 paths"));
    assert_true(shows(&scene, "\"∂*f*/∂*x*_{2} = 2.534 + 1.182 = 3.716\""));
    assert_true(shows(&scene, "\"∂*f*/∂*x*_{1} = 3.040 + 3.040 = 6.081\"")); // as many decimals everywhere
    scene_clear(&scene);
    view.path_count = 3;
    draw(&view, &scene);
    assert_true(shows(&scene, "\"3 of 4 paths shown\""));
    assert_false(shows(&scene, "∂*f*/∂*x*")); // a sum of some of the paths is not the derivative
    scene_clear(&scene);
    picture_free(&picture);
}

static uint32_t accents(const struct scene *scene, enum scene_kind kind) {
    uint32_t count = 0;
    for (size_t i = 0; i < scene->count; i++)
        count += scene->item[i].kind == kind && scene->item[i].stroke == style_of(THEME_LIGHT)->accent;
    return count;
}

static void the_path_in_hand_is_lit(void **state) {
    (void)state;
    struct picture picture;
    struct scene scene;
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_LCG);
    view.lit = &picture.path[3]; // x2 b c d f
    draw(&view, &scene);
    assert_int_equal(accents(&scene, SCENE_ELLIPSE), 5);
    assert_int_equal(accents(&scene, SCENE_PATH), 4);
    assert_non_null(
        strstr(scene.description, "The path in hand is x2 → b → c → d → f: 0.362 × 1.2 × 1.65 × 1.65 = 1.18."));
    scene_clear(&scene);
    picture_free(&picture);
}

static void the_figure_has_four_panels(void **state) {
    (void)state;
    struct picture picture;
    struct scene scene;
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_FIGURE);
    draw(&view, &scene);
    assert_int_equal(groups(&scene, TAG_PANEL), 4);
    assert_int_equal(groups(&scene, TAG_VERTEX), 2 * 7 + 4 * 7);
    assert_true(shows(&scene, "mono \"a = exp(x1)\""));
    assert_true(shows(&scene, "\"**(b)**  Primal graph\""));
    scene_clear(&scene);
    picture_free(&picture);
}

// x; three calls g(y) = sin(y)*y + y one after the other; one loop iteration inside each.
static struct graph *calls(struct symbols *symbols, uint32_t frame[3]) {
    struct graph *graph = empty_graph(symbols);
    vertex x = graph_input(graph, name_of(graph, "x"), 0.5, 0, NULL);
    for (int i = 0; i < 3; i++) {
        frame[i] = graph_enter(graph, FRAME_CALL, name_of(graph, "g"), 0, 0, NULL);
        vertex s = graph_add(graph, OP_SIN, x, 0, 0, NULL);
        graph_enter(graph, FRAME_ITERATION, name_of(graph, "i"), 0, 0, NULL);
        vertex p = graph_add(graph, OP_MUL, s, x, 0, NULL);
        graph_leave(graph);
        x = graph_add(graph, OP_ADD, p, x, 0, NULL);
        graph_leave(graph);
    }
    graph_output(graph, x, 0, NULL);
    return graph;
}

// y = x*x, n times over: 2^n paths, of which a figure draws so many as can be read.
static void a_figure_draws_a_dozen_paths(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    struct picture picture;
    struct scene scene;
    char message[256];
    vertex v = graph_input(graph, name_of(graph, "x"), 0.9, 0, NULL);
    for (int i = 0; i < 4; i++) v = graph_add(graph, OP_MUL, v, v, 0, NULL);
    graph_output(graph, v, 0, NULL);
    picture_of(&picture, symbols, graph);
    struct view view = view_of(&picture, VIEW_FIGURE);
    assert_true(diagram_scene(&view, &scene, message, NULL));
    assert_int_equal(groups(&scene, TAG_PATH), 12);
    assert_true(shows(&scene, "\"**(d)**  12 of 16 paths shown\""));
    assert_non_null(strstr(message, "the first 12 of 16 listed paths are drawn"));
    assert_true(scene.width > 0.5 * scene.height);
    scene_clear(&scene);
    view.kind = VIEW_PATHS;
    draw(&view, &scene);
    assert_int_equal(groups(&scene, TAG_PATH), 16);
    scene_clear(&scene);
    picture_free(&picture);
}

static void derivatives_that_are_not_listed_are_counted(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    struct picture picture;
    struct scene scene;
    vertex sum = graph_input(graph, name_of(graph, "x"), 1, 0, NULL), input[7];
    for (int i = 0; i < 7; i++) input[i] = graph_input(graph, name_of(graph, (char[]){(char)('a' + i), 0}), 1, 0, NULL);
    for (int i = 0; i < 7; i++) sum = graph_add(graph, OP_MUL, sum, input[i], 0, NULL);
    graph_output(graph, sum, 0, NULL);
    picture_of(&picture, symbols, graph);
    struct view view = view_of(&picture, VIEW_PATHS);
    draw(&view, &scene);
    assert_true(shows(&scene, "\"… and 2 more derivatives\""));
    scene_clear(&scene);
    picture_free(&picture);
}

static void a_collapsed_call_is_one_box(void **state) {
    (void)state;
    struct picture picture;
    struct scene scene;
    uint32_t frame[3];
    struct symbols *symbols = symbols_new();
    picture_of(&picture, symbols, calls(symbols, frame));
    struct view view = view_of(&picture, VIEW_LCG);
    view.collapsed = frame;
    view.collapsed_count = 2;
    draw(&view, &scene);
    assert_int_equal(groups(&scene, TAG_FRAME), 2);
    assert_int_equal(groups(&scene, TAG_VERTEX), 1 + 3);
    assert_int_equal(groups(&scene, TAG_EDGE), 1 + 1 + 3 + 2); // x to g, g to g, g to each of three vertices, theirs
    assert_true(shows(&scene, "\"×3\"") && shows(&scene, "\"3 vertices\""));
    scene_clear(&scene);
    picture_free(&picture);
}

static void assert_frame(struct graph *graph, const char *variable, double value, const char *words) {
    struct buffer out = {0};
    uint32_t frame = graph_enter(graph, FRAME_ITERATION, *variable ? name_of(graph, variable) : 0, 1, 0, NULL);
    graph->frames[frame].value = value;
    sketch_frame_name(graph, frame, &out);
    assert_string_equal(buffer_string(&out), words);
    buffer_free(&out);
}

static void iterations_are_named_by_the_loop_variable(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    assert_frame(graph, "i", 2, "i = 2");
    assert_frame(graph, "h", -0.25, "h = −0.25");
    assert_frame(graph, "w", NAN, "w, pass 2");
    assert_frame(graph, "", NAN, "pass 2");
    graph_drop(graph);
    symbols_free(symbols);
}

static void a_graph_too_large_asks_for_less(void **state) {
    (void)state;
    struct picture picture;
    struct scene scene;
    struct error error = {0};
    char message[256];
    struct symbols *symbols = symbols_new();
    picture_of(&picture, symbols, interleaved(symbols, 4, 3));
    struct view view = view_of(&picture, VIEW_LCG);
    view.layout_limit = 20;
    assert_false(diagram_scene(&view, &scene, message, &error));
    assert_int_equal(error.kind, ERROR_LIMIT);
    assert_string_equal(error.message, "this graph has 64 vertices: more than the 20 that can be laid out");
    view.lit = &picture.path[0]; // a path alone can be drawn
    draw(&view, &scene);
    assert_int_equal(groups(&scene, TAG_VERTEX), (int)picture.path[0].length + 1);
    scene_clear(&scene);
    assert_true(diagram_scene(&view, &scene, message, &(struct error){0}));
    assert_non_null(strstr(message, "vertices off the paths shown are left out"));
    scene_clear(&scene);
    picture_free(&picture);
}

static void what_was_not_computed_is_refused(void **state) {
    (void)state;
    struct picture picture;
    struct scene scene;
    struct error error = {0};
    char message[256];
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_LCG);
    view.lcg = NULL;
    assert_false(diagram_scene(&view, &scene, message, &error));
    assert_non_null(strstr(error.message, "needs the linearized graph"));
    picture_free(&picture);
}

static void random_graphs_in_every_view(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct picture picture;
        struct scene scene;
        struct symbols *symbols = symbols_new();
        picture_of(&picture, symbols, random_graph(symbols, seed, (uint32_t)(seed % 23)));
        for (int kind = VIEW_PRIMAL; kind <= VIEW_FIGURE; kind++) {
            struct view view = view_of(&picture, (enum view_kind)kind);
            view.direction = (enum direction)(seed % 4);
            view.lit = picture.path_count ? &picture.path[0] : NULL;
            draw(&view, &scene);
            double x0, y0, x1, y1;
            scene_bounds(&scene, &x0, &y0, &x1, &y1);
            assert_true(x0 >= 0 && y0 >= 0 && x1 <= scene.width && y1 <= scene.height);
            scene_clear(&scene);
        }
        picture_free(&picture);
    }
}

static void a_graph_in_words(void **state) {
    (void)state;
    struct picture picture;
    struct buffer out = {0};
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_PATHS);
    describe_title(&view, &out);
    assert_string_equal(out.data, "The 4 paths from inputs to outputs of f(0.5, 1.2).");
    buffer_clear(&out);
    view.kind = VIEW_PRIMAL;
    describe_view(&view, &out);
    assert_string_equal(out.data,
                        "The graph has 7 vertices and 8 edges. The inputs are x1 and x2. The output is f. x1 = 0.5. "
                        "x2 = 1.2. a = exp(x1) = 1.65. b = sin(x2) = 0.932. c = b*x2 = 1.12. d = a*c = 1.84. "
                        "f = a*d = 3.04.");
    buffer_clear(&out);
    describe_path(picture.graph, picture.lcg, &picture.path[1], &out);
    assert_string_equal(out.data, "x1 → a → d → f: 1.65 × 1.12 × 1.65 = 3.04");
    buffer_free(&out);
    picture_free(&picture);
}

// Whether a point of a text lies inside a circle, or a box with its ends round, at least 2 points from the border.
static bool well_inside(const struct scene_item *shape, double x, double y) {
    bool box = shape->kind == SCENE_RECT;
    double radius = (box ? shape->radius : shape->height / 2) - 2;
    double middle_x = box ? shape->x + shape->width / 2 : shape->x;
    double middle_y = box ? shape->y + shape->height / 2 : shape->y;
    double flat = box ? shape->width / 2 - shape->radius : 0;
    return hypot(fmax(0, fabs(x - middle_x) - flat), y - middle_y) <= radius;
}

static void assert_inside(const struct scene_item *shape, const struct scene_item *text) {
    double left = scene_text_left(text), right = left + text->text_width, top = text->y - 0.52 * text->size;
    assert_true(well_inside(shape, left, text->y) && well_inside(shape, right, text->y));
    assert_true(well_inside(shape, left, top) && well_inside(shape, right, top)); // the height of an x
}

static void what_is_not_known_is_a_dash(void **state) {
    (void)state;
    struct picture picture;
    struct scene scene;
    struct buffer words = {0};
    picture_figure1(&picture);
    double known[] = {0.5, 1.2, 1.6487, NAN, NAN, NAN, NAN};
    struct view view = view_of(&picture, VIEW_PRIMAL);
    view.known = known;
    view.lit_words = "step 3 of 7: a_b = 1";
    draw(&view, &scene);
    assert_true(shows(&scene, "\"1.65\"") && shows(&scene, "\"–\"") &&
                shows(&scene, "group vertex 3 b = sin(x2) = –\n"));
    assert_false(shows(&scene, "\"3.04\"") || shows(&scene, "\"0.932\"") || shows(&scene, "\"0\""));
    assert_true(shows(&scene, "\"step 3 of 7: a_b = 1\"") &&
                shows(&scene, "\"under the names: values (–: not computed)\""));
    scene_clear(&scene);
    describe_view(&view, &words);
    assert_non_null(strstr(words.data, "a = exp(x1) = 1.65. b = sin(x2) = –. "));
    view.kind = VIEW_LCG;
    view.known_words = "adjoints"; // then the values themselves are no secret
    draw(&view, &scene);
    assert_true(shows(&scene, "group vertex 3 b = sin(x2) = 0.932; adjoints: –\n"));
    assert_true(shows(&scene, "\"under the names: adjoints (–: not computed)\""));
    scene_clear(&scene);
    buffer_free(&words);
    picture_free(&picture);
}

// The path item after the group whose line in the trace ends in `title`.
static const struct scene_item *line_of(const struct scene *scene, const char *title) {
    for (size_t i = 0; i + 1 < scene->count; i++)
        if (scene->item[i].kind == SCENE_GROUP && scene->item[i].title && strcmp(scene->item[i].title, title) == 0)
            return &scene->item[i + 1];
    fail_msg("there is no group \"%s\"", title);
    return NULL;
}

// d is gone, then c, which made an edge from x2 to f and one from b to f.
static void an_elimination_shows_what_is_left(void **state) {
    (void)state;
    const struct style *style = style_of(THEME_LIGHT);
    const struct eliminate_edge rest[] = {
        {.source = X1, .target = A, .before = 1.6487212707001282, .value = 1.6487212707001282},
        {.source = X2, .target = B, .before = 0.3, .value = 0.362},
        {.source = X2, .target = F, .value = 2.53, .fill = true},
        {.source = A, .target = F, .before = 3.69, .value = 3.69},
        {.source = B, .target = F, .before = 3.26, .value = 3.26}};
    struct lit_path lit = {.input = C, .output = C};
    struct picture picture;
    struct scene scene;
    struct buffer words = {0};
    picture_figure1(&picture);
    struct view view = view_of(&picture, VIEW_LCG);
    view.lit = &lit;
    view.rest = rest;
    view.rest_count = 5;
    draw(&view, &scene);
    assert_int_equal(groups(&scene, TAG_EDGE), 8 + 2);
    const struct scene_item *fresh = line_of(&scene, "∂f/∂x2 = 2.53 (fill-in)"),
                            *fill = line_of(&scene, "∂f/∂b = 3.26 (fill-in)"),
                            *changed = line_of(&scene, "∂f/∂a = 3.69 (changed)"),
                            *plain = line_of(&scene, "∂a/∂x1 = 1.65"),
                            *gone = line_of(&scene, "∂d/∂c = – (eliminated)");
    assert_true(fresh->dashed && fresh->stroke == style->accent);
    assert_true(fill->dashed && fill->stroke == style->fill_in);
    assert_true(!changed->dashed && changed->stroke == style->fill_in);
    assert_true(!plain->dashed && plain->stroke == style->edge && gone->stroke == style->dim);
    assert_true(line_of(&scene, "d = a*c = 1.84")->stroke == style->dim);
    assert_true(line_of(&scene, "c = b*x2 = 1.12")->stroke == style->accent);
    assert_true(shows(&scene, "\"3.69\"") && !shows(&scene, "\"1.2\"")); // partials of what is gone are gone
    scene_clear(&scene);
    describe_view(&view, &words);
    assert_non_null(strstr(words.data, "Of the elimination 5 edges are left: ∂a/∂x1 = 1.65, "));
    buffer_free(&words);
    picture_free(&picture);
}

static void long_names_keep_off_the_border(void **state) {
    (void)state;
    struct symbols *symbols = symbols_new();
    struct graph *graph = empty_graph(symbols);
    struct picture picture;
    struct scene scene;
    graph_input(graph, name_of(graph, "learning_rate"), -1.2345e-7, 0, NULL);
    graph_input(graph, name_of(graph, "wwwwww"), 2, 0, NULL);
    graph_input(graph, name_of(graph, "mmm"), 2, 0, NULL);
    graph_output(graph, named(graph, "hidden_activation_of_everything", OP_MUL, 0, 1), 0, NULL);
    picture_of(&picture, symbols, graph);
    for (int values = 0; values < 2; values++) {
        struct view view = view_of(&picture, VIEW_LCG);
        view.values = values;
        draw(&view, &scene);
        const struct scene_item *shape = NULL;
        for (size_t i = 0; i < scene.count; i++) {
            const struct scene_item *item = &scene.item[i];
            if (item->kind == SCENE_GROUP) shape = item->tag == TAG_VERTEX ? &scene.item[i + 1] : NULL;
            if (item->kind == SCENE_TEXT && shape) assert_inside(shape, item);
        }
        scene_clear(&scene);
    }
    picture_free(&picture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_have_names),
        cmocka_unit_test(formulas_are_set_as_mathematics),
        cmocka_unit_test(figure1_as_graph_and_lcg),
        cmocka_unit_test(paths_as_small_multiples),
        cmocka_unit_test(the_path_in_hand_is_lit),
        cmocka_unit_test(the_figure_has_four_panels),
        cmocka_unit_test(a_figure_draws_a_dozen_paths),
        cmocka_unit_test(derivatives_that_are_not_listed_are_counted),
        cmocka_unit_test(a_collapsed_call_is_one_box),
        cmocka_unit_test(iterations_are_named_by_the_loop_variable),
        cmocka_unit_test(a_graph_too_large_asks_for_less),
        cmocka_unit_test(what_was_not_computed_is_refused),
        cmocka_unit_test(random_graphs_in_every_view),
        cmocka_unit_test(a_graph_in_words),
        cmocka_unit_test(what_is_not_known_is_a_dash),
        cmocka_unit_test(an_elimination_shows_what_is_left),
        cmocka_unit_test(long_names_keep_off_the_border),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
