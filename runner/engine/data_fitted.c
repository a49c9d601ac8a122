/* data_fitted.c - data->fitted: what was settled about columns, classes, transforms and targets, written
 * while data are loaded, and read again. See fitted.h.
 *
 * Numbers are JSON numbers with all of their digits; those that are not finite are texts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/data_work.h"
#include "engine/fitted.h"
#include "host/settings.h"

enum { FITTED_VERSION = 1 };

/* ---- writing -------------------------------------------------------------------------- */

static cJSON *numbers(int64_t n, const double *v)
{
    cJSON *list = cJSON_CreateArray();

    for (int64_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, settings_json_number(v[i]));
    return list;
}

static cJSON *shape_json(const fell_shape *s)
{
    cJSON *list = cJSON_CreateArray();

    for (int64_t i = 0; i < s->rank; i++)
        cJSON_AddItemToArray(list, settings_json_int(s->dim[i]));
    return list;
}

static cJSON *words_json(int64_t n, const char *const *word)
{
    cJSON *list = cJSON_CreateArray();

    for (int64_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(word[i]));
    return list;
}

static cJSON *column_json(const fell_column *c)
{
    cJSON *json = cJSON_CreateObject();

    if (c->name)
        cJSON_AddStringToObject(json, "name", c->name);
    cJSON_AddStringToObject(json, "is", c->is == FELL_NUMBER ? "number" : "category");
    cJSON_AddItemToObject(json, "width", settings_json_int(c->width));
    cJSON_AddItemToObject(json, "missing", settings_json_int(c->missing));
    if (c->is == FELL_INDEX)
        cJSON_AddItemToObject(json, "embed", settings_json_int(c->embed));
    if (c->is != FELL_NUMBER) {
        cJSON_AddItemToObject(json, "words", words_json(c->nwords, c->word));
        return json;
    }
    cJSON_AddItemToObject(json, "min", settings_json_number(c->min));
    cJSON_AddItemToObject(json, "max", settings_json_number(c->max));
    return json;
}

void fitted_begin(struct data *data, const struct dataset *source)
{
    const fell_data_info *info = &source->info;
    cJSON *json = data->fitting = cJSON_CreateObject(), *list;

    cJSON_AddNumberToObject(json, "version", FITTED_VERSION);
    cJSON_AddItemToObject(json, "x", shape_json(&info->x));
    cJSON_AddItemToObject(json, "target", shape_json(&info->target));
    if (info->is == FELL_CLASSES)
        cJSON_AddItemToObject(json, "nclasses", settings_json_int(info->nclasses));
    if (info->vocabulary)
        cJSON_AddItemToObject(json, "vocabulary", settings_json_int(info->vocabulary));
    if (info->is == FELL_CLASSES && info->class_names)
        cJSON_AddItemToObject(json, "classes", words_json(info->nclasses, info->class_names));
    if (info->column) {
        list = cJSON_AddArrayToObject(json, "columns");
        for (int64_t k = 0; k < info->ncolumns; k++)
            cJSON_AddItemToArray(list, column_json(&info->column[k]));
    }
    cJSON_AddArrayToObject(json, "transforms");
}

void fitted_add(struct data *data, const struct work *w)
{
    cJSON *one = cJSON_CreateObject(), *list;

    cJSON_AddItemToArray(cJSON_GetObjectItem(data->fitting, "transforms"), one);
    cJSON_AddStringToObject(one, "name", w->item->name);
    cJSON_AddBoolToObject(one, "wide", w->wide);
    list = cJSON_AddArrayToObject(one, "tensors");
    for (size_t k = 0; k < w->item->layer->ntensors; k++) {
        const int64_t n = w->tensor[k] ? data_shape_size(&w->plan.tensor[k]) : 0;
        cJSON *tensor = cJSON_CreateArray();

        for (int64_t i = 0; i < n; i++)
            cJSON_AddItemToArray(
                tensor, settings_json_number(w->wide ? w->wide_tensor[k][i] : (double)w->tensor[k][i]));
        cJSON_AddItemToArray(list, tensor);
    }
}

void fitted_end(struct data *data)
{
    char *printed;

    if (data->target_mean) {
        cJSON_AddItemToObject(data->fitting, "target_mean", numbers(data->target_size, data->target_mean));
        cJSON_AddItemToObject(data->fitting, "target_deviation",
                              numbers(data->target_size, data->target_deviation));
    }
    printed = cJSON_PrintUnformatted(data->fitting);
    data->fitted = mem_string(printed ? printed : "");
    cJSON_free(printed);
    cJSON_Delete(data->fitting);
    data->fitting = NULL;
}

/* ---- reading -------------------------------------------------------------------------- */

/* Where a text is read; GOOD: it was right so far. */
struct reading {
    struct fitted *f;
    bool good;
};

static double number(struct reading *r, const cJSON *v)
{
    const char *text = cJSON_GetStringValue(v);
    double x = 0.0;

    if (text)
        r->good &= text_to_double(text, &x);
    else
        r->good &= cJSON_IsNumber(v) != 0;
    return text ? x : cJSON_GetNumberValue(v);
}

static int64_t integer(struct reading *r, const cJSON *v, int64_t least, int64_t most)
{
    const double x = number(r, v);

    r->good &= x >= (double)least && x <= (double)most && x == floor(x);
    return r->good ? (int64_t)x : least;
}

static fell_shape shape(struct reading *r, const cJSON *list)
{
    fell_shape s = {.rank = cJSON_GetArraySize(list)};
    int64_t k = 0;
    const cJSON *v;

    r->good &= s.rank >= 1 && s.rank <= 4;
    if (!r->good)
        return fell_vec(1);
    cJSON_ArrayForEach(v, list) s.dim[k++] = integer(r, v, 1, (int64_t)1 << 40);
    r->good &= r->good && data_shape_size(&s) > 0;
    return r->good ? s : fell_vec(1);
}

static const char *string(struct reading *r, const cJSON *v)
{
    const char *text = cJSON_GetStringValue(v);

    r->good &= text != NULL;
    return text ? arena_string(r->f->arena, text, strlen(text)) : "";
}

static const char *const *words(struct reading *r, const cJSON *list, int64_t *n)
{
    const char **word;
    const cJSON *v;
    int64_t k = 0;

    *n = cJSON_GetArraySize(list);
    word = arena_alloc(r->f->arena, ((size_t)*n + 1) * sizeof *word);
    cJSON_ArrayForEach(v, list) word[k++] = string(r, v);
    return word;
}

/* [N] numbers; NULL without LIST. */
static double *doubles(struct reading *r, const cJSON *list, int64_t n)
{
    const cJSON *v;
    double *out;
    int64_t k = 0;

    if (!list)
        return NULL;
    r->good &= cJSON_GetArraySize(list) == n;
    out = arena_alloc(r->f->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *out);
    cJSON_ArrayForEach(v, list) out[k++] = number(r, v);
    return out;
}

static void read_columns(struct reading *r, const cJSON *list, fell_data_info *info)
{
    fell_column *column = arena_alloc(r->f->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *column);
    int64_t at = 0;
    const cJSON *v;

    info->column = column;
    cJSON_ArrayForEach(v, list)
    {
        fell_column *c = &column[info->ncolumns];
        const cJSON *name = cJSON_GetObjectItem(v, "name"), *embed;
        const char *is = cJSON_GetStringValue(cJSON_GetObjectItem(v, "is"));

        *c = (fell_column){.name = name ? string(r, name) : NULL,
                           .is = is && !strcmp(is, "category") ? FELL_CATEGORY : FELL_NUMBER,
                           .at = at,
                           .number = info->ncolumns++};
        c->width = integer(r, cJSON_GetObjectItem(v, "width"), 1, (int64_t)1 << 40);
        c->missing = integer(r, cJSON_GetObjectItem(v, "missing"), 0, INT64_MAX >> 11);
        if (c->is == FELL_CATEGORY && (embed = cJSON_GetObjectItem(v, "embed"))) {
            c->is = FELL_INDEX;
            c->embed = integer(r, embed, 1, (int64_t)1 << 24);
        }
        if (c->is != FELL_NUMBER) {
            c->word = words(r, cJSON_GetObjectItem(v, "words"), &c->nwords);
            c->values = c->is == FELL_INDEX ? c->nwords : 0;
            r->good &= c->is == FELL_INDEX ? c->width == 1 && c->nwords > 0 : c->nwords == c->width;
        } else {
            c->min = number(r, cJSON_GetObjectItem(v, "min"));
            c->max = number(r, cJSON_GetObjectItem(v, "max"));
        }
        at += c->width;
    }
    r->good &= at == fell_size(&info->x);
}

static void read_transform(struct reading *r, const cJSON *json, struct fitted_transform *t)
{
    const cJSON *list = cJSON_GetObjectItem(json, "tensors"), *v;

    t->name = string(r, cJSON_GetObjectItem(json, "name"));
    t->wide = cJSON_IsTrue(cJSON_GetObjectItem(json, "wide"));
    t->n = arena_alloc(r->f->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *t->n);
    t->tensor = arena_alloc(r->f->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *t->tensor);
    cJSON_ArrayForEach(v, list)
    {
        t->n[t->ntensors] = cJSON_GetArraySize(v);
        t->tensor[t->ntensors] = doubles(r, v, t->n[t->ntensors]);
        t->ntensors++;
    }
}

static void read_all(struct reading *r, const cJSON *json)
{
    fell_data_info *info = &r->f->source;
    const cJSON *list = cJSON_GetObjectItem(json, "transforms"), *v;
    int64_t n;

    info->x = shape(r, cJSON_GetObjectItem(json, "x"));
    info->target = shape(r, cJSON_GetObjectItem(json, "target"));
    info->is = cJSON_HasObjectItem(json, "nclasses") ? FELL_CLASSES : FELL_VALUES;
    if (info->is == FELL_CLASSES)
        info->nclasses = integer(r, cJSON_GetObjectItem(json, "nclasses"), 1, (int64_t)1 << 24);
    if ((v = cJSON_GetObjectItem(json, "vocabulary")))
        info->vocabulary = integer(r, v, 1, (int64_t)1 << 24);
    if ((v = cJSON_GetObjectItem(json, "classes"))) {
        info->class_names = words(r, v, &n);
        r->good &= n == info->nclasses;
    }
    if ((v = cJSON_GetObjectItem(json, "columns")))
        read_columns(r, v, info);
    n = r->good ? fell_size(&info->target) : 1;
    r->f->target_mean = doubles(r, cJSON_GetObjectItem(json, "target_mean"), n);
    r->f->target_deviation = doubles(r, cJSON_GetObjectItem(json, "target_deviation"), n);
    r->good &= !r->f->target_mean == !r->f->target_deviation;
    r->f->transform =
        arena_alloc(r->f->arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *r->f->transform);
    cJSON_ArrayForEach(v, list)
    {
        struct fitted_transform *t = &r->f->transform[r->f->ntransforms++];

        *t = (struct fitted_transform){.name = ""};
        read_transform(r, v, t);
    }
}

status fitted_read(const char *text, struct fitted **out, struct error *err)
{
    struct fitted *f = mem_alloc(sizeof *f);
    cJSON *json = cJSON_Parse(text);
    const double version = cJSON_GetNumberValue(cJSON_GetObjectItem(json, "version"));
    struct reading r = {f, cJSON_IsObject(json) && version == FITTED_VERSION};

    f->arena = arena_new();
    if (r.good)
        read_all(&r, json);
    cJSON_Delete(json);
    if (r.good) {
        *out = f;
        return OK;
    }
    fitted_free(f);
    *out = NULL;
    return version > FITTED_VERSION ? error_set(err, "what it says of its data is of a later version of fell")
                                    : error_set(err, "what it says of its data makes no sense");
}

void fitted_free(struct fitted *f)
{
    if (!f)
        return;
    arena_free(f->arena);
    free(f);
}
