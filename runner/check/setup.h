/* setup.h - the settings and shapes that an item is tried with: its defaults on several
 * shapes, each setting at both ends of its range, and some at random.
 */
#ifndef CHECK_SETUP_H
#define CHECK_SETUP_H

#include "check/samples.h"
#include "check/subject.h"
#include "host/registry.h"
#include "kernels/kernels.h"

enum { SETUP_INPUTS = 5 };

/* What the targets of a loss or metric look like: the first that it accepts is taken; where it
 * expects probabilities in some form, from the second on. A dataset
 * is asked for classes with the first, for values with the second; a probe's net is trained on them; a
 * transform's inputs are whole numbers with the second. */
enum targets { TARGET_REAL, TARGET_SHARE, TARGET_BIT, TARGET_SIGN, TARGET_COUNT, TARGET_FORMS };

struct setup {
    char settings[512]; /* a YAML map */
    bool defaults;      /* nothing but what is required, or was given, is set */
    int64_t nin;
    fell_shape in[SETUP_INPUTS]; /* rank 1 to 3; activations, losses: [cols]; optimizers: the tensor */
    int64_t batch;
    bool joined; /* optimizers: the shape is that of several tensors in one call, and not told */
    enum targets targets;
    bool table;    /* transforms: the rows come from a table with columns */
    bool positive; /* losses: predictions lie between 0 and 1, since others give no numbers */
};

enum { MOST_UNLIKE = 4 };

struct setups {
    size_t n, refused; /* refused: combinations that the plugin declined, with a message */
    struct setup *v;   /* NULL if none */
    size_t nunlike;    /* layers of several inputs: taken with inputs that are not alike */
    struct setup unlike[MOST_UNLIKE];
    char wrong[512];            /* probes: what fails in a look, after plan() took the net; "" if nothing */
    char silent[512];           /* a combination that it declined without one; "" if none */
    char first[512], last[512]; /* its first message, and the last one that is another */
};

/* Those that ITEM accepts, KNOWN (may be NULL) being told. setups_release() frees. */
void setups_make(const struct item *item, struct registry *r, uint64_t seed, const struct known *known,
                 struct setups *out);
void setups_release(struct setups *s);

/* One with more rows than a block for threads, and than sums in float bear, of a loss or metric; false: it
 * takes none. Rows of a loss that look at each other are too many then. */
bool setup_large(const struct item *item, struct registry *r, uint64_t seed, const struct known *known,
                 struct setup *out);

#endif
