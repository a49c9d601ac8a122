/* story_net.c - part 2: the net as a picture and as a table of layers. See story.h. */
#include "explain/story.h"

static int64_t parameters_of(const struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    int64_t n = 0;

    for (int i = e->first; i < e->first + e->ntensors; i++)
        n += s->l->tensor[i].role == FELL_STATE ? 0 : s->l->tensor[i].n;
    return n;
}

static const char *tensors_of(struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const char *text = "";

    for (int i = e->first; i < e->first + e->ntensors; i++) {
        const struct lesson_tensor *t = &s->l->tensor[i];

        text = page_format(s->p, "%s%s`%s` %s%s", text, *text ? ", " : "", t->name, story_shape(s, &t->shape),
                           t->role == FELL_STATE ? " (not trained)"
                           : t->trained          ? ""
                                                 : " (frozen)");
    }
    for (size_t i = 0; i < s->l->spec->nmodel; i++)
        if (s->l->spec->model[i].share && strcmp(s->l->spec->model[i].name, e->name) == 0)
            text = page_format(s->p, "%s%sthose of `%s`, to whose gradients it adds", text, *text ? ", " : "",
                               s->l->spec->model[i].share);
    return *text ? text : "–";
}

static const char *sources_of(struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const char *text = "";

    for (int k = 0; k < e->nin; k++)
        text = page_format(s->p, "%s%s%s", text, k ? ", " : "",
                           e->from[k] < 0 ? "the sample"
                                          : page_format(s->p, "`%s`", s->l->entry[e->from[k]].name));
    return text;
}

/* The sign of its first output; layers without one are called by their names. */
static const char *sign_of(struct story *s, int entry)
{
    const int from = s->l->entry[entry].from[0];

    if (!s->number[entry] && !(from >= 0 && s->folded[from] == entry && s->number[from]))
        return "–";
    return page_format(s->p, "$%s$, …", story_sign(s, entry, 0));
}

static void list_layers(struct story *s)
{
    const struct lesson *l = s->l;

    page_table(s->p, "layer | kind | reads | >output | tensors | >parameters | in formulas");
    for (int i = 0; i < l->nentries; i++)
        page_row(s->p, "`%s` | `%s` | %s | %s | %s | %s | %s", l->entry[i].name, l->entry[i].plugin,
                 sources_of(s, i), story_shape(s, &l->entry[i].out), tensors_of(s, i),
                 NC((double)parameters_of(s, i)), sign_of(s, i));
}

/* What every kind of layer in the net does, in its plugin's own words. */
static void say_kinds(struct story *s)
{
    const struct lesson *l = s->l;

    page_list(s->p, false);
    for (int i = 0; i < l->nentries; i++) {
        const struct lesson_entry *e = &l->entry[i];
        const struct formula *f = e->activation ? formula_of_activation(e) : NULL;
        const char *own = story_dense(s, i) ? NULL : story_own_words(s, e->item);
        bool before = false;

        for (int k = 0; k < i; k++)
            before = before || strcmp(l->entry[k].plugin, e->plugin) == 0;
        if (before)
            continue;
        if (f)
            page_item(s->p, "`%s`: an {activation}; it %s%s.", e->plugin, f->words,
                      f->value ? page_format(s->p, ": $a = %s$", f->value)
                      : own    ? page_format(s->p, ": %s", own)
                               : "");
        else
            page_item(s->p, "`%s`: %s%s", e->plugin, page_plain(s->p, e->doc),
                      own ? page_format(s->p, " By its doc: %s.", own) : "");
    }
}

/* Layers that training treats otherwise than this page does. */
static void say_differences(struct story *s)
{
    const struct lesson *l = s->l;
    const char *names = "";

    for (int i = 0; i < l->nentries; i++)
        if (l->entry[i].differs)
            names = page_format(s->p, "%s%s`%s` (%s)", names, *names ? ", " : "", l->entry[i].name,
                                l->entry[i].plugin);
    if (*names)
        page_note(
            s->p,
            "In training %s would act differently: such a layer draws at random or looks at the whole "
            "{batch}. One row alone allows no such thing, so this page uses it as in evaluation: nothing is "
            "left out at random, and averages are those that training has gathered so far. Gradients "
            "recorded in training differ from those below by that.",
            names);
}

void story_net(struct story *s)
{
    const struct lesson *l = s->l;
    const struct story_shown shown = story_shows(s);
    int layers = 0;

    for (int i = 0; i < l->nentries; i++)
        layers += l->entry[i].ntensors > 0;
    page_heading(s->p, 2, "2. The net");
    page_paragraph(s->p,
                   "Numbers flow from left to right: from the sample, through %s, to the answer on the "
                   "right.%s%s%s%s%s",
                   layers > 2    ? "{hidden layer|hidden layers}"
                   : layers == 2 ? "one {hidden layer}"
                                 : "one {layer}",
                   shown.neurons ? " Each round shape after the input is a {neuron}." : "",
                   shown.boxes
                       ? " A box is a whole layer, too large to draw each of its numbers; grey lines say "
                         "what reads what."
                       : "",
                   shown.weights ? page_format(s->p,
                                               " Each %sline is a {weight}: the thicker the line, the "
                                               "larger the weight; blue weights are positive, orange ones "
                                               "negative.",
                                               shown.boxes ? "other " : "")
                                 : "",
                   shown.biases ? " Dotted lines are {bias|biases}, which no input multiplies." : "",
                   shown.chosen ? " The dashed line is the weight that this page follows." : "");
    story_draw(s, PICTURE_NET);
    page_paragraph(s->p,
                   "The weight to follow is `%s` = %s. In all the net has **%s** %s that training can move:",
                   l->weight.name, NT(l->weight.value), NC((double)l->parameters),
                   story_plural((double)l->parameters, "{parameter}", "{parameter|parameters}"));
    list_layers(s);
    say_kinds(s);
    say_differences(s);
}
