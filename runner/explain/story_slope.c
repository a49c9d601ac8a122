/* story_slope.c - parts 6 and 7: the slope of the loss by one weight, measured and then worked out by the
 * chain rule. See story.h.
 */
#include "explain/story.h"

/* ---- part 6 -------------------------------------------------------------------------------- */

static void judge(struct story *s)
{
    const struct lesson_difference *d = &s->l->difference;

    if (d->kink) {
        page_note(
            s->p,
            "Here the curve has a kink: its slope on the left is not the one on the right. No quotient is "
            "then *the* derivative; backpropagation gives the slope of one side.");
        return;
    }
    if (d->within)
        page_paragraph(
            s->p,
            "The two differ by %s. That is what is to be expected: the net computes with seven "
            "digits, which the small difference of two losses feels, and a curve is no straight line "
            "even over 2ε. Both together may make up to about %s here. **Measured and "
            "backpropagated slope agree.**",
            NT(fabs(d->difference)), NT(d->expected));
    else if (d->bent)
        page_note(
            s->p,
            "The two differ by %s, more than the %s that rounding explains here. The reason is the curve: by "
            "backpropagation its slope is %s at w − ε and %s at w + ε. It has a kink between, where a "
            "neuron falls silent or another number becomes the largest, and the quotient is a mean of the "
            "slopes on both sides of it.",
            NT(fabs(d->difference)), NT(d->expected), NT(d->slope_minus), NT(d->slope_plus));
    else
        page_note(s->p,
                  "**The two do not agree:** they differ by %s, and rounding and the curve's bending explain "
                  "no more than %s. A plugin's backward pass seems not to fit its forward pass: `fell plugin "
                  "check` tells.",
                  NT(fabs(d->difference)), NT(d->expected));
}

void story_partial(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_difference *d = &l->difference;

    page_heading(s->p, 2, "6. Partial derivative");
    page_paragraph(
        s->p,
        "One number of that gradient can be checked without any theory. Hold every other weight where "
        "it is, move `%s` alone by a little, ε = %s, to both sides, run the whole net, and see what "
        "the loss does:",
        l->weight.name, NT(d->epsilon));
    page_table(s->p, "| >weight | >loss");
    page_row(s->p, "w − ε | %s | %.9g", NT(d->minus), d->loss_minus);
    page_row(s->p, "**w** | **%s** | **%.9g**", NT(l->weight.value), l->loss);
    page_row(s->p, "w + ε | %s | %.9g", NT(d->plus), d->loss_plus);
    page_paragraph(
        s->p, "The change of the loss for each unit of change of the weight is the {partial derivative}:");
    page_equation(s->p);
    page_line(s->p, "\\frac{\\partial L}{\\partial w} &\\approx \\frac{L(w + \\varepsilon) - L(w - "
                    "\\varepsilon)}{2 \\varepsilon}");
    page_line(s->p, "&= \\frac{%s}{%s} = %s", NE(d->loss_plus - d->loss_minus), NE(d->plus - d->minus),
              NE(d->quotient));
    if (l->parameters > 1)
        page_paragraph(s->p,
                       "Backpropagation said **%s**, for this weight and in the same sweep for %s. "
                       "Measuring them all would take two runs of the net for each.",
                       NT(l->weight.gradient),
                       l->parameters == 2
                           ? "the other one"
                           : page_format(s->p, "all %s others", NC((double)(l->parameters - 1))));
    else
        page_paragraph(s->p, "Backpropagation said **%s**.", NT(l->weight.gradient));
    judge(s);
}

/* ---- part 7 ----------------------------------------------------------------------------------- */

/* d reached / d before, as a fraction of signs. */
static const char *factor_name(struct story *s, const struct lesson_path *path, size_t i)
{
    const struct lesson_factor *f = &path->factor[i], *before = i ? &path->factor[i - 1] : NULL;

    return page_format(s->p, "\\frac{\\partial %s}{\\partial %s}", story_sign(s, f->entry, f->index),
                       before ? story_sign(s, before->entry, before->index) : "w");
}

/* The largest path, each factor with its name below; a few at a time, so that the line fits. */
static void write_path(struct story *s, const struct lesson_path *path)
{
    const char *line = "";

    page_equation(s->p);
    for (size_t i = 0; i < path->n; i++) {
        line = page_format(s->p, "%s%s\\underbrace{%s}_{%s}", line,
                           *line ? " \\cdot "
                           : i   ? "\\cdot "
                                 : "",
                           NF(path->factor[i].value), factor_name(s, path, i));
        if (i % 5 == 4 || i + 1 == path->n) {
            page_line(s->p, "&%s%s", line,
                      i + 1 == path->n ? page_format(s->p, " = %s", NE(path->product)) : "");
            line = "";
        }
    }
}

/* Why each factor is what it is. */
static void explain_factors(struct story *s, const struct lesson_path *path)
{
    const struct lesson *l = s->l;
    const size_t shown = path->n <= 8 ? path->n : 3;

    page_list(s->p, false);
    for (size_t i = 0; i < path->n; i++) {
        const bool jumps = i == shown && path->n > shown + 1;
        const struct lesson_factor *f = &path->factor[jumps ? path->n - 1 : i];
        const struct lesson_entry *e = !jumps && f->entry < l->nentries ? &l->entry[f->entry] : NULL;
        const struct formula *known = e && e->activation ? formula_of_activation(e) : NULL;
        const struct lesson_tensor *t = &l->tensor[l->weight.tensor];
        const char *value = NT(f->value);

        if (jumps) {
            page_item(s->p, "… and so on through %zu more, to the last:", path->n - shown - 1);
            i = path->n - 1;
        }
        if (!e)
            page_item(s->p, "%s: the blame of output %s, by the loss itself.", value,
                      story_unit(s, path->factor[i - 1].entry, path->factor[i - 1].index));
        else if (i == 0 && story_dense(s, f->entry) && t->shape.rank == 2)
            page_item(
                s->p,
                "%s: the input that the weight multiplies, %s. Were it 0, the weight would have no say.",
                value, story_unit(s, e->from[0], l->weight.index[1]));
        else if (i == 0 && story_dense(s, f->entry))
            page_item(s->p, "%s: a bias is added as it is.", value);
        else if (i == 0)
            page_item(s->p, "%s: how %s changes with the weight, by the own backward pass of `%s`%s.", value,
                      story_unit(s, f->entry, f->index), e->plugin,
                      strstr(e->plugin, "rnn") || strstr(e->plugin, "lstm") || strstr(e->plugin, "gru")
                          ? " (all steps through time are inside this factor)"
                          : "");
        else if (e->activation)
            page_item(s->p, "%s: the slope of `%s` there%s.", value, e->plugin,
                      known && known->slope ? page_format(s->p, ", $%s$", known->slope) : "");
        else if (story_dense(s, f->entry))
            page_item(s->p, "%s: the weight from %s to %s.", value,
                      story_unit(s, path->factor[i - 1].entry, path->factor[i - 1].index),
                      story_unit(s, f->entry, f->index));
        else
            page_item(s->p, "%s: how %s changes with %s, by the own backward pass of `%s`.", value,
                      story_unit(s, f->entry, f->index),
                      story_unit(s, path->factor[i - 1].entry, path->factor[i - 1].index), e->plugin);
    }
}

/* "hidden[0] → output[2] → loss"; what stays at its index (activations) is left out. */
static const char *route(struct story *s, const struct lesson_path *path)
{
    const char *text = "";

    for (size_t i = 0; i < path->n; i++) {
        const struct lesson_factor *f = &path->factor[i];

        if (path->n > 8 && i >= 3 && i + 3 < path->n) {
            text = i == 3 ? page_format(s->p, "%s → …", text) : text;
            continue;
        }
        if (i && f->entry < s->l->nentries && s->l->entry[f->entry].elementwise)
            continue;
        text = page_format(s->p, "%s%s%s", text, *text ? " → " : "",
                           f->entry == s->l->nentries ? "loss" : story_unit(s, f->entry, f->index));
    }
    return text;
}

static void list_paths(struct story *s)
{
    const struct lesson_chain *c = &s->l->chain;

    page_paragraph(
        s->p,
        "But the weight has **%s** ways to reach the loss: its neuron is read by others, and those "
        "by others again. Each way has its own product, and the products add up%s:",
        NC(c->npaths),
        c->rest_count > 0 ? page_format(s->p, ". The %zu largest, and the rest", c->ntop) : "");
    page_table(s->p, "way from the weight | >product");
    for (size_t i = 0; i < c->ntop; i++)
        page_row(s->p, "%s | %s", route(s, &c->top[i]), NT(c->top[i].product));
    if (c->rest_count > 0)
        page_row(s->p, "the other %s together | %s", NC(c->rest_count), NT(c->rest_sum));
    page_row(s->p, "**sum** | **%s**", NT(c->sum));
}

static void compare(struct story *s)
{
    const struct lesson_chain *c = &s->l->chain;
    const double g = s->l->weight.gradient;

    if (c->agrees)
        page_paragraph(
            s->p,
            "The engine's gradient, which went back through the net layer by layer and never listed a "
            "way, is **%s**. The difference is %s: **the chain rule and backpropagation say the "
            "same.** Backpropagation is this sum, cleverly ordered, so that each factor is used once "
            "for all ways that share it.",
            NT(g), NT(fabs(c->difference)));
    else
        page_note(
            s->p,
            "The engine's gradient is %s. It differs from the sum over all ways by %s, more than 1 in "
            "100,000: the numbers of one of the plugins' backward passes do not fit together, or so many "
            "large products cancel that seven digits are too few (their sizes add up to %s).",
            NT(g), NT(fabs(c->difference)), NT(c->largest));
}

void story_chain(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_chain *c = &l->chain;

    page_heading(s->p, 2, "7. The chain rule");
    page_paragraph(
        s->p,
        "Why does the blame multiply on its way? The weight does not touch the loss. It changes a "
        "sum, the sum changes an activation, and so on to the loss. If the first wheel turns the second "
        "twice as fast, and the second turns the third three times as fast, the first turns the third "
        "six times as fast: rates of change along a way **multiply**. That is the {chain rule}.");
    if (!c->listed) {
        page_paragraph(
            s->p,
            "This net has too many ways to walk them all. Up to the outputs of `%s` the chain is "
            "followed here; from there on the engine's blame stands for all ways together. The sum is "
            "**%s**.",
            l->entry[l->tensor[l->weight.tensor].entry].name, NT(c->sum));
        compare(s);
        return;
    }
    if (c->ntop == 0) {
        page_paragraph(
            s->p,
            "From `%s` no way leads to the loss on which every factor differs from 0: the input that "
            "it multiplies is 0, or an activation on every way is flat here. The sum over no way at "
            "all is **0**.",
            l->weight.name);
        compare(s);
        return;
    }
    page_paragraph(s->p, "%s from `%s` to the loss, with every factor and what it is:",
                   c->npaths == 1.0 ? "The only way" : "The way that counts most", l->weight.name);
    write_path(s, &c->top[0]);
    explain_factors(s, &c->top[0]);
    if (c->npaths > 1.0)
        list_paths(s);
    compare(s);
}
