/* spec_keys.c - the tables of spec_keys.h, in the order in which a resolved spec is written.
 * No code but the look-up.
 */
#include "spec/spec_keys.h"

#include <math.h>
#include <string.h>

#include "host/settings.h"

#define COUNT(table)   (sizeof(table) / sizeof *(table))
#define IN_SPEC(field) offsetof(struct spec, field)

/* A whole number whose key is not its field's name, or whose field is not an int64_t. */
#define WHOLE(key, field, def, min, flags, doc)                                                              \
    {                                                                                                        \
        key, doc, FELL_P_INT, flags, IN_SPEC(field), def, min, INFINITY, NULL, NULL                          \
    }

/* ---- data ----------------------------------------------------------------------- */

static const struct spec_key data_keys[] = {
    {.name = "source",
     .form = KEY_CHOICE,
     .required = true,
     .role = ROLE_DATASET,
     .offset = IN_SPEC(data.source),
     .doc = "The dataset that is learnt."},
    {.name = "test",
     .form = KEY_CHOICE,
     .role = ROLE_DATASET,
     .offset = IN_SPEC(data.test),
     .doc = "A dataset that is only evaluated, after every epoch."},
    {.name = "validation",
     .form = KEY_FORM,
     .role = ROLE_DATASET,
     .offset = IN_SPEC(data.validation),
     .doc = "A share of the source's rows in (0, 1), or a dataset."},
    {.name = "transforms",
     .form = KEY_CHOICES,
     .role = ROLE_TRANSFORM,
     .offset = IN_SPEC(data.transforms),
     .count = IN_SPEC(data.ntransforms),
     .doc = "What is done to the rows; fitted on the training rows."},
};
static const fell_param data_params[] = {
    FELL_STRING(
        struct spec_data, about, NULL, 0,
        "Where the rows come from, for readers: 'fell explain' tells it; no part of what is trained."),
    FELL_FLOAT(
        struct spec_data, rows, 1, 0, INFINITY, FELL_MIN_OPEN | SPEC_IF_SET,
        "Training rows in use: a share up to 1, or from 2 on how many; a larger number keeps those of a "
        "smaller one. What is held out stays the same."),
    {"stratify",
     "Whether each class has its share of rows on both sides of a split, in every fold and in `rows`.",
     FELL_P_BOOL, SPEC_IF_SET, offsetof(struct spec_data, stratify), 0, 0, 1, NULL, NULL},
    {"folds",
     "Parts of the source, of which one is for validation: cross-validation is a sweep over data.fold.",
     FELL_P_INT, SPEC_IF_SET, offsetof(struct spec_data, folds), 0, 2, INFINITY, NULL, NULL},
    FELL_INT(struct spec_data, fold, 0, 0, INFINITY, SPEC_IF_SET,
             "Which of the `folds`, from 0, is for validation."),
    FELL_FLOAT(struct spec_data, label_noise, 0, 0, 1, SPEC_IF_SET,
               "The share of the training rows that gets another class, drawn by the seed."),
    {"target", "What is learnt: the dataset's own targets, or the inputs (an autoencoder).", FELL_P_ENUM,
     SPEC_IF_SET, offsetof(struct spec_data, target), 0, 0, 0, "dataset", "dataset|input"},
    {"scale_target",
     "Targets of mean 0 and deviation 1 for training, by the training rows; metrics are in the target's own "
     "units.",
     FELL_P_ENUM, SPEC_IF_SET, offsetof(struct spec_data, scale_target), 0, 0, 0, "none", "none|standardize"},
};
static const struct spec_section data_section = {.name = "data",
                                                 .nparams = COUNT(data_params),
                                                 .params = data_params,
                                                 .base = IN_SPEC(data),
                                                 .nkeys = COUNT(data_keys),
                                                 .keys = data_keys};

/* ---- train ------------------------------------------------------------------------ */

static const fell_param weights_params[] = {
    FELL_INT(struct spec_weights_of, run, 0, 1, INFINITY, FELL_REQUIRED,
             "The run's number, in the results database that is written to."),
    FELL_STRING(struct spec_weights_of, epoch, "last", 0,
                "After which epoch: a number (0: before the first step), best or last."),
};
const struct spec_section spec_section_weights = {.name = "train.initial_weights",
                                                  .nparams = COUNT(weights_params),
                                                  .params = weights_params,
                                                  .base = IN_SPEC(train.weights_of)};

static const fell_param early_stopping_params[] = {
    FELL_STRING(struct spec_early_stopping, monitor, NULL, FELL_REQUIRED | FELL_MONITOR,
                "The value to watch, SPLIT.NAME."),
    FELL_INT(struct spec_early_stopping, patience, 5, 1, INFINITY, 0,
             "Epochs without a better value after which the run stops."),
    FELL_FLOAT(struct spec_early_stopping, min_delta, 0, 0, INFINITY, 0,
               "How much better a value must be to count."),
};
static const struct spec_section early_stopping_section = {.name = "train.early_stopping",
                                                           .nparams = COUNT(early_stopping_params),
                                                           .params = early_stopping_params,
                                                           .base = IN_SPEC(train.early_stopping),
                                                           .on = IN_SPEC(train.early_stopping.on)};

static const fell_param train_params[] = {
    FELL_INT(struct spec_train, epochs, 0, 1, INFINITY, FELL_REQUIRED, "Times that all rows are seen."),
    FELL_INT(struct spec_train, batch_size, 32, 0, INFINITY, 0, "Rows of one step; 0: all rows."),
    {"steps_per_epoch",
     "Steps of an epoch, whose rows go on from where the epoch before left them; by default as many as show "
     "all rows once.",
     FELL_P_INT, SPEC_IF_SET, offsetof(struct spec_train, steps_per_epoch), 0, 1, INFINITY, NULL, NULL},
    FELL_BOOL(struct spec_train, shuffle, true, "Rows in a new order every time that they are seen."),
    FELL_STRING(struct spec_train, initial_weights, NULL, FELL_PATH | SETTINGS_OR_MAP,
                "A safetensors file with the first weights; or a map, the state of a recorded run."),
    FELL_INT(struct spec_train, micro_batch, 0, 0, INFINITY, SPEC_IF_SET,
             "Rows that go through the net at a time: a larger batch of a step goes in parts; 0: the whole "
             "batch."),
    FELL_STRING(
        struct spec_train, masks, NULL, FELL_PATH | SPEC_IF_SET,
        "A safetensors file of 0 and 1, named as the weights: where it has 0 the weight is 0 and stays it."),
    FELL_FLOAT(struct spec_train, clip_norm, 0, 0, INFINITY, FELL_MIN_OPEN,
               "The largest L2 norm of the whole gradient."),
    FELL_INT(struct spec_train, threads, 1, 1, INFINITY, 0, "Threads inside one run."),
};
static const struct spec_key train_keys[] = {
    {.name = "early_stopping",
     .form = KEY_SECTION,
     .section = &early_stopping_section,
     .doc = "When to stop before the last epoch."},
};
static const struct spec_section train_section = {.name = "train",
                                                  .nparams = COUNT(train_params),
                                                  .params = train_params,
                                                  .base = IN_SPEC(train),
                                                  .nkeys = COUNT(train_keys),
                                                  .keys = train_keys};

/* ---- record, checkpoint --------------------------------------------------------------- */

static const fell_param gradients_params[] = {
    WHOLE("step", record.every, 0, 1, FELL_REQUIRED, "Each K-th step is recorded too."),
};
static const struct spec_section gradients_section = {
    .name = "record.gradients", .nparams = COUNT(gradients_params), .params = gradients_params};

static const fell_param evaluate_params[] = {
    FELL_INT(struct spec_evaluate, every, 1, 1, INFINITY, 0,
             "Epochs from one evaluation to the next; the last epoch always has one."),
};
static const struct spec_section evaluate_section = {.name = "record.evaluate",
                                                     .nparams = COUNT(evaluate_params),
                                                     .params = evaluate_params,
                                                     .base = IN_SPEC(record.evaluate),
                                                     .on = IN_SPEC(record.evaluate.on)};

static const struct spec_key record_keys[] = {
    {.name = "gradients",
     .form = KEY_FORM,
     .section = &gradients_section,
     .doc = "Gradient norms: epoch (the default), none, or {step: K}."},
    {.name = "evaluate",
     .form = KEY_SECTION,
     .section = &evaluate_section,
     .doc = "When the validation and test rows are evaluated: after every epoch by default."},
};
static const struct spec_section record_section = {
    .name = "record", .nkeys = COUNT(record_keys), .keys = record_keys};

static const fell_param checkpoint_params[] = {
    FELL_INT(struct spec_checkpoint, every, 1, 1, INFINITY, 0, "Epochs from one checkpoint to the next."),
};
static const struct spec_key checkpoint_keys[] = {
    {.name = "keep",
     .form = KEY_FORM,
     .doc = "Which are kept: last, best (both by default), all, and epochs by their number, 0 before the "
            "first step."},
};
static const struct spec_section checkpoint_section = {.name = "checkpoint",
                                                       .nparams = COUNT(checkpoint_params),
                                                       .params = checkpoint_params,
                                                       .base = IN_SPEC(checkpoint),
                                                       .on = IN_SPEC(checkpoint.on),
                                                       .nkeys = COUNT(checkpoint_keys),
                                                       .keys = checkpoint_keys};

/* ---- limits ------------------------------------------------------------------------------ */

static const fell_param limits_params[] = {
    FELL_FLOAT(struct spec_limits, seconds, 0, 0, INFINITY, 0,
               "Seconds by the clock after which a run is ended; 0: any."),
    FELL_FLOAT(struct spec_limits, cpu_seconds, 0, 0, INFINITY, 0,
               "Seconds of processor time after which a run is ended; 0: any."),
    FELL_INT(struct spec_limits, memory_mb, 0, 0, INFINITY, 0,
             "Memory of a run in MiB, above which it is ended; 0: any."),
};
static const struct spec_section limits_section = {
    .name = "limits", .nparams = COUNT(limits_params), .params = limits_params, .base = IN_SPEC(limits)};

/* ---- the spec itself ------------------------------------------------------------------- */

static const fell_param top_params[] = {
    FELL_STRING(struct spec, name, NULL, 0, "The experiment's name; the file's stem by default."),
    WHOLE("seed", seed, -1, 0, 0, "The root of every random stream; drawn and recorded if absent."),
    FELL_INT(struct spec, repeats, 1, 1, INFINITY, 0, "Runs of each trial, with seeds seed, seed+1, ..."),
    FELL_INT(struct spec, retries, 0, 0, INFINITY, 0, "How often a failed run is tried again."),
};
static const struct spec_key top_keys[] = {
    {.name = "extends", .form = KEY_CALLER, .doc = "A file that this one is merged over."},
    {.name = "vars",
     .form = KEY_CALLER,
     .doc = "Values with a name: $name stands for one, anywhere in the spec; vars.NAME can be swept."},
    {.name = "data",
     .form = KEY_SECTION,
     .required = true,
     .section = &data_section,
     .doc = "What is learnt from."},
    {.name = "model", .form = KEY_FORM, .required = true, .doc = "A list of layers and activations."},
    {.name = "loss",
     .form = KEY_CHOICE,
     .required = true,
     .role = ROLE_LOSS,
     .offset = IN_SPEC(loss),
     .doc = "What is minimised."},
    {.name = "optimizer",
     .form = KEY_CHOICE,
     .required = true,
     .role = ROLE_OPTIMIZER,
     .offset = IN_SPEC(optimizer),
     .doc = "How the weights follow the gradient."},
    {.name = "schedule",
     .form = KEY_CHOICES,
     .role = ROLE_SCHEDULE,
     .offset = IN_SPEC(schedules),
     .count = IN_SPEC(nschedules),
     .doc = "The learning rate over time; in a list each reshapes the one before."},
    {.name = "metrics",
     .form = KEY_CHOICES,
     .role = ROLE_METRIC,
     .offset = IN_SPEC(metrics),
     .count = IN_SPEC(nmetrics),
     .doc = "What is measured on every split after every epoch."},
    {.name = "probes",
     .form = KEY_FORM,
     .role = ROLE_PROBE,
     .section = &spec_section_probe,
     .doc = "Numbers about the net that are recorded while it learns."},
    {.name = "train",
     .form = KEY_SECTION,
     .required = true,
     .section = &train_section,
     .doc = "How long, and in which steps."},
    {.name = "record", .form = KEY_SECTION, .section = &record_section, .doc = "What is recorded."},
    {.name = "checkpoint",
     .form = KEY_SECTION,
     .section = &checkpoint_section,
     .doc = "Which states are saved; none by default."},
    {.name = "limits", .form = KEY_SECTION, .section = &limits_section, .doc = "Time and memory of one run."},
    {.name = "on_failure",
     .form = KEY_FORM,
     .doc = "What a failed run means to the others: continue (the default), stop, or how many may fail."},
    {.name = "sweep", .form = KEY_CALLER, .doc = "Settings that vary from trial to trial."},
};
const struct spec_section spec_section_top = {.name = "",
                                              .nparams = COUNT(top_params),
                                              .params = top_params,
                                              .nkeys = COUNT(top_keys),
                                              .keys = top_keys};

/* ---- model entries ------------------------------------------------------------------------ */

static const fell_param entry_params[] = {
    FELL_STRING(struct spec_entry, name, NULL, 0, "How from: and results call the entry."),
    FELL_FLOAT(struct spec_entry, lr_factor, 1, 0, INFINITY, SPEC_OF_TENSORS,
               "Times the learning rate, for these parameters."),
    {"trainable", "Whether the parameters are trained.", FELL_P_BOOL, SPEC_OF_TENSORS,
     offsetof(struct spec_entry, trainable), 1, 0, 1, NULL, NULL},
    FELL_STRING(struct spec_entry, share, NULL, SPEC_OF_TENSORS | SPEC_IF_SET,
                "An earlier entry whose tensors of the same name this one uses, in the place of its own."),
};
static const struct spec_key entry_keys[] = {
    {.name = "from", .form = KEY_FORM, .doc = "Earlier entries, or input, that it takes its input from."},
    {.name = "activation",
     .form = KEY_FORM,
     .role = ROLE_ACTIVATION,
     .doc = "An activation after the entry."},
    {.name = "init",
     .form = KEY_FORM,
     .role = ROLE_INITIALISER,
     .of_tensors = true,
     .doc = "The initialiser of the weights, or of each tensor by name."},
};
const struct spec_section spec_section_entry = {.name = "",
                                                .nparams = COUNT(entry_params),
                                                .params = entry_params,
                                                .nkeys = COUNT(entry_keys),
                                                .keys = entry_keys};

/* ---- repeat --------------------------------------------------------------------------------- */

static const fell_param repeat_params[] = {
    FELL_INT(struct spec_repeat, times, 0, 0, INFINITY, FELL_REQUIRED, "How often the entries stand there."),
};
static const struct spec_key repeat_keys[] = {
    {.name = "model", .form = KEY_FORM, .required = true, .doc = "The entries."},
};
const struct spec_section spec_section_repeat = {.name = "repeat",
                                                 .nparams = COUNT(repeat_params),
                                                 .params = repeat_params,
                                                 .nkeys = COUNT(repeat_keys),
                                                 .keys = repeat_keys};

/* ---- probes ---------------------------------------------------------------------------------- */

static const fell_param probe_params[] = {
    FELL_STRING(struct spec_probe, name, NULL, 0,
                "How results call the probe; the plugin's name by default."),
    FELL_INT(struct spec_probe, every, 1, 1, INFINITY, 0,
             "Epochs from one look to the next; the first is before training, the last after it."),
    FELL_INT(struct spec_probe, rows, 1000, 0, INFINITY, 0,
             "Rows that it looks at, the same in every epoch and repeat; 0: all."),
    FELL_ENUM(struct spec_probe, split, "train", "train|validation|test", "Whose rows these are."),
};
const struct spec_section spec_section_probe = {
    .name = "probes", .nparams = COUNT(probe_params), .params = probe_params};

/* ---- look-up ---------------------------------------------------------------------------------- */

const struct spec_key *spec_key_find(const struct spec_section *section, const char *name)
{
    for (size_t i = 0; i < section->nkeys; i++)
        if (!strcmp(section->keys[i].name, name))
            return &section->keys[i];
    return NULL;
}

const fell_param *spec_param_find(size_t n, const fell_param *params, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(params[i].name, name))
            return &params[i];
    return NULL;
}

void spec_section_names(const struct spec_section *section, bool settings, const char *names[SPEC_MOST_KEYS])
{
    size_t n = 0;

    for (size_t i = 0; i < section->nkeys && n + 1 < SPEC_MOST_KEYS; i++)
        names[n++] = section->keys[i].name;
    for (size_t i = 0; settings && i < section->nparams && n + 1 < SPEC_MOST_KEYS; i++)
        names[n++] = section->params[i].name;
    names[n] = NULL;
}

struct item spec_section_item(const struct spec_section *section)
{
    return (struct item){.name = section->name, .nparams = section->nparams, .params = section->params};
}
