/* outbox.h - what a worker has to say: frames gathered in one buffer and written
 * to the runner now and then, or by the signal handler when the worker dies.
 */
#ifndef WORK_OUTBOX_H
#define WORK_OUTBOX_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "record/packed.h"

struct outbox {
    int fd;
    uint64_t job; /* the job that frames belong to */
    bool busy;    /* with it: the process is not to end now */
    struct strbuf frames;
    volatile size_t whole; /* bytes of frames that are complete */
    volatile size_t sent;  /* bytes of them that are written */
    double flushed;        /* when */
    volatile int inside;   /* > 0: frames are being added or written now */
    volatile int stop;     /* the runner wants the process to end as soon as it is not */
};

/* Fatal signals of this process, and an exit() in the middle of a job, are reported to B's
 * runner from now on, with what net_where() names. STOP_SIGNAL in the middle of a job does the same and
 * kills the process: so the runner learns where a run is that it ends. One outbox a process. */
void outbox_init(struct outbox *b, int fd);

/* What a worker ends with that has no job to tell about. */
enum { WORKER_OUT_OF_MEMORY = 112 };

/* Memory is out: tells the runner and ends the process. For mem_on_failure(). */
void outbox_out_of_memory(void);

void outbox_begin(struct outbox *b, uint64_t job);
void outbox_end(struct outbox *b); /* of the job; flushes */
void outbox_add(struct outbox *b, uint32_t type, const void *body, size_t size);
void outbox_add_json(struct outbox *b, uint32_t type, cJSON *json); /* takes JSON */
void outbox_add_epoch(struct outbox *b, const struct epoch_report *r);
void outbox_add_step(struct outbox *b, const struct step_report *r);
void outbox_add_look(struct outbox *b, const struct looks *l, const struct probe_report *r);

/* Write everything; outbox_flush_if_due() when it is much, or 100 ms old. A runner that
 * is gone ends this process by SIGPIPE. */
void outbox_flush(struct outbox *b);
void outbox_flush_if_due(struct outbox *b);
void outbox_release(struct outbox *b);

#endif
