/* writer.h - rows waiting in memory, and the statements that store them.
 *
 * A queue is a strbuf of frames (frames.h): epochs and steps as they came through
 * the pipe, and single statements with their values. The recorder
 * appends, and stores the whole queue in one transaction.
 */
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include <sqlite3.h>

#include "record/packed.h"

/* What a queue holds besides FRAME_EPOCH and FRAME_STEP. */
enum { WAITING_STATEMENT = 100 };

/* The metrics of an experiment's epochs by name, with room for their values. */
struct metric_names {
    size_t n;
    struct metric_value *metric;
};

/* For a checkpoint of a run of one's own, and one that comes with a merged run. */
#define WRITER_CHECKPOINT                                                                                    \
    "INSERT INTO checkpoints (run_id, epoch, path, sha256, is_best) VALUES (?1, ?2, ?3, ?4, ?5)"

/* All statements; the values of each are in the order of its text (writer.c). */
enum writer_sql {
    SQL_RUN_STARTED,
    SQL_RUN_ENDED,
    SQL_RUN_WAITS,
    SQL_RUN_OVER,
    SQL_RUN_AGAIN,
    SQL_FORGET_EPOCHS,
    SQL_FORGET_GRADIENTS,
    SQL_FORGET_METRICS,
    SQL_FORGET_STEPS,
    SQL_FORGET_STEP_GRADIENTS,
    SQL_FORGET_PROBES,
    SQL_FORGET_CHECKPOINTS,
    SQL_LATER_EPOCHS,
    SQL_LATER_GRADIENTS,
    SQL_LATER_METRICS,
    SQL_LATER_PROBES,
    SQL_LATER_STEPS,
    SQL_LATER_STEP_GRADIENTS,
    SQL_SPLIT,
    SQL_PARAMETER,
    SQL_EVENT,
    SQL_EVENT_ONCE,
    SQL_CHECKPOINT_FORGET,
    SQL_CHECKPOINT,
    SQL_GIT_DIRTY,
    SQL_ADD_EXPERIMENT,
    SQL_EXTEND_EXPERIMENT,
    SQL_FORGET_FILE,
    SQL_ADD_FILE,
    SQL_MOVE_FILE,
    SQL_MOVE_IN_RUNS,
    SQL_ADD_RUN,
    SQL_ADD_PARAM,
    SQL_ADD_PLUGIN,
    SQL_EPOCH,
    SQL_GRADIENT,
    SQL_METRIC,
    SQL_STEP,
    SQL_STEP_GRADIENT,
    SQL_PROBE,
    SQL_COUNT
};

struct cell {
    enum { CELL_NULL, CELL_INT, CELL_REAL, CELL_TEXT } type;
    int64_t i;
    double x;         /* not finite: stored as NULL */
    const char *text; /* NULL: stored as NULL */
};

/* Prepared when first used. */
struct writer {
    sqlite3 *db;
    sqlite3_stmt *st[SQL_COUNT];
    struct metric_names **names; /* queued epochs point to them */
    size_t nnames, last_names;
    char *clash; /* the last row whose key another row had; NULL: none */
};

void writer_release(struct writer *w);

/* Run one now. The result code. */
int writer_run(struct writer *w, enum writer_sql sql, const struct cell *cells, size_t n);

void writer_queue_statement(struct strbuf *queue, enum writer_sql sql, const struct cell *cells, size_t n);

/* The body of a FRAME_EPOCH, as packed_epoch() reads it; NAMES [n]: of its metrics. */
void writer_queue_epoch(struct writer *w, struct strbuf *queue, int64_t run, const void *body, size_t size,
                        size_t n, const struct metric_value *names);

/* The elements of QUEUE from byte *AT on into the database, in order, until byte END is
 * passed; *AT is then where the next begins. The caller has begun a transaction. The
 * first result code that is not SQLITE_OK. */
int writer_store(struct writer *w, const struct strbuf *queue, size_t *at, size_t end);

#endif
