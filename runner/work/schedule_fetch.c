/* schedule_fetch.c - one run as the database has it, ready to be trained: its spec, seed and swept values.
 * See schedule_impl.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "record/database.h"
#include "spec/spec_paths.h"
#include "work/schedule_impl.h"

/* The statement for SQL, with the id of the run bound. */
static sqlite3_stmt *of_run(struct schedule *s, sqlite3_stmt **st, const char *sql, int64_t run)
{
    if (!*st)
        sqlite3_prepare_v3(recorder_handle(s->recorder), sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
    sqlite3_bind_int64(*st, 1, run);
    return *st;
}

/* What the worker will understand, understood here too: the limits, the names of the layers. Its files are
 * those that the user has named; the rows may be somebody else's. */
static status parse(struct schedule *s, struct run_task *out, struct error *err)
{
    struct error why;

    out->stored.spec =
        spec_from_text(s->registry, out->arena, out->tree, s->t.name, out->stored.resolved, &why);
    if (out->stored.spec)
        return spec_check_paths(out->stored.spec, sqlite3_db_filename(recorder_handle(s->recorder), "main"),
                                err);
    return error_set(err, "the stored spec of run %lld is not understood: %.900s", (long long)out->run,
                     why.text);
}

static status read_values(struct schedule *s, struct run_task *out, struct error *err)
{
    sqlite3_stmt *row =
        of_run(s, &s->params, "SELECT path, value FROM run_params WHERE run_id = ?1", out->run);
    struct axis_value *values = NULL;
    size_t n = 0;

    while (row && sqlite3_step(row) == SQLITE_ROW) {
        char number[32];
        const int type = sqlite3_column_type(row, 1);
        const char *text = type == SQLITE_NULL ? NULL : database_text(row, 1);

        if (type == SQLITE_FLOAT) {
            text_from_double(sqlite3_column_double(row, 1), number);
            text = number;
        }
        values = mem_grow(values, n + 1, sizeof *values);
        values[n++] = (struct axis_value){.path = arena_format(out->arena, "%s", database_text(row, 0)),
                                          .text = arena_format(out->arena, "%s", text ? text : "null"),
                                          .null = !text,
                                          .type = type == SQLITE_INTEGER ? VALUE_INT
                                                  : type == SQLITE_FLOAT ? VALUE_REAL
                                                                         : VALUE_TEXT,
                                          .i = sqlite3_column_int64(row, 1),
                                          .x = sqlite3_column_double(row, 1)};
    }
    if (!row || sqlite3_reset(row) != SQLITE_OK) {
        free(values);
        return database_read_error(recorder_handle(s->recorder), err);
    }
    out->stored.nvalues = n;
    out->stored.values = arena_alloc(out->arena, n * sizeof *values);
    if (n)
        memcpy(out->stored.values, values, n * sizeof *values);
    free(values);
    return OK;
}

/* The spec and the seed that were stored, which are not those of today if the seed was drawn. */
status schedule_fetch(struct schedule *s, struct run_task *out, struct error *err)
{
    sqlite3_stmt *row = of_run(s, &s->fetch, "SELECT seed, resolved FROM runs WHERE id = ?1", out->run);
    const bool found = row && sqlite3_step(row) == SQLITE_ROW;

    out->arena = arena_new();
    out->tree = tree_new();
    if (found) {
        out->seed = (uint64_t)sqlite3_column_int64(row, 0);
        out->stored.resolved = arena_format(out->arena, "%s", database_text(row, 1));
    }
    sqlite3_reset(row);
    if (!found)
        return database_read_error(recorder_handle(s->recorder), err);
    if (s->t.swept && read_values(s, out, err) != OK)
        return FAILED;
    return parse(s, out, err);
}

void run_task_release(struct run_task *t)
{
    tree_free(t->tree);
    arena_free(t->arena);
    t->tree = NULL;
    free(t->resume_path);
    t->arena = NULL;
    t->resume_path = NULL;
}
