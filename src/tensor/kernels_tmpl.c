// The kernels for one type of number and one level of processors. Included by kernels_level.c with REAL, INTEGER,
// NAME, TABLE, GEMM, CONV..., EXP and LOG defined.

enum { NAME(LANES) = 16 };
typedef REAL NAME(quarter) __attribute__((vector_size(4 * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));

static REAL NAME(sum_of)(const REAL *x, size_t count) {
    NAME(vector) sum = {0};
    size_t i = 0;
    REAL rest = 0;
    for (; i + NAME(LANES) <= count; i += NAME(LANES)) sum += *(const NAME(vector) *)(x + i);
    for (; i < count; i++) rest += x[i];
    for (int l = 0; l < NAME(LANES); l++) rest += sum[l];
    return rest;
}

// y += a x
static inline void NAME(add_times)(REAL *restrict y, const REAL *restrict x, REAL a, size_t count) {
    size_t i = 0;
    for (; i + NAME(LANES) <= count; i += NAME(LANES)) *(NAME(vector) *)(y + i) += a * *(const NAME(vector) *)(x + i);
    for (; i + 4 <= count; i += 4) *(NAME(quarter) *)(y + i) += a * *(const NAME(quarter) *)(x + i);
    for (; i < count; i++) y[i] += a * x[i];
}

// ---- dense products -----------------------------------------------------------------------------------------------

// lda: from one row of `a` as it is stored to the next.
static void NAME(plain_product)(bool ta, bool tb, size_t m, size_t n, size_t k, REAL alpha, const REAL *a, size_t lda,
                                const REAL *b, REAL beta, REAL *c) {
    for (size_t i = 0; i < m; i++) {
        REAL *row = c + i * n;
        for (size_t j = 0; j < n; j++) row[j] = beta == 0 ? 0 : beta * row[j];
        for (size_t l = 0; l < k; l++) {
            REAL factor = alpha * (ta ? a[l * lda + i] : a[i * lda + l]);
            for (size_t j = 0; j < n; j++) row[j] += factor * (tb ? b[j * k + l] : b[l * n + j]);
        }
    }
}

static void NAME(product)(bool ta, bool tb, size_t m, size_t n, size_t k, double alpha, const void *a, const void *b,
                          double beta, void *c) {
    const REAL *from = a;
    REAL *to = c;
    size_t lda = ta ? m : k, rows = panel_rows(m, n, k);
    for (size_t i = 0; i < m; i += rows) {
        size_t count = m - i < rows ? m - i : rows;
        if (i && task_interrupted()) return;
        const REAL *part = from + (ta ? i : i * k);
        if (!GEMM(ta, tb, count, n, k, (REAL)alpha, part, lda, b, (REAL)beta, to + i * n))
            NAME(plain_product)(ta, tb, count, n, k, (REAL)alpha, part, lda, b, (REAL)beta, to + i * n);
    }
}

// By squares, so that both are read and written line by line of the cache.
static void NAME(turn)(const void *restrict x, void *restrict y, size_t rows, size_t columns) {
    enum { SIDE = 16 };
    const REAL *in = x;
    REAL *out = y;
    for (size_t r = 0; r < rows; r += SIDE)
        for (size_t c = 0; c < columns; c++)
            for (size_t i = r; i < (rows < r + SIDE ? rows : r + SIDE); i++) out[c * rows + i] = in[i * columns + c];
}

// ---- number by number ---------------------------------------------------------------------------------------------

static void NAME(fill)(void *y, size_t count, double value) {
    REAL *out = y;
    for (size_t i = 0; i < count; i++) out[i] = (REAL)value;
}

static void NAME(add)(void *restrict y, const void *restrict x, size_t count) {
    REAL *out = y;
    const REAL *in = x;
    for (size_t i = 0; i < count; i++) out[i] += in[i];
}

static void NAME(scale)(void *y, size_t count, double factor) {
    REAL *out = y;
    for (size_t i = 0; i < count; i++) out[i] *= (REAL)factor;
}

static void NAME(add_along)(void *restrict y, const void *restrict x, size_t outer, size_t middle, size_t inner) {
    REAL *out = y;
    const REAL *in = x;
    for (size_t o = 0; o < outer; o++)
        if (inner == 1)
            for (size_t m = 0; m < middle; m++) *out++ += in[m];
        else
            for (size_t m = 0; m < middle; m++, out += inner)
                for (size_t i = 0; i < inner; i++) out[i] += in[m];
}

static void NAME(sum_along)(void *restrict x, const void *restrict y, size_t outer, size_t middle, size_t inner) {
    REAL *restrict out = x;
    const REAL *in = y;
    if (inner == 1) {
        size_t o = 0;
        for (; o + 4 <= outer; o += 4, in += 4 * middle)
            for (size_t m = 0; m < middle; m++)
                out[m] += in[m] + in[middle + m] + in[2 * middle + m] + in[3 * middle + m];
        for (; o < outer; o++, in += middle)
            for (size_t m = 0; m < middle; m++) out[m] += in[m];
        return;
    }
    for (size_t o = 0; o < outer; o++)
        for (size_t m = 0; m < middle; m++, in += inner) out[m] += NAME(sum_of)(in, inner);
}

// (x + bias) + (more + more_bias) at place i; what is NULL is left out.
struct NAME(terms) {
    const REAL *x, *bias, *more, *more_bias;
    REAL shift; // the bias, where it is the same at all places
};

static inline __attribute__((always_inline)) void NAME(sum_at)(const struct NAME(terms) * t, size_t i,
                                                               NAME(vector) * sum) {
    NAME(vector) more = {0};
    *sum = *(const NAME(vector) *)(t->x + i) + t->shift;
    if (t->bias) *sum += *(const NAME(vector) *)(t->bias + i);
    if (t->more) more = *(const NAME(vector) *)(t->more + i);
    if (t->more_bias) more += *(const NAME(vector) *)(t->more_bias + i);
    if (t->more || t->more_bias) *sum += more;
}

static inline __attribute__((always_inline)) REAL NAME(one_at)(const struct NAME(terms) * t, size_t i) {
    REAL sum = t->x[i] + t->shift + (t->bias ? t->bias[i] : 0);
    if (!t->more) return sum + (t->more_bias ? t->more_bias[i] : 0);
    return sum + (t->more[i] + (t->more_bias ? t->more_bias[i] : 0));
}

static inline __attribute__((always_inline)) uint32_t NAME(cut)(NAME(vector) * x) {
    uint32_t bits = NAME(positive)((const REAL *)x);
    NAME(truth) negative = (NAME(truth))(*x <= 0); // what is no number stays none
    *x = (NAME(vector))((NAME(truth)) * x & ~negative);
    return bits;
}

// relu of the terms into y, which may be x. The last sixteen are read first: they overlap with those before them.
static inline __attribute__((always_inline)) void NAME(relu_run)(REAL *y, const struct NAME(terms) * t, size_t count,
                                                                 struct bits *bits) {
    size_t rest = count % NAME(LANES), i = 0;
    if (count < NAME(LANES)) {
        for (; i < count; i++) {
            REAL x = NAME(one_at)(t, i);
            if (bits->word) bits_put(bits, x > 0, 1);
            y[i] = x <= 0 ? 0 : x;
        }
        return;
    }
    NAME(vector) last, x;
    NAME(sum_at)(t, count - NAME(LANES), &last);
    uint32_t last_bits = NAME(cut)(&last);
    for (; i + NAME(LANES) <= count; i += NAME(LANES)) {
        NAME(sum_at)(t, i, &x);
        uint32_t some = NAME(cut)(&x);
        if (bits->word) bits_put(bits, some, NAME(LANES));
        *(NAME(vector) *)(y + i) = x;
    }
    if (!rest) return;
    *(NAME(vector) *)(y + count - NAME(LANES)) = last;
    if (bits->word) bits_put(bits, last_bits >> (NAME(LANES) - rest), (uint32_t)rest);
}

static void NAME(relu)(void *y, const void *x, size_t count, uint32_t *mask) {
    struct bits bits = {.word = mask};
    NAME(relu_run)(y, &(struct NAME(terms)){.x = x}, count, &bits);
    bits_end(&bits);
}

static void NAME(relu_rows)(void *y, const struct relu_sum *sum, size_t rows, size_t columns, uint32_t *mask) {
    struct bits bits = {.word = mask};
    for (size_t r = 0; r < rows; r++) {
        const REAL *x = sum->x, *more = sum->more;
        NAME(relu_run)
        ((REAL *)y + r * columns,
         &(struct NAME(terms)){x + r * columns, sum->bias, more ? more + r * columns : NULL, sum->more_bias, 0},
         columns, &bits);
    }
    bits_end(&bits);
}

static void NAME(relu_along)(void *y, const void *x, const void *bias, size_t outer, size_t middle, size_t inner,
                             uint32_t *mask) {
    struct bits bits = {.word = mask};
    if (inner == 1) {
        NAME(relu_rows)(y, &(struct relu_sum){.x = x, .bias = bias}, outer, middle, mask);
        return;
    }
    for (size_t p = 0; p < outer * middle; p++) NAME(relu_run)
    ((REAL *)y + p * inner,
     &(struct NAME(terms)){.x = (const REAL *)x + p * inner, .shift = ((const REAL *)bias)[p % middle]}, inner, &bits);
    bits_end(&bits);
}

static void NAME(relu_by_mask)(void *dx, const void *dy, const uint32_t *mask, size_t count) {
    static const NAME(truth) bit = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
    REAL *out = dx;
    const REAL *in = dy;
    size_t i = 0;
    for (; i + NAME(LANES) <= count; i += NAME(LANES)) {
        INTEGER bits = mask[i / 32] >> i % 32 & 0xFFFF;
        NAME(truth) on = (NAME(truth))((bit & bits) != 0);
        *(NAME(truth) *)(out + i) = *(const NAME(truth) *)(in + i) & on;
    }
    for (; i < count; i++) out[i] = mask[i / 32] >> i % 32 & 1 ? in[i] : 0;
}

static void NAME(relu_by_value)(void *dx, const void *dy, const void *y, size_t count) {
    REAL *out = dx;
    const REAL *in = dy, *value = y;
    for (size_t i = 0; i < count; i++) out[i] = value[i] > 0 ? in[i] : 0;
}

// ---- convolutions -------------------------------------------------------------------------------------------------

// The columns of one image: channels * side * side rows of out_height * out_width numbers.
static void NAME(columns)(struct conv_size s, const REAL *x, REAL *column) {
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

static void NAME(columns_back)(struct conv_size s, const REAL *column, REAL *x) {
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

static void NAME(pool)(const void *x, void *y, size_t planes, uint32_t height, uint32_t width, uint32_t side) {
    const REAL *in = x;
    REAL *restrict out = y;
    const REAL share = (REAL)1 / (REAL)(side * side);
    uint32_t rows = height / side, columns = width / side;
    for (size_t p = 0; p < planes; p++, in += (size_t)height * width)
        for (uint32_t i = 0; i < rows; i++, out += columns) {
            const REAL *row = in + (size_t)i * side * width, *next = row + width;
            if (side == 2) {
                for (uint32_t j = 0; j < columns; j++)
                    out[j] = (row[2 * j] + row[2 * j + 1] + (next[2 * j] + next[2 * j + 1])) * share;
                continue;
            }
            for (uint32_t j = 0; j < columns; j++) {
                REAL sum = 0;
                for (uint32_t u = 0; u < side; u++)
                    for (uint32_t v = 0; v < side; v++) sum += row[(size_t)u * width + j * side + v];
                out[j] = sum * share;
            }
        }
}

// dx, or dx +=; rows and columns that fill no square have no part in the mean.
static void NAME(pool_back)(const void *dy, void *dx, size_t planes, uint32_t height, uint32_t width, uint32_t side,
                            bool add) {
    const REAL *in = dy;
    REAL *restrict out = dx;
    const REAL share = (REAL)1 / (REAL)(side * side);
    uint32_t rows = height / side, columns = width / side;
    if (!add && (height % side || width % side || side != 2))
        memset(dx, 0, planes * height * width * sizeof(REAL)), add = true;
    for (size_t p = 0; p < planes; p++, out += (size_t)height * width)
        for (uint32_t i = 0; i < rows; i++, in += columns) {
            REAL *row = out + (size_t)i * side * width, *next = row + width;
            if (!add) {
                for (uint32_t j = 0; j < columns; j++)
                    row[2 * j] = row[2 * j + 1] = next[2 * j] = next[2 * j + 1] = in[j] * share;
                continue;
            }
            for (uint32_t j = 0; j < columns; j++)
                for (uint32_t u = 0; u < side; u++)
                    for (uint32_t v = 0; v < side; v++) row[(size_t)u * width + j * side + v] += in[j] * share;
        }
}

// ---- the loss -----------------------------------------------------------------------------------------------------

static void NAME(log_softmax)(const void *x, void *y, size_t rows, size_t columns) {
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

static void NAME(log_softmax_back)(const void *dy, const void *y, void *dx, size_t rows, size_t columns) {
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

static bool NAME(keep)(const struct sampling *s, const void *x, void *kept) {
    struct places p;
    const REAL *in = x;
    REAL *restrict out = kept;
    const REAL factor = (REAL)((double)s->length / s->kept);
    bool ok = places_begin(&p, s);
    for (uint32_t r = 0; ok && r < s->rows; r++, in += s->length, out += s->kept) {
        const uint32_t *place = places_next(&p);
        for (uint32_t i = 0; i < s->kept; i++) out[i] = factor * in[place[i]];
    }
    places_end(&p);
    return ok;
}

static bool NAME(restore)(const struct sampling *s, const void *kept, void *x) {
    struct places p;
    const REAL *in = kept;
    REAL *out = x;
    bool ok = places_begin(&p, s);
    for (uint32_t r = 0; ok && r < s->rows; r++, in += s->kept, out += s->length) {
        const uint32_t *place = places_next(&p);
        for (uint32_t i = 0; i < s->kept; i++) out[place[i]] += in[i];
    }
    places_end(&p);
    return ok;
}

static inline uint32_t NAME(is_number)(REAL x) { // other than 0
    INTEGER bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & (INTEGER)(sizeof bits == 4 ? INT32_MAX : INT64_MAX)) != 0; // but for the sign
}

static size_t NAME(count_zeros)(const REAL *x, size_t count) {
    size_t zeros = 0;
    for (size_t i = 0; i < count; i++) zeros += !NAME(is_number)(x[i]);
    return zeros;
}

// A kept number and its row.
struct NAME(entry) {
    REAL value;
    uint32_t row;
};

// The kept numbers in the order of their places: those of place i are begin[i] ... end[i] - 1, and one that is zero
// follows if they are no pairs.
struct NAME(by_place) {
    struct NAME(entry) * entry;
    uint32_t *begin, *end;
};

// Where each place begins, from how many numbers it has in `begin`. spare: for one that is not taken.
static void NAME(begin_places)(const struct NAME(by_place) * b, uint32_t length, uint32_t spare) {
    uint32_t next = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t begin = next;
        next += (b->begin[i] + 1 + spare) / 2 * 2;
        b->begin[i] = b->end[i] = begin;
        if (next > begin) b->entry[next - 1] = b->entry[next - 2] = (struct NAME(entry)){0, 0};
    }
}

// Sorted by counting; zeros, if there are some, are left out.
static inline __attribute__((always_inline)) bool
NAME(sort_them)(const struct sampling *s, const REAL *kept, const struct NAME(by_place) * b, uint32_t *at, bool some) {
    struct places p;
    size_t all = (size_t)s->rows * s->kept;
    if (!places_begin(&p, s)) return false;
    for (uint32_t r = 0; r < s->rows; r++, kept += s->kept, at += s->kept) {
        memcpy(at, places_next(&p), s->kept * sizeof *at);
        for (uint32_t i = 0; i < s->kept; i++) b->begin[at[i]] += some ? NAME(is_number)(kept[i]) : 1;
    }
    places_end(&p);
    NAME(begin_places)(b, s->length, some);
    kept -= all, at -= all;
    for (uint32_t r = 0; r < s->rows; r++, kept += s->kept, at += s->kept)
        for (uint32_t i = 0; i < s->kept; i++) {
            uint32_t next = b->end[at[i]];
            b->entry[next] = (struct NAME(entry)){kept[i], r}; // a zero is written over, or to spare
            b->end[at[i]] = next + (some ? NAME(is_number)(kept[i]) : 1);
        }
    return true;
}

// In scratch; false: out of memory.
static __attribute__((noinline)) bool NAME(sort_by_place)(const struct sampling *s, const REAL *kept,
                                                          struct NAME(by_place) * b, void *scratch) {
    size_t all = (size_t)s->rows * s->kept;
    b->entry = scratch;
    b->begin = (uint32_t *)(void *)(b->entry + all + 2 * (size_t)s->length);
    b->end = b->begin + s->length;
    memset(b->begin, 0, (size_t)s->length * sizeof *b->begin);
    if (NAME(count_zeros)(kept, all)) return NAME(sort_them)(s, kept, b, b->end + s->length, true);
    return NAME(sort_them)(s, kept, b, b->end + s->length, false);
}

enum { NAME(STRIP) = 64 };

static inline __attribute__((always_inline)) void NAME(put_strip)(NAME(vector) * sum, REAL *dw, bool add,
                                                                  size_t count) {
    size_t c = 0;
    for (; c + NAME(LANES) <= count; c += NAME(LANES), sum++) {
        NAME(vector) *to = (NAME(vector) *)(dw + c);
        if (add) *sum += *to;
        *to = *sum;
    }
    const REAL *part = (const REAL *)sum;
    for (size_t i = 0; c + i < count; i++) dw[c + i] = add ? dw[c + i] + part[i] : part[i];
}

// `count` columns of dw, at most VECTORS x 16: of each place, the sum of its numbers times their rows of dy, which lie
// STRIP apart and are filled up with zeros. A function for each count of vectors, as below.
#define SUM_STRIP(VECTORS)                                                                                             \
    static __attribute__((noinline)) void NAME(sum_strip_##VECTORS)(const struct NAME(by_place) * b, uint32_t length,  \
                                                                    const REAL *dy, REAL *dw, size_t columns,          \
                                                                    bool add, size_t count) {                          \
        for (uint32_t i = 0; i < length; i++, dw += columns) {                                                         \
            NAME(vector) sum[VECTORS] = {{0}}, other[VECTORS] = {{0}};                                                 \
            const struct NAME(entry) *e = b->entry + b->begin[i], *end = b->entry + b->end[i];                         \
            for (; e < end; e += 2) {                                                                                  \
                const NAME(vector) *one = (const NAME(vector) *)(dy + (size_t)e[0].row * NAME(STRIP));                 \
                const NAME(vector) *two = (const NAME(vector) *)(dy + (size_t)e[1].row * NAME(STRIP));                 \
                for (int v = 0; v < VECTORS; v++) sum[v] += e[0].value * one[v];                                       \
                for (int v = 0; v < VECTORS; v++) other[v] += e[1].value * two[v];                                     \
            }                                                                                                          \
            for (int v = 0; v < VECTORS; v++) sum[v] += other[v];                                                      \
            NAME(put_strip)(sum, dw, add, count);                                                                      \
        }                                                                                                              \
    }
SUM_STRIP(1)
SUM_STRIP(2)
SUM_STRIP(3)
SUM_STRIP(4)
#undef SUM_STRIP

// `count` columns of dy side by side, zeros beside them.
static void NAME(copy_strip)(const REAL *dy, size_t columns, uint32_t rows, size_t count, REAL *wide) {
    size_t whole = count / NAME(LANES), used = (count + NAME(LANES) - 1) / NAME(LANES);
    for (uint32_t r = 0; r < rows; r++, dy += columns, wide += NAME(STRIP)) {
        for (size_t v = 0; v < whole; v++)
            *(NAME(vector) *)(wide + v * NAME(LANES)) = *(const NAME(vector) *)(dy + v * NAME(LANES));
        for (size_t c = whole * NAME(LANES); c < used * NAME(LANES); c++) wide[c] = c < count ? dy[c] : 0;
    }
}

// Place by place, each written once, some columns after the others so that dy stays in the cache: for gradients that
// are larger than it.
static bool NAME(product_by_place)(const struct sampling *s, const REAL *kept, const REAL *dy, size_t columns, REAL *dw,
                                   bool add, void *scratch) {
    static void (*const sum[])(const struct NAME(by_place) *, uint32_t, const REAL *, REAL *, size_t, bool,
                               size_t) = {NAME(sum_strip_1), NAME(sum_strip_2), NAME(sum_strip_3), NAME(sum_strip_4)};
    struct NAME(by_place) b;
    REAL *wide = aligned_line(scratch);
    if (!NAME(sort_by_place)(s, kept, &b, wide + (size_t)s->rows * NAME(STRIP))) return false;
    for (size_t c = 0, count; c < columns; c += count) {
        count = columns - c < NAME(STRIP) ? columns - c : NAME(STRIP);
        NAME(copy_strip)(dy + c, columns, s->rows, count, wide);
        sum[(count - 1) / NAME(LANES)](&b, s->length, wide, dw + c, columns, add, count);
    }
    return true;
}

// Up to 8 x 16 columns of a row of dy, times each of `count` numbers, to its place of a sum whose rows are `stride`
// apart: a function for each count of vectors, whose places lie at constant distances then.
#define ADD_VECTORS(VECTORS)                                                                                           \
    static __attribute__((noinline)) void NAME(add_vectors_##VECTORS)(                                                 \
        const REAL *value, const uint32_t *place, uint32_t count, const REAL *dy, REAL *sum, size_t stride) {          \
        NAME(vector) own[VECTORS], part[VECTORS];                                                                      \
        for (int v = 0; v < VECTORS; v++) own[v] = *(const NAME(vector) *)(dy + (size_t)v * NAME(LANES));              \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            NAME(vector) *to = (NAME(vector) *)(sum + place[i] * stride);                                              \
            for (int v = 0; v < VECTORS; v++) part[v] = to[v] + value[i] * own[v];                                     \
            for (int v = 0; v < VECTORS; v++) to[v] = part[v];                                                         \
        }                                                                                                              \
    }
ADD_VECTORS(1)
ADD_VECTORS(2)
ADD_VECTORS(3)
ADD_VECTORS(4)
ADD_VECTORS(5)
ADD_VECTORS(6)
ADD_VECTORS(7)
ADD_VECTORS(8)
#undef ADD_VECTORS

static void NAME(add_row)(const REAL *value, const uint32_t *place, uint32_t count, const REAL *dy, REAL *sum,
                          size_t stride) {
    static void (*const add[])(const REAL *, const uint32_t *, uint32_t, const REAL *, REAL *,
                               size_t) = {NULL,
                                          NAME(add_vectors_1),
                                          NAME(add_vectors_2),
                                          NAME(add_vectors_3),
                                          NAME(add_vectors_4),
                                          NAME(add_vectors_5),
                                          NAME(add_vectors_6),
                                          NAME(add_vectors_7),
                                          NAME(add_vectors_8)};
    for (size_t c = 0, vectors; c < stride; c += vectors * NAME(LANES)) {
        size_t left = (stride - c) / NAME(LANES);
        vectors = left < 8 ? left : 8;
        add[vectors](value, place, count, dy + c, sum + c, stride);
    }
}

// dw, whose rows are `columns` apart, = or += sum, whose rows are `stride` apart.
static void NAME(put_sum)(const REAL *sum, size_t stride, uint32_t length, size_t columns, REAL *restrict dw,
                          bool add) {
    for (uint32_t i = 0; i < length; i++, dw += columns, sum += stride)
        if (add)
            NAME(add_times)(dw, sum, 1, columns);
        else
            memcpy(dw, sum, columns * sizeof *dw);
}

// Row by row, each number added where it belongs; first without the zeros, where relu has cut many. What is added up
// has rows of whole lines of the cache; what lies behind the columns there is of the next row, and is left out.
static bool NAME(product_by_row)(const struct sampling *s, const REAL *kept, const REAL *dy, size_t columns, REAL *dw,
                                 bool add, void *scratch) {
    struct places p;
    size_t stride = sampling_stride(columns);
    REAL *sum = aligned_line(scratch), *end = sum + s->length * stride, *value = end + stride;
    uint32_t *at = (uint32_t *)(void *)(value + s->kept);
    size_t all = (size_t)s->rows * s->kept;
    bool select = NAME(count_zeros)(kept, all) > all / 4;
    if (!places_begin(&p, s)) return false;
    memset(sum, 0, s->length * stride * sizeof *sum);
    for (uint32_t r = 0; r < s->rows; r++, dy += columns, kept += s->kept) {
        const REAL *from = kept;
        const uint32_t *place = places_next(&p);
        uint32_t count = s->kept;
        if (select) {
            count = 0;
            for (uint32_t i = 0; i < s->kept; i++) {
                value[count] = kept[i];
                at[count] = place[i];
                count += kept[i] != 0;
            }
            from = value, place = at;
        }
        bool last = (s->rows - r) * columns < stride; // nothing lies behind it
        if (last) memcpy(end, dy, columns * sizeof *dy);
        NAME(add_row)(from, place, count, last ? end : dy, sum, stride);
    }
    places_end(&p);
    NAME(put_sum)(sum, stride, s->length, columns, dw, add);
    return true;
}

enum { NAME(FIRST_CACHE) = 48 * 1024 };

// One sample for all rows: a small dense product, and its rows added where they belong. Else place by place.
static bool NAME(keep_product)(const struct sampling *s, const void *kept, const void *dy, size_t columns, void *dw,
                               bool add, void *scratch) {
    struct places p;
    REAL *out = dw, *small = scratch;
    if (!s->shared && s->length * sampling_stride(columns) * sizeof *out <= NAME(FIRST_CACHE))
        return NAME(product_by_row)(s, kept, dy, columns, dw, add, scratch);
    if (!s->shared) return NAME(product_by_place)(s, kept, dy, columns, dw, add, scratch);
    if (!places_begin(&p, s)) return false;
    const uint32_t *place = places_next(&p);
    if (!add) memset(dw, 0, s->length * columns * sizeof *out);
    NAME(product)(true, false, s->kept, columns, s->rows, 1, kept, dy, 0, small);
    for (uint32_t i = 0; i < s->kept; i++) NAME(add_times)(out + place[i] * columns, small + i * columns, 1, columns);
    places_end(&p);
    return true;
}

static bool NAME(keep_thin)(const struct sampling *s, const void *kept, const void *dy, struct thin_gradient *thin) {
    struct places p;
    REAL *row = thin->row;
    size_t columns = thin->columns;
    if (!places_begin(&p, s)) return false;
    const uint32_t *place = places_next(&p);
    memset(thin->slot, 0, thin->length * sizeof *thin->slot);
    NAME(product)(true, false, s->kept, columns, s->rows, 1, kept, dy, 0, row);
    for (uint32_t i = 0; i < s->kept; i++) {
        uint32_t *slot = &thin->slot[place[i]];
        if (*slot)
            NAME(add_times)(row + (*slot - 1) * columns, row + i * columns, 1, columns);
        else
            *slot = i + 1;
    }
    places_end(&p);
    return true;
}

static void NAME(thin_put)(const struct thin_gradient *thin, void *dw) {
    REAL *out = dw;
    const REAL *row = thin->row;
    for (size_t i = 0; i < thin->length; i++, out += thin->columns)
        if (thin->slot[i])
            memcpy(out, row + (thin->slot[i] - 1) * thin->columns, thin->columns * sizeof *out);
        else
            memset(out, 0, thin->columns * sizeof *out);
}

// What keep_conv works on: dy of an image with zeros around it and sixteen filters side by side, so that a kept number
// meets `side` such groups in a row; the kept numbers that are not zero, and where in that their first group is.
struct NAME(patches) {
    struct conv_size size;
    size_t height, width, groups; // of what is padded; groups of filters
    REAL *dy, *value, *sum;       // sum: channels x side x side x filters, padded
    uint32_t *at;
    uint32_t count;
};

static struct NAME(patches) NAME(patches_in)(struct conv_size z, uint32_t kept, void *scratch) {
    struct NAME(patches) p = {.size = z,
                              .height = z.height + z.side - 1,
                              .width = z.width + z.side - 1,
                              .groups = (z.filters + NAME(LANES) - 1) / NAME(LANES)};
    p.dy = scratch;
    p.sum = p.dy + p.groups * p.height * p.width * NAME(LANES);
    p.value = p.sum + p.groups * NAME(LANES) * z.channels * z.side * z.side;
    p.at = (uint32_t *)(void *)(p.value + kept);
    return p;
}

// 16 numbers of 16 rows, `stride` apart, turned into 16 times one of each row.
static void NAME(turn_square)(const REAL *from, size_t stride, REAL *to) {
    NAME(vector) a[NAME(LANES)], b[NAME(LANES)];
    for (int i = 0; i < NAME(LANES); i++) a[i] = *(const NAME(vector) *)(from + (size_t)i * stride);
        // Four times: rows i and i + 8 become neighbours, number by number.
#define INTERLEAVE(TO, FROM)                                                                                           \
    for (int i = 0; i < 8; i++) {                                                                                      \
        TO[2 * i] =                                                                                                    \
            __builtin_shufflevector(FROM[i], FROM[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);     \
        TO[2 * i + 1] = __builtin_shufflevector(FROM[i], FROM[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,    \
                                                14, 30, 15, 31);                                                       \
    }
    INTERLEAVE(b, a)
    INTERLEAVE(a, b)
    INTERLEAVE(b, a)
    INTERLEAVE(a, b)
#undef INTERLEAVE
    for (int i = 0; i < NAME(LANES); i++) *(NAME(vector) *)(to + (size_t)i * NAME(LANES)) = a[i];
}

// Numbers begin ... end of a row of dy, of up to 16 filters, side by side.
static void NAME(turn_row)(const REAL *dy, size_t plane, uint32_t filters, int64_t begin, int64_t end, REAL *to) {
    for (; filters == NAME(LANES) && begin + NAME(LANES) <= end; begin += NAME(LANES))
        NAME(turn_square)(dy + begin, plane, to + begin * NAME(LANES));
    for (; begin < end; begin++)
        for (uint32_t f = 0; f < filters; f++) to[begin * NAME(LANES) + f] = dy[f * plane + (size_t)begin];
}

// Row 0 and column 0 belong to place pad - side + 1 of dy; what lies outside is zero from the start.
static void NAME(patches_turn)(const struct NAME(patches) * p, const REAL *dy) {
    const struct conv_size *z = &p->size;
    int64_t shift = (int64_t)z->side - 1 - z->pad, begin = shift < 0 ? -shift : 0, end = (int64_t)p->width - shift;
    size_t plane = (size_t)z->out_height * z->out_width;
    if (end > z->out_width) end = z->out_width;
    for (size_t g = 0; g < p->groups; g++) {
        uint32_t first = (uint32_t)g * NAME(LANES), filters = z->filters - first;
        for (uint32_t i = 0; i < z->out_height; i++) {
            int64_t row = i + shift;
            if (row < 0 || row >= (int64_t)p->height) continue;
            REAL *to = p->dy + (g * p->height + (size_t)row) * p->width * NAME(LANES);
            NAME(turn_row)
            (dy + first * plane + (size_t)i * z->out_width, plane, filters < NAME(LANES) ? filters : NAME(LANES), begin,
             end, to + shift * NAME(LANES));
        }
    }
}

static void NAME(patches_take)(struct NAME(patches) * p, const REAL *kept, const uint32_t *place, uint32_t count) {
    uint32_t n = 0, width = p->size.width;
    for (uint32_t i = 0; i < count; i++) {
        p->value[n] = kept[i];
        p->at[n] = (place[i] / width * (uint32_t)p->width + place[i] % width) * NAME(LANES);
        n += kept[i] != 0; // relu has cut many
    }
    p->count = n;
}

// sum (side x 16) += of every kept number, its value times the `side` groups at its place of `dy`, the last first.
static inline __attribute__((always_inline)) void NAME(patches_row)(const struct NAME(patches) * p, const REAL *dy,
                                                                    uint32_t side, REAL *to, size_t step) {
    NAME(vector) sum[8] = {{0}};
    for (uint32_t i = 0; i < p->count; i++) {
        const REAL *from = dy + p->at[i], value = p->value[i];
        for (uint32_t t = 0; t < side; t++) sum[t] += value * *(const NAME(vector) *)(from + (size_t)t * NAME(LANES));
    }
    for (uint32_t t = 0; t < side; t++) *(NAME(vector) *)(to + (side - 1 - t) * step) += sum[t];
}

static void NAME(patches_channel)(const struct NAME(patches) * p, uint32_t channel) {
    uint32_t side = p->size.side;
    size_t step = p->groups * NAME(LANES);
    for (size_t g = 0; g < p->groups; g++)
        for (uint32_t u = 0; u < side; u++) {
            const REAL *dy = p->dy + (g * p->height + side - 1 - u) * p->width * NAME(LANES);
            REAL *to = p->sum + ((size_t)channel * side + u) * side * step + g * NAME(LANES);
            if (side == 5)
                NAME(patches_row)(p, dy, 5, to, step);
            else if (side == 3)
                NAME(patches_row)(p, dy, 3, to, step);
            else
                for (uint32_t t = 0; t < side; t++)
                    NAME(patches_row)(p, dy + (size_t)(side - 1 - t) * NAME(LANES), 1, to + t * step, step);
        }
}

static bool NAME(keep_conv)(const struct sampling *s, struct conv_size z, const void *kept, const void *dy, void *dw,
                            void *scratch) {
    struct places places;
    struct NAME(patches) p = NAME(patches_in)(z, s->kept, scratch);
    size_t taps = (size_t)z.channels * z.side * z.side, filters = p.groups * NAME(LANES);
    const REAL *value = kept, *in = dy;
    memset(p.dy, 0, (size_t)((char *)p.value - (char *)p.dy));
    bool ok = places_begin(&places, s);
    for (uint32_t b = 0; ok && b < z.images; b++, in += (size_t)z.filters * z.out_height * z.out_width) {
        NAME(patches_turn)(&p, in);
        for (uint32_t c = 0; c < z.channels; c++, value += s->kept) {
            NAME(patches_take)(&p, value, places_next(&places), s->kept);
            NAME(patches_channel)(&p, c);
        }
    }
    places_end(&places);
    REAL *out = dw;
    for (uint32_t f = 0; ok && f < z.filters; f++)
        for (size_t q = 0; q < taps; q++) *out++ += p.sum[q * filters + f];
    return ok;
}

// ---- projections --------------------------------------------------------------------------------------------------

// One R for all rows (length x kept): signs over the root of kept, 32 to a word.
static void NAME(signs)(const struct sampling *s, REAL *sign) {
    uint32_t word[4], block = 0;
    size_t count = (size_t)s->length * s->kept;
    REAL one = (REAL)(1 / sqrt((double)s->kept));
    for (size_t i = 0; i < count; i += 128) {
        rng_block(s->key, s->call, 0, block++, word);
        size_t end = count - i < 128 ? count - i : 128;
        for (size_t w = 0; w < end; w += 32)
            for (size_t j = w; j < (end < w + 32 ? end : w + 32); j++)
                sign[i + j] = (REAL)((int32_t)(word[w / 32] >> (j - w) & 1) * 2 - 1) * one;
    }
}

// kept = x R: a sum with signs is twice that of what has a plus, less the sum of all. x is filled up with zeros to
// whole words.
static void NAME(project_row)(const NAME(vector) * x, size_t words, const uint16_t *sign, REAL *kept, uint32_t count) {
    REAL one = (REAL)(1 / sqrt((double)count));
    NAME(vector) all = {0};
    for (size_t w = 0; w < words; w++) all += x[w];
    for (uint32_t k = 0; k < count; k++, sign += words) {
        NAME(vector) part[4] = {{0}};
        size_t w = 0;
        for (; w + 4 <= words; w += 4) {
            NAME(add_where)(&part[0], x + w, sign[w]);
            NAME(add_where)(&part[1], x + w + 1, sign[w + 1]);
            NAME(add_where)(&part[2], x + w + 2, sign[w + 2]);
            NAME(add_where)(&part[3], x + w + 3, sign[w + 3]);
        }
        for (; w < words; w++) NAME(add_where)(&part[0], x + w, sign[w]);
        NAME(vector) plus = (part[0] + part[1]) + (part[2] + part[3]), signed_sum = plus + plus - all;
        kept[k] = NAME(lanes_sum)(&signed_sum) * one;
    }
}

// x = kept R^T, whole words of it.
static void NAME(unproject_row)(NAME(vector) * x, size_t words, const uint16_t *sign, const REAL *kept,
                                uint32_t count) {
    REAL one = (REAL)(1 / sqrt((double)count)), all = 0;
    for (uint32_t k = 0; k < count; k++) all += kept[k];
    size_t w = 0;
    for (; w + 4 <= words; w += 4) {
        NAME(vector) part[4] = {{0}};
        for (uint32_t k = 0; k < count; k++) {
            NAME(vector) same = (NAME(vector)){0} + kept[k];
            const uint16_t *word = sign + k * words + w;
            NAME(add_where)(&part[0], &same, word[0]);
            NAME(add_where)(&part[1], &same, word[1]);
            NAME(add_where)(&part[2], &same, word[2]);
            NAME(add_where)(&part[3], &same, word[3]);
        }
        for (size_t i = 0; i < 4; i++) x[w + i] = (part[i] + part[i] - all) * one;
    }
    for (; w < words; w++) {
        NAME(vector) part = {0};
        for (uint32_t k = 0; k < count; k++) {
            NAME(vector) same = (NAME(vector)){0} + kept[k];
            NAME(add_where)(&part, &same, sign[k * words + w]);
        }
        x[w] = (part + part - all) * one;
    }
}

static void NAME(project)(const struct sampling *s, const void *x, void *kept, void *scratch) {
    if (s->shared) {
        NAME(signs)(s, scratch);
        NAME(product)(false, false, s->rows, s->kept, s->length, 1, x, scratch, 0, kept);
        return;
    }
    struct signs signs;
    size_t words = signs_words(s);
    REAL *row = scratch;
    memset(row, 0, words * SIGNS * sizeof *row);
    signs_begin(&signs, s, row + words * SIGNS);
    for (uint32_t r = 0; r < s->rows; r++) {
        memcpy(row, (const REAL *)x + (size_t)r * s->length, s->length * sizeof *row);
        NAME(project_row)(scratch, words, signs_next(&signs), (REAL *)kept + (size_t)r * s->kept, s->kept);
    }
}

static void NAME(unproject)(const struct sampling *s, const void *kept, void *x, void *scratch) {
    if (s->shared) {
        NAME(signs)(s, scratch);
        NAME(product)(false, true, s->rows, s->length, s->kept, 1, kept, scratch, 0, x);
        return;
    }
    struct signs signs;
    size_t words = signs_words(s);
    REAL *row = scratch;
    signs_begin(&signs, s, row + words * SIGNS);
    for (uint32_t r = 0; r < s->rows; r++) {
        NAME(unproject_row)(scratch, words, signs_next(&signs), (const REAL *)kept + (size_t)r * s->kept, s->kept);
        memcpy((REAL *)x + (size_t)r * s->length, row, s->length * sizeof *row);
    }
}

// dw += R ((x R)^T dy): smaller than through R (x R)^T.
static void NAME(project_product)(const struct sampling *s, const void *kept, const void *dy, size_t columns, void *dw,
                                  void *scratch) {
    REAL *small = scratch, *sign = small + (size_t)s->kept * columns;
    NAME(product)(true, false, s->kept, columns, s->rows, 1, kept, dy, 0, small);
    NAME(signs)(s, sign);
    NAME(product)(false, false, s->length, columns, s->kept, 1, sign, small, 1, dw);
}

// ---- the optimizer ------------------------------------------------------------------------------------------------

// g: NULL if it is zero.
static inline __attribute__((always_inline)) void NAME(adam_run)(const struct adam *a, REAL *restrict x,
                                                                 const REAL *restrict g, REAL *restrict m,
                                                                 REAL *restrict v, size_t count) {
    const REAL b1 = (REAL)a->beta1, b2 = (REAL)a->beta2, c1 = (REAL)(1 - a->beta1), c2 = (REAL)(1 - a->beta2);
    const REAL decay = (REAL)a->decay, rate = (REAL)a->rate, scale = (REAL)a->scale, tiny = (REAL)a->epsilon;
    for (size_t i = 0; i < count; i++) {
        REAL d = g ? g[i] + decay * x[i] : decay * x[i];
        m[i] = b1 * m[i] + c1 * d;
        v[i] = b2 * v[i] + c2 * d * d;
        x[i] -= rate * m[i] / (SQRT(v[i]) * scale + tiny);
    }
}

static void NAME(adam)(const struct adam *a, void *value, const void *gradient, void *first, void *second,
                       size_t count) {
    NAME(adam_run)(a, value, gradient, first, second, count);
}

static void NAME(adam_of_zero)(const struct adam *a, REAL *x, REAL *m, REAL *v, size_t count) {
    NAME(adam_run)(a, x, NULL, m, v, count);
}

// Rows of zeros that lie together in one go: their gradient is neither written nor read.
static void NAME(adam_thin)(const struct adam *a, void *value, const struct thin_gradient *g, void *first,
                            void *second) {
    REAL *x = value, *m = first, *v = second;
    const REAL *row = g->row;
    size_t zeros = 0, columns = g->columns;
    for (size_t i = 0; i <= g->length; i++) {
        if (i < g->length && !g->slot[i]) {
            zeros++;
            continue;
        }
        size_t at = (i - zeros) * columns;
        if (zeros) NAME(adam_of_zero)(a, x + at, m + at, v + at, zeros * columns);
        at = i * columns;
        zeros = 0;
        if (i < g->length) NAME(adam)(a, x + at, row + (g->slot[i] - 1) * columns, m + at, v + at, columns);
    }
}

const struct kernels TABLE = {.size = sizeof(REAL),
                              .product = NAME(product),
                              .turn = NAME(turn),
                              .fill = NAME(fill),
                              .add = NAME(add),
                              .scale = NAME(scale),
                              .add_along = NAME(add_along),
                              .sum_along = NAME(sum_along),
                              .relu = NAME(relu),
                              .relu_along = NAME(relu_along),
                              .relu_rows = NAME(relu_rows),
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
                              .keep_thin = NAME(keep_thin),
                              .thin_put = NAME(thin_put),
                              .keep_conv = NAME(keep_conv),
                              .project = NAME(project),
                              .unproject = NAME(unproject),
                              .project_product = NAME(project_product),
                              .adam = NAME(adam),
                              .adam_thin = NAME(adam_thin)};
