/* spec_keys.h - the language of a spec as tables: which keys each section has and what
 * stands behind them.
 *
 * The reader (spec_read.c), the way back to JSON (spec_json.c), spec_each_choice() and
 * the types of swept values (setting.c) all walk these tables, so a key is added in one
 * place. Settings of plain types are fell_params as plugins have them.
 */
#ifndef SPEC_KEYS_H
#define SPEC_KEYS_H

#include "spec/spec.h"

enum key_form {
    KEY_CHOICE,  /* one plugin */
    KEY_CHOICES, /* a list of plugins, or one */
    KEY_SECTION, /* a map with a table of its own */
    KEY_FORM,    /* a form of its own, read by hand: model, from, init ... */
    KEY_CALLER   /* somebody else's: sweep, extends */
};

struct spec_section;

struct spec_key {
    const char *name;
    enum key_form form;
    bool required;
    const char *doc;                    /* one sentence */
    enum role role;                     /* of choices */
    size_t offset;                      /* in struct spec: of the choice, or of the pointer to them */
    size_t count;                       /* KEY_CHOICES: of their number */
    const struct spec_section *section; /* KEY_SECTION; KEY_FORM: of a map there, or NULL */
};

struct spec_section {
    const char *name; /* "train.early_stopping"; "" is the spec itself */
    size_t nparams;
    const fell_param *params;
    size_t base; /* in struct spec: of the struct that params fill */
    size_t on;   /* in struct spec: of a bool, "was written"; 0: always there */
    size_t nkeys;
    const struct spec_key *keys;
};

extern const struct spec_section spec_section_top, spec_section_sweep;

/* A map of its own struct: strategy.c's. */
extern const struct spec_section spec_section_objective;

/* Keys that model entries have beside their plugin's settings; base and offsets are in struct
 * spec_entry. Only lr_factor and trainable are for entries with tensors. */
extern const struct spec_section spec_section_entry;

/* The key of a section by name, or NULL; its setting, or NULL. */
const struct spec_key *spec_key_find(const struct spec_section *section, const char *name);
const fell_param *spec_param_find(size_t n, const fell_param *params, const char *name);

/* A section as an item, for the functions of host/settings.h. */
struct item spec_section_item(const struct spec_section *section);

#endif
