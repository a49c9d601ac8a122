/* split.c - see split.h. */
#include "base/split.h"

const char *split_name(enum split s)
{
    static const char *const names[SPLITS] = {"train", "validation", "test"};

    return names[s];
}
