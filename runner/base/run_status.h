/* run_status.h - how runs stand: the words of `runs.status`, and what follows from each.
 *
 * The list is the one place that knows them: views, questions, strategies, retries,
 * `fell runs --status` and counts are made from it; the recorder takes no other word. A new one is a row, in
 * the order in which counts are shown, and what gives it to a run.
 */
#ifndef BASE_RUN_STATUS_H
#define BASE_RUN_STATUS_H

#include <stdbool.h>

/* X(NAME, word, is it an end, does its value rank, does training alone end so (the same bits would again),
 * is it retried unless the user says otherwise, what it means) */
#define RUN_STATUS(X)                                                                                        \
    X(QUEUED, queued, NO, YES, NO, NO, "waits for a worker")                                                 \
    X(RUNNING, running, NO, YES, NO, NO, "is trained now, or was when its process was killed")               \
    X(FINISHED, finished, YES, YES, YES, NO, "had all its epochs")                                           \
    X(STOPPED, stopped, YES, YES, YES, NO, "stopped early, as its spec wants")                               \
    X(PRUNED, pruned, YES, YES, NO, NO, "was worse than others, and given up")                               \
    X(DIVERGED, diverged, YES, NO, YES, NO, "met a number that is not finite")                               \
    X(FAILED, failed, YES, NO, NO, YES, "an error ended it")                                                 \
    X(CRASHED, crashed, YES, NO, NO, YES, "a signal ended its process")                                      \
    X(TIMED_OUT, timed_out, YES, NO, NO, YES, "took longer than its limits")                                 \
    X(OUT_OF_MEMORY, out_of_memory, YES, NO, NO, YES, "took more memory than its limits, or than there was") \
    X(INTERRUPTED, interrupted, NO, YES, NO, NO, "the user ended it; it goes on when it is run again")

#define RUN_STATUS_NAME(NAME, word, end, ranks, alone, retried, about) STATUS_##NAME,
enum run_status { RUN_STATUS(RUN_STATUS_NAME) STATUSES };

struct run_status_row {
    const char *word, *about;
    bool end, ranks, alone, retried;
};
extern const struct run_status_row run_statuses[STATUSES];

/* WORD as a status; STATUSES when it is none. */
enum run_status run_status_find(const char *word);
bool run_status_is(const char *word, enum run_status s);

/* Not of a run that waits, is trained or was interrupted; a WORD that is no status counts as an end. */
bool run_status_is_end(const char *word);

/* Of WORD: the run did what was wanted of it (finished, stopped, pruned); it reached the
 * end that its spec wants (finished, stopped); it ended otherwise (diverged, failed ...). */
bool run_status_is_good(const char *word);
bool run_status_is_whole(const char *word);
bool run_status_is_failure(const char *word);

/* The same sets in SQL, for after IN. '' is no status. */
#define RUN_STATUS_YES(then, otherwise) then
#define RUN_STATUS_NO(then, otherwise)  otherwise
#define RUN_STATUS_IF(yes, then)        RUN_STATUS_##yes(then, "")
#define RUN_STATUS_IF_NOT(yes, then)    RUN_STATUS_##yes("", then)
#define RUN_STATUS_SQL_WAITS(NAME, word, end, ranks, alone, retried, about)                                  \
    RUN_STATUS_IF_NOT(end, ", '" #word "'")
#define RUN_STATUS_SQL_WHOLE(NAME, word, end, ranks, alone, retried, about)                                  \
    RUN_STATUS_IF(ranks, RUN_STATUS_IF(alone, ", '" #word "'"))
#define RUN_STATUS_SQL_BAD(NAME, word, end, ranks, alone, retried, about)                                    \
    RUN_STATUS_IF(end, RUN_STATUS_IF_NOT(ranks, ", '" #word "'"))
#define RUN_STATUS_SQL_RESULT(NAME, word, end, ranks, alone, retried, about)                                 \
    RUN_STATUS_IF(end, RUN_STATUS_IF_NOT(retried, ", '" #word "'"))
#define RUN_STATUSES_UNFINISHED "(''" RUN_STATUS(RUN_STATUS_SQL_WAITS) ")"
#define RUN_STATUSES_WHOLE      "(''" RUN_STATUS(RUN_STATUS_SQL_WHOLE) ")"
#define RUN_STATUSES_FAILURES   "(''" RUN_STATUS(RUN_STATUS_SQL_BAD) ")"
#define RUN_STATUSES_RESULTS    "(''" RUN_STATUS(RUN_STATUS_SQL_RESULT) ")" /* worth more than another try */

#endif
