/* watch_read.c - see watch_read.h. Only reads. */
#include "cli/watch_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/results.h"
#include "record/claim.h"
#include "record/schema.h"
#include "record/database.h"

enum {
    WINDOW = 60, /* seconds that the rate is of */
    ENOUGH = 10  /* runs in it that make a rate to reckon with */
};

status watch_begin(struct watch *w, sqlite3 *db, const char *path, int64_t experiment, struct progress *p,
                   struct error *err)
{
    sqlite3_stmt *s;
    int code;

    *w = (struct watch){.db = db, .path = path, .experiment = experiment, .p = p};
    if (results_query(db, "SELECT name, uid, objective, goal, objective_at FROM experiments WHERE id = ?1", 1,
                      &experiment, &s, err))
        return FAILED;
    code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        w->name = mem_string(database_text(s, 0));
        w->uid = mem_string(database_text(s, 1));
        free(p->name);
        p->name = mem_string(w->name);
        progress_objective(p, database_text(s, 2), strcmp(database_text(s, 3), "maximize") == 0,
                           strcmp(database_text(s, 4), "last") == 0);
        p->told_rate = true;
    }
    sqlite3_finalize(s);
    return code == SQLITE_ROW    ? OK
           : code == SQLITE_DONE ? error_set(err, "the experiment is gone")
                                 : results_error(db, err);
}

void watch_end(struct watch *w)
{
    free(w->name);
    free(w->uid);
    free(w->seen);
    w->name = w->uid = NULL;
}

/* ---- the runs that run ------------------------------------------------------------------ */

static double real_or_nan(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? NAN : sqlite3_column_double(s, column);
}

static const char of_run[] =
    "SELECT trial, repeat, (julianday('now') - julianday(coalesce(s.at, started_at))) * 86400,\n"
    "  iif(json_valid(resolved), json_extract(resolved, '$.train.epochs'), 0),\n"
    "  e.epoch, e.train_loss, e.validation_loss, e.test_loss,\n"
    "  (SELECT sum(samples) FROM epochs WHERE run_id = ?1 AND epoch > e.epoch - 20),\n"
    "  (SELECT sum(seconds) FROM epochs WHERE run_id = ?1 AND epoch > e.epoch - 20),\n"
    "  (SELECT CAST(substr(detail, length('after epoch ') + 1) AS INTEGER) FROM events\n"
    "    WHERE run_id = ?1 AND kind = 'resumed' AND id > s.id ORDER BY id DESC LIMIT 1)\n"
    "FROM runs AS r LEFT JOIN epochs AS e ON e.run_id = r.id\n"
    "  AND e.epoch = (SELECT max(epoch) FROM epochs WHERE run_id = ?1)\n"
    "  LEFT JOIN events AS s ON s.id = (SELECT max(id) FROM events WHERE run_id = ?1 AND kind = 'started')\n"
    "WHERE r.id = ?1";

static status read_worker(const struct watch *w, struct at_work *l, int64_t run, struct error *err)
{
    const double now = w->p->now;
    sqlite3_stmt *s;
    int code;

    *l = (struct at_work){.busy = true, .run = run, .objective = NAN, .train = NAN, .held_out = NAN};
    l->held_out_name = "validation";
    if (results_label(w->db, run, &l->label, err) || results_query(w->db, of_run, 1, &run, &s, err))
        return FAILED;
    code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        l->trial = sqlite3_column_int64(s, 0);
        l->repeat = sqlite3_column_int64(s, 1);
        l->began = now - fmax(sqlite3_column_double(s, 2), 0);
        l->stepped = now;
        l->epochs = sqlite3_column_int64(s, 3);
        l->epoch = sqlite3_column_int64(s, 4);
        l->train = real_or_nan(s, 5);
        l->held_out = real_or_nan(s, 6);
        if (isnan(l->held_out) && !isnan(real_or_nan(s, 7))) {
            l->held_out_name = "test";
            l->held_out = real_or_nan(s, 7);
        }
        l->samples = sqlite3_column_double(s, 8);
        l->seconds = sqlite3_column_double(s, 9);
        l->from = sqlite3_column_int64(s, 10);
        l->epoch = l->epoch < l->from ? l->from : l->epoch;
    }
    sqlite3_finalize(s);
    return code == SQLITE_ROW ? OK : results_error(w->db, err);
}

/* What the probes said in the last look of a run: of each number with one value of the whole net. */
static const char last_look[] =
    "SELECT probe || '.' || name, value, epoch FROM probes AS p WHERE run_id = ?1\n"
    "  AND epoch = (SELECT max(epoch) FROM probes WHERE run_id = ?1) AND layer = '' AND position = 0\n"
    "  AND NOT EXISTS (SELECT 1 FROM probes AS q WHERE q.run_id = ?1 AND q.epoch = p.epoch\n"
    "    AND q.probe = p.probe AND q.name = p.name AND q.layer = '' AND q.position > 0) ORDER BY probe, name";

static status read_look(const struct watch *w, struct at_work *l, struct error *err)
{
    const char *objective = w->p->objective.name;
    sqlite3_stmt *s;

    if (results_query(w->db, last_look, 1, &l->run, &s, err))
        return FAILED;
    while (sqlite3_step(s) == SQLITE_ROW) {
        const struct looked one = {mem_string(database_text(s, 0)), real_or_nan(s, 1)};

        l->look = sqlite3_column_int64(s, 2);
        l->looked = mem_grow(l->looked, l->nlooked + 1, sizeof *l->looked);
        l->looked[l->nlooked++] = one;
        if (objective && strncmp(objective, "probe.", 6) == 0 && strcmp(objective + 6, one.name) == 0) {
            l->looked[l->nlooked - 1] = l->looked[0]; /* what is asked for comes first */
            l->looked[0] = one;
        }
    }
    return results_end(w->db, s, err);
}

/* LIST: their numbers with commas. */
static status read_workers(struct watch *w, const char *list, struct error *err)
{
    struct progress *p = w->p;

    for (size_t i = 0; i < p->nworkers; i++)
        progress_forget(&p->worker[i]);
    p->nworkers = 0;
    for (char *end; *list; list = end + (*end == ',')) {
        int64_t run = strtoll(list, &end, 10);
        struct at_work *l;

        p->worker = mem_grow(p->worker, p->nworkers + 1, sizeof *p->worker);
        l = &p->worker[p->nworkers++];
        if (read_worker(w, l, run, err) || read_look(w, l, err))
            return FAILED;
    }
    return OK;
}

/* ---- the whole --------------------------------------------------------------------------- */

static const char whole[] =
    "SELECT status, count(*),\n"
    "  total(finished_at >= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-60 seconds')), total(seconds),\n"
    "  (julianday('now') - julianday(min(started_at))) * 86400,\n"
    "  group_concat(iif(status = 'running', id, NULL))\n"
    "FROM runs WHERE experiment_id = ?1 GROUP BY status";

struct totals {
    double recent;  /* ended in the window */
    double seconds; /* of those that ended */
    double age;     /* since the first was started */
};

static status read_whole(struct watch *w, struct totals *t, struct error *err)
{
    struct progress *p = w->p;
    char *running = NULL;
    sqlite3_stmt *s;
    status st;
    int code;

    *t = (struct totals){0};
    p->tally = (struct tally){.of = {0}};
    if (results_query(w->db, whole, 1, &w->experiment, &s, err))
        return FAILED;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        enum run_status how = run_status_find(database_text(s, 0));

        if (how == STATUSES)
            continue;
        p->tally.of[how] = sqlite3_column_int64(s, 1);
        if (run_statuses[how].end) {
            t->recent += sqlite3_column_double(s, 2);
            t->seconds += sqlite3_column_double(s, 3);
        }
        t->age = fmax(t->age, sqlite3_column_double(s, 4));
        if (how == STATUS_RUNNING)
            running = mem_string(database_text(s, 5));
    }
    sqlite3_finalize(s);
    st = code == SQLITE_DONE ? read_workers(w, running ? running : "", err) : results_error(w->db, err);
    free(running);
    return st;
}

/* The rate of the last minute. What is left, from it where it is of enough runs, else from the time that
 * a run takes. */
static void reckon(struct watch *w, const struct totals *t)
{
    struct progress *p = w->p;
    const double window = fmin(WINDOW, fmax(t->age, 1)), ended = (double)tally_ended(&p->tally);
    double to_do = (double)p->tally.of[STATUS_QUEUED], run = NAN, seconds = 0, share = 0;

    p->runs = tally_all(&p->tally);
    p->rate = p->left = NAN;
    for (size_t i = 0; i < p->nworkers; i++) {
        const struct at_work *l = &p->worker[i];
        const double done = l->epochs > 0 ? fmin((double)l->epoch / (double)l->epochs, 1) : 0;

        to_do += 1 - done;
        seconds += p->now - l->began;
        share += l->epochs > 0 ? done - fmin((double)l->from / (double)l->epochs, done) : 0;
    }
    if (!w->alive)
        return;
    if (t->recent > 0)
        p->rate = t->recent / window;
    if (share > 0)
        run = seconds / share;
    if (ended > 0 && t->seconds > 0)
        run = t->seconds / ended;
    if (t->recent >= ENOUGH)
        p->left = to_do / p->rate;
    else if (p->nworkers > 0)
        p->left = to_do * run / (double)p->nworkers;
}

/* ---- the best --------------------------------------------------------------------------- */

static bool is_better(const struct objective *o, double v, double than)
{
    return isnan(than) || (o->maximize ? v > than : v < than);
}

static void forget_best(struct objective *o)
{
    free(o->label);
    o->label = NULL;
    o->best = NAN;
    o->run = 0;
}

/* The best row of SQL (run, value), with ?1 the experiment and ?2 what is said, if it is better than what
 * is known. *OF_BEST: the value of the run that was best, when it is among them. */
static status take_best(struct watch *w, const char *sql, int64_t second, double *of_best, struct error *err)
{
    struct objective *o = &w->p->objective;
    const int64_t ids[] = {w->experiment, second};
    int64_t best = 0;
    double value = o->best;
    sqlite3_stmt *s;
    int code;

    if (results_query(w->db, sql, 2, ids, &s, err))
        return FAILED;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        const int64_t run = sqlite3_column_int64(s, 0);
        const double v = sqlite3_column_double(s, 1);

        if (run == o->run)
            *of_best = v;
        if (is_better(o, v, value) || (v == value && best && run < best)) {
            value = v;
            best = run;
        }
    }
    sqlite3_finalize(s);
    if (code != SQLITE_DONE)
        return results_error(w->db, err);
    if (!best)
        return OK;
    forget_best(o);
    o->best = value;
    o->run = best;
    return results_label(w->db, best, &o->label, err);
}

static bool is_running(const struct progress *p, int64_t run)
{
    for (size_t i = 0; i < p->nworkers; i++)
        if (p->worker[i].run == run)
            return true;
    return false;
}

/* Runs that ended or were put off: those that ran when this was asked last and do no more, and those that
 * had an event since. The plus: not by the experiment's index, which has all its runs. */
static status take_ended(struct watch *w, double *of_best, struct error *err)
{
    struct strbuf sql = {0};
    status st;

    strbuf_add(&sql, "SELECT run, value FROM leaderboard AS l WHERE +l.experiment = ?1\n"
                     "AND l.run IN (SELECT run_id FROM events WHERE id > ?2");
    for (size_t i = 0; i < w->nseen; i++)
        if (!is_running(w->p, w->seen[i].run))
            strbuf_addf(&sql, " UNION SELECT %lld", (long long)w->seen[i].run);
    strbuf_addf(&sql, ") AND (%d OR l.status <> 'running') AND value IS NOT NULL", !w->p->objective.at_last);
    st = take_best(w, sql.text, w->seen_event, of_best, err);
    strbuf_release(&sql);
    return st;
}

/* Runs that run: the epochs since. */
static status take_running(struct watch *w, struct error *err)
{
    const struct progress *p = w->p;
    double ignored = NAN;

    for (size_t i = 0; i < p->nworkers; i++) {
        char *sql = mem_format("SELECT run, %s(value) FROM objectives WHERE run = %lld AND epoch > ?2\n"
                               "AND ?1 > 0 AND value IS NOT NULL GROUP BY run",
                               p->objective.maximize ? "max" : "min", (long long)p->worker[i].run);
        int64_t epoch = 0;
        status st;

        for (size_t k = 0; k < w->nseen; k++)
            if (w->seen[k].run == p->worker[i].run && w->seen[k].epoch <= p->worker[i].epoch)
                epoch = w->seen[k].epoch;
        st = take_best(w, sql, epoch, &ignored, err);
        free(sql);
        if (st != OK)
            return FAILED;
    }
    return OK;
}

static status read_best(struct watch *w, struct error *err)
{
    static const char of_all[] = "SELECT run, value FROM leaderboard WHERE experiment = ?1 AND ?2 >= 0\n"
                                 "AND status <> 'running' AND value IS NOT NULL";
    struct progress *p = w->p;
    const int64_t known = p->objective.run;
    const double before = p->objective.best;
    double after = NAN;
    int64_t newest;

    if (!p->objective.name)
        return OK;
    if (results_number(w->db, "SELECT max(id) FROM events", 0, NULL, 0, &newest, err) ||
        (w->best_known && take_ended(w, &after, err)))
        return FAILED;
    /* What was best is so no more when its run was begun anew. */
    if (!w->best_known || (known && p->objective.run == known && isfinite(after) && after != before)) {
        forget_best(&p->objective);
        w->nseen = 0;
        if (take_best(w, of_all, 0, &after, err))
            return FAILED;
    }
    if (!p->objective.at_last && take_running(w, err))
        return FAILED;
    w->best_known = true;
    w->seen_event = newest;
    w->nseen = p->nworkers;
    w->seen = mem_grow(w->seen, w->nseen + 1, sizeof *w->seen);
    for (size_t i = 0; i < p->nworkers; i++)
        w->seen[i] = (struct seen_run){.run = p->worker[i].run, .epoch = p->worker[i].epoch};
    return OK;
}

status watch_read(struct watch *w, struct error *err)
{
    struct totals totals;
    status st = FAILED;

    w->p->now = time_monotonic();
    /* Asked first: what the process wrote before it ended is read after. */
    w->alive = claim_is_taken(w->path, w->uid);
    if (sqlite3_exec(w->db, "BEGIN", NULL, NULL, NULL))
        return results_error(w->db, err);
    if (read_whole(w, &totals, err) == OK && read_best(w, err) == OK)
        st = OK;
    reckon(w, &totals);
    sqlite3_exec(w->db, "COMMIT", NULL, NULL, NULL);
    return st;
}
