// Small networks and made-up images for the tests of lab/: each includes this once, after cmocka.
#pragma once

#include "lab/data.h"

enum { PIXELS = 12, CLASSES = 4 };

static struct symbols *symbols;
static struct error error;

static const struct op_setting none = {.axis = OP_ALL_AXES};
#define SHAPE(...) ((struct shape){sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), {__VA_ARGS__}})

static vertex leaf(struct graph *g, const char *name, struct shape shape, bool parameter) {
    struct tensor_source source = {.kind = SOURCE_NORMAL, .scale = 0.4, .draw = g->count, .parameter = parameter};
    return graph_tensor_input(g, symbol_of(symbols, name, strlen(name)), shape, &source, false, 0, &error);
}

static vertex add(struct graph *g, enum op op, vertex a, vertex b) {
    vertex v = graph_add_tensor(g, op, a, b, &none, 0, &error);
    assert_int_not_equal(v, VERTEX_NONE);
    return v;
}

static struct dataset make_data(uint32_t count, uint32_t salt) {
    struct dataset d = {"mnist",       count, CLASSES,  SHAPE(PIXELS), malloc(count * PIXELS),
                        malloc(count), 1,     {0.1307}, {0.3081},      salt};
    for (uint32_t i = 0; i < count; i++) {
        d.label[i] = (uint8_t)((i * 7 + salt) % CLASSES);
        for (uint32_t p = 0; p < PIXELS; p++)
            d.pixel[i * PIXELS + p] =
                (uint8_t)((i * 29 + p * 53 + salt * 17) % 100 + (p % CLASSES == d.label[i] ? 90 : 0));
    }
    return d;
}
