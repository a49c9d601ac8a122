/* partial.c - see partial.h. Copies nothing: checkpoint.c writes and reads what it names. */
#include "engine/partial.h"

#include <assert.h>
#include <stddef.h>

static void add(struct partial *p, const char *name, const void *words, int64_t n)
{
    if (words && n > 0)
        p->array[p->n++] = (struct partial_array){name, (void *)(uintptr_t)words, n};
}

/* From loss_sum on, side by side. */
enum { SUMS = 8 };
static_assert(offsetof(struct tally, norms) - offsetof(struct tally, loss_sum) == (SUMS - 1) * sizeof(double),
              "the sums of an epoch lie side by side");

static void add_tally(struct partial *p, struct tally *t)
{
    float *grads;
    int64_t floats;

    add(p, "epoch/sums", &t->loss_sum, SUMS * 2);
    if (!t->gradients)
        return;
    net_trained(t->net, &grads, &floats);
    add(p, "epoch/before", t->before, floats);
    add(p, "epoch/norms", t->numbers, (int64_t)(t->npositions * sizeof *t->numbers / sizeof(float)));
}

void partial_set(struct partial *p, struct tally *tally, struct measure *measure, struct looks *looks,
                 int64_t rows)
{
    struct measure_kept kept;
    int64_t floats;

    *p = (struct partial){.n = 0};
    add_tally(p, tally);
    measure_kept(measure, SPLIT_TRAIN, rows, &kept);
    add(p, "epoch/outputs", kept.outputs, kept.noutputs);
    add(p, "epoch/targets", kept.targets, kept.ntargets);
    add(p, "epoch/weights", kept.weights, kept.nweights);
    if (looks) {
        const float *before = looks_before(looks, &floats);

        add(p, "epoch/probed", before, floats);
    }
}
