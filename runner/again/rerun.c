/* rerun.c - see rerun.h. */
#include "again/rerun.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/run_status.h"
#include "record/packed.h"
#include "spec/spec_paths.h"
#include "yaml/tree.h"
#include "work/limits.h"
#include "work/process.h"
#include "record/database.h"

/* ---- what is stored ----------------------------------------------------------------------- */

static char *column_text(sqlite3_stmt *st, int column)
{
    return mem_string(database_text(st, column));
}

status stored_run_read(sqlite3 *db, int64_t run, struct stored_run *s, struct error *err)
{
    static const char sql[] =
        "SELECT r.seed, x.name, r.status, r.error, r.resolved, r.epochs_done,\n"
        "       (SELECT coalesce(max(epoch), 0) FROM epochs WHERE run_id = r.id)\n"
        "FROM runs AS r JOIN experiments AS x ON x.id = r.experiment_id WHERE r.id = ?1";
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    status result;

    *s = (struct stored_run){.id = run};
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, run);
        rc = sqlite3_step(st);
    }
    if (rc == SQLITE_ROW) {
        s->seed = (uint64_t)sqlite3_column_int64(st, 0);
        s->experiment = column_text(st, 1);
        s->status = column_text(st, 2);
        s->error = column_text(st, 3);
        s->resolved = column_text(st, 4);
        s->epochs_done = sqlite3_column_int64(st, 5);
        s->last_epoch = sqlite3_column_int64(st, 6);
    }
    result = database_run_found(db, rc, run, err);
    sqlite3_finalize(st);
    return result;
}

void stored_run_release(struct stored_run *s)
{
    free(s->experiment);
    free(s->status);
    free(s->error);
    free(s->resolved);
    *s = (struct stored_run){0};
}

/* The stored spec, read; files that were moved are in their new places. */
static void read_spec(struct rerun *r)
{
    struct error why; /* the worker will say it */
    char *moved;

    r->spec = spec_from_text(r->plugins.registry, NULL, r->tree, r->run.experiment, r->run.resolved, &why);
    if (!r->spec || !r->files.n ||
        !(moved = spec_rename_paths(r->spec, r->run.resolved, moved_files_now, &r->files)))
        return;
    free(r->run.resolved);
    r->run.resolved = moved;
    spec_free(r->spec);
    tree_free(r->tree);
    r->tree = tree_new();
    r->spec = spec_from_text(r->plugins.registry, NULL, r->tree, r->run.experiment, moved, &why);
}

status rerun_open(struct rerun *r, sqlite3 *db, int64_t run, size_t n, const char *const *given,
                  struct error *err)
{
    *r = (struct rerun){.tree = tree_new()};
    if (stored_run_read(db, run, &r->run, err) != OK ||
        stored_plugins_open(&r->plugins, db, PLUGINS_OF_RUN, run, n, given, err) != OK ||
        moved_files_find(db, run, &r->files, err) != OK)
        return FAILED;
    read_spec(r);
    return r->spec ? spec_check_paths(r->spec, sqlite3_db_filename(db, "main"), err) : OK;
}

void rerun_release(struct rerun *r)
{
    spec_free(r->spec);
    tree_free(r->tree);
    stored_run_release(&r->run);
    stored_plugins_release(&r->plugins);
    moved_files_release(&r->files);
}

/* ---- training -------------------------------------------------------------------------------------- */

struct hearing {
    const struct rerun *rerun;
    const struct rerun_listener *listener;
    struct rerun_end *end;
    struct process process;
    bool over;
};

static const char *json_text(const cJSON *json, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(json, key));

    return text ? text : "";
}

static void end(struct hearing *h, const char *word, const char *error)
{
    snprintf(h->end->word, sizeof h->end->word, "%s", word);
    snprintf(h->end->error, sizeof h->end->error, "%s", error);
    h->over = true;
}

static void take_json(struct hearing *h, uint32_t type, const char *body)
{
    cJSON *json = cJSON_Parse(body);

    if (type == FRAME_EVENT && h->listener->event)
        h->listener->event(h->listener->arg, json_text(json, "kind"), json_text(json, "detail"));
    if (type == FRAME_END)
        end(h, json_text(json, "status"), json_text(json, "error"));
    if (type == FRAME_PROBLEM)
        end(h, run_end_word(RUN_FAILED), json_text(json, "text"));
    if (h->over && strcmp(h->end->word, run_end_word(RUN_FAILED)) == 0 &&
        cJSON_IsTrue(cJSON_GetObjectItem(json, "out_of_memory")))
        snprintf(h->end->word, sizeof h->end->word, "%s", run_statuses[STATUS_OUT_OF_MEMORY].word);
    cJSON_Delete(json);
}

/* False: what the worker sent makes no sense. */
static bool take_frame(struct hearing *h, const struct frame *f, const char *body)
{
    const struct rerun_listener *l = h->listener;
    struct epoch_report e;
    struct step_report s;
    struct packed_look look;

    if (f->type == FRAME_EPOCH) {
        if (!packed_epoch(body, f->size, h->process.metrics, h->process.nmetrics, &e))
            return false;
        h->end->epochs = e.epoch;
        if (l->epoch)
            l->epoch(l->arg, &e);
    } else if (f->type == FRAME_STEP) {
        if (!packed_step(body, f->size, &s))
            return false;
        if (l->step)
            l->step(l->arg, &s);
    } else if (f->type == FRAME_PROBE) {
        if (!packed_look(body, f->size, &look))
            return false;
        if (l->look)
            l->look(l->arg, &look);
    } else {
        take_json(h, f->type, body);
    }
    return true;
}

/* The process is gone, or talks nonsense. */
static void judge_death(struct hearing *h, struct limit_watch *watch, bool broken)
{
    struct strbuf why = {0};
    int sig;
    const char *word = limits_judge_end(watch, &h->process, broken, &why, &sig);

    end(h, word, why.text);
    strbuf_release(&why);
}

static void listen(struct hearing *h)
{
    static const struct spec_limits none;
    const struct spec *spec = h->rerun->spec;
    struct limit_watch watch = {0};

    limits_begin(&watch, spec ? &spec->limits : &none, spec ? spec->train.threads : 1, h->process.pid);
    while (!h->over) {
        const double look = process_look_due(&h->process);
        double due = limits_look(&watch, h->process.pid, false);
        struct pollfd p = {.fd = h->process.frame_fd, .events = POLLIN};
        const struct frame *f;
        const char *body;
        bool broken = false;
        enum frame_fill fill;

        due = due < 0 || look < due ? look : due;
        if (poll(&p, 1, (int)(due * 1000) + 1) <= 0 && process_look_due(&h->process) > 0)
            continue;
        fill = process_fill(&h->process);
        while (!h->over && !broken && (f = process_next_frame(&h->process, &body, &broken)))
            broken = !take_frame(h, f, body);
        if (!h->over && (broken || fill == FILL_END || fill == FILL_ERROR))
            judge_death(h, &watch, broken);
    }
}

status rerun_train(const struct rerun *r, int64_t last_epoch, const char *export_path,
                   const struct rerun_listener *listener, struct rerun_end *out, struct error *err)
{
    struct hearing h = {.rerun = r, .listener = listener, .end = out};
    const struct job job = {.type = FRAME_TRAIN,
                            .number = 1,
                            .name = r->run.experiment,
                            .resolved = r->run.resolved,
                            .seed = r->run.seed,
                            .export_path = export_path,
                            .export_epoch = last_epoch};
    status result = FAILED;

    *out = (struct rerun_end){.epochs = 0};
    if (process_start(&h.process, r->plugins.nfiles, r->plugins.files, err) == OK &&
        process_send(&h.process, &job, err) == OK) {
        listen(&h);
        result = OK;
    }
    process_bury(&h.process, false, NULL);
    return result;
}
