/* hand.c - see hand.h. Turns the frames of one worker into calls of the recorder and of the
 * listener. Starts and ends no process but its own, and waits for nothing.
 */
#include "work/hand.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/run_status.h"
#include "base/text.h"
#include "record/database.h"
#include "work/hand_states.h"
#include "work/resume.h"
#include "yaml/diag.h"

static const char *json_text(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, key));
}

static double json_number(const cJSON *object, const char *key)
{
    const cJSON *v = cJSON_GetObjectItem(object, key);

    return v ? v->valuedouble : 0;
}

/* ---- start and end of a run ------------------------------------------------------------ */

/* What only a hand at work has. */
static void begin_run(struct hand *h)
{
    h->busy = true;
    h->paused = false;
    h->epochs_done = 0;
    h->started = time_monotonic();
    h->heard = 0.0;
    h->seconds_before = 0.0;
    free(h->paused_at);
    h->paused_at = NULL;
}

status hand_start(struct hand *h, const struct hand_env *env, struct error *err)
{
    const struct run_listener *l = env->listener;
    const struct spec *spec = h->task.stored.spec;
    struct job job = {.type = FRAME_TRAIN,
                      .number = (uint64_t)h->task.run,
                      .name = env->training->name,
                      .resolved = h->task.stored.resolved,
                      .seed = h->task.seed,
                      .resume_path = h->task.resume_path,
                      .bytes = env->bytes,
                      .objective = env->training->objective.name,
                      .maximize = env->training->objective.maximize,
                      .ask_epoch = h->task.ask_epoch};
    char *folder = NULL, *pause = hand_pause_path(env->db, h->task.run);
    status result = FAILED;

    if (!h->task.resume_path && hand_forget_states(h->task.run, env, RESUME_FILES, err) != OK)
        goto out;
    if (hand_make_folder(h, env, &folder, err) != OK)
        goto out;
    job.checkpoint_folder = folder;
    job.pause_path = pause;
    /* Before the worker has the job: the ceiling of an earlier run is not this one's. */
    limits_begin(&h->watch, &spec->limits, spec->train.threads, h->process.pid);
    if (process_send(&h->process, &job, err) != OK) {
        limits_end(&h->watch);
        goto out;
    }
    begin_run(h);
    if (l)
        l->started(l->arg, h->number, h->task.run, h->task.trial, h->task.repeat, &h->task.stored);
    result = recorder_run_started(env->recorder, h->task.run, h->number, err);
out:
    free(folder);
    free(pause);
    return result;
}

/* SHOWN: the error as the user sees it. */
static status end_run(struct hand *h, const struct hand_env *env, const char *word, double seconds,
                      const char *error, const char *shown, int sig, struct error *err)
{
    const bool over = !run_status_is(word, STATUS_INTERRUPTED);
    const struct run_listener *l = env->listener;

    h->busy = false;
    limits_end(&h->watch);
    if (l)
        l->ended(l->arg, h->number, h->task.run, word, shown);
    if (env->ended(env->arg, h, word)) {
        char *why = mem_format("%s: %s", word, error ? error : "");
        const status st = recorder_run_again(env->recorder, h->task.run, "retried", why, err);

        if (l)
            l->again(l->arg, word);
        free(why);
        return st;
    }
    if (recorder_run_ended(env->recorder, h->task.run, word, h->epochs_done, h->seconds_before + seconds,
                           error, sig, err) != OK)
        return FAILED;
    return over ? hand_forget_after_commit(h->task.run, env, err) : OK;
}

/* A run that took its process with it, or was ended with it: said in the run's row, in an event and to
 * the user, to whom a command that shows it again is said as well. */
static status end_badly(struct hand *h, const struct hand_env *env, const char *word, const char *why,
                        int sig, struct error *err)
{
    const double seconds = time_monotonic() - h->started;
    struct strbuf shown = {0};
    status result;

    strbuf_addf(&shown, "%s; to see it again: fell replay %lld", why, (long long)h->task.run);
    if (strcmp(env->db, DEFAULT_DB) != 0) {
        strbuf_add(&shown, " --db");
        text_add_word(&shown, env->db);
    }
    for (size_t i = 0; i < env->nplugins; i++) {
        strbuf_add(&shown, " --plugin");
        text_add_word(&shown, env->plugins[i]);
    }
    result = recorder_event(env->recorder, h->task.run, word, shown.text, err);
    if (result == OK)
        result = end_run(h, env, word, seconds, why, shown.text, sig, err);
    strbuf_release(&shown);
    return result;
}

/* The process is gone, or talks nonsense. */
static status lose_process(struct hand *h, const struct hand_env *env, bool broken, struct error *err)
{
    struct strbuf why = {0};
    status result = OK;
    int sig;
    const char *word = limits_judge_end(&h->watch, &h->process, broken, &why, &sig);

    if (h->busy && env->interrupted) {
        result = recorder_event(env->recorder, h->task.run, run_end_word(RUN_INTERRUPTED), NULL, err);
        result |=
            end_run(h, env, run_end_word(RUN_INTERRUPTED), time_monotonic() - h->started, NULL, NULL, 0, err);
    } else if (h->busy) {
        result = end_badly(h, env, word, why.text, sig, err);
    }
    strbuf_release(&why);
    return result;
}

/* ---- frames ------------------------------------------------------------------------------ */

static status on_splits(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, json)
    {
        if (recorder_split(env->recorder, h->task.run, json_text(one, "split"),
                           (int64_t)json_number(one, "rows"), json_text(one, "sha256"), err) != OK)
            return FAILED;
    }
    return OK;
}

static status on_parameters(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, json)
    {
        char *shape = cJSON_PrintUnformatted(cJSON_GetObjectItem(one, "shape"));
        status st = recorder_parameter(
            env->recorder, h->task.run, (int)json_number(one, "position"), json_text(one, "layer"),
            json_text(one, "plugin"), json_text(one, "name"), shape, (int64_t)json_number(one, "count"), err);

        free(shape);
        if (st != OK)
            return FAILED;
    }
    return OK;
}

static status on_event(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    const char *kind = json_text(json, "kind"), *detail = json_text(json, "detail");
    const struct run_listener *l = env->listener;

    if (l && kind && detail && strcmp(kind, "warning") == 0 &&
        !(env->diag && diag_has_warned(env->diag, detail)))
        l->warning(l->arg, h->number, h->task.run, detail);
    return recorder_event(env->recorder, h->task.run, kind, detail, err);
}

static status on_checkpoint(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    const char *path = json_text(json, "path");
    char *stored = resume_stored_path(h->task.run, path_base(path ? path : ""));
    const status result =
        recorder_checkpoint(env->recorder, h->task.run, (int64_t)json_number(json, "epoch"), stored,
                            json_text(json, "sha256"), cJSON_IsTrue(cJSON_GetObjectItem(json, "best")), err);

    free(stored);
    return result;
}

/* Where the checkpoint does not tell how long the run took to get there, its epochs do. */
static double seconds_of_epochs(const struct hand *h, const struct hand_env *env, int64_t epochs)
{
    sqlite3_stmt *st = NULL;
    double seconds = 0.0;

    if (sqlite3_prepare_v2(recorder_handle(env->recorder),
                           "SELECT total(seconds) FROM epochs WHERE run_id = ?1 AND epoch <= ?2", -1, &st,
                           NULL) == SQLITE_OK) {
        sqlite3_bind_int64(st, 1, h->task.run);
        sqlite3_bind_int64(st, 2, epochs);
        if (sqlite3_step(st) == SQLITE_ROW)
            seconds = sqlite3_column_double(st, 0);
    }
    sqlite3_finalize(st);
    return seconds;
}

static status on_resumed(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    const int64_t epoch = (int64_t)json_number(json, "epoch"), step = (int64_t)json_number(json, "step");
    const struct run_listener *l = env->listener;
    double seconds = json_number(json, "seconds"), cpu = json_number(json, "cpu_seconds");
    char detail[80];

    if (seconds <= 0)
        seconds = cpu = seconds_of_epochs(h, env, epoch);
    h->epochs_done = epoch;
    h->seconds_before = seconds;
    limits_add(&h->watch, seconds, cpu);
    if (l)
        l->resumed(l->arg, h->number, h->task.run, epoch, h->task.paused);
    if (cJSON_IsTrue(cJSON_GetObjectItem(json, "inside")))
        snprintf(detail, sizeof detail, "after epoch %lld, step %lld", (long long)epoch, (long long)step);
    else
        snprintf(detail, sizeof detail, "after epoch %lld", (long long)epoch);
    /* What was paused here said no more than that. */
    if (!h->task.paused && recorder_run_resumed(env->recorder, h->task.run, epoch, step, err) != OK)
        return FAILED;
    return recorder_event(env->recorder, h->task.run, "resumed", detail, err);
}

static status on_ask(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    const int64_t epoch = (int64_t)json_number(json, "epoch");
    enum verdict verdict = VERDICT_GO;
    int64_t next = 0;

    if (env->ask)
        verdict = env->ask(env->arg, h, epoch, &next);
    (void)process_answer(&h->process, (uint64_t)h->task.run, verdict, next,
                         err); /* if it died, its end says so */
    return OK;
}

/* The run is not over: it goes on later, on this hand or another. */
static status pause_run(struct hand *h, const struct hand_env *env, struct error *err)
{
    char detail[48];

    h->busy = false;
    h->paused = true;
    h->paused_at = hand_pause_path(env->db, h->task.run);
    limits_end(&h->watch);
    snprintf(detail, sizeof detail, "after epoch %lld", (long long)h->epochs_done);
    return recorder_event(env->recorder, h->task.run, "paused", detail, err);
}

/* A run that failed in its worker, which lives: for want of memory, or otherwise. */
static status end_failed(struct hand *h, const struct hand_env *env, const cJSON *json, double seconds,
                         const char *error, struct error *err)
{
    const bool memory = cJSON_IsTrue(cJSON_GetObjectItem(json, "out_of_memory"));
    const int64_t most = h->task.stored.spec->limits.memory_mb;
    struct strbuf text = {0};
    status result;

    strbuf_add(&text, error ? error : "");
    if (memory && most > 0)
        strbuf_addf(&text, "; limits.memory_mb is %lld", (long long)most);
    result = end_run(h, env, run_statuses[memory ? STATUS_OUT_OF_MEMORY : STATUS_FAILED].word, seconds,
                     text.text, text.text, 0, err);
    strbuf_release(&text);
    return result;
}

static status on_end(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    const char *word = json_text(json, "status"), *error = json_text(json, "error");
    const double seconds = json_number(json, "seconds");

    h->epochs_done = (int64_t)json_number(json, "epochs_done");
    if (word && strcmp(word, run_end_word(RUN_PAUSED)) == 0)
        return pause_run(h, env, err);
    if (!word || strcmp(word, run_end_word(RUN_FAILED)) == 0)
        return end_failed(h, env, json, seconds, error, err);
    return end_run(h, env, word, seconds, error, error, 0, err);
}

/* The check before the runs found none, so the data or a plugin has changed since, or there is less
 * memory. */
static status on_problem(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    return end_failed(h, env, json, time_monotonic() - h->started, json_text(json, "text"), err);
}

static const struct {
    enum frame_type type;
    status (*take)(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err);
} json_frames[] = {
    {FRAME_SPLITS, on_splits},   {FRAME_PARAMETERS, on_parameters},
    {FRAME_EVENT, on_event},     {FRAME_CHECKPOINT, on_checkpoint},
    {FRAME_END, on_end},         {FRAME_PROBLEM, on_problem},
    {FRAME_RESUMED, on_resumed}, {FRAME_ASK, on_ask},
};

static status take_json(struct hand *h, const struct hand_env *env, uint32_t type, const char *body,
                        struct error *err)
{
    for (size_t i = 0; i < sizeof json_frames / sizeof json_frames[0]; i++)
        if (json_frames[i].type == type) {
            cJSON *json = cJSON_Parse(body);
            status result = json_frames[i].take(h, env, json, err);

            cJSON_Delete(json);
            return result;
        }
    return OK;
}

static status take_epoch(struct hand *h, const struct hand_env *env, const char *body, size_t size,
                         bool *broken, struct error *err)
{
    const struct run_listener *l = env->listener;
    struct epoch_report e;

    if (!packed_epoch(body, size, h->process.metrics, h->process.nmetrics, &e)) {
        *broken = true;
        return OK;
    }
    h->epochs_done = e.epoch;
    if (env->epoch)
        env->epoch(env->arg, h, &e);
    h->heard = time_monotonic();
    if (l)
        l->epoch(l->arg, h->number, h->task.run, &e);
    return recorder_epoch(env->recorder, h->task.run, body, size, h->process.nmetrics, h->process.metrics,
                          err);
}

static status take_step(struct hand *h, const struct hand_env *env, const char *body, size_t size,
                        bool *broken, struct error *err)
{
    struct step_report s;

    if (!packed_step(body, size, &s)) {
        *broken = true;
        return OK;
    }
    return recorder_step(env->recorder, h->task.run, body, size, err);
}

static status take_look(struct hand *h, const struct hand_env *env, const char *body, size_t size,
                        bool *broken, struct error *err)
{
    struct packed_look l;

    if (!packed_look(body, size, &l)) {
        *broken = true;
        return OK;
    }
    if (env->look)
        env->look(env->arg, h, &l);
    return recorder_look(env->recorder, h->task.run, body, size, err);
}

status hand_listen(struct hand *h, const struct hand_env *env, struct error *err)
{
    enum frame_fill fill = process_fill(&h->process);
    const struct frame *f;
    const char *body;
    bool broken = false;

    while (!broken && (f = process_next_frame(&h->process, &body, &broken))) {
        status st;

        if (!h->busy || f->run != (uint64_t)h->task.run) {
            broken = true;
            break;
        }
        if (f->type == FRAME_EPOCH)
            st = take_epoch(h, env, body, f->size, &broken, err);
        else if (f->type == FRAME_STEP)
            st = take_step(h, env, body, f->size, &broken, err);
        else if (f->type == FRAME_PROBE)
            st = take_look(h, env, body, f->size, &broken, err);
        else
            st = take_json(h, env, f->type, body, err);
        if (st != OK)
            return FAILED;
    }
    if (broken || fill == FILL_END || fill == FILL_ERROR)
        return lose_process(h, env, broken, err);
    return OK;
}

double hand_tick(struct hand *h, const struct hand_env *env)
{
    if (!h->busy || !h->process.pid)
        return -1;
    return limits_look(&h->watch, h->process.pid, recorder_is_full(env->recorder));
}

void hand_cancel(struct hand *h, int sig)
{
    if (h->busy && h->process.pid)
        kill(h->process.pid, sig);
}

void hand_release(struct hand *h)
{
    free(h->paused_at);
    h->paused_at = NULL;
}
