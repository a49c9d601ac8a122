/* report.c - see report.h. The words for how a run ends, as far as the engine knows ends. */
#include "engine/report.h"

#include "base/run_status.h"

const char *run_end_word(enum run_end e)
{
    static const enum run_status status_of[] = {
        [RUN_FINISHED] = STATUS_FINISHED, [RUN_STOPPED] = STATUS_STOPPED,
        [RUN_PRUNED] = STATUS_PRUNED,     [RUN_DIVERGED] = STATUS_DIVERGED,
        [RUN_FAILED] = STATUS_FAILED,     [RUN_INTERRUPTED] = STATUS_INTERRUPTED};

    return e == RUN_PAUSED ? "paused" : run_statuses[status_of[e]].word;
}
