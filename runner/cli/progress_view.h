/* progress_view.h - what progress.c and the ways of showing share: the state of
 * each worker, and the functions a way fills in. Private to runner/cli/progress*.c and to
 * watch*.c, which fills the state from the database.
 */
#ifndef CLI_PROGRESS_VIEW_H
#define CLI_PROGRESS_VIEW_H

#include "cli/progress.h"

/* What a probe said of the whole net. */
struct looked {
    char *name; /* "sharpness.eigenvalue" */
    double value;
};

/* One worker and the run it has. */
struct at_work {
    bool busy;
    int64_t run, trial, repeat;
    char *label;               /* swept values: "lr=0.1 units=64"; "" without a sweep */
    double began;              /* on the clock of `now` */
    int64_t epoch, epochs;     /* done, wanted */
    int64_t from;              /* where it was when it began: the run was resumed */
    double train, held_out;    /* last losses; NAN: none yet, no such split */
    double objective;          /* last value; NAN: none */
    const char *held_out_name; /* "validation", or "test" where there is only that */
    double stepped;            /* when the last epoch ended */
    double samples, seconds;   /* sums over the epochs, for the rate */
    int64_t told_epoch;        /* plain lines: what the last line said, and when */
    double told;
    int64_t look; /* watch*.c: after which epoch probes looked last, and what they said */
    size_t nlooked;
    struct looked *looked;
};

struct progress {
    struct run_listener listener; /* of progress_listener() */
    const struct progress_view *view;
    char *name;
    struct tally tally;  /* of all runs, those that ended earlier included */
    int64_t runs, ended; /* without those */
    double epochs_wanted, epochs_done;
    double epochs_before; /* of those wanted, done by an earlier process */
    struct objective {
        char *name; /* NULL: nothing is best */
        bool maximize, at_last;
        bool is_loss;
        enum split split;
        const char *metric; /* in name, behind the split */
        size_t at;          /* where the metric was last time */
        double best;        /* NAN: none yet */
        int64_t run;
        char *label; /* of that run */
    } objective;
    double rate, left; /* watch*.c: runs a second and seconds, NAN: not known; for itself progress.c
                          reckons when they are asked for */
    bool told_rate;    /* they are set */
    char *warned[PROGRESS_WARNINGS]; /* texts of warnings that were shown */
    size_t nwarned;
    size_t nworkers, allowed; /* allowed: how many of them may be busy beside other runs of the machine */
    struct at_work *worker;
    double began, now; /* read once a tick, not once an epoch */
    double stepped;    /* when the last epoch of any run ended */
    double drawn;      /* screen, plain lines of the whole: when */
    size_t ndrawn;     /* screen: lines there now, and their widths */
    int *drawn_width;
};

/* A way of showing. A function may be NULL. */
struct progress_view {
    void (*begin)(struct progress *p);
    void (*run_started)(struct progress *p, const struct at_work *l, const struct trial *t);
    void (*epoch)(struct progress *p, struct at_work *l, const struct epoch_report *e);
    void (*run_ended)(struct progress *p, const struct at_work *l, const char *status_word,
                      const char *error);
    void (*warning)(struct progress *p, const struct at_work *l, const char *text);
    void (*note)(struct progress *p, const char *text);
    void (*workers)(struct progress *p); /* others are allowed */
    void (*tick)(struct progress *p);
    void (*end)(struct progress *p);
};
extern const struct progress_view progress_plain, progress_quiet, progress_screen, progress_json;

void progress_forget(struct at_work *l);        /* frees what it holds */
bool progress_is_good(const char *status_word); /* finished, stopped */
/* Seconds of its run; by the clock, but its epochs may have come all at once. */
double progress_taken(const struct progress *p, const struct at_work *l);
double progress_run_left(const struct progress *p, const struct at_work *l); /* seconds; NAN: unknown */
double progress_left(const struct progress *p);
/* "sweep: 3 of 8 runs done, 2 running, 1.3 runs/s, 12.3 s left". */
void progress_add_head(struct strbuf *out, const struct progress *p);
/* "best validation.loss 0.1234, run 7 (lr=0.1)"; nothing when there is none. */
void progress_add_best(struct strbuf *out, const struct progress *p);
/* "sharpness.eigenvalue 2.06": nothing where it has no value. */
void progress_add_looked(struct strbuf *out, const struct looked *l);
/* "run 13 (lr=0.1)". */
void progress_run_name(struct strbuf *out, const struct at_work *l);
/* "fell: warning: run 13 (lr=0.1): TEXT". */
void progress_add_warning(struct strbuf *out, const struct at_work *l, const char *text);

#endif
