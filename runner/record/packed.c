/* packed.c - see packed.h. Knows where the parts of a report lie, and not what they say: the fields are
 * those of engine/numbers.h. */
#include "record/packed.h"

#include <string.h>

static char *put(char *p, const void *from, size_t n)
{
    if (n)
        memcpy(p, from, n);
    return p + n;
}

/* The report, [npositions] tensors, [nmetrics] doubles. */
void packed_add_epoch(struct strbuf *out, uint64_t run, const struct epoch_report *r)
{
    const size_t tensors = r->npositions * sizeof *r->tensors;
    char *p = frame_begin(out, FRAME_EPOCH, run, sizeof *r + tensors + r->nmetrics * sizeof(double));

    p = put(p, r, sizeof *r);
    p = put(p, r->tensors, tensors);
    for (size_t i = 0; i < r->nmetrics; i++)
        p = put(p, &r->metrics[i].value, sizeof(double));
}

bool packed_epoch(const void *body, size_t size, struct metric_value *metrics, size_t nmetrics,
                  struct epoch_report *out)
{
    const struct epoch_report *r = body;
    const double *values;

    if (size < sizeof *r || r->npositions > size || r->nmetrics > size ||
        size != sizeof *r + r->npositions * sizeof *r->tensors + r->nmetrics * sizeof *values ||
        (r->nmetrics && r->nmetrics != nmetrics) || r->epoch < 1 || r->samples < 0)
        return false;
    *out = *r;
    out->tensors = (const struct tensor_numbers *)(r + 1);
    out->metrics = metrics;
    values = (const double *)(out->tensors + r->npositions);
    for (size_t i = 0; i < r->nmetrics; i++)
        metrics[i].value = values[i];
    return true;
}

/* The report, [npositions] doubles. */
void packed_add_step(struct strbuf *out, uint64_t run, const struct step_report *r)
{
    const size_t norms = r->npositions * sizeof *r->tensor_grad_norm;
    char *p = frame_begin(out, FRAME_STEP, run, sizeof *r + norms);

    put(put(p, r, sizeof *r), r->tensor_grad_norm, norms);
}

bool packed_step(const void *body, size_t size, struct step_report *out)
{
    const struct step_report *r = body;

    if (size < sizeof *r || r->npositions > size || size != sizeof *r + r->npositions * sizeof(double) ||
        r->step < 1)
        return false;
    *out = *r;
    out->tensor_grad_norm = (const double *)(r + 1);
    return true;
}
