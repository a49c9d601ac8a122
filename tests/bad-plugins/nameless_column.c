/* fails: row marks
 * Has a name for one of its two columns. */
#include "dataset.h"

static const fell_column columns[] = {
    {.name = "number", .is = FELL_NUMBER, .at = 0, .width = 1, .min = 0, .max = ROWS - 1},
    {.is = FELL_NUMBER, .at = 1, .width = 1, .min = 0, .max = 2}};

static fell_status open(fell_data_info *info)
{
    info->column = columns;
    info->ncolumns = 2;
    return open_rows(info);
}

BAD_DATASET(open, read_rows);
