/*
 * The helpers of a main module: Emscripten puts the glue script from here into the program's JavaScript.
 * Nothing has to be registered.
 */

#include <emscripten.h>

/* Of the build: ME_JIT_GLUE is the text of embedded_glue.js, with the glue script in it. */
#include "embedded_glue_text.h"

#ifdef EM_JS_DEPS
/* Later versions of Emscripten than 3.1.6 leave out functions of JavaScript that nobody names. */
EM_JS_DEPS(me_jit_glue,
           "$addFunction,$removeFunction,$stackSave,$stackAlloc,$stackRestore,$lengthBytesUTF8,$stringToUTF8");
#endif

/* EM_JS would let the preprocessor rewrite the script; this macro, its base, takes a text. */
_EM_JS(int, me_jit_glue_instantiate_js, me_jit_glue_instantiate_js,
       (const unsigned char *bytes, int length, int lookup, int reports),
       "{ const instantiate = " ME_JIT_GLUE " return instantiate(bytes, length, lookup, reports); }")

EM_JS(void, me_jit_glue_free_js, (int index), {
    Module.meJitGlue["_meJitFreeFn"]({ removeFunction }, index);
})

/* Functions of C, by which this file is found in the library. */

int me_jit_glue_instantiate(const unsigned char *bytes, int length, int lookup, int reports);
void me_jit_glue_free(int index);

int me_jit_glue_instantiate(const unsigned char *bytes, int length, int lookup, int reports) {
    return me_jit_glue_instantiate_js(bytes, length, lookup, reports);
}

void me_jit_glue_free(int index) {
    me_jit_glue_free_js(index);
}
