/* verify.c - `fell verify`: a stored run trained again and compared number by number. What is compared and
 * how is in again/verify.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/query.h"
#include "again/verify.h"

static void print_json(const struct rerun *r, const struct verification *v)
{
    cJSON *o = cJSON_CreateObject(), *list = cJSON_CreateArray();

    cJSON_AddNumberToObject(o, "run", (double)r->run.id);
    cJSON_AddStringToObject(o, "status", r->run.status);
    cJSON_AddNumberToObject(o, "epochs", (double)v->epochs);
    cJSON_AddNumberToObject(o, "numbers", (double)v->numbers);
    cJSON_AddNumberToObject(o, "steps_not_compared", (double)v->unfinished);
    cJSON_AddStringToObject(o, "not_known_then", v->unknown.len ? v->unknown.text : "");
    cJSON_AddNumberToObject(o, "ndifferences", (double)v->ndifferences);
    for (size_t i = 0; i < v->nshown; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(v->shown[i]));
    cJSON_AddItemToObject(o, "differences", list);
    query_print_json(o);
}

static void print_text(const struct rerun *r, const struct verification *v)
{
    const int64_t more = v->ndifferences - (int64_t)v->nshown;

    for (size_t i = 0; i < v->nshown; i++)
        printf("%s\n", v->shown[i]);
    if (more > 0)
        printf("and %lld more\n", (long long)more);
    printf("run %lld (%s): %lld epoch%s, %lld numbers compared, ", (long long)r->run.id, r->run.status,
           (long long)v->epochs, v->epochs == 1 ? "" : "s", (long long)v->numbers);
    if (v->ndifferences == 0)
        printf("all have the same bits\n");
    else
        printf("%lld difference%s\n", (long long)v->ndifferences, v->ndifferences == 1 ? "" : "s");
    if (v->unknown.len)
        printf("not compared, since the program that recorded it did not know them: %s\n", v->unknown.text);
    if (v->unfinished > 0)
        printf("%lld steps of the epoch that it did not finish were not compared\n",
               (long long)v->unfinished);
}

static status verify(const struct call *c, sqlite3 *db, struct rerun *r, int *exit_status, struct error *err)
{
    struct verification v = {0};
    status result;

    query_tell_moved(&r->files);
    result = verify_run(r, db, &v, err);
    if (result == OK) {
        if (c->json)
            print_json(r, &v);
        else if (!c->quiet || v.ndifferences > 0)
            print_text(r, &v);
        *exit_status = v.ndifferences > 0 ? EXIT_RUN : EXIT_OK;
    }
    verification_release(&v);
    return result;
}

static int run_verify(const struct call *c)
{
    return query_rerun(c, "verified", verify);
}

const struct command command_verify = {
    .name = "verify",
    .task = "Look at results",
    .args = "RUN",
    .least = 1,
    .most = 1,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_TRUST, OPTION_JSON, OPTION_QUIET},
    .brief = "Train a stored run again and compare every number",
    .help = QUERY_RERUN_HELP
    "Every recorded number of every epoch and step must "
    "have the same bits, and a run that ended by itself must end in the same way. What differs is "
    "printed, and the exit status is then 1. Where a data file or a plugin has changed since, nothing is "
    "trained, and the status is 2. Runs that were interrupted, pruned or crashed are compared as far as "
    "their epochs are recorded. Nothing is written.",
    .examples = "fell verify 12\n"
                "fell verify 12 --json",
    .run = run_verify,
};
