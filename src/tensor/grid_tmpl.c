// Operations on fields for one type REAL. Included by grid.c.
//
// Rows are done side - 1 numbers at a time, 32 on the grid of the paper: a whole number of vectors, where the interior
// has 31. What the one more computes is thrown away or meets a coefficient of 0.

#ifndef ALWAYS_INLINE
#define ALWAYS_INLINE static inline __attribute__((always_inline))
enum { USUAL_SIDE = 33 };
// `call` with the usual side as a constant, so that its loops are unrolled into vectors; or with any other.
#define BY_SIDE(GRID, CALL)                                                                                            \
    if ((GRID)->side == USUAL_SIDE) {                                                                                  \
        const uint32_t side = USUAL_SIDE;                                                                              \
        CALL;                                                                                                          \
    } else {                                                                                                           \
        const uint32_t side = (GRID)->side;                                                                            \
        CALL;                                                                                                          \
    }
#endif

// ---- the step -----------------------------------------------------------------------------------------------------

// What a column's numbers are multiplied by: itself, its change, those above and below, left and right.
struct NAME(columns) {
    REAL keep[GRID_SIDE_MAX], change[GRID_SIDE_MAX], across[GRID_SIDE_MAX], left[GRID_SIDE_MAX], right[GRID_SIDE_MAX];
};

static void NAME(columns_at)(const struct grid *f, double t, const double *th, struct NAME(columns) * c) {
    double s = sin(PI * t), k = cos(PI * t), a = f->coupling;
    double even = th[0] + th[1] * s + th[2] * k, sine = th[3] * s + th[4] * k, cosine = th[5] * s + th[6] * k;
    uint32_t last = f->side - 2;
    c->keep[0] = c->change[0] = c->across[0] = c->left[0] = c->right[0] = 0;
    for (uint32_t x = 1; x <= last; x++) {
        c->keep[x] = 1;
        c->change[x] = (REAL)(f->dt * (even + sine * f->sine[x] + cosine * f->cosine[x]) - 4 * a);
        c->across[x] = c->left[x] = c->right[x] = (REAL)a;
    }
    c->left[1] = c->right[last] = 0;
}

// out (+)= A in
ALWAYS_INLINE void NAME(apply)(uint32_t side, const struct NAME(columns) * c, const REAL *restrict in,
                               REAL *restrict out, bool add) {
    static const REAL nothing[GRID_SIDE_MAX];
    for (uint32_t y = 1; y + 1 < side; y++) {
        const REAL *row = in + (size_t)y * side, *above = y == 1 ? nothing : row - side,
                   *below = y + 2 == side ? nothing : row + side;
        REAL *to = out + (size_t)y * side;
        for (uint32_t x = 0; x < side - 1; x++) {
            REAL change = c->change[x] * row[x] + c->across[x] * (above[x] + below[x]) +
                          c->left[x] * row[(ptrdiff_t)x - 1] + c->right[x] * row[x + 1];
            REAL now = c->keep[x] * row[x] + change;
            to[x] = add ? to[x] + now : now;
        }
        if (!add) to[side - 1] = 0;
    }
    if (add) return;
    memset(out, 0, side * sizeof *out);
    memset(out + (size_t)(side - 1) * side, 0, side * sizeof *out);
}

// By column: the sum over its rows of what is remembered times the adjoint.
ALWAYS_INLINE void NAME(column_sums)(uint32_t side, const REAL *restrict number, const REAL *restrict adjoint,
                                     REAL *restrict sum) {
    uint32_t width = side - 2;
    for (uint32_t x = 0; x <= width; x++) sum[x] = 0;
    for (uint32_t y = 1; y + 1 < side; y++) {
        const REAL *a = number + (size_t)(y - 1) * width, *b = adjoint + (size_t)y * side + 1;
        if (y + 2 < side) // the last of these belongs to the next row, and is not looked at
            for (uint32_t x = 0; x <= width; x++) sum[x] += a[x] * b[x];
        else
            for (uint32_t x = 0; x < width; x++) sum[x] += a[x] * b[x];
    }
}

CPU_CLONES static void NAME(apply_any)(const struct grid *f, const struct NAME(columns) * c, const REAL *in, REAL *out,
                                       bool add) {
    if (add) {
        BY_SIDE(f, NAME(apply)(side, c, in, out, true))
    } else {
        BY_SIDE(f, NAME(apply)(side, c, in, out, false))
    }
}

CPU_CLONES static void NAME(column_sums_any)(const struct grid *f, const REAL *number, const REAL *adjoint, REAL *sum) {
    BY_SIDE(f, NAME(column_sums)(side, number, adjoint, sum))
}

static void NAME(react)(const struct grid *f, double t, const void *phi, const double *theta, void *out) {
    struct NAME(columns) c;
    NAME(columns_at)(f, t, theta, &c);
    NAME(apply_any)(f, &c, phi, out, false);
}

// The gradient by theta sums dt phi adjoint over the grid, times 1, sin 2 pi x, cos 2 pi x, and their course in time.
static void NAME(react_theta)(const struct grid *f, double t, const struct grid_points *phi, const REAL *dout,
                              double *dtheta) {
    double even = 0, sine = 0, cosine = 0, s = sin(PI * t), k = cos(PI * t);
    const REAL *number = phi->number;
    uint32_t width = f->side - 2;
    if (phi->place) {
        for (uint32_t i = 0; i < phi->kept; i++) {
            uint32_t y = phi->place[i] / width + 1, x = phi->place[i] % width + 1;
            double part = (double)number[i] * (double)dout[(size_t)y * f->side + x];
            even += part, sine += part * f->sine[x], cosine += part * f->cosine[x];
        }
    } else {
        REAL sum[GRID_SIDE_MAX];
        NAME(column_sums_any)(f, number, dout, sum);
        for (uint32_t x = 1; x <= width; x++) {
            double part = (double)sum[x - 1];
            even += part, sine += part * f->sine[x], cosine += part * f->cosine[x];
        }
    }
    double factor = f->dt * phi->factor;
    even *= factor, sine *= factor, cosine *= factor;
    const double more[GRID_SOURCES] = {even, even * s, even * k, sine * s, sine * k, cosine * s, cosine * k};
    for (int i = 0; i < GRID_SOURCES; i++) dtheta[i] += more[i];
}

static void NAME(react_adjoint)(const struct grid *f, double t, const struct grid_points *phi, const double *theta,
                                const void *dout, void *dphi, double *dtheta) {
    if (dtheta) NAME(react_theta)(f, t, phi, dout, dtheta);
    if (!dphi) return;
    struct NAME(columns) c;
    NAME(columns_at)(f, t, theta, &c);
    NAME(apply_any)(f, &c, dout, dphi, true); // A is symmetric
}

// ---- the misfit ---------------------------------------------------------------------------------------------------

ALWAYS_INLINE void NAME(squares)(uint32_t side, REAL amplitude, const REAL *restrict start, const REAL *restrict mode,
                                 const REAL *restrict phi, REAL *restrict sum) {
    for (uint32_t x = 0; x < side - 1; x++) sum[x] = 0;
    for (uint32_t y = 1; y + 1 < side; y++)
        for (uint32_t x = 0; x < side - 1; x++) { // column 0 is not looked at
            REAL off = phi[y * side + x] - (start[y * side + x] + amplitude * mode[y * side + x]);
            sum[x] += off * off;
        }
}

CPU_CLONES static void NAME(squares_any)(const struct grid *f, REAL amplitude, const REAL *phi, REAL *sum) {
    BY_SIDE(f, NAME(squares)(side, amplitude, f->start, f->mode, phi, sum))
}

static void NAME(misfit)(const struct grid *f, double t, const void *phi, const double *theta, void *out) {
    REAL sum[GRID_SIDE_MAX];
    double all = 0;
    (void)theta;
    NAME(squares_any)(f, (REAL)sin(PI * t), phi, sum);
    for (uint32_t x = 1; x + 1 < f->side; x++) all += (double)sum[x];
    *(REAL *)out = (REAL)(all / ((double)f->side * f->side));
}

ALWAYS_INLINE void NAME(residuals)(uint32_t side, REAL weight, REAL amplitude, const REAL *restrict start,
                                   const REAL *restrict mode, const REAL *restrict number, REAL *restrict dphi) {
    uint32_t width = side - 2;
    REAL by_column[GRID_SIDE_MAX];
    for (uint32_t x = 0; x < width; x++) by_column[x] = weight;
    by_column[width] = 0;
    for (uint32_t y = 1; y + 1 < side; y++) {
        size_t at = (size_t)y * side + 1;
        const REAL *a = number + (size_t)(y - 1) * width, *s = start + at, *m = mode + at;
        REAL *to = dphi + at;
        if (y + 2 < side)
            for (uint32_t x = 0; x <= width; x++) to[x] += by_column[x] * (a[x] - (s[x] + amplitude * m[x]));
        else
            for (uint32_t x = 0; x < width; x++) to[x] += weight * (a[x] - (s[x] + amplitude * m[x]));
    }
}

CPU_CLONES static void NAME(residuals_any)(const struct grid *f, REAL weight, REAL amplitude, const REAL *number,
                                           REAL *dphi) {
    BY_SIDE(f, NAME(residuals)(side, weight, amplitude, f->start, f->mode, number, dphi))
}

static void NAME(misfit_adjoint)(const struct grid *f, double t, const struct grid_points *phi, const double *theta,
                                 const void *dout, void *dphi, double *dtheta) {
    double count = (double)f->side * f->side, weight = 2 * phi->factor * (double)*(const REAL *)dout / count;
    REAL amplitude = (REAL)sin(PI * t), *to = dphi;
    const REAL *start = f->start, *mode = f->mode, *number = phi->number;
    uint32_t width = f->side - 2;
    (void)theta, (void)dtheta;
    if (!dphi) return;
    if (!phi->place) {
        NAME(residuals_any)(f, (REAL)weight, amplitude, number, dphi);
        return;
    }
    for (uint32_t i = 0; i < phi->kept; i++) {
        size_t at = (size_t)(phi->place[i] / width + 1) * f->side + phi->place[i] % width + 1;
        to[at] += (REAL)weight * (number[i] - (start[at] + amplitude * mode[at]));
    }
}

const struct grid_row NAME(grid_react) = {NAME(react), NAME(react_adjoint)};
const struct grid_row NAME(grid_misfit) = {NAME(misfit), NAME(misfit_adjoint)};

// ---- points -------------------------------------------------------------------------------------------------------

ALWAYS_INLINE void NAME(pack)(uint32_t side, const REAL *restrict phi, REAL *restrict number) {
    uint32_t width = side - 2;
    for (uint32_t y = 1; y + 1 < side; y++) {
        const REAL *from = phi + (size_t)y * side + 1;
        REAL *to = number + (size_t)(y - 1) * width;
        if (y + 2 < side) // one too many, which the next row overwrites
            for (uint32_t x = 0; x <= width; x++) to[x] = from[x];
        else
            for (uint32_t x = 0; x < width; x++) to[x] = from[x];
    }
}

CPU_CLONES static void NAME(pack_any)(const struct grid *f, const REAL *phi, REAL *number) {
    BY_SIDE(f, NAME(pack)(side, phi, number))
}

static void NAME(gather)(const struct grid *f, const void *phi, const uint32_t *place, uint32_t kept, void *number) {
    const REAL *from = phi;
    REAL *to = number;
    uint32_t width = f->side - 2;
    if (!place) {
        NAME(pack_any)(f, phi, number);
        return;
    }
    for (uint32_t i = 0; i < kept; i++) to[i] = from[(size_t)(place[i] / width + 1) * f->side + place[i] % width + 1];
}

static void NAME(scatter)(const struct grid *f, const struct grid_points *points, void *phi) {
    const REAL *from = points->number;
    REAL *to = phi;
    uint32_t width = f->side - 2;
    memset(phi, 0, (size_t)f->side * f->side * sizeof *to);
    for (uint32_t i = 0; i < points->kept; i++) {
        uint32_t place = points->place ? points->place[i] : i;
        to[(size_t)(place / width + 1) * f->side + place % width + 1] = from[i];
    }
}

static void NAME(target)(const struct grid *f, double t, void *out) {
    const REAL *start = f->start, *mode = f->mode;
    REAL *to = out, amplitude = (REAL)sin(PI * t);
    for (size_t i = 0; i < (size_t)f->side * f->side; i++) to[i] = start[i] + amplitude * mode[i];
}

const struct grid_kernels NAME(grid_kernels) = {NAME(gather), NAME(scatter), NAME(target)};
