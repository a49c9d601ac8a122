/* story_words.c - the words and signs for parts of the net; see story.h. */
#include "explain/story.h"

const char *story_sign(const struct story *s, int entry, int64_t index)
{
    return story_sign_at(s, entry, page_format(s->p, "%lld", (long long)index));
}

const char *story_sign_at(const struct story *s, int entry, const char *index)
{
    const struct lesson *l = s->l;
    int from;

    if (entry < 0)
        return page_format(s->p, "x_{%s}", index);
    if (entry >= l->nentries)
        return "L";
    if (s->number[entry])
        return page_format(s->p, "z_{%s}^{(%d)}", index, s->number[entry]);
    from = l->entry[entry].from[0];
    if (from >= 0 && s->folded[from] == entry && s->number[from])
        return page_format(s->p, "a_{%s}^{(%d)}", index, s->number[from]);
    return page_format(s->p, "\\mathrm{%s}_{%s}", l->entry[entry].name, index);
}

const char *story_unit(const struct story *s, int entry, int64_t index)
{
    return page_format(s->p, "`%s`", story_short(s, entry, index));
}

const char *story_short(const struct story *s, int entry, int64_t index)
{
    const struct lesson *l = s->l;

    if (entry >= l->nentries)
        return "loss";
    if (entry >= 0)
        return page_format(s->p, "%s[%lld]", l->entry[entry].name, (long long)index);
    if (l->input_name)
        return l->input_name[index];
    return page_format(s->p, "x[%lld]", (long long)index);
}

const char *story_class(const struct story *s, int64_t k)
{
    const struct data *d = s->l->data;

    if (d->class_names && k < d->nclasses) {
        const char *name = d->class_names[k];
        const bool digits = name[strspn(name, "0123456789.-+")] == 0;

        return page_format(s->p, digits ? "“%s”" : "%s", page_plain(s->p, name));
    }
    return page_format(s->p, "class %lld", (long long)k);
}

const char *story_shape(const struct story *s, const fell_shape *shape)
{
    const char *text = "";

    for (int64_t i = 0; i < shape->rank; i++)
        text = page_format(s->p, "%s%s%lld", text, i ? " × " : "", (long long)shape->dim[i]);
    return text;
}

const char *story_moment(const struct story *s)
{
    if (s->l->epoch == 0)
        return "before any training";
    return page_format(s->p, "after %lld %s of training", (long long)s->l->epoch,
                       story_plural((double)s->l->epoch, "epoch", "epochs"));
}

const char *story_plural(double n, const char *one, const char *many)
{
    return n == 1.0 ? one : many;
}

const char *story_parameters(const struct story *s)
{
    const double n = (double)s->l->parameters;

    return page_format(s->p, "%s %s", NC(n), story_plural(n, "{parameter}", "{parameter|parameters}"));
}

const char *story_own_words(const struct story *s, const struct item *item)
{
    const char *formula = formula_of_doc(s->p->arena, item->doc);

    return formula ? page_format(s->p, "`%s`", page_plain(s->p, formula)) : NULL;
}

int64_t story_inputs(const struct story *s, int entry)
{
    const int from = s->l->entry[entry].from[0];

    return from < 0 ? s->l->data->x_size : s->l->entry[from].size;
}

const double *story_input_values(const struct story *s, int entry)
{
    const int from = s->l->entry[entry].from[0];

    return from < 0 ? s->l->x : s->l->entry[from].y;
}

const struct lesson_tensor *story_tensor(const struct story *s, int entry, const char *name)
{
    const struct lesson_entry *e = &s->l->entry[entry];

    for (int i = e->first; i < e->first + e->ntensors; i++)
        if (strcmp(s->l->tensor[i].name, name) == 0)
            return &s->l->tensor[i];
    return NULL;
}

/* By its name, and because its numbers come out as those of a weighted sum. */
bool story_dense(const struct story *s, int entry)
{
    const struct lesson_entry *e = &s->l->entry[entry];
    const struct lesson_tensor *w, *b;
    const double *x;
    double sum = 0.0;

    if (!e->bundled || strcmp(e->plugin, "dense") != 0 || e->out.rank != 1)
        return false;
    w = story_tensor(s, entry, "weight");
    b = story_tensor(s, entry, "bias");
    if (!w || w->n != e->size * story_inputs(s, entry))
        return false;
    x = story_input_values(s, entry);
    for (int64_t i = 0; i < story_inputs(s, entry); i++)
        sum += w->w[i] * x[i];
    return fabs(sum + (b ? b->w[0] : 0.0) - e->y[0]) <= 1e-3 * fmax(1.0, fabs(sum));
}

bool story_chosen(const struct story *s, int *entry, int64_t *unit, int64_t *input)
{
    const struct lesson_weight *w = &s->l->weight;
    const struct lesson_tensor *t = &s->l->tensor[w->tensor];

    *entry = t->entry;
    *unit = w->index[0];
    *input = t->shape.rank == 2 ? w->index[1] : -1;
    return story_dense(s, t->entry) && (t->shape.rank == 2 || strcmp(t->name, "bias") == 0);
}

size_t story_pick(int64_t n, int64_t keep, size_t most, int64_t *out)
{
    size_t count = 0;

    if (n <= (int64_t)most) {
        for (int64_t i = 0; i < n; i++)
            out[count++] = i;
        return count;
    }
    for (int64_t i = 0; count < most - 2; i++)
        out[count++] = i;
    if (keep >= (int64_t)count && keep < n - 1)
        out[count++] = keep;
    else {
        out[count] = (int64_t)count;
        count++;
    }
    out[count++] = n - 1;
    if (out[count - 2] >= out[count - 1])
        count--;
    return count;
}
