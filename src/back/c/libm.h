/* Functions of the C library, and what it lacks. */
extern double acos(double), acosh(double), asin(double), asinh(double), atan(double), atanh(double);
extern double cbrt(double), cos(double), cosh(double), erf(double), erfc(double), exp(double), exp2(double);
extern double expm1(double), lgamma(double), log(double), log10(double), log1p(double), log2(double);
extern double sin(double), sinh(double), tan(double), tanh(double), tgamma(double);
extern double atan2(double, double), fdim(double, double), fmax(double, double), fmin(double, double);
extern double hypot(double, double), ldexp(double, int), pow(double, double);

static double me_jit_exp10(double x) { return pow(10.0, x); }
static double me_jit_sinpi(double x) { return sin(3.14159265358979323846 * x); }
static double me_jit_cospi(double x) { return cos(3.14159265358979323846 * x); }
static double me_jit_logaddexp(double a, double b) {
    const double hi = a > b ? a : b, lo = a > b ? b : a;
    return a == b ? a + log1p(1.0) : hi + log1p(exp(lo - hi));
}
static double me_jit_ldexp(double x, double n) {
    return ldexp(x, n > -100000.0 && n < 100000.0 ? (int)n : n < 0.0 ? -100000 : n > 0.0 ? 100000 : 0);
}
/* x to the whole power n by squaring, with the errors of the products; where they may leave the range of
   exponents, by those of the mantissa. */
static double me_products(double x, double n, double *low) {
    double power = 1.0, base = x, base_low = 0.0;
    int count = (int)__builtin_fabs(n);
    *low = 0.0;
    if (n < 0.0) {
        base = 1.0 / x;
        base_low = __builtin_fma(base, -x, 1.0) * base;
    }
    for (;;) {
        if (count % 2 == 1) {
            const double product = power * base, error = __builtin_fma(power, base, -product);
            *low = __builtin_fma(*low, base, __builtin_fma(power, base_low, error));
            power = product;
        }
        count /= 2;
        if (count == 0) return power;
        const double square = base * base, error = __builtin_fma(base, base, -square);
        base_low = __builtin_fma(base_low, base, __builtin_fma(base, base_low, error));
        base = square;
    }
}
static double me_jit_powi(double x, double n) {
    double low, power = me_products(x, n, &low);
    const double size = __builtin_fabs(power);
    if (size > 0x1p-900 && size < 0x1p900) return power + low;
    if (x == 0.0 || !(__builtin_fabs(x) < __builtin_inf())) return power;
    const int is_subnormal = __builtin_fabs(x) < 0x1p-1022;
    union {
        double value;
        uint64_t bits;
    } mantissa = {is_subnormal ? x * 0x1p54 : x};
    const int exponent = (int)(mantissa.bits >> 52 & 2047) - 1023;
    mantissa.bits -= (uint64_t)exponent << 52;
    power = me_products(mantissa.value, n, &low);
    return ldexp(power + low, (is_subnormal ? exponent - 54 : exponent) * (int)n);
}
static double me_jit_fac(double x) {
    uint64_t product = 1;
    if (!(x >= 0.0)) return __builtin_nan("");
    if (x >= 21.0) return __builtin_inf();
    for (uint64_t i = 2; i <= (uint64_t)x; i++) product *= i;
    return (double)product;
}
static double me_jit_ncr(double n, double r) {
    if (!(n >= 0.0 && r >= 0.0 && n >= r)) return __builtin_nan("");
    if (n > 4294967295.0) return __builtin_inf();
    const uint64_t all = (uint64_t)n, few = (uint64_t)r < all - (uint64_t)r ? (uint64_t)r : all - (uint64_t)r;
    uint64_t chosen = 1;
    for (uint64_t i = 1; i <= few; i++) {
        if (__builtin_mul_overflow(chosen, all - few + i, &chosen)) return __builtin_inf();
        chosen /= i;
    }
    return (double)chosen;
}
static double me_jit_npr(double n, double r) { return me_jit_ncr(n, r) * me_jit_fac(r); }

/* The quotient rounded down, and its remainder with the sign of the divisor. */
static double me_jit_floor_mod(double a, double b) {
    const double rest = __builtin_fmod(a, b);
    if (rest == 0) return b == 0 ? rest : __builtin_copysign(0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}
static double me_jit_floor_divide(double a, double b) {
    if (b == 0) return a / b;
    const double rest = __builtin_fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
    if (quotient == 0) return __builtin_copysign(0, a / b);
    const double whole = __builtin_floor(quotient);
    return quotient - whole > (double)0.5 ? whole + 1 : whole;
}
static float me_jit_floor_modf(float a, float b) {
    const float rest = __builtin_fmodf(a, b);
    if (rest == 0) return b == 0 ? rest : __builtin_copysignf(0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}
static float me_jit_floor_dividef(float a, float b) {
    if (b == 0) return a / b;
    const float rest = __builtin_fmodf(a, b);
    float quotient = (a - rest) / b;
    if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
    if (quotient == 0) return __builtin_copysignf(0, a / b);
    const float whole = __builtin_floorf(quotient);
    return quotient - whole > (float)0.5 ? whole + 1 : whole;
}
