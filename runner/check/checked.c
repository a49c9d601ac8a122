/* checked.c - what the checks share: what they found, a rig of the item, and whether two of them agree. See
 * check.h; the checks and their table are in other files.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/check.h"

void finding_fail(struct finding *f, const char *fmt, ...)
{
    va_list ap;

    if (f->outcome == OUTCOME_FAILED)
        return;
    f->outcome = OUTCOME_FAILED;
    va_start(ap, fmt);
    vsnprintf(f->text.text, sizeof f->text.text, fmt, ap);
    va_end(ap);
}

struct rig *checked_rig(struct checked *c, const struct setup *u, const struct conditions *how)
{
    struct rig *g = mem_alloc(sizeof *g);
    struct error err;

    if (rig_open(g, c->item, c->registry, u, how, &err) == OK)
        return g;
    checked_done(g);
    return NULL;
}

void checked_done(struct rig *g)
{
    if (!g)
        return;
    rig_close(g);
    free(g);
}

void checked_take_row(struct rig *one, const struct rig *g, int64_t row)
{
    for (int i = 0; i < one->nbuffers; i++) {
        struct buffer *to = &one->buffer[i];
        const int number = rig_find(g, to->name);
        const struct buffer *from = number < 0 ? NULL : &g->buffer[number];

        if (from && to->use == USE_INPUT)
            memcpy(to->v, (const float *)from->v + (from->n == to->n ? 0 : row * to->n),
                   (size_t)to->n * sizeof(float));
        if (to->use == USE_ADDED)
            memset(to->v, 0, (size_t)to->n * sizeof(float));
    }
}

bool checked_is_off(const double *got, const double *wanted, int64_t n, int64_t *at)
{
    static const double CLOSE = 1e-3; /* of the largest number: sums of products in another order */
    double largest = 1e-6;

    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(wanted[i]));
    for (*at = 0; *at < n; ++*at)
        if (!(fabs(got[*at] - wanted[*at]) <= CLOSE * largest))
            return true;
    return false;
}

bool checked_agree(struct checked *c, const struct setup *u, const struct conditions *a,
                   const struct conditions *b, const char *what, struct finding *f)
{
    struct rig *first = checked_rig(c, u, a), *second = checked_rig(c, u, b);
    struct error err, difference;
    char where[512];
    bool agree = true;

    if (first && second && rig_step(first, &err) == OK) {
        if (rig_step(second, &err) != OK) {
            finding_fail(f, "%s: %.300s, %s", what, err.text, rig_where(second, where));
            agree = false;
        } else if (rigs_differ(first, second, &difference)) {
            finding_fail(f, "%s: %.300s, %s", what, difference.text, rig_where(first, where));
            agree = false;
        }
    }
    checked_done(first);
    checked_done(second);
    return agree;
}

void checked_all_agree(struct checked *c, const struct conditions *a, const struct conditions *b,
                       const char *what, struct finding *f)
{
    for (size_t i = 0; i < c->setups.n; i++)
        checked_agree(c, &c->setups.v[i], a, b, what, f);
}
