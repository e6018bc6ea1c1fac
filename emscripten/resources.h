/* What kernels take of a program, to be compared before and after. */

#ifndef RESOURCES_H
#define RESOURCES_H

#include <emscripten.h>
#include <malloc.h>

/* Entries of the function table, and bytes of the memory. */
EM_JS(int, table_size, (void), { return wasmTable.length; });
EM_JS(int, memory_size, (void), { return HEAPU8.length; });

/* What must not grow: entries of the function table, bytes of the memory, and those that are allocated. */
typedef struct {
    int table, memory;
    size_t allocated;
} resources;

static inline resources resources_now(void) {
    return (resources){table_size(), memory_size(), mallinfo().uordblks};
}

/* Whether they grew over thousands of kernels: the allocator's blocks vary by some bytes, a word that each
   kernel leaves behind is more. */
static inline int resources_grew(resources before) {
    resources now = resources_now();
    const size_t variation = 16384;
    return now.table > before.table || now.memory > before.memory ||
           now.allocated > before.allocated + variation;
}

#endif
