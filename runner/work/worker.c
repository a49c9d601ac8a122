/* worker.c - the process that trains. See worker.h.
 *
 * Loads a job's data unless they are those before, plans or trains, answers in frames; the runner chooses.
 */
#include "work/worker.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/data_cache.h"
#include "engine/net_at.h"
#include "engine/train.h"
#include "host/registry.h"
#include "kernels/kernels.h"
#include "record/frames.h"
#include "spec/spec.h"
#include "yaml/tree.h"
#include "work/outbox.h"
#include "work/same_bytes.h"

enum { FRAMES_FD = 3 };

static volatile sig_atomic_t cancel; /* 1: end the run after this epoch (SIGTERM); 2: after this step */

struct worker {
    struct registry *registry;
    struct host_env env;
    struct outbox out;
    int threads; /* of env.pool */
    struct data_cache *cache;
    struct data *data;   /* of the last job */
    char *key;           /* data_key() of it */
    bool proved;         /* its files hold what the runner says */
    size_t nannounced;   /* metrics of the FRAME_METRICS sent last in this job */
    uint64_t job;        /* its number */
    struct error broken; /* why no job can be done; "" */
};

/* ---- what is sent ---------------------------------------------------------------- */

static void send_problem(struct worker *w, const struct problem *p)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "section", p->section);
    cJSON_AddNumberToObject(json, "index", p->index);
    cJSON_AddStringToObject(json, "setting", p->setting);
    cJSON_AddStringToObject(json, "text", p->text);
    cJSON_AddBoolToObject(json, "out_of_memory", mem_shortage());
    outbox_add_json(&w->out, FRAME_PROBLEM, json);
}

static void send_event(void *arg, const char *kind, const char *detail)
{
    struct worker *w = arg;
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "kind", kind);
    cJSON_AddStringToObject(json, "detail", detail ? detail : "");
    outbox_add_json(&w->out, FRAME_EVENT, json);
}

static void send_warning(void *arg, const char *who, const char *msg)
{
    char *text = mem_format("%s: %s", who, msg);

    send_event(arg, "warning", text);
    free(text);
}

static void send_parameters(void *arg, const struct learner *learner)
{
    struct worker *w = arg;
    const struct net_tensor *t;
    const struct net *net = learner->net;
    size_t n = net_tensors(net, &t);
    cJSON *list = cJSON_CreateArray();

    outbox_add_json(&w->out, FRAME_SPLITS, data_lists_json(w->data));
    for (size_t i = 0; i < n; i++) {
        cJSON *one, *shape;

        if (t[i].position < 0)
            continue;
        one = cJSON_CreateObject();
        shape = cJSON_CreateArray();
        for (int64_t k = 0; k < t[i].shape.rank; k++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)t[i].shape.dim[k]));
        cJSON_AddNumberToObject(one, "position", t[i].position);
        cJSON_AddStringToObject(one, "layer", net_entry_name(net, t[i].entry));
        cJSON_AddStringToObject(one, "plugin", net_entry_plugin(net, t[i].entry));
        cJSON_AddStringToObject(one, "name", t[i].name);
        cJSON_AddItemToObject(one, "shape", shape);
        cJSON_AddNumberToObject(one, "count", (double)t[i].n);
        cJSON_AddItemToArray(list, one);
    }
    outbox_add_json(&w->out, FRAME_PARAMETERS, list);
}

/* A run reports the same metrics in every epoch, or, when it is cut short, none. */
static void announce_metrics(struct worker *w, const struct epoch_report *r)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < r->nmetrics; i++) {
        cJSON *one = cJSON_CreateArray();

        cJSON_AddItemToArray(one, cJSON_CreateNumber(r->metrics[i].split));
        cJSON_AddItemToArray(one, cJSON_CreateString(r->metrics[i].name));
        cJSON_AddItemToArray(list, one);
    }
    outbox_add_json(&w->out, FRAME_METRICS, list);
    w->nannounced = r->nmetrics;
}

static void send_epoch(void *arg, const struct epoch_report *r)
{
    struct worker *w = arg;

    if (r->nmetrics && w->nannounced != r->nmetrics)
        announce_metrics(w, r);
    outbox_add_epoch(&w->out, r);
    outbox_flush_if_due(&w->out);
}

static void send_step(void *arg, const struct step_report *r)
{
    struct worker *w = arg;

    outbox_add_step(&w->out, r);
    outbox_flush_if_due(&w->out);
}

static void send_look(void *arg, const struct looks *l, const struct probe_report *r)
{
    struct worker *w = arg;

    outbox_add_look(&w->out, l, r);
    outbox_flush_if_due(&w->out);
}

static void send_checkpoint(void *arg, int64_t epoch, const char *path, const char *sha256, bool best)
{
    struct worker *w = arg;
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "epoch", (double)epoch);
    cJSON_AddStringToObject(json, "path", path);
    cJSON_AddStringToObject(json, "sha256", sha256);
    cJSON_AddBoolToObject(json, "best", best);
    outbox_add_json(&w->out, FRAME_CHECKPOINT, json);
}

static void send_resumed(void *arg, const struct run_resumed *from)
{
    struct worker *w = arg;
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "epoch", (double)from->epoch);
    cJSON_AddNumberToObject(json, "step", (double)from->step);
    cJSON_AddNumberToObject(json, "seconds", from->seconds);
    cJSON_AddNumberToObject(json, "cpu_seconds", from->cpu_seconds);
    cJSON_AddBoolToObject(json, "inside", from->inside);
    outbox_add_json(&w->out, FRAME_RESUMED, json);
}

/* A state is of no use to a runner that does not have the epochs before it. */
static void flush(void *arg)
{
    struct worker *w = arg;

    outbox_flush(&w->out);
}

/* The runner answers at once; one that is gone has ended this process, too. */
static enum verdict ask(void *arg, int64_t epoch, int64_t *next)
{
    struct worker *w = arg;
    cJSON *json = cJSON_CreateObject();
    const cJSON *verdict, *again;
    struct strbuf body = {0};
    enum verdict result = VERDICT_PAUSE;
    struct frame head;
    struct error err;

    cJSON_AddNumberToObject(json, "epoch", (double)epoch);
    outbox_add_json(&w->out, FRAME_ASK, json);
    outbox_flush(&w->out);
    if (frame_read(STDIN_FILENO, &head, &body, &err) == OK && head.type == FRAME_ANSWER &&
        head.run == w->job) {
        json = cJSON_Parse(body.text);
        verdict = cJSON_GetObjectItem(json, "verdict");
        again = cJSON_GetObjectItem(json, "next");
        if (verdict && again) {
            result = (enum verdict)verdict->valueint;
            *next = (int64_t)again->valuedouble;
        }
        cJSON_Delete(json);
    }
    strbuf_release(&body);
    return result;
}

static bool is_cancelled(void *arg, bool now)
{
    (void)arg;
    return now ? cancel > 1 : cancel > 0;
}

static void send_end(struct worker *w, const struct run_result *result)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "status", run_end_word(result->end));
    if (result->error[0])
        cJSON_AddStringToObject(json, "error", result->error);
    cJSON_AddNumberToObject(json, "epochs_done", (double)result->epochs_done);
    cJSON_AddNumberToObject(json, "seconds", result->seconds);
    cJSON_AddBoolToObject(json, "out_of_memory", result->end == RUN_FAILED && mem_shortage());
    outbox_add_json(&w->out, FRAME_END, json);
}

/* ---- jobs ------------------------------------------------------------------------- */

/* The resolved spec of a job. What it does not understand was understood by the runner,
 * so an error here says that the two see different plugins. */
static struct spec *read_spec(struct worker *w, struct tree *tree, const char *name, const char *text,
                              struct problem *p)
{
    struct error err;
    struct spec *spec = spec_from_text(w->registry, NULL, tree, name, text, &err);

    if (!spec)
        problem_set(p, "", 0, "", "a worker process does not understand the spec: %s", err.text);
    return spec;
}

/* Files that are being changed may be read in the middle of it, and then have any fault: that they are no
 * longer the experiment's is the reason. */
static void blame_change(const cJSON *wanted, const struct spec *spec, struct problem *p)
{
    struct problem changed = {.index = 0};

    if (same_bytes_files(wanted, spec, SAME_DATA, &changed) != OK)
        *p = changed;
}

/* Loads only what the last job did not have. WANTED: which bytes they must be; what was loaded and not yet
 * held against it is: the key says that the files are as they were. */
static status use_data(struct worker *w, const struct spec *spec, const cJSON *wanted, struct problem *p)
{
    char *key = data_key(spec), *after;
    status result = OK;

    if (!w->key || strcmp(key, w->key) != 0) {
        data_free(w->data);
        free(w->key);
        w->data = NULL;
        w->key = NULL;
        result = data_cache_load(w->cache, spec, &w->env, &w->data, p);
        net_at(NULL, NULL);
        w->proved = false;
        after = data_key(spec);
        if (result == OK && strcmp(key, after) != 0)
            result = problem_set(p, "data.source", 0, "", "its files were changed while they were read");
        free(after);
        if (result == OK) {
            w->key = key;
            key = NULL;
        } else {
            blame_change(wanted, spec, p);
        }
    }
    free(key);
    if (result == OK && wanted && !w->proved) {
        result = same_bytes_files(wanted, spec, SAME_DATA, p);
        w->proved = result == OK;
    }
    return result;
}

static status use_threads(struct worker *w, int64_t threads, struct problem *p)
{
    struct error err;

    if (threads == w->threads)
        return OK;
    pool_free(w->env.pool);
    w->env.pool = NULL;
    w->threads = 1;
    if (threads < 2)
        return OK;
    if (pool_new((int)threads, &w->env.pool, &err) != OK)
        return problem_set(p, "train", 0, "threads", "%s", err.text);
    w->threads = (int)threads;
    return OK;
}

/* WORD: of a list of rows; NULL: none is asked for. */
static void add_list(const struct worker *w, const char *word, cJSON *plan)
{
    for (int list = 0; word && list < DATA_LISTS; list++) {
        struct strbuf text = {0};

        if (strcmp(word, data_list_name(list)) != 0)
            continue;
        strbuf_add(&text, "");
        data_list_text(w->data, list, &text);
        cJSON_AddStringToObject(plan, "listed", text.text);
        strbuf_release(&text);
    }
}

/* Planning and filling the tensors finds every error that training could meet before its
 * first step. */
static status check(struct worker *w, const struct spec *spec, const cJSON *header, uint64_t seed,
                    struct problem *p)
{
    struct learner learner;
    status result = learner_plan(&learner, spec, w->data, &w->env, net_batch(spec, w->data), p);

    if (result == OK)
        result = measure_find_objective(learner.measure,
                                        cJSON_GetStringValue(cJSON_GetObjectItem(header, "objective")),
                                        cJSON_IsTrue(cJSON_GetObjectItem(header, "maximize")), NULL, p);
    if (result == OK) {
        cJSON *plan = learner_to_json(&learner);
        struct looks *looks = NULL;

        add_list(w, cJSON_GetStringValue(cJSON_GetObjectItem(header, "rows")), plan);
        result = learner_fill(&learner, spec, seed, p);
        if (result == OK)
            result = looks_new(spec, w->data, &learner, &w->env, seed, &looks, p);
        looks_free(looks);
        if (result == OK)
            outbox_add_json(&w->out, FRAME_PLAN, plan);
        else
            cJSON_Delete(plan);
    }
    learner_release(&learner);
    return result;
}

static int64_t whole_number(const cJSON *header, const char *key)
{
    const cJSON *v = cJSON_GetObjectItem(header, key);

    return v ? (int64_t)v->valuedouble : 0;
}

static status train(struct worker *w, const struct spec *spec, const cJSON *header, const char *resolved,
                    uint64_t seed, struct problem *p)
{
    const struct train_listener listener = {.arg = w,
                                            .parameters = send_parameters,
                                            .epoch = send_epoch,
                                            .step = send_step,
                                            .probe = send_look,
                                            .event = send_event,
                                            .checkpoint = send_checkpoint,
                                            .cancelled = is_cancelled,
                                            .ask = ask,
                                            .resumed = send_resumed,
                                            .saving = flush};
    struct run_options options = {
        .seed = seed,
        .resolved = resolved,
        .checkpoint_folder = cJSON_GetStringValue(cJSON_GetObjectItem(header, "checkpoint_folder")),
        .export_path = cJSON_GetStringValue(cJSON_GetObjectItem(header, "export_path")),
        .export_epoch = whole_number(header, "export_epoch"),
        .resume_path = cJSON_GetStringValue(cJSON_GetObjectItem(header, "resume_path")),
        .pause_path = cJSON_GetStringValue(cJSON_GetObjectItem(header, "pause_path")),
        .objective = cJSON_GetStringValue(cJSON_GetObjectItem(header, "objective")),
        .maximize = cJSON_IsTrue(cJSON_GetObjectItem(header, "maximize")),
        .ask_epoch = whole_number(header, "ask_epoch")};
    struct run_result result = {.end = RUN_FAILED};

    w->nannounced = 0;
    if (spec->limits.memory_mb > 0)
        malloc_trim(0); /* what other runs left is not this one's */
    if (train_run(spec, w->data, &w->env, &options, &listener, &result, p) != OK)
        return FAILED;
    send_end(w, &result);
    return OK;
}

static void do_job(struct worker *w, const struct frame *head, const char *body)
{
    const char *text = memchr(body, 0, head->size);
    cJSON *header = text ? cJSON_Parse(body) : NULL;
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(header, "name"));
    const char *digits = cJSON_GetStringValue(cJSON_GetObjectItem(header, "seed"));
    uint64_t seed = digits ? strtoull(digits, NULL, 10) : 0;
    const cJSON *wanted = cJSON_GetObjectItem(header, "bytes");
    struct tree *tree = tree_new();
    struct problem p = {.index = 0};
    struct spec *spec = NULL;
    status result = FAILED;

    w->job = head->run;
    mem_shortage_forget();
    if (w->broken.text[0])
        problem_set(&p, "", 0, "", "%s", w->broken.text);
    else if (!header || !name)
        problem_set(&p, "", 0, "", "a worker process got a job that it cannot read");
    else if ((spec = read_spec(w, tree, name, text + 1, &p)) &&
             same_bytes_plugins(wanted, spec, w->registry, &p) == OK &&
             same_bytes_files(wanted, spec, SAME_MODEL, &p) == OK &&
             use_threads(w, spec->train.threads, &p) == OK && use_data(w, spec, wanted, &p) == OK)
        result = head->type == FRAME_CHECK ? check(w, spec, header, seed, &p)
                                           : train(w, spec, header, text + 1, seed, &p);
    if (result != OK)
        send_problem(w, &p);
    outbox_end(&w->out);
    net_at(NULL, NULL); /* it may point into the spec */
    spec_free(spec);
    tree_free(tree);
    cJSON_Delete(header);
}

/* ---- the process --------------------------------------------------------------------- */

static void on_terminate(int sig)
{
    cancel = sig == HURRY_SIGNAL || cancel > 1 ? 2 : 1;
}

/* A worker dies with its runner, even one that is dead already; Ctrl-C, hang-ups and the warnings that Slurm
 * sends to every process of a job are the runner's. */
static void set_signals(void)
{
    static const int runners[] = {SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    struct sigaction terminate = {.sa_handler = on_terminate, .sa_flags = SA_RESTART};
    struct pollfd listener = {.fd = FRAMES_FD};
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&listener, 1, 0) > 0 && (listener.revents & POLLERR))
        _exit(EXIT_FAILURE);
    for (size_t i = 0; i < sizeof runners / sizeof *runners; i++)
        signal(runners[i], SIG_IGN);
    signal(SIGPIPE, SIG_DFL);
    sigaction(SIGTERM, &terminate, NULL);
    sigaction(HURRY_SIGNAL, &terminate, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void prepare(struct worker *w, int argc, char **argv)
{
    enum simd_level level;

    w->threads = 1;
    w->registry = registry_new();
    w->env.registry = w->registry;
    w->env.warn = send_warning;
    w->env.warn_arg = w;
    if (simd_choose(getenv("FELL_SIMD"), &level, &w->broken) != OK ||
        data_cache_new(&w->cache, &w->broken) != OK)
        return;
    w->env.kernels = kernels_get(level);
    for (int i = 0; i + 1 < argc; i++)
        if (strcmp(argv[i], "--plugin") == 0 && registry_add_file(w->registry, argv[i + 1], &w->broken) != OK)
            return;
}

int worker_main(int argc, char **argv)
{
    struct worker w = {.threads = 1};
    struct strbuf body = {0};
    struct frame head;
    struct error err;

    set_signals();
    file_opened_by_others();
    fcntl(FRAMES_FD, F_SETFD, FD_CLOEXEC);
    outbox_init(&w.out, FRAMES_FD);
    mem_on_failure(outbox_out_of_memory);
    prepare(&w, argc, argv);
    while (frame_read(STDIN_FILENO, &head, &body, &err) == OK && head.type != FRAME_QUIT) {
        outbox_begin(&w.out, head.run);
        do_job(&w, &head, body.text);
    }
    data_free(w.data);
    data_cache_free(w.cache);
    free(w.key);
    pool_free(w.env.pool);
    registry_free(w.registry);
    strbuf_release(&body);
    outbox_release(&w.out);
    return 0;
}
