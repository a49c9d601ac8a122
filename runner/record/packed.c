/* packed.c - see packed.h. Knows where the parts of a report lie, and not what they say: the fields are
 * those of engine/numbers.h. */
#include "record/packed.h"

#include <stdlib.h>
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

const struct tensor_numbers *packed_tensors(const struct epoch_report *r)
{
    return (const struct tensor_numbers *)(r + 1);
}

const double *packed_metrics(const struct epoch_report *r)
{
    return (const double *)(packed_tensors(r) + r->npositions);
}

bool packed_epoch(const void *body, size_t size, struct metric_value *metrics, size_t nmetrics,
                  struct epoch_report *out)
{
    const struct epoch_report *r = body;

    if (size < sizeof *r || r->npositions > size || r->nmetrics > size ||
        size != sizeof *r + r->npositions * sizeof *r->tensors + r->nmetrics * sizeof(double) ||
        (r->nmetrics && r->nmetrics != nmetrics) || r->epoch < 1 || r->samples < 0)
        return false;
    *out = *r;
    out->tensors = packed_tensors(r);
    out->metrics = metrics;
    for (size_t i = 0; i < r->nmetrics; i++)
        metrics[i].value = packed_metrics(r)[i];
    return true;
}

/* The report, [npositions] doubles. */
void packed_add_step(struct strbuf *out, uint64_t run, const struct step_report *r)
{
    const size_t norms = r->npositions * sizeof *r->tensor_grad_norm;
    char *p = frame_begin(out, FRAME_STEP, run, sizeof *r + norms);

    put(put(p, r, sizeof *r), r->tensor_grad_norm, norms);
}

const double *packed_norms(const struct step_report *r)
{
    return (const double *)(r + 1);
}

bool packed_step(const void *body, size_t size, struct step_report *out)
{
    const struct step_report *r = body;

    if (size < sizeof *r || r->npositions > size || size != sizeof *r + r->npositions * sizeof(double) ||
        r->step < 1)
        return false;
    *out = *r;
    out->tensor_grad_norm = packed_norms(r);
    return true;
}

/* ---- looks --------------------------------------------------------------------------------- */

/* [n] rows behind it, then texts, each with its NUL, the probe's name first. */
struct look_head {
    int64_t epoch;
    uint64_t n, text; /* bytes of texts, a multiple of 8 */
};
struct look_row {
    double value;
    int64_t position;
    uint32_t name, layer; /* where in the texts */
};

/* TEXT behind the others, unless it stood there as the last of its sort, at *AT. */
static uint32_t add_text(struct strbuf *texts, const char *text, uint32_t *at)
{
    if (*at == UINT32_MAX || strcmp(texts->text + *at, text) != 0) {
        *at = (uint32_t)texts->len;
        strbuf_addn(texts, text, strlen(text) + 1);
    }
    return *at;
}

void packed_add_look(struct strbuf *out, uint64_t run, const struct looks *l, const struct probe_report *r)
{
    struct look_row *rows = mem_array(r->n ? r->n : 1, sizeof *rows);
    struct strbuf texts = {0};
    struct look_head head = {r->epoch, r->n, 0};
    uint32_t name = UINT32_MAX, layer = UINT32_MAX;
    char *p;

    strbuf_addn(&texts, looks_probe(l, r->probe), strlen(looks_probe(l, r->probe)) + 1);
    for (size_t i = 0; i < r->n; i++) {
        const struct probe_value *v = &r->value[i];

        rows[i] = (struct look_row){v->value, v->position,
                                    add_text(&texts, looks_number(l, r->probe, v->number), &name),
                                    add_text(&texts, looks_layer(l, r->probe, v->number, v->at), &layer)};
    }
    while (texts.len % 8)
        strbuf_addn(&texts, "", 1);
    head.text = texts.len;
    p = frame_begin(out, FRAME_PROBE, run, sizeof head + r->n * sizeof *rows + texts.len);
    put(put(put(p, &head, sizeof head), rows, r->n * sizeof *rows), texts.text, texts.len);
    strbuf_release(&texts);
    free(rows);
}

struct packed_look packed_look_in(const void *body)
{
    const struct look_head *h = body;
    const struct look_row *rows = (const struct look_row *)(h + 1);
    const char *text = (const char *)(rows + h->n);

    return (struct packed_look){h->epoch, text, h->n, rows, text};
}

bool packed_look(const void *body, size_t size, struct packed_look *out)
{
    const struct look_head *h = body;
    const struct look_row *rows = (const struct look_row *)(h + 1);

    if (size < sizeof *h || h->n > size || h->text > size || !h->text ||
        size != sizeof *h + h->n * sizeof *rows + h->text || h->epoch < 0)
        return false;
    *out = packed_look_in(body);
    if (out->text[h->text - 1])
        return false;
    for (size_t i = 0; i < h->n; i++)
        if (rows[i].name >= h->text || rows[i].layer >= h->text || rows[i].position < 0)
            return false;
    return true;
}

struct probe_row packed_look_row(const struct packed_look *l, size_t i)
{
    const struct look_row *r = (const struct look_row *)l->rows + i;

    return (struct probe_row){l->text + r->name, l->text + r->layer, r->position, r->value};
}
