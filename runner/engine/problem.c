/* problem.c - fills a problem. See problem.h. */
#include "engine/problem.h"

#include <stdarg.h>
#include <stdio.h>

status problem_set(struct problem *p, const char *section, int index, const char *setting, const char *fmt,
                   ...)
{
    va_list ap;

    snprintf(p->section, sizeof p->section, "%s", section);
    p->index = index;
    snprintf(p->setting, sizeof p->setting, "%s", setting ? setting : "");
    va_start(ap, fmt);
    vsnprintf(p->text, sizeof p->text, fmt, ap);
    va_end(ap);
    return FAILED;
}

status problem_no_memory(struct problem *p, const char *section, int index, const char *who, const char *fmt,
                         ...)
{
    char what[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return problem_set(p, section, index, "", "%s%sno memory for %s", who, *who ? ": " : "", what);
}

status problem_of_instance(const struct instance *in, const char *section, int index, struct problem *p)
{
    struct error err;
    char setting[sizeof p->setting];

    instance_error(in, setting, &err);
    return problem_set(p, section, index, setting, "%s", err.text);
}
