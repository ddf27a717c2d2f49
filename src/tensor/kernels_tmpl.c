// The kernels for one type of number. Included by kernels.c with REAL, NAME, GEMM, CONV..., EXP and LOG defined.

// ---- dense products -----------------------------------------------------------------------------------------------

CPU_CLONES static void NAME(plain_product)(bool ta, bool tb, size_t m, size_t n, size_t k, REAL alpha, const REAL *a,
                                           const REAL *b, REAL beta, REAL *c) {
    for (size_t i = 0; i < m; i++) {
        REAL *row = c + i * n;
        for (size_t j = 0; j < n; j++) row[j] = beta == 0 ? 0 : beta * row[j];
        for (size_t l = 0; l < k; l++) {
            REAL factor = alpha * (ta ? a[l * m + i] : a[i * k + l]);
            for (size_t j = 0; j < n; j++) row[j] += factor * (tb ? b[j * k + l] : b[l * n + j]);
        }
    }
}

static void NAME(product)(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const void *a, const void *b,
                          double beta, void *c) {
    if (!GEMM(ta, tb, m, n, k, (REAL)alpha, a, b, (REAL)beta, c))
        NAME(plain_product)(ta, tb, m, n, k, (REAL)alpha, a, b, (REAL)beta, c);
}

// ---- number by number ---------------------------------------------------------------------------------------------

static void NAME(fill)(void *y, size_t count, double value) {
    REAL *out = y;
    for (size_t i = 0; i < count; i++) out[i] = (REAL)value;
}

CPU_CLONES static void NAME(add)(void *restrict y, const void *restrict x, size_t count) {
    REAL *out = y;
    const REAL *in = x;
    for (size_t i = 0; i < count; i++) out[i] += in[i];
}

CPU_CLONES static void NAME(scale)(void *y, size_t count, double factor) {
    REAL *out = y;
    for (size_t i = 0; i < count; i++) out[i] *= (REAL)factor;
}

CPU_CLONES static void NAME(add_along)(void *restrict y, const void *restrict x, size_t outer, size_t middle,
                                       size_t inner) {
    REAL *out = y;
    const REAL *in = x;
    for (size_t o = 0; o < outer; o++)
        if (inner == 1)
            for (size_t m = 0; m < middle; m++) *out++ += in[m];
        else
            for (size_t m = 0; m < middle; m++, out += inner)
                for (size_t i = 0; i < inner; i++) out[i] += in[m];
}

CPU_CLONES static void NAME(sum_along)(void *restrict x, const void *restrict y, size_t outer, size_t middle,
                                       size_t inner) {
    REAL *out = x;
    const REAL *in = y;
    for (size_t o = 0; o < outer; o++)
        if (inner == 1)
            for (size_t m = 0; m < middle; m++) out[m] += *in++;
        else
            for (size_t m = 0; m < middle; m++, in += inner) {
                REAL sum = 0;
                for (size_t i = 0; i < inner; i++) sum += in[i];
                out[m] += sum;
            }
}

CPU_CLONES static void NAME(relu)(void *y, const void *x, size_t count, uint32_t *mask) {
    REAL *out = y;
    const REAL *in = x;
    if (mask)
        for (size_t i = 0; i < count; i += 32) {
            uint32_t bits = 0;
            size_t end = count - i < 32 ? count - i : 32;
            for (size_t j = 0; j < end; j++) bits |= (uint32_t)(in[i + j] > 0) << j;
            mask[i / 32] = bits;
        }
    for (size_t i = 0; i < count; i++) out[i] = in[i] > 0 ? in[i] : in[i] != in[i] ? in[i] : 0;
}

CPU_CLONES static void NAME(relu_by_mask)(void *dx, const void *dy, const uint32_t *mask, size_t count) {
    REAL *out = dx;
    const REAL *in = dy;
    for (size_t i = 0; i < count; i += 32) {
        uint32_t bits = mask[i / 32];
        size_t end = count - i < 32 ? count - i : 32;
        for (size_t j = 0; j < end; j++) out[i + j] = bits >> j & 1 ? in[i + j] : 0;
    }
}

CPU_CLONES static void NAME(relu_by_value)(void *dx, const void *dy, const void *y, size_t count) {
    REAL *out = dx;
    const REAL *in = dy, *value = y;
    for (size_t i = 0; i < count; i++) out[i] = value[i] > 0 ? in[i] : 0;
}

// ---- convolutions -------------------------------------------------------------------------------------------------

// The columns of one image: channels * side * side rows of out_height * out_width numbers.
CPU_CLONES static void NAME(columns)(struct conv_size s, const REAL *x, REAL *column) {
    for (uint32_t c = 0; c < s.channels; c++, x += (size_t)s.height * s.width)
        for (uint32_t u = 0; u < s.side; u++)
            for (uint32_t v = 0; v < s.side; v++)
                for (uint32_t i = 0; i < s.out_height; i++, column += s.out_width) {
                    int64_t row = (int64_t)i + u - s.pad;
                    if (row < 0 || row >= s.height) {
                        memset(column, 0, s.out_width * sizeof *column);
                        continue;
                    }
                    int64_t first = (int64_t)s.pad - v; // the first j that lies inside
                    int64_t begin = first < 0 ? 0 : first, end = (int64_t)s.width + s.pad - v;
                    if (end > s.out_width) end = s.out_width;
                    if (begin > end) begin = end;
                    for (int64_t j = 0; j < begin; j++) column[j] = 0;
                    memcpy(column + begin, x + row * s.width + begin + v - s.pad,
                           (size_t)(end - begin) * sizeof *column);
                    for (int64_t j = end; j < s.out_width; j++) column[j] = 0;
                }
}

CPU_CLONES static void NAME(columns_back)(struct conv_size s, const REAL *column, REAL *x) {
    for (uint32_t c = 0; c < s.channels; c++, x += (size_t)s.height * s.width)
        for (uint32_t u = 0; u < s.side; u++)
            for (uint32_t v = 0; v < s.side; v++)
                for (uint32_t i = 0; i < s.out_height; i++, column += s.out_width) {
                    int64_t row = (int64_t)i + u - s.pad;
                    if (row < 0 || row >= s.height) continue;
                    int64_t first = (int64_t)s.pad - v;
                    int64_t begin = first < 0 ? 0 : first, end = (int64_t)s.width + s.pad - v;
                    if (end > s.out_width) end = s.out_width;
                    REAL *to = x + row * s.width + v - s.pad;
                    for (int64_t j = begin; j < end; j++) to[j] += column[j];
                }
}

static void NAME(conv)(struct conv_size s, const void *x, const void *w, void *y, void *scratch) {
    if (CONV(s, x, w, y, scratch)) return;
    size_t in = (size_t)s.channels * s.height * s.width, places = (size_t)s.out_height * s.out_width;
    size_t taps = (size_t)s.channels * s.side * s.side;
    for (uint32_t b = 0; b < s.images; b++) {
        NAME(columns)(s, (const REAL *)x + b * in, scratch);
        NAME(product)(false, false, s.filters, places, taps, 1, w, scratch, 0, (REAL *)y + b * s.filters * places);
    }
}

static void NAME(conv_by_input)(struct conv_size s, const void *dy, const void *w, void *dx, bool add, void *scratch) {
    if (CONV_BY_INPUT(s, dy, w, dx, add, scratch)) return;
    size_t in = (size_t)s.channels * s.height * s.width, places = (size_t)s.out_height * s.out_width;
    size_t taps = (size_t)s.channels * s.side * s.side;
    for (uint32_t b = 0; b < s.images; b++) {
        NAME(product)
        (true, false, taps, places, s.filters, 1, w, (const REAL *)dy + b * s.filters * places, 0, scratch);
        if (!add) memset((REAL *)dx + b * in, 0, in * sizeof(REAL));
        NAME(columns_back)(s, scratch, (REAL *)dx + b * in);
    }
}

static void NAME(conv_by_filter)(struct conv_size s, const void *dy, const void *x, void *dw, void *scratch) {
    if (CONV_BY_FILTER(s, dy, x, dw, scratch)) return;
    size_t in = (size_t)s.channels * s.height * s.width, places = (size_t)s.out_height * s.out_width;
    size_t taps = (size_t)s.channels * s.side * s.side;
    for (uint32_t b = 0; b < s.images; b++) {
        NAME(columns)(s, (const REAL *)x + b * in, scratch);
        NAME(product)
        (false, true, s.filters, taps, places, 1, (const REAL *)dy + b * s.filters * places, scratch, 1, dw);
    }
}

CPU_CLONES static void NAME(pool)(const void *x, void *y, size_t planes, uint32_t height, uint32_t width,
                                  uint32_t side) {
    const REAL *in = x;
    REAL *out = y, share = (REAL)1 / (REAL)(side * side);
    for (size_t p = 0; p < planes; p++, in += (size_t)height * width)
        for (uint32_t i = 0; i < height / side; i++)
            for (uint32_t j = 0; j < width / side; j++) {
                REAL sum = 0;
                for (uint32_t u = 0; u < side; u++)
                    for (uint32_t v = 0; v < side; v++) sum += in[(size_t)(i * side + u) * width + j * side + v];
                *out++ = sum * share;
            }
}

CPU_CLONES static void NAME(pool_back)(const void *dy, void *dx, size_t planes, uint32_t height, uint32_t width,
                                       uint32_t side) {
    const REAL *in = dy;
    REAL *out = dx, share = (REAL)1 / (REAL)(side * side);
    for (size_t p = 0; p < planes; p++, out += (size_t)height * width)
        for (uint32_t i = 0; i < height / side; i++)
            for (uint32_t j = 0; j < width / side; j++) {
                REAL part = *in++ * share;
                for (uint32_t u = 0; u < side; u++)
                    for (uint32_t v = 0; v < side; v++) out[(size_t)(i * side + u) * width + j * side + v] += part;
            }
}

// ---- the loss -----------------------------------------------------------------------------------------------------

CPU_CLONES static void NAME(log_softmax)(const void *x, void *y, size_t rows, size_t columns) {
    const REAL *in = x;
    REAL *out = y;
    for (size_t r = 0; r < rows; r++, in += columns, out += columns) {
        REAL largest = in[0], sum = 0;
        for (size_t j = 1; j < columns; j++) largest = in[j] > largest ? in[j] : largest;
        for (size_t j = 0; j < columns; j++) sum += EXP(in[j] - largest);
        REAL shift = largest + LOG(sum);
        for (size_t j = 0; j < columns; j++) out[j] = in[j] - shift;
    }
}

CPU_CLONES static void NAME(log_softmax_back)(const void *dy, const void *y, void *dx, size_t rows, size_t columns) {
    const REAL *in = dy, *value = y;
    REAL *out = dx;
    for (size_t r = 0; r < rows; r++, in += columns, out += columns, value += columns) {
        REAL sum = 0;
        for (size_t j = 0; j < columns; j++) sum += in[j];
        for (size_t j = 0; j < columns; j++) out[j] += in[j] - EXP(value[j]) * sum;
    }
}

static double NAME(nll)(const void *x, const int32_t *label, size_t rows, size_t columns) {
    const REAL *in = x;
    double sum = 0;
    for (size_t r = 0; r < rows; r++) sum += (double)in[r * columns + (size_t)label[r]];
    return -sum / (double)rows;
}

static void NAME(nll_back)(const int32_t *label, void *dx, size_t rows, size_t columns, double dy) {
    REAL *out = dx;
    for (size_t r = 0; r < rows; r++) out[r * columns + (size_t)label[r]] -= (REAL)(dy / (double)rows);
}

// ---- samples ------------------------------------------------------------------------------------------------------

enum { NAME(MOST_ON_STACK) = 4096 };

// Places of a row and room to draw them: on the stack if they are few. place is NULL when out of memory.
struct NAME(places) {
    uint32_t few[NAME(MOST_ON_STACK)], *place, *seen;
};

static void NAME(places_begin)(struct NAME(places) * p, const struct sampling *s) {
    size_t words = s->kept + (s->distinct ? (size_t)s->length / 32 + 1 : 0);
    p->place = words <= NAME(MOST_ON_STACK) ? p->few : mem_alloc(words, sizeof *p->place);
    p->seen = p->place && s->distinct ? p->place + s->kept : NULL;
    if (p->seen) memset(p->seen, 0, ((size_t)s->length / 32 + 1) * sizeof *p->seen);
}

static void NAME(places_end)(struct NAME(places) * p) {
    if (p->place != p->few) mem_free(p->place);
}

CPU_CLONES static void NAME(keep)(const struct sampling *s, const void *x, void *kept) {
    struct NAME(places) p;
    const REAL *in = x;
    REAL *out = kept, factor = (REAL)((double)s->length / s->kept);
    NAME(places_begin)(&p, s);
    for (uint32_t r = 0; p.place && r < s->rows; r++, in += s->length, out += s->kept) {
        if (r == 0 || !s->shared) sampling_row(s, r, p.place, p.seen);
        for (uint32_t i = 0; i < s->kept; i++) out[i] = factor * in[p.place[i]];
    }
    NAME(places_end)(&p);
}

CPU_CLONES static void NAME(restore)(const struct sampling *s, const void *kept, void *x) {
    struct NAME(places) p;
    const REAL *in = kept;
    REAL *out = x;
    NAME(places_begin)(&p, s);
    for (uint32_t r = 0; p.place && r < s->rows; r++, in += s->kept, out += s->length) {
        if (r == 0 || !s->shared) sampling_row(s, r, p.place, p.seen);
        for (uint32_t i = 0; i < s->kept; i++) out[p.place[i]] += in[i];
    }
    NAME(places_end)(&p);
}

// One sample for all rows: a small dense product, and its rows added where they belong. Else row by row.
CPU_CLONES static void NAME(keep_product)(const struct sampling *s, const void *kept, const void *dy, size_t columns,
                                          void *dw, void *scratch) {
    struct NAME(places) p;
    const REAL *value = kept, *in = dy;
    REAL *out = dw;
    NAME(places_begin)(&p, s);
    if (p.place && s->shared) {
        sampling_row(s, 0, p.place, p.seen);
        NAME(product)(true, false, s->kept, columns, s->rows, 1, kept, dy, 0, scratch);
        for (uint32_t i = 0; i < s->kept; i++)
            NAME(add)(out + p.place[i] * columns, (const REAL *)scratch + i * columns, columns);
    }
    for (uint32_t r = 0; p.place && !s->shared && r < s->rows; r++, in += columns, value += s->kept) {
        sampling_row(s, r, p.place, p.seen);
        for (uint32_t i = 0; i < s->kept; i++) {
            REAL *restrict to = out + p.place[i] * columns;
            REAL v = value[i];
            if (v == 0) continue; // what relu has cut
            for (size_t j = 0; j < columns; j++) to[j] += v * in[j];
        }
    }
    NAME(places_end)(&p);
}

// Each kept number adds its value times the dy around it to the filters. dy is laid out with the filters innermost, so
// that the inner loop is dense.
CPU_CLONES static void NAME(keep_conv)(const struct sampling *s, struct conv_size z, const void *kept, const void *dy,
                                       void *dw) {
    struct NAME(places) p;
    size_t places = (size_t)z.out_height * z.out_width, taps = (size_t)z.side * z.side;
    REAL *turned = mem_alloc(places * z.filters, sizeof *turned);
    REAL *sum = mem_zero((size_t)z.channels * taps * z.filters, sizeof *sum);
    const REAL *value = kept;
    NAME(places_begin)(&p, s);
    if (turned && sum && p.place) {
        for (uint32_t b = 0; b < z.images; b++) {
            const REAL *in = (const REAL *)dy + b * places * z.filters;
            for (uint32_t f = 0; f < z.filters; f++)
                for (size_t q = 0; q < places; q++) turned[q * z.filters + f] = in[f * places + q];
            for (uint32_t c = 0; c < z.channels; c++, value += s->kept) {
                uint32_t row = b * z.channels + c;
                if (row == 0 || !s->shared) sampling_row(s, row, p.place, p.seen);
                for (uint32_t i = 0; i < s->kept; i++) {
                    REAL v = value[i];
                    if (v == 0) continue;
                    int64_t y = p.place[i] / z.width, x = p.place[i] % z.width;
                    for (uint32_t u = 0; u < z.side; u++) {
                        int64_t oy = y + z.pad - u;
                        if (oy < 0 || oy >= z.out_height) continue;
                        for (uint32_t t = 0; t < z.side; t++) {
                            int64_t ox = x + z.pad - t;
                            if (ox < 0 || ox >= z.out_width) continue;
                            const REAL *from = turned + (size_t)(oy * z.out_width + ox) * z.filters;
                            REAL *restrict to = sum + ((size_t)c * taps + u * z.side + t) * z.filters;
                            for (uint32_t f = 0; f < z.filters; f++) to[f] += v * from[f];
                        }
                    }
                }
            }
        }
        REAL *out = dw;
        for (uint32_t f = 0; f < z.filters; f++)
            for (size_t q = 0; q < z.channels * taps; q++) *out++ += sum[q * z.filters + f];
    }
    NAME(places_end)(&p);
    mem_free(turned);
    mem_free(sum);
}

// ---- projections --------------------------------------------------------------------------------------------------

// R (length x kept): signs over the root of kept, 32 to a word.
CPU_CLONES static void NAME(signs)(const struct sampling *s, uint32_t row, REAL *sign) {
    uint32_t word[4], block = 0;
    size_t count = (size_t)s->length * s->kept;
    REAL one = (REAL)(1 / sqrt((double)s->kept));
    for (size_t i = 0; i < count; i += 128) {
        rng_block(s->key, s->call, s->shared ? 0 : row, block++, word);
        size_t end = count - i < 128 ? count - i : 128;
        for (size_t w = 0; w < end; w += 32)
            for (size_t j = w; j < (end < w + 32 ? end : w + 32); j++)
                sign[i + j] = (REAL)((int32_t)(word[w / 32] >> (j - w) & 1) * 2 - 1) * one;
    }
}

static void NAME(project)(const struct sampling *s, const void *x, void *kept, void *scratch) {
    if (s->shared) {
        NAME(signs)(s, 0, scratch);
        NAME(product)(false, false, s->rows, s->kept, s->length, 1, x, scratch, 0, kept);
    }
    for (uint32_t r = 0; !s->shared && r < s->rows; r++) {
        NAME(signs)(s, r, scratch);
        NAME(product)
        (false, false, 1, s->kept, s->length, 1, (const REAL *)x + (size_t)r * s->length, scratch, 0,
         (REAL *)kept + (size_t)r * s->kept);
    }
}

static void NAME(unproject)(const struct sampling *s, const void *kept, void *x, void *scratch) {
    if (s->shared) {
        NAME(signs)(s, 0, scratch);
        NAME(product)(false, true, s->rows, s->length, s->kept, 1, kept, scratch, 0, x);
    }
    for (uint32_t r = 0; !s->shared && r < s->rows; r++) {
        NAME(signs)(s, r, scratch);
        NAME(product)
        (false, true, 1, s->length, s->kept, 1, (const REAL *)kept + (size_t)r * s->kept, scratch, 0,
         (REAL *)x + (size_t)r * s->length);
    }
}

// dw += R ((x R)^T dy): smaller than through R (x R)^T.
static void NAME(project_product)(const struct sampling *s, const void *kept, const void *dy, size_t columns, void *dw,
                                  void *scratch) {
    REAL *small = scratch, *sign = small + (size_t)s->kept * columns;
    NAME(product)(true, false, s->kept, columns, s->rows, 1, kept, dy, 0, small);
    NAME(signs)(s, 0, sign);
    NAME(product)(false, false, s->length, columns, s->kept, 1, sign, small, 1, dw);
}

const struct kernels NAME(kernels) = {.size = sizeof(REAL),
                                      .product = NAME(product),
                                      .fill = NAME(fill),
                                      .add = NAME(add),
                                      .scale = NAME(scale),
                                      .add_along = NAME(add_along),
                                      .sum_along = NAME(sum_along),
                                      .relu = NAME(relu),
                                      .relu_by_mask = NAME(relu_by_mask),
                                      .relu_by_value = NAME(relu_by_value),
                                      .conv = NAME(conv),
                                      .conv_by_input = NAME(conv_by_input),
                                      .conv_by_filter = NAME(conv_by_filter),
                                      .pool = NAME(pool),
                                      .pool_back = NAME(pool_back),
                                      .log_softmax = NAME(log_softmax),
                                      .log_softmax_back = NAME(log_softmax_back),
                                      .nll = NAME(nll),
                                      .nll_back = NAME(nll_back),
                                      .keep = NAME(keep),
                                      .restore = NAME(restore),
                                      .keep_product = NAME(keep_product),
                                      .keep_conv = NAME(keep_conv),
                                      .project = NAME(project),
                                      .unproject = NAME(unproject),
                                      .project_product = NAME(project_product)};
