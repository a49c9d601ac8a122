/* probe_names.h - numbers of probes that have a name of their own, "probe.sharpness.eigenvalue" or
 * "probe.activations.dead_units.relu1", and the last value of each: what early stopping, schedules and
 * objectives watch. Numbers with positions (eigenvalues, rows) have none.
 */
#ifndef ENGINE_PROBE_NAMES_H
#define ENGINE_PROBE_NAMES_H

#include "base/mem.h"
#include "engine/net.h"

struct probe_names {
    size_t n;
    const char **name; /* [n] by probe, number, entry or tensor */
    double *value;     /* [n] of the last look; NAN before it */
    size_t **first;    /* [probes][numbers] where a number's begin; SIZE_MAX: it has positions */
};

/* The names of all probes of the net's spec, in ARENA. */
struct probe_names *probe_names_new(const struct net *n, struct arena *arena);

/* Where the last value of NAME stands; NULL: there is no such name. */
double *probe_names_find(const struct probe_names *p, const char *name);

/* Whether numbers of this kind have positions. */
bool probe_number_has_positions(const fell_number *f);

#endif
