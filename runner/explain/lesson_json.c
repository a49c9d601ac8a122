/* lesson_json.c - a lesson as JSON: `fell explain --json`. Names are those of lesson.h; numbers have all
 * their digits, those that are not finite are texts ("inf"), as in resolved specs.
 */
#include <math.h>

#include "explain/lesson.h"
#include "host/settings.h"

static void number(cJSON *o, const char *key, double v)
{
    cJSON_AddItemToObject(o, key, settings_json_number(v));
}

static void whole(cJSON *o, const char *key, int64_t v)
{
    cJSON_AddItemToObject(o, key, settings_json_int(v));
}

static void numbers(cJSON *o, const char *key, const double *v, size_t n)
{
    cJSON *list = cJSON_AddArrayToObject(o, key);

    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, settings_json_number(v[i]));
}

static void wholes(cJSON *o, const char *key, const int64_t *v, int64_t n)
{
    cJSON *list = cJSON_AddArrayToObject(o, key);

    for (int64_t i = 0; i < n; i++)
        cJSON_AddItemToArray(list, settings_json_int(v[i]));
}

static cJSON *weight_json(const struct lesson *l, const struct lesson_weight *w)
{
    cJSON *o = cJSON_CreateObject();
    const struct lesson_tensor *t = &l->tensor[w->tensor];

    cJSON_AddStringToObject(o, "name", w->name);
    cJSON_AddStringToObject(o, "layer", l->entry[t->entry].name);
    cJSON_AddStringToObject(o, "tensor", t->name);
    wholes(o, "indices", w->index, t->shape.rank);
    number(o, "value", w->value);
    return o;
}

static cJSON *sample_json(const struct lesson *l)
{
    cJSON *o = cJSON_CreateObject(), *labels;

    whole(o, "row", l->row);
    cJSON_AddStringToObject(o, "split", split_name(l->split));
    whole(o, "split_row", l->split_row);
    numbers(o, "input", l->x, (size_t)l->data->x_size);
    if (l->target) {
        numbers(o, "target", l->target, (size_t)l->data->target_size);
        return o;
    }
    labels = cJSON_AddArrayToObject(o, "label");
    for (int64_t i = 0; i < l->data->target_size; i++)
        cJSON_AddItemToArray(labels, settings_json_int(l->label[i]));
    return o;
}

static cJSON *layer_json(const struct lesson *l, const struct lesson_entry *e)
{
    cJSON *o = cJSON_CreateObject(), *from = cJSON_AddArrayToObject(o, "from");

    cJSON_AddStringToObject(o, "name", e->name);
    cJSON_AddStringToObject(o, "plugin", e->plugin);
    for (int k = 0; k < e->nin; k++)
        cJSON_AddItemToArray(from, cJSON_CreateString(e->from[k] < 0 ? "input" : l->entry[e->from[k]].name));
    wholes(o, "shape", e->out.dim, e->out.rank);
    cJSON_AddBoolToObject(o, "other_in_training", e->differs);
    numbers(o, "output", e->y, (size_t)e->size);
    if (e->dy)
        numbers(o, "blame", e->dy, (size_t)e->size);
    return o;
}

static cJSON *parameter_json(const struct lesson *l, const struct lesson_tensor *t)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "layer", l->entry[t->entry].name);
    cJSON_AddStringToObject(o, "name", t->name);
    wholes(o, "shape", t->shape.dim, t->shape.rank);
    cJSON_AddBoolToObject(o, "trained", t->trained);
    numbers(o, "value", t->w, (size_t)t->n);
    if (t->trained) {
        numbers(o, "gradient", t->g, (size_t)t->n);
        number(o, "grad_norm", t->norm);
    }
    return o;
}

static cJSON *path_json(const struct lesson *l, const struct lesson_path *p)
{
    cJSON *o = cJSON_CreateObject(), *list;

    number(o, "product", p->product);
    list = cJSON_AddArrayToObject(o, "factors");
    for (size_t i = 0; i < p->n; i++) {
        const struct lesson_factor *f = &p->factor[i];
        cJSON *one = cJSON_CreateObject();

        cJSON_AddStringToObject(one, "to", f->entry == l->nentries ? "loss" : l->entry[f->entry].name);
        whole(one, "index", f->index);
        number(one, "value", f->value);
        cJSON_AddItemToArray(list, one);
    }
    return o;
}

static cJSON *paths_json(const struct lesson *l)
{
    const struct lesson_chain *c = &l->chain;
    cJSON *o = cJSON_CreateObject(), *list;

    cJSON_AddBoolToObject(o, "listed", c->listed);
    number(o, "count", c->npaths);
    number(o, "sum", c->sum);
    number(o, "sum_of_sizes", c->largest);
    number(o, "difference", c->difference);
    cJSON_AddBoolToObject(o, "agrees", c->agrees);
    list = cJSON_AddArrayToObject(o, "largest");
    for (size_t i = 0; i < c->ntop; i++)
        cJSON_AddItemToArray(list, path_json(l, &c->top[i]));
    number(o, "rest_count", c->rest_count);
    number(o, "rest_sum", c->rest_sum);
    return o;
}

static cJSON *difference_json(const struct lesson_difference *d)
{
    cJSON *o = cJSON_CreateObject();

    number(o, "epsilon", d->epsilon);
    number(o, "minus", d->minus);
    number(o, "plus", d->plus);
    number(o, "loss_minus", d->loss_minus);
    number(o, "loss_plus", d->loss_plus);
    number(o, "quotient", d->quotient);
    number(o, "difference", d->difference);
    number(o, "expected_difference", d->expected);
    cJSON_AddBoolToObject(o, "within", d->within);
    cJSON_AddBoolToObject(o, "kink", d->kink);
    cJSON_AddBoolToObject(o, "bent", d->bent);
    if (!d->within) {
        number(o, "slope_minus", d->slope_minus);
        number(o, "slope_plus", d->slope_plus);
    }
    return o;
}

static cJSON *landscape_json(const struct lesson_landscape *s)
{
    cJSON *o = cJSON_CreateObject();

    numbers(o, "weight", s->w, s->n);
    numbers(o, "loss", s->loss, s->n);
    whole(o, "now", (int64_t)s->now);
    return o;
}

static cJSON *contour_json(const struct lesson *l)
{
    const struct lesson_contour_map *m = &l->contour;
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "kind", m->kind == CONTOUR_WEIGHTS ? "weights" : "random");
    if (m->kind == CONTOUR_WEIGHTS)
        cJSON_AddItemToObject(o, "other", weight_json(l, &m->other));
    whole(o, "rows", m->rows);
    whole(o, "training_rows", m->of);
    numbers(o, "x", m->x, m->n);
    numbers(o, "y", m->y, m->n);
    numbers(o, "loss", m->z, m->n * m->n);
    return o;
}

static cJSON *step_json(const struct lesson_step *s, size_t n)
{
    cJSON *o = cJSON_CreateObject(), *slots;

    cJSON_AddStringToObject(o, "optimizer", s->optimizer);
    whole(o, "t", s->t);
    number(o, "lr", s->rate);
    number(o, "clip_factor", s->clip);
    number(o, "w_old", s->w_old);
    number(o, "w_new", s->w_new);
    number(o, "loss_before", s->loss_before);
    number(o, "loss_after", s->loss_after);
    number(o, "loss_after_this_weight_alone", s->loss_alone);
    number(o, "predicted_change", s->predicted);
    numbers(o, "output_after", s->output_after, n);
    slots = cJSON_AddObjectToObject(o, "state");
    for (size_t i = 0; i < s->nslots; i++) {
        cJSON *one = cJSON_AddObjectToObject(slots, s->slot[i].name);

        number(one, "before", s->slot[i].before);
        number(one, "after", s->slot[i].after);
    }
    return o;
}

static cJSON *training_json(const struct lesson_training *t)
{
    cJSON *o = cJSON_CreateObject();

    whole(o, "epochs", t->epochs);
    whole(o, "shown", t->trained);
    whole(o, "steps_per_epoch", t->steps_per_epoch);
    whole(o, "batch", t->batch);
    if (t->ended)
        cJSON_AddStringToObject(o, "ended", t->ended);
    numbers(o, "first_step_losses", t->steps, t->nsteps);
    numbers(o, "train_loss", t->train, t->nepochs);
    if (t->validation)
        numbers(o, "validation_loss", t->validation, t->nepochs);
    numbers(o, "weight", t->weight, t->nweights);
    return o;
}

cJSON *lesson_json(const struct lesson *l)
{
    cJSON *o = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(o, "name", l->spec->name);
    if (l->about)
        cJSON_AddStringToObject(o, "about", l->about);
    cJSON_AddItemToObject(o, "sample", sample_json(l));
    whole(o, "epoch", l->epoch);
    whole(o, "step", l->step);
    if (l->run)
        whole(o, "run", l->run);
    number(o, "loss", l->loss);
    numbers(o, "output", l->output, (size_t)(l->rows * l->cols));
    if (l->probability)
        numbers(o, "probability", l->probability, (size_t)(l->rows * l->cols));
    cJSON_AddItemToObject(o, "weight", weight_json(l, &l->weight));
    number(o, "gradient", l->weight.gradient);
    number(o, "chain_rule", l->chain.sum);
    number(o, "finite_difference", l->difference.quotient);
    number(o, "grad_norm", l->gradient_norm);
    cJSON_AddItemToObject(o, "difference", difference_json(&l->difference));
    cJSON_AddItemToObject(o, "paths", paths_json(l));
    cJSON_AddItemToObject(o, "step_taken", step_json(&l->update, (size_t)(l->rows * l->cols)));
    cJSON_AddItemToObject(o, "landscape", landscape_json(&l->landscape));
    if (l->contour.kind != CONTOUR_NONE)
        cJSON_AddItemToObject(o, "contour", contour_json(l));
    cJSON_AddItemToObject(o, "training", training_json(&l->training));
    list = cJSON_AddArrayToObject(o, "layers");
    for (int i = 0; i < l->nentries; i++)
        cJSON_AddItemToArray(list, layer_json(l, &l->entry[i]));
    list = cJSON_AddArrayToObject(o, "parameters");
    for (int i = 0; i < l->ntensors; i++)
        cJSON_AddItemToArray(list, parameter_json(l, &l->tensor[i]));
    return o;
}
