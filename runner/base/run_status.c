/* run_status.c - see run_status.h. */
#include "base/run_status.h"

#include <string.h>

#define IS_YES true
#define IS_NO  false
#define ROW(NAME, word_, end_, ranks_, alone_, retried_, about_)                                             \
    {.word = #word_,                                                                                         \
     .about = about_,                                                                                        \
     .end = IS_##end_,                                                                                       \
     .ranks = IS_##ranks_,                                                                                   \
     .alone = IS_##alone_,                                                                                   \
     .retried = IS_##retried_},

const struct run_status_row run_statuses[STATUSES] = {RUN_STATUS(ROW)};

enum run_status run_status_find(const char *word)
{
    int s = 0;

    while (s < STATUSES && strcmp(run_statuses[s].word, word) != 0)
        s++;
    return (enum run_status)s;
}

bool run_status_is(const char *word, enum run_status s)
{
    return strcmp(word, run_statuses[s].word) == 0;
}

bool run_status_is_end(const char *word)
{
    const enum run_status s = run_status_find(word);

    return s == STATUSES || run_statuses[s].end;
}

bool run_status_is_good(const char *word)
{
    const enum run_status s = run_status_find(word);

    return s < STATUSES && run_statuses[s].end && run_statuses[s].ranks;
}

bool run_status_is_whole(const char *word)
{
    const enum run_status s = run_status_find(word);

    return run_status_is_good(word) && run_statuses[s].alone;
}

bool run_status_is_failure(const char *word)
{
    const enum run_status s = run_status_find(word);

    return s < STATUSES && run_statuses[s].end && !run_statuses[s].ranks;
}
