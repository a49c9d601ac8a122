/* story.c - the page of a lesson: its parts in order, and the first one. Numbers come from the lesson
 * alone.
 */
#include "explain/story.h"

#include "base/text.h"

/* How many entries read entry I. */
static int readers(const struct lesson *l, int i)
{
    int n = i == l->nentries - 1;

    for (int k = 0; k < l->nentries; k++)
        for (int slot = 0; slot < l->entry[k].nin; slot++)
            n += l->entry[k].from[slot] == i;
    return n;
}

/* Layers with tensors are counted; an activation that alone reads such a layer belongs to it. */
static void number_layers(struct story *s)
{
    const struct lesson *l = s->l;
    int count = 0;

    s->number = arena_alloc(s->p->arena, (size_t)l->nentries * sizeof *s->number);
    s->folded = arena_alloc(s->p->arena, (size_t)l->nentries * sizeof *s->folded);
    for (int i = 0; i < l->nentries; i++) {
        s->folded[i] = -1;
        s->number[i] = l->entry[i].ntensors ? ++count : 0;
    }
    for (int i = 0; i < l->nentries; i++) {
        const int from = l->entry[i].from[0];

        if (l->entry[i].activation && from >= 0 && !l->entry[from].activation && readers(l, from) == 1)
            s->folded[from] = i;
    }
}

/* ---- part 1 ----------------------------------------------------------------------------- */

/* "`weight_kg` = −0.53, ..." */
static const char *list_inputs(struct story *s)
{
    const struct lesson *l = s->l;
    const char *text = "";

    for (int64_t i = 0; i < l->data->x_size; i++)
        text = page_format(s->p, "%s%s%s = %s", text, i ? ", " : "", story_unit(s, -1, i), NT(l->x[i]));
    return text;
}

static const char *given(struct story *s)
{
    const struct lesson *l = s->l;
    const char *how = l->spec->data.ntransforms ? ", as the spec's transforms leave them" : "";

    if (l->augments)
        how = page_format(s->p, "%s (without what `%s` draws anew in every step of the training)", how,
                          l->augments);

    if (l->data->x_size <= 8)
        return page_format(s->p, "All that the net is given %s %lld %s: %s%s.",
                           l->data->x_size == 1 ? "is" : "are", (long long)l->data->x_size,
                           story_plural((double)l->data->x_size, "number", "numbers"), list_inputs(s), how);
    return page_format(s->p, "All that the net is given are %s numbers%s%s.", NC((double)l->data->x_size),
                       l->data->x.rank > 1 ? page_format(s->p, " (%s)", story_shape(s, &l->data->x)) : "",
                       how);
}

/* "**30 % cat, 70 % dog**", of many classes the first choice and the right one. */
static const char *answer_words(struct story *s, const double *p)
{
    const struct lesson *l = s->l;
    const char *text = "";
    int64_t best = 0;

    if (l->cols <= 4) {
        for (int64_t k = 0; k < l->cols; k++)
            text = page_format(s->p, "%s%s%s %s", text, k ? ", " : "", NP(p[k]), story_class(s, k));
        return page_format(s->p, "**%s**", text);
    }
    for (int64_t k = 1; k < l->cols; k++)
        best = p[k] > p[best] ? k : best;
    if (best == l->label[0])
        return page_format(s->p, "**%s %s**, its first choice among %lld", NP(p[best]), story_class(s, best),
                           (long long)l->cols);
    return page_format(s->p, "**%s %s**, and **%s** for the right answer, %s", NP(p[best]),
                       story_class(s, best), NP(p[l->label[0]]), story_class(s, l->label[0]));
}

static const char *verdict(struct story *s)
{
    const struct lesson *l = s->l;
    const bool right = l->answer == l->label[0];
    const double p = l->probability ? l->probability[l->label[0]] : NAN;

    if (right && p > 0.9)
        return "The net is right, and sure of it.";
    if (right)
        return "The net is right, but not sure: there is something to learn.";
    return "So the net is wrong.";
}

static void tell_classes(struct story *s)
{
    const struct lesson *l = s->l;
    const char *says;

    if (l->probability)
        says = page_format(s->p, "it answers: %s", answer_words(s, l->probability));
    else
        says = page_format(s->p, "its highest output is that of **%s**", story_class(s, l->answer));
    page_paragraph(s->p,
                   "Row %lld of the data is labelled **%s**. The net does not see the {label}. %s "
                   "With the %s that it has %s, %s. %s",
                   (long long)l->row, story_class(s, l->label[0]), given(s), story_parameters(s),
                   story_moment(s), says, verdict(s));
}

/* Whether the units of a text are words, which are told with blanks between them. */
static bool has_words(const struct data *d)
{
    for (int64_t k = 0; k < d->nclasses; k++) {
        const char *name = d->class_names[k];
        size_t letters = 0;

        for (const char *p = name; *p; p++)
            letters += (*p & 0xc0) != 0x80;
        if (letters > 1 && *name != '\\')
            return true;
    }
    return false;
}

/* A row of a text, as it is read: what inputs and classes are by name. Of a long one the beginning. */
static const char *text_row(struct story *s)
{
    enum { MOST = 120 };
    const struct lesson *l = s->l;
    const char *between = has_words(l->data) ? " " : "";
    struct strbuf b = {0};
    const char *text;
    int64_t i = 0;

    for (; i < l->data->x_size && i < MOST; i++)
        strbuf_addf(&b, "%s%s", i ? between : "", l->data->class_names[(int64_t)l->x[i]]);
    strbuf_addf(&b, "%s", i < l->data->x_size ? "…" : "");
    text = page_format(s->p, "“%s”", page_plain(s->p, b.text));
    strbuf_release(&b);
    return text;
}

/* How many of the row's places have their largest output at their own class. */
static int64_t count_right(const struct lesson *l)
{
    int64_t right = 0;

    for (int64_t i = 0; i < l->rows; i++) {
        const double *y = l->output + i * l->cols;
        int64_t best = 0;

        for (int64_t k = 1; k < l->cols; k++)
            best = y[k] > y[best] ? k : best;
        right += best == l->label[i];
    }
    return right;
}

/* A row with a class at each of its places. */
static void tell_sequence(struct story *s)
{
    const struct lesson *l = s->l;
    const bool text = l->data->vocabulary && l->data->class_names && l->spec->data.ntransforms == 0 &&
                      l->data->vocabulary == l->data->nclasses;
    const char *row = text ? page_format(s->p, " is %s, and it", text_row(s)) : "";

    page_paragraph(
        s->p,
        "Row %lld of the data%s has a {label} at each of its %lld places, %s. The net does not see the "
        "labels. %s With the %s that it has %s, its highest output is the right one at **%lld of %lld** "
        "places. The first, told of below, is labelled **%s**%s.",
        (long long)l->row, row, (long long)l->rows, text ? "what follows there" : "its class", given(s),
        story_parameters(s), story_moment(s), (long long)count_right(l), (long long)l->rows,
        story_class(s, l->label[0]),
        l->probability ? page_format(s->p, ": %s", answer_words(s, l->probability)) : "");
}

static const char *list_values(struct story *s, const double *v, int64_t n)
{
    const char *text = "";

    for (int64_t i = 0; i < n && i < 4; i++)
        text = page_format(s->p, "%s%s%s", text, i ? ", " : "", NT(v[i]));
    return n > 4 ? page_format(s->p, "%s, …", text) : text;
}

static void tell_values(struct story *s)
{
    const struct lesson *l = s->l;

    page_paragraph(s->p,
                   "Row %lld of the data has the target **%s**: that is its {label}, which the net does not "
                   "see. %s With the %s that it has %s, it answers **%s**.",
                   (long long)l->row, list_values(s, l->target, l->data->target_size), given(s),
                   story_parameters(s), story_moment(s), list_values(s, l->output, l->rows * l->cols));
}

/* What one step makes of it. */
static const char *afterwards(struct story *s)
{
    const struct lesson *l = s->l;
    const struct lesson_step *u = &l->update;

    if (u->loss_after > u->loss_before)
        return page_format(s->p,
                           "One {step} of all of them together, and for this row the loss is %s: more than "
                           "before, because the step was too long. [Part 9](#9-gradient-descent) shows why.",
                           NT(u->loss_after));
    if (u->probability_after)
        return page_format(
            s->p,
            "One small {step} of all of them together, and for this row the loss is %s, and %s "
            "gets %s in place of %s.",
            NT(u->loss_after), story_class(s, l->label[0]), NP(u->probability_after[l->label[0]]),
            NP(l->probability[l->label[0]]));
    return page_format(s->p, "One small {step} of all of them together, and for this row the loss is %s.",
                       NT(u->loss_after));
}

void story_begin(struct story *s)
{
    const struct lesson *l = s->l;

    page_heading(s->p, 1, "Backpropagation, with the numbers of %s", l->spec->name);
    page_note(
        s->p,
        "Made by `fell explain` from one row of data (row %lld, of the %s rows) and one net, %s. Every "
        "number is the net's own, shown with four digits; rows and neurons count from 0. The net is run in "
        "evaluation mode, on this row alone.%s",
        (long long)l->row, l->split == SPLIT_TRAIN ? "training" : split_name(l->split),
        l->run ? page_format(s->p, "as the checkpoint of run %lld has it, after epoch %lld",
                             (long long)l->run, (long long)l->epoch)
               : story_moment(s),
        l->about ? page_format(s->p, " The data, in the spec's words: %s%s", page_plain(s->p, l->about),
                               strchr(".!?", l->about[strlen(l->about) - 1]) ? "" : ".")
                 : "");
    page_heading(s->p, 2, "1. The story in two paragraphs");
    if (l->label && l->rows > 1)
        tell_sequence(s);
    else if (l->label)
        tell_classes(s);
    else
        tell_values(s);
    page_paragraph(
        s->p,
        "How wrong that is, is said by one number, the {loss}: **%s**; the smaller, the better. %s "
        "had a hand in it. {backpropagation|Backpropagation} finds out how much: it "
        "carries the {blame} from the loss backwards through the net, layer after layer, until it is "
        "known for each of them whether more or less of it would have made the loss smaller, and how "
        "fast. %s Done again and again, over all rows, that is how the net learns.",
        NT(l->loss), l->parameters > 1 ? "All parameters" : "The parameter", afterwards(s));
}

struct page *story_new(const struct lesson *l)
{
    struct story s = {.p = page_new(), .l = l};

    number_layers(&s);
    story_begin(&s);
    story_net(&s);
    story_forward(&s);
    story_loss(&s);
    story_back(&s);
    story_partial(&s);
    story_chain(&s);
    story_landscape(&s);
    story_step(&s);
    story_cycle(&s);
    return s.p;
}
