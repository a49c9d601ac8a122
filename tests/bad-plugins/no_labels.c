/* fails: settings
 * Takes it that there are classes. */
#include "fell/probe.h"

static const fell_number numbers[] = {{"right", "Share of right rows.", FELL_PER_NET, 0}};

static fell_status look(fell_probe_call *c)
{
    int64_t hit = 0, e = c->plan->nentries - 1, k = c->plan->cols;
    for (int64_t at = 0; at < c->plan->rows; at += c->most) {
        int64_t n = c->plan->rows - at < c->most ? c->plan->rows - at : c->most;
        if (fell_probe_forward(c, at, n) != FELL_OK)
            return FELL_ERROR;
        for (int64_t i = 0; i < n * c->plan->steps; i++) {
            int64_t b = 0;
            for (int64_t j = 1; j < k; j++)
                if (c->y[e][i * k + j] > c->y[e][i * k + b])
                    b = j;
            hit += b == c->label[at * c->plan->steps + i];
        }
    }
    return fell_record(c, 0, 0, 0, (double)hit / (double)(c->plan->rows * c->plan->steps));
}

static const fell_probe item = {.item = FELL_ITEM0(FELL_KIND_PROBE, fell_probe, "bad", "Is wrong."),
                                FELL_PROBE_TABLES(numbers, NULL, 0),
                                .look = look};

FELL_PLUGIN("1.0", "", &item.item);
