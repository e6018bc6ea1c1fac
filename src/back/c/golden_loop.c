
static inline int __me_item(int64_t __me_cap, double *__me_out, double p0) {
    double l0 = 0;
    int64_t l1 = 0;
    const double t0 = 0e0;
    l0 = t0;
    const int64_t t1 = 0LL;
    const double t3 = p0;
    const int64_t t4 = me_to_int64(t3);
    const int64_t t2 = 1LL;
    if (t2 == 0) return ME_ZERO_STEP;
    for (int64_t n0 = t1, m0 = 1; m0 && (t2 > 0 ? n0 < t4 : n0 > t4); m0 = !__builtin_add_overflow(n0, t2, &n0)) {
        l1 = n0;
        const double t7 = 2e0;
        const int64_t t5 = l1;
        const double t6 = (double)t5;
        const double t8 = (double)me_dsl_jit_bridge->binary(0, t6, t7); /* fmod */
        const bool t9 = t8 == t0;
        if (t9) {
            const int64_t t12 = l1;
            const double t13 = (double)t12;
            const double t11 = (double)me_dsl_jit_bridge->unary(2, t3); /* exp */
            const double t14 = t11 * t13;
            const double t10 = l0;
            const double t15 = t10 + t14;
            l0 = t15;
        } else {
            const double t17 = 1e2;
            const double t16 = l0;
            const bool t18 = t16 > t17;
            if (t18) {
                const double t19 = l0;
                *__me_out = t19;
                return 0;
            } else {
            }
        }
    }
    const double t20 = l0;
    *__me_out = t20;
    return 0;
    return ME_NO_RESULT;
}

int me_dsl_jit_kernel(const void **__me_inputs, void *__me_output, int64_t __me_nitems) {
    if (!__me_output || !__me_inputs || __me_nitems < 0) return -1;
    const double *__me_in0 = (const double *)__me_inputs[0];
    const int64_t __me_cap = *(const int64_t *)__me_inputs[1];
    double *__me_outp = (double *)__me_output;
    for (int64_t __me_idx = 0; __me_idx < __me_nitems; __me_idx++) {
        double __me_result = 0;
        const int __me_status = __me_item(__me_cap, &__me_result, __me_in0[__me_idx]);
        if (__me_status) return __me_status;
        __me_outp[__me_idx] = __me_result;
    }
    return 0;
}
