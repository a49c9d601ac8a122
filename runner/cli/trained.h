/* trained.h - a trained net as commands take it: a run of the database, or a file that `fell export` wrote.
 *
 * It comes whole: a run's weights are first a file as `fell export` writes it, which knows columns, classes
 * and fitted transforms, so that neither the data of the training nor the database are needed from then on.
 */
#ifndef CLI_TRAINED_H
#define CLI_TRAINED_H

#include "base/scratch.h"
#include "cli/command.h"
#include "engine/fitted.h"
#include "engine/weights_file.h"

struct trained {
    const struct call *call;
    struct scratch scratch;
    int64_t run;         /* 0: a file */
    const char *weights; /* the file */
    char *made;          /* it is temporary, or NULL */
    struct weights_about about;
    struct registry *registry;
    struct tree *tree[2];
    struct spec *spec; /* as the weights have it */
    struct fitted *fitted;
    struct host_env env;
};

/* The net that the first argument of C names, after the epoch of --epoch (without it the best, or the last),
 * with C's plugins; T begins as zeros. What it is is told unless C is quiet. With C->split the files of the
 * run's data must be those that were recorded. trained_release() in any case. */
status trained_open(struct trained *t, const struct call *c, struct error *err);
void trained_release(struct trained *t);

/* T->fitted. Of a net from before files knew their data the training rows are read. */
status trained_fit(struct trained *t, struct error *err);

/* That the files which the spec names may be read: it comes from the database or the file of weights, which
 * may be somebody else's. */
status trained_check_paths(const struct trained *t, struct error *err);

/* T->spec becomes that of TEXT, a resolved one. */
status trained_read_spec(struct trained *t, const char *text, int which, struct error *err);

#endif
