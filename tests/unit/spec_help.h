/* spec_help.h - what the tests of settings, specs and experiments share: text in,
 * diagnostics out. Included once by each of them.
 */
#ifndef TESTS_SPEC_HELP_H
#define TESTS_SPEC_HELP_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "yaml/diag.h"
#include "spec/spec.h"
#include "yaml/tree.h"

/* The messages of D, one a line, without the source lines below them:
 * "t.yaml:1:5: error: ...". free() it. */
static inline char *messages_of(const struct diag *d)
{
    struct strbuf all = {0}, heads = {0};
    char *rest, *line, *text;

    diag_write(d, &all, false);
    for (rest = all.text; rest && (line = strsep(&rest, "\n"));)
        if (strstr(line, ": error: ") || strstr(line, ": warning: "))
            strbuf_addf(&heads, "%s\n", line);
    text = mem_string(heads.text ? heads.text : "");
    strbuf_release(&all);
    strbuf_release(&heads);
    return text;
}

static inline void expect_messages(const struct diag *d, const char *expected, const char *what)
{
    char *found = messages_of(d);

    cr_expect_str_eq(found, expected, "%s\n-- found:\n%s-- expected:\n%s", what, found, expected);
    free(found);
}

/* The sections that every spec needs, a line each. */
#define DATA      "data: {source: xor}\n"
#define MODEL     "model: [{dense: {units: 1}}]\n"
#define LOSS      "loss: mse\n"
#define OPTIMIZER "optimizer: sgd\n"
#define TRAIN     "train: {epochs: 1}\n"
#define REST      LOSS OPTIMIZER TRAIN

/* One spec read from text, with what must live as long. */
struct spec_reading {
    struct registry *registry;
    struct tree *tree;
    struct diag *diag;
    struct spec *spec;
};

static inline struct spec_reading read_spec(const char *yaml)
{
    struct spec_reading r = {registry_new(), tree_new(), diag_new(), NULL};
    struct node *root = tree_parse_text(r.tree, "t.yaml", "/data", yaml, strlen(yaml), false, r.diag);

    cr_assert_not_null(root, "%s", yaml);
    r.spec = spec_parse(r.registry, root, "stem", r.diag);
    return r;
}

static inline void spec_done(struct spec_reading *r)
{
    spec_free(r->spec);
    diag_free(r->diag);
    tree_free(r->tree);
    registry_free(r->registry);
}

#endif
