/* rig_results.c - what came out of a step: what has changed, what differs between two rigs, which numbers are
 * none. See rig.h.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/rig.h"

bool rig_changed(const struct rig *g, struct error *what)
{
    for (int i = 0; i < g->nbuffers; i++) {
        const struct buffer *b = &g->buffer[i];
        const unsigned char *now = b->v, *then = b->start;

        if ((b->use != USE_INPUT && b->use != USE_SETTING) || (g->how.in_place && strcmp(b->name, "dy") == 0))
            continue;
        for (int64_t k = 0; k < b->n * b->size; k++)
            if (now[k] != then[k]) {
                error_set(what, "it changes %s[%lld], which it may only read", b->name,
                          (long long)k / b->size);
                return true;
            }
    }
    return false;
}

static bool is_result(const struct buffer *b)
{
    return b->use == USE_OUTPUT || b->use == USE_ADDED || b->use == USE_STATE;
}

bool rigs_differ(const struct rig *a, const struct rig *b, struct error *what)
{
    for (int i = 0; i < a->nbuffers; i++) {
        const struct buffer *x = &a->buffer[i];
        const int other = rig_find(b, x->name);
        const struct buffer *y = other < 0 ? NULL : &b->buffer[other];

        if (!is_result(x) || !y)
            continue;
        if (x->n != y->n) {
            error_set(what, "%s has %lld numbers and %lld", x->name, (long long)x->n, (long long)y->n);
            return true;
        }
        for (int64_t k = 0; k < x->n; k++)
            if (memcmp((char *)x->v + k * x->size, (char *)y->v + k * x->size, (size_t)x->size) != 0) {
                error_set(what, "%s[%lld] is %.9g and %.9g", x->name, (long long)k, buffer_at(x, k),
                          buffer_at(y, k));
                return true;
            }
    }
    return false;
}

static bool find_number(const struct rig *g, bool nan, bool infinite, struct error *what)
{
    for (int i = 0; i < g->nbuffers; i++) {
        const struct buffer *b = &g->buffer[i];

        for (int64_t k = 0; is_result(b) && b->floats && k < b->n; k++) {
            const double v = buffer_at(b, k);

            if ((nan && isnan(v)) || (infinite && isinf(v))) {
                error_set(what, "%s[%lld] is %g", b->name, (long long)k, v);
                return true;
            }
        }
    }
    return false;
}

bool rig_not_finite(const struct rig *g, struct error *what)
{
    return find_number(g, true, true, what);
}

bool rig_has_nan(const struct rig *g, struct error *what)
{
    return find_number(g, true, false, what);
}

bool rig_has_infinity(const struct rig *g, struct error *what)
{
    return find_number(g, false, true, what);
}

double rig_largest(const struct rig *g)
{
    double largest = 0.0;

    for (int i = 0; i < g->nbuffers; i++) {
        const struct buffer *b = &g->buffer[i];

        for (int64_t k = 0; is_result(b) && b->floats && k < b->n; k++)
            largest = fmax(largest, fabs(buffer_at(b, k))); /* NaN is passed over */
    }
    return largest;
}
