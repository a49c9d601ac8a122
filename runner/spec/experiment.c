/* experiment.c - a file, its overrides and its sweep to resolved trials.
 *
 * Checks every value of every axis once before it builds the product, so that a mistake in
 * a large grid is found at once and said once. Reads no data: workers do. Called by the
 * commands.
 */
#include "spec/experiment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "spec/trials.h"

struct loader {
    struct experiment *e;
    struct registry *registry;
    struct diag *diag;
    struct node *root;
    struct sweep sweep;
    const char *stem;
    size_t *pick;          /* [naxes] */
    size_t *slots, nslots; /* trials by the hash of their JSON: index + 1, 0 is free */
    struct strbuf digests; /* of all trials, for spec_sha256 */
};

/* ---- small parts ------------------------------------------------------------------ */

/* fashion.yaml and dir/fashion.yml are "fashion". */
static const char *file_stem(struct arena *arena, const char *path)
{
    const char *base = path_base(path), *dot = strrchr(base, '.');

    return arena_string(arena, base, dot && dot != base ? (size_t)(dot - base) : strlen(base));
}

/* 63 bits, which SQLite's INTEGER holds, with room to count up. */
static status draw_seed(int64_t repeats, uint64_t *seed, struct diag *d)
{
    ssize_t n;

    do
        n = getrandom(seed, sizeof *seed, 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof *seed)
        return diag_error(d, NULL, "the system gives no random number for the seed: %s", strerror(errno));
    *seed >>= 1;
    if (*seed > (uint64_t)(INT64_MAX - repeats))
        *seed -= (uint64_t)repeats;
    return OK;
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t hash_text(const char *text)
{
    uint64_t h = 14695981039346656037u;

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

/* ---- one trial ---------------------------------------------------------------------- */

/* The slot of a resolved trial: of its equal, or a free one. */
static size_t *find_slot(struct loader *l, const char *resolved)
{
    size_t i = (size_t)hash_text(resolved) & (l->nslots - 1);

    while (l->slots[i] && strcmp(l->e->trials[l->slots[i] - 1].resolved, resolved))
        i = (i + 1) & (l->nslots - 1);
    return &l->slots[i];
}

/* Digests are of the JSON without a drawn seed, which is not the spec's. */
static void add_digest(struct loader *l, const struct spec *spec, cJSON *json)
{
    char *text, digest[65];

    if (spec->seed_drawn)
        cJSON_DeleteItemFromObjectCaseSensitive(json, "seed");
    text = cJSON_PrintUnformatted(json);
    sha256_text(text, strlen(text), digest);
    strbuf_add(&l->digests, digest);
    free(text);
}

static void add_trial(struct loader *l, struct spec *spec, const struct node *root)
{
    struct experiment *e = l->e;
    struct trial *trial = &e->trials[e->ntrials];
    cJSON *json;
    char *text;
    size_t *slot;

    if (spec->seed_drawn)
        spec->seed = e->seed;
    json = spec_to_json(spec);
    text = cJSON_PrintUnformatted(json);
    slot = find_slot(l, text);
    if (*slot) {
        e->ndropped++;
    } else {
        trial->spec = spec;
        trial->resolved = arena_string(e->arena, text, strlen(text));
        trial->nvalues = l->sweep.naxes;
        trial->values = arena_alloc(e->arena, trial->nvalues * sizeof *trial->values);
        sweep_values(&l->sweep, e->arena, spec, root, l->pick, trial->values);
        add_digest(l, spec, json);
        *slot = ++e->ntrials;
    }
    free(text);
    cJSON_Delete(json);
}

/* ---- all trials ------------------------------------------------------------------------ */

static status check_pick(struct loader *l)
{
    struct arena *arena = arena_new();
    struct node *root;
    status result = sweep_tree(&l->sweep, l->e->tree, l->root, l->pick, &root, l->diag);

    if (!spec_parse_in(arena, l->registry, root, l->stem, l->diag))
        result = FAILED;
    arena_free(arena);
    return result;
}

/* Every value of every axis, the other axes at their first one. */
static status check_axes(struct loader *l)
{
    status result = check_pick(l);

    for (size_t i = 0; i < l->sweep.naxes; i++) {
        for (size_t v = 1; v < l->sweep.axes[i].n; v++) {
            l->pick[i] = v;
            result |= check_pick(l);
        }
        l->pick[i] = 0;
    }
    return result;
}

static status build_trials(struct loader *l)
{
    struct experiment *e = l->e;
    size_t count = sweep_count(&l->sweep);

    if (count > SWEEP_TRIALS_MAX)
        return diag_error(l->diag, &l->sweep.at, "the grid has more than %d trials", SWEEP_TRIALS_MAX);
    e->trials = arena_alloc(e->arena, count * sizeof *e->trials);
    for (l->nslots = 2; l->nslots < 2 * count; l->nslots *= 2)
        ;
    l->slots = mem_array(l->nslots, sizeof *l->slots);
    for (size_t i = 0; i < count; i++) {
        struct node *root;
        struct spec *spec;

        sweep_pick(&l->sweep, i, l->pick);
        if (sweep_tree(&l->sweep, e->tree, l->root, l->pick, &root, l->diag))
            return FAILED;
        spec = spec_parse_in(e->arena, l->registry, root, l->stem, l->diag);
        if (!spec)
            return FAILED;
        if (!i && spec->seed_drawn && draw_seed(spec->repeats, &e->seed, l->diag))
            return FAILED;
        add_trial(l, spec, root);
    }
    return OK;
}

static void finish(struct loader *l)
{
    struct experiment *e = l->e;
    const struct spec *first = e->trials[0].spec;
    struct strbuf text = {0};

    e->name = first->name;
    e->seed = first->seed;
    e->seed_drawn = first->seed_drawn;
    e->repeats = first->repeats;
    for (size_t i = 0; i < l->sweep.naxes; i++)
        strbuf_addf(&l->digests, " %s", l->sweep.axes[i].path);
    sha256_text(l->digests.text, l->digests.len, e->spec_sha256);
    tree_write(l->root, &text);
    e->text = arena_string(e->arena, text.text, text.len);
    strbuf_release(&text);
}

/* ---- from file to experiment --------------------------------------------------------------- */

/* An override that cannot be used is left out, so that the rest can still be checked. NULL
 * only when there is nothing to check. */
static struct node *read_tree(struct tree *t, const char *path, size_t noverrides,
                              const char *const *overrides, struct diag *d, status *result)
{
    struct node *root = tree_parse_file(t, path, true, d);

    *result = root ? OK : FAILED;
    for (size_t i = 0; root && i < noverrides; i++) {
        struct node *changed = tree_override(t, root, overrides[i], d);

        if (changed)
            root = changed;
        else
            *result = FAILED;
    }
    return root;
}

struct experiment *experiment_load(struct registry *r, const char *path, size_t noverrides,
                                   const char *const *overrides, struct diag *d)
{
    struct experiment *e = mem_alloc(sizeof *e);
    struct loader l = {.e = e, .registry = r, .diag = d};
    status result;

    e->arena = arena_new();
    e->tree = tree_new();
    l.root = read_tree(e->tree, path, noverrides, overrides, d, &result);
    if (!l.root)
        goto out;
    l.stem = file_stem(e->arena, path);
    result |= sweep_read(e->arena, l.root, &l.sweep, d);
    l.pick = mem_array(l.sweep.naxes, sizeof *l.pick);
    result |= check_axes(&l);
    if (result || (result = build_trials(&l)))
        goto out;
    finish(&l);
out:
    free(l.pick);
    free(l.slots);
    strbuf_release(&l.digests);
    if (result) {
        experiment_free(e);
        e = NULL;
    }
    return e;
}

void experiment_free(struct experiment *e)
{
    if (!e)
        return;
    tree_free(e->tree);
    arena_free(e->arena);
    free(e);
}
