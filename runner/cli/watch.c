/* watch.c - `fell watch`: how an experiment stands while another process runs it, out of the results
 * database.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/display.h"
#include "cli/query.h"
#include "cli/terminal.h"
#include "cli/watch_read.h"
#include "record/claim.h"
#include "record/database.h"

static const double REFRESH = 1.0; /* seconds */

/* ---- which experiment ------------------------------------------------------------------ */

/* Named, or the newest that is being run, or the newest. */
static status choose(sqlite3 *db, const struct call *c, int64_t *experiment, struct error *err)
{
    sqlite3_stmt *s;
    int code;

    *experiment = 0;
    if (c->nargs)
        return results_experiment(db, c->args[0], experiment, err);
    if (results_query(db, "SELECT id, uid FROM experiments ORDER BY id DESC LIMIT 1000", 0, NULL, &s, err))
        return FAILED;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        if (!*experiment)
            *experiment = sqlite3_column_int64(s, 0);
        if (claim_is_taken(c->db, database_text(s, 1))) {
            *experiment = sqlite3_column_int64(s, 0);
            break;
        }
    }
    sqlite3_finalize(s);
    return *experiment ? OK : results_none_yet(c->db, err);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void add_number(cJSON *o, const char *name, double v)
{
    if (isfinite(v))
        cJSON_AddNumberToObject(o, name, v);
    else
        cJSON_AddNullToObject(o, name);
}

/* The numbers of the last look; null: there was none. */
static cJSON *look_json(const struct at_work *l)
{
    cJSON *o;

    if (l->nlooked == 0)
        return cJSON_CreateNull();
    o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "epoch", (double)l->look);
    for (size_t i = 0; i < l->nlooked; i++)
        add_number(o, l->looked[i].name, l->looked[i].value);
    return o;
}

static void print_json(const struct watch *w)
{
    const struct progress *p = w->p;
    cJSON *o = cJSON_CreateObject(), *part;

    cJSON_AddStringToObject(o, "experiment", w->name);
    cJSON_AddNumberToObject(o, "experiment_id", (double)w->experiment);
    cJSON_AddBoolToObject(o, "running_now", w->alive);
    cJSON_AddNumberToObject(o, "runs", (double)p->runs);
    cJSON_AddNumberToObject(o, "done", (double)tally_ended(&p->tally));
    part = cJSON_AddObjectToObject(o, "status");
    for (int s = 0; s < STATUSES; s++)
        cJSON_AddNumberToObject(part, run_statuses[s].word, (double)p->tally.of[s]);
    add_number(o, "runs_per_second", p->rate);
    add_number(o, "seconds_left", p->left);
    if (p->objective.name && !isnan(p->objective.best)) {
        part = cJSON_AddObjectToObject(o, "best");
        cJSON_AddStringToObject(part, "objective", p->objective.name);
        cJSON_AddStringToObject(part, "goal", p->objective.maximize ? "maximize" : "minimize");
        add_number(part, "value", p->objective.best);
        cJSON_AddNumberToObject(part, "run", (double)p->objective.run);
        cJSON_AddStringToObject(part, "params", p->objective.label);
    } else {
        cJSON_AddNullToObject(o, "best");
    }
    part = cJSON_AddArrayToObject(o, "running");
    for (size_t i = 0; i < p->nworkers; i++) {
        const struct at_work *l = &p->worker[i];
        cJSON *run = cJSON_CreateObject();

        cJSON_AddNumberToObject(run, "run", (double)l->run);
        cJSON_AddNumberToObject(run, "trial", (double)l->trial);
        cJSON_AddNumberToObject(run, "repeat", (double)l->repeat);
        cJSON_AddStringToObject(run, "params", l->label);
        cJSON_AddNumberToObject(run, "epoch", (double)l->epoch);
        cJSON_AddNumberToObject(run, "epochs", (double)l->epochs);
        add_number(run, "train_loss", l->train);
        add_number(run, *l->held_out_name == 't' ? "test_loss" : "validation_loss", l->held_out);
        cJSON_AddItemToObject(run, "probes", look_json(l));
        cJSON_AddItemToArray(part, run);
    }
    query_print_json_line(o);
}

/* ---- text ----------------------------------------------------------------------------------- */

static void print_line(const struct progress *p)
{
    struct strbuf b = {0}, clean = {0};

    progress_add_head(&b, p);
    if (p->objective.name && !isnan(p->objective.best)) {
        strbuf_add(&b, ", ");
        progress_add_best(&b, p);
    }
    display_add(&clean, b.text, -1);
    puts(clean.text);
    strbuf_release(&b);
    strbuf_release(&clean);
}

/* What probes said last, in lines that a terminal of 100 columns does not break. */
static void print_look(const struct at_work *l)
{
    struct strbuf line = {0}, one = {0}, clean = {0};

    for (size_t i = 0; i <= l->nlooked; i++) {
        one.len = 0;
        if (i < l->nlooked)
            progress_add_looked(&one, &l->looked[i]);
        if (line.len && (i == l->nlooked || line.len + one.len > 94)) {
            clean.len = 0;
            display_add(&clean, line.text, -1);
            printf("  %s\n", clean.text);
            line.len = 0;
        }
        if (one.len)
            strbuf_addf(&line, "%s%s", line.len ? "  " : "", one.text);
    }
    strbuf_release(&line);
    strbuf_release(&one);
    strbuf_release(&clean);
}

/* What is running, for --once, which draws nothing that goes away. */
static void print_workers(const struct progress *p)
{
    char number[32];

    for (size_t i = 0; i < p->nworkers; i++) {
        const struct at_work *l = &p->worker[i];
        struct strbuf b = {0}, clean = {0};

        progress_run_name(&b, l);
        strbuf_addf(&b, " epoch %lld/%lld", (long long)l->epoch, (long long)l->epochs);
        if (!isnan(l->train)) {
            display_number(l->train, number);
            strbuf_addf(&b, ", train loss %s", number);
        }
        if (!isnan(l->held_out)) {
            display_number(l->held_out, number);
            strbuf_addf(&b, ", %s loss %s", l->held_out_name, number);
        }
        display_add(&clean, b.text, -1);
        puts(clean.text);
        strbuf_release(&b);
        strbuf_release(&clean);
        print_look(l);
    }
}

/* ---- the command ---------------------------------------------------------------------------- */

static int64_t to_do(const struct watch *w)
{
    return tally_all(&w->p->tally) - tally_ended(&w->p->tally);
}

/* The experiment was replaced (fell run --new): go on with what took its place. */
static status follow(struct watch *w, bool *gone, struct error *err)
{
    int64_t next = 0;
    char *name = mem_string(w->name);
    status st = OK;

    *gone = tally_all(&w->p->tally) == 0;
    if (*gone) {
        if (results_experiment(w->db, name, &next, err) || next == w->experiment) {
            st = error_set(err, "experiment '%s' (number %lld) is gone", name, (long long)w->experiment);
        } else {
            watch_end(w);
            st = watch_begin(w, w->db, w->path, next, w->p, err);
        }
    }
    free(name);
    return st;
}

/* True when there is more to come. */
static bool show(struct watch *w, const struct call *c)
{
    const bool more = !c->once && w->alive && to_do(w) > 0;
    struct progress *p = w->p;

    if (c->json)
        print_json(w);
    else if (p->view == &progress_screen && more)
        progress_tick(p);
    else
        print_line(p);
    return more;
}

static void say_end(const struct watch *w, const struct call *c)
{
    if (c->json)
        return;
    if (c->once)
        print_workers(w->p);
    if (to_do(w) > 0 && !w->alive)
        printf(
            "no process of this machine runs it now; %lld runs are to do, and the same 'fell run' goes on\n",
            (long long)to_do(w));
    else if (!c->once) {
        struct strbuf command = {0};

        strbuf_add(&command, "fell report");
        text_add_word(&command, w->name);
        printf("it has ended; '%s' shows what came of it\n", command.text);
        strbuf_release(&command);
    }
}

static status watch(sqlite3 *db, const struct call *c, struct error *err)
{
    struct progress *p = progress_new(c->json || c->once ? PROGRESS_QUIET : PROGRESS_AUTO);
    struct watch w = {.db = NULL};
    int64_t experiment;
    bool more = true, gone;
    status st = FAILED;

    if (choose(db, c, &experiment, err) || watch_begin(&w, db, c->db, experiment, p, err))
        goto out;
    while (more) {
        const double began = time_monotonic();

        if (watch_read(&w, err) || follow(&w, &gone, err)) {
            progress_end(p);
            goto out;
        }
        if (gone)
            continue;
        if (!(c->once || (w.alive && to_do(&w) > 0)))
            progress_end(p); /* the lines that were drawn */
        more = show(&w, c);
        if (fflush(stdout) || ferror(stdout))
            break; /* nobody reads it */
        if (more)  /* a question to a large database takes a small part of the time */
            usleep((useconds_t)(1e6 * fmax(REFRESH, 5 * (time_monotonic() - began))));
    }
    say_end(&w, c);
    st = OK;
out:
    watch_end(&w);
    progress_free(p);
    return st;
}

static int run_watch(const struct call *c)
{
    return query_run(c, watch);
}

const struct command command_watch = {
    .name = "watch",
    .task = "Look at results",
    .args = "[EXPERIMENT]",
    .most = 1,
    .options = {OPTION_DB, OPTION_ONCE, OPTION_JSON},
    .brief = "Follow an experiment while it runs, from another terminal",
    .help =
        "EXPERIMENT is a name or a number; without it, the newest that is being run, or the newest. Shows "
        "how "
        "many runs stand how, the rate of the last minute, the time left, the best value of the objective so "
        "far with its run, and where each running run is, with what its probes said last of the whole net: "
        "drawn anew every second on a terminal, a line for "
        "each second elsewhere, a JSON object a line with --json. Ends when the experiment ends, or when the "
        "process that ran it is gone.\n\n"
        "It reads the results database and nothing else, in short transactions: the process that writes "
        "never "
        "waits for it.",
    .examples = "fell watch\n"
                "fell watch lr-activation --once\n"
                "fell watch lr-activation --json",
    .run = run_watch,
};
