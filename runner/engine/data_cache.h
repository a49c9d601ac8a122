/* data_cache.h - prepared rows in files that all workers of a user map and share.
 *
 * One worker reads, splits and transforms; the others, and later ones, map what it wrote.
 * The rows are the same bits with and without. An entry is KEY.rows in the cache's folder:
 * $FELL_CACHE, or $XDG_CACHE_HOME/fellrunner, or ~/.cache/fellrunner. KEY is the SHA-256 of
 * data_key(), the bytes of the plugins, and the program. The folder holds at most
 * FELL_CACHE_MB MiB (4096 when it is not set); what was not used for longest goes first.
 */
#ifndef ENGINE_DATA_CACHE_H
#define ENGINE_DATA_CACHE_H

#include "engine/data.h"

struct data_cache;

/* From the environment; touches no file. *out is NULL when there is none: FELL_CACHE is "off",
 * FELL_CACHE_MB is 0, or no home is known. Errors: FELL_CACHE_MB is not a number of MiB. */
status data_cache_new(struct data_cache **out, struct error *err);
void data_cache_free(struct data_cache *c);

/* data_load() through the cache C (NULL: without). Of *out nothing may be written to. Warnings
 * that plugins gave while they read are given again to env->warn. Errors: those of data_load();
 * a cache that cannot be read or written is none. */
status data_cache_load(struct data_cache *c, const struct spec *spec, struct host_env *env, struct data **out,
                       struct problem *p);

#endif
