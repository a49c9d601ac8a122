/* hand.c - see hand.h. Turns the frames of one worker into calls of the recorder and of the
 * progress. Starts and ends no process but its own, and waits for nothing.
 */
#include "work/hand.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/progress.h"
#include "work/trial_now.h"

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

/* fell.db.checkpoints/RUN, made; NULL when the spec wants no checkpoints. */
static status checkpoint_folder(const struct hand *h, const struct hand_env *env, const struct trial *trial,
                                char **out, struct error *err)
{
    char *db;

    *out = NULL;
    if (!trial->spec->checkpoint.on)
        return OK;
    db = path_absolute(env->db);
    *out = mem_format("%s.checkpoints/%lld", db, (long long)h->run);
    free(db);
    return path_make_folder(*out, err);
}

status hand_start(struct hand *h, const struct hand_env *env, struct error *err)
{
    const struct experiment *e = env->experiment;
    struct arena *arena = arena_new();
    const struct trial now = trial_now(e, (size_t)h->trial, arena), *trial = &now;
    struct job job = {.type = FRAME_TRAIN,
                      .number = (uint64_t)h->run,
                      .name = e->name,
                      .resolved = trial->resolved,
                      .seed = trial->spec->seed + (uint64_t)h->repeat};
    char *folder;
    status result = FAILED;

    if (checkpoint_folder(h, env, trial, &folder, err) != OK)
        goto out;
    job.checkpoint_folder = folder;
    if (process_send(&h->process, &job, err) != OK) {
        process_bury(&h->process, false, NULL, NULL);
        goto out;
    }
    h->busy = true;
    h->epochs_done = 0;
    h->nmetrics = 0;
    h->started = time_monotonic();
    if (env->progress)
        progress_run_started(env->progress, h->number, h->run, h->trial, h->repeat, trial);
    result = recorder_run_started(env->recorder, h->run, h->number, err);
out:
    free(folder);
    arena_free(arena);
    return result;
}

static status end_run(struct hand *h, const struct hand_env *env, const char *word, double seconds,
                      const char *error, int sig, struct error *err)
{
    struct runner_summary *s = env->summary;

    h->busy = false;
    if (strcmp(word, "finished") == 0 || strcmp(word, "stopped") == 0)
        s->finished++;
    else if (strcmp(word, "interrupted") != 0)
        s->failed++;
    if (env->progress)
        progress_run_ended(env->progress, h->number, h->run, word, error);
    return recorder_run_ended(env->recorder, h->run, word, h->epochs_done, seconds, error, sig, err);
}

/* The process is gone, or talks nonsense. */
static status lose_process(struct hand *h, const struct hand_env *env, bool broken, struct error *err)
{
    struct arena *arena = arena_new();
    const struct spec *spec = h->busy ? trial_now(env->experiment, (size_t)h->trial, arena).spec : NULL;
    double seconds = time_monotonic() - h->started;
    struct strbuf why = {0};
    const char *word = "interrupted";
    status result = OK;
    int sig;

    if (broken)
        strbuf_add(&why, "what the worker process sent makes no sense; ");
    sig = process_bury(&h->process, broken, spec, &why);
    if (h->busy) {
        if (!env->interrupted) {
            word = sig && !broken ? "crashed" : "failed";
            result = recorder_event(env->recorder, h->run, word, why.text, err);
            result |= end_run(h, env, word, seconds, why.text, broken ? 0 : sig, err);
        } else {
            result = recorder_event(env->recorder, h->run, word, NULL, err);
            result |= end_run(h, env, word, seconds, NULL, 0, err);
        }
    }
    strbuf_release(&why);
    arena_free(arena);
    return result;
}

/* ---- frames ------------------------------------------------------------------------------ */

static status on_parameters(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, json)
    {
        char *shape = cJSON_PrintUnformatted(cJSON_GetObjectItem(one, "shape"));
        status st = recorder_parameter(
            env->recorder, h->run, (int)json_number(one, "position"), json_text(one, "layer"),
            json_text(one, "plugin"), json_text(one, "name"), shape, (int64_t)json_number(one, "count"), err);

        free(shape);
        if (st != OK)
            return FAILED;
    }
    return OK;
}

/* [[split, name], ...]: what the values of the epochs to come are. */
static status on_metrics(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    struct strbuf names = {0};
    const cJSON *one;
    char *at;

    (void)env;
    (void)err;
    hand_release(h);
    cJSON_ArrayForEach(one, json)
    {
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(one, 1));

        strbuf_addn(&names, name ? name : "", name ? strlen(name) + 1 : 1);
    }
    h->nmetrics = (size_t)cJSON_GetArraySize(json);
    h->metrics = mem_array(h->nmetrics, sizeof *h->metrics);
    h->metric_names = at = names.text;
    for (size_t i = 0; i < h->nmetrics; i++) {
        const cJSON *split = cJSON_GetArrayItem(cJSON_GetArrayItem(json, (int)i), 0);

        h->metrics[i].split = split ? (enum split)split->valueint : SPLIT_TRAIN;
        h->metrics[i].name = at;
        at += strlen(at) + 1;
    }
    return OK;
}

static status on_event(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    return recorder_event(env->recorder, h->run, json_text(json, "kind"), json_text(json, "detail"), err);
}

static status on_checkpoint(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    return recorder_checkpoint(env->recorder, h->run, (int64_t)json_number(json, "epoch"),
                               json_text(json, "path"), json_text(json, "sha256"),
                               cJSON_IsTrue(cJSON_GetObjectItem(json, "best")), err);
}

static status on_end(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    const char *word = json_text(json, "status");

    h->epochs_done = (int64_t)json_number(json, "epochs_done");
    return end_run(h, env, word ? word : "failed", json_number(json, "seconds"), json_text(json, "error"), 0,
                   err);
}

/* The check before the runs found none, so the data or a plugin has changed since. */
static status on_problem(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err)
{
    return end_run(h, env, "failed", time_monotonic() - h->started, json_text(json, "text"), 0, err);
}

static const struct {
    enum frame_type type;
    status (*take)(struct hand *h, const struct hand_env *env, const cJSON *json, struct error *err);
} json_frames[] = {
    {FRAME_PARAMETERS, on_parameters}, {FRAME_METRICS, on_metrics}, {FRAME_EVENT, on_event},
    {FRAME_CHECKPOINT, on_checkpoint}, {FRAME_END, on_end},         {FRAME_PROBLEM, on_problem},
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
    struct epoch_report e;

    if (!frame_unpack_epoch(body, size, h->metrics, h->nmetrics, &e)) {
        *broken = true;
        return OK;
    }
    h->epochs_done = e.epoch;
    if (env->progress)
        progress_epoch(env->progress, h->number, h->run, &e);
    return recorder_epoch(env->recorder, h->run, &e, err);
}

static status take_step(struct hand *h, const struct hand_env *env, const char *body, size_t size,
                        bool *broken, struct error *err)
{
    struct step_report s;

    if (!frame_unpack_step(body, size, &s)) {
        *broken = true;
        return OK;
    }
    return recorder_step(env->recorder, h->run, &s, err);
}

status hand_listen(struct hand *h, const struct hand_env *env, struct error *err)
{
    enum fill fill = frame_reader_fill(&h->process.reader, h->process.frame_fd);
    const struct frame *f;
    const char *body;
    bool broken = false;

    while (!broken && (f = process_next_frame(&h->process, &body, &broken))) {
        status st;

        if (!h->busy || f->run != (uint64_t)h->run) {
            broken = true;
            break;
        }
        if (f->type == FRAME_EPOCH)
            st = take_epoch(h, env, body, f->size, &broken, err);
        else if (f->type == FRAME_STEP)
            st = take_step(h, env, body, f->size, &broken, err);
        else
            st = take_json(h, env, f->type, body, err);
        if (st != OK)
            return FAILED;
    }
    if (broken || fill == FILL_END || fill == FILL_ERROR)
        return lose_process(h, env, broken, err);
    return OK;
}

void hand_cancel(struct hand *h, int sig)
{
    if (h->busy && h->process.pid)
        kill(h->process.pid, sig);
}

void hand_release(struct hand *h)
{
    free(h->metrics);
    free(h->metric_names);
    h->metrics = NULL;
    h->metric_names = NULL;
    h->nmetrics = 0;
}
