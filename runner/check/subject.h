/* subject.h - one plugin made ready to be called outside a run, for `fell plugin verify`, `fell
 * plugin check` and the tests: its settings from a text, its instance, and buffers that end with it.
 */
#ifndef CHECK_SUBJECT_H
#define CHECK_SUBJECT_H

#include "host/instance.h"
#include "host/registry.h"
#include "yaml/tree.h"

/* Not to be copied or moved. */
struct subject {
    const struct item *item;
    struct instance in;
    struct host_env env;
    struct tree *tree;
    void *settings;
    size_t nowned;
    void **owned;
};

/* SETTINGS is a YAML or JSON map, "" for none. In any case end with subject_close(). */
status subject_open(struct subject *s, struct registry *r, enum role role, const char *name,
                    const char *settings, enum simd_level level, struct error *err);
/* The same for an item at hand. R finds the initialisers that a layer's tensors name. */
status subject_open_item(struct subject *s, const struct item *item, struct registry *r, const char *settings,
                         enum simd_level level, struct error *err);
void subject_close(struct subject *s);

/* N floats, 64-byte aligned, all VALUE; they belong to S. */
float *subject_floats(struct subject *s, int64_t n, float value);
/* N bytes, likewise. */
void *subject_bytes(struct subject *s, int64_t n);

/* How many tensors SLOT of an optimizer has for each that is trained; 0: its settings leave it out. */
status subject_slots(const struct subject *s, const fell_slot *slot, int64_t *n, struct error *err);

/* A callback's result; FAILED with its message in ERR. */
status subject_call(struct subject *s, fell_status result, struct error *err);

/* So many tensors has a layer, or slots an optimizer, at the most that can be tried. Errors: S has more. */
enum { SUBJECT_TENSORS = 32 };
status subject_fits(const struct subject *s, struct error *err);

/* Columns of targets that a loss takes for COLS outputs. Errors: none. */
status subject_targets(const struct subject *s, int64_t cols, int64_t *out, struct error *err);

/* What became of a child in which it was called, from waitpid()'s WORD. */
void subject_died(int word, char *out, size_t size);

#endif
