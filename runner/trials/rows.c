/* rows.c - the rows of `{list: ...}`: in place, or in a CSV or YAML file, as a table of cells.
 *
 * What a cell's value means is its setting's affair.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "trials/space.h"

/* ---- files ------------------------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && !strcmp(text + n - m, end);
}

/* The first step of PATH is a key that a spec has. */
static bool begins_like_a_path(const char *path)
{
    char *step = mem_format("%.*s", (int)strcspn(path, "."), path);
    bool known = spec_param_find(spec_section_top.nparams, spec_section_top.params, step) ||
                 spec_key_find(&spec_section_top, step);

    free(step);
    return known;
}

/* Rows of numbers below no header: the first of them would be taken for names. */
static status check_header(struct spec_reader *r, const struct node *rows)
{
    const struct node *first = rows->n ? rows->item[0] : NULL;

    for (size_t i = 0; first && i < first->n; i++)
        if (begins_like_a_path(first->key[i]->text))
            return OK;
    if (!first || !first->n)
        return OK;
    r->result |= diag_error(r->diag, &first->key[0]->place,
                            "the first line of a list names the paths that are swept; '%s' is none",
                            first->key[0]->text);
    return FAILED;
}

static const struct node *read_file(struct spec_reader *r, struct tree *t, const struct node *name,
                                    struct sweep_file *out)
{
    const struct source *source = name->place.source;
    char *path = path_join(source && source->folder ? source->folder : ".", name->text), *absolute;
    const struct node *rows = NULL;
    struct error err;

    if (sha256_file(path, out->sha256, &err) != OK) {
        r->result |= diag_error(r->diag, &name->place, "list: %s", err.text);
    } else if (ends_with(path, ".csv") || ends_with(path, ".tsv")) {
        rows = tree_parse_csv(t, path, r->diag);
        if (rows && check_header(r, rows))
            rows = NULL;
    } else if (ends_with(path, ".yaml") || ends_with(path, ".yml") || ends_with(path, ".json")) {
        rows = tree_parse_file(t, path, false, r->diag);
    } else {
        r->result |=
            diag_error(r->diag, &name->place, "list: '%s' is neither a .csv nor a .yaml file", name->text);
    }
    absolute = path_absolute(path);
    out->path = arena_string(r->arena, absolute, strlen(absolute));
    free(absolute);
    free(path);
    if (!rows)
        r->result = FAILED;
    return rows;
}

/* ---- the table ------------------------------------------------------------------------------ */

struct table {
    size_t n, room;
    const char **path;
    struct place *at;
};

static size_t column_of(struct table *t, const struct node *key)
{
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->path[i], key->text))
            return i;
    if (t->n == t->room) {
        t->room = 2 * t->room + 16;
        t->path = mem_grow(t->path, t->room, sizeof *t->path);
        t->at = mem_grow(t->at, t->room, sizeof *t->at);
    }
    t->path[t->n] = key->text;
    t->at[t->n] = key->place;
    return t->n++;
}

static bool rows_are_maps(struct spec_reader *r, const struct node *rows)
{
    bool fine = true;

    for (size_t i = 0; i < rows->n; i++)
        if (rows->item[i]->kind != NODE_MAP || !rows->item[i]->n) {
            r->result |=
                diag_error(r->diag, &rows->item[i]->place, "list: a row is a map of paths and values, not %s",
                           spec_describe(r, rows->item[i]));
            fine = false;
        }
    return fine;
}

status rows_read(struct spec_reader *r, struct tree *t, const struct node *node, struct row_list *out)
{
    const struct node *rows = node;
    struct table table = {0};

    *out = (struct row_list){0};
    if (node->kind == NODE_SCALAR && !tree_is_null(node) && !(rows = read_file(r, t, node, &out->file)))
        return FAILED;
    if (rows->kind != NODE_LIST || !rows->n) {
        r->result |=
            diag_error(r->diag, &rows->place,
                       "list: rows of settings, or the name of a CSV or YAML file, are wanted here, not %s",
                       spec_describe(r, rows));
        return FAILED;
    }
    if (!rows_are_maps(r, rows))
        return FAILED;
    for (size_t i = 0; i < rows->n; i++)
        for (size_t j = 0; j < rows->item[i]->n; j++)
            column_of(&table, rows->item[i]->key[j]);
    out->nrows = rows->n;
    out->file.rows = (int64_t)rows->n;
    out->ncolumns = table.n;
    out->path = arena_alloc(r->arena, table.n * sizeof *out->path);
    out->at = arena_alloc(r->arena, table.n * sizeof *out->at);
    out->cell = arena_alloc(r->arena, rows->n * table.n * sizeof(struct node *));
    memcpy(out->path, table.path, table.n * sizeof *out->path);
    memcpy(out->at, table.at, table.n * sizeof *out->at);
    for (size_t i = 0; i < rows->n; i++)
        for (size_t j = 0; j < rows->item[i]->n; j++)
            out->cell[i * table.n + column_of(&table, rows->item[i]->key[j])] = rows->item[i]->item[j];
    free(table.path);
    free(table.at);
    return OK;
}
