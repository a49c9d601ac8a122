/* strategy.c - `strategy`, `objective` and `pruner` of a sweep, by the tables of sweep/strategies.h. See
 * trials.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/settings.h"
#include "trials/sweep_keys.h"
#include "trials/trials.h"

/* ---- names with settings ------------------------------------------------------------------ */

/* A word of a table: WORDS [n]. The place in the table; N with an error in R when there is none. */
static size_t read_word(struct spec_reader *r, const char *what, const struct node *node, size_t n,
                        const char *const *words, const struct node **settings)
{
    const struct node *word = node->kind == NODE_MAP && node->n == 1 ? node->key[0] : node;
    const char *near;

    *settings = word != node ? node->item[0] : NULL;
    if (word->kind != NODE_SCALAR || tree_is_null(word)) {
        r->result |= diag_error(r->diag, &node->place, "sweep.%s: the name of a %s is wanted here, not %s",
                                what, what, spec_describe(r, node));
        return n;
    }
    for (size_t i = 0; i < n; i++)
        if (!strcmp(words[i], word->text))
            return i;
    near = text_nearest(word->text, words, n);
    r->result |= diag_error(r->diag, &word->place, "no %s '%s'%s%s%s", what, word->text,
                            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return n;
}

/* SETTINGS by a table into OUT, SIZE bytes. */
static void read_settings(struct spec_reader *r, const char *name, size_t nparams, const fell_param *params,
                          size_t size, const struct node *node, const struct node *settings, void *out)
{
    const struct item table = {.name = name, .nparams = nparams, .params = params, .settings_size = size};
    const struct place *at = node->kind == NODE_MAP ? &node->key[0]->place : &node->place;
    void *read = settings_parse(r->arena, &table, settings, NULL, at, r->diag);

    if (read && size)
        memcpy(out, read, size);
    else if (!read)
        r->result = FAILED;
}

/* S with its SETTINGS, for the database. */
static const char *strategy_json(struct arena *arena, const struct strategy *s, const void *settings)
{
    const struct item table = {.name = s->name, .nparams = s->nparams, .params = s->params};
    cJSON *json = cJSON_CreateObject(), *map = cJSON_AddObjectToObject(json, s->name);
    const char *text;
    char *printed;

    if (s->nparams)
        settings_to_json(&table, settings, map);
    printed = cJSON_PrintUnformatted(json);
    text = arena_string(arena, printed, strlen(printed));
    free(printed);
    cJSON_Delete(json);
    return text;
}

static void read_strategy(struct spec_reader *r, const struct node *node, struct experiment *e)
{
    struct trials *t = e->trials;
    const char *words[16];
    const struct node *settings;
    const struct strategy *s;
    void *own;
    size_t i;

    for (i = 0; i < strategies_count; i++)
        words[i] = strategies[i].name;
    i = read_word(r, "strategy", node, strategies_count, words, &settings);
    if (i == strategies_count)
        return;
    s = t->strategy = &strategies[i];
    t->strategy_at = node->place;
    e->sampled = s->drawn || s->suggest;
    e->adaptive = s->suggest != NULL;
    own = arena_alloc(e->arena, sizeof *t->settings + s->settings_size);
    read_settings(r, s->name, s->nparams, s->params, s->settings_size, node, settings, own);
    t->settings = own;
    e->lag = t->settings->lag;
    e->strategy = strategy_json(e->arena, s, own);
}

static void read_pruner(struct spec_reader *r, const struct node *node, struct experiment *e)
{
    const char *words[16];
    const struct node *settings;
    size_t i;

    for (i = 0; i < pruner_kinds_count; i++)
        words[i] = pruner_kinds[i].name;
    i = read_word(r, "pruner", node, pruner_kinds_count, words, &settings);
    if (i == pruner_kinds_count)
        return;
    read_settings(r, words[i], pruner_kinds[i].nparams, pruner_kinds[i].params, sizeof e->pruner, node,
                  settings, &e->pruner);
    e->pruner.kind = pruner_kinds[i].kind;
    e->trials->pruner_at = node->place;
}

/* ---- objective ------------------------------------------------------------------------------ */

static void read_objective(struct spec_reader *r, const struct node *node, struct experiment *e)
{
    const struct item table = {.name = "objective",
                               .nparams = spec_section_objective.nparams,
                               .params = spec_section_objective.params,
                               .settings_size = sizeof(struct objective_settings)};
    struct objective_settings *s;

    if (node->kind != NODE_MAP) {
        r->result |= diag_error(
            r->diag, &node->place,
            "sweep.objective: {minimize: SPLIT.NAME} or {maximize: SPLIT.NAME} is wanted here, not %s",
            spec_describe(r, node));
        return;
    }
    s = settings_parse(r->arena, &table, node, NULL, &node->place, r->diag);
    if (!s) {
        r->result = FAILED;
        return;
    }
    if (s->minimize && s->maximize) {
        r->result |= diag_error(r->diag, &tree_key(node, "maximize")->place,
                                "objective: one of minimize and maximize, not both");
        return;
    }
    e->objective.maximize = s->maximize != NULL;
    e->objective.name = s->maximize ? s->maximize : s->minimize;
    e->objective.last = s->at == AT_LAST;
    e->objective.at = *settings_place(node, s->maximize ? "maximize" : "minimize", &node->place);
}

status objective_check(const struct experiment *e, const struct spec *spec, struct diag *d)
{
    struct spec_reader r = {.diag = d, .spec = (struct spec *)spec, .result = OK};

    if (e->objective.name)
        spec_check_recorded(&r, e->objective.name,
                            e->objective.maximize ? "objective.maximize" : "objective.minimize",
                            &e->objective.at);
    return r.result;
}

/* ---- what never acts -------------------------------------------------------------------------- */

static bool sweeps_epochs(const struct sweep *s)
{
    for (size_t c = 0; c < s->ncolumns; c++)
        if (path_leads_into("train.epochs", s->columns[c]))
            return true;
    return false;
}

static void warn_pruner(const struct experiment *e, struct diag *d)
{
    const struct pruner *p = &e->pruner;
    const struct spec_evaluate *rare = &e->first->record.evaluate;
    const int64_t epochs = e->first->train.epochs, known = p->kind == PRUNER_MEDIAN ? p->startup : 1;
    const struct place *at = &e->trials->pruner_at;

    if (rare->on && rare->every > 1)
        diag_warn(d, at, "splits are evaluated every %lld epochs: a decision between goes by the best so far",
                  (long long)rare->every);
    if (p->minimum >= epochs && !sweeps_epochs(&e->trials->sweep))
        diag_warn(d, at,
                  "nothing will be pruned: the first decision is after epoch %lld (minimum), and a run has "
                  "%lld epochs",
                  (long long)p->minimum, (long long)epochs);
    else if (e->ntrials - 1 - p->lag < known)
        diag_warn(d, at,
                  "nothing will be pruned: %lld earlier trial%s must be known, the last %lld (lag) never "
                  "are, and there are %lld trials",
                  (long long)known, known == 1 ? "" : "s", (long long)p->lag, (long long)e->ntrials);
}

void strategy_warn(const struct experiment *e, struct diag *d)
{
    const struct sweep_settings *t = e->trials->settings;

    if (e->objective.name && e->first)
        spec_warn_direction(e->first, e->objective.name, e->objective.maximize,
                            e->objective.maximize ? "maximize" : "minimize", &e->objective.at, d);
    if (e->adaptive && t->trials <= t->startup + t->lag)
        diag_warn(d, &e->trials->strategy_at,
                  "no trial will be chosen from results: %lld (startup) must be known, the last %lld (lag) "
                  "never are, and there are %lld trials",
                  (long long)t->startup, (long long)t->lag, (long long)t->trials);
    if (e->pruner.kind != PRUNER_NONE)
        warn_pruner(e, d);
}

/* ---- all ------------------------------------------------------------------------------------- */

void strategy_read(struct spec_reader *r, const struct node *sweep, struct experiment *e)
{
    static const struct sweep_settings none;
    const struct node *node;

    e->trials->strategy = strategy_find("grid");
    e->trials->settings = &none;
    if ((node = spec_get(sweep, "strategy")))
        read_strategy(r, node, e);
    if ((node = spec_get(sweep, "objective")))
        read_objective(r, node, e);
    if ((node = spec_get(sweep, "pruner")))
        read_pruner(r, node, e);
    e->pruner.negated = e->objective.maximize;
}
