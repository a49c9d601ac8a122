/* hooks.h - counts a plugin's calls of malloc() and its kin. The entries of its own table of
 * imported functions are replaced, in this process, by functions that count and go on.
 */
#ifndef CHECK_HOOKS_H
#define CHECK_HOOKS_H

#include <stdbool.h>

/* Of the object HANDLE, as dlopen() gave it; false where that cannot be done. */
bool hooks_set(void *handle);

/* Count from here; true when something was called since, with its NAME. */
void hooks_begin(void);
bool hooks_end(char name[64]);

#endif
