/* new_look.h - a table as `fell new` looks at it: through specs that a worker checks, as `fell check` does.
 */
#ifndef CLI_NEW_LOOK_H
#define CLI_NEW_LOOK_H

#include <cjson/cJSON.h>

#include "base/scratch.h"
#include "cli/command.h"

/* A column that is no input. */
struct dropped {
    int64_t number; /* from 0 */
    char *name;     /* "": unknown */
    char *why;
};

/* What is known of the table. */
struct look {
    const struct call *call;
    char *path;            /* absolute */
    const char *decimal;   /* "" or ", decimal: ..." */
    const char *encoding;  /* likewise */
    struct strbuf nothing; /* words that stand for nothing beside the usual ones, a list in YAML */
    size_t ndropped, room;
    struct dropped *dropped; /* in order */
    struct strbuf problems;  /* what the last look failed for */
    struct scratch scratch;  /* the specs of the looks */
    cJSON *set;              /* of the last look: the table in `fell check --json` */
};

/* Every column of the table, in l->set. What the reader advises is done: columns that it refuses are dropped,
 * decimal and encoding set, and a word among numbers is taken for a missing value. Errors: what it says. */
status look_at_columns(struct look *l, struct error *err);

/* The table once more, with TARGET, a word in YAML, and REST, the lines of a spec behind `source`. */
status look_once(struct look *l, const char *target, const char *rest, struct error *err);

/* COLUMN, from 0, is no input; NAME "": unknown; WHY has N letters. */
void look_drop(struct look *l, int64_t column, const char *name, const char *why, size_t n);
void look_release(struct look *l);

/* What l->dropped[AT] was dropped for, which is dropped no more. free() it. */
char *look_take_back(struct look *l, size_t at);

/* Whether two columns are called NAME. */
bool look_is_twice(const struct look *l, const char *name);

/* The setting `missing` with the words of l->nothing behind those that the reader takes for nothing itself.
 */
void look_add_missing(const struct look *l, struct strbuf *b);

/* TEXT as YAML takes it; a dropped column by its name where that is certain, as new rows may have another
 * order, else by its number. */
void look_add_word(struct strbuf *b, const char *text);
void look_add_drop(const struct look *l, struct strbuf *b, const struct dropped *d);

#endif
