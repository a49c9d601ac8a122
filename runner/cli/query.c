/* query.c - see query.h. Called by runs.c, show.c and compare.c. */
#include "cli/query.h"

int query_run(const struct call *c, status (*ask)(sqlite3 *db, const struct call *c, struct error *err))
{
    struct error err;
    sqlite3 *db;
    int exit_status = EXIT_OK;

    if (results_open(c->db, &db, &err) || ask(db, c, &err))
        exit_status = cli_error("%s", err.text);
    sqlite3_close(db);
    return exit_status;
}

void query_print_json(cJSON *v)
{
    char *text = cJSON_Print(v);

    if (text)
        puts(text);
    cJSON_free(text);
    cJSON_Delete(v);
}

void query_print(const struct call *c, const struct table *t)
{
    if (c->json)
        query_print_json(table_to_json(t));
    else
        table_print(t, stdout, 0);
}

int64_t query_limit(const struct call *c)
{
    return c->limit >= 0 ? c->limit : c->json ? 0 : 20;
}
