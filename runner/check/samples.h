/* samples.h - what a setting may be that cannot be made up: small files that a dataset might read, and names
 * that such files have.
 */
#ifndef CHECK_SAMPLES_H
#define CHECK_SAMPLES_H

#include "fell/plugin.h"
#include "base/error.h"
#include "base/scratch.h"
#include "base/text.h"

/* What is known of the settings of an item that is checked. */
struct known {
    size_t ngiven;
    const char **given;   /* [ngiven] "path=rows.csv": these are set so in every try */
    struct scratch files; /* of samples; without a folder there are none */
};

/* The text that K gives for setting NAME; NULL if none. */
const char *known_value(const struct known *k, const char *name);

/* Is P a setting of a file or folder, by its flag or its name? */
bool sample_is_path(const fell_param *p);

/* Write the files into a new folder; samples_remove() ends it. */
status samples_write(struct known *k, struct error *err);
void samples_remove(struct known *k);

/* P's value, a text or a list of texts, appended to B, by GUESS; false if there is none. */
bool sample_add(struct strbuf *b, const fell_param *p, const struct known *k, int guess);

#endif
