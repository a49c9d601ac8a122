/* spec_keys.h - the language of a spec as tables: which keys each section has and what
 * stands behind them.
 *
 * The reader (spec_read.c, spec_model.c), the way back to JSON (spec_json.c), spec_each_choice(),
 * the types of swept values (setting.c), the JSON Schema and the reference page all walk these
 * tables. A key of a plain type, a fell_param as plugins have them, is added here and in spec.h,
 * and nowhere else. One with a form of its own (KEY_FORM) has a row in a table of readers (spec.c,
 * spec_model.c), of writers (spec_json.c) and of schemas (schema/) as well; test_spec_keys.c finds
 * one that is missing.
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
    bool of_tensors;                    /* of entries: only where there are tensors */
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

extern const struct spec_section spec_section_top;

/* Flags of a fell_param, above all flags of plugins. Of an entry: only where there are tensors. Of a
 * section: a resolved spec has it only where it is not the default, so that a spec without it is the
 * experiment that it was before there was such a key. */
enum { SPEC_IF_SET = 1 << 29, SPEC_OF_TENSORS = 1 << 30 };

/* The map that train.initial_weights may be in a file's place. */
extern const struct spec_section spec_section_weights;

/* Keys that model entries have beside their plugin's settings; base and offsets are in struct
 * spec_entry. Plugins may have no settings of these names: plugin_name_taken(). */
extern const struct spec_section spec_section_entry;

/* Keys of `repeat`; offsets are in struct spec_repeat. */
extern const struct spec_section spec_section_repeat;

/* Keys that probes have beside their plugin's settings; offsets are in struct spec_probe. */
extern const struct spec_section spec_section_probe;

/* The key of a section by name, or NULL; its setting, or NULL. */
const struct spec_key *spec_key_find(const struct spec_section *section, const char *name);
const fell_param *spec_param_find(size_t n, const fell_param *params, const char *name);

/* The names of a section's keys, with SETTINGS those of its params too, and a NULL. */
enum { SPEC_MOST_KEYS = 32 };
void spec_section_names(const struct spec_section *section, bool settings, const char *names[SPEC_MOST_KEYS]);

/* A section as an item, for the functions of host/settings.h. */
struct item spec_section_item(const struct spec_section *section);

#endif
