/* hooks.h - counts a plugin's calls of malloc() and its kin, and knows what they gave. The entries of its own
 * table of imported functions are replaced, in this process, by functions that count and go on.
 */
#ifndef CHECK_HOOKS_H
#define CHECK_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the object HANDLE, as dlopen() gave it; false where that cannot be done. */
bool hooks_set(void *handle);

/* Count from here; true when something was called since, with its NAME. */
void hooks_begin(void);
bool hooks_end(char name[64]);

/* Bytes from P to the end of the memory that a call since hooks_begin() gave, 0 if it was given back;
 * SIZE_MAX: not known. */
size_t hooks_room(const void *p);

/* From now on what is allocated holds INSIDE, and PADDING bytes behind it OUTSIDE; 0 and 0: no more. */
void hooks_fill(uint32_t inside, uint32_t outside);

#endif
