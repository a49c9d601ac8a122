/* scout.c - see scout.h. Stores nothing. */
#include "work/scout.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/text.h"
#include "engine/problem.h"
#include "host/settings.h"
#include "work/trial_now.h"

/* ---- the place of a problem ------------------------------------------------------ */

struct search {
    const char *section, *setting;
    int index;
    const struct place *found;
};

static void match_choice(void *arg, const char *section, int index, const struct choice *c)
{
    struct search *s = arg;

    if (!s->found && index == s->index && strcmp(section, s->section) == 0)
        s->found = s->setting[0] ? settings_place(c->map, s->setting, &c->at) : &c->at;
}

/* Where SECTION begins, for problems that no chosen plugin is to blame for. */
static const struct place *section_place(const struct spec *spec, const char *section)
{
    const struct {
        const char *section;
        const struct place *at;
    } places[] = {{"train.initial_weights", &spec->train.initial_weights_at},
                  {"train.masks", &spec->train.masks_at},
                  {"train.micro_batch", &spec->train.micro_batch_at},
                  {"train.early_stopping", &spec->train.early_stopping.at},
                  {"model", &spec->model_at},
                  {"data", &spec->data.at}};

    if (strncmp(section, "data.", 5) == 0 && spec->data.at.source)
        return settings_place(spec->data.map, section + 5, &spec->data.at);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strncmp(section, places[i].section, strlen(places[i].section)) == 0)
            return places[i].at->source ? places[i].at : NULL;
    return NULL;
}

static const char *json_text(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, key));

    return text ? text : "";
}

static void add_problem(struct diag *d, const struct experiment *e, const struct spec *spec, const char *body)
{
    cJSON *json = cJSON_Parse(body);
    const cJSON *index = cJSON_GetObjectItem(json, "index");
    struct search s = {.section = json_text(json, "section"),
                       .setting = json_text(json, "setting"),
                       .index = index ? index->valueint : 0};

    if (strcmp(s.section, "sweep.objective") == 0) /* no part of a trial's spec */
        s.found = &e->objective.at;
    spec_each_choice(spec, match_choice, &s);
    diag_error(d, s.found && s.found->source ? s.found : section_place(spec, s.section), "%s",
               json_text(json, "text"));
    cJSON_Delete(json);
}

static void add_warning(struct diag *d, const char *body)
{
    cJSON *json = cJSON_Parse(body);

    diag_warn(d, NULL, "%s", json_text(json, "detail"));
    cJSON_Delete(json);
}

struct crashed {
    const struct spec *spec;
    const struct process *process;
    const struct place *at;
};

/* As net_at() calls it. */
static void match_crash(void *arg, const char *section, int index, const struct choice *c)
{
    struct crashed *s = arg;
    const bool model = strcmp(section, "model") == 0, transform = strcmp(section, "data.transforms") == 0;
    const char *what = model       ? role_word(ROLE_MODEL_ENTRY)
                       : transform ? role_word(ROLE_TRANSFORM)
                                   : kind_word(c->item->kind);
    const char *name = model ? s->spec->model[index].name : c->item->name;

    if (!s->at && c->at.source && strcmp(what, s->process->crash_at.what) == 0 &&
        strcmp(name, s->process->crash_at.name) == 0)
        s->at = &c->at;
}

/* A crash is shown where the plugin is named that it happened in. */
static void add_crash(struct diag *d, struct process *p, const struct spec *spec)
{
    struct crashed s = {.spec = spec, .process = p};
    struct strbuf why = {0};

    process_bury(p, false, &why);
    spec_each_choice(spec, match_crash, &s);
    diag_error(d, s.at, "the worker process that tried this spec died: %s", why.text);
    strbuf_release(&why);
}

/* ---- asking ---------------------------------------------------------------------- */

/* ROWS: the split whose rows are listed, or NULL. */
static status ask(struct process *p, const struct experiment *e, size_t trial, const char *rows,
                  struct error *err)
{
    struct arena *arena = arena_new();
    const struct trial t = scout_now(e, trial, arena);
    const struct job job = {.type = FRAME_CHECK,
                            .number = trial,
                            .name = e->name,
                            .resolved = t.resolved,
                            .seed = t.spec->seed,
                            .objective = e->objective.name,
                            .maximize = e->objective.maximize,
                            .rows = rows};
    const status result = process_send(p, &job, err);

    arena_free(arena);
    return result;
}

status scout_begin(struct process *p, const struct experiment *e, const struct runner_options *o,
                   struct error *err)
{
    if (o->worker && o->worker->pid) {
        *p = *o->worker;
        o->worker->pid = 0;
        if (ask(p, e, 0, o->rows, err) == OK)
            return OK;
    }
    if (process_start(p, o->nplugins, o->plugins, err) != OK)
        return FAILED;
    return ask(p, e, 0, o->rows, err);
}

status scout_finish(struct process *p, const struct experiment *e,
                    void (*plan)(void *arg, size_t trial, const char *json), void *arg, struct diag *d)
{
    size_t before = diag_errors(d);
    struct arena *arena = arena_new();

    for (size_t t = 0; t < e->nscouts;) {
        const char *body;
        const struct frame *f = process_wait_frame(p, &body);
        struct error err;

        if (!f) {
            add_crash(d, p, scout_now(e, t, arena).spec);
            break;
        }
        if (f->type == FRAME_EVENT) {
            add_warning(d, body);
            continue;
        }
        if (f->type == FRAME_PROBLEM)
            add_problem(d, e, scout_now(e, t, arena).spec, body);
        else if (plan)
            plan(arg, t, body);
        t++;
        if (t < e->nscouts && ask(p, e, t, NULL, &err) != OK) {
            diag_error(d, NULL, "%s", err.text);
            break;
        }
    }
    arena_free(arena);
    return diag_errors(d) == before ? OK : FAILED;
}

/* ---- without running ---------------------------------------------------------------- */

static void keep_first_plan(void *arg, size_t trial, const char *json)
{
    char **plan = arg;

    if (trial == 0)
        *plan = mem_string(json);
}

status scout_all(const struct experiment *e, const struct runner_options *o, char **plan_json, struct diag *d)
{
    struct process p;
    struct error err;
    status result;

    if (plan_json)
        *plan_json = NULL;
    if (scout_begin(&p, e, o, &err) != OK) {
        process_bury(&p, true, NULL);
        return diag_error(d, NULL, "%s", err.text);
    }
    result = scout_finish(&p, e, plan_json ? keep_first_plan : NULL, plan_json, d);
    process_bury(&p, false, NULL);
    return result;
}
