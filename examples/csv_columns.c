/*
 * Evaluates a formula over the columns of a CSV file, whose names are its variables:
 *
 *     csv_columns "mean(january - july)" examples/data/sea.csv
 *     csv_columns "year * (january > 26)" examples/data/sea.csv
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "miniexpr.h"

enum { MAX_COLUMNS = 32, MAX_ROWS = 40000, MAX_LINE = 4096 };

static char header[MAX_LINE];
static double columns[MAX_COLUMNS][MAX_ROWS], results[MAX_ROWS];

int main(int argc, char **argv) {
    FILE *file = argc == 3 ? fopen(argv[2], "r") : NULL;
    if (!file || !fgets(header, sizeof header, file)) {
        fprintf(stderr, "usage: csv_columns FORMULA FILE.csv\n");
        return 2;
    }
    me_variable variables[MAX_COLUMNS];
    int n_columns = 0, n_rows = 0;
    for (char *name = strtok(header, ",\r\n"); name && n_columns < MAX_COLUMNS; name = strtok(NULL, ",\r\n"))
        variables[n_columns++] = (me_variable)ME_VAR(name, ME_FLOAT64);
    for (char line[MAX_LINE]; n_rows < MAX_ROWS && fgets(line, sizeof line, file); n_rows++) {
        char *field = line;
        for (int i = 0; i < n_columns; i++, field += *field == ',')
            columns[i][n_rows] = strtod(field, &field);
    }
    fclose(file);

    me_compile_params params = {.struct_size = sizeof params, .dialect = ME_DIALECT_NUMPY};
    me_expr *formula;
    if (me_compile_with(argv[1], variables, n_columns, ME_FLOAT64, &params, NULL, &formula) !=
        ME_COMPILE_SUCCESS) {
        me_error error = {.struct_size = sizeof error};
        me_get_last_error(&error);
        fprintf(stderr, "%s\n  %s\n  %*s\n", error.message, argv[1], error.column, "^");
        return 1;
    }
    /* The formula takes the columns that it names. */
    const void *inputs[MAX_COLUMNS];
    int n_inputs = me_expr_variable_count(formula);
    for (int i = 0; i < n_inputs; i++)
        inputs[i] = columns[me_expr_variable(formula, i)];
    int status = me_eval(formula, inputs, n_inputs, results, n_rows, NULL);
    int n_results = me_expr_is_scalar(formula) ? 1 : n_rows;
    me_free(formula);
    for (int i = 0; status == ME_EVAL_SUCCESS && i < n_results; i++)
        printf("%.6g\n", results[i]);
    return status != ME_EVAL_SUCCESS;
}
