/* net_init.c - the first values of a net: initialisers, then the weights of a file, then masks. */
#include <stdio.h>

#include "base/text.h"
#include "engine/init.h"
#include "engine/masks.h"
#include "engine/net_impl.h"
#include "engine/safetensors.h"

/* The initialiser that the spec names for a tensor, or NULL. */
static const struct choice *chosen_for(const struct entry *e, const char *tensor)
{
    for (size_t i = 0; i < e->spec->ninits; i++)
        if (strcmp(e->spec->init_tensor[i], tensor) == 0)
            return &e->spec->init[i];
    return NULL;
}

static status initialise_entry(struct net *n, struct entry *e, struct init_defaults *defaults, uint64_t seed,
                               struct problem *p)
{
    int64_t fan_in = 0, fan_out = 0;

    for (uint64_t t = 0; e->alias && t < e->layer->ntensors; t++) /* a bias beside a weight that is shared */
        if (e->alias[t] != (size_t)OWN && fan_in == 0)
            init_fans(&e->plan.tensor[t], &fan_in, &fan_out);
    for (size_t i = e->first; i < e->first + e->ntensors; i++) {
        const struct net_tensor *t = &n->tensor[i];
        struct init_request request = {.chosen = chosen_for(e, t->name),
                                       .text = e->layer->tensors[t->index].init,
                                       .defaults = defaults,
                                       .shape = t->shape,
                                       .n = t->n,
                                       .stream = rng_stream(seed, RNG_INIT, (uint32_t)i, 0)};
        struct error err;
        char who[160], setting[sizeof p->setting];

        if (t->shape.rank > 1 || fan_in == 0) /* a vector has those of the weight before it */
            init_fans(&t->shape, &fan_in, &fan_out);
        request.fan_in = fan_in;
        request.fan_out = fan_out;
        snprintf(who, sizeof who, "%s.%s", e->name, t->name);
        request.who = who;
        if (!request.text)
            request.text = "zeros";
        if (init_fill(&request, n->env, n->weights + t->offset, setting, &err) != OK)
            return problem_set(p, request.chosen ? "model.init" : "model", (int)(e - n->entry), setting, "%s",
                               err.text);
    }
    return OK;
}

/* ---- train.initial_weights ------------------------------------------------------- */

static status weights_problem(const struct net *n, struct problem *p, const char *text)
{
    return problem_set(p, "train.initial_weights", 0, "", "%s: %s", path_base(n->spec->train.initial_weights),
                       text);
}

static void tell(const struct net *n, const char *text)
{
    if (n->env->warn)
        n->env->warn(n->env->warn_arg, path_base(n->spec->train.initial_weights), text);
}

/* What stands before all names of the file, up to a dot: PyTorch's "module." of nn.DataParallel, "_orig_mod."
 * of torch.compile, or the name of the part that the net was. "" where the names are the net's. */
static void find_prefix(const struct net *n, const struct tensor_file *f, char prefix[256])
{
    const struct net_tensor *t = n->tensor;
    char name[256];
    size_t len, matches = 0;

    prefix[0] = '\0';
    if (n->ntensors == 0)
        return;
    len = (size_t)snprintf(name, sizeof name, ".%s.%s", n->entry[t->entry].name, t->name);
    for (size_t i = 0; i < tensor_file_count(f) && len < sizeof name && !tensor_file_find(f, name + 1); i++) {
        const char *have = tensor_file_at(f, i)->name;
        const size_t all = strlen(have);

        if (all > len && all - len + 1 < 256 && strcmp(have + all - len, name) == 0 && matches++ == 0)
            snprintf(prefix, 256, "%.*s", (int)(all - len + 1), have);
    }
    if (matches != 1)
        prefix[0] = '\0';
}

/* What a checkpoint has beside weights: the optimizer's slots, what probes keep. */
static bool is_beside(const char *name)
{
    return strncmp(name, "optimizer/", 10) == 0 || strncmp(name, "probe/", 6) == 0;
}

/* A name of the file that begins with none of the net's, to be told beside one that is missing. */
static const char *stranger(const struct net *n, const struct tensor_file *f)
{
    for (size_t i = 0; i < tensor_file_count(f); i++) {
        const char *name = tensor_file_at(f, i)->name, *dot = strchr(name, '.');
        bool known = is_beside(name);

        for (size_t k = 0; k < n->nentries; k++)
            known |= dot && strlen(n->entry[k].name) == (size_t)(dot - name) &&
                     !strncmp(n->entry[k].name, name, (size_t)(dot - name));
        if (!known)
            return name;
    }
    return NULL;
}

/* The Ith name beside its own by which files may know tensor T, "ENTRY.TENSOR" of an entry that shares it;
 * false: there are no more. */
static bool other_name(const struct net *n, const struct net_tensor *t, size_t i, char name[512])
{
    for (const struct entry *e = n->entry; n->nshared && e < n->entry + n->nentries; e++)
        for (uint64_t k = 0; e->alias && k < e->layer->ntensors; k++)
            if (e->alias[k] == (size_t)(t - n->tensor) && i-- == 0) {
                snprintf(name, 512, "%s.%s", e->name, t->name);
                return true;
            }
    return false;
}

/* Tensor T of the file, by its own name, or, as programs write a shared tensor once, by another. NAME: its
 * own. */
static const struct tensor_file_entry *find_tensor(const struct net *n, const struct tensor_file *f,
                                                   const char *prefix, const struct net_tensor *t,
                                                   char name[512])
{
    const struct tensor_file_entry *entry;
    char other[512], whole[1024];

    snprintf(name, 512, "%s%s.%s", prefix, n->entry[t->entry].name, t->name);
    entry = tensor_file_find(f, name);
    for (size_t i = 0; !entry && other_name(n, t, i, other); i++) {
        snprintf(whole, sizeof whole, "%s%s", prefix, other);
        entry = tensor_file_find(f, whole);
    }
    return entry;
}

/* Whether some tensor is called as Keras calls weights. */
static bool has_kernels(const struct tensor_file *f)
{
    for (size_t i = 0; i < tensor_file_count(f); i++)
        if (strstr(tensor_file_at(f, i)->name, "kernel"))
            return true;
    return false;
}

static status load_tensor(struct net *n, const struct tensor_file *f, const char *prefix,
                          const struct net_tensor *t, struct problem *p)
{
    char name[512], text[1024];
    const struct tensor_file_entry *entry;
    struct strbuf have = {0}, want = {0};

    entry = find_tensor(n, f, prefix, t, name);
    if (entry && !entry->values) {
        snprintf(text, sizeof text, "'%s' is of dtype %s; weights are F32, F64, F16 or BF16", name,
                 entry->dtype);
        return weights_problem(n, p, text);
    }
    if (entry && tensor_file_has_shape(entry, &t->shape)) {
        memcpy(n->weights + t->offset, entry->values, (size_t)t->n * sizeof(float));
        if (!n->env->kernels->count_nonfinite(n->weights + t->offset, t->n))
            return OK;
        snprintf(text, sizeof text, "'%s' holds a number that is not finite", name);
        return weights_problem(n, p, text);
    }
    if (!entry && t->position < 0) {
        snprintf(text, sizeof text, "'%s' is missing, and begins as without the file", name);
        tell(n, text);
        return OK;
    }
    tensor_dims_text(t->shape.dim, t->shape.rank, &want);
    if (entry) {
        tensor_dims_text(entry->dim, entry->rank, &have);
        snprintf(text, sizeof text, "'%s' has the shape %s, the model needs %s", name, have.text, want.text);
    } else {
        const char *other = stranger(n, f);

        snprintf(text, sizeof text, "'%s' %s is missing%s%.200s%s%s", name, want.text,
                 other ? "; the file has '" : "", other ? other : "",
                 other ? "', of no layer of the model" : "",
                 other && has_kernels(f)
                     ? ". Names with a kernel are Keras's: call it weight, and save its transpose "
                       "(of dense), as PyTorch has it"
                     : "");
    }
    strbuf_release(&have);
    strbuf_release(&want);
    return weights_problem(n, p, text);
}

/* LAYER.TENSOR of each tensor of the model; the texts are in ARENA. */
static struct names tensor_names(const struct net *n, struct arena *arena)
{
    struct names names = {0};

    for (size_t i = 0; i < n->ntensors; i++)
        names_add(&names, arena_format(arena, "%s.%s", n->entry[n->tensor[i].entry].name, n->tensor[i].name));
    return names;
}

/* Whether NAME is another one of a shared tensor; if its values differ, *RESULT is FAILED. */
static bool is_other_name(const struct net *n, const struct tensor_file_entry *entry, const char *name,
                          status *result, struct problem *p)
{
    char other[512], text[1400];

    for (size_t i = 0; n->nshared && i < n->ntensors; i++)
        for (size_t k = 0; other_name(n, &n->tensor[i], k, other); k++) {
            const struct net_tensor *t = &n->tensor[i];

            if (strcmp(other, name) != 0)
                continue;
            if (!entry->values || !tensor_file_has_shape(entry, &t->shape) ||
                memcmp(entry->values, n->weights + t->offset, (size_t)t->n * sizeof(float)) != 0) {
                snprintf(text, sizeof text,
                         "'%.500s' and '%s.%s' are one tensor (share), and differ in the file", entry->name,
                         n->entry[t->entry].name, t->name);
                *result = weights_problem(n, p, text);
            }
            return true;
        }
    return false;
}

/* Whole numbers beside the weights: PyTorch's num_batches_tracked, position_ids and the like. */
static void tell_passed_over(const struct net *n, const struct tensor_file_entry *entry)
{
    char text[512];

    snprintf(text, sizeof text, "'%s' is of dtype %s, no weight, and is passed over", entry->name,
             entry->dtype);
    tell(n, text);
}

/* A tensor of the file that the model lacks. */
static status refuse_extra(const struct net *n, const struct tensor_file *f, const char *prefix,
                           struct problem *p)
{
    const size_t skipped = strlen(prefix);
    struct arena *arena = arena_new();
    struct names names = tensor_names(n, arena);
    struct strbuf shape = {0};
    status result = OK;
    char text[512];

    for (size_t i = 0; i < tensor_file_count(f) && result == OK; i++) {
        const struct tensor_file_entry *entry = tensor_file_at(f, i);
        const bool has = strncmp(entry->name, prefix, skipped) == 0;

        if (is_beside(entry->name) || (has && names_find(&names, entry->name + skipped) != NAMES_NONE))
            continue;
        if (has && is_other_name(n, entry, entry->name + skipped, &result, p))
            continue;
        if (!entry->values) {
            tell_passed_over(n, entry);
            continue;
        }
        tensor_dims_text(entry->dim, entry->rank, &shape);
        snprintf(text, sizeof text, "'%s' %s belongs to no layer of the model", entry->name, shape.text);
        result = weights_problem(n, p, text);
    }
    strbuf_release(&shape);
    names_release(&names);
    arena_free(arena);
    return result;
}

static status load_weights(struct net *n, const char *path, struct problem *p)
{
    char prefix[256], text[320];
    struct tensor_file *f;
    struct error err;
    status result = OK;

    if (tensor_file_open(path, &f, &err) != OK)
        return problem_set(p, "train.initial_weights", 0, "", "%s", err.text);
    find_prefix(n, f, prefix);
    if (prefix[0]) {
        snprintf(text, sizeof text, "its names begin with '%s', which is passed over", prefix);
        tell(n, text);
    }
    for (size_t i = 0; i < n->ntensors && result == OK; i++)
        result = load_tensor(n, f, prefix, &n->tensor[i], p);
    if (result == OK)
        result = refuse_extra(n, f, prefix, p);
    tensor_file_close(f);
    return result;
}

status net_initialise(struct net *n, const struct spec *spec, uint64_t seed, struct problem *p)
{
    struct init_defaults *defaults;
    status result = OK;

    if (net_allocate(n, p) != OK)
        return FAILED;
    defaults = init_defaults_new();
    for (size_t i = 0; i < n->nentries && result == OK; i++) {
        n->entry[i].in.stream = rng_stream(seed, RNG_LAYER, (uint32_t)i, 0);
        result = initialise_entry(n, &n->entry[i], defaults, seed, p);
    }
    init_defaults_free(defaults);
    if (result == OK && spec->train.initial_weights)
        result = load_weights(n, spec->train.initial_weights, p);
    return result == OK && spec->train.masks ? masks_load(n, spec->train.masks, p) : result;
}
