/* experiment.c - a file, its overrides and its sweep to an experiment that is checked.
 *
 * Every value of every axis is tried before trials are enumerated, so that a mistake in a large grid is
 * found at once and said once. Reads no data: workers do. The parts are in trials.h; what identifies an
 * experiment is in experiment_hash.c.
 */
#include "trials/experiment.h"
#include "trials/sweep_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "trials/trials.h"

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

/* ---- the sweep section --------------------------------------------------------------- */

/* What was set on the command line, and no trial will have. */
static void warn_overridden(const struct trials *t, struct tree *tree, struct diag *d)
{
    for (size_t c = 0; c < t->sweep.ncolumns; c++) {
        const char *path = t->sweep.columns[c];
        const char *const *places;
        const size_t n = tree_expand(tree, t->root, path, &places);
        const struct node *base = n ? tree_at(t->root, places[0]) : NULL;

        if (base && base->place.source && !strcmp(base->place.source->path, "command line"))
            diag_warn(d, &base->place, "'%s' is swept: every trial sets its own value", path);
    }
}

static void keep_files(struct experiment *e)
{
    const struct sweep *s = &e->trials->sweep;

    e->nfiles = s->nfiles;
    e->files = arena_alloc(e->arena, s->nfiles * sizeof *e->files);
    for (size_t i = 0; i < s->nfiles; i++) {
        e->files[i] = (struct experiment_file){
            .role = "sweep.list", .path = s->files[i].path, .rows = s->files[i].rows};
        memcpy(e->files[i].sha256, s->files[i].sha256, sizeof e->files[i].sha256);
    }
}

static status read_sweep(struct experiment *e, struct diag *d)
{
    struct trials *t = e->trials;
    const struct node *sweep, *over, *where;
    struct spec nothing = {0};
    struct spec_reader r = {.registry = t->registry,
                            .arena = e->arena,
                            .diag = d,
                            .spec = &nothing,
                            .result = OK,
                            .root = t->root};

    t->strategy = strategy_find("grid");
    if (!spec_get(t->root, "sweep"))
        return vars_check_use(t, d);
    sweep = sweep_fill_vars(e->tree, t->root, d);
    if (!sweep)
        return FAILED;
    over = spec_get(sweep, "over");
    spec_read_section(&r, &spec_section_sweep, sweep, &tree_key(t->root, "sweep")->place);
    strategy_read(&r, sweep, e);
    if (over) {
        sweep_read(&r, e->tree, over, !e->sampled, &t->sweep);
        t->sweep.at = tree_key(sweep, "over")->place;
    }
    r.result |= vars_check_use(t, d);
    if (!r.result && (where = spec_get(sweep, "where"))) {
        t->where_at = where->place;
        t->where_text = where->text;
        t->where = where_new(&r, where, &t->sweep);
    }
    if (!r.result && e->sampled)
        r.result = trials_dims(t, d);
    e->npaths = t->sweep.ncolumns;
    e->paths = t->sweep.columns;
    warn_overridden(t, e->tree, d);
    keep_files(e);
    return r.result;
}

/* ---- all trials ------------------------------------------------------------------------ */

/* A grid with no more combinations than its axes have values: to try all is the shorter way. */
static bool is_small(const struct experiment *e)
{
    const struct sweep *s = &e->trials->sweep;
    size_t values = 1;

    for (size_t k = 0; k < s->nknobs; k++)
        values += s->knobs[k].driven ? 0 : scout_values(&s->knobs[k]);
    return !e->sampled && (!s->space || s->space->count <= values);
}

static status take_first(struct experiment *e, struct diag *d)
{
    struct trial first;
    status result = e->sampled && !e->ntrials ? experiment_scout(e, 0, e->arena, &first, d)
                    : e->adaptive             ? experiment_scout(e, 0, e->arena, &first, d)
                                              : experiment_trial(e, 0, e->arena, &first, d);

    if (result)
        return FAILED;
    if (!e->first && first.spec->seed_drawn && draw_seed(first.spec->repeats, &e->seed, d))
        return FAILED;
    if (first.spec->seed_drawn)
        first.spec->seed = e->seed;
    else
        e->seed = first.spec->seed;
    e->seed_drawn = first.spec->seed_drawn;
    e->name = first.spec->name;
    e->repeats = first.spec->repeats;
    e->first = first.spec;
    return OK;
}

/* Samplers draw with the seed, which the first point says; then trial 0 is the first. */
static status find_trials(struct experiment *e, struct diag *d)
{
    struct trials *t = e->trials;
    bool small = is_small(e);

    if (!small && scouts_check(e, d))
        return FAILED;
    if (!t->nscouts && !small)
        return diag_error(d, &t->where_at, "where leaves no trial: all points tried are excluded");
    if (!e->sampled) {
        struct sha256 *hash = sha256_new(), *before = sha256_new();
        status result = trials_enumerate(e, hash, before, d);

        sha256_end(hash, t->digest);
        sha256_end(before, t->digest_before);
        if (result || take_first(e, d))
            return FAILED;
    } else {
        if (take_first(e, d))
            return FAILED;
        if (!e->adaptive && (trials_enumerate(e, NULL, NULL, d) || take_first(e, d)))
            return FAILED;
    }
    if (e->adaptive)
        e->ntrials = t->settings->trials;
    e->nscouts = t->nscouts;
    if (!e->adaptive && (small || e->ntrials <= (int64_t)t->nscouts))
        e->nscouts = (size_t)e->ntrials;
    return OK;
}

status experiment_scout(const struct experiment *e, size_t i, struct arena *arena, struct trial *out,
                        struct diag *d)
{
    const struct trials *t = e->trials;
    struct point p;
    status result;

    if (!e->adaptive && e->nscouts && e->nscouts == (size_t)e->ntrials)
        return experiment_trial(e, (int64_t)i, arena, out, d);
    *out = (struct trial){.number = (int64_t)i};
    if (i >= t->nscouts)
        return diag_error(d, NULL, "experiment '%s' has no scout %zu", e->name, i);
    point_init(&p, &t->sweep);
    scout_point(t, &t->scouts[i], &p);
    result = trial_at(e, &p, arena, out, d);
    point_release(&p);
    return result;
}

status experiment_reseed(struct experiment *e, uint64_t seed, struct diag *d)
{
    if (!e->seed_drawn)
        return diag_error(d, NULL, "the seed of '%s' is written in its spec", e->name);
    e->seed = seed;
    if (e->sampled && !e->adaptive && trials_enumerate(e, NULL, NULL, d))
        return FAILED;
    return take_first(e, d);
}

/* ---- from file to experiment --------------------------------------------------------------- */

struct experiment *experiment_load(struct registry *r, const char *path, size_t noverrides,
                                   const char *const *overrides, struct diag *d)
{
    return experiment_load_with(r, path, noverrides, overrides, NULL, d);
}

struct experiment *experiment_load_with(struct registry *r, const char *path, size_t noverrides,
                                        const char *const *overrides, const struct weights_finder *finder,
                                        struct diag *d)
{
    struct experiment *e = mem_alloc(sizeof *e);
    struct strbuf text = {0};
    status result;

    e->arena = arena_new();
    e->tree = tree_new();
    e->trials = mem_alloc(sizeof *e->trials);
    e->trials->registry = r;
    e->trials->finder = finder;
    e->trials->root = read_tree(e->tree, path, noverrides, overrides, d, &result);
    if (!e->trials->root)
        goto out;
    e->trials->stem = file_stem(e->arena, path);
    result |= read_sweep(e, d);
    if (result)
        scouts_check(e, d); /* for what else is wrong */
    if (result || (result = find_trials(e, d)))
        goto out;
    strategy_warn(e, d);
    experiment_hash(e);
    tree_write(e->trials->root, &text);
    e->text = arena_string(e->arena, text.text, text.len);
    strbuf_release(&text);
out:
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
    trials_free(e->trials);
    tree_free(e->tree);
    arena_free(e->arena);
    free(e);
}
