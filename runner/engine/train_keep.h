/* train_keep.h - what a run keeps: its best values (early stopping is decided by them) and its
 * checkpoints, those that the spec asks for and the one that a pause leaves.
 */
#ifndef ENGINE_TRAIN_KEEP_H
#define ENGINE_TRAIN_KEEP_H

#include "engine/checkpoint.h"
#include "engine/rate.h"
#include "engine/report.h"
#include "engine/states.h"

struct keep {
    const struct spec *spec;
    const struct run_options *options;
    const struct train_listener *listener;
    const struct learner *learner;
    struct rate *rate;
    struct looks *looks; /* NULL: no probes */
    struct watched stop_watch, best_watch;
    struct checkpoint at;        /* where the run is; epoch and step are set when it is written */
    char *last_path, *best_path; /* NULL: not kept */
    char *before_path;           /* what the file that a run goes on from held before */
    const char *folder;          /* of single epochs that are kept; NULL: none */
    struct states states;        /* that wait to be written */
    double state_bytes;          /* of one; below 0: not known yet */
    double began, cpu_began;     /* clocks when this job began, less what the run had spent before */
};

/* STEPS: an epoch. The fields up to `looks` are set already. Makes the checkpoints' folder. */
status keep_init(struct keep *k, int64_t steps, struct problem *p);
void keep_release(struct keep *k);

/* Go on from options->resume_path: the net, the rates and K are as they were after
 * k->at.epoch. */
status keep_resume(struct keep *k, struct problem *p);

/* Early stopping, after EPOCH with the losses LOSS: whether nothing got better for `patience`
 * epochs; an epoch in which a split that is watched was not EVALUATED decides nothing. keep_has_stopped():
 * whether that was so when the state was saved from which the run goes on. */
bool keep_stops(struct keep *k, int64_t epoch, const double loss[SPLITS], bool evaluated);
bool keep_has_stopped(const struct keep *k);
void keep_tell_stop(const struct keep *k); /* the event */

/* After the first epoch: warn of what is watched, or measured, and has no value. */
void keep_tell_valueless(const struct keep *k, const struct rate *r, const struct host_env *env,
                         const double loss[SPLITS]);

/* A batch whose rows all weigh nothing says nothing of the loss: no step is taken. It is told once, and
 * counted; at the end, how many there were. */
void keep_skip(struct keep *k, const struct host_env *env, int64_t epoch, int64_t step);
void keep_tell_skipped(const struct keep *k, const struct host_env *env, int64_t step);

/* The state before the first step, where it is kept. States may wait a moment to be written together:
 * keep_end() writes what waits when the run ends, however it does. */
status keep_first(struct keep *k, struct error *err);

/* The best so far of what is watched, the last, and this one, where they are kept and due. LAST: there is
 * no other epoch. */
status keep_checkpoints(struct keep *k, int64_t epoch, int64_t step, const double loss[SPLITS], bool last,
                        struct error *err);

/* The same again for the epoch that the run goes on from: when it was cut off, some of its files may not
 * have been written, or not been told of. */
status keep_again(struct keep *k, bool last, struct error *err);

status keep_end(struct keep *k, struct error *err);

/* Everything, to options->pause_path. */
status keep_pause(struct keep *k, int64_t epoch, int64_t step, struct error *err);

#endif
