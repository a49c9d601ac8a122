/* checkpoint.c - see checkpoint.h. The format itself is safetensors.c's. */
#include "engine/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/net_impl.h"
#include "engine/safetensors.h"

#define FORMAT "fellrunner checkpoint 2"

/* The tensors of a file, with the names that they need; their values are the net's own. */
struct list {
    struct arena *arena;
    size_t n;
    struct tensor_out *tensor;
};

static const char *tensor_name(struct list *l, const struct net *n, const struct net_tensor *t)
{
    return arena_format(l->arena, "%s.%s", n->entry[t->entry].name, t->name);
}

static void add(struct list *l, const char *name, const fell_shape *shape, const float *values)
{
    l->tensor = mem_grow(l->tensor, l->n + 1, sizeof *l->tensor);
    l->tensor[l->n++] = (struct tensor_out){name, *shape, values};
}

static void add_weights(struct list *l, const struct net *n)
{
    for (size_t i = 0; i < n->ntensors; i++)
        add(l, tensor_name(l, n, &n->tensor[i]), &n->tensor[i].shape, n->weights + n->tensor[i].offset);
}

/* Array K of optimizer slot S: optimizer/momentum/LAYER.weight, of several optimizer/moves/K/LAYER.weight. */
static void add_slot(struct list *l, const struct net *n, const struct update *u, size_t s, int64_t k)
{
    const char *name = update_slot_name(u, s);

    if (update_slot_times(u, s) > 1)
        name = arena_format(l->arena, "%s/%lld", name, (long long)k);
    for (size_t i = 0; i < n->ntensors; i++) {
        const struct net_tensor *t = &n->tensor[i];
        int64_t count = 0;
        const float *values = update_slot(u, s, k, t, &count);
        const fell_shape own = fell_vec(count);

        if (values)
            add(l, arena_format(l->arena, "optimizer/%s/%s", name, tensor_name(l, n, t)),
                count == t->n ? &t->shape : &own, values);
    }
}

static void add_slots(struct list *l, const struct learner *from)
{
    for (size_t s = 0; s < update_slots(from->update); s++)
        for (int64_t k = 0; k < update_slot_times(from->update, s); k++)
            add_slot(l, from->net, from->update, s, k);
}

/* States of probes, and the last value of each number; these are doubles, which the format's reader does not
 * know, so each lies there as two words of 32 bits. */
static void add_looks(struct list *l, struct looks *looks)
{
    const char *name;
    float *values;
    int64_t n;
    size_t nvalues;
    double *last = looks_values(looks, &nvalues);
    fell_shape shape;

    for (size_t i = 0; looks_state(looks, i, &name, &values, &n); i++) {
        shape = fell_vec(n);
        if (n > 0)
            add(l, name, &shape, values);
    }
    shape = fell_vec(2 * (int64_t)nvalues);
    if (nvalues)
        add(l, "probe/values", &shape, (const float *)(const void *)last);
}

/* Words of any kind, as those of probes. */
static void add_partial(struct list *l, const struct partial *p)
{
    for (size_t i = 0; p && i < p->n; i++) {
        const fell_shape shape = fell_vec(p->array[i].n);

        add(l, p->array[i].name, &shape, p->array[i].words);
    }
}

static void list_release(struct list *l)
{
    free(l->tensor);
    arena_free(l->arena);
}

/* ---- the metadata ------------------------------------------------------------------------ */

/* One list for each schedule, of what it watched in each epoch so far; empty for one that
 * watches nothing. The numbers are texts, since JSON knows no NaN and cJSON rounds. */
static char *history_text(const struct rate *rate, int64_t epochs)
{
    cJSON *all = cJSON_CreateArray();
    char *text;

    for (size_t i = 0; i < rate_schedules(rate); i++) {
        const double *history = rate_history(rate, i);
        cJSON *one = cJSON_CreateArray();

        for (int64_t e = 0; history && e < epochs; e++) {
            char number[32];

            text_from_double(history[e], number);
            cJSON_AddItemToArray(one, cJSON_CreateString(number));
        }
        cJSON_AddItemToArray(all, one);
    }
    text = cJSON_PrintUnformatted(all);
    cJSON_Delete(all);
    return text;
}

/* With TO NULL: whether TEXT is such a list for RATE. Otherwise the values go into it. */
static bool history_read(const char *text, struct rate *rate, int64_t epochs, bool check_only)
{
    cJSON *all = text ? cJSON_Parse(text) : NULL;
    bool good = cJSON_IsArray(all) && (size_t)cJSON_GetArraySize(all) == rate_schedules(rate);
    const cJSON *one = good ? all->child : NULL, *number;

    for (size_t i = 0; good && i < rate_schedules(rate); i++, one = one->next) {
        double *history = rate_history(rate, i);
        int64_t e = 0;

        good = cJSON_GetArraySize(one) == (history ? epochs : 0);
        for (number = one->child; good && number; number = number->next, e++) {
            const char *digits = cJSON_GetStringValue(number);
            double value;

            good = digits && text_to_double(digits, &value);
            if (good && !check_only)
                history[e] = value;
        }
    }
    cJSON_Delete(all);
    return good;
}

/* The numbers in the metadata, their names and where they are in struct checkpoint. */
static const struct field {
    const char *key;
    enum { FIELD_INT, FIELD_REAL, FIELD_SOME } type; /* some are there where they are not 0 */
    size_t at;
} fields[] = {
    {"epoch", FIELD_INT, offsetof(struct checkpoint, epoch)},
    {"step", FIELD_INT, offsetof(struct checkpoint, step)},
    {"steps", FIELD_INT, offsetof(struct checkpoint, steps)},
    {"skipped", FIELD_SOME, offsetof(struct checkpoint, skipped)},
    {"best", FIELD_REAL, offsetof(struct checkpoint, best.value)},
    {"best_epoch", FIELD_INT, offsetof(struct checkpoint, best.epoch)},
    {"stop", FIELD_REAL, offsetof(struct checkpoint, stop.value)},
    {"stop_epoch", FIELD_INT, offsetof(struct checkpoint, stop.epoch)},
    {"seconds", FIELD_SOME, offsetof(struct checkpoint, seconds)},
    {"cpu_seconds", FIELD_SOME, offsetof(struct checkpoint, cpu_seconds)},
};
enum { NFIELDS = sizeof fields / sizeof fields[0] };

/* Pairs of key and value, ended by NULL. */
static void write_fields(struct arena *arena, const struct checkpoint *at, const char **out)
{
    *out++ = "format";
    *out++ = FORMAT;
    *out++ = "spec";
    *out++ = at->spec;
    *out++ = "seed";
    *out++ = arena_format(arena, "%llu", (unsigned long long)at->seed);
    for (const struct field *f = fields; f < fields + NFIELDS; f++) {
        const char *from = (const char *)at + f->at;
        char number[32];

        if (f->type == FIELD_INT)
            snprintf(number, sizeof number, "%lld", (long long)*(const int64_t *)(const void *)from);
        else
            text_from_double(*(const double *)(const void *)from, number);
        if (f->type == FIELD_SOME && *(const double *)(const void *)from == 0.0)
            continue;
        *out++ = f->key;
        *out++ = arena_string(arena, number, strlen(number));
    }
}

static bool read_field(const struct field *f, const char *text, struct checkpoint *at)
{
    char *to = (char *)at + f->at;

    if (f->type == FIELD_INT)
        return text && text_to_int(text, (int64_t *)(void *)to);
    if (f->type == FIELD_SOME && !text) {
        *(double *)(void *)to = 0.0;
        return true;
    }
    return text && text_to_double(text, (double *)(void *)to);
}

static status read_fields(const struct tensor_file *file, struct checkpoint *at, struct error *err)
{
    const char *format = tensor_file_metadata(file, "format"), *spec, *seed;

    if (!format || strcmp(format, FORMAT) != 0)
        return error_set(err, "not a checkpoint to go on from: its format is '%s', not '" FORMAT "'",
                         format ? format : "");
    spec = tensor_file_metadata(file, "spec");
    seed = tensor_file_metadata(file, "seed");
    if (!spec || strlen(spec) >= sizeof at->spec || !seed)
        return error_set(err, "not a checkpoint to go on from: it does not say of which run it is");
    memcpy(at->spec, spec, strlen(spec) + 1);
    at->seed = strtoull(seed, NULL, 10);
    for (const struct field *f = fields; f < fields + NFIELDS; f++)
        if (!read_field(f, tensor_file_metadata(file, f->key), at))
            return error_set(err, "its metadata have no number '%s'", f->key);
    if (at->epoch < 0 || at->steps < 1 || at->epoch > INT64_MAX / at->steps || checkpoint_batches(at) < 0 ||
        checkpoint_batches(at) >= at->steps)
        return error_set(err,
                         "its metadata contradict each other: epoch %lld, step %lld, %lld steps an epoch",
                         (long long)at->epoch, (long long)at->step, (long long)at->steps);
    return OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

enum { MOST_METADATA = 2 * (NFIELDS + 5) + 1 };

/* All of the run's state; end with list_release() and free(*history). */
static void list_state(const struct learner *learner, struct rate *rate, struct looks *looks,
                       const struct checkpoint *at, struct list *l, char **history,
                       const char *metadata[MOST_METADATA])
{
    *l = (struct list){.arena = arena_new()};
    *history = history_text(rate, at->epoch);
    memset(metadata, 0, MOST_METADATA * sizeof *metadata);
    metadata[0] = "history";
    metadata[1] = *history;
    metadata[2] = "data";
    metadata[3] = learner->net->data->fitted ? learner->net->data->fitted : "";
    write_fields(l->arena, at, metadata + 4);
    add_weights(l, learner->net);
    add_slots(l, learner);
    add_looks(l, looks);
    add_partial(l, at->partial);
}

status checkpoint_write(const struct learner *learner, struct rate *rate, struct looks *looks,
                        const struct checkpoint *at, const char *path, char sha256[65], struct error *err)
{
    const char *metadata[MOST_METADATA];
    struct list l;
    char *history;
    status result;

    list_state(learner, rate, looks, at, &l, &history, metadata);
    result = tensor_file_write(path, l.tensor, l.n, metadata, err);
    list_release(&l);
    free(history);
    return result == OK ? sha256_file(path, sha256, err) : FAILED;
}

status checkpoint_bytes(const struct learner *learner, struct rate *rate, struct looks *looks,
                        const struct checkpoint *at, char **bytes, size_t *size, struct error *err)
{
    const char *metadata[MOST_METADATA];
    struct list l;
    char *history;
    status result;

    list_state(learner, rate, looks, at, &l, &history, metadata);
    result = tensor_file_bytes(l.tensor, l.n, metadata, bytes, size, err);
    list_release(&l);
    free(history);
    return result;
}

double checkpoint_size(const struct learner *learner, struct looks *looks)
{
    struct list l = {.arena = arena_new()};
    double bytes = 0.0;

    add_weights(&l, learner->net);
    add_slots(&l, learner);
    add_looks(&l, looks);
    for (size_t i = 0; i < l.n; i++)
        bytes += (double)fell_size(&l.tensor[i].shape) * (double)sizeof(float);
    list_release(&l);
    return bytes;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* A tensor of the file that the net has not. */
static const char *foreign_tensor(const struct list *l, const struct tensor_file *file)
{
    for (size_t i = 0; i < tensor_file_count(file); i++) {
        const char *name = tensor_file_at(file, i)->name;
        size_t k = 0;

        while (k < l->n && strcmp(l->tensor[k].name, name) != 0)
            k++;
        if (k == l->n)
            return name;
    }
    return NULL;
}

static status check_tensors(const struct list *l, const struct tensor_file *file, struct error *err)
{
    const char *foreign;

    for (size_t i = 0; i < l->n; i++) {
        const struct tensor_file_entry *e = tensor_file_find(file, l->tensor[i].name);

        if (!e)
            return error_set(err, "it has no tensor '%s'", l->tensor[i].name);
        if (!e->values || !tensor_file_has_shape(e, &l->tensor[i].shape))
            return error_set(err, "the tensor '%s' has another shape than in the net", e->name);
    }
    foreign = tensor_file_count(file) > l->n ? foreign_tensor(l, file) : NULL;
    return foreign ? error_set(err, "the net has no tensor '%s'", foreign) : OK;
}

static void copy_tensors(const struct list *l, const struct tensor_file *file)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct tensor_file_entry *e = tensor_file_find(file, l->tensor[i].name);

        memcpy((float *)(uintptr_t)l->tensor[i].values, e->values, (size_t)e->n * sizeof *e->values);
    }
}

/* That the file is of the run that WANTED tells of. */
static status check_owner(const struct checkpoint *is, const struct checkpoint *wanted, struct error *err)
{
    if (strcmp(is->spec, wanted->spec) != 0)
        return error_set(err, "it is of a run with another spec");
    if (is->seed != wanted->seed)
        return error_set(err, "it is of a run with the seed %llu, not %llu", (unsigned long long)is->seed,
                         (unsigned long long)wanted->seed);
    if (is->steps != wanted->steps)
        return error_set(err, "it is of a run with %lld steps an epoch, not %lld: the data have changed",
                         (long long)is->steps, (long long)wanted->steps);
    return OK;
}

status checkpoint_read(const struct learner *learner, struct rate *rate, struct looks *looks,
                       const char *path, struct checkpoint *at, struct error *err)
{
    struct list l = {.arena = arena_new()};
    struct tensor_file *file = NULL;
    struct checkpoint is = {.partial = NULL};
    const char *history;
    status result = FAILED;

    add_weights(&l, learner->net);
    add_slots(&l, learner);
    add_looks(&l, looks);
    add_partial(&l, at->partial);
    if (tensor_file_open(path, &file, err) != OK)
        goto out; /* it names the file */
    history = tensor_file_metadata(file, "history");
    if (read_fields(file, &is, err) != OK || check_owner(&is, at, err) != OK ||
        check_tensors(&l, file, err) != OK)
        goto named;
    if (is.epoch > learner->net->spec->train.epochs || !history_read(history, rate, is.epoch, true)) {
        error_set(err, "what its schedules watched does not fit the %lld epochs that it is of",
                  (long long)is.epoch);
        goto named;
    }
    copy_tensors(&l, file);
    history_read(history, rate, is.epoch, false);
    *at = is;
    result = OK;
    goto out;
named:
    error_prepend(err, "%s", path);
out:
    tensor_file_close(file);
    list_release(&l);
    return result;
}

status checkpoint_peek(const char *path, struct checkpoint *at, struct error *err)
{
    struct tensor_file *file;
    status result;

    if (tensor_file_open(path, &file, err) != OK)
        return FAILED;
    result = read_fields(file, at, err);
    if (result != OK)
        error_prepend(err, "%s", path);
    tensor_file_close(file);
    return result;
}

bool checkpoint_hash_weights(const char *path, char sha256[65])
{
    struct tensor_file *file = NULL;
    struct sha256 *hash;
    struct error none;
    const char *format;
    bool is;

    if (tensor_file_open(path, &file, &none) != OK)
        return false;
    format = tensor_file_metadata(file, "format");
    is = format && strcmp(format, FORMAT) == 0;
    hash = sha256_new();
    for (size_t i = 0; is && i < tensor_file_count(file); i++) {
        const struct tensor_file_entry *e = tensor_file_at(file, i);

        if (strchr(e->name, '/')) /* the optimizer's, or a probe's */
            continue;
        sha256_add(hash, e->name, strlen(e->name) + 1);
        sha256_add(hash, e->dim, (size_t)e->rank * sizeof *e->dim);
        sha256_add(hash, e->values, (size_t)e->n * sizeof *e->values);
    }
    sha256_end(hash, sha256);
    tensor_file_close(file);
    return is;
}
