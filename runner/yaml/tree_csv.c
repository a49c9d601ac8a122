/* tree_csv.c - a CSV file as a tree: a list of maps with the keys of its first line.
 *
 * Fields and quotes are csv_scan.h's, which the dataset reads with, too; what is added here are places, so
 * that a wrong value is shown where it stands.
 */
#include <stdlib.h>
#include <string.h>

#include "../../plugins/dataset/csv_scan.h"
#include "base/text.h"
#include "yaml/tree_parts.h"

struct csv {
    struct tree *tree;
    struct diag *diag;
    const struct source *source;
    char *text; /* a copy, which is scanned; fields are unquoted in it */
    struct scan scan;
    struct record record;
    /* How far places are counted: an offset, its line, and where that line begins. */
    size_t at, line_start;
    int line;
    size_t ncolumns;
    struct node **key; /* [ncolumns] */
};

/* Fields come in order, so every byte is passed once. */
static struct place field_place(struct csv *c, const struct field *f)
{
    const char *text = c->source->text, *end = text + c->source->len;
    size_t start = (size_t)(f->text - c->text);
    bool quoted = start && text[start - 1] == '"';
    struct place p = {.source = c->source};

    while (c->at < start) {
        size_t n = text_break(text + c->at, end);

        c->at += n ? n : 1;
        if (n) {
            c->line++;
            c->line_start = c->at;
        }
    }
    p.line = p.end_line = c->line;
    p.column = (int)text_length(text + c->line_start, start - c->line_start) + 1 - quoted;
    p.end_column = p.column + (int)text_length(f->text, (size_t)f->len) + 2 * quoted;
    return p;
}

static void move_to(struct node *n, const struct place *at)
{
    n->place = *at;
    for (size_t i = 0; i < n->n; i++) {
        move_to(n->item[i], at);
        if (n->kind == NODE_MAP)
            n->key[i]->place = *at;
    }
}

/* A list or map within a field. */
static struct node *read_flow(struct csv *c, const char *text, const struct place *at)
{
    struct diag *d = diag_new();
    const struct source *inside =
        tree_source(c->tree, c->source->path, c->source->folder, text, strlen(text));
    struct node *n = tree_read(c->tree, inside, inside->text, inside->len, d);

    if (!n || diag_errors(d)) {
        diag_error(c->diag, at, "'%s' begins like a list or map of YAML, but is none", text);
        n = NULL;
    } else {
        move_to(n, at);
    }
    diag_free(d);
    return n;
}

/* NULL where the field is empty, or cannot be read. */
static struct node *field_node(struct csv *c, const struct field *f)
{
    struct place at = field_place(c, f);
    bool quoted = c->source->text[f->text - c->text - (f->text > c->text)] == '"';
    struct node *n = tree_node(c->tree, NODE_SCALAR, &at);

    n->text = arena_string(tree_arena(c->tree), f->text, (size_t)f->len);
    n->plain = !quoted;
    if (!f->len && !quoted)
        return NULL;
    return *n->text == '[' || *n->text == '{' ? read_flow(c, n->text, &at) : n;
}

static bool next_record(struct csv *c)
{
    enum scanned result = scan_record(&c->scan, &c->record);
    struct place at = {c->source, (int)c->record.line, 1, (int)c->record.line, 2};

    if (result == SCAN_OPEN_QUOTE)
        diag_error(c->diag, &at, "a quote is opened and never closed");
    else if (result == SCAN_AFTER_QUOTE)
        diag_error(c->diag, &at, "there is text behind a closing quote");
    else if (result == SCAN_MEMORY)
        diag_error(c->diag, &at, "not enough memory");
    return result == SCAN_RECORD;
}

static void read_header(struct csv *c)
{
    c->ncolumns = (size_t)c->record.n;
    c->key = arena_alloc(tree_arena(c->tree), c->ncolumns * sizeof *c->key);
    for (size_t i = 0; i < c->ncolumns; i++) {
        struct place at = field_place(c, &c->record.field[i]);

        c->key[i] = tree_node(c->tree, NODE_SCALAR, &at);
        c->key[i]->text =
            arena_string(tree_arena(c->tree), c->record.field[i].text, (size_t)c->record.field[i].len);
        if (!*c->key[i]->text)
            diag_error(c->diag, &at, "column %zu has no name", i + 1);
        for (size_t j = 0; j < i; j++)
            if (*c->key[i]->text && !strcmp(c->key[j]->text, c->key[i]->text))
                diag_error(c->diag, &at, "duplicate column '%s'", c->key[i]->text);
    }
}

static struct node *read_row(struct csv *c, struct node **keys, struct node **items)
{
    const struct record *r = &c->record;
    struct place at = field_place(c, &r->field[0]);
    size_t n = 0;

    if ((size_t)r->n != c->ncolumns) {
        diag_error(c->diag, &at, "%lld field%s, but the first line names %zu column%s", (long long)r->n,
                   r->n == 1 ? "" : "s", c->ncolumns, c->ncolumns == 1 ? "" : "s");
        return NULL;
    }
    for (size_t i = 0; i < c->ncolumns; i++) {
        keys[n] = c->key[i];
        if ((items[n] = field_node(c, &r->field[i])))
            n++;
    }
    return tree_collection(c->tree, NODE_MAP, &at, n, keys, items);
}

static struct node *read_rows(struct csv *c)
{
    struct node **keys = mem_array(c->ncolumns, sizeof *keys),
                **items = mem_array(c->ncolumns, sizeof *items);
    struct node **rows = NULL, *row, *list;
    struct place start = {c->source, 1, 1, 1, 2};
    size_t n = 0, room = 0, before = diag_errors(c->diag);

    while (next_record(c)) {
        if (!(row = read_row(c, keys, items)))
            continue;
        if (n == room)
            rows = mem_grow(rows, room = 2 * room + 64, sizeof *rows);
        rows[n++] = row;
    }
    if (!n && diag_errors(c->diag) == before)
        diag_error(c->diag, &start, "there are no lines below the first, which names the columns");
    list = tree_collection(c->tree, NODE_LIST, &start, n, NULL, rows);
    free(keys);
    free(items);
    free(rows);
    return list;
}

struct node *tree_parse_csv(struct tree *t, const char *path, struct diag *d)
{
    struct csv c = {.tree = t, .diag = d, .line = 1};
    struct place start = {NULL, 1, 1, 1, 2};
    size_t before = diag_errors(d), len, characters;
    struct node *list = NULL;
    struct error err;
    char *text, *folder;

    if (file_read(path, &text, &len, &err) != OK) {
        diag_error(d, NULL, "%s", err.text);
        return NULL;
    }
    folder = path_folder(path);
    c.source = tree_source(t, path, folder, text, len);
    free(folder);
    free(text);
    start.source = c.source;
    c.text = mem_string(c.source->text);
    c.scan = (struct scan){.at = c.text, .line = 1, .delimiter = scan_guess_delimiter(c.text)};
    if (tree_check_characters(c.source, c.source->text, c.source->len, &characters, d) == OK) {
        if (next_record(&c)) {
            read_header(&c);
            list = read_rows(&c);
        } else if (diag_errors(d) == before) {
            diag_error(d, &start, "the file is empty");
        }
    }
    record_release(&c.record);
    free(c.text);
    return diag_errors(d) == before ? list : NULL;
}
