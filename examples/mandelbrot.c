/*
 * The Mandelbrot set as a picture in the PGM format.
 *
 *     mandelbrot mandelbrot.pgm
 *
 * The kernel needs no input: index symbols tell each item its row and column. A point leaves the
 * loop by itself as soon as it is known to escape, and the rest goes on without it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "miniexpr.h"

enum { WIDTH = 600, HEIGHT = 400, PIXELS = WIDTH * HEIGHT };

static const char *KERNEL = "def mandelbrot():\n"
                            "    cr = -2.1 + 3.0 * _i1 / _n1\n"
                            "    ci = -1.0 + 2.0 * _i0 / _n0\n"
                            "    zr = 0.0\n"
                            "    zi = 0.0\n"
                            "    for step in range(255):\n"
                            "        if zr * zr + zi * zi > 4:\n"
                            "            return 255 - step\n"
                            "        t = zr * zr - zi * zi + cr\n"
                            "        zi = 2 * zr * zi + ci\n"
                            "        zr = t\n"
                            "    return 0\n";

/* Compiles the kernel for a picture that is one chunk and one block. */
static me_expr *compile(void) {
    const int64_t shape[] = {HEIGHT, WIDTH};
    const int32_t block[] = {HEIGHT, WIDTH};
    me_expr *expr = NULL;
    int position;
    int status = me_compile_nd(KERNEL, NULL, 0, ME_FLOAT64, 2, shape, block, block, &position, &expr);
    if (status != ME_COMPILE_SUCCESS) {
        fprintf(stderr, "offset %d: %s\n", position, me_get_last_error_message());
    }
    return expr;
}

static int write_picture(const char *path, const double *shade) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    fprintf(file, "P5\n%d %d\n255\n", WIDTH, HEIGHT);
    for (int i = 0; i < PIXELS; i++) {
        fputc((int)shade[i], file);
    }
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        fprintf(stderr, "%s: cannot be written\n", path);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s picture.pgm\n", argv[0]);
        return 1;
    }
    double *shade = malloc(PIXELS * sizeof *shade);
    me_expr *expr = compile();
    if (shade == NULL || expr == NULL) {
        return 1;
    }
    int status = me_eval_nd(expr, NULL, 0, shade, PIXELS, 0, 0, NULL);
    me_free(expr);
    if (status != ME_EVAL_SUCCESS) {
        fprintf(stderr, "evaluation failed with status %d\n", status);
        return 1;
    }
    int inside = 0;
    for (int i = 0; i < PIXELS; i++) {
        inside += shade[i] == 0;
    }
    printf("%d of %d points stay inside\n", inside, PIXELS);
    status = write_picture(argv[1], shade);
    free(shade);
    return status;
}
