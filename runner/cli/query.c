/* query.c - see query.h. */
#include "cli/query.h"

#include <errno.h>
#include <string.h>

#include "base/safe.h"
#include "base/text.h"

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

/* Deletes V; prints its TEXT, and frees it. */
static void put_json(cJSON *v, char *text)
{
    struct strbuf safe = {0};

    if (text) {
        safe_json(&safe, text);
        puts(safe.text);
    }
    strbuf_release(&safe);
    cJSON_free(text);
    cJSON_Delete(v);
}

void query_print_json(cJSON *v)
{
    put_json(v, cJSON_Print(v));
}

void query_print_json_line(cJSON *v)
{
    put_json(v, cJSON_PrintUnformatted(v));
}

void query_print(const struct call *c, const struct table *t)
{
    if (c->json)
        query_print_json(table_to_json(t));
    else
        table_print(t, stdout, 0);
}

const char *query_wrong_page(const struct call *c)
{
    if (c->html && c->json)
        return "--html and --json are two forms: choose one";
    if (c->output && !c->html)
        return "--output is for --html; the text goes to a file with '>'";
    if (c->follow && !(c->html && c->output))
        return "--follow writes a page again and again: give --html and -o FILE";
    return NULL;
}

status query_put_page(const struct strbuf *page, const char *path, struct error *err)
{
    if (path)
        return file_write(path, page->text, page->len, err);
    fwrite(page->text, 1, page->len, stdout);
    return query_put_all(stdout, err);
}

status query_put_all(FILE *to, struct error *err)
{
    return fflush(to) == 0 && !ferror(to) ? OK
                                          : error_set(err, "cannot write the output: %s", strerror(errno));
}

void query_tell_moved(const struct moved_files *m)
{
    for (size_t i = 0; i < m->n; i++)
        cli_error("note: '%s' holds what '%s' did, and is read in its place", m->to[i], m->from[i]);
}

int query_rerun(const struct call *c, const char *verb, query_rerun_fn *fn)
{
    struct rerun r = {0};
    struct error err;
    sqlite3 *db = NULL;
    int64_t run;
    int exit_status = EXIT_INPUT;

    if (results_open(c->db, &db, &err) != OK || results_run(db, c->args[0], &run, &err) != OK ||
        rerun_open(&r, db, run, c->nplugins, c->plugins, &err) != OK)
        cli_error("%s", err.text);
    else if (fn(c, db, &r, &exit_status, &err) != OK)
        cli_error("run %lld cannot be %s: %s", (long long)run, verb, err.text);
    rerun_release(&r);
    sqlite3_close(db);
    return exit_status;
}

int64_t query_limit(const struct call *c)
{
    return c->limit >= 0 ? c->limit : c->json ? 0 : 20;
}
