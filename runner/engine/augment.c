/* augment.c - see augment.h. Knows neither net nor epochs. */
#include "engine/augment.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/data_parts.h"
#include "engine/net_at.h"
#include "engine/net_run.h"

/* One transform at work. */
struct work {
    fell_status (*forward)(fell_layer_call *);
    struct instance in;
    fell_plan plan;
    fell_layer_call call;
    const float *x[1];
    float *no_dx[1];
    size_t ntensors;
    float **tensor;  /* [ntensors] copies: a run must not change what the next one begins with */
    float **no_grad; /* [ntensors] of NULL */
    float *y;        /* [batch, out] */
};

struct augment {
    size_t n;
    struct work *work;
};

static status prepare(struct work *w, const struct late *late, const struct choice *choice,
                      struct host_env *env, uint64_t seed, int64_t batch, bool training, struct problem *p)
{
    const fell_layer *layer = choice->item->layer;
    const int index = (int)late->index;

    instance_init(&w->in, choice->item, choice->item->name, env);
    w->in.stream = rng_stream(seed, RNG_AUGMENT, (uint32_t)index, 0);
    w->forward = layer->forward;
    w->plan = (fell_plan){.ctx = &w->in.ctx,
                          .settings = choice->settings,
                          .nin = 1,
                          .max_batch = batch,
                          .in = &late->in,
                          .tensor = mem_array(late->ntensors, sizeof(fell_shape))};
    net_at(&w->in, "plan");
    if (layer->plan(&w->plan) != FELL_OK)
        return data_problem(p, "data.transforms", index, &w->in);
    instance_reset(&w->in);
    if (memcmp(&w->plan.out, &late->out, sizeof late->out) != 0)
        return problem_set(p, "data.transforms", index, "", "%s: its plan gives another shape than before",
                           w->in.name);
    w->y = mem_try_aligned((size_t)batch, (size_t)fell_size(&late->out) * sizeof *w->y);
    if (!w->y)
        return problem_no_memory(p, "data.transforms", index, w->in.name, "a batch of %lld rows",
                                 (long long)batch);
    w->no_grad = mem_array(late->ntensors, sizeof *w->no_grad);
    w->tensor = mem_array(late->ntensors, sizeof *w->tensor);
    w->ntensors = late->ntensors;
    for (size_t k = 0; k < late->ntensors; k++) {
        if (!late->tensor[k])
            continue;
        w->tensor[k] = mem_try_aligned((size_t)late->tensor_n[k], sizeof(float));
        if (!w->tensor[k])
            return problem_no_memory(p, "data.transforms", index, w->in.name, "its tensors");
        memcpy(w->tensor[k], late->tensor[k], (size_t)late->tensor_n[k] * sizeof(float));
    }
    w->call = (fell_layer_call){.ctx = &w->in.ctx,
                                .settings = choice->settings,
                                .plan = &w->plan,
                                .training = training,
                                .x = w->x,
                                .y = w->y,
                                .dx = w->no_dx,
                                .tensor = w->tensor,
                                .grad = w->no_grad};
    return OK;
}

status augment_new(const struct spec *spec, const struct data *data, struct host_env *env, uint64_t seed,
                   int64_t batch, bool training, struct augment **out, struct problem *p)
{
    struct augment *a;
    status result = OK;

    *out = NULL;
    if (!data->nlate)
        return OK;
    a = mem_alloc(sizeof *a);
    a->work = mem_array(data->nlate, sizeof *a->work);
    while (a->n < data->nlate && result == OK) {
        const struct late *late = &data->late[a->n];

        result = prepare(&a->work[a->n++], late, &spec->data.transforms[late->index], env, seed, batch,
                         training, p);
    }
    if (result == OK)
        *out = a;
    else
        augment_free(a);
    return result;
}

void augment_free(struct augment *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n; i++) {
        struct work *w = &a->work[i];

        for (size_t k = 0; k < w->ntensors; k++)
            free(w->tensor[k]);
        free(w->tensor);
        free(w->plan.tensor);
        free(w->no_grad);
        free(w->y);
        instance_release(&w->in);
    }
    free(a->work);
    free(a);
}

status augment_batch(struct augment *a, int64_t step, struct batch *b, struct error *err)
{
    for (struct work *w = a->work, *end = w + a->n; w < end; w++) {
        net_at(&w->in, "forward");
        w->in.stream.step = (uint64_t)step;
        w->in.stream.position = 0;
        w->x[0] = b->x;
        w->call.batch = b->n;
        if (w->forward(&w->call) != FELL_OK)
            return instance_error(&w->in, NULL, err);
        instance_reset(&w->in);
        b->x = w->y;
    }
    return OK;
}
