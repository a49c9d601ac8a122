/* spec_vars.h - `vars:` of a spec: values with a name, which stand as `$name` wherever a value stands.
 */
#ifndef SPEC_VARS_H
#define SPEC_VARS_H

#include "yaml/diag.h"
#include "yaml/tree.h"

/* The name that NODE refers to: a whole scalar `$name`, quoted or not. NULL: none. */
const char *spec_var_name(const struct node *node);

/* ROOT, a trial's tree as written, with the value of its var in the place of every `$name`; `$$` at the start
 * of a text is one `$`. `sweep` and `vars` stay as they are. What is new is in T and has the place of the
 * use, so that errors point there. NULL: errors in D, of vars that there are not and of those that lead back
 * to themselves; their places are muted in D, and *LEFT, ROOT without these, can be checked for what else is
 * wrong. */
const struct node *spec_vars_fill(struct tree *t, const struct node *root, const struct node **left,
                                  struct diag *d);

/* The same of PART, which is `sweep:`: names for which SWEPT says so, and vars that depend on them, stay, as
 * they are known in a trial only. */
const struct node *spec_vars_fill_sweep(struct tree *t, const struct node *root, const struct node *part,
                                        bool (*swept)(void *arg, const char *name), void *arg,
                                        struct diag *d);

/* FN for every `$name` in NODE, which stands at PATH, with the path of that place, in the order written. */
typedef void spec_var_use_fn(void *arg, const char *name, const char *path);
void spec_vars_each_use(const struct node *node, const char *path, spec_var_use_fn *fn, void *arg);

#endif
