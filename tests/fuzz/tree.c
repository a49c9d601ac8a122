/* tree.c - YAML and JSON alone, an override, and what is written of it read again. */
#include "fuzz.h"
#include "yaml/diag.h"
#include "yaml/tree.h"

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
    return 0;
}
