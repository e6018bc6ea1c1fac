
#define me_jit_vec_exp_f64(a, out, n) __me_context->call(__me_context, 0, out, a, 0, 0, n)

/*
 * s = 0;
 * for i in range(0, x, 1) {
 *     if (((bool)(fmod(i, 2) == 0)) != (bool)0) {
 *         s = s + (exp(x) * i);
 *     } else if (((bool)(s > 100)) != (bool)0) {
 *         return (double)(s);
 *     }
 * }
 * return (double)(s);
 */
static inline int __me_item(const struct me_context *__me_context, double *__me_out, int64_t *__me_left, double p0) {
    double l0 = 0;
    int64_t l1 = 0;
    const double t0 = 0e0;
    l0 = t0;
    const int64_t t1 = 0LL;
    const double t3 = p0;
    const int64_t t4 = me_to_int64(t3);
    const int64_t t2 = 1LL;
    for (int64_t n0 = t1; n0 < t4; n0++) {
        if (--*__me_left < 0 && (*__me_left = __me_context->refill(__me_context, *__me_left)) < 0) return ME_STOPPED;
        l1 = n0;
        const double t7 = 2e0;
        const int64_t t5 = l1;
        const double t6 = (double)t5;
        const double t8 = (double)__builtin_fmod(t6, t7);
        const bool t9 = t8 == t0;
        if (t9) {
            const int64_t t12 = l1;
            const double t13 = (double)t12;
            double t11;
            me_jit_vec_exp_f64(&t3, &t11, 1);
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
}

int me_dsl_jit_kernel(const void **__me_inputs, void *__me_output, int64_t __me_nitems) {
    if (!__me_output || !__me_inputs || __me_nitems < 0) return -1;
    const double *__me_in_x = (const double *)__me_inputs[0];
    const struct me_context *__me_context = (const struct me_context *)__me_inputs[1];
    double *__me_outp = (double *)__me_output;
    struct me_count *const __me_passes = __me_context->count;
    const bool __me_is_capped = __me_passes->cap != (uint64_t)-1;
    int64_t __me_passes_left = __me_passes->left;
#pragma GCC ivdep
    for (int64_t __me_idx = 0; __me_idx < __me_nitems; __me_idx++) {
        if (__me_is_capped) __me_passes_left = me_count_anew(__me_passes, __me_passes_left);
        double __me_result;
        const int __me_status = __me_item(__me_context, &__me_result, &__me_passes_left, __me_in_x[__me_idx]);
        if (__me_status) return __me_status;
        __me_outp[__me_idx] = __me_result;
    }
    __me_passes->left = __me_passes_left;
    return 0;
}
