/* cases_keys.c - the keys of a case: which there are for each kind, and what they hold. See cases.h.
 *
 * A key that is nearly one of them is taken for that one, misspelt, and is an error: its numbers would be
 * compared with nothing. Others are for readers.
 */
#include <string.h>

#include "base/text.h"
#include "check/cases_parts.h"

enum holds { ANYTHING, A_NUMBER, YES_OR_NO, A_WORD, A_MAP, A_LIST };

static const char *const holds_words[] = {
    [A_NUMBER] = "a number", [YES_OR_NO] = "true or false", [A_MAP] = "a map", [A_LIST] = "a list"};

/* KINDS: words of cases.h's kinds, between blanks. */
static const struct key {
    const char *kinds, *key;
    enum holds holds;
    const char *words; /* of A_WORD, between blanks */
} keys[] = {
    {NULL, "name", ANYTHING, NULL},
    {NULL, "options", A_MAP, NULL},
    {" probe ", "model", A_LIST, NULL},
    {" probe ", "loss", ANYTHING, NULL},
    {" probe ", "parameters", A_MAP, NULL},
    {" probe ", "lr", A_NUMBER, NULL},
    {" probe ", "then", A_LIST, NULL},
    {" probe ", "records", A_MAP, NULL},
    {" probe ", "expected", A_MAP, NULL},
    {" metric ", "value", ANYTHING, NULL},
    {" metric ", "values", A_LIST, NULL},
    {" metric ", "prediction_is", A_WORD, " real probability logit log_probability "},
    {" metric ", "cut", A_NUMBER, NULL},
    {" metric ", "target_cut", A_NUMBER, NULL},
    {" metric ", "target_is", A_WORD, " numbers one_class yes_no "},
    {" dataset ", "target_is", A_WORD, " classes values "},
    {" metric loss ", "prediction", A_LIST, NULL},
    {" probe metric loss dataset ", "target", A_LIST, NULL},
    {" loss ", "loss", ANYTHING, NULL},
    {" loss ", "gradient", A_LIST, NULL},
    {" optimizer ", "theta0", A_LIST, NULL},
    {" optimizer ", "theta", A_LIST, NULL},
    {" optimizer ", "gradients", A_LIST, NULL},
    {" schedule ", "base_lr", A_NUMBER, NULL},
    {" schedule ", "advances_every", A_WORD, " epoch step "},
    {" schedule ", "history", A_LIST, NULL},
    {" schedule ", "lr", A_LIST, NULL},
    {" layer transform ", "parameters_before", A_MAP, NULL},
    {" layer transform ", "state_after", A_MAP, NULL},
    {" layer ", "gradients", A_MAP, NULL},
    {" layer ", "training", YES_OR_NO, NULL},
    {" layer ", "x1", A_LIST, NULL},
    {" layer ", "x2", A_LIST, NULL},
    {" layer ", "x3", A_LIST, NULL},
    {" layer ", "dx1", A_LIST, NULL},
    {" layer ", "dx2", A_LIST, NULL},
    {" layer ", "dx3", A_LIST, NULL},
    {" layer activation ", "dx", ANYTHING, NULL},
    {" layer activation ", "dy", A_LIST, NULL},
    {" layer activation transform ", "y", A_LIST, NULL},
    {" probe layer activation transform dataset ", "x", A_LIST, NULL},
    {" transform ", "fit", A_LIST, NULL},
    {" initialiser ", "w", A_LIST, NULL},
    {" initialiser ", "shape", A_LIST, NULL},
    {" initialiser ", "sd", A_NUMBER, NULL},
    {" initialiser ", "mean", A_NUMBER, NULL},
    {" dataset ", "rows", A_LIST, NULL},
    {" dataset ", "count", A_NUMBER, NULL},
};
enum { NKEYS = sizeof keys / sizeof *keys };

/* Settings that cases from elsewhere call otherwise: `activation` belongs to every entry of a model, and
 * those of embedding are PyTorch's. */
static const struct {
    const char *plugin, *theirs, *ours;
} settings[] = {
    {"glu", "activation", "gate"},
    {"embedding", "entries", "num_embeddings"},
    {"embedding", "units", "embedding_dim"},
};

char *case_options(const char *plugin, const cJSON *options)
{
    cJSON *out = cJSON_CreateObject();
    const cJSON *one;
    char *text;

    cJSON_ArrayForEach(one, options)
    {
        const char *key = one->string;

        for (size_t i = 0; plugin && i < sizeof settings / sizeof *settings; i++)
            if (strcmp(settings[i].plugin, plugin) == 0 && strcmp(settings[i].theirs, key) == 0)
                key = settings[i].ours;
        cJSON_AddItemToObject(out, key, cJSON_Duplicate(one, true));
    }
    text = cJSON_PrintUnformatted(out);
    cJSON_Delete(out);
    return text;
}

static bool among(const char *words, const char *word)
{
    const size_t n = strlen(word);

    for (const char *at = words; n > 0 && (at = strstr(at, word)); at++)
        if (at > words && at[-1] == ' ' && at[n] == ' ')
            return true;
    return false;
}

static status check_holds(struct run *r, const struct key *k, const cJSON *value)
{
    const bool good = k->holds == A_NUMBER    ? cJSON_IsNumber(value)
                      : k->holds == YES_OR_NO ? cJSON_IsBool(value)
                      : k->holds == A_MAP     ? cJSON_IsObject(value)
                      : k->holds == A_LIST    ? cJSON_IsArray(value)
                                              : true;

    if (k->holds == A_WORD && (!cJSON_IsString(value) || !among(k->words, value->valuestring)))
        return error_set(r->err, "'%s' is none of%.*s", k->key, (int)strlen(k->words) - 1, k->words);
    return good ? OK : error_set(r->err, "'%s' is not %s", k->key, holds_words[k->holds]);
}

/* What is not KEYS exactly, but nearly one of them, is an error: WHAT the case calls it. */
static status check_near(struct run *r, const char *what, const char *word, const char *const *known,
                         size_t n)
{
    const char *near = strlen(word) > 2 ? text_nearest(word, known, n) : NULL;

    return near ? error_set(r->err, "it has no %s '%.64s'; did you mean '%s'?", what, word, near) : OK;
}

status case_check_keys(struct run *r, const char *kind)
{
    const char *known[NKEYS];
    size_t n = 0;
    const cJSON *one;

    for (size_t i = 0; i < NKEYS; i++)
        if (!keys[i].kinds || among(keys[i].kinds, kind))
            known[n++] = keys[i].key;
    cJSON_ArrayForEach(one, r->json)
    {
        const struct key *found = NULL;

        for (size_t i = 0; i < NKEYS && !found; i++)
            if (strcmp(keys[i].key, one->string) == 0 && (!keys[i].kinds || among(keys[i].kinds, kind)))
                found = &keys[i];
        if (cJSON_GetObjectItemCaseSensitive(r->json, one->string) != one)
            return error_set(r->err, "it has '%.64s' twice", one->string);
        if ((found ? check_holds(r, found, one) : check_near(r, "key", one->string, known, n)) != OK)
            return FAILED;
    }
    return OK;
}

status case_check_names(struct run *r, const char *key, const char *what, const cJSON *map,
                        const char *const *known, size_t n)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, map)
    {
        bool found = false;

        for (size_t i = 0; i < n; i++)
            found = found || strcmp(known[i], one->string) == 0;
        if (!found && check_near(r, what, one->string, known, n) == OK)
            return error_set(r->err, "it has no %s '%.64s', which '%s' names", what, one->string, key);
        if (!found)
            return FAILED;
    }
    return OK;
}
