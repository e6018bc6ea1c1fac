/* A main module whose table of functions cannot grow: kernels are interpreted, and nothing is lost. */

#include <emscripten.h>
#include <stdlib.h>

#include "../c-tests/check.h"
#include "miniexpr.h"
#include "resources.h"

EM_JS(int, warnings, (void), { return globalThis.__meJitWarningCount || 0; });

static void kernels_are_interpreted(void) {
    const double x[4] = {0, 1, 2, 3};
    const void *inputs[] = {x};
    me_variable variables[] = {{.name = "x", .dtype = ME_FLOAT64}};
    resources before = resources_now();
    for (int attempt = 0; attempt < 10000; attempt++) {
        if (attempt == 500) {
            before = resources_now();
        }
        double out[4] = {0};
        me_expr *expr = NULL;
        CHECK(me_compile("def kernel(x):\n    return sqrt(x * x) + 5", variables, 1, ME_FLOAT64, NULL,
                         &expr) == ME_COMPILE_SUCCESS);
        CHECK(!me_expr_has_jit_kernel(expr));
        CHECK(me_eval(expr, inputs, 1, out, 4, NULL) == ME_EVAL_SUCCESS);
        CHECK(out[0] == 5 && out[3] == 8);
        me_free(expr);
    }
    CHECK(!resources_grew(before));
    CHECK(warnings() == 0);
}

int main(void) {
    setenv("ME_DSL_TRACE", "0", 1);
    RUN(kernels_are_interpreted);
    return RESULT();
}
