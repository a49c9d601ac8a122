/* crasher.c - an activation that passes its input on and, when asked, dies or dawdles: for the
 * tests of what the runner makes of that (crash.sh, kill.sh, locks.sh).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fell/plugin.h"

enum { LIVE, SEGFAULT, ABORT, EXIT, OVERFLOW, FAIL, DAWDLE, ONCE };

struct crasher {
    int32_t how;
    int64_t rows;
};

static const fell_param params[] = {
    FELL_ENUM(struct crasher, how, "live", "live|segfault|abort|exit|overflow|fail|dawdle|once",
              "How to die."),
    FELL_INT(struct crasher, rows, 4, 0, 1000, 0, "Only calls with so many rows die."),
};

static int overflow(volatile int depth)
{
    volatile char frame[4096];

    frame[0] = (char)depth;
    return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

static fell_status forward(fell_activation_call *c)
{
    const struct crasher *s = (const struct crasher *)c->settings;

    if (c->rows == s->rows) {
        if (s->how == ABORT)
            abort();
        if (s->how == EXIT)
            exit(3);
        if (s->how == OVERFLOW)
            overflow(0);
        if (s->how == DAWDLE)
            usleep(10000);
        if (s->how == ONCE && access("died", F_OK) != 0) {
            close(creat("died", 0600));
            abort();
        }
    }
    printf("noise on standard output\n");
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->y[i] = c->x[i];
    return FELL_OK;
}

static fell_status backward(fell_activation_call *c)
{
    const struct crasher *s = (const struct crasher *)c->settings;

    if (s->how == SEGFAULT)
        *(volatile int *)16 = 1;
    if (s->how == FAIL)
        return fell_fail(c->ctx, "it is enough");
    for (int64_t i = 0; i < c->rows * c->cols; i++)
        c->dx[i] = c->dy[i];
    return FELL_OK;
}

static const fell_activation crasher = {FELL_ITEM(FELL_KIND_ACTIVATION, fell_activation, "crasher",
                                                  "Passes its input on, or dies.", struct crasher, params),
                                        0, FELL_REAL, forward, backward};

FELL_PLUGIN("1.0", "tests, MIT", &crasher.item);
