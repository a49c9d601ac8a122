/* weights_file.c - see weights_file.h. */
#include "engine/weights_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/safetensors.h"

enum { ABOUT_VERSION = 1 };

/* ---- writing -------------------------------------------------------------------------- */

/* free() it. DATA may be NULL or "". */
static char *about_text(const char *name, const char *spec, int64_t epoch, const char *data)
{
    cJSON *json = cJSON_CreateObject();
    char *printed, *text;

    cJSON_AddNumberToObject(json, "version", ABOUT_VERSION);
    cJSON_AddStringToObject(json, "name", name);
    cJSON_AddNumberToObject(json, "epoch", (double)epoch);
    cJSON_AddItemToObject(json, "spec", cJSON_CreateRaw(spec)); /* a seed has more digits than a double */
    cJSON_AddItemToObject(json, "data", data && *data ? cJSON_CreateRaw(data) : cJSON_CreateNull());
    printed = cJSON_PrintUnformatted(json);
    text = mem_string(printed ? printed : "{}");
    cJSON_free(printed);
    cJSON_Delete(json);
    return text;
}

static status write_file(const char *path, const struct tensor_out *tensor, size_t n, char *about,
                         struct error *err)
{
    const char *const metadata[] = {"format", "pt", WEIGHTS_ABOUT, about, NULL};
    const status result = tensor_file_write(path, tensor, n, metadata, err);

    free(about);
    return result;
}

status weights_file_write(struct net *n, int64_t epoch, const char *path, struct error *err)
{
    const struct net_tensor *t;
    const size_t ntensors = net_tensors(n, &t);
    struct tensor_out *out = mem_array(ntensors, sizeof *out);
    struct arena *arena = arena_new();
    cJSON *spec = spec_to_json(net_spec(n));
    char *resolved = cJSON_PrintUnformatted(spec);
    status result;

    for (size_t i = 0; i < ntensors; i++)
        out[i] = (struct tensor_out){
            .name = arena_format(arena, "%s.%s", net_entry_name(n, t[i].entry), t[i].name),
            .shape = t[i].shape,
            .values = net_weights(n, &t[i])};
    result = write_file(
        path, out, ntensors,
        about_text(net_spec(n)->name, resolved ? resolved : "null", epoch, net_data(n)->fitted), err);
    cJSON_free(resolved);
    cJSON_Delete(spec);
    arena_free(arena);
    free(out);
    return result;
}

status weights_file_strip(const char *from, const char *name, const char *resolved, int64_t epoch,
                          const char *to, struct error *err)
{
    struct tensor_file *f = NULL;
    struct tensor_out *out;
    size_t n = 0;
    status result;

    if (tensor_file_open(from, &f, err) != OK)
        return FAILED;
    out = mem_array(tensor_file_count(f), sizeof *out);
    for (size_t i = 0; i < tensor_file_count(f); i++) {
        const struct tensor_file_entry *e = tensor_file_at(f, i);

        if (!e->values || strchr(e->name, '/')) /* the optimizer's and the probes' */
            continue;
        out[n] = (struct tensor_out){.name = e->name, .shape.rank = e->rank, .values = e->values};
        memcpy(out[n++].shape.dim, e->dim, sizeof out->shape.dim);
    }
    result = write_file(to, out, n, about_text(name, resolved, epoch, tensor_file_metadata(f, "data")), err);
    free(out);
    tensor_file_close(f);
    return result;
}

/* ---- reading -------------------------------------------------------------------------- */

/* The value behind KEY as it stands in the text from *AT on, which moves behind it: numbers of more digits
 * than cJSON keeps stay as they are. free() it; NULL: it does not stand there so. */
static char *raw_value(const char **at, const char *key)
{
    const char *begin = *at ? strstr(*at, key) : NULL, *end = NULL;
    cJSON *value = begin ? cJSON_ParseWithOpts(begin + strlen(key), &end, 0) : NULL;
    char *raw = NULL;

    if (value) {
        begin += strlen(key);
        raw = mem_alloc((size_t)(end - begin) + 1);
        memcpy(raw, begin, (size_t)(end - begin));
    }
    *at = value ? end : NULL;
    cJSON_Delete(value);
    return raw;
}

static status read_about(const char *text, struct weights_about *a, struct error *err)
{
    cJSON *json = text ? cJSON_Parse(text) : NULL;
    const cJSON *spec = cJSON_GetObjectItem(json, "spec"), *data = cJSON_GetObjectItem(json, "data");
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(json, "name"));
    const double version = cJSON_GetNumberValue(cJSON_GetObjectItem(json, "version"));
    status result = OK;

    if (!text)
        result = error_set(err, "it does not say what net its weights are of: no file of 'fell export'");
    else if (version > ABOUT_VERSION)
        result = error_set(err, "what it says of its net is of a later version of fell");
    else if (version != ABOUT_VERSION || !cJSON_IsObject(spec) || !name)
        result = error_set(err, "what it says of its net makes no sense");
    if (result == OK) {
        const char *at = text;

        *a = (struct weights_about){.name = mem_string(name),
                                    .epoch =
                                        (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(json, "epoch"))};
        a->spec = raw_value(&at, ",\"spec\":");
        if (cJSON_IsObject(data))
            a->data = raw_value(&at, ",\"data\":");
        if (!a->spec || (cJSON_IsObject(data) && !a->data))
            result = error_set(err, "what it says of its net makes no sense");
    }
    cJSON_Delete(json);
    return result;
}

status weights_file_about(const char *path, struct weights_about *a, struct error *err)
{
    struct tensor_file *f;
    status result;

    *a = (struct weights_about){.epoch = 0};
    if (tensor_file_open(path, &f, err) != OK)
        return FAILED;
    result = read_about(tensor_file_metadata(f, WEIGHTS_ABOUT), a, err);
    tensor_file_close(f);
    return result == OK ? OK : error_prepend(err, "%s", path);
}

void weights_about_release(struct weights_about *a)
{
    free(a->name);
    free(a->spec);
    free(a->data);
    *a = (struct weights_about){.epoch = 0};
}
