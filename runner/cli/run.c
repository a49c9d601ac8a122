/* run.c - `fell run`: hands the experiment to the runner, and shows at the end what came
 * of it and what one may want to type next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/experiment_call.h"
#include "cli/progress.h"
#include "cli/query.h"
#include "cli/shard_call.h"
#include "work/requests.h"
#include "work/runner.h"
#include "work/store.h"

enum { BOARD_ROWS = 20 };

/* " --db FILE" where the database is not the default. */
static void add_db(struct strbuf *b, const struct call *c)
{
    if (strcmp(c->db, DEFAULT_DB) != 0) {
        strbuf_add(b, " --db");
        text_add_word(b, c->db);
    }
}

/* A file with the name of the experiment. */
static void add_file(struct strbuf *b, const char *name, const char *ending)
{
    char *file = mem_format("%s%s", name, ending);

    text_add_word(b, file);
    free(file);
}

/* Four commands, with the real ids: look at the best run, look further or take the weights or go on, the
 * page, ask the database. */
static void print_next(const struct call *c, const char *name, const struct runner_summary *s, int64_t run)
{
    struct strbuf b = {0};

    strbuf_addf(&b, "\nnext\n  fell show %lld", (long long)run);
    add_db(&b, c);
    if (s->interrupted) {
        strbuf_addf(&b, "\n  fell %s", c->command->name);
        for (size_t i = 0; i < c->nargs; i++)
            text_add_word(&b, c->args[i]);
        for (size_t i = 0; i < c->nplugins; i++) {
            strbuf_add(&b, " --plugin");
            text_add_word(&b, c->plugins[i]);
        }
        add_db(&b, c);
    } else if (s->runs > 1) {
        strbuf_add(&b, "\n  fell best");
        text_add_word(&b, name);
        add_db(&b, c);
    } else if (s->finished) {
        strbuf_addf(&b, "\n  fell export %lld --safetensors", (long long)run);
        add_file(&b, name, ".safetensors");
        add_db(&b, c);
    }
    if (!s->interrupted) {
        strbuf_add(&b, "\n  fell report");
        text_add_word(&b, name);
        strbuf_add(&b, " --html -o");
        add_file(&b, name, ".html");
        add_db(&b, c);
    }
    strbuf_add(&b, "\n  sqlite3 -box");
    text_add_word(&b, c->db);
    strbuf_addf(&b, " 'SELECT epoch, train_loss, validation_loss, metrics FROM curves WHERE run = %lld'",
                (long long)run);
    puts(b.text);
    strbuf_release(&b);
}

/* "sweep: 8 runs, 6 finished, 0 failed, 2 pruned": what there is always, and what there is none the less. */
static void print_counts(const char *name, const struct runner_summary *s)
{
    printf("%s%s: %lld runs, %lld finished, %lld failed", s->already_finished ? "" : "\n", name,
           (long long)s->runs, (long long)s->finished, (long long)s->failed);
    if (s->pruned)
        printf(", %lld pruned", (long long)s->pruned);
    if (s->left)
        printf(", %lld to do", (long long)s->left);
    putchar('\n');
}

/* Of a shard, whose database is gone in a moment. */
static void print_shard(const struct call *c, const char *name, const struct runner_summary *s)
{
    struct strbuf b = {0};

    print_counts(name, s);
    strbuf_add(&b, "\nnext\n  fell collect");
    text_add_word(&b, c->share_folder);
    strbuf_add(&b, " -o all.db");
    puts(b.text);
    strbuf_release(&b);
}

static status print_results(const struct call *c, const char *name, const struct runner_summary *s,
                            struct error *err)
{
    struct table *t = NULL;
    sqlite3 *db = NULL;
    struct strbuf more = {0};
    int64_t run;
    status st = FAILED;

    if (results_open(c->db, &db, err) || results_board(db, s->experiment_id, BOARD_ROWS, &t, err) ||
        results_best_run(db, s->experiment_id, &run, err))
        goto out;
    if (s->runs > 1)
        print_counts(name, s);
    if (s->stopped)
        printf("so many runs failed that no more were started (on_failure)\n");
    putchar('\n');
    table_print(t, stdout, 0);
    strbuf_add(&more, "fell best");
    text_add_word(&more, name);
    add_db(&more, c);
    results_more(t, s->runs, more.text);
    print_next(c, name, s, run);
    st = OK;
out:
    table_free(t);
    sqlite3_close(db);
    strbuf_release(&more);
    return st;
}

static void print_summary(const struct call *c, const char *name, const struct runner_summary *s)
{
    cJSON *o = cJSON_CreateObject();

    cJSON_AddStringToObject(o, "event", "summary");
    cJSON_AddStringToObject(o, "experiment", name);
    cJSON_AddNumberToObject(o, "experiment_id", (double)s->experiment_id);
    cJSON_AddStringToObject(o, "db", c->db);
    cJSON_AddNumberToObject(o, "runs", (double)s->runs);
    cJSON_AddNumberToObject(o, "finished", (double)s->finished);
    cJSON_AddNumberToObject(o, "failed", (double)s->failed);
    cJSON_AddBoolToObject(o, "already_finished", s->already_finished);
    cJSON_AddBoolToObject(o, "interrupted", s->interrupted);
    query_print_json_line(o);
}

static void print_notes(const struct experiment *e)
{
    if (e->seed_drawn)
        printf("\nseed %llu was drawn; seed=%llu makes these runs again\n", (unsigned long long)e->seed,
               (unsigned long long)e->seed);
    if (e->nequal && !e->sampled)
        printf("%lld trials equal others and are run once\n", (long long)e->nequal);
}

/* A ranking by values that are none is no result. */
static bool ranks_nothing(const struct training *t, const struct runner_summary *s)
{
    if (!t->objective.name || s->valued || s->left || s->finished + s->pruned == 0)
        return false;
    cli_error("%s has had no value in any epoch of any run: there is nothing to rank the trials by",
              t->objective.name);
    return true;
}

int finish_experiment(const struct call *c, const struct training *t, const struct runner_summary *s)
{
    struct error err;

    if (c->json) {
        print_summary(c, t->name, s);
    } else if (!c->quiet && c->shard) {
        print_shard(c, t->name, s);
    } else if (!c->quiet) {
        if (s->already_finished)
            printf("%s is finished already (experiment %lld); --new trains it again\n", t->name,
                   (long long)s->experiment_id);
        if (print_results(c, t->name, s, &err))
            cli_error("%s", err.text);
    }
    if (s->interrupted && (s->left || !s->later))
        return s->later ? EXIT_LATER : EXIT_INTERRUPTED;
    if (s->left && !s->stopped) { /* what nobody expects is not passed over */
        cli_error("%lld runs are left, though nothing stopped them; run it again", (long long)s->left);
        return EXIT_RUN;
    }
    return ranks_nothing(t, s) || s->failed ? EXIT_RUN : EXIT_OK;
}

int exit_of_failure(const struct runner_summary *s)
{
    if (s->interrupted && !s->later)
        return EXIT_INTERRUPTED;
    return s->experiment_id ? EXIT_RUN : EXIT_INPUT;
}

/* Train what C says, which has passed its own checks. *FAILED_LATE: with an error, after something was
 * trained. */
static int run_experiment(const struct call *c, const struct shard_call *shard,
                          const struct deadline *deadline, const char *note, bool *failed_late)
{
    struct experiment_call x;
    struct runner_summary summary = {0};
    struct training t;
    struct progress *p;
    struct error err = {0};
    int exit_status = EXIT_INPUT;
    status st;

    if (experiment_call_open(&x, c))
        goto out;
    if (shard_call_check(shard, x.experiment, &err) != OK) {
        experiment_call_report(&x);
        cli_error("%s", err.text);
        goto out;
    }
    p = progress_new(c->json ? PROGRESS_JSON : c->quiet ? PROGRESS_QUIET : PROGRESS_AUTO);
    x.options.listener = progress_listener(p);
    x.options.deadline = *deadline;
    x.options.shard = shard->at;
    if (note && !c->quiet)
        x.options.listener->note(x.options.listener->arg, note);
    progress_objective(p, store_objective(x.experiment), x.experiment->objective.maximize,
                       x.experiment->objective.last);
    st = runner_run(x.experiment, x.registry, &x.options, &summary, x.diag, &err);
    progress_free(p);
    experiment_call_report(&x);
    if (st == OK) {
        if (!c->json && !c->quiet && !summary.already_finished)
            print_notes(x.experiment);
        t = training_of(x.experiment);
        exit_status = finish_experiment(c, &t, &summary);
    } else {
        if (*err.text)
            cli_error("%s", err.text);
        /* An experiment that began has rows: what stopped it is no error of the spec. */
        exit_status = exit_of_failure(&summary);
        *failed_late = summary.experiment_id != 0;
    }
out:
    experiment_call_release(&x);
    return exit_status;
}

static int run_run(const struct call *c)
{
    struct call own = *c; /* a shard has another database */
    struct shard_call shard;
    struct deadline deadline;
    struct error err;
    bool failed_late = false;
    char *note = NULL;
    int exit_status;

    if (c->restart && c->extend)
        return cli_error("--extend adds to an experiment and --new begins it anew: give one of them");
    requests_hold();
    if (shard_call_open(&shard, c, &err) != OK || deadline_read(&deadline, c->until, &note, &err) != OK) {
        exit_status = cli_error("%s", err.text);
    } else {
        if (shard.db)
            own.db = shard.db;
        exit_status = run_experiment(&own, &shard, &deadline, note, &failed_late);
    }
    free(note);
    shard_call_release(&shard, failed_late);
    return exit_status;
}

const struct command command_run = {
    .name = "run",
    .task = "Run experiments",
    .args = "SPEC [PATH=VALUE...]",
    .least = 1,
    .most = ANY_NUMBER,
    .options = {OPTION_DB, OPTION_JOBS, OPTION_SHARD, OPTION_SHARE_FOLDER, OPTION_UNTIL, OPTION_NEW,
                OPTION_EXTEND, OPTION_PLUGIN, OPTION_QUIET, OPTION_JSON},
    .brief = "Train all runs of an experiment and record them",
    .help =
        "SPEC is a YAML file; PATH=VALUE sets any key of it for this time. The spec, its data and its "
        "net are checked before the first run. Every trial of its sweep is trained with every repeat, "
        "each in a worker process, so that a plugin that crashes ends one run and not the others. "
        "Every epoch's losses, metrics and gradient norms go to the results database.\n\n"
        "An experiment is its name with its resolved spec, data and plugins. One that is finished is "
        "not trained again: its results are shown. One that was interrupted, or whose "
        "process was killed, goes on when it is run again: what ended is not trained again, what was "
        "under way goes on from its newest checkpoint, or begins anew, to the same numbers. Ctrl-C lets "
        "every run end its epoch and saves its state; a second one ends it at once. SIGTERM, SIGUSR1 and "
        "SIGUSR2 do that too, with exit status 75 where runs are left; so does the time of --until, "
        "before which no run is begun "
        "that would not end in time. --new begins all of it anew.\n\n"
        "--shard K/N trains one part of the trials, in a database of its own, and publishes it in --share, "
        "from which `fell collect` makes one database; see docs/cluster.md.\n\n"
        "With --json every event is one JSON object a line (begin, started, epoch, ended, note), a "
        "summary is the last.",
    .examples = "fell run configs/xor.yaml\n"
                "fell run configs/iris.yaml train.epochs=5 optimizer.sgd.lr=0.05\n"
                "fell run configs/sweeps/lr-activation.yaml --jobs 4 --quiet\n"
                "fell run my.yaml --plugin ./swish.so --db /tmp/try.db",
    .run = run_run,
};
