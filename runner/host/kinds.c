/* kinds.c - the kinds of plugins and their roles in a spec, with their texts. See kinds.h. */
#include "host/kinds.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The size of a struct up to the end of a field. */
#define UP_TO(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

#define ROW(KIND, kind, field) [FELL_KIND_##KIND] = {#kind, UP_TO(fell_##kind, field), sizeof(fell_##kind)},
static const struct kind {
    const char *word;
    size_t first, size;
} kinds[] = {KINDS(ROW)};
#undef ROW

#define ROW(ROLE, KIND, word) [ROLE_##ROLE] = {#word, FELL_KIND_##KIND},
static const struct {
    const char *word;
    enum fell_kind kind;
} roles[] = {ROLES(ROW)};
#undef ROW

static const struct role_texts texts[] = {
    [ROLE_MODEL_ENTRY] =
        {"layer or activation",
         "entry",
         {"layer", "activation"},
         "Layers",
         "layers.md",
         "Entries of `model:`. Every entry may also have `name`, `from` and `activation`, and "
         "where there are tensors `init`, `lr_factor` and `trainable`: see [the keys of a "
         "spec](spec.md#model-entries)."},
    [ROLE_ACTIVATION] =
        {"activation",
         "activation",
         {"activation"},
         "Activations",
         "activations.md",
         "An entry of `model:`, or `activation:` in the entry before. The shape stays as it is."},
    [ROLE_LOSS] = {"loss", "loss", {"loss"}, "Losses", "losses.md", "`loss:`, what training minimises."},
    [ROLE_OPTIMIZER] = {"optimizer",
                        "optimizer",
                        {"optimizer"},
                        "Optimizers",
                        "optimizers.md",
                        "`optimizer:`, how the weights follow the gradient g."},
    [ROLE_SCHEDULE] =
        {"schedule",
         "schedule",
         {"schedule"},
         "Schedules",
         "schedules.md",
         "`schedule:`, the learning rate over time; in a list each gets the rate that the one before "
         "it gives. Epochs and steps count from 0."},
    [ROLE_INITIALISER] =
        {"initialiser",
         "initialiser",
         {"initialiser"},
         "Initialisers",
         "initialisers.md",
         "`init:` of an entry, what its weights begin as; or a map of tensors, `init: {weight: "
         "..., bias: ...}`."},
    [ROLE_METRIC] =
        {"metric",
         "metric",
         {"metric"},
         "Metrics",
         "metrics.md",
         "`metrics:`, what is measured on every split after every epoch, recorded as SPLIT.NAME."},
    [ROLE_DATASET] =
        {"dataset",
         "dataset",
         {"dataset"},
         "Datasets",
         "datasets.md",
         "`data.source`, `data.test` or `data.validation`, where rows come from. Files are sought "
         "beside the spec."},
    [ROLE_TRANSFORM] =
        {"transform",
         "transform",
         {"transform", "layer"},
         "Transforms",
         "transforms.md",
         "`data.transforms`, what is done to the rows, in order; fitted on the training rows only."},
    [ROLE_PROBE] =
        {"probe",
         "probe",
         {"probe"},
         "Probes",
         "probes.md",
         "`probes:`, numbers about the net while it learns, recorded in the table `probes`. Every probe may "
         "also have `name`, `every`, `rows` and `split`: see [the keys of a spec](spec.md#probes)."},
};
_Static_assert(COUNT(texts) == ROLE_COUNT, "a role has no texts");

/* Words of a spec that are the host's: keys beside settings (fell/plugin.h, section 3), and what stands
 * where a plugin's name may. */
static const char *const host_keys[] = {"name",      "from",      "activation", "init",
                                        "trainable", "lr_factor", "share"};
static const char *const probe_keys[] = {"name", "every", "rows", "split"};
static const char *const host_names[] = {"input", "none", "default"};

const char *role_word(enum role role)
{
    return roles[role].word;
}

const struct role_texts *role_texts(enum role role)
{
    return &texts[role];
}

enum role role_of_word(const char *word)
{
    for (enum role role = 0; role < ROLE_COUNT; role++)
        if (strcmp(roles[role].word, word) == 0)
            return role;
    return ROLE_COUNT;
}

enum fell_kind role_kind(enum role role)
{
    return roles[role].kind;
}

const char *kind_word(uint32_t kind)
{
    return kind < COUNT(kinds) ? kinds[kind].word : NULL;
}

size_t kind_size(uint32_t kind)
{
    return kind < COUNT(kinds) ? kinds[kind].size : 0;
}

size_t kind_first_size(uint32_t kind)
{
    return kind < COUNT(kinds) ? kinds[kind].first : 0;
}

/* ---- names ---------------------------------------------------------------------- */

bool plugin_name_ok(const char *name)
{
    size_t n = 0;

    if (!name || !(name[0] >= 'a' && name[0] <= 'z'))
        return false;
    while ((name[n] >= 'a' && name[n] <= 'z') || (name[n] >= '0' && name[n] <= '9') || name[n] == '_')
        n++;
    return !name[n] && n < 64;
}

bool tensor_name_ok(const char *name)
{
    char part[64];
    const char *dot = name ? strrchr(name, '.') : NULL;

    if (!dot)
        return plugin_name_ok(name);
    if ((size_t)(dot - name) >= sizeof part || strlen(name) >= sizeof part)
        return false;
    memcpy(part, name, (size_t)(dot - name));
    part[dot - name] = 0;
    return tensor_name_ok(part) && plugin_name_ok(dot + 1);
}

static bool is_one_of(const char *name, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    return false;
}

bool plugin_name_taken(const char *name)
{
    return is_one_of(name, host_names, COUNT(host_names));
}

bool setting_name_taken(const char *name, enum fell_kind kind)
{
    return kind == FELL_KIND_PROBE ? is_one_of(name, probe_keys, COUNT(probe_keys))
                                   : is_one_of(name, host_keys, COUNT(host_keys));
}
