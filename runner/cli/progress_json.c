/* progress_json.c - progress as one JSON object a line, for programs. What is not
 * finite is null. Called through progress.c.
 */
#include <stdlib.h>

#include "cli/progress_view.h"
#include "cli/query.h"

static void put(cJSON *o)
{
    query_print_json_line(o);
}

static cJSON *event(const char *kind)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "event", kind);
    return o;
}

static cJSON *run_event(const char *kind, const struct at_work *l)
{
    cJSON *o = event(kind);

    cJSON_AddNumberToObject(o, "run", (double)l->run);
    return o;
}

static void json_begin(struct progress *p)
{
    cJSON *o = event("begin");

    cJSON_AddStringToObject(o, "experiment", p->name);
    cJSON_AddNumberToObject(o, "runs", (double)p->runs);
    cJSON_AddNumberToObject(o, "workers", (double)p->nworkers);
    put(o);
}

static void json_workers(struct progress *p)
{
    cJSON *o = event("workers");

    cJSON_AddNumberToObject(o, "busy", (double)p->allowed);
    cJSON_AddNumberToObject(o, "workers", (double)p->nworkers);
    put(o);
}

static void json_run_started(struct progress *p, const struct at_work *l, const struct trial *t)
{
    cJSON *o = run_event("started", l), *params;

    (void)p;
    cJSON_AddNumberToObject(o, "trial", (double)l->trial);
    cJSON_AddNumberToObject(o, "repeat", (double)l->repeat);
    cJSON_AddNumberToObject(o, "epochs", (double)l->epochs);
    params = cJSON_AddObjectToObject(o, "params");
    for (size_t i = 0; t && i < t->nvalues; i++) {
        const struct axis_value *v = &t->values[i];

        if (v->type == VALUE_TEXT)
            cJSON_AddStringToObject(params, v->path, v->text);
        else
            cJSON_AddNumberToObject(params, v->path, v->type == VALUE_INT ? (double)v->i : v->x);
    }
    put(o);
}

static void json_epoch(struct progress *p, struct at_work *l, const struct epoch_report *e)
{
    cJSON *o = run_event("epoch", l), *metrics;

    (void)p;
    cJSON_AddNumberToObject(o, "epoch", (double)e->epoch);
    for (int i = 0; i < NEPOCH_NUMBERS; i++)
        cJSON_AddNumberToObject(o, epoch_numbers[i].name, number_value(&epoch_numbers[i], e));
    metrics = cJSON_AddObjectToObject(o, "metrics");
    for (size_t i = 0; i < e->nmetrics; i++) {
        char *name = mem_format("%s.%s", split_name(e->metrics[i].split), e->metrics[i].name);

        cJSON_AddNumberToObject(metrics, name, e->metrics[i].value);
        free(name);
    }
    put(o);
}

static void json_run_ended(struct progress *p, const struct at_work *l, const char *status_word,
                           const char *error)
{
    cJSON *o = run_event("ended", l);

    cJSON_AddStringToObject(o, "status", status_word);
    cJSON_AddNumberToObject(o, "epochs", (double)l->epoch);
    cJSON_AddNumberToObject(o, "seconds", progress_taken(p, l));
    if (error && *error)
        cJSON_AddStringToObject(o, "error", error);
    put(o);
}

static void json_warning(struct progress *p, const struct at_work *l, const char *text)
{
    cJSON *o = run_event("warning", l);

    (void)p;
    cJSON_AddStringToObject(o, "text", text);
    put(o);
}

static void json_note(struct progress *p, const char *text)
{
    cJSON *o = event("note");

    (void)p;
    cJSON_AddStringToObject(o, "text", text);
    put(o);
}

static void json_tick(struct progress *p)
{
    (void)p;
    fflush(stdout);
}

const struct progress_view progress_json = {
    .begin = json_begin,
    .run_started = json_run_started,
    .epoch = json_epoch,
    .run_ended = json_run_ended,
    .warning = json_warning,
    .note = json_note,
    .workers = json_workers,
    .tick = json_tick,
};
