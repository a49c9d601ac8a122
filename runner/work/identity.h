/* identity.h - what makes an experiment the same one: its name, its resolved spec, and
 * the bytes of its data files and plugins; not where these are.
 */
#ifndef WORK_IDENTITY_H
#define WORK_IDENTITY_H

#include <cjson/cJSON.h>

#include "record/recorder.h"
#include "trials/experiment.h"

struct identity {
    char uid[65];
    char uid_before[65]; /* what it was in versions before 0.2, where the places of files had a say */
    size_t nfiles;
    struct data_file_row *files; /* of all trials, each once; rows -1: not counted yet */
    struct arena *arena;
    size_t nplugins;
    const struct plugin_row *plugin_rows; /* of all trials, each once */
    const char *plugins;                  /* the same as "plugin KIND NAME SHA256" lines, in order */
    const char *unproven;                 /* a line for each plugin that has not passed its check */
};

/* Hash everything that E's trials read. Errors: a file that cannot be read. */
status identity_new(struct registry *reg, const struct experiment *e, struct identity **out,
                    struct error *err);
void identity_free(struct identity *id);

/* Whether a plugin that a stored run used is in use now too, with other bytes. */
bool identity_plugin_changed(const struct identity *id, const char *kind, const char *name,
                             const char *sha256);

/* SHA-256 of the experiment's uid, the trial's resolved spec (but its `repeats`, and with the hashes of files
 * in the place of their paths) and the seed; and what it was in versions before 0.2. */
void identity_run_uid(const struct identity *id, const char *experiment_uid, const struct trial *t,
                      uint64_t seed, char out[65]);
void identity_run_uid_before(const char *experiment_uid, const struct trial *t, uint64_t seed, char out[65]);

/* The plugins of one trial, each once, with those that layers name for tensors that the
 * spec gives no initialiser; the array is from ARENA, texts belong to the
 * registry. Errors: a plugin file that cannot be read. */
status identity_plugins(struct registry *reg, struct arena *arena, const struct spec *spec, size_t *n,
                        struct plugin_row **rows, struct error *err);

/* Fill in the rows of the files of SPEC from its PLAN (learner_to_json). */
void identity_count_rows(struct identity *id, const struct spec *spec, const cJSON *plan);

/* A file's hash; of a folder that of all files below it with their names, in order; of a checkpoint that of
 * its weights alone. */
status identity_hash_path(const char *path, char out[65], struct error *err);

/* What differs between two texts, as lines: "- line" only in OLD, "+ line" only in
 * NEW, in order. "" when they are the same. free() it. */
char *identity_difference(const char *old, const char *new);

#endif
