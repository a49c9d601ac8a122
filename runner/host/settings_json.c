/* settings_json.c - settings as JSON, by their tables: what the database stores and what
 * a worker reads back with settings_parse(). See settings.h.
 */
#include "host/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

cJSON *settings_json_int(int64_t v)
{
    char text[32];

    if (v > -1000000000000000 && v < 1000000000000000)
        return cJSON_CreateNumber((double)v);
    snprintf(text, sizeof text, "%lld", (long long)v);
    return cJSON_CreateRaw(text);
}

/* cJSON prints 15 digits when these are near enough to the number; near is not equal. */
cJSON *settings_json_number(double v)
{
    char text[32];

    if (!isfinite(v)) {
        text_from_double(v, text);
        return cJSON_CreateString(text);
    }
    snprintf(text, sizeof text, "%1.15g", v);
    if (strtod(text, NULL) == v)
        return cJSON_CreateNumber(v);
    text_from_double(v, text);
    return cJSON_CreateRaw(text);
}

static cJSON *json_string(const char *text)
{
    return text ? cJSON_CreateString(text) : cJSON_CreateNull();
}

/* The name of choice NUMBER; free() it. */
static char *enum_name(const fell_param *p, int32_t number)
{
    const char *name = p->choices;

    while (number-- > 0 && strchr(name, '|'))
        name = strchr(name, '|') + 1;
    return mem_format("%.*s", (int)strcspn(name, "|"), name);
}

static cJSON *json_enum(const fell_param *p, int32_t number)
{
    char *name = enum_name(p, number);
    cJSON *json = cJSON_CreateString(name);

    free(name);
    return json;
}

static bool enum_is(const fell_param *p, int32_t number, const char *wanted)
{
    char *name = enum_name(p, number);
    const bool same = wanted && strcmp(name, wanted) == 0;

    free(name);
    return same;
}

static cJSON *json_whole(int64_t v)
{
    const int word = settings_word_of(v);

    return word < 0 ? settings_json_int(v) : cJSON_CreateString(settings_words[word]);
}

static cJSON *json_list(const fell_param *p, const void *field)
{
    cJSON *list = cJSON_CreateArray();
    const fell_ints *ints = field;
    const fell_floats *floats = field;
    const fell_strings *strings = field;

    if (p->type == FELL_P_INTS)
        for (int64_t i = 0; i < ints->n; i++)
            cJSON_AddItemToArray(list, json_whole(ints->v[i]));
    else if (p->type == FELL_P_FLOATS)
        for (int64_t i = 0; i < floats->n; i++)
            cJSON_AddItemToArray(list, settings_json_number(floats->v[i]));
    else
        for (int64_t i = 0; i < strings->n; i++)
            cJSON_AddItemToArray(list, json_string(strings->v[i]));
    return list;
}

static cJSON *json_map(const fell_map *map)
{
    cJSON *object = cJSON_CreateObject();

    for (int64_t i = 0; i < map->n; i++)
        cJSON_AddStringToObject(object, map->key[i], map->value[i]);
    return object;
}

static cJSON *json_setting(const fell_param *p, const void *field)
{
    switch ((fell_ptype)p->type) {
    case FELL_P_INT:
        return json_whole(*(const int64_t *)field);
    case FELL_P_FLOAT:
        return settings_json_number(*(const double *)field);
    case FELL_P_BOOL:
        return cJSON_CreateBool(*(const bool *)field);
    case FELL_P_STRING:
        return json_string(*(const char *const *)field);
    case FELL_P_ENUM:
        return json_enum(p, *(const int32_t *)field);
    case FELL_P_MAP:
        return json_map(field);
    default:
        return json_list(p, field);
    }
}

void settings_to_json(const struct item *item, const void *settings, cJSON *object)
{
    for (size_t i = 0; i < item->nparams; i++) {
        const fell_param *p = &item->params[i];

        cJSON_AddItemToObject(object, p->name, json_setting(p, (const char *)settings + p->offset));
    }
}

bool settings_is_default(const fell_param *p, const void *settings)
{
    const char *field = (const char *)settings + p->offset;

    switch ((fell_ptype)p->type) {
    case FELL_P_INT:
        return (double)*(const int64_t *)(const void *)field == p->def;
    case FELL_P_FLOAT:
        return *(const double *)(const void *)field == p->def;
    case FELL_P_BOOL:
        return *(const bool *)field == (p->def != 0.0);
    case FELL_P_ENUM:
        return enum_is(p, *(const int32_t *)(const void *)field, p->def_text);
    case FELL_P_STRING:
        return !*(const char *const *)(const void *)field && !p->def_text;
    default:
        return false;
    }
}

void settings_default_text(const fell_param *p, struct strbuf *b)
{
    char text[32];

    if (p->flags & FELL_REQUIRED)
        return;
    switch (p->type) {
    case FELL_P_BOOL:
        strbuf_add(b, p->def != 0.0 ? "true" : "false");
        break;
    case FELL_P_INT:
    case FELL_P_FLOAT:
        text_from_double(p->def, text);
        strbuf_add(b, text);
        break;
    default:
        strbuf_add(b, p->def_text ? p->def_text : "");
    }
}
