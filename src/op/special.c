#include "op/special.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

double special_gamma(double x) { return tgamma(x); }

double special_lgamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

// ---- digamma ------------------------------------------------------------------------------------------------------
// In long double, whose eleven more bits (on x86; more elsewhere) absorb the rounding errors of a dozen steps.

// Taylor series around the positive zero x0 = root + root_rest, so that the relative error stays small there:
// coefficients are polygamma(k, x0) / k!, computed with 50 digits.
static const long double root = 0x1.762d86356be3fp+0L, root_rest = 9.549995429965697715184199e-17L;
static const long double taylor[] = {
    0.9676722454476211704274L,     -0.4427631689835921060929L,    0.2584997609556510106244L,
    -0.1639427054424065275043L,    0.1078240506912623657572L,     -0.07219956125645471092612L,
    0.04880428816414310722509L,    -0.03316112647484735929226L,   0.02259764823221810465962L,
    -0.0154247659049489591388L,    0.01053879161661217538812L,    -0.00720453438635686824097L,
    0.004926781395729853446354L,   -0.003369801655439328082793L,  0.002305126326734927836938L,
    -0.001576936771430197259271L,  0.001078825201916296580692L,   -0.000738070938996005129566L,
    0.0005049532658346020351774L,  -0.0003454680251063076995556L, 0.0002363560156402705279237L,
    -0.0001617062209197480344936L, 0.0001106337276874741090409L,  -0.00007569179582195065919238L,
    0.00005178575795222080868993L, -0.0000354300709476596063157L,
};

static long double digamma_near_root(long double x) {
    long double distance = (x - root) - root_rest, sum = 0;
    for (size_t k = sizeof taylor / sizeof *taylor; k-- > 0;) sum = sum * distance + taylor[k];
    return sum * distance;
}

// Abramowitz and Stegun 6.3.18, for x >= 16: the first term left out is below 3e-20.
static long double digamma_asymptotic(long double x) {
    static const long double bernoulli[] = {1 / 12.0L,  -1 / 120.0L,     1 / 252.0L, -1 / 240.0L,
                                            1 / 132.0L, -691 / 32760.0L, 1 / 12.0L};
    long double z = 1 / x / x, sum = 0;
    for (size_t k = sizeof bernoulli / sizeof *bernoulli; k-- > 0;) sum = (sum + bernoulli[k]) * z;
    return logl(x) - 0.5L / x - sum;
}

static long double digamma_positive(long double x) {
    if (x > 1.2L && x < 1.75L) return digamma_near_root(x);
    long double shift = 0;
    for (; x < 16; x += 1) shift += 1 / x; // digamma(x) = digamma(x + 1) - 1/x
    return digamma_asymptotic(x) - shift;
}

double special_digamma(double x) {
    if (isnan(x) || x == -INFINITY || (x <= 0 && x == floor(x))) return NAN;
    if (x == INFINITY) return x;
    if (x > 0) return (double)digamma_positive(x);
    const long double pi = 3.141592653589793238462643383279502884L;
    long double fraction = (long double)x - roundl(x); // exact; the tangent has period 1 in x
    return (double)(digamma_positive(1 - (long double)x) - pi / tanl(pi * fraction));
}

// Where gamma is subnormal it has few digits, but beside a pole its slope may be a normal number: there gamma is
// taken 30 steps to the right and divided down, with the large factor digamma in first.
double special_gamma_slope(double x, double y) {
    double digamma = special_digamma(x);
    if (x > -170 || x < -210) return y * digamma;
    long double slope = (long double)tgamma(x + 30) * digamma;
    for (int k = 29; k >= 0; k--) slope /= x + k;
    return (double)slope;
}

// ---- hypot and pow ------------------------------------------------------------------------------------------------

double special_hypot_partial(double a, double b) {
    double larger = fmax(fabs(a), fabs(b));
    if (isnan(a) || isnan(b) || isinf(larger)) return a / hypot(a, b);
    if (larger == 0) return 0;
    int exponent = ilogb(larger);
    a = scalbn(a, -exponent);
    return a / hypot(a, scalbn(b, -exponent));
}

// b |a|^(b - 1) by way of u = |a|^(b/2), which is in range where the result is.
static double pow_by_base_split(double a, double b) {
    double size = fabs(a), u = pow(size, b / 2);
    bool even = fmod(b, 2) == 0;
    return b * u / size * u * (a < 0 && even ? -1 : 1);
}

double special_pow_by_base(double a, double b) {
    if (b == 0) return 0;
    if (a == 0 || isinf(a) || isinf(b)) return b * pow(a, b - 1);
    if (a < 0 && b != floor(b)) return NAN;
    return pow_by_base_split(a, b);
}

double special_pow_by_exponent(double a, double b) {
    if (a < 0 || isnan(a) || isnan(b)) return NAN;
    if (a == 0) return b < 0 ? -INFINITY : 0;
    double u = pow(a, b / 2);
    return u * log(a) * u;
}
