/* spec_check.c - what can be checked only when all parts of a spec are known, and needs no
 * data: keys of the data section together, names of recorded values, metrics and the last entry against the
 * loss.
 *
 * Class counts and shapes are the engine's.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/split.h"
#include "base/text.h"
#include "host/settings.h"
#include "spec/spec_read.h"

/* ---- recorded values: SPLIT.NAME ------------------------------------------------- */

/* The split of that name; SPLITS: none. */
static enum split find_split(const char *name, size_t len)
{
    enum split s = SPLIT_TRAIN;

    while (s < SPLITS && (strlen(split_name(s)) != len || strncmp(split_name(s), name, len)))
        s++;
    return s;
}

/* NAME as it is recorded: "loss", a metric, or one of a metric's several values, "f1.setosa". */
static bool is_recorded(const struct spec *s, const char *name)
{
    size_t len = strcspn(name, ".");

    if (!strcmp(name, "loss"))
        return true;
    for (size_t i = 0; i < s->nmetrics; i++) {
        const struct item *item = s->metrics[i].item;

        if (!item)
            return true; /* an unknown metric may be the one: one error is enough */
        if (strlen(item->name) == len && !strncmp(item->name, name, len) &&
            (!name[len] || item->metric->values != FELL_ONE))
            return true;
    }
    return false;
}

/* The metric that NAME is, or is a value of, "f1" or "f1_per_class.setosa"; NULL: none. */
static const fell_metric *metric_of(const struct spec *s, const char *name)
{
    const size_t len = strcspn(name, ".");

    for (size_t i = 0; i < s->nmetrics; i++) {
        const struct item *item = s->metrics[i].item;

        if (item && strlen(item->name) == len && !strncmp(item->name, name, len))
            return item->metric;
    }
    return NULL;
}

static void refuse_name(struct spec_reader *r, const struct place *at, const char *who, const char *value,
                        const char *name)
{
    const struct spec *s = r->spec;
    const char **names = mem_array(s->nmetrics + 1, sizeof *names), *near;

    names[0] = "loss";
    for (size_t i = 0; i < s->nmetrics; i++)
        names[i + 1] = s->metrics[i].item->name;
    near = text_nearest(name, names, s->nmetrics + 1);
    r->result |= diag_error(
        r->diag, at, "%s: '%s' is not recorded: '%s' is neither loss nor a metric of this spec%s%s%s", who,
        value, name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    free(names);
}

/* LAYER: an entry, or a tensor of one, "hidden.weight"; the engine knows which tensors there are. */
static bool has_layer(const struct spec *s, const char *layer)
{
    for (size_t i = 0; i < s->nmodel; i++) {
        const char *name = s->model[i].name;
        const size_t len = name ? strlen(name) : 0;

        if (len && !strncmp(layer, name, len) && (!layer[len] || layer[len] == '.'))
            return true;
    }
    return false;
}

/* "sharpness.eigenvalue", "activations.dead_units.relu1": probe, number, layer. */
static void check_probe_value(struct spec_reader *r, const char *value, const char *who,
                              const struct place *at)
{
    const struct spec *s = r->spec;
    const char *probe = value + strlen("probe."), *number = strchr(probe, '.'), *layer;
    const fell_probe *item = NULL;
    const fell_number *f = NULL;
    size_t len;

    for (size_t i = 0; number && i < s->nprobes; i++)
        if (!s->probes[i].plugin.item)
            return; /* an unknown probe may be the one */
        else if (strlen(s->probes[i].name) == (size_t)(number - probe) &&
                 !strncmp(s->probes[i].name, probe, (size_t)(number - probe)))
            item = s->probes[i].plugin.item->probe;
    if (!item) {
        r->result |= diag_error(r->diag, at, "%s: '%s' is not recorded: no probe of this spec has that name",
                                who, value);
        return;
    }
    layer = strchr(++number, '.');
    len = layer ? (size_t)(layer - number) : strlen(number);
    for (size_t i = 0; i < item->nnumbers; i++)
        if (strlen(item->numbers[i].name) == len && !strncmp(item->numbers[i].name, number, len))
            f = &item->numbers[i];
    if (!f)
        r->result |= diag_error(r->diag, at, "%s: '%s' is not recorded: '%s' has no number '%.*s'", who,
                                value, item->item.name, (int)len, number);
    else if (f->several || f->per == FELL_PER_UNIT || f->per == FELL_PER_ROW)
        r->result |= diag_error(r->diag, at, "%s: '%s' is many numbers, not one", who, value);
    else if ((f->per == FELL_PER_NET) != !layer)
        r->result |= diag_error(r->diag, at, "%s: '%s' is of %s", who, value,
                                layer ? "the whole net: leave the layer out"
                                      : "each layer or tensor: say which, as in probe.NAME.NUMBER.LAYER");
    else if (layer && !has_layer(s, layer + 1))
        r->result |= diag_error(r->diag, at, "%s: '%s' is not recorded: the model has no entry '%s'", who,
                                value, layer + 1);
}

/* "; did you mean 'validation.loss'?" for VALUE as other programs write it: val_loss, valid/acc, loss. */
static char *suggest_recorded(const struct spec *s, const char *value)
{
    static const struct {
        const char *word;
        enum split split;
    } heads[] = {{"validation", SPLIT_VALIDATION},
                 {"valid", SPLIT_VALIDATION},
                 {"val", SPLIT_VALIDATION},
                 {"dev", SPLIT_VALIDATION},
                 {"training", SPLIT_TRAIN},
                 {"train", SPLIT_TRAIN},
                 {"test", SPLIT_TEST},
                 {"eval", SPLIT_VALIDATION}};
    enum split split = spec_has_split(s, SPLIT_VALIDATION) ? SPLIT_VALIDATION : SPLIT_TRAIN;
    const char **names = mem_array(s->nmetrics + 1, sizeof *names), *rest = value, *name;
    size_t n = 0;
    char *text;

    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        const size_t len = strlen(heads[i].word);

        if (!strncasecmp(value, heads[i].word, len) && value[len] && strchr("._-/ :", value[len])) {
            split = heads[i].split;
            rest = value + len + 1;
            break;
        }
    }
    names[n++] = "loss";
    for (size_t i = 0; i < s->nmetrics; i++)
        if (s->metrics[i].item)
            names[n++] = s->metrics[i].item->name;
    name = text_nearest(rest, names, n);
    text = name && spec_has_split(s, split) ? mem_format("; did you mean '%s.%s'?", split_name(split), name)
                                            : mem_string("");
    free(names);
    return text;
}

void spec_check_recorded(struct spec_reader *r, const char *value, const char *who, const struct place *at)
{
    const char *dot = strchr(value, '.');
    const enum split split = find_split(value, dot ? (size_t)(dot - value) : strlen(value));

    if (!strncmp(value, "probe.", 6)) {
        check_probe_value(r, value, who, at);
        return;
    }
    if (!dot || split == SPLITS) {
        char *meant = suggest_recorded(r->spec, value);

        r->result |= diag_error(r->diag, at,
                                "%s: '%s' is not of the form SPLIT.NAME, with train, validation or test "
                                "before the dot%s",
                                who, value, meant);
        free(meant);
    } else if (!spec_has_split(r->spec, split))
        r->result |= diag_error(r->diag, at, "%s: '%s' is not recorded: " SPLIT_MISSING, who, value,
                                split_name(split));
    else if (!is_recorded(r->spec, dot + 1))
        refuse_name(r, at, who, value, dot + 1);
    else if (metric_of(r->spec, dot + 1) && !strchr(dot + 1, '.') &&
             metric_of(r->spec, dot + 1)->values != FELL_ONE)
        r->result |= diag_error(
            r->diag, at, "%s: '%s' is many numbers, not one: say which, as in %s.%s", who, value, value,
            metric_of(r->spec, dot + 1)->values == FELL_PER_CLASS ? "CLASS" : "TRUE.PREDICTED");
}

void spec_warn_direction(const struct spec *s, const char *value, bool maximize, const char *who,
                         const struct place *at, struct diag *d)
{
    const char *dot = strchr(value, '.');
    const fell_metric *metric = dot ? metric_of(s, dot + 1) : NULL;
    const bool higher = metric && metric->higher_is_better;

    if (!dot || find_split(value, (size_t)(dot - value)) == SPLITS || higher == maximize ||
        (metric ? metric->values == FELL_PER_PAIR : strcmp(dot + 1, "loss") != 0))
        return;
    diag_warn(d, at, "%s: '%s' is better when it is %s", who, value, higher ? "higher" : "lower");
}

/* Whether a schedule with a setting `mode`, min or max, waits for more; AIMS: it has one. */
static bool is_maximizing(const struct choice *c, bool *aims)
{
    *aims = false;
    for (size_t i = 0; i < c->item->nparams; i++) {
        const fell_param *p = &c->item->params[i];

        if (p->type == FELL_P_ENUM && !strcmp(p->name, "mode") && !strcmp(p->choices, "min|max")) {
            *aims = true;
            return *(const int32_t *)((const char *)c->settings + p->offset) == 1;
        }
    }
    return false;
}

const char *spec_monitor(const struct choice *c, const char **setting)
{
    for (size_t i = 0; c->settings && i < c->item->nparams; i++) {
        const fell_param *p = &c->item->params[i];

        if (p->flags & FELL_MONITOR) {
            *setting = p->name;
            return *(const char *const *)((const char *)c->settings + p->offset);
        }
    }
    return NULL;
}

/* Epochs from one value to the next. */
static int64_t epochs_between(const struct spec *s, const char *value)
{
    const struct spec_evaluate *e = &s->record.evaluate;
    const char *probe = value + strlen("probe.");

    if (!strncmp(value, "validation.", 11) || !strncmp(value, "test.", 5))
        return e->on ? e->every : 1;
    for (size_t i = 0; !strncmp(value, "probe.", 6) && i < s->nprobes; i++) {
        const char *name = s->probes[i].name;

        if (name && !strncmp(probe, name, strlen(name)) && probe[strlen(name)] == '.')
            return s->probes[i].every;
    }
    return 1;
}

/* Who counts every epoch, of which some have no value. */
static void warn_rare(struct spec_reader *r, const char *value, const char *who, const struct place *at)
{
    const int64_t every = epochs_between(r->spec, value);

    if (every > 1)
        diag_warn(r->diag, at,
                  "%s: '%s' has a value in every %lld%s epoch only; the others count as not better", who,
                  value, (long long)every,
                  every == 2   ? "nd"
                  : every == 3 ? "rd"
                               : "th");
}

static void check_monitors(struct spec_reader *r, const struct node *root)
{
    const struct spec *s = r->spec;
    const struct spec_early_stopping *stop = &s->train.early_stopping;
    char who[96];

    if (stop->on && stop->monitor) {
        const struct place *at =
            settings_place(tree_at(root, "train.early_stopping"), "monitor", &root->place);

        spec_check_recorded(r, stop->monitor, "train.early_stopping.monitor", at);
        if (!strncmp(stop->monitor, "probe.", 6)) /* held-out rows are waited for */
            warn_rare(r, stop->monitor, "train.early_stopping.monitor", at);
    }
    for (size_t i = 0; i < s->nschedules; i++) {
        const struct choice *c = &s->schedules[i];
        const char *setting, *value = spec_monitor(c, &setting);
        const struct place *at;
        bool aims, maximize;

        if (!value)
            continue;
        at = settings_place(c->map, setting, &c->at);
        maximize = is_maximizing(c, &aims);
        snprintf(who, sizeof who, "%s.%s", c->item->name, setting);
        spec_check_recorded(r, value, who, at);
        if (aims)
            spec_warn_direction(s, value, maximize, maximize ? "mode: max" : "mode: min", at, r->diag);
        warn_rare(r, value, who, at);
    }
}

/* ---- against the loss --------------------------------------------------------------- */

static void check_metrics(struct spec_reader *r)
{
    const struct spec *s = r->spec;
    const struct item *loss = s->loss.item;

    for (size_t i = 0; i < s->nmetrics; i++) {
        const struct choice *metric = &s->metrics[i];

        if (!metric->item)
            continue;
        for (size_t j = 0; j < i; j++)
            if (s->metrics[j].item == metric->item) {
                r->result |= diag_error(r->diag, &metric->at, "duplicate metric '%s'", metric->item->name);
                break;
            }
        if (loss && !(metric->item->metric->target & loss->loss->target))
            r->result |= diag_error(r->diag, &metric->at,
                                    "'%s' is a metric of %s, but the loss '%s' learns %s", metric->item->name,
                                    metric->item->metric->target & FELL_CLASSES ? "classes" : "values",
                                    loss->name, loss->loss->target & FELL_CLASSES ? "classes" : "values");
    }
}

bool spec_output_misfits(const struct spec *s, char text[320])
{
    static const char *const words[] = {
        [FELL_PROB] = "probabilities", [FELL_LOGIT] = "logits", [FELL_LOGPROB] = "log-probabilities"};
    const struct item *loss = s->loss.item, *last = s->nmodel ? s->model[s->nmodel - 1].plugin.item : NULL;
    uint32_t yields, expects;

    if (!loss || !last)
        return false;
    expects = loss->loss->expects;
    if (last->kind == FELL_KIND_LAYER && last->layer->ntensors > 0 &&
        (expects == FELL_PROB || expects == FELL_LOGPROB)) {
        snprintf(text, 320, "the loss '%.63s' takes %s, but '%.63s' yields numbers of any size; end with %s",
                 loss->name, words[expects], last->name, expects == FELL_PROB ? "sigmoid" : "log_softmax");
        return true;
    }
    if (last->kind != FELL_KIND_ACTIVATION)
        return false;
    yields = last->activation->yields;
    if (yields == FELL_REAL || expects == FELL_REAL || yields == expects || yields > FELL_LOGPROB ||
        expects > FELL_LOGPROB)
        return false;
    snprintf(text, 320, "the loss '%.63s' takes %s, but '%.63s' yields %s%s", loss->name, words[expects],
             last->name, words[yields],
             expects == FELL_LOGIT ? "; the loss applies its own, so the net learns less: leave this one out"
                                   : "");
    return true;
}

/* ---- keys of `data` that ask for each other ------------------------------------------- */

static void refuse_key(struct spec_reader *r, const struct node *root, const char *key, const char *why)
{
    const struct node *data = tree_get(root, "data");

    r->result |= diag_error(r->diag, settings_place(data, key, &r->spec->data.at), "data.%s: %s", key, why);
}

static void check_folds(struct spec_reader *r, const struct node *root)
{
    const struct spec_data *d = &r->spec->data;
    char why[160];

    if (d->folds && (d->validation.item || d->validation_share > 0))
        refuse_key(r, root, "folds", "the validation rows are a fold of these; leave data.validation out");
    if (d->folds && d->fold >= d->folds) {
        snprintf(why, sizeof why, "%lld is none of the %lld folds, which are 0 to %lld", (long long)d->fold,
                 (long long)d->folds, (long long)d->folds - 1);
        refuse_key(r, root, "fold", why);
    }
    if (!d->folds && spec_get(tree_get(root, "data"), "fold"))
        refuse_key(r, root, "fold", "of how many? Write data.folds as well");
}

static void check_data_keys(struct spec_reader *r, const struct node *root)
{
    const struct spec *s = r->spec;
    const struct spec_data *d = &s->data;
    const bool inputs = d->target == SPEC_TARGET_INPUT, splits = d->validation_share > 0 || d->folds;

    check_folds(r, root);
    if (d->rows > 1 && d->rows != floor(d->rows))
        refuse_key(r, root, "rows", "a share up to 1, or a whole number of rows, is wanted here");
    if (d->stratify && !splits && d->rows == 1) /* a trial of a sweep over data.rows may be so */
        diag_warn(
            r->diag, settings_place(tree_get(root, "data"), "stratify", &d->at),
            "data.stratify does nothing: no rows are held out, by data.folds or a share as data.validation, "
            "or left out, by data.rows");
    if (inputs && d->stratify)
        refuse_key(r, root, "stratify", "there are no classes where the target is the input");
    if (inputs && d->label_noise > 0)
        refuse_key(r, root, "label_noise", "there are no classes where the target is the input");
    if (d->scale_target != SPEC_SCALE_NONE && inputs)
        refuse_key(r, root, "scale_target", "the inputs are learnt as the transforms leave them");
    else if (d->scale_target != SPEC_SCALE_NONE && s->loss.item &&
             (s->loss.item->loss->target != FELL_VALUES || s->loss.item->loss->expects != FELL_REAL))
        refuse_key(r, root, "scale_target", "only a loss of numbers, as mse, takes scaled targets");
    if (inputs && s->loss.item && s->loss.item->loss->target != FELL_VALUES)
        refuse_key(r, root, "target", "inputs are values, and the loss takes classes: mse is one for values");
}

/* ---- keys that do nothing, or less than they seem to -------------------------------------- */

static void warn_idle_keys(struct spec_reader *r, const struct node *root)
{
    const struct spec *s = r->spec;

    if (s->record.evaluate.on && !spec_has_split(s, SPLIT_VALIDATION) && !spec_has_split(s, SPLIT_TEST))
        diag_warn(r->diag, settings_place(tree_get(root, "record"), "evaluate", &root->place),
                  "record.evaluate does nothing: no rows are held out, by data.validation, data.folds or "
                  "data.test");
    if (s->checkpoint.on && s->checkpoint.keep_best && s->checkpoint.every > 1)
        diag_warn(r->diag, settings_place(tree_get(root, "checkpoint"), "every", &root->place),
                  "checkpoint.every: the best of every %lld epochs is kept; a better one between them is not",
                  (long long)s->checkpoint.every);
}

void spec_check(struct spec_reader *r, const struct node *root)
{
    const struct spec *s = r->spec;
    char text[320];

    check_data_keys(r, root);
    check_monitors(r, root);
    check_metrics(r);
    warn_idle_keys(r, root);
    if (!r->result && spec_output_misfits(s, text))
        diag_warn(r->diag, &s->model[s->nmodel - 1].plugin.at, "%s", text);
}
