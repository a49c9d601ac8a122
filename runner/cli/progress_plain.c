/* progress_plain.c - progress as plain lines, where there is no terminal, and the errors and warnings that
 * --quiet leaves.
 */
#include <math.h>

#include "base/text.h"
#include "cli/display.h"
#include "cli/progress_view.h"

/* Losses so far: ", train loss 0.43, validation loss 0.45". */
static void add_losses(struct strbuf *b, const struct at_work *l)
{
    char number[32];

    if (!isnan(l->train)) {
        display_number(l->train, number);
        strbuf_addf(b, ", train loss %s", number);
    }
    if (!isnan(l->held_out)) {
        display_number(l->held_out, number);
        strbuf_addf(b, ", %s loss %s", l->held_out_name, number);
    }
}

/* TEXT as one line. */
static void print_clean(FILE *to, const char *text)
{
    struct strbuf line = {0};

    display_add(&line, text, -1);
    if (to == stderr)
        fflush(stdout); /* the order of lines holds when both go to one place */
    fprintf(to, "%s\n", line.text);
    strbuf_release(&line);
}

static void plain_begin(struct progress *p)
{
    printf("%s: %lld run%s, %zu worker%s\n", p->name, (long long)p->runs, p->runs == 1 ? "" : "s",
           p->nworkers, p->nworkers == 1 ? "" : "s");
}

static void plain_workers(struct progress *p)
{
    if (p->allowed < p->nworkers)
        printf("%zu of %zu workers go on: other fell runs share this machine (--jobs N takes N)\n",
               p->allowed, p->nworkers);
    else
        printf("%zu of %zu workers again\n", p->allowed, p->nworkers);
}

/* A line for each tenth of a run, at most one in two seconds when there are more than three
 * runs, at least one in thirty seconds. */
static void plain_epoch(struct progress *p, struct at_work *l, const struct epoch_report *e)
{
    double since = p->now - l->told;
    bool tenth = 10 * (e->epoch - l->told_epoch) >= l->epochs;
    struct strbuf b = {0};
    char rate[32], left[32];

    if (e->epoch >= l->epochs || !((tenth && (p->runs <= 3 || since >= 2)) || since >= 30))
        return;
    progress_run_name(&b, l);
    strbuf_addf(&b, " epoch %lld/%lld", (long long)e->epoch, (long long)l->epochs);
    add_losses(&b, l);
    if (l->seconds > 0) {
        display_rate(l->samples / l->seconds, rate);
        strbuf_addf(&b, ", %s samples/s", rate);
    }
    if (p->now - l->began >= 1) {
        display_duration(progress_run_left(p, l), left);
        strbuf_addf(&b, ", %s left", left);
    }
    print_clean(stdout, b.text);
    strbuf_release(&b);
    l->told = p->now;
    l->told_epoch = e->epoch;
}

/* A bad end goes to standard error, whatever was asked. */
static void report_failure(const struct at_work *l, const char *status_word, const char *error)
{
    struct strbuf b = {0};

    strbuf_add(&b, "fell: ");
    progress_run_name(&b, l);
    strbuf_addf(&b, " %s after %lld epoch%s", status_word, (long long)l->epoch, l->epoch == 1 ? "" : "s");
    if (error && *error)
        strbuf_addf(&b, ": %s", error);
    print_clean(stderr, b.text);
    strbuf_release(&b);
}

static void plain_run_ended(struct progress *p, const struct at_work *l, const char *status_word,
                            const char *error)
{
    struct strbuf b = {0};
    char time[32];

    if (!progress_is_good(status_word)) {
        report_failure(l, status_word, error);
        return;
    }
    progress_run_name(&b, l);
    strbuf_addf(&b, " %s: %lld epoch%s", status_word, (long long)l->epoch, l->epoch == 1 ? "" : "s");
    add_losses(&b, l);
    display_duration(progress_taken(p, l), time);
    strbuf_addf(&b, ", %s", time);
    print_clean(stdout, b.text);
    strbuf_release(&b);
}

/* To standard error, whatever was asked, as the warnings of a check are. */
static void plain_warning(struct progress *p, const struct at_work *l, const char *text)
{
    struct strbuf b = {0};

    (void)p;
    progress_add_warning(&b, l, text);
    print_clean(stderr, b.text);
    strbuf_release(&b);
}

static void plain_note(struct progress *p, const char *text)
{
    (void)p;
    print_clean(stderr, text);
}

/* Of several runs, where the whole stands, every ten seconds. */
static void plain_tick(struct progress *p)
{
    if (p->runs > 1 && p->now - fmax(p->began, p->drawn) >= 10) {
        struct strbuf b = {0};

        progress_add_head(&b, p);
        if (p->objective.name && !isnan(p->objective.best)) {
            strbuf_add(&b, ", ");
            progress_add_best(&b, p);
        }
        print_clean(stdout, b.text);
        strbuf_release(&b);
        p->drawn = p->now;
    }
    fflush(stdout);
}

static void quiet_run_ended(struct progress *p, const struct at_work *l, const char *status_word,
                            const char *error)
{
    (void)p;
    if (!progress_is_good(status_word))
        report_failure(l, status_word, error);
}

const struct progress_view progress_plain = {
    .begin = plain_begin,
    .epoch = plain_epoch,
    .run_ended = plain_run_ended,
    .warning = plain_warning,
    .note = plain_note,
    .workers = plain_workers,
    .tick = plain_tick,
};
const struct progress_view progress_quiet = {.run_ended = quiet_run_ended, .warning = plain_warning};
