/* train_report.c - see train_report.h. All sums are in double and in a fixed order. */
#include "engine/train_report.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

status tally_init(struct tally *t, struct net *n, struct host_env *env, enum record_gradients record,
                  struct problem *p)
{
    const struct net_tensor *tensors;
    const size_t ntensors = net_tensors(n, &tensors);
    float *grads;
    int64_t floats;

    *t = (struct tally){.net = n,
                        .kernels = env->kernels,
                        .gradients = record != RECORD_NONE,
                        .npositions = net_positions(n)};
    if (!t->gradients)
        return OK;
    t->tensor = mem_array(t->npositions, sizeof *t->tensor);
    for (size_t i = 0; i < ntensors; i++)
        if (tensors[i].position >= 0)
            t->tensor[tensors[i].position] = &tensors[i];
    t->tensor_norm = mem_array(t->npositions, sizeof *t->tensor_norm);
    t->numbers = mem_array(t->npositions, sizeof *t->numbers);
    net_trained(n, &grads, &floats);
    t->before = mem_try_aligned((size_t)floats, sizeof *t->before);
    if (!t->before)
        return problem_no_memory(p, "model", 0, "", "a copy of the weights");
    return OK;
}

void tally_release(struct tally *t)
{
    free(t->tensor);
    free(t->tensor_norm);
    free(t->numbers);
    free(t->before);
    *t = (struct tally){0};
}

void tally_begin(struct tally *t)
{
    t->loss_sum = t->loss_weight = 0.0;
    t->norm_sum = t->norm_max = 0.0;
    t->samples = t->norms = 0;
    if (t->gradients) {
        float *grads;
        int64_t floats;
        const float *weights = net_trained(t->net, &grads, &floats);

        memcpy(t->before, weights, (size_t)floats * sizeof *weights);
        memset(t->numbers, 0, t->npositions * sizeof *t->numbers);
    }
}

void tally_loss(struct tally *t, double sum, double weight, int64_t rows)
{
    t->loss_sum += sum;
    t->loss_weight += weight;
    t->samples += rows;
}

/* The larger; what is not a number stays. */
static double larger(double a, double b)
{
    return b > a || isnan(b) ? b : a;
}

double tally_gradient(struct tally *t, double squares)
{
    const double *each = net_squares(t->net);

    t->norm = sqrt(squares);
    t->norm_sum += t->norm;
    t->norm_max = larger(t->norm_max, t->norm);
    t->norms++;
    for (size_t i = 0; t->gradients && i < t->npositions; i++) {
        struct tensor_numbers *n = &t->numbers[i];
        const double norm = sqrt(each[i]);

        t->tensor_norm[i] = norm;
        n->grad_norm_mean += norm;
        n->grad_norm_max = larger(n->grad_norm_max, norm);
    }
    return t->norm;
}

/* Norms of one tensor over the epoch; of a frozen one there is no gradient. */
static void report_tensor(struct tally *t, size_t i, bool partial)
{
    const struct net_tensor *tensor = t->tensor[i];
    const float *w = net_weights(t->net, tensor);
    struct tensor_numbers *n = &t->numbers[i];

    n->weight_norm = sqrt(t->kernels->sum_squares(w, tensor->n));
    n->nonfinite = partial ? net_gradient_nonfinite(t->net, tensor) : 0;
    if (tensor->frozen || t->norms == 0) {
        n->grad_norm_mean = n->grad_norm_max = NAN;
        n->update_norm = 0.0;
        return;
    }
    n->grad_norm_mean /= (double)t->norms;
    n->update_norm = sqrt(t->kernels->sum_squares_diff(w, t->before + tensor->offset, tensor->n));
}

void tally_report(struct tally *t, bool partial, struct epoch_report *r)
{
    r->loss[SPLIT_TRAIN] = t->loss_sum / t->loss_weight;
    r->grad_norm_mean = t->norms ? t->norm_sum / (double)t->norms : NAN;
    r->grad_norm_max = t->norms ? t->norm_max : NAN;
    r->lr = t->lr;
    r->samples = t->samples;
    r->partial = partial;
    if (!t->gradients)
        return;
    for (size_t i = 0; i < t->npositions; i++)
        report_tensor(t, i, partial);
    r->npositions = t->npositions;
    r->tensors = t->numbers;
}

void tally_step_report(const struct tally *t, int64_t step, double loss, struct step_report *r)
{
    for (size_t i = 0; t->gradients && i < t->npositions; i++)
        if (t->tensor[i]->frozen)
            t->tensor_norm[i] = NAN;
    *r = (struct step_report){.step = step,
                              .loss = loss,
                              .lr = t->lr,
                              .grad_norm = t->norm,
                              .npositions = t->gradients ? t->npositions : 0,
                              .tensor_grad_norm = t->tensor_norm};
}
