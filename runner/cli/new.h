/* new.h - `fell new`: what new.c has of new_table.c. */
#ifndef CLI_NEW_H
#define CLI_NEW_H

#include "cli/command.h"

/* A spec for the table c->from_csv, which it looks at, in *TEXT (free() it); what it assumed in TOLD, a line
 * each. TO: the file that the spec will be, by whose folder paths are meant. Errors: the table cannot be
 * read, or has no such target; what the reader says of it. */
status new_table_spec(const struct call *c, const char *to, char **text, struct strbuf *told,
                      struct error *err);

/* Whether the spec PATH is without errors; else ERR has them. */
status new_check(const struct call *c, const char *path, struct error *err);

#endif
