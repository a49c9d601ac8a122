/* curve_lines.c - see curve_lines.h. */
#include "cli/curve_lines.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/display.h"
#include "cli/results.h"

/* A loss of the run, COLUMN of its epochs; NaN where there is none. free() it. */
static status read_losses(sqlite3 *db, int64_t run, const char *column, double **out, size_t *n,
                          struct error *err)
{
    char *sql = mem_format("SELECT %s FROM epochs WHERE run_id = ?1 ORDER BY epoch", column);
    size_t room = 0;
    sqlite3_stmt *s;
    status st = results_query(db, sql, 1, &run, &s, err);

    free(sql);
    if (st != OK)
        return st;
    while (sqlite3_step(s) == SQLITE_ROW) {
        if (*n == room)
            *out = mem_grow(*out, room = room ? 2 * room : 64, sizeof **out);
        (*out)[(*n)++] = sqlite3_column_type(s, 0) == SQLITE_NULL ? NAN : sqlite3_column_double(s, 0);
    }
    return results_end(db, s, err);
}

/* Logarithms show more where all values are above 0 and the highest is many times the lowest; then V holds
 * them. */
static bool take_logarithms(double *v, size_t n)
{
    double low = INFINITY, high = 0;

    for (size_t i = 0; i < n; i++) {
        low = isfinite(v[i]) ? fmin(low, v[i]) : low;
        high = isfinite(v[i]) ? fmax(high, v[i]) : high;
    }
    if (!(low > 0) || !(high / low > 100))
        return false;
    for (size_t i = 0; i < n; i++)
        v[i] = log(v[i]);
    return true;
}

/* From the first of the N values to the last that are there, as one line; nothing of fewer than two. *ANY: a
 * line stands before it. */
static void print_curve(const char *title, double *v, size_t n, bool *any)
{
    struct strbuf line = {0};
    char first[32], last[32];
    const char *scale;
    size_t a = 0, b = n;

    while (a < n && !isfinite(v[a]))
        a++;
    while (b > a && !isfinite(v[b - 1]))
        b--;
    if (b - a < 2)
        return;
    display_number(v[a], first);
    display_number(v[b - 1], last);
    scale = take_logarithms(v, n) ? ", log" : "";
    display_curve(&line, v, n, 36);
    printf("%s%-15s  %s  %s to %s%s\n", *any ? "" : "\n", title, line.text, first, last, scale);
    *any = true;
    strbuf_release(&line);
}

status curve_lines_print(sqlite3 *db, int64_t run, struct error *err)
{
    static const char *const curves[][2] = {
        {"train loss", "train_loss"}, {"validation loss", "validation_loss"}, {"test loss", "test_loss"}};
    bool any = false;
    status st = OK;

    for (size_t i = 0; i < sizeof curves / sizeof *curves && st == OK; i++) {
        double *v = NULL;
        size_t n = 0;

        st = read_losses(db, run, curves[i][1], &v, &n, err);
        if (st == OK)
            print_curve(curves[i][0], v, n, &any);
        free(v);
    }
    return st;
}
