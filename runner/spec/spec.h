/* spec.h - an experiment spec with its words understood: plugins chosen, settings
 * in their structs, every default filled in.
 *
 * spec_parse() turns a tree into one resolved trial; experiment.h turns a spec with
 * `sweep:` into many. The keys of each section are tables in spec_keys.c. The
 * worker reads the JSON of spec_to_json() with the same function (JSON is YAML), so
 * there is one reader of the language.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/split.h"
#include "host/registry.h"
#include "yaml/diag.h"
#include "yaml/tree.h"

/* A chosen plugin with its settings. `at` is where its name stands, `map` its
 * settings as written (may be NULL). item == NULL: not chosen. */
struct choice {
    const struct item *item;
    void *settings;
    struct place at;
    const struct node *map;
};

/* One entry of the expanded model (`activation:` sugar is an entry of its own). */
struct spec_entry {
    struct choice plugin; /* layer or activation */
    const char *name;     /* given, or dense1, relu1, ... */
    size_t nfrom;
    const char *const *from;        /* names of earlier entries, or "input"; never empty */
    size_t ninits;                  /* of `init:`; what is absent uses the layer's own */
    const char *const *init_tensor; /* [ninits] tensor names */
    const struct choice *init;      /* [ninits] */
    double lr_factor;
    bool trainable;
    const char *share; /* the earlier entry whose tensors it uses, or NULL */
    const char *path;  /* as written: "model.0.dense", "model.0.dense.activation" */
};

/* `repeat:` of a model, which is no entry itself. */
struct spec_repeat {
    int64_t times;
};

/* One entry of `probes:`. */
struct spec_probe {
    struct choice plugin;
    const char *name;    /* given, or the plugin's */
    int64_t every, rows; /* epochs from look to look; rows, 0: all */
    int32_t split;       /* whose rows: 0 train, 1 validation, 2 test, as enum split */
};

/* What is learnt of a row: the dataset's targets, or its inputs again. */
enum spec_target { SPEC_TARGET_DATASET, SPEC_TARGET_INPUT };
enum spec_scale { SPEC_SCALE_NONE, SPEC_SCALE_STANDARDIZE };

enum { ON_FAILURE_CONTINUE = -1, ON_FAILURE_STOP = 0 };

enum record_gradients { RECORD_EPOCH, RECORD_NONE, RECORD_STEP };

struct spec {
    struct arena *arena; /* owns everything below */
    const char *name;
    uint64_t seed;   /* the experiment's root */
    bool seed_drawn; /* was absent */

    struct spec_data {
        struct choice source, test, validation;
        double validation_share; /* 0: none, or a dataset, or folds */
        const char *about;       /* for readers: where the rows come from; or NULL */
        double rows;             /* training rows in use: a share up to 1, else how many */
        bool stratify;           /* each class has its share on both sides of a split */
        int64_t folds, fold;     /* folds 0: none; else FOLD of them, from 0, is for validation */
        double label_noise;      /* share of the training rows that get another class */
        int32_t target;          /* enum spec_target */
        int32_t scale_target;    /* enum spec_scale */
        size_t ntransforms;
        struct choice *transforms;
        struct place at;
        const struct node *map; /* as written */
    } data;

    size_t nmodel;
    struct spec_entry *model;
    size_t nembedded; /* the first of them, which are there for columns of the data that are embedded: they
                         are not written, and what takes 'input' takes their output (spec_embedded.c) */
    struct place model_at;
    struct choice loss, optimizer;
    size_t nschedules, nmetrics, nprobes;
    struct choice *schedules, *metrics;
    struct spec_probe *probes; /* [nprobes] */

    struct spec_train {
        int64_t epochs, batch_size; /* batch_size 0: all rows */
        int64_t steps_per_epoch;    /* 0: as many as there are batches of rows */
        bool shuffle;
        const char *initial_weights; /* absolute path, or NULL */
        struct place initial_weights_at;
        struct spec_weights_of { /* whose state they are, until the file is found (trials/resolve.c) */
            int64_t run;         /* 0: a file was written, or nothing */
            const char *epoch;   /* a number, best or last */
        } weights_of;
        int64_t micro_batch; /* 0: none */
        struct place micro_batch_at;
        const char *masks; /* absolute path, or NULL */
        struct place masks_at;
        double clip_norm; /* 0: off */
        struct spec_early_stopping {
            bool on;
            const char *monitor; /* SPLIT.NAME */
            int64_t patience;
            double min_delta;
            struct place at;
        } early_stopping;
        int64_t threads;
    } train;

    struct {
        enum record_gradients gradients;
        int64_t every; /* RECORD_STEP: each K-th step */
        struct spec_evaluate {
            bool on;
            int64_t every; /* epochs from one evaluation of validation and test rows to the next */
        } evaluate;
    } record;

    struct spec_checkpoint {
        bool on;
        int64_t every;             /* epochs */
        bool keep_last, keep_best; /* best: lowest validation.loss, without a validation split train.loss */
        bool keep_all;             /* each that is written, from epoch 0 on */
        size_t nkeep;
        const int64_t *keep; /* [nkeep] the epochs that are kept besides, rising */
    } checkpoint;

    struct spec_limits { /* of one run; 0: none */
        double seconds, cpu_seconds;
        int64_t memory_mb; /* 1 is 1048576 bytes */
    } limits;
    int64_t on_failure; /* failed runs that are tolerated; ON_FAILURE_STOP, ON_FAILURE_CONTINUE: any number */
    int64_t retries;    /* how often a failed run is tried again */

    int64_t repeats;
};

/* One trial's tree understood. `sweep` is passed over: it is the caller's, see
 * experiment.h. All errors go to D; NULL when there was one. A seed that is absent is 0
 * with seed_drawn set. FILE_STEM is the default name. */
struct spec *spec_parse(struct registry *r, const struct node *root, const char *file_stem, struct diag *d);
void spec_free(struct spec *s);

/* The same with everything in the caller's ARENA, for thousands of trials that live
 * and die together; such a spec is not freed by itself. */
struct spec *spec_parse_in(struct arena *arena, struct registry *r, const struct node *root,
                           const char *file_stem, struct diag *d);

/* The same of a tree as people write it, with `vars:` and `$name`; ROOT stays as it is. A resolved spec has
 * none of them, and is read by the others. */
struct spec *spec_parse_written(struct arena *arena, struct registry *r, const struct node *root,
                                const char *file_stem, struct diag *d);

/* The resolved spec with every default, as JSON that spec_parse() reads back to the
 * same spec: the database's runs.resolved and the worker's job. Paths in it are
 * absolute. */
cJSON *spec_to_json(const struct spec *s);

/* Whether rows are held out for validation, however that is said; whether there is such a split. */
bool spec_has_validation(const struct spec *s);
bool spec_has_split(const struct spec *s, enum split split);

/* TEXT, which spec_to_json() has made, as a spec again; its nodes are in TREE. With ARENA as of
 * spec_parse_in(), without as of spec_parse(). NULL: not understood, and why in ERR: text and plugins are of
 * two versions. */
struct spec *spec_from_text(struct registry *r, struct arena *arena, struct tree *tree, const char *name,
                            const char *text, struct error *err);

/* The recorded value that a choice watches, and the name of the setting that says so (FELL_MONITOR; an item
 * has one at most); NULL: none. */
const char *spec_monitor(const struct choice *c, const char **setting);

/* Whether the last entry yields something else than the loss takes (softmax before a loss of logits); what,
 * in TEXT. A warning: it may be meant. */
bool spec_output_misfits(const struct spec *s, char text[320]);

/* Every choice of the spec with the section and index that name it in a
 * `problem` (engine/problem.h): "data.source", "model" 3, "loss", ... */
void spec_each_choice(const struct spec *s,
                      void (*fn)(void *arg, const char *section, int index, const struct choice *c),
                      void *arg);

#endif
