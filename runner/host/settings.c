/* settings.c - reads and checks settings by their tables.
 *
 * The table (fell_param) says everything: this file knows types, not plugins. It does
 * not find plugins (registry.c) and does not know the sections of a spec, though these
 * are read here too, by tables of the same kind (spec_keys.c). The way back, to JSON, is
 * settings_json.c. See settings.h.
 */
#include "host/settings.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* What stands behind one setting while it is read. */
struct setter {
    struct arena *arena;
    const char *who; /* the item's name */
    const fell_param *param;
    struct diag *diag;
    bool words; /* whole numbers may be settings_words */
};

const char *const settings_words[WORDS] = {
    [WORD_CLASSES] = "classes", [WORD_FEATURES] = "features", [WORD_VOCABULARY] = "vocabulary"};

/* How a type is called in a message, and of what a list consists. */
static const struct {
    const char *word;
    fell_ptype element;
} types[] = {
    [FELL_P_INT] = {"a whole number", FELL_P_INT},
    [FELL_P_FLOAT] = {"a number", FELL_P_FLOAT},
    [FELL_P_BOOL] = {"true or false", FELL_P_BOOL},
    [FELL_P_STRING] = {"a text", FELL_P_STRING},
    [FELL_P_ENUM] = {"a name", FELL_P_ENUM},
    [FELL_P_INTS] = {"a list of whole numbers", FELL_P_INT},
    [FELL_P_FLOATS] = {"a list of numbers", FELL_P_FLOAT},
    [FELL_P_STRINGS] = {"a list of texts", FELL_P_STRING},
    [FELL_P_MAP] = {"a map of words", FELL_P_STRING},
};

static const char *const kind_words[] = {
    [NODE_SCALAR] = "one value", [NODE_LIST] = "a list", [NODE_MAP] = "a map"};

__attribute__((format(printf, 3, 4))) static status refuse(const struct setter *s, const struct place *at,
                                                           const char *fmt, ...)
{
    char why[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return diag_error(s->diag, at, "%s%s%s: %s", s->who, *s->who ? "." : "", s->param->name, why);
}

const char *settings_type_word(const fell_param *p)
{
    return types[p->type].word;
}

/* ---- ranges ------------------------------------------------------------------- */

void settings_range_text(const fell_param *p, char out[80])
{
    char min[32], max[32];

    text_from_double(p->min, min);
    text_from_double(p->max, max);
    snprintf(out, 80, "%c%s, %s%c", isinf(p->min) || (p->flags & FELL_MIN_OPEN) ? '(' : '[', min, max,
             isinf(p->max) || (p->flags & FELL_MAX_OPEN) ? ')' : ']');
}

bool settings_in_range(const fell_param *p, double v)
{
    if (isnan(v))
        return isnan(p->def);
    if (isinf(v) && !isinf(p->def))
        return false;
    return (p->flags & FELL_MIN_OPEN ? v > p->min : v >= p->min) &&
           (p->flags & FELL_MAX_OPEN ? v < p->max : v <= p->max);
}

static status check_range(const struct setter *s, const struct node *node, double v)
{
    char range[80];

    if (settings_in_range(s->param, v))
        return OK;
    settings_range_text(s->param, range);
    return refuse(s, &node->place, "%s is not in %s", node->text, range);
}

/* ---- one value of each type ------------------------------------------------------ */

/* A word for a number that the data will say. */
static bool read_word(const struct setter *s, const char *text, int64_t *out)
{
    for (int i = 0; s->words && i < WORDS; i++)
        if (!strcmp(text, settings_words[i])) {
            *out = settings_word_value(i);
            return true;
        }
    return false;
}

static status refuse_whole(const struct setter *s, const struct node *node)
{
    const char *near = s->words ? text_nearest(node->text, settings_words, WORDS) : NULL;

    return refuse(s, &node->place, "'%s' is not %s%s%s%s", node->text, types[FELL_P_INT].word,
                  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static status read_int(const struct setter *s, const struct node *node, void *out)
{
    double v;

    if (read_word(s, node->text, out))
        return OK;
    if (!text_to_int(node->text, out)) {
        if (text_to_double(node->text, &v) && fabs(v) >= 9007199254740992.0 && isfinite(v))
            return refuse(s, &node->place, "%s is too large; numbers end at 9223372036854775807", node->text);
        return refuse_whole(s, node);
    }
    return check_range(s, node, (double)*(int64_t *)out);
}

static status read_float(const struct setter *s, const struct node *node, void *out)
{
    if (!text_to_double(node->text, out))
        return refuse(s, &node->place, "'%s' is not %s", node->text, types[FELL_P_FLOAT].word);
    return check_range(s, node, *(double *)out);
}

static status read_bool(const struct setter *s, const struct node *node, void *out)
{
    if (!text_to_bool(node->text, out))
        return refuse(s, &node->place, "'%s' is not %s", node->text, types[FELL_P_BOOL].word);
    return OK;
}

static status read_string(const struct setter *s, const struct node *node, void *out)
{
    const char **text = out;

    if (s->param->flags & FELL_PATH) {
        const struct source *source = node->place.source;
        char *joined, *absolute;

        if (!*node->text)
            return refuse(s, &node->place, "the path is empty");
        joined = path_join(source && source->folder ? source->folder : ".", node->text);
        absolute = path_absolute(joined);
        *text = settings_path(s->arena, absolute);
        free(absolute);
        free(joined);
    } else {
        *text = arena_string(s->arena, node->text, strlen(node->text));
    }
    return OK;
}

const char *settings_path(struct arena *arena, const char *absolute)
{
    char *folded = path_fold(absolute), *both = arena_alloc(arena, strlen(folded) + strlen(absolute) + 2);

    strcpy(both, folded);
    strcpy(both + strlen(folded) + 1, absolute);
    free(folded);
    return both;
}

const char *settings_path_unfolded(const char *path)
{
    return path + strlen(path) + 1;
}

/* The names of "mean|sum|none", copied to ARENA. */
static const char **split_choices(struct arena *arena, const char *choices, size_t *n)
{
    char *text = arena_string(arena, choices, strlen(choices)), *bar;
    const char **names;

    *n = 1;
    for (const char *p = choices; *p; p++)
        *n += *p == '|';
    names = arena_alloc(arena, *n * sizeof *names);
    for (size_t i = 0; i < *n; i++) {
        names[i] = text;
        bar = strchr(text, '|');
        if (bar) {
            *bar = 0;
            text = bar + 1;
        }
    }
    return names;
}

static status read_enum(const struct setter *s, const struct node *node, void *out)
{
    size_t n, len = strlen(node->text);
    int32_t number = 0;
    struct strbuf list = {0};
    const char **names, *near;
    bool truth;

    for (const char *p = s->param->choices; p; number++) {
        const char *bar = strchr(p, '|');
        size_t room = bar ? (size_t)(bar - p) : strlen(p);

        if (room == len && !memcmp(p, node->text, len)) {
            *(int32_t *)out = number;
            return OK;
        }
        p = bar ? bar + 1 : NULL;
    }
    names = split_choices(s->arena, s->param->choices, &n);
    /* PyYAML and others write yes and no as true and false. */
    for (size_t i = 0; text_to_bool(node->text, &truth) && i < n; i++)
        if (!strcmp(names[i], truth ? "yes" : "no")) {
            *(int32_t *)out = (int32_t)i;
            return OK;
        }
    near = text_nearest(node->text, names, n);
    for (size_t i = 0; i < n; i++)
        strbuf_addf(&list, "%s%s", i ? ", " : "", names[i]);
    refuse(s, &node->place, "'%s' is not one of %s%s%s%s", node->text, list.text,
           near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    strbuf_release(&list);
    return FAILED;
}

typedef status reader(const struct setter *s, const struct node *node, void *out);

static const struct {
    reader *read;
    size_t size;
} scalars[] = {
    [FELL_P_INT] = {read_int, sizeof(int64_t)},   [FELL_P_FLOAT] = {read_float, sizeof(double)},
    [FELL_P_BOOL] = {read_bool, sizeof(bool)},    [FELL_P_STRING] = {read_string, sizeof(const char *)},
    [FELL_P_ENUM] = {read_enum, sizeof(int32_t)},
};

static status read_scalar(const struct setter *s, fell_ptype type, const struct node *node, void *out)
{
    if (node->kind != NODE_SCALAR)
        return refuse(s, &node->place, "%s is wanted here, not %s", types[type].word, kind_words[node->kind]);
    if (tree_is_null(node))
        return refuse(s, &node->place, "null is not %s", types[type].word);
    return scalars[type].read(s, node, out);
}

/* ---- lists ----------------------------------------------------------------------- */

/* The three list structs differ in the type of their pointer only. */
static void set_list(fell_ptype type, void *field, void *v, int64_t n)
{
    if (type == FELL_P_INTS)
        *(fell_ints *)field = (fell_ints){v, n};
    else if (type == FELL_P_FLOATS)
        *(fell_floats *)field = (fell_floats){v, n};
    else
        *(fell_strings *)field = (fell_strings){v, n};
}

static status read_list(const struct setter *s, const struct node *node, void *field)
{
    fell_ptype type = s->param->type, element = types[type].element;
    size_t n = node->kind == NODE_LIST ? node->n : 1, size = scalars[element].size;
    char *v = arena_alloc(s->arena, (n ? n : 1) * size);
    status result = OK;

    if (node->kind == NODE_MAP)
        return refuse(s, &node->place, "%s is wanted here, not a map", types[type].word);
    for (size_t i = 0; i < n; i++)
        if (read_scalar(s, element, node->kind == NODE_LIST ? node->item[i] : node, v + i * size))
            result = FAILED;
    set_list(type, field, v, (int64_t)n);
    return result;
}

/* Names with a word each. A map of one key in a word's place, {embed: 8}, is the two words. */
static status read_map(const struct setter *s, const struct node *node, void *field)
{
    const char **key, **value;

    if (node->kind != NODE_MAP)
        return refuse(s, &node->place, "%s is wanted here, not %s", types[FELL_P_MAP].word,
                      kind_words[node->kind]);
    key = arena_alloc(s->arena, (node->n + 1) * sizeof *key);
    value = arena_alloc(s->arena, (node->n + 1) * sizeof *value);
    for (size_t i = 0; i < node->n; i++) {
        const struct node *word = node->item[i];
        const bool pair = word->kind == NODE_MAP && word->n == 1 && word->item[0]->kind == NODE_SCALAR;

        if (!pair && (word->kind != NODE_SCALAR || tree_is_null(word)))
            return refuse(s, &word->place, "a word is wanted here, or a map of one name and number");
        key[i] = arena_string(s->arena, node->key[i]->text, strlen(node->key[i]->text));
        value[i] = pair ? arena_format(s->arena, "%s %s", word->key[0]->text, word->item[0]->text)
                        : arena_string(s->arena, word->text, strlen(word->text));
    }
    *(fell_map *)field = (fell_map){key, value, (int64_t)node->n};
    return OK;
}

/* ---- a whole struct ------------------------------------------------------------------ */

/* No text, or an empty list: what a struct of zeros says already. */
static bool unset_by_default(const fell_param *p)
{
    if (p->type == FELL_P_STRING)
        return !p->def_text;
    return p->type >= FELL_P_INTS && (!p->def_text || !strcmp(p->def_text, "[]"));
}

bool settings_null_is_unset(const fell_param *p)
{
    return unset_by_default(p) && !(p->flags & FELL_REQUIRED);
}

static status read_setting(const struct setter *s, const struct node *node, void *field)
{
    const fell_param *p = s->param;

    if (settings_null_is_unset(p) && tree_is_null(node))
        return OK;
    if (p->flags & SETTINGS_OR_MAP && node->kind == NODE_MAP)
        return OK;
    if (p->type == FELL_P_MAP)
        return read_map(s, node, field);
    if (p->type >= FELL_P_INTS)
        return read_list(s, node, field);
    return read_scalar(s, p->type, node, field);
}

/* Defaults of enums and lists are written as in YAML, and read as such. */
static status read_default_text(const struct setter *s, const struct place *at, void *field)
{
    const char *text = s->param->def_text;
    struct node one = {.kind = NODE_SCALAR, .text = text};
    const struct node *node = &one;
    struct setter quiet = *s;
    struct tree *tree = NULL;
    status result;

    if (at)
        one.place = *at;
    quiet.diag = diag_new();
    if (*text == '[') {
        tree = tree_new();
        node = tree_parse_json(tree, s->param->name, ".", text, quiet.diag);
    }
    result = node ? read_setting(&quiet, node, field) : FAILED;
    if (result)
        refuse(s, at, "the plugin's own default, %s, cannot be read", text);
    diag_free(quiet.diag);
    tree_free(tree);
    return result;
}

static status set_default(const struct setter *s, const struct place *at, void *field)
{
    const fell_param *p = s->param;

    switch ((fell_ptype)p->type) {
    case FELL_P_INT:
        *(int64_t *)field = (int64_t)p->def;
        return OK;
    case FELL_P_FLOAT:
        *(double *)field = p->def;
        return OK;
    case FELL_P_BOOL:
        *(bool *)field = p->def != 0;
        return OK;
    default:
        return !p->def_text || unset_by_default(p) ? OK : read_default_text(s, at, field);
    }
}

static status fill(struct arena *arena, const struct item *item, void *settings, const struct node *map,
                   const struct place *at, bool words, struct diag *d)
{
    status result = OK;

    for (size_t i = 0; i < item->nparams; i++) {
        const fell_param *p = &item->params[i];
        const bool whole = p->type == FELL_P_INT || p->type == FELL_P_INTS;
        const struct setter s = {arena, item->name, p, d, words && whole};
        const struct node *node = tree_get(map, p->name);
        char *field = (char *)settings + p->offset;

        if (node) {
            result |= read_setting(&s, node, field);
        } else if (p->flags & FELL_REQUIRED) {
            result |= diag_error(d, at, "%s%s%s is required", item->name, *item->name ? "." : "", p->name);
        } else {
            result |= set_default(&s, at, field);
        }
    }
    return result;
}

status settings_fill(struct arena *arena, const struct item *item, void *settings, const struct node *map,
                     const struct place *at, struct diag *d)
{
    return fill(arena, item, settings, map, at, false, d);
}

static bool listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (!strcmp(*names, name))
            return true;
    return false;
}

static status unknown_key(const struct item *item, const struct node *key, const char *const *skip,
                          struct diag *d)
{
    size_t n = item->nparams, nskip = 0;
    const char **names, *near;
    char owner[96];

    while (skip && skip[nskip])
        nskip++;
    names = mem_array(n + nskip, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = item->params[i].name;
    for (size_t i = 0; i < nskip; i++)
        names[n + i] = skip[i];
    near = text_nearest(key->text, names, n + nskip);
    free(names);
    snprintf(owner, sizeof owner, *item->name ? "'%s'" : "a spec", item->name);
    return diag_error(d, &key->place, "%s has no setting '%s'%s%s%s", owner, key->text,
                      near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

status settings_check_keys(const struct item *item, const struct node *map, const char *const *skip,
                           struct diag *d)
{
    status result = OK;

    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->n; i++) {
        const char *key = map->key[i]->text;
        bool known = listed(skip, key);

        for (size_t j = 0; !known && j < item->nparams; j++)
            known = !strcmp(item->params[j].name, key);
        if (!known)
            result = unknown_key(item, map->key[i], skip, d);
    }
    return result;
}

/* The setting that one value is most likely meant for: the first that is required, else the first. */
static const char *first_setting(const struct item *item)
{
    for (size_t i = 0; i < item->nparams; i++)
        if (item->params[i].flags & FELL_REQUIRED)
            return item->params[i].name;
    return item->nparams ? item->params[0].name : NULL;
}

static void *parse(struct arena *arena, const struct item *item, const struct node *map,
                   const char *const *skip, const struct place *at, bool words, struct diag *d)
{
    void *settings = arena_alloc(arena, item->settings_size ? item->settings_size : 1);
    status result;

    if (map && map->kind != NODE_MAP && !tree_is_null(map)) {
        const char *one = map->kind == NODE_SCALAR ? first_setting(item) : NULL;

        diag_error(d, &map->place, "the settings of '%s' are a map, not %s%s%s%s%.40s%s", item->name,
                   kind_words[map->kind], one ? ": {" : "", one ? one : "", one ? ": " : "",
                   one ? map->text : "", one ? "}" : "");
        return NULL;
    }
    result = settings_check_keys(item, map, skip, d);
    result |= fill(arena, item, settings, map, at, words, d);
    return result ? NULL : settings;
}

void *settings_parse(struct arena *arena, const struct item *item, const struct node *map,
                     const char *const *skip, const struct place *at, struct diag *d)
{
    return parse(arena, item, map, skip, at, false, d);
}

void *settings_parse_entry(struct arena *arena, const struct item *item, const struct node *map,
                           const char *const *skip, const struct place *at, struct diag *d)
{
    return parse(arena, item, map, skip, at, true, d);
}
