/* progress_text.c - what the ways of showing progress share: words for a run and for the whole, and how much
 * time is left. Prints nothing.
 */
#include <math.h>

#include "base/run_status.h"
#include "base/text.h"
#include "cli/display.h"
#include "cli/progress_view.h"

double progress_taken(const struct progress *p, const struct at_work *l)
{
    return fmax(p->now - l->began, l->seconds);
}

bool progress_is_good(const char *status_word)
{
    return run_status_is_good(status_word);
}

/* What DONE of WANTED, reached after TAKEN seconds and AGO seconds ago, lets one expect. */
static double time_left(double taken, double ago, double done, double wanted)
{
    return done > 0 ? fmax(taken * (wanted - done) / done - ago, 0) : NAN;
}

double progress_run_left(const struct progress *p, const struct at_work *l)
{
    return time_left(l->stepped - l->began, p->now - l->stepped, (double)(l->epoch - l->from),
                     (double)(l->epochs - l->from));
}

double progress_left(const struct progress *p)
{
    return p->told_rate ? p->left
                        : time_left(p->stepped - p->began, p->now - p->stepped, p->epochs_done,
                                    p->epochs_wanted - p->epochs_before);
}

/* Per second, or where that is below one per minute or hour. */
static void add_rate(struct strbuf *out, double per_second)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"s", 1}, {"min", 60}, {"h", 3600}};
    char text[32];
    size_t i = 0;

    if (!(per_second > 0))
        return;
    while (i < 2 && per_second * units[i].seconds < 1)
        i++;
    if (per_second * units[i].seconds < 1000)
        snprintf(text, sizeof text, "%.3g", per_second * units[i].seconds);
    else
        display_rate(per_second * units[i].seconds, text);
    strbuf_addf(out, ", %s runs/%s", text, units[i].unit);
}

void progress_add_head(struct strbuf *out, const struct progress *p)
{
    const double since = p->now - p->began;
    char left[32];

    strbuf_addf(out, "%s: ", p->name);
    tally_add_text(out, &p->tally);
    add_rate(out, p->told_rate ? p->rate : since >= 1 ? (double)p->ended / since : NAN);
    if (p->told_rate ? isfinite(p->left) : p->epochs_done >= 1 && since >= 1) {
        display_duration(progress_left(p), left);
        strbuf_addf(out, ", %s left", left);
    }
    if (p->allowed && p->allowed < p->nworkers)
        strbuf_addf(out, ", %zu of %zu workers beside other runs", p->allowed, p->nworkers);
}

void progress_add_best(struct strbuf *out, const struct progress *p)
{
    const struct objective *o = &p->objective;
    char value[32];

    if (!o->name || isnan(o->best))
        return;
    display_number(o->best, value);
    strbuf_addf(out, "best %s %s, run %lld", o->name, value, (long long)o->run);
    if (*o->label)
        strbuf_addf(out, " (%s)", o->label);
}

void progress_add_looked(struct strbuf *out, const struct looked *l)
{
    char number[32];

    if (isnan(l->value))
        return;
    display_number(l->value, number);
    strbuf_addf(out, "%s%s %s", out->len ? "  " : "", l->name, number);
}

void progress_run_name(struct strbuf *out, const struct at_work *l)
{
    strbuf_addf(out, "run %lld", (long long)l->run);
    if (*l->label)
        strbuf_addf(out, " (%s)", l->label);
}

void progress_add_warning(struct strbuf *out, const struct at_work *l, const char *text)
{
    strbuf_add(out, "fell: warning: ");
    progress_run_name(out, l);
    strbuf_addf(out, ": %s", text);
}
