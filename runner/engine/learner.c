/* learner.c - see learner.h. */
#include "engine/learner.h"

#include "engine/net_at.h"
#include "engine/rate.h"

status learner_plan(struct learner *l, const struct spec *spec, const struct data *data, struct host_env *env,
                    int64_t batch, struct problem *p)
{
    struct watched watched;
    status result;

    *l = (struct learner){NULL, NULL, NULL};
    result = net_new(spec, data, env, batch, &l->net, p);
    if (result == OK)
        result = update_new(l->net, &l->update, p);
    if (result == OK)
        result = measure_new(l->net, &l->measure, p);
    net_at(NULL, NULL);
    if (result == OK)
        result = rate_check(spec, l->measure, p);
    return result == OK ? measure_find_stop(l->measure, spec, &watched, p) : FAILED;
}

status learner_fill(struct learner *l, const struct spec *spec, uint64_t seed, struct problem *p)
{
    if (net_initialise(l->net, spec, seed, p) != OK || update_allocate(l->update, l->net, p) != OK)
        return FAILED;
    return measure_allocate(l->measure, p);
}

void learner_release(struct learner *l)
{
    update_free(l->update);
    measure_free(l->measure);
    net_free(l->net);
    *l = (struct learner){NULL, NULL, NULL};
}

cJSON *learner_to_json(const struct learner *l)
{
    return net_to_json(l->net, update_bytes(l->update));
}
