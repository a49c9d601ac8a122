/* weights_file.h - weights that leave the program: a safetensors file with PyTorch's names, which says in its
 * metadata what it needs to be used again.
 *
 * Under WEIGHTS_ABOUT there is a JSON text: {"version": 1, "name": of the experiment, "epoch": N, "spec": the
 * resolved one, "data": what fitted.h reads, or null}. Other programs pass it over.
 */
#ifndef ENGINE_WEIGHTS_FILE_H
#define ENGINE_WEIGHTS_FILE_H

#include "engine/net.h"

#define WEIGHTS_ABOUT "fellrunner"

/* Parameters and state of N, after EPOCH, to PATH (whole or not at all). */
status weights_file_write(struct net *n, int64_t epoch, const char *path, struct error *err);

/* The same of a checkpoint, FROM: without what only a resume needs. NAME and RESOLVED are its experiment's
 * and its spec. Errors name the file. */
status weights_file_strip(const char *from, const char *name, const char *resolved, int64_t epoch,
                          const char *to, struct error *err);

/* What a file says of itself. */
struct weights_about {
    char *name, *spec; /* resolved */
    char *data;        /* for fitted_read(); NULL: the file does not know */
    int64_t epoch;
};
/* Release A in any case. Errors: no whole file; one that says nothing, of another program; a later version.
 */
status weights_file_about(const char *path, struct weights_about *a, struct error *err);
void weights_about_release(struct weights_about *a);

#endif
