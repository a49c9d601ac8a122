/* sweep_csv.c - the rows of a sweep, CSV. */
#include "fuzz.h"
#include "yaml/diag.h"
#include "yaml/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct tree *t = tree_new();
    struct diag *d = diag_new();
    struct strbuf text = {0};

    tree_parse_csv(t, fuzz_file("rows.csv", bytes, n), d);
    diag_write(d, &text, false);
    strbuf_release(&text);
    diag_free(d);
    tree_free(t);
    return 0;
}
