/* Eight threads share one expression; each also compiles, and sees its own error message only. */

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "miniexpr.h"

#define THREADS 8
#define ITEMS 10000

typedef struct {
    const me_expr *shared;
    int number;
    int wrong;
} job;

static void *work(void *argument) {
    job *job = argument;
    static _Thread_local double a[ITEMS], b[ITEMS], result[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        a[i] = job->number + i * 0.001;
        b[i] = i * 0.002 - job->number;
    }
    const void *inputs[] = {a, b};
    me_variable variables[] = {{"a", ME_FLOAT64}};
    for (int round = 0; round < 20; round++) {
        me_expr *own = NULL;
        const char *text = job->number % 2 ? "a +" : "a * 2";
        int compiled = me_compile(text, variables, 1, ME_AUTO, NULL, &own);
        job->wrong += me_eval(job->shared, inputs, 2, result, ITEMS, NULL) != ME_EVAL_SUCCESS;
        for (int i = 0; i < ITEMS; i++) {
            job->wrong += fabs(result[i] - sqrt(a[i] * a[i] + b[i] * b[i])) > 1e-10;
        }
        job->wrong += (compiled != ME_COMPILE_SUCCESS) != (me_get_last_error_message() != NULL);
        job->wrong += (compiled != ME_COMPILE_SUCCESS) != job->number % 2;
        me_free(own);
    }
    return NULL;
}

static void threads_share_an_expression(void) {
    me_variable variables[] = {{"a", ME_FLOAT64}, {"b", ME_FLOAT64}};
    me_expr *expr = NULL;
    pthread_t threads[THREADS];
    job jobs[THREADS];
    CHECK(me_compile("sqrt(a*a + b*b)", variables, 2, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (job){expr, i, 0};
        CHECK(pthread_create(&threads[i], NULL, work, &jobs[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(jobs[i].wrong == 0);
    }
    me_free(expr);
}

int main(void) {
    RUN(threads_share_an_expression);
    return RESULT();
}
