/* resolve.c - one trial from a point: its tree, its spec, its JSON, its values, its digest.
 *
 * Everything goes to the caller's arena; nothing is remembered. See trials.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/settings.h"
#include "trials/trials.h"

static void take_values(const struct point *p, struct arena *arena, struct trial *out)
{
    const struct sweep *s = p->sweep;

    out->nvalues = 0;
    out->values = arena_alloc(arena, s->naxes * sizeof *out->values);
    for (size_t a = 0; a < s->naxes; a++)
        if (p->active[a])
            out->values[out->nvalues++] = axis_value(arena, &s->axes[a], p->value[a]);
}

/* train.initial_weights that names a run becomes the file with that state. */
static status find_weights(const struct trials *t, struct spec *s, struct arena *arena, struct diag *d)
{
    const struct spec_weights_of *of = &s->train.weights_of;
    const struct place *at = &s->train.initial_weights_at;
    struct error err;
    const char *path;

    if (!of->run)
        return OK;
    if (!t->finder)
        return diag_error(d, at,
                          "train.initial_weights: there is no results database here to look for run %lld in",
                          (long long)of->run);
    if (t->finder->find(t->finder->arg, of->run, of->epoch, &path, &err) != OK)
        return diag_error(d, at, "train.initial_weights: %s", err.text);
    s->train.initial_weights = settings_path(arena, path);
    return OK;
}

status trial_resolve(const struct experiment *e, const struct point *p, const struct node *root,
                     struct arena *arena, struct trial *out, struct diag *d)
{
    const struct trials *t = e->trials;
    struct strbuf yaml = {0};
    cJSON *json;
    char *text;

    out->spec = spec_parse_written(arena, t->registry, root, t->stem, d);
    if (!out->spec || objective_check(e, out->spec, d) || find_weights(t, out->spec, arena, d))
        return FAILED;
    if (out->spec->seed_drawn)
        out->spec->seed = e->seed;
    json = spec_to_json(out->spec);
    text = cJSON_PrintUnformatted(json);
    tree_add_json(&yaml, text);
    out->resolved = arena_string(arena, yaml.text, yaml.len);
    strbuf_release(&yaml);
    free(text);
    cJSON_Delete(json);
    trial_name_files(e, out, arena);
    take_values(p, arena, out);
    return OK;
}

status trial_at(const struct experiment *e, struct point *p, struct arena *arena, struct trial *out,
                struct diag *d)
{
    struct node *root;
    status result = point_tree(p, tree_new_in(arena), e->trials->root, &root, d);

    return trial_resolve(e, p, root, arena, out, d) || result ? FAILED : OK;
}

/* ---- repeats ---------------------------------------------------------------------------- */

/* `"repeats":N`, a key of the spec itself and thus not inside a deeper map. */
static const char *find_repeats(const char *resolved, size_t *len)
{
    static const char key[] = "\"repeats\":";
    int depth = 0;

    for (const char *p = resolved; *p; p++) {
        if (*p == '"') {
            if (depth == 1 && strncmp(p, key, sizeof key - 1) == 0) {
                *len = sizeof key - 1 + strspn(p + sizeof key - 1, "0123456789");
                return p;
            }
            while (*++p && *p != '"')
                p += *p == '\\' && p[1];
        }
        depth += (*p == '{') - (*p == '}');
    }
    *len = 0;
    return resolved;
}

char *resolved_without_repeats(const char *resolved)
{
    size_t len;
    const char *repeats = find_repeats(resolved, &len);

    return mem_format("%.*s%s", (int)(repeats - resolved), resolved, repeats + len);
}

/* ---- digests ---------------------------------------------------------------------------- */

void trial_digest(const struct experiment *e, const struct spec *spec, const char *text, char out[65])
{
    char seed[40];
    const char *cut;
    struct sha256 *hash;

    if (!spec->seed_drawn) {
        sha256_text(text, strlen(text), out);
        return;
    }
    /* A name has no quotes, so this is the key. */
    snprintf(seed, sizeof seed, "\"seed\":%llu,", (unsigned long long)e->seed);
    cut = strstr(text, seed);
    if (!cut) { /* of a stored trial with another seed */
        sha256_text(text, strlen(text), out);
        return;
    }
    hash = sha256_new();
    sha256_add(hash, text, (size_t)(cut - text));
    sha256_add(hash, cut + strlen(seed), strlen(cut + strlen(seed)));
    sha256_end(hash, out);
}

static uint64_t hex_number(const char *digits)
{
    uint64_t v = 0;

    for (int i = 0; i < 16; i++)
        v = v << 4 | (uint64_t)(digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10);
    return v;
}

/* The slot of a digest, or the free one where it belongs. */
static uint64_t *find_slot(const struct digests *d, const uint64_t key[2])
{
    size_t i = (size_t)key[0] & (d->room - 1);

    while ((d->slot[i][0] || d->slot[i][1]) && (d->slot[i][0] != key[0] || d->slot[i][1] != key[1]))
        i = (i + 1) & (d->room - 1);
    return d->slot[i];
}

static void grow(struct digests *d)
{
    struct digests larger = {.room = d->room ? 2 * d->room : 64};

    larger.slot = mem_array(larger.room, sizeof *larger.slot);
    for (size_t i = 0; i < d->room; i++)
        if (d->slot[i][0] || d->slot[i][1])
            memcpy(find_slot(&larger, d->slot[i]), d->slot[i], sizeof *larger.slot);
    larger.n = d->n;
    free(d->slot);
    *d = larger;
}

bool digests_have(const struct digests *d, const char digest[65])
{
    const uint64_t key[2] = {hex_number(digest), hex_number(digest + 16)};
    const uint64_t *slot = d->room ? find_slot(d, key) : NULL;

    return slot && (slot[0] || slot[1]);
}

bool digests_add(struct digests *d, const char digest[65])
{
    const uint64_t key[2] = {hex_number(digest), hex_number(digest + 16)};
    uint64_t *slot;

    if (2 * d->n >= d->room)
        grow(d);
    slot = find_slot(d, key);
    if (slot[0] || slot[1])
        return false;
    memcpy(slot, key, sizeof key);
    d->n++;
    return true;
}

void digests_release(struct digests *d)
{
    free(d->slot);
    *d = (struct digests){0};
}
