/* cases_kinds.c - the kinds of cases, and one case of any: see cases.h. What a kind does is in cases_nets.c,
 * cases_probes.c and cases_runs.c.
 */
#include "check/cases_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The first whose key a case has. ROLE_COUNT: its name is not a plugin's. */
static const struct kind {
    const char *key, *word;
    enum role role;
    status (*run)(struct run *r);
} kinds[] = {
    {"model", "probe", ROLE_COUNT, case_probes},
    {"value", "metric", ROLE_METRIC, case_metric},
    {"values", "metric", ROLE_METRIC, case_metric},
    {"prediction", "loss", ROLE_LOSS, case_loss},
    {"theta0", "optimizer", ROLE_OPTIMIZER, case_optimizer},
    {"base_lr", "schedule", ROLE_SCHEDULE, case_schedule},
    {"parameters_before", "layer", ROLE_MODEL_ENTRY, case_layer},
    {"dx", "activation", ROLE_ACTIVATION, case_activation},
    {"w", "initialiser", ROLE_INITIALISER, case_initialiser},
    {"sd", "initialiser", ROLE_INITIALISER, case_initialiser},
    {"rows", "dataset", ROLE_DATASET, case_dataset},
    {"y", "transform", ROLE_TRANSFORM, case_transform},
};

static const struct kind *kind_of(const cJSON *one)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (cJSON_HasObjectItem(one, kinds[i].key))
            return &kinds[i];
    return NULL;
}

/* The options, to free(). */
static char *name_case(const cJSON *one, struct case_result *out)
{
    const struct kind *kind = kind_of(one);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "name"));
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(one, "options");
    char *options = cJSON_IsObject(given) ? case_options(name, given)
                    : given               ? cJSON_PrintUnformatted(given)
                                          : mem_string("");

    *out = (struct case_result){.kind = kind ? kind->word : ""};
    snprintf(out->name, sizeof out->name, "%s", name ? name : "");
    snprintf(out->options, sizeof out->options, "%s", strcmp(options, "{}") == 0 ? "" : options);
    return options;
}

void case_begin(const cJSON *one, struct case_result *out)
{
    free(name_case(one, out));
}

/* The plugin of the case; of one that only `y` makes a transform's, the error says so. */
static bool open_subject(struct run *r, struct registry *reg, const struct kind *kind, const char *name,
                         const char *options, enum simd_level level)
{
    struct error why, *err = r->err;
    struct error ignored;

    if (subject_open(&r->s, reg, kind->role, name, options, level, err) == OK)
        return true;
    why = *err;
    if (kind->role == ROLE_TRANSFORM && !registry_find(reg, ROLE_TRANSFORM, name, &ignored))
        error_set(err, "%.900s; a case with 'y' and neither 'dx' nor 'parameters_before' is a transform's",
                  why.text);
    return false;
}

void case_run(struct registry *reg, const cJSON *one, enum simd_level level, struct case_result *out)
{
    const struct kind *kind = kind_of(one);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "name"));
    char *options = name_case(one, out);
    struct run r = {.json = one, .out = out, .err = &out->failure};

    if (!name || !kind)
        error_set(r.err, name ? "its keys tell no kind: there is none of model, value, values, prediction, "
                                "theta0, base_lr, "
                                "parameters_before, dx, w, sd, rows and y"
                              : "it has no 'name'");
    else {
        if (kind->role == ROLE_COUNT)
            r.s =
                (struct subject){.tree = tree_new(), .env = {.kernels = kernels_get(level), .registry = reg}};
        if (case_check_keys(&r, kind->word) == OK &&
            (kind->role == ROLE_COUNT || open_subject(&r, reg, kind, name, options, level)))
            kind->run(&r);
        subject_close(&r.s);
    }
    free(options);
}
