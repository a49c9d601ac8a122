/* cases.c - what all kinds of cases read and compare with: see cases_parts.h. */
#include "check/cases_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* A case with `values`, each a name, options and a value, is as many cases with the same inputs. */
static cJSON *with_values_apart(cJSON *cases)
{
    cJSON *out = cJSON_CreateArray(), *one, *value;

    while ((one = cJSON_DetachItemFromArray(cases, 0))) {
        cJSON *values = cJSON_GetObjectItemCaseSensitive(one, "values");

        /* Of another type, it stays, and is an error of the case. */
        values = cJSON_IsArray(values) && values->child ? cJSON_DetachItemViaPointer(one, values) : NULL;

        if (!values)
            cJSON_AddItemToArray(out, one);
        cJSON_ArrayForEach(value, values)
        {
            cJSON *copy = cJSON_Duplicate(one, true), *key;

            cJSON_ArrayForEach(key, value)
                cJSON_AddItemToObject(copy, key->string, cJSON_Duplicate(key, true));
            cJSON_AddItemToArray(out, copy);
        }
        if (values)
            cJSON_Delete(one);
        cJSON_Delete(values);
    }
    return out;
}

status cases_read(const char *path, cJSON **root, cJSON **cases, struct error *err)
{
    const char *end = NULL;
    char *text;
    size_t len;

    if (file_read(path, &text, &len, err) != OK)
        return FAILED;
    *root = cJSON_ParseWithLengthOpts(text, len + 1, &end, true);
    if (!*root) {
        int line = 1;

        for (const char *p = text; end && p < end; p++)
            line += *p == '\n';
        free(text);
        return error_set(err, "%s:%d: this is not JSON", path, line);
    }
    free(text);
    *cases = cJSON_IsArray(*root) ? *root : cJSON_GetObjectItemCaseSensitive(*root, "cases");
    if (cJSON_IsArray(*cases) && cJSON_GetArraySize(*cases) > 0) {
        cJSON *all = with_values_apart(*cases);

        cJSON_Delete(*root);
        *root = *cases = all;
        if (cJSON_GetArraySize(all) > 0)
            return OK;
    }
    cJSON_Delete(*root);
    *root = NULL;
    return error_set(err, "%s: there is no list 'cases' with a case in it", path);
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static bool fill(const cJSON *a, int64_t depth, struct numbers *t, int64_t *at)
{
    const cJSON *item;

    if (depth == t->rank) {
        if (!cJSON_IsNumber(a) && !cJSON_IsNull(a))
            return false;
        t->d[*at] = cJSON_IsNull(a) ? NAN : a->valuedouble;
        t->f[*at] = (float)t->d[*at];
        (*at)++;
        return true;
    }
    if (!cJSON_IsArray(a) || cJSON_GetArraySize(a) != t->dim[depth])
        return false;
    cJSON_ArrayForEach(item, a) if (!fill(item, depth + 1, t, at)) return false;
    return true;
}

status case_read_numbers(struct run *r, const cJSON *object, const char *key, struct numbers *t)
{
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(object, key);
    int64_t at = 0;

    *t = (struct numbers){.n = 1};
    if (!a)
        return error_set(r->err, "it has no '%s'", key);
    for (const cJSON *level = a; cJSON_IsArray(level); level = level->child) {
        if (t->rank == MOST_DIMENSIONS)
            return error_set(r->err, "'%s' has too many dimensions", key);
        t->dim[t->rank] = cJSON_GetArraySize(level);
        t->n *= t->dim[t->rank++];
    }
    if (!t->n)
        return error_set(r->err, "'%s' is empty", key);
    t->d = subject_bytes(&r->s, t->n * (int64_t)sizeof *t->d);
    t->f = subject_floats(&r->s, t->n, 0.0f);
    if (!fill(a, 0, t, &at))
        return error_set(r->err, "'%s' is not a tensor of numbers, with lists of the same length", key);
    return OK;
}

status case_read_matrix(struct run *r, const char *key, struct numbers *t)
{
    if (case_read_numbers(r, r->json, key, t) != OK)
        return FAILED;
    return t->rank == 2 ? OK : error_set(r->err, "'%s' is no list of rows, each a list of numbers", key);
}

status case_expect_size(struct run *r, const char *key, int64_t n, int64_t wanted)
{
    if (n == wanted)
        return OK;
    return error_set(r->err, "'%s' has %lld numbers where the plugin has %lld", key, (long long)n,
                     (long long)wanted);
}

void case_compare(struct run *r, const char *where, const float *got, const double *single,
                  const double *wanted, int64_t n)
{
    double scale = 1e-30;

    for (int64_t i = 0; i < n; i++)
        scale = isfinite(wanted[i]) && fabs(wanted[i]) > scale ? fabs(wanted[i]) : scale;
    for (int64_t i = 0; i < n; i++) {
        const double v = single ? single[i] : (double)got[i];
        double error = v == wanted[i] ? 0.0 : fabs(v - wanted[i]) / scale; /* the same infinity is equal */

        if (isnan(error))
            error = isnan(v) && isnan(wanted[i]) ? 0.0 : INFINITY;
        if (error <= r->out->error && r->out->where[0])
            continue;
        r->out->error = error;
        snprintf(r->out->where, sizeof r->out->where, "%s", where);
        r->out->at = i;
        r->out->got = v;
        r->out->wanted = wanted[i];
    }
}

const cJSON *case_member(const struct run *r, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(r->json, key);
}

status case_labels(struct run *r, const struct numbers *target, double least, int64_t classes, int32_t **out)
{
    int32_t *label = *out = subject_bytes(&r->s, target->n * (int64_t)sizeof *label);

    for (int64_t i = 0; i < target->n; i++) {
        if (!(target->d[i] >= least && target->d[i] < (double)classes && target->d[i] == floor(target->d[i])))
            return error_set(r->err, "target %lld is %g, which is no class of %lld", (long long)i,
                             target->d[i], (long long)classes);
        label[i] = (int32_t)target->d[i];
    }
    return OK;
}
