/* csv_others.h - files that are text, and no tables: what they are, and what to do. Included by csv.c. */
#ifndef DATASET_CSV_OTHERS_H
#define DATASET_CSV_OTHERS_H

#include <strings.h>

#include "csv_scan.h"
#include "fell/plugin.h"

/* How such a file begins, in any capitals. */
static const struct {
    const char *begin, *what;
} csv_others[] = {
    {"<!doctype", "an HTML page; was the file behind a link or a login?"},
    {"<html", "an HTML page; was the file behind a link or a login?"},
    {"<?xml", "XML; save the table as CSV"},
    {"version https://git-lfs", "a pointer to the file, which Git LFS keeps; fetch it with git lfs pull"},
    {"{\"", "JSON; save it as CSV"},
    {"[{", "JSON; save it as CSV"},
    {"%pdf-", "a PDF; save the table as CSV"},
    {"@relation", "an ARFF file; save it as CSV"},
    {"% ", "a file with comments of '%' (ARFF?); save it as CSV"},
};

/* Whether the next line begins with % or @, too, as in ARFF: a column may be called "% fat". */
static inline bool csv_goes_on(const char *p)
{
    p += strcspn(p, "\r\n");
    p += strspn(p, "\r\n \t");
    return *p == '%' || *p == '@';
}

/* Errors: the text P is no table. */
static inline fell_status csv_refuse_others(fell_ctx *ctx, const char *file, const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')
        p++;
    for (size_t i = 0; i < sizeof csv_others / sizeof *csv_others; i++)
        if (!strncasecmp(p, csv_others[i].begin, strlen(csv_others[i].begin)) &&
            (strcmp(csv_others[i].begin, "% ") != 0 || csv_goes_on(p)))
            return fell_fail(ctx, "path: %s is %s", file, csv_others[i].what);
    return FELL_OK;
}

#endif
