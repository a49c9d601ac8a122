/* settings_schema.c - a setting as JSON Schema, by its table: what an editor checks and
 * shows. See settings.h.
 *
 * The reader is more tolerant than YAML's own types: a number may be written 1e-3, .5 or 1_000,
 * which some YAML readers take for texts, and a text may be 123 or yes. So every type
 * takes what any YAML reader makes of a value that settings.c accepts. The type that is
 * meant comes first: yaml-language-server speaks of the first that fails.
 */
#include "host/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Regular expressions as ECMA-262 and most others have them; of text_to_double() and so on. */
#define DIGITS   "[0-9](_?[0-9])*"
#define EXPONENT "[eE][-+]?" DIGITS
#define DECIMAL  "(" DIGITS "\\.?(" DIGITS ")?|\\." DIGITS ")"

/* Texts that stand for values: definitions that every setting refers to. */
static const struct {
    const char *name, *pattern;
} texts[] = {
    {"text.number", "^[-+]?" DECIMAL "(" EXPONENT ")?$"},
    {"text.special",
     "^[-+]?(" DECIMAL "(" EXPONENT ")?|\\.?([iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN]))$"},
    {"text.whole", "^[-+]?(" DIGITS "(\\.0*)?|" DECIMAL EXPONENT ")$"},
    {"text.var", SETTINGS_VAR},
    {"text.switch", "^([tT][rR][uU][eE]|[yY][eE][sS]|[oO][nN]|[fF][aA][lL][sS][eE]|[nN][oO]|[oO][fF][fF])$"},
};

static fell_ptype element_of(uint32_t type)
{
    switch (type) {
    case FELL_P_INTS:
        return FELL_P_INT;
    case FELL_P_FLOATS:
        return FELL_P_FLOAT;
    case FELL_P_STRINGS:
        return FELL_P_STRING;
    default:
        return (fell_ptype)type;
    }
}

static void add_number(cJSON *o, const char *key, double v)
{
    if (isfinite(v))
        cJSON_AddItemToObject(o, key, settings_json_number(v));
}

static cJSON *reference(const char *name)
{
    cJSON *o = cJSON_CreateObject();
    char text[64];

    snprintf(text, sizeof text, "#/definitions/%s", name);
    cJSON_AddStringToObject(o, "$ref", text);
    return o;
}

/* A choice that YAML 1.1 reads as a switch may arrive as one. */
static void add_choices(cJSON *o, const char *choices)
{
    cJSON *any = cJSON_AddArrayToObject(o, "anyOf"), *words = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(words, "enum");
    bool on, have[2] = {false, false};

    for (const char *at = choices; at && *at;) {
        size_t n = strcspn(at, "|");
        char *word = mem_format("%.*s", (int)n, at);

        cJSON_AddItemToArray(list, cJSON_CreateString(word));
        if (text_to_bool(word, &on))
            have[on] = true;
        free(word);
        at += n + (at[n] == '|');
    }
    for (int i = 1; i >= 0; i--)
        if (have[i])
            cJSON_AddItemToArray(list, cJSON_CreateBool(i));
    cJSON_AddItemToArray(any, words);
    cJSON_AddItemToArray(any, reference("text.var"));
}

static cJSON *typed(const char *type)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "type", type);
    return o;
}

/* Alternatives have titles, see spec_schema_parts.h. */
static cJSON *titled(const char *type, const char *title)
{
    cJSON *o = typed(type);

    cJSON_AddStringToObject(o, "title", title);
    return o;
}

static cJSON *text_like(const char *pattern)
{
    cJSON *o = titled("string", "as a text");

    cJSON_AddStringToObject(o, "pattern", pattern);
    return o;
}

static cJSON *number_in_range(const char *type, const fell_param *p)
{
    cJSON *o = typed(type);

    add_number(o, p->flags & FELL_MIN_OPEN ? "exclusiveMinimum" : "minimum", p->min);
    add_number(o, p->flags & FELL_MAX_OPEN ? "exclusiveMaximum" : "maximum", p->max);
    return o;
}

/* A text that YAML takes for a number or a switch is a text all the same. */
static cJSON *any_text(const fell_param *p)
{
    cJSON *o, *types;

    if (p->flags & FELL_MONITOR)
        return text_like("^((train|validation|test|probe)\\..|\\$[A-Za-z_])");
    o = cJSON_CreateObject();
    types = cJSON_AddArrayToObject(o, "type");
    cJSON_AddItemToArray(types, cJSON_CreateString("string"));
    cJSON_AddItemToArray(types, cJSON_CreateString("number"));
    cJSON_AddItemToArray(types, cJSON_CreateString("boolean"));
    if (p->flags & FELL_PATH)
        cJSON_AddNumberToObject(o, "minLength", 1);
    return o;
}

/* Names with a word each, or with a map of one key. */
static cJSON *map_of_words(const fell_param *p)
{
    cJSON *map = titled("object", "a map"), *values = cJSON_AddObjectToObject(map, "additionalProperties");
    cJSON *any = cJSON_AddArrayToObject(values, "anyOf"), *pair = typed("object");

    cJSON_AddItemToArray(any, any_text(p));
    cJSON_AddNumberToObject(pair, "minProperties", 1);
    cJSON_AddNumberToObject(pair, "maxProperties", 1);
    cJSON_AddItemToObject(pair, "additionalProperties", any_text(p));
    cJSON_AddItemToArray(any, pair);
    return map;
}

/* What one value of TYPE is meant to be. */
static cJSON *meant(const fell_param *p, fell_ptype type)
{
    switch (type) {
    case FELL_P_INT:
        return number_in_range("integer", p);
    case FELL_P_FLOAT:
        return number_in_range("number", p);
    case FELL_P_BOOL:
        return typed("boolean");
    case FELL_P_MAP:
        return map_of_words(p);
    default:
        return any_text(p);
    }
}

/* The text that stands for one as well, appended to ANY. */
static void add_text(cJSON *any, const fell_param *p, fell_ptype type)
{
    const char *special = isfinite(p->def) ? "text.number" : "text.special";

    if (type == FELL_P_INT || type == FELL_P_FLOAT || type == FELL_P_BOOL)
        cJSON_AddItemToArray(any, reference(type == FELL_P_INT     ? "text.whole"
                                            : type == FELL_P_FLOAT ? special
                                                                   : "text.switch"));
    if (type != FELL_P_STRING)
        cJSON_AddItemToArray(any, reference("text.var"));
}

static cJSON *list_of(const fell_param *p, fell_ptype element)
{
    cJSON *array = titled("array", "a list"), *items = cJSON_AddObjectToObject(array, "items");
    cJSON *any = cJSON_AddArrayToObject(items, "anyOf");

    cJSON_AddItemToArray(any, meant(p, element));
    add_text(any, p, element);
    return array;
}

/* Default texts are YAML; the lists among them are JSON as well. No default is worth its room in an
 * editor where it only says "not set". */
static cJSON *default_of(const fell_param *p)
{
    cJSON *v = NULL;

    if (p->flags & FELL_REQUIRED || settings_null_is_unset(p))
        return NULL;
    switch (p->type) {
    case FELL_P_BOOL:
        return cJSON_CreateBool(p->def != 0);
    case FELL_P_INT:
    case FELL_P_FLOAT:
        return settings_in_range(p, p->def) ? settings_json_number(p->def) : NULL;
    case FELL_P_INTS:
    case FELL_P_FLOATS:
    case FELL_P_STRINGS:
        v = p->def_text ? cJSON_Parse(p->def_text) : NULL;
        break;
    default:
        break;
    }
    return v || !p->def_text ? v : cJSON_CreateString(p->def_text);
}

/* "A number in (0, inf); 0.001 by default." */
static char *describe(const fell_param *p)
{
    const fell_ptype element = element_of(p->type);
    struct strbuf b = {0}, text = {0};
    char range[80];

    strbuf_addf(&b, "%s\n\n", p->doc);
    if (p->type == FELL_P_ENUM) {
        strbuf_add(&b, "One of ");
        for (const char *at = p->choices; *at; at++)
            strbuf_add(&b, *at == '|' ? ", " : (char[]){*at, 0});
    } else {
        strbuf_add(&b, p->flags & FELL_PATH ? "the path of a file" : settings_type_word(p));
        b.text[strlen(p->doc) + 2] = (char)(b.text[strlen(p->doc) + 2] - 'a' + 'A');
    }
    settings_range_text(p, range);
    if ((element == FELL_P_INT || element == FELL_P_FLOAT) && (isfinite(p->min) || isfinite(p->max)))
        strbuf_addf(&b, " in %s", range);
    settings_default_text(p, &text);
    if (p->flags & FELL_REQUIRED)
        strbuf_add(&b, "; required");
    else if ((p->type == FELL_P_INT || p->type == FELL_P_FLOAT) && !settings_in_range(p, p->def))
        strbuf_add(&b, "; not set by default");
    else if (!settings_null_is_unset(p) && text.text && *text.text)
        strbuf_addf(&b, "; %s by default", text.text);
    strbuf_add(&b, ".");
    strbuf_release(&text);
    return b.text;
}

cJSON *settings_schema(const fell_param *p)
{
    const fell_ptype element = element_of(p->type);
    cJSON *o = cJSON_CreateObject(), *any, *v = default_of(p);
    char *text = describe(p);

    cJSON_AddStringToObject(o, "description", text);
    free(text);
    if (v)
        cJSON_AddItemToObject(o, "default", v);
    if (p->type == FELL_P_ENUM) {
        add_choices(o, p->choices);
        return o;
    }
    any = cJSON_AddArrayToObject(o, "anyOf");
    cJSON_AddItemToArray(any, meant(p, element));
    if (p->type != element)
        cJSON_AddItemToArray(any, list_of(p, element));
    add_text(any, p, element);
    if (settings_null_is_unset(p))
        cJSON_AddItemToArray(any, titled("null", "not set"));
    return o;
}

void settings_schema_define(cJSON *definitions)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cJSON_AddItemToObject(definitions, texts[i].name, text_like(texts[i].pattern));
}
