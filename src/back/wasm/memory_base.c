/*
 * The address at which the module that this file is linked into has its data. A program that is linked
 * statically is its own module, at 0; Emscripten's dynamic linker gives the modules that it links,
 * the main module among them, another address.
 */

#include <stdint.h>

uintptr_t me_jit_memory_base(void);

uintptr_t me_jit_memory_base(void) {
    uintptr_t base;
    __asm__(".globaltype __memory_base, i32, immutable\n"
            "global.get __memory_base\n"
            "local.set %0"
            : "=r"(base));
    return base;
}
