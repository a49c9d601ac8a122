/* targets.h - the targets that several losses are defined for: rows of fell_targets. */
#ifndef LOSS_TARGETS_H
#define LOSS_TARGETS_H

#include "fell/plugin.h"

/* Yes or no, or how likely yes is. */
#define TARGETS_YES_NO                                                                                       \
    {                                                                                                        \
        0, 1, 0, NULL, 0,                                                                                    \
            "0 is no and 1 is yes: write y as (y + 1) / 2 if it is -1 or 1, as y / 255 if it is a pixel; "   \
            "numbers of two or more classes are for cross_entropy, with an output for each"                  \
    }

/* The side of the margin. */
#define TARGETS_SIDE                                                                                         \
    {                                                                                                        \
        -1, 1, FELL_EITHER, NULL, 0,                                                                         \
            "-1 is no and 1 is yes, and where no row is -1, 0 is no: write the target so; numbers of more "  \
            "classes are for cross_entropy, with an output for each"                                         \
    }
#define TARGETS_SIDE_OF_ZERO                                                                                 \
    {                                                                                                        \
        0, 1, FELL_EITHER, NULL, 0, NULL                                                                     \
    }

#endif
