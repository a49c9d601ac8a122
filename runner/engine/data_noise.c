/* data_noise.c - `data.label_noise`: some training rows get another class. See data_parts.h.
 *
 * Which rows, and which class each gets, is told by the experiment's seed and the row's number in the source:
 * the rows of a smaller share are among those of a larger one and get the same class, also where `rows`
 * leaves others out. Rows that are held out keep theirs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "engine/data_parts.h"

enum { STREAM_WHOSE = 2, STREAM_WHICH = 3 }; /* instances of RNG_SPLIT, see rng.h */

static int64_t number_of(const struct rows *r, int64_t i)
{
    return r->source_row ? r->source_row[i] : i;
}

/* Places in R of N rows whose label is to change, drawn from all rows of the source; NULL: out of memory. */
static int64_t *draw(const struct spec *spec, const struct data *data, int64_t n)
{
    const struct rows *r = &data->split[SPLIT_TRAIN];
    struct rng_stream s = rng_stream(spec->seed, RNG_SPLIT, STREAM_WHOSE, 0);
    int64_t *order = data_count(data->source_rows), *place = data_count(data->source_rows), to = 0;

    if (order && place) {
        rng_shuffle(&s, order, data->source_rows);
        for (int64_t i = 0; i < data->source_rows; i++)
            place[i] = -1;
        for (int64_t i = 0; i < r->n; i++)
            place[number_of(r, i)] = i;
        for (int64_t i = 0; i < data->source_rows && to < n; i++)
            if (place[order[i]] >= 0)
                order[to++] = place[order[i]];
    } else {
        free(order);
        order = NULL;
    }
    free(place);
    return order;
}

/* One of the other K - 1 classes. */
static int64_t other_class(const struct spec *spec, int64_t row, int64_t own, int64_t k)
{
    struct rng_stream s = rng_stream(spec->seed, RNG_SPLIT, STREAM_WHICH, (uint64_t)row);

    return (own + 1 + (int64_t)rng_below(&s, (uint64_t)k - 1)) % k;
}

/* Values: the classes are those that the training rows have, in order of size. */
static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Numbers that are no answers of yes and no are guessed to be classes. */
static void tell_values(const struct kinds *k, const struct host_env *env)
{
    char text[160];

    if (k->n < 3 || !env->warn)
        return;
    snprintf(text, sizeof text,
             "the targets are numbers, and each of the %lld different ones, %g to %g, is a class",
             (long long)k->n, (double)k->value[0], (double)k->value[k->n - 1]);
    env->warn(env->warn_arg, "data.label_noise", text);
}

static status noise_values(const struct spec *spec, struct data *data, const int64_t *place, int64_t n,
                           const struct host_env *env, struct problem *p)
{
    struct rows *r = &data->split[SPLIT_TRAIN];
    struct kinds k = {0};
    status result = kinds_of_rows(data, r, "data.label_noise", &k, p);

    if (result == OK && k.n < 2)
        result = problem_set(p, "data.label_noise", 0, "",
                             "data.label_noise: all training rows have the target %g",
                             k.n ? (double)k.value[0] : 0.0);
    if (result == OK)
        qsort(k.value, (size_t)k.n, sizeof *k.value, by_value);
    if (result == OK)
        tell_values(&k, env);
    for (int64_t i = 0; i < n && result == OK; i++) {
        float *value = &r->target[place[i]];
        int64_t own = 0;

        while (k.value[own] != *value)
            own++;
        *value = k.value[other_class(spec, number_of(r, place[i]), own, k.n)];
    }
    kinds_release(&k);
    return result;
}

/* PLACE [*N] has those that got another class afterwards: a row without a class keeps none. */
static status noise_labels(const struct spec *spec, struct data *data, int64_t *place, int64_t *n,
                           struct problem *p)
{
    struct rows *r = &data->split[SPLIT_TRAIN];
    int64_t to = 0;

    if (data->target_size != 1)
        return problem_set(p, "data.label_noise", 0, "",
                           "data.label_noise: a row has %lld targets; one class is wanted",
                           (long long)data->target_size);
    if (data->nclasses < 2)
        return problem_set(p, "data.label_noise", 0, "", "data.label_noise: there is only one class");
    for (int64_t i = 0; i < *n; i++) {
        int32_t *label = &r->label[place[i]];

        if (*label < 0)
            continue;
        *label = (int32_t)other_class(spec, number_of(r, place[i]), *label, data->nclasses);
        place[to++] = place[i];
    }
    *n = to;
    return OK;
}

status data_noise(const struct spec *spec, struct data *data, const struct host_env *env, struct problem *p)
{
    const struct rows *r = &data->split[SPLIT_TRAIN];
    int64_t n = (int64_t)floor(spec->data.label_noise * (double)r->n + 0.5);
    int64_t *place;
    status result;

    if (!(spec->data.label_noise > 0))
        return OK;
    place = draw(spec, data, n);
    if (!place)
        return problem_no_memory(p, "data.label_noise", 0, "", "%lld rows", (long long)data->source_rows);
    result =
        data->classes ? noise_labels(spec, data, place, &n, p) : noise_values(spec, data, place, n, env, p);
    if (result == OK && n > 0) {
        data->noised = n;
        data->noised_row = mem_try_aligned((size_t)n, sizeof *data->noised_row);
        if (!data->noised_row)
            result = problem_no_memory(p, "data.label_noise", 0, "", "%lld rows", (long long)n);
    }
    for (int64_t i = 0; i < n && result == OK; i++)
        data->noised_row[i] = number_of(r, place[i]);
    if (result == OK)
        data_sort(data->noised_row, data->noised);
    free(place);
    return result;
}
