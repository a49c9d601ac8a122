/* spec.c - spec_parse(): one trial's tree to a typed spec.
 *
 * The tables of spec_keys.h do most of it; here are the few keys with a form of their own and the order of
 * the work. No file is read and no net is planned: what depends on data is found by the engine.
 */
#include "spec/spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/settings.h"
#include "spec/spec_read.h"
#include "spec/spec_vars.h"

/* ---- keys with a form of their own ----------------------------------------------- */

static void read_name(struct spec_reader *r, const struct node *root, const char *file_stem)
{
    struct spec *s = r->spec;
    const struct node *node = spec_get(root, "name");
    const char *allowed = SPEC_NAME_LETTERS "._-";

    if (!s->name)
        s->name = arena_string(r->arena, file_stem, strlen(file_stem));
    if (*s->name && !s->name[strspn(s->name, allowed)])
        return;
    if (node)
        r->result |= diag_error(r->diag, &node->place, "name: '%s' " SPEC_OTHER_CHARACTERS "'.', '_' and '-'",
                                s->name);
    else
        r->result |= diag_error(
            r->diag, &root->place,
            "name is required: the file's own, '%s', " SPEC_OTHER_CHARACTERS "'.', '_' and '-'", s->name);
}

/* Repeats count up from the seed, and SQLite's INTEGER ends where int64 does. */
static void check_seeds(struct spec_reader *r, const struct node *root)
{
    const struct spec *s = r->spec;
    const struct node *seed = tree_get(root, "seed");

    if (seed && s->repeats > 1 && s->seed <= INT64_MAX && s->seed > (uint64_t)(INT64_MAX - s->repeats + 1))
        r->result |= diag_error(r->diag, &seed->place, "seed: %s leaves no seeds for %lld repeats",
                                seed->text, (long long)s->repeats);
}

/* Whether TEXT is a number of hundredths, 20%. */
static bool is_percent(const char *text, double *number)
{
    const size_t n = strlen(text);
    char plain[24];

    if (n < 2 || n >= sizeof plain || text[n - 1] != '%')
        return false;
    memcpy(plain, text, n - 1);
    plain[n - 1] = '\0';
    return text_to_double(plain, number);
}

/* A number is a share, any other name a dataset. */
static void read_validation(struct spec_reader *r, const struct node *node)
{
    double share;

    if (node->kind == NODE_SCALAR && is_percent(node->text, &share)) {
        r->result |= diag_error(r->diag, &node->place, "data.validation: %s is written as %g", node->text,
                                share / 100);
        return;
    }
    if (node->kind != NODE_SCALAR || !text_to_double(node->text, &share)) {
        spec_read_choice(r, ROLE_DATASET, node, &r->spec->data.validation);
        return;
    }
    if (share > 0 && share < 1)
        r->spec->data.validation_share = share;
    else
        r->result |= diag_error(r->diag, &node->place, "data.validation: %s is not in (0, 1)", node->text);
}

static void read_gradients(struct spec_reader *r, const struct node *node)
{
    struct spec *s = r->spec;

    if (node->kind == NODE_MAP) {
        s->record.gradients = RECORD_STEP;
        spec_read_section(
            r, spec_key_find(spec_key_find(&spec_section_top, "record")->section, "gradients")->section, node,
            &node->place);
    } else if (node->kind == NODE_SCALAR && !strcmp(node->text, "none")) {
        s->record.gradients = RECORD_NONE;
    } else if (node->kind != NODE_SCALAR || strcmp(node->text, "epoch")) {
        r->result |= diag_error(r->diag, &node->place,
                                "record.gradients: epoch, none or {step: K} is wanted here, not %s",
                                spec_describe(r, node));
    }
}

static int by_epoch(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* An epoch of `keep`, into KEEP [n]. */
static void read_kept_epoch(struct spec_reader *r, const struct node *word, int64_t *keep, size_t *n)
{
    const int64_t epochs = r->spec->train.epochs;
    int64_t epoch;

    if (word->kind != NODE_SCALAR || !text_to_int(word->text, &epoch) || epoch < 0) {
        r->result |= diag_error(r->diag, &word->place,
                                "checkpoint.keep: last, best, all and epochs from 0 on are known, not %s",
                                spec_describe(r, word));
        return;
    }
    if (epochs && epoch > epochs)
        diag_warn(r->diag, &word->place, "checkpoint.keep: epoch %lld never comes: training has %lld",
                  (long long)epoch, (long long)epochs);
    for (size_t i = 0; i < *n; i++)
        if (keep[i] == epoch)
            return;
    keep[(*n)++] = epoch;
}

static void read_keep(struct spec_reader *r, const struct node *node)
{
    struct spec_checkpoint *c = &r->spec->checkpoint;
    size_t n = node->kind == NODE_LIST ? node->n : 1;
    int64_t *keep = arena_alloc(r->arena, (n + 1) * sizeof *keep);

    c->keep_last = c->keep_best = false;
    c->keep = keep;
    for (size_t i = 0; i < n; i++) {
        const struct node *word = node->kind == NODE_LIST ? node->item[i] : node;

        if (word->kind == NODE_SCALAR && !strcmp(word->text, "last"))
            c->keep_last = true;
        else if (word->kind == NODE_SCALAR && !strcmp(word->text, "best"))
            c->keep_best = true;
        else if (word->kind == NODE_SCALAR && !strcmp(word->text, "all"))
            c->keep_all = c->keep_last = true;
        else
            read_kept_epoch(r, word, keep, &c->nkeep);
    }
    qsort(keep, c->nkeep, sizeof *keep, by_epoch);
    if (!n)
        r->result |= diag_error(r->diag, &node->place,
                                "checkpoint.keep: last, best, all or numbers of epochs are wanted here");
}

static void read_on_failure(struct spec_reader *r, const struct node *node)
{
    int64_t *tolerated = &r->spec->on_failure;

    if (node->kind == NODE_SCALAR && !strcmp(node->text, "continue"))
        *tolerated = ON_FAILURE_CONTINUE;
    else if (node->kind == NODE_SCALAR && !strcmp(node->text, "stop"))
        *tolerated = ON_FAILURE_STOP;
    else if (node->kind != NODE_SCALAR || !text_to_int(node->text, tolerated))
        r->result |= diag_error(r->diag, &node->place,
                                "on_failure: continue, stop or a number of failures is wanted here, not %s",
                                spec_describe(r, node));
    else if (*tolerated < 0)
        r->result |= diag_error(r->diag, &node->place, "on_failure: %s is not in [0, inf)", node->text);
}

/* A file is read by the table; a map says which run's state it is. */
static void read_initial_weights(struct spec_reader *r, const struct node *node)
{
    struct spec_train *t = &r->spec->train;
    int64_t epoch;

    t->initial_weights_at = node->place;
    if (node->kind != NODE_MAP)
        return;
    spec_read_section(r, &spec_section_weights, node, &node->place);
    if (t->weights_of.epoch && strcmp(t->weights_of.epoch, "last") != 0 &&
        strcmp(t->weights_of.epoch, "best") != 0 && (!text_to_int(t->weights_of.epoch, &epoch) || epoch < 0))
        r->result |= diag_error(
            r->diag, settings_place(node, "epoch", &node->place),
            "train.initial_weights.epoch: the number of an epoch, best or last is wanted here, not '%s'",
            t->weights_of.epoch);
}

static void read_forms(struct spec_reader *r, const struct node *root)
{
    struct spec *s = r->spec;
    const struct node *data = spec_get(root, "data"), *record = spec_get(root, "record");
    const struct node *train = spec_get(root, "train"), *checkpoint = spec_get(root, "checkpoint");
    const struct node *model = spec_get(root, "model"), *node;

    if ((node = spec_get(data, "validation")))
        read_validation(r, node);
    if ((node = spec_get(record, "gradients")))
        read_gradients(r, node);
    s->checkpoint.keep_last = s->checkpoint.keep_best = true;
    if ((node = spec_get(checkpoint, "keep")))
        read_keep(r, node);
    s->on_failure = ON_FAILURE_CONTINUE;
    if ((node = spec_get(root, "on_failure")))
        read_on_failure(r, node);
    if (model) {
        s->model_at = tree_key(root, "model")->place;
        spec_read_model(r, model);
    }
    if ((node = spec_get(root, "probes")))
        spec_read_probes(r, node);
    if (data) {
        s->data.at = tree_key(root, "data")->place;
        s->data.map = data;
    }
    if ((node = spec_get(train, "initial_weights")))
        read_initial_weights(r, node);
    if ((node = spec_get(train, "micro_batch")))
        s->train.micro_batch_at = node->place;
    if ((node = spec_get(train, "masks")))
        s->train.masks_at = node->place;
    if ((node = spec_get(train, "early_stopping")))
        s->train.early_stopping.at = *settings_place(node, "monitor", &node->place);
}

/* ---- the whole ---------------------------------------------------------------------- */

struct spec *spec_parse_in(struct arena *arena, struct registry *r, const struct node *root,
                           const char *file_stem, struct diag *d)
{
    struct spec *s = arena_alloc(arena, sizeof *s);
    struct spec_reader reader = {.registry = r, .arena = arena, .diag = d, .spec = s, .result = OK};
    struct place start = root->place; /* for what is missing; all of the file would be a long caret */

    start.end_line = start.line;
    start.end_column = start.column + 1;
    spec_read_section(&reader, &spec_section_top, root, &start);
    if (root->kind != NODE_MAP)
        return NULL;
    read_name(&reader, root, file_stem);
    s->seed_drawn = !tree_get(root, "seed");
    s->seed = s->seed_drawn ? 0 : s->seed;
    check_seeds(&reader, root);
    read_forms(&reader, root);
    spec_check(&reader, root);
    return reader.result ? NULL : s;
}

struct spec *spec_parse(struct registry *r, const struct node *root, const char *file_stem, struct diag *d)
{
    struct arena *arena = arena_new();
    struct spec *s = spec_parse_in(arena, r, root, file_stem, d);

    if (s)
        s->arena = arena;
    else
        arena_free(arena);
    return s;
}

struct spec *spec_parse_written(struct arena *arena, struct registry *r, const struct node *root,
                                const char *file_stem, struct diag *d)
{
    const struct node *left, *filled = spec_vars_fill(tree_new_in(arena), root, &left, d);
    struct spec *s = spec_parse_in(arena, r, left, file_stem, d);

    return filled ? s : NULL;
}

void spec_free(struct spec *s)
{
    if (s)
        arena_free(s->arena);
}

struct spec *spec_from_text(struct registry *r, struct arena *arena, struct tree *tree, const char *name,
                            const char *text, struct error *err)
{
    struct diag *d = diag_new();
    const struct node *root = tree_parse_json(tree, "the resolved spec", "/", text, d);
    struct spec *spec = NULL;

    if (root)
        spec = arena ? spec_parse_in(arena, r, root, name, d) : spec_parse(r, root, name, d);
    if (!spec) {
        struct strbuf why = {0};

        diag_write(d, &why, false);
        error_set(err, "%s", why.text ? why.text : "");
        strbuf_release(&why);
    }
    diag_free(d);
    return spec;
}

/* ---- every choice --------------------------------------------------------------------- */

struct visit {
    const struct spec *spec;
    void (*fn)(void *arg, const char *section, int index, const struct choice *c);
    void *arg;
};

static void visit_choices(const struct visit *v, const char *section, size_t n, const struct choice *choices)
{
    for (size_t i = 0; i < n; i++)
        if (choices[i].item)
            v->fn(v->arg, section, (int)i, &choices[i]);
}

static void visit_section(const struct visit *v, const struct spec_section *section)
{
    const char *base = (const char *)v->spec;
    char name[64];

    for (size_t i = 0; i < section->nkeys; i++) {
        const struct spec_key *key = &section->keys[i];

        snprintf(name, sizeof name, "%s%s%s", section->name, *section->name ? "." : "", key->name);
        if (key->form == KEY_SECTION)
            visit_section(v, key->section);
        else if (key->form == KEY_CHOICES)
            visit_choices(v, name, *(const size_t *)(base + key->count),
                          *(struct choice *const *)(base + key->offset));
        else if (key->offset)
            visit_choices(v, name, 1, (const struct choice *)(base + key->offset));
    }
}

void spec_each_choice(const struct spec *s,
                      void (*fn)(void *arg, const char *section, int index, const struct choice *c),
                      void *arg)
{
    const struct visit v = {s, fn, arg};

    visit_section(&v, &spec_section_top);
    for (size_t i = 0; i < s->nprobes; i++)
        fn(arg, "probes", (int)i, &s->probes[i].plugin);
    for (size_t i = 0; i < s->nmodel; i++) {
        fn(arg, "model", (int)i, &s->model[i].plugin);
        for (size_t j = 0; j < s->model[i].ninits; j++)
            fn(arg, "model.init", (int)i, &s->model[i].init[j]);
    }
}
