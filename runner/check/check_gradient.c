/* check_gradient.c - gradients against central differences of the forward pass.
 *
 * With r = dy fixed, L = sum of r y is a number; its derivative by an element v is compared
 * with what backward gives. From L at v - h, v - h/2, v, v + h/2 and v + h:
 *     D1 = (L(+h) - L(-h)) / 2h,  D2 = (L(+h/2) - L(-h/2)) / h,  D = (4 D2 - D1) / 3
 * (Richardson), and from the second differences S1, S2 of both steps: a smooth L has
 * S2 = S1 / 4 and D2 near D1; where not, the element lies within a step of a kink and is left
 * out.
 * Forward passes are float32, sums are double. Y. Jia et al., Caffe, 2014, has such a check.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "check/check.h"

enum { MOST_ELEMENTS = 48, MOST_TOGETHER = 64 }; /* of one tensor; elements that are moved at once */

static const double STEP = 1.0 / 64.0;
static const double TOLERANCE = 1e-3;   /* of the tensor's scale */
static const double LEAST_SCALE = 1e-2; /* below which gradients count as 0 */
static const double ROUNDING = 0x1p-24;
static const double TOO_LARGE = 1e37; /* for a float, or nearly: what overflows is for another check */

/* One element, or some that are moved together, each up or down: none of a larger tensor is left out. */
struct element {
    int64_t at, together;            /* the first; how many */
    double got, wanted, noise, bend; /* bend: how far from smooth, in units of the gradient */
};

struct tensor {
    struct rig *g;
    const struct buffer *value, *gradient;
    float *y_up; /* y at v + h */
    const struct buffer *y;
    struct element e[MOST_ELEMENTS];
    int64_t n, compared;
    int64_t looked_at; /* elements of all e */
};

/* An output so large that rounding may hide the step in it. */
static const double LARGE = 128.0;

/* What rounding adds to a difference quotient: of the outputs that the step changed, or may have. */
static double noise_of(const struct tensor *t, double l)
{
    double sum = 0.0;

    if (!t->y || !t->y->weight)
        return 8.0 * ROUNDING * (fabs(l) + 1.0) / STEP;
    for (int64_t i = 0; i < t->y->n; i++) {
        const float now = ((const float *)t->y->v)[i];

        if (now != t->y_up[i] || fabs((double)now) > LARGE)
            sum += fabs((double)t->y->weight[i]) * (fabs((double)now) + 1.0);
    }
    return 8.0 * ROUNDING * sum / STEP;
}

/* Element K of those that E moves, MOST_ELEMENTS of what is looked at apart. */
static int64_t member(const struct tensor *t, const struct element *e, int64_t k)
{
    const int64_t i = e->at + k * MOST_ELEMENTS, n = t->value->n;

    return t->looked_at < n && t->looked_at > 1 ? i * (n - 1) / (t->looked_at - 1) : i;
}

/* Up or down, so that neighbours do not cancel out. */
static float direction(int64_t k)
{
    return k * 7 % 3 == 1 ? -1.0f : 1.0f;
}

/* Whether element AT is the place of a word, between which there is nothing. */
static bool is_place(const struct tensor *t, int64_t at)
{
    const fell_plan *p = &t->g->plan;

    return t->g->s.item->kind == FELL_KIND_LAYER && p->index_column && !strcmp(t->value->name, "x") &&
           at % fell_size(&p->in[0]) == p->index_column - 1;
}

/* The objective with all of E moved by BY, but for places of words; they are put back. */
static bool objective_at(struct tensor *t, const struct element *e, float by, double *l)
{
    float *v = t->value->v, kept[MOST_TOGETHER];
    struct error err;
    bool ok;

    for (int64_t k = 0; k < e->together; k++) {
        kept[k] = v[member(t, e, k)];
        if (!is_place(t, member(t, e, k)))
            v[member(t, e, k)] = kept[k] + direction(k) * by;
    }
    ok = rig_forward(t->g, &err) == OK;
    *l = t->g->objective;
    for (int64_t k = 0; k < e->together; k++)
        v[member(t, e, k)] = kept[k];
    return ok;
}

/* How far two steps lie apart, as rounding makes them. */
static double width(const struct tensor *t, const struct element *e, float by)
{
    const float v = ((const float *)t->value->v)[member(t, e, 0)];

    return e->together > 1 ? 2.0 * (double)by : (double)(v + by) - (double)(v - by);
}

/* With steps of H. */
static bool differentiate(struct tensor *t, struct element *e, double h)
{
    const float step = (float)h, half = (float)(h / 2);
    double l[5], d1, d2, s1, s2;
    bool ok = objective_at(t, e, 0.0f, &l[2]) && objective_at(t, e, -half, &l[1]) &&
              objective_at(t, e, half, &l[3]) && objective_at(t, e, step, &l[4]);

    if (ok && t->y)
        memcpy(t->y_up, t->y->v, (size_t)t->y->n * sizeof *t->y_up);
    ok = ok && objective_at(t, e, -step, &l[0]);
    if (!ok)
        return false;
    d1 = (l[4] - l[0]) / width(t, e, step);
    d2 = (l[3] - l[1]) / width(t, e, half);
    s1 = l[4] - 2.0 * l[2] + l[0];
    s2 = l[3] - 2.0 * l[2] + l[1];
    e->wanted = (4.0 * d2 - d1) / 3.0;
    e->noise = noise_of(t, l[4]) * STEP / h;
    e->bend = fmax(fabs(s2 - s1 / 4.0) / h, 0.5 * fabs(d1 - d2));
    return true;
}

static bool is_compared(const struct element *e)
{
    return fabs(e->wanted) < TOO_LARGE; /* not so for NaN */
}

static double scale_of(const struct tensor *t)
{
    double scale = LEAST_SCALE;

    for (int64_t i = 0; i < t->n; i++)
        scale = fmax(scale, fmax(is_compared(&t->e[i]) ? fabs(t->e[i].wanted) : 0.0,
                                 isfinite(t->e[i].got) ? fabs(t->e[i].got) : 0.0));
    return scale;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* What rounding does to the differences of this tensor, as they show it themselves: half of them bend by no
 * more. A long sum of large numbers is noisier than noise_of() knows. At most a share of the scale. */
static double slack_of(const struct tensor *t, double scale)
{
    double bend[MOST_ELEMENTS];
    size_t n = 0;

    for (int64_t i = 0; i < t->n; i++)
        if (isfinite(t->e[i].bend))
            bend[n++] = t->e[i].bend;
    if (!n)
        return 0.0;
    qsort(bend, n, sizeof *bend, by_size);
    return fmin(4.0 * bend[n / 2], 0.05 * scale);
}

/* Is every gradient that was compared so many times what it should be? */
static bool all_times(const struct tensor *t, double factor, double scale)
{
    double largest = 0.0;

    for (int64_t i = 0; i < t->n; i++) {
        const struct element *e = &t->e[i];

        if (!is_compared(e) || !isfinite(e->got) || e->bend > 0.25 * TOLERANCE * scale + e->noise)
            continue;
        largest = fmax(largest, fabs(e->wanted));
        if (fabs(e->got - factor * e->wanted) > 10.0 * TOLERANCE * scale * fabs(factor) + e->noise)
            return false;
    }
    return largest > LEAST_SCALE;
}

/* The buffer NUMBER after a step that finds VALUE in all of it; false if the step fails. */
static bool step_over(struct rig *g, int number, float value)
{
    struct buffer *b = &g->buffer[number];
    struct error err;

    for (int64_t i = 0; i < b->n; i++)
        ((float *)b->v)[i] = value;
    return rig_step(g, &err) == OK;
}

/* Does the step add to buffer NUMBER, which it should set? Whether what it leaves alone counts, SET says. */
static bool adds_to(struct rig *g, int number, bool *set)
{
    enum { BEFORE = 1024 };
    const struct buffer *b = &g->buffer[number];
    float *once;
    bool adds = false;

    *set = true;
    if (b->use != USE_OUTPUT || b->size != (int)sizeof(float) || !step_over(g, number, 0.0f))
        return false;
    once = mem_array((size_t)b->n, sizeof *once);
    memcpy(once, b->v, (size_t)b->n * sizeof *once);
    if (step_over(g, number, BEFORE))
        for (int64_t i = 0; i < b->n; i++) {
            const double more = buffer_at(b, i) - (double)once[i];

            adds = adds || (once[i] != 0.0f && fabs(more - BEFORE) < 1.0);
            *set = *set && !(once[i] == 0.0f && more == BEFORE);
        }
    free(once);
    return adds;
}

/* Does a backward pass draw random numbers beside those of the forward pass? */
static bool draws_again(struct rig *g)
{
    struct error err;
    uint64_t drawn;

    if (!rig_goes_back(g->s.item->kind) || rig_forward(g, &err) != OK)
        return false;
    drawn = g->s.in.stream.position;
    return drawn && rig_backward(g, &err) == OK && g->s.in.stream.position != drawn;
}

/* A mistake that many make, where the gradient in T looks like it; "" otherwise. The rig is used up. */
static const char *explain(struct tensor *t, double scale, char out[200])
{
    const struct rig *g = t->g;
    const int number = (int)(t->gradient - g->buffer);
    const double weight = g->s.item->kind == FELL_KIND_LOSS ? g->loss.weight : 0.0;
    const char *name = strcmp(t->gradient->name, "gradient") == 0 ? "dpred" : t->gradient->name;
    bool set = true;

    out[0] = 0;
    if (weight != 0.0 && weight != 1.0 && all_times(t, 1.0 / weight, scale))
        snprintf(
            out, 200,
            ": dpred is the gradient of the mean; give that of the sum, since the host divides by weight");
    else if (draws_again(t->g))
        snprintf(out, 200,
                 ": backward draws random numbers again, which are others; keep those of forward in 'saved'");
    else if (all_times(t, -1.0, scale))
        snprintf(out, 200, ": %s has the wrong sign everywhere", name);
    else if (all_times(t, 0.0, scale))
        snprintf(out, 200, ": %s is 0 everywhere", name);
    else if (adds_to(t->g, number, &set))
        snprintf(out, 200, ": it adds to %s (+=), which is to be set (=)", name);
    else if (!set)
        snprintf(out, 200, ": some of %s is never set", name);
    return out;
}

/* A sum of very many products of large numbers is noisier than any guess; over larger steps the noise is
 * smaller. A wrong gradient does not agree there either. */
static bool agrees_over_larger(struct tensor *t, const struct element *e, double scale)
{
    static const double larger[] = {8.0, 64.0};

    for (size_t i = 0; i < sizeof larger / sizeof *larger && isfinite(e->got); i++) {
        struct element again = *e;

        if (differentiate(t, &again, larger[i] * STEP) && again.bend <= TOLERANCE * scale + again.noise &&
            fabs(again.got - again.wanted) <= TOLERANCE * scale + again.noise)
            return true;
    }
    return false;
}

static bool is_wrong(struct tensor *t, const struct element *e, double scale, double slack)
{
    if (!is_compared(e) || e->bend > 0.25 * TOLERANCE * scale + e->noise)
        return false;
    /* A kink that noise hides puts a difference off by twice its bend at most. So for NaN, too: */
    return !(fabs(e->got - e->wanted) <= TOLERANCE * scale + e->noise + slack + 2.0 * e->bend) &&
           !agrees_over_larger(t, e, scale);
}

/* The one that is wrong among those of E; of several that were moved together each is moved by itself. */
static bool find_culprit(struct tensor *t, struct element *e, const float *gradient, double scale,
                         double slack)
{
    const struct element all = *e;

    for (int64_t k = 0; k < all.together && all.together > 1; k++) {
        e->at = all.at + k * MOST_ELEMENTS;
        e->together = 1;
        e->got = (double)gradient[member(t, e, 0)];
        if (differentiate(t, e, STEP) && is_wrong(t, e, scale, slack))
            return true;
    }
    return all.together == 1;
}

/* GRADIENT is what backward gave: differences may have written over it. */
static void judge(struct tensor *t, const float *gradient, struct finding *f)
{
    const double scale = scale_of(t), slack = slack_of(t, scale);
    char where[512], why[200];

    for (int64_t i = 0; i < t->n; i++) {
        struct element *e = &t->e[i];
        int64_t at;

        t->compared += is_compared(e) && e->bend <= 0.25 * TOLERANCE * scale + e->noise;
        if (!is_wrong(t, e, scale, slack) || !find_culprit(t, e, gradient, scale, slack))
            continue;
        at = member(t, e, 0);
        finding_fail(f, "%s[%lld] is %.6g, but the forward pass has %.6g there (%s[%lld] = %.6g), %.300s%s",
                     t->gradient->name, (long long)at, e->got, e->wanted, t->value->name, (long long)at,
                     (double)((const float *)t->value->v)[at], rig_where(t->g, where),
                     explain(t, scale, why));
        return;
    }
}

/* Which elements are moved, and what backward gave for them. Far from 0 steps are rounded, and each element
 * is moved by itself. */
static void choose_elements(struct tensor *t, const float *gradient)
{
    const int64_t most = t->g->how.reach < 16.0f ? MOST_TOGETHER : 1, n = t->value->n;

    t->looked_at = n < most * MOST_ELEMENTS ? n : most * MOST_ELEMENTS;
    t->n = t->looked_at < MOST_ELEMENTS ? t->looked_at : MOST_ELEMENTS;
    for (int64_t i = 0; i < t->n; i++) {
        struct element *e = &t->e[i];

        *e = (struct element){.at = i, .together = (t->looked_at - i + MOST_ELEMENTS - 1) / MOST_ELEMENTS};
        for (int64_t k = 0; k < e->together; k++)
            e->got += (double)(direction(k) * gradient[member(t, e, k)]);
    }
}

/* The gradient in buffer NUMBER of a rig that has made a step. */
static void compare_tensor(struct rig *g, int number, struct tensor *t, struct finding *f)
{
    const int y = rig_find(g, "y");
    const size_t bytes = (size_t)g->buffer[number].n * sizeof(float);
    float *gradient = mem_alloc(bytes);

    *t = (struct tensor){.g = g, .gradient = &g->buffer[number], .value = &g->buffer[g->buffer[number].of]};
    t->y = y < 0 ? NULL : &g->buffer[y];
    t->y_up = mem_array((size_t)(t->y ? t->y->n : 1), sizeof *t->y_up);
    memcpy(gradient, t->gradient->v, bytes);
    choose_elements(t, gradient);
    for (int64_t i = 0; i < t->n; i++)
        if (!differentiate(t, &t->e[i], STEP))
            t->n = i;
    judge(t, gradient, f);
    free(t->y_up);
    free(gradient);
}

/* A step again, with gradients of parameters from 0. */
static status restep(struct rig *g)
{
    struct error err;

    for (int i = 0; i < g->nbuffers; i++)
        if (g->buffer[i].use == USE_ADDED)
            memset(g->buffer[i].v, 0, (size_t)(g->buffer[i].n * g->buffer[i].size));
    return rig_step(g, &err);
}

void gradient_compare(struct checked *c, const struct setup *u, const struct conditions *how,
                      struct compared *n, struct finding *f)
{
    struct rig *g = checked_rig(c, u, how);

    for (int b = 0; g && b < g->nbuffers && f->outcome == OUTCOME_PASSED; b++) {
        struct tensor t;

        if (g->buffer[b].of < 0 || restep(g) != OK)
            continue;
        compare_tensor(g, b, &t, f);
        n->compared += t.compared;
        n->all += t.n;
    }
    checked_done(g);
}

/* Whether its author says that its gradients are others, on purpose. */
static bool is_surrogate(const struct item *item)
{
    switch (item->kind) {
    case FELL_KIND_LAYER:
        return item->layer->flags & FELL_SURROGATE;
    case FELL_KIND_ACTIVATION:
        return item->activation->flags & FELL_SURROGATE;
    default:
        return item->loss->flags & FELL_SURROGATE;
    }
}

bool gradient_is_checked(const struct item *item, struct finding *f)
{
    const char *why = item->kind == FELL_KIND_LAYER && !item->layer->backward
                          ? "a transform has no backward pass"
                      : is_surrogate(item) ? "declared: its gradients are not those of its forward pass"
                                           : NULL;

    if (why) {
        f->outcome = OUTCOME_SKIPPED;
        error_set(&f->text, "%s", why);
    }
    return !why;
}

void check_gradient(struct checked *c, struct finding *f)
{
    static const float reaches[] = {10.0f, 30.0f, 100.0f}; /* some kinks lie as far */
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions far = usual, evaluated = usual; /* probes ask for gradients in evaluation */
    struct compared n = {0};

    if (!gradient_is_checked(c->item, f))
        return;
    far.fill = FILL_EVEN;
    evaluated.evaluate = true;
    for (size_t i = 0; i < c->setups.n && f->outcome == OUTCOME_PASSED; i++) {
        const struct setup *u = &c->setups.v[i];

        gradient_compare(c, u, &usual, &n, f);
        if (u->defaults && c->item->kind == FELL_KIND_LAYER)
            gradient_compare(c, u, &evaluated, &n, f);
        for (size_t k = 0; k < sizeof reaches / sizeof *reaches; k++)
            if (k == 0 || u->defaults) {
                far.reach = reaches[k];
                gradient_compare(c, u, &far, &n, f);
            }
    }
    if (f->outcome == OUTCOME_PASSED && n.all && n.compared * 10 < n.all)
        finding_fail(f,
                     "of %lld elements only %lld could be compared: the forward pass is not smooth anywhere",
                     (long long)n.all, (long long)n.compared);
}

/* With 1 in every gradient before, each must be larger by 1. */
void check_added(struct checked *c, struct finding *f)
{
    const struct conditions usual = usual_conditions(c->seed, c->level);
    struct conditions ones = usual;
    struct error err;
    char where[512];

    ones.grad_start = 1.0f;
    for (size_t i = 0; i < c->setups.n; i++) {
        struct rig *a = checked_rig(c, &c->setups.v[i], &usual), *b = checked_rig(c, &c->setups.v[i], &ones);
        const bool ran = a && b && rig_step(a, &err) == OK && rig_step(b, &err) == OK;

        for (int k = 0; ran && k < a->nbuffers; k++)
            for (int64_t j = 0; a->buffer[k].use == USE_ADDED && j < a->buffer[k].n; j++) {
                const double zero = buffer_at(&a->buffer[k], j), one = buffer_at(&b->buffer[k], j);

                if (fabs(one - 1.0 - zero) > 1e-5 * (1.0 + fabs(zero)))
                    finding_fail(f, "%s[%lld] becomes %.6g where it was 0, and %.6g where it was 1, %.300s",
                                 a->buffer[k].name, (long long)j, zero, one, rig_where(a, where));
            }
        checked_done(a);
        checked_done(b);
    }
}
