/* submit.c - `fell submit`: a sweep as an array of tasks on Slurm, which decides when and where they run.
 * What a task does is `fell run --shard`.
 */
#include "cli/submit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/experiment_call.h"
#include "cli/query.h"
#include "cli/shard_call.h"
#include "work/identity.h"
#include "work/process.h"
#include "work/scout.h"
#include "work/segments.h"

/* ---- Slurm's commands --------------------------------------------------------------------------- */

/* What COMMAND prints, without the last line's end, free() it; NULL: it cannot be started. *GOOD: it did not
 * fail. */
static char *said_by(const char *command, bool *good)
{
    FILE *f = popen(command, "re");
    struct strbuf b = {0};
    char part[4096];
    size_t n;
    int how;

    *good = false;
    if (!f)
        return NULL;
    strbuf_add(&b, "");
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        strbuf_addn(&b, part, n);
    how = pclose(f);
    *good = WIFEXITED(how) && WEXITSTATUS(how) == 0;
    while (b.len && b.text[b.len - 1] == '\n')
        b.text[--b.len] = 0;
    return b.text;
}

/* NULL: it failed, and has said why. */
static char *answer_of(const char *command)
{
    bool good = false;
    char *said = said_by(command, &good);

    if (good)
        return said;
    free(said);
    return NULL;
}

/* That the array has no more tasks than Slurm takes; where it does not say, sbatch will. */
static status check_array(int64_t tasks, struct error *err)
{
    char *said = answer_of("scontrol show config 2>/dev/null");
    const char *at = said ? strstr(said, "MaxArraySize") : NULL;
    const long long most = at && (at = strchr(at, '=')) ? strtoll(at + 1, NULL, 10) : 0;

    free(said);
    if (most > 0 && tasks > most) /* from 0 to one less */
        return error_set(err, "--tasks %lld: this Slurm takes at most %lld (MaxArraySize)", (long long)tasks,
                         most);
    return OK;
}

/* False: errno. */
static bool add_line(const char *path, const char *line)
{
    FILE *f = fopen(path, "ae");
    bool good;

    if (!f)
        return false;
    good = fprintf(f, "%s\n", line) > 0;
    return fclose(f) == 0 && good;
}

/* Submit SCRIPT, with the tasks LIST alone (NULL: all), and note the job in FOLDER. *JOB: free(). */
static status submit(const char *folder, const char *script, const char *list, char **job, struct error *err)
{
    struct strbuf command = {0};
    char *jobs = path_join(folder, "jobs");
    status st = OK;

    strbuf_add(&command, "sbatch --parsable");
    if (list)
        strbuf_addf(&command, " --array=%s", list);
    text_add_word(&command, script);
    *job = answer_of(command.text);
    if (*job && !add_line(jobs, *job))
        st = error_set(err,
                       "job %s is submitted, and '%s' cannot be written: %s. Write its number there, or "
                       "--again submits its tasks twice",
                       *job, jobs, strerror(errno));
    else if (!*job)
        st = error_set(err, "sbatch did not take it; the script is '%s'", script);
    else
        (*job)[strcspn(*job, ";")] = 0; /* the cluster's name */
    free(jobs);
    strbuf_release(&command);
    return st;
}

/* ---- the tasks that are left ------------------------------------------------------------------------ */

/* squeue's answer to COMMAND. Jobs that it has forgotten are an error of it, and no answer is no empty queue.
 */
static status ask_queue(const char *command, char **out, struct error *err)
{
    bool good = false;
    char *said = said_by(command, &good);
    status st = OK;

    if (said && !good && strstr(said, "Invalid job id"))
        *said = 0;
    else if (!good)
        st = error_set(err, "squeue does not say which tasks are in the queue: %.300s",
                       said && *said ? said : "no answer");
    *out = said;
    return st;
}

/* *OUT: what squeue knows of the jobs of FOLDER: "12_3\n12_4"; "" when none is there any more. free() it. */
static status live_tasks(const char *folder, char **out, struct error *err)
{
    char *path = path_join(folder, "jobs"), *text = NULL;
    const char *separator = "";
    struct strbuf command = {0};
    size_t size;
    status st = OK;

    *out = NULL;
    if (access(path, F_OK) == 0)
        st = file_read(path, &text, &size, err);
    strbuf_add(&command, "squeue -r -h -o %i -j ");
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        const size_t digits = strspn(line, "0123456789");

        if (digits)
            strbuf_addf(&command, "%s%.*s", separator, (int)digits, line);
        separator = digits ? "," : separator;
    }
    strbuf_add(&command, " 2>&1");
    if (st == OK && *separator)
        st = ask_queue(command.text, out, err);
    if (!*out)
        *out = mem_string("");
    strbuf_release(&command);
    free(text);
    free(path);
    return st;
}

static bool is_live(const char *live, int64_t task)
{
    char *end = mem_format("_%lld", (long long)task);
    bool is = false;

    for (const char *line = live; *line && !is;) {
        const size_t n = strcspn(line, "\n"), e = strlen(end);

        is = n > e && strncmp(line + n - e, end, e) == 0;
        line += n + (line[n] == '\n');
    }
    free(end);
    return is;
}

/* The shards of FOLDER that are neither finished nor in the queue: "0,3,7"; "" without any. */
static status add_left(const char *folder, struct strbuf *out, int64_t *queued, struct error *err)
{
    char *live;
    int64_t n = 0;
    status st = live_tasks(folder, &live, err);

    if (st == OK)
        st = segments_tasks(folder, &n, err);
    strbuf_add(out, "");
    for (int64_t k = 0; k < n && st == OK; k++) {
        char *mark = mem_format("%s/shard-%04lld/finished", folder, (long long)k);
        const bool finished = access(mark, F_OK) == 0, there = !finished && is_live(live, k);

        *queued += there;
        if (!finished && !there)
            strbuf_addf(out, "%s%lld", out->len ? "," : "", (long long)k);
        free(mark);
    }
    free(live);
    return st;
}

/* ---- told afterwards ---------------------------------------------------------------------------------- */

static void tell(const struct call *c, const char *job, const char *share, const char *name)
{
    char *file = mem_format("%s.db", name);
    struct strbuf dir = {0}, db = {0};

    text_add_word(&dir, share);
    text_add_word(&db, file);
    if (c->json) {
        cJSON *o = cJSON_CreateObject();

        cJSON_AddStringToObject(o, "job", job);
        cJSON_AddStringToObject(o, "share", share);
        query_print_json(o);
    } else if (!c->quiet) {
        printf("job %s\n\nnext\n  squeue -j %s\n  fell collect %s --follow -o %s\n  fell submit --again %s\n",
               job, job, dir.text, db.text, dir.text);
    }
    strbuf_release(&dir);
    strbuf_release(&db);
    free(file);
}

/* ---- again ------------------------------------------------------------------------------------------------
 */

/* Nothing of UID is to be submitted. */
static void tell_none(const struct call *c, const char *share, const char *uid, int64_t queued)
{
    if (c->json) {
        cJSON *o = cJSON_CreateObject();

        cJSON_AddNullToObject(o, "job");
        cJSON_AddStringToObject(o, "share", share);
        cJSON_AddNumberToObject(o, "queued", (double)queued);
        query_print_json(o);
    } else if (!c->quiet) {
        printf("%s: nothing to submit, %lld tasks are in the queue\n", uid, (long long)queued);
    }
}

static void tell_command(const char *list, const char *script)
{
    struct strbuf word = {0};

    text_add_word(&word, script);
    printf("sbatch --array=%s %s\n", list, word.text);
    strbuf_release(&word);
}

static status again_one(const struct call *c, const char *share, const char *uid, bool *any,
                        struct error *err)
{
    char *folder = path_join(share, uid), *script = path_join(folder, "submit.sh"), *job = NULL;
    struct strbuf list = {0};
    int64_t queued = 0;
    status st = OK;

    if (access(script, R_OK) == 0) {
        *any = true;
        st = add_left(folder, &list, &queued, err);
        if (st != OK)
            goto out;
        if (!*list.text)
            tell_none(c, share, uid, queued);
        else if (c->dry_run)
            tell_command(list.text, script);
        else if ((st = submit(folder, script, list.text, &job, err)) == OK)
            tell(c, job, share, "all");
    }
out:
    strbuf_release(&list);
    free(job);
    free(script);
    free(folder);
    return st;
}

static int submit_again(const struct call *c)
{
    char *share = path_absolute(c->again), **names;
    struct error err;
    bool any = false;
    size_t n;
    status st = segments_list(share, "", "", &names, &n, &err);

    for (size_t i = 0; i < n && st == OK; i++)
        st = again_one(c, share, names[i], &any, &err);
    if (st == OK && !any)
        st = error_set(&err, "no sweep was submitted with the share '%s'", c->again);
    segments_free(names, n);
    free(share);
    return st == OK ? EXIT_OK : cli_error("%s", err.text);
}

/* ---- a new one --------------------------------------------------------------------------------------------
 */

static status check_call(const struct call *c, struct error *err)
{
    if (c->quoted < 1)
        return error_set(err,
                         "SPEC is missing; write: fell submit SPEC --tasks N --share DIR, or --again DIR");
    if (c->tasks < 1 || !c->share_folder || !*c->share_folder)
        return error_set(err,
                         "--tasks N says into how many shards the sweep is cut, and --share DIR where they "
                         "publish: give both");
    return OK;
}

/* A second array of the same tasks would train all of it twice. */
static status check_queue(const struct submit_plan *p, struct error *err)
{
    struct strbuf again = {0};
    char *live;
    status st = live_tasks(p->folder, &live, err);

    strbuf_add(&again, "fell submit --again");
    text_add_word(&again, p->share);
    if (st == OK && *live)
        st = error_set(err, "tasks of this sweep are in the queue; `%s` submits those that are not",
                       again.text);
    strbuf_release(&again);
    free(live);
    return st;
}

/* The script is written beside what the tasks will publish, and given to sbatch. */
static status write_and_submit(struct submit_plan *p, struct error *err)
{
    char *script = path_join(p->folder, "submit.sh"), *logs = path_join(p->folder, "logs"), *job = NULL;
    const struct shard_place at = {.k = 0, .n = p->call->tasks, .share = p->share};
    struct shard *first = NULL;
    struct strbuf text = {0};
    status st = submit_script(p, &text, err);

    if (st == OK && p->call->dry_run) {
        fputs(text.text, stdout);
    } else if (st == OK) {
        st = check_array(p->call->tasks, err);
        if (st == OK)
            st = check_queue(p, err);
        if (st == OK)
            st = shard_open(&at, path_base(p->folder), &first, err); /* or the share has it in other shards */
        if (st == OK)
            st = path_make_folder(logs, err);
        if (st == OK)
            st = file_write(script, text.text, text.len, err);
        if (st == OK)
            st = submit(p->folder, script, NULL, &job, err);
        if (st == OK)
            tell(p->call, job, p->share, p->experiment->name);
        shard_free(first);
    }
    strbuf_release(&text);
    free(job);
    free(logs);
    free(script);
    return st;
}

static status plan(const struct call *c, struct experiment_call *x, const struct shard_call *shard,
                   struct error *err)
{
    struct submit_plan p = {.call = c, .experiment = x->experiment};
    struct identity *id = NULL;
    char *share = path_absolute(c->share_folder), *folder = NULL, *program = NULL;
    status st = shard_call_check(shard, x->experiment, err);

    if (st == OK && c->tasks > x->experiment->ntrials)
        st = error_set(err, "--tasks %lld: the sweep has %lld trials", (long long)c->tasks,
                       (long long)x->experiment->ntrials);
    if (st == OK && c->time)
        st = submit_time(c->time, p.time, err);
    if (st == OK)
        st = identity_new(x->registry, x->experiment, &id, err);
    if (st == OK) {
        p.share = share;
        p.folder = folder = mem_format("%s/%.8s", share, id->uid);
        p.program = program = process_program();
        st = write_and_submit(&p, err);
    }
    if (id)
        identity_free(id);
    free(program);
    free(folder);
    free(share);
    return st;
}

static int run_submit(const struct call *c)
{
    struct call own = *c; /* its arguments end where sbatch's begin */
    struct shard_call shard = {.at = {.n = c->tasks}};
    struct experiment_call x;
    struct error err;
    status st;

    if (c->again)
        return submit_again(c);
    if (check_call(c, &err) != OK)
        return cli_error("%s", err.text);
    own.nargs = c->quoted;
    st = experiment_call_open(&x, &own);
    if (st == OK) {
        st = scout_all(x.experiment, &x.options, NULL, x.diag);
        experiment_call_report(&x);
    }
    if (st == OK && (st = plan(c, &x, &shard, &err)) != OK)
        cli_error("%s", err.text);
    experiment_call_release(&x);
    return st == OK ? EXIT_OK : EXIT_INPUT;
}

const struct command command_submit = {
    .name = "submit",
    .task = "Run experiments",
    .args = "SPEC [PATH=VALUE...] [-- SBATCH-OPTION...]",
    .least = 0,
    .most = ANY_NUMBER,
    .options = {OPTION_TASKS, OPTION_SHARE_FOLDER, OPTION_CPUS, OPTION_TIME, OPTION_AGAIN, OPTION_DRY_RUN,
                OPTION_PLUGIN, OPTION_QUIET, OPTION_JSON},
    .brief = "Run a sweep on Slurm, as an array of tasks",
    .help =
        "The spec is checked as `fell check` does; then a script is written into the share, which a person "
        "can "
        "read, and given to sbatch: one array of --tasks tasks, each of which is `fell run --shard K/N`. A "
        "task "
        "whose time is up, or which is preempted, is queued again and goes on where it was, on any node; one "
        "that "
        "got nowhere in two tries is not. Options of sbatch stand behind `--`.\n\n"
        "--again DIR submits what is neither finished nor in the queue: after scancel, a lost node, or an "
        "error that was mended. --dry-run shows the script and submits nothing. `fell collect` makes a "
        "database "
        "of what is published; see docs/cluster.md.",
    .examples =
        "fell submit configs/sweeps/lr-activation.yaml --tasks 4 --share /share/lr --cpus 8 --time 4h\n"
        "fell submit sweep.yaml --tasks 16 --share /share/sweep -- --partition=cpu --account=me\n"
        "fell submit --again /share/sweep",
    .run = run_submit,
};
