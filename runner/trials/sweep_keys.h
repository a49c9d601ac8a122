/* sweep_keys.h - the language of `sweep:` as tables, as spec_keys.h has the rest of a spec. */
#ifndef TRIALS_SWEEP_KEYS_H
#define TRIALS_SWEEP_KEYS_H

#include "spec/spec_keys.h"

extern const struct spec_section spec_section_sweep;

/* A map of its own struct, which strategy.c reads. */
struct objective_settings {
    const char *minimize, *maximize;
    int32_t at;
};

extern const struct spec_section spec_section_objective;

enum { AT_BEST, AT_LAST };

#endif
