/* generate.h - a trained net of texts writes on: the unit that follows is drawn from what it says of the last
 * one, and goes in.
 */
#ifndef ENGINE_GENERATE_H
#define ENGINE_GENERATE_H

#include "engine/data.h"

struct generation {
    int64_t n;             /* units to draw */
    const int64_t *prompt; /* [nprompt], at least one: places in the vocabulary */
    int64_t nprompt;
    double temperature; /* logarithms of probabilities are divided by it; 0: the most probable is taken */
    int64_t top_k;      /* only the most probable K are drawn from, the first of equals; 0: all */
    uint64_t seed;
};

/* UNIT was drawn, whose probability (before temperature and top_k) is P. */
typedef status generated_fn(void *arg, int64_t unit, double p, struct error *err);

/* The net of SPEC with the weights in the file WEIGHTS writes on. DATA: one row (fitted_blank()), which is
 * written over: what the net sees are the last units, as many as a row has. The same seed draws the same
 * units on any machine. Errors in P: it is no such net; its answers at a place depend on what follows there.
 */
status generate(const struct spec *spec, struct data *data, struct host_env *env, const char *weights,
                const struct generation *g, generated_fn *fn, void *arg, struct problem *p);

#endif
