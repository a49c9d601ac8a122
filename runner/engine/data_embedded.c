/* data_embedded.c - columns of a table whose words the model learns vectors for: what the net needs to know
 * of them, and whether transforms have left them as they were. See data_parts.h.
 *
 * The entries that take them are the spec's (spec_embedded.c), their numbers are filled in by net_words.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/data_parts.h"
#include "host/settings.h"

static char *column_name(const fell_column *c)
{
    return c->name && *c->name ? mem_string(c->name) : mem_format("%lld", (long long)c->number);
}

void embedded_begin(struct data *data)
{
    data->embedded = mem_array((size_t)data->ncolumns + 1, sizeof *data->embedded);
    for (int64_t k = 0; k < data->ncolumns; k++) {
        const fell_column *c = &data->column[k];

        if (c->is == FELL_INDEX)
            data->embedded[data->nembedded++] =
                (struct embedded){.name = column_name(c), .values = c->values, .dim = c->embed};
    }
}

void embedded_follow(struct data *data, const fell_column *column, int64_t ncolumns)
{
    int64_t n = 0;

    for (int64_t k = 0; k < ncolumns && n < data->nembedded; k++)
        if (column[k].is == FELL_INDEX)
            data->embedded[n++].values = column[k].values;
}

void embedded_free(struct data *data)
{
    for (int64_t k = 0; data->embedded && k < data->nembedded; k++)
        free(data->embedded[k].name);
    free(data->embedded);
}

cJSON *embedded_json(const struct data *data)
{
    cJSON *list = cJSON_CreateArray();

    for (int64_t k = 0; k < data->nembedded; k++) {
        cJSON *one = cJSON_CreateObject();

        cJSON_AddStringToObject(one, "name", data->embedded[k].name);
        cJSON_AddItemToObject(one, "values", settings_json_int(data->embedded[k].values));
        cJSON_AddItemToObject(one, "dim", settings_json_int(data->embedded[k].dim));
        cJSON_AddItemToArray(list, one);
    }
    return list;
}

void embedded_read(struct data *data, const cJSON *list)
{
    data->embedded = mem_array((size_t)cJSON_GetArraySize(list) + 1, sizeof *data->embedded);
    for (const cJSON *one = list ? list->child : NULL; one; one = one->next) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(one, "name"));

        data->embedded[data->nembedded++] =
            (struct embedded){.name = mem_string(name ? name : ""),
                              .values = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(one, "values")),
                              .dim = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(one, "dim"))};
    }
}

status embedded_check(const struct data *data, struct problem *p)
{
    const int64_t first = data->x_size - data->nembedded;

    for (enum split s = 0; s < SPLITS && data->nembedded; s++) {
        const struct rows *r = &data->split[s];

        for (int64_t i = 0; i < r->n * data->nembedded; i++) {
            const struct embedded *e = &data->embedded[i % data->nembedded];
            const float v = r->x[i / data->nembedded * data->x_size + first + i % data->nembedded];

            if (!(v >= -1.0f && v < (float)e->values && v == floorf(v)))
                return problem_set(p, "data.transforms", 0, "",
                                   "row %lld of the %s rows has %g where the word of '%s' is wanted, a place "
                                   "from -1 to %lld: the transform that fills what is missing changed it",
                                   (long long)(i / data->nembedded + 1), split_name(s), (double)v, e->name,
                                   (long long)e->values - 1);
        }
    }
    return OK;
}
