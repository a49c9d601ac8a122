/* data_tell.c - what was found out about the rows, for people: `fell check` and `fell plan`.
 *
 * The text is JSON, kept with the rows (data_cache_file.c) and a part of the plan (net.c).
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/data_parts.h"
#include "host/settings.h"

static void count_classes(int64_t *count, const struct data *data, enum split s)
{
    const struct rows *r = &data->split[s];

    for (int64_t i = 0; r->label && i < rows_numbers(r, data->target_size); i++)
        if (r->label[i] >= 0 && r->label[i] < data->nclasses)
            count[r->label[i]]++;
}

static cJSON *column_json(const fell_column *c)
{
    cJSON *one = cJSON_CreateObject(), *words;

    cJSON_AddItemToObject(one, "name", c->name ? cJSON_CreateString(c->name) : cJSON_CreateNull());
    cJSON_AddItemToObject(one, "number", settings_json_int(c->number));
    cJSON_AddStringToObject(one, "is", c->is == FELL_NUMBER ? "number" : "category");
    cJSON_AddItemToObject(one, "missing", settings_json_int(c->missing));
    if (c->is == FELL_INDEX)
        cJSON_AddItemToObject(one, "embed", settings_json_int(c->embed));
    if (c->is == FELL_NUMBER) {
        cJSON_AddItemToObject(one, "min", settings_json_number(c->min));
        cJSON_AddItemToObject(one, "max", settings_json_number(c->max));
        return one;
    }
    words = cJSON_AddArrayToObject(one, "words");
    for (int64_t k = 0; k < c->nwords; k++)
        cJSON_AddItemToArray(words, cJSON_CreateString(c->word[k]));
    return one;
}

static cJSON *classes_json(const struct data *data, const int64_t *count)
{
    cJSON *list = cJSON_CreateArray();

    for (int64_t k = 0; k < data->nclasses; k++) {
        cJSON *one = cJSON_CreateObject();

        if (data->class_names)
            cJSON_AddStringToObject(one, "name", data->class_names[k]);
        else
            cJSON_AddItemToObject(one, "name", settings_json_int(k));
        cJSON_AddItemToObject(one, "rows", settings_json_int(count[k]));
        cJSON_AddItemToArray(list, one);
    }
    return list;
}

/* Smallest and largest value of each of the first targets, also of held-out rows that S has given away. */
static cJSON *targets_json(const struct data *data, enum split s, bool held)
{
    enum { SHOWN = 20 };
    cJSON *list = cJSON_CreateArray();

    for (int64_t j = 0; j < data->target_size && j < SHOWN; j++) {
        cJSON *one = cJSON_CreateObject();
        double min = (double)INFINITY, max = -min;

        for (enum split k = s; k <= (held ? SPLIT_VALIDATION : s); k++)
            for (int64_t i = j; i < data->split[k].n * data->target_size; i += data->target_size) {
                min = fmin(min, (double)data->split[k].target[i]);
                max = fmax(max, (double)data->split[k].target[i]);
            }
        cJSON_AddItemToObject(one, "min", settings_json_number(min));
        cJSON_AddItemToObject(one, "max", settings_json_number(max));
        cJSON_AddItemToArray(list, one);
    }
    return list;
}

void data_tell(struct data *data, const struct dataset set[SPLITS])
{
    cJSON *list = cJSON_CreateArray();
    char *printed;

    data->class_rows = mem_array((size_t)data->nclasses + 1, sizeof *data->class_rows);
    count_classes(data->class_rows, data, SPLIT_TRAIN);
    if (!set[SPLIT_VALIDATION].open && !data->split[SPLIT_TRAIN].step)
        count_classes(data->class_rows, data, SPLIT_VALIDATION);
    for (enum split s = 0; s < SPLITS; s++) {
        const fell_data_info *info = &set[s].info;
        int64_t *count = data->class_rows;
        cJSON *one, *columns;

        if (!set[s].open)
            continue;
        if (s != SPLIT_TRAIN) {
            count = mem_array((size_t)data->nclasses + 1, sizeof *count);
            count_classes(count, data, s);
        }
        one = cJSON_CreateObject();
        cJSON_AddItemToArray(list, one);
        cJSON_AddStringToObject(one, "set", set[s].word);
        cJSON_AddStringToObject(one, "section", set[s].section);
        cJSON_AddStringToObject(one, "dataset", set[s].choice->item->name);
        cJSON_AddItemToObject(one, "rows", settings_json_int(info->rows));
        if (info->found)
            cJSON_AddStringToObject(one, "found", info->found);
        if (info->vocabulary)
            cJSON_AddItemToObject(one, "vocabulary", settings_json_int(info->vocabulary));
        columns = cJSON_AddArrayToObject(one, "columns");
        for (int64_t k = 0; info->column && k < info->ncolumns; k++)
            cJSON_AddItemToArray(columns, column_json(&info->column[k]));
        if (data->nclasses)
            cJSON_AddItemToObject(one, "classes", classes_json(data, count));
        else if (!info->no_targets && data->split[s].target && !data->split[s].step)
            cJSON_AddItemToObject(one, "targets",
                                  targets_json(data, s, s == SPLIT_TRAIN && !set[SPLIT_VALIDATION].open));
        if (count != data->class_rows)
            free(count);
    }
    printed = cJSON_PrintUnformatted(list);
    data->found = mem_string(printed ? printed : "[]");
    cJSON_free(printed);
    cJSON_Delete(list);
}
