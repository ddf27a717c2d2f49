// Figure 4: one real image through a convolution, ReLU and a convolution: the sampled cells of what enters each, the
// one-bit mask between them, and the gradients of the filters that come of it, exact, sampled, and as means of samples.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/figure.h"
#include "base/task.h"
#include "graph/tape.h"
#include "lab/data.h"
#include "show/field.h"
#include "show/panel.h"

enum { LAYERS = 2, FILTERS = 16, FILTERS2 = 32, SIDE = 5, SHOWN = 4, MEANS = 3, MOST_POINTS = 64 };
#define FRACTION 0.1
#define GAP 26.0
static const uint32_t means[MEANS] = {1, 10, 1000}; // samples whose mean is a picture

struct net {
    struct symbols *symbols;
    struct graph *graph;
    vertex x, activation, product[LAYERS], parameter[LAYERS];
    uint32_t channels, height, width;
};

struct gradient {
    uint32_t rows, columns; // of the picture of all filters
    size_t count;
    float *exact;
    double *mean;                      // so far
    double *picture[1 + MEANS];        // exact, and the means; NaN between filters
    double error[MOST_POINTS], single; // relative, by number of samples; root mean square of one sample's
};

struct kept {
    char data[32];
    uint32_t index, label;
    struct net net;
    colour *photo;
    double *activation, *mask; // SHOWN channels in a square
    uint32_t *cell[LAYERS];    // sampled, in the picture
    size_t cells[LAYERS];
    uint32_t kept[LAYERS], length[LAYERS];
    struct gradient gradient[LAYERS];
    uint32_t samples[MOST_POINTS], points;
    size_t bytes[LAYERS], whole[LAYERS], mask_bytes;
};

static void free_kept(void *data) {
    struct kept *k = data;
    if (!k) return;
    graph_drop(k->net.graph);
    symbols_free(k->net.symbols);
    mem_free(k->photo);
    mem_free(k->activation);
    mem_free(k->mask);
    for (int l = 0; l < LAYERS; l++) {
        mem_free(k->cell[l]);
        mem_free(k->gradient[l].exact);
        mem_free(k->gradient[l].mean);
        for (int i = 0; i < 1 + MEANS; i++) mem_free(k->gradient[l].picture[i]);
    }
    mem_free(k);
}

// ---- the network --------------------------------------------------------------------------------------------------

static vertex input(struct net *net, const char *name, struct shape shape, struct tensor_source source,
                    struct error *error) {
    return graph_tensor_input(net->graph, symbol_of(net->symbols, name, strlen(name)), shape, &source, false, 0, error);
}

// Uniform within one over the root of what enters a number, as the authors' layers begin.
static vertex parameter(struct net *net, const char *name, struct shape shape, uint32_t fan_in, uint64_t draw,
                        struct error *error) {
    struct tensor_source source = {.kind = SOURCE_UNIFORM, .scale = 1 / sqrt(fan_in), .draw = draw, .parameter = true};
    return input(net, name, shape, source, error);
}

static vertex apply(struct net *net, enum op op, vertex a, vertex b, struct op_setting setting, struct error *error) {
    if (a == VERTEX_NONE || b == VERTEX_NONE) return VERTEX_NONE;
    return graph_add_tensor(net->graph, op, a, b, &setting, 0, error);
}

static bool make_net(struct net *net, const double *pixel, double label, struct error *error) {
    const struct op_setting pad = {.pad = SIDE / 2}, none = {0};
    uint32_t c = net->channels, area = net->height * net->width;
    net->symbols = symbols_new();
    net->graph = net->symbols ? graph_new(net->symbols, 64, error) : NULL;
    if (!net->graph) return net->symbols ? false : error_memory(error);
    struct op_setting flat = {.to = {2, {1, FILTERS2 * area}}};
    net->x = input(net, "X", (struct shape){4, {1, c, net->height, net->width}},
                   (struct tensor_source){.kind = SOURCE_GIVEN, .data = (double *)(uintptr_t)pixel}, error);
    vertex y = input(net, "y", (struct shape){1, {1}},
                     (struct tensor_source){.kind = SOURCE_LABELS, .scale = 10, .data = &label}, error);
    vertex w1 = parameter(net, "W_1", (struct shape){4, {FILTERS, c, SIDE, SIDE}}, c * SIDE * SIDE, 1, error);
    vertex h1 = apply(net, OP_CONV2D, net->x, w1, pad, error), a1 = apply(net, OP_RELU, h1, 0, none, error);
    vertex w2 =
        parameter(net, "W_2", (struct shape){4, {FILTERS2, FILTERS, SIDE, SIDE}}, FILTERS * SIDE * SIDE, 2, error);
    vertex h2 = apply(net, OP_CONV2D, a1, w2, pad, error), a2 = apply(net, OP_RELU, h2, 0, none, error);
    vertex w3 = parameter(net, "W_3", (struct shape){2, {FILTERS2 * area, 10}}, FILTERS2 * area, 3, error);
    vertex p = apply(net, OP_MATMUL, apply(net, OP_RESHAPE, a2, 0, flat, error), w3, none, error);
    vertex loss = apply(net, OP_NLL, apply(net, OP_LOG_SOFTMAX, p, 0, none, error), y, none, error);
    net->activation = a1;
    net->product[0] = h1, net->product[1] = h2;
    net->parameter[0] = w1, net->parameter[1] = w2;
    return loss != VERTEX_NONE && graph_output(net->graph, loss, 0, error);
}

// ---- pictures -----------------------------------------------------------------------------------------------------

// Channels 0 to 3 of a (1, n, h, w) tensor as a square of four; or of its signs.
static double *square_of(const struct net *net, const float *value, bool sign) {
    uint32_t h = net->height, w = net->width;
    double *out = mem_alloc((size_t)4 * h * w, sizeof *out);
    for (size_t i = 0; out && i < (size_t)4 * h * w; i++) {
        size_t width = (size_t)2 * w, row = i / width, column = i % width;
        size_t channel = row / h * 2 + column / w;
        float v = value[(channel * h + row % h) * w + column % w];
        out[i] = sign ? v > 0 : (double)v;
    }
    return out;
}

// Filters as tiles with a blank line between them, `across` in a row.
static double *tiles(const double *value, size_t count, uint32_t across, uint32_t *rows, uint32_t *columns) {
    uint32_t tile = (uint32_t)(count / ((size_t)SIDE * SIDE)), down = (tile + across - 1) / across;
    *rows = down * (SIDE + 1) - 1, *columns = across * (SIDE + 1) - 1;
    double *out = mem_alloc((size_t)*rows * *columns, sizeof *out);
    for (size_t i = 0; out && i < (size_t)*rows * *columns; i++) out[i] = NAN;
    for (size_t i = 0; out && i < count; i++) {
        size_t t = i / ((size_t)SIDE * SIDE), u = i / SIDE % SIDE, v = i % SIDE;
        out[(t / across * (SIDE + 1) + u) * *columns + t % across * (SIDE + 1) + v] = value[i];
    }
    return out;
}

static bool take_picture(struct kept *k, int layer, int which, const double *value, struct error *error) {
    struct gradient *g = &k->gradient[layer];
    uint32_t across = layer == 0 ? 4 * k->net.channels : FILTERS;
    g->picture[which] = tiles(value, g->count, across, &g->rows, &g->columns);
    return g->picture[which] || error_memory(error);
}

static bool photograph(struct kept *k, const struct dataset *data, struct error *error) {
    uint32_t area = k->net.height * k->net.width;
    const uint8_t *pixel = data->pixel + (size_t)k->index * area * k->net.channels;
    k->photo = mem_alloc(area, sizeof *k->photo);
    if (!k->photo) return error_memory(error);
    for (uint32_t i = 0; i < area; i++) {
        colour r = pixel[i], g = k->net.channels == 3 ? pixel[area + i] : r,
               b = k->net.channels == 3 ? pixel[2 * area + i] : r;
        k->photo[i] = r << 24 | g << 16 | b << 8 | 0xFF;
    }
    return true;
}

// ---- what is measured ---------------------------------------------------------------------------------------------

// The places that the last forward of the tape drew for a layer's first rows, as cells of its picture.
static bool take_cells(struct kept *k, const struct tape *tape, int layer, struct error *error) {
    struct sampling s;
    if (!tape_sampling(tape, k->net.product[layer], &s))
        return error_set(error, ERROR_OTHER, SPAN_NONE, "a tenth of this image is all of it");
    uint32_t rows = layer == 0 ? 1 : SHOWN, w = k->net.width, h = k->net.height;
    uint32_t *place = mem_alloc(s.kept, sizeof *place);
    k->cell[layer] = mem_alloc((size_t)rows * s.kept, sizeof(uint32_t));
    if (!place || !k->cell[layer]) return mem_free(place), error_memory(error);
    for (uint32_t row = 0; row < rows; row++) {
        sampling_row(&s, row, place, NULL);
        for (uint32_t i = 0; i < s.kept; i++) {
            uint32_t y = place[i] / w + row / 2 * h, x = place[i] % w + row % 2 * w;
            k->cell[layer][k->cells[layer]++] = layer == 0 ? place[i] : y * 2 * w + x;
        }
    }
    k->kept[layer] = s.kept, k->length[layer] = s.length;
    mem_free(place);
    return true;
}

static bool exact_gradient(struct kept *k, uint64_t seed, struct error *error) {
    struct keep keep = {.method = KEEP_EXACT, .fraction = 1};
    struct tape *tape = tape_new(k->net.graph, k->net.graph->output, 1, NUMBER_FLOAT, &keep, error);
    struct tape *middle = tape_new(k->net.graph, &k->net.activation, 1, NUMBER_FLOAT, NULL, error);
    bool ok = tape && middle && tape_fill(tape, seed, error) && tape_fill(middle, seed, error) &&
              tape_forward(middle, 0, error) && tape_forward(tape, 0, error) && tape_backward(tape, error);
    if (ok) {
        k->activation = square_of(&k->net, tape_output(middle, 0), false);
        k->mask = square_of(&k->net, tape_output(middle, 0), true);
        ok = (k->activation && k->mask) || error_memory(error);
    }
    for (int l = 0; ok && l < LAYERS; l++) {
        struct gradient *g = &k->gradient[l];
        g->count = (size_t)shape_count(graph_shape(k->net.graph, k->net.parameter[l]));
        g->exact = mem_alloc(g->count, sizeof *g->exact);
        g->mean = mem_zero(g->count, sizeof *g->mean);
        ok = (g->exact && g->mean) || error_memory(error);
        if (ok) memcpy(g->exact, tape_gradient(tape, k->net.parameter[l]), g->count * sizeof *g->exact);
        for (size_t i = 0; ok && i < g->count; i++) g->mean[i] = (double)g->exact[i];
        ok = ok && take_picture(k, l, 0, g->mean, error);
        if (ok) memset(g->mean, 0, g->count * sizeof *g->mean);
    }
    tape_free(tape);
    tape_free(middle);
    return ok;
}

// One more sample into the mean; its error if this number of samples is on the curve.
static void add_sample(struct gradient *g, const float *sample, uint32_t n, double *relative) {
    double square = 0, exact = 0, one = 0;
    for (size_t i = 0; i < g->count; i++) {
        double off = (double)sample[i] - (double)g->exact[i];
        g->mean[i] += ((double)sample[i] - g->mean[i]) / n;
        one += off * off;
        square += (g->mean[i] - (double)g->exact[i]) * (g->mean[i] - (double)g->exact[i]);
        exact += (double)g->exact[i] * (double)g->exact[i];
    }
    g->single += one / exact; // a sum; its root mean when all are done
    *relative = sqrt(square / exact);
}

// 1, 2, 3, 5, 7, 10, ...: about eight to a factor of ten.
static bool on_curve(uint32_t n) {
    static const uint32_t head[] = {10, 13, 18, 24, 32, 42, 56, 75};
    if (n < 10) return n < 4 || n == 5 || n == 7;
    uint32_t unit = 1;
    while (n / unit >= 100) unit *= 10;
    for (int i = 0; i < 8; i++)
        if (n == head[i] * unit) return true;
    return false;
}

static bool sample_gradients(struct kept *k, uint32_t most, uint64_t seed, struct error *error) {
    struct keep keep = {.method = KEEP_DIFFERENT, .fraction = FRACTION, .seed = seed};
    struct tape *tape = tape_new(k->net.graph, k->net.graph->output, 1, NUMBER_FLOAT, &keep, error);
    bool ok = tape && tape_fill(tape, seed, error);
    for (uint32_t n = 1, shown = 0; ok && n <= most; n++) {
        double relative[LAYERS];
        task_progress("sampling gradients", n, most);
        if (task_interrupted()) ok = error_interrupt(error);
        ok = ok && tape_forward(tape, n, error) && tape_backward(tape, error);
        for (int l = 0; ok && n == 1 && l < LAYERS; l++) ok = take_cells(k, tape, l, error);
        for (int l = 0; ok && l < LAYERS; l++)
            add_sample(&k->gradient[l], tape_gradient(tape, k->net.parameter[l]), n, &relative[l]);
        if (ok && on_curve(n) && k->points < MOST_POINTS) {
            for (int l = 0; l < LAYERS; l++) k->gradient[l].error[k->points] = relative[l];
            k->samples[k->points++] = n;
        }
        for (int l = 0; ok && shown < MEANS && n == means[shown] && l < LAYERS; l++)
            ok = take_picture(k, l, 1 + (int)shown, k->gradient[l].mean, error);
        if (shown < MEANS && n == means[shown]) shown++;
    }
    for (int l = 0; l < LAYERS; l++) k->gradient[l].single = sqrt(k->gradient[l].single / most);
    const struct keep_plan *plan = tape ? tape_plan(tape) : NULL;
    for (uint32_t i = 0; ok && i < plan->count; i++) {
        const struct held *held = &plan->held[i];
        for (int l = 0; l < LAYERS; l++)
            if (held->parameter == k->net.parameter[l]) k->bytes[l] = held->bytes;
        if (held->kind == HELD_MASK && held->of == k->net.activation) k->mask_bytes = held->bytes;
    }
    tape_free(tape);
    return ok;
}

static bool measure(struct kept *k, const struct dataset *data, uint32_t most, uint64_t seed, struct error *error) {
    bool images = data->item.rank == 3;
    struct net *net = &k->net;
    net->channels = images ? data->item.size[0] : 1;
    net->height = images ? data->item.size[1] : (uint32_t)lround(sqrt(data->item.size[0]));
    net->width = images ? data->item.size[2] : net->height;
    size_t count = (size_t)net->channels * net->height * net->width;
    float *x = mem_alloc(count, sizeof *x);
    double *pixel = mem_alloc(count, sizeof *pixel);
    int32_t label = 0;
    bool ok = (x && pixel) || error_memory(error);
    k->index = (uint32_t)(seed % data->count);
    snprintf(k->data, sizeof k->data, "%s", data->name);
    if (ok) data_batch(data, &k->index, 1, x, &label);
    for (size_t i = 0; ok && i < count; i++) pixel[i] = (double)x[i];
    k->label = (uint32_t)label;
    ok = ok && photograph(k, data, error) && make_net(net, pixel, label, error) && exact_gradient(k, seed, error) &&
         sample_gradients(k, most, seed, error);
    k->whole[0] = count * sizeof(float);
    k->whole[1] = (size_t)FILTERS * net->height * net->width * sizeof(float);
    mem_free(x);
    mem_free(pixel);
    return ok;
}

// ---- drawing ------------------------------------------------------------------------------------------------------

struct page {
    const struct kept *k;
    const struct style *style;
    struct scene *scene;
    enum theme theme;
    double x, y, tallest;
    struct error *error;
    bool ok;
};

static void put_field(struct page *page, struct field field, double gap) {
    struct scene part;
    field.theme = page->theme;
    if (!page->ok || !(page->ok = field_scene(&field, &part, NULL, page->error))) return;
    double width = part.width, height = part.height;
    scene_place(page->scene, &part, page->x, page->y, 1);
    page->x += width + gap;
    page->tallest = fmax(page->tallest, height);
}

static void put_words(struct page *page, const char *words, double size, colour ink) {
    scene_text(page->scene, page->x, page->y, words, size, ink, ANCHOR_START, FONT_SANS);
}

static void next_row(struct page *page, double gap) {
    page->x = GAP;
    page->y += page->tallest + gap;
    page->tallest = 0;
}

static void put_heading(struct page *page, char letter, const char *words) {
    char text[240];
    snprintf(text, sizeof text, "**(%c)** **%s**", letter, words);
    put_words(page, text, page->style->title_size, page->style->text);
    page->y += 10;
}

static void draw_forward(struct page *page) {
    const struct kept *k = page->k;
    uint32_t h = k->net.height, w = k->net.width;
    char title[LAYERS][160], label[3][160];
    snprintf(title[0], sizeof title[0], "*X*: image %u of %s, %s of %u × %u", k->index, k->data,
             k->net.channels == 3 ? "3 channels" : "1 channel", h, w);
    snprintf(label[0], sizeof label[0], "outlined: the %u of %u cells%s kept for ∂*H*_{1}/∂*W*_{1}: %zu bytes, not %zu",
             k->kept[0], k->length[0], k->net.channels == 3 ? " of the red channel" : "", k->bytes[0], k->whole[0]);
    snprintf(label[1], sizeof label[1], "conv, ReLU → 1 bit an entry of *H*_{1}: %zu bytes (white: 1)", k->mask_bytes);
    snprintf(title[1], sizeof title[1], "*A*_{1} = relu(*H*_{1}): channels 1 to %d of %d", SHOWN, FILTERS);
    snprintf(label[2], sizeof label[2],
             "outlined: %u of %u cells of each channel, for ∂*H*_{2}/∂*W*_{2}: %zu bytes, not %zu", k->kept[1],
             k->length[1], k->bytes[1], k->whole[1]);
    put_heading(page, 'a', "What backward keeps of one image: sampled cells, and one bit for each entry of a ReLU");
    put_field(page,
              (struct field){.title = title[0],
                             .label = label[0],
                             .rows = h,
                             .columns = w,
                             .pixel = k->photo,
                             .cell = k->cell[0],
                             .cell_count = k->cells[0],
                             .width = 340,
                             .height = 340},
              GAP);
    put_field(page,
              (struct field){.title = "*H*_{1} > 0: the mask, the same channels",
                             .label = label[1],
                             .rows = 2 * h,
                             .columns = 2 * w,
                             .value = k->mask,
                             .map = FIELD_GREY,
                             .low = 0,
                             .high = 1,
                             .width = 340,
                             .height = 340},
              GAP);
    put_field(page,
              (struct field){.title = title[1],
                             .label = label[2],
                             .rows = 2 * h,
                             .columns = 2 * w,
                             .value = k->activation,
                             .scale = true,
                             .cell = k->cell[1],
                             .cell_count = k->cells[1],
                             .width = 340,
                             .height = 340},
              GAP);
    next_row(page, 1.6 * GAP);
}

// One scale for the exact gradient and the means; one sample runs off it, and is cut.
static void draw_gradient(struct page *page, int layer) {
    const struct gradient *g = &page->k->gradient[layer];
    double low, high, size = layer == 0 ? 190 : 250;
    char words[160];
    field_range(g->picture[0], (size_t)g->rows * g->columns, FIELD_DIVERGING, &low, &high);
    snprintf(words, sizeof words, "∂loss/∂*W*_{%d}: %s", layer + 1,
             layer == 0 ? page->k->net.channels == 3 ? "16 filters of 3 channels" : "16 filters"
                        : "32 filters (down) of 16 channels (across)");
    put_words(page, words, page->style->label_size * 1.2, page->style->text);
    page->y += 8;
    for (int i = 0; i <= MEANS; i++) {
        char title[64];
        if (i == 0)
            snprintf(title, sizeof title, "exact");
        else
            snprintf(title, sizeof title, means[i - 1] == 1 ? "one sample" : "mean of %u samples", means[i - 1]);
        if (!g->picture[i]) continue;
        put_field(page,
                  (struct field){.title = title,
                                 .rows = g->rows,
                                 .columns = g->columns,
                                 .value = g->picture[i],
                                 .map = FIELD_DIVERGING,
                                 .low = low,
                                 .high = high,
                                 .scale = i == MEANS,
                                 .width = size,
                                 .height = layer == 0 ? 190 : 400},
                  0.7 * GAP);
    }
    next_row(page, 1.3 * GAP);
}

static bool draw(const struct chart *chart, enum theme theme, struct scene *scene, char message[256],
                 struct error *error) {
    const struct style *style = style_of(theme);
    struct page page = {
        .k = chart->kept, .style = style, .scene = scene, .theme = theme, .x = GAP, .error = error, .ok = true};
    struct scene plot;
    scene_init(scene);
    message[0] = '\0';
    page.y = GAP + style->title_size;
    draw_forward(&page);
    put_heading(&page, 'b', "The gradient of the filters: exact, from one sample, and as the mean of samples");
    page.y += 1.4 * style->label_size;
    double top = page.y, x0, y0, x1, y1;
    for (int l = 0; l < LAYERS; l++) draw_gradient(&page, l);
    scene_bounds(scene, &x0, &y0, &x1, &y1);
    double bottom = page.y, left = GAP + 4 * 190 + 5 * GAP;
    bool ok = page.ok && chart_panel_scene(chart, 0, theme, fmax(360, x1 - left), 420, &plot, message, error);
    if (ok) scene_place(scene, &plot, left, top - 1.4 * style->label_size, 1);
    chart_draw_note(chart, style, GAP, bottom, scene);
    scene_bounds(scene, &x0, &y0, &x1, &y1);
    return chart_finish_page(chart, style, x1 + GAP, y1 + GAP, ok, scene, error);
}

// ---- the figure ---------------------------------------------------------------------------------------------------

static bool add_curves(struct chart *chart, const struct kept *k) {
    struct chart_panel *panel =
        chart_panel(chart, "from the mean to the exact gradient", "samples", "distance, relative to its length");
    for (int l = 0; panel && l < LAYERS; l++) {
        const struct gradient *g = &k->gradient[l];
        struct chart_curve *points = chart_curve(panel, l == 0 ? "W₁" : "W₂", k->points, false);
        if (!points) return false;
        points->marks = PLOT_POINTS;
        points->colour = (uint32_t)l;
        for (uint32_t i = 0; i < k->points; i++) points->x[i] = k->samples[i], points->y[i] = g->error[i];
        struct chart_curve *line = chart_curve(panel, NULL, k->points, false);
        if (!line) return false;
        line->dashed = true;
        line->colour = (uint32_t)l;
        for (uint32_t i = 0; i < k->points; i++)
            line->x[i] = k->samples[i], line->y[i] = g->single / sqrt((double)k->samples[i]);
    }
    if (panel) panel->log_x = panel->log_y = true;
    return panel;
}

static json_t *cells_json(const struct kept *k, int layer) {
    json_t *list = json_array();
    for (size_t i = 0; i < k->cells[layer]; i++) json_array_append_new(list, json_integer(k->cell[layer][i]));
    return list;
}

static bool add_data(struct chart *chart, const struct kept *k, uint64_t seed, uint32_t most, bool full,
                     const char *folder) {
    struct buffer csv = {0}, state = {0};
    buffer_text(&csv, "parameter,samples,relative_error,expected\n");
    json_t *layers = json_array();
    for (int l = 0; l < LAYERS; l++) {
        const struct gradient *g = &k->gradient[l];
        json_t *errors = json_array();
        for (uint32_t i = 0; i < k->points; i++) {
            double expected = g->single / sqrt((double)k->samples[i]);
            buffer_printf(&csv, "W_%d,%u,%.9g,%.9g\n", l + 1, k->samples[i], g->error[i], expected);
            json_array_append_new(errors, json_pack("[i, f, f]", (int)k->samples[i], g->error[i], expected));
        }
        json_array_append_new(layers,
                              json_pack("{s:s, s:i, s:i, s:I, s:I, s:f, s:o, s:o}", "parameter", l == 0 ? "W_1" : "W_2",
                                        "kept", (int)k->kept[l], "length", (int)k->length[l], "bytes",
                                        (json_int_t)k->bytes[l], "bytes_whole", (json_int_t)k->whole[l],
                                        "one_sample_error", g->single, "cells", cells_json(k, l), "errors", errors));
    }
    json_t *record = json_pack(
        "{s:s, s:i, s:b, s:I, s:s, s:i, s:i, s:s, s:f, s:i, s:s, s:I, s:o}", "kind", "figure", "figure", 4, "full",
        full, "seed", (json_int_t)seed, "data", k->data, "image", (int)k->index, "label", (int)k->label, "method",
        keep_names[KEEP_DIFFERENT], "keep", FRACTION, "samples", (int)most, "network",
        "relu(conv2d(X, W_1, 2)) -> relu(conv2d(A_1, W_2, 2)) -> flatten @ W_3 -> nll(log_softmax)", "mask_bytes",
        (json_int_t)k->mask_bytes, "layers", layers);
    chart->json = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(record);
    buffer_printf(&state, ":set seed %llu\n:figure 4 %s%s%s\n", (unsigned long long)seed, full ? "full" : "quick",
                  folder ? " dir " : "", folder ? folder : "");
    chart->csv = csv.failed ? NULL : mem_text(buffer_string(&csv), csv.size);
    chart->state = state.failed ? NULL : mem_text(buffer_string(&state), state.size);
    buffer_free(&csv);
    buffer_free(&state);
    return chart->json && chart->csv && chart->state;
}

struct chart *figure_4(struct session *session, int number, const struct figure_options *options, struct error *error) {
    (void)number;
    bool full = options->full;
    const char *folder = options->folder;
    struct dataset data = {.count = 0};
    uint64_t seed = session->settings.seed;
    uint32_t most = full ? 10000 : 1000;
    char note[300];
    struct kept *k = mem_zero(1, sizeof *k);
    bool ok = (k || error_memory(error)) &&
              data_load(folder ? "cifar10" : "fashion-mnist", folder, false, &data, error) &&
              measure(k, &data, most, seed, error);
    data_free(&data);
    if (k)
        snprintf(note, sizeof note,
                 "Parameters as they are drawn before training, seed %llu; %g of every channel kept, with replacement, "
                 "other cells in each. Dashed: one sample's error over the root of their number; %u samples%s.",
                 (unsigned long long)seed, FRACTION, most, full ? "" : " (quick; `full` draws 10,000)");
    struct chart *chart = ok ? chart_new("Figure 4: what one image leaves for backward", note, error) : NULL;
    ok = chart && ((add_curves(chart, k) && add_data(chart, k, seed, most, full, folder)) || error_memory(error));
    if (!chart) return free_kept(k), NULL;
    chart->draw = draw;
    chart->kept = k;
    chart->free_kept = free_kept;
    if (ok) return chart;
    chart_free(chart);
    return NULL;
}
