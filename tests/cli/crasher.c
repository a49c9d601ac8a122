/* crasher.c - an activation that passes its input on and, when asked, dies or dawdles: for the
 * tests of what the runner makes of that (crash.sh, kill.sh, limits.sh, locks.sh).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fell/plugin.h"

enum { LIVE, SEGFAULT, ABORT, EXIT, OVERFLOW, FAIL, DAWDLE, HANG, DEAF, GROW, GRAB, ONCE, LEAVE, SILENT };

struct crasher {
    int32_t how;
    int64_t rows;
};

static const fell_param params[] = {
    FELL_ENUM(struct crasher, how, "live",
              "live|segfault|abort|exit|overflow|fail|dawdle|hang|deaf|grow|grab|once|leave|silent",
              "How to die."),
    FELL_INT(struct crasher, rows, 4, 0, 1000, 0, "Only calls with so many rows die."),
};

static int overflow(volatile int depth)
{
    volatile char frame[4096];

    frame[0] = (char)depth;
    return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

/* An endless loop; a deaf one hears no signal that can be turned away. */
static void hang(int deaf)
{
    sigset_t all;

    sigfillset(&all);
    if (deaf)
        sigprocmask(SIG_BLOCK, &all, NULL);
    for (volatile int i = 0;; i++)
        continue;
}

/* Memory that is used and never given back, until there is none; with a rest between the pieces. Volatile:
 * clang leaves out what nobody reads, and then this never ends. */
static void grow(int rest)
{
    for (;;) {
        char *volatile piece = malloc(1 << 20);

        memset(piece, 1, 1 << 20);
        if (rest)
            usleep(1000);
    }
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
        if (s->how == LEAVE) {
            if (fork() == 0) /* a child that keeps the pipes open */
                for (int i = 0; i < 600 && access("over", F_OK) != 0; i++)
                    usleep(50000);
            abort();
        }
        if (s->how == SILENT)
            close(3);
        if (s->how == HANG || s->how == DEAF || s->how == SILENT)
            hang(s->how == DEAF);
        if (s->how == GROW || s->how == GRAB)
            grow(s->how == GROW);
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
