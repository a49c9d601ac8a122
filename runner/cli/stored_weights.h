/* stored_weights.h - the weights of a recorded run after one of its epochs: from its checkpoint of that
 * epoch, else by training the run again. Changes nothing in the database.
 */
#ifndef CLI_STORED_WEIGHTS_H
#define CLI_STORED_WEIGHTS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What the database knows of them. */
struct stored_weights {
    int64_t run;       /* the caller's */
    int64_t epoch;     /* after which */
    char *status;      /* of the run */
    double train_loss; /* of the epoch; NAN: not recorded */
    char *checkpoint;  /* the file of that epoch, or NULL */
    char *sha256;      /* as it was saved */
};

/* X of its run; AT: the number of an epoch, best (by the objective), or last, which NULL means too. Errors:
 * the run has no such epoch; it has not ended, and the last one is asked for. Release X in any case. */
status stored_weights_find(sqlite3 *db, const char *db_path, const char *at, struct stored_weights *x,
                           struct error *err);
void stored_weights_release(struct stored_weights *x);

/* Whether the checkpoint is there and is what was saved. */
bool stored_weights_kept(const struct stored_weights *x);

/* To the file TO: parameters and state tensors by PyTorch's names. *SAVED: from the checkpoint; else the run
 * was trained again with PLUGINS beside the program's, and its last loss is the recorded one. */
status stored_weights_write(const struct stored_weights *x, sqlite3 *db, size_t nplugins,
                            const char *const *plugins, const char *to, bool *saved, struct error *err);

/* How that went, in words. */
const char *stored_weights_origin(bool saved);

#endif
