/* spec_schema_pieces.c - the pieces that a JSON Schema is put together from. See spec_schema_parts.h. */
#include "schema/spec_schema_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/settings.h"

cJSON *schema_ref(const char *fmt, ...)
{
    cJSON *o = cJSON_CreateObject();
    char name[160], text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    snprintf(text, sizeof text, "#/definitions/%s", name);
    cJSON_AddStringToObject(o, "$ref", text);
    return o;
}

cJSON *schema_type(const char *type)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "type", type);
    return o;
}

/* One alternative alone is an allOf: yaml-language-server would say its title twice. */
static cJSON *any_of(const char *key, const char *doc, cJSON *a, cJSON *b, cJSON *c)
{
    cJSON *o = cJSON_CreateObject(), *any;

    if (doc)
        cJSON_AddStringToObject(o, key, doc);
    any = cJSON_AddArrayToObject(o, b || c ? "anyOf" : "allOf");
    cJSON_AddItemToArray(any, a);
    if (b)
        cJSON_AddItemToArray(any, b);
    if (c)
        cJSON_AddItemToArray(any, c);
    return o;
}

cJSON *schema_any(const char *doc, cJSON *a, cJSON *b, cJSON *c)
{
    return any_of("description", doc, a, b, c);
}

cJSON *schema_any_plugin(const char *doc, cJSON *a, cJSON *b, cJSON *c)
{
    return any_of("title", doc, a, b, c);
}

cJSON *schema_null(void)
{
    cJSON *o = schema_type("null");

    cJSON_AddStringToObject(o, "title", "not set");
    return o;
}

cJSON *schema_words(const char *const *words)
{
    cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "enum");

    for (; *words; words++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*words));
    return o;
}

cJSON *schema_list(cJSON *items, int least)
{
    cJSON *o = schema_type("array");

    cJSON_AddStringToObject(o, "title", "a list");
    if (least)
        cJSON_AddNumberToObject(o, "minItems", least);
    cJSON_AddItemToObject(o, "items", items);
    return o;
}

cJSON *schema_map(const char *doc, bool optional)
{
    cJSON *o = cJSON_CreateObject(), *types;

    if (doc)
        cJSON_AddStringToObject(o, "description", doc);
    if (optional) {
        types = cJSON_AddArrayToObject(o, "type");
        cJSON_AddItemToArray(types, cJSON_CreateString("object"));
        cJSON_AddItemToArray(types, cJSON_CreateString("null"));
    } else {
        cJSON_AddStringToObject(o, "type", "object");
    }
    cJSON_AddObjectToObject(o, "properties");
    cJSON_AddFalseToObject(o, "additionalProperties");
    return o;
}

cJSON *schema_or_var(cJSON *o)
{
    cJSON *type = cJSON_DetachItemFromObject(o, "type"), *types = cJSON_CreateArray(), *one;

    if (cJSON_IsArray(type))
        while ((one = cJSON_DetachItemFromArray(type, 0)))
            cJSON_AddItemToArray(types, one);
    else
        cJSON_AddItemToArray(types, cJSON_CreateString(type->valuestring));
    cJSON_Delete(type);
    cJSON_AddItemToArray(types, cJSON_CreateString("string"));
    cJSON_AddItemToObject(o, "type", types);
    cJSON_AddStringToObject(o, "pattern", SETTINGS_VAR); /* of texts only */
    return o;
}

void schema_property(cJSON *map, const char *key, cJSON *value, bool required)
{
    cJSON *list = cJSON_GetObjectItem(map, "required");

    cJSON_AddItemToObject(cJSON_GetObjectItem(map, "properties"), key, value);
    if (!required)
        return;
    if (!list)
        list = cJSON_AddArrayToObject(map, "required");
    cJSON_AddItemToArray(list, cJSON_CreateString(key));
}

void schema_params(const struct schema_maker *m, cJSON *map, size_t n, const fell_param *params)
{
    for (size_t i = 0; i < n; i++)
        schema_property(map, params[i].name, settings_schema(&params[i]),
                        !m->part && params[i].flags & FELL_REQUIRED);
}
