/* experiment_hash.c - experiments.spec_sha256: what an experiment is, as one number.
 *
 * Of a grid it is its trials, resolved, so that the way it is written has no say; of trials that are drawn
 * the first point, the space and the strategy. A drawn seed is left out: it is not the spec's; so are the
 * places of files.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/settings.h"
#include "trials/trials.h"

/* ---- the space ------------------------------------------------------------------------- */

static void write_rows(const struct sweep *s, const struct space *space, struct strbuf *out)
{
    struct arena *arena = arena_new();

    for (size_t i = 0; i < space->count * space->naxes; i++) {
        const struct axis *axis = &s->axes[space->axis + i % space->naxes];

        if (!space->cell[i])
            strbuf_add(out, " -");
        else
            strbuf_addf(out, " '%s'", flow_value(arena, axis->type, space->cell[i]).text);
    }
    strbuf_add(out, "\n");
    arena_free(arena);
}

static void write_space(const struct sweep *s, const struct space *space, struct strbuf *out)
{
    strbuf_addf(out, "%d", (int)space->kind);
    if (space->kind == SPACE_AXIS || space->kind == SPACE_ROWS)
        for (size_t a = space->axis; a < space->axis + space->naxes; a++)
            strbuf_addf(out, " %s", s->axes[a].path);
    if (space->kind == SPACE_AXIS)
        values_identity(space->values, s->axes[space->axis].type, out);
    else if (space->kind == SPACE_ROWS)
        write_rows(s, space, out);
    else
        strbuf_addf(out, " %zu\n", space->n);
    for (size_t i = 0; i < space->n; i++)
        write_space(s, space->child[i], out);
}

/* ---- words with settings -------------------------------------------------------------------- */

static void write_settings(const char *name, size_t nparams, const fell_param *params, const void *settings,
                           struct strbuf *out)
{
    const struct item table = {.name = name, .nparams = nparams, .params = params};
    cJSON *json = cJSON_CreateObject();
    char *text;

    settings_to_json(&table, settings, json);
    text = cJSON_PrintUnformatted(json);
    strbuf_addf(out, "%s %s\n", name, text);
    free(text);
    cJSON_Delete(json);
}

/* The default is written as what it comes to. */
static void write_objective(const struct experiment *e, struct strbuf *out)
{
    const struct sweep_objective *o = &e->objective;
    const bool validation = spec_has_validation(e->first);

    strbuf_addf(out, "objective %s %s %s\n", o->maximize ? "maximize" : "minimize",
                o->name      ? o->name
                : validation ? "validation.loss"
                             : "train.loss",
                o->last ? "last" : "best");
}

static void write_pruner(const struct experiment *e, struct strbuf *out)
{
    for (size_t i = 0; i < pruner_kinds_count; i++)
        if (pruner_kinds[i].kind == e->pruner.kind)
            write_settings(pruner_kinds[i].name, pruner_kinds[i].nparams, pruner_kinds[i].params, &e->pruner,
                           out);
}

/* ---- all -------------------------------------------------------------------------------------- */

/* The digests of the first point, which a drawn seed does not move. */
static void first_digests(const struct experiment *e, char out[65], char before[65])
{
    struct arena *arena = arena_new();
    struct diag *d = diag_new();
    struct trial trial;
    struct point p;

    *out = *before = 0;
    point_init(&p, &e->trials->sweep);
    scout_point(e->trials, &e->trials->scouts[0], &p);
    if (trial_at(e, &p, arena, &trial, d) == OK) { /* as it was when it was checked */
        trial_digest(e, trial.spec, trial.known_by, out);
        trial_digest(e, trial.spec, trial.before, before);
    }
    point_release(&p);
    diag_free(d);
    arena_free(arena);
}

static void hash_with(const struct experiment *e, const char *digest, char out[65])
{
    const struct trials *t = e->trials;
    const struct sweep *s = &t->sweep;
    struct strbuf text = {0};

    strbuf_addf(&text, "%s\n", digest);
    for (size_t c = 0; c < s->ncolumns; c++)
        strbuf_addf(&text, "axis %s\n", s->columns[c]);
    for (size_t i = 0; i < s->nfiles; i++)
        strbuf_addf(&text, "file %s\n", s->files[i].sha256);
    if (s->space)
        write_objective(e, &text);
    if (e->sampled) {
        write_settings(t->strategy->name, t->strategy->nparams, t->strategy->params, t->settings, &text);
        write_space(s, s->space, &text);
        strbuf_addf(&text, "where %s\n", t->where_text ? t->where_text : "");
    }
    write_pruner(e, &text);
    sha256_text(text.text, text.len, out);
    strbuf_release(&text);
}

void experiment_hash(struct experiment *e)
{
    struct trials *t = e->trials;

    if (e->sampled)
        first_digests(e, t->digest, t->digest_before);
    hash_with(e, t->digest, e->spec_sha256);
    hash_with(e, t->digest_before, e->before_sha256);
}
