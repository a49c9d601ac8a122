/* table_problems.h - all that is wrong with a table in one message. Included by table_inputs.h.
 */
#ifndef DATASET_TABLE_PROBLEMS_H
#define DATASET_TABLE_PROBLEMS_H

#include "table.h"

/* Sentences parted by semicolons. */
struct problems {
    const char *setting; /* that all of them are about, or NULL */
    char text[1600];
    size_t used;
    int64_t n, left_out;
};

#define PROBLEMS_ROOM 1300

/* As it is, behind what is there. */
FELL_PRINTF_ static inline void problems_put(struct problems *p, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (p->used > PROBLEMS_ROOM) {
        p->left_out++;
        return;
    }
    if (p->n++)
        p->used += (size_t)snprintf(p->text + p->used, sizeof p->text - p->used, "; ");
    va_start(ap, fmt);
    n = vsnprintf(p->text + p->used, sizeof p->text - p->used, fmt, ap);
    va_end(ap);
    p->used += n < 0 ? 0 : (size_t)n;
    if (p->used >= sizeof p->text)
        p->used = sizeof p->text - 1;
}

/* What is said so far was of one setting alone; what comes is not. */
static inline void problems_leave(struct problems *p)
{
    const struct problems before = *p;

    if (!p->setting)
        return;
    *p = (struct problems){.left_out = before.left_out};
    problems_put(p, "%s: %s", before.setting, before.text);
}

FELL_PRINTF_ static inline void problems_add(struct problems *p, const char *fmt, ...)
{
    char text[sizeof p->text];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    problems_leave(p);
    problems_put(p, "%s", text);
}

/* A sentence on SETTING; it is not named twice where it is all that is wrong. */
static inline void problems_add_on(struct problems *p, const char *setting, const char *sentence)
{
    if (p->n == 0)
        p->setting = setting;
    if (p->setting == setting) {
        problems_put(p, "%s", sentence);
        return;
    }
    problems_leave(p);
    problems_put(p, "%s: %s", setting, sentence);
}

/* The one message; FELL_OK if there is nothing to say. */
static inline fell_status problems_end(const struct problems *p, const struct table *t)
{
    char all[2000];

    if (!p->n)
        return FELL_OK;
    if (p->setting)
        snprintf(all, sizeof all, "%s: %s", p->setting, p->text);
    else
        snprintf(all, sizeof all, "%.*s %s", (int)strcspn(t->place, " "), t->place, p->text);
    if (p->left_out)
        snprintf(all + strlen(all), sizeof all - strlen(all), "; and %lld more", (long long)p->left_out);
    t->ctx->host->fail(t->ctx, all);
    return FELL_ERROR;
}

/* "FILE:7: " or "row 7: ": where a field is, without the setting that a message begins with. */
static inline const char *table_place(const struct table *t, const struct table_spot *spot, char text[320])
{
    snprintf(text, 320, "%s%lld: ", t->place + strcspn(t->place, " ") + 1, (long long)spot->line);
    return text;
}

/* How a setting calls column J: by name, or by number from 0. */
static inline const char *table_key(const struct table *t, int64_t j, char text[64])
{
    const struct field *name = &t->column[j].name;

    if (name->len > 0)
        snprintf(text, 64, "%.*s", field_shown(name), name->text);
    else
        snprintf(text, 64, "%lld", (long long)j);
    return text;
}

/* All values that are missing, of the inputs. */
static inline void table_say_missing(struct table *t, struct problems *p)
{
    int64_t columns = 0, fields = 0, row = INT64_MAX, at = 0;
    char list[500] = "", place[320];
    const struct table_spot *spot;

    for (int64_t k = 0; k < t->nused; k++) {
        const struct table_column *c = &t->column[t->used[k]];
        const size_t used = strlen(list);

        if (!c->missing || c->missing == t->rows)
            continue;
        columns++;
        fields += c->missing;
        if (c->first_missing.row < row) {
            row = c->first_missing.row;
            at = t->used[k];
        }
        if (used + 120 < sizeof list)
            snprintf(list + used, sizeof list - used, "%s%.*s %lld", used ? ", " : "",
                     (int)(c->name.len < 60 ? c->name.len : 60), c->name.text, (long long)c->missing);
        else if (list[used - 1] != '.')
            snprintf(list + used, sizeof list - used, ", ...");
    }
    if (!columns)
        return;
    spot = &t->column[at].first_missing;
    problems_add(p, "%s%s: missing value%s%.*s%s", table_place(t, spot, place), table_label(t, at),
                 spot->f.len ? " ('" : "", field_shown(&spot->f), spot->f.text, spot->f.len ? "')" : "");
    if (fields > 1)
        problems_add(p, "in all %lld values of %lld column%s are missing (%s)", (long long)fields,
                     (long long)columns, columns == 1 ? "" : "s", list);
    problems_add(p, "fill them with a first transform, impute, or drop the column%s",
                 columns == 1 ? "" : "s");
}

#endif
