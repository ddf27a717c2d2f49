#include "tensor/grid.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/clones.h"

#define PI 3.14159265358979323846

double grid_number(double diffusion, double dt, uint32_t side) {
    double cells = (double)side - 1;
    return 4 * diffusion * dt * cells * cells;
}

uint32_t grid_count(uint32_t side, double fraction) {
    double count = floor((double)side * side * fraction * (1 + 1e-12)), most = ((double)side - 2) * ((double)side - 2);
    return count < 1 ? 0 : count > most ? (uint32_t)most : (uint32_t)count;
}

static void put(void *data, enum number_type type, size_t i, double value) {
    if (type == NUMBER_FLOAT)
        ((float *)data)[i] = (float)value;
    else
        ((double *)data)[i] = value;
}

struct grid *grid_new(uint32_t side, double dt, double diffusion, enum number_type type) {
    struct grid *f = mem_zero(1, sizeof *f);
    size_t count = (size_t)side * side, size = type == NUMBER_FLOAT ? sizeof(float) : sizeof(double);
    if (!f) return NULL;
    f->side = side;
    f->interior = (side - 2) * (side - 2);
    f->dt = dt;
    f->diffusion = diffusion;
    f->coupling = grid_number(diffusion, dt, side) / 4;
    f->sine = mem_zero(side, sizeof *f->sine);
    f->cosine = mem_zero(side, sizeof *f->cosine);
    f->start = mem_zero(count, size);
    f->mode = mem_zero(count, size);
    if (!f->sine || !f->cosine || !f->start || !f->mode) return grid_free(f), NULL;
    for (uint32_t j = 0; j < side; j++) {
        double x = j / ((double)side - 1);
        f->sine[j] = sin(2 * PI * x);
        f->cosine[j] = cos(2 * PI * x);
        for (uint32_t i = 1; j && j + 1 < side && i + 1 < side; i++) {
            double y = i / ((double)side - 1);
            put(f->start, type, (size_t)i * side + j, sin(PI * x) * sin(PI * y));
            put(f->mode, type, (size_t)i * side + j, 0.25 * sin(2 * PI * x) * sin(PI * y));
        }
    }
    return f;
}

void grid_free(struct grid *grid) {
    if (!grid) return;
    mem_free(grid->sine);
    mem_free(grid->cosine);
    mem_free(grid->start);
    mem_free(grid->mode);
    mem_free(grid);
}

#define REAL float
#define NAME(NAME) NAME##_float
#include "tensor/grid_tmpl.c"
#undef REAL
#undef NAME

#define REAL double
#define NAME(NAME) NAME##_double
#include "tensor/grid_tmpl.c"
