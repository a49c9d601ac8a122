/* All that a dataset may say of its rows beside: weights, of which some are 0, groups, and columns, one a
 * category; its numbers are seconds, which floats do not hold. */
#include <stdlib.h>

#include "fell/plugin.h"

enum { ROWS = 600, WORDS = 3, SIZE = 1 + WORDS };

struct rows {
    float weight[ROWS];
    int64_t group[ROWS];
};

static const double begin = 1.7e9;
static const char *const words[] = {"one", "two", "three"};
static const fell_column columns[] = {
    {.name = "time", .is = FELL_NUMBER, .at = 0, .width = 1, .min = 1.7e9, .max = 1.7e9 + ROWS - 1},
    {.name = "kind", .is = FELL_CATEGORY, .at = 1, .width = WORDS, .nwords = WORDS, .word = words}};

static fell_status open(fell_data_info *info)
{
    struct rows *r = malloc(sizeof *r);

    if (!r)
        return fell_fail(info->ctx, "no memory");
    for (int64_t i = 0; i < ROWS; i++) {
        r->weight[i] = (float)(i % 3);
        r->group[i] = i / 7;
    }
    info->self = r;
    info->rows = ROWS;
    info->x = fell_vec(SIZE);
    info->target = fell_vec(1);
    info->is = FELL_VALUES;
    info->weight = r->weight;
    info->group = r->group;
    info->column = columns;
    info->ncolumns = 2;
    info->doubles = 1;
    return FELL_OK;
}

static fell_status read(fell_read_call *c)
{
    for (int64_t i = 0; i < c->n; i++) {
        c->x64[i * SIZE] = begin + (double)c->row[i];
        for (int64_t k = 0; k < WORDS; k++)
            c->x64[i * SIZE + 1 + k] = c->row[i] % WORDS == k ? 1.0 : 0.0;
        c->target[i] = (float)(c->row[i] % 10);
    }
    return FELL_OK;
}

static const fell_dataset item = {FELL_ITEM0(FELL_KIND_DATASET, fell_dataset, "good", "Marked rows."), open,
                                  read, free};

FELL_PLUGIN("1.0", "", &item.item);
