/* test_spec_keys.c - the tables of a spec's keys against everything that is made from them: no key is
 * read and does nothing, none is lost on the way to a worker, none lacks its JSON Schema.
 */
#include "host/kinds.h"
#include "schema/spec_schema.h"
#include "spec/spec_keys.h"
#include "spec_help.h"

/* A spec in which every section is there, and whose first entry has every key. */
#define FULL                                                                                                 \
    "seed: 1\n"                                                                                              \
    "data: {source: xor, test: xor, validation: 0.5, transforms: [standardize], rows: 2, stratify: true,\n"  \
    "       label_noise: 0.5}\n"                                                                             \
                                                                                                             \
    "model: [{dense: {units: 2, activation: relu, init: zeros}}, {dense: {units: 1}}]\n" LOSS OPTIMIZER      \
    "schedule: {step: {every: 4}}\n"                                                                         \
    "metrics: mae\nprobes: weights\n"                                                                        \
    "train: {epochs: 1, clip_norm: 1, early_stopping: {monitor: train.loss}}\n"                              \
    "record: {gradients: {step: 2}, evaluate: {every: 2}}\n"                                                 \
    "checkpoint: {}\n"

/* What cannot stand beside other keys of FULL. */
#define OTHER "data: {source: xor, folds: 3, fold: 1, target: input}\n" MODEL LOSS OPTIMIZER TRAIN

/* What a spec says, and no resolved one: the caller has it, or it is for readers. */
static bool is_left_out(const char *path)
{
    static const char *const paths[] = {"extends",
                                        "vars",
                                        "sweep",
                                        "data.about",
                                        "data.folds",
                                        "data.fold",
                                        "data.target", /* see OTHER */
                                        "data.scale_target",
                                        "train.masks",
                                        "train.micro_batch",
                                        "train.steps_per_epoch"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (!strcmp(path, paths[i]))
            return true;
    return false;
}

/* FN for every key and setting of SECTION and those below, with its path and the section's. */
static void each_key(const struct spec_section *section,
                     void (*fn)(void *arg, const struct spec_section *section, const char *path,
                                const struct spec_key *key),
                     void *arg)
{
    const char *names[SPEC_MOST_KEYS];
    char path[96];

    spec_section_names(section, true, names);
    for (size_t i = 0; names[i]; i++) {
        const struct spec_key *key = spec_key_find(section, names[i]);

        snprintf(path, sizeof path, "%s%s%s", section->name, *section->name ? "." : "", names[i]);
        fn(arg, section, path, key);
        if (key && key->form == KEY_SECTION)
            each_key(key->section, fn, arg);
    }
}

/* The names of the keys of a model's entry, up to a NULL. */
static const char *const *entry_keys(void)
{
    static const char *names[SPEC_MOST_KEYS];

    spec_section_names(&spec_section_entry, true, names);
    return names;
}

/* What JSON has at PATH, whose words it has in an object WITHIN (NULL: at once). */
static const cJSON *at_path(const cJSON *json, const char *path, const char *within)
{
    char *copy = mem_string(path), *rest = copy, *step;

    while (json && (step = strsep(&rest, "."))) {
        if (within)
            json = cJSON_GetObjectItemCaseSensitive(json, within);
        json = cJSON_GetObjectItemCaseSensitive(json, step);
    }
    free(copy);
    return json;
}

/* The spec YAML as it is stored. */
static cJSON *resolved(const char *yaml)
{
    struct spec_reading r = read_spec(yaml);
    cJSON *json;

    cr_assert_not_null(r.spec, "%s", yaml);
    json = spec_to_json(r.spec);
    spec_done(&r);
    return json;
}

static void expect_in_json(void *arg, const struct spec_section *section, const char *path,
                           const struct spec_key *key)
{
    (void)section;
    (void)key;
    cr_expect_eq(at_path(arg, path, NULL) != NULL, !is_left_out(path), "%s", path);
}

Test(spec_keys, none_is_lost_on_the_way_to_a_worker)
{
    cJSON *json = resolved(FULL), *entry;

    each_key(&spec_section_top, expect_in_json, json);
    entry = cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "model"), 0), "dense");
    /* An activation is the next entry; share is where it is not the default. */
    for (const char *const *name = entry_keys(); *name; name++)
        cr_expect_eq(cJSON_GetObjectItem(entry, *name) != NULL,
                     strcmp(*name, "activation") != 0 && strcmp(*name, "share") != 0, "%s", *name);
    cJSON_Delete(json);
}

/* The data section of YAML as it is stored; free() it. */
static char *resolved_data(const char *yaml)
{
    cJSON *json = resolved(yaml);
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(json, "data"));

    cJSON_Delete(json);
    return text;
}

/* A spec without a key is the experiment that it was before there was such a key. */
Test(spec_keys, of_data_are_in_the_resolved_spec_where_they_are_not_the_default)
{
    char *other = resolved_data(OTHER);
    char *scaled =
        resolved_data("data: {source: xor, scale_target: standardize}\n" MODEL LOSS OPTIMIZER TRAIN);
    char *plain = resolved_data("data: {source: xor, rows: 1.0, stratify: no}\n" MODEL LOSS OPTIMIZER TRAIN);

    cr_expect(strstr(other, "\"folds\":3,\"fold\":1,\"target\":\"input\""), "%s", other);
    cr_expect(strstr(scaled, "\"scale_target\":\"standardize\""), "%s", scaled);
    cr_expect_str_eq(plain, "{\"source\":{\"xor\":{\"rows\":4,\"noise\":0}},\"transforms\":[]}");
    free(other);
    free(scaled);
    free(plain);
}

/* No key takes this. */
#define WRONG "{zz: {zz: 1}, yy: {}}"

static void expect_refused(const char *yaml, const char *path)
{
    struct spec_reading r = read_spec(yaml);
    char *messages = messages_of(r.diag);

    cr_expect_null(r.spec, "%s is read and does nothing: %s", path, yaml);
    cr_expect(strstr(messages, "zz") || strstr(messages, path) || strstr(messages, "a map"), "%s: %s", path,
              messages);
    free(messages);
    spec_done(&r);
}

/* The spec of SPEC_HELP with WRONG at a path, whose other keys are as they must be. */
static void refuse_form(void *arg, const struct spec_section *section, const char *path,
                        const struct spec_key *key)
{
    static const struct {
        const char *section, *line, *rest;
    } lines[] = {{"data", DATA, "source: xor, "},
                 {"model", MODEL, ""},
                 {"loss", LOSS, ""},
                 {"optimizer", OPTIMIZER, ""},
                 {"train", TRAIN, "epochs: 1, "}};
    struct strbuf yaml = {0};
    const char *rest = "";

    (void)arg;
    if (!key || key->form == KEY_CALLER || key->form == KEY_SECTION)
        return;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const size_t n = strlen(lines[i].section);

        if (strncmp(path, lines[i].section, n) == 0 && (!path[n] || path[n] == '.'))
            rest = !strcmp(path, "data.source") ? "" : lines[i].rest;
        else
            strbuf_add(&yaml, lines[i].line);
    }
    if (*section->name)
        strbuf_addf(&yaml, "%s: {%s%s: " WRONG "}\n", section->name, rest, key->name);
    else
        strbuf_addf(&yaml, "%s: " WRONG "\n", key->name);
    expect_refused(yaml.text, path);
    strbuf_release(&yaml);
}

Test(spec_keys, none_is_read_and_does_nothing)
{
    each_key(&spec_section_top, refuse_form, NULL);
    for (size_t i = 0; i < spec_section_entry.nkeys; i++) {
        const char *name = spec_section_entry.keys[i].name;
        char *yaml = mem_format(DATA "model: [{dense: {units: 1, %s: " WRONG "}}]\n" REST, name);

        expect_refused(yaml, name);
        free(yaml);
    }
}

static void expect_in_schema(void *arg, const struct spec_section *section, const char *path,
                             const struct spec_key *key)
{
    const cJSON *spec = at_path(arg, "definitions.spec", NULL), *one = at_path(spec, path, "properties");

    (void)section;
    cr_assert_not_null(one, "%s", path);
    if (key && key->form == KEY_FORM) /* more than a description, which anything would fit */
        cr_expect(cJSON_GetArraySize(one) > 1, "%s", path);
}

Test(spec_keys, each_has_its_json_schema)
{
    struct registry *r = registry_new();
    cJSON *schema = spec_schema(r), *dense;

    each_key(&spec_section_top, expect_in_schema, schema);
    dense = cJSON_GetObjectItem(cJSON_GetObjectItem(schema, "definitions"), "entry.dense");
    for (const char *const *name = entry_keys(); *name; name++)
        cr_expect_not_null(at_path(dense, *name, "properties"), "%s", *name);
    cJSON_Delete(schema);
    registry_free(r);
}

/* A plugin with such a setting could not be told from the entry's own key. */
Test(spec_keys, those_of_entries_are_no_settings_of_plugins)
{
    for (const char *const *name = entry_keys(); *name; name++)
        cr_expect(setting_name_taken(*name, FELL_KIND_LAYER), "%s", *name);
    cr_expect_not(setting_name_taken("units", FELL_KIND_LAYER));
}
