/* split.h - the parts of the data: which there are, in the order of every list of them, and their names.
 */
#ifndef BASE_SPLIT_H
#define BASE_SPLIT_H

enum split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLITS };

/* "train", "validation", "test" */
const char *split_name(enum split s);

/* What is said of a split that has no rows; of its name. */
#define SPLIT_MISSING "there is no data.%s"

#endif
