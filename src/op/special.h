// Functions that the C library lacks, or that need care at the ends of their range.
#ifndef BAUER_OP_SPECIAL_H
#define BAUER_OP_SPECIAL_H

double special_gamma(double x);
double special_lgamma(double x); // as lgamma, without its global variable

// The derivative of lgamma. Relative error a few ulp, except near its negative zeros, where the absolute error is
// about 1e-18 times the logarithm of |x|. NaN at 0 and negative whole numbers.
double special_digamma(double x);
// The derivative of gamma, from y = gamma(x).
double special_gamma_slope(double x, double y);

double special_hypot_partial(double a, double b); // a / hypot(a, b); 0 at (0, 0)
// Partials of a**b where a is zero or infinite or a**b is not a normal number. 0**b with b >= 0 has the derivative 0
// by b, as in PyTorch; a negative a has none (NaN).
double special_pow_by_base(double a, double b);
double special_pow_by_exponent(double a, double b);

#endif
