// A field on a square grid that diffuses and grows: one explicit step of
//   d phi/dt = D (phi_xx + phi_yy) + C(x, t; theta) phi    on the unit square, phi = 0 on its boundary,
//   C = th0 + th1 s + th2 c + (th3 s + th4 c) sin 2 pi x + (th5 s + th6 c) cos 2 pi x,   s = sin pi t, c = cos pi t,
// and how far it is from where it should be: the mean square of
//   phi - target,   target(t) = sin pi x sin pi y + sin(2 pi x) sin(pi y) sin(pi t) / 4.
// (Oktay et al., Randomized Automatic Differentiation, ICLR 2021, section 5.) A field has side x side numbers, row by
// row, x along a row; those on the boundary are 0: they are not read, written as 0, and count in the mean.
//
// Value and adjoint of each operation stand side by side. The step is linear in phi with a symmetric matrix that does
// not depend on phi, so phi is needed in two places only: by the gradient of theta, and by the adjoint of the misfit.
// There, points of it suffice: all of the interior, or a sample with a factor that keeps the mean.
#ifndef BAUER_TENSOR_GRID_H
#define BAUER_TENSOR_GRID_H

#include <stdint.h>

#include "tensor/shape.h"

enum { GRID_SOURCES = 7, GRID_SIDE_MIN = 3, GRID_SIDE_MAX = 1025 };

// The constants of a grid and a step. 4 D dt / dx^2 is to be below 1: grid_number(D, dt, side).
struct grid {
    uint32_t side, interior;        // points along an edge; (side - 2)^2
    double dt, diffusion, coupling; // D dt / dx^2
    double *sine, *cosine;          // by column: sin 2 pi x, cos 2 pi x
    void *start, *mode;             // the target's two parts, in the type it was made for
};

struct grid *grid_new(uint32_t side, double dt, double diffusion, enum number_type type); // NULL: out of memory
void grid_free(struct grid *grid);
double grid_number(double diffusion, double dt, uint32_t side); // 4 D dt / dx^2

// What is remembered of a field: `kept` numbers, and where they lie among the points of the interior, row by row (NULL:
// all of them, in order). What is computed from them is multiplied by `factor`.
struct grid_points {
    const void *number;
    const uint32_t *place;
    uint32_t kept;
    double factor;
};

// The row of an operation on a field: its value at time t into `out` (a field, or a number), and its adjoint, which
// adds to dphi (a field) and dtheta, for `dout`, the adjoint of what `out` was. theta is not looked at by what has
// none.
struct grid_row {
    void (*value)(const struct grid *grid, double t, const void *phi, const double *theta, void *out);
    void (*adjoint)(const struct grid *grid, double t, const struct grid_points *phi, const double *theta,
                    const void *dout, void *dphi, double *dtheta);
};
extern const struct grid_row grid_react_float, grid_react_double, grid_misfit_float, grid_misfit_double;

// Points of the interior out of a field, and back into one (which is set to 0 elsewhere).
struct grid_kernels {
    void (*gather)(const struct grid *grid, const void *phi, const uint32_t *place, uint32_t kept, void *number);
    void (*scatter)(const struct grid *grid, const struct grid_points *points, void *phi);
    void (*target)(const struct grid *grid, double t, void *out);
};
extern const struct grid_kernels grid_kernels_float, grid_kernels_double;
static inline const struct grid_kernels *grid_kernels_of(enum number_type type) {
    return type == NUMBER_FLOAT ? &grid_kernels_float : &grid_kernels_double;
}

// How many points of a grid a fraction keeps: floor(side^2 fraction), at most the interior; 0: none.
uint32_t grid_count(uint32_t side, double fraction);

#endif
