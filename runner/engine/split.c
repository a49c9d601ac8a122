/* split.c - the parts of the data by name. See data.h. */
#include "engine/data.h"

const char *split_name(enum split s)
{
    static const char *const names[SPLITS] = {"train", "validation", "test"};

    return names[s];
}
