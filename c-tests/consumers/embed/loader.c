/* Loads the extension module named by the argument and calls it. */

#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
    void *module = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
    int (*evaluate)(int) = module ? (int (*)(int))dlsym(module, "extension_evaluate") : NULL;
    if (evaluate == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    return evaluate(20) == 41 ? 0 : 1;
}
