/* story_descent.c - parts 8 and 9: the loss as a landscape, and a step downhill. See story.h. */
#include "explain/story.h"

/* ---- part 8 -------------------------------------------------------------------------------- */

/* Finite losses only: the ends of what can be drawn. */
static void range_of(const struct lesson_landscape *m, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < m->n; i++)
        if (isfinite(m->loss[i])) {
            *low = fmin(*low, m->loss[i]);
            *high = fmax(*high, m->loss[i]);
        }
}

/* Let the tangent be seen, as far as it does not make the curve itself small. */
static void make_room(size_t n, const double *y, double *low, double *high)
{
    const double most = 0.5 * (*high - *low), l = *low - most, h = *high + most;

    for (size_t i = 0; i < n; i++) {
        *low = fmin(*low, fmax(y[i], l));
        *high = fmax(*high, fmin(y[i], h));
    }
}

/* From the loss before to that after, as a stair that ends where the weight does. */
static void stair(const struct lesson *l, double *y)
{
    const struct lesson_landscape *m = &l->landscape;
    const struct lesson_step *u = &l->update;

    for (size_t i = 0; i < m->n; i++) {
        const bool beyond = u->w_new > u->w_old ? m->w[i] >= u->w_new : m->w[i] <= u->w_new;

        y[i] = beyond && u->w_new != u->w_old ? u->loss_alone : l->loss;
    }
}

static void draw_landscape(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_landscape *m = &l->landscape;
    const struct lesson_step *u = &l->update;
    const double reach = 0.25 * (m->w[m->n - 1] - m->w[0]);
    double *y = arena_alloc(s->p->arena, m->n * sizeof *y), low, high;
    struct chart *c = story_chart(s, page_format(s->p, "Loss against %s", l->weight.name), l->weight.name,
                                  "loss", m->n, m->w);

    range_of(m, &low, &high);
    story_line(s, c, "loss", true, m->n, m->w, m->loss);
    for (size_t i = 0; i < m->n; i++)
        y[i] = l->loss + l->weight.gradient * (m->w[i] - l->weight.value);
    story_line(s, c, "tangent", true, m->n, m->w, y)->stand_in = true;
    story_line(s, c, "tangent", false, 2, (const double[]){u->w_old - reach, u->w_old + reach},
               (const double[]){l->loss - reach * l->weight.gradient, l->loss + reach * l->weight.gradient});
    make_room(m->n, y, &low, &high);
    stair(l, y);
    story_line(s, c, "the step, from the loss before to the loss after", true, m->n, m->w, y)->stand_in =
        true;
    story_line(s, c, "step", false, 2, (const double[]){u->w_old, u->w_new},
               (const double[]){l->loss, u->loss_alone});
    story_mark(s, c, "now", u->w_old, l->loss);
    story_mark(s, c, "after the step", u->w_new, u->loss_alone);
    story_place(s, c, low, high);
}

/* The rows that the map is of: the picture before it is of the sample alone. */
static const char *whose_map(struct story *s)
{
    const struct lesson_contour_map *m = &s->l->contour;

    return m->rows < m->of
               ? page_format(s->p, "%lld of the %lld training rows", (long long)m->rows, (long long)m->of)
               : page_format(s->p, "all %lld training rows", (long long)m->of);
}

static void draw_contour(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_contour_map *m = &l->contour;
    struct contour *c = arena_alloc(s->p->arena, sizeof *c);
    const bool weights = m->kind == CONTOUR_WEIGHTS;

    *c = (struct contour){
        .title = weights ? page_format(s->p, "Loss of %s over %s and %s", whose_map(s), l->weight.name,
                                       m->other.name)
                         : page_format(s->p, "Loss of %s over two random directions", whose_map(s)),
        .x_label = weights ? l->weight.name : "first direction",
        .y_label = weights ? m->other.name : "second direction",
        .nx = m->n,
        .ny = m->n,
        .x = m->x,
        .y = m->y,
        .z = m->z,
        .npoints = 1,
        .point = arena_alloc(s->p->arena, sizeof *c->point)};
    c->point[0] = (struct point){"now", m->x[m->n / 2], m->y[m->n / 2]};
    if (weights)
        page_paragraph(
            s->p,
            "Two weights at once make a real landscape. Here `%s` and `%s` are moved together, all "
            "others held; the net is in the middle. The loss is the mean over %s, not that of the sample.",
            l->weight.name, m->other.name, whose_map(s));
    else
        page_paragraph(
            s->p,
            "All weights at once have too many directions to draw. Here the whole net is moved along "
            "two random ones, each filter or neuron by a step as long as its own weights (H. Li et al., "
            "“Visualizing the loss landscape of neural nets”, 2018); the net is in the middle. The loss is "
            "the mean over %s, not that of the sample.",
            whose_map(s));
    page_add(s->p, BLOCK_CONTOUR, c);
}

/* Where the curve is lowest; at its edge it may fall further outside. */
static const char *lowest(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_landscape *m = &l->landscape;

    if (!(l->loss - m->minimum_loss > 1e-4 * fabs(l->loss)))
        return "Nowhere on this curve is the loss much lower than here: other weights have to move.";
    if (m->minimum_w == m->w[0] || m->minimum_w == m->w[m->n - 1])
        return page_format(
            s->p,
            "The curve falls as far as its %s edge, to a loss of %s at %s: its valley, if it has one, "
            "is not in the picture.",
            m->minimum_w == m->w[0] ? "left" : "right", NT(m->minimum_loss), NT(m->minimum_w));
    return page_format(s->p, "The lowest point on this curve is at %s, with a loss of %s.", NT(m->minimum_w),
                       NT(m->minimum_loss));
}

void story_landscape(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_landscape *m = &l->landscape;

    page_heading(s->p, 2, "8. The landscape");
    page_paragraph(
        s->p,
        "What if `%s` had another value, all others held? For %zu values the whole net was run; that "
        "is the curve. The {tangent} touches it at the present weight, %s, and its slope is the "
        "{gradient} of this weight, **%s**. Downhill is to the %s.",
        l->weight.name, m->n, NT(l->weight.value), NT(l->weight.gradient),
        l->weight.gradient > 0   ? "left"
        : l->weight.gradient < 0 ? "right"
                                 : "left as much as to the right: here it is flat");
    draw_landscape(s);
    page_paragraph(
        s->p,
        "%s The slope tells which way is down *here*, not where the valley is; so steps are small, "
        "and after each one the slope is asked anew.",
        lowest(s));
    if (l->contour.kind != CONTOUR_NONE)
        draw_contour(s);
}

/* ---- part 9 ------------------------------------------------------------------------------------ */

static void tell_rule(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_step *u = &l->update;
    const char *doc = l->spec->optimizer.item->doc, *lines[4];
    const char *own = story_own_words(s, l->spec->optimizer.item);
    const size_t n = formula_of_optimizer(l, lines);

    if (n == 0) {
        page_paragraph(
            s->p,
            "The {optimizer} is `%s` (%s) with the {learning rate} η = %s.%s By that rule it makes "
            "of the old value and the gradient:",
            u->optimizer, page_plain(s->p, arena_string(s->p->arena, doc, strcspn(doc, ".\n"))), NT(u->rate),
            own ? page_format(s->p, " Its doc says, with g for the gradient: %s.", own) : "");
        page_equation(s->p);
        page_line(s->p,
                  "w_{\\text{old}} = %s, \\frac{\\partial L}{\\partial w} = %s \\to w_{\\text{new}} = %s",
                  NE(u->w_old), NE(l->weight.gradient), NE(u->w_new));
    } else {
        page_paragraph(
            s->p,
            "The {optimizer} is `%s`, the {learning rate} η = %s, and this is step %lld. %s`%s` moves so:",
            u->optimizer, NT(u->rate), (long long)u->t, u->nslots ? "With g for the gradient, " : "",
            l->weight.name);
        page_equation(s->p);
        for (size_t i = 0; i < n; i++)
            page_line(s->p, "%s", lines[i]);
    }
    if (u->clip != 1.0)
        page_paragraph(s->p,
                       "(The gradient was first multiplied by %s: its norm, %s, is above `train.clip_norm`.)",
                       NT(u->clip), NT(l->gradient_norm));
}

static void tell_state(struct story *s)
{
    const struct lesson_step *u = &s->l->update;

    if (u->nslots == 0)
        return;
    page_paragraph(s->p, "This optimizer remembers something of earlier steps for every weight%s:",
                   u->t == 1 ? ", which is 0 before the first one" : "");
    page_table(s->p, "state | >before | >after");
    for (size_t i = 0; i < u->nslots; i++)
        page_row(s->p, "`%s` | %s | %s", u->slot[i].name, NT(u->slot[i].before), NT(u->slot[i].after));
}

static void tell_outcome(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_step *u = &l->update;

    if (l->parameters > 1)
        page_paragraph(s->p, "All %s parameters make such a move at once. What comes of it, for this row:",
                       NC((double)l->parameters));
    else
        page_paragraph(s->p, "What comes of it, for this row:");
    page_table(s->p, "| >loss");
    page_row(s->p, "before | %s", NT(u->loss_before));
    if (l->parameters > 1)
        page_row(s->p, "if only `%s` moves | %s", l->weight.name, NT(u->loss_alone));
    page_row(s->p, "**after%s** | **%s**", l->parameters > 1 ? ", all moved" : "", NT(u->loss_after));
    page_row(s->p, "change | %s", NT(u->loss_after - u->loss_before));
    page_row(s->p, "change that the slopes promised | %s", NT(u->predicted));
    if (u->loss_after > u->loss_before)
        page_note(
            s->p,
            "The loss went **up**: the step was so long that it passed the valley, or the optimizer was "
            "still carried along by earlier steps. A smaller {learning rate} would help.");
    else if (u->predicted != 0.0)
        page_paragraph(s->p, "The slopes promised %s and the step got %s of it: %s.", NT(u->predicted),
                       NP(fmax(0.0, (u->loss_after - u->loss_before) / u->predicted)),
                       fabs((u->loss_after - u->loss_before) / u->predicted - 1.0) < 0.1
                           ? "so small a step follows the tangent"
                           : "the curve bends away from its tangent, the more the longer the step");
}

void story_step(struct story *s)
{
    const struct lesson *l = s->l;

    page_heading(s->p, 2, "9. Gradient descent");
    page_paragraph(
        s->p, "The gradient points uphill, so every parameter moves the other way. How far, the {learning "
              "rate} says: too small and learning takes for ever, too large and the step jumps over the "
              "valley. That is {gradient descent}.");
    tell_rule(s);
    tell_state(s);
    tell_outcome(s);
    if (l->training.batch > 1)
        page_note(
            s->p,
            "Here the step follows one row, so that every number can be traced. In training this spec "
            "averages the gradients of a {batch} of %s rows first: what one row wants and another does not "
            "cancels out.",
            NC((double)l->training.batch));
}
