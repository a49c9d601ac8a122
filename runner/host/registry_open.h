/* registry_open.h - one plugin file: opened, checked, copied. Between the files of the
 * registry only; everyone else uses registry.h.
 */
#ifndef HOST_REGISTRY_OPEN_H
#define HOST_REGISTRY_OPEN_H

#include "base/error.h"
#include "base/mem.h"
#include "host/registry.h"

/* An opened file and what is in it. Lives as long as the process. */
struct opened {
    struct arena *arena; /* owns all below, and this */
    struct plugin_file file;
    size_t nitems;
    struct item *items;
    const char *note; /* items that were skipped and why, or NULL */
};

/* What a file held when it was read; free() the text. */
struct plugin_bytes {
    const char *path; /* absolute, and the caller's */
    char *text;
    size_t n;
};

/* Read PATH; what is no shared object of this machine is refused. Errors begin with the path. */
status plugin_read(const char *path, struct plugin_bytes *out, struct error *err);

/* dlopen what was read as it is, check it. Errors begin with the path. */
status plugin_load(const struct plugin_bytes *b, bool bundled, struct opened **out, struct error *err);

/* The same, safe and once: a file that is not bundled is probed in a child first, and
 * every file is opened (or refused) once in a process. */
status plugin_open(const char *path, bool bundled, struct opened **out, struct error *err);

/* Load PATH in a child process and throw it away. */
status plugin_probe(const char *path, struct error *err);

/* Check ROOT's items and copy them into OPENED. Errors do not name the file. */
status plugin_copy_items(const fell_plugin *root, struct opened *o, struct error *err);

/* The folders to search, in order, each with subfolders by kind; those that are not
 * there are left out, with a line in NOTES if FELL_PLUGIN_PATH names them. free() the
 * array and the paths. */
struct plugin_folder {
    char *path;   /* canonical */
    bool bundled; /* the program's own */
};
size_t plugin_folders(struct plugin_folder **out, struct strbuf *notes);

#endif
