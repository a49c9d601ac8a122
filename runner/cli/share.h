/* share.h - what came with the program beside plugins: specs with their data, studies, questions, docs. */
#ifndef CLI_SHARE_H
#define CLI_SHARE_H

#include <stddef.h>

/* The folder that holds NAME (configs, docs, results/queries): where the program was installed, found from
 * the program first, so that a tree can be moved, or where its sources are. NULL: there is none. free() it.
 */
char *share_folder(const char *name);

/* The specs in FOLDER, [*N] names without their ending, in order; free() each, and the array. */
char **share_specs(const char *folder, size_t *n);

#endif
