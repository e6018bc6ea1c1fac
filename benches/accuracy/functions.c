/* The functions in more precision than those they judge: in double for float32, in long double for float64.
 */

#define _GNU_SOURCE
#include <float.h>
#include <math.h>
#include <stddef.h>

#if LDBL_MANT_DIG < 64
#error "long double must be more precise than double"
#endif

typedef long double wide;

/* x = n/2 + rest, and n modulo 4: both exact. */
static wide half_turns(wide x, int *quadrant) {
    wide turn = fmodl(x, 2.0L);
    wide n = rintl(2.0L * turn);
    *quadrant = (int)n & 3;
    return (turn - 0.5L * n) * 3.14159265358979323846264338327950288L;
}

static wide sine(wide angle, int quadrant) {
    wide y = quadrant & 1 ? cosl(angle) : sinl(angle);
    return quadrant & 2 ? -y : y;
}

static wide sinpi_wide(wide x) {
    int quadrant;
    wide angle = half_turns(x, &quadrant);
    return isfinite(x) ? sine(angle, quadrant) : NAN;
}

static wide cospi_wide(wide x) {
    int quadrant;
    wide angle = half_turns(x, &quadrant);
    return isfinite(x) ? sine(angle, (quadrant + 1) & 3) : NAN;
}

static double sinpi_double(double x) {
    return (double)sinpi_wide(x);
}

static double cospi_double(double x) {
    return (double)cospi_wide(x);
}

static double lgamma_double(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

static wide lgamma_wide(wide x) {
    int sign;
    return lgammal_r(x, &sign);
}

#define UNARY(name, narrow, function)                                                                        \
    void name##_double(const double *a, const double *b, double *y, size_t n) {                              \
        (void)b;                                                                                             \
        for (size_t i = 0; i < n; i++)                                                                       \
            y[i] = narrow(a[i]);                                                                             \
    }                                                                                                        \
    void name##_wide(const double *a, const double *b, wide *y, size_t n) {                                  \
        (void)b;                                                                                             \
        for (size_t i = 0; i < n; i++)                                                                       \
            y[i] = function(a[i]);                                                                           \
    }

#define BINARY(name, narrow, function)                                                                       \
    void name##_double(const double *a, const double *b, double *y, size_t n) {                              \
        for (size_t i = 0; i < n; i++)                                                                       \
            y[i] = narrow(a[i], b[i]);                                                                       \
    }                                                                                                        \
    void name##_wide(const double *a, const double *b, wide *y, size_t n) {                                  \
        for (size_t i = 0; i < n; i++)                                                                       \
            y[i] = function(a[i], b[i]);                                                                     \
    }

#define SAME_NAME(name) UNARY(reference_##name, name, name##l)

SAME_NAME(sqrt)
SAME_NAME(cbrt)
SAME_NAME(exp)
SAME_NAME(exp2)
SAME_NAME(exp10)
SAME_NAME(expm1)
SAME_NAME(log)
SAME_NAME(log2)
SAME_NAME(log10)
SAME_NAME(log1p)
SAME_NAME(sin)
SAME_NAME(cos)
SAME_NAME(tan)
SAME_NAME(asin)
SAME_NAME(acos)
SAME_NAME(atan)
SAME_NAME(sinh)
SAME_NAME(cosh)
SAME_NAME(tanh)
SAME_NAME(asinh)
SAME_NAME(acosh)
SAME_NAME(atanh)
SAME_NAME(erf)
SAME_NAME(erfc)
SAME_NAME(tgamma)
UNARY(reference_sinpi, sinpi_double, sinpi_wide)
UNARY(reference_cospi, cospi_double, cospi_wide)
UNARY(reference_lgamma, lgamma_double, lgamma_wide)
BINARY(reference_pow, pow, powl)
BINARY(reference_atan2, atan2, atan2l)
BINARY(reference_hypot, hypot, hypotl)

/* The distances of got from want in units in the last place of want. Beyond the range of double, want counts
   as the first power of two there, and so does an infinite result. */
void errors_of(const wide *want, const double *got, double *errors, size_t n) {
    const wide limit = 0x1p1024L;
    for (size_t i = 0; i < n; i++) {
        wide y = want[i], x = got[i];
        if (isnan(y) || isnan(x)) {
            errors[i] = isnan(y) && isnan(x) ? 0.0 : INFINITY;
            continue;
        }
        if (fabsl(y) >= limit && isfinite(x)) {
            errors[i] = INFINITY;
            continue;
        }
        if (fabsl(y) > limit)
            y = copysignl(limit, y);
        if (isinf(x))
            x = copysignl(limit, x);
        int exponent;
        frexpl(y, &exponent);
        if (exponent < -1021)
            exponent = -1021;
        if (exponent > 1024)
            exponent = 1024;
        errors[i] = (double)ldexpl(fabsl(x - y), 53 - exponent);
    }
}
