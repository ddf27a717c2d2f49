// The kernels against plain loops on random shapes, and samples against what they stand for.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tensor/kernels.h"

enum { ROUNDS = 60 };

static struct rng rng;
static const struct kernels *real, *single; // of the level that is tested

static uint32_t upto(uint32_t most) { return 1 + (uint32_t)rng_below(&rng, most); }

static double *randoms(size_t count) {
    double *value = malloc((count + 1) * sizeof *value);
    for (size_t i = 0; i < count; i++) value[i] = rng_gaussian(&rng);
    return value;
}

static float *floats(const double *value, size_t count) {
    float *out = malloc((count + 1) * sizeof *out);
    for (size_t i = 0; i < count; i++) out[i] = (float)value[i];
    return out;
}

static void assert_close(const double *a, const double *b, size_t count, double tolerance) {
    for (size_t i = 0; i < count; i++)
        if (!(fabs(a[i] - b[i]) <= tolerance * fmax(1, fabs(b[i])))) {
            print_error("element %zu: %g, not %g\n", i, a[i], b[i]);
            fail();
        }
}

static void assert_floats(const float *a, const double *b, size_t count, double tolerance) {
    for (size_t i = 0; i < count; i++) assert_true(fabs((double)a[i] - b[i]) <= tolerance * fmax(1, fabs(b[i])));
}

static void products(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t m = upto(9), n = upto(9), k = upto(9);
        bool ta = rng_below(&rng, 2), tb = rng_below(&rng, 2);
        double *a = randoms(m * k), *b = randoms(k * n), *c = randoms(m * n), *want = malloc(m * n * sizeof *want);
        for (uint32_t i = 0; i < m; i++)
            for (uint32_t j = 0; j < n; j++) {
                double sum = 0;
                for (uint32_t l = 0; l < k; l++)
                    sum += (ta ? a[l * m + i] : a[i * k + l]) * (tb ? b[j * k + l] : b[l * n + j]);
                want[i * n + j] = 2 * sum + 0.5 * c[i * n + j];
            }
        float *fa = floats(a, m * k), *fb = floats(b, k * n), *fc = floats(c, m * n);
        real->product(ta, tb, m, n, k, 2, a, b, 0.5, c);
        single->product(ta, tb, m, n, k, 2, fa, fb, 0.5, fc);
        assert_close(c, want, m * n, 1e-12);
        assert_floats(fc, want, m * n, 1e-4);
        free(a), free(b), free(c), free(want), free(fa), free(fb), free(fc);
    }
}

static struct conv_size random_conv(int round) {
    struct conv_size s = {

        .images = upto(4),
        .channels = upto(round % 4 ? 3 : 20),
        .filters = upto(round % 4 ? 4 : 35),
        .side = upto(5),
        .pad = upto(4) - 1};
    s.height = s.side + upto(5), s.width = s.side + upto(5);
    s.out_height = s.height + 2 * s.pad - s.side + 1, s.out_width = s.width + 2 * s.pad - s.side + 1;
    return s;
}

// For each product x * w of the convolution: its places.
static void each_tap(struct conv_size s, void (*take)(size_t x, size_t w, size_t y, void *context), void *context) {
    for (uint32_t b = 0; b < s.images; b++)
        for (uint32_t f = 0; f < s.filters; f++)
            for (uint32_t i = 0; i < s.out_height; i++)
                for (uint32_t j = 0; j < s.out_width; j++)
                    for (uint32_t c = 0; c < s.channels; c++)
                        for (uint32_t u = 0; u < s.side; u++)
                            for (uint32_t v = 0; v < s.side; v++) {
                                int64_t p = (int64_t)i + u - s.pad, q = (int64_t)j + v - s.pad;
                                if (p < 0 || q < 0 || p >= s.height || q >= s.width) continue;
                                take((((size_t)b * s.channels + c) * s.height + (size_t)p) * s.width + (size_t)q,
                                     (((size_t)f * s.channels + c) * s.side + u) * s.side + v,
                                     (((size_t)b * s.filters + f) * s.out_height + i) * s.out_width + j, context);
                            }
}

struct conv_case {
    const double *x, *w, *dy;
    double *y, *dx, *dw;
};

static void plain_tap(size_t x, size_t w, size_t y, void *context) {
    struct conv_case *c = context;
    c->y[y] += c->x[x] * c->w[w];
    c->dx[x] += c->dy[y] * c->w[w];
    c->dw[w] += c->dy[y] * c->x[x];
}

static void convolutions(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct conv_size s = random_conv(round);
        size_t in = (size_t)s.images * s.channels * s.height * s.width,
               taps = (size_t)s.filters * s.channels * s.side * s.side;
        size_t out = (size_t)s.images * s.filters * s.out_height * s.out_width;
        double *x = randoms(in), *w = randoms(taps), *dy = randoms(out),
               *scratch = malloc(conv_scratch(s) * sizeof(double));
        double *y = calloc(out, 8), *dx = calloc(in, 8), *dw = calloc(taps, 8), *py = calloc(out, 8),
               *pdx = calloc(in, 8), *pdw = calloc(taps, 8);
        struct conv_case plain = {x, w, dy, py, pdx, pdw};
        each_tap(s, plain_tap, &plain);
        real->conv(s, x, w, y, scratch);
        real->conv_by_input(s, dy, w, dx, true, scratch);
        real->conv_by_filter(s, dy, x, dw, scratch);
        assert_close(y, py, out, 1e-12);
        assert_close(dx, pdx, in, 1e-12);
        assert_close(dw, pdw, taps, 1e-12);
        float *fx = floats(x, in), *fw = floats(w, taps), *fdy = floats(dy, out), *fy = floats(y, out),
              *fdx = floats(dx, in), *fdw = calloc(taps, 4);
        bool sum = rng_below(&rng, 2); // else it is overwritten
        for (size_t i = 0; sum && i < in; i++) fdx[i] = 0;
        single->conv(s, fx, fw, fy, scratch);
        single->conv_by_input(s, fdy, fw, fdx, sum, scratch);
        single->conv_by_filter(s, fdy, fx, fdw, scratch);
        assert_floats(fy, py, out, 1e-3);
        assert_floats(fdx, pdx, in, 1e-3);
        assert_floats(fdw, pdw, taps, 1e-3);
        free(fx), free(fw), free(fdy), free(fy), free(fdx), free(fdw);
        // A sample: the same as the dense kernel on what it restores.
        struct sampling sample = {.key = rng_key(3, 4),
                                  .call = (uint64_t)round,
                                  .rows = s.images * s.channels,
                                  .length = s.height * s.width,
                                  .kept = upto(s.height * s.width),
                                  .shared = rng_below(&rng, 2),
                                  .distinct = rng_below(&rng, 2)};
        double *kept = malloc((size_t)sample.rows * sample.kept * 8), *whole = calloc(in, 8), *sdw = calloc(taps, 8);
        double *patches = malloc(keep_conv_scratch(&sample, s) * 8);
        memset(dw, 0, taps * 8);
        real->keep(&sample, x, kept);
        real->restore(&sample, kept, whole);
        real->conv_by_filter(s, dy, whole, dw, scratch);
        real->keep_conv(&sample, s, kept, dy, sdw, patches);
        assert_close(sdw, dw, taps, 1e-12);
        float *fkept = floats(kept, (size_t)sample.rows * sample.kept), *fdy2 = floats(dy, out),
              *fsdw = calloc(taps, 4);
        assert_true(single->keep_conv(&sample, s, fkept, fdy2, fsdw, patches));
        assert_floats(fsdw, dw, taps, 1e-2);
        free(fkept), free(fdy2), free(fsdw);
        free(x), free(w), free(dy), free(scratch), free(y), free(dx), free(dw), free(py), free(pdx), free(pdw);
        free(kept), free(whole), free(sdw), free(patches);
    }
}

static void samples_of_matrices(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct sampling s = {.key = rng_key(1, 2),
                             .call = (uint64_t)round,
                             .rows = upto(6),
                             .length = upto(200),
                             .shared = rng_below(&rng, 2),
                             .distinct = rng_below(&rng, 2)};
        s.kept = upto(s.length);
        uint32_t columns = upto(round % 3 ? 7 : 190);
        if (round % 5 == 0) s.length = upto(20), s.kept = upto(s.length), columns = upto(400); // row by row
        double *x = randoms((size_t)s.rows * s.length), *dy = randoms((size_t)s.rows * columns);
        for (size_t i = 0; round % 4 && i < (size_t)s.rows * s.length; i++) // as relu leaves it
            if (rng_below(&rng, 4) < (uint32_t)round % 4) x[i] = 0;
        double *kept = malloc((size_t)s.rows * s.kept * 8), *whole = calloc((size_t)s.rows * s.length, 8);
        double *dw = randoms((size_t)s.length * columns), *want = malloc((size_t)s.length * columns * 8);
        double *scratch = malloc(project_scratch(&s, columns) * 8),
               *room = malloc(keep_product_scratch(&s, columns) * 8);
        float *fdw = floats(dw, (size_t)s.length * columns), *froom = malloc(keep_product_scratch(&s, columns) * 4);
        bool add = rng_below(&rng, 2);
        memcpy(want, dw, (size_t)s.length * columns * 8);
        real->keep(&s, x, kept);
        real->restore(&s, kept, whole);
        real->product(true, false, s.length, columns, s.rows, 1, whole, dy, add, want);
        assert_true(real->keep_product(&s, kept, dy, columns, dw, add, room));
        assert_close(dw, want, (size_t)s.length * columns, 1e-12);
        float *fkept = floats(kept, (size_t)s.rows * s.kept), *fdy = floats(dy, (size_t)s.rows * columns);
        assert_true(single->keep_product(&s, fkept, fdy, columns, fdw, add, froom));
        assert_floats(fdw, want, (size_t)s.length * columns, 1e-3);
        free(fkept), free(fdy), free(fdw), free(room), free(froom);
        if (s.distinct && s.kept == s.length) assert_close(whole, x, (size_t)s.rows * s.length, 1e-12);
        for (uint32_t r = 0; s.distinct && r < s.rows; r++) { // each place at most once
            uint32_t hits = 0;
            for (uint32_t i = 0; i < s.length; i++) hits += whole[r * s.length + i] != 0;
            assert_true(hits <= s.kept && (round % 4 || hits == s.kept));
        }
        s.distinct = false, s.shared = true;
        memset(dw, 0, (size_t)s.length * columns * 8);
        real->project(&s, x, kept, scratch);
        real->unproject(&s, kept, whole, scratch);
        real->product(true, false, s.length, columns, s.rows, 1, whole, dy, 0, want);
        real->project_product(&s, kept, dy, columns, dw, scratch);
        assert_close(dw, want, (size_t)s.length * columns, 1e-10);
        free(x), free(dy), free(kept), free(whole), free(dw), free(want), free(scratch);
    }
}

// Signs of its own for each row: they are read off what is made of rows with a single one in them.
static void projections_of_their_own(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct sampling s = {
            .key = rng_key(5, 6), .call = (uint64_t)round, .rows = upto(7), .length = upto(round % 3 ? 40 : 300)};
        s.kept = upto(s.length);
        size_t in = (size_t)s.rows * s.length, out = (size_t)s.rows * s.kept;
        double *sign = malloc(in * s.kept * 8), *one = calloc(in, 8), *kept = malloc(out * 8), *whole = malloc(in * 8);
        double *scratch = malloc(project_scratch(&s, 1) * 8), size = 1 / sqrt(s.kept);
        for (uint32_t i = 0; i < s.length; i++) {
            for (uint32_t r = 0; r < s.rows; r++) one[r * s.length + i] = 1;
            real->project(&s, one, kept, scratch);
            for (uint32_t r = 0; r < s.rows; r++) {
                one[r * s.length + i] = 0;
                memcpy(sign + ((size_t)r * s.length + i) * s.kept, kept + (size_t)r * s.kept, s.kept * 8);
            }
        }
        for (size_t i = 0; i < in * s.kept; i++) assert_true(fabs(fabs(sign[i]) - size) < 1e-14);
        if (s.rows > 1 && s.length * s.kept > 60) // by chance once in 2^60
            assert_memory_not_equal(sign, sign + (size_t)s.length * s.kept, (size_t)s.length * s.kept * 8);
        double *x = randoms(in), *plain = calloc(out, 8), *back = calloc(in, 8);
        for (size_t row = 0; row < in; row++)
            for (uint32_t k = 0; k < s.kept; k++) plain[row / s.length * s.kept + k] += x[row] * sign[row * s.kept + k];
        for (size_t row = 0; row < in; row++)
            for (uint32_t k = 0; k < s.kept; k++)
                back[row] += plain[row / s.length * s.kept + k] * sign[row * s.kept + k];
        real->project(&s, x, kept, scratch);
        real->unproject(&s, kept, whole, scratch);
        assert_close(kept, plain, out, 1e-12);
        assert_close(whole, back, in, 1e-11);
        float *fx = floats(x, in), *fkept = malloc(out * 4), *fwhole = malloc(in * 4);
        single->project(&s, fx, fkept, scratch);
        single->unproject(&s, fkept, fwhole, scratch);
        assert_floats(fkept, plain, out, 1e-3);
        assert_floats(fwhole, back, in, 1e-2);
        free(sign), free(one), free(kept), free(whole), free(scratch), free(x), free(plain), free(back);
        free(fx), free(fkept), free(fwhole);
    }
}

// A gradient by the same sample of all rows, in a few rows: it is that of keep_product, and a step of Adam by it is the
// step by all of it, to the bit.
static void thin_gradients(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct sampling s = {.key = rng_key(7, 8),
                             .call = (uint64_t)round,
                             .rows = upto(9),
                             .length = upto(90),
                             .shared = true,
                             .distinct = rng_below(&rng, 2)};
        s.kept = upto(s.length);
        uint32_t columns = upto(round % 2 ? 5 : 70);
        size_t count = (size_t)s.length * columns, rows = (size_t)s.rows * s.kept;
        double *kept = randoms(rows), *dy = randoms((size_t)s.rows * columns), *dw = randoms(count),
               *put = randoms(count);
        double *x = randoms(count), *m = randoms(count), *v = randoms(count),
               *room = malloc((size_t)s.kept * columns * 8);
        float *fkept = floats(kept, rows), *fdy = floats(dy, (size_t)s.rows * columns), *fdw = floats(dw, count);
        for (size_t i = 0; i < count; i++) v[i] = fabs(v[i]);
        float *fx[2] = {floats(x, count), floats(x, count)}, *fm[2] = {floats(m, count), floats(m, count)};
        float *fv[2] = {floats(v, count), floats(v, count)}, *fput = floats(put, count);
        struct thin_gradient thin = {malloc((size_t)s.kept * columns * 8), malloc(s.length * sizeof(uint32_t)),
                                     s.length, columns};
        struct adam adam = {0.9, 0.999, 1e-8, 0.01, 0.1, 1.1};
        assert_true(real->keep_product(&s, kept, dy, columns, dw, false, room));
        assert_true(real->keep_thin(&s, kept, dy, &thin));
        real->thin_put(&thin, put);
        assert_close(put, dw, count, 1e-12);
        assert_true(single->keep_product(&s, fkept, fdy, columns, fdw, false, room));
        assert_true(single->keep_thin(&s, fkept, fdy, &thin));
        single->thin_put(&thin, fput);
        assert_floats(fput, dw, count, 1e-3);
        single->adam(&adam, fx[0], fput, fm[0], fv[0], count);
        single->adam_thin(&adam, fx[1], &thin, fm[1], fv[1]);
        assert_memory_equal(fx[0], fx[1], count * sizeof(float));
        assert_memory_equal(fm[0], fm[1], count * sizeof(float));
        assert_memory_equal(fv[0], fv[1], count * sizeof(float));
        free(kept), free(dy), free(dw), free(put), free(x), free(m), free(v), free(room), free(fkept), free(fdy);
        free(fdw), free(fput), free(thin.row), free(thin.slot);
        for (int i = 0; i < 2; i++) free(fx[i]), free(fm[i]), free(fv[i]);
    }
}

// Chance 1/length for each place: chi-squared over 40 places from 400,000 draws; above 110 by chance with 1e-8.
static void places_are_even(void **state) {
    (void)state;
    for (int distinct = 0; distinct < 2; distinct++) {
        enum { LENGTH = 40, KEPT = 10, ROWS = 40000 };
        struct sampling s = {.key = rng_key(5, 6), .rows = ROWS, .length = LENGTH, .kept = KEPT, .distinct = distinct};
        double count[LENGTH] = {0}, chi = 0, expected = (double)ROWS * KEPT / LENGTH;
        struct places places;
        assert_true(places_begin(&places, &s));
        for (uint32_t r = 0; r < ROWS; r++) {
            const uint32_t *place = places_next(&places);
            uint32_t again[KEPT], seen[LENGTH / 32 + 1] = {0};
            if (r % 97 == 0) { // one row alone is the same
                sampling_row(&s, r, again, seen);
                assert_memory_equal(again, place, sizeof again);
                assert_int_equal(seen[0] | seen[1], 0);
            }
            for (int i = 0; i < KEPT; i++) assert_true(place[i] < LENGTH), count[place[i]]++;
        }
        places_end(&places);
        for (int i = 0; i < LENGTH; i++) chi += (count[i] - expected) * (count[i] - expected) / expected;
        assert_true(chi < 110);
    }
}

static void small_ones(void **state) {
    (void)state;
    double x[100], y[100], dx[100], by[100];
    uint32_t mask[4];
    for (int i = 0; i < 100; i++) x[i] = i % 7 == 0 ? 0 : rng_gaussian(&rng), dx[i] = i;
    real->relu(y, x, 100, mask);
    double d[100];
    for (int i = 0; i < 100; i++) {
        assert_true(y[i] == fmax(x[i], 0));
        assert_int_equal(mask[i / 32] >> i % 32 & 1, x[i] > 0);
        d[i] = i;
    }
    real->relu_by_mask(dx, d, mask, 100);
    real->relu_by_value(by, d, y, 100);
    for (int i = 0; i < 100; i++) assert_true(dx[i] == (x[i] > 0 ? i : 0) && by[i] == dx[i]);
    double p[20], sum;
    real->log_softmax(x, p, 2, 10);
    for (int r = 0; r < 2; r++) {
        sum = 0;
        for (int j = 0; j < 10; j++) sum += exp(p[10 * r + j]);
        assert_true(fabs(sum - 1) < 1e-12);
    }
    int32_t label[] = {3, 9};
    assert_true(fabs(real->nll(p, label, 2, 10) + (p[3] + p[19]) / 2) < 1e-12);
}

// One pass does what the kernels it stands for do one after the other.
static void biases(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t outer = upto(9), middle = upto(40), inner = round % 2 ? upto(3) == 1 ? 1 : upto(70) : 32 * upto(3);
        size_t count = outer * middle * inner;
        double *x = randoms(count), *bias = randoms(middle), *y = malloc(count * 8), *sum = calloc(middle, 8);
        uint32_t *mask = calloc(count / 32 + 1, 4);
        float *fx = floats(x, count), *fbias = floats(bias, middle), *fsum = calloc(middle, 4);
        real->relu_along(y, x, bias, outer, middle, inner, mask);
        real->sum_along(sum, x, outer, middle, inner);
        single->sum_along(fsum, fx, outer, middle, inner);
        for (size_t m = 0; m < middle; m++) {
            double want = 0;
            for (size_t o = 0; o < outer; o++)
                for (size_t i = 0; i < inner; i++) want += x[(o * middle + m) * inner + i];
            assert_true(fabs(sum[m] - want) < 1e-10 && fabs((double)fsum[m] - want) < 1e-3);
        }
        single->add_along(fx, fbias, outer, middle, inner);
        for (size_t i = 0; i < count; i++) {
            double want = x[i] + bias[i / inner % middle];
            assert_true(y[i] == fmax(want, 0) && fabs((double)fx[i] - want) < 1e-5);
            assert_int_equal(mask[i / 32] >> i % 32 & 1, want > 0);
        }
        single->relu(fx, fx, count, mask);
        for (size_t i = 0; i < count; i++) assert_int_equal(mask[i / 32] >> i % 32 & 1, fx[i] > 0);
        free(x), free(bias), free(y), free(sum), free(mask), free(fx), free(fbias), free(fsum);
    }
    double nan[20] = {NAN, -1}, out[20];
    nan[19] = NAN;
    for (uint32_t count = 2; count <= 20; count += 18) { // one by one, and many at once
        real->relu(out, nan, count, NULL);
        assert_true(isnan(out[0]) && out[1] == 0);
    }
    assert_true(isnan(out[19]));
}

// The relu of a sum of up to two matrices, each with a bias or none, and into the first of them.
static void sums(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t rows = upto(9), columns = upto(round % 2 ? 20 : 140), count = rows * columns;
        double *term[4] = {randoms(count), randoms(columns), randoms(count), randoms(columns)}, *y = malloc(count * 8);
        float *single_term[4] = {floats(term[0], count), floats(term[1], columns), floats(term[2], count),
                                 floats(term[3], columns)};
        uint32_t *mask = calloc(count / 32 + 1, 4), *single_mask = calloc(count / 32 + 1, 4);
        bool with[4] = {true, rng_below(&rng, 2), rng_below(&rng, 2), rng_below(&rng, 2)}, masked = rng_below(&rng, 4);
        struct relu_sum of = {term[0], with[1] ? term[1] : NULL, with[2] ? term[2] : NULL, with[3] ? term[3] : NULL};
        struct relu_sum of_single = {single_term[0], with[1] ? single_term[1] : NULL, with[2] ? single_term[2] : NULL,
                                     with[3] ? single_term[3] : NULL};
        real->relu_rows(y, &of, rows, columns, masked ? mask : NULL);
        single->relu_rows(single_term[0], &of_single, rows, columns, masked ? single_mask : NULL);
        for (size_t i = 0; i < count; i++) {
            double want = 0;
            for (int t = 0; t < 4; t++) want += with[t] ? term[t][t % 2 ? i % columns : i] : 0;
            assert_true(fabs(y[i] - fmax(want, 0)) < 1e-12 && fabs((double)single_term[0][i] - fmax(want, 0)) < 1e-5);
            if (!masked) continue;
            assert_int_equal(mask[i / 32] >> i % 32 & 1, y[i] > 0);
            assert_int_equal(single_mask[i / 32] >> i % 32 & 1, single_term[0][i] > 0);
        }
        double *dy = randoms(count), *dx = malloc(count * 8);
        float *single_dy = floats(dy, count);
        real->relu_by_mask(dx, dy, mask, count);
        single->relu_by_mask(single_dy, single_dy, single_mask, count);
        for (size_t i = 0; masked && i < count; i++) {
            assert_true(dx[i] == (y[i] > 0 ? dy[i] : 0));
            assert_true(single_dy[i] == (single_term[0][i] > 0 ? (float)dy[i] : 0));
        }
        for (int t = 0; t < 4; t++) free(term[t]), free(single_term[t]);
        free(y), free(mask), free(single_mask), free(dy), free(dx), free(single_dy);
    }
}

static void transposes(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t rows = upto(70), columns = upto(70);
        double *x = randoms(rows * columns), *y = malloc(rows * columns * 8);
        float *fx = floats(x, rows * columns), *fy = malloc(rows * columns * 4);
        real->turn(x, y, rows, columns);
        single->turn(fx, fy, rows, columns);
        for (size_t i = 0; i < rows * columns; i++) {
            assert_true(y[i % columns * rows + i / columns] == x[i]);
            assert_true(fy[i % columns * rows + i / columns] == fx[i]);
        }
        free(x), free(y), free(fx), free(fy);
    }
}

// Just above and just below the size that a library's direct kernels are made for, some rows of it at a time.
static void larger_products(void **state) {
    (void)state;
    enum { M = 61, N = 190, K = 170 };
    double *a = randoms(M * K), *b = randoms(K * N), *c = randoms(M * N), *want = malloc(M * N * sizeof *want);
    float *fa = floats(a, M * K), *fb = floats(b, K * N);
    for (size_t m = 30; m <= M; m += 31) {
        float *fc = floats(c, M * N);
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < N; j++) {
                want[i * N + j] = c[i * N + j];
                for (size_t l = 0; l < K; l++) want[i * N + j] += a[i * K + l] * b[l * N + j];
            }
        single->product(false, false, m, N, K, 1, fa, fb, 1, fc);
        assert_floats(fc, want, m * N, 1e-3);
        for (size_t i = m * N; i < (size_t)M * N; i++) assert_true(fc[i] == (float)c[i]);
        free(fc);
    }
    free(a), free(b), free(c), free(want), free(fa), free(fb);
}

static void pools(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t planes = upto(3), height = upto(12), width = upto(40);
        uint32_t side = round % 2 ? 2 : upto(3), rows = height / side, columns = width / side;
        size_t in = (size_t)planes * height * width, out = (size_t)planes * rows * columns;
        double *x = randoms(in), *y = malloc((out + 1) * 8), *dy = randoms(out), *dx = randoms(in),
               *added = malloc(in * 8);
        memcpy(added, dx, in * 8);
        real->pool(x, y, planes, height, width, side);
        real->pool_back(dy, dx, planes, height, width, side, false);
        double *zero = calloc(in, 8);
        for (size_t o = 0; o < out; o++) {
            size_t plane = o / (rows * columns), i = o / columns % rows * side, j = o % columns * side;
            double sum = 0;
            for (uint32_t u = 0; u < side; u++)
                for (uint32_t v = 0; v < side; v++) {
                    size_t at = (plane * height + i + u) * width + j + v;
                    sum += x[at];
                    zero[at] += dy[o] / (side * side);
                }
            assert_true(fabs(y[o] - sum / (side * side)) < 1e-12);
        }
        assert_close(dx, zero, in, 1e-12);
        for (size_t i = 0; i < in; i++) zero[i] += added[i];
        real->pool_back(dy, added, planes, height, width, side, true);
        assert_close(added, zero, in, 1e-12);
        free(x), free(y), free(dy), free(dx), free(added), free(zero);
    }
}

// The formulas of the paper, in its order of corrections.
static void adam_steps(void **state) {
    (void)state;
    enum { COUNT = 37, STEPS = 5 };
    double *x = randoms(COUNT), m[COUNT] = {0}, v[COUNT] = {0}, want[COUNT], pm[COUNT] = {0}, pv[COUNT] = {0};
    float *fx = floats(x, COUNT), fm[COUNT] = {0}, fv[COUNT] = {0};
    memcpy(want, x, sizeof want);
    for (int step = 1; step <= STEPS; step++) {
        double *g = randoms(COUNT), b1 = 1 - pow(0.9, step), b2 = 1 - pow(0.999, step);
        float *fg = floats(g, COUNT);
        struct adam adam = {0.9, 0.999, 1e-8, 0.01, 0.1 / b1, 1 / sqrt(b2)};
        real->adam(&adam, x, g, m, v, COUNT);
        single->adam(&adam, fx, fg, fm, fv, COUNT);
        for (int i = 0; i < COUNT; i++) {
            double d = g[i] + 0.01 * want[i];
            pm[i] = 0.9 * pm[i] + 0.1 * d, pv[i] = 0.999 * pv[i] + 0.001 * d * d;
            want[i] -= 0.1 * (pm[i] / b1) / (sqrt(pv[i] / b2) + 1e-8);
        }
        free(g), free(fg);
    }
    assert_close(x, want, COUNT, 1e-12);
    assert_floats(fx, want, COUNT, 1e-4);
    free(x), free(fx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products),
        cmocka_unit_test(convolutions),
        cmocka_unit_test(samples_of_matrices),
        cmocka_unit_test(projections_of_their_own),
        cmocka_unit_test(thin_gradients),
        cmocka_unit_test(places_are_even),
        cmocka_unit_test(small_ones),
        cmocka_unit_test(biases),
        cmocka_unit_test(pools),
        cmocka_unit_test(adam_steps),
        cmocka_unit_test(sums),
        cmocka_unit_test(transposes),
        cmocka_unit_test(larger_products),
    };
    int failed = 0;
    for (unsigned level = 0; (real = kernels_at(NUMBER_DOUBLE, level)); level++) {
        single = kernels_at(NUMBER_FLOAT, level);
        rng = rng_at(rng_key(11, level), 0, 0);
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
