/*
 * Keeps a library that was built for one thread out of programs of Emscripten with several: the partial link
 * loses the mark by which the linker tells, so this object, which is linked as it is, has one. The compiler
 * leaves it where it makes plain memory of what is local to a thread.
 */

#ifdef MINIEXPR_REFERENCE
/* Linked into the library's object, so that this file is part of each program. */
int miniexpr_without_threads(void);
int miniexpr_needs_one_thread(void);

int miniexpr_needs_one_thread(void) {
    return miniexpr_without_threads();
}
#else
static _Thread_local int calls;

int miniexpr_without_threads(void);

int miniexpr_without_threads(void) {
    return ++calls;
}
#endif
