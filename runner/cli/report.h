/* report.h - what the parts of `fell report` share: the trials of the experiment, read once.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/command.h"
#include "cli/results.h"
#include "cli/tally.h"

/* Make the temporary tables of this connection that the parts below ask:
 *     report_runs    run, trial, status, value           one row for each run of EXPERIMENT
 *     report_trials  place, trial, first, mean, sd, n, lowest, highest, failed, experiment, goal
 *                                                        one row for each trial, numbered from 0; `first` is
 * a run of it, `failed` counts runs report_values  path, value, place, rank            of each trial each
 * setting; ranks of values, from 1 report_paths   path, n, first, uses, is_number     of each setting: how
 * many values, rows of report_values from `first` on `value` is what the experiment's objective ranks, NULL
 * where there is none. */
status report_begin(sqlite3 *db, int64_t experiment, struct error *err);

/* Asks, of ?1 an experiment, of which values the swept settings do best: a row for each value, or for numbers
 * with many values a row for each of a few ranges; of every setting the best ?2 (0: all). */
extern const char report_values_sql[];

/* The means of the trials, in their order. */
#define REPORT_MEANS "SELECT mean FROM temp.report_trials ORDER BY place"

struct report_importance {
    const char *why_not; /* NULL, or why there is none; in `error` */
    struct error error;
    size_t trials;       /* that have a value */
    double fit;          /* see sweep/importance.h */
    struct table *table; /* setting, with, share; the largest share first */
};

/* How much of the objective's variance each swept setting explains, alone and with another. INTERACTIONS:
 * the least share of a pair that is listed. Release it in any case. */
status report_importance(sqlite3 *db, double interactions, struct report_importance *out, struct error *err);
void report_importance_release(struct report_importance *r);

extern const char report_method[]; /* how these shares are found, for a person */

/* All that the report says, in any of its forms. */
struct report {
    int64_t experiment, trials;
    struct {
        int64_t folds, values, failures, pruned;
    } all; /* rows there are, of which the tables below may have fewer; --html */
    char *heading;
    struct tally tally;
    struct table *about, *folds, *board, *values, *failures, *pruned;
    struct report_importance importance;
};

/* report_page.c: append R as one HTML page that needs no network. Asks for what the text has not: the curves,
 * the points of the settings, the gradients of one run. DB_PATH: the file, as commands name it. */
status report_page_write(sqlite3 *db, const struct report *r, const struct call *c, struct strbuf *out,
                         struct error *err);

/* report_curves.c: into PAGE goes `curves`, every loss and metric by run and epoch, see there; of one RUN
 * alone where it is not 0, else report_begin() comes before. */
status report_curves_json(sqlite3 *db, int64_t experiment, int64_t run, cJSON *page, struct error *err);

/* report_fields.c: into PAGE go `gradients` of RUN, and what probes recorded of it, as `probes`. */
status report_gradients_json(sqlite3 *db, int64_t run, cJSON *page, struct error *err);
status report_probes_json(sqlite3 *db, int64_t run, cJSON *page, struct error *err);

/* The N numbers as text: base64 of little-endian float32, NaN for those that are not finite. */
void report_add_numbers(cJSON *o, const char *key, const double *v, size_t n);

/* report_page.c: append a page of TITLE with HEAD, which is HTML, the PARTS that report.js knows (ids and
 * headings, ending with NULL), and DATA, which is deleted. */
void report_page_fill(struct strbuf *out, const char *title, const char *head, const char *const (*parts)[2],
                      cJSON *data);

/* show_page.c: append the page of RUN. FACTS: what `fell show --json` has of it; it is deleted. */
status show_page_write(sqlite3 *db, const struct call *c, int64_t run, cJSON *facts, struct strbuf *out,
                       struct error *err);

/* The text at KEY of O; "" where there is none, as in a file from somebody else. */
const char *report_text_of(const cJSON *o, const char *key);

/* A line of a page's head; nothing where TEXT is NULL or empty. */
void report_page_fact(struct strbuf *out, const char *name, const char *text);

#endif
