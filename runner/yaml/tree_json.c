/* tree_json.c - a value of a tree as JSON, with the types that YAML's core schema gives to plain scalars: a
 * setting may mean another one, which is not known here. See tree_to_json() in tree.h.
 */
#include "yaml/tree.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

/* TEXT is a number of JSON as it stands: no sign but -, no leading zero, digits around a point. */
static bool is_json_number(const char *text)
{
    static const char digits[] = "0123456789";
    const char *p = text + (*text == '-');
    size_t n = strspn(p, digits);

    if (!n || (n > 1 && *p == '0'))
        return false;
    p += n;
    if (*p == '.') {
        n = strspn(++p, digits);
        if (!n)
            return false;
        p += n;
    }
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '-' || p[1] == '+');
        n = strspn(p, digits);
        if (!n)
            return false;
        p += n;
    }
    return !*p;
}

static cJSON *scalar(const struct node *n)
{
    char number[32];
    double x;

    if (tree_is_null(n))
        return cJSON_CreateNull();
    if (!n->plain)
        return cJSON_CreateString(n->text);
    if (!strcmp(n->text, "true") || !strcmp(n->text, "false"))
        return cJSON_CreateBool(n->text[0] == 't');
    if (is_json_number(n->text))
        return cJSON_CreateRaw(n->text);
    if (n->text[strspn(n->text, "+-.0123456789eE_")] || !text_to_double(n->text, &x) || !isfinite(x))
        return cJSON_CreateString(n->text);
    text_from_double(x, number);
    return is_json_number(number) ? cJSON_CreateRaw(number) : cJSON_CreateString(n->text);
}

static cJSON *any(const struct node *n)
{
    cJSON *o;

    if (n->kind == NODE_SCALAR)
        return scalar(n);
    o = n->kind == NODE_MAP ? cJSON_CreateObject() : cJSON_CreateArray();
    for (size_t i = 0; i < n->n; i++)
        if (n->kind == NODE_MAP)
            cJSON_AddItemToObject(o, n->key[i]->text, any(n->item[i]));
        else
            cJSON_AddItemToArray(o, any(n->item[i]));
    return o;
}

const char *tree_to_json(struct arena *arena, const struct node *n)
{
    cJSON *json = any(n);
    char *printed = cJSON_PrintUnformatted(json);
    const char *text = arena_string(arena, printed, strlen(printed));

    cJSON_free(printed);
    cJSON_Delete(json);
    return text;
}
