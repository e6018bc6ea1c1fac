/* check.h: a test is a function of CHECKs, a program is a list of RUNs and ends with RESULT. */

#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

static int check_failures;

/* Counts and reports a condition that does not hold; the test goes on. */
#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            check_failures++;                                                                                \
        }                                                                                                    \
    } while (0)

/* Runs a test and prints its name. */
#define RUN(test)                                                                                            \
    do {                                                                                                     \
        int failures_before = check_failures;                                                                \
        test();                                                                                              \
        printf("%s %s\n", check_failures == failures_before ? "ok  " : "FAIL", #test);                       \
    } while (0)

/* Exit status of the program. */
#define RESULT() (check_failures != 0)

#endif
