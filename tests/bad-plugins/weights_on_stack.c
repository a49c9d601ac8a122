/* fails: settings
 * Has the weights of its rows among the variables of open(). */
#include "dataset.h"

static fell_status open_here(fell_data_info *info)
{
    float weight[ROWS];

    for (int i = 0; i < ROWS; i++)
        weight[i] = (float)(1 + i % 3);
    info->self = calloc(1, 1);
    info->weight = weight;
    return info->self ? open_rows(info) : FELL_ERROR;
}

BAD_DATASET(open_here, read_rows);
