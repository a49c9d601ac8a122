/* text.h - small services on names, numbers, files and hashes. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/facts.h"
#include "base/mem.h"

struct stat;

/* The candidate nearest to `word` by edit distance (Damerau-Levenshtein; at most
 * a third of the word, at least 1; the case of letters and `-` for `_` count for
 * nothing), or NULL when none is near. The first of equals. What `word` is another name of
 * (base/synonym.h) goes before a near one. */
const char *text_nearest(const char *word, const char *const *candidates, size_t n);

/* "a" or "an", as WORD begins. */
const char *text_article(const char *word);

/* Append WORD as a shell would need it; a blank first unless B is empty. */
void text_add_word(struct strbuf *b, const char *word);

/* The whole text as a number: decimal, exponent, `1_000` underscores allowed
 * between digits, `.5`, `1.`, inf and nan with or without a dot. False when the
 * text is anything else, or too large for a double (1e999). The locale has no say. */
bool text_to_double(const char *text, double *out);
bool text_to_int(const char *text, int64_t *out); /* 1e3 is 1000; 1.5 is false */
bool text_to_bool(const char *text, bool *out);   /* true false yes no on off */

/* The shortest decimal text that reads back as the same double. */
void text_from_double(double v, char out[32]);
void text_from_float(float v, char out[32]); /* as the same float: 0.1, not 0.10000000149011612 */

/* UTF-8. Bytes of the character at P, before END, and what it is; 0 when they are no
 * UTF-8 (overlong forms, surrogates and what is cut off included). */
size_t text_character(const char *p, const char *end, uint32_t *out);
/* Characters in N bytes of UTF-8. */
size_t text_length(const char *p, size_t n);
/* Bytes of the line break at P as YAML 1.1 knows them (LF, CR, CRLF, NEL, LS, PS), or 0. */
size_t text_break(const char *p, const char *end);

/* Opens PATH for reading: a regular file, or a pipe or terminal that this process has open already
 * (/dev/stdin, /dev/fd/N). Never waits, and never reads without an end: others, folders among them, are
 * errors. -1 with ERR set. The one way to open a file that a user, a spec or a database names. */
int file_open(const char *path, struct stat *about, struct error *err);
/* From now on what is open here was not opened by the user: in a worker, whose standard input is the
 * runner's. */
void file_opened_by_others(void);
/* Whether a file of SYSTEM is one that the kernel makes up when it is read (/proc, /sys): its reads may wait,
 * or never end. */
struct statfs;
bool path_is_of_kernel(const struct statfs *system);
/* Close FIRST and what is open above it. */
void file_close_from(int first);
/* How many files can be open, for those who go through all of their numbers: where so many may that this
 * would take seconds (2^30 in some containers), the first 65536, since the lowest free number is taken. */
long file_most_open(void);
/* What MODE, of a struct stat, is if no regular file: "a folder", "a pipe", "a device", "a socket". */
const char *path_kind_word(unsigned mode);
/* That what PATH names can be read as data: a regular file, a folder (see path_check_folder()), or
 * nothing, which whoever opens it will say. */
status path_check_data(const char *path, struct error *err);

/* Whole file; *out ends with a NUL that *len does not count. free() it.
 * Errors: file_open()'s, read error. */
status file_read(const char *path, char **out, size_t *len, struct error *err);

/* LEN bytes into file PATH. What it held is replaced at once, when all are written: after an error it is as
 * it was. What is there and no regular file (/dev/stdout, a pipe) is written into. */
status file_write(const char *path, const char *bytes, size_t len, struct error *err);

char *path_join(const char *folder, const char *path); /* path itself if absolute */
char *path_folder(const char *path);                   /* "." if it has none */
char *path_absolute(const char *path);                 /* no symlink is resolved */
char *
path_real(const char *path); /* all are; NULL, errno says why: nothing is there, or it cannot be looked at */
/* PATH, which is absolute, without `a/..`, but where a is a symbolic link, so that it leads where it led. */
char *path_fold(const char *path);
const char *path_base(const char *path);
status path_make_folder(const char *path, struct error *err); /* with its parents */
/* FAILED, with why the folder PATH could not be opened or read, by errno. */
status path_folder_unread(const char *path, struct error *err);
/* That PATH, a folder, can be read as data: files and folders alone, at most 32 deep and a million of
 * them. Looks at names, not into files. Errors: what is in the way. */
status path_check_folder(const char *path, struct error *err);

/* SHA-256 as 64 hex digits. */
void sha256_text(const void *bytes, size_t n, char out[65]);
status sha256_file(const char *path, char out[65], struct error *err);
status sha256_open_file(int fd, const char *name, char out[65],
                        struct error *err); /* of FD from here to its end */

/* The same of what comes piece by piece; sha256_end() frees it. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *hash, const void *bytes, size_t n);
void sha256_end(struct sha256 *hash, char out[65]);

/* The length of the first part of a dotted name; a dot in double quotes ends none. */
size_t text_part(const char *name);

/* Now, UTC, ISO 8601 with milliseconds: 2026-01-31T12:00:00.000Z. */
void time_now_text(char out[32]);
double time_monotonic(void); /* seconds, CLOCK_MONOTONIC */

#endif
