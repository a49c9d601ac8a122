/* process.h - a worker process as the runner sees it: started, given jobs, listened
 * to, buried.
 */
#ifndef WORK_PROCESS_H
#define WORK_PROCESS_H

#include <cjson/cJSON.h>
#include <stdint.h>
#include <sys/types.h>

#include "record/packed.h"
#include "spec/spec.h"

struct process {
    pid_t pid; /* 0: not running */
    int job_fd, frame_fd;
    struct frame_reader reader;
    double looked;           /* when process_fill() was called last */
    struct crash_head crash; /* of a CRASH frame */
    struct {
        char what[32], name[128], phase[96], probe[128];
    } crash_at;      /* likewise, see net_at.h; "": none came */
    size_t nmetrics; /* what the values of EPOCH frames are, as METRICS announced it in this job */
    struct metric_value *metrics;
    char *metric_names;
};

/* The file of this program, for starting and hashing it; free() it. */
char *process_program(void);

/* Start this very program as `worker --plugin FILE ...`. Only the pipes and standard
 * error are shared with it. Writing to a closed pipe is an error from now on, and no signal. */
status process_start(struct process *p, size_t nplugins, const char *const *plugins, struct error *err);

/* What a job needs to know besides the spec. */
struct job {
    uint32_t type; /* FRAME_CHECK, FRAME_TRAIN */
    uint64_t number;
    const char *name;     /* of the experiment */
    const char *resolved; /* the spec, JSON */
    uint64_t seed;
    const char *checkpoint_folder, *export_path; /* or NULL */
    int64_t export_epoch;
    const char *resume_path, *pause_path; /* or NULL */
    const char *bytes;                    /* of same_bytes_wanted(), or NULL */
    const char *objective;                /* of the sweep, which the best checkpoint is best at, or NULL */
    bool maximize;
    const char *rows;  /* FRAME_CHECK: the split whose rows the plan is to list; or NULL */
    int64_t ask_epoch; /* the first epoch after which the run asks; 0: never */
};
/* FAILED: the process was dead or dying, and is buried; ERR says how it ended. */
status process_send(struct process *p, const struct job *job, struct error *err);
/* To FRAME_ASK. NEXT: the epoch after which it asks again; 0: never. FAILED: it could not be written, as to a
 * process that is dead; who waits for its next frame finds out how it ended, and buries it. */
status process_answer(struct process *p, uint64_t job, enum verdict verdict, int64_t next, struct error *err);

/* The next frame, waiting for it; NULL: the process ended. CRASH and METRICS are taken note of
 * and not returned. */
const struct frame *process_wait_frame(struct process *p, const char **body);
/* The next frame that is there already; NULL: none. */
const struct frame *process_next_frame(struct process *p, const char **body, bool *broken);

/* Read what it sent, without waiting. FILL_END: no more comes, since it closed its end of the pipe, or
 * since it is dead: a child that a plugin has left may keep the pipe open for ever. So this is also to
 * be called when nothing came for process_look_due() seconds. */
enum frame_fill process_fill(struct process *p);
double process_look_due(const struct process *p);

/* Let it end by itself (process_finish) or kill it, and wait until it is gone; one that does not end by
 * itself in two seconds is killed, or, when WHY is asked, in a moment. How it
 * died is appended to WHY: "SIGSEGV (Segmentation fault) in layer 'dense1' (backward)".
 * Returns the signal, or 0. */
void process_finish(struct process *p);
/* The second half of that, of a process whose CRASH frame came; it may be buried. */
void process_add_where(const struct process *p, struct strbuf *why);
int process_bury(struct process *p, bool kill_it, struct strbuf *why);

#endif
