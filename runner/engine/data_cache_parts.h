/* data_cache_parts.h - the parts of data_cache.h, between the files data_cache*.c only.
 */
#ifndef ENGINE_DATA_CACHE_PARTS_H
#define ENGINE_DATA_CACHE_PARTS_H

#include "engine/data_cache.h"

/* ---- an entry (data_cache_file.c) */

/* What plugins warned of while the rows were prepared. */
struct cache_warnings {
    size_t n;
    struct cache_warning {
        char *who, *text;
    } * list;
};
void cache_warnings_add(struct cache_warnings *w, const char *who, const char *text);
void cache_warnings_release(struct cache_warnings *w);

/* Bytes that the entry of D takes, without its description. */
int64_t cache_entry_size(const struct data *d);

/* Write D to FOLDER/KEY.part, name it KEY.rows, and give it back mapped. NULL: it could not be
 * written, and nothing of it is left. */
struct data *cache_entry_write(const char *folder, const char *key, const struct data *d,
                               const struct cache_warnings *warnings);

/* The data in FOLDER/KEY.rows, mapped; NULL when it is not there, or not the very bytes that were
 * written (by the hash of all of them). WARNINGS is filled in when it is. */
struct data *cache_entry_map(const char *folder, const char *key, struct cache_warnings *warnings);

/* ---- the folder (data_cache_folder.c) */

/* Remove entries until BYTES more fit under MOST; with them, what writers that died left behind. False:
 * they cannot fit, or would take more than half of what is free on the disk. */
bool cache_folder_make_room(const char *folder, int64_t bytes, int64_t most);

/* Who holds the lock of KEY prepares its rows. Waits for another holder; -1 when there can be no
 * lock, or another has held it for a minute. The folder is made. */
int cache_lock(const char *folder, const char *key);
void cache_unlock(const char *folder, const char *key, int lock); /* -1 is fine */

#endif
