/* recorder_impl.h - what recorder.c and experiments.c share; nobody else includes it.
 */
#ifndef RECORD_RECORDER_IMPL_H
#define RECORD_RECORDER_IMPL_H

#include "record/claim.h"
#include "record/place.h"
#include "record/recorder.h"
#include "record/writer.h"

struct recorder {
    char *path, *host, *user;
    sqlite3 *db;
    struct writer writer;
    struct strbuf queue;
    double first;  /* when the oldest waiting row came */
    size_t stored; /* bytes of the queue that the open transaction has; they stay until it is committed */
    bool open;     /* a transaction, of experiments.c or recorder_idle() */
    double opened; /* when recorder_idle() opened it; 0: it did not */
    double rest;   /* until when it leaves the lock to others */
    struct claim claim;
    double blocked; /* since when a lock is waited for; 0: not */
    double told;    /* when the user was told of it; 0: not */
    bool told_wal;
    struct db_place place;
    void (*note)(void *arg, const char *text);
    bool (*give_up)(void *arg);
    void *wait_arg;
};

/* Begin the transaction that recorder_commit() ends, if none is open; waits for the lock. */
status recorder_begin(struct recorder *r, struct error *err);

/* What SQLite's result RC means for this file. Returns FAILED. */
status recorder_error(struct recorder *r, int rc, struct error *err);

#endif
