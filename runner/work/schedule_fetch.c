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

/* ---- the spec ------------------------------------------------------------------------------ */

struct stored_spec {
    size_t users;        /* runs that are under way, and the schedule */
    struct arena *arena; /* of all that follows */
    struct tree *tree;   /* what the spec was read from */
    const char *text;
    struct spec *spec;
};

void stored_spec_drop(struct stored_spec *read)
{
    if (!read || --read->users)
        return;
    tree_free(read->tree);
    arena_free(read->arena); /* READ is in it */
}

/* What the worker will understand, understood here too: the limits, the names of the layers. Repeats of a
 * trial have one text. Its files are those that the user has named; the rows may be somebody else's. */
static status read_spec(struct schedule *s, struct run_task *out, const char *text, struct error *err)
{
    struct stored_spec *read = s->read;
    struct error why;

    if (!read || strcmp(read->text, text) != 0) {
        struct arena *arena = arena_new();

        read = arena_alloc(arena, sizeof *read);
        *read = (struct stored_spec){.users = 1, .arena = arena, .tree = tree_new()};
        read->text = arena_string(arena, text, strlen(text));
        read->spec = spec_from_text(s->registry, arena, read->tree, s->t.name, read->text, &why);
        if (!read->spec) {
            stored_spec_drop(read);
            return error_set(err, "the stored spec of run %lld is not understood: %.900s",
                             (long long)out->run, why.text);
        }
        stored_spec_drop(s->read);
        s->read = read;
    }
    read->users++;
    out->read = read;
    out->stored.resolved = read->text;
    out->stored.spec = read->spec;
    return spec_check_paths(read->spec, sqlite3_db_filename(recorder_handle(s->recorder), "main"), err);
}

/* ---- the run ------------------------------------------------------------------------------- */

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
    status result = OK;

    out->arena = arena_new();
    if (found) {
        out->seed = (uint64_t)sqlite3_column_int64(row, 0);
        result = read_spec(s, out, database_text(row, 1), err);
    }
    sqlite3_reset(row);
    if (!found)
        return database_read_error(recorder_handle(s->recorder), err);
    return result == OK && s->t.swept ? read_values(s, out, err) : result;
}

void run_task_release(struct run_task *t)
{
    stored_spec_drop(t->read);
    arena_free(t->arena);
    free(t->resume_path);
    t->read = NULL;
    t->arena = NULL;
    t->resume_path = NULL;
}
