/* plugin_verify.c - `fell plugin verify`: plugins against results that were computed
 * elsewhere. The cases are run by check/cases.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/cases.h"
#include "cli/plugin.h"
#include "cli/query.h"
#include "cli/table.h"

static const double TOLERANCE = 1e-5;

static void add_columns(struct table *t)
{
    static const char *const names[] = {"case",  "kind", "name", "options", "result",
                                        "error", "at",   "got",  "wanted",  "why"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        table_column(t, (struct table_column){.name = names[i]});
}

/* TOLERANCE below 0: what is usual, or the case's own. */
static bool add_row(struct table *t, int64_t number, const struct case_result *c, double tolerance)
{
    const double allowed = tolerance >= 0.0 ? tolerance : c->allowed > 0.0 ? c->allowed : TOLERANCE;
    const bool ran = !c->failure.text[0], good = ran && c->error <= allowed;
    char at[128];

    table_integer(t, number);
    table_text(t, c->kind);
    table_text(t, c->name);
    table_text(t, c->options[0] ? c->options : NULL);
    table_text(t, good ? "ok" : "FAILED");
    if (ran)
        table_real(t, c->error);
    else
        table_empty(t);
    snprintf(at, sizeof at, "%s[%lld]", c->where, (long long)c->at);
    table_text(t, good || !ran ? NULL : at);
    for (int i = 0; i < 2; i++)
        if (good || !ran)
            table_empty(t);
        else
            table_real(t, i ? c->wanted : c->got);
    table_text(t, ran ? NULL : c->failure.text);
    return good;
}

int plugin_verify(const struct call *c)
{
    const char *file = c->nargs > 1 ? c->args[1] : c->reference;
    struct registry *r;
    struct table *t;
    struct case_result *results;
    cJSON *root, *cases;
    struct error err;
    enum simd_level level;
    int64_t n, failed = 0;
    bool own = false;

    if (!file)
        return cli_error("write: fell plugin verify FILE.json [--plugin FILE.so]");
    if (c->nargs > 1 && c->reference)
        return cli_error("two files of cases, '%s' and '%s': write one", c->args[1], c->reference);
    if (simd_choose(getenv("FELL_SIMD"), &level, &err) != OK || cases_read(file, &root, &cases, &err) != OK)
        return cli_error("%s", err.text);
    if (!(r = plugin_registry(c))) {
        cJSON_Delete(root);
        return EXIT_INPUT;
    }
    t = table_new();
    add_columns(t);
    n = cJSON_GetArraySize(cases);
    results = mem_array((size_t)n, sizeof *results);
    cases_run(r, cases, level, results);
    for (int64_t i = 0; i < n; i++) {
        failed += !add_row(t, i + 1, &results[i], c->tolerance);
        own = own || (c->tolerance < 0.0 && results[i].allowed > 0.0);
    }
    if (c->json) {
        query_print_json(table_to_json(t));
    } else {
        table_print(t, stdout, 0);
        printf("\n%lld of %lld cases within %g of the larger of the value and its tensor's scale%s (%s)\n",
               (long long)(n - failed), (long long)n, c->tolerance >= 0.0 ? c->tolerance : TOLERANCE,
               own ? "; numbers of probes within 0.001, eigenvalues within 0.01 of the largest" : "",
               simd_name(level));
    }
    table_free(t);
    free(results);
    registry_free(r);
    cJSON_Delete(root);
    return failed ? EXIT_RUN : EXIT_OK;
}
