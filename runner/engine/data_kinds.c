/* data_kinds.c - the class of each row, of targets that are classes and of values that are few, as 0 and 1.
 * See data_parts.h; for data_split.c and data_noise.c.
 *
 * Classes are numbered in the order in which they first come.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "engine/data_parts.h"

enum { MOST_VALUES = 64 }; /* different values that are taken for classes */

/* Kinds while rows are gone through. */
struct counting {
    struct kinds *out;
    int64_t *of_label; /* [nclasses + 1] its kind plus 1; the last for rows without a class */
    int64_t nclasses;
};

static int64_t new_kind(struct kinds *k, float value)
{
    k->count = mem_grow(k->count, (size_t)k->n + 1, sizeof *k->count);
    k->value = mem_grow(k->value, (size_t)k->n + 1, sizeof *k->value);
    k->count[k->n] = 0;
    k->value[k->n] = value;
    return k->n++;
}

static int64_t kind_of_label(struct counting *c, int32_t label)
{
    int64_t *kind = &c->of_label[label < 0 || label >= c->nclasses ? c->nclasses : label];

    if (!*kind)
        *kind = new_kind(c->out, (float)label) + 1;
    return *kind - 1;
}

/* -1: too many. */
static int64_t kind_of_value(struct counting *c, float value)
{
    for (int64_t k = 0; k < c->out->n; k++)
        if (c->out->value[k] == value)
            return k;
    return c->out->n < MOST_VALUES ? new_kind(c->out, value) : -1;
}

/* Rows AT and on. */
static status count_rows(struct counting *c, const struct rows *r, int64_t at, const char *key,
                         struct problem *p)
{
    for (int64_t i = 0; i < r->n; i++) {
        const int64_t kind = r->label ? kind_of_label(c, r->label[i]) : kind_of_value(c, r->target[i]);

        if (kind < 0)
            return problem_set(p, key, 0, "",
                               "%s: the targets have more than %d different values; classes are "
                               "wanted, or a few numbers, as 0 and 1",
                               key, MOST_VALUES);
        c->out->of[at + i] = (int32_t)kind;
        c->out->count[kind]++;
    }
    return OK;
}

static status begin(struct counting *c, int64_t rows, int64_t target_size, int64_t nclasses, const char *key,
                    struct problem *p)
{
    if (target_size != 1)
        return problem_set(p, key, 0, "", "%s: a row has %lld targets; one class is wanted", key,
                           (long long)target_size);
    *c->out = (struct kinds){.of = mem_try_aligned((size_t)rows, sizeof *c->out->of)};
    if (!c->out->of)
        return problem_no_memory(p, key, 0, "", "%lld rows", (long long)rows);
    c->nclasses = nclasses;
    c->of_label = mem_array((size_t)nclasses + 1, sizeof *c->of_label);
    return OK;
}

status kinds_of_source(struct dataset *d, const char *key, struct kinds *out, struct problem *p)
{
    struct counting c = {.out = out};
    status result =
        begin(&c, d->info.rows, d->target_size, d->info.is == FELL_CLASSES ? d->info.nclasses : 0, key, p);
    const struct rng_stream stream = d->in.stream; /* looking leaves no trace in what is read later */
    int64_t *row = mem_array(DATA_CHUNK, sizeof *row);

    for (int64_t at = 0; at < d->info.rows && result == OK; at += DATA_CHUNK) {
        const int64_t n = d->info.rows - at < DATA_CHUNK ? d->info.rows - at : DATA_CHUNK;
        struct rows some = {.n = n};

        for (int64_t i = 0; i < n; i++)
            row[i] = at + i;
        result = dataset_read(d, row, n, false, &some, p);
        if (result == OK)
            result = count_rows(&c, &some, at, key, p);
        rows_free(&some);
    }
    d->in.stream = stream;
    free(row);
    free(c.of_label);
    return result;
}

status kinds_of_rows(const struct data *data, const struct rows *r, const char *key, struct kinds *out,
                     struct problem *p)
{
    struct counting c = {.out = out};
    status result = begin(&c, r->n, data->target_size, data->nclasses, key, p);

    if (result == OK)
        result = count_rows(&c, r, 0, key, p);
    free(c.of_label);
    return result;
}

void kinds_release(struct kinds *k)
{
    free(k->of);
    free(k->count);
    free(k->value);
    *k = (struct kinds){0};
}

status kinds_check_folds(const struct kinds *k, int64_t folds, struct problem *p)
{
    int64_t most = 0;

    for (int64_t i = 0; i < k->n; i++)
        most = k->count[i] > most ? k->count[i] : most;
    if (folds <= most)
        return OK;
    return problem_set(p, "data.folds", 0, "",
                       "data.stratify: %lld folds, but no class has more than %lld rows", (long long)folds,
                       (long long)most);
}
