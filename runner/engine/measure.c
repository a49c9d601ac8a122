/* measure.c - see measure.h. Losses of splits are train.c's sums; here are the metrics.
 *
 * Longer than 500 lines: what metrics are given is kept, cut and handed over in one place.
 */
#include "engine/measure.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "engine/net_at.h"
#include "engine/net_impl.h"
#include "engine/probe_names.h"
#include "engine/targets.h"

struct metric {
    const fell_metric *item;
    struct instance in;
    fell_metric_call call;
    size_t first, n; /* its values in each split */
};

struct measure {
    struct arena *arena;
    const struct data *data;
    int64_t size, cols, rows_each; /* of one output row: size = rows_each * cols */
    int64_t width;                 /* of the output: more than cols where the loss takes more outputs */
    bool classes;
    bool no_class;          /* some label of some split is -1 */
    struct meaning meaning; /* of the targets */
    size_t nmetrics, per_split, nvalues;
    struct metric *metric;
    struct metric_value *value; /* split by split */
    size_t at[SPLITS];          /* where a split's values begin */
    double *out;                /* values of one metric */
    bool keeps[SPLITS];   /* targets that do not lie side by side in the order of the outputs are kept */
    int64_t most[SPLITS]; /* rows of an epoch */
    float *pred, *target;
    int32_t *label;
    float *weight;      /* [most rows * rows_each] of the split that is measured; NULL: without */
    float *kept_weight; /* [rows] of a split whose targets are kept */
    float *own[SPLITS]; /* targets that are scaled in the data, in their own units; NULL: as they lie there */
    struct probe_names *probes;
};

/* A class's name as one of two parts: in quotes where a dot or a quote in it would let two pairs have one
 * name (1 and 1.1), its own quotes doubled. */
static const char *quoted(struct measure *m, const char *class)
{
    char *out, *to;

    if (!strpbrk(class, ".\""))
        return class;
    out = to = arena_alloc(m->arena, 2 * strlen(class) + 3);
    *to++ = '"';
    for (; *class; class ++) {
        if (*class == '"')
            *to++ = '"';
        *to++ = *class;
    }
    *to++ = '"';
    *to = 0;
    return out;
}

/* The name of value I of a metric. */
static const char *value_name(struct measure *m, const struct metric *metric, size_t i)
{
    const char *name = metric->item->item.name;
    char number[2][24];
    const char *class[2];
    const size_t cols = (size_t)m->cols,
                 index[2] = {metric->item->values == FELL_PER_PAIR ? i / cols : i, i % cols};

    if (metric->item->values == FELL_ONE)
        return arena_string(m->arena, name, strlen(name));
    for (int k = 0; k < 2; k++) {
        snprintf(number[k], sizeof number[k], "%zu", index[k]);
        class[k] =
            m->data->class_names && m->data->nclasses == m->cols ? m->data->class_names[index[k]] : number[k];
    }
    if (metric->item->values == FELL_PER_CLASS)
        return arena_format(m->arena, "%s.%s", name, class[0]);
    return arena_format(m->arena, "%s.%s.%s", name, quoted(m, class[0]), quoted(m, class[1]));
}

/* The metric with no rows: settings that do not fit the model are found here. */
static status try_metric(struct measure *m, struct metric *metric, int index, struct problem *p)
{
    float nothing[TENSOR_ALIGN] __attribute__((aligned(64))) = {0};
    int32_t label[TENSOR_ALIGN] = {0};
    fell_metric_call c = metric->call;

    c.pred = nothing;
    c.target = m->classes ? NULL : nothing;
    c.label = m->classes ? label : NULL;
    net_at(&metric->in, "plan");
    if (metric->item->eval(&c) != FELL_OK)
        return problem_of_instance(&metric->in, "metrics", index, p);
    instance_reset(&metric->in);
    return OK;
}

static status add_metric(struct measure *m, const struct net *n, size_t index, struct problem *p)
{
    const struct choice *choice = &n->spec->metrics[index];
    struct metric *metric = &m->metric[index];

    metric->item = choice->item->metric;
    if (data_has_weights(m->data) && !metric->item->weighs)
        return problem_set(p, "metrics", (int)index, "", "'%s' takes no weights of rows, which the data has",
                           choice->item->name);
    instance_init(&metric->in, choice->item, choice->item->name, n->env);
    m->nmetrics = index + 1;
    metric->first = m->per_split;
    metric->n = metric->item->values == FELL_ONE         ? 1
                : metric->item->values == FELL_PER_CLASS ? (size_t)m->cols
                                                         : (size_t)(m->cols * m->cols);
    m->per_split += metric->n;
    m->out = mem_grow(m->out, m->per_split, sizeof *m->out);
    metric->call = (fell_metric_call){.ctx = &metric->in.ctx,
                                      .settings = choice->settings,
                                      .cols = m->cols,
                                      .value = m->out,
                                      .pred_is = n->pred_is,
                                      .target_is = m->meaning.is,
                                      .cut = m->meaning.cut,
                                      .target_cut = m->meaning.target_cut};
    return try_metric(m, metric, (int)index, p);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names are keys in the database: no two values may have one. */
static status check_names(const struct measure *m, struct problem *p)
{
    const size_t n = m->data->split[SPLIT_TRAIN].n > 0 ? m->per_split : 0;
    const char **names = mem_array(n, sizeof *names);
    status result = OK;

    for (size_t i = 0; i < n; i++)
        names[i] = m->value[m->at[SPLIT_TRAIN] + i].name;
    qsort(names, n, sizeof *names, by_text);
    for (size_t i = 1; i < n && result == OK; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            result = problem_set(p, "metrics", 0, "", "two values have the name '%s'", names[i]);
    free(names);
    return result;
}

/* Where all rows of a split are of one class, metrics of classes are not wrong, but say little; from training
 * rows of one target nothing is learnt but that. */
static void warn_alike(const struct measure *m, const struct net *n)
{
    bool asks = false;
    char class[64], text[256];

    for (size_t i = 0; i < m->nmetrics; i++)
        asks |= (m->metric[i].item->target & FELL_CLASSES) != 0;
    for (int s = 0; s < SPLITS && asks && n->env->warn; s++) {
        if (!targets_alike(n->data, (enum split)s, class))
            continue;
        snprintf(text, sizeof text,
                 "all %lld %s rows are of one class only, %s: metrics of classes say little of them",
                 (long long)n->data->split[s].n, split_name((enum split)s), class);
        n->env->warn(n->env->warn_arg, "metrics", text);
    }
    if (asks || !n->env->warn || !targets_alike(n->data, SPLIT_TRAIN, class))
        return;
    snprintf(text, sizeof text, "all %lld training rows have the %s %s",
             (long long)n->data->split[SPLIT_TRAIN].n, n->data->classes ? "class" : "target", class);
    n->env->warn(n->env->warn_arg, "data", text);
}

/* Outputs are scaled back only where they stand for the targets, one for one. */
static status check_units(const struct measure *m, struct problem *p)
{
    if (!m->data->target_mean || m->nmetrics == 0 || m->size == m->data->target_size)
        return OK;
    return problem_set(
        p, "data.scale_target", 0, "",
        "data.scale_target: a row has %lld outputs for %lld targets, so metrics could not be in the "
        "target's units",
        (long long)m->size, (long long)m->data->target_size);
}

status measure_new(const struct net *n, struct measure **out, struct problem *p)
{
    const struct entry *last = &n->entry[n->nentries - 1];
    struct measure *m = mem_alloc(sizeof *m);

    m->arena = arena_new();
    m->data = n->data;
    m->width = last->cols;
    m->cols = targets_cols(&n->spec->loss, last->cols);
    m->size = last->rows * m->cols;
    m->rows_each = last->rows;
    m->classes = n->loss_item->target == FELL_CLASSES;
    for (int s = 0; s < SPLITS; s++) {
        const bool train = s == SPLIT_TRAIN, passes = train && n->spec->train.steps_per_epoch;

        m->keeps[s] = (train && n->spec->train.shuffle) || passes || n->data->split[s].step;
        m->most[s] = train ? net_epoch_rows(n->spec, n->data) : n->data->split[s].n;
    }
    m->no_class = targets_lack_classes(n->data);
    m->metric = mem_array(n->spec->nmetrics, sizeof *m->metric);
    if (n->spec->nmetrics)
        m->meaning = targets_mean(&n->spec->loss, n->data, n->pred_is,
                                  last->activation && last->activation->flags & FELL_ROWWISE, m->cols);
    m->probes = probe_names_new(n, m->arena);
    for (size_t i = 0; i < n->spec->nmetrics; i++) {
        if (add_metric(m, n, i, p) != OK) {
            measure_free(m);
            return FAILED;
        }
    }
    warn_alike(m, n);
    m->value = arena_alloc(m->arena, SPLITS * m->per_split * sizeof *m->value);
    for (int s = 0; s < SPLITS; s++) {
        m->at[s] = m->nvalues;
        for (size_t i = 0; n->data->split[s].n > 0 && i < m->nmetrics; i++)
            for (size_t k = 0; k < m->metric[i].n; k++)
                m->value[m->nvalues++] =
                    (struct metric_value){(enum split)s, value_name(m, &m->metric[i], k), NAN};
    }
    for (size_t i = 0; i < m->nmetrics; i++)
        m->metric[i].call.value = m->out;
    if (check_names(m, p) != OK || check_units(m, p) != OK) {
        measure_free(m);
        return FAILED;
    }
    *out = m;
    return OK;
}

void measure_free(struct measure *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->nmetrics; i++)
        instance_release(&m->metric[i].in);
    free(m->metric);
    free(m->out);
    free(m->pred);
    free(m->target);
    free(m->label);
    free(m->weight);
    free(m->kept_weight);
    for (int s = 0; s < SPLITS; s++)
        free(m->own[s]);
    arena_free(m->arena);
    free(m);
}

/* The targets of splits that are not shuffled, in their own units. */
static bool make_own(struct measure *m)
{
    for (enum split s = SPLIT_TRAIN; s < SPLITS; s++) {
        const struct rows *r = &m->data->split[s];
        size_t floats;

        if (!r->n || m->keeps[s])
            continue;
        if (mem_mul((size_t)r->n, (size_t)m->data->target_size, &floats))
            m->own[s] = mem_try_aligned(floats, sizeof *m->own[s]);
        if (!m->own[s])
            return false;
        data_own_units(m->data, r->target, r->n, m->own[s]);
    }
    return true;
}

status measure_allocate(struct measure *m, struct problem *p)
{
    int64_t most = 0, keeps = 0;
    size_t floats;

    if (m->nmetrics == 0)
        return OK;
    for (int s = 0; s < SPLITS; s++) {
        most = m->most[s] > most ? m->most[s] : most;
        keeps = m->keeps[s] && m->most[s] > keeps ? m->most[s] : keeps;
    }
    if (mem_mul((size_t)most, (size_t)m->size, &floats))
        m->pred = mem_try_aligned(floats, sizeof *m->pred);
    if (m->classes && m->no_class && mem_mul((size_t)most, (size_t)m->data->target_size, &floats))
        m->label = mem_try_aligned(floats, sizeof *m->label);
    if (keeps && mem_mul((size_t)keeps, (size_t)m->data->target_size, &floats)) {
        if (m->classes && !m->label)
            m->label = mem_try_aligned(floats, sizeof *m->label);
        else if (!m->classes)
            m->target = mem_try_aligned(floats, sizeof *m->target);
    }
    if (data_has_weights(m->data)) {
        m->weight = mem_array((size_t)(most * m->rows_each), sizeof *m->weight);
        m->kept_weight = mem_array((size_t)keeps, sizeof *m->kept_weight);
    }
    if (!m->pred || ((keeps || (m->classes && m->no_class)) && !m->label && !m->target) ||
        (m->data->target_mean && !make_own(m)))
        return problem_no_memory(p, "metrics", 0, "", "the outputs of %lld rows", (long long)most);
    return OK;
}

void measure_keep(struct measure *m, enum split split, const struct batch *b, const float *output)
{
    const int64_t target_size = m->data->target_size;

    if (m->nmetrics == 0)
        return;
    targets_take_outputs(output, b->n * m->rows_each, m->width, m->cols, m->pred + b->at * m->size);
    if (m->data->target_mean)
        data_own_units(m->data, m->pred + b->at * m->size, b->n, m->pred + b->at * m->size);
    if (!m->keeps[split])
        return;
    if (b->weight)
        memcpy(m->kept_weight + b->at, b->weight, (size_t)b->n * sizeof *b->weight);
    if (m->classes)
        memcpy(m->label + b->at * target_size, b->label, (size_t)(b->n * target_size) * sizeof *m->label);
    else if (m->data->target_mean)
        data_own_units(m->data, b->target, b->n, m->target + b->at * target_size);
    else
        memcpy(m->target + b->at * target_size, b->target, (size_t)(b->n * target_size) * sizeof *m->target);
}

void measure_kept(struct measure *m, enum split split, int64_t rows, struct measure_kept *out)
{
    *out = (struct measure_kept){.outputs = NULL};
    if (m->nmetrics == 0)
        return;
    out->outputs = m->pred;
    out->noutputs = rows * m->size;
    if (!m->keeps[split])
        return;
    out->targets = m->classes ? (void *)m->label : (void *)m->target;
    out->ntargets = rows * m->data->target_size;
    if (m->data->split[split].weight) {
        out->weights = m->kept_weight;
        out->nweights = rows;
    }
}

/* A weight for each row that metrics see; NULL: all alike. */
static const float *weights_of(struct measure *m, enum split split, int64_t rows)
{
    const float *own = m->data->split[split].weight;

    if (!own)
        return NULL;
    own = m->keeps[split] ? m->kept_weight : own;
    for (int64_t i = 0; i < rows * m->rows_each; i++)
        m->weight[i] = own[i / m->rows_each];
    return m->weight;
}

status measure_split(struct measure *m, enum split split, int64_t rows, struct error *err)
{
    static const char *const phases[SPLITS] = {"train rows", "validation rows", "test rows"};
    const bool kept = m->keeps[split];
    const float *weight = m->nmetrics ? weights_of(m, split, rows) : NULL;
    const int32_t *label = kept ? m->label : m->data->split[split].label;
    int64_t n = rows * m->rows_each;

    if (m->nmetrics && m->no_class) {
        n = targets_drop_unlabelled(label, n, m->cols, m->pred, m->label, weight ? m->weight : NULL);
        label = m->label;
    }
    for (size_t i = 0; i < m->nmetrics; i++) {
        struct metric *metric = &m->metric[i];

        net_at(&metric->in, phases[split]);
        for (size_t k = 0; k < metric->n; k++)
            m->out[k] = NAN;
        metric->call.rows = n;
        metric->call.pred = m->pred;
        metric->call.weight = weight;
        metric->call.target = kept ? m->target : m->own[split] ? m->own[split] : m->data->split[split].target;
        metric->call.label = label;
        if (metric->item->eval(&metric->call) != FELL_OK)
            return instance_error(&metric->in, NULL, err);
        instance_reset(&metric->in);
        for (size_t k = 0; k < metric->n; k++)
            m->value[m->at[split] + metric->first + k].value = m->out[k];
    }
    return OK;
}

void measure_valueless(const struct measure *m, struct strbuf *out)
{
    for (int s = 0; s < SPLITS; s++)
        for (size_t i = 0; m->data->split[s].n > 0 && i < m->nmetrics; i++) {
            const struct metric_value *v = &m->value[m->at[s] + m->metric[i].first];

            if (m->metric[i].n == 1 && isnan(v->value))
                strbuf_addf(out, "%s%s.%s has no value", out->len ? "; " : "", split_name((enum split)s),
                            v->name);
        }
}

void measure_forget(struct measure *m, enum split split)
{
    for (size_t i = 0; i < m->nvalues; i++)
        if (m->value[i].split == split)
            m->value[i].value = NAN;
}

struct probe_names *measure_probe_names(const struct measure *m)
{
    return m->probes;
}

size_t measure_values(const struct measure *m, const struct metric_value **out)
{
    *out = m->value;
    return m->nvalues;
}

/* ---- values by name ------------------------------------------------------------- */

/* Whether a metric's name follows, perhaps with a class behind it: which value. */
static int find_metric(const struct measure *m, enum split split, const char *name)
{
    for (size_t i = 0; i < m->nvalues; i++)
        if (m->value[i].split == split && strcmp(m->value[i].name, name) == 0)
            return (int)i;
    return -1;
}

static bool metric_maximises(const struct measure *m, int value)
{
    const size_t index = (size_t)value - m->at[m->value[value].split];

    for (size_t i = 0; i < m->nmetrics; i++)
        if (index >= m->metric[i].first && index < m->metric[i].first + m->metric[i].n)
            return m->metric[i].item->higher_is_better != 0;
    return false;
}

/* "; did you mean ...?" or the list of what there is. */
static void suggest(const struct measure *m, const char *name, struct strbuf *out)
{
    const size_t most = SPLITS + m->nvalues + m->probes->n;
    char **names = mem_array(most, sizeof *names);
    const char *near;
    size_t n = 0;

    for (int s = 0; s < SPLITS; s++)
        if (m->data->split[s].n > 0)
            names[n++] = mem_format("%s.loss", split_name((enum split)s));
    for (size_t i = 0; i < m->nvalues; i++)
        names[n++] = mem_format("%s.%s", split_name(m->value[i].split), m->value[i].name);
    for (size_t i = 0; i < m->probes->n; i++)
        names[n++] = mem_string(m->probes->name[i]);
    near = text_nearest(name, (const char *const *)names, n);
    if (near)
        strbuf_addf(out, "; did you mean '%s'?", near);
    else
        for (size_t i = 0; i < n; i++)
            strbuf_addf(out, "%s%s", i ? ", " : "; recorded are: ", names[i]);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

status measure_find(const struct measure *m, const char *name, struct watched *out, struct error *err)
{
    struct strbuf hint = {0};

    *out = (struct watched){.probe = probe_names_find(m->probes, name), .metric = -1};
    if (out->probe)
        return OK;
    for (int s = 0; s < SPLITS; s++) {
        const char *split = split_name((enum split)s);
        const size_t len = strlen(split);

        if (strncmp(name, split, len) != 0 || name[len] != '.')
            continue;
        if (m->data->split[s].n == 0)
            return error_set(err, "'%s' is not recorded: " SPLIT_MISSING, name, split);
        *out = (struct watched){.split = (enum split)s, .metric = -1};
        if (strcmp(name + len + 1, "loss") == 0)
            return OK;
        out->metric = find_metric(m, (enum split)s, name + len + 1);
        if (out->metric >= 0) {
            out->maximise = metric_maximises(m, out->metric);
            return OK;
        }
    }
    suggest(m, name, &hint);
    error_set(err, "'%s' is not recorded%s", name, hint.text);
    strbuf_release(&hint);
    return FAILED;
}

status measure_find_objective(const struct measure *m, const char *name, bool maximize, struct watched *out,
                              struct problem *p)
{
    struct watched found;
    struct error err;

    if (!name)
        return OK;
    if (measure_find(m, name, &found, &err) != OK)
        return problem_set(p, "sweep.objective", 0, "", "objective.%s: %s",
                           maximize ? "maximize" : "minimize", err.text);
    found.maximise = maximize;
    if (out)
        *out = found;
    return OK;
}

status measure_find_stop(const struct measure *m, const struct spec *spec, struct watched *out,
                         struct problem *p)
{
    const char *name = spec->train.early_stopping.on            ? spec->train.early_stopping.monitor
                       : m->data->split[SPLIT_VALIDATION].n > 0 ? "validation.loss"
                                                                : "train.loss";
    struct error err;

    if (measure_find(m, name, out, &err) == OK)
        return OK;
    return problem_set(p, "train.early_stopping", 0, "monitor", "monitor: %s", err.text);
}

double measure_value(const struct measure *m, const struct watched *w, const double loss[SPLITS])
{
    if (w->probe)
        return *w->probe;
    return w->metric < 0 ? loss[w->split] : m->value[w->metric].value;
}
