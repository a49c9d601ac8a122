/* new_file.h - a file that is written whole or not at all. The one way in which this program makes files
 * that others may already have under that name.
 *
 * The bytes go into a file without a name (O_TMPFILE) in the folder of the target; what is killed meanwhile
 * leaves nothing. Where a file system has none, and for the moment in which an old file is replaced, its name
 * is `.TARGET.` with 16 random digits, made with O_EXCL and O_NOFOLLOW: nobody can put a link in its
 * place. Such a name that a killed process left is removed by the next who writes TARGET.
 */
#ifndef BASE_NEW_FILE_H
#define BASE_NEW_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

struct new_file {
    FILE *to;            /* write here */
    const char *name;    /* as the caller called it, for errors */
    char *target, *part; /* PART: NULL while it has no name */
    int into;            /* above 0: a device or a pipe, which takes the bytes and is not replaced */
};

/* PATH: a file that is not there yet, or a regular one, whose permissions are kept; of a symbolic link the
 * file behind it is replaced. A device or a pipe stays what it is, and gets the bytes at the end; nobody
 * waits for a pipe to have a reader. PATH must live as long as F. FAILED: F needs no end. */
status new_file_begin(struct new_file *f, const char *path, struct error *err);

enum new_file_end { NEW_FILE_DROP, NEW_FILE_REPLACE, NEW_FILE_IF_NONE };

/* Close it and, unless it is dropped, sync it and give it its name. IF_NONE: a file that is there by now
 * stays, which is no error. The folder is synced too. */
status new_file_end(struct new_file *f, enum new_file_end how, struct error *err);

/* The same for N files of one folder, whose disk then waits once for all: all are safe before the first gets
 * its name, and they get theirs in this order. FAILED: those before the one of the error have their names. */
status new_files_end(struct new_file *files, size_t n, enum new_file_end how, struct error *err);

/* Remove what killed writers of PATH left: how many there were. */
int new_file_sweep(const char *path);

#endif
