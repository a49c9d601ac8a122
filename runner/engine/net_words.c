/* net_words.c - words for whole numbers in a model, `units: classes`, `shape: [1, features]`, once the data
 * is known.
 */
#include <string.h>

#include "base/text.h"
#include "engine/net_impl.h"
#include "host/settings.h"

static int64_t classes(const struct data *d)
{
    return d->classes ? d->nclasses : 0;
}

static int64_t features(const struct data *d)
{
    return d->x_size;
}

static int64_t vocabulary(const struct data *d)
{
    return d->vocabulary;
}

static const struct {
    int64_t (*of)(const struct data *d); /* 0: there is none */
    const char *lacks;
} words[WORDS] = {
    [WORD_CLASSES] = {classes, "its targets are no classes"},
    [WORD_FEATURES] = {features, "its rows are empty"},
    [WORD_VOCABULARY] = {vocabulary, "its inputs are not the numbers of words or characters"},
};

static status fill(struct net *n, struct entry *e, int index, const fell_param *param, int64_t *v,
                   struct problem *p)
{
    const int word = settings_word_of(*v);
    const int64_t number = words[word].of(n->data);
    char range[80];

    if (number <= 0)
        return problem_set(p, "model", index, param->name, "%s: the data has no %s: %s", param->name,
                           settings_words[word], words[word].lacks);
    if (!settings_in_range(param, (double)number)) {
        settings_range_text(param, range);
        return problem_set(p, "model", index, param->name, "%s: %s is %lld, which is not in %s", param->name,
                           settings_words[word], (long long)number, range);
    }
    e->filled = arena_format(n->arena, "%s%s%s is %s, %lld", e->filled ? e->filled : "",
                             e->filled ? "; " : "", param->name, settings_words[word], (long long)number);
    *v = number;
    return OK;
}

/* The numbers of the column that an entry of the data's is for. */
static status fill_embedded(struct net *n, struct entry *e, int index)
{
    const struct data *d = n->data;
    const struct item *item = e->spec->plugin.item;

    for (size_t i = 0; i < item->nparams; i++) {
        int64_t *v = (int64_t *)(void *)((char *)e->spec->plugin.settings + item->params[i].offset);

        if (!strcmp(item->params[i].name, "column"))
            *v = d->x_size - d->nembedded; /* the one before has taken its number away */
        else if (!strcmp(item->params[i].name, "num_embeddings"))
            *v = d->embedded[index].values;
    }
    e->filled = arena_format(n->arena, "num_embeddings is %lld, the words of %s",
                             (long long)d->embedded[index].values, d->embedded[index].name);
    return OK;
}

status net_fill_words(struct net *n, struct entry *e, int index, struct problem *p)
{
    const struct item *item = e->spec->plugin.item;

    if (index == 0 && n->data->nembedded != (int64_t)n->spec->nembedded)
        return problem_set(p, "data.source", 0, "columns",
                           "columns: %zu are to be embedded, and the dataset gives %lld such",
                           n->spec->nembedded, (long long)n->data->nembedded);
    if (index < (int)n->spec->nembedded)
        return fill_embedded(n, e, index);
    for (size_t i = 0; i < item->nparams; i++) {
        void *at = (char *)e->spec->plugin.settings + item->params[i].offset;
        const fell_ints *list = at;
        int64_t *v = at, count = 1;

        if (item->params[i].type == FELL_P_INTS) {
            v = (int64_t *)(uintptr_t)list->v; /* the settings' own, as settings.c has read them */
            count = list->n;
        } else if (item->params[i].type != FELL_P_INT) {
            continue;
        }
        for (; count > 0; v++, count--)
            if (settings_word_of(*v) >= 0 && fill(n, e, index, &item->params[i], v, p) != OK)
                return FAILED;
    }
    return OK;
}
