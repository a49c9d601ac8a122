/* replay.c - `fell replay`: a stored run trained again before the user's eyes, with the crash that it may
 * end in. Writes nothing.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/run_status.h"
#include "cli/display.h"
#include "cli/query.h"
#include "again/rerun.h"

struct replay {
    const struct call *call;
    int64_t epochs; /* of the spec; 0: not known */
};

/* ---- as text -------------------------------------------------------------------------------- */

static void add_value(struct strbuf *b, const char *name, double v)
{
    char text[32];

    display_number(v, text);
    strbuf_addf(b, "  %s %s", name, text);
}

static void print_epoch(const struct replay *p, const struct epoch_report *e)
{
    struct strbuf b = {0};

    strbuf_addf(&b, "epoch %lld", (long long)e->epoch);
    if (p->epochs > 0)
        strbuf_addf(&b, " of %lld", (long long)p->epochs);
    for (int s = SPLIT_TRAIN; s < SPLITS; s++) {
        char name[32];

        snprintf(name, sizeof name, "%s.loss", split_name((enum split)s));
        if (s == SPLIT_TRAIN || !isnan(e->loss[s]))
            add_value(&b, name, e->loss[s]);
    }
    for (size_t i = 0; i < e->nmetrics; i++) {
        char *name = mem_format("%s.%s", split_name(e->metrics[i].split), e->metrics[i].name);

        add_value(&b, name, e->metrics[i].value);
        free(name);
    }
    add_value(&b, "grad_norm", e->grad_norm_mean);
    add_value(&b, "lr", e->lr);
    puts(b.text);
    fflush(stdout);
    strbuf_release(&b);
}

/* ---- as JSON, a line for each epoch ------------------------------------------------------------ */

/* With all its digits, which cJSON would round. */
static void add_number(cJSON *o, const char *name, double v)
{
    char text[32];

    snprintf(text, sizeof text, "%.17g", v);
    if (isfinite(v))
        cJSON_AddRawToObject(o, name, text);
    else
        cJSON_AddNullToObject(o, name);
}

static void print_line(cJSON *o)
{
    query_print_json_line(o);
    fflush(stdout);
}

static void print_json_epoch(const struct epoch_report *e)
{
    cJSON *o = cJSON_CreateObject(), *metrics = cJSON_AddObjectToObject(o, "metrics");

    cJSON_AddNumberToObject(o, "epoch", (double)e->epoch);
    for (int i = 0; i < NEPOCH_NUMBERS; i++)
        if (epoch_numbers[i].flags & NUMBER_SAME)
            add_number(o, epoch_numbers[i].name, number_value(&epoch_numbers[i], e));
    for (size_t i = 0; i < e->nmetrics; i++) {
        char *name = mem_format("%s.%s", split_name(e->metrics[i].split), e->metrics[i].name);

        add_number(metrics, name, e->metrics[i].value);
        free(name);
    }
    print_line(o);
}

/* ---- the run --------------------------------------------------------------------------------------- */

static void hear_epoch(void *arg, const struct epoch_report *e)
{
    const struct replay *p = arg;

    if (p->call->json)
        print_json_epoch(e);
    else if (!p->call->quiet)
        print_epoch(p, e);
}

static void hear_event(void *arg, const char *kind, const char *detail)
{
    (void)arg;
    if (!run_status_is(kind, STATUS_DIVERGED)) /* it is the end, and told there */
        fprintf(stderr, "%s: %s\n", kind, detail);
}

/* A plugin that was mended since is what replaying is for; but it is said. */
static void tell_changes(const struct rerun *r)
{
    const char *line = r->plugins.changed.text;

    for (size_t n; *line; line += n + (line[n] == '\n')) {
        n = strcspn(line, "\n");
        cli_error("note: %.*s", (int)n, line);
    }
    if (r->files.changed.len > 0)
        cli_error("note: %s", r->files.changed.text);
    query_tell_moved(&r->files);
}

static void print_end(const struct replay *p, const struct rerun *r, const struct rerun_end *end)
{
    if (p->call->json) {
        cJSON *o = cJSON_CreateObject();

        cJSON_AddNumberToObject(o, "run", (double)r->run.id);
        cJSON_AddStringToObject(o, "status", end->word);
        cJSON_AddNumberToObject(o, "epochs", (double)end->epochs);
        if (end->error[0])
            cJSON_AddStringToObject(o, "error", end->error);
        print_line(o);
        return;
    }
    if (p->call->quiet && run_status_is_good(end->word))
        return;
    fprintf(run_status_is_good(end->word) ? stdout : stderr, "run %lld %s after %lld epoch%s%s%s\n",
            (long long)r->run.id, end->word, (long long)end->epochs, end->epochs == 1 ? "" : "s",
            end->error[0] ? ": " : "", end->error);
}

static status replay(const struct call *c, sqlite3 *db, struct rerun *r, int *exit_status, struct error *err)
{
    struct replay p = {.call = c, .epochs = r->spec ? r->spec->train.epochs : 0};
    const struct rerun_listener listener = {.arg = &p, .epoch = hear_epoch, .event = hear_event};
    struct rerun_end end;

    (void)db;
    tell_changes(r);
    if (rerun_train(r, 0, NULL, &listener, &end, err) != OK)
        return FAILED;
    print_end(&p, r, &end);
    *exit_status = run_status_is_good(end.word) ? EXIT_OK : EXIT_RUN;
    return OK;
}

static int run_replay(const struct call *c)
{
    return query_rerun(c, "replayed", replay);
}

const struct command command_replay = {
    .name = "replay",
    .task = "Look at results",
    .args = "RUN",
    .least = 1,
    .most = 1,
    .options = {OPTION_DB, OPTION_PLUGIN, OPTION_TRUST, OPTION_JSON, OPTION_QUIET},
    .brief = "Train a stored run again and watch it",
    .help = QUERY_RERUN_HELP
    "Its epochs are printed, and where it crashed it "
    "crashes again, under the same limits; the plugin's own output is on standard error. A plugin or a "
    "data file that has changed since is told of and used as it is, so that a mended plugin can be "
    "tried. Nothing is written.",
    .examples = "fell replay 12\n"
                "fell replay 12 --plugin ./mended.so",
    .run = run_replay,
};
