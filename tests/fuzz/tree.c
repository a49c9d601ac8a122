/* tree.c - YAML and JSON alone, an override, and what is written of it read again. What the reader of the
 * program's own JSON takes, it reads as libyaml does.
 */
#include "fuzz.h"
#include "yaml/diag.h"
#include "yaml/tree.h"

static void expect_same(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || a->n != b->n || a->place.column != b->place.column ||
        a->place.end_column != b->place.end_column)
        abort();
    if (a->kind == NODE_SCALAR && (strcmp(a->text, b->text) != 0 || a->plain != b->plain))
        abort();
    for (size_t i = 0; i < a->n; i++) {
        if (a->kind == NODE_MAP)
            expect_same(a->key[i], b->key[i]);
        expect_same(a->item[i], b->item[i]);
    }
}

static void try_json(const uint8_t *bytes, size_t n)
{
    char *text = mem_alloc(n + 1);
    struct tree *t = tree_new();
    struct diag *d[2] = {diag_new(), diag_new()};
    const struct node *yaml, *json;

    memcpy(text, bytes, n);
    yaml = tree_parse_text(t, "text", "/", text, strlen(text), false, d[0]);
    json = tree_parse_json(t, "text", "/", text, d[1]);
    if (!yaml != !json)
        abort();
    if (json)
        expect_same(yaml, json);
    diag_free(d[0]);
    diag_free(d[1]);
    tree_free(t);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct tree *t = tree_new(), *again = tree_new();
    struct diag *d = diag_new();
    struct strbuf text = {0};
    struct node *root = tree_parse_text(t, "text", "/", (const char *)bytes, n, false, d);

    if (root)
        root = tree_override(t, root, "model.0.dense.units=3", d);
    if (root) {
        struct diag *none = diag_new();

        tree_write(root, &text);
        if (text.text && !tree_parse_text(again, "written", "/", text.text, text.len, false, none))
            abort(); /* what is written can be read */
        diag_free(none);
    }
    strbuf_release(&text);
    diag_write(d, &text, true);
    strbuf_release(&text);
    diag_free(d);
    tree_free(again);
    tree_free(t);
    try_json(bytes, n);
    return 0;
}
