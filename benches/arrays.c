/* The loop `a * b + c` with stores past the caches, by one thread or several: the yardstick for large arrays.
 */

#include <pthread.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef struct {
    const double *a, *b, *c;
    double *out;
    long first, last;
} part;

static void *run(void *argument) {
    const part *p = argument;
    long i = p->first;
#if defined(__AVX512F__)
    for (; i < p->last && ((uintptr_t)(p->out + i) & 63); i++)
        p->out[i] = p->a[i] * p->b[i] + p->c[i];
    for (; i + 8 <= p->last; i += 8) {
        __m512d product = _mm512_mul_pd(_mm512_loadu_pd(p->a + i), _mm512_loadu_pd(p->b + i));
        _mm512_stream_pd(p->out + i, _mm512_add_pd(product, _mm512_loadu_pd(p->c + i)));
    }
    _mm_sfence();
#elif defined(__AVX__)
    for (; i < p->last && ((uintptr_t)(p->out + i) & 31); i++)
        p->out[i] = p->a[i] * p->b[i] + p->c[i];
    for (; i + 4 <= p->last; i += 4) {
        __m256d product = _mm256_mul_pd(_mm256_loadu_pd(p->a + i), _mm256_loadu_pd(p->b + i));
        _mm256_stream_pd(p->out + i, _mm256_add_pd(product, _mm256_loadu_pd(p->c + i)));
    }
    _mm_sfence();
#endif
    for (; i < p->last; i++)
        p->out[i] = p->a[i] * p->b[i] + p->c[i];
    return NULL;
}

void streamed_fma(const double *a, const double *b, const double *c, double *out, long n, int threads) {
    pthread_t others[16];
    part parts[16];
    for (int t = 0; t < threads && t < 16; t++) {
        parts[t] = (part){a, b, c, out, n / threads * t, t == threads - 1 ? n : n / threads * (t + 1)};
        if (t > 0)
            pthread_create(&others[t], NULL, run, &parts[t]);
    }
    run(&parts[0]);
    for (int t = 1; t < threads; t++)
        pthread_join(others[t], NULL);
}
